//! No byte that is turned in a file changes a number under the same run id: what decides numbers and lies in a cache or
//! in the data folder has a checksum, or its content is part of the run's identity.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::program::{Files, Place};

const REST: &str = "\n[optim]\nrule = \"sgd\"\nrate = 0.1\n\n[train]\nbatch = 16\nsteps = 4\n";

/// The files below `folder` whose name ends with `end`.
fn found(folder: &Path, end: &str) -> Vec<PathBuf> {
    let (mut open, mut found) = (vec![folder.to_owned()], Vec::new());
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            let path = entry.path();
            match path.is_dir() {
                true => open.push(path),
                false if path.to_string_lossy().ends_with(end) => found.push(path),
                false => {}
            }
        }
    }
    found.sort();
    found
}

/// The results below `runs`, less what is no part of what must repeat.
fn results(place: &Place, runs: &str) -> Files {
    let mut files = place.bits(runs);
    files.retain(|path, _| path.ends_with("records.csv"));
    files
}

/// Turns a bit of the file at `path` in several places, one after another, and runs `words` again each time: it is
/// refused, or another run, or the same to the last bit. How often it was another run.
fn turned(place: &Place, words: &str, path: &Path) -> usize {
    place.done(&format!("{words} runs=whole --quiet"));
    let whole = results(place, "whole");
    assert!(!whole.is_empty());
    let before = fs::read(path).unwrap();
    let length = before.len();
    let mut others = 0;
    for (at, byte) in [0, 9, length / 3, length / 2, length - length / 5, length - 1].into_iter().enumerate() {
        let mut bytes = before.clone();
        // The highest bit of an exponent's low byte, a digit's, a letter's: it stays readable, and is another.
        bytes[byte] ^= 1;
        fs::write(path, bytes).unwrap();
        let runs = format!("turned{at}");
        let said = place.run(&format!("{words} runs={runs} --quiet"));
        if said.code == Some(0) {
            let turned = results(place, &runs);
            assert!(!turned.is_empty());
            for (run, records) in &turned {
                let same = whole.get(run).is_none_or(|before| before == records);
                assert!(same, "byte {byte} of {}: other numbers in {}", path.display(), run.display());
            }
            others += usize::from(turned.keys().all(|run| !whole.contains_key(run)));
        } else {
            assert!(said.code == Some(1) || said.code == Some(2), "{said}");
        }
        fs::remove_dir_all(place.path(&runs)).unwrap_or_default();
        fs::write(path, &before).unwrap();
    }
    fs::remove_dir_all(place.path("whole")).unwrap();
    others
}

fn only(found: Vec<PathBuf>) -> PathBuf {
    assert_eq!(found.len(), 1, "{found:?}");
    found.into_iter().next().unwrap()
}

#[test]
fn pictures_that_were_decoded_once() {
    let place = Place::new();
    for (class, value) in [("dark", 0_u8), ("light", 200)] {
        for picture in 0..10 {
            let body: Vec<u8> = (0..48).map(|at| value + picture + at % 7).collect();
            place.write(&format!("pictures/{class}/{picture}.ppm"), [b"P6 4 4 255\n".as_slice(), &body].concat());
        }
    }
    let data = "[data.mine]\nformat = \"folder\"\npath = \"pictures\"\nsize = 4\n";
    let stream =
        "[stream]\nkind = \"class-incremental\"\ndataset = \"mine\"\ntasks = 2\n[net]\nbody = \"mlp\"\nwidths = [4]\n";
    place.write("s.toml", format!("{data}{stream}{REST}"));
    let words = "run s.toml data=data";
    place.done(&format!("{words} runs=first --quiet"));
    assert_eq!(turned(&place, words, &only(found(&place.path("data"), ".bin"))), 0, "decoded again");
    let picture = place.path("pictures/dark/3.ppm");
    assert!(turned(&place, words, &picture) > 0, "another picture is another stream");
}

#[test]
fn texts_as_counts_of_words() {
    let place = Place::new();
    let words = ["ship sea sail", "tree leaf wood", "sea wave ship", "leaf root tree"];
    let row = |at: usize| format!("{} w{},{}\n", words[at % 4], at % 9, ["water", "land"][at % 2]);
    let rows: Vec<String> = (0..80).map(row).collect();
    place.write("texts.csv", format!("words,label\n{}", rows.concat()));
    let data = "[data.mine]\nformat = \"csv\"\npath = \"texts.csv\"\nlabel = \"label\"\ntext = \"words\"\n\
                tfidf = { components = 4 }\n";
    let stream =
        "[stream]\nkind = \"class-incremental\"\ndataset = \"mine\"\ntasks = 2\n[net]\nbody = \"mlp\"\nwidths = [4]\n";
    place.write("s.toml", format!("{data}{stream}{REST}"));
    let words = "run s.toml data=data";
    place.done(&format!("{words} runs=first --quiet"));
    for kept in found(&place.path("data"), ".bin") {
        assert_eq!(turned(&place, words, &kept), 0, "made anew");
    }
    assert!(turned(&place, words, &place.path("texts.csv")) > 0, "other texts are another stream");
}

#[test]
fn features_and_the_weights_that_they_come_from() {
    let place = Place::new();
    let stream = "[stream]\nkind = \"class-incremental\"\ndataset = \"digits\"\ntasks = 5\n";
    place.write("first.toml", format!("{stream}[net]\nbody = \"cnn\"\n[keep]\nweights = true\n{REST}"));
    place.done("run first.toml runs=first --quiet");
    fs::copy(only(found(&place.path("first"), "weights.safetensors")), place.path("w.safetensors")).unwrap();
    let data = "[data.seen]\nformat = \"features\"\nof = \"digits\"\nbody = \"cnn\"\nweights = \"w.safetensors\"\n\
                train = 200\ntest = 100\n";
    let stream = stream.replace("digits", "seen");
    place.write("s.toml", format!("{data}{stream}[net]\nbody = \"mlp\"\nwidths = [4]\n{REST}"));
    let words = "run s.toml data=data";
    place.done(&format!("{words} runs=second --quiet"));
    assert_eq!(turned(&place, words, &only(found(&place.path("data"), ".f32"))), 0, "computed again");
    let weights = place.path("w.safetensors");
    turned(&place, words, &weights);
    // One bit may be too little for any feature; a hundred weights are not.
    let mut bytes = fs::read(&weights).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 400].fill(0x3f);
    fs::write(&weights, bytes).unwrap();
    place.done(&format!("{words} runs=third --quiet"));
    let (second, third) = (results(&place, "second"), results(&place, "third"));
    assert!(third.keys().all(|run| !second.contains_key(run)), "other features are another stream");
}

#[test]
fn weights_to_start_from() {
    let place = Place::small();
    place.done("run small.toml runs=first --quiet");
    fs::copy(only(found(&place.path("first"), "weights.safetensors")), place.path("w.safetensors")).unwrap();
    let words = "run small.toml train.steps=4 start.kind=file start.path=w.safetensors";
    assert!(turned(&place, words, &place.path("w.safetensors")) > 0, "another start is another run");
}

#[test]
fn pretrained_weights() {
    let place = Place::new();
    let stream = "[start]\nkind = \"pretrain\"\nsteps = 20\n[stream]\nkind = \"concepts\"\n\
                  dataset = [\"digits\", \"fashion-mnist-small\"]\ntasks = 2\npool_share = 0.4\nmost_train = 20\n\
                  most_test = 10\n[net]\nbody = \"mlp\"\nwidths = [8]\n";
    place.write("s.toml", format!("{stream}{REST}"));
    place.done("run s.toml runs=whole --quiet");
    let whole = place.bits("whole");
    let start = only(found(&place.path("whole/.starts"), ".start"));
    let (name, bytes) = (start.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&start).unwrap());
    for byte in [0, 30, bytes.len() / 4, bytes.len() / 2, bytes.len() - 1] {
        let mut turned = bytes.clone();
        turned[byte] ^= 1;
        let runs = format!("turned{byte}");
        place.write(&format!("{runs}/.starts/{name}"), turned);
        let said = place.run(&format!("run s.toml runs={runs}"));
        said.fails(0, &["is spoilt and made anew"]);
        crate::program::same(&whole, &place.bits(&runs), &format!("byte {byte}"));
    }
}

#[test]
fn word_vectors_and_their_tokenizer() {
    let place = Place::new();
    let values: Vec<u8> = (0..8 * 256).flat_map(|at| ((at as f32 * 0.37).sin() + 2.0).to_le_bytes()).collect();
    let header = r#"{"embedding.weight":{"dtype":"F32","shape":[8,256],"data_offsets":[0,8192]}}"#;
    let file = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &values].concat();
    place.write("data/wordllama/l2_supercat_256.safetensors", file);
    place.write(
        "data/wordllama/l2_supercat_tokenizer_config.json",
        r#"{"version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
        "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null, "decoder": null, "model": {"type": "WordLevel",
        "vocab": {"?": 0, "a": 1, "0": 2, "1": 3, "2": 4, "3": 5, "4": 6, "picture": 7}, "unk_token": "?"}}"#,
    );
    let stream = "[stream]\nkind = \"class-incremental\"\ndataset = \"digits\"\ntasks = 5\n[text]\nside = \
                  \"wordllama\"\n\
                  [head]\nkind = \"shared\"\ntrain = \"all\"\n[net]\nbody = \"mlp\"\nwidths = [8]\n";
    place.write("s.toml", format!("{stream}{REST}"));
    let words = "run s.toml data=data";
    for file in ["l2_supercat_256.safetensors", "l2_supercat_tokenizer_config.json"] {
        assert!(turned(&place, words, &place.path("data/wordllama").join(file)) > 0, "{file} is part of the identity");
    }
    // Whoever has the configuration of a run and other vectors is told.
    place.done(&format!("{words} runs=whole --quiet"));
    fs::copy(only(found(&place.path("whole"), "config.toml")), place.path("again.toml")).unwrap();
    place.done("check again.toml data=data");
    let vectors = place.path("data/wordllama/l2_supercat_256.safetensors");
    let mut bytes = fs::read(&vectors).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&vectors, bytes).unwrap();
    place.run("check again.toml data=data").fails(2, &["text.sha256 demands", "wordllama"]);
}
