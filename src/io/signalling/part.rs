//! Some messages of a call, packed: JSON, deflated. A ladder repeats itself a great deal.

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::{Deserialize, Serialize};

use crate::base::WallTime;

/// Who was at the other end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// An extension's number, or E.164 digits of an outside party, or empty when withheld.
    pub who: String,
    /// Login of the device, or the outside number.
    pub device: String,
    /// The trunk's name when it was reached over one.
    pub trunk: Option<String>,
}

/// One message of a call, its secrets covered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// When it came or went.
    pub at: WallTime,
    /// We sent it.
    pub sent: bool,
    /// `udp`, `tcp`, `tls`.
    pub transport: String,
    /// Our address.
    pub local: SocketAddr,
    /// The other end's.
    pub peer: SocketAddr,
    /// Who that is.
    pub party: Party,
    /// The Call-ID: which leg of the call.
    pub call_id: String,
    /// Head and body.
    pub text: String,
}

/// A message as it is packed: what its leg tells stands once a part.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) at: i64,
    pub(super) sent: bool,
    pub(super) leg: usize,
    pub(super) transport: String,
    pub(super) local: SocketAddr,
    pub(super) peer: SocketAddr,
    pub(super) text: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Leg {
    pub(super) call_id: String,
    pub(super) party: Party,
}

#[derive(Serialize, Deserialize)]
struct Part {
    legs: Vec<Leg>,
    messages: Vec<Kept>,
}

pub(super) fn pack(legs: &[Leg], messages: Vec<Kept>) -> Vec<u8> {
    let part = Part { legs: legs.to_vec(), messages };
    let json = serde_json::to_vec(&part).unwrap_or_default();
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::new(EFFORT));
    let whole = packed.write_all(&json).and_then(|()| packed.finish());
    whole.unwrap_or_default() // memory takes all
}

/// The messages of one packed part, in their order; none when it can't be read.
pub fn unpack(packed: &[u8]) -> Vec<Message> {
    let mut json = Vec::new();
    if DeflateDecoder::new(packed).take(LONGEST).read_to_end(&mut json).is_err() {
        return Vec::new();
    }
    let Ok(Part { legs, messages }) = serde_json::from_slice::<Part>(&json) else { return Vec::new() };
    let message = |kept: Kept| {
        let leg = legs.get(kept.leg)?;
        Some(Message {
            at: WallTime(kept.at),
            sent: kept.sent,
            transport: kept.transport,
            local: kept.local,
            peer: kept.peer,
            party: leg.party.clone(),
            call_id: leg.call_id.clone(),
            text: kept.text,
        })
    };
    messages.into_iter().filter_map(message).collect()
}

/// Of 10: the thread has time, and 6 gains a tenth over 1 only.
const EFFORT: u32 = 3;
/// The longest part that is unpacked. Bytes.
const LONGEST: u64 = 16 * 1024 * 1024;
