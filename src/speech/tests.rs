use std::collections::BTreeSet;

use super::*;
use crate::codec::detect::level_dbm0;
use crate::codec::{Codec, Decoder, Rate};

const LANGUAGES: [Language; 2] = [Language::Ru, Language::En];

/// The words as text, without pauses.
fn text(language: Language, phrase: Phrase) -> String {
    let source = match language {
        Language::Ru => include_str!("../../config/voice/ru.toml"),
        Language::En => include_str!("../../config/voice/en.toml"),
    };
    let texts: std::collections::BTreeMap<String, String> = toml::from_str(source).expect("a table of texts");
    let words = words(language, &[phrase]).into_iter().filter(|word| *word != BREATH && *word != GAP);
    let said = words.map(|word| texts.get(word.as_ref()).unwrap_or_else(|| panic!("{word} has no text")).clone());
    said.collect::<Vec<_>>().join(" ").replace([',', '.', '+'], "")
}

fn ru(phrase: Phrase) -> String {
    text(Language::Ru, phrase)
}

fn en(phrase: Phrase) -> String {
    text(Language::En, phrase)
}

/// Every phrase, with every value that has words of its own.
fn all() -> Vec<Phrase> {
    let number = || "+*#9876543210".to_owned();
    let mut all = vec![
        Phrase::Today,
        Phrase::Yesterday,
        Phrase::Goodbye,
        Phrase::WrongKey,
        Phrase::NoSuchNumber,
        Phrase::NotAllowed,
        Phrase::NotAvailable,
        Phrase::EchoTest,
        Phrase::TheTimeIs,
        Phrase::DoNotDisturbOn,
        Phrase::DoNotDisturbOff,
        Phrase::ForwardOff,
        Phrase::NobodyCalled,
        Phrase::NothingToPickUp,
        Phrase::ParkingFull,
        Phrase::NothingParked,
        Phrase::EnterPin,
        Phrase::WrongPin,
        Phrase::TooManyAttempts,
        Phrase::JoiningConference,
        Phrase::ConferenceFull,
        Phrase::LeaveMessageAfterTone,
        Phrase::MessageLeft,
        Phrase::NothingRecorded,
        Phrase::NoMailbox,
        Phrase::MailboxFull,
        Phrase::NoMessages,
        Phrase::MailboxKeys,
        Phrase::Deleted,
        Phrase::KeptAsNew,
        Phrase::NoMoreMessages,
        Phrase::MailboxMenu,
        Phrase::SpeakGreetingAfterTone,
        Phrase::GreetingKept,
        Phrase::GreetingRemoved,
        Phrase::SpeakAfterTone,
        Phrase::RecordingKeys,
        Phrase::Saved,
        Phrase::Discarded,
    ];
    for with_number in [
        Phrase::Digits,
        Phrase::YourNumberIs,
        Phrase::ForwardedTo,
        Phrase::CallBackWhenFree,
        Phrase::ParkedAt,
        Phrase::PressOneToAccept,
        Phrase::NumberIsBusy,
        Phrase::NumberDoesNotAnswer,
        Phrase::MessageFrom,
    ] {
        all.extend([with_number(number()), with_number(String::new())]);
    }
    all.extend((0..24).flat_map(|hour| (0..60).map(move |minute| Phrase::Time { hour, minute })));
    all.extend((1..=31).flat_map(|day| (1..=12).map(move |month| Phrase::Date { day, month })));
    for count in 0..=1000 {
        all.extend([Phrase::NewMessages(count), Phrase::SavedMessages(count), Phrase::YouAreNumber(count)]);
    }
    all
}

#[test]
fn every_phrase_has_its_words_in_both_languages_and_no_word_is_never_said() {
    for language in LANGUAGES {
        // the words of the example office are no phrases
        let known: BTreeSet<&str> = bank::voice(language).keys().filter(|key| !key.starts_with("demo_")).collect();
        let said: BTreeSet<String> =
            all().iter().flat_map(|phrase| words(language, std::slice::from_ref(phrase))).map(String::from).collect();
        let said: BTreeSet<&str> = said.iter().map(String::as_str).collect();
        assert_eq!(said.difference(&known).collect::<Vec<_>>(), [&""; 0], "{language:?} can't say these");
        assert_eq!(known.difference(&said).filter(|key| **key != "breath").collect::<Vec<_>>(), [&""; 0]);
    }
}

#[test]
fn a_phrase_without_a_value_is_said_in_one_piece_or_has_a_reader_of_its_own() {
    for language in LANGUAGES {
        for phrase in all().into_iter().filter(|phrase| *phrase != Phrase::Digits(String::new())) {
            assert!(!words(language, std::slice::from_ref(&phrase)).is_empty(), "{language:?} {phrase:?}");
        }
    }
}

#[test]
fn russian_counts_messages_in_the_neuter_with_three_forms() {
    for (count, want) in [
        (1, "У вас одно новое сообщение"),
        (2, "У вас два новых сообщения"),
        (4, "У вас четыре новых сообщения"),
        (5, "У вас пять новых сообщений"),
        (11, "У вас одиннадцать новых сообщений"),
        (12, "У вас двенадцать новых сообщений"),
        (20, "У вас двадцать новых сообщений"),
        (21, "У вас двадцать одно новое сообщение"),
        (111, "У вас сто одиннадцать новых сообщений"),
        (252, "У вас двести пятьдесят два новых сообщения"),
        (999, "У вас девятьсот девяносто девять новых сообщений"),
        (5000, "У вас девятьсот девяносто девять новых сообщений"),
    ] {
        assert_eq!(ru(Phrase::NewMessages(count)), want);
    }
    assert_eq!(ru(Phrase::SavedMessages(3)), "У вас три прослушанных сообщения");
}

#[test]
fn russian_tells_the_time_with_hours_masculine_and_minutes_feminine() {
    for (hour, minute, want) in [
        (0, 0, "ноль часов ровно"),
        (1, 1, "один час одна минута"),
        (2, 2, "два часа две минуты"),
        (9, 0, "девять часов ровно"),
        (11, 11, "одиннадцать часов одиннадцать минут"),
        (12, 21, "двенадцать часов двадцать одна минута"),
        (21, 42, "двадцать один час сорок две минуты"),
        (22, 59, "двадцать два часа пятьдесят девять минут"),
    ] {
        assert_eq!(ru(Phrase::Time { hour, minute }), want);
    }
}

#[test]
fn english_tells_the_time_by_twelve_hours() {
    for (hour, minute, want) in [
        (0, 0, "twelve a m"),
        (0, 15, "twelve fifteen a m"),
        (9, 5, "nine oh five a m"),
        (12, 0, "twelve p m"),
        (13, 20, "one twenty p m"),
        (21, 42, "nine forty two p m"),
    ] {
        assert_eq!(en(Phrase::Time { hour, minute }), want);
    }
}

#[test]
fn dates_are_ordinal_numbers_with_a_month() {
    let date = |day, month| Phrase::Date { day, month };
    for (day, month, want) in [
        (1, 5, "первого мая"),
        (11, 11, "одиннадцатого ноября"),
        (20, 1, "двадцатого января"),
        (31, 12, "тридцать первого декабря"),
    ] {
        assert_eq!(ru(date(day, month)), want);
    }
    assert_eq!(en(date(25, 11)), "November twenty fifth");
    assert_eq!(en(date(30, 4)), "April thirtieth");
}

/// An independent reading of cardinal numbers: out of the words, back to the number.
fn value(word: &str) -> u32 {
    word.trim_start_matches('n').split('_').next().and_then(|number| number.parse().ok()).expect("a number")
}

#[test]
fn every_number_up_to_999_is_said_so_that_its_words_add_up() {
    for number in 0..=999 {
        let mut said = Vec::new();
        number::cardinal(&mut said, number);
        let values: Vec<u32> = said.iter().map(|word| value(word)).collect();
        assert_eq!(values.iter().sum::<u32>(), number);
        assert!(values.is_sorted_by(|one, next| one > next), "{number}: {values:?}");
        assert!(values.iter().filter(|value| **value < 20).count() <= 1, "{number}: {values:?}");
    }
}

#[test]
fn a_long_number_is_said_in_groups_and_an_extension_is_not() {
    let said = |number: &str| {
        let words = words(Language::Ru, &[Phrase::Digits(number.to_owned())]);
        let letters = words.iter().map(|word| match word.as_ref() {
            "gap" => " ",
            "plus" => "+",
            "star" => "*",
            "hash" => "#",
            digit => digit.trim_start_matches('n'),
        });
        letters.collect::<String>()
    };
    assert_eq!(said("78126122981"), "7 812 612 29 81");
    assert_eq!(said("+7 (812) 612-29-81"), "+7 812 612 29 81");
    assert_eq!(said("6122981"), "612 29 81");
    assert_eq!(said("12345"), "12345");
    assert_eq!(said("*21#"), "*21#");
    assert_eq!(said("алло"), "");
}

#[test]
fn a_withheld_number_is_said_to_be_one() {
    assert_eq!(ru(Phrase::MessageFrom(String::new())), "Сообщение со скрытого номера");
    assert_eq!(ru(Phrase::MessageFrom("201".into())), "Сообщение с номера два ноль один");
    assert_eq!(ru(Phrase::PressOneToAccept(String::new())), "Звонок со скрытого номера Чтобы ответить нажмите один");
    assert_eq!(en(Phrase::NumberIsBusy("202".into())), "The number two zero two is busy");
}

#[test]
fn sentences_are_apart_and_values_belong_to_the_sentence_before() {
    let said = words(
        Language::Ru,
        &[Phrase::MessageFrom(String::new()), Phrase::Yesterday, Phrase::Time { hour: 9, minute: 0 }, Phrase::Goodbye],
    );
    assert_eq!(said, ["message_withheld", "yesterday", "n9", "hour_many", "exactly", "breath", "goodbye"]);
    assert!(say(Language::En, &[]).is_empty());
}

#[test]
fn all_that_is_said_can_be_heard_and_is_neither_faint_nor_clipped() {
    for language in LANGUAGES {
        let voice = bank::voice(language);
        assert!(voice.size() < 400_000, "{language:?} takes {} bytes", voice.size());
        for key in voice.keys().filter(|key| !["breath", "gap"].contains(key)) {
            let clip = voice.clip(key).expect("it is in the table");
            let ms = clip.duration().as_millis();
            assert!((200..15_000).contains(&ms), "{language:?} {key} lasts {ms} ms");
            for (codec, coded) in [(Codec::Pcma, clip.alaw()), (Codec::G722, clip.g722())] {
                let mut decoder = Decoder::new(codec, Rate::Narrow);
                let mut sound = vec![0; clip.frames() * 160];
                for (packet, room) in coded.chunks(160).zip(sound.chunks_mut(160)) {
                    decoder.decode(packet, room);
                }
                let loudest = sound.chunks_exact(320).map(level_dbm0).fold(f32::MIN, f32::max);
                assert!((-24.0..-5.0).contains(&loudest), "{language:?} {key} {codec:?}: {loudest} dBm0");
                assert!(sound.iter().all(|sample| sample.unsigned_abs() < 32_000), "{language:?} {key} is clipped");
                let (first, last) = (level_dbm0(&sound[..80]), level_dbm0(&sound[sound.len() - 80..]));
                assert!(
                    first < -35.0 && last < -35.0,
                    "{language:?} {key} does not begin and end softly: {first} {last}"
                );
            }
        }
    }
}

#[test]
fn what_was_said_once_is_kept() {
    let hello = || say(Language::En, &[Phrase::Goodbye]);
    assert!(Arc::ptr_eq(&hello()[0], &hello()[0]));
}
