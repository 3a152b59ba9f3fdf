//! Any bytes as a stream: no panic, the same frames whether they come at once or in pieces, and no message over the limit.
#![no_main]

use dozvon::base::limits;
use dozvon::sip::wire::{Frame, FrameError, Framer, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &[u8])| {
    let (piece, stream) = input;
    let whole = frames(stream, stream.len());
    assert_eq!(frames(stream, usize::from(piece)), whole);
    for frame in whole.0 {
        if let Frame::Message(bytes) = frame {
            assert!(bytes.len() <= limits::SIP_MESSAGE_BYTES);
            let _ = parse(&bytes);
        }
    }
});

fn frames(stream: &[u8], piece: usize) -> (Vec<Frame>, Option<FrameError>) {
    let (mut framer, mut frames) = (Framer::new(), Vec::new());
    for piece in stream.chunks(piece.max(1)) {
        framer.push(piece);
        loop {
            match framer.next() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Some(error)),
            }
        }
    }
    (frames, None)
}
