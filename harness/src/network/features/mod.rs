//! A dataset seen through a published network: features in place of pictures.
//!
//! A stream file names it like any other data of a user's own:
//!
//! ```toml
//! [data.seen]
//! format = "features"
//! of = "cifar10"
//! body = "squeezenet"
//! weights = "squeezenet1_1.safetensors"
//! size = 64
//! ```
//!
//! The body runs once over all examples, in evaluation, and what it gives is kept in the cache below the data folder,
//! under a name that follows from the content of dataset and weights and from the settings. Labels, captions and times
//! stay. Whoever asks for features that another program is computing waits for them.
//!
//! Features are floating-point results, and so is their hash: a machine with other instructions may round a last bit
//! otherwise and then has another stream.

mod cache;

use std::{
    num::NonZero,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::Arc,
    thread,
};

use anyhow::{Context, Result, anyhow, ensure};
use burn::tensor::{Device, Tensor, TensorData};
use toml::Table;

use crate::{
    budget::Meter,
    catalogue::{Range, Settings, part, typed},
    data::{Dataset, Fit, Format, Load, MOST_BYTES, Origin, Split, Transform, shape::Shaping},
    network::{
        net::Body,
        pass::{Mode, Pass, Weights},
        weights,
    },
    primitives::threads::each,
};

/// The entry of the catalogue.
pub const FORMAT: Format = Format {
    name: "features",
    about: "what a network with published weights makes of another dataset; of, body, weights, size, train, test",
    citation: "",
    settings: Features::SETTINGS,
    make: |table| part(table, |config: Features| Box::new(config) as Box<dyn Load>),
};

/// Examples that go through the network at once; the same everywhere, since sums may depend on it.
const BATCH: usize = 32;
/// Most threads that compute features.
const MOST_THREADS: usize = 8;

crate::catalogue::settings! {
    /// Settings of the format `features`.
    #[derive(Clone, Debug)]
    pub struct Features {
        /// The dataset that is looked at, by name.
        pub of: String;
        /// The network's body, by name, such as `squeezenet`.
        pub body: String;
        /// File of its weights, relative to the stream file.
        pub weights: String;
        /// Side that pictures are brought to within the network.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub size: Option<usize> = None, Range::Whole(1, i64::MAX);
        /// How many training examples, from the first on; all where not set.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub train: Option<usize> = None, Range::Whole(1, i64::MAX);
        /// How many test examples, likewise.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub test: Option<usize> = None, Range::Whole(1, i64::MAX);
    }
}

impl Settings for Features {
    fn check(&self) -> Result<()> {
        self.network().map(|_| ())
    }
}

impl Features {
    fn network(&self) -> Result<Body> {
        let mut table = Table::from_iter([("body".to_owned(), self.body.clone().into())]);
        if let Some(size) = self.size {
            let size = i64::try_from(size).context("size is too large")?;
            table.insert("upscale".into(), size.into());
        }
        let unknown = || format!("body = \"{}\"{}", self.body, self.size.map_or("", |_| ", which is asked for a size"));
        typed(table).with_context(unknown)
    }
}

impl Load for Features {
    fn load(&self, name: &str, origin: &Origin) -> Result<Dataset> {
        let body = self.network()?;
        let seen = origin.dataset(&self.of)?;
        let counts = [(&seen.train, self.train, "train"), (&seen.test, self.test, "test")];
        let counts = counts.map(|(split, wanted, key)| {
            let (wanted, there) = (wanted.unwrap_or(split.len()), split.len());
            ensure!(wanted <= there, "{key} = {wanted}, and `{}` has {there} such examples", self.of);
            Ok(wanted)
        });
        let [train, test] = counts;
        let view = Through::new(&seen, body, [train?, test?], origin.path(&self.weights)?)?;
        let (width, classes) = (view.width, seen.classes.len());
        let mut values = view.values(&origin.cache().join("features"))?;
        let rest = values.split_off(view.counts[0] * width);
        let split = |split: &Split, count: usize, values: Vec<f32>| {
            let labels = (0..count).map(|index| split.label(index) as u16).collect();
            let made = Split::floats([1, 1, width], values, labels, classes)?;
            let captions: Option<Vec<String>> = (0..count).map(|i| Some(split.caption(i)?.to_string())).collect();
            let times: Option<Vec<i64>> = (0..count).map(|i| split.time(i)).collect();
            let made = if let Some(captions) = captions { made.captions(captions)? } else { made };
            if let Some(times) = times { made.times(times) } else { Ok(made) }
        };
        let train = split(&seen.train, view.counts[0], values)?;
        let test = split(&seen.test, view.counts[1], rest)?;
        Ok(Dataset { released: seen.released, ..Dataset::new(name, [1, 1, width], seen.classes.clone(), train, test) })
    }
}

/// A network in front of the first examples of a dataset.
struct Through<'a> {
    seen: &'a Dataset,
    body: Body,
    /// Training and test examples.
    counts: [usize; 2],
    file: PathBuf,
    /// Channels, height and width that the network is given.
    input: [usize; 3],
    shaping: Option<Arc<dyn Transform>>,
    /// Features of an example.
    width: usize,
}

impl<'a> Through<'a> {
    fn new(seen: &'a Dataset, body: Body, counts: [usize; 2], file: PathBuf) -> Result<Self> {
        ensure!(
            !seen.train.is_bare() && seen.train.element().bytes() == 1,
            "`{}` holds no pictures, so there is nothing to look at",
            seen.name
        );
        let [channels, height, width] = seen.shape;
        // Published networks see colour; grey is colour three times the same.
        let input = [if body.wants_pixels() { 3 } else { channels }, height, width];
        let shaping = Shaping::between(seen, input, Fit::Resize)?;
        body.takes(input)?;
        let width = body.features_of(input);
        let bytes = counts.iter().sum::<usize>().checked_mul(4 * width);
        ensure!(bytes.is_some_and(|bytes| bytes <= MOST_BYTES), "the features would be more than {MOST_BYTES} bytes");
        Ok(Self { seen, body, counts, file, input, shaping, width })
    }
    /// Features of the training examples and then of the test examples, from the cache below `folder` or computed now.
    fn values(&self, folder: &std::path::Path) -> Result<Vec<f32>> {
        let tensors = weights::read_any(&self.file)?;
        let weights = self.body.published(tensors, self.input, &Device::flex());
        let weights = weights.with_context(|| format!("in {}", self.file.display()))?;
        let key = cache::key(&format!("{} {:?} {:?} {BATCH}", self.seen.hash, self.body, self.counts), &weights);
        let count = self.counts.iter().sum::<usize>() * self.width;
        cache::kept(folder, &key, count, || self.compute(&weights))
    }
    fn compute(&self, weights: &Weights) -> Result<Vec<f32>> {
        let total: usize = self.counts.iter().sum();
        let starts: Vec<usize> = (0..total).step_by(BATCH).collect();
        let threads = thread::available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS);
        let batch = |at: usize| self.batch(weights, starts[at], (starts[at] + BATCH).min(total));
        let batches = catch_unwind(AssertUnwindSafe(|| each(starts.len(), threads, batch)));
        let batches = batches.map_err(|_| anyhow!("the network failed on `{}`", self.seen.name))?;
        let values: Vec<f32> = batches.into_iter().flatten().collect();
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            let (feature, example) = (at % self.width, at / self.width);
            anyhow::bail!(
                "feature {feature} of example {example} of `{}` is {}: the weights in {} do not fit the network",
                self.seen.name,
                values[at],
                self.file.display()
            );
        }
        Ok(values)
    }
    /// Features of the examples from `first` up to `last`, training examples counted first.
    fn batch(&self, weights: &Weights, first: usize, last: usize) -> Vec<f32> {
        let plane = self.input[1] * self.input[2];
        let (raw, Dataset { mean, std, .. }) = (self.body.wants_pixels(), self.seen);
        let mut inputs = Vec::with_capacity((last - first) * self.input[0] * plane);
        let mut room = vec![0; self.input.iter().product()];
        for index in first..last {
            let (split, index) = if index < self.counts[0] {
                (&self.seen.train, index)
            } else {
                (&self.seen.test, index - self.counts[0])
            };
            let mut pixels = split.pixels(index);
            if let Some(shaping) = &self.shaping {
                shaping.apply(&pixels, &mut room);
                pixels = (&room[..]).into();
            }
            for (channel, plane) in pixels.chunks_exact(plane).enumerate() {
                let value = |byte: &u8| {
                    let byte = f32::from(*byte);
                    if raw { byte } else { byte * (1.0 / (255.0 * std[channel])) - mean[channel] / std[channel] }
                };
                inputs.extend(plane.iter().map(value));
            }
        }
        let [channels, height, width] = self.input;
        let data = TensorData::new(inputs, [last - first, channels, height, width]);
        let inputs = Tensor::from_data(data, &Device::flex());
        let features = self.body.features(&mut Pass::plain(weights, Mode::Eval, &Meter::default()), inputs);
        features.into_data().try_to_vec().expect("features are f32")
    }
}

#[cfg(test)]
mod tests;
