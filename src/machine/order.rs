//! What the exchange, which may do nothing to the machine, asks of the steward, which may do everything: one JSON object a line, an
//! answer for each, on `/run/dozvon/steward.sock`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::network::Network;

/// Where the steward listens.
pub const SOCKET: &str = "/run/dozvon/steward.sock";

/// One order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case", deny_unknown_fields)]
pub enum Order {
    /// The engine's loop has turned so often since its start. Told each second on a connection of its own, and not answered: while the
    /// number grows, the watchdog is fed.
    Alive {
        /// Turns.
        turns: u64,
    },
    /// How the machine is.
    State,
    /// Call the box so (RFC 1123 §2.1).
    HostName {
        /// One label.
        name: String,
    },
    /// Take these places in networks; go back unless [`Order::ConfirmNetwork`] comes in time.
    Network {
        /// All of it.
        network: Network,
        /// Seconds; 0: at once for good (the console).
        confirm_within: u32,
    },
    /// Whoever asked has found the box at its new place.
    ConfirmNetwork,
    /// Ask these for the time, and be one for the telephones.
    Time {
        /// Names or addresses; empty: pool.ntp.org's.
        servers: Vec<String>,
        /// Answer NTP in the office.
        serve: bool,
    },
    /// Start anew: the machine, in good order.
    Restart,
    /// Switch off.
    ShutDown,
    /// Forget everything but the licence, and start anew.
    FactoryReset,
    /// Write this verified update file into the other slot. Answered by [`Answer::Working`] some times before the end.
    WriteUpdate {
        /// Of the file, under the data partition or on a stick.
        path: PathBuf,
    },
    /// Start the other slot on trial.
    StartTrial,
    /// The slot that runs on trial is good.
    Keep,
    /// The slot that runs on trial is not: back to the other one.
    GiveUp {
        /// For the page, both languages' words are made from it.
        reason: String,
    },
    /// Make a USB stick usable, at `/run/dozvon/sticks/ID`.
    MountStick {
        /// As [`Stick::id`].
        id: String,
    },
    /// All written, may be pulled out.
    UnmountStick {
        /// As [`Stick::id`].
        id: String,
    },
    /// Make a share of another machine usable, at `/run/dozvon/share`.
    MountShare {
        /// `//server/share` for SMB, `server:/path` for NFS.
        source: String,
        /// SMB's; empty: a guest.
        login: String,
        /// SMB's.
        password: String,
    },
    /// Leave it.
    UnmountShare,
    /// What the kernel has said since it started.
    KernelLog,
}

/// What the steward answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// Done, or begun where it ends this process.
    Done,
    /// Done so far, per cent; another answer follows.
    Working {
        /// 0 to 100.
        percent: u8,
    },
    /// As it is.
    State(Box<State>),
    /// Text that was asked for.
    Text {
        /// All of it.
        text: String,
    },
    /// Nothing was done.
    Refused {
        /// Why.
        reason: Reason,
    },
}

/// Why something is not done: in Russian and in English, without a full stop. What a tool or the kernel said stands in both as it was said.
pub type Reason = [String; 2];

/// A [`Reason`].
pub fn reason(ru: impl Into<String>, en: impl Into<String>) -> Reason {
    [ru.into(), en.into()]
}

/// How the machine is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// The running slot, `a` or `b`; empty outside of the image.
    pub slot: String,
    /// What runs: the version of the image.
    pub release: String,
    /// What the other slot holds; empty: nothing that was ever good.
    pub other_release: String,
    /// The running slot is on trial.
    pub on_trial: bool,
    /// Seconds since the trial began.
    pub trial_seconds: u32,
    /// The slot whose last trial failed, and why; both empty: none.
    pub failed: String,
    /// For the page.
    pub failed_reason: String,
    /// The box's name in networks.
    pub host_name: String,
    /// What is wanted of networks.
    pub network: Network,
    /// Until when a change of it must be confirmed: seconds left.
    pub confirm_within: Option<u32>,
    /// Ethernet cards.
    pub cards: Vec<Card>,
    /// Time servers that are asked.
    pub time_servers: Vec<String>,
    /// Whether telephones are answered.
    pub time_served: bool,
    /// The clock.
    pub clock: Clock,
    /// Sensors.
    pub temperatures: Vec<Temperature>,
    /// The disk with the data partition.
    pub disk: Disk,
    /// USB sticks.
    pub sticks: Vec<Stick>,
    /// The driver of the watchdog; empty: there is none.
    pub watchdog: String,
    /// Bytes.
    pub memory_total: u64,
    /// Bytes that could be had.
    pub memory_available: u64,
    /// Since power-on.
    pub uptime_seconds: u64,
}

/// An Ethernet card.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Card {
    /// The kernel's: `eth0`.
    pub name: String,
    /// Small letters with colons.
    pub mac: String,
    /// Whether there is a cable with somebody at its end.
    pub link: bool,
    /// Megabits a second; `None` without a link.
    pub speed: Option<u32>,
    /// `192.168.1.10/24`, each.
    pub addresses: Vec<String>,
}

/// The clock.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Clock {
    /// A time server has told the time since power-on.
    pub synchronized: bool,
    /// Which one; before: `rtc` or `floor` (the last time that was noted on the disk).
    pub source: String,
    /// What the last answer said that the clock was wrong by, milliseconds.
    pub offset_ms: f64,
}

/// A sensor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Temperature {
    /// The kernel's word.
    pub name: String,
    /// Degrees.
    pub celsius: f64,
}

/// A disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Disk {
    /// The maker's word.
    pub model: String,
    /// Bytes.
    pub size: u64,
    /// Bytes of the data partition's file system.
    pub data: u64,
    /// Bytes free there.
    pub data_free: u64,
    /// Per cent of its life that is used up, as it says itself (NVMe, SATA); `None`: it doesn't.
    pub wear: Option<u8>,
    /// Bytes that were ever written, as it says itself.
    pub written: Option<u64>,
    /// It says of itself that it will fail.
    pub failing: bool,
}

/// A USB stick.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stick {
    /// The partition: `sdb1`.
    pub id: String,
    /// As people named it.
    pub label: String,
    /// Bytes.
    pub size: u64,
    /// Bytes; 0 while it is not mounted.
    pub free: u64,
    /// Update files on it, while it is mounted.
    pub updates: Vec<String>,
    /// Whether it is at `/run/dozvon/sticks/ID`.
    pub mounted: bool,
}
