//! What many clients at a time can't do: take the last place, speak an old TLS, or be sent more than they need.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};

use socket2::{Domain, Socket, Type};

use crate::client::{Caller, Wire, connect};
use crate::world::{PASSWORD, TOKEN, World};

const GET: &str = "GET /healthz HTTP/1.1\r\nHost: box\r\n\r\n";

/// As another machine of the LAN: the gate counts by address.
fn connect_from(last: u8, to: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((Ipv4Addr::new(127, 0, 77, last), 0)).into()).unwrap();
    socket.connect(&to.into()).unwrap();
    socket.into()
}

/// A test holds both ends of each connection.
fn allow_files(count: u64) {
    let (_, most) = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE).unwrap();
    nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE, count.min(most), most).unwrap();
}

#[test]
fn five_hundred_idle_and_dripping_connections_leave_the_others_served() {
    allow_files(4096);
    let world = World::new();
    let mut held = Vec::new();
    for n in 0..500 {
        let mut stream = connect_from(1 + (n / 63) as u8, if n % 2 == 0 { world.at.https } else { world.at.http });
        if n % 4 == 1 {
            stream.write_all(b"GET /healthz HTTP/1.1\r\nX-Slow").unwrap();
        }
        held.push(stream);
    }
    assert_eq!(Caller::nobody(&world).sign_in("admin", PASSWORD).status, 200);
    for _ in 0..20 {
        assert_eq!(Caller::token(&world, TOKEN).get("/api/v1/trunks").status, 200);
    }
    let mut over: Vec<Wire> = (0..30).map(|n| Wire::Plain(connect_from(200 + n, world.at.http))).collect();
    over.iter_mut().for_each(|wire| wire.send(GET));
    let served = over.iter_mut().filter_map(Wire::answer).count();
    assert!(served < 30, "there is an end to it");
    drop((held, over));
    // The box learns of the closed ones in its own time.
    let again = (0..5000).find_map(|_| {
        let mut wire = Wire::plain(&world);
        wire.send(GET);
        wire.answer()
    });
    assert_eq!(again.unwrap().status, 200);
}

#[test]
fn tls_is_spoken_as_1_2_and_1_3_and_not_as_before() {
    let world = World::new();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let mut wire = Wire::tls_of(world.at.https, &world.ca(), "127.0.0.1", &[version]).unwrap();
        wire.send(GET);
        assert_eq!(wire.answer().unwrap().status, 200, "{version:?}");
    }
    // A ClientHello of 1.0 and of 1.1 with a suite that both have: RFC 4346 §7.4.1.2.
    for minor in [1, 2] {
        let hello = [&[3, minor][..], &[7; 32], &[0], &[0, 2, 0, 0x2f], &[1, 0]].concat();
        let handshake = [&[1, 0, 0, hello.len() as u8][..], &hello].concat();
        let record = [&[22, 3, 1, 0, handshake.len() as u8][..], &handshake].concat();
        let mut stream = connect(world.at.https);
        stream.write_all(&record).unwrap();
        let mut said = Vec::new();
        let _ = stream.read_to_end(&mut said);
        // A fatal alert and nothing else, handshake_failure or protocol_version: RFC 5246 §7.2.
        assert!(matches!(said[..], [21, 3, _, 0, 2, 2, 40 | 70]), "1.{}: {said:?}", minor - 1);
    }
}

#[test]
fn long_answers_and_the_page_come_packed_to_those_who_take_it() {
    let world = World::new();
    let unpacked = |bytes: &[u8]| {
        let mut text = String::new();
        flate2::read::GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
        text
    };
    for path in ["/api/v1/extensions", "/api/v1/openapi.json", "/ui/x/app.js"] {
        let plain = Caller::token(&world, TOKEN).get(path);
        assert_eq!((plain.header("content-encoding"), plain.header("vary")), (None, Some("accept-encoding")), "{path}");
        // The client that checks answers against the description reads no gzip.
        let mut wire = Wire::tls(&world);
        let token = format!("Authorization: Bearer {TOKEN}\r\nAccept-Encoding: br, gzip");
        wire.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n{token}\r\n\r\n"));
        let packed = wire.answer().unwrap();
        assert_eq!((packed.status, packed.header("content-encoding")), (200, Some("gzip")), "{path}");
        assert!(packed.body.len() * 2 < plain.body.len(), "{path}: {}", packed.body.len());
        assert_eq!(unpacked(&packed.body), plain.text(), "{path}");
    }
    let events = Caller::token(&world, TOKEN).with("Accept-Encoding", "gzip").listen("/api/v1/events").0;
    assert_eq!(events.header("content-encoding"), None);
}
