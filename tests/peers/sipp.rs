//! SIPp plays one of the scenarios beside this file, once, and says by its exit status whether all went as written there.

use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::time::Duration;

use crate::process::{Running, Scratch, free_ports, wait_for};
use crate::wav;

/// How long a scenario may take.
const LIMIT: Duration = Duration::from_secs(40);

/// A scenario being played.
pub(crate) struct Sipp {
    name: String,
    dir: Scratch,
    process: Running,
    pub(crate) sip: SocketAddr,
}

/// Who plays it and how.
#[derive(Clone, Copy, Default)]
pub(crate) struct Part<'a> {
    /// What it calls, or registers as.
    pub(crate) service: &'a str,
    /// Its digest credentials.
    pub(crate) login: &'a str,
    pub(crate) password: &'a str,
    /// Where it listens; `None`: anywhere.
    pub(crate) port: Option<u16>,
    pub(crate) tcp: bool,
    /// Digits in its sound.alaw.
    pub(crate) sound: &'a str,
}

impl Sipp {
    /// Begins. All sound that it gets it sends back.
    pub(crate) fn start(scenario: &str, to: SocketAddr, part: Part<'_>) -> Self {
        let dir = Scratch::new(&format!("sipp-{scenario}"));
        let own = free_ports(12);
        let port = part.port.unwrap_or(own).to_string();
        let (media, control, limit) = ((own + 2).to_string(), (own + 6).to_string(), LIMIT.as_secs().to_string());
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/peers/sipp/{scenario}.xml"));
        let (messages, errors) = (dir.path("messages"), dir.path("errors"));
        let to = to.to_string();
        let mut arguments = vec!["-sf", path(&file), "-i", "127.0.0.1", "-p", &port, "-mi", "127.0.0.1", "-mp", &media];
        arguments.extend(["-cp", &control, "-m", "1", "-l", "1", "-nostdin", "-rtp_echo", "-timeout", &limit]);
        arguments.extend([
            "-timeout_error",
            "-trace_msg",
            "-message_file",
            path(&messages),
            "-message_overwrite",
            "true",
        ]);
        // no `@`: a Call-ID may stand in a URI
        arguments.extend(["-cid_str", "%u-%p-%s"]);
        arguments.extend(["-trace_err", "-error_file", path(&errors)]);
        arguments.extend(["-s", part.service, "-au", part.login, "-ap", part.password]);
        arguments.extend(["-t", if part.tcp { "t1" } else { "u1" }]);
        arguments.push(&to);
        wav::write_digits(&dir.path("sound.alaw"), part.sound);
        let process = Running::start_in(&dir.0, "sipp", "sip-tester", &arguments, &dir.path("screen"));
        let sip = SocketAddr::from(([127, 0, 0, 1], port.parse().unwrap()));
        Self { name: scenario.to_owned(), dir, process, sip }
    }

    /// Waits for its end and for its word that all went as written; the messages that came and went.
    pub(crate) fn succeeds(mut self) -> String {
        let status = self.process.ended_within(LIMIT + Duration::from_secs(5));
        assert_eq!(status, Some(0), "SIPp, {}:\n{}\n{}", self.name, self.read("errors"), self.messages());
        self.messages()
    }

    /// Waits until a message with this word came or went.
    pub(crate) fn wait_for_word(&self, word: &str) {
        wait_for(&format!("{word:?} at SIPp, {}", self.name), Duration::from_secs(15), || {
            self.messages().contains(word)
        });
    }

    /// Waits until it holds its port.
    pub(crate) fn wait_until_ready(&self) {
        wait_for("SIPp to listen", Duration::from_secs(5), || UdpSocket::bind(self.sip).is_err());
    }

    /// The messages that came and went.
    pub(crate) fn messages(&self) -> String {
        self.read("messages")
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.dir.path(name)).unwrap_or_default()
    }
}

/// Begins and waits for its success.
pub(crate) fn play(scenario: &str, to: SocketAddr, part: Part<'_>) {
    let _ = Sipp::start(scenario, to, part).succeeds();
}

fn path(path: &Path) -> &str {
    path.to_str().expect("paths of these tests are ASCII")
}
