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
    let mut dialog = Dialog::of_invite(&mut Rng::from_seed(1), &invite(), "a1", flow("10.0.0.2:1")).unwrap();
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
