//! Texts as counts of their words, weighed by how rare a word is, and brought to a few principal components.
//!
//! - Salton & Buckley 1988, <https://doi.org/10.1016/0306-4573(88)90021-0>. As scikit-learn's `TfidfVectorizer` has it:
//!   words are runs of at least two letters, digits or underscores, in lower case; a word in df of n texts weighs ln((1
//!   + n)/(1 + df)) + 1; a text is its counts times these weights, over their Euclidean norm.
//! - Components: Halko et al. 2011, see `components`.
//!
//! All is fitted to the training texts alone. A text without a known word lies where a row of zeros does.
//!
//! **Deviation:** stop words are NLTK's (198) and not scikit-learn's (318).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use anyhow::{Result, anyhow, ensure};
use clbench::{
    catalogue::{Range, Settings},
    primitives::hex::hex,
};
use sha2::{Digest, Sha256};

use super::{
    Embed,
    components::{Components, Sparse},
};

/// How many components there may be.
pub(crate) const COMPONENTS: Range = Range::Whole(1, 1 << 14);

clbench::settings! {
    /// How texts are read; keys and defaults that scikit-learn has, too, go by its names.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Tfidf {
        /// Features of a text: principal components.
        pub components: usize = 512, COMPONENTS;
        /// Words in more than this share of the texts are left out.
        pub max_df: f64 = 0.95, Range::UpTo(0.0, 1.0);
        /// Words in fewer texts are left out.
        pub min_df: usize = 2, Range::Whole(1, i64::MAX);
        /// Whether English words such as "the" are left out.
        pub stop_words: bool = true;
    }
}

impl Settings for Tfidf {}

/// The words of a text, one after another.
fn words(text: &str) -> impl Iterator<Item = String> {
    let parts = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    parts.filter(|word| word.chars().nth(1).is_some()).map(str::to_lowercase)
}

/// Words with their places and weights.
struct Vocabulary {
    words: BTreeMap<String, u32>,
    /// ln((1 + n)/(1 + df)) + 1 of each.
    weights: Vec<f64>,
}

impl Vocabulary {
    fn of(texts: &[String], settings: &Tfidf) -> Result<Self> {
        let stop: BTreeSet<&str> =
            if settings.stop_words { stop_words::get("en").iter().copied().collect() } else { BTreeSet::new() };
        let mut found = BTreeMap::<String, u32>::new();
        for text in texts {
            let of_text: BTreeSet<String> = words(text).filter(|word| !stop.contains(&word[..])).collect();
            of_text.into_iter().for_each(|word| *found.entry(word).or_default() += 1);
        }
        let n = texts.len() as f64;
        let keeps = |df: u32| df as usize >= settings.min_df && f64::from(df) <= settings.max_df * n;
        found.retain(|_, df| keeps(*df));
        ensure!(
            !found.is_empty(),
            "no word is left of {} texts; lower min_df, raise max_df or set stop_words = false",
            texts.len()
        );
        let weights = found.values().map(|df| ((1.0 + n) / (1.0 + f64::from(*df))).ln() + 1.0).collect();
        found.values_mut().enumerate().for_each(|(place, word)| *word = place as u32);
        Ok(Self { words: found, weights })
    }

    /// A text's weighed counts over their norm.
    fn row(&self, text: &str) -> Sparse {
        let mut counts = BTreeMap::<u32, f64>::new();
        for place in words(text).filter_map(|word| self.words.get(&word).copied()) {
            *counts.entry(place).or_default() += 1.0;
        }
        let mut row: Sparse =
            counts.into_iter().map(|(place, count)| (place, count * self.weights[place as usize])).collect();
        let norm = row.iter().map(|(_, value)| value * value).sum::<f64>().sqrt();
        row.iter_mut().for_each(|(_, value)| *value /= norm);
        row
    }
}

/// What was fitted to texts.
struct Fitted {
    vocabulary: Vocabulary,
    components: Components,
}

/// A reader of texts that is fitted to some when it is first asked: what it gave before is found in the cache without.
pub(crate) struct Reader {
    settings: Tfidf,
    texts: Vec<String>,
    fitted: OnceLock<Result<Fitted, String>>,
}

impl Reader {
    /// Fitted to these texts.
    pub fn new(settings: &Tfidf, texts: &[String]) -> Self {
        Self { settings: settings.clone(), texts: texts.to_vec(), fitted: OnceLock::new() }
    }

    fn fit(&self) -> Result<Fitted> {
        let vocabulary = Vocabulary::of(&self.texts, &self.settings)?;
        let rows: Vec<Sparse> = self.texts.iter().map(|text| vocabulary.row(text)).collect();
        let components = Components::of(&rows, vocabulary.weights.len(), self.settings.components)?;
        Ok(Fitted { vocabulary, components })
    }
}

impl Embed for Reader {
    fn width(&self) -> usize {
        self.settings.components
    }
    fn embed(&self, text: &str) -> Result<Vec<f32>> {
        let fitted = self.fitted.get_or_init(|| self.fit().map_err(|error| format!("{error:#}")));
        let Fitted { vocabulary, components } = fitted.as_ref().map_err(|error| anyhow!("{error}"))?;
        Ok(components.of_row(&vocabulary.row(text)))
    }
    fn id(&self) -> String {
        let mut texts = Sha256::new();
        for text in &self.texts {
            texts.update(text.len().to_le_bytes());
            texts.update(text);
        }
        format!("tfidf 1 {:?} fitted to {}", self.settings, hex(&texts.finalize()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts() -> Vec<String> {
        let golden: serde_json::Value = serde_json::from_str(include_str!("../../tests/golden/tfidf.json")).unwrap();
        golden["texts"].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    }

    /// Words, weights, rows and places of `tests/golden/make/tfidf.py`, which asks scikit-learn.
    #[test]
    fn what_is_read_is_what_scikit_learn_reads() {
        let golden: serde_json::Value = serde_json::from_str(include_str!("../../tests/golden/tfidf.json")).unwrap();
        let numbers = |value: &serde_json::Value| -> Vec<f64> { serde_json::from_value(value.clone()).unwrap() };
        let settings = Tfidf { components: 3, max_df: 0.7, min_df: 2, stop_words: false };
        let reader = Reader::new(&settings, &texts());
        let Fitted { vocabulary, components } = reader.fit().unwrap();
        let found: Vec<&String> = vocabulary.words.keys().collect();
        assert_eq!(serde_json::json!(found), golden["words"]);
        let near = |a: f64, b: f64, by: f64| (a - b).abs() < by;
        assert!(vocabulary.weights.iter().zip(numbers(&golden["idf"])).all(|(a, b)| near(*a, b, 1e-12)));
        for (text, (row, place)) in
            texts().iter().zip(golden["rows"].as_array().unwrap().iter().zip(golden["places"].as_array().unwrap()))
        {
            let (mut found, row) = (vec![0.0; vocabulary.weights.len()], numbers(row));
            vocabulary.row(text).into_iter().for_each(|(place, value)| found[place as usize] = value);
            assert!(found.iter().zip(&row).all(|(a, b)| near(*a, *b, 1e-12)), "{text}: {found:?}");
            let found = components.of_row(&vocabulary.row(text));
            // The first three of eight directions are apart; single precision is what is handed on.
            assert!(
                found.iter().zip(numbers(place)).all(|(a, b)| near(f64::from(*a), b, 1e-6)),
                "{text}: {found:?} and not {place}"
            );
            assert_eq!(reader.embed(text).unwrap(), found);
        }
    }

    #[test]
    fn words_are_lower_case_and_of_two_letters_or_more() {
        assert_eq!(words("A Äpfel-B2 x_1 (c) d").collect::<Vec<_>>(), ["äpfel", "b2", "x_1"]);
    }

    #[test]
    fn common_and_rare_words_and_stop_words_are_left_out() {
        let texts: Vec<String> = ["the cat sat", "the cat ran", "the dog ran", "the end"].map(str::to_owned).to_vec();
        let left = |settings: Tfidf| Vocabulary::of(&texts, &settings).map(|all| all.words.into_keys().collect());
        let all = Tfidf { max_df: 1.0, min_df: 1, stop_words: false, components: 1 };
        assert_eq!(left(all.clone()).unwrap(), ["cat", "dog", "end", "ran", "sat", "the"].map(str::to_owned).to_vec());
        assert_eq!(
            left(Tfidf { max_df: 0.5, min_df: 2, ..all.clone() }).unwrap(),
            vec!["cat".to_owned(), "ran".into()]
        );
        let without: Vec<String> = left(Tfidf { stop_words: true, ..all.clone() }).unwrap();
        assert!(!without.contains(&"the".to_owned()) && without.contains(&"cat".to_owned()));
        let none: Result<Vec<String>> = left(Tfidf { min_df: 5, ..all });
        assert!(none.unwrap_err().to_string().contains("no word is left of 4 texts; lower min_df"));
    }

    #[test]
    fn what_no_text_could_be_read_with_is_refused() {
        for (settings, reason) in [
            ("components = 0", "components = 0 is not a whole number between 1"),
            ("max_df = 0.0", "max_df = 0.0 is not above 0"),
            ("min_df = 0", "min_df = 0 is not a whole number of at least 1"),
            ("words = 3", "unknown key `words`"),
        ] {
            let error = clbench::catalogue::settings::<Tfidf>(settings.parse().unwrap()).unwrap_err();
            assert!(format!("{error:#}").contains(reason), "{error:#}");
        }
    }
}
