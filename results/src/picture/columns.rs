//! Numbers as upright bars in groups, with intervals, such as forgetting on each task by several methods.

use super::{
    Picture,
    axis::{Axis, drawn},
    canvas::{Anchor, Canvas, Stroke},
    colour::{FAINT, INK},
    frame::{Frame, GAP, Head, Key, LINE, TEXT, WIDE, fit, whisker, wide},
    group_label, groups,
    mark::{STYLES, Shape, Style},
    scatter::Mean,
};

/// Most groups; more are gathered, and a bar is the mean of its own.
const MOST: usize = 20;
/// Height of the area.
const HIGH: f64 = 220.0;
/// Height of names that run upwards, at most.
const RISE: f64 = 110.0;
/// Widest bar.
const WIDEST: f64 = 26.0;

/// Bars in groups.
///
/// Seven kinds are told apart by colour and by their order, which is that of the key; more are left out, and the
/// picture says how many. Above twenty groups, neighbours are gathered: a bar is then their mean, without an interval.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    /// Stands above.
    pub title: String,
    /// What the groups are.
    pub across: String,
    /// What the numbers are.
    pub up: String,
    /// Names of the groups.
    pub groups: Vec<String>,
    /// Kinds of bars, each with a number for every group that has one.
    pub series: Vec<(String, Vec<Option<Mean>>)>,
}

impl Columns {
    /// Draws them.
    pub fn draw(&self) -> Picture {
        let parts = groups(self.groups.len(), MOST);
        let names: Vec<String> = parts.iter().map(|part| group_label(&self.groups, part)).collect();
        let shown = &self.series[..self.series.len().min(STYLES.len())];
        let bars: Vec<Vec<Option<Mean>>> =
            shown.iter().map(|(_, bars)| parts.iter().map(|part| mean(bars, part.clone())).collect()).collect();
        let head = Head::of(&self.title);
        let y = axis(&bars);
        let left = Frame::margin(&y, HIGH, true);
        let x = Axis::of([0.0, 1.0].into_iter(), false);
        let frame = Frame { x, y, left, top: head.high() + GAP, wide: WIDE - left - 2.0 * GAP, high: HIGH };
        let slot = frame.wide / names.len().max(1) as f64;
        let widest = names.iter().map(|name| wide(name)).fold(0.0, f64::max);
        let upright = widest + 2.0 > slot;
        let rise = if upright { widest.min(RISE) + 4.0 } else { LINE };
        let key = self.key(parts.len() < self.groups.len());
        let foot = frame.bottom() + 6.0 + rise + LINE + GAP;
        Canvas::fine(WIDE, foot + key.high() + GAP / 2.0, |canvas| {
            head.draw(canvas);
            frame.draw_up(canvas, &self.up);
            for (group, name) in names.iter().enumerate() {
                let from = frame.left + group as f64 * slot;
                group_bars(canvas, &frame, from, slot, bars.iter().map(|bars| bars[group]));
                let at = (from + slot / 2.0, frame.bottom() + 5.0);
                if upright {
                    canvas.rise(&fit(name, RISE), at, TEXT, INK, Anchor::Right);
                } else {
                    canvas.say(name, (at.0, at.1 + LINE / 2.0), TEXT, INK, Anchor::Middle);
                }
            }
            let zero = frame.at(0.0, 0.0).1;
            canvas.stroke(&[(frame.left, zero), (frame.right(), zero)], Stroke::solid(FAINT, 1.0));
            frame.name_across(canvas, &self.across, frame.bottom() + 6.0 + rise);
            key.draw(canvas, foot);
        })
    }

    fn key(&self, gathered: bool) -> Key {
        let named = self.series.iter().take(STYLES.len()).enumerate().filter(|_| self.series.len() > 1);
        let patch = |style: Style| Style { shape: Shape::Square, hollow: false, ..style };
        let mut entries: Vec<_> = named.map(|(index, (name, _))| (name.clone(), Style::of(index).map(patch))).collect();
        let more = self.series.len().saturating_sub(STYLES.len());
        entries.extend((more > 0).then(|| (format!("{more} more are left out"), None)));
        entries.extend(gathered.then(|| ("bars are means over groups".to_owned(), None)));
        Key::of(entries, false)
    }
}

/// A scale that holds zero, all bars and their intervals.
fn axis(bars: &[Vec<Option<Mean>>]) -> Axis {
    let values = bars.iter().flatten().flatten().flat_map(|(mean, half)| {
        let half = half.unwrap_or(0.0);
        [mean - half, mean + half]
    });
    Axis::of(values.chain([0.0]), false)
}

/// The number of a group, or the mean of those gathered into one.
fn mean(bars: &[Option<Mean>], part: std::ops::Range<usize>) -> Option<Mean> {
    let alone = part.len() == 1;
    let there = bars.iter().skip(part.start).take(part.len()).flatten().filter(|(mean, _)| drawn(*mean, false));
    let there: Vec<Mean> =
        there.map(|(mean, half)| (*mean, half.filter(|half| drawn(*half, false) && *half >= 0.0))).collect();
    if alone {
        return there.first().copied();
    }
    (!there.is_empty()).then(|| (there.iter().map(|(mean, _)| mean / there.len() as f64).sum(), None))
}

/// The bars of a group, within a slot.
fn group_bars(canvas: &Canvas, frame: &Frame, from: f64, slot: f64, bars: impl ExactSizeIterator<Item = Option<Mean>>) {
    let count = bars.len().max(1) as f64;
    let across = (slot * 0.8 / count).min(WIDEST);
    let start = from + (slot - across * count) / 2.0;
    for (index, bar) in bars.enumerate() {
        let Some((mean, half)) = bar else { continue };
        let left = start + index as f64 * across;
        let (top, zero) = (frame.at(0.0, mean).1, frame.at(0.0, 0.0).1);
        let gap = if across > 4.0 { 0.8 } else { 0.0 };
        let size = (across - gap, (top - zero).abs().max(0.8));
        canvas.cell((left, top.min(zero)), size, STYLES[index].colour);
        if let Some(half) = half {
            let ends = [mean - half, mean + half].map(|value| (left + size.0 / 2.0, frame.at(0.0, value).1));
            whisker(canvas, ends[0], ends[1], if across > 7.0 { 2.5 } else { 0.0 }, INK);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(groups: usize, series: usize) -> Columns {
        let bars = |series: usize| (0..groups).map(|group| Some(((group + series) as f64, Some(1.0)))).collect();
        Columns {
            groups: (1..=groups).map(|group| group.to_string()).collect(),
            series: (0..series).map(|index| (format!("method {index}"), bars(index))).collect(),
            ..Columns::default()
        }
    }

    #[test]
    fn groups_above_twenty_are_gathered_into_means() {
        let bars = [Some((1.0, Some(0.1))), None, Some((4.0, None)), Some((f64::NAN, None))];
        assert_eq!(mean(&bars, 0..1), Some((1.0, Some(0.1))));
        assert_eq!(mean(&bars, 0..4), Some((2.5, None)));
        assert_eq!((mean(&bars, 1..2), mean(&bars, 3..4), mean(&bars, 4..6)), (None, None, None));
        assert!(columns(21, 2).draw().svg.contains("means over groups"));
        assert!(!columns(20, 2).draw().svg.contains("means over groups"));
    }

    #[test]
    fn every_number_is_a_bar_and_more_kinds_than_seven_are_said() {
        // The paper, and a bar for each.
        assert_eq!(columns(20, 6).draw().svg.matches("<rect").count(), 121);
        let many = columns(2, 9).draw().svg;
        assert!(many.contains("2 more are left out") && many.matches("<rect").count() == 15);
    }

    #[test]
    fn a_number_below_zero_hangs() {
        let one = |value: f64| Columns {
            groups: vec!["a".into()],
            series: vec![(String::new(), vec![Some((value, None)), Some((-value, None))])],
            ..Columns::default()
        };
        let up = axis(&[vec![Some((1.0, None))]]);
        let down = axis(&[vec![Some((-1.0, None))]]);
        assert!(up.at(0.0).abs() < 1e-12);
        assert!(down.at(0.0) > 0.9 && one(-1.0).draw().svg.contains("−1"));
    }
}
