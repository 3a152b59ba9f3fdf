//! What the letters say, in the office's language.

use super::{EmergencyCall, MissedCall};
use crate::base::{Message, WallTime};
use crate::office::{Extension, Feature, Language, Office};

/// Subject and text of the letter about a message in a mailbox.
pub(super) fn voicemail(office: &Office, extension: &Extension, message: &Message) -> (String, String) {
    let (who, when) = (party(office, &message.caller, &message.caller_name), time(office, message.at));
    let length = format!("{}:{:02}", message.seconds / 60, message.seconds % 60);
    let code = office.codes.get(Feature::Voicemail);
    let mailbox = mailbox(extension);
    match office.settings.language {
        Language::Ru => {
            let hear = if code.is_empty() {
                String::new()
            } else {
                format!(" По телефону его можно прослушать по коду {code}.")
            };
            let text = format!(
                "Для номера {mailbox} оставили голосовое сообщение.\n\nОт кого: {who}\nКогда: {when}\nДлительность: {length}\n\n\
                 Сообщение приложено к письму.{hear}\n"
            );
            (format!("Голосовое сообщение: {who}"), text)
        }
        Language::En => {
            let hear = if code.is_empty() { String::new() } else { format!(" Dial {code} to hear it by telephone.") };
            let text = format!(
                "Somebody left a voice message for {mailbox}.\n\nFrom: {who}\nAt: {when}\nLength: {length}\n\n\
                 The message is attached.{hear}\n"
            );
            (format!("Voice message: {who}"), text)
        }
    }
}

/// Subject and text of the letter about a missed call.
pub(super) fn missed(office: &Office, extension: &Extension, call: &MissedCall) -> (String, String) {
    let (who, when) = (party(office, &call.caller, &call.caller_name), time(office, call.at));
    let mailbox = mailbox(extension);
    match office.settings.language {
        Language::Ru => (
            format!("Пропущенный звонок: {who}"),
            format!("Звонок на номер {mailbox} остался без ответа.\n\nКто звонил: {who}\nКогда: {when}\n"),
        ),
        Language::En => (
            format!("Missed call: {who}"),
            format!("A call to {mailbox} was not answered.\n\nFrom: {who}\nAt: {when}\n"),
        ),
    }
}

/// Subject and text of the letter about a call for help.
pub(super) fn emergency(office: &Office, call: &EmergencyCall) -> (String, String) {
    let who = office.extension(&call.by).map_or_else(|| call.by.clone(), mailbox);
    let (when, number) = (time(office, call.at), &call.number);
    match office.settings.language {
        Language::Ru => (
            format!("Экстренный вызов {number}: {who}"),
            format!("С номера {who} звонят {number}.\n\nКогда: {when}\n\nУзнайте, не нужна ли помощь.\n"),
        ),
        Language::En => (
            format!("Emergency call to {number}: {who}"),
            format!("{who} is calling {number}.\n\nAt: {when}\n\nFind out whether help is needed.\n"),
        ),
    }
}

/// Subject and text of the letter about alarms, in the language of notices.
pub(super) fn alarms(office: &Office, texts: &[String], more: usize, at: WallTime) -> (String, String) {
    let language = office.notices.language.of(office.settings.language);
    let (name, when) = (line(&office.settings.name), time_in(office, at, language));
    let name = if name.is_empty() { String::new() } else { format!(" «{name}»") };
    let told = texts.join("\n\n");
    // An alarm's text is one line, and has an end.
    let first = texts.first().cloned().unwrap_or_default();
    match language {
        Language::Ru => {
            let subject =
                if texts.len() > 1 { format!("События станции: {}", texts.len() + more) } else { first };
            let more = if more > 0 { format!("\n\nИ ещё {more}.") } else { String::new() };
            (subject, format!("{told}{more}\n\nКогда: {when}\nТелефонная станция{name}\n"))
        }
        Language::En => {
            let subject =
                if texts.len() > 1 { format!("Events of the exchange: {}", texts.len() + more) } else { first };
            let more = if more > 0 { format!("\n\nAnd {more} more.") } else { String::new() };
            (subject, format!("{told}{more}\n\nAt: {when}\nTelephone exchange{name}\n"))
        }
    }
}

fn mailbox(extension: &Extension) -> String {
    let employee = line(&extension.employee);
    if employee.is_empty() { extension.number.clone() } else { format!("{} ({employee})", extension.number) }
}

/// Number and name, on one line.
fn party(office: &Office, number: &str, name: &str) -> String {
    let is_outside = number.len() > LONGEST_EXTENSION && number.bytes().all(|byte| byte.is_ascii_digit());
    let number = if is_outside { format!("+{number}") } else { line(number) };
    match (number.is_empty(), line(name)) {
        (true, _) => match office.settings.language {
            Language::Ru => "номер скрыт".to_owned(),
            Language::En => "number withheld".to_owned(),
        },
        (false, name) if name.is_empty() || name == number => number,
        (false, name) => format!("{number} ({name})"),
    }
}

/// Day and time in the office's zone.
fn time(office: &Office, at: WallTime) -> String {
    time_in(office, at, office.settings.language)
}

fn time_in(office: &Office, at: WallTime, language: Language) -> String {
    let zone = jiff::tz::TimeZone::get(&office.settings.timezone).unwrap_or(jiff::tz::TimeZone::UTC);
    let at = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default().to_zoned(zone);
    match language {
        Language::Ru => at.strftime("%d.%m.%Y %H:%M").to_string(),
        Language::En => at.strftime("%Y-%m-%d %H:%M").to_string(),
    }
}

/// Names come from telephones and carriers: no control characters, and not without end.
fn line(text: &str) -> String {
    let plain: String = text.chars().filter(|letter| !letter.is_control()).take(LONGEST_NAME).collect();
    plain.trim().to_owned()
}

/// Longer numbers are E.164 digits.
const LONGEST_EXTENSION: usize = 5;
/// Of a name in a letter. Characters.
const LONGEST_NAME: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{CallId, MessageId};
    use crate::office::Settings;

    fn office(language: Language) -> Office {
        let settings = Settings { language, timezone: "Europe/Moscow".to_owned(), ..Settings::default() };
        let extension = Extension {
            employee: "Бухгалтерия".to_owned(),
            email: "buh@example.org".to_owned(),
            voicemail: true,
            ..Extension::new("201")
        };
        Office { settings, extensions: vec![extension], ..Office::default() }
    }

    fn message(caller: &str, caller_name: &str) -> Message {
        Message {
            id: MessageId(7),
            extension: "201".to_owned(),
            at: WallTime(1_795_605_600_000), // 2026-11-25 14:20 in Moscow
            caller: caller.to_owned(),
            caller_name: caller_name.to_owned(),
            seconds: 62,
            heard: false,
        }
    }

    #[test]
    fn a_letter_tells_who_when_how_long_and_how_to_hear_it_in_the_offices_language() {
        let russian = office(Language::Ru);
        let (subject, text) = voicemail(&russian, &russian.extensions[0], &message("79211234567", "Пётр"));
        assert_eq!(subject, "Голосовое сообщение: +79211234567 (Пётр)");
        for part in ["201 (Бухгалтерия)", "25.11.2026 14:20", "1:02", "*97"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let english = office(Language::En);
        let call = MissedCall {
            call: CallId(1),
            at: WallTime(1_795_605_600_000),
            caller: String::new(),
            caller_name: "whoever".to_owned(),
            extensions: vec!["201".to_owned()],
        };
        let (subject, text) = missed(&english, &english.extensions[0], &call);
        assert_eq!(subject, "Missed call: number withheld");
        assert!(text.contains("2026-11-25 14:20"), "{text}");
    }

    #[test]
    fn a_digest_says_how_many_it_does_not_tell() {
        let mut russian = office(Language::Ru);
        let texts: Vec<String> = (0..20).map(|nth| format!("Тревога {nth}.")).collect();
        let (subject, text) = alarms(&russian, &texts, 7, WallTime(1_795_605_600_000));
        assert_eq!(subject, "События станции: 27");
        assert!(
            text.contains("Тревога 19.") && text.contains("И ещё 7.") && text.contains("25.11.2026 14:20"),
            "{text}"
        );
        let (subject, text) = alarms(&russian, &texts[..1], 0, WallTime(1_795_605_600_000));
        assert!(subject == "Тревога 0." && !text.contains("ещё"), "{text}");
        russian.notices.language = crate::office::NoticeLanguage::En;
        assert!(alarms(&russian, &texts, 7, WallTime(0)).1.contains("And 7 more."));
    }

    #[test]
    fn a_name_from_outside_can_add_no_line_to_a_letter() {
        let office = office(Language::En);
        let evil = format!("Bob\r\nBcc: all@example.org\r\n{}", "x".repeat(500));
        let (subject, _) = voicemail(&office, &office.extensions[0], &message("202", &evil));
        assert!(subject.starts_with("Voice message: 202 (BobBcc: all@example.org"), "{subject}");
        assert!(!subject.contains(['\r', '\n']) && subject.chars().count() < 110);
    }
}
