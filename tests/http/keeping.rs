//! Servers that keep backups: OpenSSH's sshd with SFTP, and moto's S3, each on a port of its own.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A process that ends with the test, and its directory.
pub(crate) struct Keeping {
    child: Child,
    pub(crate) directory: PathBuf,
    pub(crate) port: u16,
}

impl Drop for Keeping {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

impl Keeping {
    fn wait(mut self) -> Self {
        for _ in 0..6_000 {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return self;
            }
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("it ended: {status}: {}", fs::read_to_string(self.directory.join("log")).unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("it does not answer")
    }
}

fn directory(kind: &str) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let directory = std::env::temp_dir().join(format!("dozvon-{kind}-{}-{number}", std::process::id()));
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    directory
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn key(path: &Path) {
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path).output();
    assert!(made.expect("Debian's openssh-client is installed").status.success());
}

/// An SSH server that lets our own user in by a key alone; the key.
pub(crate) fn sshd() -> (Keeping, String) {
    let directory = directory("sshd");
    let (host, user) = (directory.join("host"), directory.join("user"));
    key(&host);
    key(&user);
    fs::copy(directory.join("user.pub"), directory.join("authorized")).unwrap();
    let file = directory.join("sshd_config");
    let text = format!(
        "HostKey {}\nAuthorizedKeysFile {}\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM no\nStrictModes no\n\
         PermitRootLogin yes\nPidFile none\nSubsystem sftp internal-sftp\nLogLevel ERROR\n",
        host.display(),
        directory.join("authorized").display(),
    );
    fs::write(&file, text).unwrap();
    fs::create_dir_all("/run/sshd").ok(); // Debian's own separation of rights
    let port = free_port();
    let mut sshd = Command::new("/usr/sbin/sshd");
    sshd.arg("-D").arg("-e").arg("-f").arg(&file).args(["-o", &format!("ListenAddress=127.0.0.1:{port}")]);
    sshd.stdout(Stdio::null()).stderr(fs::File::create(directory.join("log")).unwrap());
    let child = sshd.spawn().expect("Debian's openssh-server is installed");
    (Keeping { child, directory, port }.wait(), fs::read_to_string(user).unwrap())
}

/// A store that speaks S3, with one bucket, `office`.
pub(crate) fn s3() -> Keeping {
    let directory = directory("s3");
    let port = free_port();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/s3-server");
    let mut server = Command::new(script);
    server.arg(port.to_string()).stdout(Stdio::null()).stderr(fs::File::create(directory.join("log")).unwrap());
    let keeping = Keeping { child: server.spawn().unwrap(), directory, port }.wait();
    let mut wire = TcpStream::connect(("127.0.0.1", port)).unwrap();
    wire.write_all(b"PUT /office HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut line = String::new();
    BufReader::new(wire).read_line(&mut line).unwrap();
    assert!(line.contains("200"), "{line}");
    keeping
}
