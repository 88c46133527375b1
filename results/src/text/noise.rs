//! What of a table is noise: seed variance, item intervals, monotonicity and signal-to-noise of every row, and ranks
//! over seeds or streams.
//!
//! - Madaan et al. 2024, <https://arxiv.org/abs/2406.10229>.
//! - Friedman 1937 and Nemenyi 1963 as in Demšar 2006, <https://jmlr.org/papers/v7/demsar06a.html>.
//!
//! **Deviation:** checkpoints are the evaluations after experiences, and the score is the average over tasks seen so
//! far: single tasks are not monotone by design.

use std::collections::BTreeMap;

use crate::{
    metric::accuracy::AVERAGE,
    record::{Answered, At, History, RunDir},
    statistics::{
        friedman::CriticalDifference,
        variance::{Better, Variance, variance},
    },
    summary::{Entry, StreamSummary},
    table::sentence::{called, p_words},
    words::{
        columns::{Side, WIDTH, grid},
        fixed, short, wrap,
    },
};

/// What is read of an answer.
type Value = fn(&Answered) -> f64;

/// The noise of every row of `summary`, whose runs are among `runs`.
pub fn noise_text(summary: &StreamSummary, runs: &[RunDir]) -> String {
    let header = ["method", "score", "seeds", "end", "seed s", "item ±", "monotone", "SNR"].map(String::from);
    let mut rows = Vec::new();
    for entry in summary.entries.iter().filter(|entry| entry.diverged.is_empty() && entry.seeds.len() > 1) {
        let mine: Vec<History> = entry
            .runs
            .iter()
            .filter_map(|id| runs.iter().find(|run| run.manifest.run == *id))
            .map(|run| History::of(run.manifest.stream.tasks.len(), &run.records))
            .collect();
        let scores: [(&str, Value, Better, f64); 2] =
            [("accuracy", |a| a.accuracy, Better::Higher, 100.0), ("NLL", |a| a.loss, Better::Lower, 1.0)];
        for (name, value, better, scale) in scores {
            let Some((checkpoints, items)) = so_far(&mine, &summary.stream.trained, entry.joint, value) else {
                continue;
            };
            let items = (name == "accuracy").then_some(items);
            let Ok(found) = variance(&checkpoints, better, items) else { continue };
            rows.push(row(entry, name, &found, scale));
        }
    }
    if rows.is_empty() {
        return format!("{}: no row has two seeds or more.\n", short(&summary.stream.name));
    }
    let notes = "Scores are averages over the tasks seen so far, after each experience; accuracy in percent, NLL in \
                 nats. seed s: standard deviation over seeds, averaged over experiences. item ±: half the 95 % \
                 interval that the number of test examples allows. monotone: Kendall's τ-b with steady improvement. \
                 SNR: mean over standard deviation at the end (Madaan et al. 2024).";
    format!(
        "{}\n\n{}\n{}\n",
        short(&summary.stream.name),
        grid(&header, &rows, &[Side::Left, Side::Left]),
        wrap(notes, WIDTH)
    )
}

fn row(entry: &Entry, name: &str, found: &Variance, scale: f64) -> Vec<String> {
    let decimals = if scale > 1.0 { 1 } else { 3 };
    let scaled = |value: f64| fixed(scale * value, decimals);
    let end = found.checkpoints.last().map_or("—".into(), |last| scaled(last.mean));
    vec![
        called(entry),
        name.into(),
        entry.seeds.len().to_string(),
        end,
        fixed(scale * found.seed_deviation, 2.max(decimals)),
        found.item_half_width.map_or("—".into(), scaled),
        found.monotonicity.map_or("—".into(), |tau| fixed(tau, 2)),
        found.signal_to_noise.map_or("∞".into(), |snr| fixed(snr, 1)),
    ]
}

/// By experience, by seed: the mean of `value` over the tasks seen so far; and the number of examples asked at the end.
fn so_far(runs: &[History], trained: &[Vec<usize>], joint: bool, value: Value) -> Option<(Vec<Vec<f64>>, u64)> {
    let experiences = if joint { 1 } else { trained.len() };
    let mut items = 0;
    let mut checkpoints = Vec::new();
    for experience in 1..=experiences {
        let seen: Vec<usize> = if joint { trained.concat() } else { trained[..experience].concat() };
        let mut seen = seen;
        seen.sort_unstable();
        seen.dedup();
        let of_run = |history: &History| {
            let moment = history.moments.iter().find(|m| m.at == At::End && m.experience == experience)?;
            let answers: Option<Vec<Answered>> = seen.iter().map(|task| moment.answers.get(task).copied()).collect();
            let answers = answers.filter(|answers| !answers.is_empty())?;
            let n = answers.iter().map(|answer| answer.n).sum::<u64>();
            Some((answers.iter().map(value).sum::<f64>() / answers.len() as f64, n))
        };
        let seeds: Option<Vec<(f64, u64)>> = runs.iter().map(of_run).collect();
        let seeds = seeds?;
        items = seeds.first()?.1;
        checkpoints.push(seeds.into_iter().map(|(value, _)| value).collect());
    }
    Some((checkpoints, items))
}

/// Friedman's test and Nemenyi's critical difference of average accuracy: over streams where all summaries share rows,
/// else over the seeds of each.
pub fn ranks_text(summaries: &[StreamSummary]) -> String {
    let mut text = String::new();
    if let Some((names, blocks)) = over_streams(summaries) {
        text += &ranked(&names, &blocks, &format!("{} streams", blocks.len()));
    } else {
        for summary in summaries {
            if let Some((names, blocks)) = over_seeds(summary) {
                text += &ranked(&names, &blocks, &format!("{} seeds of {}", blocks.len(), short(&summary.stream.name)));
            }
        }
    }
    if text.is_empty() { "No two rows share two blocks: nothing to rank.\n".into() } else { text }
}

/// Names, and for each stream the mean of each; only rows that every stream has.
pub(crate) fn over_streams(summaries: &[StreamSummary]) -> Option<(Vec<String>, Vec<Vec<f64>>)> {
    let by_name = |summary: &StreamSummary| -> BTreeMap<String, f64> {
        let rows = summary.entries.iter().filter(|entry| !entry.joint);
        rows.filter_map(|entry| Some((called(entry), entry.estimate(&AVERAGE)?.mean))).collect()
    };
    let all: Vec<BTreeMap<String, f64>> = summaries.iter().map(by_name).collect();
    let names: Vec<String> =
        all.first()?.keys().filter(|name| all.iter().all(|one| one.contains_key(*name))).cloned().collect();
    if names.len() < 2 || summaries.len() < 2 {
        return None;
    }
    Some((names.clone(), all.iter().map(|one| names.iter().map(|name| one[name]).collect()).collect()))
}

/// Names, and for each common seed the score of each.
pub(crate) fn over_seeds(summary: &StreamSummary) -> Option<(Vec<String>, Vec<Vec<f64>>)> {
    let rows: Vec<(String, BTreeMap<u64, f64>)> = summary
        .entries
        .iter()
        .filter(|entry| !entry.joint && entry.diverged.is_empty())
        .map(|entry| (called(entry), entry.values(&AVERAGE).into_iter().collect()))
        .collect();
    let seeds: Vec<u64> = rows
        .first()?
        .1
        .keys()
        .copied()
        .filter(|seed| rows.iter().all(|(_, values)| values.contains_key(seed)))
        .collect();
    if rows.len() < 2 || seeds.len() < 2 {
        return None;
    }
    let blocks = seeds.iter().map(|seed| rows.iter().map(|(_, values)| values[seed]).collect()).collect();
    Some((rows.into_iter().map(|(name, _)| name).collect(), blocks))
}

fn ranked(names: &[String], blocks: &[Vec<f64>], over: &str) -> String {
    let Ok(found) = CriticalDifference::of(names, blocks, 0.05) else { return String::new() };
    let letters = |index: usize| {
        let inside = found.groups.iter().enumerate().filter(|(_, group)| group.contains(&index));
        inside.map(|(at, _)| char::from(b'a' + (at % 26) as u8)).collect::<String>()
    };
    let rows: Vec<Vec<String>> = found
        .names
        .iter()
        .zip(&found.ranks)
        .enumerate()
        .map(|(index, (name, rank))| vec![name.clone(), fixed(*rank, 2), letters(index)])
        .collect();
    let header = ["method", "mean rank", "alike"].map(String::from);
    let note = format!(
        "Ranks by ACC over {over}; Friedman p {}; rows with a letter in common lie closer than Nemenyi's critical \
         difference {} (α = 0.05) and are not told apart.{}",
        p_words(found.p),
        fixed(found.cd, 2),
        if found.p > 0.05 {
            " Friedman's test finds no difference at all: no pair should be called different."
        } else {
            ""
        },
    );
    format!("\n{}\n{}\n", grid(&header, &rows, &[Side::Left]), wrap(&note, WIDTH))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::example;
    use crate::summary::{Grouping, summarise};

    fn runs() -> Vec<RunDir> {
        let run = |name: &str, seed: u64, last: f64| example::run(name, seed, [last; 3]);
        (0..4).flat_map(|seed| [run("a", seed, 0.5 + 0.1 * seed as f64), run("b", seed, 0.9)]).collect()
    }

    #[test]
    fn noise_is_that_of_the_average_so_far() {
        let runs = runs();
        let summary = summarise(&runs, &Grouping::default()).unwrap().remove(0);
        let text = noise_text(&summary, &runs);
        // Row a ends at 0.5, 0.6, 0.7, 0.8: mean 65 %, s = √(0.05/3) = 12.91 points at the end and 0 before, so 4.30 on
        // average; SNR 0.65/0.1291 = 5.03.
        let line = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
        let cells: Vec<String> = line("a ").split_whitespace().map(String::from).collect();
        assert_eq!(cells[1..5], ["accuracy", "4", "65.0", "4.30"]);
        assert_eq!(cells.last().unwrap(), "5.0");
        assert!(line("b ").ends_with('∞'));
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }

    #[test]
    fn ranks_are_over_seeds_of_one_stream_and_over_several_streams() {
        let mut all = runs();
        let one = summarise(&all, &Grouping::default()).unwrap();
        let text = ranks_text(&one);
        assert!(text.contains("over 4 seeds of split-digits") && text.contains("b            1.00"), "{text}");
        let others = runs().into_iter().map(|mut run| {
            run.manifest.stream.hash = "another".into();
            run.manifest.run += "-other";
            run
        });
        all.extend(others.collect::<Vec<_>>());
        let two = summarise(&all, &Grouping::default()).unwrap();
        assert!(ranks_text(&two).contains("over 2 streams"), "{}", ranks_text(&two));
        assert_eq!(ranks_text(&[]), "No two rows share two blocks: nothing to rank.\n");
    }
}
