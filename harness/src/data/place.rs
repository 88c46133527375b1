//! Where datasets lie on this machine.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

use anyhow::{Result, bail};

/// The data folder: `$CLBENCH_DATA`, else `clbench` in the user's folder for data, which is `$XDG_DATA_HOME` or
/// `.local/share` in the home folder.
///
/// # Errors
/// When nobody says where that is: a folder here and now would be another one tomorrow.
pub fn folder() -> Result<PathBuf> {
    // Where `HOME` is not set the system knows the user's home.
    of(|name| env::var_os(name), env::home_dir())
}

fn of(variable: impl Fn(&str) -> Option<OsString>, home: Option<PathBuf>) -> Result<PathBuf> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    // The standard asks that a relative path be passed over:
    // https://specifications.freedesktop.org/basedir-spec/latest/
    let absolute = |path: &PathBuf| path.is_absolute();
    let home = home.filter(absolute);
    let found = set("CLBENCH_DATA")
        .or_else(|| set("XDG_DATA_HOME").filter(absolute).map(|home| home.join("clbench")))
        .or_else(|| home.map(|home| home.join(Path::new(".local/share/clbench"))));
    match found {
        Some(folder) => Ok(folder),
        None => bail!("there is no home folder to keep data in; set data=FOLDER (or --data), CLBENCH_DATA or HOME"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use super::*;

    #[test]
    fn a_folder_is_named_by_somebody_or_refused() {
        let of = |variables: &[(&str, &str)], home: Option<&str>| {
            let find = |name: &str| variables.iter().find(|(of, _)| *of == name).map(|(_, value)| (*value).into());
            of(find, home.map(PathBuf::from)).map(|path| path.display().to_string())
        };
        assert_eq!(of(&[("CLBENCH_DATA", "here"), ("XDG_DATA_HOME", "/b")], Some("/home/a")).unwrap(), "here");
        assert_eq!(of(&[("CLBENCH_DATA", ""), ("XDG_DATA_HOME", "/b")], Some("/home/a")).unwrap(), "/b/clbench");
        for relative in ["", "b"] {
            let found = of(&[("XDG_DATA_HOME", relative)], Some("/home/a")).unwrap();
            assert_eq!(found, "/home/a/.local/share/clbench");
        }
        for home in [None, Some(""), Some("home/a")] {
            let error = of(&[], home).unwrap_err().to_string();
            assert!(error.contains("data=FOLDER") && error.contains("CLBENCH_DATA"), "{error}");
        }
    }
}
