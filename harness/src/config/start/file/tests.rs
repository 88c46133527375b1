#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::collections::BTreeMap;

use burn::tensor::Device;
use toml::Table;

use super::*;
use crate::{
    network::net::Body,
    primitives::{
        draws::Draws,
        scope::{HeadKind, Heads},
    },
};

fn net(body: &str, input: [usize; 3]) -> Net {
    let body: Body = body.parse::<Table>().unwrap().try_into().unwrap();
    let heads = Heads { kind: HeadKind::Shared, classes: 3, tasks: vec![vec![0, 1, 2]], seen: vec![vec![0]] };
    Net { body, heads, input }
}

/// Two layers, with batch norm: twelve tensors of the body.
fn mlp() -> Net {
    net("body = \"mlp\"\nwidths = [4, 5]\nbatch_norm = true", [1, 2, 2])
}

/// The weights of `net` as a file has them, each value 7, under the names that `name` gives.
fn file(net: &Net, name: impl Fn(&str) -> String) -> Tensors {
    let shapes = shapes(net);
    let tensor =
        |(path, shape): (String, Vec<usize>)| (name(&path), (shape.clone(), vec![7.0; shape.iter().product()]));
    shapes.into_iter().map(tensor).collect()
}

fn shapes(net: &Net) -> BTreeMap<String, Vec<usize>> {
    let drawn = drawn(net);
    let all = [drawn.theta, drawn.buffers];
    all.iter().flat_map(|part| part.iter().map(|(path, array)| (path.to_owned(), array.shape.clone()))).collect()
}

fn drawn(net: &Net) -> Weights {
    net.init(&Draws::of(0), &Device::flex())
}

fn put(net: &Net, tensors: Tensors, partial: bool) -> Result<(Found, Weights)> {
    let file = File { path: "some.safetensors".into(), sha256: None, partial, place: PathBuf::new(), found: None };
    let mut to = drawn(net);
    let found = file.put(tensors, &mut to, "a-method", net)?;
    Ok((found, to))
}

fn refusal(net: &Net, tensors: Tensors) -> String {
    format!("{:#}", put(net, tensors, false).unwrap_err())
}

/// Paths whose values are the file's.
fn taken(of: &Weights) -> Vec<String> {
    let all = [&of.theta, &of.frozen, &of.buffers];
    let sevens = all
        .iter()
        .flat_map(|part| part.iter())
        .filter(|(_, array)| array.values().iter().all(|v| v.to_bits() == 7f32.to_bits()));
    sevens.map(|(path, _)| path.to_owned()).collect()
}

#[test]
fn a_whole_file_is_taken_whole_under_its_names_with_and_without_their_parts() {
    let net = mlp();
    for part in ["", "theta.", "frozen.", "buffers."] {
        let (found, weights) = put(&net, file(&net, |path| format!("{part}{path}")), false).unwrap();
        assert_eq!(found, Found { body: [12, 12], heads: "the head is the file's".into(), left: vec![] });
        assert_eq!(taken(&weights).len(), 14, "the head's two among them");
    }
}

#[test]
fn what_is_missing_is_named_with_its_shape_how_many_there_are_and_what_is_nearest() {
    let net = mlp();
    let mut one = file(&net, str::to_owned);
    one.retain(|path, _| path == "body.0.bias");
    let refused = refusal(&net, one);
    for told in [
        "some.safetensors has 1 of the 12 tensors",
        "missing: `body.0.norm.beta` [4]",
        "and 7 more",
        "start.partial = true",
    ] {
        assert!(refused.contains(told), "{told}: {refused}");
    }
    let mut other = file(&net, str::to_owned);
    let tensor = other.remove("body.1.weight").unwrap();
    other.insert("body.1.kernel".into(), tensor);
    let refused = refusal(&net, other);
    assert!(
        refused.contains("missing: `body.1.weight` [4, 5] (the nearest name there is `body.1.kernel`)"),
        "{refused}"
    );
    assert!(refused.contains("without a place in the network: `body.1.kernel`"), "{refused}");
    let foreign = file(&net, |path| format!("model.{}", path.replace('.', "/")));
    let refused = refusal(&net, foreign);
    assert!(refused.contains("has 0 of the 12") && !refused.contains("start.partial"), "{refused}");
}

#[test]
fn other_widths_and_more_layers_are_refused_by_name() {
    let (here, wider) = (mlp(), net("body = \"mlp\"\nwidths = [4, 6]\nbatch_norm = true", [1, 2, 2]));
    let refused = refusal(&here, file(&wider, str::to_owned));
    assert!(refused.contains("has 6 of the 12"), "{refused}");
    assert!(refused.contains("of another shape: `body.1.bias` [6] there and [5] here"), "{refused}");
    let deeper = net("body = \"mlp\"\nwidths = [4, 5, 5]\nbatch_norm = true", [1, 2, 2]);
    let refused = refusal(&here, file(&deeper, str::to_owned));
    assert!(
        refused.contains("has 12 of the 12") && refused.contains("without a place in the network: `body.2."),
        "{refused}"
    );
}

#[test]
fn a_part_is_taken_where_that_is_asked_for_and_counted() {
    let net = mlp();
    let mut some = file(&net, str::to_owned);
    some.retain(|path, _| path.starts_with("body.0."));
    some.insert("body.1.weight".into(), (vec![2, 2], vec![7.0; 4]));
    some.insert("body.9.weight".into(), (vec![2, 2], vec![7.0; 4]));
    let (found, weights) = put(&net, some.clone(), true).unwrap();
    assert_eq!(found.body, [6, 12]);
    assert_eq!(found.left, ["body.9.weight", "body.1.weight"]);
    assert_eq!((taken(&weights).len(), &found.heads[..]), (6, "the head is drawn: the file has none"));
    let file = File {
        path: String::new(),
        sha256: Some("0123456789abcdef".into()),
        partial: true,
        place: PathBuf::new(),
        found: Some(found),
    };
    assert_eq!(file.words(), "file 0123456789ab, 6 of 12 tensors");
    // Nothing at all is no part.
    some.retain(|path, _| path.starts_with("body.9"));
    assert!(put(&net, some, true).unwrap_err().to_string().contains("has 0 of the 12"));
}

#[test]
fn heads_may_be_missing_or_of_another_width_and_are_never_taken_by_halves() {
    let net = mlp();
    let heads = |change: &dyn Fn(&mut Tensors)| {
        let mut tensors = file(&net, str::to_owned);
        change(&mut tensors);
        let (found, weights) = put(&net, tensors, false).unwrap();
        (found.heads, taken(&weights).iter().filter(|path| path.starts_with("head")).count())
    };
    let none = heads(&|tensors| tensors.retain(|path, _| !path.starts_with("head")));
    assert_eq!(none, ("the head is drawn: the file has none".into(), 0));
    let wider = heads(&|tensors| drop(tensors.insert("head.weight".into(), (vec![5, 9], vec![7.0; 45]))));
    assert_eq!(wider, ("the head is drawn: the file's has other classes or another width".into(), 0));
    let of_tasks = heads(&|tensors| {
        for part in ["weight", "bias"] {
            let tensor = tensors.remove(&format!("head.{part}")).unwrap();
            tensors.insert(format!("head.0.{part}"), tensor);
        }
    });
    assert_eq!(of_tasks.1, 0);
}

#[test]
fn two_tensors_for_one_place_are_refused() {
    let net = mlp();
    let mut twice = file(&net, str::to_owned);
    twice.insert("theta.body.0.bias".into(), (vec![4], vec![1.0; 4]));
    assert!(refusal(&net, twice).contains("two tensors stand for `body.0.bias`"));
}

#[test]
fn published_names_are_known_and_their_heads_are_not_used() {
    let squeezenet = net("body = \"squeezenet\"", [3, 64, 64]);
    let published = |path: &str| path.strip_prefix("body.").unwrap_or("classifier.1.weight").to_owned();
    let (found, _) = put(&squeezenet, file(&squeezenet, published), false).unwrap();
    assert_eq!((found.body[0], &found.left[..]), (found.body[1], &["classifier.1.weight".to_owned()][..]));
    assert!(found.told().contains("the head is drawn: the file has none; not used: `classifier.1.weight`"));
    let efficientnet = net("body = \"efficientnet-lite0\"", [3, 64, 64]);
    let (found, _) = put(&efficientnet, file(&efficientnet, of_efficientnet), false).unwrap();
    assert_eq!((found.body[0], &found.left[..]), (found.body[1], &["_fc.weight".to_owned()][..]));
    let mut cut = file(&efficientnet, of_efficientnet);
    cut.remove("_blocks.3._bn2.running_var").unwrap();
    let refused = refusal(&efficientnet, cut);
    assert!(refused.contains("missing: `body.3.project.norm.var`"), "{refused}");
}

/// What the published file of EfficientNet-Lite0 calls the tensor at `path`.
fn of_efficientnet(path: &str) -> String {
    let Some(rest) = path.strip_prefix("body.") else { return "_fc.weight".into() };
    let (block, rest) = match rest.split_once('.') {
        Some((block, rest)) if block.parse::<usize>().is_ok() => (Some(block), rest),
        _ => (None, rest),
    };
    let (layer, what) = rest.split_once('.').unwrap();
    let (conv, norm) = match (block, layer) {
        (None, "stem") => ("_conv_stem", "_bn0"),
        (None, "last") => ("_conv_head", "_bn1"),
        (Some(_), "expand") => ("_expand_conv", "_bn0"),
        (Some(_), "depthwise") => ("_depthwise_conv", "_bn1"),
        (Some(_), "project") => ("_project_conv", "_bn2"),
        other => panic!("{other:?}"),
    };
    let name = match what {
        "weight" => format!("{conv}.weight"),
        "norm.gamma" => format!("{norm}.weight"),
        "norm.beta" => format!("{norm}.bias"),
        "norm.mean" => format!("{norm}.running_mean"),
        "norm.var" => format!("{norm}.running_var"),
        other => panic!("{other}"),
    };
    block.map_or_else(|| name.clone(), |block| format!("_blocks.{block}.{name}"))
}

#[test]
fn names_of_a_hostile_file_are_short_and_move_no_cursor() {
    let net = mlp();
    let mut hostile = file(&net, str::to_owned);
    hostile.remove("body.0.bias");
    hostile.extend((0..5_000).map(|at| (format!("\u{1b}[2J{at}{}", "x".repeat(500)), (vec![1], vec![1.0]))));
    let refused = refusal(&net, hostile);
    assert!(refused.len() < 1_500 && !refused.contains('\u{1b}') && refused.contains("and 4996 more"), "{refused}");
}

#[test]
fn a_file_that_changes_between_its_checksum_and_its_use_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("w.safetensors");
    let net = mlp();
    std::fs::write(&place, weights::to_safetensors(&drawn(&net)).unwrap()).unwrap();
    let mut file =
        File { path: "w.safetensors".into(), sha256: None, partial: false, place: PathBuf::new(), found: None };
    file.read(&Files::beside(folder.path())).unwrap();
    file.look(drawn(&net), "a-method", &net).unwrap();
    let mut bytes = std::fs::read(&place).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&place, bytes).unwrap();
    assert!(file.tensors().unwrap_err().to_string().contains("has changed meanwhile"));
}
