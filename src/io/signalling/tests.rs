use super::mask::masked;
use super::*;
use crate::sip::Transport;

const AT: WallTime = WallTime(1_800_000_000_000);

fn flow(port: u16) -> Flow {
    let local = "192.0.2.1:5060".parse().expect("an address");
    Flow { transport: Transport::Udp, local, peer: ([192, 0, 2, 9], port).into(), connection: 0 }
}

fn message(first: &str, call_id: &str, cseq: &str) -> String {
    format!(
        "{first}\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK1\r\nCall-ID: {call_id}\r\nCSeq: {cseq}\r\nContent-Length: 0\r\n\r\n"
    )
}

fn leg(call: u64, call_id: &str, who: &str) -> CallLeg {
    CallLeg {
        call: CallId(call),
        call_id: call_id.to_owned(),
        who: who.to_owned(),
        device: format!("user{who}"),
        trunk: None,
    }
}

fn lines(sorter: &mut Sorter) -> Vec<(u64, String, String)> {
    let mut found = Vec::new();
    while let Some(packed) = sorter.poll_packed() {
        for message in unpack(&packed.messages) {
            let first = message.text.lines().next().unwrap_or_default().to_owned();
            found.push((packed.call.0, message.party.who, first));
        }
    }
    found
}

#[test]
fn the_proof_of_a_password_is_covered_and_what_tells_why_it_failed_is_kept() {
    let text = "INVITE sip:201:geheim@box SIP/2.0\r\nAuthorization: Digest username=\"201\", realm=\"dozvon\", nonce=\"abc\",\r\n \
                uri=\"sip:box\", response=\"0123456789abcdef\", cnonce=\"f00d\", qop=auth, nc=00000001\r\n\
                proxy-authorization : Basic YWxhZGRpbg==\r\nAuthentication-Info: rspauth=\"dead\", cnonce=beef, nc=1\r\n\
                Subject: response=\"no secret\"\r\nContent-Length: 0\r\n\r\n";
    let covered = masked(text.as_bytes());
    for secret in ["geheim", "0123456789abcdef", "f00d", "YWxhZGRpbg", "dead", "beef"] {
        assert!(!covered.contains(secret), "{secret} in {covered}");
    }
    for kept in
        ["username=\"201\"", "nonce=\"abc\"", "nc=00000001", "response=\"****************\"", "\"no secret\"", "Basic"]
    {
        assert!(covered.contains(kept), "no {kept} in {covered}");
    }
    assert_eq!(covered.len(), text.len(), "lengths stay true");
}

#[test]
fn keys_of_sound_and_keyed_digits_are_covered() {
    let sdp = "INVITE sip:a SIP/2.0\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n\
               a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0a2V5|2^20|1:4 UNENCRYPTED_SRTCP\r\n\
               a=key-mgmt:mikey AQAFgM0X\r\nk=base64:Zm9v\r\na=ice-pwd:hush\r\na=rtpmap:8 PCMA/8000\r\n";
    let covered = masked(sdp.as_bytes());
    for secret in ["c2VjcmV0a2V5", "AQAFgM0X", "Zm9v", "hush"] {
        assert!(!covered.contains(secret), "{secret} in {covered}");
    }
    assert!(
        covered.contains("AES_CM_128_HMAC_SHA1_80 inline:***") && covered.contains("a=rtpmap:8 PCMA/8000"),
        "{covered}"
    );
    let info = "INFO sip:a SIP/2.0\r\nContent-Type: application/dtmf-relay\r\n\r\nSignal=7\r\nDuration=160\r\n";
    assert!(masked(info.as_bytes()).ends_with("Signal=*\r\nDuration=160\r\n"));
}

#[test]
fn what_came_before_its_call_was_known_is_the_calls_too() {
    let mut sorter = Sorter::default();
    let tell = |sorter: &mut Sorter, first: &str, call_id: &str, cseq: &str, sent| {
        sorter.message(Instant::ZERO, AT, flow(5062), sent, message(first, call_id, cseq).as_bytes());
    };
    tell(&mut sorter, "INVITE sip:201@box SIP/2.0", "a", "1 INVITE", false);
    tell(&mut sorter, "SIP/2.0 401 Unauthorized", "a", "1 INVITE", true);
    tell(&mut sorter, "NOTIFY sip:201@box SIP/2.0", "lamp", "1 NOTIFY", true);
    sorter.leg(leg(7, "a", "200"));
    sorter.leg(leg(7, "b", "201"));
    tell(&mut sorter, "INVITE sip:201@phone SIP/2.0", "b", "1 INVITE", true);
    tell(&mut sorter, "BYE sip:201@phone SIP/2.0", "b", "2 BYE", true);
    tell(&mut sorter, "BYE sip:x SIP/2.0", "stranger", "2 BYE", false);
    sorter.ended(Instant::ZERO, CallId(7));
    tell(&mut sorter, "SIP/2.0 200 OK", "b", "2 BYE", false);
    sorter.handle_timeout(Instant::ZERO + Duration::from_secs(6));
    let expected = [
        ("200", "INVITE sip:201@box SIP/2.0"),
        ("200", "SIP/2.0 401 Unauthorized"),
        ("201", "INVITE sip:201@phone SIP/2.0"),
        ("201", "BYE sip:201@phone SIP/2.0"),
        ("201", "SIP/2.0 200 OK"),
    ];
    let expected: Vec<_> = expected.iter().map(|(who, line)| (7, (*who).to_owned(), (*line).to_owned())).collect();
    assert_eq!(lines(&mut sorter), expected);
    tell(&mut sorter, "SIP/2.0 200 OK", "b", "2 BYE", false);
    sorter.flush_all();
    assert_eq!(lines(&mut sorter), [], "forgotten after its time");
}

#[test]
fn a_leg_that_moves_is_told_to_both_calls() {
    let mut sorter = Sorter::default();
    sorter.leg(leg(1, "a", "200"));
    sorter.leg(leg(2, "a", "200"));
    sorter.leg(leg(2, "a", "200"));
    sorter.message(Instant::ZERO, AT, flow(1), false, message("BYE sip:x SIP/2.0", "a", "2 BYE").as_bytes());
    sorter.flush_all();
    let mut calls: Vec<u64> = lines(&mut sorter).into_iter().map(|(call, ..)| call).collect();
    calls.sort_unstable();
    assert_eq!(calls, [1, 2]);
}

#[test]
fn a_call_without_end_and_strangers_without_number_are_bounded() {
    let mut sorter = Sorter::default();
    sorter.leg(leg(1, "a", "200"));
    let long = message(&format!("INFO sip:x SIP/2.0\r\nX: {}", "x".repeat(10_000)), "a", "2 INFO");
    for number in 0..5_000 {
        sorter.message(Instant::ZERO, AT, flow(1), false, long.as_bytes());
        let stranger = message("INVITE sip:x SIP/2.0", &format!("s{number}"), "1 INVITE");
        sorter.message(Instant::ZERO, AT, flow(1), false, stranger.as_bytes());
    }
    sorter.flush_all();
    let kept = lines(&mut sorter).len();
    assert!((50..=105).contains(&kept), "{kept} of a megabyte");
    sorter.leg(leg(2, "s0", "200"));
    sorter.leg(leg(3, "s4999", "200"));
    sorter.flush_all();
    assert_eq!(lines(&mut sorter).iter().map(|(call, ..)| *call).collect::<Vec<_>>(), [3], "the oldest went");
}

#[test]
fn a_capture_holds_each_message_in_a_datagram_with_true_lengths() {
    let packed = |peer: &str, sent| Message {
        at: WallTime(AT.0 + 1),
        sent,
        transport: "udp".to_owned(),
        local: if peer.starts_with('[') { "[2001:db8::1]:5060" } else { "192.0.2.1:5060" }.parse().expect("an address"),
        peer: peer.parse().expect("an address"),
        party: Party::default(),
        call_id: "a".to_owned(),
        text: "BYE sip:x SIP/2.0\r\n\r\n".to_owned(),
    };
    let file = pcap(&[packed("192.0.2.9:5062", false), packed("[2001:db8::9]:5062", true)]);
    let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().expect("four"));
    assert_eq!((word(0), word(20)), (0xa1b2_c3d4, 101));
    assert_eq!((word(24), word(28), word(32)), (1_800_000_000, 1_000, 20 + 8 + 21));
    let first = &file[40..40 + 49];
    assert_eq!(&first[12..20], [192, 0, 2, 9, 192, 0, 2, 1], "towards us");
    assert!(first.ends_with(b"BYE sip:x SIP/2.0\r\n\r\n"));
    let sum: u32 = first[..20].chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum();
    assert_eq!((sum & 0xffff) + (sum >> 16), 0xffff, "RFC 1071: the sum over a whole head");
    assert_eq!(file.len(), 24 + 16 + 49 + 16 + 40 + 8 + 21);
}

#[test]
fn requests_that_never_are_of_a_call_are_not_even_copied() {
    for (first, is_kept) in
        [("REGISTER sip:x SIP/2.0", false), ("OPTIONS sip:x SIP/2.0", false), ("INVITE sip:x SIP/2.0", true)]
    {
        assert_eq!(sorter::may_be_of_a_call(message(first, "a", "1 X").as_bytes()), is_kept, "{first}");
    }
    assert!(!sorter::may_be_of_a_call(b"\r\n\r\n"));
}

#[test]
#[ignore = "measures"]
fn what_a_call_costs() {
    let scratch = crate::io::scratch::Scratch::new();
    std::fs::create_dir_all(scratch.path().join("backups")).expect("writable");
    let store = Store::open(scratch.path(), AT).expect("opens").store;
    let sdp = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 10000 RTP/AVP 8 0 9 96 101\r\n\
        a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:9 G722/8000\r\na=rtpmap:96 opus/48000/2\r\n\
        a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=sendrecv\r\n";
    let whole = |first: &str, call_id: &str, cseq: &str, body: &str| {
        format!(
            "{first}\r\nVia: SIP/2.0/UDP 192.0.2.9:5062;branch=z9hG4bKabcdef0123;rport=5062\r\nFrom: \"Reception\" <sip:200@box>;tag=0123abcd\r\n\
            To: <sip:201@box>;tag=fedcba98\r\nContact: <sip:200@192.0.2.9:5062>\r\nCall-ID: {call_id}\r\nCSeq: {cseq}\r\nUser-Agent: Yealink SIP-T31P 124.86.0.40\r\n\
            Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK\r\nMax-Forwards: 70\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let calls = 1_000u64;
    let watch = crate::io::clock::Stopwatch::start();
    let (mut sorter, mut raw, mut packed) = (Sorter::default(), 0, 0);
    for call in 0..calls {
        for id in ["a", "b"].map(|side| format!("{side}{call}@192.0.2.9")) {
            sorter.leg(leg(call, &id, "200"));
            for (first, cseq, body) in [
                ("INVITE sip:201@box SIP/2.0", "1 INVITE", sdp),
                ("SIP/2.0 100 Trying", "1 INVITE", ""),
                ("SIP/2.0 180 Ringing", "1 INVITE", ""),
                ("SIP/2.0 200 OK", "1 INVITE", sdp),
                ("ACK sip:201@box SIP/2.0", "1 ACK", ""),
                ("BYE sip:201@box SIP/2.0", "2 BYE", ""),
                ("SIP/2.0 200 OK", "2 BYE", ""),
            ] {
                let text = whole(first, &id, cseq, body);
                raw += text.len();
                sorter.message(Instant::ZERO, AT, flow(5062), true, text.as_bytes());
            }
        }
        sorter.flush(CallId(call));
        while let Some(part) = sorter.poll_packed() {
            packed += part.messages.len();
            store.keep_signalling(part);
        }
    }
    let sorted = watch.elapsed();
    store.flush().expect("open");
    println!(
        "a call of two legs: {} bytes, {} packed; {:.0?} to sort and pack, {:.0?} with the disk",
        raw as u64 / calls,
        packed as u64 / calls,
        sorted / 1_000,
        watch.elapsed() / 1_000
    );
    let handle = start(store, 14).expect("starts");
    let text = whole("INVITE sip:201@box SIP/2.0", "z@192.0.2.9", "1 INVITE", sdp);
    let watch = crate::io::clock::Stopwatch::start();
    for _ in 0..5_000 {
        handle.message(AT, flow(5062), true, text.as_bytes());
    }
    println!("the loop: {:.0?} a message", watch.elapsed() / 5_000);
}
