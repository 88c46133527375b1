//! What the program prints when all is well: helps and lists at 80 columns, checks and runs of the streams that
//! ship, tables in every format, JSON, silence, and pipes that close.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod program;

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use program::{Place, Said, same};
use serde_json::Value;

/// No line is wider than 80 columns, but for addresses, which cannot be broken.
#[track_caller]
fn fits(what: &str, text: &str) {
    for line in text.lines().filter(|line| !line.trim_start().starts_with("https://")) {
        assert!(line.chars().count() <= 80, "{what}: {} columns\n{line}", line.chars().count());
    }
}

/// Streams that ship, by file, with the datasets that they are made of.
fn streams() -> Vec<(PathBuf, Vec<String>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("streams");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut streams: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|end| end == "toml") && !path.ends_with("Cargo.toml"))
        .map(|path| {
            let table: toml::Table = fs::read_to_string(&path).unwrap().parse().unwrap();
            let datasets = match &table["stream"]["dataset"] {
                toml::Value::String(name) => vec![name.clone()],
                names => names.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect(),
            };
            // What a stream makes of another dataset ships if that one does.
            let of = |name: String| match table.get("data").and_then(|data| data.get(&name)?.get("of")?.as_str()) {
                Some(of) => of.to_owned(),
                None => name,
            };
            (path, datasets.into_iter().map(of).collect())
        })
        .collect();
    streams.sort();
    streams
}

/// Those whose data ships, too.
fn embedded() -> Vec<(PathBuf, Vec<String>)> {
    let listed = Place::new().done("data list");
    let ships = |name: &String| {
        let line = listed.lines().find(|line| line.split_whitespace().next() == Some(name));
        line.unwrap_or_else(|| panic!("no dataset {name}")).contains(" embedded ")
    };
    streams().into_iter().filter(|(_, datasets)| datasets.iter().all(ships)).collect()
}

#[test]
fn every_command_explains_itself_in_80_columns() {
    let place = Place::new();
    let mut open = vec![String::new()];
    let mut seen = 0;
    while let Some(command) = open.pop() {
        let help = place.done(&format!("{command} --help"));
        fits(&format!("{command} --help"), &help);
        assert!(help.contains("Usage: clbench"), "{command}\n{help}");
        assert_eq!(place.done(&format!("{command} -h")).lines().next(), help.lines().next());
        seen += 1;
        let commands = help.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap_or_default();
        // What goes on from the line above is indented further.
        for line in commands.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")) {
            let (name, about) = line.trim().split_once(' ').unwrap();
            assert!(!about.trim().is_empty(), "{command} {name} says nothing of itself");
            if name != "help" {
                open.push(format!("{command} {name}"));
            }
        }
    }
    assert!(seen >= 12, "only {seen} helps were seen");
    assert!(place.done("--version").starts_with("clbench 0."));
}

#[test]
fn the_list_names_everything_once_in_80_columns() {
    let list = Place::new().done("list");
    fits("list", &list);
    for part in
        ["methods (method=", "kinds of stream (stream.kind)", "datasets (", "optimizers (optim.rule)", "networks ("]
    {
        assert!(list.contains(part), "{part}");
    }
    for name in ["finetune", "ewc", "class-incremental", "digits", "sgd", "resnet18"] {
        let rows = list.lines().filter(|line| line.starts_with(&format!("  {name} ")));
        assert_eq!(rows.count(), 1, "{name}\n{list}");
    }
}

#[test]
fn streams_that_ship_pass_the_check_and_show_themselves() {
    let place = Place::new();
    let all = embedded();
    assert!(all.len() >= 4);
    for (path, datasets) in all {
        let path = path.display();
        let said = place.run(&format!("check {path}"));
        said.fails(0, &[]);
        assert!(said.err.is_empty() && said.out.ends_with("all is well; nothing was written\n"), "{path}\n{said}");
        let shown = place.done(&format!("stream show {path}"));
        fits(&format!("stream show {path}"), &shown);
        assert!(shown.contains(&format!("dataset  {}", datasets.join(", "))), "{shown}");
    }
    assert_eq!(place.files(".", &[]).len(), 1, "a file was written");
}

#[test]
fn streams_whose_data_is_absent_say_how_to_get_it() {
    let (place, embedded) = (Place::new(), embedded());
    for (path, _) in streams().into_iter().filter(|stream| !embedded.contains(stream)) {
        place.run(&format!("check {} data=nowhere", path.display())).fails(2, &["missing", "run `clbench data fetch "]);
    }
}

#[test]
fn streams_of_digits_run_as_they_are_and_make_tables_in_every_format() {
    let place = Place::new();
    let digits = embedded().into_iter().filter(|(_, datasets)| datasets.iter().all(|name| name == "digits"));
    for (path, _) in digits {
        let path = path.display();
        for settings in ["seeds=0..2 jobs=2", "method=replay", "method=joint", "method=lora+ewc ewc.samples=10"] {
            let said = place.run(&format!("run {path} {settings}"));
            said.fails(0, &["results go to runs"]);
            assert!(said.out.contains("results: runs/"), "{said}");
        }
    }
    let (text, md) = (place.done("table"), place.done("table --format md"));
    let (csv, tex) = (place.done("table runs --format=csv"), place.done("table --format tex runs"));
    fits("table", &text);
    let rows: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
    assert!(rows.len() >= 9 && rows.iter().all(|row| row.len() == rows[0].len()), "{csv}");
    for name in ["split-digits", "rotated-digits", "finetune", "lora+ewc", "joint", "replay"] {
        for (format, table) in [("text", &text), ("md", &md), ("csv", &csv), ("tex", &tex)] {
            assert!(table.contains(name), "{format} lacks {name}\n{table}");
        }
    }
    assert!(md.contains("|---") && tex.contains("\\begin{tabular}") && tex.contains("\\end{tabular}"));
    assert!(text.contains(" ±") && text.contains("± is half the 95 % interval"), "{text}");
    // The same runs, named twice or in another order, make the same table.
    assert_eq!(place.done("table runs runs/split-digits"), text);
    assert_eq!(place.done("table"), text);
}

#[test]
fn json_is_one_object_a_run_and_agrees_with_the_files() {
    let place = Place::small();
    let out = place.done("run small.toml seeds=0..3 jobs=2 --json");
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    for (seed, line) in lines.iter().enumerate() {
        let run = place.path(line["path"].as_str().unwrap());
        let manifest: Value = serde_json::from_slice(&fs::read(run.join("manifest.json")).unwrap()).unwrap();
        assert_eq!(line["manifest"], manifest);
        assert_eq!(manifest["seed"], seed);
        assert!(manifest["diverged"].is_null());
        for metric in ["acc.gem17", "aia.capymoa", "bwt.gem17", "fwt.gem17", "forgetting.chaudhry18", "la.mer19"] {
            assert!(line["scores"][metric].as_f64().unwrap().abs() <= 1.0, "{metric}: {line}");
        }
    }
    let one = place.done("run small.toml --json");
    assert_eq!(one.lines().collect::<Vec<_>>(), [out.lines().next().unwrap()]);
}

#[test]
fn classes_not_yet_seen_leave_forgetting_and_take_forward_transfer_with_a_reason() {
    let place = Place::small();
    let text = place.done("run small.toml head.test=seen");
    let line =
        |head: &str| text.lines().find(|line| line.starts_with(head)).unwrap_or_else(|| panic!("{head}: {text}"));
    let forgotten: f64 = line("FGT ↓").split_whitespace().nth(2).unwrap().parse().unwrap();
    assert!((-100.0..=100.0).contains(&forgotten), "{text}");
    assert!(line("FWT ↑").contains("—  it needs accuracies on tasks before they are trained"), "{text}");
    let run: Value = serde_json::from_str(&place.done("run small.toml head.test=seen --json")).unwrap();
    assert!((100.0 * run["scores"]["forgetting.chaudhry18"].as_f64().unwrap() - forgotten).abs() < 0.051, "{run}");
    assert!(run["scores"]["fwt.gem17"].is_null(), "{run}");
}

#[test]
fn quiet_is_silent_and_progress_is_not_data() {
    let place = Place::small();
    let quiet = place.run("run small.toml --quiet");
    assert_eq!((quiet.code, quiet.err.as_str()), (Some(0), ""), "{quiet}");
    let loud = place.run("run small.toml runs=loud");
    assert_eq!(loud.out.replace("loud/", "runs/"), quiet.out);
    for word in ["finetune on small, results go to loud", "experience 1 of 5 done, 32 steps", "experience 5 of 5 done"]
    {
        assert!(loud.err.contains(word), "nothing about {word}\n{loud}");
    }
    assert!(!loud.err.contains('\x1b') && !loud.out.contains('\x1b'), "colours where there is no terminal\n{loud}");
    same(&place.bits("runs"), &place.bits("loud"), "the same bits");
    // Errors are told all the same.
    let said = place.run("run small.toml --quiet runs=small.toml");
    said.fails(1, &["error: seed 0: cannot write to"]);
}

#[test]
fn settings_are_dotted_paths_and_the_later_wins() {
    let place = Place::small();
    place.done("run small.toml optim.rate=1 optim.rate=0.01 method=\"ewc\" ewc.fisher=empirical seeds=[4] name=other");
    let run = place.runs("runs/other/ewc").pop().unwrap();
    let config: toml::Table = fs::read_to_string(run.join("config.toml")).unwrap().parse().unwrap();
    assert_eq!(config["optim"]["rate"], toml::Value::Float(0.01));
    assert_eq!(config["methods"]["ewc"]["fisher"], toml::Value::String("empirical".into()));
    assert_eq!((&config["seed"], &config["name"]), (&toml::Value::Integer(4), &toml::Value::String("other".into())));
}

#[test]
fn what_is_closed_early_is_no_error() {
    let place = Place::small();
    place.done("run small.toml");
    for words in ["list", "run small.toml", "table", "table --format csv", "data list", "stream show small.toml"] {
        let mut child = place.clbench(words).spawn().unwrap();
        // One byte, and then the reader is gone.
        let mut out = child.stdout.take().unwrap();
        out.read_exact(&mut [0]).unwrap();
        drop(out);
        Said::of(child.wait_with_output().unwrap()).fails(0, &[]);
    }
}

#[test]
fn the_data_folder_is_where_the_surroundings_say() {
    let place = Place::new();
    let path = |variables: &[(&str, &str)]| {
        let mut command = place.clbench("data path");
        command.envs(variables.iter().copied());
        Said::of(command.output().unwrap()).out
    };
    assert_eq!(path(&[("CLBENCH_DATA", "/a"), ("XDG_DATA_HOME", "/b")]), "/a\n");
    assert_eq!(path(&[("CLBENCH_DATA", ""), ("XDG_DATA_HOME", "/b")]), "/b/clbench\n");
    assert_eq!(path(&[]), format!("{}\n", place.path(".local/share/clbench").display()));
}

#[test]
fn phases_compare_rows_that_are_there_and_name_them_otherwise() {
    let place = Place::small();
    place.done("run small.toml method=joint runs=joint");
    place.run("phases joint").fails(1, &["no finished sequential run below joint"]);
    place.done("run small.toml seeds=0..2");
    assert!(place.done("phases --against finetune").contains("points above finetune"));
    place.run("phases --against nothing").fails(2, &["--against names no row; there are finetune"]);
    place.run("phases --compare finetune nothing").fails(2, &["no two such rows", "there are finetune"]);
    place.run("phases --against finetune --spread").fails(2, &["cannot be used with"]);
}
