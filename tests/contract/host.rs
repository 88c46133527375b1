//! Softmax regression by hand, in double precision: a network without hidden layers, computed independently.

use clbench::{
    batch::{Example, Feed},
    config::Setup,
    primitives::{scope::Count, theta::Theta},
};

/// Settings of a network without hidden layers.
pub const LINEAR: &str = "net.widths=[] net.dropout=0";

/// A head's weights on the host: `head`, or `head.0` and so on.
pub struct Head {
    /// Shape `[inputs, classes]`.
    weight: Vec<f64>,
    bias: Vec<f64>,
}

pub fn values(theta: &Theta, path: &str) -> Vec<f64> {
    theta.get(path).unwrap_or_else(|| panic!("no {path}")).values().into_iter().map(f64::from).collect()
}

impl Head {
    pub fn of(theta: &Theta, name: &str) -> Self {
        Self { weight: values(theta, &format!("{name}.weight")), bias: values(theta, &format!("{name}.bias")) }
    }
    pub fn logits(&self, x: &[f64]) -> Vec<f64> {
        let classes = self.bias.len();
        let logit =
            |c: usize| self.bias[c] + x.iter().enumerate().map(|(i, x)| x * self.weight[i * classes + c]).sum::<f64>();
        (0..classes).map(logit).collect()
    }
    pub fn softmax(&self, x: &[f64]) -> Vec<f64> {
        softmax(&self.logits(x))
    }
    /// Gradient of −log p(`label` | x): of the weight, then of the bias.
    pub fn gradient(&self, x: &[f64], label: usize) -> Vec<f64> {
        let mut error = self.softmax(x);
        error[label] -= 1.0;
        let weight = x.iter().flat_map(|x| error.iter().map(move |e| x * e));
        weight.chain(error.iter().copied()).collect()
    }
}

pub fn softmax(logits: &[f64]) -> Vec<f64> {
    let top = logits.iter().copied().fold(f64::MIN, f64::max);
    let weights: Vec<f64> = logits.iter().map(|logit| (logit - top).exp()).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

/// The inputs and labels of the experience's training examples at `indices`.
pub fn examples(setup: &Setup, experience: usize, indices: &[usize]) -> Vec<(Vec<f64>, usize)> {
    let feed = Feed::new(&setup.stream, experience, Count::All);
    indices.iter().map(|index| input(setup, &feed.example(*index))).collect()
}

/// What the network sees of a remembered example, and its label.
pub fn input(setup: &Setup, example: &Example) -> (Vec<f64>, usize) {
    let [(factor, summand)] = setup.stream.scaling[..] else { panic!("digits have one channel") };
    let scaled = |byte: &u8| f64::from(f32::from(*byte) * factor + summand);
    (example.pixels.iter().map(scaled).collect(), example.label)
}

/// Fails unless each value is within `tolerance` of the largest expected one.
pub fn close(what: &str, values: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(values.len(), expected.len(), "{what}");
    let largest = expected.iter().copied().map(f64::abs).fold(0.0, f64::max);
    assert!(largest > 0.0, "{what}: nothing to compare");
    for (at, (value, expected)) in values.iter().zip(expected).enumerate() {
        let gap = (value - expected).abs() / largest;
        assert!(gap < tolerance, "{what} at {at}: {value}, not {expected} (of up to {largest})");
    }
}
