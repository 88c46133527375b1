//! Claims about environments in stream files: what comes back, what is chosen later, and what the hash tells apart.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use clbench::stream::{Experience, Stream};
use support::{refusal, setup, shelf};

fn stream(settings: &str) -> Stream {
    setup(settings).stream.clone()
}

fn with(name: &str) -> Stream {
    stream(&format!("stream.tasks=5 stream.environment.kind={name}"))
}

#[test]
fn every_environment_makes_a_stream_of_its_own() {
    let names: Vec<&str> = shelf().streams.environments.iter().map(|entry| entry.name).collect();
    let mut hashes: Vec<String> = names.iter().map(|name| with(name).hash).collect();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), names.len());
}

#[test]
fn what_is_new_stays_and_what_comes_back_is_marked() {
    let plain = stream("stream.tasks=5");
    for name in ["cumulative", "uniform", "exponential", "budgeted-power-law", "power-law"] {
        let stream = with(name);
        let new = |stream: &Stream| stream.experiences.iter().map(Experience::new_pairs).collect::<Vec<_>>();
        assert_eq!(new(&stream), new(&plain), "{name}");
        assert!(stream.policy.is_none() && stream.experiences.iter().all(|experience| experience.chosen == 0));
        let back = |experience: &Experience| experience.len() - experience.new_examples();
        assert!(back(&stream.experiences[0]) == 0 && back(&stream.experiences[4]) > 0, "{name}");
    }
}

#[test]
fn policies_choose_in_all_experiences_but_the_first() {
    let chooses = |name: &&str| with(name).policy.is_some();
    let names: Vec<&str> = shelf().streams.environments.iter().map(|entry| entry.name).filter(chooses).collect();
    let all = ["bandit-uniform", "loss-proportional", "sec", "exp3", "ucb", "successive-elimination", "gain-rl"];
    assert_eq!(names, all);
    for name in all {
        let stream = with(name);
        assert_eq!(stream.experiences[0].chosen, 0, "{name}");
        for experience in &stream.experiences[1..] {
            assert_eq!(experience.chosen, experience.new_examples() / 2, "{name}");
        }
    }
}

#[test]
fn an_environments_mistakes_name_their_key() {
    for (settings, message) in [
        (
            "kind=uniform stream.environment.replay=300",
            "in [stream.environment]: replay = 300 is not between 0 and 100",
        ),
        ("kind=sec stream.environment.alpha=0.0", "in [stream.environment]: alpha = 0.0 is not above 0 and at most 1"),
        ("kind=gain-rl stream.environment.source=file", "in [stream.environment]: source = \"file\" needs a file"),
        ("kind=powerlaw", "unknown environment `powerlaw`; did you mean `power-law`?"),
    ] {
        let refusal = refusal(&shelf(), &format!("stream.environment.{settings}"));
        assert!(refusal.contains(message), "{refusal}");
    }
}

#[test]
fn scores_of_a_file_are_noted_and_must_be_complete() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("scores.csv");
    let examples = stream("").universe.train.len();
    let write = |count: usize| {
        let rows: Vec<String> = (0..count).map(|index| format!("digits,{index},{}\n", index % 7)).collect();
        std::fs::write(&file, format!("dataset,index,score\n{}", rows.concat())).unwrap();
    };
    let settings = "stream.tasks=5 stream.environment.kind=gain-rl stream.environment.source=file";
    let settings = format!("{settings} stream.environment.file={}", file.display());
    write(examples);
    let noted = stream(&settings).notes;
    assert!(noted.iter().any(|note| note.starts_with("difficulty from ") && note.contains("SHA-256")), "{noted:?}");
    write(examples - 1);
    let refusal = refusal(&shelf(), &settings);
    assert!(refusal.contains(&format!("has no score for digits,{}; add it", examples - 1)), "{refusal}");
}
