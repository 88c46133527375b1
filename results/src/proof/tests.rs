//! Whole tables, and every way to alter one word of them.

use super::*;
use crate::{
    metric::USUAL,
    record::example,
    table::{Format, TableOptions, table},
};

fn runs() -> Vec<RunDir> {
    let er = (0..3).map(|seed| example::run("er", seed, [0.6 + 0.01 * seed as f64, 0.85, 0.7]));
    let si = (0..3).map(|seed| example::run("si", seed, [0.5 + 0.02 * seed as f64, 0.8, 0.7]));
    let lost = (0..3).map(|seed| {
        let mut run = example::run("ewc", seed, [0.5, 0.8, 0.7]);
        run.manifest.diverged = (seed == 1).then(|| "the loss was NaN".into());
        run.manifest.overrides = vec!["ewc.strength=1e9".into()];
        run
    });
    let joint = (0..3).map(|seed| example::joint(seed, [0.9, 0.95, 0.97 - 0.01 * seed as f64]));
    er.chain(si).chain(lost).chain(joint).collect()
}

fn written(format: Format) -> String {
    table(&runs(), &TableOptions { format, footnotes: true, ..TableOptions::default() }).unwrap()
}

fn proved(text: &str, runs: &[RunDir]) -> Result<(Tally, Page), String> {
    let page = read_page(text)?;
    let mut tally = Tally::default();
    page.pieces.iter().filter_map(|piece| piece.check(runs)).for_each(|one| tally.add(one));
    Ok((tally, page))
}

/// Whether nothing of a page is found that is not the same, and nothing was passed over.
fn is_good(text: &str, runs: &[RunDir]) -> bool {
    proved(text, runs).is_ok_and(|(tally, page)| tally.is_same() && page.unnamed == 0 && page.aside == 0)
}

#[test]
fn a_table_comes_out_of_its_own_runs() {
    for format in [Format::Json, Format::Markdown] {
        let (tally, page) = proved(&written(format), &runs()).unwrap();
        assert!(tally.is_same() && (page.unnamed, page.aside) == (0, 0), "{format:?} {tally:?} {page:?}");
        assert!(tally.numbers[&Came::Same] > 40 && tally.words[&Came::Same] > 60, "{tally:?}");
    }
}

#[test]
fn tables_of_other_choices_come_out_too() {
    let mut set = runs();
    set.iter_mut().for_each(|run| run.manifest.overrides.push("train.epochs=3".into()));
    set[0].manifest.overrides.push("er.size=50".into());
    set[1].manifest.overrides.push("er.size=50".into());
    set[2].manifest.overrides.push("er.size=50".into());
    let plain = || TableOptions { format: Format::Markdown, footnotes: true, ..TableOptions::default() };
    let all = crate::summary::rank::Ranking::All;
    let few = vec![USUAL[4], USUAL[0]];
    let mut options = vec![plain(), TableOptions { brief: true, ..plain() }];
    options.push(TableOptions { metrics: few.clone(), columns: Some(crate::table::Column::ALL.to_vec()), ..plain() });
    options.push(TableOptions { metrics: few, ..plain() });
    options[3].grouping.ranking = all;
    options[3].grouping.by = USUAL[4];
    for options in options {
        let text = table(&set, &options).unwrap();
        assert!(is_good(&text, &set), "{:?}\n{text}", proved(&text, &set).map(|(tally, _)| tally.findings));
        assert!(!text.contains("| train.epochs=3"));
        assert_eq!(options.brief, text.contains("All rows are set to train.epochs=3."), "{text}");
        assert_eq!(options.brief, text.contains("| er er.size=50<sup>"), "{text}");
        assert!(text.contains("method=er er.size=50 train.epochs=3 seeds=0..3"), "{text}");
    }
}

/// The property that a published table rests on: no cell and no word of it can be altered unseen.
#[test]
fn no_word_of_a_table_in_markdown_can_be_altered() {
    let (text, runs) = (written(Format::Markdown), runs());
    assert!(is_good(&text, &runs));
    let mut tried = 0;
    for (at, word) in words(&text) {
        let altered =
            [format!("{word}0"), format!("x{word}"), "diverged".into(), "0".into(), "—".into(), String::new()];
        let starred = [word.trim_matches('*').to_owned(), format!("**{word}**"), word.replace('≈', "")];
        for other in altered.into_iter().chain(starred).filter(|other| other != word) {
            let text = format!("{}{other}{}", &text[..at], &text[at + word.len()..]);
            assert!(!is_good(&text, &runs), "`{word}` became `{other}` unseen:\n{text}");
            tried += 1;
        }
    }
    assert!(tried > 1_000, "{tried}");
    let lines: Vec<&str> = text.lines().collect();
    for (at, _) in lines.iter().enumerate().filter(|(_, line)| !line.is_empty() && !tally::is_rule(line)) {
        let without = [&lines[..at], &lines[at + 1..]].concat().join("\n");
        assert!(!is_good(&without, &runs), "line {at} was left out unseen");
        let twice = [&lines[..=at], &lines[at..]].concat().join("\n");
        assert!(!is_good(&twice, &runs), "line {at} stands twice unseen");
    }
}

/// Words with where they begin; marks of a table are none.
fn words(text: &str) -> Vec<(usize, &str)> {
    let place = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
    let lines = text.lines().filter(|line| !tally::is_rule(line));
    lines.flat_map(str::split_whitespace).filter(|word| *word != "|").map(|word| (place(word), word)).collect()
}

#[test]
fn no_leaf_of_a_table_in_json_can_be_altered() {
    let runs = runs();
    let whole: serde_json::Value = serde_json::from_str(&written(Format::Json)).unwrap();
    let mut paths = Vec::new();
    leaves(&whole, &mut Vec::new(), &mut paths);
    assert!(paths.len() > 200, "{}", paths.len());
    for path in paths {
        let pointer = format!("/{}", path.join("/"));
        let (above, last) = pointer.rsplit_once('/').unwrap();
        let changes: [&dyn Fn(&mut serde_json::Value); 3] = [
            &|value| *value.pointer_mut(&pointer).unwrap() = other(value.pointer(&pointer).unwrap()),
            &|value| *value.pointer_mut(&pointer).unwrap() = 0.into(),
            &|value| match value.pointer_mut(above).unwrap() {
                serde_json::Value::Object(map) => drop(map.remove(last)),
                serde_json::Value::Array(list) => drop(list.remove(last.parse().unwrap())),
                _ => unreachable!(),
            },
        ];
        for (kind, change) in changes.iter().enumerate() {
            let mut altered = whole.clone();
            change(&mut altered);
            if altered != whole {
                assert!(!is_good(&altered.to_string(), &runs), "{pointer} was altered unseen ({kind})");
            }
        }
    }
}

fn leaves(value: &serde_json::Value, path: &mut Vec<String>, all: &mut Vec<Vec<String>>) {
    let mut below = |part: String, value: &serde_json::Value| {
        path.push(part);
        leaves(value, path, all);
        path.pop();
    };
    match value {
        serde_json::Value::Object(map) => map.iter().for_each(|(key, value)| below(key.clone(), value)),
        serde_json::Value::Array(list) => list.iter().enumerate().for_each(|(at, value)| below(at.to_string(), value)),
        _ => all.push(path.clone()),
    }
}

fn other(value: &serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Number(number) => (number.as_f64().unwrap() + 1.0).into(),
        serde_json::Value::Bool(flag) => (!flag).into(),
        serde_json::Value::String(text) => format!("{text}x").into(),
        _ => "x".into(),
    }
}

#[test]
fn what_moved_in_the_runs_is_found_and_so_is_a_run_that_is_gone() {
    for format in [Format::Json, Format::Markdown] {
        let mut moved = runs();
        // A little in one seed, within the interval but not without a trace.
        let last = moved[0].records.len() - 1;
        moved[0].records[last].accuracy += 0.01;
        let (tally, _) = proved(&written(format), &moved).unwrap();
        assert!(!tally.is_same() && !tally.numbers.contains_key(&Came::Missing), "{format:?}");
        moved.remove(5);
        let (tally, _) = proved(&written(format), &moved).unwrap();
        assert_eq!(tally.numbers.keys().collect::<Vec<_>>(), [&Came::Missing], "{format:?}");
        assert!(tally.findings[0].now.contains("the run si-2 is missing"), "{:?}", tally.findings);
    }
}

#[test]
fn text_without_a_table_is_an_error() {
    for text in ["", "# Title\n", "[]", "[{\"rows\": [{}]}]", "| method | ACC ↑ |\n|---|---|\n| er | 1.0 |\n"] {
        assert!(read_page(text).unwrap_err().starts_with("no table with runs in it"), "{text}");
    }
    assert!(read_page("[").unwrap_err().contains("EOF"));
}

#[test]
fn a_page_says_what_of_it_was_not_looked_at() {
    let table = written(Format::Markdown);
    let bare = "| method | ACC ↑ |\n|---|---|\n| er | 1.0 |\n| si | 1.0 |\n";
    let block = "<!-- clbench: phases a.runs.gz/x --format md -->\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n<!-- \
                 clbench: end -->\n";
    let excused = "<!-- clbench: not verified: it is an example -->\n| a |\n|---|\n| 1 |\n<!-- clbench: end -->\n";
    let page =
        read_page(&format!("# Title\n\nProse.\n\n{table}\nMore.\n\n{bare}\n{block}\n| x |\n|---|\n| 3 |\n\n{excused}"))
            .unwrap();
    assert_eq!((page.pieces.len(), page.unnamed, page.aside), (2, 3, 3), "{page:?}");
    assert_eq!(page.excused, ["it is an example"]);
    let Piece::Block(block) = &page.pieces[1] else { panic!("{page:?}") };
    assert_eq!(block.command, "phases a.runs.gz/x --format md");
    for wrong in ["<!-- clbench: run x -->\n<!-- clbench: end -->\n", "<!-- clbench: table x -->\n"] {
        assert!(read_page(&format!("{table}\n{wrong}")).is_err(), "{wrong}");
    }
}
