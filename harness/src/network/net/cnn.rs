//! A small convolutional network: 3×3 convolutions with pooling, then one hidden layer.

use anyhow::{Result, ensure};
use burn::tensor::Tensor;

use super::{Architecture, DROPOUT, SIZE, Spec};
use crate::{catalogue::Range, network::pass::Pass};

crate::catalogue::settings! {
    /// For each number of channels a 3×3 convolution, batch normalisation if asked, a rectifier and 2×2 max-pooling;
    /// then a hidden layer with a rectifier and dropout.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Cnn {
        /// Channels of each convolution.
        pub channels: Vec<usize> = vec![32, 64], Range::List(&SIZE, 0, 64);
        /// Units of the hidden layer.
        pub hidden: usize = 128, SIZE;
        /// Whether each convolution is normalised over the batch.
        pub batch_norm: bool = false;
        /// Probability of dropping a hidden unit.
        pub dropout: f64 = 0.0, DROPOUT;
    }
}

impl Cnn {
    /// The linear layer's name.
    fn last(&self) -> String {
        format!("body.{}", self.channels.len())
    }
}

impl Architecture for Cnn {
    fn check(&self, [_, height, width]: [usize; 3]) -> Result<()> {
        let most = height.min(width).ilog2() as usize;
        let layers = self.channels.len();
        ensure!(
            (1..=most).contains(&layers),
            "net.channels has {layers} layers; inputs of {height}×{width} can be halved 1 to {most} times"
        );
        Ok(())
    }
    fn weights(&self, [mut inputs, height, width]: [usize; 3], spec: &mut Spec) {
        for (layer, &outputs) in self.channels.iter().enumerate() {
            spec.conv(&format!("body.{layer}"), [inputs, outputs, 3], !self.batch_norm);
            if self.batch_norm {
                spec.batch_norm(&format!("body.{layer}.norm"), outputs);
            }
            inputs = outputs;
        }
        let layers = self.channels.len();
        spec.linear(&self.last(), inputs * (height >> layers) * (width >> layers), self.hidden);
    }
    fn width(&self, _: [usize; 3]) -> usize {
        self.hidden
    }
    fn features(&self, pass: &mut Pass, x: Tensor<4>) -> Tensor<2> {
        let x = (0..self.channels.len()).fold(x, |mut x, layer| {
            x = pass.conv(&format!("body.{layer}"), x, 1);
            if self.batch_norm {
                x = pass.batch_norm(&format!("body.{layer}.norm"), x);
            }
            let x = pass.relu(x);
            pass.max_pool(x)
        });
        let x = pass.linear(&self.last(), x.flatten::<2>(1, 3));
        let x = pass.relu(x);
        pass.dropout(x, self.dropout)
    }
    fn blocks(&self) -> Vec<String> {
        (0..=self.channels.len()).map(|layer| format!("body.{layer}")).collect()
    }
}
