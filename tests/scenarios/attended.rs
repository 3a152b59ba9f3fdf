//! Attended transfer: by REFER with Replaces, and by keys for telephones without it; whose dialogs may be taken.

use dozvon::call::cdr::CallOutcome;
use dozvon::sip::wire::{Headers, Method, Name};

use crate::sim::{Answer, PhoneId, World, millis, secs};
use crate::transfer::{fate, four, phones, rings_within, talk};

/// The first phone holds its talk and asks a third.
fn consult(world: &mut World, who: PhoneId, number: &str, third: PhoneId) {
    world.on(who, 0, |phone, now, call| phone.hold(now, call));
    world.run_for(secs(1));
    world.dial(who, number);
    rings_within(world, third, 2);
    world.run_for(millis(500)); // the 180 has to come first
}

/// Both calls of who transferred have come to one, and two rows tell it.
fn joined(world: &mut World, who: PhoneId, one: PhoneId, other: PhoneId) {
    world.run_for(secs(2));
    assert!(world.is_idle(who), "{} the transferrer is left: {:?}", world.at(), world.states(who));
    world.assert_talk(one, other);
    world.hang_up(one);
    world.run_for(secs(1));
    assert!(world.is_idle(other));
    let rows = world.rows();
    assert_eq!(rows.len(), 2, "{} {rows:#?}", world.at());
    let merged = rows.iter().filter(|row| (row.outcome, row.cause) == (CallOutcome::Answered, "transferred"));
    assert_eq!(merged.count(), 1, "{} {rows:#?}", world.at());
    world.assert_clean();
}

#[test]
fn who_has_asked_the_third_joins_both() {
    let (mut world, [a, b, c, _]) = talk(140);
    consult(&mut world, b, "202", c);
    world.answer(c);
    world.run_for(secs(1));
    world.assert_talk(b, c);
    world.on(b, 1, |phone, now, call| phone.hold(now, call));
    world.run_for(secs(1));
    world.on(b, 0, |phone, now, call| phone.refer_attended(now, call, 1));
    world.run_for(secs(2));
    assert!(world.nth(b, 0).answers.contains(&(Method::Refer, 202)));
    assert_eq!(world.nth(b, 0).told.last(), Some(&200), "{}", world.at());
    assert_eq!(world.nth(c, 0).connected.as_deref(), Some("200"), "{} connected party", world.at());
    joined(&mut world, b, a, c);
}

#[test]
fn the_caller_joins_whom_he_called_with_a_third() {
    let (mut world, [a, b, c, _]) = talk(141);
    consult(&mut world, a, "202", c);
    world.answer(c);
    world.run_for(secs(1));
    world.on(a, 0, |phone, now, call| phone.refer_attended(now, call, 1));
    joined(&mut world, a, b, c);
}

#[test]
fn the_refer_may_be_sent_in_the_other_call() {
    let (mut world, [a, b, c, _]) = talk(142);
    consult(&mut world, b, "202", c);
    world.answer(c);
    world.run_for(secs(1));
    world.on(b, 1, |phone, now, call| phone.refer_attended(now, call, 0));
    joined(&mut world, b, c, a);
}

#[test]
fn both_are_joined_while_the_third_still_rings() {
    let (mut world, [a, b, c, _]) = talk(143);
    consult(&mut world, b, "202", c);
    world.on(b, 0, |phone, now, call| phone.refer_attended(now, call, 1));
    world.run_for(secs(3));
    assert!(world.is_ringing(c) && world.is_talking(a), "{} it rings no more", world.at());
    world.answer(c);
    world.run_for(secs(2));
    assert!(world.is_idle(b), "{} {:?}", world.at(), world.states(b));
    world.assert_talk(a, c);
    world.hang_up(c);
    world.run_for(secs(1));
    assert!(world.is_idle(a));
    world.assert_clean();
}

#[test]
fn a_call_of_the_city_is_joined_with_a_colleague_who_has_been_asked() {
    let mut world = World::new(144, &four());
    let carrier = world.carrier();
    let [a, _, _, d] = phones(&mut world);
    world.call_in(carrier, "89211234567", "78126122981");
    rings_within(&mut world, a, 3);
    world.answer(a);
    world.run_for(secs(1));
    consult(&mut world, a, "203", d);
    world.answer(d);
    world.run_for(secs(1));
    world.on(a, 0, |phone, now, call| phone.refer_attended(now, call, 1));
    world.run_for(secs(2));
    assert_eq!(world.nth(d, 0).connected.as_deref(), Some("89211234567"), "{} as it can be redialled", world.at());
    joined(&mut world, a, carrier, d);
}

#[test]
fn two_calls_of_the_city_are_joined_and_both_trunk_legs_are_free_at_the_end() {
    let mut world = World::new(145, &four());
    let carrier = world.carrier();
    let [a, ..] = phones(&mut world);
    world.call_in(carrier, "89211234567", "78126122981");
    rings_within(&mut world, a, 3);
    world.answer(a);
    world.run_for(secs(1));
    world.will(carrier, Answer::After(secs(1)));
    world.on(a, 0, |phone, now, call| phone.hold(now, call));
    world.run_for(secs(1));
    world.dial(a, "89217654321");
    world.run_for(secs(3));
    world.on(a, 0, |phone, now, call| phone.refer_attended(now, call, 1));
    world.run_for(secs(3));
    assert!(world.is_idle(a), "{} {:?}", world.at(), world.states(a));
    world.clear_ears();
    world.run_for(secs(3));
    let heard = world.phones[carrier.0].calls.iter().map(|call| call.packets_heard).collect::<Vec<_>>();
    assert!(heard.iter().all(|packets| *packets > 5), "{} {heard:?}", world.at());
    world.on(carrier, 0, |phone, now, call| phone.hang_up(now, call));
    world.run_for(secs(1));
    assert!(world.is_idle(carrier));
    world.assert_clean();
}

#[test]
fn a_strangers_dialog_cannot_be_taken() {
    let (mut world, [a, b, c, d]) = talk(146);
    world.talk(c, "203", d);
    let theirs = [world.nth(c, 0).replaces(), world.nth(d, 0).replaces()];
    for dialog in &theirs {
        let headers = [(Name::Replaces, dialog.as_str())];
        world.act(b, |phone, now, _| {
            phone.dial_with(now, "203", "user201s0", &headers);
        });
        world.run_for(secs(5));
        assert_eq!(world.phones[b.0].calls.last().unwrap().status, 403, "{} INVITE with {dialog}", world.at());
        let escaped = dialog.replace(';', "%3B").replace('=', "%3D");
        let refer_to = format!("<sip:203@10.0.0.1?Replaces={escaped}>");
        world.on(b, 0, |phone, now, call| phone.refer_to(now, call, &refer_to));
        world.run_for(secs(5));
        assert_eq!(fate(&world, b, 0), 403, "{} REFER with {dialog}", world.at());
    }
    world.assert_talk(c, d);
    world.assert_talk(a, b);
    world.hang_up(a);
    world.hang_up(c);
    world.assert_clean();
}

#[test]
fn a_dialog_that_is_none_is_481() {
    let (mut world, [a, b, ..]) = talk(147);
    let own = world.nth(b, 0).replaces();
    let wrong_tag = own.replace(";from-tag=", ";from-tag=x");
    for dialog in ["nobody;to-tag=1;from-tag=2", &wrong_tag] {
        let headers = [(Name::Replaces, dialog)];
        world.act(b, |phone, now, _| {
            phone.dial_with(now, "200", "user201s0", &headers);
        });
        world.run_for(secs(5));
        assert_eq!(world.phones[b.0].calls.last().unwrap().status, 481, "{} INVITE with {dialog}", world.at());
        let escaped = dialog.replace(';', "%3B").replace('=', "%3D");
        let refer_to = format!("<sip:200@10.0.0.1?Replaces={escaped}>");
        world.on(b, 0, |phone, now, call| phone.refer_to(now, call, &refer_to));
        world.run_for(secs(5));
        assert_eq!(fate(&world, b, 0), 481, "{} REFER with {dialog}", world.at());
    }
    for broken in ["", ";;;", "x;to-tag", "x;to-tag=1", "x;to-tag=1;from-tag=2;to-tag=3"] {
        let headers = [(Name::Replaces, broken)];
        world.act(b, |phone, now, _| {
            phone.dial_with(now, "200", "user201s0", &headers);
        });
        world.run_for(secs(5));
        let status = world.phones[b.0].calls.last().unwrap().status;
        assert!(matches!(status, 400 | 481), "{} {broken:?}: {status}", world.at());
    }
    world.assert_talk(a, b);
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn a_stranger_without_a_password_is_challenged_before_his_replaces_is_looked_at() {
    let (mut world, [a, b, ..]) = talk(148);
    let stranger = world.add_phone("stranger");
    let dialog = world.nth(b, 0).replaces();
    let headers = [(Name::Replaces, dialog.as_str())];
    world.act(stranger, |phone, now, _| {
        phone.dial_with(now, "201", "stranger", &headers);
    });
    world.run_for(secs(2));
    assert_eq!(world.status(stranger), 401);
    world.act(stranger, |phone, now, _| phone.send_loose(now, Method::Refer, "201", Headers::new()));
    world.run_for(secs(2));
    assert_eq!(world.phones[stranger.0].answers.last(), Some(&(Method::Refer, 401)));
    world.assert_talk(a, b);
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn by_keys_the_caller_is_given_on_blind() {
    let (mut world, [a, b, c, _]) = talk(150);
    world.keys(b, "##202");
    rings_within(&mut world, c, 8);
    assert_eq!(world.nth(c, 0).shown(), "200");
    world.answer(c);
    world.run_for(secs(2));
    assert!(world.is_idle(b), "{}", world.at());
    world.assert_talk(a, c);
    world.hang_up(a);
    world.run_for(secs(1));
    world.assert_step("Transferred", &["201", "202"]);
    world.only_row();
    world.assert_clean();
}

#[test]
fn keys_by_info_give_on_as_well() {
    let (mut world, [a, b, c, _]) = talk(151);
    for key in "##202".chars() {
        world.act(b, |phone, now, index| phone.press_by_info(now, index, key));
        world.run_for(millis(300));
    }
    rings_within(&mut world, c, 8);
    world.answer(c);
    world.run_for(secs(2));
    world.assert_talk(a, c);
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn by_keys_the_caller_too_gives_on_whom_he_called() {
    let (mut world, [a, b, c, _]) = talk(152);
    world.keys(a, "##202");
    rings_within(&mut world, c, 8);
    world.answer(c);
    world.run_for(secs(2));
    assert!(world.is_idle(a), "{}", world.at());
    world.assert_talk(b, c);
    world.hang_up(c);
    world.assert_clean();
}

/// 201 asks 202 by keys, who answers; 200 waits.
fn consult_by_keys(seed: u64) -> (World, [PhoneId; 4]) {
    let (mut world, phones) = talk(seed);
    let [a, b, c, _] = phones;
    world.keys(b, "*2202");
    rings_within(&mut world, c, 8);
    assert_eq!(world.nth(c, 0).shown(), "201", "{} a consultation is of who asks", world.at());
    world.answer(c);
    world.run_for(secs(1));
    world.assert_talk(b, c);
    world.assert_waits(a, b);
    (world, phones)
}

#[test]
fn by_keys_the_third_is_asked_first_and_the_same_code_joins() {
    let (mut world, [a, b, c, _]) = consult_by_keys(153);
    world.keys(b, "*2");
    world.run_for(secs(2));
    joined(&mut world, b, a, c);
}

#[test]
fn who_hangs_up_while_the_third_talks_has_joined_both() {
    let (mut world, [a, b, c, _]) = consult_by_keys(154);
    world.hang_up(b);
    joined(&mut world, b, a, c);
}

#[test]
fn the_code_for_back_leaves_the_third() {
    let (mut world, [a, b, c, _]) = consult_by_keys(155);
    world.keys(b, "*0");
    world.run_for(secs(2));
    assert!(world.is_idle(c), "{} the third is still there", world.at());
    world.assert_talk(a, b);
    world.hang_up(a);
    world.run_for(secs(1));
    assert!(world.is_idle(b));
    assert_eq!(world.rows().len(), 2);
    world.assert_clean();
}

#[test]
fn a_third_who_hangs_up_gives_the_caller_back() {
    let (mut world, [a, b, c, _]) = consult_by_keys(156);
    world.hang_up(c);
    world.run_for(secs(4));
    world.assert_talk(a, b);
    world.hang_up(b);
    world.run_for(secs(1));
    assert!(world.is_idle(a));
    world.assert_clean();
}

#[test]
fn a_caller_who_hangs_up_while_he_waits_leaves_the_consultation_as_it_is() {
    let (mut world, [a, b, c, _]) = consult_by_keys(157);
    world.hang_up(a);
    world.run_for(secs(1));
    world.assert_talk(b, c);
    world.hang_up(b);
    world.run_for(secs(1));
    assert!(world.is_idle(c), "{}", world.at());
    world.assert_clean();
}

#[test]
fn a_third_who_is_busy_gives_the_caller_back() {
    let (mut world, [a, b, c, _]) = talk(158);
    world.will(c, Answer::Refuse(486));
    world.keys(b, "*2202");
    world.run_for(secs(12));
    world.assert_talk(a, b);
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn who_hangs_up_while_the_third_still_rings_leaves_nothing_behind() {
    let (mut world, [a, b, c, _]) = talk(159);
    world.keys(b, "*2202");
    rings_within(&mut world, c, 8);
    world.hang_up(b);
    world.run_for(secs(60));
    for phone in [a, b, c] {
        if !world.is_idle(phone) {
            world.hang_up(phone);
        }
    }
    world.assert_clean();
}

#[test]
fn keys_of_an_outside_caller_do_nothing() {
    let mut world = World::new(160, &four());
    let carrier = world.carrier();
    let [a, _, c, d] = phones(&mut world);
    world.call_in(carrier, "89211234567", "78126122981");
    rings_within(&mut world, a, 3);
    world.answer(a);
    world.run_for(secs(1));
    for keys in ["##203", "*2203", "*2", "*0", "*5"] {
        world.keys(carrier, keys);
        world.run_for(secs(6));
        assert!(!world.is_ringing(d) && !world.is_ringing(c), "{} {keys}", world.at());
        world.assert_talk(carrier, a);
    }
    world.hang_up(carrier);
    world.assert_clean();
}

#[test]
fn keys_that_are_no_code_reach_the_other_side() {
    let (mut world, [a, b, ..]) = talk(161);
    world.keys(b, "12#34*96");
    world.run_for(secs(6));
    assert_eq!(world.nth(a, 0).keys, "12#34*96", "{} a bank's menu hears every key", world.at());
    world.assert_talk(a, b);
    world.hang_up(a);
    world.assert_clean();
}
