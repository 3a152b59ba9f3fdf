//! SRTP of one endpoint, both ways: RFC 3711 with the keys of RFC 4568.

use crate::rtp::srtp::{Protector, Unprotector};
use crate::sdp::StreamKeys;

/// Keys in use.
#[derive(Debug)]
pub(super) struct Secure {
    keys: StreamKeys,
    ours: Protector,
    theirs: Unprotector,
}

impl Secure {
    pub(super) fn new(keys: &StreamKeys) -> Self {
        Self {
            ours: Protector::new(keys.suite, &keys.ours),
            theirs: Unprotector::new(keys.suite, &keys.theirs),
            keys: keys.clone(),
        }
    }

    /// Takes what was agreed anew. A key that stays keeps its counters: packets under it must not come twice.
    pub(super) fn renew(this: &mut Option<Box<Self>>, keys: Option<&StreamKeys>) {
        let Some(keys) = keys else {
            *this = None;
            return;
        };
        match this {
            Some(own) if own.keys == *keys => {}
            Some(own) if own.keys.suite == keys.suite => {
                if own.keys.ours != keys.ours {
                    own.ours = Protector::new(keys.suite, &keys.ours);
                }
                if own.keys.theirs != keys.theirs {
                    own.theirs = Unprotector::new(keys.suite, &keys.theirs);
                }
                own.keys = keys.clone();
            }
            _ => *this = Some(Box::new(Self::new(keys))),
        }
    }

    /// Verifies and decrypts a packet where it lies; its length then. `None`: it was forged, replayed, or is none.
    pub(super) fn open(&mut self, packet: &mut [u8], rtcp: bool) -> Option<usize> {
        let opened = if rtcp { self.theirs.unprotect_control(packet) } else { self.theirs.unprotect(packet) };
        opened.ok()
    }

    /// Encrypts a packet where it lies; its length then. `None` when there is no room behind it.
    pub(super) fn close(&mut self, buffer: &mut [u8], length: usize, rtcp: bool) -> Option<usize> {
        if rtcp { self.ours.protect_control(buffer, length) } else { self.ours.protect(buffer, length) }
    }
}
