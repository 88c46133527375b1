use serde_json::{Value, json};

use super::*;
use crate::{
    proof::Block,
    record::{RunDir, example},
    table::Format,
};

/// A study with these keys beside the least that there must be.
fn study(more: Value) -> Study {
    let mut whole = json!({
        "about": "an example",
        "streams": ["split-digits"],
        "rows": [{ "axes": [["method=a", "method=b"]] }],
        "page": { "text": "# An example\n" },
    });
    more.as_object().unwrap().iter().for_each(|(key, value)| whole[key] = value.clone());
    serde_json::from_value(whole).unwrap()
}

fn refusal(more: Value) -> String {
    let study = study(more);
    study.check().and_then(|()| list_rows(&study, 5)).unwrap_err()
}

/// Seeds of `method` whose tasks all end at the same accuracy.
fn row(method: &str, values: &[f64]) -> Vec<RunDir> {
    values.iter().enumerate().map(|(seed, value)| example::run(method, seed as u64, [*value; 3])).collect()
}

fn four_rows() -> Vec<RunDir> {
    [
        row("a", &[0.70, 0.72, 0.69, 0.74, 0.71]),
        row("b", &[0.66, 0.69, 0.64, 0.71, 0.65]),
        row("c", &[0.69, 0.73, 0.70, 0.73, 0.72]),
        row("d", &[0.50, 0.55, 0.48, 0.52, 0.60]),
    ]
    .concat()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-7
}

/// scipy 1.17: `ttest_rel` with its interval, and its two one-sided forms for claims of no difference; statsmodels
/// 0.14: `multipletests(method="holm")`.
#[test]
fn differences_intervals_and_adjusted_p_values_are_those_of_scipy_and_statsmodels() {
    let study = study(json!({ "claims": [
        { "text": "1", "row": "a", "above": "b", "by": "acc" },
        { "text": "2", "row": "a", "below": "c", "by": "acc" },
        { "text": "3", "row": "a", "like": "c", "within": 2.0, "by": "acc" },
        { "text": "4", "row": "a", "below": "d", "by": "acc" },
        { "text": "5", "row": "a", "near": 71.0, "within": 3.0, "by": "acc" },
    ]}));
    study.check().unwrap();
    let judged = judge(&study, &four_rows()).unwrap();
    let expected = [
        (0.042, 0.016_189_317_8, 0.007_876_442_4, Verdict::Holds),
        (-0.002, 0.013_601_747_6, 0.704, Verdict::Undecided),
        (-0.002, 0.013_601_747_6, 0.031_967_461_7, Verdict::Holds),
        (0.182, 0.055_110_861_8, 0.003_927_814_8, Verdict::Contrary),
        (0.002, 0.023_883_883_9, 0.031_967_461_7, Verdict::Holds),
    ];
    for (one, (mean, half, p, verdict)) in judged.iter().zip(expected) {
        let difference = one.difference.unwrap();
        assert!(close(difference.mean, mean) && close(difference.half_width.unwrap(), half), "{one:?}");
        assert!(close(one.adjusted.unwrap(), p), "{one:?}");
        assert_eq!(one.verdict, verdict, "{one:?}");
    }
}

/// Standard deviations of means: 0.125, 0.1325, 0.0975 over the first choice, 0.075, 0.0575, 0.0775 over the second.
#[test]
fn of_two_choices_the_spreads_of_means_are_compared() {
    let cells =
        [("x1", [0.5, 0.52, 0.45]), ("x2", [0.6, 0.6, 0.66]), ("y1", [0.7, 0.75, 0.7]), ("y2", [0.9, 0.9, 0.8])];
    let runs: Vec<RunDir> = cells.iter().flat_map(|(method, values)| row(method, values)).collect();
    let grid = json!({ "row": "$1$2", "more": ["x", "y"], "than": ["1", "2"] });
    let study = study(json!({ "claims": [{ "text": "more", "grid": grid, "by": "acc" }] }));
    study.check().unwrap();
    let judged = &judge(&study, &runs).unwrap()[0];
    let difference = judged.difference.unwrap();
    assert!(close(difference.mean, 0.048_333_333_3) && close(difference.half_width.unwrap(), 0.068_407_818_5));
    assert!(close(judged.adjusted.unwrap(), 0.093_307_171), "{judged:?}");
    assert_eq!(judged.verdict, Verdict::Undecided);
}

#[test]
fn a_margin_that_the_interval_exceeds_is_not_kept() {
    let claims = json!([{ "text": "1", "row": "a", "like": "d", "within": 2.0, "by": "acc" },
        { "text": "2", "row": "a", "like": "d", "within": 18.0, "by": "acc" },
        { "text": "3", "row": "a", "unlike": "d", "by": "acc" }]);
    let judged = judge(&study(json!({ "claims": claims })), &four_rows()).unwrap();
    let verdicts: Vec<&Verdict> = judged.iter().map(|one| &one.verdict).collect();
    assert_eq!(verdicts, [&Verdict::Contrary, &Verdict::Undecided, &Verdict::Holds]);
}

/// A sixth is chance, and 3 points are luck.
#[test]
fn there_is_no_verdict_where_models_guess() {
    let runs = [four_rows(), row("low", &[0.17, 0.18, 0.17, 0.16, 0.17]), row("guess", &[0.15; 5])].concat();
    let claims = json!([{ "text": "1", "row": "low", "above": "guess", "by": "acc" },
        { "text": "2", "row": "a", "above": "guess", "by": "acc" },
        { "text": "3", "row": "low", "near": 57.0, "within": 50.0, "by": "acc" }]);
    let judged = judge(&study(json!({ "claims": claims })), &runs).unwrap();
    assert_eq!(judged[0].verdict, Verdict::Unknown);
    assert_eq!(judged[1].verdict, Verdict::Holds);
    assert_eq!((&judged[2].verdict, &judged[2].rows[..]), (&Verdict::Unknown, "low − 57"));
    assert!(claims_text(&judged, Format::Markdown).unwrap().contains("no more than chance"));
}

#[test]
fn a_row_that_is_not_there_is_named_and_takes_no_part_in_the_adjustment() {
    let claims = json!([{ "text": "1", "row": "a", "above": "b", "by": "acc" },
        { "text": "2", "row": "a", "above": "lwf lwf.strength=2", "by": "acc" }]);
    let judged = judge(&study(json!({ "claims": claims })), &four_rows()).unwrap();
    assert!(close(judged[0].adjusted.unwrap(), 0.001_969_110_6));
    assert_eq!(judged[1].verdict, Verdict::Missing("there is no row lwf lwf.strength=2".into()));
    assert_eq!(judge(&study(json!({ "claims": claims })), &[]).unwrap()[0].difference, None);
}

#[test]
fn rows_are_found_by_name_and_settings_and_the_best_of_several_by_its_mean() {
    let mut runs = four_rows();
    for run in &mut runs {
        run.manifest.overrides = vec![format!("method={}", run.manifest.method), "train.epochs=3".into()];
        if run.manifest.method == "b" {
            run.manifest.overrides.push("b.size=4".into());
        }
    }
    let more = json!({
        "names": { "the best": ["b b.large=true", "b b.size=4"] },
        "claims": [
            { "text": "1", "row": "a", "above": ["the best", "d", "c"], "by": "acc" },
            { "text": "2", "row": ["a", "c"], "above": "the best", "by": ["acc", "forgetting"], "beside": ["la"] },
        ],
    });
    let judged = judge(&study(more), &runs).unwrap();
    let rows: Vec<(&str, &str)> = judged.iter().map(|one| (&one.rows[..], one.by.short)).collect();
    assert_eq!(
        rows,
        [
            ("a − c", "ACC"),
            ("a − the best", "ACC"),
            ("c − the best", "ACC"),
            ("a − the best", "FGT"),
            ("c − the best", "FGT")
        ]
    );
    assert_eq!(judged[1].beside.len(), 1);
}

#[test]
fn a_table_names_claim_rows_difference_p_and_verdict() {
    let claims = json!([{ "text": "a | b", "row": "a", "above": "b", "by": "acc" }]);
    let judged = judge(&study(json!({ "claims": claims })), &four_rows()).unwrap();
    let text = claims_text(&judged, Format::Markdown).unwrap();
    assert!(text.contains("| claim  | rows  | score | difference | p     | verdict    |"), "{text}");
    assert!(text.contains("| a \\| b | a − b | ACC   | 4.2 ±1.6   | 0.002 | holds here |"), "{text}");
    assert!(text.contains("is claimed. A claim of a difference"), "one claim needs no adjustment: {text}");
    assert!(claims_text(&judged, Format::Csv).is_err());
}

#[test]
fn axes_are_crossed_on_every_stream() {
    let more = json!({
        "streams": ["s", "t"],
        "settings": ["train.epochs=1"],
        "rows": [
            { "axes": [["method=a", "method=b"], ["", "a.x=1 a.y=2"]] },
            { "streams": ["t"], "settings": ["net.widths=[8]"], "axes": [["method=c"]], "folder": "apart" },
        ],
    });
    let study = study(more);
    study.check().unwrap();
    let rows = list_rows(&study, 5).unwrap();
    let names: Vec<String> = rows.iter().map(Row::name).collect();
    assert_eq!(
        names,
        [
            "s train.epochs=1 method=a",
            "s train.epochs=1 method=a a.x=1 a.y=2",
            "s train.epochs=1 method=b",
            "s train.epochs=1 method=b a.x=1 a.y=2",
            "t train.epochs=1 method=a",
            "t train.epochs=1 method=a a.x=1 a.y=2",
            "t train.epochs=1 method=b",
            "t train.epochs=1 method=b a.x=1 a.y=2",
            "t train.epochs=1 net.widths=[8] method=c",
        ]
    );
    assert_eq!(rows[8].folder.as_deref(), Some("apart"));
}

#[test]
fn more_rows_than_there_may_be_are_refused_before_they_are_made() {
    let axis: Vec<String> = (0..1_000).map(|one| format!("method=m{one}")).collect();
    let error = refusal(json!({ "rows": [{ "axes": [axis, axis, axis, axis, axis, axis, axis, axis] }] }));
    assert!(error.starts_with("more than 10000 rows for 5 seeds"), "{error}");
    let few = study(json!({ "rows": [{ "axes": [axis] }] }));
    assert!(list_rows(&few, 100).is_ok());
    assert!(list_rows(&few, 101).unwrap_err().starts_with("more than 990 rows for 101 seeds"));
}

#[test]
fn what_cannot_be_meant_is_refused_with_its_key() {
    let axes = |setting: &str| json!({ "rows": [{ "axes": [[setting]] }] });
    let claim = |claim: Value| json!({ "claims": [claim] });
    let cases = [
        (json!({ "streams": [] }), "`streams` is empty"),
        (json!({ "streams": ["../secret"] }), "`streams` has `../secret`; write a name of letters"),
        (json!({ "rows": [{ "axes": [[]] }] }), "`rows.axes` needs an axis"),
        (json!({ "rows": [{ "axes": [["method=a"]], "streams": ["x"] }] }), "names x, which is not in `streams`"),
        (json!({ "rows": [{ "axes": [["method=a"]], "folder": ".." }] }), "`rows.folder` has `..`"),
        (axes("lora"), "`rows.axes` has `lora`; write KEY=VALUE"),
        (axes("method=a runs=/etc"), "`rows.axes` has `runs=/etc`; seeds and jobs are keys of the study"),
        (json!({ "settings": ["seed=1"] }), "`settings` has `seed=1`"),
        (json!({ "settings": ["name=other"] }), "`settings` has `name=other`; a run is found by"),
        (axes("method=a method=b"), "the row `split-digits method=a method=b` has method twice"),
        (json!({ "settings": ["method=c"] }), "has method twice; leave one"),
        (json!({ "names": { "the best": [] } }), "`names` has no row for the best"),
        (json!({ "jobs": 0 }), "`jobs` is 0"),
        (json!({ "chance": "akk" }), "there is no score `akk`"),
        (json!({ "page": { "text": " " } }), "`page.text` is empty"),
        (json!({ "page": { "text": "x", "columns": ["speed"] } }), "no column `speed`"),
        (json!({ "pictures": [{ "kinds": ["film"] }] }), "there is no picture `film`"),
        (json!({ "pictures": [{ "kinds": ["all"], "file": "a/b" }] }), "`pictures.file` has `a/b`"),
        (json!({ "pictures": [{ "kinds": ["all"], "only": ["ewc"] }] }), "is no KEY=PATTERN"),
        (claim(json!({ "text": "t", "row": "a", "by": "acc" })), "0 of above, below"),
        (claim(json!({ "text": "t", "row": "a", "above": "b", "below": "c", "by": "acc" })), "2 of above, below"),
        (claim(json!({ "text": "t", "row": "a", "like": "b", "by": "acc" })), "`within` is missing"),
        (
            claim(json!({ "text": "t", "row": "a", "like": "b", "within": 0.0, "by": "acc" })),
            "`within` is 0; it is above",
        ),
        (claim(json!({ "text": "t", "row": "a", "above": "b", "within": 1.0, "by": "acc" })), "goes with `like`"),
        (claim(json!({ "text": "t", "above": "b", "by": "acc" })), "`row` is missing, in the claim \"t\""),
        (claim(json!({ "text": "t", "row": "a", "above": [], "by": "acc" })), "no row is named"),
        (claim(json!({ "text": "t", "row": "a", "above": "b", "by": "speed" })), "there is no score `speed`"),
        (
            claim(json!({ "text": "t", "grid": { "row": "$1", "more": ["a", "b"], "than": ["c", "d"] }, "by": "acc" })),
            "needs $1 and $2",
        ),
    ];
    for (more, told) in cases {
        let error = refusal(more);
        assert!(error.contains(told), "{told}: {error}");
    }
    let twice = json!({ "rows": [{ "axes": [["method=a a.x=1", "a.x=1 method=a"]] }] });
    assert!(refusal(twice).contains("stands twice"));
}

#[test]
fn blocks_of_a_page_are_filled_and_others_stay() {
    let text = "# Title\n\n<!-- clbench: table $runs --metrics $scores --format md -->\nEnd.\n\
                <!-- clbench: not verified: a forecast -->\nkept $runs\n<!-- clbench: end -->\n\
                <!-- clbench: statistics $runs -->\n";
    let names = Names { runs: "x.runs.gz".into(), study: "x.toml".into() };
    let write = |text: &str| {
        let study = study(json!({ "page": { "text": text, "scores": ["acc", "la"] } }));
        write_page(&study, &names, |block: &Block| Ok(format!("made by {}\n", block.command)))
    };
    assert_eq!(
        write(text).unwrap(),
        "# Title\n\n<!-- clbench: table x.runs.gz --metrics acc,la --format md -->\n\n\
         made by table x.runs.gz --metrics acc,la --format md\n\n<!-- clbench: end -->\nEnd.\n\
         <!-- clbench: not verified: a forecast -->\nkept $runs\n<!-- clbench: end -->\n\
         <!-- clbench: statistics x.runs.gz -->\n\n```text\nmade by statistics x.runs.gz\n```\n\n<!-- clbench: end \
         -->\n"
    );
    assert!(write("<!-- clbench: end -->\n").unwrap_err().contains("of no block"));
    assert!(write("<!-- clbench: -->\n").unwrap_err().contains("without a command"));
    assert!(write("<!-- clbench: not verified: x -->\nno end").unwrap_err().contains("has no line"));
    let failed =
        write_page(&study(json!({ "page": { "text": "<!-- clbench: table x -->" } })), &names, |_| Err("why".into()));
    assert_eq!(failed.unwrap_err(), "in the block `table x`: why");
}

#[test]
fn what_would_grow_beyond_measure_is_refused() {
    let long = "x".repeat(5_000);
    for (more, why) in [
        (json!({"settings": vec!["a=1"; 51]}), "more than 50"),
        (json!({"settings": [format!("a={long}")]}), "5002 bytes"),
        (json!({"rows": [{"axes": vec![vec!["a=1"]; 51]}]}), "51 axes"),
        (json!({"claims": [{"text": "t", "by": "acc", "row": "a", "above": vec!["b"; 101]}]}), "more than 100"),
        (
            json!({"claims": [{"text": "t", "by": "acc",
                "grid": {"row": "$1 $1 $1 $1 $1 $2", "more": ["a", "b"], "than": ["c", "d"]}}]}),
            "four times",
        ),
    ] {
        let said = refusal(more);
        assert!(said.contains(why), "{why}: {said}");
    }
}
