//! A table for a paper, with the rules of `booktabs`.

use crate::metric::Metric;
use crate::summary::StreamSummary;

pub(super) fn table(summary: &StreamSummary, metrics: &[&Metric]) -> String {
    let header = super::header(metrics, summary.is_rehearsed());
    let columns = format!("l{}", "r".repeat(header.len() - 1));
    let mut text = format!("% {}\n\\begin{{tabular}}{{{columns}}}\n\\toprule\n", super::title(summary));
    text.push_str(&line(&header));
    text.push_str("\\midrule\n");
    for entry in &summary.entries {
        text.push_str(&line(&super::cells(entry, metrics, summary.is_rehearsed())));
    }
    text.push_str("\\bottomrule\n\\end{tabular}\n");
    text.extend(super::notes(summary, metrics).iter().map(|note| format!("% {note}\n")));
    text
}

fn line(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| escape(cell)).collect();
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
