//! How well images find their captions and captions their images: `retrieval.csv` of a run with texts, read and
//! checked.
//!
//! Recall@k of images: the share of a task's test images whose own caption is among the k captions that are nearest to
//! them. Recall@k of texts: the share of captions one of whose own images is among the k images nearest to them, as
//! Karpathy & Fei-Fei 2015, <https://arxiv.org/abs/1412.2306>, section 4.2, count it where several images have one
//! caption.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::record::{
    At, Row, RunError,
    limits::{RECORD_BYTES, RECORD_ROWS},
    read, read_rows, refused,
};

/// Name of the file of retrieval in a run's directory.
pub const RETRIEVAL_FILE: &str = "retrieval.csv";

/// Retrieval within one task's test examples at one moment: a line of `retrieval.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retrieval {
    /// The moment.
    pub at: At,
    /// Experiences finished or, for [`At::Step`], the one in progress; counted from 1; 0 for [`At::Start`].
    pub experience: usize,
    /// Optimizer steps of the whole run so far.
    pub step: u64,
    /// The task, counted from 0; after the stream's own come probes.
    pub task: usize,
    /// Test images that have a caption.
    pub images: u64,
    /// Different captions among theirs.
    pub captions: u64,
    /// Recall@1 of images, 0 to 1.
    pub image_to_text_1: f64,
    /// Recall@5 of images.
    pub image_to_text_5: f64,
    /// Recall@10 of images.
    pub image_to_text_10: f64,
    /// Recall@1 of texts, 0 to 1.
    pub text_to_image_1: f64,
    /// Recall@5 of texts.
    pub text_to_image_5: f64,
    /// Recall@10 of texts.
    pub text_to_image_10: f64,
}

impl Row for Retrieval {
    const COLUMNS: &'static [&'static str] = &[
        "at",
        "experience",
        "step",
        "task",
        "images",
        "captions",
        "image_to_text_1",
        "image_to_text_5",
        "image_to_text_10",
        "text_to_image_1",
        "text_to_image_5",
        "text_to_image_10",
    ];
}

/// Reads a file of retrieval.
///
/// # Errors
/// When the file is missing, no plain file or too large, or when a row is not what a run writes.
pub fn read_retrieval(path: impl AsRef<Path>) -> Result<Vec<Retrieval>, RunError> {
    let path = path.as_ref();
    parse(&read(path, RECORD_BYTES)?, RECORD_ROWS as usize).map_err(|why| refused(path, &why))
}

fn parse(bytes: &[u8], limit: usize) -> Result<Vec<Retrieval>, String> {
    let rows: Vec<Retrieval> = read_rows(bytes, limit)?;
    let mut seen = BTreeSet::new();
    for (index, row) in rows.iter().enumerate() {
        let line = index + 2;
        check(row).map_err(|why| format!("line {line}: {why}"))?;
        if !seen.insert((row.at, row.experience, row.step, row.task)) {
            return Err(format!("line {line} evaluates the same task at the same moment again"));
        }
    }
    Ok(rows)
}

fn check(row: &Retrieval) -> Result<(), String> {
    if row.captions == 0 || row.captions > row.images {
        return Err(format!("{} captions of {} images", row.captions, row.images));
    }
    let images = [row.image_to_text_1, row.image_to_text_5, row.image_to_text_10];
    let texts = [row.text_to_image_1, row.text_to_image_5, row.text_to_image_10];
    for recalls in [images, texts] {
        if !recalls.iter().all(|recall| (0.0..=1.0).contains(recall)) || !recalls.is_sorted() {
            return Err(format!("{recalls:?} are no recalls at 1, 5 and 10"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::write_rows;

    fn row() -> Retrieval {
        Retrieval {
            at: At::End,
            experience: 1,
            step: 40,
            task: 0,
            images: 20,
            captions: 16,
            image_to_text_1: 0.25,
            image_to_text_5: 1.0 / 3.0,
            image_to_text_10: 0.5,
            text_to_image_1: 0.0,
            text_to_image_5: 0.0625,
            text_to_image_10: 1.0,
        }
    }

    fn file(rows: &[Retrieval]) -> Vec<u8> {
        let mut file = Vec::new();
        write_rows(&mut file, rows).unwrap();
        file
    }

    /// The complaint about a file with the row after a change to it.
    fn complaint(change: impl Fn(&mut Retrieval)) -> String {
        let mut changed = row();
        change(&mut changed);
        parse(&file(&[changed]), 9).unwrap_err()
    }

    #[test]
    fn what_was_written_is_what_is_read() {
        let rows = [row(), Retrieval { task: 1, ..row() }];
        assert_eq!(parse(&file(&rows), 9).unwrap(), rows);
        let text = String::from_utf8(file(&rows[..1])).unwrap();
        assert!(text.ends_with("\nend,1,40,0,20,16,0.25,0.3333333333333333,0.5,0.0,0.0625,1.0\n"), "{text}");
    }

    #[test]
    fn what_no_run_writes_is_refused_with_its_line() {
        assert_eq!(complaint(|row| row.captions = 21), "line 2: 21 captions of 20 images");
        assert!(complaint(|row| row.captions = 0).contains("0 captions"));
        assert!(complaint(|row| row.image_to_text_10 = 1.5).contains("no recalls"));
        assert!(complaint(|row| row.image_to_text_1 = f64::NAN).contains("no recalls"));
        assert!(complaint(|row| row.text_to_image_1 = 0.1).contains("no recalls"));
        assert!(parse(&file(&[row(), row()]), 9).unwrap_err().contains("line 3 evaluates the same task"));
        assert_eq!(parse(&file(&[row(), row()]), 1).unwrap_err(), "more than 1 rows");
        assert!(parse(b"at,experience\n", 9).is_err());
    }

    #[test]
    fn a_file_that_is_none_is_refused() {
        let root = tempfile::tempdir().unwrap();
        assert!(matches!(read_retrieval(root.path().join(RETRIEVAL_FILE)), Err(RunError::Unreadable { .. })));
        assert!(read_retrieval(root.path()).unwrap_err().to_string().contains("not a plain file"));
    }
}
