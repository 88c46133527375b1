//! Two texts compared line by line, and in each line cell by cell or word by word.

use std::collections::BTreeMap;

/// How a part of a table came out again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Came {
    /// In every bit, or in every character that is shown.
    Same,
    /// A mean that is another, inside of the published 95 % interval.
    Within,
    /// Otherwise.
    Different,
    /// A run behind it is not there.
    Missing,
}

impl Came {
    /// All, best first.
    pub const ALL: [Self; 4] = [Self::Same, Self::Within, Self::Different, Self::Missing];

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Same => "the same, digit by digit",
            Self::Within => "within the published 95 % interval",
            Self::Different => "different",
            Self::Missing => "not checked: a run is missing",
        }
    }
}

/// A part of a table that did not come out the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where it stands: a row and a column, or the beginning of a line.
    pub place: String,
    /// What was published; empty where something is left out.
    pub said: String,
    /// What came out; empty where something was added.
    pub now: String,
    /// How it came out.
    pub came: Came,
}

/// How the parts of some tables came out again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Cells and words that hold a number, by how they came out.
    pub numbers: BTreeMap<Came, usize>,
    /// All other cells and words.
    pub words: BTreeMap<Came, usize>,
    /// What did not come out the same.
    pub findings: Vec<Finding>,
}

impl Tally {
    /// Whether everything came out the same.
    pub fn is_same(&self) -> bool {
        self.findings.is_empty() && self.numbers.keys().chain(self.words.keys()).all(|came| *came == Came::Same)
    }

    /// Takes another's counts and findings.
    pub fn add(&mut self, other: Self) {
        other.numbers.into_iter().for_each(|(came, count)| *self.numbers.entry(came).or_default() += count);
        other.words.into_iter().for_each(|(came, count)| *self.words.entry(came).or_default() += count);
        self.findings.extend(other.findings);
    }

    /// Counts one part; `said` and `now` decide how it came out.
    pub(super) fn part(&mut self, place: &dyn Fn() -> String, said: &str, now: &str) {
        let came = came(said, now);
        self.count(has_number(said) || has_number(now), came);
        if came != Came::Same {
            self.findings.push(Finding { place: place(), said: said.into(), now: now.into(), came });
        }
    }

    pub(super) fn count(&mut self, number: bool, came: Came) {
        let counts = if number { &mut self.numbers } else { &mut self.words };
        *counts.entry(came).or_default() += 1;
    }

    /// Counts every part of a text that cannot be made again, for `why`.
    pub(super) fn missing(said: &str, why: &str) -> Self {
        let same = compare(said, said);
        let all = |counts: BTreeMap<Came, usize>| BTreeMap::from([(Came::Missing, counts.values().sum())]);
        let place = said.lines().next().unwrap_or_default();
        let finding = Finding { place: place.into(), said: String::new(), now: why.into(), came: Came::Missing };
        Self { numbers: all(same.numbers), words: all(same.words), findings: vec![finding] }
    }
}

/// Compares what was published with what came out.
pub fn compare(said: &str, now: &str) -> Tally {
    let (said, now) = (lines(said), lines(now));
    let alike = |(a, b): &(&&str, &&str)| a == b;
    let before = said.iter().zip(&now).take_while(alike).count();
    let (said_rest, now_rest) = (&said[before..], &now[before..]);
    let after = said_rest.iter().rev().zip(now_rest.iter().rev()).take_while(alike).count();
    let (said_middle, now_middle) = (&said_rest[..said_rest.len() - after], &now_rest[..now_rest.len() - after]);
    let mut tally = Tally::default();
    let mut heads: Vec<String> = Vec::new();
    let mut line = |said: &str, now: &str| {
        if !is_rule(said) && !now.is_empty() && parts(now).0 && !parts(now).1.iter().any(|cell| has_number(cell)) {
            heads = parts(now).1;
        }
        one_line(&mut tally, &heads, said, now);
    };
    said[..before].iter().for_each(|same| line(same, same));
    for at in 0..said_middle.len().max(now_middle.len()) {
        line(said_middle.get(at).unwrap_or(&""), now_middle.get(at).unwrap_or(&""));
    }
    said_rest[said_rest.len() - after..].iter().for_each(|same| line(same, same));
    tally
}

/// Lines that say something; fences around a block of text say nothing.
fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("```")).collect()
}

fn one_line(tally: &mut Tally, heads: &[String], said: &str, now: &str) {
    if is_rule(said) && is_rule(now) && said.matches('|').count() == now.matches('|').count() {
        return;
    }
    let ((is_row, said_parts), (_, now_parts)) = (parts(said), parts(now));
    let begin = if now.is_empty() { &said_parts } else { &now_parts };
    let begin = begin.iter().take(if is_row { 1 } else { 4 }).cloned().collect::<Vec<_>>().join(" ");
    for at in 0..said_parts.len().max(now_parts.len()) {
        let place = || match heads.get(at) {
            Some(head) if is_row => format!("{begin}, {head}"),
            _ => format!("in `{begin} …`"),
        };
        let part = |parts: &[String]| parts.get(at).cloned().unwrap_or_default();
        tally.part(&place, &part(&said_parts), &part(&now_parts));
    }
}

/// A row's cells, or the words of a line; and which of the two.
fn parts(line: &str) -> (bool, Vec<String>) {
    match cells(line) {
        Some(cells) => (true, cells),
        None => (false, line.split_whitespace().map(String::from).collect()),
    }
}

/// The line between a table's head and its rows.
pub(super) fn is_rule(line: &str) -> bool {
    line.starts_with('|') && line.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '))
}

/// The cells of a line of a table; an escaped bar ends none.
pub(super) fn cells(line: &str) -> Option<Vec<String>> {
    let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    let parts = inner.replace("\\|", "\u{1}");
    Some(parts.split('|').map(|cell| cell.trim().replace('\u{1}', "\\|")).collect())
}

fn came(said: &str, now: &str) -> Came {
    if said == now {
        return Came::Same;
    }
    let both = |text: &str| {
        let text = text.trim_start_matches(['≈', '*']).trim_end_matches('*');
        let (mean, half) = text.split_once('±')?;
        Some((mean.trim().parse::<f64>().ok()?, half.trim().parse::<f64>().ok()?))
    };
    match (both(said), both(now)) {
        // An interval of another width is another claim.
        (Some((said, half)), Some((now, other))) if half.to_bits() == other.to_bits() && moved(said, now) <= half => {
            Came::Within
        }
        _ => Came::Different,
    }
}

/// How far a mean moved; what did not move and is written otherwise is no mean within its interval.
fn moved(said: f64, now: f64) -> f64 {
    if said.to_bits() == now.to_bits() { f64::INFINITY } else { (now - said).abs() }
}

/// Whether a cell or a word holds a number.
fn has_number(text: &str) -> bool {
    let edge = |c: char| "*≈±(),;:%".contains(c);
    text.split_whitespace().any(|word| word.trim_matches(edge).parse::<f64>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_cells_and_lines_that_are_not_the_same_are_found_where_they_stand() {
        let now = "**title**\n\n| method | ACC ↑ |\n|---|---|\n| er | 20.3 ±0.9 |\n| si | 7 |\n\nA note of words.\n";
        assert!(compare(now, now).is_same());
        let found = |said: &str| {
            let tally = compare(said, now);
            tally.findings.into_iter().map(|one| (one.place, one.said, one.now, one.came)).collect::<Vec<_>>()
        };
        let finding = |place: &str, said: &str, now: &str, came| vec![(place.into(), said.into(), now.into(), came)];
        assert_eq!(found(&now.replace("20.3", "20.9")), finding("er, ACC ↑", "20.9 ±0.9", "20.3 ±0.9", Came::Within));
        assert_eq!(found(&now.replace("±0.9", "±99")), finding("er, ACC ↑", "20.3 ±99", "20.3 ±0.9", Came::Different));
        assert_eq!(found(&now.replace("er |", "lwf |")), finding("er, method", "lwf", "er", Came::Different));
        assert_eq!(
            found(&now.replace("of words", "of lies")),
            finding("in `A note of words. …`", "lies.", "words.", Came::Different)
        );
        // A line that is left out, and one that was added.
        assert_eq!(found(&now.replace("| si | 7 |\n", "")).len(), 2);
        assert_eq!(found(&format!("{now}More.\n")).len(), 1);
    }

    #[test]
    fn numbers_are_told_from_words() {
        let numbers = ["7", "-1.5 ±0.2", "**20.3 ±0.9**", "1250 (epochs)", "(48.5", "≈3.0"];
        assert!(numbers.iter().all(|text| has_number(text)));
        assert!(["lora", "A1", "—", "", "seed=3", "-"].iter().all(|text| !has_number(text)));
    }
}
