//! Dense linear algebra on the host, in double precision: what a method does once per task to a layer's matrix.

use nalgebra::{Cholesky, DMatrix, SymmetricEigen};

/// Eigenvalues of a symmetric matrix, from the largest on, and their eigenvectors, one after the other in rows of `n`.
/// Shape of `matrix` `[n, n]`, in row-major order. Of each vector the element of largest size is positive, so that the
/// same matrix has the same vectors everywhere.
pub fn eigen(matrix: &[f64], n: usize) -> (Vec<f64>, Vec<f64>) {
    let SymmetricEigen { eigenvalues, eigenvectors } = SymmetricEigen::new(DMatrix::from_row_slice(n, n, matrix));
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|a, b| eigenvalues[*b].total_cmp(&eigenvalues[*a]));
    let vector = |column: &usize| {
        let vector = eigenvectors.column(*column);
        let sign = if vector[vector.icamax()] < 0.0 { -1.0 } else { 1.0 };
        vector.iter().map(|x| x * sign).collect::<Vec<_>>()
    };
    (order.iter().map(|at| eigenvalues[*at]).collect(), order.iter().flat_map(vector).collect())
}

/// The solution X of A·X = B for a symmetric, positive definite A. Shapes `[n, n]` and `[n, columns]`, in row-major
/// order. None where A is not positive definite.
pub fn solve(a: &[f64], n: usize, b: &[f64], columns: usize) -> Option<Vec<f64>> {
    let factors = Cholesky::new(DMatrix::from_row_slice(n, n, a))?;
    let x = factors.solve(&DMatrix::from_row_slice(n, columns, b));
    Some(x.transpose().as_slice().to_vec())
}

/// The product A·B of matrices in row-major order, or Aᵀ·B where `turned`. Shapes `[m, k]` (turned `[k, m]`) and
/// `[k, n]`; the result's is `[m, n]`.
pub fn product(a: &[f64], a_shape: [usize; 2], turned: bool, b: &[f64], b_shape: [usize; 2]) -> Vec<f64> {
    let a = DMatrix::from_row_slice(a_shape[0], a_shape[1], a);
    let b = DMatrix::from_row_slice(b_shape[0], b_shape[1], b);
    let result = if turned { a.tr_mul(&b) } else { a * b };
    result.transpose().as_slice().to_vec()
}

/// Operations of [`product`] of shapes `[m, k]` and `[k, n]`.
pub fn product_flops(m: usize, k: usize, n: usize) -> u64 {
    2 * (m * k * n) as u64
}

/// Operations of [`eigen`], by the usual count for tridiagonal reduction and implicit QR with vectors.
///
/// Golub & Van Loan 2013, *Matrix Computations*, section 8.3.5: about 9 n³.
pub fn eigen_flops(n: usize) -> u64 {
    9 * (n as u64).pow(3)
}

/// Operations of [`solve`]: n³/3 for the factors and 2 n² for each column.
///
/// Golub & Van Loan 2013, *Matrix Computations*, sections 4.2.5 and 3.1.
pub fn solve_flops(n: usize, columns: usize) -> u64 {
    let (n, columns) = (n as u64, columns as u64);
    n.pow(3) / 3 + 2 * n * n * columns
}

/// The v ≥ `least` with the smallest ½vᵀPv + qᵀv, for a symmetric positive semidefinite `p` of shape `[n, n]` with a
/// positive diagonal and `q` of length n; by Hildreth's method (1957, <https://doi.org/10.1002/nav.3800040113>): one
/// coordinate after another goes to its own minimum.
///
/// It ends when no coordinate moves by more than 1e-12 of the largest, at the latest after 10,000 rounds.
pub fn nonnegative(p: &[f64], q: &[f64], least: f64) -> Vec<f64> {
    const ROUNDS: usize = 10_000;
    let n = q.len();
    let mut v = vec![least; n];
    for _ in 0..ROUNDS {
        let (mut moved, mut size) = (0.0_f64, 0.0_f64);
        for i in 0..n {
            let slope: f64 = q[i] + (0..n).map(|j| p[i * n + j] * v[j]).sum::<f64>();
            let new = (v[i] - slope / p[i * n + i]).max(least);
            moved = moved.max((new - v[i]).abs());
            size = size.max(new.abs());
            v[i] = new;
        }
        if moved <= 1e-12 * size {
            break;
        }
    }
    v
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenvalues_come_from_the_largest_on_with_their_vectors() {
        // [[2, 1], [1, 2]] has 3 along (1, 1) and 1 along (1, −1).
        let (values, vectors) = eigen(&[2.0, 1.0, 1.0, 2.0], 2);
        let half = 0.5_f64.sqrt();
        assert!((values[0] - 3.0).abs() < 1e-12 && (values[1] - 1.0).abs() < 1e-12);
        assert!((vectors[0] - half).abs() < 1e-12 && (vectors[1] - half).abs() < 1e-12, "{vectors:?}");
        assert!((vectors[2] + vectors[3]).abs() < 1e-12 && (vectors[2].abs() - half).abs() < 1e-12, "{vectors:?}");
    }

    #[test]
    fn a_product_is_rows_by_columns() {
        let (a, b) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0, 0.0, 2.0, 1.0, 0.0, 1.0]);
        assert_eq!(product(&a, [2, 3], false, &b, [3, 2]), [5.0, 5.0, 14.0, 11.0]);
        assert_eq!(
            product(&a, [3, 2], true, &b, [3, 2]),
            product(&[1.0, 3.0, 5.0, 2.0, 4.0, 6.0], [2, 3], false, &b, [3, 2])
        );
    }

    #[test]
    fn a_system_is_solved_column_by_column() {
        // [[4, 2], [2, 3]] · [[1, 0], [2, −1]] = [[8, −2], [8, −3]].
        let x = solve(&[4.0, 2.0, 2.0, 3.0], 2, &[8.0, -2.0, 8.0, -3.0], 2).expect("positive definite");
        for (x, expected) in x.iter().zip([1.0, 0.0, 2.0, -1.0]) {
            assert!((x - expected).abs() < 1e-12, "{x}");
        }
        assert_eq!(solve(&[1.0, 2.0, 2.0, 1.0], 2, &[1.0, 1.0], 1), None);
    }
}
