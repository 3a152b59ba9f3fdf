//! An update of the box as the exchange carries it out, beside a steward that is played: files are proved, the right orders are given in
//! the right order, and the new version judges itself by a real call and its real page.

#![expect(clippy::unwrap_used, reason = "a test that can't go on says where")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, UdpSocket};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dozvon::io::out::{Outgoing, Trust, fetch};
use dozvon::machine::update::{Contents, PRODUCT, Release, UpdateReader, Version, measure};
use dozvon::machine::{Answer, Order, State};
use dozvon::office::Authority;
use dozvon::trust::{SecretKey, Trusted};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The key that debug builds trust.
fn test_key() -> SecretKey {
    SecretKey::new("test", Sha256::digest("dozvon test licences").into()).unwrap()
}

fn update(version: &str) -> Vec<u8> {
    let slot: Vec<u8> = (0..200_000_u32).map(|at| at as u8).collect();
    let (size, hashes) = measure(&slot[..]).unwrap();
    let version = Version::parse(version).unwrap();
    let release = Release { version, format: 1, product: PRODUCT.to_owned(), built: 1 };
    let contents = Contents { release, notes_ru: "Новое".to_owned(), notes_en: "News".to_owned() };
    [contents.sign(size, &hashes, &test_key()).unwrap(), slot].concat()
}

/// A machine whose steward is played: it proves what it is given, and writes nothing.
struct Machine {
    folder: PathBuf,
    state: Arc<Mutex<State>>,
    orders: Receiver<Order>,
}

impl Machine {
    fn new() -> Self {
        static COUNT: AtomicU16 = AtomicU16::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("dozvon-update-{}-{count}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let ports = free_ports();
        // the same for the old version and the new one: browsers look for the page where it was
        let https = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let text = format!(
            "[sip]\nudp = \"127.0.0.1:0\"\ntcp = \"127.0.0.1:0\"\ntls = \"127.0.0.1:0\"\n[rtp]\nports = \"{ports}-{}\"\n\
             [phones]\nldap = \"127.0.0.1:0\"\n[web]\nhttp = \"127.0.0.1:0\"\nhttps = \"{https}\"\n",
            ports + 19
        );
        fs::write(folder.join("host.toml"), text).unwrap();
        let state = State { slot: "a".to_owned(), release: "0.1.0".to_owned(), ..State::default() };
        let state = Arc::new(Mutex::new(state));
        let (told, orders) = channel();
        let listener = UnixListener::bind(folder.join("steward.sock")).unwrap();
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (state, told) = (Arc::clone(&shared), told.clone());
                std::thread::spawn(move || converse(&stream.unwrap(), &state, &told));
            }
        });
        Self { folder, state, orders }
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dozvon"));
        command.args(arguments).arg("--config").arg(self.folder.join("host.toml")).arg("--data").arg(self.data());
        command.env("DOZVON_ADMIN_PASSWORD", "correct-horse-battery").env_remove("JOURNAL_STREAM");
        command.env("DOZVON_STEWARD", self.folder.join("steward.sock"));
        command
    }

    fn serve(&self) -> Running {
        let child = self.command(&["serve"]).stderr(Stdio::piped()).spawn().unwrap();
        let mut running = Running { child, web: String::new() };
        let mut lines = BufReader::new(running.child.stderr.take().unwrap()).lines();
        let ready = lines.by_ref().map(Result::unwrap).find(|line| line.starts_with("ready ")).unwrap();
        running.web = ready.split("web=").nth(1).unwrap().trim().to_owned();
        // It goes on telling; somebody has to read it.
        std::thread::spawn(move || lines.for_each(|line| eprintln!("{}", line.unwrap_or_default())));
        running
    }

    fn run(&self, arguments: &[&str]) -> (bool, String) {
        let output = self.command(arguments).output().unwrap();
        (output.status.success(), format!("{}{}", text(&output.stdout), text(&output.stderr)))
    }

    fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.folder.join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The next order but questions about the state and signs of life.
    fn order(&self) -> Order {
        self.orders.recv_timeout(Duration::from_secs(120)).expect("an order comes")
    }

    fn ask(&self, running: &Running, token: &str, method: &str, path: &str, body: Vec<u8>) -> (u16, Value) {
        let pem = fs::read_to_string(self.data().join("tls/ca.pem")).unwrap();
        let trust = Trust::new(&[Authority { name: "box".to_owned(), certificate: pem }]);
        let request = hyper::Request::builder()
            .method(method)
            .uri(format!("{}{path}", running.web))
            .header("authorization", format!("Bearer {token}"))
            .header("accept-language", "en")
            .header("content-type", "application/json")
            .header("content-length", body.len())
            .body(body)
            .unwrap();
        let answer = fetch(request, &trust, Outgoing::of(true)).unwrap();
        let value = serde_json::from_slice(answer.body()).unwrap_or(Value::Null);
        (answer.status().as_u16(), value)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn converse(stream: &UnixStream, state: &Mutex<State>, told: &Sender<Order>) {
    let mut lines = BufReader::new(stream);
    let mut line = String::new();
    let answer = |answer: &Answer| {
        let mut writer = stream;
        let _ = writeln!(writer, "{}", serde_json::to_string(answer).unwrap());
    };
    while lines.read_line(&mut line).unwrap_or(0) > 0 {
        let order: Order = serde_json::from_str(&line).unwrap();
        line.clear();
        match order {
            Order::Alive { .. } => continue,
            Order::State => {
                answer(&Answer::State(Box::new(state.lock().unwrap().clone())));
                continue;
            }
            Order::WriteUpdate { ref path } => {
                prove(path);
                answer(&Answer::Working { percent: 50 });
                answer(&Answer::Done);
            }
            _ => answer(&Answer::Done),
        }
        told.send(order).unwrap();
    }
}

fn prove(path: &Path) {
    let bytes = fs::read(path).unwrap();
    let mut reader = UpdateReader::open(&bytes[..], &Trusted::new([test_key().public()])).unwrap();
    while reader.next_block().unwrap().is_some() {}
}

struct Running {
    child: Child,
    web: String,
}

impl Running {
    fn stop(mut self) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), Signal::SIGTERM).unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first of twenty ports in a row for sound that nobody has.
fn free_ports() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 500).unwrap() * 40;
    loop {
        let first = 33_000 + (start + NEXT.fetch_add(20, Ordering::Relaxed)) % 11_000;
        if (first..first + 20).all(|port| UdpSocket::bind(("0.0.0.0", port)).is_ok()) {
            return first;
        }
    }
}

/// Asks until the update is there.
fn wait_for(state: &str, ask: impl Fn() -> Value) -> Value {
    for _ in 0..300 {
        let view = ask();
        if view["state"] == json!(state) {
            return view;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    panic!("it never is {state}");
}

#[test]
fn an_update_by_the_console_is_proved_written_tried_and_kept_by_the_new_version_itself() {
    let machine = Machine::new();
    let good = machine.file("good.update", &update("7.0.0"));
    let (done, said) = machine.run(&["update", &good]);
    assert!(!done && said.contains("no exchange runs here"), "{said}");

    let old = machine.serve();
    let mut bent = update("7.0.0");
    let last = bent.len() - 1;
    bent[last] ^= 1;
    for (bad, why) in [(bent, "not what was signed"), (update("0.0.1"), "older"), (b"MZ".to_vec(), "no update file")] {
        let (done, said) = machine.run(&["update", &machine.file("bad.update", &bad)]);
        assert!(!done && said.contains(why), "{said}");
    }
    let (done, said) = machine.run(&["update", &good, "--slot", "inactive"]);
    assert!(done && said.contains("other slot"), "{said}");
    let file = machine.data().join("update/new.update");
    assert_eq!(machine.order(), Order::WriteUpdate { path: file.clone() });
    let (done, said) = machine.run(&["update", &good]);
    assert!(done && said.contains("on trial"), "{said}");
    assert_eq!([machine.order(), machine.order()], [Order::WriteUpdate { path: file.clone() }, Order::StartTrial]);
    assert!(fs::metadata(machine.data().join("update/dozvon.db")).unwrap().len() > 0);
    old.stop();

    // The other slot has started, with the same data.
    *machine.state.lock().unwrap() =
        State { slot: "b".to_owned(), release: "7.0.0".to_owned(), on_trial: true, ..State::default() };
    let new = machine.serve();
    assert_eq!(machine.order(), Order::Keep, "its own call was heard, and its own page answers");
    machine.state.lock().unwrap().on_trial = false;
    new.stop();
    let token = machine.run(&["token", "create", "test", "--role", "admin"]).1;
    let again = machine.serve();
    let view = wait_for("kept", || machine.ask(&again, token.trim(), "GET", "/api/v1/system/update", Vec::new()).1);
    assert_eq!(view["version"], json!("7.0.0"));
    assert!(!file.exists(), "what was good is not tried again");
}

#[test]
fn an_update_by_the_page_waits_and_one_that_came_back_says_why() {
    let machine = Machine::new();
    let running = machine.serve();
    let token = machine.run(&["token", "create", "test", "--role", "admin"]).1;
    let ask = |running: &Running, method: &str, path: &str, body: Vec<u8>| {
        machine.ask(running, token.trim(), method, &format!("/api/v1/system/update{path}"), body)
    };
    let when = |when: &str| json!({ "when": when }).to_string().into_bytes();
    assert_eq!(ask(&running, "POST", "/start", when("now")).0, 409, "there is nothing to begin with");
    let mut bent = update("7.0.0");
    bent[40] ^= 1;
    let (status, problem) = ask(&running, "POST", "", bent);
    assert_eq!(status, 422, "{problem}");
    assert!(fs::read_dir(machine.data().join("uploads")).unwrap().next().is_none(), "nothing was written");
    let (status, problem) = ask(&running, "POST", "", update("0.0.1"));
    assert!(status == 422 && problem["detail"].as_str().unwrap().contains("older"), "{problem}");
    let (status, view) = ask(&running, "POST", "?downgrade=true", update("0.0.1"));
    assert_eq!((status, &view["version"]), (202, &json!("0.0.1")), "{view}");
    let (status, view) = ask(&running, "POST", "", update("7.0.0"));
    assert_eq!((status, &view["state"], &view["notes"]), (202, &json!("ready"), &json!("News")), "{view}");
    assert_eq!(ask(&running, "POST", "/start", when("later")).0, 422);
    let (status, view) = ask(&running, "POST", "/start", when("03:33"));
    assert_eq!((status, &view["state"], &view["starts_at"]), (202, &json!("waiting"), &json!("03:33")), "{view}");
    running.stop();

    // A restart does not forget it.
    let running = machine.serve();
    wait_for("waiting", || ask(&running, "GET", "", Vec::new()).1);
    assert_eq!(ask(&running, "POST", "/start", when("idle")).0, 202);
    assert!(matches!(machine.order(), Order::WriteUpdate { .. }));
    assert_eq!(machine.order(), Order::StartTrial);
    running.stop();

    // The other slot came to nothing, and the steward knows why.
    let failed = State {
        failed: "b".to_owned(),
        failed_reason: "phones 3 20".to_owned(),
        ..machine.state.lock().unwrap().clone()
    };
    *machine.state.lock().unwrap() = failed;
    let running = machine.serve();
    let view = wait_for("returned", || ask(&running, "GET", "", Vec::new()).1);
    assert_eq!(view["reason"], json!("Too few telephones came back: 3 of 20."));
    let mut tries = 0;
    loop {
        let alarms = machine.ask(&running, token.trim(), "GET", "/api/v1/alarms", Vec::new()).1;
        if alarms["items"].as_array().unwrap().iter().any(|alarm| alarm["kind"] == json!("update_returned")) {
            break;
        }
        tries += 1;
        assert!(tries < 100, "{alarms}");
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(ask(&running, "DELETE", "", Vec::new()).0, 204);
    assert_eq!(ask(&running, "GET", "", Vec::new()).1["state"], json!("none"));
}

#[test]
fn a_vendor_makes_an_update_that_shows_what_it_is() {
    let machine = Machine::new();
    let key = machine.file("test.key", test_key().text().as_bytes());
    let slot = machine.file("rootfs.squashfs", &[7; 150_000]);
    let out = machine.folder.join("dozvon-1.4.2.update");
    let out = out.to_str().unwrap();
    let make = |version: &str| {
        machine.run(&[
            "release",
            "make",
            "--key",
            &key,
            "--slot",
            &slot,
            "--version",
            version,
            "--out",
            out,
            "--notes-en",
            "Starts faster",
        ])
    };
    assert!(!make("next").0, "that is no version");
    let (done, said) = make("1.4.2");
    assert!(done && said.contains("3 blocks"), "{said}");
    assert!(!make("1.4.3").0, "nothing is overwritten");
    let (done, said) = machine.run(&["release", "show", out]);
    assert!(done && said.contains("version: 1.4.2\n") && said.contains("Starts faster"), "{said}");
    let mut bytes = fs::read(out).unwrap();
    bytes.push(0);
    let (done, said) = machine.run(&["release", "show", &machine.file("longer.update", &bytes)]);
    assert!(!done && said.contains("after its end"), "{said}");
}
