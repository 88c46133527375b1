//! The page around the tables.

use std::collections::BTreeSet;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{
    Figure, Section, SiteOptions, board::board, column::Condition, data::data, drawing::drawing, policy::policy,
};
use crate::{
    metric::Metric,
    summary::Entry,
    table::{TableOptions, notes::notes as table_notes},
    words::{clean, cut, short},
};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// Tasks of a stream that are named, at most.
const MAX_TASKS: usize = 200;
/// Notes of a stream that are shown, at most, and the characters of each.
const MAX_NOTES: (usize, usize) = (20, 400);

pub(super) fn page(sections: &[Section], options: &SiteOptions) -> String {
    let title = cut(&clean(&options.title), 120);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy(STYLE, SCRIPT));
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                link rel="icon" href="data:,";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (top(&title, sections))
                main {
                    @for (at, section) in sections.iter().enumerate() { (stream(section, at + 1)) }
                    (key(&options.metrics))
                }
                footer { p { "Made by clbench from the files of the runs. The page is one file and loads nothing." } }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
    .into_string()
}

fn top(title: &str, sections: &[Section]) -> Markup {
    let methods: BTreeSet<String> =
        sections.iter().flat_map(|section| section.summary.entries.iter().map(Entry::name)).collect();
    let runs: usize = sections.iter().flat_map(|section| section.families.values()).map(Vec::len).sum();
    html! {
        header.top {
            div.bar {
                p.brand { "clbench" }
                button.theme type="button" aria-pressed="false" { "Dark" }
            }
            h1 { (title) }
            p.intro {
                "Results of " (counted(methods.len(), "method")) " on " (counted(sections.len(), "stream")) " of \
                    tasks, from "
                (counted(runs, "run")) ". A method learns the tasks of a stream one after another and is tested on all \
                                        of "
                "them. Each table holds one stream: results of different streams, or of different versions of one, are "
                "never compared."
            }
            @if sections.len() > 1 {
                nav aria-label="Streams" { ul {
                    @for (at, section) in sections.iter().enumerate() {
                        li { a href={ "#stream-" (at + 1) } { (short(&section.summary.stream.name)) } }
                    }
                } }
            }
        }
    }
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn stream(section: &Section, number: usize) -> Markup {
    let (stream, id) = (&section.summary.stream, format!("stream-{number}"));
    html! {
        section.stream id=(id) aria-labelledby={ (id) "-head" } data-file=(file_name(&stream.name)) {
            h2 id={ (id) "-head" } { (short(&stream.name)) }
            div.verdicts { @for (group, sentence) in &section.sentences {
                p.verdict { @if let Some(group) = group { b { "First of group " (group) } } (sentence) }
            } }
            (facts(section))
            @for note in stream.notes.iter().take(MAX_NOTES.0) { p.note { (cut(&clean(note), MAX_NOTES.1)) } }
            (board(section, &id))
            ul.notes { @for note in notes(section) { li { (note) } } }
            @for (at, figure) in section.figures.iter().enumerate() {
                (drawn(figure, &format!("{id}-figure-{}", at + 1)))
            }
            script.data type="application/json" { (PreEscaped(data(section))) }
        }
    }
}

/// A name for the downloaded file, of letters that every system takes.
fn file_name(stream: &str) -> String {
    let kept: String = stream.chars().filter(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).take(60).collect();
    format!("{}.csv", if kept.is_empty() { "stream" } else { &kept })
}

fn facts(section: &Section) -> Markup {
    let stream = &section.summary.stream;
    html! {
        dl.facts {
            div { dt { "kind" } dd { (short(&stream.kind)) } }
            div { dt { "tasks" } dd { (stream.tasks.len()) } }
            div { dt { "experiences" } dd { (stream.experiences) } }
            @for (head, value) in Condition::shared(section.summary) { div { dt { (head) } dd { (value) } } }
            div.wide { dt { "hash" } dd { code { (cut(&clean(&stream.hash), 80)) } } }
        }
        details.tasks {
            summary { (counted(stream.tasks.len(), "task")) ", in order" }
            ol { @for task in stream.tasks.iter().take(MAX_TASKS) { li { (short(task)) } } }
            @if stream.tasks.len() > MAX_TASKS { p { "and " (stream.tasks.len() - MAX_TASKS) " more" } }
        }
    }
}

/// What the marks of the table mean and what its numbers do not say.
fn notes(section: &Section) -> Vec<String> {
    let options = TableOptions { metrics: section.metrics.to_vec(), ..TableOptions::default() };
    let mut notes = table_notes(section.summary, &options);
    if section.summary.entries.iter().any(|entry| entry.seeds.len() > 1) {
        notes.push("Dots are single seeds, the bar is their mean.".into());
    }
    notes
}

fn drawn(figure: &Figure, id: &str) -> Markup {
    let title = cut(&clean(&figure.title), 120);
    let class = if figure.svg.contains("var(--paper") { "themed" } else { "card" };
    html! {
        figure id=(id) {
            h3 { (title) }
            @match drawing(&figure.svg, id, &title) {
                Some(svg) => div class={ "picture " (class) } tabindex="0" role="region" aria-label=(title) {
                    (PreEscaped(svg))
                },
                None => p.note { "This picture could not be read." },
            }
            figcaption { (cut(&clean(&figure.caption), 1000)) }
        }
    }
}

fn key(metrics: &[&'static Metric]) -> Markup {
    html! {
        section.key aria-labelledby="key" {
            h2 id="key" { "What the scores are" }
            p {
                "R[i][j] is the accuracy on task j after experience i, b[j] that before the first step, T the number \
                 of "
                "tasks. Shares are in percent. ↑ marks scores that should be high, ↓ those that should be low."
            }
            dl {
                @for metric in metrics {
                    dt { (metric.head()) " " span { (metric.name) } }
                    dd { p { (metric.about) } p { code { (metric.formula) } } p.source { (metric.source) " \
                        · " code { (metric.key) } } }
                }
            }
        }
    }
}
