use clbench::{
    network::net::{Body, Mlp},
    primitives::{
        array::Array,
        scope::{HeadKind, Heads},
    },
};

use super::*;

fn net() -> Net {
    let heads = Heads { kind: HeadKind::Shared, classes: 2, tasks: vec![vec![0, 1]], seen: vec![vec![0]] };
    Net { body: Body::Mlp(Mlp { widths: Vec::new(), ..Mlp::default() }), heads, input: [1, 1, 2] }
}

/// Settings with their defaults, as a run records them.
fn recorded(settings: &str) -> Table {
    let Make::Carrier(make) = METHOD.make else { unreachable!("ibcl is a carrier") };
    make(settings.parse().expect("TOML"), &net()).expect("it fits").0
}

/// All that `fgcs_update.py` and `zero_shot_model_locate.py` do, and what a stream says itself.
#[test]
fn the_released_code_is_followed_in_all_that_is_not_set() {
    let own = recorded("");
    let released = recorded("repo_compat = true");
    for (key, usual, theirs) in [
        ("start", "\"prior\"", "\"unit\""),
        ("against", "\"examples\"", "\"batch\""),
        ("local", "true", "false"),
        ("threshold", "0.0", "0.01"),
        ("combine", "\"mixture\"", "\"linear\""),
        ("draw", "\"density\"", "\"uniform\""),
        ("samples", "10", "10"),
        ("hdr_mass", "0.99", "0.99"),
    ] {
        assert_eq!((own[key].to_string().as_str(), released[key].to_string().as_str()), (usual, theirs), "{key}");
    }
    let said = recorded("repo_compat = true\nthreshold = 0.0\nlocal = true\nstart = 'prior'");
    assert_eq!(said["threshold"].as_float(), Some(0.0));
    assert_eq!(said["local"].as_bool(), Some(true));
    assert_eq!((said["start"].as_str(), said["against"].as_str()), (Some("prior"), Some("batch")));
    assert_eq!(recorded("repo_compat = false"), own);
}

/// One coordinate of mean and deviation each, so that both distances are ‖Δμ‖.
fn gaussian(mean: f32) -> Gaussian {
    let of = |value: f32| Theta::from_iter([("w".to_owned(), Array::new(&[1], vec![value], &Device::flex()))]);
    Gaussian { mean: of(mean), std: of(1.0) }
}

/// `min_dist <= discard_threshold` in the released code; the paper stores what lies at d (algorithm 1, line 8: dᵢʲ ≥
/// d).
#[test]
fn what_lies_just_as_far_as_the_threshold_is_stored_in_the_paper_and_not_in_the_code() {
    for (repo_compat, distance, stored) in
        [(false, 0.25, 2), (true, 0.25, 1), (false, 0.249, 1), (true, 0.249, 1), (false, 0.251, 2), (true, 0.251, 2)]
    {
        let ibcl = Ibcl::new(Config { threshold: 0.25, repo_compat, ..Config::default() }, net());
        let mut frozen = Theta::default();
        for (j, mean) in [0.0, distance].into_iter().enumerate() {
            let posterior = gaussian(mean);
            let distance = |other: &Gaussian| {
                // 0.25 in single precision is 0.25.
                (ibcl.distance(&posterior, other) * 1000.0).round() / 1000.0
            };
            let place = Place { experience: 0, j };
            store(&mut frozen, place, &posterior, |far| ibcl.is_near(far), distance, &Device::flex());
        }
        assert_eq!(credal::stored(&frozen).len(), stored, "{repo_compat} {distance}");
    }
}
