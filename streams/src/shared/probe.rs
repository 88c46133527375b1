//! A quick probe of how hard units are: a linear classifier, scored on examples that it was not fitted on.
//!
//! Multinomial logistic regression on inputs brought down to 8 × 8, fitted by stochastic gradient steps of length 1 /
//! ((1 + ‖x‖²) e), which cannot overshoot, in epoch e. Nothing is tuned. All units are fitted together, on every other
//! one of a bounded number of examples each, which are drawn; the rest are scored.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use clbench::{
    network::predictor::is_right,
    stream::{Ground, Unit},
};

use crate::shared::thumbnail::Thumbnails;

/// Passes over the examples.
const EPOCHS: u64 = 10;
/// Most multiplications of a fit, about half a minute's.
const MOST_WORK: u64 = 50_000_000_000;

/// How hard each unit is.
pub(crate) struct Scores {
    /// Mean negative logarithm of the right label's probability, in nats.
    pub loss: Vec<f64>,
    /// Share of examples whose label's score was above all others.
    pub accuracy: Vec<f64>,
}

/// An example: its numbers and its label's place among the labels that there are.
struct Example {
    input: Vec<f32>,
    label: usize,
}

/// One weight for each label and number of an input; the last number is always 1.
struct Linear {
    weights: Vec<f32>,
    width: usize,
}

impl Linear {
    fn new(labels: usize, width: usize) -> Self {
        Self { weights: vec![0.0; labels * width], width }
    }
    /// Probability of each label.
    fn probabilities(&self, input: &[f32]) -> Vec<f64> {
        let score = |row: &[f32]| row.iter().zip(input).map(|(w, x)| f64::from(w * x)).sum::<f64>();
        let scores: Vec<f64> = self.weights.chunks_exact(self.width).map(score).collect();
        let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let powers: Vec<f64> = scores.into_iter().map(|score| (score - most).exp()).collect();
        let sum: f64 = powers.iter().sum();
        powers.into_iter().map(|power| power / sum).collect()
    }
    fn step(&mut self, example: &Example, epoch: u64) {
        let rate = 1.0 / ((1.0 + example.input.iter().map(|x| x * x).sum::<f32>()) * epoch as f32);
        let probabilities = self.probabilities(&example.input);
        for (label, (row, p)) in self.weights.chunks_exact_mut(self.width).zip(probabilities).enumerate() {
            let slope = p as f32 - if label == example.label { 1.0 } else { 0.0 };
            row.iter_mut().zip(&example.input).for_each(|(w, x)| *w -= rate * slope * x);
        }
    }
}

/// Fits and scores with at most `examples` of each unit.
///
/// # Errors
/// When pictures are missing, a unit has less than two examples, or the fit would take too long.
pub(crate) fn probe(units: &[Unit], ground: &Ground, examples: usize) -> Result<Scores> {
    let mut thumbnails = Thumbnails::new(ground, "source = \"probe\"")?;
    let width = thumbnails.width() + 1;
    let mut labels = BTreeMap::new();
    for unit in units {
        ensure!(unit.train.len() > 1, "`{}` has less than the two training examples that the probe needs", unit.name);
        labels.extend((0..unit.train.len()).map(|at| (unit.train.label(at), 0)));
    }
    labels.values_mut().enumerate().for_each(|(place, label)| *label = place);
    let fitted = units.iter().map(|unit| unit.train.len().min(examples).div_ceil(2) as u64).sum::<u64>();
    let work = fitted.saturating_mul(2 * EPOCHS * width as u64).saturating_mul(labels.len() as u64);
    ensure!(
        work <= MOST_WORK,
        "the probe would take {work} multiplications for {} labels, more than {MOST_WORK}; lower \
         stream.order.examples, or set source = \"file\"",
        labels.len()
    );
    let (mut fit, mut held) = (Vec::new(), Vec::new());
    for (at, unit) in units.iter().enumerate() {
        let drawn = ground.draws.order("probe", at as u64, unit.train.len());
        for (turn, index) in drawn.into_iter().take(examples).enumerate() {
            let mut input = thumbnails.of(&unit.train, index);
            input.push(1.0);
            let example = Example { input, label: labels[&unit.train.label(index)] };
            if turn % 2 == 0 { fit.push(example) } else { held.push((at, example)) }
        }
    }
    standardise(&mut fit, &mut held);
    let mut linear = Linear::new(labels.len(), width);
    for epoch in 1..=EPOCHS {
        let order = ground.draws.order("probe's epoch", epoch, fit.len());
        order.into_iter().for_each(|at| linear.step(&fit[at], epoch));
    }
    Ok(score(&linear, &held, units.len()))
}

/// Brings each number but the last to mean 0 and standard deviation 1 over the examples that are fitted.
fn standardise(fit: &mut [Example], held: &mut [(usize, Example)]) {
    let count = fit.len() as f32;
    for at in 0..fit.first().map_or(0, |example| example.input.len() - 1) {
        let mean = fit.iter().map(|example| example.input[at]).sum::<f32>() / count;
        let variance = fit.iter().map(|example| (example.input[at] - mean).powi(2)).sum::<f32>() / count;
        // A number that never changes tells nothing.
        let scale = if variance > 1e-8 { 1.0 / variance.sqrt() } else { 0.0 };
        let all = fit.iter_mut().chain(held.iter_mut().map(|(_, example)| example));
        all.for_each(|example| example.input[at] = (example.input[at] - mean) * scale);
    }
}

fn score(linear: &Linear, held: &[(usize, Example)], units: usize) -> Scores {
    let (mut loss, mut hits, mut counts) = (vec![0.0; units], vec![0.0; units], vec![0.0; units]);
    for (unit, example) in held {
        let probabilities = linear.probabilities(&example.input);
        let right = probabilities[example.label];
        loss[*unit] -= right.max(f64::MIN_POSITIVE).ln();
        hits[*unit] += f64::from(u8::from(is_right(&probabilities, example.label)));
        counts[*unit] += 1.0;
    }
    let mean = |sums: Vec<f64>| sums.into_iter().zip(&counts).map(|(sum, count)| sum / count).collect();
    Scores { loss: mean(loss), accuracy: mean(hits) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::toy;

    #[test]
    fn a_first_step_goes_half_way_by_hand() {
        let mut linear = Linear::new(2, 2);
        assert_eq!(linear.probabilities(&[1.0, 1.0]), [0.5, 0.5]);
        linear.step(&Example { input: vec![1.0, 1.0], label: 0 }, 1);
        // The step's length is 1 / (1 + 2), the slopes are −½ and ½.
        let near = |a: &f32, b: f32| (a - b).abs() < 1e-6;
        let wanted = [1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0];
        assert!(linear.weights.iter().zip(wanted).all(|(a, b)| near(a, b)), "{:?}", linear.weights);
        // Scores differ by 2/3: 1 / (1 + e^(−2/3)).
        assert!((linear.probabilities(&[1.0, 1.0])[0] - 0.660_757).abs() < 1e-5);
    }

    #[test]
    fn what_looks_alike_is_harder() {
        // `a` is dark, `b` bright, `c` and `d` are both stripes.
        let of = |picture: [u8; 4]| (0..20).map(|at| picture.map(|p| p ^ (at % 4))).map(Vec::from).collect();
        let classes = [of([0, 0, 0, 0]), of([240; 4]), of([240, 0, 240, 0]), of([240, 0, 240, 0])];
        let universe = toy::pictures(2, &classes);
        let ground = toy::ground(&universe, 0);
        let scores = probe(&ground.concepts(), &ground, 20).unwrap();
        let [a, b, c, d] = scores.loss[..] else { panic!("{:?}", scores.loss) };
        assert!(a.max(b) < 0.2 && c + d > 1.3, "{:?}", scores.loss);
        assert_eq!(scores.accuracy[..2], [1.0, 1.0]);
        assert!(scores.accuracy[2] + scores.accuracy[3] < 1.5, "{:?}", scores.accuracy);
    }

    #[test]
    fn too_few_examples_are_refused() {
        let universe = toy::pictures(1, &[vec![vec![0], vec![1]], vec![vec![2]]]);
        let ground = toy::ground(&universe, 0);
        let error = probe(&ground.concepts(), &ground, 9).err().unwrap().to_string();
        assert!(error.starts_with("`toy+++b` has less than the two"), "{error}");
    }
}
