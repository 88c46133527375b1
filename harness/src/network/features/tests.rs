#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![allow(clippy::float_cmp, reason = "these values are exact")]

use std::{cell::RefCell, fs, path::Path};

use sha2::Digest;

use super::*;
use crate::{
    data::{Source, files::Files},
    network::{net::Net, weights::to_safetensors},
    primitives::{
        array::Array,
        draws::Draws,
        scope::{HeadKind, Heads},
    },
};

const TRAIN: usize = 70;
const TEST: usize = 5;

/// Grey squares of 32 pixels, each with a caption and a time.
struct Squares;

fn pixel(example: usize, at: usize) -> u8 {
    ((example * 37 + at * at * 11) % 251) as u8
}

impl Source for Squares {
    fn name(&self) -> &'static str {
        "squares"
    }
    fn about(&self) -> &'static str {
        "squares"
    }
    fn citation(&self) -> &'static str {
        ""
    }
    fn open(&self, _: &Path) -> Result<Dataset> {
        let split = |from: usize, count: usize| {
            let pixels = (from..from + count).flat_map(|example| (0..1024).map(move |at| pixel(example, at))).collect();
            let labels = (0..count).map(|index| (index % 3) as u16).collect();
            let captions = (0..count).map(|index| format!("square {index}")).collect();
            let times = (0..count).map(|index| index as i64).collect();
            Split::new([1, 32, 32], pixels, labels, 3)?.captions(captions)?.times(times)
        };
        let classes = ["a", "b", "c"].map(String::from).to_vec();
        Ok(Dataset::new("squares", [1, 32, 32], classes, split(0, TRAIN)?, split(TRAIN, TEST)?).released(1999))
    }
}

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    /// A data folder with random weights of `body` for inputs of `input`.
    fn new(body: &str, input: [usize; 3]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let heads = Heads { kind: HeadKind::Shared, classes: 3, tasks: vec![vec![0, 1, 2]], seen: vec![vec![0]] };
        let body: Body = typed(Table::from_iter([("body".to_owned(), body.into())])).unwrap();
        let weights = Net { body, heads, input }.init(&Draws::of(0), &Device::flex());
        fs::write(folder.path().join("weights.safetensors"), to_safetensors(&weights).unwrap()).unwrap();
        Self { folder }
    }
    fn load(&self, settings: &str) -> Result<Dataset> {
        let (_, loader) = (FORMAT.make)(settings.parse().unwrap())?;
        let folder = self.folder.path();
        loader.load(
            "seen",
            &Origin { data: folder, files: &Files::beside(folder), sources: &[&Squares], notes: &RefCell::default() },
        )
    }
    /// Files in the cache that end so.
    fn kept(&self, end: &str) -> Vec<PathBuf> {
        let files = fs::read_dir(self.folder.path().join(".cache/features")).unwrap();
        let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
        files.retain(|file| file.extension().unwrap() == end);
        files.sort_unstable();
        files
    }
}

const MLP: &str = "of = \"squares\"\nbody = \"mlp\"\nweights = \"weights.safetensors\"\n";
const SQUEEZENET: &str = "of = \"squares\"\nbody = \"squeezenet\"\nweights = \"weights.safetensors\"\ntrain = 2\n";

fn values(split: &Split, index: usize) -> Vec<f32> {
    crate::data::floats(&split.pixels(index)).collect()
}

#[test]
fn features_are_what_the_body_makes_of_each_example() {
    let place = Place::new("mlp", [1, 32, 32]);
    let (seen, raw) = (place.load(MLP).unwrap(), Squares.open(Path::new("")).unwrap());
    assert_eq!((seen.shape, seen.train.len(), seen.test.len(), seen.released), ([1, 1, 256], TRAIN, TEST, Some(1999)));
    assert_eq!(seen.classes, raw.classes);
    let tensors = weights::read_any(&place.folder.path().join("weights.safetensors")).unwrap();
    let body: Body = typed(Table::from_iter([("body".to_owned(), "mlp".into())])).unwrap();
    let weights = body.published(tensors, [1, 32, 32], &Device::flex()).unwrap();
    // One from the middle, one of a batch in which training and test examples meet.
    for (split, raw_split, index) in [(&seen.train, &raw.train, 40), (&seen.test, &raw.test, 4)] {
        let pixels = raw_split.pixels(index);
        let scaled = pixels.iter().map(|byte| (f32::from(*byte) / 255.0 - raw.mean[0]) / raw.std[0]);
        let x = Tensor::from_data(TensorData::new(scaled.collect::<Vec<_>>(), [1, 1, 32, 32]), &Device::flex());
        let mut pass = Pass::plain(&weights, Mode::Eval, &Meter::default());
        let alone: Vec<f32> = body.features(&mut pass, x).into_data().try_to_vec().unwrap();
        values(split, index).iter().zip(alone).for_each(|(a, b)| assert!((a - b).abs() < 1e-4, "{a} {b}"));
        assert_eq!(split.label(index), raw_split.label(index));
        assert_eq!(split.caption(index), raw_split.caption(index));
        assert_eq!(split.time(index), raw_split.time(index));
    }
}

#[test]
fn grey_is_colour_to_a_published_network_and_pixels_are_not_scaled() {
    let place = Place::new("squeezenet", [3, 32, 32]);
    let seen = place.load(&format!("{SQUEEZENET}test = 1")).unwrap();
    assert_eq!((seen.shape, seen.train.len(), seen.test.len()), ([1, 1, 512], 2, 1));
    let tensors = weights::read_any(&place.folder.path().join("weights.safetensors")).unwrap();
    let body: Body = typed(Table::from_iter([("body".to_owned(), "squeezenet".into())])).unwrap();
    let weights = body.published(tensors, [3, 32, 32], &Device::flex()).unwrap();
    let pixels: Vec<f32> = (0..3 * 1024).map(|at| f32::from(pixel(1, at % 1024))).collect();
    let x = Tensor::from_data(TensorData::new(pixels, [1, 3, 32, 32]), &Device::flex());
    let mut pass = Pass::plain(&weights, Mode::Eval, &Meter::default());
    let alone: Vec<f32> = body.features(&mut pass, x).into_data().try_to_vec().unwrap();
    let largest = alone.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
    assert!(largest > 0.0);
    values(&seen.train, 1).iter().zip(alone).for_each(|(a, b)| assert!((a - b).abs() <= 1e-5 * largest, "{a} {b}"));
}

#[test]
fn the_cache_is_read_again_and_made_anew_when_it_is_spoilt() {
    let place = Place::new("mlp", [1, 32, 32]);
    let first = place.load(MLP).unwrap();
    let [file] = &place.kept("f32")[..] else { panic!("one file") };
    let whole = fs::read(file).unwrap();
    // What is read is the file: with another content and a checksum to match, other features.
    let mut forged = whole.clone();
    let at = cache_values(&forged);
    forged[at..at + 4].copy_from_slice(&7.0_f32.to_le_bytes());
    let digest = sha2::Sha256::digest(&forged[at..]);
    forged[at - 32..at].copy_from_slice(&digest);
    fs::write(file, &forged).unwrap();
    assert_eq!(values(&place.load(MLP).unwrap().train, 0)[0], 7.0);
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for spoilt in [flipped, whole[..whole.len() - 4].to_vec(), Vec::new()] {
        fs::write(file, &spoilt).unwrap();
        assert_eq!(place.load(MLP).unwrap().hash, first.hash);
        assert_eq!(fs::read(file).unwrap(), whole);
    }
}

/// Where the numbers begin.
fn cache_values(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1 + 32
}

#[test]
fn settings_and_weights_each_have_a_file_of_their_own() {
    let place = Place::new("mlp", [1, 32, 32]);
    place.load(MLP).unwrap();
    place.load(&format!("{MLP}train = 3")).unwrap();
    assert_eq!(place.kept("f32").len(), 2);
    let file = place.folder.path().join("weights.safetensors");
    let mut weights = weights::from_safetensors(&fs::read(&file).unwrap(), &Device::flex()).unwrap();
    let bias = weights.theta.get("body.0.bias").unwrap().shape.clone();
    weights.theta.insert("body.0.bias", Array::filled(&bias, 1.0, &Device::flex()));
    fs::write(&file, to_safetensors(&weights).unwrap()).unwrap();
    place.load(MLP).unwrap();
    assert_eq!(place.kept("f32").len(), 3);
}

#[test]
fn those_who_ask_at_once_get_the_same_and_one_of_them_computes() {
    let place = Place::new("mlp", [1, 32, 32]);
    let folder = place.folder.path().join(".cache/features");
    let made = std::sync::atomic::AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let make = || {
                    made.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    thread::sleep(std::time::Duration::from_millis(20));
                    Ok(vec![1.0, 2.0])
                };
                assert_eq!(cache::kept(&folder, "key", 2, make).unwrap(), [1.0, 2.0]);
            });
        }
    });
    assert_eq!(made.into_inner(), 1);
}

#[test]
fn what_does_not_fit_is_named() {
    let place = Place::new("mlp", [1, 32, 32]);
    let refusal = |settings: &str| format!("{:#}", place.load(settings).err().unwrap());
    let many = refusal(&format!("{MLP}train = 71"));
    assert!(many.contains("train = 71, and `squares` has 70"), "{many}");
    assert!(refusal(&format!("{MLP}test = 0")).contains("at least 1"));
    assert!(refusal(&format!("{MLP}size = 64")).contains("upscale"));
    assert!(refusal(&MLP.replace("squares", "circles")).contains("unknown dataset `circles`"));
    assert!(refusal(&MLP.replace("weights.s", "other.s")).contains("other.s"));
    let small = refusal(&format!("{SQUEEZENET}size = 16"));
    assert!(small.contains("net.upscale = 16 is not between 32 and 512"), "{small}");
    let other = refusal(SQUEEZENET);
    assert!(other.contains("no tensor for `body.conv1.weight` of shape [64, 3, 3, 3]"), "{other}");
    let place = Place::new("mlp", [1, 8, 8]);
    let shapes = format!("{:#}", place.load(MLP).err().unwrap());
    assert!(
        shapes.contains("`theta.body.0.weight` has shape [64, 256], and the network's `body.0.weight` [1024, 256]"),
        "{shapes}"
    );
}

#[test]
fn a_feature_that_is_no_number_is_an_error_and_not_kept() {
    let place = Place::new("mlp", [1, 32, 32]);
    let file = place.folder.path().join("weights.safetensors");
    let mut weights = weights::from_safetensors(&fs::read(&file).unwrap(), &Device::flex()).unwrap();
    for path in ["body.0.bias", "body.1.weight"] {
        let shape = weights.theta.get(path).unwrap().shape.clone();
        weights.theta.insert(path, Array::filled(&shape, 1e30, &Device::flex()));
    }
    fs::write(&file, to_safetensors(&weights).unwrap()).unwrap();
    let refusal = format!("{:#}", place.load(MLP).err().unwrap());
    assert!(refusal.contains("feature 0 of example 0 of `squares` is inf"), "{refusal}");
    assert!(place.kept("f32").is_empty());
}
