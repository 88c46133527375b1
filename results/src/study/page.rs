//! A study's page: its text with every block filled.

use super::file::Study;
use crate::{proof::Block, words::short};

/// Bytes of a command on a page, at most.
const MOST_COMMAND: usize = 1 << 12;
/// Names in a command, at most.
const MOST_PLACES: usize = 10;

/// What stands in place of `$NAME` in the commands of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// `$runs`, the bundle beside the page.
    pub runs: String,
    /// `$study`, the file of the study.
    pub study: String,
}

/// The page of `study`, in which `made` fills the blocks. What stands below `<!-- clbench: not verified: WHY -->` stays
/// as it is.
///
/// # Errors
/// When a block cannot be filled or does not end.
pub fn write_page(
    study: &Study,
    names: &Names,
    mut made: impl FnMut(&Block) -> Result<String, String>,
) -> Result<String, String> {
    let mut page = String::new();
    let mut lines = study.page.text.lines();
    while let Some(line) = lines.next() {
        let Some(command) = mark(line) else {
            page += &format!("{line}\n");
            continue;
        };
        if command.starts_with("not verified:") {
            page += &format!("{line}\n");
            kept(&mut page, command, &mut lines)?;
            continue;
        }
        if command == "end" {
            return Err(
                "the page has a line `<!-- clbench: end -->` of no block; ends of blocks are written by clbench".into(),
            );
        }
        if command.is_empty() {
            return Err("the page has a line `<!-- clbench: -->` without a command".into());
        }
        let command = filled(command, study, names)?;
        let block = Block { command, text: String::new() };
        let text = made(&block).map_err(|why| format!("in the block `{}`: {why}", short(&block.command)))?;
        page += &whole(&block.command, text.trim_end_matches('\n'));
    }
    Ok(page)
}

/// Lines up to the end of a block that stays as it is.
fn kept<'a>(page: &mut String, command: &str, lines: &mut impl Iterator<Item = &'a str>) -> Result<(), String> {
    for line in lines {
        *page += &format!("{line}\n");
        match mark(line) {
            Some("end") => return Ok(()),
            Some(_) => break,
            None => {}
        }
    }
    Err(format!("the block `{}` has no line `<!-- clbench: end -->`", short(command)))
}

/// A block as it stands on a page.
fn whole(command: &str, text: &str) -> String {
    let (open, close) = if is_plain(command) { ("```text\n", "\n```") } else { ("", "") };
    format!("<!-- clbench: {command} -->\n\n{open}{text}{close}\n\n<!-- clbench: end -->\n")
}

/// Whether a command prints columns for a terminal, which a page shows as they are.
fn is_plain(command: &str) -> bool {
    let words: Vec<&str> = command.split_whitespace().collect();
    let markdown = words.windows(2).any(|pair| pair == ["--format", "md"]) || words.contains(&"--format=md");
    let sentence = words.contains(&"--compare") || words.contains(&"--spread");
    !markdown && !sentence
}

/// A command with names in their places, of bounded length: a name may stand in it often.
fn filled(command: &str, study: &Study, names: &Names) -> Result<String, String> {
    let places = command.matches('$').count();
    if command.len() > MOST_COMMAND || places > MOST_PLACES {
        return Err(format!(
            "the block `{}` is longer than {MOST_COMMAND} bytes, or names more than {MOST_PLACES} lists",
            short(command)
        ));
    }
    let lists = [("$scores", study.page.scores.join(",")), ("$columns", study.page.columns.join(","))];
    let command = command.replace("$runs", &names.runs).replace("$study", &names.study);
    Ok(lists.iter().fold(command, |command, (name, list)| command.replace(name, list)))
}

/// What a line between comment marks says.
fn mark(line: &str) -> Option<&str> {
    Some(line.trim().strip_prefix("<!-- clbench:")?.strip_suffix("-->")?.trim())
}
