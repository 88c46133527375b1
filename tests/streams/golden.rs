//! Content hashes of one stream with each part: if one changes, published numbers of that part no longer compare.

use std::path::Path;

use clbench::config::{Arriving, Asked, resolve_stream};

use crate::parts::{Part, Yard, file};

/// First 16 digits of the hash of a class-incremental stream of the digits with each part; a part with several settings
/// has one for each, in their order.
const GOLDEN: &[(&str, &str)] = &[
    ("kind.class-incremental", "ae1dec3e48e6c9d9"),
    ("kind.task-incremental", "ae1dec3e48e6c9d9"),
    ("kind.domain-incremental", "ac219a848e61b132"),
    ("kind.domain-incremental", "cf97787ce934b83e"),
    ("kind.instance-incremental", "be4fac179c56f945"),
    ("kind.permuted", "de398c172d000818"),
    ("kind.rotated", "b3b7f761822845ff"),
    ("kind.concepts", "c0560e7e72e028c4"),
    ("kind.concepts", "45ce7cfd5780297e"),
    ("order.given", "ae1dec3e48e6c9d9"),
    ("order.random", "1ffd717c606aa1cf"),
    ("order.explicit", "120257701fb0755b"),
    ("order.difficulty", "942f5670d56ef0d1"),
    ("order.frequency", "8e17a4ec4317ac90"),
    ("order.similarity", "8db6d531d881d3a2"),
    ("order.similarity", "a5a879726da79347"),
    ("order.time", "fd0ac355f8d2f440"),
    ("order.dataset", "3f2d15e3a6ede84b"),
    ("order.curriculum-designer", "f1b2f9306843f291"),
    ("alteration.long-tailed", "4f8ec21cf591bcf8"),
    ("alteration.label-noise", "4078c81ffd57641a"),
    ("alteration.partially-labelled", "484b11ce4aecc4ae"),
    ("arrival.whole", "ae1dec3e48e6c9d9"),
    ("arrival.online", "9bb489028d5e6aa4"),
    ("arrival.blurry", "6782f707e4e6e63a"),
    ("arrival.drift", "f61632196e776e47"),
    ("arrival.drift", "936f1abf36885525"),
    ("arrival.curriculum", "82da2b5ee61159f7"),
    ("arrival.curriculum", "5e603935b1a8689e"),
    ("arrival.timeline", "47f2c9aa171a68e7"),
    ("environment.none", "ae1dec3e48e6c9d9"),
    ("environment.cumulative", "7e3034047c780eb2"),
    ("environment.uniform", "742ccc5b6626cad3"),
    ("environment.exponential", "9cd0a12959809e6e"),
    ("environment.budgeted-power-law", "0be44d3201746ac9"),
    ("environment.power-law", "41706c8b7ee1bd02"),
    ("environment.recurring", "2b924042fa691fc3"),
    ("environment.bandit-uniform", "4a38f74c5e3ae40b"),
    ("environment.loss-proportional", "857cb9497addd6c1"),
    ("environment.sec", "0dbf304a2819b2ad"),
    ("environment.exp3", "bb564a898da53fc9"),
    ("environment.ucb", "de14e5ed11a89ae5"),
    ("environment.successive-elimination", "18a47d84ef4ee664"),
    ("environment.gain-rl", "63e2e1b86c079924"),
];

/// Whoever changes one of these on purpose says so in the change log, under "Numbers".
#[test]
fn streams_are_what_they_have_always_been() {
    let yard = Yard::new();
    let line = |part: &Part| {
        let text = file(&[part], "seed = 7");
        let stream = yard.stream(&text).unwrap_or_else(|error| panic!("{error:#}\n{text}"));
        (part.key(), stream.hash[..16].to_owned())
    };
    let found: Vec<(String, String)> = yard.parts().iter().map(line).collect();
    let mut pinned: Vec<(String, String)> = GOLDEN.iter().map(|(key, hash)| ((*key).into(), (*hash).into())).collect();
    let mut new = Vec::new();
    for pair in found {
        match pinned.iter().position(|pin| *pin == pair) {
            Some(at) => drop(pinned.remove(at)),
            None => new.push(format!("    (\"{}\", \"{}\"),", pair.0, pair.1)),
        }
    }
    assert!(new.is_empty(), "not pinned:\n{}\npinned and not there: {pinned:?}", new.join("\n"));
    assert!(pinned.is_empty(), "pinned and not there: {pinned:?}");
}

/// First 16 digits of the hashes of shipped streams whose data ships, too. Published tables name the same.
const SHIPPED: [(&str, &str); 8] = [
    ("binary-digits", "ac219a848e61b132"),
    ("concepts-small", "a53e09828c285b94"),
    ("nano-flux", "02603b7d8e0df13a"),
    ("permuted-fashion", "c93a2f30f89390fc"),
    ("rotated-digits", "f347cb5a6dd2eb92"),
    ("split-digits", "ae1dec3e48e6c9d9"),
    ("split-fashion", "bda499ea52a4fc98"),
    ("split-fashion-told", "bda499ea52a4fc98"),
];

/// Whoever changes one of these on purpose says so in the change log, under "Numbers".
#[test]
fn shipped_streams_have_the_hashes_of_published_tables() {
    let shelf = crate::support::shelf();
    let hash = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("streams/{name}.toml"));
        let described = resolve_stream(&path, &Asked::parse(&[])?, Arriving::InOrder, &shelf)?;
        anyhow::Ok(described.stream.hash[..16].to_owned())
    };
    let found: Vec<(&str, String)> = SHIPPED.iter().map(|(name, _)| (*name, hash(name).unwrap())).collect();
    let known: Vec<(&str, String)> = SHIPPED.iter().map(|(name, hash)| (*name, (*hash).to_owned())).collect();
    assert_eq!(found, known);
}
