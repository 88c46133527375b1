//! Texts as vectors, and images and texts in one space.

pub(crate) mod config;
pub mod loss;
pub(crate) mod side;
mod wordllama;

pub use self::{
    config::{Config, Lock, Side, Tokens, Vocabulary},
    loss::{Loss, Same},
    wordllama::WordLlama,
};
