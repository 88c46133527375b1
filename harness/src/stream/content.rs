//! The hash of what a stream shows, when and in which order; tables refuse to mix streams that differ in it.

use sha2::{Digest, Sha256};

use super::{Course, Experience, Plan, Probe, Role, Settings, Task};
use crate::{data::Universe, primitives::hex::hex};

/// SHA-256 of datasets, classes, tasks and experiences, and of the rule by which a `policy` will choose, in hexadecimal
/// digits.
pub(super) fn content(
    settings: &Settings,
    universe: &Universe,
    plan: &Plan,
    pool: Option<&Task>,
    probes: &[Probe],
    experiences: &[Experience],
    policy: Option<String>,
) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("clbench stream 1, normalise {}", settings.normalise));
    universe.datasets.iter().for_each(|dataset| hash.update(&dataset.hash));
    if universe.is_shaped() {
        hash.update(format!("shape {:?} {:?}", universe.shape, settings.fit));
    }
    hash.update(format!("{:?}", plan.classes));
    for task in plan.tasks.iter().chain(pool) {
        hash.update(format!("{:?} {:?}", task.name, task.classes));
        [&task.train, &task.validation, &task.test].iter().for_each(|view| view.hash(&mut hash));
        if !task.unlabelled.is_empty() {
            task.unlabelled.hash(&mut hash);
        }
    }
    for probe in probes.iter().filter(|probe| probe.role == Role::HeldOut) {
        hash.update(format!("held out {:?}", probe.classes));
        [&probe.task.train, &probe.task.test].iter().for_each(|view| view.hash(&mut hash));
    }
    for experience in experiences {
        for part in &experience.parts {
            let what = if part.rehearsed { "rehearsed" } else { "part" };
            hash.update(format!("{what} {} {}", part.task, part.indices.len()));
            part.indices.iter().for_each(|index| hash.update(index.to_le_bytes()));
        }
        match &experience.course {
            Course::Drawn => {}
            Course::Given(order) => {
                hash.update("order");
                order.iter().for_each(|at| hash.update(at.to_le_bytes()));
            }
            Course::Recorded { back, steps } => {
                hash.update(format!("recorded {back:?} {steps:?}"));
            }
        }
        if experience.chosen > 0 {
            hash.update(format!("chosen {}", experience.chosen));
        }
        hash.update("experience");
    }
    let hash = hex(&hash.finalize());
    // What a policy will bring back is not known yet: the rule that chooses, and what it goes by, stand in its place.
    policy.map_or(hash.clone(), |rule| hex(&Sha256::digest(format!("{hash} policy {rule}"))))
}
