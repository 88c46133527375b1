//! Holm's correction: p values that hold together when several hypotheses are tested at once.
//!
//! - Holm 1979, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6:65-70,
//!   <https://www.jstor.org/stable/4615733>: the i-th smallest of m p values is multiplied by m − i + 1, and none may
//!   fall below the one before it.

use super::{StatisticsError, check};

/// The adjusted p values in the order of `p`, none above 1; empty for no p value, an error for one outside 0 to 1.
pub fn holm(p: &[f64]) -> Result<Vec<f64>, StatisticsError> {
    check(p, 0)?;
    if let Some(&value) = p.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        return Err(StatisticsError::OutOfRange { name: "a p value", value, range: "from 0 to 1" });
    }
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut adjusted = vec![0.0; p.len()];
    let mut largest = 0.0_f64;
    for (rank, index) in order.into_iter().enumerate() {
        largest = largest.max(p[index] * (p.len() - rank) as f64).min(1.0);
        adjusted[index] = largest;
    }
    Ok(adjusted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_p_values_by_hand() {
        // Ascending 0.005·4, 0.01·3, 0.03·2, 0.04·1 raised to 0.06.
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.005]).unwrap();
        let expected = [0.03, 0.06, 0.06, 0.02];
        assert!(adjusted.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-15), "{adjusted:?}");
    }

    #[test]
    fn nothing_exceeds_one() {
        assert_eq!(holm(&[0.6, 0.9, 1.0]).unwrap(), [1.0; 3]);
        assert_eq!(holm(&[]).unwrap(), [0.0; 0]);
        assert!(matches!(holm(&[1.1]), Err(StatisticsError::OutOfRange { .. })));
        assert_eq!(holm(&[0.5, f64::NAN]), Err(StatisticsError::NotFinite(1)));
    }
}
