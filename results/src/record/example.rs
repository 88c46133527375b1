//! Small made-up runs for the tests of this crate.

use std::fs;
use std::path::{Path, PathBuf};

use crate::record::{
    At, Conditions, FORMAT, LEDGER_FILE, LedgerRow, MANIFEST_FILE, Manifest, Plan, RECORDS_FILE, Record, RunDir, Spend,
    Split, StreamInfo, write_rows,
};

/// A finished run on three tasks, one after another.
pub(crate) fn manifest(method: &str, seed: u64) -> Manifest {
    Manifest {
        format: FORMAT,
        run: format!("{method}-{seed}"),
        family: format!("family-{method}"),
        stream: stream(),
        method: method.into(),
        overrides: Vec::new(),
        seed,
        conditions: Conditions {
            start: "random".into(),
            head: "shared".into(),
            train_logits: "seen".into(),
            test_logits: "all".into(),
            task_identity: false,
            recipe: "5eed".into(),
            mixture: String::new(),
        },
        device: "flex".into(),
        version: "0.1.0".into(),
        revision: "0123abc".into(),
        machine: "an example".into(),
        experiences: vec![Plan { steps: 100, bound_by: "epochs".into(), networks: 1 }; 3],
        spent: Spend {
            steps: 300,
            flops: 1_230_000_000,
            examples: 9_600,
            replayed: 0,
            rehearsed: 0,
            evaluation_flops: 45_000_000,
            ..Spend::default()
        },
        diverged: None,
    }
}

/// Three tasks, one per experience.
pub(crate) fn stream() -> StreamInfo {
    StreamInfo {
        name: "split-digits".into(),
        kind: "class-incremental".into(),
        hash: "5ca1ab1e0ddba11c".into(),
        tasks: vec!["0-1".into(), "2-3".into(), "4-5".into()],
        experiences: 3,
        joint: false,
        trained: vec![vec![0], vec![1], vec![2]],
        notes: Vec::new(),
        classes: ["0", "1", "2", "3", "4", "5"].map(String::from).into(),
        datasets: vec!["digits".into(); 3],
        pool: Vec::new(),
        covers: None,
    }
}

/// Accuracy on three tasks: the baseline, then a row per experience.
pub(crate) const MIXED: [[f64; 3]; 4] = [[0.5, 0.5, 0.5], [0.9, 0.45, 0.2], [0.95, 0.8, 0.35], [0.6, 0.85, 0.7]];

/// The evaluations that make up a matrix; the first row is the baseline.
pub(crate) fn records<const T: usize>(cells: &[[f64; T]]) -> Vec<Record> {
    let mut records = Vec::new();
    for (experience, row) in cells.iter().enumerate() {
        for (task, &accuracy) in row.iter().enumerate() {
            records.push(Record {
                at: if experience == 0 { At::Start } else { At::End },
                experience,
                step: 100 * experience as u64,
                task,
                split: Split::Test,
                preference: String::new(),
                sample: None,
                accuracy,
                loss: 0.5,
                brier: 0.25,
                confidence: accuracy,
                margin: Some(accuracy - 0.5),
                n: 200,
            });
        }
    }
    records
}

/// The spending that the example's manifest sums up.
pub(crate) fn ledger(manifest: &Manifest) -> Vec<LedgerRow> {
    let row = LedgerRow {
        experience: 1,
        phase: "train".into(),
        charged: true,
        steps: manifest.spent.steps,
        examples: manifest.spent.examples,
        replayed: manifest.spent.replayed,
        rehearsed: manifest.spent.rehearsed,
        flops: manifest.spent.flops,
        state_bytes: manifest.spent.state_bytes,
        maf: manifest.spent.maf,
        peak_bytes: manifest.spent.peak_bytes,
    };
    let flops = manifest.spent.evaluation_flops;
    let evaluate = LedgerRow {
        phase: "evaluate".into(),
        charged: false,
        steps: 0,
        examples: 2_400,
        replayed: 0,
        rehearsed: 0,
        flops,
        state_bytes: 0,
        ..row.clone()
    };
    vec![row, evaluate]
}

/// A finished run whose last row is `last`, after the rows of [`MIXED`].
pub(crate) fn run(method: &str, seed: u64, last: [f64; 3]) -> RunDir {
    let mut cells = MIXED;
    cells[3] = last;
    let manifest = manifest(method, seed);
    let ledger = ledger(&manifest);
    RunDir { path: format!("runs/{method}/{seed}").into(), manifest, records: records(&cells), ledger, config: None }
}

/// The upper bound: all tasks in one experience.
pub(crate) fn joint(seed: u64, last: [f64; 3]) -> RunDir {
    let mut run = run("finetune", seed, last);
    run.records.retain(|record| record.experience == 0 || record.experience == 3);
    run.records.iter_mut().for_each(|record| record.experience = record.experience.min(1));
    let manifest = &mut run.manifest;
    manifest.run = format!("joint-{seed}");
    manifest.family = "family-joint".into();
    manifest.experiences.truncate(1);
    manifest.stream =
        StreamInfo { experiences: 1, joint: true, trained: vec![vec![0, 1, 2]], ..manifest.stream.clone() };
    run
}

/// Writes `run` below `root` as the harness would, and returns its directory.
pub(crate) fn write(root: &Path, run: &RunDir) -> PathBuf {
    let path = root.join(&run.manifest.run);
    fs::create_dir_all(&path).unwrap();
    fs::write(path.join(MANIFEST_FILE), run.manifest.to_json()).unwrap();
    write_rows(fs::File::create(path.join(RECORDS_FILE)).unwrap(), &run.records).unwrap();
    write_rows(fs::File::create(path.join(LEDGER_FILE)).unwrap(), &run.ledger).unwrap();
    path
}
