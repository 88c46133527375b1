//! What makes no sense with texts is refused before the first step, and the message says why.

use crate::{
    pictures::{SMALL, setup, shelf},
    support,
};

fn refusal(settings: &str) -> String {
    support::refusal(&shelf(), &format!("{SMALL} {settings}"))
}

#[test]
fn what_needs_logits_of_classes_is_refused() {
    let said = refusal("method=ewc");
    assert!(said.contains("`ewc` does not go with [text]: it needs a loss of each example by itself"), "{said}");
    assert!(said.ends_with("leave one of them out, or set ewc.fisher=batch"), "{said}");
    let said = refusal("stream.environment=exp3");
    assert!(said.contains("stream.environment chooses by what the network answers"), "{said}");
    assert!(refusal("head.kind=multi head.train=task head.test=task").contains("there are no heads"));
    assert!(refusal("head.train=seen").contains("head.train = \"all\""));
}

#[test]
fn a_table_that_cannot_be_is_refused() {
    assert!(refusal("text.sides=tokens").contains("unknown key `sides`"));
    assert!(refusal("text.loss=clop").contains("clip"));
    assert!(refusal("text.width=0").contains("text.width = 0"));
    assert!(refusal("text.width=65536 text.tokens.width=65536").contains("more than"));
    assert!(refusal("text.side=wordllama").contains("[text.tokens] belongs to"));
}

#[test]
fn the_text_side_is_part_of_what_makes_runs_comparable() {
    let of = |settings: &str| {
        let setup = setup(settings);
        (setup.config.recipe(), setup.config.id("stream"))
    };
    assert_ne!(of("text.width=8"), of("text.width=16"));
    assert_eq!(of("text.width=16"), of(""));
}
