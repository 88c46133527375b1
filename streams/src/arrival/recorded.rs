//! Experiences from a file: those of an exported stream, or those that a run's policy has brought about.
//!
//! A curriculum that is data can be published and run again, as FoMo-in-Flux does with its orders of concepts, Roth et
//! al. 2024, <https://arxiv.org/abs/2408.14471>.

use std::collections::HashSet;

use anyhow::{Context, Result, bail, ensure};
use clbench::{
    catalogue::{Settings, part},
    stream::{
        Arrival, Arrive, Course, Experience, Ground, Task,
        recorded::{MOST_BYTES, read},
    },
};

/// The entry of the catalogue.
pub const ARRIVAL: Arrival = Arrival {
    name: "recorded",
    about: "as a file says, which `clbench stream export` writes",
    citation: "https://arxiv.org/abs/2408.14471",
    settings: Recorded::SETTINGS,
    make: |table| part(table, |recorded: Recorded| Box::new(recorded) as Box<dyn Arrive>),
};

clbench::settings! {
    /// Where the experiences stand.
    #[derive(Clone, Debug)]
    pub struct Recorded {
        /// A JSON file, beside the stream file.
        pub file: String;
        /// Whether each example may be seen only once.
        pub once: bool = false;
    }
}

impl Settings for Recorded {
    fn check(&self) -> Result<()> {
        ensure!(!self.file.is_empty(), "file is empty; name a file that `clbench stream export` wrote");
        Ok(())
    }
}

/// Refuses an example that is new twice at once, and one that comes back before it came.
fn sound(experiences: &[Experience]) -> Result<()> {
    let mut came = HashSet::new();
    for (index, experience) in experiences.iter().enumerate() {
        let (pairs, new) = (experience.pairs(), experience.new_examples());
        let back: &[(u32, u32)] = match &experience.course {
            Course::Recorded { back, .. } => back,
            _ => &[],
        };
        let early = pairs[new..].iter().chain(back).find(|pair| !came.contains(*pair));
        if let Some((task, place)) = early {
            bail!("experience {} brings back place {place} of task {task}, which has not come", index + 1);
        }
        let mut here = HashSet::new();
        if let Some((task, place)) = pairs[..new].iter().find(|pair| !here.insert(**pair)) {
            bail!("experience {} names place {place} of task {task} twice as new", index + 1);
        }
        came.extend(here);
    }
    Ok(())
}

impl Arrive for Recorded {
    fn arrive(&self, tasks: &[Task], ground: &Ground) -> Result<Vec<Experience>> {
        let bytes = ground.read(&self.file, MOST_BYTES)?;
        let sizes: Vec<usize> = tasks.iter().map(|task| task.train.len()).collect();
        let experiences = read(&bytes, &sizes).and_then(|experiences| sound(&experiences).map(|()| experiences));
        experiences.with_context(|| format!("cannot use the experiences of {}", self.file))
    }
    fn is_once(&self) -> bool {
        self.once
    }
    fn is_whole(&self) -> bool {
        true
    }
}
