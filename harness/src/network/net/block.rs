//! A pre-norm transformer block: attention, then a two-layer perceptron, each added to what came in.
//!
//! Dosovitskiy et al. 2021, <https://arxiv.org/abs/2010.11929>, eq. 2 and 3; Vaswani et al. 2017,
//! <https://arxiv.org/abs/1706.03762>, section 3.2.2 for several heads.

use burn::tensor::Tensor;

use super::Spec;
use crate::network::pass::Pass;

/// What all blocks of a transformer have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    /// Length of a token.
    pub width: usize,
    /// Attention heads; they share the width.
    pub heads: usize,
    /// Hidden units of the perceptron, in widths.
    pub ratio: usize,
    /// Probability of dropping an element of what is added.
    pub dropout: f64,
}

impl Block {
    /// Declares the weights of the block at `name`.
    pub(crate) fn weights(&self, name: &str, spec: &mut Spec) {
        let (width, hidden) = (self.width, self.ratio * self.width);
        spec.layer_norm(&format!("{name}.norm1"), width);
        spec.layer_norm(&format!("{name}.norm2"), width);
        ["query", "key", "value", "out"].iter().for_each(|part| spec.linear(&format!("{name}.{part}"), width, width));
        spec.linear(&format!("{name}.up"), width, hidden);
        spec.linear(&format!("{name}.down"), hidden, width);
    }

    /// Shape `[batch, tokens, width]`, kept. `mask` is added to attention's logits; shape `[batch, 1, 1, tokens]`.
    pub(crate) fn run(&self, pass: &mut Pass, name: &str, x: Tensor<3>, mask: Option<&Tensor<4>>) -> Tensor<3> {
        let y = pass.layer_norm(&format!("{name}.norm1"), x.clone());
        let y = self.attention(pass, name, y, mask);
        let x = x + pass.dropout(y, self.dropout);
        let y = pass.layer_norm(&format!("{name}.norm2"), x.clone());
        let y = pass.linear(&format!("{name}.up"), y);
        let y = pass.gelu(y);
        let y = pass.linear(&format!("{name}.down"), y);
        x + pass.dropout(y, self.dropout)
    }

    fn attention(&self, pass: &mut Pass, name: &str, x: Tensor<3>, mask: Option<&Tensor<4>>) -> Tensor<3> {
        let [batch, tokens, width] = x.dims();
        let mut part = |what: &str| {
            let y = pass.linear(&format!("{name}.{what}"), x.clone());
            y.reshape([batch, tokens, self.heads, width / self.heads]).swap_dims(1, 2)
        };
        let (q, k, v) = (part("query"), part("key"), part("value"));
        let y = pass.masked_attention(q, k, v, mask).swap_dims(1, 2).reshape([batch, tokens, width]);
        pass.linear(&format!("{name}.out"), y)
    }
}
