//! A multi-layer perceptron with rectifiers.

use anyhow::{Result, ensure};
use burn::tensor::Tensor;

use super::{Architecture, DROPOUT, SIZE, Spec};
use crate::{catalogue::Range, network::pass::Pass};

crate::catalogue::settings! {
    /// A multi-layer perceptron: for each width a linear layer, batch normalisation if asked, a rectifier, dropout.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Mlp {
        /// Units of each hidden layer; none for a head alone, a linear classifier.
        pub widths: Vec<usize> = vec![256, 256], Range::List(&SIZE, 0, 64);
        /// Whether each hidden layer is normalised over the batch.
        pub batch_norm: bool = false;
        /// Probability of dropping a hidden unit.
        pub dropout: f64 = 0.0, DROPOUT;
    }
}

impl Architecture for Mlp {
    fn check(&self, _: [usize; 3]) -> Result<()> {
        ensure!(
            !self.widths.is_empty() || (!self.batch_norm && self.dropout == 0.0),
            "net.widths is empty, so net.batch_norm and net.dropout would do nothing; leave them out"
        );
        Ok(())
    }
    fn weights(&self, input: [usize; 3], spec: &mut Spec) {
        let mut inputs = input.iter().product();
        for (layer, &width) in self.widths.iter().enumerate() {
            spec.linear(&format!("body.{layer}"), inputs, width);
            if self.batch_norm {
                spec.batch_norm(&format!("body.{layer}.norm"), width);
            }
            inputs = width;
        }
    }
    fn width(&self, input: [usize; 3]) -> usize {
        self.widths.last().copied().unwrap_or(input.iter().product())
    }
    fn features(&self, pass: &mut Pass, x: Tensor<4>) -> Tensor<2> {
        (0..self.widths.len()).fold(x.flatten(1, 3), |mut x, layer| {
            x = pass.linear(&format!("body.{layer}"), x);
            if self.batch_norm {
                x = pass.batch_norm(&format!("body.{layer}.norm"), x);
            }
            let x = pass.relu(x);
            pass.dropout(x, self.dropout)
        })
    }
    fn blocks(&self) -> Vec<String> {
        (0..self.widths.len()).map(|layer| format!("body.{layer}")).collect()
    }
}
