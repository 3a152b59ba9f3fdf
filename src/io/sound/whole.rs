//! Whether all of a file has come. Most kinds say how long their sound is, and the decoder compares; WAV and WMA say how many
//! bytes they are, and are read as far as they go.

/// The kind of a file that says that it has clearly more bytes than there are. Recorders that died left any number there: one
/// over `most`, which no file may have, isn't believed.
pub(super) fn cut_off(bytes: &[u8], most: u64) -> Option<&'static str> {
    let (kind, said) = wav(bytes).map(|said| ("wav", said)).or_else(|| wma(bytes).map(|said| ("wma", said)))?;
    let lacks = bytes.len() as u64 * 10 < said.saturating_mul(9);
    (said <= most && lacks).then_some(kind)
}

/// The kind of a sound file as people call it, by how its content begins; `audio` when that tells nothing.
pub fn kind(bytes: &[u8]) -> &'static str {
    match bytes {
        [b'R', b'I', b'F', b'F', ..] | [b'r', b'i', b'f', b'f', ..] => "wav",
        [b'O', b'g', b'g', b'S', ..] => "ogg",
        [b'f', b'L', b'a', b'C', ..] => "flac",
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => "m4a",
        [0x30, 0x26, 0xB2, 0x75, ..] => "wma",
        // ADTS has no layer, MPEG audio has one.
        [0xFF, second, ..] if second & 0xF6 == 0xF0 => "aac",
        [b'I', b'D', b'3', ..] => "mp3",
        [0xFF, second, ..] if second & 0xE0 == 0xE0 => "mp3",
        _ => "audio",
    }
}

/// The place behind the last sound, by the lengths of the chunks of RIFF.
fn wav(bytes: &[u8]) -> Option<u64> {
    let mut chunks = bytes.strip_prefix(b"RIFF")?.get(4..)?.strip_prefix(b"WAVE")?;
    loop {
        let (head, rest) = chunks.split_first_chunk::<8>()?;
        let [a, b, c, d, length @ ..] = *head;
        let length = u32::from_le_bytes(length);
        if [a, b, c, d] == *b"data" {
            return Some((bytes.len() - rest.len()) as u64 + u64::from(length));
        }
        // Chunks begin at even places.
        chunks = rest.get(usize::try_from(length).ok()?.checked_next_multiple_of(2)?..)?;
    }
}

/// The file properties object of ASF (its specification, §3.2): the size of the file, unless it was broadcast.
fn wma(bytes: &[u8]) -> Option<u64> {
    let header = bytes.get(..LONGEST_HEADER).unwrap_or(bytes);
    let at = header.windows(PROPERTIES.len()).position(|window| window == PROPERTIES)?;
    let size = header.get(at + 40..)?.first_chunk()?;
    let broadcast = header.get(at + 88)? & 1 != 0;
    (!broadcast).then(|| u64::from_le_bytes(*size))
}

/// The name of that object.
const PROPERTIES: [u8; 16] =
    [0xA1, 0xDC, 0xAB, 0x8C, 0x47, 0xA9, 0xCF, 0x11, 0x8E, 0xE4, 0x00, 0xC0, 0x0C, 0x20, 0x53, 0x65];
/// It stands among the first; a picture may come before it.
const LONGEST_HEADER: usize = 64 << 10;
