//! Parking: a call waits at a place for whoever dials it, and comes back when nobody does.

use dozvon::call::cdr::CallOutcome;
use dozvon::office::Parking;
use dozvon::sip::wire::Method;

use crate::sim::{Answer, PhoneId, World, secs};
use crate::transfer::{four, phones};

/// 203 has called 201, who keys the code; the place must be free.
fn parked(seed: u64) -> (World, [PhoneId; 4]) {
    let mut world = World::new(seed, &four());
    let phones = phones(&mut world);
    let [_, b, _, d] = phones;
    world.talk(d, "201", b);
    park(&mut world, d, b);
    (world, phones)
}

/// `by` keys the code; the other side waits with music.
fn park(world: &mut World, other: PhoneId, by: PhoneId) {
    world.keys(by, "*5");
    let left = world.run_until(secs(20), |world| world.is_idle(by));
    assert!(left, "{} who parked is not let go", world.at());
    assert!(world.is_talking(other));
    world.assert_waits(other, by);
}

fn takes(world: &mut World, who: PhoneId, place: &str, other: PhoneId) {
    world.dial(who, place);
    world.run_for(secs(2));
    assert!(world.is_talking(who), "{} {place}: {}", world.at(), world.status(who));
    world.assert_talk(other, who);
}

#[test]
fn a_parked_call_waits_at_the_first_free_place_and_is_taken_by_dialling_it() {
    let (mut world, [_, b, c, d]) = parked(220);
    world.assert_step("Parked", &["201", "701"]);
    takes(&mut world, c, "701", d);
    world.hang_up(d);
    world.run_for(secs(1));
    assert!(world.is_idle(c) && world.is_idle(b));
    world.assert_step("PickedUp", &["202"]);
    let row = world.only_row();
    assert_eq!((row.outcome, row.cause), (CallOutcome::Answered, "caller_hung_up"));
    world.assert_clean();
}

#[test]
fn who_parked_it_takes_it_himself() {
    let (mut world, [_, b, _, d]) = parked(221);
    takes(&mut world, b, "701", d);
    world.hang_up(b);
    world.run_for(secs(1));
    assert!(world.is_idle(d));
    world.only_row();
    world.assert_clean();
}

#[test]
fn the_next_call_waits_at_the_next_place_and_a_place_is_free_again_afterwards() {
    let (mut world, [a, b, c, d]) = parked(222);
    world.talk(c, "201", b);
    park(&mut world, c, b);
    world.assert_step("Parked", &["201", "702"]);
    takes(&mut world, a, "701", d);
    world.hang_up(a);
    world.run_for(secs(1));
    world.talk(d, "201", b);
    park(&mut world, d, b);
    assert_eq!(world.steps_of_kind("Parked").iter().filter(|step| step.contains("701")).count(), 2, "{}", world.at());
    world.hang_up(c);
    world.hang_up(d);
    world.run_for(secs(1));
    assert_eq!(world.rows().len(), 3);
    world.assert_clean();
}

#[test]
fn the_caller_too_parks_whom_he_called() {
    let mut world = World::new(223, &four());
    let [_, b, c, d] = phones(&mut world);
    world.talk(d, "201", b);
    park(&mut world, b, d);
    takes(&mut world, c, "701", b);
    world.hang_up(c);
    world.assert_clean();
}

#[test]
fn a_call_that_nobody_takes_returns_to_who_parked_it() {
    let (mut world, [_, b, _, d]) = parked(224);
    world.run_for(secs(100));
    assert!(world.is_idle(b));
    let back = world.run_until(secs(30), |world| world.is_ringing(b));
    assert!(back, "{} it does not come back", world.at());
    assert_eq!(world.phones[b.0].calls.last().unwrap().shown(), "203");
    world.answer(b);
    world.run_for(secs(1));
    world.assert_talk(b, d);
    world.hang_up(d);
    world.run_for(secs(1));
    world.assert_step("Recalled", &["201"]);
    world.only_row();
    world.assert_clean();
}

#[test]
fn a_call_that_returns_to_nobody_does_not_wait_for_ever() {
    let (mut world, [_, b, _, d]) = parked(225);
    let ended = world.run_until(secs(2000), |world| world.is_idle(d));
    if !ended {
        // it is parked again each time: then it must be there to be taken
        takes(&mut world, b, "701", d);
        world.hang_up(b);
    }
    world.run_for(secs(2));
    world.only_row();
    world.assert_clean();
}

#[test]
fn a_parked_caller_who_is_gone_without_a_word_does_not_come_back_for_ever() {
    let mut world = World::shaped(227, &four(), |office| office.parking.timeout_seconds = 20);
    let [_, b, _, d] = phones(&mut world);
    world.talk(d, "201", b);
    park(&mut world, d, b);
    world.will(b, Answer::Refuse(486));
    world.links[d.0].cut = true;
    world.run_for(secs(150));
    assert_eq!(world.only_row().cause, "peer_lost");
    assert!(world.steps_of_kind("Recalled").len() >= 2, "{} he came back meanwhile", world.at());
    world.assert_clean();
}

#[test]
fn a_parked_caller_who_hangs_up_frees_his_place() {
    let (mut world, [_, _, c, d]) = parked(226);
    world.hang_up(d);
    world.run_for(secs(1));
    assert_eq!(world.only_row().cause, "caller_hung_up");
    world.dial(c, "701");
    assert!(world.run_until(secs(60), |world| world.is_idle(c)), "{}", world.at());
    assert!(world.steps_of_kind("PickedUp").is_empty());
    world.assert_clean();
}

#[test]
fn at_an_empty_place_nobody_waits() {
    let mut world = World::new(227, &four());
    let [_, _, c, _] = phones(&mut world);
    world.dial(c, "705");
    assert!(world.run_until(secs(60), |world| world.is_idle(c)), "{} he waits for nobody", world.at());
    let call = world.call_of(c).unwrap();
    assert!(call.status >= 400 || call.packets_heard > 50, "{} neither status nor word", world.at());
    assert!(world.steps_of_kind("PickedUp").is_empty());
    world.assert_clean();
}

#[test]
fn when_all_places_are_taken_the_talk_goes_on() {
    let one_place = Parking { first: 701, last: 701, timeout_seconds: 120 };
    let mut world = World::shaped(228, &four(), |office| office.parking = one_place);
    let [a, b, c, d] = phones(&mut world);
    world.talk(d, "201", b);
    park(&mut world, d, b);
    world.talk(c, "200", a);
    world.keys(a, "*5");
    world.run_for(secs(10));
    world.assert_talk(a, c);
    world.hang_up(c);
    world.hang_up(d);
    world.assert_clean();
}

#[test]
fn a_refer_to_a_place_parks_there() {
    let mut world = World::new(229, &four());
    let [_, b, c, d] = phones(&mut world);
    world.talk(d, "201", b);
    world.act(b, |phone, now, index| phone.refer(now, index, "704"));
    world.run_for(secs(3));
    assert!(world.nth(b, 0).answers.contains(&(Method::Refer, 202)));
    assert_eq!(world.nth(b, 0).told.last(), Some(&200), "{}", world.at());
    assert!(world.is_idle(b));
    world.assert_waits(d, b);
    world.assert_step("Parked", &["201", "704"]);
    takes(&mut world, c, "704", d);
    world.hang_up(d);
    world.run_for(secs(1));
    world.only_row();
    world.assert_clean();
}

#[test]
fn a_refer_to_a_place_that_is_taken_leaves_the_talk_as_it_is() {
    let (mut world, [a, _, c, d]) = parked(230);
    world.talk(c, "200", a);
    world.act(a, |phone, now, index| phone.refer(now, index, "701"));
    world.run_for(secs(5));
    let call = world.nth(a, 0);
    let refused = call.answers.iter().any(|(method, status)| *method == Method::Refer && *status >= 400);
    let told = call.told.last().is_some_and(|status| *status >= 400);
    assert!(refused || told, "{} {:?} {:?}", world.at(), call.answers, call.told);
    world.assert_talk(a, c);
    world.hang_up(a);
    world.hang_up(d);
    world.assert_clean();
}

#[test]
fn two_who_take_a_parked_call_at_once_do_not_both_get_it() {
    let (mut world, [a, _, c, d]) = parked(231);
    world.dial(a, "701");
    world.dial(c, "701");
    world.run_for(secs(8));
    let winners = [a, c].into_iter().filter(|phone| world.is_talking(*phone)).collect::<Vec<_>>();
    assert_eq!(winners.len(), 1, "{}", world.at());
    world.assert_talk(d, winners[0]);
    world.hang_up(d);
    world.assert_clean();
}

#[test]
fn a_call_of_the_city_is_parked_and_taken() {
    let mut world = World::new(232, &four());
    let carrier = world.carrier();
    let [a, _, c, _] = phones(&mut world);
    world.call_in(carrier, "89211234567", "78126122981");
    world.run_for(secs(2));
    world.answer(a);
    world.run_for(secs(1));
    park(&mut world, carrier, a);
    takes(&mut world, c, "701", carrier);
    world.hang_up(carrier);
    world.run_for(secs(1));
    world.only_row();
    world.assert_clean();
}
