//! Elastic weight consolidation, in gradient space: parameters that mattered are pulled back to where they were.
//!
//! - Kirkpatrick et al. 2017, <https://arxiv.org/abs/1612.00796>, eq. 3: loss + Σ λ/2 · F · (θ − θ*)², one anchor and
//!   Fisher for each task.
//! - Schwarz et al. 2018, <https://arxiv.org/abs/1805.06370>, section 4 (online): one running Fisher F ← γ·F + Fₜ
//!   around the newest anchor, and the penalty λ/2 · γ · F · (θ − θ*)², in which the running Fisher is decayed as well.
//! - The kinds of Fisher: van de Ven 2025, <https://arxiv.org/abs/2502.11756>, section 3.
//!
//! **Deviation:** a parameter without a gradient at a step is not pulled at that step; it does not move.

use anyhow::{Context, Result};
use burn::tensor::activation;
use clbench::{
    batch::Batch,
    budget::Spent,
    catalogue::{Need, Range, Settings},
    method::{Contribution, Ctx, Family, Make, Method, contribution},
    network::pass::Mode,
    primitives::{scope::OUT, theta::Theta},
};
use rand::RngExt;
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use toml::Value;

/// The entry of the catalogue.
pub const METHOD: Method = Method {
    name: "ewc",
    about: "pulls parameters back by their Fisher information",
    citation: "https://arxiv.org/abs/1612.00796",
    make: Make::Contribution(|table| contribution(table, Ewc::new)),
    joint: false,
    family: Family::Regularisation,
    settings: Config::SETTINGS,
    needs: &[],
};

clbench::choice! {
    /// How tasks are remembered.
    pub enum Form {
        /// One running Fisher around the newest anchor.
        Online = "online",
        /// An anchor and a Fisher for each task.
        PerTask = "per-task",
    }
}

clbench::choice! {
    /// What is squared; x runs over drawn training examples, p is the network's own probability.
    pub enum Fisher {
        /// Mean over x of Σ p(y|x) · (∂ log p(y|x))² over y: exact in y, as many backward passes as classes in scope.
        True = "true",
        /// Mean over x of (∂ log p(ŷ|x))² with ŷ drawn from p(·|x).
        Sampled = "sampled",
        /// Mean over x of (∂ log p(y|x))² with the example's own label.
        Empirical = "empirical",
        /// Mean over batches of the squared gradient of the batch's mean loss: smaller by about the batch size. A
        /// shorter last batch weighs like a full one.
        Batch = "batch",
    }
}

impl Fisher {
    /// What it needs of what it looks at.
    pub(crate) fn needs(self) -> &'static [Need] {
        match self {
            Self::True | Self::Sampled => &[Need::OwnLoss, Need::Logits],
            Self::Empirical => &[Need::OwnLoss],
            Self::Batch => &[],
        }
    }
    /// The setting of a kind that does without `need`.
    pub(crate) fn instead_of(need: Need) -> Option<&'static str> {
        match need {
            Need::Logits => Some("fisher=empirical"),
            Need::OwnLoss => Some("fisher=batch"),
            _ => None,
        }
    }
}

clbench::settings! {
    /// Settings of `ewc`.
    #[derive(Clone, Debug)]
    pub struct Config {
        /// Weight of the penalty, λ.
        pub strength: f64 = 1.0, Range::AtLeast(0.0);
        /// How tasks are remembered: one running Fisher, or an anchor and a Fisher for each task.
        pub form: Form = Form::Online;
        /// Share of the earlier Fisher that is kept, and with which it pulls, when `form` is `online`, γ.
        pub keep: f64 = 1.0, Range::Within(0.0, 1.0);
        /// What is squared: exact in labels, a drawn label, the own label, a whole batch.
        #[serde(deserialize_with = "by_name")]
        pub fisher: Fisher = Fisher::Sampled;
        /// Examples from which the Fisher is estimated.
        pub samples: usize = 200, Range::Whole(1, i64::MAX);
    }
}

/// On a command line the name `true` arrives as a truth value.
pub(crate) fn by_name<'de, D: Deserializer<'de>>(from: D) -> Result<Fisher, D::Error> {
    match Value::deserialize(from)? {
        Value::Boolean(true) => Ok(Fisher::True),
        name => name.try_into().map_err(D::Error::custom),
    }
}

impl Settings for Config {}

/// Anchors and their Fishers.
#[derive(Serialize, Deserialize)]
pub struct Ewc {
    config: Config,
    /// θ* and the Fisher's diagonal there: the newest only, or one for each experience.
    anchors: Vec<(Theta, Theta)>,
}

impl Ewc {
    /// Before the first anchor.
    pub fn new(config: Config) -> Self {
        Self { config, anchors: Vec::new() }
    }

    /// Squared gradients at one example, in expectation over labels as `fisher` says.
    fn squares(&self, cx: &Ctx, batch: &Batch, call: u64) -> Result<Theta> {
        let square = |batch: &Batch| cx.gradient(batch).map(|g| g.clone() * g);
        if let Fisher::Empirical | Fisher::Batch = self.config.fisher {
            return Ok(square(batch));
        }
        let logits = cx.carrier.loss(&mut cx.plain(Mode::Eval), batch).logits;
        let logits = logits.context("this kind of fisher needs logits, and this carrier has none")?;
        let counts: Vec<bool> =
            logits.clone().into_data().try_to_vec::<f32>()?.iter().map(|l| *l > OUT / 2.0).collect();
        let p: Vec<f32> = activation::softmax(logits, 1).into_data().try_to_vec()?;
        if self.config.fisher == Fisher::Sampled {
            let mut rest: f32 = cx.draws.rng("ewc label", call).random();
            let last = p.iter().rposition(|p| *p > 0.0).unwrap_or(0);
            let label = p.iter().position(|p| {
                rest -= p;
                rest < 0.0
            });
            return Ok(square(&batch.relabelled(vec![label.unwrap_or(last)])));
        }
        // One example, however many labels it is asked about.
        cx.meter().count(Spent { examples: batch.len() as u64, ..Spent::default() });
        let mut sum = Theta::default();
        for (label, p) in p.into_iter().enumerate().filter(|(label, _)| counts[*label]) {
            sum.gather(&cx.gradient_again(&batch.relabelled(vec![label])).map(|g| g.clone() * g), p);
        }
        Ok(sum)
    }

    /// What the sum Σ F · (θ − θ*)² over anchors weighs, twice over: λ, or λ·γ.
    fn weight(&self) -> f64 {
        match self.config.form {
            Form::Online => self.config.strength * self.config.keep,
            Form::PerTask => self.config.strength,
        }
    }

    /// Examples whose gradient is squared at once.
    fn size(&self, cx: &Ctx) -> usize {
        if self.config.fisher == Fisher::Batch { cx.batch_size } else { 1 }
    }

    /// The Fisher's diagonal at the current weights.
    pub(crate) fn estimate(&self, cx: &Ctx) -> Result<Theta> {
        let order = cx.draws.order("ewc", 0, cx.feed.len());
        let chosen = &order[..self.config.samples.min(order.len())];
        let batches = chosen.chunks(self.size(cx));
        let share = 1.0 / batches.len() as f32;
        let mut fisher = cx.weights.theta.zeros();
        for (call, indices) in batches.enumerate() {
            fisher.gather(&self.squares(cx, &cx.batch(indices), call as u64)?, share);
        }
        Ok(fisher)
    }
}

impl Contribution for Ewc {
    fn needs(&self) -> Vec<Need> {
        let mut needs = vec![Need::SteadyPaths, Need::OneSet];
        needs.extend(self.config.fisher.needs());
        needs
    }

    fn does_without(&self, need: Need) -> Option<&'static str> {
        Fisher::instead_of(need)
    }

    fn reserve(&self, cx: &Ctx) -> Result<Spent> {
        let samples = self.config.samples.min(cx.feed.len());
        let one: Vec<usize> = (0..self.size(cx).min(cx.feed.len())).collect();
        let price = cx.price_of(|| self.squares(cx, &cx.batch(&one), 0))?;
        Ok(price.times(samples.div_ceil(self.size(cx)) as u64))
    }

    fn gradients(&mut self, cx: &mut Ctx, grads: &mut Theta) -> Result<()> {
        let strength = self.weight();
        for (anchor, fisher) in &self.anchors {
            let drift = cx.weights.theta.only(grads).sub(anchor);
            let pull = drift.zip(fisher, |drift, fisher| drift * fisher);
            *grads = grads.add(&pull, strength as f32);
            cx.penalty(|_| strength / 2.0 * drift.dot(&pull));
        }
        Ok(())
    }

    fn task_end(&mut self, cx: &mut Ctx) -> Result<()> {
        let mut fisher = self.estimate(cx)?;
        if self.config.form == Form::Online
            && let Some((_, old)) = self.anchors.pop()
        {
            fisher = fisher.add(&old, self.config.keep as f32);
        }
        self.anchors.push((cx.weights.theta.clone(), fisher));
        Ok(())
    }
}
