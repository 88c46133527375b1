//! `clbench metrics`: what scores there are, and what each of them is.

use anyhow::{Result, anyhow};
use clbench_results::metric::{explain, find, listing};

use super::{Ending, Usage, print};

/// What `metrics` takes.
#[derive(clap::Args)]
pub(super) struct Words {
    /// Explain these: keys such as bwt.gem17, or names such as bwt
    #[arg(value_name = "SCORE")]
    names: Vec<String>,
}

pub(super) fn metrics(words: &Words) -> Result<Ending> {
    if words.names.is_empty() {
        print(&listing())?;
        return Ok(Ending::Done);
    }
    let found = words.names.iter().map(|name| find(name)).collect::<Result<Vec<_>, _>>();
    let texts = found.map_err(|error| Usage(anyhow!("{error}")))?.into_iter().map(explain).collect::<Vec<_>>();
    print(&texts.join("\n"))?;
    Ok(Ending::Done)
}
