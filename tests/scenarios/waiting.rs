//! What the page shows of groups: who waits, and what each member does; and a member who speaks at his mobile.

use std::sync::Arc;

use dozvon::call::cdr::CallOutcome;
use dozvon::engine::live::MemberState;
use dozvon::engine::{Input, Record};
use dozvon::office::{Device, MobileDevice, Office};
use dozvon::sip::wire::Message;

use crate::outside::office;
use crate::sim::{Answer, World, secs};
use crate::transfer::{four, phones};

/// A group 510 of 201 and 202, who rest for 15 s after each call.
fn group_510() -> String {
    let group = "number = \"510\"\nname = \"Desk\"\nmembers = [\"201\", \"202\"]\nwrap_up_seconds = 15";
    format!("{}\n[[group]]\n{group}\nmax_wait_seconds = 120\n", four())
}

fn state(world: &World, group: &str, member: &str) -> MemberState {
    let members = &world.queues[group].members;
    members.iter().find(|one| one.extension == member).unwrap_or_else(|| panic!("{} no {member}", world.at())).state
}

#[test]
fn the_page_sees_who_waits_and_what_members_do() {
    let mut world = World::new(910, &group_510());
    let [a, b, _, d] = phones(&mut world);
    world.run_for(secs(1));
    assert_eq!(state(&world, "510", "201"), MemberState::Free);
    world.dial(a, "510");
    world.run_for(secs(2));
    let waiting = world.queues["510"].waiting.clone();
    let began = world.started_at(0);
    assert_eq!(waiting.iter().map(|one| one.caller.as_str()).collect::<Vec<_>>(), ["200"]);
    assert!((waiting[0].since.millis() - began.millis()).abs() < 1000, "{} {:?} {began:?}", world.at(), waiting[0]);
    assert_eq!(state(&world, "510", "201"), MemberState::Ringing);
    world.answer(b);
    world.run_for(secs(1));
    assert!(world.queues["510"].waiting.is_empty(), "{} he is not taken out", world.at());
    assert_eq!((state(&world, "510", "201"), state(&world, "510", "202")), (MemberState::Talking, MemberState::Free));
    world.dial(d, "510");
    world.run_for(secs(2));
    assert_eq!(world.queues["510"].waiting[0].caller, "203");
    assert_eq!(state(&world, "510", "202"), MemberState::Ringing);
    world.hang_up(d);
    world.hang_up(a);
    world.run_for(secs(1));
    assert!(matches!(state(&world, "510", "201"), MemberState::Resting { .. }), "{}", world.at());
    world.run_for(secs(15));
    assert_eq!(state(&world, "510", "201"), MemberState::Free, "{} he has rested", world.at());
    let mut changed = Office::clone(world.engine.office());
    changed.extensions.iter_mut().filter(|one| one.number == "201").for_each(|one| one.do_not_disturb = true);
    world.input(Input::Office(Arc::new(changed)));
    world.run_for(secs(1));
    assert_eq!(state(&world, "510", "201"), MemberState::DoNotDisturb);
    world.assert_clean();
}

#[test]
fn a_member_whose_telephone_is_gone_is_offline() {
    let mut world = World::new(911, &group_510());
    let _only = world.register("user201s0");
    world.run_for(secs(1));
    assert_eq!((state(&world, "510", "201"), state(&world, "510", "202")), (MemberState::Free, MemberState::Offline));
}

#[test]
fn however_much_happens_groups_are_told_a_few_times_a_second() {
    let mut world = World::new(912, &group_510());
    let [a, ..] = phones(&mut world);
    world.run_for(secs(2));
    world.queues_told.clear();
    for _ in 0..50 {
        world.dial(a, "510");
        world.run_for(std::time::Duration::from_millis(40));
        world.hang_up(a);
    }
    world.run_for(secs(1));
    let told = world.queues_told.len();
    // 510 and 500 have members in common, and both are told
    assert!((2..=2 * 11).contains(&told), "{} told {told} times in 3 s", world.at());
    assert!(world.queues["510"].waiting.is_empty());
    world.assert_clean();
}

/// A group 510 of 203, who has nothing but a mobile.
fn with_a_mobile_member(seed: u64, call_waiting: bool) -> World {
    World::shaped(
        seed,
        &format!("{}\n[[group]]\nnumber = \"510\"\nname = \"Desk\"\nmembers = [\"202\"]\n", office()),
        |office| {
            let member = office.extensions.iter_mut().find(|one| one.number == "202").unwrap();
            let mobile = MobileDevice { number: "79217654321".to_owned(), ring_seconds: 40, confirm: false };
            member.devices = vec![Device::Mobile(mobile)];
            member.call_waiting = call_waiting;
        },
    )
}

#[test]
fn a_member_who_speaks_at_his_mobile_is_not_rung_again() {
    for call_waiting in [true, false] {
        let mut world = with_a_mobile_member(913, call_waiting);
        let carrier = world.carrier();
        world.will(carrier, Answer::After(secs(1)));
        let (first, second) = (world.register("rik33+user200s0"), world.register("user201s0"));
        world.dial(first, "510");
        world.run_for(secs(3));
        world.assert_talk(first, carrier);
        assert_eq!(state(&world, "510", "202"), MemberState::Talking, "{} he is on the telephone", world.at());
        let rung = world.invites(carrier).len();
        world.dial(second, "510");
        world.run_for(secs(30));
        assert_eq!(world.invites(carrier).len(), rung, "{} he talks, and his mobile rings again", world.at());
        world.hang_up(first);
        assert!(world.run_until(secs(5), |world| world.is_talking(second)), "{} his turn has come", world.at());
        world.assert_talk(second, carrier);
        world.hang_up(second);
        world.run_for(secs(1));
        assert!(world.rows().iter().all(|row| row.outcome == CallOutcome::Answered), "{:?}", world.rows());
        world.assert_clean();
    }
}

#[test]
fn a_carrier_that_calls_before_its_name_has_an_address_waits_for_it() {
    let mut world = World::slow_to_resolve(914, &office(), secs(3));
    let carrier = world.add_carrier();
    let phone = world.register("rik33+user200s0");
    world.call_in(carrier, "79211234567", "78126122981");
    world.run_for(secs(2));
    let status =
        |message: &Message| if let Message::Response(response) = message { Some(response.status) } else { None };
    let statuses: Vec<u16> = world.phones[carrier.0].log.iter().filter_map(status).collect();
    assert_eq!(statuses, [100], "{} he waits", world.at());
    assert!(!world.is_ringing(phone), "{} nobody knows who calls", world.at());
    assert!(world.run_until(secs(5), |world| world.is_ringing(phone)), "{} not judged again", world.at());
    world.answer(phone);
    world.run_for(secs(1));
    world.assert_talk(carrier, phone);
    world.hang_up(phone);
    world.assert_clean();
}

#[test]
fn a_carrier_that_calls_while_no_name_server_answers_is_known_by_where_it_was() {
    let office = office().replace("server = \"carrier.example\"", "server = \"carrier.example\"\nregister = false");
    let mut before = World::new(916, &office);
    before.run_for(secs(2));
    let found = before.records.iter().filter_map(|record| match record {
        Record::Server(found) => Some(found.clone()),
        _ => None,
    });
    let found: Vec<_> = found.collect();
    assert!(!found.is_empty());
    let mut world = World::slow_to_resolve(917, &office, secs(600));
    world.input(Input::RestoreServers(found));
    let carrier = world.add_carrier();
    let phone = world.register("rik33+user200s0");
    world.call_in(carrier, "79211234567", "78126122981");
    assert!(world.run_until(secs(2), |world| world.is_ringing(phone)), "{} waits for a name", world.at());
    world.answer(phone);
    world.run_for(secs(1));
    world.assert_talk(carrier, phone);
    world.hang_up(phone);
    world.assert_clean();
}

#[test]
fn a_stranger_who_calls_before_a_carrier_is_known_is_challenged_when_it_is() {
    let mut world = World::slow_to_resolve(915, &office(), secs(3));
    let stranger = world.add_phone("stranger");
    world.call_in(stranger, "79211234567", "78126122981");
    world.run_for(secs(2));
    assert_ne!(world.status(stranger), 401);
    assert!(
        world.run_until(secs(5), |world| world.status(stranger) == 401),
        "{} {}",
        world.at(),
        world.status(stranger)
    );
}
