//! The one thread that writes. Records come in a queue and go out in groups, one transaction each; questions and
//! orders of the page are answered between two groups.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread::{JoinHandle, Thread};

use rusqlite::{Connection, ErrorCode};

use super::follower::Follower;
use super::{
    Deed, Opened, Probationer, SecondFactor, StoreError, TokenRow, account, audit, ban, binding, call, good, lease,
    outside, phone, recording, schema, server, subscription, token, turn, version,
};
use crate::base::{Duration, WallTime};
use crate::engine::Record;
use crate::io::clock::Stopwatch;
use crate::office::Role;

/// The way to write. Clones share one thread, which ends by [`Store::close`] or with the last clone.
#[derive(Debug, Clone)]
pub struct Store(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    jobs: Sender<Job>,
    thread: Thread,
    join: std::sync::Mutex<Option<JoinHandle<()>>>,
    counts: Arc<Counts>,
    /// The box that follows this one, when there is one.
    follower: OnceLock<Follower>,
}

#[derive(Debug, Default)]
struct Counts {
    /// Records on their way to the disk.
    queued: AtomicUsize,
    /// Records given up.
    dropped: AtomicU64,
}

enum Job {
    Record(Box<Record>),
    Work(Box<dyn FnOnce(&Connection) + Send>),
    Close,
}

impl Store {
    /// Opens or makes the database of a data directory, migrates it, closes what the last process left open, and
    /// starts the writing thread. `now` decides which registrations still hold.
    ///
    /// # Errors
    /// [`StoreError::NotWritable`], [`StoreError::Newer`], [`StoreError::Foreign`], [`StoreError::Damaged`], [`StoreError::Database`].
    pub fn open(data: &Path, now: WallTime) -> Result<Opened, StoreError> {
        let connection = schema::open(data)?;
        good::check_if_doubtful(&connection, data)?;
        let bindings = binding::restore(&connection, now)?;
        let last_answered = turn::restore(&connection)?;
        let servers = server::restore(&connection)?;
        let bans = ban::restore(&connection, now)?;
        let subscriptions = subscription::restore(&connection, now)?;
        let interrupted = call::close_interrupted(&connection)?;
        let version = version::newest(&connection)?;
        let probation = account::probation(&connection)?;
        let phones = phone::restore(&connection)?;
        let (uses, allowances) = (outside::restore(&connection, now)?, outside::allowances(&connection, now)?);
        let (jobs, inbox) = channel();
        let counts = Arc::new(Counts::default());
        let writer = Writer {
            connection,
            inbox,
            counts: Arc::clone(&counts),
            pending: VecDeque::new(),
            place: 0,
            complaint: None,
        };
        let join = std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || writer.run())
            .map_err(|why| StoreError::Database(why.to_string()))?;
        let thread = join.thread().clone();
        let join = std::sync::Mutex::new(Some(join));
        let shared = Shared { jobs, thread, join, counts, follower: OnceLock::new() };
        let store = Self(Arc::new(shared));
        Ok(Opened {
            store,
            bindings,
            subscriptions,
            servers,
            last_answered,
            bans,
            version,
            probation,
            phones,
            uses,
            allowances,
            interrupted,
        })
    }

    /// From now on, what is asked to be kept is told as kept when the box that follows has it too. `socket` is Litestream's, whose
    /// settings name the database by `data`.
    pub fn follow(&self, socket: &Path, data: &Path) {
        let data = std::path::absolute(data).unwrap_or_else(|_| data.to_owned());
        let _ = self.0.follower.set(Follower::new(socket, super::database(&data)));
    }

    /// Queues a fact. Never waits: beyond [`QUEUE`] records on their way, the record is dropped and counted.
    pub fn record(&self, record: Record) {
        let counts = &self.0.counts;
        if counts.queued.load(Ordering::Relaxed) >= QUEUE {
            counts.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        counts.queued.fetch_add(1, Ordering::Relaxed);
        if self.0.jobs.send(Job::Record(Box::new(record))).is_err() {
            counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Records that never reached the disk, since the start.
    pub fn dropped(&self) -> u64 {
        self.0.counts.dropped.load(Ordering::Relaxed)
    }

    /// Writes an applied office and returns its version.
    ///
    /// # Errors
    /// When the disk or the database refuses; then nothing was written.
    pub fn add_version(&self, at: WallTime, author: &str, reason: &str, office: String) -> Result<i64, StoreError> {
        self.add_version_until(at, author, reason, office, None)
    }

    /// The same for a change that comes back at `revert_at` unless somebody confirms it.
    ///
    /// # Errors
    /// When the disk or the database refuses; then nothing was written.
    pub fn add_version_until(
        &self,
        at: WallTime,
        author: &str,
        reason: &str,
        office: String,
        revert_at: Option<WallTime>,
    ) -> Result<i64, StoreError> {
        let (who, subject) = (author.to_owned(), reason.to_owned());
        self.ask(move |db| {
            let together = db.unchecked_transaction()?;
            let version = version::add(db, at, &who, &subject, &office)?;
            let what = "change".to_owned();
            audit::add(db, &Deed { at, who, address: String::new(), what, subject, version: Some(version) })?;
            if let Some(revert_at) = revert_at {
                account::begin_probation(db, &Probationer { version, made_at: at, revert_at })?;
            }
            together.commit()?;
            Ok(version)
        })
    }

    /// A change is confirmed, or has been taken back.
    ///
    /// # Errors
    /// When the disk or the database refuses.
    pub fn end_probation(&self, version: i64) -> Result<(), StoreError> {
        self.ask(move |db| Ok(account::end_probation(db, version)?))
    }

    /// Keeps what somebody did. Never waits; a disk that refuses is told in the log.
    pub fn note(&self, deed: Deed) {
        self.later("what was done", move |db| audit::add(db, &deed));
    }

    /// A token was shown. Never waits.
    pub fn token_used(&self, name: &str, at: WallTime) {
        let name = name.to_owned();
        self.later("the use of a token", move |db| token::used(db, &name, at));
    }

    /// Sets or takes off the second factor of an account.
    ///
    /// # Errors
    /// When the disk or the database refuses.
    pub fn set_second_factor(&self, login: &str, factor: Option<SecondFactor>) -> Result<(), StoreError> {
        let login = login.to_owned();
        self.ask(move |db| Ok(account::set_factor(db, &login, factor.as_ref())?))
    }

    /// Forgets the second factors of accounts that are not among `logins`. Never waits.
    pub fn keep_second_factors(&self, logins: Vec<String>) {
        self.later("second factors", move |db| account::keep_factors(db, &logins));
    }

    /// Addresses that the box gave by DHCP.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn leases(&self) -> Result<Vec<crate::provision::dhcp::Lease>, StoreError> {
        self.ask(|db| Ok(lease::all(db)?))
    }

    /// Keeps them. Never waits.
    pub fn keep_leases(&self, leases: Vec<crate::provision::dhcp::Lease>) {
        self.later("addresses", move |db| leases.iter().try_for_each(|one| lease::put(db, one)));
    }

    /// Keeps telephones as they are now. Never waits.
    pub fn keep_phones(&self, phones: Vec<crate::provision::ledger::Stored>) {
        self.later("telephones", move |db| phones.iter().try_for_each(|stored| phone::put(db, stored)));
    }

    pub(super) fn later(
        &self,
        what: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<()> + Send + 'static,
    ) {
        let job = Job::Work(Box::new(move |db| {
            if let Err(error) = work(db) {
                tracing::error!(%error, what, "not kept");
            }
        }));
        if self.0.jobs.send(job).is_ok() {
            self.0.thread.unpark();
        }
    }

    /// Adds an API token, of which only the SHA-256 is kept.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the name is in use.
    pub fn add_token(&self, name: &str, role: Role, sha256: [u8; 32], at: WallTime) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.ask(move |db| token::add(db, &name, role, &sha256, at))
    }

    /// Takes an API token back; false when there is none of this name.
    ///
    /// # Errors
    /// When the disk or the database refuses.
    pub fn remove_token(&self, name: &str) -> Result<bool, StoreError> {
        let name = name.to_owned();
        self.ask(move |db| Ok(token::remove(db, &name)?))
    }

    /// The API tokens by name.
    ///
    /// # Errors
    /// When the disk or the database refuses.
    pub fn tokens(&self) -> Result<Vec<TokenRow>, StoreError> {
        self.ask(|db| Ok(token::list(db)?))
    }

    /// A setting of this box.
    ///
    /// # Errors
    /// When the disk or the database refuses.
    pub fn setting(&self, key: &str) -> Result<Option<String>, StoreError> {
        let key = key.to_owned();
        self.ask(move |db| Ok(token::setting(db, &key)?))
    }

    /// Keeps a setting of this box.
    ///
    /// # Errors
    /// When the disk or the database refuses.
    pub fn set_setting(&self, key: &str, value: &str) -> Result<(), StoreError> {
        let (key, value) = (key.to_owned(), value.to_owned());
        self.ask(move |db| Ok(token::set(db, &key, &value)?))
    }

    /// Waits until everything that was queued before is on the disk, or was tried.
    ///
    /// # Errors
    /// [`StoreError::Closed`].
    pub fn flush(&self) -> Result<(), StoreError> {
        self.ask(|_| Ok(()))
    }

    /// Writes what is queued, and ends the thread. Clones find the store closed afterwards.
    pub fn close(&self) {
        let _ = self.0.jobs.send(Job::Close);
        self.0.thread.unpark();
        let join = self.0.join.lock().map(|mut join| join.take());
        if let Ok(Some(join)) = join {
            let _ = join.join();
        }
    }

    /// Runs SQL on the writing thread.
    #[cfg(test)]
    pub(in crate::io) fn ask_for_test(
        &self,
        ask: impl FnOnce(&Connection) -> rusqlite::Result<i64> + Send + 'static,
    ) -> i64 {
        self.ask(move |db| Ok(ask(db)?)).expect("valid SQL")
    }

    /// Runs on the writing thread, behind what was queued before. Never waits.
    pub(super) fn order(&self, work: impl FnOnce(&Connection) + Send + 'static) {
        // A store that is closed takes nothing any more.
        let _ = self.0.jobs.send(Job::Work(Box::new(work)));
        self.0.thread.unpark();
    }

    pub(super) fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, inbox) = channel();
        let work = Job::Work(Box::new(move |db| {
            let before = db.total_changes();
            let found = question(db);
            drop(answer.send((found, db.total_changes() != before)));
        }));
        self.0.jobs.send(work).map_err(|_| StoreError::Closed)?;
        self.0.thread.unpark();
        let (found, changed) = inbox.recv().map_err(|_| StoreError::Closed)?;
        if changed && let Some(follower) = self.0.follower.get() {
            follower.wait();
        }
        found
    }
}

struct Writer {
    connection: Connection,
    inbox: Receiver<Job>,
    counts: Arc<Counts>,
    /// Taken from the inbox, not on the disk yet.
    pending: VecDeque<Record>,
    /// Orders the steps of a call.
    place: i64,
    /// When the log last told that the disk refuses.
    complaint: Option<Stopwatch>,
}

impl Writer {
    fn run(mut self) {
        while let Some(first) = self.wait() {
            if matches!(first, Job::Record(_)) {
                // One transaction for what comes within this time. Orders cut it short by unparking us.
                std::thread::park_timeout(GROUP);
            }
            if !self.take(first) {
                break;
            }
        }
        self.write_pending();
        self.empty_log();
    }

    /// Brings what is in the write-ahead log into the database file, so that whoever copies that file alone has all of it. SQLite does
    /// this itself only when nobody else has the database open, and readers do. Without it nothing is lost: the log is read again.
    fn empty_log(&self) {
        let emptied = self.connection.busy_timeout(PATIENCE).and_then(|()| {
            self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| row.get::<_, bool>(0))
        });
        match emptied {
            Ok(false) => {}
            Ok(true) => tracing::debug!("somebody reads the database: its log stays"),
            Err(error) => tracing::warn!(%error, "the database's log stays"),
        }
    }

    /// The next job; with records that the disk refused, at the latest when they are to be tried again.
    fn wait(&mut self) -> Option<Job> {
        while !self.pending.is_empty() {
            match self.inbox.recv_timeout(RETRY) {
                Ok(job) => return Some(job),
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => self.write_pending(),
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return None,
            }
        }
        self.inbox.recv().ok()
    }

    /// Does this job and all that wait behind it; false after the order to close.
    fn take(&mut self, first: Job) -> bool {
        let mut next = Some(first);
        while let Some(job) = next {
            match job {
                Job::Record(record) => self.pending.push_back(*record),
                Job::Work(work) => {
                    self.write_pending();
                    work(&self.connection);
                }
                Job::Close => return false,
            }
            next = self.inbox.try_recv().ok();
        }
        self.write_pending();
        true
    }

    fn write_pending(&mut self) {
        while !self.pending.is_empty() {
            let count = self.pending.len().min(GROUP_RECORDS);
            if let Err(error) = self.write_group(count) {
                let _ = self.connection.execute_batch("ROLLBACK");
                return self.complain(&error);
            }
            self.pending.drain(..count);
            self.counts.queued.fetch_sub(count, Ordering::Relaxed);
        }
        if self.complaint.take().is_some() {
            tracing::info!(dropped = self.counts.dropped.load(Ordering::Relaxed), "the disk takes records again");
        }
    }

    fn write_group(&mut self, count: usize) -> rusqlite::Result<()> {
        self.run_cached("BEGIN IMMEDIATE")?;
        for record in self.pending.iter().take(count) {
            self.place += 1;
            match write(&self.connection, self.place, record) {
                Err(error) if is_about_the_record(&error) => {
                    self.counts.dropped.fetch_add(1, Ordering::Relaxed);
                    tracing::warn!(%error, "a record does not fit the database and is dropped");
                }
                other => other?,
            }
        }
        self.run_cached("COMMIT")
    }

    fn run_cached(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute(()).map(drop)
    }

    /// Once a minute: a full disk would otherwise fill the log as well.
    fn complain(&mut self, error: &rusqlite::Error) {
        if self.complaint.as_ref().is_none_or(|told| told.elapsed() >= COMPLAIN_EVERY) {
            let (queued, dropped) = (self.pending.len(), self.counts.dropped.load(Ordering::Relaxed));
            tracing::error!(%error, queued, dropped, "the history can't be written; calls go on");
            self.complaint = Some(Stopwatch::start());
        }
    }
}

fn write(connection: &Connection, place: i64, record: &Record) -> rusqlite::Result<()> {
    match record {
        Record::Binding(binding) => binding::put(connection, binding),
        Record::BindingGone { aor, contact } => binding::remove(connection, aor, contact),
        Record::Server(found) => server::put(connection, found),
        Record::LastAnswered { group, member } => turn::put(connection, group, member),
        Record::Subscription(stored) => subscription::put(connection, stored),
        Record::SubscriptionGone { tag } => subscription::remove(connection, tag),
        Record::Ban(judged) => ban::put(connection, judged),
        Record::BanGone { id } => ban::remove(connection, *id),
        Record::CallStarted(started) => call::start(connection, started),
        Record::CallStep(step) => call::step(connection, place, step),
        Record::CallEnded(ended) => call::end(connection, ended),
        Record::RecordingStarted { recording, call, at, path, format } => {
            recording::start(connection, *recording, *call, *at, path, format)
        }
        Record::RecordingEnded { recording, at, duration_ms, bytes } => {
            recording::end(connection, *recording, *at, *duration_ms, *bytes)
        }
        Record::Used(used) => outside::put(connection, used),
        Record::RecordingGone { recording } => recording::remove(connection, *recording),
    }
}

/// Whether trying again would fail for ever; everything else is the ground's fault and may pass.
fn is_about_the_record(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch | ErrorCode::TooBig)
    )
}

/// Records on their way to the disk; further ones are dropped and counted.
pub const QUEUE: usize = 100_000;
/// The longest that a record waits for company.
const GROUP: Duration = Duration::from_millis(50);
/// Records in one transaction.
const GROUP_RECORDS: usize = 2_000;
/// The longest that the end waits for who reads the database.
const PATIENCE: Duration = Duration::from_millis(500);
/// How soon refused records are tried again.
const RETRY: Duration = Duration::from_secs(1);
/// How often a refusing disk is worth a line in the log.
const COMPLAIN_EVERY: Duration = Duration::from_secs(60);
