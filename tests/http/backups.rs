//! Backups of a box with its real settings and database, kept by real servers, and brought back.

use std::fs;
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dozvon::guard::Alarm;
use dozvon::io::out::Outgoing;
use dozvon::io::{backup, clock};
use dozvon::office::{BackupKind, BackupPlace, file};
use serde_json::{Value, json};

use crate::client::{Answer, Caller, put};
use crate::keeping;
use crate::real::RealWorld;
use crate::world::World;

const WORDS: &str = "correct horse battery";
const PATIENCE: Duration = Duration::from_secs(120);

fn world() -> RealWorld {
    let world = RealWorld::new();
    world.handle.set_backups(backup::start(&world.handle, Outgoing::of(true)).unwrap());
    world
}

fn place(kind: BackupKind, server: &str) -> BackupPlace {
    BackupPlace {
        name: "Копии".to_owned(),
        kind,
        server: server.to_owned(),
        folder: String::new(),
        login: "office".to_owned(),
        password: "secret".to_owned(),
        private_key: String::new(),
        host_key: String::new(),
        bucket: "office".to_owned(),
        region: "us-east-1".to_owned(),
    }
}

/// Has a backup made and waits for its end.
fn made(admin: &mut Caller<'_>, place: &str) -> Value {
    let begun = admin.ask("POST", "/api/v1/backups", Some(json!({ "where": place, "passphrase": WORDS })));
    assert_eq!(begun.status, 202, "{}", begun.text());
    let path = format!("/api/v1/backups/{}", begun.json()["id"].as_str().unwrap());
    let asked = clock::Stopwatch::start();
    loop {
        let item = admin.get(&path).json();
        if item["state"] != "running" {
            return item;
        }
        assert!(asked.elapsed() < PATIENCE, "{item}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Looks at a backup of the list until it is known.
fn looked(admin: &mut Caller<'_>, item: &Value, words: &str) -> Answer {
    let path = format!("/api/v1/backups/{}/restore", item["id"].as_str().unwrap());
    let mut answer = admin.ask("POST", &path, Some(json!({ "passphrase": words })));
    let asked = clock::Stopwatch::start();
    while answer.status == 202 {
        assert!(asked.elapsed() < PATIENCE);
        thread::sleep(Duration::from_millis(20));
        let at = answer.header("location").unwrap().to_owned();
        answer = admin.get(&at);
    }
    answer
}

#[test]
fn a_backup_is_made_fetched_brought_to_another_box_and_put_in_force_there() {
    let world = world();
    world.change(|office| office.settings.name = "Ромашка".to_owned());
    let mut admin = world.admin();
    let item = made(&mut admin, "box");
    assert_eq!((&item["state"], &item["proved"], &item["encrypted"]), (&json!("good"), &json!(true), &json!(true)));
    assert!(item["name"].as_str().unwrap().starts_with("dozvon-backup-romashka-2"), "{item}");
    let file = admin.get(&format!("/api/v1/backups/{}/file", item["id"].as_str().unwrap()));
    assert_eq!(file.body.len() as u64, item["bytes"].as_u64().unwrap());
    assert!(file.body.starts_with(b"age-encryption.org/v1"));

    let other = self::world();
    let bring = |words: &str| {
        let admin = other.admin().with("Dozvon-Passphrase", &STANDARD.encode(words));
        admin.bring("POST", "/api/v1/backups/restore", &file.body)
    };
    let wrong = bring("something else");
    assert_eq!((wrong.status, &wrong.json()["errors"][0]["pointer"]), (422, &json!("/passphrase")), "{}", wrong.text());
    let found = bring(WORDS);
    let told = found.json();
    assert_eq!((found.status, &told["name"], &told["extensions"]), (200, &json!("Ромашка"), &json!(3)), "{told}");
    let apply = format!("/api/v1/backups/restore/{}/apply", told["token"].as_str().unwrap());
    assert_eq!(other.admin().ask("POST", &apply, None).status, 202);
    // The exchange of this test does not start anew by itself.
    let data = other.data.clone();
    other.handle.store().close();
    assert!(backup::finish(&data).unwrap().is_some());
    let text = file::write(&world.handle.office(), true);
    let here = dozvon::io::store::Reader::open(&data).unwrap().version().unwrap().unwrap();
    assert_eq!(here.office, text);
    assert!(data.join("before-restore/dozvon.db").exists());

    let gone = format!("/api/v1/backups/{}", item["id"].as_str().unwrap());
    assert_eq!(admin.ask("DELETE", &gone, None).status, 204);
    assert_eq!(admin.get(&gone).status, 404);
    assert_eq!(admin.get("/api/v1/backups").json()["items"], json!([]));
}

#[test]
fn an_upload_that_is_no_backup_changes_nothing() {
    let world = world();
    let admin = world.admin();
    for nonsense in [&b"hello"[..], b"\x1f\x8b\x08hello", b"age-encryption.org/v1\n-> scrypt x\n", &[0; 100_000]] {
        let refused = admin.bring("POST", "/api/v1/backups/restore", nonsense);
        assert_eq!(refused.status, 422, "{}", refused.text());
    }
    let mut admin = world.admin();
    assert_eq!(admin.ask("POST", "/api/v1/backups/restore/nothing/apply", None).status, 404);
    assert_eq!(admin.ask("POST", "/api/v1/backups/undo", None).status, 409);
    assert_eq!(admin.get("/api/v1/backups/nothing/file").status, 404);
    let nowhere = admin.ask("POST", "/api/v1/backups", Some(json!({ "where": "nowhere", "passphrase": WORDS })));
    assert_eq!(nowhere.json()["errors"][0]["pointer"], "/where");
    for body in [json!({ "where": "box" }), json!({ "where": "box", "passphrase": "short" })] {
        let refused = admin.ask("POST", "/api/v1/backups", Some(body));
        assert_eq!(refused.json()["errors"][0]["pointer"], "/passphrase");
    }
    assert_eq!(Caller::nobody(&world).get("/api/v1/backups").status, 401);
    let nobody = World::new();
    assert_eq!(Caller::token(&nobody, crate::world::TOKEN).get("/api/v1/backups").status, 503);
    assert_eq!(Caller::token(&nobody, crate::world::VIEWER_TOKEN).get("/api/v1/backup").status, 403);
}

#[test]
fn secrets_of_backups_go_in_and_never_come_out() {
    let world = world();
    let mut admin = world.admin();
    let mut settings = admin.get("/api/v1/backup").json();
    assert_eq!((&settings["enabled"], &settings["has_passphrase"]), (&json!(false), &json!(false)));
    settings["enabled"] = json!(true);
    settings["passphrase"] = json!(WORDS);
    settings["weekdays"] = json!(["mon", "fri"]);
    settings["places"] = json!([{
        "name": "NAS", "kind": "sftp", "server": "nas.lan", "login": "office", "password": "the secret of the server",
    }]);
    let kept = put(&mut admin, "/api/v1/backup", settings.clone());
    assert_eq!(kept.status, 200, "{}", kept.text());
    let version = kept.header("dozvon-version").unwrap().to_owned();
    let shown = kept.json();
    assert_eq!((&shown["has_passphrase"], &shown["places"][0]["has_password"]), (&json!(true), &json!(true)));
    for path in ["/api/v1/backup".to_owned(), format!("/api/v1/versions/{version}"), "/api/v1/audit".to_owned()] {
        let text = admin.get(&path).text();
        assert!(!text.contains(WORDS) && !text.contains("the secret of"), "{path}: {text}");
    }
    let open = file::write(&world.handle.office(), false);
    assert!(!open.contains(WORDS) && !open.contains("the secret of"));
    // What was read can be sent back, and keeps them; another server gets none.
    assert_eq!(put(&mut admin, "/api/v1/backup", shown.clone()).status, 200);
    assert_eq!(world.handle.office().backup_places[0].password, "the secret of the server");
    let mut elsewhere = shown;
    elsewhere["places"][0]["server"] = json!("evil.example.org");
    assert_eq!(put(&mut admin, "/api/v1/backup", elsewhere.clone()).json()["places"][0]["has_password"], false);
    assert_eq!(world.handle.office().backup.passphrase, WORDS);
    for (key, value) in [("hour", json!("25:00")), ("passphrase", json!("short")), ("weekdays", json!(["mon", "mon"]))]
    {
        let mut wrong = elsewhere.clone();
        wrong[key] = value;
        let refused = put(&mut admin, "/api/v1/backup", wrong);
        let pointer = refused.json()["errors"][0]["pointer"].as_str().unwrap_or_default().to_owned();
        assert!(refused.status == 422 && pointer.starts_with(&format!("/{key}")), "{}", refused.text());
    }
    let mut wrong = elsewhere;
    wrong["places"][0]["server"] = json!("not a host");
    let refused = put(&mut admin, "/api/v1/backup", wrong);
    assert_eq!(refused.json()["errors"][0]["pointer"], "/places/0/server", "{}", refused.text());
}

#[test]
fn a_server_with_ssh_keeps_a_backup_and_must_keep_its_key() {
    let (sshd, key) = keeping::sshd();
    let world = world();
    let folder = sshd.directory.join("kept/here");
    let mut there = place(BackupKind::Sftp, &format!("127.0.0.1:{}", sshd.port));
    there.login = nix::unistd::User::from_uid(nix::unistd::getuid()).unwrap().unwrap().name;
    there.folder = folder.to_str().unwrap().to_owned();
    (there.password, there.private_key) = (String::new(), key);
    world.change(|office| office.backup_places = vec![there]);
    let mut admin = world.admin();
    let item = made(&mut admin, "Копии");
    assert_eq!(item["state"], "good", "{item}");
    let name = item["name"].as_str().unwrap();
    assert_eq!(fs::metadata(folder.join(name)).unwrap().len(), item["bytes"].as_u64().unwrap());
    let pinned = world.handle.office().backup_places[0].host_key.clone();
    assert!(pinned.starts_with("SHA256:"), "{pinned}");
    let found = looked(&mut admin, &item, WORDS);
    assert_eq!((found.status, &found.json()["state"]), (200, &json!("ready")), "{}", found.text());
    assert_eq!(admin.get(&format!("/api/v1/backups/{}/file", item["id"].as_str().unwrap())).status, 409);

    // Somebody else's server at this address.
    world.change(|office| office.backup_places[0].host_key = "SHA256:another".to_owned());
    let refused = made(&mut admin, "Копии");
    assert!(refused["error"].as_str().unwrap().contains(&pinned), "{refused}");
    // it is told of once the list has it
    let alarms = world.alarms.as_ref().unwrap();
    let is_told = |alarm: &Alarm| matches!(alarm, Alarm::BackupFailed { place, .. } if place == "Копии");
    while !is_told(&alarms.recv_timeout(PATIENCE).unwrap()) {}

    world.change(|office| office.backup_places[0].host_key = pinned.clone());
    assert_eq!(admin.ask("DELETE", &format!("/api/v1/backups/{}", item["id"].as_str().unwrap()), None).status, 204);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    world.change(|office| office.backup_places[0].login = "nobody-of-this-name".to_owned());
    let refused = made(&mut admin, "Копии");
    assert_eq!(refused["error"], "Сервер не принимает имя или пароль.");
}

fn checked(admin: &mut Caller<'_>, place: &str) -> Answer {
    admin.ask("POST", "/api/v1/backup/check", Some(json!({ "place": place })))
}

#[test]
fn a_place_is_checked_by_a_small_file_of_which_nothing_stays() {
    let (sshd, key) = keeping::sshd();
    let store = keeping::s3();
    let world = world();
    let folder = sshd.directory.join("kept/here");
    let mut there = place(BackupKind::Sftp, &format!("127.0.0.1:{}", sshd.port));
    there.login = nix::unistd::User::from_uid(nix::unistd::getuid()).unwrap().unwrap().name;
    there.folder = folder.to_str().unwrap().to_owned();
    (there.password, there.private_key) = (String::new(), key);
    let mut cloud = place(BackupKind::S3, &format!("http://127.0.0.1:{}", store.port));
    cloud.name = "S3".to_owned();
    let mut stick = place(BackupKind::Stick, "");
    stick.name = "Stick".to_owned();
    world.change(|office| office.backup_places = vec![there, cloud, stick]);
    let mut admin = world.admin();
    let good = checked(&mut admin, "Копии");
    assert_eq!(good.status, 200, "{}", good.text());
    assert!(good.json()["free_bytes"].as_u64().unwrap() > 0, "OpenSSH tells: {}", good.text());
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    assert!(world.handle.office().backup_places[0].host_key.starts_with("SHA256:"));
    let good = checked(&mut admin, "S3");
    assert_eq!((good.status, good.json()), (200, json!({ "free_bytes": null })), "{}", good.text());
    assert_eq!(admin.get("/api/v1/backups").json()["items"], json!([]), "no backup was made");
    assert!(
        !fs::read_dir(world.data.join("backups"))
            .unwrap()
            .any(|entry| { entry.unwrap().file_name().to_string_lossy().contains("check") })
    );

    world.change(|office| {
        office.backup_places[0].login = "nobody-of-this-name".to_owned();
        office.backup_places[1].bucket = "nobodys".to_owned();
    });
    for (name, why) in [
        ("Копии", "Сервер не принимает имя или пароль."),
        ("S3", "Сервер отказал: NoSuchBucket."),
        ("Stick", "Флешки и общие папки подключает только сама станция."),
    ] {
        let refused = checked(&mut admin, name);
        assert_eq!(refused.status, 409, "{}", refused.text());
        assert!(refused.json()["detail"].as_str().unwrap().starts_with(why), "{}", refused.text());
    }
    assert!(world.alarms.as_ref().unwrap().try_iter().next().is_none(), "who checks is told at once, and nobody else");
    let nowhere = checked(&mut admin, "nowhere");
    assert_eq!((nowhere.status, &nowhere.json()["errors"][0]["pointer"]), (422, &json!("/place")));
}

#[test]
fn a_store_that_speaks_s3_keeps_a_backup_in_parts() {
    let store = keeping::s3();
    let world = world();
    // More than one part, which no packing makes smaller.
    let mut noise = dozvon::base::Rng::from_seed(7);
    let words: Vec<u8> = (0..18_000_000 / 8).flat_map(|_| noise.below(u64::MAX).to_le_bytes()).collect();
    fs::create_dir_all(world.data.join("media")).unwrap();
    fs::write(world.data.join("media/firmware.bin"), words).unwrap();
    let mut there = place(BackupKind::S3, &format!("http://127.0.0.1:{}", store.port));
    there.folder = "dozvon/Ромашка".to_owned();
    world.change(|office| office.backup_places = vec![there]);
    let mut admin = world.admin();
    let item = made(&mut admin, "Копии");
    assert_eq!(item["state"], "good", "{item}");
    assert!(item["bytes"].as_u64().unwrap() > 17_000_000);
    let found = looked(&mut admin, &item, WORDS);
    assert_eq!((found.status, &found.json()["state"]), (200, &json!("ready")), "{}", found.text());
    assert_eq!(admin.ask("DELETE", &format!("/api/v1/backups/{}", item["id"].as_str().unwrap()), None).status, 204);
    world.change(|office| office.backup_places[0].bucket = "nobodys".to_owned());
    let refused = made(&mut admin, "Копии");
    assert_eq!((&refused["state"], &refused["error"]), (&json!("failed"), &json!("Сервер отказал: NoSuchBucket.")));
}
