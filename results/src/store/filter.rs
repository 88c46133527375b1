//! Which runs stand in a table: `method=ewc`, `stream=split-*`, `lora.rank=8`, `version=0.1.0`.

use std::str::FromStr;

use crate::{record::Manifest, words::short};

/// A condition on a run: a key and patterns of which one must fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    key: String,
    patterns: Vec<String>,
}

/// What a key can be besides a setting of the command line.
const KEYS: [&str; 10] =
    ["method", "stream", "hash", "seed", "version", "revision", "device", "start", "joint", "setting"];

impl FromStr for Filter {
    type Err = String;

    /// Reads `KEY=PATTERN,PATTERN`; `*` stands for any characters.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!("`{}` is no KEY=PATTERN; keys are {}, or a setting such as lora.rank", short(text), KEYS.join(", "))
        };
        let (key, patterns) = text.split_once('=').ok_or_else(wrong)?;
        let key = key.trim().to_owned();
        if !KEYS.contains(&&key[..]) && !key.contains('.') {
            return Err(wrong());
        }
        let patterns: Vec<String> = patterns.split(',').map(|pattern| pattern.trim().to_owned()).collect();
        if patterns.iter().any(String::is_empty) {
            return Err(wrong());
        }
        Ok(Self { key, patterns })
    }
}

impl Filter {
    /// Whether the run of `manifest` fits.
    pub fn fits(&self, manifest: &Manifest) -> bool {
        let fit = |value: &str| self.patterns.iter().any(|pattern| matches(pattern, value));
        match self.key.as_str() {
            "method" => fit(&manifest.method),
            "stream" => fit(&manifest.stream.name),
            "hash" => fit(&manifest.stream.hash),
            "seed" => fit(&manifest.seed.to_string()),
            "version" => fit(&manifest.version),
            "revision" => fit(&manifest.revision),
            "device" => fit(&manifest.device),
            "start" => fit(&manifest.conditions.start),
            "joint" => fit(&manifest.stream.joint.to_string()),
            "setting" => manifest.overrides.iter().any(|setting| fit(setting)),
            key => manifest.overrides.iter().any(|setting| {
                setting.split_once('=').is_some_and(|(name, value)| name.trim() == key && fit(value.trim()))
            }),
        }
    }
}

/// Whether `value` fits a pattern in which `*` stands for any characters.
fn matches(pattern: &str, value: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = value.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::example;

    #[test]
    fn stars_stand_for_any_characters() {
        let fits = [("ewc", "ewc"), ("*", ""), ("split-*", "split-fashion"), ("*a*a", "banana"), ("a*", "a")];
        assert!(fits.iter().all(|(pattern, value)| matches(pattern, value)));
        let differs = [("ewc", "ewc+ema"), ("a*a", "a"), ("*b", "ba"), ("split-*", "resplit-"), ("a*b*c", "acb")];
        assert!(differs.iter().all(|(pattern, value)| !matches(pattern, value)));
    }

    #[test]
    fn a_filter_names_a_key_and_patterns() {
        let mut manifest = example::manifest("lora+ewc", 3);
        manifest.overrides = vec!["lora.rank = 8".into()];
        let fits = |text: &str| text.parse::<Filter>().unwrap().fits(&manifest);
        assert!(fits("method=si,lora*") && fits("lora.rank=8") && fits("seed=3") && fits("joint=false"));
        assert!(!fits("method=lora") && !fits("lora.rank=4") && !fits("ewc.strength=*") && !fits("stream=x"));
        for wrong in ["method", "colour=red", "method=", "method=a,,b"] {
            assert!(wrong.parse::<Filter>().unwrap_err().contains("is no KEY=PATTERN"), "{wrong}");
        }
    }
}
