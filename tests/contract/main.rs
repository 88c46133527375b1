//! What the core and the methods promise, as claims.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod adapters;
mod bayes;
mod budget;
mod come_back;
mod defaults;
mod determinism;
mod ema;
mod environments;
mod ewc;
mod host;
mod learning;
mod life;
mod lora;
mod memories;
mod merge;
mod merge_rules;
mod normal;
mod pairs;
mod peft;
mod refusals;
mod replay;
mod resume;
mod scopes;
mod spy;
mod switched_off;
mod ties;
mod unequal;
mod whole;
mod within;
mod worked;

#[path = "../support/mod.rs"]
mod support;
