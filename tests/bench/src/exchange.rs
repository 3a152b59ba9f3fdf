//! The exchange under measurement: an office of phones that may call each other, in a directory that goes with it.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::phones::{login, number, password};
use crate::process::Running;

/// Prepared, and running after `start`.
pub struct Exchange {
    pub sip: SocketAddr,
    binary: PathBuf,
    directory: PathBuf,
    running: Option<Running>,
}

impl Exchange {
    /// Puts the office into an empty data directory. `record`: every call is recorded.
    pub fn prepare(binary: &Path, phones: usize, record: bool) -> io::Result<Self> {
        let directory = std::env::temp_dir().join(format!("dozvon-bench-{}", std::process::id()));
        fs::create_dir_all(&directory)?;
        let free = || UdpSocket::bind("127.0.0.1:0")?.local_addr().map(|address| address.port());
        let (sip, tls, http, https) = (free()?, free()?, free()?, free()?);
        fs::write(
            directory.join("host.toml"),
            format!(
                "[sip]\nudp = \"127.0.0.1:{sip}\"\ntcp = \"127.0.0.1:{sip}\"\ntls = \"127.0.0.1:{tls}\"\n[rtp]\nports = \"20000-29999\"\n\
                 [phones]\nldap = \"127.0.0.1:0\"\n[web]\nhttp = \"127.0.0.1:{http}\"\nhttps = \"127.0.0.1:{https}\"\n[log]\nlevel = \"warn\"\n"
            ),
        )?;
        let mut office = "[office]\nname = \"Bench\"\ntimezone = \"Europe/Moscow\"\nlanguage = \"en\"\ncountry = \"RU\"\narea_code = \"812\"\n".to_owned();
        for phone in 0..phones {
            let _ = write!(
                office,
                "[[extension]]\nnumber = \"{}\"\nemployee = \"Bench\"\nrecord = {record}\n  [[extension.device]]\n  kind = \"sip\"\n  login = \"{}\"\n  password = \"{}\"\n",
                number(phone),
                login(phone),
                password(phone)
            );
        }
        fs::write(directory.join("office.toml"), office)?;
        let exchange =
            Self { sip: SocketAddr::from(([127, 0, 0, 1], sip)), binary: binary.to_owned(), directory, running: None };
        let applied = exchange.command("apply").arg(exchange.directory.join("office.toml")).output()?;
        if !applied.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&applied.stderr).into_owned()));
        }
        Ok(exchange)
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(&self.binary);
        command.env("DOZVON_ADMIN_PASSWORD", "bench-admin-password").arg(verb);
        command.arg("--data").arg(self.directory.join("data")).arg("--config").arg(self.directory.join("host.toml"));
        command
    }

    pub fn start(mut self) -> io::Result<Self> {
        let log = fs::File::create(self.directory.join("log"))?;
        let mut serve = self.command("serve");
        self.running = Some(Running::start(serve.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log))?);
        Ok(self)
    }

    /// Bytes of all recordings on the disk so far.
    pub fn recorded_bytes(&self) -> u64 {
        bytes_under(&self.directory.join("data").join("recordings"))
    }

    pub fn pid(&self) -> u32 {
        self.running.as_ref().map_or(0, Running::pid)
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.running = None;
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn bytes_under(directory: &Path) -> u64 {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let bytes = |entry: fs::DirEntry| match entry.metadata() {
        Ok(about) if about.is_dir() => bytes_under(&entry.path()),
        Ok(about) => about.len(),
        Err(_) => 0,
    };
    entries.map(bytes).sum()
}
