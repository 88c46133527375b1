//! The kinds of pictures.

use std::fmt;
use std::str::FromStr;

use crate::words::short;

/// What a picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The accuracy matrix of each method.
    Matrix,
    /// Accuracy over the stream.
    Course,
    /// Stability and plasticity.
    Stability,
    /// Accuracy and charged operations.
    Compute,
    /// Forgetting of each task.
    Forgetting,
    /// Accuracy over steps since a task was learned.
    Retention,
    /// The stability gap after a switch.
    Gap,
    /// Trained against held-out tasks.
    ZeroShot,
    /// Average ranks with their critical difference.
    Ranks,
    /// Accuracies under stated preferences.
    Preferences,
}

impl Kind {
    /// All kinds, in the order in which they are drawn.
    pub const ALL: [Self; 10] = [
        Self::Matrix,
        Self::Course,
        Self::Stability,
        Self::Compute,
        Self::Forgetting,
        Self::Retention,
        Self::Gap,
        Self::ZeroShot,
        Self::Ranks,
        Self::Preferences,
    ];

    /// The name on the command line and in names of files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Matrix => "matrix",
            Self::Course => "course",
            Self::Stability => "stability",
            Self::Compute => "compute",
            Self::Forgetting => "forgetting",
            Self::Retention => "retention",
            Self::Gap => "gap",
            Self::ZeroShot => "zero-shot",
            Self::Ranks => "ranks",
            Self::Preferences => "preferences",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = text.trim().to_lowercase();
        let known = || {
            format!("there is no picture `{}`; there are all, {}", short(text), Self::ALL.map(Self::name).join(", "))
        };
        Self::ALL.into_iter().find(|kind| kind.name() == wanted).ok_or_else(known)
    }
}
