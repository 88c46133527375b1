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
use crate::words::clean;

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
const SINK: f64 = 1.0;

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

/// A place in pixels, between them where need be.
pub(super) type Point = (f64, f64);

/// How a line looks.
#[derive(Clone, Copy)]
pub(super) struct Stroke<'a> {
    pub colour: Colour,
    /// Pixels across.
    pub wide: f64,
    /// Pixels drawn, left out, drawn, and so on; nothing for a line without gaps.
    pub dash: &'a [f64],
}

impl Stroke<'_> {
    /// A line without gaps.
    pub(super) fn solid(colour: Colour, wide: f64) -> Self {
        Self { colour, wide, dash: &[] }
    }
}

/// A surface of SVG.
pub(super) struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
    /// Units of the drawing in a pixel; plotters knows whole units only.
    grain: i32,
}

/// Units in a pixel where curves are drawn: a tenth of a pixel is not seen at three times the size.
const FINE: i32 = 10;

/// A string takes whatever is written to it.
const TAKES: &str = "a string takes everything";

impl Canvas<'_> {
    /// A picture of `width` × `height` pixels that `paint` paints.
    pub(super) fn paint(width: i32, height: i32, paint: impl FnOnce(&Canvas)) -> Picture {
        Self::grained(width, height, 1, paint)
    }
    /// A picture whose lines may run between pixels.
    pub(super) fn fine(width: f64, height: f64, paint: impl FnOnce(&Canvas)) -> Picture {
        Self::grained(width.ceil() as i32, height.ceil() as i32, FINE, paint)
    }
    fn grained(width: i32, height: i32, grain: i32, paint: impl FnOnce(&Canvas)) -> Picture {
        let (width, height) = (width.max(1) as u32, height.max(1) as u32);
        let (across, down) = (width * grain as u32, height * grain as u32);
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, (across, down)).into_drawing_area();
            let canvas = Canvas { area, grain };
            canvas.cell((0.0, 0.0), (f64::from(width), f64::from(height)), super::colour::PAPER);
            paint(&canvas);
            canvas.area.present().expect(TAKES);
        }
        // Shown at its size in pixels; the view box keeps counting in units.
        let size = |width, height| format!("width=\"{width}\" height=\"{height}\"");
        let svg = svg.replacen(&size(across, down), &size(width, height), 1);
        Picture { width, height, svg }
    }
    /// A place in the drawing's units.
    fn unit(&self, at: Point) -> (i32, i32) {
        let unit = |pixels: f64| (pixels * f64::from(self.grain)).round() as i32;
        (unit(at.0), unit(at.1))
    }
    /// A box.
    pub(super) fn fill(&self, x: i32, y: i32, width: i32, height: i32, colour: Colour) {
        self.cell((f64::from(x), f64::from(y)), (f64::from(width), f64::from(height)), colour);
    }
    /// A box from its upper left corner.
    pub(super) fn cell(&self, at: Point, size: (f64, f64), colour: Colour) {
        let corners = [self.unit(at), self.unit((at.0 + size.0, at.1 + size.1))];
        self.area.draw(&Rectangle::new(corners, rgb(colour).filled())).expect(TAKES);
    }
    /// A line.
    pub(super) fn line(&self, from: (i32, i32), to: (i32, i32), colour: Colour) {
        self.stroke(&[from, to].map(|(x, y)| (f64::from(x), f64::from(y))), Stroke::solid(colour, 1.0));
    }
    /// A line from place to place.
    pub(super) fn stroke(&self, path: &[Point], stroke: Stroke) {
        let style = rgb(stroke.colour).stroke_width((stroke.wide * f64::from(self.grain)).round() as u32);
        let draw = |path: &[Point]| {
            let path: Vec<_> = path.iter().map(|at| self.unit(*at)).collect();
            self.area.draw(&PathElement::new(path, style)).expect(TAKES);
        };
        if stroke.dash.is_empty() {
            draw(path);
        } else {
            dashes(path, stroke.dash).iter().for_each(|path| draw(path));
        }
    }
    /// A filled outline.
    pub(super) fn area(&self, outline: Vec<(i32, i32)>, colour: Colour) {
        self.area.draw(&Polygon::new(outline, rgb(colour).filled())).expect(TAKES);
    }
    /// A filled outline, `opaque` from 0 to 1.
    pub(super) fn shape(&self, outline: &[Point], colour: Colour, opaque: f64) {
        let outline: Vec<_> = outline.iter().map(|at| self.unit(*at)).collect();
        self.area.draw(&Polygon::new(outline, rgb(colour).mix(opaque).filled())).expect(TAKES);
    }
    /// A text whose middle line is at `y`.
    pub(super) fn text(&self, text: &str, at: (i32, i32), size: i32, colour: Colour, anchor: Anchor) {
        self.say(text, (f64::from(at.0), f64::from(at.1)), size, colour, anchor);
    }
    /// A text whose middle line is at `y`, between pixels where need be.
    pub(super) fn say(&self, text: &str, at: Point, size: i32, colour: Colour, anchor: Anchor) {
        self.write(text, (at.0, at.1 + SINK), size, colour, anchor, FontTransform::None);
    }
    /// A text that runs upwards, with its middle line at `x`.
    pub(super) fn upwards(&self, text: &str, at: (i32, i32), size: i32, colour: Colour, anchor: Anchor) {
        self.rise(text, (f64::from(at.0), f64::from(at.1)), size, colour, anchor);
    }
    /// A text that runs upwards, with its middle line at `x`, between pixels where need be.
    pub(super) fn rise(&self, text: &str, at: Point, size: i32, colour: Colour, anchor: Anchor) {
        self.write(text, (at.0 + SINK, at.1), size, colour, anchor, FontTransform::Rotate270);
    }
    fn write(&self, text: &str, at: Point, size: i32, colour: Colour, anchor: Anchor, turn: FontTransform) {
        if text.is_empty() {
            return;
        }
        let h_pos = match anchor {
            Anchor::Left => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::Right => HPos::Right,
        };
        let colour = rgb(colour);
        let style = TextStyle::from((FontFamily::Name(FAMILY), f64::from(size * self.grain) * PLOTTERS)).color(&colour);
        let style = style.transform(turn).pos(Pos::new(h_pos, VPos::Center));
        // The backend escapes what XML reserves.
        self.area.draw(&Text::new(fitted(text, size, i32::MAX), self.unit(at), style)).expect(TAKES);
    }
}

/// The pieces of `path` that a dashed line shows; plotters' own dashes have one length only.
fn dashes(path: &[Point], dash: &[f64]) -> Vec<Vec<Point>> {
    let (mut pieces, mut at, mut left) = (Vec::new(), 0, dash[0]);
    let mut piece: Vec<Point> = path.first().copied().into_iter().collect();
    for ends in path.windows(2) {
        let (mut from, to) = (ends[0], ends[1]);
        loop {
            let rest = (to.0 - from.0).hypot(to.1 - from.1);
            if rest < left {
                left -= rest;
                piece.push(to);
                break;
            }
            let share = left / rest;
            from = (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
            piece.push(from);
            if at % 2 == 0 {
                pieces.push(std::mem::take(&mut piece));
            }
            at += 1;
            left = dash[at % dash.len()];
            piece = vec![from];
        }
    }
    if at % 2 == 0 && piece.len() > 1 {
        pieces.push(piece);
    }
    pieces
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
    fn dashes_run_around_corners_and_leave_gaps() {
        let path = [(0.0, 0.0), (4.0, 0.0), (4.0, 10.0)];
        let pieces = dashes(&path, &[6.0, 3.0]);
        assert_eq!(pieces, [vec![(0.0, 0.0), (4.0, 0.0), (4.0, 2.0)], vec![(4.0, 5.0), (4.0, 10.0)]]);
        assert!(dashes(&[], &[1.0, 1.0]).is_empty() && dashes(&[(1.0, 1.0)], &[1.0, 1.0]).is_empty());
    }

    #[test]
    fn a_fine_picture_is_as_large_as_another() {
        let picture = Canvas::fine(30.0, 20.0, |canvas| {
            canvas.stroke(&[(0.0, 0.0), (1.26, 2.0)], Stroke::solid((0, 0, 0), 1.5));
        });
        assert_eq!((picture.width, picture.height), (30, 20));
        assert!(picture.svg.starts_with("<svg width=\"30\" height=\"20\" viewBox=\"0 0 300 200\""), "{}", picture.svg);
        assert!(picture.svg.contains("points=\"0,0 13,20 \"") && picture.svg.contains("stroke-width=\"15\""));
    }

    #[test]
    fn what_xml_reserves_is_escaped() {
        let name = "<script>alert(\"1\")</script> & '";
        let picture = Canvas::paint(10, 10, |canvas| canvas.text(name, (0, 0), 10, (0, 0, 0), Anchor::Left));
        assert!(!picture.svg.contains("<script") && picture.svg.contains("&lt;script&gt;"), "{}", picture.svg);
        assert!(picture.svg.trim_end().ends_with("</svg>"));
    }
}
