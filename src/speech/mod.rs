//! The exchange's voice: what is to be said, by meaning, becomes clips that are played one behind the other. The words are those of
//! `config/voice`, spoken by `scripts/voice` when the program is built; the grammar of numbers, times and dates is here.

mod bank;
mod english;
mod number;
mod russian;

use std::sync::Arc;

use crate::media::Clip;
use crate::office::Language;
use crate::service::Phrase;

/// Clips that say all that, in order, with a breath between sentences; for [`Sound::Sequence`](crate::media::Sound::Sequence).
/// What was not said before since the start is decoded first, which takes about a millisecond for each second of speech.
pub fn say(language: Language, phrases: &[Phrase]) -> Vec<Arc<Clip>> {
    let voice = bank::voice(language);
    words(language, phrases).iter().filter_map(|word| voice.clip(word)).collect()
}

/// A fragment by its key in `config/voice`, for what is no phrase of a service: the words of the example office.
pub fn fragment(language: Language, key: &str) -> Option<Arc<Clip>> {
    bank::voice(language).clip(key)
}

/// What is played of the voice: keys of `config/voice`, and pauses.
type Word = std::borrow::Cow<'static, str>;

/// The words of some phrases.
fn words(language: Language, phrases: &[Phrase]) -> Vec<Word> {
    let mut words = Vec::new();
    for phrase in phrases {
        if !words.is_empty() && !continues(phrase) {
            words.push(BREATH);
        }
        put(&mut words, language, phrase);
    }
    words
}

/// Whether it is a value, which belongs to what was said before.
fn continues(phrase: &Phrase) -> bool {
    use Phrase::{Date, Digits, Time, Today, Yesterday};
    matches!(phrase, Digits(_) | Time { .. } | Today | Yesterday | Date { .. })
}

fn put(words: &mut Vec<Word>, language: Language, phrase: &Phrase) {
    match phrase {
        Phrase::Digits(number) => number::digits(words, number),
        Phrase::Time { hour, minute } => match language {
            Language::Ru => russian::time(words, *hour, *minute),
            Language::En => english::time(words, *hour, *minute),
        },
        Phrase::Date { day, month } => match language {
            Language::Ru => russian::date(words, *day, *month),
            Language::En => english::date(words, *day, *month),
        },
        Phrase::NewMessages(count) => messages(words, language, "new", *count),
        Phrase::SavedMessages(count) => messages(words, language, "saved", *count),
        Phrase::YouAreNumber(place) => {
            words.push("queue_place".into());
            number::cardinal(words, *place);
        }
        Phrase::YourNumberIs(number) => with_number(words, "your_number_is", number),
        Phrase::ForwardedTo(number) => with_number(words, "forwarded_to", number),
        Phrase::CallBackWhenFree(number) => with_number(words, "call_back_when_free", number),
        Phrase::ParkedAt(place) => with_number(words, "parked_at", place),
        Phrase::PressOneToAccept(number) => {
            from_number(words, "call_from", "call_withheld", number);
            words.extend([BREATH, "press_one".into()]);
        }
        Phrase::NumberIsBusy(number) => {
            with_number(words, "number", number);
            words.push("is_busy".into());
        }
        Phrase::NumberDoesNotAnswer(number) => {
            with_number(words, "number", number);
            words.push("does_not_answer".into());
        }
        Phrase::MessageFrom(number) => from_number(words, "message_from", "message_withheld", number),
        whole => words.extend(sentence(whole).map(Word::from)),
    }
}

/// The key of what is said in one piece.
fn sentence(phrase: &Phrase) -> Option<&'static str> {
    Some(match phrase {
        Phrase::Today => "today",
        Phrase::Yesterday => "yesterday",
        Phrase::Goodbye => "goodbye",
        Phrase::WrongKey => "wrong_key",
        Phrase::NoSuchNumber => "no_such_number",
        Phrase::NotAllowed => "not_allowed",
        Phrase::NotAvailable => "not_available",
        Phrase::EchoTest => "echo_test",
        Phrase::TheTimeIs => "the_time_is",
        Phrase::DoNotDisturbOn => "do_not_disturb_on",
        Phrase::DoNotDisturbOff => "do_not_disturb_off",
        Phrase::ForwardOff => "forward_off",
        Phrase::NobodyCalled => "nobody_called",
        Phrase::NothingToPickUp => "nothing_to_pick_up",
        Phrase::ParkingFull => "parking_full",
        Phrase::NothingParked => "nothing_parked",
        Phrase::EnterPin => "enter_pin",
        Phrase::WrongPin => "wrong_pin",
        Phrase::TooManyAttempts => "too_many_attempts",
        Phrase::JoiningConference => "joining_conference",
        Phrase::ConferenceFull => "conference_full",
        Phrase::LeaveMessageAfterTone => "leave_message",
        Phrase::MessageLeft => "message_left",
        Phrase::NothingRecorded => "nothing_recorded",
        Phrase::NoMailbox => "no_mailbox",
        Phrase::MailboxFull => "mailbox_full",
        Phrase::NoMessages => "no_messages",
        Phrase::MailboxKeys => "mailbox_keys",
        Phrase::Deleted => "deleted",
        Phrase::KeptAsNew => "kept_as_new",
        Phrase::NoMoreMessages => "no_more_messages",
        Phrase::MailboxMenu => "mailbox_menu",
        Phrase::SpeakGreetingAfterTone => "speak_greeting",
        Phrase::GreetingKept => "greeting_kept",
        Phrase::GreetingRemoved => "greeting_removed",
        Phrase::SpeakAfterTone => "speak",
        Phrase::RecordingKeys => "recording_keys",
        Phrase::Saved => "saved",
        Phrase::Discarded => "discarded",
        // those with a value in them, which `put` says
        Phrase::Digits(_)
        | Phrase::Time { .. }
        | Phrase::Date { .. }
        | Phrase::NewMessages(_)
        | Phrase::SavedMessages(_)
        | Phrase::YouAreNumber(_)
        | Phrase::YourNumberIs(_)
        | Phrase::ForwardedTo(_)
        | Phrase::CallBackWhenFree(_)
        | Phrase::ParkedAt(_)
        | Phrase::PressOneToAccept(_)
        | Phrase::NumberIsBusy(_)
        | Phrase::NumberDoesNotAnswer(_)
        | Phrase::MessageFrom(_) => return None,
    })
}

/// You have so many messages of a kind, `new` or `saved`.
fn messages(words: &mut Vec<Word>, language: Language, kind: &str, count: u32) {
    words.push("you_have".into());
    match language {
        Language::Ru => russian::messages(words, kind, count),
        Language::En => english::messages(words, kind, count),
    }
}

fn with_number(words: &mut Vec<Word>, before: &'static str, number: &str) {
    words.push(before.into());
    if number.is_empty() { words.push("withheld".into()) } else { number::digits(words, number) }
}

fn from_number(words: &mut Vec<Word>, known: &'static str, withheld: &'static str, number: &str) {
    if number.is_empty() {
        return words.push(withheld.into());
    }
    words.push(known.into());
    number::digits(words, number);
}

/// 240 ms of silence.
const BREATH: Word = Word::Borrowed("breath");
/// 120 ms of silence.
const GAP: Word = Word::Borrowed("gap");

#[cfg(test)]
mod tests;
