//! Many runs in one file, to be published beside a table: what each run left behind, word for word, compressed.
//!
//! A bundle is gzip over lines of JSON, one for each run: its place and the texts of its four files, but for places of
//! other files on this machine. It is read where a directory of runs can be read, so a table that was made from it can
//! be made again by anyone who has the file.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Component, Path, PathBuf};

use flate2::{Compression, GzBuilder, read::MultiGzDecoder};
use serde::{Deserialize, Serialize};

use crate::{
    record::{CONFIG_FILE, Files, RunDir, RunError, limits, refused},
    store::atomic::{WholeFile, WriteError},
    words::clean,
};

/// What the name of a bundle ends with.
pub const BUNDLE: &str = ".runs.gz";

/// A line of a bundle.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    /// Where the run stood, below the directory that was packed.
    place: String,
    manifest: String,
    config: Option<String>,
    records: String,
    ledger: String,
}

/// Writes what the runs in `directories` left behind into one file; the same runs give the same bytes.
///
/// # Errors
/// When a file of a run cannot be read or the bundle cannot be written.
pub fn write_bundle(path: &Path, directories: &[(String, PathBuf)]) -> Result<(), PackError> {
    write(path, directories, limits::bundle)
}

/// The same where a bundle of so many bytes may unpack to so many.
fn write(path: &Path, directories: &[(String, PathBuf)], most: fn(u64) -> u64) -> Result<(), PackError> {
    let whole = WholeFile::create(path)?;
    // No time and no name in the header: the same runs give the same bytes.
    let mut out = GzBuilder::new().mtime(0).write(Counted { inner: whole, bytes: 0 }, Compression::best());
    let mut total = 0;
    for (place, directory) in directories {
        let files = Files::read(directory)?;
        let line = files.texts(directory).map(|(manifest, config, records, ledger)| Line {
            place: place.clone(),
            manifest,
            config: config.map(|text| without_places(&text)),
            records,
            ledger,
        })?;
        let text = serde_json::to_string(&line).expect("texts always serialise");
        if text.len() as u64 >= limits::BUNDLED_RUN || place.len() > limits::NAME {
            let (bytes, most) = (text.len() as u64, limits::BUNDLED_RUN);
            return Err(PackError::Large { path: directory.clone(), bytes, most });
        }
        total += text.len() as u64 + 1;
        writeln!(out, "{text}").map_err(|error| out.get_ref().inner.failure(error))?;
    }
    out.try_finish().map_err(|error| out.get_ref().inner.failure(error))?;
    let Counted { inner: whole, bytes } =
        out.finish().map_err(|error| WriteError::Failed { path: path.into(), source: error })?;
    // What was written before the bundle has its name is dropped with it.
    if total > most(bytes) {
        return Err(PackError::Large { path: path.into(), bytes: total, most: most(bytes) });
    }
    Ok(whole.finish()?)
}

/// A configuration without `[files]`, which says where files lay on the machine that it was made on: nobody else's
/// matter, and not believed when a bundle is read.
fn without_places(config: &str) -> String {
    let mut within = false;
    let kept = config.lines().filter(|line| {
        if line.starts_with('[') {
            within = *line == "[files]";
        }
        !within
    });
    kept.flat_map(|line| [line, "\n"]).collect()
}

/// Counts what goes through.
struct Counted<W> {
    inner: W,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

/// Why runs were not packed.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// A run could not be read.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The bundle could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The runs are more than could be read back.
    #[error("{}: {bytes} bytes unpacked, and {most} are read back; pack fewer runs into each \
             bundle", clean(&path.display().to_string()))]
    Large {
        /// The bundle, or the run of it.
        path: PathBuf,
        /// What it unpacks to.
        bytes: u64,
        /// What is read back.
        most: u64,
    },
}

/// The runs of a bundle; each is checked as a directory's is.
///
/// # Errors
/// When the file cannot be read or is no bundle. A run that does not pass its checks is an error of its own.
pub fn read_bundle(path: &Path) -> Result<Vec<Result<RunDir, RunError>>, RunError> {
    read(path, limits::bundle)
}

/// The same where a bundle of so many bytes may unpack to so many.
fn read(path: &Path, most: fn(u64) -> u64) -> Result<Vec<Result<RunDir, RunError>>, RunError> {
    let unreadable = |why: std::io::Error| RunError::Unreadable { path: path.into(), why: why.to_string() };
    if !path.is_file() {
        return Err(refused(path, "not a plain file"));
    }
    let file = File::open(path).map_err(unreadable)?;
    let most = most(file.metadata().map_err(unreadable)?.len());
    let mut reader = BufReader::new(MultiGzDecoder::new(file).take(most + 1));
    let (mut runs, mut total) = (Vec::new(), 0);
    loop {
        let mut line = String::new();
        let read = (&mut reader).take(limits::BUNDLED_RUN + 1).read_line(&mut line).map_err(unreadable)? as u64;
        if read == 0 {
            return Ok(runs);
        }
        total += read;
        if read > limits::BUNDLED_RUN || total > most {
            let each = limits::BUNDLED_RUN;
            return Err(refused(path, &format!("unpacks to more than {most} bytes, or to a run of more than {each}")));
        }
        let number = runs.len() + 1;
        let line: Line =
            serde_json::from_str(&line).map_err(|error| refused(path, &format!("line {number}: {error}")))?;
        let place = Path::new(&line.place);
        let plain = place.components().all(|part| matches!(part, Component::Normal(_)));
        if !plain || line.place.len() > limits::NAME {
            return Err(refused(path, &format!("line {number}: a place that is no relative path")));
        }
        let files = Files {
            manifest: line.manifest.into(),
            config: line.config.map(Into::into),
            records: line.records.into(),
            ledger: line.ledger.into(),
        };
        runs.push(RunDir::parse(path.join(place), files));
    }
}

impl Files {
    /// Manifest, configuration, records and ledger as texts.
    fn texts(self, directory: &Path) -> Result<(String, Option<String>, String, String), RunError> {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(|_| refused(directory, "a file is no text"));
        let config = self.config.map(|bytes| {
            String::from_utf8(bytes).map_err(|_| refused(&directory.join(CONFIG_FILE), "the file is no text"))
        });
        Ok((text(self.manifest)?, config.transpose()?, text(self.records)?, text(self.ledger)?))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::record::example::{self, MIXED};
    use crate::store::discover;

    fn packed(root: &Path) -> (PathBuf, Vec<RunDir>) {
        let runs: Vec<RunDir> = (0..3).map(|seed| example::run("er", seed, MIXED[3])).collect();
        let directories: Vec<_> =
            runs.iter().map(|run| (format!("er/{}", run.manifest.run), example::write(root, run))).collect();
        fs::write(directories[0].1.join(CONFIG_FILE), "seed = 0\n").unwrap();
        let bundle = root.join(format!("a{BUNDLE}"));
        write_bundle(&bundle, &directories).unwrap();
        (bundle, runs)
    }

    #[test]
    fn a_bundle_is_read_where_a_directory_is() {
        let root = tempfile::tempdir().unwrap();
        let (bundle, runs) = packed(root.path());
        let found = discover(&[&bundle]).unwrap();
        assert_eq!((found.runs.len(), found.refused.len()), (3, 0));
        for (packed, run) in found.runs.iter().zip(&runs) {
            assert_eq!((&packed.manifest, &packed.records, &packed.ledger), (&run.manifest, &run.records, &run.ledger));
        }
        assert_eq!(found.runs[0].config.as_deref(), Some("seed = 0\n"));
        assert!(found.runs[1].path.ends_with("a.runs.gz/er/er-1"));
    }

    #[test]
    fn no_place_of_this_machine_is_packed() {
        let config = "seed = 0\n\n[files]\n\"a.csv\" = \"/home/me/a.csv\"\n\n[data.x]\npath = \"a.csv\"\n";
        assert_eq!(without_places(config), "seed = 0\n\n[data.x]\npath = \"a.csv\"\n");
        assert_eq!(without_places("seed = 0\n[files]\na = \"b\"\n"), "seed = 0\n");
        let other = "# comment\nseed = 0\n[net]\nbody = \"mlp\"\n";
        assert_eq!(without_places(other), other);
    }

    #[test]
    fn the_same_runs_give_the_same_bytes() {
        let [a, b] = [(), ()].map(|()| tempfile::tempdir().unwrap());
        let bytes = [&a, &b].map(|root| fs::read(packed(root.path()).0).unwrap());
        assert_eq!(bytes[0], bytes[1]);
    }

    /// Unpacked length of the bundle below: limits are exactly what there is, and a byte less.
    const UNPACKED: u64 = 7_737;

    #[test]
    fn what_is_packed_can_be_read_and_what_could_not_be_is_not_packed() {
        let root = tempfile::tempdir().unwrap();
        let directories: Vec<_> = (0..3)
            .map(|seed| (format!("er/{seed}"), example::write(root.path(), &example::run("er", seed, MIXED[3]))))
            .collect();
        let bundle = root.path().join(format!("a{BUNDLE}"));
        write_bundle(&bundle, &directories).unwrap();
        let mut text = String::new();
        MultiGzDecoder::new(fs::File::open(&bundle).unwrap()).read_to_string(&mut text).unwrap();
        assert_eq!(text.len() as u64, UNPACKED, "the numbers below are those of this bundle");
        let enough: fn(u64) -> u64 = |_| UNPACKED;
        let less: fn(u64) -> u64 = |_| UNPACKED - 1;
        let other = root.path().join(format!("b{BUNDLE}"));
        write(&other, &directories, enough).unwrap();
        assert_eq!(read(&other, enough).unwrap().len(), 3);
        assert!(read(&other, less).unwrap_err().to_string().contains("unpacks to more than"));
        let third = root.path().join(format!("c{BUNDLE}"));
        let error = write(&third, &directories, less).unwrap_err().to_string();
        assert!(error.contains("pack fewer runs into each bundle") && !third.exists(), "{error}");
    }

    #[test]
    fn what_is_no_bundle_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let (bundle, _) = packed(root.path());
        let whole = fs::read(&bundle).unwrap();
        let refusal = |bytes: &[u8]| {
            fs::write(&bundle, bytes).unwrap();
            read_bundle(&bundle).unwrap_err().to_string()
        };
        assert!(refusal(&whole[..whole.len() / 2]).contains("a.runs.gz"));
        assert!(refusal(b"{}").contains("a.runs.gz"));
        let zipped = |text: &str| {
            let mut out = GzBuilder::new().write(Vec::new(), Compression::fast());
            out.write_all(text.as_bytes()).unwrap();
            out.finish().unwrap()
        };
        assert!(refusal(&zipped("{}\n")).contains("line 1: missing field `place`"));
        let outside = r#"{"place":"../../x","manifest":"","config":null,"records":"","ledger":""}"#;
        assert!(refusal(&zipped(outside)).contains("no relative path"));
        // A run that is spoilt is named, and the others stay.
        let spoilt = r#"{"place":"x","manifest":"{}","config":null,"records":"","ledger":""}"#;
        fs::write(&bundle, [&whole[..], &zipped(spoilt)].concat()).unwrap();
        let found = discover(&[&bundle]).unwrap();
        assert_eq!((found.runs.len(), found.refused.len()), (3, 1));
    }
}
