//! A small authority of our own, made at the first start, and a leaf under it for the names and addresses that this machine
//! has. The leaf is renewed before it ends and when an address is new; the authority stays, so that whoever trusts it once
//! goes on trusting.

use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SerialNumber,
};
use rustls::sign::CertifiedKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{CertificateError, content, load_pair, write};
use crate::base::{Duration, WallTime};
use crate::io::clock;

/// The authority's certificate in the data directory's `tls/`: what a browser or a telephone may be told to trust.
pub const CA_FILE: &str = "ca.pem";
pub(super) const CA_KEY_FILE: &str = "ca.key";
pub(super) const LEAF_FILE: &str = "web.pem";
pub(super) const LEAF_KEY_FILE: &str = "web.key";
const FACTS_FILE: &str = "web.toml";
/// Browsers refuse a leaf that lives longer than 398 days.
pub(super) const LEAF_LIFE: Duration = Duration::from_secs(397 * DAY);
const RENEW_BEFORE: Duration = Duration::from_secs(30 * DAY);
const DAY: u64 = 24 * 3_600;
/// A box without a clock starts in 1970; no certificate of ours is older than the program.
const OLDEST: WallTime = WallTime(1_767_225_600_000); // 2026-01-01

/// What the leaf is for, beside it on the disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Facts {
    pub(super) names: BTreeSet<String>,
    pub(super) ends_at_ms: i64,
}

pub(super) fn is_due(facts: &Facts, names: &BTreeSet<String>, now: WallTime) -> bool {
    (now + RENEW_BEFORE).millis() >= facts.ends_at_ms || !names.is_subset(&facts.names)
}

pub(super) fn read(directory: &Path) -> Option<(Facts, Arc<CertifiedKey>)> {
    let facts = toml::from_str(&fs::read_to_string(directory.join(FACTS_FILE)).ok()?).ok()?;
    Some((facts, load(directory).ok()?))
}

pub(super) fn load(directory: &Path) -> Result<Arc<CertifiedKey>, CertificateError> {
    load_pair(&directory.join(LEAF_FILE), &directory.join(LEAF_KEY_FILE))
}

pub(super) fn make(
    directory: &Path,
    names: BTreeSet<String>,
    now: WallTime,
) -> Result<(Facts, Arc<CertifiedKey>), CertificateError> {
    let authority = authority(directory)?;
    let key = KeyPair::generate()?;
    let ends_at = now.max(OLDEST) + LEAF_LIFE;
    let mut params = CertificateParams::new(names.iter().cloned().collect::<Vec<_>>())?;
    params.distinguished_name = named("Dozvon");
    let (year, month, day) = date(now.max(OLDEST).millis());
    params.not_before = rcgen::date_time_ymd(year, month, day);
    let (year, month, day) = date(ends_at.millis());
    params.not_after = rcgen::date_time_ymd(year, month, day);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    params.serial_number = Some(serial()?);
    let leaf = params.signed_by(&key, &authority)?;
    let facts = Facts { names, ends_at_ms: ends_at.millis() };
    let facts_text = toml::to_string(&facts).map_err(content(&directory.join(FACTS_FILE)))?;
    // The facts go first away and come last: a power cut in between leaves a leaf that is made anew.
    let _ = fs::remove_file(directory.join(FACTS_FILE));
    write(&directory.join(LEAF_KEY_FILE), &key.serialize_pem(), 0o600)?;
    write(&directory.join(LEAF_FILE), &leaf.pem(), 0o644)?;
    write(&directory.join(FACTS_FILE), &facts_text, 0o644)?;
    Ok((facts, load(directory)?))
}

/// 127 bits that nobody guesses: RFC 5280 §4.1.2.2 wants a positive number.
fn serial() -> Result<SerialNumber, CertificateError> {
    let chance = clock::entropy().map_err(|source| CertificateError::File { path: "/dev/urandom".into(), source })?;
    let mut bytes: Vec<u8> = chance.into_iter().take(16).collect();
    if let Some(first) = bytes.first_mut() {
        *first &= 0x7f;
    }
    Ok(SerialNumber::from(bytes))
}

/// The authority of this box: read, or made with its key.
fn authority(directory: &Path) -> Result<Issuer<'static, KeyPair>, CertificateError> {
    let (file, key_file) = (directory.join(CA_FILE), directory.join(CA_KEY_FILE));
    let kept = fs::read_to_string(&key_file).ok().and_then(|pem| KeyPair::from_pem(&pem).ok());
    let is_new = kept.is_none() || !file.exists();
    let key = match kept {
        Some(key) => key,
        None => KeyPair::generate()?,
    };
    let params = authority_params(&key)?;
    if is_new {
        write(&key_file, &key.serialize_pem(), 0o600)?;
        write(&file, &params.self_signed(&key)?.pem(), 0o644)?;
    }
    Ok(Issuer::new(params, key))
}

/// All of it follows from the key, so that the issuer of a later leaf is the same authority.
fn authority_params(key: &KeyPair) -> Result<CertificateParams, CertificateError> {
    let digest = Sha256::digest(key.public_key_raw());
    let mark: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name = named(&format!("Dozvon {mark}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = rcgen::date_time_ymd(2026, 1, 1);
    params.not_after = rcgen::date_time_ymd(2056, 1, 1);
    params.serial_number = Some(SerialNumber::from(digest.iter().take(16).copied().collect::<Vec<u8>>()));
    Ok(params)
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

/// Year, month and day of a moment.
fn date(millis: i64) -> (i32, u8, u8) {
    let day = jiff::Timestamp::from_millisecond(millis).unwrap_or_default().to_zoned(jiff::tz::TimeZone::UTC).date();
    (i32::from(day.year()), day.month().unsigned_abs(), day.day().unsigned_abs())
}

/// What this machine is called: its host name, as such and under `.local`, loopback, and every address of every interface but
/// the link-local ones, which no browser can type.
pub fn names_of_this_machine() -> BTreeSet<String> {
    let mut names: BTreeSet<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim().to_ascii_lowercase();
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    if !host.is_empty() && host.len() < 64 && host.bytes().all(is_name) {
        names.insert(format!("{host}.local"));
        names.insert(host);
    }
    for interface in nix::ifaddrs::getifaddrs().into_iter().flatten() {
        let Some(address) = interface.address else { continue };
        let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
        let v6 = address.as_sockaddr_in6().map(|v6| v6.ip()).filter(|v6| !v6.is_unicast_link_local());
        names.extend(v4.or(v6.map(IpAddr::V6)).map(|address| address.to_string()));
    }
    names
}
