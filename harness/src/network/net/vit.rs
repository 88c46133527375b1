//! A small pre-norm transformer on patches.
//!
//! - Dosovitskiy et al. 2021, <https://arxiv.org/abs/2010.11929>, eq. 1 to 4.
//!
//! **Deviation:** the mean over patches replaces the class token, as in Zhai et al. 2022,
//! <https://arxiv.org/abs/2106.04560>, section 3.3 (there an attention pool is also tried); with no token of its own
//! the head sees every patch from the first step.

use anyhow::{Result, ensure};
use burn::tensor::Tensor;

use super::{Architecture, Block, DROPOUT, Fill, SIZE, Spec};
use crate::network::pass::Pass;

crate::catalogue::settings! {
    /// Patches, learned positions, pre-norm blocks of attention and a two-layer perceptron, the mean over patches.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Vit {
        /// Side of a patch in pixels.
        pub patch: usize = 7, SIZE;
        /// Length of a token.
        pub width: usize = 64, SIZE;
        /// Number of blocks.
        pub depth: usize = 4, SIZE;
        /// Attention heads; they share the width.
        pub heads: usize = 4, SIZE;
        /// Hidden units of a block's perceptron, in widths.
        pub ratio: usize = 2, SIZE;
        /// Probability of dropping an element of what a block adds.
        pub dropout: f64 = 0.0, DROPOUT;
    }
}

impl Vit {
    fn patches(&self, [_, height, width]: [usize; 3]) -> usize {
        (height / self.patch) * (width / self.patch)
    }

    /// Patches in row-major order, each flat in the order channel, row, column.
    /// Shape `[batch, channels, h, w]` to `[batch, patches, channels·patch²]`.
    fn cut(&self, x: Tensor<4>) -> Tensor<3> {
        let ([batch, channels, height, width], side) = (x.dims(), self.patch);
        x.reshape([batch, channels, height / side, side, width / side, side]).permute([0, 2, 4, 1, 3, 5]).reshape([
            batch,
            (height / side) * (width / side),
            channels * side * side,
        ])
    }

    fn block(&self) -> Block {
        let Self { width, heads, ratio, dropout, .. } = *self;
        Block { width, heads, ratio, dropout }
    }
}

impl Architecture for Vit {
    fn check(&self, [_, height, width]: [usize; 3]) -> Result<()> {
        let Self { patch, width: token, heads, .. } = *self;
        ensure!(
            height % patch == 0 && width % patch == 0,
            "net.patch = {patch} does not divide inputs of {height}×{width}"
        );
        ensure!(token % heads == 0, "net.heads = {heads} does not divide net.width = {token}");
        Ok(())
    }
    fn weights(&self, input: [usize; 3], spec: &mut Spec) {
        let (width, block) = (self.width, self.block());
        spec.linear("body.patch", input[0] * self.patch * self.patch, width);
        spec.tensor("body.position".into(), &[self.patches(input), width], Fill::Normal(0.02));
        (0..self.depth).for_each(|at| block.weights(&format!("body.{at}"), spec));
        spec.layer_norm("body.norm", width);
    }
    fn width(&self, _: [usize; 3]) -> usize {
        self.width
    }
    fn features(&self, pass: &mut Pass, x: Tensor<4>) -> Tensor<2> {
        let tokens = pass.linear("body.patch", self.cut(x));
        let tokens = tokens + pass.read::<2>("body.position").unsqueeze();
        let block = self.block();
        let tokens = (0..self.depth).fold(tokens, |x, at| block.run(pass, &format!("body.{at}"), x, None));
        pass.layer_norm("body.norm", tokens).mean_dim(1).flatten(1, 2)
    }
    fn blocks(&self) -> Vec<String> {
        let mut names = vec!["body.patch".to_owned()];
        names.extend((0..self.depth).map(|block| format!("body.{block}")));
        names
    }
}
