//! Streams with files beside them: they run, and run again, from wherever their configuration lies.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod program;

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use clbench_results::RunDir;
use program::{Place, Said, same};

/// How every stream here is trained.
const REST: &str =
    "\n[net]\nbody = \"mlp\"\nwidths = [8]\n[optim]\nrule = \"sgd\"\nrate = 0.1\n[train]\nbatch = 16\nsteps = 3\n";

/// Rows of four classes; with `shift` the same classes look otherwise.
fn table(shift: usize) -> String {
    let row = |at: usize| format!("{},{},c{}\n", (at * 37 + shift) % 101, at % 4 * 10, at % 4);
    format!("a,b,kind\n{}", (0..80).map(row).collect::<String>())
}

/// A number for each of the 1442 digits for training.
fn numbers(column: &str) -> String {
    let rows = (0..1442).map(|at| format!("digits,{at},{}\n", at * 7919 % 1009));
    format!("dataset,index,{column}\n{}", rows.collect::<String>())
}

/// Streams that name files of every sort; what they name lies beside them.
const STREAMS: [(&str, &str); 8] = [
    (
        "csv",
        "[data.rows]\nformat = \"csv\"\npath = \"train.csv\"\nlabel = \"kind\"\nfeatures = \"rest\"\n[stream]\nkind = \
         \"class-incremental\"\ndataset = \"rows\"\ntasks = 2\n",
    ),
    (
        "folder",
        "[data.rows]\nformat = \"folder\"\npath = \"pictures\"\nsize = 4\n[stream]\nkind = \
         \"class-incremental\"\ndataset = \"rows\"\ntasks = 2\n",
    ),
    (
        "order",
        "[stream]\nkind = \"class-incremental\"\ndataset = \"digits\"\ntasks = 2\n[stream.order]\nkind = \
         \"explicit\"\nfile = \"lists/order.json\"\n",
    ),
    (
        "scores",
        "[stream]\nkind = \"class-incremental\"\ndataset = \"digits\"\ntasks = 2\n[stream.order]\nkind = \
         \"difficulty\"\nsource = \"file\"\nfile = \"scores.csv\"\n",
    ),
    (
        "stamps",
        "[stream]\nkind = \"permuted\"\ndataset = \"digits\"\ntasks = 2\n[stream.order]\nkind = \"time\"\nstamps = \
         \"stamps.csv\"\n",
    ),
    (
        "timeline",
        "[stream]\nkind = \"class-incremental\"\ndataset = \"digits\"\ntasks = 2\n[stream.arrival]\nkind = \
         \"timeline\"\nfile = \"times.csv\"\n",
    ),
    (
        "gain",
        "[stream]\nkind = \"class-incremental\"\ndataset = \"digits\"\ntasks = 2\n[stream.environment]\nkind = \
         \"gain-rl\"\nsource = \"file\"\nfile = \"gains.csv\"\n",
    ),
    (
        "start",
        "[start]\nkind = \"file\"\npath = \"weights.safetensors\"\n[stream]\nkind = \"class-incremental\"\ndataset = \
         \"digits\"\ntasks = 2\n",
    ),
];

/// A folder below which `streams` holds every stream with its files.
fn yard() -> Place {
    let place = Place::new();
    for (name, text) in STREAMS {
        place.write(&format!("streams/{name}.toml"), format!("{text}{REST}"));
    }
    // A run has a file of this name, too.
    place.write("streams/train.csv", table(0));
    for (at, class) in ["x", "y"].into_iter().enumerate() {
        for number in 0..6_u8 {
            fs::create_dir_all(place.path("streams/pictures").join(class)).unwrap();
            let picture = image::RgbImage::from_pixel(4, 4, image::Rgb([number * 40, at as u8 * 200, 9]));
            picture.save(place.path("streams/pictures").join(class).join(format!("{number}.png"))).unwrap();
        }
    }
    let order: Vec<String> = (0..10).rev().map(|class| format!("\"digits+++{class}\"")).collect();
    place.write("streams/lists/order.json", format!("[{}]", order.join(", ")));
    let scores = (0..10).map(|class| format!("digits+++{class},{}\n", class * 7 % 10));
    place.write("streams/scores.csv", format!("concept,score\n{}", scores.collect::<String>()));
    place.write("streams/stamps.csv", "concept,time\nas it is,5\npermutation 1,3\nno permutation,9\n");
    place.write("streams/times.csv", numbers("time"));
    place.write("streams/gains.csv", numbers("score"));
    place.done("run streams/order.toml keep.weights=true runs=first stream.order=given --quiet");
    let weights = place.runs("first")[0].join("artifact/weights.safetensors");
    fs::copy(weights, place.path("streams/weights.safetensors")).unwrap();
    place
}

/// The one run below `runs`.
#[track_caller]
fn one(place: &Place, runs: &str) -> PathBuf {
    let found = place.runs(runs);
    assert_eq!(found.len(), 1, "{runs}: {found:?}");
    found[0].clone()
}

fn id(run: &Path) -> String {
    RunDir::open(run).unwrap().manifest.run
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()) {
        let to = to.join(entry.file_name().unwrap());
        if entry.is_dir() {
            copy(&entry, &to);
        } else {
            fs::copy(&entry, to).unwrap();
        }
    }
}

#[test]
fn a_copied_configuration_runs_from_anywhere_and_repro_and_verify_agree() {
    let place = yard();
    for (name, _) in STREAMS {
        place.done(&format!("run streams/{name}.toml runs=runs-{name} --quiet"));
        let run = one(&place, &format!("runs-{name}"));
        // A copy by itself in another folder.
        let elsewhere = tempfile::tempdir().unwrap();
        fs::copy(run.join("config.toml"), elsewhere.path().join("copied.toml")).unwrap();
        let mut command = place.clbench("run copied.toml runs=again --quiet");
        let said = Said::of(command.current_dir(elsewhere.path()).output().unwrap());
        assert_eq!(said.code, Some(0), "{name}: {said}");
        let folder = elsewhere.path().join("again").join(name).join("finetune").join(id(&run));
        assert_eq!(fs::read(folder.join("records.csv")).unwrap(), fs::read(run.join("records.csv")).unwrap(), "{name}");
        // What `repro` prints, run as it stands.
        let printed = place.done(&format!("repro runs-{name}"));
        let exact = printed.lines().find(|line| line.ends_with("config.toml")).unwrap();
        let script = exact.replacen("clbench", "\"$CLBENCH\"", 1);
        let said = place.shell(&format!("{script} runs=repeated-{name} --quiet"));
        assert_eq!(said.code, Some(0), "{name}: {said}");
        same(&place.bits(&format!("runs-{name}")), &place.bits(&format!("repeated-{name}")), name);
        fs::write(place.path("table.json"), place.done(&format!("table runs-{name} --format json"))).unwrap();
        let said = place.done(&format!("verify table.json runs-{name}"));
        assert!(said.contains("1 the same, bit for bit"), "{name}: {said}");
    }
}

#[test]
fn the_same_stream_in_another_folder_or_under_another_name_is_the_same_run() {
    let place = yard();
    copy(&place.path("streams"), &place.path("moved/deeper"));
    place.write("moved/deeper/other.csv", table(0));
    place.write("moved/deeper/changed.csv", table(1));
    fs::copy(place.path("streams/weights.safetensors"), place.path("moved/deeper/w.bin")).unwrap();
    let run = |words: &str, runs: &str| {
        place.done(&format!("run {words} runs={runs} --quiet"));
        id(&one(&place, runs))
    };
    for (name, _) in STREAMS {
        let wanted = run(&format!("streams/{name}.toml"), &format!("a-{name}"));
        assert_eq!(run(&format!("moved/deeper/{name}.toml"), &format!("b-{name}")), wanted, "{name}");
    }
    // Content tells runs apart, and neither names nor places do.
    let csv = id(&one(&place, "a-csv"));
    assert_eq!(run("moved/deeper/csv.toml data.rows.path=other.csv", "c"), csv);
    let whole = place.path("moved/deeper/other.csv").display().to_string();
    assert_eq!(run(&format!("streams/csv.toml data.rows.path={whole}"), "d"), csv);
    assert_ne!(run("moved/deeper/csv.toml data.rows.path=changed.csv", "e"), csv);
    let start = id(&one(&place, "a-start"));
    assert_eq!(run("moved/deeper/start.toml start.path=w.bin", "f"), start);
    // Named from where one stands, as the command line does.
    let order = id(&one(&place, "a-order"));
    assert_eq!(run("streams/order.toml stream.order.file=moved/deeper/lists/order.json", "g"), order);
}

#[test]
fn an_imported_order_is_repeated_from_its_run() {
    let place = Place::new();
    place.write("lists/mine.json", "[\"digits+++3\", \"digits+++8\", \"digits+++1\", \"digits+++0\"]");
    // The list lies beside the stream file in one case, and elsewhere in the other.
    for (at, output) in ["lists/new.toml", "streams/new.toml"].into_iter().enumerate() {
        place.write("streams/keep", "");
        place.done(&format!("stream import lists/mine.json -o {output} --dataset digits --tasks 2"));
        place.done(&format!("run {output} train.epochs=1 runs=runs{at} --quiet"));
        let run = one(&place, &format!("runs{at}"));
        place.done(&format!("run {} runs=again{at} --quiet", run.join("config.toml").display()));
        // What was set on the command line stands in the configuration now.
        let bits = |runs: &str| place.files(runs, &["manifest.json", "timing.csv", ".lock"]);
        same(&bits(&format!("runs{at}")), &bits(&format!("again{at}")), output);
    }
    same(
        &place.files("runs0", &["config.toml", "timing.csv", ".lock"]),
        &place.files("runs1", &["config.toml", "timing.csv", ".lock"]),
        "one run",
    );
}

#[test]
fn an_exported_stream_of_ones_own_data_runs_where_it_was_exported_to() {
    let place = yard();
    for name in ["csv", "folder", "order", "stamps", "timeline", "start"] {
        let hash = place.done(&format!("stream hash streams/{name}.toml"));
        place.done(&format!("stream export streams/{name}.toml -o out/{name}"));
        assert_eq!(place.done(&format!("stream hash out/{name}/stream.toml")), hash, "{name}");
        place.done(&format!("check out/{name}/stream.toml"));
    }
    // Parts' own files went along, so that these depend on nothing else.
    for name in ["order", "stamps", "timeline"] {
        let text = fs::read_to_string(place.path(format!("out/{name}/stream.toml"))).unwrap();
        assert!(!text.contains("[files]"), "{text}");
    }
    assert!(place.path("out/stamps/stamps.csv").exists());
}

/// Runs of the stream `csv` with a tampered configuration, packed; the table that they made.
fn bundle(place: &Place, from: &str, to: &str) {
    let _ = fs::remove_dir_all(place.path("given"));
    fs::create_dir_all(place.path("given")).unwrap();
    place.done("run streams/csv.toml runs=packed --quiet");
    let config = one(place, "packed").join("config.toml");
    let text = fs::read_to_string(&config).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(&config, text.replace(from, to)).unwrap();
    fs::write(place.path("given/table.json"), place.done("table packed --format json")).unwrap();
    place.done("pack packed -o given/table.runs.gz");
    fs::write(&config, text).unwrap();
}

#[test]
fn a_bundle_names_no_place_of_this_machine_and_reads_files_beside_it_alone() {
    let place = yard();
    bundle(&place, "path = \"train.csv\"", "path = \"train.csv\"");
    let kept = fs::read_to_string(one(&place, "packed").join("config.toml")).unwrap();
    let root = place.path("streams").display().to_string();
    assert!(kept.contains(&format!("\"train.csv\" = \"{root}/train.csv\"")), "{kept}");
    let text = place.shell("gzip -dc given/table.runs.gz");
    assert!(text.out.contains("train.csv") && !text.out.contains(&root), "{text}");
    // Nothing lies beside it yet.
    let said = place.run("verify given/table.json");
    assert!(said.code == Some(1) && said.out.contains("train.csv"), "{said}");
    // Elsewhere, as the user says, or beside it.
    let said = place.done("verify given/table.json --files streams");
    assert!(said.contains("1 the same, bit for bit"), "{said}");
    fs::copy(place.path("streams/train.csv"), place.path("given/train.csv")).unwrap();
    let said = place.done("verify given/table.json");
    assert!(said.contains("1 the same, bit for bit"), "{said}");
    fs::write(place.path("given/train.csv"), table(1)).unwrap();
    let said = place.run("verify given/table.json");
    assert!(said.code == Some(1) && said.out.contains("another hash now"), "{said}");
}

#[test]
fn a_bundle_cannot_name_files_outside() {
    let place = yard();
    let secret = place.path("streams/train.csv").display().to_string();
    let order = "[stream.order]\nkind = \"explicit\"\nfile =";
    let kept = format!("[files]\n\"train.csv\" = \"{secret}\"\n");
    for (from, to) in [
        ("path = \"train.csv\"".to_owned(), format!("path = \"{secret}\"")),
        ("path = \"train.csv\"".to_owned(), "path = \"../streams/train.csv\"".to_owned()),
        ("path = \"train.csv\"".to_owned(), "path = \"x/../../streams/train.csv\"".to_owned()),
        ("start = \"random\"".to_owned(), format!("start = {{ kind = \"file\", path = \"{secret}\" }}")),
        ("dataset = [\"rows\"]".to_owned(), format!("dataset = [\"{secret}\"]")),
        ("\n[net]".to_owned(), format!("\n{order} \"../streams/lists/order.json\"\n[net]")),
    ] {
        bundle(&place, &from, &to);
        fs::copy(place.path("streams/train.csv"), place.path("given/train.csv")).unwrap();
        let said = place.run("verify given/table.json");
        assert!(said.code == Some(1) && said.out.contains("would lie outside of"), "{to}: {said}");
    }
    // Places that a bundle brings along are not believed.
    bundle(&place, "[data.rows]", &format!("{kept}\n[data.rows]").replace("[files]", "[ files ]"));
    let said = place.run("verify given/table.json");
    assert!(said.code == Some(1) && !said.out.contains("1 the same, bit for bit"), "{said}");
}

/// 400 rows of noise in the order of four classes, with the index that pandas writes.
fn noise() -> String {
    let draw = |at: usize, column: usize| {
        let mixed = (at * 4 + column + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (mixed >> 40) as f64 / 16_777_216.0 - 0.5
    };
    let mut text = ",a,b,c,kind\n".to_owned();
    for at in 0..400 {
        let _ = writeln!(text, "{at},{:.4},{:.4},{:.4},k{}", draw(at, 0), draw(at, 1), draw(at, 2), at / 100);
    }
    text
}

#[test]
fn noise_in_order_of_class_is_chance_without_its_index_and_learned_with_it() {
    let place = Place::new();
    place.write("noise.csv", noise());
    let stream = "[data.noise]\nformat = \"csv\"\npath = \"noise.csv\"\nlabel = \"kind\"\nfeatures = \"rest\"\n\
                  [stream]\nkind = \"class-incremental\"\ndataset = \"noise\"\ntasks = 1\n[net]\nbody = \
                  \"mlp\"\nwidths = [64]\n\
                  [optim]\nrule = \"adamw\"\nrate = 0.01\n[train]\nbatch = 16\nepochs = 40\n";
    place.write("noise.toml", stream);
    let accuracy = |words: &str, runs: &str| {
        let said = place.run(&format!("run noise.toml runs={runs} {words}"));
        assert_eq!(said.code, Some(0), "{said}");
        let run = RunDir::open(one(&place, runs)).unwrap();
        (run.records.last().unwrap().accuracy, said.err, run.manifest.stream.notes)
    };
    let (without, said, notes) = accuracy("", "a");
    let note = "noise: left out as no feature: column 1, which has no name; keep_index = true keeps it";
    assert!(said.contains(note) && notes == [note], "{said}\n{notes:?}");
    // Chance is 0.25 of 80 test examples, four standard errors of which are 0.19.
    assert!(without < 0.45, "{without}");
    let (with, ..) = accuracy("data.noise.keep_index=true", "b");
    assert!(with > 0.85, "{with}");
    let checked = place.done("check noise.toml");
    assert!(checked.contains(&format!("note        {note}")), "{checked}");
}

#[test]
fn stream_files_of_any_name_run_and_are_run_again_as_printed() {
    let place = Place::new();
    let text = format!("[stream]\nkind = \"class-incremental\"\ndataset = \"digits\"\ntasks = 2\n{REST}");
    for (name, folder) in
        [("my stream", "my stream"), ("données (v2)", "données -v2-"), ("поток's", "поток-s"), ("データ", "データ")]
    {
        let file = format!("streams/{name}.toml");
        place.write(&file, &text);
        let done = |words: &[&str]| {
            let said = Said::of(place.clbench("").args(words).output().unwrap());
            assert_eq!(said.code, Some(0), "{words:?}: {said}");
            said.out
        };
        let runs = format!("runs={folder}");
        done(&["check", &file]);
        done(&["run", &file, &runs, "--quiet"]);
        let run = one(&place, folder);
        assert!(run.starts_with(place.path(folder).join(folder).join("finetune")), "{}", run.display());
        let table = done(&["table", folder]);
        assert!(table.contains(&format!("{folder}: class-incremental, 2 tasks")), "{table}");
        done(&["report", folder, "-o", &format!("site {folder}")]);
        let printed = done(&["repro", folder]);
        for line in printed.lines().filter(|line| line.starts_with("clbench")) {
            let exact = line.contains("config.toml");
            let script = line.replacen("clbench", "\"$CLBENCH\"", 1);
            // The second command is for the stream file of that name, which here has another.
            if exact || name == folder {
                let said = place.shell(&format!("{script} 'runs=again {folder} {exact}' --quiet"));
                assert_eq!(said.code, Some(0), "{script}: {said}");
                same(&place.bits(folder), &place.bits(&format!("again {folder} {exact}")), name);
            }
        }
        let bundle = format!("{folder}.runs.gz");
        done(&["pack", folder, "-o", &bundle]);
        fs::write(place.path(format!("{folder}.json")), done(&["table", folder, "--format", "json"])).unwrap();
        let said = done(&["verify", &format!("{folder}.json")]);
        assert!(said.contains("1 the same, bit for bit"), "{said}");
        done(&["stream", "export", &file, "-o", &format!("out {folder}")]);
        done(&["run", &format!("out {folder}/stream.toml"), "train.steps=1", "runs=exported", "--quiet"]);
    }
    // A name that is asked for is taken as it is, or not at all.
    place.write("named.toml", format!("name = \"a/b\"\n{text}"));
    place.run("check named.toml").fails(2, &["the name `a/b` is no folder's name"]);
    place.write("named.toml", format!("name = \"my stream\"\n{text}"));
    place.done("check named.toml");
}
