//! Streams of every part are trained on.

use crate::{
    parts::{Yard, file},
    support::straight,
};

/// One pass over a stream with each part ends with finite weights, and again with the same.
#[test]
fn every_part_is_trained_on_and_repeats() {
    let yard = Yard::new();
    for part in yard.parts() {
        let text = file(&[&part], "");
        let settings = "net.widths=[16] optim.rate=0.05 train.batch=64 train.epochs=1";
        let setup = yard.setup(&text, settings).unwrap_or_else(|error| panic!("{error:#}\n{text}"));
        let [first, second] = [(), ()].map(|()| straight(&setup, 0, &yard.shelf));
        assert_eq!(first.differences(&second), Vec::<&str>::new(), "{text}");
        assert!(first.theta.values().flatten().all(|bits| f32::from_bits(*bits).is_finite()), "{text}");
        let ends = first.ends().iter().map(|row| row.experience).collect::<std::collections::BTreeSet<_>>();
        assert_eq!(ends.len(), setup.stream.experiences.len(), "an experience is not evaluated\n{text}");
    }
}
