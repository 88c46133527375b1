//! `cargo bench --bench streams`: seconds and memory of streams that are only built, as a Markdown table.
//!
//! Each line is measured in a process of its own, whose peak of resident memory the system tells. The concepts are
//! FoMo-in-Flux's 18,381 in 41 datasets, with 1.8 million training examples that have no pixels.

use std::{fmt::Write, path::Path, process::Command, time::Instant};

use anyhow::{Context, Result};
use clbench::config::{Arriving, Asked, resolve_stream};

/// Concepts of each adaptation dataset of FoMo-in-Flux, <https://arxiv.org/abs/2408.14471>.
const CONCEPTS: [usize; 41] = [
    2500, 1959, 1870, 1847, 1701, 1599, 864, 579, 500, 397, 365, 345, 345, 345, 344, 313, 227, 217, 211, 200, 200, 179,
    156, 115, 106, 102, 100, 100, 92, 88, 84, 74, 47, 45, 38, 38, 27, 25, 15, 15, 7,
];
/// Training examples of each concept; 18,381 of them make 1.8 million.
const EXAMPLES: usize = 98;

/// What is built, and its settings.
const BUILT: [(&str, &str); 5] = [
    ("FoMo, random", "stream.order=random"),
    ("FoMo, dataset after dataset", "stream.order=dataset stream.order.by=given"),
    ("FoMo, similarity of names, 4 starts", "stream.order=similarity stream.order.source=names stream.order.starts=4"),
    ("FoMo, power law", "stream.order=random stream.environment=power-law"),
    ("FoMo, 200 tasks", "stream.order=random stream.tasks=200"),
];

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if let [file, settings] = &words[..] {
        return build(Path::new(file), settings);
    }
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("concepts.csv"), concepts())?;
    let fomo = folder.path().join("fomo.toml");
    std::fs::write(&fomo, file("kind = \"concepts\"\ndataset = \"concepts.csv\"\ntasks = 20"))?;
    println!("| stream | s | peak MB |\n|---|---|---|");
    for (name, settings) in BUILT {
        println!("| {name} | {} |", measured(&fomo, settings)?);
    }
    let data = clbench::data::place::folder().expect("a data folder");
    if data.join("mnist").is_dir() {
        let permuted = folder.path().join("permuted.toml");
        std::fs::write(&permuted, file("kind = \"permuted\"\ndataset = \"mnist\""))?;
        for tasks in [1, 10] {
            println!("| permuted MNIST, {tasks} tasks | {} |", measured(&permuted, &format!("stream.tasks={tasks}"))?);
        }
    } else {
        eprintln!("skipped: permuted MNIST, for {} has no mnist", data.display());
    }
    Ok(())
}

fn file(stream: &str) -> String {
    format!("[stream]\n{stream}\n[net]\nbody = \"mlp\"\nwidths = [4]\n[optim]\nrate = 0.1\n")
}

/// `dataset+++class,train,test` for every concept.
fn concepts() -> String {
    let mut text = String::from("concept,train,test\n");
    for (dataset, count) in CONCEPTS.into_iter().enumerate() {
        for class in 0..count {
            let _ = writeln!(text, "set{dataset}+++class {class} of set {dataset},{EXAMPLES},25");
        }
    }
    text
}

/// Seconds and megabytes of one build, in a process of its own.
fn measured(file: &Path, settings: &str) -> Result<String> {
    let output = Command::new(std::env::current_exe()?).arg(file).arg(settings).output()?;
    anyhow::ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

fn build(file: &Path, settings: &str) -> Result<()> {
    let settings: Vec<String> = settings.split_whitespace().map(str::to_owned).collect();
    let asked = Asked::parse(&settings)?;
    let start = Instant::now();
    let stream = resolve_stream(file, &asked, Arriving::InOrder, &clbench_cli::shelf())?.stream;
    let seconds = start.elapsed().as_secs_f64();
    anyhow::ensure!(!stream.tasks.is_empty());
    println!("{seconds:.1} | {:.0}", peak_kb()? / 1024.0);
    Ok(())
}

/// Peak of resident memory in kilobytes.
fn peak_kb() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("the system tells no peak")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
