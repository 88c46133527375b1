//! What can be chosen in a merge.

use clbench::catalogue::{Choice, Range};
use serde::{Deserialize, Deserializer, de::Error};

use crate::regularisation::ewc::{Fisher, by_name};

clbench::choice! {
    /// Which weights: what the next experience starts from, or what is deployed.
    #[derive(PartialOrd, Ord)]
    pub enum Policy {
        /// Those with which the stream began, θ₀.
        Start = "start",
        /// Those that were trained last, θₜ.
        Last = "last",
        /// The running merge rₜ = merge(θₜ, rₜ₋₁), from r₀ = θ₀ on.
        Running = "running",
        /// One merge of the trained weights of all experiences so far, θ₁ … θₜ.
        All = "all",
        /// merge(θₜ, θ₀).
        WithStart = "with-start",
    }
}

impl Policy {
    /// Its name in a stream file.
    pub fn name(self) -> &'static str {
        self.word()
    }
    /// Whether it is a merge at all.
    pub fn merges(self) -> bool {
        matches!(self, Self::Running | Self::All | Self::WithStart)
    }
}

clbench::choice! {
    /// How several sets of weights become one; formulas and sources stand at each rule.
    pub enum Rule {
        /// Σ wᵢθᵢ.
        Interpolation = "interpolation",
        /// Along the arc between two.
        Slerp = "slerp",
        /// θ₀ + λΣτᵢ.
        TaskArithmetic = "task-arithmetic",
        /// Trim, elect signs, combine.
        Ties = "ties",
        /// Values dropped at random and made up for, then summed.
        Dare = "dare",
        /// Values dropped at random, then signs elected.
        DareTies = "dare-ties",
        /// Each tensor's largest and smallest values dropped, then summed.
        Breadcrumbs = "breadcrumbs",
        /// The largest of each.
        Magmax = "magmax",
        /// Towards the mean as far as angles say.
        ModelStock = "model-stock",
        /// Means weighted by Fisher information.
        Fisher = "fisher",
        /// Matrices that fit all layers' inputs best.
        Regmean = "regmean",
        /// Each value of one of them, by lot.
        Random = "random",
    }
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

clbench::choice! {
    /// What becomes of the values that have the elected sign.
    pub enum Combine {
        /// Their mean.
        Mean = "mean",
        /// Their sum.
        Sum = "sum",
        /// The largest.
        Max = "max",
    }
}

clbench::choice! {
    /// How the share of weights in a merge of all grows with their number i = 1 … n.
    pub enum Ages {
        /// All the same.
        Uniform = "uniform",
        /// ln(1 + i).
        Log = "log",
        /// √i.
        Sqrt = "sqrt",
        /// i.
        Linear = "linear",
        /// i².
        Quadratic = "quadratic",
        /// i³.
        Cubic = "cubic",
        /// i⁵.
        Fifth = "fifth",
        /// i¹⁰.
        Tenth = "tenth",
        /// 2ⁱ.
        Exp = "exp",
    }
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

clbench::choice! {
    /// How the factor of layer-wise scaling grows from the input on.
    pub enum Lines {
        /// It is 1 everywhere.
        Off = "off",
        /// With the depth.
        Linear = "linear",
        /// With its square.
        Square = "square",
        /// With its root.
        Sqrt = "sqrt",
    }
}

clbench::choice! {
    /// What becomes of the head.
    pub enum Head {
        /// It is merged like everything else.
        Merge = "merge",
        /// It stays as it was trained last, whatever the next experience starts from.
        Last = "last",
    }
}

/// What may be deployed: all but the start, which never learned anything.
const DEPLOYED: &[&str] = Policy::WORDS.split_at(1).1;

clbench::settings! {
    /// Settings of `merge` and of all its presets.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Config {
        /// What the next experience starts from.
        pub init: Policy = Policy::Running;
        /// What answers.
        pub deploy: Policy = Policy::Running, Range::Choice(DEPLOYED);
        /// How several sets of weights become one.
        pub rule: Rule = Rule::Interpolation;
        /// Share of the new weights in a merge of two, α; for rules that give shares.
        pub weight: f64 = 0.5, Range::Within(0.0, 1.0);
        /// Parts of 0..1 among which the loss chooses that share, as PAINT does; 0 for none.
        pub search: usize = 0, Range::Whole(0, 100);
        /// Factor of the merged task vector, λ; task arithmetic's paper has 0.3 to 0.4.
        pub scale: f64 = 1.0, Range::AtLeast(0.0);
        /// Share of a task vector that is kept: 1 − p of DARE, k of TIES; TIES has 0.2, breadcrumbs has 0.1 to 0.15.
        pub density: f64 = 0.2, Range::Within(1e-6, 1.0);
        /// Share of the largest values that breadcrumbs drops, γ.
        pub top: f64 = 0.01, Range::From(0.0, 1.0);
        /// What ties makes of values of the elected sign.
        pub combine: Combine = Combine::Mean;
        /// How shares in a merge of all grow with the number of the task.
        pub ages: Ages = Ages::Uniform;
        /// Whether older weights have the larger shares.
        pub reverse: bool = false;
        /// Tasks that have to agree on a value for it to be kept, k; 0 for no such mask.
        pub consensus: usize = 0, Range::Whole(0, 1 << 20);
        /// How much of a value a task must have to agree, λ of TALL masks.
        pub agreement: f64 = 0.4, Range::AtLeast(0.0);
        /// How the scale of task vectors grows with depth.
        #[serde(deserialize_with = "lines")]
        pub lines: Lines = Lines::Off;
        /// That scale at the input and outside of blocks, α of LiNeS.
        pub shallow: f64 = 0.5, Range::AtLeast(0.0);
        /// What is added to it up to the head, β of LiNeS.
        pub deeper: f64 = 0.5, Range::AtLeast(0.0);
        /// Whether the head is merged or stays as trained last.
        pub head: Head = Head::Merge;
        /// Kind of Fisher, as ewc has them.
        #[serde(deserialize_with = "by_name")]
        pub fisher: Fisher = Fisher::Sampled;
        /// Examples for a Fisher, for products of inputs, or for a search.
        pub samples: usize = 200, Range::Whole(1, i64::MAX);
        /// Factor of inner products of different inputs, α of RegMean.
        pub off_diagonal: f64 = 0.9, Range::Within(0.0, 1.0);
    }
}

/// On a command line the word `off` may arrive as a truth value.
fn lines<'de, D: Deserializer<'de>>(from: D) -> Result<Lines, D::Error> {
    match toml::Value::deserialize(from)? {
        toml::Value::Boolean(false) => Ok(Lines::Off),
        name => name.try_into().map_err(D::Error::custom),
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
