//! What plots have in common: a title, scales with their names, lines behind, and a key below.

use super::{
    axis::{Axis, Tick},
    canvas::{Anchor, Canvas, Point, Stroke, fitted, width},
    colour::{Colour, FAINT, GRID, INK},
    mark::Style,
};

/// Size of a plot's text. A picture of 480 pixels is printed as a column of 84 mm, 238 points, so that this is 6.9
/// points, which journals ask for at least (7, as most of them say).
pub(super) const TEXT: i32 = 14;
/// Size of the title.
const HEAD: i32 = 15;
/// Height of a line of text.
pub(super) const LINE: f64 = 18.0;
/// Width of the whole.
pub(super) const WIDE: f64 = 480.0;
/// Distance from the edge and between parts.
pub(super) const GAP: f64 = 8.0;
/// Lines of a title at most.
const HEAD_LINES: usize = 2;

/// Width of a text in a plot.
pub(super) fn wide(text: &str) -> f64 {
    f64::from(width(text, TEXT))
}

/// `text` cut to `most` pixels of a plot.
pub(super) fn fit(text: &str, most: f64) -> String {
    fitted(text, TEXT, most.max(0.0) as i32)
}

/// `text` in lines of at most `room` pixels; what is more than `most` lines is cut.
pub(super) fn lines(text: &str, size: i32, room: f64, most: usize) -> Vec<String> {
    let text = fitted(text, size, i32::MAX);
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if lines_full(line, word, size, room) => lines.push(word.to_owned()),
            Some(line) => *line = format!("{line} {word}"),
            None => lines.push(word.to_owned()),
        }
    }
    if lines.len() > most {
        let rest = lines.split_off(most - 1).join(" ");
        lines.push(rest);
    }
    lines.iter().map(|line| fitted(line, size, room as i32)).collect()
}

fn lines_full(line: &str, word: &str, size: i32, room: f64) -> bool {
    f64::from(width(&format!("{line} {word}"), size)) > room
}

/// A title's lines.
pub(super) struct Head(Vec<String>);

impl Head {
    pub(super) fn of(title: &str) -> Self {
        Self(lines(title, HEAD, WIDE - 2.0 * GAP, HEAD_LINES))
    }
    /// Where the picture goes on below.
    pub(super) fn high(&self) -> f64 {
        GAP + LINE * self.0.len() as f64 + 2.0
    }
    pub(super) fn draw(&self, canvas: &Canvas) {
        for (index, line) in self.0.iter().enumerate() {
            canvas.say(line, (GAP, GAP + LINE * (index as f64 + 0.5)), HEAD, INK, Anchor::Left);
        }
    }
}

/// The area of a plot.
pub(super) struct Frame {
    pub x: Axis,
    pub y: Axis,
    pub left: f64,
    pub top: f64,
    pub wide: f64,
    pub high: f64,
}

impl Frame {
    /// Where a pair of numbers stands.
    pub(super) fn at(&self, x: f64, y: f64) -> Point {
        // What lies far outside is cut off elsewhere; here it only has to be a number of pixels.
        let share = |axis: &Axis, value| axis.at(value).clamp(-10.0, 11.0);
        (self.left + share(&self.x, x) * self.wide, self.bottom() - share(&self.y, y) * self.high)
    }
    pub(super) fn bottom(&self) -> f64 {
        self.top + self.high
    }
    pub(super) fn right(&self) -> f64 {
        self.left + self.wide
    }
    /// Pixels to the left of the area that a scale's numbers and name need.
    pub(super) fn margin(y: &Axis, high: f64, named: bool) -> f64 {
        let widest = ticks_up(y, high).iter().map(|tick| wide(&tick.text)).fold(0.0, f64::max);
        GAP + if named { LINE } else { 0.0 } + widest + 5.0
    }
    /// Pixels below the area that a scale's numbers and name need.
    pub(super) fn foot(named: bool) -> f64 {
        LINE + if named { LINE } else { 0.0 } + 4.0
    }
    /// The scale at the left, its lines across, and its name.
    pub(super) fn draw_up(&self, canvas: &Canvas, name: &str) {
        for tick in ticks_up(&self.y, self.high) {
            let y = self.bottom() - tick.at * self.high;
            if tick.text.is_empty() {
                canvas.stroke(&[(self.left - 3.0, y), (self.left, y)], Stroke::solid(FAINT, 1.0));
                continue;
            }
            canvas.stroke(&[(self.left, y), (self.right(), y)], Stroke::solid(GRID, 1.0));
            canvas.say(&tick.text, (self.left - 5.0, y), TEXT, FAINT, Anchor::Right);
        }
        let name = fit(name, self.high + 8.0);
        let middle = self.top + self.high / 2.0;
        canvas.rise(&name, (GAP + LINE / 2.0 - 2.0, middle), TEXT, INK, Anchor::Middle);
    }
    /// The scale below and its name.
    pub(super) fn draw_across(&self, canvas: &Canvas, name: &str) {
        for tick in ticks_across(&self.x, self.wide, self.left) {
            let x = self.left + tick.at * self.wide;
            let down = if tick.text.is_empty() { 3.0 } else { 5.0 };
            canvas.stroke(&[(x, self.bottom()), (x, self.bottom() + down)], Stroke::solid(FAINT, 1.0));
            canvas.say(&tick.text, (x, self.bottom() + 5.0 + LINE / 2.0), TEXT, FAINT, Anchor::Middle);
        }
        self.base(canvas);
        self.name_across(canvas, name, self.bottom() + 5.0 + LINE);
    }
    /// The line below.
    pub(super) fn base(&self, canvas: &Canvas) {
        let ends = [(self.left, self.bottom()), (self.right(), self.bottom())];
        canvas.stroke(&ends, Stroke::solid(FAINT, 1.0));
    }
    /// The name of the scale below, under `top`, as near to the middle of the area as the picture's edges allow.
    pub(super) fn name_across(&self, canvas: &Canvas, name: &str, top: f64) {
        let name = fit(name, WIDE - 2.0 * GAP);
        let half = wide(&name) / 2.0;
        let middle = (self.left + self.wide / 2.0).min(WIDE - GAP - half).max(GAP + half);
        canvas.say(&name, (middle, top + LINE / 2.0), TEXT, INK, Anchor::Middle);
    }
}

fn ticks_up(axis: &Axis, high: f64) -> Vec<Tick> {
    axis.ticks((high / 38.0) as usize)
}

/// As many marks as have room for their texts; one whose text would leave the picture has none.
fn ticks_across(axis: &Axis, room: f64, left: f64) -> Vec<Tick> {
    let ends = |tick: &Tick| {
        let (middle, half) = (left + tick.at * room, wide(&tick.text) / 2.0);
        (middle - half, middle + half)
    };
    let inside = |mut tick: Tick| {
        let (from, to) = ends(&tick);
        if from < 1.0 || to > WIDE - 1.0 {
            tick.text.clear();
        }
        tick
    };
    let fits = |ticks: &Vec<Tick>| {
        let named: Vec<_> = ticks.iter().filter(|tick| !tick.text.is_empty()).collect();
        named.windows(2).all(|two| ends(two[0]).1 + 8.0 <= ends(two[1]).0)
    };
    let ticks = |most: usize| axis.ticks(most).into_iter().map(inside).collect();
    (1..=8).rev().map(ticks).find(fits).unwrap_or_default()
}

/// Names with the look of what they stand for, in rows.
pub(super) struct Key {
    /// Name, look, and left edge and row.
    entries: Vec<(String, Option<Style>, f64, usize)>,
    /// Whether a line is shown beside the point.
    lines: bool,
}

/// Width of the sample of a line, and of a point.
const SAMPLE: (f64, f64) = (36.0, 14.0);

impl Key {
    /// A key from names and looks; one without a look is a remark.
    pub(super) fn of(names: impl IntoIterator<Item = (String, Option<Style>)>, lines: bool) -> Self {
        let sample = if lines { SAMPLE.0 } else { SAMPLE.1 } + 6.0;
        let (mut x, mut row, mut entries) = (GAP, 0, Vec::new());
        for (name, style) in names {
            let before = if style.is_some() { sample } else { 0.0 };
            let name = fit(&name, WIDE - 2.0 * GAP - before);
            let room = before + wide(&name);
            if x > GAP && x + room > WIDE - GAP {
                (x, row) = (GAP, row + 1);
            }
            entries.push((name, style, x, row));
            x += room + 2.0 * GAP;
        }
        Self { entries, lines }
    }
    /// Its height.
    pub(super) fn high(&self) -> f64 {
        self.entries.last().map_or(0.0, |(.., row)| (row + 1) as f64 * LINE + 2.0)
    }
    pub(super) fn draw(&self, canvas: &Canvas, top: f64) {
        for (name, style, x, row) in &self.entries {
            let y = top + (*row as f64 + 0.5) * LINE;
            let Some(style) = style else {
                canvas.say(name, (*x, y), TEXT, FAINT, Anchor::Left);
                continue;
            };
            let sample = if self.lines { SAMPLE.0 } else { SAMPLE.1 };
            if self.lines {
                canvas.stroke(&[(*x, y), (x + sample, y)], style.stroke(LINE_WIDE));
            }
            style.point(canvas, (x + sample / 2.0, y), 4.0);
            canvas.say(name, (x + sample + 6.0, y), TEXT, INK, Anchor::Left);
        }
    }
}

/// Width of a line that shows numbers.
pub(super) const LINE_WIDE: f64 = 2.0;

/// An interval around a point: a line with a foot at each end.
pub(super) fn whisker(canvas: &Canvas, from: Point, to: Point, foot: f64, colour: Colour) {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let size = dx.hypot(dy);
    canvas.stroke(&[from, to], Stroke::solid(colour, 1.2));
    if size > 0.0 && foot > 0.0 {
        let (x, y) = (-dy / size * foot, dx / size * foot);
        for at in [from, to] {
            canvas.stroke(&[(at.0 - x, at.1 - y), (at.0 + x, at.1 + y)], Stroke::solid(colour, 1.2));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_breaks_between_words_and_is_cut_at_last() {
        assert_eq!(lines("one two three", 10, 1000.0, 2), ["one two three"]);
        assert_eq!(lines("one two three", 10, f64::from(width("one two", 10)), 3), ["one two", "three"]);
        let cut = lines("one two three four five", 10, f64::from(width("one two", 10)), 2);
        assert!(cut.len() == 2 && cut[1].ends_with('…'), "{cut:?}");
        assert!(lines(" ", 10, 100.0, 2).is_empty());
    }

    #[test]
    fn a_key_goes_on_in_the_next_row() {
        let key = Key::of((0..3).map(|index| (format!("{index}{}", "w".repeat(14)), Style::of(0))), false);
        let rows: Vec<usize> = key.entries.iter().map(|(.., row)| *row).collect();
        assert_eq!(rows, [0, 0, 1]);
        assert!(Key::of([], true).high() < 1e-12);
    }

    #[test]
    fn numbers_below_a_plot_have_room() {
        for (values, log) in [([1.0, 1e18], true), ([0.0, 123_456.0], false), ([1e15, 1.000_01e15], false)] {
            let ticks = ticks_across(&Axis::of(values.into_iter(), log), 380.0, 70.0);
            assert!(ticks.iter().filter(|tick| !tick.text.is_empty()).count() >= 2, "{values:?}: {ticks:?}");
        }
    }
}
