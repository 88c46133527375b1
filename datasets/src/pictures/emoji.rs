//! Emoji in two drawing styles: Google's (Noto) and Twitter's (Twemoji), without variants of skin tone.
//!
//! Drawings: Noto Emoji, <https://github.com/googlefonts/noto-emoji>, Apache-2.0; Twemoji,
//! <https://github.com/twitter/twemoji>, CC BY 4.0. Cut and described by emoji-data,
//! <https://github.com/iamcal/emoji-data>, MIT: names, nine groups, 99 subgroups, and the version of Emoji that added
//! each. Classes are subgroups of at least five, or groups, or single emoji; captions are names; times are those of the
//! versions, from <https://unicode.org/reports/tr51/#EmojiVersions>, to the month.

use anyhow::{Context, Result, ensure};
use clbench::data::File;
use serde::Deserialize;

use super::{Collection, Members, Picture, canvas, in_parallel, sorted_out};
use crate::fetch::set::Package;

const GOOGLE: Package = Package::Npm("emoji-datasource-google@16.0.0");
const TWITTER: Package = Package::Npm("emoji-datasource-twitter@16.0.0");
/// Least number of emoji of a class.
const LEAST: usize = 5;

/// First days of the months in which versions of Emoji came out, in seconds since 1970.
const VERSIONS: [(&str, i64); 16] = [
    ("0.6", 1_285_891_200),
    ("0.7", 1_401_580_800),
    ("1.0", 1_438_387_200),
    ("2.0", 1_446_336_000),
    ("3.0", 1_464_739_200),
    ("4.0", 1_477_958_400),
    ("5.0", 1_496_275_200),
    ("11.0", 1_525_132_800),
    ("12.0", 1_551_398_400),
    ("12.1", 1_569_888_000),
    ("13.0", 1_583_020_800),
    ("13.1", 1_598_918_400),
    ("14.0", 1_630_454_400),
    ("15.0", 1_661_990_400),
    ("15.1", 1_693_526_400),
    ("16.0", 1_725_148_800),
];

/// An entry of `emoji.json`; what else it has is of no use here.
#[derive(Clone, Deserialize)]
struct Entry {
    name: String,
    short_name: String,
    category: String,
    subcategory: String,
    image: String,
    added_in: String,
    sort_order: u32,
}

/// What a class is.
#[derive(Clone, Copy, PartialEq)]
enum By {
    Subgroup,
    Group,
    Single,
}

/// The emoji of `style` in the order of the standard.
fn pictures(members: &Members, style: &str, by: By) -> Result<Vec<Picture>> {
    let list = members.get("package/emoji.json").context("there is no emoji.json")?;
    let mut entries: Vec<Entry> = serde_json::from_slice(list).context("emoji.json is broken")?;
    entries.sort_by_key(|entry| entry.sort_order);
    entries.retain(|entry| entry.category != "Component");
    ensure!(entries.iter().all(|entry| !entry.image.contains('/')), "emoji.json names a picture elsewhere");
    let made = in_parallel(&entries, |entry| {
        let bytes = members.get(&format!("package/img/{style}/64/{}", entry.image))?;
        let class = match by {
            By::Subgroup => entry.subcategory.clone(),
            By::Group => entry.category.clone(),
            By::Single => entry.short_name.clone(),
        };
        let time = VERSIONS.iter().find(|(version, _)| *version == entry.added_in)?.1;
        let caption = entry.name.to_lowercase();
        Some(Picture { pixels: canvas::encoded(bytes).ok()?, class, caption, time: Some(time), test: false })
    });
    ensure!(
        made.len() == entries.len(),
        "{} of {} emoji have no picture that can be read",
        entries.len() - made.len(),
        entries.len()
    );
    Ok(made)
}

fn wants(name: &str) -> bool {
    name == "package/emoji.json"
        || ["google", "twitter"].iter().any(|style| name.starts_with(&format!("package/img/{style}/64/")))
}

const CITATION_GOOGLE: &str = "Google 2024, Noto Emoji, https://github.com/googlefonts/noto-emoji";
const CITATION_TWITTER: &str = "Twitter 2024, Twemoji, https://github.com/twitter/twemoji";

/// Google's emoji by subgroup.
pub static EMOJI_GOOGLE: Collection = Collection {
    name: "emoji-google",
    about: "emoji as Google draws them, by subgroup, 89 classes, 1483 + 400 of 3×32×32, names as captions; Apache-2.0",
    licence: "Apache-2.0",
    citation: CITATION_GOOGLE,
    released: 2024,
    files: &[File {
        path: "emoji-google/emoji-google.pictures",
        sha256: "24d49b256bf6aa5e8ad4f61986e8dbfa1e46b9cea6c5e98677752c78a30d56da",
        bytes: 5_844_888,
    }],
    packages: &[GOOGLE],
    wants,
    make: |members| Ok(sorted_out(pictures(members, "google", By::Subgroup)?, LEAST)),
};

/// Google's emoji by group.
pub static EMOJI_GOOGLE_GROUPS: Collection = Collection {
    name: "emoji-google-groups",
    about: "emoji as Google draws them, by group, 9 classes, 1524 + 382 of 3×32×32, names as captions; Apache-2.0",
    files: &[File {
        path: "emoji-google-groups/emoji-google-groups.pictures",
        sha256: "a73837bcece23d506897b8ce5ee5554d4c463508b079c21f8211130862b172b4",
        bytes: 5_913_548,
    }],
    make: |members| Ok(sorted_out(pictures(members, "google", By::Group)?, LEAST)),
    ..EMOJI_GOOGLE
};

/// Twitter's emoji by subgroup.
pub static EMOJI_TWITTER: Collection = Collection {
    name: "emoji-twitter",
    about: "emoji as Twitter draws them, by subgroup, 89 classes, 1483 + 400 of 3×32×32, names as captions; CC BY 4.0",
    licence: "CC BY 4.0",
    citation: CITATION_TWITTER,
    files: &[File {
        path: "emoji-twitter/emoji-twitter.pictures",
        sha256: "389b3887818dd093752cbae9d33fc735e45279045d633a6ac3a15eb4baa73153",
        bytes: 5_844_888,
    }],
    packages: &[TWITTER],
    make: |members| Ok(sorted_out(pictures(members, "twitter", By::Subgroup)?, LEAST)),
    ..EMOJI_GOOGLE
};

/// Twitter's emoji by group.
pub static EMOJI_TWITTER_GROUPS: Collection = Collection {
    name: "emoji-twitter-groups",
    about: "emoji as Twitter draws them, by group, 9 classes, 1524 + 382 of 3×32×32, names as captions; CC BY 4.0",
    files: &[File {
        path: "emoji-twitter-groups/emoji-twitter-groups.pictures",
        sha256: "2aa6c0f03a0b19fd2e9ff01d963430798d714d2a58d943cac8c0fa087d8302d9",
        bytes: 5_913_548,
    }],
    make: |members| Ok(sorted_out(pictures(members, "twitter", By::Group)?, LEAST)),
    ..EMOJI_TWITTER
};

/// Each emoji a class: Google's drawing to learn from, Twitter's to be asked about.
pub static EMOJI_STYLES: Collection = Collection {
    name: "emoji-styles",
    about: "each emoji a class, 1906 classes, Google's drawing for training and Twitter's for testing, 1906 + 1906 of \
            3×32×32, names as captions; Apache-2.0 and CC BY 4.0",
    licence: "Apache-2.0 and CC BY 4.0",
    files: &[File {
        path: "emoji-styles/emoji-styles.pictures",
        sha256: "e6e6102c149b80bb7a8e9bbd4f0669978522f1c268212966ec03980c0f9a9448",
        bytes: 11_861_727,
    }],
    packages: &[GOOGLE, TWITTER],
    make: |members| {
        let test = pictures(members, "twitter", By::Single)?;
        let test = test.into_iter().map(|picture| Picture { test: true, ..picture });
        Ok(pictures(members, "google", By::Single)?.into_iter().chain(test).collect())
    },
    ..EMOJI_GOOGLE
};
