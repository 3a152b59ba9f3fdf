use super::*;
use crate::base::Rng;
use crate::office::file::{self, Context};
use crate::office::{Element, ElementKind, Forward, NumberFormat, Office, Out};

mod freepbx;
mod garbage;
mod place;

const ZONE: &str = "Europe/Moscow";

fn tables(rows: &[(&str, Row)]) -> Tables {
    let mut tables = Tables::default();
    rows.iter().for_each(|(table, row)| tables.push(table, row.clone()));
    tables
}

/// MikoPBX of an office: a carrier, two people, a queue, a menu, off-hours.
fn miko() -> Tables {
    tables(&[
        ("m_Users", Row::from([("id", "1"), ("username", "Анна"), ("email", "anna@example.org")])),
        ("m_Extensions", Row::from([("number", "301"), ("type", "SIP"), ("userid", "1"), ("callerid", "A")])),
        ("m_Extensions", Row::from([("number", "79211234567"), ("type", "EXTERNAL"), ("userid", "1")])),
        ("m_Extensions", Row::from([("number", "302"), ("type", "SIP"), ("callerid", "Борис")])),
        ("m_Extensions", Row::from([("number", "10"), ("type", "SIP"), ("callerid", "Короткий")])),
        ("m_Extensions", Row::from([("number", "201"), ("type", "SIP"), ("callerid", "Другой")])),
        ("m_Extensions", Row::from([("number", "2200100"), ("type", "QUEUE")])),
        ("m_Extensions", Row::from([("number", "600"), ("type", "QUEUE")])),
        ("m_Extensions", Row::from([("number", "2200200"), ("type", "IVR MENU")])),
        ("m_Extensions", Row::from([("number", "2200300"), ("type", "CONFERENCE")])),
        ("m_Extensions", Row::from([("number", "79990000000"), ("type", "EXTERNAL"), ("userid", "77")])),
        ("m_Sip", Row::from([("extension", "301"), ("type", "peer"), ("secret", "long-secret-301")])),
        ("m_Sip", Row::from([("extension", "302"), ("type", "peer"), ("secret", "302")])),
        ("m_Sip", Row::from([("extension", "10"), ("type", "peer"), ("secret", "long-secret-10")])),
        ("m_Sip", Row::from([("extension", "201"), ("type", "peer"), ("secret", "long-secret-201")])),
        (
            "m_Sip",
            Row::from([
                ("uniqid", "SIP-1"),
                ("type", "friend"),
                ("host", "sip.example.org"),
                ("port", "5070"),
                ("username", "office"),
                ("secret", "carrier"),
                ("description", "Оператор"),
            ]),
        ),
        (
            "m_ExtensionForwardingRights",
            Row::from([("extension", "301"), ("forwarding", "302"), ("forwardingonbusy", "999"), ("ringlength", "25")]),
        ),
        (
            "m_CallQueues",
            Row::from([
                ("uniqid", "Q1"),
                ("extension", "600"),
                ("name", "Продажи"),
                ("strategy", "linear"),
                ("timeout_extension", "2200200"),
            ]),
        ),
        ("m_CallQueueMembers", Row::from([("queue", "Q1"), ("extension", "302"), ("priority", "2")])),
        ("m_CallQueueMembers", Row::from([("queue", "Q1"), ("extension", "301"), ("priority", "1")])),
        ("m_CallQueueMembers", Row::from([("queue", "Q1"), ("extension", "10"), ("priority", "3")])),
        (
            "m_CallQueues",
            Row::from([("uniqid", "Q2"), ("extension", "2200100"), ("name", "Склад"), ("moh_sound_id", "8")]),
        ),
        ("m_CallQueueMembers", Row::from([("queue", "Q2"), ("extension", "201")])),
        ("m_ConferenceRooms", Row::from([("extension", "2200300"), ("name", "Планёрка"), ("pinCode", "4711")])),
        ("m_ConferenceRooms", Row::from([("extension", "551"), ("name", "Короткий PIN"), ("pinCode", "12")])),
        ("m_SoundFiles", Row::from([("id", "7"), ("name", "Привет"), ("path", "/storage/media/hello.mp3")])),
        ("m_SoundFiles", Row::from([("id", "8"), ("name", "Музыка"), ("path", "/storage/moh/wait.mp3")])),
        ("m_SoundFiles", Row::from([("id", "9"), ("name", "Закрыто.mp3"), ("path", "/storage/media/closed.mp3")])),
        ("m_SoundFiles", Row::from([("id", "10"), ("name", "Лишний"), ("path", "/storage/media/spare.mp3")])),
        (
            "m_IvrMenu",
            Row::from([
                ("uniqid", "I1"),
                ("extension", "2200200"),
                ("name", "Меню"),
                ("audio_message_id", "7"),
                ("timeout_extension", "600"),
            ]),
        ),
        ("m_IvrMenuActions", Row::from([("ivr_menu_id", "I1"), ("digits", "1"), ("extension", "301")])),
        ("m_IvrMenuActions", Row::from([("ivr_menu_id", "I1"), ("digits", "2"), ("extension", "2200100")])),
        ("m_IvrMenuActions", Row::from([("ivr_menu_id", "I1"), ("digits", "22"), ("extension", "301")])),
        (
            "m_IncomingRoutingTable",
            Row::from([("number", "84957654321"), ("extension", "2200200"), ("provider", "SIP-1"), ("priority", "1")]),
        ),
        (
            "m_OutWorkTimes",
            Row::from([
                ("weekday_from", "1"),
                ("weekday_to", "5"),
                ("time_from", "18:00"),
                ("time_to", "09:00"),
                ("action", "playmessage"),
                ("audio_message_id", "9"),
            ]),
        ),
        (
            "m_OutWorkTimes",
            Row::from([
                ("weekday_from", "6"),
                ("weekday_to", "7"),
                ("action", "playmessage"),
                ("audio_message_id", "9"),
            ]),
        ),
        (
            "m_OutgoingRoutingTable",
            Row::from([
                ("rulename", "Город"),
                ("providerid", "SIP-1"),
                ("priority", "1"),
                ("numberbeginswith", "(7|8)"),
                ("restnumbers", "10"),
                ("trimfrombegin", "1"),
                ("prepend", "+7"),
            ]),
        ),
        (
            "m_OutgoingRoutingTable",
            Row::from([
                ("rulename", "Короткие"),
                ("providerid", "SIP-1"),
                ("numberbeginswith", "5"),
                ("restnumbers", "1"),
            ]),
        ),
        (
            "m_OutgoingRoutingTable",
            Row::from([
                ("rulename", "Старое"),
                ("providerid", "IAX-1"),
                ("numberbeginswith", "810"),
                ("restnumbers", "-1"),
            ]),
        ),
        ("m_Iax", Row::from([("uniqid", "IAX-1"), ("description", "Филиал")])),
        ("m_AsteriskManagerUsers", Row::from([("username", "crm")])),
        ("m_PbxSettings", Row::from([("key", "Name"), ("value", "ATS")])),
    ])
}

const SOUNDS: [(&str, &str); 3] =
    [("hello.mp3", "sound0.mp3"), ("wait.mp3", "sound1.mp3"), ("closed.mp3", "sound2.mp3")];

/// The office that the file's own reader makes of it, on a new box.
fn applied(tables: &Tables, maker: Maker, sounds: &[(&str, &str)]) -> (Office, Imported) {
    let current = Office::first_start(&mut Rng::from_seed(4), "$argon2id$x", false);
    applied_to(&current, tables, maker, sounds)
}

fn applied_to(current: &Office, tables: &Tables, maker: Maker, sounds: &[(&str, &str)]) -> (Office, Imported) {
    let sounds = sounds.iter().map(|(want, file)| ((*want).to_owned(), (*file).to_owned())).collect();
    let fitted = fit(&tables.read(maker, ZONE), current, &sounds);
    let check = |office: &Office| crate::desk::check::findings(office);
    let context = Context { rng: &mut Rng::from_seed(5), exists: &|_| true, check: &check };
    let read = file::read(&file::write(&fitted.office, true), current, context).expect("a valid office");
    (read.office, fitted)
}

fn start<'o>(office: &'o Office, number: &str) -> &'o Element {
    let starts = |one: &&Element| matches!(&one.kind, ElementKind::Incoming { numbers } if numbers.iter().any(|own| own == number));
    office.desk.elements.iter().find(starts).unwrap()
}

fn behind<'o>(office: &'o Office, element: &Element, out: Out) -> &'o Element {
    office.desk.elements.iter().find(|one| one.id == element.links[&out]).unwrap()
}

fn is_extension(element: &Element, number: &str) -> bool {
    matches!(&element.kind, ElementKind::Extension { extension } if extension == number)
}

fn is_group(element: &Element, number: &str) -> bool {
    matches!(&element.kind, ElementKind::Group { group } if group == number)
}

fn notes(imported: &Imported) -> String {
    imported.notes.iter().map(|note| format!("{}\n", note.say(Language::En))).collect()
}

#[test]
fn an_office_of_mikopbx_comes_over_with_its_passwords_and_its_desk() {
    let (office, imported) = applied(&miko(), Maker::Miko, &SOUNDS);
    assert_eq!(imported.extensions, ["301", "302", "201"]);
    let anna = office.extension("301").unwrap();
    assert_eq!((anna.employee.as_str(), anna.email.as_str(), anna.devices.len()), ("Анна", "anna@example.org", 2));
    let sip = anna.sip_devices().next().unwrap();
    assert_eq!((sip.login.as_str(), sip.password.as_str(), sip.ring_seconds), ("301", "long-secret-301", 25));
    assert_eq!(sip.forward, Forward::Conditional { busy: String::new(), no_answer: "302".to_owned() });
    let group = office.group("600").unwrap();
    assert_eq!(group.members, ["301", "302"], "by priority, without who did not come");
    let trunk = office.trunk("Оператор").unwrap();
    assert_eq!(
        (trunk.number.as_str(), trunk.server.as_str(), trunk.register),
        ("74957654321", "sip.example.org:5070", true)
    );
    let menu = office.voice_menu("Меню").unwrap();
    assert_eq!(menu.greeting, "hello");
    let schedule = &office.schedules[0];
    let hours: Vec<_> = schedule.hours.iter().map(|one| (one.days, one.from, one.to)).collect();
    assert_eq!(hours, [([true, true, true, true, true, false, false], 9 * 60, 18 * 60)]);

    let check = behind(&office, start(&office, "74957654321"), Out::Next);
    assert!(matches!(check.kind, ElementKind::Schedule { .. }));
    let menu = behind(&office, check, Out::Yes);
    assert!(matches!(menu.kind, ElementKind::VoiceMenu { .. }));
    assert!(is_extension(behind(&office, menu, Out::Key('1')), "301"));
    let queue = behind(&office, menu, Out::Timeout);
    assert!(is_group(queue, "600"));
    assert_eq!(behind(&office, queue, Out::Reserve).id, menu.id, "a circle through a menu waits");
}

#[test]
fn rooms_messages_and_music_of_mikopbx_come_over_under_numbers_that_can_be_had() {
    let (office, imported) = applied(&miko(), Maker::Miko, &SOUNDS);
    assert_eq!(
        (imported.groups.as_slice(), imported.conferences.as_slice()),
        (&["600".to_owned(), "500".to_owned()][..], &["800".to_owned(), "551".to_owned()][..])
    );
    let store = office.group("500").unwrap();
    assert_eq!(
        (store.name.as_str(), store.members.as_slice(), store.music.as_str()),
        ("Склад", &["201".to_owned()][..], "wait")
    );
    let pins = ["800", "551"].map(|number| office.conference(number).unwrap().pin.as_str());
    assert_eq!(pins, ["4711", ""], "a PIN that nobody can set here is told, not kept");
    let check = behind(&office, start(&office, "74957654321"), Out::Next);
    let menu = behind(&office, check, Out::Yes);
    assert!(is_group(behind(&office, menu, Out::Key('2')), "500"), "links follow the new number");
    let closed = behind(&office, check, Out::No);
    assert!(matches!(&closed.kind, ElementKind::VoiceMessage { voice_message } if voice_message == "Закрыто"));
    assert_eq!(behind(&office, closed, Out::Next).kind, ElementKind::HangUp);
    assert_eq!(office.voice_message("Закрыто").unwrap().media, "closed");
    let told = notes(&imported);
    for words in [
        "Group 2200100 Склад becomes 500",
        "Room 2200300 Планёрка becomes 800",
        "Room 551 Короткий PIN: a PIN has 4 to 10",
    ] {
        assert!(told.contains(words), "{words}\n{told}");
    }
}

#[test]
fn rules_of_mikopbx_become_rights_and_the_form_of_numbers() {
    let (office, imported) = applied(&miko(), Maker::Miko, &SOUNDS);
    let anna = office.extension("301").unwrap();
    assert_eq!(anna.permissions.words(), ["internal", "city", "mobile_region", "mobile_national", "long_distance"]);
    assert_eq!(anna.outgoing_number, "74957654321");
    assert_eq!(office.trunk("Оператор").unwrap().number_format, NumberFormat::Plus);
    let told = notes(&imported);
    for words in
        ["Outgoing rule Короткие (5…) does not come over", "Outgoing rule Старое does not come over: its trunk"]
    {
        assert!(told.contains(words), "{words}\n{told}");
    }
}

#[test]
fn what_does_not_come_over_is_told_by_its_name() {
    let (_, imported) = applied(&miko(), Maker::Miko, &[]);
    let told = notes(&imported);
    for words in [
        "Extension 10 does not come over",
        "302: the telephone's password is weak",
        "Group 600: its member 10 is no extension",
        "301: forwarding to 999",
        "the entry 22 does not come over",
        "its sound is not in the backup",
        "Announcement Закрыто does not come over: its sound is not in the backup",
        "Group 500: its music wait.mp3 is not in the backup",
        "Mobiles of nobody do not come over: 79990000000",
        "IAX trunks do not come over: Филиал",
        "AMI accounts do not come over: crm",
        "The general settings of MikoPBX",
        "Sounds that no menu and no queue plays do not come over: Лишний",
    ] {
        assert!(told.contains(words), "{words}\n{told}");
    }
    let russian: Vec<&str> = imported.notes.iter().map(|note| note.say(Language::Ru)).collect();
    assert!(russian.iter().all(|note| note.chars().any(|letter| ('а'..='я').contains(&letter))), "{russian:?}");
}

#[test]
fn notes_beyond_the_bound_are_counted() {
    let rows: Vec<(&str, Row)> = (0..NOTES + 10)
        .map(|nth| ("m_Extensions", Row::from([("number", nth.to_string().as_str()), ("type", "SIP")])))
        .collect();
    let found = tables(&rows).read(Maker::Miko, ZONE);
    let fitted = fit(&found, &Office::default(), &BTreeMap::new());
    let last = fitted.notes.last().unwrap().say(Language::En).to_owned();
    assert_eq!((fitted.notes.len(), last.as_str()), (NOTES + 1, "And 10 more of these: too many to show."));
}

#[test]
fn what_came_once_does_not_come_twice() {
    let (office, _) = applied(&miko(), Maker::Miko, &SOUNDS);
    let sounds = SOUNDS.map(|(want, file)| (want.to_owned(), file.to_owned())).into();
    let again = fit(&miko().read(Maker::Miko, ZONE), &office, &sounds);
    assert!(again.office == office, "{}", notes(&again));
    assert!(again.extensions.is_empty() && again.trunks.is_empty() && again.menus.is_empty());
    assert!(again.groups.is_empty() && again.conferences.is_empty() && again.messages.is_empty());
}

#[test]
fn a_dump_gives_its_rows_with_quotes_and_without_columns() {
    let dump = "CREATE TABLE `users` (\n  `extension` varchar(20) NOT NULL,\n  `name` varchar(50),\n  PRIMARY KEY (`extension`)\n) ENGINE=X;\n\
        INSERT INTO `users` VALUES ('320','It\\'s; (me), ''too'''),('321',NULL);\n\
        INSERT INTO `secret` VALUES ('x');\nINSERT INTO `trunks` (`trunkid`,`name`) VALUES (1,'City');\nINSERT INTO `users` VALUES ('322";
    let mut tables = Tables::default();
    inserts(dump, &["users", "trunks"], &mut tables);
    let names: Vec<(&str, &str)> =
        tables.rows("users").iter().map(|row| (row.get("extension"), row.get("name"))).collect();
    assert_eq!(names.get(..2), Some(&[("320", "It's; (me), 'too'"), ("321", "")][..]));
    assert_eq!(tables.rows("trunks")[0].get("name"), "City");
    assert!(tables.rows("secret").is_empty());
    assert!(tables.left.contains("secret"), "what is not read is told");
}
