//! Domain-incremental: each task asks for the same labels about other inputs, and nobody says which task it is.
//!
//! - van de Ven et al. 2022, <https://doi.org/10.1038/s42256-022-00568-3>, "domain-incremental".
//! - Hsu et al. 2018, <https://arxiv.org/abs/1810.12488>, "incremental domain learning": one dataset's classes are
//!   split over tasks, and a label is the position of a class in its task, as in split MNIST with two outputs.
//!
//! With several datasets each is a task and the classes of one name share a label, or with `by = "position"` those of
//! one number. With one dataset its classes, ranked by the ordering, are split over `tasks`.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use clbench::{
    catalogue::{Made, Range, Settings, settings},
    primitives::scope::Head,
    stream::{Ground, Kind, Plan, Task},
};
use toml::Table;

/// The entry of the catalogue.
pub const KIND: Kind = Kind {
    name: "domain-incremental",
    about: "the same labels in each task, asked about another dataset or about other classes",
    citation: "https://arxiv.org/abs/1810.12488",
    settings: Config::SETTINGS,
    make,
};

clbench::settings! {
    /// Settings of domain-incremental streams.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Config {
        /// Number of tasks over which one dataset's classes are split; 5 unless set.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub tasks: Option<usize> = None, Range::Whole(1, i64::MAX);
        /// Which classes of several datasets share a label; those of one name unless set.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub by: Option<By> = None;
    }
}

clbench::choice! {
    /// What makes classes of several datasets the same.
    #[derive(Default)]
    pub enum By {
        /// Their names.
        #[default]
        Name = "name",
        /// Their numbers.
        Position = "position",
    }
}

impl Settings for Config {}

fn make(table: Table, ground: &Ground) -> Made<Plan> {
    let (_, mut config): (Table, Config) = settings(table)?;
    let own: Vec<usize> = (0..ground.own).collect();
    let dataset = |concept: &usize| ground.universe.concepts[*concept].dataset;
    // A universe lists its concepts dataset by dataset.
    let domains: Vec<Vec<usize>> = own.chunk_by(|a, b| dataset(a) == dataset(b)).map(<[usize]>::to_vec).collect();
    let plan = if domains.len() == 1 {
        ensure!(
            config.by.is_none(),
            "stream.by matches the classes of several datasets, and there is one; leave it out"
        );
        split(*config.tasks.get_or_insert(5), ground)
    } else {
        ensure!(
            config.tasks.is_none(),
            "stream.tasks splits one dataset, and here each of the {} datasets is a task; leave it out",
            domains.len()
        );
        several(&domains, *config.by.get_or_insert_default(), ground)
    };
    Ok((Table::try_from(&config)?, plan?))
}

/// One task for each dataset.
fn several(domains: &[Vec<usize>], by: By, ground: &Ground) -> Result<Plan> {
    let matched = domains.iter().map(|concepts| matched(&domains[0], concepts, by, ground));
    let matched = matched.collect::<Result<Vec<_>>>()?;
    let task = |concepts: &Vec<usize>| {
        let dataset = ground.universe.concepts[concepts[0]].dataset;
        task(ground.universe.datasets[dataset].name.clone(), concepts, ground)
    };
    let classes = titles(&matched, ground);
    let tasks = ground.ranked_tasks(matched.iter().map(task).collect())?;
    Ok(Plan { classes, tasks, head: Head::default() })
}

/// The concepts of a dataset in the order of those of the `first` one that they are the same as.
fn matched(first: &[usize], concepts: &[usize], by: By, ground: &Ground) -> Result<Vec<usize>> {
    let universe = ground.universe;
    let [model, own] = [first, concepts].map(|of| &universe.datasets[universe.concepts[of[0]].dataset].name);
    ensure!(
        concepts.len() == first.len(),
        "`{own}` has {} classes and `{model}` has {}; a domain-incremental stream asks for the same in each task",
        concepts.len(),
        first.len()
    );
    if by == By::Position {
        return Ok(concepts.to_vec());
    }
    let names: BTreeMap<&str, usize> = concepts.iter().map(|concept| (universe.class(*concept), *concept)).collect();
    let same = |concept: &usize| {
        let name = universe.class(*concept);
        names.get(name).copied().with_context(|| {
            format!("`{own}` has no class `{name}`, which `{model}` has; with stream.by = \"position\" numbers count")
        })
    };
    first.iter().map(same).collect()
}

/// One dataset's ranked classes split over tasks.
fn split(tasks: usize, ground: &Ground) -> Result<Plan> {
    let ranked = ground.ranked_concepts()?;
    let all = ranked.len();
    ensure!(
        tasks <= all && all.is_multiple_of(tasks),
        "{all} classes do not split into stream.tasks = {tasks} equal tasks; set it to a divisor of {all}"
    );
    let chunks: Vec<Vec<usize>> = ranked.chunks(all / tasks).map(<[usize]>::to_vec).collect();
    let named = |concepts: &Vec<usize>| {
        let names = concepts.iter().map(|concept| ground.universe.class(*concept));
        task(joined(names.collect(), ", "), concepts, ground)
    };
    let tasks = chunks.iter().map(named).collect();
    Ok(Plan { classes: titles(&chunks, ground), tasks, head: Head::default() })
}

/// The task whose labels are the places in `concepts`.
fn task(name: String, concepts: &[usize], ground: &Ground) -> Task {
    let mut labels = vec![None; ground.universe.concepts.len()];
    concepts.iter().enumerate().for_each(|(label, concept)| labels[*concept] = Some(label));
    Task::new(name, ground.universe, &labels, None)
}

/// What each label is called: the classes that share it.
fn titles(tasks: &[Vec<usize>], ground: &Ground) -> Vec<String> {
    let title = |label: usize| {
        let mut names: Vec<&str> = tasks.iter().map(|concepts| ground.universe.class(concepts[label])).collect();
        names.dedup();
        joined(names, " / ")
    };
    (0..tasks[0].len()).map(title).collect()
}

/// Names, or the first and the last of many.
fn joined(names: Vec<&str>, between: &str) -> String {
    const MOST: usize = 20;
    match &names[..] {
        [first, .., last] if names.len() > MOST => format!("{first} … {last} ({} classes)", names.len()),
        names => names.join(between),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clbench::{
        data::{Dataset, Fit, Split, Universe},
        primitives::draws::Draws,
        stream::View,
    };

    use super::*;

    /// Datasets with the names of their classes.
    type Named<'a> = &'a [(&'a str, &'a [&'a str])];

    /// Datasets of one example of each class for training and one for testing.
    fn universe(datasets: Named) -> Universe {
        let dataset = |(name, classes): &(&str, &[&str])| {
            let split = || Split::bare((0..classes.len() as u16).collect()).unwrap();
            Dataset::new(name, [1, 1, 1], classes.iter().map(ToString::to_string).collect(), split(), split())
        };
        Universe::new(datasets.iter().map(dataset).collect(), None, Fit::Resize).unwrap()
    }

    fn made(universe: &Universe, settings: &str) -> Made<Plan> {
        make(settings.parse().unwrap(), &Ground::new(universe, Draws::of(0), Path::new("")))
    }

    /// Concept and label of each training example of each task.
    fn shown(plan: &Plan) -> Vec<Vec<(usize, usize)>> {
        let pairs = |view: &View| (0..view.len()).map(|at| (view.concept(at), view.label(at))).collect();
        plan.tasks.iter().map(|task| pairs(&task.train)).collect()
    }

    #[test]
    fn classes_of_one_name_share_a_label_wherever_they_stand() {
        let universe = universe(&[("ink", &["a", "b", "c"]), ("oil", &["c", "a", "b"])]);
        let (table, plan) = made(&universe, "").unwrap();
        assert_eq!(table, "by = \"name\"".parse().unwrap());
        assert_eq!(shown(&plan), [[(0, 0), (1, 1), (2, 2)], [(3, 2), (4, 0), (5, 1)]]);
        assert_eq!(plan.classes, ["a", "b", "c"]);
        assert_eq!([&plan.tasks[0].name, &plan.tasks[1].name], ["ink", "oil"]);
        let (_, plan) = made(&universe, "by = \"position\"").unwrap();
        assert_eq!(shown(&plan)[1], [(3, 0), (4, 1), (5, 2)]);
        assert_eq!(plan.classes, ["a / c", "b / a", "c / b"]);
    }

    #[test]
    fn one_datasets_labels_are_positions_in_the_task() {
        let universe = universe(&[("ink", &["a", "b", "c", "d"])]);
        let (table, plan) = made(&universe, "tasks = 2").unwrap();
        assert_eq!(table, "tasks = 2".parse().unwrap());
        assert_eq!(shown(&plan), [[(0, 0), (1, 1)], [(2, 0), (3, 1)]]);
        assert_eq!(plan.classes, ["a / c", "b / d"]);
        assert_eq!(plan.tasks[1].name, "c, d");
        assert_eq!(plan.tasks[1].classes, [0, 1]);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let [one, two] = [("ink", &["a", "b", "c"][..]), ("oil", &["a", "b", "d"])];
        let cases: [(Named, &str, &str); 6] = [
            (&[one], "tasks = 2", "3 classes do not split into stream.tasks = 2"),
            (&[one], "tasks = 0", "tasks = 0 is not a whole number of at least 1"),
            (&[one], "tasks = 3\nby = \"name\"", "stream.by matches the classes of several datasets"),
            (&[one, two], "", "`oil` has no class `c`, which `ink` has; with stream.by = \"position\""),
            (&[one, two], "tasks = 2", "stream.tasks splits one dataset"),
            (&[one, ("wax", &["a"])], "by = \"position\"", "`wax` has 1 classes and `ink` has 3"),
        ];
        for (datasets, settings, message) in cases {
            let error = format!("{:#}", made(&universe(datasets), settings).unwrap_err());
            assert!(error.contains(message), "{settings}: {error}");
        }
    }
}
