//! What the page tells of the licence, and how another one is taken.

use dozvon::io::clock;
use dozvon::trust::{Amount, Day, Function, Functions, Hardware, Licence, SecretKey, Trait};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::client::Caller;
use crate::real::RealWorld;
use crate::world::PASSWORD;

const LICENSE: &str = "/api/v1/license";

/// The key that debug builds trust.
fn test_key() -> SecretKey {
    SecretKey::new("test", Sha256::digest("dozvon test licences").into()).unwrap()
}

fn licence(world: &RealWorld) -> Licence {
    let today = Day::of(clock::wall());
    Licence {
        serial: "T-1".to_owned(),
        owner: "ООО Ромашка".to_owned(),
        edition: "office".to_owned(),
        hardware: Some(world.handle.licence().hardware().clone()),
        issued: today,
        starts: today,
        expires: Some(today.plus(20)),
        grace_days: 14,
        extensions: Amount::Only(30),
        outside_calls: Amount::Only(16),
        functions: Functions::all().without(Function::Recording),
        support_mail: "help@vendor.example".to_owned(),
        support_phone: String::new(),
    }
}

fn install(caller: &mut Caller<'_>, text: &str) -> (u16, Value) {
    let answer = caller.ask("POST", LICENSE, Some(json!({ "text": text })));
    (answer.status, answer.json())
}

#[test]
fn a_new_box_tells_its_trial_and_a_licence_takes_its_place() {
    let world = RealWorld::new();
    let mut admin = world.admin();
    let trial = admin.get(LICENSE).json();
    assert_eq!((&trial["state"], &trial["days_left"], &trial["license"]), (&json!("trial"), &json!(29), &Value::Null));
    assert_eq!(trial["limits"]["extensions"], json!({ "used": 3, "most": null }));

    let (status, held) = install(&mut admin, &licence(&world).sign(&test_key()).unwrap());
    assert_eq!(status, 200, "{held}");
    assert_eq!((&held["state"], &held["days_left"]), (&json!("licensed"), &json!(20)));
    assert_eq!(held["license"]["owner"], "ООО Ромашка");
    assert_eq!(held["limits"]["outside_calls"], json!({ "used": 0, "most": 16 }));
    assert_eq!(held["functions"], json!({ "provisioning": true, "recording": false, "transcoding": true }));
    let deeds = admin.get("/api/v1/audit?what=license").json();
    assert_eq!(deeds["items"][0]["who"], "admin");
    assert_eq!(
        std::fs::read_to_string(world.data.join("license.key")).unwrap().lines().next(),
        Some("dozvon-license v1")
    );
}

#[test]
fn a_licence_that_is_wrong_is_refused_in_words_and_the_old_one_stays() {
    let world = RealWorld::new();
    let mut admin = world.admin();
    let good = licence(&world);
    assert_eq!(install(&mut admin, &good.sign(&test_key()).unwrap()).0, 200);
    let before = admin.get(LICENSE).json();
    let elsewhere = Hardware::of([(Trait::Board, "OTHER99".to_owned())]);
    let stranger = SecretKey::new("test", [9; 32]).unwrap();
    let long_ago = Day::parse("2020-01-01").unwrap();
    let cases = [
        (Licence { hardware: Some(elsewhere), ..good.clone() }.sign(&test_key()), "другого прибора"),
        (Licence { starts: good.starts.plus(9), ..good.clone() }.sign(&test_key()), "начнёт действовать"),
        (Licence { expires: Some(long_ago), ..good.clone() }.sign(&test_key()), "действовала до 2020-01-01"),
        (good.sign(&stranger), "Подпись не сходится"),
        (Ok("Здравствуйте!".to_owned()), "Это не лицензия"),
        (Ok("я".repeat(9_000)), "слишком длинный"),
    ];
    for (text, words) in cases {
        let (status, problem) = install(&mut admin, &text.unwrap());
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/text")), "{problem}");
        let detail = problem["errors"][0]["detail"].as_str().unwrap();
        assert!(detail.contains(words), "{detail}");
    }
    let mut after = admin.get(LICENSE).json();
    after["time"] = before["time"].clone();
    assert_eq!(after, before);
}

#[test]
fn a_viewer_reads_and_changes_nothing() {
    let world = RealWorld::new();
    world.change(|office| office.users.push(crate::world::user("olga", dozvon::office::Role::Viewer, false)));
    let mut viewer = Caller::signed_in(&world, "olga", PASSWORD);
    assert_eq!(viewer.get(LICENSE).status, 200);
    assert_eq!(install(&mut viewer, "dozvon-license v1").0, 403);
}
