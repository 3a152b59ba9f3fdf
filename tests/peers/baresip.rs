//! baresip as a desk phone: its own account, a sine for a voice, a recording for an ear, orders over its control socket.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::exchange::{Exchange, Running, Scratch, free_port, wait_for};
use crate::wav;

/// A phone.
pub(crate) struct Phone {
    dir: Scratch,
    control: u16,
    _process: Running,
    log: PathBuf,
    pub(crate) hz: u16,
}

/// How it differs from the usual.
pub(crate) struct Taste {
    pub(crate) codecs: &'static str,
    pub(crate) transport: &'static str,
    pub(crate) answer: &'static str,
    /// Which of RTP events and INFO carries its keys.
    pub(crate) dtmf: &'static str,
}

impl Default for Taste {
    fn default() -> Self {
        Self { codecs: "pcma,pcmu", transport: "udp", answer: "auto", dtmf: "rtpevent" }
    }
}

impl Phone {
    /// Starts a phone that registers, and waits until the exchange knows it.
    pub(crate) fn start(exchange: &Exchange, login: &str, password: &str, hz: u16, taste: &Taste) -> Self {
        let dir = Scratch::new("baresip");
        let (control, sip) = (free_port(), free_port());
        let modules = "/usr/lib/baresip/modules";
        let rtp = 40_000 + (sip % 20) * 1000;
        fs::write(
            dir.path("config"),
            format!(
                "poll_method epoll\nsip_listen 127.0.0.1:{sip}\nmodule_path {modules}\n\
                 module g711.so\nmodule ausine.so\nmodule aubridge.so\nmodule sndfile.so\nmodule account.so\n\
                 module_app account.so\nmodule_app menu.so\nmodule ctrl_tcp.so\nmodule_app ctrl_tcp.so\n\
                 audio_source ausine,{hz}\naudio_player aubridge,sink\naudio_alert aubridge,alert\n\
                 ctrl_tcp_listen 127.0.0.1:{control}\nsnd_path {0}\nrtp_ports {rtp}-{1}\nrtp_stats no\n",
                dir.0.display(),
                rtp + 900
            ),
        )
        .unwrap();
        let account = format!(
            "<sip:{login}@{0};transport={1}>;auth_user={login};auth_pass={password};regint=60;answermode={2};audio_codecs={3};dtmfmode={4}\n",
            exchange.sip, taste.transport, taste.answer, taste.codecs, taste.dtmf
        );
        fs::write(dir.path("accounts"), account).unwrap();
        fs::write(dir.path("contacts"), "").unwrap();
        let log = dir.path("log");
        let out = fs::File::create(&log).unwrap();
        let process = Command::new("baresip")
            .arg("-f")
            .arg(&dir.0)
            .stdin(Stdio::null())
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .spawn()
            .expect("baresip is installed by scripts/test");
        let phone = Self { dir, control, _process: Running(process), log, hz };
        wait_for(&format!("baresip {login} registered"), Duration::from_secs(20), || exchange.is_registered(login));
        phone
    }

    /// An order as netstring of JSON, as its ctrl_tcp module wants; the first thing that it answers.
    fn order(&self, command: &str, parameters: &str) {
        let address = SocketAddr::from(([127, 0, 0, 1], self.control));
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5)).unwrap();
        let json = format!("{{\"command\":\"{command}\",\"params\":\"{parameters}\",\"token\":\"t\"}}");
        write!(stream, "{}:{json},", json.len()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
        let mut buffer = [0; 2048];
        let _ = stream.read(&mut buffer);
    }

    pub(crate) fn dial(&self, number: &str) {
        self.order("dial", number);
    }

    pub(crate) fn hang_up(&self) {
        self.order("hangup", "");
    }

    pub(crate) fn hold(&self) {
        self.order("hold", "");
    }

    pub(crate) fn resume(&self) {
        self.order("resume", "");
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn recordings(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.dir.0).unwrap().filter_map(Result::ok).map(|entry| entry.path());
        entries.filter(|path| path.to_string_lossy().ends_with("-dec.wav")).collect()
    }

    /// 20 ms blocks of this tone that it has heard so far, over all its calls.
    pub(crate) fn heard(&self, hz: u16) -> usize {
        self.recordings().iter().map(|path| wav::blocks_of(path, hz)).sum()
    }

    /// Waits until it has heard half a second more of this tone.
    pub(crate) fn wait_to_hear(&self, hz: u16) {
        let before = self.heard(hz);
        wait_for(&format!("{hz} Hz in the ear of {}", self.dir.0.display()), Duration::from_secs(15), || {
            self.heard(hz) >= before + 25
        });
    }
}
