use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::archive::{self, Keep};
use super::*;
use crate::base::{CallId, RecordingId, WallTime};
use crate::call::cdr::{CallDirection, CallStarted};
use crate::engine::Record;
use crate::io::apply;
use crate::io::handle::{Beginning, Handle};
use crate::io::scratch::{Scratch, wav};
use crate::office::file;

const WORDS: &str = "correct horse battery";

fn secret() -> Option<Passphrase> {
    Passphrase::new(WORDS)
}

/// An office that has everything: a name, a sound, a call, a recording and a message.
fn furnish(data: &Path, name: &str) -> String {
    let Beginning { handle, .. } = Handle::open(data).unwrap();
    let beside = data.join("beside");
    fs::create_dir_all(&beside).unwrap();
    fs::write(beside.join("hello.wav"), wav()).unwrap();
    let text = format!("[office]\nname = \"{name}\"\n[[media]]\nname = \"hello\"\nfile = \"hello.wav\"\n");
    apply::apply(&handle, &beside.join("office.toml"), &text, false, "test", &mut |_| ()).unwrap();
    fs::remove_dir_all(&beside).unwrap();
    let (at, call) = (WallTime(1_795_605_600_000), CallId(7));
    let store = handle.store();
    let started = CallStarted {
        call,
        at,
        direction: CallDirection::Internal,
        caller: "200".to_owned(),
        caller_name: String::new(),
        called: "201".to_owned(),
        trunk: None,
    };
    store.record(Record::CallStarted(started));
    let path = "recordings/2026/11/26/7.wav".to_owned();
    keep(data, &path, b"what was said");
    let recording = RecordingId(9);
    store.record(Record::RecordingStarted { recording, call, at, path, format: "wav" });
    store.record(Record::RecordingEnded { recording, at, duration_ms: 900, bytes: 13 });
    store.flush().unwrap();
    let message = "recordings/voicemail/200/1.opus";
    keep(data, message, b"call me back");
    store.ask_for_test(move |db| {
        let sql = "INSERT INTO voicemail (extension, at, caller, caller_name, duration_ms, bytes, path)
                   VALUES ('200', 1, '7', '', 900, 12, ?1)";
        db.execute(sql, [message]).map(|rows| rows as i64)
    });
    fs::write(data.join("ru-mobile.csv"), "").unwrap();
    keep(data, "tls/ca.pem", format!("certificate of {name}").as_bytes());
    let office = file::write(&handle.office(), true);
    handle.store().close();
    office
}

fn keep(data: &Path, path: &str, contents: &[u8]) {
    let path = data.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, contents).unwrap();
}

/// Everything that a backup is about: names and SHA-256.
fn contents(data: &Path) -> BTreeMap<String, String> {
    fn walk(root: &Path, at: &Path, found: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                walk(root, &path, found);
            } else if !name.starts_with("dozvon.db-") {
                found.insert(name, archive::fingerprint(&path).unwrap().1);
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(data, data, &mut found);
    found.retain(|name, _| name == DATABASE || ["media", "recordings", "tls"].iter().any(|of| name.starts_with(of)));
    found
}

fn office_in(data: &Path) -> String {
    let (_, version) = crate::io::store::examine_database(&data.join(DATABASE)).unwrap();
    version.office
}

fn order(recordings: bool) -> Order {
    Order { recordings, passphrase: secret() }
}

fn made(scratch: &Scratch, data: &Path, order: &Order) -> (PathBuf, Made) {
    let to = scratch.path().join("office.dozvon");
    let _ = fs::remove_file(&to);
    let made = make(data, &to, order, &mut |_| ()).unwrap();
    (to, made)
}

#[test]
fn what_was_backed_up_comes_back_on_another_box() {
    let scratch = Scratch::new();
    let (here, there) = (scratch.path().join("here"), scratch.path().join("there"));
    let office = furnish(&here, "Ромашка");
    let (file, made) = made(&scratch, &here, &order(true));
    assert_eq!((made.manifest.name.as_str(), made.manifest.counts.extensions), ("Ромашка", 3));
    assert_eq!((made.manifest.counts.messages, made.manifest.counts.recordings), (1, 1));
    let sealed = fs::read(&file).unwrap();
    assert!(sealed.starts_with(b"age-encryption.org/v1\n-> scrypt "), "others can open it too");
    assert_eq!(fs::read_dir(here.join(FOLDER)).unwrap().count(), 0, "no work is left");

    furnish(&there, "Other");
    assert!(matches!(stage(&there, &file, None, &mut |_| ()), Err(BackupError::NeedsPassphrase)));
    let wrong = Passphrase::new("another word");
    assert!(matches!(stage(&there, &file, wrong.as_ref(), &mut |_| ()), Err(BackupError::WrongPassphrase)));
    let staged = stage(&there, &file, secret().as_ref(), &mut |_| ()).unwrap();
    assert_eq!(staged.manifest, made.manifest);
    assert_ne!(office_in(&there), office, "nothing has changed before it is applied");
    apply(&there, &staged.token).unwrap();

    let mut meant = contents(&here);
    let mut have = contents(&there);
    meant.remove(DATABASE);
    have.remove(DATABASE);
    assert_eq!(have, meant);
    let Beginning { handle, .. } = Handle::open(&there).unwrap();
    assert_eq!(file::write(&handle.office(), true), office);
    assert!(handle.office().media[0].clip.is_some());
}

#[test]
fn an_open_backup_is_a_tar_that_others_read() {
    let scratch = Scratch::new();
    let data = scratch.path().join("data");
    furnish(&data, "Romashka");
    let (file, _) = made(&scratch, &data, &Order { recordings: false, passphrase: None });
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(fs::File::open(file).unwrap()));
    let names: Vec<String> =
        tar.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(names[..2], [MANIFEST, DATABASE]);
    assert!(names.contains(&"recordings/voicemail/200/1.opus".to_owned()));
    assert!(!names.iter().any(|name| name.contains("2026")), "recordings of calls only when they are asked for");
}

#[test]
fn a_restore_can_be_taken_back_and_keeps_the_recordings_of_both() {
    let scratch = Scratch::new();
    let data = scratch.path().join("data");
    furnish(&data, "Before");
    let (file, _) = made(&scratch, &data, &order(false));
    let later = "recordings/2026/11/27/8.wav";
    keep(&data, later, b"said later");
    let changed = {
        let Beginning { handle, .. } = Handle::open(&data).unwrap();
        let edit = |office: &crate::office::Office| {
            let mut office = office.clone();
            office.settings.name = "After".to_owned();
            Ok::<_, crate::io::handle::HandleError>(Some(office))
        };
        handle.change("test", "test", edit).unwrap();
        let text = file::write(&handle.office(), true);
        handle.store().close();
        text
    };
    assert!(matches!(undo(&data), Err(BackupError::NothingBefore)));
    let staged = stage(&data, &file, secret().as_ref(), &mut |_| ()).unwrap();
    apply(&data, &staged.token).unwrap();
    assert!(office_in(&data).contains("Before"));
    assert!(data.join("recordings/2026/11/26/7.wav").exists(), "the backup knows it, and it is still here");
    assert!(!data.join(later).exists() && before(&data).is_some());
    undo(&data).unwrap();
    assert_eq!(finish(&data).unwrap(), Some(Restored { taken_back: true }));
    assert_eq!(office_in(&data), changed);
    assert_eq!(fs::read(data.join(later)).unwrap(), b"said later");
    assert_eq!(finish(&data).unwrap(), None, "it is done once");
}

#[test]
fn the_power_may_go_at_any_moment_of_a_restore() {
    let scratch = Scratch::new();
    let (here, data) = (scratch.path().join("here"), scratch.path().join("data"));
    furnish(&here, "Backup");
    let (file, _) = made(&scratch, &here, &order(true));
    for cut in 0.. {
        let _ = fs::remove_dir_all(&data);
        let office = furnish(&data, "Present");
        // The last connection could only read: as after a power cut, the log of the old database is still there.
        assert!(data.join("dozvon.db-wal").exists());
        let mut present = contents(&data);
        let staged = stage(&data, &file, secret().as_ref(), &mut |_| ()).unwrap();
        let meant = contents(&data.join(restore::STAGING).join(&staged.token));
        mark(&data, &staged.token).unwrap();
        let mut steps = 0;
        let mut fault = |_: &Path| {
            steps += 1;
            if steps > cut { Err(io::Error::other("the power is gone")) } else { Ok(()) }
        };
        let done = restore::finish_with(&data, &mut fault).is_ok();
        finish(&data).unwrap();
        assert_eq!(contents(&data), meant, "cut at step {cut}");
        assert!(!data.join("dozvon.db-wal").exists(), "cut at step {cut}");
        let mut before = contents(&data.join(restore::BEFORE));
        assert_eq!(office_in(&data.join(restore::BEFORE)), office, "cut at step {cut}");
        before.remove(DATABASE);
        present.remove(DATABASE);
        assert_eq!(before, present, "cut at step {cut}");
        assert!(!data.join(restore::STAGING).exists() && finish(&data).unwrap().is_none());
        if done {
            assert!(cut > 10, "there are that many steps");
            return;
        }
    }
}

#[test]
fn a_damaged_backup_is_refused_and_leaves_nothing() {
    let scratch = Scratch::new();
    let data = scratch.path().join("data");
    furnish(&data, "Romashka");
    for passphrase in [secret(), None] {
        let (file, Made { manifest, .. }) =
            made(&scratch, &data, &Order { recordings: true, passphrase: passphrase.clone() });
        let whole = fs::read(&file).unwrap();
        let bad = scratch.path().join("bad.dozvon");
        for part in 1..12 {
            let at = whole.len() * part / 12;
            let mut bent = whole.clone();
            bent[at] ^= 0x10;
            for broken in [bent, whole[..at].to_vec()] {
                fs::write(&bad, broken).unwrap();
                match stage(&data, &bad, passphrase.as_ref(), &mut |_| ()) {
                    // Two ways of packing may say the same; without encryption nobody would notice, nor need to.
                    Ok(staged) if passphrase.is_none() => {
                        assert_eq!(staged.manifest, manifest, "part {part}");
                        forget(&data, &staged.token);
                    }
                    Ok(_) => panic!("part {part}"),
                    Err(_) => {}
                }
                let left = fs::read_dir(data.join(restore::STAGING)).map_or(0, Iterator::count);
                assert_eq!(left, 0);
            }
        }
    }
}

/// An open backup whose manifest says this, and which holds these.
fn forged(to: &Path, edit: impl FnOnce(&mut serde_json::Value), files: &[(&str, &[u8], tar::EntryType)]) {
    let entries: Vec<_> = files
        .iter()
        .map(|(path, bytes, _)| {
            let sha256: String =
                sha2::Digest::finalize(sha2::Digest::chain_update(<sha2::Sha256 as sha2::Digest>::new(), bytes))
                    .iter()
                    .map(|byte: &u8| format!("{byte:02x}"))
                    .collect();
            serde_json::json!({ "path": path, "bytes": bytes.len(), "sha256": sha256 })
        })
        .collect();
    let mut manifest = serde_json::json!({
        "product": "dozvon", "format": 1, "version": "0.1.0", "schema": 13, "made_at": 0, "name": "", "recordings": false,
        "counts": {}, "files": entries,
    });
    edit(&mut manifest);
    let text = manifest.to_string().into_bytes();
    let packed = flate2::write::GzEncoder::new(fs::File::create(to).unwrap(), flate2::Compression::fast());
    let mut tar = tar::Builder::new(packed);
    let manifest = [(MANIFEST, text.as_slice(), tar::EntryType::Regular)];
    for (path, bytes, kind) in manifest.iter().chain(files) {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_entry_type(*kind);
        // As an enemy would: the library refuses such names itself.
        header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        tar.append(&header, *bytes).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap().flush().unwrap();
}

#[test]
fn no_file_of_a_backup_lands_outside_of_its_place() {
    use tar::EntryType::{Link, Regular, Symlink};
    let scratch = Scratch::new();
    let (bad, into) = (scratch.path().join("bad.dozvon"), scratch.path().join("into"));
    let cases = [
        ("../out", Regular),
        ("media/../../out", Regular),
        ("/tmp/dozvon-out", Regular),
        ("media", Regular),
        ("backups/x", Regular),
        ("control.sock", Regular),
        ("restore.json", Regular),
        ("media/a/b/c/d/e/f/g/h", Regular),
        ("media/link", Symlink),
        ("media/link", Link),
        ("tls/", Regular),
    ];
    for (path, kind) in cases {
        fs::create_dir_all(&into).unwrap();
        forged(&bad, |_| (), &[(path, b"evil", kind)]);
        let refused = archive::unpack(&bad, None, &into, Keep::Everything, &mut |_| ());
        assert!(matches!(refused, Err(BackupError::Damaged(_))), "{path}: {refused:?}");
        assert_eq!(contents(&into).len(), 0, "{path}");
        fs::remove_dir_all(&into).unwrap();
    }
    fs::create_dir_all(&into).unwrap();
    let twice: &[(&str, &[u8], _)] = &[("media/a", b"1", Regular), ("media/a", b"1", Regular)];
    forged(&bad, |_| (), twice);
    assert!(archive::unpack(&bad, None, &into, Keep::Everything, &mut |_| ()).is_err());
    let more = |manifest: &mut serde_json::Value| manifest["files"] = serde_json::json!([]);
    forged(&bad, more, &[("media/b", b"1", Regular)]);
    assert!(archive::unpack(&bad, None, &into, Keep::Everything, &mut |_| ()).is_err(), "what no list names");
    let huge = |manifest: &mut serde_json::Value| manifest["files"][0]["bytes"] = serde_json::json!(1_u64 << 60);
    forged(&bad, huge, &[("media/c", b"1", Regular)]);
    let refused = archive::unpack(&bad, None, &into, Keep::Everything, &mut |_| ());
    assert!(matches!(refused, Err(BackupError::NoRoom { .. })), "{refused:?}");
}

#[test]
fn a_backup_of_a_newer_program_is_refused_by_its_name() {
    let scratch = Scratch::new();
    let (file, data) = (scratch.path().join("new.dozvon"), scratch.path().join("data"));
    fs::create_dir_all(&data).unwrap();
    for (key, value) in [("schema", 99), ("format", 2)] {
        let newer = |manifest: &mut serde_json::Value| {
            manifest[key] = serde_json::json!(value);
            manifest["version"] = serde_json::json!("9.9.9");
            manifest["counts"] = serde_json::json!("another shape");
        };
        forged(&file, newer, &[]);
        match stage(&data, &file, None, &mut |_| ()) {
            Err(BackupError::Newer { version }) => assert_eq!(version, "9.9.9"),
            other => panic!("{other:?}"),
        }
    }
    for nonsense in [&b""[..], b"hello", b"\x1f\x8bhello", b"age-encryption.org/v1\nhello"] {
        fs::write(&file, nonsense).unwrap();
        assert!(stage(&data, &file, secret().as_ref(), &mut |_| ()).is_err());
    }
}

#[test]
fn a_name_is_written_in_letters_that_every_disk_takes() {
    let mut office = crate::office::Office::default();
    office.settings.timezone = "Europe/Moscow".to_owned();
    let at = WallTime(1_795_605_600_000);
    for (name, meant) in [
        ("ООО «Ромашка & Щука»", "dozvon-backup-ooo-romashka-shchuka-2026-11-25-142000.dozvon"),
        ("", "dozvon-backup-2026-11-25-142000.dozvon"),
        ("../../etc", "dozvon-backup-etc-2026-11-25-142000.dozvon"),
    ] {
        office.settings.name = name.to_owned();
        assert_eq!(name_for(&office, at), meant);
    }
}
