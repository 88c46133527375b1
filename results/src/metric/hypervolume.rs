//! The volume that points dominate: exact, in a few dimensions.
//!
//! - Zitzler and Thiele 1999, <https://doi.org/10.1109/4235.797969>: the measure.
//! - While et al. 2012 (WFG), <https://doi.org/10.1109/TEVC.2010.2077298>: what a point adds is its box without what
//!   the others dominate of it.

/// Dimensions at most: beyond, exact volumes take too long.
pub const MAX_DIMENSIONS: usize = 6;
/// Points that no other dominates, at most: the work grows with a power of their number (128 of them in six dimensions
/// take a few milliseconds).
pub const MAX_POINTS: usize = 256;

/// The volume of all that lies between 0 and at least one of `points`.
///
/// Coordinates below 0 count as 0. None where there is no point, where points differ in length or hold no finite
/// numbers, and beyond [`MAX_DIMENSIONS`] or [`MAX_POINTS`].
pub fn hypervolume(points: &[Vec<f64>]) -> Option<f64> {
    let dimensions = points.first()?.len();
    let sound = |point: &Vec<f64>| point.len() == dimensions && point.iter().all(|value| value.is_finite());
    if dimensions == 0 || dimensions > MAX_DIMENSIONS || !points.iter().all(sound) {
        return None;
    }
    let clipped = points.iter().map(|point| point.iter().map(|value| value.max(0.0)).collect());
    let mut front: Vec<Vec<f64>> = Vec::new();
    for point in clipped {
        add(&mut front, point);
        if front.len() > MAX_POINTS {
            return None;
        }
    }
    Some(volume(front))
}

/// Adds `point` to points of which none dominates another, and takes out those that it dominates.
fn add(front: &mut Vec<Vec<f64>>, point: Vec<f64>) {
    if !front.iter().any(|other| covers(other, &point)) {
        front.retain(|other| !covers(&point, other));
        front.push(point);
    }
}

fn covers(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).all(|(a, b)| a >= b)
}

fn volume(mut front: Vec<Vec<f64>>) -> f64 {
    // By rising last coordinate: it is the same for all that the later points leave of an earlier one.
    front.sort_by(|a, b| a.last().unwrap_or(&0.0).total_cmp(b.last().unwrap_or(&0.0)));
    if front.first().is_some_and(|point| point.len() == 2) {
        return area(&front);
    }
    let own = |(index, point): (usize, &Vec<f64>)| {
        let mut others = Vec::new();
        for other in &front[index + 1..] {
            add(&mut others, point.iter().zip(other).map(|(a, b)| a.min(*b)).collect());
        }
        let flat = |mut other: Vec<f64>| other.pop().map(|_| other);
        let height = point.last().copied().unwrap_or(0.0);
        let base: f64 = point[..point.len() - 1].iter().product();
        let covered = if others.is_empty() { 0.0 } else { volume(others.into_iter().filter_map(flat).collect()) };
        height * (base - covered)
    };
    front.iter().enumerate().map(own).sum()
}

/// The area of points of two coordinates, by rising second and so falling first.
fn area(front: &[Vec<f64>]) -> f64 {
    let mut below = 0.0;
    let mut area = 0.0;
    for point in front {
        area += point[0] * (point[1] - below);
        below = point[1];
    }
    area
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::RngExt;

    use super::*;
    use crate::statistics::generator;

    fn close(value: Option<f64>, expected: f64) -> bool {
        value.is_some_and(|value| (value - expected).abs() < 1e-12)
    }

    #[test]
    fn volumes_by_hand() {
        assert_eq!(hypervolume(&[vec![0.25], vec![0.5]]), Some(0.5));
        // 0.8·0.6 + 0.7·0.1
        assert!(close(hypervolume(&[vec![0.8, 0.6], vec![0.7, 0.7], vec![0.5, 0.5]]), 0.55));
        // Three boxes of 0.5, each two meet in 0.25, all three in 0.125.
        let three = [vec![0.5, 1.0, 1.0], vec![1.0, 0.5, 1.0], vec![1.0, 1.0, 0.5]];
        assert!(close(hypervolume(&three), 3.0 * 0.5 - 3.0 * 0.25 + 0.125));
        assert!(close(hypervolume(&[vec![0.5; 6]]), 1.0 / 64.0));
    }

    #[test]
    fn points_that_are_none_have_no_volume() {
        assert_eq!(hypervolume(&[]), None);
        assert_eq!(hypervolume(&[vec![]]), None);
        assert_eq!(hypervolume(&[vec![0.5], vec![0.5, 0.5]]), None);
        assert_eq!(hypervolume(&[vec![f64::NAN, 0.5]]), None);
        assert_eq!(hypervolume(&[vec![0.5; 7]]), None);
        assert_eq!(hypervolume(&[vec![-1.0, 0.5]]), Some(0.0));
        let line: Vec<Vec<f64>> = (0..257).map(|index| vec![f64::from(index), f64::from(257 - index)]).collect();
        assert_eq!(hypervolume(&line), None);
    }

    #[test]
    fn volumes_agree_with_drawn_points() {
        const DRAWS: u32 = 20_000;
        for dimensions in 2..=MAX_DIMENSIONS {
            let mut draws = generator([7, dimensions as u64, 0], "hypervolume", 0);
            let mut point = || (0..dimensions).map(|_| draws.random::<f64>()).collect::<Vec<f64>>();
            let points: Vec<Vec<f64>> = (0..12).map(|_| point()).collect();
            let exact = hypervolume(&points).unwrap();
            let hits = (0..DRAWS).map(|_| point()).filter(|at| points.iter().any(|point| covers(point, at))).count();
            let drawn = hits as f64 / f64::from(DRAWS);
            // Five standard errors of a share.
            let error = 5.0 * (exact * (1.0 - exact) / f64::from(DRAWS)).sqrt();
            assert!((exact - drawn).abs() < error, "{dimensions}: {exact} against {drawn}");
        }
    }

    proptest! {
        #[test]
        fn another_point_takes_nothing_away_and_order_is_nothing(
            points in prop::collection::vec(prop::collection::vec(0.0..1.0_f64, 4), 2..12),
        ) {
            let all = hypervolume(&points).unwrap();
            let fewer = hypervolume(&points[1..]).unwrap();
            let turned: Vec<Vec<f64>> = points.iter().rev().map(|p| p.iter().rev().copied().collect()).collect();
            prop_assert!(all >= fewer - 1e-12 && all <= 1.0);
            prop_assert!((hypervolume(&turned).unwrap() - all).abs() < 1e-12);
            prop_assert!(all <= fewer + points[0].iter().product::<f64>() + 1e-12);
        }
    }
}
