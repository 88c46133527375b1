//! A run as bytes: weights, optimizer, method state, ledger, position; refused where it belongs to another run.

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::{
    batch::memory::Memory,
    budget::{Horizon, Ledger, Spent},
    config::{Checkpoint, Config},
    network::pass::Weights,
    primitives::array::loading_onto,
    run::{Position, Run},
};

/// Version of the layout below.
const FORMAT: u32 = 3;

/// What a checkpoint belongs to.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Identity {
    format: u32,
    version: String,
    revision: String,
    config: String,
    stream: String,
}

impl Identity {
    fn of(run: &Run) -> Self {
        let config = Config { seed: run.seed, checkpoint: Checkpoint::default(), ..run.setup.config.clone() };
        Self {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").into(),
            revision: run.setup.revision.into(),
            config: toml::to_string(&config).expect("a configuration is TOML"),
            stream: run.setup.stream.hash.clone(),
        }
    }

    /// Names the first difference.
    fn check(&self, other: &Self) -> Result<()> {
        ensure!(
            (self.format, &self.version) == (other.format, &other.version),
            "the checkpoint was written by clbench {} (format {}), this is {} (format {})",
            self.version,
            self.format,
            other.version,
            other.format
        );
        ensure!(
            self.revision == other.revision,
            "the checkpoint was written by source revision {}, this is {}; the numbers may differ",
            self.revision,
            other.revision
        );
        let lines = self.config.lines().zip(other.config.lines()).find(|(a, b)| a != b);
        let (there, here) = lines.unwrap_or(("another length", "this length"));
        ensure!(
            self.config == other.config,
            "the checkpoint belongs to another configuration: it has `{there}`, this run has `{here}`"
        );
        ensure!(self.stream == other.stream, "the checkpoint belongs to another stream, {}", self.stream);
        Ok(())
    }
}

/// The layout of a checkpoint.
#[derive(Serialize, Deserialize)]
pub(crate) struct Saved {
    identity: Identity,
    weights: Weights,
    optim: ByteBuf,
    parts: Vec<ByteBuf>,
    ledger: Ledger,
    position: Position,
    horizons: Vec<Horizon>,
    price: Spent,
    reserve: Spent,
    buffer: Option<Memory<(u32, u32)>>,
    policy: Option<ByteBuf>,
    taken: Vec<Vec<Vec<u32>>>,
    state_bytes: Vec<u64>,
    peaks: Vec<u64>,
    reference: u64,
    diverged: Option<String>,
}

impl Saved {
    pub(crate) fn of(run: &Run) -> Result<Vec<u8>> {
        let state = &run.state;
        let saved = Self {
            identity: Identity::of(run),
            weights: state.weights.clone(),
            optim: ByteBuf::from(state.optim.save()?),
            parts: run.stack.save()?.into_iter().map(ByteBuf::from).collect(),
            ledger: state.ledger.clone(),
            position: state.position,
            horizons: state.horizons.clone(),
            price: state.price,
            reserve: state.reserve,
            buffer: state.buffer.clone(),
            policy: state.policy.as_ref().map(|policy| policy.save().map(ByteBuf::from)).transpose()?,
            taken: state.taken.clone(),
            state_bytes: state.state_bytes.clone(),
            peaks: state.peaks.clone(),
            reference: state.reference,
            diverged: state.diverged.clone(),
        };
        Ok(rmp_serde::to_vec(&saved)?)
    }

    pub(crate) fn restore(run: &mut Run, bytes: &[u8]) -> Result<()> {
        let saved: Self = loading_onto(&run.device, || rmp_serde::from_slice(bytes))?;
        saved.identity.check(&Identity::of(run))?;
        let experiences = run.setup.stream.experiences.len();
        let Position { experience, step, .. } = saved.position;
        ensure!(
            experience <= experiences && saved.horizons.len() == experience + usize::from(step > 0),
            "the checkpoint's position does not fit its run"
        );
        run.state.optim.load(&saved.optim, &run.device)?;
        let parts: Vec<Vec<u8>> = saved.parts.into_iter().map(ByteBuf::into_vec).collect();
        run.stack.load(&parts, &run.device)?;
        let state = &mut run.state;
        state.weights = saved.weights;
        state.ledger = saved.ledger;
        state.position = saved.position;
        state.horizons = saved.horizons;
        state.price = saved.price;
        state.reserve = saved.reserve;
        state.buffer = saved.buffer;
        if let (Some(policy), Some(saved)) = (&mut state.policy, saved.policy) {
            policy.load(&saved, &run.device)?;
        }
        state.taken = saved.taken;
        state.state_bytes = saved.state_bytes;
        state.peaks = saved.peaks;
        state.reference = saved.reference;
        state.diverged = saved.diverged;
        Ok(())
    }
}
