//! Judged claims as a table.

use super::judge::{Judged, Verdict};
use crate::{
    metric::{Metric, Unit, measured},
    statistics::Estimate,
    table::{Format, markdown_grid},
    words::{
        clean,
        columns::{Side, WIDTH, grid},
        short, wrap,
    },
};

const TITLE: &str = "claims, tested on these runs";

/// The claims in Markdown or as text; empty without a claim.
///
/// # Errors
/// When another format is asked for.
pub fn claims_text(claims: &[Judged], format: Format) -> Result<String, String> {
    if claims.is_empty() {
        return Ok(String::new());
    }
    let several = claims.iter().any(|one| one.stream != claims[0].stream);
    let beside = claims.iter().any(|one| !one.beside.is_empty());
    let columns = [("claim", true), ("stream", several), ("rows", true), ("score", true), ("difference", true)];
    let columns = columns.into_iter().chain([("beside it", beside), ("p", true), ("verdict", true)]);
    let (heads, shown): (Vec<&str>, Vec<bool>) = columns.unzip();
    let chosen = |cells: Vec<String>| -> Vec<String> {
        cells.into_iter().zip(&shown).filter(|(_, shown)| **shown).map(|(cell, _)| cell).collect()
    };
    let header = chosen(heads.into_iter().map(String::from).collect());
    let rows: Vec<Vec<String>> = claims.iter().map(|one| chosen(cells(one))).collect();
    match format {
        Format::Markdown => Ok(format!("{}\n{}\n", markdown_grid(TITLE, &header, &rows), notes(claims))),
        Format::Text => {
            Ok(format!("{TITLE}\n\n{}\n{}\n", grid(&header, &rows, &[Side::Left; 3]), wrap(&notes(claims), WIDTH)))
        }
        _ => Err("claims are written as text or md".into()),
    }
}

fn cells(one: &Judged) -> Vec<String> {
    let dash = || "—".to_owned();
    let beside = |(metric, estimate): &(&'static Metric, Estimate)| {
        format!("{} {}", metric.short, with_interval(metric, *estimate))
    };
    vec![
        clean(&one.text),
        short(&one.stream),
        one.rows.clone(),
        one.by.short.into(),
        one.difference.map_or_else(dash, |difference| with_interval(one.by, difference)),
        one.beside.iter().map(beside).collect::<Vec<_>>().join("; "),
        one.adjusted.map_or_else(dash, |p| if p < 0.001 { "< 0.001".into() } else { format!("{p:.3}") }),
        one.verdict.words(),
    ]
}

fn with_interval(metric: &Metric, estimate: Estimate) -> String {
    let (mean, half) = measured(metric, estimate);
    half.map_or(mean.clone(), |half| format!("{mean} ±{half}"))
}

impl Verdict {
    /// In words, as they stand in a table.
    pub fn words(&self) -> String {
        match self {
            Self::Holds => "holds here".into(),
            Self::Contrary => "not so here".into(),
            Self::Undecided => "undecided here".into(),
            Self::Unknown => "no verdict".into(),
            Self::Missing(why) => format!("not judged: {}", short(why)),
        }
    }
}

fn notes(claims: &[Judged]) -> String {
    let tested = claims.iter().filter(|one| one.adjusted.is_some()).count();
    let percent = if claims.iter().any(|one| one.by.unit == Unit::Share) {
        ", in points where a score is in percent"
    } else {
        ""
    };
    let over = match tested {
        0 | 1 => String::new(),
        tested => format!(", after Holm's adjustment over the {tested} claims of the study"),
    };
    let mut notes = format!(
        "Differences are paired over seeds{percent}; ± is half the 95 % interval (Student's t). p is that of the \
         paired t test, or of two one-sided t tests where no difference within a margin is claimed{over}. A claim of a \
         difference is decided where p is at most 0.05. One of no difference holds where p is at most 0.05, and does \
         not where the interval lies beyond the margin."
    );
    if claims.iter().any(|one| one.verdict == Verdict::Unknown) {
        notes += " There is no verdict where the rows know no more than chance.";
    }
    notes
}
