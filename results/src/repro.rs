//! The commands that make runs again.

use crate::manifest::Manifest;
use crate::run::RunDir;
use crate::summary::{Entry, settings};
use crate::text::clean;

/// The command that makes all runs of a row, given the stream file that shipped under the stream's name.
pub fn command(entry: &Entry) -> String {
    words(&entry.stream, &entry.method, &entry.overrides, &seeds(&entry.seeds))
}

/// The command that makes one run, given the stream file that shipped under the stream's name.
pub fn run_command(manifest: &Manifest) -> String {
    words(&manifest.stream.name, &manifest.method, &settings(manifest), &format!("seed={}", manifest.seed))
}

/// The command that makes a run from its own resolved configuration: nothing else is needed, and the run id is the same.
pub fn exact_command(run: &RunDir) -> String {
    format!("clbench run {}", quoted(&run.path.join("config.toml").display().to_string()))
}

fn words(stream: &str, method: &str, overrides: &[String], seeds: &str) -> String {
    let file = quoted(&format!("streams/{}.toml", clean(stream)));
    let settings = std::iter::once(format!("method={method}")).chain(overrides.iter().cloned());
    let settings: Vec<String> = settings.map(|setting| quoted(&clean(&setting))).collect();
    format!("clbench run {file} {} {seeds}", settings.join(" "))
}

/// `seed=3`, `seeds=0..5` for a range, else a list.
fn seeds(seeds: &[u64]) -> String {
    match seeds {
        [one] => format!("seed={one}"),
        [first, .., last] if last - first + 1 == seeds.len() as u64 => format!("seeds={first}..{}", last + 1),
        _ => format!("seeds={}", seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(",")),
    }
}

/// A word as a POSIX shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "+-_./=,:@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.into() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{self, MIXED};

    #[test]
    fn a_command_names_all_that_differs_from_the_stream_file() {
        let mut manifest = example::run("lora+ewc", 3, MIXED[3]).manifest;
        manifest.overrides = vec!["lora.rank=8".into(), "seed=3".into(), "optim.rate = 0.1".into()];
        let expected = "clbench run streams/split-digits.toml method=lora+ewc lora.rank=8 'optim.rate = 0.1' seed=3";
        assert_eq!(run_command(&manifest), expected);
        assert_eq!([&[0, 1, 2][..], &[4], &[0, 2]].map(seeds), ["seeds=0..3", "seed=4", "seeds=0,2"]);
    }

    #[test]
    fn a_hostile_setting_is_one_word() {
        assert_eq!(quoted("x=$(rm -rf ~)'; reboot"), "'x=$(rm -rf ~)'\\''; reboot'");
    }
}
