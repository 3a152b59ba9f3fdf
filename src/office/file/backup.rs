//! When and where to backups go: `[backup]`, `[[backup_place]]`.

use super::fault::Fault;
use super::fields::Fields;
use super::nouns::is_host_port;
use super::times;
use crate::office::notices::is_webhook_url;
use crate::office::{BackupKind, BackupPlace, BackupSettings, PASSPHRASE, WEEKDAYS};

/// Backups that are kept in a place.
const KEPT: std::ops::RangeInclusive<u32> = 1..=365;
/// Where S3 is when nobody says another one.
const REGION: &str = "us-east-1";

pub(super) fn settings(fields: &mut Fields<'_, '_>) -> BackupSettings {
    let default = BackupSettings::default();
    let settings = BackupSettings {
        enabled: fields.flag_or("enabled", default.enabled),
        hour: hour(fields, default.hour),
        weekdays: weekdays(fields),
        keep: fields.whole_or("keep", default.keep, KEPT),
        recordings: fields.flag_or("recordings", default.recordings),
        on_box: fields.flag_or("on_box", default.on_box),
        passphrase: fields.text_or("passphrase", ""),
    };
    let length = settings.passphrase.chars().count();
    if length > 0 && length < PASSPHRASE {
        let what = format_args!("`passphrase` is shorter than {PASSPHRASE} characters");
        fields.fault("passphrase", Fault::TooShort { least: PASSPHRASE }, what);
    }
    settings
}

fn hour(fields: &mut Fields<'_, '_>, default: u16) -> u16 {
    let text = fields.text_or("hour", &times::spell_minutes(default));
    times::minutes(&text).filter(|minutes| *minutes < 24 * 60).unwrap_or_else(|| {
        fields.fault("hour", Fault::Time, format_args!("`hour` \"{text}\" is no time like \"03:17\""));
        default
    })
}

fn weekdays(fields: &mut Fields<'_, '_>) -> [bool; 7] {
    let mut days = [false; 7];
    for (nth, word) in fields.texts("weekdays").unwrap_or_default().iter().enumerate() {
        let at = fields.item("weekdays", nth);
        match WEEKDAYS.iter().position(|day| day == word).and_then(|day| days.get_mut(day)) {
            Some(on) if *on => {
                fields.fault_at(at, Fault::Twice(word.clone()), format_args!("`weekdays` names {word} twice"));
            }
            Some(on) => *on = true,
            None => fields.no_such_word(at, "weekdays", word, WEEKDAYS.into_iter()),
        }
    }
    days
}

pub(super) fn place(fields: &mut Fields<'_, '_>) -> BackupPlace {
    fields.name_by("backup place", "name");
    let name = fields.required("name");
    let kind: BackupKind = fields.word_or("kind", BackupKind::default());
    let server = match kind {
        BackupKind::Stick => fields.text_or("server", ""),
        _ => fields.required("server"),
    };
    let place = BackupPlace {
        name,
        kind,
        server,
        folder: fields.text_or("folder", ""),
        login: fields.text_or("login", ""),
        password: fields.text_or("password", ""),
        private_key: fields.text_or("private_key", ""),
        host_key: fields.text_or("host_key", ""),
        bucket: fields.text_or("bucket", ""),
        region: fields.text_or("region", if kind == BackupKind::S3 { REGION } else { "" }),
    };
    check(fields, &place);
    place
}

fn check(fields: &Fields<'_, '_>, place: &BackupPlace) {
    // `box` and `stick:…` are the words of the API for what is no place of the office.
    if place.name == "box" || place.name.starts_with("stick:") {
        fields.fault("name", Fault::NameTaken(place.name.clone()), "`name` is a word that means the box or a stick");
    }
    let server = place.server.as_str();
    let fits = match place.kind {
        BackupKind::Sftp => is_host_port(server),
        BackupKind::S3 => is_webhook_url(server) && !server.contains('?'),
        BackupKind::Smb => {
            let share = server.strip_prefix("//").and_then(|rest| rest.split_once('/'));
            share.is_some_and(|(host, share)| is_host_port(host) && is_path(share))
        }
        BackupKind::Nfs => {
            let share = server.rsplit_once(":/");
            share.is_some_and(|(host, path)| is_host_port(host) && (path.is_empty() || is_path(path)))
        }
        BackupKind::Stick => !server.contains('/'),
    };
    if !fits && !server.is_empty() {
        let what = format_args!(
            "`server` \"{server}\" does not fit: sftp has host or host:port, s3 https://host, smb //server/share, nfs server:/path"
        );
        fields.fault("server", Fault::BackupServer, what);
    }
    if !place.folder.is_empty() && !is_path(place.folder.trim_start_matches('/')) {
        fields.fault("folder", Fault::Folder, "`folder` may not lead upwards");
    }
    if matches!(place.kind, BackupKind::Sftp | BackupKind::S3) && place.login.is_empty() {
        fields.fault("login", Fault::Missing, "`login` is missing");
    }
    if place.kind == BackupKind::S3 && place.bucket.is_empty() {
        fields.fault("bucket", Fault::Missing, "`bucket` is missing");
    }
    if [&place.login, &place.password].iter().any(|text| text.contains(',') && place.kind == BackupKind::Smb) {
        // The kernel takes them in one line, separated by commas.
        fields.fault("password", Fault::Login, "a login and a password of SMB may hold no comma");
    }
}

/// Some names with slashes between; none leads upwards.
fn is_path(text: &str) -> bool {
    !text.is_empty()
        && text.trim_end_matches('/').split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}
