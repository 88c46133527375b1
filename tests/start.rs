//! Pretrained starts, pools and held-out concepts, through the program and through the library.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod program;

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    thread::sleep,
    time::{Duration, Instant},
};

use burn::tensor::{Device, Tensor, TensorData};
use clbench::{
    budget::Meter,
    config::{Asked, Setup, resolve},
    network::predictor::Ask,
    primitives::{draws::Draws, scope::Scope},
    run::Run,
    stream::{Role, Scratch, View},
};
use clbench_cli::shelf;
use clbench_results::{RunDir, metric};
use program::{Place, Said, same};

/// Two small datasets, of whose concepts a part is the pool and a part is held out.
const FLUX: &str = r#"
[start]
kind = "pretrain"
steps = 60

[stream]
kind = "concepts"
dataset = ["digits", "fashion-mnist-small"]
tasks = 3
pool_share = 0.4
held_out_share = 0.2
most_train = 40
most_test = 10

[net]
body = "mlp"
widths = [24]

[optim]
rule = "sgd"
rate = 0.05

[train]
batch = 16
steps = 12

[mixture]
update = 0.34
buffer = 0.33
pretraining = 0.33

[keep]
weights = true
"#;

fn flux() -> Place {
    let place = Place::new();
    place.write("flux.toml", FLUX);
    place
}

/// Names of the files of pretrained weights below `runs`.
fn starts(place: &Place, runs: &str) -> Vec<String> {
    let names = fs::read_dir(place.path(runs).join(".starts")).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.retain(|name| name.ends_with(".start"));
    names.sort();
    names
}

/// Accuracies by task at a moment of the run of seed 0 below `runs`; experience 0 is the start.
fn row(place: &Place, runs: &str, experience: usize) -> BTreeMap<usize, f64> {
    let mut all = place.runs(runs).into_iter().map(|folder| RunDir::open(folder).unwrap());
    let run = all.find(|run| run.manifest.seed == 0).unwrap();
    let at = run.records.iter().filter(|record| record.experience == experience);
    at.map(|record| (record.task, record.accuracy)).collect()
}

#[test]
fn methods_share_one_pretraining_for_each_seed() {
    let place = flux();
    for method in ["finetune", "joint", "lora", "ewc"] {
        place.done(&format!("run flux.toml method={method} seeds=0..2 --quiet"));
    }
    assert_eq!(starts(&place, "runs").len(), 2, "one for each seed");
    let first = row(&place, "runs/flux/finetune", 0);
    assert_eq!(first.len(), 7, "three tasks, two of the pool, two held out");
    for method in ["joint", "lora", "ewc"] {
        assert_eq!(row(&place, &format!("runs/flux/{method}"), 0), first, "{method} begins where finetune begins");
    }
    place.done("run flux.toml method=finetune start.seed=1 runs=fixed seeds=0..3 --quiet");
    assert_eq!(starts(&place, "fixed").len(), 1, "one for all seeds");
    // The pool is known at the start, and what comes later is not.
    let chance = 1.0 / 4.0;
    assert!(first[&3] > 2.0 * chance && first[&4] > 2.0 * chance, "{first:?}");
    assert!((0..3).all(|task| first[&task] < chance), "{first:?}");
}

#[test]
fn a_killed_a_second_and_a_spoilt_pretraining_change_no_bit() {
    let place = flux();
    place.done("run flux.toml runs=whole --quiet");
    let mut child = place.start("run flux.toml runs=killed start.steps=60");
    let begun = Instant::now();
    while !place.path("killed/.starts").exists() && begun.elapsed() < Duration::from_mins(1) {
        sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let both = [place.start("run flux.toml runs=killed"), place.start("run flux.toml runs=killed")];
    // The second waits for the pretraining, and leaves the run to the first.
    for child in both {
        Said::of(child.wait_with_output().unwrap());
    }
    place.done("run flux.toml runs=killed --quiet");
    same(&place.bits("whole"), &place.bits("killed"), "killed, and two at once");
    let [name] = &starts(&place, "whole")[..] else { panic!("one start") };
    let whole = place.path("whole/.starts").join(name);
    let bytes = fs::read(&whole).unwrap();
    for spoilt in [&bytes[..bytes.len() / 2], b"", b"\xff\xff\xff\xff\xff\xff\xff\x7f{}"] {
        place.write(&format!("spoilt/.starts/{name}"), spoilt);
        let said = place.run("run flux.toml runs=spoilt");
        assert!(said.code == Some(0) && said.err.contains("spoilt and made anew"), "{said}");
        assert_eq!(fs::read(place.path("spoilt/.starts").join(name)).unwrap(), bytes);
        fs::remove_dir_all(place.path("spoilt")).unwrap();
    }
}

#[test]
fn a_run_begins_where_the_file_of_another_ends() {
    let place = flux();
    place.done("run flux.toml --quiet");
    let weights = place.runs("runs")[0].join("artifact/weights.safetensors");
    let file = FLUX.replace("kind = \"pretrain\"\nsteps = 60", &format!("kind = \"file\"\npath = {weights:?}"));
    place.write("flux2.toml", &file);
    place.done("run flux2.toml runs=next --quiet");
    let (ended, begun) = (row(&place, "runs", 3), row(&place, "next", 0));
    assert_eq!(ended, begun);
    // Another content is another run.
    let sha = RunDir::open(&place.runs("next")[0]).unwrap().manifest.conditions.start;
    assert!(sha.starts_with("file ") && sha.len() == 17, "{sha}");
    place.run("run flux2.toml net.widths=[25]").fails(2, &["body.0.bias", "[24]", "[25]"]);
    place.run("run flux2.toml start.path=nowhere.safetensors").fails(2, &["nowhere.safetensors"]);
    place.run("run flux2.toml start.sha256=00").fails(2, &["start.sha256 demands 00"]);
    place.write("none.safetensors", b"\x02\0\0\0\0\0\0\0{}");
    place.run("run flux2.toml start.path=none.safetensors").fails(2, &["none.safetensors", "no tensors"]);
}

#[test]
fn starts_and_parts_that_make_no_sense_are_refused() {
    let place = flux();
    let cases = [
        ("start.epochs=2", "set either start.epochs or start.steps"),
        ("start.steps=0", "start.steps = 0 is not a whole number between 1"),
        ("start.rate=-1", "start.rate = -1 is not above 0"),
        ("start.kind=frozen", "there are random, file, pretrain"),
        ("start.step=3", "did you mean `steps`?"),
        ("start=random", "mixture.pretraining"),
        ("stream.pool_share=0", "there is no pretraining pool"),
        ("stream.pool_share=1", "stream.pool_share = 1 is not at least 0 and below 1"),
        ("stream.held_out_share=0.7", "leave nothing to the stream"),
        ("stream.held_out_share=0.01", "no concept is left for the held-out part"),
        ("stream.most_test=0", "stream.most_test = 0 is not a whole number of at least 1"),
        ("eval.shots=0", "eval.shots = 0 is not a whole number of at least 1"),
        ("data.mine.format=floppy", "unknown format `floppy`"),
        ("data.digits.format=csv", "has the name of a dataset that ships"),
    ];
    for (setting, message) in cases {
        let settings = if setting == "start=random" { "start=random stream.pool_share=0" } else { setting };
        place.run(&format!("check flux.toml {settings}")).fails(2, &[message]);
    }
}

/// The setup of [`FLUX`] in `folder`.
fn setup(folder: &Path, settings: &[&str]) -> Setup {
    let settings: Vec<String> = settings.iter().map(ToString::to_string).collect();
    resolve(&folder.join("flux.toml"), &Asked::parse(&settings).unwrap(), &shelf()).unwrap()
}

#[test]
fn each_concept_is_in_one_part_and_examples_are_limited() {
    let place = flux();
    for seed in 0..5 {
        let stream = setup(&place.path(""), &[&format!("stream.seed={seed}")]).stream;
        let concepts = |view: &View| (0..view.len()).map(|at| view.concept(at)).collect::<Vec<_>>();
        let mut counts = vec![[0; 3]; 20];
        let held = stream.probes.iter().filter(|probe| probe.role == Role::HeldOut);
        let parts = [
            stream.tasks.iter().map(|task| &task.train).collect::<Vec<_>>(),
            vec![&stream.pool.as_ref().unwrap().train],
            held.map(|probe| &probe.task.train).collect(),
        ];
        for (part, views) in parts.iter().enumerate() {
            views.iter().flat_map(|view| concepts(view)).for_each(|concept| counts[concept][part] += 1);
        }
        for (concept, of) in counts.iter().enumerate() {
            assert_eq!(of.iter().filter(|count| **count > 0).count(), 1, "concept {concept} is in one part: {of:?}");
            assert_eq!(of.iter().sum::<usize>(), 40, "as many examples as were asked for");
        }
        let sizes = [0, 1, 2].map(|part| counts.iter().filter(|of| of[part] > 0).count());
        assert_eq!(sizes, [8, 8, 4]);
    }
}

/// Features of a view's examples, one by one through the network itself.
fn features(run: &Run, setup: &Setup, view: &View) -> Vec<Vec<f64>> {
    let predictor = run.predictor().unwrap();
    let ask = Ask::new(Scope::All, &setup.net.heads, Draws::of(0), &Meter::default());
    let [channels, height, width] = setup.stream.input;
    let one = |at: usize| {
        let bytes = view.pixels(at, &mut Scratch::default(), <[u8]>::to_vec);
        let scaled = bytes.chunks(height * width).zip(&setup.stream.scaling);
        let values: Vec<f32> =
            scaled.flat_map(|(plane, (a, b))| plane.iter().map(move |v| f32::from(*v) * a + b)).collect();
        let input = Tensor::from_data(TensorData::new(values, [1, channels, height, width]), &Device::flex());
        let row: Vec<f32> = predictor.features(input, &ask).unwrap().into_data().try_to_vec_as().unwrap();
        let length = row.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
        row.into_iter().map(|value| f64::from(value) / length).collect::<Vec<f64>>()
    };
    (0..view.len()).map(one).collect()
}

#[test]
fn held_out_concepts_are_answered_by_the_nearest_mean_of_unit_features() {
    let place = flux();
    let setup = setup(&place.path(""), &["eval.shots=7", "start=random"]);
    let run = Run::new(&setup, 3, &shelf()).unwrap();
    let records = run.examine().unwrap();
    let mut seen = 0;
    for (at, probe) in setup.stream.probes.iter().enumerate().filter(|(_, probe)| probe.role == Role::HeldOut) {
        let (train, test) = (&probe.task.train, &probe.task.test);
        let (of_train, of_test) = (features(&run, &setup, train), features(&run, &setup, test));
        let mean = |class: usize| {
            let rows: Vec<_> = (0..train.len()).filter(|row| train.label(*row) == class).take(7).collect();
            let sum = |axis: usize| rows.iter().map(|row| of_train[*row][axis]).sum::<f64>() / rows.len() as f64;
            let mean: Vec<f64> = (0..of_train[0].len()).map(sum).collect();
            let length = mean.iter().map(|value| value * value).sum::<f64>().sqrt();
            mean.into_iter().map(|value| value / length).collect::<Vec<_>>()
        };
        let means: Vec<_> = (0..probe.classes.len()).map(mean).collect();
        let distance = |row: &[f64], mean: &[f64]| row.iter().zip(mean).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
        let right = (0..test.len()).filter(|row| {
            let nearest = (0..means.len())
                .min_by(|a, b| distance(&of_test[*row], &means[*a]).total_cmp(&distance(&of_test[*row], &means[*b])));
            nearest == Some(test.label(*row))
        });
        let expected = right.count() as f64 / test.len() as f64;
        let record = records.iter().find(|record| record.task == setup.stream.tasks.len() + at).unwrap();
        assert!((record.accuracy - expected).abs() < 1e-9, "{}: {} and {expected}", probe.task.name, record.accuracy);
        seen += 1;
    }
    assert_eq!(seen, 2);
}

#[test]
fn scores_tell_pool_and_held_out_apart() {
    let place = flux();
    let out = place.done("run flux.toml");
    for short in ["KA ↑", "POOL ↑", "ZS ↑", "GM ↑"] {
        assert!(out.contains(short), "{out}");
    }
    let run = RunDir::open(&place.runs("runs")[0]).unwrap();
    assert_eq!(run.manifest.stream.pool, [3, 4]);
    let end = row(&place, "runs", 3);
    let scores = run.scores(&[
        &metric::fomo::POOL,
        &metric::fomo::RETENTION,
        &metric::fomo::GEOMETRIC,
        &metric::fomo::ACCUMULATION,
    ]);
    let [pool, held] = [[3, 4], [5, 6]].map(|[a, b]| f64::midpoint(end[&a], end[&b]));
    assert!((scores.get(&metric::fomo::POOL).unwrap() - pool).abs() < 1e-12);
    assert!((scores.get(&metric::fomo::RETENTION).unwrap() - held).abs() < 1e-12);
    let kept = scores.get(&metric::fomo::ACCUMULATION).unwrap();
    assert!((scores.get(&metric::fomo::GEOMETRIC).unwrap() - (kept * held).sqrt()).abs() < 1e-12);
}
