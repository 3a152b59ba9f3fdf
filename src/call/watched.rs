//! What lamps show of calls: who talks, rings or calls, with whom.

use crate::base::CallId;
use crate::lamp::{Talk, TalkState};

use super::calls::Calls;
use super::leg::{LegState, Party};
use super::one::{Call, RingWhy, Stage};
use super::{Around, Output};

impl Calls {
    /// A call began, changed or is over: tells what that means for the lamps of its numbers.
    pub(super) fn show_talks(&mut self, around: &mut Around<'_>, id: CallId) {
        let now = self.calls.get(&id).filter(|call| !call.is_over()).map(Call::talks).unwrap_or_default();
        let before = self.talks.get(&id).map_or(&[][..], Vec::as_slice);
        if before == now.as_slice() {
            return;
        }
        let mut numbers: Vec<String> = before.iter().chain(&now).map(|(number, _)| number.clone()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        if now.is_empty() {
            self.talks.remove(&id);
        } else {
            self.talks.insert(id, now);
        }
        for number in numbers {
            let of_number = self.talks.values().flatten().filter(|(other, _)| *other == number);
            let mut talks: Vec<Talk> = of_number.map(|(_, talk)| talk.clone()).collect();
            talks.sort_unstable_by_key(|talk| talk.id);
            around.outputs.push_back(Output::Talks { number, talks });
        }
    }
}

impl Call {
    /// Numbers of the office, and what each does here.
    fn talks(&self) -> Vec<(String, Talk)> {
        let mut talks = Vec::new();
        let mut add = |number: &str, state: TalkState, incoming: bool, remote: &Party, held: bool| {
            if !talks.iter().any(|(known, _)| known == number) {
                talks.push((number.to_owned(), self.talk(state, incoming, remote, held)));
            }
        };
        let called = Party { who: self.started.called.clone(), ..Party::default() };
        if let Some(own) = self.a.party.inside().filter(|_| !self.a.is_absent()) {
            match &self.stage {
                Stage::Talking { b } => {
                    add(own, TalkState::Talking, self.swapped, &b.party, self.a.held || b.held);
                }
                // nobody's lamp tells to whom he listens
                Stage::Listening { .. } => {
                    let nobody = Party { hidden: true, ..Party::default() };
                    add(own, TalkState::Talking, self.swapped, &nobody, false);
                }
                _ if self.a.state == LegState::Answered => add(own, TalkState::Talking, self.swapped, &called, false),
                _ => add(own, TalkState::Calling, false, &called, false),
            }
        }
        match &self.stage {
            Stage::Talking { b } => {
                if let Some(own) = b.party.inside() {
                    add(own, TalkState::Talking, !self.swapped, &self.a.party, self.a.held || b.held);
                }
            }
            Stage::Parked { place, .. } => add(place, TalkState::Talking, true, &self.a.party, true),
            Stage::Ringing { why: RingWhy::Group { number, .. }, .. } => {
                add(number, TalkState::Ringing, true, &self.a.party, false);
            }
            Stage::Paging { legs, .. } => {
                for own in legs.iter().filter_map(|leg| leg.party.inside()) {
                    add(own, TalkState::Talking, true, &self.a.party, false);
                }
            }
            Stage::Serving(serving) => {
                if let Some(room) = serving.room_number() {
                    add(room, TalkState::Talking, true, &self.a.party, false);
                }
            }
            _ => {}
        }
        for own in self.attempts.iter().filter_map(|attempt| attempt.leg.party.inside()) {
            add(own, TalkState::Ringing, true, &self.a.party, false);
        }
        talks
    }

    fn talk(&self, state: TalkState, incoming: bool, remote: &Party, held: bool) -> Talk {
        let (number, name) = if remote.hidden { ("", "") } else { (remote.who.as_str(), remote.name.as_str()) };
        Talk { id: self.id.0, state, incoming, remote: number.to_owned(), remote_name: name.to_owned(), held }
    }
}
