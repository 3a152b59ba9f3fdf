//! The exchange as a process: started without root's rights, heard on its stderr, ended.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Stdio};

use nix::fcntl::OFlag;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tracing::Level;

use super::{Places, begin, client, journal};

/// The log in memory has twice that at most: the file before this one is kept.
const LOG_BYTES: u64 = 1024 * 1024;
/// Longest line that is kept.
const LONGEST_LINE: u64 = 16 * 1024;
/// How the line begins that only the person at the console may read.
const FIRST_SIGN_IN: &str = "first sign-in:";

/// A running exchange.
pub(super) struct Exchange {
    process: Child,
}

impl Exchange {
    /// Starts it. To be called by a thread that lives as long as the steward: the exchange ends with that.
    pub(super) fn start(places: &Places) -> io::Result<Self> {
        ready_folder(places)?;
        let mut command = begin::command(&places.user, &program(places)?)?;
        command.env(client::ELSEWHERE, places.socket()).current_dir("/");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = command.spawn()?;
        if let Some(said) = process.stderr.take() {
            let listener = Listener::new(places);
            std::thread::Builder::new().name("exchange".to_owned()).spawn(move || listener.listen(said))?;
        }
        tracing::info!(process = process.id(), "the exchange is started");
        Ok(Self { process })
    }

    /// Whether it has ended.
    pub(super) fn has_ended(&mut self) -> bool {
        match self.process.try_wait() {
            Ok(None) => false,
            Ok(Some(status)) => {
                tracing::warn!(%status, "the exchange has ended");
                true
            }
            Err(error) => {
                tracing::error!(%error, "the exchange is lost");
                true
            }
        }
    }

    /// Asks it to end in good order.
    pub(super) fn stop(&self) {
        let _ = i32::try_from(self.process.id()).map(|id| kill(Pid::from_raw(id), Signal::SIGTERM));
    }

    /// Ends it at once.
    pub(super) fn kill(&mut self) {
        let _ = self.process.kill();
    }
}

fn program(places: &Places) -> io::Result<Vec<String>> {
    if !places.exchange.is_empty() {
        return Ok(places.exchange.clone());
    }
    let binary = std::env::current_exe()?.display().to_string();
    let (config, data) = (places.etc.join("dozvon/host.toml"), places.exchange_data());
    let words = [binary, "serve".into(), "--config".into(), config.display().to_string(), "--data".into()];
    Ok(words.into_iter().chain([data.display().to_string()]).collect())
}

/// The exchange's own folder on the data partition.
pub(super) fn ready_folder(places: &Places) -> io::Result<()> {
    let folder = places.exchange_data();
    if !folder.exists() {
        fs::DirBuilder::new().mode(0o700).create(&folder)?;
    }
    let Some((user, group)) = begin::ids_of(&places.user) else { return Ok(()) };
    std::os::unix::fs::chown(&folder, Some(user.as_raw()), Some(group.as_raw()))
}

/// Hears what the exchange says on its stderr.
struct Listener {
    log: PathBuf,
    kernel: PathBuf,
    consoles: Vec<PathBuf>,
    first_sign_in: PathBuf,
}

impl Listener {
    fn new(places: &Places) -> Self {
        Self {
            log: places.run.join("dozvon/exchange.log"),
            kernel: places.dev.join("kmsg"),
            consoles: places.consoles.clone(),
            first_sign_in: places.first_sign_in(),
        }
    }

    fn listen(self, said: ChildStderr) {
        let mut said = BufReader::new(said);
        let mut log = None;
        let mut line = Vec::new();
        loop {
            line.clear();
            match said.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end();
            if text.starts_with(FIRST_SIGN_IN) {
                self.tell_person(text);
                continue;
            }
            if let Err(error) = keep(&mut log, &self.log, text) {
                tracing::debug!(%error, "a line of the exchange's is lost");
                log = None;
            }
            if let Some(level) = kernel_level(text) {
                // The kernel's log shows it on the console, and outlives the steward.
                let record = format!("<{level}>dozvon: {text}\n");
                let _ =
                    File::options().write(true).open(&self.kernel).and_then(|mut log| log.write_all(record.as_bytes()));
            }
        }
    }

    /// On each console; and in memory, where root alone finds it, for the one that paints its screen anew.
    fn tell_person(&self, line: &str) {
        write_on(&self.consoles, line);
        let file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&self.first_sign_in);
        let _ = file.and_then(|mut file| writeln!(file, "{line}"));
    }
}

/// Writes on screens and serial lines.
pub(super) fn write_on(consoles: &[PathBuf], text: &str) {
    let text = format!("\r\n{}\r\n", text.replace('\n', "\r\n"));
    for console in consoles {
        // A serial line with nobody at it must not hold us.
        let flags = (OFlag::O_NONBLOCK | OFlag::O_NOCTTY).bits();
        let opened = File::options().write(true).custom_flags(flags).open(console);
        let _ = opened.and_then(|mut console| console.write_all(text.as_bytes()));
    }
}

/// Keeps a line in a file of memory; a full one becomes the one before.
fn keep(log: &mut Option<(File, u64)>, path: &Path, line: &str) -> io::Result<()> {
    if log.as_ref().is_some_and(|(_, length)| *length >= LOG_BYTES) {
        *log = None;
        fs::rename(path, path.with_extension("log.1"))?;
    }
    let (mut file, length) = match log.take() {
        Some(open) => open,
        None => {
            let file = File::options().append(true).create(true).mode(0o600).open(path)?;
            let length = file.metadata()?.len();
            (file, length)
        }
    };
    file.write_all(format!("{line}\n").as_bytes())?;
    *log = Some((file, length + line.len() as u64 + 1));
    Ok(())
}

/// The level of a line that somebody at the console should see.
fn kernel_level(line: &str) -> Option<u8> {
    let level = line.split_ascii_whitespace().nth(1)?.parse().ok()?;
    (level <= Level::WARN).then(|| journal::kernel_level(level))
}
