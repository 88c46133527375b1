//! Claims about every key of a stream file: each is declared, listed, checked and refused with the nearest.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::{collections::BTreeSet, path::Path, process::Command};

use clbench::{
    catalogue::{Range, Setting},
    config::{Key, Shelf, keys},
    method::Method,
};
use toml::{Table, Value};

/// What has to be set beside a part, for it to be read.
const BESIDE: [(&str, &str); 9] = [
    ("concepts", "stream.tasks=5"),
    ("timeline", "stream.arrival.file=times.csv"),
    ("recorded", "stream.arrival.file=experiences.json"),
    ("explicit", "stream.order.file=order.json"),
    ("time", "stream.order.buckets=[[\"digits\"]]"),
    ("vit", "net.patch=4"),
    ("file", "start.path=weights.safetensors"),
    ("pretrain", "start.epochs=1 stream.pool_share=0.2"),
    ("norms", "net.batch_norm=true"),
];

/// Formats of data, which need files, and what a run writes by itself.
const ASIDE: [&str; 2] = ["data", "files"];

fn all(shelf: &Shelf) -> Vec<Key> {
    let sections = keys(shelf).into_iter().filter(|of| !ASIDE.contains(&of.section));
    sections.flat_map(|of| of.keys).collect()
}

/// What has to be chosen, as `KEY=VALUE`, so that a key belongs to something.
fn chosen(key: &Key, shelf: &Shelf) -> String {
    let first = key.path.split('.').next().unwrap();
    let method = |method: &&Method| method.name == first;
    let own = match (shelf.methods.iter().find(method), first) {
        (Some(method), _) if method.name == "hypernet" => "method=hypernet head.train=task head.test=task".into(),
        (Some(method), _) => format!("method={}", method.name),
        (None, "stream") if key.path.starts_with("stream.order.") && key.of.is_empty() => "stream.order=random".into(),
        (None, "stream") if key.path.starts_with("stream.arrival.") && key.of.is_empty() => {
            "stream.arrival=online".into()
        }
        (None, "stream") if key.path.starts_with("stream.environment.") && key.of.is_empty() => {
            "stream.environment=cumulative".into()
        }
        (None, "stream") if key.of.is_empty() => String::new(),
        (None, "stream") if key.path.matches('.').count() == 1 => format!("stream.kind={}", key.of),
        (None, "stream") => format!("{}={}", key.path.rsplit_once('.').unwrap().0, key.of),
        (None, "net") if !key.of.is_empty() => format!("net.body={}", key.of),
        (None, "optim") if !key.of.is_empty() => format!("optim.rule={}", key.of),
        (None, "start") if !key.of.is_empty() => format!("start={}", key.of),
        _ => String::new(),
    };
    let beside = BESIDE.iter().filter(|(of, _)| [first, &key.of].contains(of)).map(|(_, beside)| *beside);
    let apart = |beside: &str| beside.split('=').next() != Some(&key.path);
    beside
        .flat_map(|text| text.split(' '))
        .filter(|text| apart(text))
        .fold(own, |own, beside| format!("{own} {beside}"))
}

/// A value that is in a range.
fn inside(range: Range) -> Value {
    match range {
        Range::Whole(least, most) => least.max(1).min(most).into(),
        Range::AtLeast(least) | Range::Within(least, _) | Range::From(least, _) => least.into(),
        Range::Above(above) => (above + 1.0).into(),
        Range::UpTo(_, most) => most.into(),
        Range::Between(above, below) => f64::midpoint(above, below).into(),
        Range::Flag => true.into(),
        Range::Choice(words) => words[0].into(),
        Range::List(each, least, _) => Value::Array(vec![inside(*each); least.max(1)]),
        Range::Table(_) => Table::new().into(),
        Range::Text(_) => "x".into(),
    }
}

/// A value of the right type that is not in a range, where there is one.
fn outside(range: Range) -> Option<Value> {
    Some(match range {
        Range::Whole(least, _) if least > 0 => (least - 1).into(),
        Range::Whole(_, most) => most.checked_add(1)?.into(),
        Range::AtLeast(least) | Range::Within(least, _) => (least - 1.0).into(),
        Range::Above(above) | Range::UpTo(above, _) | Range::Between(above, _) => above.into(),
        Range::From(_, below) => below.into(),
        Range::List(each, least, _) => Value::Array(vec![outside(*each)?; least.max(1)]),
        Range::Flag | Range::Choice(_) | Range::Table(_) | Range::Text(_) => return None,
    })
}

#[test]
fn every_key_is_told_in_a_paragraph_and_holds_its_default() {
    let shelf = support::shelf();
    let mut seen = BTreeSet::new();
    for Key { path, of, default, setting, .. } in keys(&shelf).into_iter().flat_map(|section| section.keys) {
        let Setting { about, range, required, .. } = setting;
        assert!(about.ends_with('.') && !about.contains('\n') && !about.contains("]("), "{path} ({of}): {about}");
        assert!((10..=200).contains(&about.chars().count()), "{path} ({of}): {about}");
        assert!(!required || default.is_none(), "{path} ({of}) has to be set and has a default");
        if let Some(default) = default {
            assert!(range.holds(&default), "{path} ({of}) = {default} is not {}", range.words());
        }
        assert!(seen.insert((path.clone(), of.clone())), "{path} ({of}) is declared twice");
    }
    assert!(seen.len() > 400, "{}", seen.len());
}

#[test]
fn a_value_out_of_range_is_refused_with_key_value_and_range() {
    let shelf = support::shelf();
    let mut refused = 0;
    for key in all(&shelf) {
        let (own, range) = (chosen(&key, &shelf), key.setting.range);
        let (value, words) = match range {
            Range::Flag => ("perhaps".into(), String::new()),
            Range::Choice(words) => ("perhaps".into(), words.join(", ")),
            _ => match outside(range) {
                Some(value) => (value, range.words()),
                None => continue,
            },
        };
        let told = if let Value::String(word) = &value { word.clone() } else { value.to_string() };
        let said = support::refusal(&shelf, &format!("{own} {}={}", key.path, value.to_string().replace(' ', "")));
        for part in [key.setting.key, &told, &words] {
            assert!(said.contains(part), "{own} {}={value}: nothing about `{part}` in {said}", key.path);
        }
        refused += 1;
    }
    assert!(refused > 250, "{refused}");
}

#[test]
fn an_unknown_key_of_every_section_is_refused_with_the_nearest() {
    let shelf = support::shelf();
    // By these it is told which keys there are.
    let tags = ["start.kind", "net.body"];
    for key in all(&shelf).into_iter().filter(|key| !tags.contains(&key.path.as_str())) {
        let own = chosen(&key, &shelf);
        let said = support::refusal(&shelf, &format!("{own} {}x=1", key.path));
        let what = if key.path.contains('.') { "key" } else { "section" };
        let (wrong, right) = (format!("unknown {what} `{}x`", key.setting.key), format!("`{}`?", key.setting.key));
        assert!(said.contains(&wrong) && said.contains(&right), "{own} {}x: {said}", key.path);
    }
}

/// Whether the stream file of these tests sets a key itself.
fn is_set(path: &str) -> bool {
    let file: Table = include_str!("support/digits.toml").parse().unwrap();
    let (section, key) = path.split_once('.').unwrap_or(("", path));
    let table = if section.is_empty() { Some(&file) } else { file.get(section).and_then(Value::as_table) };
    table.is_some_and(|table| table.contains_key(key))
}

/// Parts that need files, a pool, or other pictures; and methods whose names say already what they are.
const UNFIT: [&str; 5] = ["timeline", "recorded", "explicit", "file", "pretrain"];

#[test]
fn every_default_may_be_said_and_changes_nothing() {
    let shelf = support::shelf();
    let presets = clbench_methods::merging::merge::PRESETS.iter().map(|method| format!("{}.", method.name));
    let presets: Vec<String> = presets.collect();
    let mut said = 0;
    for key in all(&shelf) {
        let Some(default) = key.default.as_ref().map(|value| value.to_string().replace(", ", ",")) else { continue };
        let unfit = UNFIT.contains(&key.of.as_str()) || presets.iter().any(|preset| key.path.starts_with(preset));
        if unfit || is_set(&key.path) || default.contains(' ') || key.path == "net.patch" {
            continue;
        }
        let own = chosen(&key, &shelf);
        let [plain, same] = [own.clone(), format!("{own} {}={default}", key.path)].map(|settings| {
            let setup = support::try_setup(&shelf, &settings).unwrap_or_else(|error| panic!("{settings}: {error:#}"));
            setup.config
        });
        // With any of its keys there is a text side, and an alteration.
        let alters =
            shelf.streams.alterations.iter().any(|part| key.path.starts_with(&format!("stream.{}.", part.name)));
        let begins = key.path.starts_with("text.") || alters;
        assert!(begins || plain == same, "{own} {}={default}", key.path);
        said += 1;
    }
    assert!(said > 200, "{said}");
}

#[test]
fn every_key_that_is_listed_is_known() {
    let shelf = support::shelf();
    for key in all(&shelf) {
        let value = inside(key.setting.range).to_string().replace(' ', "");
        let settings = format!("{} {}={value}", chosen(&key, &shelf), key.path);
        if let Err(error) = support::try_setup(&shelf, &settings) {
            let said = format!("{error:#}");
            assert!(!said.contains("unknown key") && !said.contains("unknown section"), "{settings}: {said}");
        }
    }
}

#[test]
fn formats_of_data_refuse_what_they_do_not_declare() {
    for format in support::shelf().formats {
        let needed = || {
            let needed = format.settings.iter().filter(|setting| setting.required);
            needed.map(|setting| (setting.key.to_owned(), "x".into())).collect::<Table>()
        };
        let refused = |key: String, value: Value| {
            let mut table = needed();
            table.insert(key, value);
            format!("{:#}", (format.make)(table).err().unwrap())
        };
        for setting in format.settings {
            let said = refused(format!("{}x", setting.key), 1.into());
            assert!(said.contains(&format!("unknown key `{}x`", setting.key)), "{}: {said}", format.name);
            let Some(value) = outside(setting.range) else { continue };
            let said = refused(setting.key.into(), value.clone());
            let told = format!("{} = {value} is not {}", setting.key, setting.range.words());
            assert!(said.contains(&told), "{}: {said}", format.name);
        }
        for setting in format.settings.iter().filter(|setting| setting.required) {
            let mut table = needed();
            table.remove(setting.key);
            let said = format!("{:#}", (format.make)(table).err().unwrap());
            assert!(said.contains(&format!("missing field `{}`", setting.key)), "{}: {said}", format.name);
        }
    }
}

/// The dotted paths of what has a value; a method's table stands for itself.
fn paths(table: &Table, above: &str, found: &mut BTreeSet<String>) {
    for (key, value) in table {
        let path = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
        match value {
            Value::Table(table) => paths(table, path.strip_prefix("methods.").unwrap_or(&path), found),
            _ => {
                found.insert(path.strip_prefix("methods.").unwrap_or(&path).to_owned());
            }
        }
    }
}

#[test]
fn every_key_of_a_resolved_configuration_is_listed() {
    let shelf = support::shelf();
    let listed: BTreeSet<String> = all(&shelf).into_iter().map(|key| key.path).collect();
    let parts = &shelf.streams;
    let mut cases: Vec<String> =
        shelf.methods.iter().map(|method| method.name).map(|name| format!("method={name}")).collect();
    cases.extend(parts.kinds.iter().map(|part| format!("stream.kind={}", part.name)));
    cases.extend(parts.orderings.iter().map(|part| format!("stream.order={}", part.name)));
    cases.extend(parts.arrivals.iter().map(|part| format!("stream.arrival={}", part.name)));
    cases.extend(parts.environments.iter().map(|part| format!("stream.environment={}", part.name)));
    cases.extend(shelf.rules.iter().map(|rule| format!("optim.rule={}", rule.name)));
    cases.extend(["mlp", "cnn", "resnet18"].map(|body| format!("net.body={body}")));
    cases.push(
        "text.side=tokens stream.order.reverse=true eval.log_spaced=true budget.maf=1e12 keep.weights=true".into(),
    );
    cases.push("start=pretrain start.epochs=1 stream.pool_share=0.2 stream.long-tailed.factor=2.0".into());
    cases.push("mixture.update=0.5 mixture.buffer=0.5 buffer.keep=ring buffer.capacity=50".into());
    let mut seen = 0;
    for case in cases {
        let Ok(setup) = support::try_setup(&shelf, &case) else { continue };
        let (table, mut found) = (Table::try_from(&setup.config).unwrap(), BTreeSet::new());
        paths(&table, "", &mut found);
        for path in &found {
            let short = path == "start" || path.starts_with("files.");
            assert!(short || listed.contains(path), "{case}: {path} is not listed");
        }
        seen += 1;
    }
    assert!(seen > 60, "{seen}");
}

fn clbench(words: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_clbench")).args(words).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_reference_page_is_what_the_command_writes() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/keys.md");
    let (code, out, _) = clbench(&["keys", "--format", "md"]);
    assert_eq!(code, Some(0));
    let there = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(there == out, "docs/keys.md is not up to date; run `clbench keys --format md > docs/keys.md`");
}

#[test]
fn keys_are_listed_by_their_beginning_in_80_columns() {
    let (code, all, _) = clbench(&["keys"]);
    assert_eq!(code, Some(0));
    assert!(all.lines().all(|line| line.chars().count() <= 80), "{all}");
    let (_, ewc, _) = clbench(&["keys", "ewc"]);
    assert!(ewc.starts_with("ewc.strength = 1.0\n    Weight of the penalty, λ: at least 0\n"), "{ewc}");
    assert!(all.contains(&ewc));
    let (_, drift, _) = clbench(&["keys", "drift"]);
    assert!(drift.starts_with("stream.arrival.width (drift) = 0.5\n"), "{drift}");
    let (_, optim, _) = clbench(&["keys", "optim."]);
    assert!(optim.lines().filter(|line| !line.starts_with(' ')).all(|line| line.starts_with("optim.")), "{optim}");
    assert!(optim.contains("optim.rate, has to be set\n"), "{optim}");
    let (code, out, said) = clbench(&["keys", "ewcc"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(said.contains("unknown beginning of a key `ewcc`; did you mean `ewc`?"), "{said}");
    let (code, out, _) = clbench(&["keys", "random"]);
    assert_eq!((code, out.as_str()), (Some(0), "no keys\n"), "a part without keys");
    let (code, _, said) = clbench(&["keys", "driftt"]);
    assert!(code == Some(2) && said.contains("did you mean `drift`?"), "{said}");
    let (_, page, _) = clbench(&["keys", "ewc", "--format", "md"]);
    assert!(page.contains("\nEvery key under `ewc` ") && !page.contains("docs/keys.md"), "{page}");
    let (code, _, said) = clbench(&["keys", "ewc.strenght"]);
    assert!(code == Some(2) && said.contains("did you mean `ewc.strength`?"), "{said}");
}

#[test]
fn keys_as_json_are_all_of_them() {
    let (_, out, _) = clbench(&["keys", "--format", "json"]);
    let listed: Vec<serde_json::Value> = serde_json::from_str(&out).unwrap();
    let shelf = support::shelf();
    assert_eq!(listed.len(), keys(&shelf).iter().map(|section| section.keys.len()).sum::<usize>());
    let preset = listed.iter().find(|key| key["key"] == "magmax.scale").unwrap();
    assert_eq!(preset["default"], 0.5, "a method's own default");
}
