//! Offer and answer of one leg: RFC 3264. Remembers what must not change from one exchange to the next: the order of the
//! `m=` lines (§8), the meaning of payload types (§8.3.2), our version (§8).

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use super::description::{Description, Format, Media};
use super::{Agreed, Direction, Error, Events, Meaning};
use crate::codec::{Codec, OpusParameters};

/// One leg's side of offer and answer. An exchange that fails leaves everything as it was.
#[derive(Clone, Debug)]
pub struct Negotiator {
    local: SocketAddr,
    session_id: u64,
    version: u64,
    /// What we last sent, but for the version.
    published: Option<String>,
    streams: Vec<Stream>,
    numbers: Numbers,
    offered: Option<Offered>,
}

/// One `m=` line of the session.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Stream {
    Audio {
        protocol: String,
    },
    /// Kept with port 0, so that the order stays.
    Refused {
        kind: String,
        protocol: String,
        formats: String,
    },
}

/// Payload types that have a meaning in this session.
#[derive(Clone, Debug, Default)]
struct Numbers {
    codecs: Vec<(Codec, u8)>,
    digits: Option<u8>,
    /// A bit for each number that the peer used for something else.
    taken: u128,
}

#[derive(Clone, Debug)]
struct Offered {
    codecs: Vec<(Codec, u8)>,
    digits: u8,
    direction: Direction,
}

impl Negotiator {
    /// `local` is where we await RTP; RTCP is the port above. `session_id` should differ from leg to leg (RFC 8866 §5.2).
    pub fn new(local: SocketAddr, session_id: u64) -> Self {
        Self {
            local,
            session_id,
            version: 0,
            published: None,
            streams: Vec::new(),
            numbers: Numbers::default(),
            offered: None,
        }
    }

    /// Another address or port of ours, from the next text on.
    pub fn set_local(&mut self, local: SocketAddr) {
        self.local = local;
    }

    /// The text of an offer with telephone-event behind `codecs` (all that we speak when that is empty). In a running session it
    /// keeps the peer's payload types and refused streams. Two equal texts have the same version.
    pub fn offer(&mut self, codecs: &[Codec], direction: Direction) -> Vec<u8> {
        let codecs = if codecs.is_empty() { &Codec::ALL } else { codecs };
        let mut numbered: Vec<(Codec, u8)> = Vec::with_capacity(codecs.len());
        for codec in codecs {
            if !numbered.iter().any(|(known, _)| known == codec) {
                numbered.push((*codec, self.numbers.of_codec(*codec)));
            }
        }
        let digits = self.numbers.of_digits();
        if self.streams.is_empty() {
            self.streams.push(Stream::Audio { protocol: "RTP/AVP".to_owned() });
        }
        let text = self.text("0 0", &numbered, Some(digits), direction);
        self.offered = Some(Offered { codecs: numbered, digits, direction });
        self.publish(text)
    }

    /// Answers an offer: the first audio stream over plain RTP with a format of `codecs` is taken, every other stream refused
    /// with port 0. Takes `keep` when it is offered and in `codecs`, else the first of the offer's formats that is in
    /// `codecs`. Returns our text and what was agreed.
    ///
    /// # Errors
    /// [`Error::Parse`], [`Error::NoAudio`], [`Error::NoCommonCodec`]; the session goes on as it was.
    pub fn receive_offer(
        &mut self,
        sdp: &[u8],
        codecs: &[Codec],
        keep: Option<Codec>,
    ) -> Result<(Vec<u8>, Agreed), Error> {
        let text = String::from_utf8_lossy(sdp);
        let description = Description::parse(&text)?;
        let Choice { index, media, common } = choose(&description, codecs)?;
        let (codec, payload_type) = pick(&common, keep).ok_or(Error::NoCommonCodec)?;
        let digits = media.payload_types().find(|(_, format)| *format == Format::Digits).map(|(number, _)| number);
        let direction = media.direction().reversed();
        let agreed = agreed(media, (codec, payload_type), digits, direction, &common);

        self.streams = description.media.iter().enumerate().map(|(at, media)| Stream::of(media, at == index)).collect();
        self.numbers.learn(media);
        self.offered = None;
        let timing = description.timing.filter(|timing| is_timing(timing)).unwrap_or("0 0");
        let text = self.text(timing, &[(codec, payload_type)], digits, direction);
        Ok((self.publish(text), agreed))
    }

    /// Reads the answer to our last offer. May come several times for one offer: early media, then the final answer, or
    /// answers of several phones.
    ///
    /// # Errors
    /// [`Error::Parse`]; [`Error::NoAudio`] when the audio was refused; [`Error::NoCommonCodec`] when it holds nothing that we
    /// offered; [`Error::NoOffer`] when there is no offer to answer.
    pub fn receive_answer(&mut self, sdp: &[u8]) -> Result<Agreed, Error> {
        let offered = self.offered.as_ref().ok_or(Error::NoOffer)?;
        let text = String::from_utf8_lossy(sdp);
        let description = Description::parse(&text)?;
        let ours = self.streams.iter().position(|stream| matches!(stream, Stream::Audio { .. })).unwrap_or(0);
        let in_place = description.media.get(ours).filter(|media| media.is_audio());
        let media =
            in_place.or_else(|| description.media.iter().find(|media| media.is_audio())).ok_or(Error::NoAudio)?;
        if !media.is_usable_audio() {
            return Err(Error::NoAudio);
        }
        let formats: Vec<_> =
            media.payload_types().map(|(number, format)| (number, offered.meaning(number, format))).collect();
        let common = distinct(formats.iter().filter_map(|(number, format)| match format {
            Format::Audio(codec) if offered.codecs.iter().any(|(ours, _)| ours == codec) => Some((*codec, *number)),
            _ => None,
        }));
        let first = *common.first().ok_or(Error::NoCommonCodec)?;
        let digits = formats.iter().find(|(_, format)| *format == Format::Digits).map(|(number, _)| *number);
        let direction = media.direction().reversed().and(offered.direction);
        Ok(agreed(media, first, digits, direction, &common))
    }

    /// The formats that an offer holds and we speak, in its order: what the other leg should be offered.
    ///
    /// # Errors
    /// As [`receive_offer`](Self::receive_offer).
    pub fn peek_codecs(sdp: &[u8]) -> Result<Vec<Codec>, Error> {
        let text = String::from_utf8_lossy(sdp);
        let description = Description::parse(&text)?;
        let choice = choose(&description, &Codec::ALL)?;
        Ok(choice.common.into_iter().map(|(codec, _)| codec).collect())
    }

    /// All but the `v=` and `o=` lines.
    fn text(&self, timing: &str, codecs: &[(Codec, u8)], digits: Option<u8>, direction: Direction) -> String {
        let mut text = format!("s=-\r\nc=IN {}\r\nt={timing}\r\n", address(self.local.ip()));
        for stream in &self.streams {
            match stream {
                Stream::Audio { protocol } => {
                    write_audio(&mut text, self.local.port(), protocol, codecs, digits, direction)
                }
                Stream::Refused { kind, protocol, formats } => {
                    line(&mut text, format_args!("m={kind} 0 {protocol} {formats}"))
                }
            }
        }
        text
    }

    /// Puts the head before it; the version rises when anything changed.
    fn publish(&mut self, text: String) -> Vec<u8> {
        let address = address(self.local.ip());
        let same = self.published.as_ref() == Some(&text);
        if !same {
            self.version += 1;
        }
        let head = format!("v=0\r\no=- {} {} IN {address}\r\n", self.session_id, self.version);
        let whole = [head.as_bytes(), text.as_bytes()].concat();
        self.published = Some(text);
        whole
    }
}

impl Stream {
    fn of(media: &Media<'_>, accepted: bool) -> Self {
        if accepted {
            return Self::Audio { protocol: media.protocol.to_owned() };
        }
        let formats = if media.formats.is_empty() { "0".to_owned() } else { media.formats.join(" ") };
        Self::Refused { kind: media.kind.to_owned(), protocol: media.protocol.to_owned(), formats }
    }
}

impl Numbers {
    /// Takes over the peer's meanings; those it doesn't mention stay.
    fn learn(&mut self, media: &Media<'_>) {
        let mut learnt = Self { taken: self.taken, ..Self::default() };
        for (number, format) in media.payload_types() {
            match format {
                Format::Audio(codec) if learnt.codecs.iter().all(|(known, _)| *known != codec) => {
                    learnt.codecs.push((codec, number));
                }
                Format::Digits if learnt.digits.is_none() => learnt.digits = Some(number),
                Format::Audio(_) | Format::Digits | Format::Foreign | Format::Nameless => learnt.taken |= bit(number),
            }
        }
        for (codec, number) in &self.codecs {
            if learnt.is_free(*number) && learnt.codecs.iter().all(|(known, _)| known != codec) {
                learnt.codecs.push((*codec, *number));
            }
        }
        learnt.digits = learnt.digits.or(self.digits.filter(|number| learnt.is_free(*number)));
        *self = learnt;
    }

    fn of_codec(&mut self, codec: Codec) -> u8 {
        if let Some((_, number)) = self.codecs.iter().find(|(known, _)| *known == codec) {
            return *number;
        }
        let fixed = codec.static_payload_type().filter(|number| self.is_free(*number));
        let number = fixed.unwrap_or_else(|| self.free_number());
        self.codecs.push((codec, number));
        number
    }

    fn of_digits(&mut self) -> u8 {
        let number = self.digits.unwrap_or_else(|| self.free_number());
        self.digits = Some(number);
        number
    }

    /// 101 is what most phones use for digits; then all that RFC 3551 §6 leaves free.
    fn free_number(&self) -> u8 {
        [101].into_iter().chain(96..=127).find(|number| self.is_free(*number)).unwrap_or(101)
    }

    fn is_free(&self, number: u8) -> bool {
        let ours = self.digits == Some(number) || self.codecs.iter().any(|(_, known)| *known == number);
        !ours && self.taken & bit(number) == 0
    }
}

impl Offered {
    /// Some phones answer with bare numbers; then they mean what we said.
    fn meaning(&self, number: u8, format: Format) -> Format {
        if format != Format::Nameless {
            return format;
        }
        match self.codecs.iter().find(|(_, known)| *known == number) {
            Some((codec, _)) => Format::Audio(*codec),
            None if self.digits == number => Format::Digits,
            None => Format::Nameless,
        }
    }
}

/// The stream to take, its place, and the formats that both have in the peer's order.
struct Choice<'d, 'a> {
    index: usize,
    media: &'d Media<'a>,
    common: Vec<(Codec, u8)>,
}

fn choose<'d, 'a>(description: &'d Description<'a>, codecs: &[Codec]) -> Result<Choice<'d, 'a>, Error> {
    let mut why = Error::NoAudio;
    for (index, media) in description.media.iter().enumerate().filter(|(_, media)| media.is_usable_audio()) {
        let common = distinct(media.payload_types().filter_map(|(number, format)| match format {
            Format::Audio(codec) if codecs.contains(&codec) => Some((codec, number)),
            _ => None,
        }));
        if !common.is_empty() {
            return Ok(Choice { index, media, common });
        }
        why = Error::NoCommonCodec;
    }
    Err(why)
}

fn pick(common: &[(Codec, u8)], keep: Option<Codec>) -> Option<(Codec, u8)> {
    let kept = common.iter().find(|(codec, _)| Some(*codec) == keep);
    kept.or(common.first()).copied()
}

/// The first number of each format.
fn distinct(formats: impl Iterator<Item = (Codec, u8)>) -> Vec<(Codec, u8)> {
    let mut distinct: Vec<(Codec, u8)> = Vec::new();
    for (codec, number) in formats {
        if !distinct.iter().any(|(known, _)| *known == codec) {
            distinct.push((codec, number));
        }
    }
    distinct
}

fn agreed(
    media: &Media<'_>,
    (codec, payload_type): (Codec, u8),
    digits: Option<u8>,
    direction: Direction,
    common: &[(Codec, u8)],
) -> Agreed {
    Agreed {
        codec,
        payload_type,
        events: digits.map(|payload_type| Events { payload_type, clock_rate: 8000 }),
        hears: common
            .iter()
            .map(|(codec, number)| (*number, Meaning::Audio(*codec)))
            .chain(digits.map(|number| (number, Meaning::Events(8000))))
            .collect(),
        noise: false,
        opus: OpusParameters::default(),
        srtp: None,
        max_ptime_ms: None,
        rtp: media.address().map(|address| SocketAddr::new(address, media.port)),
        rtcp: media.rtcp_address().map(|(address, port)| SocketAddr::new(address, port)),
        direction,
        ptime_ms: media.ptime_ms(),
        common: common.iter().map(|(codec, _)| *codec).collect(),
    }
}

fn write_audio(
    text: &mut String,
    port: u16,
    protocol: &str,
    codecs: &[(Codec, u8)],
    digits: Option<u8>,
    direction: Direction,
) {
    let numbers = codecs.iter().map(|(_, number)| *number).chain(digits);
    let formats: String = numbers.map(|number| format!(" {number}")).collect();
    line(text, format_args!("m=audio {port} {protocol}{formats}"));
    for (codec, number) in codecs {
        line(text, format_args!("a=rtpmap:{number} {}/{}", codec.rtp_name(), codec.clock_rate()));
    }
    if let Some(number) = digits {
        line(text, format_args!("a=rtpmap:{number} telephone-event/8000"));
        line(text, format_args!("a=fmtp:{number} 0-15"));
    }
    line(text, format_args!("a=ptime:20"));
    line(text, format_args!("a={}", direction.attribute()));
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string can't fail.
    let _ = write!(text, "{line}\r\n");
}

fn address(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("IP4 {address}"),
        IpAddr::V6(address) => format!("IP6 {address}"),
    }
}

/// The answer's `t=` line is the offer's (RFC 3264 §6), when that is one.
fn is_timing(timing: &str) -> bool {
    let numbers = timing.split(' ').collect::<Vec<_>>();
    numbers.len() == 2 && numbers.iter().all(|word| word.parse::<u64>().is_ok())
}

const fn bit(number: u8) -> u128 {
    1 << (number & 127)
}
