use super::*;
use crate::office::{ALARM_KINDS, Language, Office};

fn one_of_each() -> Vec<Alarm> {
    let address: IpAddr = "203.0.113.5".parse().expect("an address");
    let (extension, number) = ("201".to_owned(), "78091234567".to_owned());
    let at = WallTime(1_795_605_600_000);
    vec![
        Alarm::AddressBanned { address, logins: vec!["user201s0".to_owned()], user_agent: String::new(), until: None },
        Alarm::OldPassword {
            login: "user201s0".to_owned(),
            extension: extension.clone(),
            address,
            user_agent: "Yealink SIP-T46S".to_owned(),
        },
        Alarm::LimitReached { extension: extension.clone(), which: Limit::CallsADay, of_office: false, limit: 50 },
        Alarm::BlockedDestination { extension: extension.clone(), number: number.clone() },
        Alarm::QuietHours { extension: extension.clone(), number },
        Alarm::EmergencyCall { extension, number: "112".to_owned() },
        Alarm::TrunkDown { trunk: "Билайн".to_owned(), why: TrunkFault::Silent },
        Alarm::TrunkBack { trunk: "Билайн".to_owned(), minutes: 7 },
        Alarm::DiskFull { free_bytes: 300_000_000 },
        Alarm::RecordingFailed { why: "No space left on device".to_owned() },
        Alarm::MailFailing { why: "connection refused".to_owned() },
        Alarm::WebhookFailing { webhook: "crm".to_owned() },
        Alarm::CertificateEnds { at },
        Alarm::LicenceEnds { days: 14 },
        Alarm::LicenceOver,
        Alarm::PageGuessing { address },
        Alarm::OtherDhcpServer { address },
        Alarm::UpdateReturned {
            version: "1.4.2".to_owned(),
            why: ["Страница не открывалась.".to_owned(), "The page did not open.".to_owned()],
        },
        Alarm::UncleanStart { calls: 2 },
        Alarm::BackupFailed {
            place: "nas".to_owned(),
            why: ["Диск полон.".to_owned(), "The disk is full.".to_owned()],
        },
        Alarm::DataLost,
        Alarm::DatabaseDamaged { copied: Some(at) },
        Alarm::DatabaseReturned { copied: at },
    ]
}

#[test]
fn every_kind_is_in_the_list_and_says_something_of_its_own_in_both_languages() {
    let office = Office::default();
    let all = one_of_each();
    let kinds: Vec<&str> = all.iter().map(Alarm::kind).collect();
    assert_eq!(kinds, ALARM_KINDS);
    for language in [Language::Ru, Language::En] {
        let mut texts: Vec<String> = all.iter().map(|alarm| alarm.text(&office, language)).collect();
        for text in &texts {
            assert!(text.ends_with('.') && !text.contains(['\n', '\r']) && !text.contains(".."), "{text}");
            let is_russian = text.chars().any(|letter| ('а'..='я').contains(&letter));
            assert!(language == Language::En || is_russian, "{text}");
        }
        texts.sort();
        texts.dedup();
        assert_eq!(texts.len(), ALARM_KINDS.len());
    }
}

#[test]
fn a_damaged_database_without_a_good_copy_says_that_there_is_none() {
    let text = |language| Alarm::DatabaseDamaged { copied: None }.text(&Office::default(), language);
    assert!(text(Language::Ru).contains("хорошей копии её нет"), "{}", text(Language::Ru));
    assert!(text(Language::En).contains("no good copy"), "{}", text(Language::En));
}

#[test]
fn alarms_of_one_cause_have_one_key_and_others_have_not() {
    let mut keys: Vec<String> = one_of_each().iter().map(Alarm::key).collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), ALARM_KINDS.len());
    let blocked = |number: &str| Alarm::BlockedDestination { extension: "201".to_owned(), number: number.to_owned() };
    assert_eq!(blocked("78091111111").key(), blocked("78092222222").key());
    let other = Alarm::BlockedDestination { extension: "202".to_owned(), number: "78091111111".to_owned() };
    assert_ne!(blocked("78091111111").key(), other.key());
}

#[test]
fn words_of_strangers_add_no_line_and_have_an_end() {
    let alarm = Alarm::AddressBanned {
        address: "203.0.113.5".parse().expect("an address"),
        logins: vec!["x\r\nBcc: all@example.org".to_owned(); 40],
        user_agent: "friendly-scanner ".repeat(100),
        until: Some(WallTime(1_795_605_600_000)),
    };
    let text = alarm.text(&Office::default(), Language::Ru);
    assert!(!text.contains(['\r', '\n']) && text.chars().count() < 500, "{text}");
}
