//! SRTP keys in the session description: `a=crypto`, RFC 4568, and which streams may run with or without them.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::description::{Media, Profile};
use super::{Error, MasterKey, SrtpPolicy, StreamKeys, Suite};

/// We write the padding; some phones leave it out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What we speak, in our order. `AES_CM_128_HMAC_SHA1_32` is not among it: its tags are too short to trust.
const SUITES: [(Suite, &str, usize); 2] =
    [(Suite::AesCm128HmacSha1_80, "AES_CM_128_HMAC_SHA1_80", 14), (Suite::AeadAes128Gcm, "AEAD_AES_128_GCM", 12)];

/// One `a=crypto` line of the peer that we can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Crypto {
    pub(super) tag: u32,
    pub(super) suite: Suite,
    key: MasterKey,
}

impl Crypto {
    /// `1 AES_CM_128_HMAC_SHA1_80 inline:key|2^20`. `None` for a line that we must not take: another suite, several keys or
    /// an MKI, a session parameter that changes how packets look (RFC 4568 §6.3; one with `-` before it may be ignored,
    /// §6.3.7, and so may a hint for the replay window).
    pub(super) fn parse(value: &str) -> Option<Self> {
        let mut words = value.split_whitespace();
        let tag = words.next().filter(|tag| tag.len() <= 9)?.parse().ok()?;
        let name = words.next()?;
        let (suite, _, salt) = SUITES.into_iter().find(|(_, known, _)| known.eq_ignore_ascii_case(name))?;
        let (method, info) = words.next()?.split_once(':')?;
        let mut parts = info.split('|');
        let key = key(parts.next()?, salt)?;
        let several = info.contains(';') || parts.any(|part| part.contains(':'));
        let harmless = |word: &str| word.starts_with('-') || word.to_ascii_uppercase().starts_with("WSH=");
        (method.eq_ignore_ascii_case("inline") && !several && words.all(harmless)).then_some(Self { tag, suite, key })
    }
}

/// 16 bytes of key and the salt behind it.
fn key(text: &str, salt_bytes: usize) -> Option<MasterKey> {
    let bytes = BASE64.decode(text).ok().filter(|bytes| bytes.len() == 16 + salt_bytes)?;
    let (key, rest) = bytes.split_first_chunk()?;
    let mut salt = [0; 14];
    salt.get_mut(..salt_bytes)?.copy_from_slice(rest);
    Some(MasterKey { key: *key, salt })
}

/// What a leg's SRTP is made of: its policy, its own keys and the names that they go by in this session.
#[derive(Clone)]
pub(super) struct Own {
    pub(super) policy: SrtpPolicy,
    /// In the order of [`SUITES`].
    keys: [MasterKey; 2],
    /// What our next offer lists.
    lines: [(u32, Suite); 2],
}

impl Own {
    pub(super) fn new(policy: SrtpPolicy, mut keys: [MasterKey; 2]) -> Self {
        for (key, (.., salt)) in keys.iter_mut().zip(SUITES) {
            key.salt.iter_mut().skip(salt).for_each(|byte| *byte = 0); // as the peer will read it
        }
        Self { policy, keys, lines: [(1, Suite::AesCm128HmacSha1_80), (2, Suite::AeadAes128Gcm)] }
    }

    /// Tags and suites of our next offer.
    pub(super) fn offers(&self) -> &[(u32, Suite)] {
        if self.policy == SrtpPolicy::Off { &[] } else { &self.lines }
    }

    /// The profile of an offer that starts a session.
    pub(super) fn profile(&self) -> &'static str {
        if self.policy == SrtpPolicy::Required { "RTP/SAVP" } else { "RTP/AVP" }
    }

    /// A line of the peer's offer was taken: what we offer from now on keeps its suite and tag, the other suite behind it.
    pub(super) fn took(&mut self, crypto: &Crypto) {
        let other =
            SUITES.iter().map(|(suite, ..)| *suite).find(|suite| *suite != crypto.suite).unwrap_or(crypto.suite);
        self.lines = [(crypto.tag, crypto.suite), (if crypto.tag == 1 { 2 } else { 1 }, other)];
    }

    /// The value of the attribute that states our key of a suite.
    pub(super) fn line(&self, tag: u32, suite: Suite) -> String {
        let (key, name, salt) = match suite {
            Suite::AesCm128HmacSha1_80 => (self.keys[0], SUITES[0].1, SUITES[0].2),
            Suite::AeadAes128Gcm => (self.keys[1], SUITES[1].1, SUITES[1].2),
        };
        let bytes: Vec<u8> = key.key.iter().chain(key.salt.iter().take(salt)).copied().collect();
        format!("{tag} {name} inline:{}", BASE64.encode(bytes))
    }

    /// The keys of a stream whose peer stated `crypto`.
    pub(super) fn keys(&self, crypto: &Crypto) -> StreamKeys {
        let ours = match crypto.suite {
            Suite::AesCm128HmacSha1_80 => self.keys[0],
            Suite::AeadAes128Gcm => self.keys[1],
        };
        StreamKeys { suite: crypto.suite, ours, theirs: crypto.key }
    }

    /// Reads an answer to an offer with the lines `offered`: RFC 4568 §5.1.3. Lines of which none repeats one of ours mean
    /// that the peer would send what we can't read.
    pub(super) fn confirm(&self, media: &Media<'_>, offered: &[(u32, Suite)]) -> Result<Option<Crypto>, Error> {
        let profile = media.profile().ok_or(Error::NoAudio)?;
        if self.policy == SrtpPolicy::Off {
            return if profile == Profile::Plain { Ok(None) } else { Err(Error::NoAudio) };
        }
        let ours = media.cryptos().find(|crypto| offered.contains(&(crypto.tag, crypto.suite)));
        let clear = profile == Profile::Plain && self.policy == SrtpPolicy::Optional && !media.states_crypto();
        if ours.is_none() && !clear { Err(Error::NotSecure) } else { Ok(ours) }
    }
}

/// How an offered stream would run here, in clear when that is `None`: RFC 4568 §5.1.2. `a=crypto` under a plain profile is
/// what phones and Asterisk call best effort.
pub(super) fn accept(policy: SrtpPolicy, media: &Media<'_>) -> Result<Option<Crypto>, Error> {
    let first = media.cryptos().next();
    match (media.profile().ok_or(Error::NoAudio)?, policy) {
        (Profile::Plain, SrtpPolicy::Off) => Ok(None),
        (Profile::Secure, SrtpPolicy::Off) => Err(Error::NoAudio),
        (Profile::Plain, SrtpPolicy::Optional) => Ok(first),
        (Profile::Secure, SrtpPolicy::Optional) | (_, SrtpPolicy::Required) => first.map(Some).ok_or(Error::NotSecure),
    }
}
