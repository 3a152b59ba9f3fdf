//! What the handlers of HTTP ask of the exchange.

use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;

use super::{Handle, HandleError, LONG_PAGE, ORDER_PATIENCE, Order, as_store};
use crate::base::{CallId, Duration, MessageId, RecordingId, WallTime};
use crate::engine::ListenRefused;
use crate::guard::limits::Usage;
use crate::guard::{AtHome, Ban};
use crate::io::apply::{self, Refused};
use crate::io::backup::Backups;
use crate::io::import::Looked;
use crate::io::licence::{InstallError, Keeper};
use crate::io::phones::Phones;
use crate::io::store::{
    AllowanceRow, AuditFilter, AuditRow, Deed, HistoryFilter, HistoryPage, HistoryRow, MessageRow, Place, RecordingRow,
    SecondFactor, StoreError, StoredStep, Summary, TokenRow, Version,
};
use crate::io::trunk_doctor::Examination;
use crate::io::update::Updates;
use crate::io::{http, recordings, signalling};
use crate::machine::forecast::Growth;
use crate::number::Plan;
use crate::office::{Office, Role, Trunk};
use crate::trust::Standing;

impl http::Exchange for Handle {
    fn usage(&self) -> Option<Usage> {
        self.ask_usage()
    }

    fn allowances(&self) -> Result<Vec<AllowanceRow>, StoreError> {
        self.list_allowances()
    }

    fn allow(&self, extension: &str, span: Duration, by: &str) -> Result<AllowanceRow, StoreError> {
        self.lift_limits(extension, span, by)
    }

    fn disallow(&self, extension: &str) -> Result<bool, StoreError> {
        self.restore_limits(extension)
    }

    fn backups(&self) -> Option<Backups> {
        Self::backups(self).cloned()
    }

    fn add(&self, looked: &Looked, folder: &Path, author: &str) -> Result<Option<i64>, Refused> {
        apply::add(self, looked, folder, author)
    }

    fn growth(&self) -> Option<Growth> {
        Self::growth(self)
    }

    fn office(&self) -> Arc<Office> {
        Self::office(self)
    }

    fn plan(&self) -> Plan {
        Self::plan(self)
    }

    fn change(
        &self,
        author: &str,
        reason: &str,
        edit: &mut dyn FnMut(&Office) -> Option<Office>,
    ) -> Result<Option<i64>, StoreError> {
        Self::change(self, author, reason, |office| Ok::<_, HandleError>(edit(office))).map_err(as_store)
    }

    fn order_call(&self, extension: &str, to: &str) -> Option<CallId> {
        let (answer, inbox) = channel();
        self.tell(Order::Call { extension: extension.to_owned(), to: to.to_owned(), answer });
        inbox.recv_timeout(ORDER_PATIENCE).ok().flatten()
    }

    fn listen_in(&self, call: CallId, extension: &str, whispers: bool) -> Result<CallId, ListenRefused> {
        let (answer, inbox) = channel();
        self.tell(Order::Listen { call, extension: extension.to_owned(), whispers, answer });
        inbox.recv_timeout(ORDER_PATIENCE).unwrap_or(Err(ListenRefused::Full))
    }

    fn hang_up(&self, call: CallId) {
        Self::hang_up(self, call);
    }

    fn stop(&self) {
        self.tell(Order::Stop);
    }

    fn bans(&self) -> Result<Vec<Ban>, StoreError> {
        self.ask_loop(Order::Bans)
    }

    fn ban(&self, address: IpAddr, length: Duration) -> Result<Result<Ban, AtHome>, StoreError> {
        self.ask_loop(|answer| Order::Ban(address, length, answer))
    }

    fn lift_ban(&self, id: i64) -> Result<bool, StoreError> {
        self.ask_loop(|answer| Order::LiftBan(id, answer))
    }

    fn licence(&self) -> &Keeper {
        Self::licence(self)
    }

    fn install_licence(&self, text: &str) -> Result<Standing, InstallError> {
        Self::install_licence(self, text)
    }

    fn phones(&self) -> &Phones {
        Self::phones(self)
    }

    fn updates(&self) -> &Updates {
        Self::updates(self)
    }

    fn notify(&self, login: &str, event: &str) {
        self.tell(Order::Notify { login: login.to_owned(), event: event.to_owned() });
    }

    fn examine(&self, trunk: Trunk) -> io::Result<Examination> {
        Examination::begin(Arc::new(self.clone()), trunk)
    }

    fn history(&self, filter: &HistoryFilter, limit: usize, before: Option<Place>) -> Result<HistoryPage, StoreError> {
        let reader = if limit > LONG_PAGE { &self.0.long_reader } else { &self.0.reader };
        reader.history(filter, limit, before)
    }

    fn row(&self, call: CallId) -> Result<Option<HistoryRow>, StoreError> {
        self.0.reader.call(call)
    }

    fn steps(&self, call: CallId) -> Result<Vec<StoredStep>, StoreError> {
        self.0.reader.steps(call)
    }

    fn signalling(&self, call: CallId) -> Result<Vec<signalling::Message>, StoreError> {
        if let Some(signalling) = self.0.signalling.get() {
            signalling.flush(call);
            self.0.store.flush()?;
        }
        let parts = self.0.reader.signalling(call)?;
        let mut messages: Vec<_> = parts.iter().flat_map(|part| signalling::unpack(part)).collect();
        messages.sort_by_key(|message| message.at);
        Ok(messages)
    }

    fn summary(&self, from: WallTime, to: WallTime, extensions: &[String]) -> Result<Summary, StoreError> {
        self.0.long_reader.summary(from, to, extensions)
    }

    fn recordings(
        &self,
        call: Option<CallId>,
        limit: usize,
        before: Option<(i64, i64)>,
    ) -> Result<Vec<RecordingRow>, StoreError> {
        self.0.reader.recordings(call, limit, before)
    }

    fn recording(&self, recording: RecordingId) -> Result<Option<RecordingRow>, StoreError> {
        self.0.reader.recording(recording)
    }

    fn remove_recording(&self, row: &RecordingRow) -> Result<(), StoreError> {
        let path = || self.data().join(&row.path);
        recordings::remove(self.data(), &self.0.store, row).map_err(|why| StoreError::File { path: path(), why })?;
        // The next list must not have it any more.
        self.0.store.flush()
    }

    fn messages(
        &self,
        extension: Option<&str>,
        limit: usize,
        before: Option<(i64, i64)>,
    ) -> Result<Vec<MessageRow>, StoreError> {
        self.0.reader.messages(extension, limit, before)
    }

    fn message(&self, message: MessageId) -> Result<Option<MessageRow>, StoreError> {
        self.0.reader.message(message)
    }

    fn mark_message(&self, message: MessageId, heard: bool) -> Result<bool, StoreError> {
        self.ask_voicemail(|voicemail, answer| voicemail.mark_heard(message, heard, answer))
    }

    fn remove_message(&self, message: MessageId) -> Result<bool, StoreError> {
        self.ask_voicemail(|voicemail, answer| voicemail.delete(message, answer))
    }

    fn token(&self, sha256: &[u8; 32]) -> Result<Option<TokenRow>, StoreError> {
        self.0.reader.token(sha256)
    }

    fn token_used(&self, name: &str, at: WallTime) {
        self.0.store.token_used(name, at);
    }

    fn tokens(&self) -> Result<Vec<TokenRow>, StoreError> {
        self.0.store.tokens()
    }

    fn add_token(&self, name: &str, role: Role, sha256: [u8; 32], at: WallTime) -> Result<(), StoreError> {
        self.0.store.add_token(name, role, sha256, at)
    }

    fn remove_token(&self, name: &str) -> Result<bool, StoreError> {
        self.0.store.remove_token(name)
    }

    fn versions(&self, limit: usize, before: Option<i64>) -> Result<Vec<Version>, StoreError> {
        self.0.reader.versions(limit, before)
    }

    fn revert_at(&self, version: i64) -> Option<WallTime> {
        self.0.watch.revert_at(version)
    }

    fn confirm(&self, version: i64) -> Result<bool, StoreError> {
        Self::confirm(self, version).map_err(as_store)
    }

    fn note(&self, deed: Deed) {
        self.0.store.note(deed);
    }

    fn audit(&self, filter: &AuditFilter, limit: usize, before: Option<i64>) -> Result<Vec<AuditRow>, StoreError> {
        // What was done a moment ago belongs to the answer.
        self.0.store.flush()?;
        self.0.reader.audit(filter, limit, before)
    }

    fn second_factor(&self, login: &str) -> Result<Option<SecondFactor>, StoreError> {
        self.0.reader.second_factor(login)
    }

    fn second_factors(&self) -> Result<Vec<String>, StoreError> {
        self.0.reader.second_factors()
    }

    fn set_second_factor(&self, login: &str, factor: Option<SecondFactor>) -> Result<(), StoreError> {
        self.0.store.set_second_factor(login, factor)
    }
}
