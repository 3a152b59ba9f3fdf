//! Session keys and what is done with them: RFC 3711 §4.1.1, §4.2, §4.3; RFC 7714 §8, §9. Packets are given whole, with
//! room for the tag and the index at their end.

use aes::Aes128;
use aes::cipher::{InnerIvInit, KeyInit, StreamCipher};
use aes_gcm::{AeadInPlace, Aes128Gcm};
use ctr::{Ctr128BE, CtrCore};
use hmac::{Hmac, Mac};
use sha1::Sha1;

use super::{CONTROL_HEADER, ENCRYPTED, GCM_TAG, HMAC_TAG, INDEX, MasterKey, SrtpError, Suite};

/// The ciphers of RTP and of RTCP under one master key, ready to use.
pub(super) enum Keys {
    Counter { rtp: Box<Counter>, control: Box<Counter> },
    Gcm { rtp: Box<Gcm>, control: Box<Gcm> },
}

/// AES in counter mode, and HMAC-SHA1 cut to 80 bits.
pub(super) struct Counter {
    cipher: Aes128,
    salt: u128,
    authentication: Hmac<Sha1>,
}

/// AES in GCM.
pub(super) struct Gcm {
    cipher: Aes128Gcm,
    salt: [u8; 12],
}

impl std::fmt::Debug for Keys {
    /// A key is never shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

impl Keys {
    pub(super) fn new(suite: Suite, master: &MasterKey) -> Self {
        match suite {
            Suite::AesCm128HmacSha1_80 => Self::Counter {
                rtp: Box::new(Counter::derive(master, 0)),
                control: Box::new(Counter::derive(master, 3)),
            },
            Suite::AeadAes128Gcm => {
                // RFC 7714 §11: the salt of 96 bits is filled up with zeros.
                let mut master = *master;
                master.salt[12..].fill(0);
                Self::Gcm { rtp: Box::new(Gcm::derive(&master, 0)), control: Box::new(Gcm::derive(&master, 3)) }
            }
        }
    }

    pub(super) fn tag_bytes(&self) -> usize {
        match self {
            Self::Counter { .. } => HMAC_TAG,
            Self::Gcm { .. } => GCM_TAG,
        }
    }

    pub(super) fn control_tag_bytes(&self) -> usize {
        self.tag_bytes()
    }

    /// Encrypts what is between the header and the room for the tag, and writes the tag. `None` when it is too short.
    pub(super) fn seal(&self, ssrc: u32, index: u64, packet: &mut [u8], header: usize) -> Option<()> {
        let (plain, tag) = packet.split_at_mut_checked(packet.len().checked_sub(self.tag_bytes())?)?;
        match self {
            Self::Counter { rtp, .. } => {
                rtp.crypt(ssrc, index, plain.get_mut(header..)?);
                tag.copy_from_slice(&rtp.tag(plain, roll_over(index)));
            }
            Self::Gcm { rtp, .. } => {
                let (header, payload) = plain.split_at_mut_checked(header)?;
                let nonce = rtp.nonce(ssrc, index);
                tag.copy_from_slice(&rtp.cipher.encrypt_in_place_detached(&nonce.into(), header, payload).ok()?);
            }
        }
        Some(())
    }

    /// Verifies the tag and decrypts what is between it and the header. What is forged stays as it was.
    pub(super) fn open(&self, ssrc: u32, index: u64, packet: &mut [u8], header: usize) -> Result<(), SrtpError> {
        let short = SrtpError::TooShort(packet.len());
        let plain = packet.len().checked_sub(self.tag_bytes()).ok_or(short)?;
        let (sealed, tag) = packet.split_at_mut_checked(plain).ok_or(short)?;
        let (header, payload) = match self {
            Self::Counter { rtp, .. } => {
                rtp.verify(sealed, roll_over(index), tag)?;
                rtp.crypt(ssrc, index, sealed.get_mut(header..).ok_or(short)?);
                return Ok(());
            }
            Self::Gcm { .. } => sealed.split_at_mut_checked(header).ok_or(short)?,
        };
        let Self::Gcm { rtp, .. } = self else { return Err(SrtpError::Forged) };
        rtp.open(&rtp.nonce(ssrc, index), header, payload, tag)
    }

    /// As [`seal`](Self::seal), for RTCP: tag and index lie in the order that the suite wants.
    pub(super) fn seal_control(&self, ssrc: u32, index: u32, packet: &mut [u8]) -> Option<()> {
        let last = (index | ENCRYPTED).to_be_bytes();
        let (plain, rest) = packet.split_at_mut_checked(packet.len().checked_sub(self.control_tag_bytes() + INDEX)?)?;
        match self {
            Self::Counter { control, .. } => {
                control.crypt(ssrc, index.into(), plain.get_mut(CONTROL_HEADER..)?);
                let tag = control.tag(plain, last);
                let (at_index, at_tag) = rest.split_at_mut_checked(INDEX)?;
                at_index.copy_from_slice(&last);
                at_tag.copy_from_slice(&tag);
            }
            Self::Gcm { control, .. } => {
                let (header, payload) = plain.split_at_mut_checked(CONTROL_HEADER)?;
                let associated = associated(header, last)?;
                let nonce = control.nonce(ssrc, index.into());
                let tag = control.cipher.encrypt_in_place_detached(&nonce.into(), &associated, payload).ok()?;
                let (at_tag, at_index) = rest.split_at_mut_checked(GCM_TAG)?;
                at_tag.copy_from_slice(&tag);
                at_index.copy_from_slice(&last);
            }
        }
        Some(())
    }

    /// The E bit and the index of a protected RTCP packet.
    pub(super) fn control_index(&self, packet: &[u8]) -> Option<u32> {
        let behind = match self {
            Self::Counter { .. } => HMAC_TAG,
            Self::Gcm { .. } => 0,
        };
        super::word(packet, packet.len().checked_sub(behind + INDEX)?)
    }

    /// As [`open`](Self::open), for RTCP.
    pub(super) fn open_control(&self, ssrc: u32, index: u32, packet: &mut [u8]) -> Result<(), SrtpError> {
        let short = SrtpError::TooShort(packet.len());
        let last = (index | ENCRYPTED).to_be_bytes();
        let plain = packet.len().checked_sub(self.control_tag_bytes() + INDEX).ok_or(short)?;
        let (sealed, rest) = packet.split_at_mut_checked(plain).ok_or(short)?;
        match self {
            Self::Counter { control, .. } => {
                control.verify(sealed, last, rest.get(INDEX..).ok_or(short)?)?;
                control.crypt(ssrc, index.into(), sealed.get_mut(CONTROL_HEADER..).ok_or(short)?);
                Ok(())
            }
            Self::Gcm { control, .. } => {
                let (header, payload) = sealed.split_at_mut_checked(CONTROL_HEADER).ok_or(short)?;
                let associated = associated(header, last).ok_or(short)?;
                let tag = rest.get(..GCM_TAG).ok_or(short)?;
                control.open(&control.nonce(ssrc, index.into()), &associated, payload, tag)
            }
        }
    }
}

impl Counter {
    /// From three labels, the first of them `label`: RFC 3711 §4.3.2.
    fn derive(master: &MasterKey, label: u8) -> Self {
        Self::of_session(derived(master, label), derived(master, label + 2), derived(master, label + 1))
    }

    pub(super) fn of_session(key: [u8; 16], salt: [u8; 14], authentication: [u8; 20]) -> Self {
        let authentication =
            <Hmac<Sha1> as Mac>::new_from_slice(&authentication).expect("HMAC takes keys of any length");
        Self { cipher: Aes128::new(&key.into()), salt: left(&salt), authentication }
    }

    /// Encrypts or decrypts: RFC 3711 §4.1.1.
    pub(super) fn crypt(&self, ssrc: u32, index: u64, bytes: &mut [u8]) {
        let start = self.salt ^ u128::from(ssrc) << 64 ^ u128::from(index) << 16;
        keystream(&self.cipher, start, bytes);
    }

    /// RFC 3711 §4.2: over the packet and what follows it, its roll-over counter or its index.
    fn tag(&self, packet: &[u8], behind: [u8; 4]) -> [u8; HMAC_TAG] {
        let whole = self.authentication.clone().chain_update(packet).chain_update(behind).finalize().into_bytes();
        whole.first_chunk().copied().unwrap_or_default()
    }

    fn verify(&self, packet: &[u8], behind: [u8; 4], tag: &[u8]) -> Result<(), SrtpError> {
        let whole = self.authentication.clone().chain_update(packet).chain_update(behind);
        // in constant time
        whole.verify_truncated_left(tag).map_err(|_| SrtpError::Forged)
    }
}

impl Gcm {
    fn derive(master: &MasterKey, label: u8) -> Self {
        Self::of_session(derived(master, label), derived(master, label + 2))
    }

    pub(super) fn of_session(key: [u8; 16], salt: [u8; 12]) -> Self {
        Self { cipher: Aes128Gcm::new(&key.into()), salt }
    }

    /// RFC 7714 §8.1 and, with an index below 2³¹, §9.1.
    fn nonce(&self, ssrc: u32, index: u64) -> [u8; 12] {
        let salt = left(&self.salt) >> 32;
        let nonce = salt ^ u128::from(ssrc) << 48 ^ u128::from(index);
        let [_, _, _, _, nonce @ ..] = nonce.to_be_bytes();
        nonce
    }

    fn open(&self, nonce: &[u8; 12], associated: &[u8], bytes: &mut [u8], tag: &[u8]) -> Result<(), SrtpError> {
        let tag: [u8; GCM_TAG] = tag.try_into().map_err(|_| SrtpError::Forged)?;
        let opened = self.cipher.decrypt_in_place_detached(nonce.into(), associated, bytes, &tag.into());
        opened.map_err(|_| SrtpError::Forged)
    }
}

/// What GCM verifies beside the payload of RTCP: RFC 7714 §9.2.
fn associated(header: &[u8], last: [u8; 4]) -> Option<[u8; CONTROL_HEADER + INDEX]> {
    let mut associated = [0; CONTROL_HEADER + INDEX];
    associated.first_chunk_mut::<CONTROL_HEADER>()?.copy_from_slice(header.get(..CONTROL_HEADER)?);
    associated.last_chunk_mut::<INDEX>()?.copy_from_slice(&last);
    Some(associated)
}

/// The upper 32 of the 48 bits of an index.
fn roll_over(index: u64) -> [u8; 4] {
    ((index >> 16) as u32).to_be_bytes() // 2⁴⁸ packets are never sent
}

/// Up to 16 bytes as the upper ones of a number.
fn left(bytes: &[u8]) -> u128 {
    (0..16).fold(0, |number, at| number << 8 | u128::from(bytes.get(at).copied().unwrap_or(0)))
}

fn derived<const N: usize>(master: &MasterKey, label: u8) -> [u8; N] {
    let mut key = [0; N];
    derive(master, label, &mut key);
    key
}

/// RFC 3711 §4.3.1 and §4.3.3, with a key derivation rate of 0.
pub(super) fn derive(master: &MasterKey, label: u8, key: &mut [u8]) {
    let start = left(&master.salt) ^ u128::from(label) << 64;
    key.fill(0);
    keystream(&Aes128::new(&master.key.into()), start, key);
}

/// Adds the keystream that begins with the block `start`: RFC 3711 §4.1.1.
fn keystream(cipher: &Aes128, start: u128, bytes: &mut [u8]) {
    let core = CtrCore::inner_iv_init(cipher, &start.to_be_bytes().into());
    Ctr128BE::<&Aes128>::from_core(core).apply_keystream(bytes);
}
