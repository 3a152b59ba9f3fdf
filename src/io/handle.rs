//! The exchange as other threads hold it: the office in force, the way to change it, and orders to the engine's loop.
//! The same handle serves a stopped data directory; then nobody listens to the orders.

mod exchange;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, Weak};

use tokio::sync::mpsc;

use super::accounts::{self, FirstSignIn};
use super::backup::{self, BackupError, Backups};
use super::board::Board;
use super::clock::Stopwatch;
use super::licence::{InstallError, Keeper};
use super::phones::{News, Phones, SECRET_LENGTH};
use super::probation::{CONFIRM_TIME, is_risky};
use super::recordings::RecorderHandle;
use super::revert::Watch;
use super::signalling::SignallingHandle;
use super::store::{AllowanceRow, DataDir, HistoryFilter, HistoryRow, Opened, Reader, Store, StoreError, StoredStep};
use super::trunk_doctor::Patient;
use super::update::Updates;
use super::voicemail::{NewMessage, VoicemailHandle};
use super::webhooks::{Happening, WebhooksHandle};
use super::{clock, files, http, reserve, store};
use crate::base::{CallId, Duration, Message, MessageId, RecordingId, Rng, WallTime};
use crate::call::{Edit, Shelf};
use crate::desk;
use crate::engine::live::TrunkView;
use crate::engine::{ListenRefused, StoredBinding, StoredServer, StoredSubscription};
use crate::guard::limits::{Usage, Use};
use crate::guard::{Alarm, AtHome, Ban};
use crate::machine::forecast::Growth;
use crate::media::Clip;
use crate::number::Plan;
use crate::office::file::{self, Context};
use crate::office::{Authority, NumberFormat, Office, Settings};
use crate::provision::ledger::Stored;
use crate::trust::{Allowance, Standing};

/// Holds the exchange. Clones are the same exchange.
#[derive(Clone, Debug)]
pub struct Handle(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    orders: mpsc::UnboundedSender<Order>,
    alarms: SyncSender<Alarm>,
    /// While the exchange runs.
    webhooks: OnceLock<WebhooksHandle>,
    office: RwLock<Arc<Office>>,
    /// Held while the office changes, from reading the present one on.
    changing: Mutex<()>,
    store: Store,
    reader: Reader,
    directory: DataDir,
    board: Board,
    rng: Mutex<Rng>,
    /// While the exchange runs.
    voicemail: OnceLock<VoicemailHandle>,
    /// While the exchange runs.
    signalling: OnceLock<SignallingHandle>,
    /// For long reading, so that pages need not wait for it.
    long_reader: Reader,
    growth: Mutex<Option<(Stopwatch, Option<Growth>)>>,
    /// In force with the office.
    plan: RwLock<Plan>,
    watch: Watch,
    licence: Keeper,
    phones: Phones,
    updates: Updates,
    /// The password that the first start made, and its hash.
    first_password: Option<(String, String)>,
    /// While the exchange runs.
    backups: OnceLock<Backups>,
}

/// A handle that keeps nothing alive.
#[derive(Debug)]
pub(super) struct WeakHandle(Weak<Inner>);

impl WeakHandle {
    /// The handle, while somebody else holds it.
    pub(super) fn upgrade(&self) -> Option<Handle> {
        self.0.upgrade().map(Handle)
    }
}

/// What the engine's loop is told.
#[derive(Debug)]
pub enum Order {
    /// End this process, calls in good order.
    Stop,
    /// End this call.
    HangUp(CallId),
    /// Ring an extension, and let who answers call; the call's id goes to whoever waits.
    Call {
        /// Whose telephones ring.
        extension: String,
        /// As somebody there would dial it.
        to: String,
        /// `None`: as many calls as may be, or no such extension.
        answer: Sender<Option<CallId>>,
    },
    /// Ring an extension, and let who answers hear a call.
    Listen {
        /// Which call.
        call: CallId,
        /// Whose telephones ring.
        extension: String,
        /// He speaks to our side.
        whispers: bool,
        /// The call that rings there.
        answer: Sender<Result<CallId, ListenRefused>>,
    },
    /// Tell the bans in force.
    Bans(Sender<Vec<Ban>>),
    /// Ban an address for so long.
    Ban(IpAddr, Duration, Sender<Result<Ban, AtHome>>),
    /// Lift a ban; false: there is none.
    LiftBan(i64, Sender<bool>),
    /// The licence allows this from now on.
    Licence(Allowance),
    /// What calls with the city use up goes to whoever asks.
    Usage(Sender<Usage>),
    /// No limit of outside calls holds for an extension until then; `None`: they hold again.
    Allow {
        /// Which.
        extension: String,
        /// Until when.
        until: Option<WallTime>,
    },
    /// This office is in force, with its numbering plan when that is another one.
    Office(Arc<Office>, Option<Box<Plan>>),
    /// Try whether this trunk carries calls, with the number written so.
    TryTrunk(String, Option<NumberFormat>),
    /// A mailbox holds these messages now.
    Mailbox(String, Vec<Message>),
    /// Send this login's telephones a NOTIFY with this `Event`.
    Notify {
        /// The login.
        login: String,
        /// `check-sync;reboot=false`
        event: String,
    },
    /// Ask a telephone whether it is there: OPTIONS to this contact.
    AskPhone {
        /// The login.
        login: String,
        /// Its Contact's URI.
        contact: String,
    },
    /// What this call records has fallen silent; it had sound for so long.
    Silent(CallId, RecordingId, Duration),
    /// End in good order, and start anew.
    StartAnew,
    /// This is the sound that a call asked for; `None`: it is gone.
    Clip(CallId, Option<Arc<Clip>>),
}

/// An opened data directory.
#[derive(Debug)]
pub struct Beginning {
    /// For everybody.
    pub handle: Handle,
    /// For the engine's loop.
    pub orders: mpsc::UnboundedReceiver<Order>,
    /// What is [raised](Handle::raise), for whoever takes it.
    pub alarms: Option<Receiver<Alarm>>,
    /// Calls that the end of the last process cut.
    pub interrupted: usize,
    /// Registrations from before.
    pub bindings: Vec<StoredBinding>,
    /// Where carriers' servers were.
    pub servers: Vec<StoredServer>,
    /// Groups, and who took their last calls.
    pub last_answered: Vec<(String, String)>,
    /// Bans from before.
    pub bans: Vec<Ban>,
    /// Lamps of phones from before.
    pub subscriptions: Vec<StoredSubscription>,
    /// What calls with the city used up before.
    pub uses: Vec<Use>,
    /// Extensions whose limits of outside calls are lifted.
    pub allowances: Vec<AllowanceRow>,
    /// The numbering plan of the office.
    pub plan: Plan,
    /// At the first start only.
    pub first_sign_in: Option<FirstSignIn>,
}

/// Why a data directory can't be used, or its office not be changed.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// The disk or the database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is stored was written by hand, or by a version with other rules.
    #[error("the stored office can't be read: {0}")]
    Office(String),
    /// What was to be restored can't be put in its place.
    #[error("restore: {0}")]
    Restore(#[from] BackupError),
    /// The country or the area code.
    #[error("numbering plan: {0}")]
    Plan(String),
    /// The database can't be read any more, and no copy has taken its place.
    #[error(
        "{} is damaged ({why}): bring back a backup with `dozvon restore FILE`", path.display()
    )]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        why: String,
    },
    /// No entropy.
    #[error("/dev/urandom: {0}")]
    Entropy(#[from] std::io::Error),
    /// No password could be made.
    #[error(transparent)]
    Account(#[from] accounts::AccountError),
}

impl Handle {
    /// Takes a data directory; makes the office of a new box in an empty one.
    ///
    /// # Errors
    /// See [`HandleError`].
    pub fn open(data: &Path) -> Result<Beginning, HandleError> {
        Self::open_or_return(data, || false)
    }

    /// As [`open`](Self::open), for the exchange: where its database is damaged and `may_return` agrees, the good copy takes its place.
    ///
    /// # Errors
    /// See [`HandleError`].
    pub fn open_or_return(data: &Path, may_return: impl FnOnce() -> bool) -> Result<Beginning, HandleError> {
        let directory = DataDir::take(data)?;
        reserve::give_up_if_full(data);
        // Before anything of it is open: a restore that was ordered, or that a power cut has stopped half way.
        let Some(restored) = backup::finish(data)? else { return Self::open_taken(directory, data, may_return) };
        tracing::info!(taken_back = restored.taken_back, "a backup is in force; what was there before is kept aside");
        let opened = Self::open_taken(directory, data, || false);
        if opened.is_err() && backup::undo(data).is_ok() {
            tracing::error!("what was restored does not work: the next start takes it back");
        }
        opened
    }

    fn open_taken(
        directory: DataDir,
        data: &Path,
        may_return: impl FnOnce() -> bool,
    ) -> Result<Beginning, HandleError> {
        let opened = open_store(data, may_return)?;
        Self::begin(directory, data, opened).inspect_err(|error| {
            // Too late for this start, since the database is open: the next one looks at all of it.
            if matches!(error, HandleError::Store(StoreError::Damaged(_))) {
                store::doubt(data);
            }
        })
    }

    fn begin(directory: DataDir, data: &Path, opened: Opened) -> Result<Beginning, HandleError> {
        let mut rng = Rng::from_entropy(clock::entropy()?);
        let Opened { store, bindings, subscriptions, servers, last_answered, bans, .. } = opened;
        let Opened { version, probation, phones, uses, allowances, interrupted, .. } = opened;
        if interrupted > 0 {
            tracing::warn!(calls = interrupted, "calls were cut by the end of the last process; their rows are closed");
        }
        let newest = version.as_ref().map_or(0, |version| version.id);
        let (office, first_sign_in) = match version {
            Some(version) => (read_stored(&version.office, data, &mut rng)?, None),
            None => {
                let (office, sign_in) = accounts::first_start(&mut rng)?;
                store.add_version(clock::wall(), "dozvon", "first start", file::write(&office, true))?;
                (office, Some(sign_in))
            }
        };
        let plan = plan_of(&office.settings, data)?;
        let (reader, long_reader) = (Reader::open(data)?, Reader::open(data)?);
        let first_version = reader.first_version_at()?.unwrap_or_else(clock::wall);
        let licence = Keeper::read(data, first_version);
        let board = Board::new(clock::wall());
        board.office_applied(&office, clock::wall());
        let (orders, inbox) = mpsc::unbounded_channel();
        let (alarms, raised) = sync_channel(ALARMS_WAITING);
        let phones = open_phones(&store, phones, newest, &mut rng)?;
        let made = first_sign_in.as_ref().and_then(|sign_in| sign_in.password.clone());
        let first_password = made.zip(office.users.first().map(|user| user.password_hash.clone()));
        let handle = Self(Arc::new(Inner {
            orders,
            alarms,
            webhooks: OnceLock::new(),
            office: RwLock::new(Arc::new(office)),
            changing: Mutex::new(()),
            store,
            reader,
            directory,
            board,
            rng: Mutex::new(rng),
            voicemail: OnceLock::new(),
            signalling: OnceLock::new(),
            long_reader,
            growth: Mutex::default(),
            plan: RwLock::new(plan.clone()),
            watch: Watch::new(&probation),
            licence,
            phones,
            updates: Updates::new(data),
            first_password,
            backups: OnceLock::new(),
        }));
        handle.watch_probation();
        Ok(Beginning {
            handle,
            orders: inbox,
            alarms: Some(raised),
            interrupted,
            bindings,
            subscriptions,
            servers,
            last_answered,
            bans,
            uses,
            allowances,
            plan,
            first_sign_in,
        })
    }

    /// The one-time password that this process made at its first start, while nobody has replaced it.
    pub fn first_password(&self) -> Option<&str> {
        let (password, hash) = self.0.first_password.as_ref()?;
        let office = self.office();
        let still = office.users.iter().any(|user| user.must_change && user.password_hash == *hash);
        still.then_some(password.as_str())
    }

    /// The office in force.
    pub fn office(&self) -> Arc<Office> {
        Arc::clone(&self.0.office.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The licence of this box.
    pub fn licence(&self) -> &Keeper {
        &self.0.licence
    }

    /// Looks at the calendar for the licence's sake; the engine is told what holds.
    pub(super) fn look_at_licence(&self) -> Standing {
        let standing = self.0.licence.look();
        self.tell(Order::Licence(standing.allowance));
        standing
    }

    /// Takes a licence in place of the present one.
    ///
    /// # Errors
    /// See [`InstallError`]; the present one stays then.
    pub fn install_licence(&self, text: &str) -> Result<Standing, InstallError> {
        let standing = self.0.licence.install(text)?;
        self.tell(Order::Licence(standing.allowance));
        Ok(standing)
    }

    /// Ends a call.
    pub fn hang_up(&self, call: CallId) {
        // A stopped exchange has no calls.
        let _ = self.0.orders.send(Order::HangUp(call));
    }

    /// Puts an office in force: a version on the disk, then the snapshot, then the engine.
    ///
    /// # Errors
    /// When the disk refuses; nothing has changed then.
    pub fn apply(&self, office: Office, author: &str, reason: &str) -> Result<(), HandleError> {
        self.change(author, reason, |_| Ok(Some(office))).map(drop)
    }

    /// Changes the office by what `edit` makes of the present one; `None` leaves it. Others who change wait meanwhile. Returns the
    /// id of the new version, if there is one.
    ///
    /// # Errors
    /// What `edit` refuses, or the disk; nothing has changed then.
    pub fn change<E: From<HandleError>>(
        &self,
        author: &str,
        reason: &str,
        edit: impl FnOnce(&Office) -> Result<Option<Office>, E>,
    ) -> Result<Option<i64>, E> {
        let _turn = self.0.changing.lock().unwrap_or_else(PoisonError::into_inner);
        match edit(&self.office())? {
            Some(office) => Ok(Some(self.put(office, author, reason)?)),
            None => Ok(None),
        }
    }

    /// Tells the engine's loop.
    pub fn tell(&self, order: Order) {
        // A stopped exchange has no calls.
        let _ = self.0.orders.send(order);
    }

    /// Asks the engine's loop.
    fn ask_loop<T>(&self, order: impl FnOnce(Sender<T>) -> Order) -> Result<T, StoreError> {
        let (answer, inbox) = channel();
        self.tell(order(answer));
        inbox.recv_timeout(ORDER_PATIENCE).map_err(|_| StoreError::Closed)
    }

    /// Tells the admin. Never waits: beyond [`ALARMS_WAITING`] on their way it is dropped, since so many say nothing new.
    pub fn raise(&self, alarm: Alarm) {
        // Nobody listens in a stopped exchange.
        let _ = self.0.alarms.try_send(alarm);
    }

    /// Tells webhooks, when there are any who want to hear. Never waits.
    pub fn happened(&self, happening: impl FnOnce() -> Happening) {
        if let Some(webhooks) = self.0.webhooks.get() {
            webhooks.happened(happening);
        }
    }

    /// From now on webhooks are told there.
    pub fn set_webhooks(&self, webhooks: WebhooksHandle) {
        let _ = self.0.webhooks.set(webhooks);
    }

    /// What calls want of mailboxes and of what was recorded.
    pub fn shelve(&self, recorder: &RecorderHandle, order: Shelf) {
        let Some(voicemail) = self.voicemail() else { return };
        let as_message = |id: RecordingId| MessageId(id.0);
        match order {
            Shelf::Begin { recording, call, at, mailbox: extension, caller, caller_name, is_message, silence } => {
                let new = NewMessage { recording, call, extension, at, caller, caller_name, silence };
                if is_message {
                    voicemail.begin(recorder, new);
                } else {
                    voicemail.begin_draft(recorder, &new);
                }
            }
            Shelf::KeepMessage { recording, .. } => voicemail.commit(recording),
            Shelf::KeepGreeting { recording, mailbox } => voicemail.keep_as_greeting(recording, mailbox),
            Shelf::KeepMedia { recording, by } => {
                let zone = jiff::tz::TimeZone::get(&self.office().settings.timezone).unwrap_or(jiff::tz::TimeZone::UTC);
                let now = jiff::Timestamp::from_millisecond(clock::wall().millis()).unwrap_or_default().to_zoned(zone);
                let name = format!("{by} {}", now.strftime("%Y-%m-%d %H:%M:%S"));
                voicemail.keep_as_media(recording, name, format!("telephone {by}"));
            }
            Shelf::Discard { recording } => voicemail.discard(recording),
            Shelf::RemoveGreeting { mailbox } => voicemail.remove_greeting(mailbox),
            Shelf::Mark { message, heard } => voicemail.mark_heard(as_message(message), heard, |_| {}),
            Shelf::Delete { message } => voicemail.delete(as_message(message), |_| {}),
            Shelf::Load { call, recording } => {
                let handle = self.clone();
                voicemail.load(as_message(recording), move |clip| handle.tell(Order::Clip(call, clip)));
            }
        }
    }

    /// Carries out what a telephone changed, on a thread of its own: the disk is slower than calls may wait.
    pub fn edit(&self, edit: Edit) {
        let handle = self.clone();
        let work = move || {
            let author = format!("telephone {}", edit.author());
            let change = handle.change(&author, "feature code", |office| Ok::<_, HandleError>(edit.apply(office)));
            if let Err(error) = change {
                tracing::error!(%error, "what a telephone set was not kept");
            }
        };
        if let Err(error) = std::thread::Builder::new().name("edit".to_owned()).spawn(work) {
            tracing::error!(%error, "what a telephone set was not kept");
        }
    }

    /// The writer.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// What the engine tells.
    pub fn board(&self) -> &Board {
        &self.0.board
    }

    /// Reads the database.
    pub(super) fn reader(&self) -> &Reader {
        &self.0.reader
    }

    /// What the data have grown by of late; kept for an hour, since it is not had for nothing.
    pub fn growth(&self) -> Option<Growth> {
        let mut known = self.0.growth.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, growth)) = known.as_ref()
            && at.elapsed() < GROWTH_KEPT
        {
            return *growth;
        }
        let growth = self.0.reader.growth(clock::wall()).unwrap_or_else(|error| {
            tracing::warn!(%error, "nobody knows how fast the data grow");
            None
        });
        *known = Some((Stopwatch::start(), growth));
        growth
    }

    /// Changes that wait for their confirmation.
    pub(super) fn watch(&self) -> &Watch {
        &self.0.watch
    }

    /// The same exchange, without keeping it.
    pub(super) fn downgrade(&self) -> WeakHandle {
        WeakHandle(Arc::downgrade(&self.0))
    }

    /// The data directory.
    pub fn data(&self) -> &Path {
        self.0.directory.path()
    }

    /// Chance for logins and passwords.
    pub fn rng(&self) -> MutexGuard<'_, Rng> {
        self.0.rng.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The numbering plan in force.
    pub fn plan(&self) -> Plan {
        self.0.plan.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The plan that an office of these settings would have; `None`: there is none for them.
    pub fn plan_for(&self, settings: &Settings) -> Option<Plan> {
        if is_of_same_plan(&self.office().settings, settings) {
            return Some(self.plan());
        }
        plan_of(settings, self.data()).ok()
    }

    /// The mailboxes; `None` while the exchange does not run.
    pub fn voicemail(&self) -> Option<&VoicemailHandle> {
        self.0.voicemail.get()
    }

    /// From now on the mailboxes are looked after there.
    pub fn set_voicemail(&self, voicemail: VoicemailHandle) {
        let _ = self.0.voicemail.set(voicemail);
    }

    /// Telephones that configure themselves.
    pub fn phones(&self) -> &Phones {
        &self.0.phones
    }

    /// Updates of the box.
    pub fn updates(&self) -> &Updates {
        &self.0.updates
    }

    /// From now on signalling is kept there.
    pub fn set_signalling(&self, signalling: SignallingHandle) {
        let _ = self.0.signalling.set(signalling);
    }

    /// The backups; `None` while the exchange does not run.
    pub fn backups(&self) -> Option<&Backups> {
        self.0.backups.get()
    }

    /// From now on backups are looked after there.
    pub fn set_backups(&self, backups: Backups) {
        let _ = self.0.backups.set(backups);
    }

    /// Has the exchange end in good order and start anew, when whoever asked has his answer.
    pub fn start_anew(&self) {
        let handle = self.clone();
        let work = move || {
            std::thread::sleep(ANSWER_FIRST);
            handle.tell(Order::StartAnew);
        };
        if let Err(error) = std::thread::Builder::new().name("restart".to_owned()).spawn(work) {
            tracing::error!(%error, "the exchange does not start anew");
        }
    }

    /// Orders a change of the mailboxes, and waits for its answer.
    fn ask_voicemail<T: Send + 'static>(
        &self,
        order: impl FnOnce(&VoicemailHandle, Box<dyn FnOnce(Result<T, StoreError>) + Send>),
    ) -> Result<T, StoreError> {
        let (answer, inbox) = channel();
        order(self.voicemail().ok_or(StoreError::Closed)?, Box::new(move |result| drop(answer.send(result))));
        inbox.recv().map_err(|_| StoreError::Closed)?
    }

    fn put(&self, mut office: Office, author: &str, reason: &str) -> Result<i64, HandleError> {
        let moved = !is_of_same_plan(&self.office().settings, &office.settings);
        let plan = moved.then(|| plan_of(&office.settings, self.data())).transpose()?.map(Box::new);
        files::load_clips(&mut office, self.data());
        let (at, present) = (clock::wall(), self.office());
        let revert_at = is_risky(author, &present, &office).then(|| at + CONFIRM_TIME);
        let version = self.0.store.add_version_until(at, author, reason, file::write(&office, true), revert_at)?;
        if present.users.iter().any(|user| office.user(&user.login).is_none()) {
            self.0.store.keep_second_factors(office.users.iter().map(|user| user.login.clone()).collect());
        }
        if let Some(plan) = &plan {
            (**plan).clone_into(&mut self.0.plan.write().unwrap_or_else(PoisonError::into_inner));
        }
        let office = Arc::new(office);
        *self.0.office.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&office);
        self.0.board.office_applied(&office, clock::wall());
        self.0.phones.set_version(version);
        self.0.phones.with(|ledger| ledger.keep_only(&office));
        self.0.phones.tell(News::Settings);
        if let Some(webhooks) = self.0.webhooks.get() {
            webhooks.office_changed(&office);
        }
        self.happened(|| Happening::Settings { version, author: author.to_owned(), reason: reason.to_owned() });
        tracing::info!(author, reason, "the office was changed");
        let _ = self.0.orders.send(Order::Office(office, plan));
        if let Some(revert_at) = revert_at {
            self.begin_probation(version, revert_at);
        }
        Ok(version)
    }
}

impl Patient for Handle {
    fn trunk(&self, name: &str) -> Option<TrunkView> {
        self.board().trunk(name)
    }

    fn try_trunk(&self, name: &str, format: Option<NumberFormat>) {
        // A stopped exchange calls nobody.
        let _ = self.0.orders.send(Order::TryTrunk(name.to_owned(), format));
    }

    fn rows(&self, filter: &HistoryFilter) -> Vec<HistoryRow> {
        http::Exchange::history(self, filter, TRIAL_ROWS, None).map(|page| page.rows).unwrap_or_default()
    }

    fn authorities(&self) -> Vec<Authority> {
        self.office().authorities.clone()
    }

    fn steps(&self, call: CallId) -> Vec<StoredStep> {
        http::Exchange::steps(self, call).unwrap_or_default()
    }
}

/// A trial's two rows are among so many of its number.
const TRIAL_ROWS: usize = 50;

/// Opens the database; a damaged one is set aside for its good copy, where that is allowed and there is one.
fn open_store(data: &Path, may_return: impl FnOnce() -> bool) -> Result<Opened, HandleError> {
    let damaged = |why: &str| HandleError::Damaged { path: store::database(data), why: why.to_owned() };
    let opened = if store::is_gone(data) {
        Err(StoreError::Damaged("it is gone".to_owned()))
    } else {
        Store::open(data, clock::wall())
    };
    let why = match opened {
        Err(StoreError::Damaged(why)) => why,
        other => return Ok(other?),
    };
    if !may_return() {
        return Err(damaged(&why));
    }
    let Some(copied) = store::return_good_copy(data, clock::wall())? else { return Err(damaged(&why)) };
    tracing::error!(
        why,
        copied = copied.millis(),
        "the database was damaged and is set aside; its last good copy is in force"
    );
    match Store::open(data, clock::wall()) {
        Err(StoreError::Damaged(why)) => Err(damaged(&why)),
        other => Ok(other?),
    }
}

/// The telephones that the disk remembers, with the box's own secret, made at the first start.
fn open_phones(store: &Store, stored: Vec<Stored>, version: i64, rng: &mut Rng) -> Result<Phones, StoreError> {
    let secret = match store.setting(PHONES_SECRET)? {
        Some(secret) => secret,
        None => {
            let secret = rng.token(SECRET_LENGTH);
            store.set_setting(PHONES_SECRET, &secret)?;
            secret
        }
    };
    let keeper = store.clone();
    let keep = Box::new(move |changed| keeper.keep_phones(changed));
    Ok(Phones::new(secret, stored, version, rng.fork(), keep))
}

/// In the address that telephones are told to look at first.
const PHONES_SECRET: &str = "phones_secret";

fn as_store(error: HandleError) -> StoreError {
    match error {
        HandleError::Store(error) => error,
        other => StoreError::Unreadable { what: "office", why: other.to_string() },
    }
}

/// A page of more calls than a person reads: for a file.
const LONG_PAGE: usize = 600;

/// Reads an office out of the database, with its clips.
///
/// # Errors
/// [`HandleError::Office`].
pub fn read_stored(text: &str, data: &Path, rng: &mut Rng) -> Result<Office, HandleError> {
    // A media file that was lost from the disk is silent; that is no reason for the telephones to stand still.
    let context = Context { rng, exists: &|_| true, check: &desk::check::findings };
    let reading = file::read(text, &Office::default(), context).map_err(|problems| {
        HandleError::Office(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    })?;
    let mut office = reading.office;
    files::load_clips(&mut office, data);
    Ok(office)
}

fn is_of_same_plan(one: &Settings, other: &Settings) -> bool {
    (&one.country, &one.area_code) == (&other.country, &other.area_code)
}

/// The numbering plan of a country; an admin's own table of mobile ranges replaces the shipped one.
fn plan_of(settings: &Settings, data: &Path) -> Result<Plan, HandleError> {
    let own = own_mobile_ranges(&settings.country, data);
    if let Ok(ranges) = std::fs::read_to_string(&own) {
        match Plan::load(&settings.country, &settings.area_code, Some(&ranges)) {
            Ok(plan) => return Ok(plan),
            Err(error) => tracing::error!(file = %own.display(), %error, "the shipped table is used"),
        }
    }
    Plan::load(&settings.country, &settings.area_code, None).map_err(|error| HandleError::Plan(error.to_string()))
}

fn own_mobile_ranges(country: &str, data: &Path) -> PathBuf {
    data.join(format!("{}-mobile.csv", country.to_ascii_lowercase()))
}

/// So long what the data grow by is taken for what it was.
const GROWTH_KEPT: Duration = Duration::from_secs(3600);
/// Alarms on their way to the thread that keeps them.
pub const ALARMS_WAITING: usize = 1_000;
/// An answer has left the box within this.
const ANSWER_FIRST: std::time::Duration = std::time::Duration::from_millis(500);
/// The engine answers within milliseconds, or it does not run.
const ORDER_PATIENCE: std::time::Duration = std::time::Duration::from_secs(3);
