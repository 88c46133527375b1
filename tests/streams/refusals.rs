//! What parts refuse, seen from a stream file: each message names the table, the key and the remedy.

use std::fs;

use clbench::stream::Experience;

use crate::parts::Yard;

/// Lines of a stream file after `[stream]` and `dataset`, and a piece of the message.
const REFUSED: &[(&str, &str)] = &[
    ("kind = \"instance-incremental\"\ntasks = 0", "in [stream]: tasks = 0 is not a whole number between 1 and 10000"),
    (
        "kind = \"instance-incremental\"\ntasks = 36",
        "stream.tasks = 36 is more than the 35 test examples of `digits+++",
    ),
    ("kind = \"domain-incremental\"\ntasks = 3", "10 classes do not split into stream.tasks = 3 equal tasks"),
    ("kind = \"domain-incremental\"\nby = \"name\"", "stream.by matches the classes of several datasets"),
    ("kind = \"domain-incremental\"\nby = \"colour\"", "unknown value `colour`; there are name, position"),
    (
        "[stream.arrival]\nkind = \"online\"\nparts = 0",
        "in [stream.arrival]: parts = 0 is not a whole number of at least 1",
    ),
    ("[stream.arrival]\nkind = \"online\"\nparts = 1000", "stream.arrival.parts = 1000 is not between 1 and the"),
    (
        "[stream.arrival]\nkind = \"blurry\"\nshare = 1.0",
        "in [stream.arrival]: share = 1.0 is not at least 0 and below 1",
    ),
    ("[stream.arrival]\nkind = \"blurry\"\nshare = nan", "in [stream.arrival]: share = nan is not"),
    (
        "[stream.arrival]\nkind = \"drift\"\nwidth = -1.0",
        "in [stream.arrival]: width = -1.0 is not between 0 and 1000000",
    ),
    ("[stream.arrival]\nkind = \"drift\"\nnoise = \"normal\"", "unknown value `normal`; there are gaussian, uniform"),
    ("[stream.arrival]\nkind = \"drift\"\nexperiences = 1443", "is not between 1 and the 1442 examples"),
    (
        "[stream.arrival]\nkind = \"curriculum\"\nfirst = 0.0",
        "in [stream.arrival]: first = 0.0 is not above 0 and at most 1",
    ),
    ("[stream.arrival]\nkind = \"curriculum\"\nexperiences = 1442", "would bring nothing new of the 1442 examples"),
    ("[stream.arrival]\nkind = \"curriculum\"\nexperiences = 1000000000000000", "is more than the 1442 examples"),
    ("[stream.arrival]\nkind = \"curriculum\"\nsource = \"file\"", "stream.arrival.file is missing"),
    ("[stream.arrival]\nkind = \"curriculum\"\nsource = \"file\"\nfile = \"none.csv\"", "cannot read"),
    ("[stream.arrival]\nkind = \"timeline\"", "missing field `file`"),
    ("[stream.arrival]\nkind = \"timeline\"\nfile = \"none.csv\"", "cannot read"),
    ("[stream.arrival]\nkind = \"timeline\"\nfile = \".\"", "cannot read"),
    ("[stream.arrival]\nkind = \"timeline\"\nfile = \"scores.csv\"", "its columns are `dataset,index,score`"),
    ("[stream.arrival]\nkind = \"timeline\"\nfile = \"short.csv\"", "short.csv has no time for `digits`, index 1"),
    ("[stream.arrival]\nkind = \"timeline\"\nfile = \"beyond.csv\"", "line 2: index 1442 is beyond the 1442 training"),
    ("[stream.arrival]\nkind = \"timeline\"\nfile = \"bytes.csv\"", "bytes.csv is no UTF-8 text"),
    (
        "[stream.arrival]\nkind = \"timeline\"\nfile = \"times.csv\"\nexperiences = 1443",
        "is not between 1 and the 1442",
    ),
    ("[stream.arrival]\nkind = \"timeline\"\nfile = \"times.csv\"\nat = [1.0]", "no example comes in the experience"),
    ("[stream.long-tailed]\nfactor = 0.5", "in [stream.long-tailed]: factor = 0.5 is not between 1 and 1e9"),
    ("[stream.long-tailed]\norder = \"random\"", "unknown value `random`; there are given, shuffled"),
    ("[stream.label-noise]\nshare = 2.0", "in [stream.label-noise]: share = 2.0 is not between 0 and 1"),
    ("tasks = 10\n[stream.label-noise]", "has one class, so no label can be wrong"),
    (
        "[stream.partially-labelled]\nshare = 0.0",
        "in [stream.partially-labelled]: share = 0.0 is not above 0 and at most 1",
    ),
    ("label-noise = 0.5", "stream.label-noise = 0.5 is no table; write [stream.label-noise]"),
];

#[test]
fn bad_settings_and_files_are_refused_before_anything_runs() {
    let yard = Yard::new();
    let write = |name: &str, text: &[u8]| fs::write(yard.folder.path().join(name), text).unwrap();
    write("short.csv", b"dataset,index,time\ndigits,0,2000\n");
    write("beyond.csv", b"dataset,index,time\ndigits,1442,2000\n");
    write("bytes.csv", &[0xff, 0xfe, 0x00]);
    for (lines, message) in REFUSED {
        let kind = if lines.starts_with("kind") { "" } else { "kind = \"class-incremental\"\n" };
        let text = format!("[stream]\ndataset = \"digits\"\n{kind}{lines}\n");
        let Err(error) = yard.stream(&text) else { panic!("not refused: {text}") };
        let error = format!("{error:#}");
        assert!(error.contains(message), "{text}\n{error}");
    }
}

/// Pictures are needed where distances are taken between them, and a list of concepts has none.
#[test]
fn a_list_of_concepts_has_no_distances_but_may_have_scores() {
    let yard = Yard::new();
    let write = |name: &str, text: &str| fs::write(yard.folder.path().join(name), text).unwrap();
    write("list.csv", "concept,train,test\nbirds+++owl,2,1\nbirds+++jay,2,1\n");
    write("own.csv", "dataset,index,score\nbirds,0,4\nbirds,1,1\nbirds,2,3\nbirds,3,2\n");
    let text = |settings: &str| {
        format!(
            "[stream]\nkind = \"class-incremental\"\ndataset = \"list.csv\"\ntasks = 2\n[stream.arrival]\n\
             kind = \"curriculum\"\nexperiences = 4\nfirst = 0.25\nkeep = false\n{settings}\n"
        )
    };
    let Err(error) = yard.stream(&text("")) else { panic!("distances without pictures") };
    assert!(format!("{error:#}").contains("`birds` has no pictures"), "{error:#}");
    let stream = yard.stream(&text("source = \"file\"\nfile = \"own.csv\"")).unwrap();
    let come: Vec<(u32, u32)> = stream.experiences.iter().flat_map(Experience::new_pairs).collect();
    assert_eq!(come, [(0, 1), (1, 1), (1, 0), (0, 0)]);
}
