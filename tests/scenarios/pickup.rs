//! Pickup: a call that rings elsewhere is taken by code or from a lamp.

use dozvon::call::cdr::CallOutcome;
use dozvon::sip::wire::{Method, Name};

use crate::sim::{PhoneId, World, secs};
use crate::transfer::{four, phones};

/// 203, which is in no group, calls 201 of group 500.
fn ringing(seed: u64) -> (World, [PhoneId; 4]) {
    let mut world = World::new(seed, &four());
    let phones = phones(&mut world);
    world.dial(phones[3], "201");
    world.run_for(secs(3));
    assert!(world.is_ringing(phones[1]));
    (world, phones)
}

/// The call was taken by `who`; the phone that rang knows it was not missed.
fn taken(world: &mut World, caller: PhoneId, who: PhoneId, rang: PhoneId) {
    world.run_for(secs(1));
    assert!(world.is_talking(who), "{} not picked up: {}", world.at(), world.status(who));
    assert!(world.is_idle(rang), "{} the phone rings on", world.at());
    let reason = world.phones[rang.0].calls.last().unwrap().reason.clone().unwrap_or_default();
    assert!(reason.contains("cause=200") && reason.contains("Call completed elsewhere"), "{} {reason:?}", world.at());
    world.assert_talk(caller, who);
    world.hang_up(caller);
    world.run_for(secs(1));
    assert!(world.is_idle(who));
}

#[test]
fn a_call_that_rings_in_ones_group_is_picked_up() {
    let (mut world, [_, b, c, d]) = ringing(200);
    world.dial(c, "*8");
    taken(&mut world, d, c, b);
    world.assert_step("PickedUp", &["202"]);
    let row = world.only_row();
    assert_eq!((row.outcome, row.answered_by.as_deref()), (CallOutcome::Answered, Some("202")));
    assert!((2900..3400).contains(&row.ring_ms), "{} rang {} ms", world.at(), row.ring_ms);
    world.assert_clean();
}

#[test]
fn a_call_that_rings_at_a_number_is_picked_up() {
    let (mut world, [_, b, c, d]) = ringing(201);
    world.dial(c, "*8201");
    taken(&mut world, d, c, b);
    world.only_row();
    world.assert_clean();
}

#[test]
fn a_call_of_the_city_to_a_group_is_picked_up_by_who_is_not_rung() {
    let office = four().replace("members = [\"200\", \"201\", \"202\"]", "members = [\"200\", \"201\"]");
    let office = format!(
        "{office}\n[[group]]\nnumber = \"501\"\nname = \"Neighbours\"\nmembers = [\"201\", \"202\"]\nmax_wait_seconds = 30\n"
    );
    let mut world = World::new(202, &office);
    let carrier = world.carrier();
    let [a, b, c, _] = phones(&mut world);
    world.call_in(carrier, "89211234567", "78126122981");
    world.run_for(secs(2));
    assert!(world.is_ringing(a) && world.is_ringing(b) && world.is_idle(c));
    world.dial(c, "*8");
    taken(&mut world, carrier, c, b);
    assert!(world.is_idle(a), "{} all that rang stop", world.at());
    assert_eq!(world.only_row().answered_by.as_deref(), Some("202"));
    world.assert_clean();
}

#[test]
fn nothing_to_pick_up_is_told_and_the_call_ends() {
    let mut world = World::new(203, &four());
    let [a, b, c, _] = phones(&mut world);
    for code in ["*8", "*8201", "*8999"] {
        world.dial(c, code);
        assert!(world.run_until(secs(60), |world| world.is_idle(c)), "{} {code} goes on", world.at());
        let call = world.call_of(c).unwrap();
        let told = call.status >= 400 || call.packets_heard > 50;
        assert!(told, "{} {code}: neither status nor word", world.at());
    }
    assert!(world.phones[a.0].calls.is_empty() && world.phones[b.0].calls.is_empty());
    assert!(world.steps_of_kind("PickedUp").is_empty());
    world.assert_clean();
}

#[test]
fn who_is_in_no_group_with_it_picks_nothing_up_by_the_bare_code() {
    let mut world = World::new(204, &four());
    let [a, b, _, d] = phones(&mut world);
    world.dial(a, "201");
    world.run_for(secs(2));
    world.dial(d, "*8");
    world.run_for(secs(8));
    assert!(!world.is_talking(d) && world.is_ringing(b), "{}", world.at());
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn a_call_that_talks_already_is_not_picked_up() {
    let (mut world, [_, b, c, d]) = ringing(205);
    world.answer(b);
    world.run_for(secs(1));
    world.dial(c, "*8201");
    world.run_for(secs(8));
    assert!(world.is_idle(c), "{}", world.at());
    world.assert_talk(d, b);
    world.hang_up(d);
    world.assert_clean();
}

#[test]
fn of_two_who_pick_up_at_once_one_has_the_call_and_the_other_is_refused() {
    let (mut world, [a, b, c, d]) = ringing(206);
    world.dial(a, "*8201");
    world.dial(c, "*8201");
    world.run_for(secs(8));
    let winners = [a, c].into_iter().filter(|phone| world.is_talking(*phone)).collect::<Vec<_>>();
    assert_eq!(winners.len(), 1, "{}", world.at());
    assert!(world.is_idle(b));
    world.assert_talk(d, winners[0]);
    world.hang_up(d);
    world.run_for(secs(1));
    let answered = world.rows().iter().filter(|row| row.outcome == CallOutcome::Answered).count();
    assert_eq!(answered, 1, "{:#?}", world.rows());
    world.assert_clean();
}

#[test]
fn a_pickup_in_the_instant_of_the_answer_leaves_one_talk() {
    for micros in (0..3000).step_by(250) {
        let (mut world, [_, b, c, d]) = ringing(207);
        world.dial(c, "*8201");
        world.run_for(std::time::Duration::from_micros(micros));
        world.answer(b);
        world.run_for(secs(8));
        let talking = [b, c].into_iter().filter(|phone| world.is_talking(*phone)).collect::<Vec<_>>();
        assert_eq!(talking.len(), 1, "{} after {micros} µs", world.at());
        world.assert_talk(d, talking[0]);
        world.hang_up(d);
        world.assert_clean();
    }
}

/// The dialog of what rings at a phone, as the exchange knows it.
fn ringing_dialog(world: &World, phone: PhoneId) -> String {
    let call = world.phones[phone.0].calls.last().unwrap();
    let theirs = call.invite.headers.from().unwrap().tag().unwrap().to_owned();
    let ours = call.replaces().rsplit('=').next().unwrap().to_owned();
    format!("{};to-tag={theirs};from-tag={ours};early-only", call.invite.headers.call_id().unwrap())
}

#[test]
fn a_ringing_dialog_is_picked_up_by_replaces() {
    let (mut world, [_, b, c, d]) = ringing(208);
    let dialog = ringing_dialog(&world, b);
    world.act(c, |phone, now, _| {
        phone.dial_with(now, "201", "user202s0", &[(Name::Replaces, &dialog), (Name::Require, "replaces")]);
    });
    taken(&mut world, d, c, b);
    world.assert_step("PickedUp", &["202"]);
    world.only_row();
    world.assert_clean();
}

#[test]
fn the_caller_who_gives_up_before_the_pickup_leaves_nothing() {
    let (mut world, [_, b, c, d]) = ringing(209);
    world.hang_up(d);
    world.run_for(secs(1));
    world.dial(c, "*8201");
    world.run_for(secs(8));
    assert!(world.is_idle(b) && world.is_idle(c));
    assert_eq!(world.requests(b, Method::Cancel).len(), 1);
    world.assert_clean();
}

#[test]
fn a_page_that_rings_is_no_call_to_pick_up() {
    let mut world = World::new(210, &four());
    let [a, b, c, _] = phones(&mut world);
    world.phones[b.0].auto_answer = false;
    world.dial(a, "*80500");
    world.run_for(secs(2));
    assert!(world.is_ringing(b) && world.is_talking(c), "{}", world.at());
    let dialog = ringing_dialog(&world, b);
    world.on(b, 0, |phone, now, _| {
        phone.dial_with(now, "201", "user201s0", &[(Name::Replaces, &dialog)]);
    });
    world.run_for(secs(5));
    world.hang_up(a);
    world.run_for(secs(2));
    for phone in [b, c] {
        world.hang_up(phone);
    }
    world.assert_clean();
}

#[test]
fn a_callback_that_rings_is_no_call_to_pick_up() {
    let mut world = World::shaped(211, &four(), |office| {
        office.extensions.iter_mut().find(|extension| extension.number == "201").unwrap().call_waiting = false;
    });
    let [a, b, c, d] = phones(&mut world);
    world.talk(d, "201", b);
    world.dial(a, "*66201");
    world.run_for(secs(20));
    world.hang_up(d);
    assert!(world.run_until(secs(10), |world| world.is_ringing(a)), "{} not called back", world.at());
    let dialog = ringing_dialog(&world, a);
    world.on(c, 0, |phone, now, _| {
        phone.dial_with(now, "200", "user202s0", &[(Name::Replaces, &dialog)]);
    });
    world.run_for(secs(5));
    for phone in [a, b, c] {
        world.hang_up(phone);
    }
    world.assert_clean();
}
