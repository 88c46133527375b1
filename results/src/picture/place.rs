//! Where texts stand so that none covers another.

use super::canvas::Point;

/// An upright box: left, upper, right and lower edge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Region(pub f64, pub f64, pub f64, pub f64);

impl Region {
    /// The box around a place.
    pub(super) fn around(at: Point, half: f64) -> Self {
        Self(at.0 - half, at.1 - half, at.0 + half, at.1 + half)
    }
    pub(super) fn meets(&self, other: &Self) -> bool {
        self.0 < other.2 && other.0 < self.2 && self.1 < other.3 && other.1 < self.3
    }
    pub(super) fn within(&self, other: &Self) -> bool {
        self.0 >= other.0 && self.1 >= other.1 && self.2 <= other.2 && self.3 <= other.3
    }
    /// The place in it that is nearest to `at`.
    pub(super) fn nearest(&self, at: Point) -> Point {
        (at.0.clamp(self.0, self.2), at.1.clamp(self.1, self.3))
    }
}

/// Places as near to `wanted` as they can be while they are `apart` and within `low` and `high`; none if there is no
/// room. In the order of `wanted`, whose own order is kept.
///
/// The least squares under an order, by pooling neighbours that violate it (Barlow et al. 1972, *Statistical Inference
/// under Order Restrictions*).
pub(super) fn spread(wanted: &[f64], apart: f64, low: f64, high: f64) -> Option<Vec<f64>> {
    let last = wanted.len().saturating_sub(1) as f64;
    if last * apart > high - low {
        return None;
    }
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|a, b| wanted[*a].total_cmp(&wanted[*b]));
    // Pools of a mean and how many it stands for.
    let mut pools: Vec<(f64, usize)> = Vec::new();
    for (rank, index) in order.iter().enumerate() {
        let mut pool = (wanted[*index] - rank as f64 * apart, 1);
        while let Some(before) = pools.pop_if(|before| before.0 > pool.0) {
            let count = before.1 + pool.1;
            pool = ((before.0 * before.1 as f64 + pool.0 * pool.1 as f64) / count as f64, count);
        }
        pools.push(pool);
    }
    let bases =
        pools.iter().flat_map(|(mean, count)| std::iter::repeat_n(mean.clamp(low, high - last * apart), *count));
    let mut placed = vec![0.0; wanted.len()];
    for ((rank, index), base) in order.iter().enumerate().zip(bases) {
        placed[*index] = base + rank as f64 * apart;
    }
    Some(placed)
}

/// How far from a point its text may stand, nearest first.
pub(super) const RADII: [f64; 6] = [7.0, 15.0, 26.0, 40.0, 58.0, 80.0];

/// A box for a text of `size` near each of `points`, free of `obstacles` and of each other and inside `room`; none for
/// a point that has no room left.
///
/// Greedy: points are served in order, and take the nearest free place of those around them.
pub(super) fn around(
    points: &[Point],
    sizes: &[(f64, f64)],
    obstacles: &[Region],
    room: &Region,
    radii: &[f64],
) -> Vec<Option<Region>> {
    let mut taken = obstacles.to_vec();
    let mut places = Vec::new();
    for (point, size) in points.iter().zip(sizes) {
        let free = |place: &Region| place.within(room) && !taken.iter().any(|other| other.meets(place));
        let found = candidates(*point, *size, radii).find(free);
        taken.extend(found);
        places.push(found);
    }
    places
}

/// Right, left, above, below, and the corners between them, ever farther away.
fn candidates(at: Point, (wide, high): (f64, f64), radii: &[f64]) -> impl Iterator<Item = Region> {
    radii.iter().flat_map(move |radius| {
        let diagonal = radius * 0.75;
        let (right, left, middle) = (at.0 + radius, at.0 - radius - wide, at.0 - wide / 2.0);
        let (above, below, beside) = (at.1 - radius - high, at.1 + radius, at.1 - high / 2.0);
        let corners = [
            (right, beside),
            (left, beside),
            (middle, above),
            (middle, below),
            (at.0 + diagonal, at.1 - diagonal - high),
            (at.0 + diagonal, at.1 + diagonal),
            (at.0 - diagonal - wide, at.1 - diagonal - high),
            (at.0 - diagonal - wide, at.1 + diagonal),
        ];
        corners.map(|(x, y)| Region(x, y, x + wide, y + high))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_has_room_stays_and_neighbours_part_evenly() {
        assert_eq!(spread(&[10.0, 50.0], 10.0, 0.0, 100.0), Some(vec![10.0, 50.0]));
        assert_eq!(spread(&[52.0, 50.0, 48.0], 10.0, 0.0, 100.0), Some(vec![60.0, 50.0, 40.0]));
        assert_eq!(spread(&[99.0, 98.0], 10.0, 0.0, 100.0), Some(vec![100.0, 90.0]));
        assert_eq!(spread(&[0.0; 4], 10.0, 0.0, 20.0), None);
        assert_eq!(spread(&[], 10.0, 0.0, 20.0), Some(vec![]));
    }

    #[test]
    fn a_text_stands_beside_its_point_unless_something_is_there() {
        let room = Region(0.0, 0.0, 100.0, 100.0);
        let beside = around(&[(50.0, 50.0)], &[(20.0, 10.0)], &[], &room, &RADII);
        assert_eq!(beside, [Some(Region(57.0, 45.0, 77.0, 55.0))]);
        let wall = Region(55.0, 0.0, 100.0, 100.0);
        let left = around(&[(50.0, 50.0)], &[(20.0, 10.0)], &[wall], &room, &RADII);
        assert_eq!(left, [Some(Region(23.0, 45.0, 43.0, 55.0))]);
        assert_eq!(around(&[(50.0, 50.0)], &[(200.0, 10.0)], &[], &room, &RADII), [None]);
    }

    proptest! {
        #[test]
        fn spread_places_are_apart_and_inside(wanted in prop::collection::vec(-50.0..250.0, 0..20)) {
            let placed = spread(&wanted, 10.0, 0.0, 200.0).unwrap();
            let mut sorted = placed.clone();
            sorted.sort_by(f64::total_cmp);
            prop_assert!(sorted.windows(2).all(|two| two[1] - two[0] > 10.0 - 1e-9), "{placed:?}");
            prop_assert!(placed.iter().all(|at| (-1e-9..200.0 + 1e-9).contains(at)), "{placed:?}");
        }

        #[test]
        fn texts_around_points_do_not_meet(points in prop::collection::vec((0.0..300.0, 0.0..200.0), 0..25)) {
            let room = Region(0.0, 0.0, 300.0, 200.0);
            let places = around(&points, &vec![(60.0, 14.0); points.len()], &[], &room, &RADII);
            let there: Vec<Region> = places.into_iter().flatten().collect();
            for (index, place) in there.iter().enumerate() {
                prop_assert!(place.within(&room) && !there[..index].iter().any(|other| other.meets(place)));
            }
        }
    }
}
