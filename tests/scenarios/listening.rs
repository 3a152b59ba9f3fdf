//! An admin listens in: silently, or speaking to the employee alone.

use dozvon::base::CallId;
use dozvon::call::cdr::CallOutcome;
use dozvon::engine::{Input, ListenRefused};
use dozvon::office::Listening;

use crate::sim::{PhoneId, World, secs};
use crate::transfer::{four, phones, rings_within};

/// 200 talks with 201; 203 may listen.
fn talk(seed: u64, listening: Listening) -> (World, [PhoneId; 4], CallId) {
    let mut world = World::shaped(seed, &four(), |office| office.protection.listening = listening);
    let phones = phones(&mut world);
    world.talk(phones[0], "201", phones[1]);
    let call = world.started(0);
    (world, phones, call)
}

fn listen(world: &mut World, call: CallId, whispers: bool) -> Result<CallId, ListenRefused> {
    world.input(Input::Listen { call, extension: "203".to_owned(), whispers });
    world.listens.take().unwrap()
}

/// Only `speaker` makes a sound from now on.
fn only(world: &mut World, all: &[PhoneId], speaker: PhoneId) {
    for phone in all.iter().filter(|phone| world.call_of(**phone).is_some()).copied().collect::<Vec<_>>() {
        world.act(phone, |phone_, _, index| phone_.calls[index].sends = phone == speaker);
    }
    world.run_for(secs(1)); // what was on its way
    world.clear_ears();
    world.run_for(secs(2));
}

#[test]
fn who_listens_silently_hears_both_and_is_heard_by_nobody() {
    let (mut world, all @ [a, b, _, d], call) = talk(920, Listening::Silent);
    listen(&mut world, call, false).expect("allowed");
    rings_within(&mut world, d, 2);
    assert!(world.hears(a, b), "{} all as before while his telephone rings", world.at());
    world.answer(d);
    world.run_for(secs(1));
    only(&mut world, &all, a);
    assert!(world.hears(b, a) && world.hears(d, a), "{} the caller", world.at());
    only(&mut world, &all, b);
    assert!(world.hears(a, b) && world.hears(d, b), "{} the called", world.at());
    only(&mut world, &all, d);
    assert!(!world.hears(a, d) && !world.hears(b, d), "{} he is heard", world.at());
    world.assert_step("ListenedTo", &["203"]);
    world.hang_up(d);
    world.run_for(secs(1));
    only(&mut world, &all, a);
    assert!(world.hears(b, a), "{} they talk on", world.at());
    world.hang_up(a);
    world.run_for(secs(1));
    assert_eq!(world.rows().len(), 2);
    assert!(world.rows().iter().all(|row| row.outcome == CallOutcome::Answered));
    world.assert_clean();
}

#[test]
fn a_whisper_reaches_the_called_employee_alone() {
    let (mut world, all @ [a, b, _, d], call) = talk(921, Listening::Silent);
    listen(&mut world, call, true).expect("allowed");
    rings_within(&mut world, d, 2);
    world.answer(d);
    world.run_for(secs(1));
    only(&mut world, &all, d);
    assert!(world.hears(b, d), "{} it is for him", world.at());
    assert!(!world.hears(a, d), "{} the caller hears it", world.at());
    only(&mut world, &all, b);
    assert!(world.hears(a, b) && world.hears(d, b), "{}", world.at());
    world.hang_up(b);
    world.run_for(secs(2));
    assert!(world.is_idle(d), "{} it ends with the call", world.at());
    world.assert_clean();
}

#[test]
fn keys_reach_the_other_side_once_while_somebody_listens() {
    let (mut world, [a, b, _, d], call) = talk(922, Listening::Silent);
    listen(&mut world, call, false).expect("allowed");
    rings_within(&mut world, d, 2);
    world.answer(d);
    world.run_for(secs(1));
    world.press(a, '7');
    world.run_for(secs(2));
    assert_eq!(world.call_of(b).unwrap().keys, "7");
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn listening_goes_on_with_whom_the_call_is_given_to() {
    let (mut world, all @ [a, b, c, d], call) = talk(923, Listening::Silent);
    listen(&mut world, call, true).expect("allowed");
    rings_within(&mut world, d, 2);
    world.answer(d);
    world.run_for(secs(1));
    world.act(b, |phone, now, index| phone.refer(now, index, "202"));
    rings_within(&mut world, c, 3);
    assert!(world.is_talking(d), "{} he waits with the caller", world.at());
    world.answer(c);
    world.run_for(secs(2));
    assert!(world.is_idle(b), "{}", world.at());
    only(&mut world, &all, c);
    assert!(world.hears(a, c) && world.hears(d, c), "{} the new one", world.at());
    only(&mut world, &all, a);
    assert!(world.hears(c, a) && world.hears(d, a), "{} the caller", world.at());
    only(&mut world, &all, d);
    assert!(!world.hears(a, d), "{} the caller hears the whisper", world.at());
    world.hang_up(c);
    world.run_for(secs(2));
    assert!(world.is_idle(a) && world.is_idle(d), "{}", world.at());
    world.assert_clean();
}

#[test]
fn who_has_not_answered_when_the_call_ends_is_rung_no_longer() {
    let (mut world, [a, _, _, d], call) = talk(924, Listening::Silent);
    listen(&mut world, call, false).expect("allowed");
    rings_within(&mut world, d, 2);
    world.hang_up(a);
    world.run_for(secs(2));
    assert!(world.is_idle(d), "{}", world.at());
    assert!(world.missed.is_empty(), "{} nobody has missed a call", world.at());
    world.assert_clean();
}

#[test]
fn who_takes_no_call_to_listen_leaves_the_talk_as_it_is() {
    let (mut world, [a, b, _, d], call) = talk(925, Listening::Silent);
    listen(&mut world, call, false).expect("allowed");
    world.run_for(secs(100));
    assert!(world.is_idle(d) && world.is_talking(a), "{}", world.at());
    world.clear_ears();
    world.run_for(secs(1));
    assert!(world.hears(a, b) && world.hears(b, a), "{}", world.at());
    assert!(world.steps_of_kind("ListenedTo").is_empty(), "{} nobody listened", world.at());
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn those_who_are_to_be_told_hear_a_tone() {
    let (mut world, all @ [a, b, _, d], call) = talk(926, Listening::Told);
    only(&mut world, &all, d); // nobody speaks
    listen(&mut world, call, false).expect("allowed");
    rings_within(&mut world, d, 2);
    world.clear_ears();
    world.answer(d);
    world.run_for(secs(2));
    for phone in [a, b] {
        assert!(world.hears_hz(phone, 880), "{} {:?}", world.at(), world.call_of(phone).unwrap().heard);
    }
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn nobody_listens_where_it_is_not_allowed_or_there_is_nothing_to_hear() {
    let (mut world, [a, ..], call) = talk(927, Listening::Off);
    assert_eq!(listen(&mut world, call, false), Err(ListenRefused::NotAllowed));
    world.hang_up(a);
    let (mut world, [a, _, c, d], call) = talk(928, Listening::Silent);
    assert_eq!(listen(&mut world, CallId(call.0 + 1), false), Err(ListenRefused::NoCall));
    for own in ["200", "201", "299"] {
        world.input(Input::Listen { call, extension: own.to_owned(), whispers: false });
        assert_eq!(world.listens.take(), Some(Err(ListenRefused::NotByHim)), "{own}");
    }
    world.dial(c, "203");
    rings_within(&mut world, d, 2);
    let rings = world.started(1);
    assert_eq!(listen(&mut world, rings, false), Err(ListenRefused::NothingToHear));
    world.hang_up(c);
    world.hang_up(a);
    world.assert_clean();
}
