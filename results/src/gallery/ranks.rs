//! Average ranks of methods and the difference from which on they differ.
//!
//! - Demšar 2006, <https://www.jmlr.org/papers/v7/demsar06a.html>: Friedman's test and Nemenyi's critical difference.
//!
//! Blocks are streams where there are two or more with methods in common, each with means over its seeds. Otherwise
//! they are the seeds of a stream, and the note says that nothing follows for other streams.

use std::collections::BTreeSet;

use super::{
    Sketch,
    cast::{Cast, DOTS, Member, listed},
};
use crate::{
    metric::{Better, Metric},
    picture::Ranks,
    statistics::friedman::CriticalDifference,
    words::{clean, fixed},
};

/// The level of the test.
const ALPHA: f64 = 0.05;

/// Ranks over streams; none unless two streams have two methods in common.
pub(super) fn over_streams(casts: &[Cast]) -> Option<Sketch> {
    let by = casts.first()?.summary.by;
    let scored = |cast: &Cast| -> Vec<(Key, String, f64)> {
        let score =
            |member: &Member| Some((key(member), member.name.clone(), signed(by, member.entry.estimate(by)?.mean)));
        cast.members.iter().filter_map(score).collect()
    };
    let all: Vec<Vec<(Key, String, f64)>> = casts.iter().map(scored).filter(|scores| !scores.is_empty()).collect();
    let everywhere = |key: &Key| all.iter().all(|scores| scores.iter().any(|score| score.0 == *key));
    let (common, left): (Vec<_>, Vec<_>) = all.first()?.iter().partition(|score| everywhere(&score.0));
    if all.len() < 2 || common.len() < 2 {
        return None;
    }
    let common = &common[..common.len().min(DOTS)];
    let block = |scores: &Vec<(Key, String, f64)>| {
        let of = |key: &Key| scores.iter().find(|score| score.0 == *key).map(|score| score.2);
        common.iter().map(|score| of(&score.0)).collect::<Option<Vec<f64>>>()
    };
    let blocks: Vec<Vec<f64>> = all.iter().map(block).collect::<Option<_>>()?;
    let names: Vec<String> = common.iter().map(|score| score.1.clone()).collect();
    let mut left: BTreeSet<String> = left.into_iter().map(|score| score.1.clone()).collect();
    left.extend(all.iter().flatten().filter(|score| !everywhere(&score.0)).map(|score| score.1.clone()));
    let left: Vec<String> = left.into_iter().collect();
    let missing = if left.is_empty() { String::new() } else { format!(" Not on every stream: {}.", listed(&left)) };
    let streams: Vec<String> = casts.iter().map(|cast| cast.stream().to_owned()).collect();
    let what = format!("Blocks are the streams {} (means over seeds).{missing}", listed(&streams));
    sketch(by, &names, &blocks, &format!("{} streams", blocks.len()), &what).ok()
}

/// A method with its settings, the same on every stream.
type Key = (String, Vec<String>);

fn key(member: &Member) -> Key {
    (member.entry.name(), member.entry.overrides.clone())
}

/// Ranks over the seeds of one stream.
pub(super) fn over_seeds(cast: &Cast) -> Result<Sketch, String> {
    let by = cast.summary.by;
    let shown = cast.shown(DOTS, |member| member.entry.estimate(by).map(|_| member.entry.values(by)));
    let seeds: Vec<u64> =
        shown.rows.first().map(|(_, values)| values.iter().map(|(seed, _)| *seed).collect()).unwrap_or_default();
    let value =
        |values: &[(u64, f64)], seed: u64| values.iter().find(|pair| pair.0 == seed).map(|pair| signed(by, pair.1));
    let block = |&seed: &u64| shown.rows.iter().map(|(_, values)| value(values, seed)).collect::<Option<Vec<f64>>>();
    let blocks: Vec<Vec<f64>> = seeds.iter().filter_map(block).collect();
    if shown.rows.len() < 2 || blocks.len() < 2 {
        return Err(format!(
            "ranks need two methods or more on two common seeds or more; there are {} and {}{}",
            shown.rows.len(),
            blocks.len(),
            cast.absent()
        ));
    }
    let names: Vec<String> = shown.rows.iter().map(|(member, _)| member.name.clone()).collect();
    let blocks_are = format!("{} seeds of {}", blocks.len(), cast.stream());
    let what = "Blocks are the seeds of one stream: nothing follows for other streams.";
    let mut sketch = sketch(by, &names, &blocks, &blocks_are, what)?;
    sketch.caption = clean(&format!("{}{}", sketch.caption, cast.absent()));
    Ok(sketch)
}

fn signed(by: &Metric, value: f64) -> f64 {
    if by.better == Better::Lower { -value } else { value }
}

fn sketch(by: &Metric, names: &[String], scores: &[Vec<f64>], blocks: &str, what: &str) -> Result<Sketch, String> {
    let diagram = CriticalDifference::of(names, scores, ALPHA).map_err(|error| error.to_string())?;
    let title = format!("Average ranks by {} over {blocks}", by.name);
    let p = if diagram.p < 0.001 { "p < 0.001".into() } else { format!("p = {}", fixed(diagram.p, 3)) };
    let verdict = if diagram.p <= ALPHA {
        "Bars join methods that do not differ."
    } else {
        "The test finds no difference at all, so that no pair should be called different."
    };
    let note =
        format!("Friedman's test over {blocks}: {p}. Nemenyi at α = 0.05: CD = {}. {verdict}", fixed(diagram.cd, 2));
    let caption = clean(&format!("Ranks by {} ({}), 1 is best. {note} {what}", by.name, by.key));
    let picture = Ranks {
        title: title.clone(),
        ranks: diagram.names.iter().cloned().zip(diagram.ranks.iter().copied()).collect(),
        critical: Some(diagram.cd),
        groups: diagram.groups,
        note: if scores.len() > 1 && what.starts_with("Blocks are the seeds") {
            format!("{note} Seeds of one stream say nothing about others.")
        } else {
            note
        },
    };
    Ok(Sketch { of: None, title, caption, picture: picture.draw() })
}
