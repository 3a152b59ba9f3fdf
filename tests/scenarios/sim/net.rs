//! The network between the exchange and its peers: loses, doubles, reorders and delays by seed, or loses exactly what a
//! scenario says.

use dozvon::base::{Duration, Rng};

/// What the way to and from one peer does to packets.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    /// Lost packets in 1000.
    pub(crate) loss: u64,
    /// Doubled packets in 1000.
    pub(crate) doubled: u64,
    /// Least delay.
    pub(crate) delay: Duration,
    /// Added at random: packets overtake each other.
    pub(crate) jitter: Duration,
    /// The next packets towards the peer are lost, whatever the seed says.
    pub(crate) lose_next: u32,
    /// Nothing passes.
    pub(crate) cut: bool,
}

impl Default for Link {
    /// A good LAN.
    fn default() -> Self {
        Self {
            loss: 0,
            doubled: 0,
            delay: Duration::from_micros(500),
            jitter: Duration::ZERO,
            lose_next: 0,
            cut: false,
        }
    }
}

impl Link {
    /// A bad line: up to a tenth lost, some doubled, up to 80 ms of jitter.
    pub(crate) fn bad(rng: &mut Rng) -> Self {
        Self {
            loss: rng.below(100),
            doubled: rng.below(50),
            delay: Duration::from_millis(rng.below(40)),
            jitter: Duration::from_millis(rng.below(80)),
            ..Self::default()
        }
    }

    /// When the copies of a packet arrive, as delays from now.
    pub(crate) fn deliveries(&mut self, rng: &mut Rng, towards_peer: bool) -> Vec<Duration> {
        if self.cut {
            return Vec::new();
        }
        if towards_peer && self.lose_next > 0 {
            self.lose_next -= 1;
            return Vec::new();
        }
        let mut copies = 1;
        if rng.chance(self.doubled, 1000) {
            copies += 1;
        }
        if rng.chance(self.loss, 1000) {
            copies -= 1;
        }
        let jitter = u64::try_from(self.jitter.as_micros()).unwrap();
        (0..copies).map(|_| self.delay + Duration::from_micros(rng.below(jitter + 1))).collect()
    }
}
