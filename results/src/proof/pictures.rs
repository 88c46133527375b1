//! Published pictures held against those that are drawn now, byte by byte.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, ErrorKind},
    path::Path,
};

use crate::words::short;

/// How published pictures came out again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pictures {
    /// How many are the same in every byte.
    pub same: usize,
    /// What is not: file by file, in words.
    pub findings: Vec<String>,
}

/// Compares what lies in `folder` with `now`, pictures by the names of their files. A folder that is not there is an
/// empty one.
///
/// # Errors
/// When something in the folder cannot be read.
pub fn compare_pictures(folder: &Path, now: &BTreeMap<String, String>) -> io::Result<Pictures> {
    let mut found = Pictures::default();
    for (name, svg) in now {
        let file = folder.join(name);
        // A link may lead to a file that is never published.
        let there = match fs::symlink_metadata(&file) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                found.findings.push(format!("{} is not there", short(name)));
                continue;
            }
            there => there?,
        };
        let alike = there.is_file() && there.len() == svg.len() as u64;
        if alike && fs::read(&file)? == svg.as_bytes() {
            found.same += 1;
        } else {
            found.findings.push(format!("{} is not as it is drawn now", short(name)));
        }
    }
    let others = others(folder, now)?.into_iter();
    found.findings.extend(others.map(|name| format!("{} is not one of the study's pictures", short(&name))));
    Ok(found)
}

/// Names of what lies in `folder` and is not in `now`.
///
/// # Errors
/// When the folder cannot be read.
pub fn others(folder: &Path, now: &BTreeMap<String, String>) -> io::Result<Vec<String>> {
    let listed = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed?,
    };
    let names: Vec<String> = listed
        .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
        .collect::<io::Result<_>>()?;
    let mut others: Vec<String> = names.into_iter().filter(|name| !now.contains_key(name)).collect();
    others.sort();
    Ok(others)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_different_or_left_over_is_found() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("page");
        let now: BTreeMap<String, String> =
            ["a", "b", "c"].map(|name| (format!("{name}.svg"), format!("<svg>{name}</svg>"))).into();
        let found = |folder: &Path| compare_pictures(folder, &now).unwrap();
        assert_eq!(found(&folder).findings, ["a", "b", "c"].map(|name| format!("{name}.svg is not there")));
        fs::create_dir(&folder).unwrap();
        now.iter().for_each(|(name, svg)| fs::write(folder.join(name), svg).unwrap());
        assert_eq!(found(&folder), Pictures { same: 3, findings: Vec::new() });
        fs::remove_file(folder.join("a.svg")).unwrap();
        fs::write(folder.join("b.svg"), "<svg>B</svg>").unwrap();
        fs::write(folder.join("old.svg"), "<svg>c</svg>").unwrap();
        let said =
            ["a.svg is not there", "b.svg is not as it is drawn now", "old.svg is not one of the study's pictures"];
        assert_eq!(found(&folder), Pictures { same: 1, findings: said.map(String::from).to_vec() });
    }

    #[test]
    fn a_folder_in_a_picture_s_place_is_no_picture() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("a.svg")).unwrap();
        let now = BTreeMap::from([("a.svg".to_owned(), String::new())]);
        assert_eq!(compare_pictures(root.path(), &now).unwrap().findings, ["a.svg is not as it is drawn now"]);
    }
}
