//! The numbers in a printed Python dictionary: read by key, nothing is run and nothing else is understood.

/// The pairs of the outermost dictionary whose keys are text; values are the raw text up to the next comma.
pub(super) fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let inner = text.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).ok_or("not a dictionary")?;
    let (mut parts, mut depth, mut quote, mut escaped) = (vec![(String::new(), None::<usize>)], 0_usize, None, false);
    for c in inner.chars() {
        let (part, colon) = parts.last_mut().expect("there is a last part");
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if open == c => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.checked_sub(1).ok_or("a bracket closes that was not opened")?,
            (None, ':') if depth == 0 && colon.is_none() => *colon = Some(part.len()),
            (None, ',') if depth == 0 => {
                parts.push((String::new(), None));
                continue;
            }
            // Inside a text nothing but its end counts.
            _ => {}
        }
        part.push(c);
    }
    if quote.is_some() || depth > 0 {
        return Err("it ends inside a bracket or a text".into());
    }
    let pair = |(part, colon): &(String, Option<usize>)| {
        let (key, value) = part.split_at((*colon)?);
        Some((key.trim().trim_matches(['\'', '"']).to_string(), value[1..].trim().to_string()))
    };
    Ok(parts.iter().filter_map(pair).collect())
}

/// A number, bare or as `np.float64(1.5)`.
pub(super) fn number(text: &str) -> Option<f64> {
    let inner = text.strip_prefix("np.float").and_then(|rest| rest.split_once('(')?.1.strip_suffix(')'));
    inner.unwrap_or(text).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_and_colons_in_values_part_nothing() {
        let found =
            pairs("{'a': 'x, \\'y: z', 'b': [1, {'c': 2}], 'd': np.float64(1.5), 'e': device(type='cuda')}").unwrap();
        let keys: Vec<&str> = found.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["a", "b", "d", "e"]);
        assert_eq!(number(&found[2].1), Some(1.5));
        assert!(pairs("{'a': [1}").is_err() && pairs("{'a': 1)}").is_err() && pairs("x").is_err());
    }
}
