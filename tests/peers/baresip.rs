//! baresip as a desk phone or as somebody in the city: a WAV file for a voice, a recording for an ear, orders over its
//! control socket.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use crate::exchange::Exchange;
use crate::process::{Running, Scratch, free_ports, wait_for};
use crate::wav;

const MODULES: &str = "/usr/lib/baresip/modules";
/// Blocks of 20 ms that count as having heard something.
const HEARD: usize = 20;

/// A phone.
pub(crate) struct Phone {
    dir: Scratch,
    control: SocketAddr,
    process: Running,
}

/// How it differs from the usual.
#[derive(Clone)]
pub(crate) struct Taste {
    pub(crate) codecs: &'static str,
    pub(crate) transport: &'static str,
    /// `auto` or `manual`.
    pub(crate) answer: &'static str,
    /// Its voice: a tone of so many Hz.
    pub(crate) voice: u16,
    /// `mediaenc`: empty, `srtp` (as the other side likes) or `srtp-mand`.
    pub(crate) security: &'static str,
    /// Where it listens for SIP; `None`: anywhere.
    pub(crate) port: Option<u16>,
    /// Whom it trusts under TLS.
    pub(crate) authority: Option<PathBuf>,
}

impl Default for Taste {
    fn default() -> Self {
        Self {
            codecs: "pcma,pcmu",
            transport: "udp",
            answer: "auto",
            voice: 440,
            security: "",
            port: None,
            authority: None,
        }
    }
}

impl Phone {
    /// A phone of the office that registers; waits until the exchange knows it.
    pub(crate) fn start(exchange: &Exchange, login: &str, password: &str, taste: Taste) -> Self {
        let (at, transport) = (if taste.transport == "tls" { exchange.tls() } else { exchange.sip }, taste.transport);
        let account =
            format!("<sip:{login}@{at};transport={transport}>;auth_user={login};auth_pass={password};regint=60;");
        let taste = Taste { authority: Some(exchange.data().join("tls/ca.pem")), ..taste };
        let phone = Self::with_account(login, &account, &taste);
        wait_for(&format!("baresip {login} registered"), Duration::from_secs(20), || exchange.is_registered(login));
        phone
    }

    /// Somebody in the city with this number, behind the carrier, which knows him by his port.
    pub(crate) fn in_the_city(carrier: SocketAddr, port: u16, number: &str, taste: Taste) -> Self {
        let account = format!("<sip:{number}@{carrier}>;outbound=\"sip:{carrier}\";regint=0;");
        let phone = Self::with_account(number, &account, &Taste { port: Some(port), ..taste });
        wait_for("baresip to be ready", Duration::from_secs(10), || phone.log().contains("baresip is ready"));
        phone
    }

    fn with_account(name: &str, account: &str, taste: &Taste) -> Self {
        let dir = Scratch::new(&format!("baresip-{name}"));
        // SIP, its port of TLS, control, and some pairs for RTP
        let own = free_ports(24);
        let (sip, control, rtp) = (taste.port.unwrap_or(own), own + 2, own + 4);
        let voice = dir.path("voice.wav");
        wav::write_tone(&voice, &[taste.voice], 60);
        let modules = ["g711", "g722", "opus", "srtp", "aufile", "aubridge", "sndfile"]
            .map(|name| format!("module {name}.so\n"))
            .concat();
        let trust =
            taste.authority.as_ref().map_or_else(String::new, |file| format!("sip_cafile {}\n", file.display()));
        dir.write(
            "config",
            &format!(
                "poll_method epoll\nnet_interface 127.0.0.1\nsip_listen 127.0.0.1:{sip}\nmodule_path {MODULES}\n{trust}{modules}\
                 module_tmp account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\nctrl_tcp_listen 127.0.0.1:{control}\n\
                 audio_source aufile,{}\naudio_player aubridge,sink\naudio_alert aubridge,alert\nausrc_srate 8000\nausrc_channels 1\nringback_disabled yes\n\
                 snd_path {}\nrtp_ports {rtp}-{}\nrtp_stats no\nstatmode_default off\n",
                voice.display(),
                dir.0.display(),
                rtp + 19
            ),
        );
        let security = if taste.security.is_empty() { String::new() } else { format!(";mediaenc={}", taste.security) };
        let manner = format!("answermode={};audio_codecs={}{security}", taste.answer, taste.codecs);
        dir.write("accounts", &format!("{account}{manner}\n"));
        dir.write("contacts", "");
        let process =
            Running::start("baresip", "baresip-core", &["-s", "-f", dir.0.to_str().unwrap()], &dir.path("log"));
        Self { dir, control: SocketAddr::from(([127, 0, 0, 1], control)), process }
    }

    /// An order as netstring of JSON, as its ctrl_tcp module wants.
    fn order(&self, command: &str, parameters: &str) {
        let mut stream = None;
        wait_for("baresip's control socket", Duration::from_secs(5), || {
            stream = TcpStream::connect(self.control).ok();
            stream.is_some()
        });
        let mut stream = stream.expect("waited for");
        let json = format!("{{\"command\":\"{command}\",\"params\":\"{parameters}\",\"token\":\"t\"}}");
        write!(stream, "{}:{json},", json.len()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
        let mut answer = String::new();
        let mut buffer = [0; 4096];
        while !answer.contains("\"response\":true") {
            match stream.read(&mut buffer) {
                Ok(n) if n > 0 => answer.push_str(&String::from_utf8_lossy(&buffer[..n])),
                _ => panic!("baresip did not take {command} {parameters}: {answer}"),
            }
        }
    }

    pub(crate) fn dial(&self, number: &str) {
        self.order("dial", number);
    }

    /// Ends it as a power cut would.
    pub(crate) fn cut(mut self) {
        self.process.cut();
    }

    pub(crate) fn accept(&self) {
        self.order("accept", "");
    }

    pub(crate) fn hang_up(&self) {
        self.order("hangup", "");
    }

    /// Puts the other side on hold.
    pub(crate) fn hold(&self) {
        self.order("hold", "");
    }

    /// Gives the other side on to a number, by REFER.
    pub(crate) fn transfer(&self, exchange: &Exchange, number: &str) {
        self.order("transfer", &format!("sip:{number}@{}", exchange.sip));
    }

    /// Keys pressed in a call, as RTP events.
    pub(crate) fn press(&self, keys: &str) {
        self.order("sndcode", keys);
    }

    /// What it prints, with all its SIP messages.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.dir.path("log")).unwrap_or_default()).into_owned()
    }

    /// Waits for so many lines of its log with this word.
    pub(crate) fn wait_for_word(&self, word: &str, times: usize) {
        let what = format!("{word:?} {times} times in {}", self.dir.path("log").display());
        wait_for(&what, Duration::from_secs(20), || self.log().matches(word).count() >= times);
    }

    pub(crate) fn wait_until_rung(&self) {
        self.wait_for_word("Incoming call from", 1);
    }

    /// Waits until it is in its first call.
    pub(crate) fn wait_until_talking(&self) {
        self.wait_for_word("Call established", 1);
    }

    /// Waits until its first call is over.
    pub(crate) fn wait_until_over(&self) {
        self.wait_for_word("session closed", 1);
    }

    fn recordings(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.dir.0).unwrap().filter_map(Result::ok).map(|entry| entry.path());
        entries.filter(|path| path.to_string_lossy().ends_with("-dec.wav")).collect()
    }

    /// From now on.
    pub(crate) fn listen(&self) -> Listening<'_> {
        let length = |path: &PathBuf| fs::metadata(path).map_or(0, |data| data.len());
        Listening { phone: self, heard: self.recordings().into_iter().map(|path| (length(&path), path)).collect() }
    }

    /// Waits until it has heard some tenths of a second of this tone from now on.
    pub(crate) fn wait_to_hear(&self, hz: u16) {
        let listening = self.listen();
        let what = format!("{hz} Hz in the ear of {}", self.dir.0.display());
        wait_for(&what, Duration::from_secs(25), || listening.blocks_of(hz) >= HEARD);
    }
}

impl Phone {
    /// Waits until it has heard this tone for some tenths of a second beside whatever else sounds.
    pub(crate) fn wait_to_hear_beside(&self, hz: u16) {
        let listening = self.listen();
        let what = format!("{hz} Hz among others in the ear of {}", self.dir.0.display());
        wait_for(&what, Duration::from_secs(25), || listening.blocks_beside(hz) >= HEARD);
    }
}

/// A place in a phone's recordings.
pub(crate) struct Listening<'a> {
    phone: &'a Phone,
    heard: Vec<(u64, PathBuf)>,
}

impl Listening<'_> {
    /// 20 ms blocks of this tone since then.
    pub(crate) fn blocks_of(&self, hz: u16) -> usize {
        self.samples().iter().map(|samples| wav::blocks(samples, hz)).sum()
    }

    /// The same, whatever else sounds.
    fn blocks_beside(&self, hz: u16) -> usize {
        self.samples().iter().map(|samples| wav::blocks_beside(samples, hz)).sum()
    }

    fn samples(&self) -> Vec<Vec<i16>> {
        let before =
            |path: &PathBuf| self.heard.iter().find(|(_, known)| known == path).map_or(0, |(length, _)| *length);
        self.phone.recordings().iter().map(|path| wav::samples_of(path, before(path))).collect()
    }
}
