//! One call of a simulated phone: its dialog, and what it sent and heard.

use std::collections::HashMap;
use std::net::SocketAddr;

use dozvon::codec::{Law, g711};
use dozvon::sip::wire::{Headers, Method, Name, NameAddr, Request, Uri};

/// Where a phone's call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallState {
    Calling,
    Ringing,
    Talking,
    Over,
}

/// One call of a phone.
#[derive(Debug)]
pub(crate) struct PhoneCall {
    pub(crate) call_id: String,
    pub(crate) state: CallState,
    /// The status that ended it, or its last.
    pub(crate) status: u16,
    pub(crate) outgoing: bool,
    pub(super) local: NameAddr,
    pub(super) remote: NameAddr,
    pub(super) target: Uri,
    pub(super) cseq: u32,
    pub(super) remote_cseq: u32,
    /// The INVITE: sent (for CANCEL and ACK), or received (for our responses).
    pub(crate) invite: Request,
    /// Our last 200 to an INVITE, resent until its ACK.
    pub(super) ok: Option<Vec<u8>>,
    /// Where it hears: each call has a port of its own.
    pub(super) rtp: SocketAddr,
    pub(crate) sound_to: Option<SocketAddr>,
    pub(crate) payload_type: u8,
    pub(crate) event_type: Option<u8>,
    pub(crate) sends: bool,
    pub(super) sequence: u16,
    pub(super) timestamp: u32,
    pub(super) ssrc: u32,
    /// Frequencies heard, with how often.
    pub(crate) heard: HashMap<u16, u32>,
    pub(crate) packets_heard: u32,
    /// Keys that came as RFC 4733 events.
    pub(crate) keys: String,
    pub(super) last_event: Option<u32>,
    pub(super) cancelled: bool,
    /// Body of the INVITE as it came: what the exchange offered.
    pub(crate) remote_sdp: String,
    /// The direction of our last description when it wasn't `sendrecv`: held.
    pub(super) direction: Option<String>,
    /// Of our descriptions: RFC 3264 §8.
    pub(super) version: u32,
    /// Final responses to requests of ours inside of the dialog, as they came.
    pub(crate) answers: Vec<(Method, u16)>,
    /// Status lines of `message/sipfrag`: how a transfer goes.
    pub(crate) told: Vec<u16>,
    /// The last Subscription-State.
    pub(crate) subscription: String,
    /// Who is said to be at the other side now: P-Asserted-Identity of the last message that had one.
    pub(crate) connected: Option<String>,
    /// Reason of the CANCEL or BYE that ended it.
    pub(crate) reason: Option<String>,
}

/// 20 ms of a tone.
pub(crate) fn tone_payload(hz: u16, payload_type: u8) -> Vec<u8> {
    (0..160)
        .map(|n| {
            let angle = f64::from(n) * f64::from(hz) * std::f64::consts::TAU / 8000.0;
            let sample = (angle.sin() * 8000.0) as i16;
            g711::encode_sample(if payload_type == 0 { Law::Mu } else { Law::A }, sample)
        })
        .collect()
}

impl PhoneCall {
    #[expect(clippy::too_many_arguments, reason = "the facts of a dialog")]
    pub(super) fn new(
        call_id: &str,
        state: CallState,
        outgoing: bool,
        local: NameAddr,
        remote: NameAddr,
        target: Uri,
        cseq: u32,
        invite: Request,
        ssrc: u32,
        rtp: SocketAddr,
    ) -> Self {
        Self {
            call_id: call_id.to_owned(),
            state,
            status: 0,
            outgoing,
            local,
            remote,
            target,
            cseq,
            remote_cseq: 0,
            invite,
            ok: None,
            rtp,
            sound_to: None,
            payload_type: 8,
            event_type: None,
            sends: true,
            sequence: 0,
            timestamp: 0,
            ssrc,
            heard: HashMap::new(),
            packets_heard: 0,
            keys: String::new(),
            last_event: None,
            cancelled: false,
            remote_sdp: String::new(),
            direction: None,
            version: 1,
            answers: Vec::new(),
            told: Vec::new(),
            subscription: String::new(),
            connected: None,
            reason: None,
        }
    }

    /// A header field of the INVITE that it got.
    pub(crate) fn came_with(&self, name: &Name) -> Option<&str> {
        self.invite.headers.get(name)
    }

    /// Whom the INVITE showed as calling.
    pub(crate) fn shown(&self) -> String {
        self.invite.headers.from().unwrap().uri.user.unwrap_or_default()
    }

    /// As a Replaces header field names this dialog to the exchange: its own tag is `to-tag` (RFC 3891 §3).
    pub(crate) fn replaces(&self) -> String {
        let (ours, theirs) = (self.local.tag().unwrap_or("0"), self.remote.tag().unwrap_or("0"));
        format!("{};to-tag={theirs};from-tag={ours}", self.call_id)
    }

    /// Notes who is there, as any message may say.
    pub(super) fn note_identity(&mut self, headers: &Headers) {
        if let Some(identity) = headers.addresses(&Name::PAssertedIdentity).ok().and_then(|all| all.into_iter().next())
        {
            self.connected = identity.uri.user;
        }
    }

    /// Where the other side wants its sound, and how.
    pub(super) fn read_description(&mut self, body: &[u8], ours: &[u8]) {
        let text = String::from_utf8_lossy(body);
        if text.is_empty() {
            return;
        }
        self.remote_sdp = text.clone().into_owned();
        let line = |start: &str| text.lines().find_map(|line| line.strip_prefix(start).map(str::to_owned));
        let ip = line("c=IN IP4 ").and_then(|ip| ip.trim().parse().ok());
        let audio = line("m=audio ");
        if let (Some(ip), Some(audio)) = (ip, audio) {
            let mut words = audio.split_whitespace();
            let port: u16 = words.next().unwrap().parse().unwrap();
            self.sound_to = Some(SocketAddr::new(ip, port));
            let formats: Vec<u8> = words.skip(1).filter_map(|word| word.parse().ok()).collect();
            self.payload_type = formats.iter().copied().find(|format| ours.contains(format)).unwrap_or(8);
            let event = text.lines().find(|line| line.contains("telephone-event"));
            self.event_type = event.and_then(|line| line.strip_prefix("a=rtpmap:")?.split(' ').next()?.parse().ok());
        }
    }

    pub(super) fn packet(&self, kind: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x80, kind];
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend(self.timestamp.to_be_bytes());
        bytes.extend(self.ssrc.to_be_bytes());
        bytes.extend(payload);
        bytes
    }
}
