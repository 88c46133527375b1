//! Orderings over whole streams: those that FoMo-in-Flux ships, where they are there, and ours on as many concepts.
//!
//! The numbers of concepts, the order of datasets and the buckets of time are those of FoMo-in-Flux's files
//! (<https://github.com/ExplainableML/fomo_in_flux>, MIT).

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod program;
mod support;

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::Result;
use clbench::{
    config::{Arriving, Asked, resolve_stream},
    data::BETWEEN,
    stream::Stream,
};
use program::Place;
use tempfile::TempDir;

/// Datasets of one release after the other, with their numbers of concepts; each line is a bucket of time.
const BUCKETS: [&[(&str, usize)]; 15] = [
    &[("FLOWERS102", 102)],
    &[("CIFAR100", 100)],
    &[("SUN397", 397)],
    &[("CUB200", 200)],
    &[("FGVCAircraft", 100)],
    &[("BIRDSNAP", 500), ("DTD", 47), ("ZAPPOS50k", 1847)],
    &[("MITSTATES", 1959), ("PLANTVILLAGE", 38)],
    &[("AI2DIAGRAMS", 15), ("OPENIMAGES", 579)],
    &[("CLEVR", 217), ("DSPRITES", 27), ("FRU92", 92), ("PLACES365", 365), ("VEG200", 200)],
    &[("PATTERNNET", 38), ("SHAPES3D", 864)],
    &[
        ("DOMAINNET_CLIPART", 345),
        ("DOMAINNET_INFOGRAPH", 345),
        ("DOMAINNET_PAINTING", 344),
        ("DOMAINNET_SKETCH", 345),
        ("MVTECAD_Adapt", 15),
        ("MVTECAD_Eval", 88),
        ("OBJECTNET", 313),
    ],
    &[("CLRS", 25), ("ISICMELANOMA", 7), ("MTSD", 227)],
    &[("COUNTRY211", 211), ("DF20MINI", 179), ("iNATURALIST2021", 2500), ("RESISC45", 45)],
    &[("ARTBENCH10", 1870), ("DOLLARSTREET", 1701), ("FSCOCO", 115), ("SNAKECLEF", 1599)],
    &[("OBSC_ANIMALS", 74), ("OBSC_THINGS", 84), ("QUILT", 156), ("SynthCLIP106", 106)],
];

/// The stream of `stream`, the content of a `[stream]` table, whose files lie in `folder`.
fn built(folder: &Path, stream: &str) -> Result<Stream> {
    let file = folder.join("stream.toml");
    let rest = "[net]\nbody = \"mlp\"\n[optim]\nrule = \"sgd\"\nrate = 0.1\n[train]\nbatch = 16\nsteps = 1\n";
    fs::write(&file, format!("[stream]\n{stream}\n{rest}"))?;
    Ok(resolve_stream(&file, &Asked::parse(&[])?, Arriving::InOrder, &support::shelf())?.stream)
}

fn refusal(folder: &Path, stream: &str) -> String {
    format!("{:#}", built(folder, stream).err().unwrap_or_else(|| panic!("{stream}: not refused")))
}

/// The dataset of each class of each task.
fn datasets(stream: &Stream) -> Vec<Vec<&str>> {
    let of = |label: &usize| stream.classes[*label].split_once(BETWEEN).unwrap().0;
    stream.tasks.iter().map(|task| task.classes.iter().map(of).collect()).collect()
}

/// The fewest and the most datasets of a task.
fn profile(stream: &Stream) -> (usize, usize) {
    let counts = datasets(stream).into_iter().map(|task| task.into_iter().collect::<BTreeSet<_>>().len());
    let counts: Vec<usize> = counts.collect();
    (*counts.iter().min().unwrap(), *counts.iter().max().unwrap())
}

/// How often neighbours are of one dataset.
fn together(stream: &Stream) -> f64 {
    let all = datasets(stream).concat();
    all.windows(2).filter(|pair| pair[0] == pair[1]).count() as f64 / (all.len() - 1) as f64
}

/// A folder with `list.csv`: every dataset's concepts, one in `every`, each with a training and a test example. Names
/// are made of syllables of their dataset's own and a running number.
fn list(every: usize) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut rows = vec!["concept,train,test".to_owned()];
    for (place, (dataset, count)) in BUCKETS.concat().into_iter().enumerate() {
        let syllable = |at: usize| ["ba", "ke", "li", "mo", "nu", "pra", "sty"][at % 7];
        let flavour = [place, place / 7 + 3, place * 3 + 1, place / 2].map(syllable).concat();
        let row = |class: usize| format!("{dataset}{BETWEEN}{flavour} {class},1,1");
        rows.extend((0..count.div_ceil(every)).map(row));
    }
    fs::write(folder.path().join("list.csv"), rows.join("\n")).unwrap();
    folder
}

/// The stream of an ordering over that list.
fn ordered(folder: &TempDir, order: &str) -> Result<Stream> {
    built(folder.path(), &format!("kind = \"concepts\"\ndataset = \"list.csv\"\n[stream.order]\n{order}"))
}

fn buckets() -> String {
    let buckets = BUCKETS.map(|of| of.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    format!("kind = \"time\"\nbuckets = {buckets:?}")
}

#[test]
fn our_orderings_have_the_character_of_those_of_fomo() {
    let folder = list(1);
    let random = ordered(&folder, "kind = \"random\"").unwrap();
    let sizes: Vec<usize> = random.tasks.iter().map(|task| task.classes.len()).collect();
    assert_eq!((sizes[0], &sizes[1..]), (920, &[919; 19][..]));
    assert_eq!(random.universe.datasets.len(), 41);
    // In FoMo's files: 36 to 41, 1 to 6, 2 to 14.
    let (least, most) = profile(&random);
    assert!(least >= 34 && most >= 39, "{least} {most}");
    assert!((together(&random) - 0.076).abs() < 0.01, "{}", together(&random));
    let dataset = ordered(&folder, "kind = \"dataset\"").unwrap();
    assert_eq!(profile(&dataset), (1, 6));
    assert!(together(&dataset) > 0.997, "{}", together(&dataset));
    let time = ordered(&folder, &buckets()).unwrap();
    assert_eq!(profile(&time), (2, 14));
    assert!((0.2..0.6).contains(&together(&time)), "{}", together(&time));
}

/// In FoMo's file a task shows 1 to 27 datasets, and 85 % of the neighbours are of one.
#[test]
fn alike_names_keep_datasets_together() {
    let folder = list(10);
    let similar = ordered(&folder, "kind = \"similarity\"\nstarts = 2").unwrap();
    let (least, most) = profile(&similar);
    assert!(least <= 3 && most < 20 && together(&similar) > 0.8, "{least} {most} {}", together(&similar));
    assert!(similar.notes[0].contains("from 2 of 1853 starts weighs "), "{:?}", similar.notes);
}

#[test]
fn every_ordering_is_a_permutation_that_repeats() {
    let folder = list(40);
    let text = fs::read_to_string(folder.path().join("list.csv")).unwrap();
    let names: Vec<&str> = text.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    let scores: Vec<String> = names.iter().map(|name| format!("{name},{}", name.len())).collect();
    fs::write(folder.path().join("scores.csv"), format!("concept,score\n{}", scores.join("\n"))).unwrap();
    let word = |name: &str| name.split_once(BETWEEN).unwrap().1.to_owned();
    let counts = format!("word,count\n{},5\n{},4\n", word(names[7]), word(names[9]));
    fs::write(folder.path().join("counts.csv"), counts).unwrap();
    let file = names.iter().rev().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(",");
    fs::write(folder.path().join("order.json"), format!("[{file}]")).unwrap();
    // Whether the seed matters.
    let orders = [
        ("kind = \"random\"", true),
        ("kind = \"explicit\"\nfile = \"order.json\"", false),
        ("kind = \"difficulty\"\nsource = \"file\"\nfile = \"scores.csv\"", false),
        ("kind = \"frequency\"\nfile = \"counts.csv\"", false),
        ("kind = \"similarity\"\nstarts = 1", true),
        (&buckets(), true),
        ("kind = \"dataset\"", true),
        ("kind = \"dataset\"\nby = \"random\"", true),
        ("kind = \"curriculum-designer\"\nsource = \"names\"\ncandidates = 5", true),
        ("kind = \"curriculum-designer\"\nsource = \"names\"\ncandidates = 5\ncontrol = true", true),
    ];
    for (order, drawn) in orders {
        let of = |seed: u64| {
            let stream = format!("kind = \"concepts\"\ndataset = \"list.csv\"\nseed = {seed}\n[stream.order]\n{order}");
            built(folder.path(), &stream).unwrap_or_else(|error| panic!("{order}: {error:#}"))
        };
        let (first, again, other) = (of(0), of(0), of(1));
        let sorted: BTreeSet<&str> = first.classes.iter().map(String::as_str).collect();
        assert!(sorted.into_iter().eq(names.iter().copied().collect::<BTreeSet<_>>()), "{order}");
        assert_eq!(first.classes, again.classes, "{order}");
        assert_eq!((first.hash == other.hash, first.classes == other.classes), (!drawn, !drawn), "{order}");
        let back = built(
            folder.path(),
            &format!("kind = \"concepts\"\ndataset = \"list.csv\"\n[stream.order]\n{order}\nreverse = true"),
        );
        let back = back.unwrap();
        assert!(back.classes.iter().rev().eq(&first.classes), "{order}");
        assert_eq!(back.notes.last().unwrap(), "the order is reversed");
        assert_eq!(back.parts["order"]["reverse"], true.into());
    }
}

#[test]
fn an_explicit_order_says_what_it_leaves_out() {
    let folder = list(40);
    let class = fs::read_to_string(folder.path().join("list.csv")).unwrap();
    let class = class.lines().find_map(|line| line.strip_prefix("CIFAR100+++")).unwrap().split(',').next().unwrap();
    let order = format!("[\"cifar100+++{}\", \"QUILT+++nothing\"]", class.to_uppercase());
    fs::write(folder.path().join("order.json"), order).unwrap();
    let stream = "kind = \"concepts\"\ntasks = 1\ndataset = \"list.csv\"\n[stream.order]\nkind = \"explicit\"\n\
                  file = \"order.json\"\n";
    let stream = built(folder.path(), &format!("{stream}absent = \"skip\"")).unwrap();
    assert_eq!(stream.classes, [format!("CIFAR100+++{class}")]);
    let [from, absent, left] = &stream.notes[..] else { panic!("{:?}", stream.notes) };
    assert!(from.starts_with("order of order.json (sha256 "), "{from}");
    assert_eq!(absent, "1 of its 2 are not there: `QUILT+++nothing`");
    assert!(left.contains("are not in the order and left out: `FLOWERS102+++"), "{left}");
}

#[test]
fn pictures_and_counts_that_are_not_there_are_missed() {
    let folder = list(40);
    let refused = |order: &str| {
        refusal(folder.path(), &format!("kind = \"concepts\"\ndataset = \"list.csv\"\n[stream.order]\n{order}"))
    };
    for order in
        ["kind = \"difficulty\"", "kind = \"similarity\"\nsource = \"means\"", "kind = \"curriculum-designer\""]
    {
        assert!(refused(order).contains("needs pictures, and `FLOWERS102` is a list of concepts"), "{order}");
    }
    assert!(refused("kind = \"frequency\"").contains("set stream.order.file"));
    assert!(refused("kind = \"time\"").contains("nobody knows when `FLOWERS102`, `CIFAR100`, `SUN397` and 38 more"));
    let wrong = refused("kind = \"random\"\nreverse = 1");
    assert!(wrong.contains("stream.order.reverse = 1 is neither true nor false"), "{wrong}");
    let near = refused("kind = \"random\"\nrevers = true");
    assert!(near.contains("unknown key `revers`; did you mean `reverse`?"), "{near}");
}

/// Tasks that show the same classes have an order, too, but no names or years of their own.
#[test]
fn whole_tasks_are_ranked_where_that_makes_sense() {
    let folder = tempfile::tempdir().unwrap();
    let permuted = |order: &str| {
        built(folder.path(), &format!("kind = \"permuted\"\ntasks = 3\ndataset = \"digits\"\n[stream.order]\n{order}"))
    };
    let names = |order: &str| {
        let stream = permuted(order).unwrap_or_else(|error| panic!("{order}: {error:#}"));
        stream.tasks.into_iter().map(|task| task.name).collect::<Vec<_>>()
    };
    assert_eq!(names("kind = \"given\"\nreverse = true"), ["permutation 2", "permutation 1", "as it is"]);
    fs::write(folder.path().join("order.json"), "[\"permutation 1\", \"as it is\"]").unwrap();
    assert_eq!(names("kind = \"explicit\"\nfile = \"order.json\""), ["permutation 1", "as it is"]);
    let orders = ["similarity\"\nsource = \"means", "difficulty", "time", "dataset", "curriculum-designer"];
    for order in orders.map(|order| format!("kind = \"{order}\"")) {
        let names = names(&order);
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 3, "{order}: {names:?}");
    }
    for order in ["kind = \"frequency\"", "kind = \"similarity\""] {
        let error = format!("{:#}", permuted(order).err().unwrap());
        assert!(error.contains("is for classes") && error.contains("`permutation 1`"), "{error}");
    }
    let several = "kind = \"permuted\"\ntasks = 3\ndataset = [\"digits\", \"fashion-mnist-small\"]\n[stream.order]\n";
    let error = refusal(folder.path(), &format!("{several}kind = \"time\""));
    assert!(error.contains("shows several datasets"), "{error}");
}

/// The classes of the run's last answers, smallest mean of `value` (right, confidence) first.
fn sorted(run: &Path, value: impl Fn(bool, f64) -> f64) -> Vec<String> {
    let text = fs::read_to_string(run.join("predictions.csv")).unwrap();
    let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let last = rows.iter().map(|row| row[0]).max().unwrap();
    let mean = |label: &str| {
        let of = rows.iter().filter(|row| row[0] == last && row[3] == label);
        let values: Vec<f64> = of.map(|row| value(row[3] == row[4], row[5].parse().unwrap())).collect();
        values.iter().sum::<f64>() / values.len() as f64
    };
    let mut labels: Vec<String> = (0..10).map(|label| label.to_string()).collect();
    labels.sort_by(|a, b| mean(a).total_cmp(&mean(b)));
    labels
}

#[test]
fn the_answers_of_a_run_rank_classes() {
    let place = Place::small();
    place.done("run small.toml runs=runs");
    let run = place.runs("runs").remove(0);
    let order = |more: &str| {
        let stream = "kind = \"class-incremental\"\ndataset = \"digits\"\n[stream.order]\nkind = \"difficulty\"\n";
        let stream = built(&place.path(""), &format!("{stream}source = \"run\"\nrun = {run:?}\n{more}")).unwrap();
        (stream.classes, stream.notes)
    };
    let (losses, notes) = order("");
    assert_eq!(losses, sorted(&run, |_, confidence| -confidence.ln()));
    assert!(notes[0].starts_with("difficulty: loss of answers of the run "), "{notes:?}");
    let (hits, _) = order("measure = \"accuracy\"\ndirection = \"hard-first\"");
    assert_eq!(hits, sorted(&run, |right, _| f64::from(u8::from(right))));
    let permuted = "kind = \"permuted\"\ntasks = 2\ndataset = \"digits\"\n[stream.order]\nkind = \"difficulty\"\n";
    let error = refusal(&place.path(""), &format!("{permuted}source = \"run\"\nrun = {run:?}"));
    assert!(error.contains("2 of 2 have no row: `as it is`, `permutation 1`"), "{error}");
    fs::remove_file(run.join("predictions.csv")).unwrap();
    let error = refusal(&place.path(""), &format!("{permuted}source = \"run\"\nrun = {run:?}"));
    assert!(error.contains("kept no answers; run it with keep.predictions=true"), "{error}");
}

#[test]
fn fomos_files_are_read_and_cut_as_fomo_cuts_them() {
    let Some(folder) = std::env::var_os("CLBENCH_FOMO") else {
        eprintln!("skipped: CLBENCH_FOMO names no folder with FoMo-in-Flux's stream_construction/*.json");
        return;
    };
    let temporary = tempfile::tempdir().unwrap();
    let path = |name: &str| Path::new(&folder).join(format!("{name}.json")).display().to_string();
    let profiles = [
        ("random_sequence_1", (36, 41)),
        ("performance_sequence_1", (22, 37)),
        ("frequency_sequence_1", (8, 29)),
        ("similarity_sequence_1", (1, 27)),
        ("time_incremental_dschunked_1", (1, 6)),
        ("time_incremental_rsagg_1", (2, 14)),
    ];
    let stream = |order: &str| {
        let dataset = path("random_sequence_1");
        let stream = format!("kind = \"concepts\"\ndataset = {dataset:?}\n[stream.order]\n{order}");
        built(temporary.path(), &stream).unwrap_or_else(|error| panic!("{order}: {error:#}"))
    };
    for (name, wanted) in profiles {
        let stream = stream(&format!("kind = \"explicit\"\nfile = {:?}", path(name)));
        let sizes: Vec<usize> = stream.tasks.iter().map(|task| task.classes.len()).collect();
        assert_eq!((sizes[0], &sizes[1..]), (920, &[919; 19][..]), "{name}");
        assert_eq!((stream.classes.len(), stream.universe.datasets.len()), (18_381, 41), "{name}");
        assert_eq!(profile(&stream), wanted, "{name}");
        assert_eq!(stream.notes.len(), 1, "{name}: {:?}", stream.notes);
    }
    let similar = stream("kind = \"similarity\"");
    let (least, most) = profile(&similar);
    // Names alone, without what CLIP knows of them: 3 to 36 datasets, and 70 % of the neighbours are of one.
    assert!(least <= 5 && together(&similar) > 0.65, "{least} {most} {}", together(&similar));
    let mut counts: Vec<(&str, usize)> = BUCKETS.concat();
    let universe = stream("kind = \"random\"").universe;
    let mut found: Vec<(&str, usize)> = universe.datasets.iter().map(|of| (&of.name[..], of.classes.len())).collect();
    counts.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, counts);
}
