//! Offer and answer of one leg: RFC 3264. Remembers what must not change from one exchange to the next: the order of the
//! `m=` lines (§8), the meaning of payload types (§8.3.2), our version (§8).

use std::net::{IpAddr, SocketAddr};

use super::crypto::{self, Crypto, Own};
use super::description::{Description, Media};
use super::formats::{Format, NumberSet, Numbers};
use super::statement::{Statement, line};
use super::{Agreed, Direction, Error, Events, MasterKey, Meaning, SrtpPolicy};
use crate::codec::{Codec, OpusParameters};

/// Milliseconds of sound a packet that we ask for.
const PTIME_MS: u32 = 20;

/// One leg's side of offer and answer. An exchange that fails leaves everything as it was.
#[derive(Clone)]
pub struct Negotiator {
    local: SocketAddr,
    session_id: u64,
    version: u64,
    /// What we last sent, but for the version.
    published: Option<String>,
    streams: Vec<Stream>,
    numbers: Numbers,
    /// What our descriptions have given payload types to, the newest first; a number stands once.
    said: Vec<(u8, Meaning)>,
    opus: OpusParameters,
    own: Own,
    offered: Option<Statement>,
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

impl std::fmt::Debug for Negotiator {
    /// Its texts hold keys.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Negotiator").field("local", &self.local).field("version", &self.version).finish_non_exhaustive()
    }
}

impl Negotiator {
    /// `local` is where we await RTP; RTCP is the port above. `session_id` should differ from leg to leg (RFC 8866 §5.2).
    /// `keys` are ours for what we send, by chance and for this leg alone: for [`AesCm128HmacSha1_80`], then for
    /// [`AeadAes128Gcm`]; under [`SrtpPolicy::Off`] they are not used.
    ///
    /// [`AesCm128HmacSha1_80`]: super::Suite::AesCm128HmacSha1_80
    /// [`AeadAes128Gcm`]: super::Suite::AeadAes128Gcm
    pub fn new(local: SocketAddr, session_id: u64, policy: SrtpPolicy, keys: [MasterKey; 2]) -> Self {
        Self {
            local,
            session_id,
            version: 0,
            published: None,
            streams: Vec::new(),
            numbers: Numbers::default(),
            said: Vec::new(),
            opus: OpusParameters { fec: true, ..OpusParameters::default() },
            own: Own::new(policy, keys),
            offered: None,
        }
    }

    /// What we ask of the peer's Opus, from the next text on; at first, that it sends forward error correction.
    pub fn set_opus(&mut self, opus: OpusParameters) {
        self.opus = opus;
    }

    /// Another address or port of ours, from the next text on.
    pub fn set_local(&mut self, local: SocketAddr) {
        self.local = local;
    }

    /// The text of an offer with telephone-event behind `codecs` (all that we speak when that is empty), in their order. In a
    /// running session it keeps the peer's payload types and refused streams. Two equal texts have the same version.
    pub fn offer(&mut self, codecs: &[Codec], direction: Direction) -> Vec<u8> {
        let codecs = if codecs.is_empty() { &Codec::ALL } else { codecs };
        let clocks = [8000].into_iter().chain(codecs.contains(&Codec::Opus).then_some(Codec::Opus.clock_rate()));
        let mut said = NumberSet::default(); // a number stands once, even where a peer has used up all
        let numbered = codecs.iter().map(|codec| (*codec, self.numbers.of_codec(*codec)));
        let numbered: Vec<_> = numbered.filter(|(_, number)| said.add(*number)).collect();
        let events = clocks.map(|clock| self.numbers.of_events(clock));
        let events: Vec<_> = events.filter(|events| said.add(events.payload_type)).collect();
        if self.streams.is_empty() {
            self.streams.push(Stream::Audio { protocol: self.own.profile().to_owned() });
        }
        let crypto = self.own.offers().to_vec();
        let offer = Statement { codecs: numbered, events, noise: false, crypto, ptime_ms: PTIME_MS, direction };
        self.remember(&offer);
        let text = self.text("0 0", &offer);
        self.offered = Some(offer);
        self.publish(text)
    }

    /// Answers an offer: the first audio stream that the policy for SRTP allows and that has a format of `codecs` is taken,
    /// every other stream refused with port 0. Takes `keep` when it is offered and in `codecs`, else the first of the offer's
    /// formats that is in `codecs`. Returns our text and what was agreed.
    ///
    /// # Errors
    /// [`Error::Parse`], [`Error::NoAudio`], [`Error::NotSecure`], [`Error::NoCommonCodec`]; the session goes on as it was.
    pub fn receive_offer(
        &mut self,
        sdp: &[u8],
        codecs: &[Codec],
        keep: Option<Codec>,
    ) -> Result<(Vec<u8>, Agreed), Error> {
        let text = String::from_utf8_lossy(sdp);
        let description = Description::parse(&text)?;
        let Choice { index, media, common, crypto } = choose(&description, codecs, self.own.policy)?;
        let (codec, number) = pick(&common, keep).ok_or(Error::NoCommonCodec)?;
        let theirs = Theirs::of(media, media.payload_types().collect(), common, codec);
        let answer = Statement {
            codecs: vec![(codec, number)],
            events: theirs.events.into_iter().collect(),
            noise: theirs.noise,
            crypto: crypto.iter().map(|crypto| (crypto.tag, crypto.suite)).collect(),
            ptime_ms: media.ptime_ms(),
            direction: media.direction().reversed(),
        };
        let agreed = self.agreed(&theirs, (codec, number), &answer, crypto, answer.direction);

        self.streams = description.media.iter().enumerate().map(|(at, media)| Stream::of(media, at == index)).collect();
        self.numbers.learn(media);
        self.remember(&answer);
        if let Some(crypto) = &crypto {
            self.own.took(crypto);
        }
        self.offered = None;
        let timing = description.timing.filter(|timing| is_timing(timing)).unwrap_or("0 0");
        let text = self.text(timing, &answer);
        Ok((self.publish(text), agreed))
    }

    /// Reads the answer to our last offer. May come several times for one offer: early media, then the final answer, or
    /// answers of several phones.
    ///
    /// # Errors
    /// [`Error::Parse`]; [`Error::NoAudio`] when the audio was refused; [`Error::NotSecure`] when it is or must be SRTP and no
    /// key is one to a line that we offered; [`Error::NoCommonCodec`] when it holds nothing that we offered;
    /// [`Error::NoOffer`] when there is no offer to answer.
    pub fn receive_answer(&mut self, sdp: &[u8]) -> Result<Agreed, Error> {
        let offered = self.offered.as_ref().ok_or(Error::NoOffer)?;
        let text = String::from_utf8_lossy(sdp);
        let description = Description::parse(&text)?;
        let ours = self.streams.iter().position(|stream| matches!(stream, Stream::Audio { .. })).unwrap_or(0);
        let in_place = description.media.get(ours).filter(|media| media.is_audio());
        let media =
            in_place.or_else(|| description.media.iter().find(|media| media.is_audio())).ok_or(Error::NoAudio)?;
        if !media.is_live_audio() {
            return Err(Error::NoAudio);
        }
        let crypto = self.own.confirm(media, &offered.crypto)?;
        let formats: Vec<_> =
            media.payload_types().map(|(number, format)| (number, offered.read(number, format))).collect();
        let codecs: Vec<Codec> = offered.codecs.iter().map(|(codec, _)| *codec).collect();
        let common = common(&formats, &codecs);
        let first = *common.first().ok_or(Error::NoCommonCodec)?;
        let theirs = Theirs::of(media, formats, common, first.0);
        let direction = media.direction().reversed().and(offered.direction);
        Ok(self.agreed(&theirs, first, offered, crypto, direction))
    }

    /// The formats that an offer holds and we speak, in its order: what the other leg should be offered. `policy` decides
    /// which of its streams is looked at, as in [`receive_offer`](Self::receive_offer).
    ///
    /// # Errors
    /// As [`receive_offer`](Self::receive_offer).
    pub fn peek_codecs(sdp: &[u8], policy: SrtpPolicy) -> Result<Vec<Codec>, Error> {
        let text = String::from_utf8_lossy(sdp);
        let description = Description::parse(&text)?;
        let choice = choose(&description, &Codec::ALL, policy)?;
        Ok(choice.common.into_iter().map(|(codec, _)| codec).collect())
    }

    /// What an offer asks of Opus, when it holds it: what whoever's packets are relayed there should be told.
    pub fn peek_opus(sdp: &[u8], policy: SrtpPolicy) -> Option<OpusParameters> {
        let text = String::from_utf8_lossy(sdp);
        let description = Description::parse(&text).ok()?;
        let Choice { media, common, .. } = choose(&description, &[Codec::Opus], policy).ok()?;
        common.first().map(|(_, number)| media.opus(*number))
    }

    /// `ours` is our half of the exchange.
    fn agreed(
        &self,
        theirs: &Theirs<'_, '_>,
        (codec, payload_type): (Codec, u8),
        ours: &Statement,
        crypto: Option<Crypto>,
        direction: Direction,
    ) -> Agreed {
        let media = theirs.media;
        let opus = theirs.common.iter().find(|(codec, _)| *codec == Codec::Opus);
        Agreed {
            codec,
            payload_type,
            events: theirs.events,
            hears: self.hears(theirs, ours),
            noise: theirs.noise,
            opus: opus.map_or_else(OpusParameters::default, |(_, number)| media.opus(*number)),
            srtp: crypto.map(|crypto| self.own.keys(&crypto)),
            rtp: media.address().map(|address| SocketAddr::new(address, media.port)),
            rtcp: media.rtcp_address().map(|(address, port)| SocketAddr::new(address, port)),
            direction,
            ptime_ms: media.ptime_ms(),
            max_ptime_ms: media.max_ptime_ms(),
            common: theirs.common.iter().map(|(codec, _)| *codec).collect(),
        }
    }

    /// A number means what our description says; else what the peer's says; else what an earlier one of ours said, unless the
    /// peer now uses it for something else.
    fn hears(&self, theirs: &Theirs<'_, '_>, ours: &Statement) -> Vec<(u8, Meaning)> {
        let stated = theirs.formats.iter().filter_map(|(number, format)| match format {
            Format::Known(meaning) if theirs.speaks(*meaning) => Some((*number, *meaning)),
            _ => None,
        });
        let used = |number: u8| theirs.formats.iter().any(|(theirs, _)| *theirs == number);
        let earlier = self.said.iter().copied().filter(|(number, _)| !used(*number));
        first_of_each(ours.meanings().chain(stated).chain(earlier))
    }

    fn remember(&mut self, ours: &Statement) {
        self.said = first_of_each(ours.meanings().chain(self.said.iter().copied()));
    }

    /// All but the `v=` and `o=` lines.
    fn text(&self, timing: &str, audio: &Statement) -> String {
        let mut text = format!("s=-\r\nc=IN {}\r\nt={timing}\r\n", address(self.local.ip()));
        for stream in &self.streams {
            match stream {
                Stream::Audio { protocol } => {
                    audio.write(&mut text, self.local.port(), protocol, &self.opus, &self.own);
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

/// The peer's half of an exchange.
struct Theirs<'d, 'a> {
    media: &'d Media<'a>,
    formats: Vec<(u8, Format)>,
    /// What we speak as well, in its order.
    common: Vec<(Codec, u8)>,
    /// That of the clock in use, else any: some phones have but one, whatever the sound.
    events: Option<Events>,
    noise: bool,
}

impl<'d, 'a> Theirs<'d, 'a> {
    fn of(media: &'d Media<'a>, formats: Vec<(u8, Format)>, common: Vec<(Codec, u8)>, codec: Codec) -> Self {
        let clock = codec.clock_rate();
        let listed = || {
            formats.iter().filter_map(|(number, format)| match format {
                Format::Known(Meaning::Events(clock_rate)) => {
                    Some(Events { payload_type: *number, clock_rate: *clock_rate })
                }
                _ => None,
            })
        };
        let events = listed().find(|events| events.clock_rate == clock).or_else(|| listed().next());
        // Comfort noise counts on a clock of 8000: RFC 3389 §4.
        let noise = clock == 8000 && formats.iter().any(|(_, format)| *format == Format::Known(Meaning::Noise));
        Self { media, formats, common, events, noise }
    }

    /// Whether it may send this by the numbers of its own description.
    fn speaks(&self, meaning: Meaning) -> bool {
        match meaning {
            Meaning::Audio(codec) => self.common.iter().any(|(common, _)| *common == codec),
            Meaning::Events(_) | Meaning::Noise => true,
        }
    }
}

/// The stream to take, its place, the formats that both have in the peer's order, and its keys when it is to be SRTP.
struct Choice<'d, 'a> {
    index: usize,
    media: &'d Media<'a>,
    common: Vec<(Codec, u8)>,
    crypto: Option<Crypto>,
}

fn choose<'d, 'a>(
    description: &'d Description<'a>,
    codecs: &[Codec],
    policy: SrtpPolicy,
) -> Result<Choice<'d, 'a>, Error> {
    let mut why = Error::NoAudio;
    for (index, media) in description.media.iter().enumerate().filter(|(_, media)| media.is_live_audio()) {
        match crypto::accept(policy, media) {
            Ok(crypto) => {
                let formats: Vec<_> = media.payload_types().collect();
                let common = common(&formats, codecs);
                if !common.is_empty() {
                    return Ok(Choice { index, media, common, crypto });
                }
                why = Error::NoCommonCodec;
            }
            Err(error) if why == Error::NoAudio => why = error,
            Err(_) => {}
        }
    }
    Err(why)
}

fn pick(common: &[(Codec, u8)], keep: Option<Codec>) -> Option<(Codec, u8)> {
    let kept = common.iter().find(|(codec, _)| Some(*codec) == keep);
    kept.or(common.first()).copied()
}

/// The first number of each format of `codecs`.
fn common(formats: &[(u8, Format)], codecs: &[Codec]) -> Vec<(Codec, u8)> {
    let mut common: Vec<(Codec, u8)> = Vec::new();
    for (number, format) in formats {
        let Format::Known(Meaning::Audio(codec)) = format else { continue };
        if codecs.contains(codec) && !common.iter().any(|(known, _)| known == codec) {
            common.push((*codec, *number));
        }
    }
    common
}

/// The first meaning of each number.
fn first_of_each(meanings: impl Iterator<Item = (u8, Meaning)>) -> Vec<(u8, Meaning)> {
    let mut seen = NumberSet::default();
    meanings.filter(|(number, _)| seen.add(*number)).collect()
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
