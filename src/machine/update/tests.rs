use std::io::Write as _;

use embedded_io_adapters::std::FromStd;
use proptest::prelude::*;

use super::*;

const SIZE: usize = 2 * BLOCK + 1_000;

fn key() -> SecretKey {
    SecretKey::new("vendor-1", [7; 32]).expect("a name")
}

fn trusted() -> Trusted {
    Trusted::new([key().public()])
}

fn version(text: &str) -> Version {
    Version::parse(text).expect("a version")
}

fn release(text: &str) -> Release {
    Release { version: version(text), format: 3, product: PRODUCT.to_owned(), built: 1_795_651_200 }
}

fn slot() -> Vec<u8> {
    (0..SIZE).map(|at| (at * 31 / 7) as u8).collect()
}

fn update(image: &[u8], version: &str) -> Vec<u8> {
    let (size, hashes) = measure(image).expect("it has a size");
    let contents =
        Contents { release: release(version), notes_ru: "Быстрее".to_owned(), notes_en: String::new() };
    let mut file = contents.sign(size, &hashes, &key()).expect("it can be written");
    file.write_all(image).expect("memory");
    file
}

/// What is handed out, and how it ends.
fn read_all(file: &[u8]) -> (Vec<u8>, Result<(), UpdateError>) {
    let mut slot = Vec::new();
    let mut reader = match UpdateReader::open(file, &trusted()) {
        Ok(reader) => reader,
        Err(error) => return (slot, Err(error)),
    };
    loop {
        match reader.next_block() {
            Ok(Some(block)) => slot.extend_from_slice(block),
            Ok(None) => return (slot, Ok(())),
            Err(error) => {
                assert_eq!(reader.next_block(), Err(error.clone()), "after a fault nothing comes");
                return (slot, Err(error));
            }
        }
    }
}

#[test]
fn an_update_is_read_as_it_was_made() {
    let file = update(&slot(), "1.4.2");
    let reader = UpdateReader::open(&file[..], &trusted()).expect("it is whole");
    let header = reader.header();
    assert_eq!(header.contents.release, release("1.4.2"));
    assert_eq!((header.contents.notes_ru.as_str(), header.size, header.blocks()), ("Быстрее", SIZE as u64, 3));
    assert_eq!(header.file_size(), file.len() as u64);
    assert_eq!(read_all(&file), (slot(), Ok(())));
}

#[test]
fn the_header_is_judged_before_the_rest_has_come() {
    let file = update(&slot(), "1.4.2");
    let length = file.len() - SIZE;
    assert_eq!(Header::of_first(&file[..length - 1], &trusted()), Ok(None));
    assert!(matches!(Header::of_first(&file[..length], &trusted()), Ok(Some(_))));
    assert_eq!(Header::of_first(b"", &trusted()), Ok(None));
    assert_eq!(Header::of_first(b"dozvon-up", &trusted()), Ok(None));
    assert_eq!(Header::of_first(b"\x7fELF", &trusted()), Err(UpdateError::NoUpdate));
    assert_eq!(Header::of_first(b"dozvon-update v2\n", &trusted()), Err(UpdateError::OtherForm));
}

#[test]
fn a_stranger_signs_nothing() {
    let file = update(&slot(), "1.4.2");
    let stranger = SecretKey::new("vendor-1", [8; 32]).expect("a name").public();
    assert_eq!(UpdateReader::open(&file[..], &Trusted::new([stranger])).err(), Some(UpdateError::Signature));
    let nobody = UpdateReader::open(&file[..], &Trusted::default()).err();
    assert_eq!(nobody, Some(UpdateError::UnknownKey("vendor-1".to_owned())));
}

#[test]
fn what_is_longer_or_shorter_is_refused() {
    let file = update(&slot(), "1.4.2");
    assert_eq!(read_all(&[&file[..], b"x"].concat()), (slot(), Err(UpdateError::More)));
    let (given, error) = read_all(&file[..file.len() - 1]);
    assert_eq!((given.len(), error), (2 * BLOCK, Err(UpdateError::Truncated)));
    let too_large = measure(FromStd::new(std::io::Read::take(std::io::repeat(0), LARGEST + 1)));
    assert!(too_large.is_err() && measure(&b""[..]).is_err());
}

#[test]
fn an_update_says_of_itself_where_it_may_run() {
    let header =
        |version| UpdateReader::open(&update(&slot(), version)[..], &trusted()).expect("it is whole").header().clone();
    let running = release("1.4.2");
    assert_eq!(header("1.4.2").judge(&running, false), Ok(()));
    assert_eq!(header("1.10.0").judge(&running, false), Ok(()));
    let older = Refusal::Older { version: "1.4.1".to_owned(), running: "1.4.2".to_owned() };
    assert_eq!(header("1.4.1").judge(&running, false), Err(older));
    assert_eq!(header("1.4.1").judge(&running, true), Ok(()));
    let newer_data = Release { format: 4, ..running.clone() };
    assert!(matches!(header("1.5.0").judge(&newer_data, true), Err(Refusal::OlderFormat { .. })));
    let other = Release { product: "dozvon-arm64".to_owned(), ..running };
    assert!(matches!(header("1.5.0").judge(&other, true), Err(Refusal::OtherProduct { .. })));
}

#[test]
fn versions_have_an_order() {
    let order = ["0.9", "1", "1.0.1", "1.4.2-rc1", "1.4.2-rc2", "1.4.2", "1.4.10", "2.0.0.1"].map(version);
    assert!(order.is_sorted());
    for wrong in ["", "1.", "v1", "01.2", "1.2.3.4.5", "1.2-", "1.2-RC", "1.2 ", "-1"] {
        assert_eq!(Version::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn a_release_is_read_from_its_file() {
    let text = "version=1.4.2\nformat=3\nproduct=dozvon-x86_64\nbuilt=1795651200\nmade_of=debian\n";
    assert_eq!(Release::parse(text), Some(release("1.4.2")));
    assert_eq!(Release::parse("version=1.4.2\n"), None);
}

#[test]
fn every_fault_has_words_in_both_languages() {
    let faults = [UpdateError::NoUpdate, UpdateError::Signature, UpdateError::Truncated, UpdateError::More];
    for fault in faults {
        assert!(fault.russian().ends_with('.') && fault.russian() != fault.to_string());
    }
}

#[test]
fn a_text_that_no_line_can_hold_is_not_signed() {
    let (size, hashes) = measure(&slot()[..]).expect("it has a size");
    let contents = Contents { release: release("1.0.0"), notes_ru: "a\nkey: b".to_owned(), notes_en: String::new() };
    assert!(contents.sign(size, &hashes, &key()).is_err());
}

/// A reader that gives a few bytes at a time.
struct Slow<'a>(&'a [u8], usize);

impl embedded_io::ErrorType for Slow<'_> {
    type Error = ErrorKind;
}

impl Read for Slow<'_> {
    fn read(&mut self, room: &mut [u8]) -> Result<usize, ErrorKind> {
        let length = self.1.min(room.len()).min(self.0.len());
        let (now, later) = self.0.split_at(length);
        room[..length].copy_from_slice(now);
        self.0 = later;
        Ok(length)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_flipped_bit_anywhere_is_refused_and_its_block_is_not_handed_out(at in 0.0..1.0_f64, head in any::<bool>(), bit in 0..8) {
        let mut file = update(&slot(), "1.4.2");
        // The header is short beside the rest, and most of what can go wrong is in it.
        let within = if head { file.len() - SIZE } else { file.len() };
        let at = (within as f64 * at) as usize;
        file[at] ^= 1_u8 << bit;
        let (given, end) = read_all(&file);
        prop_assert!(end.is_err(), "byte {at}");
        let good = at.saturating_sub(file.len() - SIZE) / BLOCK * BLOCK;
        prop_assert_eq!(given, &slot()[..good]);
    }

    #[test]
    fn a_file_that_ends_early_is_refused(cut in 0.0..1.0_f64) {
        let file = update(&slot(), "1.4.2");
        let length = (file.len() as f64 * cut) as usize;
        let (given, end) = read_all(&file[..length]);
        prop_assert_eq!(end, Err(UpdateError::Truncated));
        prop_assert!(slot().starts_with(&given));
    }

    #[test]
    fn it_is_the_same_however_it_comes(piece in 1..5_000_usize) {
        let file = update(&slot(), "1.4.2");
        let mut reader = UpdateReader::open(Slow(&file, piece), &trusted()).expect("it is whole");
        let mut given = Vec::new();
        while let Some(block) = reader.next_block().expect("it is whole") {
            given.extend_from_slice(block);
        }
        prop_assert_eq!(given, slot());
    }

    #[test]
    fn garbage_is_refused(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
        prop_assert!(UpdateReader::open(&bytes[..], &trusted()).is_err());
        let after_head = [b"dozvon-update v1\n", &bytes[..]].concat();
        prop_assert!(UpdateReader::open(&after_head[..], &trusted()).is_err());
    }
}
