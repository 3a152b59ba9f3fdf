//! Recordings over the API: listed, heard in parts, removed; by whom.

use dozvon::base::{CallId, RecordingId, WallTime};
use dozvon::io::store::RecordingRow;

use crate::client::{Answer, Caller};
use crate::world::{START, TOKEN, VIEWER_TOKEN, World};

const AUDIO: &str = "/api/v1/recordings/3/audio";

/// Recordings 1 to 5; the last one goes on. The file of the third is there, and as long as asked.
fn world(length: usize) -> World {
    let world = World::new();
    let day = world.data.join("recordings/2026/11/25");
    std::fs::create_dir_all(&day).unwrap();
    std::fs::write(day.join("3.opus"), sound(length)).unwrap();
    let rows = (1..=5).map(|id| RecordingRow {
        recording: RecordingId(id),
        call: CallId(100 + id % 2),
        path: format!("recordings/2026/11/25/{id}.opus"),
        format: "opus".to_owned(),
        started_at: WallTime(START.millis() + i64::try_from(id).unwrap()),
        ended_at: (id < 5).then_some(START),
        duration_ms: 1_000,
        bytes: length as u64,
        caller: Some("79211234567".to_owned()),
        called: None,
    });
    *world.box_.recordings.lock().unwrap() = rows.collect();
    world
}

fn sound(length: usize) -> Vec<u8> {
    (0..length).map(|n| (n * 31 % 251) as u8).collect()
}

fn get(world: &World, path: &str, range: Option<&str>) -> Answer {
    let caller = Caller::token(world, TOKEN);
    match range {
        Some(range) => caller.with("Range", range).get(path),
        None => caller.without("Range").get(path),
    }
}

#[test]
fn recordings_are_listed_newest_first_page_by_page_and_by_call() {
    let world = world(10);
    assert_eq!(Caller::token(&world, VIEWER_TOKEN).get("/api/v1/recordings").status, 403, "not for everybody");
    let mut admin = Caller::token(&world, TOKEN);
    let ids = |answer: &Answer| {
        let items = answer.json()["items"].as_array().unwrap().clone();
        items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let first = admin.get("/api/v1/recordings?limit=3");
    assert_eq!(ids(&first), ["5", "4", "3"]);
    assert!(first.json()["items"][0]["ended_at"].is_null());
    let cursor = first.json()["next_cursor"].as_str().unwrap().to_owned();
    let second = admin.get(&format!("/api/v1/recordings?limit=3&cursor={cursor}"));
    assert_eq!(ids(&second), ["2", "1"]);
    assert!(second.json()["next_cursor"].is_null());
    assert_eq!(ids(&admin.get("/api/v1/recordings?call=100")), ["4", "2"]);
    for wrong in ["call=x", "limit=0", "cursor=x", "text=1"] {
        assert_eq!(admin.get(&format!("/api/v1/recordings?{wrong}")).status, 400, "{wrong}");
    }
    assert_eq!(admin.get("/api/v1/recordings/3").json()["file"], "3.opus");
    for nobody in ["/api/v1/recordings/9", "/api/v1/recordings/x", "/api/v1/recordings/9/audio"] {
        assert_eq!(get(&world, nobody, None).status, 404, "{nobody}");
    }
}

#[test]
fn the_sound_comes_whole_or_in_the_part_that_is_asked_for() {
    let length = 300_000; // some pieces
    let world = world(length);
    let whole = get(&world, AUDIO, None);
    assert_eq!((whole.status, whole.header("accept-ranges")), (200, Some("bytes")));
    assert_eq!(whole.header("content-type"), Some("audio/ogg"));
    assert_eq!(whole.header("content-disposition"), Some("inline; filename=\"3.opus\""));
    assert_eq!(whole.header("x-gate-file"), None, "a matter of the house");
    assert!(whole.body == sound(length));
    for (range, from, to) in
        [("bytes=0-", 0, length), ("bytes=70000-70000", 70_000, 70_001), ("bytes=-5", length - 5, length)]
    {
        let part = get(&world, AUDIO, Some(range));
        assert_eq!(part.status, 206, "{range}");
        let told = format!("bytes {from}-{}/{length}", to - 1);
        assert_eq!(part.header("content-range"), Some(told.as_str()));
        assert!(part.body == sound(length)[from..to], "{range}");
    }
    let beyond = get(&world, AUDIO, Some("bytes=300000-"));
    assert_eq!((beyond.status, beyond.header("content-range")), (416, Some("bytes */300000")));
    assert_eq!(get(&world, AUDIO, Some("bytes=0-1,3-4")).status, 200, "several parts are not served");
    let head = Caller::token(&world, TOKEN).ask("HEAD", AUDIO, None);
    assert_eq!((head.status, head.header("content-length")), (200, Some("300000")));
}

#[test]
fn an_empty_file_is_an_empty_answer() {
    let world = world(0);
    let answer = get(&world, AUDIO, None);
    assert_eq!((answer.status, answer.body.len()), (200, 0));
}

#[test]
fn only_an_admin_hears_and_removes() {
    let world = world(10);
    let mut viewer = Caller::token(&world, VIEWER_TOKEN);
    assert_eq!(viewer.get(AUDIO).status, 403);
    assert_eq!(viewer.ask("DELETE", "/api/v1/recordings/3", None).status, 403);
    let mut admin = Caller::token(&world, TOKEN);
    assert_eq!(admin.ask("DELETE", "/api/v1/recordings/5", None).status, 409, "it goes on");
    assert_eq!(admin.ask("DELETE", "/api/v1/recordings/3", None).status, 204);
    assert_eq!(admin.ask("DELETE", "/api/v1/recordings/3", None).status, 404);
    assert_eq!(world.box_.recordings.lock().unwrap().len(), 4);
}

#[test]
fn a_row_of_another_place_gives_nothing_away() {
    let world = world(10);
    for path in ["tls/box.key", "recordings/../tls/box.key", "/etc/hostname"] {
        world.box_.recordings.lock().unwrap()[2].path = path.to_owned();
        assert_eq!(get(&world, AUDIO, None).status, 404, "{path}");
    }
}
