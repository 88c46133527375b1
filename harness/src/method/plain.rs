//! The plain carrier: the network's own weights are trained, the loss is cross-entropy.

use burn::tensor::{Device, Tensor};

use crate::{
    batch::Batch,
    method::{Carrier, Fit},
    network::{
        net::Net,
        pass::{Pass, Weights},
        predictor::{Ask, Predictor},
    },
    primitives::{draws::Draws, scope::Scopes},
};

/// Trains a network's own weights with cross-entropy; what every stack without another carrier stands on.
#[derive(Clone, Debug)]
pub struct Plain(
    /// The network.
    pub Net,
);

impl Carrier for Plain {
    fn init(&self, draws: &Draws, device: &Device) -> Weights {
        self.0.init(draws, device)
    }
    fn loss(&self, pass: &mut Pass, batch: &Batch) -> Fit {
        let logits = self.0.logits(pass, batch.inputs.clone(), &batch.scopes);
        Fit::of(pass, logits, batch.labels.clone())
    }
    fn predictor(&self, weights: &Weights) -> Box<dyn Predictor> {
        Box::new(Network { net: self.0.clone(), weights: weights.clone() })
    }
    fn is_plain(&self) -> bool {
        true
    }
}

/// A network with its weights.
pub struct Network {
    /// What is computed.
    pub net: Net,
    /// With these weights.
    pub weights: Weights,
}

impl Predictor for Network {
    fn scores(&self, inputs: Tensor<4>, ask: &Ask) -> Tensor<2> {
        self.net.logits(&mut ask.pass(&self.weights), inputs, &Scopes::One(ask.scope))
    }
    fn features(&self, inputs: Tensor<4>, ask: &Ask) -> Option<Tensor<2>> {
        Some(self.net.features(&mut ask.pass(&self.weights), inputs))
    }
}
