//! Tests of all statistics together.

mod golden;
mod properties;
