//! What an admin must learn. An alarm is a fact: who raises it knows nothing of mail, page or webhook. Calls and the engine hand it out
//! as an output, threads of `io` give it to the shell; there the same alarms within an hour become one with a count. Its words are in
//! `words.rs`, in both languages.

mod words;

use std::net::IpAddr;

use crate::base::{Duration, WallTime};

/// What an admin must learn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// An address is not answered any more: it guessed passwords.
    AddressBanned {
        /// Which.
        address: IpAddr,
        /// The logins that it tried, some of them.
        logins: Vec<String>,
        /// As it calls itself; empty: it does not say.
        user_agent: String,
        /// Until when; `None`: until an admin lifts it.
        until: Option<WallTime>,
    },
    /// A telephone of the office sends a password that is not the login's any more.
    OldPassword {
        /// Which login.
        login: String,
        /// Whose it is.
        extension: String,
        /// From where.
        address: IpAddr,
        /// As it calls itself; empty: it does not say.
        user_agent: String,
    },
    /// A call outside was refused, since a limit is reached.
    LimitReached {
        /// Who called.
        extension: String,
        /// Which limit.
        which: Limit,
        /// It is that of the office as a whole, and not of the extension.
        of_office: bool,
        /// How much is allowed: calls or minutes.
        limit: u32,
    },
    /// A call to a closed destination was refused.
    BlockedDestination {
        /// Who called.
        extension: String,
        /// Whom, E.164 digits.
        number: String,
    },
    /// A call was refused, since such calls are closed at this hour.
    QuietHours {
        /// Who called.
        extension: String,
        /// Whom, E.164 digits.
        number: String,
    },
    /// Somebody calls for help.
    EmergencyCall {
        /// Who.
        extension: String,
        /// The emergency number.
        number: String,
    },
    /// A trunk has carried no calls for some minutes.
    TrunkDown {
        /// Its name.
        trunk: String,
        /// What is wrong.
        why: TrunkFault,
    },
    /// It does again.
    TrunkBack {
        /// Its name.
        trunk: String,
        /// How long it did not.
        minutes: u32,
    },
    /// The disk is nearly full: recording has stopped.
    DiskFull {
        /// What is left. Bytes.
        free_bytes: u64,
    },
    /// A recording was lost.
    RecordingFailed {
        /// What the kernel said.
        why: String,
    },
    /// Mail can't be sent.
    MailFailing {
        /// What the server said, or the network.
        why: String,
    },
    /// A webhook's receiver has not taken anything for long, and what waited was given up.
    WebhookFailing {
        /// Its name.
        webhook: String,
    },
    /// The box's certificate ends soon, or has ended.
    CertificateEnds {
        /// When.
        at: WallTime,
    },
    /// The licence ends in some days.
    LicenceEnds {
        /// So many.
        days: u32,
    },
    /// The licence or the trial is over, and the box is limited.
    LicenceOver,
    /// Somebody guesses passwords of the page.
    PageGuessing {
        /// From where.
        address: IpAddr,
    },
    /// Another DHCP server answers, and the box's own keeps quiet.
    OtherDhcpServer {
        /// Which.
        address: IpAddr,
    },
    /// A new version of the box was not good: the old one runs again.
    UpdateReturned {
        /// The new one.
        version: String,
        /// Why, a sentence in Russian and one in English.
        why: [String; 2],
    },
    /// A backup was not made, or not brought to its place.
    BackupFailed {
        /// The place's name; empty: the box itself.
        place: String,
        /// In Russian and in English, a sentence each.
        why: [String; 2],
    },
    /// The process before this one was not stopped in order: a power cut, or a fault.
    UncleanStart {
        /// Calls that it cut.
        calls: u32,
    },
    /// The disk was damaged beyond mending and begins anew: all that was on it is lost.
    DataLost,
    /// The database is damaged; calls go on, and the next start takes its last good copy.
    DatabaseDamaged {
        /// When that copy was made; `None`: there is none.
        copied: Option<WallTime>,
    },
    /// The database was damaged, and its last good copy is in its place.
    DatabaseReturned {
        /// When that copy was made.
        copied: WallTime,
    },
}

/// A limit of calls outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is its own name")]
pub enum Limit {
    CallsAtATime,
    CallsADay,
    MinutesADay,
}

/// What is wrong with a trunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrunkFault {
    /// The carrier does not take our password.
    WrongPassword,
    /// It refuses, with this status of SIP.
    Refused(u16),
    /// It does not answer.
    Silent,
    /// Its name has no address.
    NoSuchName,
}

/// How much it presses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// To be known.
    Warning,
    /// To be looked at now.
    Alarm,
}

impl Severity {
    /// As the API and the database spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Alarm => "alarm",
        }
    }
}

impl Alarm {
    /// A word for programs; it keeps its meaning.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::AddressBanned { .. } => "address_banned",
            Self::OldPassword { .. } => "old_password",
            Self::LimitReached { .. } => "limit_reached",
            Self::BlockedDestination { .. } => "blocked_destination",
            Self::QuietHours { .. } => "quiet_hours",
            Self::EmergencyCall { .. } => "emergency_call",
            Self::TrunkDown { .. } => "trunk_down",
            Self::TrunkBack { .. } => "trunk_back",
            Self::DiskFull { .. } => "disk_full",
            Self::RecordingFailed { .. } => "recording_failed",
            Self::MailFailing { .. } => "mail_failing",
            Self::WebhookFailing { .. } => "webhook_failing",
            Self::CertificateEnds { .. } => "certificate_ends",
            Self::LicenceEnds { .. } => "licence_ends",
            Self::LicenceOver => "licence_over",
            Self::PageGuessing { .. } => "page_guessing",
            Self::OtherDhcpServer { .. } => "other_dhcp_server",
            Self::UpdateReturned { .. } => "update_returned",
            Self::UncleanStart { .. } => "unclean_start",
            Self::BackupFailed { .. } => "backup_failed",
            Self::DataLost => "data_lost",
            Self::DatabaseDamaged { .. } => "database_damaged",
            Self::DatabaseReturned { .. } => "database_returned",
        }
    }

    /// How much it presses.
    pub const fn severity(&self) -> Severity {
        match self {
            Self::LimitReached { .. }
            | Self::EmergencyCall { .. }
            | Self::TrunkDown { .. }
            | Self::DiskFull { .. }
            | Self::LicenceOver
            | Self::PageGuessing { .. }
            | Self::OtherDhcpServer { .. }
            | Self::BackupFailed { .. }
            | Self::DataLost
            | Self::DatabaseDamaged { .. }
            | Self::DatabaseReturned { .. }
            | Self::UpdateReturned { .. } => Severity::Alarm,
            _ => Severity::Warning,
        }
    }

    /// Alarms with the same key within this time of the first are one with a count. What goes on for days is told anew after days.
    pub const fn one_within(&self) -> Duration {
        const HOUR: u64 = 3600;
        match self {
            Self::LicenceOver => Duration::from_secs(60 * 24 * HOUR),
            Self::CertificateEnds { .. } | Self::LicenceEnds { .. } => Duration::from_secs(7 * 24 * HOUR),
            Self::OtherDhcpServer { .. } => Duration::from_secs(24 * HOUR),
            _ => Duration::from_secs(HOUR),
        }
    }

    /// What makes alarms one: see [`one_within`](Self::one_within).
    pub fn key(&self) -> String {
        let subject = match self {
            Self::AddressBanned { address, .. }
            | Self::PageGuessing { address }
            | Self::OtherDhcpServer { address } => address.to_string(),
            Self::OldPassword { login, address, .. } => format!("{login} {address}"),
            Self::LimitReached { extension, which, of_office, .. } => format!("{extension} {which:?} {of_office}"),
            // Whoever dials through a list of numbers makes one alarm: the last number is what it tells.
            Self::BlockedDestination { extension, .. } | Self::QuietHours { extension, .. } => extension.clone(),
            Self::EmergencyCall { extension, number } => format!("{extension} {number}"),
            Self::TrunkDown { trunk, .. } | Self::TrunkBack { trunk, .. } => trunk.clone(),
            Self::WebhookFailing { webhook } => webhook.clone(),
            Self::UpdateReturned { version, .. } => version.clone(),
            Self::BackupFailed { place, .. } => place.clone(),
            Self::CertificateEnds { .. }
            | Self::DiskFull { .. }
            | Self::RecordingFailed { .. }
            | Self::MailFailing { .. }
            | Self::LicenceEnds { .. }
            | Self::LicenceOver
            | Self::DataLost
            | Self::DatabaseDamaged { .. }
            | Self::DatabaseReturned { .. }
            | Self::UncleanStart { .. } => String::new(),
        };
        format!("{} {subject}", self.kind())
    }

    /// The extension that it is about.
    pub fn extension(&self) -> Option<&str> {
        match self {
            Self::OldPassword { extension, .. }
            | Self::LimitReached { extension, .. }
            | Self::BlockedDestination { extension, .. }
            | Self::QuietHours { extension, .. }
            | Self::EmergencyCall { extension, .. } => Some(extension),
            _ => None,
        }
    }

    /// The address that it is about.
    pub const fn address(&self) -> Option<IpAddr> {
        match self {
            Self::AddressBanned { address, .. }
            | Self::OldPassword { address, .. }
            | Self::PageGuessing { address }
            | Self::OtherDhcpServer { address } => Some(*address),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
