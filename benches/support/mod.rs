//! What the benches measure: one training step and one evaluation of an MLP 784-256-256-10 at batch 128, through the
//! harness and bare.

use std::path::Path;

use anyhow::Result;
use burn::tensor::{Device, Tensor};
use clbench::{
    batch::{Batch, Feed},
    budget::Meter,
    config::{Asked, Setup, Shelf, resolve},
    network::pass::{Mode, Pass, Weights},
    optim::Optimizer,
    primitives::draws::Draws,
    run::{Nowhere, Run},
};

pub use clbench_cli::shelf;

/// Split Fashion-MNIST, all at once, at batch 128, for more steps than a bench takes.
pub fn setup(shelf: &Shelf) -> Result<Setup> {
    let settings = ["stream.joint=true", "train.batch=128", "train.epochs=1000000", "log.every=1000000"];
    let asked = Asked::parse(&settings.map(str::to_owned))?;
    resolve(&Path::new(env!("CARGO_MANIFEST_DIR")).join("streams/split-fashion.toml"), &asked, shelf)
}

/// A step through the harness.
pub struct Harness<'a>(Run<'a>);

impl<'a> Harness<'a> {
    pub fn new(setup: &'a Setup, shelf: &Shelf) -> Result<Self> {
        let mut run = Run::new(setup, 0, shelf)?;
        // The first step evaluates and finds out its price.
        run.advance(&mut Nowhere)?;
        Ok(Self(run))
    }
    /// Evaluates all 2,000 test pictures.
    pub fn evaluate(&self) {
        std::hint::black_box(self.0.examine().expect("it answers"));
    }
    pub fn step(&mut self) {
        self.0.advance(&mut Nowhere).expect("it steps");
    }
}

/// The same step without harness: forward, backward, optimizer, over an epoch's batches that are already there. They
/// are taken in turns, since one batch used again and again would never leave the cache, which no training does.
pub struct Bare<'a> {
    setup: &'a Setup,
    batches: Vec<Batch>,
    /// The test pictures, 500 at a time, already on the device.
    questions: Vec<Tensor<4>>,
    weights: Weights,
    order: Vec<usize>,
    at: usize,
    optim: Box<dyn Optimizer>,
}

impl<'a> Bare<'a> {
    pub fn new(setup: &'a Setup, shelf: &Shelf) -> Result<Self> {
        let device = Device::flex();
        let feed = Feed::new(&setup.stream, 0, setup.config.head.train);
        let weights = setup.net.init(&Draws::of(0), &device);
        let order = Draws::of(0).order("bench", 0, feed.len());
        let batches = order.chunks_exact(128).map(|indices| feed.batch(indices, &device)).collect();
        let [channels, height, width] = setup.stream.input;
        let question = |at| Draws::of(at).gaussian("question", &[500, channels, height, width], 1.0, &device).tensor();
        let questions = (0..4).map(question).collect();
        Ok(Self { setup, batches, questions, weights, order, at: 0, optim: setup.optimizer(shelf)? })
    }
    pub fn step(&mut self) {
        self.at += 1;
        let batch = &self.batches[self.at % self.batches.len()];
        let meter = Meter::default();
        let mut pass = Pass::tracked(&self.weights, Mode::Train(Draws::of(0)), &meter);
        let logits = self.setup.net.logits(&mut pass, batch.inputs.clone(), &batch.scopes);
        let loss = pass.cross_entropy(logits, batch.labels.clone());
        let grads = pass.gradients(loss);
        drop(pass);
        self.optim.step(&mut self.weights.theta, grads, 0.05, &meter);
    }
    /// Builds a batch of drawn examples.
    pub fn build(&mut self) {
        self.at += 1;
        let feed = Feed::new(&self.setup.stream, 0, self.setup.config.head.train);
        let start = (self.at * 128) % 7800;
        std::hint::black_box(feed.batch(&self.order[start..start + 128], &Device::flex()));
    }
    /// The forward passes of an evaluation alone.
    pub fn forward(&self) {
        for inputs in &self.questions {
            let mut pass = Pass::plain(&self.weights, Mode::Eval, &Meter::default());
            std::hint::black_box(self.setup.net.logits(&mut pass, inputs.clone(), &self.batches[0].scopes));
        }
    }
}

/// The step's eight matrix products alone, on operands that are already there: three forward, three for the weights'
/// gradients, two for the inputs'.
pub struct Products(Vec<(Tensor<2>, Tensor<2>)>);

impl Products {
    pub fn new() -> Self {
        let matrix = |rows: usize, columns: usize, at: u64| {
            Draws::of(at).gaussian("operand", &[rows, columns], 1.0, &Device::flex()).tensor::<2>()
        };
        let mut products = Vec::new();
        for (layer, [inputs, outputs]) in [[784, 256], [256, 256], [256, 10]].into_iter().enumerate() {
            let (x, w, g) = (matrix(128, inputs, 1), matrix(inputs, outputs, 2), matrix(128, outputs, 3));
            products.push((x.clone(), w.clone()));
            products.push((x.transpose(), g.clone()));
            if layer > 0 {
                products.push((g, w.transpose()));
            }
        }
        Self(products)
    }
    pub fn run(&self) {
        for (a, b) in &self.0 {
            std::hint::black_box(a.clone().matmul(b.clone()));
        }
    }
}
