//! A room: many hear many. Each member hears the sum of all who speak to it, without itself.
//!
//! Sound is kept at two rates, as telephones bring it: at 8000 Hz and at 16000 Hz. All that narrow members say is summed and
//! then brought to the wide rate once, and the other way round; since resampling is linear, a member's own part is
//! taken from the sum of its own rate and nobody needs a resampler of its own.

use super::clip::{FRAME_BYTES, FRAME_MS};
use super::player::{Played, Player};
use super::{Sound, Speaks};
use crate::base::{EndpointId, Instant, RoomId};
use crate::codec::Resampler;
use crate::codec::{Codec, Decoder, Rate};

/// Samples of 20 ms.
pub(super) const NARROW: usize = 160;
pub(super) const WIDE: usize = 320;

/// One room of the plane.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) id: RoomId,
    pub(super) members: Vec<Member>,
    up: Resampler,
    down: Resampler,
    narrow: [i32; NARROW],
    wide: [i32; WIDE],
    announcement: Option<Announcement>,
}

/// What is played to all. A clip is decoded from its G.722.
#[derive(Debug)]
struct Announcement {
    player: Player,
    decoder: Decoder,
}

/// One who is in the room.
#[derive(Debug)]
pub(super) struct Member {
    /// Its slot in the plane.
    pub(super) slot: usize,
    pub(super) id: EndpointId,
    pub(super) speaks: Speaks,
    /// What it said in these 20 ms, at its own rate, and whether that is part of the sum.
    rate: Rate,
    sound: [i16; WIDE],
    counts: bool,
    /// It is taken for speaking for so many frames more: lines that are silent but for their noise are left out of the sum.
    lively: u8,
    /// Brings a whisper to the rate of whom it is for.
    whisper: Option<Box<Resampler>>,
}

impl Room {
    pub(super) fn new(id: RoomId) -> Self {
        Self {
            id,
            members: Vec::new(),
            up: Resampler::new(Rate::Narrow, Rate::Wide),
            down: Resampler::new(Rate::Wide, Rate::Narrow),
            narrow: [0; NARROW],
            wide: [0; WIDE],
            announcement: None,
        }
    }

    /// Takes a member in, or changes whom it speaks to.
    pub(super) fn join(&mut self, slot: usize, id: EndpointId, speaks: Speaks) {
        match self.members.iter_mut().find(|member| member.slot == slot) {
            Some(member) => member.speaks = speaks,
            None => self.members.push(Member {
                slot,
                id,
                speaks,
                rate: Rate::Narrow,
                sound: [0; WIDE],
                counts: false,
                lively: 0,
                whisper: None,
            }),
        }
    }

    pub(super) fn leave(&mut self, slot: usize) {
        self.members.retain(|member| member.slot != slot);
    }

    pub(super) fn announce(&mut self, now: Instant, sound: Sound) {
        let player = Player::new(now, 0, sound, false);
        self.announcement = Some(Announcement { player, decoder: Decoder::new(Codec::G722, Rate::Wide) });
    }

    /// Adds up 20 ms: `hear` gives what a slot says, at its rate, and whether it says anything.
    pub(super) fn mix(&mut self, mut hear: impl FnMut(usize, &mut [i16; WIDE]) -> Option<Rate>) {
        (self.narrow, self.wide) = ([0; NARROW], [0; WIDE]);
        for member in &mut self.members {
            member.counts = false;
            let Some(rate) = hear(member.slot, &mut member.sound) else { continue };
            member.rate = rate;
            member.counts = member.is_lively() && member.speaks == Speaks::ToAll;
            if !member.counts {
                continue;
            }
            match rate {
                Rate::Narrow => add(&mut self.narrow, &member.sound),
                _ => add(&mut self.wide, &member.sound),
            }
        }
        self.add_announcement();
        let (mut up, mut down) = ([0; WIDE], [0; NARROW]);
        self.up.process(&self.narrow.map(clamp), &mut up);
        self.down.process(&self.wide.map(clamp), &mut down);
        add(&mut self.wide, &up);
        add(&mut self.narrow, &down);
    }

    fn add_announcement(&mut self) {
        let Some(Announcement { player, decoder }) = &mut self.announcement else { return };
        let (mut payload, mut sound) = ([0; FRAME_BYTES], [0; WIDE]);
        match player.next_packet(Codec::G722, FRAME_MS, &mut payload) {
            Played::Coded { length, .. } => {
                decoder.decode(payload.get(..length).unwrap_or_default(), &mut sound);
                add(&mut self.wide, &sound);
            }
            Played::Tone(frame) => add(&mut self.narrow, &frame),
            Played::Nothing => {}
        }
        if player.is_over() {
            self.announcement = None;
        }
    }

    /// What the member at that place hears, at `rate`. Returns how many samples, and whether it is what everybody hears who is silent.
    pub(super) fn heard_by(&mut self, place: usize, rate: Rate, sound: &mut [i16; WIDE]) -> (usize, bool) {
        let mut sum = [0; WIDE];
        let length = match rate {
            Rate::Narrow => {
                sum.iter_mut().zip(&self.narrow).for_each(|(to, from)| *to = *from);
                NARROW
            }
            _ => {
                sum = self.wide;
                WIDE
            }
        };
        let mut common = true;
        let own = self.members.get(place).map(|member| member.id);
        if let Some(member) = self.members.get(place).filter(|member| member.counts) {
            if member.rate == rate {
                common = false;
                sum.iter_mut().zip(&member.sound).for_each(|(sum, own)| *sum -= i32::from(*own));
            }
        }
        for whisperer in &mut self.members {
            if own.is_some_and(|own| whisperer.speaks == Speaks::To(own)) && whisperer.lively > 0 {
                common = false;
                let mut whispered = [0; WIDE];
                whisperer.whisper_at(rate, &mut whispered);
                add(&mut sum, &whispered);
            }
        }
        sound.iter_mut().zip(sum).for_each(|(to, from)| *to = clamp(from));
        (length, common)
    }
}

impl Member {
    /// Louder than a line's noise now, or a moment ago.
    fn is_lively(&mut self) -> bool {
        let length = if self.rate == Rate::Narrow { NARROW } else { WIDE };
        let said = self.sound.get(..length).unwrap_or_default();
        let energy: i64 = said.iter().map(|sample| i64::from(*sample) * i64::from(*sample)).sum();
        if energy > QUIET * length as i64 {
            self.lively = HANGOVER;
        } else {
            self.lively = self.lively.saturating_sub(1);
        }
        self.lively > 0
    }

    fn whisper_at(&mut self, rate: Rate, sound: &mut [i16; WIDE]) {
        if self.rate == rate {
            *sound = self.sound;
            return;
        }
        let length = if self.rate == Rate::Narrow { NARROW } else { WIDE };
        let (from, said) = (self.rate, self.sound);
        let resampler = self.whisper.get_or_insert_with(|| Box::new(Resampler::new(from, rate)));
        resampler.process(said.get(..length).unwrap_or_default(), sound);
    }
}

fn add(sum: &mut [i32], sound: &[i16]) {
    sum.iter_mut().zip(sound).for_each(|(sum, sample)| *sum += i32::from(*sample));
}

/// Two who shout at once are clipped, as their telephones would be.
fn clamp(sample: i32) -> i16 {
    sample.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

/// Mean square of −50 dBm0: quieter is noise.
const QUIET: i64 = 2500;
/// Half a second: ends of words and pauses between them are not cut off.
const HANGOVER: u8 = 25;
