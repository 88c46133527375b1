//! The hypernetwork itself: embeddings in, a network's weights out.

use anyhow::{Result, ensure};
use burn::tensor::{Device, Tensor};
use clbench::{
    network::{net::Net, pass::Pass},
    primitives::{array::Array, draws::Draws, theta::Theta},
};

use super::{Activation, Config};

/// Most numbers that a hypernetwork may have, and most that it may make at once.
const MOST: usize = 1 << 28;

/// Paths: `task.{t}` shape `[1, task_embedding]`, `chunk` shape `[chunks, chunk_embedding]`, the layers `make.{i}`, the
/// last of which makes a chunk; with `mip` also `base.*`, a network's weights.
#[derive(Clone)]
pub(super) struct Maker {
    config: Config,
    plain: Net,
    tensors: Vec<Piece>,
    tasks: usize,
}

/// A tensor of the network, as a piece of a row of all its weights.
#[derive(Clone)]
struct Piece {
    path: String,
    shape: Vec<usize>,
    /// Where it begins in the row.
    from: usize,
    /// By what it is multiplied.
    scale: f32,
}

impl Piece {
    fn len(&self) -> usize {
        self.shape.iter().product()
    }
}

impl Maker {
    pub fn new(config: &Config, net: &Net) -> Result<Self> {
        let mut maker =
            Self { config: config.clone(), plain: net.clone(), tensors: Vec::new(), tasks: net.heads.tasks.len() };
        for (path, array) in net.init(&Draws::of(0), &Device::flex()).theta.iter() {
            let std = maker.first_std(array);
            let scale = std / maker.made_std();
            let made = Piece { path: path.to_owned(), shape: array.shape.clone(), from: maker.len(), scale };
            maker.tensors.push(made);
        }
        let layers = maker.layers();
        let elements = layers.iter().try_fold(0_usize, |sum, [i, o]| sum.checked_add(i.checked_mul(*o)?));
        let made = maker.chunks().checked_mul(config.chunk);
        ensure!(
            elements.max(made).is_some_and(|count| count <= MOST) && elements.is_some() && made.is_some(),
            "the hypernetwork or what it makes has more than {MOST} numbers; set hypernet.chunk or hypernet.widths \
             lower"
        );
        Ok(maker)
    }

    /// Makes weights as they come out.
    #[cfg(test)]
    pub fn unscaled(&mut self) {
        self.tensors.iter_mut().for_each(|tensor| tensor.scale = 1.0);
    }
    /// Weights of the network.
    fn len(&self) -> usize {
        self.tensors.last().map_or(0, |last| last.from + last.len())
    }
    fn chunks(&self) -> usize {
        self.len().div_ceil(self.config.chunk)
    }
    /// Inputs and outputs of each layer.
    fn layers(&self) -> Vec<[usize; 2]> {
        let Config { task_embedding, chunk_embedding, widths, chunk, mip, .. } = &self.config;
        let inputs = (task_embedding + chunk_embedding) * if *mip { 2 } else { 1 };
        let sides: Vec<usize> = std::iter::once(inputs).chain(widths.iter().copied()).chain([*chunk]).collect();
        sides.windows(2).map(|pair| [pair[0], pair[1]]).collect()
    }

    /// Standard deviation of what the last layer gives at first: 1, but with MIP, where hidden layers keep the norm of
    /// E(γ).
    fn made_std(&self) -> f32 {
        let inputs = self.layers().last().expect("a maker has a layer")[0];
        if self.config.mip { (2.0 * self.encoded_square() / inputs as f64).sqrt() as f32 } else { 1.0 }
    }
    /// ‖E(γ)‖²: the length of γ.
    fn encoded_square(&self) -> f64 {
        (self.config.task_embedding + self.config.chunk_embedding) as f64
    }
    /// Standard deviation of what is made for a tensor at first: that of the network's own `first` weights; of
    /// constants, which are biases, a tenth. MIP adds no more than its authors' code would to a matrix or kernel, whose
    /// last layer has weights of variance 2/length for it and sees the norm of E(γ).
    fn first_std(&self, first: &Array) -> f32 {
        let values = first.values();
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / values.len() as f32;
        let own = if variance > 0.0 { variance.sqrt() } else { 0.1 };
        let added = (2.0 * self.encoded_square() / values.len() as f64).sqrt() as f32;
        if self.config.mip && first.shape.len() > 1 { own.min(added) } else { own }
    }

    /// Embeddings are standard normal. Layers are drawn so that made weights have a variance of 1 before they are
    /// scaled: with normal weights of variance gain/inputs, gain 2 behind a rectifier; MIP's hidden ones as its authors
    /// draw them, with 2/outputs, which keeps the norm of E(γ). Biases are 0.
    pub fn init(&self, draws: &Draws, device: &Device) -> Theta {
        let mut theta = Theta::default();
        let mut put = |path: String, shape: [usize; 2], std: f64| {
            theta.insert(path.clone(), draws.gaussian(&format!("init {path}"), &shape, std, device));
        };
        (0..self.tasks).for_each(|task| put(format!("task.{task}"), [1, self.config.task_embedding], 1.0));
        put("chunk".into(), [self.chunks(), self.config.chunk_embedding], 1.0);
        let layers = self.layers();
        for (layer, &[inputs, outputs]) in layers.iter().enumerate() {
            let last = layer + 1 == layers.len();
            let gain = if layer == 0 && !self.config.mip { 1.0 } else { 2.0 };
            let variance = if self.config.mip && !last { 2.0 / outputs as f64 } else { gain / inputs as f64 };
            put(format!("make.{layer}.weight"), [inputs, outputs], f64::sqrt(variance));
        }
        for (layer, [_, outputs]) in layers.iter().enumerate() {
            theta.insert(format!("make.{layer}.bias"), Array::filled(&[*outputs], 0.0, device));
        }
        if self.config.mip {
            theta.extend(self.plain.init(draws, device).theta.under("base."));
        }
        theta
    }

    /// What the last layer gives for `task`, before it is scaled, graph kept. Shape `[weights]`.
    fn row(&self, pass: &mut Pass, task: usize) -> Tensor<1> {
        let (task, chunk) = (pass.read::<2>(&format!("task.{task}")), pass.read::<2>("chunk"));
        let mut x = Tensor::cat(vec![task.expand([self.chunks(), self.config.task_embedding]), chunk], 1);
        if self.config.mip {
            x = encoded(pass, x);
        }
        let last = self.layers().len() - 1;
        for layer in 0..last {
            x = pass.linear(&format!("make.{layer}"), x);
            x = self.active(pass, x);
        }
        let made: Tensor<1> = pass.linear(&format!("make.{last}"), x).reshape([-1]);
        made.narrow(0, 0, self.len())
    }

    /// The network's weights for `task`, graph kept.
    pub fn make(&self, pass: &mut Pass, task: usize) -> Theta {
        let row = self.row(pass, task);
        let mut made = Theta::default();
        for tensor in &self.tensors {
            let Piece { path, shape, from, scale } = tensor;
            let own = row.clone().narrow(0, *from, tensor.len()) * *scale;
            let flat = match pass.weights.theta.get(&format!("base.{path}")) {
                Some(base) if self.config.mip => base.flat.clone() + own,
                _ => own,
            };
            made.insert(path.clone(), Array { shape: shape.clone(), flat });
        }
        made
    }

    /// Squared distance between what the hypernetworks `a` and `b` make for `task`, over what it uses: no other task's
    /// head. Shape `[1]`.
    pub fn apart(&self, pass: &mut Pass, task: usize, a: &Theta, b: &Theta) -> Tensor<1> {
        let mut row = |theta: &Theta| pass.under(theta.clone(), |pass| self.row(pass, task));
        let (row_a, row_b) = (row(a), row(b));
        let device = row_b.device().inner();
        let of_each = |of: &dyn Fn(&Piece) -> f32| {
            let mut values = vec![0.0; self.len()];
            let used = self.tensors.iter().filter(|tensor| self.uses(task, &tensor.path));
            used.for_each(|tensor| values[tensor.from..][..tensor.len()].fill(of(tensor)));
            Array::new(&[self.len()], values, &device).flat
        };
        let mut apart = (row_a - row_b) * of_each(&|tensor| tensor.scale);
        let mut kept = 2;
        if self.config.mip {
            let base = a.below("base.").flatten() - b.below("base.").flatten();
            apart = apart + base * of_each(&|_| 1.0);
            kept = 3;
        }
        // What the rows are multiplied by, and what is squared.
        pass.hold_numbers(kept * self.len());
        (apart.clone() * apart).sum()
    }

    /// Whether `task` uses the tensor at `path`: where heads belong to tasks it has but its own.
    fn uses(&self, task: usize, path: &str) -> bool {
        let own = format!("head.{task}.");
        let multi = self.tensors.iter().any(|tensor| tensor.path.starts_with(&own));
        !multi || !path.starts_with("head.") || path.starts_with(&own)
    }

    fn active(&self, pass: &mut Pass, x: Tensor<2>) -> Tensor<2> {
        match self.config.activation {
            Activation::Auto if self.config.mip => pass.leaky_relu(x, 0.01),
            Activation::Auto | Activation::Relu => pass.relu(x),
            Activation::Elu => pass.elu(x),
            Activation::Leaky => pass.leaky_relu(x, 0.01),
        }
    }
}

/// E(γ) = (cos πγ/2, sin πγ/2) with γ = 1/(1 + e^−x): of the same norm, √width, whatever x. Shape `[rows, width]` to
/// `[rows, 2·width]`.
pub(super) fn encoded(pass: &mut Pass, x: Tensor<2>) -> Tensor<2> {
    let angle = pass.sigmoid(x) * std::f64::consts::FRAC_PI_2;
    pass.hold_for(&angle, 2);
    Tensor::cat(vec![angle.clone().cos(), angle.sin()], 1)
}
