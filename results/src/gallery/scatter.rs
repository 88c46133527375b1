//! Methods as points between two scores: stability and plasticity, compute and accuracy.

use super::{
    Sketch,
    cast::{Cast, DOTS, Member, mean_of},
};
use crate::{
    metric::accuracy,
    picture::{Better, Dot, Front, Mean},
};

/// Why there is no front of one method.
const ALONE: &str = "there is one method, and a front needs two or more; run another on the same stream";

/// Stability (stability.clbench) against plasticity (la.mer19).
pub(super) fn stability(cast: &Cast) -> Result<Sketch, String> {
    let shown = cast.shown(DOTS, |member| {
        Some((mean_of(member.score(&accuracy::STABILITY)?), mean_of(member.score(&accuracy::LEARNING)?)))
    });
    if shown.rows.is_empty() {
        return Err(format!(
            "no method has both scores on every seed: they need two experiences or more{}",
            cast.absent()
        ));
    }
    if shown.rows.len() < 2 {
        return Err(format!("{ALONE}{}", cast.absent()));
    }
    let title = format!("Stability and plasticity on {}", cast.stream());
    let front = Front {
        title: title.clone(),
        across: "stability in %".into(),
        up: "plasticity in %".into(),
        better: (Better::High, Better::High),
        dots: shown.rows.iter().map(|(member, at)| dot(member, *at, false)).collect(),
        pareto: true,
        log_x: false,
    };
    let what = "Stability: accuracy at the end on tasks that the last experience does not train (stability.clbench). \
                Plasticity: accuracy on each task right after it was trained (la.mer19). The line joins methods that \
                no other beats in both. Joint training has neither score.";
    Ok(Sketch { of: None, title, caption: shown.caption(cast, what, &[]), picture: front.draw() })
}

/// Average accuracy against charged operations.
pub(super) fn compute(cast: &Cast) -> Result<Sketch, String> {
    let place = |member: &Member| {
        let spent = member.operations().filter(|spent| spent.mean > 0.0)?;
        Some((mean_of(spent), mean_of(member.score(&accuracy::AVERAGE)?)))
    };
    let shown = cast.shown(DOTS, place);
    if shown.rows.is_empty() {
        return Err(format!("no method has an average accuracy and charged operations on every seed{}", cast.absent()));
    }
    let references: Vec<(&Member, (Mean, Mean))> =
        cast.joint.iter().filter_map(|member| Some((member, place(member)?))).collect();
    if shown.rows.len() + references.len() < 2 {
        return Err(format!("{ALONE}{}", cast.absent()));
    }
    let title = format!("Accuracy and compute on {}", cast.stream());
    let rows = shown.rows.iter().map(|(member, at)| dot(member, *at, false));
    let front = Front {
        title: title.clone(),
        across: "charged operations".into(),
        up: "average accuracy in %".into(),
        better: (Better::Low, Better::High),
        dots: rows.chain(references.iter().map(|(member, at)| dot(member, *at, true))).collect(),
        pareto: true,
        log_x: true,
    };
    let mut what = String::from(
        "Accuracy at the end, mean over tasks (acc.gem17), against the floating-point operations that the budget paid \
         for, on a scale of powers. The line joins methods that no other beats in both.",
    );
    if !references.is_empty() {
        what += " Joint training stands for comparison and is no part of it.";
    }
    let others: Vec<&Member> = references.iter().map(|(member, _)| *member).collect();
    Ok(Sketch { of: None, title, caption: shown.caption(cast, &what, &others), picture: front.draw() })
}

fn dot(member: &Member, (x, y): (Mean, Mean), reference: bool) -> Dot {
    Dot { name: member.name.clone(), x, y, reference }
}
