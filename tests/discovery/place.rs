//! A machine of the test's own: a thread with a network namespace of its own, which ends with it. Programs started there end too.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, unshare};
use nix::unistd::gettid;

type Work = Box<dyn FnOnce() + Send>;

/// A machine.
pub(crate) struct Place {
    tid: i32,
    work: Option<Sender<Work>>,
    thread: Option<JoinHandle<()>>,
}

impl Place {
    pub(crate) fn new() -> Self {
        let (work, inbox) = channel::<Work>();
        let (tell, told) = channel();
        let thread = std::thread::spawn(move || {
            let made = unshare(CloneFlags::CLONE_NEWNET);
            tell.send((gettid().as_raw(), made)).unwrap();
            for work in inbox {
                work();
            }
        });
        let (tid, made) = told.recv().unwrap();
        made.unwrap_or_else(|error| panic!("no network namespace can be made ({error}): run this test as root"));
        let place = Self { tid, work: Some(work), thread: Some(thread) };
        place.run(|| {
            ip("link set lo up");
            // a client without an address must hear its server
            for name in ["all", "default"] {
                fs::write(format!("/proc/sys/net/ipv4/conf/{name}/rp_filter"), "0").unwrap();
            }
        });
        place
    }

    /// Does this there, and waits for it.
    pub(crate) fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let (tell, told) = channel();
        self.begin(move || drop(tell.send(work())));
        told.recv().expect("what was done there came to an end")
    }

    /// Does this there; nothing else is done there meanwhile.
    pub(crate) fn begin(&self, work: impl FnOnce() + Send + 'static) {
        self.work.as_ref().unwrap().send(Box::new(work)).unwrap();
    }

    /// A cable from a port of this switch to an interface of that machine.
    pub(crate) fn plug(&self, bridge: &str, machine: &Self, interface: &str, mac: Option<&str>) {
        static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let port = format!("port{}", NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        let (bridge, interface, tid) = (bridge.to_owned(), interface.to_owned(), machine.tid);
        let mac = mac.map(|mac| format!(" address {mac}")).unwrap_or_default();
        let name = interface.clone();
        self.run(move || {
            ip(&format!("link add {port} type veth peer name {interface}{mac} netns {tid}"));
            ip(&format!("link set {port} master {bridge} up"));
        });
        machine.run(move || ip(&format!("link set {name} up")));
    }

    /// A switch with these bridges.
    pub(crate) fn switch(bridges: &[&str]) -> Self {
        let place = Self::new();
        for bridge in bridges {
            let bridge = (*bridge).to_owned();
            place.run(move || {
                // no snooping: there is nobody who asks for memberships
                ip(&format!("link add {bridge} type bridge mcast_snooping 0"));
                ip(&format!("link set {bridge} up"));
            });
        }
        place
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(self.work.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// `ip` of iproute2, in the namespace of whoever calls.
pub(crate) fn ip(arguments: &str) {
    let output = Command::new("ip").args(arguments.split(' ')).output();
    let output = output.unwrap_or_else(|error| panic!("ip (package iproute2): {error}"));
    assert!(output.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A program that ends with the thread that started it, and when this is dropped.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn start(program: &str, arguments: &[&str], log: &std::path::Path) -> Self {
        let log = fs::File::options().create(true).append(true).open(log).unwrap();
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL", "--", program])
            .args(arguments)
            .env("DOZVON_ADMIN_PASSWORD", "discovery-admin");
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        Self(command.spawn().unwrap_or_else(|error| panic!("{program}: {error}")))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits for `done`, looking often, at most so long.
pub(crate) fn wait_for<T>(what: &str, limit: Duration, mut done: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + limit;
    loop {
        if let Some(found) = done() {
            return found;
        }
        assert!(Instant::now() < end, "{what}: not within {limit:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}
