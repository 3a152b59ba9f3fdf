//! The database of MikoPBX: github.com/mikopbx/Core, src/Common/Models. Its extensions, queues and menus share one table of numbers.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Check, Found, FoundMenu, Goal, Incoming, Row, Tables, base_name, device, extension, plain, server, trunk};
use crate::office::{Device, Forward, Group, MobileDevice, Schedule, Strategy, WeekHours, Word};
use crate::sip::Transport;

/// The rule for calls that no other one takes has this priority.
const LAST_PRIORITY: u32 = 9999;
const DAY: usize = 24 * 60;
/// The key of the only timetable.
const OFFICE_HOURS: &str = "work";

pub(super) fn read(tables: &Tables, zone: &str) -> Found {
    let mut found = Found::default();
    trunks(tables, &mut found);
    extensions(tables, &mut found);
    queues(tables, &mut found);
    menus(tables, &mut found);
    incoming(tables, zone, &mut found);
    for row in tables.rows("m_Extensions") {
        let number = row.get("number");
        let (ru, en) = match row.get("type") {
            "CONFERENCE" => ("комната переговоров", "conference room"),
            "DIALPLAN APPLICATION" if !is_system(row) => ("приложение", "application"),
            "MODULES" => ("номер модуля", "number of a module"),
            _ => continue,
        };
        found.note(format!("{number}: {ru} не переносится."), format!("{number}: a {en} does not come over."));
    }
    if !tables.rows("m_OutgoingRoutingTable").is_empty() {
        found.note(
            "Правила исходящих не переносятся: звонок уходит через номер, выбранный у сотрудника. Всем разрешены звонки по стране.",
            "Rules for outgoing calls do not come over: a call leaves by the number chosen for the extension. Everybody may call within the country.",
        );
    }
    found
}

/// Applications that MikoPBX brings itself.
fn is_system(row: &Row) -> bool {
    row.get("number").starts_with("000") || row.get("callerid").is_empty()
}

fn trunks(tables: &Tables, found: &mut Found) {
    for row in tables.rows("m_Sip").iter().filter(|row| row.get("type") == "friend") {
        let name = plain(if row.get("description").is_empty() { row.get("uniqid") } else { row.get("description") });
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
    if !tables.rows("m_Iax").is_empty() {
        found.note("Подключения IAX не переносятся.", "IAX trunks do not come over.");
    }
}

/// What may be a number of the trunk: called numbers of its rules, then its login.
fn numbers_of(tables: &Tables, provider: &str, login: &str) -> Vec<String> {
    let rules = tables.rows("m_IncomingRoutingTable").iter().filter(|rule| rule.get("provider") == provider);
    let called = rules.map(|rule| rule.get("number")).filter(|number| !number.is_empty());
    called.chain([login]).map(str::to_owned).collect()
}

fn extensions(tables: &Tables, found: &mut Found) {
    let may_call_out = !tables.rows("m_OutgoingRoutingTable").is_empty();
    for row in tables.rows("m_Extensions").iter().filter(|row| row.get("type") == "SIP") {
        let number = row.get("number");
        let Some(sip) =
            tables.rows("m_Sip").iter().find(|sip| sip.get("extension") == number && sip.get("type") != "friend")
        else {
            continue;
        };
        let user = tables.find("m_Users", "id", row.get("userid"));
        let name = user.map_or("", |user| user.get("username"));
        let name = if name.is_empty() { row.get("callerid") } else { name };
        let mut new = extension(number, name, user.map_or("", |user| user.get("email")), may_call_out);
        new.record = false;
        let rights = tables.find("m_ExtensionForwardingRights", "extension", number);
        let forward = rights.map_or(Forward::None, |rights| forward(tables, rights));
        let ring = rights.map_or(20, |rights| rights.number("ringlength", 1, 300, 20)).max(5);
        new.devices.push(device(number, sip.get("secret"), ring, forward));
        let mobile = mobile_of(tables, row.get("userid"));
        if let Some(mobile) = mobile.filter(|_| !row.get("userid").is_empty()) {
            new.devices.push(Device::Mobile(MobileDevice {
                number: mobile.to_owned(),
                ring_seconds: 20,
                confirm: true,
            }));
        }
        found.extensions.push(new);
    }
}

/// The mobile telephone of a person: an extension of his of type EXTERNAL.
fn mobile_of<'a>(tables: &'a Tables, user: &str) -> Option<&'a str> {
    let mut externals = tables.rows("m_Extensions").iter().filter(|row| row.get("type") == "EXTERNAL");
    externals.find(|row| row.get("userid") == user).map(|row| row.get("number")).filter(|number| !number.is_empty())
}

fn forward(tables: &Tables, rights: &Row) -> Forward {
    // Those to menus and rooms have no counterpart: only people and queues can be forwarded to.
    let may = |column: &str| {
        let to = rights.get(column);
        let kind = tables.find("m_Extensions", "number", to).map_or("EXTERNAL", |row| row.get("type"));
        if matches!(kind, "SIP" | "QUEUE" | "EXTERNAL") { to.to_owned() } else { String::new() }
    };
    let (busy, no_answer) = (may("forwardingonbusy"), may("forwardingonunavailable"));
    match may("forwarding") {
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
        found.groups.push((new, then));
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
                (Some(key), 1) => keys.push((key, goal(tables, action.get("extension")))),
                _ => found.note(
                    format!("Меню «{name}»: пункт «{digits}» из нескольких цифр не переносится."),
                    format!("Menu {name}: the entry {digits} of several digits does not come over."),
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
        _ if number == "hangup" => Goal::HangUp,
        _ => Goal::Elsewhere(to()),
    }
}

fn incoming(tables: &Tables, zone: &str, found: &mut Found) {
    let mut rules: Vec<&Row> = tables.rows("m_IncomingRoutingTable").iter().collect();
    rules.sort_by_key(|rule| rule.number("priority", 0, LAST_PRIORITY, 0));
    let hours = office_hours(tables, zone, found);
    let mut taken: Vec<(&str, &str)> = Vec::new();
    for rule in rules {
        let (provider, number) = (rule.get("provider"), rule.get("number"));
        let goal = match rule.get("action") {
            "hangup" | "busy" => Goal::HangUp,
            _ => goal(tables, rule.get("extension")),
        };
        if goal == Goal::Nowhere {
            continue;
        }
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

/// The hours in which the office works, of those in which it does not, and where calls go then.
fn office_hours(tables: &Tables, zone: &str, found: &mut Found) -> Option<(Schedule, Goal)> {
    let rows = tables.rows("m_OutWorkTimes");
    let first = rows.first()?;
    let mut closed = [[false; DAY]; 7];
    let mut schedule = Schedule { name: "Рабочее время MikoPBX".to_owned(), ..Schedule::default() };
    for row in rows {
        match (date(row.get("date_from"), zone), date(row.get("date_to"), zone)) {
            (Some(from), Some(to)) if from <= to => schedule.closed.push((from, to)),
            (Some(day), None) => schedule.closed.push((day, day)),
            (None, None) => close(&mut closed, row),
            _ => {}
        }
        if row.get("allowRestriction") == "1" {
            found.note(
                format!(
                    "Нерабочее время «{}» касалось не всех правил, здесь — всех. Проверьте схему.",
                    row.get("description")
                ),
                format!(
                    "The off-hours {} were of some rules only, here they are of all. Look at the desk.",
                    row.get("description")
                ),
            );
        }
    }
    if rows.iter().any(|row| row.get("action") == "playmessage" && !row.get("audio_message_id").is_empty()) {
        found.note(
            "Сообщение в нерабочее время не переносится. Добавьте его на схему.",
            "The message of the off-hours does not come over. Put it on the desk.",
        );
    }
    if rows.iter().any(|row| row.get("extension") != first.get("extension")) {
        found.note(
            "У нерабочего времени разные назначения; взято первое.",
            "The off-hours lead to different places; the first one is taken.",
        );
    }
    schedule.hours = open_hours(&closed);
    let no = if first.get("action") == "extension" { goal(tables, first.get("extension")) } else { Goal::HangUp };
    Some((schedule, no))
}

fn date(seconds: &str, zone: &str) -> Option<jiff::civil::Date> {
    let at = Timestamp::from_second(seconds.parse().ok()?).ok()?;
    Some(at.to_zoned(TimeZone::get(zone).unwrap_or(TimeZone::UTC)).date())
}

/// Marks what a rule closes: days from 1, Monday; without days every day, without times all day.
fn close(closed: &mut [[bool; DAY]; 7], row: &Row) {
    let day = |column: &str| row.get(column).parse::<usize>().ok().filter(|day| (1..=7).contains(day));
    let minute = |column: &str| {
        let (hours, minutes) = row.get(column).split_once(':')?;
        Some((hours.parse::<usize>().ok()? * 60 + minutes.get(..2)?.parse::<usize>().ok()?).min(DAY))
    };
    let first = day("weekday_from").unwrap_or(1);
    let last = day("weekday_to").unwrap_or(if day("weekday_from").is_some() { first } else { 7 });
    let (from, to) = (minute("time_from").unwrap_or(0), minute("time_to").unwrap_or(DAY));
    // 23:59 is how people write midnight.
    let to = if to == DAY - 1 { DAY } else { to };
    for nth in 0..=(last + 7 - first) % 7 {
        let day = (first - 1 + nth) % 7;
        for minute in 0..DAY {
            let inside = if from < to { (from..to).contains(&minute) } else { minute >= from || minute < to };
            if let Some(mark) = closed.get_mut(day).and_then(|day| day.get_mut(minute)).filter(|_| inside) {
                *mark = true;
            }
        }
    }
}

fn open_hours(closed: &[[bool; DAY]; 7]) -> Vec<WeekHours> {
    let mut hours: Vec<WeekHours> = Vec::new();
    for (day, minutes) in closed.iter().enumerate() {
        let mut from = None;
        for minute in 0..=DAY {
            let open = minutes.get(minute).is_some_and(|closed| !closed);
            match (from, open) {
                (None, true) => from = Some(minute),
                (Some(begun), false) => {
                    add(&mut hours, day, begun, minute);
                    from = None;
                }
                _ => {}
            }
        }
    }
    hours
}

fn add(hours: &mut Vec<WeekHours>, day: usize, from: usize, to: usize) {
    let (Ok(from), Ok(to)) = (u16::try_from(from), u16::try_from(to)) else { return };
    let same = hours.iter().position(|one| one.from == from && one.to == to);
    let at = same.unwrap_or_else(|| {
        hours.push(WeekHours { days: [false; 7], from, to });
        hours.len() - 1
    });
    if let Some(on) = hours.get_mut(at).and_then(|one| one.days.get_mut(day)) {
        *on = true;
    }
}
