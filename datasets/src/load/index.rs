//! Columns that only count rows: the index that pandas and R write beside a table.
//!
//! Such a column says where a row stands, and where rows come class by class that is the class. With `features =
//! "rest"` it is left out: one without a name (`DataFrame.to_csv`, `write.csv`), or one that pandas has named `Unnamed:
//! 0`, whatever it holds; and one with a name such as `id` or `index` whose numbers are consecutive, each once, in
//! whatever order.

/// Names, in small letters, of columns that may count rows.
const NAMES: [&str; 14] = [
    "id",
    "index",
    "idx",
    "row",
    "rows",
    "row_id",
    "rowid",
    "row id",
    "row_number",
    "rownames",
    "row_names",
    "level_0",
    "no",
    "#",
];

/// Whether a column counts rows, as far as its name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counts {
    /// It has a name of its own.
    No,
    /// It has such a name, and what it holds decides.
    Maybe,
    /// It has no name.
    Yes,
}

/// What a column's name tells.
pub(super) fn by_name(name: &str) -> Counts {
    let name = name.trim().to_lowercase();
    let number = name.strip_prefix("unnamed: ").or(name.strip_prefix("unnamed:"));
    let unnamed = number.is_some_and(|number| number.chars().all(|c| c.is_ascii_digit() || c == '.'));
    if name.is_empty() || unnamed {
        Counts::Yes
    } else if NAMES.contains(&&name[..]) {
        Counts::Maybe
    } else {
        Counts::No
    }
}

/// Whether these are consecutive whole numbers, each once: in each file, or in all of them together.
pub(super) fn are_consecutive(files: &[&[f64]]) -> bool {
    let all: Vec<f64> = files.concat();
    consecutive(&all) || files.iter().all(|file| consecutive(file))
}

fn consecutive(numbers: &[f64]) -> bool {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let steps = sorted.array_windows().all(|[a, b]| (b - a - 1.0).abs() < f64::EPSILON);
    sorted.first().is_some_and(|first| first.fract() == 0.0 && first.abs() < 1e15) && sorted.len() > 1 && steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_indices_are_known() {
        for name in ["", "  ", "Unnamed: 0", "Unnamed: 0.1", "unnamed:12"] {
            assert_eq!(by_name(name), Counts::Yes, "{name}");
        }
        for name in ["id", "ID", "Index", "rownames", "#", " id "] {
            assert_eq!(by_name(name), Counts::Maybe, "{name}");
        }
        for name in ["width", "ids", "unnamed", "Unnamed: x", "identity", "v1"] {
            assert_eq!(by_name(name), Counts::No, "{name}");
        }
    }

    #[test]
    fn consecutive_numbers_count_in_whatever_order_and_from_wherever() {
        for numbers in
            [&[0.0, 1.0, 2.0][..], &[1.0, 2.0, 3.0], &[2.0, 0.0, 1.0], &[1_000_000.0, 1_000_001.0], &[-1.0, 0.0]]
        {
            assert!(are_consecutive(&[numbers]), "{numbers:?}");
        }
        for numbers in [&[][..], &[0.0], &[0.0, 2.0], &[0.0, 0.0, 1.0], &[0.5, 1.5], &[0.0, 1.0, 1.5], &[1e16, 1e16]] {
            assert!(!are_consecutive(&[numbers]), "{numbers:?}");
        }
    }

    #[test]
    fn two_files_count_each_by_itself_or_both_together() {
        assert!(are_consecutive(&[&[0.0, 1.0, 2.0], &[0.0, 1.0]]));
        assert!(are_consecutive(&[&[0.0, 2.0, 4.0], &[3.0, 1.0]]));
        assert!(!are_consecutive(&[&[0.0, 2.0, 4.0], &[3.0, 7.0]]));
    }
}
