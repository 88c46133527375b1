//! A run's folder may come from elsewhere: through a link in it nothing is written, truncated, read or removed.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    thread::sleep,
    time::Duration,
};

use crate::program::{Files, Place, same};

const RUN: &str = "run small.toml train.steps=64 checkpoint.every=10";

/// A run that was killed when it had two checkpoints, and a folder with what must stay as it is.
fn killed() -> (Place, PathBuf, Files) {
    let place = Place::small();
    let mut child = place.start(RUN);
    let checkpoints =
        |run: &PathBuf| fs::read_dir(run.join("checkpoint")).map_or(0, |entries| entries.flatten().count());
    while place.runs("runs").iter().all(|run| checkpoints(run) < 2) {
        assert_eq!(child.try_wait().unwrap(), None, "it ended before");
        sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let run = place.runs("runs").remove(0);
    for name in ["file", "folder/leftover.tmp1", "folder/old.ckpt"] {
        place.write(&format!("precious/{name}"), "precious");
    }
    let before = place.files("precious", &[]);
    (place, run, before)
}

/// Puts a link to `to` in the place of `at`, and gives back what undoes it.
fn linked(at: &Path, to: &Path) -> impl FnOnce() + use<> {
    let aside = at.with_extension("aside");
    let there = fs::symlink_metadata(at).is_ok();
    if there {
        fs::rename(at, &aside).unwrap();
    }
    symlink(to, at).unwrap();
    let at = at.to_owned();
    move || {
        fs::remove_file(&at).unwrap();
        if there {
            fs::rename(&aside, &at).unwrap();
        }
    }
}

#[test]
fn no_link_in_a_runs_folder_is_followed_on_resume() {
    let (place, run, before) = killed();
    let checkpoint = fs::read_dir(run.join("checkpoint")).unwrap().next().unwrap().unwrap().file_name();
    let files = [".lock", "records.csv", "train.csv", "predictions.csv", "config.toml", "ledger.csv", "foretold.json"];
    let files = files.map(PathBuf::from).into_iter().chain([Path::new("checkpoint").join(checkpoint)]);
    let targets = files.map(|file| (run.join(file), place.path("precious/file")));
    let folders = ["checkpoint", "artifact"].map(|folder| (run.join(folder), place.path("precious/folder")));
    for (at, to) in targets.chain(folders) {
        let undo = linked(&at, &to);
        let said = place.run(RUN);
        let name = at.strip_prefix(place.path("")).unwrap().display().to_string();
        said.fails(1, &[&name, "is a symbolic link", "remove it"]);
        same(&before, &place.files("precious", &[]), &name);
        undo();
    }
    // A link to nothing is a link.
    let undo = linked(&run.join("timing.csv"), Path::new("nowhere"));
    place.run(RUN).fails(1, &["timing.csv is a symbolic link"]);
    undo();
    place.done(RUN);
}

#[test]
fn no_folder_of_a_run_is_reached_through_a_link_but_where_runs_go_may_be_one() {
    let (place, run, _) = killed();
    for at in run.ancestors().take(3) {
        let away = place.path("away");
        fs::rename(at, &away).unwrap();
        symlink(&away, at).unwrap();
        let before = place.files("away", &[]);
        place.run(RUN).fails(1, &["is a symbolic link", "runs=FOLDER"]);
        same(&before, &place.files("away", &[]), &at.display().to_string());
        fs::remove_file(at).unwrap();
        fs::rename(&away, at).unwrap();
    }
    fs::rename(place.path("runs"), place.path("disk")).unwrap();
    symlink("disk", place.path("runs")).unwrap();
    place.done(RUN);
    assert!(run.join("manifest.json").exists());
}

#[test]
fn a_pipe_in_a_runs_folder_is_not_waited_for() {
    let (place, run, _) = killed();
    fs::remove_file(run.join("records.csv")).unwrap();
    assert!(place.shell(&format!("mkfifo {}", run.join("records.csv").display())).code == Some(0));
    place.run(RUN).fails(1, &["records.csv is a device or a pipe"]);
}
