use proptest::prelude::*;

use super::*;
use crate::sip::Transport;
use crate::sip::wire::{Message, parse};

const AOR: &str = "rik33+user200s0";
const WALL: WallTime = WallTime(1_800_000_000_000);

fn at(seconds: u64) -> Instant {
    Instant::ZERO + Duration::from_secs(seconds)
}

fn wall(seconds: u64) -> WallTime {
    WALL + Duration::from_secs(seconds)
}

fn flow(peer: &str) -> Flow {
    let local = "192.168.1.1:5060".parse().expect("an address");
    Flow { transport: Transport::Udp, local, peer: peer.parse().expect("an address"), connection: 0 }
}

fn home() -> Flow {
    flow("192.168.1.77:5062")
}

/// A REGISTER with these further header lines.
fn register(call_id: &str, cseq: u32, lines: &[&str]) -> Request {
    let mut text = format!(
        "REGISTER sip:box.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.168.1.77:5062;branch=z9hG4bK{cseq}\r\n\
         From: <sip:{AOR}@box.example>;tag=a\r\nTo: <sip:{AOR}@box.example>\r\nCall-ID: {call_id}\r\n\
         CSeq: {cseq} REGISTER\r\nMax-Forwards: 70\r\nUser-Agent: Phone 1.0\r\n"
    );
    for line in lines {
        text += line;
        text += "\r\n";
    }
    text += "Content-Length: 0\r\n\r\n";
    match parse(text.as_bytes()) {
        Ok(Message::Request(request)) => request,
        other => panic!("not a request: {other:?}"),
    }
}

struct Desk {
    bindings: Bindings,
}

impl Desk {
    fn new() -> Self {
        Self { bindings: Bindings::new() }
    }

    fn send(&mut self, t: u64, from: Flow, request: &Request) -> Result<Registered, RegisterError> {
        self.bindings.register(at(t), wall(t), AOR, from, request)
    }

    fn ok(&mut self, t: u64, from: Flow, call_id: &str, cseq: u32, lines: &[&str]) -> Registered {
        self.send(t, from, &register(call_id, cseq, lines)).expect("a good REGISTER")
    }

    fn contacts(&self) -> Vec<String> {
        self.bindings.contacts(AOR).iter().map(|b| b.contact.to_string()).collect()
    }
}

fn listed(registered: &Registered) -> Vec<String> {
    registered.headers.all(&Name::Contact).map(str::to_owned).collect()
}

#[test]
fn a_phone_registers_refreshes_and_goes() {
    let mut desk = Desk::new();
    let contact = "Contact: <sip:200@192.168.1.77:5062>";
    let answer = desk.ok(0, home(), "a", 1, &[contact, "Expires: 120"]);
    assert_eq!(listed(&answer), ["<sip:200@192.168.1.77:5062>;expires=120"]);
    assert!(
        matches!(answer.changes.as_slice(), [Change::Kept(b)] if b.expires_at == wall(120) && b.user_agent == "Phone 1.0")
    );
    assert_eq!(desk.bindings.poll_timeout(), Some(at(120)));

    desk.ok(100, home(), "a", 2, &[contact, "Expires: 120"]);
    assert!(desk.bindings.expire(at(120)).is_empty());
    assert_eq!(desk.bindings.poll_timeout(), Some(at(220)));

    let gone = desk.ok(130, home(), "a", 3, &[contact, "Expires: 0"]);
    assert!(listed(&gone).is_empty());
    let contact = "sip:200@192.168.1.77:5062".to_owned();
    assert_eq!(gone.changes, [Change::Gone { aor: AOR.to_owned(), contact }]);
    assert_eq!(desk.bindings.poll_timeout(), None);
}

#[test]
fn a_binding_ends_when_it_is_not_refreshed() {
    let mut desk = Desk::new();
    desk.ok(0, home(), "a", 1, &["Contact: <sip:200@192.168.1.77>", "Expires: 60"]);
    desk.ok(10, home(), "b", 1, &["Contact: <sip:200@192.168.1.78>", "Expires: 60"]);
    assert!(desk.bindings.expire(at(59)).is_empty());
    let gone = desk.bindings.expire(at(60));
    assert_eq!(gone, [Change::Gone { aor: AOR.to_owned(), contact: "sip:200@192.168.1.77".to_owned() }]);
    assert_eq!(desk.contacts(), ["sip:200@192.168.1.78"]);
    assert_eq!(desk.bindings.expire(at(70)).len(), 1);
    assert_eq!(desk.bindings.iter().count(), 0);
}

#[test]
fn a_register_without_contact_lists_what_there_is_and_changes_nothing() {
    let mut desk = Desk::new();
    desk.ok(0, home(), "a", 1, &["Contact: <sip:200@192.168.1.77>;q=0.5, <sip:200@10.0.0.1>;expires=90"]);
    let answer = desk.ok(30, flow("192.168.1.99:5060"), "z", 1, &[]);
    assert_eq!(listed(&answer), ["<sip:200@192.168.1.77>;expires=3570;q=0.500", "<sip:200@10.0.0.1>;expires=60"]);
    assert!(answer.changes.is_empty());
    assert_eq!(answer.headers.get(&Name::Date), Some("Fri, 15 Jan 2027 08:00:30 GMT"));
}

#[test]
fn contact_star_with_expires_zero_removes_all() {
    let mut desk = Desk::new();
    desk.ok(0, home(), "a", 1, &["Contact: <sip:200@192.168.1.77>, <sip:200@192.168.1.78>"]);
    let answer = desk.ok(1, home(), "b", 1, &["Contact: *", "Expires: 0"]);
    assert_eq!(answer.changes.len(), 2);
    assert!(desk.contacts().is_empty() && desk.bindings.poll_timeout().is_none());
}

#[test]
fn a_star_that_is_not_a_whole_removal_is_refused_and_nothing_changes() {
    let mut desk = Desk::new();
    desk.ok(0, home(), "a", 5, &["Contact: <sip:200@192.168.1.77>"]);
    for lines in [&["Contact: *"][..], &["Contact: *", "Expires: 60"]] {
        let error = desk.send(1, home(), &register("a", 6, lines)).expect_err("a bad star");
        assert_eq!(error.status(), 400, "{lines:?}");
    }
    let mut mixed = register("a", 6, &["Contact: *", "Expires: 0"]);
    mixed.headers.push(Name::Contact, "<sip:200@192.168.1.78>");
    assert_eq!(desk.send(1, home(), &mixed).map_err(|e| e.status()), Err(400));
    let late = desk.send(1, home(), &register("a", 4, &["Contact: *", "Expires: 0"]));
    assert_eq!(late, Err(RegisterError::OutOfOrder));
    assert_eq!(desk.contacts(), ["sip:200@192.168.1.77"]);
}

#[test]
fn an_older_register_that_comes_late_changes_nothing() {
    let mut desk = Desk::new();
    let contact = "Contact: <sip:200@192.168.1.77>";
    desk.ok(0, home(), "a", 7, &[contact]);
    for cseq in [6, 7] {
        let late = desk.send(1, home(), &register("a", cseq, &[contact, "Expires: 0"]));
        assert_eq!(late, Err(RegisterError::OutOfOrder));
        assert_eq!(late.map_err(|e| e.status()).err(), Some(500));
    }
    assert_eq!(desk.contacts().len(), 1);
    desk.ok(2, home(), "other", 1, &[contact, "Expires: 0"]);
    assert!(desk.contacts().is_empty(), "another Call-ID has an order of its own");
}

#[test]
fn one_bad_contact_spoils_the_whole_request() {
    let mut desk = Desk::new();
    let bad: [(&str, u16); 4] = [
        ("Contact: <sip:200@192.168.1.77>, <tel:+78121234567>", 400),
        ("Contact: <sip:200@192.168.1.77>, <mailto:a@b>", 400),
        ("Contact: <sip:200@192.168.1.77>, <sip:200@192.168.1.78>;expires=30", 423),
        (
            "Contact: <sip:1@h>,<sip:2@h>,<sip:3@h>,<sip:4@h>,<sip:5@h>,<sip:6@h>,<sip:7@h>,<sip:8@h>,<sip:9@h>,<sip:10@h>,<sip:11@h>",
            400,
        ),
    ];
    for (line, status) in bad {
        let error = desk.send(0, home(), &register("a", 1, &[line])).expect_err("a bad contact");
        assert_eq!(error.status(), status, "{line}");
        assert!(desk.contacts().is_empty());
    }
    let mut unread = register("a", 1, &[]);
    unread.headers.push(Name::Contact, "<sip:200@192.168.1.77");
    assert_eq!(desk.send(0, home(), &unread), Err(RegisterError::Contact));
}

#[test]
fn too_brief_a_life_is_refused_with_the_shortest() {
    let error = Desk::new().send(0, home(), &register("a", 1, &["Contact: <sip:200@h>", "Expires: 59"]));
    let error = error.expect_err("too brief");
    assert_eq!((error.status(), error.headers().get(&Name::MinExpires)), (423, Some("60")));
    assert!(RegisterError::Star.headers().is_empty());
}

#[test]
fn the_contacts_own_expires_wins_and_long_wishes_are_cut() {
    let cases = [
        ("Contact: <sip:200@h>;expires=90", "Expires: 600", "90"),
        ("Contact: <sip:200@h>", "Expires: 600", "600"),
        ("Contact: <sip:200@h>", "X: y", "3600"),
        ("Contact: <sip:200@h>;expires=soon", "Expires: 600", "3600"),
        ("Contact: <sip:200@h>;expires=86400", "X: y", "7200"),
        ("Contact: <sip:200@h>", "Expires: 99999999999999999999999", "7200"),
    ];
    for (contact, expires, left) in cases {
        let answer = Desk::new().ok(0, home(), "a", 1, &[contact, expires]);
        assert_eq!(listed(&answer), [format!("<sip:200@h>;expires={left}")], "{contact} {expires}");
    }
}

#[test]
fn an_eleventh_phone_takes_the_place_of_the_oldest() {
    let mut desk = Desk::new();
    for phone in 0..11 {
        let contact = format!("Contact: <sip:200@192.168.1.{phone}>");
        desk.ok(phone, home(), &format!("call-{phone}"), 1, &[&contact]);
    }
    assert_eq!(desk.contacts().len(), CONTACTS_PER_AOR);
    assert!(!desk.contacts().contains(&"sip:200@192.168.1.0".to_owned()));
    let first = "Contact: <sip:200@192.168.1.1>";
    desk.ok(20, home(), "call-1", 2, &[first]);
    let answer = desk.ok(21, home(), "new", 1, &["Contact: <sip:200@192.168.1.200>"]);
    let gone = Change::Gone { aor: AOR.to_owned(), contact: "sip:200@192.168.1.2".to_owned() };
    assert!(answer.changes.contains(&gone), "a refreshed binding is not the oldest: {:?}", answer.changes);
}

#[test]
fn a_phone_that_the_nat_moved_keeps_one_binding() {
    let mut desk = Desk::new();
    desk.ok(0, flow("203.0.113.5:40000"), "a", 1, &["Contact: <sip:200@203.0.113.5:40000>"]);
    let answer = desk.ok(10, flow("203.0.113.5:40001"), "a", 2, &["Contact: <sip:200@203.0.113.5:40001>"]);
    assert_eq!(desk.contacts(), ["sip:200@203.0.113.5:40001"]);
    assert!(matches!(answer.changes.as_slice(), [Change::Gone { .. }, Change::Kept(_)]));

    desk.ok(20, flow("203.0.113.5:40002"), "a", 3, &["Contact: <sip:200@203.0.113.5:40001>"]);
    assert_eq!(desk.bindings.contacts(AOR)[0].flow, flow("203.0.113.5:40002"), "requests go where it sends from");
}

#[test]
fn a_phone_that_started_anew_is_known_by_its_instance() {
    let mut desk = Desk::new();
    let instance = "+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF>\"";
    desk.ok(0, home(), "a", 1, &[&format!("Contact: <sip:200@192.168.1.77:1111>;{instance}")]);
    desk.ok(5, home(), "b", 1, &[&format!("Contact: <sip:200@192.168.1.77:2222>;{instance}")]);
    assert_eq!(desk.contacts(), ["sip:200@192.168.1.77:2222"]);
    desk.ok(6, home(), "c", 1, &["Contact: <sip:200@192.168.1.78:2222>"]);
    assert_eq!(desk.contacts().len(), 2, "another phone stays another");
}

#[test]
fn one_phone_may_register_two_contacts_by_one_call_id() {
    let mut desk = Desk::new();
    desk.ok(0, home(), "a", 1, &["Contact: <sip:200@192.168.1.77:5062>"]);
    desk.ok(1, home(), "a", 2, &["Contact: <sip:200@192.168.1.77:5064>"]);
    assert_eq!(desk.contacts().len(), 2);
    let swap = "Contact: <sip:200@192.168.1.77:5066>, <sip:200@192.168.1.77:5062>;expires=0";
    desk.ok(2, home(), "a", 3, &[swap]);
    assert_eq!(desk.contacts(), ["sip:200@192.168.1.77:5064", "sip:200@192.168.1.77:5066"]);
}

#[test]
fn contacts_are_compared_as_uris_and_not_as_text() {
    let mut desk = Desk::new();
    desk.ok(0, home(), "a", 1, &["Contact: <sip:200@Phone.Example;transport=UDP>"]);
    desk.ok(1, home(), "b", 1, &["Contact: <sip:%32%30%30@phone.example;Transport=udp>"]);
    assert_eq!(desk.contacts().len(), 1);
    desk.ok(2, home(), "c", 1, &["Contact: <sip:200@phone.example:5060;transport=udp>"]);
    assert_eq!(desk.contacts().len(), 2, "an absent port is not 5060");
}

#[test]
fn the_phone_is_found_by_where_it_sends_from() {
    let mut desk = Desk::new();
    desk.ok(0, home(), "a", 1, &["Contact: <sip:200@10.9.9.9>"]);
    assert_eq!(desk.bindings.at(&home()).map(|b| b.aor.as_str()), Some(AOR));
    assert!(desk.bindings.at(&flow("192.168.1.77:5063")).is_none());
}

#[test]
fn bindings_live_on_after_a_restart_until_their_wall_time() {
    let mut desk = Desk::new();
    desk.ok(0, home(), "a", 8, &["Contact: <sip:200@192.168.1.77>", "Expires: 120"]);
    desk.ok(0, home(), "b", 1, &["Contact: <sip:200@192.168.1.78>", "Expires: 60"]);
    let stored = desk.bindings.snapshot(at(30), wall(30));

    let mut next = Desk::new();
    let gone = next.bindings.restore(at(2), wall(90), stored);
    assert_eq!(gone, [Change::Gone { aor: AOR.to_owned(), contact: "sip:200@192.168.1.78".to_owned() }]);
    assert_eq!(next.bindings.contacts(AOR)[0].flow, home());
    assert_eq!(next.bindings.poll_timeout(), Some(at(32)));
    let late = next.send(3, home(), &register("a", 8, &["Contact: <sip:200@192.168.1.77>", "Expires: 0"]));
    assert_eq!(late, Err(RegisterError::OutOfOrder), "the order of requests outlives a restart too");
    next.ok(3, home(), "a", 9, &["Contact: <sip:200@192.168.1.77>", "Expires: 120"]);
    assert_eq!(next.contacts().len(), 1);
}

#[test]
fn a_stored_binding_is_never_trusted_blindly() {
    let mut desk = Desk::new();
    desk.ok(0, home(), "a", 1, &["Contact: <sip:200@192.168.1.77>"]);
    let good = desk.bindings.snapshot(at(0), wall(0)).remove(0);
    let unread = StoredBinding { contact: "nonsense".to_owned(), ..good.clone() };
    let far = StoredBinding { expires_at: WallTime(i64::MAX), ..good };
    let mut next = Bindings::new();
    assert_eq!(next.restore(at(0), wall(0), vec![unread, far]).len(), 1);
    assert_eq!(next.poll_timeout(), Some(at(7200)), "a clock set back makes nothing immortal");
}

#[test]
fn phones_of_logins_that_are_gone_go_too() {
    let mut desk = Desk::new();
    desk.ok(0, home(), "a", 1, &["Contact: <sip:200@192.168.1.77>"]);
    assert!(desk.bindings.keep_only(|aor| aor == AOR).is_empty());
    assert_eq!(desk.bindings.keep_only(|_| false).len(), 1);
    assert_eq!(desk.bindings.poll_timeout(), None);
}

proptest! {
    /// Whatever phones send, the table stays whole: bounded, no contact twice, a deadline for each binding, and the
    /// changes told to the disk add up to what is there.
    #[test]
    fn the_disk_follows_the_table(steps in prop::collection::vec((0u8..4, 0u8..14, 0u8..3, 0u32..200, 0u16..3), 1..60)) {
        let mut desk = Desk::new();
        let mut disk = std::collections::BTreeSet::new();
        for (t, (call, contact, kind, expires, port)) in (0u64..).zip(steps) {
            let contact = match kind { 0 => "Contact: *".to_owned(), _ => format!("Contact: <sip:2@h{contact}>") };
            let expires = format!("Expires: {}", if kind == 0 { 0 } else { expires });
            let from = flow(&format!("192.168.1.77:{}", 5060 + port));
            let request = register(&format!("call-{call}"), u32::try_from(t).unwrap_or(0) / 2, &[&contact, &expires]);
            let mut changes = desk.bindings.expire(at(t * 7));
            let before = desk.contacts();
            match desk.send(t * 7, from, &request) {
                Ok(registered) => changes.extend(registered.changes),
                Err(_) => prop_assert_eq!(&before, &desk.contacts()),
            }
            for change in changes {
                match change {
                    Change::Kept(b) => { disk.insert(b.contact); }
                    Change::Gone { contact, .. } => { disk.remove(&contact); }
                }
            }
            let now: std::collections::BTreeSet<_> = desk.contacts().into_iter().collect();
            prop_assert_eq!(&now, &disk);
            prop_assert!(now.len() == desk.contacts().len() && now.len() <= CONTACTS_PER_AOR);
            prop_assert_eq!(desk.bindings.deadlines.len(), now.len());
        }
    }
}

#[test]
fn a_phone_under_tls_goes_with_its_connection_and_one_under_tcp_stays() {
    for (transport, stays) in [(Transport::Tls, false), (Transport::Tcp, true)] {
        let mut desk = Desk::new();
        let first = Flow { transport, connection: 7, ..home() };
        desk.ok(0, first, "a", 1, &["Contact: <sip:200@192.168.1.77:5062>"]);
        let other = Flow { transport, connection: 8, ..flow("192.168.1.78:5062") };
        desk.ok(0, other, "b", 1, &["Contact: <sip:200@192.168.1.78:5062>"]);
        let gone = desk.bindings.lost(&first);
        assert_eq!((gone.len(), desk.contacts().len()), if stays { (0, 2) } else { (1, 1) });
        // refreshed by a new connection, it does not go with the old one
        let second = Flow { connection: 9, ..other };
        desk.ok(1, second, "b", 2, &["Contact: <sip:200@192.168.1.78:5062>"]);
        assert!(desk.bindings.lost(&other).is_empty());
        let stored = desk.bindings.snapshot(at(1), wall(1));
        let mut again = Bindings::new();
        again.restore(at(0), wall(2), stored);
        assert_eq!(again.contacts(AOR).len(), if stays { 2 } else { 0 }, "a restart ends every connection");
    }
}
