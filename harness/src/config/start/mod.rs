//! Where a run's first weights come from: drawn, out of a file, or pretrained on the stream's pool.
//!
//! A pretraining is training like any other (network, optimizer, schedule and batch are the stream's) on the pool's
//! training examples. It is done once for each configuration and seed, kept below the runs in `.starts/`, and shared by
//! all methods; it is charged to nobody, as Roth et al. 2024, <https://arxiv.org/abs/2408.14471>, charge no method for
//! the model that they begin with.

mod file;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest, Sha256};
use toml::{Table, Value};

pub(crate) use self::file::Given;
pub use self::file::{File, Found};
use super::{Config, Setup};
use crate::{
    catalogue::{Range, Settings, section},
    data::files::Files,
    network::net::Net,
    primitives::{hex::hex, scope::HeadKind},
    stream::Stream,
};

/// What a start may be.
pub(super) const KINDS: &[&str] = &["random", "file", "pretrain"];

/// Where the first weights come from: the stream file's `start`, a name or a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Start {
    /// Drawn by the run's seed.
    #[default]
    Random,
    /// Out of a file.
    File(File),
    /// Trained on the pretraining pool.
    Pretrain(Pretrain),
}

crate::catalogue::settings! {
    /// How long and how fast the pool is trained on; all else is the stream's.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Pretrain {
        /// Times that each example of the pool is seen.
        pub epochs: Option<u64> = None, Range::Whole(1, 1 << 32);
        /// Steps, in place of epochs.
        pub steps: Option<u64> = None, Range::Whole(1, 1 << 32);
        /// Full learning rate; the stream's where not set.
        pub rate: Option<f64> = None, Range::Above(0.0);
        /// Seed of the pretraining, for all runs alike; each run's own where not set.
        pub seed: Option<u64> = None;
    }
}

impl Settings for Pretrain {}

impl Serialize for Start {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(tag = "kind", rename_all = "kebab-case")]
        enum Tagged<'a> {
            File(&'a File),
            Pretrain(&'a Pretrain),
        }
        match self {
            Self::Random => serializer.serialize_str("random"),
            Self::File(file) => Tagged::File(file).serialize(serializer),
            Self::Pretrain(pretrain) => Tagged::Pretrain(pretrain).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Start {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::parse(value).map_err(|error| serde::de::Error::custom(format!("{error:#}")))
    }
}

impl Start {
    /// Reads `start = "random"` or `[start]`, and the file that it names.
    pub(crate) fn read(value: Option<Value>, files: &Files) -> Result<Self> {
        let mut start = value.map_or(Ok(Self::Random), Self::parse)?;
        if let Self::File(file) = &mut start {
            file.read(files)?;
        }
        Ok(start)
    }
    fn parse(value: Value) -> Result<Self> {
        let kinds = || format!("there are {}", KINDS.join(", "));
        let mut table = match value {
            Value::String(kind) => Table::from_iter([("kind".to_owned(), kind.into())]),
            Value::Table(table) => table,
            other => bail!("start = {other} is neither a name nor a table; {}", kinds()),
        };
        let kind = table.remove("kind").with_context(|| format!("start.kind is missing; {}", kinds()))?;
        match kind.as_str() {
            Some("random") => {
                ensure!(table.is_empty(), "start.kind = \"random\" has no settings");
                Ok(Self::Random)
            }
            Some("file") => Ok(Self::File(section("start", table)?)),
            Some("pretrain") => Ok(Self::Pretrain(section("start", table)?)),
            _ => bail!("unknown start {kind}, the `kind` of [start]; {}", kinds()),
        }
    }
    /// Refuses what does not fit the stream.
    pub(crate) fn check(&self, stream: &Stream) -> Result<()> {
        let Self::Pretrain(of) = self else { return Ok(()) };
        ensure!(
            stream.pool.is_some(),
            "start.kind = \"pretrain\" and there is no pretraining pool; name its datasets in stream.pool or set \
             stream.pool_share"
        );
        ensure!(of.epochs.is_some() != of.steps.is_some(), "set either start.epochs or start.steps");
        Ok(())
    }
    /// What tables say of it; runs that differ in it are not ranked together.
    pub(crate) fn words(&self, setup: &Setup) -> String {
        match self {
            Self::Random => "random".into(),
            Self::File(file) => file.words(),
            Self::Pretrain(of) => {
                let seed = of.seed.unwrap_or(0);
                let long = match (of.epochs, of.steps) {
                    (Some(epochs), _) => format!("{epochs} epochs"),
                    (_, steps) => format!("{} steps", steps.unwrap_or(0)),
                };
                format!("pretrained {long} {}", &of.id(setup, seed)[..6])
            }
        }
    }
    /// One line on what a file has for the network, where weights come from a file.
    pub(crate) fn told(&self) -> Option<String> {
        let Self::File(file) = self else { return None };
        file.found.as_ref().map(|found| format!("{}: {}", file.path, found.told()))
    }
}

impl Pretrain {
    /// Tells it from every other: network, recipe, pool, length and seed.
    pub(crate) fn id(&self, setup: &Setup, seed: u64) -> String {
        let (mut net, Setup { config, stream, .. }) = (Self::net(setup), setup);
        if net.heads.kind == HeadKind::Shared {
            // Which of a shared head's classes come together is nothing to the pool.
            net.heads.tasks.clear();
            net.heads.seen.clear();
        }
        let Config { optim, schedule, train, head, device, .. } = config;
        let pool = stream.pool.as_ref().map(|pool| pool.train.digest());
        let data: Vec<&str> = stream.universe.datasets.iter().map(|dataset| &dataset.hash[..]).collect();
        // What is locked in the stream is trained before it.
        let texts = config.text.as_ref().map(crate::network::text::Config::unlocked);
        let text = format!(
            "clbench {} {:?} {texts:?} {pool:?} {data:?} {:?} {net:?} {optim:?} {schedule:?} {} {head:?} {device} \
             {self:?} {seed}",
            env!("CARGO_PKG_VERSION"),
            stream.universe.shape,
            stream.scaling,
            train.batch
        );
        hex(&Sha256::digest(text))
    }
    /// The network, whose scope is the pool where classes that were seen count: the same however the stream arrives.
    pub(crate) fn net(of: &Setup) -> Net {
        let mut net = of.net.clone();
        net.heads.seen = vec![vec![of.stream.tasks.len()]];
        net
    }
}
