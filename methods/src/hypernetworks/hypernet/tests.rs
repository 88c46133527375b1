use burn::tensor::Device;
use clbench::{
    budget::Meter,
    network::net::{Body, Mlp},
    primitives::{
        array::Array,
        scope::{HeadKind, Heads},
    },
};
use serde_json::Value;

use super::*;

/// A hypernetwork of two chunks of three for a head of two inputs and two classes, whose made weights are not scaled.
fn hypernet(mip: bool) -> Hypernet {
    let heads = Heads { kind: HeadKind::Shared, classes: 2, tasks: vec![vec![0, 1]], seen: vec![vec![0]] };
    let body = Body::Mlp(Mlp { widths: Vec::new(), ..Mlp::default() });
    let net = Net { body, heads, input: [1, 1, 2] };
    let config = Config { task_embedding: 2, chunk_embedding: 2, widths: vec![4], chunk: 3, mip, ..Config::default() };
    let mut hypernet = Hypernet::new(config, net).expect("it fits");
    hypernet.maker.unscaled();
    hypernet
}

/// The tensors of `tests/golden/make/bayes.py`: element k of number n is sin(k + n), times `size`, from `first` on.
fn numbers(hypernet: &Hypernet, first: usize, size: f64) -> Theta {
    let names = ["task.0", "chunk", "make.0.weight", "make.0.bias", "make.1.weight", "make.1.bias"];
    let own = hypernet.maker.init(&Draws::of(0), &Device::flex());
    let tensor = |(n, name): (usize, &&str)| {
        let shape = own.get(name).expect("a tensor of the maker").shape.clone();
        let count: usize = shape.iter().product();
        let values = (0..count).map(|k| (size * ((k + n + first) as f64).sin()) as f32).collect();
        ((*name).to_owned(), Array::new(&shape, values, &Device::flex()))
    };
    names.iter().enumerate().map(tensor).collect()
}

fn near(found: &[f32], golden: &Value) -> bool {
    let golden: Vec<f64> = serde_json::from_value(golden.clone()).expect("numbers");
    // In single precision, of numbers up to a few hundred.
    found.len() == golden.len()
        && found.iter().zip(golden).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-4 * (1.0 + b.abs()))
}

/// What is made, the regulariser and its gradient, with the step taken ahead and without.
#[test]
fn the_regulariser_and_its_gradient_are_pytorchs() {
    let golden: Value = serde_json::from_str(include_str!("../../../tests/golden/bayes.json")).expect("JSON");
    for (mip, key) in [(false, "plain"), (true, "mip")] {
        let (hypernet, golden) = (hypernet(mip), &golden[key]);
        let mut before = numbers(&hypernet, 0, 1.0);
        let mut theta = before.add(&numbers(&hypernet, 10, 0.1), 1.0);
        if mip {
            // θ⁰ is the same on both sides and not judged here; what is added to it is scaled up to itself.
            let base = hypernet.net.zeros(&Device::flex()).theta.under("base.");
            before.extend(base.clone());
            theta.extend(base);
        }
        for (key, step) in [("ahead", numbers(&hypernet, 20, 0.05)), ("here", Theta::default())] {
            let weights = Weights { theta: theta.clone(), ..Weights::default() };
            let mut pass = Pass::tracked(&weights, Mode::Eval, &Meter::default());
            let made = hypernet.maker.make(&mut pass, 0).flatten();
            let made: Vec<f32> = made.inner().into_data().try_to_vec().expect("weights are f32");
            assert!(near(&made, &golden["made"]), "{key}: {made:?}");
            let drift = hypernet.drift(&mut pass, &before, &step, &[0]);
            let value = drift.clone().inner().into_scalar::<f32>();
            assert!(near(&[value], &serde_json::json!([golden[key]["drift"]])), "{key}: {value}");
            let grads = pass.gradients(drift);
            for (path, expected) in golden[key]["gradient"].as_object().expect("gradients by path") {
                let found = grads.get(path).expect("a gradient").values();
                assert!(near(&found, expected), "{key} {path}: {found:?} and not {expected}");
            }
        }
    }
}

/// cos² + sin² = 1 in each of four places: the norm is 2 whatever the embedding.
#[test]
fn an_encoded_embedding_has_one_norm() {
    let golden: Value = serde_json::from_str(include_str!("../../../tests/golden/bayes.json")).expect("JSON");
    for scale in [0.01_f32, 1.0, 30.0] {
        let x = numbers(&hypernet(true), 0, 1.0).get("chunk").expect("embeddings").tensor::<2>() * scale;
        let mut pass = Pass::plain(&Weights::default(), Mode::Eval, &Meter::default());
        let encoded = maker::encoded(&mut pass, Tensor::cat(vec![x.clone(), x], 1));
        let norms = (encoded.clone() * encoded).sum_dim(1).sqrt().into_data();
        let norms: Vec<f32> = norms.try_to_vec().expect("norms are f32");
        assert!(near(&norms, &golden["mip"]["norms"]) && near(&norms, &serde_json::json!([2.0, 2.0])), "{norms:?}");
    }
}

/// Mean over draws of the squared size of made weights, as a share of what it is expected to be, and its standard
/// error.
fn share(net: &Net, mip: bool, path: &str, expected: f64) -> (f64, f64) {
    let hypernet = Hypernet::new(Config { mip, ..Config::default() }, net.clone()).expect("it fits");
    let one = |seed: u64| {
        let weights = Weights { theta: hypernet.maker.init(&Draws::of(seed), &Device::flex()), ..Weights::default() };
        let made = hypernet.maker.make(&mut Pass::plain(&weights, Mode::Eval, &Meter::default()), 0);
        let made = if mip { made.sub(&weights.theta.below("base.")) } else { made };
        square(&made, path) / expected.powi(2)
    };
    let shares: Vec<f64> = (0..100).map(one).collect();
    let mean = shares.iter().sum::<f64>() / 100.0;
    let variance = shares.iter().map(|share| (share - mean).powi(2)).sum::<f64>() / 99.0;
    (mean, (variance / 100.0).sqrt())
}

/// Mean square of the elements at `path`.
fn square(theta: &Theta, path: &str) -> f64 {
    let values = theta.get(path).expect("a weight").values();
    values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / values.len() as f64
}

/// Made weights have the variance that first weights of the network have, in expectation over draws; what MIP adds has
/// no more than 2d/length, d being the length of γ.
#[test]
fn made_weights_are_as_large_as_first_ones() {
    let heads = Heads { kind: HeadKind::Shared, classes: 10, tasks: vec![(0..10).collect()], seen: vec![vec![0]] };
    let net = Net { body: Body::Mlp(Mlp { widths: vec![256], ..Mlp::default() }), heads, input: [1, 8, 8] };
    // The network's first weights, by which the maker measures.
    let first = net.init(&Draws::of(0), &Device::flex()).theta;
    let gamma = (Config::default().task_embedding + Config::default().chunk_embedding) as f64;
    for mip in [false, true] {
        for path in ["body.0.weight", "head.weight"] {
            let (own, length) = (square(&first, path).sqrt(), first.get(path).expect("a weight").len());
            let bound = (2.0 * gamma / length as f64).sqrt();
            let (mean, error) = share(&net, mip, path, if mip { own.min(bound) } else { own });
            // Four standard errors; a leaky rectifier keeps 1.0001 of a square, and first weights have a mean of about
            // 0.
            assert!(error < 0.1 && (mean - 1.0).abs() < 4.0 * error + 0.005, "{path}, mip {mip}: {mean} ± {error}");
            // With so many units the bound is what counts for the first layer.
            assert!(path != "body.0.weight" || bound < 0.6 * own, "{bound} {own}");
        }
    }
}
