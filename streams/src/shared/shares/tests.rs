//! Numbers of classes, compared with FACIL's and PyCIL's own code; see `tests/golden/make/classes.py`.

use serde::Deserialize;

use super::*;
use crate::shared::toy;

/// What the two programs answer; nothing where they refuse.
#[derive(Deserialize)]
struct Golden {
    facil: Vec<Case>,
    pycil: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    classes: usize,
    tasks: Option<usize>,
    base: Option<usize>,
    increment: Option<usize>,
    sizes: Option<Vec<usize>>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../../../tests/golden/classes.json")).unwrap()
}

fn of(tasks: impl Into<Option<usize>>, base: impl Into<Option<usize>>, increment: impl Into<Option<usize>>) -> Shares {
    Shares { tasks: tasks.into(), base: base.into(), increment: increment.into(), ..Shares::default() }
}

fn list(sizes: &[usize]) -> Shares {
    Shares { each: Some(Each::List(sizes.to_vec())), ..Shares::default() }
}

fn alike(each: usize) -> Shares {
    Shares { each: Some(Each::All(each)), ..Shares::default() }
}

fn refusal(shares: &Shares, all: usize) -> String {
    let sizes = shares.check().and_then(|()| shares.sizes(all, 5));
    sizes.err().unwrap_or_else(|| panic!("{shares:?}: not refused")).to_string()
}

#[test]
fn base_and_increment_are_pycils() {
    let cases = golden().pycil;
    assert!(cases.len() > 300 && cases.iter().any(|case| case.sizes.is_none()));
    for Case { classes, base, increment, sizes, .. } in cases {
        let ours = of(None, base, increment).sizes(classes, 5).ok();
        assert_eq!(ours, sizes, "{classes} classes, {base:?} and {increment:?}");
    }
}

#[test]
fn base_and_tasks_are_facils_and_so_are_the_numbers_of_a_remedy() {
    let cases = golden().facil;
    assert!(cases.len() > 200 && cases.iter().any(|case| case.sizes.is_none()));
    for Case { classes, tasks, base, sizes, .. } in cases {
        let said = format!("{classes} classes, {tasks:?} tasks, {base:?} first");
        match of(tasks, base, None).sizes(classes, 5) {
            Ok(ours) => assert_eq!(Some(ours), sizes, "{said}"),
            Err(error) if base.is_none() => {
                let sizes = sizes.unwrap();
                assert_eq!(spread(classes, sizes.len()).unwrap(), sizes, "{said}");
                assert!(error.to_string().contains(&Listed(&sizes).to_string()), "{said}: {error}");
                // What the message says works.
                assert_eq!(list(&sizes).sizes(classes, 5).unwrap(), sizes, "{said}");
            }
            Err(_) => assert_eq!(sizes, None, "{said}"),
        }
    }
}

#[test]
fn nothing_is_dealt_twice_and_nothing_is_dropped_unless_that_is_asked() {
    for all in 1..40 {
        for a in 1..12 {
            let each = [of(a, None, None), of(None, None, a), alike(a), list(&[a, a, 1])];
            let pairs = (1..12).flat_map(|b| {
                let both = Shares { tasks: Some(b), ..alike(a) };
                [of(None, a, b), of(b, a, None), both, list(&[b, a])]
            });
            for shares in each.into_iter().chain(pairs) {
                if let Ok(sizes) = shares.sizes(all, 5) {
                    assert_eq!(sizes.iter().sum::<usize>(), all, "{shares:?}");
                    assert!(!sizes.contains(&0), "{shares:?}: {sizes:?}");
                }
                let partial = Shares { partial: true, ..shares.clone() };
                if let Ok(sizes) = partial.sizes(all, 5) {
                    assert!(sizes.iter().sum::<usize>() <= all && !sizes.contains(&0), "{partial:?}: {sizes:?}");
                    // Said anew it is the same.
                    let again = Shares {
                        tasks: Some(sizes.len()),
                        each: Some(said(&sizes)),
                        partial: true,
                        ..of(None, None, None)
                    };
                    assert_eq!(again.sizes(all, 5).unwrap(), sizes);
                }
            }
        }
    }
}

#[test]
fn what_does_not_come_out_is_refused_with_what_would() {
    let both = |tasks, each| Shares { tasks: Some(tasks), ..alike(each) };
    for (shares, message) in [
        (
            of(3, None, None),
            "10 classes do not split into 3 equal tasks; set stream.classes_per_task, such as to [4, 3, 3]",
        ),
        (of(11, None, None), "stream.tasks = 11 is more than the 10 classes that there are"),
        (of(usize::MAX, None, None), "is more than the 10 classes"),
        (
            both(3, 3),
            "3 tasks get 9 of the 10 classes, and 1 would be left out; set stream.classes_per_task to numbers that add \
             up to 10, or",
        ),
        (both(3, 2), "4 would be left out; set stream.tasks = 5, or stream.partial = true to leave them out"),
        (both(6, 2), "stream.tasks = 6 with 2 classes each is more than the 10 classes"),
        (both(usize::MAX, 2), "is more than the 10 classes"),
        (alike(3), "10 classes do not split into tasks of 3; set stream.increment = 3"),
        (alike(11), "stream.classes_per_task = 11 is more than the 10 classes"),
        (list(&[]), "is an empty list"),
        (list(&[4, 3, 2]), "3 tasks get 9 of the 10 classes, and 1 would be left out"),
        (list(&[4, 3, 4]), "[4, 3, 4] adds up to more than the 10 classes"),
        (list(&[usize::MAX, usize::MAX]), "adds up to more than the 10 classes"),
        (list(&[1; 11]), "[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1] adds up to more than the 10 classes"),
        (Shares { tasks: Some(5), ..list(&[4, 3, 3]) }, "has numbers for 3 tasks, and stream.tasks is 5"),
        (Shares { base: Some(4), ..alike(3) }, "and so do stream.base and stream.increment; leave one out"),
        (Shares { increment: Some(3), ..list(&[4, 3, 3]) }, "leave one out"),
        (of(None, 5, None), "set stream.increment for the others, or stream.tasks"),
        (of(None, 11, 5), "stream.base = 11 is more than the 10 classes"),
        (of(5, 4, 3), "of 10 classes, 4 and then 3 each make 3 tasks, and stream.tasks is 5"),
        (of(3, 10, None), "stream.base = 10 leaves nothing of the 10 classes"),
        (of(1, 4, None), "do not go into stream.tasks = 1"),
        (of(8, 4, None), "stream.base = 4 leaves 6 of the 10 classes, which do not go into stream.tasks = 8"),
    ] {
        let error = refusal(&shares, 10);
        assert!(error.contains(message), "{shares:?}: {error}");
    }
}

#[test]
fn what_is_no_number_of_classes_is_refused_by_name() {
    #[derive(Debug, Deserialize)]
    struct Table {
        of: Each,
    }
    let read = |text: &str| toml::from_str::<Table>(&format!("of = {text}")).map(|table| table.of);
    assert_eq!(read("3").unwrap(), Each::All(3));
    assert_eq!(read("[4, 3, 3]").unwrap(), Each::List(vec![4, 3, 3]));
    for text in ["0", "-1", "1.5", "\"x\"", "true", "[4, 0]", "[4, -3]", "[[4]]", "[4, 3.0]", "-9223372036854775808"] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains("is no number of classes; write one of at least 1, or a list"), "{text}: {error}");
    }
}

#[test]
fn what_no_task_gets_is_noted() {
    let universe = toy::bare(&[("a", &["p", "q", "r", "s", "t", "u"])]);
    let ground = toy::ground(&universe, 0);
    assert_eq!(cut(&[5, 4, 3, 2, 1, 0], &[1, 3], &ground), [&[5][..], &[4, 3, 2]]);
    assert_eq!(cut(&[1, 0], &[1, 1], &ground), [[1], [0]]);
    assert_eq!(ground.notes(), ["2 of 6 classes are in no task: `a+++q`, `a+++p`"]);
}
