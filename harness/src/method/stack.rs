//! A carrier and its contributions, chosen by name, refused where they make no sense together.

use anyhow::{Context, Result, bail, ensure};
use toml::Table;

use super::{Carrier, Contribution, Deploy, Dual, Make, Method, Plain};
use crate::{
    catalogue::{self, Need, pick},
    network::{net::Net, pass::Weights, predictor::Predictor},
};

/// One carrier and its contributions.
pub struct Stack {
    /// Says what is trained.
    pub carrier: Box<dyn Carrier>,
    /// By name, in the order in which their hooks are called.
    pub contributions: Vec<Part>,
    /// Settings of each part, defaults included.
    pub tables: Table,
    /// Wants all tasks at once.
    pub joint: bool,
    /// What its parts need, with their names.
    pub needs: Vec<(String, Need)>,
    /// What the carrier is called in messages.
    pub(super) named: String,
}

/// A contribution and its name.
pub type Part = (String, Box<dyn Contribution>);

impl Stack {
    /// Builds `a+b+c` of `known` methods; `tables` holds each part's own settings. Without a carrier it is the plain
    /// one.
    ///
    /// # Errors
    /// When a name is unknown or used twice, settings are wrong, or the parts do not go together.
    pub fn new(method: &str, tables: &Table, net: &Net, known: &[Method]) -> Result<Self> {
        let mut stack = Self {
            carrier: Box::new(Plain(net.clone())),
            contributions: Vec::new(),
            tables: Table::new(),
            joint: false,
            needs: Vec::new(),
            named: "the plain network".into(),
        };
        let mut carrier: Option<&str> = None;
        // No name at all is the plain carrier alone.
        for name in method.split('+').filter(|_| !method.is_empty()) {
            let entry = pick("method", name, known, |entry| entry.name);
            let entry = entry.with_context(|| format!("in method={method}"))?;
            let table = tables.get(name).and_then(toml::Value::as_table).cloned().unwrap_or_default();
            ensure!(!stack.tables.contains_key(name), "`{name}` stands twice in method={method}");
            let within = || format!("in [{name}]");
            catalogue::check(name, entry.settings, &table)?;
            stack.needs.extend(entry.needs.iter().map(|need| (name.to_owned(), *need)));
            let table = match entry.make {
                Make::Carrier(make) => {
                    if let Some(first) = carrier.replace(name) {
                        bail!("`{first}` and `{name}` both say what is trained; a stack has one carrier");
                    }
                    let (table, made) = make(table, net).with_context(within)?;
                    stack.needs.extend(made.needs().into_iter().map(|need| (name.to_owned(), need)));
                    (stack.carrier, stack.named) = (made, name.to_owned());
                    table
                }
                Make::Contribution(make) => {
                    let (table, made) = make(table).with_context(within)?;
                    stack.needs.extend(made.needs().into_iter().map(|need| (name.to_owned(), need)));
                    stack.contributions.push((name.to_owned(), made));
                    table
                }
            };
            stack.tables.insert(name.to_owned(), table.into());
            stack.joint |= entry.joint;
        }
        stack.together()
    }

    fn together(self) -> Result<Self> {
        match self.contradiction() {
            Some(refusal) => bail!(refusal),
            None => Ok(self),
        }
    }

    /// The same stack with images and texts in place of the plain network.
    ///
    /// # Errors
    /// When its carrier says itself what is trained, or a part needs what there is not with texts.
    pub fn reading(self, dual: &Dual) -> Result<Self> {
        ensure!(
            self.carrier.is_plain(),
            "`{}` does not go with [text]: it says itself what is trained, and [text] trains images and texts in \
             place of the plain network; leave one of them out",
            self.named
        );
        Self { carrier: Box::new(dual.clone()), named: "[text]".into(), ..self }.together()
    }

    /// What answers for `weights`: the first contribution decides last what its neighbours see, the last one
    /// stands nearest to the carrier.
    pub fn deploy(&self, cx: &Deploy, weights: &Weights) -> Result<Box<dyn Predictor>> {
        fn chain(cx: &Deploy, parts: &[Part], weights: &Weights) -> Result<Box<dyn Predictor>> {
            match parts {
                [] => Ok(cx.carrier.predictor(weights)),
                [(_, first), rest @ ..] => first.deploy(cx, weights, &|weights| chain(cx, rest, weights)),
            }
        }
        chain(cx, &self.contributions, weights)
    }

    /// The contributions' states.
    pub fn save(&self) -> Result<Vec<Vec<u8>>> {
        self.contributions.iter().map(|(_, part)| part.save()).collect()
    }

    /// Bytes of the contributions' states that a step reads.
    pub(crate) fn read_bytes(&self) -> Result<usize> {
        let read = |(_, part): &Part| Ok(part.save()?.len().saturating_sub(part.aside()?));
        self.contributions.iter().map(read).sum()
    }

    /// Takes the contributions back to the states that [`Stack::save`] gave.
    pub fn load(&mut self, states: &[Vec<u8>], device: &burn::tensor::Device) -> Result<()> {
        ensure!(states.len() == self.contributions.len(), "the checkpoint belongs to another stack of methods");
        self.contributions.iter_mut().zip(states).try_for_each(|((_, part), state)| part.load(state, device))
    }
}
