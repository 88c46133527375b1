//! What goes together: what a part of a run may need of the rest of it, and what a part takes from the others.

/// What a part may need. It is there unless the stream or the network lacks it, or another part takes it ([`Taken`]);
/// only [`Need::Preferences`] is there where a part gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The task's identity, in training and in evaluation.
    Task,
    /// A matrix or a kernel in the body.
    Matrices,
    /// A layer of attention in the body.
    Attention,
    /// A layer that normalises in the body.
    Norms,
    /// A bias in the body.
    Biases,
    /// No running statistics, which several sets of weights would share.
    Stateless,
    /// One head for all tasks.
    OneHead,
    /// A loss of each example by itself: batches can be split.
    OwnLoss,
    /// Logits of one network, `Fit::logits`.
    Logits,
    /// Features behind the answers, `Predictor::features`.
    Features,
    /// The network's own weights, by their paths in `theta`.
    OwnWeights,
    /// One set of weights for all tasks.
    OneSet,
    /// Weights that are one network's, as numbers.
    Point,
    /// The same paths in `theta` from one experience to the next.
    SteadyPaths,
    /// Values in `theta` that nobody rewrites between two experiences.
    SteadyValues,
    /// To say which weights are deployed.
    Deployment,
    /// To say which adapters are trained.
    AdapterPlace,
    /// To say which part of the body is trained.
    PartPlace,
    /// A matrix in `theta`; it can be taken only from what comes later in the stack.
    TrainedMatrices,
    /// Answers that depend on a preference over tasks.
    Preferences,
}

impl Need {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::Task,
        Self::Matrices,
        Self::Attention,
        Self::Norms,
        Self::Biases,
        Self::Stateless,
        Self::OneHead,
        Self::OwnLoss,
        Self::Logits,
        Self::Features,
        Self::OwnWeights,
        Self::OneSet,
        Self::Point,
        Self::SteadyPaths,
        Self::SteadyValues,
        Self::Deployment,
        Self::AdapterPlace,
        Self::PartPlace,
        Self::TrainedMatrices,
        Self::Preferences,
    ];
    /// What is needed, to complete the sentence "it needs …".
    pub fn what(self) -> &'static str {
        match self {
            Self::Task => "the task's identity, in training and in evaluation",
            Self::Matrices => "a matrix or a kernel in the body",
            Self::Attention => "attention in the body",
            Self::Norms => "a layer that normalises in the body",
            Self::Biases => "a bias in the body",
            Self::Stateless => "a network without running statistics",
            Self::OneHead => "one head for all tasks",
            Self::OwnLoss => "a loss of each example by itself",
            Self::Logits => "the logits of one network",
            Self::Features => "the features that answers come from",
            Self::OwnWeights => "the network's own weights",
            Self::OneSet => "one set of weights for all tasks",
            Self::Point => "one network's weights, as numbers",
            Self::SteadyPaths => "the same parameters from one experience to the next",
            Self::SteadyValues => "parameters that nobody rewrites between experiences",
            Self::Deployment => "to say which weights are deployed",
            Self::AdapterPlace => "to say which adapters are trained",
            Self::PartPlace => "to say which part of the body is trained",
            Self::TrainedMatrices => "a matrix that is trained",
            Self::Preferences => "answers that depend on a preference",
        }
    }
    /// What to do in a stream file where it is not there; none of what only another part of the stack can take.
    pub fn remedy(self) -> Option<&'static str> {
        Some(match self {
            Self::Task => "set head.train and head.test to \"task\"",
            Self::Matrices => "choose a network with hidden layers, such as net.widths=[128]",
            Self::Attention => "choose a network that has some, such as net.body=\"vit\"",
            Self::Norms => "choose a network that has some, such as net.body=\"vit\", or set net.batch_norm=true",
            Self::Biases => "choose a network that has some, such as net.body=\"mlp\" with net.widths=[128]",
            Self::Stateless => "leave batch normalisation out, such as with net.batch_norm=false",
            Self::OneHead => "set head.kind = \"shared\"",
            Self::OwnLoss | Self::Logits => "leave [text] out",
            Self::Preferences => "add a carrier that gives them, such as ibcl",
            _ => return None,
        })
    }
    /// Says that a part takes this; `why` completes "it needs …, and `lora` …".
    pub const fn taken(self, why: &'static str) -> Taken {
        Taken { need: self, why, unless: &[] }
    }
}

/// What a part takes from those beside it: what is not there, or no longer there, where it is in the stack. A part that
/// needs what it takes wants to be alone with it.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    /// What is taken.
    pub need: Need,
    /// What the part does, to complete "it needs …, and `lora` …".
    pub why: &'static str,
    /// Its own settings with which it would not, such as `per=stream`; they are named where the part has them.
    pub unless: &'static [&'static str],
}

impl Taken {
    /// The same, but not with these settings of the part.
    pub const fn unless(self, settings: &'static [&'static str]) -> Self {
        Self { unless: settings, ..self }
    }
}

/// Says that `needy` does not go with `taker`: both names, the reason and what to do.
pub fn refused(needy: &str, taker: &str, need: Need, why: &str, remedy: &str) -> String {
    let [needy, taker] =
        [needy, taker].map(|name| if name.starts_with('[') { name.to_owned() } else { format!("`{name}`") });
    format!("{needy} does not go with {taker}: it needs {}, and {taker} {why}; {remedy}", need.what())
}
