//! What a licence allows, and what it never touches: a call in progress and a call for help.

use dozvon::call::cdr::CallOutcome;
use dozvon::engine::Input;
use dozvon::trust::{Allowance, Amount, Function, Functions};

use crate::outside::office;
use crate::sim::{Answer, World, secs};

fn calls(most: u32) -> Allowance {
    Allowance { outside_calls: Amount::Only(most), ..Allowance::full() }
}

#[test]
fn one_call_more_than_the_licence_allows_is_refused_and_the_others_go_on() {
    let mut world = World::shaped(700, &office(), |office| {
        office.extensions[1].permissions = office.extensions[0].permissions;
    });
    world.input(Input::Licence(calls(1)));
    let carrier = world.carrier();
    world.will(carrier, Answer::After(secs(1)));
    let [first, second] = ["rik33+user200s0", "user201s0"].map(|login| world.register(login));
    world.dial(first, "89211234567");
    world.run_for(secs(3));
    assert!(world.is_talking(first));
    world.dial(second, "89217654321");
    world.run_for(secs(2));
    assert_eq!(world.invites(carrier).len(), 1, "{} the second call left", world.at());
    world.call_in(carrier, "89210000000", "78126122981");
    world.run_for(secs(6));
    assert!(world.is_talking(first));
    let ends: Vec<(CallOutcome, &str, u16)> =
        world.rows().iter().map(|row| (row.outcome, row.cause, row.status)).collect();
    assert!(ends.contains(&(CallOutcome::Refused, "licence_calls", 486)), "a carrier is told «busy»: {ends:?}");
    assert_eq!(ends.len(), 2, "{ends:?}");
    world.hang_up(first);
    world.run_for(secs(1));
    world.dial(second, "89217654321");
    world.run_for(secs(3));
    assert!(world.is_talking(second), "{} there is room again", world.at());
    world.hang_up(second);
    world.run_for(secs(1));
    world.assert_clean();
}

#[test]
fn a_licence_that_allows_nothing_stops_no_call_for_help() {
    let mut world = World::new(701, &office());
    let nothing =
        Allowance { extensions: Amount::Only(0), outside_calls: Amount::Only(0), functions: Functions::default() };
    world.input(Input::Licence(nothing));
    let carrier = world.carrier();
    world.will(carrier, Answer::After(secs(1)));
    let phone = world.register("user202s0");
    world.dial(phone, "200");
    world.run_for(secs(2));
    assert_eq!((world.status(phone), world.rows()[0].cause), (403, "licence_extensions"));
    world.dial(phone, "112");
    world.run_for(secs(3));
    assert!(world.is_talking(phone), "{}", world.at());
    world.hang_up(phone);
    world.run_for(secs(1));
    world.assert_clean();
}

#[test]
fn a_licence_that_shrinks_ends_no_call() {
    let mut world = World::new(702, &office());
    let carrier = world.carrier();
    world.will(carrier, Answer::After(secs(1)));
    let phone = world.register("rik33+user200s0");
    world.dial(phone, "89211234567");
    world.run_for(secs(3));
    world.input(Input::Licence(Allowance { extensions: Amount::Only(0), ..calls(0) }));
    world.run_for(secs(3600));
    assert!(world.is_talking(phone) && world.hears(carrier, phone), "{}", world.at());
    world.hang_up(phone);
    world.run_for(secs(1));
    assert_eq!(world.rows()[0].cause, "caller_hung_up");
    world.assert_clean();
}

#[test]
fn the_first_extensions_of_the_office_work_and_those_beyond_are_not_rung() {
    let mut world = World::new(703, &office());
    world.input(Input::Licence(Allowance { extensions: Amount::Only(2), ..Allowance::full() }));
    let [first, second, third] = ["rik33+user200s0", "user201s0", "user202s0"].map(|login| world.register(login));
    world.dial(first, "201");
    world.run_for(secs(1));
    assert!(world.is_ringing(second));
    world.hang_up(first);
    world.run_for(secs(1));
    world.dial(first, "202");
    world.run_for(secs(2));
    assert!(world.invites(third).is_empty());
    world.run_for(secs(5));
    world.assert_clean();
}

#[test]
fn without_recording_in_the_licence_nothing_is_taped() {
    let recording = |functions| {
        let mut world = World::shaped(704, &office(), |office| office.extensions[0].record = true);
        world.input(Input::Licence(Allowance { functions, ..Allowance::full() }));
        let [first, second] = ["rik33+user200s0", "user201s0"].map(|login| world.register(login));
        world.talk(first, "201", second);
        let recorded = world.recordings();
        world.hang_up(first);
        world.run_for(secs(1));
        world.assert_clean();
        recorded
    };
    assert_eq!(recording(Functions::all()), 1);
    assert_eq!(recording(Functions::all().without(Function::Recording)), 0);
}

#[test]
fn without_transcoding_only_the_callers_formats_are_offered() {
    let mut world = World::new(705, &office());
    world.input(Input::Licence(Allowance {
        functions: Functions::all().without(Function::Transcoding),
        ..Allowance::full()
    }));
    let [first, second] = ["rik33+user200s0", "user201s0"].map(|login| world.register(login));
    world.phones[first.0].codecs = vec![8];
    world.talk(first, "201", second);
    world.assert_talk(first, second);
    let offer = String::from_utf8(world.invites(second)[0].body.to_vec()).unwrap();
    assert!(offer.contains("PCMA") && !offer.contains("PCMU") && !offer.contains("opus"), "{offer}");
    world.hang_up(first);
    world.run_for(secs(1));
    world.assert_clean();
}
