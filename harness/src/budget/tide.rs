//! What a step holds at once, as a level that rises and falls, and how high it came.
//!
//! It counts what a step has beside weights, the optimizer's numbers and states: what passes keep for their backward
//! passes, as long as the graph is there, and gradients. A pass's own gradients come in while its graph is still there.
//! Those that a hook asks for are taken to stay until it ends; what it lets go of earlier counts as long, and what it
//! makes of them without a pass counts only where it says so.

/// A level in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tide {
    graphs: u64,
    gradients: u64,
    /// What methods keep within the step.
    kept: u64,
    most: u64,
}

impl Tide {
    fn now(&self) -> u64 {
        self.graphs + self.gradients + self.kept
    }
    fn look(&mut self) {
        self.most = self.most.max(self.now());
    }
    /// A pass keeps `bytes` more.
    pub fn keep(&mut self, bytes: u64) {
        self.graphs += bytes;
        self.look();
    }
    /// A graph with `bytes` is gone.
    pub fn let_go(&mut self, bytes: u64) {
        self.graphs -= bytes.min(self.graphs);
    }
    /// Gradients of `bytes` come in.
    pub fn come_in(&mut self, bytes: u64) {
        self.gradients += bytes;
        self.look();
    }
    /// `bytes` more stay until the step is over.
    pub fn stay(&mut self, bytes: u64) {
        self.kept += bytes;
        self.look();
    }
    /// Of all gradients these `bytes` are left.
    pub fn leave(&mut self, bytes: u64) {
        self.gradients = bytes;
        self.look();
    }
    /// For a moment there are `bytes` more.
    pub fn splash(&mut self, bytes: u64) {
        self.most = self.most.max(self.now() + bytes);
    }
    /// The highest level so far.
    pub fn most(&self) -> u64 {
        self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A step with a graph of 100 and gradients of 10, and a hook with two passes whose graphs are 95 and 85.
    #[test]
    fn graphs_one_after_another_do_not_add_up_and_gradients_that_stay_do() {
        let mut tide = Tide::default();
        tide.keep(60);
        tide.keep(40);
        tide.come_in(10);
        tide.let_go(100);
        assert_eq!(tide.most(), 110);
        for graph in [95, 85] {
            tide.keep(graph);
            tide.come_in(10);
            tide.let_go(graph);
        }
        assert_eq!(tide.most(), 115);
        tide.leave(10);
        tide.splash(100);
        assert_eq!(tide.most(), 115);
        tide.splash(106);
        assert_eq!(tide.most(), 116);
        // What stays is there after every hook.
        tide.stay(100);
        tide.leave(20);
        assert_eq!(tide.most(), 120);
    }
}
