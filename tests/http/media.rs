//! Media files over the API: brought as real files of each kind, refused in words, heard as callers hear them.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::client::{Answer, Caller};
use crate::events::Stream;
use crate::world::{PASSWORD, TOKEN, VIEWER_TOKEN, World};

const MEDIA: &str = "/api/v1/media";

/// A file that ffmpeg makes of two seconds of a sine.
fn made(world: &World, name: &str, options: &str) -> Vec<u8> {
    made_of(world, "sine=frequency=440:duration=2:sample_rate=48000", name, options)
}

fn made_of(world: &World, source: &str, name: &str, options: &str) -> Vec<u8> {
    let path = world.data.join(name);
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-loglevel", "error", "-y", "-f", "lavfi", "-i", source]);
    let output = command.args(options.split_whitespace()).arg(&path).output().unwrap();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    bytes
}

/// RIFF with 16 bits a sample.
fn wav(rate: u32, channels: u16, sound: &[u8]) -> Vec<u8> {
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + sound.len() as u32).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0");
    bytes.extend(channels.to_le_bytes());
    bytes.extend([rate.to_le_bytes(), (rate * u32::from(channels) * 2).to_le_bytes()].concat());
    bytes.extend([(channels * 2).to_le_bytes(), 16_u16.to_le_bytes()].concat());
    bytes.extend(b"data");
    bytes.extend((sound.len() as u32).to_le_bytes());
    bytes.extend(sound);
    bytes
}

fn named(name: &str) -> String {
    let encoded: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("{MEDIA}?name={encoded}")
}

fn item(name: &str) -> String {
    named(name).replace("?name=", "/")
}

/// Follows an import by its events to its end, and reads it.
fn end_of(stream: &mut Stream, caller: &mut Caller<'_>, begun: &Answer) -> Value {
    assert_eq!(begun.status, 202, "{}", begun.text());
    let id = begun.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(begun.header("location").unwrap(), format!("{MEDIA}/imports/{id}"));
    let mut percent = 0;
    loop {
        let event = stream.next().data;
        if event["import"]["id"] != *id {
            continue;
        }
        let now = event["import"]["percent"].as_u64().unwrap();
        assert!(now >= percent, "it never falls");
        percent = now;
        if event["import"]["state"] != "running" {
            let told = caller.get(begun.header("location").unwrap()).json();
            assert_eq!((&told["state"], &told["name"]), (&event["import"]["state"], &event["import"]["name"]));
            return told;
        }
    }
}

fn files(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn world() -> World {
    let world = World::new();
    std::fs::create_dir_all(world.data.join("media")).unwrap();
    world
}

#[test]
fn files_of_every_kind_that_people_have_become_media_files() {
    let world = world();
    let mut admin = Caller::signed_in(&world, "admin", PASSWORD);
    let mut stream = Stream::open(&admin);
    for (kind, name, options) in [
        ("mp3", "a.mp3", "-b:a 64k"),
        ("wav", "a.wav", "-c:a pcm_s16le -ar 44100 -ac 2"),
        ("wma", "a.wma", "-c:a wmav2 -b:a 64k -ar 44100"),
        ("m4a", "a.m4a", "-c:a aac -b:a 64k"),
        ("ogg", "a.ogg", "-c:a libvorbis"),
        ("flac", "a.flac", "-c:a flac"),
    ] {
        let called = format!("Мелодия {kind}");
        let begun = admin.bring("POST", &named(&called), &made(&world, name, options));
        assert_eq!(end_of(&mut stream, &mut admin, &begun)["state"], "done", "{kind}");
        let shown = admin.get(&item(&called)).json();
        assert_eq!((&shown["name"], &shown["kind"]), (&called.as_str().into(), &kind.into()));
        assert!((2..=3).contains(&shown["seconds"].as_u64().unwrap()), "{shown}");
        assert!(shown["bytes"].as_u64().unwrap() > 1000 && shown["used_by"] == serde_json::json!([]));
        let versions = world.box_.changes.lock().unwrap().clone();
        assert_eq!(versions.last().unwrap(), &format!("admin: media {called} added"));
    }
    assert_eq!(admin.get("/api/v1/media?limit=4").json()["items"].as_array().unwrap().len(), 4);
    assert!(files(&world.data.join("uploads")).is_empty());
}

#[test]
fn the_sound_of_a_media_file_is_heard_in_parts_and_never_as_what_was_uploaded() {
    let world = world();
    let mut admin = Caller::token(&world, TOKEN);
    let mut stream = Stream::open(&admin);
    let begun = admin.bring("POST", &named("Привет, \"мир\""), &made(&world, "a.mp3", "-b:a 64k"));
    end_of(&mut stream, &mut admin, &begun);
    let path = format!("{}/audio", item("Привет, \"мир\""));
    let whole = Caller::token(&world, VIEWER_TOKEN).get(&path);
    assert_eq!((whole.status, whole.header("content-type")), (200, Some("audio/ogg")));
    assert!(whole.body.starts_with(b"OggS"));
    let disposition = whole.header("content-disposition").unwrap();
    assert_eq!(
        disposition,
        "inline; filename*=UTF-8''%D0%9F%D1%80%D0%B8%D0%B2%D0%B5%D1%82%2C%20%22%D0%BC%D0%B8%D1%80%22.opus"
    );
    assert_eq!(whole.header("x-content-type-options"), Some("nosniff"));
    assert!(whole.header("content-security-policy").unwrap().ends_with("; sandbox"));
    let part = Caller::token(&world, TOKEN).with("Range", "bytes=10-19").get(&path);
    assert_eq!((part.status, &part.body[..]), (206, &whole.body[10..20]));
    assert_eq!(Caller::token(&world, TOKEN).with("Range", "bytes=9999999-").get(&path).status, 416);
    assert_eq!(admin.get(&format!("{}/audio", item("Нет"))).status, 404);
}

#[test]
fn another_sound_takes_the_place_of_the_present_one() {
    let world = world();
    let mut admin = Caller::signed_in(&world, "admin", PASSWORD);
    let mut stream = Stream::open(&admin);
    let begun = admin.bring("POST", &named("Приветствие"), &made(&world, "a.mp3", "-b:a 64k"));
    end_of(&mut stream, &mut admin, &begun);
    let before = admin.get(&item("Приветствие"));
    let tone = made_of(&world, "sine=frequency=600:duration=5", "b.wav", "-ar 8000");
    let path = format!("{}/sound", item("Приветствие"));
    let begun = admin.bring("PUT", &path, &tone);
    assert_eq!(end_of(&mut stream, &mut admin, &begun)["state"], "done");
    let after = admin.get(&item("Приветствие"));
    assert_eq!((&after.json()["kind"], &after.json()["seconds"]), (&"wav".into(), &5.into()));
    assert_ne!(before.header("etag"), after.header("etag"));
    assert_eq!(world.box_.changes.lock().unwrap().last().unwrap(), "admin: media Приветствие changed");
    assert_eq!(admin.bring("PUT", &format!("{}/sound", item("Нет")), &tone).status, 404);
}

#[test]
fn files_that_are_no_sound_are_refused_in_words_and_leave_nothing() {
    let world = world();
    let mut admin = Caller::signed_in(&world, "admin", PASSWORD);
    let mut stream = Stream::open(&admin);
    let silence =
        |seconds: &str| made_of(&world, "anullsrc=r=8000:cl=mono", "s.flac", &format!("-t {seconds} -c:a flac"));
    let mut cut = made(&world, "cut.wav", "-c:a pcm_s16le");
    cut.truncate(cut.len() / 2);
    for (file, ru, en) in [
        (b"<html><script>alert(1)</script>".to_vec(), "Это не звук", "This is no sound"),
        (Vec::new(), "Это не звук", "This is no sound"),
        (cut, "Файл wav повреждён", "The wav file is damaged"),
        (silence("3600"), "не больше 30 минут", "at most 30 minutes"),
        (silence("3"), "нет звука", "no sound in the file"),
        (wav(0, 1, &[1; 8000]), "Файл wav повреждён", "The wav file is damaged"),
        (wav(8000, 200, &[1; 8000]), "каналов 200", "200 channels"),
    ] {
        let begun = admin.bring("POST", &named("Плохой"), &file);
        let refused = end_of(&mut stream, &mut admin, &begun);
        assert_eq!(refused["state"], "refused", "{en}");
        assert!(refused["detail"].as_str().unwrap().contains(ru), "{refused}");
        let english = admin.get(&format!("{}?lang=en", begun.header("location").unwrap())).json();
        assert!(english["detail"].as_str().unwrap().contains(en), "{english}");
    }
    assert_eq!(admin.get(MEDIA).json()["items"], serde_json::json!([]));
    assert!(world.box_.changes.lock().unwrap().is_empty());
    assert!(files(&world.data.join("media")).is_empty() && files(&world.data.join("uploads")).is_empty());
}

#[test]
fn a_disk_that_refuses_leaves_no_media_file_behind() {
    let world = world();
    let mut stream = Stream::open(&Caller::token(&world, TOKEN));
    // Who signs in, or comes with a token, is looked up on that disk too.
    let mut admin = Caller::signed_in(&world, "admin", PASSWORD);
    *world.box_.broken.lock().unwrap() = true;
    let begun = admin.bring("POST", &named("Мелодия"), &made(&world, "a.mp3", "-b:a 64k"));
    let refused = end_of(&mut stream, &mut admin, &begun);
    assert!(refused["detail"].as_str().unwrap().starts_with("Диск станции"), "{refused}");
    assert!(files(&world.data.join("media")).is_empty());
}

#[test]
fn ten_megabytes_are_taken_and_a_byte_more_is_refused_before_it_is_sent() {
    let world = world();
    let mut admin = Caller::signed_in(&world, "admin", PASSWORD);
    let mut stream = Stream::open(&admin);
    for over in [10_000_001, 999_999_999_999] {
        let mut wire = admin.announce("POST", &named("Большой"), over);
        let refused = wire.answer().unwrap();
        assert_eq!((refused.status, refused.header("connection")), (413, Some("close")));
        assert!(refused.json()["detail"].as_str().unwrap().contains("10 МБ"), "{}", refused.text());
    }
    let noise: Vec<u8> = (0..10_000_000 - 44).map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let begun = admin.bring("POST", &named("Большой"), &wav(48_000, 2, &noise));
    assert_eq!(end_of(&mut stream, &mut admin, &begun)["state"], "done");
}

#[test]
fn who_may_not_bring_a_file_is_told_before_he_sends_it() {
    let world = world();
    let status = |caller: &Caller<'_>, path: &str| caller.announce("POST", path, 5_000_000).answer().unwrap().status;
    let admin = Caller::signed_in(&world, "admin", PASSWORD);
    assert_eq!(status(&Caller::nobody(&world), &named("a")), 401);
    assert_eq!(status(&Caller::token(&world, VIEWER_TOKEN), &named("a")), 403);
    let long = named(&"я".repeat(1001));
    for wrong in [MEDIA, "/api/v1/media?name=", long.as_str(), "/api/v1/media?name=a%01b"] {
        let refused = admin.announce("POST", wrong, 5_000_000).answer().unwrap();
        assert_eq!((refused.status, &refused.json()["errors"][0]["parameter"]), (422, &"name".into()), "{wrong}");
    }
    assert_eq!(status(&admin, "/api/v1/media?name=a&file=b"), 400);
    assert_eq!(status(&admin.without("X-CSRF-Token"), &named("a")), 403);
    assert!(files(&world.data.join("uploads")).is_empty());
}

#[test]
fn a_name_that_is_taken_is_refused_before_the_file_comes() {
    let world = world();
    let mut admin = Caller::signed_in(&world, "admin", PASSWORD);
    let mut stream = Stream::open(&admin);
    let file = made(&world, "a.mp3", "-b:a 64k");
    let begun = admin.bring("POST", &named("Мелодия"), &file);
    end_of(&mut stream, &mut admin, &begun);
    assert_eq!(admin.bring("POST", &named("Мелодия"), &file).status, 409);
}

#[test]
fn a_few_files_come_at_a_time_and_what_is_cut_leaves_nothing() {
    let world = world();
    let admin = Caller::signed_in(&world, "admin", PASSWORD);
    let mut coming: Vec<_> = (0..4).map(|n| admin.announce("POST", &named(&format!("{n}")), 1_000_000)).collect();
    for wire in &mut coming {
        wire.send(vec![0; 200_000]);
    }
    let inbox = world.data.join("uploads");
    // Each of them has its file as soon as it is let in.
    until(&world, || files(&inbox).len() == 4);
    let busy = admin.announce("POST", &named("5"), 1_000_000).answer().unwrap();
    assert_eq!((busy.status, busy.header("retry-after")), (503, Some("10")));
    drop(coming);
    until(&world, || files(&inbox).is_empty());
}

/// Asks the box something until it is so; a box that never gets there fails the test by the patience of the client.
fn until(world: &World, is_so: impl Fn() -> bool) {
    let mut anybody = Caller::nobody(world);
    let found = (0..20_000).any(|_| anybody.get("/healthz").status == 200 && is_so());
    assert!(found, "it never came to be");
}
