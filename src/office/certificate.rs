//! What an X.509 certificate says of itself (RFC 5280).

use std::net::IpAddr;

use sha2::{Digest as _, Sha256};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate, X509Name};

use crate::base::WallTime;

/// What a certificate says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFacts {
    /// Whom it names: the common name, else all.
    pub subject: String,
    /// Who signed it: the common name, else all.
    pub issuer: String,
    /// The subject as it is written, by which its issuer is found.
    pub subject_der: Vec<u8>,
    /// The issuer as it is written.
    pub issuer_der: Vec<u8>,
    /// Host names and addresses that it is for; empty for one that names none.
    pub names: Vec<String>,
    /// From when on it holds.
    pub not_before: WallTime,
    /// From when on it proves nothing.
    pub not_after: WallTime,
    /// Whether it may sign others.
    pub is_authority: bool,
    /// Whether servers may use it: nothing restricts it to other uses.
    pub is_for_servers: bool,
    /// SHA-256 of the whole, as people compare it: `AB:CD:…`.
    pub fingerprint: String,
}

impl CertificateFacts {
    /// Reads one; `None`: it is none.
    pub fn read(der: &[u8]) -> Option<Self> {
        let (rest, certificate) = X509Certificate::from_der(der).ok()?;
        if !rest.is_empty() {
            return None;
        }
        let uses = certificate.extended_key_usage().ok().flatten().map(|uses| uses.value);
        let validity = certificate.validity();
        Some(Self {
            subject: name(certificate.subject()),
            issuer: name(certificate.issuer()),
            subject_der: certificate.subject().as_raw().to_vec(),
            issuer_der: certificate.issuer().as_raw().to_vec(),
            names: names(&certificate),
            not_before: WallTime(validity.not_before.timestamp().saturating_mul(1_000)),
            not_after: WallTime(validity.not_after.timestamp().saturating_mul(1_000)),
            is_authority: certificate.is_ca(),
            is_for_servers: uses.is_none_or(|uses| uses.server_auth || uses.any),
            fingerprint: fingerprint(der),
        })
    }

    /// Of the first certificate of a PEM text.
    pub fn of_pem(text: &str) -> Option<Self> {
        Self::read(super::sign_on::certificates(text)?.first()?)
    }
}

fn name(of: &X509Name<'_>) -> String {
    let common = of.iter_common_name().next().and_then(|name| name.as_str().ok());
    common.map_or_else(|| of.to_string(), str::to_owned)
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(list)) = certificate.subject_alternative_name() else { return Vec::new() };
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => address(bytes).map(|address| address.to_string()),
        _ => None,
    };
    list.value.general_names.iter().filter_map(name).collect()
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
        16 => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
        _ => None,
    }
}

fn fingerprint(der: &[u8]) -> String {
    let bytes: Vec<String> = Sha256::digest(der).iter().map(|byte| format!("{byte:02X}")).collect();
    bytes.join(":")
}
