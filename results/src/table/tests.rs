//! Whole tables against literal expectations.

use super::*;
use crate::{
    metric::{accuracy::AVERAGE, forgetting::CHAUDHRY},
    record::example,
};

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
    assert_eq!(text, include_str!("tests.txt"), "\n{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80));
}

#[test]
fn markdown_and_latex_hold_the_same_cells() {
    let runs: Vec<_> = runs().into_iter().filter(|run| run.manifest.method.contains("er")).collect();
    let metrics = [&AVERAGE, &CHAUDHRY];
    let md = written(&runs, Format::Markdown, &metrics);
    let cells: Vec<&str> = md.lines().nth(4).unwrap().split('|').map(str::trim).collect();
    let scores = ["er", "—", "3", "71.7 ±0.8", "15.0 ±1.2"];
    let others = ["random", "shared", "seen / all", "no", "300 (epochs)", "1.23 G", "0", "0 B"];
    assert_eq!(cells[1..cells.len() - 1], [&scores[..], &others[..]].concat());
    let tex = written(&runs, Format::Latex, &metrics);
    let line = "er & --- & 3 & 71.7 $\\pm$0.8 & 15.0 $\\pm$1.2 & random & shared & seen / all & no & 300 (epochs) & \
                1.23 G & 0 & 0 B \\\\\n";
    assert!(tex.contains(line), "{tex}");
    assert!(tex.contains("method & rank & seeds & ACC $\\uparrow$ & FGT $\\downarrow$ & start"), "{tex}");
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
    let mean = summarise(&er, &Grouping::default()).unwrap()[0].entries[0].estimate(&AVERAGE).unwrap().mean;
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
    let parsed = ["text", "md", "csv", "tex", "html", "json"].map(|name| name.parse::<Format>().unwrap());
    assert_eq!(parsed, [Format::Text, Format::Markdown, Format::Csv, Format::Latex, Format::Html, Format::Json]);
    assert_eq!(
        "xls".parse::<Format>().unwrap_err(),
        "no table format `xls`; there are text, md, csv, tex, html and json"
    );
}

#[test]
fn html_and_json_hold_the_same_numbers_and_hostile_names_are_text() {
    let mut runs = runs();
    runs.iter_mut().filter(|run| run.manifest.method == "er").for_each(|run| run.manifest.method = "<b>e&r".into());
    let html = written(&runs, Format::Html, USUAL);
    assert!(html.contains("<td>&lt;b&gt;e&amp;r</td>") && !html.contains("<b>"), "{html}");
    assert!(html.contains("<td class=\"best\"><strong>72.0 ±2.5</strong></td>"), "{html}");
    let json: serde_json::Value = serde_json::from_str(&written(&runs, Format::Json, USUAL)).unwrap();
    let rows = json[0]["rows"].as_array().unwrap();
    let row = rows.iter().find(|row| row["method"] == "<b>e&r").unwrap();
    let mean = row["scores"]["acc.gem17"]["mean"].as_f64().unwrap();
    let by_seed = row["scores"]["acc.gem17"]["by_seed"].as_array().unwrap();
    let sum: f64 = by_seed.iter().map(|pair| pair[1].as_f64().unwrap()).sum();
    assert!((mean - sum / 3.0).abs() < 1e-12 && (mean - 0.7167).abs() < 1e-4);
    assert_eq!(row["command"], "clbench run streams/split-digits.toml 'method=<b>e&r' seeds=0..3");
}

#[test]
fn the_best_is_marked_and_so_are_those_that_seeds_do_not_tell_from_it() {
    let options = TableOptions { metrics: vec![&AVERAGE], footnotes: true, ..TableOptions::default() };
    let text = table(&runs(), &options).unwrap();
    let line =
        |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap().split_whitespace().collect::<Vec<_>>();
    assert_eq!(line("lora+ewc"), ["lora+ewc", "[2]", "1", "3", "*72.0"]);
    assert_eq!(line("er "), ["er", "[3]", "≈2", "3", "≈71.7"]);
    assert_eq!(line("finetune"), ["finetune", "[1]", "3", "3", "35.0"]);
    let note = "[2] lora+ewc: runs lora+ewc-0 lora+ewc-1 lora+ewc-2; clbench run";
    assert!(text.contains(note), "{text}");
    // By hand: the differences are 1, −1 and 1 times 0.00333…, 0.01 and so on; the sentence names the test.
    assert!(
        text.contains("lora+ewc (lora.rank=8) has the best ACC on split-digits, 72.0 ± 2.5 %, 0.3 ± 1.7"),
        "{text}"
    );
    assert!(text.ends_with("would be needed to tell the two apart.\n"), "{text}");
}

#[test]
fn columns_are_those_that_were_asked_for() {
    let columns = Some(vec![Column::Scores, Column::Operations]);
    let options = TableOptions { metrics: vec![&CHAUDHRY], columns, ..TableOptions::default() };
    let md = table(&runs(), &TableOptions { format: Format::Markdown, ..options.clone() }).unwrap();
    assert_eq!(md.lines().nth(2).unwrap(), "| method               | FGT ↓           | operations |");
    let text = table(&runs(), &options).unwrap();
    assert!(
        text.contains("\nmethod          FGT ↓\n") && text.contains("\nmethod       cond.  operations\n"),
        "{text}"
    );
}

#[test]
fn one_table_can_go_across_streams() {
    let mut runs = runs();
    let mut other = example::run("er", 7, [0.1; 3]);
    other.manifest.stream.hash = "another".into();
    other.manifest.stream.name = "another-stream".into();
    runs.push(other);
    let options = TableOptions { metrics: vec![&AVERAGE], format: Format::Markdown, ..TableOptions::default() };
    let md = pivot::across(&runs, &options).unwrap();
    assert!(md.contains("| method               | another-stream ↑ | split-digits ↑ |"), "{md}");
    let row = md.lines().find(|line| line.starts_with("| er ")).unwrap();
    let cells: Vec<&str> = row.split('|').map(str::trim).collect();
    assert_eq!(cells[1..4], ["er", "10.0", "≈71.7 ±0.8"]);
    let text = pivot::across(&runs, &TableOptions { format: Format::Text, ..options }).unwrap();
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}
