//! The thread that tells telephones the time.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use socket2::{Domain, Protocol, Socket, Type};

use super::{Before, Timekeeper, Wanted};
use crate::base::Duration;
use crate::machine::ntp::Server;

/// Until the timekeeper is closed.
pub(super) fn run(keeper: &Timekeeper) {
    let mut server = Server::default();
    loop {
        let (wanted, edition) = {
            let state = keeper.state();
            if state.closing {
                return;
            }
            (state.wanted.clone(), state.edition)
        };
        if !wanted.serve {
            std::thread::sleep(PAUSE);
            continue;
        }
        match open(keeper.0.basis.server_port, &wanted) {
            Ok(socket) => serve(keeper, &mut server, &socket, edition),
            Err(error) => {
                tracing::warn!(%error, interface = wanted.interface, "telephones can't be told the time");
                std::thread::sleep(PAUSE);
            }
        }
    }
}

fn serve(keeper: &Timekeeper, server: &mut Server, socket: &UdpSocket, edition: u64) {
    let mut bytes = [0; LONGEST];
    let mut quiet = 0;
    // an interface may have gone and come again by the same name: in silence the socket is opened anew
    while quiet < QUIET_PAUSES {
        let heard = socket.recv_from(&mut bytes);
        let came = keeper.0.hands.now();
        let (standing, plausible) = {
            let state = keeper.state();
            if state.closing || state.edition != edition {
                return;
            }
            (state.standing.clone(), state.standing.is_some() || state.source == Before::Rtc)
        };
        match heard {
            // a clock that is known to be behind is not told
            Ok((length, from)) if plausible => {
                let asked = (from.ip(), bytes.get(..length).unwrap_or_default());
                let moments = (came, keeper.0.hands.now());
                if let Some(answer) = server.answer(keeper.now(), asked, standing.as_ref(), moments) {
                    // lost, as datagrams may be: a telephone asks again
                    let _ = socket.send_to(&answer, from);
                }
            }
            Ok(_) => {}
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => quiet += 1,
            Err(error) => {
                tracing::debug!(%error, "a question for the time");
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }
}

fn open(port: u16, wanted: &Wanted) -> io::Result<UdpSocket> {
    let both = Socket::new(Domain::IPV6, Type::DGRAM, Some(Protocol::UDP))
        .and_then(|socket| bound(socket, SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)), wanted));
    let old = || {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
        bound(socket, SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)), wanted)
    };
    // a kernel may have been told to do without IPv6
    both.or_else(|_| old())
}

fn bound(socket: Socket, address: SocketAddr, wanted: &Wanted) -> io::Result<UdpSocket> {
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    if !wanted.interface.is_empty() {
        socket.bind_device(Some(wanted.interface.as_bytes()))?;
    }
    socket.bind(&address.into())?;
    // how soon another wish is noticed
    socket.set_read_timeout(Some(PAUSE))?;
    Ok(socket.into())
}

const PAUSE: Duration = Duration::from_millis(500);
/// A minute.
const QUIET_PAUSES: u32 = 120;
/// Longer ones are cut, and answered by what they begin with. Bytes.
const LONGEST: usize = 512;
