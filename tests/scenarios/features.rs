//! What is dialled besides numbers: echo, clock, last caller, callback, paging, conference rooms; and emergency calls.

use dozvon::call::cdr::CallOutcome;
use dozvon::office::{Conference, Feature, Office};
use dozvon::sip::wire::{Method, Name};

use dozvon::call::Shelf;
use dozvon::engine::Input;

use crate::sim::{Answer, CallState, PhoneId, World, millis, secs};
use crate::transfer::{four, phones};

fn world(seed: u64, shape: impl FnOnce(&mut Office)) -> (World, [PhoneId; 4]) {
    let mut world = World::shaped(seed, &four(), shape);
    let phones = phones(&mut world);
    (world, phones)
}

#[test]
fn in_the_echo_test_one_hears_oneself() {
    let (mut world, [a, ..]) = world(300, |_| {});
    world.dial(a, "*43");
    assert!(world.run_until(secs(2), |world| world.is_talking(a)), "{} {}", world.at(), world.status(a));
    world.run_for(secs(12)); // something may be said first
    world.clear_ears();
    world.run_for(secs(4));
    assert!(world.hears(a, a), "{} no echo", world.at());
    world.hang_up(a);
    world.run_for(secs(1));
    let row = world.only_row();
    assert_eq!((row.outcome, row.cause), (CallOutcome::Answered, "caller_hung_up"));
    world.assert_clean();
}

#[test]
fn an_echo_test_that_is_forgotten_ends() {
    let (mut world, [a, ..]) = world(301, |_| {});
    world.dial(a, "*43");
    world.run_for(secs(2));
    world.act(a, |phone, _, index| phone.calls[index].sends = false);
    world.run_for(secs(200));
    assert!(world.is_idle(a), "{} it goes on without anybody", world.at());
    world.assert_clean();
}

#[test]
fn the_clock_answers_says_something_and_hangs_up() {
    let (mut world, [a, ..]) = world(302, |_| {});
    world.dial(a, "*65");
    assert!(world.run_until(secs(2), |world| world.is_talking(a)), "{} {}", world.at(), world.status(a));
    world.run_for(secs(4));
    assert!(world.call_of(a).unwrap().packets_heard > 50, "{} nothing is said", world.at());
    assert!(world.run_until(secs(120), |world| world.is_idle(a)), "{} it says the time for ever", world.at());
    world.assert_clean();
}

#[test]
fn who_called_last_is_called() {
    let (mut world, [a, b, ..]) = world(303, |_| {});
    world.dial(a, "201");
    world.run_for(secs(2));
    world.hang_up(a);
    world.run_for(secs(1));
    world.dial(b, "*69");
    world.run_for(secs(2));
    assert!(world.is_ringing(a), "{} {}", world.at(), world.status(b));
    assert_eq!(world.call_of(a).unwrap().shown(), "201");
    world.answer(a);
    world.run_for(secs(1));
    world.assert_talk(a, b);
    world.hang_up(b);
    world.assert_clean();
}

#[test]
fn who_called_last_from_the_city_is_called_with_ones_own_right() {
    let (mut world, [a, b, ..]) = world(304, |_| {});
    let carrier = world.carrier();
    world.call_in(carrier, "89211234567", "78126122981"); // rings 200 and 201 in the group
    world.run_for(secs(2));
    world.hang_up(carrier);
    world.run_for(secs(1));
    world.dial(b, "*69");
    world.run_for(secs(8));
    assert!(world.invites(carrier).is_empty() && world.is_idle(b), "{} 201 may not", world.at());
    world.dial(a, "*69");
    world.run_for(secs(1));
    let called = world.invites(carrier).first().and_then(|invite| invite.uri.user.clone());
    assert_eq!(called.as_deref(), Some("79211234567"), "{} 200 may", world.at());
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn without_a_last_caller_that_is_said() {
    let (mut world, [a, ..]) = world(305, |_| {});
    world.dial(a, "*69");
    world.run_for(secs(2));
    assert!(world.call_of(a).unwrap().packets_heard > 50, "{} nothing is said", world.at());
    assert!(world.run_until(secs(60), |world| world.is_idle(a)), "{}", world.at());
    world.assert_clean();
}

#[test]
fn the_busy_number_is_called_back_when_it_is_free() {
    let (mut world, [a, b, _, d]) = world(306, |office| {
        office.extensions.iter_mut().find(|extension| extension.number == "201").unwrap().call_waiting = false;
    });
    world.talk(d, "201", b);
    world.dial(a, "201");
    world.run_for(secs(8));
    assert_eq!(world.status(a), 486);
    world.dial(a, "*66");
    world.run_for(secs(20));
    assert!(world.is_idle(a), "{} the order is not taken", world.at());
    world.hang_up(d);
    assert!(world.run_until(secs(10), |world| world.is_ringing(a)), "{} not called back", world.at());
    assert!(world.is_idle(b), "{} who ordered it rings first", world.at());
    world.answer(a);
    assert!(world.run_until(secs(3), |world| world.is_ringing(b)), "{}", world.at());
    world.answer(b);
    world.run_for(secs(1));
    world.assert_talk(a, b);
    world.hang_up(a);
    world.run_for(secs(60));
    assert!(world.is_idle(a) && world.is_idle(b), "{} called back twice", world.at());
    world.assert_clean();
}

#[test]
fn a_callback_that_is_not_taken_is_over() {
    let (mut world, [a, b, _, d]) = world(307, |office| {
        office.extensions.iter_mut().find(|extension| extension.number == "201").unwrap().call_waiting = false;
    });
    world.talk(d, "201", b);
    world.dial(a, "*66201");
    world.run_for(secs(20));
    world.hang_up(d);
    assert!(world.run_until(secs(10), |world| world.is_ringing(a)), "{} not called back", world.at());
    world.run_for(secs(60));
    assert!(world.is_idle(a) && world.is_idle(b), "{}", world.at());
    world.assert_clean();
}

#[test]
fn a_groups_telephones_are_spoken_from() {
    let (mut world, [a, b, c, d]) = world(308, |_| {});
    world.talk(d, "202", c); // who talks is left alone
    world.dial(a, "*80500");
    world.run_for(secs(3));
    assert!(world.is_talking(b), "{} it did not answer by itself", world.at());
    assert_eq!(world.states(c), [CallState::Talking], "{} who talks is disturbed", world.at());
    let invite = &world.call_of(b).unwrap().invite;
    let asks = |name: &Name| invite.headers.get(name).unwrap_or("").to_ascii_lowercase();
    assert!(asks(&Name::CallInfo).contains("answer-after=0"), "{} Call-Info", world.at());
    assert!(asks(&Name::Alert).contains("auto"), "{} Alert-Info", world.at());
    assert!(world.is_talking(a));
    world.clear_ears();
    world.run_for(secs(3));
    assert!(world.hears(b, a), "{} the speaker is not heard", world.at());
    assert!(!world.hears(a, b), "{} paging is one way", world.at());
    world.hang_up(a);
    world.run_for(secs(1));
    assert!(world.is_idle(b), "{}", world.at());
    world.assert_talk(c, d);
    world.hang_up(c);
    world.assert_clean();
}

#[test]
fn telephones_that_take_no_page_do_not_ring_for_long() {
    let (mut world, [a, b, ..]) = world(309, |_| {});
    world.phones[b.0].auto_answer = false;
    world.dial(a, "*80500");
    world.run_for(secs(40));
    assert!(!world.is_ringing(b), "{} it rings on", world.at());
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn paging_what_is_no_group_is_refused() {
    let (mut world, [a, ..]) = world(310, |_| {});
    for code in ["*80", "*80777", "*80201"] {
        world.dial(a, code);
        world.run_for(secs(8));
        assert!(world.is_idle(a) && world.status(a) >= 400, "{} {code}: {}", world.at(), world.status(a));
    }
    world.assert_clean();
}

fn with_room(seed: u64, pin: &str) -> (World, [PhoneId; 4]) {
    world(seed, |office| {
        let room = Conference { number: "800".to_owned(), name: "Monday".to_owned(), pin: pin.to_owned() };
        office.conferences.push(room);
    })
}

/// Dials the room and says the PIN.
fn enter(world: &mut World, phone: PhoneId, pin: &str) {
    world.dial(phone, "800");
    assert!(world.run_until(secs(2), |world| world.is_talking(phone)), "{} {}", world.at(), world.status(phone));
    world.run_for(secs(1));
    world.keys(phone, pin);
    world.run_for(secs(8));
}

#[test]
fn members_of_a_conference_hear_each_other() {
    let (mut world, [a, b, c, _]) = with_room(311, "1234");
    for phone in [a, b, c] {
        enter(&mut world, phone, "1234#");
    }
    // the ear knows the loudest tone of a sum only: they speak in turn
    for speaker in [a, b, c] {
        for phone in [a, b, c] {
            world.act(phone, |phone, _, index| phone.calls[index].sends = false);
        }
        world.act(speaker, |phone, _, index| phone.calls[index].sends = true);
        world.phones[speaker.0].sound_every = millis(20);
        world.run_for(secs(1));
        world.clear_ears();
        world.run_for(secs(2));
        world.phones[speaker.0].sound_every = millis(200);
        for listener in [a, b, c].into_iter().filter(|phone| *phone != speaker) {
            assert!(world.hears(listener, speaker), "{} {listener:?} does not hear {speaker:?}", world.at());
        }
        assert!(!world.hears(speaker, speaker), "{} one hears oneself", world.at());
    }
    world.hang_up(a);
    world.run_for(secs(1));
    assert!(world.is_talking(b) && world.is_talking(c), "{} the room ends with one member", world.at());
    world.hang_up(b);
    world.hang_up(c);
    world.run_for(secs(1));
    assert_eq!(world.rows().len(), 3);
    world.assert_step("Conference", &["800"]);
    world.assert_clean();
}

#[test]
fn a_wrong_pin_does_not_enter_and_guessing_ends() {
    let (mut world, [a, b, ..]) = with_room(312, "1234");
    enter(&mut world, a, "1234#");
    enter(&mut world, b, "9999#");
    world.clear_ears();
    world.run_for(secs(3));
    assert!(!world.hears(b, a), "{} in with a wrong PIN", world.at());
    for _ in 0..5 {
        if world.is_talking(b) {
            world.keys(b, "0000#");
            world.run_for(secs(8));
        }
    }
    assert!(world.is_idle(b), "{} he guesses for ever", world.at());
    world.hang_up(a);
    world.run_for(secs(1));
    assert_eq!(world.steps_of_kind("Conference").len(), 1, "{}", world.at());
    world.assert_clean();
}

#[test]
fn a_room_without_a_pin_is_open_inside() {
    let (mut world, [a, b, ..]) = with_room(313, "");
    for phone in [a, b] {
        world.dial(phone, "800");
        world.run_for(secs(8));
    }
    world.assert_talk(a, b);
    world.hang_up(a);
    world.hang_up(b);
    world.assert_clean();
}

#[test]
fn a_caller_is_given_on_to_a_conference_without_a_pin() {
    let (mut world, [a, b, c, _]) = with_room(314, "");
    world.dial(c, "800");
    world.run_for(secs(8));
    world.talk(a, "201", b);
    world.act(b, |phone, now, index| phone.refer(now, index, "800"));
    world.run_for(secs(10));
    assert!(world.is_idle(b), "{}", world.at());
    world.assert_talk(a, c);
    world.hang_up(a);
    world.hang_up(c);
    world.assert_clean();
}

#[test]
fn a_code_that_is_switched_off_or_moved_is_no_code_any_more() {
    let (mut world, [a, ..]) = world(315, |office| {
        office.codes.set(Feature::Echo, "*44");
        office.codes.set(Feature::Clock, "");
    });
    for code in ["*43", "*65"] {
        world.dial(a, code);
        world.run_for(secs(8));
        assert_eq!(world.status(a), 404, "{} {code}", world.at());
    }
    world.dial(a, "*44");
    world.run_for(secs(2));
    assert!(world.is_talking(a), "{} {}", world.at(), world.status(a));
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn five_hundred_digits_and_other_nonsense_are_404() {
    let (mut world, [a, ..]) = world(316, |_| {});
    let long = "1".repeat(500);
    let codes = ["*", "#", "**", "##", "*8*8", "*5", "*0", "*2", "*21", "*999", "#1234567890123456789012", &long];
    for dialled in codes {
        world.dial(a, dialled);
        assert!(world.run_until(secs(15), |world| world.is_idle(a)), "{} {dialled} goes on", world.at());
        let status = world.status(a);
        assert!((400..500).contains(&status), "{} {dialled}: {status}", world.at());
    }
    world.assert_clean();
}

#[test]
fn an_emergency_call_on_a_full_trunk_takes_the_place_of_the_youngest_other() {
    let (mut world, [a, b, c, _]) = world(317, |office| {
        office.trunks[0].max_calls = 2;
        for extension in &mut office.extensions {
            extension.permissions.city = true;
        }
    });
    let carrier = world.carrier();
    world.will(carrier, Answer::After(millis(500)));
    world.dial(a, "6001122");
    world.run_for(secs(5));
    world.dial(b, "6003344");
    world.run_for(secs(5));
    assert!(world.is_talking(a) && world.is_talking(b));
    world.dial(c, "112");
    world.run_for(secs(3));
    assert!(world.is_talking(c), "{} no help: {}", world.at(), world.status(c));
    assert_eq!(world.invites(carrier).last().unwrap().uri.user.as_deref(), Some("112"));
    assert!(world.is_talking(a), "{} the older call was given up", world.at());
    assert!(world.is_idle(b), "{} three calls on a trunk for two", world.at());
    assert_eq!(world.steps_of_kind("GaveWay").len(), 1);
    let told: Vec<_> = world.emergencies.iter().map(|call| (call.by.as_str(), call.number.as_str())).collect();
    assert_eq!(told, [("202", "112")], "{} the admin is told", world.at());
    assert_eq!(world.alarms.iter().map(dozvon::guard::Alarm::kind).collect::<Vec<_>>(), ["emergency_call"]);
    world.hang_up(c);
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn an_emergency_call_never_gives_way_to_another() {
    let (mut world, [a, b, ..]) = world(318, |office| office.trunks[0].max_calls = 1);
    let carrier = world.carrier();
    world.will(carrier, Answer::After(millis(500)));
    for (phone, number) in [(a, "112"), (b, "103")] {
        world.dial(phone, number);
        world.run_for(secs(3));
        assert!(world.is_talking(phone), "{} {number}", world.at());
    }
    assert!(world.is_talking(a), "{} the first call for help was cut", world.at());
    world.hang_up(a);
    world.hang_up(b);
    world.assert_clean();
}

#[test]
fn one_who_is_not_to_be_disturbed_and_has_no_right_still_reaches_112() {
    let (mut world, [_, b, ..]) = world(319, |office| {
        for extension in &mut office.extensions {
            extension.do_not_disturb = true;
            extension.call_waiting = false;
        }
    });
    let carrier = world.carrier();
    world.will(carrier, Answer::After(secs(1)));
    world.dial(b, "112");
    world.run_for(secs(3));
    assert!(world.is_talking(b));
    world.hang_up(b);
    world.assert_clean();
}

#[test]
fn three_talk_on_a_telephone_that_mixes_by_itself() {
    let (mut world, [a, b, c, _]) = world(320, |_| {});
    world.talk(a, "201", b);
    world.on(a, 0, |phone, now, call| phone.hold(now, call));
    world.run_for(secs(1));
    world.dial(a, "202");
    world.run_for(secs(1));
    world.answer(c);
    world.run_for(secs(1));
    world.on(a, 0, |phone, now, call| phone.resume(now, call));
    world.run_for(secs(2));
    world.clear_ears();
    world.run_for(secs(3));
    assert!(world.hears(b, a) && world.hears(c, a), "{}", world.at());
    let heard: Vec<u32> = world.phones[a.0].calls.iter().map(|call| call.packets_heard).collect();
    assert!(heard.iter().all(|packets| *packets > 5), "{} {heard:?}", world.at());
    assert!(world.requests(a, Method::Bye).is_empty());
    world.on(a, 0, |phone, now, call| phone.hang_up(now, call));
    world.on(a, 1, |phone, now, call| phone.hang_up(now, call));
    world.assert_clean();
}

#[test]
fn an_emergency_call_that_the_carrier_refuses_is_not_dialled_without_end() {
    for status in [486, 503, 603] {
        let (mut world, [_, b, ..]) = world(321, |_| {});
        let carrier = world.carrier();
        world.will(carrier, Answer::Refuse(status));
        world.dial(b, "112");
        world.run_for(millis(500)); // a call that goes round does so at the speed of the wire
        let times = world.phones[carrier.0].calls.len();
        assert!((1..=4).contains(&times), "{} {status}: dialled {times} times", world.at());
        assert!(world.run_until(secs(90), |world| world.is_idle(b)), "{} {status}", world.at());
        world.assert_clean();
    }
}

#[test]
fn a_service_whose_caller_vanished_while_he_held_it_ends() {
    for number in ["*43", "800"] {
        let (mut world, [a, ..]) = with_room(322, "");
        world.dial(a, number);
        world.run_for(secs(5));
        assert!(world.is_talking(a), "{} {number}", world.at());
        world.act(a, |phone, now, index| phone.hold(now, index));
        world.run_for(secs(1));
        world.links[a.0].cut = true;
        world.hang_up(a);
        world.run_for(secs(400));
        world.links[a.0].cut = false;
        assert_eq!(world.engine.calls(), 0, "{} {number} waits for who is gone", world.at());
        world.assert_clean();
    }
}

/// 201 has a mailbox, and somebody keeps it.
fn with_mailbox(seed: u64) -> (World, [PhoneId; 4]) {
    let (mut world, phones) = world(seed, |office| {
        office.extensions.iter_mut().find(|extension| extension.number == "201").unwrap().voicemail = true;
    });
    world.input(Input::Mailbox { extension: "201".to_owned(), messages: Vec::new() });
    (world, phones)
}

#[test]
fn who_is_not_reached_gets_a_message_that_ends_by_key_or_hang_up() {
    for by_key in [true, false] {
        let (mut world, [a, b, ..]) = with_mailbox(330);
        world.dial(a, "201");
        world.run_for(secs(40)); // it rings for 20 s, then the greeting and the tone
        assert!(world.is_talking(a) && !world.is_ringing(b), "{} {}", world.at(), world.status(a));
        world.run_for(secs(5));
        if by_key {
            world.keys(a, "#");
            assert!(world.run_until(secs(20), |world| world.is_idle(a)), "{} it goes on", world.at());
        } else {
            world.hang_up(a);
        }
        world.run_for(secs(1));
        let kept = |order: &Shelf| matches!(order, Shelf::KeepMessage { mailbox, .. } if mailbox == "201");
        assert_eq!(world.shelf.iter().filter(|order| kept(order)).count(), 1, "{} {:?}", world.at(), world.shelf);
        world.assert_step("Mailbox", &["201"]);
        assert_eq!(world.rows()[0].outcome, CallOutcome::NoAnswer);
        assert!(world.missed.is_empty(), "{} the message tells it", world.at());
        world.assert_clean();
    }
}

/// What this call records now.
fn recorded(world: &World) -> (dozvon::base::CallId, dozvon::base::RecordingId) {
    let begun = world.shelf.iter().rev().find_map(|order| match order {
        Shelf::Begin { call, recording, silence, .. } => Some((*call, *recording, *silence)),
        _ => None,
    });
    let (call, recording, silence) = begun.unwrap();
    assert_eq!(silence, secs(5));
    (call, recording)
}

#[test]
fn a_message_ends_when_the_caller_falls_silent_and_is_none_when_he_never_spoke() {
    for (spoken, kept) in [(4, 1), (0, 0)] {
        let (mut world, [a, ..]) = with_mailbox(333);
        world.dial(a, "201");
        world.run_for(secs(40));
        let (call, recording) = recorded(&world);
        let other = dozvon::base::RecordingId(recording.0 + 1);
        world.input(Input::Silent { call, recording: other, spoken: secs(9) });
        assert!(world.is_talking(a), "{} that is no recording of this call", world.at());
        world.input(Input::Silent { call, recording, spoken: secs(spoken) });
        assert!(world.run_until(secs(20), |world| world.is_idle(a)), "{} it goes on", world.at());
        let keeps = |order: &&Shelf| matches!(order, Shelf::KeepMessage { .. });
        assert_eq!(world.shelf.iter().filter(keeps).count(), kept, "{} {:?}", world.at(), world.shelf);
        world.assert_clean();
    }
}

#[test]
fn what_is_recorded_by_telephone_is_heard_after_the_silence() {
    let (mut world, [a, ..]) = with_mailbox(334);
    world.dial(a, "*77");
    assert!(world.run_until(secs(30), |world| world.shelf.iter().any(|one| matches!(one, Shelf::Begin { .. }))));
    let (call, recording) = recorded(&world);
    world.input(Input::Silent { call, recording, spoken: secs(3) });
    world.run_for(secs(1));
    let loads = |order: &&Shelf| matches!(order, Shelf::Load { recording: of, .. } if *of == recording);
    assert_eq!(world.shelf.iter().filter(loads).count(), 1, "{} {:?}", world.at(), world.shelf);
    world.hang_up(a);
    world.run_for(secs(1));
    world.assert_clean();
}

#[test]
fn a_call_that_nobody_takes_is_told_once_however_many_telephones_rang() {
    let (mut world, [a, b, c, d]) = world(331, |_| {});
    world.dial(d, "500");
    world.run_for(secs(5));
    assert!([a, b, c].iter().all(|phone| world.is_ringing(*phone)), "{}", world.at());
    world.hang_up(d);
    world.run_for(secs(1));
    assert_eq!(world.missed.len(), 1, "{}", world.at());
    let mut rang = world.missed[0].extensions.clone();
    rang.sort();
    assert_eq!(rang, ["200", "201", "202"]);
    world.talk(d, "201", b);
    world.hang_up(d);
    assert_eq!(world.missed.len(), 1, "{} this one was taken", world.at());
    world.assert_clean();
}

#[test]
fn the_own_mailbox_is_heard_and_a_message_deleted_by_key() {
    let (mut world, [_, b, ..]) = with_mailbox(332);
    let message = dozvon::base::Message {
        id: dozvon::base::MessageId(7),
        extension: "201".to_owned(),
        at: dozvon::base::WallTime(1_795_424_000_000),
        caller: "200".to_owned(),
        caller_name: String::new(),
        seconds: 1,
        heard: false,
    };
    world.input(Input::Mailbox { extension: "201".to_owned(), messages: vec![message] });
    world.dial(b, "*97");
    assert!(
        world.run_until(secs(30), |world| world.shelf.iter().any(|o| matches!(o, Shelf::Mark { .. }))),
        "{}",
        world.at()
    );
    world.keys(b, "3");
    world.run_for(secs(20));
    let gone = |order: &Shelf| matches!(order, Shelf::Delete { message } if message.0 == 7);
    assert_eq!(world.shelf.iter().filter(|order| gone(order)).count(), 1, "{} {:?}", world.at(), world.shelf);
    world.hang_up(b);
    world.assert_clean();
}

#[test]
fn an_emergency_call_that_is_refused_while_another_goes_on_is_not_dialled_without_end() {
    let (mut world, [a, b, ..]) = world(323, |_| {});
    let carrier = world.carrier();
    world.will(carrier, Answer::After(millis(500)));
    world.dial(a, "112");
    world.run_for(secs(3));
    assert!(world.is_talking(a));
    world.will(carrier, Answer::Refuse(486));
    world.dial(b, "103");
    world.run_for(millis(100));
    let times = world.phones[carrier.0].calls.len() - 1;
    assert!((1..=4).contains(&times), "{} dialled {times} times", world.at());
    assert!(world.is_talking(a), "{} help for one was cut for another", world.at());
    world.run_for(secs(60));
    world.hang_up(a);
    world.assert_clean();
}
