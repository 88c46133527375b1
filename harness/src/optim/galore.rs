//! AdamW on gradients projected onto a low rank: moments of r rows or columns in place of whole matrices.
//!
//! Zhao et al. 2024, <https://arxiv.org/abs/2403.03507>, algorithm 2: R = Pᵀ·G, Adam on R, W − rate · α · P·N; P are
//! the r main left singular vectors of G (right ones where G is higher than wide), taken anew every `gap` steps.
//! Moments are kept when P changes, as in the authors' code, and so is what decays: W by the learning rate.
//!
//! The vectors are eigenvectors of G·Gᵀ, decomposed on the host. The decomposition is counted in the step that does it.
//!
//! **Deviation:** kernels `[out, in, kh, kw]` are projected as matrices `[out, in·kh·kw]`. What has no more than r rows
//! or columns is trained by plain AdamW. r = 8 and α = 2 are FoMo-in-Flux's; the paper has 128 and more, and 0.25.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::{Memory, Optimizer, adamw, descend};
use crate::{
    budget::Meter,
    catalogue::{Range, Settings},
    primitives::{
        array::Array,
        linalg::{eigen, eigen_flops},
        theta::Theta,
    },
};

crate::catalogue::settings! {
    /// Settings of the rule `galore`.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Config {
        /// Rank r of what is left of a gradient.
        pub rank: usize = 8, Range::Whole(1, 4096);
        /// Steps between two choices of P.
        pub gap: i32 = 200, Range::Whole(1, i32::MAX as i64);
        /// What a projected step is multiplied by, α.
        pub scale: f64 = 2.0, Range::Above(0.0);
        /// Share of the first moment that is kept, β₁.
        pub beta1: f64 = adamw::Config::default().beta1, Range::From(0.0, 1.0);
        /// Share of the second moment that is kept, β₂.
        pub beta2: f64 = adamw::Config::default().beta2, Range::From(0.0, 1.0);
        /// Added to the root of the second moment, ε.
        pub epsilon: f64 = adamw::Config::default().epsilon, Range::AtLeast(0.0);
        /// Decoupled weight decay, λ.
        pub decay: f64 = adamw::Config::default().decay, Range::AtLeast(0.0);
    }
}

impl Config {
    fn adamw(&self) -> adamw::Config {
        let Self { beta1, beta2, epsilon, decay, .. } = *self;
        adamw::Config { beta1, beta2, epsilon, decay }
    }
}

impl Settings for Config {}

/// AdamW on projected gradients, its moments and projections.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Galore {
    config: Config,
    memory: Memory,
    /// P by path, as rows `[r, rows]` or `[r, columns]`.
    bases: Theta,
    /// Operations of the decompositions in the last step.
    once: u64,
}

/// A gradient as a matrix that is not higher than wide.
struct Wide {
    high: bool,
    size: usize,
}

impl Wide {
    /// None where there is nothing to project.
    fn of(array: &Array, rank: usize) -> Option<Self> {
        if array.shape.len() < 2 {
            return None;
        }
        let (rows, columns) = (array.shape[0], array.len() / array.shape[0].max(1));
        let size = rows.min(columns);
        (size > rank).then_some(Self { high: rows > columns, size })
    }
    fn matrix(&self, array: &Array) -> Tensor<2> {
        let matrix = array.flat.clone().reshape([array.shape[0], array.len() / array.shape[0]]);
        if self.high { matrix.transpose() } else { matrix }
    }
    fn back(&self, matrix: Tensor<2>) -> Tensor<1> {
        if self.high { matrix.transpose().reshape([-1]) } else { matrix.reshape([-1]) }
    }
    /// Operations of choosing P for a gradient of `elements`.
    fn price(&self, elements: usize) -> u64 {
        2 * (self.size * elements) as u64 + eigen_flops(self.size)
    }
}

impl Galore {
    /// At rest.
    pub fn new(config: Config) -> Self {
        Self { config, memory: Memory::default(), bases: Theta::default(), once: 0 }
    }

    fn is_due(&self, path: &str) -> bool {
        !self.bases.has(path) || self.memory.steps(path) % self.config.gap == 0
    }

    /// The main directions of a wide gradient in rows. Shape `[r, size]`.
    fn choose(&self, wide: &Wide, grad: &Tensor<2>) -> Array {
        let square = Array::from(grad.clone().matmul(grad.clone().transpose()));
        let square: Vec<f64> = square.values().into_iter().map(f64::from).collect();
        let rank = self.config.rank;
        let (_, vectors) = eigen(&square, wide.size);
        let rows = vectors[..rank * wide.size].iter().map(|x| *x as f32).collect();
        Array::new(&[rank, wide.size], rows, &grad.device())
    }

    /// Gradients, of which those of matrices are projected.
    fn project(&mut self, grads: &Theta, meter: &Meter) -> Theta {
        let mut low = grads.clone();
        self.once = 0;
        for (path, grad) in grads.iter() {
            let Some(wide) = Wide::of(grad, self.config.rank) else { continue };
            let matrix = wide.matrix(grad);
            // A gradient that is not finite has no directions; the run ends as diverged.
            let finite = grad.values().iter().all(|value| value.is_finite());
            if self.is_due(path) && finite {
                self.bases.insert(path, self.choose(&wide, &matrix));
                self.once += wide.price(grad.len());
            }
            let Some(basis) = self.bases.get(path) else { continue };
            meter.flops(2 * (self.config.rank * grad.len()) as u64);
            low.insert(path, Array::from(basis.tensor::<2>().matmul(matrix)));
        }
        meter.flops(self.once);
        low
    }

    /// Directions, of which those of matrices are brought back to their size.
    fn restore(&self, low: Theta, grads: &Theta, meter: &Meter) -> Theta {
        let mut all = low.clone();
        for (path, direction) in low.iter() {
            let grad = &grads.get(path).expect("each direction has its gradient");
            let Some((wide, basis)) = Wide::of(grad, self.config.rank).zip(self.bases.get(path)) else { continue };
            meter.flops(2 * (self.config.rank * grad.len()) as u64);
            let full = basis.tensor::<2>().transpose().matmul(direction.tensor::<2>()) * self.config.scale as f32;
            all.insert(path, grad.with(wide.back(full)));
        }
        all
    }
}

impl Optimizer for Galore {
    fn step(&mut self, theta: &mut Theta, grads: Theta, rate: f64, meter: &Meter) {
        let low = self.project(&grads, meter);
        let direction = adamw::direction(&self.config.adamw(), &mut self.memory, &low);
        let direction = self.restore(direction, &grads, meter);
        descend(theta, direction, rate as f32, self.config.decay as f32);
    }
    fn elements(&self) -> usize {
        self.memory.elements() + self.bases.len()
    }
    fn due(&self, theta: &Theta) -> u64 {
        let due = theta.iter().filter(|(path, _)| self.is_due(path));
        due.filter_map(|(_, array)| Some(Wide::of(array, self.config.rank)?.price(array.len()))).sum()
    }
    fn once(&self) -> u64 {
        self.once
    }
    fn every(&self) -> u64 {
        self.config.gap.unsigned_abs().into()
    }
    fn keep_to(&mut self, theta: &Theta) {
        let rank = self.config.rank;
        self.bases.retain(|path, basis| {
            let new = theta.get(path).and_then(|array| Wide::of(array, rank));
            new.is_some_and(|wide| basis.shape == [rank, wide.size])
        });
        let low = |(path, array): (&str, &Array)| {
            let Some(wide) = Wide::of(array, rank) else { return (path.to_owned(), array.clone()) };
            (path.to_owned(), Array::filled(&[rank, array.len() / wide.size], 0.0, &array.flat.device()))
        };
        self.memory.keep_to(&theta.iter().map(low).collect());
    }
    fn boxed(&self) -> Box<dyn Optimizer> {
        Box::new(self.clone())
    }
}
