//! A stop signal is answered whatever a hook does, and what was saved before is whole.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod program;
mod support;

use std::{
    env, fs,
    path::Path,
    process::{Command, ExitCode},
    thread::sleep,
    time::Duration,
};

use anyhow::Result;
use clbench::{
    catalogue::Settings,
    cli,
    config::Shelf,
    method::{Contribution, Ctx, Make, Method, contribution},
};
use program::{Place, Said, same};
use serde::{Deserialize, Serialize};

/// Where the child finds its words, one a line.
const WORDS: &str = "CLBENCH_WORDS";
/// A file that a slow step makes when it begins.
const BEGUN: &str = "begun";
/// A file without which no step is slow.
const SLOW: &str = "slow";

/// Works at the third step of the second experience for as long as the file `slow` is there.
#[derive(Serialize, Deserialize)]
struct Stubborn(Config);

clbench::settings! {
    #[derive(Clone)]
    struct Config {}
}

impl Settings for Config {}

impl Contribution for Stubborn {
    fn after_step(&mut self, cx: &mut Ctx) -> Result<()> {
        while (cx.experience, cx.step) == (1, 2) && Path::new(SLOW).exists() {
            fs::write(BEGUN, "")?;
            sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

fn shelf() -> Shelf {
    let entry = Method::new("stubborn", Make::Contribution(|table| contribution(table, Stubborn)));
    support::shelf().methods([entry])
}

/// Without a test harness: its threads would take the signal that the program waits for. Started with words it is the
/// program with one method more, and without them the test.
fn main() -> ExitCode {
    if let Ok(words) = env::var(WORDS) {
        let words = ["clbench"].into_iter().chain(words.split_whitespace()).map(Into::into);
        return cli::main_with(&shelf(), words);
    }
    let name = "a_hook_that_works_on_and_on_does_not_hold_up_a_stop";
    let mut filters = env::args().skip(1).filter(|word| !word.starts_with('-')).peekable();
    if filters.peek().is_none() || filters.any(|filter| name.contains(&filter)) {
        a_hook_that_works_on_and_on_does_not_hold_up_a_stop();
        println!("test {name} ... ok");
    }
    ExitCode::SUCCESS
}

/// The program with `words` in `place`.
fn program(place: &Place, words: &str) -> Command {
    let this = env::current_exe().unwrap();
    let mut command = place.command(this.to_str().unwrap());
    command.env(WORDS, words);
    command
}

fn a_hook_that_works_on_and_on_does_not_hold_up_a_stop() {
    let place = Place::small();
    let words = "run small.toml method=stubborn train.steps=6 checkpoint.every=1 runs=";
    let done = |runs: &str| {
        let said = Said::of(program(&place, &format!("{words}{runs}")).output().unwrap());
        assert_eq!(said.code, Some(0), "{said}");
        said
    };
    done("straight");
    place.write(SLOW, "");
    let child = program(&place, &format!("{words}runs --quiet")).spawn().unwrap();
    while !place.path(BEGUN).exists() {
        sleep(Duration::from_millis(20));
    }
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    // The hook itself would go on for ever.
    let said = Said::of(child.wait_with_output().unwrap());
    said.fails(130, &["interrupted: saving", "stopped without it"]);
    fs::remove_file(place.path(SLOW)).unwrap();
    assert!(done("runs").err.contains("goes on after step "));
    same(&place.bits("straight"), &place.bits("runs"), "the same bits");
}
