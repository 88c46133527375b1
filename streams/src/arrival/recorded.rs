//! Experiences from a file: those of an exported stream, or those that a run's policy has brought about.
//!
//! A curriculum that is data can be published and run again, as FoMo-in-Flux does with its orders of concepts, Roth et
//! al. 2024, <https://arxiv.org/abs/2408.14471>.

use anyhow::{Context, Result, ensure};
use clbench::{
    registry::{Settings, part},
    stream::{
        Experience, Task,
        schedule::{MOST_BYTES, read},
    },
    world::{Arrival, Arrive, Ground},
};
use serde::{Deserialize, Serialize};

/// The entry of the catalogue.
pub const ARRIVAL: Arrival = Arrival {
    name: "recorded",
    about: "as a file says, which `clbench stream export` writes",
    citation: "https://arxiv.org/abs/2408.14471",
    make: |table| part(table, |recorded: Recorded| Box::new(recorded) as Box<dyn Arrive>),
};

/// Where the experiences stand.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// A JSON file, beside the stream file.
    pub file: String,
    /// Whether each example may be seen only once.
    #[serde(default)]
    pub once: bool,
}

impl Settings for Recorded {
    fn check(&self) -> Result<()> {
        ensure!(!self.file.is_empty(), "file is empty; name a file that `clbench stream export` wrote");
        Ok(())
    }
}

impl Arrive for Recorded {
    fn arrive(&self, tasks: &[Task], ground: &Ground) -> Result<Vec<Experience>> {
        let bytes = ground.read(&self.file, MOST_BYTES)?;
        let sizes: Vec<usize> = tasks.iter().map(|task| task.train.len()).collect();
        read(&bytes, &sizes).with_context(|| format!("cannot use the experiences of {}", self.file))
    }
    fn is_once(&self) -> bool {
        self.once
    }
    fn is_whole(&self) -> bool {
        true
    }
}
