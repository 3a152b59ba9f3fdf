//! Checkers that watch every world: one row a call, each call ends, no step outside of its call.

use std::collections::HashMap;

use dozvon::base::CallId;
use dozvon::engine::Record;

/// What has been seen.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    pub(crate) ports: usize,
    calls: HashMap<CallId, bool>,
}

impl Checks {
    pub(crate) fn record(&mut self, record: &Record, seed: u64) {
        match record {
            Record::CallStarted(started) => {
                let known = self.calls.insert(started.call, false);
                assert!(known.is_none(), "SIM_SEED={seed}: call {} has two rows", started.call);
            }
            Record::CallStep(step) => {
                let ended = self.calls.get(&step.call).copied();
                assert!(ended.is_some(), "SIM_SEED={seed}: a step of call {} that never began", step.call);
            }
            Record::CallEnded(ended) => {
                let before = self.calls.insert(ended.call, true);
                assert_eq!(before, Some(false), "SIM_SEED={seed}: call {} ended {before:?}", ended.call);
                let talked = ended.talk_ms > 0 || ended.answered_at.is_some();
                assert!(!talked || ended.answered_by.is_some(), "SIM_SEED={seed}: talk without a talker: {ended:?}");
            }
            Record::LastAnswered { .. } | Record::Binding(_) | Record::BindingGone { .. } => {}
            Record::Subscription(_) | Record::SubscriptionGone { .. } => {}
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
