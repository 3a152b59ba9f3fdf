//! SIP under TLS: handshakes, their bounds, certificates of both sides.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConnection, StreamOwned, SupportedProtocolVersion};

use super::*;
use crate::base::WallTime;
use crate::io::scratch::Scratch;
use crate::office::Authority;

type Phone = StreamOwned<ClientConnection, TcpStream>;

const BOTH: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13, &rustls::version::TLS12];

fn now() -> WallTime {
    WallTime(1_795_605_600_000)
}

/// The phones' calendar is the house's, whenever the test runs.
#[derive(Debug)]
struct Calendar(fn() -> WallTime);

impl TimeProvider for Calendar {
    fn current_time(&self) -> Option<UnixTime> {
        let millis = u64::try_from((self.0)().millis()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_millis(millis)))
    }
}

struct House {
    now: fn() -> WallTime,
    certificate: Arc<Certificate>,
    net: Net,
    _dir: Scratch,
}

/// A house with an open door, and a certificate that takes the time from `now`.
fn with_house(now: fn() -> WallTime, test: impl AsyncFnOnce(House)) {
    with_net(async |mut net| {
        let dir = Scratch::new();
        let certificate = Certificate::open(dir.path().join("tls"), &[], now).expect("a certificate");
        net.open_tls(Arc::clone(&certificate)).expect("opens");
        test(House { now, certificate, net, _dir: dir }).await;
    });
}

impl House {
    /// Connects as a phone that trusts this box's authority.
    fn phone(&self, versions: &[&'static SupportedProtocolVersion]) -> io::Result<Phone> {
        let pem = self.certificate.authority().expect("made");
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).expect("PEM")).expect("an authority");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_details(provider, Arc::new(Calendar(self.now)));
        let config = config.with_protocol_versions(versions).expect("spoken");
        let config = config.with_root_certificates(roots).with_no_client_auth();
        let name = ServerName::try_from("127.0.0.1").expect("an address");
        let mut tls = ClientConnection::new(Arc::new(config), name).expect("fits");
        let mut stream = TcpStream::connect(self.net.listens().tls)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        while tls.is_handshaking() {
            tls.complete_io(&mut stream)?;
        }
        Ok(StreamOwned::new(tls, stream))
    }
}

/// The whole certificate that a phone was shown.
fn shown(phone: &Phone) -> Vec<u8> {
    phone.conn.peer_certificates().expect("shown")[0].to_vec()
}

#[test]
fn a_phone_speaks_under_tls_1_2_and_1_3() {
    for version in BOTH {
        with_house(now, async |mut house| {
            let mut phone = house.phone(&[version]).expect("a handshake");
            phone.write_all(&OPTIONS[..20]).expect("sent");
            phone.write_all(&OPTIONS[20..]).expect("sent");
            let News::Message(flow, bytes) = news(&mut house.net).await else { panic!("a message first") };
            assert_eq!((bytes.as_slice(), flow.transport), (OPTIONS, Transport::Tls));
            assert_eq!((flow.peer, flow.local), (phone.sock.local_addr().expect("bound"), house.net.listens().tls));
            house.net.send(flow, b"answer".to_vec());
            let mut answer = [0; 6];
            phone.read_exact(&mut answer).expect("comes");
            phone.write_all(b"\r\n\r\n").expect("sent");
            let mut pong = [0; 2];
            phone.read_exact(&mut pong).expect("comes");
            assert_eq!((&answer, &pong), (b"answer", b"\r\n"));
            drop(phone);
            let News::Failed(lost) = news(&mut house.net).await else { panic!("the end is told") };
            assert_eq!(lost, flow);
            // a phone is no server: nobody connects to it
            house.net.send(Flow { connection: 0, ..flow }, b"nobody".to_vec());
            assert_eq!(house.net.take_failed(), Some(Flow { connection: 0, ..flow }));
        });
    }
}

#[test]
fn half_open_handshakes_and_garbage_keep_nobody_out() {
    with_house(now, async |mut house| {
        let at = house.net.listens().tls;
        let from = |last: u8| {
            let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
            socket.bind(&SocketAddr::from(([127, 0, 9, last], 0)).into()).expect("loopback");
            socket.connect(&at.into()).expect("listens");
            TcpStream::from(socket)
        };
        // the beginning of a ClientHello, and no more of it
        let half: Vec<_> = (0..=255).map(from).collect();
        for mut stream in &half {
            stream.write_all(&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]).expect("sent");
        }
        for seed in 0..60_u64 {
            let mut garbage = vec![0; 700];
            Rng::from_seed(seed).fill(&mut garbage);
            if seed % 2 == 0 {
                garbage[..5].copy_from_slice(&[0x16, 3, 3, 2, 0xb7]);
            }
            let mut stream = from(u8::try_from(seed).expect("small"));
            stream.set_read_timeout(Some(Duration::from_secs(15))).expect("settable");
            let _ = stream.write_all(&garbage);
            // an alert at most, then the end
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer);
            assert!(answer.len() < 64, "{seed}: {} bytes", answer.len());
        }
        let mut phone = house.phone(BOTH).expect("a handshake");
        phone.write_all(OPTIONS).expect("sent");
        assert!(matches!(news(&mut house.net).await, News::Message(..)));
        drop(half);
    });
}

#[test]
fn plain_sip_on_the_port_of_tls_is_refused_and_a_broken_message_under_tls_too() {
    with_house(now, async |mut house| {
        let mut plain = TcpStream::connect(house.net.listens().tls).expect("listens");
        plain.write_all(OPTIONS).expect("sent");
        let mut answer = Vec::new();
        let _ = plain.read_to_end(&mut answer);
        assert!(!answer.starts_with(b"SIP"));
        let mut phone = house.phone(BOTH).expect("a handshake");
        phone.write_all(&[b'x'; 70_000]).expect("sent");
        assert!(matches!(news(&mut house.net).await, News::Failed(_)));
    });
}

static CLOCK: AtomicI64 = AtomicI64::new(1_795_605_600_000);

#[test]
fn a_certificate_about_to_end_is_replaced_while_a_connection_goes_on() {
    with_house(
        || WallTime(CLOCK.load(Ordering::Relaxed)),
        async |mut house| {
            let mut old = house.phone(BOTH).expect("a handshake");
            old.write_all(OPTIONS).expect("sent");
            let News::Message(flow, _) = news(&mut house.net).await else { panic!("a message") };
            house.certificate.renew_if_due();
            assert_eq!(shown(&house.phone(BOTH).expect("a handshake")), shown(&old), "it is not due yet");
            // 370 days later it has 27 left
            CLOCK.fetch_add(370 * 24 * 3_600_000, Ordering::Relaxed);
            house.certificate.renew_if_due();
            let new = house.phone(BOTH).expect("a handshake");
            assert_ne!(shown(&new), shown(&old));
            house.net.send(flow, b"still here".to_vec());
            let mut text = [0; 10];
            old.read_exact(&mut text).expect("comes");
            assert_eq!(&text, b"still here");
        },
    );
}

/// A server with a certificate for `localhost`; serves one client.
fn server() -> (SocketAddr, Authority) {
    let key = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a key");
    let authority = Authority { name: "theirs".to_owned(), certificate: key.cert.pem() };
    let private = rustls::pki_types::PrivateKeyDer::Pkcs8(key.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.expect("spoken").with_no_client_auth();
    let config = Arc::new(config.with_single_cert(vec![key.cert.der().clone()], private).expect("fits"));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback");
    let at = listener.local_addr().expect("bound");
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut stream = stream;
            let mut tls = ServerConnection::new(Arc::clone(&config)).expect("fits");
            let mut talk = rustls::Stream::new(&mut tls, &mut stream);
            let mut said = [0; 5];
            if talk.read_exact(&mut said).is_ok() {
                let _ = talk.write_all(OPTIONS);
                let _ = talk.read(&mut said);
            }
        }
    });
    (at, authority)
}

/// What comes of sending to a server that the office calls `host`.
async fn say_to(net: &mut Net, host: &str, at: SocketAddr) -> News {
    let name =
        crate::engine::ServerName { host: host.to_owned(), port: Some(at.port()), transport: Some(Transport::Tls) };
    net.resolve(QueryId(1), name);
    let News::Resolved(_, flows) = news(net).await else { panic!("an answer") };
    let flow = *flows.iter().find(|flow| flow.peer == at).expect("it leads there");
    net.send(flow, b"hello".to_vec());
    news(net).await
}

#[test]
fn a_server_proves_that_it_is_the_one_that_the_office_means() {
    with_net(async |mut net| {
        let (at, authority) = server();
        assert!(matches!(say_to(&mut net, "localhost", at).await, News::Failed(_)), "nobody knows its authority");
        net.trust(&Trust::new(&[authority]));
        assert!(matches!(say_to(&mut net, "127.0.0.1", at).await, News::Failed(_)), "another name");
        let News::Message(flow, _) = say_to(&mut net, "localhost", at).await else { panic!("it is heard") };
        assert_eq!((flow.transport, flow.peer), (Transport::Tls, at));
        assert_ne!(flow.connection, 0);
    });
}
