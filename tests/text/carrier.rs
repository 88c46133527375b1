//! What the dual encoder trains and answers.

use std::sync::Arc;

use burn::tensor::{Device, Tensor};
use clbench::{
    batch::{Batch, Feed},
    budget::{Meter, Phase},
    config::Setup,
    network::{
        pass::{Mode, Pass, Weights},
        predictor::Ask,
    },
    primitives::{
        array::Array,
        draws::Draws,
        scope::{Count, Scope},
    },
    run::Run,
};

use crate::{
    pictures::{setup, shelf},
    support::{Heard, Trace},
};

fn weights(setup: &Setup) -> Weights {
    setup.stack(&shelf()).unwrap().carrier.init(&Draws::of(0), &Device::flex())
}

/// Scales cosines by nothing: every pair has logit 0, so that the loss is the logarithm of the batch's length.
fn blind(weights: &mut Weights) {
    weights.theta.insert("pair.scale", Array::filled(&[1], -200.0, &Device::flex()));
}

fn loss(setup: &Setup, weights: &Weights, batch: &Batch) -> f64 {
    let carrier = setup.stack(&shelf()).unwrap().carrier;
    let mut pass = Pass::plain(weights, Mode::Eval, &Meter::default());
    f64::from(carrier.loss(&mut pass, batch).loss.into_scalar::<f32>())
}

fn ask(setup: &Setup, scope: Scope) -> Ask {
    Ask::new(scope, &setup.net.heads, Draws::of(0), &Meter::default())
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

#[test]
fn what_an_environment_brings_back_is_a_negative_of_what_is_new() {
    let setup = setup("stream.environment=cumulative");
    let feed = Feed::new(&setup.stream, 1, Count::All);
    let new: Vec<usize> = (0..feed.len()).filter(|at| feed.is_new(*at)).take(3).collect();
    let back: Vec<usize> = (0..feed.len()).filter(|at| !feed.is_new(*at)).take(3).collect();
    let mut weights = weights(&setup);
    blind(&mut weights);
    let of = |indices: &[usize]| loss(&setup, &weights, &feed.batch(indices, &Device::flex()));
    assert!((of(&new) - 3.0_f64.ln()).abs() < 1e-6 && (of(&back) - 3.0_f64.ln()).abs() < 1e-6);
    assert!((of(&[new, back].concat()) - 6.0_f64.ln()).abs() < 1e-6);
}

#[test]
fn what_a_mixture_brings_back_is_a_negative_of_what_is_new() {
    let setup = setup("mixture.update=0.5 mixture.buffer=0.5 optim.rate=1e-30 optim.decay=0");
    let shelf = shelf();
    let (mut run, mut heard) = (Run::new(&setup, 0, &shelf).unwrap(), Heard::default());
    blind(&mut run.state.weights);
    run.finish(&mut heard).unwrap();
    let late: Vec<_> = heard.rows.iter().filter(|row| row.experience == 3).collect();
    assert!(!late.is_empty());
    assert!(run.state.ledger.iter().any(|(at, phase, spent)| at == 2 && phase == Phase::Train && spent.replayed > 0));
    let full = late.iter().filter(|row| (row.loss - 16.0_f64.ln()).abs() < 1e-5).count();
    assert!(full + 1 >= late.len(), "every batch but the last holds 16: {late:?}");
}

/// Two texts by hand: each template's vector has length 1, a class is their mean brought to length 1 again.
#[test]
fn a_class_is_the_mean_of_its_templates() {
    let setup = setup(r#"text.templates=["a-{}","{}!"]"#);
    let carrier = setup.stack(&shelf()).unwrap().carrier;
    let weights = weights(&setup);
    let predictor = carrier.predictor(&weights);
    let (device, ask) = (Device::flex(), ask(&setup, Scope::All));
    let inputs = Feed::new(&setup.stream, 0, Count::All).batch(&[0, 13], &device).inputs;
    let images = predictor.features(inputs.clone(), &ask).unwrap();
    let lengths = values((images.clone() * images.clone()).sum_dim(1));
    assert!(lengths.iter().all(|length| (length - 1.0).abs() < 1e-5), "{lengths:?}");
    let (images, scores) = (values(images), values(predictor.scores(inputs.clone(), &ask)));
    let scale = weights.theta.get("pair.scale").unwrap().values()[0].exp();
    assert!((scale - 1.0 / 0.07).abs() < 1e-4, "{scale}");
    for (class, title) in setup.stream.titles.iter().enumerate() {
        let said = [format!("a-{title}"), format!("{title}!")];
        let said: Vec<&str> = said.iter().map(String::as_str).collect();
        let texts = values(predictor.texts(&said, &device, &ask).unwrap());
        let mean: Vec<f32> = (0..16).map(|k| f32::midpoint(texts[k], texts[16 + k])).collect();
        let length = mean.iter().map(|x| x * x).sum::<f32>().sqrt();
        for row in 0..2 {
            let product: f32 = (0..16).map(|k| images[16 * row + k] * mean[k] / length).sum();
            let score = scores[setup.stream.classes.len() * row + class];
            assert!((product * scale - score).abs() < 1e-4, "{title}: {} {score}", product * scale);
        }
    }
    let names: Vec<String> = setup.stream.titles.iter().map(ToString::to_string).collect();
    let named = values(predictor.named(inputs.clone(), &names, &ask).unwrap());
    assert_eq!(named, scores, "names of the stream's classes are its classes");
    let scoped = values(predictor.scores(inputs, &self::ask(&setup, Scope::Task(1))));
    let out = scoped.iter().filter(|score| **score < -1e8).count();
    assert_eq!(out, 2 * 4, "four of six classes are out of scope");
}

#[test]
fn captions_are_said_as_they_are_and_names_in_a_template() {
    let device = Device::flex();
    let losses = ["bars", "bars-without-captions"].map(|dataset| {
        let of = |template: &str| {
            let setup = setup(&format!(r#"stream.dataset={dataset} text.templates=["{template}"]"#));
            let batch = Feed::new(&setup.stream, 0, Count::All).batch(&[0, 1, 12, 13], &device);
            loss(&setup, &weights(&setup), &batch)
        };
        (of("{}"), of("one-{}"))
    });
    assert_eq!(losses[0].0, losses[0].1, "templates do not touch captions");
    assert!(losses[1].0 != losses[1].1, "{losses:?}");
}

#[test]
fn several_templates_are_drawn_in_training_and_nothing_is_drawn_otherwise() {
    let setup = setup(r#"stream.dataset=bars-without-captions text.templates=["{}","a-{}","the-{}","two-{}"]"#);
    let (carrier, weights) = (setup.stack(&shelf()).unwrap().carrier, weights(&setup));
    let batch = Feed::new(&setup.stream, 0, Count::All).batch(&[0, 1, 12, 13], &Device::flex());
    let of = |mode: Mode| {
        let mut pass = Pass::plain(&weights, mode, &Meter::default());
        carrier.loss(&mut pass, &batch).loss.into_scalar::<f32>().to_bits()
    };
    let train = |step: u64| of(Mode::Train(Draws { step, ..Draws::of(0) }));
    let steps: std::collections::BTreeSet<u32> = (0..6).map(train).collect();
    assert!(steps.len() > 1, "six steps drew the same");
    assert_eq!(train(3), train(3));
    assert_eq!(of(Mode::Eval), of(Mode::Eval));
}

/// All parts but the locked one are counted as trained, the locked one forward only.
#[test]
fn a_locked_side_is_frozen_and_cheaper() {
    let shelf = shelf();
    let priced = |lock: &str| {
        let setup = setup(&format!("text.lock={lock} net.batch_norm=true"));
        let mut run = Run::new(&setup, 0, &shelf).unwrap();
        let (frozen, buffers) = (run.state.weights.frozen.bits(), run.state.weights.buffers.bits());
        run.finish(&mut Heard::default()).unwrap();
        let state = &run.state;
        assert_eq!(state.weights.frozen.bits(), frozen, "{lock}");
        assert_eq!(state.weights.buffers.bits() == buffers, lock == "image", "{lock}");
        (state.price.flops, frozen.into_keys().collect::<Vec<_>>())
    };
    let [(all, none), (image, body), (text, side)] = ["none", "image", "text"].map(priced);
    assert!(none.is_empty());
    assert!(!body.is_empty() && body.iter().all(|path| path.starts_with("body.")), "{body:?}");
    assert!(side.len() > 10 && side.iter().all(|path| path.starts_with("text.body.")), "{side:?}");
    // The body is one matrix [108, 24]: its forward pass stays, its weight's gradient goes, and so does that of what
    // the projection [24, 16] sees.
    assert_eq!(all - image, 2 * 16 * (108 * 24 + 24 * 16));
    assert!(text < all);
}

#[test]
fn the_scale_is_brought_back_to_its_bound() {
    let shelf = shelf();
    let setup = setup("optim.rule=sgd optim.rate=0.5");
    let mut run = Run::new(&setup, 0, &shelf).unwrap();
    run.state.weights.theta.insert("pair.scale", Array::filled(&[1], 9.0, &Device::flex()));
    let mut heard = Heard::default();
    run.advance(&mut heard).unwrap();
    let scale = run.state.weights.theta.get("pair.scale").unwrap().values()[0];
    assert!(scale < 7.0 && (scale - 100.0_f32.ln()).abs() > 1e-6, "one step from ln 100 = 4.6 and not from 9: {scale}");
}

#[test]
fn equal_texts_of_one_batch_are_what_the_file_says() {
    let device = Device::flex();
    let of = |same: &str, indices: &[usize]| {
        let setup = setup(&format!("stream.dataset=bars-without-captions text.loss=siglip text.same={same}"));
        let batch = Feed::new(&setup.stream, 0, Count::All).batch(indices, &device);
        assert_eq!(batch.texts[0], Arc::from("red above"));
        loss(&setup, &weights(&setup), &batch)
    };
    assert_eq!(of("negatives", &[0, 12]), of("positives", &[0, 12]), "two classes");
    assert!(of("negatives", &[0, 1, 12]) != of("positives", &[0, 1, 12]), "one class twice");
}

#[test]
fn two_runs_in_one_process_are_the_same() {
    let (setup, shelf) = (setup("method=ema text.tokens.dropout=0.1"), shelf());
    let run = || {
        let (mut run, mut heard) = (Run::new(&setup, 3, &shelf).unwrap(), Heard::default());
        run.finish(&mut heard).unwrap();
        Trace::of(&run, heard)
    };
    assert_eq!(run().differences(&run()), Vec::<&str>::new());
}
