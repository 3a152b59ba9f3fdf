use super::keys::{Counter, Gcm, derive};
use super::*;
use crate::base::Rng;
use proptest::prelude::*;

const SUITES: [Suite; 2] = [Suite::AesCm128HmacSha1_80, Suite::AeadAes128Gcm];

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] << 4 | pair[1]).expect("two digits")).collect()
}

fn key() -> MasterKey {
    let mut salt = [0; 14];
    salt.iter_mut().zip(0xa0..).for_each(|(place, byte)| *place = byte);
    let mut key = [0; 16];
    key.iter_mut().zip(1..).for_each(|(place, byte)| *place = byte);
    MasterKey { key, salt }
}

fn pair(suite: Suite) -> (Protector, Unprotector) {
    (Protector::new(suite, &key()), Unprotector::new(suite, &key()))
}

/// An RTP packet with a payload that depends on its number.
fn plain(ssrc: u32, sequence: u16) -> Vec<u8> {
    let mut packet = vec![0x80, 8];
    packet.extend(sequence.to_be_bytes());
    packet.extend((u32::from(sequence) * 160).to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    packet.extend((0..20u16).map(|n| sequence.wrapping_mul(7).wrapping_add(n) as u8));
    packet
}

fn sealed(protector: &mut Protector, packet: &[u8]) -> Option<Vec<u8>> {
    let mut buffer = packet.to_vec();
    buffer.resize(packet.len() + MOST_OVERHEAD, 0);
    let length = protector.protect(&mut buffer, packet.len())?;
    buffer.truncate(length);
    Some(buffer)
}

fn opened(unprotector: &mut Unprotector, packet: &[u8]) -> Result<Vec<u8>, SrtpError> {
    let mut buffer = packet.to_vec();
    let length = unprotector.unprotect(&mut buffer)?;
    buffer.truncate(length);
    Ok(buffer)
}

fn sealed_control(protector: &mut Protector, packet: &[u8]) -> Vec<u8> {
    let mut buffer = packet.to_vec();
    buffer.resize(packet.len() + MOST_CONTROL_OVERHEAD, 0);
    let length = protector.protect_control(&mut buffer, packet.len()).expect("room");
    buffer.truncate(length);
    buffer
}

fn opened_control(unprotector: &mut Unprotector, packet: &[u8]) -> Result<Vec<u8>, SrtpError> {
    let mut buffer = packet.to_vec();
    let length = unprotector.unprotect_control(&mut buffer)?;
    buffer.truncate(length);
    Ok(buffer)
}

#[test]
fn session_keys_are_those_of_rfc_3711_appendix_b_3() {
    let mut master = MasterKey { key: [0; 16], salt: [0; 14] };
    master.key.copy_from_slice(&hex("E1F97A0D3E018BE0D64FA32C06DE4139"));
    master.salt.copy_from_slice(&hex("0EC675AD498AFEEBB6960B3AABE6"));
    for (label, expected) in [
        (0, "C61E7A93744F39EE10734AFE3FF7A087"),
        (1, "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"),
        (2, "30CBBC08863D8C85D49DB34A9AE1"),
    ] {
        let mut key = vec![0; expected.len() / 2];
        derive(&master, label, &mut key);
        assert_eq!(key, hex(expected), "label {label}");
    }
}

#[test]
fn the_keystream_is_that_of_rfc_3711_appendix_b_2() {
    let counter = Counter::of_session(
        hex("2B7E151628AED2A6ABF7158809CF4F3C").try_into().expect("16 bytes"),
        hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD").try_into().expect("14 bytes"),
        [0; 20],
    );
    let mut stream = vec![0; 1_044_512];
    counter.crypt(0, 0, &mut stream);
    let first = "E03EAD0935C95E80E166B16DD92B4EB4D23513162B02D0F72A43A2FE4A5F97AB41E95B3BB0A2E8DD477901E4FCA894C0";
    let last = "EC8CDF7398607CB0F2D21675EA9EA1E4362B7C3C6773516318A077D7FC5073AE6A2CC3787889374FBEB4C81B17BA6C44";
    assert_eq!(stream[..48], hex(first));
    assert_eq!(stream[stream.len() - 48..], hex(last));
}

/// The session key and salt of RFC 7714 §16 and §17, without a derivation.
fn gcm_of_the_rfc() -> Keys {
    let gcm = || {
        Box::new(Gcm::of_session(
            hex("000102030405060708090a0b0c0d0e0f").try_into().expect("16 bytes"),
            hex("517569642070726f2071756f").try_into().expect("12 bytes"),
        ))
    };
    Keys::Gcm { rtp: gcm(), control: gcm() }
}

#[test]
fn rtp_in_gcm_is_that_of_rfc_7714_section_16() {
    let rtp = "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573";
    let expected = "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833\
                    899d7f27beb16a9152cf765ee4390cce";
    let mut protector = Protector { keys: gcm_of_the_rfc(), streams: Streams::default() };
    assert_eq!(sealed(&mut protector, &hex(rtp)), Some(hex(expected)));
    let mut unprotector = Unprotector { keys: gcm_of_the_rfc(), streams: Streams::default() };
    assert_eq!(opened(&mut unprotector, &hex(expected)), Ok(hex(rtp)));
}

#[test]
fn rtcp_in_gcm_is_that_of_rfc_7714_section_17() {
    let rtcp =
        "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef";
    let expected = "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded\
                    0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4";
    let mut protector = Protector { keys: gcm_of_the_rfc(), streams: Streams::default() };
    let mut last = Vec::new();
    (0..0x5d4).for_each(|_| last = sealed_control(&mut protector, &hex(rtcp)));
    assert_eq!(last, hex(expected));
    let mut unprotector = Unprotector { keys: gcm_of_the_rfc(), streams: Streams::default() };
    assert_eq!(opened_control(&mut unprotector, &hex(expected)), Ok(hex(rtcp)));
    let not_encrypted = "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef\
         841dd9683dd78ec92ae58790125f62b3000005d4";
    assert_eq!(opened_control(&mut unprotector, &hex(not_encrypted)), Err(SrtpError::Forged));
}

/// Packets made by libsrtp 2.5 with the key of [`key`]: sequence numbers 65534 to 1, every second one with a contributing
/// source and an extension; then two of RTCP.
const LIBSRTP: [(Suite, [&str; 4], [&str; 2]); 2] = [
    (
        Suite::AesCm128HmacSha1_80,
        [
            "8088fffe009ffec0cafebabeab15d4ef9269cf51d7dbe105b85606fce0090090f1f4ef06261a3ea8460b",
            "9288ffff009fff60cafebabe0000000100000002bede000107070707ea7720f5d2b3e68f3d328107c5270e8ef8a751da11bc9cae0c902fb7ddd2",
            "8088000000000000cafebabe1d25b0466714b0a0b06f4c017d215b202bbec252ea9d6ba8ea8a9acdb86d",
            "92880001000000a0cafebabe0000000100000002bede0001070707076e158ce577425a58bb54b2878b84868e5c5882de9e76e9b6821e4809ce1f",
        ],
        [
            "80c90001cafebabe6be695406e539bf7c7f7103dca2d3c6780000001d5c070a404e0e95070e1",
            "80c90001cafebabe685e479a1454e7abfa73f70f006ef7cc800000029ddc327a805feaf0d44d",
        ],
    ),
    (
        Suite::AeadAes128Gcm,
        [
            "8088fffe009ffec0cafebabebeb9d29d4fbdaa9497ccdfa00c942c28aeff117b523c6be0a71d48fb8a31f8727efe6e3c",
            "9288ffff009fff60cafebabe0000000100000002bede0001070707076cfa5d0b76533c6563ac11878901e61505b1f00cfce0a7dc08c70480faf9247dc6483f34",
            "8088000000000000cafebabecce18179a6d4be6706a982a052e19f786e218a9035dcb0713b10e851ac0c52bebcbe05c0",
            "92880001000000a0cafebabe0000000100000002bede000107070707d6a8f3b4314d2f0b196586d46e299e3fa3421fa86f114611f64ae3f0198e52e5779d6237",
        ],
        [
            "80c90001cafebabe891d79d19108d8a343fc011fd051d6c27364731268b8365c6b36fe5e15d9c40080000001",
            "80c90001cafebabe7de57d0b3c401f5c5d658c3b7c7e489365ae96d9bf6e8ea879627bbf5f49d4a280000002",
        ],
    ),
];

#[test]
fn what_libsrtp_makes_is_understood_and_made_alike() {
    for (suite, packets, control) in LIBSRTP {
        let (mut protector, mut unprotector) = pair(suite);
        for (packet, sequence) in packets.into_iter().zip([65_534, 65_535, 0, 1u16]) {
            let clear = opened(&mut unprotector, &hex(packet)).expect("made with our key");
            assert_eq!(clear[2..4], sequence.to_be_bytes());
            assert_eq!(clear[clear.len() - 20..], plain(0, sequence)[12..]);
            assert_eq!(sealed(&mut protector, &clear), Some(hex(packet)));
        }
        for packet in control {
            let clear = opened_control(&mut unprotector, &hex(packet)).expect("made with our key");
            assert_eq!(clear, hex("80c90001cafebabe81ca0003cafebabe0105616263646500"));
            assert_eq!(sealed_control(&mut protector, &clear), hex(packet));
        }
    }
}

#[test]
fn two_hundred_thousand_packets_with_loss_and_reordering_wrap_three_times() {
    for suite in SUITES {
        let (mut protector, mut unprotector) = pair(suite);
        let mut rng = Rng::from_seed(3);
        let mut held: Option<Vec<u8>> = None;
        let (mut sent, mut passed) = (0, 0);
        for n in 0..200_000u32 {
            let packet = sealed(&mut protector, &plain(9, (n + 60_000) as u16)).expect("in order");
            if rng.chance(1, 10) || (150_000..170_000).contains(&n) {
                continue; // lost: one by one, and 20000 in a row
            }
            sent += 1;
            if held.is_none() && rng.chance(1, 20) {
                held = Some(packet);
                continue;
            }
            passed += usize::from(opened(&mut unprotector, &packet).is_ok());
            if rng.chance(1, 30) {
                passed += held.take().map_or(0, |late| usize::from(opened(&mut unprotector, &late).is_ok()));
            }
        }
        // one in a few hundred was held for longer than the window of 128, and one may be held still
        assert!(sent - passed <= sent / 500, "{sent} sent, {passed} passed");
    }
}

#[test]
fn a_listener_who_begins_after_the_wrap_is_let_in() {
    for suite in SUITES {
        let (mut protector, mut unprotector) = pair(suite);
        let packets: Vec<_> = [65_535, 0, 1, 2].map(|n| sealed(&mut protector, &plain(9, n)).expect("in order")).into();
        assert_eq!(opened(&mut unprotector, &packets[2]), Ok(plain(9, 1)));
        assert_eq!(opened(&mut unprotector, &packets[0]), Ok(plain(9, 65_535)));
        assert_eq!(opened(&mut unprotector, &packets[3]), Ok(plain(9, 2)));
    }
}

#[test]
fn the_same_packet_never_comes_twice_and_an_old_one_not_at_all() {
    for suite in SUITES {
        let (mut protector, mut unprotector) = pair(suite);
        let packets: Vec<_> = (100..300).map(|n| sealed(&mut protector, &plain(9, n)).expect("in order")).collect();
        for n in [0, 5, 199, 72] {
            assert_eq!(opened(&mut unprotector, &packets[n]).map(|packet| packet.len()), Ok(32), "{n}");
            assert_eq!(opened(&mut unprotector, &packets[n]), Err(SrtpError::Replayed), "{n}");
        }
        assert_eq!(opened(&mut unprotector, &packets[71]), Err(SrtpError::Replayed), "128 behind the newest");
        let control = sealed_control(&mut protector, &hex("80c9000100000009"));
        assert_eq!(opened_control(&mut unprotector, &control), Ok(hex("80c9000100000009")));
        assert_eq!(opened_control(&mut unprotector, &control), Err(SrtpError::Replayed));
    }
}

#[test]
fn a_sequence_number_is_protected_once() {
    for suite in SUITES {
        let (mut protector, _) = pair(suite);
        assert!(sealed(&mut protector, &plain(9, 1000)).is_some());
        assert_eq!(sealed(&mut protector, &plain(9, 1000)), None, "the keystream would be used twice");
        assert!(sealed(&mut protector, &plain(9, 999)).is_some(), "late, as a relay may be");
        assert!(sealed(&mut protector, &plain(9, 1200)).is_some());
        assert_eq!(sealed(&mut protector, &plain(9, 1001)), None, "too old to tell");
    }
}

#[test]
fn sources_beyond_four_push_out_the_one_silent_longest_and_are_not_sent_for() {
    let (mut protector, mut unprotector) = pair(Suite::AesCm128HmacSha1_80);
    for ssrc in 1..=4 {
        let packet = sealed(&mut protector, &plain(ssrc, 5)).expect("room for four");
        assert!(opened(&mut unprotector, &packet).is_ok());
    }
    assert_eq!(sealed(&mut protector, &plain(5, 5)), None);
    let first = sealed(&mut protector, &plain(1, 6)).expect("known");
    assert!(opened(&mut unprotector, &first).is_ok());
    let (mut other, _) = pair(Suite::AesCm128HmacSha1_80);
    let fifth = sealed(&mut other, &plain(5, 5)).expect("its first");
    assert!(opened(&mut unprotector, &fifth).is_ok());
    assert_eq!(opened(&mut unprotector, &first), Err(SrtpError::Replayed), "still known");
    let known: Vec<_> = (1..=5).filter(|&ssrc| unprotector.streams.find(ssrc).is_some()).collect();
    assert_eq!(known, [1, 3, 4, 5]);
}

#[test]
fn what_is_forged_moves_nothing() {
    for suite in SUITES {
        let (mut protector, mut unprotector) = pair(suite);
        let mut strange = Protector::new(suite, &MasterKey { key: [9; 16], salt: [9; 14] });
        let first = sealed(&mut protector, &plain(9, 1)).expect("in order");
        assert!(opened(&mut unprotector, &first).is_ok());
        for n in [2, 30_000, 60_000] {
            let forged = sealed(&mut strange, &plain(9, n)).expect("in order");
            assert!(opened(&mut unprotector, &forged).is_err());
        }
        let next = sealed(&mut protector, &plain(9, 2)).expect("in order");
        assert_eq!(opened(&mut unprotector, &next), Ok(plain(9, 2)));
        assert_eq!(opened(&mut unprotector, &[0x80; 12]), Err(SrtpError::TooShort(12)));
    }
}

#[test]
fn no_room_and_no_packet_are_refused() {
    for suite in SUITES {
        let (mut protector, _) = pair(suite);
        let mut packet = plain(9, 1);
        assert_eq!(protector.protect(&mut packet, 32), None, "no room for the tag");
        assert_eq!(protector.protect(&mut packet, 11), None);
        assert_eq!(protector.protect(&mut packet, 33), None);
        assert_eq!(protector.protect(&mut [0; 64], 32), None, "no RTP");
        assert_eq!(protector.protect_control(&mut packet, 32), None);
        assert!(sealed(&mut protector, &plain(9, 1)).is_some(), "what was refused was not sent");
    }
}

proptest! {
    #[test]
    fn what_is_protected_comes_back_and_no_bit_may_change(
        gcm: bool,
        sources in 0usize..4,
        extension in prop::option::of(0usize..4),
        payload in prop::collection::vec(any::<u8>(), 0..200),
        flip in any::<prop::sample::Index>(),
    ) {
        let (mut protector, mut unprotector) = pair(SUITES[usize::from(gcm)]);
        let mut packet = plain(7, 77)[..12].to_vec();
        packet[0] |= sources as u8;
        packet.extend(std::iter::repeat_n(3, 4 * sources));
        if let Some(words) = extension {
            packet[0] |= 0x10;
            packet.extend([0xbe, 0xde, 0, words as u8]);
            packet.extend(std::iter::repeat_n(5, 4 * words));
        }
        packet.extend(&payload);
        let protected = sealed(&mut protector, &packet).expect("room");
        let mut changed = protected.clone();
        let bit = flip.index(changed.len() * 8);
        changed[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(opened(&mut unprotector, &changed).is_err());
        prop_assert_eq!(opened(&mut unprotector, &protected), Ok(packet));
    }

    #[test]
    fn rtcp_comes_back_and_no_bit_may_change(gcm: bool, body in prop::collection::vec(any::<u8>(), 0..100), flip: prop::sample::Index) {
        let (mut protector, mut unprotector) = pair(SUITES[usize::from(gcm)]);
        let packet = [&hex("80c9000000000009")[..], &body].concat();
        let protected = sealed_control(&mut protector, &packet);
        let mut changed = protected.clone();
        let bit = flip.index(changed.len() * 8);
        changed[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(opened_control(&mut unprotector, &changed).is_err());
        prop_assert_eq!(opened_control(&mut unprotector, &protected), Ok(packet));
    }

    #[test]
    fn no_bytes_break_the_reader(gcm: bool, mut bytes in prop::collection::vec(any::<u8>(), 0..120)) {
        let (mut protector, mut unprotector) = pair(SUITES[usize::from(gcm)]);
        let _ = unprotector.unprotect(&mut bytes.clone());
        let _ = unprotector.unprotect_control(&mut bytes.clone());
        let length = bytes.len() / 2;
        let _ = protector.protect(&mut bytes.clone(), length);
        let _ = protector.protect_control(&mut bytes, length);
    }
}
