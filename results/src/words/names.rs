//! Names and messages from elsewhere: hostile until cleaned.

use std::borrow::Cow;

/// Most characters of what a parser says that quotes what it has read.
const MAX_REMARK: usize = 300;

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
}
