//! Where datasets lie on this machine.

use std::{env, path::PathBuf};

/// The data folder: `$CLBENCH_DATA`, else `clbench` in the user's folder for data, else `data` here.
pub fn folder() -> PathBuf {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("CLBENCH_DATA")
        .or_else(|| set("XDG_DATA_HOME").map(|home| home.join("clbench")))
        .or_else(|| set("HOME").map(|home| home.join(".local/share/clbench")))
        .unwrap_or_else(|| "data".into())
}
