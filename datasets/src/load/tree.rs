//! The images of a folder: `CLASS/*`, or `train/CLASS/*` and `test/CLASS/*`, in the order of their names.
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

use super::{MOST_CLASSES, picture};

/// Most images of a folder; the list of them is held in memory.
const MOST_PICTURES: usize = 4_000_000;

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
}

/// Lists the folder at `path`.
///
/// # Errors
/// When there is no image, a class is missing in one of the halves, or the rules above are broken.
pub(crate) fn list(path: &Path) -> Result<Tree> {
    let root = path.canonicalize().with_context(|| format!("{} cannot be opened", path.display()))?;
    ensure!(root.is_dir(), "{} is no folder", path.display());
    let folders = folders(&root, &root)?;
    let has = |name: &str| folders.iter().any(|folder| folder == name);
    if has("train") != has("test") {
        let (there, missing) = if has("train") { ("train", "test") } else { ("test", "train") };
        bail!("{} has a folder `{there}` but no `{missing}`", root.display());
    }
    if !has("train") {
        let classes = classes(&root, folders)?;
        let train = pictures(&root, "", &classes)?;
        return Ok(Tree { root, classes, train, test: None });
    }
    ensure!(folders.len() == 2, "{} has other folders beside `train` and `test`", root.display());
    let classes = classes(&root, self::folders(&root, &root.join("train"))?)?;
    let tested = self::folders(&root, &root.join("test"))?;
    if let Some(class) = classes.iter().find(|class| !tested.contains(class)) {
        bail!("{} has no folder for class `{class}`", root.join("test").display());
    }
    if let Some(class) = tested.iter().find(|class| !classes.contains(class)) {
        bail!("{} has no folder for class `{class}`", root.join("train").display());
    }
    let (train, test) = (pictures(&root, "train/", &classes)?, pictures(&root, "test/", &classes)?);
    Ok(Tree { root, classes, train, test: Some(test) })
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
        let folder = root.join(half).join(name);
        let before = all.len();
        for found in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let Some((file, metadata)) = entry(root, found)? else { continue };
            let path = format!("{half}{name}/{file}");
            ensure!(!metadata.is_dir(), "{}: a folder inside a class; move its images up", root.join(path).display());
            if picture::is_picture(&file) {
                all.push(Picture { path, class: class as u16, bytes: metadata.len(), changed: changed(&metadata) });
                ensure!(all.len() <= MOST_PICTURES, "{} has more than {MOST_PICTURES} images", root.display());
            }
        }
        ensure!(all.len() > before, "{} has no image", folder.display());
        all[before..].sort_by(|one, other| one.path.cmp(&other.path));
    }
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
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        folder
    }

    fn paths(pictures: &[Picture]) -> Vec<&str> {
        pictures.iter().map(|picture| &picture.path[..]).collect()
    }

    fn refused(folder: &tempfile::TempDir, reason: &str) {
        let error = format!("{:#}", list(folder.path()).unwrap_err());
        assert!(error.contains(reason), "{error}");
    }

    #[test]
    fn classes_and_images_are_sorted_and_the_rest_is_passed_over() {
        let folder =
            tree(&["b/2.png", "b/10.JPG", "a/x.gif", "a/.hidden.png", "b/notes.txt", "captions.csv", ".x/1.png"]);
        let tree = list(folder.path()).unwrap();
        assert_eq!(tree.classes, ["a", "b"]);
        assert_eq!(paths(&tree.train), ["a/x.gif", "b/10.JPG", "b/2.png"]);
        assert_eq!((tree.train[2].class, tree.train[2].bytes, tree.test.is_none()), (1, 1, true));
    }

    #[test]
    fn halves_have_the_same_classes() {
        let folder = tree(&["train/a/1.png", "train/b/1.png", "test/a/2.png", "test/b/2.png"]);
        let tree = list(folder.path()).unwrap();
        assert_eq!(paths(&tree.train), ["train/a/1.png", "train/b/1.png"]);
        assert_eq!(paths(&tree.test.unwrap()), ["test/a/2.png", "test/b/2.png"]);
        refused(&self::tree(&["train/a/1.png", "test/b/2.png"]), "has no folder for class `a`");
        refused(&self::tree(&["train/a/1.png", "test/a/2.png", "test/b/2.png"]), "has no folder for class `b`");
        refused(&self::tree(&["train/a/1.png"]), "has a folder `train` but no `test`");
        refused(&self::tree(&["train/a/1.png", "test/a/2.png", "c/2.png"]), "other folders beside");
    }

    #[test]
    fn what_holds_no_image_is_refused() {
        refused(&tree(&["1.png"]), "has no folder");
        refused(&tree(&["a/notes.txt"]), "has no image");
        refused(&tree(&["a/b/1.png"]), "a folder inside a class");
        assert!(list(Path::new("/nowhere")).unwrap_err().to_string().contains("/nowhere cannot be opened"));
    }

    #[test]
    fn links_lead_to_files_below_the_folder_or_nowhere() {
        let (folder, other) = (tree(&["a/1.png"]), tree(&["secret.png"]));
        symlink(folder.path().join("a/1.png"), folder.path().join("a/2.png")).unwrap();
        assert_eq!(list(folder.path()).unwrap().train.len(), 2);
        let link = folder.path().join("a/3.png");
        symlink(other.path().join("secret.png"), &link).unwrap();
        refused(&folder, "3.png: the link leads out of");
        fs::remove_file(&link).unwrap();
        symlink("/nowhere", &link).unwrap();
        refused(&folder, "3.png: the link leads nowhere");
        fs::remove_file(&link).unwrap();
        // A loop: the class holds the folder that holds the class.
        symlink("..", folder.path().join("a/up")).unwrap();
        refused(&folder, "links to folders are not followed");
        fs::remove_file(folder.path().join("a/up")).unwrap();
        symlink(other.path(), folder.path().join("b")).unwrap();
        refused(&folder, "b: the link leads out of");
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
        let folder = tree(&["a/1.png"]);
        let made = std::process::Command::new("mkfifo").arg(folder.path().join("a/2.png")).status();
        if !made.is_ok_and(|status| status.success()) {
            eprintln!("skipped: this machine has no mkfifo");
            return;
        }
        refused(&folder, "2.png is neither a file nor a folder");
    }
}
