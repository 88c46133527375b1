//! A tie for the top is no right answer: for no reader of answers, whatever they are counted for.

use anyhow::Result;
use burn::tensor::{Device, Tensor};
use clbench::{
    batch::Batch,
    catalogue::Settings,
    config::Shelf,
    method::{Carrier, Fit, Make, Method, carrier},
    network::{
        net::Net,
        pass::{Pass, Weights},
        predictor::{Ask, Predictor},
    },
    primitives::{array::Array, draws::Draws, theta::Theta},
    run::{Run, evaluate::Answer},
};
use clbench_results::Split;

use crate::{
    come_back,
    support::{self, Heard},
};

clbench::settings! {
    /// What it answers to everything: the first class, or every class alike.
    #[derive(Clone)]
    struct Config {
        /// Whether it is the first.
        first: bool = true;
    }
}

impl Settings for Config {}

/// A network of one weight that learns nothing.
#[derive(Clone)]
struct Stubborn {
    first: bool,
    net: Net,
}

impl Stubborn {
    /// Logits of as many examples as `inputs` has. Shape `[batch, classes]`.
    fn logits(&self, inputs: &Tensor<4>, classes: usize) -> Tensor<2> {
        let row: Vec<f32> = (0..classes).map(|class| if self.first && class == 0 { 1.0 } else { 0.0 }).collect();
        let row: Tensor<2> = Array::new(&[1, classes], row, &inputs.device().inner()).tensor();
        row.repeat_dim(0, inputs.dims()[0])
    }
}

impl Carrier for Stubborn {
    fn init(&self, _: &Draws, device: &Device) -> Weights {
        let theta = Theta::from_iter([("weight".to_owned(), Array::filled(&[1], 0.0, device))]);
        Weights { theta, ..Weights::default() }
    }
    fn loss(&self, pass: &mut Pass, batch: &Batch) -> Fit {
        let weight: Tensor<1> = pass.read("weight");
        let moved = (weight * 0.0).unsqueeze();
        let logits = self.logits(&batch.inputs, self.net.heads.classes) + moved;
        Fit::of(pass, logits, batch.labels.clone())
    }
    fn predictor(&self, _: &Weights) -> Box<dyn Predictor> {
        Box::new(self.clone())
    }
}

impl Predictor for Stubborn {
    fn scores(&self, inputs: Tensor<4>, _: &Ask) -> Tensor<2> {
        self.logits(&inputs, self.net.heads.classes)
    }
    /// For the nearest mean: all alike, or those of one class apart by nothing that tells.
    fn features(&self, inputs: Tensor<4>, _: &Ask) -> Option<Tensor<2>> {
        Some(self.logits(&inputs, 2) + 1.0)
    }
}

fn shelf() -> Shelf {
    let make = Make::Carrier(|table, net| {
        carrier(table, net, |config: Config, net| Ok(Stubborn { first: config.first, net }))
    });
    come_back::shelf().methods([Method::new("stubborn", make)])
}

/// All that counted right answers in a run: rows of `train.csv`, records of tasks, records of what is held out,
/// answers, and what the policy was told.
struct Counted {
    trained: Vec<f64>,
    tasks: Vec<f64>,
    held_out: Vec<f64>,
    answers: Vec<Answer>,
    told: Vec<bool>,
}

fn counted(first: bool) -> Result<Counted> {
    let shelf = shelf();
    let settings = format!(
        "method=stubborn stubborn.first={first} stream.environment=picky stream.held_out=fashion-mnist-small \
         stream.shape=[1,8,8] stream.val_fraction=0.1 keep.predictions=true train.batch=64"
    );
    let setup = support::try_setup(&shelf, &settings)?;
    let (mut run, mut heard) = (Run::new(&setup, 0, &shelf)?, Heard::default());
    run.finish(&mut heard)?;
    let tasks = setup.stream.tasks.len();
    let accuracy = |held_out: bool| {
        let those = heard.records.iter().filter(|record| (record.task >= tasks) == held_out);
        those.map(|record| record.accuracy).collect::<Vec<_>>()
    };
    assert!(heard.records.iter().any(|record| record.split == Split::Validation));
    Ok(Counted {
        trained: heard.rows.iter().filter_map(|row| row.accuracy).collect(),
        tasks: accuracy(false),
        held_out: accuracy(true),
        told: come_back::told(&run),
        answers: heard.answers,
    })
}

#[test]
fn who_answers_everything_alike_is_right_nowhere() {
    let Counted { trained, tasks, held_out, answers, told } = counted(false).unwrap();
    for (what, shares) in [("training", &trained), ("evaluation", &tasks), ("nearest mean", &held_out)] {
        assert!(!shares.is_empty() && shares.iter().all(|share| *share == 0.0), "{what}: {shares:?}");
    }
    assert!(!answers.is_empty() && answers.iter().all(|answer| answer.answer != answer.label), "predictions");
    assert!(!told.is_empty() && told.iter().all(|hit| !hit), "policy");
}

/// The same readers count what is right.
#[test]
fn who_answers_the_first_class_is_right_where_it_is_the_first() {
    let Counted { trained, tasks, answers, told, .. } = counted(true).unwrap();
    // Classes 0 and 1 come first, and are about half each.
    assert!(trained[0] > 0.3 && trained[0] < 0.7 && told.iter().any(|hit| *hit) && told.iter().any(|hit| !hit));
    assert!(tasks.iter().all(|share| *share == 0.0 || (*share - 0.5).abs() < 0.25), "{tasks:?}");
    assert!(answers.iter().all(|answer| answer.answer == 0) && answers.iter().any(|answer| answer.label == 0));
}
