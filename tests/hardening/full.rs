//! A full disk: a clear message, no half file, and what was there stays.

use std::fs;

use crate::program::{Place, same};

/// Two finished runs, and a folder to mount a small disk on.
fn finished() -> Place {
    let place = Place::small();
    place.done("run small.toml seeds=0..2 --quiet");
    fs::create_dir(place.path("disk")).unwrap();
    place
}

/// A disk of two pages of which one is taken.
const DISK: &str = "mount -t tmpfs -o size=8k none disk; head -c 4000 /dev/zero >disk/filler";

#[test]
fn what_is_written_from_finished_runs_is_whole_or_not_there_on_a_full_disk() {
    let place = finished();
    let before = place.files("runs", &[]);
    let commands = [
        "pack -o disk/all.runs.gz",
        "picture matrix -o disk/matrix.svg",
        "picture matrix -o disk/matrix.png",
        "picture all -o disk/pictures",
        "report -o disk/report",
        "export parquet -o disk/all.parquet",
        "export csv -o disk/all.csv",
        "export tensorboard -o disk/events",
        "stream export small.toml -o disk/stream",
    ];
    for command in commands {
        let script = format!(
            "{DISK}
            if $CLBENCH {command} >told; then echo no failure; fi
            find disk -type f ! -name filler"
        );
        let Some(said) = place.mounting(&script) else { return };
        said.fails(0, &["error: ", "cannot write ", "disk/", "No space left on device", "make room"]);
        assert_eq!(said.out, "", "{command} leaves something\n{said}");
    }
    same(&before, &place.files("runs", &[]), "the runs");
}

#[test]
fn a_page_keeps_its_old_table_on_a_full_disk() {
    let place = finished();
    let script = format!(
        "{DISK}
        printf '# Page\\n\\n<!-- clbench: table -->\\nold\\n<!-- clbench: end -->\\n' >disk/page.md
        cp disk/page.md before.md
        if $CLBENCH table --splice disk/page.md >told; then echo no failure; fi
        cmp disk/page.md before.md
        ls -A disk"
    );
    let Some(said) = place.mounting(&script) else { return };
    said.fails(0, &["error: the table is not written", "No space left on device"]);
    assert_eq!(said.out, "filler\npage.md\n", "{said}");
}
