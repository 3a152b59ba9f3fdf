//! Who asks, how fast, and for how many telephones: what keeps guessers out. Bounded in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::BAN;
use crate::base::WallTime;
use crate::provision::Mac;

/// What is known of those who ask.
#[derive(Clone, Debug, Default)]
pub(super) struct Askers(BTreeMap<IpAddr, Asker>);

#[derive(Clone, Debug)]
struct Asker {
    /// Thousandths of a request that it may make now.
    credit: i64,
    last: WallTime,
    /// Since when the rest is counted.
    since: WallTime,
    /// Wrong secrets and names that no telephone asks for.
    strange: u32,
    /// Telephones that it spoke of.
    macs: BTreeSet<Mac>,
    banned_until: Option<WallTime>,
    /// When the log was told that it asks too fast.
    told_fast: Option<WallTime>,
}

impl Asker {
    fn new(at: WallTime) -> Self {
        Self {
            credit: BURST * 1000,
            last: at,
            since: at,
            strange: 0,
            macs: BTreeSet::new(),
            banned_until: None,
            told_fast: None,
        }
    }

    fn is_banned(&self, at: WallTime) -> bool {
        self.banned_until.is_some_and(|until| until.millis() > at.millis())
    }

    fn ban(&mut self, address: IpAddr, at: WallTime, why: &str) {
        tracing::warn!(%address, why, "phones: an address is left without an answer for an hour");
        self.banned_until = Some(at + BAN);
    }
}

impl Askers {
    fn of(&mut self, address: IpAddr, at: WallTime) -> &mut Asker {
        let address = network_of(address);
        if !self.0.contains_key(&address) && self.0.len() >= MOST {
            let oldest = self.0.iter().min_by_key(|(_, asker)| (asker.is_banned(at), asker.last.millis()));
            if let Some(oldest) = oldest.map(|(address, _)| *address) {
                self.0.remove(&oldest);
            }
        }
        let asker = self.0.entry(address).or_insert_with(|| Asker::new(at));
        if at.millis() - asker.since.millis() > SPAN_MS || at.millis() < asker.since.millis() {
            (asker.since, asker.strange) = (at, 0);
            asker.macs.clear();
        }
        asker
    }

    /// Whether an address is answered at all now; each call counts.
    pub(super) fn may_ask(&mut self, address: IpAddr, at: WallTime) -> bool {
        let asker = self.of(address, at);
        let passed = (at.millis() - asker.last.millis()).clamp(0, 60_000);
        asker.last = at;
        asker.credit = (asker.credit + passed * A_SECOND).min(BURST * 1000);
        if asker.is_banned(at) {
            return false;
        }
        if asker.credit < 1000 {
            if asker.told_fast.is_none_or(|told| at.millis() - told.millis() > SPAN_MS) {
                asker.told_fast = Some(at);
                tracing::warn!(%address, "phones: an address asks too fast and is not answered meanwhile");
            }
            return false;
        }
        asker.credit -= 1000;
        true
    }

    /// It knew no secret, or asked for what no telephone asks for.
    pub(super) fn strange(&mut self, address: IpAddr, at: WallTime) {
        let asker = self.of(address, at);
        asker.strange += 1;
        tracing::info!(%address, "phones: a strange request");
        if asker.strange >= STRANGE {
            asker.ban(address, at, "strange requests");
        }
    }

    /// Whether it may speak of this telephone: of so many only.
    pub(super) fn may_ask_of(&mut self, address: IpAddr, mac: Mac, at: WallTime) -> bool {
        let asker = self.of(address, at);
        asker.macs.insert(mac);
        if asker.macs.len() > TELEPHONES {
            asker.macs.clear();
            asker.ban(address, at, "too many telephones");
            return false;
        }
        true
    }
}

/// The address that is counted: IPv6 by its /64.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Addresses that are remembered.
const MOST: usize = 1024;
/// Requests at once: a telephone asks for some twenty files, and a branch behind one address has several.
const BURST: i64 = 60;
/// Requests a second in the long run.
const A_SECOND: i64 = 5;
/// Strange requests within [`SPAN_MS`].
const STRANGE: u32 = 30;
/// Telephones of one address within [`SPAN_MS`]: a branch office behind a router.
const TELEPHONES: usize = 32;
/// Milliseconds.
const SPAN_MS: i64 = 600_000;
