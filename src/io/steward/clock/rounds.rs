//! The thread that asks time servers and puts the clock right.

use std::net::{SocketAddr, ToSocketAddrs, UdpSocket};
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::hands::Hands;
use super::{Timekeeper, Wanted};
use crate::base::{Duration, Instant, Rng};
use crate::machine::ntp::{Client, Correction, Moment, Packet, Source};

/// Until the timekeeper is closed.
pub(super) fn run(keeper: &Timekeeper, rng: Rng) {
    let mut client = Client::new(rng, keeper.0.basis.built);
    let mut names = Names::default();
    let mut noted = keeper.now();
    loop {
        let (wanted, edition, hurry) = {
            let mut state = keeper.state();
            if state.closing {
                return;
            }
            (state.wanted.clone(), state.edition, std::mem::take(&mut state.hurry))
        };
        let now = keeper.now();
        if now.since(noted) >= NOTE_EVERY {
            noted = now;
            keeper.note();
        }
        if names.refresh(keeper, &wanted, edition, hurry) {
            client.set_sources(names.sources.clone());
            client.hurry(now);
        } else if hurry {
            client.hurry(now);
        }
        if now < client.due() || names.sources.is_empty() {
            keeper.wait(client.due().since(now).clamp(SHORTEST_WAIT, LONGEST_WAIT));
            continue;
        }
        let correction = round(keeper, &mut client);
        apply(keeper, &client, correction);
        names.are_stale |= matches!(correction, Correction::Nobody | Correction::Disagreement);
    }
}

/// The addresses behind the names. A name server may be away for long, and addresses behind a pool's name change.
#[derive(Debug, Default)]
struct Names {
    sources: Vec<Source>,
    edition: Option<u64>,
    resolved: Option<Instant>,
    are_stale: bool,
}

impl Names {
    /// Whether there are others now.
    fn refresh(&mut self, keeper: &Timekeeper, wanted: &Wanted, edition: u64, hurry: bool) -> bool {
        let now = keeper.now();
        let age = self.resolved.map(|at| now.since(at));
        let is_new = self.edition != Some(edition);
        let longest = if self.sources.is_empty() {
            SOON
        } else if self.are_stale {
            LATER
        } else {
            DAILY
        };
        if !is_new && age.is_some_and(|age| age < longest) && !(hurry && self.sources.is_empty()) {
            return false;
        }
        let found = resolve(wanted, keeper.0.basis.client_port);
        (self.edition, self.resolved, self.are_stale) = (Some(edition), Some(keeper.now()), false);
        if (found.is_empty() && !is_new) || found == self.sources {
            return false;
        }
        self.sources = found;
        true
    }
}

fn resolve(wanted: &Wanted, port: u16) -> Vec<Source> {
    let pool = POOL.map(str::to_owned);
    let names: &[String] = if wanted.servers.is_empty() { &pool } else { &wanted.servers };
    // a name alone, as a pool's, has several servers behind it of which a majority can be had
    let each = (ENOUGH / names.len().max(1)).max(1);
    let addresses_of = |name: &String| {
        let all = (name.as_str(), port).to_socket_addrs().or_else(|_| name.to_socket_addrs());
        let all: Vec<SocketAddr> = all.map(Iterator::collect).unwrap_or_default();
        let sources = all.into_iter().take(each).map(|address| Source { name: name.clone(), address });
        sources.collect::<Vec<_>>()
    };
    names.iter().take(MOST_NAMES).flat_map(addresses_of).collect()
}

/// A question that was sent from a socket of its own, so that nobody else's datagram is heard.
struct Asked {
    to: SocketAddr,
    socket: UdpSocket,
    sent: Moment,
}

fn round(keeper: &Timekeeper, client: &mut Client) -> Correction {
    let hands = keeper.0.hands.as_ref();
    let questions = client.begin(keeper.now());
    let asked: Vec<Asked> = questions.into_iter().filter_map(|(to, bytes)| send(hands, to, &bytes)).collect();
    let until = keeper.now() + Client::PATIENCE;
    while !client.is_complete() && !asked.is_empty() && keeper.now() < until {
        if keeper.state().closing {
            break;
        }
        for one in readable(&asked, until.since(keeper.now()).min(LOOK_UP)) {
            let mut bytes = [0; Packet::LENGTH];
            let heard = one.socket.recv(&mut bytes);
            let received = hands.now();
            if let Ok(length) = heard {
                client.hear(keeper.now(), one.to, bytes.get(..length).unwrap_or_default(), one.sent, received);
            }
        }
    }
    client.finish(keeper.now())
}

fn send(hands: &dyn Hands, to: SocketAddr, bytes: &[u8]) -> Option<Asked> {
    let any = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let sent = UdpSocket::bind(any).and_then(|socket| {
        socket.set_nonblocking(true)?;
        socket.connect(to)?;
        let sent = hands.now();
        socket.send(bytes)?;
        Ok(Asked { to, socket, sent })
    });
    sent.inspect_err(|error| tracing::debug!(%error, %to, "a time server can't be asked")).ok()
}

/// Sockets with something to read.
fn readable(asked: &[Asked], within: Duration) -> Vec<&Asked> {
    let mut waits: Vec<PollFd<'_>> =
        asked.iter().map(|one| PollFd::new(one.socket.as_fd(), PollFlags::POLLIN)).collect();
    let timeout = PollTimeout::try_from(within).unwrap_or(PollTimeout::ZERO);
    if poll(&mut waits, timeout).is_err() {
        return Vec::new();
    }
    let ready = |wait: &PollFd<'_>| wait.revents().is_some_and(|events| !events.is_empty());
    asked.iter().zip(&waits).filter(|(_, wait)| ready(wait)).map(|(one, _)| one).collect()
}

fn apply(keeper: &Timekeeper, client: &Client, correction: Correction) {
    let hands = keeper.0.hands.as_ref();
    let by = || client.standing().map_or("", |standing| standing.source.name.as_str());
    let done = match correction {
        Correction::Nobody => {
            tracing::debug!("no time server answers");
            return;
        }
        Correction::Disagreement => {
            tracing::warn!("time servers contradict each other; the clock stays as it is");
            return;
        }
        Correction::Doubtful => {
            tracing::warn!("the clock is far off, says a time server; it is asked again before that is believed");
            return;
        }
        Correction::Step(nanos) => {
            tracing::info!(server = by(), milliseconds = nanos / 1_000_000, "the clock is set");
            hands.step(nanos)
        }
        Correction::Slew { offset, poll } => hands.slew(offset, poll),
    };
    if let Err(error) = done {
        tracing::error!(%error, "the clock can't be set");
        return;
    }
    keeper.state().standing = client.standing().cloned();
    if matches!(correction, Correction::Step(_)) {
        keeper.note();
        if let Err(error) = hands.set_battery() {
            tracing::debug!(%error, "there is no battery clock to set");
        }
    }
}

/// Four pools of volunteers, each a name for other servers every time.
const POOL: [&str; 4] = ["0.pool.ntp.org", "1.pool.ntp.org", "2.pool.ntp.org", "3.pool.ntp.org"];
const MOST_NAMES: usize = 8;
/// Servers, for a majority against a liar.
const ENOUGH: usize = 4;
const NOTE_EVERY: Duration = Duration::from_secs(3_600);
const SHORTEST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// How often somebody who closes is noticed.
const LOOK_UP: Duration = Duration::from_millis(250);
/// Until names are looked up again: none was found; servers did not answer; all is well.
const SOON: Duration = Duration::from_secs(5);
const LATER: Duration = Duration::from_secs(600);
const DAILY: Duration = Duration::from_secs(86_400);
