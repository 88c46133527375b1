//! Notes the source revision, so that results can name it.

use std::process::Command;

fn main() {
    let git = |words: &[&str]| Command::new("git").args(words).output().ok().filter(|output| output.status.success());
    let revision = git(&["describe", "--always", "--dirty", "--abbrev=12"])
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default();
    println!("cargo:rustc-env=CLBENCH_REVISION={revision}");
    // Whether the tree is dirty shows in any source.
    let sources = [
        "build.rs",
        "Cargo.lock",
        "Cargo.toml",
        "src",
        "harness",
        "results/src",
        "streams/src",
        "methods/src",
        "datasets/src",
    ];
    for path in sources.into_iter().chain([".git/logs/HEAD"]).filter(|path| std::path::Path::new(path).exists()) {
        println!("cargo:rerun-if-changed={path}");
    }
}
