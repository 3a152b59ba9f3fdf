//! A box that follows: Litestream sends it each transaction, and says when it is there. So what a person was told is kept has been kept
//! by both.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use serde_json::json;

use crate::io::clock::Stopwatch;

/// How long a change waits for the follower. Then it counts without: one box that works is better than two that wait.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often a silent follower is worth a line in the log.
const COMPLAIN_EVERY: crate::base::Duration = crate::base::Duration::from_secs(60);
/// Of an answer, which is a status line and some words.
const LONGEST_ANSWER: u64 = 16 * 1024;

/// The way to the follower.
#[derive(Debug)]
pub(super) struct Follower {
    /// Litestream's control socket.
    socket: PathBuf,
    /// As Litestream knows it.
    database: PathBuf,
    /// When the log last told of its silence.
    complaint: Mutex<Option<Stopwatch>>,
}

impl Follower {
    /// The database by the path that Litestream's own settings name.
    pub(super) fn new(socket: &Path, database: PathBuf) -> Self {
        Self { socket: socket.to_owned(), database, complaint: Mutex::new(None) }
    }

    /// Waits until all that is committed is at the follower, or [`PATIENCE`] is over.
    pub(super) fn wait(&self) {
        let Err(error) = self.ask() else { return };
        let mut complaint = self.complaint.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if complaint.as_ref().is_none_or(|told| told.elapsed() >= COMPLAIN_EVERY) {
            tracing::warn!(%error, "the box that follows has not got the last change; this one goes on without it");
            *complaint = Some(Stopwatch::start());
        }
    }

    fn ask(&self) -> io::Result<()> {
        let mut stream = UnixStream::connect(&self.socket)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let body = json!({ "path": self.database, "wait": true, "timeout": PATIENCE.as_secs() }).to_string();
        let length = body.len();
        let request = format!(
            "POST /sync HTTP/1.1\r\nHost: litestream\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.take(LONGEST_ANSWER).read_to_string(&mut answer)?;
        match answer.split(' ').nth(1) {
            Some("200") => Ok(()),
            _ => Err(io::Error::other(answer.lines().last().unwrap_or_default().to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::sync::mpsc::channel;

    use super::*;
    use crate::base::WallTime;
    use crate::io::scratch::Scratch;
    use crate::io::store::Store;

    #[test]
    fn what_was_changed_waits_for_the_follower_and_what_was_read_does_not() {
        let scratch = Scratch::new();
        let socket = scratch.path().join("litestream.sock");
        let listener = UnixListener::bind(&socket).expect("a socket");
        let (tell, told) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let mut request = vec![0; 4096];
                let length = stream.read(&mut request).unwrap_or(0);
                let _ = tell.send(String::from_utf8_lossy(&request[..length]).into_owned());
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
            }
        });
        let store = Store::open(scratch.path(), WallTime(0)).expect("opens").store;
        store.follow(&socket, scratch.path());
        store.set_setting("colour", "green").expect("kept");
        let request = told.try_recv().expect("told before the change was told as kept");
        let body = request.rsplit("\r\n").next().expect("a body");
        let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(body["path"], scratch.path().join("dozvon.db").display().to_string());
        assert_eq!(body["wait"], true);
        assert_eq!(store.setting("colour").expect("read").as_deref(), Some("green"));
        assert!(told.try_recv().is_err(), "reading waits for nobody");
    }

    #[test]
    fn a_follower_that_is_away_stops_nothing() {
        let scratch = Scratch::new();
        let store = Store::open(scratch.path(), WallTime(0)).expect("opens").store;
        store.follow(&scratch.path().join("nobody.sock"), scratch.path());
        store.set_setting("colour", "green").expect("kept");
        assert_eq!(store.setting("colour").expect("read").as_deref(), Some("green"));
    }
}
