//! What a catalogue says of a method besides its name: its family, its settings with their ranges, what it needs.

use anyhow::{Result, bail, ensure};
use toml::{Table, Value};

use crate::registry::unknown;

/// The heading under which a method is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Training as it is, without anything against forgetting, and its upper bound.
    Plain,
    /// Terms that keep weights where they mattered.
    Regularisation,
    /// Earlier examples that are seen again.
    Replay,
    /// Small weights beside frozen ones.
    Adapters,
    /// A part of the weights is trained.
    Partial,
    /// Several sets of weights become one.
    Merging,
    /// Distributions over weights.
    Bayesian,
    /// Weights that another network makes.
    Generated,
    /// A network for each preference over tasks.
    Preferred,
    /// None of these.
    Other,
}

impl Family {
    /// All of them, in the order of lists.
    pub const ALL: [Self; 10] = [
        Self::Plain,
        Self::Regularisation,
        Self::Replay,
        Self::Adapters,
        Self::Partial,
        Self::Merging,
        Self::Bayesian,
        Self::Generated,
        Self::Preferred,
        Self::Other,
    ];
    /// The heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Plain => "bounds",
            Self::Regularisation => "regularisation",
            Self::Replay => "rehearsal",
            Self::Adapters => "adapters",
            Self::Partial => "partial tuning",
            Self::Merging => "averaging and merging",
            Self::Bayesian => "distributions over weights",
            Self::Generated => "hypernetworks",
            Self::Preferred => "a network per preference",
            Self::Other => "others",
        }
    }
    /// Whether two of the family in one stack would contradict each other.
    pub(crate) fn is_alone(self) -> bool {
        matches!(self, Self::Adapters | Self::Partial)
    }
}

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

/// One key of a method's table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting {
    /// The key.
    pub key: &'static str,
    /// One line: what it is, with the paper's symbol.
    pub about: &'static str,
    /// What it may be.
    pub range: Range,
}

/// What a setting may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Range {
    /// A whole number from the first to the second, both included.
    Whole(i64, i64),
    /// A finite number of at least this.
    AtLeast(f64),
    /// A finite number above this.
    Above(f64),
    /// A number from the first to the second, both included.
    Within(f64, f64),
    /// A number from the first on and below the second.
    From(f64, f64),
    /// True or false.
    Flag,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Anything that these words describe; the method checks it.
    Text(&'static str),
}

impl Range {
    /// The range in words.
    pub fn words(self) -> String {
        match self {
            Self::Whole(least, i64::MAX) => format!("a whole number of at least {least}"),
            Self::Whole(least, most) => format!("a whole number between {least} and {most}"),
            Self::AtLeast(least) => format!("at least {least}"),
            Self::Above(least) => format!("above {least}"),
            Self::Within(least, most) => format!("between {least} and {most}"),
            Self::From(least, below) => format!("at least {least} and below {below}"),
            Self::Flag => "true or false".into(),
            Self::Choice(words) => words.join(" | "),
            Self::Text(what) => what.into(),
        }
    }

    /// Whether `value` is in the range.
    pub fn holds(self, value: &Value) -> bool {
        let number = match value {
            Value::Float(number) => Some(*number),
            Value::Integer(number) => Some(*number as f64),
            _ => None,
        };
        let number = |fits: &dyn Fn(f64) -> bool| number.is_some_and(|x| x.is_finite() && fits(x));
        match self {
            Self::Whole(least, most) => value.as_integer().is_some_and(|n| (least..=most).contains(&n)),
            Self::AtLeast(least) => number(&|x| x >= least),
            Self::Above(least) => number(&|x| x > least),
            Self::Within(least, most) => number(&|x| (least..=most).contains(&x)),
            Self::From(least, below) => number(&|x| (least..below).contains(&x)),
            Self::Flag => value.is_bool(),
            Self::Choice(words) => word(value).is_some_and(|word| words.contains(&word.as_str())),
            Self::Text(_) => true,
        }
    }
}

/// A value as a word; on a command line the word `true` arrives as a truth value.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(word) => Some(word.clone()),
        Value::Boolean(word) => Some(word.to_string()),
        _ => None,
    }
}

/// Refuses a value of the table of `name` that is out of its setting's range.
pub(crate) fn check(name: &str, settings: &[Setting], table: &Table) -> Result<()> {
    for Setting { key, range, .. } in settings {
        let Some(value) = table.get(*key).filter(|value| !range.holds(value)) else { continue };
        if let (Range::Choice(words), Some(word)) = (range, word(value)) {
            bail!("{name}.{key}: {}", unknown("value", &word, words));
        }
        ensure!(!matches!(range, Range::Flag), "{name}.{key} = {value} is neither true nor false");
        bail!("{name}.{key} = {value} is not {}", range.words());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_their_ends_as_they_say() {
        let float = Value::Float;
        assert!(Range::Whole(1, 4).holds(&Value::Integer(4)) && !Range::Whole(1, 4).holds(&Value::Integer(5)));
        assert!(!Range::Whole(1, 4).holds(&float(2.0)));
        assert!(Range::AtLeast(0.0).holds(&float(0.0)) && !Range::Above(0.0).holds(&float(0.0)));
        assert!(Range::Within(0.0, 1.0).holds(&Value::Integer(1)) && !Range::From(0.0, 1.0).holds(&float(1.0)));
        assert!(!Range::AtLeast(0.0).holds(&float(f64::INFINITY)) && !Range::Above(0.0).holds(&float(f64::NAN)));
        assert!(Range::Choice(&["true"]).holds(&Value::Boolean(true)) && !Range::Flag.holds(&Value::Integer(1)));
    }

    #[test]
    fn what_is_refused_is_named_with_its_range() {
        let settings = [
            Setting { key: "rank", about: "", range: Range::Whole(1, 64) },
            Setting { key: "rule", about: "", range: Range::Choice(&["slerp", "ties"]) },
        ];
        let said = |text: &str| check("merge", &settings, &text.parse().expect("TOML")).expect_err("bad").to_string();
        assert_eq!(said("rank = 0"), "merge.rank = 0 is not a whole number between 1 and 64");
        assert_eq!(
            said("rule = \"tie\""),
            "merge.rule: unknown value `tie`; did you mean `ties`? there are slerp, ties"
        );
        assert!(check("merge", &settings, &Table::new()).is_ok());
    }
}
