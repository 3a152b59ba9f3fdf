//! The text of a session description: RFC 8866, read as loosely as real phones need.
//!
//! The `sdp-types` crate was measured against such text and refuses too much: anything behind the address of a `c=` line, an
//! `o=` version that isn't a number of 64 bits, a second `c=`, Latin-1 in a session name. None of these matter to a call.

use std::net::IpAddr;

use super::{Direction, Error};
use crate::codec::Codec;

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

#[derive(Clone, Copy, Debug)]
struct RtpMap<'a> {
    payload_type: u8,
    name: &'a str,
    clock_rate: u32,
    channels: u32,
}

/// What a format of an audio stream is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Audio(Codec),
    /// telephone-event at the clock of G.711: RFC 4733.
    Digits,
    /// Named, and not ours.
    Foreign,
    /// A dynamic number without `a=rtpmap`.
    Nameless,
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
        } else if name.eq_ignore_ascii_case("rtcp") {
            self.rtcp = rtcp(value).or(self.rtcp);
        } else if name.eq_ignore_ascii_case("ptime") {
            self.ptime_ms = leading_number(value).or(self.ptime_ms);
        } else if name.eq_ignore_ascii_case("maxptime") {
            self.max_ptime_ms = leading_number(value).or(self.max_ptime_ms);
        }
    }

    /// Audio over plain RTP that isn't switched off. AVPF without its feedback is AVP: RFC 4585 §5.
    pub(super) fn is_usable_audio(&self) -> bool {
        let plain = ["RTP/AVP", "RTP/AVPF"].iter().any(|profile| self.protocol.eq_ignore_ascii_case(profile));
        self.is_audio() && plain && self.port != 0
    }

    pub(super) fn is_audio(&self) -> bool {
        self.kind.eq_ignore_ascii_case("audio")
    }

    /// The payload types in their order, with what they mean.
    pub(super) fn payload_types(&self) -> impl Iterator<Item = (u8, Format)> {
        let numbers = self.formats.iter().filter_map(|format| format.parse::<u8>().ok());
        numbers.filter(|number| *number < 128).map(|number| (number, self.meaning(number)))
    }

    /// The last `a=rtpmap` counts; without one, the static table of RFC 3551 §6.
    fn meaning(&self, payload_type: u8) -> Format {
        match self.rtpmaps.iter().rev().find(|map| map.payload_type == payload_type) {
            Some(map) => map.meaning(),
            None => match Codec::from_static(payload_type) {
                Some(codec) => Format::Audio(codec),
                None if payload_type < 96 => Format::Foreign,
                None => Format::Nameless,
            },
        }
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

    /// Milliseconds of sound a packet.
    pub(super) fn ptime_ms(&self) -> u32 {
        let wanted = self.ptime_ms.filter(|ms| *ms != 0).unwrap_or(20);
        let most = self.max_ptime_ms.filter(|ms| *ms != 0).unwrap_or(u32::MAX);
        wanted.min(most).clamp(10, 200)
    }
}

impl RtpMap<'_> {
    /// `101 telephone-event/8000`
    fn parse(value: &str) -> Option<RtpMap<'_>> {
        let (number, encoding) = value.split_once(char::is_whitespace)?;
        let mut parts = encoding.split('/').map(str::trim);
        let payload_type = number.parse().ok().filter(|number| *number < 128)?;
        let name = parts.next()?;
        let clock_rate = leading_number(parts.next()?)?;
        let channels = parts.next().and_then(leading_number).unwrap_or(1);
        Some(RtpMap { payload_type, name, clock_rate, channels })
    }

    fn meaning(&self) -> Format {
        let digits = self.name.eq_ignore_ascii_case("telephone-event") && self.clock_rate == 8000;
        match Codec::from_rtp(self.name, self.clock_rate) {
            Some(codec) if self.channels == 1 => Format::Audio(codec),
            _ if digits => Format::Digits,
            _ => Format::Foreign,
        }
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

/// `4001 IN IP4 192.0.2.1`; the address may be left out.
fn rtcp(value: &str) -> Option<(u16, Option<Connection>)> {
    let (port, connection) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
    let port = port.parse().ok().filter(|port| *port != 0)?;
    let connection = (!connection.trim().is_empty()).then(|| Connection::parse(connection));
    Some((port, connection))
}

/// `20` of `20`, `20.0` or `20 ms`.
fn leading_number(value: &str) -> Option<u32> {
    let digits = value.find(|c: char| !c.is_ascii_digit()).map_or(value, |end| value.get(..end).unwrap_or(""));
    digits.parse().ok()
}
