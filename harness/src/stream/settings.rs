//! What every kind of stream is asked.

use anyhow::{Result, bail, ensure};

use crate::{
    catalogue::{self, Range},
    data::Fit,
};

crate::catalogue::settings! {
    /// The stream's `[stream]` table, less what its kind asks.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Settings {
        /// Name of the kind.
        pub kind: String;
        /// Names of the datasets.
        pub dataset: Vec<String>;
        /// Seed of the stream itself: permutations, orders, held-out examples. Not the runs' seed.
        pub seed: u64 = 0;
        /// Share of each task's training examples that is held out, of all tasks that show them.
        pub val_fraction: f64 = 0.0, Range::From(0.0, 1.0);
        /// Whether each channel is brought to mean 0 and standard deviation 1 of the train split; else pixels are 0 to
        /// 1.
        pub normalise: bool = true;
        /// All tasks arrive at once: the upper bound.
        pub joint: bool = false;
        /// With joint training: only the experiences up to this one, counted from 1.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub upto: Option<usize> = None, Range::Whole(1, i64::MAX);
        /// With joint training: only this experience, counted from 1.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub only: Option<usize> = None, Range::Whole(1, i64::MAX);
        /// Channels, height and width to which inputs are brought; the smallest that holds each dataset's where not
        /// set.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub shape: Option<[usize; 3]> = None, Range::Text("three whole numbers");
        /// How inputs of another size are brought to the shape.
        #[serde(skip_serializing_if = "is_default")]
        pub fit: Fit = Fit::Resize;
        /// Datasets whose concepts are the pretraining pool.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub pool: Vec<String> = Vec::new();
        /// Datasets whose concepts are never trained, and asked about all the same.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub held_out: Vec<String> = Vec::new();
        /// Share of each of the stream's datasets' concepts, drawn, that go to the pretraining pool.
        #[serde(skip_serializing_if = "is_default")]
        pub pool_share: f64 = 0.0, Range::From(0.0, 1.0);
        /// Share of each of the stream's datasets' concepts, drawn, that are held out.
        #[serde(skip_serializing_if = "is_default")]
        pub held_out_share: f64 = 0.0, Range::From(0.0, 1.0);
        /// Training examples of each concept, the first ones; all where not set.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub most_train: Option<usize> = None, Range::Whole(1, i64::MAX);
        /// Test examples of each concept, the first ones; all where not set.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub most_test: Option<usize> = None, Range::Whole(1, i64::MAX);
        /// The content hash that the stream must have.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub hash: Option<String> = None;
    }
}

impl catalogue::Settings for Settings {}

impl Settings {
    /// The first and the last experience, from 1, of `count` that arrive at once; none where they arrive in order.
    pub(crate) fn covers(&self, count: usize) -> Result<Option<(usize, usize)>> {
        let (key, span) = match (self.upto, self.only) {
            (None, None) => ("joint", (1, count)),
            (Some(last), None) => ("upto", (1, last)),
            (None, Some(one)) => ("only", (one, one)),
            (Some(_), Some(_)) => bail!("stream.upto and stream.only exclude each other"),
        };
        ensure!(
            self.joint || key == "joint",
            "stream.{key} belongs to joint training, a reference for others; add method=joint"
        );
        ensure!((1..=count).contains(&span.1), "stream.{key} = {} is no experience of {count}, counted from 1", span.1);
        Ok(self.joint.then_some(span))
    }
    /// Refuses a stream of another content than is demanded.
    pub(super) fn demands(&self, hash: &str) -> Result<()> {
        if let Some(wanted) = &self.hash {
            ensure!(
                *wanted == hash,
                "the stream's content has hash {hash}, and stream.hash demands {wanted}: its data or settings differ"
            );
        }
        Ok(())
    }
    /// The first and the last experience that a reference on a part of the stream covers; none for the whole.
    pub fn part(&self) -> Option<(usize, usize)> {
        self.upto.map(|last| (1, last)).or(self.only.map(|one| (one, one)))
    }
}

pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
