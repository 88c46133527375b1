//! A run's directory: what is written while it runs, and how it is found again.
//!
//! Everything that is appended is cut back to the newest whole checkpoint before a run goes on, so that a run that
//! was killed at any instant leaves the same files as one that was not.

use std::{
    fs::{self, File, TryLockError},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use clbench_results::{
    LedgerRow, MANIFEST_FILE, Manifest, RECORDS_FILE, RETRIEVAL_FILE, Record, Retrieval, append_rows,
    record::{Row, limits},
    store::atomic::{open_plain, write_whole},
    write_rows,
};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::{
    primitives::sealed::{opened, refuse_link, sealed},
    run::{Logged, Run, Seconds, Sink, evaluate::Answer},
};

/// First bytes of a checkpoint.
const MAGIC: &[u8] = b"clbench checkpoint 3\n";
/// Largest checkpoint that is read, in bytes.
const MOST_BYTES: u64 = 1 << 35;
/// Files that grow while a run goes on, with their headers; `train.csv`'s has the names of the loss's terms.
const GROWING: [&str; 4] = [RECORDS_FILE, "train.csv", "predictions.csv", RETRIEVAL_FILE];

/// An open run's directory. It is locked: two processes cannot be at work in it.
pub struct Folder {
    path: PathBuf,
    growing: [Option<File>; 4],
    /// Rows of records so far.
    rows: u64,
    /// Seconds by experience and phase up to the checkpoint; no part of what must repeat.
    pub seconds: Seconds,
    /// Held until the folder is dropped; the system takes it back from a process that dies.
    _lock: File,
}

/// Another process is at work in the directory.
#[derive(Debug, thiserror::Error)]
#[error("another process is at work in {}; wait for it", .0.display())]
pub struct Busy(PathBuf);

/// What a checkpoint file holds.
#[derive(Serialize, Deserialize)]
struct Snapshot {
    /// Length of each growing file.
    lengths: [u64; 4],
    seconds: Seconds,
    run: ByteBuf,
}

/// What was found in a run's directory.
pub enum Found {
    /// The run is complete.
    Complete,
    /// The run goes on from a checkpoint, or from its beginning; with what is to be said of spoilt checkpoints.
    Open(Folder, Option<Vec<u8>>, Vec<String>),
}

impl Folder {
    /// Opens the directory at `path`, making it if need be, and brings it back to its newest whole checkpoint. `kept`
    /// says which of the files that grow there are: records, logged steps, answers, retrieval.
    ///
    /// # Errors
    /// When it cannot be written, when something in it or the folder itself is a link, or when another process is at
    /// work in it.
    pub fn open(path: &Path, contributions: &[String], kept: [bool; 4]) -> Result<Found> {
        refuse_links(path)?;
        if path.join(MANIFEST_FILE).exists() {
            return Ok(Found::Complete);
        }
        let checkpoints = path.join("checkpoint");
        fs::create_dir_all(&checkpoints).with_context(|| unwritable(&checkpoints))?;
        let within = || unwritable(&path.join(".lock"));
        let lock = open_plain(&path.join(".lock")).with_context(within)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!(Busy(path.to_owned())),
            Err(TryLockError::Error(error)) => return Err(error).with_context(within),
        }
        // Another process may have finished it since.
        if path.join(MANIFEST_FILE).exists() {
            return Ok(Found::Complete);
        }
        ["", "checkpoint", "artifact"].iter().for_each(|folder| remove_leftovers(&path.join(folder)));
        let (snapshot, notes) = newest(&checkpoints)?;
        let lengths = snapshot.as_ref().map_or([0; 4], |snapshot| snapshot.lengths);
        let seconds = snapshot.as_ref().map_or_else(Seconds::new, |snapshot| snapshot.seconds.clone());
        let mut folder = Self { path: path.to_owned(), growing: [const { None }; 4], rows: 0, seconds, _lock: lock };
        for (index, name) in GROWING.into_iter().enumerate() {
            if kept[index] {
                folder.growing[index] = Some(folder.grow(name, lengths[index], contributions)?);
            }
        }
        folder.rows = lines(&path.join(RECORDS_FILE), lengths[0])?.saturating_sub(1);
        Ok(Found::Open(folder, snapshot.map(|snapshot| snapshot.run.into_vec()), notes))
    }

    /// Opens a file that grows, cut back to `length`; a new one gets its header.
    fn grow(&self, name: &str, length: u64, contributions: &[String]) -> Result<File> {
        let within = || unwritable(&self.path.join(name));
        let mut file = open_plain(&self.path.join(name)).with_context(within)?;
        let found = file.metadata().with_context(within)?.len();
        ensure!(
            found >= length,
            "{name} is shorter than its checkpoint says; remove {} to start anew",
            self.path.display()
        );
        file.set_len(length).and_then(|()| file.seek(SeekFrom::Start(length))).with_context(within)?;
        if length == 0 {
            let header = match name {
                RECORDS_FILE => header::<Record>()?,
                RETRIEVAL_FILE => header::<Retrieval>()?,
                "train.csv" => {
                    let own = contributions.iter().flat_map(|name| [",", name]).collect::<String>();
                    format!("experience,step,loss,base{own},rate,gradient,accuracy\n").into()
                }
                _ => b"experience,task,index,label,answer,confidence\n".to_vec(),
            };
            file.write_all(&header).with_context(within)?;
        }
        Ok(file)
    }

    /// Writes a file whole or not at all.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        Ok(write_whole(&self.path.join(name), bytes)?)
    }

    /// Saves the run; the last two checkpoints are kept.
    pub fn save(&mut self, run: &Run) -> Result<()> {
        let mut lengths = [0; 4];
        for (length, file) in lengths.iter_mut().zip(&mut self.growing) {
            if let Some(file) = file {
                file.sync_data().with_context(|| format!("cannot write to {}", self.path.display()))?;
                *length = file.stream_position()?;
            }
        }
        let payload = rmp_serde::to_vec(&Snapshot {
            lengths,
            seconds: run.state.seconds.clone(),
            run: ByteBuf::from(run.save()?),
        })?;
        let bytes = sealed(MAGIC, &payload);
        let folder = self.path.join("checkpoint");
        let position = run.state.position;
        // An experience's end and the next one's beginning are the same step.
        let name = format!("{:012}-{:06}.ckpt", position.total, position.experience);
        write_whole(&folder.join(&name), &bytes)?;
        for old in checkpoints(&folder).into_iter().rev().skip(2) {
            fs::remove_file(&old).with_context(|| format!("cannot remove {}", old.display()))?;
        }
        Ok(())
    }

    /// Ends the run's directory: everything but the manifest, the manifest, then checkpoints are removed.
    pub fn finish(self, ledger: &[LedgerRow], timing: &str, manifest: &Manifest, keep: bool) -> Result<()> {
        for file in self.growing.iter().flatten() {
            file.sync_all().with_context(|| format!("cannot write to {}", self.path.display()))?;
        }
        let mut rows = Vec::new();
        write_rows(&mut rows, ledger)?;
        self.write("ledger.csv", &rows)?;
        self.write("timing.csv", timing.as_bytes())?;
        self.write(MANIFEST_FILE, manifest.to_json().as_bytes())?;
        if !keep {
            // What cannot be tidied does no harm: the manifest is there.
            let _ = fs::remove_dir_all(self.path.join("checkpoint"));
        }
        Ok(())
    }

    fn append(&mut self, index: usize, text: &[u8]) -> Result<()> {
        if let Some(file) = &mut self.growing[index] {
            let within = || format!("cannot write to {}; is the disk full?", self.path.join(GROWING[index]).display());
            file.write_all(text).with_context(within)?;
        }
        Ok(())
    }
}

impl Sink for Folder {
    fn records(&mut self, records: &[Record]) -> Result<()> {
        let mut rows = Vec::new();
        append_rows(&mut rows, records)?;
        self.rows += records.len() as u64;
        let length = self.growing[0].as_mut().map_or(Ok(0), File::stream_position)? + rows.len() as u64;
        ensure!(
            self.rows <= limits::RECORD_ROWS && length <= limits::RECORD_BYTES,
            "{RECORDS_FILE} would be larger than what is read back, {} rows and {} bytes; evaluate less often",
            limits::RECORD_ROWS,
            limits::RECORD_BYTES
        );
        self.append(0, &rows)
    }
    fn logged(&mut self, row: &Logged) -> Result<()> {
        let terms = row.terms.iter().map(|term| term.map_or(String::new(), |term| term.to_string()));
        let mut fields = vec![row.experience.to_string(), row.step.to_string(), row.loss.to_string()];
        fields.extend(terms);
        fields.extend([row.rate.to_string(), row.gradient.to_string()]);
        fields.push(row.accuracy.map_or(String::new(), |accuracy| accuracy.to_string()));
        self.append(1, (fields.join(",") + "\n").as_bytes())
    }
    fn retrieved(&mut self, rows: &[Retrieval]) -> Result<()> {
        let mut text = Vec::new();
        append_rows(&mut text, rows)?;
        self.append(3, &text)
    }
    fn answers(&mut self, answers: &[Answer]) -> Result<()> {
        let row =
            |a: &Answer| format!("{},{},{},{},{},{}\n", a.experience, a.task, a.index, a.label, a.answer, a.confidence);
        self.append(2, answers.iter().map(row).collect::<String>().as_bytes())
    }
}

/// Lines in the first `length` bytes of a file.
fn lines(path: &Path, length: u64) -> Result<u64> {
    let within = || format!("cannot read {}", path.display());
    let (mut count, mut part) = (0, vec![0; 1 << 16]);
    let mut file = File::open(path).with_context(within)?.take(length);
    loop {
        let read = file.read(&mut part).with_context(within)?;
        if read == 0 {
            return Ok(count);
        }
        count += part[..read].split(|byte| *byte == b'\n').count() as u64 - 1;
    }
}

/// The header of a file of such rows.
fn header<R: Row>() -> Result<Vec<u8>> {
    let mut header = Vec::new();
    write_rows::<R>(&mut header, &[])?;
    Ok(header)
}

fn unwritable(path: &Path) -> String {
    format!("cannot write to {}; choose another place with runs=FOLDER", path.display())
}

/// Refuses links among what a run writes to, and in the place of its folder, its method's and its stream's: through one
/// the run would write somewhere else, and no table would find it. Where runs go is the user's choice, and may be a
/// link.
fn refuse_links(path: &Path) -> Result<()> {
    for folder in path.ancestors().take(3) {
        refuse_link(folder)?;
    }
    for folder in ["", "checkpoint", "artifact"] {
        let folder = path.join(folder);
        refuse_link(&folder)?;
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            refuse_link(&entry.path())?;
        }
    }
    Ok(())
}

/// Files whose extension begins with `end`, in the order of their names.
fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let ends = |path: &PathBuf| path.extension().is_some_and(|found| found.to_string_lossy().starts_with(end));
    let mut found: Vec<_> = entries.filter(ends).collect();
    found.sort();
    found
}

/// Removes what a process that died was writing; the lock says that none is at work.
fn remove_leftovers(folder: &Path) {
    files(folder, "tmp").iter().for_each(|path| drop(fs::remove_file(path)));
}

/// Checkpoints in the order in which they were made.
fn checkpoints(folder: &Path) -> Vec<PathBuf> {
    files(folder, "ckpt")
}

/// The newest checkpoint that is whole. Spoilt ones are removed, or they would count among the two that are kept.
fn newest(folder: &Path) -> Result<(Option<Snapshot>, Vec<String>)> {
    let mut notes = Vec::new();
    for path in checkpoints(folder).into_iter().rev() {
        let readable = || format!("cannot read the checkpoint {}; make it readable, or remove it", path.display());
        let length = fs::metadata(&path).with_context(readable)?.len();
        let bytes = if length > MOST_BYTES { Vec::new() } else { fs::read(&path).with_context(readable)? };
        match parse(&bytes) {
            Ok(snapshot) => return Ok((Some(snapshot), notes)),
            Err(error) => notes.push(format!("passes over the checkpoint {}: {error:#}", path.display())),
        }
        fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    }
    Ok((None, notes))
}

fn parse(bytes: &[u8]) -> Result<Snapshot> {
    Ok(rmp_serde::from_slice(opened(MAGIC, bytes)?)?)
}
