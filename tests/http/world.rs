//! A box with an office, a board that tests fill by hand, and a history that is a vector.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, RwLock};

use argon2::password_hash::{PasswordHasher, SaltString};
use dozvon::base::{CallId, Duration, Instant, MessageId, RecordingId, Rng, WallTime};
use dozvon::engine::ListenRefused;
use dozvon::engine::live::{TrunkState, TrunkView};
use dozvon::guard::limits::{Tally, Usage};
use dozvon::guard::{Alarm, AtHome, Ban, Moment, Ward};
use dozvon::io::board::Board;
use dozvon::io::certificate::{CA_FILE, Certificate};
use dozvon::io::config::{Config, Paths};
use dozvon::io::http::{Exchange, Ground, Notices, SipAddress, WebAddresses, WebConfig, serve};
use dozvon::io::journal::Journal;
use dozvon::io::journal::syslog::SyslogHandle;
use dozvon::io::licence::{InstallError, Keeper};
use dozvon::io::machine::Machine;
use dozvon::io::out::Outgoing;
use dozvon::io::phones::Phones;
use dozvon::io::signalling::Message;
use dozvon::io::steward::client::Steward;
use dozvon::io::store::{
    AlarmFilter, AlarmRow, AllowanceRow, AuditFilter, AuditRow, Deed, DeliveryRow, HistoryFilter, HistoryPage,
    HistoryRow, MessageRow, Place, RecordingRow, SecondFactor, StoreError, StoredStep, Summary, TokenRow, Version,
};
use dozvon::io::trunk_doctor::{Examination, Patient};
use dozvon::io::update::Updates;
use dozvon::number::Plan;
use dozvon::office::{
    CallerIdIn, Device, Extension, Forward, Listening, MediaFile, MobileDevice, NumberFormat, Office, Permissions,
    Role, Settings, SipDevice, Srtp, Trunk, User,
};
use dozvon::sip::Transport;
use dozvon::trust::Standing;
use sha2::{Digest, Sha256};

pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const TOKEN: &str = "token-of-an-admin";
pub(crate) const VIEWER_TOKEN: &str = "token-of-a-viewer";
/// Servers that tests ask are on loopback.
pub(crate) const TESTS: Outgoing = Outgoing::of(true);
/// In the address that telephones are told to look at first.
pub(crate) const PHONES_SECRET: &str = "boxsecret234";
pub(crate) const START: WallTime = WallTime(1_795_605_600_000); // 2026-11-25 14:20 in Moscow

pub(crate) struct World {
    pub(crate) board: Board,
    pub(crate) box_: Arc<FakeBox>,
    pub(crate) at: WebAddresses,
    pub(crate) data: PathBuf,
}

pub(crate) struct FakeBox {
    pub(crate) office: RwLock<Arc<Office>>,
    pub(crate) rows: Mutex<Vec<HistoryRow>>,
    pub(crate) steps: Mutex<HashMap<CallId, Vec<StoredStep>>>,
    pub(crate) signalling: Mutex<HashMap<CallId, Vec<Message>>>,
    pub(crate) summary: Mutex<Summary>,
    /// What summaries were asked of.
    pub(crate) asked: Mutex<Vec<(WallTime, WallTime, usize)>>,
    pub(crate) recordings: Mutex<Vec<RecordingRow>>,
    pub(crate) messages: Mutex<Vec<MessageRow>>,
    pub(crate) hung_up: Mutex<Vec<CallId>>,
    /// How often this process was told to end.
    pub(crate) stopped: AtomicU32,
    /// Calls that were ordered: by whom, to whom.
    pub(crate) ordered: Mutex<Vec<(String, String)>>,
    /// Calls that were listened to: which, by whom, whether whispering.
    pub(crate) listened: Mutex<Vec<(CallId, String, bool)>>,
    /// Versions: who and why.
    pub(crate) changes: Mutex<Vec<String>>,
    /// What was noted for the audit log.
    pub(crate) deeds: Mutex<Vec<Deed>>,
    pub(crate) phones: Phones,
    /// NOTIFYs that were ordered: login, event.
    pub(crate) notified: Mutex<Vec<(String, String)>>,
    /// What an admin was told.
    pub(crate) raised: Mutex<Vec<Alarm>>,
    pub(crate) ward: Mutex<Ward>,
    /// The disk does not answer.
    pub(crate) broken: Mutex<bool>,
    /// Of a box on trial.
    licence: Keeper,
    allowances: Mutex<Vec<AllowanceRow>>,
    updates: Updates,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(office(vec![user("admin", Role::Admin, false), user("looker", Role::Viewer, false)]))
    }

    pub(crate) fn with(office: Office) -> Self {
        Self::on(office, ground())
    }

    /// A box on other ground.
    pub(crate) fn on(office: Office, ground: Ground) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let data = std::env::temp_dir().join(format!("dozvon-http-{}-{number}", std::process::id()));
        let box_ = Arc::new(FakeBox {
            office: RwLock::new(Arc::new(office)),
            rows: Mutex::default(),
            steps: Mutex::default(),
            signalling: Mutex::default(),
            summary: Mutex::default(),
            asked: Mutex::default(),
            recordings: Mutex::default(),
            messages: Mutex::default(),
            hung_up: Mutex::default(),
            stopped: AtomicU32::default(),
            ordered: Mutex::default(),
            listened: Mutex::default(),
            changes: Mutex::default(),
            deeds: Mutex::default(),
            phones: Phones::new(PHONES_SECRET.to_owned(), Vec::new(), 1, Rng::from_seed(1), Box::new(|_| ())),
            notified: Mutex::default(),
            raised: Mutex::default(),
            ward: Mutex::new(ward()),
            broken: Mutex::default(),
            licence: Keeper::read(&data, dozvon::io::clock::wall()),
            allowances: Mutex::default(),
            updates: Updates::new(&data),
        });
        let board = Board::new(START);
        let free = "127.0.0.1:0".parse().unwrap();
        let sip = SipAddress { host: None, udp: 5060, tcp: 5062, tls: 5061 };
        let certificate = Certificate::open(data.join("tls"), &[], dozvon::io::clock::wall).unwrap();
        let (http, https, names) = (free, free, names());
        let config = WebConfig { http, https, started_at: START, names, outgoing: TESTS, sip, certificate, ground };
        let at = serve(config, box_.clone(), board.clone(), data.clone()).unwrap();
        Self { board, box_, at, data }
    }

    /// Changes the office behind the API's back.
    pub(crate) fn edit(&self, edit: impl FnOnce(&mut Office)) {
        let mut office = self.box_.office.write().unwrap();
        let mut changed = Office::clone(&office);
        edit(&mut changed);
        *office = Arc::new(changed);
    }

    pub(crate) fn add_media(&self, name: &str) {
        let media = MediaFile { name: name.to_owned(), file: format!("{name}.ogg"), clip: None };
        self.edit(|office| office.media.push(media));
    }

    pub(crate) fn ca(&self) -> PathBuf {
        self.data.join("tls").join(CA_FILE)
    }
}

/// A web that can be asked: of a made box, or of a real one.
pub(crate) trait Served {
    fn at(&self) -> WebAddresses;
    /// The authority to trust.
    fn ca(&self) -> PathBuf;
}

impl Served for World {
    fn at(&self) -> WebAddresses {
        self.at
    }

    fn ca(&self) -> PathBuf {
        Self::ca(self)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.data);
    }
}

/// Of an office at 192.168.1.0/24.
fn ward() -> Ward {
    let mut ward = Ward::default();
    ward.set_trusted(vec!["192.168.1.0/24".parse().unwrap()]);
    ward
}

impl FakeBox {
    fn disk(&self) -> Result<(), StoreError> {
        if *self.broken.lock().unwrap() {
            let why = std::io::ErrorKind::StorageFull.into();
            return Err(StoreError::NotWritable { path: "nowhere".into(), why });
        }
        Ok(())
    }
}

/// An exchange that carries no calls, for the trunk doctor.
struct Idle;

impl Patient for Idle {
    fn trunk(&self, name: &str) -> Option<TrunkView> {
        Some(TrunkView { name: name.to_owned(), state: TrunkState::WrongPassword { status: 403 }, since: START })
    }

    fn authorities(&self) -> Vec<dozvon::office::Authority> {
        Vec::new()
    }

    fn try_trunk(&self, _: &str, _: Option<NumberFormat>) {
        panic!("who is not registered is not tried");
    }

    fn rows(&self, _: &HistoryFilter) -> Vec<HistoryRow> {
        Vec::new()
    }

    fn steps(&self, _: CallId) -> Vec<StoredStep> {
        Vec::new()
    }
}

impl Notices for FakeBox {
    fn raise(&self, alarm: Alarm) {
        self.raised.lock().unwrap().push(alarm);
    }

    // What follows is tested with a real box: see notices.rs.

    fn alarms(&self, _: &AlarmFilter, _: usize, _: Option<i64>) -> Result<Vec<AlarmRow>, StoreError> {
        self.disk().map(|()| Vec::new())
    }

    fn unseen_alarms(&self) -> Result<u64, StoreError> {
        self.disk().map(|()| 0)
    }

    fn see_alarm(&self, _: Option<i64>) -> Result<bool, StoreError> {
        self.disk().map(|()| false)
    }

    fn deliveries(&self, _: &str, _: usize) -> Result<Vec<DeliveryRow>, StoreError> {
        self.disk().map(|()| Vec::new())
    }
}

impl Exchange for FakeBox {
    fn office(&self) -> Arc<Office> {
        self.office.read().unwrap().clone()
    }

    fn updates(&self) -> &Updates {
        &self.updates
    }

    fn usage(&self) -> Option<Usage> {
        let tally = |calls| Tally { calls, calls_today: 12, time_today: Duration::from_secs(95 * 60 + 40) };
        let extensions = [("200".to_owned(), tally(1)), ("999".to_owned(), tally(0))].into();
        Some(Usage { office: tally(1), extensions })
    }

    fn allowances(&self) -> Result<Vec<AllowanceRow>, StoreError> {
        self.disk()?;
        Ok(self.allowances.lock().unwrap().clone())
    }

    fn allow(&self, extension: &str, span: Duration, by: &str) -> Result<AllowanceRow, StoreError> {
        self.disallow(extension)?;
        let row = AllowanceRow { extension: extension.to_owned(), until: START + span, by: by.to_owned() };
        self.allowances.lock().unwrap().push(row.clone());
        Ok(row)
    }

    fn disallow(&self, extension: &str) -> Result<bool, StoreError> {
        self.disk()?;
        let mut rows = self.allowances.lock().unwrap();
        let before = rows.len();
        rows.retain(|row| row.extension != extension);
        Ok(rows.len() < before)
    }

    fn licence(&self) -> &Keeper {
        &self.licence
    }

    fn install_licence(&self, text: &str) -> Result<Standing, InstallError> {
        self.disk().map_err(|_| InstallError::Disk(std::io::ErrorKind::StorageFull.into()))?;
        self.licence.install(text)
    }

    fn plan(&self) -> Plan {
        Plan::load("RU", "812", None).unwrap()
    }

    fn change(
        &self,
        author: &str,
        reason: &str,
        edit: &mut dyn FnMut(&Office) -> Option<Office>,
    ) -> Result<Option<i64>, StoreError> {
        let mut office = self.office.write().unwrap();
        let Some(changed) = edit(&office) else { return Ok(None) };
        self.disk()?;
        *office = Arc::new(changed);
        let mut changes = self.changes.lock().unwrap();
        changes.push(format!("{author}: {reason}"));
        Ok(Some(i64::try_from(changes.len()).unwrap()))
    }

    fn order_call(&self, extension: &str, to: &str) -> Option<CallId> {
        let mut ordered = self.ordered.lock().unwrap();
        ordered.push((extension.to_owned(), to.to_owned()));
        u64::try_from(ordered.len()).ok().map(CallId)
    }

    fn examine(&self, trunk: Trunk) -> std::io::Result<Examination> {
        Examination::begin(Arc::new(Idle), trunk)
    }

    fn listen_in(&self, call: CallId, extension: &str, whispers: bool) -> Result<CallId, ListenRefused> {
        if self.office().protection.listening == Listening::Off {
            return Err(ListenRefused::NotAllowed);
        }
        self.listened.lock().unwrap().push((call, extension.to_owned(), whispers));
        Ok(CallId(70))
    }

    fn phones(&self) -> &Phones {
        &self.phones
    }

    fn bans(&self) -> Result<Vec<Ban>, StoreError> {
        Ok(self.ward.lock().unwrap().bans(Instant::ZERO))
    }

    fn ban(&self, address: IpAddr, length: Duration) -> Result<Result<Ban, AtHome>, StoreError> {
        let moment = Moment { now: Instant::ZERO, wall: START };
        Ok(self.ward.lock().unwrap().ban(moment, address, length))
    }

    fn lift_ban(&self, id: i64) -> Result<bool, StoreError> {
        Ok(self.ward.lock().unwrap().lift(Instant::ZERO, id))
    }

    fn notify(&self, login: &str, event: &str) {
        self.notified.lock().unwrap().push((login.to_owned(), event.to_owned()));
    }

    fn stop(&self) {
        self.stopped.fetch_add(1, Ordering::Relaxed);
    }

    fn hang_up(&self, call: CallId) {
        self.hung_up.lock().unwrap().push(call);
    }

    fn history(&self, filter: &HistoryFilter, limit: usize, before: Option<Place>) -> Result<HistoryPage, StoreError> {
        self.disk()?;
        let rows = self.rows.lock().unwrap();
        let place = |row: &HistoryRow| (row.started_at.millis(), i64::try_from(row.call.0).unwrap());
        let fits = |row: &&HistoryRow| {
            before.is_none_or(|before| place(row) < before)
                && filter.direction.as_ref().is_none_or(|direction| *direction == row.direction)
                && filter.number.as_ref().is_none_or(|number| *number == row.caller || *number == row.called)
        };
        Ok(HistoryPage::cut(rows.iter().rev().filter(fits).take(limit + 1).cloned().collect(), limit))
    }

    fn signalling(&self, call: CallId) -> Result<Vec<Message>, StoreError> {
        self.disk()?;
        Ok(self.signalling.lock().unwrap().get(&call).cloned().unwrap_or_default())
    }

    fn summary(&self, from: WallTime, to: WallTime, extensions: &[String]) -> Result<Summary, StoreError> {
        self.disk()?;
        self.asked.lock().unwrap().push((from, to, extensions.len()));
        Ok(self.summary.lock().unwrap().clone())
    }

    fn row(&self, call: CallId) -> Result<Option<HistoryRow>, StoreError> {
        self.disk()?;
        Ok(self.rows.lock().unwrap().iter().find(|row| row.call == call).cloned())
    }

    fn steps(&self, call: CallId) -> Result<Vec<StoredStep>, StoreError> {
        self.disk()?;
        Ok(self.steps.lock().unwrap().get(&call).cloned().unwrap_or_default())
    }

    fn recordings(
        &self,
        call: Option<CallId>,
        limit: usize,
        before: Option<(i64, i64)>,
    ) -> Result<Vec<RecordingRow>, StoreError> {
        self.disk()?;
        let rows = self.recordings.lock().unwrap();
        let place = |row: &RecordingRow| (row.started_at.millis(), i64::try_from(row.recording.0).unwrap());
        let fits = |row: &&RecordingRow| {
            before.is_none_or(|before| place(row) < before) && call.is_none_or(|call| row.call == call)
        };
        Ok(rows.iter().rev().filter(fits).take(limit).cloned().collect())
    }

    fn recording(&self, recording: RecordingId) -> Result<Option<RecordingRow>, StoreError> {
        self.disk()?;
        Ok(self.recordings.lock().unwrap().iter().find(|row| row.recording == recording).cloned())
    }

    fn remove_recording(&self, row: &RecordingRow) -> Result<(), StoreError> {
        self.disk()?;
        self.recordings.lock().unwrap().retain(|other| other.recording != row.recording);
        Ok(())
    }

    fn messages(
        &self,
        extension: Option<&str>,
        limit: usize,
        before: Option<(i64, i64)>,
    ) -> Result<Vec<MessageRow>, StoreError> {
        self.disk()?;
        let rows = self.messages.lock().unwrap();
        let place = |row: &MessageRow| (row.message.at.millis(), i64::try_from(row.message.id.0).unwrap());
        let fits = |row: &&MessageRow| {
            row.duration_ms.is_some()
                && before.is_none_or(|before| place(row) < before)
                && extension.is_none_or(|extension| row.message.extension == extension)
        };
        Ok(rows.iter().rev().filter(fits).take(limit).cloned().collect())
    }

    fn message(&self, message: MessageId) -> Result<Option<MessageRow>, StoreError> {
        self.disk()?;
        Ok(self.messages.lock().unwrap().iter().find(|row| row.message.id == message).cloned())
    }

    fn mark_message(&self, message: MessageId, heard: bool) -> Result<bool, StoreError> {
        self.disk()?;
        let mut rows = self.messages.lock().unwrap();
        let found = rows.iter_mut().find(|row| row.message.id == message);
        Ok(found.map(|row| row.message.heard = heard).is_some())
    }

    fn remove_message(&self, message: MessageId) -> Result<bool, StoreError> {
        self.disk()?;
        let mut rows = self.messages.lock().unwrap();
        let before = rows.len();
        rows.retain(|row| row.message.id != message);
        Ok(rows.len() < before)
    }

    fn token(&self, sha256: &[u8; 32]) -> Result<Option<TokenRow>, StoreError> {
        let is = |token: &str| Sha256::digest(token).as_slice() == sha256;
        let row = |name: &str, role| TokenRow { name: name.to_owned(), role, created_at: START, used_at: None };
        Ok(if is(TOKEN) { Some(row("all", Role::Admin)) } else { is(VIEWER_TOKEN).then(|| row("look", Role::Viewer)) })
    }

    // What follows is tested with a real box: see real.rs.

    fn token_used(&self, _: &str, _: WallTime) {}

    fn tokens(&self) -> Result<Vec<TokenRow>, StoreError> {
        self.disk().map(|()| Vec::new())
    }

    fn add_token(&self, _: &str, _: Role, _: [u8; 32], _: WallTime) -> Result<(), StoreError> {
        self.disk()
    }

    fn remove_token(&self, _: &str) -> Result<bool, StoreError> {
        self.disk().map(|()| false)
    }

    fn versions(&self, _: usize, _: Option<i64>) -> Result<Vec<Version>, StoreError> {
        self.disk().map(|()| Vec::new())
    }

    fn revert_at(&self, _: i64) -> Option<WallTime> {
        None
    }

    fn confirm(&self, _: i64) -> Result<bool, StoreError> {
        self.disk().map(|()| false)
    }

    fn note(&self, deed: Deed) {
        self.deeds.lock().unwrap().push(deed);
    }

    fn audit(&self, _: &AuditFilter, _: usize, _: Option<i64>) -> Result<Vec<AuditRow>, StoreError> {
        self.disk().map(|()| Vec::new())
    }

    fn second_factor(&self, _: &str) -> Result<Option<SecondFactor>, StoreError> {
        self.disk().map(|()| None)
    }

    fn second_factors(&self) -> Result<Vec<String>, StoreError> {
        self.disk().map(|()| Vec::new())
    }

    fn set_second_factor(&self, _: &str, _: Option<SecondFactor>) -> Result<(), StoreError> {
        self.disk()
    }
}

/// A plain Linux, where nobody starts the exchange again.
pub(crate) fn ground() -> Ground {
    let journal = Journal::default();
    let syslog = SyslogHandle::new(journal.clone(), TESTS);
    let machine = Machine::new(Steward::at("/nowhere/steward.sock".into()), None);
    // where nobody can make a directory: the doctor would
    let paths = Paths { data: "/proc/nowhere".into() };
    Ground { journal, syslog, machine, supervised: false, config: Config { paths, ..Config::default() } }
}

/// How tests call the box.
pub(crate) fn names() -> Vec<String> {
    ["a", "box", "box.local"].map(str::to_owned).into()
}

pub(crate) fn user(login: &str, role: Role, must_change: bool) -> User {
    let salt = SaltString::from_b64("c2FsdHNhbHRzYWx0").unwrap();
    // Cheap parameters: what is tested here is not argon2.
    let cheap = argon2::Params::new(64, 1, 1, None).unwrap();
    let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, cheap);
    let password_hash = argon2.hash_password(PASSWORD.as_bytes(), &salt).unwrap().to_string();
    User::new(login, role, password_hash, must_change)
}

pub(crate) fn office(users: Vec<User>) -> Office {
    Office {
        settings: Settings {
            name: "ООО Ромашка".to_owned(), area_code: "812".to_owned(), ..Settings::default()
        },
        trunks: vec![trunk("Основной городской", "78126122981"), trunk("Запасной", "78126400512")],
        extensions: vec![
            extension("200", "Приёмная"),
            extension("201", "Бухгалтерия"),
            extension("202", "Склад"),
            extension("203", "Отдел продаж"),
            extension("204", "Кабинет директора"),
            extension("205", "Охрана"),
        ],
        users,
        ..Office::default()
    }
}

pub(crate) fn trunk(name: &str, number: &str) -> Trunk {
    Trunk {
        name: name.to_owned(),
        number: number.to_owned(),
        numbers: vec![],
        server: "sip.example.org".to_owned(),
        login: number.to_owned(),
        password: "carrier-secret".to_owned(),
        comment: "договор 17/2026".to_owned(),
        register: true,
        transport: Transport::Udp,
        auth_login: String::new(),
        outbound_proxy: String::new(),
        from_domain: String::new(),
        number_format: NumberFormat::E164,
        caller_id_in: CallerIdIn::From,
        codecs: vec!["pcma".to_owned()],
        max_calls: 0,
        register_every: 300,
        srtp: Srtp::Off,
    }
}

fn extension(number: &str, employee: &str) -> Extension {
    let sip = SipDevice {
        forward: Forward::Conditional { busy: "201".to_owned(), no_answer: String::new() },
        ..SipDevice::new(&format!("user{number}s0"), &format!("phone-secret-{number}"))
    };
    let mobile = MobileDevice { number: "79211234567".to_owned(), ring_seconds: 20, confirm: false };
    let mut devices = vec![Device::Sip(sip)];
    if number == "200" {
        devices.push(Device::Mobile(mobile));
    }
    Extension {
        employee: employee.to_owned(),
        outgoing_number: "78126122981".to_owned(),
        permissions: Permissions { city: true, ..Permissions::default() },
        devices,
        ..Extension::new(number)
    }
}

/// A finished call; `minutes` after the start.
pub(crate) fn row(id: u64, minutes: i64) -> HistoryRow {
    let started_at = WallTime(START.millis() + minutes * 60_000);
    HistoryRow {
        call: CallId(id),
        started_at,
        direction: "inbound".to_owned(),
        caller: "79215550816".to_owned(),
        caller_name: String::new(),
        called: "78126122981".to_owned(),
        trunk: Some("Основной городской".to_owned()),
        answered_at: Some(WallTime(started_at.millis() + 18_000)),
        answered_by: Some("201".to_owned()),
        ended_at: Some(WallTime(started_at.millis() + 185_000)),
        outcome: Some("answered".to_owned()),
        cause: Some("caller_hung_up".to_owned()),
        status: Some(200),
        ring_ms: 18_000,
        talk_ms: 167_000,
        quality: Some(serde_json::json!([{ "loss": 0.1 }, null])),
        recordings: Vec::new(),
    }
}
