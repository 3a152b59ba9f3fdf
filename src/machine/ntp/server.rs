//! The server: telephones ask, 48 bytes come back, never more than were sent.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::client::reference_of;
use super::{ALARM, CLIENT, LOWEST_STRATUM, Moment, PRECISION, Packet, SECOND, SERVER, Standing, to_short};
use crate::base::{Duration, Instant};

/// Answers. Each address may ask [`BURST`] times at once and then once a second.
#[derive(Debug, Default)]
pub struct Server {
    askers: BTreeMap<IpAddr, Bucket>,
    all: Bucket,
}

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    since: Instant,
    used: u64,
}

impl Server {
    /// Answers a datagram, or not. `standing`: what our clock is worth; `None`: nobody has told it the time, but it is plausible.
    /// The moments are the clock's, `left` as late as can be.
    pub fn answer(
        &mut self,
        now: Instant,
        (from, bytes): (IpAddr, &[u8]),
        standing: Option<&Standing>,
        (came, left): (Moment, Moment),
    ) -> Option<[u8; Packet::LENGTH]> {
        let asked = Packet::read(bytes).filter(|asked| asked.mode == CLIENT && (1..=4).contains(&asked.version))?;
        if !self.may_ask(now, from) {
            return None;
        }
        let known = standing.filter(|standing| now.since(standing.at) < TRUSTED && standing.stratum < LOWEST_STRATUM);
        let mut answer = known.map_or_else(own_clock, |standing| synchronised(now, standing, came));
        answer.version = asked.version;
        answer.mode = SERVER;
        answer.poll = asked.poll;
        answer.precision = PRECISION;
        answer.origin = asked.transmit;
        answer.receive = came.to_wire();
        answer.transmit = left.to_wire();
        Some(answer.write())
    }

    fn may_ask(&mut self, now: Instant, from: IpAddr) -> bool {
        if self.askers.len() >= MOST_ASKERS && !self.askers.contains_key(&from) {
            // whoever floods us from forged addresses gains no more than all together may have
            self.askers.clear();
        }
        let own = self.askers.entry(from.to_canonical()).or_default();
        own.take(now, BURST, 1) && self.all.take(now, BURST_OF_ALL, RATE_OF_ALL)
    }
}

impl Bucket {
    /// Whether one more fits: `burst` at once, and then `rate` a second.
    fn take(&mut self, now: Instant, burst: u64, rate: u64) -> bool {
        let passed = now.since(self.since).as_secs();
        self.used = self.used.saturating_sub(passed.saturating_mul(rate));
        // the part of a second that is not counted yet stays
        self.since += Duration::from_secs(passed);
        let fits = self.used < burst;
        self.used += u64::from(fits);
        fits
    }
}

fn synchronised(now: Instant, standing: &Standing, came: Moment) -> Packet {
    let age = i64::try_from(now.since(standing.at).as_nanos()).unwrap_or(i64::MAX);
    let drift = age / 1_000_000 * DRIFT;
    Packet {
        leap: standing.leap % ALARM,
        stratum: standing.stratum + 1,
        root_delay: to_short(standing.root_delay),
        root_dispersion: to_short(standing.distance.saturating_add(drift)),
        reference: reference_of(standing.source.address.ip().to_canonical()),
        reference_time: Moment(came.0.saturating_sub(age)).to_wire(),
        ..Packet::default()
    }
}

/// A clock of our own, good enough for a display.
fn own_clock() -> Packet {
    Packet {
        stratum: OWN_STRATUM,
        root_dispersion: to_short(SECOND),
        reference: [127, 127, 1, 1], // the local clock, as other servers name it
        ..Packet::default()
    }
}

/// Questions at once from one address: telephones behind a router share one.
const BURST: u64 = 32;
const BURST_OF_ALL: u64 = 2_000;
/// A second.
const RATE_OF_ALL: u64 = 1_000;
const MOST_ASKERS: usize = 4_096;
/// Worse than whatever else may be found in a network.
const OWN_STRATUM: u8 = 10;
/// RFC 5905 §7.2, PHI: what a clock may lose, parts in a million.
const DRIFT: i64 = 15;
/// After so long without a server the clock is but our own.
const TRUSTED: Duration = Duration::from_secs(86_400);
