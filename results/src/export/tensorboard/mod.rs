//! A run as TensorBoard's event file: scalars over optimizer steps.
//!
//! - Records: length, contents and a masked CRC-32C of each,
//!   <https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details>.
//! - Messages: `event.proto` and `summary.proto` of
//!   <https://github.com/tensorflow/tensorboard/tree/master/tensorboard/compat/proto>; only the fields used here.
//! - Mean accuracy over the tasks trained so far: Chaudhry et al. 2019, <https://arxiv.org/abs/1812.00420>, section 2.
//!
//! **Deviation:** every wall time is 0, because a run keeps none and repeats to the last bit; read the charts over
//! steps. Values are single precision, as TensorBoard's scalars are.

use std::collections::{BTreeMap, BTreeSet};

use prost::Message;

use super::split_name;
use crate::{
    record::{At, Record, RunDir, Split, StreamInfo, TrainRow},
    words::{clean, short},
};

/// Name of the file, in a folder of the run's own: TensorBoard looks for `tfevents` and shows the folder's name.
///
/// The number is where other writers put the time of day.
pub const EVENT_FILE: &str = "events.out.tfevents.0.clbench";

/// The version that a file's first record states; see `event.proto`.
const VERSION: &str = "brain.Event:2";
/// What is added to a rotated checksum, so that a checksum of checksums is safe; see the format's description.
const MASK: u32 = 0xa282_ead8;
/// Characters of a folder's name, at most; file systems allow 255 bytes.
const MAX_FOLDER: usize = 120;

#[derive(Clone, PartialEq, Message)]
struct Event {
    #[prost(double, tag = "1")]
    wall_time: f64,
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(string, optional, tag = "3")]
    file_version: Option<String>,
    #[prost(message, optional, tag = "5")]
    summary: Option<Summary>,
}

#[derive(Clone, PartialEq, Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    value: Vec<Value>,
}

#[derive(Clone, PartialEq, Message)]
struct Value {
    #[prost(string, tag = "1")]
    tag: String,
    // Present even if it is zero: a value without a kind is passed over by readers.
    #[prost(float, optional, tag = "2")]
    simple_value: Option<f32>,
}

/// The event file of a run and what it logged while training; the same run always gives the same bytes.
///
/// Tags are `test/accuracy/TASK` and `test/loss/TASK` (and the same for `validation`), `average/accuracy` over the
/// tasks trained so far, and `train/loss`, `train/rate`, `train/gradient` and `train/accuracy`. Answers to a preference
/// stand under `test @ PREFERENCE`; where only single samples were evaluated, a value is their mean.
pub fn tensorboard(run: &RunDir, train: &[TrainRow]) -> Vec<u8> {
    let mut events: Vec<(u64, Vec<Value>)> = train.iter().map(|row| (row.step, logged(row))).collect();
    events.extend(evaluations(run));
    events.sort_by_key(|(step, _)| *step);
    let mut bytes = Vec::new();
    append(&mut bytes, &Event { file_version: Some(VERSION.into()), ..Event::default() });
    for (step, value) in events {
        let step = i64::try_from(step).unwrap_or(i64::MAX);
        append(&mut bytes, &Event { step, summary: Some(Summary { value }), ..Event::default() });
    }
    bytes
}

/// A name for the run's folder that is the same on every file system: letters, digits and `+-=._`.
pub fn tensorboard_folder(run: &RunDir) -> String {
    let m = &run.manifest;
    let settings = m.overrides.iter().flat_map(|setting| ["-", setting]).collect::<String>();
    // The run's id, which alone tells it apart, stands at the end and is not cut off.
    let end = format!("-seed{}-{}", m.seed, m.run.chars().take(40).collect::<String>());
    let name: String = format!("{}{settings}", m.method).chars().take(MAX_FOLDER - end.chars().count()).collect();
    let plain = |c: char| if c.is_ascii_alphanumeric() || "+-=._".contains(c) { c } else { '_' };
    let name: String = (name + &end).chars().map(plain).collect();
    // A leading dot would hide the folder, or name the one above.
    if name.starts_with('.') { name.replacen('.', "_", 1) } else { name }
}

fn logged(row: &TrainRow) -> Vec<Value> {
    let mut values =
        vec![value("train/loss", row.loss), value("train/rate", row.rate), value("train/gradient", row.gradient)];
    values.extend(row.accuracy.map(|accuracy| value("train/accuracy", accuracy)));
    values
}

/// Step, experience, place in the experience, split and preference: what one event is about.
type Moment<'a> = (u64, usize, At, Split, &'a str);

/// One event for every moment, split and preference.
fn evaluations(run: &RunDir) -> Vec<(u64, Vec<Value>)> {
    let stream = &run.manifest.stream;
    let names = unique(&stream.tasks);
    let mut moments: BTreeMap<Moment<'_>, BTreeMap<usize, Answer>> = BTreeMap::new();
    for record in run.records.iter().filter(|record| record.task < names.len()) {
        let moment = (record.step, record.experience, record.at, record.split, record.preference.as_str());
        moments.entry(moment).or_default().entry(record.task).or_default().add(record);
    }
    let event = |((step, experience, at, split, preference), answers): (Moment<'_>, BTreeMap<usize, Answer>)| {
        let preference = short(preference);
        let at_preference = if preference.is_empty() { String::new() } else { format!(" @ {}", flat(&preference)) };
        let head = format!("{}{at_preference}", split_name(split));
        let mut values = Vec::new();
        for (&task, answer) in &answers {
            let [accuracy, loss] = answer.values();
            values.push(value(format!("{head}/accuracy/{}", names[task]), accuracy));
            values.push(value(format!("{head}/loss/{}", names[task]), loss));
        }
        if head == "test" {
            let average = average(stream, if at == At::Start { 0 } else { experience }, &answers);
            values.extend(average.map(|average| value("average/accuracy", average)));
        }
        (step, values)
    };
    moments.into_iter().map(event).collect()
}

/// Accuracy and loss on one task at one moment: of the whole answer, or summed over samples.
#[derive(Default)]
struct Answer {
    whole: Option<[f64; 2]>,
    sum: [f64; 2],
    samples: u32,
}

impl Answer {
    fn add(&mut self, record: &Record) {
        let values = [record.accuracy, record.loss];
        if record.sample.is_none() {
            self.whole = Some(values);
        } else {
            self.sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
            self.samples += 1;
        }
    }

    fn values(&self) -> [f64; 2] {
        self.whole.unwrap_or_else(|| self.sum.map(|sum| sum / f64::from(self.samples)))
    }
}

/// Mean accuracy over the tasks trained up to `experience`; none before the first, or if one was not evaluated.
fn average(stream: &StreamInfo, experience: usize, answers: &BTreeMap<usize, Answer>) -> Option<f64> {
    let seen: BTreeSet<usize> = stream.trained.iter().take(experience).flatten().copied().collect();
    let accuracies: Option<Vec<f64>> = seen.iter().map(|task| Some(answers.get(task)?.values()[0])).collect();
    accuracies.filter(|all| !all.is_empty()).map(|all| all.iter().sum::<f64>() / all.len() as f64)
}

/// Names that can stand in tags: cleaned, without slashes (which would open groups), each different.
fn unique(names: &[String]) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut tags = Vec::with_capacity(names.len());
    for name in names {
        let name = flat(&short(name));
        let name = if name.is_empty() { "task".into() } else { name };
        let count = counts.entry(name.clone()).or_insert(1);
        let mut tag = name.clone();
        while taken.contains(&tag) {
            *count += 1;
            tag = format!("{name} ({count})");
        }
        taken.insert(tag.clone());
        tags.push(tag);
    }
    tags
}

fn flat(name: &str) -> String {
    clean(name).replace(['/', '\\'], "_")
}

fn value(tag: impl Into<String>, value: f64) -> Value {
    Value { tag: tag.into(), simple_value: Some(value as f32) }
}

fn append(bytes: &mut Vec<u8>, event: &Event) {
    let data = event.encode_to_vec();
    let length = (data.len() as u64).to_le_bytes();
    bytes.extend(length);
    bytes.extend(masked(&length).to_le_bytes());
    bytes.extend(&data);
    bytes.extend(masked(&data).to_le_bytes());
}

fn masked(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(MASK)
}

#[cfg(test)]
mod tests;
