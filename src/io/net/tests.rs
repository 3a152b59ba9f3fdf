mod secured;

use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};

use super::*;
use crate::base::Duration;

fn loopback() -> config::Sip {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    config::Sip { udp: any, tcp: any, tls: any, advertise: None }
}

fn with_net(test: impl AsyncFnOnce(Net)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let net = Net::open(&loopback(), Rng::from_seed(1)).expect("free ports");
        tokio::time::timeout(Duration::from_secs(20), test(net)).await.expect("in time");
    });
}

async fn news(net: &mut Net) -> News {
    loop {
        if let Wake::Event(event) = net.wake().await
            && let Some(news) = net.handle(event, &|_| false).pop()
        {
            return news;
        }
    }
}

const OPTIONS: &[u8] = b"OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 0\r\n\r\n";

#[test]
fn datagrams_come_with_their_flow_and_go_back_in_one_batch() {
    with_net(async |mut net| {
        let phone = UdpSocket::bind("127.0.0.1:0").expect("loopback");
        for text in ["one", "\r\n\r\n", "two"] {
            phone.send_to(text.as_bytes(), net.listens().udp).expect("sent");
        }
        let mut seen = Vec::new();
        while seen.len() < 2 {
            assert!(matches!(net.wake().await, Wake::Datagrams));
            net.receive(|flow, bytes| seen.push((flow, bytes.to_vec())));
        }
        let flow = seen[0].0;
        assert_eq!(flow.peer, phone.local_addr().expect("bound"));
        assert_eq!(flow.local, net.listens().udp);
        assert_eq!(seen.iter().map(|(_, bytes)| bytes.as_slice()).collect::<Vec<_>>(), [b"one", b"two"]);
        for number in 0..40_u8 {
            net.send(flow, vec![number]);
        }
        net.flush();
        phone.set_read_timeout(Some(Duration::from_secs(5))).expect("settable");
        for number in 0..40_u8 {
            let mut byte = [0];
            phone.recv(&mut byte).expect("comes");
            assert_eq!(byte, [number]);
        }
    });
}

#[test]
fn a_datagram_wakes_again_after_the_socket_was_drained() {
    with_net(async |mut net| {
        let phone = UdpSocket::bind("127.0.0.1:0").expect("loopback");
        for round in 0..3_u8 {
            phone.send_to(&[b'a' + round], net.listens().udp).expect("sent");
            let mut seen = Vec::new();
            while seen.is_empty() {
                assert!(matches!(net.wake().await, Wake::Datagrams));
                assert!(!net.receive(|_, bytes| seen.extend_from_slice(bytes)), "all was taken");
            }
            assert_eq!(seen, [b'a' + round]);
        }
        let idle = tokio::time::timeout(Duration::from_millis(50), net.wake()).await;
        assert!(idle.is_err(), "nothing waits, so nothing wakes");
    });
}

#[test]
fn a_connection_brings_messages_and_takes_answers() {
    with_net(async |mut net| {
        let mut phone = TcpStream::connect(net.listens().tcp).expect("listens");
        phone.write_all(&OPTIONS[..20]).expect("sent");
        phone.write_all(&OPTIONS[20..]).expect("sent");
        let News::Message(flow, bytes) = news(&mut net).await else { panic!("a message first") };
        assert_eq!((bytes.as_slice(), flow.peer), (OPTIONS, phone.local_addr().expect("bound")));
        assert_ne!(flow.connection, 0);
        net.send(flow, b"answer".to_vec());
        net.send(Flow { connection: 0, ..flow }, b" again".to_vec());
        tokio::time::sleep(Duration::from_millis(10)).await;
        phone.write_all(b"\r\n\r\n").expect("sent");
        tokio::time::sleep(Duration::from_millis(50)).await;
        let mut answer = [0; 14];
        phone.read_exact(&mut answer).expect("comes");
        assert_eq!(&answer, b"answer again\r\n");
        drop(phone);
        let News::Failed(lost) = news(&mut net).await else { panic!("the end is told") };
        assert_eq!(lost, flow);
        net.send(flow, b"nobody".to_vec());
        assert_eq!(net.take_failed(), Some(flow));
    });
}

#[test]
fn a_connection_is_opened_when_there_is_none() {
    with_net(async |mut net| {
        let carrier = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback");
        let peer = carrier.local_addr().expect("bound");
        let flow = Flow { transport: Transport::Tcp, local: net.listens().tcp, peer, connection: 0 };
        net.send(flow, b"first ".to_vec());
        net.send(flow, b"second".to_vec());
        tokio::time::sleep(Duration::from_millis(50)).await;
        let (mut stream, _) = carrier.accept().expect("connected once");
        let mut text = [0; 12];
        stream.read_exact(&mut text).expect("comes");
        assert_eq!(&text, b"first second");
        stream.write_all(OPTIONS).expect("sent");
        let News::Message(came, _) = news(&mut net).await else { panic!("a message") };
        assert_eq!((came.peer, came.connection != 0), (peer, true));
        drop(stream);
        let mut lost = Vec::new();
        while lost.is_empty() {
            if let Wake::Event(event) = net.wake().await {
                lost.extend(net.handle(event, &|_| false).into_iter().map(|news| format!("{news:?}")));
            }
        }
        assert_eq!(lost.len(), 2, "the connection, and who asked for any: {lost:?}");
    });
}

#[test]
fn a_peer_that_refuses_the_connection_fails_the_flow() {
    with_net(async |mut net| {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback").local_addr().expect("bound");
        let flow = Flow { transport: Transport::Tcp, local: net.listens().tcp, peer: closed, connection: 0 };
        net.send(flow, b"hello".to_vec());
        let News::Failed(lost) = news(&mut net).await else { panic!("it fails") };
        assert_eq!(lost, flow);
    });
}

#[test]
fn a_stream_that_can_not_be_followed_is_answered_and_closed() {
    with_net(async |mut net| {
        let mut scanner = TcpStream::connect(net.listens().tcp).expect("listens");
        let request = "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n\
                       To: <sip:b@b>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n";
        scanner.write_all(request.as_bytes()).expect("sent");
        assert!(matches!(news(&mut net).await, News::Failed(_)));
        let mut answer = String::new();
        scanner.read_to_string(&mut answer).expect("closed after the answer");
        assert!(answer.starts_with("SIP/2.0 400 "), "{answer}");
    });
}

#[test]
fn a_peer_that_does_not_read_is_let_go() {
    with_net(async |mut net| {
        let phone = TcpStream::connect(net.listens().tcp).expect("listens");
        (&phone).write_all(OPTIONS).expect("sent");
        let News::Message(flow, _) = news(&mut net).await else { panic!("a message") };
        for _ in 0..200 {
            net.send(flow, vec![b'x'; 60_000]);
            tokio::task::yield_now().await;
        }
        let News::Failed(lost) = news(&mut net).await else { panic!("let go") };
        assert_eq!(lost, flow);
    });
}

#[test]
fn one_address_has_its_share_of_connections_only() {
    with_net(async |mut net| {
        let scanner: Vec<_> = (0..105).map(|_| TcpStream::connect(net.listens().tcp).expect("listens")).collect();
        let settle = async |net: &mut Net| {
            while let Ok(Wake::Event(event)) = tokio::time::timeout(Duration::from_millis(100), net.wake()).await {
                net.handle(event, &|_| false);
            }
        };
        settle(&mut net).await;
        let closed = scanner.iter().filter(|stream| {
            stream.set_nonblocking(true).expect("settable");
            matches!((&**stream).read(&mut [0]), Ok(0))
        });
        assert_eq!(closed.count(), 5);
        drop(scanner);
        settle(&mut net).await;
        let mut phone = TcpStream::connect(net.listens().tcp).expect("listens");
        phone.write_all(OPTIONS).expect("sent");
        assert!(matches!(news(&mut net).await, News::Message(..)), "there is room again");
    });
}

#[test]
fn a_taken_port_is_named_with_its_holder() {
    let holder = UdpSocket::bind("127.0.0.1:0").expect("loopback");
    let taken = config::Sip { udp: holder.local_addr().expect("bound"), ..loopback() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let error = runtime.block_on(async { Net::open(&taken, Rng::from_seed(1)) }).expect_err("taken");
    let text = error.to_string();
    assert!(text.starts_with(&format!("UDP port {} is taken by ", taken.udp)), "{text}");
    assert!(text.contains(&format!("(process {})", std::process::id())), "{text}");
}

#[test]
fn names_are_answered_as_flows() {
    with_net(async |mut net| {
        let name = ServerName { host: "localhost".to_owned(), port: Some(5080), transport: Some(Transport::Tcp) };
        net.resolve(QueryId(3), name);
        let News::Resolved(QueryId(3), flows) = news(&mut net).await else { panic!("an answer") };
        let [flow] = flows.as_slice() else { panic!("one address: {flows:?}") };
        assert_eq!((flow.transport, flow.local), (Transport::Tcp, net.listens().tcp));
        assert_eq!(flow.peer, "127.0.0.1:5080".parse().expect("an address"));
    });
}
