//! The credal set: what is stored of it, what stands for what, and its answers.

use anyhow::{Context, Result, ensure};
use burn::tensor::{Device, Tensor};
use clbench::{
    network::{
        net::Net,
        pass::Weights,
        predictor::{Ask, Predictor},
    },
    primitives::{array::Array, theta::Theta},
};

use super::{
    super::{
        gaussian::Gaussian,
        models::{Drawn, together},
    },
    prefix,
    region::Reading,
};

/// The path of the experience in progress. Shape `[1]`.
const NOW: &str = "now";

/// A standard deviation that no training reaches.
const MOST_STD: f32 = 1e9;

/// Posterior `j` of an experience, both from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub experience: usize,
    pub j: usize,
}

impl Place {
    fn map(self) -> String {
        format!("map.{}.{}", self.experience, self.j)
    }
    fn values(self) -> [f32; 2] {
        [self.experience as f32, self.j as f32]
    }
    fn prefix(self) -> String {
        format!("extreme.{}.{}.", self.experience, self.j)
    }
}

/// What stands for the posterior at `place`: itself, or what lies near; none before its experience has ended.
pub(super) fn stand_in(frozen: &Theta, place: Place) -> Option<Place> {
    let values = frozen.get(&place.map())?.values();
    Some(Place { experience: values[0] as usize, j: values[1] as usize })
}

/// What is stored at `place`.
pub(super) fn chosen(frozen: &Theta, place: Place) -> Gaussian {
    Gaussian::at(frozen, &place.prefix())
}

/// All that is stored.
pub(super) fn stored(frozen: &Theta) -> Vec<Place> {
    let place = |path: &str| {
        let mut numbers = path.strip_prefix("extreme.")?.splitn(3, '.');
        Some(Place { experience: numbers.next()?.parse().ok()?, j: numbers.next()?.parse().ok()? })
    };
    let mut all: Vec<Place> = frozen.paths().filter_map(place).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Refuses what no finished run of `experiences` experiences leaves: each posterior has a stored one that stands for
/// it, in the layout of `own`.
pub(super) fn check(frozen: &Theta, own: &Theta, posteriors: usize, experiences: usize) -> Result<()> {
    let now = frozen.get(NOW).map(|now| now.values()[..] == [(experiences - 1) as f32]);
    ensure!(now == Some(true), "`{NOW}` is not the run's last experience");
    for experience in 0..experiences {
        for j in 0..posteriors {
            let place = Place { experience, j };
            let map = frozen.get(&place.map()).with_context(|| format!("there is no tensor `{}`", place.map()))?;
            ensure!(map.shape == [2], "`{}` has shape {:?} and not [2]", place.map(), map.shape);
            let stored = stand_in(frozen, place).context("it was there a moment ago")?;
            let within = || format!("what stands for posterior {j} of experience {}", experience + 1);
            let is_earlier = stored <= place && stored.j < posteriors && map.values() == stored.values();
            ensure!(is_earlier, "`{}` holds {:?}, and no place of an earlier posterior", place.map(), map.values());
            frozen.below(&stored.prefix()).fits(own).with_context(within)?;
            let Gaussian { mean, std } = chosen(frozen, stored);
            let most = std.iter().flat_map(|(_, std)| std.values()).fold(0.0, f32::max);
            ensure!(mean.is_finite() && std.is_finite() && most < MOST_STD, "{} is no Gaussian", within());
        }
    }
    Ok(())
}

/// Notes the experience that begins.
pub(super) fn begin(frozen: &mut Theta, experience: usize, device: &Device) {
    frozen.insert(NOW, Array::filled(&[1], experience as f32, device));
}

/// Stores the posterior at `place`, or the nearest stored one for it where that is near enough.
pub(super) fn store(
    frozen: &mut Theta,
    place: Place,
    posterior: &Gaussian,
    is_near: impl Fn(f64) -> bool,
    distance: impl Fn(&Gaussian) -> f64,
    device: &Device,
) {
    let known = stored(frozen).into_iter().map(|other| (distance(&chosen(frozen, other)), other));
    let nearest = known.min_by(|a, b| a.0.total_cmp(&b.0));
    let stand_in = match nearest {
        Some((distance, other)) if is_near(distance) => other,
        _ => {
            frozen.extend(posterior.below(&place.prefix()));
            place
        }
    };
    frozen.insert(place.map(), Array::new(&[2], stand_in.values().to_vec(), device));
}

/// Answers for any preference.
pub(super) struct Credal {
    net: Net,
    weights: Weights,
    /// m.
    posteriors: usize,
    reading: Reading,
    drawn: Drawn,
}

impl Credal {
    pub fn new(net: Net, weights: Weights, posteriors: usize, reading: Reading) -> Self {
        Self { net, weights, posteriors, reading, drawn: Drawn::default() }
    }

    /// The tasks that came first with `experience`; they are answered by its posteriors.
    fn tasks(&self, experience: usize) -> impl Iterator<Item = usize> {
        let before = self.net.heads.before(experience);
        self.net.heads.seen[experience].iter().copied().filter(|task| !before.contains(task))
    }

    /// Gaussians with their shares, which sum to 1: algorithm 2, lines 1 to 4. Without a preference all tasks that have
    /// come weigh the same; what is being trained answers for its own tasks, and for all where nothing else is
    /// preferred.
    pub fn parts(&self, preference: Option<&[f64]>) -> Vec<(Gaussian, f64)> {
        let Weights { theta, frozen, .. } = &self.weights;
        let all = 0..self.posteriors;
        let now = frozen.get(NOW).map_or(0, |now| now.values()[0] as usize);
        let mut shares: Vec<(Option<Place>, usize, f64)> = Vec::new();
        for experience in 0..=now.min(self.net.heads.seen.len() - 1) {
            let wish = |task: usize| preference.map_or(1.0, |preference| preference[task]);
            let share = self.tasks(experience).map(wish).sum::<f64>() / self.posteriors as f64;
            for j in all.clone() {
                let place = stand_in(frozen, Place { experience, j });
                match shares.iter_mut().find(|(known, number, _)| *known == place && (place.is_some() || *number == j))
                {
                    Some((.., sum)) => *sum += share,
                    None => shares.push((place, j, share)),
                }
            }
        }
        shares.retain(|(.., share)| *share > 0.0);
        if shares.is_empty() {
            shares = all.map(|j| (None, j, 1.0)).collect();
        }
        let total: f64 = shares.iter().map(|(.., share)| share).sum();
        let part = |(place, j, share): (Option<Place>, usize, f64)| {
            let gaussian = place.map_or_else(|| Gaussian::at(theta, &prefix(j)), |place| chosen(frozen, place));
            (gaussian, share / total)
        };
        shares.into_iter().map(part).collect()
    }

    fn models(&self, ask: &Ask) -> Vec<Theta> {
        let preference = ask.preference.as_deref();
        self.drawn.get(&format!("{preference:?}"), || self.reading.models(&self.parts(preference), &ask.draws))
    }
}

impl Predictor for Credal {
    fn scores(&self, inputs: Tensor<4>, ask: &Ask) -> Tensor<2> {
        let mut models = self.models(ask);
        if let Some(sample) = ask.sample {
            models = vec![models.swap_remove(sample as usize)];
        }
        together(&self.net, &self.weights, &models, &inputs, ask)
    }
    fn samples(&self) -> u32 {
        self.reading.samples
    }
    fn model(&self, ask: &Ask) -> Option<Theta> {
        self.models(ask).into_iter().nth(ask.sample.unwrap_or(0) as usize)
    }
}
