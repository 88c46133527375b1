//! The settings as the catalogue shows them, and what cannot be chosen together.

use anyhow::{Result, ensure};
use clbench::catalogue::{Range, Setting, Settings};
use toml::Table;

use super::{
    settings::{Ages, Config, Lines, Policy, Rule},
    stable,
};

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
    setting(
        "scale",
        "factor of the merged task vector, λ; task arithmetic's paper has 0.3 to 0.4",
        Range::AtLeast(0.0),
    ),
    setting(
        "density",
        "share of a task vector that is kept: 1 − p of DARE, k of TIES; TIES has 0.2, breadcrumbs has 0.1 to 0.15",
        Range::Within(1e-6, 1.0),
    ),
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
    /// The rule's name in a stream file.
    fn rule_name(&self) -> &'static str {
        RULES[self.rule as usize]
    }

    /// Refuses a value that changes nothing.
    fn used(&self) -> Result<()> {
        let [own, usual] = [self, &Self::default()].map(|of| Table::try_from(of).expect("settings are a table"));
        let (rule, search) = (self.rule, self.search > 0);
        let merges = self.merges().next().is_some();
        let pairs = self.uses(Policy::Running) || self.uses(Policy::WithStart);
        for (key, matters) in [
            ("weight", rule.takes_shares() && pairs && !search),
            ("search", rule == Rule::Interpolation && pairs),
            ("scale", rule.takes_vectors()),
            ("density", rule.takes_density()),
            ("top", rule == Rule::Breadcrumbs),
            ("combine", rule.elects()),
            ("ages", rule.takes_shares() && self.uses(Policy::All)),
            ("reverse", self.ages != Ages::Uniform),
            ("consensus", rule.takes_vectors()),
            ("agreement", self.consensus != 0),
            ("shallow", self.lines != Lines::Off),
            ("deeper", self.lines != Lines::Off),
            ("fisher", rule == Rule::Fisher),
            ("samples", rule.takes_data() || search),
            ("off_diagonal", rule == Rule::Regmean),
        ] {
            ensure!(
                (matters && merges) || own.get(key) == usual.get(key),
                "{key} changes nothing with rule = \"{}\", init = \"{}\" and deploy = \"{}\"; leave it out",
                self.rule_name(),
                self.init.name(),
                self.deploy.name(),
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
            self.rule_name()
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
