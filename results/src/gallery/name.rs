//! Names of pictures' files: safe on every file system, whatever a stream or a method is called.

use super::{Figure, Kind};
use crate::record::StreamInfo;

/// Characters of a stream's or a method's name in a file's name, at most.
const PART: usize = 48;
/// Digits of a stream's hash.
const HASH: usize = 8;

/// `<stream>-<hash8>-<kind>[-<of>]`, or `streams-<kind>` for a picture of several streams.
pub(super) fn stem(stream: Option<&StreamInfo>, kind: Kind, of: Option<&str>) -> String {
    let stream = stream.map_or_else(
        || "streams".to_owned(),
        |stream| format!("{}-{}", part(&stream.name, PART), part(&stream.hash, HASH)),
    );
    let of = of.map(|of| format!("-{}", part(of, PART))).unwrap_or_default();
    format!("{stream}-{kind}{of}")
}

/// `stem`, or with the first number that makes it differ from all of `taken`, in upper and lower case alike.
pub(super) fn free(stem: &str, taken: &[Figure]) -> String {
    let is_free = |name: &String| taken.iter().all(|figure| !figure.name.eq_ignore_ascii_case(name));
    let numbered = (2..).map(|number| format!("{stem}-{number}"));
    std::iter::once(stem.to_owned()).chain(numbered).find(is_free).expect("numbers do not end")
}

/// Letters, digits and `_`, `+`, `.`; everything else is a hyphen, none of them doubled, and no dot stands first.
fn part(text: &str, most: usize) -> String {
    let mut part = String::new();
    for c in text.chars() {
        let kept = c.is_ascii_alphanumeric() || "_+.".contains(c);
        let c = if kept { c } else { '-' };
        if c != '-' || !part.ends_with('-') {
            part.push(c);
        }
        if part.len() > 4 * most {
            break;
        }
    }
    let part: String = part.trim_matches(['-', '.']).chars().take(most).collect();
    let part = part.trim_matches(['-', '.']).to_owned();
    if part.is_empty() { "unnamed".into() } else { part }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::example;

    #[test]
    fn a_name_is_stream_hash_kind_and_method() {
        let stream = example::stream();
        assert_eq!(stem(Some(&stream), Kind::ZeroShot, None), "split-digits-5ca1ab1e-zero-shot");
        assert_eq!(stem(Some(&stream), Kind::Matrix, Some("lora+ewc")), "split-digits-5ca1ab1e-matrix-lora+ewc");
        assert_eq!(stem(None, Kind::Ranks, None), "streams-ranks");
    }

    #[test]
    fn no_name_leaves_its_folder_or_is_empty() {
        let stream = |name: &str| StreamInfo { name: name.into(), hash: "../x".into(), ..example::stream() };
        assert_eq!(stem(Some(&stream("../../etc/pass wd\u{1b}")), Kind::Gap, None), "etc-pass-wd-x-gap");
        assert_eq!(stem(Some(&stream("…")), Kind::Gap, Some("/")), "unnamed-x-gap-unnamed");
        assert!(stem(Some(&stream(&"a".repeat(9999))), Kind::Gap, Some(&"b".repeat(9999))).len() < 120);
    }
}
