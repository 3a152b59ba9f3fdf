//! What is heard from one peer: who may speak, what was lost, which digits were pressed, and whether it fell silent.

use std::collections::VecDeque;
use std::net::SocketAddr;

use super::Event;
use super::latch::Latch;
use crate::base::{Duration, EndpointId, Instant, limits};
use crate::codec::Decoder;
use crate::codec::detect::DtmfDetector;
use crate::codec::{Codec, Rate};
use crate::rtp::event::{self, Payload};
use crate::rtp::{self, COMFORT_NOISE, Order, Packet, Reception};
use crate::sdp::{Agreed, Direction, Events, Meaning};

/// What offer and answer settled of what is sent, without its allocations.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) codec: Codec,
    pub(super) payload_type: u8,
    pub(super) events: Option<Events>,
    pub(super) noise: bool,
    pub(super) ptime_ms: u32,
    max_ptime_ms: u32,
    pub(super) may_send: bool,
    pub(super) may_receive: bool,
}

impl Terms {
    pub(super) fn new(agreed: &Agreed) -> Self {
        Self {
            codec: agreed.codec,
            payload_type: agreed.payload_type,
            events: agreed.events,
            noise: agreed.noise,
            ptime_ms: agreed.ptime_ms,
            max_ptime_ms: agreed.max_ptime_ms.unwrap_or(u32::MAX),
            may_send: matches!(agreed.direction, Direction::SendRecv | Direction::SendOnly),
            may_receive: matches!(agreed.direction, Direction::SendRecv | Direction::RecvOnly),
        }
    }

    /// Whether a payload can go to this peer as it came: the same codec, or the other law, in a packet that it can take.
    pub(super) fn takes(&self, codec: Codec, payload: &[u8]) -> bool {
        let alike = codec == self.codec || (codec.law().is_some() && self.codec.law().is_some());
        alike && Decoder::payload_ms(codec, payload).is_none_or(|ms| ms <= self.max_ptime_ms)
    }
}

/// What a payload type means here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Audio(Codec),
    /// Under this clock in Hz.
    Event(u32),
    Noise,
}

/// What the payload types of the peer's packets mean.
#[derive(Debug, Default)]
struct Kinds(Vec<(u8, Kind)>);

impl Kinds {
    /// The format in use comes first, as most packets are of it.
    fn new(agreed: &Agreed) -> Self {
        let mut kinds = Self::default();
        kinds.add(agreed.payload_type, Kind::Audio(agreed.codec));
        for &(number, meaning) in &agreed.hears {
            kinds.add(
                number,
                match meaning {
                    Meaning::Audio(codec) => Kind::Audio(codec),
                    Meaning::Events(clock_rate) => Kind::Event(clock_rate),
                    Meaning::Noise => Kind::Noise,
                },
            );
        }
        if let Some(events) = agreed.events {
            kinds.add(events.payload_type, Kind::Event(events.clock_rate));
        }
        // Formats that the peer may switch to at any time, as both sides named them: RFC 3264 §7.
        for codec in &agreed.common {
            if let Some(number) = codec.static_payload_type() {
                kinds.add(number, Kind::Audio(*codec));
            }
        }
        kinds.add(COMFORT_NOISE, Kind::Noise);
        kinds
    }

    /// What was said first counts.
    fn add(&mut self, number: u8, kind: Kind) {
        if self.of(number).is_none() {
            self.0.push((number, kind));
        }
    }

    /// `None` for a payload type that was not agreed.
    fn of(&self, payload_type: u8) -> Option<Kind> {
        self.0.iter().find(|(number, _)| *number == payload_type).map(|(_, kind)| *kind)
    }
}

/// A packet that was heard.
#[derive(Debug)]
pub(super) struct Hearing {
    pub(super) packet: Packet,
    pub(super) kind: Kind,
    /// Digits that ended with it, as events.
    pub(super) digits: Digits,
    /// A digit that ended with it, as sound; the hearer has heard it already.
    pub(super) in_band: Option<event::Heard>,
    /// A key is down, by event or by sound.
    pub(super) key_down: bool,
}

impl Hearing {
    pub(super) fn kind_is_event(&self) -> bool {
        matches!(self.kind, Kind::Event(_))
    }
}

/// At most two digits can end with one packet.
pub(super) type Digits = [Option<event::Heard>; 2];

/// The receive side of an endpoint.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    pub(super) latch: Latch,
    pub(super) reception: Reception,
    pub(super) strangers: u64,
    kinds: Kinds,
    present: Present,
    events: event::Receiver,
    events_clock: u32,
    /// Only while digits can come no other way: it costs.
    listener: Option<Box<Listener>>,
    watch: Watch,
}

impl Incoming {
    pub(super) fn configure(&mut self, now: Instant, agreed: &Agreed, terms: &Terms) {
        self.latch.configure(now, agreed.rtp, agreed.rtcp);
        self.watch.begin(now, terms.may_receive);
        self.kinds = Kinds::new(agreed);
        self.present = Present::default();
        self.reception.set_clock(agreed.codec.clock_rate());
        // Digits are listened for in the sound when there are no events and the peer may be heard.
        if terms.events.is_some() || !terms.may_receive {
            self.listener = None;
        } else if self.listener.as_ref().is_none_or(|listener| listener.decoder.codec() != agreed.codec) {
            self.listener = Some(Box::new(Listener::new(agreed.codec)));
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
        let kind = self.kinds.of(packet.header.payload_type)?;
        if packet.payload_bytes() == 0 {
            return None;
        }
        if !self.latch.admit(now, from, &packet.header) {
            self.strangers += 1;
            return None;
        }
        self.watch.hear(now, id, told);
        if !self.present.admit(now, from, packet.header.ssrc) {
            return None;
        }
        let order = self.reception.receive(now, &packet.header, matches!(kind, Kind::Audio(_)));
        if order == Order::Repeated || !terms.may_receive {
            return None;
        }
        let mut hearing = Hearing { packet, kind, digits: Digits::default(), in_band: None, key_down: false };
        self.listen(now, packet.payload(bytes), &mut hearing);
        tell(id, &hearing.digits, told);
        tell(id, &[hearing.in_band, None], told);
        Some(hearing)
    }

    fn listen(&mut self, now: Instant, payload: &[u8], hearing: &mut Hearing) {
        let Hearing { packet, kind, digits, in_band, key_down } = hearing;
        match *kind {
            Kind::Event(clock_rate) => {
                if let Some(payload) = Payload::read(payload) {
                    *key_down = event::digit_of(payload.code).is_some();
                    self.events_clock = clock_rate;
                    self.events.set_clock(clock_rate);
                    let timestamp = packet.header.timestamp;
                    self.events.receive(now, timestamp, payload, &mut |digit| note(digits, digit));
                }
            }
            Kind::Audio(codec) => {
                self.events.expire(now, &mut |digit| note(digits, digit));
                if let Some(listener) = &mut self.listener {
                    (*in_band, *key_down) = listener.listen(codec, payload);
                }
            }
            Kind::Noise => {}
        }
    }

    /// The clock in Hz of the events that came last.
    pub(super) fn events_clock(&self) -> u32 {
        self.events_clock
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

/// Listens for digits in the sound, packet by packet as they come.
#[derive(Debug)]
struct Listener {
    decoder: Decoder,
    detector: DtmfDetector,
    sound: Vec<i16>,
}

impl Listener {
    fn new(codec: Codec) -> Self {
        let sound = vec![0; Rate::Narrow.samples(LONGEST_PACKET_MS)];
        Self { decoder: Decoder::new(codec, Rate::Narrow), detector: DtmfDetector::new(), sound }
    }

    /// The digit that ended, and whether one sounds.
    fn listen(&mut self, codec: Codec, payload: &[u8]) -> (Option<event::Heard>, bool) {
        if self.decoder.codec() != codec {
            self.decoder = Decoder::new(codec, Rate::Narrow);
        }
        let mut ended = None;
        let length = self.decoder.decode(payload, &mut self.sound);
        // A slice of up to 60 ms holds at most one end of a digit.
        for part in self.sound.get(..length).unwrap_or_default().chunks(LISTEN) {
            let heard = self.detector.listen(part);
            ended = heard.map(|heard| event::Heard { digit: heard.digit, duration_ms: heard.duration_ms }).or(ended);
        }
        (ended, self.detector.is_sounding())
    }
}

/// Which of a peer's streams is heard. Some gateways send a call twice, under two sources at once: heard together they are
/// rubble. The one that is heard stays until it is silent, or another speaks alone.
#[derive(Debug, Default)]
struct Present {
    stream: Option<(SocketAddr, u32, Instant)>,
    /// Another source, and how many packets of it came since the last of the present one.
    rival: Option<(u32, u32)>,
}

impl Present {
    fn admit(&mut self, now: Instant, from: SocketAddr, ssrc: u32) -> bool {
        let known = self.stream.filter(|(place, _, heard_at)| *place == from && now < *heard_at + PRESENT);
        if known.is_some_and(|(_, present, _)| present != ssrc) {
            let alone = match self.rival {
                Some((rival, count)) if rival == ssrc => count + 1,
                _ => 1,
            };
            if alone < RIVAL_PACKETS {
                self.rival = Some((ssrc, alone));
                return false;
            }
        }
        self.rival = None;
        self.stream = Some((from, ssrc, now));
        true
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

/// Samples that the detector is given at a time: 60 ms.
const LISTEN: usize = 480;
/// RFC 6716 §3.2.5.
const LONGEST_PACKET_MS: u32 = 120;
/// A stream of which nothing came for so long has ended.
const PRESENT: Duration = Duration::from_millis(100);
/// So many packets of another source in a row, and the peer has changed its own: RFC 3550 §8.2.
const RIVAL_PACKETS: u32 = 3;
