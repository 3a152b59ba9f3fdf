//! One packet of a capture: whether it is wanted, and how it is kept. SIP's secrets are covered, with sums that fit again; datagrams that
//! came in fragments are put together first, as a secret may lie across them, and are kept whole. Pure: bytes in, bytes out.

use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

use etherparse::defrag::IpDefragBuf;
use etherparse::{IpFragOffset, IpNumber, Ipv4Header, Ipv6Header, NetSlice, SlicedPacket, TcpSlice, UdpSlice};

use super::stream::Streams;
use crate::io::signalling::cover_in_place;

/// What is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Ports of SIP as text, of datagrams and connections.
    pub sip: BTreeSet<u16>,
    /// Ports of SIP under TLS: kept as they are, since nobody can read them.
    pub tls: BTreeSet<u16>,
    /// Ports of sound.
    pub sound: Option<RangeInclusive<u16>>,
    /// Only from or to this address.
    pub address: Option<IpAddr>,
}

/// What packets before this one leave behind.
#[derive(Debug)]
pub(super) struct Watcher {
    wanted: Wanted,
    streams: Streams,
    fragments: HashMap<Fragments, (u64, IpDefragBuf)>,
    turn: u64,
}

/// Which datagram a fragment is of: RFC 791, RFC 8200 §4.5.
type Fragments = (IpAddr, IpAddr, u32, u8);

/// A whole IP packet.
struct Packet {
    source: IpAddr,
    destination: IpAddr,
    protocol: IpNumber,
    bytes: Vec<u8>,
    /// Where TCP or UDP begins.
    at: usize,
}

impl Watcher {
    pub(super) fn new(wanted: Wanted) -> Self {
        Self { wanted, streams: Streams::default(), fragments: HashMap::new(), turn: 0 }
    }

    /// The packet as it is kept; `None`: it is not, or not yet.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut packet = self.whole(bytes)?;
        let is_of = |address: IpAddr| packet.source == address || packet.destination == address;
        if self.wanted.address.is_some_and(|address| !is_of(address)) {
            return None;
        }
        match packet.protocol {
            IpNumber::UDP => self.datagram(&mut packet)?,
            IpNumber::TCP => self.segment(&mut packet)?,
            _ => return None,
        }
        Some(packet.bytes)
    }

    fn datagram(&self, packet: &mut Packet) -> Option<()> {
        let udp = UdpSlice::from_slice(packet.bytes.get(packet.at..)?).ok()?;
        let ports = [udp.source_port(), udp.destination_port()];
        let length = usize::from(udp.length());
        if ports.iter().any(|port| self.wanted.sip.contains(port)) {
            let mut header = udp.to_header();
            let payload = packet.bytes.get_mut(packet.at + 8..packet.at + length)?;
            cover_in_place(payload);
            header.checksum = match (packet.source, packet.destination) {
                (IpAddr::V4(from), IpAddr::V4(to)) => {
                    header.calc_checksum_ipv4_raw(from.octets(), to.octets(), payload).ok()?
                }
                (IpAddr::V6(from), IpAddr::V6(to)) => {
                    header.calc_checksum_ipv6_raw(from.octets(), to.octets(), payload).ok()?
                }
                _ => return None,
            };
            packet.bytes.get_mut(packet.at + 6..packet.at + 8)?.copy_from_slice(&header.checksum.to_be_bytes());
            return Some(());
        }
        let sound = self.wanted.sound.as_ref()?;
        ports.iter().any(|port| sound.contains(port)).then_some(())
    }

    fn segment(&mut self, packet: &mut Packet) -> Option<()> {
        let tcp = TcpSlice::from_slice(packet.bytes.get(packet.at..)?).ok()?;
        let (from, to) = (tcp.source_port(), tcp.destination_port());
        if [from, to].iter().any(|port| self.wanted.tls.contains(port)) {
            return Some(());
        }
        if ![from, to].iter().any(|port| self.wanted.sip.contains(port)) {
            return None;
        }
        let header = tcp.to_header();
        let way = (SocketAddr::new(packet.source, from), SocketAddr::new(packet.destination, to));
        let payload = packet.bytes.get_mut(packet.at + header.header_len()..)?;
        // SYN takes a number of its own: RFC 9293 §3.4
        self.streams.cover(way, header.sequence_number.wrapping_add(u32::from(header.syn)), payload);
        let sum = match (packet.source, packet.destination) {
            (IpAddr::V4(from), IpAddr::V4(to)) => header.calc_checksum_ipv4_raw(from.octets(), to.octets(), payload),
            (IpAddr::V6(from), IpAddr::V6(to)) => header.calc_checksum_ipv6_raw(from.octets(), to.octets(), payload),
            _ => return None,
        };
        packet.bytes.get_mut(packet.at + 16..packet.at + 18)?.copy_from_slice(&sum.ok()?.to_be_bytes());
        Some(())
    }

    /// The packet, once all of it has come.
    fn whole(&mut self, bytes: &[u8]) -> Option<Packet> {
        let sliced = SlicedPacket::from_ip(bytes).ok()?;
        let net = sliced.net.as_ref()?;
        let payload = net.ip_payload_ref()?;
        let (source, destination): (IpAddr, IpAddr) = match net {
            NetSlice::Ipv4(ip) => (ip.header().source_addr().into(), ip.header().destination_addr().into()),
            NetSlice::Ipv6(ip) => (ip.header().source_addr().into(), ip.header().destination_addr().into()),
            NetSlice::Arp(_) => return None,
        };
        let protocol = payload.ip_number;
        if payload.fragmented {
            let (id, offset, more) = fragment(net)?;
            let key = (source, destination, id, protocol.0);
            let data = self.put_together(key, offset, more, payload.payload)?;
            return rebuilt(net, protocol, &data).map(|(bytes, at)| Packet {
                source,
                destination,
                protocol,
                bytes,
                at,
            });
        }
        // The payload is a part of `bytes`; what lies behind it is padding of the cable's.
        let at = (payload.payload.as_ptr() as usize).checked_sub(bytes.as_ptr() as usize)?;
        let bytes = bytes.get(..at + payload.payload.len())?.to_vec();
        Some(Packet { source, destination, protocol, bytes, at })
    }

    fn put_together(&mut self, key: Fragments, offset: IpFragOffset, more: bool, data: &[u8]) -> Option<Vec<u8>> {
        self.turn += 1;
        if !self.fragments.contains_key(&key) && self.fragments.len() >= MOST_FRAGMENTED {
            let oldest = self.fragments.iter().min_by_key(|(_, (turn, _))| *turn).map(|(key, _)| *key);
            oldest.and_then(|key| self.fragments.remove(&key));
        }
        let new = || (self.turn, IpDefragBuf::new(IpNumber(key.3), Vec::new(), Vec::new()));
        let (_, buffer) = self.fragments.entry(key).or_insert_with(new);
        let added = buffer.add(offset, more, data);
        if added.is_ok() && !buffer.is_complete() {
            return None;
        }
        let (_, buffer) = self.fragments.remove(&key)?;
        added.ok().map(|()| buffer.take_bufs().0)
    }
}

/// Which datagram a fragment is of, where it belongs there, and whether more follow.
fn fragment(net: &NetSlice<'_>) -> Option<(u32, IpFragOffset, bool)> {
    match net {
        NetSlice::Ipv4(ip) => {
            let header = ip.header();
            Some((u32::from(header.identification()), header.fragments_offset(), header.more_fragments()))
        }
        NetSlice::Ipv6(ip) => ip.extensions().clone().into_iter().find_map(|extension| match extension {
            etherparse::Ipv6ExtensionSlice::Fragment(part) => {
                let part = part.to_header();
                Some((part.identification, part.fragment_offset, part.more_fragments))
            }
            _ => None,
        }),
        NetSlice::Arp(_) => None,
    }
}

/// A packet that was never cut, and where its payload begins.
fn rebuilt(net: &NetSlice<'_>, protocol: IpNumber, data: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut bytes = Vec::with_capacity(data.len() + 40);
    let length = u16::try_from(data.len()).ok()?;
    match net {
        NetSlice::Ipv4(ip) => {
            let old = ip.header();
            let mut header = Ipv4Header::new(length, old.ttl(), protocol, old.source(), old.destination()).ok()?;
            header.identification = old.identification();
            header.dscp = old.dcp();
            header.header_checksum = header.calc_header_checksum();
            header.write(&mut bytes).ok()?;
        }
        NetSlice::Ipv6(ip) => {
            let header = Ipv6Header { payload_length: length, next_header: protocol, ..ip.header().to_header() };
            header.write(&mut bytes).ok()?;
        }
        NetSlice::Arp(_) => return None,
    }
    let at = bytes.len();
    bytes.extend_from_slice(data);
    Some((bytes, at))
}

/// Datagrams that are put together at a time; the oldest goes.
const MOST_FRAGMENTED: usize = 64;

#[cfg(test)]
mod tests;
