//! What a phone says of its sound, sends and hears.

use std::net::SocketAddr;

use dozvon::base::Instant;
use dozvon::codec::{Law, g711};

use super::{CallState, Later, Phone, Sent, tone_payload};

impl Phone {
    /// What it offers or answers: its sound comes to this port.
    pub(super) fn description(&self, rtp: SocketAddr, version: u32, direction: Option<&str>) -> Vec<u8> {
        let rtp = self.advertised.unwrap_or(rtp);
        let ip = rtp.ip();
        let opus = self.opus.map(|_| "107".to_owned());
        let formats: Vec<String> = opus.into_iter().chain(self.codecs.iter().map(u8::to_string)).collect();
        let mut text = format!(
            "v=0\r\no=- 1 {version} IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {} RTP/AVP {} 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n",
            rtp.port(),
            formats.join(" ")
        );
        if let Some(asked) = self.opus {
            text.push_str(&format!("a=rtpmap:107 opus/48000/2\r\na=fmtp:107 {asked}\r\n"));
        }
        if let Some(direction) = direction {
            text.push_str(&format!("a={direction}\r\n"));
        }
        if self.video {
            text.push_str("m=video 3998 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n");
        }
        text.into_bytes()
    }

    pub(super) fn make_sound(&mut self, now: Instant, call_id: &str) {
        let Some(index) = self.find(call_id) else { return };
        let (tone, every) = (self.tone, self.sound_every);
        let call = &mut self.calls[index];
        let rtp = call.rtp;
        let early = call.state == CallState::Ringing && !call.outgoing;
        if call.state != CallState::Talking && !early {
            return;
        }
        if let (Some(to), true) = (call.sound_to, call.sends) {
            let step = u32::try_from(every.as_micros() / 125).unwrap();
            call.sequence = call.sequence.wrapping_add(1);
            call.timestamp = call.timestamp.wrapping_add(step);
            let bytes = call.packet(call.payload_type, &tone_payload(tone, call.payload_type));
            self.sent.push(Sent { from: rtp, to, bytes });
        }
        self.later.push((now + every, Later::Sound(call_id.to_owned())));
    }

    /// Presses a key: RFC 4733, three packets of the event and three of its end.
    pub(crate) fn press(&mut self, index: usize, key: char) {
        let call = &mut self.calls[index];
        let rtp = call.rtp;
        let event = "0123456789*#ABCD".find(key).unwrap() as u8;
        let (Some(to), Some(kind)) = (call.sound_to, call.event_type) else { return };
        call.timestamp = call.timestamp.wrapping_add(1600);
        for step in 1..=6u16 {
            call.sequence = call.sequence.wrapping_add(1);
            let duration = step.min(4) * 160;
            let end = if step >= 4 { 0x80 | 10 } else { 10 };
            let bytes = call.packet(kind, &[event, end, (duration >> 8) as u8, duration as u8]);
            self.sent.push(Sent { from: rtp, to, bytes });
        }
    }

    /// A datagram for one of its RTP ports.
    pub(crate) fn handle_sound(&mut self, to: SocketAddr, bytes: &[u8]) {
        if bytes.len() < 12 {
            return;
        }
        let kind = bytes[1] & 0x7f;
        let Some(index) = self.calls.iter().rposition(|call| call.state != CallState::Over && call.rtp == to) else {
            return;
        };
        let call = &mut self.calls[index];
        call.packets_heard += 1;
        if Some(kind) == call.event_type && bytes.len() >= 16 && bytes[13] & 0x80 != 0 {
            let at = u32::from_be_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
            if call.last_event != Some(at) {
                call.last_event = Some(at);
                call.keys.extend("0123456789*#ABCD".chars().nth(usize::from(bytes[12])));
            }
            return;
        }
        if call.packets_heard % self.listens_to_each != 0 {
            return;
        }
        let samples: Vec<i16> = match kind {
            8 => bytes[12..].iter().map(|byte| g711::decode_sample(Law::A, *byte)).collect(),
            0 => bytes[12..].iter().map(|byte| g711::decode_sample(Law::Mu, *byte)).collect(),
            _ => return,
        };
        if let Some(hz) = dozvon::codec::detect::dominant(&samples) {
            *call.heard.entry(hz).or_default() += 1;
        }
    }
}
