//! What each phase of a run spent: a line of `ledger.csv` per experience and phase.

use serde::{Deserialize, Serialize};

use crate::record::Row;

/// What one phase (`train`, `evaluate`, `fisher`, …) of one experience spent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerRow {
    /// The experience, counted from 1; what precedes the first step belongs to the first.
    pub experience: usize,
    /// What the work was for.
    pub phase: String,
    /// Whether the budget paid for it; evaluation, for one, is recorded and not charged.
    pub charged: bool,
    /// Optimizer steps.
    pub steps: u64,
    /// Examples processed, replayed ones included.
    pub examples: u64,
    /// Examples of these that came from a method's own memory.
    pub replayed: u64,
    /// Examples of these that the environment brought back.
    pub rehearsed: u64,
    /// Floating-point operations, 2 per multiply-add.
    pub flops: u64,
    /// Bytes of state that the method held when the phase ended, beyond the trained weights.
    pub state_bytes: u64,
    /// Memory-adjusted operations: operations, times the peak memory of a step over that of full fine-tuning, rounded
    /// up for each step or hook; none in older files.
    #[serde(default)]
    pub maf: Option<u64>,
    /// Bytes that a step of the experience held at its peak, beside its steps; none in older files.
    #[serde(default)]
    pub peak_bytes: Option<u64>,
}

/// The header before there were memory-adjusted operations.
const OLDER: &[&str] =
    &["experience", "phase", "charged", "steps", "examples", "replayed", "rehearsed", "flops", "state_bytes"];

impl Row for LedgerRow {
    const COLUMNS: &'static [&'static str] = &[
        "experience",
        "phase",
        "charged",
        "steps",
        "examples",
        "replayed",
        "rehearsed",
        "flops",
        "state_bytes",
        "maf",
        "peak_bytes",
    ];
    const OLDER: &'static [&'static [&'static str]] = &[OLDER];
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{read_rows, write_rows};

    #[test]
    fn a_ledger_survives_the_file() {
        let rows = [
            LedgerRow {
                experience: 1,
                phase: "train".into(),
                charged: true,
                steps: 10,
                examples: 320,
                replayed: 64,
                rehearsed: 0,
                flops: u64::MAX,
                state_bytes: 0,
                maf: Some(u64::MAX - 1),
                peak_bytes: Some(12),
            },
            LedgerRow {
                experience: 1,
                phase: "evaluate".into(),
                charged: false,
                steps: 0,
                examples: 500,
                replayed: 0,
                rehearsed: 0,
                flops: 7,
                state_bytes: 0,
                maf: None,
                peak_bytes: None,
            },
        ];
        let mut file = Vec::new();
        write_rows(&mut file, &rows).unwrap();
        assert!(file.starts_with(
            b"experience,phase,charged,steps,examples,replayed,rehearsed,flops,state_bytes,maf,peak_bytes\n1,train,"
        ));
        assert_eq!(read_rows::<LedgerRow>(&file[..], 2).unwrap(), rows);
        let older = format!("{}\n1,evaluate,false,0,500,0,0,7,0\n", OLDER.join(","));
        assert_eq!(read_rows::<LedgerRow>(older.as_bytes(), 2).unwrap(), rows[1..]);
    }
}
