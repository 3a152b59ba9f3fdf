//! The journal: the last lines of the log, kept in memory for the page, for the diagnostics and for whoever taps them (syslog). It is
//! a layer of `tracing` beside the one that writes stderr, sees what that one sees, and never waits for anybody. What is told outside
//! of the log, such as the first password, never comes here.

pub mod kernel;
pub mod syslog;

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use super::clock;
pub use super::config::Level;
use crate::base::WallTime;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Rises with each.
    pub id: u64,
    /// When.
    pub at: WallTime,
    /// How bad.
    pub level: Level,
    /// Who says it: a module, or `kernel`.
    pub target: String,
    /// What, on one line: control characters are spaces.
    pub text: String,
}

/// The journal. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct Journal(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    ring: Mutex<Ring>,
    tap: Mutex<Option<Tap>>,
}

#[derive(Debug, Default)]
struct Ring {
    lines: VecDeque<Arc<Line>>,
    bytes: usize,
    last: u64,
}

#[derive(Debug)]
struct Tap {
    lines: SyncSender<Arc<Line>>,
    /// Lines that did not fit.
    missed: u64,
}

impl Journal {
    /// Adds a line; the oldest go when [`KEPT_BYTES`] are full. Never waits.
    pub fn add(&self, level: Level, target: &str, text: &str) {
        let line = {
            let mut ring = self.ring();
            ring.last += 1;
            let line = Arc::new(Line {
                id: ring.last,
                at: clock::wall(),
                level,
                target: target.to_owned(),
                text: one_line(text),
            });
            ring.push(Arc::clone(&line));
            line
        };
        let mut tap = self.0.tap.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = tap.as_mut() {
            match found.lines.try_send(line) {
                Ok(()) => {}
                Err(TrySendError::Full(_)) => found.missed += 1,
                Err(TrySendError::Disconnected(_)) => *tap = None,
            }
        }
    }

    /// All lines, oldest first.
    pub fn lines(&self) -> Vec<Arc<Line>> {
        self.ring().lines.iter().cloned().collect()
    }

    /// From now on each line goes there as well; what does not fit is counted.
    fn tap(&self, lines: SyncSender<Arc<Line>>) {
        *self.0.tap.lock().unwrap_or_else(PoisonError::into_inner) = Some(Tap { lines, missed: 0 });
    }

    /// Lines no longer go anywhere else.
    fn untap(&self) {
        *self.0.tap.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// How many lines whoever taps has missed since the last time that this was asked.
    fn missed(&self) -> u64 {
        let mut tap = self.0.tap.lock().unwrap_or_else(PoisonError::into_inner);
        tap.as_mut().map_or(0, |tap| std::mem::take(&mut tap.missed))
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.0.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    fn push(&mut self, line: Arc<Line>) {
        self.bytes += weight(&line);
        self.lines.push_back(line);
        while self.bytes > KEPT_BYTES {
            let Some(oldest) = self.lines.pop_front() else { return };
            self.bytes -= weight(&oldest);
        }
    }
}

fn weight(line: &Line) -> usize {
    line.text.len() + line.target.len() + LINE_BYTES
}

/// On one line, and no longer than [`LONGEST_LINE`].
fn one_line(text: &str) -> String {
    let mut line: String =
        text.chars().take(LONGEST_LINE).map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    if text.chars().nth(LONGEST_LINE).is_some() {
        line.push('…');
    }
    line
}

impl<S: Subscriber> Layer<S> for Journal {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut said = Said::default();
        event.record(&mut said);
        let Said { message, fields } = said;
        let text = if message.is_empty() { fields.trim_start().to_owned() } else { message + &fields };
        self.add(level_of(event.metadata().level()), event.metadata().target(), &text);
    }
}

/// The message, and the fields behind it.
#[derive(Default)]
struct Said {
    message: String,
    fields: String,
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // A String takes all.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

/// What the kept lines may take. Bytes.
pub const KEPT_BYTES: usize = 4 * 1024 * 1024;
/// The longest line. Characters.
const LONGEST_LINE: usize = 4_000;
/// What a line takes beside its text, roughly. Bytes.
const LINE_BYTES: usize = 96;

const fn level_of(level: &tracing::Level) -> Level {
    match *level {
        tracing::Level::ERROR => Level::Error,
        tracing::Level::WARN => Level::Warn,
        tracing::Level::INFO => Level::Info,
        tracing::Level::DEBUG => Level::Debug,
        tracing::Level::TRACE => Level::Trace,
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[test]
    fn what_is_logged_stands_in_the_journal_on_one_line_with_its_fields() {
        let journal = Journal::default();
        let subscriber = tracing_subscriber::registry().with(journal.clone());
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(peer = %"192.0.2.1", calls = 3, "two\nlines");
            tracing::debug!(only = "fields");
        });
        let lines = journal.lines();
        let told: Vec<_> = lines.iter().map(|line| (line.level, line.text.as_str())).collect();
        assert_eq!(told, [(Level::Warn, "two lines peer=192.0.2.1 calls=3"), (Level::Debug, "only=\"fields\"")]);
        assert!(lines.iter().all(|line| line.target.starts_with("dozvon::io::journal")));
        assert!(lines[0].id < lines[1].id);
    }

    #[test]
    fn the_oldest_lines_go_when_it_is_full() {
        let journal = Journal::default();
        let text = "x".repeat(10_000);
        for _ in 0..5_000 {
            journal.add(Level::Info, "test", &text);
        }
        let lines = journal.lines();
        assert!(lines.len() > 500 && lines.len() < 1_500, "{}", lines.len());
        assert_eq!(lines.last().map(|line| line.id), Some(5_000));
        assert_eq!(lines[0].text.chars().count(), LONGEST_LINE + 1);
        assert!(lines.iter().map(|line| weight(line)).sum::<usize>() <= KEPT_BYTES);
    }

    #[test]
    fn who_taps_too_slowly_misses_lines_and_nobody_waits_for_him() {
        let journal = Journal::default();
        let (sender, inbox) = std::sync::mpsc::sync_channel(2);
        journal.tap(sender);
        for number in 0..5 {
            journal.add(Level::Info, "test", &number.to_string());
        }
        assert_eq!(inbox.try_iter().map(|line| line.text.clone()).collect::<Vec<_>>(), ["0", "1"]);
        assert_eq!((journal.missed(), journal.missed()), (3, 0));
        drop(inbox);
        journal.add(Level::Info, "test", "nobody hears it there");
        assert_eq!(journal.lines().len(), 6);
    }
}
