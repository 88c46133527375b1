//! What can be chosen in a merge, and what cannot be chosen together.

use anyhow::{Result, ensure};
use clbench::{
    catalogue::{Range, Setting},
    registry::Settings,
};
use serde::{Deserialize, Deserializer, Serialize, de::Error};

use super::stable;
use crate::ewc::{Fisher, by_name};

/// Which weights: what the next experience starts from, or what is deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// Those with which the stream began, θ₀.
    Start,
    /// Those that were trained last, θ_t.
    Last,
    /// The running merge r_t = merge(θ_t, r_{t−1}), from r₀ = θ₀ on.
    Running,
    /// One merge of the trained weights of all experiences so far, θ₁ … θ_t.
    All,
    /// merge(θ_t, θ₀).
    WithStart,
}

impl Policy {
    /// Its name in a stream file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Last => "last",
            Self::Running => "running",
            Self::All => "all",
            Self::WithStart => "with-start",
        }
    }
    /// Whether it is a merge at all.
    pub fn merges(self) -> bool {
        matches!(self, Self::Running | Self::All | Self::WithStart)
    }
}

/// How several sets of weights become one; formulas and sources stand at each rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Σ wᵢθᵢ.
    Interpolation,
    /// Along the arc between two.
    Slerp,
    /// θ₀ + λΣτᵢ.
    TaskArithmetic,
    /// Trim, elect signs, combine.
    Ties,
    /// Values dropped at random and made up for, then summed.
    Dare,
    /// Values dropped at random, then signs elected.
    DareTies,
    /// Each tensor's largest and smallest values dropped, then summed.
    Breadcrumbs,
    /// The largest of each.
    Magmax,
    /// Towards the mean as far as angles say.
    ModelStock,
    /// Means weighted by Fisher information.
    Fisher,
    /// Matrices that fit all layers' inputs best.
    Regmean,
    /// Each value of one of them, by lot.
    Random,
}

impl Rule {
    /// Works on task vectors τ = θ − θ₀, which `scale` multiplies.
    pub fn takes_vectors(self) -> bool {
        use Rule::{Breadcrumbs, Dare, DareTies, Magmax, TaskArithmetic, Ties};
        matches!(self, TaskArithmetic | Ties | Dare | DareTies | Breadcrumbs | Magmax)
    }
    /// Gives each of the merged weights a share, which `weight` and `ages` set.
    pub fn takes_shares(self) -> bool {
        matches!(self, Self::Interpolation | Self::Slerp | Self::Fisher | Self::Regmean | Self::Random)
    }
    /// Asks of weights what training data say of them, so that weights without any, the start's, take no part.
    pub fn takes_data(self) -> bool {
        matches!(self, Self::Fisher | Self::Regmean)
    }
    /// Counts the start among the weights that it merges, where there are no others yet.
    pub fn joins_start(self) -> bool {
        !self.takes_vectors() && !self.takes_data() && self != Self::ModelStock
    }
    /// Leaves most of each task vector out.
    fn takes_density(self) -> bool {
        matches!(self, Self::Ties | Self::Dare | Self::DareTies | Self::Breadcrumbs)
    }
    /// Elects signs.
    pub fn elects(self) -> bool {
        matches!(self, Self::Ties | Self::DareTies)
    }
}

/// What becomes of the values that have the elected sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Combine {
    /// Their mean.
    Mean,
    /// Their sum.
    Sum,
    /// The largest.
    Max,
}

/// How the share of weights in a merge of all grows with their number i = 1 … n.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ages {
    /// All the same.
    Uniform,
    /// ln(1 + i).
    Log,
    /// √i.
    Sqrt,
    /// i.
    Linear,
    /// i².
    Quadratic,
    /// i³.
    Cubic,
    /// i⁵.
    Fifth,
    /// i¹⁰.
    Tenth,
    /// 2ⁱ.
    Exp,
}

impl Ages {
    /// Shares of `n` sets of weights from the oldest on, with sum 1; `reverse` has them the other way round.
    pub fn shares(self, n: usize, reverse: bool) -> Vec<f64> {
        let raw = |i: f64| match self {
            Self::Uniform => 1.0,
            Self::Log => (1.0 + i).ln(),
            Self::Sqrt => i.sqrt(),
            Self::Linear => i,
            Self::Quadratic => i.powi(2),
            Self::Cubic => i.powi(3),
            Self::Fifth => i.powi(5),
            Self::Tenth => i.powi(10),
            // Counted down from the newest, so that nothing overflows.
            Self::Exp => (i - n as f64).exp2(),
        };
        let mut shares: Vec<f64> = (1..=n).map(|i| raw(i as f64)).collect();
        if reverse {
            shares.reverse();
        }
        let sum: f64 = shares.iter().sum();
        shares.into_iter().map(|share| share / sum).collect()
    }
}

/// How the factor of layer-wise scaling grows from the input on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lines {
    /// It is 1 everywhere.
    Off,
    /// With the depth.
    Linear,
    /// With its square.
    Square,
    /// With its root.
    Sqrt,
}

/// What becomes of the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Head {
    /// It is merged like everything else.
    Merge,
    /// It stays as it was trained last, whatever the next experience starts from.
    Last,
}

/// Settings of `merge` and of all its presets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "`SETTINGS` describes each")]
pub struct Config {
    pub init: Policy,
    pub deploy: Policy,
    pub rule: Rule,
    pub weight: f64,
    pub search: usize,
    pub scale: f64,
    pub density: f64,
    pub top: f64,
    pub combine: Combine,
    pub ages: Ages,
    pub reverse: bool,
    pub consensus: usize,
    pub agreement: f64,
    #[serde(deserialize_with = "lines")]
    pub lines: Lines,
    pub shallow: f64,
    pub deeper: f64,
    pub head: Head,
    #[serde(deserialize_with = "by_name")]
    pub fisher: Fisher,
    pub samples: usize,
    pub off_diagonal: f64,
}

/// On a command line the word `off` may arrive as a truth value.
fn lines<'de, D: Deserializer<'de>>(from: D) -> Result<Lines, D::Error> {
    match toml::Value::deserialize(from)? {
        toml::Value::Boolean(false) => Ok(Lines::Off),
        name => name.try_into().map_err(D::Error::custom),
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            init: Policy::Running,
            deploy: Policy::Running,
            rule: Rule::Interpolation,
            weight: 0.5,
            search: 0,
            scale: 1.0,
            density: 0.2,
            top: 0.01,
            combine: Combine::Mean,
            ages: Ages::Uniform,
            reverse: false,
            consensus: 0,
            agreement: 0.4,
            lines: Lines::Off,
            shallow: 0.5,
            deeper: 0.5,
            head: Head::Merge,
            fisher: Fisher::Sampled,
            samples: 200,
            off_diagonal: 0.9,
        }
    }
}

const fn setting(key: &'static str, about: &'static str, range: Range) -> Setting {
    Setting { key, about, range }
}

const INITS: &[&str] = &["start", "last", "running", "all", "with-start"];
const DEPLOYS: &[&str] = &["last", "running", "all", "with-start"];
const RULES: &[&str] = &[
    "interpolation",
    "slerp",
    "task-arithmetic",
    "ties",
    "dare",
    "dare-ties",
    "breadcrumbs",
    "magmax",
    "model-stock",
    "fisher",
    "regmean",
    "random",
];
const AGES: &[&str] = &["uniform", "log", "sqrt", "linear", "quadratic", "cubic", "fifth", "tenth", "exp"];

/// All of it, as the catalogue shows it.
pub const SETTINGS: &[Setting] = &[
    setting("init", "what the next experience starts from", Range::Choice(INITS)),
    setting("deploy", "what answers", Range::Choice(DEPLOYS)),
    setting("rule", "how several sets of weights become one", Range::Choice(RULES)),
    setting(
        "weight",
        "share of the new weights in a merge of two, α; for rules that give shares",
        Range::Within(0.0, 1.0),
    ),
    setting(
        "search",
        "parts of 0..1 among which the loss chooses that share, as PAINT does; 0 for none",
        Range::Whole(0, 100),
    ),
    setting("scale", "factor of the merged task vector, λ", Range::AtLeast(0.0)),
    setting("density", "share of a task vector that is kept: 1 − p of DARE, k of TIES", Range::Within(1e-6, 1.0)),
    setting("top", "share of the largest values that breadcrumbs drops, γ", Range::From(0.0, 1.0)),
    setting("combine", "what ties makes of values of the elected sign", Range::Choice(&["mean", "sum", "max"])),
    setting("ages", "how shares in a merge of all grow with the number of the task", Range::Choice(AGES)),
    setting("reverse", "whether older weights have the larger shares", Range::Flag),
    setting(
        "consensus",
        "tasks that have to agree on a value for it to be kept, k; 0 for no such mask",
        Range::Whole(0, 1 << 20),
    ),
    setting("agreement", "how much of a value a task must have to agree, λ of TALL masks", Range::AtLeast(0.0)),
    setting(
        "lines",
        "how the scale of task vectors grows with depth",
        Range::Choice(&["off", "linear", "square", "sqrt"]),
    ),
    setting("shallow", "that scale at the input and outside of blocks, α of LiNeS", Range::AtLeast(0.0)),
    setting("deeper", "what is added to it up to the head, β of LiNeS", Range::AtLeast(0.0)),
    setting("head", "whether the head is merged or stays as trained last", Range::Choice(&["merge", "last"])),
    setting("fisher", "kind of Fisher, as ewc has them", Range::Choice(&["true", "sampled", "empirical", "batch"])),
    setting("samples", "examples for a Fisher, for products of inputs, or for a search", Range::Whole(1, i64::MAX)),
    setting("off_diagonal", "factor of inner products of different inputs, α of RegMean", Range::Within(0.0, 1.0)),
];

impl Config {
    /// Whether one of the two choices is `policy`.
    pub fn uses(&self, policy: Policy) -> bool {
        self.init == policy || self.deploy == policy
    }
    /// The merges that are made, each once.
    pub fn merges(&self) -> impl Iterator<Item = Policy> {
        let second = (self.deploy != self.init).then_some(self.deploy);
        [Some(self.init), second].into_iter().flatten().filter(|policy| policy.merges())
    }
    /// Whether θ₀ is needed after the first merge.
    pub fn keeps_start(&self) -> bool {
        let measured = self.rule.takes_vectors() || self.rule == Rule::ModelStock || self.lines != Lines::Off;
        self.uses(Policy::Start) || self.uses(Policy::WithStart) || (measured && self.merges().next().is_some())
    }

    /// Refuses a value that changes nothing.
    fn used(&self) -> Result<()> {
        let (usual, rule) = (Self::default(), self.rule);
        let pairs = self.uses(Policy::Running) || self.uses(Policy::WithStart);
        for (key, changed, matters) in [
            ("weight", self.weight != usual.weight, rule.takes_shares() && pairs && self.search == 0),
            ("search", self.search != 0, rule == Rule::Interpolation && pairs),
            ("scale", self.scale != usual.scale, rule.takes_vectors()),
            ("density", self.density != usual.density, rule.takes_density()),
            ("top", self.top != usual.top, rule == Rule::Breadcrumbs),
            ("combine", self.combine != usual.combine, rule.elects()),
            ("ages", self.ages != usual.ages, rule.takes_shares() && self.uses(Policy::All)),
            ("reverse", self.reverse, self.ages != Ages::Uniform),
            ("consensus", self.consensus != 0, rule.takes_vectors()),
            ("agreement", self.agreement != usual.agreement, self.consensus != 0),
            ("shallow", self.shallow != usual.shallow, self.lines != Lines::Off),
            ("deeper", self.deeper != usual.deeper, self.lines != Lines::Off),
            ("fisher", self.fisher != usual.fisher, rule == Rule::Fisher),
            ("samples", self.samples != usual.samples, rule.takes_data() || self.search != 0),
            ("off_diagonal", self.off_diagonal != usual.off_diagonal, rule == Rule::Regmean),
        ] {
            ensure!(
                !changed || matters || self.merges().next().is_none(),
                "{key} changes nothing with rule = \"{rule}\", init = \"{}\" and deploy = \"{}\"; leave it out",
                self.init.name(),
                self.deploy.name(),
                rule = RULES[rule as usize],
            );
        }
        Ok(())
    }
}

impl Settings for Config {
    fn check(&self) -> Result<()> {
        ensure!(self.deploy != Policy::Start, "deploy = \"start\" never answers with what was learned; use last");
        self.used()?;
        ensure!(
            self.rule != Rule::Slerp || !self.uses(Policy::All),
            "slerp merges two sets of weights and all are more; use running, which merges two at a time, or another rule"
        );
        ensure!(
            !(self.rule.takes_data() || self.rule == Rule::ModelStock) || !self.uses(Policy::WithStart),
            "{} weighs what was trained, and the start was not; use running or all in place of with-start",
            RULES[self.rule as usize]
        );
        ensure!(
            self.rule != Rule::Breadcrumbs || self.density + self.top <= 1.0,
            "density = {} and top = {} are more than all; make one of them smaller",
            self.density,
            self.top
        );
        stable::check(self)
    }
}
