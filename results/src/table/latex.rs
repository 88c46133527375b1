//! A table for a paper, with the rules of `booktabs`.

use super::{
    TableOptions,
    sheet::{Cell, Sheet},
};
use crate::summary::{StreamSummary, contest::Mark};

pub(super) fn table(summary: &StreamSummary, options: &TableOptions) -> String {
    page(&Sheet::of(summary, options))
}

/// A sheet, with its notes as comments.
pub(super) fn page(sheet: &Sheet) -> String {
    let columns = format!("l{}", "r".repeat(sheet.header.len() - 1));
    let heads: Vec<String> = sheet.header.iter().map(|head| escape(head)).collect();
    let mut text = format!("% {}\n\\begin{{tabular}}{{{columns}}}\n\\toprule\n{}", sheet.title, line(&heads));
    text.push_str("\\midrule\n");
    for (index, row) in sheet.rows.iter().enumerate() {
        let mut cells: Vec<String> = row.iter().map(cell).collect();
        if !sheet.footnotes.is_empty() {
            cells[0] += &format!("$^{{{}}}$", index + 1);
        }
        text.push_str(&line(&cells));
    }
    text.push_str("\\bottomrule\n\\end{tabular}\n");
    let footnotes = sheet.footnotes.iter().enumerate().map(|(index, note)| format!("{} {note}", index + 1));
    let below = footnotes.chain(sheet.notes.iter().cloned()).chain(sheet.sentences.iter().cloned());
    text.extend(below.map(|note| format!("% {note}\n")));
    text
}

fn cell(cell: &Cell) -> String {
    let line = escape(&cell.line());
    match cell.mark {
        Mark::None => line,
        Mark::Best => format!("\\textbf{{{line}}}"),
        Mark::Tie => format!("$\\approx${line}"),
    }
}

fn line(cells: &[String]) -> String {
    format!("{} \\\\\n", cells.join(" & "))
}

fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for (index, c) in text.chars().enumerate() {
        match c {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => escaped.extend(['\\', c]),
            '\\' => escaped.push_str("\\textbackslash{}"),
            '~' => escaped.push_str("\\textasciitilde{}"),
            '^' => escaped.push_str("\\textasciicircum{}"),
            '±' => escaped.push_str("$\\pm$"),
            '≈' => escaped.push_str("$\\approx$"),
            '↑' => escaped.push_str("$\\uparrow$"),
            '↓' => escaped.push_str("$\\downarrow$"),
            '—' => escaped.push_str("---"),
            '△' => escaped.push_str("$\\triangle$"),
            '₀' | '₁' => escaped.push_str(if c == '₀' { "$_0$" } else { "$_1$" }),
            '≥' => escaped.push_str("$\\ge$"),
            '·' => escaped.push_str("$\\cdot$"),
            '-' if index == 0 => escaped.push_str("$-$"),
            // A bracket after `\\` would be read as its argument.
            '[' | ']' => escaped.extend(['{', c, '}']),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn a_name_is_text_and_no_command() {
        assert_eq!(
            escape("lora_x & 5% \\input{/etc} [a]"),
            "lora\\_x \\& 5\\% \\textbackslash{}input\\{/etc\\} {[}a{]}"
        );
        assert_eq!(escape("-1.5 ±0.2"), "$-$1.5 $\\pm$0.2");
    }
}
