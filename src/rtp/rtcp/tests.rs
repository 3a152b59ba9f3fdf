use super::*;
use proptest::prelude::*;

fn any_block() -> impl Strategy<Value = Block> {
    (any::<(u32, u8, u32, u32, u32, u32)>(), -0x80_0000..0x80_0000).prop_map(
        |((ssrc, fraction_lost, newest, jitter, last_report, delay), lost)| Block {
            ssrc,
            fraction_lost,
            lost,
            newest,
            jitter,
            last_report,
            delay,
        },
    )
}

fn any_sent() -> impl Strategy<Value = Sent> {
    any::<(u64, u32, u32, u32)>().prop_map(|(ntp, timestamp, packets, bytes)| Sent { ntp, timestamp, packets, bytes })
}

proptest! {
    #[test]
    fn a_written_compound_is_read_back(
        ssrc in any::<u32>(), sent in prop::option::of(any_sent()), block in prop::option::of(any_block()),
        name in "[a-z0-9@.]{0,40}", goodbye in any::<bool>(),
    ) {
        let mut bytes = [0xff; 400];
        let length = Compound { ssrc, sent, block, name: &name, goodbye }.write(&mut bytes);
        prop_assert_eq!(length % 4, 0);
        let packets: Vec<_> = read(&bytes[..length]).expect("what was just written").collect();
        let Some(Packet::Report { ssrc: by, sent: read_sent, blocks }) = packets.first().copied() else {
            panic!("no report first: {packets:?}")
        };
        prop_assert_eq!((by, read_sent), (ssrc, sent));
        prop_assert_eq!(blocks.collect::<Vec<_>>(), block.into_iter().collect::<Vec<_>>());
        prop_assert_eq!(packets.get(1), Some(&Packet::Other { kind: 202 }));
        let last = goodbye.then_some(Packet::Goodbye { ssrc });
        prop_assert_eq!(packets.get(2), last.as_ref());
    }

    #[test]
    fn no_bytes_break_the_reader(mut bytes in prop::collection::vec(any::<u8>(), 0..300), kind in 200u8..204) {
        if let [first, second, ..] = &mut bytes[..] {
            (*first, *second) = (*first & 0x3f | 0x80, kind);
        }
        for start in 0..bytes.len().min(8) {
            for packet in read(&bytes[start..]).into_iter().flatten() {
                if let Packet::Report { blocks, .. } = packet {
                    prop_assert!(blocks.count() <= 31);
                }
            }
        }
    }
}

#[test]
fn the_name_is_closed_by_zeros_up_to_a_word() {
    for length in 0..9 {
        let name = "abcdefgh".get(..length).unwrap_or_default();
        let mut bytes = [0xff; 100];
        let end = Compound { ssrc: 1, sent: None, block: None, name, goodbye: false }.write(&mut bytes);
        let description = &bytes[8..end];
        assert_eq!(4 * (usize::from(description[3]) + 1), description.len());
        let zeros = description[10 + length..].iter().filter(|&&byte| byte == 0).count();
        assert!((1..=4).contains(&zeros) && zeros == description.len() - 10 - length, "{description:?}");
    }
}

#[test]
fn a_compound_that_does_not_fit_is_not_written() {
    let compound = Compound { ssrc: 1, sent: None, block: None, name: "name", goodbye: true };
    assert_eq!(compound.write(&mut [0; 20]), 0);
}

#[test]
fn a_datagram_that_is_no_compound_is_refused() {
    let report = [0x80, 201, 0, 1, 0, 0, 0, 7];
    assert!(read(&report).is_some());
    assert!(read(&report[..7]).is_none(), "shorter than it says");
    assert!(read(&[0x80, 202, 0, 0]).is_none(), "no report first");
    assert!(read(&[0x40, 201, 0, 1, 0, 0, 0, 7]).is_none(), "another version");
    assert!(read(&[report.as_slice(), &[0x80, 203, 0, 9]].concat()).is_none(), "a second packet that is cut");
    assert!(read(&[]).is_none());
}

#[test]
fn the_round_trip_is_what_the_peer_did_not_wait() {
    let sent_at = Instant::from_micros(5_000_000);
    let now = sent_at + Duration::from_millis(730);
    let block =
        Block { last_report: middle(ntp(sent_at)), delay: units(Duration::from_millis(700)), ..Block::default() };
    let trip = round_trip_ms(now, &block).expect("a round trip");
    assert!((trip - 30.0).abs() < 0.1, "{trip}");
    assert_eq!(round_trip_ms(now, &Block { delay: units(Duration::from_secs(1)), ..block }), None);
    assert_eq!(round_trip_ms(now, &Block::default()), None);
}
