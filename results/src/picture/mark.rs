//! How several things are told apart: by colour, and in black and white by dashes and by the shape of their points.

use std::f64::consts::{FRAC_PI_2, PI};

use super::{
    canvas::{Canvas, Point, Stroke},
    colour::{CATEGORIES, Colour, INK, PAPER},
};

/// Shape of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Disc,
    Square,
    Triangle,
    Diamond,
    Down,
    Hexagon,
    Tall,
}

/// How one of several things looks.
#[derive(Clone, Copy)]
pub(super) struct Style {
    pub colour: Colour,
    pub dash: &'static [f64],
    pub shape: Shape,
    /// Whether its points are empty.
    pub hollow: bool,
}

/// Things that are told apart.
pub(super) const STYLES: [Style; 7] = [
    Style { colour: CATEGORIES[0], dash: &[], shape: Shape::Disc, hollow: false },
    Style { colour: CATEGORIES[3], dash: &[7.0, 3.0], shape: Shape::Square, hollow: true },
    Style { colour: CATEGORIES[2], dash: &[2.0, 2.0], shape: Shape::Triangle, hollow: false },
    Style { colour: CATEGORIES[1], dash: &[9.0, 3.0, 2.0, 3.0], shape: Shape::Diamond, hollow: true },
    Style { colour: CATEGORIES[5], dash: &[14.0, 4.0], shape: Shape::Down, hollow: false },
    Style { colour: CATEGORIES[4], dash: &[5.0, 2.0, 1.5, 2.0, 1.5, 2.0], shape: Shape::Hexagon, hollow: true },
    Style { colour: INK, dash: &[4.0, 4.0], shape: Shape::Tall, hollow: false },
];

impl Shape {
    /// Corners around `at`; `size` is half the width.
    fn outline(self, at: Point, size: f64) -> Vec<Point> {
        let (corners, turn, size) = match self {
            Self::Disc => (24, 0.0, size),
            Self::Square => (4, PI / 4.0, size * 1.25),
            Self::Triangle => (3, -FRAC_PI_2, size * 1.35),
            Self::Down => (3, FRAC_PI_2, size * 1.35),
            Self::Diamond | Self::Tall => (4, 0.0, size * 1.3),
            Self::Hexagon => (6, 0.0, size * 1.15),
        };
        let narrow = if self == Self::Tall { 0.6 } else { 1.0 };
        let corner = |index: i32| {
            let angle = turn + 2.0 * PI * f64::from(index) / f64::from(corners);
            (at.0 + size * narrow * angle.cos(), at.1 + size * angle.sin())
        };
        (0..corners).map(corner).collect()
    }
}

impl Style {
    /// The look of the thing at `index`, or none if it is one of too many.
    pub(super) fn of(index: usize) -> Option<Self> {
        STYLES.get(index).copied()
    }
    /// A point of half the width `size`, with a rim of paper that parts it from what lies below.
    pub(super) fn point(&self, canvas: &Canvas, at: Point, size: f64) {
        let outline = self.shape.outline(at, size);
        let rim: Vec<Point> = outline.iter().chain(outline.first()).chain(outline.get(1)).copied().collect();
        if self.hollow {
            canvas.shape(&outline, PAPER, 1.0);
            canvas.stroke(&rim, Stroke::solid(self.colour, 1.5));
        } else {
            canvas.stroke(&rim, Stroke::solid(PAPER, 1.2));
            canvas.shape(&outline, self.colour, 1.0);
        }
    }
    /// A line in its look.
    pub(super) fn stroke(&self, wide: f64) -> Stroke<'static> {
        Stroke { colour: self.colour, wide, dash: self.dash }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_look_alike_without_colour() {
        for (index, one) in STYLES.iter().enumerate() {
            for other in &STYLES[..index] {
                assert!(one.dash != other.dash && one.shape != other.shape && one.colour != other.colour, "{index}");
            }
        }
    }

    #[test]
    fn an_outline_surrounds_its_point() {
        for style in STYLES {
            let outline = style.shape.outline((10.0, 10.0), 3.0);
            assert!(outline.iter().all(|(x, y)| (x - 10.0).hypot(y - 10.0) < 4.1), "{:?}", style.shape);
            assert!(outline.iter().any(|(_, y)| *y < 10.0) && outline.iter().any(|(_, y)| *y > 10.0));
        }
    }
}
