//! Messages of mailboxes over the API: listed, heard, marked, removed; by whom.

use dozvon::base::{Message, MessageId, WallTime};
use dozvon::io::store::MessageRow;
use serde_json::json;

use crate::client::Caller;
use crate::world::{START, TOKEN, VIEWER_TOKEN, World};

/// Messages 1 to 5 of two mailboxes; the last one is being recorded. The file of the third is there.
fn world() -> World {
    let world = World::new();
    let directory = world.data.join("recordings/voicemail");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("3.opus"), b"0123456789").unwrap();
    let rows = (1..=5).map(|id| MessageRow {
        message: Message {
            id: MessageId(id),
            extension: (200 + id % 2).to_string(),
            at: WallTime(START.millis() + i64::try_from(id).unwrap()),
            caller: "79211234567".to_owned(),
            caller_name: "Пётр".to_owned(),
            seconds: 2,
            heard: id == 1,
        },
        duration_ms: (id < 5).then_some(1_500),
        bytes: 10,
        path: format!("recordings/voicemail/{id}.opus"),
    });
    *world.box_.messages.lock().unwrap() = rows.collect();
    world
}

#[test]
fn messages_are_listed_newest_first_page_by_page_and_by_mailbox() {
    let world = world();
    assert_eq!(Caller::token(&world, VIEWER_TOKEN).get("/api/v1/voicemail").status, 403, "not for everybody");
    let mut admin = Caller::token(&world, TOKEN);
    let mut ids = |path: &str| {
        let page = admin.get(path).json();
        let ids: Vec<_> = page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect();
        (ids, page["next_cursor"].as_str().unwrap_or_default().to_owned())
    };
    let (first, cursor) = ids("/api/v1/voicemail?limit=3");
    assert_eq!(first, ["4", "3", "2"], "the one that is being recorded is nobody's yet");
    assert_eq!(ids(&format!("/api/v1/voicemail?limit=3&cursor={cursor}")), (vec!["1".into()], String::new()));
    assert_eq!(ids("/api/v1/voicemail?extension=201").0, ["3", "1"]);
    assert!(ids("/api/v1/voicemail?extension=999").0.is_empty());
    for wrong in ["limit=0", "cursor=x", "text=1"] {
        assert_eq!(admin.get(&format!("/api/v1/voicemail?{wrong}")).status, 400, "{wrong}");
    }
    let message = admin.get("/api/v1/voicemail/3").json();
    assert_eq!(
        message,
        json!({
            "id": "3", "extension": "201", "at": "2026-11-25T14:20:00.003+03:00", "caller": "79211234567",
            "caller_name": "Пётр", "duration_ms": 1500, "bytes": 10, "heard": false,
        })
    );
    for nobody in ["5", "9", "x"] {
        assert_eq!(admin.get(&format!("/api/v1/voicemail/{nobody}")).status, 404, "{nobody}");
    }
}

#[test]
fn a_message_is_heard_whole_or_in_part_and_only_by_an_admin() {
    let world = world();
    let audio = "/api/v1/voicemail/3/audio";
    let whole = Caller::token(&world, TOKEN).get(audio);
    assert_eq!(
        (whole.status, whole.header("content-type"), whole.body.as_slice()),
        (200, Some("audio/ogg"), &b"0123456789"[..])
    );
    let part = Caller::token(&world, TOKEN).with("Range", "bytes=2-4").get(audio);
    assert_eq!((part.status, part.body.as_slice()), (206, &b"234"[..]));
    assert_eq!(Caller::token(&world, VIEWER_TOKEN).get(audio).status, 403);
    for place in ["tls/box.key", "recordings/2026/1.opus", "recordings/voicemail/../../tls/box.key"] {
        world.box_.messages.lock().unwrap()[2].path = place.to_owned();
        assert_eq!(Caller::token(&world, TOKEN).get(audio).status, 404, "{place}");
    }
}

#[test]
fn an_admin_marks_and_removes_a_message() {
    let world = world();
    let path = "/api/v1/voicemail/3";
    let heard = || Some(json!({ "heard": true }));
    let mut viewer = Caller::token(&world, VIEWER_TOKEN);
    assert_eq!(viewer.ask("PUT", path, heard()).status, 403);
    assert_eq!(viewer.ask("DELETE", path, None).status, 403);
    let mut admin = Caller::token(&world, TOKEN);
    let answer = admin.ask("PUT", path, heard());
    assert_eq!((answer.status, answer.json()["heard"].clone()), (200, json!(true)));
    assert!(world.box_.messages.lock().unwrap()[2].message.heard);
    assert_eq!(admin.ask("PUT", path, Some(json!({ "heard": false }))).json()["heard"], json!(false));
    assert_eq!(admin.ask("PUT", path, Some(json!({ "heard": 1 }))).status, 400);
    assert_eq!(admin.ask("PUT", "/api/v1/voicemail/5", heard()).status, 404);
    assert_eq!(admin.ask("DELETE", path, None).status, 204);
    assert_eq!(admin.ask("DELETE", path, None).status, 404);
    assert_eq!(world.box_.messages.lock().unwrap().len(), 4);
}
