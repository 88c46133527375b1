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
//! **Deviation:** every matrix of the body is adapted (the paper adapts two of a transformer's six: `on = "query-value"`)
//! and biases and norms are trained beside (`lora+freeze` trains none), since the networks here are small. Depthwise
//! kernels are trained as they are.

use anyhow::{Context, Result, ensure};
use clbench::{
    catalogue::{Need, Range, Setting, Settings},
    method::{Ctx, Family, Make, Method, contribution},
};
use serde::{Deserialize, Serialize};
use toml::Table;

use crate::adapters::shared::{Adapted, END, End, Kind, ON, On, PER, Per, Plan, RANK, Site};

/// The entry of the catalogue.
pub const METHOD: Method = Method {
    name: "lora",
    about: "trains low-rank adapters beside the body's matrices",
    citation: "https://arxiv.org/abs/2106.09685",
    make: Make::Contribution(|table| contribution(renamed(table)?, |config| Adapted::new(Lora(config)))),
    joint: false,
    family: Family::Adapters,
    settings: &[RANK, ALPHA, SCALING, PER, END, ON],
    needs: &[Need::Matrices],
};

/// The entry of `alpha`.
pub const ALPHA: Setting = Setting { key: "alpha", about: "numerator of the scale, α", range: Range::Above(0.0) };
/// The entry of `scaling`.
pub const SCALING: Setting =
    Setting {
        key: "scaling", about: "α/r, or α/√r (rsLoRA)", range: Range::Choice(&["classic", "rank-stabilised"])
    };

/// What α is divided by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scaling {
    /// r.
    #[default]
    Classic,
    /// √r.
    RankStabilised,
}

/// Settings of `lora`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Rank r.
    pub rank: usize,
    /// Numerator of the scale, α.
    pub alpha: f64,
    /// What α is divided by.
    pub scaling: Scaling,
    /// How many adapters there are.
    pub per: Per,
    /// What becomes of an adapter when its time is over.
    pub end: End,
    /// Which matrices are adapted.
    pub on: On,
}

impl Default for Config {
    fn default() -> Self {
        let (scaling, per, end, on) = (Scaling::Classic, Per::Stream, End::Keep, On::All);
        Self { rank: 8, alpha: 8.0, scaling, per, end, on }
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
