//! What two sides do who talk: they hold, press keys, fall silent, hang up.

use crate::base::{Duration, EndpointId, SessionId};
use crate::media::Command;
use crate::sip::stack::{EndedBy, SessionCommand, SessionEvent};
use crate::sip::wire::{Headers, Method, Name, Request};
use crate::trust::Function;

use super::cdr::{CallOutcome, RecordingBegun, StepKind};
use super::leg::LegState;
use super::one::{Call, Stage, Timer};
use super::{Around, Output};

/// How often a side that holds or makes no sound is asked whether it is still there.
const PROBE_EVERY: Duration = Duration::from_secs(60);

/// A digit that a room swallowed is made anew for the other side, so long.
const LOST_DIGIT_MS: u32 = 160;

/// Which leg of the call a session or an endpoint belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// The caller.
    A,
    /// Who talks with him.
    B,
}

impl Call {
    /// Something happened in a session of this call.
    pub(super) fn on_session(&mut self, around: &mut Around<'_>, session: SessionId, event: SessionEvent) {
        if self.is_over() {
            return;
        }
        if session == self.a.session {
            self.on_side(around, Side::A, event);
        } else if matches!(&self.stage, Stage::Talking { b } if b.session == session) {
            self.on_side(around, Side::B, event);
        } else if self.transfer.as_ref().and_then(|t| t.leg.as_ref()).is_some_and(|leg| leg.session == session) {
            self.on_transferrer(around, event);
        } else if self.is_beside(session) {
            self.on_beside(around, session, &event);
        } else if let Some(index) = self.attempts.iter().position(|attempt| attempt.leg.session == session) {
            self.on_attempt(around, index, event);
        }
    }

    /// Joins both sides once each has agreed on a format; the A side of a late offer agrees with its ACK.
    pub(super) fn bridge(&mut self, around: &mut Around<'_>) {
        let Stage::Talking { b } = &self.stage else { return };
        let agreed = self.a.agreed.is_some() && b.agreed.is_some();
        if let (Some(a), Some(b), true) = (self.a.endpoint(), b.endpoint(), agreed) {
            self.join_sound(around, a, b);
            self.record(around, a, b);
        }
    }

    /// Puts the talk on tape, where either side's extension wants that.
    fn record(&mut self, around: &mut Around<'_>, left: EndpointId, right: EndpointId) {
        let Stage::Talking { b } = &self.stage else { return };
        let parties = [&self.a.party, &b.party];
        let extensions = parties.iter().filter_map(|party| self.office.extension(party.extension.as_deref()?));
        let wanted = extensions.into_iter().any(|extension| extension.record);
        if !wanted || self.recording.is_some() || !around.books.allowance.has(Function::Recording) {
            return;
        }
        let recording = around.new_recording();
        let begun = RecordingBegun {
            recording,
            call: self.id,
            at: around.wall,
            caller: self.a.party.who.clone(),
            called: b.party.who.clone(),
        };
        self.recording = Some(recording);
        around.outputs.push_back(Output::Recording(begun));
        around.media(Command::Record { recording, left, right });
    }

    /// The caller's leg, or that of who talks with him.
    fn on_side(&mut self, around: &mut Around<'_>, side: Side, event: SessionEvent) {
        match event {
            SessionEvent::Ended { why, .. } => self.side_ended(around, side, why),
            SessionEvent::Failed { .. } => self.side_ended(around, side, EndedBy::Transport),
            SessionEvent::Confirmed { sdp: Some(sdp) } => self.late_answer(around, side, &sdp),
            SessionEvent::Offer { sdp } => self.renegotiate(around, side, sdp.as_deref()),
            SessionEvent::OfferAnswered { sdp } => {
                if let Some(leg) = self.leg_mut(side) {
                    // a bad answer to our own offer leaves what was agreed
                    let _ = leg.receive_answer(around, &sdp);
                }
            }
            SessionEvent::Request { txn, request } => self.request_inside(around, side, txn, &request),
            SessionEvent::Confirmed { sdp: None }
            | SessionEvent::Progress { .. }
            | SessionEvent::Answered { .. }
            | SessionEvent::OfferRefused { .. }
            | SessionEvent::Response { .. } => {}
        }
    }

    pub(super) fn leg_mut(&mut self, side: Side) -> Option<&mut super::leg::Leg> {
        match (side, &mut self.stage) {
            (Side::A, _) => Some(&mut self.a),
            (Side::B, Stage::Talking { b }) => Some(b),
            (Side::B, _) => None,
        }
    }

    fn side_ended(&mut self, around: &mut Around<'_>, side: Side, why: EndedBy) {
        let cause = match (side, why) {
            (side, EndedBy::Bye | EndedBy::Cancel) if (side == Side::A) != self.swapped => "caller_hung_up",
            (_, EndedBy::Bye | EndedBy::Cancel) => "called_hung_up",
            (_, EndedBy::NoAck) => "no_ack",
            (_, EndedBy::Expired) => "peer_lost",
            (_, EndedBy::Transport) => "connection_lost",
        };
        match side {
            Side::A => self.caller_gone(around, cause),
            Side::B => {
                if let Stage::Talking { b } = &mut self.stage {
                    b.close(around);
                }
                self.finish(around, 480, CallOutcome::Answered, cause);
            }
        }
    }

    /// The ACK of a late offer carries the answer.
    fn late_answer(&mut self, around: &mut Around<'_>, side: Side, sdp: &[u8]) {
        let Some(leg) = self.leg_mut(side) else { return };
        if leg.agreed.is_some() {
            return;
        }
        if leg.receive_answer(around, sdp).is_err() {
            return self.finish(around, 488, CallOutcome::Failed, "no_common_codec");
        }
        self.bridge(around);
    }

    fn renegotiate(&mut self, around: &mut Around<'_>, side: Side, sdp: Option<&[u8]>) {
        let Some(leg) = self.leg_mut(side) else { return };
        let Some(held) = leg.receive_offer(around, sdp) else { return };
        let (own, who) = (leg.endpoint(), leg.party.who.clone());
        around.step(self.id, StepKind::Hold { who, on: held });
        let other = match side {
            Side::A => self.leg_mut(Side::B).and_then(|leg| leg.endpoint()),
            Side::B => self.a.endpoint(),
        };
        let (Some(own), Some(other)) = (own, other) else { return };
        let both = self.a.held || matches!(&self.stage, Stage::Talking { b } if b.held);
        for endpoint in [own, other] {
            around.media(Command::WatchSilence { endpoint, on: !both });
        }
        self.watch_peers(around);
        if let Some(recording) = self.recording {
            around.media(Command::PauseRecording { recording, on: both });
        }
        if held {
            let sound = self.music();
            around.media(Command::Play { endpoint: other, id: 0, sound, until_digit: false });
        } else {
            around.media(Command::StopPlay { endpoint: other });
        }
    }

    /// INFO carries digits, REFER gives the other side on; nothing else is known inside a call.
    fn request_inside(&mut self, around: &mut Around<'_>, side: Side, txn: crate::base::ServerTxn, request: &Request) {
        let Some(session) = self.leg_mut(side).map(|leg| leg.session) else { return };
        if request.method == Method::Refer {
            return self.refer(around, side, txn, request);
        }
        let digit = (request.method == Method::Info).then(|| digit_of_info(request)).flatten();
        let status = match (&request.method, digit) {
            (Method::Info, Some(_)) => 200,
            (Method::Info, None) if request.body.is_empty() => 200, // a keep-alive: RFC 6086 §4.2.2 wants 200
            (Method::Info, None) => 415,
            _ => 405,
        };
        let mut headers = Headers::new();
        if status == 415 {
            headers.push(Name::Accept, "application/dtmf-relay, application/dtmf");
        }
        around.command(session, SessionCommand::Respond { txn, status, headers });
        if let Some((digit, duration_ms)) = digit {
            self.digit(around, side, digit, Some(duration_ms));
        }
    }

    /// A key. On the desk it steers the call. Heard in RTP while two sides talk it has been relayed already; from INFO it is made anew for the other side.
    fn digit(&mut self, around: &mut Around<'_>, side: Side, digit: char, made_from_info: Option<u32>) {
        match (&self.stage, side) {
            (Stage::Prompt { .. }, Side::A) => self.caller_digit(around, digit),
            (Stage::Serving(_), Side::A) => self.service_digit(around, digit),
            (Stage::Talking { b }, _) => {
                let (from, to) = if side == Side::A { (&self.a, &**b) } else { (&**b, &self.a) };
                let other = to.endpoint();
                // a room passes sound on, and no events
                let by_event = from.agreed.as_ref().is_some_and(|agreed| agreed.events.is_some());
                let is_lost = by_event && self.listeners.hear();
                let made_from_info = made_from_info.or(is_lost.then_some(LOST_DIGIT_MS));
                self.keyed(around, side, digit);
                if let (Some(endpoint), Some(duration_ms)) = (other, made_from_info) {
                    around.media(Command::SendDigit { endpoint, digit, duration_ms });
                }
            }
            _ => {}
        }
    }

    fn side_of(&self, endpoint: EndpointId) -> Option<Side> {
        if self.a.endpoint() == Some(endpoint) {
            return Some(Side::A);
        }
        matches!(&self.stage, Stage::Talking { b } if b.endpoint() == Some(endpoint)).then_some(Side::B)
    }

    /// The media plane heard a key.
    pub(super) fn heard_digit(&mut self, around: &mut Around<'_>, endpoint: EndpointId, digit: char) {
        match self.side_of(endpoint) {
            Some(side) => self.digit(around, side, digit, None),
            None => self.attempt_digit(around, endpoint, digit),
        }
    }

    /// Nothing was heard from there for a minute, or something is heard again. Silence both ways ends a call (contract.md, "Silence").
    pub(super) fn heard_silence(&mut self, around: &mut Around<'_>, endpoint: EndpointId, silent: bool) {
        let Some(side) = self.side_of(endpoint) else { return };
        if let Some(leg) = self.leg_mut(side) {
            leg.silent = silent;
        }
        let both = match &self.stage {
            Stage::Talking { b } => self.a.silent && b.silent && !self.a.held && !b.held,
            Stage::Prompt { .. } | Stage::Paging { .. } | Stage::Serving(_) => self.a.silent && !self.a.held,
            _ => false,
        };
        self.watch_peers(around);
        if both {
            let answered = matches!(self.stage, Stage::Talking { .. });
            let outcome = if answered { CallOutcome::Answered } else { CallOutcome::Failed };
            self.finish(around, 480, outcome, "no_sound");
        }
    }

    /// While a side holds or makes no sound, nothing but a question tells whether it is still there.
    fn watch_peers(&mut self, around: &Around<'_>) {
        let Stage::Talking { b } = &self.stage else { return };
        let quiet = [&self.a, &**b].iter().any(|leg| leg.held || leg.silent);
        if quiet {
            self.watch_caller(around);
        } else {
            self.timers.cancel(Timer::Probe);
        }
    }

    /// Whoever speaks with nobody, or listens to many, is asked whether he is still there all the time: also who goes from one wait
    /// to the next.
    pub(super) fn watch_caller(&mut self, around: &Around<'_>) {
        if !self.timers.is_armed(Timer::Probe) {
            self.timers.arm(Timer::Probe, around.now + PROBE_EVERY);
        }
    }

    /// OPTIONS inside the dialog (RFC 3261 §11): any answer will do, and none ends the session (§12.2.1.2).
    pub(super) fn probe(&mut self, around: &mut Around<'_>) {
        let mut sessions = vec![self.a.session];
        match &self.stage {
            Stage::Talking { b } => sessions.push(b.session),
            Stage::Paging { legs, .. } => sessions.extend(legs.iter().map(|leg| leg.session)),
            Stage::Parked { .. } | Stage::Waiting { .. } | Stage::Serving(_) | Stage::Listening { .. } => {}
            Stage::Ringing { .. } if self.a.state == LegState::Answered => {}
            _ => return,
        }
        for session in sessions {
            let ask = SessionCommand::Request { request: Method::Options, headers: Headers::new(), body: Vec::new() };
            around.command(session, ask);
        }
        if matches!(self.stage, Stage::Talking { .. }) {
            self.watch_peers(around);
        } else {
            self.watch_caller(around);
        }
    }
}

/// The digit of an INFO body, with its milliseconds: `Signal=5` and `Duration=160` (application/dtmf-relay), or the bare
/// digit (application/dtmf). Widely used, in no RFC.
fn digit_of_info(request: &Request) -> Option<(char, u32)> {
    let kind = request.headers.get(&Name::ContentType)?.split(';').next()?.trim().to_ascii_lowercase();
    let body = std::str::from_utf8(&request.body).ok()?;
    let is_digit = |c: &char| matches!(c, '0'..='9' | '*' | '#' | 'A'..='D');
    match kind.as_str() {
        "application/dtmf-relay" => {
            let field = |name: &str| {
                body.lines()
                    .filter_map(|line| line.split_once('='))
                    .find(|(key, _)| key.trim().eq_ignore_ascii_case(name))
            };
            let signal = field("signal")?.1.trim();
            let digit = match signal {
                "10" => '*',
                "11" => '#',
                other => other.chars().next()?.to_ascii_uppercase(),
            };
            let duration = field("duration").and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(160);
            is_digit(&digit).then_some((digit, duration.clamp(40, 5000)))
        }
        "application/dtmf" => {
            let digit = body.trim().chars().next()?.to_ascii_uppercase();
            is_digit(&digit).then_some((digit, 160))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::wire::{Host, Uri};

    fn info(kind: &str, body: &str) -> Request {
        let mut headers = Headers::new();
        headers.push(Name::ContentType, kind);
        let uri = Uri::sip(None, Host::Name("a".into()), None);
        Request { method: Method::Info, uri, headers, body: body.as_bytes().to_vec() }
    }

    #[test]
    fn digits_are_read_from_both_forms_of_info() {
        assert_eq!(digit_of_info(&info("application/dtmf-relay", "Signal= 5\r\nDuration= 250\r\n")), Some(('5', 250)));
        assert_eq!(digit_of_info(&info("Application/DTMF-relay;x=y", "signal=#")), Some(('#', 160)));
        assert_eq!(digit_of_info(&info("application/dtmf-relay", "Signal=11\r\nDuration=99999")), Some(('#', 5000)));
        assert_eq!(digit_of_info(&info("application/dtmf", "*")), Some(('*', 160)));
        assert_eq!(digit_of_info(&info("application/dtmf-relay", "Signal=x")), None);
        assert_eq!(digit_of_info(&info("text/plain", "5")), None);
    }
}
