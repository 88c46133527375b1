//! Where a run's first weights come from: drawn, out of a file, or pretrained on the stream's pool.
//!
//! A pretraining is training like any other (network, optimizer, schedule and batch are the stream's) on the pool's
//! training examples. It is done once for each configuration and seed, kept below the runs in `.starts/`, and shared by
//! all methods; it is charged to nobody, as Roth et al. 2024, <https://arxiv.org/abs/2408.14471>, charge no method for
//! the model that they begin with.

mod file;

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use anyhow::{Context, Result, bail, ensure};
use clbench_results::atomic::open_plain;
use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest, Sha256};
use toml::{Table, Value};

pub(crate) use self::file::Given;
pub use self::file::{File, Found};
use crate::{
    budget::{Budget, Train},
    config::{Config, Setup},
    dataset::hex,
    execute::Watch,
    files::Files,
    folder::refuse_link,
    kept,
    mixture::Mixture,
    net::Net,
    pass::Weights,
    registry::{Shelf, typed},
    run::{Nowhere, Run},
    scope::HeadKind,
    stream::{Experience, Part, Stream},
    text::Dual,
    weights,
};

/// First line of a file of pretrained weights, which are safetensors.
const HEAD: &[u8] = b"clbench start 1\n";

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

/// How long and how fast the pool is trained on; all else is the stream's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pretrain {
    /// Times that each example of the pool is seen.
    pub epochs: Option<u64>,
    /// Steps, in place of epochs.
    pub steps: Option<u64>,
    /// Full learning rate; the stream's where not set.
    pub rate: Option<f64>,
    /// Seed of the pretraining, for all runs alike; each run's own where not set.
    pub seed: Option<u64>,
}

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
        const KINDS: &str = "there are random, file, pretrain";
        let mut table = match value {
            Value::String(kind) => Table::from_iter([("kind".to_owned(), kind.into())]),
            Value::Table(table) => table,
            other => bail!("start = {other} is neither a name nor a table; {KINDS}"),
        };
        let kind = table.remove("kind").with_context(|| format!("start.kind is missing; {KINDS}"))?;
        match kind.as_str() {
            Some("random") => {
                ensure!(table.is_empty(), "start.kind = \"random\" has no settings");
                Ok(Self::Random)
            }
            Some("file") => Ok(Self::File(typed(table).context("in [start]")?)),
            Some("pretrain") => Ok(Self::Pretrain(typed(table).context("in [start]")?)),
            _ => bail!("unknown start {kind}, the `kind` of [start]; {KINDS}"),
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
        let ((Some(steps), None) | (None, Some(steps))) = (of.epochs, of.steps) else {
            bail!("set either start.epochs or start.steps")
        };
        ensure!((1..=1 << 32).contains(&steps), "start.epochs or start.steps = {steps} is not between 1 and 2^32");
        let rate = of.rate.unwrap_or(1.0);
        ensure!(rate > 0.0 && rate.is_finite(), "start.rate = {rate} is not above 0");
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
    /// The weights that a run with `seed` begins with; none where they are drawn, and none when `stop` was set.
    pub(crate) fn weights(
        &self,
        setup: &Setup,
        seed: u64,
        runs: &Path,
        shelf: &Shelf,
        watch: &dyn Watch,
        stop: &AtomicBool,
    ) -> Result<Option<Given>> {
        match self {
            Self::Random => Ok(None),
            Self::File(file) => Ok(Some(Given::Foreign(file.clone(), file.tensors()?))),
            Self::Pretrain(of) => Ok(of.weights(setup, seed, runs, shelf, watch, stop)?.map(Given::Own)),
        }
    }
}

impl Pretrain {
    /// Tells it from every other: network, recipe, pool, length and seed.
    fn id(&self, setup: &Setup, seed: u64) -> String {
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
        let texts = config.text.as_ref().map(crate::text::Config::unlocked);
        let text = format!(
            "clbench {} {:?} {texts:?} {pool:?} {data:?} {:?} {net:?} {optim:?} {schedule:?} {} {head:?} {device} {self:?} {seed}",
            env!("CARGO_PKG_VERSION"),
            stream.universe.shape,
            stream.scaling,
            train.batch
        );
        hex(&Sha256::digest(text))
    }
    /// The weights, from before or made now; none when `stop` was set.
    fn weights(
        &self,
        setup: &Setup,
        seed: u64,
        runs: &Path,
        shelf: &Shelf,
        watch: &dyn Watch,
        stop: &AtomicBool,
    ) -> Result<Option<Weights>> {
        let own = self.seed.unwrap_or(seed);
        let (folder, id) = (runs.join(".starts"), self.id(setup, own));
        refuse_link(&folder)?;
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let place = folder.join(format!("{}.start", &id[..24]));
        let device = crate::device::open(&setup.config.device)?;
        // Whoever comes second waits for the first, and finds the weights.
        let lock = open_plain(&folder.join(format!("{}.lock", &id[..24])))?;
        lock.lock().context("cannot lock the pretrained start")?;
        let found = kept::read(&place, HEAD, weights::MOST_BYTES)
            .and_then(|bytes| bytes.map(|bytes| weights::from_safetensors(&bytes, &device)).transpose());
        match found {
            Ok(Some(weights)) => return Ok(Some(weights)),
            Ok(None) => {}
            Err(error) => watch.note(seed, &format!("{} is spoilt and made anew: {error:#}", place.display())),
        }
        watch.note(seed, "pretrains on the pool");
        let pretraining = self.setup(setup, own);
        let mut run = Run::new(&pretraining, own, shelf)?;
        while !run.is_over() {
            if stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
            run.advance(&mut Nowhere)?;
            watch.at(seed, &run);
        }
        if let Some(reason) = &run.state.diverged {
            bail!("the pretraining diverged: {reason}; lower start.rate");
        }
        let weights = std::mem::take(&mut run.state.weights);
        kept::write(&place, HEAD, &weights::to_safetensors(&weights)?)?;
        Ok(Some(weights))
    }
    /// The network, whose scope is the pool where classes that were seen count: the same however the stream arrives.
    fn net(of: &Setup) -> Net {
        let mut net = of.net.clone();
        net.heads.seen = vec![vec![of.stream.tasks.len()]];
        net
    }
    /// What trains the plain network on the pool alone.
    fn setup(&self, of: &Setup, seed: u64) -> Setup {
        let pool = of.stream.pool.as_ref().expect("a pool was checked for");
        let indices: Vec<u32> = (0..pool.train.len() as u32).collect();
        let part = Part { task: of.stream.tasks.len(), indices: indices.into(), rehearsed: false };
        let stream = Stream {
            experiences: vec![Experience::new(vec![part])],
            policy: None,
            probes: Vec::new(),
            ..of.stream.clone()
        };
        let Train { batch, .. } = of.config.train;
        let mut optim = of.optim.clone();
        optim.rate = self.rate.unwrap_or(optim.rate);
        let config = Config {
            // The plain network of every stack.
            method: String::new(),
            methods: Table::new(),
            seed,
            start: Start::Random,
            train: Train { batch, epochs: self.epochs, steps: self.steps },
            mixture: Mixture::default(),
            budget: Budget::default(),
            ..of.config.clone()
        };
        let (net, dual) = (Self::net(of), of.dual.as_ref().map(Dual::unlocked));
        Setup { config, stream, net, dual, optim, asks: false, overrides: Vec::new(), revision: of.revision }
    }
}
