//! `dozvon panel` on a pseudo terminal, read as a VT100 would show it, beside a real exchange and a steward that only takes notes.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dozvon::machine::order::Card;
use dozvon::machine::{Addressing, Answer, Order, State, reason};
use nix::pty::openpty;
use nix::sys::termios::{Termios, tcgetattr};

use crate::{Place, words};

/// What stands on a terminal of 24 lines: cursor addressing, erasing to the end of a line, and letters.
struct Glass {
    lines: Vec<Vec<char>>,
    row: usize,
    column: usize,
    waiting: Vec<u8>,
}

impl Glass {
    fn new() -> Self {
        Self { lines: vec![vec![' '; 80]; 24], row: 0, column: 0, waiting: Vec::new() }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&self.waiting) {
            Ok(text) => text.len(),
            Err(error) => error.valid_up_to(),
        };
        let text = String::from_utf8(self.waiting[..whole].to_vec()).unwrap();
        let mut rest = text.as_str();
        while let Some(letter) = rest.chars().next() {
            match rest.strip_prefix("\x1b[") {
                Some(order) => {
                    let Some(end) = order.find(|letter: char| letter.is_ascii_alphabetic()) else { break };
                    self.obey(&order[..end], &order[end..=end]);
                    rest = &order[end + 1..];
                }
                None if letter == '\x1b' && rest.len() < 2 => break,
                None => {
                    assert!(!letter.is_control() && self.column < 79, "{letter:?} at {}:{}", self.row, self.column);
                    self.lines[self.row][self.column] = letter;
                    self.column += 1;
                    rest = &rest[letter.len_utf8()..];
                }
            }
        }
        let used = text.len() - rest.len();
        self.waiting.drain(..used);
    }

    fn obey(&mut self, numbers: &str, order: &str) {
        let numbers: Vec<usize> = numbers.split(';').map(|number| number.parse().unwrap_or(1)).collect();
        match order {
            "H" => (self.row, self.column) = (numbers[0] - 1, numbers.get(1).copied().unwrap_or(1) - 1),
            "K" => self.lines[self.row][self.column..].fill(' '),
            "J" => *self = Self { waiting: std::mem::take(&mut self.waiting), ..Self::new() },
            "m" | "r" => {}
            other => panic!("a VT100 may not know {other}"),
        }
    }

    fn text(&self) -> String {
        self.lines.iter().map(|line| line.iter().collect::<String>().trim_end().to_owned() + "\n").collect()
    }
}

/// The console, and who sits before it.
struct Console {
    child: Child,
    keyboard: File,
    heard: Receiver<Vec<u8>>,
    glass: Glass,
    /// The terminal's other end.
    line: OwnedFd,
    before: Termios,
}

impl Console {
    fn start(place: &Place, steward: &PathBuf) -> Self {
        let pair = openpty(None, None).unwrap();
        let before = tcgetattr(&pair.slave).unwrap();
        let end = || Stdio::from(pair.slave.try_clone().unwrap());
        let mut command = place.command(&["panel"]);
        command.env("DOZVON_STEWARD", steward).stdin(end()).stdout(end()).stderr(end());
        let child = command.spawn().unwrap();
        let (told, heard) = channel();
        let mut screen = File::from(pair.master.try_clone().unwrap());
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(length @ 1..) = screen.read(&mut bytes) {
                if told.send(bytes[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { child, keyboard: File::from(pair.master), heard, glass: Glass::new(), line: pair.slave, before }
    }

    fn types(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
    }

    /// The line with these words, once they are there.
    fn shows(&mut self, words: &str) -> String {
        for _ in 0..2_000 {
            let text = self.glass.text();
            if let Some(line) = text.lines().find(|line| line.contains(words)) {
                return line.to_owned();
            }
            match self.heard.recv_timeout(Duration::from_secs(60)) {
                Ok(bytes) => self.glass.take(&bytes),
                Err(_) => break,
            }
        }
        panic!("{words:?} does not come:\n{}", self.glass.text());
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A steward that answers and takes notes.
fn steward(place: &Place) -> (PathBuf, Arc<Mutex<Vec<Order>>>) {
    let path = place.0.join("steward.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let orders = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&orders);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut line = String::new();
            // whoever only looks whether we are here says nothing
            if BufReader::new(&stream).read_line(&mut line).is_err() || line.is_empty() {
                continue;
            }
            let order: Order = serde_json::from_str(&line).unwrap();
            let answer = match &order {
                Order::State => Answer::State(Box::new(state())),
                Order::KernelLog => Answer::Text { text: "[    0.000000] Linux version 6.12\n".to_owned() },
                Order::ShutDown => {
                    Answer::Refused { reason: reason("кнопка застряла", "the button is stuck") }
                }
                _ => Answer::Done,
            };
            if order != Order::State {
                notes.lock().unwrap().push(order);
            }
            let _ = (&stream).write_all(format!("{}\n", serde_json::to_string(&answer).unwrap()).as_bytes());
        }
    });
    (path, orders)
}

fn state() -> State {
    let card = Card {
        name: "eth0".to_owned(),
        mac: "52:54:00:12:34:56".to_owned(),
        link: true,
        speed: Some(1000),
        addresses: vec!["192.168.1.10/24".to_owned()],
    };
    State { host_name: "dozvon".to_owned(), cards: vec![card], ..State::default() }
}

#[test]
fn whoever_stands_at_the_box_sees_how_it_is_and_sets_it_right() {
    let place = Place::new();
    let (socket, orders) = steward(&place);
    let mut console = Console::start(&place, &socket);
    console.shows("Starting");
    let exchange = place.serve(&[]);
    let told = exchange.line("first sign-in: ").unwrap().to_owned();
    console.shows("Ready");
    let first = console.shows("First sign-in at the page:");
    let first = first.split('/').next_back().unwrap().trim();
    assert!(told.contains(first) && first.len() > 10, "{told}: {first}");

    console.types("2\r");
    console.shows("It is shown only now.");
    let made = console.shows("admin / ");
    assert!(!made.contains(first));
    console.types("\r");
    console.shows("waits for its first sign-in"); // with the new one: the old one is no good any more
    console.types("2nobody\r");
    console.shows("That was not done:");

    console.types("\r1");
    console.shows("How does the box get its address?");
    console.types("2");
    console.shows("> 192.168.1.10/24");
    console.types("\r192.168.1.1\r\r\r");
    console.shows("Set it so");
    console.types("1");
    console.shows("in force");
    console.types("\r31");
    console.shows("restarts now");
    console.types("\r41");
    console.shows("the button is stuck");
    console.types("\r5RESET\r");
    console.shows("forgets its settings");
    console.types("\r6");
    console.shows("Linux version 6.12");
    console.types("\x1b7");
    console.shows("Готова");
    let orders = orders.lock().unwrap();
    let [Order::Network { network, confirm_within: 0 }, rest @ ..] = &orders[..] else { panic!("{orders:?}") };
    let fixed =
        Addressing::Fixed { address: "192.168.1.10/24".to_owned(), gateway: Some("192.168.1.1".parse().unwrap()) };
    assert_eq!(network.office.address, fixed);
    assert_eq!(rest, [Order::Restart, Order::ShutDown, Order::FactoryReset, Order::KernelLog]);
}

#[test]
fn on_plain_linux_it_can_be_left_and_leaves_the_terminal_as_it_was() {
    let place = Place::new();
    let mut console = Console::start(&place, &place.0.join("no.sock"));
    console.shows("q Leave");
    assert_ne!(tcgetattr(&console.line).unwrap().local_flags, console.before.local_flags, "keys come one by one");
    console.types("3");
    console.shows("not the box's own system");
    console.types("\rq");
    assert!(console.child.wait().unwrap().success());
    assert_eq!(tcgetattr(&console.line).unwrap().local_flags, console.before.local_flags);
}

#[test]
fn without_a_terminal_it_says_so() {
    let place = Place::new();
    let output = place.command(&["panel"]).stdin(Stdio::null()).output().unwrap();
    let (status, _, said) = words(&output);
    assert_eq!((status, said.as_str()), (1, "dozvon: the console needs a terminal\n"));
}
