use proptest::prelude::*;

use super::*;

fn request(words: &[&str]) -> Vec<u8> {
    let mut bytes = vec![0, READ];
    for word in words {
        bytes.extend(word.as_bytes());
        bytes.push(0);
    }
    bytes
}

/// What a reader gets that loses every `lost`th packet; the packets that it saw.
fn read(words: &[&str], data: &[u8], lost: usize) -> (Vec<u8>, Vec<Vec<u8>>) {
    let request = ReadRequest::read(&request(words)).unwrap();
    let mut now = Instant::ZERO;
    let mut transfer = Transfer::new(now, &request, data.to_vec());
    let (mut got, mut packets, mut expected, mut sent) = (Vec::new(), Vec::new(), 1u16, 0usize);
    while transfer.poll_timeout().is_some() {
        let Some(packet) = transfer.poll_output() else {
            now = transfer.poll_timeout().unwrap();
            transfer.handle_timeout(now);
            continue;
        };
        sent += 1;
        if lost > 0 && sent % lost == 0 {
            continue;
        }
        match packet.as_slice() {
            [0, OPTIONS, ..] => transfer.handle_packet(now, &[0, ACK, 0, 0]),
            [0, DATA, high, low, rest @ ..] => {
                if u16::from_be_bytes([*high, *low]) == expected {
                    got.extend(rest);
                    expected = expected.wrapping_add(1);
                }
                let acknowledged = [0, ACK, *high, *low];
                transfer.handle_packet(now, &acknowledged);
                transfer.handle_packet(now, &acknowledged); // twice, as networks do
            }
            other => panic!("{other:?}"),
        }
        packets.push(packet);
    }
    (got, packets)
}

#[test]
fn a_file_comes_whole_whatever_its_length_and_whatever_is_lost() {
    for length in [0, 1, 511, 512, 513, 1024, 5000] {
        let data: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
        for lost in [0, 2, 3] {
            let (got, packets) = read(&["/spa504G.cfg", "octet"], &data, lost);
            assert_eq!(got, data, "{length} {lost}");
            assert!(packets.last().unwrap().len() < 516, "the last block is a short one");
        }
    }
}

#[test]
fn options_are_granted_as_far_as_they_make_sense() {
    let data = vec![7; 3000];
    let words = ["a", "octet", "BLKSIZE", "9999", "tsize", "0", "timeout", "3", "windowsize", "4", "blksize", "8"];
    let (got, packets) = read(&words, &data, 0);
    assert_eq!(got, data);
    assert_eq!(packets[0], [&[0, OPTIONS][..], b"blksize\x001468\0timeout\x003\0tsize\x003000\0"].concat());
    assert_eq!(packets[1].len(), 1472);
    let (_, packets) = read(&["a", "octet", "blksize", "7", "timeout", "0"], &data, 0);
    assert_eq!(packets[0].len(), 516, "nothing was granted, and it begins at once");
}

#[test]
fn blocks_count_over_their_end() {
    let data: Vec<u8> = (0..8 * 70_000u32).map(|n| (n >> 3) as u8).collect();
    assert_eq!(read(&["a", "octet", "blksize", "8"], &data, 0).0, data);
}

#[test]
fn text_has_the_line_ends_of_the_network() {
    assert_eq!(read(&["a", "NetASCII"], b"a\nb\rc", 0).0, b"a\r\nb\r\0c");
}

#[test]
fn what_is_no_request_to_read_is_refused_or_not_answered() {
    assert_eq!(ReadRequest::read(&[0, WRITE, b'a', 0]), Err(Some(Refusal::ReadOnly)));
    assert_eq!(ReadRequest::read(&request(&["a", "mail"])), Err(Some(Refusal::Illegal)));
    assert_eq!(ReadRequest::read(&request(&["", "octet"])), Err(Some(Refusal::Illegal)));
    assert_eq!(ReadRequest::read(&request(&["a".repeat(600).as_str(), "octet"])), Err(Some(Refusal::Illegal)));
    for noise in [&[][..], &[0], &[0, ERROR, 0, 1], &[0, ACK, 0, 1], &[1, 1, b'a', 0]] {
        assert_eq!(ReadRequest::read(noise), Err(None), "an answer to an answer would never end");
    }
    assert_eq!(Refusal::NotFound.to_bytes(), b"\0\x05\0\x01File not found\0");
}

#[test]
fn a_reader_that_goes_is_given_up() {
    let request = ReadRequest::read(&request(&["a", "octet"])).unwrap();
    let mut transfer = Transfer::new(Instant::ZERO, &request, vec![1; 600]);
    let mut sent = 0;
    while let Some(due) = transfer.poll_timeout() {
        sent += std::iter::from_fn(|| transfer.poll_output()).count();
        transfer.handle_timeout(due);
    }
    assert_eq!(sent, 5);
    let mut transfer = Transfer::new(Instant::ZERO, &request, vec![1; 600]);
    transfer.handle_packet(Instant::ZERO, &Refusal::Busy.to_bytes());
    assert_eq!(transfer.poll_timeout(), None, "it said that it goes");
}

proptest! {
    #[test]
    fn no_bytes_bring_it_down(bytes in proptest::collection::vec(any::<u8>(), 0..700), data in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let _ = ReadRequest::read(&bytes);
        if let Ok(request) = ReadRequest::read(&[&[0, READ], bytes.as_slice(), b"\0octet\0"].concat()) {
            let mut transfer = Transfer::new(Instant::ZERO, &request, data);
            transfer.handle_packet(Instant::ZERO, &bytes);
            transfer.handle_timeout(Instant::from_micros(1 << 40));
        }
    }

    #[test]
    fn what_is_granted_is_what_is_sent(data in proptest::collection::vec(any::<u8>(), 0..3000), block in 8usize..2000, lost in 2usize..9) {
        let (got, _) = read(&["f", "octet", "blksize", &block.to_string()], &data, lost);
        prop_assert_eq!(got, data);
    }
}
