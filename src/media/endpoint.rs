//! One endpoint: what is heard from its peer and what is sent to it.

use std::collections::VecDeque;
use std::net::SocketAddr;

use super::digits::{DigitQueue, Step};
use super::incoming::{Hearing, Incoming, Kind, Terms};
use super::outgoing::Outgoing;
use super::player::{FRAME, Player};
use super::report::Reports;
use super::{Event, Sound, Stats};
use crate::base::{EndpointId, Instant, Rng};
use crate::codec::{Law, g711, transcode};
use crate::rtp::event::Payload;
use crate::rtp::{HEADER_BYTES, Header, strip};
use crate::sdp::Agreed;

/// The longest packet that is made here; RTCP is shorter.
pub(super) const BUFFER: usize = HEADER_BYTES + FRAME;

/// One endpoint. About 700 bytes with what it owns while it relays.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) id: EndpointId,
    pub(super) terms: Option<Terms>,
    pub(super) incoming: Incoming,
    /// The slot of the endpoint that it hears and that hears it.
    pub(super) bridged: Option<usize>,
    /// Whether it is in the list of those that the tick visits.
    pub(super) ticking: bool,
    outgoing: Outgoing,
    reports: Reports,
    player: Option<Player>,
    digits: DigitQueue,
    sent: u64,
}

/// What a tick brought.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tick {
    /// The buffer's first `length` bytes go to `to`.
    Send { to: SocketAddr, length: usize },
    /// Nothing to send this time.
    Quiet,
    /// Nothing is played any more.
    Idle,
}

impl Endpoint {
    pub(super) fn new(id: EndpointId, rng: &mut Rng) -> Self {
        Self {
            id,
            terms: None,
            incoming: Incoming::default(),
            bridged: None,
            ticking: false,
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
        self.incoming.configure(now, agreed, &terms);
        self.incoming.listen_in_band(&terms);
        self.reports.start(now, rng);
        self.terms = Some(terms);
    }

    /// What may be sent, and whereto; `None` on hold, before `Configure`, or without an address.
    fn way(&self) -> Option<(Terms, SocketAddr)> {
        let terms = self.terms.filter(|terms| terms.may_send)?;
        Some((terms, self.incoming.latch.destination()?))
    }

    /// Edits a packet that another endpoint heard into the next one for this peer. `None`: this peer doesn't hear it.
    pub(super) fn relay(&mut self, now: Instant, hearing: &Hearing, bytes: &mut [u8]) -> Option<(SocketAddr, usize)> {
        let (terms, to) = self.way().filter(|_| self.player.is_none() && !self.digits.is_busy())?;
        let length = hearing.packet.payload_bytes();
        let (payload_type, ticks, from) = match hearing.kind {
            Kind::Audio(codec) => (terms.payload_type, u32::try_from(length).ok()?, Some(codec)),
            Kind::Event => (terms.events?, 0, None),
            Kind::Noise => return None,
        };
        let carried = u32::try_from(length).ok()?;
        let header = self.outgoing.relay(now, &hearing.packet.header, ticks, carried)?;
        let length = strip(bytes, &hearing.packet);
        let (head, payload) = bytes.get_mut(..length)?.split_first_chunk_mut()?;
        Header { payload_type, ..header }.write(head);
        if let Some(from) = from {
            let (from, to) = (from.law()?, terms.codec.law()?);
            transcode(from, to, payload);
        }
        self.sent += 1;
        Some((to, length))
    }

    /// A digit that came as events from the other side of the bridge, and this peer takes none: it is made as a tone.
    /// Returns whether a tick is needed.
    pub(super) fn hear_digit(&mut self, digit: char, duration_ms: u32) -> bool {
        let tones = self.way().is_some_and(|(terms, _)| terms.events.is_none()) && self.player.is_none();
        if tones {
            self.digits.push(digit, duration_ms);
        }
        tones
    }

    pub(super) fn send_digit(&mut self, digit: char, duration_ms: u32) {
        self.digits.push(digit, duration_ms);
    }

    pub(super) fn play(&mut self, id: u32, sound: Sound) {
        self.outgoing.interrupt();
        self.player = Some(Player::new(id, sound));
    }

    pub(super) fn stop_play(&mut self) {
        self.player = None;
    }

    /// 20 ms have passed: digits first, then what is played.
    pub(super) fn tick(&mut self, now: Instant, buffer: &mut [u8; BUFFER], told: &mut VecDeque<Event>) -> Tick {
        let way = self.way();
        if way.is_none() {
            self.digits.clear();
            self.outgoing.interrupt();
        }
        let mut frame = [0; FRAME];
        let as_events = way.is_some_and(|(terms, _)| terms.events.is_some());
        match self.digits.next_step(as_events, &mut frame) {
            Step::Event { payload, timestamp } => return self.send_event(now, payload, timestamp, buffer),
            Step::Frame => return self.send_frame(now, &frame, buffer),
            Step::Pause => return Tick::Quiet,
            Step::Idle => {}
        }
        let Some(player) = &mut self.player else { return Tick::Idle };
        let (id, ended) = (player.id, player.next_frame(&mut frame));
        if ended {
            self.player = None;
            told.push_back(Event::PlayEnded { endpoint: self.id, id });
        }
        self.send_frame(now, &frame, buffer)
    }

    fn send_frame(&mut self, now: Instant, frame: &[i16; FRAME], buffer: &mut [u8; BUFFER]) -> Tick {
        let Some((terms, to)) = self.way() else { return Tick::Quiet };
        let ticks = FRAME as u32;
        let header = self.outgoing.frame(now, terms.payload_type, ticks);
        let Some((head, payload)) = buffer.split_first_chunk_mut() else { return Tick::Quiet };
        header.write(head);
        let length = HEADER_BYTES + g711::encode(terms.codec.law().unwrap_or(Law::A), frame, payload);
        self.sent += 1;
        Tick::Send { to, length }
    }

    fn send_event(
        &mut self,
        now: Instant,
        payload: Payload,
        timestamp: Option<u32>,
        buffer: &mut [u8; BUFFER],
    ) -> Tick {
        let Some((Terms { events: Some(payload_type), .. }, to)) = self.way() else { return Tick::Quiet };
        let began = timestamp.unwrap_or_else(|| self.outgoing.begin_event(now));
        self.digits.set_timestamp(began);
        let header = self.outgoing.event(payload_type, began, timestamp.is_none());
        let Some((head, rest)) = buffer.split_first_chunk_mut() else { return Tick::Quiet };
        header.write(head);
        if let Some(room) = rest.first_chunk_mut() {
            *room = payload.write();
        }
        self.sent += 1;
        Tick::Send { to, length: HEADER_BYTES + Payload::BYTES }
    }

    /// A packet on the RTCP port.
    pub(super) fn handle_rtcp(&mut self, now: Instant, from: SocketAddr, bytes: &[u8]) {
        if self.terms.is_some() && self.incoming.latch.admit_control(from, bytes) {
            self.reports.read(now, self.outgoing.ssrc(), bytes);
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
        (length > 0).then_some((to, length))
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.incoming.poll_timeout().into_iter().chain(self.reports.poll_timeout()).min()
    }

    /// Its bridge changed: whoever is heard next begins anew.
    pub(super) fn bridge(&mut self, other: Option<usize>) {
        self.bridged = other;
        self.outgoing.interrupt();
    }

    pub(super) fn stats(&self) -> Stats {
        let reception = &self.incoming.reception;
        Stats {
            received: reception.received(),
            sent: self.sent,
            lost: reception.lost(),
            jitter_ms: reception.jitter_ms(),
            round_trip_ms: self.reports.round_trip_ms(),
            strangers: self.incoming.strangers,
        }
    }
}
