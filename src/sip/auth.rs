//! Digest access authentication: RFC 8760, RFC 7616, RFC 3261 §22.

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
