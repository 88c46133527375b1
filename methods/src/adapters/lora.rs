//! Low-rank adapters on the body's matrices and kernels; head, biases and norms are trained as they are. With texts the
//! text side's body is adapted, too, and what is locked is left alone.
//!
//! - Hu et al. 2021, <https://arxiv.org/abs/2106.09685>, section 4.1: W + α/r · A·B, A drawn, B zero.
//! - Kalajdzievski 2023, <https://arxiv.org/abs/2312.03732>, theorem 3.2: α/√r keeps the scale of what is learned as
//!   ranks grow (rsLoRA).
//! - A is drawn from U(−1/√fan-in, 1/√fan-in), as in the authors' own code; a convolution's A has the kernel's size
//!   and stride, its B is 1×1.
//!
//! It only moves paths: `w.weight` goes from `theta` to `frozen` and `w.lora0.a`, `w.lora0.b` take its place. The pass
//! applies what it finds beside a weight, factored, and so the operations are those of the factors.
//!
//! **Deviation:** every matrix of the body is adapted (the paper adapts two of a transformer's six: `on =
//! "query-value"`) and biases and norms are trained beside (`lora+freeze` trains none), since the networks here are
//! small. Depthwise kernels are trained as they are.

use anyhow::{Context, Result, ensure};
use clbench::{
    catalogue::{Need, Range, Settings},
    method::{Ctx, Family, Make, Method, contribution},
};
use serde::{Deserialize, Serialize};
use toml::Table;

use crate::adapters::shared::{Adapted, End, Kind, On, Per, Plan, RANKS, Site};

/// The entry of the catalogue.
pub const METHOD: Method = Method {
    name: "lora",
    about: "trains low-rank adapters beside the body's matrices",
    citation: "https://arxiv.org/abs/2106.09685",
    make: Make::Contribution(|table| contribution(renamed(table)?, |config| Adapted::new(Lora(config)))),
    joint: false,
    family: Family::Adapters,
    settings: Config::SETTINGS,
    needs: &[Need::Matrices],
};

clbench::choice! {
    /// What α is divided by.
    #[derive(Default)]
    pub enum Scaling {
        /// r.
        #[default]
        Classic = "classic",
        /// √r.
        RankStabilised = "rank-stabilised",
    }
}

clbench::settings! {
    /// Settings of `lora`.
    #[derive(Clone, Debug)]
    pub struct Config {
        /// Rank of an adapter, r.
        pub rank: usize = 8, RANKS;
        /// Numerator of the scale, α.
        pub alpha: f64 = 8.0, Range::Above(0.0);
        /// Scale of the adapter: α/r, or α/√r (rsLoRA).
        pub scaling: Scaling = Scaling::Classic;
        /// How many adapters there are: one for the stream, or a new one for each experience.
        pub per: Per = Per::Stream;
        /// What becomes of an adapter when an experience is over: it is kept, folded into its matrix, or routed by the
        /// task's identity.
        pub end: End = End::Keep;
        /// Which matrices of the body are adapted.
        pub on: On = On::All;
    }
}

impl Config {
    /// The factor in front of A·B.
    pub fn scale(&self) -> f64 {
        match self.scaling {
            Scaling::Classic => self.alpha / self.rank as f64,
            Scaling::RankStabilised => self.alpha / (self.rank as f64).sqrt(),
        }
    }
    /// When adapters come, where they go, and what becomes of them.
    pub fn plan(&self) -> Plan {
        let Self { per, end, on, .. } = *self;
        Plan { per, end, on }
    }
}

impl Settings for Config {
    fn check(&self) -> Result<()> {
        self.plan().check()
    }
}

/// What runs of earlier versions call `fold` is an `end`, so that they can be made again.
fn renamed(mut table: Table) -> Result<Table> {
    if let Some(fold) = table.remove("fold") {
        let fold = fold.as_bool().context("fold is neither true nor false; set end=\"keep\" or end=\"fold\"")?;
        let end = if fold { "fold" } else { "keep" };
        ensure!(!table.contains_key("end"), "fold is the old word for end; set end alone");
        table.insert("end".into(), end.into());
    }
    Ok(table)
}

/// Low-rank adapters.
#[derive(Serialize, Deserialize)]
pub struct Lora(Config);

impl Kind for Lora {
    fn plan(&self) -> Plan {
        self.0.plan()
    }

    fn place(&mut self, cx: &mut Ctx, sites: &[Site]) -> Result<()> {
        sites.iter().for_each(|site| site.low_rank(cx, self.0.rank, self.0.scale()));
        Ok(())
    }
}
