//! Puts text between two marks of a file, so that tables in a README are never typed.
//!
//! ```text
//! <!-- clbench: NAME -->
//! what stands here is replaced
//! <!-- clbench: end -->
//! ```

use crate::words::short;

/// `document` with `text` in its block called `name`.
///
/// # Errors
/// When there is no such block, more than one, or one without an end.
pub fn splice(document: &str, name: &str, text: &str) -> Result<String, String> {
    let begin = |line: &str| marked(line) == Some(name);
    let lines: Vec<&str> = document.split_inclusive('\n').collect();
    let places: Vec<usize> = (0..lines.len()).filter(|&at| begin(lines[at])).collect();
    let first = match places[..] {
        [one] => one,
        [] => {
            let there: Vec<String> =
                lines.iter().filter_map(|line| marked(line)).filter(|name| *name != "end").map(short).collect();
            let there = if there.is_empty() { "none".into() } else { there.join(", ") };
            return Err(format!("no line `<!-- clbench: {} -->`; blocks there: {there}", short(name)));
        }
        _ => return Err(format!("{} lines `<!-- clbench: {} -->`; leave one", places.len(), short(name))),
    };
    let end = (first + 1..lines.len()).find(|&at| marked(lines[at]).is_some());
    let end = end.filter(|&at| marked(lines[at]) == Some("end"));
    let end = end.ok_or_else(|| format!("the block {} has no line `<!-- clbench: end -->`", short(name)))?;
    let text = text.trim_end_matches('\n');
    Ok(format!("{}\n{text}\n\n{}", lines[..=first].concat(), lines[end..].concat()))
}

/// The name in a mark.
fn marked(line: &str) -> Option<&str> {
    Some(line.trim().strip_prefix("<!-- clbench:")?.strip_suffix("-->")?.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# A\n<!-- clbench: core -->\nold\n<!-- clbench: end -->\nb\n<!-- clbench: x -->\n";

    #[test]
    fn only_what_stands_between_the_marks_is_replaced() {
        let once = splice(PAGE, "core", "| new |\n").unwrap();
        assert_eq!(once, PAGE.replace("old\n", "\n| new |\n\n"));
        assert_eq!(splice(&once, "core", "| new |").unwrap(), once, "twice is once");
    }

    #[test]
    fn a_block_that_is_not_there_or_has_no_end_is_an_error() {
        assert_eq!(splice(PAGE, "cor", "").unwrap_err(), "no line `<!-- clbench: cor -->`; blocks there: core, x");
        assert!(splice(PAGE, "x", "").unwrap_err().contains("has no line `<!-- clbench: end -->`"));
        assert!(splice(&PAGE.replace(": x", ": core"), "core", "").unwrap_err().contains("2 lines"));
        let unclosed = PAGE.replacen("<!-- clbench: end -->\n", "", 1);
        assert!(splice(&unclosed, "core", "").is_err(), "the next block must not be swallowed");
    }
}
