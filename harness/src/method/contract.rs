//! The contract: one carrier, any number of contributions, what they may use and what they hand over.
//!
//! Both are `dyn`: a stack is chosen at run time by name, a hook is called a few times per step, and a
//! generic stack would put a type parameter on every signature to save nanoseconds. What is generic is
//! storage: a contribution derives serde and is stored by that ([`Stored`]).

use anyhow::{Result, bail};
use burn::tensor::{Device, Int, Tensor};

#[cfg(doc)]
use crate::batch::Feed;

use super::{Ctx, Deploy};
use crate::{
    batch::Batch,
    budget::Spent,
    catalogue::{Need, Taken},
    network::{
        pass::{Pass, Weights},
        predictor::Predictor,
    },
    primitives::{draws::Draws, scope::counted, stored::Stored, theta::Theta},
};

/// Owns the meaning of the weights: what is trained, the base loss, and how weights become answers.
///
/// A carrier holds no state. All it learns lies in [`Weights`] (`theta` if trained, `frozen` if not), which
/// is why averaging, checkpointing and looking ahead work for every carrier without its help, and why a
/// [`Ctx`] can lend it to contributions while its own hooks run.
pub trait Carrier: Send + Sync {
    /// Weights before the first experience.
    fn init(&self, draws: &Draws, device: &Device) -> Weights;
    /// The base loss of a batch, and of the batch alone: it may be asked several times in a step (replay, a Fisher),
    /// so a term that does not depend on the batch, such as a divergence from a prior, belongs to `gradients`.
    fn loss(&self, pass: &mut Pass, batch: &Batch) -> Fit;
    /// What answers for `weights`, at any time of a run: also before the first step.
    fn predictor(&self, weights: &Weights) -> Box<dyn Predictor>;

    /// What it needs beyond what its entry in the catalogue says, where that depends on its settings.
    fn needs(&self) -> Vec<Need> {
        Vec::new()
    }
    /// What those beside it do not find, such as [`Need::OwnWeights`] where weights are distributions, [`Need::Logits`]
    /// where several networks answer at once, [`Need::OwnLoss`] where the loss compares the examples of a batch with
    /// each other.
    fn takes(&self) -> Vec<Taken> {
        Vec::new()
    }
    /// What there is with it alone: [`Need::Preferences`], without which `eval.preferences` is refused.
    fn gives(&self) -> Vec<Need> {
        Vec::new()
    }
    /// Whether it is the plain network's: what takes another's place where the stream file says so.
    fn is_plain(&self) -> bool {
        false
    }
    /// Prefixes of the parts of `theta` that are trained as if each were alone, such as several posteriors; none where
    /// all of it is one. Gradients are clipped and projected part by part.
    fn apart(&self, _theta: &Theta) -> Vec<String> {
        Vec::new()
    }
    /// The prefixes of [`Carrier::apart`]; the empty one where all of `theta` is one part.
    fn parts(&self, theta: &Theta) -> Vec<String> {
        let apart = self.apart(theta);
        if apart.is_empty() { vec![String::new()] } else { apart }
    }
    /// Refuses weights out of a file with which it could not answer any preference.
    ///
    /// # Errors
    /// When they are not what a finished run of this carrier leaves, or it answers only what it was trained for.
    fn answers_any(&self, _weights: &Weights) -> Result<()> {
        bail!("this method answers only the preferences that it was trained for; run method=ibcl for any other")
    }
    /// What `task_end` will need, kept back when the steps are fixed; see [`Contribution::reserve`].
    fn reserve(&self, _cx: &Ctx) -> Result<Spent> {
        Ok(Spent::default())
    }
    /// Before the first step of an experience, before any contribution's hook.
    fn task_start(&self, _cx: &mut Ctx) -> Result<()> {
        Ok(())
    }
    /// Whether [`Carrier::gradients`] adds a penalty's gradient and says its value ([`Ctx::penalty`]), which then has a
    /// column `penalty` in `train.csv`.
    fn penalises(&self) -> bool {
        false
    }
    /// Edits the gradients before any contribution does.
    fn gradients(&self, _cx: &mut Ctx, _grads: &mut Theta) -> Result<()> {
        Ok(())
    }
    /// After the last step of an experience, before any contribution's hook.
    fn task_end(&self, _cx: &mut Ctx) -> Result<()> {
        Ok(())
    }
}

/// What a carrier makes of a batch, graph kept.
pub struct Fit {
    /// Shape `[1]`.
    pub loss: Tensor<1>,
    /// Shape `[batch, classes]`; none where several networks speak at once.
    pub logits: Option<Tensor<2>>,
}

impl Fit {
    /// Cross-entropy of one network's logits `[batch, classes]` with `labels` `[batch]`, in `pass`.
    pub fn of(pass: &mut Pass, logits: Tensor<2>, labels: Tensor<1, Int>) -> Self {
        Self { loss: pass.cross_entropy(logits.clone(), labels), logits: Some(logits) }
    }
    /// Mean squared distance of its logits from `taught` `[batch, classes]`, over the classes that count in both: what
    /// a distillation on logits minimises. Shape `[1]`; none where there are no logits.
    pub fn distance(&self, pass: &mut Pass, taught: Tensor<2>) -> Option<Tensor<1>> {
        let logits = self.logits.clone()?;
        let ([_, counts], [taught, theirs]) = (counted(logits.clone()), counted(taught));
        let both = counts * theirs;
        let gap = logits * both.clone() - taught * both.clone();
        pass.hold(&both);
        pass.hold(&gap);
        Some((gap.clone() * gap).sum() / both.sum().clamp_min(1.0))
    }
}

/// What a step did; see [`Ctx::stepped`].
pub struct Stepped {
    /// The gradient of the loss with all its terms, before any hook edited it.
    pub gradients: Theta,
    /// The weights before the optimizer moved them.
    pub before: Theta,
}

/// Adds to what a carrier does. Six hooks, called in the order of the names in `method=a+b+c`, and what the harness
/// asks beside them: what it needs and takes, what it reserves, what it holds aside, what it withholds.
///
/// Whatever a hook does through a pass of its [`Ctx`] is charged to the phase in which the hook is called.
pub trait Contribution: Stored + Send {
    /// What it needs beyond what its entry in the catalogue says: of the parts beside it, and what depends on its
    /// settings. A vector that is kept from one experience to the next needs [`Need::SteadyPaths`], one that is
    /// averaged [`Need::SteadyValues`]; both need [`Need::OneSet`].
    fn needs(&self) -> Vec<Need> {
        Vec::new()
    }
    /// The setting with which it would do without `need`, such as `fisher=batch`, if there is one.
    fn does_without(&self, _need: Need) -> Option<&'static str> {
        None
    }
    /// What the parts beside it do not find, or no longer find, where it is in the stack.
    fn takes(&self) -> Vec<Taken> {
        Vec::new()
    }
    /// What `task_end` and the deployment after it will need, kept back when the steps are fixed. A run that
    /// overruns its budget because too little was reserved fails.
    fn reserve(&self, _cx: &Ctx) -> Result<Spent> {
        Ok(Spent::default())
    }
    /// Bytes of its state that no step reads, such as weights put aside and examples in a memory: storage, and no part
    /// of a step's peak memory.
    fn aside(&self) -> Result<usize> {
        Ok(0)
    }
    /// Before the first step of an experience: wrap parameters, take snapshots.
    fn task_start(&mut self, _cx: &mut Ctx) -> Result<()> {
        Ok(())
    }
    /// Examples of the experience that are kept out of its batches from now on, as [`Feed`] counts them, in order;
    /// never all of them. Chosen in `task_start`.
    fn withholds(&self) -> &[usize] {
        &[]
    }
    /// A term of the loss, on the same graph leaves as the base loss. `None` leaves the sum untouched.
    fn loss(&mut self, _cx: &mut Ctx, _pass: &mut Pass, _batch: &Batch, _base: &Fit) -> Result<Option<Tensor<1>>> {
        Ok(None)
    }
    /// Edits the gradients: penalties in closed form, whose value is for [`Ctx::penalty`], and projections. Clipping
    /// comes after.
    fn gradients(&mut self, _cx: &mut Ctx, _grads: &mut Theta) -> Result<()> {
        Ok(())
    }
    /// Whether its `after_step` asks what the step did ([`Ctx::stepped`]), which is held until then.
    fn follows(&self) -> bool {
        false
    }
    /// After the optimizer's step.
    fn after_step(&mut self, _cx: &mut Ctx) -> Result<()> {
        Ok(())
    }
    /// After the last step of an experience.
    fn task_end(&mut self, _cx: &mut Ctx) -> Result<()> {
        Ok(())
    }
    /// Chooses what answers: other weights (`next(&average)`), or another rule around `next(weights)`. At any time
    /// of a run, also before the first step.
    fn deploy(&self, _cx: &Deploy, weights: &Weights, next: &Next) -> Result<Box<dyn Predictor>> {
        next(weights)
    }
}

/// The rest of the stack: weights in, predictor out.
pub type Next<'a> = dyn Fn(&Weights) -> Result<Box<dyn Predictor>> + 'a;
