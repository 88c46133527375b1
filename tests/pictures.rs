//! Pictures of finished runs: all that a small study shows, files whole and in place, and what cannot be drawn.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod program;

use std::fs;

use program::Place;

/// Two methods and joint training on two seeds, evaluated at log-spaced steps.
fn study() -> Place {
    let place = Place::small();
    for method in ["finetune", "replay", "joint"] {
        place.done(&format!("run small.toml method={method} seeds=0..2 eval.every=0 eval.log_spaced=true"));
    }
    place
}

#[test]
fn a_study_is_drawn_whole_or_listed() {
    let place = study();
    let listed = place.run("picture all");
    listed.fails(0, &["nothing was written", "no zero-shot", "no preferences", "eval.preferences"]);
    assert!(!place.path("pictures").exists());
    let said = place.run("picture all runs -o pictures/of-a-study");
    said.fails(0, &["no zero-shot"]);
    let files = place.files("pictures/of-a-study", &[]);
    let kinds = [
        "matrix-finetune",
        "matrix-replay",
        "course",
        "stability",
        "compute",
        "forgetting",
        "retention",
        "gap",
        "ranks",
    ];
    assert_eq!(files.len(), 2 * kinds.len() + 1, "{:?}", files.keys());
    for kind in kinds {
        let of = |ending: &str| {
            files.iter().find(|(path, _)| path.to_string_lossy().ends_with(&format!("-{kind}.{ending}")))
        };
        let ((path, svg), (_, png)) = (of("svg").unwrap(), of("png").unwrap());
        assert!(path.to_string_lossy().starts_with("small-"), "{path:?}");
        assert!(svg.starts_with(b"<svg ") && svg.ends_with(b"</svg>\n"), "{kind}");
        assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"), "{kind}");
        assert!(said.out.contains(path.to_str().unwrap()), "{kind} is not told\n{said}");
        assert!(listed.out.contains(path.file_stem().unwrap().to_str().unwrap()), "{kind} is not listed\n{listed}");
    }
    // The same runs make the same files.
    place.done("picture all runs -o again");
    program::same(&files, &place.files("again", &[]), "drawn again");
}

#[test]
fn one_picture_goes_into_a_file_and_several_do_not() {
    let place = study();
    place.done("picture course -o course.svg");
    place.done("picture course -o course.png --only method=replay");
    assert!(fs::read(place.path("course.svg")).unwrap().starts_with(b"<svg "));
    assert!(fs::read(place.path("course.png")).unwrap().starts_with(b"\x89PNG"));
    place.run("picture all -o one.svg").fails(2, &["one.svg holds one picture", "give a folder"]);
    place.run("picture matrix -o one.png").fails(2, &["there are 2", "matrix-finetune"]);
    place.run("picture course -o course.pdf").fails(2, &["written as .svg or .png"]);
    assert!(!place.path("one.svg").exists() && !place.path("one.png").exists());
}

#[test]
fn what_cannot_be_done_is_told() {
    let place = study();
    place.run("picture pie").fails(2, &["no picture `pie`", "course, stability"]);
    place.run("picture course --metrics acc").fails(2, &["leave out --metrics"]);
    place.run("picture course --mix streams").fails(2, &["streams stay apart"]);
    place.run("picture zero-shot").fails(1, &["only tested", "nothing to draw"]);
    place.run("picture course --only method=none").fails(1, &["no finished run"]);
    place.write("taken", "a file");
    place.run("picture course -o taken").fails(1, &["the picture is not written", "taken"]);
    // Nobody may write there, root neither.
    #[cfg(target_os = "linux")]
    place.run("picture course -o /proc/clbench").fails(1, &["the picture is not written", "/proc/clbench"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let folder = place.path("closed");
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).unwrap();
        // Root may write anywhere.
        if fs::write(folder.join("x"), "").is_err() {
            place.run("picture course -o closed").fails(1, &["the picture is not written", "closed"]);
        }
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    }
}
