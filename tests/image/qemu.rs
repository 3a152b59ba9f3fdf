//! The box: the image in QEMU, emulated in software, with its network on ports of loopback.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::disk::Disk;

/// Where the box is in QEMU's network, and where it sees this machine.
pub(crate) const BOX: &str = "10.0.2.15";
pub(crate) const HOST: &str = "10.0.2.2";
/// A start under emulation beside others' compilers, with a file system to be repaired.
pub(crate) const BOOT: Duration = Duration::from_secs(300);

/// How it is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Firmware {
    Bios,
    Uefi,
}

/// What is in the machine beside its disk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts {
    pub(crate) firmware: Firmware,
    /// What the battery clock says at power-on, in QEMU's words; `utc`: the truth.
    pub(crate) clock: &'static str,
}

impl Default for Parts {
    fn default() -> Self {
        Self { firmware: Firmware::Bios, clock: "utc" }
    }
}

/// A box with power.
pub(crate) struct Box {
    qemu: Child,
    pub(crate) sip: SocketAddr,
    pub(crate) https: u16,
    pub(crate) began: Instant,
    monitor: PathBuf,
    serial: PathBuf,
}

/// Ports of loopback that were free a moment ago.
fn free_port() -> u16 {
    loop {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = socket.local_addr().unwrap().port();
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

impl Box {
    /// Switches a box with this disk on.
    pub(crate) fn start(disk: &Disk, parts: Parts) -> Self {
        let (sip, https) = (free_port(), free_port());
        let beside = |name: &str| disk.path.with_extension(name);
        let (monitor, serial) = (beside("monitor"), beside("serial"));
        let _ = fs::remove_file(&monitor);
        let mut line = Command::new("setpriv");
        line.args([
            "--pdeathsig",
            "KILL",
            "--",
            "qemu-system-x86_64",
            "-accel",
            "tcg,tb-size=128",
            "-cpu",
            "max",
            "-smp",
            "2",
        ]);
        line.args(["-display", "none", "-action", "watchdog=reset", "-device", "i6300esb"]);
        line.args(["-rtc", &format!("base={}", parts.clock)]);
        line.args(["-serial", &format!("file:{}", serial.display())]);
        line.args(["-monitor", &format!("unix:{},server,nowait", monitor.display())]);
        line.args(["-drive", &format!("file={},format=raw,if=none,id=d0", disk.path.display())]);
        line.args(["-device", "virtio-blk-pci,drive=d0,bootindex=0"]);
        line.args(["-device", "virtio-net-pci,netdev=n0", "-netdev"]);
        line.arg(format!("user,id=n0,hostfwd=tcp:127.0.0.1:{https}-:443,hostfwd=udp:127.0.0.1:{sip}-:5060"));
        match parts.firmware {
            Firmware::Bios => line.args(["-machine", "pc", "-m", "256"]),
            Firmware::Uefi => {
                // variables of another machine send the firmware elsewhere
                let vars = beside("vars");
                fs::copy("/usr/share/OVMF/OVMF_VARS_4M.fd", &vars).expect("ovmf is installed");
                let flash = "if=pflash,format=raw";
                line.args(["-machine", "q35", "-m", "384"]);
                line.args(["-drive", &format!("{flash},readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd")]);
                line.args(["-drive", &format!("{flash},file={}", vars.display())])
            }
        };
        let errors = fs::File::create(beside("qemu")).unwrap();
        let qemu = line.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors).spawn();
        let sip = SocketAddr::from((Ipv4Addr::LOCALHOST, sip));
        let qemu = qemu.expect("setpriv and qemu-system-x86_64 are installed");
        Self { qemu, sip, https, began: Instant::now(), monitor, serial }
    }

    /// The end of what came by the serial line.
    pub(crate) fn said(&self) -> String {
        let text = String::from_utf8_lossy(&fs::read(&self.serial).unwrap_or_default()).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }

    /// All that came by the serial line.
    pub(crate) fn serial(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.serial).unwrap_or_default()).into_owned()
    }

    /// How often it has begun to start since power-on.
    pub(crate) fn starts(&self) -> usize {
        self.serial().matches("dozvon: slot ").count()
    }

    /// A port of loopback that leads to this UDP port of the box.
    pub(crate) fn forward(&self, port: u16) -> SocketAddr {
        let here = free_port();
        let answer = self.order(&format!("hostfwd_add n0 udp:127.0.0.1:{here}-:{port}"));
        assert!(!answer.contains("could not"), "{answer}");
        SocketAddr::from((Ipv4Addr::LOCALHOST, here))
    }

    /// One order to QEMU itself.
    fn order(&self, order: &str) -> String {
        let mut monitor = UnixStream::connect(&self.monitor).unwrap();
        monitor.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut answer = until_prompt(&mut monitor);
        answer.clear();
        monitor.write_all(format!("{order}\n").as_bytes()).unwrap();
        answer += &until_prompt(&mut monitor);
        answer
    }

    /// Pulls the plug.
    pub(crate) fn cut(mut self) {
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
    }

    /// Waits until the machine has switched itself off.
    pub(crate) fn goes_off(mut self, limit: Duration) {
        let end = Instant::now() + limit;
        while self.qemu.try_wait().unwrap().is_none() {
            assert!(Instant::now() < end, "not off within {limit:?}\n{}", self.said());
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

fn until_prompt(monitor: &mut UnixStream) -> String {
    let (mut text, mut buffer) = (String::new(), [0; 4096]);
    while !text.ends_with("(qemu) ") {
        let read = monitor.read(&mut buffer).unwrap_or(0);
        if read == 0 {
            break;
        }
        text += &String::from_utf8_lossy(&buffer[..read]);
    }
    text
}

impl Drop for Box {
    fn drop(&mut self) {
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
    }
}
