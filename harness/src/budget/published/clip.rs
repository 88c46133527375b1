//! What a step of a CLIP costs by its shape alone: closed forms for both towers, whichever parts are trained.
//!
//! Radford et al. 2021, <https://arxiv.org/abs/2103.00020>, table 20: ViT-B/16 sees 14·14 patches and a class token,
//! 768 wide; its text tower 77 tokens, 512 wide; both have 12 blocks, and one token of each is brought to 512.
//! Operations are counted as everywhere here: 2 for each multiply-add of a matrix product, once forward and once for
//! each factor that needs a gradient.
//!
//! **Deviation:** the loss's products of a batch are left out (0.1 % of a step), and the patches' gradient, which
//! nobody needs, is counted with the rest of its tower (0.2 %), so that a tower is one number.

use std::fmt::Write;

use super::fomo::{ROWS, Row};

/// A transformer that makes one vector of many tokens.
#[derive(Clone, Copy, Debug)]
pub struct Tower {
    /// Tokens, a class token included.
    pub tokens: u64,
    /// Length of a token.
    pub width: u64,
    /// Blocks, each of attention and a perceptron four times as wide.
    pub depth: u64,
    /// Multiply-adds that make tokens of the input: of patches; none for looking words up.
    pub embedding: u64,
    /// Length of the vector.
    pub output: u64,
}

/// The image tower of ViT-B/16.
pub const IMAGE: Tower = Tower { tokens: 197, width: 768, depth: 12, embedding: 196 * 768 * 3 * 16 * 16, output: 512 };
/// Its text tower.
pub const TEXT: Tower = Tower { tokens: 77, width: 512, depth: 12, embedding: 0, output: 512 };

/// Pairs in FoMo-in-Flux's batch.
const BATCH: f64 = 512.0;

impl Tower {
    /// Weights of all blocks' matrices: four of attention, eight of the perceptron.
    pub const fn matrices(self) -> u64 {
        self.depth * 12 * self.width * self.width
    }
    /// Operations of attention's two products, whose factors are all activations.
    pub const fn attention(self) -> u64 {
        2 * self.depth * 2 * self.tokens * self.tokens * self.width
    }
    /// Operations forward.
    pub const fn forward(self) -> u64 {
        2 * (self.embedding + self.tokens * self.matrices() + self.width * self.output) + self.attention()
    }
}

/// What is trained, its closed form, its operations for a pair, and FoMo-in-Flux's line.
pub fn forms() -> [(&'static str, &'static str, u64, Row); 4] {
    let (image, text) = (IMAGE.forward(), TEXT.forward());
    // Matrices that are not trained need one product less; attention's factors all need their gradients.
    let passed = 2 * (image + text) + IMAGE.attention() + TEXT.attention();
    [
        ("all", "3(I+T)", 3 * (image + text), ROWS[0]),
        ("image tower", "3I+T", 3 * image + text, ROWS[1]),
        ("text tower", "I+3T", image + 3 * text, ROWS[2]),
        ("norms, biases", "2(I+T)+A", passed, ROWS[3]),
    ]
}

/// Giga-operations of FoMo-in-Flux's line for one pair.
pub fn theirs(row: Row) -> f64 {
    row.operations as f64 / 1e4 / BATCH
}

/// Share of both towers' matrices whose product of two factors FoMo-in-Flux's adapters write out, by what sixty ranks
/// more cost them in a step: forward and for both factors, once for the batch. Factored, a rank would cost each token.
pub fn written_out() -> f64 {
    let [low, high] = [ROWS[4], ROWS[5]].map(|row| row.operations as f64 * 1e5);
    (high - low) / (60.0 * 6.0 * (IMAGE.matrices() + TEXT.matrices()) as f64)
}

/// The forms beside FoMo-in-Flux's columns, 80 columns wide.
pub fn table() -> String {
    let giga = |operations: u64| operations as f64 / 1e9;
    let mut text = format!(
        "ViT-B/16: I = {:.2}, T = {:.2}, attention A = {:.2} giga-operations a pair\n\n",
        giga(IMAGE.forward()),
        giga(TEXT.forward()),
        giga(IMAGE.attention() + TEXT.attention())
    );
    let _ = writeln!(
        text,
        "{:<14} {:<9} {:>7} {:>8} {:>7}   {:>13} {:>7}",
        "trained", "form", "ours", "FoMo's", "apart", "share of all", "FoMo's"
    );
    let all = forms()[0];
    for (name, form, ours, row) in forms() {
        let (own, fomo) = (giga(ours), theirs(row));
        let (share, other) = (own / giga(all.2), fomo / theirs(all.3));
        let apart = format!("{:+.1} %", 100.0 * (own / fomo - 1.0));
        let _ = writeln!(text, "{name:<14} {form:<9} {own:>7.2} {fomo:>8.2} {apart:>7}   {share:>13.3} {other:>7.3}");
    }
    let bare = giga(2 * (IMAGE.forward() + TEXT.forward()));
    let _ = writeln!(
        text,
        "\n2(I+T) alone is {bare:.2}, {:.1} % short: both factors of attention's products\n\
         need gradients, whatever is trained. Sixty ranks more cost LoRA {:.1}\n\
         giga-operations a step: the product B·A written out once for {:.0} % of the\n\
         matrices' weights, and not a factored one for each token.",
        100.0 * (1.0 - bare / theirs(ROWS[3])),
        (ROWS[5].operations - ROWS[4].operations) as f64 / 1e4,
        100.0 * written_out()
    );
    text
}
