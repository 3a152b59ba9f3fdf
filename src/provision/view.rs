//! What a template sees: the telephone, its lines and keys, where the box is, and the office's language, country and time.

use serde::Serialize;

use super::template::Template;
use super::{Mac, directory, vendor};
use crate::base::WallTime;
use crate::office::{Extension, Feature, Language, Office, Phone, PhoneKey, PhoneTransport, SipDevice, Word};

/// Where the box is, as the telephone that asks reaches it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its address.
    pub host: String,
    /// Where SIP is taken.
    pub sip_udp: u16,
    /// Where SIP is taken.
    pub sip_tcp: u16,
    /// Where SIP is taken under TLS; `None`: nowhere.
    pub sip_tls: Option<u16>,
    /// Where the phone book is taken by LDAP.
    pub ldap: u16,
    /// `http://192.168.1.10:8080`
    pub http: String,
    /// `https://192.168.1.10:8443`
    pub https: String,
    /// The secret of the address that telephones are told to look at first.
    pub secret: String,
    /// Who tells telephones the time.
    pub ntp: String,
    /// Of the settings in force: it rises with each change.
    pub version: i64,
    /// Now.
    pub at: WallTime,
}

impl Site {
    /// The folder that telephones are told to look into first.
    pub fn discovery(&self) -> String {
        format!("{}/provision/{}/", self.http, self.secret)
    }

    /// The folder of one telephone.
    pub fn own(&self, key: &str, https: bool) -> String {
        format!("{}/provision/{key}/", if https { &self.https } else { &self.http })
    }
}

/// Whose file it is.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The settings in force.
    pub office: &'a Office,
    /// Where the box is.
    pub site: &'a Site,
    /// The telephone; `None`: any, the file is a common one.
    pub mac: Option<Mac>,
    /// The secret of its own folder; `None`: it has none yet.
    pub key: Option<&'a str>,
    /// As it calls itself, when its settings name none.
    pub model: &'a str,
    /// Whether secrets are shown as `***`.
    pub masked: bool,
    /// Whether the telephone has shown that it takes our certificate: it asks for this file over TLS.
    pub secure: bool,
}

#[derive(Serialize)]
pub(super) struct View<'a> {
    phone: PhoneView<'a>,
    lines: Vec<Line<'a>>,
    /// Numbers of lines that the telephone has and nobody uses.
    spare_lines: Vec<u32>,
    keys: Vec<Key>,
    /// Positions of keys that nobody uses, the lines' own included.
    spare_keys: Vec<u32>,
    server: Server<'a>,
    /// The phone book to search; `None`: switched off, or the telephone has no name there yet.
    ldap: Option<Ldap<'a>>,
    office: OfficeView<'a>,
    codes: Codes<'a>,
    zone: Zone,
    codecs: [&'static str; 3],
    urls: Urls,
    adopted: bool,
    version: i64,
    ntp: &'a str,
}

#[derive(Serialize)]
struct PhoneView<'a> {
    mac: String,
    #[serde(rename = "MAC")]
    upper: String,
    vendor: &'a str,
    model: &'a str,
    admin_password: &'a str,
    transport: &'static str,
}

#[derive(Serialize)]
struct Line<'a> {
    /// From 1.
    index: u32,
    login: &'a str,
    password: &'a str,
    extension: &'a str,
    name: &'a str,
    /// What is dialled to hear messages; empty: it has no mailbox.
    voicemail: &'a str,
    srtp: &'static str,
}

#[derive(Serialize)]
struct Key {
    /// From 1, behind the lines.
    position: u32,
    /// From 1.
    index: u32,
    /// `lamp` or `dial`.
    kind: &'static str,
    number: String,
    label: String,
}

#[derive(Serialize)]
struct Server<'a> {
    address: &'a str,
    port: u16,
    transport: &'static str,
}

#[derive(Serialize)]
struct Ldap<'a> {
    address: &'a str,
    port: u16,
    base: &'static str,
    user: String,
    password: String,
}

#[derive(Serialize)]
struct OfficeView<'a> {
    name: &'a str,
    language: &'static str,
    country: &'a str,
}

#[derive(Serialize)]
struct Codes<'a> {
    pickup: &'a str,
    park: &'a str,
    voicemail: &'a str,
}

/// The offset in force. Summer time is never left to a telephone: it asks each day, and gets the offset of its day.
#[derive(Serialize)]
struct Zone {
    name: String,
    seconds: i32,
    minutes: i32,
    /// `+3`, `+5:30`, `-3`.
    hours: String,
    /// `+03:00`.
    offset: String,
    /// POSIX (IEEE 1003.1 §8.3), which counts westwards: `LOC-3`.
    posix: String,
}

#[derive(Serialize)]
struct Urls {
    /// The folder that the telephone shall ask from now on.
    server: String,
    /// The same without `http://`, and `http` alone.
    folder: String,
    scheme: String,
    book: String,
    /// The certificate of the authority that signed this box's own.
    authority: String,
    /// Empty: it keeps its firmware.
    firmware: String,
    /// The file's name alone.
    firmware_file: String,
}

impl<'a> View<'a> {
    pub(super) fn of(template: &Template, subject: &Subject<'a>) -> Self {
        let Subject { office, site, mac, key, .. } = *subject;
        let text = mac.map(|mac| mac.to_string()).unwrap_or_default();
        let phone = office.phone(&text);
        let lines: Vec<Line<'a>> = numbered(office, &text, subject.masked);
        let used = count(lines.len());
        let keys = phone.map_or_else(Vec::new, |phone| keys(office, phone, used));
        let (transport, port) = transport(phone, site, template.head.tls && subject.secure);
        let server = match key {
            Some(key) => site.own(key, template.head.https),
            None => site.discovery(),
        };
        let server = shown(server, key, subject.masked);
        let (scheme, folder) = server.split_once("://").unwrap_or(("http", &server));
        let file = phone.map_or("", |phone| phone.firmware.as_str());
        let model = phone.map(|phone| phone.model.as_str()).filter(|model| !model.is_empty()).unwrap_or(subject.model);
        let password = phone.map_or("", |phone| phone.admin_password.as_str());
        let firmware = |file: &str| if file.is_empty() { String::new() } else { format!("{server}firmware/{file}") };
        Self {
            phone: PhoneView {
                mac: mac.map(Mac::plain).unwrap_or_default(),
                upper: mac.map(Mac::upper).unwrap_or_default(),
                vendor: phone.and_then(|phone| vendor::named(&phone.vendor)).map_or("", |vendor| vendor.name.as_str()),
                model,
                admin_password: if subject.masked { MASK } else { password },
                transport,
            },
            spare_lines: (used + 1..=template.head.lines).collect(),
            spare_keys: (used + count(keys.len()) + 1..=template.head.keys).collect(),
            lines,
            keys,
            ldap: mac.zip(key).filter(|_| office.provisioning.ldap).map(|(mac, key)| Ldap {
                address: &site.host,
                port: site.ldap,
                base: directory::BASE,
                user: directory::user(mac),
                password: if subject.masked { MASK.to_owned() } else { directory::password(key) },
            }),
            server: Server { address: &site.host, port, transport },
            office: OfficeView {
                name: &office.settings.name,
                language: office.settings.language.word(),
                country: &office.settings.country,
            },
            codes: Codes {
                pickup: office.codes.get(Feature::Pickup),
                park: office.codes.get(Feature::Park),
                voicemail: office.codes.get(Feature::Voicemail),
            },
            zone: Zone::of(&office.settings.timezone, site.at),
            codecs: ["g722", "pcma", "pcmu"],
            urls: Urls {
                book: format!("{server}{BOOK}"),
                authority: format!("{server}{AUTHORITY}"),
                firmware: firmware(file),
                firmware_file: file.to_owned(),
                scheme: scheme.to_owned(),
                folder: folder.to_owned(),
                server: server.clone(),
            },
            adopted: key.is_some(),
            version: site.version,
            ntp: &site.ntp,
        }
    }
}

/// A telephone's own folder is as secret as its passwords.
fn shown(server: String, key: Option<&str>, masked: bool) -> String {
    match key.filter(|_| masked) {
        Some(key) => server.replace(key, MASK),
        None => server,
    }
}

fn numbered<'a>(office: &'a Office, mac: &str, masked: bool) -> Vec<Line<'a>> {
    let voicemail = office.codes.get(Feature::Voicemail);
    let of = |(index, (extension, device)): (u32, (&'a Extension, &'a SipDevice))| Line {
        index,
        login: &device.login,
        password: if masked { MASK } else { &device.password },
        extension: &extension.number,
        name: if extension.employee.is_empty() { &extension.number } else { &extension.employee },
        voicemail: if extension.voicemail { voicemail } else { "" },
        srtp: device.srtp.word(),
    };
    let lines: Vec<_> = office.lines_of(mac).collect();
    (1..).zip(lines).map(of).collect()
}

fn keys(office: &Office, phone: &Phone, lines: u32) -> Vec<Key> {
    let is_russian = office.settings.language == Language::Ru;
    let mut keys: Vec<(&'static str, String, String)> = Vec::new();
    for lamp in &phone.lamps {
        keys.push(("lamp", lamp.clone(), name_of(office, lamp)));
    }
    let pickup = office.codes.get(Feature::Pickup);
    if phone.keys.contains(&PhoneKey::Pickup) && !pickup.is_empty() {
        keys.push(("dial", pickup.to_owned(), if is_russian { "Перехват" } else { "Pickup" }.to_owned()));
    }
    if phone.keys.contains(&PhoneKey::Parking) {
        let word = if is_russian { "Парковка" } else { "Parking" };
        keys.extend(office.parking.places().take(PARKING_KEYS).map(|place| {
            let label = format!("{word} {place}");
            ("lamp", place, label)
        }));
    }
    let numbered = (1..).zip(keys);
    let key = |(index, (kind, number, label))| Key { position: lines + index, index, kind, number, label };
    numbered.map(key).collect()
}

/// How people know a number inside.
pub(super) fn name_of(office: &Office, number: &str) -> String {
    let employee = office.extension(number).map(|extension| extension.employee.as_str());
    let group = || office.group(number).map(|group| group.name.as_str());
    let room = || office.conference(number).map(|room| room.name.as_str());
    let name = employee.or_else(group).or_else(room).filter(|name| !name.is_empty());
    name.unwrap_or(number).to_owned()
}

/// How this telephone reaches us. By itself it does so over TLS, which keeps the keys of SRTP from others (RFC 4568 §7.1.1), once
/// nothing can keep it from registering that way: it must have fetched its settings over TLS from this box.
fn transport(phone: Option<&Phone>, site: &Site, proved: bool) -> (&'static str, u16) {
    let wanted = phone.map_or(PhoneTransport::Auto, |phone| phone.transport);
    match (wanted, site.sip_tls) {
        (PhoneTransport::Tls, Some(port)) => ("tls", port),
        (PhoneTransport::Auto, Some(port)) if proved => ("tls", port),
        (PhoneTransport::Tcp | PhoneTransport::Tls, _) => ("tcp", site.sip_tcp),
        (PhoneTransport::Auto | PhoneTransport::Udp, _) => ("udp", site.sip_udp),
    }
}

impl Zone {
    fn of(name: &str, at: WallTime) -> Self {
        let zone = jiff::tz::TimeZone::get(name).unwrap_or(jiff::tz::TimeZone::UTC);
        let at = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default();
        let seconds = zone.to_offset(at).seconds();
        let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.abs() / 60);
        let (hours, rest) = (minutes / 60, minutes % 60);
        Self {
            name: name.to_owned(),
            seconds,
            minutes: seconds / 60,
            hours: if rest == 0 { format!("{sign}{hours}") } else { format!("{sign}{hours}:{rest:02}") },
            offset: format!("{sign}{hours:02}:{rest:02}"),
            posix: {
                let sign = if seconds < 0 { '+' } else { '-' };
                if rest == 0 { format!("LOC{sign}{hours}") } else { format!("LOC{sign}{hours}:{rest:02}") }
            },
        }
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// The authority's certificate in a telephone's folder.
pub(super) const AUTHORITY: &str = "authority.pem";
/// The phone book in a telephone's folder.
pub(super) const BOOK: &str = "book.xml";
/// And under the names that Grandstreams put behind the folder by themselves.
pub(super) const BOOKS: [&str; 3] = [BOOK, "phonebook.xml", "gs_phonebook.xml"];
/// Shown instead of a secret.
const MASK: &str = "***";
/// Parking places with a key: a telephone has few.
const PARKING_KEYS: usize = 2;
