//! SqueezeNet 1.1, for the weights that were published.
//!
//! - Iandola et al. 2016, <https://arxiv.org/abs/1602.07360>, section 3; version 1.1 of the authors' release
//!   (<https://github.com/forresti/SqueezeNet>) pools earlier and begins with 64 kernels of 3×3.
//! - Weights and padding are those of Keras's port as the package `ndf` 0.1.4 carries it (MIT): pixels in the order
//!   blue, green, red, less the means of ImageNet; convolutions padded as `SAME`, pooling not padded.
//!
//! **Deviation:** what the head sees is the mean of fire9's output over space; the classifier `conv10` of a thousand
//! classes and the dropout before it are left out.

use anyhow::{Result, ensure};
use burn::tensor::{Tensor, TensorData};

use super::{Architecture, Spec};
use crate::{catalogue::Range, network::pass::Pass};

/// Squeezing, then expanding layers of each fire module: channels that are put in, squeezed to, and expanded to by each
/// of two kernels.
const FIRES: [(&str, usize, usize, usize); 8] = [
    ("fire2", 64, 16, 64),
    ("fire3", 128, 16, 64),
    ("fire4", 128, 32, 128),
    ("fire5", 256, 32, 128),
    ("fire6", 256, 48, 192),
    ("fire7", 384, 48, 192),
    ("fire8", 384, 64, 256),
    ("fire9", 512, 64, 256),
];
/// Pooling comes before these; each halves the picture.
const POOLED: [&str; 3] = ["fire2", "fire4", "fire6"];
/// Means of ImageNet's red, green and blue, as Caffe's networks subtract them.
const MEAN: [f32; 3] = [123.0, 117.0, 104.0];
/// Smallest side of a picture that three poolings leave a pixel of.
const LEAST: usize = 29;
/// Largest side that pictures are brought to.
const MOST: usize = 512;

crate::catalogue::settings! {
    /// A convolution, eight fire modules and three poolings.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Squeezenet {
        /// Side that pictures are brought to within the network, as 64: what it learned from was 224 pixels wide.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub upscale: Option<usize> = None, Range::Whole(1, MOST as i64);
    }
}

impl Squeezenet {
    fn fire(pass: &mut Pass, name: &str, x: Tensor<4>) -> Tensor<4> {
        let mut layer = |part: &str, x| {
            let x = pass.conv_same(&format!("body.{name}.{part}"), x, 1);
            pass.relu(x)
        };
        let x = layer("squeeze1x1", x);
        Tensor::cat(vec![layer("expand1x1", x.clone()), layer("expand3x3", x)], 1)
    }
}

impl Architecture for Squeezenet {
    fn check(&self, [channels, height, width]: [usize; 3]) -> Result<()> {
        ensure!(
            channels == 3,
            "net.body = \"squeezenet\" sees three channels, and inputs have {channels}; set stream.shape = [3, \
             {height}, {width}]"
        );
        match self.upscale {
            None => ensure!(
                height >= LEAST && width >= LEAST,
                "net.body = \"squeezenet\" needs {LEAST} rows and columns, and inputs are {height}×{width}; set \
                 net.upscale, such as to 64"
            ),
            Some(side) => {
                let least = height.max(width).max(LEAST);
                ensure!((least..=MOST).contains(&side), "net.upscale = {side} is not between {least} and {MOST}");
            }
        }
        Ok(())
    }
    fn weights(&self, _: [usize; 3], spec: &mut Spec) {
        spec.conv("body.conv1", [3, 64, 3], true);
        for (name, inputs, squeezed, expanded) in FIRES {
            spec.conv(&format!("body.{name}.squeeze1x1"), [inputs, squeezed, 1], true);
            spec.conv(&format!("body.{name}.expand1x1"), [squeezed, expanded, 1], true);
            spec.conv(&format!("body.{name}.expand3x3"), [squeezed, expanded, 3], true);
        }
    }
    fn width(&self, _: [usize; 3]) -> usize {
        512
    }
    fn features(&self, pass: &mut Pass, x: Tensor<4>) -> Tensor<2> {
        let x = match self.upscale {
            Some(side) => pass.resized(x, side),
            None => x,
        };
        let mean = Tensor::<4>::from_data(TensorData::new(MEAN.to_vec(), [1, 3, 1, 1]), &x.device());
        let x = (x - mean).flip([1]);
        let x = pass.conv_same("body.conv1", x, 2);
        let x = pass.relu(x);
        let x = FIRES.iter().fold(x, |x, (name, ..)| {
            let x = if POOLED.contains(name) { pass.max_pool_overlapping(x) } else { x };
            Self::fire(pass, name, x)
        });
        x.mean_dims(&[2, 3]).flatten(1, 3)
    }
    fn blocks(&self) -> Vec<String> {
        std::iter::once("conv1").chain(FIRES.map(|(name, ..)| name)).map(|name| format!("body.{name}")).collect()
    }
    fn wants_pixels(&self) -> bool {
        true
    }
    fn path_of(&self, name: &str) -> Option<String> {
        let known = name.starts_with("conv1.") || name.starts_with("fire");
        known.then(|| format!("body.{name}"))
    }
}
