//! Switched off, a method is fine-tuning; almost off, it is close; on, it is not.

use crate::support::trace;

/// Networks on which an early return, a random draw too many or a moved statistic would show.
const NETS: [&str; 3] = [
    "",
    "net.body=cnn net.channels=[4] net.hidden=16 net.batch_norm=true net.dropout=0.1 optim.rule=adamw optim.rate=0.01",
    "stream.kind=task-incremental stream.tasks=3 stream.classes_per_task=2 optim.momentum=0.9 optim.clip=1.0",
];

const OFF: [(&str, &str, &[usize]); 4] = [
    ("ewc", "ewc.strength=0", &[0, 1, 2]),
    ("replay", "replay.capacity=0", &[0, 1, 2]),
    // Not on the second: replayed examples pass through batch-norm, whatever their loss weighs. Not on the third: a
    // weight of zero still clips, and gives other heads gradients of zero.
    ("replay", "replay.strength=0", &[0]),
    ("ema", "ema.keep=0", &[0, 1, 2]),
];

#[test]
fn switched_off_is_finetuning_bit_for_bit() {
    for (at, net) in NETS.iter().enumerate() {
        let plain = trace(&format!("{net} method=finetune"));
        for (method, off, _) in OFF.iter().filter(|(.., nets)| nets.contains(&at)) {
            let off = trace(&format!("{net} method={method} {off}"));
            assert_eq!(off.trained(&plain), Vec::<&str>::new(), "{method} on {net:?}");
            assert!(off.heard.records == plain.heard.records, "{method} on {net:?} answers differently");
        }
    }
}

#[test]
fn the_losses_and_gradients_of_what_is_switched_off_are_those_of_finetuning() {
    let rows = |settings: &str| {
        let rows = trace(settings).heard.rows;
        rows.into_iter().map(|row| (row.step, row.loss, row.terms[0], row.rate, row.gradient)).collect::<Vec<_>>()
    };
    let plain = rows("method=finetune");
    assert!(OFF.iter().all(|(method, off, _)| rows(&format!("method={method} {off}")) == plain));
}

#[test]
fn almost_off_is_close_and_on_is_not() {
    let plain = trace("method=finetune");
    for (method, almost) in [("ewc", "ewc.strength=1e-30"), ("replay", "replay.strength=1e-30")] {
        let near = trace(&format!("method={method} {almost}")).distance(&plain);
        assert!(near < 1e-5, "{method} with {almost} is {near} away");
        let far = trace(&format!("method={method}")).distance(&plain);
        assert!(far > 1e-3, "{method} is only {far} away");
    }
    assert!(trace("method=ema ema.keep=1e-30").heard.records == plain.heard.records);
    assert!(trace("method=ema ema.keep=0.9").ends() != plain.ends());
}

/// What is off costs nothing that is charged, but for a Fisher, which is taken whatever it weighs.
#[test]
fn an_empty_memory_and_an_average_of_one_cost_nothing() {
    let cost = |settings: &str| crate::support::charged(&trace(settings));
    let plain = cost("method=finetune");
    assert_eq!(cost("method=replay replay.capacity=0"), plain);
    assert_eq!(cost("method=ema ema.keep=0"), plain);
    assert_ne!(cost("method=replay"), plain);
}
