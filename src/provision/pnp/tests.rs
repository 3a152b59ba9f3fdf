use std::net::SocketAddr;

use proptest::prelude::*;

use super::*;
use crate::base::Rng;

const PHONE: &str = "192.168.1.21:5060";
const URL: &str = "http://192.168.1.10:8080/provision/abc/";

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn subscribe(mac: &str, call: &str, cseq: u32) -> String {
    format!(
        "SUBSCRIBE sip:MAC%3a{mac}@224.0.1.75 SIP/2.0\r\nVia: SIP/2.0/UDP 192.168.1.21:5060;branch=z9hG4bK1;rport\r\n\
         Max-Forwards: 20\r\nContact: <sip:192.168.1.21:5060>\r\nTo: <sip:MAC%3a{mac}@224.0.1.75>\r\n\
         From: <sip:MAC%3a{mac}@224.0.1.75>;tag=t1\r\nCall-ID: {call}\r\nCSeq: {cseq} SUBSCRIBE\r\nExpires: 0\r\n\
         Event: ua-profile;profile-type=\"device\";vendor=\"snom\";model=\"snomD785\";version=\"10.1.54.13\"\r\n\
         Accept: application/url\r\nContent-Length: 0\r\n\r\n"
    )
}

fn ask(pnp: &mut Pnp, now: u64, text: &str) -> Vec<Output> {
    let (from, ours) = (address(PHONE), address("192.168.1.10:40000"));
    let now = Instant::from_micros(now * 1000);
    pnp.handle_input(now, Input::Asked { from, ours, url: URL, bytes: text.as_bytes() });
    drain(pnp)
}

fn drain(pnp: &mut Pnp) -> Vec<Output> {
    std::iter::from_fn(|| pnp.poll_output()).collect()
}

fn pnp() -> Pnp {
    Pnp::new(Rng::from_seed(1))
}

fn text(output: &Output) -> String {
    match output {
        Output::Reply { bytes, .. } | Output::Send { bytes, .. } => String::from_utf8(bytes.clone()).unwrap(),
        Output::Seen { .. } => String::new(),
    }
}

#[test]
fn a_telephone_that_asks_is_answered_noticed_and_told_where_its_settings_lie() {
    let mut pnp = pnp();
    let outputs = ask(&mut pnp, 0, &subscribe("000413123456", "c1", 1));
    let [Output::Reply { to, .. }, Output::Seen { identity, .. }, Output::Send { to: told, .. }] = outputs.as_slice()
    else {
        panic!("{outputs:?}")
    };
    assert_eq!((*to, *told), (address(PHONE), address(PHONE)));
    assert_eq!((identity.mac, identity.vendor.as_str()), (Mac::read("000413123456"), "snom"));
    assert_eq!((identity.model.as_str(), identity.firmware.as_str()), ("snomD785", "10.1.54.13"));
    let (answer, notify) = (text(&outputs[0]), text(&outputs[2]));
    assert!(answer.starts_with("SIP/2.0 200 OK\r\n") && answer.contains("rport=5060"), "{answer}");
    assert!(notify.starts_with("NOTIFY sip:192.168.1.21:5060 SIP/2.0\r\n"), "{notify}");
    assert!(notify.contains("Content-Type: application/url\r\n") && notify.ends_with(&format!("\r\n\r\n{URL}")));
    assert!(notify.contains("Subscription-State: terminated;reason=timeout\r\n"));
    let Ok(Message::Request(notify)) = parse(notify.as_bytes()) else { panic!() };
    let Ok(Message::Response(answer)) = parse(answer.as_bytes()) else { panic!() };
    assert_eq!(notify.headers.from().unwrap().tag(), answer.headers.to().unwrap().tag());
    assert_eq!(notify.headers.to().unwrap().tag(), Some("t1"));
}

#[test]
fn a_subscribe_that_came_twice_is_answered_alike_and_told_once() {
    let mut pnp = pnp();
    let first = ask(&mut pnp, 0, &subscribe("000413123456", "c1", 1));
    let again = ask(&mut pnp, 100, &subscribe("000413123456", "c1", 1));
    assert_eq!(again, first[..1]);
    assert_eq!(ask(&mut pnp, 200, &subscribe("000413123456", "c1", 2)).len(), 3);
}

#[test]
fn a_notify_is_sent_again_until_it_is_answered() {
    let mut pnp = pnp();
    let outputs = ask(&mut pnp, 0, &subscribe("000413123456", "c1", 1));
    let due = pnp.poll_timeout().unwrap();
    pnp.handle_input(due, Input::Timeout);
    assert_eq!(drain(&mut pnp), outputs[2..]);
    let Ok(Message::Request(notify)) = parse(text(&outputs[2]).as_bytes()) else { panic!() };
    let ok = notify.reply(200).to_bytes();
    pnp.handle_input(due, Input::Answered { from: address("192.168.1.99:5060"), bytes: &ok });
    assert!(pnp.poll_timeout().is_some(), "another machine answers for it");
    pnp.handle_input(due, Input::Answered { from: address(PHONE), bytes: &ok });
    assert_eq!(pnp.poll_timeout(), None);

    ask(&mut pnp, 9000, &subscribe("000413123456", "c2", 1));
    let mut sent = 0;
    while let Some(due) = pnp.poll_timeout() {
        pnp.handle_input(due, Input::Timeout);
        sent += drain(&mut pnp).len();
    }
    assert_eq!(sent, 4);
}

#[test]
fn an_accepted_telephone_is_told_in_its_dialog_and_by_its_own_word() {
    let mut pnp = pnp();
    let first = ask(&mut pnp, 0, &subscribe("000413123456", "c1", 1));
    let (mac, seen) = (Mac::read("000413123456").unwrap(), (address(PHONE).ip(), address("192.168.1.10:40000")));
    let sync = Some("check-sync;reboot=false");
    let input = Input::Accepted { mac, sync, seen: Some(seen), url: "http://x/y.htm" };
    pnp.handle_input(Instant::from_micros(60_000_000), input);
    let outputs = drain(&mut pnp);
    let [told, woken] = outputs.as_slice() else { panic!("{outputs:?}") };
    let (told, woken) = (text(told), text(woken));
    assert!(told.contains("Call-ID: c1\r\n") && told.contains("CSeq: 2 NOTIFY") && told.ends_with("http://x/y.htm"));
    assert!(text(&first[2]).contains("CSeq: 1 NOTIFY"));
    assert!(woken.contains("Event: check-sync;reboot=false\r\n") && woken.starts_with("NOTIFY sip:000413123456@"));

    let stranger = Mac::read("000413aaaaaa").unwrap();
    pnp.handle_input(Instant::ZERO, Input::Accepted { mac: stranger, sync: None, seen: None, url: "http://x/" });
    assert_eq!(drain(&mut pnp), []);
}

#[test]
fn what_no_telephone_sends_is_dropped_and_counted() {
    let mut pnp = pnp();
    let good = subscribe("000413123456", "c1", 1);
    for wrong in [
        String::new(),
        "nonsense".to_owned(),
        good.replace("ua-profile", "dialog"),
        good.replace("SUBSCRIBE", "INVITE"),
        good.replace("000413123456", "ffffffffffff"),
        good.replace("Call-ID: c1\r\n", ""),
    ] {
        assert_eq!(ask(&mut pnp, 0, &wrong), [], "{wrong}");
    }
    assert_eq!(pnp.dropped(), 6);
}

#[test]
fn nobody_is_made_to_hear_what_another_asked_for() {
    let mut pnp = pnp();
    let text = subscribe("000413123456", "c1", 1).replace("Contact: <sip:192.168.1.21", "Contact: <sip:192.168.1.66");
    let outputs = ask(&mut pnp, 0, &text.replace("UDP 192.168.1.21", "UDP 192.168.1.66"));
    for output in &outputs {
        if let Output::Reply { to, .. } | Output::Send { to, .. } = output {
            assert_eq!(*to, address(PHONE));
        }
    }
}

#[test]
fn whoever_asks_too_often_waits() {
    let mut pnp = pnp();
    let answered = |pnp: &mut Pnp, at: u64, n: u32| {
        (0..n).filter(|n| !ask(pnp, at, &subscribe("000413123456", &format!("c{at}-{n}"), 1)).is_empty()).count()
    };
    assert_eq!(answered(&mut pnp, 0, 100), 20);
    assert_eq!(answered(&mut pnp, 10_000, 100), 20);
}

#[test]
fn memory_has_its_bounds() {
    let mut pnp = pnp();
    for n in 0..2_000u32 {
        let from = SocketAddr::from(([10, 0, (n >> 8) as u8, n as u8], 5060));
        let text = subscribe(&format!("00041300{n:04x}"), "c", 1);
        let now = Instant::from_micros(u64::from(n) * 100_000);
        pnp.handle_input(now, Input::Asked { from, ours: address(PHONE), url: URL, bytes: text.as_bytes() });
        drain(&mut pnp);
    }
    assert_eq!((pnp.dialogs.len(), pnp.notices.len()), (DIALOGS, NOTICES));
    assert!(pnp.askers.len() <= ASKERS);
}

proptest! {
    #[test]
    fn no_bytes_bring_it_down(bytes in proptest::collection::vec(any::<u8>(), 0..600), cut in 0usize..700, at in 0usize..700) {
        let mut pnp = pnp();
        let good = subscribe("000413123456", "c1", 1).into_bytes();
        let (cut, at) = (cut.min(good.len()), at.min(good.len()));
        for text in [bytes.clone(), good[..cut].to_vec(), [&good[..at], &bytes, &good[at..]].concat()] {
            let (from, ours) = (address(PHONE), address("192.168.1.10:40000"));
            pnp.handle_input(Instant::ZERO, Input::Asked { from, ours, url: URL, bytes: &text });
            pnp.handle_input(Instant::ZERO, Input::Answered { from, bytes: &text });
            for output in drain(&mut pnp) {
                if let Output::Reply { bytes, .. } | Output::Send { bytes, .. } = output {
                    prop_assert!(parse(&bytes).is_ok());
                }
            }
        }
    }
}
