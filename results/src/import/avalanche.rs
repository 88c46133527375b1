//! Logs of Avalanche: `eval_results.csv`, the text of its loggers, and the dictionaries that `eval` returns, as JSON.
//!
//! - `avalanche/logging/csv_logger.py` at cc2205f and `avalanche/logging/text_logging.py` at 1e7e138,
//!   <https://github.com/ContinualAI/avalanche>: the formats.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::{Cells, Imported};
use crate::text::short;

const METRIC: &str = "Top1_Acc_Exp/eval_phase/";

/// Reads `eval_results.csv`; experience `None` is the evaluation before training.
pub(super) fn csv(text: &str) -> Result<Imported, String> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut cells = Cells::default();
    // `import` told the file by these three columns.
    for record in reader.records() {
        let record = record.map_err(|e| e.to_string())?;
        let line = record.position().map_or(0, csv::Position::line);
        let wrong = |column: usize| format!("line {line}: `{}` is no number", short(&record[column]));
        let row = match &record[1] {
            "None" => 0,
            number => number.parse::<u32>().map_err(|_| wrong(1))? as usize + 1,
        };
        let task = record[0].parse::<u32>().map_err(|_| wrong(0))? as usize;
        let value = record[2].parse().map_err(|_| wrong(2))?;
        cells.set(row, task, value).map_err(|why| format!("line {line}: {why}"))?;
    }
    cells.done()
}

/// The experience that a metric of the test stream is about; nothing for other metrics.
fn experience(name: &str) -> Option<usize> {
    let rest = name.strip_prefix(METRIC).filter(|rest| rest.starts_with("test_stream"))?;
    rest.rsplit_once("/Exp")?.1.parse::<u32>().ok().map(|number| number as usize)
}

/// Reads what the text loggers print; evaluations belong to the training phases that ended before them.
pub(super) fn text(text: &str) -> Result<Imported, String> {
    let (mut cells, mut row, mut training) = (Cells::default(), 0, false);
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.contains("Start of training phase") {
            training = true;
        } else if line.contains("End of training phase") {
            (training, row) = (false, row + 1);
        }
        let Some((name, value)) = line.split_once(" = ").filter(|_| !training) else { continue };
        let Some(task) = experience(name) else { continue };
        let place = |why: String| format!("line {}: {why}", index + 1);
        let value = value.parse().map_err(|_| place(format!("`{}` is no number", short(value))))?;
        cells.set(row, task, value).map_err(place)?;
    }
    cells.done()
}

/// Reads the list of dictionaries, one per evaluation after an experience.
pub(super) fn json(text: &str) -> Result<Imported, String> {
    let evaluations: Vec<Pairs> = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let mut cells = Cells::default();
    for (index, metrics) in evaluations.iter().enumerate() {
        for (name, value) in &metrics.0 {
            let Some(task) = experience(name) else { continue };
            let place = |why: String| format!("evaluation {}: {why}", index + 1);
            let value = value.as_f64().ok_or_else(|| place(format!("`{}` is no number", short(name))))?;
            cells.set_once(index + 1, task, value).map_err(place)?;
        }
    }
    cells.done()
}

/// An object with all its keys, those that stand twice included.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct All;

        impl<'de> Visitor<'de> for All {
            type Value = Pairs;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a dictionary of metrics")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        from.deserialize_map(All)
    }
}

#[cfg(test)]
mod tests {
    use super::super::import;

    #[test]
    fn its_csv_is_a_matrix_with_a_baseline() {
        let text = "eval_exp,training_exp,eval_accuracy,eval_loss,forgetting\n0,None,0.1000,2.3,0\n\
                    0,0,0.9500,0.1,0\n1,0,0.0000,4.0,0\n0,1,0.4000,1.0,0.5500\n1,1,0.9000,0.2,0\n";
        let found = import(text).unwrap();
        assert_eq!(found.baseline.unwrap(), [Some(0.1), None]);
        assert_eq!(found.rows, [[Some(0.95), Some(0.0)], [Some(0.4), Some(0.9)]]);
        assert!(import(&text.replace("0.9500", "1.5")).unwrap_err().starts_with("line 3: accuracy 1.5"));
        let again = import(&format!("{text}1,1,0.8000,0.2,0\n")).unwrap();
        assert_eq!(again.rows[1], [Some(0.4), Some(0.8)]);
        assert_eq!(again.notes, ["accuracies that stand several times: 1; of each, the last counts"]);
    }

    #[test]
    fn its_text_is_grouped_by_training_phases() {
        let line =
            |task: u32, value: &str| format!("\tTop1_Acc_Exp/eval_phase/test_stream/Task000/Exp00{task} = {value}\n");
        let phase = "-- >> Start of training phase << --\n-- >> End of training phase << --\n";
        let text = format!("{phase}{}{}{phase}{}", line(0, "0.9876"), line(1, "0.0"), line(1, "0.8"));
        assert_eq!(import(&text).unwrap().rows, [[Some(0.9876), Some(0.0)], [None, Some(0.8)]]);
    }

    #[test]
    fn its_dictionaries_are_rows() {
        let text = r#"[{"Top1_Acc_Exp/eval_phase/test_stream/Task000/Exp000": 0.9, "Loss": 1},
                       {"Top1_Acc_Exp/eval_phase/test_stream/Task000/Exp000": 0.5}]"#;
        assert_eq!(import(text).unwrap().rows, [[Some(0.9)], [Some(0.5)]]);
        let twice = text.replace("\"Loss\": 1", "\"Top1_Acc_Exp/eval_phase/test_stream/Task000/Exp000\": 0.8");
        assert_eq!(
            import(&twice).unwrap_err(),
            "evaluation 1: task 1 after experience 1 stands here twice; remove one"
        );
        assert!(import(&text.replace("0.5", "null")).unwrap_err().starts_with("evaluation 2: `Top1_Acc_Exp/"));
    }
}
