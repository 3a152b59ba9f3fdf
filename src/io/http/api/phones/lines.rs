//! The lines of a telephone: which extensions, and which of their devices.

use serde_json::Value;

use super::super::super::reply::{Problem, problems};
use super::super::super::words::Words;
use super::super::Visit;
use super::super::tables::Table;
use super::new_device;
use crate::office::{Device, Extension, Office, SipDevice};

/// Lines of one telephone; a DECT base has as many handsets.
const MOST: usize = 32;
/// As the office file has it.
const DEVICES: usize = 4;

/// A line as a body asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    extension: String,
    /// Empty: a free device, or a new one.
    login: String,
}

/// Takes the lines out of a body; `None`: it says nothing of them.
pub(super) fn given(table: &mut Table) -> Result<Option<Vec<Line>>, Problem> {
    let Some(lines) = table.remove("lines") else { return Ok(None) };
    let wrong = |place: String, words: Words| problems::invalid().at(place, words);
    let list = Words::new(
        "Здесь нужен список линий: [{\"extension\": \"201\"}].",
        "A list of lines: [{\"extension\": \"201\"}].",
    );
    let Value::Array(lines) = lines else { return Err(wrong("/lines".to_owned(), list)) };
    if lines.len() > MOST {
        let words = Words::new("Не больше 32 линий на один телефон.", "At most 32 lines a telephone.");
        return Err(wrong("/lines".to_owned(), words));
    }
    let mut read = Vec::new();
    for (nth, line) in lines.into_iter().enumerate() {
        let place = format!("/lines/{nth}");
        let Value::Object(mut fields) = line else { return Err(wrong(place, list)) };
        // what was read beside it may come back
        fields.remove("employee");
        fields.remove("registered");
        let mut text = |key: &str| match fields.remove(key) {
            None => Ok(String::new()),
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(wrong(format!("{place}/{key}"), Words::new("Здесь нужен текст.", "This must be text."))),
        };
        let (extension, login) = (text("extension")?, text("login")?);
        if let Some(unknown) = fields.keys().next() {
            let place = format!("{place}/{}", super::tables::escaped(unknown));
            return Err(wrong(place, Words::new("Такого поля нет.", "There is no such field.")));
        }
        read.push(Line { extension, login });
    }
    Ok(Some(read))
}

/// Gives a telephone these lines and no others.
pub(super) fn put(visit: &Visit<'_>, office: &mut Office, mac: &str, lines: &[Line]) -> Result<(), Problem> {
    let live = visit.house.board.registrations();
    let is_here = |login: &str| live.get(login).is_some_and(|phone| !phone.contacts.is_empty());
    let mut before: Vec<String> = office.lines_of(mac).map(|(_, device)| device.login.clone()).collect();
    let places = if lines.len() > 1 { 1.. } else { 0.. };
    for ((nth, line), place) in lines.iter().enumerate().zip(places) {
        let at = |key: &str, words: Words| problems::invalid().at(format!("/lines/{nth}/{key}"), words);
        let extension = office.extensions.iter_mut().find(|extension| extension.number == line.extension);
        let extension = extension.ok_or_else(|| {
            at("extension", Words::new("Такого внутреннего номера нет.", "There is no such extension."))
        })?;
        if line.login.is_empty() {
            let device = free(extension, &before, &is_here).map_err(|words| at("extension", words))?;
            before.retain(|login| device.login.is_empty() || *login != device.login);
            bind(device, mac, place);
        } else {
            let device = sip(extension).find(|device| device.login == line.login);
            let device = device.ok_or_else(|| {
                at("login", Words::new("У этого номера такого устройства нет.", "The extension has no such device."))
            })?;
            if !device.mac.is_empty() && device.mac != mac {
                let words =
                    Words::new("Эта линия уже на другом телефоне.", "This line is on another telephone already.");
                return Err(at("login", words));
            }
            bind(device, mac, place);
            before.retain(|login| *login != line.login);
        }
    }
    // lines that it had and no longer has
    for device in office.extensions.iter_mut().flat_map(sip).filter(|device| before.contains(&device.login)) {
        bind(device, "", 0);
    }
    Ok(())
}

fn bind(device: &mut SipDevice, mac: &str, place: u32) {
    mac.clone_into(&mut device.mac);
    device.line = place;
}

fn sip(extension: &mut Extension) -> impl Iterator<Item = &mut SipDevice> {
    extension.devices.iter_mut().filter_map(|device| match device {
        Device::Sip(sip) => Some(sip),
        Device::Mobile(_) => None,
    })
}

/// The device that the telephone has had (`before`), else one that nobody uses, else a new one.
fn free<'a>(
    extension: &'a mut Extension,
    before: &[String],
    is_here: &dyn Fn(&str) -> bool,
) -> Result<&'a mut SipDevice, Words> {
    let mine = sip(extension).position(|device| before.contains(&device.login));
    let unused = || sip(extension).position(|device| device.mac.is_empty() && !is_here(&device.login));
    let found = match mine.or_else(unused) {
        Some(nth) => Some(nth),
        None if extension.devices.len() < DEVICES => {
            extension.devices.push(new_device());
            sip(extension).count().checked_sub(1)
        }
        None => None,
    };
    found.and_then(|nth| sip(extension).nth(nth)).ok_or(Words::new(
        "У этого номера уже четыре устройства, и все заняты. Уберите лишнее.",
        "This extension has four devices already, and all are in use. Take one away.",
    ))
}
