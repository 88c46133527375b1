//! A body with weights that were published: names, shapes, and what inputs should be.

use std::collections::BTreeMap;

use anyhow::{Result, bail, ensure};
use burn::tensor::{Device, Tensor};

use super::{Body, Spec};
use crate::{
    network::{
        pass::{Pass, Weights},
        weights::Tensors,
    },
    primitives::array::Array,
};

/// What comes before a path in our own files.
const PARTS: [&str; 3] = ["theta.", "frozen.", "buffers."];

impl Body {
    /// Whether inputs are pixels as they are, 0 to 255, whatever the stream says of scaling.
    pub fn wants_pixels(&self) -> bool {
        self.architecture().wants_pixels()
    }
    /// The path of the tensor that a file calls `name`: in our own files what stands behind `theta.`, `frozen.` or
    /// `buffers.`, in those of others what the body knows it as; none where it has no use for it.
    pub fn path_of(&self, name: &str) -> Option<String> {
        match PARTS.iter().find_map(|part| name.strip_prefix(part)) {
            Some(path) => Some(path.to_owned()),
            None if name.starts_with("body.") || name.starts_with("head") => Some(name.to_owned()),
            None => self.architecture().path_of(name),
        }
    }
    /// Refuses inputs of this shape where the body cannot take them.
    pub fn takes(&self, input: [usize; 3]) -> Result<()> {
        self.architecture().check(input)
    }
    /// Number of features that it makes of inputs of this shape.
    pub fn features_of(&self, input: [usize; 3]) -> usize {
        self.architecture().width(input)
    }
    /// What the head would see. Shape `[batch, channels, h, w]` to `[batch, features]`.
    pub fn features(&self, pass: &mut Pass, x: Tensor<4>) -> Tensor<2> {
        self.architecture().features(pass, x)
    }
    /// The body's weights, all of them out of a file, for inputs of this shape.
    ///
    /// # Errors
    /// When a tensor is missing or has another shape; both shapes are named. What the body has no use for is left out.
    pub fn published(&self, tensors: Tensors, input: [usize; 3], device: &Device) -> Result<Weights> {
        let mut spec = Spec::default();
        self.architecture().weights(input, &mut spec);
        let path = |(name, tensor): (String, _)| Some((self.path_of(&name)?, (name, tensor)));
        let mut found: BTreeMap<_, _> = tensors.into_iter().filter_map(path).collect();
        let mut take = |path: String, wanted: &[usize]| {
            let Some((name, (shape, values))) = found.remove(&path) else {
                bail!("the weights have no tensor for `{path}` of shape {wanted:?}; they belong to another network")
            };
            ensure!(shape == wanted, "tensor `{name}` has shape {shape:?}, and the network's `{path}` {wanted:?}");
            Ok((path, Array::new(wanted, values, device)))
        };
        let theta = spec.theta.into_iter().map(|(path, shape, _)| take(path, &shape)).collect::<Result<_>>()?;
        let buffers = spec.buffers.into_iter().map(|(path, width, _)| take(path, &[width])).collect::<Result<_>>()?;
        Ok(Weights { theta, buffers, ..Weights::default() })
    }
}
