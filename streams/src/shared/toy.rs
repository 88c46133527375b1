//! Small universes for tests.

use std::path::Path;

use anyhow::Result;
use clbench::{
    catalogue::Made,
    data::{Dataset, Fit, Split, Universe},
    primitives::draws::Draws,
    stream::{Ground, Rank},
};

/// Concepts without pixels, two examples each.
pub(crate) fn bare(datasets: &[(&str, &[&str])]) -> Universe {
    let dataset = |(name, classes): &(&str, &[&str])| {
        let labels = || Split::bare((0..classes.len() as u16).flat_map(|label| [label, label]).collect()).unwrap();
        Dataset::new(name, [1, 1, 1], classes.iter().map(ToString::to_string).collect(), labels(), labels())
    };
    Universe::new(datasets.iter().map(dataset).collect(), None, Fit::Resize).unwrap()
}

/// One dataset `toy` with classes `a`, `b`, … and one channel of `side` rows; class by class, its pictures.
pub(crate) fn pictures(side: usize, classes: &[Vec<Vec<u8>>]) -> Universe {
    let labels: Vec<u16> = classes.iter().enumerate().flat_map(|(at, of)| vec![at as u16; of.len()]).collect();
    let pixels: Vec<u8> = classes.iter().flatten().flatten().copied().collect();
    let shape = [1, side, side];
    let split = || Split::new(shape, pixels.clone(), labels.clone(), classes.len()).unwrap();
    let names = (0..classes.len()).map(|at| char::from(b'a' + at as u8).to_string()).collect();
    Universe::new(vec![Dataset::new("toy", shape, names, split(), split())], None, Fit::Resize).unwrap()
}

/// All of a universe, with files looked for in the current folder.
pub(crate) fn ground(universe: &Universe, seed: u64) -> Ground<'_> {
    Ground::new(universe, Draws::of(seed), Path::new(""))
}

/// How an ordering with `settings` ranks the concepts of `universe`.
pub(crate) fn rank(
    make: fn(toml::Table) -> Made<Box<dyn Rank>>,
    settings: &str,
    universe: &Universe,
    seed: u64,
) -> Result<Vec<usize>> {
    let ground = ground(universe, seed);
    let (_, part) = make(settings.parse()?)?;
    part.rank(&ground.concepts(), &ground)
}

/// Why it refuses.
pub(crate) fn refusal(make: fn(toml::Table) -> Made<Box<dyn Rank>>, settings: &str, universe: &Universe) -> String {
    let ranking = rank(make, settings, universe, 0);
    format!("{:#}", ranking.err().unwrap_or_else(|| panic!("{settings}: not refused")))
}

/// A file with `text`, and its path.
pub(crate) fn file(text: &str) -> (tempfile::TempPath, String) {
    let file = tempfile::NamedTempFile::new().unwrap().into_temp_path();
    std::fs::write(&file, text).unwrap();
    let path = file.to_str().unwrap().to_owned();
    (file, path)
}
