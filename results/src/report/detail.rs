//! What a row of a leaderboard opens to: its runs, how to repeat them, and their configuration.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::{Section, column::NONE, file::config};
use crate::{
    metric::measured,
    record::RunDir,
    statistics::Estimate,
    summary::{Entry, repro::run_command},
    words::{clean, cut, fixed, prefixed, short},
};

/// Configurations of one row that are shown, at most; they differ in nothing but the seed unless files were changed.
const MAX_CONFIGURATIONS: usize = 8;

/// The sheet below a row.
pub(super) fn detail(section: &Section, entry: &Entry) -> Markup {
    let runs = section.families.get(&*entry.family).map_or(&[][..], Vec::as_slice);
    html! {
        h4 { "Runs of " (short(&entry.name())) }
        (seeds(section, entry, runs))
        h4 { "To repeat them" }
        pre { @for run in runs { (run_command(&run.manifest)) "\n" } }
        h4 { "Made by" }
        ul { @for (words, seeds) in makers(runs) { li { (words) " — " (seeds_words(&seeds)) } } }
        (configurations(runs))
    }
}

fn seeds(section: &Section, entry: &Entry, runs: &[&RunDir]) -> Markup {
    let score = |metric: &&'static crate::metric::Metric, seed: u64| {
        let value = entry.values(metric).into_iter().find(|(of, _)| *of == seed).map(|(_, value)| value);
        let shown = |mean| measured(metric, Estimate { mean, deviation: None, half_width: None, n: 1 }).0;
        // One decimal more than the mean's: here the numbers are compared with files.
        let exact = |value: f64| if metric.is_percent() { fixed(value * 100.0, 2) } else { shown(value) };
        value.map_or(NONE.into(), exact)
    };
    html! {
        div.scroll tabindex="0" role="region" aria-label="Runs" {
            table {
                thead { tr {
                    th scope="col" { "seed" }
                    th scope="col" { "run" }
                    @for metric in section.metrics { th.n scope="col" { (metric.head()) } }
                    th.n scope="col" { "steps" }
                    th.n scope="col" { "operations" }
                    th.n scope="col" { "state" }
                } }
                tbody { @for run in runs {
                    @let m = &run.manifest;
                    tr {
                        th scope="row" { (m.seed) }
                        td {
                            code { (cut(&clean(&m.run), 64)) }
                            @if let Some(why) = &m.diverged { " diverged: " (cut(&clean(why), 200)) }
                        }
                        @for metric in section.metrics { td.n { (score(metric, m.seed)) } }
                        td.n { (m.spent.steps) }
                        td.n { (prefixed(m.spent.flops).trim()) }
                        td.n { (prefixed(m.spent.state_bytes)) "B" }
                    }
                } }
            }
        }
    }
}

/// Versions with devices and machines, and the seeds that each of them made.
fn makers(runs: &[&RunDir]) -> BTreeMap<String, Vec<u64>> {
    let mut makers: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for RunDir { manifest: m, .. } in runs {
        let revision = if m.revision.trim().is_empty() { "unknown".into() } else { short(&m.revision) };
        let words = format!(
            "clbench {}, revision {revision}, device {}, {}",
            short(&m.version),
            short(&m.device),
            cut(&clean(&m.machine), 200)
        );
        makers.entry(words).or_default().push(m.seed);
    }
    makers
}

fn seeds_words(seeds: &[u64]) -> String {
    let list: Vec<String> = seeds.iter().map(ToString::to_string).collect();
    format!("seed{} {}", if list.len() == 1 { "" } else { "s" }, list.join(", "))
}

/// Each configuration once, with the seeds that it holds for but for the line of the seed.
fn configurations(runs: &[&RunDir]) -> Markup {
    let mut different: Vec<(String, String, Vec<u64>)> = Vec::new();
    for run in runs {
        let Some(text) = config(&run.path) else { continue };
        let line = format!("seed = {}", run.manifest.seed);
        // Only the run's own seed, which stands before the first table, tells its file from its sisters'.
        let plain = text.replacen(&format!("\n{line}\n"), "\nseed\n", 1);
        match different.iter().position(|(other, ..)| *other == plain) {
            Some(at) => different[at].2.push(run.manifest.seed),
            None if different.len() < MAX_CONFIGURATIONS => different.push((plain, text, vec![run.manifest.seed])),
            None => {}
        }
    }
    html! {
        @for (_, text, seeds) in different {
            details.config {
                summary { "config.toml of seed " (seeds[0]) }
                @if seeds.len() > 1 {
                    p { "That of " (seeds_words(&seeds[1..])) " differs in the line of the seed alone." }
                }
                pre { (text) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::example::{self, MIXED};

    #[test]
    fn a_command_is_read_back_by_a_shell() {
        let mut manifest = example::manifest("lora+ewc", 3);
        manifest.overrides =
            ["seed=3", "method=lora+ewc", "lora.rank=8", "note=it's $(rm -rf ~)"].map(String::from).into();
        assert_eq!(
            run_command(&manifest),
            "clbench run streams/split-digits.toml method=lora+ewc lora.rank=8 'note=it'\\''s $(rm -rf ~)' seed=3"
        );
    }

    #[test]
    fn configurations_that_differ_in_the_seed_are_shown_once() {
        let root = tempfile::tempdir().unwrap();
        let mut runs: Vec<RunDir> = (0..3).map(|seed| example::run("er", seed, MIXED[3])).collect();
        for run in &mut runs {
            run.path = example::write(root.path(), run);
            let other = if run.manifest.seed == 2 { "rate = 0.2" } else { "rate = 0.1" };
            let text = format!("# a run\nseed = {}\n[optim]\n{other}\n", run.manifest.seed);
            std::fs::write(run.path.join("config.toml"), text).unwrap();
        }
        let markup = configurations(&runs.iter().collect::<Vec<_>>()).into_string();
        assert_eq!(markup.matches("<details").count(), 2, "{markup}");
        assert!(markup.contains("That of seed 1 differs in the line of the seed alone."), "{markup}");
        assert!(markup.contains("rate = 0.1") && markup.contains("rate = 0.2"), "{markup}");
    }
}
