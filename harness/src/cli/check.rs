//! `clbench check`: everything but training.

use std::fmt::Write;

use anyhow::Result;
use clbench_results::words::{clean, printable};

use super::{Ending, Target, Usage, print};
use crate::{
    config::{Asked, Shelf, resolve},
    run::Run,
};

/// What `check` takes.
#[derive(clap::Args)]
pub(super) struct Words {
    #[command(flatten)]
    target: Target,
}

pub(super) fn check(words: &Words, shelf: &Shelf) -> Result<Ending> {
    let asked = Asked::parse(&words.target.settings).map_err(Usage)?;
    let setup = resolve(&words.target.stream, &asked, shelf).map_err(Usage)?;
    let mut run = Run::new(&setup, asked.seeds.first().copied().unwrap_or(setup.config.seed), shelf)?;
    let parameters = run.state.weights.theta.len();
    let horizon = run.rehearse().map_err(Usage)?;
    let price = run.state.price;
    let mut text = String::new();
    let _ = writeln!(text, "stream      {}, {}", setup.stream.name, &setup.stream.hash[..12]);
    let _ = writeln!(text, "method      {}", setup.config.method);
    if let Some(start) = setup.config.start.told() {
        let _ = writeln!(text, "start       {}", printable(&start));
    }
    let _ =
        writeln!(text, "weights     {parameters} trained at the start, {} when adapted", run.state.weights.theta.len());
    let _ = writeln!(text, "step        {:.3e} operations, {} examples", price.flops as f64, price.examples);
    let _ = writeln!(text, "task end    {:.3e} operations kept back", run.state.reserve.flops as f64);
    let _ = writeln!(
        text,
        "experience  {} steps (bound by {}), the first of {}",
        horizon.steps,
        horizon.bound_by,
        setup.stream.experiences.len()
    );
    let _ = writeln!(text, "run         {}", setup.place(&asked.runs, run.seed).display());
    for note in &setup.stream.notes {
        let _ = writeln!(text, "note        {}", clean(note));
    }
    text += "all is well; nothing was written\n";
    print(&text)?;
    Ok(Ending::Done)
}
