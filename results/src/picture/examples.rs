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
        let mean = mean.max(3.0) + wave(at, series);
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

fn matrix(tasks: usize, start: bool) -> Shares {
    let cell = |row: usize, column: usize| match row.checked_sub(column + 1) {
        Some(since) => Some(97.0 * (-(since as f64) / 9.0).exp() + wave(row, column)),
        None if row == 0 || start => Some(12.0 + 3.0 * wave(row, column)),
        None => None,
    };
    Shares {
        title: "Accuracy of online EWC on Split CIFAR-100, mean of 5 seeds".into(),
        row_title: "after experience".into(),
        column_title: "task".into(),
        unit: "accuracy in %".into(),
        rows: std::iter::once("start".to_owned()).chain((1..=tasks).map(|row| row.to_string())).collect(),
        columns: (1..=tasks).map(|column| column.to_string()).collect(),
        cells: (0..=tasks).map(|row| (0..tasks).map(|column| cell(row, column)).collect()).collect(),
        trained: (0..tasks).map(|task| (task + 1, task)).collect(),
    }
}

fn named_matrix() -> Shares {
    let mut matrix = matrix(5, false);
    matrix.columns =
        ["airplane, automobile", "bird, cat", "deer, dog", "frog, horse", "ship, truck"].map(str::to_owned).into();
    matrix
}

fn compute() -> Front {
    let dots = [
        ("finetune", 8e9, 19.0, 1.2, false),
        ("replay", 1.6e10, 61.0, 1.8, false),
        ("der++", 2.5e10, 66.0, 1.1, false),
        ("ewc", 1.9e10, 24.0, 2.2, false),
        ("lwf", 1.2e10, 33.0, 2.0, false),
        ("agem", 2.2e10, 26.0, 1.9, false),
        ("gdumb", 6e9, 44.0, 2.6, false),
        ("er-ace", 1.65e10, 64.5, 1.5, false),
        ("joint", 9e10, 84.0, 0.6, true),
    ];
    let dot = |(name, x, y, half, reference): (&str, f64, f64, f64, bool)| Dot {
        name: name.into(),
        x: (x, Some(x * 0.06)),
        y: (y, Some(half)),
        reference,
    };
    Front {
        title: "Accuracy and compute, Split CIFAR-100, 5 seeds, 95 % intervals".into(),
        across: "charged operations".into(),
        up: "average accuracy in %".into(),
        better: (Better::Low, Better::High),
        dots: dots.into_iter().map(dot).collect(),
        pareto: true,
        log_x: true,
    }
}

fn plasticity(count: usize) -> Front {
    let dot = |(index, name): (usize, String)| Dot {
        name,
        x: (40.0 + 50.0 * wave(index, 3).abs(), Some(2.0)),
        y: (60.0 + 35.0 * wave(index, 5).abs(), Some(1.5)),
        reference: index == 6,
    };
    Front {
        title: "Stability and plasticity".into(),
        across: "stability in %".into(),
        up: "plasticity in %".into(),
        better: (Better::High, Better::High),
        dots: names(count).into_iter().enumerate().map(dot).collect(),
        pareto: true,
        log_x: false,
    }
}

fn preferences() -> Trails {
    let stop = |at: usize, reach: f64, half: f64| {
        let share = at as f64 / 6.0;
        let angle = share * std::f64::consts::FRAC_PI_2;
        let name = if at.is_multiple_of(3) { format!("w = {share:.1}") } else { String::new() };
        Stop { name, x: (50.0 + reach * angle.sin(), Some(half)), y: (50.0 + reach * angle.cos(), Some(half)) }
    };
    let trail = |(name, reach, half): (&str, f64, f64)| Trail {
        name: name.into(),
        stops: (0..7).map(|at| stop(at, reach, half)).collect(),
    };
    Trails {
        title: "Accuracies on two tasks under stated preferences".into(),
        across: "accuracy on task 1 in %".into(),
        up: "accuracy on task 2 in %".into(),
        better: (Better::High, Better::High),
        trails: [("IBCL", 44.0, 0.8), ("rehearsal per preference", 40.0, 1.0), ("PNN", 33.0, 1.4)]
            .into_iter()
            .map(trail)
            .collect(),
        ..Trails::default()
    }
}

fn trajectories() -> Trails {
    let stop = |at: usize, keep: f64| Stop {
        name: at.to_string(),
        x: (40.0 + 30.0 * (1.0 - (-(at as f64) / 3.0).exp()) + wave(at, 2), None),
        y: (68.0 - keep * at as f64 + wave(at, 4), None),
    };
    let trail =
        |(name, keep): (&str, f64)| Trail { name: name.into(), stops: (0..8).map(|at| stop(at, keep)).collect() };
    Trails {
        title: "Knowledge accumulation and zero-shot retention".into(),
        across: "KA in %".into(),
        up: "ZS in %".into(),
        better: (Better::High, Better::High),
        trails: [("finetune", 4.0), ("replay", 1.2), ("model merging", 0.2)].into_iter().map(trail).collect(),
        arrows: true,
        log_x: false,
    }
}

fn columns(tasks: usize, methods: usize) -> Columns {
    let bars = |method: usize| {
        (0..tasks)
            .map(|task| {
                let mean =
                    (tasks - task) as f64 / tasks as f64 * (10.0 + 9.0 * method as f64) + 2.0 * wave(task, method);
                (task + 1 < tasks).then_some((mean - 3.0, Some(2.0 + wave(task, 3))))
            })
            .collect()
    };
    Columns {
        title: "Forgetting on each task after the last experience".into(),
        across: "task".into(),
        up: "forgetting in points".into(),
        groups: (1..=tasks).map(|task| task.to_string()).collect(),
        series: names(methods).into_iter().enumerate().map(|(index, name)| (name, bars(index))).collect(),
    }
}

fn ranks(count: usize) -> Ranks {
    let rank = |(index, name): (usize, String)| {
        let rank = 1.0 + (index as f64 + 0.3 * wave(index, 1)) / count as f64 * (count as f64 - 1.0);
        (name, rank.clamp(1.0, count as f64))
    };
    let span = count.div_ceil(3);
    Ranks {
        title: "Average ranks over 12 streams by average accuracy".into(),
        ranks: names(count).into_iter().enumerate().map(rank).collect(),
        critical: Some(count as f64 / 4.0),
        groups: vec![0..span, span / 2..span + 2, span + 1..count],
        note: "Friedman test, χ² = 41.2, p = 2e−6, N = 12 streams; Nemenyi at α = 0.05. Bars join methods that do not \
               differ."
            .into(),
    }
}

/// Realistic pictures with the names of their files.
pub(super) fn realistic() -> Vec<(String, Picture)> {
    let pictures = [
        ("lines", forgetting(4, 10).draw()),
        ("lines-legend", forgetting(7, 20).draw()),
        ("lines-many", forgetting(200, 20).draw()),
        ("retention", retention().draw()),
        ("gap", gap().draw()),
        ("stream", stream().draw()),
        ("matrix-5", named_matrix().draw()),
        ("matrix-10", matrix(10, true).draw()),
        ("matrix-20", matrix(20, false).draw()),
        ("matrix-100", matrix(100, true).draw()),
        ("compute", compute().draw()),
        ("plasticity", plasticity(9).draw()),
        ("plasticity-30", plasticity(30).draw()),
        ("preferences", preferences().draw()),
        ("trajectories", trajectories().draw()),
        ("columns", columns(5, 3).draw()),
        ("columns-20", columns(20, 6).draw()),
        ("ranks-7", ranks(7).draw()),
        ("ranks-20", ranks(20).draw()),
    ];
    pictures.into_iter().map(|(name, picture)| (name.to_owned(), picture)).collect()
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
