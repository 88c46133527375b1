//! The programs of the machine that download: package clients, curl and wget. No shell is involved.

use std::{
    fs,
    io::{ErrorKind, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

use anyhow::{Context, Error, Result, anyhow, bail, ensure};

/// Largest download: 1 GiB.
const MOST_DOWNLOAD: u64 = 1 << 30;

/// Most bytes of a program's complaints that are read.
const MOST_COMPLAINT: u64 = 16 << 10;

/// Starts a program without input; its complaints go to a file, so that they can never block it.
fn start(command: &mut Command) -> Result<(Child, fs::File)> {
    let complaints = tempfile::tempfile().context("no temporary file for a program's messages")?;
    command.stdin(Stdio::null()).stderr(complaints.try_clone()?);
    let program = command.get_program().display().to_string();
    let child = command.spawn().map_err(|error| match error.kind() {
        ErrorKind::NotFound => anyhow!("{program} is not on this machine"),
        _ => Error::new(error).context(format!("{program} cannot be started")),
    })?;
    Ok((child, complaints))
}

/// An error with the first lines of what the program complained of, unless it went well.
fn judge(command: &Command, status: ExitStatus, complaints: &mut fs::File) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    let mut bytes = Vec::new();
    complaints.seek(SeekFrom::Start(0))?;
    complaints.take(MOST_COMPLAINT).read_to_end(&mut bytes)?;
    let program = command.get_program().display();
    bail!("{program} failed ({status}): {}", summary(&String::from_utf8_lossy(&bytes)))
}

/// The first lines that say something, on one line and without control characters.
fn summary(complaints: &str) -> String {
    let lines = complaints.lines().map(str::trim).filter(|line| !line.is_empty());
    let text = lines.take(3).collect::<Vec<_>>().join("; ");
    text.chars().filter(|character| !character.is_control()).take(400).collect()
}

/// Runs a program to its end.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let (mut child, mut complaints) = start(command.stdout(Stdio::null()))?;
    judge(command, child.wait()?, &mut complaints)
}

/// Runs a program and hands what it writes to `read`; where `read` fails before the end, the program is stopped.
pub(crate) fn stream(command: &mut Command, read: impl FnOnce(&mut dyn Read) -> Result<()>) -> Result<()> {
    let (mut child, mut complaints) = start(command.stdout(Stdio::piped()))?;
    let mut output = child.stdout.take().expect("the output was piped just now");
    let outcome = read(&mut output);
    // Where the output is at its end, the program is about to end too, and may know better why something is missing.
    if outcome.is_err() && !matches!(output.read(&mut [0]), Ok(0)) {
        child.kill()?;
    }
    drop(output);
    let status = child.wait()?;
    if status.code().is_some() {
        judge(command, status, &mut complaints)?;
    }
    outcome?;
    judge(command, status, &mut complaints)
}

/// The only file below `folder` with this extension.
pub(crate) fn only(folder: &Path, extension: &str) -> Result<PathBuf> {
    let mut found = None;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) {
            ensure!(found.is_none(), "more than one .{extension} came");
            found = Some(path);
        }
    }
    found.with_context(|| format!("no .{extension} came"))
}

/// Brings an npm package, such as `name@1.2.3`, into an empty folder: the path of its archive, a `.tgz`.
pub(crate) fn npm_pack(package: &str, folder: &Path) -> Result<PathBuf> {
    let mut command = Command::new("npm");
    command.args(["pack", "--loglevel=error", "--ignore-scripts", "--", package]).current_dir(folder);
    run(&mut command)?;
    only(folder, "tgz")
}

/// Brings a Debian package into an empty folder: the path of its `.deb`.
///
/// Where the machine's own lists of packages do not help, fresh ones are fetched below `folder`; the machine's stay
/// as they are, and no privilege is needed.
pub(crate) fn apt_download(package: &str, folder: &Path) -> Result<PathBuf> {
    let lists = format!("Dir::State::Lists={}", folder.join("lists").display());
    let cache = format!("Dir::Cache={}", folder.join("cache").display());
    let apt = |options: &[&str], action: &[&str]| {
        let mut command = Command::new("apt-get");
        // Without this option, apt run by root gives up its rights and then cannot write into the folder.
        command.args(["--quiet=2", "--option", "APT::Sandbox::User=root"]).args(options).args(action);
        run(command.current_dir(folder))
    };
    for program in ["apt-get", "dpkg-deb"] {
        ensure!(present(program), "{program} is not on this machine");
    }
    let own = ["--option", &lists, "--option", &cache];
    let download = ["download", "--", package];
    if let Err(first) = apt(&[], &download) {
        for below in ["lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(folder.join(below))?;
        }
        let second = apt(&own, &["update"]).and_then(|()| apt(&own, &download));
        second.map_err(|second| anyhow!("{first}; with fresh lists: {second}"))?;
    }
    only(folder, "deb")
}

/// Hands the files inside a `.deb` to `read`, as a tar archive.
pub(crate) fn deb_files(deb: &Path, read: impl FnOnce(&mut dyn Read) -> Result<()>) -> Result<()> {
    stream(Command::new("dpkg-deb").arg("--fsys-tarfile").arg("--").arg(deb), read)
}

/// Hands the content at a URL to `read`, through curl or else wget.
///
/// # Errors
/// When the URL is not `http` or `https`, neither program is there, or the download fails.
pub(crate) fn download(url: &str, read: &mut dyn FnMut(&mut dyn Read) -> Result<()>) -> Result<()> {
    ensure!(url.starts_with("https://") || url.starts_with("http://"), "{url:?} is neither http:// nor https://");
    ensure!(url.chars().all(|character| character.is_ascii_graphic()), "{url:?} holds characters that no URL has");
    let mut curl = Command::new("curl");
    curl.args(["--fail", "--location", "--silent", "--show-error", "--globoff", "--max-redirs", "5"])
        .args(["--proto", "=http,https", "--proto-redir", "=http,https"])
        .args(["--connect-timeout", "30", "--speed-limit", "1", "--speed-time", "60", "--", url]);
    let mut wget = Command::new("wget");
    wget.args(["--no-verbose", "--output-document=-", "--timeout=60", "--tries=2", "--max-redirect=5", "--", url]);
    let command = if present("curl") { &mut curl } else { &mut wget };
    ensure!(present(&command.get_program().to_string_lossy()), "neither curl nor wget is on this machine");
    stream(command, |content| read(&mut content.take(MOST_DOWNLOAD)))
}

/// Whether a program can be started.
fn present(program: &str) -> bool {
    let version = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_web_address_reaches_no_program() {
        let mut never = |_: &mut dyn Read| -> Result<()> { panic!("a program was asked") };
        for url in
            ["--output=/etc/passwd", "ftp://host/x", "file:///etc/passwd", "https://host/a b", "http://host/\n-o"]
        {
            assert!(download(url, &mut never).is_err(), "{url}");
        }
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = run(&mut Command::new("no-such-program")).unwrap_err();
        assert_eq!(error.to_string(), "no-such-program is not on this machine");
    }

    #[test]
    fn complaints_become_one_clean_line() {
        assert_eq!(summary("\n a\u{1b}[31mb \n\nc\nd\ne"), "a[31mb; c; d");
    }

    #[test]
    fn the_reason_of_the_program_wins_over_that_of_its_reader() {
        let mut command = Command::new("cat");
        let read = |output: &mut dyn Read| -> Result<()> {
            assert_eq!(output.read(&mut [0; 9])?, 0);
            bail!("the reader's reason")
        };
        let error = stream(command.args(["--", "/nowhere/at/all"]), read).unwrap_err().to_string();
        assert!(error.starts_with("cat failed") && error.contains("/nowhere/at/all"), "{error}");
    }

    #[test]
    fn an_endless_program_ends_when_its_reader_stops() {
        let read = |output: &mut dyn Read| -> Result<()> {
            output.read_exact(&mut [0; 10])?;
            bail!("enough")
        };
        assert_eq!(stream(&mut Command::new("yes"), read).unwrap_err().to_string(), "enough");
    }
}
