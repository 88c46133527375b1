//! Opens the datasets of a stream.

use std::{cell::RefCell, path::Path};

use anyhow::{Context, Result, ensure};

use super::{Settings, StreamParts, listed};
use crate::{
    catalogue::pick,
    data::{Dataset, Load, Origin, Source, files::Files},
};

/// Datasets of a user's own, by name.
pub(crate) type Own = Vec<(String, Box<dyn Load>)>;

/// Where things are looked for.
pub(crate) struct Places<'a> {
    /// The folder of datasets.
    pub data: &'a Path,
    /// Finds what the stream file names.
    pub files: &'a Files,
    /// The file's `[data]` tables: datasets of a user's own.
    pub own: &'a Own,
    /// The datasets that are known by name.
    pub sources: &'a [&'static dyn Source],
    /// What streams are made of.
    pub parts: &'a StreamParts,
}

/// Opens the stream's datasets, those of its pool and those that are held out. A name that ends in `.csv` or `.json` is
/// a list of concepts.
pub(super) fn open(settings: &Settings, places: &Places, notes: &RefCell<Vec<String>>) -> Result<Vec<Dataset>> {
    let mut all = Vec::new();
    let parted = !(settings.pool.is_empty() && settings.held_out.is_empty());
    for name in settings.dataset.iter().chain(&settings.pool).chain(&settings.held_out) {
        let own = places.own.iter().find(|(own, _)| own == name);
        let opened = if let Some((_, loader)) = own {
            let origin = Origin { data: places.data, files: places.files, sources: places.sources, notes };
            loader.load(name, &origin)
        } else if listed::is_list(name) {
            ensure!(
                !parted,
                "stream.pool and stream.held_out cannot stand beside a list of concepts, which has no data"
            );
            all.extend(listed::open(&places.files.find(name, &[])?)?);
            continue;
        } else {
            pick("dataset", name, places.sources, |source| source.name())?.open(places.data)
        };
        all.push(opened.with_context(|| format!("cannot open the dataset `{name}`"))?);
    }
    let (train, test) = (settings.most_train, settings.most_test);
    if train.is_some() || test.is_some() {
        all = all.iter().map(|dataset| dataset.limited(train, test)).collect();
    }
    Ok(all)
}
