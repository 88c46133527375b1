//! The methods that ship with clbench, one file each; [`catalogue`] is the table of contents.

pub mod adapter;
pub mod bayes;
pub mod dora;
pub mod ema;
pub mod ewc;
pub mod finetune;
pub mod gem;
pub mod hypernet;
pub mod inflora;
pub mod joint;
pub mod lora;
pub mod merge;
pub mod olora;
pub mod partial;
pub mod per_preference;
mod preference;
pub mod replay;
pub mod vera;

use clbench::method::Method;

/// Every method, in the order in which lists show them.
pub fn catalogue() -> Vec<Method> {
    let mut all = vec![
        finetune::METHOD,
        joint::METHOD,
        ewc::METHOD,
        replay::METHOD,
        gem::METHOD,
        lora::METHOD,
        dora::METHOD,
        vera::METHOD,
        olora::METHOD,
        inflora::METHOD,
        partial::BITFIT,
        partial::NORMS,
        partial::FREEZE,
        ema::METHOD,
        merge::METHOD,
    ];
    all.extend_from_slice(merge::PRESETS);
    all.extend([
        bayes::vcl::BBB,
        bayes::vcl::VCL,
        bayes::coreset::METHOD,
        bayes::ibcl::METHOD,
        hypernet::METHOD,
        per_preference::METHOD,
    ]);
    all
}
