//! The losses of pairs against PyTorch: values and gradients.
//!
//! The golden values and the formula of the weights: `tests/golden/make/README.md`.

use std::{collections::BTreeMap, sync::Arc};

use burn::tensor::{Device, Int, Tensor, TensorData};
use clbench::{
    network::text::{Loss, Same, loss::unit},
    primitives::array::Array,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    losses: BTreeMap<String, LossCase>,
}

#[derive(Deserialize)]
struct LossCase {
    loss: Loss,
    count: usize,
    width: usize,
    scale: f64,
    bias: Option<f64>,
    groups: Vec<usize>,
    value: f64,
    gradients: BTreeMap<String, Vec<f64>>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../golden/pairs.json")).unwrap()
}

impl LossCase {
    /// Images sin(0.7 k + 0.3), texts cos(0.9 k) + half the image, as graph leaves.
    fn leaves(&self) -> BTreeMap<&'static str, Array> {
        let count = self.count * self.width;
        let images: Vec<f64> = (0..count).map(|k| (0.7 * k as f64 + 0.3).sin()).collect();
        let texts = (0..count).map(|k| (0.9 * k as f64).cos() + 0.5 * images[k]).collect();
        let leaf = |shape: &[usize], values: Vec<f64>| {
            let values = values.into_iter().map(|value| value as f32).collect();
            let array = Array::new(shape, values, &Device::flex());
            array.with(array.flat.clone().autodiff().require_grad())
        };
        let shape = [self.count, self.width];
        let mut leaves = BTreeMap::from([
            ("images", leaf(&shape, images)),
            ("texts", leaf(&shape, texts)),
            ("scale", leaf(&[1], vec![self.scale])),
        ]);
        leaves.extend(self.bias.map(|bias| ("bias", leaf(&[1], vec![bias]))));
        leaves
    }
}

fn close(what: &str, value: f64, golden: f64, tolerance: f64) {
    let gap = (value - golden).abs();
    assert!(gap <= tolerance, "{what}: {value} is {gap:.1e} from {golden}, more than {tolerance:.1e}");
}

/// Single precision rounds a cosine by 1e-7, a scale of 14 multiplies that, and gradients are as large as a few units.
#[test]
fn losses_and_their_gradients_are_pytorchs() {
    let cases = golden().losses;
    assert_eq!(cases.len(), 7);
    for (name, case) in cases {
        let leaves = case.leaves();
        let device = Device::flex();
        let groups: Vec<i64> = case.groups.iter().map(|group| *group as i64).collect();
        let groups: Tensor<1, Int> = Tensor::from_data(TensorData::new(groups, [case.count]), &device);
        // Equal texts have one vector, that of the first.
        let (images, texts) = (leaves["images"].tensor::<2>(), leaves["texts"].tensor::<2>().select(0, groups));
        let (images, texts) = (unit(images), unit(texts));
        let said: Vec<Arc<str>> = case.groups.iter().map(|group| Arc::from(group.to_string())).collect();
        // PyTorch's has equal texts as positives; for `clip` there is no difference.
        let same = if case.loss == Loss::Clip { Same::Negatives } else { Same::Positives };
        let pairs = same.pairs(&said, &device);
        let bias = leaves.get("bias").map(|bias| bias.flat.clone());
        let loss = case.loss.of(images.matmul(texts.transpose()), leaves["scale"].flat.clone(), bias, &pairs);
        close(&name, f64::from(loss.clone().inner().into_scalar::<f32>()), case.value, 4e-6);
        let grads = loss.backward();
        assert!(case.gradients.keys().eq(leaves.keys()), "{name}: other leaves");
        for (what, golden) in &case.gradients {
            let found: Tensor<1> = leaves[what.as_str()].flat.grad(&grads).unwrap();
            let found: Vec<f32> = found.into_data().try_to_vec().unwrap();
            for (value, golden) in found.iter().zip(golden) {
                close(&format!("{name}, gradient of {what}"), f64::from(*value), *golden, 4e-6);
            }
        }
    }
}

#[test]
fn distinct_texts_are_negatives_by_either_rule() {
    let said: Vec<Arc<str>> = ["a", "b", "c"].into_iter().map(Arc::from).collect();
    let [one, other] = [Same::Negatives, Same::Positives]
        .map(|same| same.pairs(&said, &Device::flex()).into_data().try_to_vec::<f32>().unwrap());
    assert_eq!(one, other);
    assert_eq!(one, [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
}
