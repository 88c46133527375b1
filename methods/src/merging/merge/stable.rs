//! Which merges grow without bound by construction, and are refused for it.
//!
//! Let m be the merged task vector that a merge hands to the next one, and δ what an experience's training adds. To
//! first order each merge gives m ← g·m + …·δ. With g > 1 the weights grow as gᵗ whatever the data say; with g = 1
//! they grow like those of fine-tuning, δ by δ, and with g < 1 they stay bounded.
//!
//! | merge | next experience from | rules that sum | rules that average |
//! |---|---|---|---|
//! | running | running | 2s: the new weights hold m already, and m is added once more | s |
//! | running | start, last | s | s |
//! | with-start | with-start | s | s |
//! | all | all | 1 + s: each earlier m is in the sum again, Σ ← (1 + s)·Σ | s |
//!
//! So task arithmetic with s = 1 in an EMA fold grows as 2ᵗ − 1. DARE's masks keep the mean and make the spread
//! larger at every merge: with density q, g is the root mean square of the factor of an element, √(2/q + 2)·s in
//! place of 2s and √(1/q)·s in place of s. Scaling by layers (`LiNeS`) multiplies g by its largest factor.

use anyhow::{Result, ensure};

use super::settings::{Combine, Config, Lines, Policy, Rule};

/// The factor by which one merge multiplies the task vector of the merge before it; none where none is fed back.
pub fn gain(config: &Config) -> Option<f64> {
    let trained_on = config.init.merges();
    let policies: Vec<Policy> =
        config.merges().filter(|policy| *policy == Policy::Running || config.init == *policy).collect();
    let deepest = if config.lines == Lines::Off { 1.0 } else { config.shallow + config.deeper };
    let gains =
        policies.into_iter().map(|policy| gain_of(config, policy, trained_on && config.init == policy) * deepest);
    gains.reduce(f64::max)
}

fn gain_of(config: &Config, policy: Policy, trained_on: bool) -> f64 {
    let (s, q) = (config.scale, config.density);
    let drops = matches!(config.rule, Rule::Dare | Rule::DareTies) && q < 1.0;
    let s = if config.rule.takes_vectors() { s } else { 1.0 };
    match (policy, sums(config), drops) {
        (Policy::All, true, _) => 1.0 + s,
        // With many to choose from, one is kept nearly always, and enlarged by 1/q.
        (Policy::All, false, true) => s / q,
        (Policy::Running, true, false) if trained_on => 2.0 * s,
        (Policy::Running, true, true) if trained_on => s * (2.0 / q + 2.0).sqrt(),
        // Kept in one of two, which happens with probability q(2 − q), a value becomes 1/q of itself.
        (Policy::Running, false, true) if trained_on => s * ((2.0 - q) / q).sqrt(),
        (_, _, true) => s / q.sqrt(),
        _ => s,
    }
}

/// Whether the rule adds what several weights agree on, in place of averaging it.
fn sums(config: &Config) -> bool {
    match config.rule {
        Rule::TaskArithmetic | Rule::Dare | Rule::Breadcrumbs => true,
        Rule::Ties | Rule::DareTies => config.combine == Combine::Sum,
        _ => false,
    }
}

/// Refuses a gain above 1.
pub fn check(config: &Config) -> Result<()> {
    let Some(gain) = gain(config) else { return Ok(()) };
    // 2·0.5 is 1 exactly; a root may be one bit off.
    ensure!(
        gain <= 1.0 + 1e-9,
        "each merge would multiply what the one before it gave by {}, so the weights would grow as {}^t however they \
         are trained; {}",
        shown(gain),
        shown(gain),
        remedy(config, gain)
    );
    Ok(())
}

/// A factor with three digits behind the point, large ones by their magnitude.
fn shown(gain: f64) -> String {
    if gain < 1e6 { format!("{gain:.3}") } else { format!("{gain:.3e}") }
}

fn remedy(config: &Config, gain: f64) -> String {
    if config.init == Policy::All && sums(config) {
        return "no scale mends it; set init=last or init=start, or a rule that averages, such as ties".into();
    }
    if config.rule.takes_vectors() && config.scale > 0.0 {
        return format!("set scale to at most {:.3}, or a rule that averages, such as ties", config.scale / gain);
    }
    "set shallow + deeper to at most 1".into()
}

#[cfg(test)]
mod tests {
    use clbench::catalogue::Settings;

    use super::*;

    fn config(init: Policy, deploy: Policy, rule: Rule, scale: f64) -> Config {
        Config { init, deploy, rule, scale, ..Config::default() }
    }

    #[test]
    fn gains_are_those_of_the_recursion() {
        use Policy::{All, Last, Running, Start, WithStart};
        use Rule::{Magmax, TaskArithmetic, Ties};
        for (init, deploy, rule, scale, expected) in [
            (Running, Running, TaskArithmetic, 1.0, Some(2.0)),
            (Running, Running, TaskArithmetic, 0.5, Some(1.0)),
            (Running, All, TaskArithmetic, 0.1, Some(0.2)),
            (Start, Running, TaskArithmetic, 1.0, Some(1.0)),
            (Last, Running, TaskArithmetic, 0.3, Some(0.3)),
            (All, Last, TaskArithmetic, 0.1, Some(1.1)),
            (WithStart, WithStart, TaskArithmetic, 0.4, Some(0.4)),
            (Running, Running, Ties, 1.0, Some(1.0)),
            (All, All, Magmax, 0.5, Some(0.5)),
            (Last, All, TaskArithmetic, 3.0, None),
            (Last, WithStart, TaskArithmetic, 3.0, None),
            (Running, Running, Rule::Interpolation, 1.0, Some(1.0)),
        ] {
            let found = gain(&config(init, deploy, rule, scale));
            let close = found.zip(expected).map_or(found == expected, |(a, b): (f64, f64)| (a - b).abs() < 1e-12);
            assert!(close, "{init:?} {deploy:?} {rule:?} {scale}: {found:?}");
        }
    }

    /// The fold in numbers: δ = 1 at every experience.
    #[test]
    fn what_is_refused_grows_and_what_passes_does_not() {
        let fold = |s: f64, t: i32| (0..t).fold(0.0, |r, _| s * ((r + 1.0) + r));
        assert!((1..=5).all(|t| (fold(1.0, t) - (f64::from(1 << t) - 1.0)).abs() < 1e-12));
        assert!((fold(0.5, 40) - 20.0).abs() < 1e-12);
        assert!(fold(0.1, 40) < 0.13);
        for (scale, passes) in [(1.0, false), (0.51, false), (0.5, true), (0.1, true)] {
            let config = config(Policy::Running, Policy::Running, Rule::TaskArithmetic, scale);
            assert_eq!(config.check().is_ok(), passes, "{scale}");
        }
    }

    /// Each rule's own fold, along one direction: how much longer each stride is than the one before it.
    #[test]
    fn the_rules_themselves_grow_as_is_said() {
        use Rule::{Breadcrumbs, Dare, Interpolation, Magmax, ModelStock, TaskArithmetic, Ties};

        use crate::merging::merge::{Part, Parts, Span};
        let span = Span { path: "head.weight".into(), shape: vec![2], at: 0..2 };
        let merged = |values: &[f64], config: &Config| {
            let part =
                |value: &f64| Part { values: vec![*value; 2], share: 1.0 / values.len() as f64, ..Part::default() };
            let parts = values.iter().map(part).collect();
            let parts = Parts { parts, start: vec![0.0; 2], spans: vec![span.clone()], blocks: vec!["head".into()] };
            parts.merged(config, &mut |_| vec![0.0; 2]).expect("a merge")[0]
        };
        let stride = |config: &Config| {
            let (mut all, mut values) = (Vec::new(), vec![0.1]);
            for _ in 0..12 {
                let old = values[values.len() - 1];
                all.push(old + 1.0);
                let of = if config.init == Policy::All { all.clone() } else { vec![old, old + 1.0] };
                values.push(merged(&of, config));
            }
            (values[12] - values[11]) / (values[11] - values[10])
        };
        for (init, rule, combine, scale) in [
            (Policy::Running, TaskArithmetic, Combine::Mean, 1.0),
            (Policy::Running, TaskArithmetic, Combine::Mean, 0.3),
            (Policy::Running, Ties, Combine::Mean, 0.9),
            (Policy::Running, Ties, Combine::Sum, 0.9),
            (Policy::Running, Ties, Combine::Max, 0.9),
            (Policy::Running, Breadcrumbs, Combine::Mean, 0.4),
            (Policy::Running, Dare, Combine::Mean, 0.4),
            (Policy::Running, Magmax, Combine::Mean, 0.7),
            (Policy::Running, Interpolation, Combine::Mean, 1.0),
            (Policy::Running, ModelStock, Combine::Mean, 1.0),
            (Policy::All, TaskArithmetic, Combine::Mean, 0.2),
            (Policy::All, Ties, Combine::Sum, 0.5),
        ] {
            let config = Config { combine, density: 1.0, top: 0.0, ..config(init, init, rule, scale) };
            let (found, said) = (stride(&config), gain(&config).expect("it is fed back"));
            assert!((found / said - 1.0).abs() < 1e-6, "{rule:?} {combine:?} {scale}: {found} and not {said}");
        }
    }

    #[test]
    fn a_refusal_names_the_number_and_the_remedy() {
        let said = |config: Config| config.check().expect_err("it grows").to_string();
        let running = said(config(Policy::Running, Policy::Running, Rule::TaskArithmetic, 1.0));
        assert!(running.contains("2.000^t") && running.contains("set scale to at most 0.500"), "{running}");
        let all = said(config(Policy::All, Policy::All, Rule::TaskArithmetic, 0.1));
        assert!(all.contains("1.100^t") && all.contains("set init=last"), "{all}");
        let ties = Config { combine: Combine::Sum, ..config(Policy::Running, Policy::Running, Rule::Ties, 1.0) };
        assert!(said(ties).contains("2.000^t"));
        let lines = Config { lines: Lines::Linear, deeper: 1.0, ..Config::default() };
        assert!(said(lines).contains("1.500^t"));
    }

    /// The root mean square of the factor of one element over many drawn pairs of masks.
    #[test]
    fn the_gain_of_dropped_values_is_measured() {
        use clbench::primitives::draws::Draws;
        use rand::RngExt;
        let q = 0.3;
        let mut rng = Draws::of(3).rng("masks", 0);
        let mut kept = || if rng.random::<f64>() < q { 1.0 / q } else { 0.0 };
        let (mut sum, mut mean) = (0.0, 0.0);
        for _ in 0..40_000 {
            let (a, b) = (kept(), kept());
            sum += f64::powi(a + b, 2) / 40_000.0;
            mean += f64::powi(f64::max(a, b), 2) / 40_000.0;
        }
        let of =
            |rule| gain(&Config { density: q, ..config(Policy::Running, Policy::Running, rule, 1.0) }).expect("one");
        assert!((sum.sqrt() / of(Rule::Dare) - 1.0).abs() < 0.02, "{sum}");
        assert!((mean.sqrt() / of(Rule::DareTies) - 1.0).abs() < 0.02, "{mean}");
    }
}
