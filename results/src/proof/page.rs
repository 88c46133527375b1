//! A published page taken apart: tables whose footnotes name their runs, blocks that say which command made them, and
//! what is neither.
//!
//! A block stands between two comments and is what the command prints, with a path that begins with the page's bundle:
//!
//! ```text
//! <!-- clbench: phases NAME.runs.gz/split-digits --format md -->
//! …
//! <!-- clbench: end -->
//! ```

use serde_json::Value;

use super::{
    Tally, json,
    markdown::Table,
    tally::{cells, is_rule},
};
use crate::{record::RunDir, words::short};

/// A page, taken apart.
#[derive(Debug, Default)]
pub struct Page {
    /// What can be made again.
    pub pieces: Vec<Piece>,
    /// Rows of tables that name no runs, outside of all blocks.
    pub unnamed: usize,
    /// Other lines that say something: prose.
    pub aside: usize,
    /// Why the page says that some of its blocks are not verified.
    pub excused: Vec<String>,
}

/// A part of a page that can be made again.
#[derive(Debug)]
pub enum Piece {
    /// A table in Markdown with footnotes.
    Table(Table),
    /// A table in JSON.
    Json(Value),
    /// What a command printed.
    Block(Block),
}

/// What a command printed.
#[derive(Debug, PartialEq, Eq)]
pub struct Block {
    /// The command, without `clbench`.
    pub command: String,
    /// What stands there.
    pub text: String,
}

impl Piece {
    /// The ids of the runs that it names.
    pub fn runs(&self) -> Vec<String> {
        match self {
            Self::Table(table) => table.runs(),
            Self::Json(table) => json::named(table),
            Self::Block(block) => super::markdown::footnotes(&block.text).into_iter().flatten().collect(),
        }
    }

    /// Makes the piece again from `runs`, which may hold others besides, and compares; a block is made by who knows
    /// commands.
    pub fn check(&self, runs: &[RunDir]) -> Option<Tally> {
        match self {
            Self::Table(table) => Some(table.check(runs)),
            Self::Json(table) => Some(json::check(table, runs)),
            Self::Block(_) => None,
        }
    }
}

/// Takes a page apart, or tables in JSON.
///
/// # Errors
/// When there is nothing in `text` that could be made again, or a block does not end.
pub fn read_page(text: &str) -> Result<Page, String> {
    let page = if text.trim_start().starts_with('[') { json::page(text)? } else { markdown(text)? };
    if page.pieces.is_empty() {
        let why = "no table with runs in it; make one with `clbench table --format json`, or `--format md` with its \
                   footnotes";
        return Err(why.into());
    }
    Ok(page)
}

/// Commands whose output a page can hold.
pub const COMMANDS: [&str; 6] = ["table", "phases", "statistics", "compare", "claims", "spending"];

fn markdown(text: &str) -> Result<Page, String> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let mut page = Page::default();
    let mut at = 0;
    // Where the table before ended: its lines are no title of the next.
    let mut title = None;
    while at < lines.len() {
        let line = lines[at];
        if let Some(command) = marked(line).filter(|command| *command != "end" && command.contains(' ')) {
            let end = (at + 1..lines.len()).find(|&end| marked(lines[end]).is_some());
            let end = end.filter(|&end| marked(lines[end]) == Some("end"));
            let end =
                end.ok_or_else(|| format!("the block `{}` has no line `<!-- clbench: end -->`", short(command)))?;
            block(&mut page, command, &lines[at + 1..end])?;
            (at, title) = (end + 1, None);
        } else if is_head(&lines, at) && cells(line).is_some_and(|cells| cells[0] == "method") {
            let table = Table::read(&lines, title, at);
            page.aside -= usize::from(title.is_some());
            at = table.end;
            title = None;
            if table.runs().is_empty() {
                page.unnamed += table.rows();
            } else {
                page.pieces.push(Piece::Table(table));
            }
        } else {
            if line.starts_with('|') {
                page.unnamed += usize::from(!is_rule(line) && !is_head(&lines, at));
            } else if !line.is_empty() && marked(line).is_none() {
                page.aside += 1;
                title = (line.len() > 4 && line.starts_with("**") && line.ends_with("**")).then_some(at);
            }
            at += 1;
        }
    }
    Ok(page)
}

/// A block's command and lines.
fn block(page: &mut Page, command: &str, lines: &[&str]) -> Result<(), String> {
    if let Some(why) = command.strip_prefix("not verified:") {
        page.excused.push(short(why));
        return Ok(());
    }
    let name = command.split(' ').next().unwrap_or_default();
    if !COMMANDS.contains(&name) {
        return Err(format!("the block `{}` is made by none of {}", short(command), COMMANDS.join(", ")));
    }
    page.pieces.push(Piece::Block(Block { command: command.into(), text: lines.join("\n") }));
    Ok(())
}

/// Whether line `at` is the head of a table.
fn is_head(lines: &[&str], at: usize) -> bool {
    lines[at].starts_with('|') && lines.get(at + 1).is_some_and(|line| is_rule(line)) && !is_rule(lines[at])
}

/// What a mark says.
fn marked(line: &str) -> Option<&str> {
    Some(line.strip_prefix("<!-- clbench:")?.strip_suffix("-->")?.trim())
}
