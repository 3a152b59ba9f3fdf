//! The RTP header: RFC 3550 §5.1. Reading is rtp-rs's, whose reader checks every length before it hands anything out;
//! writing is ours, as a relay edits twelve bytes where they lie and rtp-rs would build a new packet.

use rtp_rs::RtpReader;

/// Bytes of a header without contributing sources and extension.
pub const HEADER_BYTES: usize = 12;
/// The longest RTP packet that is accepted: what fits an Ethernet frame. Bytes.
pub const MAX_PACKET_BYTES: usize = 1500;

/// The fields of the fixed header that differ from packet to packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// For audio the first packet of a talk spurt (RFC 3551 §4.1), for events the first of an event.
    pub marker: bool,
    /// 0 to 127.
    pub payload_type: u8,
    /// Rises by one a packet, wraps.
    pub sequence: u16,
    /// In ticks of the codec's clock, wraps.
    pub timestamp: u32,
    /// The synchronisation source.
    pub ssrc: u32,
}

impl Header {
    /// Writes the twelve bytes of a header with neither contributing sources, extension nor padding.
    pub fn write(&self, into: &mut [u8; HEADER_BYTES]) {
        let [s0, s1] = self.sequence.to_be_bytes();
        let [t0, t1, t2, t3] = self.timestamp.to_be_bytes();
        let [x0, x1, x2, x3] = self.ssrc.to_be_bytes();
        let second = u8::from(self.marker) << 7 | self.payload_type & 0x7f;
        *into = [VERSION_2, second, s0, s1, t0, t1, t2, t3, x0, x1, x2, x3];
    }
}

/// Where the parts of a read packet are. Holds no reference, so that the bytes can be edited afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The fixed header.
    pub header: Header,
    payload_at: usize,
    payload_end: usize,
}

impl Packet {
    /// The payload without padding, of the bytes that were read.
    pub fn payload<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        bytes.get(self.payload_at..self.payload_end).unwrap_or_default()
    }

    /// Bytes of the payload without padding.
    pub fn payload_bytes(&self) -> usize {
        self.payload_end - self.payload_at
    }
}

/// These bytes are no RTP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Shorter than a header or longer than [`MAX_PACKET_BYTES`].
    #[error("{0} bytes are no RTP packet")]
    Length(usize),
    /// Another version, or lengths that do not add up.
    #[error("the RTP header does not add up")]
    Header,
}

/// Reads a datagram as RTP: version 2, and all lengths within it.
pub fn read(bytes: &[u8]) -> Result<Packet, Malformed> {
    if bytes.len() < HEADER_BYTES || bytes.len() > MAX_PACKET_BYTES {
        return Err(Malformed::Length(bytes.len()));
    }
    let reader = RtpReader::new(bytes).map_err(|_| Malformed::Header)?;
    let payload_at = reader.payload_offset();
    let header = Header {
        marker: reader.mark(),
        payload_type: reader.payload_type(),
        sequence: reader.sequence_number().into(),
        timestamp: reader.timestamp(),
        ssrc: reader.ssrc(),
    };
    Ok(Packet { header, payload_at, payload_end: payload_at + reader.payload().len() })
}

/// Moves the payload to just behind a plain header, dropping contributing sources, extension and padding: they were not
/// agreed with the next hearer. Returns the packet's new length; the header is still to be written.
pub fn strip(bytes: &mut [u8], packet: &Packet) -> usize {
    if packet.payload_at != HEADER_BYTES {
        let room = packet.payload_at..packet.payload_end;
        if room.end <= bytes.len() {
            bytes.copy_within(room, HEADER_BYTES);
        }
    }
    HEADER_BYTES + packet.payload_bytes()
}

const VERSION_2: u8 = 0x80;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_header() -> impl Strategy<Value = Header> {
        (any::<bool>(), 0u8..128, any::<u16>(), any::<u32>(), any::<u32>()).prop_map(
            |(marker, payload_type, sequence, timestamp, ssrc)| Header {
                marker,
                payload_type,
                sequence,
                timestamp,
                ssrc,
            },
        )
    }

    proptest! {
        #[test]
        fn a_written_header_is_read_back(header in any_header(), payload in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut bytes = [0; HEADER_BYTES];
            header.write(&mut bytes);
            let bytes = [&bytes[..], &payload].concat();
            let packet = read(&bytes).expect("what was just written");
            prop_assert_eq!(packet.header, header);
            prop_assert_eq!(packet.payload(&bytes), &payload[..]);
        }

        #[test]
        fn no_bytes_break_the_reader(mut bytes in prop::collection::vec(any::<u8>(), 0..120), fix in any::<bool>()) {
            if let (true, Some(first)) = (fix, bytes.first_mut()) {
                *first = *first & 0x3f | 0x80;
            }
            if let Ok(packet) = read(&bytes) {
                let payload = packet.payload(&bytes).to_vec();
                let length = strip(&mut bytes, &packet);
                prop_assert_eq!(&bytes[HEADER_BYTES..length], &payload[..]);
            }
        }
    }

    #[test]
    fn sources_extension_and_padding_are_stripped() {
        let mut bytes = vec![0x80 | 0x20 | 0x10 | 2, 8, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3];
        bytes.extend([9; 8]); // two contributing sources
        bytes.extend([0xbe, 0xde, 0, 1, 7, 7, 7, 7]); // an extension of one word
        bytes.extend([0xd5; 160]);
        bytes.extend([0, 0, 3]); // padding
        let packet = read(&bytes).expect("a whole packet");
        assert_eq!(packet.payload_bytes(), 160);
        assert_eq!(strip(&mut bytes, &packet), 172);
        assert_eq!(&bytes[12..172], &[0xd5; 160]);
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        assert_eq!(read(&[0x80; 11]), Err(Malformed::Length(11)));
        assert_eq!(read(&[0x80; 1501]), Err(Malformed::Length(1501)));
        assert_eq!(read(&[0x40; 20]), Err(Malformed::Header));
        assert_eq!(read(&[0x8f; 20]), Err(Malformed::Header));
        let mut padded = [0; 20];
        (padded[0], padded[19]) = (0xa0, 200);
        assert_eq!(read(&padded), Err(Malformed::Header));
    }
}
