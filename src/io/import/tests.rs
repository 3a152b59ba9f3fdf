use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use crate::io::scratch::{Scratch, wav};

const SCHEMA: &str = "CREATE TABLE m_Extensions (id INTEGER, number TEXT, type TEXT, callerid TEXT, userid INTEGER);
    CREATE TABLE m_Sip (id INTEGER, extension TEXT, type TEXT, secret TEXT, port INTEGER);
    CREATE TABLE m_IvrMenu (id INTEGER, uniqid TEXT, extension TEXT, name TEXT, audio_message_id TEXT);
    CREATE TABLE m_SoundFiles (id INTEGER, path TEXT);
    INSERT INTO m_Extensions VALUES (1, '301', 'SIP', 'Анна', NULL), (2, '2200', 'IVR MENU', '', NULL);
    INSERT INTO m_Sip VALUES (1, '301', 'peer', 'long-secret-301', 5060);
    INSERT INTO m_IvrMenu VALUES (1, 'I1', '2200', 'Меню', '7');
    INSERT INTO m_SoundFiles VALUES (7, '/storage/media/hello.wav');";

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
