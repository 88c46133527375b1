//! Merges that have names: `merge` with its two choices, and in some its rule, made once and for all.
//!
//! - `ema-merge`, `ft-merge`, `zs-merge`: Roth et al. 2024 (FoMo-in-Flux), <https://arxiv.org/abs/2408.14471>,
//!   section 4.3.
//! - `time-X-Y`: Dziadzio et al. 2024 (TIME), <https://arxiv.org/abs/2412.06712>, section 3: X is what the next
//!   experience starts from and Y what is deployed; `all`, `ft` (trained last), `unrolled` (the running merge) or `zs`
//!   (the start).
//! - `wise-ft`: Wortsman et al. 2022, <https://arxiv.org/abs/2109.01903>, eq. 1. Training goes on from what was trained
//!   last.
//! - `paint`: Ilharco et al. 2022, <https://arxiv.org/abs/2208.05592>, sections 2 and 5, in sequence:
//!   θᵢ = (1−α)θᵢ₋₁ + αθᵢ′.
//! - `magmax`: Marczak et al. 2024, <https://arxiv.org/abs/2407.06322>, algorithm 1, λ as in its code.

use anyhow::ensure;
use clbench::{
    catalogue::Made,
    method::{Contribution, Family, Make, Method, contribution},
};
use toml::Table;

use super::{Merge, settings::Config};

/// `table` with what a preset's name says already; `usual` are its own defaults.
fn named(mut table: Table, says: &str, usual: &str) -> Made<Box<dyn Contribution>> {
    let read = |text: &str| text.parse::<Table>();
    for (key, value) in read(says)? {
        let given = table.entry(&key).or_insert_with(|| value.clone());
        ensure!(*given == value, "{key} is {value} by the method's name; with another, use method=merge");
    }
    for (key, value) in read(usual)? {
        table.entry(key).or_insert(value);
    }
    contribution(table, Merge::new)
}

/// An entry of the catalogue: name, what it does, where it comes from, what its name says, and its own defaults.
macro_rules! preset {
    ($name:literal, $about:literal, $citation:literal, $says:literal $(, $usual:literal)?) => {
        Method {
            name: $name,
            about: $about,
            citation: $citation,
            make: Make::Contribution(|table| named(table, $says, concat!($($usual)?))),
            joint: false,
            family: Family::Merging,
            settings: Config::SETTINGS,
            needs: &[],
        }
    };
}

/// An entry out of TIME's table of combinations.
macro_rules! time {
    ($name:literal, $about:literal, $says:literal) => {
        preset!($name, $about, "https://arxiv.org/abs/2412.06712", $says)
    };
}

/// All of them.
pub const METHODS: &[Method] = &[
    preset!(
        "ema-merge",
        "trains on from the running merge, and deploys it",
        "https://arxiv.org/abs/2408.14471",
        "init = 'running'\ndeploy = 'running'"
    ),
    preset!(
        "ft-merge",
        "starts from the last merged with the first, deploys that",
        "https://arxiv.org/abs/2408.14471",
        "init = 'with-start'\ndeploy = 'with-start'"
    ),
    preset!(
        "zs-merge",
        "starts from the first weights, deploys the running merge",
        "https://arxiv.org/abs/2408.14471",
        "init = 'start'\ndeploy = 'running'"
    ),
    preset!(
        "wise-ft",
        "trains as usual, deploys a mean of last and first weights",
        "https://arxiv.org/abs/2109.01903",
        "init = 'last'\ndeploy = 'with-start'\nrule = 'interpolation'"
    ),
    preset!(
        "paint",
        "merges new into running weights, by a searched share",
        "https://arxiv.org/abs/2208.05592",
        "init = 'running'\ndeploy = 'running'\nrule = 'interpolation'",
        "search = 10"
    ),
    preset!(
        "magmax",
        "trains as usual, deploys each weight's largest change",
        "https://arxiv.org/abs/2407.06322",
        "init = 'last'\ndeploy = 'all'\nrule = 'magmax'",
        "scale = 0.5"
    ),
    time!("time-all-all", "starts from a merge of all so far, deploys it", "init = 'all'\ndeploy = 'all'"),
    time!("time-all-ft", "starts from a merge of all so far, deploys the last", "init = 'all'\ndeploy = 'last'"),
    time!(
        "time-all-unrolled",
        "starts from a merge of all so far, deploys the running one",
        "init = 'all'\ndeploy = 'running'"
    ),
    time!("time-ft-all", "trains as usual, deploys a merge of all weights so far", "init = 'last'\ndeploy = 'all'"),
    time!("time-ft-unrolled", "trains as usual, deploys the running merge", "init = 'last'\ndeploy = 'running'"),
    time!(
        "time-unrolled-all",
        "starts from the running merge, deploys one of all so far",
        "init = 'running'\ndeploy = 'all'"
    ),
    time!(
        "time-unrolled-ft",
        "trains on from the running merge, deploys the last weights",
        "init = 'running'\ndeploy = 'last'"
    ),
    time!(
        "time-zs-unrolled",
        "starts from the first weights, deploys the running merge",
        "init = 'start'\ndeploy = 'running'"
    ),
];
