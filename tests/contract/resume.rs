//! A run that is cut goes on to the same bits, and only as itself.

use std::path::Path;

use anyhow::Result;
use clbench::{
    config::{Setup, Shelf},
    data::{Dataset, Source, Split},
    run::Run,
};

use crate::{
    spy::shelf,
    support::{self, Heard, Trace, setup},
};

/// Before the first step, in the middle of an epoch, at its last step, between experiences, at the first and second
/// step of one, and at the end.
fn cuts(steps: u64) -> [u64; 8] {
    [0, 1, 7, steps - 1, steps, steps + 1, steps + 2, 2 * steps]
}

fn interrupted(setup: &Setup) -> (Trace, usize) {
    let shelf = support::shelf();
    let (mut run, mut heard) = (Run::new(setup, 0, &shelf).unwrap(), Heard::default());
    let mut cuts = cuts(setup.stream.experiences[0].len().div_ceil(setup.config.train.batch) as u64).to_vec();
    let mut taken = 0;
    loop {
        if cuts.first() == Some(&run.state.position.total) {
            cuts.remove(0);
            taken += 1;
            let saved = run.save().unwrap();
            run = Run::resume(setup, 0, &shelf, &saved).unwrap();
            assert!(run.save().unwrap() == saved, "what is saved twice differs");
        }
        if run.is_over() {
            return (Trace::of(&run, heard), taken);
        }
        run.advance(&mut heard).unwrap();
    }
}

fn resumes(settings: &str) {
    let setup = setup(settings);
    let (trace, cuts) = interrupted(&setup);
    assert!(cuts >= 5, "{settings}: {cuts} cuts");
    assert_eq!(trace.differences(&support::straight(&setup, 0, &support::shelf())), Vec::<&str>::new(), "{settings}");
}

#[test]
fn resumed_is_straight_bit_for_bit() {
    for settings in [
        "method=finetune optim.momentum=0.9 optim.reset=false",
        "method=ewc+ema ewc.samples=20",
        "method=si+ema si.strength=1 eval.every=5 optim.reset=false",
        "method=derpp derpp.capacity=40 eval.every=5",
        "method=ewc ewc.form=per-task ewc.samples=20 optim.rule=adamw optim.rate=0.01 optim.reset=false",
        "method=replay+ema replay.capacity=40 eval.every=5",
        "method=lora+ewc ewc.samples=20",
        "method=lora lora.per=stream lora.end=fold",
        "method=lora lora.per=task lora.end=fold optim.rule=adamw optim.rate=0.01 optim.reset=false",
        "method=lora lora.per=task lora.end=keep",
        "method=dora dora.rank=2 dora.per=task dora.end=keep",
        "method=vera+freeze vera.rank=4 vera.per=task vera.end=fold",
        "method=olora olora.rank=2",
        "method=inflora inflora.rank=2 inflora.samples=40",
        "stream.kind=task-incremental stream.tasks=3 stream.classes_per_task=2 stream.partial=true method=lora \
         lora.per=task lora.end=route",
        "method=bitfit optim.rule=galore optim.rate=0.01 optim.rank=2 optim.gap=5 optim.reset=false",
        "method=joint",
        "method=vcl+coreset coreset.size=10 coreset.steps=5 eval.every=5 optim.rule=adamw optim.rate=0.01",
        "method=ibcl ibcl.threshold=1.5 ibcl.samples=2 eval.random_preferences=2 eval.every=5 optim.reset=false",
        "method=per-preference+gem gem.capacity=20 eval.random_preferences=2 optim.momentum=0.9",
        "method=replay+vcl vcl.per=preference replay.capacity=40 eval.random_preferences=2 optim.rule=adamw \
         optim.rate=0.01",
        "stream.kind=task-incremental stream.tasks=3 stream.classes_per_task=2 stream.partial=true method=hypernet \
         hypernet.widths=[8] hypernet.chunk=100 hypernet.regularised=1 hypernet.mip=true optim.rule=adamw \
         optim.rate=0.01",
        "method=ema-merge+ewc ewc.samples=20",
        "method=time-all-unrolled time-all-unrolled.rule=dare-ties time-all-unrolled.density=0.9 \
         time-all-unrolled.scale=0.5 net.batch_norm=true",
        "method=zs-merge zs-merge.rule=fisher zs-merge.samples=20 zs-merge.head=last",
        "method=ft-merge ft-merge.rule=ties optim.rule=adamw optim.rate=0.01 optim.reset=false",
    ] {
        resumes(settings);
    }
}

#[test]
fn resumed_is_straight_for_residual_networks() {
    resumes(
        "stream.kind=task-incremental stream.tasks=3 stream.classes_per_task=2 stream.partial=true net.body=resnet18 \
         net.width=2 optim.rule=adamw optim.rate=0.01 optim.clip=1.0 optim.reset=false schedule.shape=cosine \
         schedule.warmup=0.1 train.batch=32 method=ewc+ema ewc.samples=8",
    );
}

#[test]
fn resumed_is_straight_for_transformers() {
    resumes(
        "net.body=vit net.patch=2 net.width=8 net.depth=1 net.heads=2 net.dropout=0.2 optim.rule=adamw optim.rate=0.01 \
         method=replay replay.capacity=40 stream.kind=rotated stream.tasks=2 train.batch=128",
    );
}

/// Under a cap, with steps that grow dearer: prices, reserves and horizons are part of what is saved.
#[test]
fn resumed_is_straight_under_a_cap() {
    resumes("method=replay+ewc replay.capacity=100 replay.batch=8 ewc.samples=20 budget.flops=9e6 train.epochs=2");
    resumes("method=replay replay.capacity=60 budget.examples=1200 budget.per=stream");
}

fn refused(saved: &[u8], settings: &str, shelf: &Shelf) -> String {
    let setup = support::try_setup(shelf, settings).unwrap();
    format!("{:#}", Run::resume(&setup, 0, shelf, saved).err().unwrap_or_else(|| panic!("{settings}: not refused")))
}

fn saved(settings: &str) -> Vec<u8> {
    let setup = setup(settings);
    let (run, _) = support::up_to(&setup, 0, 1, &support::shelf());
    run.save().unwrap()
}

#[test]
fn a_checkpoint_of_another_configuration_is_refused() {
    let bytes = saved("method=ewc ewc.strength=10");
    for (settings, difference) in [
        ("method=ewc ewc.strength=2.0", "it has `strength = 10.0`, this run has `strength = 2.0`"),
        ("method=finetune", "it has `method = \"ewc\"`, this run has `method = \"finetune\"`"),
        ("method=ewc ewc.strength=10 stream.order=random", "it has `[net]`, this run has `[stream.order]`"),
    ] {
        let message = refused(&bytes, settings, &support::shelf());
        assert!(message.contains("another configuration") && message.contains(difference), "{message}");
    }
    let error = Run::resume(&setup("method=ewc ewc.strength=10"), 1, &support::shelf(), &bytes).err().unwrap();
    assert!(error.to_string().contains("it has `seed = 0`, this run has `seed = 1`"), "{error:#}");
    // When it is saved next changes no number.
    let other = setup("method=ewc ewc.strength=10 checkpoint.every=5");
    assert!(Run::resume(&other, 0, &support::shelf(), &bytes).is_ok());
}

#[test]
fn a_checkpoint_of_another_version_is_refused() {
    let mut bytes = saved("method=finetune");
    let version = env!("CARGO_PKG_VERSION").as_bytes();
    let at = bytes.windows(version.len()).position(|window| window == version).unwrap();
    bytes[at + version.len() - 1] = b'9';
    let message = refused(&bytes, "method=finetune", &support::shelf());
    let other = String::from_utf8(bytes[at..at + version.len()].to_vec()).unwrap();
    assert!(message.contains(&format!("was written by clbench {other}")), "{message}");
    assert!(message.contains(&format!("this is {}", env!("CARGO_PKG_VERSION"))), "{message}");
}

/// Digits, one pixel changed, under the same name.
struct Retouched;

impl Source for Retouched {
    fn name(&self) -> &'static str {
        "digits"
    }
    fn about(&self) -> &'static str {
        "digits, one pixel changed"
    }
    fn citation(&self) -> &'static str {
        "https://example.org"
    }
    fn open(&self, data: &Path) -> Result<Dataset> {
        let digits = clbench_datasets::sets::digits::DIGITS.open(data)?;
        let copy = |split: &Split, change: u8| {
            let mut pixels = (0..split.len()).flat_map(|at| split.pixels(at).to_vec()).collect::<Vec<u8>>();
            pixels[0] ^= change;
            let labels = (0..split.len()).map(|at| split.label(at) as u16).collect();
            Split::new(digits.shape, pixels, labels, 10)
        };
        Ok(Dataset::new(
            "digits",
            digits.shape,
            digits.classes.clone(),
            copy(&digits.train, 1)?,
            copy(&digits.test, 0)?,
        ))
    }
}

#[test]
fn a_checkpoint_of_another_stream_is_refused() {
    let other = Shelf { datasets: vec![&Retouched], ..shelf() };
    let message = refused(&saved("method=finetune"), "method=finetune", &other);
    assert!(message.contains("another stream"), "{message}");
    assert!(message.contains(&setup("method=finetune").stream.hash), "{message}");
}

#[test]
fn a_broken_checkpoint_is_an_error_and_no_panic() {
    let (bytes, setup) = (saved("method=ewc"), setup("method=ewc"));
    for end in [0, 1, 10, bytes.len() / 2, bytes.len() - 1] {
        assert!(Run::resume(&setup, 0, &support::shelf(), &bytes[..end]).is_err(), "{end} of {} bytes", bytes.len());
    }
}
