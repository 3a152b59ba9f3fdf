//! Where things are: on the box at the usual places, in a test at others.

use std::path::{Path, PathBuf};

use serde::Deserialize;

/// Where the steward finds and puts things. Absent keys are as on the box.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Places {
    /// The data partition is looked for, mended, mounted and grown; otherwise its folder is simply there.
    pub has_disk: bool,
    /// An end of the box is one of the machine; otherwise of the steward alone.
    pub is_image: bool,
    /// The kernel's devices.
    pub sys: PathBuf,
    /// The kernel's processes and settings.
    pub proc: PathBuf,
    /// Device files.
    pub dev: PathBuf,
    /// What the slot says of itself: `etc/dozvon/release`.
    pub etc: PathBuf,
    /// What is forgotten at the next start.
    pub run: PathBuf,
    /// The data partition.
    pub data: PathBuf,
    /// Where the first sign-in is told.
    pub consoles: Vec<PathBuf>,
    /// Program and arguments of the exchange; empty: this program's `serve`.
    pub exchange: Vec<String>,
    /// Who the exchange is; empty: whoever the steward is.
    pub user: String,
    /// The program that has `ip`, `udhcpc` and `arping`.
    pub busybox: PathBuf,
    /// What `udhcpc` runs.
    pub lease_script: PathBuf,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            has_disk: true,
            is_image: true,
            sys: "/sys".into(),
            proc: "/proc".into(),
            dev: "/dev".into(),
            etc: "/etc".into(),
            run: "/run".into(),
            data: "/data".into(),
            consoles: vec!["/dev/tty1".into(), "/dev/ttyS0".into()],
            exchange: Vec::new(),
            user: "dozvon".to_owned(),
            busybox: "/bin/busybox".into(),
            lease_script: "/usr/share/udhcpc/dozvon.script".into(),
        }
    }
}

impl Places {
    /// Reads a file of places, or takes the box's.
    ///
    /// # Errors
    /// When it can't be read or understood.
    pub fn read(file: Option<&Path>) -> Result<Self, String> {
        let Some(file) = file else { return Ok(Self::default()) };
        let wrong = |why: &dyn std::fmt::Display| format!("{}: {why}", file.display());
        let text = std::fs::read_to_string(file).map_err(|error| wrong(&error))?;
        toml::from_str(&text).map_err(|error| wrong(&error.message()))
    }

    /// The exchange's own folder.
    pub(in crate::io) fn exchange_data(&self) -> PathBuf {
        self.data.join("dozvon")
    }

    /// Where the line with the first password is until the machine ends, for root's eyes.
    pub(super) fn first_sign_in(&self) -> PathBuf {
        self.run.join("dozvon/first-sign-in")
    }

    /// Name servers: `/etc/resolv.conf` leads there.
    pub(super) fn resolv_conf(&self) -> PathBuf {
        self.run.join("resolv.conf")
    }

    /// Where the steward is asked.
    pub(super) fn socket(&self) -> PathBuf {
        self.run.join("dozvon/steward.sock")
    }
}
