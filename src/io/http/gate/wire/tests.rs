//! The wire: what it refuses, what it passes on unchanged, and its times on a paused clock.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

use super::*;

fn head(lines: &str) -> Vec<u8> {
    format!("POST /x HTTP/1.1\r\n{lines}\r\n").into_bytes()
}

#[test]
fn framing_that_two_readers_could_read_differently_is_refused() {
    let cases: &[(&str, Result<u64, u16>)] = &[
        ("Host: a\r\n", Ok(0)),
        ("Host: a\r\nContent-Length: 5\r\n", Ok(5)),
        ("Host: a\r\ncontent-length: 005\r\n", Ok(5)),
        ("Host: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n", Err(400)),
        ("Host: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n", Err(400)),
        ("Host: a\r\nContent-Length: 5, 5\r\n", Err(400)),
        ("Host: a\r\nContent-Length: +5\r\n", Err(400)),
        ("Host: a\r\nContent-Length: -5\r\n", Err(400)),
        ("Host: a\r\nContent-Length: 0x5\r\n", Err(400)),
        ("Host: a\r\nContent-Length: abc\r\n", Err(400)),
        ("Host: a\r\nContent-Length:\r\n", Err(400)),
        ("Host: a\r\nContent-Length: 99999999999999999999\r\n", Err(400)),
        ("Host: a\r\nTransfer-Encoding: chunked\r\n", Err(411)),
        ("Host: a\r\nTransfer-Encoding: xchunked\r\n", Err(400)),
        ("Host: a\r\nTransfer-Encoding: chunked, identity\r\n", Err(400)),
        ("Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", Err(400)),
        ("Host: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n", Err(400)),
        ("Host: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n", Err(400)),
        ("Host: a\r\nTransfer-Encoding : chunked\r\n", Err(400)),
        ("Host: a\r\nX: y\r\n folded\r\n", Err(400)),
        ("Host: a\r\nX\0: y\r\n", Err(400)),
        ("", Err(400)),
        ("Host: a\r\nHost: b\r\n", Err(400)),
        ("Host:\r\n", Err(400)),
        ("Host: a/b\r\n", Err(400)),
        ("Host: a@b\r\n", Err(400)),
        ("Host: [::1]:8443\r\n", Ok(0)),
        ("Host: a\r\nExpect: 100-continue\r\n", Ok(0)),
        ("Host: a\r\nExpect: tea\r\n", Err(417)),
        ("Host: a\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n", Err(400)),
    ];
    for (lines, expected) in cases {
        assert_eq!(body_length(&head(lines)), *expected, "{lines:?}");
    }
}

#[test]
fn other_broken_heads_are_refused() {
    let cases: &[(&[u8], u16)] = &[
        (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        (b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        (b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\n", 400),
        (b"GET / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET\r\n\r\n", 400),
        (b"\x16\x03\x01\r\n\r\n", 400),
    ];
    for (bytes, status) in cases {
        assert_eq!(body_length(bytes), Err(*status), "{}", String::from_utf8_lossy(bytes));
    }
    let many = "X: y\r\n".repeat(FIELDS);
    assert_eq!(body_length(&head(&format!("Host: a\r\n{many}"))), Err(431));
}

#[test]
fn a_head_ends_at_its_empty_line_and_never_at_a_bare_line_feed() {
    assert_eq!(find_end(b"GET / HTTP/1.1\r\nA: b\r\n\r\nrest"), End::At(24));
    assert_eq!(find_end(b"GET / HTTP/1.1\r\nA: b\r\n\r"), End::None);
    assert_eq!(find_end(b"GET / HTTP/1.1\nA: b\n\n"), End::Bare);
    assert_eq!(find_end(b"\n"), End::Bare);
}

const GOOD: &[u8] = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";

fn wire() -> (DuplexStream, Wire<DuplexStream>, Arc<Talk>) {
    let (ours, theirs) = duplex(64 * 1024);
    let talk = Arc::new(Talk::default());
    (ours, Wire::new(theirs, Arc::clone(&talk)), talk)
}

fn run(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(work);
}

/// What hyper would get when every request were answered at once.
async fn all(wire: &mut Wire<DuplexStream>) -> Vec<u8> {
    let (mut bytes, mut part) = (Vec::new(), [0; 1024]);
    loop {
        let length = wire.read(&mut part).await.unwrap();
        if length == 0 {
            return bytes;
        }
        bytes.extend_from_slice(&part[..length]);
        wire.talk.in_flight.store(0, Ordering::Release);
    }
}

#[test]
fn a_client_that_closes_its_side_gets_its_answer_first_and_a_stream_ends_with_it() {
    run(async {
        let (mut client, mut wire, talk) = wire();
        client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        client.shutdown().await.unwrap();
        let (mut head, mut byte) = ([0; 27], [0]);
        wire.read_exact(&mut head).await.unwrap();
        let answer = talk.answering();
        let span = Duration::from_secs(3_600);
        assert!(tokio::time::timeout(span, wire.read(&mut byte)).await.is_err(), "not before its answer");
        talk.stream();
        assert_eq!(tokio::time::timeout(span, wire.read(&mut byte)).await.unwrap().unwrap(), 0);
        drop(answer);
    });
}

#[test]
fn pipelined_requests_pass_unchanged_and_the_refused_one_ends_them() {
    run(async {
        let (mut client, mut wire, talk) = wire();
        client.write_all(GOOD).await.unwrap();
        client.write_all(b"\r\n").await.unwrap();
        client.write_all(GOOD).await.unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n").await.unwrap();
        client.write_all(b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        assert_eq!(all(&mut wire).await, [GOOD, GOOD, REFUSED].concat());
        assert_eq!(talk.refusal(true), Some(400));
        assert_eq!(talk.refusal(false), None, "the requests before it are answered as usual");
    });
}

#[test]
fn a_body_is_no_head_whatever_stands_in_it() {
    run(async {
        let (mut client, mut wire, talk) = wire();
        let evil = b"GET / HTTP/1.1\r\n\r\n";
        let request =
            [format!("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", evil.len()).as_bytes(), evil].concat();
        for byte in &request {
            client.write_all(&[*byte]).await.unwrap();
        }
        drop(client);
        assert_eq!(all(&mut wire).await, request);
        assert_eq!(talk.refusal(true), None);
    });
}

#[test]
fn a_head_that_drips_is_refused_after_its_time_and_an_idle_connection_closed() {
    run(async {
        let (mut client, mut wire, talk) = wire();
        client.write_all(b"GET / HT").await.unwrap();
        assert_eq!(all(&mut wire).await, REFUSED);
        assert_eq!(talk.refusal(true), Some(408));

        let (_client, mut wire, talk) = self::wire();
        assert!(all(&mut wire).await.is_empty());
        assert_eq!(talk.refusal(true), None);
    });
}

#[test]
fn the_idle_time_does_not_run_while_an_answer_goes_on() {
    run(async {
        let (mut client, mut wire, talk) = wire();
        client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        let mut head = [0; 27];
        wire.read_exact(&mut head).await.unwrap();
        let answer = talk.answering();
        let mut byte = [0];
        assert!(tokio::time::timeout(IDLE_TIME * 100, wire.read(&mut byte)).await.is_err(), "still open");
        drop(answer);
        assert_eq!(tokio::time::timeout(IDLE_TIME * 2, wire.read(&mut byte)).await.unwrap().unwrap(), 0);
    });
}

#[test]
fn a_head_over_the_limit_is_refused_and_not_kept() {
    run(async {
        let (mut client, mut wire, talk) = wire();
        client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nX: ").await.unwrap();
        client.write_all(&vec![b'x'; HEAD + 1]).await.unwrap();
        assert_eq!(all(&mut wire).await, REFUSED);
        assert_eq!(talk.refusal(true), Some(431));
    });
}

#[test]
fn a_reader_that_takes_nothing_is_an_error_after_a_while() {
    run(async {
        let (_client, mut wire, _) = wire();
        let error = wire.write_all(&vec![0; 128 * 1024]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    });
}
