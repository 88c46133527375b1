//! What a run may spend and what it did spend.

mod horizon;
mod ledger;
mod peak;
pub mod published;
mod tide;

pub use self::{
    horizon::{Budget, Horizon, Offer, Per, Share, Train},
    ledger::{Footprint, Ledger, Meter, Phase, Spent},
    peak::peak_bytes,
};
