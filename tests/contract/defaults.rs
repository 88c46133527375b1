//! Defaults: what each is, what the paper or its authors' code has, and that a difference is told where a user reads
//! it.

use std::collections::BTreeMap;

use clbench::method::{Make, Method};
use toml::{Table, Value};

use crate::support::{setup, shelf};

/// Method and key, our default, and the paper's or its code's number where one is given: the same, or another, which
/// the setting's own words tell. Sources stand in each method's file.
const NUMBERS: &[(&str, &str, &str, Option<&str>)] = &[
    // Schwarz et al. and FoMo-in-Flux: γ = 1, λ = 1.
    ("ewc", "strength", "1.0", Some("1.0")),
    ("ewc", "keep", "1.0", Some("1.0")),
    ("ewc", "samples", "200", None),
    // Zenke et al. on permuted MNIST.
    ("si", "strength", "0.1", Some("0.1")),
    ("si", "damping", "0.1", Some("0.1")),
    ("replay", "capacity", "500", None),
    ("replay", "batch", "0", Some("0")),
    ("replay", "strength", "1.0", Some("1.0")),
    // Buzzega et al. on CIFAR-10 with 500 examples.
    ("derpp", "capacity", "500", Some("500")),
    ("derpp", "batch", "0", Some("0")),
    ("derpp", "distil", "0.2", Some("0.2")),
    ("derpp", "strength", "0.5", Some("0.5")),
    // Lopez-Paz & Ranzato's code: 256 of each task, γ = 0.5, ε = 1e-3, all of them; Chaudhry et al.'s: 256 in a batch.
    ("gem", "capacity", "256", Some("256")),
    ("gem", "batch", "0", Some("256")),
    ("gem", "margin", "0.5", Some("0.5")),
    ("gem", "ridge", "0.001", Some("0.001")),
    // peft's.
    ("lora", "rank", "8", Some("8")),
    ("lora", "alpha", "8.0", Some("8.0")),
    ("dora", "rank", "8", Some("8")),
    ("dora", "alpha", "8.0", Some("8.0")),
    ("vera", "rank", "64", Some("256")),
    ("vera", "inner", "0.1", Some("0.1")),
    // run_uie_lora.py.
    ("olora", "rank", "8", Some("8")),
    ("olora", "alpha", "8.0", Some("32")),
    ("olora", "strength", "0.5", Some("0.5")),
    // configs/cifar100_inflora.json.
    ("inflora", "rank", "8", Some("10")),
    ("inflora", "energy", "0.95", Some("0.95")),
    ("inflora", "energy_end", "1.0", Some("1.0")),
    ("inflora", "samples", "256", Some("all")),
    ("ema", "keep", "0.99", None),
    // FoMo-in-Flux, but for task arithmetic's and MagMax's scale, TIES's density and RegMean's α.
    ("merge", "weight", "0.5", Some("0.5")),
    ("merge", "search", "0", Some("0")),
    ("merge", "scale", "1.0", Some("0.3 to 0.4")),
    ("merge", "density", "0.2", Some("0.2")),
    ("merge", "top", "0.01", Some("0.01")),
    ("merge", "consensus", "0", Some("0")),
    ("merge", "agreement", "0.4", Some("0.4")),
    ("merge", "shallow", "0.5", Some("0.5")),
    ("merge", "deeper", "0.5", Some("0.5")),
    ("merge", "samples", "200", None),
    ("merge", "off_diagonal", "0.9", Some("0.9")),
    ("paint", "search", "10", Some("10")),
    ("magmax", "scale", "0.5", Some("0.5")),
    // Nguyen et al.: N(0, 1); variances of 1e-6, and e⁻⁶ in their code; 100 networks.
    ("bbb", "prior_std", "1.0", Some("1.0")),
    ("bbb", "init_std", "0.01", Some("0.001")),
    ("bbb", "divergence", "1.0", Some("1.0")),
    ("bbb", "samples", "10", Some("100")),
    ("vcl", "prior_std", "1.0", Some("1.0")),
    ("vcl", "init_std", "0.01", Some("0.0498")),
    ("vcl", "divergence", "1.0", Some("1.0")),
    ("vcl", "samples", "10", Some("100")),
    ("coreset", "size", "40", Some("40")),
    ("coreset", "steps", "100", Some("100")),
    ("coreset", "rate", "0.001", Some("0.001")),
    // fgcs_update.py.
    ("ibcl", "priors", "[0.2, 0.25, 0.3]", Some("[0.2, 0.25, 0.3]")),
    ("ibcl", "divergence", "1.0", Some("1.0")),
    ("ibcl", "threshold", "0.0", Some("0.01")),
    ("ibcl", "hdr_mass", "0.99", Some("0.99")),
    ("ibcl", "samples", "10", Some("10")),
    // von Oswald et al., over their experiments.
    ("hypernet", "strength", "0.01", Some("0.01")),
    ("hypernet", "regularised", "0", Some("0")),
    ("hypernet", "task_embedding", "32", Some("24 to 128")),
    ("hypernet", "chunk_embedding", "32", Some("8 to 96")),
    ("hypernet", "widths", "[32, 32]", Some("10 to 350")),
    ("hypernet", "chunk", "2000", Some("2000 to 78000")),
];

/// The settings of `method` with their defaults.
fn defaults(method: &Method) -> Table {
    match method.make {
        Make::Carrier(make) => make(Table::new(), &setup("").net).unwrap().0,
        Make::Contribution(make) => make(Table::new()).unwrap().0,
    }
}

/// Numbers and lists of them; of methods that are `merge` by another name those that differ from its.
fn numbers() -> BTreeMap<(&'static str, String), String> {
    let shelf = shelf();
    let merge = defaults(shelf.method("merge").unwrap());
    let mut all = BTreeMap::new();
    for method in &shelf.methods {
        let preset = method.name != "merge" && defaults(method).contains_key("off_diagonal");
        for (key, value) in defaults(method) {
            let number = matches!(value, Value::Integer(_) | Value::Float(_) | Value::Array(_));
            if number && !(preset && merge.get(&key) == Some(&value)) {
                all.insert((method.name, key), value.to_string());
            }
        }
    }
    all
}

#[test]
fn every_default_number_is_the_one_that_is_documented() {
    let documented: BTreeMap<_, _> =
        NUMBERS.iter().map(|(method, key, ours, _)| ((*method, (*key).to_owned()), (*ours).to_owned())).collect();
    assert_eq!(numbers(), documented);
}

/// What `clbench methods NAME` prints tells another number of the paper.
#[test]
fn a_default_that_is_not_the_papers_is_told_with_the_papers() {
    let shelf = shelf();
    for (method, key, ours, theirs) in NUMBERS {
        let Some(theirs) = theirs.filter(|theirs| theirs != ours) else { continue };
        let setting = shelf.method(method).unwrap().settings.iter().find(|setting| setting.key == *key).unwrap();
        assert!(setting.about.contains(theirs), "{method}.{key} = {ours} and not {theirs}: {}", setting.about);
    }
}
