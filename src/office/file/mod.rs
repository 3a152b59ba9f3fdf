//! The office file: text ⇄ [`Office`]. [`read`] merges a document onto the present office and reports everything that is
//! wrong with it, each with its line; [`write`] makes a document that reads back as the same office. contract.md, "Office
//! file", is the law. Reads no disk: whether a media file exists is asked through the [`Context`].

use std::fmt;

use toml::de::DeTable;

use super::{Device, MediaFile, Office};
use crate::base::Rng;

mod backup;
mod check;
mod complete;
mod fault;
mod fields;
mod limits;
mod notices;
mod nouns;
mod phone;
mod plan;
mod sign_on;
mod telephone;
mod times;
mod weak;
mod write;
mod written;

use fields::{Fields, NOWHERE, Report, Spot};

pub(in crate::office) use complete::PASSWORD_LENGTH;
pub use complete::{device_login, login_prefix};
pub use fault::{Fault, Wanted};
pub use nouns::{is_email, is_host, is_host_port};
pub use phone::is_file_name;
pub use weak::{WeakPassword, weak_password};
pub use write::{write, write_kind};
pub use written::to_e164;

/// What the reader is given beside the text.
pub struct Context<'a> {
    /// For logins and passwords of new devices.
    pub rng: &'a mut Rng,
    /// Whether a media file exists; the path is as written, relative to the office file.
    pub exists: &'a dyn Fn(&str) -> bool,
    /// `desk::check::findings` and others that look at the whole office; handed in, since this room must not know them.
    pub check: &'a dyn Fn(&Office) -> Vec<Finding>,
}

/// What a checker of another room says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where it stands in the file.
    pub at: FindingAt,
    /// Nothing is applied.
    pub is_error: bool,
    /// In words, with the thing's name.
    pub what: String,
}

/// What a [`Finding`] is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FindingAt {
    /// An element, by its id.
    Element(String),
    /// One of the office's numbers, E.164 digits.
    Number(String),
    /// Where a SIP device forwards to, by its login.
    Forward(String),
    /// The text of a template for telephones, by its name.
    PhoneTemplate(String),
    /// The desk as a whole.
    Desk,
}

/// A valid document, merged.
#[derive(Debug)]
pub struct Reading {
    /// The whole office as it is to be.
    pub office: Office,
    /// To be told, but no reason to refuse. By line.
    pub warnings: Vec<Problem>,
    /// Media files to be imported before the office is applied. Their [`MediaFile::file`] holds the path as written, their
    /// clip is empty.
    pub imports: Vec<MediaImport>,
}

/// A media file to be imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaImport {
    /// The media's name.
    pub name: String,
    /// As written, relative to the office file.
    pub path: String,
}

/// What is wrong, and where. Displays as `line 42: group 500: member 207 is no extension`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// From 1; 0 when the thing is not in the file but kept from the present settings.
    pub line: usize,
    /// Names the thing.
    pub what: String,
    /// The place in the document as a JSON pointer, `/extension/2/number`; empty: of the whole, or not in it.
    pub pointer: String,
    /// The same as facts, where somebody needs them.
    pub fault: Option<Fault>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{} (not in this file)", self.what),
            line => write!(f, "line {line}: {}", self.what),
        }
    }
}

impl Problem {
    /// With the file's name: `office.toml:42: group 500: member 207 is no extension`.
    pub fn in_file(&self, file: &str) -> String {
        match self.line {
            0 => format!("{file}: {self}"),
            line => format!("{file}:{line}: {}", self.what),
        }
    }
}

/// An office under construction, with the place of each thing. Things that were kept have no [`Spot`].
#[derive(Default)]
struct Draft {
    office: Office,
    spots: Spots,
}

#[derive(Default)]
struct Spots {
    settings: Spot,
    trunks: Vec<Spot>,
    extensions: Vec<Spot>,
    media: Vec<Spot>,
    voice_messages: Vec<Spot>,
    schedules: Vec<Spot>,
    groups: Vec<Spot>,
    voice_menus: Vec<Spot>,
    elements: Vec<Spot>,
    users: Vec<Spot>,
    codes: Spot,
    parking: Spot,
    conferences: Vec<Spot>,
    voicemail: Spot,
    mail: Spot,
    openid: Spot,
    ldap: Spot,
    authorities: Vec<Spot>,
    phones: Vec<Spot>,
    phone_templates: Vec<Spot>,
    notices: Spot,
    webhooks: Vec<Spot>,
    backup: Spot,
    backup_places: Vec<Spot>,
}

/// Reads a document and merges it onto `current`: a kind that is absent is left alone, a kind that is present is made exactly
/// so (`group = []` removes all groups).
///
/// # Errors
/// Everything that is wrong with it, by line; then nothing may be applied.
pub fn read(text: &str, current: &Office, context: Context<'_>) -> Result<Reading, Vec<Problem>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let report = Report::new(text);
    let (document, broken) = DeTable::parse_recoverable(text);
    for error in broken {
        report.syntax(text, &error);
    }
    if report.has_errors() {
        return Err(report.into_errors(document.get_ref()));
    }
    let mut root = Fields::root(&report, document.get_ref());
    let mut draft = read_kinds(&mut root, current);
    root.finish();

    complete::complete(&mut draft, current, context.rng, &report);
    let imports = resolve_media(&mut draft, current, context.exists, &report);
    check::check(&draft, &report);
    for finding in (context.check)(&draft.office) {
        let at = draft.place_of(&finding.at);
        report.tell(at, finding.is_error, finding.what);
    }
    let warnings = report.into_warnings(document.get_ref())?;
    Ok(Reading { office: draft.office, warnings, imports })
}

fn read_kinds(root: &mut Fields<'_, '_>, current: &Office) -> Draft {
    let mut draft = Draft::default();
    let (office, spots) = (&mut draft.office, &mut draft.spots);
    (office.settings, spots.settings) = one(root, "office", &current.settings, nouns::settings);
    (office.trunks, spots.trunks) = list(root, "trunk", &current.trunks, nouns::trunk);
    (office.extensions, spots.extensions) = list(root, "extension", &current.extensions, nouns::extension);
    (office.media, spots.media) = list(root, "media", &current.media, nouns::media);
    (office.voice_messages, spots.voice_messages) =
        list(root, "voice_message", &current.voice_messages, nouns::voice_message);
    (office.schedules, spots.schedules) = list(root, "schedule", &current.schedules, nouns::schedule);
    (office.groups, spots.groups) = list(root, "group", &current.groups, nouns::group);
    (office.voice_menus, spots.voice_menus) = list(root, "voice_menu", &current.voice_menus, nouns::voice_menu);
    (office.desk.elements, spots.elements) = list(root, "element", &current.desk.elements, plan::element);
    plan::links(root, &mut office.desk);
    (office.users, spots.users) = list(root, "user", &current.users, nouns::user);
    (office.recordings, _) = one(root, "recordings", &current.recordings, nouns::recordings);
    (office.protection, _) = one(root, "protection", &current.protection, nouns::protection);
    (office.limits, _) = one(root, "limits", &current.limits, limits::limits);
    (office.codes, spots.codes) = one(root, "codes", &current.codes, telephone::codes);
    (office.parking, spots.parking) = one(root, "parking", &current.parking, telephone::parking);
    (office.conferences, spots.conferences) = list(root, "conference", &current.conferences, telephone::conference);
    (office.voicemail, spots.voicemail) = one(root, "voicemail", &current.voicemail, telephone::voicemail);
    (office.mail, spots.mail) = one(root, "mail", &current.mail, telephone::mail);
    (office.openid, spots.openid) = one(root, "openid", &current.openid, sign_on::openid);
    (office.ldap, spots.ldap) = one(root, "ldap", &current.ldap, sign_on::ldap);
    (office.authorities, spots.authorities) = list(root, "authority", &current.authorities, sign_on::authority);
    (office.phones, spots.phones) = list(root, "phone", &current.phones, phone::phone);
    (office.phone_templates, spots.phone_templates) =
        list(root, "phone_template", &current.phone_templates, phone::template);
    (office.provisioning, _) = one(root, "provisioning", &current.provisioning, phone::provisioning);
    (office.notices, spots.notices) = one(root, "notices", &current.notices, notices::notices);
    (office.webhooks, spots.webhooks) = list(root, "webhook", &current.webhooks, notices::webhook);
    (office.syslog, _) = one(root, "syslog", &current.syslog, notices::syslog);
    (office.backup, spots.backup) = one(root, "backup", &current.backup, backup::settings);
    (office.backup_places, spots.backup_places) = list(root, "backup_place", &current.backup_places, backup::place);
    draft
}

/// A kind that is there once: from the file when it is there, else the present one, without a spot.
fn one<'r, T: Clone>(
    root: &mut Fields<'r, '_>,
    key: &'static str,
    present: &T,
    read: impl Fn(&mut Fields<'r, '_>) -> T,
) -> (T, Spot) {
    let Some(mut fields) = root.table(key) else { return (present.clone(), Spot::default()) };
    let thing = read(&mut fields);
    (thing, fields.finish())
}

/// One kind: from the file when it is there, else the present one, without spots.
fn list<'r, T: Clone>(
    root: &mut Fields<'r, '_>,
    key: &'static str,
    present: &[T],
    read: impl Fn(&mut Fields<'r, '_>) -> T,
) -> (Vec<T>, Vec<Spot>) {
    let Some(tables) = root.tables(key) else { return (present.to_vec(), Vec::new()) };
    tables
        .into_iter()
        .map(|mut fields| {
            let thing = read(&mut fields);
            (thing, fields.finish())
        })
        .unzip()
}

/// A file that the box has already is kept with its clip; one that exists beside the office file is imported.
fn resolve_media(
    draft: &mut Draft,
    current: &Office,
    exists: &dyn Fn(&str) -> bool,
    report: &Report,
) -> Vec<MediaImport> {
    let mut imports = Vec::new();
    for (media, spot) in draft.office.media.iter_mut().zip(&draft.spots.media) {
        let same_file = |present: &&MediaFile| present.file == media.file;
        if media.file.is_empty() {
            continue; // told already
        } else if let Some(present) = current.media.iter().find(same_file) {
            media.clip.clone_from(&present.clip);
        } else if exists(&media.file) {
            imports.push(MediaImport { name: media.name.clone(), path: media.file.clone() });
        } else {
            report.error(spot.key("file"), format_args!("media {}: there is no file {}", media.name, media.file));
        }
    }
    imports
}

impl Draft {
    fn place_of(&self, at: &FindingAt) -> Option<usize> {
        match at {
            FindingAt::Element(id) => {
                let at = self.office.desk.elements.iter().position(|element| element.id == *id)?;
                spot(&self.spots.elements, at).at
            }
            FindingAt::Number(number) => self.office.trunks.iter().enumerate().find_map(|(at, trunk)| {
                let nth = trunk.all_numbers().position(|one| one == number)?;
                let spot = spot(&self.spots.trunks, at);
                nth.checked_sub(1).map_or_else(|| spot.key("number"), |nth| spot.item("numbers", nth))
            }),
            FindingAt::Forward(login) => self.office.extensions.iter().enumerate().find_map(|(at, extension)| {
                let is_it = |device: &Device| matches!(device, Device::Sip(sip) if sip.login == *login);
                let nth = extension.devices.iter().position(is_it)?;
                spot(&self.spots.extensions, at).part(nth).key("forward")
            }),
            FindingAt::PhoneTemplate(name) => {
                let at = self.office.phone_templates.iter().position(|template| template.name == *name)?;
                spot(&self.spots.phone_templates, at).key("text")
            }
            FindingAt::Desk => None,
        }
    }
}

/// The spot of the `at`th thing, or nowhere for what was kept.
fn spot(spots: &[Spot], at: usize) -> &Spot {
    spots.get(at).unwrap_or(&NOWHERE)
}

#[cfg(test)]
mod tests;
