//! Scores in words: all of them in a list, and one with its worked example.

use std::fmt::Write;

use super::run::matrix_text;
use crate::{
    metric::{Better, CATALOGUE, Metric, Unit, all, example},
    words::{columns::WIDTH, fixed, wrap},
};

/// All scores, a few lines each.
pub fn listing() -> String {
    let mut text = String::new();
    for metric in CATALOGUE.iter().flat_map(|family| family.iter()) {
        let head = format!("{:<28} {}", metric.key, metric.head());
        let _ = writeln!(text, "{}\n  {}", head.trim_end(), wrap(metric.about, WIDTH - 2));
    }
    text
}

/// A score in words: formula, range, direction, source, the example worked out, and what else goes by its name.
pub fn explain(metric: &Metric) -> String {
    let mut text = format!("{}  {}  {}\n", metric.key, metric.head(), metric.name);
    let direction = match metric.better {
        Better::Higher => "higher is better",
        Better::Lower => "lower is better",
        Better::Neither => "no direction is better",
    };
    let unit = match metric.unit {
        Unit::Share => ", in percent in tables",
        Unit::Steps => " steps",
        Unit::Nats => " nats",
        Unit::Number => "",
    };
    let range = format!("{} to {}{unit}; {direction}", bound(metric.range.0), bound(metric.range.1));
    let facts = [
        ("is", metric.about),
        ("formula", metric.formula),
        ("range", &range),
        ("source", metric.source),
        ("needs", metric.needs),
    ];
    for (name, fact) in facts.into_iter().filter(|(_, fact)| !fact.is_empty()) {
        let _ = writeln!(text, "  {name:<9}{}", wrap(fact, WIDTH - 11).replace("\n  ", "\n           "));
    }
    text += "\nOn the example\n\n";
    let subject = example(metric);
    let names = ["one", "two", "three", "four", "five"].map(String::from);
    text += &matrix_text(&subject.matrix, &names[..subject.matrix.tasks()]);
    let value = (metric.of)(subject).map_or("—".into(), number);
    let _ = writeln!(text, "\n{}", wrap(&format!("{} = {} = {value}", metric.key, metric.worked), WIDTH));
    text += &namesakes(metric);
    text
}

/// Other definitions of the same quantity, with their values on the example.
fn namesakes(metric: &Metric) -> String {
    let quantity = |metric: &Metric| metric.key.split('.').next().unwrap_or_default().to_owned();
    let others: Vec<&Metric> = all().filter(|other| quantity(other) == quantity(metric) && *other != metric).collect();
    if others.is_empty() {
        return String::new();
    }
    let mut text = format!("\nOthers that are called {}, on the same example\n", quantity(metric));
    for other in others {
        let value = (other.of)(example(other)).map_or("—".into(), number);
        let _ = writeln!(text, "  {:<26} {value:>8}", other.key);
        let _ = writeln!(text, "    {}", wrap(other.about, WIDTH - 4).replace("\n  ", "\n    "));
    }
    text
}

/// A value with up to four decimals.
pub(super) fn number(value: f64) -> String {
    let text = fixed(value, 4);
    let text = text.trim_end_matches('0');
    text.strip_suffix('.').unwrap_or(text).into()
}

fn bound(value: f64) -> String {
    if value.is_finite() {
        number(value)
    } else if value > 0.0 {
        "∞".into()
    } else {
        "−∞".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::transfer::BACKWARD;

    #[test]
    fn every_explanation_fits_a_terminal() {
        for text in all().map(explain).chain([listing()]) {
            assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        }
        let text = explain(&BACKWARD);
        assert!(text.contains("bwt.gem17 = ((0.6 - 0.9) + (0.85 - 0.8)) / 2 = -0.125"), "{text}");
        assert!(text.contains("bwt.gem-code                -0.0833"), "{text}");
    }
}
