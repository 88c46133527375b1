//! `clbench references`: trains what intransigence compares with: jointly on the beginning of a stream, and on each
//! experience alone.

use anyhow::Result;

use super::{
    Ending, Target, Usage, listen, print,
    progress::Progress,
    run::{all, tell_outcomes},
    tell,
};
use crate::{
    config::{Asked, Shelf, resolve},
    run::Run,
};

/// What `references` takes.
#[derive(clap::Args)]
pub(super) struct Words {
    #[command(flatten)]
    pub(super) target: Target,
    /// No progress on standard error
    #[arg(long)]
    pub(super) quiet: bool,
}

pub(super) fn references(words: &Words, shelf: &Shelf) -> Result<Ending> {
    let resolved = |part: Option<(&str, usize)>| {
        let mut settings = words.target.settings.clone();
        settings.push("method=joint".into());
        settings.extend(part.map(|(key, experience)| format!("stream.{key}={experience}")));
        let asked = Asked::parse(&settings).map_err(Usage)?;
        let setup = resolve(&words.target.stream, &asked, shelf).map_err(Usage)?;
        anyhow::Ok((asked, setup))
    };
    let (asked, whole) = resolved(None)?;
    let experiences = whole.stream.experiences.iter().map(|experience| experience.span).sum();
    let seeds = if asked.seeds.is_empty() { vec![whole.config.seed] } else { asked.seeds.clone() };
    // What could not be read back is refused before anything is trained.
    Run::new(&whole, seeds[0], shelf)?.rehearse().map_err(Usage)?;
    listen();
    // Joint training on everything is the last of the first kind.
    let upto = (1..experiences).map(|last| Some(("upto", last)));
    let only = (1..=experiences).map(|one| Some(("only", one)));
    let parts: Vec<_> = upto.chain([None]).chain(only).collect();
    let (mut wrong, mut done) = (0, 0);
    for part in parts {
        let (asked, setup) = resolved(part)?;
        let progress = Progress::new(words.quiet, seeds.len());
        if !words.quiet {
            let which = part.map_or("all experiences".into(), |(key, one)| format!("{key} experience {one}"));
            tell(&format!("reference on {}: {which}", setup.config.name));
        }
        let outcomes = all(&setup, &seeds, &asked, shelf, &progress);
        progress.clear();
        let told = tell_outcomes(&setup, &seeds, &outcomes, &asked.runs);
        if told.interrupted {
            return Ok(Ending::Interrupted);
        }
        (wrong, done) = (wrong + told.wrong, done + seeds.len() - told.wrong);
    }
    let folder = asked.runs.join(&whole.config.name).join("joint");
    print(&format!("{done} references of {}: {}\n", whole.config.name, folder.display()))?;
    Ok(match (wrong, done) {
        (0, _) => Ending::Done,
        (_, 0) => Ending::Failed,
        _ => Ending::Partly,
    })
}
