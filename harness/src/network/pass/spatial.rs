//! What a pass does to pictures: convolutions, pooling, a change of size.

use burn::tensor::{
    Tensor, module,
    ops::{ConvOptions, InterpolateMode, InterpolateOptions, MaxPoolOptions},
};

use super::{Pass, held::INDEX};
use crate::primitives::array::Array;

impl Pass {
    fn convolution(
        &mut self,
        x: Tensor<4>,
        weight: Tensor<4>,
        bias: Option<Tensor<1>>,
        options: ConvOptions<2>,
    ) -> Tensor<4> {
        let [outputs, inputs, kh, kw] = weight.dims();
        let tracked = [x.is_autodiff(), weight.is_autodiff()];
        if weight.is_autodiff() {
            self.hold(&x);
        }
        let y = module::conv2d(x, weight, bias, options);
        let [batch, _, h, w] = y.dims();
        self.count(batch * h * w * outputs * inputs * kh * kw, tracked);
        y
    }

    /// A convolution whose padding before and behind each axis follows from the axis and the kernel's side, and for
    /// each low-rank adapter at `name` one to its rank followed by a 1×1 convolution.
    fn padded(
        &mut self,
        name: &str,
        x: Tensor<4>,
        stride: usize,
        padding: impl Fn(usize, usize) -> (usize, usize),
    ) -> Tensor<4> {
        let weight = self.read::<4>(&format!("{name}.weight"));
        let ([_, channels, h, w], [outputs, inputs, kh, kw]) = (x.dims(), weight.dims());
        let bias = self.find(&format!("{name}.bias")).map(Array::tensor::<1>);
        let options = ConvOptions {
            stride: [stride; 2],
            padding: [padding(h, kh), padding(w, kw)],
            dilation: [1; 2],
            // A kernel that sees fewer channels than there are goes over each group of them apart.
            groups: channels / inputs,
        };
        self.gather_patches(name, &x, [kh, kw], &options);
        if self.is_made(&format!("{name}.weight")) {
            self.hold_made(&x, &weight);
        }
        let adapters = self.adapters(name, [outputs, inputs, kh, kw]);
        let turned = adapters.iter().any(|adapter| adapter.magnitude.is_some());
        let mut y =
            self.convolution(x.clone(), weight.clone(), if turned { None } else { bias.clone() }, options.clone());
        for adapter in &adapters {
            let low = self.convolution(x.clone(), adapter.a.clone(), None, options.clone());
            let plain = ConvOptions::new([1; 2], [0; 2], [1; 2], 1);
            self.hold_factored(adapter.inner.as_ref(), &low);
            let high = self.convolution(adapter.inner(low, 1), adapter.b.clone(), None, plain);
            self.hold_factored(Some(&adapter.outer), &high);
            y = y + adapter.outer(high, 1);
        }
        if !turned {
            return y;
        }
        let turn = self.turn(&adapters, weight);
        self.hold_turned(&y, &turn);
        let y = y * turn.reshape([1, outputs, 1, 1]);
        match bias {
            Some(bias) => y + bias.reshape([1, outputs, 1, 1]),
            None => y,
        }
    }

    /// A convolution padded by half its kernel on all sides, as in PyTorch's networks.
    /// Shape `[batch, in, h, w]` to `[batch, out, ⌈h/stride⌉, ⌈w/stride⌉]`.
    pub fn conv(&mut self, name: &str, x: Tensor<4>, stride: usize) -> Tensor<4> {
        self.padded(name, x, stride, |_, side| (side / 2, side / 2))
    }

    /// A convolution padded as little as its output's size asks, the odd row and column behind: TensorFlow's `SAME`.
    /// Shape as of [`Pass::conv`]; the two differ where a stride meets an even size.
    pub fn conv_same(&mut self, name: &str, x: Tensor<4>, stride: usize) -> Tensor<4> {
        self.padded(name, x, stride, |size, side| same(size, side, stride))
    }

    /// Largest of each 2×2 square. Shape `[batch, channels, h, w]` to `[batch, channels, ⌊h/2⌋, ⌊w/2⌋]`.
    pub fn max_pool(&mut self, x: Tensor<4>) -> Tensor<4> {
        self.pooled(x, 2)
    }

    /// Largest of each 3×3 square, two apart and all within the picture; sides are at least 3.
    /// Shape `[batch, channels, h, w]` to `[batch, channels, ⌊(h−3)/2⌋+1, ⌊(w−3)/2⌋+1]`.
    pub fn max_pool_overlapping(&mut self, x: Tensor<4>) -> Tensor<4> {
        self.pooled(x, 3)
    }

    /// Largest of each square of `side`, two apart. What came in is kept, and for each square which was the largest.
    fn pooled(&mut self, x: Tensor<4>, side: usize) -> Tensor<4> {
        let y = module::max_pool2d(x.clone(), MaxPoolOptions::new([side; 2]).with_stride([2, 2]));
        if x.is_autodiff() {
            self.hold(&x);
            self.hold_bytes(INDEX * y.shape().num_elements());
        }
        y
    }

    /// Pictures brought to `side` × `side` between pixels' centres, bilinearly.
    pub fn resized(&mut self, x: Tensor<4>, side: usize) -> Tensor<4> {
        let options = InterpolateOptions::new(InterpolateMode::Bilinear).with_align_corners(false);
        module::interpolate(x, options.with_output_size([side, side]))
    }
}

/// Rows before and behind an axis of `size` so that a kernel of `side` fits ⌈size/stride⌉ times.
fn same(size: usize, side: usize, stride: usize) -> (usize, usize) {
    let reach = (size.div_ceil(stride) - 1) * stride + side;
    let total = reach.saturating_sub(size);
    (total / 2, total - total / 2)
}

#[cfg(test)]
mod tests {
    use super::same;

    #[test]
    fn same_padding_puts_the_odd_row_behind() {
        assert_eq!(same(32, 3, 2), (0, 1));
        assert_eq!(same(33, 3, 2), (1, 1));
        assert_eq!(same(32, 3, 1), (1, 1));
        assert_eq!(same(32, 1, 2), (0, 0));
        assert_eq!(same(7, 5, 2), (2, 2));
        assert_eq!(same(8, 5, 2), (1, 2));
    }
}
