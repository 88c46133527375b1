//! The methods that ship with clbench, one file each; [`catalogue`] is the table of contents.

pub mod adapters;
pub mod bayesian;
pub mod bounds;
pub mod hypernetworks;
pub mod merging;
pub mod partial;
pub mod preferences;
pub mod regularisation;
pub mod replay;

use clbench::method::Method;

/// Every method, in the order in which lists show them: family by family.
pub fn catalogue() -> Vec<Method> {
    [
        bounds::METHODS,
        regularisation::METHODS,
        replay::METHODS,
        adapters::METHODS,
        partial::METHODS,
        merging::METHODS,
        merging::merge::PRESETS,
        bayesian::METHODS,
        hypernetworks::METHODS,
        preferences::METHODS,
    ]
    .concat()
}
