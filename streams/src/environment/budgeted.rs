//! A share of what is new comes back, split among the earlier experiences by a power law or exponentially.
//!
//! Gandhi et al. 2024, <https://arxiv.org/abs/2401.10393>; `powerlaw` and `exponential` of `archana53/power-law-for-CI`.
//! Of R = ⌊r·M⌋ examples, an experience of weight w brings (R // Σw)·w, truncated. The power law has
//! w = α·(0.01·(10 + j))^(α−1) for the j-th oldest experience (from 0): no function of the time since something was
//! used, so how fast it falls off changes from phase to phase. The exponential has w = exp(−k/β)/β for the experience
//! of k phases ago.

use clbench::{
    catalogue::{Range, Settings, part},
    stream::Environment,
};

use super::replay::{self, budgeted};

/// The entry of the catalogue of the power law.
pub const POWER_LAW: Environment = Environment {
    name: "budgeted-power-law",
    about: "a share of what is new, by a power function of the place from the oldest",
    citation: "https://arxiv.org/abs/2401.10393",
    settings: PowerLaw::SETTINGS,
    make: |table| part(table, |law: PowerLaw| budgeted(law.replay, move |phase| law.weights(phase))),
};

/// The entry of the catalogue of the exponential.
pub const EXPONENTIAL: Environment = Environment {
    name: "exponential",
    about: "a share of what is new, exponentially more of what came lately",
    settings: Exponential::SETTINGS,
    make: |table| part(table, |law: Exponential| budgeted(law.replay, move |phase| law.weights(phase))),
    ..POWER_LAW
};

clbench::settings! {
    /// Settings of a budgeted power law.
    #[derive(Clone, Debug)]
    pub struct PowerLaw {
        /// Examples that come back per new one, r.
        pub replay: f64 = replay::USUAL, replay::RANGE;
        /// The exponent and 1, α.
        pub alpha: f64 = 5.0, Range::UpTo(2.0, 100.0);
    }
}

clbench::settings! {
    /// Settings of an exponential environment.
    #[derive(Clone, Debug)]
    pub struct Exponential {
        /// Examples that come back per new one, r.
        pub replay: f64 = replay::USUAL, replay::RANGE;
        /// Phases after which a weight has fallen to 1/e, β.
        pub beta: f64 = 1.0, Range::Within(0.01, 1e6);
    }
}

impl Settings for PowerLaw {}
impl Settings for Exponential {}

impl PowerLaw {
    /// Weights of the earlier experiences, oldest first.
    fn weights(&self, phase: usize) -> Vec<f64> {
        (0..phase).map(|j| self.alpha * (0.01 * (10 + j) as f64).powf(self.alpha - 1.0)).collect()
    }
}

impl Exponential {
    /// Weights of the earlier experiences, oldest first.
    fn weights(&self, phase: usize) -> Vec<f64> {
        (1..=phase).rev().map(|k| (-(k as f64) / self.beta).exp() / self.beta).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::trial, *};

    #[test]
    fn the_authors_examples_to_the_unit() {
        let counts = |weights: &[f64]| replay::split(replay::budget(0.5, 57927), weights);
        assert_eq!(counts(&PowerLaw::default().weights(9)), [694, 1016, 1440, 1983, 2668, 3516, 4551, 5800, 7290]);
        assert_eq!(counts(&Exponential::default().weights(9)), [6, 16, 45, 123, 335, 911, 2478, 6735, 18310]);
    }

    /// R = 50. Power law: w = 0.0005 and 0.00073205, so 50 // 0.00123205 = 40582. Exponential: 50 // 0.36788 = 135
    /// times 0.36788; 50 // 0.50322 = 99 times 0.13534 and 0.36788.
    #[test]
    fn a_stream_has_the_counts() {
        let world = trial::build(&POWER_LAW, "", &[100; 3], 0).unwrap();
        assert_eq!(trial::returns(&world)[2], [20, 29, 0]);
        let world = trial::build(&EXPONENTIAL, "", &[100; 3], 0).unwrap();
        assert_eq!(trial::returns(&world), [vec![0, 0, 0], vec![49, 0, 0], vec![13, 36, 0]]);
    }

    #[test]
    fn what_the_authors_refuse_or_is_no_time_is_refused() {
        let refused = |environment: &Environment, setting: &str, value: &str, range: &str| {
            let error = trial::build(environment, &format!("{setting} = {value}"), &[9; 2], 0).err().unwrap();
            assert!(error.to_string().contains(range), "{error}");
        };
        for alpha in ["2.0", "-1.0", "nan", "101.0"] {
            refused(&POWER_LAW, "alpha", alpha, "is not above 2 and at most 100");
        }
        for beta in ["0.0", "-1.0", "nan", "inf"] {
            refused(&EXPONENTIAL, "beta", beta, "is not between 0.01 and 1000000");
        }
    }
}
