//! Ogg Opus: RFC 7845 over RFC 3533. Each page goes to the kernel whole, with one write, as soon as it is due.

use std::fs::File;
use std::io::{self, Cursor, Read, SeekFrom, Write as _};

use ::ogg::PacketReader;
use ::ogg::writing::{PacketWriteEndInfo, PacketWriter};
use ::opus::{Application, Bitrate, Channels, Encoder};

use super::file::{Contents, bytes};
use crate::codec::Packets;
use crate::media::tape::{FRAME_MS, FRAME_SAMPLES};

/// A file that is being written.
pub(super) struct OggOpus {
    file: File,
    pages: PacketWriter<'static, Vec<u8>>,
    encoder: Encoder,
    stereo: bool,
    /// Encoded, and not on a page yet.
    pending: Vec<Vec<u8>>,
    /// Frames on pages.
    frames: u64,
    /// What a player leaves out at the beginning, in samples of 48000 Hz.
    pre_skip: u16,
}

impl std::fmt::Debug for OggOpus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OggOpus").field("file", &self.file).field("frames", &self.frames).finish_non_exhaustive()
    }
}

impl OggOpus {
    /// Writes the two headers. Without `stereo` the left side alone is written.
    pub(super) fn begin(file: File, stereo: bool, tags: &[(&str, String)]) -> io::Result<Self> {
        let (channels, application, bits) = if stereo {
            (Channels::Stereo, Application::Audio, BITS_A_SECOND)
        } else {
            (Channels::Mono, Application::Voip, MONO_BITS_A_SECOND)
        };
        let mut encoder = Encoder::new(RATE, channels, application).map_err(io::Error::other)?;
        let set = encoder.set_bitrate(Bitrate::Bits(bits)).and_then(|()| encoder.set_vbr(true));
        set.and_then(|()| encoder.set_complexity(COMPLEXITY)).map_err(io::Error::other)?;
        let lookahead = encoder.get_lookahead().map_err(io::Error::other)?;
        let pre_skip = u16::try_from(lookahead * i32::from(IN_48K)).unwrap_or(0);
        let pages = PacketWriter::new(Vec::new());
        let mut new = Self { file, pages, encoder, stereo, pending: Vec::new(), frames: 0, pre_skip };
        new.page(head(pre_skip, stereo), PacketWriteEndInfo::EndPage, 0)?;
        new.page(comments(tags), PacketWriteEndInfo::EndPage, 0)?;
        new.write()?;
        Ok(new)
    }

    pub(super) fn add(&mut self, frame: &[i16; FRAME_SAMPLES]) -> io::Result<()> {
        let packet = self.encode(frame)?;
        self.pending.push(packet);
        if self.pending.len() >= PAGE_FRAMES { self.flush() } else { Ok(()) }
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        let mut packets = std::mem::take(&mut self.pending);
        let Some(last) = packets.pop() else { return Ok(()) };
        for packet in packets {
            self.frames += 1;
            self.page(packet, PacketWriteEndInfo::NormalPacket, self.frames * FRAME_IN_48K)?;
        }
        self.frames += 1;
        self.page(last, PacketWriteEndInfo::EndPage, self.frames * FRAME_IN_48K)?;
        self.write()
    }

    /// One frame more brings out what the encoder still holds; the granule position says where the sound ends.
    pub(super) fn finish(mut self) -> io::Result<Contents> {
        self.flush()?;
        let last = self.encode(&[0; FRAME_SAMPLES])?;
        let end = self.frames * FRAME_IN_48K + u64::from(self.pre_skip);
        self.page(last, PacketWriteEndInfo::EndStream, end)?;
        self.write()?;
        self.file.sync_all()?;
        Ok(Contents { duration_ms: self.frames * u64::from(FRAME_MS), bytes: bytes(&self.file)? })
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    fn encode(&mut self, frame: &[i16; FRAME_SAMPLES]) -> io::Result<Vec<u8>> {
        let packet = if self.stereo {
            self.encoder.encode_vec(frame, LONGEST_PACKET)
        } else {
            let mut left = [0; FRAME_SAMPLES / 2];
            left.iter_mut().zip(frame.iter().step_by(2)).for_each(|(to, from)| *to = *from);
            self.encoder.encode_vec(&left, LONGEST_PACKET)
        };
        packet.map_err(io::Error::other)
    }

    fn page(&mut self, packet: Vec<u8>, end: PacketWriteEndInfo, granule: u64) -> io::Result<()> {
        self.pages.write_packet(packet, SERIAL, end, granule)
    }

    fn write(&mut self) -> io::Result<()> {
        let pages = self.pages.inner_mut();
        self.file.write_all(pages)?;
        pages.clear();
        Ok(())
    }
}

/// Cuts off a last page that is not whole, and finds how long the sound is by the page before.
pub(super) fn mend(file: &File) -> io::Result<Contents> {
    let mut reader = io::BufReader::new(file);
    let (mut whole, mut granule, mut pre_skip) = (0, 0, 0);
    while let Some(page) = read_page(&mut reader)? {
        if whole == 0 {
            pre_skip = page.pre_skip();
        }
        whole += page.length;
        granule = page.granule;
    }
    file.set_len(whole)?;
    Ok(Contents { duration_ms: granule.saturating_sub(u64::from(pre_skip)) / 48, bytes: whole })
}

/// The packets of a whole file, 20 ms each; `None` when it is none of ours.
pub(in crate::io) fn packets(file: &[u8]) -> Option<Packets> {
    let mut reader = PacketReader::new(Cursor::new(file));
    let mut next = || reader.read_packet().ok().flatten();
    let is_ours = next()?.data.starts_with(b"OpusHead") && next()?.data.starts_with(b"OpusTags");
    let mut packets = Packets::default();
    while let Some(packet) = next().filter(|_| is_ours) {
        packets.push(&packet.data);
    }
    is_ours.then_some(packets)
}

struct Page {
    length: u64,
    granule: u64,
    body: Vec<u8>,
}

impl Page {
    /// RFC 7845 §5.1; 0 when it is no identification header.
    fn pre_skip(&self) -> u16 {
        match self.body.get(10..12) {
            Some(&[low, high]) if self.body.starts_with(b"OpusHead") => u16::from_le_bytes([low, high]),
            _ => 0,
        }
    }
}

/// The next page (RFC 3533 §6); `None` where there is no whole one.
fn read_page(reader: &mut (impl Read + io::Seek)) -> io::Result<Option<Page>> {
    let from = reader.stream_position()?;
    let mut head = [0; 27];
    let mut lengths = [0; 255];
    let mut read = || -> io::Result<Page> {
        reader.read_exact(&mut head)?;
        let [b'O', b'g', b'g', b'S', 0, _, g0, g1, g2, g3, g4, g5, g6, g7, .., segments] = head else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        let lengths = lengths.get_mut(..usize::from(segments)).unwrap_or_default();
        reader.read_exact(lengths)?;
        let mut body = vec![0; lengths.iter().map(|length| usize::from(*length)).sum()];
        reader.read_exact(&mut body)?;
        let granule = u64::from_le_bytes([g0, g1, g2, g3, g4, g5, g6, g7]);
        Ok(Page { length: reader.stream_position()? - from, granule, body })
    };
    match read() {
        Ok(page) => Ok(Some(page)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            reader.seek(SeekFrom::Start(from))?;
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The identification header: RFC 7845 §5.1.
fn head(pre_skip: u16, stereo: bool) -> Vec<u8> {
    let mut head = b"OpusHead\x01".to_vec();
    head.push(if stereo { 2 } else { 1 });
    head.extend_from_slice(&pre_skip.to_le_bytes());
    head.extend_from_slice(&RATE.to_le_bytes());
    head.extend_from_slice(&[0, 0, 0]); // no gain, mapping family 0: mono, or left and right
    head
}

/// The comment header: RFC 7845 §5.2.
fn comments(tags: &[(&str, String)]) -> Vec<u8> {
    let mut header = b"OpusTags".to_vec();
    let mut text = |text: &str| {
        header.extend_from_slice(&u32::try_from(text.len()).unwrap_or(0).to_le_bytes());
        header.extend_from_slice(text.as_bytes());
    };
    text("dozvon");
    header.extend_from_slice(&u32::try_from(tags.len()).unwrap_or(0).to_le_bytes());
    for (name, value) in tags {
        let line = format!("{name}={value}");
        header.extend_from_slice(&u32::try_from(line.len()).unwrap_or(0).to_le_bytes());
        header.extend_from_slice(line.as_bytes());
    }
    header
}

/// Hz; of the encoder, so that nothing is resampled.
const RATE: u32 = 16_000;
/// Samples of 48000 Hz, in which Ogg Opus counts, for one of ours.
const IN_48K: u8 = 3;
const FRAME_IN_48K: u64 = 960;
const BITS_A_SECOND: i32 = 32_000;
/// Of one voice: RFC 7587 §3.1.1 has 16 to 20 thousand for wide-band speech.
const MONO_BITS_A_SECOND: i32 = 20_000;
/// Of 10: what more would bring is not worth twice the time.
const COMPLEXITY: i32 = 5;
/// Bytes; 20 ms at any rate that we ask for are far shorter.
const LONGEST_PACKET: usize = 1275;
/// 240 ms: a page costs 40 bytes, and what is not on one yet would be lost.
const PAGE_FRAMES: usize = 12;
/// Each file holds one stream, so its number tells nothing.
const SERIAL: u32 = 1;
