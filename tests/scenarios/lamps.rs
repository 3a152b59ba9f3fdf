//! Lamps: phones watch numbers, and are told.

use dozvon::base::Duration;
use dozvon::base::limits::SUBSCRIPTIONS_PER_LOGIN;
use dozvon::engine::{Input, Record, StoredBinding, StoredSubscription};
use dozvon::office::Office;
use dozvon::sip::wire::{Method, Name};

use crate::inside::SMALL;
use crate::sim::{WatcherId, World, millis, read_office, secs};

const WATCHER: &str = "rik33+user200s0";

/// A registered watcher of extension 200.
fn watching(world: &mut World) -> WatcherId {
    let watcher = world.add_watcher(WATCHER);
    world.watcher_registers(watcher, 3600);
    world.run_for(millis(50));
    watcher
}

/// What the disk would hold.
fn kept(world: &World) -> (Vec<StoredBinding>, Vec<StoredSubscription>) {
    let (mut bindings, mut subscriptions) = (Vec::<StoredBinding>::new(), Vec::<StoredSubscription>::new());
    for record in &world.records {
        match record {
            Record::Binding(new) => {
                bindings.retain(|old| (&old.aor, &old.contact) != (&new.aor, &new.contact));
                bindings.push(new.clone());
            }
            Record::BindingGone { aor, contact } => bindings.retain(|old| (&old.aor, &old.contact) != (aor, contact)),
            Record::Subscription(new) => {
                subscriptions.retain(|old| old.tag != new.tag);
                subscriptions.push(new.clone());
            }
            Record::SubscriptionGone { tag } => subscriptions.retain(|old| old.tag != *tag),
            _ => {}
        }
    }
    (bindings, subscriptions)
}

fn is_offline(lamp: &str) -> bool {
    lamp.contains("Offline")
}

#[test]
fn a_lamp_follows_its_phone_from_offline_to_idle_and_back() {
    let mut world = World::new(300, SMALL);
    let watcher = watching(&mut world);
    assert_eq!(world.watch(watcher, "201", "dialog"), 200);
    assert!(is_offline(&world.lamp(watcher, "201")));
    let phone = world.add_watcher("user201s0");
    world.watcher_registers(phone, 3600);
    world.run_for(secs(1));
    let idle = world.lamp(watcher, "201");
    assert!(!is_offline(&idle) && idle.contains("<state>terminated</state>"), "{idle}");
    world.watcher_registers(phone, 0);
    world.run_for(secs(1));
    assert!(is_offline(&world.lamp(watcher, "201")));
    assert_eq!(world.watcher(watcher).notifies.len(), 3);
    world.assert_clean();
}

#[test]
fn a_login_stands_for_its_extension_and_strangers_are_challenged() {
    let mut world = World::new(301, SMALL);
    let watcher = watching(&mut world);
    assert_eq!(world.watch(watcher, "user201s0", "presence"), 200);
    assert!(world.lamp(watcher, "user201s0").contains("<basic>closed</basic>"));
    assert_eq!(world.watch(watcher, "500", "dialog"), 200);
    assert_eq!(world.watch(watcher, "701", "dialog"), 200);
    assert_eq!(world.watch(watcher, "999", "dialog"), 404);
    assert_eq!(world.watch(watcher, "201", "message-summary"), 403);
    assert_eq!(world.watch(watcher, "*97", "message-summary"), 200);
    assert_eq!(world.watch(watcher, "201", "weather"), 489);
    let stranger = world.add_watcher("nobody");
    assert_eq!(world.watch(stranger, "201", "dialog"), 401);
    assert_eq!(world.engine.lamps().len(), 4);
    world.assert_clean();
}

#[test]
fn a_restart_keeps_the_lamps_and_tells_them() {
    let mut world = World::new(302, SMALL);
    let watcher = watching(&mut world);
    world.watch(watcher, "201", "dialog");
    world.watch(watcher, "202", "dialog");
    let before = world.lamp(watcher, "201");
    let (bindings, subscriptions) = kept(&world);
    assert_eq!((bindings.len(), subscriptions.len()), (1, 2));

    let mut second = World::new(303, SMALL);
    let again = second.add_watcher(WATCHER);
    second.input(Input::Restore(bindings));
    second.input(Input::RestoreLamps(subscriptions));
    second.run_for(secs(1));
    assert_eq!(second.watcher(again).notifies.len(), 2);
    assert!(is_offline(&second.lamp(again, "201")));
    assert_ne!(second.lamp(again, "201"), before, "the version rises");
    second.register("user201s0");
    second.run_for(secs(1));
    assert!(!is_offline(&second.lamp(again, "201")) && is_offline(&second.lamp(again, "202")));
    second.assert_clean();
}

#[test]
fn a_watcher_that_was_away_is_told_when_it_registers_again() {
    let mut world = World::new(304, SMALL);
    let watcher = watching(&mut world);
    world.watch(watcher, "201", "dialog");
    world.watcher(watcher).is_off = true;
    world.register("user201s0");
    world.run_for(secs(30));
    let own = world.watcher(watcher);
    own.is_off = false;
    own.sip.set_port(5090);
    assert_eq!(own.notifies.len(), 1);
    world.watcher_registers(watcher, 3600);
    world.run_for(secs(1));
    assert!(!is_offline(&world.lamp(watcher, "201")));
    assert_eq!(world.watcher(watcher).notifies.len(), 2);
    world.assert_clean();
}

#[test]
fn an_applied_office_shows_do_not_disturb_and_ends_what_is_gone() {
    let mut world = World::new(305, SMALL);
    let watcher = watching(&mut world);
    world.watch(watcher, "201", "dialog");
    world.watch(watcher, "202", "dialog");
    let mut office: Office = read_office(SMALL, &mut dozvon::base::Rng::from_seed(1));
    office.groups.clear();
    office.extensions.retain(|extension| extension.number != "202");
    office.extensions[1].do_not_disturb = true;
    world.input(Input::Office(std::sync::Arc::new(office.clone())));
    world.run_for(secs(1));
    assert!(world.lamp(watcher, "201").contains("Do not disturb"));
    let last = world.watcher(watcher).notifies.last().unwrap().clone();
    let states: Vec<String> = world
        .watcher(watcher)
        .notifies
        .iter()
        .map(|request| request.headers.get(&Name::SubscriptionState).unwrap().to_owned())
        .collect();
    assert!(states.iter().any(|state| state == "terminated;reason=noresource"), "{states:?} {last:?}");
    assert_eq!(world.engine.lamps().len(), 1);
    world.assert_clean();
}

#[test]
fn a_flood_of_subscriptions_meets_its_bounds_and_calls_go_on() {
    let mut world = World::new(306, SMALL);
    let watcher = watching(&mut world);
    let phone = world.register("user201s0");
    // Strangers first: none leaves anything behind.
    let stranger = world.add_watcher("nobody");
    for _ in 0..2000 {
        world.watcher(stranger).ask(Method::Subscribe, Some("201"), None, &[(Name::Event, "dialog")]);
    }
    world.collect_from_watchers();
    world.run_for(secs(2));
    assert!(world.engine.lamps().is_empty());
    assert!(world.watcher(stranger).responses.iter().all(|response| matches!(response.status, 401 | 503)));
    // Then one of ours, who never asks for the same twice.
    for n in 0..2000 {
        let event = format!("dialog;id={n}");
        world.watcher(watcher).ask(Method::Subscribe, Some("201"), None, &[(Name::Event, &event)]);
    }
    world.collect_from_watchers();
    world.run_for(secs(5));
    assert_eq!(world.engine.lamps().len(), SUBSCRIPTIONS_PER_LOGIN);
    let refused = world.watcher(watcher).responses.iter().filter(|response| response.status == 503).count();
    assert_eq!(refused, 2000 - SUBSCRIPTIONS_PER_LOGIN);
    let caller = world.register("user202s0");
    world.dial(caller, "201");
    world.run_for(secs(1));
    assert!(world.is_ringing(phone));
    world.hang_up(caller);
    world.run_for(Duration::from_secs(7200 + 60));
    assert!(world.engine.lamps().is_empty(), "nothing lives for ever");
    world.assert_clean();
}
