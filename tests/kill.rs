//! Runs that are killed, interrupted, spoilt or watched by a second process end with the same bits as any other.
//!
//! The instants are drawn anew each time; `CLBENCH_KILL_SEED`, which every failure prints, repeats them.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod program;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command},
    thread::sleep,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use program::{Files, Place, SMALL, Said, same};

/// Kills of each kind of run that must hit a process at work; there are four kinds.
const KILLS: usize = 8;

/// Instants, from a seed that is printed.
struct Instants(u64);

impl Instants {
    fn new() -> Self {
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
        let seed = std::env::var("CLBENCH_KILL_SEED").map_or_else(|_| now(), |seed| seed.parse().unwrap());
        eprintln!("CLBENCH_KILL_SEED={seed}");
        Self(seed)
    }

    /// A share of `whole`, by splitmix64 (Steele et al. 2014, <https://doi.org/10.1145/2714064.2660195>).
    fn within(&mut self, whole: Duration) -> Duration {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        whole.mul_f64((z ^ (z >> 31)) as f64 / u64::MAX as f64)
    }
}

/// Kills `child` unless it has ended; whether it was killed. It must not have failed.
fn kill(mut child: Child) -> bool {
    child.kill().unwrap();
    let said = child.wait_with_output().unwrap();
    let killed = said.status.code().is_none();
    let said = Said::of(said);
    assert!(killed || said.code == Some(0), "{said}");
    killed
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

/// Waits until `seen` is true of a process at work.
#[track_caller]
fn until(child: &mut Child, mut seen: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !seen() {
        assert!(begun.elapsed() < Duration::from_mins(1), "it does not come");
        assert_eq!(child.try_wait().unwrap(), None, "it ended before");
        sleep(Duration::from_millis(1));
    }
}

/// Checkpoints of the only run below `runs`, in order.
fn checkpoints(place: &Place, runs: &str) -> Vec<PathBuf> {
    let all = place.runs(runs);
    let folder = all.iter().flat_map(|run| fs::read_dir(run.join("checkpoint"))).flatten().flatten();
    let mut found: Vec<_> =
        folder.map(|entry| entry.path()).filter(|path| path.extension().unwrap() == "ckpt").collect();
    found.sort();
    found
}

/// Kills runs of `words` at drawn instants, again and again until they end, and compares what they leave with what
/// an undisturbed run leaves.
fn kills_change_nothing(words: &str, stream: &str) {
    let (place, mut instants) = (Place::new(), Instants::new());
    place.write("small.toml", stream);
    let begun = Instant::now();
    let told = place.done(&format!("run small.toml {words} runs=straight"));
    let (time, straight) = (begun.elapsed(), place.bits("straight"));
    assert!(straight.keys().any(|path| path.ends_with("manifest.json")));
    let (mut hits, mut misses, mut writing, mut round) = (0, 0, 0, 0);
    while hits < KILLS {
        round += 1;
        assert!(round <= 10, "the runs are too short to be killed: {hits} kills");
        let runs = format!("killed{round}");
        let command = format!("run small.toml {words} runs={runs}");
        // About five kills before the end; what was lost is done again.
        for _ in 0..KILLS {
            let child = place.start(&command);
            sleep(instants.within(time.mul_f64(0.4)));
            if !kill(child) {
                misses += 1;
                break;
            }
            hits += 1;
            let files = place.files(".", &[]);
            writing += usize::from(files.keys().any(|path| path.to_string_lossy().contains(".tmp")));
        }
        let told_after = place.done(&command);
        assert_eq!(told_after.replace(&runs, "straight"), told);
        same(&straight, &place.bits(&runs), &format!("{words} in round {round}"));
    }
    eprintln!("{words}: {hits} kills, {writing} of them amid a write, {misses} too late, {time:?} undisturbed");
    assert!(misses < hits, "most kills must hit: {misses} of {} came too late", hits + misses);
}

#[test]
fn finetune_killed_at_any_instant_ends_with_the_same_bits() {
    kills_change_nothing("checkpoint.every=3", SMALL);
}

#[test]
fn lora_and_ewc_killed_at_any_instant_end_with_the_same_bits() {
    kills_change_nothing("method=lora+ewc ewc.samples=20 checkpoint.every=4", SMALL);
}

#[test]
fn replay_killed_at_any_instant_ends_with_the_same_bits() {
    kills_change_nothing("method=replay replay.capacity=40 checkpoint.every=3", SMALL);
}

#[test]
fn a_resnet_killed_at_any_instant_ends_with_the_same_bits() {
    let stream = SMALL.replace("steps = 32", "steps = 8").replace("every = 12", "every = 3").replace("16", "8");
    let words = "net.body=resnet18 net.width=4 method=ema checkpoint.every=2";
    kills_change_nothing(words, &stream);
}

#[test]
fn several_seeds_killed_together_end_with_the_same_bits() {
    kills_change_nothing("checkpoint.every=4 seeds=0..3 jobs=2", SMALL);
}

/// A run of [`SMALL`] that was killed when it had two checkpoints of steps within an experience.
fn broken() -> (Place, Files) {
    let place = Place::small();
    place.done(&format!("{RUN} runs=straight"));
    let mut child = place.start(&format!("{RUN} runs=runs"));
    until(&mut child, || checkpoints(&place, "runs").len() == 2);
    assert!(kill(child));
    assert_eq!(checkpoints(&place, "runs").len(), 2);
    let straight = place.bits("straight");
    (place, straight)
}

/// What [`broken`] ran.
const RUN: &str = "run small.toml train.steps=64 checkpoint.every=10";

/// Goes on with the run below `runs` and compares it with the straight one.
#[track_caller]
fn goes_on(place: &Place, straight: &Files, case: &str) -> Said {
    let said = place.run(&format!("{RUN} runs=runs"));
    assert_eq!(said.code, Some(0), "{case}: {said}");
    same(straight, &place.bits("runs"), case);
    said
}

type Damage = fn(&mut Vec<u8>);

/// Ways to spoil a checkpoint.
const SPOILT: [(&str, Damage); 5] = [
    ("emptied", |bytes| bytes.clear()),
    ("cut off in its checksum", |bytes| bytes.truncate(30)),
    ("cut in half", |bytes| bytes.truncate(bytes.len() / 2)),
    ("one bit turned", |bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
    }),
    ("another format", |bytes| bytes[0] ^= 1),
];

fn spoil(path: &Path, how: Damage) {
    let mut bytes = fs::read(path).unwrap();
    how(&mut bytes);
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_spoilt_checkpoint_gives_way_to_the_one_before() {
    let (place, straight) = broken();
    let before = place.files("runs", &[]);
    for (how, damage) in SPOILT {
        fs::remove_dir_all(place.path("runs")).unwrap();
        for (path, bytes) in &before {
            let path = place.path("runs").join(path);
            // Folders end with a separator.
            if path.to_string_lossy().ends_with('/') {
                fs::create_dir_all(path).unwrap();
            } else {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, bytes).unwrap();
            }
        }
        let found = checkpoints(&place, "runs");
        spoil(&found[1], damage);
        let said = goes_on(&place, &straight, how);
        let step: u64 = found[0].file_name().unwrap().to_string_lossy()[..12].parse().unwrap();
        said.fails(0, &["passes over the checkpoint", &format!("goes on after step {step}")]);
    }
}

#[test]
fn where_every_checkpoint_is_spoilt_a_run_starts_anew_and_saves_again() {
    let (place, straight) = broken();
    checkpoints(&place, "runs").iter().for_each(|path| spoil(path, |bytes| bytes.truncate(99)));
    // Spoilt ones of later steps must not crowd out the whole ones of earlier steps.
    let mut child = place.start(&format!("{RUN} runs=runs"));
    let whole = |path: &PathBuf| fs::metadata(path).is_ok_and(|file| file.len() > 99);
    until(&mut child, || checkpoints(&place, "runs").iter().any(whole));
    assert!(kill(child));
    goes_on(&place, &straight, "after both").fails(0, &["goes on after step"]);
}

#[test]
fn a_kill_amid_a_write_changes_nothing() {
    let (place, straight) = broken();
    let mut hits = 0;
    for folder in ["checkpoint", "checkpoint", "checkpoint", "artifact", "."] {
        let mut child = place.start(&format!("{RUN} runs=runs"));
        let run = place.runs("runs").pop().unwrap();
        // At once, without a pause; a write lasts a few milliseconds.
        while child.try_wait().unwrap().is_none() {
            let entries = fs::read_dir(run.join(folder)).into_iter().flatten().flatten();
            if entries.map(|entry| entry.file_name()).any(|name| name.to_string_lossy().contains(".tmp")) {
                break;
            }
        }
        hits += usize::from(kill(child));
    }
    // Where the disk is memory, a write is over before it is seen.
    eprintln!("{hits} of 5 kills amid a write hit");
    goes_on(&place, &straight, "amid a write");
}

#[test]
fn checkpoints_that_outlive_their_run_are_tidied_away() {
    let (place, straight) = broken();
    let before = checkpoints(&place, "runs").pop().unwrap();
    let bytes = fs::read(&before).unwrap();
    goes_on(&place, &straight, "to its end");
    // As a kill between the manifest and the tidying leaves it.
    fs::create_dir(before.parent().unwrap()).unwrap();
    fs::write(&before, bytes).unwrap();
    goes_on(&place, &straight, "when it is complete").fails(0, &["complete from before"]);
}

#[test]
fn what_a_killed_process_was_writing_does_no_harm_and_goes() {
    let (place, straight) = broken();
    let run = place.runs("runs").pop().unwrap();
    for name in ["manifest.tmp7", "config.tmp99999", "checkpoint/000000000159-000004.tmp7"] {
        fs::write(run.join(name), "half of someth").unwrap();
    }
    goes_on(&place, &straight, "leftovers");
}

#[test]
fn a_file_shorter_than_its_checkpoint_is_an_error_that_loses_nothing() {
    let (place, _) = broken();
    let run = place.runs("runs").pop().unwrap();
    let records = fs::read(run.join("records.csv")).unwrap();
    fs::write(run.join("records.csv"), &records[..100]).unwrap();
    let before = place.bits("runs");
    place.run(&format!("{RUN} runs=runs")).fails(1, &["seed 0: records.csv is shorter than its checkpoint", "remove"]);
    same(&before, &place.bits("runs"), "the same bits");
}

#[test]
fn a_checkpoint_of_another_configuration_is_refused_by_its_difference() {
    let (place, straight) = broken();
    // The folder of another run, with this one's files in it.
    let mut child = place.start(&format!("{RUN} runs=other optim.rate=0.004"));
    until(&mut child, || checkpoints(&place, "other").len() == 2);
    assert!(kill(child));
    let other = place.runs("other").pop().unwrap();
    fs::remove_dir_all(&other).unwrap();
    fs::rename(place.runs("runs").pop().unwrap(), &other).unwrap();
    let said = place.run(&format!("{RUN} runs=other optim.rate=0.004"));
    said.fails(1, &["cannot go on in", "rate = 0.003", "rate = 0.004", "remove it"]);
    fs::rename(&other, place.path("runs/small/finetune").join(straight_name(&place))).unwrap();
    goes_on(&place, &straight, "moved there and back");
}

fn straight_name(place: &Place) -> PathBuf {
    place.runs("straight")[0].file_name().unwrap().into()
}

#[test]
fn an_interrupt_saves_and_the_same_command_goes_on() {
    let place = Place::small();
    // Without checkpoint.every nothing else would save within an experience.
    let words = "run small.toml train.steps=300 runs=";
    place.done(&format!("{words}straight"));
    let mut child = place.start(&format!("{words}runs"));
    let written = |run: &PathBuf| fs::read(run.join("train.csv")).is_ok_and(|bytes| bytes.len() > 800);
    until(&mut child, || place.runs("runs").iter().any(written));
    signal(&child, "-INT");
    let said = Said::of(child.wait_with_output().unwrap());
    said.fails(130, &["interrupted: saving", "seed 0 is not done; the same command goes on"]);
    assert_eq!(said.out, "");
    let saved = checkpoints(&place, "runs");
    let said = place.run(&format!("{words}runs"));
    let step: u64 = saved.last().unwrap().file_name().unwrap().to_string_lossy()[..12].parse().unwrap();
    said.fails(0, &[&format!("goes on after step {step}")]);
    same(&place.bits("straight"), &place.bits("runs"), "the same bits");
}

#[test]
fn interrupted_seeds_go_on_and_those_that_have_not_begun_stay_unbegun() {
    let place = Place::small();
    let words = "run small.toml train.steps=100 seeds=0..4 jobs=2 runs=";
    place.done(&format!("{words}straight"));
    let mut child = place.start(&format!("{words}runs"));
    until(&mut child, || place.runs("runs").len() >= 2);
    signal(&child, "-INT");
    // Once more, which aborts what is still being saved.
    signal(&child, "-INT");
    Said::of(child.wait_with_output().unwrap()).fails(130, &[]);
    assert!(place.runs("runs").len() < 4);
    place.done(&format!("{words}runs"));
    same(&place.bits("straight"), &place.bits("runs"), "the same bits");
}

#[test]
fn a_second_process_is_refused_while_the_first_works_and_finds_it_done_afterwards() {
    let place = Place::small();
    let words = "run small.toml checkpoint.every=1 runs=runs";
    let mut first = place.start(words);
    until(&mut first, || checkpoints(&place, "runs").len() == 2);
    // Held where it is, it cannot end before the second has looked.
    signal(&first, "-STOP");
    let refused = place.run(words);
    signal(&first, "-CONT");
    refused.fails(1, &["another process is at work in runs/small/finetune/", "wait for it"]);
    let first = Said::of(first.wait_with_output().unwrap());
    first.fails(0, &[]);
    let second = place.run(words);
    second.fails(0, &["complete from before"]);
    assert_eq!(second.out, first.out);
    place.done("run small.toml checkpoint.every=1 runs=alone");
    same(&place.bits("alone"), &place.bits("runs"), "the same bits");
}

#[test]
fn the_number_of_jobs_and_checkpoints_changes_no_bit() {
    let place = Place::small();
    let words = "run small.toml method=replay+ema replay.capacity=40 seeds=0..4";
    let one = place.done(&format!("{words} jobs=1 runs=runs1"));
    let two = place.done(&format!("{words} jobs=2 runs=runs2"));
    assert_eq!(one.replace("runs1", "runs2"), two);
    same(&place.bits("runs1"), &place.bits("runs2"), "the same bits");
    // The resolved configuration tells how often it was saved; all else is the same.
    place.done(&format!("{words} checkpoint.every=7 runs=saved"));
    let files = |runs| place.files(runs, &["timing.csv", "foretold.json", ".lock", "config.toml"]);
    same(&files("runs1"), &files("saved"), "the same bits");
}

#[test]
fn a_seed_that_is_complete_is_left_alone() {
    let place = Place::small();
    place.done("run small.toml seed=1");
    let run = place.runs("runs").pop().unwrap();
    let times = || -> Vec<(PathBuf, SystemTime)> {
        let entries = fs::read_dir(&run).unwrap().map(|entry| entry.unwrap());
        let mut times: Vec<_> =
            entries.map(|entry| (entry.path(), entry.metadata().unwrap().modified().unwrap())).collect();
        times.sort();
        times
    };
    let before = times();
    let said = place.run("run small.toml seeds=0..3 jobs=2");
    said.fails(0, &["seed 1: complete from before", "seed 2: experience 5 of 5 done"]);
    assert!(!said.err.contains("seed 1: experience"), "{said}");
    assert_eq!(times(), before);
    assert!(said.out.contains('±'), "three seeds have an interval\n{said}");
}
