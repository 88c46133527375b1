//! Texts as vectors.

mod wordllama;

pub use self::wordllama::WordLlama;
