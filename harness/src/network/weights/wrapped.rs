//! What training scripts put around the names of weights: `torch.nn.DataParallel`, `torch.compile`, and the dictionary
//! that a checkpoint is.
//!
//! A checkpoint may hold the weights under `state_dict`, `model_state_dict` or `model`, beside the state of an
//! optimizer and the like; then those alone are weights. `module.` (`DataParallel`, `DistributedDataParallel`),
//! `_orig_mod.` (`torch.compile`) and `model.` before every name are no part of it. All of these may stand within each
//! other.

use anyhow::{Result, bail};

/// Keys under which a checkpoint holds weights.
const HOLDERS: [&str; 3] = ["state_dict.", "model_state_dict.", "model."];
/// What stands before every name.
const WRAPPERS: [&str; 3] = ["module.", "_orig_mod.", "model."];
/// Keys of a checkpoint beside its weights.
const BESIDE: [&str; 16] = [
    "optimizer",
    "optimizer_state_dict",
    "optimizer_states",
    "optim",
    "opt",
    "scheduler",
    "scheduler_state_dict",
    "lr_scheduler",
    "lr_schedulers",
    "scaler",
    "ema",
    "model_ema",
    "state_dict_ema",
    "ema_state_dict",
    "loss",
    "rng_state",
];

/// The beginning of the names that are weights, which is no part of them.
///
/// # Errors
/// When weights lie under two keys.
pub(super) fn beginning<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Result<String> {
    let mut cut = String::new();
    loop {
        let rest = names.clone().filter_map(|name| name.strip_prefix(&cut[..]));
        let held: Vec<&str> =
            HOLDERS.into_iter().filter(|holder| rest.clone().any(|name| name.starts_with(holder))).collect();
        let all = |start: &str| rest.clone().next().is_some() && rest.clone().all(|name| name.starts_with(start));
        // A network may have a part that is called `model`, too.
        let is_holder = |holder: &&str| rest.clone().all(|name| name.starts_with(*holder) || is_beside(name));
        let next = match (WRAPPERS.into_iter().find(|wrapper| all(wrapper)), &held[..]) {
            (Some(wrapper), _) => wrapper,
            (None, [holder]) if *holder != "model." || is_holder(holder) => holder,
            (None, [] | [_]) => return Ok(cut),
            (None, [one, other, ..]) => bail!(
                "there are weights under `{}` and under `{}`; save one of them alone",
                one.trim_end_matches('.'),
                other.trim_end_matches('.')
            ),
        };
        cut += next;
    }
}

/// Whether this is the name of something that a checkpoint holds beside weights.
fn is_beside(name: &str) -> bool {
    BESIDE.contains(&name.split('.').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(names: &[&str]) -> Result<String> {
        beginning(names.iter().copied())
    }

    #[test]
    fn what_stands_around_weights_is_found() {
        for (names, wanted) in [
            (&["body.0.weight", "head.bias"][..], ""),
            (&["module.a", "module.b.c"], "module."),
            (&["_orig_mod.a"], "_orig_mod."),
            (&["model.a", "model.b"], "model."),
            (&["module._orig_mod.a", "module._orig_mod.b"], "module._orig_mod."),
            (&["state_dict.a", "optimizer.state.0.exp_avg"], "state_dict."),
            (&["state_dict.module.a", "state_dict.module.b", "epoch"], "state_dict.module."),
            (&["state_dict.model.a", "state_dict.model.b"], "state_dict.model."),
            (&["model_state_dict.a", "optimizer_state_dict.state.0.exp_avg"], "model_state_dict."),
            (&["model._orig_mod.a", "optimizer.state.0.exp_avg", "ema.a"], "model._orig_mod."),
            (&["model.state_dict.a", "model.optimizer.b"], "model.state_dict."),
            // Parts of a network that have such names beside others are parts of it.
            (&["model.a", "fc.weight"], ""),
            (&["module.a", "fc.weight"], ""),
            (&["modules.a", "modulex"], ""),
            (&[], ""),
        ] {
            assert_eq!(cut(names).expect("one holder"), wanted, "{names:?}");
        }
    }

    #[test]
    fn weights_in_two_places_are_refused() {
        for names in [&["state_dict.a", "model_state_dict.a"][..], &["state_dict.a", "model.a", "optimizer.b"]] {
            let error = cut(names).expect_err("two").to_string();
            assert!(error.contains("there are weights under `state_dict` and under `model"), "{error}");
        }
    }
}
