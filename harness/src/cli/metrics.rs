//! `clbench metrics`: what scores there are, and what each of them is.

use anyhow::{Result, anyhow};
use clbench_results::{
    metric::find,
    text::{explain, listing, namesakes_table},
};

use super::{Ending, Usage, print};

/// What `metrics` takes.
#[derive(clap::Args)]
pub(super) struct Words {
    /// Explain these: keys such as bwt.gem17, or names such as bwt
    #[arg(value_name = "SCORE")]
    names: Vec<String>,
    /// What goes by one name, side by side on one matrix, as Markdown
    #[arg(long, conflicts_with = "names")]
    table: bool,
}

pub(super) fn metrics(words: &Words) -> Result<Ending> {
    if words.table {
        print(&namesakes_table())?;
        return Ok(Ending::Done);
    }
    if words.names.is_empty() {
        print(&listing())?;
        return Ok(Ending::Done);
    }
    let found = words.names.iter().map(|name| find(name)).collect::<Result<Vec<_>, _>>();
    let texts = found.map_err(|error| Usage(anyhow!("{error}")))?.into_iter().map(explain).collect::<Vec<_>>();
    print(&texts.join("\n"))?;
    Ok(Ending::Done)
}
