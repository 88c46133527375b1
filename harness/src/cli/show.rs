//! `clbench stream show`: a stream as data.

use std::fmt::Write;

use anyhow::Result;

use super::{Ending, Target, Usage, print};
use crate::{
    config::{Asked, resolve},
    registry::Shelf,
};

/// What `stream show` takes.
#[derive(clap::Args)]
pub(super) struct Words {
    #[command(flatten)]
    target: Target,
}

pub(super) fn show(words: &Words, shelf: &Shelf) -> Result<Ending> {
    let asked = Asked::parse(&words.target.settings).map_err(Usage)?;
    let setup = resolve(&words.target.stream, &asked, shelf).map_err(Usage)?;
    let (stream, head) = (&setup.stream, &setup.config.head);
    let mut text = String::new();
    let [channels, height, width] = stream.input;
    let _ = writeln!(text, "stream   {}", stream.name);
    let _ = writeln!(text, "kind     {}", stream.settings.kind);
    let _ = writeln!(text, "dataset  {}", stream.settings.dataset.join(", "));
    let _ = writeln!(text, "input    {channels} × {height} × {width}");
    let _ = writeln!(text, "classes  {}", stream.classes.len());
    let _ = writeln!(
        text,
        "head     {}; logits in training: {}, in evaluation: {}",
        head.kind.name(),
        head.train.name(),
        head.test.name()
    );
    let _ = writeln!(text, "hash     {}\n", stream.hash);
    let _ = writeln!(text, "{:>4}  {:>7}  {:>6}  {:>6}  {:>7}  shows", "task", "train", "valid.", "test", "classes");
    for (index, task) in stream.tasks.iter().enumerate() {
        let _ = writeln!(
            text,
            "{index:>4}  {:>7}  {:>6}  {:>6}  {:>7}  {}",
            task.train.len(),
            task.validation.len(),
            task.test.len(),
            task.classes.len(),
            clbench_results::text::clean(&task.name)
        );
    }
    let _ = writeln!(text, "\n{:>10}  {:>8}  tasks", "experience", "examples");
    for (index, experience) in stream.experiences.iter().enumerate() {
        let tasks = experience.tasks().iter().map(usize::to_string).collect::<Vec<_>>().join(" ");
        let _ = writeln!(text, "{:>10}  {:>8}  {tasks}", index + 1, experience.len());
    }
    print(&text)?;
    Ok(Ending::Done)
}
