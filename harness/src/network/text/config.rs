//! The stream's `[text]` table: how texts are read, and how images and texts are brought together.

use anyhow::{Result, ensure};

use super::loss::{Loss, Same};

/// Where a class's name goes in a template.
const PLACE: &str = "{}";
/// A width, depth or count.
const SIZE: Range = Range::Whole(1, 1 << 16);
/// Most templates, and most bytes of each.
const MOST_TEMPLATES: usize = 1_000;

use crate::catalogue::{Range, Settings};

crate::catalogue::settings! {
    /// The `[text]` table. With it a stack's plain carrier becomes [`Dual`](crate::method::Dual); without it there are
    /// no texts.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Config {
        /// How texts become vectors.
        pub side: Side = Side::default();
        /// Length of the vectors that images and texts become, 1 to 65536.
        pub width: usize = 64, SIZE;
        /// How pairs are trained.
        pub loss: Loss = Loss::default();
        /// What equal texts of a batch are to each other's images, for `siglip`; for `clip` it makes no difference.
        pub same: Same = Same::default();
        /// Which side is not trained.
        pub lock: Lock = Lock::default();
        /// What is said of a class that has only a name, with `{}` for the name.
        pub templates: Vec<String> = vec!["a picture of a {}.".into()], Range::List(&Range::Text("a sentence with `{}` \
            for the name"), 1, MOST_TEMPLATES);
        /// SHA-256 of the published word vectors and their tokenizer, the two files one after the other; filled in
        /// where they are read, and demanded where it is there.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub sha256: Option<String> = None;
        /// Of the side `tokens`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub tokens: Option<Tokens> = None;
    }
}

crate::catalogue::choice! {
    /// How texts become vectors.
    #[derive(Default)]
    pub enum Side {
        /// A small transformer on trained token embeddings.
        #[default]
        Tokens = "tokens",
        /// The mean of [`WordLlama`](super::WordLlama)'s published word vectors, brought to length 1; they are not
        /// trained.
        WordLlama = "wordllama",
    }
}

crate::catalogue::choice! {
    /// Which side is not trained. It is read frozen, so that it costs what frozen parts cost; its batch norm, if it has
    /// one, uses and keeps the statistics that it came with.
    ///
    /// Zhai et al. 2022, <https://arxiv.org/abs/2111.07991>, section 3.
    ///
    /// **Deviation:** the linear map from either side into the common space is always trained, as bodies here have no
    /// such map of their own to lock.
    #[derive(Default)]
    pub enum Lock {
        /// Both are trained.
        #[default]
        None = "none",
        /// The image body.
        Image = "image",
        /// The transformer on texts.
        Text = "text",
    }
}

crate::catalogue::settings! {
    /// The `[text.tokens]` table.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Tokens {
        /// What a text is cut into.
        pub vocabulary: Vocabulary = Vocabulary::Bytes;
        /// Tokens that are read of a text, one to begin with included; the rest of a longer text is passed over. Each
        /// text costs what one of this length costs.
        pub length: usize = 48, SIZE;
        /// Length of a token's vector.
        pub width: usize = 64, SIZE;
        /// Number of blocks.
        pub depth: usize = 2, SIZE;
        /// Attention heads; they share the width.
        pub heads: usize = 4, SIZE;
        /// Hidden units of a block's perceptron, in widths.
        pub ratio: usize = 2, SIZE;
        /// Probability of dropping an element of what a block adds.
        pub dropout: f64 = 0.0, Range::From(0.0, 1.0);
    }
}

crate::catalogue::choice! {
    /// What a text is cut into.
    #[derive(Default)]
    pub enum Vocabulary {
        /// The bytes of its UTF-8.
        #[default]
        Bytes = "bytes",
        /// The tokens of WordLlama's tokenizer; their vectors are trained from drawn ones.
        WordLlama = "wordllama",
    }
}

impl Settings for Config {}

impl Config {
    /// Fills in what depends on the side, and refuses what is out of range or does nothing.
    pub(crate) fn complete(mut self) -> Result<Self> {
        for template in &self.templates {
            ensure!(
                template.matches(PLACE).count() == 1 && template.len() <= MOST_TEMPLATES,
                "text.templates has `{}`; write `{PLACE}` once in each, where the class's name goes",
                template.chars().take(100).collect::<String>()
            );
        }
        ensure!(
            self.same == Same::Negatives || self.loss == Loss::Siglip,
            "text.same = \"positives\" changes nothing with text.loss = \"clip\", where equal texts cost the same \
             either way; leave it out"
        );
        match self.side {
            Side::Tokens => {
                let Tokens { width, heads, .. } = *self.tokens.get_or_insert_default();
                ensure!(width % heads == 0, "text.tokens.heads = {heads} does not divide text.tokens.width = {width}");
            }
            Side::WordLlama => {
                ensure!(self.tokens.is_none(), "[text.tokens] belongs to text.side = \"tokens\"; leave it out");
                ensure!(
                    self.lock != Lock::Text,
                    "text.lock = \"text\" changes nothing: the vectors of text.side = \"wordllama\" are never trained; \
                     leave it out"
                );
            }
        }
        Ok(self)
    }
    /// The same with both sides trained.
    pub(crate) fn unlocked(&self) -> Self {
        Self { lock: Lock::None, ..self.clone() }
    }
    /// What the template at `at` says of the class called `name`.
    pub(crate) fn say(&self, at: usize, name: &str) -> String {
        self.templates[at].replacen(PLACE, name, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::section;

    fn refusal(text: &str) -> String {
        let config = section::<Config>("text", text.parse().expect("a table")).and_then(Config::complete);
        config.expect_err(text).to_string()
    }

    #[test]
    fn a_table_is_completed_and_read_back_the_same() {
        let config = toml::from_str::<Config>("").expect("defaults").complete().expect("sound");
        assert_eq!(config.tokens, Some(Tokens::default()));
        let text = toml::to_string(&config).expect("text");
        assert_eq!(toml::from_str::<Config>(&text).expect("a table").complete().expect("sound"), config);
        let config: Config = toml::from_str("side = \"wordllama\"\nlock = \"image\"").expect("a table");
        assert_eq!(config.complete().expect("sound").tokens, None);
    }

    #[test]
    fn what_does_nothing_or_cannot_be_is_refused() {
        assert!(refusal("side = \"wordllama\"\nlock = \"text\"").contains("changes nothing"));
        assert!(refusal("side = \"wordllama\"\n[tokens]\ndepth = 1").contains("[text.tokens] belongs to"));
        assert!(refusal("same = \"positives\"").contains("changes nothing with text.loss"));
        assert!(refusal("templates = []").contains("text.templates = [] is not a list of 1 to 1000"));
        assert!(refusal("templates = [\"a picture\"]").contains("write `{}` once"));
        assert!(refusal("templates = [\"{} and {}\"]").contains("write `{}` once"));
        assert!(refusal("width = 0").contains("text.width = 0"));
        assert!(refusal("[tokens]\nheads = 3").contains("text.tokens.heads = 3 does not divide"));
        assert!(refusal("[tokens]\ndropout = 1.0").contains("text.tokens.dropout = 1"));
        assert!(toml::from_str::<Config>("sides = 1").is_err());
    }

    #[test]
    fn a_template_says_the_name_once_and_as_it_is() {
        let config = Config { templates: vec!["one {}.".into()], ..Config::default() };
        assert_eq!(config.say(0, "{} {}"), "one {} {}.");
    }
}
