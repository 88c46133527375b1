//! The worked example of CONTRIBUTING.md compiles, is what the book prints, and does what the book says.

#[path = "../worked/l2init.rs"]
mod l2init;

use clbench::config::Shelf;

use crate::support::{self, straight};

const FILE: &str = include_str!("../worked/l2init.rs");

fn shelf() -> Shelf {
    support::shelf().methods([l2init::METHOD])
}

/// The book first leaves out what the compiler then asks for.
#[test]
fn the_book_prints_the_file() {
    let book = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/CONTRIBUTING.md")).unwrap();
    let blocks = book.split("```rust\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let block = blocks.into_iter().find(|block| block.contains("pub struct L2init")).unwrap();
    let mistake = "/// The initial values.\npub struct L2init {";
    let remedy = "/// The initial values.\n#[derive(Serialize, Deserialize)]\npub struct L2init {";
    assert!(block.contains(mistake) && book.contains(&format!("```rust\n{remedy}\n```")));
    assert_eq!(block.replace(mistake, remedy), FILE);
}

#[test]
fn the_worked_example_is_finetuning_where_it_is_off_and_pulls_where_it_is_on() {
    let trace = |settings: &str| straight(&support::try_setup(&shelf(), settings).unwrap(), 0, &shelf());
    let plain = trace("method=finetune");
    let off = trace("method=l2init l2init.strength=0");
    assert_eq!(off.trained(&plain), Vec::<&str>::new());
    assert!(trace("method=l2init l2init.strength=0.1").distance(&plain) > 1e-3);
    let said = support::refusal(&shelf(), "method=l2init+lora lora.per=task");
    assert!(said.contains("`l2init` does not go with `lora`"), "{said}");
}
