//! Bytes → message: the order of the checks, and the answer to what fails them.

use super::address::NameAddrRef;
use super::lines::{Lines, field, value};
use super::text::{decimal, is_token, list, trim};
use super::via::ViaRef;
use super::{CSeq, Headers, Malformed, Message, Method, Name, ParseError, Request, Response, Uri};
use crate::base::limits;

/// Reads one datagram, or one framed message of a stream. Line ends before the start line are skipped; bytes after a
/// body that Content-Length ends are ignored (RFC 3261 §18.3). Without Content-Length the body is the rest.
///
/// # Errors
/// When something that a transaction needs is missing or wrong; [`Malformed::reply`] is the stateless answer to a
/// broken request.
pub fn parse(bytes: &[u8]) -> Result<Message, Malformed> {
    let mut lines = Lines::new(without_leading_line_ends(bytes));
    let dropped = |why| Malformed { why, reply: None };
    let line = lines.next().and_then(start_line).ok_or(dropped(ParseError::NotSip))?;
    let start = StartLine::read(&line).map_err(dropped)?;
    let mut head = Head::read(&mut lines);
    if bytes.len() > limits::SIP_MESSAGE_BYTES {
        head.fault = Some(ParseError::TooLong);
    }
    let body = head.body(lines.body());
    match start {
        StartLine::Request { method, uri } => {
            let target = uri.and_then(|uri| Ok((check_request(&head.headers, method)?, uri, body?.to_vec())));
            match target {
                Ok((method, uri, body)) => Ok(Message::Request(Request { method, uri, headers: head.headers, body })),
                Err(why) => Err(refuse(why, method, &head.headers)),
            }
        }
        StartLine::Response { status, reason } => {
            let body = body.and_then(|body| check(&head.headers).map(|_| body.to_vec())).map_err(dropped)?;
            Ok(Message::Response(Response { status, reason: reason.to_owned(), headers: head.headers, body }))
        }
    }
}

/// The answer to a stream whose next message can't be told from the one after it; `head` is what came of it.
pub(super) fn refuse_stream(why: ParseError, head: &[u8]) -> Malformed {
    let mut lines = Lines::new(head);
    let line = lines.next().and_then(start_line);
    match line.as_deref().map(StartLine::read) {
        Some(Ok(StartLine::Request { method, .. })) => {
            let headers = Head::read(&mut lines).headers;
            refuse(why, method, &headers)
        }
        _ => Malformed { why, reply: None },
    }
}

/// Content-Length, gathered over the fields of a head: RFC 3261 §20.14.
#[derive(Debug, Default)]
pub(super) struct Length(pub(super) Option<usize>);

impl Length {
    /// Takes one more Content-Length field. A number over the limit for a whole message fails too.
    pub(super) fn add(&mut self, text: &str) -> Result<(), ParseError> {
        let length = decimal(trim(text)).and_then(|length| usize::try_from(length).ok());
        let length = length.filter(|length| *length <= limits::SIP_MESSAGE_BYTES).ok_or(ParseError::ContentLength)?;
        match self.0.replace(length) {
            Some(earlier) if earlier != length => Err(ParseError::Duplicate(Name::ContentLength)),
            _ => Ok(()),
        }
    }
}

/// The first line; a request keeps its fault, since the fields below are needed to answer it.
enum StartLine<'a> {
    Request { method: &'a str, uri: Result<Uri, ParseError> },
    Response { status: u16, reason: &'a str },
}

impl<'a> StartLine<'a> {
    fn read(line: &'a str) -> Result<Self, ParseError> {
        let line = trim(line);
        if is_version(line) { Self::read_response(line) } else { Self::read_request(line) }
    }

    /// `SIP/2.0 200 OK`; the phrase may be missing, and the space before it too.
    fn read_response(line: &'a str) -> Result<Self, ParseError> {
        let (version, rest) = line.split_once(BLANKS).ok_or(ParseError::StartLine)?;
        if !version.eq_ignore_ascii_case(VERSION) {
            return Err(ParseError::Version);
        }
        let rest = trim(rest);
        let (code, reason) = rest.split_once(BLANKS).unwrap_or((rest, ""));
        let status = decimal(code).filter(|_| code.len() == 3).and_then(|code| u16::try_from(code).ok());
        let status = status.filter(|status| matches!(status, 100..=699)).ok_or(ParseError::StartLine)?;
        Ok(Self::Response { status, reason: trim(reason) })
    }

    /// `INVITE sip:200@example.org SIP/2.0`. Superfluous spaces around the URI are ignored, as RFC 4475 §3.1.2.9
    /// allows; inside it they are a fault.
    fn read_request(line: &'a str) -> Result<Self, ParseError> {
        let (method, rest) = line.split_once(BLANKS).ok_or(ParseError::NotSip)?;
        let (uri, version) = trim(rest).rsplit_once(BLANKS).ok_or(ParseError::NotSip)?;
        if !is_version(version) {
            return Err(ParseError::NotSip);
        }
        let uri = match trim(uri).parse::<Uri>() {
            _ if !version.eq_ignore_ascii_case(VERSION) => Err(ParseError::Version),
            Ok(uri) if uri.headers.is_some() => Err(ParseError::Uri), // RFC 3261 §19.1.1: not in a Request-URI
            read => read,
        };
        Ok(Self::Request { method, uri })
    }
}

/// A start line as text; it can't be folded.
fn start_line(line: &[u8]) -> Option<String> {
    if line.contains(&b'\n') { None } else { value(line) }
}

/// The fields under the start line. The first fault is kept and reading goes on: the answer needs Via and the others.
struct Head {
    headers: Headers,
    length: Length,
    fault: Option<ParseError>,
}

impl Head {
    fn read(lines: &mut Lines<'_>) -> Self {
        let mut head = Self { headers: Headers::with_capacity(USUAL_FIELDS), length: Length::default(), fault: None };
        for line in lines.by_ref() {
            let read =
                if head.headers.len() < limits::SIP_HEADERS { head.add(line) } else { Err(ParseError::TooManyHeaders) };
            head.fault = head.fault.take().or(read.err());
        }
        head
    }

    fn add(&mut self, line: &[u8]) -> Result<(), ParseError> {
        let (name, raw) = field(line).ok_or(ParseError::HeaderLine)?;
        let name: Name = name.parse().map_err(|_| ParseError::HeaderLine)?;
        let value = value(raw).ok_or(ParseError::HeaderLine)?;
        if name == Name::ContentLength {
            return self.length.add(&value);
        }
        self.headers.push(name, value);
        Ok(())
    }

    /// The body out of `rest`, which is what follows the blank line.
    fn body<'a>(&mut self, rest: Option<&'a [u8]>) -> Result<&'a [u8], ParseError> {
        match (self.fault.take(), rest) {
            (Some(fault), _) => Err(fault),
            (None, None) => Err(ParseError::Truncated),
            (None, Some(rest)) => rest.get(..self.length.0.unwrap_or(rest.len())).ok_or(ParseError::ContentLength),
        }
    }
}

/// What every message must have, and have once.
fn check(headers: &Headers) -> Result<CSeq, ParseError> {
    for (name, value) in headers.iter().filter(|(name, _)| is_single(name)) {
        if headers.get(name) != Some(value) {
            return Err(ParseError::Duplicate(name.clone()));
        }
    }
    check_vias(headers)?;
    for name in [Name::From, Name::To] {
        let value = headers.get(&name).ok_or_else(|| ParseError::Missing(name.clone()))?;
        NameAddrRef::read(value).map_err(|_| ParseError::Header(name))?;
    }
    let call_id = headers.call_id().ok_or(ParseError::Missing(Name::CallId))?;
    if call_id.is_empty() || call_id.contains(|c: char| c == ' ' || c.is_control()) {
        return Err(ParseError::Header(Name::CallId));
    }
    headers.cseq()
}

fn check_vias(headers: &Headers) -> Result<(), ParseError> {
    let mut top = None;
    for value in headers.all(&Name::Via).flat_map(list) {
        let via = ViaRef::read(value).map_err(|_| ParseError::Header(Name::Via))?;
        top = top.or(Some(via));
    }
    match top {
        None => Err(ParseError::Missing(Name::Via)),
        // A cookie without an identifier would make one transaction of all of them: RFC 4475 §3.2.1 lets us refuse.
        Some(via) if via.branch() == Some(BRANCH_COOKIE) => Err(ParseError::Header(Name::Via)),
        Some(_) => Ok(()),
    }
}

/// What a request must have beside.
fn check_request(headers: &Headers, method: &str) -> Result<Method, ParseError> {
    let cseq = check(headers)?;
    if cseq.method.as_str() != method {
        return Err(if is_token(method) { ParseError::CSeqMethod } else { ParseError::StartLine });
    }
    if headers.contains(&Name::MaxForwards) && headers.number(&Name::MaxForwards).is_none() {
        return Err(ParseError::Header(Name::MaxForwards));
    }
    for name in [Name::Contact, Name::Route, Name::RecordRoute] {
        if name == Name::Contact && headers.is_contact_star() {
            continue;
        }
        if headers.all(&name).flat_map(list).any(|value| NameAddrRef::read(value).is_err()) {
            return Err(ParseError::Header(name));
        }
    }
    Ok(cseq.method)
}

/// Makes the answer to a broken request; an ACK has none, and none finds its way without a Via.
fn refuse(why: ParseError, method: &str, headers: &Headers) -> Malformed {
    if method == Method::Ack.as_str() || !headers.contains(&Name::Via) {
        return Malformed { why, reply: None };
    }
    let mut reply = Response::new(why.status());
    if why.status() == 400 {
        reply.reason = format!("Bad Request ({why})"); // RFC 3261 §21.4.1 wants to be told what is wrong
    }
    reply.headers = headers.for_reply();
    if let Ok(to) = reply.headers.to() {
        if to.tag().is_none() {
            let tagged = to.with_tag(&stateless_tag(headers));
            reply.headers.set(Name::To, tagged.to_string());
        }
    }
    Malformed { why, reply: Some(Box::new(reply)) }
}

/// The same tag for each resend of the same request: RFC 3261 §8.2.7. FNV-1a over what tells requests apart.
fn stateless_tag(headers: &Headers) -> String {
    let parts = [Name::Via, Name::From, Name::CallId, Name::CSeq];
    let bytes = parts.iter().filter_map(|name| headers.get(name)).flat_map(str::bytes);
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    format!("{hash:016x}")
}

/// RFC 3261 §7.5.
pub(super) fn without_leading_line_ends(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(bytes.len());
    bytes.get(start..).unwrap_or_default()
}

/// Whether `text` begins with `SIP/`.
fn is_version(text: &str) -> bool {
    text.get(..4).is_some_and(|name| name.eq_ignore_ascii_case("SIP/"))
}

const VERSION: &str = "SIP/2.0";
const BLANKS: [char; 2] = [' ', '\t'];
const BRANCH_COOKIE: &str = "z9hG4bK";
/// Fields that most messages stay below, so that the list grows once.
const USUAL_FIELDS: usize = 24;

/// Fields that may stand once: two that differ would be read differently by two readers. Two that are alike do no harm.
const fn is_single(name: &Name) -> bool {
    use Name as N;
    matches!(
        name,
        N::From
            | N::To
            | N::CallId
            | N::CSeq
            | N::MaxForwards
            | N::ContentType
            | N::ContentEncoding
            | N::Event
            | N::Expires
            | N::MinExpires
            | N::MinSe
            | N::RAck
            | N::RSeq
            | N::ReferTo
            | N::ReferredBy
            | N::Replaces
            | N::SessionExpires
            | N::SubscriptionState
    )
}
