//! Least squares with one parameter that is searched: a grid, then golden sections around its best point.
//!
//! - Golub and Pereyra 1973, <https://doi.org/10.1137/0710036>: variable projection; at every value of the nonlinear
//!   parameter the linear ones have a closed form.

/// Points of the grid.
const GRID: u32 = 60;
/// Golden sections; each leaves 0.618 of the bracket, so forty leave 4·10⁻⁹ of it.
const SECTIONS: u32 = 40;

/// The value in `low..=high` at which `cost` is smallest, searched on a logarithmic scale; both ends are positive.
pub(super) fn minimise(low: f64, high: f64, cost: impl Fn(f64) -> f64) -> f64 {
    let (from, to) = (low.ln(), high.ln());
    let step = (to - from) / f64::from(GRID - 1);
    let at = |index: u32| from + f64::from(index) * step;
    let cost = |logarithm: f64| cost(logarithm.exp().clamp(low, high));
    let best = (0..GRID).map(at).min_by(|&a, &b| cost(a).total_cmp(&cost(b))).expect("the grid has points");
    let (mut left, mut right) = ((best - step).max(from), (best + step).min(to));
    let share = (5_f64.sqrt() - 1.0) / 2.0;
    let (mut a, mut b) = (right - share * (right - left), left + share * (right - left));
    let (mut at_a, mut at_b) = (cost(a), cost(b));
    for _ in 0..SECTIONS {
        if at_a <= at_b {
            (right, b, at_b) = (b, a, at_a);
            a = right - share * (right - left);
            at_a = cost(a);
        } else {
            (left, a, at_a) = (a, b, at_b);
            b = left + share * (right - left);
            at_b = cost(b);
        }
    }
    let refined = f64::midpoint(left, right);
    // At an end of the range, or where the cost has several valleys, the grid's own point may be the better one.
    let found = if cost(refined) <= cost(best) { refined } else { best };
    found.exp().clamp(low, high)
}

/// A straight line `intercept + slope·z`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) intercept: f64,
    pub(super) slope: f64,
}

impl Line {
    /// The least-squares line through one point or more; level where all `z` are equal.
    pub(super) fn through(z: &[f64], y: &[f64]) -> Self {
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let (mean_z, mean_y) = (mean(z), mean(y));
        let squares: f64 = z.iter().map(|z| (z - mean_z).powi(2)).sum();
        let products: f64 = z.iter().zip(y).map(|(z, y)| (z - mean_z) * (y - mean_y)).sum();
        let slope = if squares > 0.0 { products / squares } else { 0.0 };
        Self { intercept: mean_y - slope * mean_z, slope }
    }

    /// The least-squares line with an intercept of 0 or more.
    pub(super) fn above_zero(z: &[f64], y: &[f64]) -> Self {
        let line = Self::through(z, y);
        if line.intercept >= 0.0 {
            return line;
        }
        let squares: f64 = z.iter().map(|z| z * z).sum();
        let products: f64 = z.iter().zip(y).map(|(z, y)| z * y).sum();
        Self { intercept: 0.0, slope: if squares > 0.0 { products / squares } else { 0.0 } }
    }

    /// Sum of squared residuals.
    pub(super) fn cost(self, z: &[f64], y: &[f64]) -> f64 {
        z.iter().zip(y).map(|(z, y)| (y - self.intercept - self.slope * z).powi(2)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_valley_is_found() {
        let found = minimise(0.01, 100.0, |x| (x.ln() - 1.0).powi(2));
        assert!((found - 1_f64.exp()).abs() < 1e-6, "{found}");
        assert!((minimise(0.5, 8.0, |x| x) - 0.5).abs() < 1e-6);
    }

    #[test]
    fn lines_by_hand() {
        let line = Line::through(&[0.0, 1.0, 2.0], &[1.0, 3.0, 5.0]);
        assert_eq!((line.intercept, line.slope), (1.0, 2.0));
        // Free, the intercept is −1; from the origin the slope is (1 + 6)/(1 + 4).
        let line = Line::above_zero(&[1.0, 2.0], &[1.0, 3.0]);
        assert_eq!((line.intercept, line.slope), (0.0, 1.4));
        assert_eq!(Line::through(&[1.0, 1.0], &[1.0, 3.0]), Line { intercept: 2.0, slope: 0.0 });
    }
}
