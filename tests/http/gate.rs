//! What the gate lets through, and what it does with the rest.

use std::net::TcpStream;

use dozvon::io::clock::Stopwatch;

use crate::client::{Answer, Caller, PATIENCE, Wire};
use crate::world::{PASSWORD, World};

const GET: &str = "GET /healthz HTTP/1.1\r\nHost: box\r\n\r\n";

/// Sends, and expects exactly one answer and the end.
fn refused(mut wire: Wire, bytes: &[u8]) -> Answer {
    wire.send(bytes);
    let answer = wire.answer().unwrap_or_else(|| panic!("no answer to {}", String::from_utf8_lossy(bytes)));
    assert_eq!(wire.rest(), Some(Vec::new()), "after {}", String::from_utf8_lossy(bytes));
    answer
}

#[test]
fn smuggled_requests_are_refused_and_what_follows_is_never_answered() {
    let world = World::new();
    let heads: &[(&str, u16)] = &[
        ("Host: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5", 400),
        ("Host: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked", 400),
        ("Host: a\r\nContent-Length: 0\r\nContent-Length: 44", 400),
        ("Host: a\r\nContent-Length: 0\r\nContent-Length: 0", 400),
        ("Host: a\r\nContent-Length: +0", 400),
        ("Host: a\r\nContent-Length: abc", 400),
        ("Host: a\r\nContent-Length: 99999999999999999999999", 400),
        ("Host: a\r\nTransfer-Encoding: xchunked", 400),
        ("Host: a\r\nTransfer-Encoding: chunked", 411),
        ("Host: a\r\nTransfer-Encoding:\x0bchunked", 400),
        ("Accept: */*", 400),
        ("Host: a\r\nHost: a", 400),
        ("Host: a\r\nX: b\n\r\nX: c", 400),
    ];
    for (head, status) in heads {
        let bytes = format!("POST /api/v1/session HTTP/1.1\r\n{head}\r\n\r\n0\r\n\r\n{GET}");
        for wire in [Wire::plain(&world), Wire::tls(&world)] {
            let answer = refused(wire, bytes.as_bytes());
            assert_eq!(answer.status, *status, "{head}");
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{head}");
        }
    }
}

#[test]
fn heads_that_are_too_long_or_no_http_are_refused() {
    let world = World::new();
    let long = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(17 * 1024));
    assert_eq!(refused(Wire::tls(&world), long.as_bytes()).status, 431);
    let endless = vec![b'x'; 17 * 1024];
    assert_eq!(refused(Wire::tls(&world), &endless).status, 431);
    assert_eq!(refused(Wire::tls(&world), b"\x16\x03\x01\r\n\r\n").status, 400);
    assert_eq!(refused(Wire::tls(&world), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").status, 400);
    assert_eq!(refused(Wire::tls(&world), b"GET / HTTP/1.1\nHost: a\n\n").status, 400);
}

#[test]
fn odd_targets_get_an_answer_below_500() {
    let world = World::new();
    for target in ["*", "//", "/%", "/%ff", "/api/v1/%00", "/?a=%zz", "http://other/healthz", "/a b", "/\u{e4}", "x"] {
        let mut wire = Wire::tls(&world);
        wire.send(format!("GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
        let status = wire.answer().unwrap().status;
        assert!(status < 500, "{target}: {status}");
    }
}

#[test]
fn pipelined_requests_are_answered_in_their_order_and_a_refused_one_last() {
    let world = World::new();
    let mut wire = Wire::tls(&world);
    let none = "GET /api/v1/nothing HTTP/1.1\r\nHost: box\r\n\r\n";
    wire.send(format!("{GET}{none}{GET}GET /x HTTP/1.1\r\n\r\n{GET}"));
    let answers: Vec<u16> = std::iter::from_fn(|| wire.answer()).map(|answer| answer.status).collect();
    assert_eq!(answers, [200, 401, 200, 400]);
}

#[test]
fn a_client_that_closes_its_side_first_still_gets_its_answer() {
    let world = World::new();
    let mut wire = Wire::plain(&world);
    wire.send(GET);
    if let Wire::Plain(stream) = &wire {
        stream.shutdown(std::net::Shutdown::Write).unwrap();
    }
    assert_eq!(wire.answer().unwrap().status, 200);
}

#[test]
fn a_body_over_the_limit_is_refused_without_being_read_but_after_the_sign_in() {
    let world = World::new();
    let post = |headers: &str, length: usize| {
        let head = format!("POST /api/v1/session HTTP/1.1\r\nHost: a\r\n{headers}Content-Length: {length}\r\n\r\n");
        [head.into_bytes(), vec![b' '; 128 * 1024]].concat()
    };
    let mut wire = Wire::tls(&world);
    wire.send(post("Content-Type: application/json\r\n", 10_000_000));
    assert_eq!(wire.answer().unwrap().status, 413);
    let mut wire = Wire::tls(&world);
    let head = "DELETE /api/v1/calls/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n";
    wire.send([head.as_bytes(), &vec![b' '; 70_000]].concat());
    assert_eq!(wire.answer().unwrap().status, 401, "who asks is judged before what he brings");
}

#[test]
fn an_unread_body_never_becomes_a_request() {
    let world = World::new();
    let mut wire = Wire::tls(&world);
    wire.send(format!("GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{GET}{GET}", GET.len()));
    assert_eq!(wire.answer().unwrap().status, 200);
    assert_eq!(wire.answer().unwrap().status, 200);
    wire.send("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_eq!(wire.answer().unwrap().status, 200);
    assert_eq!(wire.rest(), Some(Vec::new()));
}

#[test]
fn clients_that_drip_do_not_keep_others_from_being_served() {
    let world = World::new();
    let mut slow: Vec<Wire> = (0..30).map(|_| Wire::plain(&world)).collect();
    slow.extend((0..20).map(|_| Wire::tls(&world)));
    for wire in &mut slow {
        wire.send("POST /api/v1/session HTTP/1.1\r\nHost: a\r\nContent-Le");
    }
    let mut bodies: Vec<Wire> = (0..10).map(|_| Wire::tls(&world)).collect();
    for wire in &mut bodies {
        wire.send("POST /api/v1/session HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{");
    }
    assert_eq!(Caller::nobody(&world).get("/healthz").status, 200);
    assert_eq!(Caller::nobody(&world).sign_in("admin", PASSWORD).status, 200);
}

#[test]
fn one_address_has_so_many_connections_and_no_more_until_it_gives_some_back() {
    let world = World::new();
    let mut held: Vec<Wire> = (0..64).map(|_| Wire::plain(&world)).collect();
    for wire in &mut held {
        wire.send(GET);
        assert_eq!(wire.answer().unwrap().status, 200);
    }
    let mut over = Wire::plain(&world);
    over.send(GET);
    assert!(over.answer().is_none(), "closed without an answer");
    drop(held);
    // The box learns of the closed ones in its own time.
    let again = (0..500).find_map(|_| {
        std::thread::yield_now();
        let mut wire = Wire::plain(&world);
        wire.send(GET);
        wire.answer()
    });
    assert_eq!(again.unwrap().status, 200);
}

#[test]
fn clients_that_reset_do_no_harm() {
    let world = World::new();
    for _ in 0..300 {
        let stream = TcpStream::connect(world.at.http).unwrap();
        socket2::SockRef::from(&stream).set_linger(Some(std::time::Duration::ZERO)).unwrap();
        let mut wire = Wire::Plain(stream);
        wire.send("GET /api/v1/trunks HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    // until the box has seen all of them go, they may be all that one address may have
    let again = Stopwatch::start();
    while Wire::tls_as(world.at.https, &world.ca(), "127.0.0.1").is_err() {
        assert!(again.elapsed() < PATIENCE, "nobody is served any more");
    }
    assert_eq!(Caller::nobody(&world).get("/healthz").status, 200);
    assert_eq!(Caller::nobody(&world).get("/api/v1/trunks").status, 401);
}

#[test]
fn plain_http_sends_people_to_https_and_answers_what_phones_and_monitors_need() {
    let world = World::new();
    let ask = |target: &str, host: &str| {
        let mut wire = Wire::plain(&world);
        wire.send(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        wire.answer().unwrap()
    };
    let port = world.at.https.port();
    for (host, name) in [("box.local", "box.local"), ("box.local:8080", "box.local"), ("[::1]:8080", "[::1]")] {
        let answer = ask("/x?y=z", host);
        assert_eq!(answer.status, 308);
        assert_eq!(answer.header("location"), Some(format!("https://{name}:{port}/x?y=z").as_str()));
    }
    assert_eq!(ask("/api/v1/session", "a").status, 308);
    assert_eq!(ask("/healthz", "a").json()["status"], "ok");
    assert_eq!(ask("/provision/0011223344556677/y.cfg", "a").status, 404);
    assert_eq!(ask("/metrics", "a").status, 200, "from loopback");
}

#[test]
fn a_name_that_is_none_of_ours_gets_nothing_but_words() {
    let world = World::new();
    let ask = |mut wire: Wire, target: &str, host: &str| {
        wire.send(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nAccept-Language: en\r\n\r\n"));
        wire.answer().unwrap()
    };
    for target in ["/", "/api/v1/session", "/api/v1/openapi.json", "/ui/x", "/metrics", "/nothing"] {
        for wire in [Wire::plain(&world), Wire::tls(&world)] {
            let answer = ask(wire, target, "evil.example:8443");
            assert_eq!(answer.status, 421, "{target}");
            assert!(answer.json()["detail"].as_str().unwrap().contains("by its address"));
            assert_eq!(answer.header("location"), None);
        }
    }
    assert_eq!(ask(Wire::tls(&world), "https://evil.example/", "box").status, 421, "the target says more than Host");
    for host in ["127.0.0.1", "127.0.0.1:8443", "localhost", "[::1]:1", "BOX.local."] {
        assert_eq!(ask(Wire::tls(&world), "/", host).status, 200, "{host}");
    }
    assert_eq!(ask(Wire::tls(&world), "/healthz", "balancer.example").status, 200);
    assert_eq!(ask(Wire::plain(&world), "/provision/x/y.cfg", "provision.example").status, 404);
}

#[test]
fn headers_of_the_inner_hop_mean_nothing_from_outside() {
    let world = World::new();
    let mut caller = Caller::nobody(&world).with("X-Gate-Too-Large", "1").with("X-Gate-Peer", "203.0.113.9");
    assert_eq!(caller.sign_in("admin", PASSWORD).status, 200);
    assert!(caller.get("/healthz").json()["version"].is_string(), "still the loopback that it is");
    let mut caller = Caller::nobody(&world).with("X-Gate-Events", "1//ru");
    assert!(caller.get("/healthz").header("x-gate-events").is_none());
}

#[test]
fn every_answer_carries_the_headers_that_keep_browsers_safe() {
    let world = World::new();
    let mut answers = vec![refused(Wire::tls(&world), b"GET / HTTP/1.1\r\n\r\n")];
    for path in ["/", "/healthz", "/api/v1/trunks", "/nothing", "/api/v1/openapi.json"] {
        answers.push(Caller::nobody(&world).get(path));
    }
    for answer in answers {
        assert!(answer.header("content-security-policy").unwrap().starts_with("default-src 'self';"));
        for (name, value) in
            [("x-content-type-options", "nosniff"), ("x-frame-options", "DENY"), ("referrer-policy", "no-referrer")]
        {
            assert_eq!(answer.header(name), Some(value));
        }
        assert!(answer.header("cache-control").is_some());
        assert_eq!(answer.header("server"), None);
    }
}

#[test]
fn the_page_and_its_files_are_served_to_anybody() {
    let world = World::new();
    let mut caller = Caller::nobody(&world);
    let page = caller.get("/");
    assert_eq!((page.status, page.header("cache-control")), (200, Some("no-cache")));
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let text = page.text();
    let files: Vec<&str> = text.split('"').filter(|word| word.starts_with("/ui/")).collect();
    assert!(!files.is_empty());
    for file in files {
        assert_eq!(caller.get(file).status, 200, "{file}");
    }
    assert_eq!(caller.get("/ui/x/../Cargo.toml").status, 404);
    assert_eq!(caller.ask("POST", "/", None).status, 405);
    let head = caller.ask("HEAD", "/nothing", None);
    assert_eq!(head.status, 404);
}

#[test]
fn the_certificate_is_good_for_every_name_of_this_machine_and_no_other() {
    let world = World::new();
    let connect = |name: &str| Wire::tls_as(world.at.https, &world.ca(), name);
    assert!(connect("127.0.0.1").is_ok() && connect("localhost").is_ok() && connect("::1").is_ok());
    assert!(connect("bank.example").is_err());
}

#[test]
fn a_port_that_is_taken_is_named() {
    let world = World::new();
    let taken = dozvon::io::http::WebConfig {
        http: world.at.http,
        https: world.at.https,
        started_at: crate::world::START,
        sip: dozvon::io::http::SipAddress { host: None, udp: 5060, tcp: 5060, tls: 5061 },
        certificate: dozvon::io::certificate::Certificate::open(world.data.join("tls"), &[], dozvon::io::clock::wall)
            .unwrap(),
        names: vec![],
        outgoing: crate::world::TESTS,
        ground: crate::world::ground(),
    };
    let error =
        dozvon::io::http::serve(taken, world.box_.clone(), world.board.clone(), world.data.clone()).unwrap_err();
    assert!(error.to_string().starts_with(&world.at.http.to_string()), "{error}");
}
