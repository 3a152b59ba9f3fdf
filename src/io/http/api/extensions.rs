//! `extensions`: the internal numbers with their devices and who is registered from where. Never a password.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::super::reply::{Problem, Reply, problems};
use super::{Visit, paging, rfc3339};
use crate::io::board::PhoneView;
use crate::office::{Device, Extension, Forward, MobileDevice, Network, Permissions, RingOrder, SipDevice, Word};

type Phones = HashMap<String, PhoneView>;

pub(super) fn list(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&["limit", "cursor"])?;
    let phones = visit.house.board.registrations();
    let items = visit.office.extensions.iter().map(|extension| item(visit, extension, &phones));
    paging::page(&visit.ask.query, items)
}

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let extension = visit.office.extension(visit.value()).ok_or_else(problems::not_found)?;
    Ok(Reply::json(&item(visit, extension, &visit.house.board.registrations())))
}

fn item(visit: &Visit<'_>, extension: &Extension, phones: &Phones) -> Value {
    let zone = &visit.office.settings.timezone;
    let devices: Vec<Value> = extension
        .devices
        .iter()
        .map(|device| match device {
            Device::Sip(device) => sip(device, phones, zone),
            Device::Mobile(device) => mobile(device),
        })
        .collect();
    json!({
        "number": extension.number,
        "employee": extension.employee,
        "email": extension.email,
        "ring": match extension.ring { RingOrder::Parallel => "parallel", RingOrder::Sequential => "sequential" },
        "outgoing_number": extension.outgoing_number,
        "permissions": permissions(extension.permissions),
        "record": extension.record,
        "voicemail": extension.voicemail,
        "has_voicemail_pin": !extension.voicemail_pin.is_empty(),
        "voicemail_greeting": extension.voicemail_greeting,
        "call_waiting": extension.call_waiting,
        "do_not_disturb": extension.do_not_disturb,
        "devices": devices,
    })
}

fn sip(device: &SipDevice, phones: &Phones, zone: &str) -> Value {
    let phone = phones.get(&device.login);
    json!({
        "kind": "sip",
        "login": device.login,
        "ring_seconds": device.ring_seconds,
        "allow_from": device.allow_from.iter().map(network).collect::<Vec<_>>(),
        "forward": forward(&device.forward),
        "mac": device.mac,
        "model": device.model,
        "srtp": device.srtp.word(),
        "registration": registration(phone, zone),
    })
}

fn mobile(device: &MobileDevice) -> Value {
    json!({ "kind": "mobile", "number": device.number, "ring_seconds": device.ring_seconds, "confirm": device.confirm })
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

fn network(network: &Network) -> String {
    format!("{}/{}", network.address, network.prefix)
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

fn permissions(permissions: Permissions) -> Vec<&'static str> {
    let classes = [
        (true, "internal"),
        (permissions.city, "city"),
        (permissions.mobile_region, "mobile_region"),
        (permissions.mobile_national, "mobile_national"),
        (permissions.long_distance, "long_distance"),
        (permissions.international, "international"),
    ];
    classes.into_iter().filter_map(|(held, class)| held.then_some(class)).collect()
}
