//! The sound of phones: each sends packets of 20 ms from a socket of its own to where it was told, and looks whether what it gets is
//! its partner's.

use std::collections::VecDeque;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use dozvon::codec::Codec;

use crate::speech;

const HEADER: usize = 12;
/// Of a packet of G.711.
const PAYLOAD: usize = 160;
const EVERY: Duration = Duration::from_millis(20);

/// One side of a call: sides 2n and 2n + 1 talk to each other.
pub struct Side {
    pub socket: UdpSocket,
    pub to: SocketAddr,
    words: Words,
}

enum Words {
    /// PCMA that is relayed as it is: its first bytes say whose it is.
    Marked,
    /// A voice that may be decoded on its way, and what was heard of the partner's in the last second.
    Voice { codec: Codec, says: Vec<Vec<u8>>, heard: VecDeque<Vec<u8>> },
}

impl Side {
    /// A phone of PCMA for relayed calls.
    pub fn new() -> io::Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, to: SocketAddr::from(([127, 0, 0, 1], 9)), words: Words::Marked })
    }

    /// A phone with a voice.
    pub fn with_voice(codec: Codec, number: usize) -> io::Result<Self> {
        let says = speech::payloads(codec, Some(number));
        Ok(Self { words: Words::Voice { codec, says, heard: VecDeque::new() }, ..Self::new()? })
    }

    /// Its port, and what it speaks.
    pub fn line(&self) -> (u16, Codec) {
        (self.socket.local_addr().map_or(0, |address| address.port()), self.codec())
    }

    fn codec(&self) -> Codec {
        match self.words {
            Words::Marked => Codec::Pcma,
            Words::Voice { codec, .. } => codec,
        }
    }

    fn packet(&self, at: usize, tick: u32, packet: &mut Vec<u8>) {
        packet.clear();
        packet.extend(header(at, tick, self.codec()));
        match &self.words {
            Words::Marked => {
                packet.extend((at as u32).to_be_bytes());
                packet.resize(HEADER + PAYLOAD, 0xd5);
            }
            Words::Voice { says, .. } => packet.extend(&says[tick as usize % says.len()]),
        }
    }

    fn listen(&mut self, at: usize, counts: &mut Heard) {
        let mut buffer = [0; 2048];
        let payload_type = speech::payload_type(self.codec());
        while let Ok(length) = self.socket.recv(&mut buffer) {
            let Some(payload) = buffer.get(HEADER..length).filter(|_| buffer[1] & 0x7f == payload_type) else {
                continue;
            };
            match &mut self.words {
                Words::Marked if payload.len() != PAYLOAD => {}
                Words::Marked if payload[..4] == ((at ^ 1) as u32).to_be_bytes() => counts.right += 1,
                Words::Marked => counts.wrong += 1,
                Words::Voice { heard, .. } => {
                    counts.right += 1;
                    if heard.len() == speech::FRAMES {
                        heard.pop_front();
                    }
                    heard.push_back(payload.to_vec());
                }
            }
        }
    }
}

/// The header of packet `tick` of the phone at that place.
pub fn header(at: usize, tick: u32, codec: Codec) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..2].copy_from_slice(&[0x80, speech::payload_type(codec)]);
    header[2..4].copy_from_slice(&(tick as u16).to_be_bytes());
    header[4..8].copy_from_slice(&tick.wrapping_mul(codec.clock_rate() / 50).to_be_bytes());
    header[8..12].copy_from_slice(&(at as u32 + 1).to_be_bytes());
    header
}

/// What was heard in a time.
#[derive(Clone, Copy, Default, Debug)]
pub struct Heard {
    pub sent: u64,
    /// Of voices: all packets of sound.
    pub right: u64,
    /// Of somebody else's call.
    pub wrong: u64,
}

impl Heard {
    /// Which part of what was said was not heard. Where the hearer's clock paces the sound, it may be a packet a side too much.
    pub fn lost(&self) -> f64 {
        (1.0 - (self.right + self.wrong) as f64 / self.sent as f64).max(0.0)
    }
}

/// How many of these, who have talked for a second at least, do not hear their partner's voice but another or none.
pub fn deaf(sides: &[Side]) -> u64 {
    let hears_partner = |(at, side): (usize, &Side)| match &side.words {
        Words::Marked => true,
        Words::Voice { codec, heard, .. } => speech::whom(*codec, heard, sides.len()) == Some(at ^ 1),
    };
    sides.iter().enumerate().map(|side| u64::from(!hears_partner(side))).sum()
}

/// Everybody talks for so long. `tick` is the number of packets that each has sent before, and is moved on.
pub fn talk(sides: &mut [Side], length: Duration, tick: &mut u32) -> io::Result<Heard> {
    let mut heard = Heard::default();
    let mut packet = Vec::new();
    let rounds = (length.as_micros() / EVERY.as_micros()) as u32;
    let start = Instant::now();
    for round in 0..rounds {
        for slot in 0..20 {
            // one twentieth of the phones in each millisecond
            for (at, side) in sides.iter_mut().enumerate().skip(slot as usize).step_by(20) {
                side.packet(at, *tick, &mut packet);
                side.socket.send_to(&packet, side.to)?;
                heard.sent += 1;
                side.listen(at, &mut heard);
            }
            let due = start + EVERY * round + Duration::from_millis(slot + 1);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
        }
        *tick += 1;
    }
    for (at, side) in sides.iter_mut().enumerate() {
        side.listen(at, &mut heard);
    }
    Ok(heard)
}
