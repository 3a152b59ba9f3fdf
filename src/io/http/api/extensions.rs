//! What extensions have beside the office file's table: devices with secrets and registrations, generated logins, the rights that
//! bound their forwarding. The way of all collections is `collections`.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::super::reply::{Problem, problems};
use super::super::words::Words;
use super::rfc3339;
use super::tables::Table;
use super::{faults, trunks};
use crate::guard;
use crate::io::board::PhoneView;
use crate::number::Plan;
use crate::office::file::weak_password;
use crate::office::{Device, Extension, Forward, Office};

/// Who is registered, by login.
pub(super) type Phones = HashMap<String, PhoneView>;

/// Takes out what was read and changes nothing.
pub(super) fn without_read(table: &mut Table) {
    table.remove("has_voicemail_pin");
    let devices = table.get_mut("devices").and_then(Value::as_array_mut).into_iter().flatten();
    for device in devices.filter_map(Value::as_object_mut) {
        for read in ["registration", "has_password"] {
            device.remove(read);
        }
    }
}

/// The body's spelling → the file's.
pub(super) fn given(plan: &Plan, table: &mut Table) -> Result<(), Problem> {
    if table.contains_key("device") {
        let detail =
            Words::new("Такого поля нет. Может быть, devices?", "There is no such field. Did you mean devices?");
        return Err(problems::invalid().at("/device", detail));
    }
    if let Some(devices) = table.remove("devices") {
        table.insert("device".to_owned(), devices);
    }
    if let Some(number) = table.get_mut("outgoing_number") {
        trunks::to_e164(plan, number);
    }
    Ok(())
}

/// What a new extension leaves out: the next free number, and one telephone.
pub(super) fn fill_in(office: &Office, table: &mut Table) {
    if !table.contains_key("number") {
        table.extend(office.next_number().map(|number| ("number".to_owned(), Value::String(number))));
    }
    table.entry("device").or_insert_with(|| json!([{ "kind": "sip" }]));
}

/// Passwords that are left out, of devices whose login is another now: those of the same place. Of the same login the reader keeps
/// them itself.
pub(super) fn keep_passwords(present: &Office, at: usize, table: &mut Table) {
    let Some(extension) = present.extensions.get(at) else { return };
    let Some(devices) = table.get_mut("device").and_then(Value::as_array_mut) else { return };
    let text = |device: &Value, key: &str| device.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let logins: Vec<String> = devices.iter().map(|device| text(device, "login")).collect();
    for (device, before) in devices.iter_mut().zip(&extension.devices) {
        let (Device::Sip(before), "") = (before, text(device, "password").as_str()) else { continue };
        let known = extension.sip_devices().any(|sip| sip.login == text(device, "login"));
        let moved = logins.contains(&before.login);
        if let (false, false, Some(fields)) = (known, moved, device.as_object_mut()) {
            if fields.get("kind").and_then(Value::as_str) == Some("sip") {
                fields.insert("password".to_owned(), Value::String(before.password.clone()));
            }
        }
    }
}

/// What the page refuses and a file may have: passwords that are guessed, forwarding without a right. A password that the body leaves
/// out is none of its faults.
pub(super) fn judge(plan: &Plan, office: &Office, extension: &Extension, table: &Table) -> Result<(), Problem> {
    let given = |nth: usize| table.get("device").and_then(|devices| devices.get(nth)?.get("password")?.as_str());
    let (mut invalid, mut faulty) = (problems::invalid(), false);
    for (nth, device) in extension.devices.iter().enumerate() {
        let Device::Sip(sip) = device else { continue };
        let mut wrong = |field: &str, words: Words| {
            faulty = true;
            invalid = invalid.clone().at(format!("/devices/{nth}/{field}"), words);
        };
        let weak = |password| weak_password(password, &sip.login, &extension.number);
        if let Some(why) = given(nth).filter(|password| !password.is_empty()).and_then(weak) {
            wrong("password", faults::weak(why));
        }
        for (key, to) in sip.forward.targets() {
            if let Err(why) = guard::may_forward(plan, office, extension, to) {
                wrong(&format!("forward/{key}"), faults::forward(why));
            }
        }
    }
    if faulty { Err(invalid) } else { Ok(()) }
}

/// As everybody may see it, without what lives.
pub(super) fn plain(extension: &Extension, table: &mut Table) {
    table.insert("has_voicemail_pin".to_owned(), Value::Bool(!extension.voicemail_pin.is_empty()));
    let mut devices = table.remove("device").unwrap_or_else(|| Value::Array(Vec::new()));
    for (device, shown) in extension.devices.iter().zip(devices.as_array_mut().into_iter().flatten()) {
        if let (Device::Sip(sip), Some(fields)) = (device, shown.as_object_mut()) {
            fields.insert("has_password".to_owned(), Value::Bool(!sip.password.is_empty()));
        }
    }
    table.insert("devices".to_owned(), devices);
}

/// With who is registered.
pub(super) fn alive(phones: &Phones, zone: &str, table: &mut Table) {
    let devices = table.get_mut("devices").and_then(Value::as_array_mut).into_iter().flatten();
    for fields in devices.filter_map(Value::as_object_mut) {
        if let Some(login) = fields.get("login").and_then(Value::as_str) {
            let registration = registration(phones.get(login), zone);
            fields.insert("registration".to_owned(), registration);
        }
    }
}

/// The one time that passwords are told unasked: to whoever has just made the devices.
pub(super) fn tell_passwords(extension: &Extension, table: &mut Table) {
    let devices = table.get_mut("devices").and_then(Value::as_array_mut).into_iter().flatten();
    for (device, shown) in extension.devices.iter().zip(devices) {
        if let (Device::Sip(sip), Some(fields)) = (device, shown.as_object_mut()) {
            fields.insert("password".to_owned(), Value::String(sip.password.clone()));
        }
    }
}

/// Whether, since when and from where a login is registered; `since` is null when it was never heard of.
pub(super) fn registration(phone: Option<&PhoneView>, zone: &str) -> Value {
    let contacts: Vec<Value> = phone
        .map(|phone| phone.contacts.as_slice())
        .unwrap_or_default()
        .iter()
        .map(|contact| {
            json!({
                "address": contact.peer.to_string(),
                "user_agent": contact.user_agent,
                "expires_at": rfc3339(contact.expires_at, zone),
            })
        })
        .collect();
    json!({
        "registered": !contacts.is_empty(),
        "since": phone.map(|phone| rfc3339(phone.since, zone)),
        "contacts": contacts,
    })
}

/// Where a device forwards to.
pub(super) fn forward(forward: &Forward) -> Value {
    match forward {
        Forward::None => json!({ "mode": "none" }),
        Forward::Always { to } => json!({ "mode": "always", "to": to }),
        Forward::Conditional { busy, no_answer } => {
            json!({ "mode": "conditional", "busy": busy, "no_answer": no_answer })
        }
    }
}
