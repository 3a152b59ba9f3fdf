//! A box of the test's own: a namespace with two Ethernet cables, folders instead of disks, and a steward in it.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use dozvon::machine::{Answer, Network, Order, State};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::place::{Place, wait_for};

/// Longest wait for what takes a moment.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// A box. Its files are kept when a test fails.
pub(crate) struct Keeper {
    pub(crate) dir: PathBuf,
    pub(crate) place: Arc<Place>,
    steward: Option<Child>,
}

/// An exchange that does nothing at all.
pub(crate) const IDLE: &str = "exchange = [\"sleep\", \"86400\"]\nuser = \"\"\n";

impl Keeper {
    /// A box whose cards are at these bridges; `exchange` are further lines of its places.
    pub(crate) fn start(name: &str, switch: &Place, exchange: &str) -> Self {
        Self::with(name, switch, "has_disk = false\n", exchange)
    }

    /// A box whose data partition is that of a disk; `disk` are lines of its places.
    pub(crate) fn with_disk(name: &str, switch: &Place, disk: &str) -> Self {
        Self::with(name, switch, disk, IDLE)
    }

    fn with(name: &str, switch: &Place, disk: &str, exchange: &str) -> Self {
        let place = Arc::new(Place::new());
        for (bridge, interface, mac) in [("br0", "eth0", mac(1)), ("br1", "eth1", mac(2))] {
            switch.plug(bridge, &place, interface, Some(&mac));
        }
        let dir = std::env::temp_dir().join(format!("dozvon-steward-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        for folder in ["sys", "dev", "etc/dozvon", "run", "data"] {
            fs::create_dir_all(dir.join(folder)).unwrap();
        }
        for file in ["console", "dev/watchdog0", "dev/kmsg"] {
            fs::write(dir.join(file), "").unwrap();
        }
        // ports that are not everybody's
        let host = "[web]\nhttp = \"0.0.0.0:80\"\nhttps = \"0.0.0.0:443\"\n[rtp]\nports = \"25000-25100\"\n";
        fs::write(dir.join("etc/dozvon/host.toml"), host).unwrap();
        // where whoever the exchange is may start it
        fs::copy(env!("CARGO_BIN_EXE_dozvon"), dir.join("dozvon")).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("image/rootfs/usr/share/udhcpc/dozvon.script");
        let is_given = |name: &str| disk.contains(&format!("{name} = "));
        let folders = ["sys", "dev", "etc", "run", "data"].into_iter().filter(|name| !is_given(name));
        let folders: Vec<String> = folders.map(|name| format!("{name} = {:?}\n", dir.join(name))).collect();
        let rest = format!("consoles = [{:?}]\nlease_script = {script:?}\n{exchange}", dir.join("console"));
        let places = format!("is_image = false\n{disk}{}{rest}", folders.concat());
        fs::write(dir.join("places.toml"), places).unwrap();
        let mut keeper = Self { dir, place, steward: None };
        keeper.start_steward();
        keeper
    }

    pub(crate) fn start_steward(&mut self) {
        let dir = self.dir.clone();
        let _ = fs::remove_file(self.socket());
        self.steward = Some(self.place.run(move || {
            // the kernel's devices as this namespace has them, and a host name of its own
            let script = format!(
                "mount -t sysfs none {0}/sys && exec {0}/dozvon steward --places {0}/places.toml",
                dir.display()
            );
            let log = fs::File::options().create(true).append(true).open(dir.join("log")).unwrap();
            let mut command = Command::new("setpriv");
            command.args(["--pdeathsig", "KILL", "--", "unshare", "-m", "-u", "--", "sh", "-c", &script]);
            command.env("RUST_BACKTRACE", "1").stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
            command.spawn().unwrap()
        }));
        wait_for("the steward to listen", SOON, || UnixStream::connect(self.socket()).ok());
    }

    /// Ends the steward in good order.
    pub(crate) fn stop_steward(&mut self) {
        let steward = self.steward.as_mut().unwrap();
        kill(Pid::from_raw(steward.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
        self.wait_for_end();
    }

    /// Waits until the steward has ended.
    pub(crate) fn wait_for_end(&mut self) {
        let mut steward = self.steward.take().unwrap();
        let status = wait_for("the steward to end", SOON, || steward.try_wait().unwrap());
        assert!(status.success(), "{status}: {}", self.read("log"));
    }

    fn socket(&self) -> PathBuf {
        self.dir.join("run/dozvon/steward.sock")
    }

    pub(crate) fn read(&self, file: &str) -> String {
        fs::read_to_string(self.dir.join(file)).unwrap_or_default()
    }

    /// A line goes in, a line comes out; none when it is closed.
    pub(crate) fn say(&self, line: &[u8]) -> Option<Answer> {
        let mut stream = UnixStream::connect(self.socket()).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        let _ = stream.write_all(line);
        let mut answer = String::new();
        let read = BufReader::new(stream).read_line(&mut answer);
        read.is_ok_and(|length| length > 0).then(|| serde_json::from_str(&answer).unwrap())
    }

    pub(crate) fn ask(&self, order: &Order) -> Answer {
        let line = serde_json::to_string(order).unwrap() + "\n";
        self.say(line.as_bytes()).unwrap_or_else(|| panic!("{order:?} has no answer\n{}", self.read("log")))
    }

    pub(crate) fn order(&self, order: &Order) {
        assert_eq!(self.ask(order), Answer::Done, "{order:?}\n{}", self.read("log"));
    }

    pub(crate) fn refused(&self, order: &Order) -> String {
        match self.ask(order) {
            Answer::Refused { reason: [_, english] } => english,
            other => panic!("{order:?}: {other:?}"),
        }
    }

    pub(crate) fn state(&self) -> State {
        match self.ask(&Order::State) {
            Answer::State(state) => *state,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn take(&self, network: &Network, confirm_within: u32) {
        self.order(&Order::Network { network: network.clone(), confirm_within });
    }

    /// Waits for a card to have an address that begins so, and only that one.
    pub(crate) fn wait_for_address(&self, card: &str, begins: &str) -> String {
        let what = format!("{card} to have {begins} alone");
        let found = || {
            let state = self.state();
            let card = state.cards.iter().find(|one| one.name == card)?;
            let ours: Vec<&String> = card.addresses.iter().filter(|address| !address.contains(':')).collect();
            (ours.len() == 1 && ours[0].starts_with(begins)).then(|| ours[0].clone())
        };
        let end = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| wait_for(&what, SOON, found)));
        end.unwrap_or_else(|_| panic!("{what}: {:?}\n{}", self.state().cards, self.read("log")))
    }

    /// A folder as the steward sees it: what it mounts is nobody else's.
    fn inside(&self, folder: &str) -> PathBuf {
        let steward = self.steward.as_ref().unwrap().id();
        Path::new("/proc").join(steward.to_string()).join("root").join(self.dir.join(folder).strip_prefix("/").unwrap())
    }

    /// How large the mounted file system of the data is; none before it is mounted.
    pub(crate) fn file_system_bytes(&self) -> Option<u64> {
        let mounts = fs::read_to_string(format!("/proc/{}/mounts", self.steward.as_ref().unwrap().id())).ok()?;
        let data = self.dir.join("data").display().to_string();
        mounts.lines().find(|line| line.contains(&data) && line.contains(" ext4 "))?;
        let told = nix::sys::statvfs::statvfs(&self.inside("data")).ok()?;
        Some(told.blocks() * told.fragment_size())
    }

    /// Whether this file lies on the data partition.
    pub(crate) fn has_data_file(&self, name: &str) -> bool {
        self.inside("data").join(name).exists()
    }

    /// What `ip` says of the box's routes.
    pub(crate) fn route_to(&self, address: &str) -> String {
        let words = ["route".to_owned(), "get".to_owned(), address.to_owned()];
        let output = self.place.run(move || Command::new("ip").args(words).output().unwrap());
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if let Some(mut steward) = self.steward.take() {
            // In good order, or what it has started would outlive it.
            let _ = kill(Pid::from_raw(steward.id().try_into().unwrap()), Signal::SIGTERM);
            let mut looks = 0..300;
            while looks.next().is_some() && matches!(steward.try_wait(), Ok(None)) {
                std::thread::sleep(Duration::from_millis(100));
            }
            let _ = steward.kill();
            let _ = steward.wait();
        }
        if std::thread::panicking() {
            eprintln!("kept for a look: {}", self.dir.display());
        } else {
            let _ = fs::remove_dir_all(&self.dir);
        }
    }
}

/// The MAC of a card of the box's.
pub(crate) fn mac(last: u8) -> String {
    format!("02:00:00:00:00:{last:02x}")
}

/// Whether root has CAP_SYS_RESOURCE here: some containers keep it from him, and file systems don't grow there.
pub(crate) fn may_have_more() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let words = status.lines().find_map(|line| line.strip_prefix("CapEff:")).unwrap().trim();
    u64::from_str_radix(words, 16).unwrap() >> 24 & 1 == 1
}
