//! Distributions over weights, networks per preference and hypernetworks, in whole runs on digits.

use burn::tensor::Device;
use clbench::{
    budget::Meter,
    network::predictor::Ask,
    primitives::{
        draws::Draws,
        scope::{Count, Scope},
    },
};
use clbench_results::{At, Record, Split, statistics::estimate::paired};

use crate::{
    host,
    support::{self, Trace, refusal, seeded, shelf, trace, up_to},
};

/// Five binary tasks with the same two labels.
const PAIRS: &str = "stream.kind=domain-incremental stream.tasks=5 net.widths=[] net.dropout=0 optim.rule=adamw \
                     optim.rate=0.01 optim.decay=0 train.epochs=40";
/// Tasks of two digits with heads of their own.
const TOLD: &str = "stream.kind=task-incremental stream.tasks=5 stream.classes_per_task=2 optim.rule=adamw \
                    optim.rate=0.003 optim.decay=0 train.epochs=10";

/// Mean accuracy at the end of models that answer single samples of a preference.
fn preferred(trace: &Trace) -> f64 {
    let last = trace.heard.records.iter().map(|row| row.experience).max();
    let rows: Vec<(f64, f64)> = trace
        .ends()
        .iter()
        .filter(|row| Some(row.experience) == last && row.split == Split::Test && !row.preference.is_empty())
        .map(|row| {
            let weights: Vec<f64> = row.preference.split(' ').map(|word| word.parse().expect("a weight")).collect();
            (weights[row.task], row.accuracy)
        })
        .collect();
    assert!(rows.len() > 5, "nothing was preferred");
    rows.iter().map(|(weight, accuracy)| weight * accuracy).sum::<f64>()
        / rows.iter().map(|(weight, _)| weight).sum::<f64>()
}

/// Mean accuracy at the end of all samples together, without a preference.
fn together(trace: &Trace) -> f64 {
    let last = trace.heard.records.iter().map(|row| row.experience).max();
    let whole = |row: &&Record| Some(row.experience) == last && row.preference.is_empty() && row.sample.is_none();
    let ends = trace.ends();
    let rows: Vec<f64> = ends.iter().filter(whole).map(|row| row.accuracy).collect();
    rows.iter().sum::<f64>() / rows.len() as f64
}

/// By how much the first settings reach more than the second, over five seeds; fails unless the 95 % interval lies
/// above 0.
fn helps(better: &str, worse: &str) -> f64 {
    let all = |settings: &str| -> Vec<(u64, f64)> {
        (0..5).map(|seed| (seed, seeded(&format!("{PAIRS} {settings}"), seed).accuracy())).collect()
    };
    let difference = paired(&all(better), &all(worse)).expect("seeds in common");
    let half = difference.half_width.expect("five seeds");
    assert!(difference.mean > half, "{better} against {worse}: {} ± {half}", difference.mean);
    difference.mean
}

#[test]
fn the_prior_keeps_what_fine_tuning_forgets() {
    helps("method=vcl", "method=finetune");
}

/// What a coreset does is compared with the same method without one, not with fine-tuning.
#[test]
fn a_coreset_helps_the_method_that_it_stands_beside() {
    helps("method=vcl+coreset", "method=vcl");
}

/// With tiny standard deviations, no divergence and means as answers, the means are trained as plain weights are.
#[test]
fn bayes_by_backprop_without_spread_is_fine_tuning() {
    for net in ["", "net.body=cnn net.channels=[4] net.hidden=16"] {
        let plain = trace(&format!("{net} method=finetune net.dropout=0"));
        let off = "bbb.init_std=1e-9 bbb.divergence=0 bbb.samples=0";
        let near = trace(&format!("{net} method=bbb {off} net.dropout=0"));
        for (path, bits) in &plain.theta {
            let apart =
                bits.iter().zip(&near.theta[path]).map(|(a, b)| (f32::from_bits(*a) - f32::from_bits(*b)).abs());
            let apart = apart.fold(0.0, f32::max);
            assert!(apart < 1e-4, "{path} on {net:?}: {apart}");
        }
        assert!((near.accuracy() - plain.accuracy()).abs() < 0.02);
    }
}

/// Withheld examples are in no batch, and all others are.
#[test]
fn a_coreset_is_kept_out_of_training() {
    let with = trace(&format!("{PAIRS} method=finetune+coreset coreset.size=20 train.epochs=1"));
    let plain = trace(&format!("{PAIRS} method=finetune train.epochs=1"));
    let examples = |trace: &Trace, experience: usize| {
        let train = |(of, phase, _): &(usize, _, _)| *of == experience && *phase == clbench::budget::Phase::Train;
        trace.ledger.iter().find(train).map(|(.., spent)| spent.examples).expect("it was trained")
    };
    for experience in 0..5 {
        assert_eq!(examples(&plain, experience) - examples(&with, experience), 20);
    }
    let all = refusal_of("method=finetune+coreset coreset.size=100000");
    assert!(all.contains("withholds all"), "{all}");
}

/// The farthest that an example of the first experience lies from the nearest withheld one: greedy centers have less
/// than twice the least that is possible (Gonzalez 1985), and less than drawn ones.
#[test]
fn centers_leave_no_example_far_away() {
    let farthest = |choose: &str| {
        let setup = support::setup(&format!(
            "{PAIRS} method=finetune+coreset coreset.choose={choose} coreset.size=20 train.epochs=1"
        ));
        let (run, _) = up_to(&setup, 0, 1, &shelf());
        let part = &run.stack().contributions[0].1;
        let feed = clbench::batch::Feed::new(&setup.stream, 0, Count::All);
        let pixels = |at: usize| -> Vec<f64> { feed.example(at).pixels.iter().map(|byte| f64::from(*byte)).collect() };
        let all: Vec<Vec<f64>> = (0..feed.len()).map(pixels).collect();
        let gap = |a: &Vec<f64>, b: &Vec<f64>| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
        assert_eq!(part.withholds().len(), 20);
        let nearest = |x: &Vec<f64>| part.withholds().iter().map(|at| gap(x, &all[*at])).fold(f64::INFINITY, f64::min);
        all.iter().map(nearest).fold(0.0, f64::max)
    };
    let (centers, drawn) = (farthest("k-center"), farthest("random"));
    assert!(centers < 0.9 * drawn, "{centers} and {drawn}");
}

fn refusal_of(settings: &str) -> String {
    let setup = support::setup(&format!("{PAIRS} {settings}"));
    let mut run = clbench::run::Run::new(&setup, 0, &shelf()).expect("a run");
    format!("{:#}", run.rehearse().expect_err("refused"))
}

#[test]
fn a_credal_set_answers_preferences_it_was_not_trained_for() {
    let asked = format!("{PAIRS} eval.random_preferences=4");
    let plain = trace(&format!("{PAIRS} method=finetune")).accuracy();
    // As the released code reads them, and trained as the others.
    let read = "ibcl.repo_compat=true ibcl.start=prior ibcl.against=examples ibcl.local=true ibcl.threshold=0";
    // Single networks of a mixture know one task best; a guess is right in one of two.
    for (settings, least) in [("", 0.7), ("ibcl.combine=linear", 0.8), ("ibcl.combine=sum", 0.83), (read, 0.83)] {
        let trace = trace(&format!("{asked} method=ibcl {settings}"));
        assert!(preferred(&trace) > least, "{settings}: {}", preferred(&trace));
        assert!(together(&trace) > plain, "{settings}: {} {plain}", together(&trace));
        // A step trains three posteriors, and asking costs no step.
        let once = support::trace(&format!("{PAIRS} method=ibcl {settings}"));
        assert_eq!(support::charged(&trace), support::charged(&once));
        assert_eq!(trace.theta, once.theta);
    }
    let for_each = trace(&format!("{asked} method=per-preference+replay"));
    assert!(preferred(&for_each) > plain, "{}", preferred(&for_each));
    let step = |trace: &Trace| trace.ledger.charged(Some(4)).flops;
    let one = trace(&format!("{PAIRS} method=per-preference+replay"));
    assert_eq!(step(&for_each), 4 * step(&one));
}

/// What lies nearer than d is not stored, and something stored stands for it.
#[test]
fn a_larger_distance_stores_fewer_posteriors() {
    let stored = |d: &str| {
        let setup = support::setup(&format!("{PAIRS} method=ibcl ibcl.threshold={d} train.epochs=2"));
        let (run, _) = up_to(&setup, 0, 5, &shelf());
        let frozen = &run.state.weights.frozen;
        assert!((0..5).all(|e| (0..3).all(|j| frozen.has(&format!("map.{e}.{j}")))));
        run.stack().carrier.answers_any(&run.state.weights).expect("whole");
        frozen.paths().filter(|path| path.starts_with("extreme.") && path.ends_with("head.weight")).count()
    };
    let counts = ["0", "1", "1e6"].map(stored);
    assert!(counts[0] == 15 && counts[2] == 1 && (1..15).contains(&counts[1]), "{counts:?}");
}

/// Another finished run's weights, or a part of them, are refused.
#[test]
fn weights_that_no_run_left_answer_nothing() {
    let setup = support::setup(&format!("{PAIRS} method=ibcl train.epochs=1"));
    let (run, _) = up_to(&setup, 0, 5, &shelf());
    let carrier = &run.stack().carrier;
    let whole = run.state.weights.clone();
    for path in ["map.4.2", "extreme.1.1.head.bias", "extreme.1.1.head.weight.rho", "now"] {
        let mut part = whole.clone();
        part.frozen.remove(path);
        assert!(carrier.answers_any(&part).is_err(), "{path}");
    }
    let mut odd = whole.clone();
    odd.theta.remove("q1.head.weight");
    assert!(carrier.answers_any(&odd).is_err());
    let mut far = whole.clone();
    let array = |values: Vec<f32>| {
        clbench::primitives::array::Array::new(&[values.len()], values, &burn::tensor::Device::flex())
    };
    for map in [[7.0, f32::NAN], [0.7, 0.2], [-5.0, -1.0], [4.0, 0.0], [0.0, 3.0]] {
        far.frozen.insert("map.0.0", array(map.to_vec()));
        assert!(carrier.answers_any(&far).is_err(), "{map:?}");
    }
    for value in [1e30, f32::NAN] {
        let mut wild = whole.clone();
        wild.frozen.insert("extreme.1.1.head.bias.rho", array(vec![0.0, value]));
        assert!(carrier.answers_any(&wild).is_err(), "{value}");
    }
}

#[test]
fn posteriors_are_clipped_apart() {
    let of = |settings: &str| {
        trace(&format!("{PAIRS} {settings} train.epochs=1 optim.rule=sgd optim.rate=0.05 optim.clip=0.05"))
    };
    let three = of("method=ibcl");
    let one = of("method=ibcl ibcl.priors=[0.2]");
    // The first of three goes the same way as alone, as far as its own draws allow: its matrix is drawn first.
    for (path, bits) in one.theta {
        assert_eq!(bits, three.theta[&path], "{path}");
    }
}

#[test]
fn a_hypernetwork_keeps_what_it_made() {
    let sharp = "hypernet.widths=[16] hypernet.chunk=500";
    let free = trace(&format!("{TOLD} method=hypernet {sharp} hypernet.strength=0"));
    let kept = trace(&format!("{TOLD} method=hypernet {sharp} hypernet.strength=1"));
    let first = |trace: &Trace| {
        let last = trace.heard.records.iter().map(|row| row.experience).max();
        let row =
            trace.heard.records.iter().find(|row| row.at == At::End && Some(row.experience) == last && row.task == 0);
        row.expect("it was asked").loss
    };
    assert!(first(&kept) < first(&free), "{} {}", first(&kept), first(&free));
    assert!(kept.accuracy() > 0.9, "{}", kept.accuracy());
    assert!(trace(&format!("{TOLD} method=hypernet {sharp} hypernet.mip=true")).accuracy() > 0.8);
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (settings, words) in [
        ("method=ibcl ibcl.priors=[]", "ibcl.priors = [] is not a list of 1 to 100"),
        ("method=ibcl ibcl.priors=[0.2,-1.0]", "each between 1e-12 and 1000000"),
        ("method=vcl vcl.prior_std=1e-20", "is not between 1e-12 and 1000000"),
        ("method=bbb bbb.init_std=1e9", "is not between 1e-12 and 1000000"),
        ("method=ibcl eval.preferences=[[1e308,1e308,0.0,0.0,0.0]]", "and with a finite sum"),
        ("method=ibcl eval.preferences=[[inf,0.0,0.0,0.0,0.0]]", "and with a finite sum"),
        ("method=gem gem.form=average gem.margin=0.1", "has neither margin nor ridge"),
        ("method=ibcl stream.kind=task-incremental stream.classes_per_task=2", "`ibcl` needs one head for all tasks"),
        ("method=ibcl ibcl.hdr_mass=0", "ibcl.hdr_mass = 0 is not above 0"),
        ("method=ibcl ibcl.draw=uniform", "is no box to draw from uniformly"),
        ("method=ibcl ibcl.combine=linear ibcl.draw=uniform ibcl.hdr_mass=1", "is all of space"),
        ("method=ibcl ibcl.combine=sum ibcl.repo_compat=true", "leave ibcl.combine and ibcl.draw out"),
        ("method=ibcl+ewc", "`ibcl` has several posteriors"),
        ("method=vcl+lora", "`vcl` has distributions in their place"),
        ("method=ibcl net.batch_norm=true", "needs a network without running statistics"),
        ("method=vcl vcl.per=preference net.batch_norm=true", "cannot share running statistics"),
        ("method=finetune eval.random_preferences=3", "depend on no preference"),
        ("method=ibcl eval.random_preferences=20000", "is not a whole number between 0 and 10000"),
        ("method=hypernet", "needs the task's identity"),
        (
            "method=hypernet head.train=task head.test=task hypernet.widths=[0]",
            "hypernet.widths = [0] is not a list of up to 16",
        ),
        (
            "method=hypernet head.train=task head.test=task hypernet.chunk=16000000 hypernet.widths=[60000]",
            "has more than",
        ),
    ] {
        let said = refusal(&shelf(), settings);
        assert!(said.contains(words), "{settings}: {said}");
    }
}

/// Embeddings of earlier tasks stay where they were learned; what makes weights out of them goes on.
#[test]
fn a_hypernetwork_moves_no_earlier_tasks_embedding() {
    let setup = support::setup(&format!("{TOLD} method=hypernet hypernet.strength=1 optim.decay=0.1"));
    let embeddings = |experiences| {
        let (run, _) = up_to(&setup, 0, experiences, &shelf());
        (0..5)
            .map(|task| run.state.weights.theta.get(&format!("task.{task}")).expect("a task").bits())
            .collect::<Vec<_>>()
    };
    let (two, three) = (embeddings(2), embeddings(3));
    assert_eq!(two[..2], three[..2]);
    assert_ne!(two[2], three[2]);
}

/// What was withheld is learned before answering, by each preference's network, too.
#[test]
fn a_coreset_reaches_networks_per_preference() {
    for method in ["per-preference+coreset", "vcl+coreset vcl.per=preference"] {
        let learned = |steps: u32| {
            let settings = "coreset.size=40 coreset.rate=0.01 train.epochs=1 eval.random_preferences=2";
            let setup = support::setup(&format!("{PAIRS} method={method} {settings} coreset.steps={steps}"));
            let (run, _) = up_to(&setup, 0, 1, &shelf());
            let withheld = run.stack().contributions[0].1.withholds().to_vec();
            let batch = clbench::batch::Feed::new(&setup.stream, 0, Count::All).batch(&withheld, &Device::flex());
            let ask = Ask::new(Scope::All, &setup.net.heads, Draws::of(0), &Meter::default());
            let scores = run.predictor().unwrap().scores(batch.inputs, &ask);
            let scores: Vec<f32> = scores.into_data().try_to_vec().unwrap();
            let rows = scores.chunks(2).zip(&batch.targets);
            let doubles = |row: &[f32]| row.iter().copied().map(f64::from).collect::<Vec<_>>();
            rows.map(|(row, label)| -host::softmax(&doubles(row))[*label].ln()).sum::<f64>() / 40.0
        };
        let [more, few, one] = [100, 30, 1].map(learned);
        // A posterior of such small deviations is held where it was by itself as a prior: it moves, and need not gain.
        let reached = (more - one).abs() > 0.05 * one;
        let learned = more < 0.9 * few && few < 0.9 * one;
        assert!(if method.starts_with("vcl") { reached } else { learned }, "{method}: {more} {few} {one}");
    }
}

/// Each step updates as many networks as there are posteriors or preferences.
#[test]
fn a_step_says_how_many_networks_it_updates() {
    for (settings, networks) in [
        ("method=finetune", 1),
        ("method=vcl", 1),
        ("method=ibcl ibcl.priors=[0.2,0.3]", 2),
        ("method=per-preference eval.random_preferences=4", 4),
    ] {
        let trace = trace(&format!("{PAIRS} {settings} train.epochs=1"));
        // Before there are two tasks there is one preference.
        let last = trace.horizons.last().expect("an experience").networks;
        assert_eq!(last, networks, "{settings}");
    }
}

/// A standard deviation may be tiny or huge, and is what was said.
#[test]
fn deviations_of_any_size_train() {
    for (settings, prefix, std) in [
        ("method=ibcl ibcl.priors=[100.0]", "q0.", 100.0),
        ("method=vcl vcl.init_std=1e-9 vcl.prior_std=1e5", "", 1e-9),
        ("method=bbb bbb.init_std=30 bbb.prior_std=30", "", 30.0),
    ] {
        let setup = support::setup(&format!("{PAIRS} {settings} train.epochs=1"));
        let run = clbench::run::Run::new(&setup, 0, &shelf()).expect("a run");
        let rho = run.state.weights.theta.get(&format!("{prefix}head.weight.rho")).expect("a deviation").values();
        let off = rho.iter().map(|rho| (f64::from(*rho).exp().ln_1p() / std - 1.0).abs()).fold(0.0, f64::max);
        assert!(off < 1e-4, "{settings}: {off}");
        support::straight(&setup, 0, &shelf());
    }
    // So narrow a posterior under so wide a prior is trained as plain weights are.
    let [narrow, plain] = ["method=bbb bbb.init_std=1e-9 bbb.prior_std=1e5", "method=finetune"]
        .map(|settings| trace(&format!("{PAIRS} {settings} train.epochs=2")).accuracy());
    assert!((narrow - plain).abs() < 0.02 && plain > 0.55, "{narrow} {plain}");
}
