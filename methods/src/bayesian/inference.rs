//! Stochastic variational inference of one posterior or of several at once.
//!
//! Blundell et al. 2015, <https://arxiv.org/abs/1505.05424>, eq. 8: what is minimised is the expected negative
//! log-likelihood of the N examples plus KL(q‖prior), here divided by N, so that a batch's mean loss estimates the
//! first and the divergence weighs β/N. One draw of the weights estimates the expectation. Several posteriors share a
//! batch; their losses are added and have no weight in common, so each is trained as if alone.

use burn::tensor::Tensor;
use clbench::{
    batch::Batch,
    method::{Ctx, Fit},
    network::{
        net::Net,
        pass::{Mode, Pass},
    },
    primitives::theta::Theta,
};

use super::gaussian::{Gaussian, RHO};

clbench::choice! {
    /// What a divergence counts against.
    #[derive(Default)]
    pub enum Against {
        /// The new examples of the experience, N.
        #[default]
        Examples = "examples",
        /// The examples of a batch: each batch pays the whole divergence, as in the code of IBCL.
        Batch = "batch",
    }
}

/// How posteriors are trained.
#[derive(Clone, Debug)]
pub(crate) struct Inference {
    pub net: Net,
    /// Weight of the divergence, β.
    pub divergence: f64,
    pub against: Against,
    /// Whether outputs of matrices are drawn in place of matrices.
    pub local: bool,
}

impl Inference {
    /// Logits of one draw of the posterior below `prefix`; of its means where nothing is drawn. Graph kept.
    pub fn logits(&self, pass: &mut Pass, prefix: &str, call: u64, batch: &Batch) -> Tensor<2> {
        let posterior = Gaussian::at(&pass.weights.theta, prefix);
        let theta = match pass.mode {
            Mode::Train(draws) => posterior.drawn(pass, &draws, call, self.local),
            _ => posterior.mean,
        };
        pass.under(theta, |pass| self.net.logits(pass, batch.inputs.clone(), &batch.scopes))
    }

    /// The sum of the losses of the posteriors below `prefixes`.
    pub fn fit(&self, pass: &mut Pass, prefixes: &[String], batch: &Batch) -> Fit {
        let mut logits = Vec::new();
        for (call, prefix) in prefixes.iter().enumerate() {
            logits.push(self.logits(pass, prefix, call as u64, batch));
        }
        if logits.len() == 1 {
            return Fit::of(pass, logits.remove(0), batch.labels.clone());
        }
        let losses = logits.into_iter().map(|logits| pass.cross_entropy(logits, batch.labels.clone()));
        Fit { loss: losses.reduce(|sum, loss| sum + loss).expect("there is a posterior"), logits: None }
    }

    /// Adds the gradient of β·KL(q‖prior)/N for the posterior below `prefix`, where a parameter has a gradient: heads
    /// of other tasks are left where they are. Its value is the carrier's penalty.
    pub fn pull(&self, cx: &mut Ctx, grads: &mut Theta, prefix: &str, prior: &Gaussian) {
        let count = match self.against {
            Against::Examples => cx.feed.new_examples().max(1),
            Against::Batch => cx.batch_size,
        };
        let scale = self.divergence / count as f64;
        if scale > 0.0 {
            cx.penalty(|cx| {
                let divergence = moving(&cx.weights.theta, grads, prefix).divergence(prior);
                scale * f64::from(divergence.into_scalar::<f32>())
            });
        }
        pull(&cx.weights.theta, grads, prefix, prior, scale);
    }
}

/// The posterior below `prefix`, where there is a gradient.
fn moving(theta: &Theta, grads: &Theta, prefix: &str) -> Gaussian {
    let mut posterior = Gaussian::at(theta, prefix);
    posterior.keep(|path| grads.has(&format!("{prefix}{path}")) || grads.has(&format!("{prefix}{path}{RHO}")));
    posterior
}

/// Adds `scale` times the gradient of KL(q‖prior), q being the posterior below `prefix`, where there is a gradient.
pub(crate) fn pull(theta: &Theta, grads: &mut Theta, prefix: &str, prior: &Gaussian, scale: f64) {
    if scale == 0.0 {
        return;
    }
    let posterior = moving(theta, grads, prefix);
    grads.gather(&posterior.pull(prior).under(prefix), scale as f32);
}
