//! Average ranks, 1 for the smallest value; equal values share the mean of their ranks.

/// Ranks and the size of every group of equal values, groups of one included.
pub(super) struct Ranks {
    pub(super) ranks: Vec<f64>,
    pub(super) groups: Vec<usize>,
}

impl Ranks {
    /// Values within `tolerance` of the smallest of their group are equal.
    pub(super) fn of(values: &[f64], tolerance: f64) -> Self {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
        let mut ranks = vec![0.0; values.len()];
        let mut groups = Vec::new();
        let mut start = 0;
        while start < order.len() {
            let first = values[order[start]];
            let size = order[start..].iter().take_while(|&&index| values[index] - first <= tolerance).count();
            // Ranks start + 1 to start + size.
            let shared = start as f64 + (size + 1) as f64 / 2.0;
            order[start..start + size].iter().for_each(|&index| ranks[index] = shared);
            groups.push(size);
            start += size;
        }
        Self { ranks, groups }
    }

    /// Σ (g³ − g) over groups of equal values: 0 without ties.
    pub(super) fn ties(&self) -> f64 {
        self.groups.iter().map(|&size| size as f64).map(|g| g * (g * g - 1.0)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_the_mean_of_their_ranks() {
        let ranks = Ranks::of(&[3.0, 1.0, 3.0, 2.0, 3.0 + 1e-13], 1e-12);
        assert_eq!(ranks.ranks, [4.0, 1.0, 4.0, 2.0, 4.0]);
        assert_eq!(ranks.groups, [1, 1, 3]);
        assert_eq!(ranks.ties(), 24.0);
    }
}
