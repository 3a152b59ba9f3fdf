//! `dozvon panel`: the console of the box on a terminal. `machine::panel` knows its screens; here are the terminal, the questions to
//! exchange and steward, and the deeds.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{Timestamp, tz::TimeZone};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{self, BaudRate, SetArg, Termios};

use super::clock::{self, Stopwatch};
use super::console::{self, Refusal};
use super::control::{self, Answer, Request, Status};
use super::steward::{Places, client};
use crate::base::Duration;
use crate::machine::panel::{Deed, Facts, Outcome, Panel, Screen, keys};
use crate::machine::{self, Order, reason};

/// Shows the console until the terminal goes away.
///
/// # Errors
/// When this is no terminal.
pub fn run(data: &Path) -> Result<(), Refusal> {
    if !io::stdin().is_terminal() {
        return Err(Refusal::of("the console needs a terminal"));
    }
    let terminal = Terminal::open().map_err(Refusal::of)?;
    let facts = watch(data.to_owned()).map_err(Refusal::of)?;
    let outcome = Console::new(data, terminal, facts).converse();
    outcome.map_err(Refusal::of)
}

/// Where the exchange has its data on the box's image; `None`: this is another machine.
pub fn data_of_the_box() -> Option<PathBuf> {
    let usual = Places::default();
    usual.etc.join("dozvon/release").exists().then(|| usual.exchange_data())
}

type Known = Arc<Mutex<Facts>>;

/// Looks how things are, again and again: an exchange that is busy must not hold up the keys.
fn watch(data: PathBuf) -> io::Result<Known> {
    let facts = Known::default();
    let known = Arc::clone(&facts);
    std::thread::Builder::new().name("look".to_owned()).spawn(move || {
        while Arc::strong_count(&known) > 1 {
            let seen = look(&data);
            *known.lock().unwrap_or_else(PoisonError::into_inner) = seen;
            std::thread::sleep(LOOK_EVERY);
        }
    })?;
    Ok(facts)
}

fn look(data: &Path) -> Facts {
    let machine = match client::ask(&Order::State, &mut |_| {}) {
        Ok(machine::Answer::State(state)) => Some(*state),
        _ => None,
    };
    let status = match control::ask(data, &Request::Status, &mut |_| {}) {
        Ok(Some(Answer::Status(status))) => Some(*status),
        _ => None,
    };
    let Status { exchange, timezone } = status.clone().unwrap_or_default();
    Facts {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        time: time_in(&timezone),
        machine,
        exchange: status.map(|_| exchange),
    }
}

fn time_in(timezone: &str) -> String {
    let zone = TimeZone::get(timezone).unwrap_or(TimeZone::UTC);
    let now = Timestamp::from_millisecond(clock::wall().millis()).unwrap_or_default();
    let suffix = if timezone.is_empty() { " UTC" } else { "" };
    format!("{}{suffix}", now.to_zoned(zone).strftime("%Y-%m-%d %H:%M"))
}

struct Console {
    data: PathBuf,
    terminal: Terminal,
    facts: Known,
    panel: Panel,
    painter: Painter,
}

impl Console {
    fn new(data: &Path, terminal: Terminal, facts: Known) -> Self {
        let panel = Panel::new(terminal.shows_russian);
        Self { data: data.to_owned(), terminal, facts, panel, painter: Painter::default() }
    }

    fn converse(mut self) -> io::Result<()> {
        let (mut touched, mut painted) = (Stopwatch::start(), Stopwatch::start());
        loop {
            let facts = self.facts.lock().unwrap_or_else(PoisonError::into_inner).clone();
            self.panel.learn(facts);
            if painted.elapsed() > REPAINT_EVERY {
                // the kernel may have written across it, or somebody has only now plugged in
                self.painter.forget();
                painted = Stopwatch::start();
            }
            self.draw()?;
            match self.terminal.read()? {
                None => return Ok(()),
                Some(bytes) if bytes.is_empty() => {
                    if touched.elapsed() > REST_AFTER {
                        self.panel.rest();
                    }
                }
                Some(bytes) => {
                    touched = Stopwatch::start();
                    for key in keys(&bytes) {
                        if let Some(deed) = self.panel.press(key) {
                            if deed == Deed::Leave {
                                return self.painter.wipe();
                            }
                            self.draw()?;
                            let outcome = self.perform(&deed);
                            self.panel.done(outcome);
                        }
                    }
                }
            }
        }
    }

    fn draw(&mut self) -> io::Result<()> {
        let bytes = self.painter.paint(&self.panel.screen());
        let mut out = io::stdout().lock();
        out.write_all(&bytes)?;
        out.flush()
    }

    fn perform(&mut self, deed: &Deed) -> Outcome {
        if let Some(words) = in_words(deed) {
            self.record(&words);
        }
        match deed {
            Deed::Redraw | Deed::Leave => {
                self.painter.forget();
                Outcome::Done
            }
            Deed::Password(login) => match console::new_password(&self.data, login) {
                Ok(password) => Outcome::Password(password),
                Err(Refusal(reasons)) => in_english(reasons.join(" ")),
            },
            Deed::Network(network) => order(&Order::Network { network: network.clone(), confirm_within: 0 }),
            Deed::Restart => order(&Order::Restart),
            Deed::ShutDown => order(&Order::ShutDown),
            Deed::FactoryReset => order(&Order::FactoryReset),
            Deed::Log => order(&Order::KernelLog),
        }
    }

    /// Whoever stands at the box may do all this, and it stays known: in the kernel's log, and in the exchange's.
    fn record(&self, words: &str) {
        let line = format!("<5>dozvon: at the console {}: {words}\n", self.terminal.name);
        let _ = std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/kmsg")
            .and_then(|mut log| log.write_all(line.as_bytes()));
        let _ = control::ask(&self.data, &Request::Note { deed: words.to_owned() }, &mut |_| {});
    }
}

/// What is to be kept in mind; the exchange notes a new password by itself.
fn in_words(deed: &Deed) -> Option<String> {
    match deed {
        Deed::Network(network) => Some(format!("network: {}", serde_json::to_string(network).unwrap_or_default())),
        Deed::Password(login) => Some(format!("a new password for {login}")),
        Deed::Restart => Some("restart".to_owned()),
        Deed::ShutDown => Some("switch off".to_owned()),
        Deed::FactoryReset => Some("factory reset".to_owned()),
        Deed::Log | Deed::Redraw | Deed::Leave => None,
    }
}

fn order(order: &Order) -> Outcome {
    match client::ask(order, &mut |_| {}) {
        Ok(machine::Answer::Text { text }) => Outcome::Log(text.lines().map(str::to_owned).collect()),
        Ok(machine::Answer::Refused { reason }) => Outcome::Refused(reason),
        Ok(_) => Outcome::Done,
        Err(error) => in_english(format!("the steward does not answer: {error}")),
    }
}

fn in_english(why: String) -> Outcome {
    Outcome::Refused(reason(why.clone(), why))
}

/// Draws what has changed: a serial line is slow.
#[derive(Debug, Default)]
struct Painter {
    shown: Vec<String>,
}

impl Painter {
    /// All is drawn anew next time.
    fn forget(&mut self) {
        self.shown.clear();
    }

    /// Leaves the terminal as somebody finds it who comes next.
    fn wipe(&mut self) -> io::Result<()> {
        io::stdout().lock().write_all(b"\x1b[2J\x1b[H")
    }

    fn paint(&mut self, screen: &Screen) -> Vec<u8> {
        let mut out = String::new();
        if self.shown.is_empty() {
            out.push_str("\x1b[0m\x1b[r"); // plain letters, the whole screen
        }
        let changed: BTreeSet<usize> =
            (0..screen.lines.len()).filter(|row| self.shown.get(*row) != screen.lines.get(*row)).collect();
        for (row, line) in screen.lines.iter().enumerate().filter(|(row, _)| changed.contains(row)) {
            out.push_str(&format!("\x1b[{};1H{line}\x1b[K", row + 1));
        }
        let (row, column) = screen.cursor;
        out.push_str(&format!("\x1b[{};{}H", row + 1, column + 1));
        self.shown.clone_from(&screen.lines);
        out.into_bytes()
    }
}

/// The terminal on stdin and stdout, raw while this lives.
struct Terminal {
    before: Termios,
    name: String,
    shows_russian: bool,
}

impl Terminal {
    fn open() -> io::Result<Self> {
        let stdin = io::stdin();
        let before = termios::tcgetattr(&stdin)?;
        let path = nix::unistd::ttyname(&stdin).unwrap_or_default();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut raw = before.clone();
        termios::cfmakeraw(&mut raw);
        if name.starts_with("ttyS") {
            termios::cfsetspeed(&mut raw, BaudRate::B115200)?;
        }
        termios::tcsetattr(&stdin, SetArg::TCSANOW, &raw)?;
        Ok(Self { before, shows_russian: !is_screen(&name), name })
    }

    /// What was typed; nothing after a moment; `None`: the terminal went away.
    fn read(&self) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        let mut patience = LOOK_UP;
        loop {
            let stdin = io::stdin();
            let mut wait = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
            match poll(&mut wait, PollTimeout::try_from(patience).unwrap_or(PollTimeout::ZERO)) {
                Err(nix::errno::Errno::EINTR) | Ok(0) => return Ok(Some(bytes)),
                Err(error) => return Err(error.into()),
                Ok(_) => {}
            }
            let mut piece = [0; 256];
            let length = nix::unistd::read(&stdin, &mut piece)?;
            if length == 0 {
                return Ok(None);
            }
            bytes.extend_from_slice(piece.get(..length).unwrap_or_default());
            if bytes.last() != Some(&ESCAPE) && !bytes.ends_with(b"\x1b[") {
                return Ok(Some(bytes));
            }
            // an arrow comes in pieces over a serial line
            patience = PIECES;
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = termios::tcsetattr(io::stdin(), SetArg::TCSANOW, &self.before);
    }
}

/// Whether this is the machine's own screen, `tty1`: its font has no Cyrillic letters.
fn is_screen(name: &str) -> bool {
    name.strip_prefix("tty").is_some_and(|number| number.parse::<u8>().is_ok()) || name == "console"
}

const ESCAPE: u8 = 0x1b;
const LOOK_EVERY: Duration = Duration::from_secs(2);
const LOOK_UP: Duration = Duration::from_millis(500);
const PIECES: Duration = Duration::from_millis(50);
const REPAINT_EVERY: Duration = Duration::from_secs(30);
/// Nobody leaves a password on the screen for long.
const REST_AFTER: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(lines: &[&str]) -> Screen {
        Screen { lines: lines.iter().map(|line| (*line).to_owned()).collect(), cursor: (1, 2) }
    }

    #[test]
    fn only_what_changed_is_drawn() {
        let mut painter = Painter::default();
        let all = "\x1b[0m\x1b[r\x1b[1;1Ha\x1b[K\x1b[2;1Hb\x1b[K\x1b[2;3H";
        assert_eq!(String::from_utf8(painter.paint(&screen(&["a", "b"]))).unwrap(), all);
        assert_eq!(painter.paint(&screen(&["a", "b"])), b"\x1b[2;3H");
        assert_eq!(painter.paint(&screen(&["a", "c"])), b"\x1b[2;1Hc\x1b[K\x1b[2;3H");
        painter.forget();
        assert_eq!(String::from_utf8(painter.paint(&screen(&["a", "b"]))).unwrap(), all);
    }

    #[test]
    fn the_screen_has_no_cyrillic_letters_and_other_terminals_may() {
        assert_eq!(
            ["tty1", "tty12", "console", "ttyS0", "0", "ttyUSB0"].map(is_screen),
            [true, true, true, false, false, false]
        );
    }
}
