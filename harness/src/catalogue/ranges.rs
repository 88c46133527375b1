//! Ranges of settings.

use toml::Value;

use super::Setting;

/// What a setting may be.
#[derive(Clone, Copy, Debug)]
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
    /// A number above the first, up to and with the second.
    UpTo(f64, f64),
    /// A number between the two, which are not included.
    Between(f64, f64),
    /// True or false.
    Flag,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list with a number of elements from the second to the third, each of which is in the first.
    List(&'static Range, usize, usize),
    /// A table of settings.
    Table(&'static [Setting]),
    /// Anything that these words describe; what has the setting checks it.
    Text(&'static str),
}

impl Range {
    /// The range in words.
    pub fn words(self) -> String {
        match self {
            Self::Whole(least, i64::MAX) => format!("a whole number of at least {least}"),
            Self::Whole(least, most) => format!("a whole number between {least} and {most}"),
            Self::AtLeast(least) => format!("at least {}", short(least)),
            Self::Above(least) => format!("above {}", short(least)),
            Self::Within(least, most) => format!("between {} and {}", short(least), short(most)),
            Self::From(least, below) => format!("at least {} and below {}", short(least), short(below)),
            Self::UpTo(above, most) => format!("above {} and at most {}", short(above), short(most)),
            Self::Between(above, below) => format!("above {} and below {}", short(above), short(below)),
            Self::Flag => "true or false".into(),
            Self::Choice(words) => words.join(" | "),
            Self::List(each, 0, most) => format!("a list of up to {most}, each {}", each.words()),
            Self::List(each, least, usize::MAX) => format!("a list of at least {least}, each {}", each.words()),
            Self::List(each, least, most) => format!("a list of {least} to {most}, each {}", each.words()),
            Self::Table(_) => "a table".into(),
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
            Self::UpTo(above, most) => number(&|x| x > above && x <= most),
            Self::Between(above, below) => number(&|x| x > above && x < below),
            Self::Flag => value.is_bool(),
            Self::List(each, least, most) => value
                .as_array()
                .is_some_and(|list| (least..=most).contains(&list.len()) && list.iter().all(|value| each.holds(value))),
            Self::Table(_) => value.is_table(),
            Self::Choice(words) => word(value).is_some_and(|word| words.contains(&word.as_str())),
            Self::Text(_) => true,
        }
    }
}

/// A number, with an exponent where it has many zeros.
fn short(number: f64) -> String {
    let plain = number == 0.0 || (1e-4..1e7).contains(&number.abs());
    if plain { number.to_string() } else { format!("{number:e}") }
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
        assert!(Range::UpTo(0.0, 1.0).holds(&float(1.0)) && !Range::UpTo(0.0, 1.0).holds(&float(0.0)));
        let list = |values: &[i64]| Value::Array(values.iter().map(|value| Value::Integer(*value)).collect());
        let range = Range::List(&Range::Whole(1, 4), 1, 2);
        assert!(range.holds(&list(&[4, 1])) && ![&[][..], &[5], &[1, 1, 1]].iter().any(|bad| range.holds(&list(bad))));
        assert!(Range::Choice(&["true"]).holds(&Value::Boolean(true)) && !Range::Flag.holds(&Value::Integer(1)));
    }
}
