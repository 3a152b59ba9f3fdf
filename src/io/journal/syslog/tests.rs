use std::io::Read as _;
use std::net::TcpListener;

use super::*;

fn settings(server: SocketAddr, transport: SyslogTransport) -> Syslog {
    Syslog { enabled: true, server: server.to_string(), transport }
}

fn wait_for(state: impl Fn() -> bool) {
    let since = Stopwatch::start();
    while !state() {
        assert!(since.elapsed() < Duration::from_secs(30), "it never came to that");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_line_is_a_message_as_the_rfc_draws_it() {
    let line = |level, text: &str| Line {
        id: 1,
        at: WallTime(1_795_605_600_123),
        level,
        target: "dozvon::io".to_owned(),
        text: text.to_owned(),
    };
    let process = std::process::id();
    let head = |priority| format!("<{priority}>1 2026-11-25T11:20:00.123Z box dozvon {process} - - ");
    assert_eq!(message(&line(Level::Warn, "plain"), "box"), head(28) + "dozvon::io: plain");
    assert_eq!(message(&line(Level::Error, "звонок"), "box"), head(27) + "\u{feff}dozvon::io: звонок");
    let long = message(&line(Level::Info, &"ы".repeat(4_000)), "box");
    assert!(long.starts_with(&head(30)) && long.len() < 2_048, "{}", long.len());
}

#[test]
fn a_servers_port_is_told_from_its_name() {
    for (server, expected) in [
        ("log.example.org", ("log.example.org", 514)),
        ("192.168.1.9:1514", ("192.168.1.9", 1514)),
        ("[fd00::9]:601", ("[fd00::9]", 601)),
        ("[fd00::9]", ("[fd00::9]", 514)),
    ] {
        assert_eq!(host_and_port(server), expected);
    }
}

#[test]
fn datagrams_carry_a_line_each() {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    let journal = Journal::default();
    let syslog = SyslogHandle::new(journal.clone(), Outgoing::of(true));
    assert_eq!(syslog.state(), State::Off);
    syslog.set(&settings(server.local_addr().unwrap(), SyslogTransport::Udp));
    journal.add(Level::Info, "test", "one");
    journal.add(Level::Info, "test", "two");
    let mut room = [0; 2_048];
    for text in ["test: one", "test: two"] {
        let length = server.recv(&mut room).unwrap();
        let told = String::from_utf8(room[..length].to_vec()).unwrap();
        assert!(told.starts_with("<30>1 20") && told.ends_with(text), "{told}");
    }
    wait_for(|| syslog.state() == State::Sending);
    syslog.set(&Syslog::default());
    assert_eq!(syslog.state(), State::Off);
}

#[test]
fn a_connection_counts_octets_and_is_made_again_when_it_breaks() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let journal = Journal::default();
    let syslog = SyslogHandle::new(journal.clone(), Outgoing::of(true));
    syslog.set(&settings(server.local_addr().unwrap(), SyslogTransport::Tcp));
    let frame = |stream: &mut TcpStream| {
        let mut length = String::new();
        loop {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            if byte[0] == b' ' {
                break;
            }
            length.push(char::from(byte[0]));
        }
        let mut message = vec![0; length.parse().unwrap()];
        stream.read_exact(&mut message).unwrap();
        String::from_utf8(message).unwrap()
    };
    let (mut stream, _) = server.accept().unwrap();
    journal.add(Level::Warn, "test", "первая");
    assert!(frame(&mut stream).ends_with("test: первая"));
    drop(stream);
    journal.add(Level::Warn, "test", "after the break");
    let (mut stream, _) = server.accept().unwrap();
    assert!(frame(&mut stream).ends_with("test: after the break"));
    syslog.set(&Syslog::default());
}

#[test]
fn a_server_elsewhere_is_told_nothing_and_one_that_is_away_is_told_of() {
    let syslog = SyslogHandle::new(Journal::default(), Outgoing::of(true));
    syslog.set(&settings("203.0.113.7:514".parse().unwrap(), SyslogTransport::Udp));
    wait_for(|| matches!(syslog.state(), State::Failing(OutError::NotHome(_))));
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    syslog.set(&settings(gone, SyslogTransport::Tcp));
    wait_for(|| matches!(syslog.state(), State::Failing(OutError::Refused(_))));
    let guarded = SyslogHandle::new(Journal::default(), Outgoing::of(false));
    guarded.set(&settings(gone, SyslogTransport::Udp));
    wait_for(|| matches!(guarded.state(), State::Failing(OutError::Local(_))));
}
