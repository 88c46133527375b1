//! `clbench picture`: pictures of finished runs.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use clbench_results::{
    Figure, FigureKind, Refusal, figures,
    store::atomic::write_whole,
    words::{clean, cut},
};

use super::{Ending, Finished, Usage, print, table::Chosen, tell};

/// What `picture` takes.
#[derive(clap::Args)]
#[command(mut_arg("metrics", |word| word.hide(true)))]
pub(super) struct Words {
    /// all, matrix, course, stability, compute, forgetting,
    /// retention, gap, zero-shot, ranks or preferences
    #[arg(value_name = "KIND", verbatim_doc_comment)]
    kind: String,
    #[command(flatten)]
    finished: Finished,
    #[command(flatten)]
    chosen: Chosen,
    /// Write into this folder, as SVG and PNG, or one
    /// picture into FILE.svg or FILE.png; without, the
    /// pictures are listed
    #[arg(long, short, value_name = "FOLDER|FILE", verbatim_doc_comment)]
    out: Option<PathBuf>,
}

/// Where pictures go.
enum Place<'a> {
    Nowhere,
    Folder(&'a Path),
    Svg(&'a Path),
    Png(&'a Path),
}

pub(super) fn picture(words: &Words) -> Result<Ending> {
    let kinds = match words.kind.trim() {
        "all" => FigureKind::ALL.to_vec(),
        kind => vec![kind.parse().map_err(|error| Usage(anyhow!("{error}")))?],
    };
    let place = Place::of(words.out.as_deref())?;
    let grouping = words.chosen.grouping()?;
    if words.chosen.names_metrics() || grouping.mix_streams {
        let why = "each picture has its own scores, and streams stay apart: leave out --metrics and --mix streams";
        return Err(Usage(anyhow!("{why}")).into());
    }
    let mut runs = words.finished.runs()?;
    words.chosen.keep(&mut runs);
    if runs.iter().all(|run| run.manifest.stream.covers.is_some()) {
        return Ok(words.finished.none("run"));
    }
    let (figures, refusals) = figures(&runs, &grouping, &kinds);
    said(&refusals).iter().for_each(|line| tell(line));
    if figures.is_empty() {
        tell("error: there is nothing to draw");
        return Ok(Ending::Failed);
    }
    place.take(&figures)?;
    Ok(Ending::Done)
}

/// A line for each reason, with what it is a reason against.
fn said(refusals: &[Refusal]) -> Vec<String> {
    let mut reasons: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    for refusal in refusals {
        match reasons.iter_mut().find(|(stream, why, _)| (*stream, *why) == (&refusal.stream, &refusal.why)) {
            Some((.., kinds)) => kinds.push(refusal.kind.name()),
            None => reasons.push((&refusal.stream, &refusal.why, vec![refusal.kind.name()])),
        }
    }
    let line = |(stream, why, kinds): (&str, &str, Vec<&str>)| {
        let of = if stream.is_empty() { String::new() } else { format!(" of {stream}") };
        let kinds = if kinds.len() == FigureKind::ALL.len() { "picture".into() } else { kinds.join(", ") };
        cut(&clean(&format!("no {kinds}{of}: {why}")), 600)
    };
    reasons.into_iter().map(line).collect()
}

impl<'a> Place<'a> {
    fn of(out: Option<&'a Path>) -> Result<Self> {
        let Some(path) = out else { return Ok(Self::Nowhere) };
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        match ending.as_deref() {
            _ if path.is_dir() => Ok(Self::Folder(path)),
            Some("svg") => Ok(Self::Svg(path)),
            Some("png") => Ok(Self::Png(path)),
            Some("pdf" | "eps" | "jpg" | "jpeg" | "gif" | "webp") => {
                Err(Usage(anyhow!("{}: pictures are written as .svg or .png", path.display())).into())
            }
            _ => Ok(Self::Folder(path)),
        }
    }

    fn take(self, figures: &[Figure]) -> Result<()> {
        let context = "the picture is not written";
        match self {
            Self::Nowhere => {
                let rows = figures.iter().map(|figure| format!("{}\n  {}\n", figure.name, figure.title));
                print(&rows.collect::<String>())?;
                tell("nothing was written; give a folder for all, or a file for one: -o FOLDER, -o FILE.svg");
            }
            Self::Folder(folder) => {
                for figure in figures {
                    let [svg, png] = ["svg", "png"].map(|ending| folder.join(format!("{}.{ending}", figure.name)));
                    write_whole(&svg, figure.picture.svg.as_bytes()).context(context)?;
                    write_whole(&png, &figure.picture.png()?).context(context)?;
                    print(&described(&svg, figure))?;
                }
            }
            Self::Svg(file) => {
                let figure = single(figures, file)?;
                write_whole(file, figure.picture.svg.as_bytes()).context(context)?;
                print(&described(file, figure))?;
            }
            Self::Png(file) => {
                let figure = single(figures, file)?;
                write_whole(file, &figure.picture.png()?).context(context)?;
                print(&described(file, figure))?;
            }
        }
        Ok(())
    }
}

fn single<'a>(figures: &'a [Figure], file: &Path) -> Result<&'a Figure> {
    let names = || figures.iter().take(5).map(|figure| figure.name.as_str()).collect::<Vec<_>>().join(", ");
    let several = || {
        let some = if figures.len() > 5 { ", …" } else { "" };
        let how = "choose with --only stream=… or method=…, or give a folder";
        Usage(anyhow!(
            "{} holds one picture, and there are {}: {}{some}; {how}",
            file.display(),
            figures.len(),
            names()
        ))
    };
    ensure!(figures.len() == 1, several());
    Ok(&figures[0])
}

/// The file and the caption, to stand in a text beside the picture.
fn described(file: &Path, figure: &Figure) -> String {
    format!("{}\n  {}. {}\n", clean(&file.display().to_string()), figure.title, figure.caption)
}
