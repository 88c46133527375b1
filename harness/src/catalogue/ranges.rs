//! Ranges of settings.

use toml::Value;

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
pub(super) fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(word) => Some(word.clone()),
        Value::Boolean(word) => Some(word.to_string()),
        _ => None,
    }
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
}
