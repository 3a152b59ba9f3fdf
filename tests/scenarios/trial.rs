//! Whether a trunk carries calls: the exchange calls its own number by it, and answers itself.

use dozvon::call::cdr::CallOutcome;
use dozvon::engine::Input;
use dozvon::office::NumberFormat;

use crate::sim::{Answer, PhoneId, World, millis, secs};
use crate::transfer::{four, phones};

const OWN: &str = "78126122981";

fn world(seed: u64) -> (World, [PhoneId; 4], PhoneId) {
    let mut world = World::shaped(seed, &four(), |_| {});
    let phones = phones(&mut world);
    let carrier = world.carrier();
    (world, phones, carrier)
}

fn try_out(world: &mut World, format: Option<NumberFormat>) {
    world.input(Input::TryTrunk { trunk: "City".to_owned(), format });
}

#[test]
fn a_trial_comes_back_is_answered_by_the_exchange_and_rings_nobody() {
    let (mut world, phones, carrier) = world(340);
    world.will(carrier, Answer::After(secs(2)));
    try_out(&mut world, None);
    world.run_for(secs(1));
    let invite = world.invites(carrier).last().cloned().expect("it goes out");
    assert_eq!(invite.uri.user.as_deref(), Some(OWN));
    world.call_in(carrier, OWN, OWN); // the carrier brings it back
    world.run_for(secs(5));
    assert!(phones.iter().all(|phone| world.is_idle(*phone)), "{} somebody was rung", world.at());
    for call in &world.phones[carrier.0].calls {
        assert!(call.packets_heard > 20, "{} {} packets from the exchange", world.at(), call.packets_heard);
    }
    assert!(world.run_until(secs(60), |world| !world.rows().is_empty()), "{} it does not end", world.at());
    world.on(carrier, 1, |phone, now, call| phone.hang_up(now, call));
    world.run_for(secs(2));
    let rows = world.rows();
    assert_eq!(rows.len(), 2, "{}", world.at());
    assert!(rows.iter().all(|row| row.outcome == CallOutcome::Answered), "{} {rows:?}", world.at());
    assert!(
        rows.iter().all(|row| row.quality[0].is_some_and(|stats| stats.received > 20)),
        "{} heard both ways: {rows:?}",
        world.at()
    );
    assert_eq!(world.steps_of_kind("Service").iter().filter(|step| step.contains("trial")).count(), 2);
    assert!(world.missed.is_empty());
    world.assert_clean();
}

#[test]
fn a_trial_is_written_as_it_is_asked_and_its_refusal_is_told() {
    let (mut world, _, carrier) = world(341);
    world.will(carrier, Answer::Refuse(404));
    for (format, written) in [(NumberFormat::Plus, "+78126122981"), (NumberFormat::National, "88126122981")] {
        try_out(&mut world, Some(format));
        world.run_for(secs(2));
        assert_eq!(world.invites(carrier).last().unwrap().uri.user.as_deref(), Some(written), "{}", world.at());
    }
    assert_eq!(world.steps_of_kind("NotTaken").len(), 2);
    assert!(world.rows().iter().all(|row| row.outcome != CallOutcome::Answered));
    world.assert_clean();
}

#[test]
fn a_caller_of_the_city_during_a_trial_reaches_the_office_all_the_same() {
    let (mut world, phones, carrier) = world(342);
    world.will(carrier, Answer::Ring);
    try_out(&mut world, None);
    world.run_for(millis(500));
    world.call_in(carrier, "89211234567", OWN);
    world.run_for(secs(2));
    assert!(phones.iter().any(|phone| world.is_ringing(*phone)), "{} taken for the trial", world.at());
    world.on(carrier, 1, |phone, now, call| phone.hang_up(now, call));
    assert!(world.run_until(secs(60), |world| world.rows().len() == 2), "{} a trial rings for ever", world.at());
    world.assert_clean();
}

#[test]
fn a_trial_of_nothing_or_of_a_dead_trunk_leaves_nothing_behind() {
    let (mut world, ..) = world(343);
    world.input(Input::TryTrunk { trunk: "nobody's".to_owned(), format: None });
    world.run_for(secs(1));
    assert!(world.rows().is_empty());
    world.assert_clean();
}
