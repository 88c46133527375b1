//! The dual encoder: images and texts become vectors of one space, in which what belongs together is near.
//!
//! Radford et al. 2021, <https://arxiv.org/abs/2103.00020>: figure 3 for training (see
//! [`Loss`](crate::network::text::Loss)), section 3.1 for classes that are known by their names alone: each template's
//! text becomes a vector, and a class is the mean over its templates, brought to length 1 again.
//!
//! It stands in the place of the plain carrier wherever a stream file has `[text]`. An image is trained with its
//! caption; where it has none, with its class's name in a template, drawn at each step where there are several. There
//! is no head, so which logits count in training (`head.train`) does not arise; which classes count in an answer does.
//!
//! Classes with the same name cannot be told apart: the first of them is the answer.

use std::{
    cell::{OnceCell, RefCell},
    collections::BTreeMap,
    path::Path,
    sync::Arc,
};

use anyhow::Result;
use burn::tensor::{Device, Tensor};
use rand::RngExt;

use crate::{
    batch::Batch,
    catalogue::{Need, Taken},
    method::{Carrier, Ctx, Fit},
    network::{
        net::{Fill, Net, Spec},
        pass::{Mode, Pass, Weights},
        predictor::{Ask, Predictor},
        text::{
            config::{Config, Lock},
            loss::unit,
            side::{Reader, project},
        },
    },
    primitives::{array::ELEMENT, draws::Draws, scope::Scopes, theta::Theta},
};

/// Texts that are read at once where classes are named.
const AT_ONCE: usize = 256;
/// Paths of the logarithm of the scale, and of the bias.
const SCALE: &str = "pair.scale";
const BIAS: &str = "pair.bias";

/// Trains an image side and a text side with a loss of pairs.
#[derive(Clone)]
pub struct Dual {
    net: Net,
    config: Config,
    reader: Reader,
    /// What each class of the stream is called.
    titles: Vec<Arc<str>>,
}

impl Dual {
    /// The body of `net` and a text side, for a stream whose classes are called `titles`; published vectors lie below
    /// `data`.
    ///
    /// # Errors
    /// When these vectors cannot be read, or there would be too many weights.
    pub fn new(net: Net, mut config: Config, titles: Vec<Arc<str>>, data: &Path) -> Result<Self> {
        let dual = Self { reader: Reader::new(&mut config, data)?, net, config, titles };
        dual.spec().check()?;
        Ok(dual)
    }
    /// Its settings, with the checksum of what is read.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }
    /// The same with both sides trained, as a pretraining does before one is locked.
    pub(crate) fn unlocked(&self) -> Self {
        Self { config: self.config.unlocked(), ..self.clone() }
    }

    fn spec(&self) -> Spec {
        let mut spec = self.net.body_spec();
        project("image", self.net.width(), self.config.width, &mut spec);
        self.reader.weights(&mut spec);
        spec.tensor(SCALE.into(), &[1], Fill::Constant(self.config.loss.first_scale()));
        if let Some(bias) = self.config.loss.first_bias() {
            spec.tensor(BIAS.into(), &[1], Fill::Constant(bias));
        }
        spec
    }

    /// Vectors of images, of length 1. Shape `[batch, channels, h, w]` to `[batch, width]`.
    fn images(&self, pass: &mut Pass, inputs: Tensor<4>) -> Tensor<2> {
        let mode = pass.mode;
        if self.config.lock == Lock::Image {
            pass.mode = Mode::Eval;
        }
        let features = self.net.features(pass, inputs);
        pass.mode = mode;
        let rows = pass.linear("image.projection", features);
        one_long(pass, rows)
    }

    /// Vectors of texts, of length 1. Shape `[texts, width]`.
    fn texts(&self, pass: &mut Pass, texts: &[&str], device: &Device) -> Tensor<2> {
        let mode = pass.mode;
        if self.config.lock == Lock::Text {
            pass.mode = Mode::Eval;
        }
        let rows = self.reader.read(pass, texts, device);
        pass.mode = mode;
        one_long(pass, rows)
    }

    /// What is said of each example of a batch: captions as they are, names in a template.
    fn said(&self, pass: &mut Pass, batch: &Batch) -> Vec<Arc<str>> {
        let count = self.config.templates.len();
        let mut rng = if count > 1 { pass.rng("template") } else { None };
        let mut say = |(text, target): (&Arc<str>, &usize)| {
            if self.titles.get(*target) != Some(text) {
                return text.clone();
            }
            let at = rng.as_mut().map_or(0, |rng| rng.random_range(0..count));
            self.config.say(at, text).into()
        };
        batch.texts.iter().zip(&batch.targets).map(&mut say).collect()
    }

    /// Vectors of classes that are called `names`. Shape `[names, width]`.
    fn classes<'n>(&self, pass: &mut Pass, names: impl Iterator<Item = &'n str>, device: &Device) -> Tensor<2> {
        let count = self.config.templates.len();
        let said: Vec<String> = names
            .flat_map(|name| (0..count).map(move |at| (at, name)))
            .map(|(at, name)| self.config.say(at, name))
            .collect();
        let said: Vec<&str> = said.iter().map(String::as_str).collect();
        let rows = Tensor::cat(said.chunks(AT_ONCE).map(|texts| self.texts(pass, texts, device)).collect(), 0);
        let [all, width] = rows.dims();
        unit(rows.reshape([all / count, count, width]).mean_dim(1).flatten(1, 2))
    }

    /// What cosines are multiplied by. Shape `[1, 1]`.
    fn scale(&self, pass: &Pass) -> Tensor<2> {
        self.config.loss.held(pass.read(SCALE)).exp().unsqueeze()
    }
}

impl Carrier for Dual {
    fn init(&self, draws: &Draws, device: &Device) -> Weights {
        let mut weights = self.spec().init(draws, device);
        let locked = match self.config.lock {
            Lock::None => return weights,
            Lock::Image => "body.",
            Lock::Text => "text.body.",
        };
        weights.frozen = weights.theta.clone();
        weights.frozen.retain(|path, _| path.starts_with(locked));
        weights.theta.retain(|path, _| !path.starts_with(locked));
        weights
    }

    fn loss(&self, pass: &mut Pass, batch: &Batch) -> Fit {
        let (device, inputs) = (batch.inputs.device().inner(), batch.inputs.clone());
        if let Mode::Calibrate(_) = pass.mode {
            // Only the image body has running statistics.
            self.images(pass, inputs);
            return Fit { loss: Tensor::zeros([1], &device), logits: None };
        }
        let said = self.said(pass, batch);
        let images = self.images(pass, inputs);
        let texts = self.texts(pass, &said.iter().map(|text| &**text).collect::<Vec<_>>(), &device);
        let cosines = pass.products(images, texts);
        let bias = pass.has(BIAS).then(|| pass.read(BIAS));
        let pairs = self.config.same.pairs(&said, &device);
        if cosines.is_autodiff() {
            pass.hold(&cosines);
            pass.hold_bytes(self.config.loss.tables() * ELEMENT * batch.len() * batch.len());
        }
        Fit { loss: self.config.loss.of(cosines, pass.read(SCALE), bias, &pairs), logits: None }
    }

    fn predictor(&self, weights: &Weights) -> Box<dyn Predictor> {
        Box::new(Reading {
            dual: self.clone(),
            weights: weights.clone(),
            classes: OnceCell::new(),
            named: RefCell::default(),
        })
    }

    fn takes(&self) -> Vec<Taken> {
        vec![
            Need::OwnLoss.taken("compares the examples of a batch with each other"),
            Need::Logits.taken("has no logits of classes while it is trained"),
        ]
    }

    /// Brings the scale back to its bound before it is moved on, as the authors do after each step.
    fn gradients(&self, cx: &mut Ctx, _: &mut Theta) -> Result<()> {
        if let Some(scale) = cx.weights.theta.get(SCALE) {
            let held = scale.with(self.config.loss.held(scale.flat.clone()));
            cx.weights.theta.insert(SCALE, held);
        }
        Ok(())
    }
}

/// Rows brought to length 1. Shape kept.
fn one_long(pass: &mut Pass, rows: Tensor<2>) -> Tensor<2> {
    if rows.is_autodiff() {
        pass.hold(&rows);
        // The sum of squares and its root.
        pass.hold_bytes(2 * ELEMENT * rows.dims()[0]);
    }
    unit(rows)
}

/// Both sides with their weights.
struct Reading {
    dual: Dual,
    weights: Weights,
    /// Vectors of the stream's classes, once they were needed.
    classes: OnceCell<Tensor<2>>,
    /// The same of other names.
    named: RefCell<BTreeMap<Vec<String>, Tensor<2>>>,
}

impl Reading {
    /// Scaled cosines of images with classes. Shape `[batch, classes]`.
    fn compare(&self, pass: &mut Pass, inputs: Tensor<4>, classes: Tensor<2>) -> Tensor<2> {
        let images = self.dual.images(pass, inputs);
        // A bias would be the same for all classes.
        pass.products(images, classes) * self.dual.scale(pass)
    }
}

impl Predictor for Reading {
    fn scores(&self, inputs: Tensor<4>, ask: &Ask) -> Tensor<2> {
        let mut pass = ask.pass(&self.weights);
        let titles = self.dual.titles.iter().map(|title| &**title);
        let classes = self.classes.get_or_init(|| self.dual.classes(&mut pass, titles, &inputs.device()));
        let scores = self.compare(&mut pass, inputs, classes.clone());
        self.dual.net.masked(scores, &Scopes::One(ask.scope))
    }
    fn features(&self, inputs: Tensor<4>, ask: &Ask) -> Option<Tensor<2>> {
        Some(self.dual.images(&mut ask.pass(&self.weights), inputs))
    }
    fn named(&self, inputs: Tensor<4>, names: &[String], ask: &Ask) -> Option<Tensor<2>> {
        let mut pass = ask.pass(&self.weights);
        let mut known = self.named.borrow_mut();
        let classes = known
            .entry(names.to_vec())
            .or_insert_with(|| self.dual.classes(&mut pass, names.iter().map(String::as_str), &inputs.device()));
        Some(self.compare(&mut pass, inputs, classes.clone()))
    }
    fn texts(&self, texts: &[&str], device: &Device, ask: &Ask) -> Option<Tensor<2>> {
        let mut pass = ask.pass(&self.weights);
        let rows = texts.chunks(AT_ONCE).map(|texts| self.dual.texts(&mut pass, texts, device)).collect();
        Some(Tensor::cat(rows, 0))
    }
}
