//! The page of a study: made from its bundle, or compared with it.

use anyhow::{Context, Result, anyhow, ensure};
use clap::Parser;
use clbench_results::{
    RunDir,
    proof::others,
    store::{
        atomic::{WholeFile, write_whole},
        discover,
    },
    study::{Names, draw, write_page},
    words::{clean, short},
};

use super::{Words, plan::Plan};
use crate::{
    cli::{
        Ending, Usage,
        made::{self, Place, made},
        print, read_text, tell, verify,
    },
    config::Shelf,
};

/// Writes the page and its pictures.
pub(super) fn write(plan: &Plan) -> Result<()> {
    let runs = bundled(plan)?;
    let text = text(plan, &runs)?;
    let drawn = draw(&plan.study, &runs).map_err(|why| Usage(anyhow!("{}: {why}", plan.file)))?;
    drawn.notes.iter().for_each(|note| tell(note));
    let folder = plan.out.join(&plan.name);
    for (name, svg) in &drawn.files {
        write_whole(&folder.join(name), svg.as_bytes()).context("a picture is not written")?;
    }
    write_whole(&plan.page(), text.as_bytes()).context("the page is not written")?;
    // What somebody else put there is not ours to remove.
    for name in others(&folder, &drawn.files)? {
        tell(&format!("{} is not one of the study's pictures; remove it", folder.join(name).display()));
    }
    print(&format!("{}\n", clean(&plan.page().display().to_string())))
}

/// The runs of the bundle beside the page.
fn bundled(plan: &Plan) -> Result<Vec<RunDir>> {
    let bundle = plan.out.join(plan.bundle());
    let missing = || format!("no bundle {}; without --page the study makes it", bundle.display());
    ensure!(bundle.is_file(), Usage(anyhow!(missing())));
    let found = discover(&[&bundle])?;
    found.notes().iter().for_each(|note| tell(note));
    ensure!(!found.runs.is_empty(), "no run in {} can be read", bundle.display());
    Ok(found.runs)
}

/// The page as the study makes it from `runs`.
fn text(plan: &Plan, runs: &[RunDir]) -> Result<String> {
    let place = place(plan);
    let mut usage = true;
    let text = write_page(&plan.study, &names(plan), |block| {
        made(block, &place, runs).map(|(text, _)| text).map_err(|error| {
            usage = error.is::<Usage>();
            format!("{error:#}")
        })
    });
    text.map_err(|why| {
        let error = anyhow!("{}: {why}", plan.file);
        if usage { Usage(error).into() } else { error }
    })
}

/// Refuses what is wrong with the page whatever the runs are, before any is trained.
pub(super) fn check(plan: &Plan) -> Result<()> {
    let place = place(plan);
    let checked = write_page(&plan.study, &names(plan), |block| {
        made::check(block, &place).map(|()| String::new()).map_err(|error| format!("{error:#}"))
    });
    checked.map(drop).map_err(|why| Usage(anyhow!("{}: {why}", plan.file)).into())
}

/// Refuses a place that page, bundle or pictures cannot be written to, before anything is trained.
pub(super) fn writable(plan: &Plan) -> Result<()> {
    for file in [plan.page(), plan.out.join(plan.bundle())] {
        // Begun and not finished: what has the name stays as it is.
        WholeFile::create(&file).context("the page could not be written")?;
    }
    let folder = plan.out.join(&plan.name);
    let free = plan.study.pictures.is_empty() || folder.is_dir() || folder.symlink_metadata().is_err();
    ensure!(free, "{} is not a folder, and the pictures go there; remove it or choose another --out", folder.display());
    Ok(())
}

/// The page as its blocks see it.
fn place(plan: &Plan) -> Place {
    Place {
        bundle: plan.bundle(),
        roots: vec![plan.out.join(plan.bundle())],
        folder: plan.out.clone(),
        study: Some((plan.file.clone(), plan.study.clone())),
    }
}

fn names(plan: &Plan) -> Names {
    Names { runs: plan.bundle(), study: plan.file.clone() }
}

/// `verify` as a command of its own takes its words.
#[derive(Parser)]
#[command(no_binary_name = true)]
struct Again {
    #[command(flatten)]
    words: verify::Words,
}

/// Makes the page again and compares, then has its runs trained again unless `--page` says no.
pub(super) fn verify(plan: &Plan, words: &Words, shelf: &Shelf) -> Result<Ending> {
    let mut again = vec![plan.page().display().to_string()];
    for setting in &words.settings {
        match setting.split_once('=').map(|(key, value)| (key.trim(), value.trim())) {
            Some(("data", folder)) => again.extend(["--data".into(), folder.into()]),
            _ => return Err(Usage(anyhow!("--verify has no use for {}", short(setting))).into()),
        }
    }
    if words.page {
        again.push("--from-records".into());
    }
    let now = text(plan, &bundled(plan)?)?;
    let said = read_text(&plan.page())?;
    let same = now == said;
    print(&if same { "the page is what the study makes\n".into() } else { difference(&said, &now) })?;
    let again = Again::try_parse_from(again).map_err(|error| Usage(anyhow!("{error}")))?;
    let study = Some((plan.file.clone(), plan.study.clone()));
    Ok(match verify::verify_page(&again.words, study, shelf)? {
        Ending::Done if !same => Ending::Failed,
        ending => ending,
    })
}

/// Where two pages part.
fn difference(said: &str, now: &str) -> String {
    let (mut said, mut now, mut line) = (said.lines(), now.lines(), 0);
    loop {
        line += 1;
        let (a, b) = (said.next(), now.next());
        if a != b || a.is_none() {
            let [a, b] = [a, b].map(|line| line.map_or_else(|| "nothing".into(), short));
            return format!("the page is not what the study makes: line {line} is `{a}`, and would be `{b}`\n");
        }
    }
}
