//! Texts as vectors, and images and texts in one space.

mod config;
mod dual;
pub mod loss;
pub(crate) mod retrieval;
mod side;
mod wordllama;

pub use self::{
    config::{Config, Lock, Side, Tokens, Vocabulary},
    dual::Dual,
    loss::{Loss, Same},
    wordllama::WordLlama,
};
