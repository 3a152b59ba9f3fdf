//! Chance, seeded once: tags, branches, Call-IDs, nonces, ports and SSRCs come from here.

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// A cryptographically strong generator. In service its seed is the kernel's entropy; in the simulator a number,
/// so that a world plays twice alike.
#[derive(Debug, Clone)]
pub struct Rng(ChaCha12Rng);

impl Rng {
    /// From 32 bytes of entropy.
    pub fn from_entropy(seed: [u8; 32]) -> Self {
        Self(ChaCha12Rng::from_seed(seed))
    }

    /// From a small seed, for tests and simulated worlds.
    pub fn from_seed(seed: u64) -> Self {
        Self(ChaCha12Rng::seed_from_u64(seed))
    }

    /// An independent generator for another owner.
    pub fn fork(&mut self) -> Self {
        let mut seed = [0; 32];
        self.0.fill_bytes(&mut seed);
        Self::from_entropy(seed)
    }

    /// 32 random bits.
    pub fn u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// 64 random bits.
    pub fn u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number in `0..bound`; 0 for an empty range.
    pub fn below(&mut self, bound: u64) -> u64 {
        let product = u128::from(self.u64()) * u128::from(bound);
        u64::try_from(product >> 64).unwrap_or(0)
    }

    /// True with a chance of `numerator` in `denominator`.
    pub fn chance(&mut self, numerator: u64, denominator: u64) -> bool {
        self.below(denominator) < numerator
    }

    /// Fills `bytes`.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    /// A word of `length` lower-case letters and digits, safe in every SIP, XML and URL field. 5 bits a letter.
    pub fn token(&mut self, length: usize) -> String {
        const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
        let mut word = String::with_capacity(length);
        let (mut bits, mut left) = (0u64, 0u32);
        for _ in 0..length {
            if left < 5 {
                (bits, left) = (self.u64(), 64);
            }
            let letter = LETTERS.get(usize::try_from(bits & 31).unwrap_or(0)).copied().unwrap_or(b'a');
            word.push(char::from(letter));
            bits >>= 5;
            left -= 5;
        }
        word
    }
}
