//! Which classes count, in a batch and in a question.

use burn::tensor::{Tensor, TensorData};
use serde::{Deserialize, Serialize};

use crate::catalogue::Choice;

/// The value of logits that do not count: low enough that a softmax over all is one over the scope.
pub const OUT: f32 = -1e9;

/// Logits where a class counts and 0 elsewhere, graph kept, and 1 or 0 for whether it counts. Shapes `[batch,
/// classes]`.
pub fn counted(logits: Tensor<2>) -> [Tensor<2>; 2] {
    let counts = logits.clone().inner().greater_elem(OUT / 2.0).float();
    [logits * counts.clone(), counts]
}

/// Which classes count in a softmax.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// All classes of the stream.
    #[default]
    All,
    /// The classes of tasks that have come up to this experience.
    Seen(usize),
    /// The classes of this task; with it the task's identity is told.
    Task(usize),
}

/// The scopes of a batch's examples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scopes {
    /// The same for all.
    One(Scope),
    /// One for each example.
    Each(Vec<Scope>),
}

impl Scopes {
    /// One scope for each example, as short as it can be said.
    pub fn of(scopes: Vec<Scope>) -> Self {
        match scopes.split_first() {
            Some((first, rest)) if rest.iter().all(|scope| scope == first) => Self::One(*first),
            _ => Self::Each(scopes),
        }
    }
    /// Each scope that occurs, once, in order.
    pub fn distinct(&self) -> Vec<Scope> {
        match self {
            Self::One(scope) => vec![*scope],
            Self::Each(scopes) => {
                let mut scopes = scopes.clone();
                scopes.sort_unstable();
                scopes.dedup();
                scopes
            }
        }
    }
    /// Answers each scope's examples with `answer` and puts the rows back in order, for what can have only one scope
    /// at a time. Inputs have shape `[batch, …]`, the result `[batch, classes]`.
    pub fn each<const D: usize>(
        &self,
        inputs: &Tensor<D>,
        mut answer: impl FnMut(Tensor<D>, Scope) -> Tensor<2>,
    ) -> Tensor<2> {
        let Self::Each(scopes) = self else { return answer(inputs.clone(), self.at(0)) };
        let (mut rows, mut order) = (Vec::new(), Vec::new());
        for scope in self.distinct() {
            let places: Vec<i64> = (0..scopes.len()).filter(|at| scopes[*at] == scope).map(|at| at as i64).collect();
            order.extend(places.iter().map(|place| *place as usize));
            let count = places.len();
            let index = Tensor::from_data(TensorData::new(places, [count]), &inputs.device().inner());
            rows.push(answer(inputs.clone().select(0, index), scope));
        }
        let mut back = vec![0_i64; order.len()];
        order.iter().enumerate().for_each(|(at, place)| back[*place] = at as i64);
        let index = Tensor::from_data(TensorData::new(back, [order.len()]), &inputs.device().inner());
        Tensor::cat(rows, 0).select(0, index)
    }
    /// The scope of the example at `row`.
    pub fn at(&self, row: usize) -> Scope {
        match self {
            Self::One(scope) => *scope,
            Self::Each(scopes) => scopes[row],
        }
    }
}

crate::catalogue::choice! {
    /// Which logits count: a [`Scope`] that does not know yet which task or experience.
    #[derive(Default)]
    pub enum Count {
        /// All classes of the stream.
        #[default]
        All = "all",
        /// The classes of tasks that have come so far.
        Seen = "seen",
        /// The classes of the example's own task: its identity is told.
        Task = "task",
    }
}

impl Count {
    /// The scope of an example of `task` during or after `experience`.
    pub fn scope(self, task: usize, experience: usize) -> Scope {
        match self {
            Self::All => Scope::All,
            Self::Seen => Scope::Seen(experience),
            Self::Task => Scope::Task(task),
        }
    }
    /// Its name in stream files and tables.
    pub fn name(self) -> &'static str {
        self.word()
    }
}

crate::catalogue::choice! {
    /// One head for all classes, or one for each task.
    #[derive(Default)]
    pub enum HeadKind {
        /// One head for all classes.
        #[default]
        Shared = "shared",
        /// One head for each task: task-incremental learning.
        Multi = "multi",
    }
}

impl HeadKind {
    /// Its name in stream files and tables.
    pub fn name(self) -> &'static str {
        self.word()
    }
}

crate::catalogue::settings! {
    /// The stream's `[head]` table.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Head {
        /// One head for all classes, or one for each task.
        pub kind: HeadKind = HeadKind::Shared;
        /// Which logits count in training.
        pub train: Count = Count::All;
        /// Which logits count in evaluation. `task` with a shared head is masking, which is not task-incremental
        /// learning.
        pub test: Count = Count::All;
    }
}

/// Heads and the classes behind them, fixed when the stream starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heads {
    /// One head for all classes, or one for each task.
    pub kind: HeadKind,
    /// Number of classes of the stream.
    pub classes: usize,
    /// The classes of each task.
    pub tasks: Vec<Vec<usize>>,
    /// The tasks that have come up to and with each experience.
    pub seen: Vec<Vec<usize>>,
}

impl Heads {
    /// The tasks whose classes count.
    pub fn tasks_in(&self, scope: Scope) -> Vec<usize> {
        match scope {
            Scope::All => (0..self.tasks.len()).collect(),
            Scope::Seen(experience) => self.seen[experience].clone(),
            Scope::Task(task) => vec![task],
        }
    }
    /// Whether each class counts.
    pub fn columns(&self, scope: Scope) -> Vec<bool> {
        let mut columns = vec![scope == Scope::All; self.classes];
        for task in self.tasks_in(scope) {
            self.tasks[task].iter().for_each(|&class| columns[class] = true);
        }
        columns
    }
    /// The tasks that came before `experience`.
    pub fn before(&self, experience: usize) -> &[usize] {
        experience.checked_sub(1).map_or(&[], |before| &self.seen[before])
    }
    /// Whether two tasks share a class.
    pub fn overlap(&self) -> bool {
        let mut all: Vec<usize> = self.tasks.concat();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        all.len() < count
    }
}
