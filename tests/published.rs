//! What is published comes out of the runs that lie beside it, and a run of it comes out of its configuration.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod program;

use std::path::PathBuf;

use program::Place;

fn published(name: &str) -> String {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("results/published").join(name).display().to_string()
}

/// Pages in `results/published`, by name, with what stands at their heads.
fn pages() -> Vec<(String, String)> {
    let files = std::fs::read_dir(published("")).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<(String, String)> = files
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let head = text.lines().take(12).collect::<Vec<_>>().join(" ");
            (path.file_stem().unwrap().to_str().unwrap().to_owned(), head)
        })
        .collect();
    pages.sort();
    pages
}

const EXCUSE: &str = "Not verified by `clbench verify`: ";

#[test]
fn every_page_has_its_runs_beside_it_or_says_at_its_head_why_not() {
    let pages = pages();
    assert!(pages.len() > 15, "{pages:?}");
    for (name, head) in pages {
        let kept = PathBuf::from(published(&format!("{name}.runs.gz"))).is_file();
        assert_eq!(kept, !head.contains(EXCUSE), "{name}.md: {head}");
        assert!(
            kept || head.contains("Made by ") || head.contains("`scripts/"),
            "{name}.md does not say how it is made"
        );
    }
}

/// The study that makes a page.
fn study(name: &str) -> String {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("studies").join(format!("{name}.toml")).display().to_string()
}

#[test]
fn every_study_has_a_page_and_every_page_with_runs_a_study() {
    let studies = std::fs::read_dir(study("").trim_end_matches(".toml")).unwrap().map(|entry| entry.unwrap().path());
    let studies: Vec<String> = studies.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    assert!(studies.len() > 8, "{studies:?}");
    for (name, head) in pages() {
        let kept = PathBuf::from(published(&format!("{name}.runs.gz"))).is_file();
        assert!(studies.contains(&name) || !kept, "no study makes {name}.md");
        let made = head.contains(&format!("`clbench study studies/{name}.toml`"));
        assert_eq!(studies.contains(&name), made, "{name}.md: {head}");
    }
    for name in &studies {
        assert!(PathBuf::from(published(&format!("{name}.md"))).is_file(), "{name}");
        // The study itself is sound.
        Place::new().run(&format!("study {} --page", study(name))).fails(2, &["no bundle"]);
    }
}

/// Whether they are as they are drawn now is asked with their pages.
#[test]
fn every_picture_that_a_page_shows_is_there_and_every_folder_of_pictures_has_a_page_with_runs() {
    let mut shown = 0;
    for (name, _) in pages() {
        let text = std::fs::read_to_string(published(&format!("{name}.md"))).unwrap();
        for link in text.split(&format!("]({name}/")).skip(1) {
            let file = link.split(')').next().unwrap();
            assert!(PathBuf::from(published(&format!("{name}/{file}"))).is_file(), "{name}.md shows {file}");
            shown += 1;
        }
    }
    assert!(shown > 15, "{shown}");
    let entries = std::fs::read_dir(published("")).unwrap().map(|entry| entry.unwrap().path());
    for folder in entries.filter(|path| path.is_dir()) {
        assert!(folder.with_extension("runs.gz").is_file(), "{} belongs to no page", folder.display());
    }
}

/// Bundles of many megabytes take long here; `scripts/verify-pages.sh` goes over every page.
#[test]
fn pages_come_out_of_the_runs_beside_them() {
    const SMALL: u64 = 4 << 20;
    let small =
        |name: &str| std::fs::metadata(published(&format!("{name}.runs.gz"))).is_ok_and(|file| file.len() < SMALL);
    let mut verified = Vec::new();
    for (name, _) in pages().into_iter().filter(|(name, _)| small(name)) {
        let said = Place::new().done(&format!("study {} --verify --page --out {}", study(&name), published("")));
        let said = said.strip_prefix("the page is what the study makes\n").unwrap_or_else(|| panic!("{name}: {said}"));
        let numbers = |line: &str| line.trim().split(' ').next().unwrap().parse::<usize>().unwrap();
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(numbers(lines[0]), numbers(lines[1]), "{name}: {said}");
        assert!(lines[1].ends_with("the same, digit by digit") && numbers(lines[1]) > 20, "{name}: {said}");
        assert!(!said.contains("name no runs"), "{name}: {said}");
        let pictures = std::fs::read_dir(published(&name)).map_or(0, Iterator::count);
        let drawn = format!("pictures drawn again: {pictures}\n  {pictures:>6} the same, byte by byte\n");
        assert!(pictures == 0 || said.ends_with(&drawn), "{name}: {said}");
        verified.push(name);
    }
    for name in ["bayes", "core", "hypernets", "measures", "merging", "mini-flux", "parts"] {
        assert!(verified.contains(&name.to_owned()), "{verified:?}");
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
    // A word, a head or a footnote that is another is found, too.
    for (from, to) in
        [("| rank |", "| rang |"), ("all / all", "all / seen"), ("48.5 G", "8.5 G"), ("Ranked by ACC", "Ranked by BWT")]
    {
        std::fs::write(place.path("core.md"), table.replacen(from, to, 1)).unwrap();
        let output = place.run(&format!("verify core.md {} --from-records", published("core.runs.gz")));
        assert_eq!(output.code, Some(1), "{from}: {}", output.out);
    }
    // A table that stands there without its command is made again from what it says of itself.
    let alone = place.done(&format!("table {} --format md", published("core.runs.gz/rotated-digits")));
    std::fs::write(place.path("core.md"), alone).unwrap();
    place.done(&format!("verify core.md {} --from-records", published("core.runs.gz")));
    let output = place.run(&format!("verify core.md {} --from-records", published("measures.runs.gz")));
    assert_eq!(output.code, Some(1));
    assert!(output.out.contains("not checked: a run is missing"));
    std::fs::write(place.path("core.md"), &table).unwrap();
    let output = place.run("verify core.md --from-records");
    assert_eq!(output.code, Some(2));
}
