//! IBCL: m chains of posteriors, of whose extreme points any preference over tasks is answered without training.
//!
//! - Lu et al. 2023, <https://arxiv.org/abs/2305.14782>, algorithm 1: each task turns m priors into m posteriors; one
//!   that lies nearer than d (2-Wasserstein) to a stored one is not stored, and that one stands for it, also as the
//!   next prior. Algorithm 2: a preference w gives the posterior of task k the share wₖ/m in a convex combination;
//!   models are drawn from the combination's highest-density region.
//! - The authors' code, <https://github.com/ibcl-anon/ibcl>, is followed by `repo_compat`: the distance is ‖Δμ‖/P +
//!   √½·‖Δσ‖/P over the P coordinates, and what lies as far as d is not stored either (≤); standard deviations are
//!   combined linearly, the region covers 1 − `hdr_mass`, and one number for each tensor places a model in it,
//!   uniformly. What else the code does is set where the stream file does not say otherwise: posteriors begin as N(0,
//!   1), each batch pays the whole divergence, matrices are drawn and not their outputs, and d is 0.01.
//!
//! What a convex combination of Gaussians is, is read in three ways (`combine`), and what is drawn from its region, in
//! two (`draw`); see [`Combine`] and [`Draw`].
//!
//! **Deviation:** d is 0 by default, so that all is stored, where the paper's figures have 0.002 to 0.008 and the
//! authors' code 0.01. The first priors are those for CIFAR-10 and `CelebA` there; for others it has 2, 2.5 and 3.
//!
//! **Deviation:** answers are the softmax of one logit per class in place of a sigmoid. A posterior is compared with
//! all that are stored, those of its own task included. The divergence is shared by all examples; `against = "batch"`
//! charges it to each batch, as the authors' code does. A task is answered by the posteriors of the experience that it
//! first came with; what comes back of it later trains later posteriors, which answer for their own tasks. The region
//! is the smallest for mixtures and taken coordinate by coordinate for Gaussians (see `region`). Where one stored
//! posterior stands for several, it has their shares together before anything is combined.

mod credal;
mod region;

use anyhow::{Result, ensure};
use burn::tensor::Device;
use clbench::{
    batch::Batch,
    catalogue::{Need, Range, Settings, Taken},
    method::{Carrier, Ctx, Family, Fit, Make, Method, carrier},
    network::{
        net::Net,
        pass::{Pass, Weights},
        predictor::Predictor,
    },
    primitives::{draws::Draws, theta::Theta},
};
use toml::{Table, Value};

pub use self::region::{Combine, Draw};
use self::{
    credal::{Credal, Place, chosen, stand_in, store},
    region::Reading,
};
use super::{
    gaussian::{DEVIATION, Gaussian},
    inference::{Against, Inference},
};

/// The entry of the catalogue.
pub const METHOD: Method = Method {
    name: "ibcl",
    about: "a credal set of posteriors answers any preference untrained",
    citation: "https://arxiv.org/abs/2305.14782",
    make: Make::Carrier(|table, net| carrier(released(table), net, |config, net| Ok(Ibcl::new(config, net)))),
    joint: false,
    family: Family::Bayesian,
    settings: Config::SETTINGS,
    needs: &[Need::Stateless, Need::OneHead],
};

clbench::settings! {
    /// Settings of `ibcl`.
    #[derive(Clone, Debug)]
    pub struct Config {
        /// Standard deviations of the m first priors.
        pub priors: Vec<f64> = vec![0.2, 0.25, 0.3], Range::List(&DEVIATION, 1, 100);
        /// Where a posterior begins: as its prior, or as N(0, 1).
        pub start: Begin = Begin::Prior;
        /// Weight of the divergence from the prior, β.
        pub divergence: f64 = 1.0, Range::AtLeast(0.0);
        /// What the divergence counts against: it is shared by all examples, or paid by each batch.
        pub against: Against = Against::Examples;
        /// Whether outputs of matrices are drawn in place of matrices.
        pub local: bool = true;
        /// Distance from which on a posterior is stored, d; the authors' code has 0.01.
        pub threshold: f64 = 0.0, Range::AtLeast(0.0);
        /// What a convex combination of Gaussians is.
        pub combine: Combine = Combine::Mixture;
        /// Mass of the region that models are drawn from, 1 − α.
        pub hdr_mass: f64 = 0.99, Range::UpTo(0.0, 1.0);
        /// What is drawn within the region: as the distribution is, or uniformly.
        pub draw: Draw = Draw::Density;
        /// Models for a preference.
        pub samples: u32 = 10, Range::Whole(1, 1000);
        /// Distance, combination, coverage and draws of the released code; and its start, against, local and threshold
        /// where these are not set.
        pub repo_compat: bool = false;
    }
}

clbench::choice! {
    /// Where the posterior of a task begins.
    #[derive(Default)]
    pub enum Begin {
        /// As its prior.
        #[default]
        Prior = "prior",
        /// As N(0, 1), whatever its prior, as in the authors' code.
        Unit = "unit",
    }
}

/// What the released code does beside what it reads: set where `repo_compat` is, and nothing else was said.
const RELEASED: &str =
    "start = 'unit'\nagainst = 'batch'\nlocal = false\nthreshold = 0.01\ncombine = 'linear'\ndraw = 'uniform'";

/// `table` with the released code's choices, where it asks for them.
fn released(mut table: Table) -> Table {
    if table.get("repo_compat").and_then(Value::as_bool) == Some(true) {
        for (key, value) in RELEASED.parse::<Table>().expect("a table") {
            table.entry(key).or_insert(value);
        }
    }
    table
}

impl Settings for Config {
    fn check(&self) -> Result<()> {
        // Runs of earlier versions have the usual values beside it, which meant nothing.
        ensure!(
            !self.repo_compat || self.combine != Combine::Sum,
            "ibcl.repo_compat says itself what is combined and drawn; leave ibcl.combine and ibcl.draw out"
        );
        ensure!(
            !self.repo_compat || self.hdr_mass < 1.0,
            "ibcl.hdr_mass = 1 leaves the released code nothing to draw from, which covers the rest; set it below 1"
        );
        ensure!(
            self.repo_compat || self.draw == Draw::Density || self.hdr_mass < 1.0,
            "ibcl.hdr_mass = 1 is all of space, of which nothing can be drawn uniformly; set it below 1"
        );
        ensure!(
            self.repo_compat || self.combine != Combine::Mixture || self.draw == Draw::Density,
            "the region of a mixture is no box to draw from uniformly; set ibcl.combine to \"linear\" or \"sum\""
        );
        Ok(())
    }
}

/// Paths: `theta` has the posterior j in training below `q{j}.`; `frozen` has what is stored of experience e below
/// `extreme.{e}.{j}.`, and at `map.{e}.{j}` the experience and number of what stands for posterior j of experience e.
#[derive(Clone)]
pub struct Ibcl {
    config: Config,
    inference: Inference,
}

fn prefix(j: usize) -> String {
    format!("q{j}.")
}

impl Ibcl {
    /// m posteriors over the weights of `net`.
    pub fn new(config: Config, net: Net) -> Self {
        let inference = Inference { net, divergence: config.divergence, against: config.against, local: config.local };
        Self { config, inference }
    }

    fn prefixes(&self) -> Vec<String> {
        (0..self.config.priors.len()).map(prefix).collect()
    }

    /// The prior of posterior `j` in `experience`.
    fn prior(&self, weights: &Weights, experience: usize, j: usize) -> Gaussian {
        match experience.checked_sub(1) {
            None => {
                let mean = Gaussian::at(&weights.theta, &prefix(j)).mean;
                Gaussian::around(mean.zeros(), self.config.priors[j])
            }
            Some(before) => {
                let Place { experience, j } = stand_in(&weights.frozen, Place { experience: before, j })
                    .expect("the experience before has ended");
                chosen(&weights.frozen, Place { experience, j })
            }
        }
    }

    /// How far two posteriors lie apart.
    fn distance(&self, a: &Gaussian, b: &Gaussian) -> f64 {
        if !self.config.repo_compat {
            return a.wasserstein(b);
        }
        let [mean, std] = a.apart(b);
        (mean + std * std::f64::consts::FRAC_1_SQRT_2) / a.len() as f64
    }

    /// Whether what lies so far from a posterior stands for it.
    fn is_near(&self, distance: f64) -> bool {
        let Config { threshold, repo_compat, .. } = self.config;
        distance < threshold || (repo_compat && distance <= threshold)
    }
}

impl Carrier for Ibcl {
    fn init(&self, draws: &Draws, device: &Device) -> Weights {
        let zero = self.inference.net.init(draws, device).theta.zeros();
        let start = |(j, std): (usize, &f64)| {
            let std = if self.config.start == Begin::Unit { 1.0 } else { *std };
            Gaussian::around(zero.clone(), std).below(&prefix(j))
        };
        let mut weights = Weights::default();
        self.config.priors.iter().enumerate().map(start).for_each(|theta| weights.theta.extend(theta));
        weights
    }

    fn loss(&self, pass: &mut Pass, batch: &Batch) -> Fit {
        self.inference.fit(pass, &self.prefixes(), batch)
    }

    fn predictor(&self, weights: &Weights) -> Box<dyn Predictor> {
        let reading = Reading::of(&self.config);
        let posteriors = self.config.priors.len();
        Box::new(Credal::new(self.inference.net.clone(), weights.clone(), posteriors, reading))
    }

    fn takes(&self) -> Vec<Taken> {
        let mut taken = vec![
            Need::OwnWeights.taken("has distributions in their place"),
            Need::OneSet.taken("has several posteriors"),
            Need::Features.taken("answers by networks that are made for each question"),
        ];
        if self.config.priors.len() > 1 {
            taken.push(Need::Logits.taken("lets several networks answer at once"));
        }
        taken
    }

    fn gives(&self) -> Vec<Need> {
        vec![Need::Preferences]
    }

    fn answers_any(&self, weights: &Weights) -> Result<()> {
        let own = self.init(&Draws::of(0), &Device::flex());
        weights.theta.fits(&own.theta)?;
        let heads = &self.inference.net.heads;
        credal::check(&weights.frozen, &own.theta.below(&prefix(0)), self.config.priors.len(), heads.seen.len())
    }

    fn apart(&self, _: &Theta) -> Vec<String> {
        self.prefixes()
    }

    fn task_start(&self, cx: &mut Ctx) -> Result<()> {
        for j in 0..self.config.priors.len() {
            let begin = match self.config.start {
                Begin::Prior => self.prior(cx.weights, cx.experience, j),
                Begin::Unit => Gaussian::around(Gaussian::at(&cx.weights.theta, &prefix(j)).mean.zeros(), 1.0),
            };
            cx.weights.theta.extend(begin.below(&prefix(j)));
        }
        credal::begin(&mut cx.weights.frozen, cx.experience, cx.device);
        Ok(())
    }

    fn penalises(&self) -> bool {
        true
    }

    fn gradients(&self, cx: &mut Ctx, grads: &mut Theta) -> Result<()> {
        for j in 0..self.config.priors.len() {
            let prior = self.prior(cx.weights, cx.experience, j);
            self.inference.pull(cx, grads, &prefix(j), &prior);
        }
        Ok(())
    }

    /// Algorithm 1, lines 5 to 12.
    fn task_end(&self, cx: &mut Ctx) -> Result<()> {
        for j in 0..self.config.priors.len() {
            let posterior = Gaussian::at(&cx.weights.theta, &prefix(j));
            let place = Place { experience: cx.experience, j };
            let distance = |other: &Gaussian| self.distance(&posterior, other);
            store(&mut cx.weights.frozen, place, &posterior, |far| self.is_near(far), distance, cx.device);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
