//! Whole tables against literal expectations.

use super::*;
use crate::example;
use crate::metric::{accuracy::AVERAGE, forgetting::CHAUDHRY};

fn run(method: &str, seed: u64, last: [f64; 3], change: impl Fn(&mut RunDir)) -> RunDir {
    let mut run = example::run(method, seed, last);
    change(&mut run);
    run
}

/// Two references, two comparable methods, one that is told the task, and one that diverged.
fn runs() -> Vec<RunDir> {
    let lora = |run: &mut RunDir| run.manifest.overrides = vec!["lora.rank=8".into(), "method=lora+ewc".into()];
    let multi = |run: &mut RunDir| {
        run.manifest.conditions.task_identity = true;
        run.manifest.conditions.head = "multi".into();
        run.manifest.spent.replayed = 3_200;
        run.manifest.spent.state_bytes = 157_000;
        run.manifest.experiences[2].bound_by = "budget.flops".into();
    };
    let mut runs = vec![run("hat", 0, [0.8, 0.9, 0.7], multi)];
    for (seed, wobble) in [(0, 0.0), (1, 0.01), (2, -0.01)] {
        runs.push(run("finetune", seed, [0.05, 0.1 + wobble, 0.9], |_| ()));
        runs.push(run("er", seed, [0.6 + wobble, 0.85, 0.7], |_| ()));
        runs.push(run("lora+ewc", seed, [0.62 + 2.0 * wobble, 0.84 + wobble, 0.7], lora));
        runs.push(run("si", seed, [0.5; 3], |run| run.manifest.diverged = (seed == 2).then(|| "NaN".into())));
        runs.push(example::joint(seed, [0.9, 0.95 + wobble, 0.97]));
    }
    runs
}

fn written(runs: &[RunDir], format: Format, metrics: &[&'static Metric]) -> String {
    table(runs, &TableOptions { format, metrics: metrics.to_vec(), ..TableOptions::default() }).unwrap()
}

#[test]
fn the_text_is_this_one() {
    let text = table(&runs(), &TableOptions::default()).unwrap();
    assert_eq!(text, include_str!("table_tests.txt"), "\n{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80));
}

#[test]
fn markdown_and_latex_hold_the_same_cells() {
    let runs: Vec<_> = runs().into_iter().filter(|run| run.manifest.method.contains("er")).collect();
    let metrics = [&AVERAGE, &CHAUDHRY];
    let md = written(&runs, Format::Markdown, &metrics);
    let cells: Vec<&str> = md.lines().nth(4).unwrap().split('|').map(str::trim).collect();
    let scores = ["er", "3", "—", "71.7 ±0.8", "15.0 ±1.2"];
    let others = ["random", "shared", "seen / all", "no", "300 (epochs)", "1.23 G", "0", "0 B"];
    assert_eq!(cells[1..cells.len() - 1], [&scores[..], &others[..]].concat());
    let tex = written(&runs, Format::Latex, &metrics);
    let line = "er & 3 & --- & 71.7 $\\pm$0.8 & 15.0 $\\pm$1.2 & random & shared & seen / all & no & 300 (epochs) & \
                1.23 G & 0 & 0 B \\\\\n";
    assert!(tex.contains(line), "{tex}");
    assert!(tex.contains("method & seeds & rank & ACC $\\uparrow$ & FGT $\\downarrow$ & start"), "{tex}");
    assert!(tex.starts_with("% split-digits: class-incremental, 3 tasks, hash 5ca1ab1e0ddba11c\n\\begin{tabular}{lrr"));
}

#[test]
fn csv_has_full_precision_and_no_number_where_there_is_none() {
    let text = written(&runs(), Format::Csv, USUAL);
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    let cell = |method: &str, joint: &str, column: &str| {
        let index = |name: &str| header.iter().position(|head| head == name).unwrap();
        let row = rows.iter().find(|row| row[index("method")] == *method && row[index("joint")] == *joint).unwrap();
        row[index(column)].to_string()
    };
    assert_eq!(rows.len(), 6);
    let er: Vec<_> = runs().into_iter().filter(|run| run.manifest.method == "er").collect();
    let mean = summarise(&er, Ranking::All, &[]).unwrap()[0].entries[0].estimate(&AVERAGE).unwrap().mean;
    assert_eq!(cell("er", "false", "acc.gem17").parse::<f64>().unwrap().to_bits(), mean.to_bits());
    assert_eq!(cell("si", "false", "acc.gem17"), "");
    assert_eq!(cell("si", "false", "diverged_seeds"), "2");
    assert_eq!(cell("finetune", "true", "forgetting.chaudhry18"), "");
    assert_eq!(cell("hat", "false", "acc.gem17_half_width_95"), "");
    assert_eq!(cell("hat", "false", "bound_by"), "budget.flops;epochs");
    assert_eq!(cell("lora+ewc", "false", "overrides"), "lora.rank=8");
    assert_eq!(cell("lora+ewc", "false", "runs"), "lora+ewc-0;lora+ewc-1;lora+ewc-2");
}

#[test]
fn a_table_holds_one_hash() {
    let other = run("er", 0, [0.5; 3], |run| run.manifest.stream.hash = "f00".into());
    let runs = [example::run("er", 0, [0.9; 3]), other];
    for (format, mark) in [(Format::Text, ", hash "), (Format::Markdown, ", hash "), (Format::Latex, "\\toprule")] {
        assert_eq!(written(&runs, format, USUAL).matches(mark).count(), 2, "{format:?}");
    }
    assert_eq!(table(&[], &TableOptions::default()).unwrap(), "");
}

#[test]
fn hostile_names_stay_in_their_cells() {
    let runs = [run("=a|b\x1b[31m\n\\end{tabular}<b>", 0, [0.5; 3], |run| {
        run.manifest.stream.name = "two\nlines\u{202e}".into();
        run.manifest.overrides = vec!["x".repeat(1000), "名".repeat(300)];
        run.manifest.conditions.head = "h".repeat(900);
    })];
    for format in [Format::Text, Format::Markdown, Format::Latex, Format::Csv] {
        let text = written(&runs, format, USUAL);
        assert!(!text.contains(['\x1b', '\u{202e}']) && text.contains("twolines"), "{format:?}: {text}");
    }
    let text = written(&runs, Format::Text, USUAL);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let md = written(&runs, Format::Markdown, USUAL);
    assert!(md.contains("=a\\|b\\[31m\\\\end{tabular}&lt;b>"), "{md}");
    assert!(written(&runs, Format::Latex, &[]).contains("=a|b{[}31m\\textbackslash{}end\\{tabular\\}"));
    assert!(written(&runs, Format::Csv, &[]).contains(",'=a|b[31m\\end{tabular}<b>,"));
}

#[test]
fn formats_have_names() {
    let parsed = ["text", "md", "csv", "tex"].map(|name| name.parse::<Format>().unwrap());
    assert_eq!(parsed, [Format::Text, Format::Markdown, Format::Csv, Format::Latex]);
    assert_eq!("html".parse::<Format>().unwrap_err(), "no table format `html`; there are text, md, csv and tex");
}
