//! Examples as a task shows them: places in a pool, their labels, and a transform.

use std::{fmt::Debug, sync::Arc};

use sha2::{Digest, Sha256};

use crate::{
    data::{Pool, Transform},
    primitives::hex::hex,
};

/// The label of a concept that is not shown.
const NONE: u32 = u32::MAX;

/// Labels as views keep them.
pub(super) fn packed(labels: &[Option<usize>]) -> Arc<[u32]> {
    labels.iter().map(|label| label.map_or(NONE, |label| label as u32)).collect()
}

/// Room for inputs between a transform and the next.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    pub(crate) shaped: Vec<u8>,
    shown: Vec<u8>,
}

/// Examples of a pool as a task shows them. Cloning it copies no pixels.
#[derive(Clone, Debug)]
pub struct View {
    pool: Arc<Pool>,
    indices: Arc<[u32]>,
    /// The stream's label of each concept of the pool; [`NONE`] for what is not shown.
    labels: Arc<[u32]>,
    /// The label that each example is given, where that is not its concept's.
    told: Option<Arc<[u32]>>,
    transform: Option<Arc<dyn Transform>>,
}

impl View {
    /// The examples of `pool` whose concept has a label in `labels` (one entry per concept), which views can share.
    pub(super) fn shown(pool: &Arc<Pool>, labels: &Arc<[u32]>, transform: Option<Arc<dyn Transform>>) -> Self {
        let shown = |index: &u32| labels[pool.concept(*index as usize)] != NONE;
        let indices = (0..pool.len() as u32).filter(shown).collect();
        Self { pool: pool.clone(), indices, labels: labels.clone(), told: None, transform }
    }
    /// Those examples of each concept, in the order of the concepts; the label is the concept's number.
    pub fn of_each_concept(pool: &Arc<Pool>, concepts: usize) -> Vec<Self> {
        let mut places = vec![Vec::new(); concepts];
        (0..pool.len()).for_each(|index| places[pool.concept(index)].push(index as u32));
        let labels: Arc<[u32]> = (0..concepts as u32).collect();
        let view = |indices: Vec<u32>| Self {
            pool: pool.clone(),
            indices: indices.into(),
            labels: labels.clone(),
            told: None,
            transform: None,
        };
        places.into_iter().map(view).collect()
    }
    /// The examples at `places` of this view.
    #[must_use]
    pub fn select(&self, places: &[usize]) -> Self {
        let indices = places.iter().map(|place| self.indices[*place]).collect();
        let told = self.told.as_ref().map(|told| places.iter().map(|place| told[*place]).collect());
        Self { indices, told, ..self.clone() }
    }
    /// The same examples with the labels `told`, one for each, in place of their own.
    ///
    /// # Panics
    /// When there are not as many labels as examples.
    #[must_use]
    pub fn relabelled(&self, told: &[usize]) -> Self {
        assert_eq!(told.len(), self.len(), "one label for each example");
        Self { told: Some(told.iter().map(|label| *label as u32).collect()), ..self.clone() }
    }
    /// Places in the pool.
    pub fn indices(&self) -> &[u32] {
        &self.indices
    }
    /// The pool that the examples come from.
    pub fn pool(&self) -> &Arc<Pool> {
        &self.pool
    }
    /// Number of examples.
    pub fn len(&self) -> usize {
        self.indices.len()
    }
    /// Whether there is no example.
    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }
    /// The stream's label of the example at `index`.
    pub fn label(&self, index: usize) -> usize {
        match &self.told {
            Some(told) => told[index] as usize,
            None => self.labels[self.concept(index)] as usize,
        }
    }
    /// What is said of the example at `index`, where something is.
    pub fn caption(&self, index: usize) -> Option<&Arc<str>> {
        self.pool.caption(self.indices[index] as usize)
    }
    /// When the example at `index` came to be, in seconds since 1970, where that is known.
    pub fn time(&self, index: usize) -> Option<i64> {
        self.pool.time(self.indices[index] as usize)
    }
    /// Whether inputs are changed on their way.
    pub fn is_transformed(&self) -> bool {
        self.transform.is_some()
    }
    /// The concept of the example at `index`, whatever label it is given.
    pub fn concept(&self, index: usize) -> usize {
        self.pool.concept(self.indices[index] as usize)
    }
    /// Reads a byte of each cache line of the example at `index`, so that it is near when it is needed.
    pub(crate) fn touch(&self, index: usize) -> u8 {
        const LINE: usize = 64;
        let pixels = self.pool.near(self.indices[index] as usize);
        pixels.iter().step_by(LINE).fold(0, |all, byte| all ^ byte)
    }
    /// Hands the pixels of the example at `index` to `take`, brought to the stream's shape and transformed.
    pub fn pixels<T>(&self, index: usize, scratch: &mut Scratch, take: impl FnOnce(&[u8]) -> T) -> T {
        let Scratch { shaped, shown } = scratch;
        let pixels = self.pool.pixels(self.indices[index] as usize, shaped);
        let Some(transform) = &self.transform else { return take(pixels) };
        shown.resize(pixels.len(), 0);
        transform.apply(pixels, shown);
        take(shown)
    }
    /// A hash of the examples, their labels and how they are changed.
    pub(crate) fn digest(&self) -> String {
        let mut hash = Sha256::new();
        self.hash(&mut hash);
        hex(&hash.finalize())
    }
    pub(super) fn hash(&self, hash: &mut Sha256) {
        hash.update(self.indices.len().to_le_bytes());
        self.indices.iter().for_each(|index| hash.update(index.to_le_bytes()));
        let wide = |label: u32| if label == NONE { u64::MAX } else { u64::from(label) };
        self.labels.iter().for_each(|label| hash.update(wide(*label).to_le_bytes()));
        let id = self.transform.as_ref().map_or(Vec::new(), |transform| transform.id());
        hash.update(id.len().to_le_bytes());
        hash.update(id);
        if let Some(told) = &self.told {
            hash.update("told");
            told.iter().for_each(|label| hash.update(label.to_le_bytes()));
        }
    }
}
