//! What cannot be chosen together.

use anyhow::{Result, ensure};
use clbench::catalogue::{Choice, Settings};
use toml::Table;

use super::{
    settings::{Ages, Config, Lines, Policy, Rule},
    stable,
};

impl Config {
    /// The rule's name in a stream file.
    fn rule_name(&self) -> &'static str {
        self.rule.word()
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
        self.used()?;
        ensure!(
            self.rule != Rule::Slerp || !self.uses(Policy::All),
            "slerp merges two sets of weights and all are more; use running, which merges two at a time, or another \
             rule"
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
