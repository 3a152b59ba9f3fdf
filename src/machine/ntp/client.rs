//! The client: rounds in which each server is asked once. It says when, what to send, and what the answers come to.

use std::net::{IpAddr, SocketAddr};

use super::choice::{Sample, choose};
use super::{ALARM, CLIENT, LOWEST_STRATUM, Moment, Packet, SECOND, SERVER, from_short};
use crate::base::{Duration, Instant, Rng};

/// Asks servers and judges their answers. A round: [`begin`](Self::begin), [`hear`](Self::hear) for each answer, [`finish`](Self::finish).
#[derive(Debug)]
pub struct Client {
    rng: Rng,
    /// No time before this one is ever right.
    earliest: Moment,
    peers: Vec<Peer>,
    samples: Vec<Sample>,
    next: Instant,
    /// Since the servers were named.
    last_round: Option<Instant>,
    /// Log2 of the seconds between rounds.
    poll: u32,
    /// Rounds in a row with a small correction.
    steady: u32,
    /// Rounds in a row without a usable answer.
    missed: u32,
    /// The last round wanted a jump, and this one shall bear it out.
    doubts: bool,
    standing: Option<Standing>,
}

/// A server that is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// As people named it.
    pub name: String,
    /// One of its addresses.
    pub address: SocketAddr,
}

#[derive(Debug)]
struct Peer {
    source: Source,
    /// What the answer must bear; `None`: no question is open.
    open: Option<u64>,
    /// What its last good answer said.
    said: Option<Packet>,
    /// It asked to be left alone until then.
    not_before: Instant,
    /// How long it is left alone next time.
    penalty: Duration,
}

/// What is known of the clock since a server told it the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Who.
    pub source: Source,
    /// Nanoseconds by which that server's clock was ahead of ours then.
    pub offset: i64,
    /// When.
    pub at: Instant,
    /// The true time may have been so far away, nanoseconds.
    pub distance: i64,
    /// Of that server.
    pub stratum: u8,
    /// Of that server: whether a leap second is near.
    pub leap: u8,
    /// To the origin of time and back, nanoseconds.
    pub root_delay: i64,
}

/// What a round comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Correction {
    /// No usable answer came.
    Nobody,
    /// Servers contradict each other, and none has a majority.
    Disagreement,
    /// The clock is far off, and the next round shall bear that out.
    Doubtful,
    /// Set the clock forward by so many nanoseconds, or back.
    Step(i64),
    /// Let the clock run faster or slower until so many nanoseconds are made up.
    Slew {
        /// Nanoseconds.
        offset: i64,
        /// Log2 of the seconds between rounds: how steady it is.
        poll: u32,
    },
}

impl Client {
    /// A client without servers. An answer before `earliest` is never believed: when this program was made.
    pub fn new(rng: Rng, earliest: Moment) -> Self {
        Self {
            rng,
            earliest,
            peers: Vec::new(),
            samples: Vec::new(),
            next: Instant::ZERO,
            last_round: None,
            poll: FASTEST,
            steady: 0,
            missed: 0,
            doubts: false,
            standing: None,
        }
    }

    /// Whom to ask from now on. What is known of a server that stays, is kept.
    pub fn set_sources(&mut self, sources: Vec<Source>) {
        let mut before = std::mem::take(&mut self.peers);
        for source in sources.into_iter().take(MOST_PEERS) {
            let known = before.iter().position(|peer| peer.source == source).map(|at| before.swap_remove(at));
            let fresh = Peer { source, open: None, said: None, not_before: Instant::ZERO, penalty: FIRST_PENALTY };
            self.peers.push(known.unwrap_or(fresh));
        }
    }

    /// When the next round is due.
    pub const fn due(&self) -> Instant {
        self.next
    }

    /// Something has changed, as a cable: the next round comes as soon as manners allow.
    pub fn hurry(&mut self, now: Instant) {
        let earliest = self.last_round.map_or(now, |last| last + SHORTEST_PAUSE);
        self.next = self.next.min(earliest.max(now));
    }

    /// What is known of the clock; `None`: nobody has told it the time yet.
    pub const fn standing(&self) -> Option<&Standing> {
        self.standing.as_ref()
    }

    /// Begins a round: what is to be sent now, and to whom. The time of sending is the caller's, and is not told to the server.
    pub fn begin(&mut self, now: Instant) -> Vec<(SocketAddr, [u8; Packet::LENGTH])> {
        self.last_round = Some(now);
        self.samples.clear();
        let mut questions = Vec::new();
        for peer in &mut self.peers {
            peer.open = None;
            if now < peer.not_before {
                continue;
            }
            // a secret: who can't read the question can't forge its answer
            let nonce = self.rng.u64();
            peer.open = Some(nonce);
            let poll = i8::try_from(self.poll).unwrap_or(i8::MAX);
            let question = Packet { version: VERSION, mode: CLIENT, poll, transmit: nonce, ..Packet::default() };
            questions.push((peer.source.address, question.write()));
        }
        questions
    }

    /// Takes a datagram from a server, with the clock's time when the question left and when the answer came.
    pub fn hear(&mut self, now: Instant, from: SocketAddr, bytes: &[u8], sent: Moment, received: Moment) {
        let Some(packet) = Packet::read(bytes) else { return };
        let found = self.peers.iter_mut().enumerate().find(|(_, peer)| peer.source.address == from);
        let Some((server, peer)) = found else { return };
        // the first answer alone, and only one to this very question
        if packet.mode != SERVER || peer.open != Some(packet.origin) {
            return;
        }
        peer.open = None;
        if packet.stratum == 0 {
            peer.is_kissed(now, packet.reference);
            return;
        }
        peer.penalty = FIRST_PENALTY;
        if let Some(sample) = measured(server, &packet, sent, received, self.earliest) {
            peer.said = Some(packet);
            self.samples.push(sample);
        }
    }

    /// Whether no answer is waited for any more.
    pub fn is_complete(&self) -> bool {
        self.peers.iter().all(|peer| peer.open.is_none())
    }

    /// Ends the round, after [`PATIENCE`](Self::PATIENCE) at the latest.
    pub fn finish(&mut self, now: Instant) -> Correction {
        let samples = std::mem::take(&mut self.samples);
        let correction = match choose(&samples) {
            None if samples.is_empty() => Correction::Nobody,
            None => Correction::Disagreement,
            Some(sample) => self.judge(now, sample),
        };
        self.next = now + self.pause(correction);
        correction
    }

    /// How long answers are waited for.
    pub const PATIENCE: Duration = Duration::from_secs(3);

    fn judge(&mut self, now: Instant, sample: Sample) -> Correction {
        self.missed = 0;
        let is_far = sample.offset.unsigned_abs() > STEP;
        if is_far && self.standing.is_some() && !self.doubts {
            self.doubts = true;
            return Correction::Doubtful;
        }
        self.doubts = false;
        let is_first = self.standing.is_none();
        self.standing = self.peers.get(sample.server).and_then(|peer| {
            let said = peer.said?;
            Some(Standing {
                source: peer.source.clone(),
                offset: sample.offset,
                at: now,
                distance: sample.distance,
                stratum: said.stratum,
                leap: said.leap,
                root_delay: from_short(said.root_delay),
            })
        });
        if is_far || is_first {
            (self.poll, self.steady) = (FASTEST, 0);
            return Correction::Step(sample.offset);
        }
        self.adapt(sample.offset);
        Correction::Slew { offset: sample.offset, poll: self.poll }
    }

    /// A clock that keeps time is looked at more rarely.
    fn adapt(&mut self, offset: i64) {
        if offset.unsigned_abs() > RESTLESS {
            (self.poll, self.steady) = (self.poll.saturating_sub(1).max(FASTEST), 0);
        } else {
            self.steady += 1;
            if self.steady >= STEADY_ROUNDS {
                (self.poll, self.steady) = ((self.poll + 1).min(SLOWEST), 0);
            }
        }
    }

    fn pause(&mut self, correction: Correction) -> Duration {
        let seconds = match correction {
            Correction::Doubtful => SHORTEST_PAUSE.as_secs(),
            Correction::Step(_) | Correction::Slew { .. } => 1 << self.poll,
            Correction::Nobody | Correction::Disagreement => {
                self.missed = self.missed.saturating_add(1);
                let from = if self.standing.is_some() { 1 << self.poll } else { SHORTEST_PAUSE.as_secs() };
                (from << (self.missed - 1).min(SLOWEST)).min(1 << SLOWEST)
            }
        };
        // up to a sixteenth less, so that boxes that were switched on together don't ask together; never below what manners allow
        let less = self.rng.below(seconds * 1_000 / 16);
        Duration::from_millis(seconds * 1_000 - less).max(SHORTEST_PAUSE)
    }
}

impl Peer {
    /// RFC 5905 §7.4: RATE asks for patience; the others, and codes that nobody knows, to stay away.
    fn is_kissed(&mut self, now: Instant, code: [u8; 4]) {
        let pause = if &code == b"RATE" { self.penalty } else { LONGEST_PENALTY };
        self.not_before = now + pause;
        self.penalty = (self.penalty * 2).min(LONGEST_PENALTY);
    }
}

/// What an answer says of our clock, if it can be believed: RFC 4330 §5, RFC 5905 §8.
fn measured(server: usize, packet: &Packet, sent: Moment, received: Moment, earliest: Moment) -> Option<Sample> {
    let is_synchronised = packet.leap != ALARM && packet.stratum <= LOWEST_STRATUM;
    let is_whole = (1..=VERSION).contains(&packet.version) && packet.transmit != 0 && packet.receive != 0;
    let (came, left) = (Moment::from_wire(packet.receive), Moment::from_wire(packet.transmit));
    if !is_synchronised || !is_whole || left < earliest {
        return None;
    }
    let (there, back) = (i128::from(came.0) - i128::from(sent.0), i128::from(left.0) - i128::from(received.0));
    let offset = i64::try_from((there + back) / 2).ok()?;
    let delay = received.since(sent).checked_sub(left.since(came))?.max(0);
    let root = from_short(packet.root_delay) / 2 + from_short(packet.root_dispersion);
    let distance = delay / 2 + root + RESOLUTION;
    (distance < FARTHEST).then_some(Sample { server, offset, distance })
}

/// Which address a packet names as its source: RFC 5905 §7.3. An IPv6 address has no place there; its beginning is as good as a hash.
pub(super) fn reference_of(address: IpAddr) -> [u8; 4] {
    match address {
        IpAddr::V4(address) => address.octets(),
        IpAddr::V6(address) => address.octets().first_chunk().copied().unwrap_or_default(),
    }
}

const VERSION: u8 = 4;
/// Four names with two addresses each.
const MOST_PEERS: usize = 8;
/// Log2 of seconds: 64 s.
const FASTEST: u32 = 6;
/// Log2 of seconds: 1024 s.
const SLOWEST: u32 = 10;
/// RFC 4330 §10: never more often.
const SHORTEST_PAUSE: Duration = Duration::from_secs(15);
/// A clock that is off by more jumps. Nanoseconds.
const STEP: u64 = 128_000_000;
/// A clock that is off by more is looked at more often. Nanoseconds.
const RESTLESS: u64 = 20_000_000;
const STEADY_ROUNDS: u32 = 4;
/// The first time that a server complains of being asked too often.
const FIRST_PENALTY: Duration = Duration::from_secs(1 << SLOWEST);
const LONGEST_PENALTY: Duration = Duration::from_secs(86_400);
/// A millisecond: what a scheduler and an interrupt may take. Nanoseconds.
const RESOLUTION: i64 = SECOND / 1_000;
/// RFC 5905 §11.2.1, MAXDIST. Nanoseconds.
const FARTHEST: i64 = SECOND * 3 / 2;
