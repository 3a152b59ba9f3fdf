//! The binary as a person at the console meets it: exit statuses, one clear sentence, the lines of a start.

#![expect(clippy::unwrap_used, reason = "a test that can't go on says where")]

mod panel;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

struct Place(PathBuf);

impl Place {
    /// A directory with a host file whose ports are free, and a data directory that is not there yet.
    fn new() -> Self {
        static COUNT: AtomicU16 = AtomicU16::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("dozvon-console-{}-{count}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        let place = Self(path);
        place.host_file("127.0.0.1:0");
        place
    }

    fn host_file(&self, udp: &str) {
        let ports = free_ports();
        let text = format!(
            "[sip]\nudp = \"{udp}\"\ntcp = \"127.0.0.1:0\"\ntls = \"127.0.0.1:0\"\n[rtp]\nports = \"{}-{}\"\n\
             [phones]\nldap = \"127.0.0.1:0\"\n[web]\nhttp = \"127.0.0.1:0\"\nhttps = \"127.0.0.1:0\"\n",
            ports,
            ports + 19
        );
        fs::write(self.0.join("host.toml"), text).unwrap();
    }

    fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dozvon"));
        command.args(arguments).arg("--config").arg(self.0.join("host.toml")).arg("--data").arg(self.data());
        command.env_remove("DOZVON_ADMIN_PASSWORD").env_remove("JOURNAL_STREAM").current_dir(&self.0);
        command
    }

    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        words(&self.command(arguments).output().unwrap())
    }

    /// Starts the exchange and waits until it is ready. Nobody reads its stderr afterwards: it has to live with that.
    fn serve(&self, environment: &[(&str, &str)]) -> Running {
        let mut command = self.command(&["serve"]);
        command.envs(environment.iter().copied()).stderr(Stdio::piped());
        let mut running = Running { child: command.spawn().unwrap(), lines: Vec::new() };
        for line in BufReader::new(running.child.stderr.take().unwrap()).lines() {
            running.lines.push(line.unwrap());
            if running.line("ready ").is_some() {
                return running;
            }
        }
        panic!("it ended: {:?}", running.lines);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

struct Running {
    child: Child,
    lines: Vec<String>,
}

impl Running {
    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
    }

    fn line(&self, beginning: &str) -> Option<&str> {
        self.lines.iter().map(String::as_str).find(|line| line.starts_with(beginning))
    }

    fn stop(mut self) -> Option<i32> {
        self.signal(Signal::SIGTERM);
        self.child.wait().unwrap().code()
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
        let first = 21_000 + (start + NEXT.fetch_add(20, Ordering::Relaxed)) % 11_000;
        if (first..first + 20).all(|port| UdpSocket::bind(("0.0.0.0", port)).is_ok()) {
            return first;
        }
    }
}

fn words(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

fn bare(arguments: &[&str]) -> (i32, String, String) {
    words(&Command::new(env!("CARGO_BIN_EXE_dozvon")).args(arguments).output().unwrap())
}

#[test]
fn every_command_explains_itself_with_examples() {
    let commands: [&[&str]; 15] = [
        &[],
        &["serve"],
        &["apply"],
        &["export"],
        &["what-if"],
        &["user"],
        &["user", "add"],
        &["user", "set-password"],
        &["user", "list"],
        &["token"],
        &["token", "create"],
        &["backup"],
        &["restore"],
        &["doctor"],
        &["demo"],
    ];
    for command in commands {
        let (status, said, _) = bare(&[command, &["--help"]].concat());
        assert_eq!(status, 0, "{command:?}");
        assert!(said.contains("Example") && said.contains("dozvon "), "{command:?}: {said}");
    }
    let (status, said, _) = bare(&["--version"]);
    assert_eq!((status, said.as_str()), (0, concat!("dozvon ", env!("CARGO_PKG_VERSION"), "\n")));
}

#[test]
fn wrong_arguments_are_status_2() {
    let wrong: [&[&str]; 5] =
        [&[], &["sevre"], &["apply"], &["export", "--secret"], &["token", "create", "x", "--role", "king"]];
    for arguments in wrong {
        assert_eq!(bare(arguments).0, 2, "{arguments:?}");
    }
}

#[test]
fn a_start_says_where_it_is_and_ends_cleanly() {
    let place = Place::new();
    let running = place.serve(&[]);
    let ready = running.line("ready ").unwrap();
    assert!(ready.starts_with("ready sip=127.0.0.1:") && ready.contains(" web=https://127.0.0.1:"), "{ready}");
    let sign_in = running.line("first sign-in: ").unwrap();
    let password = sign_in.strip_prefix("first sign-in: admin / ").unwrap().split(" at https://").next().unwrap();
    assert!(password.len() >= 16, "{sign_in}");
    assert!(place.data().join("control.sock").exists());
    running.signal(Signal::SIGHUP);
    let (_, users, _) = place.run(&["user", "list"]);
    assert_eq!(users, "admin  admin  must choose a password\n");
    assert_eq!(running.stop(), Some(0));
    assert!(!place.data().join("control.sock").exists());

    let again = place.serve(&[]);
    assert_eq!(again.line("first sign-in"), None);
    assert_eq!(again.stop(), Some(0));
}

#[test]
fn the_first_password_may_come_from_the_environment_and_is_not_repeated() {
    let place = Place::new();
    let running = place.serve(&[("DOZVON_ADMIN_PASSWORD", "long enough for me")]);
    assert!(!running.lines.iter().any(|line| line.contains("long enough for me")), "{:?}", running.lines);
    assert_eq!(place.run(&["user", "list"]).1, "admin  admin\n");
    assert_eq!(running.stop(), Some(0));
}

#[test]
fn a_second_exchange_on_the_same_data_is_refused() {
    let place = Place::new();
    let running = place.serve(&[]);
    place.host_file("127.0.0.1:0");
    let (status, _, said) = place.run(&["serve"]);
    assert_eq!(status, 1);
    assert!(said.contains("is in use by another dozvon"), "{said}");
    drop(running);
}

#[test]
fn a_killed_exchange_leaves_nothing_in_the_way_of_the_next() {
    let place = Place::new();
    let running = place.serve(&[]);
    running.signal(Signal::SIGKILL);
    drop(running);
    assert!(place.data().join("control.sock").exists());
    assert_eq!(place.run(&["user", "set-password", "admin"]).0, 0, "a dead socket is no exchange");
    assert_eq!(place.serve(&[]).stop(), Some(0));
}

#[test]
fn a_taken_port_is_one_sentence_with_its_holder() {
    let place = Place::new();
    let holder = UdpSocket::bind("127.0.0.1:0").unwrap();
    place.host_file(&holder.local_addr().unwrap().to_string());
    let (status, _, said) = place.run(&["serve"]);
    let port = holder.local_addr().unwrap();
    assert_eq!(status, 1);
    assert!(said.starts_with(&format!("dozvon: UDP port {port} is taken by ")), "{said}");
    assert!(said.contains(&format!("(process {})", std::process::id())) && said.lines().count() == 1, "{said}");
    assert!(!place.data().exists(), "a start that comes to nothing leaves nothing");
}

#[test]
fn a_data_directory_that_can_not_be_is_one_sentence() {
    let place = Place::new();
    fs::write(place.data(), "a file").unwrap();
    let (status, _, said) = place.run(&["serve"]);
    assert_eq!((status, said.lines().count()), (1, 1), "{said}");
    assert!(said.contains("data is not writable: "), "{said}");
}

#[test]
fn a_demonstration_takes_no_data_directory_with_something_in_it() {
    let place = Place::new();
    fs::create_dir(place.data()).unwrap();
    let precious = place.data().join("dozvon.db");
    fs::write(&precious, "years of calls").unwrap();
    let (status, _, said) = place.run(&["demo"]);
    assert_eq!((status, said.lines().count()), (1, 1), "{said}");
    assert!(said.contains("takes an empty directory only"), "{said}");
    assert_eq!(fs::read_to_string(&precious).unwrap(), "years of calls");
}

#[test]
fn a_database_of_a_newer_version_is_one_sentence() {
    let place = Place::new();
    assert_eq!(place.serve(&[]).stop(), Some(0));
    let database = place.data().join("dozvon.db");
    rusqlite::Connection::open(&database).unwrap().pragma_update(None, "user_version", 99).unwrap();
    for command in [&["serve"][..], &["export"], &["user", "set-password", "admin"]] {
        let (status, _, said) = place.run(command);
        assert_eq!((status, said.lines().count()), (1, 1), "{said}");
        assert!(said.contains("was made by a newer dozvon (schema 99, this one knows "), "{said}");
    }
}

/// Waits for the alarm of a returned database to have come so often.
fn is_told(data: &Path, times: i64) {
    let database = rusqlite::Connection::open(data.join("dozvon.db")).unwrap();
    database.busy_timeout(std::time::Duration::from_secs(30)).unwrap();
    let sql = "SELECT coalesce(sum(count), 0) FROM alarm WHERE kind = 'database_returned' AND text_ru LIKE '%копии%'";
    for _ in 0..3_000 {
        let count: i64 = database.query_row(sql, (), |row| row.get(0)).unwrap();
        if count == times {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("the alarm did not come {times} times");
}

#[test]
fn a_damaged_database_comes_back_from_its_good_copy_again_and_again() {
    let place = Place::new();
    assert_eq!(place.serve(&[]).stop(), Some(0));
    let data = place.data();
    assert!(dozvon::io::store::keep_good_copy(&data, u64::MAX).unwrap());
    for times in 1..=2 {
        // as after a power cut: nothing is left of its header, and there is no log that would mend it
        for log in ["dozvon.db-wal", "dozvon.db-shm"] {
            let _ = fs::remove_file(data.join(log));
        }
        fs::File::options().write(true).open(data.join("dozvon.db")).unwrap().write_all(&[0; 4096]).unwrap();
        let (status, _, said) = place.run(&["export"]);
        assert_eq!(status, 1, "{said}");
        let running = place.serve(&[]);
        assert!(running.line("first sign-in").is_none(), "no other office is made: {:?}", running.lines);
        is_told(&data, 1);
        assert_eq!(running.stop(), Some(0));
        assert!(!data.join("alarm-database-returned").exists(), "it is told once");
        let aside = fs::read_dir(&data).unwrap().filter_map(|entry| entry.unwrap().file_name().into_string().ok());
        assert_eq!(aside.filter(|name| name.starts_with("dozvon.db.damaged-")).count(), times);
    }
    fs::remove_file(data.join("dozvon.db.good")).unwrap();
    fs::File::options().write(true).open(data.join("dozvon.db")).unwrap().write_all(&[0; 4096]).unwrap();
    for log in ["dozvon.db-wal", "dozvon.db-shm"] {
        let _ = fs::remove_file(data.join(log));
    }
    let (status, _, said) = place.run(&["serve"]);
    assert_eq!((status, said.lines().count()), (1, 1), "{said}");
    assert!(said.contains("data/dozvon.db is damaged (") && said.contains("`dozvon restore FILE`"), "{said}");
}

#[test]
fn a_broken_host_file_names_its_line() {
    let place = Place::new();
    fs::write(place.0.join("host.toml"), "[sip]\nudp = \"127.0.0.1:0\"\nport = 5060\n").unwrap();
    let (status, _, said) = place.run(&["serve"]);
    assert_eq!((status, said.lines().count()), (1, 1), "{said}");
    assert!(said.contains("host.toml:3: unknown field `port`"), "{said}");
}

#[test]
fn an_office_file_is_applied_to_a_stopped_box_and_to_a_running_one() {
    let place = Place::new();
    let (status, _, said) = place.run(&["export"]);
    assert_eq!(status, 1);
    assert!(said.contains("there is no data in "), "{said}");

    let office = place.0.join("office.toml");
    let apply = |text: &str, more: &[&str]| {
        fs::write(&office, text).unwrap();
        place.run(&[&["apply", office.to_str().unwrap()], more].concat())
    };
    let (status, said, errors) = apply("[office]\nname = \"Ромашка\"\n", &[]);
    assert_eq!((status, said.as_str()), (0, "office: name changed\n"), "{errors}");
    assert!(errors.starts_with("first sign-in: admin / "), "{errors}");

    let running = place.serve(&[]);
    let (status, said, _) = apply("[office]\nname = \"Лютик\"\n", &["--dry-run"]);
    assert_eq!((status, said.as_str()), (0, "office: name changed\n(dry run: nothing was changed)\n"));
    assert_eq!(apply("[office]\nname = \"Лютик\"\n", &[]).1, "office: name changed\n");
    let (_, exported, _) = place.run(&["export"]);
    assert!(exported.contains("name = \"Лютик\"") && !exported.contains("password ="), "{exported}");
    assert!(place.run(&["export", "--secrets"]).1.contains("password = "));
    assert_eq!(apply(&exported, &[]).1, "nothing to change\n");
    let (status, _, errors) = apply("[office]\nnmae = \"x\"\n", &[]);
    assert_eq!(status, 1);
    assert!(errors.starts_with("dozvon: office.toml:2: "), "{errors}");
    assert_eq!(running.stop(), Some(0));
    assert!(place.run(&["export"]).1.contains("name = \"Лютик\""));
}

#[test]
fn a_token_is_printed_once_and_its_name_is_taken() {
    let place = Place::new();
    let (status, token, _) = place.run(&["token", "create", "grafana"]);
    assert!(status == 0 && token.starts_with("dzv_") && token.trim().len() == 36, "{token}");
    let (status, said, errors) = place.run(&["token", "create", "grafana"]);
    assert_eq!((status, said.as_str()), (1, ""));
    assert!(errors.contains("grafana is taken"), "{errors}");
}

#[test]
fn a_password_comes_from_stdin_when_told() {
    let place = Place::new();
    let set = |password: &str| {
        let mut command = place.command(&["user", "set-password", "admin", "--password-stdin"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
        words(&child.wait_with_output().unwrap())
    };
    assert_eq!(set("short\n").0, 1);
    let (status, said, errors) = set("long enough for me\n");
    assert_eq!((status, said.as_str()), (0, "password of admin is set\n"), "{errors}");
    assert_eq!(place.run(&["user", "list"]).1, "admin  admin\n");
    assert_eq!(place.run(&["user", "set-password", "nobody"]).0, 1);
}

#[test]
fn what_if_tells_the_way_in_words() {
    let place = Place::new();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/office.example.toml");
    let text = fs::read_to_string(example).unwrap();
    fs::write(place.0.join("greeting.ogg"), quiet_wav()).unwrap();
    fs::write(place.0.join("moh.mp3"), quiet_wav()).unwrap();
    let office = place.0.join("office.toml");
    fs::write(&office, text).unwrap();
    let (status, _, errors) = place.run(&["apply", office.to_str().unwrap()]);
    assert_eq!(status, 0, "{errors}");
    let ask = |more: &[&str]| place.run(&[&["what-if", "--number", "78126122981"], more].concat());
    let (status, said, errors) = ask(&["--from", "79211234567", "--at", "2026-11-23 11:00", "--keys", "1"]);
    assert_eq!(status, 0, "{errors}");
    assert!(said.contains("a call for 78126122981 from 79211234567") && said.contains("rings extension 200"), "{said}");
    let (_, said, _) = ask(&["--at", "2026-11-22 11:00"]);
    assert!(said.contains("closed") && said.contains("hangs up"), "{said}");
    assert_eq!(ask(&["--at", "yesterday"]).0, 1);
    assert_eq!(place.run(&["what-if", "--number", "1"]).0, 1);
}

/// A second of sound: the content tells what a file is, not its name.
fn quiet_wav() -> Vec<u8> {
    let sound: Vec<u8> = (0..8000).flat_map(|n| ((n % 50) * 100_i16).to_le_bytes()).collect();
    let length = u32::try_from(sound.len()).unwrap().to_le_bytes();
    let format = b"\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data";
    [b"RIFF", &format[..], &length, &sound].concat()
}

#[test]
fn the_doctor_says_what_is_wrong() {
    let place = Place::new();
    let holder = UdpSocket::bind("127.0.0.1:0").unwrap();
    place.host_file(&holder.local_addr().unwrap().to_string());
    let (status, said, errors) = place.run(&["doctor"]);
    assert_eq!(status, 1, "{said}");
    assert!(
        said.contains("WRONG  UDP port ") && said.contains("is taken by ") | said.contains(": taken by "),
        "{said}"
    );
    assert!(errors.contains("checks failed"), "{errors}");
}

/// Asks until the office is called so.
fn wait_for_name(place: &Place, name: &str) {
    let wanted = format!("name = \"{name}\"");
    for _ in 0..3_000 {
        if place.run(&["export"]).1.contains(&wanted) && place.run(&["token", "create", name]).0 == 0 {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("it is not called {name}: {:?}", place.run(&["export"]));
}

#[test]
fn a_backup_of_a_running_box_comes_back_into_it_is_taken_back_and_makes_another_box_the_same() {
    let place = Place::new();
    fs::write(place.0.join("hello.wav"), quiet_wav()).unwrap();
    let name = |name: &str| {
        let file = place.0.join("office.toml");
        let media = "[[media]]\nname = \"hello\"\nfile = \"hello.wav\"\n";
        fs::write(&file, format!("[office]\nname = \"{name}\"\n{media}")).unwrap();
        let (status, _, why) = place.run(&["apply", file.to_str().unwrap()]);
        assert_eq!(status, 0, "{why}");
    };
    let mut running = place.serve(&[]);
    name("Before");
    fs::write(place.0.join("words"), "correct horse battery\n").unwrap();
    let (file, words) = (place.0.join("office.dozvon"), place.0.join("words"));
    let (file, words) = (file.to_str().unwrap(), words.to_str().unwrap());
    let (status, _, why) = place.run(&["backup", file]);
    assert!(status == 1 && why.contains("--plain"), "{why}");
    let (status, said, why) = place.run(&["backup", file, "--passphrase-file", words]);
    assert!(status == 0 && said.contains("\"Before\"") && said.contains("found whole"), "{said}{why}");
    let exported = place.run(&["export", "--secrets"]).1;
    assert_eq!(place.run(&["backup", file, "--plain"]).0, 1, "nothing is written over");

    name("After");
    let (status, _, why) = place.run(&["restore", file]);
    assert!(status == 1 && why.contains("passphrase is needed"), "{why}");
    let (status, said, _) = place.run(&["restore", file, "--passphrase-file", words, "--dry-run"]);
    assert!(status == 0 && said.contains("nothing was changed"), "{said}");
    assert!(place.run(&["export"]).1.contains("After"));
    let (status, said, why) = place.run(&["restore", file, "--passphrase-file", words]);
    assert!(status == 0 && said.contains("starts anew"), "{said}{why}");
    wait_for_name(&place, "Before");
    assert_eq!(place.run(&["export", "--secrets"]).1, exported);
    assert_eq!(running.child.try_wait().unwrap(), None, "it is the same process");
    assert_eq!(place.run(&["restore", "--undo"]).0, 0);
    wait_for_name(&place, "After");
    assert_eq!(running.stop(), Some(0));

    let other = Place::new();
    let (status, said, why) = other.run(&["restore", file, "--passphrase-file", words]);
    assert!(status == 0 && said.contains("restored"), "{said}{why}");
    assert_eq!(other.run(&["export", "--secrets"]).1, exported);
    let sounds = |place: &Place| {
        let read = fs::read_dir(place.data().join("media")).unwrap();
        let mut sounds: Vec<_> = read.map(|entry| entry.unwrap().file_name()).collect();
        sounds.sort();
        sounds
    };
    assert_eq!(sounds(&other), sounds(&place));
}
