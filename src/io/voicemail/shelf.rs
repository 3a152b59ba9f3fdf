//! What the thread of the mailboxes does: rows and files together. A file goes before its row.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::files::{NewMedia, Written};
use super::super::handle::{Handle, HandleError};
use super::super::recordings::{self, Finished, MESSAGES};
use super::super::store::{MessageRow, Reader, Store, StoreError, has_damaged};
use super::{Event, MOST, SHORTEST};
use crate::base::{Message, MessageId, RecordingId, WallTime};
use crate::io::clock;
use crate::media::Clip;
use crate::office::{Language, MediaFile, Office};

pub(super) struct Shelf {
    handle: Handle,
    reader: Reader,
    told: Box<dyn Fn(Event) + Send>,
    /// Recordings that are neither kept nor gone.
    open: HashMap<RecordingId, Open>,
}

/// A recording: its end and what is to become of it come in either order.
#[derive(Debug)]
struct Open {
    path: String,
    /// It has a row.
    is_message: bool,
    finished: Option<Finished>,
    then: Option<Then>,
}

/// What becomes of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Then {
    Message,
    Media { name: String, author: String },
    Greeting { extension: String },
    Nothing,
}

impl Shelf {
    pub(super) fn new(handle: Handle, reader: Reader, told: Box<dyn Fn(Event) + Send>) -> Self {
        Self { handle, reader, told, open: HashMap::new() }
    }

    /// What there is on the disk: paths relative to the data directory.
    pub(super) fn files(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.handle.data().join(MESSAGES)) else { return Vec::new() };
        let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        names.map(|name| format!("{MESSAGES}/{name}")).collect()
    }

    /// What the last process left: messages that were cut are complete now, and of the files that it left those of nobody go.
    pub(super) fn tidy(&mut self, left: Vec<String>) {
        report(self.close_interrupted());
        report(self.sweep(left));
        self.enforce();
    }

    pub(super) fn begin(&mut self, recording: RecordingId, path: String, message: Option<&Message>) {
        if let Some(message) = message {
            report(self.store().begin_message(message, &path));
        }
        let open = Open { path, is_message: message.is_some(), finished: None, then: None };
        self.open.insert(recording, open);
    }

    pub(super) fn finished(&mut self, finished: Finished) {
        if let Some(open) = self.open.get_mut(&finished.recording) {
            open.finished = Some(finished);
        }
        self.settle(finished.recording);
    }

    pub(super) fn decide(&mut self, recording: RecordingId, then: Then) {
        if let Some(open) = self.open.get_mut(&recording) {
            open.then = Some(then);
        }
        self.settle(recording);
    }

    /// A mailbox as it is.
    pub(super) fn tell(&self, extension: &str) {
        match self.reader.messages(Some(extension), MOST, None) {
            Ok(rows) => {
                let messages = rows.into_iter().map(|row| row.message).collect();
                (self.told)(Event::Mailbox { extension: extension.to_owned(), messages });
            }
            Err(error) => tracing::error!(%error, extension, "a mailbox can't be read"),
        }
    }

    pub(super) fn load(&self, id: MessageId) -> Option<Arc<Clip>> {
        let row = self.reader.message(id).ok()??;
        let file = super::file(self.handle.data(), &row.path)?;
        let packets = std::fs::read(&file).ok().and_then(|bytes| recordings::packets(&bytes));
        if packets.is_none() {
            tracing::error!(message = %id, path = row.path, "a message can't be read");
        }
        Some(Arc::new(Clip::from_opus(packets?)))
    }

    pub(super) fn mark(&self, id: MessageId, heard: bool) -> Result<bool, StoreError> {
        let done = self.store().mark_message(id, heard)?;
        if let Some(row) = self.reader.message(id)?.filter(|_| done) {
            self.tell(&row.message.extension);
        }
        Ok(done)
    }

    pub(super) fn delete(&self, id: MessageId) -> Result<bool, StoreError> {
        let Some(row) = self.reader.message(id)?.filter(|row| row.duration_ms.is_some()) else { return Ok(false) };
        self.remove(&row)?;
        self.tell(&row.message.extension);
        Ok(true)
    }

    /// Lets messages go that are older than the office keeps them.
    pub(super) fn enforce(&self) {
        let days = i64::from(self.handle.office().voicemail.keep_days);
        if days > 0 {
            let before = WallTime(clock::wall().millis().saturating_sub(days * DAY_MS));
            report(self.remove_before(before));
        }
    }

    pub(super) fn remove_greeting(&self, extension: &str) {
        let change = |office: &Office| {
            let mut office = office.clone();
            let own = greeting_name(office.settings.language, extension);
            let place = office.extensions.iter_mut().find(|place| place.number == extension);
            let Some(place) = place.filter(|place| !place.voicemail_greeting.is_empty()) else { return Ok(None) };
            let used = std::mem::take(&mut place.voicemail_greeting);
            if used == own {
                office.media.retain(|media| media.name != own);
            }
            Ok::<_, HandleError>(Some(office))
        };
        if let Err(error) = self.handle.change(extension, "greeting removed", change) {
            tracing::error!(%error, extension, "a greeting can't be removed");
        }
    }

    /// Does what was decided, once the file is complete.
    fn settle(&mut self, recording: RecordingId) {
        let is_ready = |open: &Open| open.finished.is_some() && open.then.is_some();
        if !self.open.get(&recording).is_some_and(is_ready) {
            return;
        }
        let Some(Open { path, is_message, finished: Some(finished), then: Some(then) }) = self.open.remove(&recording)
        else {
            return;
        };
        let id = MessageId(recording.0);
        let has_sound = u128::from(finished.duration_ms) >= SHORTEST.as_millis();
        match then {
            Then::Message if is_message && has_sound => report(self.keep(id, finished)),
            Then::Media { name, author } => {
                self.keep_media(recording, &path, &name, &author, |_, _| {});
                self.take_away(&path);
            }
            Then::Greeting { extension } => {
                let name = greeting_name(self.handle.office().settings.language, &extension);
                self.keep_media(recording, &path, &name, &extension, |office, name| {
                    if let Some(place) = office.extensions.iter_mut().find(|place| place.number == extension) {
                        name.clone_into(&mut place.voicemail_greeting);
                    }
                });
                self.take_away(&path);
            }
            Then::Message | Then::Nothing => {
                self.take_away(&path);
                report(if is_message { self.store().remove_message(id) } else { Ok(()) });
            }
        }
    }

    fn keep(&self, id: MessageId, finished: Finished) -> Result<(), StoreError> {
        self.store().end_message(id, finished.duration_ms, finished.bytes)?;
        if let Some(MessageRow { message, path, .. }) = self.reader.message(id)? {
            self.tell(&message.extension);
            (self.told)(Event::Arrived { message, path });
        }
        Ok(())
    }

    /// Levels and trims what was recorded as every media file, and puts it into the office; `and` changes more in it.
    fn keep_media(
        &self,
        recording: RecordingId,
        path: &str,
        name: &str,
        author: &str,
        and: impl FnOnce(&mut Office, &str),
    ) {
        let told = match self.put_media(path, name, author, and) {
            Ok(()) => Event::MediaKept { recording, name: name.to_owned() },
            Err(why) => {
                tracing::error!(%recording, name, why, "what was recorded by telephone can't be kept");
                Event::MediaLost { recording, why }
            }
        };
        (self.told)(told);
    }

    fn put_media(
        &self,
        path: &str,
        name: &str,
        author: &str,
        and: impl FnOnce(&mut Office, &str),
    ) -> Result<(), String> {
        let data = self.handle.data();
        let file = super::file(data, path).ok_or("no file of ours")?;
        let media = NewMedia::read(&file, &mut |_| {}).map_err(|error| error.to_string())?;
        let mut written = Written::default();
        media.write(data, &mut written).map_err(|error| error.to_string())?;
        let change = |office: &Office| {
            let mut office = office.clone();
            let new =
                MediaFile { name: name.to_owned(), file: media.stored.clone(), clip: Some(Arc::clone(&media.clip)) };
            match office.media.iter_mut().find(|place| place.name == name) {
                Some(place) => *place = new,
                None => office.media.push(new),
            }
            and(&mut office, name);
            Ok::<_, HandleError>(Some(office))
        };
        self.handle.change(author, &format!("recorded {name}"), change).map_err(|error| error.to_string())?;
        written.keep();
        Ok(())
    }

    fn close_interrupted(&self) -> Result<(), StoreError> {
        for row in self.reader.unfinished_messages()? {
            let mended = super::file(self.handle.data(), &row.path)
                .and_then(|file| recordings::mend_message(&file).ok())
                .filter(|(duration_ms, _)| u128::from(*duration_ms) >= SHORTEST.as_millis());
            match mended {
                Some((duration_ms, bytes)) => {
                    tracing::warn!(message = %row.message.id, "a message was cut and is kept");
                    let recording = RecordingId(row.message.id.0);
                    self.keep(row.message.id, Finished { recording, duration_ms, bytes })?;
                }
                None => self.remove(&row)?,
            }
        }
        Ok(())
    }

    fn sweep(&self, left: Vec<String>) -> Result<(), StoreError> {
        if has_damaged(self.handle.data()) {
            return Ok(()); // what this database does not know, the one aside may
        }
        for path in left {
            if !self.reader.has_message_file(&path)? {
                self.take_away(&path);
            }
        }
        Ok(())
    }

    fn remove_before(&self, before: WallTime) -> Result<(), StoreError> {
        loop {
            let rows = self.reader.messages_before(before, ROWS)?;
            for row in &rows {
                self.remove(row)?;
                tracing::info!(message = %row.message.id, extension = row.message.extension, "a message was too old");
            }
            let mut changed: Vec<&str> = rows.iter().map(|row| row.message.extension.as_str()).collect();
            changed.sort_unstable();
            changed.dedup();
            changed.into_iter().for_each(|extension| self.tell(extension));
            if rows.len() < ROWS {
                return Ok(());
            }
        }
    }

    fn remove(&self, row: &MessageRow) -> Result<(), StoreError> {
        if !self.take_away(&row.path) {
            let path = self.handle.data().join(&row.path);
            return Err(StoreError::File { path, why: std::io::ErrorKind::PermissionDenied.into() });
        }
        self.store().remove_message(row.message.id)
    }

    fn take_away(&self, path: &str) -> bool {
        match recordings::remove_file(self.handle.data(), path) {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(%error, path, "the file of a message can't be removed");
                false
            }
        }
    }

    fn store(&self) -> &Store {
        self.handle.store()
    }
}

/// The media file that an extension's own greeting is.
fn greeting_name(language: Language, extension: &str) -> String {
    match language {
        Language::Ru => format!("Приветствие {extension}"),
        Language::En => format!("Greeting {extension}"),
    }
}

fn report(done: Result<(), StoreError>) {
    if let Err(error) = done {
        tracing::error!(%error, "the mailboxes' table does not answer");
    }
}

const DAY_MS: i64 = 24 * 3600 * 1000;
/// Rows that are read at a time.
const ROWS: usize = 500;
