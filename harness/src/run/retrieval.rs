//! Which captions images find, and which images captions find, among the test examples of one task.
//!
//! Recall@k as `clbench-results` documents it. Equal captions are one. A candidate that is as near as the right one
//! stands before it: who cannot tell them apart finds nothing.

use std::{cmp::Ordering, collections::BTreeMap, sync::Arc};

use anyhow::{Result, ensure};
use burn::tensor::{Device, Tensor, TensorData};

use clbench_results::{At, Retrieval};

use crate::{
    budget::{Meter, Spent},
    config::Within,
    network::predictor::{Ask, Predictor},
    primitives::scope::Scope,
    run::evaluate::Examiner,
    stream::View,
};

/// What k is in recall@k.
const AT: [usize; 3] = [1, 5, 10];
/// Products that are looked at at once.
const AT_ONCE: usize = 1 << 22;

impl Examiner<'_> {
    /// One row for each task and probe that is evaluated now and has test examples with captions; none where the
    /// predictor reads no texts.
    pub(crate) fn retrieve(&self, predictor: &dyn Predictor) -> Result<Vec<Retrieval>> {
        let stream = &self.setup.stream;
        let tasks = stream.tasks.iter().map(|task| &task.test).enumerate();
        let tasks = tasks.filter(|(task, _)| self.can_ask(*task) && self.is_due(*task));
        let probes = stream.probes.iter().map(|probe| &probe.task.test).enumerate();
        let probed = self.at != At::Step || self.setup.config.eval.within != Within::New;
        let probes = probes.map(|(at, test)| (stream.tasks.len() + at, test)).filter(|_| probed);
        let mut rows = Vec::new();
        for (task, test) in tasks.chain(probes) {
            rows.extend(self.retrieve_in(predictor, task, test)?);
        }
        Ok(rows)
    }

    fn retrieve_in(&self, predictor: &dyn Predictor, task: usize, test: &View) -> Result<Option<Retrieval>> {
        let places: Vec<usize> = (0..test.len()).filter(|place| test.caption(*place).is_some()).collect();
        let captions: Vec<Arc<str>> = places.iter().filter_map(|place| test.caption(*place).cloned()).collect();
        let (distinct, of) = distinct(&captions);
        let ask = Ask::new(Scope::All, &self.setup.net.heads, self.draws, &self.meter);
        if distinct.is_empty() {
            return Ok(None);
        }
        let Some(texts) = predictor.texts(&distinct, self.device, &ask) else { return Ok(None) };
        let mut images = Vec::new();
        for places in places.chunks(self.setup.config.eval.batch) {
            let Some(features) = predictor.features(self.batch(test, places).inputs, &ask) else { return Ok(None) };
            self.meter.count(Spent { examples: places.len() as u64, ..Spent::default() });
            images.push(features);
        }
        let found = recalls(&Tensor::cat(images, 0), &texts, &of, &self.meter)?;
        let [image_to_text_1, image_to_text_5, image_to_text_10] = found.of_images;
        let [text_to_image_1, text_to_image_5, text_to_image_10] = found.of_texts;
        Ok(Some(Retrieval {
            at: self.at,
            experience: if self.at == At::Start { 0 } else { self.experience + 1 },
            step: self.step,
            task,
            images: places.len() as u64,
            captions: distinct.len() as u64,
            image_to_text_1,
            image_to_text_5,
            image_to_text_10,
            text_to_image_1,
            text_to_image_5,
            text_to_image_10,
        }))
    }
}

/// Recall@1, 5 and 10 in both directions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Recalls {
    /// Of images.
    pub of_images: [f64; 3],
    /// Of texts.
    pub of_texts: [f64; 3],
}

/// Different captions, in order, and for each image the place of its own.
pub(crate) fn distinct(captions: &[Arc<str>]) -> (Vec<&str>, Vec<usize>) {
    let mut places: BTreeMap<&str, usize> = captions.iter().map(|caption| (&**caption, 0)).collect();
    places.values_mut().enumerate().for_each(|(place, at)| *at = place);
    let of = captions.iter().map(|caption| places[&**caption]).collect();
    (places.into_keys().collect(), of)
}

/// How well images (a row for each) and captions (a row for each that differs) find each other by their inner products;
/// `of` is the place of each image's own caption. Shapes `[images, width]` and `[captions, width]`.
pub(crate) fn recalls(images: &Tensor<2>, texts: &Tensor<2>, of: &[usize], meter: &Meter) -> Result<Recalls> {
    let of_images = hits(images, texts, |image, text| of[image] == text, meter)?;
    let of_texts = hits(texts, images, |text, image| of[image] == text, meter)?;
    Ok(Recalls { of_images, of_texts })
}

/// The shares of queries that find something right among the first k.
fn hits(
    queries: &Tensor<2>,
    candidates: &Tensor<2>,
    right: impl Fn(usize, usize) -> bool,
    meter: &Meter,
) -> Result<[f64; 3]> {
    let ([count, width], [wide, other]) = (queries.dims(), candidates.dims());
    ensure!(width == other, "images have {width} features, and texts {other}");
    let device = queries.device();
    let mut hits = [0_u64; 3];
    let places: Vec<usize> = (0..count).collect();
    for places in places.chunks((AT_ONCE / wide).max(1)) {
        let products = rows(queries, places, &device).matmul(candidates.clone().transpose());
        meter.flops(2 * (places.len() * wide * width) as u64);
        let products: Vec<f32> = products.into_data().try_to_vec_as()?;
        for (row, query) in products.chunks(wide).zip(places) {
            let before = before(row, |candidate| right(*query, candidate));
            AT.iter().zip(&mut hits).for_each(|(k, hits)| *hits += u64::from(before < *k));
        }
    }
    Ok(hits.map(|hits| hits as f64 / count as f64))
}

/// How many wrong candidates stand before the best right one.
fn before(row: &[f32], right: impl Fn(usize) -> bool) -> usize {
    let best = (0..row.len()).filter(|at| right(*at)).map(|at| row[at]).fold(f32::NEG_INFINITY, f32::max);
    // What is no number is behind nothing.
    let behind = |at: usize| row[at].partial_cmp(&best) == Some(Ordering::Less);
    (0..row.len()).filter(|at| !right(*at) && !behind(*at)).count()
}

fn rows(of: &Tensor<2>, places: &[usize], device: &Device) -> Tensor<2> {
    let index = places.iter().map(|place| *place as i64).collect();
    of.clone().select(0, Tensor::from_data(TensorData::new::<i64, _>(index, [places.len()]), device))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::array::Array;

    fn tensor(rows: &[[f32; 2]]) -> Tensor<2> {
        Array::new(&[rows.len(), 2], rows.concat(), &Device::flex()).tensor()
    }

    #[test]
    fn recall_is_that_by_hand() {
        // Captions lie at (1, 0), (0, 1) and (−1, 0); the second has two images.
        let captions: Vec<Arc<str>> = ["a", "b", "b", "c"].into_iter().map(Arc::from).collect();
        let (distinct, of) = distinct(&captions);
        assert_eq!((&distinct[..], &of[..]), (&["a", "b", "c"][..], &[0, 1, 1, 2][..]));
        let texts = tensor(&[[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]);
        // The first finds its own, the second its own, the third the first caption before its own, the last one both
        // others before its own.
        let images = tensor(&[[1.0, 0.5], [0.0, 1.0], [2.0, 1.0], [3.0, 1.0]]);
        let meter = Meter::default();
        let found = recalls(&images, &texts, &of, &meter).expect("recalls");
        let by_hand = Recalls { of_images: [0.5, 1.0, 1.0], of_texts: [0.0, 1.0, 1.0] };
        // `a` has image 4 (3) and 3 (2) before its own (1); of `b` image 2 (1) is as near as images 3 and 4, so both
        // stand before, one of them wrong: image 4; `c` has all others before its own.
        assert_eq!(found, by_hand);
        assert_eq!(meter.read().flops, 2 * (4 * 3 * 2) * 2);
    }

    #[test]
    fn who_gives_the_same_answer_to_all_finds_nothing() {
        let captions: Vec<Arc<str>> = (0..20).map(|at| Arc::from(format!("{at:02}"))).collect();
        let (_, of) = distinct(&captions);
        let same = tensor(&[[1.0, 0.0]; 20]);
        let found = recalls(&same, &same, &of, &Meter::default()).expect("recalls");
        assert_eq!(found, Recalls { of_images: [0.0; 3], of_texts: [0.0; 3] });
        let none = tensor(&[[f32::NAN, 0.0]; 20]);
        assert_eq!(recalls(&none, &same, &of, &Meter::default()).expect("recalls"), found);
    }

    #[test]
    fn ten_candidates_before_the_right_one_are_too_many() {
        let row: Vec<f32> = (0..20).map(|at| at as f32).collect();
        assert_eq!(before(&row, |at| at == 10), 9);
        assert_eq!(before(&row, |at| at == 9), 10);
        assert_eq!(before(&row, |at| at == 3 || at == 19), 0);
    }
}
