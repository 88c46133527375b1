//! `cargo bench --bench ratios`: ratios from one alternating run on one thread, as a Markdown table.
//!
//! Machines are shared and noisy, so what is compared runs in turns within the same second, and the fastest tenth of
//! the rounds is compared: what the code can do, not what the neighbours left over.

mod support;

use std::time::Instant;

use support::{Bare, Harness, Products, setup, shelf};

const ROUNDS: usize = 200;
const STEPS: usize = 5;

/// Milliseconds of one call, from `STEPS` of them; one more before the clock starts takes caches and allocator over
/// from what ran before.
fn time(mut work: impl FnMut()) -> f64 {
    work();
    let start = Instant::now();
    (0..STEPS).for_each(|_| work());
    start.elapsed().as_secs_f64() * 1e3 / STEPS as f64
}

/// The tenth percentile.
fn fast(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 10]
}

fn main() {
    let shelf = shelf();
    let setup = setup(&shelf).expect("a setup");
    let mut harness = Harness::new(&setup, &shelf).expect("a run");
    let mut bare = Bare::new(&setup, &shelf).expect("a batch");
    let products = Products::new();
    let mut times = [(); 6].map(|()| Vec::with_capacity(ROUNDS));
    for _ in 0..ROUNDS {
        times[0].push(time(|| harness.step()));
        times[1].push(time(|| bare.step()));
        times[2].push(time(|| products.run()));
        times[5].push(time(|| bare.build()));
        times[3].push(time(|| harness.evaluate()));
        times[4].push(time(|| bare.forward()));
    }
    let [with, without, products, evaluation, forward, build] = times.map(fast);
    println!("MLP 784-256-256-10, batch 128, one thread, {ROUNDS} alternating rounds, tenth percentile\n");
    println!("| what | ms | ratio |");
    println!("|---|---|---|");
    println!("| step through the harness | {with:.3} | |");
    println!("| forward, backward, optimizer alone | {without:.3} | |");
    println!("| its eight matrix products alone | {products:.3} | |");
    println!("| building its batch alone | {build:.3} | |");
    println!("| evaluation of 2,000 examples | {evaluation:.3} | |");
    println!("| its forward passes alone | {forward:.3} | |");
    println!("| harness overhead, of the step | | {:.1} % |", 100.0 * (with - without) / with);
    println!("| speed of the step, of its products' | | {:.1} % |", 100.0 * products / without);
    println!("| speed of evaluation, of its forward passes' | | {:.1} % |", 100.0 * forward / evaluation);
}
