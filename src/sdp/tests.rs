use std::net::SocketAddr;

use proptest::prelude::*;

use super::{Agreed, Direction, Error, Events, MasterKey, Meaning, Negotiator, SrtpPolicy, Suite};
use crate::codec::Codec::{self, G722, Opus, Pcma, Pcmu};
use crate::codec::OpusParameters;

mod phones;
mod secure;

const BOTH: [Codec; 2] = [Pcma, Pcmu];

/// A desk phone with every ornament.
const DESK_PHONE: &str = "v=0\r\no=- 20047 20047 IN IP4 192.0.2.20\r\ns=SDP data\r\nc=IN IP4 192.0.2.20\r\nt=0 0\r\n\
    m=audio 11796 RTP/AVP 9 0 8 18 101\r\na=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n\
    a=rtpmap:18 G729/8000\r\na=fmtp:18 annexb=no\r\na=fmtp:101 0-15\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\n\
    a=sendrecv\r\n";

/// A softphone with video, bundling and encryption on offer beside plain RTP.
const SOFTPHONE: &str = "v=0\r\no=alice 3852 1432 IN IP4 198.51.100.7\r\ns=Talk\r\nc=IN IP4 198.51.100.7\r\nb=AS:1024\r\nt=0 0\r\n\
    a=rtcp-xr:rcvr-rtt=all:10000 stat-summary=loss,dup,jitt,TTL voip-metrics\r\na=group:BUNDLE as vs\r\n\
    m=audio 50120 RTP/SAVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\r\n\
    m=audio 50122 RTP/AVPF 96 97 8 98\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:97 speex/16000\r\na=rtpmap:98 telephone-event/8000\r\n\
    a=mid:as\r\na=rtcp-fb:* trr-int 5000\r\n\
    m=video 50124 RTP/AVPF 99 100\r\na=rtpmap:99 VP8/90000\r\na=rtpmap:100 H264/90000\r\na=mid:vs\r\n\
    m=application 0 UDP/BFCP *\r\n\
    m=image 50130 udptl t38\r\na=T38FaxVersion:0\r\n";

fn local() -> SocketAddr {
    "203.0.113.1:10000".parse().unwrap()
}

fn negotiator() -> Negotiator {
    Negotiator::new(local(), 77, SrtpPolicy::Off, keys(1))
}

/// Two keys that nobody else has.
fn keys(of: u8) -> [MasterKey; 2] {
    [MasterKey { key: [of; 16], salt: [of + 1; 14] }, MasterKey { key: [of + 2; 16], salt: [of + 3; 14] }]
}

fn offer_with(lines: &str) -> String {
    format!("v=0\r\no=- 1 1 IN IP4 192.0.2.20\r\ns=-\r\nc=IN IP4 192.0.2.20\r\nt=0 0\r\n{lines}")
}

fn answer(offer: &str) -> (String, Agreed) {
    let (text, agreed) = negotiator().receive_offer(offer.as_bytes(), &BOTH, None).unwrap();
    (String::from_utf8(text).unwrap(), agreed)
}

fn refusal(offer: &str) -> Error {
    negotiator().receive_offer(offer.as_bytes(), &BOTH, None).unwrap_err()
}

fn version(text: &[u8]) -> u64 {
    let text = std::str::from_utf8(text).unwrap();
    let origin = text.lines().find(|line| line.starts_with("o=")).unwrap();
    origin.split(' ').nth(2).unwrap().parse().unwrap()
}

#[test]
fn a_phones_offer_is_answered_to_the_letter() {
    let (text, agreed) = answer(DESK_PHONE);
    assert_eq!(
        text,
        "v=0\r\no=- 77 1 IN IP4 203.0.113.1\r\ns=-\r\nc=IN IP4 203.0.113.1\r\nt=0 0\r\nm=audio 10000 RTP/AVP 0 101\r\n\
         a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
    );
    let expected = Agreed {
        codec: Pcmu,
        payload_type: 0,
        events: Some(Events { payload_type: 101, clock_rate: 8000 }),
        hears: vec![(0, Meaning::Audio(Pcmu)), (101, Meaning::Events(8000)), (8, Meaning::Audio(Pcma))],
        noise: false,
        opus: OpusParameters::default(),
        srtp: None,
        max_ptime_ms: None,
        rtp: Some("192.0.2.20:11796".parse().unwrap()),
        rtcp: Some("192.0.2.20:11797".parse().unwrap()),
        direction: Direction::SendRecv,
        ptime_ms: 20,
        common: vec![Pcmu, Pcma],
    };
    assert_eq!(agreed, expected);
}

#[test]
fn our_offer_is_to_the_letter_and_an_independent_reader_takes_it() {
    let mut ours = negotiator();
    let text = ours.offer(&BOTH, Direction::SendRecv);
    assert_eq!(
        String::from_utf8(text.clone()).unwrap(),
        "v=0\r\no=- 77 1 IN IP4 203.0.113.1\r\ns=-\r\nc=IN IP4 203.0.113.1\r\nt=0 0\r\nm=audio 10000 RTP/AVP 8 0 101\r\n\
         a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n\
         a=ptime:20\r\na=sendrecv\r\n"
    );
    let read = sdp_types::Session::parse(&text).unwrap();
    assert_eq!(read.medias[0].fmt, "8 0 101");
}

#[test]
fn keep_wins_over_the_offers_order_only_when_it_is_offered_and_allowed() {
    let codec =
        |codecs: &[Codec], keep| negotiator().receive_offer(DESK_PHONE.as_bytes(), codecs, keep).unwrap().1.codec;
    assert_eq!(codec(&BOTH, Some(Pcma)), Pcma);
    assert_eq!(codec(&[Pcmu], Some(Pcma)), Pcmu);
    assert_eq!(codec(&[Pcma], None), Pcma);
    let only_a = offer_with("m=audio 4000 RTP/AVP 8\r\n");
    let (_, agreed) = negotiator().receive_offer(only_a.as_bytes(), &BOTH, Some(Pcmu)).unwrap();
    assert_eq!(agreed.codec, Pcma);
}

#[test]
fn the_first_plain_audio_is_taken_and_every_other_stream_refused_in_its_place() {
    let (text, agreed) = answer(SOFTPHONE);
    let streams: Vec<_> = text.lines().filter(|line| line.starts_with("m=")).collect();
    let expected = [
        "m=audio 0 RTP/SAVP 8",
        "m=audio 10000 RTP/AVPF 8 98",
        "m=video 0 RTP/AVPF 99 100",
        "m=application 0 UDP/BFCP *",
        "m=image 0 udptl t38",
    ];
    assert_eq!(streams, expected);
    assert_eq!((agreed.codec, agreed.events.map(|events| events.payload_type)), (Pcma, Some(98)));
    assert_eq!(agreed.rtp, Some("198.51.100.7:50122".parse().unwrap()));
    assert_eq!(sdp_types::Session::parse(text.as_bytes()).unwrap().medias.len(), 5);
}

#[test]
fn the_second_of_two_good_audio_streams_is_refused_and_the_first_without_our_formats_passed_over() {
    let (text, _) = answer(&offer_with("m=audio 4000 RTP/AVP 8\r\nm=audio 4002 RTP/AVP 8 0\r\n"));
    assert!(text.contains("m=audio 10000 RTP/AVP 8\r\n") && text.contains("m=audio 0 RTP/AVP 8 0\r\n"), "{text}");
    let (text, agreed) = answer(&offer_with("m=audio 4000 RTP/AVP 18\r\nm=audio 4002 RTP/AVP 0\r\n"));
    assert!(text.contains("m=audio 0 RTP/AVP 18\r\nm=audio 10000 RTP/AVP 0\r\n"), "{text}");
    assert_eq!(agreed.rtp.unwrap().port(), 4002);
}

#[test]
fn offers_that_lead_to_no_sound_are_488_and_nonsense_is_400() {
    let no_audio = [
        "",
        "m=video 4000 RTP/AVP 99\r\n",
        "m=audio 0 RTP/AVP 8\r\n",
        "m=audio 4000 RTP/SAVP 8\r\n",
        "m=audio 4000 UDP/TLS/RTP/SAVPF 8\r\n",
        "m=audio 0 RTP/AVP 8\r\nm=image 4000 udptl t38\r\n",
    ];
    for lines in no_audio {
        let error = refusal(&offer_with(lines));
        assert_eq!((&error, error.status()), (&Error::NoAudio, 488), "{lines:?}");
    }
    for lines in [
        "m=audio 4000 RTP/AVP 18\r\n",
        "m=audio 4000 RTP/AVP 101\r\na=rtpmap:101 telephone-event/8000\r\n",
        "m=audio 4000 RTP/AVP\r\n",
    ] {
        assert_eq!(refusal(&offer_with(lines)), Error::NoCommonCodec, "{lines:?}");
    }
    for text in ["", "\r\n", "hello", "o=- 1 1 IN IP4 192.0.2.1\r\nv=0\r\n", "v=1\r\nm=audio 4000 RTP/AVP 8\r\n"] {
        assert_eq!(refusal(text).status(), 400, "{text:?}");
    }
    for line in [
        "m=audio",
        "m=audio x RTP/AVP 8",
        "m=audio 65536 RTP/AVP 8",
        "m=audio -1 RTP/AVP 8",
        "m=audio 4000",
        "m=au\0dio 4000 RTP/AVP 8",
    ] {
        assert!(matches!(refusal(&offer_with(line)), Error::Parse { line: 6, .. }), "{line:?}");
    }
}

#[test]
fn a_failed_exchange_changes_nothing() {
    let mut ours = negotiator();
    let (first, _) = ours.receive_offer(DESK_PHONE.as_bytes(), &BOTH, None).unwrap();
    ours.receive_offer(offer_with("m=image 4000 udptl t38\r\n").as_bytes(), &BOTH, None).unwrap_err();
    let (second, _) = ours.receive_offer(DESK_PHONE.as_bytes(), &BOTH, None).unwrap();
    assert_eq!(first, second);
}

#[test]
fn sloppy_text_of_real_phones_is_read() {
    let bare_lf = DESK_PHONE.replace("\r\n", "\n");
    let no_times = DESK_PHONE.replace("t=0 0\r\n", "");
    let no_origin = DESK_PHONE.replace("o=- 20047 20047 IN IP4 192.0.2.20\r\n", "").replace("s=SDP data\r\n", "");
    let odd_origin = DESK_PHONE.replace("20047 20047 IN IP4 192.0.2.20", "user x 99999999999999999999999 IN IP4");
    let junk_behind = format!("{DESK_PHONE}\r\n\r\n--boundary--\0\0\r\n");
    let no_last_end = DESK_PHONE.trim_end().to_owned();
    let twice_connected =
        DESK_PHONE.replace("c=IN IP4 192.0.2.20\r\n", "c=IN IP4 192.0.2.99\r\nc=IN IP4 192.0.2.20 \r\n");
    let odd_case =
        DESK_PHONE.replace("PCM", "pcm").replace("telephone-event", "Telephone-Event").replace("RTP/AVP", "rtp/avp");
    let spaces = DESK_PHONE.replace("m=audio 11796 RTP/AVP 9", "m=audio  11796/1 RTP/AVP   9").replace("a=", "a= ");
    let leading = format!("\r\n\u{feff}{DESK_PHONE}");
    for text in
        [bare_lf, no_times, no_origin, odd_origin, junk_behind, no_last_end, twice_connected, odd_case, spaces, leading]
    {
        let (_, agreed) = answer(&text);
        assert_eq!((agreed.codec, agreed.events.map(|events| events.payload_type)), (Pcmu, Some(101)), "{text}");
        assert_eq!(agreed.rtp, Some("192.0.2.20:11796".parse().unwrap()), "{text}");
    }
    let mut latin = DESK_PHONE.replace("SDP data", "Z?rich").into_bytes();
    let at = latin.iter().position(|byte| *byte == b'?').unwrap();
    latin[at] = 0xFC;
    assert_eq!(negotiator().receive_offer(&latin, &BOTH, None).unwrap().1.codec, Pcmu);
}

#[test]
fn static_payload_types_need_no_rtpmap_and_dynamic_ones_are_found_by_name() {
    let (_, agreed) = answer(&offer_with("m=audio 4000 RTP/AVP 18 8\r\n"));
    assert_eq!((agreed.codec, agreed.payload_type, agreed.events.map(|events| events.payload_type)), (Pcma, 8, None));
    let (text, agreed) = answer(&offer_with(
        "m=audio 4000 RTP/AVP 107 96 97\r\na=rtpmap:107 opus/48000/2\r\na=rtpmap:96 PCMA/8000/1\r\na=rtpmap:97 telephone-event/8000\r\n",
    ));
    assert_eq!(
        (agreed.codec, agreed.payload_type, agreed.events.map(|events| events.payload_type)),
        (Pcma, 96, Some(97))
    );
    assert!(
        text.contains("m=audio 10000 RTP/AVP 96 97\r\na=rtpmap:96 PCMA/8000\r\na=rtpmap:97 telephone-event/8000\r\n")
    );
    let stereo_and_wide = "m=audio 4000 RTP/AVP 96 97\r\na=rtpmap:96 PCMA/8000/2\r\na=rtpmap:97 PCMU/16000\r\n";
    assert_eq!(refusal(&offer_with(stereo_and_wide)), Error::NoCommonCodec);
    let wide_digits =
        "m=audio 4000 RTP/AVP 8 96 97\r\na=rtpmap:96 telephone-event/48000\r\na=rtpmap:97 telephone-event/8000\r\n";
    assert_eq!(answer(&offer_with(wide_digits)).1.events.map(|events| events.payload_type), Some(97));
}

#[test]
fn hold_in_all_its_forms_is_mirrored_and_told() {
    let cases = [
        ("a=sendonly\r\n", "recvonly", Direction::RecvOnly, true),
        ("a=inactive\r\n", "inactive", Direction::Inactive, true),
        ("a=recvonly\r\n", "sendonly", Direction::SendOnly, false),
        ("a=sendrecv\r\n", "sendrecv", Direction::SendRecv, false),
        ("", "sendrecv", Direction::SendRecv, false),
    ];
    for (line, ours, direction, on_hold) in cases {
        for offer in [
            offer_with(&format!("m=audio 4000 RTP/AVP 8\r\n{line}")),
            offer_with(&format!("{line}m=audio 4000 RTP/AVP 8\r\n")),
            offer_with(&format!(
                "a=recvonly\r\nm=audio 4000 RTP/AVP 8\r\n{}",
                if line.is_empty() { "a=sendrecv\r\n" } else { line }
            )),
        ] {
            let (text, agreed) = answer(&offer);
            assert_eq!((agreed.direction, agreed.on_hold()), (direction, on_hold), "{offer}");
            assert!(text.ends_with(&format!("a={ours}\r\n")), "{text}");
            assert!(agreed.rtp.is_some());
        }
    }
}

#[test]
fn hold_by_the_zero_address_is_hold_and_nothing_is_sent_there() {
    let zero = |line: &str, address: &str| offer_with(&format!("m=audio 4000 RTP/AVP 8\r\nc=IN {address}\r\n{line}"));
    for address in ["IP4 0.0.0.0", "IP6 ::"] {
        let (text, agreed) = answer(&zero("", address));
        assert_eq!((agreed.rtp, agreed.rtcp, agreed.on_hold()), (None, None, true));
        assert_eq!(agreed.direction, Direction::RecvOnly);
        assert!(text.ends_with("a=recvonly\r\n"), "{text}");
        assert_eq!(answer(&zero("a=inactive\r\n", address)).1.direction, Direction::Inactive);
        assert_eq!(answer(&zero("a=recvonly\r\n", address)).1.direction, Direction::Inactive);
        assert_eq!(answer(&zero("a=sendonly\r\n", address)).1.direction, Direction::RecvOnly);
    }
}

#[test]
fn addresses_of_the_stream_win_and_unusable_ones_are_unknown() {
    let rtp = |lines: &str| {
        answer(&offer_with(&format!("m=audio 4000 RTP/AVP 8\r\n{lines}"))).1.rtp.map(|rtp| rtp.to_string())
    };
    assert_eq!(rtp("c=IN IP4 198.51.100.9\r\n").as_deref(), Some("198.51.100.9:4000"));
    assert_eq!(rtp("c=IN IP6 2001:db8::5\r\n").as_deref(), Some("[2001:db8::5]:4000"));
    assert_eq!(rtp("").as_deref(), Some("192.0.2.20:4000"));
    for unusable in ["IP4 phone.example.org", "IP4 224.2.1.1/127", "IP4 255.255.255.255", "IP4", "", "IP6 ff02::1"] {
        let (_, agreed) = answer(&offer_with(&format!("m=audio 4000 RTP/AVP 8\r\nc=IN {unusable}\r\n")));
        assert_eq!((agreed.rtp, agreed.rtcp), (None, None), "{unusable}");
        assert!(!agreed.on_hold(), "{unusable} is no hold");
    }
    let nowhere = "v=0\r\nm=audio 4000 RTP/AVP 8\r\n";
    assert_eq!(answer(nowhere).1.rtp, None);
}

#[test]
fn rtcp_goes_where_the_attribute_says_or_to_the_next_port() {
    let rtcp = |lines: &str| answer(&offer_with(lines)).1.rtcp.map(|rtcp| rtcp.to_string());
    assert_eq!(rtcp("m=audio 4000 RTP/AVP 8\r\n").as_deref(), Some("192.0.2.20:4001"));
    assert_eq!(rtcp("m=audio 4000 RTP/AVP 8\r\na=rtcp:53020\r\n").as_deref(), Some("192.0.2.20:53020"));
    assert_eq!(
        rtcp("m=audio 4000 RTP/AVP 8\r\na=rtcp:53020 IN IP4 198.51.100.9\r\n").as_deref(),
        Some("198.51.100.9:53020")
    );
    assert_eq!(
        rtcp("m=audio 4000 RTP/AVP 8\r\na=rtcp:53020 IN IP6 2001:db8::5\r\n").as_deref(),
        Some("[2001:db8::5]:53020")
    );
    assert_eq!(rtcp("m=audio 4000 RTP/AVP 8\r\na=rtcp:0\r\na=rtcp:x\r\n").as_deref(), Some("192.0.2.20:4001"));
    assert_eq!(rtcp("m=audio 65535 RTP/AVP 8\r\n"), None);
}

#[test]
fn packet_times_are_read_bounded_and_limited_by_maxptime() {
    let ptime = |lines: &str| answer(&offer_with(&format!("m=audio 4000 RTP/AVP 8\r\n{lines}"))).1.ptime_ms;
    assert_eq!(ptime(""), 20);
    assert_eq!(ptime("a=ptime:30\r\n"), 30);
    assert_eq!(ptime("a=ptime:20.0\r\n"), 20);
    assert_eq!(ptime("a=ptime:60\r\na=maxptime:40\r\n"), 40);
    assert_eq!(ptime("a=ptime:0\r\n"), 20);
    assert_eq!(ptime("a=ptime:99999999999\r\n"), 20);
    assert_eq!(ptime("a=ptime:5000\r\n"), 60);
    assert_eq!(ptime("a=ptime:25\r\n"), 20);
    assert_eq!(ptime("a=ptime:5\r\n"), 10);
    assert_eq!(answer(&offer_with("a=ptime:40\r\nm=audio 4000 RTP/AVP 8\r\n")).1.ptime_ms, 40);
}

#[test]
fn the_version_rises_only_when_our_text_changes() {
    let mut ours = negotiator();
    let first = ours.offer(&BOTH, Direction::SendRecv);
    assert_eq!(ours.offer(&BOTH, Direction::SendRecv), first);
    let held = ours.offer(&BOTH, Direction::SendOnly);
    assert_eq!((version(&first), version(&held)), (1, 2));
    ours.set_local("203.0.113.1:10002".parse().unwrap());
    assert_eq!(version(&ours.offer(&BOTH, Direction::SendOnly)), 3);
    let (answer, _) = ours.receive_offer(DESK_PHONE.as_bytes(), &BOTH, None).unwrap();
    assert_eq!(version(&answer), 4);
    assert_eq!(ours.receive_offer(DESK_PHONE.as_bytes(), &BOTH, None).unwrap().0, answer);
}

#[test]
fn our_offer_after_theirs_keeps_payload_types_and_refused_streams() {
    let mut ours = negotiator();
    let theirs = offer_with(
        "m=video 4002 RTP/AVP 99\r\nm=audio 4000 RTP/AVP 96 97 101\r\na=rtpmap:96 PCMA/8000\r\na=rtpmap:97 telephone-event/8000\r\n\
         a=rtpmap:101 opus/48000/2\r\n",
    );
    ours.receive_offer(theirs.as_bytes(), &BOTH, None).unwrap();
    let text = String::from_utf8(ours.offer(&BOTH, Direction::SendRecv)).unwrap();
    assert!(
        text.contains("m=video 0 RTP/AVP 99\r\nm=audio 10000 RTP/AVP 96 0 97\r\na=rtpmap:96 PCMA/8000\r\n"),
        "{text}"
    );
    let answer = offer_with(
        "m=video 0 RTP/AVP 99\r\nm=audio 4000 RTP/AVP 96 97\r\na=rtpmap:96 PCMA/8000\r\na=rtpmap:97 telephone-event/8000\r\n",
    );
    let agreed = ours.receive_answer(answer.as_bytes()).unwrap();
    assert_eq!((agreed.payload_type, agreed.events.map(|events| events.payload_type)), (96, Some(97)));
}

#[test]
fn our_digits_avoid_a_number_that_the_peer_uses_for_something_else() {
    let mut ours = negotiator();
    let theirs = offer_with("m=audio 4000 RTP/AVP 8 101 96\r\na=rtpmap:101 opus/48000/2\r\na=rtpmap:96 iLBC/8000\r\n");
    ours.receive_offer(theirs.as_bytes(), &BOTH, None).unwrap();
    let text = String::from_utf8(ours.offer(&[Pcma], Direction::SendRecv)).unwrap();
    assert!(text.contains("m=audio 10000 RTP/AVP 8 97\r\n"), "{text}");
}

#[test]
fn their_offer_after_ours_keeps_our_payload_types_when_they_do() {
    let mut ours = negotiator();
    ours.offer(&BOTH, Direction::SendRecv);
    ours.receive_answer(offer_with("m=audio 4000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n").as_bytes())
        .unwrap();
    let again = offer_with("m=audio 4000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendonly\r\n");
    let (text, agreed) = ours.receive_offer(again.as_bytes(), &BOTH, Some(Pcma)).unwrap();
    assert!(String::from_utf8(text).unwrap().contains("m=audio 10000 RTP/AVP 8 101\r\n"));
    assert!(agreed.on_hold());
}

#[test]
fn answers_are_read_for_what_we_offered_only() {
    let mut ours = negotiator();
    assert_eq!(ours.receive_answer(DESK_PHONE.as_bytes()), Err(Error::NoOffer));
    ours.offer(&[Pcma], Direction::SendRecv);
    assert_eq!(ours.receive_answer(DESK_PHONE.as_bytes()).unwrap().common, [Pcma]);
    assert_eq!(ours.receive_answer(offer_with("m=audio 0 RTP/AVP 8\r\n").as_bytes()), Err(Error::NoAudio));
    assert_eq!(ours.receive_answer(offer_with("m=audio 4000 RTP/AVP 0\r\n").as_bytes()), Err(Error::NoCommonCodec));
    assert_eq!(ours.receive_answer(b"busy"), Err(Error::Parse { line: 0, what: "no line of a session description" }));
    let bare = ours.receive_answer(offer_with("m=audio 4000 RTP/AVP 8 101\r\n").as_bytes()).unwrap();
    assert_eq!(
        bare.events.map(|events| events.payload_type),
        Some(101),
        "a bare number of an answer means what we offered"
    );
    let moved = offer_with("m=audio 4000 RTP/AVP 8 96\r\na=rtpmap:96 telephone-event/8000\r\n");
    assert_eq!(
        ours.receive_answer(moved.as_bytes()).unwrap().events.map(|events| events.payload_type),
        Some(96),
        "early and final answers may differ"
    );
}

#[test]
fn an_answer_never_widens_the_direction_that_we_offered() {
    let mut ours = negotiator();
    ours.offer(&BOTH, Direction::SendOnly);
    assert_eq!(ours.receive_answer(DESK_PHONE.as_bytes()).unwrap().direction, Direction::SendOnly);
    let held = DESK_PHONE.replace("sendrecv", "sendonly");
    assert_eq!(ours.receive_answer(held.as_bytes()).unwrap().direction, Direction::Inactive);
}

#[test]
fn peeking_tells_the_formats_in_the_offers_order() {
    assert_eq!(Negotiator::peek_codecs(DESK_PHONE.as_bytes(), SrtpPolicy::Off), Ok(vec![G722, Pcmu, Pcma]));
    assert_eq!(Negotiator::peek_codecs(SOFTPHONE.as_bytes(), SrtpPolicy::Off), Ok(vec![Opus, Pcma]));
    assert_eq!(Negotiator::peek_codecs(b"v=0", SrtpPolicy::Off), Err(Error::NoAudio));
}

#[test]
fn the_answer_carries_the_offers_times_when_they_are_times() {
    assert!(answer(&DESK_PHONE.replace("t=0 0", "t=3034423619 3042462419")).0.contains("t=3034423619 3042462419\r\n"));
    assert!(answer(&DESK_PHONE.replace("t=0 0", "t=now\u{7f} later")).0.contains("t=0 0\r\n"));
}

#[test]
fn an_ipv6_leg_says_so() {
    let mut ours = Negotiator::new("[2001:db8::1]:10000".parse().unwrap(), 1, SrtpPolicy::Off, keys(1));
    let text = String::from_utf8(ours.offer(&BOTH, Direction::SendRecv)).unwrap();
    assert!(text.contains("o=- 1 1 IN IP6 2001:db8::1\r\n") && text.contains("c=IN IP6 2001:db8::1\r\n"), "{text}");
}

fn codec_lists() -> impl Strategy<Value = Vec<Codec>> {
    prop::sample::subsequence(Codec::ALL.to_vec(), 1..=4).prop_shuffle()
}

fn policies() -> impl Strategy<Value = SrtpPolicy> {
    prop_oneof![Just(SrtpPolicy::Off), Just(SrtpPolicy::Optional), Just(SrtpPolicy::Required)]
}

fn directions() -> impl Strategy<Value = Direction> {
    use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};
    prop_oneof![Just(SendRecv), Just(SendOnly), Just(RecvOnly), Just(Inactive)]
}

/// Cuts, doubles, overwrites: what a broken phone or an attacker may send.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let seeds = prop::sample::select([&[DESK_PHONE, SOFTPHONE][..], &phones::PHONES].concat());
    let edits = prop::collection::vec((any::<prop::sample::Index>(), 0..4u8, any::<u8>(), 1..40usize), 0..12);
    (seeds, edits).prop_map(|(seed, edits)| {
        let mut bytes = seed.as_bytes().to_vec();
        for (index, edit, byte, length) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = index.index(bytes.len());
            let end = (at + length).min(bytes.len());
            match edit {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => drop(bytes.drain(at..end)),
                _ => {
                    let part = bytes[at..end].to_vec();
                    bytes.splice(at..at, part);
                }
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_text_panics_and_every_answer_fits_its_offer(
        offer in mutated(), codecs in codec_lists(), policy in policies(),
    ) {
        let mut ours = Negotiator::new(local(), 77, policy, keys(1));
        ours.offer(&Codec::ALL, Direction::SendRecv);
        let _ = ours.receive_answer(&offer);
        let peeked = Negotiator::peek_codecs(&offer, policy);
        if let Ok((answer, agreed)) = ours.receive_offer(&offer, &codecs, None) {
            prop_assert!(peeked.is_ok());
            prop_assert!(codecs.contains(&agreed.codec) && agreed.common.contains(&agreed.codec));
            prop_assert!(agreed.hears.contains(&(agreed.payload_type, Meaning::Audio(agreed.codec))));
            prop_assert!(policy != SrtpPolicy::Required || agreed.srtp.is_some());
            let read = sdp_types::Session::parse(&answer).expect("our answer is to the letter");
            prop_assert_eq!(read.medias.iter().filter(|media| media.port != 0).count(), 1);
            // What we would offer next still fits that session.
            let next = ours.offer(&codecs, Direction::SendRecv);
            prop_assert_eq!(sdp_types::Session::parse(&next).expect("so is our offer").medias.len(), read.medias.len());
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400), policy in policies()) {
        let mut ours = Negotiator::new(local(), 77, policy, keys(1));
        ours.offer(&Codec::ALL, Direction::SendRecv);
        let _ = ours.receive_answer(&bytes);
        let body = [b"v=0\r\nm=audio 4000 RTP/SAVP 96 8\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 ", bytes.as_slice(), b"\r\na=crypto:1 ", &bytes].concat();
        let _ = ours.receive_answer(&body);
        let _ = ours.receive_offer(&body, &Codec::ALL, None);
    }

    #[test]
    fn two_negotiators_agree_on_the_same(
        offered in codec_lists(), known in codec_lists(), keep in prop::option::of(codec_lists()), direction in directions(),
        policies in (policies(), policies()), again in prop::bool::ANY,
    ) {
        let mut a = Negotiator::new(local(), 77, policies.0, keys(1));
        let mut b = Negotiator::new("198.51.100.1:20000".parse().unwrap(), 5, policies.1, keys(9));
        if again {
            // A session that already ran one exchange the other way round.
            let offer = b.offer(&known, Direction::SendRecv);
            if let Ok((answer, _)) = a.receive_offer(&offer, &Codec::ALL, None) {
                b.receive_answer(&answer).unwrap();
            }
        }
        let offer = a.offer(&offered, direction);
        let fits = policies.0 == policies.1 || (policies.0 != SrtpPolicy::Off && policies.1 != SrtpPolicy::Off)
            || (policies.0 != SrtpPolicy::Required && policies.1 != SrtpPolicy::Required);
        match b.receive_offer(&offer, &known, keep.map(|codecs| codecs[0])) {
            Ok((answer, theirs)) => {
                let ours = a.receive_answer(&answer).unwrap();
                prop_assert!(fits);
                prop_assert_eq!(ours.codec, theirs.codec);
                prop_assert_eq!(ours.payload_type, theirs.payload_type);
                prop_assert_eq!(ours.events, theirs.events);
                prop_assert!(ours.events.is_some_and(|events| events.clock_rate == ours.codec.clock_rate()));
                for (sends, hears) in [(&ours, &theirs), (&theirs, &ours)] {
                    prop_assert!(hears.hears.contains(&(sends.payload_type, Meaning::Audio(sends.codec))));
                    let events = sends.events.unwrap();
                    prop_assert!(hears.hears.contains(&(events.payload_type, Meaning::Events(events.clock_rate))));
                }
                if ours.codec == Opus {
                    prop_assert!(ours.opus.fec && theirs.opus.fec);
                }
                let secure = policies.0 != SrtpPolicy::Off && policies.1 != SrtpPolicy::Off;
                prop_assert_eq!((ours.srtp.is_some(), theirs.srtp.is_some()), (secure, secure));
                if let (Some(ours), Some(theirs)) = (&ours.srtp, &theirs.srtp) {
                    prop_assert_eq!(ours.suite, theirs.suite);
                    prop_assert!(ours.ours == theirs.theirs && ours.theirs == theirs.ours && ours.ours != ours.theirs);
                }
                prop_assert_eq!(ours.direction, direction);
                prop_assert_eq!(theirs.direction, direction.reversed());
                prop_assert_eq!(ours.rtp, Some("198.51.100.1:20000".parse().unwrap()));
                prop_assert_eq!(theirs.rtp, Some(local()));
            }
            Err(Error::NoCommonCodec) => prop_assert!(fits && !offered.iter().any(|codec| known.contains(codec))),
            Err(error) => {
                prop_assert!(!fits);
                prop_assert_eq!(error, if policies.1 == SrtpPolicy::Off { Error::NoAudio } else { Error::NotSecure });
            }
        }
    }
}
