//! What methods with small weights beside frozen ones share: where the adapters go, when they come and what becomes of
//! them. What stands beside a weight, and what the pass makes of it, is in the harness, `pass/adapter.rs`.

mod dense;
mod plan;
mod routes;

use anyhow::{Result, ensure};
use burn::tensor::Tensor;
use clbench::{
    batch::Batch,
    budget::Spent,
    catalogue::{Need, Taken},
    method::{Contribution, Ctx, Deploy, Fit, Next},
    network::{
        pass::{Pass, Weights},
        predictor::Predictor,
    },
    primitives::array::Array,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use self::routes::{Routes, route};
pub use self::{
    dense::{fold, lengths},
    plan::{End, On, Per, Plan, RANKS},
};

/// A matrix or kernel about to get an adapter.
pub struct Site {
    /// Its path, without `.weight`.
    pub name: String,
    /// The matrix `[inputs, outputs]` or kernel `[outputs, inputs, kh, kw]`.
    pub weight: Array,
    /// Where the parts of the adapter go: `{name}.lora{index}`.
    pub at: String,
}

impl Site {
    /// The path of one part.
    pub fn part(&self, part: &str) -> String {
        format!("{}.{part}", self.at)
    }
    /// Inputs of each output: of a kernel its channels times its size.
    pub fn fan_in(&self) -> usize {
        match self.weight.shape[..] {
            [inputs, _] => inputs,
            ref kernel => kernel[1..].iter().product(),
        }
    }
    /// How many outputs there are.
    pub fn outputs(&self) -> usize {
        self.weight.len() / self.fan_in()
    }
    /// Shapes of A and B: `[inputs, r]` and `[r, outputs]`, or `[r, inputs, kh, kw]` and `[outputs, r, 1, 1]`.
    pub fn shapes(&self, rank: usize) -> [Vec<usize>; 2] {
        match self.weight.shape[..] {
            [inputs, outputs] => [vec![inputs, rank], vec![rank, outputs]],
            [outputs, inputs, kh, kw] => [vec![rank, inputs, kh, kw], vec![outputs, rank, 1, 1]],
            _ => unreachable!("only matrices and kernels are adapted"),
        }
    }
    /// Puts A, drawn from U(−1/√fan-in, 1/√fan-in), and B of zeros here, both trained, to be scaled by `scale`.
    pub fn low_rank(&self, cx: &mut Ctx, rank: usize, scale: f64) {
        let [a, b] = self.shapes(rank);
        let bound = 1.0 / (self.fan_in() as f64).sqrt();
        let first = cx.draws.uniform(&format!("lora {}", self.name), &a, bound, cx.device);
        cx.weights.theta.insert(self.part("a"), first);
        cx.weights.theta.insert(self.part("b"), Array::filled(&b, 0.0, cx.device));
        cx.weights.frozen.insert(self.part("scale"), Array::filled(&[1], scale as f32, cx.device));
    }
}

/// What a method puts beside matrices; all else it shares with the others.
pub trait Kind: Serialize + DeserializeOwned + Send + 'static {
    /// When adapters come, where they go, and what becomes of them.
    fn plan(&self) -> Plan;
    /// Puts an adapter at each site.
    fn place(&mut self, cx: &mut Ctx, sites: &[Site]) -> Result<()>;
    /// A term of the loss.
    fn loss(&self, _pass: &mut Pass) -> Option<Tensor<1>> {
        None
    }
    /// What [`Kind::task_end`] will need.
    fn reserve(&self, _cx: &Ctx) -> Result<Spent> {
        Ok(Spent::default())
    }
    /// Before adapters are put away.
    fn task_end(&mut self, _cx: &mut Ctx) -> Result<()> {
        Ok(())
    }
}

/// A [`Kind`] as a part of a stack. What adapters learn lies in the weights.
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Adapted<K: Kind> {
    kind: K,
    /// Adapters begun at each site and not folded.
    begun: usize,
    routes: Routes,
}

impl<K: Kind> Adapted<K> {
    /// Before the first adapter.
    pub fn new(kind: K) -> Self {
        Self { kind, begun: 0, routes: Routes::default() }
    }
    /// Whether the time of the adapters is over when the current experience ends.
    fn folds(&self, cx: &Ctx) -> bool {
        let Plan { per, end, .. } = self.kind.plan();
        let last = cx.experience + 1 == cx.feed.stream().experiences.len();
        end == End::Fold && (per == Per::Task || last)
    }
    /// The sites of a new adapter, their matrices frozen and everything where it is to be.
    fn sites(&self, weights: &mut Weights) -> Result<Vec<Site>> {
        let Plan { on, end, .. } = self.kind.plan();
        let matrices = adaptable(weights);
        if end == End::Route {
            // They are the start's, or another task's, which has its own copy.
            weights.theta.retain(|path, _| !path.contains(".lora"));
        }
        freeze(weights, |path| path.contains(".lora"));
        let is_one = |path: &str| matrices.iter().any(|(name, _)| path.strip_suffix(".weight") == Some(name));
        freeze(weights, is_one);
        let at = |name: &str| format!("{name}.lora{}", self.begun);
        let found = matrices.into_iter().filter(|(name, _)| on.covers(name));
        let sites: Vec<Site> = found.map(|(name, weight)| Site { at: at(&name), name, weight }).collect();
        ensure!(
            !sites.is_empty(),
            "no matrix of the body is trained that an adapter could stand beside; what freezes the body comes after \
             the adapters in method="
        );
        Ok(sites)
    }
}

impl<K: Kind> Contribution for Adapted<K> {
    fn needs(&self) -> Vec<Need> {
        self.kind.plan().needs()
    }

    fn takes(&self) -> Vec<Taken> {
        self.kind.plan().takes()
    }

    fn reserve(&self, cx: &Ctx) -> Result<Spent> {
        let mut price = self.kind.reserve(cx)?;
        if self.folds(cx) {
            price += cx.price_of(|| {
                fold(&mut cx.weights.clone(), cx.meter());
                Ok(())
            })?;
        }
        Ok(price)
    }

    fn task_start(&mut self, cx: &mut Ctx) -> Result<()> {
        let Plan { per, end, .. } = self.kind.plan();
        if (self.begun > 0 && per == Per::Stream) || (end == End::Route && !self.routes.enter(cx)) {
            return Ok(());
        }
        let sites = self.sites(cx.weights)?;
        self.kind.place(cx, &sites)?;
        match end {
            End::Route => self.routes.begin(cx.weights),
            _ => self.begun += 1,
        }
        Ok(())
    }

    fn loss(&mut self, _: &mut Ctx, pass: &mut Pass, _: &Batch, _: &Fit) -> Result<Option<Tensor<1>>> {
        Ok(self.kind.loss(pass))
    }

    fn task_end(&mut self, cx: &mut Ctx) -> Result<()> {
        self.kind.task_end(cx)?;
        if self.folds(cx) {
            let meter = cx.meter().clone();
            fold(cx.weights, &meter);
            self.begun = 0;
        }
        if self.kind.plan().end == End::Route {
            self.routes.leave(cx);
        }
        Ok(())
    }

    fn deploy(&self, cx: &Deploy, weights: &Weights, next: &Next) -> Result<Box<dyn Predictor>> {
        match self.kind.plan().end {
            End::Route => route(&self.routes, cx, weights, next),
            _ => next(weights),
        }
    }
}

/// Freezes the trained paths that `which` holds for.
pub fn freeze(weights: &mut Weights, which: impl Fn(&str) -> bool) {
    let paths: Vec<_> = weights.theta.paths().filter(|path| which(path)).map(str::to_owned).collect();
    for path in paths {
        let array = weights.theta.remove(&path).expect("the path was just listed");
        weights.frozen.insert(path, array);
    }
}

/// Whether `path` belongs to the body: of the images, or of the texts.
pub fn in_body(path: &str) -> bool {
    ["body.", "text.body."].iter().any(|body| path.starts_with(body))
}

/// Names of the body's matrices and kernels, adapted (frozen) or not yet (trained), with their weights. What is frozen
/// and has no adapter was frozen by somebody else.
pub fn adaptable(weights: &Weights) -> Vec<(String, Array)> {
    let matrix = |(path, array): (&str, &Array)| {
        let name = path.strip_suffix(".weight").filter(|name| in_body(name))?;
        // A kernel for each channel alone mixes none, so there is no rank to be low.
        if name.ends_with(".depthwise") {
            return None;
        }
        [2, 4].contains(&array.shape.len()).then(|| (name.to_owned(), array.clone()))
    };
    let adapted = |(name, _): &(String, Array)| {
        let has = |part: &str| format!("{name}.lora0.{part}");
        [has("scale"), has("outer")].iter().any(|path| weights.frozen.has(path) || weights.theta.has(path))
    };
    let frozen = weights.frozen.iter().filter_map(matrix).filter(adapted);
    weights.theta.iter().filter_map(matrix).chain(frozen).collect()
}
