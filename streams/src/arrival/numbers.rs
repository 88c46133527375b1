//! A number for each training example, from a CSV file with the columns `dataset`, `index` and one more.

use anyhow::{Context, Result, bail, ensure};
use clbench::stream::{Ground, Task};

use super::{Pair, every};

/// Largest file, in bytes.
const MOST_BYTES: u64 = 1 << 28;

/// The training examples of all tasks, each with its number in `column` of `file`. `index` counts within the train
/// split of a dataset.
pub(super) fn read(tasks: &[Task], ground: &Ground, file: &str, column: &str) -> Result<Vec<(f64, Pair)>> {
    let text = ground.read_text(file, MOST_BYTES)?;
    let numbers = parse(&text, ground, column).with_context(|| format!("cannot use {file}"))?;
    let numbered = |pair: Pair| {
        let index = tasks[pair.0 as usize].train.indices()[pair.1 as usize] as usize;
        let number = numbers[index].with_context(|| {
            let (dataset, index) = ground.universe.train.find(index);
            format!("{file} has no {column} for `{}`, index {index}", ground.universe.datasets[dataset].name)
        });
        Ok((number?, pair))
    };
    every(tasks).map(numbered).collect()
}

/// The number of each example of the train pool. A file may know more datasets than the stream.
fn parse(text: &str, ground: &Ground, column: &str) -> Result<Vec<Option<f64>>> {
    let universe = ground.universe;
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let columns: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
    let at = |name: &str| columns.iter().position(|column| column == name);
    let (3, Some(dataset_at), Some(index_at), Some(number_at)) =
        (columns.len(), at("dataset"), at("index"), at(column))
    else {
        bail!("its columns are `{}`; write dataset,index,{column}", shown(&columns.join(",")));
    };
    let (mut numbers, mut foreign) = (vec![None; universe.train.len()], 0);
    for row in reader.records() {
        let row = row?;
        let line = row.position().map_or(0, csv::Position::line);
        let (name, index, number) = (&row[dataset_at], &row[index_at], &row[number_at]);
        let Some(dataset) = universe.datasets.iter().position(|dataset| dataset.name == name) else {
            foreign += 1;
            continue;
        };
        let index: usize =
            index.parse().ok().with_context(|| format!("line {line}: `{}` is no index", shown(index)))?;
        let there = universe.datasets[dataset].train.len();
        ensure!(index < there, "line {line}: index {index} is beyond the {there} training examples of `{name}`");
        let value = number.parse().ok().filter(|value: &f64| value.is_finite());
        let value = value.with_context(|| format!("line {line}: {column} `{}` is no finite number", shown(number)))?;
        // Adding zero makes the two zeros one.
        let before = numbers[universe.train.place(dataset, index)].replace(value + 0.0);
        ensure!(before.is_none(), "line {line}: `{name}`, index {index} is there twice");
    }
    if foreign > 0 {
        ground.note(format!("{foreign} rows of {column}s are of datasets that the stream does not have"));
    }
    Ok(numbers)
}

/// The beginning of a text from a file, fit for a message.
fn shown(text: &str) -> String {
    const MOST: usize = 80;
    text.chars().take(MOST).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::{
        super::tests::{dots, ground, tasks},
        *,
    };

    #[test]
    fn numbers_go_to_the_examples_that_they_name() {
        let universe = dots(&[1, 0, 1], &[0; 3]);
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("n.csv"), "index, score,dataset\n2,0.5,dots\n0,-1e3,dots\n1,-0,dots\n").unwrap();
        let read = read(&tasks(&universe), &ground(&universe, folder.path()), "n.csv", "score").unwrap();
        assert_eq!(read, [(0.0, (0, 0)), (-1000.0, (1, 0)), (0.5, (1, 1))]);
        assert!(read[0].0.is_sign_positive());
    }

    #[test]
    fn a_file_may_know_more_datasets_but_not_fewer_examples() {
        let universe = dots(&[0, 0], &[0; 2]);
        let folder = tempfile::tempdir().unwrap();
        let ground = ground(&universe, folder.path());
        let read = |rows: &str| {
            fs::write(folder.path().join("n.csv"), format!("dataset,index,time\n{rows}")).unwrap();
            read(&tasks(&universe), &ground, "n.csv", "time")
        };
        assert_eq!(read("dots,1,8\nlines,900,x\ndots,0,9\n").unwrap(), [(9.0, (0, 0)), (8.0, (0, 1))]);
        let error = read("dots,0,1\ndot,1,1\n").unwrap_err().to_string();
        assert_eq!(error, "n.csv has no time for `dots`, index 1");
    }

    #[test]
    fn what_is_wrong_with_a_file_is_named_with_its_line() {
        let universe = dots(&[0, 0], &[0; 2]);
        let ground = ground(&universe, Path::new(""));
        let cases = [
            ("dataset,index\n", "its columns are `dataset,index`; write dataset,index,score"),
            ("dataset,index,score,more\n", "its columns are"),
            ("dataset,index,scores\n", "its columns are"),
            ("", "its columns are ``"),
            (
                "dataset,index,score\ndots,0,1\ndots,2,1\n",
                "line 3: index 2 is beyond the 2 training examples of `dots`",
            ),
            ("dataset,index,score\ndots,-1,1\n", "line 2: `-1` is no index"),
            ("dataset,index,score\ndots,0,NaN\n", "line 2: score `NaN` is no finite number"),
            ("dataset,index,score\ndots,0,inf\n", "line 2: score `inf` is no finite number"),
            ("dataset,index,score\ndots,0,\n", "line 2: score `` is no finite number"),
            ("dataset,index,score\ndots,0,1\ndots,0,1\n", "line 3: `dots`, index 0 is there twice"),
            ("dataset,index,score\ndots,0\n", "record 1"),
        ];
        for (text, message) in cases {
            let error = format!("{:#}", parse(text, &ground, "score").unwrap_err());
            assert!(error.contains(message), "{text}: {error}");
        }
    }
}
