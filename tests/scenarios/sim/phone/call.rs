//! One call of a simulated phone: its dialog, and what it sent and heard.

use std::collections::HashMap;
use std::net::SocketAddr;

use dozvon::codec::{Law, g711};
use dozvon::sip::wire::{NameAddr, Request, Uri};

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
    pub(super) invite: Request,
    /// Our last 200 to an INVITE, resent until its ACK.
    pub(super) ok: Option<Vec<u8>>,
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
