//! `dozvon demo`: the exchange with an example office, whose phones and carrier are simulated and make real calls over loopback. The
//! data directory is thrown away at the end.
//!
//! The exchange does not know that it is a demonstration: everything comes to it by its sockets and its data directory.

mod agents;
mod history;
mod office;
mod script;
mod street;

use std::fs::{self, DirBuilder};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use nix::sys::signal::{SigSet, Signal};

use self::history::Left;
use super::accounts::{self, FirstSignIn};
use super::config::{Config, Phones, Sip, Web};
use super::console::Refusal;
use super::journal::Journal;
use super::recordings::{self, Begin, Kind};
use super::store::{DataDir, Opened, Store};
use super::{clock, run, voicemail};
use crate::base::{Message, MessageId, RecordingId, Rng, WallTime};
use crate::codec::Rate;
use crate::engine::Record;
use crate::office::{Office, file};

pub use crate::office::Language;

/// What a demonstration may be told.
#[derive(Clone, Debug, Default)]
pub struct Demo {
    /// Of the office, its page and its prompts.
    pub language: Language,
    /// Calls come in the same order with the same seed; `None`: another one each time.
    pub seed: Option<u64>,
    /// Where the data is kept meanwhile; `None`: a directory of its own among the temporary ones.
    pub data: Option<PathBuf>,
}

/// Runs a demonstration until SIGTERM or SIGINT. Where `config` says nothing, it listens on loopback only, and takes any port when the
/// usual one is taken.
///
/// # Errors
/// When it can't start; `demo.data` is refused unless it is empty or absent.
pub fn run(config: &Config, journal: &Journal, demo: Demo) -> Result<(), Refusal> {
    // Kept until the exchange awaits them, or an early one would leave the data behind.
    let signals = SigSet::from_iter([Signal::SIGTERM, Signal::SIGINT]);
    let _ = signals.thread_block();
    let ended = run_with(config, journal, demo, &signals);
    let _ = signals.thread_unblock();
    ended
}

fn run_with(config: &Config, journal: &Journal, demo: Demo, signals: &SigSet) -> Result<(), Refusal> {
    let mut rng = match demo.seed {
        Some(seed) => Rng::from_seed(seed),
        None => clock::entropy().map(Rng::from_entropy).map_err(Refusal::of)?,
    };
    let place = Throwaway::take(demo.data)?;
    let carrier = street::carrier().map_err(|why| Refusal::of(format!("no port for the carrier: {why}")))?;
    let server = carrier.local_addr().map_err(Refusal::of)?;
    let (office, sign_in) = prepare(&place.path, demo.language, server, &mut rng)?;
    let mut config = on_loopback(config);
    config.paths.data.clone_from(&place.path);
    let speech = office::coded(demo.language);
    let beside = |sip: SocketAddr, page: &str| {
        run::tell_first_sign_in(&sign_in, page);
        let _ = signals.thread_unblock();
        street::start(sip, carrier, &office, speech, rng)
    };
    run::serve_beside(&config, journal, beside).map(drop).map_err(Refusal::of)
}

/// Fills the data directory: the office, what it plays, its last month.
fn prepare(
    data: &Path,
    language: Language,
    server: SocketAddr,
    rng: &mut Rng,
) -> Result<(Office, FirstSignIn), Refusal> {
    let _directory = DataDir::take(data).map_err(Refusal::of)?;
    let now = clock::wall();
    let (password, sign_in) = accounts::first_password(rng);
    let hash = accounts::hash(&password).map_err(Refusal::of)?;
    let today = Timestamp::from_millisecond(now.millis()).unwrap_or_default().to_zoned(TimeZone::UTC).date();
    let mut office = office::example(language, &server.to_string(), hash, today, rng).map_err(Refusal::of)?;
    office::put_media(&mut office, data).map_err(Refusal::of)?;
    let Opened { store, .. } = Store::open(data, now).map_err(Refusal::of)?;
    let filled = fill(&store, data, &office, now, rng);
    store.close();
    filled.map(|()| (office, sign_in))
}

fn fill(store: &Store, data: &Path, office: &Office, now: WallTime, rng: &mut Rng) -> Result<(), Refusal> {
    let reason = "the example office";
    store.add_version(now, "dozvon demo", reason, file::write(office, true)).map_err(Refusal::of)?;
    let history::Month { records, talks, messages } = history::month(now, office, rng);
    records.into_iter().for_each(|record| store.record(record));
    let sides = office::conversation(office.settings.language, Rate::Wide);
    let is_short = |talk: &&history::Talk| (20_000..75_000).contains(&talk.talk_ms);
    for talk in talks.iter().rev().filter(is_short).take(RECORDINGS) {
        let frames = usize::try_from(talk.talk_ms / 20).unwrap_or(0);
        let recording = RecordingId(talk.call.0 + 1);
        let (call, at) = (talk.call, talk.at);
        let begin =
            Begin { recording, call, at, caller: talk.caller.clone(), called: talk.called.clone(), kind: Kind::Call };
        let zone = &office.settings.timezone;
        let written = recordings::write_whole(data, &begin, zone, office::recorded(&sides, frames));
        let (path, duration_ms, bytes) = written.map_err(Refusal::of)?;
        let format = recordings::RecordingFormat::Opus.as_str();
        store.record(Record::RecordingStarted { recording, call, at, path, format });
        let at = WallTime(at.millis() + i64::try_from(duration_ms).unwrap_or(0));
        store.record(Record::RecordingEnded { recording, at, duration_ms, bytes });
    }
    for (age, left) in messages.iter().rev().take(MESSAGES).enumerate() {
        leave_message(store, data, office, left, age >= NEW_MESSAGES)?;
    }
    store.flush().map_err(Refusal::of)
}

fn leave_message(store: &Store, data: &Path, office: &Office, left: &Left, heard: bool) -> Result<(), Refusal> {
    let Left { call, at, caller, caller_name, mailbox } = left.clone();
    let recording = RecordingId(call.0 + 1);
    let path = voicemail::path(&mailbox, recording);
    let kind = Kind::Message { path: path.clone(), silence: crate::base::Duration::ZERO };
    let begin = Begin { recording, call, at, caller: caller.clone(), called: mailbox.clone(), kind };
    let mono = office::message(office.settings.language);
    let frames = mono.len() / Rate::Wide.samples(20);
    let sides = [mono.clone(), mono];
    let sound = office::recorded(&sides, frames);
    let written = recordings::write_whole(data, &begin, &office.settings.timezone, sound);
    let (_, duration_ms, bytes) = written.map_err(Refusal::of)?;
    let id = MessageId(recording.0);
    let message = Message { id, extension: mailbox, at, caller, caller_name, seconds: 0, heard: false };
    store.begin_message(&message, &path).map_err(Refusal::of)?;
    store.end_message(id, duration_ms, bytes).map_err(Refusal::of)?;
    store.mark_message(id, heard).map(drop).map_err(Refusal::of)
}

/// Where the host file has left the default: loopback, and the usual port if it is free.
fn on_loopback(config: &Config) -> Config {
    let (sip, web, phones) = (Sip::default(), Web::default(), Phones::default());
    let udp = |address: &SocketAddr| UdpSocket::bind(address).is_ok();
    let tcp = |address: &SocketAddr| TcpListener::bind(address).is_ok();
    let mut config = config.clone();
    for (place, default, is_free) in [
        (&mut config.sip.udp, sip.udp, &udp as &dyn Fn(&SocketAddr) -> bool),
        (&mut config.sip.tcp, sip.tcp, &tcp),
        (&mut config.sip.tls, sip.tls, &tcp),
        (&mut config.web.http, web.http, &tcp),
        (&mut config.web.https, web.https, &tcp),
        (&mut config.phones.tftp, phones.tftp, &udp),
        (&mut config.phones.ldap, phones.ldap, &tcp),
    ] {
        if *place == default {
            let usual = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), default.port());
            *place = if is_free(&usual) { usual } else { SocketAddr::new(usual.ip(), 0) };
        }
    }
    config
}

/// A directory that is gone, or empty again, at the end.
struct Throwaway {
    path: PathBuf,
    is_ours: bool,
}

impl Throwaway {
    fn take(asked: Option<PathBuf>) -> Result<Self, Refusal> {
        let own = || std::env::temp_dir().join(format!("dozvon-demo-{}", std::process::id()));
        let path = asked.unwrap_or_else(own);
        let refused = |why: &dyn std::fmt::Display| Refusal::of(format!("{}: {why}", path.display()));
        match DirBuilder::new().mode(0o700).create(&path) {
            Ok(()) => Ok(Self { path, is_ours: true }),
            Err(why) if why.kind() == io::ErrorKind::AlreadyExists => {
                let is_empty = fs::read_dir(&path).map_err(|why| refused(&why))?.next().is_none();
                if is_empty { Ok(Self { path, is_ours: false }) } else { Err(refused(&NOT_EMPTY)) }
            }
            Err(why) => Err(refused(&why)),
        }
    }
}

impl Drop for Throwaway {
    fn drop(&mut self) {
        let gone = if self.is_ours { fs::remove_dir_all(&self.path) } else { empty(&self.path) };
        if let Err(error) = gone {
            tracing::warn!(%error, path = %self.path.display(), "the demonstration's data is left behind");
        }
    }
}

fn empty(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() { fs::remove_dir_all(entry.path())? } else { fs::remove_file(entry.path())? }
    }
    Ok(())
}

const NOT_EMPTY: &str = "a demonstration throws its data away at the end, so it takes an empty directory only";
/// Of talks of the last days.
const RECORDINGS: usize = 8;
/// The newest, in mailboxes.
const MESSAGES: usize = 6;
/// Of those, so many were not heard.
const NEW_MESSAGES: usize = 3;
