//! A file on its way in: streamed to the disk beside the gate's thread, piece by piece, so that no memory holds it.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use super::super::imports::INBOX;
use super::super::sessions::random_word;
use crate::io::update::Refused;

/// A file that has come and that nobody has taken over yet; it goes when this does.
#[derive(Debug)]
pub(super) struct Arrived {
    /// Relative to the data directory.
    pub(super) name: String,
    path: PathBuf,
}

impl Drop for Arrived {
    fn drop(&mut self) {
        // Who took it over has moved it away.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Why it did not come.
#[derive(Debug, thiserror::Error)]
pub(super) enum UploadError {
    #[error("it did not come whole")]
    Cut,
    #[error("its first bytes are refused")]
    Refused(Refused),
    #[error("{0}")]
    Disk(#[from] io::Error),
}

/// Looks at the first bytes of a file; false: more are needed.
pub(super) type Judge<'a> = &'a (dyn Fn(&[u8]) -> Result<bool, Refused> + Send + Sync);

/// Writes a body to the disk, when its first bytes are found good. How long it may be and take has been judged where it was framed.
pub(super) async fn receive(data: &Path, mut body: Incoming, judge: Option<Judge<'_>>) -> Result<Arrived, UploadError> {
    let mut piece = Vec::with_capacity(PIECE);
    if let Some(judge) = judge {
        while !judge(&piece).map_err(UploadError::Refused)? {
            // One that ends before it is anything is no file.
            let frame = body.frame().await.ok_or_else(|| UploadError::Refused(Refused::not_whole()))?;
            let frame = frame.map_err(|_| UploadError::Cut)?;
            piece.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
        }
    }
    let name = format!("{INBOX}/{}", random_word());
    let path = data.join(&name);
    let arrived = Arrived { name, path: path.clone() };
    let mut file = beside(move || File::create_new(path)).await?;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| UploadError::Cut)?;
        piece.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
        if piece.len() >= PIECE {
            (file, piece) = beside(move || write(file, piece)).await?;
        }
    }
    beside(move || write(file, piece)).await?;
    Ok(arrived)
}

fn write(mut file: File, mut piece: Vec<u8>) -> io::Result<(File, Vec<u8>)> {
    file.write_all(&piece)?;
    piece.clear();
    Ok((file, piece))
}

async fn beside<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

/// Bytes that are written at a time.
const PIECE: usize = 128 * 1024;
