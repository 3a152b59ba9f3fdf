//! The tables of FreePBX: github.com/FreePBX, modules core, ringgroups, queues, ivr, timeconditions, recordings, announcement, conferences,
//! findmefollow, callforward, voicemail, daynight, miscdests. They are named as in its database, wherever they came from: JSON of version
//! 15 and later, or a dump.

use super::dial::Pattern;
use super::found::{Check, Found, FoundGroup, FoundMenu, FoundMessage, Goal, Incoming, is_pin, server, trunk};
use super::{Row, Tables, base_name, plain};
use crate::office::{Conference, Group, Schedule, Strategy, Trunk, WeekHours};
use crate::sip::Transport;

mod json;
mod people;
mod rest;
mod routes;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The tables of a dump that are read.
pub const TABLES: [&str; 42] = [
    "users",
    "devices",
    "sip",
    "pjsip",
    "trunks",
    "trunk_dialpatterns",
    "incoming",
    "outbound_routes",
    "outbound_route_patterns",
    "outbound_route_trunks",
    "outbound_route_sequence",
    "pinsets",
    "pinset_usage",
    "ringgroups",
    "queues_config",
    "queues_details",
    "ivr_details",
    "ivr_entries",
    "timeconditions",
    "timegroups_details",
    "timegroups_groups",
    "recordings",
    "announcement",
    "meetme",
    "findmefollow",
    "daynight",
    "miscdests",
    "paging_config",
    "paging_groups",
    "parkplus",
    "miscapps",
    "disa",
    "callback",
    "directory_details",
    "directory_entries",
    "vmblast",
    "vmblast_groups",
    "setcid",
    "speeddials",
    "phonebook",
    "blacklist",
    "iax",
];

pub(super) fn read(tables: &Tables) -> Found {
    let mut found = Found::default();
    trunks(tables, &mut found);
    people::read(tables, &mut found);
    ring_groups(tables, &mut found);
    queues(tables, &mut found);
    menus(tables, &mut found);
    messages(tables, &mut found);
    rooms(tables, &mut found);
    checks(tables, &mut found);
    incoming(tables, &mut found);
    routes::read(tables, &mut found);
    rest::tell(tables, &mut found);
    found
}

fn incoming(tables: &Tables, found: &mut Found) {
    for row in tables.rows("incoming") {
        let (caller, number) = (row.get("cidnum"), row.get("extension"));
        if !caller.is_empty() {
            found.note(
                format!(
                    "Маршрут входящих «{number}» только для звонков от «{caller}»: по номеру звонящего не различаем."
                ),
                format!("Inbound route {number} for calls from {caller} only: calls are not told apart by who calls."),
            );
            continue;
        }
        let goal = goal(tables, row.get("destination"));
        found.incoming.push(Incoming { number: number.to_owned(), trunk: String::new(), goal });
    }
}

/// The file of a recording, without its folder. Of several that are played in turn the first is taken, which is told.
fn sound(tables: &Tables, id: &str, of: &str, found: &mut Found) -> String {
    if matches!(id, "" | "0") {
        return String::new();
    }
    let Some(recording) = tables.find("recordings", "id", id) else {
        found.note(
            format!("{of}: записи с номером {id} в копии нет."),
            format!("{of}: there is no recording {id} in the backup."),
        );
        return String::new();
    };
    let mut files = recording.get("filename").split('&').map(base_name);
    let first = files.next().unwrap_or("").to_owned();
    if files.next().is_some() {
        let name = recording.get("displayname");
        found.note(
            format!("{of}: запись «{name}» из нескольких файлов, взят первый."),
            format!("{of}: the recording {name} has several files, the first one is taken."),
        );
    }
    first
}

fn messages(tables: &Tables, found: &mut Found) {
    for row in tables.rows("announcement") {
        let name = plain(row.get("description"));
        for (column, ru, en) in [
            ("repeat_msg", "повтор по клавише не переносится", "the key that repeats it does not come over"),
            (
                "return_ivr",
                "возврат в меню не переносится, проведите связь сами",
                "going back to the menu does not come over, draw the link yourself",
            ),
        ] {
            if !matches!(row.get(column), "" | "0" | "disabled") {
                found.note(format!("Объявление «{name}»: {ru}."), format!("Announcement {name}: {en}."));
            }
        }
        let sound = sound(tables, row.get("recording_id"), &name, found);
        let (key, then) = (row.get("announcement_id").to_owned(), goal(tables, row.get("post_dest")));
        found.messages.push(FoundMessage { key, name, sound, then });
    }
}

fn rooms(tables: &Tables, found: &mut Found) {
    for row in tables.rows("meetme") {
        let (number, name, pin) = (row.get("exten"), plain(row.get("description")), row.get("userpin"));
        if number.is_empty() {
            continue;
        }
        room(found, number, name.clone(), pin);
        if !row.get("adminpin").is_empty() {
            found.note(
                format!("Комната {number} «{name}»: PIN ведущего не переносится, ведущих здесь нет."),
                format!("Room {number} {name}: the PIN of its leader does not come over, rooms have no leaders here."),
            );
        }
        if row.get("options").contains('r') {
            found.note(
                format!("Комната {number} «{name}»: запись совещаний не переносится."),
                format!("Room {number} {name}: recording it does not come over."),
            );
        }
    }
}

/// A room with its PIN, if that is one here.
pub(super) fn room(found: &mut Found, number: &str, name: String, pin: &str) {
    let fits = pin.is_empty() || is_pin(pin);
    if !fits {
        found.note(
            format!("Комната {number} «{name}»: PIN здесь из 4–10 цифр, старый не подошёл. Пока туда войдёт любой свой: задайте новый."),
            format!("Room {number} {name}: a PIN has 4 to 10 digits here, the old one does not fit. Anybody inside may enter until you set another."),
        );
    }
    let pin = if fits { pin.to_owned() } else { String::new() };
    found.rooms.push(Conference { number: number.to_owned(), name, pin });
}

/// A value of the tables that have a row a setting.
fn setting<'a>(tables: &'a Tables, table: &str, id: &str, keyword: &str) -> &'a str {
    let mut rows = tables.rows(table).iter();
    rows.find(|row| row.get("id") == id && row.get("keyword") == keyword).map_or("", |row| row.get("data"))
}

fn trunks(tables: &Tables, found: &mut Found) {
    for row in tables.rows("trunks") {
        let (id, name, tech) = (row.get("trunkid"), trunk_name(row), row.get("tech"));
        if matches!(row.get("disabled"), "on" | "1") {
            found.note(
                format!("Подключение «{name}» выключено и не переносится."),
                format!("Trunk {name} is disabled and does not come over."),
            );
            continue;
        }
        let mut new = match tech {
            "pjsip" => pjsip(tables, id, name),
            "sip" => chan_sip(tables, id, row.get("channelid"), name),
            _ => {
                let ru = format!("Подключение «{name}» ({tech}) не переносится: только SIP.");
                found.note(ru, format!("Trunk {name} ({tech}) does not come over: only SIP."));
                continue;
            }
        };
        new.max_calls = row.number("maxchans", 0, 10_000, 0);
        let own = [caller_number(row.get("outcid")), new.login.clone()];
        new.numbers = own.into_iter().filter(|number| !number.is_empty()).collect();
        let of_trunk = |pattern: &&Row| pattern.get("trunkid") == id;
        for pattern in tables.rows("trunk_dialpatterns").iter().filter(of_trunk) {
            found.rewrites.push((new.name.clone(), routes::pattern(pattern)));
        }
        let prefix = row.get("dialoutprefix").to_owned();
        if !prefix.is_empty() {
            let pass = "!".to_owned();
            let pattern = Pattern::Asterisk { from: String::new(), prefix: String::new(), pass, prepend: prefix };
            found.rewrites.push((new.name.clone(), pattern));
        }
        found.trunks.push(new);
    }
    called_numbers(tables, found);
}

/// Routes name no trunk: numbers that are no trunk's go to the first one, before what else may be its number.
fn called_numbers(tables: &Tables, found: &mut Found) {
    let called = tables.rows("incoming").iter().map(|row| row.get("extension"));
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let known =
        |number: &str| found.trunks.iter().flat_map(|one| &one.numbers).any(|one| digits(one) == digits(number));
    let lost: Vec<String> =
        called.filter(|number| !digits(number).is_empty() && !known(number)).map(str::to_owned).collect();
    let several = found.trunks.len() > 1;
    let Some(first) = found.trunks.first_mut().filter(|_| !lost.is_empty()) else { return };
    let name = first.name.clone();
    first.numbers.splice(0..0, lost.iter().cloned());
    if several {
        let list = lost.join(", ");
        found.note(
            format!(
                "Входящие на {list}: копия не говорит, через какое это подключение. Записали за «{name}», проверьте."
            ),
            format!(
                "Calls to {list}: the backup does not say by which trunk they come. They are put to {name}, look at it."
            ),
        );
    }
}

/// The name that people know a trunk by.
fn trunk_name(row: &Row) -> String {
    plain(if row.get("name").is_empty() { row.get("channelid") } else { row.get("name") })
}

fn pjsip(tables: &Tables, id: &str, name: String) -> Trunk {
    let value = |keyword| setting(tables, "pjsip", id, keyword);
    let server = server(value("sip_server"), value("sip_server_port"));
    let mut new = trunk(name, server, value("username"), value("secret"));
    new.register = matches!(value("registration"), "" | "send") && !new.login.is_empty();
    new.transport = value("transport").rsplit('-').next().and_then(transport).unwrap_or(Transport::Udp);
    value("from_domain").clone_into(&mut new.from_domain);
    let auth = value("auth_username");
    if auth != new.login {
        auth.clone_into(&mut new.auth_login);
    }
    new
}

fn transport(word: &str) -> Option<Transport> {
    match word {
        "udp" => Some(Transport::Udp),
        "tcp" => Some(Transport::Tcp),
        "tls" => Some(Transport::Tls),
        _ => None,
    }
}

fn chan_sip(tables: &Tables, id: &str, channel: &str, name: String) -> Trunk {
    let (peer, reg) = (format!("tr-peer-{id}"), format!("tr-reg-{id}"));
    let of_peer = |keyword| setting(tables, "sip", &peer, keyword);
    let first =
        |keywords: [&'static str; 3]| keywords.map(of_peer).into_iter().find(|text| !text.is_empty()).unwrap_or("");
    let login = first(["defaultuser", "username", "fromuser"]);
    let mut new =
        trunk(name, server(of_peer("host"), of_peer("port")), login, first(["secret", "remotesecret", "md5secret"]));
    // user:secret@host
    let register = setting(tables, "sip", &reg, "register");
    new.register = !register.is_empty();
    if let Some((user, _)) = register.split_once('@').filter(|_| new.login.is_empty()) {
        let (login, password) = user.split_once(':').unwrap_or((user, ""));
        login.clone_into(&mut new.login);
        password.clone_into(&mut new.password);
    }
    if new.login.is_empty() {
        new.register = false;
        channel.clone_into(&mut new.comment);
    }
    of_peer("fromdomain").clone_into(&mut new.from_domain);
    new
}

/// `"Name" <74951234567>` or the number alone.
fn caller_number(text: &str) -> String {
    let inside = text.split_once('<').map_or(text, |(_, rest)| rest.trim_end_matches('>'));
    inside.chars().filter(|letter| letter.is_ascii_digit() || *letter == '+').collect()
}

fn ring_groups(tables: &Tables, found: &mut Found) {
    for row in tables.rows("ringgroups") {
        let mut new = Group::new(row.get("grpnum"), plain(row.get("description")));
        new.strategy = match row.get("strategy").trim_end_matches("-prim") {
            "hunt" | "memoryhunt" | "firstavailable" | "firstnotonphone" => Strategy::FirstToLast,
            "random" | "rrmemory" => Strategy::RoundRobin,
            _ => Strategy::RingAll,
        };
        new.max_wait_seconds = row.number("grptime", 1, 300, 20);
        if new.strategy != Strategy::RingAll {
            new.member_ring_seconds = new.max_wait_seconds;
            new.max_wait_seconds = 60;
        }
        let list = row.get("grplist").split('-').map(|member| (member.trim_end_matches('#'), member.ends_with('#')));
        let outside_too = |member: &str| tables.find("users", "extension", member).is_none();
        let (outside, own): (Vec<_>, Vec<_>) = list
            .filter(|(member, _)| !member.is_empty())
            .partition(|(member, outside)| *outside && outside_too(member));
        if !outside.is_empty() {
            let (number, name) = (new.number.clone(), new.name.clone());
            let list = outside.iter().map(|(member, _)| *member).collect::<Vec<_>>().join(", ");
            found.note(
                format!("Группа {number} «{name}»: городские номера {list} не переносятся, здесь в группе только внутренние. Добавьте их сотрудникам как мобильные."),
                format!("Group {number} {name}: outside numbers {list} do not come over, groups here ring extensions only. Add them to extensions as mobiles."),
            );
        }
        new.members = own.into_iter().map(|(member, _)| member.to_owned()).collect();
        let greeting = sound(tables, row.get("annmsg_id"), &format!("{} {}", new.number, new.name), found);
        let then = goal(tables, row.get("postdest"));
        found.groups.push(FoundGroup { group: new, then, greeting, music: String::new() });
    }
}

fn queues(tables: &Tables, found: &mut Found) {
    for row in tables.rows("queues_config") {
        let number = row.get("extension");
        let mut new = Group::new(number, plain(row.get("descr")));
        let value = |keyword| setting(tables, "queues_details", number, keyword);
        new.strategy = match value("strategy") {
            "linear" => Strategy::FirstToLast,
            "ringall" | "" => Strategy::RingAll,
            _ => Strategy::RoundRobin,
        };
        let whole = |text: &str, least: u32, most: u32, usual: u32| {
            text.parse().map_or(usual, |one: u32| one.clamp(least, most))
        };
        new.member_ring_seconds = whole(value("timeout"), 1, 300, 20);
        new.wrap_up_seconds = whole(value("wrapuptime"), 0, 3600, 0);
        new.max_queue = whole(value("maxlen"), 0, 1000, 10);
        new.max_wait_seconds = match row.number("maxwait", 0, 86_400, 0) {
            0 => 3600, // there: for ever
            seconds => seconds,
        };
        let members = tables.rows("queues_details").iter();
        let members = members.filter(|row| row.get("id") == number && row.get("keyword") == "member");
        new.members = members.filter_map(|row| member(row.get("data"))).collect();
        let greeting = sound(tables, row.get("joinannounce_id"), &format!("{} {}", new.number, new.name), found);
        let then = goal(tables, row.get("dest"));
        found.groups.push(FoundGroup { group: new, then, greeting, music: String::new() });
    }
}

/// `Local/201@from-queue/n,0`
fn member(data: &str) -> Option<String> {
    let (_, rest) = data.split_once('/')?;
    let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
    (!number.is_empty()).then_some(number)
}

fn menus(tables: &Tables, found: &mut Found) {
    for row in tables.rows("ivr_details") {
        let (id, name) = (row.get("id"), plain(row.get("name")));
        let sound = sound(tables, row.get("announcement"), &name, found);
        let mut keys = Vec::new();
        for entry in tables.rows("ivr_entries").iter().filter(|entry| entry.get("ivr_id") == id) {
            let selection = entry.get("selection");
            match (selection.chars().next(), selection.chars().count()) {
                (Some(key), 1) if key.is_ascii_digit() || "*#".contains(key) => {
                    keys.push((key, goal(tables, entry.get("dest"))))
                }
                _ if matches!(selection, "t" | "i") => {}
                _ => found.note(
                    format!("Меню «{name}»: пункт «{selection}» не переносится, только одна цифра."),
                    format!("Menu {name}: the entry {selection} does not come over, only single digits do."),
                ),
            }
        }
        if !matches!(row.get("directdial"), "" | "0" | "Disabled") {
            found.note(
                format!("Меню «{name}»: донабор внутреннего номера не переносится. Добавьте на схему элемент «Донабор номера»."),
                format!("Menu {name}: dialling an extension does not come over. Put «Dial extension» on the desk."),
            );
        }
        found.menus.push(FoundMenu {
            key: id.to_owned(),
            name,
            sound,
            timeout_seconds: row.number("timeout_time", 1, 300, 10),
            repeat: row.number("timeout_loops", 0, 99, 1) + 1,
            keys,
            then: goal(tables, row.get("timeout_destination")),
        });
    }
}

fn checks(tables: &Tables, found: &mut Found) {
    for row in tables.rows("timeconditions") {
        let mut name = plain(row.get("displayname"));
        if name.is_empty() {
            name = format!("Расписание {}", plain(row.get("timeconditions_id")));
        }
        if row.get("mode").starts_with("calendar") {
            found.note(
                format!("Расписание «{name}» по календарю: его события не переносятся, часы задайте сами."),
                format!("Schedule {name} follows a calendar: its events do not come over, set the hours yourself."),
            );
        }
        let mut schedule = Schedule { name: name.clone(), ..Schedule::default() };
        let details = tables.rows("timegroups_details").iter();
        for detail in details.filter(|detail| detail.get("timegroupid") == row.get("time")) {
            match week_hours(detail.get("time")) {
                Some(hours) => schedule.hours.push(hours),
                None => found.note(
                    format!("Расписание «{name}»: «{}» не переносится, только дни недели и часы.", detail.get("time")),
                    format!("Schedule {name}: {} does not come over, only weekdays and hours do.", detail.get("time")),
                ),
            }
        }
        let (yes, no) = (goal(tables, row.get("truegoto")), goal(tables, row.get("falsegoto")));
        found.checks.push(Check { key: row.get("timeconditions_id").to_owned(), schedule, yes, no });
    }
}

/// `09:00-18:00|mon-fri|*|*`: times, days of the week, days of the month, months.
fn week_hours(text: &str) -> Option<WeekHours> {
    let mut parts = text.split('|').map(str::trim);
    let (times, days) = (parts.next()?, parts.next()?);
    if !parts.all(|part| matches!(part, "*" | "")) {
        return None;
    }
    let minute = |text: &str| {
        let (hours, minutes) = text.split_once(':')?;
        let (hours, minutes) = (hours.parse::<u16>().ok()?, minutes.parse::<u16>().ok()?);
        (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
    };
    let (from, to) = match times {
        "*" | "" => (0, 24 * 60),
        times => {
            let (from, to) = times.split_once('-').unwrap_or((times, times));
            let to = minute(to)?;
            (minute(from)?, if to == 24 * 60 - 1 { 24 * 60 } else { to })
        }
    };
    let mut on = [false; 7];
    if matches!(days, "*" | "") {
        on = [true; 7];
    } else {
        let day = |word: &str| DAYS.iter().position(|day| *day == word);
        let (first, last) = days.split_once('-').unwrap_or((days, days));
        let (first, last) = (day(first)?, day(last)?);
        for nth in 0..=(last + 7 - first) % 7 {
            *on.get_mut((first + nth) % 7)? = true;
        }
    }
    Some(WeekHours { days: on, from, to })
}

/// A destination of its dial plan: `context,extension,priority`.
fn goal(tables: &Tables, text: &str) -> Goal {
    let mut parts = text.split(',').map(str::trim);
    let (context, number) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    let row = |table, column| tables.find(table, column, number);
    match context {
        "" => Goal::Nowhere,
        "from-did-direct" => Goal::Extension(number.to_owned()),
        "ext-local" if number.bytes().all(|digit| digit.is_ascii_digit()) => Goal::Extension(number.to_owned()),
        "ext-findmefollow" => Goal::Extension(number.trim_start_matches("FM").to_owned()),
        "ext-group" | "ext-queues" => Goal::Group(number.to_owned()),
        "timeconditions" => Goal::Check(number.to_owned()),
        "app-blackhole" => Goal::HangUp,
        // By day; the switch itself is told elsewhere. It never leads to itself: that is one step.
        "app-daynight" => {
            let mut modes = tables.rows("daynight").iter().filter(|row| row.get("ext") == number);
            let day = modes.find(|row| row.get("dmode") == "day").map_or("", |row| row.get("dest"));
            if day.starts_with("app-daynight") { elsewhere(text) } else { goal(tables, day) }
        }
        "ext-miscdests" => match row("miscdests", "id") {
            Some(misc) if tables.find("users", "extension", misc.get("destdial")).is_some() => {
                Goal::Extension(misc.get("destdial").to_owned())
            }
            Some(misc) => elsewhere(&format!("{} ({})", misc.get("description"), misc.get("destdial"))),
            None => elsewhere(text),
        },
        "ext-meetme" => {
            let name = row("meetme", "exten").map_or("", |room| room.get("description"));
            Goal::Elsewhere(plain(&format!("комната {number} {name}")), plain(&format!("room {number} {name}")))
        }
        "ext-local" if number.starts_with("vm") => {
            let box_of: String = number.chars().filter(char::is_ascii_digit).collect();
            Goal::Elsewhere(
                format!("голосовая почта {box_of} ({number})"),
                format!("the mailbox of {box_of} ({number})"),
            )
        }
        _ => match (context.strip_prefix("ivr-"), context.strip_prefix("app-announcement-")) {
            (Some(id), _) => Goal::Menu(id.to_owned()),
            (_, Some(id)) => Goal::Message(id.to_owned()),
            _ => elsewhere(text),
        },
    }
}

fn elsewhere(text: &str) -> Goal {
    Goal::Elsewhere(plain(text), plain(text))
}
