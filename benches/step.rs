//! `cargo bench --bench step`: criterion's own account of a training step and a forward pass, for comparing a change
//! with what was before.

mod support;

use criterion::{Criterion, criterion_group, criterion_main};
use support::{Bare, Harness, Products, setup, shelf};

fn steps(criterion: &mut Criterion) {
    let shelf = shelf();
    let setup = setup(&shelf).expect("a setup");
    let mut harness = Harness::new(&setup, &shelf).expect("a run");
    let mut bare = Bare::new(&setup, &shelf).expect("a batch");
    let products = Products::new();
    let mut group = criterion.benchmark_group("mlp 784-256-256-10, batch 128");
    group.bench_function("step through the harness", |bench| bench.iter(|| harness.step()));
    group.bench_function("step without harness", |bench| bench.iter(|| bare.step()));
    group.bench_function("building its batch alone", |bench| bench.iter(|| bare.build()));
    group.bench_function("matrix products alone", |bench| bench.iter(|| products.run()));
    group.bench_function("evaluation of 2,000", |bench| bench.iter(|| harness.evaluate()));
    group.bench_function("its forward passes alone", |bench| bench.iter(|| bare.forward()));
    group.finish();
}

criterion_group!(benches, steps);
criterion_main!(benches);
