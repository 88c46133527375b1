use std::fs;
use std::path::Path;

use super::*;
use crate::{
    record::example,
    summary::Grouping,
    table::{Format, TableOptions, table},
};

/// Names that are no names: markup, quotes, an early end, a link that runs, a reordering mark.
const HOSTILE: [&str; 6] = [
    "<img src=x onerror=alert(1)>",
    "\"><script>alert(1)</script>",
    "</script><script>alert(1)</script><!--",
    "javascript:alert(1)",
    "\u{202e}live\u{200b}' onmouseover='alert(1)",
    "</style></textarea></title>&lt;b&gt;{{x}}${x}",
];

/// Three methods of five seeds and joint training.
fn usual() -> Vec<RunDir> {
    let seeds = |method, accuracy: f64| {
        (0..5).map(move |seed| example::run(method, seed, [accuracy + 0.01 * seed as f64, 0.8, 0.7]))
    };
    let mut runs: Vec<RunDir> = seeds("finetune", 0.1).chain(seeds("er", 0.6)).chain(seeds("si", 0.3)).collect();
    runs.extend((0..5).map(|seed| example::joint(seed, [0.9, 0.95, 0.97])));
    runs
}

/// Runs in which every name that a file can state is hostile.
fn hostile() -> Vec<RunDir> {
    let long = "x".repeat(1000);
    let mut runs = Vec::new();
    for (at, name) in HOSTILE.iter().copied().chain([&*long]).enumerate() {
        for seed in 0..2 {
            let mut run = example::run(name, seed, [0.1 * at as f64, 0.8, 0.7]);
            let m = &mut run.manifest;
            (m.run, m.family) = (format!("{name}{seed}"), format!("family {name}"));
            m.overrides = vec![format!("{name}={name}"), "=HYPERLINK(1)".into()];
            [m.device, m.version, m.revision, m.machine] = [name; 4].map(String::from);
            m.conditions.start = name.into();
            m.conditions.recipe = name.into();
            m.experiences.iter_mut().for_each(|plan| plan.bound_by = name.into());
            m.stream.name = HOSTILE[1].into();
            m.stream.kind = HOSTILE[0].into();
            m.stream.hash = HOSTILE[2].into();
            m.stream.tasks = HOSTILE[..3].iter().map(ToString::to_string).collect();
            m.stream.notes = HOSTILE.map(String::from).into();
            if at == 3 {
                m.diverged = Some(HOSTILE[2].into());
            }
            runs.push(run);
        }
    }
    runs
}

/// So many methods with one seed each.
fn many(count: usize) -> Vec<RunDir> {
    let run = |at: usize| {
        let share = at as f64 / count as f64;
        let mut run = example::run(&format!("method-{at}"), 0, [share, 0.8 * (1.0 - share), 0.3 + 0.5 * share]);
        run.manifest.overrides = vec![format!("optimizer.lr={share}")];
        run
    };
    (0..count).map(run).collect()
}

fn options() -> SiteOptions {
    let heat = crate::picture::Bars {
        title: "Charged operations".into(),
        axis: "operations".into(),
        rows: vec!["finetune".into(), "er".into()],
        parts: vec![("all".into(), vec![1_230_000, 2_460_000])],
    };
    let figure = Figure { title: "A picture".into(), caption: "How to read it.".into(), svg: heat.draw().svg };
    let grouping = Grouping { mix_versions: true, ..Grouping::default() };
    SiteOptions { figures: [(example::stream().hash, vec![figure])].into(), grouping, ..SiteOptions::default() }
}

fn made(runs: &[RunDir]) -> String {
    site(runs, &options()).unwrap()
}

/// The attributes' values and texts between `start` and `end`, in order.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Vec<&'a str> {
    text.split(start).skip(1).filter_map(|rest| rest.split_once(end)).map(|(inner, _)| inner).collect()
}

#[test]
fn the_same_runs_give_the_same_bytes_in_any_order() {
    let runs = usual();
    let mut turned = runs.clone();
    turned.reverse();
    assert_eq!(made(&runs), made(&turned));
}

#[test]
fn a_page_without_runs_is_a_page() {
    let page = made(&[]);
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("from 0 runs"), "{page}");
}

#[test]
fn the_policy_states_the_hashes_of_what_the_page_holds() {
    let page = made(&usual());
    let [style] = between(&page, "<style>", "</style>")[..] else { panic!("one style") };
    let [script] = between(&page, "<script>", "</script>")[..] else { panic!("one script that runs") };
    let stated = between(&page, "Content-Security-Policy\" content=\"", "\"")[0].replace("&#39;", "'");
    assert_eq!(stated, policy::policy(style, script));
    assert!(stated.starts_with("default-src 'none'; "));
    assert!(!page.contains(" style=\""), "a style attribute would be refused");
}

#[test]
fn nothing_is_loaded() {
    let page = made(&[usual(), hostile()].concat());
    for attribute in [" src=\"", " href=\"", " action=\"", " srcset=\"", " poster=\"", " data=\""] {
        let loads = between(&page, attribute, "\"");
        assert!(loads.iter().all(|to| to.starts_with('#') || *to == "data:,"), "{attribute}: {loads:?}");
    }
    for word in ["@import", "url(", "fetch(", "XMLHttpRequest", "import(", "innerHTML", "eval("] {
        assert!(!page.contains(word), "{word}");
    }
}

#[test]
fn hostile_names_open_no_element_and_no_attribute() {
    let (page, plain) = (made(&hostile()), made(&usual()));
    let elements = |page: &str| {
        let name =
            |rest: &str| rest.chars().take_while(|c| c.is_alphanumeric() || "!/-".contains(*c)).collect::<String>();
        page.split('<').skip(1).map(name).collect::<std::collections::BTreeSet<String>>()
    };
    let script = |page: &str| {
        let (before, rest) = page.split_once("<script>").unwrap();
        format!("{before}{}", rest.split_once("</script>").unwrap().1)
    };
    let known = elements(&script(&plain));
    let unknown: Vec<String> = elements(&script(&page)).difference(&known).cloned().collect();
    // The hostile runs have two conditions more to choose from, and no picture.
    assert!(unknown.iter().all(|name| ["select", "/select", "option", "/option"].contains(&&**name)), "{unknown:?}");
    for never in ["<img", "<script>alert", " onerror=\"", " onmouseover=\"", "\u{202e}", "\u{200b}"] {
        assert!(!page.contains(never), "{never}");
    }
    assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;"));
    assert_eq!(page.matches("</script>").count(), 2);
}

#[test]
fn a_name_of_a_thousand_characters_is_cut_where_it_is_a_name() {
    let page = made(&hostile());
    let rows = between(&page, "<summary>", "</summary>");
    assert!(rows.iter().any(|name| name.starts_with("xxx")));
    assert!(rows.iter().all(|name| name.chars().count() < 200), "{rows:?}");
}

#[test]
fn numbers_of_the_page_are_those_of_the_csv() {
    let runs = usual();
    let page = made(&runs);
    let options = TableOptions { format: Format::Csv, ..TableOptions::default() };
    let csv = table(&runs, &options).unwrap();
    let [json] = between(&page, "<script class=\"data\" type=\"application/json\">", "</script>")[..] else { panic!() };
    let data: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(data["csv"], csv.as_str());

    let mut reader = ::csv::Reader::from_reader(csv.as_bytes());
    let heads = reader.headers().unwrap().clone();
    let column = |name: &str| heads.iter().position(|head| head == name).unwrap();
    let bodies = between(&page, "<tbody><tr><td class=\"rank\"", "<tr class=\"more\">");
    let scores = between(json, "\"scores\":", "}}");
    for (at, line) in reader.records().map(Result::unwrap).enumerate() {
        let (row, cells) = (&data["rows"][at], between(bodies[at], "data-value=\"", "\""));
        let scores = format!("{}}}", scores[at]);
        assert_eq!(row["method"], line[column("method")]);
        for metric in USUAL {
            for (key, suffix) in [("mean", ""), ("deviation", "_deviation"), ("half_width_95", "_half_width_95")] {
                let cell = &line[column(&format!("{}{suffix}", metric.key))];
                // Compared as text: reading a number back may cost its last bit.
                let cell = if cell.is_empty() { "null" } else { cell };
                let score = between(&scores, &format!("\"{}\":", metric.key), "}")[0];
                let exact = between(&format!("{score},"), &format!("\"{key}\":"), ",")[0].to_owned();
                assert_eq!(exact, cell, "{} {key} of row {at}", metric.key);
            }
            let mean = &line[column(metric.key)];
            assert!(mean.is_empty() || cells.contains(&mean), "{mean} of row {at}: {cells:?}");
        }
        for count in ["flops", "examples", "replayed", "state_bytes", "n_seeds"] {
            assert!(cells.contains(&&line[column(count)]), "{count} of row {at}");
        }
    }
    assert_eq!(bodies.len(), 4);
}

#[test]
fn the_best_is_bold_and_ties_are_marked() {
    let page = made(&usual());
    let bodies = between(&page, "<tbody><tr><td class=\"rank\"", "<tr class=\"more\">");
    let row = |name: &str| bodies.iter().find(|body| body.contains(&format!("<summary>{name}<"))).unwrap().to_string();
    // er: (0.62 + 0.8 + 0.7) / 3.
    assert!(row("er").contains("<strong>70.7</strong>"), "{}", row("er"));
    assert!(!row("joint").contains("<strong>"), "a reference is not ranked");
    // All were equally good at first.
    assert!(bodies.iter().all(|body| !body.contains("<strong>-10.0")), "{bodies:?}");
    let alike: Vec<RunDir> = [("a", 0.01), ("b", -0.01)]
        .into_iter()
        .flat_map(|(name, slope)| (0..3).map(move |seed| example::run(name, seed, [0.5 + slope * seed as f64; 3])))
        .collect();
    assert!(made(&alike).contains(">≈2<"));
}

#[test]
fn conditions_that_rows_share_are_said_once_and_others_are_columns() {
    let mut runs = usual();
    let page = made(&runs);
    assert!(page.contains("<dt>task identity</dt><dd>not told</dd>") && !page.contains("<select"));
    runs.iter_mut()
        .filter(|run| run.manifest.method == "er")
        .for_each(|run| run.manifest.conditions.task_identity = true);
    let page = made(&runs);
    assert!(page.contains("<option value=\"told\">told</option>"));
    assert!(page.contains("<td>not told</td>") && !page.contains("<dt>task identity</dt>"));
}

#[test]
fn a_row_opens_to_its_runs() {
    let page = made(&usual());
    assert!(page.contains("clbench run streams/split-digits.toml method=er seed=3"), "{page}");
    assert!(page.contains("<code>er-3</code>"));
    assert!(page.contains("clbench 0.1.0, revision 0123abc, device flex, an example — seeds 0, 1, 2, 3, 4"));
}

/// Writes `name.html` and `name.csv` for a browser to compare.
fn write(root: &Path, name: &str, runs: &[RunDir], options: &SiteOptions) {
    let table = TableOptions {
        format: Format::Csv,
        metrics: options.metrics.clone(),
        grouping: options.grouping.clone(),
        ..TableOptions::default()
    };
    fs::write(root.join(format!("{name}.html")), site(runs, options).unwrap()).unwrap();
    fs::write(root.join(format!("{name}.csv")), crate::table::table(runs, &table).unwrap()).unwrap();
}

#[test]
#[ignore = "writes files into CLBENCH_PAGES; called by tests/outside/check-report.sh"]
fn pages_for_a_browser() {
    let root = std::path::PathBuf::from(std::env::var("CLBENCH_PAGES").unwrap());
    let mut mixed = usual();
    mixed.iter_mut().filter(|run| run.manifest.method == "si").for_each(|run| {
        run.manifest.conditions.task_identity = true;
        run.manifest.overrides = vec!["si.c=0.1".into()];
    });
    mixed[0].records.retain(|record| record.experience > 0);
    write(&root, "mixed", &mixed, &options());
    write(&root, "hostile", &hostile(), &options());
    write(&root, "many", &many(2000), &options());
    if let Ok(runs) = std::env::var("CLBENCH_RUNS") {
        let runs = crate::store::discover(&[runs]).unwrap().runs;
        let figures =
            runs.iter().map(|run| (run.manifest.stream.hash.clone(), vec![kept(&runs, &run.manifest.stream.hash)]));
        let options = SiteOptions { figures: figures.collect(), ..options() };
        write(&root, "runs", &runs, &options);
    }
}

/// How many test examples of each task the first seed of each method answers rightly at its end.
fn kept(runs: &[RunDir], hash: &str) -> Figure {
    let runs: Vec<&RunDir> =
        runs.iter().filter(|run| run.manifest.stream.hash == hash && run.manifest.seed == 0).collect();
    let right = |(row, run): (usize, &&RunDir)| {
        let last = run.manifest.stream.experiences;
        let ends = run.records.iter().filter(move |r| r.experience == last && r.preference.is_empty());
        ends.map(move |r| (row, r.task, (r.accuracy * r.n as f64).round() as u64)).collect::<Vec<_>>()
    };
    let heat = crate::picture::Heat {
        title: "Right answers after the last experience".into(),
        rows: runs.iter().map(|run| run.manifest.method.clone()).collect(),
        columns: (1..=runs[0].manifest.stream.tasks.len()).map(|task| format!("task {task}")).collect(),
        row_title: "method".into(),
        column_title: "task".into(),
        layers: vec![crate::picture::Layer {
            name: "right answers".into(),
            ramp: crate::picture::Ramp::Blue,
            cells: runs.iter().enumerate().flat_map(right).collect(),
        }],
    };
    Figure {
        title: "What is kept".into(),
        caption: "Right answers to each task's test after the last experience, seed 0.".into(),
        svg: heat.draw().svg,
    }
}
