//! Curves through scores: how learning ends and how memory fades.
//!
//! [`learning`] fits the course of one training phase and says when more of it is not worth its price; [`retention`]
//! fits what remains of a task after updates on others, probed at the times of [`schedule`].

// Tests compare with literals that are exact in binary.
#![cfg_attr(test, allow(clippy::float_cmp))]

pub mod learning;
pub mod retention;
pub mod schedule;

mod search;

#[cfg(test)]
mod properties;
