//! Whose packets are heard, and where ours go. The rule and its threat are told in the room's opening words.

use std::net::{IpAddr, SocketAddr};

use crate::base::{Duration, Instant};
use crate::rtp::{Header, rtcp};

/// What is known of one peer's addresses.
#[derive(Debug, Default)]
pub(super) struct Latch {
    /// Named by signalling.
    named: Option<SocketAddr>,
    named_control: Option<SocketAddr>,
    configured_at: Instant,
    /// Signalling took the address away (0.0.0.0): nothing is sent until it names one again.
    muted: bool,
    proved: Option<Proved>,
    /// Where RTCP came from.
    proved_control: Option<SocketAddr>,
    /// The source before signalling named another: its last packets may still be under way.
    former: Option<SocketAddr>,
    /// Where signalling came from: nobody else may prove himself by a first packet, when it is known.
    expected: Option<IpAddr>,
    /// A `Configure` came, and the source has not yet spoken on for long enough to close the door again.
    reopened: bool,
}

#[derive(Clone, Copy, Debug)]
struct Proved {
    from: SocketAddr,
    trust: Trust,
    since: Instant,
    heard_at: Instant,
    ssrc: u32,
    sequence: u16,
}

/// How well a source fits what signalling named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Trust {
    /// Another host.
    Elsewhere,
    /// The named host, another port.
    Host,
    /// The named address.
    Named,
}

impl Latch {
    /// Takes what signalling named.
    pub(super) fn configure(&mut self, now: Instant, rtp: Option<SocketAddr>, control: Option<SocketAddr>) {
        (self.configured_at, self.reopened) = (now, true);
        let rtp = rtp.filter(is_reachable);
        self.muted = rtp.is_none();
        if rtp.is_none() || rtp == self.named {
            return; // hold, or the same again: who was proved stays proved
        }
        let former = self.proved.map(|proved| proved.from).or(self.former);
        *self = Self {
            named: rtp,
            named_control: control.filter(is_reachable),
            configured_at: now,
            reopened: true,
            former,
            expected: self.expected,
            ..Self::default()
        };
    }

    /// Takes the host that signalling comes from.
    pub(super) fn expect(&mut self, host: IpAddr) {
        self.expected = Some(host);
    }

    /// Whether a valid RTP packet is heard. It may prove its source by that.
    pub(super) fn admit(&mut self, now: Instant, from: SocketAddr, header: &Header) -> bool {
        let Some(trust) = self.trust(from) else { return false };
        let admitted = match &self.proved {
            Some(proved) if proved.from == from => true,
            _ if trust == Trust::Named => true,
            Some(proved) if trust > proved.trust && now < proved.since + LEARNING => true,
            Some(proved) => {
                let same_host = trust == Trust::Host || from.ip() == proved.from.ip();
                let moved = (self.reopened && same_host) || proved.is_continued(now, header);
                moved && now >= proved.heard_at + SILENCE
            }
            None => {
                let expected = trust == Trust::Host || self.expected.is_none_or(|host| host == from.ip());
                expected && (self.former != Some(from) || now >= self.configured_at + UNDER_WAY)
            }
        };
        if admitted {
            self.hear(now, from, trust, header);
        }
        admitted
    }

    fn hear(&mut self, now: Instant, from: SocketAddr, trust: Trust, header: &Header) {
        let (heard_at, ssrc, sequence) = (now, header.ssrc, header.sequence);
        match &mut self.proved {
            Some(proved) if proved.from == from => {
                (proved.heard_at, proved.ssrc, proved.sequence) = (heard_at, ssrc, sequence);
                self.reopened &= now < self.configured_at + LEARNING;
            }
            _ => {
                self.proved = Some(Proved { from, trust, since: now, heard_at, ssrc, sequence });
                (self.proved_control, self.former, self.reopened) = (None, None, false);
            }
        }
    }

    fn trust(&self, from: SocketAddr) -> Option<Trust> {
        let named = self.named?;
        Some(if from == named {
            Trust::Named
        } else if from.ip() == named.ip() {
            Trust::Host
        } else {
            Trust::Elsewhere
        })
    }

    /// Whether a packet is RTCP that is read. The first from a host that may speak proves its port.
    pub(super) fn admit_control(&mut self, from: SocketAddr, bytes: &[u8]) -> bool {
        if rtcp::read(bytes).is_none() {
            return false;
        }
        if self.named_control == Some(from) || self.proved_control == Some(from) {
            self.proved_control = Some(from);
            return true;
        }
        let of_the_peer = self.proved.is_some_and(|proved| proved.from.ip() == from.ip());
        if of_the_peer && self.proved_control.is_none() {
            self.proved_control = Some(from);
            return true;
        }
        false
    }

    /// Where RTP goes.
    pub(super) fn destination(&self) -> Option<SocketAddr> {
        if self.muted {
            return None;
        }
        self.proved.map(|proved| proved.from).or(self.named)
    }

    /// Where RTCP goes. Not to a named address when RTP has shown that the peer is behind NAT: the name leads elsewhere.
    pub(super) fn control_destination(&self) -> Option<SocketAddr> {
        if self.muted {
            return None;
        }
        let named_holds = self.proved.is_none_or(|proved| proved.trust != Trust::Elsewhere);
        self.proved_control.or(self.named_control.filter(|_| named_holds))
    }

    /// The one source that can be heard from now on, unless it falls silent or signalling speaks: the socket may be
    /// bound to it.
    pub(super) fn settled(&self, now: Instant) -> Option<SocketAddr> {
        let proved = self.proved.filter(|proved| proved.trust == Trust::Named)?;
        (!self.reopened && !self.muted && now < proved.heard_at + UNSETTLED).then_some(proved.from)
    }
}

impl Proved {
    /// The same source from another port or address: its SSRC, and no more packets on than time allows. 10 ms is the
    /// shortest packet in use.
    fn is_continued(&self, now: Instant, header: &Header) -> bool {
        let most = now.since(self.heard_at).as_millis() / 10 + 50;
        let ahead = header.sequence.wrapping_sub(self.sequence);
        header.ssrc == self.ssrc && ahead != 0 && u128::from(ahead) <= most.min(LONGEST_STRIDE)
    }
}

/// Whether an address from signalling may be sent to at all.
fn is_reachable(address: &SocketAddr) -> bool {
    let open = match address.ip() {
        IpAddr::V4(ip) => !ip.is_broadcast(),
        IpAddr::V6(_) => true,
    };
    open && address.port() != 0 && !address.ip().is_unspecified() && !address.ip().is_multicast()
}

/// How long a better source may take over from a provisional one.
const LEARNING: Duration = Duration::from_secs(3);
/// How long a source must be silent before it may have moved.
const SILENCE: Duration = Duration::from_secs(3);
/// Before that the socket must be open again to all.
const UNSETTLED: Duration = Duration::from_secs(2);
/// How long packets from before a change may be under way.
const UNDER_WAY: Duration = Duration::from_secs(1);
/// Half the sequence space: beyond it, ahead and behind can't be told apart.
const LONGEST_STRIDE: u128 = 0x7fff;
