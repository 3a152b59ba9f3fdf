//! baresip as a desk phone that answers by itself: what people hear is proved elsewhere, here it counts that they talk.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::machine::SHARED;
use crate::place::{Place, Running, wait_for};

/// A telephone. It ends with the test.
pub(crate) struct Telephone {
    dir: PathBuf,
    place: Arc<Place>,
    control: u16,
    _process: Running,
}

impl Telephone {
    /// A telephone at this port and those above it.
    pub(crate) fn start(place: &Arc<Place>, login: &str, password: &str, port: u16) -> Self {
        let dir = std::env::temp_dir().join(format!("dozvon-standby-{}-{login}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).unwrap();
        let control = port + 2;
        let config = format!(
            "poll_method epoll\nnet_interface eth0\nsip_listen 0.0.0.0:{port}\nmodule_path /usr/lib/baresip/modules\n\
             module g711.so\nmodule aubridge.so\nmodule_tmp account.so\nmodule_app menu.so\n\
             module_app ctrl_tcp.so\nctrl_tcp_listen 127.0.0.1:{control}\naudio_source aubridge,mouth\n\
             audio_player aubridge,sink\naudio_alert aubridge,alert\nringback_disabled yes\n\
             rtp_ports {}-{}\nrtp_stats no\nstatmode_default off\n",
            port + 4000,
            port + 4019
        );
        fs::write(dir.join("config"), config).unwrap();
        let account = format!(
            "<sip:{login}@{SHARED};transport=udp>;auth_user={login};auth_pass={password};regint=60;answermode=auto;\
             audio_codecs=pcma\n"
        );
        fs::write(dir.join("accounts"), account).unwrap();
        fs::write(dir.join("contacts"), "").unwrap();
        let at = dir.clone();
        let process = place.run(move || Running::start("baresip", &["-f", at.to_str().unwrap()], &at.join("log")));
        Self { dir, place: Arc::clone(place), control, _process: process }
    }

    fn order(&self, command: &str, parameters: &str) {
        let json = format!("{{\"command\":\"{command}\",\"params\":\"{parameters}\",\"token\":\"t\"}}");
        let control = self.control;
        wait_for("baresip's control socket", Duration::from_secs(5), || {
            let json = json.clone();
            self.place.run(move || {
                let mut stream = TcpStream::connect(("127.0.0.1", control)).ok()?;
                write!(stream, "{}:{json},", json.len()).ok()?;
                stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
                let _ = stream.read(&mut [0; 4096]);
                Some(())
            })
        });
    }

    pub(crate) fn dial(&self, number: &str) {
        self.order("dial", number);
    }

    pub(crate) fn hang_up(&self) {
        self.order("hangup", "");
    }

    /// How many calls of its life were answered.
    pub(crate) fn talks(&self) -> usize {
        let log = fs::read(self.dir.join("log")).unwrap_or_default();
        String::from_utf8_lossy(&log).matches("Call established").count()
    }

    pub(crate) fn wait_until_talking(&self, times: usize) {
        wait_for("telephones to talk", Duration::from_secs(20), || (self.talks() >= times).then_some(()));
    }
}

impl Drop for Telephone {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.dir);
        }
    }
}
