//! Whole runs with texts: every method, resumed, evaluated, and in a folder.

use std::{fs, path::Path, sync::atomic::AtomicBool};

use burn::tensor::Device;
use clbench::{
    config::Setup,
    execute::{Outcome, execute},
    network::weights,
    primitives::{draws::Draws, theta::Theta},
    run::{Job, Run, Watch},
};
use clbench_results::{At, Retrieval, RunDir, read_retrieval};

use crate::{
    pictures::{setup, shelf},
    support::{self, Heard, Trace},
};

fn interrupted(setup: &Setup, cuts: &[u64]) -> Trace {
    let shelf = shelf();
    let (mut run, mut heard) = (Run::new(setup, 0, &shelf).unwrap(), Heard::default());
    let mut taken = 0;
    while !run.is_over() {
        if cuts.get(taken) == Some(&run.state.position.total) {
            taken += 1;
            run = Run::resume(setup, 0, &shelf, &run.save().unwrap()).unwrap();
        }
        run.advance(&mut heard).unwrap();
    }
    assert_eq!(taken, cuts.len());
    Trace::of(&run, heard)
}

#[test]
fn every_method_runs_and_goes_on_bit_for_bit() {
    for settings in [
        "method=finetune text.loss=siglip text.tokens.dropout=0.1",
        "method=joint",
        "method=ewc ewc.fisher=batch ewc.samples=20",
        "method=lora lora.rank=2",
        "method=lora lora.rank=2 lora.per=task text.lock=text",
        "method=lora lora.rank=2 lora.end=fold text.lock=image",
        "method=replay replay.capacity=20",
        "method=replay replay.capacity=20 replay.keep=herding",
        "method=ema net.batch_norm=true",
        "method=ewc+ema+replay ewc.fisher=batch ewc.samples=20 text.loss=siglip text.same=positives net.body=vit \
         net.patch=3 net.width=8 net.depth=1 net.heads=2",
    ] {
        let setup = setup(&settings.replace(" net.width=8", " net.width=8 net.dropout=0.0"));
        let straight = support::straight(&setup, 0, &shelf());
        assert_eq!(interrupted(&setup, &[1, 3]).differences(&straight), Vec::<&str>::new(), "{settings}");
        assert!(straight.heard.rows.iter().all(|row| row.accuracy.is_none()), "there are no logits: {settings}");
    }
}

#[test]
fn every_ordering_by_name_runs() {
    for order in ["random", "given", "class-frequency"] {
        let shelf = shelf();
        if !shelf.streams.orderings.iter().any(|entry| entry.name == order) {
            continue;
        }
        support::straight(&setup(&format!("stream.order={order}")), 0, &shelf);
    }
}

/// What a method keeps back for the end of an experience is enough, whatever the texts.
#[test]
fn a_budget_in_operations_is_kept() {
    for settings in [
        "method=ewc ewc.fisher=batch ewc.samples=20",
        "method=ema net.batch_norm=true",
        "method=replay",
        "method=replay replay.keep=herding",
    ] {
        let shelf = shelf();
        let setup = setup(&format!("{settings} budget.flops=2e8 budget.per=stream"));
        let (mut run, mut heard) = (Run::new(&setup, 0, &shelf).unwrap(), Heard::default());
        run.finish(&mut heard).unwrap();
        let charged = run.state.ledger.charged(None).flops;
        assert!((1e8..=2e8).contains(&(charged as f64)), "{settings}: {charged}");
    }
}

/// Chance is 1/6.
#[test]
fn classes_are_learned_by_their_names_and_by_captions_that_hold_them() {
    for settings in [
        "stream.dataset=bars-without-captions",
        "stream.dataset=bars-without-captions text.loss=siglip text.same=positives",
        "stream.dataset=bars",
    ] {
        let setup = setup(&format!("{settings} method=joint train.epochs=40 optim.rate=0.01"));
        let accuracy = support::straight(&setup, 0, &shelf()).accuracy();
        assert!(accuracy > 0.9, "{settings}: {accuracy}");
    }
}

/// Two classes are held out and answered by their names alone; nothing is said here of how well.
#[test]
fn held_out_classes_are_asked_by_their_names() {
    let setup = setup("stream.held_out_share=0.25 eval.shots=1");
    let trace = support::straight(&setup, 0, &shelf());
    let held: Vec<_> = trace.ends().into_iter().filter(|row| row.task == 3).collect();
    assert_eq!(held.len(), 3);
    assert!(held.iter().all(|row| row.n == 12 && row.margin.is_some()), "{held:?}");
}

struct Silent;

impl Watch for Silent {
    fn at(&self, _: u64, _: &Run) {}
    fn note(&self, _: u64, _: &str) {}
}

fn in_folder(setup: &Setup, runs: &Path, stop: bool) -> Outcome {
    execute(&Job { setup, seed: 0, runs, shelf: &shelf(), watch: &Silent, stop: &AtomicBool::new(stop) }).unwrap()
}

#[test]
fn retrieval_is_written_with_each_evaluation_and_the_same_after_a_break() {
    let setup = setup("stream.held_out_share=0.25 train.epochs=4 eval.every=3 checkpoint.every=2");
    let [whole, broken] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    assert_eq!(in_folder(&setup, whole.path(), false), Outcome::Complete);
    let mut breaks = 0;
    while in_folder(&setup, broken.path(), true) == Outcome::Interrupted {
        breaks += 1;
        assert!(breaks < 1000);
    }
    assert!(breaks > 5, "{breaks}");
    let of = |runs: &Path| fs::read(setup.place(runs, 0).join("retrieval.csv")).unwrap();
    assert_eq!(of(whole.path()), of(broken.path()));
    let place = setup.place(whole.path(), 0);
    let rows = read_retrieval(place.join("retrieval.csv")).unwrap();
    let records = RunDir::open(&place).unwrap().records;
    let moments = |task: usize| rows.iter().filter(|row| row.task == task).count();
    let recorded = |task: usize| records.iter().filter(|row| row.task == task).count();
    assert!((0..4).all(|task| moments(task) == recorded(task) && moments(task) > 4), "{rows:?}");
    let row: &Retrieval = rows.iter().find(|row| row.at == At::End).unwrap();
    assert_eq!((row.images, row.captions), (12, 4), "two classes of six, dim and bright");
    assert_eq!((row.image_to_text_5, row.text_to_image_10 >= row.text_to_image_5), (1.0, true));
}

#[test]
fn where_nothing_has_a_caption_or_there_are_no_texts_nothing_is_retrieved() {
    let runs = tempfile::tempdir().unwrap();
    let bare = setup("stream.dataset=bars-without-captions");
    in_folder(&bare, runs.path(), false);
    assert_eq!(read_retrieval(bare.place(runs.path(), 0).join("retrieval.csv")).unwrap(), []);
    let plain = support::setup("train.epochs=1");
    in_folder(&plain, runs.path(), false);
    assert!(!plain.place(runs.path(), 0).join("retrieval.csv").exists());
}

/// What is locked in the stream is trained on the pool before it.
#[test]
fn a_locked_side_comes_from_the_pretraining() {
    let setup = setup(
        "stream.pool_share=0.25 start.kind=pretrain start.epochs=2 text.lock=image keep.weights=true train.steps=2",
    );
    let runs = tempfile::tempdir().unwrap();
    assert_eq!(in_folder(&setup, runs.path(), false), Outcome::Complete);
    let parse = |bytes: &[u8]| weights::from_safetensors(bytes, &Device::flex()).unwrap();
    let mut starts = fs::read_dir(runs.path().join(".starts")).unwrap().map(|entry| entry.unwrap().path());
    let start = fs::read(starts.find(|path| path.extension().is_some_and(|end| end == "start")).unwrap()).unwrap();
    // Before the weights stand a line and a checksum of 32 bytes.
    let start = parse(start.strip_prefix(b"clbench start 1\n").unwrap().split_at(32).1);
    let end = parse(&fs::read(setup.place(runs.path(), 0).join("artifact/weights.safetensors")).unwrap());
    let drawn = setup.stack(&shelf()).unwrap().carrier.init(&Draws::of(0), &Device::flex());
    let body = |theta: &Theta| theta.get("body.0.weight").unwrap().bits();
    assert_eq!(body(&end.frozen), body(&start.theta));
    assert_ne!(body(&end.frozen), body(&drawn.frozen));
}
