//! SIP under TLS with SRTP: telephones of two makers, what openssl sees of the certificate, and what idle connections and half-open
//! handshakes do to a call.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::baresip::Taste;
use crate::exchange::{Exchange, options};
use crate::linphone::Softphone;
use crate::process::{need, wait_for};
use crate::story::{ACCOUNTS, RECEPTION, STORE, phone, talk, without_carrier};

fn over_tls(security: &'static str) -> Taste {
    Taste { transport: "tls", security, ..Taste::default() }
}

fn authority(exchange: &Exchange) -> String {
    exchange.data().join("tls/ca.pem").display().to_string()
}

/// openssl's word on a handshake.
fn s_client(exchange: &Exchange, more: &[&str], keys: &str) -> String {
    need("openssl", "openssl");
    let at = exchange.tls().to_string();
    let authority = authority(exchange);
    let known = ["s_client", "-connect", &at, "-CAfile", &authority, "-verify_return_error", "-verify_ip", "127.0.0.1"];
    let mut child = Command::new("openssl")
        .args(known)
        .args(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut keyboard = child.stdin.take().unwrap();
    keyboard.write_all(keys.as_bytes()).unwrap();
    drop(keyboard);
    let output = child.wait_with_output().unwrap();
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A connection of one of many strangers.
fn from(number: u32, to: SocketAddr) -> TcpStream {
    let [_, _, third, last] = number.to_be_bytes();
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 7, third, last], 0)).into()).unwrap();
    socket.connect(&to.into()).unwrap();
    TcpStream::from(socket)
}

#[test]
fn a_phone_over_tls_with_srtp_talks_with_one_over_udp() {
    let exchange = without_carrier("tls-srtp");
    let reception = phone(&exchange, RECEPTION, 500, over_tls("srtp-mand"));
    let accounts = phone(&exchange, ACCOUNTS, 700, Taste::default());
    let store = phone(&exchange, STORE, 900, over_tls("srtp"));
    reception.dial("201");
    talk((&reception, 500), (&accounts, 700));
    reception.hang_up();
    accounts.wait_until_over();
    let log = reception.log();
    assert!(log.contains("a=crypto:") && log.contains("SIP/2.0/TLS"), "keys go under TLS");
    // and to phones over TLS, by the connection of their registration
    accounts.dial("202");
    accounts.wait_for_word("Call established", 2);
    store.wait_to_hear(700);
    accounts.wait_to_hear(900);
    accounts.hang_up();
    store.wait_until_over();
}

#[test]
fn linphone_over_tls_with_srtp_talks_with_baresip_over_udp() {
    let exchange = without_carrier("tls-linphone");
    let mut linphone = Softphone::start_over_tls(&exchange, RECEPTION, 500);
    let accounts = phone(&exchange, ACCOUNTS, 700, Taste::default());
    accounts.dial("200");
    accounts.wait_for_word("180 Ringing", 1);
    linphone.answer();
    // linphone tells what it heard when the call is over: long enough that it heard something
    (0..3).for_each(|_| accounts.wait_to_hear(500));
    linphone.hang_up();
    accounts.wait_until_over();
    linphone.wait_to_hear(700);
}

#[test]
fn a_phone_that_is_gone_is_not_registered_any_more_and_rings_again_when_it_is_back() {
    let exchange = without_carrier("tls-gone");
    let (login, _) = RECEPTION;
    let reception = phone(&exchange, RECEPTION, 500, over_tls("srtp"));
    let accounts = phone(&exchange, ACCOUNTS, 700, Taste::default());
    reception.cut();
    wait_for("the lost phone to be told", Duration::from_secs(10), || !exchange.is_registered(login));
    let reception = phone(&exchange, RECEPTION, 500, over_tls("srtp"));
    accounts.dial("200");
    talk((&accounts, 700), (&reception, 500));
}

#[test]
fn openssl_proves_the_certificate_under_tls_1_2_and_1_3_and_gets_no_renegotiation() {
    let exchange = without_carrier("tls-openssl");
    for version in ["-tls1_2", "-tls1_3"] {
        let said = s_client(&exchange, &[version], "");
        assert!(said.contains("Verify return code: 0 (ok)"), "{version}: {said}");
    }
    assert!(!s_client(&exchange, &["-tls1_1"], "").contains("Verify return code: 0 (ok)\n\n---\n"), "too old");
    // `R` asks for renegotiation
    let said = s_client(&exchange, &["-tls1_2"], "R\nR\nR\n");
    let (_, after) = said.split_once("RENEGOTIATING").expect("openssl asks");
    assert!(after.contains("error:") && !after.contains("verify return"), "{said}");
    assert!(exchange.answers_options());
}

#[test]
fn idle_connections_and_half_open_handshakes_leave_a_call_alone() {
    let exchange = without_carrier("tls-flood");
    let reception = phone(&exchange, RECEPTION, 500, over_tls("srtp"));
    let accounts = phone(&exchange, ACCOUNTS, 700, Taste::default());
    reception.dial("201");
    talk((&reception, 500), (&accounts, 700));
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
    let mut strangers = Vec::new();
    for number in 0..1_000 {
        let mut idle = from(number, exchange.sip);
        idle.write_all(options(exchange.sip, exchange.sip, "TCP", 1).as_bytes()).unwrap();
        let mut half = from(number, exchange.tls());
        half.write_all(&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]).unwrap();
        strangers.push((idle, half));
    }
    let (one, other) = (reception.listen(), accounts.listen());
    std::thread::sleep(Duration::from_secs(4));
    // 200 blocks of 20 ms; baresip writes its file a little behind
    let heard = (one.blocks_of(700), other.blocks_of(500));
    assert!(heard.0 >= 180 && heard.1 >= 180, "{heard:?} of 200");
    // others get in meanwhile
    let store = phone(&exchange, STORE, 900, over_tls("srtp"));
    assert!(exchange.answers_options());
    reception.hang_up();
    accounts.wait_until_over();
    accounts.dial("202");
    store.wait_to_hear(700);
    drop(strangers);
}

#[test]
fn garbage_on_the_port_of_tls_is_closed_and_nothing_else_happens() {
    let exchange = without_carrier("tls-garbage");
    let mut seed = 0x9e37_79b9_u32;
    for number in 0..200_u32 {
        let mut stream = from(number % 20, exchange.tls());
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut bytes = vec![0; 1 + usize::try_from(number).unwrap() * 7];
        for byte in &mut bytes {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = seed.to_be_bytes()[0];
        }
        if number % 3 == 0 {
            bytes.splice(0..0, [0x16, 3, 3, 0, 200]);
        }
        let _ = stream.write_all(&bytes);
        if number % 2 == 0 {
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer);
            assert!(answer.len() < 64, "{number}: {} bytes", answer.len());
        }
    }
    assert!(exchange.answers_options());
    assert!(!exchange.log().contains("panic"), "{}", exchange.log());
    let _ = phone(&exchange, RECEPTION, 500, over_tls("srtp"));
}
