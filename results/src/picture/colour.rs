//! Colours that people with any colour vision can tell apart, on a light background.
//!
//! Categories are those of Okabe and Ito 2008, <https://jfly.uni-koeln.de/color/>. Counts are shades of blue or of
//! orange, two hues that stay apart for every common kind of colour blindness.

/// Red, green and blue.
pub(super) type Colour = (u8, u8, u8);

/// Text and axes.
pub(super) const INK: Colour = (0x22, 0x22, 0x22);
/// What is said aside.
pub(super) const FAINT: Colour = (0x5c, 0x5c, 0x5c);
/// Lines behind.
pub(super) const GRID: Colour = (0xdd, 0xdd, 0xdd);
/// Where there is nothing.
pub(super) const EMPTY: Colour = (0xf6, 0xf6, 0xf6);
/// The paper.
pub(super) const PAPER: Colour = (0xff, 0xff, 0xff);
/// Text on a light shade; a hair off the ink, which a dark page turns light.
const ON_LIGHT: Colour = (0x21, 0x21, 0x21);
/// Text on a dark shade; a hair off the paper, which a dark page turns dark.
const ON_DARK: Colour = (0xfe, 0xfe, 0xfe);
/// Lines that are one of too many.
pub(super) const REST: Colour = (0xc2, 0xc2, 0xc2);
/// What is marked among shades of blue.
pub(super) const MARK: Colour = CATEGORIES[1];
/// Categories; yellow is left out, which is lost on white.
pub(super) const CATEGORIES: [Colour; 7] = [
    (0x00, 0x72, 0xb2),
    (0xe6, 0x9f, 0x00),
    (0x00, 0x9e, 0x73),
    (0xd5, 0x5e, 0x00),
    (0x56, 0xb4, 0xe9),
    (0xcc, 0x79, 0xa7),
    (0x9a, 0x9a, 0x9a),
];

/// Shades from light to dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ramp {
    /// Blue.
    Blue,
    /// Orange.
    Orange,
}

impl Ramp {
    /// The shade at `share`, 0 to 1.
    pub(super) fn at(self, share: f64) -> Colour {
        let stops: [Colour; 3] = match self {
            Self::Blue => [(0xd3, 0xe4, 0xf3), (0x4a, 0x90, 0xc8), (0x08, 0x30, 0x6b)],
            Self::Orange => [(0xfd, 0xe2, 0xc4), (0xf0, 0x8c, 0x2e), (0x8c, 0x35, 0x00)],
        };
        let place = share.clamp(0.0, 1.0) * 2.0;
        let from = (place as usize).min(1);
        let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * (place - from as f64)).round() as u8;
        let (a, b) = (stops[from], stops[from + 1]);
        (mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
    }
    /// The colour that is read best on the shade at `share`.
    pub(super) fn ink(self, share: f64) -> Colour {
        if luminance(self.at(share)) > MIDDLE { ON_LIGHT } else { ON_DARK }
    }
}

/// Luminance at which ink, of luminance 0.016, and paper have the same contrast: √(1.05 · 0.066) − 0.05 after WCAG 2.
const MIDDLE: f64 = 0.213;

/// Relative luminance, WCAG 2.2, <https://www.w3.org/TR/WCAG22/#dfn-relative-luminance>.
pub(super) fn luminance((r, g, b): Colour) -> f64 {
    let linear = |channel: u8| {
        let share = f64::from(channel) / 255.0;
        if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_on_every_shade_has_a_contrast_that_can_be_read() {
        for ramp in [Ramp::Blue, Ramp::Orange] {
            for share in (0..=20).map(|at| f64::from(at) / 20.0) {
                let (paper, ink) = (luminance(ramp.at(share)), luminance(ramp.ink(share)));
                // 4.5 is what WCAG 2 asks of text; ink that is not quite black may fall a little short of it.
                assert!((paper.max(ink) + 0.05) / (paper.min(ink) + 0.05) > 3.9, "{ramp:?} at {share}");
            }
        }
    }

    #[test]
    fn shades_run_from_light_to_dark() {
        assert_eq!(Ramp::Blue.at(0.0), (0xd3, 0xe4, 0xf3));
        assert_eq!(Ramp::Blue.at(0.5), (0x4a, 0x90, 0xc8));
        assert_eq!(Ramp::Orange.at(7.0), (0x8c, 0x35, 0x00));
        for ramp in [Ramp::Blue, Ramp::Orange] {
            let light = |share| {
                let (r, g, b) = ramp.at(share);
                u32::from(r) + u32::from(g) + u32::from(b)
            };
            assert!((0..10).all(|at| light(f64::from(at) / 10.0) > light(f64::from(at + 1) / 10.0)));
        }
    }
}
