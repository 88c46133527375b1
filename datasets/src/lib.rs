//! The datasets of clbench and the loaders of their formats, one file each.
//!
//! Four sets are embedded and need no network: [`sets::digits`], [`sets::fashion::FASHION_MNIST_SMALL`] and two parts of
//! the emoji. The others are read from the data folder, into which [`Source::fetch`] brings them. Whatever is read is
//! treated as hostile: sizes are bounded before memory is taken, and a broken file is an error that names the file and
//! the remedy.

mod fetch;
pub mod format;
pub mod load;
pub mod pictures;
pub mod sets;
pub mod text;

pub use {fetch::set::Set, sets::models::MODELS};

use clbench::data::{Format, Source};

/// Every loader of a user's own data, in the order of the listings.
pub const FORMATS: &[Format] =
    &[load::folder::FORMAT, load::table::CSV, load::table::TSV, load::npy::FORMAT, load::words::FORMAT];

/// Every dataset that ships, in the order of the listings.
pub const CATALOGUE: &[&dyn Source] = &[
    &sets::digits::DIGITS,
    &sets::fashion::FASHION_MNIST_SMALL,
    &pictures::EMOJI_GOOGLE_SMALL,
    &pictures::EMOJI_TWITTER_SMALL,
    &sets::mnist::MNIST,
    &sets::fashion::FASHION_MNIST,
    &sets::cifar::CIFAR10,
    &sets::cifar::CIFAR100,
    &pictures::EMOJI_GOOGLE,
    &pictures::EMOJI_GOOGLE_GROUPS,
    &pictures::EMOJI_TWITTER,
    &pictures::EMOJI_TWITTER_GROUPS,
    &pictures::EMOJI_STYLES,
    &pictures::STAMPS,
    &pictures::OPENCLIPART,
    &text::sets::NEWSGROUPS20,
    &text::sets::REUTERS_R52,
    &text::sets::STATE_OF_THE_UNION,
];

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path};

    use super::*;

    #[test]
    fn names_are_in_kebab_case_and_unique() {
        let names: BTreeSet<_> = CATALOGUE.iter().map(|source| source.name()).collect();
        assert_eq!(names.len(), CATALOGUE.len());
        for name in names {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(name.chars().all(plain) && !name.starts_with('-') && !name.ends_with('-'), "{name}");
        }
    }

    #[test]
    fn every_set_says_what_it_is_and_whom_to_cite() {
        for source in CATALOGUE {
            assert!(source.about().contains("classes") && source.about().contains(';'), "{}", source.name());
            assert!(source.citation().contains("https://"), "{}", source.name());
        }
    }

    #[test]
    fn files_lie_below_the_folder_of_their_set() {
        for source in CATALOGUE {
            for file in source.files() {
                assert!(file.path.starts_with(&format!("{}/", source.name())), "{}", file.path);
                assert_eq!(file.sha256.len(), 64, "{}", file.path);
            }
        }
    }

    #[test]
    fn embedded_sets_open_without_a_data_folder_and_never_change() {
        let hashes = [
            ("digits", "9d3da85a965a54c82bf8744298a6630e45e58765ecc50f019ee1585fc0f3f3d0"),
            ("fashion-mnist-small", "2938f39342afc851821729579ae574025428a30d7d63246a9dc5dace76dd245b"),
            ("emoji-google-small", "b44b2fdee11c361af8b0129ead69b3ec3d1e0618504c319ce1beecd2ebe976f0"),
            ("emoji-twitter-small", "332ceb13bb0b1d6ef818d96b900c55575ca451986b1e538fd9f77e88c40267a9"),
        ];
        let embedded: Vec<_> = CATALOGUE.iter().filter(|source| source.files().is_empty()).collect();
        assert_eq!(embedded.len(), hashes.len());
        for (source, (name, hash)) in embedded.iter().zip(hashes) {
            let dataset = source.open(Path::new("/nowhere")).unwrap();
            assert_eq!((source.name(), &dataset.hash[..]), (name, hash));
            let year = dataset.released.unwrap().to_string();
            assert!(source.citation().contains(&year), "{name} was released in {year}");
            source.verify(Path::new("/nowhere")).unwrap();
            source.fetch(Path::new("/nowhere"), None).unwrap();
            assert!(source.fetch(Path::new("/nowhere"), Some("elsewhere")).is_err());
        }
    }

    #[test]
    fn sets_are_released_in_the_year_that_they_cite() {
        for set in [&sets::mnist::MNIST, &sets::fashion::FASHION_MNIST, &sets::cifar::CIFAR10, &sets::cifar::CIFAR100] {
            assert!(set.citation.contains(&set.released.to_string()), "{}", set.name);
        }
    }

    #[test]
    fn a_set_that_is_absent_names_the_command_that_fetches_it() {
        for source in CATALOGUE.iter().filter(|source| !source.files().is_empty()) {
            let remedy = format!("run `clbench data fetch {}`", source.name());
            let (opened, verified) = (source.open(Path::new("/nowhere")), source.verify(Path::new("/nowhere")));
            for error in [format!("{:#}", opened.unwrap_err()), format!("{:#}", verified.unwrap_err())] {
                assert!(error.contains(&remedy) && error.contains(source.files()[0].path), "{error}");
            }
        }
    }

    #[test]
    fn full_sets_are_whole_where_they_are_present() {
        let Some(data) = std::env::var_os("CLBENCH_DATA") else {
            eprintln!("skipped: CLBENCH_DATA names no data folder, so the full sets are not tested");
            return;
        };
        for source in CATALOGUE.iter().filter(|source| !source.files().is_empty()) {
            if !Path::new(&data).join(source.name()).is_dir() {
                eprintln!("skipped: {} is not in the data folder", source.name());
                continue;
            }
            assert_eq!(source.verify(Path::new(&data)).unwrap().len(), source.files().len());
            let train = match source.name() {
                "cifar10" | "cifar100" => 50_000,
                "mnist" | "fashion-mnist" => 60_000,
                _ => continue,
            };
            let dataset = source.open(Path::new(&data)).unwrap();
            assert_eq!((dataset.train.len(), dataset.test.len()), (train, 10_000));
        }
    }
}
