//! Runs and bundles from elsewhere: what they say of themselves is text, and no command that looks at them obeys it,
//! runs it, or takes memory for what it only claims.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod program;

use std::{
    fs,
    path::{Path, PathBuf},
};

use clbench_results::{
    At, Conditions, FORMAT, LedgerRow, Manifest, Plan, Record, Spend, Split, StreamInfo, store::bundle::write_bundle,
    write_rows,
};
use program::{Place, Said};

/// What a terminal, a shell, a browser, LaTeX and Markdown would each make something of.
const EVIL: &str = "x\n# INJECTED\r\u{1b}[2J\u{9b}31m\u{202e}<img src=x onerror=alert(1)>|**b**\\input{x}$(touch PWNED)\
                    `touch PWNED`'; touch PWNED; '\"&</script>";
/// The same where a line break is refused.
const EVIL_LINE: &str = "x <img src=x onerror=alert(1)>|**b**\\input{x}$(touch PWNED)`touch PWNED`'; touch PWNED; '\"&";

fn manifest(method: &str, seed: u64) -> Manifest {
    let spent = Spend { steps: 300, flops: 1_000, examples: 10, evaluation_flops: 5, ..Spend::default() };
    Manifest {
        format: FORMAT,
        run: format!("{method}-{seed}"),
        family: format!("family-{method}"),
        stream: StreamInfo {
            name: "small".into(),
            kind: "class-incremental".into(),
            hash: "5ca1ab1e0ddba11c".into(),
            tasks: ["a", "b", "c"].map(String::from).into(),
            experiences: 3,
            joint: false,
            trained: vec![vec![0], vec![1], vec![2]],
            notes: Vec::new(),
            classes: Vec::new(),
            datasets: Vec::new(),
            pool: Vec::new(),
            covers: None,
        },
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
        spent,
        diverged: None,
    }
}

fn record(at: At, experience: usize, step: u64, task: usize) -> Record {
    let accuracy = 0.5 + 0.01 * (experience + task) as f64;
    let preference = String::new();
    let (sample, split, loss, brier, n) = (None, Split::Test, 0.5, 0.25, 200);
    Record {
        at,
        experience,
        step,
        task,
        split,
        preference,
        sample,
        accuracy,
        loss,
        brier,
        confidence: 0.5,
        margin: None,
        n,
    }
}

/// Writes a run below `root`, in a folder called `name`.
fn write(root: &Path, name: &str, manifest: &Manifest, records: &[Record]) -> PathBuf {
    let path = root.join(name);
    fs::create_dir_all(&path).unwrap();
    fs::write(path.join("manifest.json"), manifest.to_json()).unwrap();
    write_rows(fs::File::create(path.join("records.csv")).unwrap(), records).unwrap();
    let spent = &manifest.spent;
    let train = LedgerRow {
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
    let evaluate = LedgerRow {
        phase: "evaluate".into(),
        charged: false,
        steps: 0,
        flops: spent.evaluation_flops,
        ..train.clone()
    };
    write_rows(fs::File::create(path.join("ledger.csv")).unwrap(), &[train, evaluate]).unwrap();
    path
}

fn records() -> Vec<Record> {
    let mut records: Vec<Record> = (0..3).map(|task| record(At::Start, 0, 0, task)).collect();
    for experience in 1..=3 {
        let first = 100 * (experience as u64 - 1);
        records.extend([1, 2, 5, 10, 20].iter().map(|step| record(At::Step, experience, first + step, experience - 1)));
        records.extend((0..3).map(|task| record(At::End, experience, first + 100, task)));
    }
    records
}

/// Three methods with two seeds, hostile in everything that is not refused.
fn hostile(root: &Path) {
    for (method, seed) in [("er", 0), ("er", 1), ("finetune", 0), ("finetune", 1), ("si", 0), ("si", 1)] {
        let mut manifest = manifest(method, seed);
        manifest.overrides = vec![format!("a.b={EVIL_LINE}")];
        manifest.machine = EVIL.into();
        manifest.conditions.start = EVIL_LINE.into();
        manifest.conditions.mixture = EVIL_LINE.into();
        manifest.stream.name = EVIL_LINE.into();
        manifest.stream.tasks = (0..3).map(|task| format!("{task} {EVIL}")).collect();
        manifest.stream.classes = vec![EVIL.into()];
        manifest.stream.notes = vec![EVIL.into()];
        manifest.stream.datasets = vec![EVIL.into(); 3];
        manifest.diverged = (method == "si" && seed == 1).then(|| EVIL.into());
        let path = write(root, &format!("{method}\u{1b}[2J\n# INJECTED {seed}"), &manifest, &records());
        fs::write(path.join("config.toml"), EVIL).unwrap();
        let head = format!("experience,step,loss,base,\"{EVIL_LINE}\",rate,gradient,accuracy\n", EVIL_LINE = "x<img>");
        fs::write(path.join("train.csv"), head + "1,1,0.5,0.5,,0.1,1.0,0.5\n").unwrap();
    }
}

/// Nothing that a terminal obeys, and no line that a file wrote.
#[track_caller]
fn harmless(what: &str, text: &str) {
    let bad = |c: char| (c.is_control() && !matches!(c, '\n' | '\t')) || c == '\u{202e}';
    assert!(!text.contains(bad), "{what}: {text:?}");
    assert!(!text.lines().any(|line| line.trim_start().starts_with("# INJECTED")), "{what}: {text}");
}

const LOOKS: [&str; 33] = [
    "table runs",
    "table runs --format md",
    "table runs --format md --brief --columns seeds,scores,memory",
    "table runs --format csv",
    "table runs --format tex",
    "table runs --format html",
    "table runs --format json",
    "table runs --across",
    "table runs --across --format md",
    "table runs --across --format tex",
    "table runs --mix streams",
    "phases runs",
    "phases runs --format md",
    "phases runs --format csv",
    "phases runs --spread",
    "spending runs",
    "spending runs --of state --format md",
    "compare er finetune runs",
    "statistics runs",
    "curves runs",
    "repro runs",
    "picture all runs -o pictures",
    "report runs -o site",
    "export tensorboard runs -o events",
    "export parquet runs -o runs.parquet",
    "export model-index runs -o cards",
    "export l2logger runs -o l2",
    "export csv runs -o rows.csv",
    "pack runs -o all.runs.gz",
    "table all.runs.gz --format md",
    "repro all.runs.gz",
    "phases all.runs.gz",
    "spending all.runs.gz",
];

#[test]
fn whatever_a_run_calls_itself_is_text_for_every_command() {
    let place = Place::new();
    hostile(&place.path("runs"));
    for look in LOOKS {
        let said = place.run(look);
        assert!(matches!(said.code, Some(0 | 1)), "{look}\n{said}");
        harmless(look, &said.out);
        harmless(look, &said.err);
        if look.ends_with("html") {
            assert!(!said.out.contains("<img"), "{look}: {}", said.out);
        }
        if look.contains("md") {
            assert!(!said.out.contains("<img") && !said.out.contains("|**b**"), "{look}: {}", said.out);
        }
        if look.contains("tex") {
            let table = said.out.lines().filter(|line| !line.starts_with('%')).collect::<String>();
            assert!(!table.contains("\\input{x}"), "{look}: {table}");
        }
    }
    let drawn = place.files("pictures", &[]);
    assert!(drawn.len() > 4, "{:?}", drawn.keys());
    for (path, bytes) in drawn.into_iter().chain(place.files("site", &[])).chain(place.files("cards", &[])) {
        let name = path.display().to_string();
        if let Ok(text) = String::from_utf8(bytes) {
            assert!(!text.contains('\u{1b}'), "{name}");
            // To a spreadsheet and to YAML it is text as it is.
            let marked_up = name.ends_with(".html") || name.ends_with(".svg");
            assert!(!marked_up || !text.contains("<img"), "{name}");
        }
    }
    for path in place.files("pictures", &[]).into_keys().chain(place.files("site", &[]).into_keys()) {
        assert!(!path.display().to_string().contains(|c: char| c.is_control()), "{path:?}");
    }
}

/// The README tells people to run what `repro` prints.
#[cfg(unix)]
#[test]
fn what_repro_prints_runs_clbench_and_nothing_else() {
    let place = Place::new();
    hostile(&place.path("runs"));
    for runs in ["runs", "all.runs.gz"] {
        let printed = place.done(&format!("repro {runs}"));
        // Bash, since folders with line breaks are quoted as POSIX 2024 has it.
        let script = format!("clbench() {{ echo \"called with $#\"; }}\n{printed}");
        let output = place.command("bash").args(["-c", &script]).output();
        let Ok(output) = output else { return };
        let said = Said::of(output);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said}");
        // One word for `run`, the file, the method, the setting and the seed; or `run` and the configuration.
        let calls: Vec<&str> = said.out.lines().collect();
        assert!(calls.iter().all(|call| ["called with 5", "called with 2"].contains(call)), "{said}\n{printed}");
        assert_eq!(calls.len(), if runs == "runs" { 12 } else { 6 }, "{said}");
        assert!(!place.path("PWNED").exists(), "{printed}");
        place.run("pack runs -o all.runs.gz");
    }
}

#[test]
fn words_of_a_manifest_that_stand_in_commands_are_letters_and_digits_or_the_run_is_refused() {
    type Change = fn(&mut Manifest, String);
    let words: [(&str, Change); 10] = [
        ("version", |m, word| m.version = word),
        ("revision", |m, word| m.revision = word),
        ("device", |m, word| m.device = word),
        ("run", |m, word| m.run = word),
        ("method", |m, word| m.method = word),
        ("family", |m, word| m.family = word),
        ("stream.hash", |m, word| m.stream.hash = word),
        ("stream.kind", |m, word| m.stream.kind = word),
        ("conditions.head", |m, word| m.conditions.head = word),
        ("experiences.bound_by", |m, word| m.experiences[0].bound_by = word),
    ];
    let lines: [(&str, Change); 4] = [
        ("overrides", |m, word| m.overrides = vec![word]),
        ("stream.name", |m, word| m.stream.name = word),
        ("conditions.start", |m, word| m.conditions.start = word),
        ("conditions.mixture", |m, word| m.conditions.mixture = word),
    ];
    for (at, (key, change)) in words.into_iter().chain(lines).enumerate() {
        let place = Place::new();
        let mut manifest = manifest("er", 0);
        change(&mut manifest, format!("0.1.0{EVIL}"));
        write(&place.path("runs"), "er", &manifest, &records());
        for look in ["repro runs", "table runs", "phases runs"] {
            let said = place.run(look);
            assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{key}\n{said}");
            assert!(said.err.contains(&format!("`{key}` holds")), "{at} {key}\n{said}");
            harmless(look, &said.err);
        }
    }
}

/// Ten thousand tasks and experiences with one row: what is kept is the row.
#[cfg(target_os = "linux")]
#[test]
fn a_small_bundle_takes_no_gigabytes() {
    const MANY: usize = 10_000;
    let place = Place::new();
    let mut manifest = manifest("er", 0);
    manifest.stream.tasks = (0..MANY).map(|task| task.to_string()).collect();
    manifest.stream.experiences = MANY;
    manifest.stream.trained = (0..MANY).map(|task| vec![task]).collect();
    manifest.experiences = vec![Plan { steps: 1, bound_by: "steps".into(), networks: 1 }; MANY];
    manifest.spent.steps = MANY as u64;
    let run = write(&place.path("runs"), "er", &manifest, &[record(At::End, MANY, MANY as u64, 0)]);
    write_bundle(&place.path("a.runs.gz"), &[("small/er/er-0".into(), run)]).unwrap();
    assert!(fs::metadata(place.path("a.runs.gz")).unwrap().len() < 100_000);
    let looks = [
        "table a.runs.gz --metrics all",
        "table a.runs.gz --format json --metrics all",
        "phases a.runs.gz",
        "statistics a.runs.gz",
        "curves a.runs.gz",
        "picture all a.runs.gz -o pictures",
        "report a.runs.gz -o site",
        "export csv a.runs.gz -o rows.csv",
        "export tensorboard runs -o events",
        "export l2logger runs -o l2",
    ];
    for look in looks {
        // Kilobytes of address space; the allocator alone reserves some hundred megabytes.
        let said = place.shell(&format!("ulimit -v 1500000; \"$CLBENCH\" {look}"));
        assert!(matches!(said.code, Some(0 | 1)), "{look}\n{said}");
        assert!(!said.err.contains("memory allocation"), "{look}\n{said}");
    }
}
