//! Gradient episodic memory: a step may not raise the loss on what is remembered of an earlier task, to first order.
//!
//! - Lopez-Paz & Ranzato 2017, <https://arxiv.org/abs/1706.08840>, eq. 8-11 and algorithm 1: the last examples of each
//!   task are kept; of all g̃ with ⟨g̃, gₖ⟩ ≥ 0 the nearest to g is found by the dual program min ½vᵀ(GGᵀ + εI)v +
//!   (Gg)ᵀv with v ≥ γ, and g̃ = Gᵀv + g; γ ("memory strength") and ε as in their code.
//! - `form = "average"`: A-GEM, Chaudhry et al. 2019, <https://arxiv.org/abs/1812.00420>, eq. 11: one constraint out of
//!   a batch of all that is remembered, with γ = ε = 0.
//!
//! Where a carrier trains several networks apart, each has constraints of its own. A remembered gradient that is zero
//! constrains nothing and is left out. With `rehearse` the remembered tasks' own gradients are added first, so that
//! what is minimised is the sum of all tasks' losses, as a preference over tasks asks for.
//!
//! **Deviation:** A-GEM's reference batch is by default as large as a batch of training; the authors' code has 256
//! (`batch = 256`).
//!
//! **Deviation:** remembered gradients are taken without dropout and with running statistics as they are, and beside a
//! distribution over weights at its means, so that they constrain no standard deviation.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use burn::tensor::Tensor;
use clbench::{
    batch::{Batch, Example},
    catalogue::{Range, Settings},
    method::{Contribution, Ctx, Family, Fit, Make, Method, contribution},
    network::pass::{Mode, Pass},
    primitives::{linalg::nonnegative, stored::Stored, theta::Theta},
};
use serde::{Deserialize, Serialize};

/// The entry of the catalogue.
pub const METHOD: Method = Method {
    name: "gem",
    about: "turns gradients that would harm remembered tasks",
    citation: "https://arxiv.org/abs/1706.08840",
    make: Make::Contribution(|table| contribution(table, Gem::new)),
    joint: false,
    family: Family::Replay,
    settings: Config::SETTINGS,
    needs: &[],
};

clbench::choice! {
    /// What is constrained.
    pub enum Form {
        /// Each remembered task: GEM.
        Each = "each",
        /// The mean over all that is remembered: A-GEM.
        Average = "average",
    }
}

clbench::settings! {
    /// Settings of `gem`.
    #[derive(Clone, Debug)]
    pub struct Config {
        /// Last examples held of each task.
        pub capacity: usize = 256, Range::Whole(0, 1 << 20);
        /// Of these, drawn for each gradient; 0 for all, or with `average` for as many as a batch has, where the
        /// authors' code has 256.
        pub batch: usize = 0, Range::Whole(0, 1 << 20);
        /// What is constrained: each remembered task, or the average of all.
        pub form: Form = Form::Each;
        /// Least weight of a constraint, γ; for `each` alone.
        pub margin: f64 = 0.5, Range::AtLeast(0.0);
        /// Added to the diagonal of the program, ε; for `each` alone.
        pub ridge: f64 = 1e-3, Range::AtLeast(0.0);
        /// Whether remembered gradients are also added.
        pub rehearse: bool = false;
    }
}

impl Settings for Config {
    fn check(&self) -> Result<()> {
        let usual = Self::default();
        let own = self.margin.to_bits() != usual.margin.to_bits() || self.ridge.to_bits() != usual.ridge.to_bits();
        ensure!(
            self.form == Form::Each || !own,
            "gem.form = \"average\" has neither margin nor ridge; leave gem.margin and gem.ridge out"
        );
        Ok(())
    }
}

/// What is remembered of each task.
#[derive(Serialize, Deserialize)]
pub struct Gem {
    config: Config,
    held: BTreeMap<usize, Vec<Example>>,
}

impl Gem {
    /// Nothing remembered yet.
    pub fn new(config: Config) -> Self {
        Self { config, held: BTreeMap::new() }
    }

    /// What is looked at of earlier tasks, a set for each constraint.
    fn sets(&self, cx: &Ctx) -> Vec<Vec<&Example>> {
        let now = cx.feed.tasks();
        let earlier = self.held.iter().filter(|(task, _)| !now.contains(task));
        match (self.config.form, self.config.batch) {
            (Form::Each, 0) => earlier.map(|(_, of)| of.iter().collect()).collect(),
            (Form::Each, count) => {
                earlier.map(|(task, of)| drawn(cx, *task, &of.iter().collect::<Vec<_>>(), count)).collect()
            }
            (Form::Average, count) => {
                let all: Vec<&Example> = earlier.flat_map(|(_, of)| of).collect();
                let count = if count == 0 { cx.batch_size } else { count };
                if all.is_empty() { Vec::new() } else { vec![drawn(cx, 0, &all, count)] }
            }
        }
    }

    /// The nearest gradient that harms no remembered task.
    fn turned(&self, gradient: Theta, remembered: &[Theta]) -> Theta {
        let rows: Vec<&Theta> = remembered.iter().filter(|row| row.dot(row) > 0.0).collect();
        let slopes: Vec<f64> = rows.iter().map(|row| row.dot(&gradient)).collect();
        if slopes.iter().all(|slope| *slope >= 0.0) {
            return gradient;
        }
        let (margin, ridge) = match self.config.form {
            Form::Each => (self.config.margin, self.config.ridge),
            Form::Average => (0.0, 0.0),
        };
        let mut gram: Vec<f64> = rows.iter().flat_map(|a| rows.iter().map(|b| a.dot(b))).collect();
        (0..rows.len()).for_each(|at| gram[at * rows.len() + at] += ridge);
        let weights = nonnegative(&gram, &slopes, margin);
        let mut turned = gradient;
        rows.iter().zip(weights).for_each(|(row, weight)| turned.gather(row, weight as f32));
        turned
    }
}

/// Up to `count` of `all`.
fn drawn<'e>(cx: &Ctx, call: usize, all: &[&'e Example], count: usize) -> Vec<&'e Example> {
    let order = cx.draws.order("gem", call as u64, all.len());
    order.into_iter().take(count).map(|at| all[at]).collect()
}

impl Contribution for Gem {
    fn aside(&self) -> Result<usize> {
        Ok(self.save()?.len())
    }

    fn loss(&mut self, cx: &mut Ctx, _: &mut Pass, batch: &Batch, _: &Fit) -> Result<Option<Tensor<1>>> {
        if self.config.capacity > 0 {
            for index in cx.newcomers(batch) {
                let held = self.held.entry(cx.feed.task(index)).or_default();
                if held.len() == self.config.capacity {
                    held.remove(0);
                }
                held.push(cx.feed.example(index));
            }
        }
        Ok(None)
    }

    fn gradients(&mut self, cx: &mut Ctx, grads: &mut Theta) -> Result<()> {
        let (mut remembered, mut losses) = (Vec::new(), Vec::new());
        for set in self.sets(cx) {
            let mut pass = cx.tracked(Mode::Eval);
            let loss = cx.rehearse(&mut pass, set).loss;
            losses.push(loss.clone().inner());
            remembered.push(pass.gradients(loss));
        }
        if remembered.is_empty() {
            return Ok(());
        }
        if self.config.rehearse {
            remembered.iter().for_each(|more| grads.gather(more, 1.0));
            cx.penalty(|_| losses.into_iter().map(|loss| f64::from(loss.into_scalar::<f32>())).sum());
        }
        for prefix in cx.carrier.parts(&cx.weights.theta) {
            let part = |of: &Theta| {
                let mut part = of.clone();
                part.retain(|path, _| path.starts_with(&prefix));
                part
            };
            let rows: Vec<Theta> = remembered.iter().map(part).collect();
            grads.extend(self.turned(part(grads), &rows));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use clbench::primitives::array::Array;

    use super::*;

    fn theta(values: &[f32]) -> Theta {
        Theta::from_iter([("w".to_owned(), Array::new(&[values.len()], values.to_vec(), &Device::flex()))])
    }
    fn values(theta: &Theta) -> Vec<f32> {
        theta.get("w").expect("a gradient").values()
    }
    fn gem(margin: f64, ridge: f64) -> Gem {
        Gem::new(Config { margin, ridge, ..Config::default() })
    }

    #[test]
    fn what_harms_nobody_is_left_as_it_is() {
        let (g, row) = (theta(&[1.0, 0.5]), theta(&[0.3, 0.1]));
        assert_eq!(values(&gem(0.5, 1e-3).turned(g.clone(), &[row, theta(&[0.0, 0.0])])), values(&g));
    }

    #[test]
    fn one_harmed_task_is_projected_out_as_a_gem_does() {
        // g − (gᵀr / rᵀr)·r with r = (1, 1): (−2, 1) + ½·(1, 1).
        let (g, row) = (theta(&[-2.0, 1.0]), theta(&[1.0, 1.0]));
        for gem in [gem(0.0, 0.0), Gem::new(Config { form: Form::Average, ..Config::default() })] {
            assert_eq!(values(&gem.turned(g.clone(), std::slice::from_ref(&row))), [-1.5, 1.5]);
        }
    }

    #[test]
    fn a_margin_pushes_beyond_and_a_ridge_holds_back() {
        let (g, row) = (theta(&[-2.0, 1.0]), theta(&[1.0, 1.0]));
        // v = max(γ, −slope/(rᵀr + ε)) = max(0.75, 0.5), and 1/(2 + 2).
        assert_eq!(values(&gem(0.75, 0.0).turned(g.clone(), std::slice::from_ref(&row))), [-1.25, 1.75]);
        assert_eq!(values(&gem(0.0, 2.0).turned(g, &[row])), [-1.75, 1.25]);
    }

    #[test]
    fn of_two_parallel_constraints_one_would_do() {
        let rows = [theta(&[1.0, 0.0]), theta(&[2.0, 0.0])];
        let turned = values(&gem(0.0, 0.0).turned(theta(&[-3.0, 1.0]), &rows));
        assert!(turned[0].abs() < 1e-5 && (turned[1] - 1.0).abs() < 1e-6, "{turned:?}");
    }
}
