//! What a run logged while it trained: `train.csv`, read and checked.
//!
//! Its columns are `experience,step,loss,base`, one for each term that a method adds to the loss, `rate,gradient` and,
//! in newer runs, `accuracy`. Columns are found by name and unknown ones passed over, because methods name theirs.

use std::path::Path;

use csv::StringRecord;

use crate::{
    record::{
        RunError,
        limits::{LOGGED_BYTES, LOGGED_ROWS},
        read, refused,
    },
    words::short,
};

/// Name of the file of logged steps in a run's directory.
pub const TRAIN_FILE: &str = "train.csv";

/// Columns of the file, at most.
const MAX_COLUMNS: usize = 1_000;

/// One logged step.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainRow {
    /// The experience, from 1.
    pub experience: usize,
    /// Optimizer steps of the whole run so far, this one included; grows from row to row.
    pub step: u64,
    /// The loss with all its terms; not finite where the run diverged.
    pub loss: f64,
    /// The learning rate, 0 or more.
    pub rate: f64,
    /// Global norm of the gradients before clipping, 0 or more; not finite where the run diverged.
    pub gradient: f64,
    /// Share of the batch that was right before the step, 0 to 1; none where it was not kept.
    pub accuracy: Option<f64>,
}

/// Reads a file of logged steps.
///
/// # Errors
/// When the file is missing, no plain file or too large, or when a row is not what a run writes.
pub fn read_train(path: impl AsRef<Path>) -> Result<Vec<TrainRow>, RunError> {
    let path = path.as_ref();
    parse(&read(path, LOGGED_BYTES)?, LOGGED_ROWS as usize).map_err(|why| refused(path, &why))
}

fn parse(bytes: &[u8], limit: usize) -> Result<Vec<TrainRow>, String> {
    let mut reader = csv::Reader::from_reader(bytes);
    let columns = Columns::of(reader.headers().map_err(|e| e.to_string())?)?;
    let mut rows: Vec<TrainRow> = Vec::new();
    let mut fields = StringRecord::new();
    while reader.read_record(&mut fields).map_err(|e| e.to_string())? {
        if rows.len() == limit {
            return Err(format!("more than {limit} rows"));
        }
        let row = columns.row(&fields).and_then(|row| follows(rows.last(), row));
        rows.push(row.map_err(|why| format!("line {}: {why}", rows.len() + 2))?);
    }
    Ok(rows)
}

/// Where the columns stand that are read.
struct Columns {
    fixed: [usize; 5],
    accuracy: Option<usize>,
}

/// The columns that every file has, in the order of [`Columns::fixed`].
const FIXED: [&str; 5] = ["experience", "step", "loss", "rate", "gradient"];

impl Columns {
    fn of(header: &StringRecord) -> Result<Self, String> {
        if header.len() > MAX_COLUMNS {
            return Err(format!("more than {MAX_COLUMNS} columns"));
        }
        let mut fixed = [0; FIXED.len()];
        for (place, name) in fixed.iter_mut().zip(FIXED) {
            *place = find(header, name)?.ok_or_else(|| format!("there is no column `{name}`"))?;
        }
        Ok(Self { fixed, accuracy: find(header, "accuracy")? })
    }

    fn row(&self, fields: &StringRecord) -> Result<TrainRow, String> {
        let text = |index: usize| fields[self.fixed[index]].trim();
        let real = |index: usize| number::<f64>(FIXED[index], text(index));
        let accuracy = self.accuracy.map(|column| fields[column].trim()).filter(|text| !text.is_empty());
        let row = TrainRow {
            experience: number(FIXED[0], text(0))?,
            step: number(FIXED[1], text(1))?,
            loss: real(2)?,
            rate: real(3)?,
            gradient: real(4)?,
            accuracy: accuracy.map(|text| number("accuracy", text)).transpose()?,
        };
        if !(row.rate.is_finite() && row.rate >= 0.0) {
            return Err(format!("rate {} is out of range", row.rate));
        }
        if row.gradient < 0.0 {
            return Err(format!("gradient {} is out of range", row.gradient));
        }
        match row.accuracy {
            Some(accuracy) if !(0.0..=1.0).contains(&accuracy) => Err(format!("accuracy {accuracy} is out of range")),
            _ => Ok(row),
        }
    }
}

fn find(header: &StringRecord, name: &str) -> Result<Option<usize>, String> {
    let mut places = header.iter().enumerate().filter(|(_, column)| *column == name).map(|(place, _)| place);
    let first = places.next();
    if places.next().is_some() {
        return Err(format!("the column `{name}` stands twice"));
    }
    Ok(first)
}

fn number<T: std::str::FromStr>(column: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("`{}` is no value of `{column}`", short(text)))
}

fn follows(last: Option<&TrainRow>, row: TrainRow) -> Result<TrainRow, String> {
    let (experience, step) = last.map_or((1, 0), |last| (last.experience, last.step));
    if row.step <= step || row.experience < experience {
        return Err(format!("experience {} with step {} cannot follow the row before", row.experience, row.step));
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "experience,step,loss,base,ewc,rate,gradient\n";
    const NEW: &str = "experience,step,loss,base,rate,gradient,accuracy\n";

    fn read(header: &str, rows: &str) -> Result<Vec<TrainRow>, String> {
        parse(format!("{header}{rows}").as_bytes(), 3)
    }

    #[test]
    fn columns_are_found_by_name_whatever_terms_a_method_adds() {
        let rows = read(OLD, "1,10,0.75,0.5,0.25,0.001,2.5\n2,20,1,1,,0.002,inf\n").unwrap();
        let first = TrainRow { experience: 1, step: 10, loss: 0.75, rate: 0.001, gradient: 2.5, accuracy: None };
        assert_eq!(rows[0], first);
        assert_eq!((rows[1].experience, rows[1].gradient), (2, f64::INFINITY));
    }

    #[test]
    fn an_accuracy_may_be_missing_row_by_row() {
        let rows = read(NEW, "1,1,0.5,0.5,0.1,1,0.25\n1,2,NaN,NaN,0.1,NaN,\n").unwrap();
        assert_eq!(rows.iter().map(|row| row.accuracy).collect::<Vec<_>>(), [Some(0.25), None]);
        assert!(rows[1].loss.is_nan());
    }

    #[test]
    fn other_columns_are_refused_by_name() {
        assert_eq!(read("experience,step,loss,rate\n", "").unwrap_err(), "there is no column `gradient`");
        assert_eq!(read(&NEW.replace("base", "rate"), "").unwrap_err(), "the column `rate` stands twice");
        let wide = "x,".repeat(MAX_COLUMNS) + NEW;
        assert_eq!(read(&wide, "").unwrap_err(), "more than 1000 columns");
    }

    #[test]
    fn a_senseless_row_is_refused_with_its_line() {
        let complaint = |row: &str| read(NEW, &format!("1,5,1,1,0.1,1,\n{row}\n")).unwrap_err();
        assert_eq!(complaint("1,5,1,1,0.1,1,"), "line 3: experience 1 with step 5 cannot follow the row before");
        assert!(complaint("0,6,1,1,0.1,1,").contains("experience 0"));
        assert_eq!(complaint("1,-6,1,1,0.1,1,"), "line 3: `-6` is no value of `step`");
        assert_eq!(complaint("1,6,lots,1,0.1,1,"), "line 3: `lots` is no value of `loss`");
        assert_eq!(complaint("1,6,1,1,NaN,1,"), "line 3: rate NaN is out of range");
        assert_eq!(complaint("1,6,1,1,0.1,-1,"), "line 3: gradient -1 is out of range");
        assert_eq!(complaint("1,6,1,1,0.1,1,1.5"), "line 3: accuracy 1.5 is out of range");
        assert!(complaint("1,6").contains("fields"));
        assert!(
            read(NEW, "1,1,1,1,0.1,1,\n1,2,1,1,0.1,1,\n1,3,1,1,0.1,1,\n1,4,1,1,0.1,1,\n").unwrap_err()
                == "more than 3 rows"
        );
    }

    #[test]
    fn a_file_that_is_none_is_refused() {
        let root = tempfile::tempdir().unwrap();
        assert!(matches!(read_train(root.path().join(TRAIN_FILE)), Err(RunError::Unreadable { .. })));
        assert!(read_train(root.path()).unwrap_err().to_string().contains("not a plain file"));
    }
}
