//! Telephones are told to fetch their settings.

use dozvon::engine::{Input, Record};
use dozvon::sip::wire::{Method, Name};

use crate::inside::SMALL;
use crate::sim::{World, millis, secs};

#[test]
fn a_registered_telephone_is_told_to_fetch_its_settings_and_others_hear_nothing() {
    let mut world = World::new(500, SMALL);
    let (phone, other) = (world.add_watcher("user201s0"), world.add_watcher("rik33+user200s0"));
    world.watcher_registers(phone, 3600);
    world.watcher_registers(other, 3600);
    world.run_for(millis(50));
    for login in ["user201s0", "nobody"] {
        world.input(Input::Notify { login: login.to_owned(), event: "check-sync;reboot=false".to_owned() });
    }
    world.run_for(secs(40));
    let told = &world.watcher(phone).notifies;
    assert_eq!(told.len(), 1, "answered, it is not sent again");
    assert_eq!(told[0].method, Method::Notify);
    assert_eq!(told[0].headers.get(&Name::Event), Some("check-sync;reboot=false"));
    assert_eq!(told[0].uri.user.as_deref(), Some("user201s0"));
    assert!(told[0].headers.contains(&Name::SubscriptionState) && told[0].headers.contains(&Name::Contact));
    assert!(world.watcher(other).notifies.is_empty());
    world.assert_clean();
}

#[test]
fn a_telephone_that_is_asked_says_that_it_is_there() {
    let mut world = World::new(501, SMALL);
    world.register("user201s0");
    let bound = world.records.iter().find_map(|record| match record {
        Record::Binding(binding) => Some((binding.aor.clone(), binding.contact.clone())),
        _ => None,
    });
    let (login, contact) = bound.expect("it is registered");
    let asked = |login: &str, contact: &str| Input::AskPhone { login: login.to_owned(), contact: contact.to_owned() };
    world.input(asked(&login, &contact));
    world.input(asked(&login, "sip:user201s0@10.0.0.99"));
    world.input(asked("nobody", &contact));
    world.run_for(secs(40));
    assert_eq!(world.present, [(login, contact)], "a refusal of the network is no answer, and nobody else is asked");
    world.assert_clean();
}
