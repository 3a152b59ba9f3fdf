//! `phones`: the telephones of the office and those that were seen, in one list. A telephone is the office file's table as JSON, with its
//! lines, which the devices say that name its MAC, and with what is known of it beside the settings.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::super::reply::{Problem, Reply, problems};
use super::super::second_factor;
use super::super::words::{Said, Words};
use super::change::{Before, Place, change_to, etag, read_back};
use super::tables::{self, Table};
use super::{Visit, paging, rfc3339};
use crate::io::board::PhoneView;
use crate::io::clock;
use crate::io::phones::print;
use crate::office::file;
use crate::office::{Device, Kind, Office, Phone, SipDevice};
use crate::provision::ledger::{Fetch, How, Seen};
use crate::provision::{Mac, vendor};

mod lines;

/// What is known beside the settings: it may come back as it was read.
const READ: [&str; 8] =
    ["has_admin_password", "template_used", "known_as", "bound", "state", "window_until", "seen", "given"];

/// A telephone of nobody's vendor is one that scans a code.
const SOFTPHONE: &str = "linphone";

pub(super) fn list(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&["limit", "cursor"])?;
    let live = visit.house.board.registrations();
    let mut items = Vec::new();
    for phone in &visit.office.phones {
        items.push(Value::Object(shown(visit, &visit.office, phone, &live)?));
    }
    let phones = visit.house.exchange.phones();
    let strangers: Vec<(Mac, Seen)> = phones.with(|ledger| {
        let all = ledger.all_seen().filter(|(mac, _)| visit.office.phone(&mac.to_string()).is_none());
        all.map(|(mac, seen)| (mac, seen.clone())).collect()
    });
    items.extend(strangers.into_iter().map(|(mac, seen)| Value::Object(stranger(visit, mac, &seen))));
    paging::page(&visit.ask.query, items.into_iter())
}

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let mac = asked(visit)?;
    let Some(phone) = visit.office.phone(&mac.to_string()) else {
        let seen = visit.house.exchange.phones().with(|ledger| ledger.seen(mac).cloned());
        return Ok(Reply::json(&Value::Object(stranger(visit, mac, &seen.ok_or_else(problems::not_found)?))));
    };
    answer(visit, &visit.office, phone)
}

/// POST: binds a telephone to lines, and lets it fetch its files.
pub(super) fn post(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let mut table = given(visit)?;
    let lines = lines::given(&mut table)?.unwrap_or_default();
    if lines.is_empty() {
        let words =
            Words::new("Выберите номер, который будет на этом телефоне.", "Choose the number of this telephone.");
        return Err(problems::invalid().at("/lines", words));
    }
    fill_in(visit, &mut table)?;
    let mac = mac_of(&table)?;
    let key = mac.to_string();
    let office = change_to(visit, &format!("phone {key} added"), Before::Nothing, |present| {
        if present.phone(&key).is_some() {
            let words = Words::new("Этот телефон уже подключён.", "This telephone is connected already.");
            return Err(problems::invalid().at("/mac", words));
        }
        let mut base = present.clone();
        lines::put(visit, &mut base, &key, &lines)?;
        let mut tables = tables::of(&base, "phone", true)?;
        tables.push(table.clone());
        read(tables, &base, present, present.phones.len())
    })?;
    visit.house.exchange.phones().accept(mac);
    let phone = office.phone(&key).ok_or_else(problems::not_found)?;
    let reply = answer(visit, &office, phone)?;
    Ok(Reply { status: 201, ..reply }.with("location", format!("{}phones/{key}", super::ROOT)))
}

pub(super) fn put(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let key = asked(visit)?.to_string();
    let mut table = given(visit)?;
    let lines = lines::given(&mut table)?;
    table.entry("mac").or_insert_with(|| Value::String(key.clone()));
    let new_key = mac_of(&table)?.to_string();
    let before = |office: &Office| seen_by_all(office, &key).map(Value::Object);
    let office = change_to(visit, &format!("phone {key} changed"), Before::Seen(&before), |present| {
        let at = present.place(Kind::Phone, &key).ok_or_else(problems::not_found)?;
        let mut base = present.clone();
        if new_key != key {
            base.rename(Kind::Phone, &key, &new_key);
        }
        if let Some(lines) = &lines {
            lines::put(visit, &mut base, &new_key, lines)?;
        }
        if let (Some(phone), false) = (present.phones.get(at), table.contains_key("admin_password")) {
            table.insert("admin_password".to_owned(), Value::String(phone.admin_password.clone()));
        }
        let mut tables = tables::of(&base, "phone", true)?;
        *tables.get_mut(at).ok_or_else(problems::not_found)? = table.clone();
        read(tables, &base, present, at)
    })?;
    answer(visit, &office, office.phone(&new_key).ok_or_else(problems::not_found)?)
}

pub(super) fn delete(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let mac = asked(visit)?;
    let key = mac.to_string();
    let before = |office: &Office| seen_by_all(office, &key).map(Value::Object);
    change_to(visit, &format!("phone {key} removed"), Before::MaybeSeen(&before), |present| {
        present.place(Kind::Phone, &key).ok_or_else(problems::not_found)?;
        let mut office = present.clone();
        office.remove(Kind::Phone, &key);
        read_back(&file::write(&office, true), present, present, &Place::default())
    })?;
    visit.house.exchange.phones().with(|ledger| ledger.forget(mac));
    Ok(Reply::empty())
}

/// POST accept: the files may be had once more.
pub(super) fn accept(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let mac = asked(visit)?;
    let phone = visit.office.phone(&mac.to_string()).ok_or_else(problems::not_found)?;
    visit.house.exchange.phones().accept(mac);
    answer(visit, &visit.office, phone)
}

/// POST replace: another telephone takes the place of one that is broken.
pub(super) fn replace(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let old = asked(visit)?;
    let mut body: Table = visit.ask.json()?;
    let by = body.remove("by");
    if let Some(unknown) = body.keys().next() {
        let words = Words::new("Такого поля нет.", "There is no such field.");
        return Err(problems::invalid().at(format!("/{}", tables::escaped(unknown)), words));
    }
    let by = by.as_ref().and_then(Value::as_str).and_then(Mac::read).ok_or_else(|| no_mac("/by"))?;
    let (key, new_key) = (old.to_string(), by.to_string());
    let phones = visit.house.exchange.phones();
    let identity = phones.with(|ledger| ledger.seen(by).map(|seen| seen.identity.clone()));
    let identity = identity.unwrap_or_else(|| vendor::of_mac(by));
    let office = change_to(visit, &format!("phone {key} replaced by {new_key}"), Before::Nothing, |present| {
        let at = present.place(Kind::Phone, &key).ok_or_else(problems::not_found)?;
        if present.phone(&new_key).is_some() {
            let words = Words::new("Этот телефон уже подключён.", "This telephone is connected already.");
            return Err(problems::invalid().at("/by", words));
        }
        let mut office = present.clone();
        office.rename(Kind::Phone, &key, &new_key);
        if let Some(phone) = office.phones.get_mut(at) {
            if phone.vendor != identity.vendor {
                // what was made for another vendor's telephones is nothing for this one
                (phone.template, phone.firmware) = (String::new(), String::new());
            }
            (phone.vendor, phone.model) = (identity.vendor.clone(), identity.model.clone());
        }
        read_back(&file::write(&office, true), present, present, &Place::default())
    })?;
    phones.with(|ledger| ledger.forget(old));
    phones.accept(by);
    answer(visit, &office, office.phone(&new_key).ok_or_else(problems::not_found)?)
}

/// POST sync: the telephone is told to fetch its files, now.
pub(super) fn sync(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&["restart"])?;
    let restart = visit.ask.query.word("restart", &["true", "false"])?.is_some_and(|word| word == "true");
    let mac = asked(visit)?.to_string();
    let phone = visit.office.phone(&mac).ok_or_else(problems::not_found)?;
    let templates = visit.house.exchange.phones().templates(&visit.office);
    let head = &templates.of_phone(phone).head;
    let event = if restart { &head.restart } else { &head.sync };
    let live = visit.house.board.registrations();
    let is_here = |login: &&str| live.get(*login).is_some_and(|phone| !phone.contacts.is_empty());
    let mut logins = visit.office.lines_of(&mac).map(|(_, device)| device.login.as_str());
    match logins.find(is_here).filter(|_| !event.is_empty()) {
        Some(login) => visit.house.exchange.notify(login, event),
        None => {
            let words = Words::new(
                "Телефон сейчас не на связи, и сказать ему нечем. Включите его, он спросит сам.",
                "The telephone is not registered, so nothing can tell it. Switch it on and it will ask.",
            );
            return Err(problems::conflict().saying(words.into()));
        }
    }
    Ok(Reply::empty())
}

/// GET preview: a file as the telephone would get it, without secrets. Without `file`: the first one.
pub(super) fn preview(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&["file"])?;
    let mac = asked(visit)?;
    let phone = visit.office.phone(&mac.to_string()).ok_or_else(problems::not_found)?;
    let phones = visit.house.exchange.phones();
    let templates = phones.templates(&visit.office);
    let names: Vec<String> = templates.of_phone(phone).names(mac).into_iter().map(|(_, name)| name).collect();
    let name = visit.ask.query.get("file").or(names.first().map(String::as_str)).unwrap_or_default();
    let made = phones.preview(&visit.office, phone, name, visit.ask.way.local);
    let made = made.map_err(|error| problems::conflict().saying(said(&error.to_string())))?;
    let made = made.ok_or_else(problems::not_found)?;
    Ok(Reply::json(&json!({
        "file": name,
        "files": names,
        "content_type": made.content_type,
        "text": made.body,
    })))
}

pub(super) fn fetches(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&["limit", "cursor"])?;
    let mac = asked(visit)?;
    let phones = visit.house.exchange.phones();
    let fetches: Vec<Fetch> = phones.with(|ledger| ledger.fetches(mac).cloned().collect());
    let is_known = visit.office.phone(&mac.to_string()).is_some() || phones.with(|ledger| ledger.seen(mac).is_some());
    if !is_known {
        return Err(problems::not_found());
    }
    let item = |fetch: Fetch| {
        json!({
            "at": visit.time(fetch.at),
            "address": fetch.address.to_string(),
            "file": fetch.file,
            "outcome": fetch.outcome.word(),
            "secure": fetch.secure,
        })
    };
    paging::page(&visit.ask.query, fetches.into_iter().map(item))
}

/// GET password: of the telephone's own page; to an admin, and noted.
pub(super) fn password(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let mac = asked(visit)?.to_string();
    let phone = visit.office.phone(&mac).ok_or_else(problems::not_found)?;
    Ok(Reply::json(&json!({ "password": phone.admin_password })))
}

/// GET address: where this telephone alone gets its files, with a picture of it for those that scan; to an admin, and noted.
pub(super) fn address(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let mac = asked(visit)?;
    let phone = visit.office.phone(&mac.to_string()).ok_or_else(problems::not_found)?;
    let phones = visit.house.exchange.phones();
    let templates = phones.templates(&visit.office);
    let head = &templates.of_phone(phone).head;
    let key = phones.own_key(mac);
    let folder = phones.site(visit.ask.way.local).own(&key, head.https);
    let file = head.address.replace("{mac}", &mac.plain()).replace("{MAC}", &mac.upper());
    let url = format!("{folder}{}", file.replace("{model}", &phone.model));
    Ok(Reply::json(&json!({ "url": url, "folder": folder, "qr_svg": second_factor::drawn(&url) })))
}

/// The telephone that the path names.
fn asked(visit: &Visit<'_>) -> Result<Mac, Problem> {
    Mac::read(visit.value()).ok_or_else(problems::not_found)
}

fn no_mac(place: &'static str) -> Problem {
    problems::invalid()
        .at(place, Words::new("MAC-адрес вида 80:5e:c0:12:34:56.", "A MAC address like 80:5e:c0:12:34:56."))
}

fn mac_of(table: &Table) -> Result<Mac, Problem> {
    table.get("mac").and_then(Value::as_str).and_then(Mac::read).ok_or_else(|| no_mac("/mac"))
}

fn said(what: &str) -> Said {
    Said::new(format!("Шаблон не сработал: {what}."), format!("The template failed: {what}."))
}

/// The body as the office file's table, beside its lines.
fn given(visit: &Visit<'_>) -> Result<Table, Problem> {
    let mut table: Table = visit.ask.json()?;
    READ.into_iter().for_each(|read| drop(table.remove(read)));
    tables::spellable(&mut table)?;
    Ok(table)
}

/// What a new telephone leaves out: vendor and model as they were seen; a MAC of its own for those that have none.
fn fill_in(visit: &Visit<'_>, table: &mut Table) -> Result<(), Problem> {
    let is_softphone = table.get("template").and_then(Value::as_str) == Some(SOFTPHONE);
    if is_softphone && !table.contains_key("mac") {
        let [_, b, c, d, e, f, ..] = clock::entropy().map_err(|_| problems::unavailable())?;
        // locally administered: IEEE 802
        table.insert("mac".to_owned(), Value::String(Mac([0x02, b, c, d, e, f]).to_string()));
    }
    let mac = mac_of(table)?;
    table.insert("mac".to_owned(), Value::String(mac.to_string()));
    let seen = visit.house.exchange.phones().with(|ledger| ledger.seen(mac).map(|seen| seen.identity.clone()));
    let identity = seen.unwrap_or_else(|| vendor::of_mac(mac));
    for (key, text) in [("vendor", identity.vendor), ("model", identity.model)] {
        table.entry(key).or_insert(Value::String(text));
    }
    Ok(())
}

/// The office with these telephones. `at`: the one that the body gave.
fn read(tables: Vec<Table>, base: &Office, present: &Office, at: usize) -> Result<Office, Problem> {
    let document = tables::document([("phone", Value::Array(tables.into_iter().map(Value::Object).collect()))])?;
    read_back(&document, base, present, &Place::new(format!("/phone/{at}")))
}

/// As everybody may see it, without what lives: what an ETag is made of.
fn seen_by_all(office: &Office, key: &str) -> Result<Table, Problem> {
    let at = office.place(Kind::Phone, key).ok_or_else(problems::not_found)?;
    let mut table = tables::of(office, "phone", false)?.into_iter().nth(at).ok_or_else(problems::not_found)?;
    let has = office.phones.get(at).is_some_and(|phone| !phone.admin_password.is_empty());
    table.insert("has_admin_password".to_owned(), Value::Bool(has));
    let line = |(extension, device): (&crate::office::Extension, &SipDevice)| json!({ "extension": extension.number, "employee": extension.employee, "login": device.login });
    table.insert("lines".to_owned(), office.lines_of(key).map(line).collect());
    Ok(table)
}

fn answer(visit: &Visit<'_>, office: &Office, phone: &Phone) -> Result<Reply, Problem> {
    let tag = etag(&Value::Object(seen_by_all(office, &phone.mac)?));
    let live = visit.house.board.registrations();
    Ok(Reply::json(&Value::Object(shown(visit, office, phone, &live)?)).with("etag", tag))
}

/// With what is known of it now.
fn shown(
    visit: &Visit<'_>,
    office: &Office,
    phone: &Phone,
    live: &HashMap<String, PhoneView>,
) -> Result<Table, Problem> {
    let mut table = seen_by_all(office, &phone.mac)?;
    let mac = Mac::read(&phone.mac).ok_or_else(problems::not_found)?;
    let phones = visit.house.exchange.phones();
    let (seen, carried, until) = phones.with(|ledger| {
        let now = clock::wall();
        (ledger.seen(mac).cloned(), ledger.carried(mac).cloned(), ledger.window(mac, now))
    });
    let mut registered = false;
    for line in table.get_mut("lines").and_then(Value::as_array_mut).into_iter().flatten() {
        let login = line.get("login").and_then(Value::as_str).unwrap_or_default();
        let is_here = live.get(login).is_some_and(|phone| !phone.contacts.is_empty());
        registered |= is_here;
        line["registered"] = Value::Bool(is_here);
    }
    let state = match (registered, until, &carried) {
        (true, ..) => "registered",
        (false, Some(_), _) => "accepted",
        (false, None, Some(_)) => "offline",
        (false, None, None) => "waiting",
    };
    let office_in_force = &visit.house.exchange.office();
    let given = carried.map(|carried| {
        let templates = phones.templates(office_in_force);
        let now = print(templates.of_phone(phone), office_in_force, mac);
        json!({ "version": carried.version.to_string(), "at": visit.time(carried.at), "current": now == carried.print })
    });
    let used = phones.templates(office_in_force).of_phone(phone).name.clone();
    table.insert("template_used".to_owned(), Value::String(used));
    table.insert("known_as".to_owned(), Value::Null);
    table.insert("bound".to_owned(), Value::Bool(true));
    table.insert("state".to_owned(), Value::from(state));
    table.insert("window_until".to_owned(), until.map_or(Value::Null, |at| Value::String(visit.time(at))));
    table.insert("seen".to_owned(), seen.map_or(Value::Null, |seen| of_seen(visit, &seen)));
    table.insert("given".to_owned(), given.unwrap_or(Value::Null));
    Ok(table)
}

/// A telephone that was seen and that nobody has accepted.
fn stranger(visit: &Visit<'_>, mac: Mac, seen: &Seen) -> Table {
    let table = json!({
        "mac": mac.to_string(),
        "vendor": seen.identity.vendor,
        "model": seen.identity.model,
        "template": "",
        "lamps": [],
        "keys": [],
        "firmware": "",
        "transport": "auto",
        "has_admin_password": false,
        "lines": [],
        "template_used": template_used(visit, mac, seen),
        "known_as": known_as(visit, seen),
        "bound": false,
        "state": "seen",
        "window_until": null,
        "seen": of_seen(visit, seen),
        "given": null,
    });
    if let Value::Object(table) = table { table } else { Table::new() }
}

/// The template that it will have when nobody chooses another.
fn template_used(visit: &Visit<'_>, mac: Mac, seen: &Seen) -> String {
    let mut phone = Phone::new(mac.to_string());
    phone.vendor.clone_from(&seen.identity.vendor);
    let templates = visit.house.exchange.phones().templates(&visit.office);
    templates.of_phone(&phone).name.clone()
}

/// The extension of the login by which it tries to register.
fn known_as(visit: &Visit<'_>, seen: &Seen) -> Option<String> {
    let (extension, _) = visit.office.device_by_login(&seen.asked).filter(|_| seen.how == How::Sip)?;
    Some(extension.number.clone())
}

fn of_seen(visit: &Visit<'_>, seen: &Seen) -> Value {
    let zone = &visit.office.settings.timezone;
    json!({
        "vendor": seen.identity.vendor,
        "vendor_title": vendor::named(&seen.identity.vendor).map_or("", |vendor| vendor.title.as_str()),
        "model": seen.identity.model,
        "firmware": seen.identity.firmware,
        "address": seen.address.to_string(),
        "sure": seen.sure,
        "how": seen.how.word(),
        "asked": seen.asked,
        "first_at": rfc3339(seen.first_at, zone),
        "last_at": rfc3339(seen.last_at, zone),
    })
}

/// A device for a line of a telephone; the reader of the office file makes login and password.
fn new_device() -> Device {
    Device::Sip(SipDevice::new("", ""))
}
