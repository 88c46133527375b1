//! Runs in the formats of other tools, each checked against that tool's own reader by `scripts/check-exports.sh`.
