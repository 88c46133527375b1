//! Curves over phases as tables.

use crate::{
    statistics::{Estimate, percent},
    summary::phases::{Phases, View},
    table::Format,
    words::{
        clean,
        columns::{Side, grid},
        fixed, short,
    },
};

/// Most columns of a table for a terminal; more phases are thinned out.
const MOST_TEXT: usize = 6;
/// The same for a README.
const MOST_WIDE: usize = 20;

/// Tables of `views` over `all`, and how each row stands to the row called `against`; none where no row is called so.
pub fn phases_text(all: &[Phases], views: &[View], against: Option<&str>, format: Format) -> Option<String> {
    let named = |name: &str| all.iter().find(|one| label(one, all) == name || one.name == name);
    let reference = match against {
        Some(name) => Some(named(name)?),
        None => None,
    };
    let mut parts: Vec<String> = views.iter().filter_map(|view| one(all, *view, format)).collect();
    parts.push(ends(all, reference, format));
    Some(parts.join("\n"))
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
        return half.map_or(mean.clone(), |half| format!("{mean} ±{half}"));
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

/// What was brought back, end, mean over the path and facilitation; then the differences from the reference.
fn ends(all: &[Phases], reference: Option<&Phases>, format: Format) -> String {
    let row = |one: &Phases| {
        let end = one.last(View::After).and_then(|last| one.estimate(View::After, last));
        let path: Vec<f64> = one.means(View::After).into_iter().map(|(_, mean)| mean).collect();
        vec![
            label(one, all),
            one.seeds.len().to_string(),
            one.rehearsed.to_string(),
            one.replayed.to_string(),
            cell(end, true),
            cell(Estimate::of(&path), true),
            cell(one.facilitation(), true),
        ]
    };
    let rows: Vec<Vec<String>> = all.iter().map(row).collect();
    let words = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
    let header = words(&["method", "seeds", "rehearsed", "replayed", "end", "path", "facil."]);
    let title = "end point, path (mean over all phases) and forward facilitation (last area less the first)";
    let ends = laid_out(title, &header, &rows, format);
    let Some(reference) = reference else { return ends };
    let row = |one: &Phases| {
        let both = one.against(reference).filter(|_| !std::ptr::eq(one, reference));
        let difference = |at: usize| match both {
            None => "—".into(),
            Some(both) => {
                let mark = if both[at].excludes_zero() { "" } else { "≈ " };
                format!("{mark}{}", cell(Some(both[at]), true))
            }
        };
        vec![label(one, all), difference(0), difference(1)]
    };
    let rows: Vec<Vec<String>> = all.iter().map(row).collect();
    let title = format!("points above {} (≈ not clearly different)", label(reference, all));
    format!("{ends}\n{}", laid_out(&title, &words(&["method", "end", "path"]), &rows, format))
}

fn laid_out(title: &str, header: &[String], rows: &[Vec<String>], format: Format) -> String {
    match format {
        Format::Text => format!("{title}\n\n{}", grid(header, rows, &[Side::Left])),
        Format::Csv => comma(title, header, rows),
        _ => crate::table::markdown_grid(title, header, rows),
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

/// Says how the row called `a` stands to the row called `b` at the end and on the way; of a `claim` that `a` is higher,
/// says whether it holds: it does where the end is clearly higher, and does not where it is clearly lower; there is no
/// telling where the higher row, or both that are not clearly different, know no more than chance.
pub fn phases_sentence(all: &[Phases], a: &str, b: &str, claim: Option<&str>) -> Option<String> {
    let find = |name: &str| all.iter().find(|one| one.name == name || label(one, all) == name);
    let (one, other) = (find(a)?, find(b)?);
    let [end, path] = one.against(other)?;
    let how = |difference: Estimate| match (difference.excludes_zero(), difference.mean > 0.0) {
        (false, _) => "not clearly different",
        (true, true) => "clearly higher",
        (true, false) => "clearly lower",
    };
    let known = match (end.excludes_zero(), end.mean > 0.0) {
        (true, true) => one.knows(),
        (true, false) => other.knows(),
        (false, _) => one.knows() || other.knows(),
    };
    let verdict = match (end.excludes_zero(), end.mean > 0.0) {
        _ if !known => "cannot be told here, the rows know no more than chance",
        (true, true) => "holds here",
        (true, false) => "does not hold here, it is the other way round",
        (false, _) => "cannot be told here, the end points are not clearly different",
    };
    let claim = claim.map(|claim| format!("\"{}\" {verdict}. ", short(claim))).unwrap_or_default();
    Some(format!(
        "{claim}{} − {}: {} points at the end ({}), {} over the path ({}); 95 % intervals of the difference, paired \
         over {} seeds.",
        clean(a),
        clean(b),
        cell(Some(end), true),
        how(end),
        cell(Some(path), true),
        how(path),
        end.n
    ))
}

/// Says how far the rows lie apart at the end and over the path, and how wide an interval of one row is.
pub fn phases_spread(all: &[Phases]) -> Option<String> {
    let end = |one: &Phases| one.estimate(View::After, one.last(View::After)?);
    let path =
        |one: &Phases| Estimate::of(&one.means(View::After).into_iter().map(|(_, mean)| mean).collect::<Vec<_>>());
    let part = |what: &str, of: &dyn Fn(&Phases) -> Option<Estimate>| {
        let rows: Vec<(Estimate, &Phases)> = all.iter().filter_map(|one| Some((of(one)?, one))).collect();
        let by_mean = |a: &&(Estimate, &Phases), b: &&(Estimate, &Phases)| a.0.mean.total_cmp(&b.0.mean);
        let (low, high) = (rows.iter().min_by(by_mean)?, rows.iter().max_by(by_mean)?);
        let halves: Vec<f64> = rows.iter().filter_map(|(estimate, _)| estimate.half_width).collect();
        let half = 100.0 * halves.iter().sum::<f64>() / halves.len().max(1) as f64;
        let apart = high.0.mean - low.0.mean;
        let said = format!(
            "{what} lie {} points apart, from {} % ({}) to {} % ({}); a row's 95 % interval is ±{} wide on average",
            fixed(100.0 * apart, 1),
            fixed(100.0 * low.0.mean, 1),
            label(low.1, all),
            fixed(100.0 * high.0.mean, 1),
            label(high.1, all),
            fixed(half, 1)
        );
        Some((said, apart))
    };
    let (end, path) = (part("end points", &end)?, part("paths", &path)?);
    let more = if path.1 > end.1 { "The paths lie further apart" } else { "The end points lie further apart" };
    Some(format!("Over {} rows, {}; {}. {more}.", all.len(), end.0, path.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_names_both_ends() {
        let rows = [(0, [0.4, 0.5, 0.9]), (1, [0.4, 0.5, 0.9])]
            .map(|(seed, last)| crate::record::example::run("low", seed, last));
        let more = [(0, [0.6, 0.8, 0.7]), (1, [0.6, 0.8, 0.7])]
            .map(|(seed, last)| crate::record::example::run("high", seed, last));
        let all = crate::summary::phases::phases(&[rows, more].concat(), 0.9).expect("phases");
        let said = phases_spread(&all).expect("two rows");
        // Means of the last rows: 60 % and 70 %.
        assert!(said.contains("10.0 points apart, from 60.0 % (low) to 70.0 % (high)"), "{said}");
        assert!(said.contains("±0.0 wide"), "{said}");
    }

    #[test]
    fn a_sentence_compares_two_rows_and_knows_no_third() {
        let run = |method: &str, seed, last| crate::record::example::run(method, seed, last);
        let runs =
            [run("a", 0, [0.6, 0.8, 0.7]), run("a", 1, [0.6, 0.8, 0.7]), run("b", 0, [0.4; 3]), run("b", 1, [0.4; 3])];
        let all = crate::summary::phases::phases(&runs, 0.9).expect("phases");
        let said = phases_sentence(&all, "a", "b", None).expect("two rows");
        assert!(said.starts_with("a − b: 30.0 ±0.0 points at the end (clearly higher)"), "{said}");
        assert_eq!(phases_sentence(&all, "a", "c", None), None);
        let claimed = |a, b| phases_sentence(&all, a, b, Some("more is more")).expect("two rows");
        assert!(claimed("a", "b").starts_with("\"more is more\" holds here. a − b: "));
        assert!(claimed("b", "a").starts_with("\"more is more\" does not hold here, it is the other way round. "));
        assert!(claimed("a", "a").contains("cannot be told here, the end points"));
    }

    /// A sixth is chance, and 3 points are luck.
    #[test]
    fn a_claim_is_not_judged_by_rows_that_guess() {
        let run = |method: &str, seed, last| crate::record::example::run(method, seed, last);
        let runs = [
            run("a", 0, [0.18; 3]),
            run("a", 1, [0.18; 3]),
            run("b", 0, [0.15; 3]),
            run("b", 1, [0.15; 3]),
            run("c", 0, [0.4; 3]),
            run("c", 1, [0.4; 3]),
        ];
        let all = crate::summary::phases::phases(&runs, 0.9).expect("phases");
        let claimed = |a, b| phases_sentence(&all, a, b, Some("more is more")).expect("two rows");
        for (a, b) in [("a", "b"), ("b", "a"), ("a", "a")] {
            assert!(
                claimed(a, b).starts_with("\"more is more\" cannot be told here, the rows know no more than chance. ")
            );
        }
        assert!(claimed("c", "b").starts_with("\"more is more\" holds here. "));
        assert!(claimed("b", "c").starts_with("\"more is more\" does not hold here"));
    }

    #[test]
    fn thinned_places_keep_the_ends() {
        assert_eq!(thinned(1, 5, 6), [1, 2, 3, 4, 5]);
        assert_eq!(thinned(1, 10, 6), [1, 3, 5, 6, 8, 10]);
        assert_eq!(thinned(0, 99, 3), [0, 50, 99]);
    }
}
