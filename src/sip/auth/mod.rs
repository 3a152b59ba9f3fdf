//! Digest access authentication: RFC 8760, RFC 7616, RFC 3261 §22. [`Challenger`] is the server's half; the client's half
//! answers challenges inside the [`stack`](crate::sip::stack). Knows no extension and no trunk: passwords are handed in.

mod client;
mod digest;
mod server;

pub(crate) use client::{Attempts, Nonces};
pub use server::{Challenger, NONCE_LIFE, Verdict};

/// What we prove ourselves with at a peer.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user name of the digest.
    pub username: String,
    /// The secret.
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credentials({}, …)", self.username)
    }
}

#[cfg(test)]
mod tests;
