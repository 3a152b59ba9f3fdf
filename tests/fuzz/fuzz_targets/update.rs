//! An update file, and GRUB's environment block. What is handed out of an update is what was signed; the key of this target signs its seeds.
#![no_main]

use dozvon::machine::environment::{Environment, LENGTH, Slot};
use dozvon::machine::update::{Header, Release, UpdateReader, Version};
use dozvon::trust::{SecretKey, Trusted};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let key = SecretKey::new("fuzz", [7; 32]).expect("a name");
    let trusted = Trusted::new([key.public()]);
    let early = Header::of_first(bytes, &trusted);
    if let Ok(mut reader) = UpdateReader::open(bytes, &trusted) {
        let header = reader.header().clone();
        assert_eq!(early, Ok(Some(header.clone())));
        let running = Release { ..header.contents.release.clone() };
        assert_eq!(header.judge(&running, false), Ok(()));
        let mut given = 0;
        while let Ok(Some(block)) = reader.next_block() {
            given += block.len() as u64;
        }
        assert!(given <= header.size);
    }
    let environment = Environment::parse(bytes, Slot::A);
    let block = environment.write();
    assert!(block.len() == LENGTH && Environment::parse(&block, Slot::B) == environment);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Release::parse(text);
        assert!(Version::parse(text).is_none_or(|version| version.to_string() == text));
    }
});
