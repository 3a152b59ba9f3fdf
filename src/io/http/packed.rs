//! Answers as gzip (RFC 1952) for those who take it. The page's files are packed at build time; of the API's answers, text that is
//! long enough to matter is packed by the handler's thread.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{GzDecoder, GzEncoder};

use super::reply::{JSON, Reply};

/// Shorter answers fit a packet or two anyway; longer ones would cost too much at a time. Bytes.
const SHORTEST: usize = 1_000;
const LONGEST: usize = 1_000_000;

/// Whether a client takes gzip, by its Accept-Encoding (RFC 9110 §12.5.3). One without the header may take anything, and is asked
/// to take nothing that he did not name.
pub(super) fn is_taken(accept: Option<&str>) -> bool {
    let mut codings = accept.unwrap_or_default().split(',').take(16);
    codings.any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = weight.trim().strip_prefix("q=").map_or(Some(1.0), |weight| weight.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case("gzip") && weight.is_some_and(|weight| weight > 0.0)
    })
}

/// What the build packed, as it was.
pub(super) fn unpack(packed: &[u8]) -> Vec<u8> {
    let mut unpacker = GzDecoder::new(Vec::with_capacity(4 * packed.len()));
    unpacker.write_all(packed).and_then(|()| unpacker.finish()).expect("the build packed it")
}

/// Packs an answer, if it is one that gains by it. One with an entity tag stays: the tag names these bytes and no others.
pub(super) fn pack(reply: Reply, is_taken: bool) -> Reply {
    let is_text = reply.content_type == JSON || reply.content_type.starts_with("text/");
    let is_bare = reply.headers.iter().all(|(name, _)| !matches!(*name, "etag" | "set-cookie" | "content-encoding"));
    if !is_text || !is_bare || !(SHORTEST..=LONGEST).contains(&reply.body.len()) {
        return reply;
    }
    let mut reply = reply.with("vary", "accept-encoding");
    let mut packer = GzEncoder::new(Vec::with_capacity(reply.body.len() / 4), Compression::fast());
    if is_taken && packer.write_all(&reply.body).is_ok() {
        if let Ok(body) = packer.finish() {
            reply.body = body;
            return reply.with("content-encoding", "gzip");
        }
    }
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_taken_when_it_is_named_and_not_refused() {
        for (accept, taken) in [
            ("gzip", true),
            ("gzip, deflate, br", true),
            ("br, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip;q=x", false),
            ("br", false),
            ("*", false),
            ("", false),
        ] {
            assert_eq!(is_taken(Some(accept)), taken, "{accept}");
        }
        assert!(!is_taken(None));
    }

    #[test]
    fn what_is_short_tagged_or_no_text_stays_as_it_is() {
        let long = "x".repeat(5000);
        let packed = |reply: Reply| pack(reply, true).headers.iter().any(|(name, _)| *name == "content-encoding");
        assert!(packed(Reply::text(JSON, long.clone())));
        assert!(!packed(Reply::text(JSON, "x".repeat(900))));
        assert!(!packed(Reply::text(JSON, long.clone()).with("etag", "\"1\"")));
        assert!(!packed(Reply::text("audio/ogg", long.clone())));
        assert!(!pack(Reply::text(JSON, long), false).headers.iter().any(|(name, _)| *name == "content-encoding"));
    }
}
