//! The text of a session description: RFC 8866, read as loosely as real phones need.
//!
//! The `sdp-types` crate was measured against such text and refuses too much: anything behind the address of a `c=` line, an
//! `o=` version that isn't a number of 64 bits, a second `c=`, Latin-1 in a session name. None of these matter to a call.

use std::net::IpAddr;

use super::crypto::Crypto;
use super::formats::{Format, NumberSet, RtpMap, fixed, leading_number, read_opus};
use super::{Direction, Error};
use crate::codec::OpusParameters;

/// What we need of a description; the rest is skipped.
#[derive(Debug, Default)]
pub(super) struct Description<'a> {
    /// The value of the first `t=` line.
    pub(super) timing: Option<&'a str>,
    /// The streams in their order.
    pub(super) media: Vec<Media<'a>>,
}

/// One `m=` line and what belongs to it; what stood at session level is filled in.
#[derive(Debug, Default)]
pub(super) struct Media<'a> {
    pub(super) kind: &'a str,
    pub(super) port: u16,
    pub(super) protocol: &'a str,
    pub(super) formats: Vec<&'a str>,
    rtpmaps: Vec<RtpMap<'a>>,
    /// Payload type and parameters of `a=fmtp`.
    fmtps: Vec<(u8, &'a str)>,
    /// The values of `a=crypto`, which has no meaning at session level (RFC 4568 §9.1).
    cryptos: Vec<&'a str>,
    connection: Option<Connection>,
    /// `a=rtcp`: RFC 3605.
    rtcp: Option<(u16, Option<Connection>)>,
    direction: Option<Direction>,
    ptime_ms: Option<u32>,
    max_ptime_ms: Option<u32>,
}

/// The address of a `c=` line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Connection {
    Address(IpAddr),
    /// A host name, a multicast group or nonsense.
    Unknown,
}

/// The transport of a stream that we can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Profile {
    /// RTP, with or without keys beside it. AVPF without its feedback is AVP: RFC 4585 §5.
    Plain,
    /// SRTP with keys in `a=crypto`.
    Secure,
}

impl<'a> Description<'a> {
    /// Reads a description. Wants a `v=0` line first and whole `m=` lines, and overlooks the rest that is wrong.
    pub(super) fn parse(text: &'a str) -> Result<Self, Error> {
        let mut description = Self::default();
        let mut session = Media::default();
        let mut lines = text.split('\n').enumerate().filter_map(|(number, line)| {
            let line = line.trim_matches(|c: char| c.is_whitespace() || c == '\0' || c == '\u{feff}');
            let (key, value) = line.split_once('=')?;
            Some((number + 1, key.trim(), value.trim()))
        });
        match lines.next() {
            Some((_, "v", "0")) => {}
            Some((line, ..)) => return Err(Error::Parse { line, what: "the first line isn't v=0" }),
            None => return Err(Error::Parse { line: 0, what: "no line of a session description" }),
        }
        for (line, key, value) in lines {
            let part = description.media.last_mut().unwrap_or(&mut session);
            match key {
                "m" => description.media.push(Media::parse(line, value)?),
                "c" => part.connection = Some(Connection::parse(value)),
                "a" => part.attribute(value),
                "t" if description.timing.is_none() => description.timing = Some(value),
                _ => {}
            }
        }
        for media in &mut description.media {
            media.connection = media.connection.or(session.connection);
            media.direction = media.direction.or(session.direction);
            media.ptime_ms = media.ptime_ms.or(session.ptime_ms);
            media.max_ptime_ms = media.max_ptime_ms.or(session.max_ptime_ms);
        }
        Ok(description)
    }
}

impl<'a> Media<'a> {
    /// `audio 4000/1 RTP/AVP 8 0 101`
    fn parse(line: usize, value: &'a str) -> Result<Self, Error> {
        if value.contains(|c: char| c.is_control() && c != '\t') {
            return Err(Error::Parse { line, what: "an m= line holds control characters" });
        }
        let mut words = value.split_whitespace();
        let (Some(kind), Some(port), Some(protocol)) = (words.next(), words.next(), words.next()) else {
            return Err(Error::Parse { line, what: "an m= line needs kind, port, protocol and formats" });
        };
        let port = port.split_once('/').map_or(port, |(port, _)| port);
        let Ok(port) = port.parse() else {
            return Err(Error::Parse { line, what: "the port of an m= line isn't a number up to 65535" });
        };
        Ok(Self { kind, port, protocol, formats: words.collect(), ..Self::default() })
    }

    fn attribute(&mut self, attribute: &'a str) {
        let (name, value) = attribute.split_once(':').unwrap_or((attribute, ""));
        let (name, value) = (name.trim(), value.trim());
        if let Some(direction) = Direction::from_attribute(name) {
            self.direction = Some(direction);
        } else if name.eq_ignore_ascii_case("rtpmap") {
            self.rtpmaps.extend(RtpMap::parse(value));
        } else if name.eq_ignore_ascii_case("fmtp") {
            self.fmtps.extend(fmtp(value));
        } else if name.eq_ignore_ascii_case("crypto") {
            self.cryptos.push(value);
        } else if name.eq_ignore_ascii_case("rtcp") {
            self.rtcp = rtcp(value).or(self.rtcp);
        } else if name.eq_ignore_ascii_case("ptime") {
            self.ptime_ms = leading_number(value).or(self.ptime_ms);
        } else if name.eq_ignore_ascii_case("maxptime") {
            self.max_ptime_ms = leading_number(value).or(self.max_ptime_ms);
        }
    }

    /// How it would run; `None` for what we don't speak, as keys by DTLS.
    pub(super) fn profile(&self) -> Option<Profile> {
        let is = |names: [&str; 2]| names.iter().any(|name| self.protocol.eq_ignore_ascii_case(name));
        if is(["RTP/AVP", "RTP/AVPF"]) {
            Some(Profile::Plain)
        } else {
            is(["RTP/SAVP", "RTP/SAVPF"]).then_some(Profile::Secure)
        }
    }

    /// Audio that isn't switched off.
    pub(super) fn is_live_audio(&self) -> bool {
        self.is_audio() && self.port != 0
    }

    pub(super) fn is_audio(&self) -> bool {
        self.kind.eq_ignore_ascii_case("audio")
    }

    /// The `a=crypto` lines that we can use, in their order.
    pub(super) fn cryptos(&self) -> impl Iterator<Item = Crypto> {
        self.cryptos.iter().filter_map(|value| Crypto::parse(value))
    }

    /// Whether there is any `a=crypto`, usable or not.
    pub(super) fn states_crypto(&self) -> bool {
        !self.cryptos.is_empty()
    }

    /// The payload types in their order, each once, with what they mean.
    pub(super) fn payload_types(&self) -> impl Iterator<Item = (u8, Format)> {
        let mut seen = NumberSet::default();
        let numbers = self.formats.iter().filter_map(|format| format.parse::<u8>().ok());
        let fresh = move |number: &u8| *number < 128 && seen.add(*number);
        numbers.filter(fresh).map(|number| (number, self.format(number)))
    }

    /// The last `a=rtpmap` counts; without one, the static table.
    fn format(&self, payload_type: u8) -> Format {
        let map = self.rtpmaps.iter().rev().find(|map| map.payload_type == payload_type);
        map.map_or_else(|| fixed(payload_type), RtpMap::format)
    }

    /// What it asks of the Opus that goes by a payload type.
    pub(super) fn opus(&self, payload_type: u8) -> OpusParameters {
        let mut opus = OpusParameters::default();
        for (_, parameters) in self.fmtps.iter().filter(|(number, _)| *number == payload_type) {
            read_opus(&mut opus, parameters);
        }
        opus
    }

    /// What the peer may do, as seen from the peer. Hold by 0.0.0.0 (RFC 3264 §8.4) forbids it to receive.
    pub(super) fn direction(&self) -> Direction {
        let stated = self.direction.unwrap_or(Direction::SendRecv);
        let unreachable = matches!(self.connection, Some(Connection::Address(address)) if address.is_unspecified());
        if unreachable { stated.and(Direction::SendOnly) } else { stated }
    }

    /// Where it wants its packets.
    pub(super) fn address(&self) -> Option<IpAddr> {
        self.connection.and_then(Connection::usable)
    }

    /// Address and port of `a=rtcp`, else the port after that of RTP.
    pub(super) fn rtcp_address(&self) -> Option<(IpAddr, u16)> {
        let address = self.address()?;
        match self.rtcp {
            Some((port, None)) => Some((address, port)),
            Some((port, Some(connection))) => connection.usable().map(|address| (address, port)),
            None => self.port.checked_add(1).map(|port| (address, port)),
        }
    }

    /// Milliseconds of sound a packet that it asks for: 10 to 60, 20 when it doesn't.
    pub(super) fn ptime_ms(&self) -> u32 {
        let wanted = packet_time(self.ptime_ms.filter(|ms| *ms != 0).unwrap_or(20));
        self.max_ptime_ms().map_or(wanted, |most| wanted.min(most))
    }

    /// The most milliseconds a packet that it takes, when it says so; as far as that matters here, 10 to 60.
    pub(super) fn max_ptime_ms(&self) -> Option<u32> {
        self.max_ptime_ms.filter(|ms| *ms != 0).map(packet_time)
    }
}

impl Connection {
    /// `IN IP4 192.0.2.1`; with `/127` behind it when it is multicast.
    fn parse(value: &str) -> Self {
        let address = value.split_whitespace().nth(2).unwrap_or("");
        let address = address.split('/').next().unwrap_or("").trim_matches(['[', ']']);
        address.parse().map_or(Self::Unknown, Self::Address)
    }

    /// A call's sound goes to one host only.
    fn usable(self) -> Option<IpAddr> {
        let Self::Address(address) = self else { return None };
        let many = address.is_multicast() || address == IpAddr::from([255, 255, 255, 255]);
        (!many && !address.is_unspecified()).then_some(address)
    }
}

/// `96 useinbandfec=1`
fn fmtp(value: &str) -> Option<(u8, &str)> {
    let (number, parameters) = value.split_once(char::is_whitespace)?;
    Some((number.parse().ok()?, parameters))
}

/// `4001 IN IP4 192.0.2.1`; the address may be left out.
fn rtcp(value: &str) -> Option<(u16, Option<Connection>)> {
    let (port, connection) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
    let port = port.parse().ok().filter(|port| *port != 0)?;
    let connection = (!connection.trim().is_empty()).then(|| Connection::parse(connection));
    Some((port, connection))
}

/// A time of sound in a packet as media is cut here: whole tens, 10 to 60 ms.
fn packet_time(ms: u32) -> u32 {
    ms.clamp(10, 60) / 10 * 10
}
