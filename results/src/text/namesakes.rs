//! One matrix, and what programs compute from it under the same three names.

use std::fmt::Write;

use super::explained::number;
use crate::metric::{EXAMPLE, Metric, forgetting, transfer};

/// Who computes which definition under the names forgetting, BWT and FWT; none where the name is not used.
///
/// Read in the code of each program and run on matrices (`results/tests/golden/scores.json`); the files are named by
/// the sources of the scores.
const PROGRAMS: &[(&str, [Option<&Metric>; 3])] = &[
    (
        "papers: Chaudhry et al. 2018; Lopez-Paz & Ranzato 2017",
        [Some(&forgetting::CHAUDHRY), Some(&transfer::BACKWARD), Some(&transfer::FORWARD)],
    ),
    ("GEM, the authors' code", [None, Some(&transfer::BACKWARD_CODE), Some(&transfer::FORWARD_CODE)]),
    (
        "paper: Díaz-Rodríguez et al. 2018",
        [None, Some(&transfer::BACKWARD_TRIANGLE), Some(&transfer::FORWARD_TRIANGLE)],
    ),
    ("Avalanche", [Some(&forgetting::FIRST), Some(&transfer::BACKWARD_FIRST), Some(&transfer::FORWARD)]),
    ("Mammoth", [Some(&forgetting::CLAMPED), Some(&transfer::BACKWARD), Some(&transfer::FORWARD)]),
    ("PILOT", [Some(&forgetting::CLAMPED), None, None]),
    ("FACIL", [Some(&forgetting::CHAUDHRY), None, None]),
    ("Renate", [Some(&forgetting::ALL_ROWS), Some(&transfer::BACKWARD), Some(&transfer::FORWARD)]),
    (
        "Continuum",
        [Some(&forgetting::CONTINUUM), Some(&transfer::BACKWARD_LIBCONTINUAL), Some(&transfer::FORWARD_CONTINUUM)],
    ),
    ("CapyMOA", [None, Some(&transfer::BACKWARD_TRIANGLE), Some(&transfer::FORWARD_TRIANGLE)]),
    ("LibContinual", [Some(&forgetting::LIBCONTINUAL), Some(&transfer::BACKWARD_LIBCONTINUAL), None]),
    ("FusionBench", [None, Some(&transfer::BACKWARD_CODE), None]),
    ("A-GEM, the authors' code", [Some(&forgetting::ALL_ROWS), None, None]),
    ("A-GEM's plots, the worst task", [Some(&forgetting::WORST), None, None]),
];

/// A page in Markdown: the matrix of the example, each program's numbers under the three names, and the definitions.
pub fn namesakes_table() -> String {
    let mut text = String::from(
        "# One matrix, many numbers\n\nAccuracy in percent on three tasks, before the first step and after each \
         experience:\n\n| after | task 1 | task 2 | task 3 |\n|---|---:|---:|---:|\n",
    );
    for row in 0..=EXAMPLE.matrix.experiences() {
        let cells = (0..EXAMPLE.matrix.tasks()).map(|task| EXAMPLE.matrix.after(row, task).map(percent));
        let head = if row == 0 { "no step".into() } else { format!("experience {row}") };
        line(&mut text, &head, cells);
    }
    text += "\nWhat goes by one name, in percent of accuracy:\n\n| computed by | forgetting | BWT | FWT |\n\
             |---|---:|---:|---:|\n";
    for (program, metrics) in PROGRAMS {
        let value = |metric: Option<&Metric>| Some(percent((metric?.of)(&EXAMPLE)?));
        line(&mut text, program, metrics.iter().copied().map(value));
    }
    text += "\nThe same by definition:\n\n| score | value | formula |\n|---|---:|---|\n";
    for metric in definitions() {
        let value = (metric.of)(&EXAMPLE).map_or("–".into(), percent);
        let _ = writeln!(text, "| `{}` | {value} | {} |", metric.key, metric.formula);
    }
    text
}

/// The definitions that some program computes, each once, in the order of the names.
fn definitions() -> Vec<&'static Metric> {
    let mut found: Vec<&Metric> = Vec::new();
    for metric in (0..3).flat_map(|name| PROGRAMS.iter().filter_map(move |(_, metrics)| metrics[name])) {
        if !found.contains(&metric) {
            found.push(metric);
        }
    }
    found
}

fn line(text: &mut String, head: &str, cells: impl Iterator<Item = Option<String>>) {
    let _ = write!(text, "| {head} |");
    for cell in cells {
        let _ = write!(text, " {} |", cell.as_deref().unwrap_or("–"));
    }
    text.push('\n');
}

fn percent(value: f64) -> String {
    number((value * 1e4).round() / 1e2).replace('-', "−")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_page_shows_the_numbers_side_by_side() {
        let text = namesakes_table();
        for line in [
            "| no step | 50 | 40 | 30 |\n",
            "| experience 2 | 95 | 80 | 35 |\n",
            "| Avalanche | 12.5 | −12.5 | 5 |\n",
            "| Mammoth | 17.5 | −12.5 | 5 |\n",
            "| Continuum | 15 | −10 | 80 |\n",
            "| CapyMOA | – | −6.67 | 33.33 |\n",
            "| LibContinual | 15 | −10 | – |\n",
            "| `bwt.gem-code` | −8.33 | (1/T) Σⱼ (R[T][j] − R[j][j]) |\n",
        ] {
            assert!(text.contains(line), "{line}{text}");
        }
    }

    #[test]
    fn one_name_has_four_values_or_more() {
        for (name, least) in [(0, 4), (1, 4), (2, 4)] {
            let values = PROGRAMS.iter().filter_map(|(_, metrics)| Some(percent((metrics[name]?.of)(&EXAMPLE)?)));
            assert!(values.collect::<BTreeSet<_>>().len() >= least);
        }
    }

    #[test]
    fn every_row_of_a_table_has_as_many_cells_as_its_head() {
        let text = namesakes_table();
        for table in text.split("\n\n").filter(|part| part.starts_with('|')) {
            let cells: BTreeSet<usize> = table.lines().map(|line| line.matches('|').count()).collect();
            assert_eq!(cells.len(), 1, "{table}");
        }
    }
}
