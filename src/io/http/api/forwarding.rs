//! `extensions/{number}/forwarding`: where its devices forward to, and whether it may be disturbed.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::reply::{Problem, Reply, problems};
use super::super::words::Words;
use super::change::{Before, Place, change, shown};
use super::{Visit, extensions, faults};
use crate::guard::{self, ForwardRefused};
use crate::number::Plan;
use crate::office::{Device, Extension, Forward, Office, SipDevice};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    do_not_disturb: bool,
    /// One that is left out stays as it is.
    devices: Vec<GivenDevice>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenDevice {
    login: String,
    forward: GivenForward,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, tag = "mode", rename_all = "snake_case")]
enum GivenForward {
    None {},
    Always {
        to: String,
    },
    Conditional {
        #[serde(default)]
        busy: String,
        #[serde(default)]
        no_answer: String,
    },
}

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    show(&visit.office, visit.value()).map(|forwarding| shown(&forwarding))
}

pub(super) fn put(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let given: Given = visit.ask.json()?;
    let number = visit.value();
    let before = |office: &Office| show(office, number);
    let plan = visit.house.exchange.plan();
    let reason = format!("forwarding of extension {number} changed");
    let office = change(visit, &reason, Before::Seen(&before), |office| {
        let at = office.extensions.iter().position(|extension| extension.number == number);
        let at = at.ok_or_else(problems::not_found)?;
        let Some(extension) = office.extensions.get(at) else { return Err(problems::not_found()) };
        let extension = forwarded(&plan, office, extension, &given)?;
        if let Some(place) = office.extensions.get_mut(at) {
            *place = extension;
        }
        Ok(Place::new(format!("/extension/{at}")))
    })?;
    show(&office, number).map(|forwarding| shown(&forwarding))
}

/// The extension with its devices' forwarding as it was given; every fault with its pointer.
fn forwarded(plan: &Plan, office: &Office, extension: &Extension, given: &Given) -> Result<Extension, Problem> {
    let mut invalid = problems::invalid();
    let mut faulty = false;
    let mut new = extension.clone();
    new.do_not_disturb = given.do_not_disturb;
    for (nth, device) in given.devices.iter().enumerate() {
        let mut wrong = |field: &str, detail: Words| {
            faulty = true;
            invalid = invalid.clone().at(format!("/devices/{nth}/{field}"), detail);
        };
        let Some(sip) = sip_device(&mut new, &device.login) else {
            wrong("login", Words::new("Такого устройства у номера нет.", "The extension has no such device."));
            continue;
        };
        let mut target = |key: &str, to: &str| {
            target(plan, office, extension, to).unwrap_or_else(|why| {
                wrong(&format!("forward/{key}"), faults::forward(why));
                String::new()
            })
        };
        sip.forward = match &device.forward {
            GivenForward::None {} => Forward::None,
            GivenForward::Always { to } => Forward::Always { to: target("to", to) },
            GivenForward::Conditional { busy, no_answer } => {
                let mut maybe = |key, to: &String| if to.is_empty() { String::new() } else { target(key, to) };
                Forward::Conditional { busy: maybe("busy", busy), no_answer: maybe("no_answer", no_answer) }
            }
        };
    }
    if faulty { Err(invalid) } else { Ok(new) }
}

fn sip_device<'a>(extension: &'a mut Extension, login: &str) -> Option<&'a mut SipDevice> {
    extension.devices.iter_mut().find_map(|device| match device {
        Device::Sip(sip) if sip.login == login => Some(sip),
        Device::Sip(_) | Device::Mobile(_) => None,
    })
}

/// As people write it, or as it was read here: E.164 digits of a number abroad can't be dialled without a prefix.
fn target(plan: &Plan, office: &Office, extension: &Extension, to: &str) -> Result<String, ForwardRefused> {
    match guard::forward_target(plan, office, extension, to) {
        Err(ForwardRefused::NoNumber) => guard::may_forward(plan, office, extension, to).map(|()| to.to_owned()),
        judged => judged,
    }
}

fn show(office: &Office, number: &str) -> Result<Value, Problem> {
    let extension = office.extension(number).ok_or_else(problems::not_found)?;
    let devices: Vec<Value> = extension
        .sip_devices()
        .map(|sip| json!({ "login": sip.login, "forward": extensions::forward(&sip.forward) }))
        .collect();
    Ok(json!({ "do_not_disturb": extension.do_not_disturb, "devices": devices }))
}
