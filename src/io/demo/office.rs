//! The example office: config/demo/office.toml, in either language, with what is heard in it. All sound is the exchange's own voice.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::{fs, io};

use crate::base::Rng;
use crate::codec::{Codec, Decoder, Law, Rate, g711};
use crate::desk;
use crate::io::sound;
use crate::media::tape::FRAME_SAMPLES;
use crate::media::{Clip, melody};
use crate::office::file::{self, Context};
use crate::office::{DateHours, Language, Office, Role, User};
use crate::speech;

/// The example office. Its admin has that password hash; its carrier is at `server`. From `today` on it is open around the clock for
/// some days, so that the demonstration lives at any hour.
///
/// # Errors
/// What is wrong with the file: never, as a test holds.
pub(super) fn example(
    language: Language,
    server: &str,
    password_hash: String,
    today: jiff::civil::Date,
    rng: &mut Rng,
) -> Result<Office, String> {
    let text = text(language)?;
    let context = Context { rng, exists: &|_| true, check: &desk::check::findings };
    let reading = file::read(&text, &Office::default(), context)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
    let mut office = reading.office;
    for trunk in &mut office.trunks {
        server.clone_into(&mut trunk.server);
        trunk.password = rng.token(16);
    }
    for schedule in &mut office.schedules {
        let dates = std::iter::successors(Some(today), |date| date.tomorrow().ok()).take(OPEN_DAYS);
        schedule.except = dates.map(|date| DateHours { date, from: 0, to: 24 * 60 }).collect();
    }
    office.users = vec![User::new("admin", Role::Admin, password_hash, false)];
    Ok(office)
}

/// Keeps what the office plays in the data directory, as an upload would.
pub(super) fn put_media(office: &mut Office, data: &Path) -> io::Result<()> {
    for media in &mut office.media {
        let clip = clip_of(office.settings.language, &media.file);
        media.file = format!("{}.ogg", media.file);
        let original = data.join("media").join(&media.file);
        sound::store(&clip, &original)?;
        // An original too, for who wants the file back.
        let [.., opus] = sound::kept_paths(&original);
        fs::copy(opus, &original)?;
        media.clip = Some(clip);
    }
    Ok(())
}

fn clip_of(language: Language, key: &str) -> Arc<Clip> {
    match key {
        "melody" => Arc::clone(melody::built_in()),
        key => speech::fragment(language, key).unwrap_or_default(),
    }
}

/// The office file in that language.
fn text(language: Language) -> Result<String, String> {
    if language == Language::Ru {
        return Ok(OFFICE.to_owned());
    }
    let words: BTreeMap<String, String> = toml::from_str(ENGLISH).map_err(|error| error.to_string())?;
    let quoted = |text: &str| format!("\"{text}\"");
    Ok(words.iter().fold(OFFICE.to_owned(), |text, (ours, theirs)| text.replace(&quoted(ours), &quoted(theirs))))
}

/// What employees and callers say to each other, over and over, as samples: both as long as the other, a whole number of packets of
/// 20 ms. The caller's voice is deeper.
pub(super) fn conversation(language: Language, rate: Rate) -> [Vec<i16>; 2] {
    let mut sides = [Vec::new(), Vec::new()];
    for (is_caller, words) in TURNS {
        let mut said: Vec<i16> = words.iter().flat_map(|key| samples(language, key, rate)).collect();
        if is_caller {
            said = deeper(&said);
        }
        said.resize((said.len() + rate.samples(PAUSE_MS)).next_multiple_of(rate.samples(20)), 0);
        let silence = vec![0; said.len()];
        let [inside, outside] = &mut sides;
        let (speaks, hears) = if is_caller { (outside, inside) } else { (inside, outside) };
        speaks.extend(said);
        hears.extend(silence);
    }
    sides
}

/// [`conversation`] as telephones send it, in A-law.
pub(super) fn coded(language: Language) -> [Vec<u8>; 2] {
    conversation(language, Rate::Narrow).map(|samples| {
        let mut bytes = vec![0; samples.len()];
        g711::encode(Law::A, &samples, &mut bytes);
        bytes
    })
}

/// A recorded talk of so many frames of 20 ms at 16000 Hz: who called on the left, who answered on the right.
pub(super) fn recorded([inside, outside]: &[Vec<i16>; 2], frames: usize) -> impl Iterator<Item = [i16; FRAME_SAMPLES]> {
    let pairs = outside.iter().zip(inside).flat_map(|(left, right)| [*left, *right]).cycle();
    let mut pairs = pairs.take(frames * FRAME_SAMPLES).collect::<Vec<_>>().into_iter();
    (0..frames).map(move |_| std::array::from_fn(|_| pairs.next().unwrap_or(0)))
}

/// What somebody says to a mailbox.
pub(super) fn message(language: Language) -> Vec<i16> {
    deeper(&samples(language, "demo_message", Rate::Wide))
}

fn samples(language: Language, key: &str, rate: Rate) -> Vec<i16> {
    let clip = speech::fragment(language, key).unwrap_or_default();
    let mut decoder = Decoder::new(Codec::G722, rate);
    let mut sound = vec![0; clip.frames() * rate.samples(20)];
    for (packet, room) in clip.g722().chunks(160).zip(sound.chunks_mut(rate.samples(20))) {
        decoder.decode(packet, room);
    }
    sound
}

/// The same words of somebody larger: slower by a seventh, and deeper with it.
fn deeper(samples: &[i16]) -> Vec<i16> {
    let made = samples.len() * 8 / 7;
    let at = |place: usize| samples.get(place).copied().map_or(0, i32::from);
    let between = |n: usize| {
        let (place, rest) = (n * 7 / 8, i32::try_from(n * 7 % 8).unwrap_or(0));
        i16::try_from((at(place) * (8 - rest) + at(place + 1) * rest) / 8).unwrap_or(0)
    };
    (0..made).map(between).collect()
}

const OFFICE: &str = include_str!("../../../config/demo/office.toml");
const ENGLISH: &str = include_str!("../../../config/demo/en.toml");
/// Who speaks, and keys of config/voice. True: the caller.
const TURNS: [(bool, &[&str]); 5] = [
    (false, &["demo_hello"]),
    (true, &["demo_question", "n4", "n7", "n1", "n8"]),
    (false, &["demo_answer"]),
    (true, &["demo_thanks"]),
    (false, &["goodbye"]),
];
const PAUSE_MS: u32 = 700;
/// Days from today on which the office does not close.
const OPEN_DAYS: usize = 7;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::demo::script::{HOTLINE, MAIN, PHONES};

    fn office(language: Language) -> Office {
        let today = jiff::civil::date(2026, 11, 25);
        example(language, "127.0.0.1:5080", "$argon2id$x".to_owned(), today, &mut Rng::from_seed(1))
            .expect("it is valid")
    }

    #[test]
    fn the_office_is_valid_in_both_languages_and_has_everybody_whom_the_script_names() {
        for language in [Language::Ru, Language::En] {
            let office = office(language);
            assert_eq!(office.settings.language, language);
            assert!(office.extensions.iter().map(|extension| extension.number.as_str()).eq(PHONES));
            assert!([MAIN, HOTLINE].iter().all(|number| office.trunk_of(number).is_some()));
            assert!(desk::check::findings(&office).is_empty(), "{:?}", desk::check::findings(&office));
        }
    }

    #[test]
    fn every_word_that_is_not_latin_has_its_english_one() {
        let english = text(Language::En).expect("a table");
        let left: Vec<&str> = english.lines().filter(|line| !line.starts_with('#') && !line.is_ascii()).collect();
        assert!(left.is_empty(), "{left:?}");
    }

    #[test]
    fn everything_that_is_to_be_heard_can_be_heard() {
        for language in [Language::Ru, Language::En] {
            for media in office(language).media {
                assert!(clip_of(language, &media.file).frames() > 50, "{language:?} {}", media.name);
            }
            let [inside, outside] = conversation(language, Rate::Narrow);
            assert_eq!((inside.len(), inside.len() % 160), (outside.len(), 0));
            let seconds = inside.len() / 8000;
            assert!((8..40).contains(&seconds), "{language:?}: {seconds} s");
            let both = inside.iter().zip(&outside).filter(|(one, other)| **one != 0 && **other != 0).count();
            assert_eq!(both, 0, "nobody speaks while the other does");
            assert!(message(language).len() > 16_000 * 2);
        }
    }
}
