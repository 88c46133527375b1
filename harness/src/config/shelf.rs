//! What there is, by name: explicit ordered lists of datasets, kinds of stream, methods and optimizers.

use anyhow::Result;

use crate::{
    catalogue::pick,
    data::{Format, Source},
    method::Method,
    network::features,
    optim::{self, Rule},
    stream::{Alteration, Arrival, Environment, Kind, Ordering, StreamParts},
};

/// Everything that a program knows by name.
pub struct Shelf {
    /// Datasets.
    pub datasets: Vec<&'static dyn Source>,
    /// Pretrained weights, which are fetched and verified like datasets; to open one as such is an error.
    pub models: Vec<&'static dyn Source>,
    /// Ways to open a user's own data; those of the harness stand here from the start.
    pub formats: Vec<Format>,
    /// What streams are made of; what is usual stands in it from the start.
    pub streams: StreamParts,
    /// Methods; the first is run where a stream file names none.
    pub methods: Vec<Method>,
    /// Optimizers; those of the harness stand here from the start.
    pub rules: Vec<Rule>,
    /// Source revision of the program, for results to name; empty if unknown.
    pub revision: &'static str,
}

impl Default for Shelf {
    fn default() -> Self {
        Self {
            datasets: Vec::new(),
            models: Vec::new(),
            formats: vec![features::FORMAT],
            streams: StreamParts::usual(),
            methods: Vec::new(),
            rules: optim::catalogue(),
            revision: "",
        }
    }
}

impl Shelf {
    /// Adds datasets.
    pub fn datasets(mut self, more: impl IntoIterator<Item = &'static dyn Source>) -> Self {
        self.datasets.extend(more);
        self
    }
    /// Adds pretrained weights.
    pub fn models(mut self, more: impl IntoIterator<Item = &'static dyn Source>) -> Self {
        self.models.extend(more);
        self
    }
    /// Adds ways to open a user's own data.
    pub fn formats(mut self, more: impl IntoIterator<Item = Format>) -> Self {
        self.formats.extend(more);
        self
    }
    /// Adds kinds of stream.
    pub fn kinds(mut self, more: impl IntoIterator<Item = Kind>) -> Self {
        self.streams.kinds.extend(more);
        self
    }
    /// Adds orderings.
    pub fn orderings(mut self, more: impl IntoIterator<Item = Ordering>) -> Self {
        self.streams.orderings.extend(more);
        self
    }
    /// Adds alterations.
    pub fn alterations(mut self, more: impl IntoIterator<Item = Alteration>) -> Self {
        self.streams.alterations.extend(more);
        self
    }
    /// Adds arrivals.
    pub fn arrivals(mut self, more: impl IntoIterator<Item = Arrival>) -> Self {
        self.streams.arrivals.extend(more);
        self
    }
    /// Adds environments.
    pub fn environments(mut self, more: impl IntoIterator<Item = Environment>) -> Self {
        self.streams.environments.extend(more);
        self
    }
    /// Adds all that streams are made of.
    pub fn streams(mut self, more: StreamParts) -> Self {
        self.streams.add(more);
        self
    }
    /// Adds methods.
    pub fn methods(mut self, more: impl IntoIterator<Item = Method>) -> Self {
        self.methods.extend(more);
        self
    }
    /// Adds optimizers.
    pub fn rules(mut self, more: impl IntoIterator<Item = Rule>) -> Self {
        self.rules.extend(more);
        self
    }
    /// Names the program's source revision.
    pub fn revision(self, revision: &'static str) -> Self {
        Self { revision, ..self }
    }
    /// The dataset called `name`, or what there is.
    pub fn dataset(&self, name: &str) -> Result<&'static dyn Source> {
        Ok(*pick("dataset", name, &self.datasets, |source| source.name())?)
    }
    /// What can be fetched: datasets, then models.
    pub fn fetched(&self) -> Vec<&'static dyn Source> {
        self.datasets.iter().chain(&self.models).copied().collect()
    }
    /// The dataset or the model called `name`, or what there is.
    pub fn fetched_as(&self, name: &str) -> Result<&'static dyn Source> {
        let all = self.fetched();
        Ok(*pick("dataset", name, &all, |source| source.name())?)
    }
    /// The method called `name`, or what there is.
    pub fn method(&self, name: &str) -> Result<&Method> {
        pick("method", name, &self.methods, |method| method.name)
    }
    /// The optimizer called `name`, or what there is.
    pub fn rule(&self, name: &str) -> Result<&Rule> {
        pick("optimizer", name, &self.rules, |rule| rule.name)
    }
}
