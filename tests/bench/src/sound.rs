//! The sound of phones: each sends PCMA of 20 ms from a socket of its own to where it was told, and looks whether what it gets is
//! its partner's.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

const HEADER: usize = 12;
const PACKET: usize = HEADER + 160;
const EVERY: Duration = Duration::from_millis(20);

/// One side of a call: sides 2n and 2n + 1 talk to each other.
pub struct Side {
    pub socket: UdpSocket,
    pub to: SocketAddr,
}

impl Side {
    pub fn new() -> io::Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, to: SocketAddr::from(([127, 0, 0, 1], 9)) })
    }

    pub fn port(&self) -> u16 {
        self.socket.local_addr().map_or(0, |address| address.port())
    }
}

/// What was heard in a time.
#[derive(Clone, Copy, Default, Debug)]
pub struct Heard {
    pub sent: u64,
    pub right: u64,
    /// Of somebody else's call.
    pub wrong: u64,
}

/// Everybody talks for so long. `tick` is the number of packets that each has sent before, and is moved on.
pub fn talk(sides: &[Side], length: Duration, tick: &mut u32) -> io::Result<Heard> {
    let mut heard = Heard::default();
    let rounds = (length.as_micros() / EVERY.as_micros()) as u32;
    let start = Instant::now();
    for round in 0..rounds {
        for slot in 0..20 {
            // one twentieth of the phones in each millisecond
            for (at, side) in sides.iter().enumerate().skip(slot as usize).step_by(20) {
                side.socket.send_to(&packet(at, *tick), side.to)?;
                heard.sent += 1;
                listen(at, side, &mut heard);
            }
            let due = start + EVERY * round + Duration::from_millis(slot + 1);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
        }
        *tick += 1;
    }
    for (at, side) in sides.iter().enumerate() {
        listen(at, side, &mut heard);
    }
    Ok(heard)
}

fn packet(at: usize, tick: u32) -> [u8; PACKET] {
    let mut packet = [0xd5; PACKET];
    packet[..2].copy_from_slice(&[0x80, 8]);
    packet[2..4].copy_from_slice(&(tick as u16).to_be_bytes());
    packet[4..8].copy_from_slice(&(tick.wrapping_mul(160)).to_be_bytes());
    packet[8..12].copy_from_slice(&(at as u32 + 1).to_be_bytes());
    packet[HEADER..HEADER + 4].copy_from_slice(&(at as u32).to_be_bytes());
    packet
}

fn listen(at: usize, side: &Side, heard: &mut Heard) {
    let mut buffer = [0; 2048];
    while let Ok(length) = side.socket.recv(&mut buffer) {
        if length != PACKET || buffer[1] & 0x7f != 8 {
            continue;
        }
        let who = u32::from_be_bytes([buffer[12], buffer[13], buffer[14], buffer[15]]);
        if who as usize == at ^ 1 { heard.right += 1 } else { heard.wrong += 1 }
    }
}
