//! Packages of Python, fetched by pip without running anything that is in them.
//!
//! A wheel is an archive, and pip downloads it as such. Of a package in source form pip also wants to know name,
//! version and requirements, and for that runs its build script. So it is given a build backend of ours (PEP 517,
//! <https://peps.python.org/pep-0517/>), which answers with what the recipe says already, and the script never runs:
//! build isolation is off, and our folder stands before all others where Python looks for the backend, `setuptools`. A
//! package that names a backend of another name fails, and nothing of it runs either.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::fetch::client;

/// The wheels that fit; the recipes were made with these, and what is taken out of them is data for any machine.
const FIT: [&str; 6] = [
    "--only-binary=:all:",
    "--implementation=cp",
    "--python-version=3.11",
    "--platform=manylinux2014_x86_64",
    "--platform=manylinux_2_17_x86_64",
    "--platform=any",
];

/// Brings a wheel, such as `name==1.2.3`, into an empty folder: its path.
pub(crate) fn wheel(package: &str, folder: &Path) -> Result<PathBuf> {
    client::run(pip(folder).args(FIT).args(["--", package]))?;
    client::only(folder, "whl")
}

/// Brings a package in source form, such as `name==1.2.3`, into an empty folder: the path of its `.tar.gz`.
pub(crate) fn source(package: &str, folder: &Path) -> Result<PathBuf> {
    let (name, version) = package.split_once("==").context("a package is named with its version")?;
    let (backend, archive) = (folder.join("backend"), folder.join("archive"));
    fs::create_dir_all(backend.join("setuptools"))?;
    fs::create_dir(&archive)?;
    fs::write(backend.join("setuptools/__init__.py"), "")?;
    fs::write(backend.join("setuptools/build_meta.py"), self::backend(name, version))?;
    let mut command = pip(&archive);
    command.args(["--no-binary", name, "--use-pep517", "--no-build-isolation", "--", package]);
    client::run(command.env("PYTHONPATH", &backend))?;
    client::only(&archive, "gz")
}

fn pip(folder: &Path) -> Command {
    let mut command = Command::new("python3");
    command.args(["-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check", "--no-deps"]);
    command.arg("--dest").arg(folder).current_dir(folder);
    command
}

/// A build backend that knows nothing but a name and a version.
fn backend(name: &str, version: &str) -> String {
    format!(
        r#"import os, sys


def prepare_metadata_for_build_wheel(folder, config_settings=None):
    info = "{name}-{version}.dist-info"
    os.mkdir(os.path.join(folder, info))
    with open(os.path.join(folder, info, "METADATA"), "w") as out:
        out.write("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return info


__legacy__ = sys.modules[__name__]
"#
    )
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use super::*;

    #[test]
    fn a_build_script_never_runs() {
        let has_pip = Command::new("python3").args(["-m", "pip", "--version"]).stdout(Stdio::null()).status();
        if !has_pip.is_ok_and(|status| status.success()) {
            eprintln!("skipped: this machine has no python3 with pip");
            return;
        }
        let (folder, index) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let ran = index.path().join("ran");
        let script = format!("open({:?}, 'w').close()\nraise SystemExit('the script ran')\n", ran.to_str().unwrap());
        let members =
            [("toy-1.0/setup.py", script.as_bytes()), ("toy-1.0/PKG-INFO", &b"Name: toy\nVersion: 1.0\n"[..])];
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut gz, &crate::format::archive::pack(&members)).unwrap();
        fs::write(index.path().join("toy-1.0.tar.gz"), gz.finish().unwrap()).unwrap();
        let (backend, archive) = (folder.path().join("backend/setuptools"), folder.path().join("archive"));
        fs::create_dir_all(&backend).unwrap();
        fs::create_dir(&archive).unwrap();
        fs::write(backend.join("__init__.py"), "").unwrap();
        fs::write(backend.join("build_meta.py"), self::backend("toy", "1.0")).unwrap();
        let mut command = pip(&archive);
        command.arg("--no-index").arg("--find-links").arg(index.path());
        command.args(["--no-binary", "toy", "--use-pep517", "--no-build-isolation", "--", "toy==1.0"]);
        client::run(command.env("PYTHONPATH", folder.path().join("backend"))).unwrap();
        assert!(client::only(&archive, "gz").unwrap().ends_with("toy-1.0.tar.gz"));
        assert!(!ran.exists(), "the package's own script ran");
    }
}
