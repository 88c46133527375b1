//! A part of the emoji of Google and of Twitter, embedded: of each of the 12 largest subgroups 20 for training and 5
//! for testing.
//!
//! What `data/make.py` took from the packed files of [`super::EMOJI_GOOGLE`] and [`super::EMOJI_TWITTER`], unchanged,
//! with captions and times. Noto Emoji, © Google, Apache-2.0; Twemoji, © Twitter, Inc and other contributors, CC BY
//! 4.0; see LICENSE-DATA.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use clbench::data::{Dataset, Source};
use flate2::read::GzDecoder;

use super::{Collection, EMOJI_GOOGLE, EMOJI_TWITTER, pack};
use crate::sets::embedded::{self, Embedded, embedded};

/// The packed files.
pub(crate) const FILES: [Embedded; 2] = [
    embedded!(
        "emoji-google-small.pictures",
        931_205,
        "cd31fa2f26b9e8538a1cab565af30b3fb373e2c59601316503c4f5babed96f92"
    ),
    embedded!(
        "emoji-twitter-small.pictures",
        931_205,
        "2f8ec3680e245730d9cde89f7ab5a6f0bdfabb5246d0bc822aaaf93b80622f73"
    ),
];

/// An embedded part of a collection.
#[derive(Clone, Copy, Debug)]
pub struct Small {
    name: &'static str,
    about: &'static str,
    of: &'static Collection,
    /// Its place among [`FILES`].
    file: usize,
}

/// As Google draws them.
pub static EMOJI_GOOGLE_SMALL: Small = Small {
    name: "emoji-google-small",
    about: "emoji as Google draws them, 12 subgroups as classes, 240 + 60 of 3×32×32, embedded, names as captions; \
            Apache-2.0",
    of: &EMOJI_GOOGLE,
    file: 0,
};

/// As Twitter draws them.
pub static EMOJI_TWITTER_SMALL: Small = Small {
    name: "emoji-twitter-small",
    about: "emoji as Twitter draws them, 12 subgroups as classes, 240 + 60 of 3×32×32, embedded, names as captions; CC \
            BY 4.0",
    of: &EMOJI_TWITTER,
    file: 1,
};

impl Source for Small {
    fn name(&self) -> &'static str {
        self.name
    }
    fn about(&self) -> &'static str {
        self.about
    }
    fn citation(&self) -> &'static str {
        self.of.citation
    }
    fn open(&self, _: &Path) -> Result<Dataset> {
        let Embedded { file, gz } = &FILES[self.file];
        let mut bytes = Vec::new();
        GzDecoder::new(*gz).take(file.bytes + 1).read_to_end(&mut bytes)?;
        let dataset = pack::dataset(self.name, &bytes).with_context(|| format!("embedded {}", file.path))?;
        Ok(dataset.released(self.of.released))
    }
    fn verify(&self, _: &Path) -> Result<Vec<PathBuf>> {
        FILES[self.file].verify()?;
        Ok(Vec::new())
    }
    fn fetch(&self, _: &Path, from: Option<&str>) -> Result<()> {
        embedded::fetch(self.name, from)
    }
}

#[cfg(test)]
mod tests {
    use clbench::data::Split;

    use super::*;

    #[test]
    fn every_class_has_twenty_for_training_and_five_for_testing_in_both_styles() {
        let [google, twitter] = [EMOJI_GOOGLE_SMALL, EMOJI_TWITTER_SMALL].map(|set| set.open(Path::new("")).unwrap());
        assert_eq!((google.classes.len(), google.shape), (12, [3, 32, 32]));
        assert_eq!(google.classes, twitter.classes);
        assert_ne!(google.hash, twitter.hash);
        let count = |split: &Split, class| (0..split.len()).filter(|at| split.label(*at) == class).count();
        for class in 0..12 {
            assert_eq!((count(&google.train, class), count(&google.test, class)), (20, 5), "class {class}");
        }
        for at in 0..240 {
            let known = |set: &Dataset| (set.train.caption(at).cloned(), set.train.time(at), set.train.label(at));
            assert_eq!(known(&google), known(&twitter));
        }
        assert!((0..240).any(|at| google.train.caption(at).is_some_and(|caption| &**caption == "anguilla flag")));
    }
}
