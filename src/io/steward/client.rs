//! The exchange's side: an order goes out, an answer comes back.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use crate::machine::order::{Answer, Order, SOCKET};

/// Names another socket: for tests.
pub(super) const ELSEWHERE: &str = "DOZVON_STEWARD";
/// Of one answer: a kernel's log.
const LONGEST_ANSWER: u64 = 4 * 1024 * 1024;
/// An answer that takes longer is none. Writing an update tells of itself in between.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the steward listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steward {
    socket: PathBuf,
    patience: Duration,
}

impl Default for Steward {
    fn default() -> Self {
        Self::at(socket())
    }
}

impl Steward {
    /// One that listens there.
    pub fn at(socket: PathBuf) -> Self {
        Self { socket, patience: PATIENCE }
    }

    /// The same one, for whom nobody waits longer.
    #[must_use]
    pub fn within(&self, patience: Duration) -> Self {
        Self { socket: self.socket.clone(), patience }
    }

    /// Whether there is one: whether this machine is the box.
    pub fn is_there(&self) -> bool {
        UnixStream::connect(&self.socket).is_ok()
    }

    /// Asks, and hears the last answer; `told` hears how far it is.
    ///
    /// # Errors
    /// When there is no steward, or it goes away before it has answered.
    pub fn ask(&self, order: &Order, told: &mut dyn FnMut(u8)) -> io::Result<Answer> {
        let mut stream = UnixStream::connect(&self.socket)?;
        stream.set_read_timeout(Some(self.patience))?;
        stream.set_write_timeout(Some(self.patience))?;
        let mut line = serde_json::to_vec(order)?;
        line.push(b'\n');
        stream.write_all(&line)?;
        let mut answers = BufReader::new(stream.take(LONGEST_ANSWER));
        let mut line = String::new();
        loop {
            line.clear();
            if answers.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            match serde_json::from_str(&line)? {
                Answer::Working { percent } => told(percent),
                answer => return Ok(answer),
            }
        }
    }
}

/// Where the steward would be.
pub fn socket() -> PathBuf {
    std::env::var_os(ELSEWHERE).map_or_else(|| PathBuf::from(SOCKET), PathBuf::from)
}

/// Whether this machine has a steward: whether it is the box.
pub fn is_there() -> bool {
    Steward::default().is_there()
}

/// As [`Steward::ask`], of the one that this machine has.
///
/// # Errors
/// When there is no steward, or it goes away before it has answered.
pub fn ask(order: &Order, told: &mut dyn FnMut(u8)) -> io::Result<Answer> {
    Steward::default().ask(order, told)
}
