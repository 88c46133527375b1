//! Adapters against `peft`: outputs, gradients, and what is left after merging. `tests/golden/make/adapters.py`.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor};
use clbench::{
    budget::Meter,
    network::pass::{Mode, Pass, SHARED_A, SHARED_B, Weights},
    primitives::array::Array,
};
use clbench_methods::adapters::shared::fold;
use serde::Deserialize;

use crate::host;

/// Sums of a few dozen products of numbers of about 1, in single precision on both sides.
const TOLERANCE: f64 = 2e-6;

#[derive(Deserialize)]
struct Flat {
    shape: Vec<usize>,
    values: Vec<f32>,
}

#[derive(Deserialize)]
struct Case {
    kind: String,
    stride: usize,
    x: Flat,
    weight: Flat,
    bias: Flat,
    parts: BTreeMap<String, Flat>,
    scale: Option<f32>,
    shared_a: Option<Flat>,
    shared_b: Option<Flat>,
    y: Flat,
    cotangent: Flat,
    grads: BTreeMap<String, Flat>,
    x_grad: Flat,
    merged: Flat,
}

impl Flat {
    fn array(&self) -> Array {
        Array::new(&self.shape, self.values.clone(), &Device::flex())
    }
    /// A matrix the other way round, as clbench has them `[in, out]`; anything else as it is.
    fn turned(&self) -> Array {
        match self.shape[..] {
            [_, _] => self.array().tensor::<2>().transpose().into(),
            _ => self.array(),
        }
    }
    fn doubles(&self) -> Vec<f64> {
        self.turned().values().into_iter().map(f64::from).collect()
    }
}

impl Case {
    fn name(&self) -> String {
        format!("{} on {:?}", self.kind, self.weight.shape)
    }
    fn weights(&self) -> Weights {
        let mut weights = Weights::default();
        weights.frozen.insert("body.0.weight", self.weight.turned());
        weights.theta.insert("body.0.bias", self.bias.array());
        for (name, part) in &self.parts {
            let array = if name == "magnitude" { Array::from(part.array().flat) } else { part.turned() };
            weights.theta.insert(format!("body.0.lora0.{name}"), array);
        }
        if let Some(scale) = self.scale {
            weights.frozen.insert("body.0.lora0.scale", Array::filled(&[1], scale, &Device::flex()));
        }
        for (path, shared) in [(SHARED_A, &self.shared_a), (SHARED_B, &self.shared_b)] {
            shared.iter().for_each(|shared| weights.frozen.insert(path, shared.array()));
        }
        weights
    }
    fn run(&self, pass: &mut Pass, x: &Array) -> Tensor<1> {
        match x.shape.len() {
            2 => pass.linear("body.0", x.tensor::<2>()).reshape([-1]),
            _ => pass.conv("body.0", x.tensor::<4>(), self.stride).reshape([-1]),
        }
    }
}

fn cases() -> Vec<Case> {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../golden/peft.json")).unwrap();
    assert_eq!(
        cases.iter().map(|case| &case.kind[..]).collect::<Vec<_>>(),
        ["lora", "rslora", "dora", "lora", "dora", "vera", "vera"]
    );
    cases
}

fn doubles(tensor: Tensor<1>) -> Vec<f64> {
    Array::from(tensor).values().into_iter().map(f64::from).collect()
}

#[test]
fn outputs_are_those_of_peft() {
    for case in cases() {
        let mut pass = Pass::plain(&case.weights(), Mode::Eval, &Meter::default());
        let y = case.run(&mut pass, &case.x.array());
        host::close(
            &case.name(),
            &doubles(y),
            &case.y.array().values().into_iter().map(f64::from).collect::<Vec<_>>(),
            TOLERANCE,
        );
    }
}

#[test]
fn gradients_are_those_of_peft() {
    for case in cases() {
        let mut pass = Pass::tracked(&case.weights(), Mode::Eval, &Meter::default());
        let x = Array { flat: case.x.array().flat.autodiff().require_grad(), ..case.x.array() };
        let loss = (case.run(&mut pass, &x) * case.cotangent.array().flat).sum();
        let grads = loss.backward();
        let of_x = doubles(x.flat.grad(&grads).unwrap());
        let expected: Vec<f64> = case.x_grad.values.iter().map(|x| f64::from(*x)).collect();
        host::close(&format!("{}: input", case.name()), &of_x, &expected, 2.0 * TOLERANCE);
        let of_weights = pass.weights.theta.gradients(&grads);
        assert_eq!(case.grads.keys().collect::<Vec<_>>(), case.parts.keys().collect::<Vec<_>>());
        for (part, expected) in &case.grads {
            let found = host::values(&of_weights, &format!("body.0.lora0.{part}"));
            let expected = if part == "magnitude" {
                expected.values.iter().map(|x| f64::from(*x)).collect()
            } else {
                expected.doubles()
            };
            host::close(&format!("{}: {part}", case.name()), &found, &expected, 5.0 * TOLERANCE);
        }
    }
}

#[test]
fn folded_weights_are_those_that_peft_merges() {
    for case in cases() {
        let mut weights = case.weights();
        fold(&mut weights, &Meter::default());
        assert!(
            weights.theta.paths().eq(["body.0.bias", "body.0.weight"]) && weights.frozen.is_empty(),
            "{}",
            case.name()
        );
        host::close(&case.name(), &host::values(&weights.theta, "body.0.weight"), &case.merged.doubles(), TOLERANCE);
    }
}
