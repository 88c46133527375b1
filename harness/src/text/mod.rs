//! Texts as vectors, and images and texts in one space.

pub mod loss;
mod wordllama;

pub use self::{
    loss::{Loss, Same},
    wordllama::WordLlama,
};
