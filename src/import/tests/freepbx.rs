//! FreePBX: JSON as its modules write it, and dumps.

use serde_json::{Value, json};

use super::*;
use crate::office::{Device, RingOrder};

fn tables_of(modules: &[(&str, Value)]) -> Tables {
    let mut tables = Tables::default();
    for (module, configs) in modules {
        tables.take_json(module, &json!({ "module": module, "configs": configs }));
    }
    tables
}

fn pattern(route: u32, prefix: &str, pass: &str, cid: &str) -> Value {
    json!({ "route_id": route, "match_pattern_prefix": prefix, "match_pattern_pass": pass, "match_cid": cid, "prepend_digits": "" })
}

/// An office with two carriers, three people, a group, a menu, announcements, rooms and routes.
fn core() -> Value {
    json!({
        "Users": {
            "users": [
                { "extension": "310", "name": "Анна", "voicemail": "default", "ringtimer": 0, "outboundcid": "\"Анна\" <74950000002>" },
                { "extension": "311", "name": "Борис", "voicemail": "novm", "outboundcid": "74990000000" },
                { "extension": "412", "name": "Склад", "voicemail": "novm" },
            ],
            "astdbConfigs": { "310": { "callwaiting": "disabled", "ringtimer": 0 }, "311": { "callwaiting": "enabled", "ringtimer": 0 } },
        },
        "Devices": {
            "devices": [
                { "id": "310", "tech": "pjsip", "user": "310", "description": "Анна" },
                { "id": "311", "tech": "pjsip", "user": "311", "description": "Борис" },
                { "id": "412", "tech": "dahdi", "user": "412", "description": "Склад" },
            ],
            "techTables": { "sip": [
                { "id": "310", "keyword": "secret", "data": "long-secret-310", "flags": 0 },
                { "id": "311", "keyword": "secret", "data": "long-secret-311", "flags": 0 },
            ] },
        },
        "Trunks": {
            "trunks": [
                { "trunkid": 1, "name": "Second", "tech": "pjsip", "outcid": "<74950000001>", "disabled": "off" },
                { "trunkid": 2, "name": "First", "tech": "pjsip", "outcid": "74950000002", "disabled": "off" },
                { "trunkid": 3, "name": "Dahdi", "tech": "dahdi", "disabled": "off" },
            ],
            "techTables": { "pjsip": [
                { "id": 1, "keyword": "sip_server", "data": "two.example.org" },
                { "id": 1, "keyword": "username", "data": "second" },
                { "id": 1, "keyword": "secret", "data": "carrier-two" },
                { "id": 2, "keyword": "sip_server", "data": "one.example.org" },
                { "id": 2, "keyword": "sip_server_port", "data": "5060" },
                { "id": 2, "keyword": "username", "data": "first" },
                { "id": 2, "keyword": "secret", "data": "carrier-one" },
                { "id": 2, "keyword": "registration", "data": "send" },
            ] },
            "dialpatterns": [
                { "trunkid": 2, "match_pattern_prefix": "8", "match_pattern_pass": "XXXXXXXXXX", "prepend_digits": "7", "seq": 0 },
            ],
        },
        "Did": [
            { "extension": "", "cidnum": "", "destination": "ext-group,610,1" },
            { "extension": "+74950000001", "cidnum": "", "destination": "timeconditions,1,1" },
            { "extension": "74950000003", "cidnum": "", "destination": "app-daynight,0,1" },
            { "extension": "74950000004", "cidnum": "", "destination": "ext-meetme,820,1" },
            { "extension": "74950000001", "cidnum": "79161112233", "destination": "app-blackhole,hangup,1" },
        ],
        "Routing": [
            { "route_id": 3, "name": "Заграница", "seq": 2, "trunks": ["1"], "patterns": [pattern(3, "", "810.", "31X")] },
            { "route_id": 1, "name": "Местные", "seq": 0, "trunks": ["2", "1"], "patterns": [pattern(1, "9", "NXXXXXX", ""), pattern(1, "", "8XXXXXXXXXX", "")] },
            { "route_id": 4, "name": "Любые", "seq": 3, "trunks": ["3"], "password": "", "patterns": [pattern(4, "", ".", "412")] },
            { "route_id": 5, "name": "По коду", "seq": 4, "trunks": ["1"], "patterns": [pattern(5, "00", "X.", "")] },
            { "route_id": 6, "name": "Экстренные", "seq": 5, "trunks": ["1"], "emergency_route": "YES", "patterns": [pattern(6, "", "112", "")] },
        ],
    })
}

pub(super) fn office() -> Tables {
    tables_of(&[
        ("Core", core()),
        (
            "Pinsets",
            json!({
                "listPinsets": [{ "pinsets_id": 1, "description": "Директор", "passwords": "1234" }],
                "pinsetUsage": [{ "pinsets_id": 1, "dispname": "routing", "foreign_id": "5" }],
            }),
        ),
        (
            "Ringgroups",
            json!({ "groups": [{
            "grpnum": "610", "strategy": "ringall", "grptime": 25, "grplist": "310-311-79160000000#", "description": "Все",
            "annmsg_id": 4, "postdest": "app-announcement-2,s,1",
        }] }),
        ),
        (
            "Announcement",
            json!([
                { "announcement_id": 1, "description": "Закрыто", "recording_id": 5, "post_dest": "app-blackhole,hangup,1", "repeat_msg": "1" },
                { "announcement_id": 2, "description": "Без записи", "recording_id": 77, "post_dest": "ext-local,vmu310,1" },
            ]),
        ),
        (
            "Recordings",
            json!({ "data": [
            { "id": 4, "displayname": "Привет", "filename": "custom/hello", "files": { "custom/hello": { "en": ["custom/hello.wav"] } } },
            { "id": 5, "displayname": "Закрыто", "filename": "custom/closed&custom/more" },
        ] }),
        ),
        (
            "Conferences",
            json!({ "data": [
            { "exten": "820", "description": "Планёрка", "userpin": "4711", "adminpin": "9999", "options": "osr", "users": 0 },
        ] }),
        ),
        (
            "Daynight",
            json!({ "tables": { "daynight": [
            { "ext": "0", "dmode": "day", "dest": "app-announcement-1,s,1" },
            { "ext": "0", "dmode": "night", "dest": "app-blackhole,hangup,1" },
            { "ext": "0", "dmode": "fc_description", "dest": "Обед" },
        ] } }),
        ),
        (
            "Findmefollow",
            json!({
                "tables": { "findmefollow": [
                    { "grpnum": "310", "strategy": "ringallv2-prim", "grptime": 25, "grplist": "310-89161234567#-311", "needsconf": "CHECKED", "pre_ring": 7, "postdest": "ext-local,310,dest" },
                    { "grpnum": "311", "strategy": "ringallv2", "grptime": 20, "grplist": "311-79210000000#", "postdest": "ext-local,311,dest" },
                    { "grpnum": "412", "strategy": "ringallv2", "grptime": 20, "grplist": "412", "postdest": "ext-local,412,dest" },
                ] },
                "fmstatus": [{ "grpnum": "310", "ddial": false }, { "grpnum": "311", "ddial": true }, { "grpnum": "412", "ddial": true }],
            }),
        ),
        (
            "Callforward",
            json!({ "data": {
            "311": { "numbers": { "CF": false, "CFU": "412", "CFB": "" }, "ringtimer": 0 },
            "412": { "numbers": { "CF": "89161111111", "CFU": "", "CFB": "" }, "ringtimer": 0 },
        } }),
        ),
        (
            "Voicemail",
            json!({ "mailboxData": {
            "310": { "voicemail_enable": "yes", "voicemail_vmpwd": "47110", "voicemail_email": "anna@example.org,second@example.org" },
        } }),
        ),
        (
            "Timeconditions",
            json!({ "tables": {
            "timeconditions": [{ "timeconditions_id": 1, "displayname": "Часы", "time": 4, "truegoto": "ext-group,610,1", "falsegoto": "ext-local,vmb310,1" }],
            "timegroups_details": [
                { "id": 1, "timegroupid": 4, "time": "09:00-18:00|mon-fri|*|*" },
                { "id": 2, "timegroupid": 4, "time": "*|*|1|jan" },
            ],
        } }),
        ),
        ("Paging", json!({ "data": [{ "page_group": "777", "description": "Цех", "plist": ["310"] }] })),
        ("Miscdests", json!([{ "id": 1, "description": "Такси", "destdial": "84950001122" }])),
        (
            "Userman",
            json!({ "users": [{ "extension": "999", "name": "Не сотрудник" }], "groups": [{ "grpnum": "998", "grplist": "" }] }),
        ),
        ("Cel", json!([])),
    ])
}

pub(super) const SOUNDS: [(&str, &str); 2] = [("hello", "sound0.wav"), ("closed", "sound1.wav")];

#[test]
fn people_come_with_their_passwords_mailboxes_and_follow_me() {
    let (office, imported) = applied(&office(), Maker::FreePbx, &SOUNDS);
    assert_eq!(imported.extensions, ["310", "311", "412"], "{}", notes(&imported));
    let anna = office.extension("310").unwrap();
    assert_eq!((anna.employee.as_str(), anna.voicemail, anna.voicemail_pin.as_str()), ("Анна", true, "47110"));
    assert_eq!((anna.email.as_str(), anna.call_waiting, anna.ring), ("anna@example.org", false, RingOrder::Sequential));
    let [Device::Sip(sip), Device::Mobile(mobile)] = anna.devices.as_slice() else { panic!("{:?}", anna.devices) };
    assert_eq!((sip.password.as_str(), sip.ring_seconds), ("long-secret-310", 7));
    assert_eq!(sip.forward, Forward::Conditional { busy: String::new(), no_answer: "311".to_owned() });
    assert_eq!((mobile.number.as_str(), mobile.ring_seconds, mobile.confirm), ("79161234567", 25, true));
    let boris = office.extension("311").unwrap();
    assert_eq!(boris.devices.len(), 1, "its Follow Me was off");
    let forwards =
        ["311", "412"].map(|number| office.extension(number).unwrap().sip_devices().next().unwrap().forward.clone());
    let no_answer = Forward::Conditional { busy: String::new(), no_answer: "412".to_owned() };
    assert_eq!(forwards, [no_answer, Forward::Always { to: "79161111111".to_owned() }]);
    let told = notes(&imported);
    for words in ["311: Follow Me is off", "412: the device 412 (dahdi)", "Messages that were left"] {
        assert!(told.contains(words), "{words}\n{told}");
    }
}

#[test]
fn ways_of_calls_come_with_announcements_and_greetings() {
    let (office, imported) = applied(&office(), Maker::FreePbx, &SOUNDS);
    let group = office.group("610").unwrap();
    assert_eq!((group.members.len(), group.max_wait_seconds, group.greeting.as_str()), (2, 25, "hello"));
    assert_eq!(office.conference("820").map(|room| room.pin.as_str()), Some("4711"));
    let check = behind(&office, start(&office, "74950000001"), Out::Next);
    let hours: Vec<_> = office.schedules.iter().map(|one| (one.name.as_str(), one.hours.len())).collect();
    assert_eq!(hours, [("Часы", 1)]);
    assert!(is_group(behind(&office, check, Out::Yes), "610") && !check.links.contains_key(&Out::No));
    let closed = behind(&office, start(&office, "74950000003"), Out::Next);
    assert!(matches!(&closed.kind, ElementKind::VoiceMessage { voice_message } if voice_message == "Закрыто"));
    assert_eq!(behind(&office, closed, Out::Next).kind, ElementKind::HangUp);
    assert!(is_group(behind(&office, start(&office, "74950000002"), Out::Next), "610"), "the route for any number");
    assert!(is_group(behind(&office, start(&office, "74950000004"), Out::Next), "610"), "a room takes no calls");
    let told = notes(&imported);
    for words in [
        "*|*|1|jan",
        "the mailbox of 310 (vmb310)",
        "the mailbox of 310 (vmu310)",
        "Group 610 Все: outside numbers 79160000000",
        "Room 820 Планёрка: the PIN of its leader",
        "Room 820 Планёрка: recording",
        "nothing for room 820 Планёрка",
        "Announcement Без записи does not come over",
        "Announcement Закрыто: the key that repeats it",
        "Закрыто: the recording Закрыто has several files",
        "switch 0 Обед does not come over",
        "for calls from 79161112233 only",
        "Paging groups do not come over (a code and a group's number page here): 777 Цех",
        "Misc destinations do not come over: Такси 84950001122",
        "There is more in the backup that has no place here: Userman.",
        "Trunk Dahdi (dahdi) does not come over",
        "Calls to 74950000003, 74950000004: the backup does not say",
        "The backup has no way for calls to 74950000004.",
    ] {
        assert!(told.contains(words), "{words}\n{told}");
    }
    assert!(office.extension("999").is_none() && office.group("998").is_none());
}

#[test]
fn routes_become_rights_shown_numbers_and_the_order_of_trunks() {
    let (office, imported) = applied(&office(), Maker::FreePbx, &SOUNDS);
    let words = |number: &str| office.extension(number).unwrap().permissions.words();
    let home = ["internal", "city", "mobile_region", "mobile_national", "long_distance"];
    let abroad = ["internal", "city", "mobile_region", "mobile_national", "long_distance", "international"];
    assert_eq!(words("310"), abroad, "a pattern of its own for 31X");
    assert_eq!(words("412"), home, "a rule for everything opens nothing abroad");
    let trunks: Vec<_> = office.trunks.iter().map(|trunk| (trunk.name.as_str(), trunk.number_format)).collect();
    assert_eq!(trunks, [("First", NumberFormat::E164), ("Second", NumberFormat::National)]);
    assert_eq!(imported.trunks, ["First", "Second"]);
    let shown = ["310", "311", "412"].map(|number| office.extension(number).unwrap().outgoing_number.as_str());
    assert_eq!(shown, ["74950000002"; 3], "its own, and that of the first trunk of its first rule");
    let told = notes(&imported);
    for words in [
        "311: showed 74990000000 outside",
        "Outgoing rule Заграница: such calls left by Second",
        "Outgoing rule Местные: 9 was dialled for the city",
        "Outgoing rule Любые let every number pass",
        "Outgoing rule Любые led by Dahdi, which is not here",
        "Outgoing rule По коду asked for a PIN",
        "PIN set Директор does not come over",
        "Outgoing rule Экстренные: emergency numbers",
    ] {
        assert!(told.contains(words), "{words}\n{told}");
    }
}

#[test]
fn a_dump_with_a_voicemail_conf_says_the_same() {
    let mut tables = Tables::default();
    let dump = "CREATE TABLE `outbound_route_sequence` (\n  `route_id` int,\n  `seq` int\n);\n\
        INSERT INTO `users` (`extension`,`name`,`voicemail`) VALUES ('310','Анна','default'),('311','Борис','default');\n\
        INSERT INTO `trunks` (`trunkid`,`name`,`tech`,`channelid`,`outcid`) VALUES (1,'','sip','city','74950000001'),(2,'B','sip','b','74950000002');\n\
        INSERT INTO `sip` (`id`,`keyword`,`data`,`flags`) VALUES ('tr-peer-1','host','sip.example.org',1),('tr-peer-2','host','b.example.org',1);\n\
        INSERT INTO `outbound_routes` (`route_id`,`name`,`password`) VALUES (1,'Второе',''),(2,'Первое','');\n\
        INSERT INTO `outbound_route_sequence` VALUES (1,1),(2,0);\n\
        INSERT INTO `outbound_route_patterns` (`route_id`,`match_pattern_prefix`,`match_pattern_pass`,`match_cid`,`prepend_digits`) VALUES (1,'','8.','',''),(2,'','8XXXXXXXXXX','','');\n\
        INSERT INTO `outbound_route_trunks` VALUES (9,9,9);\n\
        INSERT INTO `outbound_route_trunks` (`route_id`,`trunk_id`,`seq`) VALUES (2,1,1),(2,2,0),(1,1,0);\n\
        INSERT INTO `findmefollow` (`grpnum`,`strategy`,`grptime`,`grplist`,`postdest`) VALUES ('310','hunt',20,'310-89161234567#','ext-local,310,dest');\n\
        INSERT INTO `cronmanager` VALUES (1);\n";
    inserts(dump, &FREEPBX_TABLES, &mut tables);
    tables.take_mailboxes("[default]\n310 => 2222,Anna,anna@example.org,,attach=no\n311=>12,B,\nbroken => \n");
    let (office, imported) = applied(&tables, Maker::FreePbx, &[]);
    let anna = office.extension("310").unwrap();
    assert_eq!((anna.voicemail_pin.as_str(), anna.email.as_str(), anna.devices.len()), ("2222", "anna@example.org", 2));
    assert_eq!(anna.outgoing_number, "74950000002", "the first trunk of the first rule in its order");
    assert_eq!(office.trunks.iter().map(|trunk| trunk.name.as_str()).collect::<Vec<_>>(), ["B", "city"]);
    let told = notes(&imported);
    for words in ["does not say whether Follow Me is on", "311: the PIN of the mailbox", "no place here: cronmanager."]
    {
        assert!(told.contains(words), "{words}\n{told}");
    }
}
