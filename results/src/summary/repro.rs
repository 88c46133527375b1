//! The commands that make runs again.

use crate::{
    record::{Manifest, RunDir},
    summary::{Entry, settings},
    words::{clean, harmless},
};

/// The command that makes all runs of a row, given the stream file that shipped under the stream's name.
pub fn command(entry: &Entry) -> String {
    let mut overrides = [&entry.overrides[..], &entry.common].concat();
    overrides.sort();
    words(&entry.stream, &entry.method, &overrides, &seeds(&entry.seeds))
}

/// The command that makes one run, given the stream file that shipped under the stream's name.
pub fn run_command(manifest: &Manifest) -> String {
    words(&manifest.stream.name, &manifest.method, &settings(manifest), &format!("seed={}", manifest.seed))
}

/// The command that makes a run from its own resolved configuration: nothing else is needed, and the run id is the
/// same.
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

/// A word as a shell takes it, on one line and without anything that a terminal obeys.
///
/// Control characters and marks of direction, which a path may hold, are written as `$'…'` has them (POSIX 2024, bash,
/// zsh, ksh).
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "+-_./=,:@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.into();
    }
    if !word.contains(char::is_control) && harmless(word) == word {
        return format!("'{}'", word.replace('\'', "'\\''"));
    }
    let mut text = String::from("$'");
    for c in word.chars() {
        match c {
            '\'' | '\\' => text.extend(['\\', c]),
            // Octal for each byte, which all of these shells read alike.
            c if c.is_control() || harmless(c.encode_utf8(&mut [0; 4])).is_empty() => {
                c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| text += &format!("\\{byte:03o}"));
            }
            c => text.push(c),
        }
    }
    text + "'"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::example::{self, MIXED};

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
        assert_eq!(quoted("a'\nreboot\x1b[2J\\\u{202e}é"), "$'a\\'\\012reboot\\033[2J\\\\\\342\\200\\256é'");
        assert_eq!((quoted(""), quoted("-rf *")), ("''".into(), "'-rf *'".into()));
    }

    /// What a shell makes of a quoted word is the word.
    #[cfg(unix)]
    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        let words =
            ["plain", "two words", "it's $HOME `id` \"x\" \\n", "line\nbreak", "\x1b[2J\ttab\u{202e}é'", "*", "$'x'"];
        // Not every `sh` knows `$'…'`.
        let Ok(bash) = std::process::Command::new("bash").arg("-c").arg("true").status() else { return };
        assert!(bash.success());
        for word in words {
            let command = format!("printf %s {}", quoted(word));
            let output = std::process::Command::new("bash").arg("-c").arg(command).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), word);
        }
    }
}
