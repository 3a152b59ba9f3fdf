//! Packets are captured on the box's own cards: what tshark reads in the file, and what nobody reads there any more. Needs root (a packet
//! socket), and tshark.

use std::io::Write as _;
use std::net::{TcpStream, UdpSocket};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::exchange::Exchange;
use crate::place::{Place, ip, wait_for};

/// What a password could be guessed from.
const ANSWER: &str = "0123456789abcdef0123456789abcdef";
const CNONCE: &str = "cnonce-that-nobody-reads";

fn register(call: &str, padding: usize) -> String {
    format!(
        "REGISTER sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:45060;branch=z9hG4bK-{call};rport\r\nMax-Forwards: 70\r\n\
         From: <sip:rik33+user201s0@127.0.0.1>;tag={call}\r\nTo: <sip:rik33+user201s0@127.0.0.1>\r\nCall-ID: {call}@test\r\n\
         CSeq: 1 REGISTER\r\nContact: <sip:rik33+user201s0@127.0.0.1:45060>\r\nSubject: {}\r\n\
         Authorization: Digest username=\"rik33+user201s0\", realm=\"dozvon\", nonce=\"n\", uri=\"sip:127.0.0.1\", \
         response=\"{ANSWER}\", cnonce=\"{CNONCE}\", nc=00000001, qop=auth\r\nContent-Length: 0\r\n\r\n",
        "x".repeat(padding)
    )
}

/// One line a packet of what tshark says of these fields, of the packets that fit.
fn tshark(file: &str, filter: &str, fields: &[&str]) -> Vec<String> {
    let mut command = Command::new("tshark");
    command.args(["-r", file, "-Y", filter, "-T", "fields"]);
    command.args(["-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE"]);
    for field in fields {
        command.args(["-e", field]);
    }
    let output = command.output().unwrap_or_else(|error| panic!("tshark (package tshark): {error}"));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    said.lines().map(str::to_owned).collect()
}

fn begin(exchange: &Exchange, body: &Value) -> String {
    let (status, _, begun) = exchange.ask("POST", "captures", Some(body), None);
    assert_eq!((status, &begun["state"]), (201, &json!("running")), "{begun}");
    begun["id"].as_str().unwrap().to_owned()
}

/// Ends it, and gives its file.
fn end(exchange: &Exchange, id: &str) -> String {
    assert_eq!(exchange.ask("POST", &format!("captures/{id}/stop"), None, None).0, 200);
    wait_for("the end of the capture", Duration::from_secs(60), || {
        (exchange.get(&format!("captures/{id}"))["state"] == "done").then_some(())
    });
    let file = exchange.dir.join(format!("{id}.pcap"));
    exchange.download(&format!("captures/{id}/file"), &file);
    file.to_str().unwrap().to_owned()
}

#[test]
fn a_capture_shows_tshark_all_of_sip_but_its_secrets() {
    let switch = Place::switch(&["br0", "br1"]);
    let exchange = Exchange::start("capture", &switch, &crate::office(""));
    // so that long messages come in fragments
    exchange.place.run(|| ip("link set lo mtu 1500"));
    let id = begin(&exchange, &json!({ "seconds": 120, "what": "signalling", "address": "127.0.0.1" }));
    exchange.place.run(|| {
        let phone = UdpSocket::bind("127.0.0.1:45060").unwrap();
        phone.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        // the second one's secret lies behind its first fragment
        for (call, padding) in [("whole", 0), ("cut", 1_400)] {
            phone.send_to(register(call, padding).as_bytes(), "127.0.0.1:5060").unwrap();
            phone.recv(&mut [0; 4_096]).expect("an answer");
        }
        let mut line = TcpStream::connect("127.0.0.1:5060").unwrap();
        line.set_nodelay(true).unwrap();
        let message = register("line", 0);
        let (one, two) = message.split_at(message.find(ANSWER).unwrap() + 7);
        for part in [one, two] {
            line.write_all(part.as_bytes()).unwrap();
            line.flush().unwrap();
            std::thread::sleep(Duration::from_millis(100)); // two segments, most probably; one is right as well
        }
        std::io::Read::read(&mut line, &mut [0; 4_096]).expect("an answer");
        // what is no SIP is not kept
        phone.send_to(b"nobody asked for this", "127.0.0.1:9").unwrap();
    });
    wait_for("three messages in the file", Duration::from_secs(60), || {
        (exchange.get(&format!("captures/{id}"))["bytes"].as_u64() > Some(4_000)).then_some(())
    });
    let file = end(&exchange, &id);
    let calls = tshark(&file, "sip.Method == \"REGISTER\" && sip.CSeq.seq == 1", &["sip.Call-ID"]);
    for call in ["whole@test", "cut@test", "line@test"] {
        assert!(calls.iter().any(|one| one == call), "{call} in {calls:?}");
    }
    let covered =
        tshark(&file, "sip.Call-ID == \"cut@test\" && sip.auth.digest.response", &["sip.auth.digest.response"]);
    assert!(covered.iter().all(|text| text.trim_matches('"').bytes().all(|byte| byte == b'*')), "{covered:?}");
    assert!(!covered.is_empty(), "the field is there, of its length");
    assert!(!tshark(&file, "sip.Status-Code", &["sip.Status-Code"]).is_empty(), "answers are there");
    let wrong = "_ws.malformed || udp.checksum.status == 0 || tcp.checksum.status == 0 || ip.checksum.status == 0";
    assert_eq!(tshark(&file, wrong, &["frame.number"]), [] as [String; 0]);
    assert_eq!(tshark(&file, "udp.port == 9", &["frame.number"]), [] as [String; 0]);
    let bytes = std::fs::read(&file).unwrap();
    for secret in [ANSWER, CNONCE, &ANSWER[7..], &ANSWER[..7]] {
        let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
        assert!(!found, "{secret} can be read");
    }
    assert_eq!(exchange.ask("DELETE", &format!("captures/{id}"), None, None).0, 204);
    assert_eq!(exchange.ask("GET", &format!("captures/{id}/file"), None, None).0, 404);
}

#[test]
fn sound_is_captured_only_when_it_is_asked_for() {
    let switch = Place::switch(&["br0", "br1"]);
    let exchange = Exchange::start("sound", &switch, &crate::office(""));
    let both = ["signalling", "all"].map(|what| begin(&exchange, &json!({ "seconds": 120, "what": what })));
    let (status, _, third) = exchange.ask("POST", "captures", Some(&json!({ "seconds": 5, "what": "all" })), None);
    assert_eq!((status, &third["type"]), (409, &json!("urn:dozvon:problem:busy")), "{third}");
    exchange.place.run(|| {
        let phone = UdpSocket::bind("127.0.0.1:45060").unwrap();
        phone.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        for _ in 0..50 {
            phone.send_to(&[0x80; 172], "127.0.0.1:25000").unwrap();
        }
        phone.send_to(register("last", 0).as_bytes(), "127.0.0.1:5060").unwrap();
        phone.recv(&mut [0; 4_096]).expect("an answer");
    });
    for id in &both {
        wait_for("the last message in the file", Duration::from_secs(60), || {
            (exchange.get(&format!("captures/{id}"))["bytes"].as_u64() > Some(1_000)).then_some(())
        });
    }
    let counts = both.map(|id| tshark(&end(&exchange, &id), "udp.dstport == 25000", &["frame.number"]).len());
    assert_eq!(counts, [0, 50]);
}
