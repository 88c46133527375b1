//! Methods do what they are for: small claims about accuracy, over several seeds.

use crate::support::seeded;

const SEEDS: std::ops::Range<u64> = 0..3;

fn accuracies(settings: &str) -> Vec<f64> {
    SEEDS.map(|seed| seeded(settings, seed).accuracy()).collect()
}

/// Fails unless each seed of `better` beats the same seed of `worse` by `margin`.
fn beats(better: &str, worse: &str, margin: f64) {
    let (better_is, worse_is) = (accuracies(better), accuracies(worse));
    println!("{better}: {better_is:.3?}\n{worse}: {worse_is:.3?}");
    let all = better_is.iter().zip(&worse_is).all(|(better, worse)| *better > worse + margin);
    assert!(all, "{better} reached {better_is:.3?}, {worse} {worse_is:.3?}");
}

const SPLIT: &str = "stream.tasks=5 train.epochs=3 net.dropout=0";

#[test]
fn memory_beats_finetuning_on_split_digits() {
    beats(&format!("{SPLIT} method=replay"), &format!("{SPLIT} method=finetune"), 0.3);
}

#[test]
fn training_on_all_at_once_beats_memory() {
    beats(&format!("{SPLIT} method=joint"), &format!("{SPLIT} method=replay replay.capacity=20"), 0.02);
}

/// Tuned by hand on seeds 10 to 12.
#[test]
fn elastic_weights_beat_finetuning_on_permuted_digits() {
    let stream = "stream.kind=permuted stream.tasks=4 train.epochs=4 net.widths=[64] net.dropout=0 optim.rate=0.03";
    beats(&format!("{stream} method=ewc ewc.strength=3"), &format!("{stream} method=finetune"), 0.03);
}
