//! What goes together in a stack: every part's needs beside what the others take.

use super::Stack;
use crate::catalogue::{Need, Taken, refused};

/// A part of a stack as the others see it.
struct Side<'a> {
    name: &'a str,
    /// With the setting that would do without it.
    needs: Vec<(Need, Option<&'static str>)>,
    takes: Vec<Taken>,
}

impl Stack {
    /// The carrier, then the contributions in their order.
    fn sides(&self) -> Vec<Side<'_>> {
        let needs = |name: &str, without: &dyn Fn(Need) -> Option<&'static str>| {
            let own = self.needs.iter().filter(|(of, _)| of == name);
            own.map(|(_, need)| (*need, without(*need))).collect()
        };
        let carrier = Side { name: &self.named, needs: needs(&self.named, &|_| None), takes: self.carrier.takes() };
        let rest = self.contributions.iter().map(|(name, part)| Side {
            name,
            needs: needs(name, &|need| part.does_without(need)),
            takes: part.takes(),
        });
        std::iter::once(carrier).chain(rest).collect()
    }

    /// Why two of its parts do not go together, if so: the first need that another part takes.
    pub(super) fn contradiction(&self) -> Option<String> {
        let sides = self.sides();
        for (at, needy) in sides.iter().enumerate() {
            for (need, without) in &needy.needs {
                for (by, taker) in sides.iter().enumerate().filter(|(by, _)| *by != at) {
                    let later = *need == Need::TrainedMatrices && by > at;
                    let taken = taker.takes.iter().find(|taken| taken.need == *need && !later);
                    if let Some(taken) = taken {
                        let remedy = self.remedy(needy.name, *without, taker.name, taken);
                        return Some(refused(needy.name, taker.name, *need, taken.why, &remedy));
                    }
                }
            }
        }
        None
    }

    /// What to do where `needy` does not find what `taker` takes.
    fn remedy(&self, needy: &str, without: Option<&str>, taker: &str, taken: &Taken) -> String {
        if taken.need == Need::TrainedMatrices {
            return format!("write method={needy}+{taker}");
        }
        // What is a setting of one method may be fixed in another that is made like it.
        let own = self.tables.get(taker).and_then(toml::Value::as_table);
        let is_own = |setting: &&str| own.is_some_and(|own| own.contains_key(key(setting)));
        let settings = if taken.unless.iter().all(is_own) { taken.unless } else { &[] };
        let settings: Vec<String> = settings.iter().map(|setting| format!("{taker}.{setting}")).collect();
        let ways = [settings.join(" and "), without.map_or(String::new(), |setting| format!("{needy}.{setting}"))];
        let ways = ways.into_iter().filter(|way| !way.is_empty()).map(|way| format!(", or set {way}"));
        format!("leave one of them out{}", ways.collect::<String>())
    }

    /// Why there is no `need` in it, with the name of the part that takes it.
    pub(crate) fn takes(&self, need: Need) -> Option<(&str, Taken)> {
        let taken = |side: Side<'_>| side.takes.into_iter().find(|taken| taken.need == need);
        self.sides().into_iter().find_map(|side| {
            let name = side.name;
            Some((name, taken(side)?))
        })
    }

    /// Whether its answers depend on a preference over tasks.
    pub fn prefers(&self) -> bool {
        self.carrier.gives().contains(&Need::Preferences)
    }
}

/// The key of a setting that is written as `key=value`.
fn key(setting: &str) -> &str {
    setting.split_once('=').map_or(setting, |(key, _)| key)
}
