use serde::Deserialize;

use super::*;
use crate::record::example;

/// The events of a file, every checksum checked.
fn events(mut bytes: &[u8]) -> Vec<Event> {
    let mut events = Vec::new();
    while !bytes.is_empty() {
        let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        assert_eq!(masked(&bytes[..8]).to_le_bytes(), bytes[8..12]);
        let data = &bytes[12..12 + length];
        assert_eq!(masked(data).to_le_bytes(), bytes[12 + length..16 + length]);
        events.push(Event::decode(data).unwrap());
        bytes = &bytes[16 + length..];
    }
    events
}

/// Steps and values of one tag.
fn scalars(bytes: &[u8], tag: &str) -> Vec<(i64, f32)> {
    let values = |event: Event| {
        let value = event.summary.into_iter().flat_map(|summary| summary.value);
        value.filter(|value| value.tag == tag).map(move |value| (event.step, value.simple_value.unwrap()))
    };
    events(bytes).into_iter().flat_map(values).collect()
}

fn row(step: u64, loss: f64, accuracy: Option<f64>) -> TrainRow {
    TrainRow { experience: 1, step, loss, rate: 0.125, gradient: 2.0, accuracy }
}

#[test]
fn bytes_are_those_that_tensorboards_own_writer_makes() {
    #[derive(Deserialize)]
    struct Golden {
        file: String,
    }
    let golden: Golden = serde_json::from_str(include_str!("../../../tests/golden/event_file.json")).unwrap();
    let mut run = example::run("er", 0, example::MIXED[3]);
    run.records.retain(|record| record.task == 0 && record.experience < 2);
    let bytes = tensorboard(&run, &[row(50, 0.75, Some(0.5)), row(100, 0.3, None)]);
    let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex.concat(), golden.file);
}

#[test]
fn every_accuracy_and_loss_stands_at_its_step() {
    let bytes = tensorboard(&example::run("er", 0, [0.6, 0.85, 0.7]), &[row(150, 0.25, None)]);
    assert_eq!(scalars(&bytes, "test/accuracy/2-3"), [(0, 0.5), (100, 0.45), (200, 0.8), (300, 0.85)]);
    assert_eq!(scalars(&bytes, "test/loss/0-1"), [(0, 0.5), (100, 0.5), (200, 0.5), (300, 0.5)]);
    assert_eq!(scalars(&bytes, "train/rate"), [(150, 0.125)]);
    let steps: Vec<i64> = events(&bytes).iter().map(|event| event.step).collect();
    assert_eq!(steps, [0, 0, 100, 150, 200, 300]);
    assert!(events(&bytes).iter().all(|event| event.wall_time == 0.0));
}

#[test]
fn the_average_is_over_the_tasks_trained_so_far() {
    let mut run = example::run("er", 0, [0.6, 0.85, 0.35]);
    let average = |run: &RunDir| scalars(&tensorboard(run, &[]), "average/accuracy");
    assert_eq!(average(&run), [(100, 0.9), (200, 0.875), (300, 0.6)]);
    run.records.retain(|record| record.task != 1);
    assert_eq!(average(&run), [(100, 0.9)]);
}

#[test]
fn samples_are_averaged_and_preferences_stand_apart() {
    let mut run = example::run("er", 0, example::MIXED[3]);
    run.records.truncate(1);
    let first = run.records[0].clone();
    run.records = vec![
        Record { sample: Some(0), accuracy: 0.25, ..first.clone() },
        Record { sample: Some(1), accuracy: 0.75, ..first.clone() },
        Record { preference: "a/b".into(), accuracy: 1.0, ..first.clone() },
        Record { split: Split::Validation, accuracy: 0.125, ..first },
    ];
    let bytes = tensorboard(&run, &[]);
    assert_eq!(scalars(&bytes, "test/accuracy/0-1"), [(0, 0.5)]);
    assert_eq!(scalars(&bytes, "test @ a_b/accuracy/0-1"), [(0, 1.0)]);
    assert_eq!(scalars(&bytes, "validation/accuracy/0-1"), [(0, 0.125)]);
}

#[test]
fn hostile_names_become_different_plain_tags() {
    let names = ["a/b", "a\\b", "a_b (2)", "\u{1b}[2J", "", "\n", "a_b"].map(String::from);
    assert_eq!(unique(&names), ["a_b", "a_b (2)", "a_b (2) (2)", "[2J", "task", "task (2)", "a_b (3)"]);
    let many = vec!["same".to_string(); 5_000];
    assert_eq!(unique(&many).into_iter().collect::<BTreeSet<_>>().len(), 5_000);
}

#[test]
fn a_folder_has_a_plain_name_that_ends_in_the_runs_id() {
    let mut run = example::run("lora+ewc", 7, example::MIXED[3]);
    run.manifest.overrides = vec!["ewc.lambda=10".into()];
    assert_eq!(tensorboard_folder(&run), "lora+ewc-ewc.lambda=10-seed7-lora+ewc-7");
    run.manifest.method = "../é\n".into();
    run.manifest.run = "/etc".into();
    run.manifest.overrides = vec!["x".repeat(900)];
    let name = tensorboard_folder(&run);
    assert!(name.starts_with("_.___-xxx") && name.ends_with("xxx-seed7-_etc"), "{name}");
    assert_eq!(name.len(), MAX_FOLDER);
}

#[test]
fn a_zero_is_written_and_a_value_that_is_no_number_survives() {
    let bytes = tensorboard(&example::run("er", 0, [0.0; 3]), &[row(1, f64::NAN, None)]);
    assert_eq!(scalars(&bytes, "test/accuracy/0-1")[3], (300, 0.0));
    assert!(scalars(&bytes, "train/loss")[0].1.is_nan());
}
