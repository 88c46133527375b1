//! What can be chosen in a merge.

use serde::{Deserialize, Deserializer, Serialize, de::Error};

use crate::regularisation::ewc::{Fisher, by_name};

/// Which weights: what the next experience starts from, or what is deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// Those with which the stream began, θ₀.
    Start,
    /// Those that were trained last, θₜ.
    Last,
    /// The running merge rₜ = merge(θₜ, rₜ₋₁), from r₀ = θ₀ on.
    Running,
    /// One merge of the trained weights of all experiences so far, θ₁ … θₜ.
    All,
    /// merge(θₜ, θ₀).
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
    pub fn takes_density(self) -> bool {
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
}
