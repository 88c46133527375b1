//! Whose adapters answer, where the task's identity is told.
//!
//! All that tasks have trained lies among the frozen weights, under `route{index}.theta.` and `route{index}.buffers.`,
//! and so in checkpoints, in a run's weights and in the count of stored bytes. `start.` holds what each task begins
//! with.

use std::collections::BTreeMap;

use anyhow::Result;
use burn::tensor::{Device, Tensor};
use clbench::{
    batch::Feed,
    method::{Ctx, Deploy, Next},
    network::{
        pass::Weights,
        predictor::{Ask, Predictor},
    },
    primitives::{scope::Scope, theta::Theta},
};
use serde::{Deserialize, Serialize};

/// Which route belongs to which task.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Routes {
    begun: bool,
    count: usize,
    /// Task to route.
    of: BTreeMap<usize, usize>,
}

/// What a route, or the start, holds below `at`.
fn held(weights: &Weights, at: &str) -> [Theta; 2] {
    ["theta", "buffers"].map(|part| weights.frozen.below(&format!("{at}.{part}.")))
}

/// Puts what is trained, and its statistics, below `at`.
fn hold(weights: &mut Weights, at: &str) {
    weights.frozen.extend(weights.theta.clone().under(&format!("{at}.theta.")));
    weights.frozen.extend(weights.buffers.clone().under(&format!("{at}.buffers.")));
}

/// The tasks whose examples are new.
fn own(feed: &Feed) -> Vec<usize> {
    let mut tasks: Vec<usize> = (0..feed.len()).filter(|at| feed.is_new(*at)).map(|at| feed.task(at)).collect();
    tasks.sort_unstable();
    tasks.dedup();
    tasks
}

impl Routes {
    /// Goes back to where the experience's tasks were left, or to the start. Whether they need new adapters.
    pub(super) fn enter(&mut self, cx: &mut Ctx) -> bool {
        if !self.begun {
            return true;
        }
        let known = own(&cx.feed).iter().find_map(|task| self.of.get(task).copied());
        let at = known.map_or_else(|| "start".to_owned(), |route| format!("route{route}"));
        let [theta, buffers] = held(cx.weights, &at);
        (cx.weights.theta, cx.weights.buffers) = (theta, buffers);
        // What the optimizer remembers belongs to another task's weights of the same paths.
        cx.optim.keep_to(&Theta::default());
        known.is_none()
    }
    /// Remembers where all tasks start, once the first adapters are placed.
    pub(super) fn begin(&mut self, weights: &mut Weights) {
        if !self.begun {
            hold(weights, "start");
            self.begun = true;
        }
    }
    /// Remembers what the experience's tasks have trained.
    pub(super) fn leave(&mut self, cx: &mut Ctx) {
        let tasks = own(&cx.feed);
        let known = tasks.iter().find_map(|task| self.of.get(task).copied());
        let route = known.unwrap_or(self.count);
        self.count = self.count.max(route + 1);
        hold(cx.weights, &format!("route{route}"));
        self.of.extend(tasks.into_iter().map(|task| (task, route)));
    }
}

/// A predictor for each route, one for tasks that have not come, and one for those in progress.
pub(super) fn route(routes: &Routes, cx: &Deploy, weights: &Weights, next: &Next) -> Result<Box<dyn Predictor>> {
    if !routes.begun {
        return next(weights);
    }
    let other = |at: &str| {
        let [theta, buffers] = held(weights, at);
        next(&Weights { theta, buffers, frozen: weights.frozen.clone() })
    };
    let mut by_route = Vec::with_capacity(routes.count);
    for route in 0..routes.count {
        by_route.push(other(&format!("route{route}"))?);
    }
    let now = own(&cx.feed);
    Ok(Box::new(Routed { of: routes.of.clone(), by_route, now, current: next(weights)?, fresh: other("start")? }))
}

struct Routed {
    of: BTreeMap<usize, usize>,
    by_route: Vec<Box<dyn Predictor>>,
    now: Vec<usize>,
    current: Box<dyn Predictor>,
    fresh: Box<dyn Predictor>,
}

impl Routed {
    fn who(&self, ask: &Ask) -> &dyn Predictor {
        match ask.scope {
            Scope::Task(task) if !self.now.contains(&task) => {
                self.of.get(&task).map_or(&*self.fresh, |route| &*self.by_route[*route])
            }
            _ => &*self.current,
        }
    }
}

impl Predictor for Routed {
    fn scores(&self, inputs: Tensor<4>, ask: &Ask) -> Tensor<2> {
        self.who(ask).scores(inputs, ask)
    }
    fn samples(&self) -> u32 {
        self.current.samples()
    }
    fn features(&self, inputs: Tensor<4>, ask: &Ask) -> Option<Tensor<2>> {
        self.who(ask).features(inputs, ask)
    }
    fn named(&self, inputs: Tensor<4>, names: &[String], ask: &Ask) -> Option<Tensor<2>> {
        self.who(ask).named(inputs, names, ask)
    }
    fn texts(&self, texts: &[&str], device: &Device, ask: &Ask) -> Option<Tensor<2>> {
        self.who(ask).texts(texts, device, ask)
    }
}
