//! Domain-incremental by rotation: each task shows the same classes, turned by another angle.
//!
//! Lopez-Paz & Ranzato 2017, <https://arxiv.org/abs/1706.08840>, section 5.1: one angle for each task between 0° and
//! 180°. Here they are equally spaced from `first` to `last` unless `random = true` draws them.

use std::sync::Arc;

use anyhow::{Result, ensure};
use clbench::{
    catalogue::{Made, Range, Settings, settings},
    data::Transform,
    primitives::scope::Head,
    stream::{Ground, Kind, Plan, Task},
};
use rand::RngExt;
use toml::Table;

/// The entry of the catalogue.
pub const KIND: Kind = Kind {
    name: "rotated",
    about: "the same classes in each task, turned by another angle",
    citation: "https://arxiv.org/abs/1706.08840",
    settings: Config::SETTINGS,
    make,
};

clbench::settings! {
    /// Settings of rotated streams.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Config {
        /// Number of tasks.
        pub tasks: usize = 10, Range::Whole(1, 10_000);
        /// The first task's angle in degrees, counter-clockwise.
        pub first: f64 = 0.0, Range::Within(-360.0, 360.0);
        /// The last task's angle in degrees.
        pub last: f64 = 162.0, Range::Within(-360.0, 360.0);
        /// Draw the angles from `first..last` in place of spacing them equally.
        pub random: bool = false;
    }
}

impl Settings for Config {
    fn check(&self) -> Result<()> {
        ensure!(self.first < self.last, "stream.first = {} is not below stream.last = {}", self.first, self.last);
        Ok(())
    }
}

/// A rotation around the middle, bilinear, black outside.
#[derive(Debug)]
struct Rotation {
    degrees: f64,
    /// For each position up to four places that it is made from, with their shares; places outside have none.
    taps: Vec<[(u32, f32); 4]>,
}

impl Rotation {
    fn new(degrees: f64, height: usize, width: usize) -> Self {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let middle = [(height as f64 - 1.0) / 2.0, (width as f64 - 1.0) / 2.0];
        let taps = |place: usize| {
            // Rows grow downwards, so this turns the picture counter-clockwise.
            let (y, x) = ((place / width) as f64 - middle[0], (place % width) as f64 - middle[1]);
            let (y, x) = (x * sin + y * cos + middle[0], x * cos - y * sin + middle[1]);
            let (top, left) = (y.floor(), x.floor());
            let tap = |down: f64, right: f64| {
                let (row, column) = (top + down, left + right);
                let share = (1.0 - (y - row).abs()) * (1.0 - (x - column).abs());
                let inside = row >= 0.0 && column >= 0.0 && row < height as f64 && column < width as f64;
                if inside { ((row as usize * width + column as usize) as u32, share as f32) } else { (0, 0.0) }
            };
            [tap(0.0, 0.0), tap(0.0, 1.0), tap(1.0, 0.0), tap(1.0, 1.0)]
        };
        Self { degrees, taps: (0..height * width).map(taps).collect() }
    }
}

impl Transform for Rotation {
    fn apply(&self, from: &[u8], to: &mut [u8]) {
        let size = self.taps.len();
        for (from, to) in from.chunks_exact(size).zip(to.chunks_exact_mut(size)) {
            for (pixel, taps) in to.iter_mut().zip(&self.taps) {
                let sum: f32 = taps.iter().map(|(place, share)| f32::from(from[*place as usize]) * share).sum();
                *pixel = (sum + 0.5) as u8;
            }
        }
    }
    fn id(&self) -> Vec<u8> {
        b"rotation".iter().copied().chain(self.degrees.to_le_bytes()).collect()
    }
}

fn make(table: Table, ground: &Ground) -> Made<Plan> {
    let (table, config): (Table, Config) = settings(table)?;
    let universe = ground.universe;
    let labels = ground.own_labels();
    let [_, height, width] = universe.shape;
    let span = config.last - config.first;
    let task = |index: usize| {
        let share = if config.random {
            ground.draws.rng("angle", index as u64).random::<f64>()
        } else {
            index as f64 / (config.tasks.max(2) - 1) as f64
        };
        let degrees = config.first + span * share;
        let transform = Arc::new(Rotation::new(degrees, height, width));
        Task::new(format!("rotated by {degrees:.1}°"), universe, &labels, Some(transform))
    };
    let tasks = ground.ranked_tasks((0..config.tasks).map(task).collect())?;
    Ok((table, Plan { classes: ground.own_classes(), tasks, head: Head::default() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turned(degrees: f64, from: &[u8], side: usize) -> Vec<u8> {
        let mut to = vec![0; from.len()];
        Rotation::new(degrees, side, side).apply(from, &mut to);
        to
    }

    #[test]
    fn quarter_turns_are_exact() {
        let picture = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        assert_eq!(turned(0.0, &picture, 3), picture);
        assert_eq!(turned(90.0, &picture, 3), [3, 6, 9, 2, 5, 8, 1, 4, 7]);
        assert_eq!(turned(180.0, &picture, 3), [9, 8, 7, 6, 5, 4, 3, 2, 1]);
    }

    #[test]
    fn an_eighth_turn_blends_and_leaves_corners_black() {
        let to = turned(45.0, &[200; 9], 3);
        assert_eq!(to[4], 200);
        // The corner comes from (1, 1 ± √2): 0.586 of it is inside.
        assert_eq!(to[0], 117);
    }
}
