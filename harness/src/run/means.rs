//! Classes that were never trained, told apart by the means of their features.

use anyhow::{Result, ensure};
use burn::tensor::Tensor;

use super::evaluate::Examiner;
use crate::{
    budget::Spent,
    network::{
        predictor::{Ask, Predictor},
        text::loss::unit,
    },
    stream::Probe,
};

/// The mean feature of each held-out class: Mensink et al. 2013, <https://doi.org/10.1109/TPAMI.2013.83>, eq. 5, with
/// features and means brought to length 1 as in Rebuffi et al. 2017, <https://arxiv.org/abs/1611.07725>, section 2.1.
pub(super) struct Means(Tensor<2>);

impl Means {
    /// Means over the first `eval.shots` training examples of each class; none where names will do or there are no
    /// features.
    pub fn of(examiner: &Examiner, predictor: &dyn Predictor, probe: &Probe, ask: &Ask) -> Result<Option<Self>> {
        let (train, eval) = (&probe.task.train, &examiner.setup.config.eval);
        let one = examiner.batch(train, &[0]).inputs;
        if predictor.named(one.clone(), &probe.classes, ask).is_some() || predictor.features(one, ask).is_none() {
            return Ok(None);
        }
        let mut places = vec![Vec::new(); probe.classes.len()];
        for place in 0..train.len() {
            let of = &mut places[train.label(place)];
            if of.len() < eval.shots {
                of.push(place);
            }
        }
        let mut means = Vec::with_capacity(places.len());
        for (class, places) in places.iter().enumerate() {
            ensure!(!places.is_empty(), "the held-out class `{}` has no training example", probe.classes[class]);
            let mut sum: Option<Tensor<2>> = None;
            for places in places.chunks(eval.batch) {
                let features = Examiner::features(predictor, examiner.batch(train, places).inputs, ask).sum_dim(0);
                examiner.meter.count(Spent { examples: places.len() as u64, ..Spent::default() });
                sum = Some(sum.map_or(features.clone(), |sum| sum + features));
            }
            means.push(sum.expect("a class has examples") / places.len() as f32);
        }
        Ok(Some(Self(unit(Tensor::cat(means, 0)))))
    }

    /// Minus half the squared distance to each mean: for unit vectors their cosine, less one. Shape `[batch, classes]`.
    pub fn scores(&self, features: Tensor<2>) -> Tensor<2> {
        features.matmul(self.0.clone().transpose()) - 1.0
    }
}
