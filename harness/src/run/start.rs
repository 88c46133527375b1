//! The first weights of a run: out of a file, or pretrained on the stream's pool, once for all that ask for the same.

use std::fs;

use anyhow::{Context, Result, bail};
use clbench_results::store::atomic::open_plain;
use toml::Table;

use super::{Job, Nowhere, Run};
use crate::{
    batch::mixture::Mixture,
    budget::{Budget, Train},
    config::{Config, Given, Pretrain, Setup, Start},
    method::Dual,
    network::{pass::Weights, weights},
    primitives::{device, sealed},
    stream::{Experience, Part, Stream},
};

/// First line of a file of pretrained weights, which are safetensors.
const HEAD: &[u8] = b"clbench start 1\n";

impl Start {
    /// The weights that a run begins with; none where they are drawn, and none when it was stopped.
    pub(crate) fn weights(&self, job: &Job) -> Result<Option<Given>> {
        match self {
            Self::Random => Ok(None),
            Self::File(file) => Ok(Some(Given::Foreign(file.clone(), file.tensors()?))),
            Self::Pretrain(of) => Ok(of.weights(job)?.map(Given::Own)),
        }
    }
}

impl Pretrain {
    /// The weights, from before or made now; none when it was stopped.
    fn weights(&self, job: &Job) -> Result<Option<Weights>> {
        let Job { setup, seed, runs, shelf, .. } = *job;
        let own = self.seed.unwrap_or(seed);
        let (folder, id) = (runs.join(".starts"), self.id(setup, own));
        sealed::refuse_link(&folder)?;
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let place = folder.join(format!("{}.start", &id[..24]));
        let device = device::open(&setup.config.device)?;
        // Whoever comes second waits for the first, and finds the weights.
        let lock = open_plain(&folder.join(format!("{}.lock", &id[..24])))?;
        lock.lock().context("cannot lock the pretrained start")?;
        let found = sealed::read(&place, HEAD, weights::MOST_BYTES)
            .and_then(|bytes| bytes.map(|bytes| weights::from_safetensors(&bytes, &device)).transpose());
        match found {
            Ok(Some(weights)) => return Ok(Some(weights)),
            Ok(None) => {}
            Err(error) => job.note(&format!("{} is spoilt and made anew: {error:#}", place.display())),
        }
        job.note("pretrains on the pool");
        let pretraining = self.setup(setup, own);
        let mut run = Run::new(&pretraining, own, shelf)?;
        while !run.is_over() {
            if job.is_stopped() {
                return Ok(None);
            }
            run.advance(&mut Nowhere)?;
            job.watch.at(seed, &run);
        }
        if let Some(reason) = &run.state.diverged {
            bail!("the pretraining diverged: {reason}; lower start.rate");
        }
        let weights = std::mem::take(&mut run.state.weights);
        sealed::write(&place, HEAD, &weights::to_safetensors(&weights)?)?;
        Ok(Some(weights))
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
