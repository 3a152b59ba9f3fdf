//! linphone's console phone: another maker's stack, another jitter buffer, other codecs first. WAV files for voice and ear.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{ChildStdin, Stdio};
use std::time::Duration;

use crate::exchange::Exchange;
use crate::process::{Running, Scratch, free_ports, need, wait_for, with_its_parent};
use crate::wav;

/// The numbers under which linphonec lists its audio formats.
const CODECS: std::ops::Range<u8> = 0..19;

/// A softphone.
pub(crate) struct Softphone {
    dir: Scratch,
    keyboard: ChildStdin,
    _process: Running,
}

impl Softphone {
    /// Registers with one audio format only, as `codec list` names it, and waits until the exchange knows it.
    pub(crate) fn start(exchange: &Exchange, login: &str, password: &str, codec: &str, voice: u16) -> Self {
        Self::start_with(exchange, (login, password), codec, voice, false)
    }

    /// The same over TLS, with SRTP, trusting the box's authority. Its TLS knows no addresses in certificates, only names.
    pub(crate) fn start_over_tls(exchange: &Exchange, account: (&str, &str), voice: u16) -> Self {
        Self::start_with(exchange, account, "PCMA", voice, true)
    }

    fn start_with(exchange: &Exchange, (login, password): (&str, &str), codec: &str, voice: u16, tls: bool) -> Self {
        let authority = exchange.data().join("tls/ca.pem");
        let trust = if tls {
            format!("root_ca={}\nverify_server_cn=0\nmedia_encryption=srtp\n", authority.display())
        } else {
            String::new()
        };
        let mut phone = Self::launch(tls, &trust, "");
        wav::write_tone(&phone.dir.path("voice.wav"), &[voice], 60);
        phone.order("soundcard use files");
        phone.order(&format!("record {}", phone.ear().display()));
        phone.order(&format!("play {}", phone.dir.path("voice.wav").display()));
        phone.order("codec list");
        wait_for("linphone's list of codecs", Duration::from_secs(15), || phone.log().contains("18: "));
        for number in CODECS {
            let wanted = phone.log().contains(&format!("{number:2}: {codec}"));
            phone.order(&format!("codec {} {number}", if wanted { "enable" } else { "disable" }));
        }
        let server = if tls { format!("{};transport=tls", exchange.tls()) } else { exchange.sip.to_string() };
        phone.order(&format!("register sip:{login}@{} sip:{server} {password}", exchange.sip));
        wait_for(&format!("linphone {login} registered"), Duration::from_secs(20), || exchange.is_registered(login));
        phone
    }

    /// Fetches its whole account from `address`, the text of a code that it has scanned, and registers by itself.
    pub(crate) fn scan(address: &str) -> Self {
        Self::launch(false, "", &format!("[misc]\nconfig-uri={address}\n"))
    }

    /// Starts it with ports of its own; `of_sip` and `more` are lines of its file.
    fn launch(tls: bool, of_sip: &str, more: &str) -> Self {
        need("linphonec", "linphone-cli");
        let dir = Scratch::new("linphone");
        std::fs::create_dir_all(dir.path(".local/share/linphone")).unwrap();
        let ports = free_ports(4);
        let (udp_port, tls_port) = if tls { (0, -1) } else { (i32::from(ports), 0) };
        let config = format!(
            "[sip]\nsip_port={udp_port}\nsip_tcp_port=0\nsip_tls_port={tls_port}\nuse_ipv6=0\n{of_sip}[rtp]\naudio_rtp_port={}\n\
             [video]\nenabled=0\n{more}",
            ports + 2
        );
        let file = dir.write("linphonerc", &config);
        let log = std::fs::File::create(dir.path("log")).unwrap();
        let mut child = with_its_parent("linphonec")
            .args(["-b", file.to_str().unwrap(), "-d", "0"])
            .env("HOME", &dir.0)
            .current_dir(&dir.0)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let keyboard = child.stdin.take().unwrap();
        Self { dir, keyboard, _process: Running::adopt(child) }
    }

    fn order(&mut self, line: &str) {
        writeln!(self.keyboard, "{line}").unwrap();
    }

    fn ear(&self) -> PathBuf {
        self.dir.path("heard.wav")
    }

    fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.dir.path("log")).unwrap_or_default()).into_owned()
    }

    pub(crate) fn dial(&mut self, exchange: &Exchange, number: &str) {
        self.order(&format!("call sip:{number}@{}", exchange.sip));
    }

    /// Gives the other side of its one call on to a number, by REFER.
    pub(crate) fn transfer(&mut self, exchange: &Exchange, number: &str) {
        self.order(&format!("transfer sip:{number}@{}", exchange.sip));
    }

    pub(crate) fn answer(&mut self) {
        self.order("answer");
    }

    pub(crate) fn hang_up(&mut self) {
        self.order("terminate");
    }

    /// Waits until it has heard some tenths of a second of this tone.
    pub(crate) fn wait_to_hear(&self, hz: u16) {
        let ear = self.ear();
        wait_for(&format!("{hz} Hz in {}", ear.display()), Duration::from_secs(25), || {
            wav::blocks_of(&ear, 0, hz) >= 20
        });
    }
}

impl Drop for Softphone {
    fn drop(&mut self) {
        let _ = writeln!(self.keyboard, "quit");
    }
}
