//! Batch normalisation where one example is alone.

use burn::tensor::{Device, Tensor};
use clbench::{
    budget::Meter,
    network::pass::{Mode, Pass, Weights},
    primitives::{array::Array, draws::Draws, theta::Theta},
    run::Run,
};

use crate::support::{setup, shelf, trace};

const NORMAL: &str = "net.batch_norm=true net.dropout=0";

/// What `clbench check` does, and why it refuses.
fn checked(settings: &str) -> Result<(), String> {
    let (setup, shelf) = (setup(settings), shelf());
    let rehearsed = Run::new(&setup, 0, &shelf).and_then(|mut run| run.rehearse());
    rehearsed.map(drop).map_err(|error| format!("{error:#}"))
}

#[test]
fn batches_of_one_are_refused_where_nothing_would_be_learned_from_them() {
    let why = checked(&format!("{NORMAL} train.batch=1")).unwrap_err();
    assert!(why.contains("train.batch = 1 gives batch normalisation one value of each channel"), "{why}");
    assert!(why.contains("set train.batch to at least 2"), "{why}");
    // The last stages of a residual network see one place of 8 × 8 pixels.
    let why = checked("net.body=resnet18 net.width=2 train.batch=1").unwrap_err();
    assert!(why.contains("train.batch = 1 gives batch normalisation"), "{why}");
    let why = checked(&format!("{NORMAL} stream.most_train=1 stream.classes_per_task=1")).unwrap_err();
    assert!(why.contains("the first experience has one example"), "{why}");
}

#[test]
fn batches_of_one_pass_where_something_is_learned_from_them() {
    for settings in [
        "train.batch=1",
        // Many places of each channel.
        "net.body=cnn net.channels=[2] net.hidden=4 net.batch_norm=true train.batch=1",
        // What is frozen keeps its statistics.
        "net.batch_norm=true net.dropout=0 method=bitfit train.batch=1",
        "net.batch_norm=true net.dropout=0 train.batch=2",
    ] {
        assert_eq!(checked(settings), Ok(()), "{settings}");
    }
}

/// One row of two features, and the statistics behind it: (1 − 3) / √(4 + 10⁻⁵) · 2 + 1 and (2 − 0) / √(1 + 10⁻⁵) · 3.
#[test]
fn one_value_of_a_channel_takes_the_running_statistics_and_moves_none() {
    let device = Device::flex();
    let array = |values: [f32; 2]| Array::new(&[2], values.to_vec(), &device);
    let of = |entries: [(&str, [f32; 2]); 2]| -> Theta {
        entries.into_iter().map(|(path, values)| (path.to_owned(), array(values))).collect()
    };
    let weights = Weights {
        theta: of([("n.gamma", [2.0, 3.0]), ("n.beta", [1.0, 0.0])]),
        buffers: of([("n.mean", [3.0, 0.0]), ("n.var", [4.0, 1.0])]),
        ..Weights::default()
    };
    for mode in [Mode::Train(Draws::of(0)), Mode::Calibrate(0), Mode::Eval] {
        let mut pass = Pass::plain(&weights, mode, &Meter::default());
        let x: Tensor<2> = Array::new(&[1, 2], vec![1.0, 2.0], &device).tensor();
        let y: Vec<f32> = pass.batch_norm("n", x).into_data().try_to_vec().unwrap();
        assert!((y[0] + 1.0).abs() < 1e-4 && (y[1] - 6.0).abs() < 1e-4, "{mode:?}: {y:?}");
        assert_eq!(pass.weights.buffers.bits(), weights.buffers.bits(), "{mode:?}");
    }
    // Two values are a batch: mean 2, biased variance 1, unbiased 2, of which a tenth.
    let mut pass = Pass::plain(&weights, Mode::Train(Draws::of(0)), &Meter::default());
    let x: Tensor<2> = Array::new(&[2, 2], vec![1.0, 2.0, 3.0, 2.0], &device).tensor();
    let y: Vec<f32> = pass.batch_norm("n", x).into_data().try_to_vec().unwrap();
    assert!((y[0] + 1.0).abs() < 1e-4 && (y[2] - 3.0).abs() < 1e-4, "{y:?}");
    let mean = pass.weights.buffers.get("n.mean").unwrap().values();
    let var = pass.weights.buffers.get("n.var").unwrap().values();
    assert!((mean[0] - 2.9).abs() < 1e-6 && (var[0] - 3.8).abs() < 1e-6, "{mean:?} {var:?}");
}

/// The last batch of an epoch, and what a memory gives back, may be one example.
#[test]
fn an_example_that_is_left_alone_is_learned_from() {
    for (settings, alone) in [
        // Two classes of eight examples: the sixth batch of three is one.
        ("stream.most_train=8 train.batch=3 train.epochs=1", 5),
        ("method=replay replay.batch=1 train.epochs=1", 0),
    ] {
        let trace = trace(&format!("{NORMAL} stream.tasks=2 {settings}"));
        assert!(trace.heard.rows.iter().all(|row| row.loss.is_finite() && row.gradient > 0.0), "{settings}");
        assert!(trace.heard.rows[alone].gradient > 1e-3, "{settings}: {:?}", trace.heard.rows[alone]);
    }
}
