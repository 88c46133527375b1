//! Texts as means of published word vectors.
//!
//! WordLlama, <https://github.com/dleemiller/WordLlama> (MIT), the model `l2_supercat` with 256 dimensions: vectors for
//! the 32,000 tokens of Llama 2, trained so that their mean tells sentences apart. As in its package (0.4.0, `embed`
//! with its defaults) no special tokens are added, nothing is cut off, an id past the last vector counts as the last,
//! and the mean is not normalised; a text without tokens is zero.
//!
//! **Deviation:** sums are taken in double precision and rounded once.

use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};
use clbench_results::words::{clean, cut};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokenizers::{Model, ModelWrapper, Tokenizer};

use crate::{
    network::weights::{MOST_BYTES, parse},
    primitives::{hex::hex, sealed::read_at_most},
};

/// Length of a vector.
const WIDTH: usize = 256;
/// Most bytes of the tokenizer's file, twenty times what it has.
const MOST_TOKENIZER: u64 = 40 << 20;
/// Deepest nesting of its JSON, four times what it has.
const MOST_DEPTH: usize = 32;
/// Most characters of what the crate says of it.
const MOST_TOLD: usize = 200;
/// Most bytes of a text: a caption or a page, and nothing that takes a second.
const MOST_TEXT: usize = 1 << 20;

/// Word vectors and the tokenizer that they belong to.
pub struct WordLlama {
    tokenizer: Tokenizer,
    /// Shape `[vocabulary, 256]`.
    vectors: Vec<f32>,
    sha256: String,
}

impl WordLlama {
    /// Reads `wordllama/l2_supercat_256.safetensors` and `wordllama/l2_supercat_tokenizer_config.json` below `data`.
    ///
    /// # Errors
    /// When one is not there, or is not what its name says; also for a tokenizer that some text would be too much for.
    pub fn open(data: &Path) -> Result<Self> {
        let folder = data.join("wordllama");
        let remedy = "cannot open the text embeddings; `clbench data fetch wordllama` brings them";
        let [vectors, tokens] = ["l2_supercat_256.safetensors", "l2_supercat_tokenizer_config.json"];
        let (vectors, tokens) = (folder.join(vectors), folder.join(tokens));
        let read =
            |path: &Path, most| read_at_most(path, most).with_context(|| format!("cannot read {}", path.display()));
        let first = read(&vectors, MOST_BYTES).context(remedy)?;
        let mut hash = Sha256::new_with_prefix(&first);
        let second = read(&tokens, MOST_TOKENIZER).context(remedy)?;
        hash.update(&second);
        let vectors = vectors_of(first, &vectors).context(remedy)?;
        let within = || format!("cannot read the tokenizer {}", tokens.display());
        let tokenizer = tokenizer_of(&second).with_context(within).context(remedy)?;
        Ok(Self { tokenizer, vectors, sha256: hex(&hash.finalize()) })
    }
    /// SHA-256 of both files, one after the other, in hexadecimal digits.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }
    /// Length of an embedding.
    pub fn width(&self) -> usize {
        WIDTH
    }
    /// Number of vectors; a token's id is below it.
    pub fn vocabulary(&self) -> usize {
        self.vectors.len() / WIDTH
    }
    /// All vectors, for a text side that goes on training them. Shape `[vocabulary, 256]`, row-major.
    pub fn vectors(&self) -> &[f32] {
        &self.vectors
    }
    /// Ids of the text's tokens, in order, each below [`WordLlama::vocabulary`].
    ///
    /// # Errors
    /// When the text is longer than a mebibyte, or the tokenizer cannot make anything of it.
    pub fn tokens(&self, text: &str) -> Result<Vec<u32>> {
        ensure!(text.len() <= MOST_TEXT, "a text of {} bytes; at most {MOST_TEXT} are embedded", text.len());
        let last = self.vocabulary() as u32 - 1;
        let encoding = self.tokenizer.encode_fast(text, false).map_err(|error| anyhow!("{error}"))?;
        Ok(encoding.get_ids().iter().map(|id| (*id).min(last)).collect())
    }
    /// The mean of the vectors of the text's tokens, not normalised; zeros where there is none. Length 256.
    ///
    /// # Errors
    /// Those of [`WordLlama::tokens`].
    pub fn embed(&self, text: &str) -> Result<Vec<f32>> {
        let tokens = self.tokens(text)?;
        let mut sum = vec![0.0_f64; WIDTH];
        for token in &tokens {
            let vector = &self.vectors[*token as usize * WIDTH..][..WIDTH];
            sum.iter_mut().zip(vector).for_each(|(sum, value)| *sum += f64::from(*value));
        }
        let count = tokens.len().max(1) as f64;
        Ok(sum.into_iter().map(|sum| (sum / count) as f32).collect())
    }
}

fn vectors_of(bytes: Vec<u8>, path: &Path) -> Result<Vec<f32>> {
    let mut tensors = parse(bytes, path)?;
    let name = "embedding.weight";
    let (shape, values) = tensors.remove(name).with_context(|| format!("{} has no `{name}`", path.display()))?;
    ensure!(
        shape.len() == 2 && shape[1] == WIDTH,
        "{}: tensor `{name}` has shape {shape:?}; it should be [vocabulary, {WIDTH}]",
        path.display()
    );
    Ok(values)
}

fn tokenizer_of(bytes: &[u8]) -> Result<Tokenizer> {
    // The crate panics where JSON within a decoder is too deep or broken, and within what it calls `Precompiled`.
    let whole: Value = serde_json::from_slice(bytes).context("it is no valid JSON")?;
    ensure!(depth(&whole) <= MOST_DEPTH, "its JSON is nested more than {MOST_DEPTH} deep");
    ensure!(
        !names(whole.get("normalizer").unwrap_or(&Value::Null), "Precompiled"),
        "its normalizer is `Precompiled`, which is not read here"
    );
    let read = |error| anyhow!("{}", cut(&clean(&format!("{error}")), MOST_TOLD));
    let mut tokenizer = Tokenizer::from_bytes(bytes).map_err(read)?;
    tokenizer.with_padding(None);
    tokenizer.with_truncation(None).map_err(read)?;
    total(tokenizer.get_model(), whole.get("model"))?;
    Ok(tokenizer)
}

/// Refuses a model that some text is too much for, since it has nothing to say of what it does not know; and one that
/// draws. `said` is what the file says of it.
fn total(model: &ModelWrapper, said: Option<&Value>) -> Result<()> {
    let known = |token: &str| model.token_to_id(token).is_some();
    let (what, whole) = match model {
        ModelWrapper::WordLevel(model) => ("unk_token", known(&model.unk_token)),
        ModelWrapper::WordPiece(model) => ("unk_token", known(&model.unk_token)),
        ModelWrapper::BPE(model) => ("unk_token", model.unk_token.as_ref().is_none_or(|token| known(token))),
        ModelWrapper::Unigram(_) => ("unk_id", said.is_some_and(|model| model["unk_id"].is_u64())),
    };
    ensure!(whole, "its model has no token for what it does not know (`{what}`), so it cannot read every text");
    let draws = matches!(model, ModelWrapper::BPE(model) if model.dropout.is_some_and(|share| share != 0.0));
    ensure!(!draws, "its model has `dropout`, so it would read a text differently each time");
    Ok(())
}

/// How deep a value is nested; a number is 0 deep.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(values) => 1 + values.iter().map(depth).max().unwrap_or(0),
        Value::Object(values) => 1 + values.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Whether something in `value` is of the type `name`.
fn names(value: &Value, name: &str) -> bool {
    match value {
        Value::Array(values) => values.iter().any(|value| names(value, name)),
        Value::Object(values) => {
            let is =
                values.get("type").is_some_and(|found| found == name) || values.contains_key("precompiled_charsmap");
            is || values.values().any(|value| names(value, name))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use std::path::PathBuf;

    use burn::tensor::Device;
    use serde::Deserialize;

    use super::*;
    use crate::{
        network::{pass::Weights, weights::to_safetensors},
        primitives::array::Array,
    };

    const WORDS: &str = r#"{"version": "1.0", "truncation": {"direction": "Right", "max_length": 1, "strategy":
        "LongestFirst", "stride": 0}, "padding": null, "added_tokens": [], "normalizer": null, "pre_tokenizer": {"type":
        "Whitespace"}, "post_processor": null, "decoder": null, "model": {"type": "WordLevel", "vocab": {"?": 0, "red":
        1, "cat": 2, "late": 9}, "unk_token": "?"}}"#;

    /// A folder with four vectors: row r is r in every place but the first, which is 10 r.
    fn small(tokenizer: &str, width: usize) -> tempfile::TempDir {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().join("wordllama");
        std::fs::create_dir(&folder).unwrap();
        let value = |k: usize| (k / width) as f32 * if k.is_multiple_of(width) { 10.0 } else { 1.0 };
        let mut weights = Weights::default();
        let values = (0..4 * width).map(value).collect();
        weights.theta.insert("", Array::new(&[4, width], values, &Device::flex()));
        let bytes = to_safetensors(&weights).unwrap();
        // The same number of bytes, so that the header's length stays true.
        let at = bytes.windows(8).position(|eight| eight == b"\"theta.\"").unwrap();
        let name = b"\"embedding.weight\"";
        let mut named = [&bytes[..at], name, &bytes[at + 8..]].concat();
        let header = u64::from_le_bytes(*bytes.first_chunk().unwrap()) + name.len() as u64 - 8;
        named[..8].copy_from_slice(&header.to_le_bytes());
        std::fs::write(folder.join("l2_supercat_256.safetensors"), named).unwrap();
        std::fs::write(folder.join("l2_supercat_tokenizer_config.json"), tokenizer).unwrap();
        data
    }

    #[test]
    fn a_text_is_the_mean_of_its_tokens() {
        let data = small(WORDS, WIDTH);
        let words = WordLlama::open(data.path()).unwrap();
        assert_eq!((words.width(), words.vocabulary(), words.vectors().len()), (256, 4, 1024));
        // `late` has no vector and counts as the last one; nothing is cut off after one token, as the file asks.
        assert_eq!(words.tokens("red cat dog late").unwrap(), [1, 2, 0, 3]);
        let embedding = words.embed("red red cat").unwrap();
        assert_eq!(embedding[..2], [(40.0_f64 / 3.0) as f32, (4.0_f64 / 3.0) as f32]);
        assert_eq!(words.embed("").unwrap(), vec![0.0; 256]);
        assert!(words.embed(&"cat ".repeat(300_000)).unwrap_err().to_string().contains("1200000 bytes"));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let refusal = |data: &Path| format!("{:#}", WordLlama::open(data).err().unwrap());
        let absent = refusal(Path::new("/nowhere"));
        assert!(absent.contains("data fetch wordllama") && absent.contains("l2_supercat_256.safetensors"), "{absent}");
        let narrow = refusal(small(WORDS, 128).path());
        assert!(narrow.contains("has shape [4, 128]; it should be [vocabulary, 256]"), "{narrow}");
        for broken in ["", "{}", "[", &"[".repeat(1_000_000)] {
            let refusal = refusal(small(broken, WIDTH).path());
            assert!(refusal.contains("cannot read the tokenizer"), "{refusal}");
        }
    }

    /// [`WORDS`] with other parts.
    fn with(parts: &[(&str, &str)]) -> String {
        let mut words: Value = serde_json::from_str(WORDS).unwrap();
        parts.iter().for_each(|(key, part)| words[key] = serde_json::from_str(part).unwrap());
        words.to_string()
    }

    #[test]
    fn a_tokenizer_that_some_text_is_too_much_for_is_refused() {
        let unigram = |unk: &str| format!(r#"{{"type": "Unigram", "vocab": [["?", 0], ["a", -1]], "unk_id": {unk}}}"#);
        let word_level =
            |unk: &str| format!(r#"{{"type": "WordLevel", "vocab": {{"?": 0, "a": 1}}, "unk_token": "{unk}"}}"#);
        let bpe = |unk: &str, dropout: &str| {
            let (unk, vocab) = (format!(r#""unk_token": {unk}"#), r#""vocab": {"?": 0, "a": 1}, "merges": []"#);
            format!(r#"{{"type": "BPE", "dropout": {dropout}, {unk}, {vocab}}}"#)
        };
        let piece = |unk: &str| {
            let rest = r#""continuing_subword_prefix": "", "max_input_chars_per_word": 9, "vocab": {"?": 0, "a": 1}"#;
            format!(r#"{{"type": "WordPiece", "unk_token": "{unk}", {rest}}}"#)
        };
        let sound = [unigram("0"), word_level("?"), bpe("\"?\"", "null"), bpe("null", "0.0"), piece("?")];
        for model in sound {
            let data = small(&with(&[("model", &model)]), WIDTH);
            let words = WordLlama::open(data.path()).unwrap();
            for text in ["a", "ξ ?\0", "aaaaaaaaaaaaaaaaaaaaaaa", ""] {
                words.embed(text).unwrap();
            }
        }
        let unsound = [unigram("null"), word_level("!"), bpe("\"!\"", "null"), piece("!")];
        for model in unsound {
            let error =
                format!("{:#}", WordLlama::open(small(&with(&[("model", &model)]), WIDTH).path()).err().unwrap());
            assert!(error.contains("no token for what it does not know (`unk_"), "{model}: {error}");
        }
        let error = format!(
            "{:#}",
            WordLlama::open(small(&with(&[("model", &bpe("null", "0.5"))]), WIDTH).path()).err().unwrap()
        );
        assert!(error.contains("has `dropout`"), "{error}");
    }

    #[test]
    fn what_the_crate_would_panic_at_is_refused_before() {
        let refusal = |tokenizer: &str| format!("{:#}", WordLlama::open(small(tokenizer, WIDTH).path()).err().unwrap());
        for nested in [20, 100, 1_000, 100_000] {
            // A sequence of a sequence of a sequence …
            let (open, close) = (r#"{"type": "Sequence", "decoders": ["#.repeat(nested), "]}".repeat(nested));
            let decoder = format!(r#"{open}{{"type": "Fuse"}}{close}"#);
            let refusal = refusal(&WORDS.replace(r#""decoder": null"#, &format!(r#""decoder": {decoder}"#)));
            assert!(refusal.contains("cannot read the tokenizer"), "{nested}: {refusal}");
        }
        let broken = refusal(&WORDS.replace(r#""decoder": null"#, r#""decoder": {"type": Fuse}"#));
        assert!(broken.contains("no valid JSON"), "{broken}");
        for hostile in
            [r#"{"type": "Precompiled", "precompiled_charsmap": "AAAA"}"#, r#"{"precompiled_charsmap": "!"}"#]
        {
            let inner = with(&[("normalizer", &format!(r#"{{"type": "Sequence", "normalizers": [{hostile}]}}"#))]);
            assert!(refusal(&inner).contains("`Precompiled`"), "{hostile}");
        }
    }

    #[test]
    fn a_byte_of_either_file_changes_the_checksum() {
        let data = small(WORDS, WIDTH);
        let folder = data.path().join("wordllama");
        let whole = WordLlama::open(data.path()).unwrap().sha256().to_owned();
        for file in ["l2_supercat_256.safetensors", "l2_supercat_tokenizer_config.json"] {
            let bytes = std::fs::read(folder.join(file)).unwrap();
            let mut other = bytes.clone();
            let last = other.iter().rposition(|byte| byte.is_ascii_digit() || *byte == 0).unwrap();
            other[last] ^= 1;
            std::fs::write(folder.join(file), other).unwrap();
            assert_ne!(WordLlama::open(data.path()).unwrap().sha256(), whole, "{file}");
            std::fs::write(folder.join(file), bytes).unwrap();
        }
        assert_eq!(WordLlama::open(data.path()).unwrap().sha256(), whole);
    }

    #[derive(Deserialize)]
    struct Golden {
        text: String,
        tokens: Vec<u32>,
        first: Vec<f32>,
        sum: f64,
        norm: f64,
    }

    /// The package sums up to 70 vectors in single precision.
    #[test]
    fn embeddings_are_the_packages() {
        let data = std::env::var_os("CLBENCH_DATA").map(PathBuf::from).unwrap_or_default();
        let Ok(words) = WordLlama::open(&data) else {
            eprintln!("SKIPPED: no wordllama/ below the folder that CLBENCH_DATA names");
            return;
        };
        let golden: Vec<Golden> = serde_json::from_str(include_str!("../../../tests/golden/wordllama.json")).unwrap();
        for Golden { text, tokens, first, sum, norm } in golden {
            assert_eq!(words.tokens(&text).unwrap(), tokens, "{text}");
            let embedding = words.embed(&text).unwrap();
            first.iter().zip(&embedding).for_each(|(a, b)| assert!((a - b).abs() < 2e-6, "{text}: {a} {b}"));
            let own: f64 = embedding.iter().map(|value| f64::from(*value)).sum();
            assert!((own - sum).abs() < 1e-4, "{text}: {own} {sum}");
            let own = embedding.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
            assert!((own - norm).abs() < 1e-5, "{text}: {own} {norm}");
        }
    }
}
