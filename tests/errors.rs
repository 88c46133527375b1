//! Every mistake is answered by a message that names what is wrong and what to do, by its exit code, and by nothing
//! being lost. No mistake is a panic: [`program::Said`] looks for one each time.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod program;

use std::{
    fs,
    path::{Path, PathBuf},
};

use program::{Place, same};

/// Each set of words is refused as a mistake in what was asked (2), with these words in the message. Nothing is
/// written, in `run` as in `check`.
#[track_caller]
fn refused(place: &Place, cases: &[(&str, &[&str])]) {
    let before = place.files(".", &[]);
    for (words, named) in cases {
        for command in ["check", "run"] {
            let said = place.run(&format!("{command} {words}"));
            assert_eq!(said.code, Some(2), "{command} {words}\n{said}");
            assert_eq!(said.out, "", "{command} {words}");
            assert!(said.err.starts_with("error: "), "{command} {words}\n{said}");
            for word in *named {
                assert!(said.err.contains(word), "{command} {words}: nothing about `{word}`\n{said}");
            }
            same(&before, &place.files(".", &[]), &format!("{command} {words}"));
        }
    }
}

#[test]
fn unknown_keys_are_named_with_the_nearest_in_every_section() {
    refused(
        &Place::small(),
        &[
            ("small.toml trian.batch=3", &["small.toml", "unknown section `trian`; did you mean `train`?"]),
            ("small.toml sede=3", &["unknown section `sede`; did you mean `seed`?"]),
            ("small.toml stream.datset=digits", &["[stream]", "unknown key `datset`; did you mean `dataset`?"]),
            ("small.toml stream.taks=3", &["[stream]", "unknown key `taks`; did you mean `tasks`?", "order"]),
            ("small.toml net.width=3", &["[net]", "unknown key `width`; did you mean `widths`?"]),
            ("small.toml head.trian=all", &["[head]", "unknown key `trian`; did you mean `train`?"]),
            ("small.toml optim.rte=3", &["[optim]", "unknown key `rte`; did you mean `rate`?"]),
            ("small.toml optim.beta3=3", &["[optim]", "unknown key `beta3`; did you mean `beta"]),
            ("small.toml schedule.shap=cosine", &["[schedule]", "unknown key `shap`; did you mean `shape`?"]),
            ("small.toml train.epoch=3", &["[train]", "unknown key `epoch`; did you mean `epochs`?"]),
            ("small.toml budget.flop=1e9", &["[budget]", "unknown key `flop`; did you mean `flops`?"]),
            ("small.toml eval.evry=3", &["[eval]", "unknown key `evry`; did you mean `every`?"]),
            ("small.toml log.every_step=3", &["[log]", "unknown key `every_step`", "every"]),
            ("small.toml keep.weigths=true", &["[keep]", "unknown key `weigths`; did you mean `weights`?"]),
            ("small.toml checkpoint.evry=3", &["[checkpoint]", "unknown key `evry`; did you mean `every`?"]),
            ("small.toml method=ewc ewc.strenght=3", &["[ewc]", "unknown key `strenght`; did you mean `strength`?"]),
            ("small.toml finetune.x=3", &["[finetune]", "unknown key `x`; there are no keys here"]),
        ],
    );
}

#[test]
fn unknown_names_are_answered_with_what_there_is() {
    refused(
        &Place::small(),
        &[
            ("small.toml method=ewcc", &["unknown method `ewcc`; did you mean `ewc`?", "finetune"]),
            ("small.toml method=", &["unknown method ``", "finetune"]),
            ("small.toml method=lora+", &["unknown method ``", "finetune"]),
            ("small.toml stream.kind=permutted", &["unknown kind of stream `permutted`; did you mean `permuted`?"]),
            ("small.toml stream.dataset=digit", &["unknown dataset `digit`; did you mean `digits`?"]),
            ("small.toml optim.rule=adam", &["unknown optimizer `adam`", "sgd, adamw"]),
            ("small.toml net.body=resnet", &["[net]", "unknown value `resnet`; did you mean `resnet18`?"]),
            ("small.toml schedule.shape=cosin", &["[schedule]", "unknown value `cosin`; did you mean `cosine`?"]),
            ("small.toml head.kind=mlti", &["[head]", "unknown value `mlti`; did you mean `multi`?"]),
            ("small.toml head.test=tsk", &["[head]", "unknown value `tsk`; did you mean `task`?"]),
            ("small.toml budget.per=task", &["[budget]", "unknown value `task`", "experience, stream"]),
            ("small.toml start=pretrian", &["unknown start", "random"]),
            ("small.toml device=gpu", &["unknown device `gpu`", "flex, libtorch"]),
            ("small.toml device=libtorch:cuda:x", &["device=libtorch:cuda:x", "no number of a GPU, such as 0"]),
        ],
    );
    if cfg!(not(feature = "libtorch")) {
        let words: &[&str] = &["built without libtorch", "--features libtorch"];
        refused(
            &Place::small(),
            &[("small.toml device=libtorch", words), ("small.toml device=libtorch:cuda:0", words)],
        );
    }
}

#[test]
fn values_of_another_type_are_named_with_their_key() {
    refused(
        &Place::small(),
        &[
            ("small.toml train.batch=many", &["[train]", "`batch`", "\"many\""]),
            ("small.toml optim.rate=[1]", &["[optim]", "`rate`"]),
            ("small.toml optim.clip=yes", &["[optim]", "`clip`", "\"yes\""]),
            ("small.toml stream.seed=-1", &["[stream]", "`seed`", "-1"]),
            ("small.toml stream.dataset=[1]", &["[stream]", "`dataset`", "1"]),
            ("small.toml net.widths=wide", &["[net]", "\"wide\""]),
            ("small.toml eval.preferences=[[\"a\"]]", &["[eval]", "`preferences`"]),
            ("small.toml budget.steps=1.5", &["[budget]", "`steps`", "1.5"]),
            ("small.toml checkpoint.every=-1", &["[checkpoint]", "`every`", "-1"]),
            ("small.toml keep.weights=1", &["[keep]", "`weights`"]),
            ("small.toml log.every=1e3", &["[log]", "`every`"]),
            ("small.toml method=ewc ewc.samples=-1", &["ewc.samples = -1 is not a whole number of at least 1"]),
            ("small.toml method=3", &["`method`", "expected a string"]),
            ("small.toml seed=-1", &["seed = -1"]),
            ("small.toml seed=1.5", &["seed = 1.5"]),
            ("small.toml name=3", &["`name`", "expected a string"]),
            ("small.toml stream=3", &["stream = 3 is no table; write [stream]"]),
            ("small.toml optim=3", &["optim = 3 is no table; write [optim]"]),
            ("small.toml train=3", &["train = 3 is no table; write [train]"]),
            ("small.toml head=3", &["head = 3 is no table"]),
            ("small.toml method=ewc ewc=3", &["ewc = 3 is no table; write [ewc]"]),
            ("small.toml optim.rate.x=3", &["optim.rate.x", "`rate` is no table"]),
        ],
    );
}

#[test]
fn values_out_of_range_are_named_with_their_range() {
    refused(
        &Place::small(),
        &[
            ("small.toml train.batch=0", &["train.batch = 0", "between 1 and"]),
            ("small.toml train.steps=0", &["train.steps = 0 is not a whole number between 1"]),
            ("small.toml optim.rate=0", &["optim.rate = 0", "above 0"]),
            ("small.toml optim.rate=-1", &["optim.rate = -1", "above 0"]),
            ("small.toml optim.rate=nan", &["optim.rate = nan", "above 0"]),
            ("small.toml optim.rate=inf", &["optim.rate = inf"]),
            ("small.toml optim.clip=0", &["optim.clip", "above 0"]),
            ("small.toml optim.beta1=1", &["beta1"]),
            ("small.toml schedule.warmup=1", &["schedule.warmup = 1", "below 1"]),
            ("small.toml schedule.floor=2", &["schedule.floor = 2", "between 0 and 1"]),
            ("small.toml net.dropout=1", &["net.dropout = 1", "below 1"]),
            ("small.toml net.widths=[0]", &["net.widths", "between 1 and"]),
            ("small.toml net.widths=[65536,65536]", &["weights"]),
            ("small.toml eval.batch=0", &["eval.batch = 0", "between 1 and"]),
            ("small.toml log.every=0", &["log.every = 0 is not a whole number of at least 1"]),
            ("small.toml checkpoint.every=0", &["checkpoint.every = 0 is not a whole number of at least 1"]),
            ("small.toml budget.flops=0", &["budget.flops = 0 is not at least 1"]),
            ("small.toml budget.flops=nan", &["budget.flops"]),
            ("small.toml budget.flops=-1", &["budget.flops = -1 is not at least 1"]),
            ("small.toml budget.flops=inf", &["budget.flops = inf is not at least 1"]),
            ("small.toml stream.val_fraction=1", &["stream.val_fraction", "below 1"]),
            ("small.toml stream.val_fraction=-0.1", &["stream.val_fraction", "at least 0"]),
            ("small.toml stream.val_fraction=0.999", &["task 0", "lower stream.val_fraction"]),
            ("small.toml stream.tasks=0", &["in [stream]: tasks = 0 is not a whole number of at least 1"]),
            ("small.toml stream.tasks=3", &["10 classes do not split into 3", "stream.classes_per_task"]),
            ("small.toml stream.tasks=6 stream.classes_per_task=2", &["stream.tasks = 6", "more than the 10 classes"]),
            ("small.toml stream.tasks=9223372036854775807", &["more than the 10 classes"]),
            ("small.toml stream.dataset=[]", &["dataset"]),
            ("small.toml method=ewc ewc.strength=-1", &["ewc.strength = -1"]),
            ("small.toml method=ewc ewc.samples=0", &["ewc.samples = 0 is not a whole number of at least 1"]),
            ("small.toml method=lora lora.rank=0", &["lora.rank = 0", "between 1 and"]),
            ("small.toml method=ema ema.keep=1", &["ema.keep = 1", "below 1"]),
            ("small.toml net.body=vit net.patch=3", &["net.patch = 3 does not divide inputs of 8×8"]),
        ],
    );
}

#[test]
fn options_that_contradict_each_other_or_do_nothing_are_refused() {
    refused(
        &Place::small(),
        &[
            (
                "small.toml train.epochs=3 train.steps=5",
                &["train.epochs and train.steps contradict each other; set one of them"],
            ),
            ("small.toml method=ewc+ewc", &["`ewc` stands twice", "method=ewc+ewc"]),
            ("small.toml method=finetune+joint", &["`finetune` and `joint`", "one carrier"]),
            ("small.toml ewc.strength=3", &["ewc.strength does nothing: `ewc` is not in method=finetune"]),
            ("small.toml method=lora+ewc lora.per=task", &["`ewc` does not go with `lora`", "or set lora.per=stream"]),
            ("small.toml schedule.shape=constant schedule.floor=0.1", &["schedule.floor does nothing", "remove one"]),
            ("small.toml seed=1 seeds=0..2", &["seed and seeds contradict each other; set one of them"]),
            ("small.toml stream.kind=permuted head.kind=multi", &["tasks share classes", "head.train", "\"task\""]),
        ],
    );
}

#[test]
fn words_that_are_no_settings_are_refused() {
    refused(
        &Place::small(),
        &[
            ("small.toml lora", &["`lora` is no setting; write KEY=VALUE, such as method=lora"]),
            ("small.toml =3", &["is no key", "such as optim.rate"]),
            ("small.toml a..b=3", &["`a..b` is no key"]),
            ("small.toml seeds=", &["seeds=", "0..5"]),
            ("small.toml seeds=5..5", &["seeds=5..5 names no seed"]),
            ("small.toml seeds=5..1", &["seeds=5..1 names no seed"]),
            ("small.toml seeds=0..=3", &["seeds=0..=3", "0..5"]),
            ("small.toml seeds=1,1", &["seeds=1,1 names a seed twice"]),
            ("small.toml seeds=a,b", &["seeds=a,b", "0,1,2"]),
            ("small.toml seeds=-1", &["seeds=-1", "0,1,2"]),
            ("small.toml seeds=18446744073709551615", &["seeds=18446744073709551615"]),
            ("small.toml seeds=0..999999999999", &["more than 10000 seeds"]),
            ("small.toml jobs=0", &["jobs=0: jobs is between 1 and 1024"]),
            ("small.toml jobs=two", &["jobs=two: jobs is between 1 and 1024"]),
            ("small.toml name=../../elsewhere", &["the name `../../elsewhere` is no folder's name"]),
            ("small.toml name=.hidden", &["the name `.hidden` is no folder's name"]),
            ("small.toml name=\"\"", &["is no folder's name"]),
        ],
    );
}

#[test]
fn a_stream_file_that_is_none_is_named() {
    let place = Place::small();
    place.write("broken.toml", "[stream]\nkind = \"permuted");
    place.write("twice.toml", "[net]\n[net]\n");
    place.write("bytes.toml", [0xff, 0xfe, 0x00]);
    place.write("empty.toml", "");
    place.write("huge.toml", vec![b'#'; 5 << 20]);
    place.write("nothing.toml", "[optim]\nrate = 0.1\n");
    place.write("folder.toml/in", "");
    refused(
        &place,
        &[
            ("absent.toml", &["cannot read the stream file absent.toml", "No such file"]),
            ("folder.toml", &["cannot read the stream file folder.toml", "directory"]),
            ("broken.toml", &["broken.toml is not TOML", "line 2"]),
            ("twice.toml", &["twice.toml is not TOML", "line 2", "duplicate key"]),
            ("bytes.toml", &["cannot read the stream file bytes.toml", "UTF-8"]),
            ("huge.toml", &["huge.toml is larger than 4194304 bytes"]),
            ("empty.toml", &["empty.toml", "optim.rate is missing; set it, such as to 0.1"]),
            ("nothing.toml", &["nothing.toml", "stream.kind is missing", "clbench list"]),
            ("/dev/zero", &["/dev/zero is larger than 4194304 bytes"]),
            ("/dev/null", &["optim.rate is missing"]),
            ("small.toml/x", &["cannot read the stream file small.toml/x"]),
        ],
    );
}

#[test]
fn a_command_line_that_is_none_is_answered_with_usage() {
    let place = Place::small();
    for words in ["", "run", "check", "rnu small.toml", "run small.toml --quite", "stream", "stream show", "data fetch"]
    {
        place.run(words).fails(2, &["Usage: clbench"]);
    }
    place.run("rnu small.toml").fails(2, &["unrecognized subcommand 'rnu'"]);
    place.run("run small.toml --quite").fails(2, &["--quiet"]);
    place.run("table --format=xml").fails(2, &["no table format `xml`", "text, md, csv, tex, html and json"]);
    place.run("data fetch digist").fails(2, &["unknown dataset `digist`; did you mean `digits`?"]);
    place.run("data verify digist").fails(2, &["unknown dataset `digist`; did you mean `digits`?"]);
}

#[test]
fn a_table_of_nothing_says_what_to_do() {
    let place = Place::new();
    place.run("table").fails(1, &["runs: neither a directory nor a bundle", "give"]);
    fs::create_dir(place.path("runs")).unwrap();
    place.run("table").fails(1, &["no finished run below runs", "clbench run"]);
}

#[test]
fn a_budget_that_buys_no_step_is_refused_by_its_price() {
    let words: &[&str] = &["experience 1", "buys not one step", "raise the cap"];
    refused(
        &Place::small(),
        &[
            ("small.toml budget.flops=1000", words),
            ("small.toml budget.examples=1", words),
            ("small.toml budget.steps=4 budget.per=stream", words),
            // A step would fit, were it not for what the task's end needs.
            ("small.toml method=ewc budget.flops=1e6", words),
        ],
    );
}

#[test]
fn preferences_must_weigh_every_task() {
    refused(
        &Place::small(),
        &[
            ("small.toml eval.preferences=[[1,2]]", &["eval.preferences"]),
            ("small.toml eval.preferences=[[0,0,0,0,0]]", &["eval.preferences"]),
            ("small.toml eval.preferences=[[-1,1,1,1,1]]", &["eval.preferences"]),
            ("small.toml eval.preferences=[[nan,1,1,1,1]]", &["eval.preferences"]),
        ],
    );
}

/// The four files of MNIST, empty but of the right length and with the right headers.
fn mnist(place: &Place) -> PathBuf {
    let folder = place.path("data/mnist");
    fs::create_dir_all(&folder).unwrap();
    for (name, n) in [("train", 60_000), ("t10k", 10_000)] {
        idx(&folder.join(format!("{name}-images-idx3-ubyte")), &[n, 28, 28], u64::from(n) * 784);
        idx(&folder.join(format!("{name}-labels-idx1-ubyte")), &[n], u64::from(n));
    }
    folder
}

/// An IDX file of zeros that promises `sizes` and holds `bytes`; a file with a hole takes no room.
fn idx(path: &Path, sizes: &[u32], bytes: u64) {
    let mut header = vec![0, 0, 8, sizes.len() as u8];
    header.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    fs::write(path, &header).unwrap();
    fs::File::options().write(true).open(path).unwrap().set_len(header.len() as u64 + bytes).unwrap();
}

#[test]
fn missing_data_is_named_with_the_command_that_fetches_it() {
    let words: &[&str] = &["mnist/train-images-idx3-ubyte", "missing", "clbench data fetch mnist"];
    refused(
        &Place::small(),
        &[
            ("small.toml stream.dataset=mnist data=data", words),
            ("small.toml stream.dataset=mnist data=small.toml", words),
            ("small.toml stream.dataset=mnist", words),
            ("small.toml stream.dataset=cifar10 data=data", &["cifar10", "missing", "clbench data fetch cifar10"]),
        ],
    );
    Place::small().run("data verify mnist --data data").fails(1, &[]);
}

#[test]
fn truncated_corrupt_and_boastful_data_is_named_with_its_file_and_remedy() {
    let place = Place::small();
    let folder = mnist(&place);
    let images = folder.join("train-images-idx3-ubyte");
    let labels = folder.join("train-labels-idx1-ubyte");
    let length = fs::metadata(&images).unwrap().len();
    let fails = |words: &[&str]| {
        for command in ["check", "run", "stream show"] {
            let said = place.run(&format!("{command} small.toml stream.dataset=mnist data=data"));
            said.fails(2, &[words, &["clbench data fetch mnist"]].concat());
        }
    };
    // Cut off.
    idx(&images, &[60_000, 28, 28], 999);
    fails(&["train-images-idx3-ubyte: 1015 bytes instead of 47040016"]);
    // 2^40 images in a file of the right length.
    for sizes in [[1 << 20, 1 << 10, 1 << 10], [u32::MAX; 3], [60_001, 28, 28]] {
        idx(&images, &sizes, length - 16);
        fails(&["train-images-idx3-ubyte", "the header promises", "more than the 47040016 bytes"]);
    }
    idx(&images, &[1, 28, 28], length - 16);
    fails(&["train-images-idx3-ubyte", "bytes after the end"]);
    idx(&images, &[0, 28, 28], length - 16);
    fails(&["train-images-idx3-ubyte", "promises nothing"]);
    // Not IDX at all.
    fs::write(&images, vec![b'x'; length as usize]).unwrap();
    fails(&["train-images-idx3-ubyte", "not an IDX file"]);
    idx(&images, &[60_000, 28, 28], length - 16);
    // A label that is no class.
    let mut bytes = fs::read(&labels).unwrap();
    bytes[100] = 10;
    fs::write(&labels, bytes).unwrap();
    fails(&["train-labels-idx1-ubyte", "label 10 among 10 classes"]);
    // Compressed, and cut off.
    fs::remove_file(&labels).unwrap();
    fs::write(folder.join("train-labels-idx1-ubyte.gz"), [0x1f, 0x8b, 8, 0, 0, 0]).unwrap();
    fails(&["train-labels-idx1-ubyte.gz"]);
    assert!(!place.path("runs").exists());
}

#[test]
fn data_with_a_wrong_checksum_is_told_by_verify_and_not_fetched() {
    let place = Place::small();
    mnist(&place);
    let said = place.run("data verify mnist --data data");
    assert_eq!(said.code, Some(1), "{said}");
    for word in ["4 of 4 files are not whole", "SHA-256", "train-images-idx3-ubyte", "clbench data fetch mnist"] {
        assert!(said.out.contains(word), "nothing about {word}\n{said}");
    }
    // From a folder that holds the same zeros nothing is taken, and nothing of what was there is lost.
    let before = place.files("data", &[".lock"]);
    let said = place.run("data fetch mnist --data other --from data/mnist");
    said.fails(1, &["mnist could not be fetched", "SHA-256", "by hand"]);
    place.run("data fetch mnist --data data --from nowhere").fails(1, &["nowhere", "neither a folder"]);
    same(&before, &place.files("data", &[".lock"]), "nothing is lost");
    assert!(place.files("other", &[".lock"]).keys().all(|path| !path.to_string_lossy().contains("ubyte")));
}

#[test]
fn embedded_data_is_whole_and_fetched_from_nowhere() {
    let place = Place::new();
    let said = place.run("data fetch digits");
    said.fails(0, &["digits ships with clbench"]);
    assert!(place.done("data verify digits").contains("digits: embedded"));
}

#[test]
fn a_run_directory_that_cannot_be_made_is_an_error_with_its_remedy() {
    let place = Place::small();
    place.write("file", "mine");
    let words: &[&str] = &["cannot write to", "choose another place with runs=FOLDER"];
    place.run("run small.toml runs=file").fails(1, words);
    place.run("run small.toml runs=file/below").fails(1, words);
    place.run("run small.toml runs=/proc/nothing").fails(1, words);
    place
        .run("run small.toml seeds=0..3 jobs=2 runs=file")
        .fails(1, &["seed 0", "seed 1", "seed 2", "cannot write to"]);
    assert_eq!(fs::read(place.path("file")).unwrap(), b"mine");
    // One run of several: a file where its folder should be.
    let ids = place.done("check small.toml seeds=1");
    let run = ids.lines().find_map(|line| line.strip_prefix("run ")).unwrap().trim();
    place.write(run, "mine");
    let said = place.run("run small.toml seeds=0..3 jobs=2");
    said.fails(3, &["error: seed 1: cannot write to", "choose another place"]);
    assert!(said.out.contains("small"), "the others are told\n{said}");
    assert_eq!((place.runs("runs").len(), fs::read(place.path(run)).unwrap()), (2, b"mine".to_vec()));
}

#[test]
fn what_stands_in_the_way_within_a_run_directory_is_an_error_and_once_it_is_gone_the_run_ends_as_ever() {
    let place = Place::small();
    place.done("run small.toml checkpoint.every=20 runs=straight");
    let straight = place.bits("straight");
    let run = straight.keys().find(|path| path.ends_with("manifest.json")).unwrap().parent().unwrap().to_owned();
    let folder: fn(&Path) = |path| fs::create_dir(path).unwrap();
    let file: fn(&Path) = |path| fs::write(path, "mine").unwrap();
    let full: fn(&Path) = |path| std::os::unix::fs::symlink("/dev/full", path).unwrap();
    let obstacles = [
        (".lock", folder),
        ("records.csv", folder),
        ("records.csv", full),
        ("train.csv", folder),
        ("train.csv", full),
        ("predictions.csv", folder),
        ("config.toml", folder),
        ("ledger.csv", folder),
        ("timing.csv", folder),
        ("manifest.json", folder),
        ("manifest.json", file),
        ("checkpoint", file),
        ("artifact", file),
        ("checkpoint/000000000005-000000.ckpt", folder),
    ];
    for (at, (name, obstacle)) in obstacles.into_iter().enumerate() {
        let runs = format!("runs{at}");
        let path = place.path(&runs).join(&run).join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        obstacle(&path);
        let words = format!("run small.toml checkpoint.every=20 runs={runs}");
        let said = place.run(&words);
        said.fails(1, &["error: seed 0: ", name.split('/').next().unwrap()]);
        if path.is_dir() {
            fs::remove_dir(&path).unwrap();
        } else {
            fs::remove_file(&path).unwrap();
        }
        place.done(&words);
        same(&straight, &place.bits(&runs), name);
    }
}

#[test]
fn a_read_only_run_directory_is_an_error_and_complete_runs_in_it_can_still_be_read() {
    let place = Place::small();
    place.done("run small.toml seed=0");
    let before = place.files("runs", &[]);
    let script = "mount --bind runs runs; mount -o remount,ro,bind runs
        $CLBENCH run small.toml seed=0 >told
        $CLBENCH table >/dev/null
        $CLBENCH run small.toml seed=1";
    if let Some(said) = place.mounting(script) {
        said.fails(1, &["cannot write to", "choose another place with runs=FOLDER", "complete from before"]);
        assert!(fs::read_to_string(place.path("told")).unwrap().contains("ACC"));
    }
    same(&before, &place.files("runs", &[]), "nothing is lost");
}

#[test]
fn a_full_disk_is_an_error_and_the_run_goes_on_when_there_is_room() {
    let place = Place::small();
    place.done("run small.toml checkpoint.every=2 runs=straight");
    let whole: usize = place.bits("straight").values().map(Vec::len).sum();
    fs::create_dir(place.path("runs")).unwrap();
    let mut sizes = vec![4, 64, 100, 150, whole / 1024];
    sizes.dedup();
    for size in sizes {
        let script = format!(
            "mount -t tmpfs -o size={size}k none runs
            if $CLBENCH run small.toml checkpoint.every=2; then exit 9; else test $? = 1; fi
            mount -o remount,size=64m runs
            $CLBENCH run small.toml checkpoint.every=2
            cp -r runs after{size}"
        );
        let Some(said) = place.mounting(&script) else { return };
        said.fails(0, &["cannot write", "No space left on device"]);
        let after = format!("after{size}");
        same(&place.bits("straight"), &place.bits(&after), &format!("{size} KiB"));
    }
}

#[test]
fn a_limit_on_file_sizes_loses_nothing() {
    let place = Place::small();
    place.done("run small.toml checkpoint.every=2 runs=straight");
    // The system ends the process by a signal at a write beyond the limit; the shell tells of it.
    let said = place.shell("ulimit -c 0; ulimit -f 20; $CLBENCH run small.toml checkpoint.every=2; echo ended by $?");
    assert!(!said.out.contains("ended by 0"), "{said}");
    place.done("run small.toml checkpoint.every=2");
    same(&place.bits("straight"), &place.bits("runs"), "nothing is lost");
}

#[test]
fn output_that_cannot_be_written_ends_no_run() {
    let place = Place::small();
    place.done("run small.toml runs=straight");
    let unchanged = |runs: &str| {
        same(&place.bits("straight"), &place.bits(runs), runs);
    };
    // Standard error full, closed, or its reader gone: progress is nobody's reason to stop.
    for (at, to) in ["2>/dev/full", "2>&-", "2>&1 >told | true"].into_iter().enumerate() {
        let said = place.shell(&format!("$CLBENCH run small.toml runs=err{at} {to}"));
        assert_eq!(said.code, Some(0), "{to}\n{said}");
        unchanged(&format!("err{at}"));
    }
    // Standard output full: the run is kept, and what should have been told is an error.
    let said = place.shell("$CLBENCH run small.toml runs=out >/dev/full");
    said.fails(1, &["cannot write to standard output", "No space left"]);
    unchanged("out");
    for words in ["list", "check small.toml", "stream show small.toml", "table straight", "data list", "data path"] {
        let said = place.shell(&format!("$CLBENCH {words} >/dev/full"));
        said.fails(1, &["cannot write to standard output"]);
    }
    // A reader that has read enough is no error.
    for words in ["list", "run small.toml runs=out", "table straight", "run --help", "--version"] {
        let said = place.shell(&format!("($CLBENCH {words}; echo $? >code) | true; cat code"));
        assert_eq!(said.out.trim(), "0", "{words}\n{said}");
    }
}

type Damage = fn(&str) -> String;

#[test]
fn a_complete_run_that_was_spoilt_is_told_and_left_as_it_is() {
    let place = Place::small();
    place.done("run small.toml seeds=0..2");
    let runs = place.runs("runs");
    let spoilt = &runs[0];
    let said = place.done(&format!("table {}", spoilt.display()));
    assert!(said.contains("finetune"));
    let damages: [(&str, Damage); 6] = [
        ("manifest.json", |_| String::new()),
        ("manifest.json", |text| text[..text.len() / 2].into()),
        ("manifest.json", |text| text.replace("\"format\": 3", "\"format\": 4")),
        ("records.csv", |text| text[..text.len() / 2].into()),
        ("records.csv", |text| text.replace("end,1,", "end,9,")),
        ("ledger.csv", |text| text.lines().take(2).collect::<Vec<_>>().join("\n")),
    ];
    for (name, damage) in damages {
        let whole = fs::read_to_string(spoilt.join(name)).unwrap();
        fs::write(spoilt.join(name), damage(&whole)).unwrap();
        let before = place.files("runs", &[]);
        let said = place.run("run small.toml seeds=0..2");
        said.fails(3, &["is spoilt; remove it to run anew", name]);
        let said = place.run("table");
        said.fails(0, &[name, "remove this run or repeat it"]);
        assert!(said.out.contains("finetune"), "the other run still stands\n{said}");
        same(&before, &place.files("runs", &[]), name);
        fs::write(spoilt.join(name), whole).unwrap();
    }
    fs::remove_dir_all(spoilt).unwrap();
    place.run("run small.toml seeds=0..2").fails(0, &["complete from before"]);
}

/// A stream on which plain descent with a rate of a million overflows within a few steps.
fn steep() -> Place {
    let place = Place::small();
    place.write(
        "steep.toml",
        program::SMALL.replace("rule = \"adamw\"", "rule = \"sgd\"").replace("[32]", "[64, 64, 64]"),
    );
    place
}

#[test]
fn a_run_that_diverges_is_recorded_and_has_no_score() {
    let place = steep();
    let words = "run steep.toml optim.rate=1e6";
    let said = place.run(words);
    said.fails(1, &["error: seed 0 diverged: ", "the loss is ", "recorded in runs/", "lower optim.rate", "optim.clip"]);
    assert!(said.out.contains("diverged") && said.out.contains("no score"), "{said}");
    let run = place.runs("runs").pop().unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&fs::read(run.join("manifest.json")).unwrap()).unwrap();
    assert!(manifest["diverged"].as_str().unwrap().contains("the loss is "), "{manifest}");
    // It is a result: it is found again, and not tried again.
    let before = place.files("runs", &[]);
    place.run(words).fails(1, &["complete from before", "error: seed 0 diverged: "]);
    same(&before, &place.files("runs", &[]), "nothing is lost");
    let said = place.run(&format!("{words} --json --quiet"));
    let line: serde_json::Value = serde_json::from_str(said.out.trim()).unwrap();
    assert!(line["scores"]["acc"].is_null() && line["manifest"]["diverged"].is_string(), "{said}");
}

#[test]
fn where_every_seed_diverges_the_table_says_so() {
    let place = steep();
    let said = place.run("run steep.toml optim.rate=1e6 seeds=0..3 jobs=2");
    said.fails(1, &["seed 0 diverged", "seed 1 diverged", "seed 2 diverged"]);
    for out in [&said.out, &place.done("table")] {
        let row = out.lines().find(|line| line.starts_with("steep") || line.starts_with("finetune")).unwrap();
        assert!(out.contains("diverged") && out.contains("3 of 3"), "{out}");
        assert!(!row.contains('±'), "{row}");
    }
    let csv = place.done("table --format csv");
    assert!(csv.lines().nth(1).unwrap().contains("0;1;2"), "{csv}");
}

#[test]
fn finite_weights_whose_answers_overflow_are_a_divergence() {
    let place = steep();
    // The only step has a finite loss and leaves finite weights.
    let words = "run steep.toml optim.rate=1e30 train.steps=1 stream.tasks=1 stream.classes_per_task=10";
    place.run(words).fails(1, &["seed 0 diverged: an answer to task 0 is not a finite number", "recorded in"]);
    place.run(words).fails(1, &["complete from before", "seed 0 diverged"]);
}

#[test]
fn check_does_everything_but_train_and_writes_nothing() {
    let place = Place::small();
    let before = place.files(".", &[]);
    let said = place.run("check small.toml method=lora+ewc seeds=3..5");
    said.fails(0, &[]);
    for word in ["method      lora+ewc", "step ", "task end", "32 steps (bound by steps)", "runs/small/lora+ewc/"] {
        assert!(said.out.contains(word), "nothing about {word}\n{said}");
    }
    same(&before, &place.files(".", &[]), "nothing is lost");
    // The directory that it names is the one that is made.
    let named = said.out.lines().find_map(|line| line.strip_prefix("run ")).unwrap().trim().to_owned();
    place.done("run small.toml method=lora+ewc seed=3");
    assert_eq!(place.runs("runs"), [place.path(named)]);
}
