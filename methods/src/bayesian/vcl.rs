//! Bayes by backprop, and variational continual learning on top of it: after each task the posterior is the next prior.
//!
//! - `bbb`: Blundell et al. 2015, <https://arxiv.org/abs/1505.05424>: a Gaussian over all weights, prior N(0, s²).
//! - `vcl`: Nguyen et al. 2018, <https://arxiv.org/abs/1710.10628>, eq. 3-4: the prior of a task is the posterior after
//!   the one before. With `vcl+coreset`: see [`coreset`](super::coreset).
//! - Outputs in place of matrices are drawn where that applies: Kingma et al. 2015, <https://arxiv.org/abs/1506.02557>.
//! - `per = "preference"`: a posterior for each preference that is asked, with the data term Σ wₖ Lₖ over the tasks of
//!   a batch; beside `replay` the remembered tasks are weighed, too.
//!
//! **Deviation:** the means begin where the plain network's weights do and not at a maximum-likelihood solution of the
//! first task; a `[start]` with pretraining gives one. Standard deviations begin at 0.01 and not at the paper's 0.001,
//! where the pull towards the prior lets no rule but Adam's converge; the authors' code begins at e⁻³ = 0.0498. By
//! default 10 networks answer where that code has 100, and a step draws one network where it draws 10. The prior of
//! `bbb` is one Gaussian, where Blundell et al. have a mixture of two. Heads of tasks that come for the first time have
//! the first prior.

use anyhow::Result;
use burn::tensor::{Device, Tensor};
use clbench::{
    batch::Batch,
    catalogue::{Need, Range, Settings, Taken},
    method::{Carrier, Ctx, Family, Fit, Make, Method, carrier},
    network::{
        net::Net,
        pass::{Pass, Weights},
        predictor::{Ask, Predictor},
    },
    primitives::{draws::Draws, theta::Theta},
};

use super::{
    gaussian::{DEVIATION, Gaussian, RHO},
    inference::{Against, Inference},
    models::{Drawn, together},
};
use crate::preferences::preference;

/// The entry of `bbb` in the catalogue.
pub const BBB: Method = Method {
    name: "bbb",
    about: "Bayes by backprop: a Gaussian over all weights",
    citation: "https://arxiv.org/abs/1505.05424",
    make: Make::Carrier(|table, net| carrier(table, net, |config, net| Vcl::new(config, net, false))),
    joint: false,
    family: Family::Bayesian,
    settings: Config::SETTINGS,
    needs: &[],
};

/// The entry of `vcl` in the catalogue.
pub const VCL: Method = Method {
    name: "vcl",
    about: "each task's posterior is the next one's prior",
    citation: "https://arxiv.org/abs/1710.10628",
    make: Make::Carrier(|table, net| carrier(table, net, |config, net| Vcl::new(config, net, true))),
    ..BBB
};

clbench::choice! {
    /// Of what there is a posterior each.
    #[derive(Default)]
    pub enum Per {
        /// One for all.
        #[default]
        Stream = "stream",
        /// One for each preference that is asked, trained for it.
        Preference = "preference",
    }
}

clbench::settings! {
    /// Settings of `bbb` and `vcl`.
    #[derive(Clone, Debug)]
    pub struct Config {
        /// Standard deviation of the first prior, s.
        pub prior_std: f64 = 1.0, DEVIATION;
        /// Standard deviations of the first posterior; VCL's paper has 0.001, its code 0.0498.
        pub init_std: f64 = 0.01, DEVIATION;
        /// Weight of the divergence from the prior, β.
        pub divergence: f64 = 1.0, Range::AtLeast(0.0);
        /// What the divergence counts against: it is shared by all examples, or paid by each batch.
        pub against: Against = Against::Examples;
        /// Whether outputs of matrices are drawn in place of matrices.
        pub local: bool = true;
        /// Networks whose mean probability answers; 0 for the means; VCL's code has 100.
        pub samples: u32 = 10, Range::Whole(0, 1000);
        /// One posterior for the stream, or one for each preference that is asked.
        pub per: Per = Per::Stream;
    }
}

impl Settings for Config {}

/// One posterior, or one for each preference. Paths: `theta` has μ at the network's own and ρ beside them at `….rho`;
/// `frozen` has the prior below `prior.`. With several, each lies below its prefix.
#[derive(Clone)]
pub struct Vcl {
    config: Config,
    inference: Inference,
    /// Whether posteriors become priors.
    chained: bool,
}

impl Vcl {
    /// A posterior over the weights of `net`.
    ///
    /// # Errors
    /// When there is one for each preference, and the network has running statistics.
    pub fn new(config: Config, net: Net, chained: bool) -> Result<Self> {
        if config.per == Per::Preference {
            preference::without_statistics(&net, "posteriors for several preferences")?;
        }
        let inference = Inference { net, divergence: config.divergence, against: config.against, local: config.local };
        Ok(Self { config, inference, chained })
    }

    fn prefixes(&self, theta: &Theta) -> Vec<String> {
        match self.config.per {
            Per::Stream => vec![String::new()],
            Per::Preference => preference::prefixes(theta),
        }
    }

    /// The prior of the posterior below `prefix`.
    fn prior(&self, weights: &Weights, prefix: &str) -> Gaussian {
        if self.chained {
            return Gaussian::at(&weights.frozen, &format!("prior.{prefix}"));
        }
        let mean = Gaussian::at(&weights.theta, prefix).mean;
        Gaussian::around(mean.zeros(), self.config.prior_std)
    }

    /// What the posterior below `prefix` is the prior of: itself, with the first prior where a head is new.
    fn next(&self, cx: &Ctx, prefix: &str) -> Gaussian {
        let mut known = Gaussian::at(&cx.weights.theta, prefix);
        let mut prior = Gaussian::around(known.mean.zeros(), self.config.prior_std);
        if cx.experience == 0 {
            return prior;
        }
        let before = cx.heads().before(cx.experience);
        let head = |path: &str| -> Option<usize> { path.strip_prefix("head.")?.split('.').next()?.parse().ok() };
        known.keep(|path| head(path).is_none_or(|task| before.contains(&task)));
        prior.mean.extend(known.mean);
        prior.std.extend(known.std);
        prior
    }
}

impl Carrier for Vcl {
    fn init(&self, draws: &Draws, device: &Device) -> Weights {
        let mut weights = self.inference.net.init(draws, device);
        let prefix = if self.config.per == Per::Preference { preference::prefix(0) } else { String::new() };
        weights.theta = Gaussian::around(std::mem::take(&mut weights.theta), self.config.init_std).below(&prefix);
        weights
    }

    fn loss(&self, pass: &mut Pass, batch: &Batch) -> Fit {
        let prefixes = self.prefixes(&pass.weights.theta);
        if self.config.per == Per::Stream {
            return self.inference.fit(pass, &prefixes, batch);
        }
        let mut sum: Option<Tensor<1>> = None;
        for (p, prefix) in prefixes.iter().enumerate() {
            let logits = self.inference.logits(pass, prefix, p as u64, batch);
            let loss = preference::weighed(pass, logits, batch, p);
            sum = Some(sum.map_or(loss.clone(), |sum| sum + loss));
        }
        Fit { loss: sum.expect("there is a posterior"), logits: None }
    }

    fn predictor(&self, weights: &Weights) -> Box<dyn Predictor> {
        Box::new(Predictive { vcl: self.clone(), weights: weights.clone(), drawn: Drawn::default() })
    }

    fn takes(&self) -> Vec<Taken> {
        let mut taken = vec![
            Need::OwnWeights.taken("has distributions in their place"),
            Need::Point.taken("has distributions in their place"),
        ];
        if self.config.per == Per::Preference {
            taken.push(Need::Logits.taken("lets several networks answer at once").unless(&["per=stream"]));
        }
        taken
    }

    fn gives(&self) -> Vec<Need> {
        if self.config.per == Per::Preference { vec![Need::Preferences] } else { Vec::new() }
    }

    fn apart(&self, theta: &Theta) -> Vec<String> {
        if self.config.per == Per::Preference { preference::prefixes(theta) } else { Vec::new() }
    }

    fn task_start(&self, cx: &mut Ctx) -> Result<()> {
        if self.config.per == Per::Preference {
            preference::begin(cx);
        }
        if self.chained {
            for prefix in self.prefixes(&cx.weights.theta) {
                let prior = self.next(cx, &prefix).below(&format!("prior.{prefix}"));
                cx.weights.frozen.extend(prior);
            }
        }
        Ok(())
    }

    fn task_end(&self, cx: &mut Ctx) -> Result<()> {
        if self.config.per == Per::Preference {
            preference::end(cx);
        }
        Ok(())
    }

    fn penalises(&self) -> bool {
        true
    }

    fn gradients(&self, cx: &mut Ctx, grads: &mut Theta) -> Result<()> {
        for prefix in self.prefixes(&cx.weights.theta) {
            let prior = self.prior(cx.weights, &prefix);
            self.inference.pull(cx, grads, &prefix, &prior);
        }
        Ok(())
    }
}

/// The posterior predictive, over drawn networks.
struct Predictive {
    vcl: Vcl,
    weights: Weights,
    drawn: Drawn,
}

impl Predictive {
    fn prefix(&self, ask: &Ask) -> String {
        match self.vcl.config.per {
            Per::Stream => String::new(),
            Per::Preference => preference::prefix(preference::nearest(&self.weights, ask)),
        }
    }
    fn models(&self, prefix: &str, ask: &Ask) -> Vec<Theta> {
        self.drawn.get(prefix, || {
            let posterior = Gaussian::at(&self.weights.theta, prefix);
            let one = |sample| posterior.moved(&posterior.noise(&ask.draws, "posterior sample", sample));
            (0..u64::from(self.vcl.config.samples)).map(one).collect()
        })
    }
    fn mean(&self, prefix: &str) -> Theta {
        let mut mean = self.weights.theta.below(prefix);
        mean.retain(|path, _| !path.ends_with(RHO));
        mean
    }
}

impl Predictor for Predictive {
    fn scores(&self, inputs: Tensor<4>, ask: &Ask) -> Tensor<2> {
        let prefix = self.prefix(ask);
        let models: Vec<Theta> = match (ask.sample, self.vcl.config.samples) {
            (_, 0) => vec![self.mean(&prefix)],
            (Some(sample), _) => vec![self.models(&prefix, ask).swap_remove(sample as usize)],
            (None, _) => self.models(&prefix, ask),
        };
        together(&self.vcl.inference.net, &self.weights, &models, &inputs, ask)
    }
    fn samples(&self) -> u32 {
        if self.vcl.config.per == Per::Preference { self.vcl.config.samples } else { 0 }
    }
    /// Of the network of the means.
    fn features(&self, inputs: Tensor<4>, ask: &Ask) -> Option<Tensor<2>> {
        let mean = self.mean(&self.prefix(ask));
        let net = &self.vcl.inference.net;
        Some(ask.pass(&self.weights).under(mean, |pass| net.features(pass, inputs)))
    }
}
