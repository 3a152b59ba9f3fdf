use etherparse::{Ipv6FragmentHeader, PacketBuilder};

use super::*;

const REGISTER: &str =
    "REGISTER sip:box SIP/2.0\r\nAuthorization: Digest username=\"201\", response=\"0123456789abcdef\"\r\n\r\n";
const COVERED: &str =
    "REGISTER sip:box SIP/2.0\r\nAuthorization: Digest username=\"201\", response=\"****************\"\r\n\r\n";

fn wanted() -> Wanted {
    Wanted { sip: [5060].into(), tls: [5061].into(), sound: None, address: None }
}

fn udp4(from: u16, to: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let builder = PacketBuilder::ipv4([192, 0, 2, 9], [192, 0, 2, 1], 64).udp(from, to);
    builder.write(&mut bytes, payload).unwrap();
    bytes
}

/// Its payload, when all sums fit.
fn checked(bytes: &[u8]) -> Vec<u8> {
    let sliced = SlicedPacket::from_ip(bytes).unwrap();
    let net = sliced.net.clone().unwrap();
    if let NetSlice::Ipv4(ip) = &net {
        assert_eq!(ip.header().header_checksum(), ip.header().to_header().calc_header_checksum());
    }
    match sliced.transport.unwrap() {
        etherparse::TransportSlice::Udp(udp) => {
            let header = udp.to_header();
            let sum = match &net {
                NetSlice::Ipv4(ip) => header.calc_checksum_ipv4(&ip.header().to_header(), udp.payload()),
                NetSlice::Ipv6(ip) => header.calc_checksum_ipv6(&ip.header().to_header(), udp.payload()),
                NetSlice::Arp(_) => panic!("no IP"),
            };
            assert_eq!(udp.checksum(), sum.unwrap());
            udp.payload().to_vec()
        }
        etherparse::TransportSlice::Tcp(tcp) => {
            let NetSlice::Ipv4(ip) = &net else { panic!("no IPv4") };
            assert_eq!(
                tcp.checksum(),
                tcp.calc_checksum_ipv4(ip.header().source(), ip.header().destination()).unwrap()
            );
            tcp.payload().to_vec()
        }
        _ => panic!("neither UDP nor TCP"),
    }
}

#[test]
fn a_datagram_of_sip_is_kept_with_its_secret_covered_and_its_sums_right() {
    let mut watcher = Watcher::new(wanted());
    for (from, to) in [(40_000, 5060), (5060, 40_000)] {
        let kept = watcher.take(&udp4(from, to, REGISTER.as_bytes())).expect("it is SIP");
        assert_eq!(checked(&kept), COVERED.as_bytes());
    }
    let mut bytes = Vec::new();
    PacketBuilder::ipv6([1; 16], [2; 16], 64).udp(40_000, 5060).write(&mut bytes, REGISTER.as_bytes()).unwrap();
    assert_eq!(checked(&watcher.take(&bytes).expect("it is SIP")), COVERED.as_bytes());
}

#[test]
fn what_is_not_asked_for_is_not_kept() {
    let mut watcher = Watcher::new(wanted());
    assert_eq!(watcher.take(&udp4(40_000, 10_000, b"sound")), None);
    assert_eq!(watcher.take(&udp4(40_000, 53, b"a name")), None);
    assert_eq!(watcher.take(b""), None);
    assert_eq!(watcher.take(&[0x45; 20]), None);
    let mut all = Watcher::new(Wanted { sound: Some(10_000..=20_000), ..wanted() });
    let sound = udp4(40_000, 10_000, b"sound");
    assert_eq!(all.take(&sound), Some(sound));
    assert_eq!(all.take(&udp4(40_000, 53, b"a name")), None);
    let address = |last| Some(IpAddr::from([192, 0, 2, last]));
    let of = |last| Watcher::new(Wanted { address: address(last), ..wanted() }).take(&udp4(1, 5060, b"x"));
    assert!(of(9).is_some() && of(1).is_some() && of(2).is_none());
}

#[test]
fn the_cables_padding_is_cut_off() {
    let packet = udp4(5060, 5060, b"\r\n\r\n");
    let padded = [packet.as_slice(), &[0; 14]].concat();
    assert_eq!(Watcher::new(wanted()).take(&padded), Some(packet));
}

#[test]
fn segments_are_covered_across_their_boundary_and_tls_is_left_alone() {
    let mut watcher = Watcher::new(wanted());
    let tcp = |to: u16, sequence: u32, payload: &[u8]| {
        let mut bytes = Vec::new();
        let builder = PacketBuilder::ipv4([192, 0, 2, 9], [192, 0, 2, 1], 64).tcp(40_000, to, sequence, 1_000);
        builder.write(&mut bytes, payload).unwrap();
        bytes
    };
    let (one, two) = REGISTER.as_bytes().split_at(75);
    let kept: Vec<u8> = [(1, one), (76, two)]
        .into_iter()
        .flat_map(|(sequence, part)| checked(&watcher.take(&tcp(5060, sequence, part)).expect("it is SIP")))
        .collect();
    assert_eq!(kept, COVERED.as_bytes());
    let secret = tcp(5061, 1, &[0x16, 3, 1, 0, 5]);
    assert_eq!(watcher.take(&secret), Some(secret));
    assert_eq!(watcher.take(&tcp(443, 1, b"GET / HTTP/1.1")), None);
}

#[test]
fn fragments_are_put_together_before_secrets_are_covered() {
    let mut watcher = Watcher::new(wanted());
    let whole = udp4(40_000, 5060, REGISTER.as_bytes());
    let (head, data) = whole.split_at(20);
    let cut = 88; // in the middle of the secret, a multiple of 8
    let part = |from: usize, to: usize, more: bool| {
        let mut header = Ipv4Header::from_slice(head).unwrap().0;
        header.total_len = u16::try_from(20 + to - from).unwrap();
        header.identification = 7;
        header.more_fragments = more;
        header.fragment_offset = IpFragOffset::try_new(u16::try_from(from / 8).unwrap()).unwrap();
        header.header_checksum = header.calc_header_checksum();
        [header.to_bytes().as_slice(), &data[from..to]].concat()
    };
    // the last one first, as some networks do
    assert_eq!(watcher.take(&part(cut, data.len(), false)), None);
    let kept = watcher.take(&part(0, cut, true)).expect("it is whole");
    assert_eq!(checked(&kept), COVERED.as_bytes());
    assert!(watcher.fragments.is_empty());
    for id in 0..1_000_u32 {
        let mut fragment = part(0, cut, true);
        fragment[4..6].copy_from_slice(&u16::try_from(id).unwrap().to_be_bytes());
        fragment[10..12].fill(0);
        assert_eq!(watcher.take(&fragment), None);
    }
    assert_eq!(watcher.fragments.len(), MOST_FRAGMENTED);
}

#[test]
fn fragments_of_ipv6_are_put_together_too() {
    let mut watcher = Watcher::new(wanted());
    let mut whole = Vec::new();
    PacketBuilder::ipv6([1; 16], [2; 16], 64).udp(40_000, 5060).write(&mut whole, REGISTER.as_bytes()).unwrap();
    let (head, data) = whole.split_at(40);
    let cut = 88;
    let part = |from: usize, to: usize, more: bool| {
        let mut header = Ipv6Header::from_slice(head).unwrap().0;
        header.payload_length = u16::try_from(8 + to - from).unwrap();
        header.next_header = IpNumber::IPV6_FRAGMENTATION_HEADER;
        let offset = IpFragOffset::try_new(u16::try_from(from / 8).unwrap()).unwrap();
        let fragment = Ipv6FragmentHeader::new(IpNumber::UDP, offset, more, 7);
        [header.to_bytes().as_slice(), &fragment.to_bytes(), &data[from..to]].concat()
    };
    assert_eq!(watcher.take(&part(0, cut, true)), None);
    let kept = watcher.take(&part(cut, data.len(), false)).expect("it is whole");
    assert_eq!(checked(&kept), COVERED.as_bytes());
}
