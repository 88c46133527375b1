//! Vectors that stand for units: of their names, of their pictures, or from a file.
//!
//! FoMo-in-Flux (Roth et al. 2024, <https://arxiv.org/abs/2408.14471>) embeds captions of class names with CLIP
//! ViT-L/14. **Deviation:** no network is needed here. `names` counts the 3-, 4- and 5-grams of a name's characters,
//! each hashed to one of 256 places with a sign (Weinberger et al. 2009, <https://arxiv.org/abs/0902.2206>), which
//! knows spelling and no meaning; `means` averages a unit's pictures, brought down to 8 × 8; `file` takes whatever
//! vectors one has, those of CLIP included.

use anyhow::{Context, Result, bail, ensure};
use clbench::stream::{Ground, Unit};

use crate::shared::{listing, roster::Roster, thumbnail::Thumbnails};

clbench::choice! {
    /// Where the vectors come from.
    pub enum Source {
        /// Class names.
        Names = "names",
        /// Average pictures.
        Means = "means",
        /// A CSV file with the columns `concept,v1,v2,…`.
        File = "file",
    }
}

/// Places of a name's vector.
const NAME_WIDTH: usize = 256;
/// Numbers that are added up side by side; rows are filled up with zeros to a multiple of it.
const LANES: usize = 16;
/// Most pictures of a unit that are averaged, as many as the authors of the curriculum designer take.
const MOST_PICTURES: usize = 500;

/// Rows of length one.
#[derive(Debug)]
pub(crate) struct Rows {
    values: Vec<f32>,
    stride: usize,
}

impl Rows {
    /// Brings `rows` to length one.
    ///
    /// # Errors
    /// With the number of a row that is all zeros or not finite.
    pub(crate) fn new(rows: &[Vec<f64>]) -> std::result::Result<Self, usize> {
        let stride = rows.iter().map(Vec::len).max().unwrap_or(0).next_multiple_of(LANES);
        let mut values = vec![0.0; stride * rows.len()];
        for (at, row) in rows.iter().enumerate() {
            // Scaled first, so that no square overflows or vanishes.
            let largest = row.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
            let length = row.iter().map(|value| (value / largest).powi(2)).sum::<f64>().sqrt() * largest;
            if !(length > 0.0 && length.is_finite()) {
                return Err(at);
            }
            values[at * stride..].iter_mut().zip(row).for_each(|(to, value)| *to = (value / length) as f32);
        }
        Ok(Self { values, stride })
    }
    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.values.len() / self.stride
    }
    fn row(&self, at: usize) -> &[f32] {
        &self.values[at * self.stride..(at + 1) * self.stride]
    }
    /// The cosine of two rows; the same whichever comes first, and on every machine.
    pub(crate) fn cosine(&self, a: usize, b: usize) -> f32 {
        let mut sums = [0.0_f32; LANES];
        for (a, b) in self.row(a).chunks_exact(LANES).zip(self.row(b).chunks_exact(LANES)) {
            for lane in 0..LANES {
                sums[lane] += a[lane] * b[lane];
            }
        }
        let mut half = LANES / 2;
        while half > 0 {
            for lane in 0..half {
                sums[lane] += sums[lane + half];
            }
            half /= 2;
        }
        sums[0]
    }
}

/// Refuses a file that is not asked for, or none where one is.
pub(crate) fn check(source: Source, file: Option<&str>) -> Result<()> {
    match (source, file) {
        (Source::File, None) => bail!("stream.order.source = \"file\" needs stream.order.file"),
        (Source::Names | Source::Means, Some(_)) => bail!("stream.order.file is not used; set source = \"file\""),
        _ => Ok(()),
    }
}

/// One row for each unit, and where it came from.
pub(crate) fn embed(source: Source, file: Option<&str>, units: &[Unit], ground: &Ground) -> Result<(Rows, String)> {
    let roster = Roster::new(units, ground)?;
    let (rows, from) = match source {
        Source::Names => {
            let classes = roster.classes("similarity of names", "set source = \"means\" or \"file\"")?;
            (classes.into_iter().map(hashed).collect(), "hashed character n-grams of class names".to_owned())
        }
        Source::Means => (means(units, ground)?, format!("means of at most {MOST_PICTURES} pictures of 8 × 8")),
        Source::File => {
            let listing = listing::read(ground, file.unwrap_or_default(), "concept", None)?;
            let (rows, others) = roster.gather(listing.rows).with_context(|| listing.source.clone())?;
            (rows, format!("vectors of {}, {others} rows not used", listing.source))
        }
    };
    let named =
        |at: usize| anyhow::anyhow!("the vector of `{}` is all zeros or out of range", units[at].name.escape_debug());
    Ok((Rows::new(&rows).map_err(named).context(from.clone())?, from))
}

/// Counts of a name's character n-grams, with signs.
fn hashed(name: &str) -> Vec<f64> {
    let letters = name.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).flat_map(char::to_lowercase);
    let words: String = letters.collect();
    let mut counts = vec![0.0; NAME_WIDTH];
    let marked: Vec<char> = format!("<{}>", words.split_whitespace().collect::<Vec<_>>().join(" ")).chars().collect();
    for length in 3..=5 {
        for gram in marked.windows(length) {
            let hash = mixed(gram.iter().flat_map(|letter| u32::from(*letter).to_le_bytes()));
            counts[(hash % NAME_WIDTH as u64) as usize] += if hash >> 63 == 0 { 1.0 } else { -1.0 };
        }
    }
    // A name of one letter, or signs that cancel out, still have a place.
    if counts.iter().all(|count| *count == 0.0) {
        counts[(mixed(name.bytes()) % NAME_WIDTH as u64) as usize] = 1.0;
    }
    counts
}

/// FNV-1a, with the upper bits brought down, which it mixes best.
fn mixed(bytes: impl Iterator<Item = u8>) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325, step);
    (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Each unit's average picture; of more than [`MOST_PICTURES`], evenly spaced ones are taken.
fn means(units: &[Unit], ground: &Ground) -> Result<Vec<Vec<f64>>> {
    let mut thumbnails = Thumbnails::new(ground, "source = \"means\"")?;
    let mut mean = |unit: &Unit| {
        let (all, taken) = (unit.train.len(), unit.train.len().min(MOST_PICTURES));
        ensure!(all > 0, "`{}` has no training example to average", unit.name.escape_debug());
        let mut sums = vec![0.0; thumbnails.width()];
        for at in 0..taken {
            let picture = thumbnails.of(&unit.train, at * all / taken);
            sums.iter_mut().zip(picture).for_each(|(sum, value)| *sum += f64::from(value));
        }
        sums.iter_mut().for_each(|sum| *sum /= taken as f64);
        Ok(sums)
    };
    units.iter().map(&mut mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::toy;

    fn cosine(a: &str, b: &str) -> f32 {
        Rows::new(&[hashed(a), hashed(b)]).unwrap().cosine(0, 1)
    }

    #[test]
    fn rows_have_length_one() {
        let rows = Rows::new(&[vec![3.0, 4.0], vec![4.0, 3.0], vec![-1e300, 0.0], vec![1e-300, 0.0]]).unwrap();
        assert_eq!(rows.len(), 4);
        let near = |a, b, wanted: f32| assert!((rows.cosine(a, b) - wanted).abs() < 1e-6, "{a} {b}");
        near(0, 0, 1.0);
        near(0, 1, 0.96);
        near(1, 2, -0.8);
        near(2, 3, -1.0);
    }

    #[test]
    fn rows_without_a_direction_are_refused() {
        assert_eq!(Rows::new(&[vec![1.0], vec![0.0]]).unwrap_err(), 1);
        assert_eq!(Rows::new(&[vec![f64::NAN]]).unwrap_err(), 0);
        assert_eq!(Rows::new(&[vec![f64::INFINITY]]).unwrap_err(), 0);
        assert_eq!(Rows::new(&[vec![]]).unwrap_err(), 0);
    }

    #[test]
    fn names_are_alike_where_their_letters_are() {
        assert_eq!(hashed("Lawn_mower"), hashed("lawn mower"));
        assert!(cosine("pine tree", "oak tree") > cosine("pine tree", "rocket") + 0.2);
        // Every n-gram counts once: 3 of three letters, 2 of four, 1 of five in `<cat>`.
        assert!((hashed("cat").iter().map(|count| count.abs()).sum::<f64>() - 6.0).abs() < 1e-12);
        for name in ["7", "é", "", "-", "日本"] {
            assert!(hashed(name).iter().any(|count| *count != 0.0), "{name}");
        }
    }

    #[test]
    fn means_are_averages_of_pictures() {
        let universe = toy::pictures(1, &[vec![vec![0], vec![255]], vec![vec![51]]]);
        let ground = toy::ground(&universe, 0);
        let means = means(&ground.concepts(), &ground).unwrap();
        assert!((means[0][0] - 0.5).abs() < 1e-6 && (means[1][0] - 0.2).abs() < 1e-6, "{means:?}");
    }

    #[test]
    fn means_of_black_pictures_have_no_direction() {
        let universe = toy::pictures(1, &[vec![vec![9]], vec![vec![0]]]);
        let ground = toy::ground(&universe, 0);
        let error = embed(Source::Means, None, &ground.concepts(), &ground).unwrap_err();
        assert!(format!("{error:#}").contains("the vector of `toy+++b` is all zeros"), "{error:#}");
    }

    #[test]
    fn pictures_that_are_not_there_are_missed() {
        let universe = toy::bare(&[("a", &["p"])]);
        let ground = toy::ground(&universe, 0);
        let error = embed(Source::Means, None, &ground.concepts(), &ground).unwrap_err().to_string();
        assert_eq!(error, "source = \"means\" needs pictures, and `a` is a list of concepts without any");
    }
}
