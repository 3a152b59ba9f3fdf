//! Descriptions as phones and exchanges word them, and our own of four formats, to the letter.

use super::*;

const ALL: [Codec; 4] = [Opus, G722, Pcma, Pcmu];

/// Two streams for one sound, the secure one first.
const YEALINK: &str = "v=0\r\no=- 20083 20083 IN IP4 192.0.2.31\r\ns=SDP data\r\nc=IN IP4 192.0.2.31\r\nt=0 0\r\n\
    m=audio 11780 RTP/SAVP 9 0 8 101\r\na=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n\
    a=fmtp:101 0-15\r\na=rtpmap:101 telephone-event/8000\r\n\
    a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\r\n\
    a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:NzB4d1BINUAvLEw6UzF3WSJ+PSdFcGdUJShpX1Zj\r\na=ptime:20\r\na=sendrecv\r\n\
    m=audio 11782 RTP/AVP 9 0 8 101\r\na=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n\
    a=fmtp:101 0-15\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\na=sendrecv\r\n";

/// Keys that we don't speak first, lifetimes behind the key, Opus in the middle.
const GRANDSTREAM: &str = "v=0\r\no=201 8000 8000 IN IP4 192.0.2.32\r\ns=SIP Call\r\nc=IN IP4 192.0.2.32\r\nt=0 0\r\n\
    m=audio 5004 RTP/SAVP 0 8 18 9 123 101\r\na=sendrecv\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\na=rtpmap:8 PCMA/8000\r\n\
    a=rtpmap:18 G729/8000\r\na=fmtp:18 annexb=no\r\na=rtpmap:9 G722/8000\r\na=rtpmap:123 opus/48000/2\r\n\
    a=fmtp:123 maxplaybackrate=16000; stereo=0; useinbandfec=1\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n\
    a=crypto:1 AES_256_CM_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSojd0RmdmcmVCspeEc3QGZiNQ==|2^32\r\n\
    a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^32\r\n";

/// Best effort with the short tag only.
const SNOM: &str = "v=0\r\no=root 1197284521 1197284521 IN IP4 192.0.2.33\r\ns=call\r\nc=IN IP4 192.0.2.33\r\nt=0 0\r\n\
    m=audio 57128 RTP/AVP 9 8 0 99 3 18 101\r\n\
    a=crypto:1 AES_CM_128_HMAC_SHA1_32 inline:NzB4d1BINUAvLEw6UzF3WSJ+PSdFcGdUJShpX1Zj\r\na=rtpmap:9 G722/8000\r\n\
    a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:99 G726-32/8000\r\na=rtpmap:3 GSM/8000\r\n\
    a=rtpmap:18 G729/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n";

/// telephone-event under three clocks.
const LINPHONE: &str = "v=0\r\no=bob 2890 2890 IN IP4 192.0.2.34\r\ns=Talk\r\nc=IN IP4 192.0.2.34\r\nt=0 0\r\n\
    m=audio 7078 RTP/AVPF 96 97 0 8 9 101 99 100\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\n\
    a=rtpmap:97 speex/16000\r\na=fmtp:97 vbr=on\r\na=rtpmap:101 telephone-event/48000\r\na=rtpmap:99 telephone-event/16000\r\n\
    a=rtpmap:100 telephone-event/8000\r\na=rtcp-fb:* ccm tmmbr\r\n";

const BARESIP: &str = "v=0\r\no=- 3872 1911 IN IP4 192.0.2.35\r\ns=-\r\nc=IN IP4 192.0.2.35\r\nt=0 0\r\na=tool:baresip\r\n\
    m=audio 20134 RTP/AVP 96 9 8 0 101 102\r\na=rtpmap:96 opus/48000/2\r\n\
    a=fmtp:96 stereo=1;sprop-stereo=1;maxaveragebitrate=28000;x-own=7\r\na=rtpmap:9 G722/8000\r\na=rtpmap:8 PCMA/8000\r\n\
    a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=rtpmap:102 telephone-event/48000\r\n\
    a=fmtp:102 0-15\r\na=rtcp:20135\r\na=sendrecv\r\na=label:1\r\na=rtcp-rsize\r\na=ssrc:2831 cname:sip:x\r\na=ptime:20\r\n";

/// Encryption where the other side likes it, comfort noise, long packets allowed.
const ASTERISK: &str = "v=0\r\no=- 713 713 IN IP4 192.0.2.36\r\ns=Asterisk\r\nc=IN IP4 192.0.2.36\r\nt=0 0\r\n\
    m=audio 16482 RTP/AVP 8 0 13 107 101\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\r\n\
    a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:13 CN/8000\r\na=rtpmap:107 opus/48000/2\r\n\
    a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=maxptime:150\r\na=sendrecv\r\n";

/// A browser: keys come by DTLS, which we don't speak.
const CHROME: &str = "v=0\r\no=- 4611 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\na=extmap-allow-mixed\r\n\
    a=msid-semantic: WMS 9a\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126\r\nc=IN IP4 0.0.0.0\r\n\
    a=rtcp:9 IN IP4 0.0.0.0\r\na=ice-ufrag:q8Wt\r\na=ice-pwd:1zB0\r\na=ice-options:trickle\r\na=fingerprint:sha-256 4A:AD\r\n\
    a=setup:actpass\r\na=mid:0\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\n\
    a=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n\
    a=rtpmap:110 telephone-event/48000\r\na=rtpmap:126 telephone-event/8000\r\n";

pub(super) const PHONES: [&str; 6] = [YEALINK, GRANDSTREAM, SNOM, LINPHONE, BARESIP, ASTERISK];

fn answer_by(policy: SrtpPolicy, offer: &str, codecs: &[Codec]) -> (String, Agreed) {
    let mut ours = Negotiator::new(local(), 77, policy, keys(1));
    let (text, agreed) = ours.receive_offer(offer.as_bytes(), codecs, None).unwrap();
    (String::from_utf8(text).unwrap(), agreed)
}

fn events(payload_type: u8, clock_rate: u32) -> Option<Events> {
    Some(Events { payload_type, clock_rate })
}

#[test]
fn our_offer_of_four_formats_and_keys_is_to_the_letter() {
    let mut ours = Negotiator::new(local(), 77, SrtpPolicy::Optional, keys(1));
    let text = ours.offer(&[Opus, G722, Pcma, Pcmu], Direction::SendRecv);
    assert_eq!(
        String::from_utf8(text.clone()).unwrap(),
        "v=0\r\no=- 77 1 IN IP4 203.0.113.1\r\ns=-\r\nc=IN IP4 203.0.113.1\r\nt=0 0\r\nm=audio 10000 RTP/AVP 96 9 8 0 101 97\r\n\
         a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AQEBAQEBAQEBAQEBAQEBAQICAgICAgICAgICAgIC\r\n\
         a=crypto:2 AEAD_AES_128_GCM inline:AwMDAwMDAwMDAwMDAwMDAwQEBAQEBAQEBAQEBA==\r\n\
         a=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\na=rtpmap:9 G722/8000\r\na=rtpmap:8 PCMA/8000\r\n\
         a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n\
         a=rtpmap:97 telephone-event/48000\r\na=fmtp:97 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
    );
    assert_eq!(sdp_types::Session::parse(&text).unwrap().medias[0].attributes.len(), 13);
}

#[test]
fn what_we_ask_of_opus_is_said_only_where_it_is_unusual() {
    let offer = |opus| {
        let mut ours = negotiator();
        ours.set_opus(opus);
        let text = String::from_utf8(ours.offer(&[Opus], Direction::SendRecv)).unwrap();
        text.lines().find(|line| line.starts_with("a=fmtp:96")).map(str::to_owned)
    };
    assert_eq!(offer(OpusParameters::default()), None);
    let all = OpusParameters {
        max_playback_rate: 16_000,
        max_capture_rate: 8000,
        max_average_bitrate: Some(24_000),
        constant_bitrate: true,
        fec: true,
        dtx: true,
        stereo: true,
    };
    let line = "a=fmtp:96 maxplaybackrate=16000;sprop-maxcapturerate=8000;maxaveragebitrate=24000;stereo=1;cbr=1;useinbandfec=1;usedtx=1";
    assert_eq!(offer(all).as_deref(), Some(line));
    // And is read as it was meant.
    let asked = offer_with(&format!("m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n{line}\r\n"));
    assert_eq!(answer_by(SrtpPolicy::Off, &asked, &ALL).1.opus, all);
}

#[test]
fn parameters_of_opus_are_read_as_far_as_they_make_sense() {
    let opus = |parameters: &str| {
        let lines = format!("m=audio 4000 RTP/AVP 107\r\na=fmtp:107 {parameters}\r\na=rtpmap:107 OPUS/48000/2\r\n");
        answer_by(SrtpPolicy::Off, &offer_with(&lines), &ALL).1.opus
    };
    let usual = OpusParameters::default();
    assert_eq!(
        opus("MaxPlaybackRate=1;UseInbandFEC = 1 ;;usedtx"),
        OpusParameters { max_playback_rate: 8000, fec: true, ..usual }
    );
    let wide = OpusParameters { max_average_bitrate: Some(510_000), ..usual };
    assert_eq!(opus("maxplaybackrate=96000; maxaveragebitrate=999999; cbr=no; stereo=2"), wide);
    assert_eq!(opus("maxaveragebitrate=99999999999; sprop-maxcapturerate=-8000; sprop-stereo=1; minptime=10"), usual);
    assert_eq!(opus("maxaveragebitrate=0").max_average_bitrate, Some(6000));
    assert!(!opus("useinbandfec=1; useinbandfec=0").fec);
}

#[test]
fn a_double_stream_is_taken_once_as_the_policy_likes() {
    let streams = |policy| {
        let (text, agreed) = answer_by(policy, YEALINK, &ALL);
        let lines: Vec<String> = text.lines().filter(|line| line.starts_with("m=")).map(str::to_owned).collect();
        (lines, agreed.srtp.is_some(), agreed.rtp.unwrap().port())
    };
    let secure = ["m=audio 10000 RTP/SAVP 9 101".to_owned(), "m=audio 0 RTP/AVP 9 0 8 101".to_owned()];
    let clear = ["m=audio 0 RTP/SAVP 9 0 8 101".to_owned(), "m=audio 10000 RTP/AVP 9 101".to_owned()];
    assert_eq!(streams(SrtpPolicy::Required), (secure.to_vec(), true, 11780));
    assert_eq!(streams(SrtpPolicy::Optional), (secure.to_vec(), true, 11780));
    assert_eq!(streams(SrtpPolicy::Off), (clear.to_vec(), false, 11782));
}

#[test]
fn the_answer_repeats_the_tag_of_the_line_that_it_takes() {
    let (text, agreed) = answer_by(SrtpPolicy::Optional, GRANDSTREAM, &[Opus]);
    assert!(
        text.ends_with(
            "m=audio 10000 RTP/SAVP 123 101\r\n\
             a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:AQEBAQEBAQEBAQEBAQEBAQICAgICAgICAgICAgIC\r\n\
             a=rtpmap:123 opus/48000/2\r\na=fmtp:123 useinbandfec=1\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n\
             a=ptime:20\r\na=sendrecv\r\n"
        ),
        "{text}"
    );
    let srtp = agreed.srtp.unwrap();
    assert_eq!((srtp.suite, srtp.ours), (Suite::AesCm128HmacSha1_80, keys(1)[0]));
    assert_eq!((&srtp.theirs.key, &srtp.theirs.salt), (b"wDfvg&T+)xG7@fb5", b"jU,RaA}\\|p0%*#"));
    assert_eq!(agreed.opus, OpusParameters { max_playback_rate: 16_000, fec: true, ..OpusParameters::default() });
    assert_eq!(agreed.events, events(101, 8000), "the only one there is");
}

#[test]
fn a_short_tag_is_not_taken_and_best_effort_falls_back() {
    let (text, agreed) = answer_by(SrtpPolicy::Optional, SNOM, &ALL);
    assert!(agreed.srtp.is_none() && !text.contains("crypto"), "{text}");
    let mut strict = Negotiator::new(local(), 77, SrtpPolicy::Required, keys(1));
    assert_eq!(strict.receive_offer(SNOM.as_bytes(), &ALL, None).unwrap_err(), Error::NotSecure);
}

#[test]
fn digits_go_by_the_clock_of_the_sound() {
    let (text, agreed) = answer_by(SrtpPolicy::Off, LINPHONE, &ALL);
    assert_eq!((agreed.codec, agreed.events), (Opus, events(101, 48_000)));
    assert!(text.contains("RTP/AVPF 96 101\r\n") && text.contains("a=rtpmap:101 telephone-event/48000\r\n"), "{text}");
    let hears = [(96, Meaning::Audio(Opus)), (101, Meaning::Events(48_000)), (100, Meaning::Events(8000))];
    assert!(
        hears.iter().all(|heard| agreed.hears.contains(heard)) && agreed.hears.iter().all(|(number, _)| *number != 99)
    );
    assert_eq!(answer_by(SrtpPolicy::Off, LINPHONE, &BOTH).1.events, events(100, 8000));
    let (text, agreed) = answer_by(SrtpPolicy::Off, BARESIP, &ALL);
    assert_eq!((agreed.codec, agreed.events), (Opus, events(102, 48_000)));
    assert!(text.contains("m=audio 10000 RTP/AVP 96 102\r\n"), "{text}");
    let asked = OpusParameters { stereo: true, max_average_bitrate: Some(28_000), ..OpusParameters::default() };
    assert_eq!(agreed.opus, asked);
    assert_eq!(answer_by(SrtpPolicy::Off, BARESIP, &[G722]).1.events, events(101, 8000));
}

#[test]
fn comfort_noise_is_answered_beside_a_clock_of_8000() {
    let (text, agreed) = answer_by(SrtpPolicy::Optional, ASTERISK, &ALL);
    assert!(agreed.noise && agreed.hears.contains(&(13, Meaning::Noise)) && agreed.srtp.is_some());
    assert!(
        text.contains("m=audio 10000 RTP/AVP 8 13 101\r\na=crypto:1 ") && text.contains("a=rtpmap:13 CN/8000\r\n"),
        "{text}"
    );
    assert_eq!((agreed.ptime_ms, agreed.max_ptime_ms), (20, Some(60)));
    let (text, agreed) = answer_by(SrtpPolicy::Off, ASTERISK, &[Opus]);
    assert!(!agreed.noise && text.contains("m=audio 10000 RTP/AVP 107 101\r\n") && !text.contains("crypto"), "{text}");
    assert!(!answer_by(SrtpPolicy::Off, YEALINK, &ALL).1.noise);
}

#[test]
fn the_answer_repeats_the_packet_time_that_was_asked_for() {
    for (asked, told) in [("30", "30"), ("60", "60"), ("120", "60"), ("20", "20"), ("10", "10"), ("x", "20")] {
        let (text, _) =
            answer_by(SrtpPolicy::Off, &offer_with(&format!("m=audio 4000 RTP/AVP 8\r\na=ptime:{asked}\r\n")), &ALL);
        assert!(text.contains(&format!("a=ptime:{told}\r\n")), "{text}");
    }
}

#[test]
fn a_browser_is_refused_whatever_the_policy() {
    for policy in [SrtpPolicy::Off, SrtpPolicy::Optional, SrtpPolicy::Required] {
        let mut ours = Negotiator::new(local(), 77, policy, keys(1));
        assert_eq!(ours.receive_offer(CHROME.as_bytes(), &ALL, None).unwrap_err(), Error::NoAudio);
        assert_eq!(Negotiator::peek_codecs(CHROME.as_bytes(), policy), Err(Error::NoAudio));
        ours.offer(&ALL, Direction::SendRecv);
        assert_eq!(ours.receive_answer(CHROME.as_bytes()), Err(Error::NoAudio));
    }
}

#[test]
fn both_numbers_of_a_format_are_heard_when_they_differ() {
    let mut ours = negotiator();
    ours.offer(&ALL, Direction::SendRecv);
    let own_numbers = offer_with(
        "m=audio 4000 RTP/AVP 107 97 100\r\na=rtpmap:107 opus/48000/2\r\na=rtpmap:97 PCMA/8000\r\na=rtpmap:100 telephone-event/48000\r\n",
    );
    let agreed = ours.receive_answer(own_numbers.as_bytes()).unwrap();
    assert_eq!((agreed.codec, agreed.payload_type, agreed.events), (Opus, 107, events(100, 48_000)));
    let expected = [
        (96, Meaning::Audio(Opus)),
        (9, Meaning::Audio(G722)),
        (8, Meaning::Audio(Pcma)),
        (0, Meaning::Audio(Pcmu)),
        (101, Meaning::Events(8000)),
        (97, Meaning::Events(48_000)), // ours; that the peer calls PCMA so leaves a doubt
        (107, Meaning::Audio(Opus)),
        (100, Meaning::Events(48_000)),
    ];
    assert_eq!(agreed.hears, expected);
    // Its own offer later: our earlier numbers stay heard, but for those that it now uses itself.
    let again = offer_with("m=audio 4000 RTP/AVP 107 9 96\r\na=rtpmap:107 opus/48000/2\r\na=rtpmap:96 iLBC/8000\r\n");
    let (text, agreed) = ours.receive_offer(again.as_bytes(), &ALL, Some(Opus)).unwrap();
    assert!(String::from_utf8(text).unwrap().contains("m=audio 10000 RTP/AVP 107\r\n"));
    assert_eq!(agreed.hears[..2], [(107, Meaning::Audio(Opus)), (9, Meaning::Audio(G722))]);
    assert!(
        agreed.hears.contains(&(101, Meaning::Events(8000))) && agreed.hears.iter().all(|(number, _)| *number != 96)
    );
}

#[test]
fn opus_is_known_by_its_clock_and_never_gets_the_number_of_digits() {
    for (rtpmap, known) in
        [("opus/48000/2", true), ("opus/48000", true), ("opus/48000/6", false), ("opus/16000/2", false)]
    {
        let offer = offer_with(&format!("m=audio 4000 RTP/AVP 101\r\na=rtpmap:101 {rtpmap}\r\n"));
        assert_eq!(Negotiator::peek_codecs(offer.as_bytes(), SrtpPolicy::Off).is_ok(), known, "{rtpmap}");
    }
    let mut ours = negotiator();
    let crowded: String =
        (96..=127).filter(|number| *number != 101).map(|number| format!("a=rtpmap:{number} x/1\r\n")).collect();
    let formats: String = (96..=127).filter(|number| *number != 101).map(|number| format!(" {number}")).collect();
    let theirs = offer_with(&format!("m=audio 4000 RTP/AVP 8{formats}\r\n{crowded}"));
    ours.receive_offer(theirs.as_bytes(), &ALL, None).unwrap();
    let text = String::from_utf8(ours.offer(&ALL, Direction::SendRecv)).unwrap();
    assert!(text.contains("m=audio 10000 RTP/AVP 101 9 8 0 35 36\r\n"), "where nothing else is left: {text}");
    // All 128 in use, and the one for digits is the peer's G.711: what can't be named isn't offered.
    let formats: String = (0..128).map(|number| format!(" {number}")).collect();
    let rtpmaps: String = (0..128)
        .map(|number| format!("a=rtpmap:{number} {}\r\n", if number == 101 { "PCMA/8000" } else { "x/1" }))
        .collect();
    let mut ours = negotiator();
    ours.receive_offer(offer_with(&format!("m=audio 4000 RTP/AVP{formats}\r\n{rtpmaps}")).as_bytes(), &ALL, None)
        .unwrap();
    let text = String::from_utf8(ours.offer(&[Pcma, Opus], Direction::SendRecv)).unwrap();
    assert!(text.contains("m=audio 10000 RTP/AVP 101\r\na=rtpmap:101 PCMA/8000\r\na=ptime"), "{text}");
}
