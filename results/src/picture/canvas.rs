//! What pictures are drawn on: boxes, lines and texts of which the width is known.

use std::sync::LazyLock;

use plotters::{
    backend::SVGBackend,
    coord::Shift,
    drawing::{DrawingArea, IntoDrawingArea},
    element::{PathElement, Polygon, Rectangle, Text},
    style::{
        Color, FontFamily, FontTransform, RGBColor, TextStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};
use ttf_parser::Face;

use super::{Picture, colour::Colour};
use crate::text::clean;

/// The font `DejaVu Sans`, Latin, Greek and some signs; see LICENSE-DATA.
pub(super) static FONT: &[u8] = include_bytes!("dejavu-sans.ttf");
/// Fonts that are asked for; the first is the embedded one.
const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";
/// plotters writes a size divided by this number.
const PLOTTERS: f64 = 1.24;
/// Size of a picture's text.
pub(super) const SIZE: i32 = 11;

static FACE: LazyLock<Face<'static>> = LazyLock::new(|| Face::parse(FONT, 0).expect("the embedded font is whole"));

/// plotters puts the middle of a small letter where it is asked to put a text; digits and capitals are higher.
const SINK: i32 = 1;

/// Which point of a text is placed.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Left,
    Middle,
    Right,
}

/// Width of `text` in pixels.
pub(super) fn width(text: &str, size: i32) -> i32 {
    let advance = |c| FACE.glyph_index(c).and_then(|glyph| FACE.glyph_hor_advance(glyph));
    // A sign that the font lacks is drawn as a box of about this width.
    let units: u32 = text.chars().map(|c| u32::from(advance(c).unwrap_or(FACE.units_per_em()))).sum();
    (f64::from(units) * f64::from(size) / f64::from(FACE.units_per_em())).ceil() as i32
}

/// `text` cut to `most` pixels; `…` stands for the rest.
pub(super) fn fitted(text: &str, size: i32, most: i32) -> String {
    // What is no character of XML would spoil the whole file.
    let text = clean(text).replace(['\u{fffe}', '\u{ffff}'], "");
    if width(&text, size) <= most {
        return text;
    }
    let chars: Vec<char> = text.chars().take(200).collect();
    let shorter = (0..chars.len()).rev().map(|kept| {
        let start: String = chars[..kept].iter().collect();
        start.trim_end().to_owned() + "…"
    });
    shorter.into_iter().find(|text| width(text, size) <= most).unwrap_or_else(|| "…".into())
}

/// A surface of SVG.
pub(super) struct Canvas<'a>(DrawingArea<SVGBackend<'a>, Shift>);

/// A string takes whatever is written to it.
const TAKES: &str = "a string takes everything";

impl Canvas<'_> {
    /// A picture of `width` × `height` pixels that `paint` paints.
    pub(super) fn paint(width: i32, height: i32, paint: impl FnOnce(&Canvas)) -> Picture {
        let (width, height) = (width.max(1) as u32, height.max(1) as u32);
        let mut svg = String::new();
        {
            let canvas = Canvas(SVGBackend::with_string(&mut svg, (width, height)).into_drawing_area());
            canvas.fill(0, 0, width as i32, height as i32, super::colour::PAPER);
            paint(&canvas);
            canvas.0.present().expect(TAKES);
        }
        Picture { width, height, svg }
    }
    /// A box.
    pub(super) fn fill(&self, x: i32, y: i32, width: i32, height: i32, colour: Colour) {
        let style = rgb(colour).filled();
        self.0.draw(&Rectangle::new([(x, y), (x + width, y + height)], style)).expect(TAKES);
    }
    /// A line.
    pub(super) fn line(&self, from: (i32, i32), to: (i32, i32), colour: Colour) {
        self.0.draw(&PathElement::new([from, to], rgb(colour).stroke_width(1))).expect(TAKES);
    }
    /// A filled outline.
    pub(super) fn area(&self, outline: Vec<(i32, i32)>, colour: Colour) {
        self.0.draw(&Polygon::new(outline, rgb(colour).filled())).expect(TAKES);
    }
    /// A text whose middle line is at `y`.
    pub(super) fn text(&self, text: &str, at: (i32, i32), size: i32, colour: Colour, anchor: Anchor) {
        self.write(text, (at.0, at.1 + SINK), size, colour, anchor, FontTransform::None);
    }
    /// A text that runs upwards, with its middle line at `x`.
    pub(super) fn upwards(&self, text: &str, at: (i32, i32), size: i32, colour: Colour, anchor: Anchor) {
        self.write(text, (at.0 + SINK, at.1), size, colour, anchor, FontTransform::Rotate270);
    }
    fn write(&self, text: &str, at: (i32, i32), size: i32, colour: Colour, anchor: Anchor, turn: FontTransform) {
        let h_pos = match anchor {
            Anchor::Left => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::Right => HPos::Right,
        };
        let colour = rgb(colour);
        let style = TextStyle::from((FontFamily::Name(FAMILY), f64::from(size) * PLOTTERS)).color(&colour);
        let style = style.transform(turn).pos(Pos::new(h_pos, VPos::Center));
        // The backend escapes what XML reserves.
        self.0.draw(&Text::new(fitted(text, size, i32::MAX), at, style)).expect(TAKES);
    }
}

fn rgb((r, g, b): Colour) -> RGBColor {
    RGBColor(r, g, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_to_its_room() {
        assert_eq!(fitted("abc", 10, 1000), "abc");
        let cut = fitted("a long name of a class", 10, 60);
        assert!(cut.ends_with('…') && width(&cut, 10) <= 60 && width(&cut, 10) > 50, "{cut}");
        assert_eq!(fitted("\u{1b}[31mred\u{ffff}", 10, 1000), "[31mred");
        assert_eq!(fitted("WW", 10, 1), "…");
    }

    #[test]
    fn what_xml_reserves_is_escaped() {
        let name = "<script>alert(\"1\")</script> & '";
        let picture = Canvas::paint(10, 10, |canvas| canvas.text(name, (0, 0), 10, (0, 0, 0), Anchor::Left));
        assert!(!picture.svg.contains("<script") && picture.svg.contains("&lt;script&gt;"), "{}", picture.svg);
        assert!(picture.svg.trim_end().ends_with("</svg>"));
    }
}
