//! A chunked hypernetwork makes each task's weights out of an embedding, and is kept from making others for earlier
//! tasks.
//!
//! - von Oswald et al. 2020, <https://arxiv.org/abs/1906.00695>, eq. 2: the task's loss plus β/(T − 1) times the sum
//!   over earlier tasks t of ‖h(eₜ, Θ*) − h(eₜ, Θ + ΔΘ)‖², Θ* being the weights before the task and ΔΘ the step that
//!   the task's loss alone asks for; that step is no part of the graph, and embeddings of earlier tasks stay as they
//!   are. Section 3 and appendix C: weights are made chunk by chunk, of the task's embedding and the chunk's.
//! - Ortiz et al. 2024, <https://arxiv.org/abs/2304.07645> (`mip`): inputs are encoded as E(γ) = (cos πγ/2, sin πγ/2),
//!   whose norm does not depend on γ, and what is made is added to weights θ⁰ that are learned, too (eq. 4 and 6).
//! - Chang et al. 2020, <https://openreview.net/forum?id=H1lma24tPB>: the last layer is drawn so that made weights have
//!   the variance that weights of the network are drawn with.
//!
//! **Deviation:** sizes are those of no experiment of the paper, but fit small networks: its embeddings of tasks have
//! 24 to 128 elements, its chunks 2000 to 78,000 weights, its hidden layers 10 to 350 units. β is that of split MNIST;
//! permuted MNIST has 0.01 to 0.1.
//!
//! **Deviation:** made weights are scaled tensor by tensor to the standard deviation of a first weight of that tensor,
//! which in the authors' code is left to the hypernetwork; so learning rates transfer between networks. With `mip` an
//! embedding e gives γ = 1/(1 + exp(−e)), θ⁰ is a tensor for each of the network and not the last layer's bias, which
//! chunks share; what is added to a matrix or kernel begins as large as in the authors' code, but no larger than θ⁰,
//! and what is added to a bias at a tenth.

mod maker;

use anyhow::Result;
use burn::tensor::{Device, Tensor};
use clbench::{
    batch::Batch,
    catalogue::{Need, Range, Settings, Taken},
    method::{Carrier, Ctx, Family, Fit, Make, Method, carrier},
    network::{
        net::Net,
        pass::{Mode, Pass, Weights},
        predictor::{Ask, Predictor},
    },
    primitives::{
        draws::Draws,
        scope::{Scope, Scopes},
        theta::Theta,
    },
};

use self::maker::Maker;
use crate::bayesian::Drawn;

/// The entry of the catalogue.
pub const METHOD: Method = Method {
    name: "hypernet",
    about: "a network makes each task's weights and keeps old ones",
    citation: "https://arxiv.org/abs/1906.00695",
    make: Make::Carrier(|table, net| carrier(table, net, Hypernet::new)),
    joint: false,
    family: Family::Hypernetworks,
    settings: Config::SETTINGS,
    needs: &[Need::Task, Need::Stateless],
};

clbench::choice! {
    /// What stands behind each hidden layer.
    pub enum Activation {
        /// Relu, or leaky with `mip`, as each paper has it.
        Auto = "auto",
        /// max(x, 0).
        Relu = "relu",
        /// x above 0, eˣ − 1 below.
        Elu = "elu",
        /// x above 0, x/100 below.
        Leaky = "leaky",
    }
}

clbench::settings! {
    /// Settings of `hypernet`.
    #[derive(Clone, Debug)]
    pub struct Config {
        /// Weight of the regulariser, β.
        pub strength: f64 = 0.01, Range::AtLeast(0.0);
        /// Whether it judges the weights where the step would lead.
        pub lookahead: bool = true;
        /// Earlier tasks drawn for it at each step; 0 for all.
        pub regularised: usize = 0, Range::Whole(0, 1 << 20);
        /// Length of a task's embedding; the paper has 24 to 128.
        pub task_embedding: usize = 32, Range::Whole(1, 1 << 16);
        /// Length of a chunk's embedding; the paper has 8 to 96.
        pub chunk_embedding: usize = 32, Range::Whole(1, 1 << 16);
        /// Hidden units; the paper has 10 to 350.
        pub widths: Vec<usize> = vec![32, 32], Range::List(&Range::Whole(1, 1 << 16), 0, 16);
        /// What stands behind each hidden layer; auto is relu, with mip leaky.
        pub activation: Activation = Activation::Auto;
        /// Weights made at once; the paper has 2000 to 78000.
        pub chunk: usize = 2000, Range::Whole(1, 1 << 24);
        /// Magnitude-invariant parametrisation.
        pub mip: bool = false;
    }
}

impl Settings for Config {}

/// Paths: `theta` has `task.{t}`, `chunk`, the layers `make.{i}` and with `mip` the weights `base.*`; `frozen` has
/// `before.*`, the same at the experience's start.
#[derive(Clone)]
pub struct Hypernet {
    config: Config,
    net: Net,
    maker: Maker,
}

impl Hypernet {
    /// A maker of `net`'s weights.
    ///
    /// # Errors
    /// When the hypernetwork would not fit.
    pub fn new(config: Config, net: Net) -> Result<Self> {
        Ok(Self { maker: Maker::new(&config, &net)?, config, net })
    }

    /// What the head sees of inputs of one task. Shape `[batch, features]`.
    fn features(&self, pass: &mut Pass, inputs: Tensor<4>, theta: Theta) -> Tensor<2> {
        pass.under(theta, |pass| self.net.features(pass, inputs))
    }

    /// Each example is answered by its own task's network.
    fn logits(
        &self,
        pass: &mut Pass,
        inputs: &Tensor<4>,
        scopes: &Scopes,
        made: &dyn Fn(&mut Pass, usize) -> Theta,
    ) -> Tensor<2> {
        scopes.each(inputs, |inputs, scope| {
            let Scope::Task(task) = scope else { unreachable!("the task's identity is needed, which was checked") };
            let theta = made(pass, task);
            pass.under(theta, |pass| self.net.logits(pass, inputs, &Scopes::One(scope)))
        })
    }

    /// The earlier tasks that the regulariser looks at in this step.
    fn earlier(&self, cx: &Ctx) -> Vec<usize> {
        let earlier = self.net.heads.before(cx.experience);
        let now = cx.feed.tasks();
        let earlier: Vec<usize> = earlier.iter().copied().filter(|task| !now.contains(task)).collect();
        match self.config.regularised {
            0 => earlier,
            count => {
                let order = cx.draws.order("regularised tasks", 0, earlier.len());
                order.into_iter().take(count).map(|at| earlier[at]).collect()
            }
        }
    }

    /// Mean over `tasks` of the squared distance between what `pass` makes, moved by `step`, and what `before` makes.
    /// Shape `[1]`.
    fn drift(&self, pass: &mut Pass, before: &Theta, step: &Theta, tasks: &[usize]) -> Tensor<1> {
        let ahead = pass.weights.theta.add(step, 1.0);
        // Task by task: what is made for all at once is larger than a processor's cache.
        let mut apart = |task: &usize| self.maker.apart(pass, *task, &ahead, before);
        let sum = tasks.iter().map(&mut apart).reduce(|sum, one| sum + one).expect("there is an earlier task");
        sum / tasks.len() as f64
    }
}

impl Carrier for Hypernet {
    fn init(&self, draws: &Draws, device: &Device) -> Weights {
        Weights { theta: self.maker.init(draws, device), ..Weights::default() }
    }

    fn loss(&self, pass: &mut Pass, batch: &Batch) -> Fit {
        let logits = self.logits(pass, &batch.inputs, &batch.scopes, &|pass, task| self.maker.make(pass, task));
        if let Scopes::Each(rows) = &batch.scopes {
            // Rows are put back in order.
            pass.hold_bytes(size_of::<i64>() * rows.len());
        }
        Fit::of(pass, logits, batch.labels.clone())
    }

    fn predictor(&self, weights: &Weights) -> Box<dyn Predictor> {
        Box::new(Made { hypernet: self.clone(), weights: weights.clone(), known: Drawn::default() })
    }

    fn takes(&self) -> Vec<Taken> {
        vec![Need::OwnWeights.taken("has another network make them")]
    }

    fn task_start(&self, cx: &mut Ctx) -> Result<()> {
        let before = cx.weights.theta.clone().under("before.");
        cx.weights.frozen.extend(before);
        Ok(())
    }

    fn penalises(&self) -> bool {
        true
    }

    fn gradients(&self, cx: &mut Ctx, grads: &mut Theta) -> Result<()> {
        let earlier = self.earlier(cx);
        if earlier.is_empty() || self.config.strength == 0.0 {
            return Ok(());
        }
        let step = if self.config.lookahead { cx.look_ahead(grads).sub(&cx.weights.theta) } else { Theta::default() };
        cx.holds(step.len());
        let mut pass = cx.tracked(Mode::Eval);
        let before = cx.weights.frozen.below("before.");
        let drift = self.drift(&mut pass, &before, &step, &earlier);
        let drift = drift * self.config.strength;
        let value = drift.clone().inner();
        let mut pull = pass.gradients(drift);
        // Embeddings of earlier tasks stay where they were learned.
        pull.retain(|path, _| !path.starts_with("task."));
        grads.gather(&pull, 1.0);
        cx.penalty(|_| f64::from(value.into_scalar::<f32>()));
        Ok(())
    }
}

#[cfg(test)]
mod tests;

/// Networks that were made, by task.
struct Made {
    hypernet: Hypernet,
    weights: Weights,
    known: Drawn,
}

impl Made {
    fn make(&self, pass: &mut Pass, task: usize) -> Theta {
        let make = || vec![self.hypernet.maker.make(pass, task)];
        self.known.get(&task.to_string(), make).swap_remove(0)
    }
}

impl Predictor for Made {
    fn scores(&self, inputs: Tensor<4>, ask: &Ask) -> Tensor<2> {
        let made = |pass: &mut Pass, task: usize| self.make(pass, task);
        self.hypernet.logits(&mut ask.pass(&self.weights), &inputs, &Scopes::One(ask.scope), &made)
    }
    /// None where no task is told: there is no network to ask.
    fn features(&self, inputs: Tensor<4>, ask: &Ask) -> Option<Tensor<2>> {
        let Scope::Task(task) = ask.scope else { return None };
        let mut pass = ask.pass(&self.weights);
        let theta = self.make(&mut pass, task);
        Some(self.hypernet.features(&mut pass, inputs, theta))
    }
}
