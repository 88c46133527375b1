//! Studies as data: which runs belong to a published page, what is claimed of them, and what the page says.
//!
//! A study is a file with rows (axes that are crossed), streams, seeds, common settings, pictures, claims and a page:
//! text in Markdown with blocks that commands fill. The file is read by who knows TOML; what is checked, crossed,
//! judged and written is here. Nothing here trains, and there is no statistics of its own: intervals, tests and Holm's
//! adjustment are those of [`crate::statistics`].

mod claim;
mod draw;
mod entries;
mod file;
mod judge;
mod known;
mod page;
mod rows;
mod said;

pub use claim::{Claim, Grid, One, Relation};
pub use draw::{Drawn, draw};
pub use file::{Page, Picture, Rows, Study, Words};
pub use judge::{Judged, Verdict, judge};
pub use known::check_claims;
pub use page::{Names, write_page};
pub use rows::{Row, list_rows};
pub use said::claims_text;

#[cfg(test)]
mod tests;
