//! What a part of a run may need of another.

/// What a method needs of a stream and its network.
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
    /// A loss of each example by itself.
    OwnLoss,
    /// No running statistics, which several sets of weights would share.
    Stateless,
    /// One head for all tasks.
    OneHead,
}

impl Need {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Task,
        Self::Matrices,
        Self::Attention,
        Self::Norms,
        Self::Biases,
        Self::OwnLoss,
        Self::Stateless,
        Self::OneHead,
    ];
    /// What is needed, to complete the sentence "it needs …".
    pub fn what(self) -> &'static str {
        match self {
            Self::Task => "the task's identity, in training and in evaluation",
            Self::Matrices => "a matrix or a kernel in the body",
            Self::Attention => "attention in the body",
            Self::Norms => "a layer that normalises in the body",
            Self::Biases => "a bias in the body",
            Self::OwnLoss => "a loss of each example by itself",
            Self::Stateless => "a network without running statistics",
            Self::OneHead => "one head for all tasks",
        }
    }
    /// What to do where it is not there.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Task => "set head.train and head.test to \"task\"",
            Self::Matrices => "choose a network with hidden layers, such as net.widths=[128]",
            Self::Attention => "choose a network that has some, such as net.body=\"vit\"",
            Self::Norms => "choose a network that has some, such as net.body=\"vit\", or set net.batch_norm=true",
            Self::Biases => "choose a network that has some, such as net.body=\"mlp\"",
            Self::OwnLoss => "leave [text] out",
            Self::Stateless => "leave batch normalisation out, such as with net.batch_norm=false",
            Self::OneHead => "set head.kind = \"shared\"",
        }
    }
}
