//! What must fit together in a configuration besides the ranges of its keys.

use anyhow::{Context, Result, bail, ensure};

use super::{Asked, Config, Eval, Shelf, Start};
use crate::{
    batch::memory::Memory,
    catalogue::{Need, refused},
    method::Stack,
    network::net::Net,
    primitives::scope::{Count, Head, HeadKind},
    stream::{Course, Experience, Stream},
};

pub(super) fn check(config: &mut Config, stream: &Stream, net: &Net) -> Result<()> {
    let Eval { preferences, .. } = &config.eval;
    for preference in preferences {
        let sum: f64 = preference.iter().sum();
        ensure!(
            preference.len() == stream.tasks.len()
                && preference.iter().all(|w| *w >= 0.0)
                && sum > 0.0
                && sum.is_finite(),
            "eval.preferences holds {preference:?}; give {} weights of at least 0, not all 0 and with a finite sum",
            stream.tasks.len()
        );
    }
    // Records tell preferences by their numbers.
    let twice = preferences.iter().enumerate().find(|(index, one)| preferences[..*index].contains(one));
    ensure!(twice.is_none(), "eval.preferences holds {:?} twice; ask it once", twice.map_or(&[][..], |(_, one)| one));
    if stream.once {
        let once = config.train.epochs.is_none_or(|epochs| epochs == 1) && config.train.steps.is_none();
        ensure!(once, "stream.arrival shows each example only once; leave train.epochs and train.steps out");
        config.train.epochs = Some(1);
    }
    config.train.complete(&config.budget)?;
    let pretrains = matches!(config.start, Start::Pretrain(_));
    config.mixture.check(&config.buffer, config.train.batch, stream.pool.is_some(), pretrains)?;
    config.start.check(stream)?;
    composed(config, stream)?;
    net.check()
}

/// Refuses a mixture where something else already says what comes back.
fn composed(config: &Config, stream: &Stream) -> Result<()> {
    let recorded = |experience: &Experience| matches!(experience.course, Course::Recorded { .. });
    if config.mixture.is_plain() {
        return Ok(());
    }
    ensure!(
        stream.policy.is_none() && !stream.experiences.iter().any(recorded),
        "[mixture] does not go with stream.{0}: both say what comes back; leave [mixture] or stream.{0} out",
        if stream.policy.is_some() { "environment" } else { "arrival" }
    );
    let capacity = config.buffer.examples(stream.input_bytes())?;
    Memory::<()>::new(config.buffer.keep, capacity, stream.own_classes()).context("in [buffer]")?;
    Ok(())
}

/// What is told must be granted, and heads must be unambiguous.
pub(super) fn told(config: &Config, stack: &Stack, stream: &Stream, net: &Net) -> Result<()> {
    let Head { kind, train, test } = config.head;
    let told = train == Count::Task && test == Count::Task;
    ensure!(
        !config.eval.prefers() || stack.prefers(),
        "eval.preferences and eval.random_preferences change nothing: the answers of `{}` depend on no preference; \
         leave them out",
        config.method
    );
    let asks = stream.policy.as_ref().is_some_and(|make| make().asks());
    if let Some((name, taken)) = stack.takes(Need::Logits).filter(|_| asks) {
        let remedy = "choose an environment that does not ask what the network answers, such as \
                      stream.environment=cumulative";
        bail!(refused("stream.environment", name, Need::Logits, taken.why, remedy));
    }
    let by_features = !config.mixture.is_plain() && config.buffer.keep.needs_features();
    if let Some((name, taken)) = stack.takes(Need::Features).filter(|_| by_features) {
        let remedy = "choose what asks for no features, such as buffer.keep=reservoir";
        bail!(refused("[buffer]", name, Need::Features, taken.why, remedy));
    }
    for (name, need) in &stack.needs {
        let given = match need {
            Need::Task => told,
            Need::Preferences => stack.prefers(),
            part => net.offers(*part),
        };
        ensure!(given, "`{name}` needs {}; {}", need.what(), need.remedy().unwrap_or_default());
    }
    let heads = stream.heads(&config.head);
    ensure!(
        told || kind == HeadKind::Shared || !heads.overlap(),
        "tasks share classes, so with head.kind = \"multi\" only the task's identity says which head answers; set \
         head.train and head.test to \"task\""
    );
    Ok(())
}

/// A setting from the command line for a method that is not in the stack would do nothing.
pub(super) fn used(asked: &Asked, config: &Config, shelf: &Shelf) -> Result<()> {
    for setting in &asked.overrides {
        let first = setting.path.split('.').next().unwrap_or_default();
        let idle = shelf.method(first).is_ok() && !config.method.split('+').any(|name| name == first);
        ensure!(!idle, "{} does nothing: `{first}` is not in method={}", setting.path, config.method);
    }
    Ok(())
}
