//! From a file's bytes to mono samples: what kind it is, its container, its packets.

use std::io::Cursor;

use symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::packet::Packet;
use symphonia::default::formats::{MpaReader, OggReader, WavReader};

use super::mono::Mono;
use super::opus::OpusStream;
use super::{ImportError, Limits};

/// The containers that we read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Wav,
    Ogg,
    Mp3,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Ogg => "ogg",
            Self::Mp3 => "mp3",
        }
    }

    pub(super) fn damaged(self, detail: &str) -> ImportError {
        ImportError::Damaged { kind: self.name(), detail: detail.to_owned() }
    }

    fn coding(self, detail: &str) -> ImportError {
        ImportError::Coding { kind: self.name(), detail: detail.to_owned() }
    }

    fn refused(self, error: &Error) -> ImportError {
        match error {
            Error::Unsupported(what) => self.coding(what),
            other => self.damaged(&other.to_string()),
        }
    }
}

/// Tells the kind by the first bytes. An mp3 comes back without its ID3v2 tags: they hold pictures of a megabyte.
pub(super) fn recognise(bytes: Vec<u8>) -> Result<(Kind, Vec<u8>), ImportError> {
    let (tags, sound) = behind_id3(&bytes);
    let at = |offset: usize, magic: &[u8]| sound.get(offset..).is_some_and(|rest| rest.starts_with(magic));
    let kind = match () {
        () if at(0, b"RIFF") && at(8, b"WAVE") => return Ok((Kind::Wav, mended_wav(bytes))),
        () if at(0, b"OggS") => Kind::Ogg,
        () if at(4, b"ftyp") => return Err(ImportError::NotYet { kind: "m4a" }),
        () if at(0, &[0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11]) => {
            return Err(ImportError::NotYet { kind: "wma" });
        }
        () if at(0, b"fLaC") => return Err(ImportError::NotYet { kind: "flac" }),
        () if at(0, b"FORM") => return Err(ImportError::NotYet { kind: "aiff" }),
        () if at(0, b"#!AMR") => return Err(ImportError::NotYet { kind: "amr" }),
        () if at(0, b"RF64") => return Err(ImportError::NotYet { kind: "rf64" }),
        () => match mpeg_layer(sound) {
            Some(3) => Kind::Mp3,
            Some(0) => return Err(ImportError::NotYet { kind: "aac" }),
            Some(_) => return Err(ImportError::NotYet { kind: "mp2" }),
            None if tags > 0 => Kind::Mp3,
            None => return Err(ImportError::Unknown),
        },
    };
    let bytes = if tags == 0 { bytes } else { sound.to_vec() };
    Ok((kind, bytes))
}

/// What the reader is strict about and programs get wrong. The length of the whole is often 0 or a little off: with the value
/// for "unknown" the chunks count alone. Old exchanges write A-law and µ-law with the short `fmt ` chunk of PCM: it
/// gets the two bytes that it lacks.
fn mended_wav(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Some(length) = bytes.get_mut(4..8) {
        length.fill(0xFF);
    }
    let short = bytes.get(12..20) == Some(b"fmt \x10\0\0\0");
    let law = matches!(bytes.get(20..22), Some([6 | 7, 0]));
    if let (true, true, Some(size)) = (short && bytes.len() > 36, law, bytes.get_mut(16)) {
        *size = 18;
        bytes.splice(36..36, [0, 0]);
    }
    bytes
}

/// How many bytes ID3v2 tags take at the start, and what comes after them (and after zeros that pad them).
fn behind_id3(bytes: &[u8]) -> (usize, &[u8]) {
    let mut rest = bytes;
    while let Some(&[b'I', b'D', b'3', _, _, flags, a, b, c, d]) = rest.first_chunk() {
        let size = [a, b, c, d].iter().fold(0, |size, byte| size << 7 | usize::from(byte & 0x7F));
        let footer = if flags & 0x10 == 0 { 0 } else { 10 };
        rest = rest.get(10 + size + footer..).unwrap_or(&[]);
    }
    if rest.len() < bytes.len() {
        let zeros = rest.iter().take_while(|byte| **byte == 0).count();
        rest = rest.get(zeros..).unwrap_or(&[]);
    }
    (bytes.len() - rest.len(), rest)
}

/// The layer of an MPEG audio frame header: 1 to 3; 0 is AAC in ADTS.
fn mpeg_layer(bytes: &[u8]) -> Option<u8> {
    match bytes {
        [0xFF, second, third, ..] if second & 0xE0 == 0xE0 && third & 0xF0 != 0xF0 => {
            let layer = second >> 1 & 3;
            Some(if layer == 0 { 0 } else { 4 - layer })
        }
        _ => None,
    }
}

/// All sound of the first sound track.
pub(super) fn decode(kind: Kind, bytes: Vec<u8>, limits: &Limits) -> Result<Vec<i16>, ImportError> {
    let mut container = open(kind, bytes).map_err(|error| kind.refused(&error))?;
    let track = container.default_track(TrackType::Audio).ok_or_else(|| kind.coding("no track of sound"))?;
    let id = track.id;
    let parameters = track.codec_params.as_ref().and_then(|parameters| parameters.audio());
    let parameters = parameters.ok_or_else(|| kind.coding("the track does not say its coding"))?;
    let mut stream = Stream::new(kind, parameters)?;
    let mut mono = Mono::new(limits.seconds);
    loop {
        match container.next_packet() {
            Ok(Some(packet)) if packet.track_id == id => stream.decode(kind, &packet, &mut mono)?,
            Ok(Some(_)) => {}
            // A new stream behind the first (chained Ogg): the first is what was meant.
            Ok(None) | Err(Error::ResetRequired) => break,
            // Cut off or damaged: what was heard so far counts.
            Err(_) if !mono.is_empty() => break,
            Err(error) => return Err(kind.refused(&error)),
        }
    }
    mono.finish()
}

fn open(kind: Kind, bytes: Vec<u8>) -> Result<Box<dyn FormatReader>, Error> {
    let source = MediaSourceStream::new(Box::new(Cursor::new(bytes)), Default::default());
    let options = FormatOptions::default();
    Ok(match kind {
        Kind::Wav => Box::new(WavReader::try_new(source, options)?),
        Kind::Ogg => Box::new(OggReader::try_new(source, options)?),
        Kind::Mp3 => Box::new(MpaReader::try_new(source, options)?),
    })
}

/// Who decodes the packets: symphonia knows no Opus.
enum Stream {
    Symphonia { decoder: Box<dyn AudioDecoder>, interleaved: Vec<f32> },
    Opus(OpusStream),
}

impl Stream {
    fn new(kind: Kind, parameters: &AudioCodecParameters) -> Result<Self, ImportError> {
        if parameters.codec == CODEC_ID_OPUS {
            let head = parameters.extra_data.as_deref().unwrap_or(&[]);
            return OpusStream::new(head).map(Self::Opus).map_err(|detail| kind.coding(&detail));
        }
        let decoder = symphonia::default::get_codecs()
            .make_audio_decoder(parameters, &AudioDecoderOptions::default())
            .map_err(|error| kind.refused(&error))?;
        Ok(Self::Symphonia { decoder, interleaved: Vec::new() })
    }

    fn decode(&mut self, kind: Kind, packet: &Packet, mono: &mut Mono) -> Result<(), ImportError> {
        match self {
            Self::Opus(stream) => {
                let trim = packet.trim_end.get();
                stream.decode(&packet.data, trim, |channels, samples| mono.push(8000, channels, samples))
            }
            Self::Symphonia { decoder, interleaved } => match decoder.decode(packet) {
                Ok(sound) => {
                    let (rate, channels) = (sound.spec().rate(), sound.spec().channels().count());
                    interleaved.resize(sound.samples_interleaved(), 0.0);
                    sound.copy_to_slice_interleaved(&mut *interleaved);
                    mono.push(rate, channels, interleaved)
                }
                // One packet is lost, the next may be whole.
                Err(Error::DecodeError(_) | Error::IoError(_)) => Ok(()),
                Err(error) => Err(kind.refused(&error)),
            },
        }
    }
}
