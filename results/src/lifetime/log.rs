//! A lifetime as rows: one per learning or evaluation experience.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

/// Why a log was not read, not written or not computed with.
#[derive(Debug, Error)]
pub enum LifetimeError {
    /// A file or directory could not be read or written.
    #[error("{}: {why}", crate::words::clean(&path.display().to_string()))]
    System {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// A file was read and is not what a log consists of.
    #[error("{}: {why}", crate::words::clean(&path.display().to_string()))]
    Refused {
        /// The file or directory.
        path: PathBuf,
        /// What is wrong with it and where.
        why: String,
    },
    /// The logs are sound, but do not go with the settings or with each other.
    #[error("{0}")]
    Unsuitable(String),
}

/// What a block of a lifetime is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BlockType {
    /// A learning block.
    Train,
    /// An evaluation block.
    Test,
}

/// Whether a block belongs to waking or sleeping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Subtype {
    /// Awake; the usual.
    Wake,
    /// Asleep: consolidation, or an evaluation after it.
    Sleep,
}

/// Whether an experience came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It did.
    Complete,
    /// It did not; the row is left out of every metric.
    Incomplete,
}

/// One learning or evaluation experience.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Number of the block, from 0, never falling.
    pub block_num: u64,
    /// Number of the experience over the whole lifetime, from 0.
    pub exp_num: u64,
    /// Who ran it: letters, digits, `_`, `-` and `.`.
    pub worker: String,
    /// Learning or evaluation.
    pub block_type: BlockType,
    /// Awake or asleep.
    pub subtype: Subtype,
    /// The task, in small letters; what follows the first `_` names its variant.
    pub task: String,
    /// JSON that describes the task's parameters; empty for none.
    pub params: String,
    /// Whether the experience came to its end.
    pub status: Status,
    /// When it was logged.
    pub timestamp: Option<Timestamp>,
    /// One value per measure of the log; NaN where there is none.
    pub values: Vec<f64>,
}

/// What `scenario_info.json` says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Info {
    /// Who made the scenario.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// `1-low`, `2-intermediate` or `3-high`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complexity: Option<String>,
    /// `1-easy`, `2-medium` or `3-hard`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difficulty: Option<String>,
    /// `condensed`, `dispersed`, `permuted`, `alternating`, `ste` or `custom`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario_type: Option<String>,
    /// All other keys.
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
}

/// A lifetime, or the training of a single-task expert.
#[derive(Clone, Debug, PartialEq)]
pub struct Log {
    /// Name, usually of its directory.
    pub name: String,
    /// What the rows measure; higher is better.
    pub measures: Vec<String>,
    /// The experiences, by rising number.
    pub rows: Vec<Row>,
    /// What is said of the scenario.
    pub info: Info,
}

impl Log {
    /// Seconds between the first and the last complete row with a value of `measure`.
    pub(super) fn runtime(&self, measure: &str) -> Option<f64> {
        let column = self.measures.iter().position(|name| name == measure)?;
        let valued =
            |row: &&Row| row.status == Status::Complete && row.values.get(column).is_some_and(|value| !value.is_nan());
        let moments = || self.rows.iter().filter(valued).filter_map(|row| row.timestamp);
        Some(moments().max()?.seconds_since(moments().min()?))
    }
}

/// A moment, in microseconds since the beginning of 1970, as `20240131T235959.000001`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(i64);

/// Beginning of the year 2000 in seconds since 1970.
const YEAR_2000: i64 = 946_684_800;
const DAY: i64 = 86_400;
const MICRO: i64 = 1_000_000;

impl Timestamp {
    /// The made-up moment of experience `exp_num`: so many seconds after the beginning of 2000.
    ///
    /// Exported logs carry it instead of the clock, so that a run is exported to the same bytes every time.
    pub fn of_experience(exp_num: u64) -> Self {
        // Later than the year 9999 could not be written in four digits.
        Self((YEAR_2000 + exp_num.min(200_000_000_000) as i64) * MICRO)
    }

    /// Reads `%Y%m%dT%H%M%S.%f` with all digits but those behind the point, of which one suffices.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, rest) = text.split_once('T')?;
        let (time, fraction) = rest.split_once('.')?;
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if date.len() != 8 || time.len() != 6 || !(1..=6).contains(&fraction.len()) {
            return None;
        }
        if ![date, time, fraction].into_iter().all(digits) {
            return None;
        }
        let number = |text: &str| text.parse::<i64>().ok();
        let (year, month, day) = (number(&date[..4])?, number(&date[4..6])?, number(&date[6..])?);
        let (hour, minute, second) = (number(&time[..2])?, number(&time[2..4])?, number(&time[4..])?);
        let days = days_since_1970(year, month, day);
        // Python's `strptime` takes 61 seconds and its `datetime` refuses them.
        if year == 0 || civil(days) != (year, month, day) || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let micros = number(fraction)? * 10_i64.pow(6 - fraction.len() as u32);
        Some(Self((days * DAY + hour * 3600 + minute * 60 + second) * MICRO + micros))
    }

    /// Seconds from `earlier` to this moment.
    pub fn seconds_since(self, earlier: Self) -> f64 {
        (self.0 - earlier.0) as f64 / MICRO as f64
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let seconds = self.0.div_euclid(MICRO);
        let (year, month, day) = civil(seconds.div_euclid(DAY));
        let rest = seconds.rem_euclid(DAY);
        let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
        write!(f, "{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}.{:06}", self.0.rem_euclid(MICRO))
    }
}

/// Days from 1970-01-01 to a date; a day or month beyond its range counts on.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March end with the leap day.
    let year = if month > 2 { year } else { year - 1 };
    let since_march = (month + 9) % 12;
    // 719 468 days lie between 0000-03-01 and 1970-01-01.
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (since_march * 153 + 2) / 5 + day
        - 1
        - 719_468
}

/// The date so many days after 1970-01-01: year, month, day.
fn civil(days: i64) -> (i64, i64, i64) {
    // The estimate by the mean year is at most one year off.
    let mut year = 1970 + days * 400 / 146_097;
    while days_since_1970(year, 1, 1) > days {
        year -= 1;
    }
    while days_since_1970(year + 1, 1, 1) <= days {
        year += 1;
    }
    let month = (1..=12).rev().find(|&month| days_since_1970(year, month, 1) <= days).unwrap_or(1);
    (year, month, days - days_since_1970(year, month, 1) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_survive_their_text() {
        for text in ["20000101T000000.000000", "20240229T235959.000001", "19991231T120000.500000"] {
            assert_eq!(Timestamp::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Timestamp::parse("20240101T000000.5").unwrap().to_string(), "20240101T000000.500000");
    }

    #[test]
    fn made_up_moments_are_a_second_apart() {
        assert_eq!(Timestamp::of_experience(0).to_string(), "20000101T000000.000000");
        assert_eq!(Timestamp::of_experience(86_400 * 59 + 61).to_string(), "20000229T000101.000000");
        assert!((Timestamp::of_experience(9).seconds_since(Timestamp::of_experience(2)) - 7.0).abs() < 1e-12);
    }

    #[test]
    fn moments_that_do_not_exist_are_refused() {
        for text in
            ["20230229T000000.0", "20241301T000000.0", "20240101T240000.0", "20240101T000000", "2024é01T000000.0"]
        {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }
}
