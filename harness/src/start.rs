//! Where a run's first weights come from: drawn, out of a file, or pretrained on the stream's pool.
//!
//! A pretraining is training like any other (network, optimizer, schedule and batch are the stream's) on the pool's
//! training examples. It is done once for each configuration and seed, kept below the runs in `.starts/`, and shared by
//! all methods; it is charged to nobody, as Roth et al. 2024, <https://arxiv.org/abs/2408.14471>, charge no method for
//! the model that they begin with.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use anyhow::{Context, Result, bail, ensure};
use clbench_results::atomic;
use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest, Sha256};
use toml::{Table, Value};

use crate::{
    array::Array,
    budget::{Budget, Train},
    config::{Config, Setup},
    dataset::hex,
    execute::Watch,
    files::Files,
    mixture::Mixture,
    net::Net,
    pass::Weights,
    registry::{Shelf, typed},
    run::{Nowhere, Run},
    scope::HeadKind,
    stream::{Experience, Part, Stream},
    text::Dual,
    weights::{self, Tensors},
};

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

/// Weights out of a file; see [`weights::read_any`] for what can be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Path, relative to the stream file.
    pub path: String,
    /// SHA-256 of its content; filled in, and demanded where it is there.
    pub sha256: Option<String>,
    /// Where it lies.
    #[serde(skip)]
    pub(crate) place: PathBuf,
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
            let place = files.find(&file.path, &[])?;
            let digest = digest(&place).with_context(|| format!("start.path: cannot read {}", place.display()))?;
            if let Some(wanted) = &file.sha256 {
                ensure!(
                    *wanted == digest,
                    "{} has SHA-256 {digest}, and start.sha256 demands {wanted}",
                    place.display()
                );
            }
            file.sha256 = Some(digest);
            file.place = place;
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
            _ => bail!("unknown start {kind}; {KINDS}"),
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
            Self::File(file) => format!("file {}", &file.sha256.as_deref().unwrap_or_default()[..12]),
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
            Self::File(file) => Ok(Some(Given::Foreign(weights::read_any(&file.place)?))),
            Self::Pretrain(of) => Ok(of.weights(setup, seed, runs, shelf, watch, stop)?.map(Given::Own)),
        }
    }
}

/// SHA-256 of a file in hexadecimal digits, read piece by piece.
fn digest(path: &Path) -> Result<String> {
    ensure!(fs::metadata(path)?.is_file(), "not a plain file");
    let (mut hash, mut file, mut room) = (Sha256::new(), fs::File::open(path)?, vec![0; 1 << 16]);
    loop {
        match file.read(&mut room)? {
            0 => return Ok(hex(&hash.finalize())),
            count => hash.update(&room[..count]),
        }
    }
}

/// Weights to begin with.
pub(crate) enum Given {
    /// Of the stream's own plain network.
    Own(Weights),
    /// By the names that a file has.
    Foreign(Tensors),
}

impl Given {
    /// Puts them in the place of drawn ones; what a carrier has beside them stays as it was drawn.
    ///
    /// # Errors
    /// When a shape differs, or nothing of the network's body is there.
    pub(crate) fn put(self, to: &mut Weights, setup: &Setup) -> Result<()> {
        let from = match self {
            Self::Own(from) => from,
            Self::Foreign(tensors) => return foreign(tensors, to, setup),
        };
        let mut found = 0;
        for of in [&from.theta, &from.frozen, &from.buffers] {
            for (path, array) in of.iter() {
                found += usize::from(replace(to, path, array.clone())?);
            }
        }
        ensure!(found > 0, "`{}` has no weights of a plain network, so it cannot start from some", setup.config.method);
        Ok(())
    }
}

/// Puts a file's tensors in place, under the paths that the body knows for their names; a head of another width stays
/// as it was drawn.
fn foreign(tensors: Tensors, to: &mut Weights, setup: &Setup) -> Result<()> {
    let mut found = 0;
    let device = crate::device::open(&setup.config.device)?;
    for (name, (shape, values)) in tensors {
        let Some(path) = setup.net.body.path_of(&name) else { continue };
        let array = Array::new(&shape, values, &device);
        let put = replace(to, &path, array);
        if path.starts_with("head") {
            continue;
        }
        found += usize::from(put?);
    }
    ensure!(
        found > 0,
        "start.path holds no tensor of the network's body; its paths are those of `clbench list`'s bodies"
    );
    Ok(())
}

/// Whether there is a tensor at `path`, now replaced.
fn replace(to: &mut Weights, path: &str, array: Array) -> Result<bool> {
    for part in [&mut to.theta, &mut to.frozen, &mut to.buffers] {
        let Some(there) = part.get(path) else { continue };
        ensure!(
            there.shape == array.shape,
            "the start has shape {:?} at `{path}` and the network {:?}",
            array.shape,
            there.shape
        );
        part.insert(path.to_owned(), array);
        return Ok(true);
    }
    Ok(false)
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
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let place = folder.join(format!("{}.safetensors", &id[..24]));
        let device = crate::device::open(&setup.config.device)?;
        // Whoever comes second waits for the first, and finds the weights.
        let lock = fs::File::create(folder.join(format!("{}.lock", &id[..24])))?;
        lock.lock().context("cannot lock the pretrained start")?;
        if let Ok(bytes) = fs::read(&place) {
            match weights::from_safetensors(&bytes, &device) {
                Ok(weights) => return Ok(Some(weights)),
                Err(error) => watch.note(seed, &format!("{} is spoilt and made anew: {error:#}", place.display())),
            }
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
        atomic::write_whole(&place, &weights::to_safetensors(&weights)?)?;
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
