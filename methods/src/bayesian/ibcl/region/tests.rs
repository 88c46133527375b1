use burn::tensor::Device;

use super::*;

fn gaussian(mean: &[f32], std: &[f32]) -> Gaussian {
    let theta = |values: &[f32]| {
        Theta::from_iter([("w".to_owned(), Array::new(&[values.len()], values.to_vec(), &Device::flex()))])
    };
    Gaussian { mean: theta(mean), std: theta(std) }
}
fn values(theta: &Theta) -> Vec<f32> {
    theta.get("w").expect("a weight").values()
}
fn reading(combine: Combine, mass: f64, draw: Draw, samples: u32) -> Reading {
    Reading { combine, mass, draw, shared: false, samples }
}
fn near(a: &[f32], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-5)
}

#[test]
fn two_gaussians_are_combined_in_both_ways_as_by_hand() {
    let parts = [(gaussian(&[1.0, 0.0], &[1.0, 2.0]), 0.25), (gaussian(&[5.0, 4.0], &[3.0, 2.0]), 0.75)];
    let linear = combined(&parts, Combine::Linear);
    assert!(near(&values(&linear.mean), &[4.0, 3.0]) && near(&values(&linear.std), &[2.5, 2.0]));
    let sum = combined(&parts, Combine::Sum);
    // √(0.0625·1 + 0.5625·9) and √(0.0625·4 + 0.5625·4).
    assert!(near(&values(&sum.mean), &[4.0, 3.0]) && near(&values(&sum.std), &[5.125_f64.sqrt(), 2.5_f64.sqrt()]));
}

fn golden(key: &str) -> Vec<serde_json::Value> {
    let all: serde_json::Value =
        serde_json::from_str(include_str!("../../../../tests/golden/regions.json")).expect("JSON");
    all[key].as_array().expect("cases").clone()
}
fn number(case: &serde_json::Value, key: &str) -> f64 {
    case[key].as_f64().expect("a number")
}

/// Standardised weights of one model of 4000 around 1 by 2, and the largest of them by size.
fn standardised(reading: &Reading) -> (Vec<f64>, f64) {
    let models = reading.models(&[(gaussian(&[1.0; 4000], &[2.0; 4000]), 1.0)], &Draws::of(1));
    let z: Vec<f64> = values(&models[0]).iter().map(|w| (f64::from(*w) - 1.0) / 2.0).collect();
    let most = z.iter().fold(0.0, |most: f64, z| most.max(z.abs()));
    (z, most)
}

/// Edges and variances of regions are those of `tests/golden/make/regions.py`.
#[test]
fn models_lie_within_the_region_and_fill_it() {
    for case in golden("gaussian") {
        let (mass, edge) = (number(&case, "mass"), number(&case, "edge"));
        for (draw, key) in [(Draw::Density, "inside"), (Draw::Uniform, "uniform")] {
            let (z, most) = standardised(&reading(Combine::Linear, mass, draw, 1));
            // In single precision around 1.
            assert!(most <= edge + 1e-6 && most > 0.99 * edge, "{mass} {draw:?}: {most}");
            let variance = z.iter().map(|z| z * z).sum::<f64>() / 4000.0;
            assert!((variance / number(&case, key) - 1.0).abs() < 0.08, "{mass} {draw:?}: {variance}");
        }
    }
}

/// The share of a Gaussian's own draws that fall where models are is the region's mass.
#[test]
fn the_region_covers_its_mass_and_the_released_codes_what_is_left() {
    let config = |hdr_mass, repo_compat| Config { hdr_mass, repo_compat, ..Config::default() };
    let covered = |config: &Config| {
        // A number of its own for each coordinate fills the released code's region, too.
        let (_, most) = standardised(&Reading { shared: false, ..Reading::of(config) });
        let inside = Draws::of(5).normal("own", 0, 20_000).into_iter().filter(|z| f64::from(z.abs()) <= most);
        (inside.count() as f64 / 20_000.0, most)
    };
    for case in golden("released") {
        let (share, most) = covered(&config(number(&case, "hdr_mass"), true));
        // Three standard errors of a share of 20,000, and what the largest of 4000 misses of the edge.
        assert!((share - number(&case, "covers")).abs() < 0.012, "{case}: {share}");
        assert!((most / number(&case, "edge") - 1.0).abs() < 0.01, "{case}: {most}");
    }
    let Reading { combine, draw, .. } = Reading::of(&config(0.9, false));
    assert_eq!((combine, draw), (Combine::Mixture, Draw::Density));
    let own = Config { combine: Combine::Linear, ..config(0.9, false) };
    assert!((covered(&own).0 - 0.9).abs() < 0.012);
}

#[test]
fn the_released_code_moves_a_whole_tensor_by_one_number() {
    let reading = Reading { shared: true, ..reading(Combine::Linear, 0.5, Draw::Uniform, 2) };
    let models = reading.models(&[(gaussian(&[0.0; 50], &[1.0; 50]), 1.0)], &Draws::of(2));
    for model in &models {
        let w = values(model);
        assert!(w.iter().all(|value| (value - w[0]).abs() < 1e-6));
    }
    assert!((values(&models[0])[0] - values(&models[1])[0]).abs() > 1e-4);
}

#[test]
fn a_mixtures_models_come_from_its_parts_by_their_shares() {
    let parts = [(gaussian(&[-10.0], &[1.0]), 0.3), (gaussian(&[10.0], &[1.0]), 0.7)];
    let models = reading(Combine::Mixture, 1.0, Draw::Density, 1000).models(&parts, &Draws::of(3));
    let low = models.iter().filter(|model| values(model)[0] < 0.0).count();
    // Four standard errors of a share of 0.3 of a thousand.
    assert!((low as f64 - 300.0).abs() < 58.0, "{low}");
    assert!(models.iter().all(|model| (values(model)[0].abs() - 10.0).abs() < 5.0));
}

/// ln(0.3·φ(x + 1) + 0.7·φ((x − 2)/3)/3) + ln √2π, at three places.
#[test]
fn a_mixtures_density_is_that_of_its_parts() {
    let mixture = Mixture::of(&[(gaussian(&[-1.0], &[1.0]), 0.3), (gaussian(&[2.0], &[3.0]), 0.7)]);
    for x in [-1.0_f64, 0.5, 4.0] {
        let by_hand = 0.3 * (-0.5 * (x + 1.0).powi(2)).exp() + 0.7 / 3.0 * (-0.5 * ((x - 2.0) / 3.0).powi(2)).exp();
        assert!((mixture.density(&[x as f32]) - by_hand.ln()).abs() < 1e-5, "{x}");
    }
}

/// In one dimension models lie above the density, and in the parts, that a grid finds; ten of them as well as hundreds.
#[test]
fn the_region_of_a_mixture_is_its_densest_part() {
    let parts: [(Gaussian, f64); 2] = [(gaussian(&[0.0], &[1.0]), 0.4), (gaussian(&[20.0], &[5.0]), 0.6)];
    let mixture = Mixture::of(&parts);
    for case in golden("mixture") {
        let mass = number(&case, "mass");
        for (samples, seeds) in [(10, 40), ((mass * MOST_DRAWN as f64).round() as u32, 1)] {
            let of = |seed| reading(Combine::Mixture, mass, Draw::Density, samples).models(&parts, &Draws::of(seed));
            let models: Vec<Theta> = (0..seeds).flat_map(of).collect();
            assert_eq!(models.len() as u64, u64::from(samples) * seeds);
            let narrow =
                models.iter().filter(|model| values(model)[0].abs() < 5.0).count() as f64 / models.len() as f64;
            // Four standard errors of a share.
            let expected = number(&case, "narrow");
            let error = (expected * (1.0 - expected) / models.len() as f64).sqrt();
            assert!((narrow - expected).abs() < 4.0 * error + 0.01, "{case}, {samples}: {narrow}");
            let constant = -0.5 * (2.0 * std::f64::consts::PI).ln();
            let lowest =
                models.iter().map(|model| mixture.density(&values(model)) + constant).fold(f64::INFINITY, f64::min);
            // The edge moves with the share of draws above it, which is known to ±0.05.
            assert!(lowest > number(&case, "log_threshold") - 0.25, "{case}, {samples}: {lowest}");
            assert!(samples == 10 || lowest < number(&case, "log_threshold") + 0.25, "{case}: {lowest}");
        }
    }
}

/// Ten of a thousand draws of mass 0.99 come from each part as often as the mixture's do.
#[test]
fn nearly_all_of_a_mixture_has_its_shares() {
    let parts: Vec<(Gaussian, f64)> = [(1.0, 0.1), (2.0, 0.2), (0.5, 0.7)]
        .map(|(std, share)| (gaussian(&[100.0 * std; 50], &[std; 50]), share))
        .to_vec();
    let of = |seed| reading(Combine::Mixture, 0.99, Draw::Density, 10).models(&parts, &Draws::of(seed));
    let models: Vec<Theta> = (0..60).flat_map(of).collect();
    let share = |std: f32| {
        models.iter().filter(|model| (values(model)[0] - 100.0 * std).abs() < 5.0 * std).count() as f64 / 600.0
    };
    // What is left out, a hundredth, is of the widest part. Four standard errors.
    for (std, expected) in [(1.0, 0.101), (2.0, 0.192)] {
        assert!(
            (share(std) - expected).abs() < 4.0 * (expected * (1.0 - expected) / 600.0_f64).sqrt(),
            "{std}: {}",
            share(std)
        );
    }
}
