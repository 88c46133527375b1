//! A network is a description: it knows the shapes of its weights and what to do with them, and holds none.

mod block;
mod cnn;
mod efficientnet;
mod mlp;
mod published;
mod resnet;
mod squeezenet;
mod vit;

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use burn::tensor::{Device, Int, Tensor, TensorData};
use serde::{Deserialize, Serialize};
use toml::Table;

pub(crate) use self::block::Block;
pub use self::{cnn::Cnn, efficientnet::Efficientnet, mlp::Mlp, resnet::Resnet, squeezenet::Squeezenet, vit::Vit};
use crate::{
    catalogue::{self, Entry, Need, Range, Setting},
    network::pass::{INDEX, Pass, Weights},
    primitives::{
        array::Array,
        draws::Draws,
        scope::{HeadKind, Heads, OUT, Scope, Scopes},
    },
};

/// A width, depth or count in a network's description.
pub(crate) const SIZE: Range = Range::Whole(1, 1 << 16);
/// A probability of dropping.
pub(crate) const DROPOUT: Range = Range::From(0.0, 1.0);
/// Most weights that a network may have.
const MOST_WEIGHTS: usize = 1 << 30;

/// What comes before the head: the stream's `[net]` table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "body", rename_all = "kebab-case")]
pub enum Body {
    /// A multi-layer perceptron.
    Mlp(Mlp),
    /// A small convolutional network.
    Cnn(Cnn),
    /// ResNet-18 of any width.
    #[serde(rename = "resnet18")]
    Resnet(Resnet),
    /// A small pre-norm transformer on patches.
    Vit(Vit),
    /// SqueezeNet 1.1, whose published weights can be read.
    Squeezenet(Squeezenet),
    /// EfficientNet-Lite0, whose published weights can be read.
    #[serde(rename = "efficientnet-lite0")]
    Efficientnet(Efficientnet),
}

/// What a body is made of.
pub(crate) trait Architecture {
    /// Refuses what cannot be built, with the key that is wrong.
    fn check(&self, input: [usize; 3]) -> Result<()>;
    /// Declares every weight.
    fn weights(&self, input: [usize; 3], spec: &mut Spec);
    /// Length of what the head sees.
    fn width(&self, input: [usize; 3]) -> usize;
    /// What the head sees. Shape `[batch, channels, h, w]` to `[batch, features]`.
    fn features(&self, pass: &mut Pass, x: Tensor<4>) -> Tensor<2>;
    /// Path prefixes of the parts, from the input on.
    fn blocks(&self) -> Vec<String>;
    /// Whether inputs are pixels as they are, 0 to 255, in place of scaled ones: what the published weights expect.
    fn wants_pixels(&self) -> bool {
        false
    }
    /// The path of what published weights call `name`; none where the body has no use for it.
    fn path_of(&self, name: &str) -> Option<String> {
        Some(name.to_owned())
    }
}

impl Body {
    fn architecture(&self) -> &dyn Architecture {
        match self {
            Self::Mlp(body) => body,
            Self::Cnn(body) => body,
            Self::Resnet(body) => body,
            Self::Vit(body) => body,
            Self::Squeezenet(body) => body,
            Self::Efficientnet(body) => body,
        }
    }
    /// Each body with its defaults.
    pub const CATALOGUE: [Design; 6] = [
        design("mlp", "multi-layer perceptron", "", Mlp::SETTINGS, || Self::Mlp(Mlp::default())),
        design("cnn", "3×3 convolutions with pooling", "", Cnn::SETTINGS, || Self::Cnn(Cnn::default())),
        design(
            "resnet18",
            "residual network with batch-norm",
            "https://arxiv.org/abs/1512.03385",
            Resnet::SETTINGS,
            || Self::Resnet(Resnet::default()),
        ),
        design("vit", "pre-norm transformer", "https://arxiv.org/abs/2010.11929", Vit::SETTINGS, || {
            Self::Vit(Vit::default())
        }),
        design(
            "squeezenet",
            "SqueezeNet 1.1 for published weights",
            "https://arxiv.org/abs/1602.07360",
            Squeezenet::SETTINGS,
            || Self::Squeezenet(Squeezenet::default()),
        ),
        design(
            "efficientnet-lite0",
            "for published weights",
            "https://arxiv.org/abs/1905.11946",
            Efficientnet::SETTINGS,
            || Self::Efficientnet(Efficientnet::default()),
        ),
    ];

    /// What of it may be set.
    pub fn settings(&self) -> &'static [Setting] {
        match self {
            Self::Mlp(_) => Mlp::SETTINGS,
            Self::Cnn(_) => Cnn::SETTINGS,
            Self::Resnet(_) => Resnet::SETTINGS,
            Self::Vit(_) => Vit::SETTINGS,
            Self::Squeezenet(_) => Squeezenet::SETTINGS,
            Self::Efficientnet(_) => Efficientnet::SETTINGS,
        }
    }

    /// Refuses settings that are out of range, whatever inputs there are.
    pub(crate) fn check(&self) -> Result<()> {
        catalogue::check("net", self.settings(), &Table::try_from(self).context("a body is a table")?)
    }
}

/// A body as lists show it; made with its defaults.
pub type Design = Entry<fn() -> Body>;

const fn design(
    name: &'static str,
    about: &'static str,
    citation: &'static str,
    settings: &'static [Setting],
    make: fn() -> Body,
) -> Design {
    Entry { name, about, citation, settings, make }
}

/// How a tensor's first values are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fill {
    /// Normal with this standard deviation.
    Normal(f64),
    /// The same everywhere.
    Constant(f32),
}

/// Declared weights: path, shape, first values; and running statistics.
#[derive(Debug, Default)]
pub(crate) struct Spec {
    theta: Vec<(String, Vec<usize>, Fill)>,
    buffers: Vec<(String, usize, f32)>,
}

impl Spec {
    pub(crate) fn tensor(&mut self, path: String, shape: &[usize], fill: Fill) {
        self.theta.push((path, shape.to_vec(), fill));
    }
    /// A matrix `[inputs, outputs]` and its bias: He et al. 2015, <https://arxiv.org/abs/1502.01852>, eq. 10.
    pub(crate) fn linear(&mut self, name: &str, inputs: usize, outputs: usize) {
        self.tensor(format!("{name}.weight"), &[inputs, outputs], Fill::Normal((2.0 / inputs as f64).sqrt()));
        self.tensor(format!("{name}.bias"), &[outputs], Fill::Constant(0.0));
    }
    /// A kernel `[outputs, inputs, side, side]`, with a bias where nothing normalises behind it.
    pub(crate) fn conv(&mut self, name: &str, [inputs, outputs, side]: [usize; 3], bias: bool) {
        let std = (2.0 / (inputs * side * side) as f64).sqrt();
        self.tensor(format!("{name}.weight"), &[outputs, inputs, side, side], Fill::Normal(std));
        if bias {
            self.tensor(format!("{name}.bias"), &[outputs], Fill::Constant(0.0));
        }
    }
    pub(crate) fn layer_norm(&mut self, name: &str, width: usize) {
        self.tensor(format!("{name}.gamma"), &[width], Fill::Constant(1.0));
        self.tensor(format!("{name}.beta"), &[width], Fill::Constant(0.0));
    }
    pub(crate) fn batch_norm(&mut self, name: &str, width: usize) {
        self.layer_norm(name, width);
        self.buffers.push((format!("{name}.mean"), width, 0.0));
        self.buffers.push((format!("{name}.var"), width, 1.0));
    }
    /// Refuses what would not fit.
    pub(crate) fn check(&self) -> Result<()> {
        let count = self.theta.iter().try_fold(0_usize, |sum, (_, shape, _)| {
            let size = shape.iter().try_fold(1_usize, |product, side| product.checked_mul(*side))?;
            sum.checked_add(size).filter(|sum| *sum <= MOST_WEIGHTS)
        });
        ensure!(count.is_some(), "the network has more than {MOST_WEIGHTS} weights; make it narrower");
        Ok(())
    }
    /// First weights, each tensor drawn by its own path.
    pub(crate) fn init(self, draws: &Draws, device: &Device) -> Weights {
        let first = |(path, shape, fill): (String, Vec<usize>, Fill)| {
            let array = match fill {
                Fill::Normal(std) => draws.gaussian(&format!("init {path}"), &shape, std, device),
                Fill::Constant(value) => Array::filled(&shape, value, device),
            };
            (path, array)
        };
        let buffer = |(path, width, value): (String, usize, f32)| (path, Array::filled(&[width], value, device));
        Weights {
            theta: self.theta.into_iter().map(first).collect(),
            buffers: self.buffers.into_iter().map(buffer).collect(),
            ..Weights::default()
        }
    }
}

/// Body, heads and the stream's shape, fixed before the first batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Net {
    /// What comes before the head.
    pub body: Body,
    /// Heads and the classes behind them.
    pub heads: Heads,
    /// Channels, height and width of an input.
    pub input: [usize; 3],
}

impl Net {
    /// Refuses what cannot be built or would not fit.
    pub fn check(&self) -> Result<()> {
        self.body.check()?;
        self.body.architecture().check(self.input)?;
        self.spec().check()
    }

    /// The body's weights, without a head.
    pub(crate) fn body_spec(&self) -> Spec {
        let mut spec = Spec::default();
        self.body.architecture().weights(self.input, &mut spec);
        spec
    }

    /// Shapes of the body's weights and running statistics, by path.
    pub(crate) fn body_shapes(&self) -> BTreeMap<String, Vec<usize>> {
        let spec = self.body_spec();
        let buffers = spec.buffers.into_iter().map(|(path, width, _)| (path, vec![width]));
        spec.theta.into_iter().map(|(path, shape, _)| (path, shape)).chain(buffers).collect()
    }

    fn spec(&self) -> Spec {
        let (mut spec, width) = (self.body_spec(), self.width());
        match self.heads.kind {
            HeadKind::Shared => spec.linear("head", width, self.heads.classes),
            HeadKind::Multi => {
                let heads = self.heads.tasks.iter().enumerate();
                heads.for_each(|(task, classes)| spec.linear(&format!("head.{task}"), width, classes.len()));
            }
        }
        spec
    }

    /// Draws initial weights, each tensor by its own path: the same seed gives the same weights on every backend.
    pub fn init(&self, draws: &Draws, device: &Device) -> Weights {
        self.spec().init(draws, device)
    }

    /// Weights of the same paths and shapes, all zero; nothing is drawn.
    pub fn zeros(&self, device: &Device) -> Weights {
        let spec = self.spec();
        let zero = |path: String, shape: &[usize]| (path, Array::filled(shape, 0.0, device));
        Weights {
            theta: spec.theta.into_iter().map(|(path, shape, _)| zero(path, &shape)).collect(),
            buffers: spec.buffers.into_iter().map(|(path, width, _)| zero(path, &[width])).collect(),
            ..Weights::default()
        }
    }

    /// What the head sees. Shape `[batch, channels, h, w]` to `[batch, features]`.
    pub fn features(&self, pass: &mut Pass, x: Tensor<4>) -> Tensor<2> {
        self.body.architecture().features(pass, x)
    }

    /// Length of what the head sees.
    pub fn width(&self) -> usize {
        self.body.architecture().width(self.input)
    }

    /// Whether the body has what a method needs of it; what is asked of something else is taken as given.
    pub(crate) fn offers(&self, need: Need) -> bool {
        let spec = self.body_spec();
        let mut tensors = spec.theta.iter();
        match need {
            Need::Matrices => tensors.any(|(path, shape, _)| path.ends_with(".weight") && shape.len() >= 2),
            Need::Attention => tensors.any(|(path, ..)| path.ends_with(".query.weight")),
            Need::Norms => tensors.any(|(path, ..)| path.ends_with(".gamma")),
            Need::Biases => tensors.any(|(path, ..)| path.ends_with(".bias")),
            Need::Stateless => spec.buffers.is_empty(),
            Need::OneHead => self.heads.kind == HeadKind::Shared || self.heads.tasks.len() == 1,
            _ => true,
        }
    }

    /// Path prefixes of the body's parts from the input on, then the head's.
    pub fn blocks(&self) -> Vec<String> {
        let mut blocks = self.body.architecture().blocks();
        blocks.push("head".into());
        blocks
    }

    /// Logits over all classes of the stream, shape `[batch, classes]`. Classes out of scope get [`OUT`], so that
    /// a softmax over all is one over the scope; heads that nobody's scope covers are not computed and get no
    /// gradient.
    pub fn logits(&self, pass: &mut Pass, x: Tensor<4>, scopes: &Scopes) -> Tensor<2> {
        let features = self.features(pass, x);
        match self.heads.kind {
            HeadKind::Shared => self.masked(pass.linear("head", features), scopes),
            HeadKind::Multi => self.placed(pass, features, scopes),
        }
    }

    /// Pushes what does not count out of the softmax. Shape `[batch, classes]`, kept.
    pub(crate) fn masked(&self, logits: Tensor<2>, scopes: &Scopes) -> Tensor<2> {
        let rows = match scopes {
            Scopes::One(_) => 1,
            Scopes::Each(scopes) => scopes.len(),
        };
        let counts: Vec<bool> = (0..rows).flat_map(|row| self.heads.columns(scopes.at(row))).collect();
        if counts.iter().all(|counts| *counts) {
            return logits;
        }
        let mask = counts.into_iter().map(|counts| if counts { 0.0 } else { OUT }).collect();
        let device = logits.device().inner();
        logits + Array::new(&[rows, self.heads.classes], mask, &device).tensor()
    }

    /// Computes the heads that somebody's scope covers and puts each logit into its class's column.
    fn placed(&self, pass: &mut Pass, features: Tensor<2>, scopes: &Scopes) -> Tensor<2> {
        let [rows, _] = features.dims();
        let device = features.device().inner();
        let mut tasks: Vec<usize> = scopes.distinct().iter().flat_map(|scope| self.heads.tasks_in(*scope)).collect();
        tasks.sort_unstable();
        tasks.dedup();
        let (mut offsets, mut width) = (vec![None; self.heads.tasks.len()], 0);
        for &task in &tasks {
            offsets[task] = Some(width);
            width += self.heads.tasks[task].len();
        }
        let mut columns: Vec<Tensor<2>> =
            tasks.iter().map(|task| pass.linear(&format!("head.{task}"), features.clone())).collect();
        columns.push(Tensor::full([rows, 1], OUT, &device));
        let place = |scope: Scope| {
            let mut places = vec![width as i64; self.heads.classes];
            for task in self.heads.tasks_in(scope) {
                let classes = self.heads.tasks[task].iter().enumerate();
                classes.for_each(|(at, class)| places[*class] = (offsets[task].unwrap_or(width) + at) as i64);
            }
            places
        };
        let index: Vec<i64> = match scopes {
            Scopes::One(scope) => place(*scope).repeat(rows),
            Scopes::Each(scopes) => scopes.iter().flat_map(|scope| place(*scope)).collect(),
        };
        let index: Tensor<2, Int> = Tensor::from_data(TensorData::new(index, [rows, self.heads.classes]), &device);
        let columns = Tensor::cat(columns, 1);
        if columns.is_autodiff() {
            pass.hold_bytes(INDEX * rows * self.heads.classes);
        }
        columns.gather(1, index)
    }
}
