//! The methods that ship with clbench, one file each; [`catalogue`] is the table of contents.

pub mod ema;
pub mod ewc;
pub mod finetune;
pub mod joint;
pub mod lora;
pub mod replay;

use clbench::registry::Method;

/// Every method, in the order in which lists show them.
pub fn catalogue() -> Vec<Method> {
    vec![finetune::METHOD, joint::METHOD, ewc::METHOD, lora::METHOD, replay::METHOD, ema::METHOD]
}
