//! A Dozvon of the test's own: its directory, its ports, its process, its API.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;

use crate::process::{Running, Scratch, free_ports, need, wait_for, with_its_parent};

/// The password of `admin` in these tests.
pub(crate) const ADMIN: &str = "peers-admin-password";
/// How many pairs of RTP ports an exchange of these tests has.
const RTP_PORTS: u16 = 200;

/// The binary under test: the release one when `DOZVON_BIN` names it.
pub(crate) fn binary() -> PathBuf {
    std::env::var_os("DOZVON_BIN").map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_dozvon")), PathBuf::from)
}

/// A running exchange, or one that can be started.
pub(crate) struct Exchange {
    pub(crate) dir: Scratch,
    pub(crate) sip: SocketAddr,
    pub(crate) https: u16,
    pub(crate) http: u16,
    /// Where the phone book is taken by LDAP.
    pub(crate) ldap: u16,
    process: Option<Running>,
    log: PathBuf,
    /// `serve`, or `demo`.
    command: &'static str,
}

impl Exchange {
    /// Ports, a directory with the host file, the sounds of the story: nothing runs yet.
    pub(crate) fn prepare(name: &str) -> Self {
        let dir = Scratch::new(name);
        let ports = free_ports(5);
        let rtp = free_ports(RTP_PORTS);
        let sip = SocketAddr::from(([127, 0, 0, 1], ports));
        let (https, http, ldap) = (ports + 2, ports + 3, ports + 4);
        let host = format!(
            "[sip]\nudp = \"{sip}\"\ntcp = \"{sip}\"\ntls = \"127.0.0.1:{}\"\n\
             [rtp]\nports = \"{rtp}-{}\"\n\
             [web]\nhttp = \"127.0.0.1:{http}\"\nhttps = \"127.0.0.1:{https}\"\n[phones]\nldap = \"127.0.0.1:{ldap}\"\n[log]\nlevel = \"debug\"\n",
            ports + 1,
            rtp + RTP_PORTS - 1
        );
        dir.write("host.toml", &host);
        let sounds = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sounds");
        for sound in ["greeting.ogg", "moh.mp3"] {
            fs::copy(sounds.join(sound), dir.path(sound)).unwrap();
        }
        let log = dir.path("exchange.log");
        Self { dir, sip, https, http, ldap, process: None, log, command: "serve" }
    }

    /// Puts the office in and starts.
    pub(crate) fn start(name: &str, office: &str) -> Self {
        let mut exchange = Self::prepare(name);
        exchange.apply(office);
        exchange.begin();
        exchange
    }

    /// A demonstration, running.
    pub(crate) fn demo(name: &str) -> Self {
        let mut exchange = Self { command: "demo", ..Self::prepare(name) };
        exchange.begin();
        exchange
    }

    /// Runs a command of the binary against this data directory.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(binary());
        command.env("DOZVON_ADMIN_PASSWORD", ADMIN).args(arguments);
        command.arg("--data").arg(self.data()).arg("--config").arg(self.dir.path("host.toml")).output().unwrap()
    }

    /// Where SIP is taken under TLS.
    pub(crate) fn tls(&self) -> SocketAddr {
        SocketAddr::new(self.sip.ip(), self.sip.port() + 1)
    }

    /// The data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path("data")
    }

    /// Applies an office file, running or stopped.
    pub(crate) fn apply(&self, office: &str) {
        let output = self.try_apply(office);
        assert!(output.status.success(), "apply: {}", words(&output));
    }

    /// Tries to.
    pub(crate) fn try_apply(&self, office: &str) -> Output {
        let file = self.dir.write("office.toml", office);
        self.run(&["apply", file.to_str().unwrap()])
    }

    /// The process that `begin` starts, not started.
    fn serve(&self) -> Command {
        let mut command = with_its_parent(binary());
        command.env("DOZVON_ADMIN_PASSWORD", ADMIN).arg(self.command);
        command.arg("--config").arg(self.dir.path("host.toml")).arg("--data").arg(self.data());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    /// Starts the process and waits for its word that it is ready.
    pub(crate) fn begin(&mut self) {
        let mut child = self.serve().spawn().unwrap();
        let stderr = child.stderr.take().unwrap();
        self.process = Some(Running::adopt(child));
        let (ready, is_ready) = mpsc::channel();
        let mut log = fs::File::options().create(true).append(true).open(&self.log).unwrap();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let _ = writeln!(log, "{line}");
                if line.contains("ready sip=") {
                    let _ = ready.send(());
                }
            }
        });
        let came = is_ready.recv_timeout(Duration::from_secs(60));
        assert!(came.is_ok(), "not ready:\n{}", self.log());
    }

    /// Starts it where it can't start: waits for its end, and gives status and words.
    pub(crate) fn begin_in_vain(&self) -> Output {
        let child = self.serve().spawn().unwrap();
        let pid = child.id();
        let (ended, has_ended) = mpsc::channel();
        std::thread::spawn(move || ended.send(child.wait_with_output().unwrap()));
        has_ended.recv_timeout(Duration::from_secs(10)).unwrap_or_else(|_| {
            let _ = Command::new("kill").args(["-KILL", &pid.to_string()]).status();
            panic!("it runs where it should have refused");
        })
    }

    /// Ends it as a power cut would.
    pub(crate) fn cut_power(&mut self) {
        self.process.take().expect("it runs").cut();
    }

    /// Ends it as the system would; its exit status, `None` when it did not end in time.
    pub(crate) fn stop(&mut self) -> Option<i32> {
        self.process.take().expect("it runs").stop(Duration::from_secs(15))
    }

    /// Resident memory.
    pub(crate) fn resident_kib(&self) -> u64 {
        let pid = self.process.as_ref().expect("it runs").pid();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The history, newest first, from the API.
    pub(crate) fn history(&self) -> Vec<Value> {
        self.get("/api/v1/history")["items"].as_array().cloned().unwrap_or_default()
    }

    /// Waits until every row of history has ended; gives the newest.
    pub(crate) fn last_call(&self) -> Value {
        let mut rows = Vec::new();
        wait_for("an ended row of history", Duration::from_secs(20), || {
            rows = self.history();
            !rows.is_empty() && rows.iter().all(|row| !row["outcome"].is_null())
        });
        rows.swap_remove(0)
    }

    /// The story of a row: kinds of its steps, in order.
    pub(crate) fn steps(&self, row: &Value) -> Vec<Value> {
        let story = self.get(&format!("/api/v1/history/{}", row["id"].as_str().unwrap()));
        story["steps"].as_array().cloned().unwrap_or_default()
    }

    /// Calls in progress.
    pub(crate) fn calls(&self) -> Vec<Value> {
        self.get("/api/v1/calls")["items"].as_array().cloned().unwrap_or_default()
    }

    /// Whether any phone is registered for this login.
    pub(crate) fn is_registered(&self, login: &str) -> bool {
        let extensions = self.get("/api/v1/extensions");
        let extensions = extensions["items"].as_array().cloned().unwrap_or_default();
        let mut devices =
            extensions.iter().flat_map(|extension| extension["devices"].as_array().cloned().unwrap_or_default());
        devices.any(|device| device["login"] == login && device["registration"]["registered"] == true)
    }

    /// Waits for all trunks to be registered.
    pub(crate) fn wait_for_trunk(&self) {
        wait_for("the trunk's registration", Duration::from_secs(15), || {
            let trunks = self.get("/api/v1/trunks");
            let trunks = trunks["items"].as_array().cloned().unwrap_or_default();
            !trunks.is_empty() && trunks.iter().all(|trunk| trunk["state"]["code"] == "registered")
        });
    }

    /// The token that [`get`](Self::get) uses, made on first use.
    fn token(&self) -> String {
        let kept = self.dir.path("token");
        if let Ok(token) = fs::read_to_string(&kept) {
            return token;
        }
        let output = self.run(&["token", "create", "peers", "--role", "admin"]);
        assert!(output.status.success(), "{}", words(&output));
        let text = String::from_utf8_lossy(&output.stdout);
        let token = text.split_whitespace().max_by_key(|word| word.len()).unwrap().to_owned();
        fs::write(&kept, &token).unwrap();
        token
    }

    /// GET with a token, over TLS, by curl: a client that is not ours.
    pub(crate) fn get(&self, path: &str) -> Value {
        let bearer = format!("Authorization: Bearer {}", self.token());
        let text = self.fetch(&["--header", &bearer], &format!("https://127.0.0.1:{}{path}", self.https));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("GET {path}: {error}: {text}"))
    }

    /// What curl prints.
    pub(crate) fn fetch(&self, options: &[&str], url: &str) -> String {
        need("curl", "curl");
        let curl = ["--silent", "--show-error", "--insecure", "--max-time", "10"];
        let output = Command::new("curl").args(curl).args(options).arg(url).output().unwrap();
        assert!(output.status.success(), "curl {url}: {}\n{}", words(&output), self.log());
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Whether it still answers OPTIONS; asks three times, as a datagram may be lost in a flood.
    pub(crate) fn answers_options(&self) -> bool {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        let us = socket.local_addr().unwrap();
        let mut buffer = [0; 4096];
        (0..3).any(|attempt| {
            socket.send_to(options(self.sip, us, "UDP", attempt).as_bytes(), self.sip).unwrap();
            socket.recv(&mut buffer).is_ok_and(|n| buffer[..n].starts_with(b"SIP/2.0 200"))
        })
    }

    /// Sends bytes over a connection of their own and returns what comes back until the peer is quiet or closes; and
    /// whether it closed.
    pub(crate) fn over_tcp(&self, bytes: &[u8]) -> (Vec<u8>, bool) {
        let mut stream = TcpStream::connect(self.sip).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(700))).unwrap();
        stream.write_all(bytes).unwrap();
        let mut answer = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            match stream.read(&mut buffer) {
                Ok(0) => return (answer, true),
                Ok(n) => answer.extend_from_slice(&buffer[..n]),
                Err(error) => return (answer, error.kind() == std::io::ErrorKind::ConnectionReset),
            }
        }
    }
}

/// An OPTIONS of a stranger.
pub(crate) fn options(to: SocketAddr, us: SocketAddr, transport: &str, number: usize) -> String {
    let id = format!("{}x{number}", us.port());
    format!(
        "OPTIONS sip:{to} SIP/2.0\r\nVia: SIP/2.0/{transport} {us};branch=z9hG4bK{id};rport\r\nMax-Forwards: 70\r\n\
         From: <sip:probe@{us}>;tag={id}\r\nTo: <sip:{to}>\r\nCall-ID: {id}@probe\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    )
}

/// What a command said.
pub(crate) fn words(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
