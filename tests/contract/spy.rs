//! Contributions that only watch: a fake is worth more than a mock.

use std::cell::RefCell;

use anyhow::Result;
use burn::tensor::Tensor;
use clbench::{
    batch::Batch,
    catalogue::Settings,
    config::Shelf,
    method::{Contribution, Ctx, Fit, Make, Method, contribution},
    network::pass::Pass,
    primitives::theta::Theta,
};
use serde::{Deserialize, Serialize};

/// What a spy saw in one step, thrown away or not.
#[derive(Clone, Debug)]
pub struct Seen {
    pub who: &'static str,
    pub experience: usize,
    pub step: u64,
    pub theta: Theta,
    pub grads: Theta,
    pub indices: Vec<usize>,
}

thread_local! {
    static SEEN: RefCell<Vec<Seen>> = const { RefCell::new(Vec::new()) };
}

/// What the spies of this thread saw, in order.
pub fn seen() -> Vec<Seen> {
    SEEN.take()
}

clbench::settings! {
    #[derive(Clone)]
    struct Config {}
}

impl Settings for Config {}

#[derive(Serialize, Deserialize)]
struct Spy {
    late: bool,
    indices: Vec<usize>,
}

impl Contribution for Spy {
    fn loss(&mut self, _: &mut Ctx, _: &mut Pass, batch: &Batch, _: &Fit) -> Result<Option<Tensor<1>>> {
        self.indices.clone_from(&batch.indices);
        Ok(None)
    }
    fn gradients(&mut self, cx: &mut Ctx, grads: &mut Theta) -> Result<()> {
        let seen = Seen {
            who: if self.late { "late" } else { "early" },
            experience: cx.experience,
            step: cx.step,
            theta: cx.weights.theta.clone(),
            grads: grads.clone(),
            indices: std::mem::take(&mut self.indices),
        };
        SEEN.with_borrow_mut(|all| all.push(seen));
        Ok(())
    }
}

/// Everything that ships and two spies, `early` and `late`, to stand on both sides of a method.
pub fn shelf() -> Shelf {
    let early = |table| contribution(table, |Config {}| Spy { late: false, indices: Vec::new() });
    let late = |table| contribution(table, |Config {}| Spy { late: true, indices: Vec::new() });
    let entry = |name, make| Method::new(name, Make::Contribution(make));
    crate::support::shelf().methods([entry("early", early), entry("late", late)])
}
