//! What all adapters and partial tuning promise: where they begin, what they leave alone, whose answers they give.

use clbench::{
    network::pass::Weights,
    primitives::{scope::Scope, theta::Theta},
    run::Run,
};

use crate::{
    host,
    support::{self, Bits, Heard, setup, trace},
};

/// Networks with matrices, with kernels, and with attention.
const NETS: [&str; 3] = [
    "net.widths=[24,16] net.dropout=0",
    "net.body=cnn net.channels=[4,6] net.hidden=16 net.batch_norm=true optim.rate=0.02",
    "net.body=vit net.patch=2 net.width=8 net.depth=1 net.heads=2 train.batch=64 optim.rate=0.02",
];

const ADAPTERS: [&str; 5] = ["lora", "dora", "vera", "olora", "inflora"];

/// A stream whose tasks are told.
const TOLD: &str = "stream.kind=task-incremental stream.tasks=3 stream.classes_per_task=2 stream.partial=true";

fn answers(run: &Run) -> Vec<f64> {
    let scores = support::scores(&*run.predictor().unwrap(), &setup(""), Scope::All, 20);
    scores.concat().into_iter().map(f64::from).collect()
}

#[test]
fn a_new_adapter_of_any_kind_changes_no_answer() {
    for net in NETS {
        for method in ADAPTERS {
            let setup = setup(&format!("{net} method={method} {method}.rank=4"));
            let mut run = Run::new(&setup, 0, &support::shelf()).unwrap();
            let before = answers(&run);
            run.rehearse().unwrap();
            let adapted = run.state.weights.frozen.paths().filter(|path| path.ends_with(".weight")).count();
            assert!(adapted >= 2, "{net}: {method} has frozen {adapted} matrices");
            // A length divided by itself, and a bias added after it, round once more.
            host::close(&format!("{net}: {method}"), &answers(&run), &before, 1e-5);
        }
    }
}

#[test]
fn folded_and_kept_adapters_are_the_same_function() {
    for net in NETS {
        for method in ["lora", "dora", "vera"] {
            let of = |end: &str| {
                let setup = setup(&format!("{net} method={method} {method}.rank=4 {method}.end={end} stream.tasks=1"));
                let (run, _) = support::up_to(&setup, 0, 1, &support::shelf());
                (answers(&run), run.state.weights.frozen.is_empty())
            };
            let ((kept, _), (folded, nothing_frozen)) = (of("keep"), of("fold"));
            host::close(&format!("{net}: {method}"), &folded, &kept, 1e-4);
            assert!(nothing_frozen, "{net}: {method}");
        }
    }
}

#[test]
fn every_adapter_learns_and_its_matrices_stay() {
    for method in ADAPTERS {
        let net = NETS[0];
        let setup = setup(&format!("{net} method={method}+freeze {method}.rank=4 stream.tasks=2"));
        let mut run = Run::new(&setup, 0, &support::shelf()).unwrap();
        let start = run.state.weights.theta.bits();
        run.advance(&mut Heard::default()).unwrap();
        let at = |weights: &Weights, path: &str| weights.frozen.bits()[path].clone();
        assert_eq!(at(&run.state.weights, "body.0.weight"), start["body.0.weight"], "{method}");
        assert_eq!(at(&run.state.weights, "body.0.bias"), start["body.0.bias"], "{method}");
        // Of two classes, where a guess is right in one of two.
        let accuracy = trace(&format!("{net} method={method} {method}.rank=4 stream.tasks=1")).accuracy();
        assert!(accuracy > 0.9, "{method} reaches {accuracy}");
    }
}

#[test]
fn routed_adapters_forget_nothing() {
    for method in ["lora", "dora", "vera"] {
        for net in &NETS[..2] {
            let run =
                trace(&format!("{TOLD} {net} method={method} {method}.rank=2 {method}.per=task {method}.end=route"));
            let ends = run.ends();
            let of = |task: usize, after: usize| {
                let row = ends.iter().find(|row| row.task == task && row.experience == after).unwrap();
                (row.accuracy.to_bits(), row.loss.to_bits())
            };
            // Task t is learned in experience t + 1, and answered as the stream began before.
            for task in 0..3 {
                let now = task + 1;
                assert!((now..=3).all(|after| of(task, after) == of(task, now)), "{method}, task {task} of {net}");
                assert!((1..now).all(|after| of(task, after) == of(task, 1)), "{method}, task {task} of {net}");
            }
            // Told the task, a guess among its two classes is right in one of two.
            assert!(run.accuracy() > 0.6, "{method} of {net}: {}", run.accuracy());
        }
    }
    let plain = trace(&format!("{TOLD} {} method=lora", NETS[0])).ends();
    let first = |after: usize| plain.iter().find(|row| row.task == 0 && row.experience == after).unwrap().loss;
    assert!(first(3).to_bits() != first(1).to_bits(), "without routes the first task is not left alone");
}

#[test]
fn only_the_chosen_matrices_of_attention_are_adapted() {
    let adapted = |on: &str| {
        let setup = setup(&format!("{} method=lora lora.on={on}", NETS[2]));
        let mut run = Run::new(&setup, 0, &support::shelf()).unwrap();
        run.rehearse().unwrap();
        let theta = &run.state.weights.theta;
        assert!(!theta.paths().any(|path| path.starts_with("body.") && path.ends_with(".weight")), "{on}");
        theta.paths().filter_map(|path| path.strip_suffix(".lora0.a")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(adapted("query-value"), ["body.0.query", "body.0.value"]);
    assert_eq!(adapted("key-value"), ["body.0.key", "body.0.value"]);
    assert_eq!(adapted("attention"), ["body.0.key", "body.0.out", "body.0.query", "body.0.value"]);
    assert_eq!(adapted("all").len(), 7);
}

/// Weights of the body that differ between the start and the end of a run.
fn moved(settings: &str) -> Vec<String> {
    let setup = setup(settings);
    let start = Run::new(&setup, 0, &support::shelf()).unwrap().state.weights.theta.bits();
    let end = trace(settings);
    let of = |bits: &Bits| -> Bits {
        bits.iter().filter(|(path, _)| path.starts_with("body.")).map(|(p, b)| (p.clone(), b.clone())).collect()
    };
    let mut now = of(&end.theta);
    now.extend(of(&end.frozen));
    assert!(end.theta["head.weight"] != start["head.weight"], "the head is trained");
    of(&start).into_iter().filter(|(path, bits)| now[path] != *bits).map(|(path, _)| path).collect()
}

#[test]
fn partial_tuning_moves_its_part_and_the_head() {
    let ends = |settings: &str, ends: &[&str]| {
        let moved = moved(settings);
        assert!(!moved.is_empty() && moved.iter().all(|path| ends.iter().any(|end| path.ends_with(end))), "{moved:?}");
    };
    for net in NETS {
        ends(&format!("{net} method=bitfit"), &[".bias"]);
        assert_eq!(moved(&format!("{net} method=freeze")), Vec::<String>::new());
    }
    ends(&format!("{} method=norms", NETS[1]), &[".gamma", ".beta"]);
    ends(&format!("{} method=norms", NETS[2]), &[".gamma", ".beta"]);
}

#[test]
fn statistics_of_a_frozen_body_stay() {
    let buffers = |method: &str| trace(&format!("{} method={method}", NETS[1])).buffers;
    let start = Run::new(&setup(NETS[1]), 0, &support::shelf()).unwrap().state.weights.buffers.bits();
    assert_eq!(buffers("freeze"), start);
    assert_eq!(buffers("bitfit"), start);
    assert_ne!(buffers("norms"), start);
    assert_ne!(buffers("lora"), start);
}

/// A frozen body asks for no gradients below the first trained layer, and a step shows it.
#[test]
fn a_frozen_body_makes_steps_cheaper() {
    let step = |method: &str| {
        let setup = setup(&format!("{} method={method}", NETS[0]));
        let mut run = Run::new(&setup, 0, &support::shelf()).unwrap();
        run.rehearse().unwrap();
        run.state.price.flops
    };
    // 16 examples; layers 64→24→16→6; forward, and for the head the gradient of its weights.
    let macs = [64 * 24, 24 * 16, 16 * 6].map(|macs| 2 * 16 * macs);
    assert_eq!(step("freeze"), macs[0] + macs[1] + 2 * macs[2]);
    assert_eq!(step("finetune"), 2 * macs[0] + 3 * macs[1] + 3 * macs[2]);
}

/// With the inputs' energy held back but for its last direction, the second experience hardly moves a matrix: only
/// where next to nothing of the first was.
#[test]
fn inflora_leaves_earlier_inputs_alone() {
    let distance = |energy: &str| {
        let setup = setup(&format!(
            "{} method=inflora+freeze inflora.rank=8 inflora.energy={energy} inflora.energy_end={energy} \
             stream.tasks=2",
            NETS[0]
        ));
        let [one, two] = [1, 2].map(|experiences| {
            let (run, _) = support::up_to(&setup, 0, experiences, &support::shelf());
            host::values(&run.state.weights.theta, "body.0.weight")
        });
        one.iter().zip(two).map(|(a, b)| (a - b).powi(2)).sum::<f64>()
    };
    let (free, held) = (distance("0"), distance("1"));
    assert!(held < 1e-3 * free, "free {free}, held {held}");
}

/// λ₁ · Σ over layers and earlier adapters of all `|AᵢᵀA|`, from the weights that the step began with.
#[test]
fn the_penalty_of_olora_is_the_overlap_of_directions() {
    for net in &NETS[..2] {
        let setup = setup(&format!("{net} method=olora olora.rank=3 olora.strength=0.25 log.every=1"));
        let (mut run, _) = support::up_to(&setup, 0, 2, &support::shelf());
        // The third experience begins with adapters of its own; what they are is drawn before its first step.
        run.rehearse().unwrap();
        let weights = run.state.weights.clone();
        let mut sum = 0.0;
        for path in weights.theta.paths().filter(|path| path.ends_with(".lora2.a")) {
            let rows = |theta: &Theta, path: &str| {
                let (shape, values) = (theta.get(path).unwrap().shape.clone(), host::values(theta, path));
                let at = |rank: usize, input: usize| match shape[..] {
                    [_, columns] => values[input * columns + rank],
                    _ => values[rank * (values.len() / 3) + input],
                };
                (0..3)
                    .map(|rank| (0..values.len() / 3).map(|input| at(rank, input)).collect())
                    .collect::<Vec<Vec<f64>>>()
            };
            let new = rows(&weights.theta, path);
            for old in ["lora0", "lora1"] {
                let old = rows(&weights.frozen, &path.replace("lora2", old));
                let dot = |a: &Vec<f64>, b: &Vec<f64>| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>().abs();
                sum += new.iter().flat_map(|a| old.iter().map(move |b| dot(a, b))).sum::<f64>();
            }
        }
        let (mut again, _) = support::up_to(&setup, 0, 2, &support::shelf());
        let mut heard = Heard::default();
        again.advance(&mut heard).unwrap();
        let term = heard.rows[0].terms[1].unwrap();
        assert!(sum > 0.1 && (term - 0.25 * sum).abs() < 1e-5 * sum, "{net}: {term} is not {}", 0.25 * sum);
    }
}

#[test]
fn adapters_are_refused_where_they_contradict_each_other() {
    let refused = |settings: &str, words: &str| {
        let said = support::refusal(&support::shelf(), settings);
        assert!(said.contains(words), "{settings}: {said}");
    };
    refused(
        "method=lora+dora",
        "`lora` does not go with `dora`: it needs to say which adapters are trained, and `dora` says so",
    );
    refused("method=bitfit+freeze", "it needs to say which part of the body is trained, and `freeze` says so itself");
    refused(
        "method=lora lora.per=task lora.end=route",
        "`lora` needs the task's identity, in training and in evaluation",
    );
    refused(&format!("{TOLD} method=lora lora.end=route"), "set per=\"task\"");
    refused(
        &format!("{TOLD} method=lora+ema lora.per=task lora.end=route"),
        "`ema` does not go with `lora`: it needs one set of weights for all tasks, and `lora` has weights for each \
         task",
    );
    refused("method=lora lora.on=attention", "`lora` needs attention in the body; choose a network that has some");
    refused("net.widths=[] net.dropout=0 method=bitfit", "`bitfit` needs a bias in the body");
    refused("method=norms", "`norms` needs a layer that normalises in the body");
    refused("method=freeze+lora", "write method=lora+freeze");
}
