//! The small stream of the scenes, and what is noted of a run on it.

use std::path::Path;

use anyhow::Result;
use clbench::{
    config::{Setup, Shelf},
    data::{Dataset, Source, Split},
    primitives::theta::Theta,
    run::Run,
};
use serde_json::{Value, json};

use crate::{
    host,
    spy::{self, Seen},
    support::{self, Heard},
};

/// Six classes of 2×2 pixels, six examples of each for training.
struct Few;

impl Source for Few {
    fn name(&self) -> &'static str {
        "few"
    }
    fn about(&self) -> &'static str {
        "few examples; made here"
    }
    fn citation(&self) -> &'static str {
        "https://example.org"
    }
    fn open(&self, _: &Path) -> Result<Dataset> {
        let split = |each: usize, salt: usize| {
            let labels: Vec<u16> = (0..6 * each).map(|at| (at % 6) as u16).collect();
            let pixel = |at: usize, place: usize| ((at * 7919 + (at % 6) * 104_729 + place * 613 + salt) % 251) as u8;
            let pixels = (0..6 * each).flat_map(|at| (0..4).map(move |place| pixel(at, place))).collect();
            Split::new([1, 2, 2], pixels, labels, 6)
        };
        let names = (0..6).map(|class| format!("class {class}")).collect();
        Ok(Dataset::new(self.name(), [1, 2, 2], names, split(6, 0)?, split(2, 17)?))
    }
}

/// Everything that ships, the spies, and the few examples.
pub fn shelf() -> Shelf {
    spy::shelf().datasets([&Few as &dyn Source])
}

/// Three tasks of two classes of the few examples, and a network with three hidden units.
pub fn setup(settings: &str) -> Setup {
    let small = "stream.dataset=few net.widths=[3] net.dropout=0 train.batch=4 optim.rate=0.2";
    let all = format!("{small} {settings}");
    support::try_setup(&shelf(), &all).unwrap_or_else(|error| panic!("{settings}: {error:#}"))
}

/// Takes a step for real; what the spies saw of it.
pub fn step(run: &mut Run, heard: &mut Heard) -> Vec<Seen> {
    let total = run.state.position.total;
    spy::seen();
    run.advance(heard).unwrap();
    assert_eq!(run.state.diverged, None);
    assert_eq!(run.state.position.total, total + 1);
    let mut seen = spy::seen();
    // The steps before were thrown away.
    let last = seen.last().unwrap().clone();
    let real = seen.iter().rposition(|one| one.who != last.who).map_or(seen.len() - 1, |at| at);
    seen.split_off(real)
}

/// The first weights and all batches of a run with `settings`, beside what else the other program needs.
pub fn whole(settings: &str, mut scene: Value) -> Value {
    let setup = setup(settings);
    let (mut run, mut heard) = (Run::new(&setup, 0, &shelf()).unwrap(), Heard::default());
    let first = written(&run.state.weights.theta);
    let mut steps = Vec::new();
    while !run.is_over() {
        let seen = step(&mut run, &mut heard);
        steps.push(json!({ "task": seen[0].experience, "batch": batch(&setup, &seen[0]) }));
    }
    scene["first"] = first;
    scene["steps"] = json!(steps);
    scene
}

/// A step's batch.
pub fn batch(setup: &Setup, seen: &Seen) -> Value {
    examples(&host::examples(setup, seen.experience, &seen.indices))
}

/// Inputs and labels.
pub fn examples(all: &[(Vec<f64>, usize)]) -> Value {
    json!({
        "inputs": all.iter().map(|(x, _)| x).collect::<Vec<_>>(),
        "labels": all.iter().map(|(_, label)| label).collect::<Vec<_>>(),
    })
}

/// Tensors by path.
pub fn written(theta: &Theta) -> Value {
    let tensor = |(path, array): (&str, &clbench::primitives::array::Array)| {
        (path.to_owned(), json!({ "shape": array.shape, "values": array.values() }))
    };
    Value::Object(theta.iter().map(tensor).collect())
}
