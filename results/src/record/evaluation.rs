//! One row of one evaluation: everything in a report is computed from these.

use serde::{Deserialize, Serialize};

use crate::record::Row;

/// When in a run's life an evaluation took place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum At {
    /// Before the first step.
    Start,
    /// Inside an experience.
    Step,
    /// After an experience.
    End,
}

/// Which of a task's examples were asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// Never trained on, never looked at by a method.
    Test,
    /// Held out of training by `stream.val_fraction`.
    Validation,
}

/// The evaluation of one task at one moment: a line of `records.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The moment.
    pub at: At,
    /// Experiences finished or, for [`At::Step`], the one in progress; counted from 1; 0 for [`At::Start`].
    pub experience: usize,
    /// Optimizer steps of the whole run so far.
    pub step: u64,
    /// The evaluated task, counted from 0.
    pub task: usize,
    /// Which of its examples.
    pub split: Split,
    /// The preference that was answered; empty unless the method answers preferences.
    pub preference: String,
    /// Which posterior sample answered, counted from 0, where single samples were evaluated.
    pub sample: Option<u32>,
    /// Share of correct answers, 0 to 1.
    pub accuracy: f64,
    /// Mean negative log-likelihood in nats, 0 or more.
    pub loss: f64,
    /// Mean Brier score: squared distance of the probabilities from the one-hot label, 0 to 2.
    pub brier: f64,
    /// Mean probability of the correct class, 0 to 1.
    pub confidence: f64,
    /// Mean of the correct class's score (logit) minus the largest other in scope; none where a question had no other
    /// class in scope, and in runs of format 2.
    #[serde(default)]
    pub margin: Option<f64>,
    /// Examples evaluated.
    pub n: u64,
}

impl Row for Record {
    const COLUMNS: &'static [&'static str] = &[
        "at",
        "experience",
        "step",
        "task",
        "split",
        "preference",
        "sample",
        "accuracy",
        "loss",
        "brier",
        "confidence",
        "margin",
        "n",
    ];
    const OLDER: &'static [&'static [&'static str]] = &[&[
        "at",
        "experience",
        "step",
        "task",
        "split",
        "preference",
        "sample",
        "accuracy",
        "loss",
        "brier",
        "confidence",
        "n",
    ]];
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{append_rows, read_rows, write_rows};

    fn record(accuracy: f64) -> Record {
        Record {
            at: At::End,
            experience: 1,
            step: 40,
            task: 0,
            split: Split::Test,
            preference: String::new(),
            sample: None,
            accuracy,
            loss: 0.25,
            brier: 1e-7,
            confidence: 1.0 / 3.0,
            margin: Some(-0.5),
            n: 500,
        }
    }

    #[test]
    fn a_record_is_one_line_below_its_header() {
        let mut file = Vec::new();
        write_rows(&mut file, &[record(0.5)]).unwrap();
        let text = String::from_utf8(file).unwrap();
        assert_eq!(
            text,
            "at,experience,step,task,split,preference,sample,accuracy,loss,brier,confidence,margin,n\n\
             end,1,40,0,test,,,0.5,0.25,1e-7,0.3333333333333333,-0.5,500\n"
        );
    }

    #[test]
    fn reading_back_gives_the_same_bits() {
        let mut records: Vec<Record> =
            [0.1 + 0.2, 1.0 / 3.0, f64::MIN_POSITIVE, 5e-324, 0.0, -0.0, 1.0].into_iter().map(record).collect();
        records[1].preference = "0.5, \"both\"".into();
        records[1].sample = Some(3);
        records[2].loss = f64::INFINITY;
        let mut file = Vec::new();
        write_rows(&mut file, &records[..3]).unwrap();
        append_rows(&mut file, &records[3..]).unwrap();
        let back: Vec<Record> = read_rows(&file[..], 100).unwrap();
        assert_eq!(back, records);
        for (a, b) in back.iter().zip(&records) {
            assert_eq!(a.accuracy.to_bits(), b.accuracy.to_bits());
        }
    }

    #[test]
    fn a_loss_that_is_not_a_number_survives_the_file() {
        let mut file = Vec::new();
        write_rows(&mut file, &[record(f64::NAN)]).unwrap();
        let back: Vec<Record> = read_rows(&file[..], 100).unwrap();
        assert!(back[0].accuracy.is_nan());
    }

    #[test]
    fn a_file_of_format_2_has_no_margin() {
        let mut file = Vec::new();
        write_rows(&mut file, &[record(0.5)]).unwrap();
        let older = String::from_utf8(file).unwrap().replace(",margin", "").replace(",-0.5", "");
        let back: Vec<Record> = read_rows(older.as_bytes(), 100).unwrap();
        assert_eq!(back, [Record { margin: None, ..record(0.5) }]);
    }

    #[test]
    fn another_split_is_refused() {
        let mut file = Vec::new();
        write_rows(&mut file, &[record(0.5)]).unwrap();
        let other = String::from_utf8(file).unwrap().replace(",test,", ",train,");
        assert!(read_rows::<Record>(other.as_bytes(), 100).unwrap_err().contains("`train`"));
    }

    #[test]
    fn no_rows_still_have_a_header() {
        let mut file = Vec::new();
        write_rows::<Record>(&mut file, &[]).unwrap();
        assert!(file.starts_with(b"at,experience,"));
        assert_eq!(read_rows::<Record>(&file[..], 0).unwrap(), []);
    }
}
