//! What answers in a run, and its evaluation.

use std::time::Instant;

use anyhow::Result;
use clbench_results::{At, Record};

use super::{Position, Run, Sink};
use crate::{
    batch::Feed,
    budget::{Meter, Phase},
    config::Setup,
    method::Deploy,
    network::predictor::Predictor,
    primitives::draws::Draws,
    run::evaluate::Examiner,
};

impl Run<'_> {
    /// Evaluates all tasks. What deployment costs is charged after an experience and recorded otherwise.
    pub(super) fn evaluate(&mut self, at: At, sink: &mut dyn Sink) -> Result<()> {
        if !self.setup.asks {
            return Ok(());
        }
        let (meter, calibration, started) = (Meter::default(), Meter::default(), Instant::now());
        let predictor = self.stack.deploy(&self.deployment(&meter, &calibration), &self.state.weights)?;
        let charged = at == At::End;
        let [deploy, calibrate] = [Phase::Deploy, Phase::Calibrate].map(|p| if charged { p } else { Phase::Evaluate });
        self.charge(deploy, meter.take(), started);
        self.charge(calibrate, calibration.take(), started);
        let started = Instant::now();
        let examiner = self.examiner(at, &meter);
        let (records, answers) = examiner.examine(&*predictor)?;
        let retrieved = if self.setup.dual.is_some() { examiner.retrieve(&*predictor)? } else { Vec::new() };
        self.charge(Phase::Evaluate, meter.take(), started);
        sink.records(&records)?;
        sink.retrieved(&retrieved)?;
        // Finite weights may still overflow on their way to an answer.
        if let Some(record) = records.iter().find(|record| !record.loss.is_finite()) {
            let (task, total) = (record.task, self.state.position.total);
            self.state.diverged = Some(format!("an answer to task {task} is not a finite number at step {total}"));
        }
        if self.setup.config.keep.predictions && at == At::End {
            sink.answers(&answers)?;
        }
        Ok(())
    }

    pub(super) fn examiner(&self, at: At, meter: &Meter) -> Examiner<'_> {
        let Position { experience, total, .. } = self.state.position;
        Examiner {
            setup: self.setup,
            device: &self.device,
            draws: Draws::of(self.seed),
            at,
            experience,
            step: total,
            meter: meter.clone(),
        }
    }

    /// What an evaluation within an experience would record now. Nothing changes, and its work is counted nowhere.
    pub fn examine(&self) -> Result<Vec<Record>> {
        Ok(self.examiner(At::Step, &Meter::default()).examine(&*self.predictor()?)?.0)
    }

    /// What would answer now. Its work is counted nowhere.
    pub fn predictor(&self) -> Result<Box<dyn Predictor>> {
        self.stack.deploy(&self.deployment(&Meter::default(), &Meter::default()), &self.state.weights)
    }

    pub(super) fn deployment(&self, meter: &Meter, calibration: &Meter) -> Deploy<'_> {
        let Setup { config, stream, .. } = self.setup;
        let experience = self.state.position.experience.min(stream.experiences.len() - 1);
        Deploy {
            carrier: &*self.stack.carrier,
            feed: Feed::new(stream, experience, config.head.train),
            device: &self.device,
            draws: Draws { seed: self.seed, experience: experience as u64, step: 0 },
            batch_size: config.train.batch,
            heads: &self.setup.net.heads,
            meter: meter.clone(),
            calibration: calibration.clone(),
        }
    }
}
