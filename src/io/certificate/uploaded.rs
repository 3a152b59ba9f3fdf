//! A certificate that an admin uploads: whether it and its key are for a server, in which order its chain goes, and its files.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::{CertificateError, at, load_pair, write};
use crate::base::WallTime;
use crate::office::CertificateFacts;

const CHAIN_FILE: &str = "uploaded.pem";
const KEY_FILE: &str = "uploaded.key";
/// Certificates of a chain.
const MOST: usize = 10;

/// Why certificate and key are not for a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// There is no certificate in it, or too many, or one that can't be read.
    #[error("no certificate as PEM")]
    NoCertificate,
    /// There is no private key in it, or one of a kind that we can't use.
    #[error("no private key as PEM")]
    NoKey,
    /// The key is under a password.
    #[error("the private key is under a password")]
    Locked,
    /// The key belongs to none of the certificates.
    #[error("the key is of another certificate")]
    OtherKey,
    /// It is an authority's own certificate.
    #[error("the certificate is an authority's")]
    Authority,
    /// It was issued for something else than servers.
    #[error("the certificate is not for servers")]
    NotForServers,
    /// It names no host and no address.
    #[error("the certificate names no host")]
    Nameless,
    /// It has ended.
    #[error("the certificate has ended")]
    Ended(WallTime),
    /// It has not begun.
    #[error("the certificate has not begun")]
    NotYet(WallTime),
}

/// A pair that fits, as it will be kept.
#[derive(Debug)]
pub(super) struct Fit {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

/// Judges what was given. The chain may come in any order, with its root or without.
pub(super) fn check(chain: &str, key: &str, now: WallTime) -> Result<Fit, Unfit> {
    let given: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain.as_bytes()).take(MOST + 1).collect();
    let given = given.map_err(|_| Unfit::NoCertificate)?;
    if given.is_empty() || given.len() > MOST {
        return Err(Unfit::NoCertificate);
    }
    let mut known = Vec::new();
    for der in given {
        known.push((CertificateFacts::read(&der).ok_or(Unfit::NoCertificate)?, der));
    }
    let key = read_key(key)?;
    let signing = any_supported_type(&key).map_err(|_| Unfit::NoKey)?;
    let is_of_key =
        |der: &CertificateDer<'static>| CertifiedKey::new(vec![der.clone()], Arc::clone(&signing)).keys_match().is_ok();
    let first = known.iter().position(|(_, der)| is_of_key(der)).ok_or(Unfit::OtherKey)?;
    let (facts, leaf) = known.swap_remove(first);
    judge(&facts, now)?;
    Ok(Fit { chain: in_order(facts, leaf, known), key })
}

fn read_key(text: &str) -> Result<PrivateKeyDer<'static>, Unfit> {
    if text.contains("ENCRYPTED") {
        return Err(Unfit::Locked);
    }
    PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| Unfit::NoKey)
}

fn judge(facts: &CertificateFacts, now: WallTime) -> Result<(), Unfit> {
    if facts.is_authority {
        Err(Unfit::Authority)
    } else if !facts.is_for_servers {
        Err(Unfit::NotForServers)
    } else if facts.names.is_empty() {
        Err(Unfit::Nameless)
    } else if now >= facts.not_after {
        Err(Unfit::Ended(facts.not_after))
    } else if now < facts.not_before {
        Err(Unfit::NotYet(facts.not_before))
    } else {
        Ok(())
    }
}

/// Each one behind the one that it signed: RFC 8446 §4.4.2. The root needs not be sent, and what belongs to none is left out.
fn in_order(
    mut last: CertificateFacts,
    leaf: CertificateDer<'static>,
    mut others: Vec<(CertificateFacts, CertificateDer<'static>)>,
) -> Vec<CertificateDer<'static>> {
    let mut chain = vec![leaf];
    while let Some(next) = others.iter().position(|(facts, _)| facts.subject_der == last.issuer_der) {
        let (facts, der) = others.swap_remove(next);
        if facts.subject_der == facts.issuer_der {
            break;
        }
        chain.push(der);
        last = facts;
    }
    chain
}

/// Puts the pair on the disk and reads it back.
pub(super) fn keep(directory: &Path, fit: &Fit) -> Result<(CertificateFacts, Arc<CertifiedKey>), CertificateError> {
    // Without its chain a key alone is no pair: a power cut in between leaves the own certificate.
    remove_file(&directory.join(CHAIN_FILE))?;
    let label = match fit.key {
        PrivateKeyDer::Pkcs1(_) => "RSA PRIVATE KEY",
        PrivateKeyDer::Sec1(_) => "EC PRIVATE KEY",
        _ => "PRIVATE KEY",
    };
    write(&directory.join(KEY_FILE), &pem(label, fit.key.secret_der()), 0o600)?;
    let chain: String = fit.chain.iter().map(|one| pem("CERTIFICATE", one)).collect();
    write(&directory.join(CHAIN_FILE), &chain, 0o644)?;
    let path = directory.join(CHAIN_FILE);
    let what = || CertificateError::Content { path, what: "it can't be read back".to_owned() };
    read(directory).ok_or_else(what)
}

/// The pair on the disk; `None`: there is none that serves.
pub(super) fn read(directory: &Path) -> Option<(CertificateFacts, Arc<CertifiedKey>)> {
    let chain = directory.join(CHAIN_FILE);
    if !chain.exists() {
        return None;
    }
    let pair = load_pair(&chain, &directory.join(KEY_FILE));
    let pair = pair.inspect_err(|error| tracing::error!(%error, "the uploaded certificate can't be used")).ok()?;
    Some((CertificateFacts::read(pair.cert.first()?)?, pair))
}

pub(super) fn remove(directory: &Path) -> Result<(), CertificateError> {
    remove_file(&directory.join(CHAIN_FILE))?;
    remove_file(&directory.join(KEY_FILE))
}

fn remove_file(path: &Path) -> Result<(), CertificateError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(path)(error)),
        _ => Ok(()),
    }
}

/// RFC 7468 §2.
fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = body.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
