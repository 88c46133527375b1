//! The arithmetic of every worked example, computed by a parser of its own.

use super::tests::close;
use super::*;

#[test]
fn every_worked_example_comes_to_the_score() {
    for metric in all() {
        let by_hand = worked_out(metric.worked);
        let value = (metric.of)(example(metric));
        assert!(close(value, by_hand), "{}: {} is {by_hand}, the score is {value:?}", metric.key, metric.worked);
        assert!((metric.range.0..=metric.range.1).contains(&by_hand), "{} is out of its range", metric.key);
    }
}

/// The value of an expression of numbers, + - * /, brackets, and max, min, sqrt, exp, ln: an independent computation.
fn worked_out(text: &str) -> f64 {
    let mut rest = text;
    let value = sum(&mut rest);
    assert!(rest.trim().is_empty(), "`{rest}` is left of `{text}`");
    value
}

fn sum(rest: &mut &str) -> f64 {
    let mut value = product(rest);
    loop {
        if take(rest, "+") {
            value += product(rest);
        } else if take(rest, "-") {
            value -= product(rest);
        } else {
            return value;
        }
    }
}

fn product(rest: &mut &str) -> f64 {
    let mut value = atom(rest);
    loop {
        if take(rest, "*") {
            value *= atom(rest);
        } else if take(rest, "/") {
            value /= atom(rest);
        } else {
            return value;
        }
    }
}

fn atom(rest: &mut &str) -> f64 {
    for name in ["max", "min"] {
        if take(rest, name) {
            assert!(take(rest, "("));
            let mut value = sum(rest);
            while take(rest, ",") {
                let other = sum(rest);
                value = if name == "max" { value.max(other) } else { value.min(other) };
            }
            assert!(take(rest, ")"));
            return value;
        }
    }
    for (name, function) in [("sqrt", f64::sqrt as fn(f64) -> f64), ("exp", f64::exp), ("ln", f64::ln)] {
        if take(rest, name) {
            return function(atom(rest));
        }
    }
    if take(rest, "(") {
        let value = sum(rest);
        assert!(take(rest, ")"), "a bracket is open before `{rest}`");
        return value;
    }
    let text = rest.trim_start();
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    *rest = &text[end..];
    text[..end].parse().unwrap_or_else(|_| panic!("no number at `{text}`"))
}

fn take(rest: &mut &str, sign: &str) -> bool {
    let taken = rest.trim_start().strip_prefix(sign);
    taken.inspect(|after| *rest = after).is_some()
}
