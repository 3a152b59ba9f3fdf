//! What is heard from one peer: who may speak, what was lost, which digits were pressed, and whether it fell silent.

use std::collections::VecDeque;
use std::net::SocketAddr;

use super::Event;
use super::latch::Latch;
use crate::base::{EndpointId, Instant, limits};
use crate::codec::detect::DtmfDetector;
use crate::codec::{Codec, g711};
use crate::rtp::event::{self, Payload};
use crate::rtp::{self, COMFORT_NOISE, Order, Packet, Reception};
use crate::sdp::{Agreed, Direction};

/// What offer and answer settled, without its allocations.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) codec: Codec,
    pub(super) payload_type: u8,
    pub(super) events: Option<u8>,
    pub(super) may_send: bool,
    pub(super) may_receive: bool,
    /// Formats that the peer may switch to at any time, as both sides named them: RFC 3264 §7.
    alaw: bool,
    ulaw: bool,
}

/// What a payload type means here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Audio(Codec),
    Event,
    Noise,
}

impl Terms {
    pub(super) fn new(agreed: &Agreed) -> Self {
        Self {
            codec: agreed.codec,
            payload_type: agreed.payload_type,
            events: agreed.events.map(|events| events.payload_type),
            may_send: matches!(agreed.direction, Direction::SendRecv | Direction::SendOnly),
            may_receive: matches!(agreed.direction, Direction::SendRecv | Direction::RecvOnly),
            alaw: agreed.common.contains(&Codec::Pcma),
            ulaw: agreed.common.contains(&Codec::Pcmu),
        }
    }

    /// `None` for a payload type that was not agreed.
    fn kind(&self, payload_type: u8) -> Option<Kind> {
        if payload_type == self.payload_type {
            return Some(Kind::Audio(self.codec));
        }
        if self.events.is_some_and(|events| events == payload_type || payload_type == OWN_EVENTS) {
            return Some(Kind::Event);
        }
        match Codec::from_static(payload_type) {
            Some(Codec::Pcma) if self.alaw => Some(Kind::Audio(Codec::Pcma)),
            Some(Codec::Pcmu) if self.ulaw => Some(Kind::Audio(Codec::Pcmu)),
            _ if payload_type == COMFORT_NOISE => Some(Kind::Noise),
            _ => None,
        }
    }
}

/// A packet that was heard.
#[derive(Debug)]
pub(super) struct Hearing {
    pub(super) packet: Packet,
    pub(super) kind: Kind,
    /// Digits that ended with it, as events; in-band ones have sounded already.
    pub(super) digits: Digits,
}

/// At most two digits can end with one packet.
pub(super) type Digits = [Option<event::Heard>; 2];

/// The receive side of an endpoint.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    pub(super) latch: Latch,
    pub(super) reception: Reception,
    pub(super) strangers: u64,
    events: event::Receiver,
    /// Only while digits can come no other way: it costs.
    detector: Option<Box<DtmfDetector>>,
    watch: Watch,
}

impl Incoming {
    pub(super) fn configure(&mut self, now: Instant, agreed: &Agreed, terms: &Terms) {
        self.latch.configure(now, agreed.rtp, agreed.rtcp);
        self.watch.begin(now, terms.may_receive);
        if terms.events.is_some() {
            self.detector = None;
        }
    }

    pub(super) fn watch_silence(&mut self, now: Instant, on: bool) {
        self.watch.on = on;
        self.watch.since = now;
    }

    /// Takes a packet; `None` when it is not heard. What it tells the engine goes to `told`.
    pub(super) fn hear(
        &mut self,
        now: Instant,
        id: EndpointId,
        terms: &Terms,
        from: SocketAddr,
        bytes: &[u8],
        told: &mut VecDeque<Event>,
    ) -> Option<Hearing> {
        let packet = rtp::read(bytes).ok()?;
        let kind = terms.kind(packet.header.payload_type)?;
        if packet.payload_bytes() == 0 {
            return None;
        }
        if !self.latch.admit(now, from, &packet.header) {
            self.strangers += 1;
            return None;
        }
        self.watch.hear(now, id, told);
        let order = self.reception.receive(now, &packet.header, matches!(kind, Kind::Audio(_)));
        if order == Order::Repeated || !terms.may_receive {
            return None;
        }
        let digits = self.digits_of(now, id, kind, &packet, bytes, told);
        Some(Hearing { packet, kind, digits })
    }

    fn digits_of(
        &mut self,
        now: Instant,
        id: EndpointId,
        kind: Kind,
        packet: &Packet,
        bytes: &[u8],
        told: &mut VecDeque<Event>,
    ) -> Digits {
        let mut digits = Digits::default();
        let payload = packet.payload(bytes);
        match kind {
            Kind::Event => {
                if let Some(payload) = Payload::read(payload) {
                    let timestamp = packet.header.timestamp;
                    self.events.receive(now, timestamp, payload, &mut |digit| note(&mut digits, digit));
                }
            }
            Kind::Audio(codec) => {
                self.events.expire(now, &mut |digit| note(&mut digits, digit));
                self.listen(id, codec, payload, told);
            }
            Kind::Noise => {}
        }
        tell(id, &digits, told);
        digits
    }

    /// In-band digits; [`listen_in_band`](Self::listen_in_band) says whether.
    fn listen(&mut self, id: EndpointId, codec: Codec, payload: &[u8], told: &mut VecDeque<Event>) {
        let Some(detector) = &mut self.detector else { return };
        let mut samples = [0; LISTEN];
        for part in payload.chunks(LISTEN) {
            let Some(law) = codec.law() else { return };
            let length = g711::decode(law, part, &mut samples);
            if let Some(heard) = detector.listen(samples.get(..length).unwrap_or_default()) {
                told.push_back(Event::Digit { endpoint: id, digit: heard.digit, duration_ms: heard.duration_ms });
            }
        }
    }

    /// Whether digits are listened for in the sound: when there are no events and the peer may be heard.
    pub(super) fn listen_in_band(&mut self, terms: &Terms) {
        if terms.events.is_none() && terms.may_receive {
            self.detector.get_or_insert_with(|| Box::new(DtmfDetector::new()));
        }
    }

    /// What time alone brings: a digit whose end was lost, and silence.
    pub(super) fn handle_timeout(&mut self, now: Instant, id: EndpointId, told: &mut VecDeque<Event>) -> Digits {
        let mut digits = Digits::default();
        self.events.expire(now, &mut |digit| note(&mut digits, digit));
        tell(id, &digits, told);
        self.watch.expire(now, id, told);
        digits
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.watch.poll_timeout().into_iter().chain(self.events.poll_timeout()).min()
    }
}

fn note(digits: &mut Digits, digit: event::Heard) {
    if let Some(place) = digits.iter_mut().find(|place| place.is_none()) {
        *place = Some(digit);
    }
}

fn tell(id: EndpointId, digits: &Digits, told: &mut VecDeque<Event>) {
    for heard in digits.iter().flatten() {
        told.push_back(Event::Digit { endpoint: id, digit: heard.digit, duration_ms: heard.duration_ms });
    }
}

/// Watches over a peer that should be heard.
#[derive(Debug)]
struct Watch {
    on: bool,
    receiving: bool,
    /// The last packet, or when the watch began.
    since: Instant,
    told: bool,
    heard: bool,
}

impl Default for Watch {
    fn default() -> Self {
        Self { on: true, receiving: false, since: Instant::ZERO, told: false, heard: false }
    }
}

impl Watch {
    fn begin(&mut self, now: Instant, receiving: bool) {
        (self.receiving, self.since) = (receiving, now);
    }

    fn hear(&mut self, now: Instant, endpoint: EndpointId, told: &mut VecDeque<Event>) {
        self.since = now;
        if !std::mem::replace(&mut self.heard, true) {
            told.push_back(Event::Heard { endpoint });
        }
        if std::mem::take(&mut self.told) {
            told.push_back(Event::Resumed { endpoint });
        }
    }

    fn expire(&mut self, now: Instant, endpoint: EndpointId, told: &mut VecDeque<Event>) {
        if self.poll_timeout().is_some_and(|at| at <= now) {
            self.told = true;
            told.push_back(Event::Silent { endpoint });
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        (self.on && self.receiving && !self.told).then(|| self.since + limits::MEDIA_SILENCE)
    }
}

/// The payload type of telephone-event that our own offers name: a peer whose answer names another may send either
/// (RFC 3264 §6.1).
const OWN_EVENTS: u8 = 101;
/// Samples that the detector is given at a time: a slice of up to 60 ms holds at most one end of a digit.
const LISTEN: usize = 240;
