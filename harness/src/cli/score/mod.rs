//! `clbench score`: scores of what other tools leave behind, and of single runs.

mod input;
mod lifetime;
mod matrix;

use anyhow::{Result, anyhow};
use clbench_results::{
    Metric,
    import::Wish,
    metric::{all, find},
};
use serde_json::Value;

use self::input::Input;
use super::{Ending, Usage, print, tell};

/// What `score` takes.
#[derive(clap::Args)]
pub(super) struct Words {
    /// Files: a matrix (a row per experience, a column per task) as CSV,
    /// with tabs, semicolons or blanks, as NumPy prints it or as JSON; a
    /// log of Avalanche, Mammoth, PyCIL or PILOT; - for standard input.
    /// Folders: a scenario of L2Logger, or a run
    #[arg(required = true, value_name = "FILE", verbatim_doc_comment)]
    files: Vec<String>,
    /// Scores: keys or names, with commas between, or all;
    /// see clbench metrics
    #[arg(long, value_name = "KEYS", value_delimiter = ',', verbatim_doc_comment)]
    metrics: Option<Vec<String>>,
    /// Test examples of each task of a matrix, such as
    /// 1000,500,500 (or its classes), for scores that weigh
    /// tasks by them
    #[arg(long, value_name = "COUNTS", value_delimiter = ',', verbatim_doc_comment)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    sizes: Vec<u64>,
    /// text (percent), json or csv (shares)
    #[arg(long, default_value = "text", value_parser = ["text", "json", "csv"], hide_possible_values = true)]
    format: String,
    /// The rows of the matrix are tasks, not experiences
    /// (=no: they are experiences, whatever it looks like)
    #[arg(long, value_name = "no", num_args = 0..=1, require_equals = true, default_missing_value = "yes")]
    #[arg(value_parser = ["yes", "no"], hide_possible_values = true, verbatim_doc_comment)]
    transpose: Option<String>,
    /// Which matrix of a file with several, by name or
    /// number [default: the last]
    #[arg(long, value_name = "NAME", verbatim_doc_comment)]
    matrix: Option<String>,
    #[command(flatten)]
    lifetime: lifetime::Settings,
}

/// What is known of one input, in every format.
struct Scored {
    /// What it is called.
    name: String,
    text: String,
    json: Value,
    /// The task, or nothing for all of them; the key; the value.
    rows: Vec<(String, String, Option<f64>)>,
    /// What was assumed.
    notes: Vec<String>,
}

pub(super) fn score(words: &Words) -> Result<Ending> {
    let metrics = words.metrics()?;
    words.lifetime.check()?;
    let inputs = words.files.iter().map(|file| Input::of(file)).collect::<Result<Vec<_>>>()?;
    words.fit(&inputs)?;
    let wish =
        Wish { transpose: words.transpose.as_ref().map(|answer| answer == "yes"), matrix: words.matrix.as_deref() };
    let mut scored = Vec::new();
    for input in inputs {
        let one = match &input {
            Input::Text { name, path } => {
                matrix::of_text(name, path.as_deref(), wish, metrics.as_deref(), &words.sizes)?
            }
            Input::Run(path) => matrix::of_run(path, metrics.as_deref())?,
            Input::Scenario(path) => lifetime::score(path, &words.lifetime)?,
        };
        one.notes.iter().for_each(|note| tell(&format!("{}: {note}", one.name)));
        scored.push(one);
    }
    print(&written(&words.format, scored)?)?;
    Ok(Ending::Done)
}

impl Words {
    /// The scores that are asked for, if any are.
    fn metrics(&self) -> Result<Option<Vec<&'static Metric>>> {
        let Some(names) = &self.metrics else { return Ok(None) };
        let mut metrics: Vec<&'static Metric> = Vec::new();
        for name in names {
            let found =
                if name == "all" { all().collect() } else { vec![find(name).map_err(|error| Usage(anyhow!(error)))?] };
            found.into_iter().for_each(|metric| {
                if !metrics.contains(&metric) {
                    metrics.push(metric);
                }
            });
        }
        Ok(Some(metrics))
    }

    /// Words that would have no effect are a mistake.
    fn fit(&self, inputs: &[Input]) -> Result<()> {
        let scenario = |input: &Input| matches!(input, Input::Scenario(_));
        if self.metrics.is_some() && inputs.iter().all(scenario) {
            return Err(Usage(anyhow!("--metrics chooses scores of matrices; of a lifetime all are shown")).into());
        }
        let of_files = [
            ("--sizes", !self.sizes.is_empty()),
            ("--transpose", self.transpose.is_some()),
            ("--matrix", self.matrix.is_some()),
        ];
        let text = |input: &Input| matches!(input, Input::Text { .. });
        if let Some((word, _)) = of_files.into_iter().find(|(_, given)| *given && !inputs.iter().any(text)) {
            return Err(Usage(anyhow!("{word} is for matrices in files, and there is none among these words")).into());
        }
        match self.lifetime.first() {
            Some(word) if !inputs.iter().any(scenario) => {
                Err(Usage(anyhow!("{word} is for lifetimes, and there is no folder of L2Logger among the files"))
                    .into())
            }
            _ => Ok(()),
        }
    }
}

fn written(format: &str, mut scored: Vec<Scored>) -> Result<String> {
    Ok(match format {
        "json" => {
            let value = if scored.len() == 1 {
                scored.remove(0).json
            } else {
                scored.into_iter().map(|one| one.json).collect()
            };
            serde_json::to_string_pretty(&value)? + "\n"
        }
        "csv" => {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(["file", "task", "key", "value"])?;
            for one in &scored {
                for (task, key, value) in &one.rows {
                    let value = value.map(|value| format!("{value:?}")).unwrap_or_default();
                    writer.write_record([&one.name, task, key, &value])?;
                }
            }
            String::from_utf8(writer.into_inner()?)?
        }
        _ if scored.len() == 1 => scored.remove(0).text,
        _ => scored.iter().map(|one| format!("{}\n\n{}", one.name, one.text)).collect::<Vec<_>>().join("\n"),
    })
}
