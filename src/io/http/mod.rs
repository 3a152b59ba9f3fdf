//! The page and the API: a gate towards the LAN (`gate`), handlers behind it (`workers`, `api`), the page's own files
//! (`assets`). Shows no type of hyper, tiny_http or rustls at its door, and knows the exchange only as [`Exchange`]
//! and [`Board`].
//!
//! `tiny_http` parses leniently, has no time limits and can be made to panic by a remote reset, so it never stands on a
//! LAN socket: the gate reads every head strictly, bounds sizes and times, and passes a request of its own making over
//! a private socket. Every answer that ends is made by a handler; event streams end in the gate.

mod api;
mod ask;
mod assets;
mod ending;
mod gate;
mod guests;
mod imports;
mod packed;
mod provision;
mod reply;
mod second_factor;
mod sessions;
mod sign_in;
mod words;
mod workers;

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::base::{CallId, Duration, MessageId, RecordingId, WallTime};
use crate::engine::ListenRefused;
use crate::guard::limits::Usage;
use crate::guard::{Alarm, AtHome, Ban};
use crate::io::apply::Refused;
use crate::io::backup::Backups;
use crate::io::board::{Board, Event};
use crate::io::capture::Captures;
use crate::io::certificate::{Certificate, CertificateError};
use crate::io::clock;
use crate::io::config::Config;
use crate::io::import::Looked;
use crate::io::journal::Journal;
use crate::io::journal::syslog::SyslogHandle;
use crate::io::licence::{InstallError, Keeper};
use crate::io::machine::Machine;
use crate::io::out::{OutError, Outgoing, openid};
use crate::io::phones::Phones;
use crate::io::signalling::Message;
use crate::io::steward::client::Steward;
use crate::io::steward::gauges::Gauges;
use crate::io::store::{
    AlarmFilter, AlarmRow, AllowanceRow, AuditFilter, AuditRow, Deed, DeliveryRow, HistoryFilter, HistoryPage,
    HistoryRow, MessageRow, Place, RecordingRow, SecondFactor, StoreError, StoredStep, Summary, TokenRow, Version,
};
use crate::io::trunk_doctor::Examination;
use crate::io::update::Updates;
use crate::machine::forecast::Growth;
use crate::number::Plan;
use crate::office::{Language, Office, Role, Trunk};
use crate::trust::Standing;

pub use sessions::SESSION_IDLE;

/// Where the web listens.
#[derive(Clone, Debug)]
pub struct WebConfig {
    /// Provisioning, health and a redirect to https. Port 0 takes a free one.
    pub http: SocketAddr,
    /// The page and the API. Port 0 takes a free one.
    pub https: SocketAddr,
    /// When the exchange started.
    pub started_at: WallTime,
    /// Names and addresses that a request may give as its Host, besides those that the machine has itself.
    pub names: Vec<String>,
    /// Where servers may be that are asked to prove somebody.
    pub outgoing: Outgoing,
    /// Where telephones reach the exchange.
    pub sip: SipAddress,
    /// What is shown to who connects under TLS.
    pub certificate: Arc<Certificate>,
    /// What lies under the exchange.
    pub ground: Ground,
}

/// What lies under the exchange: the machine, and what this process tells of itself.
#[derive(Clone, Debug)]
pub struct Ground {
    /// The log.
    pub journal: Journal,
    /// Where the log is sent.
    pub syslog: SyslogHandle,
    /// The machine.
    pub machine: Machine,
    /// Whoever started this process starts it again when it ends.
    pub supervised: bool,
    /// The host file.
    pub config: Config,
}

impl Ground {
    /// That of this process: systemd tells it by SYSTEMD_EXEC_PID that it is looked after (a shell below a service has another one), a
    /// container by DOZVON_SUPERVISED, and on the box the steward does it.
    pub fn of(config: &Config, journal: Journal) -> Self {
        let gauges = Gauges::new(&config.paths.data);
        let machine = Machine::new(Steward::default(), Some(Box::new(move |state| gauges.fill(state))));
        let told = |name: &str| std::env::var(name).unwrap_or_default();
        let by_systemd = told("SYSTEMD_EXEC_PID") == std::process::id().to_string();
        let supervised = by_systemd || !told("DOZVON_SUPERVISED").is_empty() || machine.is_box();
        let outgoing = Outgoing::of(config.web.allow_local_outgoing);
        let syslog = SyslogHandle::new(journal.clone(), outgoing);
        Self { journal, syslog, machine, supervised, config: config.clone() }
    }
}

/// Where telephones reach the exchange, to be told to who sets one up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SipAddress {
    /// Where it is; `None`: at whatever address this machine has for them.
    pub host: Option<IpAddr>,
    /// For datagrams.
    pub udp: u16,
    /// For connections.
    pub tcp: u16,
    /// For connections under TLS.
    pub tls: u16,
}

/// Where it listens in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebAddresses {
    /// Plain.
    pub http: SocketAddr,
    /// TLS.
    pub https: SocketAddr,
}

/// What the page may ask of alarms and of what webhooks were told.
pub trait Notices {
    /// Tells the admin. Never waits.
    fn raise(&self, alarm: Alarm);
    /// Alarms, newest first, older than `before`.
    ///
    /// # Errors
    /// When the database can't be read.
    fn alarms(&self, filter: &AlarmFilter, limit: usize, before: Option<i64>) -> Result<Vec<AlarmRow>, StoreError>;
    /// How many nobody has looked at.
    ///
    /// # Errors
    /// When the database can't be read.
    fn unseen_alarms(&self) -> Result<u64, StoreError>;
    /// Somebody has looked at this one, or at all; false: there is none.
    ///
    /// # Errors
    /// When the disk refuses.
    fn see_alarm(&self, id: Option<i64>) -> Result<bool, StoreError>;
    /// The last deliveries to a webhook, newest first.
    ///
    /// # Errors
    /// When the database can't be read.
    fn deliveries(&self, webhook: &str, limit: usize) -> Result<Vec<DeliveryRow>, StoreError>;
}

/// What is wrong with another server, for a person, in Russian and in English.
pub(super) fn why(error: &OutError) -> [String; 2] {
    let said = api::of_out(error);
    [Language::Ru, Language::En].map(|language| said.say(language).to_owned())
}

/// What the page may ask of the exchange and its disk. Called by the handlers' threads; may block for a short time.
pub trait Exchange: Notices + Send + Sync + 'static {
    /// Backups; `None` while nobody makes any.
    fn backups(&self) -> Option<Backups> {
        None
    }
    /// Adds what another exchange's backup has; the id of the new version, if there is one. Sounds lie in `folder`.
    ///
    /// # Errors
    /// What is wrong with it, or the disk; nothing has changed then.
    fn add(&self, _looked: &Looked, _folder: &Path, _author: &str) -> Result<Option<i64>, Refused> {
        Err(Refused(Vec::new()))
    }

    /// What the data have grown by of late, as it was known within the last hour; `None`: nobody knows yet.
    fn growth(&self) -> Option<Growth> {
        None
    }

    /// The settings in force.
    fn office(&self) -> Arc<Office>;
    /// The numbering plan in force.
    fn plan(&self) -> Plan;
    /// Puts in force what `edit` makes of the present settings: a version on the disk, then the snapshot; `None` leaves them.
    /// It is called once, and nobody else changes them meanwhile. Returns the id of the new version, if there is one.
    ///
    /// # Errors
    /// When the disk refuses; nothing has changed then.
    fn change(
        &self,
        author: &str,
        reason: &str,
        edit: &mut dyn FnMut(&Office) -> Option<Office>,
    ) -> Result<Option<i64>, StoreError>;
    /// Orders a call: the telephones of an extension ring, and who answers calls `to`. `None`: the exchange takes no calls now.
    fn order_call(&self, extension: &str, to: &str) -> Option<CallId>;
    /// The telephones of an extension ring, and who answers hears a call, whispering to our side or silently.
    ///
    /// # Errors
    /// [`ListenRefused`].
    fn listen_in(&self, call: CallId, extension: &str, whispers: bool) -> Result<CallId, ListenRefused>;
    /// Orders a call to end.
    fn hang_up(&self, call: CallId);
    /// Orders this process to end, calls in good order.
    fn stop(&self);
    /// Addresses from which telephony hears nothing, the newest ban first. The page is open to them.
    ///
    /// # Errors
    /// When the exchange does not answer.
    fn bans(&self) -> Result<Vec<Ban>, StoreError>;
    /// Bans an address for so long.
    ///
    /// # Errors
    /// When the exchange does not answer; inside, when the address is the office's own.
    fn ban(&self, address: IpAddr, length: Duration) -> Result<Result<Ban, AtHome>, StoreError>;
    /// Lifts a ban; false: there is none of this name.
    ///
    /// # Errors
    /// When the exchange does not answer.
    fn lift_ban(&self, id: i64) -> Result<bool, StoreError>;
    /// What calls with the city go on, and what today has used up. `None`: the exchange does not answer.
    fn usage(&self) -> Option<Usage>;
    /// Extensions whose limits of outside calls are lifted now, by number.
    ///
    /// # Errors
    /// When the database can't be read.
    fn allowances(&self) -> Result<Vec<AllowanceRow>, StoreError>;
    /// Lifts the limits of an extension for so long, under this name.
    ///
    /// # Errors
    /// When the disk refuses; they hold then.
    fn allow(&self, extension: &str, span: Duration, by: &str) -> Result<AllowanceRow, StoreError>;
    /// The limits of an extension hold again; false: they held.
    ///
    /// # Errors
    /// When the disk refuses; they stay lifted then.
    fn disallow(&self, extension: &str) -> Result<bool, StoreError>;
    /// The licence of this box.
    fn licence(&self) -> &Keeper;
    /// Takes a licence in place of the present one.
    ///
    /// # Errors
    /// See [`InstallError`]; the present one stays then.
    fn install_licence(&self, text: &str) -> Result<Standing, InstallError>;
    /// Telephones that configure themselves.
    fn phones(&self) -> &Phones;
    /// Updates of the box.
    fn updates(&self) -> &Updates;
    /// Sends a login's telephones a NOTIFY with this `Event`. Never waits.
    fn notify(&self, login: &str, event: &str);
    /// Begins to look at a trunk.
    ///
    /// # Errors
    /// When there is no thread for it.
    fn examine(&self, trunk: Trunk) -> io::Result<Examination>;
    /// Rows of the history, newest first. `before` is where the page before said that it goes on.
    ///
    /// # Errors
    /// When the database can't be read.
    fn history(&self, filter: &HistoryFilter, limit: usize, before: Option<Place>) -> Result<HistoryPage, StoreError>;
    /// One row.
    ///
    /// # Errors
    /// When the database can't be read.
    fn row(&self, call: CallId) -> Result<Option<HistoryRow>, StoreError>;
    /// The steps of a call's story, in order.
    ///
    /// # Errors
    /// When the database can't be read.
    fn steps(&self, call: CallId) -> Result<Vec<StoredStep>, StoreError>;
    /// What was signalled for a call, in order; empty when it is too old.
    ///
    /// # Errors
    /// When the database can't be read.
    fn signalling(&self, call: CallId) -> Result<Vec<Message>, StoreError>;
    /// What the calls add up to that began from `from` on and before `to`; these extensions are told in any case.
    ///
    /// # Errors
    /// When the database can't be read.
    fn summary(&self, from: WallTime, to: WallTime, extensions: &[String]) -> Result<Summary, StoreError>;
    /// Recordings, newest first, older than `before`: milliseconds of a row's first second, and its id. Of one call when it
    /// is given.
    ///
    /// # Errors
    /// When the database can't be read.
    fn recordings(
        &self,
        call: Option<CallId>,
        limit: usize,
        before: Option<(i64, i64)>,
    ) -> Result<Vec<RecordingRow>, StoreError>;
    /// One recording.
    ///
    /// # Errors
    /// When the database can't be read.
    fn recording(&self, recording: RecordingId) -> Result<Option<RecordingRow>, StoreError>;
    /// Removes a finished recording with its file.
    ///
    /// # Errors
    /// When the disk refuses; the recording stays then.
    fn remove_recording(&self, row: &RecordingRow) -> Result<(), StoreError>;
    /// Messages of mailboxes, newest first, older than `before`: milliseconds of a message's first second, and its id. Of one
    /// extension when it is given.
    ///
    /// # Errors
    /// When the database can't be read.
    fn messages(
        &self,
        extension: Option<&str>,
        limit: usize,
        before: Option<(i64, i64)>,
    ) -> Result<Vec<MessageRow>, StoreError>;
    /// One message.
    ///
    /// # Errors
    /// When the database can't be read.
    fn message(&self, message: MessageId) -> Result<Option<MessageRow>, StoreError>;
    /// A message was listened to, or counts as new again; false: there is none.
    ///
    /// # Errors
    /// When the disk refuses; nothing has changed then.
    fn mark_message(&self, message: MessageId, heard: bool) -> Result<bool, StoreError>;
    /// Removes a message with its file; false: there is none.
    ///
    /// # Errors
    /// When the disk refuses; the message stays then.
    fn remove_message(&self, message: MessageId) -> Result<bool, StoreError>;
    /// The token with this SHA-256; `None`: no such token.
    ///
    /// # Errors
    /// When the database can't be read.
    fn token(&self, sha256: &[u8; 32]) -> Result<Option<TokenRow>, StoreError>;
    /// A token was shown. Never waits.
    fn token_used(&self, name: &str, at: WallTime);
    /// All tokens, by name.
    ///
    /// # Errors
    /// When the database can't be read.
    fn tokens(&self) -> Result<Vec<TokenRow>, StoreError>;
    /// Adds a token.
    ///
    /// # Errors
    /// [`StoreError::Taken`], and when the disk refuses.
    fn add_token(&self, name: &str, role: Role, sha256: [u8; 32], at: WallTime) -> Result<(), StoreError>;
    /// Takes a token back; false: there is none.
    ///
    /// # Errors
    /// When the disk refuses.
    fn remove_token(&self, name: &str) -> Result<bool, StoreError>;
    /// Versions of the settings older than `before`, newest first.
    ///
    /// # Errors
    /// When the database can't be read.
    fn versions(&self, limit: usize, before: Option<i64>) -> Result<Vec<Version>, StoreError>;
    /// When this version comes back by itself; `None`: it stays.
    fn revert_at(&self, version: i64) -> Option<WallTime>;
    /// Lets a version stay; false: it did not wait for that.
    ///
    /// # Errors
    /// When the disk refuses.
    fn confirm(&self, version: i64) -> Result<bool, StoreError>;
    /// Keeps what somebody did. Never waits.
    fn note(&self, deed: Deed);
    /// What was done, newest first, older than `before`.
    ///
    /// # Errors
    /// When the database can't be read.
    fn audit(&self, filter: &AuditFilter, limit: usize, before: Option<i64>) -> Result<Vec<AuditRow>, StoreError>;
    /// The second factor of an account.
    ///
    /// # Errors
    /// When the database can't be read.
    fn second_factor(&self, login: &str) -> Result<Option<SecondFactor>, StoreError>;
    /// The logins that have a second factor.
    ///
    /// # Errors
    /// When the database can't be read.
    fn second_factors(&self) -> Result<Vec<String>, StoreError>;
    /// Sets or takes off the second factor of an account.
    ///
    /// # Errors
    /// When the disk refuses.
    fn set_second_factor(&self, login: &str, factor: Option<SecondFactor>) -> Result<(), StoreError>;
}

/// Why the web could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port is taken or not ours to take.
    #[error("{address}: {source}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// No certificate.
    #[error("certificate: {0}")]
    Certificate(#[from] CertificateError),
    /// No thread, no private socket.
    #[error("web: {0}")]
    Io(#[from] io::Error),
}

/// What gate and handlers share.
#[derive(Clone)]
struct House {
    exchange: Arc<dyn Exchange>,
    board: Board,
    clock: clock::Clock,
    started_at: WallTime,
    sip: SipAddress,
    certificate: Arc<Certificate>,
    sessions: Arc<sessions::Sessions>,
    door: Arc<sign_in::Door>,
    /// The data directory: the gate sends files from it.
    data: PathBuf,
    /// The last examination of each trunk, by its name.
    examinations: Arc<Mutex<HashMap<String, Examination>>>,
    imports: imports::Imports,
    outgoing: Outgoing,
    /// What the OpenID provider said of itself.
    provider: Arc<openid::Known>,
    tickets: Arc<guests::Tickets>,
    turns: Arc<guests::Turns>,
    ground: Ground,
    captures: Captures,
    ending: ending::Ending,
}

/// Starts the web on its own threads and returns when it answers. `data` is the data directory.
///
/// # Errors
/// When a port can't be had.
pub fn serve(
    config: WebConfig,
    exchange: Arc<dyn Exchange>,
    board: Board,
    data: PathBuf,
) -> Result<WebAddresses, StartError> {
    let imports = imports::start(Arc::clone(&exchange), board.clone(), &data)?;
    let captures = captures(&board, &data);
    let house = House {
        exchange,
        board,
        clock: clock::Clock::start(),
        started_at: config.started_at,
        sip: config.sip,
        certificate: Arc::clone(&config.certificate),
        sessions: Arc::new(sessions::Sessions::default()),
        door: Arc::new(sign_in::Door::default()),
        data: data.clone(),
        examinations: Arc::default(),
        imports,
        outgoing: config.outgoing,
        provider: Arc::default(),
        tickets: Arc::default(),
        turns: Arc::default(),
        ground: config.ground.clone(),
        captures,
        ending: ending::Ending::default(),
    };
    let certificate = Arc::clone(&config.certificate);
    let inner = workers::start(house.clone())?;
    let phones = house.exchange.phones().clone();
    let addresses = gate::start(config, house, certificate, inner)?;
    phones.set_web(addresses.http.port(), addresses.https.port());
    Ok(addresses)
}

/// The shelf of captures; pages are told when one begins or ends.
fn captures(board: &Board, data: &std::path::Path) -> Captures {
    let board = board.clone();
    let tell = move || {
        let text = "a capture began or ended".to_owned();
        board.tell(Event::System { what: "captures", text, at: clock::wall() });
    };
    Captures::open(data, tell)
}
