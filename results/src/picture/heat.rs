//! A matrix of counts as shades; a cell with counts of two kinds is halved.

use super::{
    Picture,
    canvas::{Anchor, Canvas, SIZE, fitted, width},
    colour::{EMPTY, FAINT, INK, Ramp},
    group_label, groups,
};
use crate::words::{grouped, prefixed};

/// Most rows and columns; more are gathered into groups.
const MOST: usize = 60;
/// Width of the whole, at most: a column of a paper at which this text is as large as a footnote.
const WIDE: i32 = 480;
/// Width of the rows' labels, at most.
const LABELS: i32 = 130;
/// Height of the columns' labels, at most.
const RISE: i32 = 110;
/// Distance from the edge and between parts.
const GAP: i32 = 8;
/// Shades of the legend, and the width of each.
const STEPS: i32 = 24;
const STEP: i32 = 4;

/// A matrix of counts.
#[derive(Clone, Debug)]
pub struct Heat {
    /// Stands above.
    pub title: String,
    /// Names of the rows.
    pub rows: Vec<String>,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// What the rows are.
    pub row_title: String,
    /// What the columns are.
    pub column_title: String,
    /// What is counted, once or by two kinds.
    pub layers: Vec<Layer>,
}

/// Counts of one kind.
#[derive(Clone, Debug)]
pub struct Layer {
    /// What is counted.
    pub name: String,
    /// Its shades.
    pub ramp: Ramp,
    /// Row, column and count of each cell that is not empty.
    pub cells: Vec<(usize, usize, u64)>,
}

/// Where things stand.
struct Layout {
    left: i32,
    top: i32,
    cell: (i32, i32),
    /// Whether the columns' labels run upwards.
    upright: bool,
    size: (i32, i32),
}

impl Heat {
    /// Draws it; what is counted is summed over groups of rows or columns where there are too many.
    pub fn draw(&self) -> Picture {
        let (rows, columns) = (groups(self.rows.len(), MOST), groups(self.columns.len(), MOST));
        let label = |of: &[String], groups: &[_]| groups.iter().map(|group| group_label(of, group)).collect::<Vec<_>>();
        let names = (label(&self.rows, &rows), label(&self.columns, &columns));
        let size = |groups: &[std::ops::Range<usize>]| groups.first().map_or(1, ExactSizeIterator::len);
        let sum = |layer: &Layer| {
            let mut cells = vec![vec![0; columns.len()]; rows.len()];
            for (row, column, count) in &layer.cells {
                cells[row / size(&rows)][column / size(&columns)] += count;
            }
            cells
        };
        let layers: Vec<Vec<Vec<u64>>> = self.layers.iter().map(sum).collect();
        if size(&rows) > 1 || size(&columns) > 1 {
            // What is summed says so, once.
            let said = |layer: &Layer| Layer { name: format!("{}, summed over groups", layer.name), ..layer.clone() };
            let summed = Self { layers: self.layers.iter().map(said).collect(), ..self.clone() };
            return summed.painted(&names, &layers);
        }
        self.painted(&names, &layers)
    }

    fn painted(&self, names: &(Vec<String>, Vec<String>), layers: &[Vec<Vec<u64>>]) -> Picture {
        let layout = self.layout(&names.0, &names.1, layers);
        Canvas::paint(layout.size.0, layout.size.1, |canvas| {
            let title = fitted(&self.title, SIZE + 1, layout.size.0 - 2 * GAP);
            canvas.text(&title, (GAP, 14), SIZE + 1, INK, Anchor::Left);
            self.labels(canvas, &layout, &names.0, &names.1);
            self.cells(canvas, &layout, layers);
            self.legend(canvas, &layout, layers);
        })
    }

    fn layout(&self, rows: &[String], columns: &[String], layers: &[Vec<Vec<u64>>]) -> Layout {
        let widest = |names: &[String]| names.iter().map(|name| width(name, SIZE)).max().unwrap_or(0);
        let left = widest(rows).min(LABELS) + 2 * GAP + 14;
        let (across, down) = (columns.len().max(1) as i32, rows.len().max(1) as i32);
        let wide = ((WIDE - left - GAP) / across).clamp(4, 44);
        let upright = widest(columns) + 4 > wide;
        let high = (if down <= 12 { 24 } else { 360 / down }).clamp(6, 24);
        let rise = if upright { widest(columns).min(RISE) } else { 12 };
        let top = 24 + 16 + rise + GAP;
        let legend = 14 + 26 * self.layers.len() as i32;
        let said = self.layers.iter().zip(layers).map(|(layer, cells)| width(&most(layer, cells), SIZE)).max();
        let least = left + width(&self.column_title, SIZE).max(STEPS * STEP + 6 + said.unwrap_or(0)) + 2 * GAP;
        let least = least.max(width(&self.title, SIZE + 1) + 2 * GAP).min(WIDE);
        Layout {
            left,
            top,
            cell: (wide, high),
            upright,
            size: ((left + across * wide + GAP).max(least), top + down * high + legend),
        }
    }

    fn labels(&self, canvas: &Canvas, layout: &Layout, rows: &[String], columns: &[String]) {
        let (left, top, (wide, high)) = (layout.left, layout.top, layout.cell);
        let middle = top + rows.len() as i32 * high / 2;
        let room = layout.size.1 - GAP;
        canvas.upwards(&fitted(&self.row_title, SIZE, room), (GAP + 4, middle), SIZE, FAINT, Anchor::Middle);
        canvas.text(&self.column_title, (left, 32), SIZE, FAINT, Anchor::Left);
        // Labels nearer than a line's height would cover each other.
        let every = |size: i32| 13_i32.div_euclid(size).max(1) as usize + usize::from(size < 13 && 13 % size != 0);
        for (row, name) in rows.iter().enumerate().step_by(every(high)) {
            let y = top + row as i32 * high + high / 2;
            canvas.text(&fitted(name, SIZE, LABELS), (left - 5, y), SIZE, INK, Anchor::Right);
        }
        for (column, name) in columns.iter().enumerate().step_by(if layout.upright { every(wide) } else { 1 }) {
            let x = left + column as i32 * wide + wide / 2;
            if layout.upright {
                canvas.upwards(&fitted(name, SIZE, RISE), (x, top - 5), SIZE, INK, Anchor::Left);
            } else {
                canvas.text(name, (x, top - 9), SIZE, INK, Anchor::Middle);
            }
        }
    }

    fn cells(&self, canvas: &Canvas, layout: &Layout, layers: &[Vec<Vec<u64>>]) {
        let (wide, high) = layout.cell;
        let gap = i32::from(wide >= 8 && high >= 8);
        let most: Vec<u64> = layers.iter().map(|cells| largest(cells)).collect();
        let (rows, columns) = (layers[0].len(), layers[0].first().map_or(0, Vec::len));
        for row in 0..rows {
            for column in 0..columns {
                let (x, y) = (layout.left + column as i32 * wide, layout.top + row as i32 * high);
                canvas.fill(x, y, wide - gap, high - gap, EMPTY);
                let there: Vec<usize> = (0..layers.len()).filter(|layer| layers[*layer][row][column] > 0).collect();
                for (part, layer) in there.iter().enumerate() {
                    let (count, ramp) = (layers[*layer][row][column], self.layers[*layer].ramp);
                    let (from, end) = [part, part + 1].map(|at| at as i32 * (wide - gap) / there.len() as i32).into();
                    let share = count as f64 / most[*layer] as f64;
                    canvas.fill(x + from, y, end - from, high - gap, ramp.at(share));
                    let text = if count < 10_000 { count.to_string() } else { prefixed(count).replace(' ', "") };
                    if width(&text, SIZE - 1) + 2 <= end - from && high >= 12 {
                        let middle = (x + i32::midpoint(from, end), y + (high - gap) / 2);
                        canvas.text(&text, middle, SIZE - 1, ramp.ink(share), Anchor::Middle);
                    }
                }
            }
        }
    }

    fn legend(&self, canvas: &Canvas, layout: &Layout, layers: &[Vec<Vec<u64>>]) {
        for (index, (layer, cells)) in self.layers.iter().zip(layers).enumerate() {
            let y = layout.size.1 - 26 * (self.layers.len() - index) as i32 + 4;
            let x = layout.left;
            for step in 0..STEPS {
                canvas.fill(x + step * STEP, y, STEP, 10, layer.ramp.at(f64::from(step) / f64::from(STEPS - 1)));
            }
            let room = layout.size.0 - x - STEPS * STEP - 6 - GAP;
            canvas.text(
                &fitted(&most(layer, cells), SIZE, room),
                (x + STEPS * STEP + 6, y + 5),
                SIZE,
                FAINT,
                Anchor::Left,
            );
            canvas.text("1", (x - 5, y + 5), SIZE, FAINT, Anchor::Right);
        }
    }
}

/// What the darkest shade stands for.
fn most(layer: &Layer, cells: &[Vec<u64>]) -> String {
    format!("to {} {}", grouped(largest(cells)), layer.name)
}

fn largest(cells: &[Vec<u64>]) -> u64 {
    cells.iter().flatten().copied().max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heat(rows: usize, columns: usize) -> Heat {
        let names = |count: usize| (0..count).map(|at| format!("name {at}")).collect();
        let cells = (0..rows.min(columns)).map(|at| (at, at, 7)).collect();
        Heat {
            title: "title".into(),
            rows: names(rows),
            columns: names(columns),
            row_title: "rows".into(),
            column_title: "columns".into(),
            layers: vec![Layer { name: "examples".into(), ramp: Ramp::Blue, cells }],
        }
    }

    #[test]
    fn a_matrix_of_any_size_is_a_column_wide() {
        for size in [1, 3, 20, 60, 61, 1000] {
            let picture = heat(size, size).draw();
            assert!(picture.width <= 480 && picture.height <= 700, "{size}: {} × {}", picture.width, picture.height);
            assert!(picture.svg.matches("<rect").count() < 8000, "{size}");
        }
    }

    #[test]
    fn groups_are_summed() {
        let picture = heat(120, 120).draw();
        // 60 groups of two: each cell of the diagonal counts two sevens.
        assert!(picture.svg.contains("to 14 examples") && picture.svg.contains("name 0 – name 1"), "{}", picture.svg);
    }

    #[test]
    fn new_and_old_halve_a_cell() {
        let mut both = heat(1, 1);
        both.layers.push(Layer { name: "rehearsed".into(), ramp: Ramp::Orange, cells: vec![(0, 0, 3)] });
        let svg = both.draw().svg;
        // Both at their largest, so in the darkest shade, half a cell of 44 - 1 pixels each.
        assert!(svg.contains("width=\"21\" height=\"23\" opacity=\"1\" fill=\"#08306B\""), "{svg}");
        assert!(svg.contains("width=\"22\" height=\"23\" opacity=\"1\" fill=\"#8C3500\""), "{svg}");
    }
}
