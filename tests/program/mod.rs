//! The program as a process, in a folder of its own.

#![allow(dead_code, reason = "each test program uses a part")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use tempfile::TempDir;

/// A small stream of 160 steps; every step is logged and all that can be kept is.
pub const SMALL: &str = r#"
[stream]
kind = "class-incremental"
dataset = "digits"
tasks = 5
val_fraction = 0.1

[net]
body = "mlp"
widths = [32]
dropout = 0.1

[optim]
rule = "adamw"
rate = 0.003

[schedule]
shape = "cosine"
warmup = 0.1

[train]
batch = 16
steps = 32

[eval]
every = 12

[log]
every = 1

[keep]
weights = true
predictions = true
"#;

/// Files and folders by path; a folder's path ends with a separator, and it has no bytes.
pub type Files = BTreeMap<PathBuf, Vec<u8>>;

/// A folder in which the program is run; gone when the test ends.
pub struct Place(TempDir);

/// What a process said, and how it ended.
#[derive(Debug)]
pub struct Said {
    /// Its exit code; none when a signal ended it.
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// With [`SMALL`] as `small.toml`.
    pub fn small() -> Self {
        let place = Self::new();
        place.write("small.toml", SMALL);
        place
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// `program` in this folder, with nothing of the user's surroundings.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.0.path()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env("HOME", self.0.path()).env("CLBENCH", env!("CARGO_BIN_EXE_clbench"));
        for name in ["CLBENCH_DATA", "XDG_DATA_HOME", "RUST_BACKTRACE", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        command
    }

    /// `clbench` with `words`, which stand apart by spaces.
    pub fn clbench(&self, words: &str) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_clbench"));
        command.args(words.split_whitespace());
        command
    }

    /// `clbench` with `words`, to its end.
    #[track_caller]
    pub fn run(&self, words: &str) -> Said {
        Said::of(self.clbench(words).output().unwrap())
    }

    /// What [`Place::run`] prints when all is well.
    #[track_caller]
    pub fn done(&self, words: &str) -> String {
        let said = self.run(words);
        assert_eq!(said.code, Some(0), "{words}\n{said}");
        said.out
    }

    /// A shell that runs `script`, in which `$CLBENCH` is the program.
    #[track_caller]
    pub fn shell(&self, script: &str) -> Said {
        Said::of(self.command("sh").args(["-c", script]).output().unwrap())
    }

    /// A shell that runs `script` with mounts of its own; none where a test may not mount, which is said.
    #[track_caller]
    pub fn mounting(&self, script: &str) -> Option<Said> {
        let may = |args: &[&str]| {
            let tried = self.command("unshare").args(args).args(["mount", "-t", "tmpfs", "none", "/mnt"]).status();
            tried.is_ok_and(|status| status.success())
        };
        let ways: [&[&str]; 2] = [&["-m"], &["-rm"]];
        let Some(way) = ways.into_iter().find(|way| may(way)) else {
            eprintln!("SKIPPED: this machine does not let a test mount; a full or read-only disk was not tried");
            return None;
        };
        Some(Said::of(self.command("unshare").args(way).args(["sh", "-ec", script]).output().unwrap()))
    }

    /// `clbench` with `words`, at work in the background.
    pub fn start(&self, words: &str) -> Child {
        self.clbench(words).spawn().unwrap()
    }

    /// The directories of runs below `runs`, in order.
    pub fn runs(&self, runs: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut open = vec![self.path(runs)];
        while let Some(path) = open.pop() {
            if path.join("records.csv").exists() {
                found.push(path);
            } else if path.is_dir() {
                open.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            }
        }
        found.sort();
        found
    }

    /// Every file below `name` but those whose path ends with one of `aside`, by its path below it.
    pub fn files(&self, name: &str, aside: &[&str]) -> Files {
        let root = self.path(name);
        let mut found = BTreeMap::new();
        let mut open = vec![root.clone()];
        while let Some(path) = open.pop() {
            let metadata = fs::symlink_metadata(&path).unwrap();
            let below = path.strip_prefix(&root).unwrap().to_owned();
            if metadata.is_dir() {
                open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
                // A folder that should not be there must not go unseen.
                found.insert(below.join(""), Vec::new());
            } else if !aside.iter().any(|end| path.ends_with(end)) {
                found.insert(below, if metadata.is_file() { fs::read(&path).unwrap() } else { b"no file".to_vec() });
            }
        }
        found
    }

    /// All that repeats of the runs below `runs`.
    pub fn bits(&self, runs: &str) -> Files {
        self.files(runs, &["timing.csv", "foretold.json", ".lock"])
    }
}

/// Two sets of files are the same to the last bit.
#[track_caller]
pub fn same(a: &Files, b: &Files, case: &str) {
    let all: BTreeSet<_> = a.keys().chain(b.keys()).collect();
    let other: Vec<_> = all.into_iter().filter(|path| a.get(*path) != b.get(*path)).collect();
    assert!(other.is_empty(), "{case}: these differ: {other:?}");
}

impl Said {
    /// Whatever happens, nothing panics.
    #[track_caller]
    pub fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let said = Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) };
        assert!(!said.err.contains("panic") && said.code != Some(101), "a panic\n{said}");
        said
    }

    /// It ended with `code` and named each of `words` on standard error.
    #[track_caller]
    pub fn fails(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{self}");
        for word in words {
            assert!(self.err.contains(word), "nothing about `{word}`\n{self}");
        }
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(out, "exit {:?}\n--- out\n{}\n--- err\n{}", self.code, self.out, self.err)
    }
}
