//! The socket at which orders come in, each connection on a thread of its own: some orders take minutes, and the sign of life must not
//! wait for them.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{End, Event, Outcome, Steward, begin, shares, slots};
use crate::base::Duration;
use crate::machine::{Answer, Order, reason};

/// Longest order: a network with all its routes has some kilobytes.
const LONGEST_ORDER: u64 = 64 * 1024;
/// Connections at a time; another one is closed at once.
const MOST_CONNECTIONS: usize = 16;
/// Who says nothing for so long is gone. A sign of life comes each second.
const PATIENCE: Duration = Duration::from_secs(60);

/// Opens the socket, and answers at it.
///
/// # Errors
/// As the kernel says.
pub(super) fn open(steward: &Arc<Steward>) -> io::Result<()> {
    let path = steward.places.socket();
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o660))?;
    if let Some((_, group)) = begin::ids_of(&steward.places.user) {
        std::os::unix::fs::chown(&path, None, Some(group.as_raw()))?;
    }
    let steward = Arc::clone(steward);
    std::thread::Builder::new().name("door".to_owned()).spawn(move || welcome(&listener, &steward))?;
    Ok(())
}

fn welcome(listener: &UnixListener, steward: &Arc<Steward>) {
    let inside = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming() {
        let Ok(stream) = stream else {
            std::thread::sleep(Duration::from_millis(100)); // no descriptor is free
            continue;
        };
        let place = Place::take(&inside);
        if inside.load(Ordering::Relaxed) > MOST_CONNECTIONS {
            tracing::warn!("too many connections at once: one is closed");
            continue;
        }
        let steward = Arc::clone(steward);
        let conversation = move || {
            let _place = place;
            if let Err(error) = converse(&steward, &stream) {
                tracing::debug!(%error, "a connection ends");
            }
        };
        if let Err(error) = std::thread::Builder::new().name("order".to_owned()).spawn(conversation) {
            tracing::warn!(%error, "a connection gets no thread");
        }
    }
}

/// One of the connections that may be.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(inside: &Arc<AtomicUsize>) -> Self {
        inside.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(inside))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn converse(steward: &Steward, stream: &UnixStream) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut lines = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if lines.by_ref().take(LONGEST_ORDER).read_line(&mut line)? == 0 {
            return Ok(());
        }
        let order = match serde_json::from_str(&line) {
            Ok(order) => order,
            Err(error) => {
                let why = reason(format!("это не приказ: {error}"), format!("not an order: {error}"));
                return send(stream, &Answer::Refused { reason: why });
            }
        };
        // Who does not listen any more wants it done all the same.
        let (answer, end) = perform(steward, order, &mut |percent| drop(send(stream, &Answer::Working { percent })));
        let sent = answer.map_or(Ok(()), |answer| send(stream, &answer));
        if let Some(end) = end {
            let _ = steward.events.send(Event::End(end));
        }
        sent?;
    }
}

fn send(mut stream: &UnixStream, answer: &Answer) -> io::Result<()> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    stream.write_all(&line)
}

/// Does what is ordered; gives the answer, and what is to come after it was sent.
fn perform(steward: &Steward, order: Order, told: &mut dyn FnMut(u8)) -> (Option<Answer>, Option<End>) {
    let places = &steward.places;
    let mut end = None;
    let mut then = |outcome: Outcome, what: End| {
        end = outcome.is_ok().then_some(what);
        outcome
    };
    let outcome = match order {
        Order::Alive { turns } => {
            let _ = steward.events.send(Event::Turned(turns));
            return (None, None);
        }
        Order::State => return (Some(Answer::State(Box::new(steward.state()))), None),
        Order::KernelLog => {
            let answer = steward.kernel_log();
            let answer = answer.map_or_else(|reason| Answer::Refused { reason }, |text| Answer::Text { text });
            return (Some(answer), None);
        }
        Order::HostName { name } => steward.set_host_name(name),
        Order::Network { network, confirm_within } => steward.take_network(network, confirm_within),
        Order::ConfirmNetwork => steward.ports.confirm(),
        Order::Time { servers, serve } => steward.set_time(servers, serve),
        Order::FactoryReset => then(steward.forget_everything(), End::Restart),
        Order::Restart => then(Ok(()), End::Restart),
        Order::ShutDown => then(Ok(()), End::ShutDown),
        Order::WriteUpdate { path } => slots::write(places, &path, told),
        Order::StartTrial => then(slots::start_trial(places), End::Restart),
        Order::Keep => slots::keep(places),
        Order::GiveUp { reason } => then(slots::give_up(places, &reason), End::Restart),
        Order::MountStick { id } => shares::mount_stick(places, &id),
        Order::UnmountStick { id } => shares::unmount_stick(places, &id),
        Order::MountShare { source, login, password } => shares::mount_share(places, &source, &login, &password),
        Order::UnmountShare => shares::unmount_share(places),
    };
    let answer = outcome.map_or_else(|reason| Answer::Refused { reason }, |()| Answer::Done);
    (Some(answer), end)
}
