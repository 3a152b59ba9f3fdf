//! A disk without a free block: the exchange starts all the same, by the room that it kept for that.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::keeper::SOON;
use crate::place::wait_for;

/// A small disk, as long as the test.
struct Small(PathBuf);

impl Small {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("dozvon-full-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        mount(Some("dozvon"), &path, Some("tmpfs"), MsFlags::empty(), Some("size=100m")).unwrap();
        Self(path)
    }

    /// Every block of it.
    fn fill(&self) {
        let mut weight = File::create(self.0.join("weight")).unwrap();
        let block = vec![b'x'; 4096];
        while weight.write_all(&block).is_ok() {}
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = umount2(&self.0, MntFlags::MNT_DETACH);
        let _ = fs::remove_dir(&self.0);
    }
}

/// An exchange that is ready.
fn serve(data: &Path) -> Child {
    let config = data.with_extension("toml");
    if !config.exists() {
        let any = "\"127.0.0.1:0\"";
        let text = format!(
            "[sip]\nudp = {any}\ntcp = {any}\ntls = {any}\n[rtp]\nports = \"24300-24319\"\n[phones]\nldap = {any}\n\
             [web]\nhttp = {any}\nhttps = {any}\n"
        );
        fs::write(&config, text).unwrap();
    }
    let mut child = Command::new(env!("CARGO_BIN_EXE_dozvon"))
        .args(["serve", "--config"])
        .arg(config)
        .arg("--data")
        .arg(data)
        .env("DOZVON_ADMIN_PASSWORD", "correct-horse-battery")
        .env_remove("JOURNAL_STREAM")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let said: Vec<String> =
        lines.by_ref().map_while(Result::ok).take_while(|line| !line.starts_with("ready ")).collect();
    assert!(child.try_wait().unwrap().is_none(), "it ended: {said:#?}");
    std::thread::spawn(move || lines.for_each(drop));
    child
}

fn stop(mut child: Child) {
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGTERM).unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn an_exchange_starts_on_a_disk_without_a_free_block() {
    let disk = Small::new();
    let (data, reserve) = (disk.0.join("data"), disk.0.join("data/reserve"));
    let child = serve(&data);
    wait_for("room to be kept", SOON, || reserve.exists().then_some(()));
    stop(child);
    disk.fill();
    let child = serve(&data);
    assert!(!reserve.exists(), "the room was given up");
    stop(child);
    fs::remove_file(disk.0.join("weight")).unwrap();
    let child = serve(&data);
    wait_for("room to be kept again", SOON, || reserve.exists().then_some(()));
    stop(child);
}
