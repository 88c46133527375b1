//! Rules on task vectors τ = θ − θ₀; the merged weights are θ₀ + λτ.
//!
//! - Task arithmetic, Στᵢ: Ilharco et al. 2023, <https://arxiv.org/abs/2212.04089>, section 2.
//! - TIES: Yadav et al. 2023, <https://arxiv.org/abs/2306.01708>, algorithm 1: trim over the whole vector, elect signs
//!   by mass, combine what has the elected sign. Where the mass is zero the sign of the majority of elements stands in,
//!   as in the authors' code.
//! - DARE, Σ mᵢ⊙τᵢ/(1−p) with mᵢ ~ Bernoulli(1−p): Yu et al. 2024, <https://arxiv.org/abs/2311.03099>, eq. 2; with
//!   TIES's election after it, DARE-TIES.
//! - Breadcrumbs, Σ mᵢ⊙τᵢ, each tensor's largest and smallest values dropped: Davari & Belilovsky 2024,
//!   <https://arxiv.org/abs/2312.06795>, eq. 1 and 2.
//! - `MagMax`, the τᵢ of largest size for each element, the latest of equals: Marczak et al. 2024,
//!   <https://arxiv.org/abs/2407.06322>, eq. 2.
//!
//! **Deviation:** TIES keeps k·n of n values, rounded and at least one; the authors' code keeps ⌊k·n⌋ + 1. Values
//! exactly as large as the last one that is kept are kept too, as in that code, but an exact zero has no say. Where
//! neither mass nor majority elect a sign, the value is 0; the authors' code takes the negative ones. In breadcrumbs
//! each tensor is masked as a whole and at least one of its values is kept; the authors' code masks each row by itself.
//! DARE's election follows no trimming.

use super::{
    super::{
        flat::Span,
        settings::{Combine, Config, Rule},
    },
    Uniform,
};

type Vectors = [Vec<f64>];

/// The merged task vector, before λ.
pub(super) fn merged(taus: &Vectors, spans: &[Span], config: &Config, draw: &mut Uniform) -> Vec<f64> {
    let Config { density, top, combine, .. } = config;
    let dropped = |draw: &mut Uniform| -> Vec<Vec<f64>> {
        taus.iter().enumerate().map(|(at, tau)| drop_out(tau, &draw(at), *density)).collect()
    };
    match config.rule {
        Rule::Ties => elected(&taus.iter().map(|tau| trimmed(tau, *density)).collect::<Vec<_>>(), *combine),
        Rule::Dare => sum(&dropped(draw)),
        Rule::DareTies => elected(&dropped(draw), *combine),
        Rule::Breadcrumbs => sum(&taus.iter().map(|tau| crumbs(tau, spans, *density, *top)).collect::<Vec<_>>()),
        Rule::Magmax => largest(taus),
        _ => sum(taus),
    }
}

pub(super) fn sum(taus: &Vectors) -> Vec<f64> {
    (0..taus[0].len()).map(|at| taus.iter().map(|tau| tau[at]).sum()).collect()
}

/// Step 1 of TIES: the share `density` of largest size of the whole vector, the rest zero.
fn trimmed(tau: &[f64], density: f64) -> Vec<f64> {
    let kept = ((density * tau.len() as f64).round() as usize).clamp(1, tau.len());
    let mut sizes: Vec<f64> = tau.iter().map(|value| value.abs()).collect();
    let (_, least, _) = sizes.select_nth_unstable_by(kept - 1, |a, b| b.total_cmp(a));
    let least = *least;
    tau.iter().map(|value| if value.abs() >= least { *value } else { 0.0 }).collect()
}

/// Steps 2 and 3 of TIES.
fn elected(taus: &Vectors, combine: Combine) -> Vec<f64> {
    let sign = |value: f64| if value == 0.0 { 0.0 } else { value.signum() };
    let signs: Vec<f64> = sum(taus).into_iter().map(sign).collect();
    let majority = sign(signs.iter().sum());
    let combined = |(at, elected): (usize, &f64)| {
        let elected = if *elected == 0.0 { majority } else { *elected };
        let agreeing: Vec<f64> = taus.iter().map(|tau| tau[at]).filter(|value| value * elected > 0.0).collect();
        let sum: f64 = agreeing.iter().sum();
        match combine {
            _ if agreeing.is_empty() => 0.0,
            Combine::Mean => sum / agreeing.len() as f64,
            Combine::Sum => sum,
            Combine::Max => elected * agreeing.iter().map(|value| value.abs()).fold(0.0, f64::max),
        }
    };
    signs.iter().enumerate().map(combined).collect()
}

/// Keeps a value where its lot is below `density`, and makes up for the others.
fn drop_out(tau: &[f64], lots: &[f64], density: f64) -> Vec<f64> {
    tau.iter().zip(lots).map(|(value, lot)| if *lot < density { value / density } else { 0.0 }).collect()
}

/// Of each tensor the share `top` of largest size and all below the next `density` of them become zero, both rounded
/// down.
fn crumbs(tau: &[f64], spans: &[Span], density: f64, top: f64) -> Vec<f64> {
    let mut kept = vec![0.0; tau.len()];
    for span in spans {
        let n = span.at.len();
        let share = |of: f64| (of * n as f64).floor() as usize;
        let dropped = share(top).min(n - 1);
        let until = dropped + share(density).clamp(1, n - dropped);
        let mut order: Vec<usize> = span.at.clone().collect();
        // Equals in the order of their places, so that every machine drops the same.
        order.sort_by(|a, b| tau[*b].abs().total_cmp(&tau[*a].abs()).then(a.cmp(b)));
        order[dropped..until].iter().for_each(|at| kept[*at] = tau[*at]);
    }
    kept
}

fn largest(taus: &Vectors) -> Vec<f64> {
    let pick = |at: usize| taus.iter().map(|tau| tau[at]).reduce(|a, b| if b.abs() >= a.abs() { b } else { a });
    (0..taus[0].len()).map(|at| pick(at).expect("there is at least one")).collect()
}
