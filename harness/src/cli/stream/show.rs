//! `clbench stream show`: a stream as data.

use std::{fmt::Write, path::PathBuf};

use anyhow::Result;
use clbench_results::words::{clean, cut};
use toml::{Table, Value};

use super::{
    super::{Ending, Target, list::wrapped, print, tell},
    draw::draw,
    matrix::{by_class, by_concept, by_task, concepts_by_dataset},
    open,
};
use crate::{
    config::{Arriving, Described, Shelf},
    stream::{Settings, Stream, View},
};

/// Columns of a line.
const WIDE: usize = 80;
/// Rows of a list that are shown of its beginning and of its end.
const ENDS: (usize, usize) = (20, 5);

/// What `stream show` takes.
#[derive(clap::Args)]
pub(in super::super) struct Words {
    #[command(flatten)]
    target: Target,
    /// Draw it as SVG and PNG into FOLDER
    #[arg(long, value_name = "FOLDER")]
    draw: Option<PathBuf>,
    /// Print long lists in full
    #[arg(long)]
    all: bool,
}

pub(super) fn show(words: &Words, shelf: &Shelf) -> Result<Ending> {
    let described = open(&words.target.stream, &words.target.settings, Arriving::Asked, shelf)?;
    let mut page = Page { text: String::new(), all: words.all };
    page.head(&described);
    page.tasks(&described.stream);
    page.datasets(&described.stream);
    page.classes(&described.stream);
    page.experiences(&described.stream);
    if let Some(folder) = &words.draw {
        draw(&described.stream, folder)?.iter().for_each(|line| tell(line));
    }
    print(&page.text)?;
    Ok(Ending::Done)
}

/// What is printed.
struct Page {
    text: String,
    all: bool,
}

impl Page {
    fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "{}", if self.all { line.to_owned() } else { cut(line, WIDE) });
    }
    /// A name and what is to be said of it, which may take several lines.
    fn field(&mut self, name: &str, value: &str) {
        let value = clean(value);
        let lines = wrapped(&value, WIDE - 9);
        for (line, name) in lines.zip(std::iter::once(name).chain(std::iter::repeat(""))) {
            self.line(&format!("{name:<9}{line}"));
        }
    }
    /// All rows of a list, or its beginning and its end.
    fn rows(&mut self, count: usize, row: impl Fn(usize) -> String) {
        let (first, last) = ENDS;
        let short = !self.all && count > first + last + 1;
        for at in 0..count {
            if short && at == first {
                self.line(&format!("   …  {} more; see them with --all", count - first - last));
            }
            if !short || at < first || at >= count - last {
                self.line(&row(at));
            }
        }
    }

    fn head(&mut self, described: &Described) {
        let Described { stream, table, head, .. } = described;
        let is_common = |key: &str| Settings::SETTINGS.iter().any(|setting| setting.key == key);
        let own = table.iter().filter(|(key, _)| !is_common(key) && !stream.parts.contains_key(*key));
        let own = own.map(|(key, value)| (key.clone(), value.clone())).collect();
        self.field("stream", &stream.name);
        self.field("kind", &with_settings(&stream.settings.kind, &own));
        self.field("dataset", &stream.settings.dataset.join(", "));
        if !stream.settings.pool.is_empty() {
            self.field("pool", &stream.settings.pool.join(", "));
        }
        for (name, key, usual) in
            [("order", "order", "given"), ("arrival", "arrival", "whole"), ("revisits", "environment", "none")]
        {
            self.field(name, &part(stream, key, usual));
        }
        let chosen = ["order", "arrival", "environment"];
        for (name, value) in stream.parts.iter().filter(|(name, _)| !chosen.contains(&name.as_str())) {
            self.field("altered", &with_settings(name, value.as_table().unwrap_or(&Table::new())));
        }
        let [channels, height, width] = stream.input;
        let bare = if stream.is_bare() { "unknown: a list of concepts has no pictures" } else { "" };
        let input = if bare.is_empty() { format!("{channels} × {height} × {width}") } else { bare.to_owned() };
        self.field("input", &input);
        self.field("classes", &stream.classes.len().to_string());
        let counts = by_class(stream).into_iter().map(|(_, count)| count).collect();
        self.field("balance", &balance(counts));
        let (kind, train, test) = (head.kind.name(), head.train.name(), head.test.name());
        self.field("head", &format!("{kind}; logits in training: {train}, in evaluation: {test}"));
        stream.notes.iter().for_each(|note| self.field("note", note));
        self.field("hash", &stream.hash);
    }

    fn tasks(&mut self, stream: &Stream) {
        let hidden = stream.tasks.iter().any(|task| !task.unlabelled.is_empty());
        let column = |count: &str| if hidden { format!("{count:>10}  ") } else { String::new() };
        self.line("");
        let hiding = column("unlabelled");
        self.line(&format!(
            "{:>4}  {:>7}  {hiding}{:>6}  {:>6}  {:>7}  shows",
            "task", "train", "valid.", "test", "classes"
        ));
        self.rows(stream.tasks.len(), |index| {
            let task = &stream.tasks[index];
            let hiding = column(&task.unlabelled.len().to_string());
            let [train, validation, test] = [&task.train, &task.validation, &task.test].map(View::len);
            let (classes, name) = (task.classes.len(), clean(&task.name));
            format!("{index:>4}  {train:>7}  {hiding}{validation:>6}  {test:>6}  {classes:>7}  {name}")
        });
    }

    fn datasets(&mut self, stream: &Stream) {
        if stream.universe.datasets.len() < 2 {
            return;
        }
        self.line("");
        self.line(&format!("{:>4}  {:>8}  concepts of each dataset", "task", "datasets"));
        self.rows(stream.tasks.len(), |index| {
            let mut there: Vec<(u64, &str)> = Vec::new();
            for (count, dataset) in
                concepts_by_dataset(stream, &stream.tasks[index]).into_iter().zip(&stream.universe.datasets)
            {
                there.extend(Some((count, dataset.name.as_str())).filter(|(count, _)| *count > 0));
            }
            there.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
            let each: Vec<String> = there.iter().map(|(count, name)| format!("{} {count}", clean(name))).collect();
            format!("{index:>4}  {:>8}  {}", there.len(), each.join(", "))
        });
    }

    /// Which task shows which class, where that fits.
    fn classes(&mut self, stream: &Stream) {
        const SHADES: [char; 5] = ['·', '░', '▒', '▓', '█'];
        let (tasks, concepts) = (stream.tasks.len(), stream.universe.concepts.len());
        if tasks < 2 || tasks > ENDS.0 || concepts > WIDE - 6 {
            return;
        }
        let counts: Vec<Vec<u64>> = stream.tasks.iter().map(|task| by_concept(stream, task)).collect();
        let most = counts.iter().flatten().copied().max().unwrap_or(0).max(1);
        self.line("");
        self.line(&format!("{:>4}  concepts in the order of their datasets; █ for {most} examples", "task"));
        self.rows(tasks, |index| {
            let shade = |count: &u64| SHADES[(count * 4).div_ceil(most) as usize];
            format!("{index:>4}  {}", counts[index].iter().map(shade).collect::<String>())
        });
    }

    fn experiences(&mut self, stream: &Stream) {
        self.line("");
        self.line(&format!(
            "{:>10}  {:>8}  {:>9}  tasks, and how many examples of earlier ones",
            "experience", "new", "rehearsed"
        ));
        let wide = if self.all { usize::MAX } else { WIDE };
        self.rows(stream.experiences.len(), |index| {
            let experience = &stream.experiences[index];
            let counts = by_task(experience);
            let [of_new, of_old]: [u64; 2] = [0, 1].map(|kind| counts.values().map(|of| of[kind]).sum());
            let tasks = experience.new_tasks().iter().map(usize::to_string).collect::<Vec<_>>().join(" ");
            let mut line = format!("{:>10}  {of_new:>8}  {of_old:>9}  {tasks}", index + 1);
            if experience.chosen > 0 {
                let _ = write!(line, " + {} chosen in the run", experience.chosen);
            }
            let back = counts.iter().map(|(task, of)| (*task, of[1])).filter(|back| back.1 > 0);
            let back: Vec<(usize, u64)> = back.collect();
            let room = wide.saturating_sub(line.chars().count());
            line + &schedule(&back, room)
        });
    }
}

/// How many examples of each earlier task come back, as far as there is room.
fn schedule(back: &[(usize, u64)], room: usize) -> String {
    let item = |(task, count): &(usize, u64)| format!("{task}: {count}");
    let whole = format!(" | {}", back.iter().map(item).collect::<Vec<_>>().join(", "));
    match back {
        [] => String::new(),
        _ if whole.chars().count() <= room => whole,
        [first, .., last] => format!(" | {}, …, {}", item(first), item(last)),
        [_] => whole,
    }
}

/// Ordering, arrival or environment with its settings.
fn part(stream: &Stream, key: &str, usual: &str) -> String {
    match stream.parts.get(key) {
        Some(Value::Table(table)) => with_settings(table.get("kind").and_then(Value::as_str).unwrap_or(usual), table),
        _ => usual.to_owned(),
    }
}

fn with_settings(name: &str, table: &Table) -> String {
    let settings = table.iter().filter(|(key, _)| key.as_str() != "kind");
    let settings: Vec<String> = settings.map(|(key, value)| format!("{key} = {value}")).collect();
    if settings.is_empty() { name.to_owned() } else { format!("{name} ({})", settings.join(", ")) }
}

/// How evenly the classes share the training examples.
fn balance(mut counts: Vec<u64>) -> String {
    counts.sort_unstable();
    let (Some(least), Some(most)) = (counts.first(), counts.last()) else { return "no class".into() };
    let median = counts[counts.len() / 2];
    let ratio = if *least == 0 { "∞".into() } else { format!("{:.1}", *most as f64 / *least as f64) };
    format!("{least} to {most} training examples of a class, median {median}, ratio {ratio}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn balance_is_told_by_its_ends_and_its_middle() {
        assert_eq!(balance(vec![10, 5, 40]), "5 to 40 training examples of a class, median 10, ratio 8.0");
        assert_eq!(balance(vec![0, 3]), "0 to 3 training examples of a class, median 3, ratio ∞");
    }

    #[test]
    fn a_long_schedule_keeps_its_ends() {
        let back: Vec<(usize, u64)> = (0..9).map(|task| (task, 100)).collect();
        assert_eq!(schedule(&back[..2], 40), " | 0: 100, 1: 100");
        assert_eq!(schedule(&back, 40), " | 0: 100, …, 8: 100");
        assert_eq!(schedule(&[], 0), "");
    }
}
