//! Curves over phases as tables.

use crate::{
    grid::{Side, grid},
    phases::{Phases, View},
    stats::Estimate,
    table::Format,
    text::{fixed, percent, short},
};

/// Most columns of a table for a terminal; more phases are thinned out.
const MOST_TEXT: usize = 6;
/// The same for a README.
const MOST_WIDE: usize = 20;

/// Tables of `views` over `all`, and how each row stands to the row called `against`, where one is.
pub fn phases_text(all: &[Phases], views: &[View], against: Option<&str>, format: Format) -> String {
    let reference = against.and_then(|name| all.iter().find(|one| label(one, all) == name || one.name == name));
    let mut parts: Vec<String> = views.iter().filter_map(|view| one(all, *view, format)).collect();
    parts.push(ends(all, reference, format));
    parts.join("\n")
}

/// A row's name: the stream's too where there are several.
fn label(of: &Phases, all: &[Phases]) -> String {
    let several = all.iter().any(|other| other.stream != of.stream);
    if several { format!("{} {}", short(&of.stream), of.name) } else { of.name.clone() }
}

fn cell(estimate: Option<Estimate>, share: bool) -> String {
    let Some(estimate) = estimate else { return "—".into() };
    if share {
        let (mean, half) = percent(estimate);
        return half.map_or(mean.clone(), |half| format!("{mean} {half}"));
    }
    estimate
        .half_width
        .map_or(fixed(estimate.mean, 0), |half| format!("{} ±{}", fixed(estimate.mean, 0), fixed(half, 0)))
}

fn one(all: &[Phases], view: View, format: Format) -> Option<String> {
    let last = all.iter().filter_map(|one| one.last(view)).max()?;
    let first = usize::from(view != View::Lag);
    let places = thinned(first, last, if format == Format::Text { MOST_TEXT } else { MOST_WIDE });
    let header: Vec<String> = std::iter::once("method".into()).chain(places.iter().map(usize::to_string)).collect();
    let row = |one: &Phases| {
        let cells = places.iter().map(|at| cell(one.estimate(view, *at), view.is_share()));
        std::iter::once(label(one, all)).chain(cells).collect::<Vec<_>>()
    };
    Some(laid_out(view.title(), &header, &all.iter().map(row).collect::<Vec<_>>(), format))
}

/// Up to `most` places from `first` to `last`, both among them.
fn thinned(first: usize, last: usize, most: usize) -> Vec<usize> {
    let count = last - first + 1;
    if count <= most {
        return (first..=last).collect();
    }
    let mut places: Vec<usize> = (0..most).map(|at| first + (at * (count - 1) + (most - 1) / 2) / (most - 1)).collect();
    places.dedup();
    places
}

/// End, mean over the path, facilitation, and the differences from the reference.
fn ends(all: &[Phases], reference: Option<&Phases>, format: Format) -> String {
    let mut header = vec!["method", "seeds", "rehearsed", "replayed", "end", "path", "facilitation"];
    if reference.is_some() {
        header.extend(["end − ref.", "path − ref."]);
    }
    let row = |one: &Phases| {
        let end = one.last(View::After).and_then(|last| one.estimate(View::After, last));
        let path: Vec<f64> = one.means(View::After).into_iter().map(|(_, mean)| mean).collect();
        let mut row = vec![
            label(one, all),
            one.seeds.len().to_string(),
            one.rehearsed.to_string(),
            one.replayed.to_string(),
            cell(end, true),
            cell(Estimate::of(&path), true),
            cell(one.facilitation(), true),
        ];
        if let Some(reference) = reference {
            let differences = one.against(reference);
            row.extend([0, 1].map(|at| match differences {
                _ if std::ptr::eq(one, reference) => "reference".into(),
                Some(both) => {
                    let mark = if both[at].excludes_zero() { "" } else { "≈ " };
                    format!("{mark}{}", cell(Some(both[at]), true))
                }
                None => "—".into(),
            }));
        }
        row
    };
    let rows: Vec<Vec<String>> = all.iter().map(row).collect();
    let header: Vec<String> = header.into_iter().map(String::from).collect();
    laid_out("end point, path (mean over all phases) and forward facilitation", &header, &rows, format)
}

fn laid_out(title: &str, header: &[String], rows: &[Vec<String>], format: Format) -> String {
    match format {
        Format::Text => format!("{title}\n\n{}", grid(header, rows, &[Side::Left])),
        Format::Csv => comma(title, header, rows),
        Format::Markdown | Format::Latex => crate::table::markdown_grid(title, header, rows),
    }
}

fn comma(title: &str, header: &[String], rows: &[Vec<String>]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let line = |cells: &[String]| std::iter::once(title.to_owned()).chain(cells.iter().cloned()).collect::<Vec<_>>();
    for row in std::iter::once(header).chain(rows.iter().map(Vec::as_slice)) {
        writer.write_record(line(row)).expect("every row has the header's length");
    }
    let bytes = writer.into_inner().expect("memory is always flushed");
    String::from_utf8(bytes).expect("all cells are text")
}

/// Says how the row called `a` stands to the row called `b` at the end and on the way.
pub fn phases_sentence(all: &[Phases], a: &str, b: &str) -> Option<String> {
    let find = |name: &str| all.iter().find(|one| one.name == name || label(one, all) == name);
    let (one, other) = (find(a)?, find(b)?);
    let [end, path] = one.against(other)?;
    let how = |difference: Estimate| match (difference.excludes_zero(), difference.mean > 0.0) {
        (false, _) => "not clearly different",
        (true, true) => "clearly higher",
        (true, false) => "clearly lower",
    };
    Some(format!(
        "{} − {}: {} points at the end ({}), {} over the path ({}); 95 % intervals of the difference, paired over {} \
         seeds.",
        short(a),
        short(b),
        cell(Some(end), true),
        how(end),
        cell(Some(path), true),
        how(path),
        end.n
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinned_places_keep_the_ends() {
        assert_eq!(thinned(1, 5, 6), [1, 2, 3, 4, 5]);
        assert_eq!(thinned(1, 10, 6), [1, 3, 5, 6, 8, 10]);
        assert_eq!(thinned(0, 99, 3), [0, 50, 99]);
    }
}
