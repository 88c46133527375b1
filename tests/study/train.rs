//! A study's runs: killed and gone on with, failed, and trained by two at once.

use std::{
    fs,
    thread::sleep,
    time::{Duration, Instant},
};

use super::{STUDY, page, place, program::Place};

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
    let said = place.run("study studies/small.toml --dry-run");
    said.fails(2, &["unknown method `joined`", "error: 1 of 3 rows cannot be resolved"]);
    let end = "8 of 8 runs are in runs/small; 0 are missing\ncannot be resolved   tiny train.batch=8 method=joined\n";
    assert!(said.out.ends_with(end), "{said}");
    // Where nothing works there is no page.
    let none = place_without_stream();
    none.run("study studies/small.toml").fails(1, &["no stream file", "no run is finished"]);
    assert!(!none.path("results/published/small.md").exists());
    let said = none.run("study studies/small.toml --dry-run");
    said.fails(2, &["error: 3 of 3 rows cannot be resolved"]);
    assert!(!said.out.contains("0 of 0") && said.out.lines().count() == 3, "{said}");
}

fn place_without_stream() -> Place {
    let place = Place::new();
    place.write("studies/small.toml", STUDY);
    place
}

/// The first process holds the lock as long as it trains; more steps than it can take in the meantime.
#[test]
fn two_processes_do_not_train_one_study() {
    let place = place(&STUDY.replace("\"train.batch=8\"", "\"train.batch=8\", \"train.steps=100000\""));
    let mut first = place.start("study studies/small.toml --quiet");
    let begun = Instant::now();
    while place.runs("runs/small").is_empty() {
        assert!(begun.elapsed() < Duration::from_mins(2), "nothing is trained");
        assert_eq!(first.try_wait().unwrap(), None, "it ended before");
        sleep(Duration::from_millis(2));
    }
    let said = place.run("study studies/small.toml --quiet");
    said.fails(1, &["error: a study is running already in runs/small; wait for it"]);
    first.kill().unwrap();
    first.wait().unwrap();
}

#[test]
fn a_page_is_not_written_while_others_train_its_runs() {
    let place = place(STUDY);
    let mut other = place
        .start("run streams/tiny.toml train.batch=8 method=joint train.steps=100000 runs=runs/small seeds=2 --quiet");
    let begun = Instant::now();
    while place.runs("runs/small").is_empty() {
        assert!(begun.elapsed() < Duration::from_mins(2), "nothing is trained");
        assert_eq!(other.try_wait().unwrap(), None, "it ended before");
        sleep(Duration::from_millis(2));
    }
    let joint = "\"method=joint train.steps=100000\"";
    place.write("studies/small.toml", STUDY.replace("\"method=joint\"", joint).replace("\"0..4\"", "\"2\""));
    let said = place.run("study studies/small.toml --quiet");
    said.fails(1, &["another process is at work in", "so its page is not written; wait for it"]);
    assert!(!place.path("results/published/small.md").exists());
    other.kill().unwrap();
    other.wait().unwrap();
}
