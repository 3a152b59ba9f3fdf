//! The phone book over LDAP, for telephones that search it. What is said is `provision::ldap`, what is found
//! `provision::directory`, and who may ask the ledger's affair. Only machines of the office's own networks are listened to, each on few
//! connections, and who does not sign in soon is hung up on.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd as _;
use std::sync::Arc;

use nix::poll::PollFlags;

use super::ways::{AT_ONCE, InForce, LOOK, Way, Ways, Why, thread, wait_for};
use super::{Phones, lock, neighbours};
use crate::base::{Duration, Instant};
use crate::io::clock::{self, Clock};
use crate::office::Office;
use crate::provision::directory::Directory;
use crate::provision::ldap::{self, Session};

struct Shell {
    phones: Phones,
    office: InForce,
    address: SocketAddr,
    clock: Clock,
    listener: Option<TcpListener>,
    callers: Vec<Caller>,
    /// Of the office that was asked about last.
    directory: Option<(Arc<Office>, Arc<Directory>)>,
}

struct Caller {
    stream: TcpStream,
    address: IpAddr,
    session: Session,
    /// Answers on their way.
    out: VecDeque<u8>,
    /// When it is hung up on, unless it says something.
    until: Instant,
    is_gone: bool,
}

/// Starts the thread.
///
/// # Errors
/// When there is no thread.
pub(super) fn start(phones: Phones, office: InForce, address: SocketAddr, clock: Clock) -> io::Result<()> {
    lock(&phones.0.ports).ldap = address.port();
    let shell = Shell { phones, office, address, clock, listener: None, callers: Vec::new(), directory: None };
    thread("phone-book", move || shell.run())
}

impl Shell {
    fn run(mut self) {
        let mut look_at = Instant::ZERO;
        loop {
            let Some(office) = (self.office)() else { return };
            let now = self.clock.now();
            if now >= look_at {
                look_at = now + LOOK;
                self.follow(&office);
            }
            self.accept(now);
            let directory = self.directory(&office);
            for caller in &mut self.callers {
                caller.go_on(now, &self.phones, &office, &directory);
            }
            self.callers.retain(|caller| !caller.is_gone);
            let until = self.callers.iter().map(|caller| caller.until).chain([look_at]).min();
            let mut fds: Vec<_> = self.listener.iter().map(|one| (one.as_fd(), PollFlags::POLLIN)).collect();
            fds.extend(self.callers.iter().map(|caller| (caller.stream.as_fd(), caller.waits_for())));
            wait_for(&fds, self.clock.now(), until);
        }
    }

    fn follow(&mut self, office: &Office) {
        if !office.provisioning.ldap {
            self.listener = None;
            self.callers.clear();
            return self.phones.set_way(Ways::ldap, Way::Off);
        }
        if self.listener.is_none() {
            let opened = TcpListener::bind(self.address).and_then(|listener| {
                listener.set_nonblocking(true)?;
                Ok((listener.local_addr()?.port(), listener))
            });
            match opened {
                Ok((port, listener)) => {
                    lock(&self.phones.0.ports).ldap = port;
                    self.listener = Some(listener);
                }
                Err(error) => {
                    let why = Why::of_tcp(&error, self.address.port());
                    return self.phones.set_way(Ways::ldap, Way::Closed(why));
                }
            }
        }
        self.phones.set_way(Ways::ldap, Way::On);
    }

    fn accept(&mut self, now: Instant) {
        let Some(listener) = &self.listener else { return };
        for _ in 0..AT_ONCE {
            let Ok((stream, peer)) = listener.accept() else { return };
            let address = peer.ip().to_canonical();
            let own = self.callers.iter().filter(|caller| caller.address == address).count();
            let is_welcome = neighbours::is_inside(address) && own < OF_ONE && self.callers.len() < CALLERS;
            if !is_welcome || stream.set_nonblocking(true).is_err() {
                continue;
            }
            let (session, out) = (Session::default(), VecDeque::new());
            self.callers.push(Caller { stream, address, session, out, until: now + SIGN_IN, is_gone: false });
        }
    }

    fn directory(&mut self, office: &Arc<Office>) -> Arc<Directory> {
        if let Some((_, directory)) = self.directory.as_ref().filter(|(of, _)| Arc::ptr_eq(of, office)) {
            return Arc::clone(directory);
        }
        let directory = Arc::new(Directory::of(office));
        self.directory = Some((Arc::clone(office), Arc::clone(&directory)));
        directory
    }
}

impl Caller {
    /// Nothing is read from who does not take its answers.
    fn waits_for(&self) -> PollFlags {
        if self.out.is_empty() { PollFlags::POLLIN } else { PollFlags::POLLOUT }
    }

    fn go_on(&mut self, now: Instant, phones: &Phones, office: &Office, directory: &Directory) {
        self.write();
        let mut buffer = [0; ldap::LONGEST];
        for _ in 0..AT_ONCE {
            while self.out.is_empty() && !self.is_gone {
                let address = self.address;
                let may = |mac, password: &str| {
                    phones.with(|ledger| ledger.may_read_book(office, mac, password, address, clock::wall()))
                };
                let Some(answer) = self.session.answer(directory, may) else { break };
                if self.session.bound().is_some() {
                    self.until = now + IDLE;
                }
                self.out.extend(answer);
                self.write();
            }
            if self.session.is_over() && self.out.is_empty() {
                self.is_gone = true;
            }
            if self.is_gone || !self.out.is_empty() {
                break;
            }
            match self.stream.read(&mut buffer) {
                Ok(0) => self.is_gone = true,
                Ok(length) => self.session.feed(buffer.get(..length).unwrap_or_default()),
                Err(error) => {
                    self.is_gone = !is_later(&error);
                    break;
                }
            }
        }
        self.is_gone = self.is_gone || now >= self.until;
    }

    fn write(&mut self) {
        while !self.out.is_empty() {
            let (first, _) = self.out.as_slices();
            match self.stream.write(first) {
                Ok(0) => self.is_gone = true,
                Ok(length) => drop(self.out.drain(..length)),
                Err(error) if is_later(&error) => return,
                Err(_) => self.is_gone = true,
            }
            if self.is_gone {
                return;
            }
        }
    }
}

fn is_later(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

/// Connections at a time.
const CALLERS: usize = 128;
/// Connections of one address: several telephones may be behind a router.
const OF_ONE: usize = 16;
/// How long nobody knows who it is.
const SIGN_IN: Duration = Duration::from_secs(10);
/// How long a telephone may say nothing.
const IDLE: Duration = Duration::from_secs(300);
