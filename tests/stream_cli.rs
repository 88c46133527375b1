//! `clbench stream`: what is shown, drawn, written as files, read back and compared.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod program;

use std::{fs, io::Read};

use program::{Place, Said};
use serde_json::Value;

/// A stream by itself, with nothing about training.
const BARE: &str = "[stream]\nkind = \"class-incremental\"\ndataset = \"digits\"\ntasks = 5\n";

/// A list of concepts with counts; its names are hostile.
const LIST: &str = "concept,train,test\nx+++<script>alert('1')</script>,5,1\nx+++\"quoted\" & more,1,1\n\
                    y+++\u{1b}[31mred,7,2\ny+++plain,3,1\n";

#[track_caller]
fn fits(text: &str) {
    for line in text.lines() {
        assert!(line.chars().count() <= 80 && !line.contains('\x1b'), "{} columns\n{line}", line.chars().count());
    }
}

fn small() -> Place {
    let place = Place::small();
    place.write("bare.toml", BARE);
    place.write("list.csv", LIST);
    place.write("list.toml", "[stream]\nkind = \"class-incremental\"\ndataset = \"list.csv\"\ntasks = 2\n");
    place
}

#[track_caller]
fn hash(place: &Place, words: &str) -> String {
    let hash = place.done(&format!("stream hash {words}")).trim().to_owned();
    assert!(hash.len() == 64 && hash.chars().all(|c| c.is_ascii_hexdigit()), "{hash}");
    hash
}

#[test]
fn a_stream_is_shown_without_a_word_about_training() {
    let place = small();
    let shown = place.done("stream show bare.toml stream.order=random stream.val_fraction=0.25 --all");
    fits(&shown);
    for part in ["kind     class-incremental (classes_per_task = 2, tasks = 5)", "order    random", "revisits none"] {
        assert!(shown.contains(part), "nothing about {part}\n{shown}");
    }
    assert!(shown.contains(&hash(&place, "bare.toml stream.order=random stream.val_fraction=0.25")), "{shown}");
    place.run("run bare.toml").fails(2, &["optim.rate is missing"]);
    place.run("stream show bare.toml optmi.rate=1").fails(2, &["unknown section `optmi`; did you mean `optim`?"]);
    place.run("stream show nothing.toml").fails(2, &["cannot read the stream file nothing.toml"]);
}

#[test]
fn long_lists_are_abbreviated_unless_all_is_asked() {
    let place = small();
    let words = "stream show bare.toml stream.kind=permuted stream.tasks=70";
    let (short, whole) = (place.done(words), place.done(&format!("{words} --all")));
    fits(&short);
    assert!(short.contains("   …  45 more; see them with --all") && !short.contains("permutation 40\n"), "{short}");
    assert!(!whole.contains('…') && (1..70).all(|task| whole.contains(&format!("  permutation {task}\n"))), "{whole}");
    assert_eq!(whole.lines().count() - short.lines().count(), 2 * (45 - 1));
}

#[test]
fn joint_is_one_experience_of_the_same_hash() {
    let place = small();
    let shown = place.done("stream show bare.toml method=joint");
    assert!(shown.contains("\n         1 ") && !shown.contains("\n         2 "), "{shown}");
    assert!(shown.contains(&hash(&place, "bare.toml")), "{shown}");
}

#[test]
fn a_list_of_concepts_is_shown_and_drawn_and_not_run() {
    let place = small();
    let said = place.run("stream show list.toml --draw drawn");
    said.fails(0, &["drawn into drawn", "no sheet of examples: a list of concepts has no pictures"]);
    fits(&said.out);
    for part in ["input    unknown", "1 to 7 training examples of a class, median 5, ratio 7.0", "   0         1  x 2"]
    {
        assert!(said.out.contains(part), "nothing about {part}\n{said}");
    }
    assert!(!place.path("drawn/contact.png").exists());
    let svg = fs::read_to_string(place.path("drawn/matrix.svg")).unwrap();
    assert!(!svg.contains("<script") && !svg.contains('\x1b') && svg.contains("&lt;script&gt;"), "{svg}");
    for words in ["run list.toml optim.rate=0.1 train.epochs=1", "check list.toml optim.rate=0.1 train.epochs=1"] {
        place.run(words).fails(2, &["a list of concepts without pictures", "stream.dataset"]);
    }
    place.run("run list.csv").fails(2, &["list.csv is a list of concepts and no stream file", "stream import"]);
    assert!(!place.path("runs").exists());
    // The list itself stands for a stream of it.
    let shown = place.done("stream show list.csv stream.kind=class-incremental stream.tasks=2");
    assert!(shown.contains(&hash(&place, "list.toml")), "{shown}");
}

#[test]
fn drawings_are_pictures_of_the_right_size() {
    let place = small();
    place.done("stream show bare.toml --draw a/b");
    for name in ["matrix", "datasets", "revisits", "balance"] {
        let svg = fs::read_to_string(place.path(format!("a/b/{name}.svg"))).unwrap();
        let number = |key: &str| -> u32 {
            let after = svg.split(&format!("{key}=\"")).nth(1).unwrap();
            after.split('"').next().unwrap().parse().unwrap()
        };
        let picture = image::open(place.path(format!("a/b/{name}.png"))).unwrap().to_rgb8();
        assert_eq!(picture.dimensions(), (3 * number("width"), 3 * number("height")), "{name}");
        assert!(number("width") <= 480 && svg.trim_end().ends_with("</svg>"), "{name}");
        let white = picture.pixels().filter(|pixel| pixel.0 == [255; 3]).count();
        let all = picture.pixels().len();
        assert!(white > all / 5 && white < all * 99 / 100, "{name}: {white} of {all} pixels are white");
    }
    let sheet = image::open(place.path("a/b/contact.png")).unwrap().to_rgb8();
    // Five rows of ten digits of 8 × 8 pixels: each is 104 pixels wide, most of it black or grey.
    let dark = sheet.pixels().filter(|pixel| pixel.0[0] < 40).count();
    assert!(dark > 5 * 10 * 104 * 104 / 4, "{dark}");
    let before = place.files("a", &[]);
    place.done("stream show bare.toml --draw a/b");
    program::same(&before, &place.files("a", &[]), "drawn twice");
}

#[test]
fn what_cannot_be_written_is_said() {
    let place = small();
    place.write("file", "");
    for folder in ["file/below", "file", "/proc/clbench"] {
        place.run(&format!("stream show bare.toml --draw {folder}")).fails(1, &["cannot write ", folder]);
        place.run(&format!("stream export bare.toml -o {folder}")).fails(1, &["cannot write ", folder]);
    }
    assert_eq!(place.path("file").metadata().unwrap().len(), 0);
}

#[test]
fn an_exported_stream_is_read_back_to_the_same_hash() {
    let place = small();
    let all = [
        "small.toml",
        "small.toml stream.order=random stream.seed=3",
        "small.toml stream.kind=permuted stream.tasks=3 stream.order=random",
        "small.toml stream.kind=rotated stream.tasks=2 stream.joint=true",
        "small.toml method=joint",
        "small.toml stream.classes_per_task=[4,3,3]",
        "small.toml stream.kind=task-incremental stream.base=4 stream.increment=5 stream.order=random",
        "list.toml",
    ];
    for (index, words) in all.into_iter().enumerate() {
        let wanted = hash(&place, words);
        let out = place.done(&format!("stream export {words} -o out{index}"));
        assert_eq!(out, format!("out{index}/stream.toml\n{wanted}\n"));
        assert_eq!(hash(&place, &format!("out{index}/stream.toml")), wanted, "{words}");
        let text = fs::read_to_string(place.path(format!("out{index}/stream.toml"))).unwrap();
        let table: toml::Table = text.parse().unwrap();
        assert_eq!(table["stream"]["hash"].as_str(), Some(&wanted[..]));
        assert_eq!(table["stream"]["arrival"]["file"].as_str(), Some("experiences.json"));
        let name = words.split('.').next();
        assert_eq!(table["name"].as_str(), name);
        place.write(&format!("copy{index}/stream.toml"), text);
        for file in fs::read_dir(place.path(format!("out{index}"))).unwrap().map(|entry| entry.unwrap().path()) {
            fs::copy(&file, place.path(format!("copy{index}")).join(file.file_name().unwrap())).unwrap();
        }
        let same = place.done(&format!("stream diff out{index}/stream.toml copy{index}/stream.toml"));
        assert_eq!(same, format!("the same content: {wanted}\n"));
    }
    // The ranking is a list as FoMo-in-Flux ships it.
    let order: Vec<String> = serde_json::from_slice(&fs::read(place.path("out1/order.json")).unwrap()).unwrap();
    assert!(order.len() == 10 && order.iter().all(|concept| concept.starts_with("digits+++")), "{order:?}");
    assert!(!place.path("out2/order.json").exists(), "tasks are no concepts");
    // It runs, and its results stand beside those of the original.
    place.done("run out0/stream.toml train.steps=2 --quiet");
    place.done("run small.toml train.steps=2 --quiet");
    let manifest = |run: &std::path::PathBuf| -> Value {
        serde_json::from_slice(&fs::read(run.join("manifest.json")).unwrap()).unwrap()
    };
    let runs = place.runs("runs/small");
    assert_eq!(runs.len(), 2, "{runs:?}");
    assert_eq!(manifest(&runs[0])["stream"]["hash"], manifest(&runs[1])["stream"]["hash"]);
}

#[test]
fn an_export_overwrites_nothing_unasked() {
    let place = small();
    place.done("stream export bare.toml -o out");
    let before = place.files("out", &[]);
    place.run("stream export bare.toml stream.order=random -o out").fails(2, &["out/stream.toml is there", "--force"]);
    program::same(&before, &place.files("out", &[]), "refused");
    place.done("stream export bare.toml stream.order=random -o out --force");
    assert_ne!(before, place.files("out", &[]));
    let names: Vec<_> = place.files("out", &[]).into_keys().collect();
    assert_eq!(names.len(), 4, "something is left over: {names:?}");
}

#[test]
fn a_hostile_schedule_is_refused() {
    let place = small();
    place.done("stream export bare.toml -o out");
    let whole = fs::read_to_string(place.path("out/experiences.json")).unwrap();
    let place_of_all = "\"places\":[[0,";
    assert!(whole.contains(place_of_all) && whole.contains("\"drawn\""), "{whole}");
    let cases = [
        (whole.replace("experiences 1", "experiences 9"), "this program reads `clbench experiences 1`"),
        (whole.replacen(place_of_all, "\"places\":[[1,", 1), "are not all below"),
        (whole.replacen(place_of_all, "\"places\":[[1152921504606846976,", 1), "expected u32"),
        (whole.replacen(place_of_all, "\"places\":[1152921504606846976,[0,", 1), "a number below 2^32"),
        (whole.replacen(place_of_all, "\"places\":[[0.5,", 1), "expected u32"),
        (whole.replacen("\"task\":0", "\"task\":1152921504606846976", 1), "is not there; there are 5"),
        (whole.replacen("\"span\":1", "\"span\":1152921504606846976", 1), "its span is"),
        (whole.replacen("\"drawn\"", "{\"given\":[0]}", 1), "does not fit its examples"),
        (whole.replacen("\"drawn\"", "{\"recorded\":{\"back\":[],\"steps\":[]}}", 1), "does not fit its examples"),
        (whole.replacen("\"rehearsed\":false", "\"rehearsed\":\"no\"", 1), "expected a boolean"),
        (whole[..whole.len() / 2].to_owned(), "EOF"),
        (String::new(), "EOF"),
        ("[".repeat(100_000), "no recorded experiences"),
        ("{\"format\":\"clbench experiences 1\",\"tasks\":[],\"experiences\":[]}".into(), "of another stream"),
    ];
    for (text, why) in cases {
        place.write("out/experiences.json", &text);
        place.run("stream show out/stream.toml").fails(2, &["in out/stream.toml: in [stream.arrival]: ", why]);
    }
    // One experience less is a good file, and not the stream that was exported.
    let last = whole.rfind(",{\"span\"").unwrap();
    place.write("out/experiences.json", format!("{}]}}", &whole[..last]));
    place.run("stream show out/stream.toml").fails(2, &["stream.hash demands"]);
    fs::remove_file(place.path("out/experiences.json")).unwrap();
    place.run("stream show out/stream.toml").fails(2, &["cannot read experiences.json"]);
}

#[test]
fn a_difference_is_named() {
    let place = small();
    let same = place.run("stream diff small.toml small.toml optim.rate=0.5");
    same.fails(0, &[]);
    assert!(same.out.starts_with("the same content: "), "{same}");
    place.write("other.toml", BARE);
    place.write("random.toml", format!("{BARE}order = \"random\"\n"));
    place.write("held.toml", format!("{BARE}val_fraction = 0.5\n"));
    place.write("fewer.toml", BARE.replace("tasks = 5", "tasks = 2"));
    place.write("plain.toml", format!("{BARE}normalise = false\n"));
    let cases = [
        ("random", &["class 0 is the first to differ: ", "concept in the order 0 is", "task 0, train: "][..]),
        ("held", &["task 0, train: 289 | 14", "task 0, validation: 0 | 14", "experience 1: 289 new"][..]),
        ("fewer", &["tasks: 5 | 2", "experiences: 5 | 2", "task 0: 0, 1 | 0, 1, 2, 3, 4"][..]),
        ("plain", &["normalise: true | false"][..]),
    ];
    for (name, words) in cases {
        let said = place.run(&format!("stream diff bare.toml {name}.toml"));
        said.fails(1, &[]);
        fits(&said.out);
        for word in words {
            assert!(said.out.contains(word), "{name}: nothing about {word}\n{said}");
        }
    }
    place.run("stream diff bare.toml nothing.toml").fails(2, &["cannot read the stream file nothing.toml"]);
}

/// One JSON list in the order of FoMo-in-Flux, with a concept that digits lack.
const ORDER: &str = "[\"DIGITS+++7\", \"digits+++0\", \"MNIST+++seven\", \"digits+++3\", \"digits+++1\"]";

#[test]
fn an_imported_list_runs_in_its_order() {
    let place = small();
    place.write("lists/order.json", ORDER);
    let words = "stream import lists/order.json -o lists/new.toml --dataset digits --tasks 2";
    place.run(words).fails(2, &["MNIST+++seven"]);
    assert!(!place.path("lists/new.toml").exists());
    let said = place.done(&format!("{words} --absent skip"));
    assert!(said.contains("lists/new.toml: 2 tasks, 4 classes"), "{said}");
    let table: toml::Table = fs::read_to_string(place.path("lists/new.toml")).unwrap().parse().unwrap();
    assert_eq!(table["stream"]["order"]["file"].as_str(), Some("order.json"));
    assert!(place.done("stream show lists/new.toml").contains("  7, 0\n"));
    place.done("run lists/new.toml train.epochs=1 --quiet");
    let hash_of_all = hash(&place, "lists/new.toml");
    place.done("stream export lists/new.toml -o out");
    assert_eq!(hash(&place, "out/stream.toml"), hash_of_all);
    // What is there is not overwritten unasked.
    place.run(&format!("{words} --absent skip")).fails(2, &["lists/new.toml is there", "--force"]);
    place.done(&format!("{words} --absent skip --force"));
    // The list itself can be looked at without the data.
    let shown = place.done("stream show lists/order.json stream.tasks=5");
    assert!(shown.contains("classes  5") && shown.contains("order    explicit"), "{shown}");
}

#[test]
fn a_list_that_is_none_is_not_imported() {
    let place = small();
    place.write("number.json", "7");
    place.write("none.json", "[]");
    place.write("wrong.json", "[\"digits+++1\", \"\\u001b[31mred\"]");
    for (list, why) in [
        ("number.json", "no JSON list of concepts"),
        ("none.json", "names no concept"),
        ("wrong.json", "is no concept; write dataset+++class"),
        ("absent.json", "cannot read the concepts of absent.json"),
    ] {
        let said = place.run(&format!("stream import {list} -o new.toml --dataset digits"));
        said.fails(2, &[why]);
        assert!(!said.err.contains('\x1b') && !place.path("new.toml").exists(), "{said}");
    }
}

#[test]
fn what_is_closed_early_is_no_error() {
    let place = small();
    for words in ["stream show bare.toml --all", "stream hash bare.toml", "stream diff bare.toml bare.toml"] {
        let mut child = place.clbench(words).spawn().unwrap();
        let mut out = child.stdout.take().unwrap();
        out.read_exact(&mut [0]).unwrap();
        drop(out);
        Said::of(child.wait_with_output().unwrap()).fails(0, &[]);
    }
}

/// What an environment chose in a run is a stream of its own, which gives the same records.
#[test]
fn what_a_run_chose_is_exported_and_run_again() {
    let place = small();
    let policy = "small.toml stream.environment=sec train.epochs=2";
    place.run(&format!("stream export {policy} -o out")).fails(2, &["chosen while a run goes on", "--run"]);
    place.done(&format!("run {policy}"));
    let runs = place.runs("runs");
    let [run] = &runs[..] else { panic!("one run, {runs:?}") };
    let run = run.display();
    let said = place.done(&format!("stream export {policy} --run {run} -o out"));
    let hash_there = said.lines().last().unwrap();
    assert_eq!(hash(&place, "out/stream.toml"), hash_there);
    assert_ne!(hash(&place, policy), hash_there);
    let shown = place.done("stream show out/stream.toml");
    assert!(shown.contains("recorded") && shown.contains(" | 0: "), "what comes back is not shown\n{shown}");
    place.done("run out/stream.toml runs=again");
    let records = |path: &std::path::Path| fs::read_to_string(path.join("records.csv")).unwrap();
    assert_eq!(records(&place.runs("again")[0]), records(&runs[0]));
    let other = format!("stream export small.toml stream.environment=ucb --run {run} -o other");
    place.run(&other).fails(2, &["is a run of the stream"]);
    place.run(&format!("stream export small.toml --run {run} -o other")).fails(2, &["--run is for streams whose"]);
    place.run(&format!("stream export {policy} --run nowhere -o other")).fails(2, &["nowhere"]);
    assert!(!place.path("other").exists());
}
