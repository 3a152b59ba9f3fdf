//! Click to call: the telephones of who asks ring first, then whom he asked for.

use dozvon::call::cdr::CallOutcome;
use dozvon::engine::Input;

use crate::outside::office;
use crate::sim::{World, secs};
use crate::transfer::{four, phones};

fn order(world: &mut World, extension: &str, to: &str) {
    world.input(Input::Order { extension: extension.to_owned(), to: to.to_owned() });
}

#[test]
fn an_ordered_call_rings_who_asked_for_it_and_then_whom_he_asked_for() {
    let mut world = World::new(900, &four());
    let [a, b, ..] = phones(&mut world);
    order(&mut world, "200", "201");
    let call = world.ordered.expect("a call");
    world.run_for(secs(1));
    assert!(world.is_ringing(a) && world.is_idle(b), "{}", world.at());
    world.answer(a);
    assert!(world.run_until(secs(3), |world| world.is_ringing(b)), "{}", world.at());
    world.answer(b);
    world.run_for(secs(1));
    world.assert_talk(a, b);
    world.hang_up(b);
    world.run_for(secs(1));
    let row = world.only_row();
    assert_eq!((row.call, row.outcome), (call, CallOutcome::Answered));
    world.assert_clean();
}

#[test]
fn an_ordered_call_to_the_city_has_the_rights_of_who_asked_and_shows_his_number() {
    let mut world = World::new(901, &office());
    let carrier = world.carrier();
    let (may, may_not) = (world.register("rik33+user200s0"), world.register("user202s0"));
    order(&mut world, "200", "6001122");
    world.run_for(secs(1));
    world.answer(may);
    assert!(world.run_until(secs(3), |world| world.is_ringing(carrier)), "{}", world.at());
    let invite = world.invites(carrier).remove(0);
    assert_eq!(invite.uri.user.as_deref(), Some("78126001122"));
    assert_eq!(invite.headers.from().unwrap().uri.user.as_deref(), Some("78126122981"));
    world.answer(carrier);
    world.run_for(secs(1));
    world.assert_talk(may, carrier);
    world.hang_up(may);
    world.run_for(secs(1));
    order(&mut world, "202", "6001122");
    world.run_for(secs(1));
    world.answer(may_not);
    world.run_for(secs(20));
    assert_eq!(world.invites(carrier).len(), 1, "{} 202 may not call the city", world.at());
    assert!(world.is_idle(may_not), "{}", world.at());
    world.assert_clean();
}

#[test]
fn a_call_that_nobody_takes_or_nobody_can_order_is_over() {
    let mut world = World::new(902, &four());
    let [a, b, ..] = phones(&mut world);
    order(&mut world, "299", "201");
    assert_eq!(world.ordered, None, "there is no such extension");
    order(&mut world, "200", "201");
    world.run_for(secs(90));
    assert!(world.is_idle(a) && world.is_idle(b), "{}", world.at());
    assert_eq!(world.rows().len(), 1);
    world.assert_clean();
}
