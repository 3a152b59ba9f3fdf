//! The time of day by NTP: RFC 5905 as far as a client of a few servers and a server of telephones need it (SNTP, its §14), with the
//! checks of RFC 4330 §5 and the manners of its §10. Bytes and moments in, bytes and corrections out.
//!
//! [`Client`] asks and says how the clock must be put right, [`Server`] answers telephones.

mod choice;
mod client;
mod server;

pub use client::{Client, Correction, Source, Standing};
pub use server::Server;

/// A moment of the clock that is kept right: nanoseconds since 1970-01-01T00:00:00 UTC. Good until 2262.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub i64);

impl Moment {
    /// As packets carry it: 2^-32 s since 1900, of which the highest bit falls to 0 in 2036 (RFC 4330 §3).
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the era is cut off on purpose")]
    pub const fn to_wire(self) -> u64 {
        let nanos = self.0 as i128 + SINCE_1900 * SECOND as i128;
        ((nanos << 32) / SECOND as i128) as u64
    }

    /// From a packet: from 1968 to 2104.
    #[expect(clippy::cast_possible_truncation, reason = "136 years of nanoseconds fit")]
    pub const fn from_wire(wire: u64) -> Self {
        let era = if wire >> 63 == 0 { 1_i128 << 64 } else { 0 };
        let nanos = ((wire as i128 + era) * SECOND as i128 + (1 << 31)) >> 32;
        Self((nanos - SINCE_1900 * SECOND as i128) as i64)
    }

    /// Nanoseconds from `earlier` to this.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// A packet without extensions: RFC 5905 §7.3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Packet {
    /// 0 to 3; 3: not synchronised.
    pub leap: u8,
    /// 1 to 4.
    pub version: u8,
    /// 3: client, 4: server.
    pub mode: u8,
    /// 1 to 15; 0: a kiss of death.
    pub stratum: u8,
    /// Log2 of seconds.
    pub poll: i8,
    /// Log2 of seconds.
    pub precision: i8,
    /// To the origin of time and back: 2^-16 s.
    pub root_delay: u32,
    /// 2^-16 s.
    pub root_dispersion: u32,
    /// Whose time it is; of a kiss of death its code.
    pub reference: [u8; 4],
    /// When the clock was put right.
    pub reference_time: u64,
    /// The client's `transmit`, as it came.
    pub origin: u64,
    /// When the server received.
    pub receive: u64,
    /// When the packet left.
    pub transmit: u64,
}

impl Packet {
    /// Bytes.
    pub const LENGTH: usize = 48;

    /// Reads the first 48 bytes; what follows is not looked at.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; Self::LENGTH] = bytes.first_chunk()?;
        let word = |at: usize| bytes.get(at..at + 4).and_then(|word| word.try_into().ok()).unwrap_or([0; 4]);
        let time =
            |at: usize| u64::from(u32::from_be_bytes(word(at))) << 32 | u64::from(u32::from_be_bytes(word(at + 4)));
        let [first, stratum, poll, precision] = word(0);
        Some(Self {
            leap: first >> 6,
            version: first >> 3 & 7,
            mode: first & 7,
            stratum,
            poll: i8::from_be_bytes([poll]),
            precision: i8::from_be_bytes([precision]),
            root_delay: u32::from_be_bytes(word(4)),
            root_dispersion: u32::from_be_bytes(word(8)),
            reference: word(12),
            reference_time: time(16),
            origin: time(24),
            receive: time(32),
            transmit: time(40),
        })
    }

    /// Writes it.
    pub fn write(&self) -> [u8; Self::LENGTH] {
        let first = self.leap << 6 | (self.version & 7) << 3 | self.mode & 7;
        let mut bytes = [0; Self::LENGTH];
        let fields: [&[u8]; 10] = [
            &[first, self.stratum],
            &self.poll.to_be_bytes(),
            &self.precision.to_be_bytes(),
            &self.root_delay.to_be_bytes(),
            &self.root_dispersion.to_be_bytes(),
            &self.reference,
            &self.reference_time.to_be_bytes(),
            &self.origin.to_be_bytes(),
            &self.receive.to_be_bytes(),
            &self.transmit.to_be_bytes(),
        ];
        for (to, from) in bytes.iter_mut().zip(fields.into_iter().flatten()) {
            *to = *from;
        }
        bytes
    }
}

/// Nanoseconds of the short format: 2^-16 s.
fn from_short(short: u32) -> i64 {
    (i64::from(short) * SECOND) >> 16
}

/// The short format, at most its greatest value.
fn to_short(nanos: i64) -> u32 {
    let short = (i128::from(nanos.max(0)) << 16) / i128::from(SECOND);
    u32::try_from(short).unwrap_or(u32::MAX)
}

const CLIENT: u8 = 3;
const SERVER: u8 = 4;
/// Of a clock that is not synchronised.
const ALARM: u8 = 3;
/// The last stratum at which a clock is synchronised.
const LOWEST_STRATUM: u8 = 15;
/// Log2 of seconds: some milliseconds through a scheduler that has calls to carry.
const PRECISION: i8 = -10;
/// Nanoseconds.
const SECOND: i64 = 1_000_000_000;
/// 1900 to 1970.
const SINCE_1900: i128 = 2_208_988_800;

#[cfg(test)]
mod tests;
