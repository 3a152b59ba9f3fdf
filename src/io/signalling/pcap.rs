//! A ladder as a capture file for Wireshark: each message in a datagram of our own making, whatever carried it.

use std::net::{IpAddr, SocketAddr};

use super::part::Message;

/// The classic format with microseconds and raw IP (LINKTYPE_RAW, 101): draft-ietf-opsawg-pcap.
pub fn pcap(messages: &[Message]) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 0xffff, 101] {
        file.extend(word.to_le_bytes());
    }
    for message in messages {
        let (from, to) = if message.sent { (message.local, message.peer) } else { (message.peer, message.local) };
        let packet = packet(from, to, message.text.as_bytes());
        let length = u32::try_from(packet.len()).unwrap_or(u32::MAX);
        let millis = message.at.millis();
        let seconds = u32::try_from(millis.div_euclid(1000)).unwrap_or(u32::MAX);
        let micros = u32::try_from(millis.rem_euclid(1000) * 1000).unwrap_or(0);
        for word in [seconds, micros, length, length] {
            file.extend(word.to_le_bytes());
        }
        file.extend(packet);
    }
    file
}

fn packet(from: SocketAddr, to: SocketAddr, text: &[u8]) -> Vec<u8> {
    let text = text.get(..text.len().min(LONGEST)).unwrap_or_default();
    let udp_length = u16::try_from(text.len() + 8).unwrap_or(u16::MAX);
    let mut udp = Vec::with_capacity(text.len() + 8);
    for word in [from.port(), to.port(), udp_length, 0] {
        udp.extend(word.to_be_bytes());
    }
    udp.extend(text);
    match (from.ip().to_canonical(), to.ip().to_canonical()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            // no checksum of UDP: RFC 768 allows that over IPv4
            let total = u16::try_from(udp.len() + 20).unwrap_or(u16::MAX);
            let mut head = vec![0x45, 0];
            head.extend(total.to_be_bytes());
            head.extend([0, 0, 0x40, 0, 64, 17, 0, 0]);
            head.extend(from.octets());
            head.extend(to.octets());
            let sum = checksum(&head);
            head.splice(10..12, sum.to_be_bytes());
            head.extend(udp);
            head
        }
        (from, to) => {
            let [from, to] = [from, to].map(|ip| match ip {
                IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
                IpAddr::V6(ip) => ip.octets(),
            });
            let mut pseudo: Vec<u8> = [from, to].concat();
            pseudo.extend(u32::from(udp_length).to_be_bytes());
            pseudo.extend([0, 0, 0, 17]);
            pseudo.extend(&udp);
            let sum = match checksum(&pseudo) {
                0 => 0xffff, // RFC 8200 §8.1
                sum => sum,
            };
            udp.splice(6..8, sum.to_be_bytes());
            let mut head = vec![0x60, 0, 0, 0];
            head.extend(udp_length.to_be_bytes());
            head.extend([17, 64]);
            head.extend(from);
            head.extend(to);
            head.extend(udp);
            head
        }
    }
}

/// RFC 1071.
fn checksum(bytes: &[u8]) -> u16 {
    let word =
        |pair: &[u8]| u32::from(pair.first().copied().unwrap_or(0)) << 8 | u32::from(pair.get(1).copied().unwrap_or(0));
    let mut sum: u32 = bytes.chunks(2).map(word).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or(0)
}

/// Of a datagram over IPv4. Bytes.
const LONGEST: usize = 65_507;
