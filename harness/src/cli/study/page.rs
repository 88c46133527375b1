//! The page of a study: made from its bundle, or compared with it.

use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::Parser;
use clbench_results::{
    FigureKind, Filter, Grouping, Ranking, RunDir, figures,
    store::{atomic::write_whole, discover},
    study::{Names, Picture, write_page},
    words::{clean, short},
};

use super::{Words, plan::Plan};
use crate::{
    cli::{
        Ending, Usage,
        made::{Place, made},
        print, read_text, tell, verify,
    },
    config::Shelf,
};

/// Writes the page and its pictures.
pub(super) fn write(plan: &Plan) -> Result<()> {
    let runs = bundled(plan)?;
    let text = text(plan, &runs)?;
    for picture in &plan.study.pictures {
        draw(plan, picture, &runs)?;
    }
    write_whole(&plan.page(), text.as_bytes()).context("the page is not written")?;
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
    let place = Place {
        bundle: plan.bundle(),
        roots: vec![plan.out.join(plan.bundle())],
        folder: plan.out.clone(),
        study: Some((plan.file.clone(), plan.study.clone())),
    };
    let names = Names { runs: plan.bundle(), study: plan.file.clone() };
    let text = write_page(&plan.study, &names, |block| {
        made(block, &place, runs).map(|(text, _)| text).map_err(|error| format!("{error:#}"))
    });
    text.map_err(|why| anyhow!("{}: {why}", plan.file))
}

/// Draws a picture of the study, or several, into the folder beside the page; streams stay apart.
fn draw(plan: &Plan, picture: &Picture, runs: &[RunDir]) -> Result<()> {
    let mut kinds = Vec::new();
    for kind in &picture.kinds {
        match &kind[..] {
            "all" => kinds.extend(FigureKind::ALL),
            kind => kinds.push(kind.parse().map_err(|why| Usage(anyhow!("{why}")))?),
        }
    }
    let filters = |texts: &[String]| texts.iter().map(|text| text.parse()).collect::<Result<Vec<Filter>, _>>();
    let [only, without] = [filters(&picture.only), filters(&picture.without)];
    let (only, without) = (only.map_err(|why| anyhow!("{why}"))?, without.map_err(|why| anyhow!("{why}"))?);
    let ranking = if picture.rank_all { Ranking::All } else { Ranking::Comparable };
    let grouping = Grouping { ranking, ..Grouping::default() };
    let mut drawn = Vec::new();
    for stream in &plan.study.streams {
        let fits = |run: &&RunDir| {
            let fit = |filter: &Filter| filter.fits(&run.manifest);
            let chosen = only.iter().all(fit) && !without.iter().any(fit);
            run.manifest.stream.name == *stream && (chosen || run.manifest.stream.covers.is_some())
        };
        let of: Vec<RunDir> = runs.iter().filter(fits).cloned().collect();
        let (figures, refusals) = figures(&of, &grouping, &kinds);
        // Of all kinds some are never there.
        let said = refusals.iter().filter(|_| !picture.kinds.iter().any(|kind| kind == "all"));
        said.for_each(|refusal| tell(&format!("no {} of {stream}: {}", refusal.kind.name(), refusal.why)));
        drawn.extend(figures);
    }
    let folder = plan.out.join(&plan.name);
    let several = drawn.len();
    for figure in drawn {
        let name = match &picture.file {
            None => figure.name,
            Some(file) if several == 1 => file.clone(),
            Some(file) => {
                bail!(
                    "`file` = {file} is one picture, and there are {several}; choose with `only`, or leave out `file`"
                )
            }
        };
        let file = folder.join(format!("{name}.svg"));
        write_whole(&file, figure.picture.svg.as_bytes()).context("a picture is not written")?;
    }
    Ok(())
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
    Ok(match verify::verify(&again.words, shelf)? {
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
