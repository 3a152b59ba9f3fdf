//! The second step of signing in.

use dozvon::office::Role;
use serde_json::json;
use totp_rs::{Algorithm, Secret, TOTP};

use crate::client::{Answer, Caller};
use crate::real::{RealWorld, kind};
use crate::world::{PASSWORD, user};

const FACTOR: &str = "/api/v1/session/second-factor";

/// The authenticator's code, so many steps from now.
fn code(secret: &str, steps: i64) -> String {
    let secret = Secret::Encoded(secret.to_owned()).to_bytes().unwrap();
    let now = jiff::Timestamp::now().as_second() + steps * 30;
    TOTP::new(Algorithm::SHA1, 6, 1, 30, secret).unwrap().generate(u64::try_from(now).unwrap())
}

fn sign_in(world: &RealWorld, code: Option<&str>) -> Answer {
    let body = json!({ "login": "admin", "password": PASSWORD, "code": code });
    Caller::nobody(world).ask("POST", "/api/v1/session", Some(body))
}

/// Switches it on; its secret and recovery codes.
fn switched_on(admin: &mut Caller<'_>) -> (String, Vec<String>) {
    let begun = admin.ask("POST", FACTOR, Some(json!({ "password": PASSWORD })));
    assert_eq!(begun.status, 200, "{}", begun.text());
    let secret = begun.json()["secret"].as_str().unwrap().to_owned();
    let first = code(&secret, 0);
    let on = admin.ask("PUT", FACTOR, Some(json!({ "code": first })));
    assert_eq!(on.status, 200, "{}", on.text());
    let codes = on.json()["recovery_codes"].as_array().unwrap().clone();
    (secret, codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect())
}

#[test]
fn signing_in_takes_a_code_once_it_is_on_and_each_code_once() {
    let world = RealWorld::new();
    let mut admin = world.admin();
    assert_eq!(kind(&admin.ask("PUT", FACTOR, Some(json!({ "code": "000000" })))), "not_begun");
    assert_eq!(admin.ask("POST", FACTOR, Some(json!({ "password": "wrong" }))).status, 422);
    assert_eq!(admin.get("/api/v1/session/second-factor/qr.svg").status, 404);
    let (secret, recovery) = switched_on(&mut admin);
    assert_eq!(admin.get("/api/v1/session").json()["has_second_factor"], true);
    assert_eq!(recovery.len(), 10);

    let asked = sign_in(&world, None);
    assert_eq!((asked.status, kind(&asked).as_str()), (401, "code_needed"));
    assert!(asked.header("set-cookie").is_none());
    let wrong = sign_in(&world, Some("000000"));
    assert_eq!((wrong.status, kind(&wrong).as_str()), (401, "wrong_code"));
    let now = code(&secret, 1);
    assert_eq!(sign_in(&world, Some(&now)).status, 200);
    assert_eq!(kind(&sign_in(&world, Some(&now))), "wrong_code", "it was used");
    assert_eq!(sign_in(&world, Some(&recovery[0])).status, 200);
    assert_eq!(kind(&sign_in(&world, Some(&recovery[0]))), "wrong_code");
    let text = dozvon::office::file::write(&world.handle.office(), true);
    assert!(!text.contains(&secret), "the secret is no part of the settings");

    assert_eq!(admin.ask("DELETE", FACTOR, None).status, 204);
    assert_eq!(sign_in(&world, None).status, 200);
}

#[test]
fn codes_are_throttled_even_behind_the_right_password() {
    let world = RealWorld::new();
    let mut admin = world.admin();
    let (_, recovery) = switched_on(&mut admin);
    let statuses: Vec<u16> = (0..6).map(|_| sign_in(&world, Some("000000")).status).collect();
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429]);
    assert_eq!(sign_in(&world, Some(&recovery[0])).status, 429, "the right one waits too");
}

#[test]
fn an_admin_takes_it_off_for_who_has_lost_his_telephone() {
    let world = RealWorld::new();
    world.change(|office| office.users.push(user("boss", Role::Admin, false)));
    switched_on(&mut world.admin());
    let mut boss = Caller::signed_in(&world, "boss", PASSWORD);
    assert_eq!(boss.get("/api/v1/users/admin").json()["has_second_factor"], true);
    let path = "/api/v1/users/admin/second-factor";
    assert_eq!(boss.ask("DELETE", path, None).status, 204);
    assert_eq!(boss.ask("DELETE", path, None).status, 404);
    assert_eq!(sign_in(&world, None).status, 200);
    let off = boss.get("/api/v1/audit?what=second_factor_off").json();
    assert_eq!(
        (&off["items"][0]["who"], &off["items"][0]["subject"]),
        (&json!("boss"), &json!("users/admin/second-factor"))
    );
}

#[test]
fn whoever_takes_an_old_login_does_not_get_its_second_factor() {
    let world = RealWorld::new();
    world.change(|office| office.users.push(user("boss", Role::Admin, false)));
    switched_on(&mut world.admin());
    let mut boss = Caller::signed_in(&world, "boss", PASSWORD);
    assert_eq!(boss.ask("DELETE", "/api/v1/users/admin", None).status, 204);
    let body = json!({ "login": "admin", "role": "viewer", "password": "blue horse on tuesday" });
    let made = boss.ask("POST", "/api/v1/users", Some(body));
    assert_eq!(made.json()["has_second_factor"], false, "{}", made.text());
}
