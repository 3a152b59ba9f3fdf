//! All endpoints of one media thread.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};
use std::net::SocketAddr;

use super::endpoint::{BUFFER, Endpoint, Tick};
use super::incoming::{Digits, Hearing, Kind};
use super::{Command, Destination, Event};
use crate::base::{Duration, EndpointId, Instant, Rng};

/// The media plane of one thread: the owner of its endpoints. After each call of [`handle_command`](Self::handle_command),
/// [`handle_packet`](Self::handle_packet) or [`tick`](Self::tick) the caller drains [`poll_event`](Self::poll_event); when
/// [`poll_timeout`](Self::poll_timeout) has come it calls `tick`.
#[derive(Debug)]
pub struct Plane {
    rng: Rng,
    /// A slot is free when it is `None`; then it is in `free`.
    slots: Vec<Option<Box<Endpoint>>>,
    free: Vec<usize>,
    by_id: HashMap<EndpointId, usize, BuildHasherDefault<IdHasher>>,
    /// Slots that play or send digits, and when their next frame is due.
    ticking: Vec<usize>,
    next_frame: Instant,
    /// When reports and watches are to be looked at.
    next_look: Option<Instant>,
    events: VecDeque<Event>,
    /// On which endpoint the machine works or worked last.
    at_work: Option<EndpointId>,
}

/// A packet that was edited in place and goes on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forward {
    /// Whereto.
    pub destination: Destination,
    /// How many of the packet's bytes.
    pub len: usize,
}

impl Plane {
    /// Without endpoints. SSRCs, first sequence numbers and the pace of reports come from `rng`.
    pub fn new(rng: Rng) -> Self {
        Self {
            rng,
            slots: Vec::new(),
            free: Vec::new(),
            by_id: HashMap::default(),
            ticking: Vec::new(),
            next_frame: Instant::ZERO,
            next_look: None,
            events: VecDeque::new(),
            at_work: None,
        }
    }

    /// Takes an order. One for an endpoint that is gone is dropped, and so is `Open` for one that is there.
    pub fn handle_command(&mut self, now: Instant, command: Command) {
        self.at_work = Some(command.endpoint());
        match command {
            Command::Open { endpoint, port: _ } => self.open(endpoint),
            Command::Configure { endpoint, agreed } => {
                let Self { slots, by_id, rng, .. } = self;
                if let Some(endpoint) = find(slots, by_id, endpoint) {
                    endpoint.configure(now, &agreed, rng);
                    let due = endpoint.poll_timeout();
                    self.look_at(due);
                }
            }
            Command::Expect { endpoint, host } => {
                if let Some(endpoint) = self.find(endpoint) {
                    endpoint.incoming.latch.expect(host);
                }
            }
            Command::Bridge { a, b } => self.bridge(a, b),
            Command::Separate { endpoint } => self.separate(endpoint),
            Command::Play { endpoint, id, sound } => {
                if let Some(found) = self.find(endpoint) {
                    found.play(id, sound);
                    self.start_ticking(now, endpoint);
                }
            }
            Command::StopPlay { endpoint } => {
                if let Some(endpoint) = self.find(endpoint) {
                    endpoint.stop_play();
                }
            }
            Command::SendDigit { endpoint, digit, duration_ms } => {
                if let Some(found) = self.find(endpoint) {
                    found.send_digit(digit, duration_ms);
                    self.start_ticking(now, endpoint);
                }
            }
            Command::WatchSilence { endpoint, on } => {
                if let Some(endpoint) = self.find(endpoint) {
                    endpoint.incoming.watch_silence(now, on);
                    let due = endpoint.poll_timeout();
                    self.look_at(due);
                }
            }
            Command::Close { endpoint } => self.close(endpoint),
        }
    }

    /// Takes a datagram that came from `from` on the RTP or the RTCP port of an endpoint. What is relayed is edited in
    /// place; its first `len` bytes are to be sent.
    pub fn handle_packet(
        &mut self,
        now: Instant,
        endpoint: EndpointId,
        rtcp: bool,
        from: SocketAddr,
        packet: &mut [u8],
    ) -> Option<Forward> {
        self.at_work = Some(endpoint);
        let Self { slots, by_id, events, .. } = self;
        let source = find(slots, by_id, endpoint)?;
        if rtcp {
            source.handle_rtcp(now, from, packet);
            return None;
        }
        let terms = source.terms?;
        let bridged = source.bridged;
        let hearing = source.incoming.hear(now, endpoint, &terms, from, packet, events)?;
        if hearing.kind == Kind::Event {
            let due = source.poll_timeout();
            self.look_at(due);
        }
        self.forward(now, bridged?, &hearing, packet)
    }

    fn forward(&mut self, now: Instant, slot: usize, hearing: &Hearing, packet: &mut [u8]) -> Option<Forward> {
        self.pass_digits(now, slot, &hearing.digits);
        let hearer = self.slots.get_mut(slot)?.as_deref_mut()?;
        self.at_work = Some(hearer.id);
        let (to, len) = hearer.relay(now, hearing, packet)?;
        Some(Forward { destination: Destination { endpoint: hearer.id, to, rtcp: false }, len })
    }

    /// Digits for a hearer that takes no events.
    fn pass_digits(&mut self, now: Instant, slot: usize, digits: &Digits) {
        for heard in digits.iter().flatten() {
            let Some(hearer) = self.slots.get_mut(slot).and_then(Option::as_deref_mut) else { return };
            if hearer.hear_digit(heard.digit, heard.duration_ms) {
                let id = hearer.id;
                self.start_ticking(now, id);
            }
        }
    }

    /// Sends what is due: frames of 20 ms, digits, reports. `emit` is called once a packet.
    pub fn tick(&mut self, now: Instant, emit: &mut dyn FnMut(Destination, &[u8])) {
        if now > self.next_frame + MOST_LATE {
            self.next_frame = now; // the thread was held up: a burst of old frames would help nobody
        }
        while !self.ticking.is_empty() && self.next_frame <= now {
            self.next_frame += FRAME_TIME;
            self.frame(now, emit);
        }
        if self.next_look.is_some_and(|at| at <= now) {
            self.look(now, emit);
        }
    }

    /// One frame for each that plays.
    fn frame(&mut self, now: Instant, emit: &mut dyn FnMut(Destination, &[u8])) {
        let Self { slots, ticking, events, at_work, .. } = self;
        let mut buffer = [0; BUFFER];
        ticking.retain(|&slot| {
            let Some(endpoint) = slots.get_mut(slot).and_then(Option::as_deref_mut) else { return false };
            *at_work = Some(endpoint.id);
            match endpoint.tick(now, &mut buffer, events) {
                Tick::Send { to, length } => {
                    let destination = Destination { endpoint: endpoint.id, to, rtcp: false };
                    emit(destination, buffer.get(..length).unwrap_or_default());
                }
                Tick::Quiet => {}
                Tick::Idle => endpoint.ticking = false,
            }
            endpoint.ticking
        });
    }

    /// Reports, watches and digits without an end of all endpoints. One pass over them all some times a second costs less
    /// than a queue that every packet would have to touch.
    fn look(&mut self, now: Instant, emit: &mut dyn FnMut(Destination, &[u8])) {
        self.next_look = None;
        for slot in 0..self.slots.len() {
            let Self { slots, events, rng, at_work, .. } = self;
            let Some(endpoint) = slots.get_mut(slot).and_then(Option::as_deref_mut) else { continue };
            *at_work = Some(endpoint.id);
            let (id, bridged) = (endpoint.id, endpoint.bridged);
            let digits = endpoint.incoming.handle_timeout(now, id, events);
            let mut buffer = [0; BUFFER];
            if let Some((to, length)) = endpoint.report(now, rng, &mut buffer) {
                emit(Destination { endpoint: id, to, rtcp: true }, buffer.get(..length).unwrap_or_default());
            }
            let due = endpoint.poll_timeout();
            self.look_at(due);
            if let Some(bridged) = bridged {
                self.pass_digits(now, bridged, &digits);
            }
        }
    }

    /// Looks at all endpoints at the latest then, on a grid, so that the deadlines of many meet.
    fn look_at(&mut self, due: Option<Instant>) {
        let on_grid = due.map(|at| Instant::from_micros(at.micros().div_ceil(LOOK_MICROS).saturating_mul(LOOK_MICROS)));
        self.next_look = self.next_look.into_iter().chain(on_grid).min();
    }

    /// When [`tick`](Self::tick) must be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let frame = (!self.ticking.is_empty()).then_some(self.next_frame);
        frame.into_iter().chain(self.next_look).min()
    }

    /// What the engine should know.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The one address that an endpoint hears from now on, unless it falls silent for seconds or another `Configure` comes:
    /// its socket may be connected to it. `None`: it must be open to all.
    pub fn settled(&self, now: Instant, endpoint: EndpointId) -> Option<SocketAddr> {
        let slot = *self.by_id.get(&endpoint)?;
        self.slots.get(slot)?.as_deref()?.incoming.latch.settled(now)
    }

    /// On which endpoint the machine worked when it panicked, for the thread that must go on with the others.
    pub fn at_work(&self) -> Option<EndpointId> {
        self.at_work
    }

    fn open(&mut self, id: EndpointId) {
        if self.by_id.contains_key(&id) {
            return;
        }
        let endpoint = Some(Box::new(Endpoint::new(id, &mut self.rng)));
        let slot = self.free.pop().unwrap_or(self.slots.len());
        match self.slots.get_mut(slot) {
            Some(place) => *place = endpoint,
            None => self.slots.push(endpoint),
        }
        self.by_id.insert(id, slot);
    }

    fn close(&mut self, id: EndpointId) {
        self.separate(id);
        let Some(slot) = self.by_id.remove(&id) else { return };
        self.ticking.retain(|&ticking| ticking != slot);
        if let Some(endpoint) = self.slots.get_mut(slot).and_then(Option::take) {
            self.free.push(slot);
            self.events.push_back(Event::Closed { endpoint: id, stats: endpoint.stats() });
        }
    }

    /// `a` and `b` may be the same: then it hears itself, as the echo test wants.
    fn bridge(&mut self, a: EndpointId, b: EndpointId) {
        let (Some(&slot_a), Some(&slot_b)) = (self.by_id.get(&a), self.by_id.get(&b)) else { return };
        self.separate(a);
        self.separate(b);
        for (slot, other) in [(slot_a, slot_b), (slot_b, slot_a)] {
            if let Some(endpoint) = self.slots.get_mut(slot).and_then(Option::as_deref_mut) {
                endpoint.bridge(Some(other));
            }
        }
    }

    fn separate(&mut self, id: EndpointId) {
        let Some(&slot) = self.by_id.get(&id) else { return };
        let other = self.slots.get(slot).and_then(|place| place.as_deref()?.bridged);
        for slot in [Some(slot), other].into_iter().flatten() {
            if let Some(endpoint) = self.slots.get_mut(slot).and_then(Option::as_deref_mut) {
                endpoint.bridge(None);
            }
        }
    }

    fn start_ticking(&mut self, now: Instant, id: EndpointId) {
        let Some(&slot) = self.by_id.get(&id) else { return };
        let Some(endpoint) = self.slots.get_mut(slot).and_then(Option::as_deref_mut) else { return };
        if std::mem::replace(&mut endpoint.ticking, true) {
            return;
        }
        if self.ticking.is_empty() {
            self.next_frame = now;
        }
        self.ticking.push(slot);
    }

    fn find(&mut self, id: EndpointId) -> Option<&mut Endpoint> {
        find(&mut self.slots, &self.by_id, id)
    }
}

type ById = HashMap<EndpointId, usize, BuildHasherDefault<IdHasher>>;

fn find<'a>(slots: &'a mut [Option<Box<Endpoint>>], by_id: &ById, id: EndpointId) -> Option<&'a mut Endpoint> {
    slots.get_mut(*by_id.get(&id)?)?.as_deref_mut()
}

/// Spreads the engine's own numbers, one a packet: nobody outside chooses them, so the flood-proof hasher would be paid
/// for nothing.
#[derive(Debug, Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u32(u32::from(byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.0 = (self.0 ^ u64::from(number)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    }
}

const FRAME_TIME: Duration = Duration::from_millis(20);
/// Frames that are late by more are left out.
const MOST_LATE: Duration = Duration::from_millis(100);
/// The grid of reports and watches: a quarter of a second.
const LOOK_MICROS: u64 = 250_000;
