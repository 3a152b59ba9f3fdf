//! Streams, cut anywhere.

use proptest::prelude::*;

use super::request_with;
use crate::base::limits;
use crate::sip::wire::{Frame, FrameError, Framer, Name, ParseError};

fn message(body: &str) -> Vec<u8> {
    [request_with(&format!("Content-Length: {}\r\n", body.len())), body.as_bytes().to_vec()].concat()
}

fn drain(framer: &mut Framer) -> Result<Vec<Frame>, FrameError> {
    std::iter::from_fn(|| framer.next().transpose()).collect()
}

fn refused(bytes: &[u8]) -> (ParseError, Option<u16>) {
    let mut framer = Framer::new();
    framer.push(bytes);
    let error = drain(&mut framer).expect_err("the stream is broken");
    framer.push(&message(""));
    assert_eq!(framer.next(), Ok(None), "nothing is read after an error");
    (error.why, error.reply.map(|reply| reply.status))
}

#[test]
fn keep_alives_and_messages_are_told_apart() {
    let mut framer = Framer::new();
    framer.push(&[b"\r\n\r\n".to_vec(), message("abc"), b"\r\n".to_vec(), message(""), b"\r\n\r\n".to_vec()].concat());
    let frames = drain(&mut framer).unwrap();
    assert_eq!(
        frames,
        [Frame::KeepAlive, Frame::Message(message("abc")), Frame::Message(message("")), Frame::KeepAlive]
    );
}

#[test]
fn a_stream_without_a_usable_length_is_given_up_with_400() {
    let with = |line: &str| request_with(line);
    assert_eq!(refused(&with("")), (ParseError::Missing(Name::ContentLength), Some(400)));
    for line in
        ["Content-Length: x\r\n", "l: -5\r\n", "Content-Length: 65536\r\n", "Content-Length: 65535\r\n", "L: \r\n"]
    {
        assert_eq!(refused(&with(line)), (ParseError::ContentLength, Some(400)), "{line}");
    }
    let twice = with("Content-Length: 1\r\nl: 2\r\n");
    assert_eq!(refused(&twice), (ParseError::Duplicate(Name::ContentLength), Some(400)));
    assert_eq!(refused(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"), (ParseError::Missing(Name::ContentLength), None));
}

#[test]
fn a_head_without_end_is_given_up() {
    let head = request_with("");
    let endless = [&head[..head.len() - 2], "X: ".as_bytes(), &b"y".repeat(limits::SIP_MESSAGE_BYTES)].concat();
    assert_eq!(refused(&endless), (ParseError::TooLong, Some(513)));
    assert_eq!(refused(&b"y".repeat(limits::SIP_MESSAGE_BYTES + 1)), (ParseError::TooLong, None));
}

#[test]
fn a_folded_length_is_read() {
    let mut framer = Framer::new();
    let bytes = [request_with("Content-Length :\r\n  2\r\n"), b"ab".to_vec()].concat();
    framer.push(&bytes);
    assert_eq!(framer.next(), Ok(Some(Frame::Message(bytes))));
}

proptest! {
    #[test]
    fn frames_do_not_depend_on_how_the_stream_is_cut(
        bodies in prop::collection::vec(prop::option::of("[a-z\r\n]{0,9}"), 1..6),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let stream: Vec<u8> = bodies.iter().flat_map(|body| body.as_deref().map_or(b"\r\n\r\n".to_vec(), message)).collect();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        cuts.push(stream.len());
        cuts.sort_unstable();
        let (mut framer, mut frames, mut from) = (Framer::new(), Vec::new(), 0);
        for cut in cuts {
            framer.push(&stream[from..cut]);
            from = cut;
            frames.extend(drain(&mut framer).unwrap());
        }
        let wanted: Vec<_> =
            bodies.iter().map(|body| body.as_deref().map_or(Frame::KeepAlive, |body| Frame::Message(message(body)))).collect();
        prop_assert_eq!(frames, wanted);
    }

    #[test]
    fn any_bytes_in_any_pieces_are_survived(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..20)) {
        let mut framer = Framer::new();
        for piece in pieces {
            framer.push(&piece);
            let _ = drain(&mut framer);
        }
    }
}
