//! The one source of random numbers: generators that are keyed by what they are for and keep no state.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// The generator for one `purpose` at one place.
///
/// `place` are three counters, such as seed, experience and step; `call` tells apart several uses at one place. The
/// same arguments give the same numbers on every machine.
pub fn generator(place: [u64; 3], purpose: &str, call: u64) -> ChaCha8Rng {
    let [seed, experience, step] = place;
    let mut key = [0; 32];
    let words = [seed, fnv(purpose), experience, step];
    key.chunks_exact_mut(8).zip(words).for_each(|(part, word)| part.copy_from_slice(&word.to_le_bytes()));
    let mut rng = ChaCha8Rng::from_seed(key);
    rng.set_stream(call);
    rng
}

/// FNV-1a: a purpose is a name, so that a plug-in can have its own.
fn fnv(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;

    #[test]
    fn every_argument_tells_apart() {
        let number = |place, purpose, call| generator(place, purpose, call).random::<u64>();
        let first = number([1, 2, 3], "a", 0);
        assert_eq!(first, number([1, 2, 3], "a", 0));
        let others = [
            number([0, 2, 3], "a", 0),
            number([1, 0, 3], "a", 0),
            number([1, 2, 0], "a", 0),
            number([1, 2, 3], "b", 0),
            number([1, 2, 3], "a", 1),
        ];
        assert!(!others.contains(&first));
    }
}
