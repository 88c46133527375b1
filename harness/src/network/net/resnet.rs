//! ResNet-18 for small pictures, of any width.
//!
//! He et al. 2016, <https://arxiv.org/abs/1512.03385>, section 3; the 3×3 stem without pooling and the width factor
//! are those of the continual-learning literature (Lopez-Paz & Ranzato 2017, <https://arxiv.org/abs/1706.08840>,
//! section 5: width 20).

use anyhow::Result;
use burn::tensor::Tensor;

use super::{Architecture, SIZE, Spec};
use crate::network::pass::Pass;

crate::catalogue::settings! {
    /// Four stages of two basic blocks with w, 2w, 4w and 8w channels.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Resnet {
        /// Channels of the first stage, w: 64 in the paper, 20 in much of continual learning.
        pub width: usize = 20, SIZE;
    }
}

/// One basic block: two 3×3 convolutions around a shortcut.
struct Block {
    name: String,
    inputs: usize,
    outputs: usize,
    stride: usize,
}

impl Resnet {
    fn layers(&self) -> Vec<Block> {
        let mut inputs = self.width;
        let mut block = |at: usize| {
            let (stage, index) = (at / 2, at % 2);
            let outputs = self.width << stage;
            let stride = if stage > 0 && index == 0 { 2 } else { 1 };
            let block = Block { name: format!("body.{stage}.{index}"), inputs, outputs, stride };
            inputs = outputs;
            block
        };
        (0..8).map(&mut block).collect()
    }
}

impl Block {
    fn has_shortcut(&self) -> bool {
        self.stride > 1 || self.inputs != self.outputs
    }
    fn weights(&self, spec: &mut Spec) {
        let Self { name, inputs, outputs, .. } = self;
        spec.conv(&format!("{name}.conv1"), [*inputs, *outputs, 3], false);
        spec.batch_norm(&format!("{name}.norm1"), *outputs);
        spec.conv(&format!("{name}.conv2"), [*outputs, *outputs, 3], false);
        spec.batch_norm(&format!("{name}.norm2"), *outputs);
        if self.has_shortcut() {
            spec.conv(&format!("{name}.shortcut"), [*inputs, *outputs, 1], false);
            spec.batch_norm(&format!("{name}.shortcut_norm"), *outputs);
        }
    }
    fn forward(&self, pass: &mut Pass, x: Tensor<4>) -> Tensor<4> {
        let name = &self.name;
        let y = pass.conv(&format!("{name}.conv1"), x.clone(), self.stride);
        let y = pass.batch_norm(&format!("{name}.norm1"), y);
        let y = pass.relu(y);
        let y = pass.conv(&format!("{name}.conv2"), y, 1);
        let y = pass.batch_norm(&format!("{name}.norm2"), y);
        let x = if self.has_shortcut() {
            let x = pass.conv(&format!("{name}.shortcut"), x, self.stride);
            pass.batch_norm(&format!("{name}.shortcut_norm"), x)
        } else {
            x
        };
        pass.relu(x + y)
    }
}

impl Architecture for Resnet {
    fn check(&self, _: [usize; 3]) -> Result<()> {
        Ok(())
    }
    fn weights(&self, [channels, _, _]: [usize; 3], spec: &mut Spec) {
        spec.conv("body.stem", [channels, self.width, 3], false);
        spec.batch_norm("body.stem.norm", self.width);
        self.layers().iter().for_each(|block| block.weights(spec));
    }
    fn width(&self, _: [usize; 3]) -> usize {
        8 * self.width
    }
    fn features(&self, pass: &mut Pass, x: Tensor<4>) -> Tensor<2> {
        let x = pass.conv("body.stem", x, 1);
        let x = pass.batch_norm("body.stem.norm", x);
        let x = pass.relu(x);
        let x = self.layers().iter().fold(x, |x, block| block.forward(pass, x));
        x.mean_dims(&[2, 3]).flatten(1, 3)
    }
    fn blocks(&self) -> Vec<String> {
        let mut names = vec!["body.stem".to_owned()];
        names.extend(self.layers().into_iter().map(|block| block.name));
        names
    }
}
