//! The box's certificate, for the page and for SIP under TLS: one of our own authority ([`own`]), or one that an admin
//! uploaded ([`uploaded`]). Both are replaced in place: who has a connection keeps it, the next handshake sees the new one.

mod own;
mod uploaded;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::files;
use crate::base::{Duration, WallTime};
use crate::office::CertificateFacts;

pub use own::{CA_FILE, names_of_this_machine};
pub use uploaded::Unfit;

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The directory or a file in it.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It could not be made.
    #[error("{0}")]
    Make(#[from] rcgen::Error),
    /// What was read or made does not serve.
    #[error("{0}")]
    Use(#[from] rustls::Error),
    /// A file holds something else than it should.
    #[error("{}: {what}", path.display())]
    Content {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

/// Why an uploaded certificate was not taken.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// It is not for this.
    #[error("{0}")]
    Unfit(#[from] Unfit),
    /// The disk.
    #[error("{0}")]
    Disk(#[from] CertificateError),
}

/// The certificate in use.
#[derive(Debug)]
pub struct Certificate {
    directory: PathBuf,
    /// Names and addresses beside those that the machine has itself.
    given: BTreeSet<String>,
    now: fn() -> WallTime,
    current: RwLock<Current>,
    /// One at a time writes files.
    writing: Mutex<()>,
}

#[derive(Clone, Debug)]
struct Current {
    facts: own::Facts,
    own: Arc<CertifiedKey>,
    uploaded: Option<(CertificateFacts, Arc<CertifiedKey>)>,
}

/// What there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The authority of this box.
    pub authority: CertificateFacts,
    /// The certificate that it made.
    pub own: CertificateFacts,
    /// The uploaded one.
    pub uploaded: Option<CertificateFacts>,
    /// Whether the uploaded one is shown to who connects: it has not ended.
    pub uploaded_in_use: bool,
}

impl Certificate {
    /// Reads what is there, and makes what is missing, ends soon or does not cover this machine's names and `given` ones.
    ///
    /// # Errors
    /// When the directory can't be written, or the certificate not be made.
    pub fn open(directory: PathBuf, given: &[String], now: fn() -> WallTime) -> Result<Arc<Self>, CertificateError> {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&directory);
        made.map_err(at(&directory))?;
        let given: BTreeSet<String> = given.iter().map(|name| name.to_ascii_lowercase()).collect();
        let names = own::names_of_this_machine().union(&given).cloned().collect();
        let (facts, own) = match own::read(&directory) {
            Some(own) if !own::is_due(&own.0, &names, now()) => own,
            _ => own::make(&directory, names, now())?,
        };
        let uploaded = uploaded::read(&directory);
        let current = RwLock::new(Current { facts, own, uploaded });
        Ok(Arc::new(Self { directory, given, now, current, writing: Mutex::default() }))
    }

    /// Renews the own one when it is time or an address is new; a failure is logged and the old one stays.
    pub fn renew_if_due(&self) {
        let names: BTreeSet<String> = own::names_of_this_machine().union(&self.given).cloned().collect();
        let _one = self.writes();
        let facts = self.current().facts;
        if !own::is_due(&facts, &names, (self.now)()) {
            return;
        }
        // Addresses that came once may come back: a laptop's cable, a second network.
        let all = names.union(&facts.names).cloned().collect();
        match own::make(&self.directory, all, (self.now)()) {
            Ok((facts, own)) => {
                tracing::info!("the certificate was renewed");
                self.set(|current| (current.facts, current.own) = (facts, own));
            }
            Err(error) => tracing::error!(%error, "the certificate could not be renewed"),
        }
    }

    /// Takes a certificate with its chain and its key, both PEM, in place of the own one: from the next handshake on.
    ///
    /// # Errors
    /// [`Unfit`] when they are not for this; the disk's otherwise. The present one stays then.
    pub fn upload(&self, chain: &str, key: &str) -> Result<(), UploadError> {
        let fit = uploaded::check(chain, key, (self.now)())?;
        let _one = self.writes();
        let kept = uploaded::keep(&self.directory, &fit)?;
        self.set(|current| current.uploaded = Some(kept));
        tracing::info!("the certificate was replaced by an uploaded one");
        Ok(())
    }

    /// Forgets the uploaded one: the own one is shown again. False: there is none.
    ///
    /// # Errors
    /// The disk's; it stays then.
    pub fn forget_uploaded(&self) -> Result<bool, CertificateError> {
        let _one = self.writes();
        let was = self.current().uploaded.is_some();
        uploaded::remove(&self.directory)?;
        self.set(|current| current.uploaded = None);
        Ok(was)
    }

    /// What there is.
    ///
    /// # Errors
    /// When the authority's file is gone.
    pub fn shown(&self) -> Result<Shown, CertificateError> {
        let current = self.current();
        let path = self.directory.join(CA_FILE);
        let authority = CertificateFacts::of_pem(&self.authority()?);
        let unread = || CertificateError::Content { path: path.clone(), what: "no certificate".to_owned() };
        let own = current.own.cert.first().and_then(|leaf| CertificateFacts::read(leaf));
        Ok(Shown {
            authority: authority.ok_or_else(unread)?,
            own: own.ok_or_else(unread)?,
            uploaded_in_use: current.uploaded_in_use((self.now)()).is_some(),
            uploaded: current.uploaded.map(|(facts, _)| facts),
        })
    }

    /// The authority's certificate as PEM.
    ///
    /// # Errors
    /// When its file is gone.
    pub fn authority(&self) -> Result<String, CertificateError> {
        let path = self.directory.join(CA_FILE);
        fs::read_to_string(&path).map_err(at(&path))
    }

    /// When the certificate ends, if it does so within `span`, or has ended. An uploaded one nobody renews but the admin; the own one
    /// is renewed long before, unless the disk refuses.
    pub fn ends_within(&self, span: Duration) -> Option<WallTime> {
        let Current { facts, uploaded, .. } = self.current();
        let ends = uploaded.map_or(WallTime(facts.ends_at_ms), |(uploaded, _)| uploaded.not_after);
        ((self.now)() + span >= ends).then_some(ends)
    }

    fn current(&self) -> Current {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, change: impl FnOnce(&mut Current)) {
        change(&mut self.current.write().unwrap_or_else(PoisonError::into_inner));
    }

    fn writes(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Current {
    /// An ended certificate is refused by everybody, ours by those alone who don't know our authority.
    fn uploaded_in_use(&self, now: WallTime) -> Option<&Arc<CertifiedKey>> {
        self.uploaded.as_ref().filter(|(facts, _)| now < facts.not_after).map(|(_, key)| key)
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(current.uploaded_in_use((self.now)()).unwrap_or(&current.own)))
    }
}

/// TLS 1.2 and 1.3 by this certificate, for a listener.
///
/// # Errors
/// Never in practice: ring has cipher suites of both.
pub(in crate::io) fn server_config(certificate: Arc<Certificate>) -> Result<rustls::ServerConfig, CertificateError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_no_client_auth().with_cert_resolver(certificate))
}

fn load_pair(chain: &Path, key: &Path) -> Result<Arc<CertifiedKey>, CertificateError> {
    let certificates: Vec<CertificateDer<'static>> =
        CertificateDer::pem_file_iter(chain).and_then(Iterator::collect).map_err(content(chain))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(content(key))?;
    let pair = CertifiedKey::new(certificates, any_supported_type(&private)?);
    pair.keys_match()?;
    Ok(Arc::new(pair))
}

fn write(path: &Path, text: &str, mode: u32) -> Result<(), CertificateError> {
    files::replace(path, text.as_bytes(), mode).map_err(at(path))
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> CertificateError {
    let path = path.to_owned();
    move |source| CertificateError::File { path, source }
}

fn content<E: std::fmt::Display>(path: &Path) -> impl FnOnce(E) -> CertificateError {
    let path = path.to_owned();
    move |error| CertificateError::Content { path, what: error.to_string() }
}

#[cfg(test)]
mod tests;
