//! Changes of the office, and restarts.

use super::*;

#[test]
fn a_restart_tells_every_phone_that_is_there_how_things_stand() {
    let mut house = House::new();
    for number in 300..500 {
        house.watch(&number.to_string());
    }
    house.run(secs(1));
    house.talks("300", &[talk(1, TalkState::Talking)]);
    house.answer(200);
    let before = house.said.iter().find(|said| said.body().contains("sip:300@")).unwrap().clone();
    let mut house = house.restarted(&[5062]);
    house.run(secs(2));
    assert_eq!((house.said.len(), house.disk.len()), (200, 200));
    let moments: std::collections::BTreeSet<Instant> = house.said.iter().map(|said| said.at).collect();
    assert!(moments.len() > 100, "not all in one instant");
    let after = house.said.iter().find(|said| said.body().contains("sip:300@")).unwrap();
    assert!(after.body().contains("<state>terminated</state>"), "the call died with the process");
    assert!(after.version() > before.version() + 1);
    let number = |said: &Said| said.request.headers.cseq().unwrap().number;
    assert!(number(after) > number(&before));
    assert_eq!(after.request.headers.call_id(), before.request.headers.call_id());
}

#[test]
fn two_restarts_in_a_row_never_count_back() {
    let mut house = House::new();
    house.watch("201");
    let mut seen = vec![house.last().clone()];
    for _ in 0..3 {
        house = house.restarted(&[5062]);
        house.run(secs(1));
        seen.push(house.last().clone());
    }
    let numbers: Vec<_> = seen.iter().map(|s| (s.request.headers.cseq().unwrap().number, s.version())).collect();
    assert!(numbers.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1), "{numbers:?}");
}

#[test]
fn after_a_restart_a_phone_that_is_away_is_told_when_it_comes() {
    let mut house = House::new();
    let tag = house.watch("201");
    let mut house = house.restarted(&[]);
    house.run(secs(60));
    assert!(house.said.is_empty());
    house.moved(&[5080]);
    assert_eq!((house.said.len(), house.last().flow), (1, flow(5080)));
    house.answer(200);
    house.send(&text("201", "c0", 2, &tag, &["Event: dialog"])).unwrap();
    house.run(secs(1));
    assert_eq!(house.said.len(), 2, "the dialog goes on");
}

#[test]
fn what_ended_while_we_were_away_or_cannot_be_read_is_forgotten() {
    let mut house = House::new();
    house.watch("201");
    house.watch("202");
    house.watch("203");
    house.disk[0].expires_at = WALL;
    house.disk[1].dialog = "nonsense".to_owned();
    let house = house.restarted(&[5062]);
    assert_eq!((house.lamps.len(), house.disk.len()), (1, 1));
    assert_eq!(house.disk[0].number, "203");
}

#[test]
fn what_the_office_no_longer_has_is_no_longer_watched() {
    let mut house = House::new();
    house.phone("201", registered());
    house.watch("201");
    house.watch("202");
    house.send(&text("200", "mwi", 1, "", &["Event: message-summary"])).unwrap();
    house.answer(200);
    house.run(secs(1));
    house.lamps.office(house.now, |_| Some("200".to_owned()), |number| number != "201");
    house.drain();
    assert_eq!((house.said.len(), house.last().state()), (4, "terminated;reason=noresource"));
    house.answer(200);
    assert_eq!(house.lamps.len(), 2);
    house.lamps.office(house.now, |_| Some("205".to_owned()), |_| true);
    house.drain();
    assert_eq!(house.last().request.headers.get(&Name::Event), Some("message-summary"), "it is another's mailbox now");
    house.answer(200);
    house.lamps.office(house.now, |_| None, |_| true);
    house.drain();
    assert_eq!((house.said.len(), house.lamps.len(), house.disk.len()), (5, 0, 0));
    assert!(house.lamps.numbers.is_empty(), "{:?}", house.lamps.numbers);
}
