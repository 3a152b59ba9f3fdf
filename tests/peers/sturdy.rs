//! What an exchange bears: a ground that shakes at the start, orders that are wrong, messages that are broken, a flood, an end
//! in the middle of a call.

use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use crate::baresip::{Phone, Taste};
use crate::exchange::{Exchange, binary, options, words};
use crate::process::need;

/// An office of two phones.
const OFFICE: &str = r#"[office]
name = "Peers"
timezone = "Europe/Moscow"
language = "en"
country = "RU"
area_code = "812"

[[extension]]
number = "200"
employee = "Reception"
  [[extension.device]]
  kind = "sip"
  login = "user200s0"
  password = "phone-secret-200"

[[extension]]
number = "201"
employee = "Accounts"
  [[extension.device]]
  kind = "sip"
  login = "user201s0"
  password = "phone-secret-201"
"#;

/// It refused with status 1 and one sentence that names the thing.
fn refused(output: &Output, names: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(names), "{names:?} is not named: {said}");
    assert_eq!(said.trim().lines().count(), 1, "not one sentence: {said}");
}

#[test]
fn a_taken_port_is_one_sentence_and_status_1() {
    let exchange = Exchange::prepare("port-taken");
    exchange.apply(OFFICE);
    let udp = UdpSocket::bind(exchange.sip).unwrap();
    refused(&exchange.begin_in_vain(), &exchange.sip.port().to_string());
    drop(udp);
    let _tcp = TcpListener::bind(exchange.sip).unwrap();
    refused(&exchange.begin_in_vain(), &exchange.sip.port().to_string());
    let _web = TcpListener::bind(("127.0.0.1", exchange.https)).unwrap();
    drop(_tcp);
    refused(&exchange.begin_in_vain(), &exchange.https.to_string());
}

#[test]
fn a_data_directory_that_cannot_be_made_is_one_sentence_and_status_1() {
    let exchange = Exchange::prepare("no-directory");
    // root may write everywhere, but nobody makes a directory below a file
    fs::write(exchange.data(), "a file").unwrap();
    refused(&exchange.begin_in_vain(), "data");
    fs::remove_file(exchange.data()).unwrap();
    fs::create_dir(exchange.data()).unwrap();
    fs::create_dir(exchange.data().join("dozvon.db")).unwrap();
    refused(&exchange.begin_in_vain(), "data");
}

#[test]
fn a_database_of_a_newer_version_is_one_sentence_and_status_1() {
    let exchange = Exchange::prepare("newer");
    exchange.apply(OFFICE);
    let database = rusqlite::Connection::open(exchange.data().join("dozvon.db")).unwrap();
    database.pragma_update(None, "user_version", 9999).unwrap();
    drop(database);
    refused(&exchange.begin_in_vain(), "9999");
    refused(&exchange.run(&["export"]), "9999");
    let output = exchange.try_apply(OFFICE);
    refused(&output, "9999");
}

#[test]
fn wrong_arguments_are_status_2() {
    for arguments in [&["--no-such"][..], &["nonsense"], &["apply"], &["serve", "--data"], &["what-if", "--number"]] {
        let output = Command::new(binary()).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", words(&output));
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_broken_office_names_the_line_and_changes_nothing() {
    let mut exchange = Exchange::start("broken-office", OFFICE);
    let before = exchange.run(&["export", "--secrets"]).stdout;
    let line = OFFICE.lines().count();
    let broken = [
        ("\n[office]\nsurprise = 1\n", "surprise", 3),
        ("\n[[group]]\nnumber = \"500\"\nname = \"All\"\nmembers = [\"299\"]\n", "299", 5),
        ("\n[[extension]]\nnumber = \"201\"\nemployee = \"Twice\"\n", "201", 3),
        ("\n[[extension]]\nnumber = \"203\nemployee = \"Open\"\n", "", 3),
    ];
    for attempt in 0..2 {
        for (addition, names, at) in broken {
            let text = match names {
                "surprise" => OFFICE.replace("area_code", "surprise = 1\narea_code"),
                _ => format!("{OFFICE}{addition}"),
            };
            let at = if names == "surprise" { 6 } else { line + at };
            let output = exchange.try_apply(&text);
            let said = words(&output);
            assert_eq!(output.status.code(), Some(1), "{said}");
            assert!(said.contains(&format!(":{at}:")) || said.contains(&format!("line {at}")), "line {at}: {said}");
            assert!(said.contains(names), "{said}");
            assert_eq!(exchange.run(&["export", "--secrets"]).stdout, before);
        }
        if attempt == 0 {
            assert_eq!(exchange.stop(), Some(0));
        }
    }
}

#[test]
fn what_is_exported_changes_nothing_when_applied() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/office.example.toml");
    let example = fs::read_to_string(path).unwrap().replace("127.0.0.1:5080", "127.0.0.1:9");
    let mut exchange = Exchange::start("export", &example);
    for running in [true, false] {
        for secrets in [&["export", "--secrets"][..], &["export"]] {
            let output = exchange.run(secrets);
            assert!(output.status.success(), "{}", words(&output));
            let exported = String::from_utf8(output.stdout).unwrap();
            assert_eq!(exported.contains("phone-secret-200"), secrets.len() == 2);
            let before = exchange.run(&["export", "--secrets"]).stdout;
            let file = exchange.dir.write("exported.toml", &exported);
            let dry = exchange.run(&["apply", file.to_str().unwrap(), "--dry-run"]);
            assert!(dry.status.success() && says_nothing_changes(&dry), "running: {running}: {}", words(&dry));
            let applied = exchange.run(&["apply", file.to_str().unwrap()]);
            assert!(
                applied.status.success() && says_nothing_changes(&applied),
                "running: {running}: {}",
                words(&applied)
            );
            assert_eq!(exchange.run(&["export", "--secrets"]).stdout, before);
        }
        if running {
            assert_eq!(exchange.stop(), Some(0));
        }
    }
}

fn says_nothing_changes(output: &Output) -> bool {
    words(output).lines().any(|line| line == "nothing to change")
}

/// Status codes of all responses in these bytes.
fn statuses(bytes: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.split("SIP/2.0 ").skip(1);
    lines.filter_map(|line| line.get(..3)?.parse().ok()).collect()
}

#[test]
fn torture_messages_are_answered_without_blaming_ourselves() {
    let exchange = Exchange::start("torture", OFFICE);
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/torture");
    let mut messages: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    messages.retain(|path| path.extension().is_some_and(|ending| ending == "dat"));
    assert!(messages.len() >= 40, "{}", messages.len());
    messages.sort();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    for path in messages {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = fs::read(&path).unwrap();
        let (mut answers, _) = exchange.over_tcp(&bytes);
        socket.send_to(&bytes, exchange.sip).unwrap();
        let mut buffer = [0; 65_535];
        while let Ok(n) = socket.recv(&mut buffer) {
            answers.extend_from_slice(&buffer[..n]);
        }
        for status in statuses(&answers) {
            // 501 and 505 tell of the request: RFC 3261 §21.5.2, §21.5.6
            assert!(status < 500 || matches!(status, 501 | 505), "{name}: {status}");
        }
        assert!(exchange.answers_options(), "after {name}");
    }
    assert!(!exchange.log().contains("panic"), "{}", exchange.log());
}

#[test]
fn a_flood_of_garbage_takes_neither_answers_nor_memory() {
    let exchange = Exchange::start("flood", OFFICE);
    let before = exchange.resident_kib();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let us = socket.local_addr().unwrap();
    let mut chance = 0x2545_f491_4f6c_dd1d_u64;
    for n in 0..30_000_usize {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        let mut bytes = options(exchange.sip, us, "UDP", n).into_bytes();
        match n % 4 {
            // noise; a request cut short; one with a byte turned; an INVITE of nobody, new each time
            0 => bytes.iter_mut().for_each(|byte| *byte ^= chance as u8),
            1 => bytes.truncate(chance as usize % bytes.len()),
            2 => bytes[n % 250] ^= 1 << (n % 8),
            _ => bytes = String::from_utf8(bytes).unwrap().replace("OPTIONS", "INVITE").into_bytes(),
        }
        let _ = socket.send_to(&bytes, exchange.sip);
        if n % 300 == 0 {
            std::thread::sleep(Duration::from_millis(3));
        }
    }
    assert!(exchange.answers_options());
    assert!(exchange.history().is_empty(), "a stranger's INVITE is no call");
    let grown = exchange.resident_kib().saturating_sub(before);
    assert!(grown < 40 * 1024, "grown by {grown} KiB");
    assert!(!exchange.log().contains("panic"));
}

#[test]
fn framing_errors_on_a_stream_get_400_and_the_connection_is_closed() {
    let exchange = Exchange::start("framing", OFFICE);
    let us = std::net::SocketAddr::from(([127, 0, 0, 1], 5999));
    let good = options(exchange.sip, us, "TCP", 1);
    let (answer, closed) = exchange.over_tcp(good.as_bytes());
    assert_eq!((statuses(&answer), closed), (vec![200], false));
    let wrong = [
        "Content-Length: -1",
        "Content-Length: many",
        "Content-Length: 99999999",
        "Content-Length: 65536",
        "X-None: 0",
    ];
    for wrong in wrong {
        let bytes = good.replace("Content-Length: 0", wrong);
        let (answer, closed) = exchange.over_tcp(bytes.as_bytes());
        assert_eq!((statuses(&answer), closed), (vec![400], true), "{wrong}: {}", String::from_utf8_lossy(&answer));
    }
    // RFC 5626 §3.5.1: a ping gets its pong
    let (answer, closed) = exchange.over_tcp(b"\r\n\r\n");
    assert_eq!((answer.as_slice(), closed), (&b"\r\n"[..], false));
    assert!(exchange.answers_options());
}

#[test]
fn the_binary_stands_alone() {
    need("file", "file");
    let binary = binary();
    let file = Command::new("file").arg("-L").arg(&binary).output().unwrap();
    let said = words(&file);
    assert!(said.contains("statically linked") || said.contains("static-pie linked"), "{said}");
    if std::env::var_os("DOZVON_BIN").is_some() {
        assert!(said.contains(", stripped"), "{said}");
    }
    let ldd = words(&Command::new("ldd").arg(&binary).output().unwrap());
    assert!(ldd.contains("statically linked") || ldd.contains("not a dynamic executable"), "{ldd}");
}

#[test]
fn health_is_told_on_both_ports_and_http_leads_to_https() {
    let exchange = Exchange::start("health", OFFICE);
    for url in
        [format!("https://127.0.0.1:{}/healthz", exchange.https), format!("http://127.0.0.1:{}/healthz", exchange.http)]
    {
        let health: serde_json::Value = serde_json::from_str(&exchange.fetch(&[], &url)).unwrap();
        assert_eq!(health["status"], "ok");
        assert_eq!(health["version"], env!("CARGO_PKG_VERSION"), "from loopback");
    }
    let head = exchange.fetch(&["--head"], &format!("http://127.0.0.1:{}/", exchange.http));
    assert!(head.contains(" 30") && head.to_lowercase().contains("location: https://"), "{head}");
}

#[test]
fn it_ends_cleanly_when_asked_also_in_a_call() {
    let mut exchange = Exchange::start("end", OFFICE);
    assert_eq!(exchange.stop(), Some(0));
    exchange.begin();
    let one = Phone::start(&exchange, "user200s0", "phone-secret-200", Taste::default());
    let other = Phone::start(&exchange, "user201s0", "phone-secret-201", Taste::default());
    one.dial("201");
    one.wait_until_talking();
    other.wait_until_talking();
    assert_eq!(exchange.stop(), Some(0), "{}", exchange.log());
    one.wait_until_over();
    other.wait_until_over();
    exchange.begin();
    let rows = exchange.history();
    assert_eq!(rows.len(), 1);
    assert!(!rows[0]["ended_at"].is_null() && !rows[0]["outcome"].is_null(), "{}", rows[0]);
}
