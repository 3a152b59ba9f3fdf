//! What dialogs refuse and keep.

use super::{Dialog, Sequence};
use crate::base::Rng;
use crate::sip::wire::{Headers, Method, Name, Response};
use crate::sip::{Flow, Transport};

fn flow(peer: &str) -> Flow {
    Flow {
        transport: Transport::Udp,
        local: "10.0.0.1:5060".parse().unwrap(),
        peer: peer.parse().unwrap(),
        connection: 0,
    }
}

fn invite() -> Headers {
    let mut headers = Headers::new();
    headers.push(Name::From, "Bob <sip:bob@b>;tag=b1");
    headers.push(Name::To, "sip:alice@a");
    headers.push(Name::CallId, "c1");
    headers.push(Name::CSeq, "41 INVITE");
    headers.push(Name::Contact, "<sip:bob@192.168.1.5>");
    headers.push(Name::Allow, "INVITE, UPDATE");
    headers
}

#[test]
fn a_dialog_counts_its_requests_and_knows_old_ones() {
    let mut dialog = Dialog::of_request(&mut Rng::from_seed(1), &invite(), "a1", flow("10.0.0.2:1")).unwrap();
    assert!(dialog.peer_takes_update);
    assert_eq!(dialog.receive(40, flow("10.0.0.2:2")), Sequence::Old);
    assert_eq!(dialog.flow, flow("10.0.0.2:1"));
    assert_eq!(dialog.receive(42, flow("10.0.0.2:2")), Sequence::InOrder);
    assert_eq!(dialog.flow, flow("10.0.0.2:2"));
    let (first, second) = (dialog.request(Method::Info), dialog.request(Method::Bye));
    let number = |request: &crate::sip::wire::Request| request.headers.cseq().unwrap().number;
    assert_eq!(number(&second), number(&first) + 1);
    assert_eq!(first.headers.get(&Name::From), Some("sip:alice@a;tag=a1"));
    assert_eq!(first.headers.get(&Name::To), Some("Bob <sip:bob@b>;tag=b1"));
    assert_eq!(first.uri.to_string(), "sip:bob@192.168.1.5");
}

#[test]
fn a_2xx_replaces_the_route_of_the_early_dialog_but_not_its_count() {
    let mut response = Response::new(183);
    response.headers = invite();
    response.headers.set(Name::To, "<sip:alice@a>;tag=x");
    response.headers.push(Name::RecordRoute, "<sip:early;lr>");
    let mut dialog = Dialog::of_response(&response, flow("10.0.0.2:1")).unwrap();
    dialog.next_seq();
    response.headers.set(Name::RecordRoute, "<sip:late;lr>");
    response.headers.set(Name::Contact, "<sip:alice@late>");
    dialog.confirm(&response, flow("10.0.0.2:1"));
    let bye = dialog.request(Method::Bye);
    assert_eq!(bye.headers.get(&Name::Route), Some("<sip:late;lr>"));
    assert_eq!(bye.uri.to_string(), "sip:alice@late");
    assert_eq!(bye.headers.get(&Name::CSeq), Some("43 BYE"));
}

#[test]
fn a_stored_dialog_reads_back_and_goes_on_counting() {
    let mut headers = invite();
    headers.set(Name::From, "\"Боб \\\"B\\\"\" <sip:bob@b>;tag=b1");
    headers.push(Name::RecordRoute, "<sip:first;lr>, <sip:second;lr>");
    let mut dialog = Dialog::of_request(&mut Rng::from_seed(1), &headers, "a1", flow("10.0.0.2:1")).unwrap();
    let mut back = Dialog::of_stored(&dialog.to_stored()).unwrap();
    assert_eq!(format!("{back:?}"), format!("{dialog:?}"));
    assert!(back.holds(&headers));
    back.skip(1000);
    let number = |request: &crate::sip::wire::Request| request.headers.cseq().unwrap().number;
    let (before, after) = (dialog.request(Method::Notify), back.request(Method::Notify));
    assert_eq!(number(&after), number(&before) + 1000);
    assert_eq!(after.headers.get(&Name::Route), before.headers.get(&Name::Route));
    assert_eq!(back.receive(40, flow("10.0.0.2:1")), Sequence::Old);
    for broken in ["", "call-id x", "flow udp 1 2", &dialog.to_stored().replace("udp", "ufo")] {
        assert!(Dialog::of_stored(broken).is_none(), "{broken}");
    }
}

#[test]
fn a_tag_without_a_value_does_not_stand_beside_ours() {
    for to in ["<sip:alice@a>;tag", "<sip:alice@a>;tag=", "<sip:alice@a>;"] {
        let mut headers = invite();
        headers.set(Name::To, to);
        let mut dialog = Dialog::of_request(&mut Rng::from_seed(1), &headers, "a1", flow("10.0.0.2:1")).unwrap();
        let request = dialog.request(Method::Notify);
        assert_eq!(request.headers.get(&Name::From), Some("<sip:alice@a>;tag=a1"), "{to}");
    }
}

#[test]
fn header_fields_in_a_contact_do_not_become_part_of_a_request_uri() {
    let mut headers = invite();
    headers.set(Name::Contact, "<sip:bob@192.168.1.5;line=2?Subject=x&Route=%3Csip:elsewhere%3E>");
    let mut dialog = Dialog::of_request(&mut Rng::from_seed(1), &headers, "a1", flow("10.0.0.2:1")).unwrap();
    assert_eq!(dialog.request(Method::Bye).uri.to_string(), "sip:bob@192.168.1.5;line=2");
}

#[test]
fn a_dialog_never_counts_beyond_what_a_cseq_may_be() {
    let mut dialog = Dialog::of_request(&mut Rng::from_seed(1), &invite(), "a1", flow("10.0.0.2:1")).unwrap();
    dialog.skip(u32::MAX);
    assert_eq!(dialog.request(Method::Notify).headers.cseq().unwrap().number, (1 << 31) - 1);
}
