//! Content hashes of one stream with each part: if one changes, published numbers of that part no longer compare.

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
    ("order.given", "ae1dec3e48e6c9d9"),
    ("order.random", "1ffd717c606aa1cf"),
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
