//! What the tests of environments share: a small stream, and a world that answers to what a policy chooses.

use anyhow::Result;
use clbench::burn::tensor::Device;
use clbench::{
    data::{Dataset, Fit, Split, Universe},
    primitives::draws::Draws,
    stream::{Environment, Experience, Ground, Outcome, Part, Policy, Task, World},
};

/// Whether numbers are what they should be.
pub(super) fn close(are: &[f64], should: &[f64]) {
    let near = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-9;
    assert!(are.len() == should.len() && are.iter().zip(should).all(near), "{are:?} should be {should:?}");
}

/// A picture of 2×2 pixels: the class, and how far the example is from the others.
fn pixels(class: usize, place: usize) -> [u8; 4] {
    [class as u8, place as u8, 0, 0]
}

/// A stream with a task for each number, of that many examples, to `with`.
pub(super) fn on<T>(sizes: &[usize], seed: u64, with: impl FnOnce(Vec<Experience>, &[Task], &Ground) -> T) -> T {
    let all: Vec<(usize, usize)> =
        sizes.iter().enumerate().flat_map(|(class, size)| (0..*size).map(move |place| (class, place))).collect();
    let pictures = all.iter().flat_map(|(class, place)| pixels(*class, *place)).collect();
    let labels = all.iter().map(|(class, _)| *class as u16).collect();
    let train = Split::new([1, 2, 2], pictures, labels, sizes.len()).unwrap();
    let names = (0..sizes.len()).map(|class| format!("class {class}")).collect();
    let dataset = Dataset::new("toy", [1, 2, 2], names, train.clone(), train);
    let universe = Universe::new(vec![dataset], None, Fit::Resize).unwrap();
    let ground = Ground::new(&universe, Draws::of(seed), std::path::Path::new("."));
    let task = |class: usize| {
        let labels: Vec<Option<usize>> = (0..sizes.len()).map(|at| (at == class).then_some(at)).collect();
        Task::new(format!("{class}"), &universe, &labels, None)
    };
    let tasks: Vec<Task> = (0..sizes.len()).map(task).collect();
    let part = |task: usize| Part { task, indices: (0..sizes[task] as u32).collect(), rehearsed: false };
    let base = (0..sizes.len()).map(|task| Experience::new(vec![part(task)])).collect();
    with(base, &tasks, &ground)
}

/// The world of an environment with `settings` on a stream with tasks of those sizes.
pub(super) fn build(environment: &Environment, settings: &str, sizes: &[usize], seed: u64) -> Result<World> {
    let (_, part) = (environment.make)(settings.parse()?)?;
    on(sizes, seed, |base, tasks, ground| part.revisit(base, tasks, ground))
}

/// A policy before the first step, on a stream with tasks of those sizes.
pub(super) fn policy(environment: &Environment, settings: &str, sizes: &[usize]) -> Box<dyn Policy> {
    build(environment, settings, sizes, 0).unwrap().policy.unwrap()()
}

/// How many examples of each task come back in each experience.
pub(super) fn returns(world: &World) -> Vec<Vec<usize>> {
    let of = |experience: &Experience, task: usize| {
        let parts = experience.parts.iter().filter(|part| part.rehearsed && part.task == task);
        parts.map(|part| part.indices.len()).sum()
    };
    let tasks = world.experiences.len();
    world.experiences.iter().map(|experience| (0..tasks).map(|task| of(experience, task)).collect()).collect()
}

/// What a model with `confidence` in the right label answers.
pub(super) fn answer((arm, place): (usize, usize), confidence: f64) -> Outcome {
    Outcome { arm, place, loss: -confidence.ln(), confidence, hit: confidence > 0.5 }
}

/// Steps `from..to` of an experience: in each, `count` choices among `arms`, and what a model of that confidence
/// answers. Gives all choices.
pub(super) fn steps(
    policy: &mut dyn Policy,
    arms: &[usize],
    (from, to): (u64, u64),
    (count, seed): (usize, u64),
    confidence: impl Fn(usize, usize) -> f64,
) -> Vec<(usize, usize)> {
    let mut all = Vec::new();
    for step in from..to {
        let choices = policy.choose(arms, count, &Draws { seed, experience: arms.len() as u64, step });
        assert_eq!(choices.len(), count);
        for (arm, place) in &choices {
            assert!(arms.get(*arm).is_some_and(|size| place < size), "arm {arm}, place {place} of {arms:?}");
        }
        let shares = policy.shares(arms);
        let sum = shares.iter().sum::<f64>();
        assert!(shares.len() == arms.len() && (sum - 1.0).abs() < 1e-9, "{shares:?}");
        let outcomes: Vec<Outcome> =
            choices.iter().map(|choice| answer(*choice, confidence(choice.0, choice.1))).collect();
        policy.learn(&outcomes);
        all.extend(choices);
    }
    all
}

/// The share of choices that fall on `arm`, in the second half of 400 steps of 16 choices among four arms.
pub(super) fn share_of(
    environment: &Environment,
    settings: &str,
    arm: usize,
    seed: u64,
    confidence: impl Fn(usize, usize) -> f64,
) -> f64 {
    let arms = [200; 4];
    let mut policy = policy(environment, settings, &[200; 5]);
    let choices = steps(&mut *policy, &arms, (0, 400), (16, seed), confidence);
    let late = &choices[choices.len() / 2..];
    late.iter().filter(|choice| choice.0 == arm).count() as f64 / late.len() as f64
}

/// The device that a policy's state is loaded onto.
pub(super) fn device() -> Device {
    Device::flex()
}
