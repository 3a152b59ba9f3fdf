//! Addresses from which telephony hears nothing: told, added by hand, lifted, kept in the audit log.

use dozvon::guard::{Knock, Moment, WRONG};
use serde_json::json;

use crate::client::Caller;
use crate::real::RealWorld;
use crate::world::{START, TOKEN, VIEWER_TOKEN, World};

const BANS: &str = "/api/v1/bans";

fn guess(world: &World, address: &str, times: usize) {
    let mut ward = world.box_.ward.lock().unwrap();
    let moment = Moment { now: dozvon::base::Instant::ZERO, wall: START };
    let address = address.parse().unwrap();
    for _ in 0..times {
        let knock = Knock { address, user_agent: "Guesser 1", login: "user200s0", is_known: true, dials_out: false };
        ward.on_wrong(moment, &knock);
    }
}

#[test]
fn a_judged_address_is_told_with_its_reason_and_lifted() {
    let world = World::new();
    guess(&world, "203.0.113.7", WRONG + 1);
    let mut admin = Caller::token(&world, TOKEN);
    let list = admin.get(BANS).json();
    let ban = &list["items"][0];
    assert_eq!(
        (&ban["address"], &ban["reason"], &ban["times"]),
        (&json!("203.0.113.7"), &json!("wrong_passwords"), &json!(1))
    );
    assert_eq!((&ban["logins"], &ban["user_agent"]), (&json!(["user200s0"]), &json!("Guesser 1")));
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let path = format!("{BANS}/{}", ban["id"].as_str().unwrap());
    assert_eq!(admin.get(&path).json(), *ban);
    assert_eq!(admin.ask("DELETE", &path, None).status, 204);
    assert_eq!(admin.ask("DELETE", &path, None).status, 404);
    assert_eq!(admin.get(&path).status, 404);
    assert_eq!(admin.get(BANS).json()["items"], json!([]));
    let deeds = world.box_.deeds.lock().unwrap();
    assert!(deeds.iter().any(|deed| deed.what == "ban_lifted" && deed.subject.starts_with("bans/")), "{deeds:?}");
}

#[test]
fn an_admin_bans_an_address_but_never_the_office_itself() {
    let world = World::new();
    let mut admin = Caller::token(&world, TOKEN);
    let made = admin.ask("POST", BANS, Some(json!({ "address": "2001:db8:1:2::3", "seconds": 60 })));
    assert_eq!(made.status, 201);
    let ban = made.json();
    assert_eq!((&ban["address"], &ban["reason"]), (&json!("2001:db8:1:2::/64"), &json!("by_hand")));
    assert_eq!(made.header("location").unwrap(), format!("{BANS}/{}", ban["id"].as_str().unwrap()));
    assert_eq!(admin.ask("POST", BANS, Some(json!({ "address": "203.0.113.9" }))).status, 201);
    let pointer = |admin: &mut Caller<'_>, body| {
        let refused = admin.ask("POST", BANS, Some(body));
        assert_eq!(refused.status, 422);
        refused.json()["errors"][0]["pointer"].clone()
    };
    assert_eq!(pointer(&mut admin, json!({ "address": "192.168.1.20" })), "/address");
    assert_eq!(pointer(&mut admin, json!({ "address": "203.0.113.0/24" })), "/address");
    assert_eq!(pointer(&mut admin, json!({ "address": "203.0.113.1", "seconds": 0 })), "/seconds");
    assert_eq!(admin.get(&format!("{BANS}?limit=1")).json()["items"].as_array().unwrap().len(), 1);
    assert_eq!(world.box_.deeds.lock().unwrap().iter().filter(|deed| deed.what == "banned").count(), 2);
    let mut looker = Caller::token(&world, VIEWER_TOKEN);
    assert_eq!(looker.get(BANS).json()["items"].as_array().unwrap().len(), 2);
    assert_eq!(looker.ask("POST", BANS, Some(json!({ "address": "203.0.113.9" }))).status, 403);
}

#[test]
fn an_exchange_that_stands_still_says_so() {
    let world = RealWorld::new();
    assert_eq!(world.admin().get(BANS).status, 503);
}
