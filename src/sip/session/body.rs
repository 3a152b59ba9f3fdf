//! Where in a message the session description is: RFC 3261 §13.2.1, RFC 5621.

use crate::sip::wire::{Headers, Name};

/// The `application/sdp` body, or that part of a `multipart` body. A body without a Content-Type is taken for one.
pub fn description<'a>(headers: &Headers, body: &'a [u8]) -> Option<&'a [u8]> {
    if body.is_empty() {
        return None;
    }
    let Some((kind, params)) = headers.value(&Name::ContentType) else { return Some(body) };
    if is_sdp(&kind) {
        return Some(body);
    }
    let is_multipart = kind.get(..10).is_some_and(|start| start.eq_ignore_ascii_case("multipart/"));
    if is_multipart { parts(body, params.get("boundary")?).find_map(sdp_part) } else { None }
}

/// Whether a body is there that we can't read and may not pass over: 415.
pub(crate) fn is_unreadable(headers: &Headers, body: &[u8]) -> bool {
    let optional = headers
        .get(&Name::ContentDisposition)
        .is_some_and(|text| text.to_ascii_lowercase().replace(' ', "").contains("handling=optional"));
    let coded = headers.get(&Name::ContentEncoding).is_some_and(|coding| !coding.eq_ignore_ascii_case("identity"));
    !body.is_empty() && !optional && (coded || description(headers, body).is_none())
}

fn is_sdp(kind: &str) -> bool {
    kind.eq_ignore_ascii_case("application/sdp")
}

/// The parts between the boundary lines: RFC 2046 §5.1.
fn parts<'a>(body: &'a [u8], boundary: &str) -> impl Iterator<Item = &'a [u8]> {
    let mark = format!("--{boundary}").into_bytes();
    let mut starts = Vec::new();
    let mut from = 0;
    while let Some(at) = find(body.get(from..).unwrap_or_default(), &mark) {
        starts.push(from + at);
        from += at + mark.len();
    }
    let length = mark.len();
    let ends: Vec<usize> = starts.iter().copied().skip(1).collect();
    starts.into_iter().zip(ends).filter_map(move |(start, end)| body.get(start + length..end))
}

/// The content of a part if it is a session description. The line end before the next boundary isn't part of it.
fn sdp_part(part: &[u8]) -> Option<&[u8]> {
    let (at, blank) = match (find(part, b"\r\n\r\n"), find(part, b"\n\n")) {
        (Some(at), _) => (at, 4),
        (None, at) => (at?, 2),
    };
    let head = String::from_utf8_lossy(part.get(..at)?).to_ascii_lowercase();
    let kind = head.lines().find_map(|line| line.strip_prefix("content-type:").map(str::trim))?;
    let content = part.get(at + blank..)?;
    let content = content.strip_suffix(b"\r\n").or(content.strip_suffix(b"\n")).unwrap_or(content);
    is_sdp(kind.split(';').next()?.trim()).then_some(content)
}

fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    text.windows(word.len().max(1)).position(|window| window == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(kind: &str) -> Headers {
        let mut headers = Headers::new();
        headers.push(Name::ContentType, kind);
        headers
    }

    #[test]
    fn the_description_is_found_alone_and_among_parts() {
        assert_eq!(description(&typed("Application/SDP"), b"v=0\r\n"), Some(&b"v=0\r\n"[..]));
        assert_eq!(description(&typed("text/plain"), b"hello"), None);
        assert_eq!(description(&Headers::new(), b""), None);
        let body = b"--x1\r\nContent-Type: application/ISUP\r\n\r\n\x01\x02\r\n--x1\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n\r\n--x1--\r\n";
        assert_eq!(description(&typed("multipart/mixed;boundary=x1"), body), Some(&b"v=0\r\n"[..]));
    }

    #[test]
    fn only_an_optional_body_may_be_passed_over() {
        assert!(is_unreadable(&typed("application/unknown"), b"?"));
        assert!(!is_unreadable(&typed("application/unknown"), b""));
        let mut optional = typed("application/unknown");
        optional.push(Name::ContentDisposition, "session ; handling = optional");
        assert!(!is_unreadable(&optional, b"?"));
        let mut packed = typed("application/sdp");
        packed.push(Name::ContentEncoding, "gzip");
        assert!(is_unreadable(&packed, b"\x1f\x8b"));
    }
}
