use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use crate::base::Rng;
use crate::desk;
use crate::import;
use crate::io::scratch::{Scratch, wav};
use crate::office::file::{self, Context};
use crate::office::{Language, Office};

const SCHEMA: &str = "CREATE TABLE m_Extensions (id INTEGER, number TEXT, type TEXT, callerid TEXT, userid INTEGER);
    CREATE TABLE m_Sip (id INTEGER, extension TEXT, type TEXT, secret TEXT, port INTEGER, uniqid TEXT, host TEXT, username TEXT, description TEXT);
    CREATE TABLE m_IvrMenu (id INTEGER, uniqid TEXT, extension TEXT, name TEXT, audio_message_id TEXT);
    CREATE TABLE m_SoundFiles (id INTEGER, path TEXT);
    CREATE TABLE m_ConferenceRooms (id INTEGER, extension TEXT, name TEXT, pinCode TEXT);
    CREATE TABLE m_OutgoingRoutingTable (id INTEGER, rulename TEXT, providerid TEXT, priority INTEGER, numberbeginswith TEXT, restnumbers TEXT);
    CREATE TABLE m_IncomingRoutingTable (id INTEGER, number TEXT, provider TEXT, extension TEXT, action TEXT, priority INTEGER);
    CREATE TABLE m_Codecs (id INTEGER, name TEXT);
    CREATE TABLE other (id INTEGER);
    INSERT INTO m_ConferenceRooms VALUES (1, '2200300', 'Планёрка', '4711');
    INSERT INTO m_OutgoingRoutingTable VALUES (1, 'Город', 'T1', 1, '8', 10);
    INSERT INTO m_IncomingRoutingTable VALUES (1, '74950000001', 'T1', '2200', 'extension', 1);
    INSERT INTO m_Codecs VALUES (1, 'alaw');
    INSERT INTO other VALUES (1);
    INSERT INTO m_Extensions VALUES (1, '301', 'SIP', 'Анна', NULL), (2, '2200', 'IVR MENU', '', NULL);
    INSERT INTO m_Sip VALUES (1, '301', 'peer', 'long-secret-301', 5060, 'P1', '', '', '');
    INSERT INTO m_Sip VALUES (2, '', 'friend', 'carrier', 5060, 'T1', 'sip.example.org', 'office', 'City');
    INSERT INTO m_IvrMenu VALUES (1, 'I1', '2200', 'Меню', '7');
    INSERT INTO m_SoundFiles VALUES (7, '/storage/media/hello.wav');";

/// What the backup adds to a new box, in its changes.
fn added(looked: &Looked) -> (Office, import::Imported) {
    let current = Office::first_start(&mut Rng::from_seed(4), "$argon2id$x", false);
    let fitted = import::fit(&looked.found, &current, &looked.sounds);
    let exists = |file: &str| looked.sounds.values().any(|own| own == file);
    let context = Context { rng: &mut Rng::from_seed(5), exists: &exists, check: &desk::check::findings };
    let read = file::read(&file::write(&fitted.office, true), &current, context).unwrap();
    (read.office, fitted)
}

fn told(fitted: &import::Imported) -> String {
    fitted.notes.iter().map(|note| format!("{}\n", note.say(Language::En))).collect()
}

fn database(scratch: &Scratch) -> Vec<u8> {
    let path = scratch.path().join("made.db");
    Connection::open(&path).unwrap().execute_batch(SCHEMA).unwrap();
    fs::read(path).unwrap()
}

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn tarred(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o600);
        tar.append_data(&mut header, name, *bytes).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

fn looked(scratch: &Scratch, bytes: &[u8]) -> Result<Looked, ImportError> {
    let (file, folder) = (scratch.path().join("backup"), scratch.path().join("unpacked"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).unwrap();
    fs::write(&file, bytes).unwrap();
    look(&file, "Europe/Moscow", &folder)
}

#[test]
fn a_database_is_found_in_a_zip_in_a_tar_and_by_itself_with_the_sounds_of_its_menus() {
    let scratch = Scratch::new();
    let (database, wav) = (database(&scratch), wav());
    let files: [(&str, &[u8]); 3] =
        [("cf/conf/mikopbx.db", &database), ("media/hello.wav", &wav), ("media/other.wav", &wav)];
    for archive in [zipped(&files), tarred(&files)] {
        let looked = looked(&scratch, &archive).unwrap();
        assert_eq!(looked.found.maker(), Maker::Miko);
        assert_eq!(looked.sounds.into_iter().collect::<Vec<_>>(), [("hello.wav".to_owned(), "sound0.wav".to_owned())]);
        let left: Vec<_> =
            fs::read_dir(scratch.path().join("unpacked")).unwrap().map(|one| one.unwrap().file_name()).collect();
        assert_eq!(left, ["sound0.wav"], "the database with its passwords is gone");
    }
    assert!(looked(&scratch, &database).unwrap().sounds.is_empty());
}

#[test]
fn a_backup_of_mikopbx_becomes_the_office_of_a_new_box() {
    let scratch = Scratch::new();
    let (database, wav) = (database(&scratch), wav());
    let looked = looked(&scratch, &zipped(&[("mikopbx.db", &database), ("media/hello.wav", &wav)])).unwrap();
    let (office, fitted) = added(&looked);
    assert_eq!(office.extensions.iter().map(|one| one.number.as_str()).collect::<Vec<_>>(), ["301"]);
    assert_eq!(fitted.replaced, ["200", "201", "202", "500"]);
    assert_eq!(
        office.conferences.iter().map(|one| (one.number.as_str(), one.pin.as_str())).collect::<Vec<_>>(),
        [("800", "4711")]
    );
    assert!(office.extensions[0].permissions.city && !office.extensions[0].permissions.international);
    assert!(office.desk.start_of("74950000001").is_some());
    assert!(told(&fitted).contains("no place here: m_Codecs."), "{}", told(&fitted));
}

#[test]
fn a_backup_of_freepbx_becomes_the_office_of_a_new_box_and_its_broken_parts_are_told() {
    let scratch = Scratch::new();
    let core = r#"{"configs":{"Users":{"users":[{"extension":"310","name":"Anna","voicemail":"default"}]}}}"#;
    let rooms = r#"{"configs":{"data":[{"exten":"820","description":"Room","userpin":"4711"}]}}"#;
    let message = r#"{"configs":[{"announcement_id":1,"description":"Closed","recording_id":3,"post_dest":"app-blackhole,hangup,1"}]}"#;
    let recordings = r#"{"configs":{"data":[{"id":3,"displayname":"Closed","filename":"custom/closed"}]}}"#;
    let devices = "CREATE TABLE `devices` (\n  `id` varchar(20),\n  `tech` varchar(10),\n  `user` varchar(50)\n);\n\
        INSERT INTO `devices` VALUES ('310','pjsip','310');\n\
        INSERT INTO `sip` (`id`,`keyword`,`data`) VALUES ('310','secret','long-secret-310');\n";
    let mut broken = GzEncoder::new(Vec::new(), Compression::fast());
    broken.write_all(devices.as_bytes()).unwrap();
    let mut broken = broken.finish().unwrap();
    broken[12] ^= 0xff;
    let files: [(&str, &[u8]); 9] = [
        ("./modulejson/Core.json", core.as_bytes()),
        ("./modulejson/Conferences.json", rooms.as_bytes()),
        ("./modulejson/Announcement.json", message.as_bytes()),
        ("./modulejson/Recordings.json", recordings.as_bytes()),
        ("./modulejson/Cut.json", &core.as_bytes()[..40]),
        ("./files/Devices.sql", devices.as_bytes()),
        ("./files/cdr.sql.gz", &broken),
        (
            "./files/etc/asterisk/voicemail.conf",
            b"[default]
310 => 47110,Anna,anna@example.org
",
        ),
        ("./files/sounds/en/custom/closed.wav", &wav()),
    ];
    let (office, fitted) = added(&looked(&scratch, &tarred(&files)).unwrap());
    let anna = office.extension("310").unwrap();
    assert_eq!((anna.voicemail_pin.as_str(), anna.email.as_str()), ("47110", "anna@example.org"));
    assert_eq!(anna.sip_devices().next().map(|sip| sip.password.as_str()), Some("long-secret-310"));
    assert_eq!(office.conference("820").map(|room| room.pin.as_str()), Some("4711"));
    assert_eq!(office.voice_message("Closed").map(|message| message.media.as_str()), Some("closed"));
    assert!(
        told(&fitted).contains("Can't be read, and does not come over: Cut.json, cdr.sql.gz."),
        "{}",
        told(&fitted)
    );
}

#[test]
fn a_sound_that_can_not_be_played_is_left_out() {
    let scratch = Scratch::new();
    let database = database(&scratch);
    let looked = looked(&scratch, &zipped(&[("mikopbx.db", &database), ("hello.wav", b"no sound")])).unwrap();
    assert!(looked.sounds.is_empty());
}

#[test]
fn modules_and_dumps_of_freepbx_are_read() {
    let scratch = Scratch::new();
    let core = br#"{"configs":{"Users":{"users":[{"extension":"310","name":"Anna"}]}}}"#;
    let looked_at = looked(&scratch, &tarred(&[("./modulejson/Core.json", core), ("manifest.json", b"{}")])).unwrap();
    assert_eq!(looked_at.found.maker(), Maker::FreePbx);
    let dump = b"-- MySQL dump\nINSERT INTO `users` (`extension`,`name`) VALUES ('310','Anna');\n";
    assert!(looked(&scratch, dump).is_ok());
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(dump).unwrap();
    let packed = packed.finish().unwrap();
    assert!(looked(&scratch, &packed).is_ok());
    assert!(looked(&scratch, &tarred(&[("mysql-4.sql.gz", &packed)])).is_ok());
}

#[test]
fn what_is_no_such_backup_is_told_and_writes_nothing_outside() {
    let scratch = Scratch::new();
    let database = database(&scratch);
    let truncated = zipped(&[("mikopbx.db", database.get(..5000).unwrap())]);
    type Expected = fn(&ImportError) -> bool;
    let foreign: [(&[u8], Expected); 5] = [
        (b"hello", |error| matches!(error, ImportError::Foreign)),
        (&tarred(&[("readme.txt", b"x")]), |error| matches!(error, ImportError::Foreign)),
        (&zipped(&[("mikopbx.db", b"no database")]), |error| matches!(error, ImportError::Database(_))),
        (&truncated, |error| matches!(error, ImportError::Database(_) | ImportError::Empty)),
        (&tarred(&[("modulejson/Core.json", br#"{"other":[{"a":1,"b":2}]}"#)]), |error| {
            matches!(error, ImportError::Empty)
        }),
    ];
    for (bytes, expected) in foreign {
        let error = looked(&scratch, bytes).unwrap_err();
        assert!(expected(&error), "{error}");
        assert!(error.said().iter().all(|words| !words.is_empty()));
    }
    let outside = looked(&scratch, &zipped(&[("../../mikopbx.db", &database), ("/etc/hello.wav", &wav())])).unwrap();
    assert_eq!(outside.sounds.len(), 1);
    let mut names: Vec<_> = fs::read_dir(scratch.path()).unwrap().map(|one| one.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["backup", "made.db", "unpacked"]);
}

#[test]
fn a_reader_beyond_its_bound_fails() {
    let mut text = Vec::new();
    assert!(within(&b"12345"[..], 5).read_to_end(&mut text).is_ok());
    assert_eq!(within(&b"123456"[..], 5).read_to_end(&mut text).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
}
