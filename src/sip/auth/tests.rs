//! The examples of the RFCs, and what a server must not believe.

use super::digest::{Algorithm, Fields, Proof, Qop};
use super::{Challenger, Verdict};
use crate::base::{Duration, Instant, Rng};
use crate::sip::wire::{Method, Name, Request};
use crate::sip::{Flow, Transport};

fn flow(ip: &str) -> Flow {
    let peer = format!("{ip}:5060").parse().unwrap();
    Flow { transport: Transport::Udp, local: "10.0.0.1:5060".parse().unwrap(), peer, connection: 0 }
}

#[test]
fn the_responses_are_those_of_rfc_7616() {
    let nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
    let proof = |algorithm| Proof {
        algorithm,
        username: "Mufasa",
        realm: "http-auth@example.org",
        password: "Circle of Life",
        nonce,
        cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        nc: "00000001",
        qop: Qop::Auth,
        method: "GET",
        uri: "/dir/index.html",
        body: b"",
    };
    assert_eq!(proof(Algorithm::Md5).response(), "8ca523f5e9506fed4657c9700eebdbec");
    let sha = "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1";
    assert_eq!(proof(Algorithm::Sha256).response(), sha);
    assert_ne!(proof(Algorithm::Sha256Sess).response(), sha);
    let old = Proof {
        qop: Qop::Absent,
        password: "Circle Of Life",
        realm: "testrealm@host.com",
        nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
        ..proof(Algorithm::Md5)
    };
    assert_eq!(old.response(), "670fd8c2df070c60b045671b8b24ff02");
}

fn register(agent: &str) -> Request {
    let mut request = Request::new(Method::Register, "sip:10.0.0.1:5060".parse().unwrap());
    request.headers.push(Name::UserAgent, agent);
    request
}

#[test]
fn md5_comes_first_and_sha_256_spares_those_who_stumble_over_it() {
    let mut challenger = Challenger::new(Rng::from_seed(5), "dozvon");
    let mut algorithms = |agent: &str| {
        let values = challenger.challenge(Instant::ZERO, &flow("10.0.0.2"), &register(agent), false);
        values.iter().map(|value| Fields::read_all(value)[0].get("algorithm").unwrap().to_owned()).collect::<Vec<_>>()
    };
    for agent in ["", "Yealink SIP-T46U 108.86.0.20", "baresip v3.12.0 (x86_64/Linux)", "baresip v4.0.1", "baresip"] {
        assert_eq!(algorithms(agent), ["MD5", "SHA-256"], "{agent}");
    }
    for agent in ["baresip v1.0.0 (x86_64/linux)", "baresip v0.6.6", "baresip v3.11.0 (x86_64/Linux)"] {
        assert_eq!(algorithms(agent), ["MD5"], "{agent}");
    }
}

struct Office {
    challenger: Challenger,
    nonce: String,
}

impl Office {
    fn new() -> Self {
        let mut challenger = Challenger::new(Rng::from_seed(5), "dozvon");
        let values = challenger.challenge(Instant::ZERO, &flow("10.0.0.2"), &register(""), false);
        let nonce = Fields::read_all(&values[0])[0].get("nonce").unwrap().to_owned();
        Self { challenger, nonce }
    }

    /// Verifies a REGISTER with this count, `seconds` after the challenge.
    fn verify(&mut self, seconds: u64, ip: &str, nc: &str, change: impl FnOnce(String) -> String) -> Verdict {
        let proof = Proof {
            algorithm: Algorithm::Sha256,
            username: "prefix+user200s0",
            realm: "dozvon",
            password: "pass",
            nonce: &self.nonce,
            cnonce: "c",
            nc,
            qop: Qop::Auth,
            method: "REGISTER",
            uri: "sip:10.0.0.1",
            body: b"",
        };
        let value = format!(
            "Digest username=\"prefix+user200s0\", realm=\"dozvon\", nonce=\"{}\", uri=\"sip:10.0.0.1\", response=\"{}\", \
             algorithm=SHA-256, cnonce=\"c\", nc={nc}, qop=auth",
            self.nonce,
            proof.response()
        );
        let mut request = Request::new(Method::Register, "sip:10.0.0.1:5060".parse().unwrap());
        request.headers.push(Name::Authorization, change(value));
        let now = Instant::ZERO + Duration::from_secs(seconds);
        let password = |name: &str| (name == "prefix+user200s0").then(|| "pass".to_owned());
        self.challenger.verify(now, &flow(ip), &request, password)
    }
}

fn proved() -> Verdict {
    Verdict::Proved { username: "prefix+user200s0".to_owned() }
}

#[test]
fn counts_are_hexadecimal_and_good_once_in_any_order() {
    let mut office = Office::new();
    for nc in ["00000001", "0000000a", "0000000b", "00000009", "00000100"] {
        assert_eq!(office.verify(1, "10.0.0.2", nc, |v| v), proved(), "{nc}");
        assert_eq!(office.verify(1, "10.0.0.2", nc, |v| v), Verdict::Stale, "{nc}");
    }
    assert_eq!(office.verify(1, "10.0.0.2", "0000000c", |v| v), Verdict::Stale); // too far behind to know
}

#[test]
fn nonces_are_good_for_their_time_and_address_only() {
    let mut office = Office::new();
    assert_eq!(office.verify(300, "10.0.0.2", "00000001", |v| v), proved());
    assert_eq!(office.verify(301, "10.0.0.2", "00000002", |v| v), Verdict::Stale);
    assert_eq!(office.verify(1, "10.0.0.3", "00000003", |v| v), Verdict::Stale);
    office.challenger = Challenger::new(Rng::from_seed(6), "dozvon"); // after a restart
    assert_eq!(office.verify(1, "10.0.0.2", "00000004", |v| v), Verdict::Stale);
}

#[test]
fn what_is_wrong_is_not_believed() {
    let mut office = Office::new();
    let wrong = |verdict| matches!(verdict, Verdict::Wrong { .. });
    assert!(wrong(office.verify(1, "10.0.0.2", "00000001", |v| v.replace("nc=00000001", "nc=00000002"))));
    assert!(wrong(office.verify(1, "10.0.0.2", "00000001", |v| v.replace("response=\"", "response=\"0"))));
    assert!(wrong(office.verify(1, "10.0.0.2", "00000001", |v| v.replace("user200", "user201"))));
    assert!(wrong(office.verify(1, "10.0.0.2", "00000001", |v| v.replace("uri=\"sip:", "uri=\"sip:300@"))));
    assert_eq!(
        office.verify(1, "10.0.0.2", "00000001", |v| v.replace("realm=\"dozvon", "realm=\"other")),
        Verdict::Absent
    );
    assert_eq!(office.verify(1, "10.0.0.2", "00000001", |v| v.replace("qop=auth", "qop=auth-int")), Verdict::Absent);
    assert_eq!(office.verify(1, "10.0.0.2", "00000001", |v| v), proved());
}

#[test]
fn the_uri_names_whom_the_request_is_for_or_nobody() {
    let mut office = Office::new();
    let mut verdict = |nc: &str, uri: &str, target: &str| {
        let proof = Proof {
            algorithm: Algorithm::Md5,
            username: "prefix+user200s0",
            realm: "dozvon",
            password: "pass",
            nonce: &office.nonce,
            cnonce: "c",
            nc,
            qop: Qop::Auth,
            method: "INVITE",
            uri,
            body: b"",
        };
        let value = format!(
            "Digest username=\"prefix+user200s0\", realm=\"dozvon\", nonce=\"{}\", uri=\"{uri}\", response=\"{}\", \
             algorithm=MD5, cnonce=\"c\", nc={nc}, qop=auth",
            office.nonce,
            proof.response()
        );
        let mut request = Request::new(Method::Invite, target.parse().unwrap());
        request.headers.push(Name::Authorization, value);
        office.challenger.verify(Instant::ZERO, &flow("10.0.0.2"), &request, |_| Some("pass".to_owned()))
    };
    assert_eq!(verdict("00000001", "sip:201@10.0.0.1:5060;transport=tcp", "sip:201@10.0.0.1"), proved());
    assert_eq!(verdict("00000002", "sip:10.0.0.1:5060", "sip:201@10.0.0.1"), proved());
    assert!(matches!(verdict("00000003", "sip:202@10.0.0.1", "sip:201@10.0.0.1"), Verdict::Wrong { .. }));
}
