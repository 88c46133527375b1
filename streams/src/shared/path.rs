//! Greedy paths: from a start to the nearest row that was not visited, until all are.
//!
//! FoMo-in-Flux, Roth et al. 2024, <https://arxiv.org/abs/2408.14471>, "similarity": of the paths from every start the
//! one of the smallest total weight is kept; a step's weight is 1 − cosine.
//!
//! A list of each row's nearest is made once for all starts, so that a step mostly looks at one list; only where all
//! of a list are visited are the remaining rows compared.

use crate::shared::embedding::Rows;

/// Length of each list of nearest rows. Longer ones are needed less often and cost memory.
const NEAREST: usize = 128;
/// Rows whose lists are made side by side, so that they stay in the fastest cache.
const BLOCK: usize = 8;

/// A path through all rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Path {
    /// The rows in order, the start first.
    pub order: Vec<usize>,
    /// Sum of 1 − cosine over the steps.
    pub weight: f64,
}

/// The lightest of the greedy paths from `starts`; of equal ones the first.
pub(crate) fn lightest(rows: &Rows, starts: &[usize]) -> Option<Path> {
    let nearest = nearest(rows, NEAREST.min(rows.len().saturating_sub(1)));
    let paths = starts.iter().map(|start| walk(rows, &nearest, *start));
    paths.reduce(|best, path| if path.weight < best.weight { path } else { best })
}

/// A row and its cosine with another; of equal cosines the first row is nearer.
type Near = (f32, u32);

fn nearer(a: Near, b: Near) -> bool {
    b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)).is_lt()
}

/// Each row's nearest `count` others, nearest first.
fn nearest(rows: &Rows, count: usize) -> Vec<Vec<Near>> {
    let mut lists = vec![Vec::with_capacity(count + 1); rows.len()];
    if count == 0 {
        return lists;
    }
    let places: Vec<usize> = (0..rows.len()).collect();
    for block in places.chunks(BLOCK) {
        for other in block[0] + 1..rows.len() {
            for row in block.iter().copied().filter(|row| *row < other) {
                let cosine = rows.cosine(row, other);
                insert(&mut lists[row], (cosine, other as u32), count);
                insert(&mut lists[other], (cosine, row as u32), count);
            }
        }
    }
    lists
}

/// Puts `near` where it belongs in a list that keeps `count`.
fn insert(list: &mut Vec<Near>, near: Near, count: usize) {
    if list.len() == count && !nearer(near, list[count - 1]) {
        return;
    }
    let place = list.partition_point(|there| nearer(*there, near));
    list.insert(place, near);
    list.truncate(count);
}

/// The greedy path from `start`.
fn walk(rows: &Rows, nearest: &[Vec<Near>], start: usize) -> Path {
    let mut left = Left::of(rows.len());
    left.remove(start);
    let (mut order, mut weight, mut here) = (vec![start], 0.0, start);
    while !left.rows.is_empty() {
        let listed = nearest[here].iter().find(|near| left.holds(near.1)).copied();
        let (cosine, next) = listed.unwrap_or_else(|| left.nearest(rows, here));
        here = next as usize;
        left.remove(here);
        order.push(here);
        weight += 1.0 - f64::from(cosine);
    }
    Path { order, weight }
}

/// Rows that were not visited.
struct Left {
    rows: Vec<u32>,
    places: Vec<u32>,
}

/// The place of a row that was visited.
const GONE: u32 = u32::MAX;

impl Left {
    fn of(count: usize) -> Self {
        let rows: Vec<u32> = (0..count as u32).collect();
        Self { places: rows.clone(), rows }
    }
    fn holds(&self, row: u32) -> bool {
        self.places[row as usize] != GONE
    }
    fn remove(&mut self, row: usize) {
        let place = std::mem::replace(&mut self.places[row], GONE) as usize;
        self.rows.swap_remove(place);
        if let Some(moved) = self.rows.get(place) {
            self.places[*moved as usize] = place as u32;
        }
    }
    fn nearest(&self, rows: &Rows, here: usize) -> Near {
        let near = |row: &u32| (rows.cosine(here, *row as usize), *row);
        let best = self.rows.iter().map(near).reduce(|best, near| if nearer(near, best) { near } else { best });
        best.expect("a path that goes on has rows left")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Unit vectors at these angles, in degrees: the cosine of two is that of their difference.
    fn at_angles(degrees: &[f64]) -> Rows {
        let rows: Vec<Vec<f64>> = degrees.iter().map(|d| vec![d.to_radians().cos(), d.to_radians().sin()]).collect();
        Rows::new(&rows).unwrap()
    }

    fn from(rows: &Rows, start: usize) -> Path {
        lightest(rows, &[start]).unwrap()
    }

    #[test]
    fn a_path_goes_to_the_nearest_that_is_left() {
        let rows = at_angles(&[0.0, 10.0, 25.0, 60.0, 100.0]);
        assert_eq!(from(&rows, 0).order, [0, 1, 2, 3, 4]);
        // From 25°: 10° is 15° away, then 0°, then back over 60° to 100°.
        assert_eq!(from(&rows, 2).order, [2, 1, 0, 3, 4]);
        // From 60°: 25° is nearer than 100°.
        assert_eq!(from(&rows, 3).order, [3, 2, 1, 0, 4]);
    }

    #[test]
    fn weights_add_up_and_the_best_start_wins() {
        let rows = at_angles(&[25.0, 0.0, 60.0, 100.0, 10.0]);
        let step = |degrees: f64| 1.0 - degrees.to_radians().cos();
        // 0, 10, 25, 60, 100 and the same backwards are the lightest; the first of the two is kept.
        let sorted = step(10.0) + step(15.0) + step(35.0) + step(40.0);
        let best = lightest(&rows, &[0, 1, 2, 3, 4]).unwrap();
        assert_eq!(best.order, [1, 4, 0, 2, 3]);
        assert!((best.weight - sorted).abs() < 1e-6, "{} {sorted}", best.weight);
        let middle = from(&rows, 0);
        let wanted = step(15.0) + step(10.0) + step(60.0) + step(40.0);
        assert!((middle.weight - wanted).abs() < 1e-6 && middle.weight > best.weight, "{}", middle.weight);
    }

    #[test]
    fn of_equal_rows_the_first_comes_first() {
        let rows = at_angles(&[0.0, 30.0, 30.0, 30.0]);
        assert_eq!(from(&rows, 0).order, [0, 1, 2, 3]);
        assert_eq!(from(&rows, 2).order, [2, 1, 3, 0]);
    }

    #[test]
    fn one_row_is_a_path() {
        assert_eq!(from(&at_angles(&[5.0]), 0), Path { order: vec![0], weight: 0.0 });
        assert_eq!(lightest(&at_angles(&[5.0]), &[]), None);
    }

    /// What a walk without lists finds.
    #[test]
    fn lists_change_nothing() {
        let turn = |at: usize| ((at * at * 37 + at * 101) % 1_009) as f64;
        let rows: Vec<Vec<f64>> = (0..150).map(|at| vec![turn(at), turn(at + 7) - 500.0, turn(at + 31)]).collect();
        let rows = Rows::new(&rows).unwrap();
        let none = vec![Vec::new(); 150];
        for start in [0, 42, 149] {
            let plain = walk(&rows, &none, start);
            for count in [1, 5, 149] {
                assert_eq!(walk(&rows, &nearest(&rows, count), start), plain, "{start} {count}");
            }
        }
    }
}
