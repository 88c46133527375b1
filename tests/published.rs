//! What is published comes out of the runs that lie beside it, and a run of it comes out of its configuration.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod program;

use std::path::PathBuf;

use program::Place;

fn published(name: &str) -> String {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("results/published").join(name).display().to_string()
}

#[test]
fn every_number_of_the_core_study_and_the_study_of_measures_comes_out_again() {
    for name in ["core.md", "measures.md"] {
        let said = Place::new().done(&format!("verify {} --from-records", published(name)));
        let (numbers, _) = said.split_once(" numbers").unwrap();
        let numbers: usize = numbers.parse().unwrap();
        assert!(numbers > 100, "{said}");
        assert!(said.contains(&format!("{numbers} the same, digit by digit")), "{name}: {said}");
    }
}

/// Bits are promised on one machine; with other vector instructions the last digits may differ.
#[test]
fn a_published_run_comes_out_of_its_configuration() {
    let only = "--only stream=rotated-digits --only method=finetune --only seed=0";
    let output = Place::new().run(&format!("verify {} {only}", published("core.md")));
    let said = output.out;
    let again = said.split_once("1 runs, trained again\n").unwrap_or_else(|| panic!("{said}")).1;
    if !again.contains("1 the same, bit for bit") {
        let (_, by) = again.split_once("the scores by at most ").unwrap_or_else(|| panic!("{said}"));
        let by: f64 = by.split_whitespace().next().unwrap().parse().unwrap();
        assert!(by < 0.02, "{said}");
    }
}

#[test]
fn a_changed_number_and_a_missing_run_are_found() {
    let place = Place::new();
    let table = std::fs::read_to_string(published("core.md")).unwrap();
    // A digit before a number makes it a hundred points larger.
    let at = table.find(" ±").unwrap();
    let at = table[..at].rfind(|c: char| !c.is_ascii_digit() && c != '.').map_or(0, |before| before + 1);
    let at = (at..table.len())
        .find(|&at| table.is_char_boundary(at) && table[at..].starts_with(|c: char| c.is_ascii_digit()))
        .unwrap();
    let changed = format!("{}1{}", &table[..at], &table[at..]);
    std::fs::write(place.path("core.md"), changed).unwrap();
    let output = place.run(&format!("verify core.md {} --from-records", published("core.runs.gz")));
    assert_eq!(output.code, Some(1));
    let said = output.out;
    assert!(said.contains("was published, now"), "{said}");
    let output = place.run(&format!("verify core.md {} --from-records", published("measures.runs.gz")));
    assert_eq!(output.code, Some(1));
    assert!(output.out.contains("not checked: a run is missing"));
    let output = place.run("verify core.md --from-records");
    assert_eq!(output.code, Some(2));
}
