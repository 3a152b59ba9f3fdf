//! The offices of other exchanges, from their backups, before a box with its real settings.

use serde_json::json;

use crate::client::Caller;
use crate::real::RealWorld;
use crate::world::{TOKEN, VIEWER_TOKEN, World};

/// A backup of FreePBX: two people, of whom one has a number that a new box has too, a group, a room and a carrier.
fn freepbx() -> Vec<u8> {
    let core = json!({ "configs": {
        "Users": { "users": [
            { "extension": "310", "name": "Анна", "voicemail": "novm" },
            { "extension": "201", "name": "Борис", "voicemail": "novm" },
        ] },
        "Devices": {
            "devices": [{ "id": "310", "tech": "pjsip", "user": "310" }],
            "techTables": { "sip": [{ "id": "310", "keyword": "secret", "data": "long-secret-310" }] },
        },
        "Trunks": {
            "trunks": [{ "trunkid": 1, "name": "City", "tech": "pjsip", "outcid": "74950000001" }],
            "techTables": { "pjsip": [
                { "id": 1, "keyword": "sip_server", "data": "sip.example.org" },
                { "id": 1, "keyword": "username", "data": "office" },
                { "id": 1, "keyword": "secret", "data": "carrier-secret" },
            ] },
        },
        "Did": [{ "extension": "74950000001", "cidnum": "", "destination": "ext-group,610,1" }],
    } });
    let groups =
        json!({ "groups": [{ "grpnum": "610", "strategy": "ringall", "grplist": "310", "description": "Все" }] });
    let rooms = json!({ "configs": { "data": [{ "exten": "820", "description": "Планёрка", "userpin": "4711", "adminpin": "1" }] } });
    let other = json!({ "configs": [{ "id": 1, "name": "Склад" }] });
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    for (name, json) in [
        ("modulejson/Core.json", core),
        ("modulejson/Ringgroups.json", groups),
        ("modulejson/Conferences.json", rooms),
        ("modulejson/Contactmanager.json", other),
    ] {
        let text = json.to_string();
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o600);
        tar.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

#[test]
fn a_backup_of_freepbx_is_looked_at_added_and_taken_back() {
    let world = RealWorld::new();
    let before = world.handle.office();
    let mut admin = world.admin();
    let found = admin.bring("POST", "/api/v1/imports", &freepbx());
    assert_eq!(found.status, 200, "{}", found.text());
    let found = found.json();
    assert_eq!((&found["from"], &found["name"]), (&json!("freepbx"), &json!("FreePBX")));
    let new = (&found["extensions"], &found["groups"], &found["trunks"]);
    assert_eq!(new, (&json!(["310", "201"]), &json!(["610"]), &json!(["City"])));
    assert_eq!((&found["conferences"], &found["messages"]), (&json!(["820"]), &json!([])));
    assert_eq!(found["replaced"], json!(["200", "201", "202", "500"]));
    let notes = found["notes"].to_string();
    for words in ["Комната 820 «Планёрка»: PIN ведущего не переносится", "чего здесь нет: Contactmanager."]
    {
        assert!(notes.contains(words), "{found}");
    }
    assert!(!found.to_string().contains("secret"), "{found}");
    assert!(*world.handle.office() == *before, "looking changes nothing");

    let apply = format!("/api/v1/imports/{}/apply", found["token"].as_str().unwrap());
    let added = admin.ask("POST", &apply, None);
    assert_eq!(added.status, 200, "{}", added.text());
    assert_eq!(added.json()["changes"], found["changes"]);
    let version = added.header("dozvon-version").unwrap().to_owned();
    let office = world.handle.office();
    let device = office.extension("310").unwrap().sip_devices().next().unwrap();
    assert_eq!((device.login.as_str(), device.password.as_str()), ("310", "long-secret-310"));
    assert!(office.desk.start_of("74950000001").is_some());
    assert_eq!(office.extension("201").map(|one| one.employee.as_str()), Some("Борис"));
    assert!(office.extension("200").is_none() && office.group("500").is_none());
    assert_eq!(admin.get("/api/v1/audit").json()["items"][0]["what"], "imported");
    assert_eq!(admin.ask("POST", &apply, None).status, 404, "it is added once");

    let back = admin.ask("POST", &format!("/api/v1/versions/{version}/revert"), Some(json!({ "scope": "this" })));
    assert_eq!(back.status, 200, "{}", back.text());
    let after = world.handle.office();
    assert!(after.extension("310").is_none() && after.trunks.is_empty() && after.conferences.is_empty());
    assert!(*after == *before, "what gave way is back with its passwords");
}

#[test]
fn what_is_no_backup_of_another_exchange_is_refused_in_plain_words() {
    let world = RealWorld::new();
    let mut admin = world.admin();
    for nonsense in [&b"hello"[..], b"PK\x03\x04broken", b"\x1f\x8b\x08broken", b"SQLite format 3\0broken"] {
        let refused = admin.bring("POST", "/api/v1/imports", nonsense);
        assert_eq!(refused.status, 422, "{}", refused.text());
        assert!(refused.json()["detail"].as_str().is_some_and(|words| !words.is_empty()));
    }
    assert_eq!(admin.ask("POST", "/api/v1/imports/..%2F..%2Fdozvon.db/apply", None).status, 404);
    let left = std::fs::read_dir(world.data.join("uploads")).unwrap().count();
    assert_eq!(left, 0, "nothing is kept of them");
    let other = World::new();
    assert_eq!(Caller::token(&other, VIEWER_TOKEN).bring("POST", "/api/v1/imports", b"x").status, 403);
    assert_eq!(Caller::token(&other, TOKEN).bring("POST", "/api/v1/imports", b"x").status, 422);
}
