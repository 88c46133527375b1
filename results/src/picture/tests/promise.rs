//! What every picture of results promises: texts cover neither each other nor the edge, whatever they say, and no
//! number breaks a picture.

use resvg::usvg::roxmltree::{Document, Node};

use crate::picture::{canvas::width, examples::realistic, place::Region, *};

/// A text's box: its width from the font, its height that of capitals and what hangs below the line.
fn region(node: &Node, grain: f64) -> (String, Region) {
    let number = |name: &str| node.attribute(name).unwrap().parse::<f64>().unwrap() / grain;
    let text = node.text().unwrap().trim().to_owned();
    let (x, y, size) = (number("x"), number("y"), number("font-size"));
    let wide = f64::from(width(&text, size as i32));
    let before = match node.attribute("text-anchor") {
        Some("start") => 0.0,
        Some("middle") => wide / 2.0,
        _ => wide,
    };
    // Widths are rounded up to a pixel, and places to a tenth of one.
    let slack = 0.6;
    let (from, to, half) = (x - before + slack, x - before + wide - slack, size / 2.0 - slack);
    if node.has_attribute("transform") {
        // Turned by a quarter around its point, what was before it is below.
        let (above, below) = (y - (to - x), y + (x - from));
        return (text, Region(x - half, above, x + half, below));
    }
    (text, Region(from, y - half, to, y + half))
}

fn assert_readable(name: &str, picture: &Picture) {
    let document = Document::parse(&picture.svg).unwrap();
    let units: f64 = document.root_element().attribute("viewBox").unwrap().split(' ').nth(2).unwrap().parse().unwrap();
    let grain = units / f64::from(picture.width);
    let paper = Region(0.0, 0.0, f64::from(picture.width), f64::from(picture.height));
    let texts: Vec<_> =
        document.descendants().filter(|node| node.has_tag_name("text")).map(|node| region(&node, grain)).collect();
    for (index, (text, place)) in texts.iter().enumerate() {
        assert!(place.within(&paper), "{name}: {text:?} leaves the picture: {place:?}");
        for (other, there) in &texts[..index] {
            assert!(!place.meets(there), "{name}: {text:?} covers {other:?}: {place:?} {there:?}");
        }
    }
    for number in ["NaN", "inf", "-2147483648", "2147483647"] {
        let attributes = document.descendants().flat_map(|node| node.attributes().collect::<Vec<_>>());
        assert!(!attributes.into_iter().any(|attribute| attribute.value().contains(number)), "{name}: {number}");
    }
}

/// What makes the things of a picture, and what that is called.
type Way<T> = (&'static str, fn(usize) -> T);

/// Ways to be called.
fn callers() -> Vec<Way<String>> {
    vec![
        ("short", |index| format!("m{index}")),
        ("words", |index| format!("a method with {index} words in its name and more")),
        ("long", |index| format!("{index}{}", "W".repeat(300))),
        ("none", |_| String::new()),
        ("hostile", |_| crate::picture::tests::HOSTILE.to_owned()),
    ]
}

/// Ways of numbers to be.
fn numbers() -> Vec<Way<f64>> {
    vec![
        ("percent", |at| 50.0 + 45.0 * (at as f64 * 1.7).sin()),
        ("equal", |_| 5.0),
        ("negative", |at| -1e-9 * (at + 1) as f64),
        ("wide", |at| 10_f64.powi(at as i32 * 5 % 28 - 9)),
        ("broken", |at| [f64::NAN, f64::INFINITY, 1.0, -1e308, 3.0, f64::NEG_INFINITY, f64::MAX][at % 7]),
        ("close", |at| 1e18 + at as f64 * 1e9),
    ]
}

/// Every kind of picture, of `count` things with `points` numbers each.
pub(super) fn every(
    count: usize,
    points: usize,
    call: fn(usize) -> String,
    number: fn(usize) -> f64,
    log_x: bool,
) -> Vec<Picture> {
    let [title, across, up] = [call(0), call(1), call(2)];
    let half = |at: usize| (!at.is_multiple_of(3)).then(|| number(at + 1).abs());
    let mean = |at: usize| (number(at), half(at));
    let point =
        |at: usize| (number(at + 3), number(at), (!at.is_multiple_of(4)).then(|| (number(at + 1), number(at + 2))));
    let series = |one: usize| Series { name: call(one), points: (0..points).map(|at| point(at * (one + 1))).collect() };
    let lines = Lines {
        title: title.clone(),
        across: across.clone(),
        up: up.clone(),
        series: (0..count).map(series).collect(),
        marks: (0..points).map(|at| (number(at), call(at))).collect(),
        log_x,
        y_range: count.is_multiple_of(2).then(|| (number(0), number(1))),
    };
    let dot = |at: usize| Dot { name: call(at), x: mean(at), y: mean(at + 5), reference: at % 5 == 4 };
    let front = Front {
        title: title.clone(),
        across: across.clone(),
        up: up.clone(),
        dots: (0..count * points).map(dot).collect(),
        pareto: true,
        log_x,
        ..Front::default()
    };
    let stop = |at: usize| Stop { name: call(at), x: mean(at), y: mean(at + 2) };
    let trail = |one: usize| Trail { name: call(one), stops: (0..points).map(|at| stop(at * (one + 1))).collect() };
    let trails = Trails {
        title: title.clone(),
        across: across.clone(),
        up: up.clone(),
        trails: (0..count).map(trail).collect(),
        arrows: true,
        log_x,
        ..Trails::default()
    };
    let columns = Columns {
        title: title.clone(),
        across: across.clone(),
        up: up.clone(),
        groups: (0..points).map(call).collect(),
        series: (0..count).map(|one| (call(one), (0..points).map(|at| Some(mean(at + one))).collect())).collect(),
    };
    let rank = |at: usize| if at.is_multiple_of(3) { number(at) } else { 1.0 + 0.9 * at as f64 };
    let ranks = Ranks {
        title: title.clone(),
        ranks: (0..count * points).map(|at| (call(at), rank(at))).collect(),
        critical: Some(number(1)),
        groups: vec![0..count, 1..points + 1, std::ops::Range { start: 3, end: 2 }, usize::MAX - 1..usize::MAX],
        note: up.clone(),
    };
    let shares = Shares {
        title,
        row_title: across.clone(),
        column_title: up,
        unit: across,
        rows: (0..points).map(call).collect(),
        columns: (0..count).map(call).collect(),
        cells: (0..points)
            .map(|row| (0..count).map(|at| (!at.is_multiple_of(3)).then(|| number(row + at))).collect())
            .collect(),
        trained: vec![(0, 0), (1, 2), (usize::MAX, 3)],
    };
    vec![lines.draw(), front.draw(), trails.draw(), columns.draw(), ranks.draw(), shares.draw()]
}

const KINDS: [&str; 6] = ["lines", "front", "trails", "columns", "ranks", "shares"];

#[test]
fn texts_of_realistic_pictures_cover_nothing() {
    for (name, picture) in realistic() {
        assert_readable(&name, &picture);
    }
}

#[test]
fn texts_cover_nothing_whatever_they_say_and_no_number_breaks_a_picture() {
    for (called, call) in callers() {
        for (numbered, number) in numbers() {
            for (count, points) in [(0, 0), (1, 1), (2, 3), (7, 6), (6, 20), (9, 40)] {
                for log_x in [false, true] {
                    for (kind, picture) in KINDS.iter().zip(every(count, points, call, number, log_x)) {
                        let name = format!("{kind} of {count} × {points}, {called}, {numbered}, log {log_x}");
                        assert_readable(&name, &picture);
                        assert!(picture.width == 480 && picture.height <= 1000, "{name}: {}", picture.height);
                    }
                }
            }
        }
    }
}

#[test]
fn two_hundred_of_everything_are_drawn_and_bounded() {
    let (_, call) = callers()[0];
    for (kind, picture) in KINDS.iter().zip(every(200, 200, call, numbers()[0].1, false)) {
        assert_readable(kind, &picture);
        assert!(picture.svg.len() < 9_000_000, "{kind}: {}", picture.svg.len());
        assert!(picture.png().is_ok(), "{kind}");
    }
}

#[test]
fn no_text_is_smaller_than_can_be_printed() {
    for (name, picture) in realistic() {
        let document = Document::parse(&picture.svg).unwrap();
        for node in document.descendants().filter(|node| node.has_tag_name("text")) {
            let size: f64 = node.attribute("font-size").unwrap().parse().unwrap();
            // 480 pixels are 84 mm, a millimetre is 72 / 25.4 points; only numbers in cells may be a size smaller.
            let points = size / 10.0 / 480.0 * 84.0 * 72.0 / 25.4;
            assert!(points > if name.starts_with("matrix") { 4.9 } else { 6.9 }, "{name}: {points}");
        }
    }
}
