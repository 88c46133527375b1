//! A network for each preference over tasks, each trained for its own: what answering preferences costs without a
//! method that makes models for them.
//!
//! Lu et al. 2023, <https://arxiv.org/abs/2305.14782>, compare IBCL with rehearsal that is run once for each
//! preference. Here network p minimises Σ wₖ Lₖ over tasks k: the mean loss of each task of a batch, weighed by the
//! preference. Beside `replay` or `gem` remembered tasks take part; each is charged as many times as there are
//! networks.
//!
//! **Deviation:** the authors' code trains one network on the plain sum; how it would weigh tasks is what their text
//! says.

use burn::tensor::{Device, Tensor};
use clbench::{
    batch::Batch,
    catalogue::{Need, Settings, Taken},
    method::{Carrier, Ctx, Family, Fit, Make, Method, Network, carrier},
    network::{
        net::Net,
        pass::{Pass, Weights},
        predictor::{Ask, Predictor},
    },
    primitives::{draws::Draws, theta::Theta},
};

use crate::preferences::preference;

/// The entry of the catalogue.
pub const METHOD: Method = Method {
    name: "per-preference",
    about: "trains a network for each preference that is asked",
    citation: "https://arxiv.org/abs/2305.14782",
    make: Make::Carrier(|table, net| carrier(table, net, |Config {}, net| Ok(PerPreference(net)))),
    joint: false,
    family: Family::Preferences,
    settings: Config::SETTINGS,
    needs: &[Need::Stateless],
};

clbench::settings! {
    /// Settings of `per-preference`: none.
    #[derive(Clone, Debug)]
    pub struct Config {}
}

impl Settings for Config {}

/// Networks below `n0.`, `n1.` and so on; `frozen` has their preferences.
#[derive(Clone)]
pub struct PerPreference(Net);

impl Carrier for PerPreference {
    fn init(&self, draws: &Draws, device: &Device) -> Weights {
        let weights = self.0.init(draws, device);
        Weights { theta: weights.theta.under(&preference::prefix(0)), ..weights }
    }

    fn loss(&self, pass: &mut Pass, batch: &Batch) -> Fit {
        let mut sum: Option<Tensor<1>> = None;
        for (p, prefix) in preference::prefixes(&pass.weights.theta).iter().enumerate() {
            let own = pass.weights.theta.below(prefix);
            let logits = pass.under(own, |pass| self.0.logits(pass, batch.inputs.clone(), &batch.scopes));
            let loss = preference::weighed(pass, logits, batch, p);
            sum = Some(sum.map_or(loss.clone(), |sum| sum + loss));
        }
        Fit { loss: sum.expect("there is a network"), logits: None }
    }

    fn predictor(&self, weights: &Weights) -> Box<dyn Predictor> {
        Box::new(Nearest { net: self.0.clone(), weights: weights.clone() })
    }

    fn takes(&self) -> Vec<Taken> {
        vec![
            Need::OwnWeights.taken("has several networks in its place"),
            Need::Point.taken("has several networks"),
            Need::Logits.taken("lets several networks answer at once"),
        ]
    }

    fn gives(&self) -> Vec<Need> {
        vec![Need::Preferences]
    }

    fn apart(&self, theta: &Theta) -> Vec<String> {
        preference::prefixes(theta)
    }

    fn task_start(&self, cx: &mut Ctx) -> anyhow::Result<()> {
        preference::begin(cx);
        Ok(())
    }

    fn task_end(&self, cx: &mut Ctx) -> anyhow::Result<()> {
        preference::end(cx);
        Ok(())
    }
}

/// The network whose preference is nearest answers.
struct Nearest {
    net: Net,
    weights: Weights,
}

impl Nearest {
    fn network(&self, ask: &Ask) -> Network {
        let theta = self.weights.theta.below(&preference::prefix(preference::nearest(&self.weights, ask)));
        Network { net: self.net.clone(), weights: Weights { theta, ..Weights::default() } }
    }
}

impl Predictor for Nearest {
    fn scores(&self, inputs: Tensor<4>, ask: &Ask) -> Tensor<2> {
        self.network(ask).scores(inputs, ask)
    }
    fn features(&self, inputs: Tensor<4>, ask: &Ask) -> Option<Tensor<2>> {
        self.network(ask).features(inputs, ask)
    }
}
