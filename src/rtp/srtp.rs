//! SRTP: RFC 3711, with keys from the session description (RFC 4568).

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
