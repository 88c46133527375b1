//! Notes the source revision, so that results can name it.

use std::process::Command;

fn main() {
    let git = |words: &[&str]| Command::new("git").args(words).output().ok().filter(|output| output.status.success());
    let revision = git(&["describe", "--always", "--dirty", "--abbrev=12"])
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default();
    println!("cargo:rustc-env=CLBENCH_REVISION={revision}");
    println!("cargo:rerun-if-changed=build.rs");
    if std::path::Path::new("../.git/logs/HEAD").exists() {
        println!("cargo:rerun-if-changed=../.git/logs/HEAD");
    }
}
