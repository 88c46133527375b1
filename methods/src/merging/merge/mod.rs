//! Merges weights at the end of each experience: which of them the next experience starts from, which are deployed,
//! and by which rule, are three independent choices.
//!
//! - The two choices: Dziadzio et al. 2024 (TIME), <https://arxiv.org/abs/2412.06712>, section 3; Roth et al. 2024
//!   (FoMo-in-Flux), <https://arxiv.org/abs/2408.14471>, section 4.3. The rules: `rules/`, each with its source.
//! - Running statistics fit no merge; they are re-estimated for each: Izmailov et al. 2018,
//!   <https://arxiv.org/abs/1803.05407>, section 3.2.
//!
//! What was deployed answers until the next experience ends, as a deployed model would; before the first merge, and
//! with `deploy = "last"`, the weights in training answer. The start is the weights before the very first step. The
//! merge happens in the hook after the last step, and its passes and solutions are charged there; element-wise work is
//! counted nowhere in this program. The next start is put in place before the next experience, so that others in the
//! stack see the trained weights until then: an anchor of `ewc` is what was trained, in either order. With several
//! heads `head = "last"` keeps each as its task left it.
//!
//! **Deviation:** the running merge is kept and not folded anew out of all weights: with `init` and `deploy` of
//! `running`, `last`, `start` or `with-start` what is stored does not grow. A rule on task vectors merges the start,
//! whose task vector is zero, by leaving it out, and so does one that asks what data say of weights.

mod contradictions;
mod flat;
mod kept;
mod presets;
mod rules;
mod search;
mod settings;
mod stable;

use std::collections::BTreeMap;

use anyhow::Result;
use burn::tensor::Tensor;
use clbench::{
    batch::Batch,
    budget::Spent,
    catalogue::{Need, Taken},
    method::{Contribution, Ctx, Deploy, Family, Fit, Make, Method, Next, contribution},
    network::{
        pass::{Pass, Weights},
        predictor::Predictor,
    },
    primitives::{stored::Stored, theta::Theta},
};
use rand::RngExt;
use serde::{Deserialize, Serialize};

pub use self::{
    flat::Span,
    presets::METHODS as PRESETS,
    rules::{Part, Parts, Uniform},
    settings::{Config, Policy},
};
use self::{
    flat::{flat, spans, whole},
    kept::{Kept, Said, Trained, fitted, mean},
    settings::{Head, Lines, Rule},
};
use crate::regularisation::ewc::{self, Ewc};

/// The entry of the catalogue.
pub const METHOD: Method = Method {
    name: "merge",
    about: "merges weights by rule, to start from them, to deploy them",
    citation: "https://arxiv.org/abs/2412.06712",
    make: Make::Contribution(|table| contribution(table, Merge::new)),
    joint: false,
    family: Family::Merging,
    settings: Config::SETTINGS,
    needs: &[],
};

/// What is kept of earlier weights.
#[derive(Serialize, Deserialize)]
pub struct Merge {
    config: Config,
    /// θ₀, as long as it is needed.
    start: Option<Kept>,
    /// The trained weights of every experience, where one of the choices is all of them.
    trained: Vec<Trained>,
    /// The newest merges.
    kept: BTreeMap<Policy, Kept>,
    /// What data say of the running merge.
    running: Said,
}

impl Merge {
    /// Before the first experience.
    pub fn new(config: Config) -> Self {
        Self { config, start: None, trained: Vec::new(), kept: BTreeMap::new(), running: Said::default() }
    }

    /// Whether the tensor at `path` is left as it was trained last.
    fn stays(&self, path: &str) -> bool {
        self.config.head == Head::Last && path.starts_with("head.")
    }

    /// Asks the experience's data about the weights that were just trained.
    fn ask(&self, cx: &Ctx) -> Result<Said> {
        let fisher = if self.config.rule == Rule::Fisher { self.fisher().estimate(cx)? } else { Theta::default() };
        let grams = match self.config.rule {
            Rule::Regmean => cx.grams(self.config.samples).into_iter().collect(),
            _ => Theta::default(),
        };
        Ok(Said { fisher, grams })
    }

    fn fisher(&self) -> Ewc {
        let Config { fisher, samples, .. } = self.config;
        Ewc::new(ewc::Config { fisher, samples, ..ewc::Config::default() })
    }

    /// With how many sets of weights `policy` will merge those that are in training.
    fn others(&self, policy: Policy) -> usize {
        match policy {
            Policy::All => self.trained.len(),
            Policy::Running if self.kept.contains_key(&policy) => 1,
            _ => usize::from(self.config.rule.joins_start()),
        }
    }

    /// What `policy` merges, from the oldest on, with its shares.
    fn parts(&self, policy: Policy, new: &Trained) -> Vec<(Trained, f64)> {
        let Config { weight, ages, reverse, .. } = self.config;
        if policy == Policy::All {
            let shares = ages.shares(self.trained.len(), reverse);
            return self.trained.iter().cloned().zip(shares).collect();
        }
        let running = self.kept.get(&Policy::Running).filter(|_| policy == Policy::Running);
        let running = running.map(|kept| Trained { theta: kept.theta.clone(), said: self.running.clone() });
        let start = self.start.as_ref().filter(|_| self.config.rule.joins_start());
        let start = start.map(|kept| Trained { theta: kept.theta.clone(), said: Said::default() });
        match running.or(start) {
            Some(other) => vec![(other, 1.0 - weight), (new.clone(), weight)],
            None => vec![(new.clone(), 1.0)],
        }
    }

    /// One merge, with running statistics that fit it, and what data say of it.
    fn merge(&self, policy: Policy, new: &Trained, cx: &Ctx) -> Result<(Kept, Said)> {
        let spans = spans(&new.theta, |path| !self.stays(path));
        let mut sources = self.parts(policy, new);
        let start = self.start.as_ref().map_or(Vec::new(), |start| flat(&start.theta, &spans, 0.0));
        let part = |(of, share): &(Trained, f64)| Part {
            values: flat(&of.theta, &spans, 0.0),
            share: *share,
            fisher: if self.config.rule == Rule::Fisher { flat(&of.said.fisher, &spans, 0.0) } else { Vec::new() },
            grams: of.said.grams.iter().map(|(name, gram)| (name.to_owned(), doubles(gram))).collect(),
        };
        let mut parts =
            Parts { parts: sources.iter().map(part).collect(), start, spans: spans.clone(), blocks: cx.blocks() };
        if self.config.search > 0 && policy != Policy::All {
            let share = search::share(&parts, new, &self.config, cx)?;
            for ((part, source), share) in parts.parts.iter_mut().zip(&mut sources).zip([1.0 - share, share]) {
                (part.share, source.1) = (share, share);
            }
        }
        let width = |name: &str| new.said.grams.get(name).map(|gram| gram.shape[0]);
        if self.config.rule == Rule::Regmean && sources.len() > 1 {
            cx.meter().flops(rules::regmean_flops(&spans, sources.len(), width));
        }
        let n: usize = spans.iter().map(|span| span.at.len()).sum();
        let mut lots = |at: usize| {
            let mut rng = cx.draws.rng(&format!("merge {}", policy.name()), at as u64);
            (0..n).map(|_| rng.random::<f64>()).collect()
        };
        let merged = parts.merged(&self.config, &mut lots)?;
        let mut theta = new.theta.clone();
        theta.extend(whole(&merged, &spans, cx.device));
        Ok((fitted(theta, cx), mean(&sources)))
    }
}

fn doubles(array: &clbench::primitives::array::Array) -> Vec<f64> {
    array.values().into_iter().map(f64::from).collect()
}

impl Contribution for Merge {
    fn needs(&self) -> Vec<Need> {
        let mut needs = vec![Need::Deployment, Need::OneSet, Need::Point, Need::SteadyPaths, Need::SteadyValues];
        needs.extend(if self.config.rule == Rule::Fisher { self.config.fisher.needs() } else { &[] });
        needs
    }

    fn does_without(&self, need: Need) -> Option<&'static str> {
        ewc::Fisher::instead_of(need)
    }

    fn takes(&self) -> Vec<Taken> {
        vec![Need::Deployment.taken("says so itself")]
    }

    fn aside(&self) -> Result<usize> {
        Ok(self.save()?.len())
    }

    fn reserve(&self, cx: &Ctx) -> Result<Spent> {
        let Config { rule, lines, search, samples, .. } = self.config;
        // What is merged with nothing is as it was trained, statistics included.
        let changes = |policy: &Policy| rule.takes_vectors() || lines != Lines::Off || self.others(*policy) > 0;
        let mut price = cx.calibration_price()?.times(self.config.merges().filter(changes).count() as u64);
        match rule {
            Rule::Fisher => price += self.fisher().reserve(cx)?,
            Rule::Regmean => {
                price += cx.grams_price(samples)?;
                let theta = &cx.weights.theta;
                let width = |name: &str| {
                    let shape = &theta.get(&format!("{name}.weight"))?.shape;
                    Some(if shape.len() > 2 { shape[1..].iter().product() } else { shape[0] })
                };
                for others in self.config.merges().map(|policy| self.others(policy)).filter(|others| *others > 0) {
                    price.flops += rules::regmean_flops(&spans(theta, |_| true), others + 1, width);
                }
            }
            _ => {}
        }
        if search > 0 {
            let pairs = self.config.merges().filter(|policy| *policy != Policy::All).count();
            price += search::price(&self.config, cx)?.times(pairs as u64);
        }
        Ok(price)
    }

    fn task_start(&mut self, cx: &mut Ctx) -> Result<()> {
        let init = self.config.init;
        let kept = if init == Policy::Start { self.start.as_ref() } else { self.kept.get(&init) };
        if let Some(kept) = kept {
            let mut from = kept.within(cx.weights);
            let own = cx.weights.theta.iter().filter(|(path, _)| self.stays(path));
            from.theta.extend(own.map(|(path, array)| (path.to_owned(), array.clone())).collect());
            *cx.weights = from;
        }
        // What was only there to start from has served.
        if init != self.config.deploy && init != Policy::Running {
            self.kept.remove(&init);
        }
        Ok(())
    }

    /// Adds nothing: it is called first when all hooks before the first step are through, so that the start has every
    /// path that is trained.
    fn loss(&mut self, cx: &mut Ctx, _: &mut Pass, _: &Batch, _: &Fit) -> Result<Option<Tensor<1>>> {
        if cx.experience == 0 && self.start.is_none() {
            self.start = Some(Kept::of(cx.weights));
        }
        Ok(None)
    }

    fn task_end(&mut self, cx: &mut Ctx) -> Result<()> {
        let policies: Vec<Policy> = self.config.merges().collect();
        if !policies.is_empty() {
            let new = Trained { theta: cx.weights.theta.clone(), said: self.ask(cx)? };
            if policies.contains(&Policy::All) {
                self.trained.push(new.clone());
            }
            for policy in policies {
                let (merged, said) = self.merge(policy, &new, cx)?;
                if policy == Policy::Running {
                    self.running = said;
                }
                self.kept.insert(policy, merged);
            }
        }
        if !self.config.keeps_start() {
            self.start = None;
        }
        Ok(())
    }

    fn deploy(&self, _: &Deploy, weights: &Weights, next: &Next) -> Result<Box<dyn Predictor>> {
        match self.kept.get(&self.config.deploy) {
            Some(kept) => next(&kept.within(weights)),
            None => next(weights),
        }
    }
}
