//! A thread that the system does not start is no crash.

use std::fs;

use crate::program::{Place, Said, same};

#[test]
fn where_no_thread_can_be_started_runs_come_one_after_the_other() {
    let place = Place::small();
    place.done("run small.toml seeds=0..3 runs=straight --quiet");
    // No system has room for a stack of 2^46 bytes.
    let mut command = place.clbench("run small.toml seeds=0..3 jobs=3 runs=runs");
    let said = Said::of(command.env("RUST_MIN_STACK", (1_u64 << 46).to_string()).output().unwrap());
    said.fails(0, &["a thread cannot be started", "1 of jobs=3 ran at once", "interrupts are not heard"]);
    same(&place.bits("straight"), &place.bits("runs"), "the same bits");
}

#[test]
fn where_no_thread_can_be_started_pictures_are_read_all_the_same() {
    let place = Place::new();
    // Two pictures of each class, as the simplest of formats has them.
    for (at, class) in ["dark", "light"].iter().enumerate() {
        for picture in 0..10 {
            let pixel = if at == 0 { picture } else { 255 - picture };
            let body = vec![pixel as u8; 12];
            place.write(&format!("pictures/{class}/{picture}.ppm"), [b"P6 2 2 255\n".as_slice(), &body].concat());
        }
    }
    place.write("pictures.toml", PICTURES);
    for (at, stack) in [None, Some("70368744177664")].into_iter().enumerate() {
        let mut command = place.clbench(&format!("stream hash pictures.toml data=data{at}"));
        command.envs(stack.map(|stack| ("RUST_MIN_STACK", stack)));
        let said = Said::of(command.output().unwrap());
        said.fails(0, &[]);
        place.write(&format!("hash{at}"), said.out);
    }
    assert_eq!(fs::read(place.path("hash0")).unwrap(), fs::read(place.path("hash1")).unwrap());
}

const PICTURES: &str = r#"
[data.mine]
format = "folder"
path = "pictures"
size = 2

[stream]
kind = "class-incremental"
dataset = "mine"
tasks = 2
"#;
