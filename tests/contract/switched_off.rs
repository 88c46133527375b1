//! Switched off, a method is fine-tuning; almost off, it is close; on, it is not.

use clbench::budget::Spent;

use crate::support::trace;

/// Networks on which an early return, a random draw too many or a moved statistic would show.
const NETS: [&str; 3] = [
    "",
    "net.body=cnn net.channels=[4] net.hidden=16 net.batch_norm=true net.dropout=0.1 optim.rule=adamw optim.rate=0.01",
    "stream.kind=task-incremental stream.tasks=3 stream.classes_per_task=2 stream.partial=true optim.momentum=0.9 \
     optim.clip=1.0",
];

const OFF: [(&str, &str, &[usize]); 13] = [
    ("ewc", "ewc.strength=0", &[0, 1, 2]),
    ("replay", "replay.capacity=0", &[0, 1, 2]),
    // Not on the second: replayed examples pass through batch-norm, whatever their loss weighs. Not on the third: a
    // weight of zero still clips, and gives other heads gradients of zero.
    ("replay", "replay.strength=0", &[0]),
    ("si", "si.strength=0", &[0, 1, 2]),
    ("derpp", "derpp.capacity=0", &[0, 1, 2]),
    ("derpp", "derpp.distil=0 derpp.strength=0", &[0, 1, 2]),
    ("gem", "gem.capacity=0", &[0, 1, 2]),
    ("ema", "ema.keep=0", &[0, 1, 2]),
    ("merge", "merge.init=last merge.deploy=last", &[0, 1, 2]),
    ("merge", "merge.rule=slerp merge.weight=1", &[0, 1, 2]),
    ("ema-merge", "ema-merge.weight=1", &[0, 1, 2]),
    ("ft-merge", "ft-merge.rule=random ft-merge.weight=1", &[0, 1, 2]),
    ("wise-ft", "wise-ft.weight=1", &[0, 1, 2]),
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
    for (method, almost, on) in [
        ("ewc", "ewc.strength=1e-30", ""),
        ("si", "si.strength=1e-30", "si.strength=1"),
        ("replay", "replay.strength=1e-30", ""),
        ("derpp", "derpp.strength=1e-30 derpp.distil=1e-30", ""),
    ] {
        let near = trace(&format!("method={method} {almost}")).distance(&plain);
        assert!(near < 1e-5, "{method} with {almost} is {near} away");
        let far = trace(&format!("method={method} {on}")).distance(&plain);
        assert!(far > 1e-3, "{method} is only {far} away");
    }
    assert!(trace("method=ema ema.keep=1e-30").heard.records == plain.heard.records);
    assert!(trace("method=ema ema.keep=0.9").ends() != plain.ends());
}

/// Adapters that are not pushed apart are those of `lora`.
#[test]
fn orthogonal_adapters_without_their_penalty_are_kept_adapters() {
    for net in NETS {
        let of = |method: &str| trace(&format!("{net} {method}"));
        let lora = of("method=lora lora.per=task lora.rank=2 lora.alpha=4");
        let olora = |strength: &str| of(&format!("method=olora olora.rank=2 olora.alpha=4 olora.strength={strength}"));
        let off = olora("0");
        assert_eq!(off.trained(&lora), Vec::<&str>::new(), "{net}");
        assert!(off.heard.records == lora.heard.records, "{net}");
        assert!(olora("1e-30").distance(&lora) < 1e-5, "{net}");
        assert!(olora("0.5").distance(&lora) > 1e-4, "{net}");
    }
}

/// An adapter whose scale is almost nothing leaves what is trained beside it.
#[test]
fn adapters_of_almost_no_scale_leave_head_biases_and_norms() {
    let frozen = "net.widths=[24] net.dropout=0";
    let plain = trace(&format!("{frozen} method=bitfit"));
    for method in ["lora", "dora"] {
        let near = trace(&format!("{frozen} method={method} {method}.alpha=1e-30"));
        let head = |trace: &crate::support::Trace| trace.theta["head.weight"].clone();
        let apart = |a: &[u32], b: &[u32]| {
            let gaps = a.iter().zip(b).map(|(a, b)| (f32::from_bits(*a) - f32::from_bits(*b)).abs());
            gaps.fold(0.0, f32::max)
        };
        // The lengths of `dora` are trained even so.
        let gap = apart(&head(&near), &head(&plain));
        assert_eq!(gap < 1e-5, method == "lora", "{method}: {gap}");
    }
}

/// What is off costs no work that is charged, but for a Fisher, which is taken whatever it weighs. What it holds in
/// memory it holds.
#[test]
fn an_empty_memory_and_an_average_of_one_cost_nothing() {
    let cost = |settings: &str| {
        let charged = crate::support::charged(&trace(settings)).into_iter();
        charged.map(|(experience, phase, spent)| (experience, phase, Spent { maf: 0, ..spent })).collect::<Vec<_>>()
    };
    let plain = cost("method=finetune");
    assert_eq!(cost("method=replay replay.capacity=0"), plain);
    assert_eq!(cost("method=derpp derpp.capacity=0"), plain);
    assert_eq!(cost("method=si"), plain);
    assert_eq!(cost("method=ema ema.keep=0"), plain);
    assert_eq!(cost("method=ema-merge ema-merge.weight=1"), plain);
    assert_ne!(cost("method=replay"), plain);
}
