//! `clbench export peft`: a run's adapters as `peft` reads them.

use std::path::PathBuf;

use anyhow::{Context, Result};
use burn::tensor::Device;
use clbench_results::{RunDir, export::WholeFolder, write_whole};

use super::super::{Ending, tell};
use crate::{
    network::weights::{MOST_BYTES, from_safetensors, to_peft},
    primitives::sealed::read_at_most,
};

/// What `export peft` takes.
#[derive(clap::Args)]
pub(in super::super) struct Words {
    /// Folder of one run, made with keep.weights=true
    run: PathBuf,
    /// Folder to write, which must be new or empty; it gets a
    /// folder per adapter
    #[arg(short, long, value_name = "FOLDER", verbatim_doc_comment)]
    out: PathBuf,
}

pub(super) fn peft(words: &Words) -> Result<Ending> {
    RunDir::open(&words.run)?;
    let place = words.run.join("artifact/weights.safetensors");
    let bytes = read_at_most(&place, MOST_BYTES).with_context(|| {
        format!("cannot read {}; a run keeps its weights when it was made with keep.weights=true", place.display())
    })?;
    let within = || format!("in {}", place.display());
    let weights = from_safetensors(&bytes, &Device::flex()).with_context(within)?;
    let adapters = to_peft(&weights).with_context(within)?;
    let folder = WholeFolder::create(&words.out)?;
    for (name, files) in &adapters {
        for (file, bytes) in files {
            write_whole(&folder.growing().join(name).join(file), bytes)?;
        }
    }
    folder.finish()?;
    let names: Vec<&str> = adapters.keys().map(String::as_str).collect();
    tell(&format!("wrote {} to {}", names.join(", "), words.out.display()));
    Ok(Ending::Done)
}
