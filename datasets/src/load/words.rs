//! A set of texts by name, read as counts of its words in place of WordLlama's vectors.
//!
//! ```toml
//! [data.news]
//! format = "tfidf"
//! of = "newsgroups20"
//! components = 512       # features of a text; the rest as in scikit-learn
//! max_df = 0.95
//! min_df = 2
//! stop_words = true
//! ```
//!
//! A table's own texts are read in this way by `tfidf` of the formats `csv` and `tsv`. How words are counted and
//! brought to features: see [`crate::text::tfidf`].

use anyhow::{Context, Result};
use clbench::{
    catalogue::{Range, Settings, part},
    data::{Dataset, Format, Load, Origin, Source},
};

use crate::text::{
    sets,
    tfidf::{COMPONENTS, Reader, Tfidf},
};

/// The entry of the catalogue.
pub const FORMAT: Format = Format {
    name: "tfidf",
    about: "a set of texts as principal components of weighed counts of words; of, components, max_df, min_df, \
            stop_words",
    citation: "https://doi.org/10.1016/0306-4573(88)90021-0",
    settings: Counted::SETTINGS,
    make: |table| part(table, |words: Counted| Box::new(words) as Box<dyn Load>),
};

clbench::settings! {
    /// Settings of the loader: those of [`Tfidf`], one by one, and of what. A table that is flattened could not refuse
    /// unknown keys.
    #[derive(Clone, Debug)]
    pub struct Counted {
        /// The set of texts, by name.
        of: String;
        /// Features of a text: principal components.
        components: usize = Tfidf::default().components, COMPONENTS;
        /// Words in more than this share of the texts are left out.
        max_df: f64 = Tfidf::default().max_df, Range::UpTo(0.0, 1.0);
        /// Words in fewer texts are left out.
        min_df: usize = Tfidf::default().min_df, Range::Whole(1, i64::MAX);
        /// Whether English words such as "the" are left out.
        stop_words: bool = Tfidf::default().stop_words;
    }
}

impl Counted {
    fn tfidf(&self) -> Tfidf {
        let Self { components, max_df, min_df, stop_words, .. } = *self;
        Tfidf { components, max_df, min_df, stop_words }
    }
    fn set(&self) -> Result<&'static sets::Texts> {
        let names: Vec<&str> = sets::ALL.iter().map(|set| set.name()).collect();
        let found = sets::ALL.into_iter().find(|set| set.name() == self.of);
        found.with_context(|| {
            format!(
                "of = {:?} is no set of texts; there are {}; texts of one's own are read by format = \"csv\" with \
                 tfidf",
                self.of,
                names.join(", ")
            )
        })
    }
}

impl Settings for Counted {
    fn check(&self) -> Result<()> {
        self.set().map(|_| ())
    }
}

impl Load for Counted {
    fn load(&self, name: &str, origin: &Origin) -> Result<Dataset> {
        let tfidf = self.tfidf();
        self.set()?.open_with(name, origin.data, &|texts| Ok(Box::new(Reader::new(&tfidf, texts))))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use clbench::{catalogue::settings, data::files::Files};

    use super::*;

    #[test]
    fn settings_are_those_of_tfidf_and_what_is_read_is_named() {
        let (_, words) = settings::<Counted>("of = 'reuters-r52'\nmin_df = 3".parse().unwrap()).unwrap();
        assert_eq!(words.tfidf(), Tfidf { min_df: 3, ..Tfidf::default() });
        for (text, reason) in [
            ("of = 'digits'", "is no set of texts; there are newsgroups20, reuters-r52, state-of-the-union"),
            ("of = 'reuters-r52'\nmax_df = 2.0", "max_df = 2.0 is not above 0 and at most 1"),
            ("of = 'reuters-r52'\nmaxdf = 0.5", "unknown key `maxdf`"),
            ("min_df = 2", "missing field `of`"),
        ] {
            let error = format!("{:#}", settings::<Counted>(text.parse().unwrap()).unwrap_err());
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn texts_that_are_not_there_are_fetched_by_a_command_that_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let (_, words) = settings::<Counted>("of = 'reuters-r52'".parse().unwrap()).unwrap();
        let origin = Origin {
            data: folder.path(),
            files: &Files::beside(folder.path()),
            sources: &[],
            notes: &RefCell::default(),
        };
        let error = format!("{:#}", words.load("news", &origin).unwrap_err());
        assert!(error.contains("clbench data fetch reuters-r52"), "{error}");
    }
}
