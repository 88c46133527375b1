//! The text side: texts in, vectors of the common space out.
//!
//! Radford et al. 2021, <https://arxiv.org/abs/2103.00020>, section 2.4.
//!
//! **Deviation:** the transformer is no causal one, and the mean over a text's tokens replaces the end token's vector,
//! as the image side's transformer takes the mean over patches. Tokens beyond a text's end are masked out of both. The
//! published one reads 49,152 kinds of byte pairs.

use std::{path::Path, sync::Arc};

use anyhow::{Result, bail, ensure};
use burn::tensor::{Device, Int, Tensor, TensorData};

use super::{
    WordLlama,
    config::{Config, Side, Tokens, Vocabulary},
};
use crate::{
    network::{
        net::{Block, Fill, Spec},
        pass::{INDEX, Pass},
    },
    primitives::{
        array::{Array, ELEMENT},
        scope::OUT,
    },
};

/// Bytes that are read of a text; a caption is far shorter.
const MOST_BYTES: usize = 1 << 16;
/// Why a text has tokens.
const READABLE: &str = "a tokenizer that cannot read every short text is refused when it is opened";
/// Kinds of bytes.
const BYTES: usize = 256;

/// What makes vectors of texts, less its weights.
#[derive(Clone)]
pub(crate) struct Reader {
    /// Of the transformer; none where the vectors are published ones.
    tokens: Option<Tokens>,
    words: Option<Arc<WordLlama>>,
    /// Length of the common vectors.
    space: usize,
}

impl Reader {
    /// The side that `config` asks for, which takes note of what is read; published vectors lie below `data`.
    pub(crate) fn new(config: &mut Config, data: &Path) -> Result<Self> {
        let vocabulary = config.tokens.as_ref().map(|tokens| tokens.vocabulary);
        let reads = config.side == Side::WordLlama || vocabulary == Some(Vocabulary::WordLlama);
        let words = if reads { Some(Arc::new(WordLlama::open(data)?)) } else { None };
        let found = words.as_ref().map(|words| words.sha256().to_owned());
        match (&config.sha256, &found) {
            (Some(_), None) => bail!("text.sha256 is of published word vectors, and none are read; leave it out"),
            (Some(wanted), Some(found)) => ensure!(
                wanted == found,
                "the word vectors and their tokenizer in {} have SHA-256 {found} together, and text.sha256 demands \
                 {wanted}",
                data.join("wordllama").display()
            ),
            _ => config.sha256 = found,
        }
        Ok(Self { tokens: config.tokens.clone(), words, space: config.width })
    }

    /// Declares the weights, all below `text.`.
    pub(crate) fn weights(&self, spec: &mut Spec) {
        let inputs = match &self.tokens {
            Some(tokens) => {
                let block = tokens.block();
                spec.tensor("text.body.embedding".into(), &[self.kinds() + 1, tokens.width], Fill::Normal(0.02));
                spec.tensor("text.body.position".into(), &[tokens.length, tokens.width], Fill::Normal(0.01));
                (0..tokens.depth).for_each(|at| block.weights(&format!("text.body.{at}"), spec));
                spec.layer_norm("text.body.norm", tokens.width);
                tokens.width
            }
            None => self.words().width(),
        };
        project("text", inputs, self.space, spec);
    }

    /// Vectors of `texts` in the common space, not brought to length 1. Shape `[texts, space]`.
    pub(crate) fn read(&self, pass: &mut Pass, texts: &[&str], device: &Device) -> Tensor<2> {
        let rows = if let Some(tokens) = &self.tokens {
            self.transform(pass, tokens, texts, device)
        } else {
            let words = self.words();
            let vector = |text: &&str| words.embed(short(text)).expect(READABLE);
            let values = texts.iter().flat_map(vector).collect();
            super::loss::unit(Array::new(&[texts.len(), words.width()], values, device).tensor())
        };
        pass.linear("text.projection", rows)
    }

    fn transform(&self, pass: &mut Pass, tokens: &Tokens, texts: &[&str], device: &Device) -> Tensor<2> {
        let (count, length) = (texts.len(), tokens.length);
        let mut ids = vec![0_i64; count * length];
        let mut keep = vec![0.0; count * length];
        let mut lengths = Vec::with_capacity(count);
        for (row, text) in texts.iter().enumerate() {
            let found = self.ids(text, length);
            keep[row * length..][..found.len()].fill(1.0);
            ids[row * length..][..found.len()].copy_from_slice(&found);
            lengths.push(found.len() as f32);
        }
        let mask = keep.iter().map(|keep| if *keep > 0.0 { 0.0 } else { OUT }).collect();
        let mask: Tensor<4> = Array::new(&[count, 1, 1, length], mask, device).tensor();
        let keep: Tensor<3> = Array::new(&[count, length, 1], keep, device).tensor();
        let lengths: Tensor<2> = Array::new(&[count, 1], lengths, device).tensor();
        let ids: Tensor<1, Int> = Tensor::from_data(TensorData::new(ids, [count * length]), device);
        let x = pass.read::<2>("text.body.embedding").select(0, ids).reshape([count, length, tokens.width]);
        let x = x + pass.read::<2>("text.body.position").unsqueeze();
        let block = tokens.block();
        let x = (0..tokens.depth).fold(x, |x, at| block.run(pass, &format!("text.body.{at}"), x, Some(&mask)));
        // Which rows of the embedding were read, which tokens there are, how many.
        pass.hold_bytes(if x.is_autodiff() { count * (length * (INDEX + ELEMENT) + ELEMENT) } else { 0 });
        let x = pass.layer_norm("text.body.norm", x) * keep;
        x.sum_dim(1).flatten::<2>(1, 2) / lengths
    }

    /// Up to `length` tokens of a text, beginning with the one that begins all texts.
    fn ids(&self, text: &str, length: usize) -> Vec<i64> {
        let begin = std::iter::once(self.kinds() as i64);
        match &self.words {
            None => begin.chain(text.bytes().map(i64::from)).take(length).collect(),
            Some(words) => {
                let found = words.tokens(short(text)).expect(READABLE);
                begin.chain(found.into_iter().map(i64::from)).take(length).collect()
            }
        }
    }
    /// Kinds of tokens, less the one that begins a text.
    fn kinds(&self) -> usize {
        self.words.as_ref().map_or(BYTES, |words| words.vocabulary())
    }
    fn words(&self) -> &WordLlama {
        self.words.as_ref().expect("opened where there is no transformer")
    }
}

impl Tokens {
    fn block(&self) -> Block {
        let Self { width, heads, ratio, dropout, .. } = *self;
        Block { width, heads, ratio, dropout }
    }
}

/// Declares the linear map of a side into the common space, as in the authors' code without a bias and drawn with
/// standard deviation 1/√inputs.
pub(crate) fn project(side: &str, inputs: usize, space: usize, spec: &mut Spec) {
    spec.tensor(format!("{side}.projection.weight"), &[inputs, space], Fill::Normal((inputs as f64).sqrt().recip()));
}

/// The beginning of a text that is no caption.
fn short(text: &str) -> &str {
    &text[..text.floor_char_boundary(MOST_BYTES)]
}

#[cfg(test)]
mod tests;
