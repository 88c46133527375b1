//! A clbench run as a lifetime: evaluation blocks before, between and after learning blocks.
//!
//! An evaluation block has one row per task, the test accuracy after an experience. A learning block has the rows that
//! the caller gathers: evaluations inside the experience, or logged batches where there are none.
//!
//! **Deviation:** timestamps are made up, one second per experience, so that a run is exported to the same bytes every
//! time; `runtime` in a report counts experiences. **Deviation:** names of tasks are cut to letters, digits, `.`, `-`
//! and `_`, since `l2metrics` uses them as file names.

use std::collections::BTreeSet;
use std::io::Read;

use super::log::{BlockType, Info, LifetimeError, Log, Row, Status, Subtype, Timestamp};
use crate::{
    record::{At, Record, RunDir, Split, StreamInfo},
    words::{clean, short},
};

/// Rows of `train.csv` that are read, at most.
const MAX_ROWS: usize = 1_000_000;

/// One learning experience of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Learned {
    /// The clbench experience it is part of, from 1.
    pub experience: usize,
    /// Optimizer steps of the whole run before it.
    pub step: u64,
    /// The learned task, from 0.
    pub task: usize,
    /// Share of correct answers, 0 to 1.
    pub accuracy: f64,
    /// Mean loss.
    pub loss: f64,
}

/// A run as a lifetime, or as the training of a single-task expert.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// The lifetime, with the measures `accuracy` and `neg_loss`.
    pub log: Log,
    /// What a reader of the lifetime should know.
    pub notes: Vec<String>,
}

/// The evaluations inside experiences, on the test split, without preference and sample.
pub fn learned_from_records(records: &[Record]) -> Vec<Learned> {
    let inside = |record: &&Record| record.at == At::Step && counts(record);
    let learned = |record: &Record| Learned {
        experience: record.experience,
        step: record.step,
        task: record.task,
        accuracy: record.accuracy,
        loss: record.loss,
    };
    records.iter().filter(inside).map(learned).collect()
}

fn counts(record: &Record) -> bool {
    record.split == Split::Test && record.preference.is_empty() && record.sample.is_none()
}

/// The logged batches in a run's `train.csv`; none if it has no column `accuracy`.
///
/// A batch of an experience that trains several tasks says nothing of one of them and is left out, as is a row
/// without accuracy.
///
/// # Errors
///
/// Names the line.
pub fn learned_from_train(input: impl Read, stream: &StreamInfo) -> Result<Vec<Learned>, String> {
    let mut reader = csv::Reader::from_reader(input);
    let header = reader.headers().map_err(|e| e.to_string())?.clone();
    let place = |name: &str| header.iter().position(|column| column == name);
    let needed = |name: &str| place(name).ok_or_else(|| format!("line 1: no column `{name}`; is this a `train.csv`?"));
    let (experience, step, loss) = (needed("experience")?, needed("step")?, needed("loss")?);
    let Some(accuracy) = place("accuracy") else { return Ok(Vec::new()) };
    let mut learned = Vec::new();
    for (count, record) in reader.records().enumerate() {
        let record = record.map_err(|e| e.to_string())?;
        let line = record.position().map_or(0, csv::Position::line);
        if count == MAX_ROWS {
            return Err(format!("line {line}: more than {MAX_ROWS} rows"));
        }
        let wrong = |name: &str, place: usize| format!("line {line}: `{name}` is `{}`", short(&record[place]));
        let number: usize = record[experience].parse().map_err(|_| wrong("experience", experience))?;
        let trained = number.checked_sub(1).and_then(|index| stream.trained.get(index));
        let Some(trained) = trained else { return Err(wrong("experience", experience)) };
        let (&[task], false) = (&trained[..], record[accuracy].is_empty()) else { continue };
        let share: f64 = record[accuracy].parse().map_err(|_| wrong("accuracy", accuracy))?;
        if !(0.0..=1.0).contains(&share) {
            return Err(wrong("accuracy", accuracy));
        }
        learned.push(Learned {
            experience: number,
            step: record[step].parse().map_err(|_| wrong("step", step))?,
            task,
            accuracy: share,
            loss: record[loss].parse().map_err(|_| wrong("loss", loss))?,
        });
    }
    Ok(learned)
}

/// The lifetime of `run`, whose learning blocks consist of `learned`.
///
/// A run that trains one task is a single-task expert, and no other task is part of it. Rows of `learned` on tasks that
/// their experience does not train are left out.
pub fn scenario_of(run: &RunDir, learned: &[Learned]) -> Result<Scenario, LifetimeError> {
    let (stream, name) = (&run.manifest.stream, &run.manifest.run);
    if run.manifest.diverged.is_some() {
        return Err(LifetimeError::Unsuitable(format!("run `{}` diverged, so its lifetime is not whole", short(name))));
    }
    let trained: BTreeSet<usize> = stream.trained.iter().flatten().copied().collect();
    let only = (trained.len() == 1).then(|| trained.first().copied()).flatten();
    let mut export = Export { names: names(&stream.tasks), tasks: &stream.tasks, rows: Vec::new(), block: 0 };
    for experience in 0..=stream.experiences {
        if experience > 0 {
            for &task in &stream.trained[experience - 1] {
                let own = |row: &&Learned| row.experience == experience && row.task == task;
                let mut rows: Vec<&Learned> = learned.iter().filter(own).collect();
                if rows.is_empty() {
                    return Err(LifetimeError::Unsuitable(format!(
                        "run `{}`: nothing tells how task `{}` was learned in experience {experience}; evaluate inside \
                         experiences or, for one task each, log the accuracy of batches",
                        short(name),
                        short(&stream.tasks[task])
                    )));
                }
                rows.sort_by_key(|row| row.step);
                rows.iter().for_each(|row| export.row(BlockType::Train, task, row.accuracy, row.loss));
            }
            export.close();
        }
        let moment = if experience == 0 { At::Start } else { At::End };
        let own = |record: &&Record| record.at == moment && record.experience == experience && counts(record);
        let mut records: Vec<&Record> = run.records.iter().filter(own).collect();
        records.retain(|record| only.is_none_or(|task| task == record.task));
        records.sort_by_key(|record| record.task);
        records.iter().for_each(|record| export.row(BlockType::Test, record.task, record.accuracy, record.loss));
        export.close();
    }
    let renamed = export.names.iter().zip(&stream.tasks).filter(|(name, task)| name != task).count();
    let notes = if renamed > 0 { vec![format!("{renamed} tasks have other names in the log")] } else { Vec::new() };
    let log = Log {
        name: short(name),
        measures: vec!["accuracy".into(), "neg_loss".into()],
        rows: export.rows,
        info: info(run, only.is_some()),
    };
    Ok(Scenario { log, notes })
}

/// Rows in the making.
struct Export<'a> {
    names: Vec<String>,
    tasks: &'a [String],
    rows: Vec<Row>,
    block: u64,
}

impl Export<'_> {
    fn row(&mut self, block_type: BlockType, task: usize, accuracy: f64, loss: f64) {
        let exp_num = self.rows.len() as u64;
        let name = serde_json::to_string(&clean(&self.tasks[task])).expect("text always serialises");
        self.rows.push(Row {
            block_num: self.block,
            exp_num,
            worker: "worker-0".into(),
            block_type,
            subtype: Subtype::Wake,
            task: self.names[task].clone(),
            params: format!("{{\"task\": {name}}}"),
            status: Status::Complete,
            timestamp: Some(Timestamp::of_experience(exp_num)),
            values: vec![accuracy, if loss.is_finite() { -loss } else { f64::NAN }],
        });
    }

    /// Ends the block, if it has rows.
    fn close(&mut self) {
        self.block += u64::from(self.rows.last().is_some_and(|row| row.block_num == self.block));
    }
}

fn info(run: &RunDir, single: bool) -> Info {
    let stream = &run.manifest.stream;
    let tasks: usize = stream.trained.iter().flatten().collect::<BTreeSet<_>>().len();
    let kind = match stream.trained.iter().flatten().count() {
        _ if single => "ste",
        _ if stream.joint => "custom",
        blocks if blocks == tasks => "condensed",
        _ => "dispersed",
    };
    let extra = [
        ("method", clean(&run.manifest.method)),
        ("run", clean(&run.manifest.run)),
        ("seed", run.manifest.seed.to_string()),
        ("stream", clean(&stream.name)),
        ("timestamps", "one second per experience, not the clock".into()),
    ];
    Info {
        author: Some("clbench".into()),
        scenario_type: Some(kind.into()),
        extra: extra.into_iter().map(|(key, value)| (key.into(), value.into())).collect(),
        ..Info::default()
    }
}

/// Names that survive as file names, and that pandas takes for text.
fn names(tasks: &[String]) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let keep = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
    let name = |(index, task): (usize, &String)| {
        let mut name: String = task.to_lowercase().chars().take(100).map(keep).collect();
        let word = name.trim_matches(['-', '.', '_']);
        let lone = ["", "nan", "na", "n-a", "null", "none", "true", "false", "inf", "infinity"].contains(&word);
        if lone || word.parse::<f64>().is_ok() {
            name = format!("task-{name}");
        }
        if !taken.insert(name.clone()) {
            name = format!("{name}-{}", index + 1);
            taken.insert(name.clone());
        }
        name
    };
    tasks.iter().enumerate().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifetime::{Options, lifetime_metrics, read_scenario, write_scenario};
    use crate::record::example;

    fn learned() -> Vec<Learned> {
        let row = |experience: usize, step: u64| Learned {
            experience,
            step: 100 * (experience as u64 - 1) + step,
            task: experience - 1,
            accuracy: 0.5 + 0.004 * step as f64,
            loss: 0.7,
        };
        (1..=3).flat_map(|experience| (0..25).map(move |step| row(experience, 4 * step))).collect()
    }

    #[test]
    fn blocks_alternate_and_experiences_count_on() {
        let run = example::run("er", 0, example::MIXED[3]);
        let log = scenario_of(&run, &learned()).unwrap().log;
        let blocks: Vec<(u64, BlockType)> = log.rows.iter().map(|row| (row.block_num, row.block_type)).collect();
        let mut distinct = blocks.clone();
        distinct.dedup();
        assert_eq!(distinct.len(), 7);
        assert!(distinct.iter().all(|&(block, kind)| (kind == BlockType::Test) == (block % 2 == 0)));
        assert!(log.rows.iter().enumerate().all(|(index, row)| row.exp_num == index as u64));
        assert_eq!(log.info.scenario_type.as_deref(), Some("condensed"));
        assert_eq!((log.rows[0].values.clone(), log.rows[0].task.as_str()), (vec![0.5, -0.5], "0-1"));
    }

    #[test]
    fn an_exported_run_has_the_metrics_of_its_matrix() {
        let run = example::run("er", 0, example::MIXED[3]);
        let log = scenario_of(&run, &learned()).unwrap().log;
        let mut options = Options::new("accuracy");
        options.normalisation = crate::lifetime::Normalisation::None;
        let metrics = lifetime_metrics(&log, &[], &options).unwrap();
        // Task 0 was evaluated at 0.95 and 0.6 after its 0.9, task 1 at 0.85 after its 0.8.
        let expected = f64::midpoint(f64::midpoint(0.05, -0.3), 0.05);
        assert!((metrics.perf_maintenance_mrlep.unwrap() - expected).abs() < 1e-12);
        assert_eq!((metrics.num_lx, metrics.num_ex), (75, 12));
        let root = tempfile::tempdir().unwrap();
        write_scenario(root.path().join("run"), &log).unwrap();
        let back = read_scenario(root.path().join("run")).unwrap();
        assert_eq!(back.rows, log.rows);
    }

    #[test]
    fn a_run_on_one_task_is_a_single_task_expert() {
        let mut run = example::run("er", 0, example::MIXED[3]);
        run.manifest.stream.trained = vec![vec![1]; 3];
        let rows: Vec<Learned> = learned().into_iter().map(|row| Learned { task: 1, ..row }).collect();
        let log = scenario_of(&run, &rows).unwrap().log;
        assert_eq!(log.info.scenario_type.as_deref(), Some("ste"));
        assert!(log.rows.iter().all(|row| row.task == "2-3"));
    }

    #[test]
    fn learning_that_left_no_trace_is_an_error() {
        let run = example::run("er", 0, example::MIXED[3]);
        let error = scenario_of(&run, &learned()[..50]).unwrap_err().to_string();
        assert!(error.contains("how task `4-5` was learned in experience 3"), "{error}");
    }

    #[test]
    fn evaluations_inside_experiences_are_learning() {
        let mut records = example::records(&example::MIXED);
        records[3].at = At::Step;
        records[4].at = At::Step;
        records[4].split = crate::record::Split::Validation;
        let found = learned_from_records(&records);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].experience, found[0].task, found[0].accuracy), (1, 0, 0.9));
    }

    #[test]
    fn logged_batches_are_learning_where_they_have_an_accuracy() {
        let mut stream = example::stream();
        let text = "experience,step,loss,base,rate,gradient,accuracy\n1,0,0.7,0.7,0.1,1,0.5\n2,9,0.6,0.6,0.1,1,\n";
        let found = learned_from_train(text.as_bytes(), &stream).unwrap();
        assert_eq!(found, [Learned { experience: 1, step: 0, task: 0, accuracy: 0.5, loss: 0.7 }]);
        assert_eq!(learned_from_train("experience,step,loss\n1,0,0.7\n".as_bytes(), &stream), Ok(Vec::new()));
        let error = learned_from_train(text.replace("0.5", "1.5").as_bytes(), &stream).unwrap_err();
        assert_eq!(error, "line 2: `accuracy` is `1.5`");
        assert!(learned_from_train(text.replace("\n1,", "\n4,").as_bytes(), &stream).is_err());
        stream.trained[0] = vec![0, 1];
        assert_eq!(learned_from_train(text.as_bytes(), &stream), Ok(Vec::new()));
    }

    #[test]
    fn names_are_text_to_every_reader() {
        let tasks = ["0", "A b", "a-b", "nan", "../x"].map(String::from);
        assert_eq!(names(&tasks), ["task-0", "a-b", "a-b-3", "task-nan", "..-x"]);
    }
}
