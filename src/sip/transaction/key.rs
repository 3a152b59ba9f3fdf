//! What makes two messages belong together: RFC 3261 §17.1.3, §17.2.3, §8.2.2.2.

use std::fmt::Write as _;

use crate::sip::wire::{CSeq, Headers, Method, Request, Via};

/// A client transaction: our branch, and whether it is the CANCEL that shares it with its INVITE.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct ClientKey {
    pub(super) branch: String,
    pub(super) is_cancel: bool,
}

/// A server transaction, or the identity of a request that may arrive by two ways.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct ServerKey(String);

impl ServerKey {
    /// The transaction that `request` belongs to, taken as one of `method` (ACK and CANCEL look for their INVITE).
    pub(super) fn of(request: &Request, via: &Via, cseq: &CSeq, method: &Method) -> Self {
        let mut key = String::with_capacity(96);
        let _ = write!(key, "{method} {}:{} ", via.host, via.port_or_default());
        match via.branch() {
            Some(branch) if branch.get(..COOKIE.len()).is_some_and(|start| start.eq_ignore_ascii_case(COOKIE)) => {
                key.push_str(branch);
            }
            // RFC 2543: such a peer may give all its requests one branch. The To-tag stays out, since an ACK has the
            // response's and its INVITE has none; the rest tells them apart.
            branch => {
                let uri = &request.uri;
                let _ = write!(key, "{} {uri} {} ", branch.unwrap_or_default(), cseq.number);
                key.push_str(from_and_call(&request.headers).as_str());
            }
        }
        Self(key)
    }

    /// The request itself, by whatever way it came: From-tag, Call-ID and CSeq.
    pub(super) fn of_request(headers: &Headers, cseq: &CSeq) -> Self {
        Self(format!("{} {} {}", cseq.number, cseq.method, from_and_call(headers)))
    }
}

fn from_and_call(headers: &Headers) -> String {
    let from = headers.from();
    let tag = from.as_ref().ok().and_then(|from| from.tag()).unwrap_or_default();
    format!("{tag} {}", headers.call_id().unwrap_or_default())
}

/// The start of every branch since RFC 3261.
pub(super) const COOKIE: &str = "z9hG4bK";
