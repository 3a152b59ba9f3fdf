//! What is kept over the restart into a trial, and over the restart out of it.

use std::path::Path;
use std::{fs, io};

use serde::{Deserialize, Serialize};

use crate::io::files;
use crate::machine::trial::Before;

const PLAN: &str = "plan.json";
const WHEN: &str = "when";

/// When an update begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At once, whoever is on the telephone.
    Now,
    /// As soon as nobody is on the telephone.
    Idle,
    /// At this time of the office's day or, if somebody is on the telephone then, as soon as nobody is.
    At {
        /// 0 to 23.
        hour: u8,
        /// 0 to 59.
        minute: u8,
    },
}

/// What a trial is of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Plan {
    pub(super) version: String,
    pub(super) notes: [String; 2],
    pub(super) before: Before,
    /// How it ended; `None`: it has not, or nobody knows yet.
    pub(super) outcome: Option<Outcome>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    Kept,
    /// And the admin was told.
    Returned,
}

impl When {
    /// `now`, `idle` or `HH:MM`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "now" => Some(Self::Now),
            "idle" => Some(Self::Idle),
            _ => {
                let (hour, minute) = text.split_once(':')?;
                let number = |text: &str, below: u8| {
                    let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
                    text.parse().ok().filter(|number| digits && *number < below)
                };
                Some(Self::At { hour: number(hour, 24)?, minute: number(minute, 60)? })
            }
        }
    }

    /// As [`parse`](Self::parse) reads it.
    pub fn word(self) -> String {
        match self {
            Self::Now => "now".to_owned(),
            Self::Idle => "idle".to_owned(),
            Self::At { hour, minute } => format!("{hour:02}:{minute:02}"),
        }
    }

    pub(super) fn read(folder: &Path) -> Option<Self> {
        Self::parse(fs::read_to_string(folder.join(WHEN)).ok()?.trim())
    }

    pub(super) fn write(self, folder: &Path) -> io::Result<()> {
        files::replace(&folder.join(WHEN), self.word().as_bytes(), 0o600)
    }
}

impl Plan {
    pub(super) fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(folder.join(PLAN)).ok()?).ok()
    }

    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        files::replace(&folder.join(PLAN), &serde_json::to_vec(self)?, 0o600)
    }
}

pub(super) fn forget_plan(folder: &Path) {
    let _ = fs::remove_file(folder.join(PLAN));
}

pub(super) fn forget_when(folder: &Path) {
    let _ = fs::remove_file(folder.join(WHEN));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_it_is_written() {
        for text in ["now", "idle", "00:00", "03:30", "23:59"] {
            assert_eq!(When::parse(text).map(When::word).as_deref(), Some(text));
        }
        for wrong in ["", "24:00", "3:30", "03:60", "+3:30", "03:30:00", "later"] {
            assert_eq!(When::parse(wrong), None, "{wrong}");
        }
    }
}
