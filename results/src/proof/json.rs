//! Tables in JSON: made again, and compared leaf by leaf.

use serde_json::Value;

use super::{
    markdown::chosen,
    page::{Page, Piece},
    tally::{Came, Finding, Tally},
};
use crate::{
    metric::{Metric, find},
    record::RunDir,
    summary::{Grouping, rank::Ranking},
    table::{Format, TableOptions, table},
    words::short,
};

pub(super) fn page(text: &str) -> Result<Page, String> {
    let tables: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut page = Page::default();
    for table in tables.as_array().into_iter().flatten() {
        let rows = table["rows"].as_array().map_or(&[][..], Vec::as_slice);
        page.unnamed += rows.iter().filter(|row| strings(&row["runs"]).is_empty()).count();
        if !named(table).is_empty() {
            page.pieces.push(Piece::Json(table.clone()));
        }
    }
    Ok(page)
}

/// The ids of the runs that its rows name.
pub(super) fn named(table: &Value) -> Vec<String> {
    table["rows"].as_array().into_iter().flatten().flat_map(|row| strings(&row["runs"])).collect()
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|text| text.as_str().map(String::from)).collect()
}

/// Makes a table again from `runs` and compares all that it says.
pub(super) fn check(said: &Value, runs: &[RunDir]) -> Tally {
    let mut tally = Tally::default();
    let again = chosen(&named(said), runs).and_then(|chosen| again(said, &chosen));
    match again {
        Ok(now) => values(&mut tally, "", said, &now),
        Err(why) => {
            leaves(said, &mut |number| tally.count(number, Came::Missing));
            let place = said["stream"]["name"].as_str().map(short).unwrap_or_default();
            tally.findings.push(Finding { place, said: String::new(), now: why, came: Came::Missing });
        }
    }
    tally
}

/// The table, from its own runs.
fn again(said: &Value, runs: &[RunDir]) -> Result<Value, String> {
    let mut metrics: Vec<&'static Metric> = Vec::new();
    let scores = said["rows"].as_array().into_iter().flatten().filter_map(|row| row["scores"].as_object());
    for key in scores.flat_map(|scores| scores.keys()) {
        let metric = find(key)?;
        if !metrics.contains(&metric) {
            metrics.push(metric);
        }
    }
    let ranking = serde_json::from_value::<Ranking>(said["ranking"].clone()).map_err(|error| error.to_string())?;
    let by = find(said["ranked_by"].as_str().unwrap_or_default())?;
    let hashes = said["rows"].as_array().into_iter().flatten().map(|row| row["hash"].as_str());
    let mut hashes: Vec<_> = hashes.collect();
    hashes.dedup();
    let grouping =
        Grouping { ranking, by, metrics: metrics.clone(), mix_streams: hashes.len() > 1, mix_versions: true };
    let options = TableOptions { format: Format::Json, grouping, metrics, ..TableOptions::default() };
    let text = table(runs, &options).map_err(|error| error.to_string())?;
    let tables: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    match tables.as_array().map(Vec::as_slice) {
        Some([one]) => Ok(one.clone()),
        _ => Err("its runs are on several streams".into()),
    }
}

/// Compares two values at `place`.
fn values(tally: &mut Tally, place: &str, said: &Value, now: &Value) {
    match (said, now) {
        (Value::Object(said), Value::Object(now)) => {
            let keys = said.keys().chain(now.keys().filter(|key| !said.contains_key(*key)));
            for key in keys {
                let at = if place.is_empty() { short(key) } else { format!("{place}.{}", short(key)) };
                both(tally, &at, said.get(key), now.get(key));
            }
        }
        (Value::Array(said), Value::Array(now)) => {
            for at in 0..said.len().max(now.len()) {
                let name = |row: &Value| row.get("name").and_then(Value::as_str).map(short);
                let which = now.get(at).and_then(name).unwrap_or_else(|| at.to_string());
                both(tally, &format!("{place}.{which}"), said.get(at), now.get(at));
            }
        }
        (said, now) => {
            let came = if said == now { Came::Same } else { Came::Different };
            tally.count(said.is_number() || now.is_number(), came);
            if came != Came::Same {
                let words = |value: &Value| short(&value.to_string());
                tally.findings.push(Finding { place: place.into(), said: words(said), now: words(now), came });
            }
        }
    }
}

/// Compares what may be on one side alone.
fn both(tally: &mut Tally, place: &str, said: Option<&Value>, now: Option<&Value>) {
    match (said, now) {
        (Some(said), Some(now)) => values(tally, place, said, now),
        (said, now) => {
            let only = said.or(now).unwrap_or(&Value::Null);
            leaves(only, &mut |number| tally.count(number, Came::Different));
            let words = |value: Option<&Value>| value.map(|value| short(&value.to_string())).unwrap_or_default();
            // An empty list or table is a difference, too.
            tally.findings.push(Finding {
                place: place.into(),
                said: words(said),
                now: words(now),
                came: Came::Different,
            });
        }
    }
}

/// Calls `each` for every leaf, with whether it is a number.
fn leaves(value: &Value, each: &mut dyn FnMut(bool)) {
    match value {
        Value::Object(map) => map.values().for_each(|value| leaves(value, each)),
        Value::Array(list) => list.iter().for_each(|value| leaves(value, each)),
        leaf => each(leaf.is_number()),
    }
}
