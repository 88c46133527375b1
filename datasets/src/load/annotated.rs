//! A half of images in one folder, beside a file that says which class each has: the validation half of Tiny-ImageNet.
//!
//! `val/val_annotations.txt` has a line for each image of `val/images/`: its name, its class, and a box, with tabs
//! between. Names are those of files in that folder and nothing else: no path leads out of it.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
};

use anyhow::{Context, Result, bail, ensure};

use super::tree::{MOST_PICTURES, Picture, of_folder};

/// The file that says which class each image has.
const ANNOTATIONS: &str = "val_annotations.txt";
/// Longest line, in bytes.
const MOST_LINE: u64 = 4096;

/// Whether the folder `half` below `root`, in which there are the folders `below`, is such a half.
pub(super) fn is_so(root: &Path, half: &str, below: &[String], classes: &[String]) -> bool {
    root.join(half).join(ANNOTATIONS).is_file() && !below.iter().any(|name| classes.contains(name))
}

/// The images of such a half, by class and name.
///
/// # Errors
/// When an image has no class or two, a class has no image, or a line is none of the file's.
pub(super) fn pictures(root: &Path, half: &str, classes: &[String]) -> Result<Vec<Picture>> {
    let file = root.join(half).join(ANNOTATIONS);
    // A link out of the folder is refused as for images.
    let whole = file.canonicalize().with_context(|| file.display().to_string())?;
    ensure!(whole.starts_with(root), "{}: the link leads out of {}", file.display(), root.display());
    let place = if root.join(half).join("images").is_dir() { format!("{half}/images/") } else { format!("{half}/") };
    let mut named = annotations(&file, classes)?;
    let mut found = of_folder(root, &place, 0)?;
    for picture in &mut found {
        let name = &picture.path[place.len()..];
        let class = named.remove(name).with_context(|| format!("{}: `{name}` has no line", file.display()))?;
        picture.class = class;
    }
    if let Some(name) = named.keys().next() {
        bail!("{}: there is no image `{}` in {}", file.display(), name.escape_debug(), root.join(place).display());
    }
    let mut there = vec![false; classes.len()];
    found.iter().for_each(|picture| there[usize::from(picture.class)] = true);
    if let Some(class) = there.iter().position(|there| !there) {
        bail!("{} has no image of class `{}`", file.display(), classes[class]);
    }
    found.sort_by(|one, other| (one.class, &one.path).cmp(&(other.class, &other.path)));
    Ok(found)
}

/// The class of each image by its name.
fn annotations(file: &Path, classes: &[String]) -> Result<BTreeMap<String, u16>> {
    let (mut named, mut line) = (BTreeMap::new(), String::new());
    let mut lines = BufReader::new(File::open(file).with_context(|| file.display().to_string())?);
    for number in 1_u64.. {
        let at = || format!("{}, line {number}", file.display());
        line.clear();
        let read = (&mut lines).take(MOST_LINE).read_line(&mut line).with_context(at)?;
        if read == 0 {
            break;
        }
        ensure!((read as u64) < MOST_LINE, "{}: longer than {MOST_LINE} bytes", at());
        let mut cells = line.trim_end_matches(['\n', '\r']).split('\t');
        let (Some(name), Some(class)) = (cells.next(), cells.next()) else {
            bail!("{}: write the image's name, a tab, and its class", at())
        };
        let plain = !name.is_empty() && !name.contains(['/', '\\', '\0']) && ![".", ".."].contains(&name);
        ensure!(plain, "{}: `{}` is no name of a file in the folder", at(), name.escape_debug());
        let class = classes.binary_search_by(|known| known.as_str().cmp(class));
        let class = class.ok().with_context(|| format!("{}: class `{}` is not in `train`", at(), cells_of(&line)))?;
        let again = named.insert(name.to_owned(), class as u16).is_some();
        ensure!(!again, "{}: `{}` is there twice", at(), name.escape_debug());
        ensure!(named.len() <= MOST_PICTURES, "{}: more than {MOST_PICTURES} images", at());
    }
    Ok(named)
}

/// The class in a line, fit for a message.
fn cells_of(line: &str) -> String {
    line.split('\t').nth(1).unwrap_or_default().trim_end().chars().take(40).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{super::tree::list, *};

    /// Two classes, with an image each for training, and these lines about the other half's images 1 to 3.
    fn folder(lines: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let files = [
            "train/n02/images/a.png",
            "train/n01/images/b.png",
            "val/images/1.png",
            "val/images/2.png",
            "val/images/3.png",
        ];
        for file in files.iter().chain(&["test/images/9.png", "wnids.txt"]) {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        fs::write(folder.path().join("val").join(ANNOTATIONS), lines).unwrap();
        folder
    }

    const GOOD: &str = "2.png\tn02\t0\t1\t2\t3\n1.png\tn02\t0\t1\t2\t3\r\n3.png\tn01\n";

    #[test]
    fn tiny_imagenet_is_read_as_it_is_shipped() {
        let place = folder(GOOD);
        let tree = list(place.path(), None).unwrap();
        assert_eq!(tree.classes, ["n01", "n02"]);
        let test: Vec<(&str, u16)> = tree.test.iter().flatten().map(|one| (&one.path[..], one.class)).collect();
        assert_eq!(test, [("val/images/3.png", 0), ("val/images/1.png", 1), ("val/images/2.png", 1)]);
        let train: Vec<(&str, u16)> = tree.train.iter().map(|one| (&one.path[..], one.class)).collect();
        assert_eq!(train, [("train/n01/images/b.png", 0), ("train/n02/images/a.png", 1)]);
        assert_eq!(tree.note.as_deref(), Some("images are tested on in `val`, and those in `test` are left out"));
    }

    #[test]
    fn a_half_that_was_sorted_into_classes_is_read_as_that() {
        let place = folder(GOOD);
        fs::remove_dir_all(place.path().join("val/images")).unwrap();
        for class in ["n01", "n02"] {
            fs::create_dir_all(place.path().join("val").join(class)).unwrap();
            fs::write(place.path().join("val").join(class).join("7.png"), "x").unwrap();
        }
        let tree = list(place.path(), None).unwrap();
        assert_eq!(tree.test.unwrap().len(), 2);
    }

    #[test]
    fn what_does_not_fit_the_images_is_refused_with_its_line() {
        for (lines, reason) in [
            ("", "`1.png` has no line"),
            ("1.png\tn01\n2.png\tn02\n", "`3.png` has no line"),
            ("1.png\tn01\n2.png\tn02\n3.png\tn02\n4.png\tn01\n", "there is no image `4.png`"),
            ("1.png\tn01\n1.png\tn02\n", "line 2: `1.png` is there twice"),
            ("1.png\tn03\n", "line 1: class `n03` is not in `train`"),
            ("1.png\tn01\n2.png\tn01\n3.png\tn01\n", "has no image of class `n02`"),
            ("1.png\n", "line 1: write the image's name, a tab, and its class"),
            ("../../secret.png\tn01\n", "line 1: `../../secret.png` is no name of a file"),
            ("/etc/passwd\tn01\n", "is no name of a file"),
            ("..\tn01\n", "is no name of a file"),
            ("images\\1.png\tn01\n", "is no name of a file"),
            ("\tn01\n", "is no name of a file"),
            ("\u{1b}[31m.png\tn01\n", "there is no image `\\u{1b}[31m.png`"),
        ] {
            let lines = if lines.starts_with('\u{1b}') { format!("{GOOD}{lines}") } else { lines.to_owned() };
            let error = format!("{:#}", list(folder(&lines).path(), None).unwrap_err());
            assert!(error.contains(reason), "{lines:?}: {error}");
        }
        let long = format!("{}\tn01\n", "x".repeat(5000));
        let error = format!("{:#}", list(folder(&long).path(), None).unwrap_err());
        assert!(error.contains("line 1: longer than 4096 bytes"), "{error}");
    }

    #[test]
    fn a_link_out_of_the_folder_is_not_followed() {
        let [place, other] = [folder(GOOD), folder(GOOD)];
        let link = place.path().join("val").join(ANNOTATIONS);
        fs::remove_file(&link).unwrap();
        std::os::unix::fs::symlink(other.path().join("val").join(ANNOTATIONS), &link).unwrap();
        let error = format!("{:#}", list(place.path(), None).unwrap_err());
        assert!(error.contains("the link leads out of"), "{error}");
    }
}
