//! Where the files lie that a stream file names.
//!
//! A name is looked up beside the stream file. A run keeps in `[files]` of its `config.toml` where each file lay, so
//! that a copy of it runs from anywhere: there the file is looked for first, as a run's directory has files of its own,
//! such as `train.csv`. Neither names nor places are part of a run's identity; content is.
//!
//! What a bundle of runs says comes from elsewhere. So its configurations are read behind a *fence*: the names in them
//! lead to one folder and to the data folder, and nowhere else.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
};

use anyhow::{Result, ensure};
use clbench_results::MANIFEST_FILE;
use toml::{Table, Value};

/// Places of files by the names that the stream file has for them.
pub type Lain = BTreeMap<String, String>;

/// What stands for the name of a file in a run's identity.
const STAND_IN: &str = "file";

/// Looks up the files that a stream file names, and remembers where they were.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// The folder of the stream file.
    folder: PathBuf,
    /// Where they lay when the run was made.
    kept: Lain,
    /// Whether names lead below `folder` and the data folder alone.
    fenced: bool,
    /// What was found so far.
    found: RefCell<Lain>,
}

impl Files {
    /// Beside a stream file in `folder`, else from the current folder.
    pub fn beside(folder: &Path) -> Self {
        Self { folder: folder.into(), ..Self::default() }
    }
    /// The same, with the places that a run has kept.
    pub(crate) fn kept(self, kept: Lain) -> Self {
        Self { kept, ..self }
    }
    /// Below `folder` alone.
    pub(crate) fn fenced(folder: &Path) -> Self {
        Self { folder: folder.into(), fenced: true, ..Self::default() }
    }
    /// Where `name` leads: where it lay when the run was made, else beside the stream file, else below one of the
    /// folders `more`, else from the current folder. What is nowhere is left as it is named.
    ///
    /// # Errors
    /// When there is a fence and the name leads out of it.
    pub fn find(&self, name: &str, more: &[&Path]) -> Result<PathBuf> {
        ensure!(
            !self.fenced || is_below(name),
            "the file `{}` would lie outside of {}, and what came from elsewhere may name files there alone; copy the \
             run's config.toml out of its bundle and look at it before you run it",
            name.escape_debug(),
            self.folder.display()
        );
        let lay = self.kept.get(name).filter(|_| !self.fenced);
        let beside = self.folder.join(name);
        // What lies in the directory of a run is the run's.
        let own = lay.is_some() && self.folder.join(MANIFEST_FILE).exists();
        let lay = lay.map(PathBuf::from).filter(|place| place.is_absolute());
        let below = more.iter().map(|folder| folder.join(name));
        let here = Some(PathBuf::from(name)).filter(|_| !self.fenced);
        let mut places = lay.into_iter().chain((!own).then(|| beside.clone())).chain(below).chain(here);
        let Some(place) = places.find(|place| place.exists()) else {
            return Ok(if self.fenced { beside } else { name.into() });
        };
        let whole = std::path::absolute(&place).unwrap_or_else(|_| place.clone());
        self.found.borrow_mut().insert(name.to_owned(), whole.to_str().unwrap_or_default().to_owned());
        Ok(place)
    }
    /// What was found: absolute paths by name, empty where a path is not UTF-8.
    pub(crate) fn found(&self) -> Lain {
        self.found.borrow().clone()
    }
}

/// Whether a name leads below the folder in which it is looked up.
fn is_below(name: &str) -> bool {
    !name.is_empty()
        && Path::new(name).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

/// A table in which every string that names a file of `lain` says only that there is one.
pub(crate) fn without_names(table: &Table, lain: &Lain) -> Table {
    table.iter().map(|(key, value)| (key.clone(), without_name(value, lain))).collect()
}

fn without_name(value: &Value, lain: &Lain) -> Value {
    match value {
        Value::String(text) => blanked(text, lain).map_or_else(|| value.clone(), Value::from),
        Value::Array(items) => items.iter().map(|item| without_name(item, lain)).collect::<Vec<_>>().into(),
        Value::Table(table) => without_names(table, lain).into(),
        other => other.clone(),
    }
}

/// What stands for a name, or for a member of an archive of that name: `train.npz:x`.
fn blanked(text: &str, lain: &Lain) -> Option<String> {
    if lain.contains_key(text) {
        return Some(STAND_IN.into());
    }
    let (archive, member) = text.rsplit_once(':')?;
    lain.contains_key(archive).then(|| format!("{STAND_IN}:{member}"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A folder with files of these names.
    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        files.iter().for_each(|file| fs::write(folder.path().join(file), "x").expect("a file"));
        folder
    }

    #[test]
    fn a_file_is_looked_for_where_it_lay_then_beside_the_stream_file_then_below_the_data() {
        let [lay, beside, data] = [folder(&["a"]), folder(&["a", "b"]), folder(&["a", "b", "c"])];
        let place = |name: &str| lay.path().join(name).to_str().expect("UTF-8").to_owned();
        let kept: Lain = ["a", "b"].map(|name| (name.to_owned(), place(name))).into();
        let files = Files::beside(beside.path()).kept(kept.clone());
        let find = |files: &Files, name: &str| files.find(name, &[data.path()]).expect("no fence");
        assert_eq!(find(&files, "a"), lay.path().join("a"));
        assert_eq!(find(&files, "b"), beside.path().join("b"));
        assert_eq!(find(&files, "c"), data.path().join("c"));
        assert_eq!(find(&files, "d"), Path::new("d"));
        let found = files.found();
        assert_eq!(found.keys().collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(found["a"], place("a"));
        // A run's own `train.csv` is not the stream's.
        fs::write(beside.path().join(MANIFEST_FILE), "{}").expect("a file");
        assert_eq!(find(&files, "b"), data.path().join("b"));
        // A place that depends on where one stands is none.
        let relative = Files::beside(Path::new("")).kept([("b".to_owned(), "src".to_owned())].into());
        assert_eq!(relative.find("b", &[]).expect("no fence"), Path::new("b"));
    }

    #[test]
    fn nothing_leads_out_of_a_fence() {
        let [inside, outside] = [folder(&["a"]), folder(&["secret"])];
        let secret = outside.path().join("secret").to_str().expect("UTF-8").to_owned();
        let files = Files::fenced(inside.path()).kept([("b".to_owned(), secret.clone())].into());
        assert_eq!(files.find("./a", &[]).expect("below"), inside.path().join("./a"));
        // What is not there is not looked for elsewhere: this folder has a file of that name.
        assert_eq!(files.find("Cargo.toml", &[]).expect("below"), inside.path().join("Cargo.toml"));
        assert_eq!(files.find("b", &[]).expect("below"), inside.path().join("b"));
        for name in [&secret[..], "../secret", "x/../../secret", "/etc/passwd", "", ".."] {
            let error = files.find(name, &[outside.path()]).expect_err("it leads out").to_string();
            assert!(error.contains("would lie outside of"), "{name}: {error}");
        }
    }

    #[test]
    fn names_of_files_are_left_out_of_tables_and_nothing_else_is() {
        let lain: Lain = ["a.csv", "b.npz"].map(|name| (name.to_owned(), String::new())).into();
        let text = "x = \"a.csv\"\ny = [\"a.csv\", \"digits\"]\nz = \"b.npz:train\"\nn = 3\n[t]\nlabel = \"kind\"\nw = \
                    \"a.csvx\"";
        let wanted = "x = \"file\"\ny = [\"file\", \"digits\"]\nz = \"file:train\"\nn = 3\n[t]\nlabel = \"kind\"\nw = \
                      \"a.csvx\"";
        let [table, wanted]: [Table; 2] = [text, wanted].map(|text| text.parse().expect("TOML"));
        assert_eq!(without_names(&table, &lain), wanted);
    }
}
