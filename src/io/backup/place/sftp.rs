//! A server with SSH: SFTP (draft-ietf-secsh-filexfer-02) within SSH (RFC 4253). `russh` lives here. The server's key is taken at the first
//! connection and told, and must stay.

use std::future::Future;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use russh::Disconnect;
use russh::client::{Config, Handle, Handler, connect_stream};
use russh::keys::{HashAlg, PrivateKeyWithHashAlg, PublicKeyOrCertificate, decode_secret_key};
use russh_sftp::client::SftpSession;
use russh_sftp::client::error::Error as SftpError;
use russh_sftp::protocol::{OpenFlags, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::runtime::Runtime;

use super::{PIECE, PlaceError, Shelf};
use crate::base::Duration;
use crate::io::out::{OutError, Outgoing, connect};
use crate::office::BackupPlace;

/// An open connection.
pub(super) struct Sftp {
    runtime: Runtime,
    session: Handle<Client>,
    files: SftpSession,
    folder: String,
    key: Arc<Mutex<Seen>>,
}

/// The server's key.
#[derive(Debug, Default)]
struct Seen {
    /// As the office knows it; empty: not yet.
    known: String,
    /// As the server shows it.
    found: String,
}

struct Client(Arc<Mutex<Seen>>);

impl Handler for Client {
    type Error = russh::Error;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        let PublicKeyOrCertificate::PublicKey { key, .. } = shown else { return Ok(false) };
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.found = key.fingerprint(HashAlg::Sha256).to_string();
        Ok(seen.known.is_empty() || seen.known == seen.found)
    }
}

impl Sftp {
    pub(super) fn open(place: &BackupPlace, outgoing: Outgoing) -> Result<Self, PlaceError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| OutError::Lost(error.to_string()))?;
        let key = Arc::new(Mutex::new(Seen { known: place.host_key.clone(), found: String::new() }));
        let opened = runtime
            .block_on(async { tokio::time::timeout(OPEN_TIME, sign_in(place, outgoing, Arc::clone(&key))).await });
        let (session, files) = opened.map_err(|_| OutError::Silent)??;
        let folder = place.folder.trim_end_matches('/').to_owned();
        let mut sftp = Self { runtime, session, files, folder, key };
        sftp.make_folder()?;
        Ok(sftp)
    }

    /// Each part of the way, since a server makes one at a time. What is there already says so by failing.
    fn make_folder(&mut self) -> Result<(), PlaceError> {
        let mut made = String::new();
        for (nth, part) in self.folder.split('/').enumerate() {
            if nth > 0 {
                made.push('/');
            }
            made.push_str(part);
            if !part.is_empty() && !self.wait(self.files.try_exists(made.clone()))? {
                self.wait(self.files.create_dir(made.clone()))?;
            }
        }
        Ok(())
    }

    fn path(&self, name: &str) -> String {
        if self.folder.is_empty() { name.to_owned() } else { format!("{}/{name}", self.folder) }
    }

    fn wait<T>(&self, work: impl Future<Output = Result<T, SftpError>>) -> Result<T, PlaceError> {
        let limited = self.runtime.block_on(async { tokio::time::timeout(STEP_TIME, work).await });
        limited.map_err(|_| OutError::Silent)?.map_err(refused)
    }
}

async fn sign_in(
    place: &BackupPlace,
    outgoing: Outgoing,
    key: Arc<Mutex<Seen>>,
) -> Result<(Handle<Client>, SftpSession), PlaceError> {
    let (host, port) = host_and_port(&place.server);
    let stream = connect(host, port, outgoing).await?;
    let config = Config { inactivity_timeout: Some(STEP_TIME), ..Config::default() };
    let met = connect_stream(Arc::new(config), stream, Client(Arc::clone(&key))).await;
    let mut session = met.map_err(|error| {
        let seen = key.lock().unwrap_or_else(PoisonError::into_inner);
        match error {
            russh::Error::UnknownKey => PlaceError::HostKey { known: seen.known.clone(), found: seen.found.clone() },
            other => OutError::Lost(other.to_string()).into(),
        }
    })?;
    let lost = |error: russh::Error| PlaceError::Out(OutError::Lost(error.to_string()));
    let answer = if place.private_key.is_empty() {
        session.authenticate_password(&place.login, &place.password).await.map_err(lost)?
    } else {
        let passphrase = Some(place.password.as_str()).filter(|password| !password.is_empty());
        let secret = decode_secret_key(&place.private_key, passphrase);
        let secret = secret.map_err(|error| PlaceError::PrivateKey(error.to_string()))?;
        let hash = session.best_supported_rsa_hash().await.map_err(lost)?.flatten();
        let key = PrivateKeyWithHashAlg::new(Arc::new(secret), hash);
        session.authenticate_publickey(&place.login, key).await.map_err(lost)?
    };
    if !answer.success() {
        return Err(PlaceError::Login);
    }
    let channel = session.channel_open_session().await.map_err(lost)?;
    channel.request_subsystem(true, "sftp").await.map_err(lost)?;
    let files = SftpSession::new(channel.into_stream()).await.map_err(refused)?;
    Ok((session, files))
}

impl Drop for Sftp {
    fn drop(&mut self) {
        let bye = self.session.disconnect(Disconnect::ByApplication, "", "");
        let _ = self.runtime.block_on(async { tokio::time::timeout(BYE_TIME, bye).await });
    }
}

impl Shelf for Sftp {
    fn put(&mut self, name: &str, file: &Path, told: &mut dyn FnMut(u64)) -> Result<(), PlaceError> {
        let (to, draft) = (self.path(name), self.path(&format!("{name}.part")));
        let mut from = std::fs::File::open(file).map_err(|why| PlaceError::file(file, &why))?;
        let flags = OpenFlags::CREATE | OpenFlags::TRUNCATE | OpenFlags::WRITE;
        let mut out = self.wait(self.files.open_with_flags(draft.clone(), flags))?;
        let mut piece = vec![0; PIECE];
        loop {
            let count = io::Read::read(&mut from, &mut piece).map_err(|why| PlaceError::file(file, &why))?;
            let Some(read) = piece.get(..count).filter(|read| !read.is_empty()) else { break };
            self.wait(async { out.write_all(read).await.map_err(SftpError::from) })?;
            told(count as u64);
        }
        self.wait(async { out.flush().await.map_err(SftpError::from) })?;
        self.wait(async { out.shutdown().await.map_err(SftpError::from) })?;
        // A server renames over nothing only.
        let _ = self.wait(self.files.remove_file(to.clone()));
        self.wait(self.files.rename(draft, to))
    }

    fn read(&mut self, name: &str, piece: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> Result<(), PlaceError> {
        let path = self.path(name);
        let mut file = self.wait(self.files.open(path.clone()))?;
        let mut buffer = vec![0; PIECE];
        loop {
            let count = self.wait(async { file.read(&mut buffer).await.map_err(SftpError::from) })?;
            match buffer.get(..count).filter(|read| !read.is_empty()) {
                Some(read) => piece(read).map_err(|why| PlaceError::file(Path::new(&path), &why))?,
                None => return Ok(()),
            }
        }
    }

    fn remove(&mut self, name: &str) -> Result<(), PlaceError> {
        let gone = self
            .runtime
            .block_on(async { tokio::time::timeout(STEP_TIME, self.files.remove_file(self.path(name))).await });
        match gone.map_err(|_| OutError::Silent)? {
            Err(SftpError::Status(status)) if status.status_code == StatusCode::NoSuchFile => Ok(()),
            other => other.map_err(refused),
        }
    }

    /// By an extension that OpenSSH has (statvfs@openssh.com).
    fn free(&mut self) -> Option<u64> {
        let folder = if self.folder.is_empty() { "." } else { &self.folder };
        let told = self.wait(self.files.fs_info(folder)).ok()??;
        Some(told.blocks_avail.saturating_mul(told.fragment_size))
    }

    fn new_host_key(&self) -> Option<String> {
        let seen = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        seen.known.is_empty().then(|| seen.found.clone())
    }
}

fn refused(error: SftpError) -> PlaceError {
    match error {
        SftpError::Timeout => OutError::Silent.into(),
        SftpError::IO(why) => OutError::Lost(why).into(),
        other => PlaceError::Refused(other.to_string()),
    }
}

/// `host`, `host:port`, `[v6]:port`.
fn host_and_port(server: &str) -> (&str, u16) {
    let split = server.rsplit_once(':').filter(|(host, _)| !host.contains(':') || host.ends_with(']'));
    split.and_then(|(host, port)| Some((host, port.parse().ok()?))).unwrap_or((server, 22))
}

/// To be signed in.
const OPEN_TIME: Duration = Duration::from_secs(30);
/// For one step: a piece on a slow line.
const STEP_TIME: Duration = Duration::from_secs(120);
const BYE_TIME: Duration = Duration::from_secs(2);
