//! What was spoken at build time: Opus in the binary, some hundred fragments a language; decoded when first said, and kept.

use std::sync::{Arc, LazyLock, OnceLock};

use crate::codec::Packets;
use crate::media::Clip;
use crate::office::Language;

/// One language. Fragments are packets of 20 ms, each behind its length, as `scripts/voice.rs` packs them.
struct Bank {
    bytes: &'static [u8],
    /// In the order of the alphabet: key, and where its packets begin and end.
    keys: &'static [(&'static str, usize, usize)],
}

include!(concat!(env!("OUT_DIR"), "/voice.rs"));

/// One language, with what was decoded of it.
pub(super) struct Voice {
    bank: &'static Bank,
    clips: Vec<OnceLock<Arc<Clip>>>,
}

/// The voice of a language.
pub(super) fn voice(language: Language) -> &'static Voice {
    static VOICES: LazyLock<[Voice; 2]> = LazyLock::new(|| [Voice::new(&RU), Voice::new(&EN)]);
    let [russian, english] = &*VOICES;
    match language {
        Language::Ru => russian,
        Language::En => english,
    }
}

impl Voice {
    fn new(bank: &'static Bank) -> Self {
        Self { bank, clips: bank.keys.iter().map(|_| OnceLock::new()).collect() }
    }

    /// A fragment; `None` when there is none of that key.
    pub(super) fn clip(&self, key: &str) -> Option<Arc<Clip>> {
        let place = self.bank.keys.binary_search_by_key(&key, |(key, ..)| key).ok()?;
        let made = || Arc::new(Clip::from_opus(self.bank.packets(place)));
        Some(Arc::clone(self.clips.get(place)?.get_or_init(made)))
    }

    /// All keys.
    #[cfg(test)]
    pub(super) fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.bank.keys.iter().map(|(key, ..)| *key)
    }

    /// What it takes in the binary.
    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        self.bank.bytes.len()
    }
}

impl Bank {
    fn packets(&self, place: usize) -> Packets {
        let range = self.keys.get(place).and_then(|(_, from, to)| self.bytes.get(*from..*to));
        let (mut rest, mut packets) = (range.unwrap_or_default(), Packets::default());
        while let Some((packet, after)) = length(&mut rest).and_then(|length| rest.split_at_checked(length)) {
            packets.push(packet);
            rest = after;
        }
        packets
    }
}

/// Seven bits a byte, the lowest first; the top bit says that more follows.
fn length(rest: &mut &[u8]) -> Option<usize> {
    let (mut length, mut shift) = (0, 0);
    loop {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        length |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 || shift > 14 {
            return Some(length);
        }
    }
}
