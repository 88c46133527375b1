//! What a run's files may hold at most. These numbers are owned here, for what writes the files and for what reads
//! them.
//!
//! Files are hostile until they were checked, so that everything that is read is bounded. The harness asks before a run
//! trains ([`acceptable`], [`records`], [`logged`], [`config`]), and `clbench pack` before a bundle has its name
//! ([`bundle`]): what is finished can be read. Limits that a sensible stream could reach grow with the stream.

use crate::record::{Manifest, check};

/// Tasks of a stream.
pub const TASKS: usize = 10_000;
/// Experiences of a stream; an environment may bring tasks again and again.
pub const EXPERIENCES: usize = 100_000;
/// Bytes of a name: of a run, a method, a hash, a version, a phase.
pub const NAME: usize = 1_000;
/// Bytes of a text that people choose: a setting of the command line, the name of a class or a task, a note, a reason.
/// Linux hands no longer word over to a program.
pub const TEXT: usize = 128 << 10;
/// Bytes of a list of texts that a manifest may do without: names of classes, notes.
pub const LIST: usize = 1 << 20;
/// Bytes of `manifest.json`.
pub const MANIFEST_BYTES: u64 = 32 << 20;
/// Bytes of `config.toml`, and of a stream file, since the one can be used as the other.
pub const CONFIG_BYTES: u64 = 4 << 20;
/// Rows of `records.csv` and of `retrieval.csv`: a thousand tasks after each of a thousand experiences, four times.
pub const RECORD_ROWS: u64 = 4_000_000;
/// Bytes of `records.csv` and of `retrieval.csv`.
pub const RECORD_BYTES: u64 = 1 << 30;
/// Bytes of a row of `records.csv` without its preference, at most: ten whole numbers and words, and five numbers in
/// full precision of up to 24 characters.
pub const RECORD_ROW: u64 = 250;
/// Rows of `ledger.csv`: a row for each phase of each experience.
pub const LEDGER_ROWS: u64 = 2_000_000;
/// Bytes of `ledger.csv`.
pub const LEDGER_BYTES: u64 = 256 << 20;
/// Rows of `train.csv`.
pub const LOGGED_ROWS: u64 = 4_000_000;
/// Bytes of `train.csv`.
pub const LOGGED_BYTES: u64 = 1 << 30;
/// Bytes of a line of a bundle, which is one run: its files as texts of JSON, in which a line break has two characters.
pub const BUNDLED_RUN: u64 = 2 * (MANIFEST_BYTES + CONFIG_BYTES + RECORD_BYTES + LEDGER_BYTES);

/// Bytes of a preference over `tasks` tasks as a record has it: a weight of up to 40 characters for each.
pub fn preference(tasks: usize) -> usize {
    NAME.max(40 * tasks)
}

/// Bytes of all runs of a bundle, unpacked, whose file has `packed` bytes.
///
/// Records shrink to a tenth or so. What shrinks to less than a thirty-second is no record of runs but a trap, and is
/// unpacked only where it is small.
pub fn bundle(packed: u64) -> u64 {
    const ALWAYS: u64 = 1 << 30;
    ALWAYS.max(packed.saturating_mul(32))
}

/// Checks that a run with such a manifest could be read back.
///
/// # Errors
/// What is too long or contradicts itself.
pub fn acceptable(manifest: &Manifest) -> Result<(), String> {
    check::manifest(manifest)?;
    within("manifest.json", manifest.to_json().len() as u64, MANIFEST_BYTES)
}

/// Checks that `config.toml` could be read back.
///
/// # Errors
/// When it is too long.
pub fn config(text: &str) -> Result<(), String> {
    within("config.toml", text.len() as u64, CONFIG_BYTES)
}

/// Checks that so many rows of `records.csv`, whose preferences have `preferences` bytes in all, could be read back.
///
/// # Errors
/// When there are too many.
pub fn records(rows: u64, preferences: u64) -> Result<(), String> {
    if rows > RECORD_ROWS {
        return Err(format!("records.csv would have {rows} rows, and {RECORD_ROWS} are read back"));
    }
    within("records.csv", rows.saturating_mul(RECORD_ROW).saturating_add(preferences), RECORD_BYTES)
}

/// Checks that so many logged steps, each with so many terms of the loss, could be read back.
///
/// # Errors
/// When there are too many.
pub fn logged(rows: u64, terms: u64) -> Result<(), String> {
    if rows > LOGGED_ROWS {
        return Err(format!("train.csv would have {rows} rows, and {LOGGED_ROWS} are read back"));
    }
    // Numbers of single precision, of up to 16 characters.
    within("train.csv", rows.saturating_mul(100 + 16 * terms), LOGGED_BYTES)
}

fn within(name: &str, bytes: u64, most: u64) -> Result<(), String> {
    if bytes > most { Err(format!("{name} would have up to {bytes} bytes, and {most} are read back")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::record::Plan;
    use crate::record::example::{self, MIXED};
    use crate::record::{CONFIG_FILE, RunDir};

    /// Whether what writes a run and what reads it agree that it is acceptable; both must say the same.
    fn accepted(change: impl Fn(&mut RunDir)) -> bool {
        let root = tempfile::tempdir().unwrap();
        let mut run = example::run("er", 0, MIXED[3]);
        change(&mut run);
        let path = example::write(root.path(), &RunDir { path: "run".into(), ..run.clone() });
        let (before, after) = (acceptable(&run.manifest), RunDir::open(&path));
        assert_eq!(before.is_ok(), after.is_ok(), "{before:?} {after:?}");
        after.is_ok()
    }

    #[test]
    fn texts_are_as_long_as_a_word_of_a_command_and_no_longer() {
        let kinds: [fn(&mut RunDir, String); 5] = [
            |run, text| run.manifest.overrides = vec![text],
            |run, text| run.manifest.stream.tasks[0] = text,
            |run, text| run.manifest.stream.classes[0] = text,
            |run, text| run.manifest.stream.notes = vec![text],
            |run, text| run.manifest.diverged = Some(text),
        ];
        for (at, kind) in kinds.into_iter().enumerate() {
            assert!(accepted(|run| kind(run, "x".repeat(TEXT))), "{at}");
            assert!(!accepted(|run| kind(run, "x".repeat(TEXT + 1))), "{at}");
        }
        let name: [fn(&mut RunDir, String); 3] = [
            |run, text| run.manifest.version = text,
            |run, text| run.manifest.stream.name = text,
            |run, text| run.manifest.machine = text,
        ];
        for (at, kind) in name.into_iter().enumerate() {
            assert!(accepted(|run| kind(run, "x".repeat(NAME))), "{at}");
            assert!(!accepted(|run| kind(run, "x".repeat(NAME + 1))), "{at}");
        }
    }

    #[test]
    fn streams_have_as_many_tasks_and_experiences_as_said_and_no_more() {
        let tasks = |run: &mut RunDir, count: usize| {
            run.manifest.stream.tasks = vec!["task".into(); count];
            run.manifest.stream.datasets = vec!["digits".into(); count];
        };
        assert!(accepted(|run| tasks(run, TASKS)));
        assert!(!accepted(|run| tasks(run, TASKS + 1)));
        let experiences = |run: &mut RunDir, count: usize| {
            run.manifest.stream.experiences = count;
            run.manifest.stream.trained = vec![vec![0]; count];
            run.manifest.experiences = vec![Plan { steps: 1, bound_by: "steps".into(), networks: 1 }; count];
        };
        assert!(accepted(|run| experiences(run, EXPERIENCES)));
        assert!(!accepted(|run| experiences(run, EXPERIENCES + 1)));
    }

    #[test]
    fn a_manifest_is_as_long_as_said_and_no_longer() {
        let long = |run: &mut RunDir, more: usize| {
            run.manifest.stream.notes = vec!["x".repeat(TEXT); 255];
            let length = run.manifest.to_json().len();
            // Another note takes its text, two quotation marks, a comma, a line break and six spaces.
            run.manifest.stream.notes.push("x".repeat(MANIFEST_BYTES as usize - length - 10 + more));
            assert_eq!(run.manifest.to_json().len(), MANIFEST_BYTES as usize + more);
        };
        assert!(accepted(|run| long(run, 0)));
        assert!(!accepted(|run| long(run, 1)));
    }

    #[test]
    fn a_configuration_is_as_long_as_said_and_no_longer() {
        let root = tempfile::tempdir().unwrap();
        let path = example::write(root.path(), &example::run("er", 0, MIXED[3]));
        for (length, fits) in [(CONFIG_BYTES, true), (CONFIG_BYTES + 1, false)] {
            let text = "#".repeat(length as usize);
            fs::write(path.join(CONFIG_FILE), &text).unwrap();
            assert_eq!((config(&text).is_ok(), RunDir::open(&path).is_ok()), (fits, fits), "{length}");
        }
    }

    #[test]
    fn a_preference_is_as_long_as_its_stream_asks() {
        let root = tempfile::tempdir().unwrap();
        for (tasks, most) in [(3, 1_000), (50, 2_000)] {
            for (length, fits) in [(most, true), (most + 1, false)] {
                let mut run = example::run("er", 0, MIXED[3]);
                run.manifest.stream.tasks = vec!["task".into(); tasks];
                run.manifest.stream.datasets.clear();
                run.records[5].preference = "1".repeat(length);
                let path = example::write(root.path(), &run);
                assert_eq!(
                    (length <= preference(tasks), RunDir::open(&path).is_ok()),
                    (fits, fits),
                    "{tasks} {length}"
                );
            }
        }
    }

    #[test]
    fn rows_are_as_many_as_said_and_as_long_as_reckoned() {
        assert!(records(RECORD_ROWS, 0).is_ok() && records(RECORD_ROWS + 1, 0).is_err());
        let left = RECORD_BYTES - 1_000 * RECORD_ROW;
        assert!(records(1_000, left).is_ok() && records(1_000, left + 1).is_err());
        assert!(logged(LOGGED_ROWS, 7).is_ok() && logged(LOGGED_ROWS + 1, 7).is_err());
        // The longest row there is.
        let mut row = example::records(&MIXED).remove(0);
        (row.experience, row.step, row.task, row.sample) = (EXPERIENCES, u64::MAX, TASKS - 1, Some(u32::MAX));
        row.split = crate::record::Split::Validation;
        let long = -1.234_567_890_123_456_7e-300;
        (row.accuracy, row.loss, row.brier, row.confidence, row.margin) = (long, long, long, long, Some(long));
        row.n = u64::MAX;
        let mut text = Vec::new();
        crate::record::append_rows(&mut text, &[row]).unwrap();
        assert!(text.len() as u64 <= RECORD_ROW, "{}", text.len());
    }

    #[test]
    fn what_unpacks_to_much_more_than_records_do_is_not_unpacked() {
        assert_eq!((bundle(1_000), bundle(1 << 30)), (1 << 30, 32 << 30));
        // A thousand times as much, as a trap has it, is more than is read.
        assert!(bundle(40 << 20) < 1_000 * (40 << 20));
    }
}
