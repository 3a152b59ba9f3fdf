//! One endpoint: what is heard from its peer and what is sent to it.

use std::collections::VecDeque;
use std::net::SocketAddr;

use super::digits::{DigitQueue, Step};
use super::ear::{self, Ear};
use super::incoming::{Hearing, Incoming, Kind, Terms};
use super::outgoing::Outgoing;
use super::player::{FRAME, Played, Player};
use super::report::Reports;
use super::secure::Secure;
use super::tape::Side;
use super::voice::Voice;
use super::{Event, Far, Sound, Stats};
use crate::base::{EndpointId, Instant, Rng};
use crate::codec::{Codec, Decoder, Encoder, OpusParameters, Rate, transcode};
use crate::rtp::event::Payload;
use crate::rtp::quality::{self, Path};
use crate::rtp::{COMFORT_NOISE, HEADER_BYTES, Header, MAX_PACKET_BYTES, strip};
use crate::sdp::{Agreed, Events};

/// The longest packet that is made here, with what SRTP adds; RTCP is shorter.
pub(super) const BUFFER: usize = MAX_PACKET_BYTES;

/// One endpoint. About a kilobyte with what it owns while it relays.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) id: EndpointId,
    pub(super) terms: Option<Terms>,
    opus: OpusParameters,
    pub(super) incoming: Incoming,
    pub(super) link: Link,
    /// Whether it is in the list of those that the tick visits, and at which step.
    pub(super) ticking: bool,
    pub(super) due: u64,
    /// How it is heard, while somebody wants its sound decoded.
    pub(super) ear: Option<Box<Ear>>,
    /// How it is spoken to, once anything was encoded for it.
    voice: Option<Box<Voice>>,
    /// The other side of its bridge is decoded for it.
    pub(super) decodes: bool,
    /// What is decoded for it comes from G.711.
    hears_narrow: bool,
    secure: Option<Box<Secure>>,
    /// The tape that it is on.
    pub(super) tape: Option<(usize, Side)>,
    outgoing: Outgoing,
    reports: Reports,
    player: Option<Player>,
    digits: DigitQueue,
    sent: u64,
}

/// Whom an endpoint hears: slots and rooms by their place in the plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    Alone,
    Bridge(usize),
    Room(usize),
}

/// What a tick brought, and for how many milliseconds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tick {
    /// The buffer's first `length` bytes go to `to`.
    Send { to: SocketAddr, length: usize, ms: u32 },
    /// Nothing to send this time.
    Quiet { ms: u32 },
    /// Nothing is played any more.
    Idle,
}

impl Endpoint {
    pub(super) fn new(id: EndpointId, rng: &mut Rng) -> Self {
        Self {
            id,
            terms: None,
            opus: OpusParameters::default(),
            incoming: Incoming::default(),
            link: Link::Alone,
            ticking: false,
            due: 0,
            ear: None,
            voice: None,
            decodes: false,
            hears_narrow: false,
            secure: None,
            tape: None,
            outgoing: Outgoing::new(rng),
            reports: Reports::new(rng),
            player: None,
            digits: DigitQueue::default(),
            sent: 0,
        }
    }

    pub(super) fn configure(&mut self, now: Instant, agreed: &Agreed, rng: &mut Rng) {
        let terms = Terms::new(agreed);
        if self.terms.is_some_and(|before| before.events.is_some() != terms.events.is_some()) {
            self.digits.clear(); // begun in the other manner
        }
        let alike = |before: &Terms| (before.codec, before.ptime_ms) == (terms.codec, terms.ptime_ms);
        if !(self.terms.as_ref().is_some_and(alike) && self.opus == agreed.opus) {
            self.voice = None;
        }
        self.opus = agreed.opus;
        self.outgoing.set_clock(agreed.codec.clock_rate(), rng);
        self.incoming.configure(now, agreed, &terms);
        Secure::renew(&mut self.secure, agreed.srtp.as_ref());
        self.reports.start(now, rng);
        self.terms = Some(terms);
    }

    /// What may be sent, and whereto; `None` on hold, before `Configure`, or without an address.
    fn way(&self) -> Option<(Terms, SocketAddr)> {
        let terms = self.terms.filter(|terms| terms.may_send)?;
        Some((terms, self.incoming.latch.destination()?))
    }

    /// Verifies and decrypts a packet of the peer where it lies; its length then. `None`: it is none of his.
    pub(super) fn unprotect(&mut self, packet: &mut [u8], rtcp: bool) -> Option<usize> {
        match &mut self.secure {
            None => Some(packet.len()),
            Some(secure) => secure.open(packet, rtcp),
        }
    }

    fn protect(&mut self, buffer: &mut [u8], length: usize, rtcp: bool) -> Option<usize> {
        match &mut self.secure {
            None => Some(length),
            Some(secure) => secure.close(buffer, length, rtcp),
        }
    }

    /// Whether its packets are SRTP.
    pub(super) fn is_secure(&self) -> bool {
        self.secure.is_some()
    }

    /// Edits a packet that another endpoint heard into the next one for this peer. `None`: this peer doesn't hear it.
    pub(super) fn relay(
        &mut self,
        now: Instant,
        hearing: &Hearing,
        buffer: &mut [u8],
        length: usize,
    ) -> Option<(SocketAddr, usize)> {
        let (terms, to) = self.way().filter(|_| !self.is_occupied())?;
        let carried = u32::try_from(hearing.packet.payload_bytes()).ok()?;
        let packet = buffer.get_mut(..length)?;
        let (payload_type, ms, from) = match hearing.kind {
            Kind::Audio(codec) => {
                let ms = Decoder::payload_ms(codec, hearing.packet.payload(packet)).unwrap_or(0);
                (terms.payload_type, ms, Some(codec))
            }
            Kind::Event(_) => (terms.events?.payload_type, 0, None),
            Kind::Noise => (COMFORT_NOISE, 0, None),
        };
        let ticks = self.outgoing.ticks_of(ms);
        let header = self.outgoing.relay(now, &hearing.packet.header, ticks, carried)?;
        let length = strip(packet, &hearing.packet);
        let (head, payload) = packet.get_mut(..length)?.split_first_chunk_mut()?;
        Header { payload_type, ..header }.write(head);
        if let (Some(from), Some(to)) = (from.and_then(|codec| codec.law()), terms.codec.law()) {
            transcode(from, to, payload);
        }
        self.sent += 1;
        Some((to, self.protect(buffer, length, false)?))
    }

    /// Whether something of ours is sent in place of what it would hear.
    fn is_occupied(&self) -> bool {
        self.player.is_some() || self.digits.is_busy()
    }

    /// Whether telephone-events under that clock can go to this peer packet by packet.
    pub(super) fn relays_events(&self, clock_hz: u32) -> bool {
        let same = |events: Events| events.clock_rate == clock_hz && self.outgoing.clock_hz() == clock_hz;
        !self.decodes && self.terms.and_then(|terms| terms.events).is_some_and(same)
    }

    /// Whether digits go to this peer as events.
    pub(super) fn takes_events(&self) -> bool {
        self.terms.is_some_and(|terms| terms.events.is_some())
    }

    /// A digit of the other side of the bridge that no packet of its own carries here: it is made anew. Returns whether a
    /// tick is needed.
    pub(super) fn hear_digit(&mut self, digit: char, duration_ms: u32) -> bool {
        let hears = self.way().is_some() && self.player.is_none();
        if hears {
            self.digits.push(digit, duration_ms);
        }
        hears
    }

    pub(super) fn send_digit(&mut self, digit: char, duration_ms: u32) {
        self.digits.push(digit, duration_ms);
    }

    pub(super) fn play(&mut self, now: Instant, id: u32, sound: Sound, until_digit: bool) {
        self.outgoing.interrupt();
        self.player = Some(Player::new(now, id, sound, until_digit));
    }

    pub(super) fn stop_play(&mut self) {
        self.player = None;
    }

    /// Its peer holds a key down.
    pub(super) fn key_pressed(&mut self) {
        if self.player.as_ref().is_some_and(|player| player.until_digit) {
            self.player = None;
        }
    }

    /// A packet of its peer goes into its ear, which hears at `rate`.
    pub(super) fn hear(&mut self, now: Instant, rate: Rate, hearing: &Hearing, packet: &[u8]) {
        let payload = match hearing.kind {
            Kind::Audio(codec) => ear::Payload::Audio(codec),
            Kind::Noise => ear::Payload::Noise,
            Kind::Event(_) => return,
        };
        let Some(terms) = &self.terms else { return };
        if self.ear.as_ref().is_none_or(|ear| ear.rate() != rate) {
            self.ear = Some(Box::new(Ear::new(now, terms.codec, rate)));
        }
        if let Some(ear) = &mut self.ear {
            ear.hear(now, payload, &hearing.packet.header, hearing.packet.payload(packet));
        }
    }

    /// What is decoded for it comes in that codec.
    pub(super) fn listen_to(&mut self, codec: Codec) {
        let narrow = codec.law().is_some();
        if narrow != self.hears_narrow {
            self.hears_narrow = narrow;
            if self.terms.is_some_and(|terms| terms.codec == Codec::Opus) {
                self.voice = None;
            }
        }
    }

    fn voice(&mut self) -> Option<&mut Voice> {
        let terms = self.terms?;
        let mut opus = self.opus;
        if self.hears_narrow {
            opus.max_playback_rate = Rate::Narrow.hz(); // there is nothing above it: coding that would cost twice as much
        }
        Some(self.voice.get_or_insert_with(|| Box::new(Voice::new(terms.codec, &opus, terms.ptime_ms))))
    }

    /// The rate at which it wants to be spoken to.
    pub(super) fn rate(&mut self) -> Option<Rate> {
        self.voice().map(|voice| voice.rate())
    }

    /// How many samples it wants of the other side of its bridge for the next packet.
    pub(super) fn wants(&mut self) -> Option<usize> {
        if !self.decodes || self.is_occupied() || self.way().is_none() {
            return None;
        }
        self.voice().map(|voice| voice.rate().samples(voice.packet_ms()))
    }

    /// It is due: digits first, then what is played, then `heard`, the sound that it [`wants`](Self::wants).
    pub(super) fn tick(
        &mut self,
        now: Instant,
        heard: Option<&[i16]>,
        buffer: &mut [u8; BUFFER],
        told: &mut VecDeque<Event>,
    ) -> Tick {
        let way = self.way();
        if way.is_none() {
            self.digits.clear();
            self.outgoing.interrupt();
        }
        let mut frame = [0; FRAME];
        let events = way.and_then(|(terms, _)| terms.events);
        match self.digits.next_step(events.map(|events| events.clock_rate), &mut frame) {
            Step::Event { payload, timestamp } => return self.send_event(now, payload, timestamp, buffer),
            Step::Frame => return self.send_tone(now, &frame, buffer),
            Step::Pause => return Tick::Quiet { ms: FRAME_MS },
            Step::Idle => {}
        }
        if self.player.is_some() {
            return self.play_on(now, buffer, told);
        }
        match heard {
            Some(heard) => self.send_sound(now, heard, buffer),
            None => Tick::Idle,
        }
    }

    fn play_on(&mut self, now: Instant, buffer: &mut [u8; BUFFER], told: &mut VecDeque<Event>) -> Tick {
        let way = self.way();
        let (codec, ptime_ms) = way.map_or((Codec::Pcma, FRAME_MS), |(terms, _)| (terms.codec, terms.ptime_ms));
        let Some(player) = &mut self.player else { return Tick::Idle };
        let room = buffer.get_mut(HEADER_BYTES..MOST_BYTES).unwrap_or_default();
        let (id, played) = (player.id, player.next_packet(codec, Encoder::packet_ms(codec, ptime_ms), room));
        if player.is_over() {
            self.player = None;
            told.push_back(Event::PlayEnded { endpoint: self.id, id });
        }
        match played {
            // Time passes in a clip all the same.
            Played::Coded { ms, .. } if way.is_none() => Tick::Quiet { ms },
            Played::Coded { length, ms } => self.send_payload(now, length, ms, buffer),
            Played::Tone(frame) => self.send_tone(now, &frame, buffer),
            Played::Nothing => Tick::Quiet { ms: FRAME_MS },
        }
    }

    /// 20 ms of a tone, made at 8000 Hz.
    fn send_tone(&mut self, now: Instant, frame: &[i16; FRAME], buffer: &mut [u8; BUFFER]) -> Tick {
        if self.way().is_none() {
            return Tick::Quiet { ms: FRAME_MS };
        }
        let Some(voice) = self.voice() else { return Tick::Quiet { ms: FRAME_MS } };
        let room = buffer.get_mut(HEADER_BYTES..MOST_BYTES).unwrap_or_default();
        let length = voice.encode_tone(frame, room);
        self.send_payload(now, length, FRAME_MS, buffer)
    }

    /// A whole packet of the other side.
    fn send_sound(&mut self, now: Instant, sound: &[i16], buffer: &mut [u8; BUFFER]) -> Tick {
        let Some(voice) = self.voice() else { return Tick::Idle };
        let ms = voice.packet_ms();
        let room = buffer.get_mut(HEADER_BYTES..MOST_BYTES).unwrap_or_default();
        let length = voice.encode(sound, room);
        self.send_payload(now, length, ms, buffer)
    }

    /// 20 ms of its room, at [`rate`](Self::rate).
    pub(super) fn send_room(&mut self, now: Instant, sound: &[i16], buffer: &mut [u8; BUFFER]) -> Tick {
        if self.is_occupied() || self.way().is_none() {
            return Tick::Quiet { ms: FRAME_MS };
        }
        let Some(voice) = self.voice() else { return Tick::Quiet { ms: FRAME_MS } };
        let room = buffer.get_mut(HEADER_BYTES..MOST_BYTES).unwrap_or_default();
        match voice.gather(sound, room) {
            Some((length, ms)) => self.send_payload(now, length, ms, buffer),
            None => Tick::Quiet { ms: FRAME_MS },
        }
    }

    /// Whether a payload of 20 ms that another member of its room was sent would do for it: the same law, and nothing gathered.
    pub(super) fn shares(&mut self) -> Option<crate::codec::Law> {
        let law = self.terms.and_then(|terms| terms.codec.law())?;
        let voice = self.voice()?;
        (voice.packet_ms() == FRAME_MS && !voice.is_gathering()).then_some(law)
    }

    /// 20 ms of its room that are coded already.
    pub(super) fn send_shared(&mut self, now: Instant, payload: &[u8], buffer: &mut [u8; BUFFER]) -> Tick {
        if self.is_occupied() || self.way().is_none() {
            return Tick::Quiet { ms: FRAME_MS };
        }
        if let Some(room) = buffer.get_mut(HEADER_BYTES..HEADER_BYTES + payload.len()) {
            room.copy_from_slice(payload);
        }
        self.send_payload(now, payload.len(), FRAME_MS, buffer)
    }

    /// The payload lies in the buffer behind the room for its header; none is needed when it is empty.
    fn send_payload(&mut self, now: Instant, length: usize, ms: u32, buffer: &mut [u8; BUFFER]) -> Tick {
        let Some((terms, to)) = self.way() else { return Tick::Quiet { ms } };
        if length == 0 {
            self.outgoing.pause(ms);
            return Tick::Quiet { ms };
        }
        let header = self.outgoing.frame(now, terms.payload_type, ms, length);
        self.send(to, &header, length, ms, buffer)
    }

    fn send_event(
        &mut self,
        now: Instant,
        payload: Payload,
        timestamp: Option<u32>,
        buffer: &mut [u8; BUFFER],
    ) -> Tick {
        let Some((Terms { events: Some(Events { payload_type, .. }), .. }, to)) = self.way() else {
            return Tick::Quiet { ms: FRAME_MS };
        };
        let began = timestamp.unwrap_or_else(|| self.outgoing.begin_event(now));
        self.digits.set_timestamp(began);
        let header = self.outgoing.event(payload_type, began, timestamp.is_none());
        if let Some(room) = buffer.get_mut(HEADER_BYTES..).and_then(|rest| rest.first_chunk_mut()) {
            *room = payload.write();
        }
        self.send(to, &header, Payload::BYTES, FRAME_MS, buffer)
    }

    fn send(&mut self, to: SocketAddr, header: &Header, length: usize, ms: u32, buffer: &mut [u8; BUFFER]) -> Tick {
        if let Some(head) = buffer.first_chunk_mut() {
            header.write(head);
        }
        self.sent += 1;
        match self.protect(buffer, HEADER_BYTES + length, false) {
            Some(length) => Tick::Send { to, length, ms },
            None => Tick::Quiet { ms },
        }
    }

    /// A packet on the RTCP port.
    pub(super) fn handle_rtcp(&mut self, now: Instant, from: SocketAddr, bytes: &[u8]) {
        if self.terms.is_some() && self.incoming.latch.admit_control(from, bytes) {
            self.reports.read(now, self.outgoing.ssrc(), bytes);
            if let (Some(voice), Some(block)) = (&mut self.voice, self.reports.about_us()) {
                voice.expect_loss((u16::from(block.fraction_lost) * 100 / 256) as u8);
            }
        }
    }

    /// The report that is due, if one is.
    pub(super) fn report(
        &mut self,
        now: Instant,
        rng: &mut Rng,
        buffer: &mut [u8; BUFFER],
    ) -> Option<(SocketAddr, usize)> {
        if !self.reports.is_due(now, rng) {
            return None;
        }
        let to = self.incoming.latch.control_destination()?;
        let length = self.reports.write(now, &self.outgoing, &mut self.incoming.reception, buffer);
        let length = (length > 0).then_some(length)?;
        Some((to, self.protect(buffer, length, true)?))
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.incoming.poll_timeout().into_iter().chain(self.reports.poll_timeout()).min()
    }

    /// Whom it hears changed: whoever is heard next begins anew.
    pub(super) fn link(&mut self, link: Link) {
        self.link = link;
        self.hear_anew();
        self.listen_to(Codec::Opus); // anything, until a packet tells
        self.outgoing.interrupt();
    }

    /// What was decoded of it, and for it, is forgotten: it may be relayed again.
    pub(super) fn hear_anew(&mut self) {
        self.ear = None;
        self.decodes = false;
    }

    pub(super) fn stats(&self) -> Stats {
        let reception = &self.incoming.reception;
        let (received, lost) = (reception.received(), reception.lost());
        let jitter_ms = reception.jitter_ms();
        let score = |lost: u64, of: u64, jitter_ms: f32| {
            let codec = self.terms.filter(|_| of > 0)?.codec;
            let one_way_ms = self.reports.round_trip_ms().unwrap_or(0.0) / 2.0 + USUAL_DELAY_MS + 2.0 * jitter_ms;
            let loss = lost as f32 / of as f32;
            Some(quality::mos(&Path { codec, loss, burst_ratio: 1.0, one_way_ms }))
        };
        let far = self.reports.about_us().and_then(|block| {
            let lost = u64::try_from(block.lost).unwrap_or(0).min(self.sent);
            let jitter_ms = block.jitter as f32 * 1000.0 / self.outgoing.clock_hz() as f32;
            score(lost, self.sent, jitter_ms).map(|mos| Far { lost, jitter_ms, mos })
        });
        Stats {
            received,
            sent: self.sent,
            lost,
            jitter_ms,
            round_trip_ms: self.reports.round_trip_ms(),
            mos: score(lost, received + lost, jitter_ms).filter(|_| received > 0),
            far,
            strangers: self.incoming.strangers,
        }
    }
}

/// Milliseconds of a frame of ours.
const FRAME_MS: u32 = 20;
/// Header and payload: what is left of the buffer is SRTP's.
const MOST_BYTES: usize = BUFFER - 40;
/// One packet of 20 ms, and the look-ahead and the buffers that every path has; the jitter comes on top.
const USUAL_DELAY_MS: f32 = 40.0;
