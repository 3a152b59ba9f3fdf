//! Mail to employees: a message in their mailbox, a call that they missed. Letters wait in a table until a server has taken them,
//! through outages and restarts; one thread sends them, one after the other.
//!
//! A letter is marked as sent when the server has said 250 to all of it (RFC 5321 §4.2.5: from then on it is the server's). A process
//! that ends between the 250 and the mark, or a connection that is lost while we wait for the 250, sends the letter once more after
//! that; both have the same Message-ID, made when the letter was queued, by which servers and programs tell that they are one.

mod letter;
mod post;

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};

use self::post::Failure;
use super::clock;
use super::handle::Handle;
use super::out::Outgoing;
use super::store::{LetterRow, NewLetter, Reader, StoreError};
use crate::base::{Duration, Message, WallTime};
pub use crate::call::cdr::{EmergencyCall, MissedCall};
use crate::office::{Authority, Mail};

/// What an admin should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// The server takes no mail; it is tried again. Told once, until [`Told::Back`].
    Failing {
        /// What it said, or the network.
        why: String,
    },
    /// The server takes mail again.
    Back,
    /// A letter was not sent, and will not be.
    GivenUp {
        /// To whom.
        recipient: String,
        /// Its subject.
        subject: String,
        /// What the server said last.
        why: String,
    },
    /// A letter was taken by the server.
    Sent {
        /// To whom.
        recipient: String,
    },
}

impl Told {
    /// A word for programs; `None`: nothing that anybody has to be told.
    pub fn what(&self) -> Option<&'static str> {
        match self {
            Self::Failing { .. } => Some("mail_failing"),
            Self::Back => Some("mail_back"),
            Self::GivenUp { .. } => Some("mail_given_up"),
            Self::Sent { .. } => None,
        }
    }
}

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Failing { why } => write!(f, "mail can't be sent and waits: {why}"),
            Self::Back => write!(f, "mail is sent again"),
            Self::GivenUp { recipient, subject, why } => {
                write!(f, "a letter to {recipient} was given up ({subject}): {why}")
            }
            Self::Sent { recipient } => write!(f, "a letter to {recipient} was sent"),
        }
    }
}

/// The way to the post. Clones share one thread. Nothing here waits.
#[derive(Clone, Debug)]
pub struct MailHandle(Sender<Job>);

enum Job {
    Voicemail(Message, String),
    Missed(MissedCall),
    Emergency(EmergencyCall),
    Alarm { id: i64, text: String, at: WallTime, recipients: Vec<String> },
    Alarms { texts: Vec<String>, more: usize, at: WallTime, recipients: Vec<String> },
    Hurry,
    OfficeChanged,
    Close(Sender<()>),
}

impl MailHandle {
    /// Tells the employee of a message, and attaches its sound; `path` is that of [`voicemail::Event::Arrived`]. Nothing happens
    /// where he has no address, or the office no server.
    ///
    /// [`voicemail::Event::Arrived`]: super::voicemail::Event::Arrived
    pub fn voicemail(&self, message: Message, path: String) {
        self.send(Job::Voicemail(message, path));
    }

    /// Tells the employees of a call that they missed, when the office wants that.
    pub fn missed_call(&self, call: MissedCall) {
        self.send(Job::Missed(call));
    }

    /// Tells the admin of a call for help.
    pub fn emergency(&self, call: EmergencyCall) {
        self.send(Job::Emergency(call));
    }

    /// Tells of an alarm, by the number of its row.
    pub fn alarm(&self, id: i64, text: String, at: WallTime, recipients: Vec<String>) {
        self.send(Job::Alarm { id, text, at, recipients });
    }

    /// Tells of several alarms in one letter, and how many more there were.
    pub fn alarms(&self, texts: Vec<String>, more: usize, at: WallTime, recipients: Vec<String>) {
        self.send(Job::Alarms { texts, more, at, recipients });
    }

    /// Tries all that waits now.
    pub fn hurry(&self) {
        self.send(Job::Hurry);
    }

    /// Another office is in force: where its settings of mail are others, all that waits is tried now.
    pub fn office_changed(&self) {
        self.send(Job::OfficeChanged);
    }

    /// Ends the thread, after the letter that it is at, or after [`CLOSE_TIME`]. What waits is sent after the next start.
    pub fn close(&self) {
        let (closed, ended) = channel();
        self.send(Job::Close(closed));
        // It hears nothing but its end.
        let _ = ended.recv_timeout(CLOSE_TIME);
    }

    fn send(&self, job: Job) {
        // After the end nothing is sent any more.
        let _ = self.0.send(job);
    }
}

/// Starts the thread. Server and addresses are those of the office in force at any moment; `outgoing`: where the server may be.
/// `told` is called on the thread.
///
/// # Errors
/// When the table can't be read, or there is no thread.
pub fn start(
    handle: &Handle,
    outgoing: Outgoing,
    told: impl Fn(Told) + Send + 'static,
) -> Result<MailHandle, StoreError> {
    let reader = Reader::open(handle.data())?;
    let told = Box::new(told);
    let settings = settings(&handle.office());
    let office = Office { handle: handle.clone(), reader, told, outgoing, settings, failing: false, owed: None };
    let (jobs, inbox) = channel();
    std::thread::Builder::new()
        .name("mail".to_owned())
        .spawn(move || drop(run(office, &inbox)))
        .map_err(|why| StoreError::Database(why.to_string()))?;
    Ok(MailHandle(jobs))
}

/// The post office.
struct Office {
    handle: Handle,
    reader: Reader,
    told: Box<dyn Fn(Told) + Send>,
    outgoing: Outgoing,
    /// The settings that were last looked at.
    settings: (Mail, Vec<Authority>),
    /// The server took nothing when it was last tried.
    failing: bool,
    /// What the table was not told yet, since the disk refuses. Until then nothing is sent, or it would be sent again.
    owed: Option<Mark>,
}

/// What became of a letter.
#[derive(Clone, Copy, Debug)]
enum Mark {
    /// It is tried again then.
    Waits(i64, WallTime),
    /// It was sent, or given up.
    Ended(i64, bool),
}

/// Returns what tells that all is closed, when it is dropped.
fn run(mut office: Office, inbox: &Receiver<Job>) -> Option<Sender<()>> {
    loop {
        match inbox.recv_timeout(office.wait()) {
            Ok(Job::Voicemail(message, path)) => office.queue_voicemail(&message, path),
            Ok(Job::Missed(call)) => office.queue_missed(&call),
            Ok(Job::Emergency(call)) => office.queue_emergency(&call),
            Ok(Job::Alarm { id, text, at, recipients }) => {
                office.queue_alarm(&format!("alarm {id}"), &[text], 0, at, &recipients);
            }
            Ok(Job::Alarms { texts, more, at, recipients }) => {
                office.queue_alarm(&format!("alarms {}", at.millis()), &texts, more, at, &recipients);
            }
            Ok(Job::Hurry) => report(office.handle.store().hurry_letters(clock::wall())),
            Ok(Job::OfficeChanged) => office.look_at_settings(),
            Ok(Job::Close(closed)) => return Some(closed),
            Err(RecvTimeoutError::Timeout) => office.send_due(),
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
}

impl Office {
    /// How long nothing is to be done.
    fn wait(&self) -> Duration {
        if self.owed.is_some() {
            return OWED_WAIT;
        }
        match self.reader.next_letter() {
            Ok(Some(letter)) => {
                let until = letter.next_at.millis().saturating_sub(clock::wall().millis());
                Duration::from_millis(u64::try_from(until).unwrap_or(0)).min(LONGEST_WAIT)
            }
            Ok(None) => LONGEST_WAIT,
            Err(error) => {
                tracing::error!(%error, "the table of mail does not answer");
                LONGEST_WAIT
            }
        }
    }

    fn look_at_settings(&mut self) {
        let settings = settings(&self.handle.office());
        if settings != self.settings {
            self.settings = settings;
            report(self.handle.store().hurry_letters(clock::wall()));
        }
    }

    fn queue_voicemail(&self, message: &Message, path: String) {
        let office = self.handle.office();
        let Some(extension) = office.extension(&message.extension) else { return };
        let text = letter::voicemail(&office, extension, message);
        self.queue(format!("voicemail {}", message.id), &extension.email, text, Some(path));
    }

    fn queue_missed(&self, call: &MissedCall) {
        let office = self.handle.office();
        if !office.mail.missed_calls {
            return;
        }
        for extension in call.extensions.iter().filter_map(|number| office.extension(number)) {
            let text = letter::missed(&office, extension, call);
            // An address that several extensions have makes one letter: they have one cause.
            self.queue(format!("missed {} {}", call.call, extension.email), &extension.email, text, None);
        }
    }

    fn queue_emergency(&self, call: &EmergencyCall) {
        let office = self.handle.office();
        let text = letter::emergency(&office, call);
        self.queue(format!("emergency {}", call.call), &office.mail.admin, text, None);
    }

    fn queue_alarm(&self, cause: &str, texts: &[String], more: usize, at: WallTime, recipients: &[String]) {
        let office = self.handle.office();
        for recipient in recipients {
            let text = letter::alarms(&office, texts, more, at);
            self.queue(format!("{cause} {recipient}"), recipient, text, None);
        }
    }

    fn queue(&self, cause: String, recipient: &str, (subject, body): (String, String), attachment: Option<String>) {
        let office = self.handle.office();
        if recipient.is_empty() || office.mail.server.is_empty() {
            return;
        }
        let unique = {
            let mut rng = self.handle.rng();
            [rng.u64(), rng.u64()].map(|number| format!("{number:016x}")).concat()
        };
        let message_id = format!("<{unique}@{}>", post::domain(&office.mail));
        let (at, recipient) = (clock::wall(), recipient.to_owned());
        let letter = NewLetter { cause, message_id, at, recipient, subject, body, attachment };
        report(self.handle.store().add_letter(letter).map(drop));
    }

    /// Sends the first letter whose time has come.
    fn send_due(&mut self) {
        if let Some(mark) = self.owed.take() {
            self.mark(mark);
        }
        if self.owed.is_some() {
            return;
        }
        let now = clock::wall();
        report(self.handle.store().forget_letters(WallTime(now.millis() - KEPT_MS)));
        let Ok(Some(letter)) = self.reader.next_letter() else { return };
        if letter.next_at > now {
            return;
        }
        let office = self.handle.office();
        match post::send(&office, self.handle.data(), &letter, self.outgoing) {
            Ok(()) => {
                self.mark(Mark::Ended(letter.id, true));
                if std::mem::take(&mut self.failing) {
                    (self.told)(Told::Back);
                }
                (self.told)(Told::Sent { recipient: letter.recipient });
            }
            Err(Failure::Refused(why)) => self.give_up(letter, why),
            Err(Failure::Later(why)) => self.later(letter, why),
        }
    }

    fn later(&mut self, letter: LetterRow, why: String) {
        let now = clock::wall();
        if now.millis() - letter.made_at.millis() >= GIVE_UP_MS {
            return self.give_up(letter, why);
        }
        self.mark(Mark::Waits(letter.id, now + again_after(letter.attempts)));
        if !std::mem::replace(&mut self.failing, true) {
            (self.told)(Told::Failing { why });
        }
    }

    fn give_up(&mut self, letter: LetterRow, why: String) {
        self.mark(Mark::Ended(letter.id, false));
        (self.told)(Told::GivenUp { recipient: letter.recipient, subject: letter.subject, why });
    }

    fn mark(&mut self, mark: Mark) {
        let store = self.handle.store();
        let done = match mark {
            Mark::Waits(id, until) => store.letter_waits(id, until),
            Mark::Ended(id, sent) => store.letter_ended(id, clock::wall(), sent),
        };
        if done.is_err() {
            self.owed = Some(mark);
        }
        report(done);
    }
}

/// What decides whether a server takes a letter.
fn settings(office: &crate::office::Office) -> (Mail, Vec<Authority>) {
    (office.mail.clone(), office.authorities.clone())
}

/// When a letter is tried again that was tried so many times before.
fn again_after(attempts: u32) -> Duration {
    let place = usize::try_from(attempts).unwrap_or(usize::MAX);
    AGAIN_AFTER.get(place).copied().unwrap_or(AGAIN_LATER)
}

fn report(done: Result<(), StoreError>) {
    if let Err(error) = done {
        tracing::error!(%error, "the table of mail does not answer");
    }
}

/// After the first attempts in vain; RFC 5321 §4.5.4.1 wants 30 minutes at least in the long run, and two attempts in the first hour.
const AGAIN_AFTER: [Duration; 5] = [
    Duration::from_secs(30),
    Duration::from_secs(2 * 60),
    Duration::from_secs(10 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(3600),
];
/// And from then on.
const AGAIN_LATER: Duration = Duration::from_secs(2 * 3600);
/// A letter that was not sent by then tells nothing new any more.
const GIVE_UP_MS: i64 = 2 * 24 * 3600 * 1000;
/// How long letters that have ended are known, so that none of the same cause follows.
const KEPT_MS: i64 = 7 * 24 * 3600 * 1000;
/// The clock may be set meanwhile.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// How soon the disk is tried again that refused a mark.
const OWED_WAIT: Duration = Duration::from_secs(10);
/// How long [`MailHandle::close`] waits.
const CLOSE_TIME: Duration = Duration::from_secs(5);
