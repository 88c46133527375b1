//! Against PyTorch: `tests/golden/make/efficientnet.py`.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::path::PathBuf;

use burn::tensor::{Device, TensorData};

use serde::Deserialize;

use super::*;
use crate::{
    budget::Meter,
    network::{
        net::Body,
        pass::{Mode, Weights},
        weights::read_any,
    },
    primitives::{array::Array, theta::Theta},
};

#[derive(Deserialize)]
struct Golden {
    flops: u64,
    drawn: Vec<Row>,
    published: Vec<Row>,
    depthwise: Depthwise,
}

#[derive(Deserialize)]
struct Row {
    first: Vec<f64>,
    sum: f64,
}

#[derive(Deserialize)]
struct Depthwise {
    shape: Vec<usize>,
    loss: f64,
    kernel: f64,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../../../../tests/golden/efficientnet.json")).unwrap()
}

fn phase(path: &str) -> f64 {
    path.bytes().map(f64::from).sum()
}

fn wave(path: &str, shape: &[usize]) -> Array {
    let values = (0..shape.iter().product::<usize>()).map(|k| (0.37 * k as f64 + phase(path)).sin() as f32);
    Array::new(shape, values.collect(), &Device::flex())
}

/// The weights of nets.py: kernels that chirp, everything else a wave.
fn drawn() -> Weights {
    let mut spec = Spec::default();
    Efficientnet::default().weights([3, 32, 32], &mut spec);
    let array = |path: &str, shape: &[usize]| {
        let fan_in: usize = shape[1..].iter().product();
        let value = |k: usize| {
            if path.ends_with(".weight") {
                return 2.0 / (fan_in as f64).sqrt() * (0.37 * (k * k) as f64 + phase(path)).sin();
            }
            let wave = 0.1 * (0.37 * k as f64 + phase(path)).sin();
            if ["gamma", "var"].iter().any(|part| path.ends_with(part)) { 1.0 + wave } else { wave }
        };
        let values = (0..shape.iter().product()).map(|k| value(k) as f32).collect();
        Array::new(shape, values, &Device::flex())
    };
    let theta: Theta = spec.theta.iter().map(|(path, shape, _)| (path.clone(), array(path, shape))).collect();
    let buffers = spec.buffers.iter().map(|(path, width, _)| (path.clone(), array(path, &[*width]))).collect();
    Weights { theta, buffers, ..Weights::default() }
}

fn features(weights: &Weights, side: usize, meter: &Meter) -> Vec<f32> {
    let pixel = |k: usize| (127.5 + 127.5 * (0.11 * k as f64 + 0.5).sin()) as f32;
    let pixels: Vec<f32> = (0..2 * 3 * side * side).map(pixel).collect();
    let x = Tensor::from_data(TensorData::new(pixels, [2, 3, side, side]), &Device::flex());
    let mut pass = Pass::plain(weights, Mode::Eval, meter);
    Efficientnet::default().features(&mut pass, x).into_data().try_to_vec().unwrap()
}

fn agree(values: &[f32], golden: &[Row]) {
    assert_eq!(values.len(), HEAD * golden.len());
    for (row, golden) in values.chunks(HEAD).zip(golden) {
        for (value, golden) in row.iter().zip(&golden.first) {
            assert!((f64::from(*value) - golden).abs() < 2e-5, "{value} {golden}");
        }
        let sum: f64 = row.iter().copied().map(f64::from).sum();
        assert!((sum - golden.sum).abs() < 2e-5 * golden.sum.abs().max(1.0), "{sum} {}", golden.sum);
    }
}

#[test]
fn features_and_their_cost_are_pytorchs() {
    let (golden, meter) = (golden(), Meter::default());
    agree(&features(&drawn(), 32, &meter), &golden.drawn);
    assert_eq!(meter.read().flops, golden.flops);
}

#[test]
fn published_weights_give_what_they_give_in_pytorch() {
    let folder = std::env::var_os("CLBENCH_DATA").map(PathBuf::from).unwrap_or_default();
    let file = folder.join("models/efficientnet-lite0-57934424.pth");
    if !file.exists() {
        eprintln!("SKIPPED: no models/efficientnet-lite0-57934424.pth below the folder that CLBENCH_DATA names");
        return;
    }
    let body = Body::Efficientnet(Efficientnet::default());
    let weights = body.published(read_any(&file).unwrap(), [3, 64, 64], &Device::flex()).unwrap();
    agree(&features(&weights, 64, &Meter::default()), &golden().published);
}

/// The counter of PyTorch takes a depthwise kernel's gradient for one in which all channels see all others; here it
/// costs what the forward pass does.
#[test]
fn a_depthwise_convolution_and_its_gradient_are_pytorchs() {
    let (golden, meter) = (golden().depthwise, Meter::default());
    let mut weights = Weights::default();
    weights.theta.insert("d.weight", wave("w", &[3, 1, 5, 5]));
    let mut pass = Pass::tracked(&weights, Mode::Eval, &meter);
    let y = pass.conv_same("d", wave("x", &[2, 3, 7, 8]).tensor(), 2);
    assert_eq!(y.dims()[..], golden.shape);
    assert_eq!(meter.read().flops, 2 * 2 * (2 * 4 * 4) * 3 * 25);
    let loss = (y.clone() * wave("y", &y.dims()).tensor()).sum();
    assert!((f64::from(loss.clone().inner().into_scalar::<f32>()) - golden.loss).abs() < 1e-4);
    let grad = pass.gradients(loss).get("d.weight").unwrap().clone();
    let product: f64 =
        grad.values().iter().zip(wave("g", &grad.shape).values()).map(|(a, b)| f64::from(*a) * f64::from(b)).sum();
    assert!((product - golden.kernel).abs() < 1e-4, "{product} {}", golden.kernel);
}

#[test]
fn published_names_are_known() {
    let path = |name: &str| Efficientnet::default().path_of(name);
    for (name, wanted) in [
        ("_conv_stem.weight", "body.stem.weight"),
        ("_bn0.running_var", "body.stem.norm.var"),
        ("_blocks.0._depthwise_conv.weight", "body.0.depthwise.weight"),
        ("_blocks.15._bn2.bias", "body.15.project.norm.beta"),
        ("_blocks.3._bn0.weight", "body.3.expand.norm.gamma"),
        ("_conv_head.weight", "body.last.weight"),
        ("_bn1.running_mean", "body.last.norm.mean"),
    ] {
        assert_eq!(path(name).as_deref(), Some(wanted));
    }
    for name in ["_fc.weight", "_fc.bias", "_blocks.1._se_reduce.weight", "weight", "_conv_stem.bias"] {
        assert_eq!(path(name), None, "{name}");
    }
}
