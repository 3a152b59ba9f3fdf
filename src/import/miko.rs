//! The database of MikoPBX: github.com/mikopbx/Core, src/Common/Models. Its extensions, queues and menus share one table of numbers.

use super::dial::{Pattern, Rule};
use super::found::{
    Check, Found, FoundGroup, FoundMenu, FoundMessage, Goal, Incoming, device, extension, server, trunk,
};
use super::{Row, Tables, base_name, freepbx, plain};
use crate::office::{Device, Forward, Group, MobileDevice, Strategy, Word};
use crate::sip::Transport;

mod hours;
mod rest;

/// The rule for calls that no other one takes has this priority.
const LAST_PRIORITY: u32 = 9999;
const DAY: usize = 24 * 60;
/// The key of the only timetable.
const OFFICE_HOURS: &str = "work";

/// The tables that are read.
pub const TABLES: [&str; 30] = [
    "m_Extensions",
    "m_Users",
    "m_Sip",
    "m_SipHosts",
    "m_Iax",
    "m_Providers",
    "m_ExternalPhones",
    "m_ExtensionForwardingRights",
    "m_IncomingRoutingTable",
    "m_OutgoingRoutingTable",
    "m_CallQueues",
    "m_CallQueueMembers",
    "m_IvrMenu",
    "m_IvrMenuActions",
    "m_OutWorkTimes",
    "m_OutWorkTimesRouts",
    "m_ConferenceRooms",
    "m_DialplanApplications",
    "m_SoundFiles",
    "m_AsteriskManagerUsers",
    "m_AsteriskRestUsers",
    "m_ApiKeys",
    "m_NetworkFilters",
    "m_FirewallRules",
    "m_Fail2BanRules",
    "m_NetworkStaticRoutes",
    "m_LanInterfaces",
    "m_CustomFiles",
    "m_PbxExtensionModules",
    "m_PbxSettings",
];

pub(super) fn read(tables: &Tables, zone: &str) -> Found {
    let mut found = Found::default();
    trunks(tables, &mut found);
    extensions(tables, &mut found);
    queues(tables, &mut found);
    menus(tables, &mut found);
    rooms(tables, &mut found);
    incoming(tables, zone, &mut found);
    outgoing(tables, &mut found);
    rest::tell(tables, &mut found);
    found
}

fn rooms(tables: &Tables, found: &mut Found) {
    for row in tables.rows("m_ConferenceRooms").iter().filter(|row| !row.get("extension").is_empty()) {
        freepbx::room(found, row.get("extension"), plain(row.get("name")), row.get("pinCode"));
    }
}

/// Rules in the order of their priority; equal ones as they stand.
fn outgoing(tables: &Tables, found: &mut Found) {
    let mut rows: Vec<&Row> = tables.rows("m_OutgoingRoutingTable").iter().collect();
    rows.sort_by_key(|row| row.number("priority", 0, u32::MAX, u32::MAX));
    for row in rows {
        let provider = row.get("providerid");
        let trunk = tables.rows("m_Sip").iter().find(|sip| !provider.is_empty() && sip.get("uniqid") == provider);
        let name = plain(row.get("rulename"));
        if trunk.is_none() {
            found.note(
                format!("Правило исходящих «{name}» не переносится: его подключения нет в копии, или оно не SIP."),
                format!("Outgoing rule {name} does not come over: its trunk is not in the backup, or is no SIP trunk."),
            );
            continue;
        }
        let pattern = Pattern::Begins {
            begins: row.get("numberbeginswith").to_owned(),
            rest: row.get("restnumbers").parse().unwrap_or(0),
            trim: usize::try_from(row.number("trimfrombegin", 0, 50, 0)).unwrap_or(0),
            prepend: row.get("prepend").to_owned(),
        };
        let trunks = trunk.map(trunk_name).into_iter().collect();
        found.rules.push(Rule { name, trunks, patterns: vec![pattern], ..Rule::default() });
    }
}

/// The name that people know a trunk by.
fn trunk_name(row: &Row) -> String {
    plain(if row.get("description").is_empty() { row.get("uniqid") } else { row.get("description") })
}

/// Where a call goes that is told something before.
fn message(tables: &Tables, id: &str, then: Goal, found: &mut Found) -> Goal {
    if matches!(id, "" | "0") {
        return then;
    }
    let Some(row) = tables.find("m_SoundFiles", "id", id) else {
        found.note(
            format!("Звука с номером {id} в копии нет: сообщение не переносится."),
            format!("There is no sound {id} in the backup: the message does not come over."),
        );
        return then;
    };
    let sound = base_name(row.get("path")).to_owned();
    let name = row.get("name").rsplit_once('.').map_or(row.get("name"), |(stem, _)| stem);
    let name = plain(if name.is_empty() { &sound } else { name });
    let made = |one: &&FoundMessage| one.sound == sound && one.then == then;
    if let Some(same) = found.messages.iter().find(made) {
        return Goal::Message(same.key.clone());
    }
    let key = format!("{name} {}", found.messages.len());
    found.messages.push(FoundMessage { key: key.clone(), name, sound, then });
    Goal::Message(key)
}

fn trunks(tables: &Tables, found: &mut Found) {
    for row in tables.rows("m_Sip").iter().filter(|row| row.get("type") == "friend") {
        let name = trunk_name(row);
        if row.get("disabled") == "1" {
            found.note(
                format!("Подключение «{name}» выключено и не переносится."),
                format!("Trunk {name} is disabled and does not come over."),
            );
            continue;
        }
        if row.get("registration_type") == "inbound" {
            let ru = format!("Подключение «{name}»: там регистрируется другая станция. Не переносится.");
            found.note(ru, format!("Trunk {name}: another exchange registers there. It does not come over."));
            continue;
        }
        let mut new = trunk(name, server(row.get("host"), row.get("port")), row.get("username"), row.get("secret"));
        new.register = row.get("registration_type") != "none" && row.get("noregister") != "1" && !new.login.is_empty();
        new.transport = Transport::from_word(row.get("transport")).unwrap_or(Transport::Udp);
        row.get("outbound_proxy").clone_into(&mut new.outbound_proxy);
        row.get("fromdomain").clone_into(&mut new.from_domain);
        new.numbers = numbers_of(tables, row.get("uniqid"), row.get("username"));
        found.trunks.push(new);
    }
    let iax: Vec<&str> = tables.rows("m_Iax").iter().map(|row| row.get("description")).collect();
    if !iax.is_empty() {
        found.note_names("Подключения IAX не переносятся", "IAX trunks do not come over", iax.into_iter());
    }
}

/// What may be a number of the trunk: called numbers of its rules, then its login.
fn numbers_of(tables: &Tables, provider: &str, login: &str) -> Vec<String> {
    let rules = tables.rows("m_IncomingRoutingTable").iter().filter(|rule| rule.get("provider") == provider);
    let called = rules.map(|rule| rule.get("number")).filter(|number| !number.is_empty());
    called.chain([login]).map(str::to_owned).collect()
}

fn extensions(tables: &Tables, found: &mut Found) {
    for row in tables.rows("m_Extensions").iter().filter(|row| row.get("type") == "SIP") {
        let number = row.get("number");
        let mut sips = tables.rows("m_Sip").iter();
        let sip = sips.find(|sip| sip.get("extension") == number && sip.get("type") != "friend");
        let Some(sip) = sip.filter(|sip| sip.get("disabled") != "1") else {
            let why = if sip.is_some() {
                ("выключен", "disabled")
            } else {
                ("без учётной записи SIP", "without a SIP account")
            };
            found.note(
                format!("Внутренний номер {number} {} и не переносится.", why.0),
                format!("Extension {number} is {} and does not come over.", why.1),
            );
            continue;
        };
        let id = row.get("userid");
        let user = tables.find("m_Users", "id", id).filter(|_| !id.is_empty());
        let name = user.map_or("", |user| user.get("username"));
        let name = if name.is_empty() { row.get("callerid") } else { name };
        let mut new = extension(number, name, user.map_or("", |user| user.get("email")));
        let rights = tables.find("m_ExtensionForwardingRights", "extension", number);
        let forward = rights.map_or(Forward::None, |rights| forward(tables, rights, found));
        let ring = rights.map_or(20, |rights| rights.number("ringlength", 1, 300, 20)).max(5);
        new.devices.push(device(number, sip.get("secret"), ring, forward));
        for mobile in mobiles_of(tables, id).take(MOBILES) {
            new.devices.push(Device::Mobile(MobileDevice {
                number: mobile.to_owned(),
                ring_seconds: 20,
                confirm: true,
            }));
        }
        found.extensions.push(new);
    }
    let known =
        |id: &str| tables.rows("m_Extensions").iter().any(|row| row.get("type") == "SIP" && row.get("userid") == id);
    let lost = tables.rows("m_Extensions").iter().filter(|row| row.get("type") == "EXTERNAL");
    let lost: Vec<&str> = lost
        .filter(|row| row.get("userid").is_empty() || !known(row.get("userid")))
        .map(|row| row.get("number"))
        .collect();
    if !lost.is_empty() {
        found.note_names(
            "Мобильные без сотрудника не переносятся",
            "Mobiles of nobody do not come over",
            lost.into_iter(),
        );
    }
}

/// Mobiles of an extension beside its telephone.
const MOBILES: usize = 3;

/// The mobile telephones of a person: extensions of his of type EXTERNAL.
fn mobiles_of<'a>(tables: &'a Tables, user: &'a str) -> impl Iterator<Item = &'a str> {
    let externals = tables.rows("m_Extensions").iter().filter(|row| row.get("type") == "EXTERNAL");
    externals
        .filter(move |row| !user.is_empty() && row.get("userid") == user)
        .filter(|row| !is_disabled(tables, row.get("number")))
        .map(|row| row.get("number"))
        .filter(|number| !number.is_empty())
}

fn is_disabled(tables: &Tables, external: &str) -> bool {
    tables.find("m_ExternalPhones", "extension", external).is_some_and(|row| row.get("disabled") == "1")
}

fn forward(tables: &Tables, rights: &Row, found: &mut Found) -> Forward {
    // Those to menus and rooms have no counterpart: only people and queues can be forwarded to.
    let mut may = |column: &str| {
        let to = rights.get(column);
        let kind = tables.find("m_Extensions", "number", to).map_or("EXTERNAL", |row| row.get("type"));
        if to.is_empty() || matches!(kind, "SIP" | "QUEUE" | "EXTERNAL") {
            return to.to_owned();
        }
        let number = rights.get("extension");
        found.note(
            format!("{number}: переадресация на {to} не переносится."),
            format!("{number}: forwarding to {to} does not come over."),
        );
        String::new()
    };
    let (always, busy, no_answer) = (may("forwarding"), may("forwardingonbusy"), may("forwardingonunavailable"));
    match always {
        // Without answer within the time of ringing: that is what «forwarding» means there.
        to if !to.is_empty() => Forward::Conditional { busy, no_answer: to },
        _ if busy.is_empty() && no_answer.is_empty() => Forward::None,
        _ => Forward::Conditional { busy, no_answer },
    }
}

fn queues(tables: &Tables, found: &mut Found) {
    for row in tables.rows("m_CallQueues") {
        let mut new = Group::new(row.get("extension"), plain(row.get("name")));
        row.get("description").clone_into(&mut new.description);
        new.description = plain(&new.description);
        new.strategy = match row.get("strategy") {
            "linear" => Strategy::FirstToLast,
            "ringall" | "" => Strategy::RingAll,
            _ => Strategy::RoundRobin,
        };
        new.member_ring_seconds = row.number("seconds_to_ring_each_member", 1, 300, 20);
        new.wrap_up_seconds = row.number("seconds_for_wrapup", 0, 3600, 0);
        new.max_wait_seconds = row.number("timeout_to_redirect_to_extension", 1, 86_400, 60);
        new.announce_position = row.get("announce_position") == "1";
        let mut members: Vec<&Row> = tables
            .rows("m_CallQueueMembers")
            .iter()
            .filter(|member| member.get("queue") == row.get("uniqid"))
            .collect();
        members.sort_by_key(|member| member.number("priority", 0, u32::MAX, 0));
        new.members = members.iter().map(|member| member.get("extension").to_owned()).collect();
        let then = goal(tables, row.get("timeout_extension"));
        let music = tables.find("m_SoundFiles", "id", row.get("moh_sound_id"));
        let music = music.map_or_else(String::new, |sound| base_name(sound.get("path")).to_owned());
        rest::tell_queue(tables, row, found);
        found.groups.push(FoundGroup { group: new, then, greeting: String::new(), music });
    }
}

fn menus(tables: &Tables, found: &mut Found) {
    for row in tables.rows("m_IvrMenu") {
        let name = plain(row.get("name"));
        let sound = tables.find("m_SoundFiles", "id", row.get("audio_message_id"));
        let actions =
            tables.rows("m_IvrMenuActions").iter().filter(|action| action.get("ivr_menu_id") == row.get("uniqid"));
        let mut keys = Vec::new();
        for action in actions {
            let digits = action.get("digits");
            match (digits.chars().next(), digits.chars().count()) {
                (Some(key), 1) if key.is_ascii_digit() || "*#".contains(key) => {
                    keys.push((key, goal(tables, action.get("extension"))))
                }
                _ => found.note(
                    format!("Меню «{name}»: пункт «{digits}» не переносится, только одна цифра."),
                    format!("Menu {name}: the entry {digits} does not come over, only single digits do."),
                ),
            }
        }
        if row.get("allow_enter_any_internal_extension") == "1" {
            found.note(
                format!("Меню «{name}»: донабор внутреннего номера не переносится. Добавьте на схему элемент «Донабор номера»."),
                format!("Menu {name}: dialling an extension does not come over. Put «Dial extension» on the desk."),
            );
        }
        found.menus.push(FoundMenu {
            key: row.get("extension").to_owned(),
            name,
            sound: sound.map_or_else(String::new, |sound| base_name(sound.get("path")).to_owned()),
            timeout_seconds: row.number("timeout", 1, 300, 7),
            repeat: row.number("number_of_repeat", 1, 100, 3),
            keys,
            then: goal(tables, row.get("timeout_extension")),
        });
    }
}

/// What stands behind a number there.
fn goal(tables: &Tables, number: &str) -> Goal {
    if number.is_empty() {
        return Goal::Nowhere;
    }
    let to = || number.to_owned();
    match tables.find("m_Extensions", "number", number).map_or("", |row| row.get("type")) {
        "SIP" => Goal::Extension(to()),
        "QUEUE" => Goal::Group(to()),
        "IVR MENU" | "IVR" => Goal::Menu(to()),
        _ if matches!(number, "hangup" | "busy") => Goal::HangUp,
        _ if number == "voicemail" => Goal::Elsewhere("голосовая почта".to_owned(), "voicemail".to_owned()),
        _ if number == "did2user" => {
            Goal::Elsewhere("номер сотрудника по городскому".to_owned(), "the extension of a city number".to_owned())
        }
        "CONFERENCE" => Goal::Elsewhere(plain(&format!("комната {number}")), plain(&format!("room {number}"))),
        _ => Goal::Elsewhere(plain(number), plain(number)),
    }
}

fn incoming(tables: &Tables, zone: &str, found: &mut Found) {
    let mut rules: Vec<&Row> = tables.rows("m_IncomingRoutingTable").iter().collect();
    rules.sort_by_key(|rule| rule.number("priority", 0, LAST_PRIORITY, 0));
    let hours = hours::office_hours(tables, zone, found);
    let mut taken: Vec<(&str, &str)> = Vec::new();
    for rule in rules {
        let (provider, number) = (rule.get("provider"), rule.get("number"));
        let goal = match (rule.get("action"), rule.get("extension")) {
            ("hangup" | "busy" | "playback", _) => Goal::HangUp,
            (_, to) => goal(tables, to),
        };
        if goal == Goal::Nowhere {
            let name = rule.get("rulename");
            found.note(
                format!("Правило входящих «{name}» никуда не ведёт и не переносится."),
                format!("Incoming rule {name} leads nowhere and does not come over."),
            );
            continue;
        }
        let goal = message(tables, rule.get("audio_message_id"), goal, found);
        if taken.contains(&(provider, number)) {
            let name = rule.get("rulename");
            found.note(
                format!("Правило входящих «{name}» — второе для того же номера. Сколько ждать и куда дальше, задайте в группе."),
                format!("Incoming rule {name} is the second one of its number. Set in the group how long to wait and where to go then."),
            );
            continue;
        }
        taken.push((provider, number));
        let sip = tables.rows("m_Sip").iter().find(|sip| !provider.is_empty() && sip.get("uniqid") == provider);
        let trunk =
            sip.map_or("", |sip| if sip.get("description").is_empty() { provider } else { sip.get("description") });
        let goal = match &hours {
            Some(no)
                if rule.number("priority", 0, LAST_PRIORITY, 0) < LAST_PRIORITY
                    || rule.get("action") == "extension" =>
            {
                let key = format!("{OFFICE_HOURS} {}", found.checks.len());
                let schedule = no.0.clone();
                found.checks.push(Check { key: key.clone(), schedule, yes: goal, no: no.1.clone() });
                Goal::Check(key)
            }
            _ => goal,
        };
        found.incoming.push(Incoming { number: number.to_owned(), trunk: plain(trunk), goal });
    }
}
