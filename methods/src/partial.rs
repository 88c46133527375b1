//! Training a part of the body and the head: biases, normalisation, or nothing of the body.
//!
//! - `bitfit`: Ben-Zaken et al. 2022, <https://arxiv.org/abs/2106.10199>, section 3: biases of all layers.
//! - `norms`: Frankle et al. 2021, <https://arxiv.org/abs/2003.00152>, section 3: γ and β of normalisation.
//! - `freeze`: the head alone (linear probing; Kumar et al. 2022, <https://arxiv.org/abs/2202.10054>, section 2), or,
//!   behind adapters in `method=`, adapters and head.
//!
//! What is not trained moves from `theta` to `frozen`; what follows in the stack and the optimizer never see it, and
//! the pass asks no gradients for it. Normalisation whose γ is frozen normalises by the running statistics that it has,
//! and they stay: a batch has no say in what is frozen.
//!
//! **Deviation:** `bitfit` trains biases that are called so; the β of normalisation belongs to `norms`.

use anyhow::Result;
use clbench::{
    catalogue::{Need, Settings, Taken},
    method::{Contribution, Ctx, Family, Make, Method, contribution},
};
use serde::{Deserialize, Serialize};

use crate::adapters::shared::{freeze, in_body};

/// The entry of `bitfit`.
pub const BITFIT: Method = Method {
    name: "bitfit",
    about: "trains the body's biases, and the head",
    citation: "https://arxiv.org/abs/2106.10199",
    make: Make::Contribution(|table| contribution(table, |none: Config| Partial { part: Part::Biases, none })),
    needs: &[Need::Biases],
    ..FREEZE
};

/// The entry of `norms`.
pub const NORMS: Method = Method {
    name: "norms",
    about: "trains the body's normalisation, and the head",
    citation: "https://arxiv.org/abs/2003.00152",
    make: Make::Contribution(|table| contribution(table, |none: Config| Partial { part: Part::Norms, none })),
    needs: &[Need::Norms],
    ..FREEZE
};

/// The entry of `freeze`.
pub const FREEZE: Method = Method {
    name: "freeze",
    about: "trains the head alone, or with the adapters before it",
    citation: "https://arxiv.org/abs/2202.10054",
    make: Make::Contribution(|table| contribution(table, |none: Config| Partial { part: Part::Nothing, none })),
    joint: false,
    family: Family::Partial,
    settings: Config::SETTINGS,
    needs: &[],
};

/// The methods of this family, in the order of lists.
pub const METHODS: &[Method] = &[BITFIT, NORMS, FREEZE];

clbench::settings! {
    /// No settings.
    struct Config {}
}

impl Settings for Config {}

/// Which part of the body is trained.
#[derive(Clone, Copy, Serialize, Deserialize)]
enum Part {
    Biases,
    Norms,
    Nothing,
}

impl Part {
    fn trains(self, path: &str) -> bool {
        match self {
            Self::Biases => path.ends_with(".bias"),
            Self::Norms => path.ends_with(".gamma") || path.ends_with(".beta"),
            Self::Nothing => false,
        }
    }
}

/// Freezes the rest of the body, at each experience anew.
#[derive(Serialize, Deserialize)]
struct Partial {
    part: Part,
    none: Config,
}

impl Contribution for Partial {
    fn needs(&self) -> Vec<Need> {
        vec![Need::OwnWeights, Need::PartPlace]
    }

    fn takes(&self) -> Vec<Taken> {
        vec![Need::PartPlace.taken("says so itself"), Need::TrainedMatrices.taken("stands before it and leaves none")]
    }

    fn task_start(&mut self, cx: &mut Ctx) -> Result<()> {
        freeze(cx.weights, |path| in_body(path) && !path.contains(".lora") && !self.part.trains(path));
        Ok(())
    }
}
