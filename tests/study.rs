//! A study from its file to its page: run, killed, gone on with, verified; and what is wrong with a study.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod program;

use std::{
    fs,
    thread::sleep,
    time::{Duration, Instant},
};

use program::Place;

const STREAM: &str = r#"
[stream]
kind = "class-incremental"
dataset = "digits"
tasks = 2
classes_per_task = 2
partial = true

[net]
body = "mlp"
widths = [16]

[optim]
rule = "adamw"
rate = 0.01

[train]
batch = 16
steps = 60
"#;

const STUDY: &str = r#"
about = "a small study"
streams = ["tiny"]
seeds = "0..4"
settings = ["train.batch=8"]

[[rows]]
axes = [["method=finetune", "method=joint", "method=replay replay.capacity=60"]]

[[pictures]]
kinds = ["course"]
file = "course"

[names]
rehearsal = "replay replay.capacity=60"

[[claims]]
text = "rehearsal is better"
row = "rehearsal"
above = "finetune"
by = "acc"

[[claims]]
text = "it is worse"
row = "rehearsal"
below = "finetune"
by = "acc"
beside = ["la"]

[[claims]]
text = "they are alike"
row = "rehearsal"
like = "finetune"
within = 1.0
by = "acc"

[[claims]]
text = "EWC is better"
row = "ewc"
above = "finetune"
by = "acc"

[page]
scores = ["acc", "forgetting"]
text = '''
# A small study

<!-- clbench: table $runs --brief --format md --metrics $scores -->

![course](small/course.svg)

<!-- clbench: claims $study $runs --format md -->

<!-- clbench: spending $runs --of steps -->
'''
"#;

fn place(study: &str) -> Place {
    let place = Place::new();
    place.write("streams/tiny.toml", STREAM);
    place.write("studies/small.toml", study);
    place
}

fn page(place: &Place) -> String {
    fs::read_to_string(place.path("results/published/small.md")).unwrap()
}

#[test]
fn a_study_that_was_killed_goes_on_to_the_same_page() {
    let straight = place(STUDY);
    let listed = straight.done("study studies/small.toml --dry-run");
    assert!(listed.contains("missing    0 of 4    tiny train.batch=8 method=finetune"), "{listed}");
    assert!(listed.ends_with("0 of 12 runs are in runs/small; 12 are missing\n"), "{listed}");
    straight.done("study studies/small.toml jobs=2");

    let killed = place(STUDY);
    let mut child = killed.start("study studies/small.toml");
    let begun = Instant::now();
    let finished = || killed.runs("runs/small").iter().filter(|run| run.join("manifest.json").exists()).count();
    while finished() < 2 {
        assert!(begun.elapsed() < Duration::from_mins(2), "no run is finished");
        assert_eq!(child.try_wait().unwrap(), None, "it ended before");
        sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let there = finished();
    let listed = killed.done("study studies/small.toml --dry-run");
    assert!(listed.contains(&format!("{there} of 12 runs are in runs/small")), "{listed}");
    assert!(!killed.path("results/published/small.md").exists());
    killed.done("study studies/small.toml");
    assert_eq!(page(&killed), page(&straight));
    let bundle = |place: &Place| fs::read(place.path("results/published/small.runs.gz")).unwrap();
    assert_eq!(bundle(&killed), bundle(&straight));

    // All is there: nothing is trained, and the page stays. It comes out of the bundle alone, too.
    let said = killed.run("study studies/small.toml");
    assert_eq!(said.code, Some(0), "{said}");
    assert!(
        killed.done("study studies/small.toml --dry-run").contains("12 of 12 runs are in runs/small; 0 are missing")
    );
    fs::remove_dir_all(killed.path("runs")).unwrap();
    fs::remove_file(killed.path("results/published/small.md")).unwrap();
    killed.done("study studies/small.toml --page");
    assert_eq!(page(&killed), page(&straight));
}

#[test]
fn a_page_is_verified_by_its_study_and_without_it() {
    let place = place(STUDY);
    place.done("study studies/small.toml --quiet");
    let text = page(&place);
    let verdict = |claim: &str| {
        let line = text.lines().find(|line| line.starts_with(&format!("| {claim} "))).unwrap();
        line.trim_end_matches([' ', '|']).rsplit("| ").next().unwrap().to_owned()
    };
    assert_eq!(verdict("rehearsal is better"), "holds here", "{text}");
    assert_eq!(verdict("it is worse"), "not so here", "{text}");
    assert_eq!(verdict("they are alike"), "not so here", "{text}");
    assert_eq!(verdict("EWC is better"), "not judged: there is no row ewc", "{text}");
    assert!(text.contains("over the 3 claims of the study"), "{text}");
    assert!(text.contains("```text\noptimizer steps, by experience"), "{text}");
    assert!(place.path("results/published/small/course.svg").is_file());

    let said = place.done("verify results/published/small.md --from-records");
    assert!(!said.contains("different"), "{said}");
    let said = place.done("study studies/small.toml --verify");
    assert!(said.starts_with("the page is what the study makes\n"), "{said}");
    assert!(said.contains("12 the same, bit for bit"), "{said}");

    place.write("results/published/small.md", text.replace("# A small study", "# A large study"));
    let said = place.run("study studies/small.toml --verify --page");
    assert_eq!(said.code, Some(1), "{said}");
    assert!(said.out.contains("line 1 is `# A large study`, and would be `# A small study`"), "{said}");
    place.write("results/published/small.md", text.replace("not so here", "holds here"));
    assert_eq!(place.run("verify results/published/small.md --from-records").code, Some(1));
    // A claim that the study does not make is found, too.
    place.write("results/published/small.md", &text);
    place.write("studies/small.toml", STUDY.replace("it is worse", "it is much worse"));
    assert_eq!(place.run("verify results/published/small.md --from-records").code, Some(1));
    // A page names no file but the study's own.
    for path in ["../secret.toml", "/etc/passwd", "small.txt"] {
        place.write("results/published/small.md", text.replace("claims small.toml", &format!("claims {path}")));
        let said = place.run("verify results/published/small.md --from-records");
        said.fails(2, &["is not the name of a study"]);
    }
}

#[test]
fn a_row_that_fails_is_named_and_the_rest_goes_on() {
    let place = place(&STUDY.replace("\"method=joint\"", "\"method=joined\""));
    let said = place.run("study studies/small.toml --quiet");
    assert_eq!(said.code, Some(3), "{said}");
    assert!(
        said.err.contains(
            "error: tiny train.batch=8 method=joined: in streams/tiny.toml: in method=joined: unknown method `joined`"
        ),
        "{said}"
    );
    assert!(said.out.contains("1 of 3 rows failed:\n  tiny train.batch=8 method=joined\n"), "{said}");
    assert!(page(&place).contains("| replay replay.capacity=60"), "{said}");
    place.run("study studies/small.toml --dry-run").fails(3, &["unknown method `joined`"]);
    // Where nothing works there is no page.
    let none = place_without_stream();
    none.run("study studies/small.toml").fails(1, &["no stream file", "no run is finished"]);
    assert!(!none.path("results/published/small.md").exists());
}

fn place_without_stream() -> Place {
    let place = Place::new();
    place.write("studies/small.toml", STUDY);
    place
}

#[test]
fn what_is_wrong_with_a_study_is_said_with_its_key() {
    let refused = |study: &str, words: &[&str]| place(study).run("study studies/small.toml --dry-run").fails(2, words);
    refused(&STUDY.replace("[[rows]]", "[[rows]]\naxis = []"), &["unknown key `axis`; did you mean `axes`?"]);
    refused(&STUDY.replace("above =", "over ="), &["unknown key `over`"]);
    refused(&STUDY.replace("\"tiny\"", "\"../tiny\""), &["`streams` has `../tiny`"]);
    refused(&STUDY.replace("train.batch=8", "runs=/tmp"), &["`settings` has `runs=/tmp`", "command line"]);
    refused(&STUDY.replace("within = 1.0", "within = -1.0"), &["`within` is -1", "they are alike"]);
    refused(&STUDY.replace("\"0..4\"", "\"0..\""), &["seeds=0..", "write a range"]);
    refused(&STUDY.replace("by = \"acc\"", "by = \"akk\""), &["there is no score `akk`"]);
    refused("streams = [", &["studies/small.toml"]);
    let axis = format!("[{}]", (0..300).map(|one| format!("\"a.x={one}\"")).collect::<Vec<_>>().join(", "));
    let many = format!("axes = [{axis}, {axis}, {axis}, {axis}, {axis}, {axis}, {axis}, {axis}]\n#");
    refused(&STUDY.replace("axes =", &many), &["more than 10000 rows for 4 seeds"]);
    refused(&format!("#{}\n{STUDY}", "x".repeat(2 << 20)), &["is larger than 1048576 bytes"]);
}

#[test]
fn what_is_asked_and_not_used_is_an_error() {
    let place = place(STUDY);
    place.run("study studies/small.toml method=ewc").fails(2, &["unknown key `method`", "said in the study"]);
    place.run("study studies/small.toml --page").fails(2, &["no bundle", "without --page the study makes it"]);
    place.run("study studies/small.toml --page jobs=2").fails(2, &["--page trains nothing"]);
    place.run("study studies/small.toml --page --dry-run").fails(2, &["cannot be used with"]);
    place.run("study studies/none.toml").fails(1, &["studies/none.toml is no file"]);
    place.run("claims studies/small.toml runs").fails(1, &["neither a directory nor a bundle"]);
    place.run("spending --of weights").fails(2, &["there are state, steps, operations and examples"]);
}
