//! A judgement on an address: why, since when, until when, for the how-manieth time.

use std::net::{IpAddr, Ipv6Addr};

use crate::base::{Duration, WallTime};

/// Why an address was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Too many wrong passwords within a minute.
    WrongPasswords,
    /// It says that it is a scanner.
    Scanner,
    /// Calls to outside numbers without any proof.
    OutsideCalls,
    /// Many requests, and not one of them proved.
    Probing,
    /// An admin said so.
    ByHand,
}

impl Reason {
    const ALL: [Self; 5] = [Self::WrongPasswords, Self::Scanner, Self::OutsideCalls, Self::Probing, Self::ByHand];

    /// For the disk and programs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::WrongPasswords => "wrong_passwords",
            Self::Scanner => "scanner",
            Self::OutsideCalls => "outside_calls",
            Self::Probing => "probing",
            Self::ByHand => "by_hand",
        }
    }

    /// By its [`word`](Self::word).
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }
}

/// A judgement, as the page shows it and the disk keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// Names it.
    pub id: i64,
    /// The address; of IPv6 the first one of its /64.
    pub address: IpAddr,
    /// Why.
    pub reason: Reason,
    /// Since when.
    pub since: WallTime,
    /// Until when it is silence for that address. Afterwards it is remembered for [`MEMORY`], and a new one is longer.
    pub until: WallTime,
    /// The how-manieth in a row.
    pub times: u32,
    /// Messages and connections that were dropped.
    pub dropped: u64,
    /// How the sender calls itself; may be empty. At most 80 characters.
    pub user_agent: String,
    /// Logins that were tried from there, at most 10.
    pub logins: Vec<String>,
}

impl Ban {
    /// How long the how-manieth one lasts: 10 minutes, then twice as long each time, a day at the most.
    pub(super) fn length(times: u32) -> Duration {
        let doublings = times.saturating_sub(1).min(16);
        (FIRST * (1 << doublings)).min(LONGEST)
    }
}

/// What is judged as one: an IPv4 address, or an IPv6 /64, which is what one subscriber has.
pub(super) fn place(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// What others wrote, cut for keeping.
pub(super) fn cut(text: &str, characters: usize) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(characters).collect()
}

const FIRST: Duration = Duration::from_secs(600);
const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// Good behaviour after which an address is as new.
pub const MEMORY: Duration = Duration::from_secs(7 * 24 * 3600);
/// Logins that are named with a ban.
pub(super) const LOGINS: usize = 10;
/// Characters of a User-Agent that are kept.
pub(super) const AGENT: usize = 80;
/// Characters of a login that are looked at.
pub(super) const LOGIN: usize = 64;
