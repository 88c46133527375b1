//! Second moments of what layers see: for each matrix or kernel the sum of xxᵀ.

use std::collections::BTreeMap;

use burn::tensor::{
    Tensor, module,
    ops::{ConvOptions, PadMode, UnfoldOptions},
};

use super::Pass;
use crate::array::Array;

/// Sums of xxᵀ by layer, with the number of x.
#[derive(Clone, Debug, Default)]
pub struct Grams(BTreeMap<String, (Tensor<2>, usize)>);

impl Grams {
    /// Means of xxᵀ. Shape of each `[d, d]`.
    pub fn means(self) -> BTreeMap<String, Array> {
        let mean = |(name, (sum, count)): (String, (Tensor<2>, usize))| (name, Array::from(sum / count as f32));
        self.0.into_iter().map(mean).collect()
    }

    fn add(&mut self, name: &str, rows: Tensor<2>) {
        let count = rows.dims()[0];
        let sum = rows.clone().transpose().matmul(rows);
        let sum = match self.0.remove(name) {
            Some((before, more)) => (before + sum, more + count),
            None => (sum, count),
        };
        self.0.insert(name.to_owned(), sum);
    }
}

impl Pass {
    /// The same pass, which adds to `grams` what each of its layers sees.
    pub fn gathering(mut self, grams: Grams) -> Self {
        self.grams = Some(grams);
        self
    }
    /// What was gathered.
    pub fn gathered(self) -> Grams {
        self.grams.unwrap_or_default()
    }

    fn gather(&mut self, name: &str, rows: Tensor<2>) {
        let [count, width] = rows.dims();
        self.count(count * width * width, [false; 2]);
        self.grams.get_or_insert_default().add(name, rows.inner());
    }

    /// Gathers inputs of a matrix. Shape of `x` `[…, in]`.
    pub(super) fn gather_rows<const D: usize>(&mut self, name: &str, x: &Tensor<D>) {
        if self.grams.is_some() {
            let width = x.dims()[D - 1] as i32;
            self.gather(name, x.clone().reshape([-1, width]));
        }
    }

    /// Gathers the patches that a kernel sees, where it sees all channels. Shape of `x` `[batch, in, h, w]`.
    pub(super) fn gather_patches(&mut self, name: &str, x: &Tensor<4>, kernel: [usize; 2], options: &ConvOptions<2>) {
        if self.grams.is_none() || options.groups > 1 {
            return;
        }
        let [(top, bottom), (left, right)] = [options.padding[0], options.padding[1]];
        let padded = x.clone().pad((left, right, top, bottom), PadMode::Constant(0.0));
        let patches = module::unfold4d(padded, kernel, UnfoldOptions::new(options.stride, [0; 2], options.dilation));
        let [_, size, _] = patches.dims();
        self.gather(name, patches.swap_dims(1, 2).reshape([-1, size as i32]));
    }
}
