//! Trains as usual, deploys an exponential moving average of the weights, taken at each step.
//!
//! - Polyak & Juditsky 1992, <https://doi.org/10.1137/0330046>; in continual learning: Soutif-Cormerais et al. 2023,
//!   <https://arxiv.org/abs/2306.16817>, eq. 1.
//! - Running statistics do not fit an average; they are re-estimated when it is deployed: Izmailov et al. 2018,
//!   <https://arxiv.org/abs/1803.05407>, section 3.2.

use anyhow::Result;
use clbench::{
    budget::Spent,
    catalogue::{Need, Range, Settings},
    method::{Contribution, Ctx, Deploy, Family, Make, Method, Next, contribution},
    network::{pass::Weights, predictor::Predictor},
    primitives::theta::Theta,
};
use serde::{Deserialize, Serialize};

/// The entry of the catalogue.
pub const METHOD: Method = Method {
    name: "ema",
    about: "deploys a moving average of the weights",
    citation: "https://arxiv.org/abs/2306.16817",
    make: Make::Contribution(|table| contribution(table, Ema::new)),
    joint: false,
    family: Family::Merging,
    settings: Config::SETTINGS,
    needs: &[],
};

clbench::settings! {
    /// Settings of `ema`.
    #[derive(Clone, Debug)]
    pub struct Config {
        /// Share of the average that is kept at each step.
        pub keep: f64 = 0.99, Range::From(0.0, 1.0);
    }
}

impl Settings for Config {}

/// The average.
#[derive(Serialize, Deserialize)]
pub struct Ema {
    config: Config,
    average: Theta,
}

impl Ema {
    /// Before the first step.
    pub fn new(config: Config) -> Self {
        Self { config, average: Theta::default() }
    }
}

impl Contribution for Ema {
    fn needs(&self) -> Vec<Need> {
        vec![Need::SteadyValues, Need::OneSet, Need::Deployment]
    }

    fn reserve(&self, cx: &Ctx) -> Result<Spent> {
        cx.calibration_price()
    }

    fn after_step(&mut self, cx: &mut Ctx) -> Result<()> {
        let (keep, new) = (self.config.keep as f32, cx.weights.theta.clone());
        // A path that the average lacks, such as a new adapter's, starts at its own value; one that is gone is dropped.
        let mut average = std::mem::take(&mut self.average);
        average.retain(|path, _| new.has(path));
        average.update(new.clone(), |old, new| old * keep + new * (1.0 - keep));
        self.average = new;
        self.average.extend(average);
        Ok(())
    }

    fn deploy(&self, cx: &Deploy, weights: &Weights, next: &Next) -> Result<Box<dyn Predictor>> {
        // An average of one is the weights themselves, and their own statistics fit them.
        if self.average.is_empty() || self.config.keep == 0.0 {
            return next(weights);
        }
        let mut deployed = weights.clone();
        deployed.theta.extend(self.average.only(&weights.theta));
        next(&cx.calibrated(&deployed))
    }
}
