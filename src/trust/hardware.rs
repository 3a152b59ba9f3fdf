//! What a box is known by: hashes of what its parts say of themselves. It stays the same box when a disk or a network card is
//! changed, and is another one when the board is.

use std::collections::BTreeSet;
use std::fmt;

use sha2::{Digest as _, Sha256};

/// A part that speaks of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trait {
    /// The system's UUID (SMBIOS type 1).
    System,
    /// The board's serial number (SMBIOS type 2).
    Board,
    /// Maker, model and processor: many boxes have the same.
    Model,
    /// A network card's address.
    Network,
    /// A disk's serial number.
    Disk,
}

/// What a box is known by; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hardware(BTreeSet<(Trait, String)>);

/// What is wrong with its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no hardware code: `u-k3m5q7aa.n-x2c4v6bb` would be one")]
pub struct HardwareError;

/// Base32 (RFC 4648 §6) in small letters.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Characters of a hash: 40 bits.
const HASH_LENGTH: usize = 8;
/// More parts of a kind are not looked at.
const MOST: usize = 8;
/// What boards say whose maker wrote nothing there.
const PLACEHOLDERS: [&str; 12] = [
    "to be filled by o.e.m.",
    "default string",
    "system serial number",
    "base board serial number",
    "not specified",
    "not applicable",
    "none",
    "n/a",
    "unknown",
    "oem",
    "invalid",
    "0123456789",
];
/// UUIDs that whole series of boards share.
const SHARED_UUIDS: [&str; 2] = ["03000200-0400-0500-0006-000700080009", "12345678-1234-5678-90ab-cddeefaabbcc"];

impl Trait {
    const ALL: [Self; 5] = [Self::System, Self::Board, Self::Model, Self::Network, Self::Disk];

    fn letter(self) -> char {
        match self {
            Self::System => 'u',
            Self::Board => 'b',
            Self::Model => 'm',
            Self::Network => 'n',
            Self::Disk => 'd',
        }
    }
}

impl Hardware {
    /// Of what the parts say; placeholders and empty words don't count. A box that says nothing at all is known by its model alone.
    pub fn of(parts: impl IntoIterator<Item = (Trait, String)>) -> Self {
        let mut known = BTreeSet::new();
        for (part, said) in parts {
            let said = said.trim().to_ascii_lowercase();
            let full = known.iter().filter(|(kind, _)| *kind == part).count() >= MOST;
            if !full && says_something(part, &said) {
                known.insert((part, hash(part, &said)));
            }
        }
        if known.is_empty() {
            known.insert((Trait::Model, hash(Trait::Model, "")));
        }
        Self(known)
    }

    /// Reads what `to_string` writes.
    ///
    /// # Errors
    /// When it is not that.
    pub fn parse(text: &str) -> Result<Self, HardwareError> {
        let mut known = BTreeSet::new();
        for word in text.split('.') {
            let (letter, hash) = word.split_once('-').ok_or(HardwareError)?;
            let part = Trait::ALL.into_iter().find(|part| letter == part.letter().to_string()).ok_or(HardwareError)?;
            if hash.len() != HASH_LENGTH || !hash.bytes().all(|byte| ALPHABET.contains(&byte)) {
                return Err(HardwareError);
            }
            known.insert((part, hash.to_owned()));
        }
        let read = Self(known);
        if read.to_string() == text { Ok(read) } else { Err(HardwareError) }
    }

    /// Whether `here` is the box that this is the code of. A board's own word decides where both have one. Elsewhere two of three must
    /// be as they were: model, a network card, a disk.
    pub fn is_same_box(&self, here: &Self) -> bool {
        let has = |hardware: &Self, part| hardware.0.iter().any(|(kind, _)| *kind == part);
        let common = |part| self.0.intersection(&here.0).any(|(kind, _)| *kind == part);
        let boards = [Trait::System, Trait::Board];
        if boards.into_iter().any(|part| has(self, part) && has(here, part)) {
            return boards.into_iter().any(common);
        }
        let kept = [Trait::Model, Trait::Network, Trait::Disk].into_iter().filter(|part| common(*part)).count();
        kept >= 2 || self == here
    }
}

fn says_something(part: Trait, said: &str) -> bool {
    let varied = said.bytes().filter(u8::is_ascii_alphanumeric).collect::<BTreeSet<u8>>().len() > 1;
    match part {
        Trait::Model => !said.is_empty(),
        _ => varied && !PLACEHOLDERS.contains(&said) && !SHARED_UUIDS.contains(&said),
    }
}

fn hash(part: Trait, said: &str) -> String {
    let digest = Sha256::digest(format!("dozvon-hardware v1\n{}\n{said}", part.letter()));
    let bits = digest.iter().take(5).fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    let letter = |place: usize| char::from(ALPHABET[(bits >> (5 * (HASH_LENGTH - 1 - place)) & 31) as usize]);
    (0..HASH_LENGTH).map(letter).collect()
}

impl fmt::Display for Hardware {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.0.iter().map(|(part, hash)| format!("{}-{hash}", part.letter())).collect();
        formatter.write_str(&words.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn box_of(parts: &[(Trait, &str)]) -> Hardware {
        Hardware::of(parts.iter().map(|(part, said)| (*part, (*said).to_owned())))
    }

    const HOME: [(Trait, &str); 5] = [
        (Trait::System, "4C4C4544-0042-3510-8052-B4C04F4D3732"),
        (Trait::Board, "/B5RM72/CN1296"),
        (Trait::Model, "Intel NUC11 Celeron N5105"),
        (Trait::Network, "00:15:5d:01:02:03"),
        (Trait::Disk, "S4EWNX0N"),
    ];

    #[test]
    fn a_code_is_read_back() {
        let code = box_of(&HOME).to_string();
        assert_eq!(code.split('.').count(), 5, "{code}");
        assert_eq!(Hardware::parse(&code), Ok(box_of(&HOME)));
        for wrong in ["", "u", "u-", "x-aaaaaaaa", "u-aaaaaaa", "u-aaaaaaa1", "u-AAAAAAAA", "b-aaaaaaaa.u-aaaaaaaa"] {
            assert_eq!(Hardware::parse(wrong), Err(HardwareError), "{wrong}");
        }
    }

    #[test]
    fn a_box_stays_itself_with_another_disk_and_another_network_card() {
        let mut parts = HOME;
        parts[3].1 = "02:00:00:00:00:09";
        parts[4].1 = "another disk";
        assert!(box_of(&HOME).is_same_box(&box_of(&parts)));
    }

    #[test]
    fn the_disk_and_the_card_of_a_licensed_box_do_not_carry_its_licence_into_another() {
        let mut parts = HOME;
        parts[0].1 = "4c4c4544-0042-3510-8052-000000000001";
        parts[1].1 = "/OTHER/BOARD";
        assert!(!box_of(&HOME).is_same_box(&box_of(&parts)));
    }

    #[test]
    fn a_board_that_says_nothing_is_known_by_two_of_model_card_and_disk() {
        let nameless = [
            (Trait::System, "03000200-0400-0500-0006-000700080009"),
            (Trait::Board, "Default string"),
            HOME[2],
            HOME[3],
            HOME[4],
        ];
        let home = box_of(&nameless);
        assert_eq!(home, box_of(&HOME[2..]));
        for changed in [3, 4] {
            let mut parts = nameless;
            parts[changed].1 = "02:00:00:00:00:09";
            assert!(home.is_same_box(&box_of(&parts)), "part {changed} was changed");
        }
        assert!(!home.is_same_box(&box_of(&HOME[2..3])), "another box of the same model");
    }

    #[test]
    fn a_box_that_says_nothing_is_itself() {
        let mute = box_of(&[(Trait::Board, "None"), (Trait::Network, "00:00:00:00:00:00")]);
        assert!(mute.is_same_box(&mute));
        assert!(!box_of(&HOME).is_same_box(&mute));
    }
}
