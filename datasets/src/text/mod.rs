//! Texts as inputs: each becomes a vector of features, its embedding, and its beginning becomes its caption.
//!
//! Embeddings are WordLlama's, <https://github.com/dleemiller/WordLlama>: the mean of the words' vectors, 256 numbers;
//! or counts of words, see [`tfidf`]. They are kept in the data folder's `.cache` under a name that covers the texts
//! and what they are read by.

mod components;
pub mod sets;
pub mod tfidf;

use std::{io::Read, path::Path, sync::Mutex};

use anyhow::{Result, ensure};
use clbench::{
    data::Source,
    network::text::WordLlama,
    primitives::{hex::hex, threads::each},
};
use sha2::{Digest, Sha256};

use crate::{format::cached::cached, sets::models::WORDLLAMA};

/// Numbers of WordLlama's embedding.
pub(crate) const WIDTH: usize = 256;

/// Longest beginning of a text that becomes a caption, in characters.
const CAPTION: usize = 200;

/// Texts that a thread takes at once.
const AT_ONCE: usize = 64;

/// What turns a text into numbers.
pub(crate) trait Embed: Sync {
    /// Numbers of an embedding.
    fn width(&self) -> usize;
    /// The embedding of a text; all zeros where no word is known.
    fn embed(&self, text: &str) -> Result<Vec<f32>>;
    /// What the embedding depends on beside the text: name and checksum of the model.
    fn id(&self) -> String;
}

/// Makes what reads texts, given those for training.
pub(crate) type Reads<'a> = &'a dyn Fn(&[String]) -> Result<Box<dyn Embed>>;

/// The beginning of a text, of at most 200 characters, and no word cut in two where that can be helped.
pub(crate) fn beginning(text: &str) -> &str {
    let text = text.trim();
    let Some((end, _)) = text.char_indices().nth(CAPTION) else { return text };
    let cut = &text[..end];
    if text[end..].starts_with(char::is_whitespace) {
        return cut.trim_end();
    }
    cut.rfind(char::is_whitespace).map_or(cut, |space| cut[..space].trim_end())
}

/// The embeddings of texts, one after the other: computed in parallel, and kept in `cache`.
///
/// # Errors
/// When the cache cannot be written, or an embedding is not finite.
pub(crate) fn embedded(cache: &Path, embed: &dyn Embed, texts: &[String]) -> Result<Vec<f32>> {
    let mut key = Sha256::new();
    key.update(format!("text 1 {} {} {}\n", embed.id(), embed.width(), texts.len()));
    for text in texts {
        key.update(text.len().to_le_bytes());
        key.update(text);
    }
    let name = format!("text-{}.bin", hex(&key.finalize()));
    let kept = cached(cache, &name, |to| {
        for value in computed(embed, texts)? {
            to.write_all(&value.to_le_bytes())?;
        }
        Ok(())
    })?;
    let wanted = texts.len() * embed.width();
    ensure!(
        kept.length == 4 * wanted as u64,
        "{name} in {} is not as long as it should be; remove it",
        cache.display()
    );
    let mut bytes = Vec::with_capacity(4 * wanted);
    kept.read_from(0)?.read_to_end(&mut bytes)?;
    Ok(clbench::data::floats(&bytes).collect())
}

/// The embeddings, computed in parallel.
fn computed(embed: &dyn Embed, texts: &[String]) -> Result<Vec<f32>> {
    let width = embed.width();
    let mut values = vec![0.0; texts.len() * width];
    let work = Mutex::new(texts.chunks(AT_ONCE).zip(values.chunks_mut(AT_ONCE * width)));
    let go = || -> Result<()> {
        loop {
            let next = work.lock().expect("no thread panics while it takes its next texts").next();
            let Some((texts, room)) = next else { return Ok(()) };
            for (text, room) in texts.iter().zip(room.chunks_exact_mut(width)) {
                let vector = embed.embed(text)?;
                let whole = vector.len() == width && vector.iter().all(|value| value.is_finite());
                ensure!(whole, "the embedding of {:?} is not {width} finite numbers", beginning(text));
                room.copy_from_slice(&vector);
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(texts.len().div_ceil(AT_ONCE));
    each(threads, threads, |_| go()).into_iter().collect::<Result<()>>()?;
    Ok(values)
}

/// WordLlama, and the checksums of its files.
struct Words(WordLlama);

impl Embed for Words {
    fn width(&self) -> usize {
        self.0.width()
    }
    fn embed(&self, text: &str) -> Result<Vec<f32>> {
        self.0.embed(text)
    }
    fn id(&self) -> String {
        // The files were compared with these.
        WORDLLAMA.files().iter().flat_map(|file| [file.path, " ", file.sha256, "\n"]).collect()
    }
}

/// WordLlama from the data folder.
///
/// # Errors
/// When it is not there or not whole; the message names the command that brings it.
pub(crate) fn open(data: &Path) -> Result<Box<dyn Embed>> {
    WORDLLAMA.verify(data)?;
    Ok(Box::new(Words(WordLlama::open(data)?)))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Letters and words of a text; how often it was asked.
    #[derive(Default)]
    pub(crate) struct Toy(pub AtomicUsize);

    impl Embed for Toy {
        fn width(&self) -> usize {
            2
        }
        fn embed(&self, text: &str) -> Result<Vec<f32>> {
            self.0.fetch_add(1, Ordering::Relaxed);
            ensure!(text != "stop!", "no {text}");
            Ok(vec![text.len() as f32, if text == "odd" { f32::NAN } else { text.split(' ').count() as f32 }])
        }
        fn id(&self) -> String {
            "toy".into()
        }
    }

    fn texts(some: &[&str]) -> Vec<String> {
        some.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn embeddings_are_in_order_and_made_once() {
        let (folder, toy) = (tempfile::tempdir().unwrap(), Toy::default());
        let many: Vec<String> = (0..1_000).map(|at| "x".repeat(at + 1)).collect();
        let first = embedded(folder.path(), &toy, &many).unwrap();
        assert!((0..1_000).all(|at| first[2 * at..2 * at + 2] == [(at + 1) as f32, 1.0]));
        assert_eq!(embedded(folder.path(), &toy, &many).unwrap(), first);
        assert_eq!(toy.0.load(Ordering::Relaxed), 1_000);
        assert_eq!(embedded(folder.path(), &toy, &texts(&["a b"])).unwrap(), [3.0, 2.0]);
    }

    #[test]
    fn texts_that_run_together_are_told_apart() {
        let (folder, toy) = (tempfile::tempdir().unwrap(), Toy::default());
        assert!((embedded(folder.path(), &toy, &texts(&["ab", "c"])).unwrap()[0] - 2.0).abs() < f32::EPSILON);
        assert!((embedded(folder.path(), &toy, &texts(&["a", "bc"])).unwrap()[0] - 1.0).abs() < f32::EPSILON);
    }

    #[test]
    fn what_cannot_be_embedded_is_an_error_and_leaves_no_cache() {
        let (folder, toy) = (tempfile::tempdir().unwrap(), Toy::default());
        for (text, reason) in [("stop!", "no stop!"), ("odd", "the embedding of \"odd\" is not 2 finite numbers")] {
            let error = embedded(folder.path(), &toy, &texts(&["a", text])).unwrap_err().to_string();
            assert_eq!(error, reason);
        }
        let left =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        assert!(left.into_iter().all(|name| name.ends_with(".lock")));
    }

    #[test]
    fn captions_begin_like_their_text_and_cut_no_word() {
        assert_eq!(beginning("  a short one "), "a short one");
        let word = "é".repeat(199);
        assert_eq!(beginning(&format!("{word} more")), word);
        assert_eq!(beginning(&format!("{word}x more")), format!("{word}x"));
        assert_eq!(beginning(&"y".repeat(300)).len(), 200);
        assert_eq!(beginning("one two").len(), 7);
    }
}
