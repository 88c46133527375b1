//! Principal components of sparse rows: the directions in which they differ most, found by random projection.
//!
//! Halko, Martinsson & Tropp 2011, <https://arxiv.org/abs/0909.4061>, algorithm 4.4 (subspace iteration), as
//! scikit-learn's `PCA(svd_solver="randomized")` runs it: ten more directions than asked for, seven rounds. Rows are
//! centred without being filled in: (A − 1μᵀ)B = AB − 1(μᵀB). Sums are taken in one order, so a machine gives the same
//! bits every time.
//!
//! **Deviation:** the range is kept orthonormal by the eigenvectors of its Gram matrix once a round, in place of an LU
//! decomposition for each product; directions that are none (below 10⁻¹² of the largest) are dropped.

use anyhow::{Result, ensure};
use clbench::primitives::{
    draws::Draws,
    linalg::{eigen, product},
};

/// Directions that are sought beyond those that are asked for.
const MORE: usize = 10;
/// Rounds of the iteration.
const ROUNDS: usize = 7;
/// Most numbers of a matrix of one row for each column of the data: a gibibyte.
const MOST: usize = 1 << 27;

/// A row's columns and values, in the order of the columns.
pub(super) type Sparse = Vec<(u32, f64)>;

/// A projection onto principal components.
pub(super) struct Components {
    /// One row for each column of the data. Shape `[width, count]`.
    loadings: Vec<f64>,
    /// What the mean row becomes.
    center: Vec<f64>,
    count: usize,
}

impl Components {
    /// The first `count` components of `rows` of `width` columns.
    ///
    /// # Errors
    /// When the rows differ in fewer directions, or the work would not fit into memory.
    pub fn of(rows: &[Sparse], width: usize, count: usize) -> Result<Self> {
        let sought = (count + MORE).min(rows.len()).min(width);
        ensure!(
            width.max(rows.len()).checked_mul(sought).is_some_and(|numbers| numbers <= MOST),
            "{count} components of {width} words in {} texts are too many; raise min_df or set components lower",
            rows.len()
        );
        let centred = Centred::of(rows, width);
        let start = Draws::of(0).normal("principal components", 0, rows.len() * sought);
        let mut range = (start.into_iter().map(f64::from).collect::<Vec<_>>(), sought);
        for _ in 0..ROUNDS {
            range = orthonormal(&range.0, rows.len(), range.1);
            if range.1 == 0 {
                break;
            }
            let turned = centred.turned_times(&range.0, range.1);
            range = (centred.times(&turned, range.1), range.1);
        }
        let (range, rank) = if range.1 == 0 { range } else { orthonormal(&range.0, rows.len(), range.1) };
        ensure!(
            count <= rank,
            "components = {count} is more than the {rank} directions in which the {} texts differ; set it lower",
            rows.len()
        );
        let turned = centred.turned_times(&range, rank);
        let gram = product(&turned, [width, rank], true, &turned, [width, rank]);
        let (squares, vectors) = eigen(&gram, rank);
        // Column c is the vector of number c over its length, √squares[c].
        let mut basis = vec![0.0; rank * count];
        for (c, vector) in vectors.chunks_exact(rank).take(count).enumerate() {
            (0..rank).for_each(|row| basis[row * count + c] = vector[row] / squares[c].sqrt());
        }
        let mut loadings = product(&turned, [width, rank], false, &basis, [rank, count]);
        orient(&mut loadings, count);
        let center = product(&centred.mean, [1, width], false, &loadings, [width, count]);
        Ok(Self { loadings, center, count })
    }

    /// Where a row lies. Shape `[count]`.
    pub fn of_row(&self, row: &Sparse) -> Vec<f32> {
        let mut place: Vec<f64> = self.center.iter().map(|center| -center).collect();
        for (column, value) in row {
            let loadings = &self.loadings[*column as usize * self.count..][..self.count];
            place.iter_mut().zip(loadings).for_each(|(sum, loading)| *sum += value * loading);
        }
        place.into_iter().map(|value| value as f32).collect()
    }
}

/// Turns each column so that its element of largest size is positive.
fn orient(columns: &mut [f64], count: usize) {
    let mut largest = vec![0.0_f64; count];
    for row in columns.chunks_exact(count) {
        for (largest, value) in largest.iter_mut().zip(row) {
            if value.abs() > largest.abs() {
                *largest = *value;
            }
        }
    }
    for row in columns.chunks_exact_mut(count) {
        row.iter_mut().zip(&largest).for_each(|(value, largest)| *value *= largest.signum());
    }
}

/// Orthonormal columns that span those of a matrix of shape `[rows, columns]`, and how many there are.
fn orthonormal(matrix: &[f64], rows: usize, columns: usize) -> (Vec<f64>, usize) {
    let gram = product(matrix, [rows, columns], true, matrix, [rows, columns]);
    let (squares, vectors) = eigen(&gram, columns);
    let rank = squares.iter().take_while(|square| **square > 1e-12 * squares[0].max(f64::MIN_POSITIVE)).count();
    let mut basis = vec![0.0; columns * rank];
    for (c, vector) in vectors.chunks_exact(columns).take(rank).enumerate() {
        (0..columns).for_each(|row| basis[row * rank + c] = vector[row] / squares[c].sqrt());
    }
    (product(matrix, [rows, columns], false, &basis, [columns, rank]), rank)
}

/// Rows less their mean.
struct Centred<'a> {
    rows: &'a [Sparse],
    mean: Vec<f64>,
}

impl<'a> Centred<'a> {
    fn of(rows: &'a [Sparse], width: usize) -> Self {
        let mut mean = vec![0.0; width];
        rows.iter().flatten().for_each(|(column, value)| mean[*column as usize] += value);
        mean.iter_mut().for_each(|sum| *sum /= rows.len() as f64);
        Self { rows, mean }
    }

    /// The product with `b` of shape `[width, columns]`; the result's is `[rows, columns]`.
    fn times(&self, b: &[f64], columns: usize) -> Vec<f64> {
        let center = product(&self.mean, [1, self.mean.len()], false, b, [self.mean.len(), columns]);
        let mut result = Vec::with_capacity(self.rows.len() * columns);
        for row in self.rows {
            let start = result.len();
            result.extend(center.iter().map(|center| -center));
            for (column, value) in row {
                add(&mut result[start..], *value, &b[*column as usize * columns..][..columns]);
            }
        }
        result
    }

    /// The product of the transpose with `b` of shape `[rows, columns]`; the result's is `[width, columns]`.
    fn turned_times(&self, b: &[f64], columns: usize) -> Vec<f64> {
        let mut result = vec![0.0; self.mean.len() * columns];
        let mut sum = vec![0.0; columns];
        for (row, b) in self.rows.iter().zip(b.chunks_exact(columns)) {
            for (column, value) in row {
                add(&mut result[*column as usize * columns..][..columns], *value, b);
            }
            add(&mut sum, 1.0, b);
        }
        result.chunks_exact_mut(columns).zip(&self.mean).for_each(|(to, mean)| add(to, -mean, &sum));
        result
    }
}

fn add(to: &mut [f64], times: f64, of: &[f64]) {
    to.iter_mut().zip(of).for_each(|(to, of)| *to += times * of);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows along (3, 4, 0) by −2, 0 and 2, moved by (1, 1, 1): one direction, with places −10, 0 and 10.
    #[test]
    fn the_one_direction_of_a_line_is_found() {
        let rows: Vec<Sparse> =
            [-2.0, 0.0, 2.0].map(|by| vec![(0, 1.0 + 3.0 * by), (1, 1.0 + 4.0 * by), (2, 1.0)]).to_vec();
        let one = Components::of(&rows, 3, 1).unwrap();
        for (row, place) in rows.iter().zip([-10.0, 0.0, 10.0]) {
            assert!((one.of_row(row)[0] - place).abs() < 1e-5, "{:?}", one.of_row(row));
        }
        let error = Components::of(&rows, 3, 2).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("more than the 1 directions"), "{error}");
    }

    /// Sixty rows of forty columns, of which fifteen directions are sought: the first five are those of the
    /// covariance's eigenvectors, by which their places have variances that are the eigenvalues.
    #[test]
    fn the_first_of_many_directions_are_those_of_the_covariance() {
        let element = |row: usize, column: usize| {
            let by: f64 = (0..12)
                .map(|k| {
                    f64::powi(0.6, k)
                        * ((row * (k as usize + 2)) as f64 + 0.3 * (column * (k as usize + 1)) as f64).sin()
                })
                .sum();
            by + 0.01 * ((row * 7 + column * 13) as f64).cos()
        };
        let rows: Vec<Sparse> =
            (0..60).map(|row| (0..40).map(|column| (column as u32, element(row, column))).collect()).collect();
        let mean: Vec<f64> =
            (0..40).map(|column| (0..60).map(|row| element(row, column)).sum::<f64>() / 60.0).collect();
        let covariance: Vec<f64> = (0..1600)
            .map(|at| {
                (0..60)
                    .map(|row| (element(row, at / 40) - mean[at / 40]) * (element(row, at % 40) - mean[at % 40]))
                    .sum()
            })
            .collect();
        let (values, _) = eigen(&covariance, 40);
        let five = Components::of(&rows, 40, 5).unwrap();
        let places: Vec<Vec<f32>> = rows.iter().map(|row| five.of_row(row)).collect();
        for a in 0..5 {
            for b in 0..5 {
                let together: f64 = places.iter().map(|place| f64::from(place[a]) * f64::from(place[b])).sum();
                let expected = if a == b { values[a] } else { 0.0 };
                assert!((together - expected).abs() < 1e-4 * values[0], "{a} {b}: {together} and not {expected}");
            }
        }
    }

    #[test]
    fn rows_that_are_equal_or_too_many_have_no_components() {
        let same = vec![vec![(0, 1.0)]; 4];
        assert!(Components::of(&same, 1, 1).is_err());
        assert!(Components::of(&same, usize::MAX / 2, 4).is_err());
    }
}
