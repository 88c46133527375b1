//! Pictures as they look in a paper, for people to look at, and for tests of what all pictures promise.

use super::*;

fn wave(at: usize, seed: usize) -> f64 {
    ((at * 7 + seed * 13) as f64).sin()
}

fn names(count: usize) -> Vec<String> {
    let names = ["finetune", "replay", "ewc", "lwf", "der", "agem", "joint", "si", "mas", "packnet"];
    (0..count).map(|index| names.get(index).map_or_else(|| format!("method-{index}"), |name| (*name).into())).collect()
}

fn forgetting(series: usize, points: usize) -> Lines {
    let point = |series: usize, at: usize| {
        let mean = 95.0 - (series as f64 * 5.0 + 2.0) * (at as f64).sqrt() * 3.0 / (points as f64).sqrt() * 2.0;
        let mean = mean + wave(at, series);
        let half = 1.0 + series as f64 * 0.3;
        ((at + 1) as f64, mean, Some((mean - half, mean + half)))
    };
    Lines {
        title: "Average accuracy over Split CIFAR-100, 5 seeds, 95 % bands".into(),
        across: "experience".into(),
        up: "accuracy in %".into(),
        series: names(series)
            .into_iter()
            .enumerate()
            .map(|(index, name)| Series { name, points: (0..points).map(|at| point(index, at)).collect() })
            .collect(),
        ..Lines::default()
    }
}

fn retention() -> Lines {
    let curve = |a: f64, b: f64| {
        (0..12).map(move |at| {
            let x = 10_f64.powf(f64::from(at) / 3.0);
            let mean = 100.0 * a * (1.0 + x).powf(-b);
            (x, mean, Some((mean - 3.0, mean + 3.0)))
        })
    };
    Lines {
        title: "Retention of the first task after updates on new data".into(),
        across: "updates since".into(),
        up: "accuracy in %".into(),
        series: [("replay", 0.97, 0.04), ("online EWC", 0.96, 0.12), ("finetune", 0.99, 0.25)]
            .into_iter()
            .map(|(name, a, b)| Series { name: name.into(), points: curve(a, b).collect() })
            .collect(),
        log_x: true,
        y_range: Some((0.0, 100.0)),
        ..Lines::default()
    }
}

fn gap() -> Lines {
    let points = |depth: f64| {
        (0..400).map(move |at| {
            let since = at as f64 - 200.0;
            let drop = if since < 0.0 { 0.0 } else { depth * (-since / 30.0).exp() * (since / 6.0).min(1.0) };
            (at as f64, 92.0 - drop + 0.8 * wave(at, 1), None)
        })
    };
    Lines {
        title: "Stability gap: accuracy on task 1 around the switch to task 2".into(),
        across: "step".into(),
        up: "accuracy on task 1 in %".into(),
        series: [("replay", 40.0), ("replay, large buffer", 18.0)]
            .into_iter()
            .map(|(name, depth)| Series { name: name.into(), points: points(depth).collect() })
            .collect(),
        marks: vec![(200.0, "task 2 begins".into())],
        ..Lines::default()
    }
}

fn stream() -> Lines {
    let mut lines = forgetting(3, 200);
    lines.title = "Online accuracy in windows of 500 examples".into();
    lines.across = "examples seen".into();
    for series in &mut lines.series {
        series.points.iter_mut().for_each(|point| point.0 *= 500.0);
    }
    lines.marks = (1..=10).map(|end| (f64::from(end) * 10_000.0, end.to_string())).collect();
    lines
}

/// Realistic pictures with the names of their files.
pub(super) fn realistic() -> Vec<(String, Picture)> {
    let mut pictures = vec![
        ("lines", forgetting(4, 10).draw()),
        ("lines-legend", forgetting(7, 20).draw()),
        ("lines-many", forgetting(200, 20).draw()),
        ("retention", retention().draw()),
        ("gap", gap().draw()),
        ("stream", stream().draw()),
    ];
    pictures.drain(..).map(|(name, picture)| (name.to_owned(), picture)).collect()
}

/// Writes them into the folder that `PICTURES` names:
/// `PICTURES=folder cargo test -p clbench-results realistic_pictures -- --ignored`.
#[test]
#[ignore = "writes files for people to look at"]
fn realistic_pictures() {
    let folder = std::path::PathBuf::from(std::env::var_os("PICTURES").expect("PICTURES names a folder"));
    for (name, picture) in realistic() {
        std::fs::write(folder.join(format!("{name}.svg")), &picture.svg).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), picture.png().unwrap()).unwrap();
    }
}
