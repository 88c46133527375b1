//! The contract: carriers, contributions, what they may use, and how they are stacked.

mod contract;
mod ctx;
mod dual;
mod entry;
mod plain;
mod preferences;
mod stack;
mod together;
mod within;

pub(crate) use self::within::Within;
pub use self::{
    contract::{Carrier, Contribution, Fit, Next, Stepped},
    ctx::{Ctx, Deploy},
    dual::Dual,
    entry::{Family, Make, Method, carrier, contribution},
    plain::{Network, Plain},
    preferences::Preferences,
    stack::{Part, Stack},
};
