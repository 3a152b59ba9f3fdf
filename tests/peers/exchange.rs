//! A Dozvon of the test's own: its directory, its ports, its process.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// The binary under test: the release one when `DOZVON_BIN` names it.
pub(crate) fn binary() -> PathBuf {
    std::env::var_os("DOZVON_BIN").map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_dozvon")), PathBuf::from)
}

/// A UDP and TCP port of loopback that nobody holds now.
pub(crate) fn free_port() -> u16 {
    loop {
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = udp.local_addr().unwrap().port();
        if port < 65_000 && std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Waits for `done`, looking every 20 ms, at most so long.
pub(crate) fn wait_for(what: &str, limit: Duration, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + limit;
    while !done() {
        assert!(Instant::now() < end, "{what}: not within {limit:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A directory that goes with the test.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("dozvon-{name}-{}-{}", std::process::id(), free_port()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("kept for a look: {}", self.0.display());
        } else {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

/// A process that ends with its test.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A running exchange.
pub(crate) struct Exchange {
    pub(crate) dir: Scratch,
    pub(crate) sip: SocketAddr,
    pub(crate) https: u16,
    pub(crate) http: u16,
    child: Option<Running>,
    log: PathBuf,
}

/// The password of `admin` in these tests.
pub(crate) const ADMIN: &str = "peers-admin-password";

impl Exchange {
    /// Puts the office in and starts.
    pub(crate) fn start(name: &str, office: &str) -> Self {
        let dir = Scratch::new(name);
        let sip = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let (http, https, rtp) = (free_port(), free_port(), free_rtp_range());
        let host = format!(
            "[sip]\nudp = \"{sip}\"\ntcp = \"{sip}\"\ntls = \"127.0.0.1:{}\"\n[rtp]\nports = \"{rtp}\"\n[web]\nhttp = \"127.0.0.1:{http}\"\nhttps = \"127.0.0.1:{https}\"\n[log]\nlevel = \"debug\"\n",
            free_port()
        );
        fs::write(dir.path("host.toml"), host).unwrap();
        let log = dir.path("exchange.log");
        let mut exchange = Self { dir, sip, https, http, child: None, log };
        exchange.apply(office);
        exchange.begin();
        exchange
    }

    fn command(&self) -> Command {
        let mut command = Command::new(binary());
        command.env("DOZVON_ADMIN_PASSWORD", ADMIN);
        command
    }

    /// Runs a command of the binary against this data directory.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let mut command = self.command();
        command.args(arguments).arg("--data").arg(self.dir.path("data"));
        command.output().unwrap()
    }

    /// Applies an office file, running or stopped.
    pub(crate) fn apply(&self, office: &str) {
        let file = self.dir.path("office.toml");
        fs::write(&file, office).unwrap();
        let output = self.run(&["apply", file.to_str().unwrap()]);
        assert!(output.status.success(), "apply: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Starts the process and waits for its word that it is ready.
    pub(crate) fn begin(&mut self) {
        let mut child = self
            .command()
            .arg("serve")
            .arg("--config")
            .arg(self.dir.path("host.toml"))
            .arg("--data")
            .arg(self.dir.path("data"))
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let stderr = child.stderr.take().unwrap();
        self.child = Some(Running(child));
        let (ready, is_ready) = mpsc::channel();
        let mut log = fs::OpenOptions::new().create(true).append(true).open(&self.log).unwrap();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let _ = writeln!(log, "{line}");
                if line.contains("ready sip=") {
                    let _ = ready.send(());
                }
            }
        });
        let came = is_ready.recv_timeout(Duration::from_secs(20));
        assert!(came.is_ok(), "not ready:\n{}", self.log());
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.child = None;
    }

    /// Ends it as the system would, and waits; its exit status.
    pub(crate) fn stop(&mut self) -> Option<i32> {
        let mut running = self.child.take()?;
        let pid = running.0.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        running.0.wait().unwrap().code()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().0.id()
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits for a word in the log.
    pub(crate) fn wait_log(&self, word: &str, seconds: u64) {
        wait_for(&format!("{word:?} in the log"), Duration::from_secs(seconds), || self.log().contains(word));
    }

    /// The history, newest first, from the API.
    pub(crate) fn history(&self) -> Vec<serde_json::Value> {
        let answer = self.get("/api/v1/history");
        answer["items"].as_array().cloned().unwrap_or_default()
    }

    /// Waits until the newest row of history has ended.
    pub(crate) fn ended_row(&self) -> serde_json::Value {
        let mut row = serde_json::Value::Null;
        wait_for("a finished row of history", Duration::from_secs(15), || {
            row = self.history().into_iter().next().unwrap_or_default();
            !row["outcome"].is_null()
        });
        row
    }

    /// The token that [`get`](Self::get) uses, made on first use.
    fn token(&self) -> String {
        let kept = self.dir.path("token");
        if let Ok(token) = fs::read_to_string(&kept) {
            return token;
        }
        let output = self.run(&["token", "create", "peers", "--role", "admin"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8_lossy(&output.stdout);
        let token = text.split_whitespace().max_by_key(|word| word.len()).unwrap().to_owned();
        fs::write(&kept, &token).unwrap();
        token
    }

    /// GET by curl over TLS: a client that is not ours.
    pub(crate) fn get(&self, path: &str) -> serde_json::Value {
        let output = Command::new("curl")
            .args(["--silent", "--insecure", "--max-time", "10", "--header"])
            .arg(format!("Authorization: Bearer {}", self.token()))
            .arg(format!("https://127.0.0.1:{}{path}", self.https))
            .output()
            .unwrap();
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("GET {path}: {error}: {}", String::from_utf8_lossy(&output.stdout)))
    }

    /// Whether any phone is registered for this login.
    pub(crate) fn is_registered(&self, login: &str) -> bool {
        self.get("/api/v1/extensions").to_string().contains(login) && self.registered_logins().iter().any(|l| l == login)
    }

    fn registered_logins(&self) -> Vec<String> {
        let answer = self.get("/api/v1/extensions");
        let extensions = answer["items"].as_array().cloned().unwrap_or_default();
        let devices = extensions.iter().flat_map(|e| e["devices"].as_array().cloned().unwrap_or_default());
        let is_up = |device: &serde_json::Value| device["registered"].as_bool() == Some(true);
        devices.filter(is_up).filter_map(|d| d["login"].as_str().map(str::to_owned)).collect()
    }

    /// Whether it still answers OPTIONS.
    pub(crate) fn answers_options(&self) -> bool {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        let us = socket.local_addr().unwrap();
        let text = format!(
            "OPTIONS sip:{0} SIP/2.0\r\nVia: SIP/2.0/UDP {us};branch=z9hG4bK{1};rport\r\nMax-Forwards: 70\r\nFrom: <sip:probe@{us}>;tag=1\r\nTo: <sip:{0}>\r\nCall-ID: {1}@probe\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
            self.sip,
            us.port()
        );
        socket.send_to(text.as_bytes(), self.sip).unwrap();
        let mut buffer = [0; 4096];
        socket.recv(&mut buffer).is_ok_and(|n| buffer[..n].starts_with(b"SIP/2.0 200"))
    }

    /// Sends bytes over TCP and returns what comes back until the peer is quiet.
    pub(crate) fn over_tcp(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.sip).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(700))).unwrap();
        stream.write_all(bytes).unwrap();
        let mut answer = Vec::new();
        let mut buffer = [0; 4096];
        while let Ok(n) = stream.read(&mut buffer) {
            if n == 0 {
                break;
            }
            answer.extend_from_slice(&buffer[..n]);
        }
        answer
    }
}

/// 200 ports of its own for RTP, away from those of other tests.
fn free_rtp_range() -> String {
    use std::sync::atomic::{AtomicU16, Ordering};
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + 400 * (NEXT.fetch_add(1, Ordering::Relaxed) % 60);
    format!("{first}-{}", first + 398)
}

/// A file of the test's directory, written.
pub(crate) fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
}
