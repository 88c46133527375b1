//! Scores of examples, low where they are easy: given in a file, or the distance to the mean of their class.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use anyhow::{Context, Result, ensure};
use clbench::{
    data::Universe,
    primitives::hex::hex,
    stream::{Experience, Ground, Scratch, Task},
};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// Rows and columns, at most, of the pictures that are compared.
const SIDE: usize = 8;
/// Largest file, in bytes.
const MOST_BYTES: u64 = 1 << 30;

/// Scores of the new examples of each experience, in their order.
pub(super) type Scores = Vec<Vec<f32>>;

/// The cell of a smaller picture that each byte belongs to, and how many bytes each cell has.
struct Cells {
    of: Vec<usize>,
    sizes: Vec<f32>,
}

impl Cells {
    fn new([channels, height, width]: [usize; 3]) -> Self {
        let (rows, columns) = (height.min(SIDE), width.min(SIDE));
        let cell = |at: usize| {
            let (channel, y, x) = (at / (height * width), at / width % height, at % width);
            (channel * rows + y * rows / height) * columns + x * columns / width
        };
        let of: Vec<usize> = (0..channels * height * width).map(cell).collect();
        let mut sizes = vec![0.0; channels * rows * columns];
        of.iter().for_each(|cell| sizes[*cell] += 1.0);
        Self { of, sizes }
    }
    /// A picture's means over cells.
    fn shrink(&self, pixels: &[u8]) -> Vec<f32> {
        let mut small = vec![0.0; self.sizes.len()];
        pixels.iter().zip(&self.of).for_each(|(pixel, cell)| small[*cell] += f32::from(*pixel));
        small.iter_mut().zip(&self.sizes).for_each(|(sum, size)| *sum /= size);
        small
    }
}

/// Distance of each example to the mean of those that its task shows with its label, in pictures of at most 8×8.
///
/// # Errors
/// When there are no pictures.
pub(super) fn from_means(base: &[Experience], tasks: &[Task], universe: &Universe) -> Result<Scores> {
    ensure!(
        universe.datasets.iter().all(|dataset| !dataset.train.is_bare()),
        "source = \"mean\" needs pictures, and a list of concepts has none; set source = \"file\""
    );
    let cells = Cells::new(universe.shape);
    let mut scratch = Scratch::default();
    let mut small = |task: usize, place: u32| {
        let view = &tasks[task].train;
        (view.label(place as usize), view.pixels(place as usize, &mut scratch, |pixels| cells.shrink(pixels)))
    };
    let mut sums = BTreeMap::<(u32, usize), (f64, Vec<f64>)>::new();
    for (task, place) in base.iter().flat_map(Experience::new_pairs) {
        let (label, picture) = small(task as usize, place);
        let (count, sum) = sums.entry((task, label)).or_insert_with(|| (0.0, vec![0.0; picture.len()]));
        *count += 1.0;
        sum.iter_mut().zip(picture).for_each(|(sum, cell)| *sum += f64::from(cell));
    }
    let mut score = |(task, place): (u32, u32)| {
        let (label, picture) = small(task as usize, place);
        let (count, sum) = &sums[&(task, label)];
        let square = |(cell, sum): (f32, &f64)| (f64::from(cell) - sum / count).powi(2);
        picture.into_iter().zip(sum).map(square).sum::<f64>().sqrt() as f32
    };
    Ok(base.iter().map(|experience| experience.new_pairs().into_iter().map(&mut score).collect()).collect())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    dataset: String,
    index: usize,
    score: f32,
}

/// Scores of a CSV file with the columns `dataset,index,score`; an index is a place in the dataset's training split.
///
/// # Errors
/// When the file names what is not there, names something twice, or leaves out an example that is needed.
pub(super) fn from_file(file: &str, base: &[Experience], tasks: &[Task], ground: &Ground) -> Result<Scores> {
    let text = ground.read_text(file, MOST_BYTES)?;
    let all = rows(&text, ground.universe).with_context(|| format!("cannot use the scores of {file}"))?;
    // The stream's hash knows the file by its name alone.
    let name = Path::new(file).file_name().and_then(|name| name.to_str()).unwrap_or(file);
    ground.note(format!("difficulty from {name}, SHA-256 {}", hex(&Sha256::digest(&text))));
    let score = |(task, place): (u32, u32)| {
        let at = tasks[task as usize].train.indices()[place as usize] as usize;
        let (dataset, index) = ground.universe.train.find(at);
        let name = &ground.universe.datasets[dataset].name;
        let score = all[at].with_context(|| format!("{file} has no score for {name},{index}; add it"))?;
        Ok(score)
    };
    base.iter().map(|experience| experience.new_pairs().into_iter().map(score).collect()).collect()
}

/// The score of each training example of the universe, if there is one.
fn rows(text: &str, universe: &Universe) -> Result<Vec<Option<f32>>> {
    let names: HashMap<&str, usize> =
        universe.datasets.iter().enumerate().map(|(at, dataset)| (&dataset.name[..], at)).collect();
    let mut all = vec![None; universe.train.len()];
    for row in csv::Reader::from_reader(text.as_bytes()).deserialize() {
        let Row { dataset, index, score } = row?;
        let name = dataset.escape_debug();
        let Some(of) = names.get(&dataset[..]) else { anyhow::bail!("the stream has no dataset `{name}`") };
        let there = universe.datasets[*of].train.len();
        ensure!(index < there, "{name},{index} is not there; the training split has {there} examples");
        ensure!(score.is_finite(), "the score of {name},{index} is {score}");
        let twice = all[universe.train.place(*of, index)].replace(score).is_some();
        ensure!(!twice, "{name},{index} has two scores");
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::{super::trial, *};

    #[test]
    fn pictures_shrink_to_means_of_cells() {
        let cells = Cells::new([1, 16, 8]);
        let pixels: Vec<u8> = (0..128).collect();
        let small = cells.shrink(&pixels);
        assert_eq!((small.len(), small[0], small[9]), (64, 4.0, 21.0));
        assert_eq!(Cells::new([2, 1, 2]).shrink(&[1, 2, 3, 4]), [1.0, 2.0, 3.0, 4.0]);
    }

    /// The second pixels are 0, 1, 2 and 0, 1: means of 1 and 0.5.
    #[test]
    fn what_is_far_from_its_class_is_difficult() {
        let scores = trial::on(&[3, 2], 0, |base, tasks, ground| from_means(&base, tasks, ground.universe).unwrap());
        assert_eq!(scores, [vec![1.0, 0.0, 1.0], vec![0.5, 0.5]]);
    }

    #[test]
    fn a_file_scores_each_example_once() {
        let read = |text: &str| trial::on(&[2, 1], 0, |_, _, ground| rows(text, ground.universe));
        assert_eq!(read("dataset,index,score\ntoy,2,0.5\ntoy,0,-1\n").unwrap(), [Some(-1.0), None, Some(0.5)]);
        for (text, message) in [
            ("dataset,index,score\ntoy,3,1\n", "toy,3 is not there; the training split has 3 examples"),
            ("dataset,index,score\ntoys,0,1\n", "the stream has no dataset `toys`"),
            ("dataset,index,score\ntoy,0,nan\n", "the score of toy,0 is NaN"),
            ("dataset,index,score\ntoy,0,1\ntoy,0,1\n", "toy,0 has two scores"),
        ] {
            assert_eq!(read(text).unwrap_err().to_string(), message);
        }
        assert!(read("dataset,index\ntoy,0\n").is_err() && read("dataset,index,score\ntoy,-1,0\n").is_err());
    }
}
