//! Ed25519 keys (RFC 8032) by name: the vendor's, of which a box knows the public halves.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

/// A public key that a box trusts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    name: String,
    key: VerifyingKey,
}

/// The vendor's side of a key.
pub struct SecretKey {
    name: String,
    key: SigningKey,
}

/// The keys that a build trusts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trusted(Vec<PublicKey>);

/// What is wrong with a key's text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not `dozvon-key v1 public NAME BASE64` (or `secret`).
    #[error("this is no key: one line `dozvon-key v1 {0} NAME BASE64` is expected")]
    Form(&'static str),
    /// 32 bytes that are no point of the curve.
    #[error("the key named {0} is no Ed25519 key")]
    Curve(String),
}

/// Why a signature proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Nobody trusts a key of this name.
    #[error("no key of this name is trusted")]
    UnknownKey,
    /// Another key, or other bytes.
    #[error("the signature is wrong")]
    Wrong,
}

const HEAD: [&str; 2] = ["dozvon-key", "v1"];
const PUBLIC: &str = "public";
const SECRET: &str = "secret";
/// Of names: they stand in licences.
pub(super) const LONGEST_NAME: usize = 32;

/// Name and the 32 bytes of one line.
fn read(text: &str, kind: &'static str) -> Result<(String, [u8; 32]), KeyError> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [first, second, third, name, bytes] = words[..] else { return Err(KeyError::Form(kind)) };
    let bytes = STANDARD.decode(bytes).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    match bytes {
        Some(bytes) if [first, second] == HEAD && third == kind && is_name(name) => Ok((name.to_owned(), bytes)),
        _ => Err(KeyError::Form(kind)),
    }
}

/// Whether a key may be called so: small letters, digits and `-`, at most 32.
pub fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(fits)
}

fn write(kind: &str, name: &str, bytes: &[u8]) -> String {
    format!("{} {} {kind} {name} {}\n", HEAD[0], HEAD[1], STANDARD.encode(bytes))
}

impl PublicKey {
    /// Reads the line that [`text`](Self::text) writes.
    ///
    /// # Errors
    /// When it is not one.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let (name, bytes) = read(text, PUBLIC)?;
        match VerifyingKey::from_bytes(&bytes) {
            Ok(key) => Ok(Self { name, key }),
            Err(_) => Err(KeyError::Curve(name)),
        }
    }

    /// One line, for config/keys.
    pub fn text(&self) -> String {
        write(PUBLIC, &self.name, self.key.as_bytes())
    }

    /// What licences call it by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it signed these bytes, by the strict rules: no key or signature of small order passes.
    pub(super) fn signed(&self, bytes: &[u8], signature: &[u8; 64]) -> bool {
        self.key.verify_strict(bytes, &Signature::from_bytes(signature)).is_ok()
    }
}

impl SecretKey {
    /// The key of 32 secret bytes. `None`: the name has more than small letters, digits and `-`, or is too long.
    pub fn new(name: &str, seed: [u8; 32]) -> Option<Self> {
        is_name(name).then(|| Self { name: name.to_owned(), key: SigningKey::from_bytes(&seed) })
    }

    /// Reads the line that [`text`](Self::text) writes.
    ///
    /// # Errors
    /// When it is not one.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let (name, seed) = read(text, SECRET)?;
        Ok(Self { name, key: SigningKey::from_bytes(&seed) })
    }

    /// One line, for the vendor's safe.
    pub fn text(&self) -> String {
        write(SECRET, &self.name, self.key.as_bytes())
    }

    /// Its public half.
    pub fn public(&self) -> PublicKey {
        PublicKey { name: self.name.clone(), key: self.key.verifying_key() }
    }

    /// What signed things call it by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its signature under these bytes.
    pub fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        self.key.sign(bytes).to_bytes()
    }
}

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SecretKey").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Trusted {
    /// These keys.
    pub fn new(keys: impl IntoIterator<Item = PublicKey>) -> Self {
        Self(keys.into_iter().collect())
    }

    /// Proves that the key of this name signed these bytes.
    ///
    /// # Errors
    /// See [`SignatureError`].
    pub fn verify(&self, name: &str, bytes: &[u8], signature: &[u8; 64]) -> Result<(), SignatureError> {
        let key = self.named(name).ok_or(SignatureError::UnknownKey)?;
        if key.signed(bytes, signature) { Ok(()) } else { Err(SignatureError::Wrong) }
    }

    pub(super) fn named(&self, name: &str) -> Option<&PublicKey> {
        self.0.iter().find(|key| key.name == name)
    }
}
