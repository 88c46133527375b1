//! Numbers in pictures against hand values, refusals, and names that are none.

use super::{cast::Cast, *};
use crate::{
    metric::USUAL,
    record::{
        At, Record,
        example::{self, MIXED},
    },
    summary::rank::Ranking,
};

fn usual() -> Grouping {
    Grouping { metrics: USUAL.to_vec(), ..Grouping::default() }
}

/// Fine-tuning and replay on two seeds each, evaluated at the ends of experiences.
fn plain() -> Vec<RunDir> {
    let mut runs = vec![example::run("finetune", 0, [0.25, 0.5, 0.75]), example::run("finetune", 1, [0.35, 0.6, 0.85])];
    runs.push(example::run("replay", 0, [0.75, 0.75, 0.75]));
    runs.push(example::run("replay", 1, [0.85, 0.75, 0.65]));
    for run in runs.iter_mut().filter(|run| run.manifest.method == "replay") {
        run.manifest.spent.flops *= 2;
    }
    runs
}

/// The same with evaluations 1, 2, 5, 10 and 50 steps into every experience, in which earlier tasks are at half.
fn probed() -> Vec<RunDir> {
    let mut runs = plain();
    for run in &mut runs {
        let ends: Vec<Record> = run.records.iter().filter(|record| record.at == At::End).cloned().collect();
        for record in ends {
            for since in [1, 2, 5, 10, 50] {
                let step = 100 * (record.experience as u64 - 1) + since;
                let accuracy = if record.task + 1 < record.experience { 0.5 } else { record.accuracy };
                run.records.push(Record { at: At::Step, step, accuracy, ..record.clone() });
            }
        }
    }
    runs
}

fn draw(runs: &[RunDir], kind: Kind) -> Result<Figure, String> {
    let (mut figures, refusals) = figures(runs, &usual(), &[kind]);
    match refusals.into_iter().next() {
        Some(refusal) => Err(refusal.why),
        None => Ok(figures.remove(0)),
    }
}

#[test]
fn tasks_that_are_asked_about_only_once_seen_take_no_picture_away() {
    let mut seen = probed();
    for run in &mut seen {
        run.records.retain(|record| record.task < record.experience);
    }
    for kind in Kind::ALL {
        let (whole, half) = (draw(&probed(), kind), draw(&seen, kind));
        assert_eq!(whole.is_ok(), half.is_ok(), "{kind:?}: {:?}", half.err());
    }
    with_cast(&seen, |cast| {
        let lost = cast.members[0].over_seeds(|subject| crate::metric::forgetting::lost(subject, 0)).unwrap();
        // The best of 0.9 and 0.95 less 0.25 and 0.35.
        assert!((lost.mean - 0.65).abs() < 1e-12);
    });
}

fn with_cast<T>(runs: &[RunDir], work: impl Fn(&Cast) -> T) -> T {
    let grouping = Grouping { metrics: vec![&accuracy::STABILITY, &accuracy::LEARNING], ..usual() };
    work(&Cast::of(&summarise(runs, &grouping).unwrap()[0], runs))
}

/// Writes the pictures of the runs below `RUNS` into the folder `PICTURES`:
/// `RUNS=folder PICTURES=folder cargo test -p clbench-results pictures_of_runs -- --ignored`.
#[test]
#[ignore = "writes files for people to look at"]
fn pictures_of_runs() {
    let [runs, folder] = ["RUNS", "PICTURES"].map(|name| std::path::PathBuf::from(std::env::var_os(name).unwrap()));
    let runs = crate::store::discover(&[runs]).unwrap().runs;
    let grouping = Grouping { ranking: Ranking::All, ..usual() };
    let (figures, refusals) = figures(&runs, &grouping, &Kind::ALL);
    std::fs::create_dir_all(&folder).unwrap();
    for figure in figures {
        std::fs::write(folder.join(format!("{}.png", figure.name)), figure.picture.png().unwrap()).unwrap();
        println!("{}: {}", figure.name, figure.caption);
    }
    println!("{refusals:#?}");
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}

#[test]
fn a_matrix_is_the_mean_over_the_seeds() {
    with_cast(&plain(), |cast| {
        let cells = matrix::cells(&cast.members[0]);
        assert_eq!(cast.members[0].name, "finetune");
        let row = |row: usize| cells[row].iter().map(|cell| cell.unwrap()).collect::<Vec<_>>();
        assert!(row(3).iter().zip([30.0, 55.0, 80.0]).all(|(a, b)| near(*a, b)), "{cells:?}");
        assert!(row(1).iter().zip([90.0, 45.0, 20.0]).all(|(a, b)| near(*a, b)), "{cells:?}");
    });
    let svg = draw(&plain(), Kind::Matrix).unwrap().picture.svg;
    assert!(svg.contains("55.0") && svg.contains("start"));
}

#[test]
fn the_course_is_the_accuracy_over_tasks_so_far_with_its_interval() {
    with_cast(&plain(), |cast| {
        let line = course::line(&cast.members[0]);
        let expected = [(100.0, 90.0, 0.0), (200.0, 87.5, 0.0), (300.0, 55.0, 12.706_204_736 * 5.0)];
        assert_eq!(line.len(), 3);
        for ((x, mean, band), (step, accuracy, half)) in line.into_iter().zip(expected) {
            let (low, high) = band.unwrap();
            assert!(near(x, step) && near(mean, accuracy), "{x} {mean}");
            assert!((high - low - 2.0 * half).abs() < 1e-6, "{low} {high}");
        }
    });
}

#[test]
fn joint_training_is_a_level_and_ends_of_experiences_are_marked() {
    let mut runs = plain();
    runs.extend([0, 1].map(|seed| example::joint(seed, [0.9, 0.95, 0.85])));
    let course = draw(&runs, Kind::Course).unwrap();
    assert!(course.caption.contains("as a level") && course.caption.contains("ends of experiences"), "{course:?}");
    assert!(draw(&runs, Kind::Compute).unwrap().caption.contains("no part of it"));
    let mut longer = plain();
    let other = longer.iter_mut().filter(|run| run.manifest.method == "replay");
    other.flat_map(|run| &mut run.records).for_each(|record| record.step *= 2);
    assert!(draw(&longer, Kind::Course).unwrap().caption.contains("different numbers of steps"));
}

#[test]
fn the_gap_is_the_change_since_the_switch_over_all_switches() {
    with_cast(&probed(), |cast| {
        let changes = gap::differences(&cast.members[0].subjects[0]);
        // After 1 to 50 steps (0.5 − 0.9 + 0.5 − 0.875) / 2; at the end (0.95 − 0.9 + 0.375 − 0.875) / 2.
        assert_eq!(changes.keys().copied().collect::<Vec<_>>(), [1, 2, 5, 10, 50, 100]);
        assert!(
            near(changes[&1], -0.3875) && near(changes[&50], -0.3875) && near(changes[&100], -0.225),
            "{changes:?}"
        );
    });
}

#[test]
fn retention_counts_from_when_a_task_was_learned() {
    with_cast(&probed(), |cast| {
        let curve = retention::retention(&cast.members[0].subjects[0]);
        let expected = [(0, 0.9), (1, 0.5), (50, 0.5), (100, 0.95), (101, 0.5), (200, 0.25)];
        assert!(expected.iter().all(|(since, accuracy)| near(curve[since], *accuracy)), "{curve:?}");
        assert_eq!(curve.len(), 13);
    });
    let caption = draw(&probed(), Kind::Retention).unwrap().caption;
    assert!(caption.contains("(by number: 1)") && caption.contains("replay ") && caption.contains("·t"), "{caption}");
}

#[test]
fn scores_and_spending_are_those_of_the_table() {
    with_cast(&plain(), |cast| {
        let [finetune, replay] = [0, 1].map(|index| &cast.members[index]);
        assert!(near(finetune.score(&accuracy::STABILITY).unwrap().mean, 42.5));
        assert!(near(finetune.score(&accuracy::LEARNING).unwrap().mean, 250.0 / 3.0));
        assert!(near(replay.score(&accuracy::STABILITY).unwrap().mean, 77.5));
        assert!(near(replay.operations().unwrap().mean, 2.46e9));
        let lost = finetune.over_seeds(|subject| crate::metric::forgetting::lost(subject, 0)).unwrap();
        assert!(near(lost.mean, 0.65));
    });
    let caption = draw(&plain(), Kind::Stability).unwrap().caption;
    assert!(caption.contains("differ by a factor of up to 2.0") && caption.contains("Means over 2 seeds"), "{caption}");
}

#[test]
fn held_out_tasks_make_a_trajectory() {
    let mut runs = plain();
    runs.iter_mut().for_each(|run| run.manifest.stream.trained = vec![vec![0], vec![1], vec![1]]);
    with_cast(&runs, |cast| {
        let stops = zero_shot::stops(&cast.members[0]);
        let places: Vec<(f64, f64)> = stops.iter().map(|stop| (stop.x.0, stop.y.0)).collect();
        let expected = [(50.0, 50.0), (67.5, 20.0), (87.5, 35.0), (42.5, 80.0)];
        assert!(places.iter().zip(expected).all(|(a, b)| near(a.0, b.0) && near(a.1, b.1)), "{places:?}");
        assert!(stops[3].x.1.is_some() && stops[2].x.1.is_none());
    });
    assert!(draw(&runs, Kind::ZeroShot).unwrap().picture.svg.contains("held-out tasks"));
}

#[test]
fn preferences_are_ordered_by_the_weight_of_the_first_task() {
    let mut runs = plain();
    for run in &mut runs {
        let last: Vec<Record> = run.records.iter().filter(|record| record.experience == 3).cloned().collect();
        for (words, shift) in [("1 0 0", 0.05), ("0.5 0.5 0", 0.0), ("0 1 0", -0.05), ("0 0 1", 0.1)] {
            for record in &last {
                let accuracy = record.accuracy + shift;
                run.records.push(Record { preference: words.into(), accuracy, ..record.clone() });
            }
        }
    }
    with_cast(&runs, |cast| {
        let weights = [[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let pair = preferences::pair(3, &weights.each_ref().map(|weights| &weights[..]));
        assert_eq!((pair.tasks, pair.alone), ((0, 1), true));
        let stops = preferences::stops(&cast.members[0], pair);
        let places: Vec<(f64, f64)> = stops.iter().map(|stop| (stop.x.0, stop.y.0)).collect();
        let expected = [(25.0, 50.0), (30.0, 55.0), (35.0, 60.0)];
        assert!(places.iter().zip(expected).all(|(a, b)| near(a.0, b.0) && near(a.1, b.1)), "{places:?}");
        assert_eq!(stops[2].name, "w = 1.00");
    });
    assert!(draw(&runs, Kind::Preferences).unwrap().caption.contains("the tasks 0-1 and 2-3"));
}

#[test]
fn ranks_are_over_streams_where_two_have_the_methods_and_over_seeds_otherwise() {
    let one = draw(&plain(), Kind::Ranks).unwrap();
    assert!(one.caption.contains("seeds of one stream") && one.name == "split-digits-5ca1ab1e-ranks", "{one:?}");
    assert!(one.picture.svg.contains("1.00") && one.picture.svg.contains("2.00"));
    let mut runs = plain();
    for run in plain() {
        let mut other = run;
        other.manifest.run += "-other";
        (other.manifest.stream.hash, other.manifest.stream.name) = ("another".into(), "other-digits".into());
        runs.push(other);
    }
    let (figures, refusals) = figures(&runs, &usual(), &[Kind::Ranks]);
    assert_eq!((figures.len(), refusals.len()), (1, 0));
    assert_eq!(figures[0].name, "streams-ranks");
    assert!(figures[0].caption.contains("the streams other-digits, split-digits"), "{}", figures[0].caption);
}

#[test]
fn what_cannot_be_drawn_says_what_is_missing() {
    let why = |kind| draw(&plain(), kind).unwrap_err();
    assert!(why(Kind::Gap).contains("eval.log_spaced=true") && why(Kind::Retention).contains("eval.log_spaced=true"));
    assert!(why(Kind::ZeroShot).contains("only tested") && why(Kind::Preferences).contains("eval.preferences"));
    let alone = [example::run("er", 0, MIXED[3])];
    assert!(draw(&alone, Kind::Ranks).unwrap_err().contains("two methods or more"));
    let joint = [example::joint(0, MIXED[3])];
    assert!(Kind::ALL.into_iter().all(|kind| draw(&joint, kind).is_err()));
    assert!(draw(&[], Kind::Course).unwrap_err().contains("no finished run"));
    let mut versions = plain();
    versions[0].manifest.version = "0.0.9".into();
    let (figures, refusals) = figures(&versions, &usual(), &Kind::ALL);
    assert!(figures.is_empty() && refusals.len() == 10 && refusals[0].why.contains("--mix versions"));
}

#[test]
fn who_diverged_or_had_other_conditions_is_named_and_not_drawn() {
    let mut runs = plain();
    for (method, seed) in [("agem", 0), ("agem", 1), ("told", 0), ("told", 1)] {
        runs.push(example::run(method, seed, MIXED[3]));
    }
    runs[5].manifest.diverged = Some("the loss was NaN".into());
    runs[6..].iter_mut().for_each(|run| run.manifest.conditions.task_identity = true);
    let stability = draw(&runs, Kind::Stability).unwrap();
    assert!(stability.caption.contains("(a seed diverged): agem."), "{}", stability.caption);
    assert!(stability.caption.contains("--rank-all draws them together): told."), "{}", stability.caption);
    assert!(!stability.picture.svg.contains("told") && !stability.picture.svg.contains("agem"));
    let all = Grouping { ranking: Ranking::All, ..usual() };
    assert!(figures(&runs, &all, &[Kind::Stability]).0[0].picture.svg.contains("told"));
}

#[test]
fn of_many_methods_the_best_are_drawn_and_the_others_named() {
    let mut runs = plain();
    for index in 0..9 {
        let method = format!("method-{index}");
        let last = 0.1 * f64::from(index);
        runs.extend([0, 1].map(|seed| example::run(&method, seed, [last, last, 0.9])));
    }
    runs.extend([0, 1].map(|seed| example::joint(seed, [0.9, 0.95, 0.85])));
    let course = draw(&runs, Kind::Course).unwrap();
    assert!(course.caption.contains("Not shown: method-4, method-3"), "{}", course.caption);
    for name in ["finetune", "joint", "method-8"] {
        assert!(course.picture.svg.contains(name), "{name}");
    }
}

#[test]
fn rows_of_one_method_are_told_apart_by_their_settings() {
    let mut runs = plain();
    for run in plain().into_iter().filter(|run| run.manifest.method == "replay") {
        let mut other = run;
        other.manifest.family = "larger".into();
        other.manifest.run += "-larger";
        other.manifest.overrides = vec!["batch=8".into(), "replay.size=200".into()];
        runs.push(other);
    }
    runs[2..4].iter_mut().for_each(|run| run.manifest.overrides = vec!["batch=8".into()]);
    with_cast(&runs, |cast| {
        let names: Vec<&str> = cast.members.iter().map(|member| member.name.as_str()).collect();
        assert_eq!(names, ["finetune", "replay", "replay size=200"]);
    });
}

#[test]
fn rows_of_one_method_are_called_by_their_settings_and_streams_of_one_name_by_their_hashes() {
    let mut runs: Vec<RunDir> = [0, 1].map(|seed| example::run("finetune", seed, MIXED[3])).into();
    for (run, setting) in runs.iter_mut().zip(["optim.rate=0.1", "optim.rate=0.2"]) {
        (run.manifest.family, run.manifest.overrides) = (setting.into(), vec![setting.into()]);
    }
    with_cast(&runs, |cast| {
        let names: Vec<&str> = cast.members.iter().map(|member| member.name.as_str()).collect();
        assert_eq!(names, ["rate=0.1", "rate=0.2"]);
        assert_eq!(cast.stream(), "split-digits");
    });
    assert!(draw(&runs[..1], Kind::Stability).unwrap_err().contains("two or more"));
    runs[1].manifest.stream.hash = "another-hash".into();
    let titles: Vec<String> =
        figures(&runs, &usual(), &[Kind::Course]).0.into_iter().map(|figure| figure.title).collect();
    let title = |hash: &str| format!("Average accuracy over split-digits ({hash})");
    assert_eq!(titles, [title("5ca1ab1e"), title("another-")]);
}

#[test]
fn tasks_lose_the_words_that_all_begin_with() {
    let mut runs = plain();
    for run in &mut runs {
        run.manifest.stream.tasks = ["rotated by 0°", "rotated by 36°", "rotated by 72°"].map(String::from).into();
    }
    with_cast(&runs, |cast| {
        let (names, axis) = cast.tasks(&[0, 2]);
        assert_eq!((names, &*axis), (vec!["0°".to_owned(), "72°".to_owned()], "task: rotated by …"));
    });
    with_cast(&plain(), |cast| assert_eq!(cast.tasks(&[1]), (vec!["2-3".to_owned()], "task".to_owned())));
}

#[test]
fn hostile_names_and_numbers_stay_text() {
    let hostile = "<script>alert('1')</script>\"&\u{1b}[31m\u{202e}]]>/../x";
    let mut runs = probed();
    for run in &mut runs {
        run.manifest.method = format!("{} {hostile}", run.manifest.method);
        run.manifest.stream.name = hostile.into();
        run.manifest.stream.tasks = vec![hostile.into(); 3];
        run.records[4].accuracy = f64::NAN;
    }
    let (figures, _) = figures(&runs, &usual(), &Kind::ALL);
    assert!(figures.len() >= 6);
    for figure in figures {
        assert!(figure.name.chars().all(|c| c.is_ascii_alphanumeric() || "-_+.".contains(c)), "{}", figure.name);
        assert!(!figure.caption.contains(['\u{1b}', '\u{202e}']), "{}", figure.caption);
        for text in [figure.picture.svg.clone(), figure.picture.page(&figure.caption)] {
            assert!(resvg::usvg::roxmltree::Document::parse(&text).is_ok() && !text.contains("<script"), "{text}");
        }
    }
}

#[test]
fn every_kind_is_found_by_its_name() {
    assert!(Kind::ALL.into_iter().all(|kind| kind.name().parse() == Ok(kind)));
    assert!("pie".parse::<Kind>().unwrap_err().contains("zero-shot, ranks"));
}
