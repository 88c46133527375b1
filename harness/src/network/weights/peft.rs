//! Adapters as Hugging Face's `peft` reads them, beside the weights that they adapt, as PyTorch names them.
//!
//! <https://huggingface.co/docs/peft/developer_guides/checkpoint>, "PEFT files" and "The `adapter_model` file format".
//!
//! PyTorch has matrices the other way round (`[out, in]`), calls γ and β `weight` and `bias`, and running statistics
//! `running_mean` and `running_var`. Biases, norms and heads that were trained beside the adapters are among the base's
//! weights.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail, ensure};
use safetensors::{Dtype, tensor::TensorView};
use serde_json::{Value, json};

use crate::{
    network::pass::{SHARED_A, SHARED_B, Weights},
    primitives::{array::Array, theta::Theta},
};

/// One adapter and its base: files by name.
pub type Files = BTreeMap<&'static str, Vec<u8>>;

/// Named tensors on their way into a file.
type Named = BTreeMap<String, Array>;

/// Every adapter of `weights`, by the folder that it belongs into: `lora0` and so on, in folders `route0` and so on
/// where tasks have their own.
///
/// # Errors
/// When there is none, or `peft` has nothing like it.
pub fn to_peft(weights: &Weights) -> Result<BTreeMap<String, Files>> {
    let mut all = BTreeMap::new();
    let routes = (0..).map(|route| format!("route{route}"));
    for route in routes.take_while(|route| weights.frozen.paths().any(|path| path.starts_with(&format!("{route}.")))) {
        let of = |part: &str| weights.frozen.below(&format!("{route}.{part}."));
        let part = Weights { theta: of("theta"), buffers: of("buffers"), frozen: shared(&weights.frozen) };
        all.extend(adapters(&part)?.into_iter().map(|(name, files)| (format!("{route}/{name}"), files)));
    }
    if all.is_empty() {
        all = adapters(weights)?;
    }
    ensure!(
        !all.is_empty(),
        "these weights have no adapters: none was trained, or they are folded into the matrices (end = \"fold\")"
    );
    Ok(all)
}

/// What is no route's own.
fn shared(frozen: &Theta) -> Theta {
    let mut shared = frozen.clone();
    shared.retain(|path, _| !path.starts_with("route") && !path.starts_with("start."));
    shared
}

fn adapters(weights: &Weights) -> Result<BTreeMap<String, Files>> {
    let mut all = weights.frozen.clone();
    all.extend(weights.theta.clone());
    let base = serialised(&base(&all, &weights.buffers)?)?;
    let mut found = BTreeMap::new();
    for index in 0.. {
        let marks = ["scale", "outer"].map(|mark| format!(".lora{index}.{mark}"));
        let name = |path: &str| marks.iter().find_map(|mark| Some(path.strip_suffix(mark)?.to_owned()));
        let names: BTreeSet<String> = all.paths().filter_map(name).collect();
        if names.is_empty() {
            break;
        }
        let one = One { all: &all, index, names };
        let (config, tensors) = one.export()?;
        let config = serde_json::to_vec_pretty(&config).context("a configuration is JSON")?;
        let tensors = serialised(&tensors)?;
        let files = [
            ("adapter_config.json", config),
            ("adapter_model.safetensors", tensors),
            ("base_model.safetensors", base.clone()),
        ];
        found.insert(format!("lora{index}"), Files::from(files));
    }
    let lengths = |path: &str| path.ends_with(".magnitude") && path.contains(".lora");
    ensure!(
        found.len() < 2 || !all.paths().any(lengths),
        "several adapters share one length here, which peft has no word for; use end = \"fold\" or per = \"stream\""
    );
    Ok(found)
}

/// All that is no adapter, in PyTorch's layout and words.
fn base(all: &Theta, buffers: &Theta) -> Result<Named> {
    let words = [(".gamma", ".weight"), (".beta", ".bias"), (".mean", ".running_mean"), (".var", ".running_var")];
    let mut named = Named::new();
    for (path, array) in all.iter().chain(buffers.iter()).filter(|(path, _)| !is_adapter(path)) {
        let word = words.iter().find_map(|(ours, theirs)| Some(format!("{}{theirs}", path.strip_suffix(ours)?)));
        let array = if path.ends_with(".weight") { turned(array) } else { array.clone() };
        let name = word.unwrap_or_else(|| path.to_owned());
        ensure!(named.insert(name.clone(), array).is_none(), "two tensors would be called `{name}`");
    }
    Ok(named)
}

fn is_adapter(path: &str) -> bool {
    path == SHARED_A || path == SHARED_B || path.contains(".lora")
}

/// A matrix the other way round, anything else as it is.
fn turned(array: &Array) -> Array {
    match array.shape[..] {
        [_, _] => array.tensor::<2>().transpose().into(),
        _ => array.clone(),
    }
}

/// One adapter of all that stand beside the matrices `names`.
struct One<'a> {
    all: &'a Theta,
    index: usize,
    names: BTreeSet<String>,
}

impl One<'_> {
    fn part(&self, name: &str, part: &str) -> Option<&Array> {
        self.all.get(&format!("{name}.lora{}.{part}", self.index))
    }

    fn needed(&self, name: &str, part: &str) -> Result<&Array> {
        self.part(name, part).with_context(|| format!("{name}.lora{} has no `{part}`", self.index))
    }

    /// `adapter_config.json` and the tensors.
    fn export(&self) -> Result<(Value, Named)> {
        let vectors = self.names.iter().filter(|name| self.part(name, "outer").is_some()).count();
        match vectors {
            0 => self.low_rank(),
            all if all == self.names.len() => self.vectors(),
            _ => bail!("adapter {} is of one kind here and of another there", self.index),
        }
    }

    /// LoRA and DoRA.
    fn low_rank(&self) -> Result<(Value, Named)> {
        let (mut tensors, mut settings) = (Named::new(), BTreeSet::new());
        for name in &self.names {
            let (a, b) = (self.needed(name, "a")?, self.needed(name, "b")?);
            let matrix = a.shape.len() == 2;
            let rank = if matrix { a.shape.get(1) } else { a.shape.first() }.copied().unwrap_or(0);
            let shapes = matches!((&a.shape[..], &b.shape[..]), ([_, r], [s, _]) if r == s)
                || matches!((&a.shape[..], &b.shape[..]), ([r, _, _, _], [_, s, 1, 1]) if r == s);
            ensure!(shapes && rank > 0, "A {:?} and B {:?} of `{name}` are of no rank", a.shape, b.shape);
            let scale = self.needed(name, "scale")?.values();
            let scale = scale.first().copied().context("a scale is one number")?;
            let magnitude = self.part(name, "magnitude");
            settings.insert((rank, scale.to_bits(), magnitude.is_some()));
            let at = format!("base_model.model.{name}");
            tensors.insert(format!("{at}.lora_A.weight"), turned(a));
            tensors.insert(format!("{at}.lora_B.weight"), turned(b));
            if let Some(magnitude) = magnitude {
                let shape = if matrix { vec![magnitude.len()] } else { vec![1, magnitude.len(), 1, 1] };
                let magnitude = Array { shape, flat: magnitude.flat.clone() };
                tensors.insert(format!("{at}.lora_magnitude_vector"), magnitude);
            }
        }
        let [(rank, scale, dora)] = settings.into_iter().collect::<Vec<_>>()[..] else {
            bail!("adapter {} has several ranks, scales or kinds", self.index);
        };
        let config = json!({
            "peft_type": "LORA", "task_type": null, "base_model_name_or_path": null, "inference_mode": true,
            "r": rank, "lora_alpha": f64::from(f32::from_bits(scale)) * rank as f64, "lora_dropout": 0.0,
            "use_rslora": false, "use_dora": dora, "bias": "none", "fan_in_fan_out": false,
            "target_modules": self.targets(),
        });
        Ok((config, tensors))
    }

    /// VeRA.
    fn vectors(&self) -> Result<(Value, Named)> {
        let shared = |path: &str| self.all.get(path).with_context(|| format!("there is no `{path}`"));
        let (a, b) = (shared(SHARED_A)?, shared(SHARED_B)?);
        let mut tensors =
            Named::from([("base_model.vera_A".into(), a.clone()), ("base_model.vera_B".into(), b.clone())]);
        for name in &self.names {
            let weight = self.all.get(&format!("{name}.weight"));
            ensure!(
                weight.is_some_and(|weight| weight.shape.len() == 2),
                "`{name}` is a kernel, and peft's VeRA has matrices only; choose a network without, or on = \
                 \"attention\""
            );
            let at = format!("base_model.model.{name}");
            tensors.insert(format!("{at}.vera_lambda_d"), self.needed(name, "inner")?.clone());
            tensors.insert(format!("{at}.vera_lambda_b"), self.needed(name, "outer")?.clone());
        }
        let config = json!({
            "peft_type": "VERA", "task_type": null, "base_model_name_or_path": null, "inference_mode": true,
            "r": a.shape.first(), "vera_dropout": 0.0, "d_initial": 0.1, "projection_prng_key": 0,
            "save_projection": true, "bias": "none", "fan_in_fan_out": false, "target_modules": self.targets(),
        });
        Ok((config, tensors))
    }

    /// A regular expression of the whole names; as a list, `peft` would take each for an ending.
    fn targets(&self) -> String {
        let names: Vec<String> = self.names.iter().map(|name| name.replace('.', "\\.")).collect();
        format!("({})", names.join("|"))
    }
}

fn serialised(named: &Named) -> Result<Vec<u8>> {
    let bytes = |array: &Array| -> Vec<u8> { array.values().into_iter().flat_map(f32::to_le_bytes).collect() };
    let all: Vec<_> = named.iter().map(|(name, array)| (name, array.shape.clone(), bytes(array))).collect();
    let mut views = Vec::with_capacity(all.len());
    for (name, shape, bytes) in &all {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes);
        views.push((name, view.context("a tensor has as many elements as its shape says")?));
    }
    let about = [("format".to_owned(), "pt".to_owned())].into();
    safetensors::serialize(views, Some(about)).context("cannot write the tensors as safetensors")
}
