//! The formats of an audio stream: what `a=rtpmap` names, what `a=fmtp` says of Opus, and which payload types they have in a
//! session.

use super::description::Media;
use super::{Events, Meaning};
use crate::codec::{Codec, OpusParameters};

/// What most phones use for digits.
const DIGITS: u8 = 101;

/// Comfort noise of an 8000 Hz clock: RFC 3551 §6.
pub(super) const NOISE: u8 = 13;

/// What a format of an audio stream is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Known(Meaning),
    /// Named, and not ours.
    Foreign,
    /// A dynamic number without `a=rtpmap`.
    Nameless,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct RtpMap<'a> {
    pub(super) payload_type: u8,
    name: &'a str,
    clock_rate: u32,
    channels: u32,
}

impl RtpMap<'_> {
    /// `101 telephone-event/8000`
    pub(super) fn parse(value: &str) -> Option<RtpMap<'_>> {
        let (number, encoding) = value.split_once(char::is_whitespace)?;
        let mut parts = encoding.split('/').map(str::trim);
        let payload_type = number.parse().ok().filter(|number| *number < 128)?;
        let name = parts.next()?;
        let clock_rate = leading_number(parts.next()?)?;
        let channels = parts.next().and_then(leading_number).unwrap_or(1);
        Some(RtpMap { payload_type, name, clock_rate, channels })
    }

    /// Opus is always stereo by its name (RFC 7587 §7); some forget to say so.
    pub(super) fn format(&self) -> Format {
        let is = |name: &str| self.name.eq_ignore_ascii_case(name);
        match Codec::from_rtp(self.name, self.clock_rate) {
            Some(codec) if self.channels == 1 || self.channels == codec.rtp_channels() => {
                Format::Known(Meaning::Audio(codec))
            }
            None if is("telephone-event") && is_clock(self.clock_rate) => {
                Format::Known(Meaning::Events(self.clock_rate))
            }
            None if is("CN") && self.payload_type == NOISE && self.clock_rate == 8000 => Format::Known(Meaning::Noise),
            _ => Format::Foreign,
        }
    }
}

/// What a payload type means without `a=rtpmap`: RFC 3551 §6.
pub(super) fn fixed(payload_type: u8) -> Format {
    match Codec::from_static(payload_type) {
        Some(codec) => Format::Known(Meaning::Audio(codec)),
        None if payload_type == NOISE => Format::Known(Meaning::Noise),
        None if payload_type < 96 => Format::Foreign,
        None => Format::Nameless,
    }
}

/// Whether it is the RTP clock of a format of ours.
fn is_clock(rate: u32) -> bool {
    Codec::ALL.iter().any(|codec| codec.clock_rate() == rate)
}

/// Reads the parameters of one `a=fmtp` of Opus into `opus`: RFC 7587 §6.1. What is unknown or no number is passed over, what
/// is out of range is brought into it. `sprop-stereo` tells only what the peer may send, and that is heard either way.
pub(super) fn read_opus(opus: &mut OpusParameters, parameters: &str) {
    for parameter in parameters.split(';') {
        let Some((key, value)) = parameter.split_once('=') else { continue };
        let Some(number) = leading_number(value.trim()) else { continue };
        let flag = |was: bool| if number > 1 { was } else { number == 1 };
        match key.trim().to_ascii_lowercase().as_str() {
            "maxplaybackrate" => opus.max_playback_rate = number.clamp(8000, 48_000),
            "sprop-maxcapturerate" => opus.max_capture_rate = number.clamp(8000, 48_000),
            "maxaveragebitrate" => opus.max_average_bitrate = Some(number.clamp(6000, 510_000)),
            "stereo" => opus.stereo = flag(opus.stereo),
            "cbr" => opus.constant_bitrate = flag(opus.constant_bitrate),
            "useinbandfec" => opus.fec = flag(opus.fec),
            "usedtx" => opus.dtx = flag(opus.dtx),
            _ => {}
        }
    }
}

/// The parameters of `a=fmtp` for what differs from the default; empty when nothing does.
pub(super) fn write_opus(opus: &OpusParameters) -> String {
    let usual = OpusParameters::default();
    let rate = |key: &str, rate: u32| (rate != 48_000).then(|| format!("{key}={rate}"));
    let flag = |key: &str, is: bool| is.then(|| format!("{key}=1"));
    let words = [
        rate("maxplaybackrate", opus.max_playback_rate),
        rate("sprop-maxcapturerate", opus.max_capture_rate),
        opus.max_average_bitrate.filter(|_| *opus != usual).map(|rate| format!("maxaveragebitrate={rate}")),
        flag("stereo", opus.stereo),
        flag("cbr", opus.constant_bitrate),
        flag("useinbandfec", opus.fec),
        flag("usedtx", opus.dtx),
    ];
    words.into_iter().flatten().collect::<Vec<_>>().join(";")
}

/// Payload types that have a meaning in this session: RFC 3264 §8.3.2.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers {
    codecs: Vec<(Codec, u8)>,
    events: Vec<Events>,
    /// What the peer used for something else.
    taken: NumberSet,
}

impl Numbers {
    /// Takes over the peer's meanings; those it doesn't mention stay.
    pub(super) fn learn(&mut self, media: &Media<'_>) {
        let mut learnt = Self { taken: self.taken, ..Self::default() };
        for (number, format) in media.payload_types() {
            match format {
                Format::Known(Meaning::Audio(codec)) if learnt.codec(codec).is_none() => {
                    learnt.codecs.push((codec, number))
                }
                Format::Known(Meaning::Events(clock)) if learnt.event(clock).is_none() => {
                    learnt.events.push(Events { payload_type: number, clock_rate: clock });
                }
                Format::Known(_) | Format::Foreign | Format::Nameless => {
                    learnt.taken.add(number);
                }
            }
        }
        for (codec, number) in &self.codecs {
            if learnt.is_free(*number) && learnt.codec(*codec).is_none() {
                learnt.codecs.push((*codec, *number));
            }
        }
        for events in &self.events {
            if learnt.is_free(events.payload_type) && learnt.event(events.clock_rate).is_none() {
                learnt.events.push(*events);
            }
        }
        *self = learnt;
    }

    /// The number of a format, chosen now when it has none.
    pub(super) fn of_codec(&mut self, codec: Codec) -> u8 {
        self.codec(codec).unwrap_or_else(|| {
            let number = self.free_number(codec.static_payload_type());
            self.codecs.push((codec, number));
            number
        })
    }

    /// The telephone-event of a clock, its number chosen now when it has none.
    pub(super) fn of_events(&mut self, clock_rate: u32) -> Events {
        self.event(clock_rate).unwrap_or_else(|| {
            let preferred = (clock_rate == 8000).then_some(DIGITS);
            let events = Events { payload_type: self.free_number(preferred), clock_rate };
            self.events.push(events);
            events
        })
    }

    fn codec(&self, codec: Codec) -> Option<u8> {
        self.codecs.iter().find(|(known, _)| *known == codec).map(|(_, number)| *number)
    }

    fn event(&self, clock_rate: u32) -> Option<Events> {
        self.events.iter().find(|events| events.clock_rate == clock_rate).copied()
    }

    /// The preferred one, then all that RFC 3551 §6 leaves free, the one for digits last.
    fn free_number(&self, preferred: Option<u8>) -> u8 {
        let dynamic = (96..=127).filter(|number| *number != DIGITS).chain([DIGITS]).chain(35..=63);
        preferred.into_iter().chain(dynamic).find(|number| self.is_free(*number)).unwrap_or(DIGITS)
    }

    fn is_free(&self, number: u8) -> bool {
        let ours = self.events.iter().any(|events| events.payload_type == number)
            || self.codecs.iter().any(|(_, known)| *known == number);
        !ours && !self.taken.contains(number)
    }
}

/// A set of payload types, 0 to 127.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct NumberSet(u128);

impl NumberSet {
    /// Whether it was new to the set.
    pub(super) fn add(&mut self, number: u8) -> bool {
        let fresh = !self.contains(number);
        self.0 |= 1 << (number & 127);
        fresh
    }

    pub(super) fn contains(self, number: u8) -> bool {
        self.0 & (1 << (number & 127)) != 0
    }
}

/// `20` of `20`, `20.0` or `20 ms`.
pub(super) fn leading_number(value: &str) -> Option<u32> {
    let digits = value.find(|c: char| !c.is_ascii_digit()).map_or(value, |end| value.get(..end).unwrap_or(""));
    digits.parse().ok()
}
