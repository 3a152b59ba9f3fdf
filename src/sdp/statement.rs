//! What a description of ours says of its audio stream, and its text.

use std::fmt::Write as _;

use super::crypto::Own;
use super::formats::{Format, NOISE, write_opus};
use super::{Direction, Events, Meaning, Suite};
use crate::codec::{Codec, OpusParameters};

#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) codecs: Vec<(Codec, u8)>,
    pub(super) events: Vec<Events>,
    /// Comfort noise is listed.
    pub(super) noise: bool,
    /// Tags and suites of the `a=crypto` lines.
    pub(super) crypto: Vec<(u32, Suite)>,
    pub(super) ptime_ms: u32,
    pub(super) direction: Direction,
}

impl Statement {
    /// The payload types in their order, with what they mean.
    pub(super) fn meanings(&self) -> impl Iterator<Item = (u8, Meaning)> {
        let codecs = self.codecs.iter().map(|(codec, number)| (*number, Meaning::Audio(*codec)));
        let noise = self.noise.then_some((NOISE, Meaning::Noise));
        let events = self.events.iter().map(|events| (events.payload_type, Meaning::Events(events.clock_rate)));
        codecs.chain(noise).chain(events)
    }

    /// Some phones answer with bare numbers; then they mean what we said.
    pub(super) fn read(&self, number: u8, format: Format) -> Format {
        match self.meanings().find(|(ours, _)| *ours == number) {
            Some((_, meaning)) if format == Format::Nameless => Format::Known(meaning),
            _ => format,
        }
    }

    /// Appends the `m=` line and all that belongs to it.
    pub(super) fn write(&self, text: &mut String, port: u16, protocol: &str, opus: &OpusParameters, own: &Own) {
        let formats: String = self.meanings().map(|(number, _)| format!(" {number}")).collect();
        line(text, format_args!("m=audio {port} {protocol}{formats}"));
        for (tag, suite) in &self.crypto {
            line(text, format_args!("a=crypto:{}", own.line(*tag, *suite)));
        }
        for (number, meaning) in self.meanings() {
            match meaning {
                Meaning::Audio(codec) => write_codec(text, codec, number, opus),
                Meaning::Noise => line(text, format_args!("a=rtpmap:{number} CN/8000")),
                Meaning::Events(clock) => {
                    line(text, format_args!("a=rtpmap:{number} telephone-event/{clock}"));
                    line(text, format_args!("a=fmtp:{number} 0-15"));
                }
            }
        }
        line(text, format_args!("a=ptime:{}", self.ptime_ms));
        line(text, format_args!("a={}", self.direction.attribute()));
    }
}

fn write_codec(text: &mut String, codec: Codec, number: u8, opus: &OpusParameters) {
    let (name, clock) = (codec.rtp_name(), codec.clock_rate());
    match codec.rtp_channels() {
        1 => line(text, format_args!("a=rtpmap:{number} {name}/{clock}")),
        channels => line(text, format_args!("a=rtpmap:{number} {name}/{clock}/{channels}")),
    }
    let parameters = if codec == Codec::Opus { write_opus(opus) } else { String::new() };
    if !parameters.is_empty() {
        line(text, format_args!("a=fmtp:{number} {parameters}"));
    }
}

/// Appends one line.
pub(super) fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string can't fail.
    let _ = write!(text, "{line}\r\n");
}
