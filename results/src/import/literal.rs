//! Lists, dictionaries and numbers as Python, NumPy and JSON print them: read as data, nothing is run.
//!
//! Items stand between commas or between blanks, so that `[[0.9, null], [0.6, 0.8]]`, `[[0.9 0. ]\n [0.6 0.8]]` and
//! `array([[0.9, nan]])` are one language. `np.float64(1.5)` is the number in it.

/// Brackets within brackets, at most.
const DEEPEST: usize = 64;
/// Values in a text, at most: a matrix of a thousand tasks has a million.
const MOST: usize = 4_000_000;
/// Calls that stand for their first argument.
const WRAPPERS: [&str; 4] = ["array", "asarray", "tensor", "Tensor"];

/// A value as it is printed.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    /// A number, a word, or anything else that is no text and has no brackets.
    Bare(&'a str),
    /// What stands in quotes.
    Text(String),
    /// `[…]` or `(…)`.
    List(Vec<Value<'a>>),
    /// `{…}`, with all its keys, those that stand twice included.
    Dict(Vec<(String, Value<'a>)>),
    /// What is understood no further.
    Other,
}

impl Value<'_> {
    /// The number, if it is one and finite.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Bare(text) => text.parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        }
    }

    /// As a message names it.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Bare(text) => crate::words::short(text),
            Self::Text(text) => format!("'{}'", crate::words::short(text)),
            Self::List(_) => "[…]".into(),
            Self::Dict(_) => "{…}".into(),
            Self::Other => "…".into(),
        }
    }
}

/// Reads the first value of `text`, and says how many bytes it takes.
///
/// # Errors
/// Says on which line, counted from 1 at the beginning of `text`.
pub(super) fn first(text: &str) -> Result<(Value<'_>, usize), String> {
    let mut reader = Reader { text, at: 0, values: 0 };
    reader.blanks();
    let value = reader.value(0)?;
    Ok((value, reader.at))
}

/// Reads all values of `text`.
///
/// # Errors
/// As [`first`].
pub(super) fn all(text: &str) -> Result<Vec<Value<'_>>, String> {
    let mut reader = Reader { text, at: 0, values: 0 };
    let mut values = Vec::new();
    loop {
        reader.separators();
        if reader.peek().is_none() {
            return Ok(values);
        }
        values.push(reader.value(0)?);
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    values: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn skip(&mut self, wanted: impl Fn(char) -> bool) {
        let rest = &self.text[self.at..];
        self.at += rest.find(|c| !wanted(c)).unwrap_or(rest.len());
    }

    fn blanks(&mut self) {
        self.skip(char::is_whitespace);
    }

    fn separators(&mut self) {
        self.skip(|c| c.is_whitespace() || c == ',');
    }

    fn wrong(&self, why: &str) -> String {
        format!("line {}: {why}", self.text[..self.at].matches('\n').count() + 1)
    }

    fn value(&mut self, depth: usize) -> Result<Value<'a>, String> {
        self.values += 1;
        if self.values > MOST {
            return Err(self.wrong(&format!("more than {MOST} values")));
        }
        if depth > DEEPEST {
            return Err(self.wrong(&format!("more than {DEEPEST} brackets within brackets")));
        }
        match self.peek() {
            Some(open @ ('[' | '(')) => self.list(if open == '[' { ']' } else { ')' }, depth).map(Value::List),
            Some('{') => self.dict(depth).map(Value::Dict),
            Some(quote @ ('\'' | '"')) => self.text(quote).map(Value::Text),
            Some(close @ (']' | ')' | '}' | ':')) => {
                Err(self.wrong(&format!("`{close}` without what comes before it")))
            }
            Some(_) => self.bare(depth),
            None => Err(self.wrong("the text ends where a value should be; it may be cut off")),
        }
    }

    /// The items up to `close`.
    fn list(&mut self, close: char, depth: usize) -> Result<Vec<Value<'a>>, String> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.separators();
            match self.peek() {
                Some(c) if c == close => break,
                None => return Err(self.wrong(&format!("`{close}` is missing; the text may be cut off"))),
                Some(_) => items.push(self.value(depth + 1)?),
            }
        }
        self.at += close.len_utf8();
        Ok(items)
    }

    fn dict(&mut self, depth: usize) -> Result<Vec<(String, Value<'a>)>, String> {
        self.at += 1;
        let mut pairs = Vec::new();
        loop {
            self.separators();
            match self.peek() {
                Some('}') => break,
                None => return Err(self.wrong("`}` is missing; the text may be cut off")),
                Some(_) => {}
            }
            let key = match self.value(depth + 1)? {
                Value::Text(key) => key,
                Value::Bare(key) => key.into(),
                _ => return Err(self.wrong("a key is neither a text nor a number")),
            };
            self.blanks();
            if self.peek() != Some(':') {
                return Err(self.wrong(&format!("`:` is missing after `{}`", crate::words::short(&key))));
            }
            self.at += 1;
            pairs.push((key, self.held(depth)?));
        }
        self.at += 1;
        Ok(pairs)
    }

    /// What a key stands for: all up to the next comma, which need not be understood.
    fn held(&mut self, depth: usize) -> Result<Value<'a>, String> {
        self.blanks();
        let mut value = self.value(depth + 1)?;
        loop {
            self.blanks();
            match self.peek() {
                Some(',' | '}') => return Ok(value),
                // A line break ends nothing, so a text that is cut off ends here.
                None => return Err(self.wrong("`}` is missing; the text may be cut off")),
                Some(':') => self.at += 1,
                Some(_) => {
                    self.value(depth + 1)?;
                }
            }
            value = Value::Other;
        }
    }

    fn text(&mut self, quote: char) -> Result<String, String> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        let mut escaped = false;
        for (index, c) in self.text[self.at..].char_indices() {
            match c {
                _ if escaped => {
                    escaped = false;
                    text.push(c);
                }
                '\\' => escaped = true,
                _ if c == quote => {
                    self.at += index + 1;
                    return Ok(text);
                }
                _ => text.push(c),
            }
        }
        self.at = start;
        Err(self.wrong("a quote opens and does not close"))
    }

    fn bare(&mut self, depth: usize) -> Result<Value<'a>, String> {
        let start = self.at;
        self.skip(|c| !c.is_whitespace() && !matches!(c, ',' | ':' | '[' | ']' | '(' | ')' | '{' | '}' | '\'' | '"'));
        let word = &self.text[start..self.at];
        if self.peek() != Some('(') {
            return Ok(Value::Bare(word));
        }
        let arguments = self.list(')', depth + 1)?;
        let name = word.rsplit('.').next().unwrap_or(word);
        let wraps = WRAPPERS.contains(&name) || name.starts_with("float") || name.starts_with("int");
        Ok(arguments.into_iter().next().filter(|_| wraps).unwrap_or(Value::Other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bare<'a>(words: &[&'a str]) -> Value<'a> {
        Value::List(words.iter().map(|word| Value::Bare(word)).collect())
    }

    #[test]
    fn commas_blanks_and_wrappers_are_one_language() {
        let rows = Value::List(vec![bare(&["0.9", "0."]), bare(&["0.6", "nan"])]);
        for text in
            ["[[0.9, 0.], [0.6, nan]]", "[[0.9 0. ]\n [0.6 nan]]", "array([[0.9,0.],\n [0.6,nan]], dtype=float32)"]
        {
            assert_eq!(first(text).unwrap().0, rows, "{text}");
        }
        assert_eq!(all("[1, 2]\n[3]\n").unwrap(), [bare(&["1", "2"]), bare(&["3"])]);
        assert_eq!(first("np.float64(1.5)").unwrap().0.number(), Some(1.5));
        assert_eq!(first("inf").unwrap().0.number(), None);
    }

    #[test]
    fn commas_and_colons_in_values_part_nothing() {
        let text = "{'a': 'x, \\'y: z', 'b': [1, {'c': 2}], 'd': np.float64(1.5), 'e': device(type='cuda', index=0), \
                    'f': <torch.device object at 0x7f>, \"g\": None}";
        let Value::Dict(pairs) = first(text).unwrap().0 else { panic!("not a dictionary") };
        let keys: Vec<&str> = pairs.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["a", "b", "d", "e", "f", "g"]);
        assert_eq!((&pairs[0].1, pairs[2].1.number()), (&Value::Text("x, 'y: z".into()), Some(1.5)));
        assert_eq!((&pairs[3].1, &pairs[4].1), (&Value::Other, &Value::Other));
    }

    #[test]
    fn what_is_cut_off_or_closed_twice_is_named_with_its_line() {
        for (text, why) in [
            ("[[1, 2],\n [3", "line 2: `]` is missing"),
            ("{'a': [1}", "line 1: `}` without"),
            ("{'a': 1", "line 1: `}` is missing"),
            ("{'a': ", "line 1: the text ends"),
            ("{'a' 1}", "line 1: `:` is missing after `a`"),
            ("{'a': 1)}", "line 1: `)` without"),
            ("['a", "line 1: a quote opens"),
        ] {
            let error = first(text).unwrap_err();
            assert!(error.starts_with(why), "{text}: {error}");
        }
        assert!(first(&"[".repeat(100_000)).unwrap_err().contains("brackets within brackets"));
    }
}
