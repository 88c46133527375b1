//! Networks: what they are made of, how they are passed through, their weights, and what answers.

pub mod features;
pub mod net;
pub mod pass;
pub mod predictor;
pub mod text;
pub mod weights;
