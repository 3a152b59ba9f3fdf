//! Mailboxes: what callers leave, and what employees record by telephone. The recorder writes the files; the thread here keeps
//! table and files together, makes messages playable, and lets old ones go. Nobody waits for it.
//!
//! A message has its row from its first second, so that one which the end of the process cut is in the mailbox all the same, but for
//! its last second. What is recorded to become a greeting or a media file has no row: it goes with the process.

mod shelf;

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};

use self::shelf::{Shelf, Then};
use super::clock::Stopwatch;
use super::handle::Handle;
use super::recordings::{Begin, Finished, Kind, MESSAGES, RecorderHandle};
use super::store::{Reader, StoreError};
use crate::base::{CallId, Duration, Message, MessageId, RecordingId, WallTime};
use crate::media::Clip;

/// A message that is to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// Its id: that of its tape.
    pub recording: RecordingId,
    /// Of which call.
    pub call: CallId,
    /// Whose mailbox.
    pub extension: String,
    /// Now.
    pub at: WallTime,
    /// E.164 digits, or an extension; empty: withheld.
    pub caller: String,
    /// May be empty.
    pub caller_name: String,
    /// So much silence is told by [`MessageEvent::Silent`](super::recordings::MessageEvent::Silent).
    pub silence: Duration,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A mailbox changed: these are its messages, the newest first, at most [`MOST`].
    Mailbox {
        /// Whose.
        extension: String,
        /// All of them.
        messages: Vec<Message>,
    },
    /// A message was left; [`Event::Mailbox`] comes too.
    Arrived {
        /// It.
        message: Message,
        /// Its file, relative to the data directory.
        path: String,
    },
    /// What was recorded is a media file of the office now.
    MediaKept {
        /// Which recording.
        recording: RecordingId,
        /// The name of the media file.
        name: String,
    },
    /// It can't be kept, or there is no sound in it.
    MediaLost {
        /// Which recording.
        recording: RecordingId,
        /// For the log.
        why: String,
    },
}

/// The way to the mailboxes. Clones share one thread. Nothing here waits; answers are given on that thread.
#[derive(Clone, Debug)]
pub struct VoicemailHandle(Sender<Job>);

enum Job {
    Do(Box<dyn FnOnce(&mut Shelf) + Send>),
    Close(Sender<()>),
}

impl VoicemailHandle {
    /// Begins a message. Order the media plane to record after this.
    pub fn begin(&self, recorder: &RecorderHandle, new: NewMessage) {
        let begin = begin(&new);
        let NewMessage { recording, extension, at, caller, caller_name, .. } = new;
        let id = MessageId(recording.0);
        let message = Message { id, extension, at, caller, caller_name, seconds: 0, heard: false };
        self.record(recorder, begin, Some(message));
    }

    /// Begins what may become a greeting or a media file: `new` names the extension that speaks. Order the media plane to record
    /// after this.
    pub fn begin_draft(&self, recorder: &RecorderHandle, new: &NewMessage) {
        self.record(recorder, begin(new), None);
    }

    /// The message is to be kept; it is in the mailbox as soon as its tape has ended. One shorter than [`SHORTEST`] is not kept.
    pub fn commit(&self, recording: RecordingId) {
        self.send(move |shelf| shelf.decide(recording, Then::Message));
    }

    /// The recording is not wanted.
    pub fn discard(&self, recording: RecordingId) {
        self.send(move |shelf| shelf.decide(recording, Then::Nothing));
    }

    /// A draft becomes a media file of the office, in place of one of that name. `author` is for the settings' history.
    pub fn keep_as_media(&self, recording: RecordingId, name: String, author: String) {
        self.send(move |shelf| shelf.decide(recording, Then::Media { name, author }));
    }

    /// A draft becomes what callers of an extension's mailbox hear first.
    pub fn keep_as_greeting(&self, recording: RecordingId, extension: String) {
        self.send(move |shelf| shelf.decide(recording, Then::Greeting { extension }));
    }

    /// Callers of that mailbox hear the office's greeting again.
    pub fn remove_greeting(&self, extension: String) {
        self.send(move |shelf| shelf.remove_greeting(&extension));
    }

    /// Asks for [`Event::Mailbox`].
    pub fn list(&self, extension: String) {
        self.send(move |shelf| shelf.tell(&extension));
    }

    /// Makes a message playable: about a millisecond for each second of it. `None`: it is gone.
    pub fn load(&self, id: MessageId, answer: impl FnOnce(Option<Arc<Clip>>) + Send + 'static) {
        self.send(move |shelf| answer(shelf.load(id)));
    }

    /// A message was listened to, or counts as new again; false: there is none. [`Event::Mailbox`] follows.
    pub fn mark_heard(
        &self,
        id: MessageId,
        heard: bool,
        answer: impl FnOnce(Result<bool, StoreError>) + Send + 'static,
    ) {
        self.send(move |shelf| answer(shelf.mark(id, heard)));
    }

    /// Takes a message out of its mailbox, with its file; false: there is none. [`Event::Mailbox`] follows.
    pub fn delete(&self, id: MessageId, answer: impl FnOnce(Result<bool, StoreError>) + Send + 'static) {
        self.send(move |shelf| answer(shelf.delete(id)));
    }

    /// For the recorder: see [`recordings::start`](super::recordings::start).
    pub fn finished(&self, finished: Finished) {
        self.send(move |shelf| shelf.finished(finished));
    }

    /// Waits until what was ordered is done, at most for [`CLOSE_TIME`], and ends the thread. Close the recorder first.
    pub fn close(&self) {
        let (closed, ended) = channel();
        if self.0.send(Job::Close(closed)).is_ok() {
            // It hears nothing but its end.
            let _ = ended.recv_timeout(CLOSE_TIME);
        }
    }

    /// Known here before the recorder may tell its end.
    fn record(&self, recorder: &RecorderHandle, begin: Begin, message: Option<Message>) {
        let (recording, path) = (begin.recording, path(&begin.called, begin.recording));
        self.send(move |shelf| shelf.begin(recording, path, message.as_ref()));
        recorder.begin(begin);
    }

    fn send(&self, job: impl FnOnce(&mut Shelf) + Send + 'static) {
        // After the end nothing is kept any more.
        let _ = self.0.send(Job::Do(Box::new(job)));
    }
}

/// Starts the thread. First it closes what the last process left open. `told` is called on the thread.
///
/// # Errors
/// When the table can't be read, or there is no thread.
pub fn start(handle: &Handle, told: impl Fn(Event) + Send + 'static) -> Result<VoicemailHandle, StoreError> {
    let shelf = Shelf::new(handle.clone(), Reader::open(handle.data())?, Box::new(told));
    // Before anything new is recorded: what is there now and belongs to nobody may go.
    let found = shelf.files();
    let (jobs, inbox) = channel();
    std::thread::Builder::new()
        .name("voicemail".to_owned())
        .spawn(move || drop(run(shelf, found, &inbox)))
        .map_err(|why| StoreError::Database(why.to_string()))?;
    Ok(VoicemailHandle(jobs))
}

/// Returns what tells that all is closed, when it is dropped.
fn run(mut shelf: Shelf, found: Vec<String>, inbox: &Receiver<Job>) -> Option<Sender<()>> {
    shelf.tidy(found);
    let mut enforced = Stopwatch::start();
    loop {
        match inbox.recv_timeout(ENFORCE_EVERY) {
            Ok(Job::Do(job)) => job(&mut shelf),
            Ok(Job::Close(closed)) => return Some(closed),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return None,
        }
        if enforced.elapsed() >= ENFORCE_EVERY {
            shelf.enforce();
            enforced = Stopwatch::start();
        }
    }
}

/// Where the file of a message is; `None` when its row names none that could be one.
pub fn file(data: &Path, path: &str) -> Option<std::path::PathBuf> {
    super::recordings::resolve(data, path).filter(|_| path.starts_with(MESSAGES))
}

fn begin(new: &NewMessage) -> Begin {
    Begin {
        recording: new.recording,
        call: new.call,
        at: new.at,
        caller: new.caller.clone(),
        called: new.extension.clone(),
        kind: Kind::Message { path: path(&new.extension, new.recording), silence: new.silence },
    }
}

/// The file of a message, relative to the data directory.
pub(super) fn path(extension: &str, recording: RecordingId) -> String {
    format!("{MESSAGES}/{}_{:x}.opus", plain(extension), recording.0)
}

/// What of an extension's number a file's name takes.
fn plain(extension: &str) -> String {
    extension.chars().filter(char::is_ascii_digit).take(8).collect()
}

/// Messages of a mailbox that a telephone is told of; older ones are on the page.
pub const MOST: usize = 200;
/// A message with less sound than this is a caller who hung up.
pub const SHORTEST: Duration = Duration::from_secs(1);
/// How long [`VoicemailHandle::close`] waits.
const CLOSE_TIME: Duration = Duration::from_secs(10);
/// How often the oldest are looked at.
const ENFORCE_EVERY: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests;
