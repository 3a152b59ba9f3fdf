//! Those who mean harm before the real binary: Debian's sipvicious as it is and in disguise, floods of datagrams while a call goes on, idle
//! and slow connections by the thousand. They come from addresses of loopback that are not the office's own.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use socket2::{Domain, Socket, Type};

use crate::exchange::{Exchange, options};
use crate::process::{Scratch, need};
use crate::raw::{RawPhone, Talk};

const OFFICE: &str = r#"[office]
name = "Peers"
timezone = "Europe/Moscow"
language = "en"
country = "RU"
area_code = "812"

[protection]
trusted_networks = ["127.0.0.1/32"]

[[extension]]
number = "200"
employee = "Reception"
  [[extension.device]]
  kind = "sip"
  login = "200"
  password = "phone-secret-200"

[[extension]]
number = "201"
employee = "Accounts"
  [[extension.device]]
  kind = "sip"
  login = "201"
  password = "phone-secret-201"

[[extension]]
number = "202"
employee = "Store"
  [[extension.device]]
  kind = "sip"
  login = "202"
  password = "phone-secret-202"
"#;
const RECEPTION: (&str, &str) = ("200", "phone-secret-200");
const ACCOUNTS: (&str, &str) = ("201", "phone-secret-201");
const STORE: (&str, &str) = ("202", "phone-secret-202");

/// Runs a tool of sipvicious from this address, under its own name or another; what it said.
fn sipvicious(tool: &str, from: &str, disguised: bool, arguments: &[&str]) -> String {
    need("svmap", "sipvicious");
    let dir = Scratch::new(tool);
    let installed = Path::new("/usr/share/sipvicious/sipvicious");
    let copied = Command::new("cp").arg("-r").arg(installed).arg(&dir.0).status().unwrap();
    assert!(copied.success());
    if disguised {
        for file in ["sipvicious/libs/svhelper.py", "sipvicious/svmap.py"] {
            let text = std::fs::read_to_string(dir.path(file)).unwrap();
            dir.write(
                file,
                &text
                    .replace("friendly-scanner", "Yealink SIP-T46U")
                    .replace("\"sipvicious\"", "\"Anna\"")
                    .replace("'sipvicious'", "'Anna'"),
            );
        }
    }
    let program = format!("import sys; sys.path.insert(0, '.'); from sipvicious.{tool} import main; main()");
    let output = Command::new("timeout")
        .args(["40", "python3", "-c", &program, "-b", from])
        .args(arguments)
        .current_dir(&dir.0)
        .env("HOME", &dir.0)
        .output()
        .unwrap();
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn ban_of(exchange: &Exchange, address: &str) -> Option<Value> {
    let bans = exchange.get("/api/v1/bans");
    bans["items"].as_array()?.iter().find(|ban| ban["address"] == address).cloned()
}

#[test]
fn sipvicious_finds_neither_the_exchange_nor_a_login_nor_a_password() {
    let exchange = Exchange::start("sipvicious", OFFICE);
    let port = exchange.sip.port().to_string();
    let words = exchange
        .dir
        .write("words", &(0..60).map(|n| format!("guess{n}\n")).collect::<String>().replace("guess30", ACCOUNTS.1));
    let words = words.to_str().unwrap();
    let map = ["-p", &port, "127.0.0.1"];
    let war = ["-p", &port, "-e", "195-205", "--force", "127.0.0.1"];
    let crack = ["-p", &port, "-u", "201", "-d", words, "127.0.0.1"];
    for (n, (tool, arguments)) in
        [("svmap", &map[..]), ("svwar", &war[..]), ("svcrack", &crack[..])].into_iter().enumerate()
    {
        let from = format!("127.0.0.{}", 60 + n);
        let said = sipvicious(tool, &from, false, arguments);
        assert!(
            !said.contains("127.0.0.1:") && !said.contains("phone-secret") && !said.contains("reqauth"),
            "{tool}: {said}"
        );
        let ban = ban_of(&exchange, &from).unwrap_or_else(|| panic!("{tool} is not banned: {said}"));
        assert_eq!(ban["reason"], "scanner", "{ban}");
    }
    // In disguise it learns that an exchange is here, since OPTIONS is answered; of logins and passwords it learns nothing.
    let said = sipvicious("svwar", "127.0.0.70", true, &war);
    let found: Vec<&str> = said.lines().filter(|line| line.contains("| 200") || line.contains("| 204")).collect();
    assert!(found.is_empty() || found.len() == 2, "who exists and who doesn't look alike: {said}");
    let said = sipvicious("svcrack", "127.0.0.71", true, &crack);
    assert!(!said.contains("phone-secret"), "{said}");
    let ban = ban_of(&exchange, "127.0.0.71").unwrap_or_else(|| panic!("not banned: {said}"));
    assert_eq!((&ban["reason"], &ban["logins"]), (&"wrong_passwords".into(), &serde_json::json!(["201"])), "{ban}");
    // Telephones at home, and the page, have noticed nothing.
    RawPhone::new(&exchange, ACCOUNTS).register();
    assert!(!exchange.log().contains("panic"));
}

#[test]
fn a_ban_outlives_a_restart_and_closes_no_page() {
    let mut exchange = Exchange::start("bans", OFFICE);
    let from = UdpSocket::bind("127.0.0.80:0").unwrap();
    from.set_read_timeout(Some(Duration::from_millis(700))).unwrap();
    let us = from.local_addr().unwrap();
    let scanner =
        options(exchange.sip, us, "UDP", 1).replace("Content-Length", "User-Agent: friendly-scanner\r\nContent-Length");
    from.send_to(scanner.as_bytes(), exchange.sip).unwrap();
    let is_answered = |exchange: &Exchange, n| {
        from.send_to(options(exchange.sip, us, "UDP", n).as_bytes(), exchange.sip).unwrap();
        from.recv(&mut [0; 2048]).is_ok()
    };
    assert!(!is_answered(&exchange, 2));
    assert_eq!(exchange.stop(), Some(0));
    exchange.begin();
    assert!(!is_answered(&exchange, 3));
    let ban = ban_of(&exchange, "127.0.0.80").expect("it is kept");
    assert_eq!((&ban["reason"], &ban["user_agent"]), (&"scanner".into(), &"friendly-scanner".into()));
    // The page is open to the same address, and a connection for SIP is closed at once.
    let url = format!("https://127.0.0.1:{}/healthz", exchange.https);
    assert!(exchange.fetch(&["--interface", "127.0.0.80"], &url).contains("ok"));
    let mut stream = connect(Ipv4Addr::new(127, 0, 0, 80), exchange.sip).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let end = stream.read(&mut [0; 16]);
    assert!(
        end.as_ref().is_ok_and(|length| *length == 0)
            || end.is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset)
    );
}

fn connect(from: Ipv4Addr, to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((from, 0)).into())?;
    socket.connect_timeout(&to.into(), Duration::from_secs(2))?;
    Ok(socket.into())
}

/// Sends so many datagrams a second from these addresses until it is told to stop; how many went.
fn flood(to: SocketAddr, from: &[Ipv4Addr], a_second: u32, stop: &AtomicBool) -> u32 {
    let sockets: Vec<UdpSocket> = from.iter().map(|address| UdpSocket::bind((*address, 0)).unwrap()).collect();
    let (began, mut sent) = (Instant::now(), 0_u32);
    while !stop.load(Ordering::Relaxed) {
        let due = u32::try_from(began.elapsed().as_micros() * u128::from(a_second) / 1_000_000).unwrap();
        while sent < due {
            let socket = &sockets[sent as usize % sockets.len()];
            let us = socket.local_addr().unwrap();
            let text = options(to, us, "UDP", sent as usize);
            let bytes = match (sent / 7) % 4 {
                0 => text.into_bytes(),
                1 => text.replace("OPTIONS", "INVITE").into_bytes(),
                2 => text.replace("OPTIONS", "REGISTER").into_bytes(),
                _ => text.bytes().map(|byte| byte ^ 0x55).collect(),
            };
            let _ = socket.send_to(&bytes, to);
            sent += 1;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    sent
}

#[test]
fn floods_of_datagrams_leave_calls_alone() {
    let exchange = Exchange::start("floods", OFFICE);
    let [mut one, mut other] = [RECEPTION, ACCOUNTS].map(|who| RawPhone::new(&exchange, who));
    one.register();
    other.register();
    let (_, near, far) = one.call(&other, "201");
    let span = Duration::from_secs(4);
    let calm = Talk::exchange_sound(&near, &far, span);
    println!("calm: {}; {}", calm[0], calm[1]);
    assert!(calm.iter().all(|heard| heard.lost == 0), "{calm:?}");
    for (block, (a_second, addresses)) in [(2_000, 1), (2_000, 200), (8_000, 1), (8_000, 200)].into_iter().enumerate() {
        let block = u8::try_from(2 + block).unwrap();
        let from: Vec<Ipv4Addr> = (0..addresses).map(|n| Ipv4Addr::new(127, 0, block, 1 + n)).collect();
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let flooding = scope.spawn(|| flood(exchange.sip, &from, a_second, &stop));
            let heard = Talk::exchange_sound(&near, &far, span);
            let mut third = RawPhone::new(&exchange, STORE);
            let registered = third.register();
            let mut fourth = RawPhone::new(&exchange, RECEPTION);
            let (set_up, ..) = fourth.call(&third, "202");
            stop.store(true, Ordering::Relaxed);
            let sent = flooding.join().unwrap();
            println!(
                "{a_second}/s from {addresses}: {sent} sent; {}; {}; a phone registers in {registered:?}, calls in {set_up:?}",
                heard[0], heard[1]
            );
            for heard in heard {
                let most = if a_second > 2_000 { heard.sent / 100 } else { 0 };
                assert!(heard.lost <= most, "{a_second}/s from {addresses}: {heard:?}");
            }
        });
    }
    assert!(!exchange.log().contains("panic"));
}

#[test]
fn idle_and_slow_connections_by_the_thousand_leave_calls_alone() {
    let exchange = Exchange::start("connections", OFFICE);
    let (soft, hard) = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE).unwrap();
    nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE, soft.max(hard.min(8192)), hard).unwrap();
    let [mut one, mut other] = [RECEPTION, ACCOUNTS].map(|who| RawPhone::new(&exchange, who));
    one.register();
    other.register();
    let (_, near, far) = one.call(&other, "201");
    let before = exchange.resident_kib();
    // more than there is room for: some say nothing, some drip a message, some said one thing once
    let mut open = Vec::new();
    for n in 0..2_200_u32 {
        let address = Ipv4Addr::from_bits(0x7f00_0a01 + n / 100);
        let Ok(mut stream) = connect(address, exchange.sip) else { continue };
        let us = stream.local_addr().unwrap();
        let _ = match n % 3 {
            0 => Ok(()),
            1 => stream.write_all(b"INVITE sip:201@127.0.0.1 SIP/2.0\r\nVia: "),
            _ => stream.write_all(options(exchange.sip, us, "TCP", n as usize).as_bytes()),
        };
        open.push(stream);
    }
    assert!(open.len() > 1_500, "{}", open.len());
    let heard = Talk::exchange_sound(&near, &far, Duration::from_secs(3));
    for stream in open.iter_mut().skip(1).step_by(3) {
        let _ = stream.write_all(b"S");
    }
    // a telephone at home still connects, and is answered
    let (answer, _) =
        exchange.over_tcp(options(exchange.sip, SocketAddr::from(([127, 0, 0, 1], 5999)), "TCP", 1).as_bytes());
    assert!(answer.starts_with(b"SIP/2.0 200"), "{}", String::from_utf8_lossy(&answer));
    println!(
        "{} connections; {}; {}; {} KiB more",
        open.len(),
        heard[0],
        heard[1],
        exchange.resident_kib().saturating_sub(before)
    );
    assert!(heard.iter().all(|heard| heard.lost == 0), "{heard:?}");
    assert!(exchange.resident_kib().saturating_sub(before) < 100 * 1024);
    RawPhone::new(&exchange, STORE).register();
    assert!(!exchange.log().contains("panic"));
}

#[test]
fn a_login_that_exists_is_not_told_by_the_time_of_its_answer() {
    let exchange = Exchange::start("medians", OFFICE);
    let socket = UdpSocket::bind("127.0.0.90:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let us = socket.local_addr().unwrap();
    let mut buffer = [0; 4096];
    // fewer than would be called probing
    let medians = ["201", "299"].map(|login| {
        let mut waits: Vec<Duration> = (0..25)
            .map(|n| {
                let text = options(exchange.sip, us, "UDP", n)
                    .replace("OPTIONS", "REGISTER")
                    .replace("probe@", &format!("{login}@"));
                let asked = Instant::now();
                socket.send_to(text.as_bytes(), exchange.sip).unwrap();
                let length = socket.recv(&mut buffer).unwrap();
                assert!(buffer[..length].starts_with(b"SIP/2.0 401 "));
                asked.elapsed()
            })
            .collect();
        waits.sort();
        waits[waits.len() / 2]
    });
    println!("medians of a known and an unknown login: {medians:?}");
    assert!(ban_of(&exchange, "127.0.0.90").is_none());
}
