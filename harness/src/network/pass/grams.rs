//! Second moments of what layers see: for each matrix or kernel the sum of xxᵀ, or the x themselves where these are
//! few.

use std::collections::BTreeMap;

use burn::tensor::{
    Tensor, module,
    ops::{ConvOptions, PadMode, UnfoldOptions},
};

use super::Pass;
use crate::primitives::array::Array;

/// What layers see, by their names.
#[derive(Clone, Debug, Default)]
pub struct Grams {
    layers: BTreeMap<String, Gathered>,
    /// Examples of all batches, where few x are to be kept.
    few: Option<usize>,
    /// Examples of the batch at hand.
    batch: usize,
}

/// What one layer saw so far.
#[derive(Clone, Debug)]
enum Gathered {
    /// The x, batch by batch. Shape of each `[count, d]`.
    Rows(Vec<Tensor<2>>),
    /// The sum of xxᵀ, and the number of x. Shape `[d, d]`.
    Sum(Box<Tensor<2>>, usize),
}

/// What a layer saw.
#[derive(Clone, Debug)]
pub enum Sight {
    /// Every x: there are fewer than an x has elements. Shape `[n, d]`.
    Inputs(Array),
    /// The mean of xxᵀ. Shape `[d, d]`.
    Moments(Array),
}

impl Sight {
    /// `[n, d]` of inputs, `[d, d]` of moments.
    pub fn shape(&self) -> [usize; 2] {
        let (Self::Inputs(array) | Self::Moments(array)) = self;
        [array.shape[0], array.shape[1]]
    }
}

impl Grams {
    /// Keeps the x themselves where `examples` examples bring a layer fewer than an x has elements: n of d elements say
    /// with n·d numbers what d·d say of them.
    pub fn few(examples: usize) -> Self {
        Self { few: Some(examples), ..Self::default() }
    }
    /// Says how many examples the next batch has.
    #[must_use]
    pub fn of_batch(self, batch: usize) -> Self {
        Self { batch, ..self }
    }
    /// Means of xxᵀ. Shape of each `[d, d]`.
    pub fn means(self) -> BTreeMap<String, Array> {
        let mean = |gathered| match gathered {
            Gathered::Sum(sum, count) => Array::from(*sum / count as f32),
            Gathered::Rows(rows) => {
                let rows = Tensor::cat(rows, 0);
                let count = rows.dims()[0] as f32;
                Array::from(rows.clone().transpose().matmul(rows) / count)
            }
        };
        self.layers.into_iter().map(|(name, gathered)| (name, mean(gathered))).collect()
    }
    /// What each layer saw.
    pub fn sights(self) -> BTreeMap<String, Sight> {
        let sight = |gathered| match gathered {
            Gathered::Rows(rows) => Sight::Inputs(Array::from(Tensor::cat(rows, 0))),
            Gathered::Sum(sum, count) => Sight::Moments(Array::from(*sum / count as f32)),
        };
        self.layers.into_iter().map(|(name, gathered)| (name, sight(gathered))).collect()
    }

    /// Whether a layer's `rows` of this batch stand for fewer x in all than an x has elements.
    fn are_few(&self, [rows, width]: [usize; 2]) -> bool {
        self.few.is_some_and(|examples| rows * examples < width * self.batch)
    }

    fn add(&mut self, name: &str, rows: Tensor<2>) {
        if self.are_few(rows.dims()) {
            let layer = self.layers.entry(name.to_owned()).or_insert_with(|| Gathered::Rows(Vec::new()));
            if let Gathered::Rows(all) = layer {
                all.push(rows);
                return;
            }
        }
        let count = rows.dims()[0];
        let sum = rows.clone().transpose().matmul(rows);
        let (sum, count) = match self.layers.remove(name) {
            Some(Gathered::Sum(before, more)) => (*before + sum, more + count),
            Some(Gathered::Rows(earlier)) => {
                let earlier = Tensor::cat(earlier, 0);
                let more = earlier.dims()[0];
                (earlier.clone().transpose().matmul(earlier) + sum, more + count)
            }
            None => (sum, count),
        };
        self.layers.insert(name.to_owned(), Gathered::Sum(Box::new(sum), count));
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
        if !self.grams.as_ref().is_some_and(|grams| grams.are_few([count, width])) {
            self.count(count * width * width, [false; 2]);
        }
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
