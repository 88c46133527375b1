//! Tests of the folder loader on pictures that are made here.

use std::{cell::RefCell, path::PathBuf};

use clbench::{
    catalogue::settings,
    data::{Element, files::Files},
};
use image::{Rgb, RgbImage};
use tempfile::TempDir;

use super::*;

/// A folder with a stream file's place, pictures below `pictures`, and a data folder.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }
    /// The pictures' folder with `count` pictures in each of two classes; the red of each says which it is.
    fn with(count: u8) -> Self {
        let place = Self::new();
        for (class, name) in ["apple", "pear"].into_iter().enumerate() {
            (0..count).for_each(|at| place.picture(&format!("{name}/{at:02}.png"), [at, class as u8, 200]));
        }
        place
    }
    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join("pictures").join(below)
    }
    fn write(&self, below: &str, bytes: &[u8]) {
        fs::create_dir_all(self.path(below).parent().unwrap()).unwrap();
        fs::write(self.path(below), bytes).unwrap();
    }
    fn picture(&self, below: &str, color: [u8; 3]) {
        fs::create_dir_all(self.path(below).parent().unwrap()).unwrap();
        RgbImage::from_pixel(5, 3, Rgb(color)).save(self.path(below)).unwrap();
    }
    fn load(&self, more: &str) -> Result<Dataset> {
        let table = format!("path = 'pictures'\nsize = 2\n{more}").parse().unwrap();
        let data = self.folder.path().join("data");
        let (_, folder) = settings::<Folder>(table)?;
        folder.load(
            "toy",
            &Origin {
                data: &data,
                files: &Files::beside(self.folder.path()),
                sources: &[],
                notes: &RefCell::default(),
            },
        )
    }
    fn refused(&self, more: &str, reason: &str) {
        let error = format!("{:#}", self.load(more).unwrap_err());
        assert!(error.contains(reason), "{error}");
    }
    /// Names in the cache.
    fn cache(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path().join("data/.cache")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| !name.starts_with('.')).collect()
    }
}

/// The red of each example.
fn reds(split: &Split) -> Vec<u8> {
    (0..split.len()).map(|at| split.pixels(at)[0]).collect()
}

#[test]
fn every_fifth_picture_of_a_class_is_for_testing() {
    let dataset = Place::with(6).load("").unwrap();
    assert_eq!((dataset.shape, &dataset.classes[..]), ([3, 2, 2], &["apple".to_owned(), "pear".to_owned()][..]));
    assert_eq!(reds(&dataset.train), [0, 1, 2, 3, 5, 0, 1, 2, 3, 5]);
    assert_eq!(reds(&dataset.test), [4, 4]);
    assert_eq!((dataset.train.label(4), dataset.train.label(5)), (0, 1));
    assert_eq!(dataset.train.pixels(7)[..], [2, 2, 2, 2, 1, 1, 1, 1, 200, 200, 200, 200]);
}

#[test]
fn halves_are_taken_as_they_are() {
    let place = Place::new();
    for (path, red) in [("train/a/1.png", 1), ("train/b/1.png", 2), ("test/a/1.png", 3), ("test/b/1.png", 4)] {
        place.picture(path, [red, 0, 0]);
    }
    let dataset = place.load("").unwrap();
    assert_eq!((reds(&dataset.train), reds(&dataset.test)), (vec![1, 2], vec![3, 4]));
    place.refused("test_share = 0.5", "test_share makes no sense");
}

#[test]
fn stored_and_in_memory_are_the_same_dataset() {
    let place = Place::with(12);
    let (near, far) = (place.load("").unwrap(), place.load("memory = 0").unwrap());
    assert_eq!(near.hash, far.hash);
    assert_eq!((near.mean.clone(), near.std.clone()), (far.mean.clone(), far.std.clone()));
    assert!((0..far.train.len()).all(|at| far.train.pixels(at) == near.train.pixels(at)));
    assert!(matches!(far.test.pixels(0), std::borrow::Cow::Owned(_)) && far.train.element() == Element::Byte);
    assert_eq!(place.cache().len(), 1);
}

#[test]
fn a_changed_folder_is_decoded_anew_and_a_broken_cache_is_replaced() {
    let place = Place::with(6);
    let first = place.load("").unwrap().hash;
    assert_eq!((place.load("").unwrap().hash, place.cache().len()), (first.clone(), 1));
    let cache = place.folder.path().join("data/.cache").join(&place.cache()[0]);
    let mut bytes = fs::read(&cache).unwrap();
    bytes[40] ^= 1;
    fs::write(&cache, bytes).unwrap();
    assert_eq!(place.load("").unwrap().hash, first);
    place.picture("pear/06.png", [77, 0, 0]);
    assert_ne!(place.load("").unwrap().hash, first);
    assert_ne!(place.load("channels = 1").unwrap().shape, [3, 2, 2]);
    assert_eq!(place.cache().len(), 3);
}

#[test]
fn many_at_once_read_the_same() {
    let place = Place::with(6);
    let hashes: Vec<String> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| scope.spawn(|| Place::load_in(place.folder.path()))).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(hashes.iter().all(|hash| *hash == hashes[0]));
    assert_eq!(place.cache().len(), 1);
}

impl Place {
    /// As another process would.
    fn load_in(folder: &Path) -> String {
        let (_, loader) = settings::<Folder>("path = 'pictures'\nsize = 2".parse().unwrap()).unwrap();
        loader
            .load(
                "toy",
                &Origin {
                    data: &folder.join("data"),
                    files: &Files::beside(folder),
                    sources: &[],
                    notes: &RefCell::default(),
                },
            )
            .unwrap()
            .hash
    }
}

#[test]
fn broken_pictures_are_named_or_left_out() {
    let place = Place::with(6);
    place.write("apple/03.png", b"\x89PNG\r\n\x1a\n and no more");
    place.refused("", "skip_broken = true leaves it out");
    place.refused("", "apple/03.png");
    assert_eq!(place.cache(), [""; 0]);
    let dataset = place.load("skip_broken = true").unwrap();
    assert_eq!(reds(&dataset.train), [0, 1, 2, 5, 0, 1, 2, 3, 5]);
    assert_eq!(dataset.hash, place.load("skip_broken = true\nmemory = 0").unwrap().hash);
    let report = place.cache().into_iter().find(|name| Path::new(name).extension().is_some_and(|end| end == "txt"));
    let report = fs::read_to_string(place.folder.path().join("data/.cache").join(report.unwrap())).unwrap();
    assert!(report.contains("apple/03.png: ") && report.lines().count() == 1, "{report}");
    (0..6).for_each(|at| place.write(&format!("pear/{at:02}.png"), b"broken"));
    place.refused("skip_broken = true", "no image of class `pear` can be read");
}

#[test]
fn captions_and_times_belong_to_their_pictures() {
    let place = Place::with(5);
    place.write("captions.csv", b"file,caption\npear/01.png,\"a pear, green\"\napple/04.png,\n");
    let dataset = place.load("").unwrap();
    let train: Vec<&str> = (0..8).map(|at| &**dataset.train.caption(at).unwrap()).collect();
    assert_eq!(train, ["apple", "apple", "apple", "apple", "pear", "a pear, green", "pear", "pear"]);
    assert_eq!(&**dataset.test.caption(0).unwrap(), "apple");
    assert!(dataset.train.time(0).is_none());
    fs::remove_file(place.path("captions.csv")).unwrap();
    let lines = ["apple", "pear"].map(|class| {
        (0..5).map(|at| format!("{class}/{at:02}.png,1970-01-0{}\n", at + 1)).collect::<Vec<_>>().concat()
    });
    place.write("metadata.csv", format!("file_name,time\n{}", lines.concat()).as_bytes());
    let dataset = place.load("memory = 0").unwrap();
    assert_eq!((dataset.train.time(5), dataset.test.time(1)), (Some(86_400), Some(4 * 86_400)));
    assert!(dataset.train.caption(0).is_none());
}

#[test]
fn wrong_captions_are_errors_with_their_place() {
    let place = Place::with(5);
    for (text, reason) in [
        (&b"file,caption\n../secret.png,x\n"[..], "line 2, column `file`: there is no image \"../secret.png\""),
        (
            b"file,caption\npear/00.png,x\npear/00.png,y\n",
            "line 3, column `file`: \"pear/00.png\" stands here a second",
        ),
        (b"file,time\npear/00.png,noon\n", "line 2, column `time`: \"noon\" is no time"),
        (b"file,time\npear/00.png,5\n", "has no time, but other images have one"),
        (b"file,caption\npear/00.png,\xff\n", "line 2, column `caption`: not UTF-8"),
        (b"file,title\npear/00.png,x\n", "neither a column `caption` nor one `time`"),
        (b"picture,caption\npear/00.png,x\n", "unknown column `file`"),
    ] {
        place.write("captions.csv", text);
        place.refused("", reason);
    }
    place.write("captions.csv", format!("file,caption\npear/00.png,{}\n", "x".repeat(5_000)).as_bytes());
    place.refused("", "longer than 4096 bytes");
    place.write("metadata.csv", b"");
    place.refused("", "has both captions.csv and metadata.csv");
}

#[test]
fn settings_out_of_range_are_refused() {
    let place = Place::with(5);
    for (more, reason) in [
        ("channels = 2", "channels = 2 is neither 1 nor 3"),
        ("test_share = 1.0", "test_share = 1.0 is not above 0 and below 1"),
        ("sise = 3", "unknown key `sise`"),
    ] {
        place.refused(more, reason);
    }
    let table = "path = 'x'\nsize = [0, 2000]".parse().unwrap();
    assert!(settings::<Folder>(table).unwrap_err().to_string().contains("size = 0 × 2000 is not within 1 to 1024"));
}

/// Most memory that this process has held so far, in KiB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Alone in its process, since memory is the process's:
/// `cargo test --workspace --lib -- --ignored --exact load::folder::tests::epochs_over_a_folder_larger_than_memory`.
#[test]
#[ignore = "measures the whole process, so it must run alone"]
fn epochs_over_a_folder_larger_than_memory() {
    let place = Place::new();
    for at in 0..6_000_u32 {
        let class = ["apple", "pear"][at as usize % 2];
        place.picture(&format!("{class}/{at:05}.png"), [at as u8, (at >> 8) as u8, 9]);
    }
    let before = peak();
    let table = "path = 'pictures'\nsize = 128\nmemory = 0".parse().unwrap();
    let (_, loader) = settings::<Folder>(table).unwrap();
    let data = place.folder.path().join("data");
    let dataset = loader
        .load(
            "toy",
            &Origin {
                data: &data,
                files: &Files::beside(place.folder.path()),
                sources: &[],
                notes: &RefCell::default(),
            },
        )
        .unwrap();
    let mut sum = 0_u64;
    for _ in 0..2 {
        for at in (0..dataset.train.len()).rev() {
            sum += u64::from(dataset.train.pixels(at)[0]);
        }
    }
    let (taken, held) = (peak() - before, 6_000 * 3 * 128 * 128 / 1024);
    eprintln!("peak {} KiB, {taken} KiB of it for a dataset of {held} KiB; sum {sum}", peak());
    assert!(taken < held / 4, "{taken} KiB were held for {held} KiB");
}
