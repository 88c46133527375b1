//! Whether two results agree: two one-sided tests against a margin that is stated beforehand.
//!
//! - Schuirmann 1987, <https://doi.org/10.1007/BF01068419>: two results are equivalent if the difference is above
//!   −margin and below +margin, each at level α; the same as a 1 − 2α interval that lies within the margin.
//! - Lakens 2017, <https://doi.org/10.1177/1948550617697177>: what the test says beside a test of difference.
//! - Welch 1947, <https://doi.org/10.1093/biomet/34.1-2.28>: the error and the degrees of freedom where one side is
//!   known by mean, deviation and number alone.

use std::fmt;

use super::{
    Interval, StatisticsError, check, deviation, mean,
    paired::{differences, paired_test},
    student, tolerance,
};

/// Level of each test; the interval covers 1 − 2·0.05 = 90 %.
pub const ALPHA: f64 = 0.05;
/// One point of accuracy, the smallest margin unless another is given.
pub const POINT: f64 = 0.01;

/// A result known from a publication.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Published {
    /// The mean, in the unit of the values that it is compared with.
    pub mean: f64,
    /// Sample standard deviation over seeds, if it is printed; a standard error is to be multiplied by √n first.
    pub deviation: Option<f64>,
    /// Number of seeds, if it is printed.
    pub n: Option<usize>,
}

impl Published {
    /// The margin unless another is given: one point of accuracy, or the published deviation if that is larger.
    pub fn margin(&self) -> f64 {
        self.deviation.unwrap_or(0.0).max(POINT)
    }
}

/// What the tests say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// The difference lies within the margin, be it zero or not.
    Equivalent,
    /// The difference is not zero, and it is not shown to lie within the margin.
    Different,
    /// Neither is shown: there are too few seeds for this margin.
    Undecided,
}

impl Agreement {
    /// The word for a table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Equivalent => "equivalent",
            Self::Different => "different",
            Self::Undecided => "undecided",
        }
    }
}

/// The two one-sided tests and the test of difference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Equivalence {
    /// Mean difference, first minus second or measured minus published.
    pub difference: f64,
    /// The margin that the difference is held against, above 0.
    pub margin: f64,
    /// Degrees of freedom.
    pub freedom: f64,
    /// p value against "the difference is −margin or less".
    pub p_low: f64,
    /// p value against "the difference is +margin or more".
    pub p_high: f64,
    /// Two-sided p value against "there is no difference".
    pub p_difference: f64,
    /// The 90 % interval of the difference.
    pub interval: Interval,
    /// What follows at level 0.05.
    pub agreement: Agreement,
}

/// Tests two methods on common seeds, two pairs or more; without a margin it is one point of accuracy.
pub fn paired_equivalence(first: &[f64], second: &[f64], margin: Option<f64>) -> Result<Equivalence, StatisticsError> {
    check(&differences(first, second)?, 2)?;
    let test = paired_test(first, second, 1.0 - 2.0 * ALPHA)?;
    tested(test.mean, test.deviation / (test.n as f64).sqrt(), test.freedom, margin.unwrap_or(POINT))
}

/// Tests two values or more against a published mean; without a margin it is [`Published::margin`].
///
/// By Welch's test if deviation and number of at least two seeds are published, else as if the published mean had no
/// error of its own.
pub fn published_equivalence(
    values: &[f64],
    published: Published,
    margin: Option<f64>,
) -> Result<Equivalence, StatisticsError> {
    check(values, 2)?;
    check(&[published.mean], 1)?;
    if let Some(value) = published.deviation.filter(|deviation| !deviation.is_finite() || *deviation < 0.0) {
        return Err(StatisticsError::OutOfRange { name: "the published deviation", value, range: "of 0 or more" });
    }
    let own = variance_of_mean(deviation(values, tolerance(values)), values.len());
    let other = match (published.deviation, published.n) {
        (Some(deviation), Some(n)) if n > 1 => Some(variance_of_mean(deviation, n)),
        _ => None,
    };
    let (variance, freedom) = welch(own, other);
    let difference = mean(values) - published.mean;
    let rounding = tolerance(&[values, &[published.mean]].concat());
    let difference = if difference.abs() <= rounding { 0.0 } else { difference };
    tested(difference, variance.sqrt(), freedom, margin.unwrap_or(published.margin()))
}

/// The squared error of a mean and its degrees of freedom.
fn variance_of_mean(deviation: f64, n: usize) -> (f64, f64) {
    (deviation * deviation / n as f64, (n - 1) as f64)
}

/// The squared error of a difference and the degrees of freedom of Welch and Satterthwaite.
fn welch(own: (f64, f64), other: Option<(f64, f64)>) -> (f64, f64) {
    let Some(other) = other else { return own };
    let sum = own.0 + other.0;
    let freedom = if sum > 0.0 {
        // Shares first: squares of small variances could vanish.
        let [a, b] = [own, other].map(|(variance, freedom)| (variance / sum).powi(2) / freedom);
        1.0 / (a + b)
    } else {
        own.1 + other.1
    };
    (sum, freedom)
}

fn tested(difference: f64, error: f64, freedom: f64, margin: f64) -> Result<Equivalence, StatisticsError> {
    if !(margin > 0.0 && margin.is_finite()) {
        return Err(StatisticsError::OutOfRange { name: "the margin", value: margin, range: "above 0" });
    }
    let level = 1.0 - 2.0 * ALPHA;
    let p_low = student::above(student::ratio(difference + margin, error), freedom);
    let p_high = student::above(student::ratio(margin - difference, error), freedom);
    let p_difference = student::beyond(student::ratio(difference, error), freedom);
    let agreement = match (p_low.max(p_high) < ALPHA, p_difference < ALPHA) {
        (true, _) => Agreement::Equivalent,
        (false, true) => Agreement::Different,
        (false, false) => Agreement::Undecided,
    };
    let interval = Interval::around(difference, student::two_sided_quantile(level, freedom) * error, level);
    Ok(Equivalence { difference, margin, freedom, p_low, p_high, p_difference, interval, agreement })
}

impl Equivalence {
    /// The larger of both one-sided p values: that of equivalence.
    pub fn p(&self) -> f64 {
        self.p_low.max(self.p_high)
    }
}

impl fmt::Display for Equivalence {
    /// The result in a sentence that names the margin.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { difference, margin, interval: Interval { low, high, .. }, .. } = self;
        let (p, p_difference) = (p_text(self.p()), p_text(self.p_difference));
        match self.agreement {
            Agreement::Equivalent => write!(out, "Equivalent within a margin of ±{margin:.4} (p {p})")?,
            Agreement::Different => write!(
                out,
                "Different (p {p_difference}), and not shown to be equivalent within a margin of ±{margin:.4} (p {p})"
            )?,
            Agreement::Undecided => write!(
                out,
                "Undecided: neither equivalent within a margin of ±{margin:.4} (p {p}) nor different (p {p_difference})"
            )?,
        }
        write!(out, "; the difference is {difference:+.4}, 90 % interval {low:+.4} to {high:+.4}.")
    }
}

fn p_text(p: f64) -> String {
    if p < 0.001 { "< 0.001".into() } else { format!("= {p:.3}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: [f64; 4] = [0.70, 0.71, 0.69, 0.70];

    fn against(mean: f64, deviation: Option<f64>, n: Option<usize>) -> Equivalence {
        published_equivalence(&VALUES, Published { mean, deviation, n }, None).unwrap()
    }

    #[test]
    fn the_same_mean_is_equivalent_within_a_point() {
        // s = √(0.0002/3) = 0.0081650, error 0.0040825, t(3) at 0.95 2.353363: half-width 0.0096076 < 0.01.
        let test = against(0.70, None, None);
        assert_eq!((test.agreement, test.difference, test.margin), (Agreement::Equivalent, 0.0, POINT));
        assert!((test.interval.half_width() - 0.009_607_6).abs() < 1e-7);
        assert_eq!(
            test.to_string(),
            "Equivalent within a margin of ±0.0100 (p = 0.046); the difference is +0.0000, 90 % interval -0.0096 to \
             +0.0096."
        );
    }

    #[test]
    fn a_wide_published_spread_widens_margin_and_error() {
        let test = against(0.70, Some(0.02), Some(3));
        assert_eq!((test.margin, test.agreement), (0.02, Agreement::Undecided));
        // Variances 1.6667e-5 and 1.3333e-4: ν = (1.5e-4)² / (1.6667e-5²/3 + 1.3333e-4²/2) = 2.505155.
        assert!((test.freedom - 2.505_155).abs() < 1e-6, "{}", test.freedom);
        // Without the number of seeds there is no error to add.
        assert_eq!(against(0.70, Some(0.02), None).agreement, Agreement::Equivalent);
        assert_eq!(against(0.70, Some(0.002), None).margin, POINT);
    }

    #[test]
    fn a_far_mean_is_different_and_a_near_one_undecided() {
        let far = against(0.75, None, None);
        assert_eq!(far.agreement, Agreement::Different);
        assert!(far.to_string().starts_with("Different (p = 0.001), and not shown to be equivalent within a margin"));
        let near = against(0.709, None, None);
        assert_eq!(near.agreement, Agreement::Undecided);
        assert!(near.to_string().starts_with("Undecided: neither equivalent within a margin of ±0.0100"));
    }

    #[test]
    fn a_small_difference_that_is_certain_is_still_equivalent() {
        let first = [0.501, 0.602, 0.701, 0.802];
        let second = [0.5, 0.6, 0.7, 0.8];
        let test = paired_equivalence(&first, &second, None).unwrap();
        assert!(test.p_difference < 0.05);
        assert_eq!(test.agreement, Agreement::Equivalent);
        assert_eq!(paired_equivalence(&first, &second, Some(0.0005)).unwrap().agreement, Agreement::Different);
    }

    #[test]
    fn values_without_spread_are_certain() {
        let same = Published { mean: 0.3, deviation: Some(0.0), n: Some(3) };
        let test = published_equivalence(&[0.1 + 0.2; 3], same, None).unwrap();
        assert_eq!((test.p(), test.p_difference, test.agreement), (0.0, 1.0, Agreement::Equivalent));
        let other = Published { mean: 0.32, ..same };
        let test = published_equivalence(&[0.3; 3], other, None).unwrap();
        assert_eq!((test.p(), test.p_difference, test.agreement), (1.0, 0.0, Agreement::Different));
    }

    #[test]
    fn impossible_input_is_refused() {
        let published = Published { mean: 0.5, deviation: Some(-1.0), n: None };
        assert!(matches!(published_equivalence(&VALUES, published, None), Err(StatisticsError::OutOfRange { .. })));
        for margin in [0.0, -0.01, f64::NAN, f64::INFINITY] {
            let refused = paired_equivalence(&VALUES, &VALUES, Some(margin));
            assert!(matches!(refused, Err(StatisticsError::OutOfRange { .. })), "{margin}");
        }
        assert_eq!(paired_equivalence(&[0.1], &[0.1], None), Err(StatisticsError::TooFew { needed: 2, given: 1 }));
    }
}
