//! Any packets of DHCP's clients, one after the other: no panic, every answer is an answer of the server, and no address leaves the range.
//! The input is pieces: two bytes of length, then the packet.
#![no_main]

use std::net::Ipv4Addr;

use dozvon::base::{Duration, Instant, Rng, WallTime};
use dozvon::provision::Mac;
use dozvon::provision::dhcp::{Network, Server, Watch, overhear};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let own = Ipv4Addr::new(10, 0, 0, 1);
    let (first, last) = (Ipv4Addr::new(10, 0, 0, 100), Ipv4Addr::new(10, 0, 0, 103));
    let network = Network {
        address: own,
        prefix: 24,
        first,
        last,
        router: Some(own),
        dns: vec![own],
        time: Some(own),
        lease: Duration::from_secs(3600),
        url: "http://10.0.0.1/provision/secret/".to_owned(),
    };
    let mut server = Server::new(network, Vec::new());
    let mut watch = Watch::new(Instant::ZERO, Mac([2, 0, 0, 0, 0, 1]), own, &mut Rng::from_seed(1));
    let mut rest = bytes;
    let mut at = WallTime(0);
    while let [high, low, after @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(after.len());
        let (packet, next) = after.split_at(length);
        rest = next;
        at = at + Duration::from_secs(60);
        let heard = server.handle(at, packet, &|_| None);
        if let Some((_, reply)) = heard.reply {
            assert_eq!(reply.first(), Some(&2), "BOOTREPLY");
        }
        let _ = overhear(packet);
        watch.handle_packet(Instant::ZERO, packet);
        assert!(server.leases().all(|lease| (first..=last).contains(&lease.address)));
    }
});
