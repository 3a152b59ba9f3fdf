//! The clip on the disk, beside its original and in formats that any player knows: `X.alaw.wav`, `X.g722` and `X.opus`.

use std::fs::{self, File};
use std::io::{self, Cursor, Write as _};
use std::path::{Path, PathBuf};

use ogg::PacketReader;
use ogg::writing::{PacketWriteEndInfo, PacketWriter};

use super::{ImportError, read};
use crate::codec::{Coded, Packets};
use crate::io::files::{sync_folder, with_ending};
use crate::media::Clip;

/// Where the clip of an original is kept: A-law in a WAV, bare G.722, Ogg Opus.
pub fn kept_paths(original: &Path) -> [PathBuf; 3] {
    [".alaw.wav", ".g722", ".opus"].map(|ending| with_ending(original, ending))
}

/// Keeps a clip, each file whole or not at all, also when the power goes.
///
/// # Errors
/// As the disk says.
pub fn store(clip: &Clip, original: &Path) -> io::Result<()> {
    let [alaw, g722, opus] = kept_paths(original);
    write(&alaw, &wav(clip.alaw()))?;
    write(&g722, clip.g722())?;
    write(&opus, &ogg(clip)?)?;
    match original.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => sync_folder(folder),
        None => Ok(()),
    }
}

/// Reads what [`store`] wrote, without a decoder.
///
/// # Errors
/// [`ImportError::Unreadable`]; [`ImportError::Damaged`] when it isn't what `store` writes: then import the original again.
pub fn load(original: &Path) -> Result<Clip, ImportError> {
    let [alaw, g722, opus] = kept_paths(original);
    let (alaw, g722) = (from_wav(read(&alaw, MOST_BYTES)?), read(&g722, MOST_BYTES)?);
    let opus = from_ogg(&read(&opus, MOST_BYTES)?);
    let clip = alaw.zip(opus).and_then(|(alaw, opus)| Clip::new(Coded { alaw, g722, opus }));
    clip.ok_or_else(|| ImportError::Damaged { kind: "kept", detail: "not a clip of this exchange".to_owned() })
}

/// Removes what versions before kept beside an original: a WAV of 8000 Hz.
pub fn remove_old(original: &Path) {
    let _ = fs::remove_file(with_ending(original, ".clip.wav"));
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = with_ending(path, ".new");
    let mut file = File::create(&draft)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&draft, path));
    if written.is_err() {
        let _ = fs::remove_file(&draft);
    }
    written
}

/// RIFF with the chunks that a coding other than PCM needs: `fmt ` with its extension, `fact`, `data`.
fn wav(alaw: &[u8]) -> Vec<u8> {
    let length = u32::try_from(alaw.len()).unwrap_or(u32::MAX).to_le_bytes();
    let whole = u32::try_from(alaw.len() + WAV_HEADER - 8).unwrap_or(u32::MAX).to_le_bytes();
    [b"RIFF", &whole[..], WAV_FORMAT, &length[..], b"data", &length[..], alaw].concat()
}

fn from_wav(mut bytes: Vec<u8>) -> Option<Vec<u8>> {
    let sound = bytes.get(WAV_HEADER..)?.to_vec();
    bytes.truncate(WAV_HEADER);
    (wav(&sound).get(..WAV_HEADER)? == bytes).then_some(sound)
}

/// RFC 7845, a second of sound on each page.
fn ogg(clip: &Clip) -> io::Result<Vec<u8>> {
    let mut pages = PacketWriter::new(Vec::new());
    pages.write_packet(OPUS_HEAD, SERIAL, PacketWriteEndInfo::EndPage, 0)?;
    pages.write_packet(OPUS_TAGS, SERIAL, PacketWriteEndInfo::EndPage, 0)?;
    let frames = clip.frames();
    for frame in 0..frames {
        let end = match frame + 1 {
            last if last == frames => PacketWriteEndInfo::EndStream,
            full if full % PAGE_FRAMES == 0 => PacketWriteEndInfo::EndPage,
            _ => PacketWriteEndInfo::NormalPacket,
        };
        pages.write_packet(clip.opus(frame), SERIAL, end, (frame as u64 + 1) * FRAME_IN_48K)?;
    }
    Ok(pages.into_inner())
}

/// Only what [`ogg`] wrote, and whole.
fn from_ogg(bytes: &[u8]) -> Option<Packets> {
    let mut reader = PacketReader::new(Cursor::new(bytes));
    let mut next = || reader.read_packet().ok()?;
    if next()?.data != OPUS_HEAD || next()?.data != OPUS_TAGS {
        return None;
    }
    let mut packets = Packets::default();
    loop {
        let packet = next()?;
        packets.push(&packet.data);
        if packet.last_in_stream() {
            return Some(packets);
        }
    }
}

/// Some hours: a clip is never longer than an import allowed.
const MOST_BYTES: u64 = 256 * 1024 * 1024;
const WAV_HEADER: usize = 58;
/// From `WAVE` to the length of `fact`: A-law, one channel, 8000 samples and bytes a second, one byte a frame, 8 bits.
const WAV_FORMAT: &[u8] = b"WAVEfmt \x12\0\0\0\x06\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0\0\0fact\x04\0\0\0";
/// RFC 7845 §5.1: one channel, made from 48000 Hz; a player leaves out the 6.5 ms by which libopus looks ahead.
const OPUS_HEAD: &[u8] = b"OpusHead\x01\x01\x38\x01\x80\xbb\0\0\0\0\0";
/// RFC 7845 §5.2: who made it, and no comments.
const OPUS_TAGS: &[u8] = b"OpusTags\x06\0\0\0dozvon\0\0\0\0";
const FRAME_IN_48K: u64 = 960;
const PAGE_FRAMES: usize = 50;
/// Each file holds one stream, so its number tells nothing.
const SERIAL: u32 = 1;
