//! Ten thousand runs, a million records: how long a table takes from cold files, and how much memory.
//!
//! `cargo bench -p clbench-results --bench tables` writes the runs into a temporary folder, tabulates them once on one
//! core, and says seconds and peak memory. The target is 5 s and 500 MB.

use std::fs::{self, File};
use std::path::Path;
use std::time::Instant;

use clbench_results::{
    At, Conditions, FORMAT, LEDGER_FILE, LedgerRow, MANIFEST_FILE, Manifest, Plan, RECORDS_FILE, Record, Spend, Split,
    StreamInfo, TableOptions, discover, table, write_rows,
};

const METHODS: u64 = 100;
const SEEDS: u64 = 100;
const TASKS: usize = 9;

fn main() {
    let root = tempfile::tempdir().expect("a temporary folder");
    let started = Instant::now();
    let mut records = 0;
    for method in 0..METHODS {
        for seed in 0..SEEDS {
            records += write(root.path(), method, seed);
        }
    }
    println!("wrote {} runs, {records} records in {:.1} s", METHODS * SEEDS, started.elapsed().as_secs_f64());
    let started = Instant::now();
    let found = discover(&[root.path()]).expect("the folder is there");
    assert_eq!((found.runs.len() as u64, found.refused.len()), (METHODS * SEEDS, 0), "{:?}", found.refused.first());
    let read = started.elapsed().as_secs_f64();
    let text = table(&found.runs, &TableOptions { footnotes: true, ..TableOptions::default() }).expect("runs agree");
    println!("read in {read:.2} s, tabulated in {:.2} s in all", started.elapsed().as_secs_f64());
    println!("{} lines, peak memory {} MB", text.lines().count(), peak_bytes() / 1_000_000);
}

/// One run of [`TASKS`] tasks, evaluated before and after each experience and in its middle: a hundred records.
fn write(root: &Path, method: u64, seed: u64) -> usize {
    let name = format!("method-{method:03}");
    let path = root.join(&name).join(format!("{seed:03}"));
    fs::create_dir_all(&path).expect("a folder");
    let mut rows = Vec::new();
    let accuracy = |experience: usize, task: usize| {
        let noise = (method * 31 + seed * 17 + (experience * 7 + task * 3) as u64) % 100;
        0.5 + noise as f64 / 250.0
    };
    for experience in 0..=TASKS {
        let at = if experience == 0 { At::Start } else { At::End };
        for task in 0..TASKS {
            rows.push(record(at, experience, 100 * experience as u64, task, accuracy(experience, task)));
        }
        if experience > 0 {
            let step = 100 * experience as u64 - 50;
            rows.push(record(At::Step, experience, step, experience - 1, accuracy(experience, 0)));
        }
    }
    let spent = Spend { steps: 100 * TASKS as u64, flops: 1_000_000, examples: 1000, ..Spend::default() };
    let ledger = LedgerRow {
        experience: 1,
        phase: "train".into(),
        charged: true,
        steps: spent.steps,
        examples: spent.examples,
        replayed: 0,
        rehearsed: 0,
        flops: spent.flops,
        state_bytes: 0,
        maf: None,
        peak_bytes: None,
    };
    let file = |name: &str| File::create(path.join(name)).expect("a file");
    write_rows(std::io::BufWriter::new(file(RECORDS_FILE)), &rows).expect("rows");
    write_rows(file(LEDGER_FILE), &[ledger]).expect("rows");
    let manifest = manifest(&name, method, seed, spent);
    fs::write(path.join(MANIFEST_FILE), manifest.to_json()).expect("a manifest");
    rows.len()
}

fn record(at: At, experience: usize, step: u64, task: usize, accuracy: f64) -> Record {
    Record {
        at,
        experience,
        step,
        task,
        split: Split::Test,
        preference: String::new(),
        sample: None,
        accuracy,
        loss: 1.0 - accuracy,
        brier: 1.0 - accuracy,
        confidence: accuracy,
        margin: Some(accuracy),
        n: 1000,
    }
}

fn manifest(name: &str, method: u64, seed: u64, spent: Spend) -> Manifest {
    Manifest {
        format: FORMAT,
        run: format!("{method:06x}{seed:06x}"),
        family: format!("{method:012x}"),
        stream: StreamInfo {
            name: "made-up".into(),
            kind: "class-incremental".into(),
            hash: "0".repeat(64),
            tasks: (0..TASKS).map(|task| task.to_string()).collect(),
            experiences: TASKS,
            joint: false,
            trained: (0..TASKS).map(|task| vec![task]).collect(),
            notes: Vec::new(),
            classes: Vec::new(),
            datasets: Vec::new(),
            pool: Vec::new(),
            covers: None,
        },
        method: name.into(),
        overrides: Vec::new(),
        seed,
        conditions: Conditions {
            start: "random".into(),
            head: "shared".into(),
            train_logits: "all".into(),
            test_logits: "all".into(),
            task_identity: false,
            recipe: "5eed".into(),
            mixture: String::new(),
        },
        device: "flex".into(),
        version: "0.1.0".into(),
        revision: "0".into(),
        machine: "made up".into(),
        experiences: vec![Plan { steps: 100, bound_by: "epochs".into(), networks: 1 }; TASKS],
        spent,
        diverged: None,
    }
}

/// Largest resident memory of this process so far, where the system says it.
fn peak_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) * 1024
}
