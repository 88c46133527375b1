//! Coloured bars with captions: eight classes, each drawn dim or bright.

use std::path::Path;

use clbench::{
    config::{Setup, Shelf},
    data::{Dataset, Source, Split},
};

use crate::support;

const COLOURS: [(&str, [u16; 3]); 4] =
    [("red", [200, 20, 20]), ("green", [20, 200, 20]), ("blue", [20, 20, 200]), ("white", [200, 200, 200])];
const SIDES: [&str; 2] = ["above", "below"];
const LIGHTS: [(&str, u16); 2] = [("dim", 45), ("bright", 100)];

/// The bars, with captions or without.
pub struct Bars(pub bool);

impl Source for Bars {
    fn name(&self) -> &'static str {
        if self.0 { "bars" } else { "bars-without-captions" }
    }
    fn about(&self) -> &'static str {
        "coloured bars"
    }
    fn citation(&self) -> &'static str {
        "https://example.org"
    }
    fn licence(&self) -> &'static str {
        "none"
    }
    fn open(&self, _: &Path) -> anyhow::Result<Dataset> {
        let names = COLOURS.iter().flat_map(|(colour, _)| SIDES.map(|side| format!("{colour} {side}")));
        let split = |each: usize, salt: usize| self.split(each, salt);
        Ok(Dataset::new(self.name(), [3, 6, 6], names.collect(), split(12, 0)?, split(6, 1)?))
    }
}

impl Bars {
    fn split(&self, each: usize, salt: usize) -> anyhow::Result<Split> {
        let (mut pixels, mut labels, mut captions) = (Vec::new(), Vec::new(), Vec::new());
        for label in 0..8 {
            let ((colour, rgb), side) = (COLOURS[label / 2], label % 2);
            for at in 0..each {
                let (light, percent) = LIGHTS[at % 2];
                for (channel, full) in rgb.iter().enumerate() {
                    for place in 0..36 {
                        let noise =
                            ((label * 7919 + at * 104_729 + channel * 31 + place * 613 + salt * 17) % 29) as u16;
                        let lit = u16::from(place / 18 == side);
                        pixels.push((lit * full * percent / 100 + noise) as u8);
                    }
                }
                labels.push(label as u16);
                captions.push(format!("{colour} {} {light}", SIDES[side]));
            }
        }
        let split = Split::new([3, 6, 6], pixels, labels, 8)?;
        if self.0 { split.captions(captions) } else { Ok(split) }
    }
}

/// Everything that ships, and the bars.
pub fn shelf() -> Shelf {
    support::shelf().datasets([&Bars(true) as &dyn Source, &Bars(false)])
}

/// A stream of bars with a small text side.
pub const SMALL: &str = "stream.dataset=bars stream.tasks=3 stream.classes_per_task=2 stream.partial=true \
                         stream.order=given text.width=16 text.tokens.length=20 text.tokens.width=16 \
                         text.tokens.depth=1 text.tokens.heads=2 text.templates=[\"{}\"] optim.rule=adamw \
                         optim.rate=0.003 net.dropout=0";

/// [`SMALL`] with more settings.
pub fn setup(settings: &str) -> Setup {
    support::try_setup(&shelf(), &format!("{SMALL} {settings}")).unwrap_or_else(|error| panic!("{settings}: {error:#}"))
}
