//! Sockets of the media path, as the kernel wants them.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;

use nix::libc;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::socket::{SockaddrIn, connect};
use socket2::{Domain, Protocol, Socket, Type};

/// A non-blocking UDP socket on all IPv4 addresses, its packets marked for expedited forwarding (RFC 3246, DSCP 46).
pub(super) fn bind(port: u16) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    socket.set_tos_v4(EXPEDITED_FORWARDING)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)).into())?;
    Ok(socket.into())
}

/// Takes back a `connect`: an address of no family, see connect(2).
pub(super) fn disconnect(socket: &UdpSocket) -> io::Result<()> {
    let nobody = libc::sockaddr_in {
        sin_family: libc::AF_UNSPEC as libc::sa_family_t,
        sin_port: 0,
        sin_addr: libc::in_addr { s_addr: 0 },
        sin_zero: [0; 8],
    };
    Ok(connect(socket.as_raw_fd(), &SockaddrIn::from(nobody))?)
}

/// A call needs four descriptors; the usual limit of 1024 would end at 250 calls.
pub(super) fn raise_descriptor_limit() {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let wanted = hard.min(MOST_DESCRIPTORS);
        if soft < wanted && setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).is_err() {
            tracing::warn!(soft, "the limit of open files stays as it is");
        }
    }
}

/// DSCP 46 in the upper six bits.
const EXPEDITED_FORWARDING: u32 = 46 << 2;
/// Enough for `limits::CALLS` calls and everything else.
const MOST_DESCRIPTORS: u64 = 65_536;
