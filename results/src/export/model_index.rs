//! A result as metadata of a model card on the Hugging Face Hub: the key `model-index` in the head of a `README.md`.
//!
//! - Keys: <https://github.com/huggingface/hub-docs/blob/main/modelcard.md>.
//! - Shares stay between 0 and 1, as the Hub's own accuracy gives them:
//!   <https://huggingface.co/spaces/evaluate-metric/accuracy>.
//!
//! **Deviation:** `dataset.type` names the stream, although the Hub would like the id of a data set there: a stream
//! joins several and decides their order. `dataset.revision` is the stream's content hash.

use serde::Serialize;

use crate::words::{clean, cut, short};

/// What a method reached on a stream, over its seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct CardResult {
    /// Name of the stream.
    pub stream: String,
    /// Kind of the stream, such as `class-incremental`.
    pub kind: String,
    /// Content hash of the stream.
    pub hash: String,
    /// Split that was evaluated, such as `test`.
    pub split: String,
    /// The method and its settings, such as `lora+ewc ewc.lambda=10`.
    pub method: String,
    /// The seeds that the values are means over.
    pub seeds: Vec<u64>,
    /// The values, in the order of the card.
    pub metrics: Vec<CardMetric>,
}

/// One value of a result.
#[derive(Clone, Debug, PartialEq)]
pub struct CardMetric {
    /// Id on the Hub, such as `accuracy`, or a name of one's own in lower case.
    pub id: String,
    /// What people read, such as `average accuracy`.
    pub name: String,
    /// The mean over seeds; shares are between 0 and 1, not percent.
    pub value: f64,
    /// Half the 95 % interval of the mean, if there is more than one seed.
    pub half_width: Option<f64>,
}

#[derive(Serialize)]
struct Card {
    #[serde(rename = "model-index")]
    models: [Model; 1],
}

#[derive(Serialize)]
struct Model {
    name: String,
    results: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    task: Task,
    dataset: Dataset,
    metrics: Vec<Metric>,
}

#[derive(Serialize)]
struct Task {
    r#type: &'static str,
    name: &'static str,
}

#[derive(Serialize)]
struct Dataset {
    r#type: String,
    name: String,
    config: String,
    split: String,
    revision: String,
}

#[derive(Serialize)]
struct Metric {
    r#type: String,
    value: f64,
    name: String,
    args: Arguments,
    verified: bool,
}

/// How a value came about; the Hub shows these as they are.
#[derive(Serialize)]
struct Arguments {
    method: String,
    seeds: Vec<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    half_width_95: Option<f64>,
}

/// The metadata of a model called `name`: YAML, to stand between the lines `---` that open a model card.
///
/// # Errors
/// When there is no result, a result without seeds or metrics, an empty name, or a value that is not a finite number.
pub fn model_index(name: &str, results: &[CardResult]) -> Result<String, String> {
    if results.is_empty() {
        return Err("a model card needs a result; name a folder with complete runs".into());
    }
    let name = named("the model", name)?;
    let results = results.iter().map(entry).collect::<Result<_, _>>()?;
    yaml_serde::to_string(&Card { models: [Model { name, results }] }).map_err(|e| e.to_string())
}

fn entry(result: &CardResult) -> Result<Entry, String> {
    let stream = named("a stream", &result.stream)?;
    if result.metrics.is_empty() || result.seeds.is_empty() {
        return Err(format!("the result on {stream} has no metric or no seed; name a method that did not diverge"));
    }
    let dataset = Dataset {
        r#type: stream.clone(),
        name: format!("{stream} (clbench stream, {})", short(&result.kind)),
        config: named("the kind of a stream", &result.kind)?,
        split: named("a split", &result.split)?,
        revision: hash(&result.hash)?,
    };
    let metrics = result.metrics.iter().map(|metric| one(metric, result)).collect::<Result<_, _>>()?;
    Ok(Entry { task: Task { r#type: "image-classification", name: "Image Classification" }, dataset, metrics })
}

fn one(metric: &CardMetric, result: &CardResult) -> Result<Metric, String> {
    let name = named("a metric", &metric.name)?;
    if [Some(metric.value), metric.half_width].into_iter().flatten().any(|value| !value.is_finite()) {
        return Err(format!("`{name}` is not a finite number; leave it out"));
    }
    Ok(Metric {
        r#type: named("the id of a metric", &metric.id)?,
        value: metric.value,
        name,
        args: Arguments {
            method: named("a method", &result.method)?,
            seeds: result.seeds.clone(),
            half_width_95: metric.half_width,
        },
        verified: false,
    })
}

/// Characters of a hash, at most; SHA-256 has 64 in hexadecimal digits.
const MAX_HASH: usize = 128;

/// A hash that is whole, since half of one names nothing.
fn hash(hash: &str) -> Result<String, String> {
    let hash = cut(&clean(hash), MAX_HASH);
    if hash.is_empty() { named("the hash of a stream", &hash) } else { Ok(hash) }
}

/// A cleaned name; names come from files elsewhere.
fn named(what: &str, name: &str) -> Result<String, String> {
    let name = short(name);
    if name.is_empty() { Err(format!("{what} has no name; a model card cannot go without")) } else { Ok(name) }
}

#[cfg(test)]
mod tests {
    use yaml_serde::Value;

    use super::*;

    fn result() -> CardResult {
        CardResult {
            stream: "split-digits".into(),
            kind: "class-incremental".into(),
            hash: "00123456".into(),
            split: "test".into(),
            method: "lora+ewc".into(),
            seeds: vec![0, u64::MAX],
            metrics: vec![
                CardMetric {
                    id: "accuracy".into(),
                    name: "average accuracy".into(),
                    value: 0.1 + 0.2,
                    half_width: Some(0.125),
                },
                CardMetric { id: "forgetting".into(), name: "forgetting".into(), value: -0.0625, half_width: None },
            ],
        }
    }

    #[test]
    fn a_card_is_what_the_hub_asks_for() {
        let hash = "0123456789abcdef".repeat(4);
        let whole = model_index("m", &[CardResult { hash: hash.clone(), ..result() }]).unwrap();
        assert!(whole.contains(&hash), "{whole}");
        let text = model_index("my-model", &[result()]).unwrap();
        assert_eq!(
            text,
            "model-index:\n- name: my-model\n  results:\n  - task:\n      type: image-classification\n      \
             name: Image Classification\n    dataset:\n      type: split-digits\n      \
             name: split-digits (clbench stream, class-incremental)\n      config: class-incremental\n      \
             split: test\n      revision: '00123456'\n    metrics:\n    - type: accuracy\n      \
             value: 0.30000000000000004\n      name: average accuracy\n      args:\n        method: lora+ewc\n        \
             seeds:\n        - 0\n        - 18446744073709551615\n        half_width_95: 0.125\n      \
             verified: false\n    - type: forgetting\n      value: -0.0625\n      name: \
             forgetting\n      args:\n        \
             method: lora+ewc\n        seeds:\n        - 0\n        - 18446744073709551615\n      verified: false\n"
        );
    }

    #[test]
    fn hostile_names_stay_names() {
        for name in ["yes", "null", "a: b", "- x", "#", "'\"", "---", "12e3", "0x1f", "{{", "*a", "!!python", "é\u{85}"]
        {
            let mut result = result();
            result.stream = name.into();
            result.hash = name.into();
            let text = model_index(name, &[result]).unwrap();
            let card: Value = yaml_serde::from_str(&text).unwrap();
            let model = &card["model-index"][0];
            let clean = short(name);
            assert_eq!(model["name"].as_str(), Some(&*clean), "{text}");
            assert_eq!(model["results"][0]["dataset"]["type"].as_str(), Some(&*clean), "{text}");
            assert_eq!(model["results"][0]["dataset"]["revision"].as_str(), Some(&*clean), "{text}");
        }
    }

    #[test]
    fn line_breaks_cannot_add_keys() {
        let text = model_index("a\n---\nlicense: mit", &[result()]).unwrap();
        let card: Value = yaml_serde::from_str(&text).unwrap();
        assert_eq!(card["model-index"][0]["name"].as_str(), Some("a---license: mit"));
        assert!(card.get("license").is_none());
    }

    #[test]
    fn a_card_without_a_value_is_refused() {
        assert!(model_index("m", &[]).unwrap_err().starts_with("a model card needs a result"));
        assert!(model_index("\n", &[result()]).unwrap_err().starts_with("the model has no name"));
        let seedless = CardResult { seeds: Vec::new(), ..result() };
        assert!(model_index("m", &[seedless]).unwrap_err().contains("no metric or no seed"));
        let mut lost = result();
        lost.metrics[1].value = f64::NAN;
        assert_eq!(model_index("m", &[lost]).unwrap_err(), "`forgetting` is not a finite number; leave it out");
    }
}
