//! The ear: a packet socket that hears all cards, cooked (packet(7), SOCK_DGRAM), with a filter in the kernel, so that sound that nobody
//! wants wakes nobody. The filter lets through what may be wanted; [`Watcher`](super::packet::Watcher) judges it.

use std::io::{self, IoSliceMut};
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType, recvmsg, setsockopt,
    socket, sockopt,
};
use nix::sys::time::TimeSpec;
use socket2::{SockFilter, SockRef};

use super::packet::Wanted;

/// The socket, and room for one packet.
#[derive(Debug)]
pub(super) struct Ear {
    socket: OwnedFd,
    room: Vec<u8>,
}

/// A packet as it was heard.
#[derive(Debug)]
pub(super) struct Heard<'a> {
    /// Microseconds since 1970.
    pub(super) at: i64,
    /// The head of a packet of LINKTYPE_LINUX_SLL2.
    pub(super) link: [u8; 20],
    /// The IP packet.
    pub(super) bytes: &'a [u8],
}

impl Ear {
    /// Opens it. It needs CAP_NET_RAW.
    pub(super) fn open(wanted: &Wanted) -> io::Result<Self> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let socket = socket(AddressFamily::Packet, SockType::Datagram, flags, SockProtocol::EthAll)?;
        SockRef::from(&socket).attach_filter(&filter(wanted))?;
        setsockopt(&socket, sockopt::ReceiveTimestampns, &true)?;
        // as much as the machine lets us have
        let _ = setsockopt(&socket, sockopt::RcvBuf, &BUFFER);
        Ok(Self { socket, room: vec![0; LONGEST] })
    }

    /// The next packet; `None` when none comes within that time, or one that is not to be kept.
    pub(super) fn hear(&mut self, time: Duration) -> io::Result<Option<Heard<'_>>> {
        let mut ready = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
        let time = PollTimeout::try_from(time).unwrap_or(PollTimeout::ZERO);
        match poll(&mut ready, time) {
            Ok(0) | Err(nix::errno::Errno::EINTR) => return Ok(None),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let mut told = nix::cmsg_space!(TimeSpec);
        let mut parts = [IoSliceMut::new(&mut self.room)];
        let message = recvmsg::<LinkAddr>(self.socket.as_raw_fd(), &mut parts, Some(&mut told), MsgFlags::empty());
        let message = match message {
            Ok(message) => message,
            // a card that went away says so once
            Err(nix::errno::Errno::EAGAIN | nix::errno::Errno::EINTR | nix::errno::Errno::ENETDOWN) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let at = message.cmsgs()?.find_map(|told| match told {
            ControlMessageOwned::ScmTimestampns(at) => Some(at.tv_sec() * 1_000_000 + at.tv_nsec() / 1_000),
            _ => None,
        });
        let (Some(at), Some(from), length) = (at, message.address, message.bytes) else { return Ok(None) };
        // the loopback tells each packet twice
        if from.hatype() == LOOPBACK && from.pkttype() == OUTGOING {
            return Ok(None);
        }
        Ok(self.room.get(..length).map(|bytes| Heard { at, link: link(&from), bytes }))
    }
}

/// <https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html>
fn link(from: &LinkAddr) -> [u8; 20] {
    let mut head = [0; 20];
    let (protocol, rest) = head.split_at_mut(4);
    let (card, rest) = rest.split_at_mut(4);
    let (kind, rest) = rest.split_at_mut(2);
    let (way, address) = rest.split_at_mut(2);
    // as the kernel has it, the protocol is in the network's order already
    protocol[..2].copy_from_slice(&from.protocol().to_ne_bytes());
    card.copy_from_slice(&u32::try_from(from.ifindex()).unwrap_or(0).to_be_bytes());
    kind.copy_from_slice(&from.hatype().to_be_bytes());
    way.copy_from_slice(&[from.pkttype(), u8::try_from(from.halen().min(6)).unwrap_or(0)]);
    address[..6].copy_from_slice(&from.addr().unwrap_or_default());
    head
}

/// A program for the kernel's filter (networking/filter in its documentation): UDP and TCP from or to a wanted port, and fragments, whose
/// ports nobody knows.
fn filter(wanted: &Wanted) -> Vec<SockFilter> {
    let ports: Vec<u16> = wanted.sip.union(&wanted.tls).copied().take(MOST_PORTS).collect();
    // from the end: accept is the last instruction, drop the one before it
    let mut back: Vec<SockFilter> = vec![SockFilter::new(RETURN, 0, 0, u32::MAX), SockFilter::new(RETURN, 0, 0, 0)];
    let to = |back: &Vec<SockFilter>, end: usize| u8::try_from(back.len() - 1 - end).unwrap_or(u8::MAX);
    let (accept, drop) = (0, 1);
    // the port to (at X + 2), then the port from (at X)
    for place in [2, 0] {
        if let Some(sound) = &wanted.sound {
            back.push(SockFilter::new(GREATER, 0, to(&back, accept), u32::from(*sound.end())));
            back.push(SockFilter::new(AT_LEAST, 0, 1, u32::from(*sound.start())));
        }
        for port in &ports {
            back.push(SockFilter::new(EQUAL, to(&back, accept), 0, u32::from(*port)));
        }
        back.push(SockFilter::new(LOAD_PORT, 0, 0, place));
    }
    let port_tests = back.len() - 1;
    // IPv6: the payload begins at 40
    back.push(SockFilter::new(LOAD_X, 0, 0, 40));
    back.push(SockFilter::new(EQUAL, 0, to(&back, drop), 17));
    back.push(SockFilter::new(EQUAL, 1, 0, 6));
    back.push(SockFilter::new(EQUAL, to(&back, accept), 0, 44));
    back.push(SockFilter::new(LOAD_BYTE, 0, 0, 6));
    let v6 = back.len() - 1;
    // IPv4
    back.push(SockFilter::new(JUMP, 0, 0, u32::from(to(&back, port_tests))));
    back.push(SockFilter::new(LOAD_X_HEADER, 0, 0, 0));
    back.push(SockFilter::new(ANY_BIT, to(&back, accept), 0, 0x3fff));
    back.push(SockFilter::new(LOAD_HALF, 0, 0, 6));
    back.push(SockFilter::new(EQUAL, 0, to(&back, drop), 17));
    back.push(SockFilter::new(EQUAL, 1, 0, 6));
    back.push(SockFilter::new(LOAD_BYTE, 0, 0, 9));
    // which of both
    back.push(SockFilter::new(EQUAL, 0, to(&back, drop), 0x0800));
    back.push(SockFilter::new(EQUAL, to(&back, v6), 0, 0x86dd));
    back.push(SockFilter::new(LOAD_HALF, 0, 0, PROTOCOL));
    back.reverse();
    back
}

/// BPF_RET | BPF_K
const RETURN: u16 = 0x06;
/// BPF_JMP | BPF_JA
const JUMP: u16 = 0x05;
/// BPF_JMP | BPF_JEQ | BPF_K
const EQUAL: u16 = 0x15;
/// BPF_JMP | BPF_JGT | BPF_K
const GREATER: u16 = 0x25;
/// BPF_JMP | BPF_JGE | BPF_K
const AT_LEAST: u16 = 0x35;
/// BPF_JMP | BPF_JSET | BPF_K
const ANY_BIT: u16 = 0x45;
/// BPF_LD | BPF_H | BPF_ABS
const LOAD_HALF: u16 = 0x28;
/// BPF_LD | BPF_B | BPF_ABS
const LOAD_BYTE: u16 = 0x30;
/// BPF_LD | BPF_H | BPF_IND
const LOAD_PORT: u16 = 0x48;
/// BPF_LDX | BPF_IMM
const LOAD_X: u16 = 0x01;
/// BPF_LDX | BPF_B | BPF_MSH: the length of an IPv4 header
const LOAD_X_HEADER: u16 = 0xb1;
/// SKF_AD_OFF + SKF_AD_PROTOCOL: the packet's EtherType
const PROTOCOL: u32 = 0xffff_f000;
/// Ports that the filter looks for: its jumps reach no further than 255.
const MOST_PORTS: usize = 60;
/// ARPHRD_LOOPBACK
const LOOPBACK: u16 = 772;
/// PACKET_OUTGOING
const OUTGOING: u8 = 4;
/// What the kernel may hold while the disk is slow. Bytes.
const BUFFER: usize = 4 * 1024 * 1024;
/// The longest packet. Bytes.
const LONGEST: usize = 65_600;
