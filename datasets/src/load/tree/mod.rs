//! The images of a folder: `CLASS/*`, or `train/CLASS/*` and `test/CLASS/*`, in the order of their names.
//!
//! The half for testing may also be called `val`, `valid` or `validation`. Where there are several such folders, the
//! one whose images have classes is taken, or the one that is asked for. A class's images may lie in a folder `images`
//! of its own, as those of Tiny-ImageNet do, whose other half says in a file which class each has: see
//! [`super::annotated`].
//!
//! Names that begin with a dot are passed over, and so are files that are no images. A symbolic link is followed where
//! it leads to a file below the same folder; a link out of it, a link to a folder (there may be a loop behind it) and
//! whatever is neither file nor folder is an error.

use std::{
    fs::{self, DirEntry},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use anyhow::{Context, Result, bail, ensure};

use super::{MOST_CLASSES, annotated};
use crate::format::picture;

/// Most images of a folder; the list of them is held in memory.
pub(super) const MOST_PICTURES: usize = 4_000_000;

/// An image file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    /// Its path below the folder, with `/`.
    pub path: String,
    /// Index into the classes.
    pub class: u16,
    /// Bytes of the file.
    pub bytes: u64,
    /// Nanoseconds since 1970 at which it was last changed.
    pub changed: i128,
}

/// What a folder holds.
#[derive(Debug)]
pub(crate) struct Tree {
    /// The folder, without links.
    pub root: PathBuf,
    /// Names of the classes, sorted.
    pub classes: Vec<String>,
    /// All images, or those for training, by class and name.
    pub train: Vec<Picture>,
    /// Those for testing, where the folder tells them apart.
    pub test: Option<Vec<Picture>>,
    /// What of the folder was passed over and may surprise.
    pub note: Option<String>,
}

/// Names of the half for testing.
const TESTS: [&str; 4] = ["test", "val", "valid", "validation"];

/// Lists the folder at `path`; `test` names the half for testing.
///
/// # Errors
/// When there is no image, a class is missing in one of the halves, or the rules above are broken.
pub(crate) fn list(path: &Path, test: Option<&str>) -> Result<Tree> {
    let root = path.canonicalize().with_context(|| format!("{} cannot be opened", path.display()))?;
    ensure!(root.is_dir(), "{} is no folder", path.display());
    let folders = folders(&root, &root)?;
    let has = |name: &str| folders.iter().any(|folder| folder == name);
    if !has("train") {
        ensure!(test.is_none(), "{} has no folder `train`, so that `test` cannot name the other half", root.display());
        ensure!(!has("test"), "{} has a folder `test` but no `train`", root.display());
        let classes = classes(&root, folders)?;
        let train = pictures(&root, "", &classes)?;
        return Ok(Tree { root, classes, train, test: None, note: None });
    }
    let classes = classes(&root, self::folders(&root, &root.join("train"))?)?;
    let (half, others) = tested(&root, &folders, &classes, test)?;
    let train = pictures(&root, "train/", &classes)?;
    let tested = self::folders(&root, &root.join(&half))?;
    let test = if annotated::is_so(&root, &half, &tested, &classes) {
        annotated::pictures(&root, &half, &classes)?
    } else {
        same(&root, &half, &classes, &tested)?;
        pictures(&root, &format!("{half}/"), &classes)?
    };
    let note = (!others.is_empty())
        .then(|| format!("images are tested on in `{half}`, and those in `{}` are left out", others.join("`, `")));
    Ok(Tree { root, classes, train, test: Some(test), note })
}

/// The half for testing, and others that could be taken for it.
fn tested(root: &Path, folders: &[String], classes: &[String], test: Option<&str>) -> Result<(String, Vec<String>)> {
    let place = root.display();
    let mut halves: Vec<String> = folders.iter().filter(|name| TESTS.contains(&&name[..])).cloned().collect();
    let half = if let Some(test) = test {
        let there = folders.iter().any(|name| name == test) && test != "train";
        ensure!(there, "test = {test:?} is no folder beside `train` in {place}; there are {}", folders.join(", "));
        test.to_owned()
    } else {
        let labelled = |half: &&String| -> Result<bool> {
            let below = self::folders(root, &root.join(half))?;
            Ok(below.iter().any(|name| classes.contains(name)) || annotated::is_so(root, half, &below, classes))
        };
        let mut known = Vec::new();
        for half in &halves {
            known.extend(labelled(&half)?.then_some(half));
        }
        match (&known[..], &halves[..]) {
            ([], []) => bail!("{place} has a folder `train` but no `test` (nor `val`, `valid` or `validation`)"),
            ([half], _) => (*half).clone(),
            ([], [half]) => half.clone(),
            ([], _) => bail!("none of the folders {} in {place} has a class of `train`", halves.join(", ")),
            _ => bail!(
                "{place} has {} beside `train`, and each could be for testing; say which: test = \"{}\"",
                known.iter().map(|half| format!("`{half}`")).collect::<Vec<_>>().join(" and "),
                known[0]
            ),
        }
    };
    halves.retain(|name| *name != half);
    let strange = folders.iter().find(|name| *name != "train" && **name != half && !halves.contains(name));
    ensure!(
        strange.is_none(),
        "{place} has other folders beside `train` and `{half}`, such as `{}`; move them away",
        strange.map_or("", String::as_str)
    );
    Ok((half, halves))
}

/// Refuses halves that differ in their classes.
fn same(root: &Path, half: &str, classes: &[String], tested: &[String]) -> Result<()> {
    if let Some(class) = classes.iter().find(|class| !tested.contains(class)) {
        bail!("{} has no folder for class `{class}`", root.join(half).display());
    }
    if let Some(class) = tested.iter().find(|class| !classes.contains(class)) {
        bail!("{} has no folder for class `{class}`", root.join("train").display());
    }
    Ok(())
}

fn classes(root: &Path, folders: Vec<String>) -> Result<Vec<String>> {
    ensure!(!folders.is_empty(), "{} has no folder; there is to be one for each class", root.display());
    ensure!(folders.len() <= MOST_CLASSES, "{} has more than {MOST_CLASSES} classes", root.display());
    Ok(folders)
}

/// What an entry is, with its name; nothing where it is passed over.
fn entry(root: &Path, entry: std::io::Result<DirEntry>) -> Result<Option<(String, fs::Metadata)>> {
    let entry = entry?;
    let path = entry.path();
    let Ok(name) = entry.file_name().into_string() else { bail!("{}: the name is not UTF-8", path.display()) };
    if name.starts_with('.') {
        return Ok(None);
    }
    let linked = entry.file_type()?.is_symlink();
    if linked {
        let place = path.canonicalize().with_context(|| format!("{}: the link leads nowhere", path.display()))?;
        ensure!(place.starts_with(root), "{}: the link leads out of {}", path.display(), root.display());
    }
    let metadata = fs::metadata(&path).with_context(|| path.display().to_string())?;
    ensure!(!(linked && metadata.is_dir()), "{}: links to folders are not followed", path.display());
    ensure!(metadata.is_dir() || metadata.is_file(), "{} is neither a file nor a folder", path.display());
    Ok(Some((name, metadata)))
}

/// The names of the folders in `folder`, sorted.
fn folders(root: &Path, folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for found in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        if let Some((name, metadata)) = entry(root, found)?
            && metadata.is_dir()
        {
            names.push(name);
            ensure!(names.len() <= MOST_CLASSES, "{} has more than {MOST_CLASSES} classes", folder.display());
        }
    }
    names.sort();
    Ok(names)
}

/// The images of all classes below `root` and `half`.
fn pictures(root: &Path, half: &str, classes: &[String]) -> Result<Vec<Picture>> {
    let mut all = Vec::new();
    for (class, name) in classes.iter().enumerate() {
        let (folder, mut path) = (root.join(half).join(name), format!("{half}{name}/"));
        let below = folders(root, &folder)?;
        let (mut found, direct) = (of_folder(root, &path, class)?, below.is_empty());
        if below == ["images"] && found.is_empty() {
            path += "images/";
            found = of_folder(root, &path, class)?;
            let deep = folders(root, &folder.join("images"))?;
            ensure!(
                deep.is_empty(),
                "{}: a folder inside a class; move its images up",
                root.join(path).join(&deep[0]).display()
            );
        } else {
            let why = if found.is_empty() { "" } else { ", or all of its images into that one, called `images`" };
            ensure!(direct, "{}: a folder inside a class; move its images up{why}", folder.join(&below[0]).display());
        }
        ensure!(!found.is_empty(), "{} has no image", folder.display());
        all.extend(found);
        ensure!(all.len() <= MOST_PICTURES, "{} has more than {MOST_PICTURES} images", root.display());
    }
    Ok(all)
}

/// The images of the folder at `path` below `root`, all of one class, by name.
pub(super) fn of_folder(root: &Path, path: &str, class: usize) -> Result<Vec<Picture>> {
    let (mut all, folder) = (Vec::new(), root.join(path));
    for found in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        if let Some((file, metadata)) = entry(root, found)?
            && metadata.is_file()
            && picture::is_picture(&file)
        {
            let path = format!("{path}{file}");
            all.push(Picture { path, class: class as u16, bytes: metadata.len(), changed: changed(&metadata) });
            ensure!(all.len() <= MOST_PICTURES, "{} has more than {MOST_PICTURES} images", root.display());
        }
    }
    all.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(all)
}

/// Nanoseconds since 1970; 0 where the system does not say.
fn changed(metadata: &fs::Metadata) -> i128 {
    metadata.modified().map_or(0, |time| match time.duration_since(UNIX_EPOCH) {
        Ok(after) => after.as_nanos() as i128,
        Err(before) => -(before.duration().as_nanos() as i128),
    })
}

#[cfg(test)]
mod tests;
