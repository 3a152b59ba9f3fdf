//! Checkers that watch every world: one row a call, each call ends, no step outside of its call.

use std::collections::HashMap;

use dozvon::base::{CallId, WallTime};
use dozvon::call::cdr::StepKind;
use dozvon::engine::Record;

/// What has been seen.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    pub(crate) ports: usize,
    calls: HashMap<CallId, bool>,
    began: HashMap<CallId, WallTime>,
    answers: HashMap<CallId, Vec<String>>,
}

impl Checks {
    pub(crate) fn record(&mut self, record: &Record, seed: u64) {
        match record {
            Record::CallStarted(started) => {
                let known = self.calls.insert(started.call, false);
                assert!(known.is_none(), "SIM_SEED={seed}: call {} has two rows", started.call);
                self.began.insert(started.call, started.at);
            }
            Record::CallStep(step) => {
                let ended = self.calls.get(&step.call).copied();
                assert!(ended.is_some(), "SIM_SEED={seed}: a step of call {} that never began", step.call);
                assert_eq!(ended, Some(false), "SIM_SEED={seed}: a step after the end: {step:?}");
                if let StepKind::Answered { who } = &step.what {
                    self.answers.entry(step.call).or_default().push(who.clone());
                }
            }
            Record::CallEnded(ended) => {
                let before = self.calls.insert(ended.call, true);
                assert_eq!(before, Some(false), "SIM_SEED={seed}: call {} ended {before:?}", ended.call);
                let talked = ended.talk_ms > 0 || ended.answered_at.is_some();
                assert!(!talked || ended.answered_by.is_some(), "SIM_SEED={seed}: talk without a talker: {ended:?}");
                let told = |who: &String| self.answers.get(&ended.call).is_some_and(|all| all.contains(who));
                assert!(ended.answered_by.iter().all(told), "SIM_SEED={seed}: no step tells who answered: {ended:?}");
                let lasted = (ended.at.millis() - self.began[&ended.call].millis()).unsigned_abs();
                let told = ended.ring_ms + ended.talk_ms;
                assert!(told.abs_diff(lasted) <= 2, "SIM_SEED={seed}: {told} ms told of {lasted} ms: {ended:?}");
            }
            Record::LastAnswered { .. } | Record::Binding(_) | Record::BindingGone { .. } => {}
            Record::Used(_) | Record::Subscription(_) | Record::SubscriptionGone { .. } => {}
            // The recorder's, which is outside of the simulated world.
            Record::RecordingStarted { .. } | Record::RecordingEnded { .. } | Record::RecordingGone { .. } => {}
        }
    }

    pub(crate) fn assert_every_call_ended(&self, at: &str) {
        let open: Vec<&CallId> = self.calls.iter().filter(|(_, ended)| !**ended).map(|(call, _)| call).collect();
        assert!(open.is_empty(), "{at} rows without an end: {open:?}");
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.len()
    }
}
