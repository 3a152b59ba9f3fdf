//! Telephones that configure themselves: `[[phone]]`, `[[phone_template]]`, `[provisioning]`.

use std::collections::HashSet;
use std::net::Ipv4Addr;

use super::Draft;
use super::complete::PASSWORD_LENGTH;
use super::fault::Fault;
use super::fields::{Fields, Spot};
use super::nouns::mac;
use crate::base::Rng;
use crate::office::{Extension, Office, Phone, PhoneKey, PhoneTemplate, Provisioning, Word};

/// The longest template. Characters: the body of a request takes it.
const LONGEST_TEMPLATE: usize = 40_000;

pub(super) fn phone(fields: &mut Fields<'_, '_>) -> Phone {
    fields.name_by("phone", "mac");
    let phone = Phone {
        mac: mac(fields),
        vendor: fields.text_or("vendor", ""),
        model: fields.text_or("model", ""),
        template: fields.text_or("template", ""),
        lamps: fields.texts("lamps").unwrap_or_default(),
        keys: keys(fields),
        admin_password: fields.text_or("admin_password", ""),
        firmware: fields.text_or("firmware", ""),
        transport: fields.word_or("transport", Default::default()),
    };
    if phone.mac.is_empty() && !fields.spot.has("mac") {
        fields.missing("mac", Fault::Missing, "`mac` is missing");
    } else if phone.mac.is_empty() {
        fields.fault("mac", Fault::Mac, "`mac` is empty");
    }
    if !phone.admin_password.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        fields.fault("admin_password", Fault::PhonePassword, "`admin_password` may hold Latin letters and digits only");
    }
    if !is_file_name(&phone.firmware) {
        let what = format_args!("`firmware` \"{}\" is no name of a file", phone.firmware);
        fields.fault("firmware", Fault::FileName, what);
    }
    phone
}

/// Whether a file may be called so: empty, or what is safe in a path and a URL.
pub fn is_file_name(text: &str) -> bool {
    text.len() <= 100
        && !text.starts_with('.')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}

fn keys(fields: &mut Fields<'_, '_>) -> Vec<PhoneKey> {
    let Some(words) = fields.texts("keys") else { return Phone::new("").keys };
    let mut keys = Vec::new();
    for (nth, word) in words.iter().enumerate() {
        let at = fields.spot.item("keys", nth);
        match PhoneKey::from_word(word) {
            None => fields.no_such_word(at, "keys", word, PhoneKey::WORDS.iter().map(|(word, _)| *word)),
            Some(key) if keys.contains(&key) => {
                fields.fault_at(at, Fault::Twice(word.clone()), format_args!("`keys` names \"{word}\" twice"));
            }
            Some(key) => keys.push(key),
        }
    }
    keys
}

pub(super) fn template(fields: &mut Fields<'_, '_>) -> PhoneTemplate {
    fields.name_by("phone template", "name");
    PhoneTemplate {
        name: fields.required("name"),
        base: fields.required("base"),
        text: fields.long_text("text", LONGEST_TEMPLATE),
    }
}

pub(super) fn provisioning(fields: &mut Fields<'_, '_>) -> Provisioning {
    let default = Provisioning::default();
    let provisioning = Provisioning {
        pnp: fields.flag_or("pnp", default.pnp),
        dhcp: fields.flag_or("dhcp", default.dhcp),
        dhcp_first: fields.text_or("dhcp_first", ""),
        dhcp_last: fields.text_or("dhcp_last", ""),
        dhcp_interface: fields.text_or("dhcp_interface", ""),
        dhcp_router: fields.text_or("dhcp_router", ""),
        dhcp_dns: fields.texts("dhcp_dns").unwrap_or_default(),
        dhcp_lease_hours: fields.whole_or("dhcp_lease_hours", default.dhcp_lease_hours, 1..=720),
        tftp: fields.flag_or("tftp", default.tftp),
        ldap: fields.flag_or("ldap", default.ldap),
    };
    let told = provisioning.dhcp_dns.iter().map(|text| ("dhcp_dns", text));
    let told = told.chain(Some(("dhcp_router", &provisioning.dhcp_router)).filter(|(_, text)| !text.is_empty()));
    for (key, text) in told.filter(|(_, text)| text.parse::<Ipv4Addr>().is_err()) {
        fields.fault(key, Fault::Ipv4, format_args!("`{key}` \"{text}\" is no address like 192.168.1.1"));
    }
    let addresses = [("dhcp_first", &provisioning.dhcp_first), ("dhcp_last", &provisioning.dhcp_last)];
    let mut range = Vec::new();
    for (key, text) in addresses.into_iter().filter(|(_, text)| !text.is_empty()) {
        match text.parse::<Ipv4Addr>() {
            Ok(address) => range.push(address),
            Err(_) => {
                fields.fault(key, Fault::Ipv4, format_args!("`{key}` \"{text}\" is no address like 192.168.1.100"))
            }
        }
    }
    if let [first, last] = range.as_slice()
        && last < first
    {
        fields.fault("dhcp_last", Fault::Ipv4, format_args!("`dhcp_last` {last} is before {first}"));
    }
    provisioning
}

/// What telephones leave out: a password of an earlier time or a new one; and the telephone itself, when only a device
/// names it.
pub(super) fn complete(draft: &mut Draft, current: &Office, rng: &mut Rng) {
    let Draft { office, spots } = draft;
    let known: HashSet<&str> = office.phones.iter().map(|phone| phone.mac.as_str()).collect();
    let mut new: Vec<Phone> = Vec::new();
    for device in office.extensions.iter().flat_map(Extension::sip_devices).filter(|device| !device.mac.is_empty()) {
        if known.contains(device.mac.as_str()) || new.iter().any(|phone| phone.mac == device.mac) {
            continue;
        }
        let (vendor, model) = device.model.split_once('/').unwrap_or((&device.model, ""));
        let present = current.phone(&device.mac).cloned();
        new.push(present.unwrap_or_else(|| Phone {
            vendor: vendor.to_owned(),
            model: model.to_owned(),
            ..Phone::new(&*device.mac)
        }));
    }
    if !spots.phones.is_empty() {
        spots.phones.resize_with(office.phones.len() + new.len(), Spot::default);
    }
    office.phones.extend(new);
    for phone in office.phones.iter_mut().filter(|phone| phone.admin_password.is_empty()) {
        let present = current.phone(&phone.mac).map(|present| present.admin_password.clone());
        phone.admin_password = present.filter(|word| !word.is_empty()).unwrap_or_else(|| rng.token(PASSWORD_LENGTH));
    }
}
