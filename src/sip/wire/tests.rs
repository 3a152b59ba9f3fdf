//! What real phones send, what nobody should, and that what is written is read back.

mod framing;
mod phones;
mod round_trip;
mod values;

use super::{Message, Request, parse};

/// A whole request around the given lines; each must bring its own line end.
fn request_with(lines: &str) -> Vec<u8> {
    let mut text = "OPTIONS sip:200@example.org SIP/2.0\r\n".to_owned();
    for (name, line) in [
        ("Via", "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1\r\n"),
        ("From", "From: <sip:201@example.org>;tag=a\r\n"),
        ("To", "To: <sip:200@example.org>\r\n"),
        ("Call-ID", "Call-ID: one@example.org\r\n"),
        ("CSeq", "CSeq: 1 OPTIONS\r\n"),
    ] {
        if !lines.starts_with(&format!("{name}:")) && !lines.contains(&format!("\n{name}:")) {
            text += line;
        }
    }
    (text + lines + "\r\n").into_bytes()
}

fn read(bytes: &[u8]) -> Request {
    match parse(bytes) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?} of {}", String::from_utf8_lossy(bytes)),
    }
}

/// The status that a broken request meets; 0 for silence.
fn status(bytes: &[u8]) -> u16 {
    parse(bytes).expect_err("it is broken").reply.map_or(0, |reply| reply.status)
}
