use super::*;
use crate::base::Rng;
use crate::office::file::{self, Context};
use crate::office::{ElementKind, Office, Out};

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
        ("m_Extensions", Row::from([("number", "550"), ("type", "CONFERENCE")])),
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
        ("m_SoundFiles", Row::from([("id", "7"), ("path", "/storage/media/hello.mp3")])),
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
                ("action", "extension"),
                ("extension", "302"),
            ]),
        ),
        ("m_OutWorkTimes", Row::from([("weekday_from", "6"), ("weekday_to", "7"), ("extension", "302")])),
    ])
}

/// The office that the file's own reader makes of it, on a new box.
fn applied(tables: &Tables, maker: Maker, sounds: &[(&str, &str)]) -> (Office, Imported) {
    let current = Office::first_start(&mut Rng::from_seed(4), "$argon2id$x", false);
    let sounds = sounds.iter().map(|(want, file)| ((*want).to_owned(), (*file).to_owned())).collect();
    let fitted = fit(&tables.read(maker, ZONE), &current, &sounds);
    let check = |office: &Office| crate::desk::check::findings(office);
    let context = Context { rng: &mut Rng::from_seed(5), exists: &|_| true, check: &check };
    let read = file::read(&file::write(&fitted.office, true), &current, context).expect("a valid office");
    (read.office, fitted)
}

fn notes(imported: &Imported) -> String {
    imported.notes.iter().map(|note| format!("{}\n", note.say(Language::En))).collect()
}

#[test]
fn an_office_of_mikopbx_comes_over_with_its_passwords_and_its_desk() {
    let (office, imported) = applied(&miko(), Maker::Miko, &[("hello.mp3", "sound0.mp3")]);
    assert_eq!(imported.extensions, ["301", "302"]);
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

    let start = office
        .desk
        .elements
        .iter()
        .find(|one| matches!(&one.kind, ElementKind::Incoming { numbers } if numbers == &["74957654321"]))
        .unwrap();
    let at = |id: &String| office.desk.elements.iter().find(|one| one.id == *id).unwrap();
    let check = at(&start.links[&Out::Next]);
    assert!(matches!(check.kind, ElementKind::Schedule { .. }));
    let menu = at(&check.links[&Out::Yes]);
    assert!(matches!(menu.kind, ElementKind::VoiceMenu { .. }));
    assert!(
        matches!(&at(&menu.links[&Out::Key('1')]).kind, ElementKind::Extension { extension } if extension == "301")
    );
    let queue = at(&menu.links[&Out::Timeout]);
    assert!(matches!(&queue.kind, ElementKind::Group { group } if group == "600"));
    assert_eq!(at(&queue.links[&Out::Reserve]).id, menu.id, "a circle through a menu waits");
    assert!(matches!(&at(&check.links[&Out::No]).kind, ElementKind::Extension { extension } if extension == "302"));
}

#[test]
fn what_does_not_come_over_is_told() {
    let (_, imported) = applied(&miko(), Maker::Miko, &[]);
    let told = notes(&imported);
    for words in [
        "Extension 10 does not come over",
        "Extension 201 does not come over: the number is taken",
        "302: the telephone's password is weak",
        "Group 600: its member 10 is no extension",
        "301: forwarding to 999",
        "550: a conference room",
        "the entry 22 of several digits",
        "its sound is not in the backup",
    ] {
        assert!(told.contains(words), "{words}\n{told}");
    }
    let russian: Vec<&str> = imported.notes.iter().map(|note| note.say(Language::Ru)).collect();
    assert!(russian.iter().all(|note| note.chars().any(|letter| ('а'..='я').contains(&letter))), "{russian:?}");
}

#[test]
fn what_came_once_does_not_come_twice() {
    let (office, _) = applied(&miko(), Maker::Miko, &[("hello.mp3", "sound0.mp3")]);
    let sounds = [("hello.mp3".to_owned(), "sound0.mp3".to_owned())].into();
    let again = fit(&miko().read(Maker::Miko, ZONE), &office, &sounds);
    assert!(again.office == office, "{}", notes(&again));
    assert!(again.extensions.is_empty() && again.trunks.is_empty() && again.menus.is_empty());
}

#[test]
fn the_json_of_freepbx_comes_over() {
    let mut tables = Tables::default();
    tables.take_json(&serde_json::json!({ "configs": {
        "Users": { "users": [{ "extension": "310", "name": "Анна", "voicemail": "default", "ringtimer": 0 }] },
        "Devices": {
            "devices": [{ "id": "310", "tech": "pjsip", "user": "310", "description": "Анна" }],
            "techTables": { "sip": [{ "id": "310", "keyword": "secret", "data": "long-secret-310", "flags": 0 }] },
        },
        "Trunks": {
            "trunks": [{ "trunkid": 1, "name": "City", "tech": "pjsip", "outcid": "<74950000001>", "disabled": "off" }],
            "techTables": { "pjsip": [
                { "id": 1, "keyword": "sip_server", "data": "sip.example.org" },
                { "id": 1, "keyword": "sip_server_port", "data": "5060" },
                { "id": 1, "keyword": "username", "data": "office" },
                { "id": 1, "keyword": "secret", "data": "carrier" },
                { "id": 1, "keyword": "registration", "data": "send" },
            ] },
        },
        "Did": [{ "extension": "+74950000001", "cidnum": "", "destination": "timeconditions,1,1" }],
    } }));
    tables.take_json(&serde_json::json!({ "groups": [{
        "grpnum": "610", "strategy": "ringall", "grptime": 25, "grplist": "310-311", "description": "Все", "postdest": "app-blackhole,hangup,1",
    }] }));
    tables.take_json(&serde_json::json!({ "tables": {
        "timeconditions": [{ "timeconditions_id": 1, "displayname": "Часы", "time": 4, "truegoto": "ext-group,610,1", "falsegoto": "ext-local,vmb310,1" }],
        "timegroups_details": [
            { "id": 1, "timegroupid": 4, "time": "09:00-18:00|mon-fri|*|*" },
            { "id": 2, "timegroupid": 4, "time": "*|*|1|jan" },
        ],
    } }));
    let (office, imported) = applied(&tables, Maker::FreePbx, &[]);
    let anna = office.extension("310").unwrap();
    assert_eq!((anna.employee.as_str(), anna.voicemail, anna.outgoing_number.as_str()), ("Анна", true, "74950000001"));
    assert_eq!(anna.sip_devices().next().map(|sip| sip.password.as_str()), Some("long-secret-310"));
    assert_eq!(office.trunk("City").map(|trunk| trunk.login.as_str()), Some("office"));
    assert_eq!(office.group("610").map(|group| (group.members.len(), group.max_wait_seconds)), Some((1, 25)));
    assert_eq!(
        office.schedules.iter().map(|one| (one.name.as_str(), one.hours.len())).collect::<Vec<_>>(),
        [("Часы", 1)]
    );
    assert!(office.desk.start_of("74950000001").is_some());
    let told = notes(&imported);
    assert!(told.contains("*|*|1|jan") && told.contains("vmb310") && told.contains("member 311"), "{told}");
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
}
