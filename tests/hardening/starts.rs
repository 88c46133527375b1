//! Starts from files, through the program: all of the body or a word that a part is enough.

use std::fs;

use clbench_results::RunDir;

use crate::program::Place;

/// A place with `whole.safetensors`, the weights of a run of small.toml.
fn place() -> Place {
    let place = Place::small();
    place.done("run small.toml runs=first --quiet");
    fs::copy(place.runs("first")[0].join("artifact/weights.safetensors"), place.path("whole.safetensors")).unwrap();
    place
}

/// A file of zeros with tensors of these names and shapes.
fn zeros(tensors: &[(&str, &[usize])]) -> Vec<u8> {
    let (mut header, mut at) = (Vec::new(), 0);
    for (name, shape) in tensors {
        let end = at + 4 * shape.iter().product::<usize>();
        header.push(format!(r#""{name}":{{"dtype":"F32","shape":{shape:?},"data_offsets":[{at},{end}]}}"#));
        at = end;
    }
    let header = format!("{{{}}}", header.join(","));
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![0; at]].concat()
}

const START: &str = "small.toml start.kind=file train.steps=4";

#[test]
fn a_part_of_a_body_is_refused_by_check_and_run_and_leaves_no_folder_behind() {
    let place = place();
    place.write("bias.safetensors", zeros(&[("body.0.bias", &[32])]));
    place.write("foreign.safetensors", zeros(&[("encoder.weight", &[64, 32]), ("encoder.bias", &[32])]));
    place.write("wide.safetensors", zeros(&[("body.0.bias", &[33]), ("body.0.weight", &[64, 33])]));
    let before = place.files(".", &[]);
    let cases: [(&str, &[&str]); 4] = [
        ("bias.safetensors", &["1 of the 2 tensors", "missing: `body.0.weight` [64, 32]", "start.partial = true"]),
        ("foreign.safetensors", &["0 of the 2 tensors", "without a place in the network: `encoder.bias`"]),
        ("wide.safetensors", &["of another shape: `body.0.bias` [33] there and [32] here"]),
        ("nowhere.safetensors", &["nowhere.safetensors"]),
    ];
    for (file, told) in cases {
        for command in ["check", "run", "cost", "references"] {
            place.run(&format!("{command} {START} start.path={file}")).fails(2, told);
        }
    }
    for method in ["lora", "ewc+replay"] {
        place
            .run(&format!("run {START} method={method} start.path=bias.safetensors"))
            .fails(2, &["1 of the 2 tensors"]);
    }
    // A method whose weights are no plain network's.
    place.run(&format!("run {START} method=hypernet start.path=whole.safetensors head.kind=shared")).fails(2, &[]);
    assert_eq!(before, place.files(".", &[]), "nothing was written");
}

#[test]
fn a_part_that_is_asked_for_is_told_and_recorded() {
    let place = place();
    place.write("bias.safetensors", zeros(&[("body.0.bias", &[32])]));
    let words = format!("{START} start.path=bias.safetensors start.partial=true");
    let told = "1 of 2 tensors of the body, the head is drawn: the file has none";
    assert!(place.done(&format!("check {words}")).contains(told));
    place.run(&format!("run {words}")).fails(0, &[told]);
    let start = RunDir::open(&place.runs("runs")[0]).unwrap().manifest.conditions.start;
    assert!(start.starts_with("file ") && start.ends_with(", 1 of 2 tensors"), "{start}");
    // A whole file is the same with and without the word, but for the run's identity.
    let whole = format!("{START} start.path=whole.safetensors");
    let said = place.done(&format!("check {whole}"));
    assert!(said.contains("2 of 2 tensors of the body, the head is the file's"), "{said}");
    place.done(&format!("run {whole} runs=whole --quiet"));
    let start = RunDir::open(&place.runs("whole")[0]).unwrap().manifest.conditions.start;
    assert!(start.starts_with("file ") && start.len() == 17, "{start}");
    place.run(&format!("run {whole} start.partial=yes")).fails(2, &["partial"]);
}

#[test]
fn a_head_of_another_width_is_drawn_and_that_is_said() {
    let place = place();
    let words = format!("{START} start.path=whole.safetensors head.kind=multi head.train=task head.test=task");
    let said = place.done(&format!("check {words}"));
    assert!(said.contains("2 of 2 tensors of the body, the head is drawn"), "{said}");
    place.done(&format!("run {words} --quiet"));
}
