//! The certificate: made, kept, renewed.

use std::os::unix::fs::PermissionsExt as _;

use super::own::{CA_KEY_FILE, Facts, LEAF_FILE, LEAF_KEY_FILE, LEAF_LIFE, is_due, load};
use super::*;

fn now() -> WallTime {
    WallTime(1_795_605_600_000)
}

fn next_year() -> WallTime {
    now() + LEAF_LIFE
}

fn directory(name: &str) -> PathBuf {
    let directory = std::env::temp_dir().join(format!("dozvon-tls-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&directory);
    directory
}

fn leaf(directory: &Path) -> String {
    fs::read_to_string(directory.join(LEAF_FILE)).unwrap()
}

#[test]
fn the_first_start_makes_it_and_the_second_reads_it() {
    let directory = directory("first");
    Certificate::open(directory.clone(), &[], now).unwrap();
    let (first, authority) = (leaf(&directory), fs::read_to_string(directory.join(CA_FILE)).unwrap());
    Certificate::open(directory.clone(), &[], now).unwrap();
    assert_eq!((leaf(&directory), fs::read_to_string(directory.join(CA_FILE)).unwrap()), (first, authority));
    for (file, mode) in [(LEAF_KEY_FILE, 0o600), (CA_KEY_FILE, 0o600), (LEAF_FILE, 0o644)] {
        assert_eq!(fs::metadata(directory.join(file)).unwrap().permissions().mode() & 0o777, mode, "{file}");
    }
    assert_eq!(fs::metadata(&directory).unwrap().permissions().mode() & 0o777, 0o700);
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn it_is_renewed_before_it_ends_under_the_same_authority() {
    let directory = directory("renew");
    Certificate::open(directory.clone(), &[], now).unwrap();
    let (first, authority) = (leaf(&directory), fs::read_to_string(directory.join(CA_FILE)).unwrap());
    Certificate::open(directory.clone(), &[], next_year).unwrap();
    assert_ne!(leaf(&directory), first);
    assert_eq!(fs::read_to_string(directory.join(CA_FILE)).unwrap(), authority);
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_new_address_asks_for_a_new_leaf_and_a_lost_one_does_not() {
    let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let facts = Facts { names: names(&["localhost", "10.0.0.1"]), ends_at_ms: next_year().millis() };
    assert!(is_due(&facts, &names(&["localhost", "10.0.0.2"]), now()));
    assert!(!is_due(&facts, &names(&["localhost"]), now()));
    assert!(is_due(&facts, &names(&["localhost"]), next_year()));
}

#[test]
fn a_broken_file_is_made_anew() {
    let directory = directory("broken");
    Certificate::open(directory.clone(), &[], now).unwrap();
    fs::write(directory.join(LEAF_KEY_FILE), "rubbish").unwrap();
    Certificate::open(directory.clone(), &[], now).unwrap();
    assert!(load(&directory).is_ok());
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_directory_that_can_not_be_made_is_named() {
    let error = Certificate::open(PathBuf::from("/proc/nowhere/tls"), &[], now).unwrap_err();
    assert!(error.to_string().starts_with("/proc/nowhere/tls: "), "{error}");
}

#[test]
fn an_uploaded_one_that_ends_soon_is_told_and_the_own_one_is_not_meanwhile() {
    let directory = directory("ends");
    let certificate = Certificate::open(directory.clone(), &[], now).unwrap();
    let weeks = |count: u64| Duration::from_secs(count * 7 * 24 * 3600);
    assert_eq!(certificate.ends_within(weeks(2)), None, "the own one is renewed before");
    assert_eq!(certificate.ends_within(LEAF_LIFE), Some(next_year()));
    let mut wanted = rcgen::CertificateParams::new(vec!["pbx.example.org".to_owned()]).unwrap();
    wanted.not_before = rcgen::date_time_ymd(2026, 11, 1);
    wanted.not_after = rcgen::date_time_ymd(2026, 12, 5);
    let key = rcgen::KeyPair::generate().unwrap();
    let uploaded = wanted.self_signed(&key).unwrap();
    certificate.upload(&uploaded.pem(), &key.serialize_pem()).unwrap();
    assert_eq!(certificate.ends_within(weeks(1)), None);
    assert_eq!(certificate.ends_within(weeks(2)), Some(WallTime(1_796_428_800_000)));
    certificate.forget_uploaded().unwrap();
    assert_eq!(certificate.ends_within(weeks(2)), None);
    fs::remove_dir_all(directory).unwrap();
}
