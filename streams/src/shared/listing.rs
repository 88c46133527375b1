//! Tables that users bring: names, each with numbers.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use clbench::{primitives::hex::hex, stream::Ground};
use sha2::{Digest, Sha256};

/// Largest file, in bytes.
pub(crate) const MOST_BYTES: u64 = 1 << 28;
/// Most rows of one table.
const MOST_ROWS: usize = 1_000_000;
/// Most numbers of one row.
const MOST_NUMBERS: usize = 1 << 14;

/// Names, each with as many numbers, in the order of the file.
#[derive(Debug)]
pub(crate) struct Listing {
    pub rows: Vec<(String, Vec<f64>)>,
    /// The file and what its content hashes to.
    pub source: String,
}

/// A file's name, without the folder that it lies in, with the first digits of its content's hash.
pub(crate) fn stamped(file: &str, bytes: &[u8]) -> String {
    let name = Path::new(file).file_name().and_then(|name| name.to_str()).unwrap_or(file);
    format!("{name} (sha256 {})", &hex(&Sha256::digest(bytes))[..12])
}

/// Reads a CSV file whose header is `first` and, where `second` is set, that alone.
///
/// # Errors
/// When the header is another, a row has another length, or a number is none or not finite.
pub(crate) fn read(ground: &Ground, file: &str, first: &str, second: Option<&str>) -> Result<Listing> {
    let bytes = ground.read(file, MOST_BYTES)?;
    Ok(Listing { rows: parse(&bytes, first, second).with_context(|| file.to_owned())?, source: stamped(file, &bytes) })
}

/// The rows of such a file.
pub(crate) fn parse(bytes: &[u8], first: &str, second: Option<&str>) -> Result<Vec<(String, Vec<f64>)>> {
    let mut reader = csv::Reader::from_reader(bytes);
    let header = reader.headers().context("it is no CSV")?;
    let fits = match second {
        Some(second) => header.len() == 2 && header[1].trim() == second,
        None => (2..=MOST_NUMBERS + 1).contains(&header.len()),
    };
    if !fits || header[0].trim() != first {
        bail!(
            "the first line is not `{first},{}`",
            second.unwrap_or("…` with 1 to 16384 columns of numbers, as in `v1")
        );
    }
    let mut rows = Vec::new();
    for row in reader.records() {
        let row = row?;
        ensure!(rows.len() < MOST_ROWS, "there are more than {MOST_ROWS} rows");
        let number = |text: &str| text.trim().parse().ok().filter(|number: &f64| number.is_finite());
        let numbers = row.iter().skip(1).map(|text| {
            let within = || format!("`{}` of `{}` is no finite number", text.escape_debug(), row[0].escape_debug());
            number(text).with_context(within)
        });
        rows.push((row[0].to_owned(), numbers.collect::<Result<Vec<_>>>()?));
    }
    ensure!(!rows.is_empty(), "there is no row");
    Ok(rows)
}

/// Some of the names, and how many more there are.
pub(crate) fn some<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const MOST: usize = 3;
    let names: Vec<String> = names.into_iter().map(|name| format!("`{}`", name.escape_debug())).collect();
    match names.len().saturating_sub(MOST) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names[..MOST].join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_with_their_numbers() {
        let rows = parse(b"concept,score\n\"a, b\",1.5\nc,-2\n", "concept", Some("score")).unwrap();
        assert_eq!(rows, [("a, b".into(), vec![1.5]), ("c".into(), vec![-2.0])]);
        let rows = parse(b"concept,v1,v2\nc, 1 ,2e3\n", "concept", None).unwrap();
        assert_eq!(rows, [("c".into(), vec![1.0, 2000.0])]);
    }

    #[test]
    fn broken_tables_are_refused() {
        let refused = |text: &[u8]| format!("{:#}", parse(text, "concept", Some("score")).unwrap_err());
        assert_eq!(refused(b"name,score\na,1\n"), "the first line is not `concept,score`");
        assert_eq!(refused(b"concept,score,more\na,1,2\n"), "the first line is not `concept,score`");
        assert_eq!(refused(b"concept,score\n"), "there is no row");
        assert_eq!(refused(b"concept,score\na,NaN\n"), "`NaN` of `a` is no finite number");
        assert_eq!(refused(b"concept,score\na,inf\n"), "`inf` of `a` is no finite number");
        assert_eq!(refused(b"concept,score\na,\n"), "`` of `a` is no finite number");
        assert!(refused(b"concept,score\na,1,2\n").contains("found record with 3 fields"));
        assert!(parse(b"concept\na\n", "concept", None).is_err());
        assert!(refused(b"concept,score\n\xff,1\n").contains("UTF-8"));
        assert!(!refused(b"").is_empty());
    }

    #[test]
    fn many_names_are_cut_short() {
        assert_eq!(some(["a", "b", "c"]), "`a`, `b`, `c`");
        assert_eq!(some(["a", "b", "c", "d", "e"]), "`a`, `b`, `c` and 2 more");
    }
}
