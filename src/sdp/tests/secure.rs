//! Keys: which lines are taken, which answers are believed, what stays from exchange to exchange.

use super::*;

const KEY: &str = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj";
const GCM_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw";

fn ours(policy: SrtpPolicy) -> Negotiator {
    Negotiator::new(local(), 77, policy, keys(1))
}

/// The keys that an offer of RTP/SAVP with one crypto line leads to.
fn taken(line: &str) -> Option<(Suite, MasterKey)> {
    let offer = offer_with(&format!("m=audio 4000 RTP/SAVP 8\r\na=crypto:{line}\r\n"));
    match ours(SrtpPolicy::Optional).receive_offer(offer.as_bytes(), &BOTH, None) {
        Ok((_, agreed)) => agreed.srtp.map(|srtp| (srtp.suite, srtp.theirs)),
        Err(error) => {
            assert_eq!(error, Error::NotSecure, "{line}");
            None
        }
    }
}

/// What comes of an answer to our offer.
fn answered(policy: SrtpPolicy, protocol: &str, lines: &str) -> Result<Option<Suite>, Error> {
    let mut ours = ours(policy);
    ours.offer(&BOTH, Direction::SendRecv);
    let answer = offer_with(&format!("m=audio 4000 {protocol} 8\r\n{lines}"));
    ours.receive_answer(answer.as_bytes()).map(|agreed| agreed.srtp.map(|srtp| srtp.suite))
}

#[test]
fn lines_that_we_can_keep_are_taken() {
    let key = taken(&format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}")).unwrap();
    assert_eq!(key.0, Suite::AesCm128HmacSha1_80);
    for line in [
        format!("999999999 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20"),
        format!("1  aes_cm_128_hmac_sha1_80  INLINE:{KEY}|1048576"),
        format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}| WSH=64 -UNKNOWN=1"),
    ] {
        assert_eq!(taken(&line), Some(key), "{line}");
    }
    let gcm = taken(&format!("1 AEAD_AES_128_GCM inline:{GCM_KEY}")).unwrap();
    assert_eq!(
        gcm,
        taken(&format!("1 AEAD_AES_128_GCM inline:{GCM_KEY}==|2^31")).unwrap(),
        "the padding may be missing"
    );
    assert_eq!((gcm.0, gcm.1.key[..3].to_vec()), (Suite::AeadAes128Gcm, vec![0, 1, 2]));
    assert_eq!(gcm.1.salt, [16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 0, 0]);
}

#[test]
fn lines_that_we_could_not_keep_are_passed_over() {
    let refused = [
        format!("1 AES_CM_128_HMAC_SHA1_32 inline:{KEY}"),
        format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20|1:4"),
        format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|1:4"),
        format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20;inline:{KEY}|2^20"),
        format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} KDR=0"),
        format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} UNENCRYPTED_SRTP"),
        format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} WSH=64 UNAUTHENTICATED_SRTP"),
        format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} SOMETHING_NEW"),
        format!("1 AES_CM_128_HMAC_SHA1_80 inline:{GCM_KEY}"),
        format!("1 AEAD_AES_128_GCM inline:{KEY}"),
        format!("1234567890 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"),
        format!("x AES_CM_128_HMAC_SHA1_80 inline:{KEY}"),
        format!("1 AES_CM_128_HMAC_SHA1_80 uri:{KEY}"),
        "1 AES_CM_128_HMAC_SHA1_80 inline:".to_owned(),
        "1 AES_CM_128_HMAC_SHA1_80 inline:§".to_owned(),
        "1 AES_CM_128_HMAC_SHA1_80".to_owned(),
        "1".to_owned(),
        String::new(),
    ];
    for line in refused {
        assert_eq!(taken(&line), None, "{line}");
    }
}

#[test]
fn the_policy_decides_which_offers_are_taken() {
    use SrtpPolicy::{Off, Optional, Required};
    let crypto = format!("a=crypto:4 AES_CM_128_HMAC_SHA1_80 inline:{KEY}\r\n");
    let cases = [
        ("RTP/AVP", true, Off, Ok(false)),
        ("RTP/AVP", true, Optional, Ok(true)),
        ("RTP/AVP", true, Required, Ok(true)),
        ("RTP/AVPF", false, Off, Ok(false)),
        ("RTP/AVP", false, Optional, Ok(false)),
        ("RTP/AVP", false, Required, Err(Error::NotSecure)),
        ("RTP/SAVP", true, Off, Err(Error::NoAudio)),
        ("rtp/savp", true, Optional, Ok(true)),
        ("RTP/SAVPF", true, Required, Ok(true)),
        ("RTP/SAVP", false, Off, Err(Error::NoAudio)),
        ("RTP/SAVP", false, Optional, Err(Error::NotSecure)),
        ("RTP/SAVPF", false, Required, Err(Error::NotSecure)),
    ];
    for (protocol, keyed, policy, expected) in cases {
        let offer = offer_with(&format!("m=audio 4000 {protocol} 8\r\n{}", if keyed { &crypto } else { "" }));
        let got = ours(policy).receive_offer(offer.as_bytes(), &BOTH, None);
        let secure = got.as_ref().map(|(text, agreed)| {
            let text = std::str::from_utf8(text).unwrap();
            assert!(text.contains(&format!("m=audio 10000 {protocol} 8\r\n")), "{text}");
            let lines: Vec<_> = text.lines().filter(|line| line.starts_with("a=crypto:")).collect();
            assert_eq!(
                (lines.len(), lines.iter().all(|line| line.starts_with("a=crypto:4 "))),
                (usize::from(agreed.srtp.is_some()), true)
            );
            agreed.srtp.is_some()
        });
        assert_eq!(secure, expected.as_ref().copied(), "{protocol} {keyed} {policy:?}");
        assert_eq!(Negotiator::peek_codecs(offer.as_bytes(), policy).is_ok(), expected.is_ok());
    }
    assert_eq!(Error::NotSecure.status(), 488);
}

#[test]
fn keys_at_session_level_mean_nothing() {
    let offer = offer_with(&format!("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}\r\nm=audio 4000 RTP/SAVP 8\r\n"));
    assert_eq!(ours(SrtpPolicy::Optional).receive_offer(offer.as_bytes(), &BOTH, None).unwrap_err(), Error::NotSecure);
}

#[test]
fn the_policy_shows_in_our_offer() {
    let offer = |policy| String::from_utf8(ours(policy).offer(&BOTH, Direction::SendRecv)).unwrap();
    assert!(offer(SrtpPolicy::Off).contains("RTP/AVP ") && !offer(SrtpPolicy::Off).contains("crypto"));
    for (policy, protocol) in [(SrtpPolicy::Optional, " RTP/AVP "), (SrtpPolicy::Required, " RTP/SAVP ")] {
        let text = offer(policy);
        assert!(text.contains(protocol), "{text}");
        assert!(
            text.contains("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:")
                && text.contains("a=crypto:2 AEAD_AES_128_GCM inline:")
        );
    }
}

#[test]
fn an_answer_is_believed_when_it_takes_up_a_line_of_ours() {
    use SrtpPolicy::{Off, Optional, Required};
    let cm = format!("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}\r\n");
    let gcm = format!("a=crypto:2 AEAD_AES_128_GCM inline:{GCM_KEY}\r\n");
    let other_tag = format!("a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:{KEY}\r\n");
    let other_suite = format!("a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:{KEY}\r\n");
    let short = format!("a=crypto:1 AES_CM_128_HMAC_SHA1_32 inline:{KEY}\r\n");
    for protocol in ["RTP/AVP", "RTP/SAVP"] {
        for policy in [Optional, Required] {
            assert_eq!(answered(policy, protocol, &cm), Ok(Some(Suite::AesCm128HmacSha1_80)));
            assert_eq!(answered(policy, protocol, &gcm), Ok(Some(Suite::AeadAes128Gcm)));
            for wrong in [&other_tag, &other_suite, &short] {
                assert_eq!(answered(policy, protocol, wrong), Err(Error::NotSecure), "{wrong}");
            }
        }
    }
    assert_eq!(answered(Optional, "RTP/AVP", ""), Ok(None));
    assert_eq!(answered(Required, "RTP/AVP", ""), Err(Error::NotSecure));
    assert_eq!(answered(Optional, "RTP/SAVP", ""), Err(Error::NotSecure));
    assert_eq!(answered(Off, "RTP/AVP", &cm), Ok(None));
    assert_eq!(answered(Off, "RTP/SAVP", &cm), Err(Error::NoAudio));
}

#[test]
fn keys_and_tag_stay_in_a_session_and_the_peers_new_key_is_taken() {
    let mut ours = ours(SrtpPolicy::Optional);
    let offer =
        |key: &str| offer_with(&format!("m=audio 4000 RTP/SAVP 8\r\na=crypto:7 AEAD_AES_128_GCM inline:{key}\r\n"));
    let (first, before) = ours.receive_offer(offer(GCM_KEY).as_bytes(), &BOTH, None).unwrap();
    let other = GCM_KEY.replace("AAEC", "AAED");
    let (second, after) = ours.receive_offer(offer(&other).as_bytes(), &BOTH, None).unwrap();
    assert_eq!(first, second, "our own line is as it was");
    let (before, after) = (before.srtp.unwrap(), after.srtp.unwrap());
    assert_eq!((before.ours, before.theirs == after.theirs), (after.ours, false));
    let text = String::from_utf8(ours.offer(&BOTH, Direction::SendRecv)).unwrap();
    let lines: Vec<_> = text.lines().filter(|line| line.starts_with("m=") || line.starts_with("a=crypto")).collect();
    assert_eq!(lines[0], "m=audio 10000 RTP/SAVP 8 0 101");
    assert_eq!(lines[1], "a=crypto:7 AEAD_AES_128_GCM inline:AwMDAwMDAwMDAwMDAwMDAwQEBAQEBAQEBAQEBA==");
    assert!(lines[2].starts_with("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AQEB"), "{text}");
    let again = String::from_utf8(ours.offer(&BOTH, Direction::SendRecv)).unwrap();
    assert_eq!(again, text);
}

#[test]
fn both_sides_hold_the_same_keys_of_either_suite() {
    for suite in [Suite::AesCm128HmacSha1_80, Suite::AeadAes128Gcm] {
        let (mut a, mut b) = (ours(SrtpPolicy::Required), Negotiator::new(local(), 5, SrtpPolicy::Optional, keys(9)));
        let offer = String::from_utf8(a.offer(&BOTH, Direction::SendRecv)).unwrap();
        let other = if suite == Suite::AeadAes128Gcm { "a=crypto:1 " } else { "a=crypto:2 " };
        let (answer, theirs) = b.receive_offer(offer.replace(other, "a=x:").as_bytes(), &BOTH, None).unwrap();
        let (ours, theirs) = (a.receive_answer(&answer).unwrap().srtp.unwrap(), theirs.srtp.unwrap());
        assert_eq!((ours.suite, theirs.suite), (suite, suite));
        assert!(ours.ours == theirs.theirs && ours.theirs == theirs.ours && ours.ours != ours.theirs);
    }
}

#[test]
fn keys_are_never_shown() {
    let mut ours = ours(SrtpPolicy::Required);
    ours.offer(&BOTH, Direction::SendRecv);
    let answer = offer_with(&format!("m=audio 4000 RTP/SAVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}\r\n"));
    let agreed = ours.receive_answer(answer.as_bytes()).unwrap();
    let shown = format!("{ours:?} {agreed:?}");
    assert!(!shown.contains("AQEB") && !shown.contains("inline") && !shown.contains("1, 1, 1"), "{shown}");
}
