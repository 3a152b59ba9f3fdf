//! Programs started by a test, ended with it by their handle; ports and directories of a test's own.

use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Ports below those that Linux gives to whoever asks for any, so nobody takes them between our look and their use.
const FIRST_PORT: u16 = 12_000;
const LAST_PORT: u16 = 32_000;
/// How long a program may take to end when it is asked to.
const GRACE: Duration = Duration::from_secs(5);

/// The first of so many ports of loopback in a row, even, free for UDP and TCP, and given to no other test.
pub(crate) fn free_ports(count: u16) -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let span = u32::from(LAST_PORT - FIRST_PORT);
    let start = std::process::id() % 97 * 200;
    for _ in 0..1000 {
        // One circle for all counts, so that no two that were given away overlap.
        let offset = (start + NEXT.fetch_add(u32::from(count.next_multiple_of(2)), Ordering::Relaxed)) % span;
        let first = FIRST_PORT + u16::try_from(offset).unwrap();
        if offset + u32::from(count) <= span && (first..first + count).all(is_free) {
            return first;
        }
    }
    panic!("no {count} free ports in a row between {FIRST_PORT} and {LAST_PORT}");
}

fn is_free(port: u16) -> bool {
    UdpSocket::bind(("127.0.0.1", port)).is_ok() && TcpListener::bind(("127.0.0.1", port)).is_ok()
}

/// Waits for `done`, looking often, at most so long.
pub(crate) fn wait_for(what: &str, limit: Duration, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + limit;
    while !done() {
        assert!(Instant::now() < end, "{what}: not within {limit:?}");
        std::thread::sleep(Duration::from_millis(30));
    }
}

/// A directory that goes with the test, and stays for a look when it fails.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("dozvon-{}-{number}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A file in it, written.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
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
pub(crate) struct Running(Child);

impl Running {
    /// Starts it with its output in `log`. Should this test be killed, the kernel ends the program as well (`setpriv`, of
    /// util-linux), so nothing is left running.
    pub(crate) fn start(program: &str, package: &str, arguments: &[&str], log: &Path) -> Self {
        Self::start_in(Path::new("/"), program, package, arguments, log)
    }

    /// The same, in this directory.
    pub(crate) fn start_in(dir: &Path, program: &str, package: &str, arguments: &[&str], log: &Path) -> Self {
        need(program, package);
        let out = fs::File::options().create(true).append(true).open(log).unwrap();
        let child = with_its_parent(program)
            .args(arguments)
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        Self(child)
    }

    pub(crate) fn adopt(child: Child) -> Self {
        Self(child)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Asks it to end and waits; its exit status, `None` when it did not within the limit or died of a signal.
    pub(crate) fn stop(&mut self, limit: Duration) -> Option<i32> {
        let _ = kill(Pid::from_raw(i32::try_from(self.pid()).unwrap()), Signal::SIGTERM);
        self.ended_within(limit)
    }

    /// Waits for its own end; its exit status.
    pub(crate) fn ended_within(&mut self, limit: Duration) -> Option<i32> {
        let end = Instant::now() + limit;
        while Instant::now() < end {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        None
    }

    /// Ends it as a power cut would.
    pub(crate) fn cut(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.0.try_wait().is_ok_and(|ended| ended.is_none()) && self.stop(GRACE).is_none() {
            self.cut();
        }
    }
}

/// A command that dies with the thread that starts it.
pub(crate) fn with_its_parent(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM", "--"]).arg(program);
    command
}

/// Fails with a sentence that says what to install.
pub(crate) fn need(program: &str, package: &str) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/bin".into()]);
    let found = places.map(|place| place.join(program)).any(|candidate| candidate.is_file());
    assert!(found, "{program} is not installed: apt-get install {package} (scripts/test does it)");
}
