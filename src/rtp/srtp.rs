//! SRTP and SRTCP: RFC 3711 with AES in counter mode and HMAC-SHA1, RFC 7714 with AES in GCM; keys come from the session
//! description (RFC 4568). One [`Protector`] for all that is sent under a key, one [`Unprotector`] for all that comes.
//! Without master key identifiers, without key lifetimes below 2⁴⁸ packets, and session keys are derived once.

mod keys;
mod window;

use keys::Keys;
use window::{Streams, Verdict};

/// How the packets of a stream are protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Suite {
    /// `AES_CM_128_HMAC_SHA1_80`: RFC 4568 §6.2.1. A key of 16 bytes, a salt of 14.
    AesCm128HmacSha1_80,
    /// `AEAD_AES_128_GCM`: RFC 7714 §14.2. A key of 16 bytes, a salt of 12.
    AeadAes128Gcm,
}

/// A master key with its salt; the salt's bytes beyond its suite's length are not used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MasterKey {
    /// The key.
    pub key: [u8; 16],
    /// The salt.
    pub salt: [u8; 14],
}

impl std::fmt::Debug for MasterKey {
    /// A key is never shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey")
    }
}

/// Why a packet is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SrtpError {
    /// Too short for its header, tag and index, or no packet of version 2.
    #[error("{0} bytes are no protected packet")]
    TooShort(usize),
    /// The tag does not fit: changed on the way, another key, or not protected at all.
    #[error("the packet is not of the key's owner")]
    Forged,
    /// It came before, or is too old to tell.
    #[error("the packet came before")]
    Replayed,
}

/// What [`Protector::protect`] adds at most. Bytes.
pub const MOST_OVERHEAD: usize = GCM_TAG;
/// What [`Protector::protect_control`] adds at most. Bytes.
pub const MOST_CONTROL_OVERHEAD: usize = GCM_TAG + INDEX;

/// Protects what is sent. A key must have one protector only, or its keystream would be used twice.
#[derive(Debug)]
pub struct Protector {
    keys: Keys,
    streams: Streams,
}

impl Protector {
    /// Derives the session keys.
    pub fn new(suite: Suite, key: &MasterKey) -> Self {
        Self { keys: Keys::new(suite, key), streams: Streams::default() }
    }

    /// Encrypts the RTP packet in the first `length` bytes in place and appends the tag; returns the new length. `None`
    /// when there is no room, when it is no RTP packet, when its sequence number was sent before or is too old (sending it
    /// would give the keystream away), and for a fifth SSRC.
    pub fn protect(&mut self, buffer: &mut [u8], length: usize) -> Option<usize> {
        let header = header_bytes(buffer.get(..length)?)?;
        let (ssrc, sequence) = (word(buffer, 8)?, half(buffer, 2)?);
        let end = length + self.keys.tag_bytes();
        let packet = buffer.get_mut(..end)?;
        let stream = self.streams.find_or_add(ssrc)?;
        let index = stream.rtp.estimate(sequence)?;
        if stream.rtp.judge(index) != Verdict::New {
            return None;
        }
        stream.rtp.accept(index);
        self.keys.seal(ssrc, index, packet, header)?;
        Some(end)
    }

    /// Encrypts the compound RTCP packet in the first `length` bytes in place and appends tag and index; returns the new
    /// length. `None` when there is no room, when it is no RTCP packet, for a fifth SSRC, and after 2³¹ packets.
    pub fn protect_control(&mut self, buffer: &mut [u8], length: usize) -> Option<usize> {
        if length < CONTROL_HEADER || buffer.first()? >> 6 != 2 {
            return None;
        }
        let ssrc = word(buffer, 4)?;
        let end = length + self.keys.control_tag_bytes() + INDEX;
        let packet = buffer.get_mut(..end)?;
        let stream = self.streams.find_or_add(ssrc)?;
        let index = u32::try_from(stream.control.next()).ok().filter(|index| index & ENCRYPTED == 0)?;
        stream.control.accept(index.into());
        self.keys.seal_control(ssrc, index, packet)?;
        Some(end)
    }
}

/// Verifies and decrypts what comes: from up to four sources, of which the one that was silent longest makes room.
#[derive(Debug)]
pub struct Unprotector {
    keys: Keys,
    streams: Streams,
}

impl Unprotector {
    /// Derives the session keys.
    pub fn new(suite: Suite, key: &MasterKey) -> Self {
        Self { keys: Keys::new(suite, key), streams: Streams::default() }
    }

    /// Verifies and decrypts in place; returns the length of the plain RTP packet. A packet that is refused may have been
    /// changed.
    pub fn unprotect(&mut self, packet: &mut [u8]) -> Result<usize, SrtpError> {
        let length = packet.len();
        let short = SrtpError::TooShort(length);
        let plain = length.checked_sub(self.keys.tag_bytes()).ok_or(short)?;
        let header = packet.get(..plain).and_then(header_bytes).ok_or(short)?;
        let (Some(ssrc), Some(sequence)) = (word(packet, 8), half(packet, 2)) else { return Err(short) };
        let Some(stream) = self.streams.find(ssrc) else { return self.unprotect_first(packet, ssrc, sequence, header) };
        // Before the first wrap there is nothing older: RFC 3711 §3.3.1 would count from 2³² down.
        let index = stream.rtp.estimate(sequence).ok_or(SrtpError::Replayed)?;
        if stream.rtp.judge(index) != Verdict::New {
            return Err(SrtpError::Replayed);
        }
        self.keys.open(ssrc, index, packet, header)?;
        self.accept(ssrc, index);
        Ok(plain)
    }

    /// The first packet of a source. Its roll-over counter is 0, or 1 when the packets before the wrap were lost.
    fn unprotect_first(
        &mut self,
        packet: &mut [u8],
        ssrc: u32,
        sequence: u16,
        header: usize,
    ) -> Result<usize, SrtpError> {
        let plain = packet.len() - self.keys.tag_bytes();
        for roll_over in [0, 1] {
            let index = roll_over << 16 | u64::from(sequence);
            if self.keys.open(ssrc, index, packet, header).is_ok() {
                self.accept(ssrc, index);
                return Ok(plain);
            }
        }
        Err(SrtpError::Forged)
    }

    fn accept(&mut self, ssrc: u32, index: u64) {
        self.streams.find_or_replace(ssrc).rtp.accept(index);
    }

    /// Verifies and decrypts in place; returns the length of the plain RTCP packet. What was sent without encryption counts
    /// as forged: we never agree to that (RFC 4568 §6.3.2). A packet that is refused may have been changed.
    pub fn unprotect_control(&mut self, packet: &mut [u8]) -> Result<usize, SrtpError> {
        let length = packet.len();
        let short = SrtpError::TooShort(length);
        let plain = length.checked_sub(self.keys.control_tag_bytes() + INDEX).ok_or(short)?;
        if plain < CONTROL_HEADER {
            return Err(short);
        }
        let (Some(ssrc), Some(last)) = (word(packet, 4), self.keys.control_index(packet)) else { return Err(short) };
        if last & ENCRYPTED == 0 {
            return Err(SrtpError::Forged);
        }
        let index = last & !ENCRYPTED;
        let known = self.streams.find(ssrc).map_or(Verdict::New, |stream| stream.control.judge(index.into()));
        if known != Verdict::New {
            return Err(SrtpError::Replayed);
        }
        self.keys.open_control(ssrc, index, packet)?;
        self.streams.find_or_replace(ssrc).control.accept(index.into());
        Ok(plain)
    }
}

/// Bytes of the RTP header with contributing sources and extension, which stay in the clear: RFC 3711 §3.1. `None` when it
/// is not of version 2 or not all there.
fn header_bytes(packet: &[u8]) -> Option<usize> {
    let first = *packet.first()?;
    let mut bytes = super::HEADER_BYTES + 4 * usize::from(first & 0x0f);
    if first & 0x10 != 0 {
        bytes += 4 + 4 * usize::from(half(packet, bytes + 2)?);
    }
    (first >> 6 == 2 && bytes <= packet.len()).then_some(bytes)
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|half| u16::from_be_bytes(*half))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|word| u32::from_be_bytes(*word))
}

/// RFC 7714 §13.2.
const GCM_TAG: usize = 16;
/// RFC 4568 §6.2.1.
const HMAC_TAG: usize = 10;
/// The E bit and the index at the end of SRTCP: RFC 3711 §3.4.
const INDEX: usize = 4;
const ENCRYPTED: u32 = 1 << 31;
/// What stays in the clear of RTCP.
const CONTROL_HEADER: usize = 8;

#[cfg(test)]
mod tests;
