//! A scale for numbers: where they stand between its ends, and the round numbers at which it is marked.

use crate::words::fixed;

/// Largest magnitude that is drawn, and the inverse of the smallest on a scale of powers; all others are left out.
const MOST: f64 = 1e100;
/// Share of the span that is added at each end.
const MARGIN: f64 = 0.04;
/// Numbers are equal if their span is below this share of their size: marks need digits that can be read.
const EQUAL: f64 = 1e-6;

/// A scale.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    /// Both ends; decimal logarithms on a scale of powers.
    low: f64,
    high: f64,
    log: bool,
}

/// A mark.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    /// Where it stands, 0 to 1.
    pub at: f64,
    /// What is written there; nothing beside a mark between two powers.
    pub text: String,
}

/// Whether a number has a place on a scale.
pub(super) fn drawn(value: f64, log: bool) -> bool {
    value.is_finite() && value.abs() <= MOST && (!log || value >= 1.0 / MOST)
}

impl Axis {
    /// A scale that holds all of `values` that have a place on it.
    pub(super) fn of(values: impl Iterator<Item = f64>, log: bool) -> Self {
        let places = values.filter(|value| drawn(*value, log)).map(|value| if log { value.log10() } else { value });
        let (low, high) = places.fold((f64::MAX, f64::MIN), |(low, high), at| (at.min(low), at.max(high)));
        let size = low.abs().max(high.abs());
        if low > high {
            Self { low: 0.0, high: 1.0, log }
        } else if log && high - low < 0.01 {
            Self { low: low - 0.3, high: high + 0.3, log }
        } else if !log && high - low <= EQUAL * size {
            let room = if size == 0.0 { 1.0 } else { size * 0.1 };
            Self { low: low - room, high: high + room, log }
        } else {
            let margin = MARGIN * (high - low);
            // What is never negative is not shown as if it could be.
            let floor = if log || low < 0.0 { f64::MIN } else { 0.0 };
            Self { low: (low - margin).max(floor), high: high + margin, log }
        }
    }

    /// A scale from `low` to `high`, or one that holds `values` if that is no range.
    pub(super) fn between(range: Option<(f64, f64)>, values: impl Iterator<Item = f64>) -> Self {
        match range {
            Some((low, high))
                if drawn(low, false) && drawn(high, false) && high - low > EQUAL * low.abs().max(high.abs()) =>
            {
                Self { low, high, log: false }
            }
            _ => Self::of(values, false),
        }
    }

    /// Where `value` stands between the ends, 0 to 1; outside of that if it lies outside.
    pub(super) fn at(&self, value: f64) -> f64 {
        let place = if self.log { value.max(1.0 / MOST).log10() } else { value };
        (place - self.low) / (self.high - self.low)
    }

    /// Round marks, about `most` of them with a text or fewer.
    pub(super) fn ticks(&self, most: usize) -> Vec<Tick> {
        if !self.log {
            let (values, step) = round(self.low, self.high, most);
            return values.into_iter().map(|value| self.tick(value, self.text(value, step))).collect();
        }
        let (first, last) = (self.low.ceil() as i32, self.high.floor() as i32);
        if last - first >= 1 {
            return self.powers(first, last, most);
        }
        // Less than two powers: round numbers, which stand unevenly.
        let (low, high) = (10_f64.powf(self.low), 10_f64.powf(self.high));
        let (values, step) = round(low, high, most);
        let linear = Self { low, high, log: false };
        let positive = values.into_iter().filter(|value| *value > 0.0);
        positive.map(|value| self.tick(value, linear.text(value, step))).collect()
    }

    /// Every power of ten, or every few; between neighbours, marks without a text.
    fn powers(&self, first: i32, last: i32, most: usize) -> Vec<Tick> {
        let stride = ((last - first) as usize / most.max(1) + 1) as i32;
        let between = (first - 1..=last).filter(|_| last - first <= 6);
        let minor = between.flat_map(|power| (2..10).map(move |times| f64::from(times) * 10_f64.powi(power)));
        let minor = minor.map(|value| self.tick(value, String::new())).filter(|tick| (0.0..=1.0).contains(&tick.at));
        let major = (first..=last).filter(|power| power.rem_euclid(stride) == 0 || stride == 1);
        let major = major.map(|power| self.tick(10_f64.powi(power), power_text(power)));
        minor.chain(major).collect()
    }

    fn tick(&self, value: f64, text: String) -> Tick {
        Tick { at: self.at(value), text }
    }

    /// A mark's number, with as many digits as tell it from its neighbours, and one prefix for the whole scale.
    fn text(&self, value: f64, step: f64) -> String {
        let largest = self.low.abs().max(self.high.abs());
        let power = largest.log10().floor() as i32;
        if value == 0.0 {
            return "0".into();
        }
        match power {
            4..21 => {
                let (unit, prefix) = prefix(power);
                minus(&fixed(value / unit, decimals(step / unit))) + " " + prefix
            }
            -4..4 => minus(&fixed(value, decimals(step))),
            _ => {
                let digits = (value.abs().log10().floor() - step.log10().floor()).max(0.0) as usize;
                minus(&format!("{value:.digits$e}"))
            }
        }
    }
}

/// Round numbers from `low` to `high`, `most` or fewer, and their distance: 1, 2 or 5 times a power of ten.
fn round(low: f64, high: f64, most: usize) -> (Vec<f64>, f64) {
    let rough = (high - low) / most.max(1) as f64;
    let power = 10_f64.powf(rough.log10().floor());
    // A rough step that is round already may be a hair above itself.
    let step = [1.0, 2.0, 5.0].into_iter().map(|times| times * power).find(|step| *step >= rough * (1.0 - 1e-9));
    let step = step.unwrap_or(10.0 * power);
    let slack = 1e-9 * step;
    let (first, last) = (((low - slack) / step).ceil(), ((high + slack) / step).floor());
    let count = (last - first).clamp(0.0, 2.0 * most.max(1) as f64) as i32;
    ((0..=count).map(|index| (first + f64::from(index)) * step).filter(|at| *at <= high + slack).collect(), step)
}

fn decimals(step: f64) -> usize {
    // 0.1 is a hair above what its logarithm says.
    (-(step.log10() + 1e-9).floor()).clamp(0.0, 12.0) as usize
}

fn prefix(power: i32) -> (f64, &'static str) {
    let index = (power / 3).clamp(0, 6);
    (1000_f64.powi(index), ["", "k", "M", "G", "T", "P", "E"][index as usize])
}

/// A power of ten: plain up to a thousand, with a prefix to 10²⁰, otherwise as a power.
fn power_text(power: i32) -> String {
    match power {
        -3..0 => fixed(10_f64.powi(power), -power as usize),
        0..4 => fixed(10_f64.powi(power), 0),
        4..21 => {
            let (unit, prefix) = prefix(power);
            format!("{} {prefix}", fixed(10_f64.powi(power) / unit, 0))
        }
        _ => format!("10{}", raised(power)),
    }
}

fn raised(power: i32) -> String {
    let digit = |c: char| {
        c.to_digit(10).map_or('⁻', |digit| ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][digit as usize])
    };
    power.to_string().chars().map(digit).collect()
}

/// A number with a sign as wide as a plus.
pub(super) fn minus(number: &str) -> String {
    number.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(values: &[f64], log: bool, most: usize) -> Vec<String> {
        let ticks = Axis::of(values.iter().copied(), log).ticks(most);
        ticks.into_iter().map(|tick| tick.text).filter(|text| !text.is_empty()).collect()
    }

    #[test]
    fn marks_are_one_two_or_five_times_a_power_of_ten() {
        assert_eq!(texts(&[0.0, 100.0], false, 6), ["0", "20", "40", "60", "80", "100"]);
        assert_eq!(texts(&[0.0, 1.0], false, 6), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(texts(&[-0.31, 0.12], false, 6), ["−0.3", "−0.2", "−0.1", "0", "0.1"]);
        assert_eq!(texts(&[0.0, 4e10], false, 5), ["0", "10 G", "20 G", "30 G", "40 G"]);
        assert_eq!(texts(&[0.0, 3e-9], false, 4), ["0", "1e−9", "2e−9", "3e−9"]);
    }

    #[test]
    fn powers_of_ten_have_prefixes() {
        assert_eq!(texts(&[2e6, 3e10], true, 8), ["10 M", "100 M", "1 G", "10 G"]);
        assert_eq!(texts(&[1e-9, 1e18], true, 6), ["10⁻¹⁰", "10⁻⁵", "1", "100 k", "10 G", "1 P"]);
        assert_eq!(texts(&[0.002, 30.0], true, 8), ["0.01", "0.1", "1", "10"]);
        // Too narrow for powers.
        assert_eq!(texts(&[2e9, 6e9], true, 5), ["2 G", "3 G", "4 G", "5 G", "6 G"]);
    }

    #[test]
    fn nothing_one_number_and_no_numbers_have_a_scale() {
        assert_eq!(texts(&[], false, 2), ["0", "0.5", "1.0"]);
        assert_eq!(texts(&[f64::NAN, f64::INFINITY, 1e300], true, 2), texts(&[], true, 2));
        let near = |share: f64, expected: f64| assert!((share - expected).abs() < 1e-12, "{share}");
        near(Axis::of([5.0].into_iter(), false).at(5.0), 0.5);
        near(Axis::of([0.0, 0.0].into_iter(), false).at(0.0), 0.5);
        // Their difference is below what marks could tell.
        let equal = Axis::of([1e18, 1e18 + 1e9].into_iter(), false);
        assert!((equal.at(1e18) - 0.5).abs() < 1e-6 && equal.ticks(3).len() >= 2, "{equal:?}");
    }

    #[test]
    fn counts_do_not_start_below_zero() {
        assert!(Axis::of([0.0, 10.0].into_iter(), false).at(0.0).abs() < 1e-12);
        assert!(Axis::of([-1.0, 10.0].into_iter(), false).at(-1.0) > 0.03);
    }

    #[test]
    fn a_range_that_is_none_is_not_taken() {
        let values = [3.0, 4.0];
        let own = Axis::of(values.into_iter(), false);
        for range in [Some((1.0, 1.0)), Some((2.0, 1.0)), Some((f64::NAN, 1.0)), None] {
            assert_eq!(Axis::between(range, values.into_iter()), own);
        }
        let half = Axis::between(Some((0.0, 8.0)), values.into_iter()).at(4.0);
        assert!((half - 0.5).abs() < 1e-12, "{half}");
    }

    proptest! {
        #[test]
        fn marks_stand_in_order_within_the_scale(
            values in prop::collection::vec(prop_oneof![any::<f64>(), -1e3..1e3, 1e-9..1e18], 0..6),
            log: bool,
            most in 1_usize..12,
        ) {
            let axis = Axis::of(values.iter().copied(), log);
            let named: Vec<Tick> = axis.ticks(most).into_iter().filter(|tick| !tick.text.is_empty()).collect();
            prop_assert!(named.len() <= 2 * most + 2, "{named:?}");
            prop_assert!(named.iter().all(|tick| (-1e-6..=1.0 + 1e-6).contains(&tick.at)), "{axis:?} {named:?}");
            prop_assert!(named.windows(2).all(|two| two[0].at < two[1].at && two[0].text != two[1].text), "{named:?}");
            for value in values.into_iter().filter(|value| drawn(*value, log)) {
                prop_assert!((-1e-9..=1.0 + 1e-9).contains(&axis.at(value)));
            }
        }
    }
}
