//! All endpoints of one media thread.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};
use std::net::SocketAddr;

use super::endpoint::{BUFFER, Endpoint, Link, Tick};
use super::incoming::{Digits, Hearing, Kind};
use super::room::{Room, WIDE};
use super::tape::{Block, Mark, Side, Tape};
use super::{Command, Destination, Event, Speaks};
use crate::base::{Duration, EndpointId, Instant, RecordingId, Rng, RoomId, limits};
use crate::codec::{Law, Rate};
use crate::rtp::HEADER_BYTES;

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
    /// Slots that play, send digits or are spoken to by an encoder; each says at which step it is due.
    ticking: Vec<usize>,
    /// The step of 10 ms that comes next, and when.
    step: u64,
    next_step: Instant,
    /// The first step at which anybody is due.
    next_due: Option<u64>,
    /// Emptied ones are kept for the next.
    rooms: Vec<Option<Box<Room>>>,
    tapes: Vec<Option<Recorded>>,
    /// When reports and watches are to be looked at.
    next_look: Option<Instant>,
    events: VecDeque<Event>,
    /// On which endpoint the machine works or worked last.
    at_work: Option<EndpointId>,
}

/// A tape, and who is on it.
#[derive(Debug)]
struct Recorded {
    recording: RecordingId,
    tape: Tape,
    parties: [EndpointId; 2],
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
            step: 0,
            next_step: Instant::ZERO,
            next_due: None,
            rooms: Vec::new(),
            tapes: Vec::new(),
            next_look: None,
            events: VecDeque::new(),
            at_work: None,
        }
    }

    /// Takes an order. One for an endpoint that is gone is dropped, and so is `Open` for one that is there.
    pub fn handle_command(&mut self, now: Instant, command: Command) {
        self.at_work = command.endpoint().or(self.at_work);
        match command {
            Command::Open { endpoint, port: _ } => self.open(endpoint),
            Command::Configure { endpoint, agreed } => self.configure(now, endpoint, &agreed),
            Command::Expect { endpoint, host } => {
                if let Some(endpoint) = self.find(endpoint) {
                    endpoint.incoming.latch.expect(host);
                }
            }
            Command::Bridge { a, b } => self.bridge(a, b),
            Command::Separate { endpoint } => self.separate(endpoint),
            Command::Join { endpoint, room, speaks } => self.join(now, endpoint, room, speaks),
            Command::Announce { room, sound } => {
                if let Some(room) = self.rooms.iter_mut().flatten().find(|own| own.id == room) {
                    room.announce(now, sound);
                }
            }
            Command::Play { endpoint, id, sound, until_digit } => {
                if let Some(found) = self.find(endpoint) {
                    found.play(now, id, sound, until_digit);
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
            Command::Record { recording, left, right } => self.record(recording, [left, right]),
            Command::PauseRecording { recording, on } => {
                if let Some(recorded) = self.tapes.iter_mut().flatten().find(|own| own.recording == recording) {
                    recorded.tape.mark(now, if on { Mark::Pause } else { Mark::Resume });
                }
            }
            Command::StopRecording { recording } => self.end_tapes(now, |own| own.recording == recording),
            Command::Close { endpoint } => self.close(now, endpoint),
        }
    }

    /// Takes a datagram of `length` bytes that came from `from` on the RTP or the RTCP port of an endpoint. What is relayed is
    /// edited in place; the buffer's first `len` bytes are to be sent. Behind the datagram there should be room for what
    /// SRTP adds: [`MOST_OVERHEAD`](crate::rtp::srtp::MOST_OVERHEAD).
    pub fn handle_packet(
        &mut self,
        now: Instant,
        endpoint: EndpointId,
        rtcp: bool,
        from: SocketAddr,
        buffer: &mut [u8],
        length: usize,
    ) -> Option<Forward> {
        self.at_work = Some(endpoint);
        let Self { slots, by_id, events, tapes, .. } = self;
        let source = find(slots, by_id, endpoint)?;
        let length = source.unprotect(buffer.get_mut(..length)?, rtcp)?;
        let packet = buffer.get(..length)?;
        if rtcp {
            source.handle_rtcp(now, from, packet);
            return None;
        }
        let terms = source.terms?;
        let link = source.link;
        let hearing = source.incoming.hear(now, endpoint, &terms, from, packet, events)?;
        if hearing.key_down {
            source.key_pressed();
        }
        if let (Some((tape, side)), Kind::Audio(codec)) = (source.tape, hearing.kind) {
            if let Some(Some(recorded)) = tapes.get_mut(tape) {
                recorded.tape.heard(now, side, codec, &hearing.packet.header, hearing.packet.payload(packet));
            }
        }
        if hearing.kind_is_event() {
            let due = source.poll_timeout();
            self.look_at(due);
        }
        match link {
            Link::Alone => None,
            Link::Bridge(hearer) => self.forward(now, endpoint, hearer, &hearing, buffer, length),
            Link::Room(_) => {
                let source = self.find(endpoint)?;
                let rate = source.rate()?;
                source.hear(now, rate, &hearing, buffer.get(..length)?);
                None
            }
        }
    }

    fn forward(
        &mut self,
        now: Instant,
        source: EndpointId,
        slot: usize,
        hearing: &Hearing,
        buffer: &mut [u8],
        length: usize,
    ) -> Option<Forward> {
        let packet = buffer.get(..length)?;
        let clock_hz = self.find(source)?.incoming.events_clock();
        let hearer = self.slots.get_mut(slot)?.as_deref_mut()?;
        let id = hearer.id;
        let relays = match hearing.kind {
            Kind::Event(clock_hz) => {
                if !hearer.relays_events(clock_hz) {
                    self.pass_digits(now, slot, &hearing.digits);
                    return None;
                }
                true
            }
            Kind::Noise => !hearer.decodes && hearer.terms?.noise,
            Kind::Audio(codec) => {
                let terms = hearer.terms?;
                let relays = !hearer.decodes && terms.takes(codec, hearing.packet.payload(packet));
                if relays || terms.may_send {
                    hearer.decodes = !relays;
                }
                if hearer.decodes {
                    hearer.listen_to(codec);
                }
                if hearing.key_down && hearer.takes_events() {
                    return None; // the tone would come a second time, beside its event
                }
                if !hearer.relays_events(clock_hz) {
                    self.pass_digits(now, slot, &hearing.digits);
                }
                if self.slots.get(slot)?.as_deref()?.takes_events() {
                    self.pass_digits(now, slot, &[hearing.in_band, None]);
                }
                relays
            }
        };
        self.at_work = Some(id);
        let hearer = self.slots.get_mut(slot)?.as_deref_mut()?;
        if relays {
            let (to, len) = hearer.relay(now, hearing, buffer, length)?;
            return Some(Forward { destination: Destination { endpoint: id, to, rtcp: false }, len });
        }
        if hearer.decodes {
            let rate = hearer.rate()?;
            self.find(source)?.hear(now, rate, hearing, packet);
            self.start_ticking(now, id);
        }
        None
    }

    /// Digits for a hearer whom no packet brings them.
    fn pass_digits(&mut self, now: Instant, slot: usize, digits: &Digits) {
        for heard in digits.iter().flatten() {
            let Some(hearer) = self.slots.get_mut(slot).and_then(Option::as_deref_mut) else { return };
            if hearer.hear_digit(heard.digit, heard.duration_ms) {
                let id = hearer.id;
                self.start_ticking(now, id);
            }
        }
    }

    /// Sends what is due: sound, digits, reports. `emit` is called once a packet.
    pub fn tick(&mut self, now: Instant, emit: &mut dyn FnMut(Destination, &[u8])) {
        if self.next_look.is_some_and(|at| at <= now) {
            self.look(now, emit);
        }
        if now > self.next_step + MOST_LATE {
            self.next_step = now; // the thread was held up: a burst of old frames would help nobody
        }
        while self.is_pacing() && self.next_step <= now {
            if self.step % ROOM_STEPS == 0 {
                for room in 0..self.rooms.len() {
                    self.mix(now, room, emit);
                }
            }
            self.frames(now, emit);
            self.step += 1;
            self.next_step += STEP_TIME;
        }
        let due = |slot: &usize| self.slots.get(*slot)?.as_deref().map(|endpoint| endpoint.due);
        let frame = self.ticking.iter().filter_map(due).min();
        let mixed = self.rooms.iter().any(Option::is_some).then(|| self.step.next_multiple_of(ROOM_STEPS));
        self.next_due = frame.into_iter().chain(mixed).min();
    }

    fn is_pacing(&self) -> bool {
        !self.ticking.is_empty() || self.rooms.iter().any(Option::is_some)
    }

    /// One packet for each that is due.
    fn frames(&mut self, now: Instant, emit: &mut dyn FnMut(Destination, &[u8])) {
        let (mut sound, mut buffer) = ([0; LONGEST], [0; BUFFER]);
        let mut place = 0;
        while let Some(&slot) = self.ticking.get(place) {
            if self.frame(now, slot, &mut sound, &mut buffer, emit) {
                place += 1;
            } else {
                self.ticking.swap_remove(place);
            }
        }
    }

    /// Whether the slot goes on ticking.
    fn frame(
        &mut self,
        now: Instant,
        slot: usize,
        sound: &mut [i16; LONGEST],
        buffer: &mut [u8; BUFFER],
        emit: &mut dyn FnMut(Destination, &[u8]),
    ) -> bool {
        let step = self.step;
        let Some(endpoint) = self.slots.get_mut(slot).and_then(Option::as_deref_mut) else { return false };
        if endpoint.due > step {
            return true;
        }
        self.at_work = Some(endpoint.id);
        let wants = match endpoint.link {
            Link::Bridge(other) => endpoint.wants().map(|samples| (other, samples)),
            Link::Alone | Link::Room(_) => None,
        };
        let heard = wants.and_then(|(other, samples)| {
            let ear = self.slots.get_mut(other)?.as_deref_mut()?.ear.as_mut()?;
            let room = sound.get_mut(..samples)?;
            ear.fill(now, room).then_some(&*room)
        });
        let Self { slots, events, .. } = self;
        let Some(endpoint) = slots.get_mut(slot).and_then(Option::as_deref_mut) else { return false };
        let ms = match endpoint.tick(now, heard, buffer, events) {
            Tick::Send { to, length, ms } => {
                let destination = Destination { endpoint: endpoint.id, to, rtcp: false };
                emit(destination, buffer.get(..length).unwrap_or_default());
                ms
            }
            Tick::Quiet { ms } => ms,
            Tick::Idle => {
                endpoint.ticking = false;
                return false;
            }
        };
        endpoint.due = step + u64::from(ms / STEP_MS).max(1);
        true
    }

    /// 20 ms of a room: all are heard, added up, and spoken to.
    fn mix(&mut self, now: Instant, room: usize, emit: &mut dyn FnMut(Destination, &[u8])) {
        let Self { slots, rooms, at_work, .. } = self;
        let Some(Some(room)) = rooms.get_mut(room) else { return };
        room.mix(|slot, sound| {
            let ear = slots.get_mut(slot)?.as_deref_mut()?.ear.as_mut()?;
            let rate = ear.rate();
            ear.fill(now, sound.get_mut(..rate.samples(20))?).then_some(rate)
        });
        let (mut sound, mut buffer) = ([0; WIDE], [0; BUFFER]);
        let mut shared: [Option<[u8; FRAME_BYTES]>; 2] = [None, None];
        for place in 0..room.members.len() {
            let Some(slot) = room.members.get(place).map(|member| member.slot) else { continue };
            let Some(endpoint) = slots.get_mut(slot).and_then(Option::as_deref_mut) else { continue };
            *at_work = Some(endpoint.id);
            let Some(rate) = endpoint.rate() else { continue };
            let (samples, common) = room.heard_by(place, rate, &mut sound);
            let law = endpoint.shares().filter(|_| common);
            let known = law.and_then(|law| shared.get(usize::from(law == Law::Mu)).copied().flatten());
            let tick = match known {
                Some(payload) => endpoint.send_shared(now, &payload, &mut buffer),
                None => endpoint.send_room(now, sound.get(..samples).unwrap_or_default(), &mut buffer),
            };
            let Tick::Send { to, length, .. } = tick else { continue };
            emit(Destination { endpoint: endpoint.id, to, rtcp: false }, buffer.get(..length).unwrap_or_default());
            if let (Some(law), None, false) = (law, known, endpoint.is_secure()) {
                let coded = buffer.get(HEADER_BYTES..length).and_then(|coded| coded.try_into().ok());
                shared[usize::from(law == Law::Mu)] = coded;
            }
        }
    }

    /// What was recorded since the last time, for the recorder.
    pub fn poll_block(&mut self, now: Instant) -> Option<Block> {
        for place in &mut self.tapes {
            let Some(recorded) = place else { continue };
            if let Some(block) = recorded.tape.take(now) {
                if block.is_last() {
                    *place = None;
                }
                return Some(block);
            }
        }
        None
    }

    /// Reports, watches and digits without an end of all endpoints. One pass over them all some times a second costs less
    /// than a queue that every packet would have to touch.
    fn look(&mut self, now: Instant, emit: &mut dyn FnMut(Destination, &[u8])) {
        self.next_look = None;
        for slot in 0..self.slots.len() {
            let Self { slots, events, rng, at_work, .. } = self;
            let Some(endpoint) = slots.get_mut(slot).and_then(Option::as_deref_mut) else { continue };
            *at_work = Some(endpoint.id);
            let (id, link, clock_hz) = (endpoint.id, endpoint.link, endpoint.incoming.events_clock());
            let digits = endpoint.incoming.handle_timeout(now, id, events);
            let mut buffer = [0; BUFFER];
            if let Some((to, length)) = endpoint.report(now, rng, &mut buffer) {
                emit(Destination { endpoint: id, to, rtcp: true }, buffer.get(..length).unwrap_or_default());
            }
            let due = endpoint.poll_timeout();
            self.look_at(due);
            if let Link::Bridge(slot) = link {
                let hearer = self.slots.get(slot).and_then(Option::as_deref);
                if hearer.is_some_and(|hearer| !hearer.relays_events(clock_hz)) {
                    self.pass_digits(now, slot, &digits);
                }
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
        let tapes = self.tapes.iter().flatten().filter_map(|recorded| recorded.tape.poll_timeout()).min();
        self.next_due().into_iter().chain(self.next_look).chain(tapes).min()
    }

    /// When the next packet of ours is due.
    fn next_due(&self) -> Option<Instant> {
        let steps = self.next_due?.saturating_sub(self.step);
        Some(self.next_step + STEP_TIME * u32::try_from(steps).unwrap_or(u32::MAX))
    }

    /// Something is due at that step, at the latest.
    fn is_due(&mut self, step: u64) {
        self.next_due = self.next_due.into_iter().chain([step]).min();
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

    fn configure(&mut self, now: Instant, id: EndpointId, agreed: &crate::sdp::Agreed) {
        let Self { slots, by_id, rng, .. } = self;
        let Some(endpoint) = find(slots, by_id, id) else { return };
        endpoint.configure(now, agreed, rng);
        let (due, link) = (endpoint.poll_timeout(), endpoint.link);
        self.look_at(due);
        // Both ways of a bridge are judged anew by the packets that come.
        let Link::Bridge(other) = link else { return };
        for slot in self.by_id.get(&id).copied().into_iter().chain([other]) {
            if let Some(endpoint) = self.slots.get_mut(slot).and_then(Option::as_deref_mut) {
                endpoint.hear_anew();
            }
        }
    }

    fn close(&mut self, now: Instant, id: EndpointId) {
        self.separate(id);
        self.end_tapes(now, |own| own.parties.contains(&id));
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
            self.link(slot, Link::Bridge(other));
        }
    }

    fn link(&mut self, slot: usize, link: Link) {
        if let Some(endpoint) = self.slots.get_mut(slot).and_then(Option::as_deref_mut) {
            endpoint.link(link);
        }
    }

    /// Ends a bridge for both, or leaves a room.
    fn separate(&mut self, id: EndpointId) {
        let Some(&slot) = self.by_id.get(&id) else { return };
        match self.slots.get(slot).and_then(|place| Some(place.as_deref()?.link)) {
            Some(Link::Bridge(other)) => self.link(other, Link::Alone),
            Some(Link::Room(place)) => {
                if let Some(room) = self.rooms.get_mut(place) {
                    if let Some(own) = room {
                        own.leave(slot);
                    }
                    if room.as_ref().is_some_and(|room| room.members.is_empty()) {
                        *room = None;
                    }
                }
            }
            Some(Link::Alone) | None => {}
        }
        self.link(slot, Link::Alone);
    }

    fn join(&mut self, now: Instant, id: EndpointId, room: RoomId, speaks: Speaks) {
        let Some(&slot) = self.by_id.get(&id) else { return };
        let known = self.rooms.iter().position(|own| own.as_ref().is_some_and(|own| own.id == room));
        let stays = known.is_some_and(|place| {
            self.slots.get(slot).and_then(Option::as_deref).is_some_and(|own| own.link == Link::Room(place))
        });
        if !stays {
            self.separate(id);
        }
        if !self.is_pacing() {
            self.next_step = now;
        }
        // The room may have gone with the member that has just left it to come anew.
        let known = self.rooms.iter().position(|own| own.as_ref().is_some_and(|own| own.id == room));
        let free = || self.rooms.iter().position(Option::is_none);
        let place = known.or_else(free).unwrap_or(self.rooms.len());
        if place == self.rooms.len() {
            self.rooms.push(None);
        }
        let members = self.rooms.get(place).and_then(Option::as_ref).map_or(0, |room| room.members.len());
        if !stays && members >= limits::ROOM_MEMBERS {
            return;
        }
        if let Some(own) = self.rooms.get_mut(place) {
            own.get_or_insert_with(|| Box::new(Room::new(room))).join(slot, id, speaks);
        }
        if !stays {
            self.link(slot, Link::Room(place));
        }
        self.is_due(self.step.next_multiple_of(ROOM_STEPS));
    }

    fn record(&mut self, recording: RecordingId, parties: [EndpointId; 2]) {
        let free = self.tapes.iter().position(Option::is_none);
        let place = free.unwrap_or(self.tapes.len());
        if free.is_none() {
            self.tapes.push(None);
        }
        // The left one last: it wins where both are the same.
        for (id, side) in parties.into_iter().zip([Side::Left, Side::Right]).rev() {
            if let Some(endpoint) = self.find(id) {
                endpoint.tape = Some((place, side));
            }
        }
        if let Some(tape) = self.tapes.get_mut(place) {
            *tape = Some(Recorded { recording, tape: Tape::new(recording), parties });
        }
    }

    fn end_tapes(&mut self, now: Instant, which: impl Fn(&Recorded) -> bool) {
        for (place, recorded) in self.tapes.iter_mut().enumerate() {
            let Some(recorded) = recorded.as_mut().filter(|recorded| which(recorded)) else { continue };
            recorded.tape.mark(now, Mark::End);
            for id in recorded.parties {
                if let Some(endpoint) = find(&mut self.slots, &self.by_id, id) {
                    endpoint.tape = endpoint.tape.filter(|(own, _)| *own != place);
                }
            }
        }
    }

    fn start_ticking(&mut self, now: Instant, id: EndpointId) {
        let Some(&slot) = self.by_id.get(&id) else { return };
        let paces = self.is_pacing();
        let Some(endpoint) = self.slots.get_mut(slot).and_then(Option::as_deref_mut) else { return };
        if std::mem::replace(&mut endpoint.ticking, true) {
            return;
        }
        if !paces {
            self.next_step = now;
        }
        // The steps of most are even, so that one wakeup serves them all.
        endpoint.due = self.step.next_multiple_of(ROOM_STEPS);
        let due = endpoint.due;
        if !paces {
            self.step = due;
        }
        self.is_due(due);
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

/// All sound of ours goes out on a grid of 10 ms, as packets hold multiples of that.
const STEP_MS: u32 = 10;
const STEP_TIME: Duration = Duration::from_millis(10);
/// Rooms are mixed every 20 ms.
const ROOM_STEPS: u64 = 2;
/// Bytes of 20 ms of G.711.
const FRAME_BYTES: usize = 160;
/// Samples of the longest packet: 60 ms at the highest rate at which sound is encoded as it goes.
const LONGEST: usize = Rate::Wide.samples(60);
/// Frames that are late by more are left out.
const MOST_LATE: Duration = Duration::from_millis(100);
/// The grid of reports and watches: a quarter of a second.
const LOOK_MICROS: u64 = 250_000;
