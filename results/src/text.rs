//! How names and numbers are written for people. Names come from files elsewhere and are hostile until cleaned.

use std::borrow::Cow;

use crate::{
    metric::{Metric, Unit},
    stats::Estimate,
};

/// Characters of a name in a table, at most.
const MAX_CHARS: usize = 60;

/// A text without control characters, line breaks, or marks that reorder or hide what follows.
pub fn clean(text: &str) -> String {
    let kept: String = text.chars().filter(|&c| !c.is_control() && !is_invisible(c)).collect();
    kept.trim().into()
}

/// Lines of text without what a terminal obeys or what reorders them: all control characters but line breaks and tabs,
/// and marks of direction. What reaches a screen goes through here, whatever was forgotten before.
pub fn harmless(text: &str) -> Cow<'_, str> {
    let bad = |c: char| (c.is_control() && !matches!(c, '\n' | '\t')) || is_direction(c);
    if text.contains(bad) { text.replace(bad, "").into() } else { text.into() }
}

/// A cleaned name that fits a table's column.
pub fn short(name: &str) -> String {
    cut(&clean(name), MAX_CHARS)
}

/// Most characters of what a parser says that quotes what it has read.
const MAX_REMARK: usize = 300;

/// What a parser of somebody else's says of a file, in one line: it may quote all of a file, escape sequences included.
pub fn remark(said: &str) -> String {
    let lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
    // More is never shown, and need not be looked at.
    let some: String = lines.collect::<Vec<_>>().join(", ").chars().take(4 * MAX_REMARK).collect();
    cut(&clean(&some), MAX_REMARK)
}

/// A message of several lines as a terminal may show it: [`clean`], and no line longer than 2,000 characters.
pub fn printable(message: &str) -> String {
    const MAX_LINE: usize = 2_000;
    let line = |line: &str| {
        let kept = line.chars().filter(|&c| !c.is_control() && !is_invisible(c)).take(MAX_LINE + 1);
        cut(&kept.collect::<String>(), MAX_LINE)
    };
    message.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// The first characters of `text`; `…` stands for the rest.
pub fn cut(text: &str, chars: usize) -> String {
    if text.chars().count() <= chars {
        return text.into();
    }
    text.chars().take(chars.saturating_sub(1)).chain(['…']).collect()
}

/// Marks that turn the direction of what follows.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Zero-width characters, direction marks, line separators, tags and variation selectors.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// A mean and half its interval in percent, such as `("91.2", Some("0.4"))`.
///
/// One decimal, or two where the interval is narrower than ±0.1 and not zero.
pub(crate) fn percent(estimate: Estimate) -> (String, Option<String>) {
    let half = estimate.half_width.map(|half| half * 100.0);
    let decimals = if half.is_some_and(|half| (0.005..0.1).contains(&half)) { 2 } else { 1 };
    (fixed(estimate.mean * 100.0, decimals), half.map(|half| fixed(half, decimals)))
}

/// A mean and half its interval in what the metric is measured in: shares in percent, steps with one decimal.
pub(crate) fn measured(metric: &Metric, estimate: Estimate) -> (String, Option<String>) {
    let decimals = match metric.unit {
        Unit::Share => return percent(estimate),
        Unit::Steps => 1,
        Unit::Nats | Unit::Number => 3,
    };
    (fixed(estimate.mean, decimals), estimate.half_width.map(|half| fixed(half, decimals)))
}

/// A number with so many decimals, and no minus sign before zeros.
pub(crate) fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(digits) if digits.chars().all(|c| c == '0' || c == '.') => digits.into(),
        _ => text,
    }
}

/// A count with a decimal prefix and three significant digits, such as `1.23 G`; exact below a thousand.
pub(crate) fn prefixed(count: u64) -> String {
    if count < 1000 {
        return format!("{count} ");
    }
    let mut value = count as f64;
    let mut prefix = ' ';
    for next in ['k', 'M', 'G', 'T', 'P', 'E'] {
        // 999.5 would be written as 1000.
        if value < 999.5 {
            break;
        }
        value /= 1000.0;
        prefix = next;
    }
    let decimals = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    format!("{value:.decimals$} {prefix}")
}

/// A count with its thousands apart, such as `1 234 567`.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// Breaks `text` between words into lines of at most `width` characters, all but the first indented by two.
pub(crate) fn wrap(text: &str, width: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last().expect("there is a first line");
        if !line.trim().is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push("  ".into());
        }
        let line = lines.last_mut().expect("there is a first line");
        if !line.trim().is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_could_move_the_cursor_or_hide() {
        assert_eq!(clean("lo\x1b[2Jra\n\r\u{202e}evil\u{200b}\u{7}"), "lo[2Jraevil");
        assert_eq!(short(&"é".repeat(61)), format!("{}…", "é".repeat(59)));
        assert_eq!(short(" plain "), "plain");
    }

    #[test]
    fn a_screen_gets_lines_and_nothing_that_it_obeys() {
        assert_eq!(harmless("a\tb\nc\r\x1b[2J\u{9b}2J\u{7f}\u{202e}d 👩\u{200d}🔬"), "a\tb\nc[2J2Jd 👩\u{200d}🔬");
        assert!(matches!(harmless("plain ±\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn what_parsers_quote_is_short_and_moves_no_cursor() {
        assert_eq!(remark("bad \x1b[31m value\n  in `key`\n\n"), "bad [31m value, in `key`");
        assert_eq!(remark(&"é".repeat(900_000)).chars().count(), 300);
        assert_eq!(printable("a\x1b[2J\nb\r\u{202e}c\n"), "a[2J\nbc\n");
        let long = printable(&format!("{}\nend", "x".repeat(900_000)));
        assert_eq!((long.lines().next().unwrap().chars().count(), long.lines().last()), (2_000, Some("end")));
    }

    #[test]
    fn percentages_have_sensible_digits() {
        let estimate = |mean, half_width| Estimate { mean, deviation: None, half_width, n: 1 };
        assert_eq!(percent(estimate(0.9123, None)), ("91.2".into(), None));
        assert_eq!(percent(estimate(0.9123, Some(0.0123))), ("91.2".into(), Some("1.2".into())));
        assert_eq!(percent(estimate(0.9123, Some(0.000_42))), ("91.23".into(), Some("0.04".into())));
        assert_eq!(percent(estimate(-0.0001, Some(0.0))), ("0.0".into(), Some("0.0".into())));
    }

    #[test]
    fn counts_keep_three_digits() {
        let written = [0, 999, 1000, 1234, 12_345, 999_499, 999_500, 1_230_000_000, u64::MAX].map(prefixed);
        assert_eq!(written, ["0 ", "999 ", "1.00 k", "1.23 k", "12.3 k", "999 k", "1.00 M", "1.23 G", "18.4 E"]);
        assert_eq!([7, 1000, 1_234_567].map(grouped), ["7", "1 000", "1 234 567"]);
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrap("one two three four", 9), "one two\n  three\n  four");
    }
}
