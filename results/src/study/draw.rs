//! The pictures of a study, as files.

use std::collections::BTreeMap;

use super::file::{Picture, Study};
use crate::{
    gallery::{Figure, Kind, Refusal, figures},
    record::RunDir,
    store::Filter,
    summary::{Grouping, rank::Ranking},
    words::short,
};

/// What is drawn of a study.
#[derive(Clone, Debug, Default)]
pub struct Drawn {
    /// SVG, by the name of its file in the folder beside the page.
    pub files: BTreeMap<String, String>,
    /// What was asked for and cannot be drawn, and why.
    pub notes: Vec<String>,
}

/// Draws the pictures of `study` from `runs`; streams stay apart.
///
/// # Errors
/// When a picture has a name that is another's, too.
pub fn draw(study: &Study, runs: &[RunDir]) -> Result<Drawn, String> {
    let mut all = Drawn::default();
    for picture in &study.pictures {
        let figures = of_picture(study, picture, runs, &mut all.notes)?;
        let several = figures.len();
        for figure in figures {
            let name = match &picture.file {
                None => figure.name,
                Some(file) if several == 1 => file.clone(),
                Some(file) => {
                    return Err(format!(
                        "`file` = {file} is one picture, and there are {several}; choose with `only`, or leave out \
                         `file`"
                    ));
                }
            };
            if all.files.insert(format!("{name}.svg"), figure.picture.svg).is_some() {
                return Err(format!("two pictures are called {}; name one with `file`", short(&name)));
            }
        }
    }
    Ok(all)
}

/// One entry of the study's `pictures`, stream by stream.
fn of_picture(
    study: &Study,
    picture: &Picture,
    runs: &[RunDir],
    notes: &mut Vec<String>,
) -> Result<Vec<Figure>, String> {
    let all = picture.kinds.iter().any(|kind| kind == "all");
    let kinds = if all {
        Kind::ALL.to_vec()
    } else {
        picture.kinds.iter().map(|kind| kind.parse()).collect::<Result<Vec<Kind>, _>>()?
    };
    let filters = |texts: &[String]| texts.iter().map(|text| text.parse()).collect::<Result<Vec<Filter>, _>>();
    let (only, without) = (filters(&picture.only)?, filters(&picture.without)?);
    let ranking = if picture.rank_all { Ranking::All } else { Ranking::Comparable };
    let grouping = Grouping { ranking, ..Grouping::default() };
    let mut drawn = Vec::new();
    for stream in &study.streams {
        let fits = |run: &&RunDir| {
            let fit = |filter: &Filter| filter.fits(&run.manifest);
            let chosen = only.iter().all(fit) && !without.iter().any(fit);
            run.manifest.stream.name == *stream && (chosen || run.manifest.stream.covers.is_some())
        };
        let of: Vec<RunDir> = runs.iter().filter(fits).cloned().collect();
        let (figures, refusals) = figures(&of, &grouping, &kinds);
        let told = |refusal: &Refusal| format!("no {} of {stream}: {}", refusal.kind.name(), refusal.why);
        // Of all kinds some are never there.
        notes.extend(refusals.iter().filter(|_| !all).map(told));
        drawn.extend(figures);
    }
    Ok(drawn)
}
