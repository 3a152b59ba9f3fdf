//! The ways by which telephones find the box, and whether each of them is open: what the page shows.

use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::os::fd::BorrowedFd;
use std::sync::Arc;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::base::{Duration, Instant};
use crate::io::net::holder;
use crate::office::Office;

/// Whether a way is open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// The settings don't want it.
    #[default]
    Off,
    /// It is not known yet whether it may be.
    Looking,
    /// It is.
    On,
    /// It is not, though the settings want it.
    Closed(Why),
}

/// Why a way is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The process may not: it is not root and has no capability for that.
    NoRight,
    /// Another program has the port.
    Taken {
        /// `UDP` or `TCP`.
        of: &'static str,
        /// Which port.
        port: u16,
        /// Which program, as far as it is known.
        by: Option<String>,
    },
    /// There is no such network, or none that could be meant.
    NoNetwork,
    /// Another DHCP server answers.
    OtherServer(Ipv4Addr),
    /// What the kernel said.
    Other(String),
}

/// All ways.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its own name")]
pub struct Ways {
    pub pnp: Way,
    pub dhcp: Way,
    pub tftp: Way,
    pub ldap: Way,
}

impl Ways {
    pub(super) const fn pnp(&mut self) -> (&'static str, &mut Way) {
        ("pnp", &mut self.pnp)
    }

    pub(super) const fn dhcp(&mut self) -> (&'static str, &mut Way) {
        ("dhcp", &mut self.dhcp)
    }

    pub(super) const fn tftp(&mut self) -> (&'static str, &mut Way) {
        ("tftp", &mut self.tftp)
    }

    pub(super) const fn ldap(&mut self) -> (&'static str, &mut Way) {
        ("ldap", &mut self.ldap)
    }
}

impl Way {
    /// As the API spells it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Looking => "looking",
            Self::On => "on",
            Self::Closed(_) => "closed",
        }
    }
}

impl Why {
    pub(super) fn of(error: &io::Error, port: u16) -> Self {
        Self::read(error, "UDP", port)
    }

    pub(super) fn of_tcp(error: &io::Error, port: u16) -> Self {
        Self::read(error, "TCP", port)
    }

    fn read(error: &io::Error, of: &'static str, port: u16) -> Self {
        match error.kind() {
            io::ErrorKind::PermissionDenied => Self::NoRight,
            io::ErrorKind::AddrInUse => Self::Taken { of, port, by: holder(&of.to_ascii_lowercase(), port) },
            _ => Self::Other(error.to_string()),
        }
    }
}

/// For the log.
impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRight => f.write_str(
                "this process has no right to (run it as root or with CAP_NET_BIND_SERVICE and CAP_NET_RAW)",
            ),
            Self::Taken { of, port, by: Some(by) } => write!(f, "{by} has {of} port {port}"),
            Self::Taken { of, port, by: None } => write!(f, "another program has {of} port {port}"),
            Self::NoNetwork => f.write_str("there is no such network ([provisioning] dhcp_interface)"),
            Self::OtherServer(server) => write!(f, "another DHCP server answers: {server}"),
            Self::Other(why) => f.write_str(why),
        }
    }
}

/// Whoever serves a way: the office in force (none: the exchange ends).
pub(super) type InForce = Box<dyn Fn() -> Option<Arc<Office>> + Send>;

/// Starts a thread that serves a way.
pub(super) fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
}

/// Waits until one of these can be read, at most until `until` and never longer than [`LOOK`].
pub(super) fn wait(fds: &[BorrowedFd<'_>], now: Instant, until: Option<Instant>) {
    let fds: Vec<_> = fds.iter().map(|fd| (*fd, PollFlags::POLLIN)).collect();
    wait_for(&fds, now, until);
}

/// The same, each until what is wanted of it can be done.
pub(super) fn wait_for(fds: &[(BorrowedFd<'_>, PollFlags)], now: Instant, until: Option<Instant>) {
    let most = until.map_or(LOOK, |until| until.since(now).min(LOOK)) + Duration::from_millis(1);
    let mut fds: Vec<PollFd<'_>> = fds.iter().map(|(fd, wanted)| PollFd::new(*fd, *wanted)).collect();
    let millis = u16::try_from(most.as_millis()).unwrap_or(u16::MAX);
    // a signal wakes as well; whoever waits looks at its sockets anyway
    let _ = poll(&mut fds, PollTimeout::from(millis));
}

/// How often settings and networks are looked at.
pub(super) const LOOK: Duration = Duration::from_secs(2);
/// Datagrams taken in a row.
pub(super) const AT_ONCE: usize = 64;
