//! Herding: the examples whose mean stays nearest to the mean of all.
//!
//! - Welling 2009, <https://doi.org/10.1145/1553374.1553517>.
//! - Rebuffi et al. 2017, <https://arxiv.org/abs/1611.07725>, algorithm 4, on features scaled to length 1.

/// The first `count` examples in herding order. All `features` have one length; one that is all zeros stays so.
pub fn herd(features: &[&[f32]], count: usize) -> Vec<usize> {
    let width = features.first().map_or(0, |first| first.len());
    let unit: Vec<Vec<f64>> = features.iter().map(|row| scaled(row)).collect();
    let mut mean = vec![0.0; width];
    for row in &unit {
        mean.iter_mut().zip(row).for_each(|(sum, x)| *sum += x / unit.len() as f64);
    }
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let to_mean: Vec<f64> = unit.iter().map(|row| dot(row, &mean)).collect();
    let squares: Vec<f64> = unit.iter().map(|row| dot(row, row)).collect();
    // ‖μ − (s + x)/k‖² less what is the same for all x: −2 μ·x/k + (2 s·x + x·x)/k².
    let mut to_sum = vec![0.0; unit.len()];
    let (mut left, mut chosen) = ((0..unit.len()).collect::<Vec<_>>(), Vec::new());
    while chosen.len() < count && !left.is_empty() {
        let k = (chosen.len() + 1) as f64;
        let distance = |at: usize| (2.0 * to_sum[at] + squares[at]) / (k * k) - 2.0 * to_mean[at] / k;
        // The first of equals.
        let best = (0..left.len()).min_by(|a, b| distance(left[*a]).total_cmp(&distance(left[*b])));
        let index = left.remove(best.expect("something is left"));
        left.iter().for_each(|at| to_sum[*at] += dot(&unit[*at], &unit[index]));
        chosen.push(index);
    }
    chosen
}

fn scaled(row: &[f32]) -> Vec<f64> {
    let finite = |x: &f32| if x.is_finite() { f64::from(*x) } else { 0.0 };
    let norm = row.iter().map(|x| finite(x).powi(2)).sum::<f64>().sqrt();
    row.iter().map(|x| if norm > 0.0 { finite(x) / norm } else { 0.0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_of_the_chosen_stays_near_the_mean_of_all() {
        // Mean direction of (1,0), (0,1), (0.6,0.8) is (0.5333, 0.6): the third lies nearest, then its sums with the
        // others are (0.8, 0.4) and (0.3, 0.9), at 0.4447 and 0.5507 of squared distance 0.1111 and 0.1444.
        let rows: [&[f32]; 3] = [&[2.0, 0.0], &[0.0, 5.0], &[3.0, 4.0]];
        assert_eq!(herd(&rows, 3), [2, 0, 1]);
        assert_eq!(herd(&rows, 1), [2]);
        assert_eq!(herd(&rows, 9), [2, 0, 1]);
        assert!(herd(&[], 3).is_empty());
    }

    #[test]
    fn features_without_length_or_finiteness_are_no_obstacle() {
        let rows: [&[f32]; 3] = [&[0.0, 0.0], &[f32::NAN, f32::INFINITY], &[1.0, 0.0]];
        let mut all = herd(&rows, 3);
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2]);
    }
}
