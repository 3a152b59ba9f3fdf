//! A stretch of a file as an answer's body, read piece by piece beside the gate's thread.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Component, Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::body::Bytes as Piece;
use tokio::task::JoinHandle;

/// Which bytes of which file: from a handler to the gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::io::http) struct Stretch {
    /// Relative to the data directory.
    pub(in crate::io::http) path: String,
    /// The first byte.
    pub(in crate::io::http) from: u64,
    /// How many.
    pub(in crate::io::http) length: u64,
}

impl Stretch {
    /// As the value of a header.
    pub(in crate::io::http) fn write(&self) -> String {
        format!("{} {} {}", self.from, self.length, self.path)
    }

    /// Reads what [`Self::write`] wrote.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut words = text.splitn(3, ' ');
        let (from, length) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let path = words.next()?.to_owned();
        let inside = Path::new(&path).components().all(|part| matches!(part, Component::Normal(_)));
        inside.then_some(Self { path, from, length })
    }

    pub(super) fn open(self, data: &Path) -> Bytes {
        let path = data.join(self.path);
        Bytes { path, file: None, at: self.from, left: self.length, reading: None }
    }
}

/// The opened file, and what was read of it.
type Read = io::Result<(Arc<File>, Vec<u8>)>;

/// The bytes of a stretch.
#[derive(Debug)]
pub(super) struct Bytes {
    path: PathBuf,
    file: Option<Arc<File>>,
    at: u64,
    left: u64,
    reading: Option<JoinHandle<Read>>,
}

impl Bytes {
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// The next piece. Where the file ends early or can't be read the body is short, and hyper breaks the connection, as
    /// it has to when the head has told another length.
    pub(super) fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Piece>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let (path, file, at) = (&self.path, &mut self.file, self.at);
        let length = usize::try_from(self.left).unwrap_or(PIECE).min(PIECE);
        let reading = self.reading.get_or_insert_with(|| {
            let (path, file) = (path.clone(), file.take());
            tokio::task::spawn_blocking(move || read(&path, file, at, length))
        });
        let read = ready!(Pin::new(reading).poll(cx));
        self.reading = None;
        match read {
            Ok(Ok((file, piece))) if !piece.is_empty() => {
                self.file = Some(file);
                self.at += piece.len() as u64;
                self.left = self.left.saturating_sub(piece.len() as u64);
                Poll::Ready(Some(piece.into()))
            }
            other => {
                tracing::warn!(path = %self.path.display(), ?other, "web: a file ends early");
                self.left = 0;
                Poll::Ready(None)
            }
        }
    }
}

fn read(path: &Path, file: Option<Arc<File>>, at: u64, length: usize) -> Read {
    let file = match file {
        Some(file) => file,
        None => Arc::new(File::open(path)?),
    };
    let mut piece = vec![0; length];
    let count = file.read_at(&mut piece, at)?;
    piece.truncate(count);
    Ok((file, piece))
}

/// Bytes that are read at a time.
const PIECE: usize = 64 * 1024;
