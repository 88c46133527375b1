//! What lives within one step: what a method keeps from hook to hook, and what the optimizer's step did.

use anyhow::{Context, Result, ensure};
use burn::tensor::Tensor;
use clbench::{
    batch::Batch,
    catalogue::{Range, Settings},
    config::Shelf,
    method::{Contribution, Ctx, Fit, Make, Method, contribution},
    network::pass::Pass,
    run::Run,
};

use crate::support::{self, Heard};

clbench::settings! {
    /// Keeps the step's number with so many elements, and takes it after the step.
    #[derive(Clone, Debug)]
    struct Keeper {
        /// Elements.
        elements: usize = 0, Range::Whole(0, 1 << 20);
        /// Asks what the step did; without `follows` that is an error.
        asks: bool = false;
        /// Follows the step.
        follows: bool = false;
    }
}

impl Settings for Keeper {}

struct Note(u64);

impl Contribution for Keeper {
    fn follows(&self) -> bool {
        self.follows
    }
    fn loss(&mut self, cx: &mut Ctx, _: &mut Pass, _: &Batch, _: &Fit) -> Result<Option<Tensor<1>>> {
        cx.keep(Note(cx.step), self.elements);
        Ok(None)
    }
    fn after_step(&mut self, cx: &mut Ctx) -> Result<()> {
        let Note(step) = cx.kept().context("kept in this step")?;
        ensure!(step == cx.step && cx.kept::<Note>().is_none(), "step {step} in {}", cx.step);
        if self.asks {
            let stepped = cx.stepped()?;
            let moved = cx.weights.theta.sub(&stepped.before);
            // Plain gradient descent without a clip goes along the gradient.
            let gap = moved.add(&stepped.gradients, cx.rate as f32).norm();
            ensure!(gap < 1e-6 && moved.norm() > 0.0, "{gap}");
        }
        Ok(())
    }
}

fn shelf() -> Shelf {
    let make = Make::Contribution(|table| contribution(table, |keeper: Keeper| keeper));
    support::shelf().methods([Method::new("keeper", make)])
}

/// Bytes of a step's peak, and of a checkpoint.
fn bytes(settings: &str) -> (u64, usize) {
    let setup = support::try_setup(&shelf(), &format!("method=keeper {settings}")).unwrap();
    let mut run = Run::new(&setup, 0, &shelf()).unwrap();
    run.advance(&mut Heard::default()).unwrap();
    (run.state.peaks[0], run.save().unwrap().len())
}

#[test]
fn what_is_kept_within_a_step_counts_as_memory_and_is_in_no_checkpoint() {
    let (none, some) = (bytes("keeper.elements=20000"), bytes("keeper.elements=30000"));
    assert_eq!(some.0 - none.0, 4 * 10_000);
    assert_eq!(some.1, none.1);
}

#[test]
fn a_step_that_is_followed_says_what_it_did_and_holds_it() {
    let follows = "keeper.asks=true keeper.follows=true keeper.elements=20000";
    // Weights before, and the gradient of each, in four bytes; the setting itself is no state.
    let elements = |settings: &str| {
        let setup = support::try_setup(&shelf(), &format!("method=keeper {settings}")).unwrap();
        Run::new(&setup, 0, &shelf()).unwrap().state.weights.theta.len() as u64
    };
    let more = bytes(follows).0 - bytes("keeper.asks=false keeper.elements=20000").0;
    assert!(more > 0 && more <= 8 * elements(follows), "{more}");
    let setup = support::try_setup(&shelf(), "method=keeper keeper.asks=true").unwrap();
    let error = Run::new(&setup, 0, &shelf()).unwrap().rehearse().unwrap_err();
    assert!(format!("{error:#}").contains("says so in `follows`"), "{error:#}");
}
