//! Tests of what is found in folders of images.

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
    refused_as(folder, None, reason);
}

fn refused_as(folder: &tempfile::TempDir, test: Option<&str>, reason: &str) {
    let error = format!("{:#}", list(folder.path(), test).unwrap_err());
    assert!(error.contains(reason), "{error}");
}

#[test]
fn classes_and_images_are_sorted_and_the_rest_is_passed_over() {
    let folder = tree(&["b/2.png", "b/10.JPG", "a/x.gif", "a/.hidden.png", "b/notes.txt", "captions.csv", ".x/1.png"]);
    let tree = list(folder.path(), None).unwrap();
    assert_eq!(tree.classes, ["a", "b"]);
    assert_eq!(paths(&tree.train), ["a/x.gif", "b/10.JPG", "b/2.png"]);
    assert_eq!((tree.train[2].class, tree.train[2].bytes, tree.test.is_none()), (1, 1, true));
}

#[test]
fn halves_have_the_same_classes() {
    let folder = tree(&["train/a/1.png", "train/b/1.png", "test/a/2.png", "test/b/2.png"]);
    let tree = list(folder.path(), None).unwrap();
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
    assert!(list(Path::new("/nowhere"), None).unwrap_err().to_string().contains("/nowhere cannot be opened"));
}

#[test]
fn links_lead_to_files_below_the_folder_or_nowhere() {
    let (folder, other) = (tree(&["a/1.png"]), tree(&["secret.png"]));
    symlink(folder.path().join("a/1.png"), folder.path().join("a/2.png")).unwrap();
    assert_eq!(list(folder.path(), None).unwrap().train.len(), 2);
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

/// A folder with `train` and other halves of these names, two classes of one image each.
fn halved(halves: &[&str]) -> tempfile::TempDir {
    let names = ["train"].iter().chain(halves);
    let files: Vec<String> = names.flat_map(|half| ["a", "b"].map(|class| format!("{half}/{class}/1.png"))).collect();
    tree(&files.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn the_half_for_testing_has_one_of_four_names() {
    for half in TESTS {
        let folder = halved(&[half]);
        let tree = list(folder.path(), None).unwrap();
        assert_eq!(paths(&tree.test.unwrap()), [format!("{half}/a/1.png"), format!("{half}/b/1.png")]);
        assert_eq!(tree.note, None);
    }
    // Without `train` these are names like others.
    let folder = tree(&["valid/1.png", "invalid/1.png"]);
    assert_eq!(list(folder.path(), None).unwrap().classes, ["invalid", "valid"]);
    refused(&halved(&[]), "has a folder `train` but no `test` (nor `val`, `valid` or `validation`)");
}

#[test]
fn of_two_halves_for_testing_one_is_named_or_has_no_classes() {
    let folder = halved(&["val", "test"]);
    refused(&folder, "has `test` and `val` beside `train`, and each could be for testing; say which: test = \"test\"");
    let tree = list(folder.path(), Some("val")).unwrap();
    assert_eq!(tree.note.as_deref(), Some("images are tested on in `val`, and those in `test` are left out"));
    assert_eq!(paths(&tree.test.unwrap()), ["val/a/1.png", "val/b/1.png"]);
    for wrong in ["train", "validation", "../val", "", "val/a"] {
        refused_as(&folder, Some(wrong), "is no folder beside `train`");
    }
    refused_as(&self::tree(&["a/1.png"]), Some("a"), "has no folder `train`");
    // Images of unknown classes are no half for testing.
    let folder = halved(&["val"]);
    fs::create_dir_all(folder.path().join("test/images")).unwrap();
    fs::write(folder.path().join("test/images/9.png"), "x").unwrap();
    let tree = list(folder.path(), None).unwrap();
    assert_eq!(tree.note.as_deref(), Some("images are tested on in `val`, and those in `test` are left out"));
    fs::create_dir_all(folder.path().join("extra")).unwrap();
    refused(&folder, "has other folders beside `train` and `val`, such as `extra`");
}

#[test]
fn a_class_may_have_its_images_in_a_folder_of_their_own() {
    let folder = tree(&["a/images/1.png", "a/a_boxes.txt", "b/images/2.png"]);
    let found = list(folder.path(), None).unwrap();
    assert_eq!(paths(&found.train), ["a/images/1.png", "b/images/2.png"]);
    // One class like this and one like that is no harm.
    let folder = tree(&["train/a/images/1.png", "train/b/2.png", "val/a/3.png", "val/b/images/4.png"]);
    let found = list(folder.path(), None).unwrap();
    assert_eq!(paths(&found.train), ["train/a/images/1.png", "train/b/2.png"]);
    assert_eq!(paths(&found.test.unwrap()), ["val/a/3.png", "val/b/images/4.png"]);
    refused(&tree(&["a/images/1.png", "a/2.png"]), "a folder inside a class; move its images up, or all of its images");
    refused(&tree(&["a/images/x/1.png"]), "a folder inside a class");
    refused(&tree(&["a/images/1.png", "a/more/2.png"]), "a folder inside a class");
    refused(&tree(&["a/images/notes.txt"]), "has no image");
}
