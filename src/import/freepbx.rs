//! The tables of FreePBX: github.com/FreePBX, modules core, ringgroups, queues, ivr, timeconditions, recordings. They are named as in its
//! database, wherever they came from: JSON of version 15 and later, or a dump.

use super::{Check, Found, FoundMenu, Goal, Incoming, Row, Tables, base_name, device, extension, plain, server, trunk};
use crate::office::{Forward, Group, Schedule, Strategy, Trunk, WeekHours};
use crate::sip::Transport;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

pub(super) fn read(tables: &Tables) -> Found {
    let mut found = Found::default();
    trunks(tables, &mut found);
    extensions(tables, &mut found);
    ring_groups(tables, &mut found);
    queues(tables, &mut found);
    menus(tables, &mut found);
    checks(tables, &mut found);
    for row in tables.rows("incoming") {
        if !row.get("cidnum").is_empty() {
            found.note(
                format!("Входящие только от номера «{}»: по номеру звонящего не различаем.", row.get("cidnum")),
                format!("A route for calls from {} only: calls are not told apart by who calls.", row.get("cidnum")),
            );
            continue;
        }
        let goal = goal(row.get("destination"));
        found.incoming.push(Incoming { number: row.get("extension").to_owned(), trunk: String::new(), goal });
    }
    if !tables.rows("outbound_routes").is_empty() {
        found.note(
            "Правила исходящих не переносятся: звонок уходит через номер, выбранный у сотрудника. Всем разрешены звонки по стране.",
            "Outbound routes do not come over: a call leaves by the number chosen for the extension. Everybody may call within the country.",
        );
    }
    for (table, ru, en) in [
        ("announcement", "Объявления не переносятся.", "Announcements do not come over."),
        ("meetme", "Комнаты переговоров не переносятся.", "Conference rooms do not come over."),
        ("findmefollow", "Переадресация Follow Me не переносится.", "Follow Me does not come over."),
    ] {
        if !tables.rows(table).is_empty() {
            found.note(ru, en);
        }
    }
    found
}

/// A value of the tables that have a row a setting.
fn setting<'a>(tables: &'a Tables, table: &str, id: &str, keyword: &str) -> &'a str {
    let mut rows = tables.rows(table).iter();
    rows.find(|row| row.get("id") == id && row.get("keyword") == keyword).map_or("", |row| row.get("data"))
}

fn extensions(tables: &Tables, found: &mut Found) {
    let may_call_out = !tables.rows("trunks").is_empty();
    for user in tables.rows("users") {
        let number = user.get("extension");
        if number.is_empty() {
            continue;
        }
        let mut new = extension(number, user.get("name"), "", may_call_out);
        new.voicemail = !matches!(user.get("voicemail"), "" | "novm" | "disabled");
        let own = tables.rows("devices").iter().filter(|device| device.get("user") == number);
        for row in own {
            let (id, tech) = (row.get("id"), row.get("tech"));
            let ring = user.number("ringtimer", 0, 300, 20);
            match tech {
                "sip" | "pjsip" if new.devices.len() < 4 => {
                    let secret = setting(tables, "sip", id, "secret");
                    let ring = if ring == 0 { 20 } else { ring };
                    new.devices.push(device(id, secret, ring, Forward::None));
                }
                _ => found.note(
                    format!("{number}: телефон {id} ({tech}) не переносится."),
                    format!("{number}: the device {id} ({tech}) does not come over."),
                ),
            }
        }
        if new.devices.is_empty() {
            new.devices.push(device("", "", 20, Forward::None));
        }
        found.extensions.push(new);
    }
}

fn trunks(tables: &Tables, found: &mut Found) {
    for row in tables.rows("trunks") {
        let (id, name, tech) = (row.get("trunkid"), row.get("name"), row.get("tech"));
        let name = plain(if name.is_empty() { row.get("channelid") } else { name });
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
        let called = tables.rows("incoming").iter().map(|row| row.get("extension")).filter(|number| !number.is_empty());
        // Routes name no trunk; with one trunk they are all its own.
        let called: Vec<&str> = if tables.rows("trunks").len() == 1 { called.collect() } else { Vec::new() };
        let own = [caller_number(row.get("outcid")), new.login.clone()];
        new.numbers = called.into_iter().map(str::to_owned).chain(own).filter(|number| !number.is_empty()).collect();
        found.trunks.push(new);
    }
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
        new.members = row.get("grplist").split('-').filter(|member| !member.is_empty()).map(str::to_owned).collect();
        found.groups.push((new, goal(row.get("postdest"))));
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
        found.groups.push((new, goal(row.get("dest"))));
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
        let recording = tables.find("recordings", "id", row.get("announcement"));
        let sound = recording.map_or("", |recording| recording.get("filename").split('&').next().unwrap_or(""));
        let mut keys = Vec::new();
        for entry in tables.rows("ivr_entries").iter().filter(|entry| entry.get("ivr_id") == id) {
            let selection = entry.get("selection");
            match (selection.chars().next(), selection.chars().count()) {
                (Some(key), 1) if key.is_ascii_digit() || "*#".contains(key) => {
                    keys.push((key, goal(entry.get("dest"))))
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
            sound: base_name(sound).to_owned(),
            timeout_seconds: row.number("timeout_time", 1, 300, 10),
            repeat: row.number("timeout_loops", 0, 99, 1) + 1,
            keys,
            then: goal(row.get("timeout_destination")),
        });
    }
}

fn checks(tables: &Tables, found: &mut Found) {
    for row in tables.rows("timeconditions") {
        let name = plain(row.get("displayname"));
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
        let (yes, no) = (goal(row.get("truegoto")), goal(row.get("falsegoto")));
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
fn goal(text: &str) -> Goal {
    let mut parts = text.split(',').map(str::trim);
    let (context, number) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    match context {
        "" => Goal::Nowhere,
        "from-did-direct" => Goal::Extension(number.to_owned()),
        "ext-local" if number.bytes().all(|digit| digit.is_ascii_digit()) => Goal::Extension(number.to_owned()),
        "ext-group" | "ext-queues" => Goal::Group(number.to_owned()),
        "timeconditions" => Goal::Check(number.to_owned()),
        "app-blackhole" => Goal::HangUp,
        _ => match context.strip_prefix("ivr-") {
            Some(id) => Goal::Menu(id.to_owned()),
            None => Goal::Elsewhere(plain(text)),
        },
    }
}

/// Rows of the names that JSON has for tables, by those of the database.
pub(super) fn table_name(key: &str) -> &str {
    match key {
        "groups" => "ringgroups",
        "ivrs" => "ivr_details",
        "entries" => "ivr_entries",
        "Did" => "incoming",
        "Routing" => "outbound_routes",
        other => other,
    }
}

impl Tables {
    /// Takes what the JSON of a module of FreePBX holds: lists of objects are tables, wherever they stand.
    pub fn take_json(&mut self, json: &serde_json::Value) {
        self.take_value("", json, 0);
    }

    fn take_value(&mut self, key: &str, value: &serde_json::Value, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        match value {
            serde_json::Value::Array(items) => {
                for item in items {
                    self.take_row(key, item);
                    self.take_value(key, item, depth + 1);
                }
            }
            serde_json::Value::Object(columns) => {
                for (name, inner) in columns {
                    // Lists that PHP keyed by id: their rows stand in an object.
                    if name.bytes().all(|digit| digit.is_ascii_digit()) {
                        self.take_row(key, inner);
                    }
                    let inside = if name.bytes().all(|digit| digit.is_ascii_digit()) { key } else { name };
                    if !matches!(inner, serde_json::Value::String(_) | serde_json::Value::Number(_)) {
                        self.take_value(inside, inner, depth + 1);
                    }
                }
            }
            _ => {}
        }
    }

    fn take_row(&mut self, key: &str, value: &serde_json::Value) {
        let Some(columns) = value.as_object() else { return };
        let mut row = Row::default();
        for (column, value) in columns {
            match value {
                serde_json::Value::String(text) => row.put(column, text.as_str()),
                serde_json::Value::Number(number) => row.put(column, number.to_string()),
                serde_json::Value::Bool(on) => row.put(column, if *on { "1" } else { "0" }),
                _ => {}
            }
        }
        if row.0.len() > 1 {
            self.push(table_name(key), row);
        }
    }
}

/// Its JSON is not deeper than six.
const DEEPEST: usize = 12;
