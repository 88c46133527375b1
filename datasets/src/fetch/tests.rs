//! Tests of fetching, without network: folders, archives, a web server of our own, and everything that goes wrong.

use std::{
    io::{BufRead, Write},
    net::TcpListener,
    process::Command,
};

use clbench::{data::Source, primitives::hex::hex};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};

use super::{set::Format, *};

/// A toy set in IDX, two examples for training and one for testing, 1 × 2 pixels; and the contents of its files.
fn toy() -> (&'static Set, Vec<(&'static str, Vec<u8>)>) {
    let contents = vec![
        (idx::NAMES[0], vec![0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4]),
        (idx::NAMES[1], vec![0, 0, 8, 1, 0, 0, 0, 2, 0, 1]),
        (idx::NAMES[2], vec![0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 5, 6]),
        (idx::NAMES[3], vec![0, 0, 8, 1, 0, 0, 0, 1, 1]),
    ];
    let file = |(name, content): &(&str, Vec<u8>)| File {
        path: format!("toy/{name}").leak(),
        sha256: hex(&Sha256::digest(content)).leak(),
        bytes: content.len() as u64,
    };
    let set = Set {
        name: "toy",
        about: "",
        citation: "",
        released: 2000,
        page: "https://example.org/toy",
        format: Format::IDX,
        classes: &["a", "b"],
        files: contents.iter().map(file).collect::<Vec<_>>().leak(),
        archive: Some(("toy.tar.gz", "0")),
        recipes: &[],
    };
    (Box::leak(Box::new(set)), contents)
}

fn gz(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// A folder with the toy's files, every second one compressed.
fn folder(contents: &[(&str, Vec<u8>)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (at, (name, content)) in contents.iter().enumerate() {
        if at % 2 == 0 {
            fs::write(folder.path().join(name), content).unwrap();
        } else {
            fs::write(folder.path().join(format!("{name}.gz")), gz(content)).unwrap();
        }
    }
    folder
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The names in a set's folder, without the lock.
fn names(data: &Path) -> Vec<String> {
    let entries = fs::read_dir(data.join("toy")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name != LOCK);
    names.sort();
    names
}

#[test]
fn a_folder_is_taken_whole_and_nothing_is_left_behind() {
    let ((set, contents), data) = (toy(), tempfile::tempdir().unwrap());
    set.fetch(data.path(), Some(text(folder(&contents).path()))).unwrap();
    assert_eq!(set.verify(data.path()).unwrap().len(), 4);
    assert_eq!(names(data.path()), [idx::NAMES[2], idx::NAMES[3], idx::NAMES[0], idx::NAMES[1]]);
    assert_eq!(set.open(data.path()).unwrap().train.pixels(1)[..], [3, 4]);
}

#[test]
fn what_is_there_and_whole_is_left_alone() {
    let ((set, contents), data) = (toy(), tempfile::tempdir().unwrap());
    set.fetch(data.path(), Some(text(folder(&contents).path()))).unwrap();
    // A place that does not exist is not even looked at.
    set.fetch(data.path(), Some("/nowhere")).unwrap();
}

#[test]
fn a_corrupt_file_is_found_and_replaced() {
    let ((set, contents), data) = (toy(), tempfile::tempdir().unwrap());
    let from = folder(&contents);
    set.fetch(data.path(), Some(text(from.path()))).unwrap();
    let path = data.path().join("toy").join(idx::NAMES[0]);
    let mut content = contents[0].1.clone();
    content[17] ^= 1;
    fs::write(&path, content).unwrap();
    let error = set.verify(data.path()).unwrap_err().to_string();
    assert!(error.contains("run `clbench data fetch toy`") && error.contains(text(&path)), "{error}");
    set.fetch(data.path(), Some(text(from.path()))).unwrap();
    assert_eq!(set.verify(data.path()).unwrap().len(), 4);
}

#[test]
fn a_corrupt_source_leaves_no_file() {
    let ((set, mut contents), data) = (toy(), tempfile::tempdir().unwrap());
    contents[0].1[17] ^= 1;
    let error = set.fetch(data.path(), Some(text(folder(&contents).path()))).unwrap_err().to_string();
    assert!(error.contains("train-images-idx3-ubyte: the SHA-256 is "), "{error}");
    contents[0].1.push(0);
    let error = set.fetch(data.path(), Some(text(folder(&contents).path()))).unwrap_err().to_string();
    assert!(error.contains("more than the 20 bytes"), "{error}");
    assert_eq!(names(data.path()), [""; 0]);
}

#[test]
fn an_archive_gives_its_members_and_writes_nowhere_else() {
    let ((set, contents), data) = (toy(), tempfile::tempdir().unwrap());
    let member = |at: usize, path: &str| (format!("{path}{}", contents[at].0), contents[at].1.clone());
    let members =
        [member(0, "../../"), member(1, "/"), ("../escaped".into(), vec![1]), member(2, ""), member(3, "a/b/")];
    let members: Vec<_> = members.iter().map(|(name, content)| (&name[..], &content[..])).collect();
    let from = tempfile::tempdir().unwrap();
    fs::write(from.path().join("toy.tar.gz"), gz(&archive::pack(&members))).unwrap();
    set.fetch(data.path(), Some(text(from.path()))).unwrap();
    assert_eq!(set.verify(data.path()).unwrap().len(), 4);
    assert_eq!(fs::read_dir(data.path()).unwrap().count(), 1);
    let other = tempfile::tempdir().unwrap();
    set.fetch(other.path(), Some(&format!("file://{}/toy.tar.gz", text(from.path())))).unwrap();
    assert_eq!(set.verify(other.path()).unwrap().len(), 4);
}

#[test]
fn an_archive_without_an_end_will_do_if_all_files_are_whole() {
    let ((set, contents), data) = (toy(), tempfile::tempdir().unwrap());
    let members: Vec<_> = contents.iter().map(|(name, content)| (*name, &content[..])).collect();
    let mut archive = archive::pack(&members);
    archive.truncate(archive.len() - 1_024);
    let from = tempfile::tempdir().unwrap();
    fs::write(from.path().join("any.tar"), archive).unwrap();
    set.fetch(data.path(), Some(text(&from.path().join("any.tar")))).unwrap();
    assert_eq!(set.verify(data.path()).unwrap().len(), 4);
}

#[test]
fn an_incomplete_place_is_named_with_what_it_lacks() {
    let ((set, contents), data) = (toy(), tempfile::tempdir().unwrap());
    let from = folder(&contents[..3]);
    let error = set.fetch(data.path(), Some(text(from.path()))).unwrap_err().to_string();
    assert!(error.contains(&format!("{}: holds no t10k-labels-idx1-ubyte", text(from.path()))), "{error}");
    // What was whole is kept.
    assert_eq!(names(data.path()).len(), 3);
}

#[test]
fn without_a_recipe_the_message_says_what_to_do_by_hand() {
    let ((set, _), data) = (toy(), tempfile::tempdir().unwrap());
    let error = set.fetch(data.path(), None).unwrap_err().to_string();
    for part in ["no package is known", "https://example.org/toy", text(data.path()), set.files[0].sha256, "20 bytes"] {
        assert!(error.contains(part), "{part} in {error}");
    }
}

#[test]
fn a_place_that_is_none_is_an_error() {
    let ((set, _), data) = (toy(), tempfile::tempdir().unwrap());
    for from in ["/nowhere", "ftp://host/folder", "--help", "file:///nowhere"] {
        let error = set.fetch(data.path(), Some(from)).unwrap_err().to_string();
        assert!(error.contains("neither a folder"), "{error}");
    }
}

#[test]
fn leftovers_of_a_fetch_that_was_cut_off_are_removed() {
    let ((set, contents), data) = (toy(), tempfile::tempdir().unwrap());
    let leftover = data.path().join("toy/.fetch-old");
    fs::create_dir_all(&leftover).unwrap();
    fs::write(leftover.join("part"), "half").unwrap();
    set.fetch(data.path(), Some(text(folder(&contents).path()))).unwrap();
    assert_eq!(names(data.path()).len(), 4);
}

#[test]
fn two_fetches_do_not_mix() {
    let ((set, contents), data) = (toy(), tempfile::tempdir().unwrap());
    fs::create_dir_all(data.path().join("toy")).unwrap();
    let lock = fs::File::create(data.path().join("toy").join(LOCK)).unwrap();
    lock.lock().unwrap();
    let error = format!("{:#}", set.fetch(data.path(), Some(text(folder(&contents).path()))).unwrap_err());
    assert!(error.contains("is being fetched by another process"), "{error}");
}

#[test]
fn a_folder_on_the_web_gives_compressed_files_first() {
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("skipped: curl is not on this machine");
        return;
    }
    let ((set, contents), data) = (toy(), tempfile::tempdir().unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/sets/", listener.local_addr().unwrap());
    let compressed = (format!("/sets/{}.gz", contents[0].0), gz(&contents[0].1));
    let plain = contents[1..].iter().map(|(name, content)| (format!("/sets/{name}"), content.clone()));
    let files: Vec<_> = std::iter::once(compressed).chain(plain).collect();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let request = lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>();
            let path = request[0].split(' ').nth(1).unwrap();
            match files.iter().find(|(name, _)| name == path) {
                Some((_, content)) => {
                    write!(stream, "HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n", content.len()).unwrap();
                    stream.write_all(content).unwrap();
                }
                None => write!(stream, "HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n").unwrap(),
            }
        }
    });
    set.fetch(data.path(), Some(&address)).unwrap();
    assert_eq!(set.verify(data.path()).unwrap().len(), 4);
    let error = set.fetch(tempfile::tempdir().unwrap().path(), Some(&address[..address.len() - 3])).unwrap_err();
    assert!(error.to_string().contains("404"), "{error}");
}
