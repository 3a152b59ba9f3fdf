//! Forwarding, do not disturb, busy with and without call waiting, a mobile telephone that must press 1.

use dozvon::call::cdr::CallOutcome;
use dozvon::office::{Device, Extension, Forward, MobileDevice, Office};
use dozvon::sip::wire::Name;

use crate::sim::{Answer, CallState, PhoneId, World, secs};
use crate::transfer::{four, phones};

fn extension<'a>(office: &'a mut Office, number: &str) -> &'a mut Extension {
    office.extensions.iter_mut().find(|extension| extension.number == number).unwrap()
}

/// The extension's telephone forwards.
fn forward(office: &mut Office, number: &str, how: Forward) {
    if let Some(Device::Sip(sip)) = extension(office, number).devices.first_mut() {
        sip.forward = how;
    }
}

fn always(to: &str) -> Forward {
    Forward::Always { to: to.to_owned() }
}

fn when(busy: &str, no_answer: &str) -> Forward {
    Forward::Conditional { busy: busy.to_owned(), no_answer: no_answer.to_owned() }
}

fn world(seed: u64, shape: impl FnOnce(&mut Office)) -> (World, [PhoneId; 4]) {
    let mut world = World::shaped(seed, &four(), shape);
    let phones = phones(&mut world);
    (world, phones)
}

/// The new target sees who calls, and that the call was meant for 201, for this reason (RFC 5806 §4).
fn sees_the_diversion(world: &World, phone: PhoneId, caller: &str, reason: &str) {
    let call = world.call_of(phone).unwrap();
    assert_eq!(call.shown(), caller, "{} the original caller is shown", world.at());
    let diversion = call.came_with(&Name::Diversion).unwrap_or("none");
    assert!(diversion.contains("201@"), "{} Diversion: {diversion}", world.at());
    assert!(diversion.contains(&format!("reason={reason}")), "{} Diversion: {diversion}", world.at());
}

#[test]
fn all_calls_are_forwarded_and_the_new_target_sees_whose_they_were() {
    let (mut world, [a, b, c, _]) = world(270, |office| forward(office, "201", always("202")));
    world.dial(a, "201");
    world.run_for(secs(2));
    assert!(world.is_ringing(c) && world.is_idle(b), "{}", world.at());
    sees_the_diversion(&world, c, "200", "unconditional");
    world.assert_step("Diverted", &["201", "202", "always"]);
    world.answer(c);
    world.run_for(secs(1));
    world.assert_talk(a, c);
    world.hang_up(a);
    world.run_for(secs(1));
    assert_eq!(world.only_row().answered_by.as_deref(), Some("202"));
    world.assert_clean();
}

#[test]
fn when_busy_the_call_is_forwarded() {
    let (mut world, [a, b, c, _]) = world(271, |office| forward(office, "201", when("202", "")));
    world.will(b, Answer::Refuse(486));
    world.dial(a, "201");
    world.run_for(secs(2));
    assert!(world.is_ringing(c), "{}", world.at());
    sees_the_diversion(&world, c, "200", "user-busy");
    world.assert_step("Diverted", &["201", "202", "busy"]);
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn without_an_answer_the_call_is_forwarded() {
    let (mut world, [a, b, c, _]) = world(272, |office| forward(office, "201", when("", "202")));
    world.dial(a, "201");
    world.run_for(secs(19));
    assert!(world.is_ringing(b) && world.is_idle(c));
    world.run_for(secs(2));
    assert!(world.is_idle(b) && world.is_ringing(c), "{}", world.at());
    sees_the_diversion(&world, c, "200", "no-answer");
    world.answer(c);
    world.run_for(secs(1));
    world.assert_talk(a, c);
    world.hang_up(c);
    world.assert_clean();
}

#[test]
fn an_absent_telephone_forwards_at_once() {
    let mut world = World::shaped(273, &four(), |office| forward(office, "203", when("", "202")));
    let (a, c) = (world.register("rik33+user200s0"), world.register("user202s0"));
    world.dial(a, "203");
    world.run_for(secs(2));
    assert!(world.is_ringing(c), "{}", world.at());
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn a_telephone_that_redirects_by_itself_is_followed_with_diversion() {
    let (mut world, [a, b, c, _]) = world(274, |_| {});
    world.will(b, Answer::Redirect("202".to_owned()));
    world.dial(a, "201");
    world.run_for(secs(2));
    assert!(world.is_ringing(c));
    let diversion = world.call_of(c).unwrap().came_with(&Name::Diversion).unwrap_or("none").to_owned();
    assert!(diversion.contains("201@"), "{} Diversion: {diversion}", world.at());
    world.assert_step("Diverted", &["201", "202", "redirected"]);
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn a_telephone_that_redirects_to_the_city_needs_the_right() {
    let (mut world, [a, b, ..]) = world(275, |_| {});
    let carrier = world.carrier();
    world.will(b, Answer::Redirect("89211234567".to_owned()));
    world.dial(a, "201"); // the caller may call mobiles, who redirects may not
    world.run_for(secs(8));
    assert!(world.invites(carrier).is_empty(), "{} redirected without a right", world.at());
    assert!(world.is_idle(a));
    world.assert_clean();
}

#[test]
fn a_call_of_the_city_is_forwarded_to_a_mobile_with_the_number_it_was_meant_for() {
    let (mut world, [a, ..]) = world(276, |office| {
        forward(office, "200", always("79217654321"));
        office.groups.iter_mut().for_each(|group| group.members = vec!["200".to_owned()]);
    });
    let carrier = world.carrier();
    world.will(carrier, Answer::After(secs(2)));
    world.call_in(carrier, "89211234567", "78126122981");
    world.run_for(secs(1));
    let invite = world.invites(carrier).first().cloned();
    let invite = invite.unwrap_or_else(|| panic!("{} not forwarded", world.at()));
    assert_eq!(invite.uri.user.as_deref(), Some("79217654321"));
    let diversion = invite.headers.get(&Name::Diversion).unwrap_or("none");
    assert!(diversion.contains("78126122981"), "{} Diversion: {diversion}", world.at());
    world.run_for(secs(4));
    assert!(world.is_idle(a));
    world.clear_ears();
    world.run_for(secs(3));
    let heard: Vec<u32> = world.phones[carrier.0].calls.iter().map(|call| call.packets_heard).collect();
    assert!(heard.iter().all(|packets| *packets > 5), "{} {heard:?}", world.at());
    world.on(carrier, 0, |phone, now, call| phone.hang_up(now, call));
    world.run_for(secs(1));
    assert!(world.is_idle(carrier));
    world.only_row();
    world.assert_clean();
}

#[test]
fn a_call_that_is_forwarded_to_a_mobile_shows_who_calls() {
    let (mut world, _) = world(277, |office| {
        forward(office, "200", always("79217654321"));
        office.groups.iter_mut().for_each(|group| group.members = vec!["200".to_owned()]);
    });
    let carrier = world.carrier();
    world.call_in(carrier, "89211234567", "78126122981");
    world.run_for(secs(1));
    let invite = world.invites(carrier).first().cloned().expect("forwarded");
    let from = invite.headers.from().unwrap().uri.user;
    assert_eq!(from.as_deref(), Some("79211234567"), "{} issue 4: the original caller is shown", world.at());
    world.on(carrier, 0, |phone, now, call| phone.hang_up(now, call));
    world.assert_clean();
}

#[test]
fn a_forward_to_the_city_needs_the_right_of_who_forwards() {
    let (mut world, [a, b, ..]) = world(278, |office| forward(office, "201", always("79217654321")));
    let carrier = world.carrier();
    world.dial(a, "201"); // the caller may, 201 may not
    world.run_for(secs(8));
    assert!(world.invites(carrier).is_empty(), "{} forwarded without a right", world.at());
    assert!(world.is_idle(a) && world.is_idle(b));
    assert_ne!(world.only_row().outcome, CallOutcome::Answered);
    world.assert_clean();
}

#[test]
fn a_loop_of_forwards_ends_the_call_at_once() {
    let (mut world, [a, ..]) = world(279, |office| {
        forward(office, "201", always("202"));
        forward(office, "202", always("203"));
        forward(office, "203", always("201"));
    });
    world.dial(a, "201");
    world.run_for(secs(8));
    assert!(world.is_idle(a), "{} it goes round", world.at());
    let status = world.status(a);
    assert!(matches!(status, 480 | 482 | 486), "{} {status}", world.at());
    world.assert_clean();
}

#[test]
fn a_forward_to_oneself_rings_nobody_twice() {
    let (mut world, [a, b, ..]) = world(280, |office| forward(office, "201", when("201", "201")));
    world.dial(a, "201");
    world.run_for(secs(30));
    assert!(world.is_idle(a) && world.is_idle(b), "{}", world.at());
    assert_eq!(world.phones[b.0].calls.len(), 1, "{} rung again", world.at());
    world.assert_clean();
}

#[test]
fn who_is_not_to_be_disturbed_is_busy() {
    let (mut world, [a, b, ..]) = world(281, |office| extension(office, "201").do_not_disturb = true);
    world.dial(a, "201");
    world.run_for(secs(8));
    assert_eq!(world.status(a), 486, "{}", world.at());
    assert!(world.phones[b.0].calls.is_empty(), "{} it was disturbed", world.at());
    assert_eq!(world.only_row().outcome, CallOutcome::Busy);
    world.assert_clean();
}

#[test]
fn who_is_not_to_be_disturbed_forwards_as_when_busy() {
    let (mut world, [a, b, c, _]) = world(282, |office| {
        extension(office, "201").do_not_disturb = true;
        forward(office, "201", when("202", ""));
    });
    world.dial(a, "201");
    world.run_for(secs(2));
    assert!(world.is_ringing(c) && world.phones[b.0].calls.is_empty(), "{}", world.at());
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn with_call_waiting_a_second_call_is_offered() {
    let (mut world, [a, b, _, d]) = world(283, |_| {});
    world.talk(a, "201", b);
    world.dial(d, "201");
    world.run_for(secs(2));
    assert_eq!(world.states(b), [CallState::Talking, CallState::Ringing], "{}", world.at());
    world.on(b, 0, |phone, now, call| phone.hold(now, call));
    world.run_for(secs(1));
    world.on(b, 1, |phone, now, call| {
        let call_id = phone.calls[call].call_id.clone();
        phone.answer_now(now, &call_id);
    });
    world.run_for(secs(1));
    world.assert_talk(d, b);
    world.assert_waits(a, b);
    world.hang_up(d);
    world.run_for(secs(1));
    world.on(b, 0, |phone, now, call| phone.resume(now, call));
    world.run_for(secs(1));
    world.assert_talk(a, b);
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn without_call_waiting_who_talks_is_busy_and_hears_nothing_of_it() {
    let (mut world, [a, b, _, d]) = world(284, |office| extension(office, "201").call_waiting = false);
    world.talk(a, "201", b);
    world.dial(d, "201");
    world.run_for(secs(8));
    assert_eq!(world.status(d), 486, "{}", world.at());
    assert_eq!(world.phones[b.0].calls.len(), 1);
    world.assert_talk(a, b);
    world.hang_up(a);
    world.run_for(secs(1));
    world.dial(d, "201");
    world.run_for(secs(1));
    assert!(world.is_ringing(b), "{} busy for ever", world.at());
    world.hang_up(d);
    world.assert_clean();
}

#[test]
fn without_call_waiting_who_talks_forwards_as_when_busy() {
    let (mut world, [a, b, c, d]) = world(285, |office| {
        extension(office, "201").call_waiting = false;
        forward(office, "201", when("202", ""));
    });
    world.talk(a, "201", b);
    world.dial(d, "201");
    world.run_for(secs(2));
    assert!(world.is_ringing(c) && world.phones[b.0].calls.len() == 1, "{}", world.at());
    world.hang_up(d);
    world.hang_up(a);
    world.assert_clean();
}

/// 201 has a mobile telephone beside its own, which must press 1 or need not.
fn with_mobile(seed: u64, confirm: bool) -> (World, [PhoneId; 4], PhoneId) {
    let (mut world, phones) = world(seed, |office| {
        let mobile = MobileDevice { number: "79217654321".to_owned(), ring_seconds: 40, confirm };
        extension(office, "201").devices.push(Device::Mobile(mobile));
    });
    let carrier = world.carrier();
    (world, phones, carrier)
}

#[test]
fn a_mobile_rings_beside_the_telephone_and_the_first_to_answer_has_the_call() {
    let (mut world, [a, b, ..], carrier) = with_mobile(286, false);
    world.will(carrier, Answer::After(secs(3)));
    world.dial(a, "201");
    world.run_for(secs(2));
    assert!(world.is_ringing(b) && world.is_ringing(carrier), "{}", world.at());
    world.run_for(secs(3));
    assert!(world.is_idle(b));
    world.assert_talk(a, carrier);
    world.hang_up(a);
    world.run_for(secs(1));
    world.only_row();
    world.assert_clean();
}

#[test]
fn who_answers_the_mobile_has_the_call_once_he_presses_1() {
    let (mut world, [a, b, ..], carrier) = with_mobile(287, true);
    world.will(carrier, Answer::After(secs(2)));
    world.dial(a, "201");
    world.run_for(secs(5));
    assert!(world.is_talking(carrier), "{} the mobile was not called", world.at());
    assert!(!world.is_talking(a) && world.is_ringing(b), "{} a mailbox could have the call", world.at());
    world.press(carrier, '1');
    world.run_for(secs(2));
    assert!(world.is_talking(a) && world.is_idle(b), "{}", world.at());
    world.assert_talk(a, carrier);
    world.hang_up(a);
    world.run_for(secs(1));
    let row = world.only_row();
    assert!(row.ring_ms > 4500, "{} rang {} ms: until the key", world.at(), row.ring_ms);
    world.assert_clean();
}

#[test]
fn an_operators_mailbox_presses_nothing_and_the_telephone_rings_on() {
    let (mut world, [a, b, ..], carrier) = with_mobile(288, true);
    world.will(carrier, Answer::After(secs(2)));
    world.dial(a, "201");
    world.run_for(secs(15));
    assert!(world.is_ringing(b) && !world.is_talking(a), "{}", world.at());
    world.answer(b);
    world.run_for(secs(1));
    world.assert_talk(a, b);
    assert!(world.is_idle(carrier), "{} the mailbox records for ever", world.at());
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn a_mailbox_alone_does_not_take_the_call() {
    let (mut world, [a, b, ..], carrier) = with_mobile(289, true);
    world.will(carrier, Answer::After(secs(2)));
    world.will(b, Answer::Refuse(486));
    world.dial(a, "201");
    world.run_for(secs(70));
    assert!(world.is_idle(a) && world.is_idle(carrier), "{}", world.at());
    assert_ne!(world.only_row().outcome, CallOutcome::Answered);
    world.assert_clean();
}

/// Dials a code of `by` and waits until what it says is over.
fn code(world: &mut World, by: PhoneId, code: &str) {
    world.dial(by, code);
    assert!(world.run_until(secs(2), |world| world.is_talking(by)), "{} {code}: {}", world.at(), world.status(by));
    world.run_for(secs(1));
    assert!(world.phones[by.0].calls.last().unwrap().packets_heard > 20, "{} {code}: nothing is said", world.at());
    assert!(world.run_until(secs(30), |world| world.is_idle(by)), "{} {code} goes on", world.at());
}

#[test]
fn forwarding_is_set_asked_for_and_ended_by_code() {
    let (mut world, [a, b, c, _]) = world(290, |_| {});
    code(&mut world, b, "*21202");
    let told = world.changes;
    assert_eq!(told, 1);
    code(&mut world, b, "*#21#");
    assert_eq!(world.changes, told, "{} asking changes nothing", world.at());
    world.dial(a, "201");
    world.run_for(secs(2));
    assert!(world.is_ringing(c) && !world.is_ringing(b), "{} not forwarded", world.at());
    world.hang_up(a);
    world.run_for(secs(1));
    code(&mut world, b, "#21");
    world.dial(a, "201");
    world.run_for(secs(2));
    assert!(world.is_ringing(b), "{} still forwarded", world.at());
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn a_forward_by_code_to_where_one_may_not_call_or_to_nobody_changes_nothing() {
    let (mut world, [a, b, ..]) = world(291, |_| {});
    for wrong in ["*2189211234567", "*21999", "*21201", "*216122981", "*21112"] {
        code(&mut world, b, wrong);
        assert_eq!(world.changes, 0, "{} {wrong}", world.at());
    }
    world.dial(a, "201");
    world.run_for(secs(2));
    assert!(world.is_ringing(b), "{}", world.at());
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn do_not_disturb_is_set_and_ended_by_code() {
    let (mut world, [a, b, ..]) = world(292, |_| {});
    code(&mut world, b, "*60");
    world.dial(a, "201");
    world.run_for(secs(8));
    assert_eq!(world.status(a), 486, "{}", world.at());
    code(&mut world, b, "#60");
    world.dial(a, "201");
    world.run_for(secs(2));
    assert!(world.is_ringing(b), "{} still not to be disturbed", world.at());
    world.hang_up(a);
    world.assert_clean();
}
