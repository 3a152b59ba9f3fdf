//! The API: a table of routes, and what is judged before a handler runs, in this order: signed in (401), one-time
//! password (403), path (404), method (405), X-CSRF-Token (403), role (403); then body and sense. openapi.json tells the
//! same table to others; a test holds the two together.

pub(super) mod events;
pub(super) mod update;

mod alarms;
mod allowances;
mod audit;
mod authorities;
mod backups;
mod bans;
mod bundle;
mod calls;
mod captures;
mod certificate;
mod change;
mod codes;
mod collections;
mod conferences;
mod dial;
mod extensions;
mod faults;
mod firmware;
mod forwarding;
mod health;
mod history;
mod history_export;
mod history_ladder;
mod history_summary;
mod imports;
mod journal;
mod license;
mod machine;
mod machine_words;
mod mail;
mod media;
mod metrics;
mod openid;
mod paging;
mod parking;
mod phone_setup;
mod phone_templates;
mod phones;
mod queues;
mod recordings;
mod referrers;
mod routing;
mod session;
mod settings;
mod sign_on;
mod sign_on_words;
mod signed_in;
mod system;
mod tables;
mod tokens;
mod trunk_check;
mod trunks;
mod users;
mod versions;
mod voicemail;
mod webhooks;

use std::cell::Cell;
use std::sync::Arc;

use super::House;
use super::ask::{Ask, decode};
use super::reply::{Problem, Reply, problems};
use super::sessions::{COOKIE, SignedIn, key_of};
use super::words::Said;
use super::workers::UPLOAD;
use crate::base::WallTime;
use crate::io::clock;
use crate::io::files::free_bytes;
use crate::io::out::OutError;
use crate::office::{Language, Office, Role};

/// Everything under it asks for a sign-in, also paths that do not exist.
const ROOT: &str = "/api/v1/";

/// Who may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// Anybody; the handler looks closer where it must.
    Open,
    /// Whoever is signed in, even with a one-time password.
    SignedIn,
    /// Viewers and admins.
    Viewer,
    /// Admins.
    Admin,
}

/// How exactly the last use of a token is known: each note is a write to the disk.
const TOKEN_USE_MS: i64 = 60_000;

type Handler = fn(&Visit<'_>) -> Result<Reply, Problem>;

struct Route {
    method: &'static str,
    /// Segments in braces take any value.
    path: &'static str,
    access: Access,
    handler: Handler,
}

const fn route(method: &'static str, path: &'static str, access: Access, handler: Handler) -> Route {
    Route { method, path, access, handler }
}

/// All routes. A GET answers HEAD too.
const ROUTES: &[Route] = &[
    route("GET", "/healthz", Access::Open, health::get),
    route("GET", "/metrics", Access::Open, metrics::get),
    route("GET", "/auth/methods", Access::Open, openid::methods),
    route("GET", "/auth/openid", Access::Open, openid::start),
    route("GET", "/auth/openid/callback", Access::Open, openid::callback),
    route("GET", "/api/v1/openapi.json", Access::Open, openapi),
    route("POST", "/api/v1/session", Access::Open, session::post),
    route("GET", "/api/v1/session", Access::SignedIn, session::get),
    route("DELETE", "/api/v1/session", Access::SignedIn, session::delete),
    route("PUT", "/api/v1/session/password", Access::SignedIn, session::put_password),
    route("POST", "/api/v1/session/second-factor", Access::SignedIn, session::post_second_factor),
    route("PUT", "/api/v1/session/second-factor", Access::SignedIn, session::put_second_factor),
    route("DELETE", "/api/v1/session/second-factor", Access::SignedIn, session::delete_second_factor),
    route("GET", "/api/v1/session/second-factor/qr.svg", Access::SignedIn, session::get_second_factor),
    route("GET", "/api/v1/sessions", Access::Viewer, signed_in::list),
    route("DELETE", "/api/v1/sessions/{id}", Access::SignedIn, signed_in::delete),
    route("GET", "/api/v1/users", Access::Admin, users::list),
    route("POST", "/api/v1/users", Access::Admin, users::post),
    route("GET", "/api/v1/users/{login}", Access::Admin, users::get),
    route("PUT", "/api/v1/users/{login}", Access::Admin, users::put),
    route("DELETE", "/api/v1/users/{login}", Access::Admin, users::delete),
    route("DELETE", "/api/v1/users/{login}/second-factor", Access::Admin, users::delete_second_factor),
    route("GET", "/api/v1/tokens", Access::Admin, tokens::list),
    route("POST", "/api/v1/tokens", Access::Admin, tokens::post),
    route("DELETE", "/api/v1/tokens/{id}", Access::Admin, tokens::delete),
    route("GET", "/api/v1/openid", Access::Admin, sign_on::get_openid),
    route("PUT", "/api/v1/openid", Access::Admin, sign_on::put_openid),
    route("POST", "/api/v1/openid/check", Access::Admin, sign_on::check_openid),
    route("GET", "/api/v1/ldap", Access::Admin, sign_on::get_ldap),
    route("PUT", "/api/v1/ldap", Access::Admin, sign_on::put_ldap),
    route("POST", "/api/v1/ldap/check", Access::Admin, sign_on::check_ldap),
    route("GET", "/api/v1/authorities", Access::Admin, authorities::list),
    route("POST", "/api/v1/authorities", Access::Admin, authorities::post),
    route("GET", "/api/v1/authorities/{name}", Access::Admin, authorities::get),
    route("DELETE", "/api/v1/authorities/{name}", Access::Admin, authorities::delete),
    route("GET", "/api/v1/versions", Access::Admin, versions::list),
    route("GET", "/api/v1/versions/{id}", Access::Admin, versions::get),
    route("POST", "/api/v1/versions/{id}/revert", Access::Admin, versions::revert),
    route("POST", "/api/v1/versions/{id}/confirm", Access::SignedIn, versions::confirm),
    route("GET", "/api/v1/audit", Access::Admin, audit::list),
    route("GET", "/api/v1/trunks", Access::Viewer, collections::list),
    route("POST", "/api/v1/trunks", Access::Admin, collections::post),
    route("GET", "/api/v1/trunks/{name}", Access::Viewer, collections::get),
    route("PUT", "/api/v1/trunks/{name}", Access::Admin, collections::put),
    route("DELETE", "/api/v1/trunks/{name}", Access::Admin, collections::delete),
    route("GET", "/api/v1/trunks/{name}/password", Access::Admin, trunks::password),
    route("GET", "/api/v1/trunks/{name}/check", Access::Viewer, trunk_check::get),
    route("POST", "/api/v1/trunks/{name}/check", Access::Admin, trunk_check::post),
    route("GET", "/api/v1/extensions", Access::Viewer, collections::list),
    route("POST", "/api/v1/extensions", Access::Admin, collections::post),
    route("GET", "/api/v1/extensions/{number}", Access::Viewer, collections::get),
    route("PUT", "/api/v1/extensions/{number}", Access::Admin, collections::put),
    route("DELETE", "/api/v1/extensions/{number}", Access::Admin, collections::delete),
    route("GET", "/api/v1/extensions/{number}/devices/{login}/password", Access::Admin, extensions::password),
    route("GET", "/api/v1/extensions/{number}/forwarding", Access::Viewer, forwarding::get),
    route("PUT", "/api/v1/extensions/{number}/forwarding", Access::Admin, forwarding::put),
    route("PUT", "/api/v1/media/{name}", Access::Admin, collections::put),
    route("DELETE", "/api/v1/media/{name}", Access::Admin, collections::delete),
    route("GET", "/api/v1/groups", Access::Viewer, collections::list),
    route("POST", "/api/v1/groups", Access::Admin, collections::post),
    route("GET", "/api/v1/groups/{number}", Access::Viewer, collections::get),
    route("PUT", "/api/v1/groups/{number}", Access::Admin, collections::put),
    route("DELETE", "/api/v1/groups/{number}", Access::Admin, collections::delete),
    route("GET", "/api/v1/groups/{number}/queue", Access::Viewer, queues::get),
    route("GET", "/api/v1/queues", Access::Viewer, queues::list),
    route("GET", "/api/v1/voice-messages", Access::Viewer, collections::list),
    route("POST", "/api/v1/voice-messages", Access::Admin, collections::post),
    route("GET", "/api/v1/voice-messages/{name}", Access::Viewer, collections::get),
    route("PUT", "/api/v1/voice-messages/{name}", Access::Admin, collections::put),
    route("DELETE", "/api/v1/voice-messages/{name}", Access::Admin, collections::delete),
    route("GET", "/api/v1/schedules", Access::Viewer, collections::list),
    route("POST", "/api/v1/schedules", Access::Admin, collections::post),
    route("GET", "/api/v1/schedules/{name}", Access::Viewer, collections::get),
    route("PUT", "/api/v1/schedules/{name}", Access::Admin, collections::put),
    route("DELETE", "/api/v1/schedules/{name}", Access::Admin, collections::delete),
    route("GET", "/api/v1/voice-menus", Access::Viewer, collections::list),
    route("POST", "/api/v1/voice-menus", Access::Admin, collections::post),
    route("GET", "/api/v1/voice-menus/{name}", Access::Viewer, collections::get),
    route("PUT", "/api/v1/voice-menus/{name}", Access::Admin, collections::put),
    route("DELETE", "/api/v1/voice-menus/{name}", Access::Admin, collections::delete),
    route("GET", "/api/v1/routing", Access::Viewer, routing::get),
    route("PUT", "/api/v1/routing", Access::Admin, routing::put),
    route("POST", "/api/v1/routing/check", Access::Admin, routing::check),
    route("POST", "/api/v1/routing/what-if", Access::Viewer, routing::what_if),
    route("GET", "/api/v1/settings", Access::Viewer, settings::get),
    route("PUT", "/api/v1/settings", Access::Admin, settings::put),
    route("GET", "/api/v1/allowances", Access::Viewer, allowances::list),
    route("POST", "/api/v1/allowances", Access::Admin, allowances::post),
    route("DELETE", "/api/v1/allowances/{extension}", Access::Admin, allowances::delete),
    route("GET", "/api/v1/usage", Access::Viewer, allowances::usage),
    route("POST", "/api/v1/extensions/{number}/dial", Access::Viewer, dial::post),
    route("GET", "/api/v1/codes", Access::Viewer, codes::get),
    route("PUT", "/api/v1/codes", Access::Admin, codes::put),
    route("GET", "/api/v1/parking", Access::Viewer, parking::get),
    route("PUT", "/api/v1/parking", Access::Admin, parking::put),
    route("GET", "/api/v1/conferences", Access::Viewer, conferences::list),
    route("POST", "/api/v1/conferences", Access::Admin, conferences::post),
    route("GET", "/api/v1/conferences/{number}", Access::Viewer, conferences::get),
    route("PUT", "/api/v1/conferences/{number}", Access::Admin, conferences::put),
    route("DELETE", "/api/v1/conferences/{number}", Access::Admin, conferences::delete),
    route("GET", "/api/v1/media", Access::Viewer, media::list),
    route("POST", "/api/v1/media", Access::Admin, media::post),
    route("GET", "/api/v1/media/{name}", Access::Viewer, media::get),
    route("GET", "/api/v1/media/{name}/audio", Access::Viewer, media::audio),
    route("PUT", "/api/v1/media/{name}/sound", Access::Admin, media::put_sound),
    route("GET", "/api/v1/media/imports/{id}", Access::Viewer, media::import),
    route("GET", "/api/v1/mail", Access::Viewer, mail::get),
    route("PUT", "/api/v1/mail", Access::Admin, mail::put),
    route("GET", "/api/v1/calls", Access::Viewer, calls::list),
    route("POST", "/api/v1/calls", Access::Admin, calls::post),
    route("GET", "/api/v1/calls/{id}", Access::Viewer, calls::get),
    route("DELETE", "/api/v1/calls/{id}", Access::Admin, calls::delete),
    route("POST", "/api/v1/calls/{id}/listen", Access::Admin, calls::listen),
    route("GET", "/api/v1/history", Access::Viewer, history::list),
    route("GET", "/api/v1/history.csv", Access::Viewer, history_export::csv),
    route("GET", "/api/v1/history.xlsx", Access::Viewer, history_export::xlsx),
    route("GET", "/api/v1/history/summary", Access::Viewer, history_summary::get),
    route("GET", "/api/v1/history/{id}", Access::Viewer, history::get),
    route("GET", "/api/v1/history/{id}/ladder", Access::Viewer, history_ladder::get),
    route("GET", "/api/v1/history/{id}/ladder.pcap", Access::Viewer, history_ladder::capture),
    route("GET", "/api/v1/recordings", Access::Viewer, recordings::list),
    route("GET", "/api/v1/recordings/{id}", Access::Viewer, recordings::get),
    route("DELETE", "/api/v1/recordings/{id}", Access::Admin, recordings::delete),
    route("GET", "/api/v1/recordings/{id}/audio", Access::Viewer, recordings::audio),
    route("GET", "/api/v1/voicemail", Access::Viewer, voicemail::list),
    route("GET", "/api/v1/voicemail/{id}", Access::Viewer, voicemail::get),
    route("PUT", "/api/v1/voicemail/{id}", Access::Admin, voicemail::put),
    route("DELETE", "/api/v1/voicemail/{id}", Access::Admin, voicemail::delete),
    route("GET", "/api/v1/voicemail/{id}/audio", Access::Viewer, voicemail::audio),
    route("GET", "/api/v1/bans", Access::Viewer, bans::list),
    route("POST", "/api/v1/bans", Access::Admin, bans::post),
    route("GET", "/api/v1/bans/{id}", Access::Viewer, bans::get),
    route("DELETE", "/api/v1/bans/{id}", Access::Admin, bans::delete),
    route("GET", "/api/v1/license", Access::Viewer, license::get),
    route("POST", "/api/v1/license", Access::Admin, license::post),
    route("GET", "/api/v1/certificate", Access::Viewer, certificate::get),
    route("PUT", "/api/v1/certificate", Access::Admin, certificate::put),
    route("DELETE", "/api/v1/certificate", Access::Admin, certificate::delete),
    route("GET", "/api/v1/authority.pem", Access::Viewer, certificate::authority),
    route("GET", "/api/v1/phones", Access::Viewer, phones::list),
    route("POST", "/api/v1/phones", Access::Admin, phones::post),
    route("GET", "/api/v1/phones/setup", Access::Admin, phone_setup::get),
    route("GET", "/api/v1/phones/firmware", Access::Viewer, firmware::list),
    route("POST", "/api/v1/phones/firmware", Access::Admin, firmware::post),
    route("DELETE", "/api/v1/phones/firmware/{name}", Access::Admin, firmware::delete),
    route("GET", "/api/v1/phones/{mac}", Access::Viewer, phones::get),
    route("PUT", "/api/v1/phones/{mac}", Access::Admin, phones::put),
    route("DELETE", "/api/v1/phones/{mac}", Access::Admin, phones::delete),
    route("POST", "/api/v1/phones/{mac}/accept", Access::Admin, phones::accept),
    route("POST", "/api/v1/phones/{mac}/replace", Access::Admin, phones::replace),
    route("POST", "/api/v1/phones/{mac}/sync", Access::Admin, phones::sync),
    route("GET", "/api/v1/phones/{mac}/preview", Access::Viewer, phones::preview),
    route("GET", "/api/v1/phones/{mac}/fetches", Access::Viewer, phones::fetches),
    route("GET", "/api/v1/phones/{mac}/password", Access::Admin, phones::password),
    route("GET", "/api/v1/phones/{mac}/address", Access::Admin, phones::address),
    route("GET", "/api/v1/phone-templates", Access::Viewer, phone_templates::list),
    route("POST", "/api/v1/phone-templates", Access::Admin, collections::post),
    route("POST", "/api/v1/phone-templates/check", Access::Admin, phone_templates::check),
    route("GET", "/api/v1/phone-templates/{name}", Access::Viewer, phone_templates::get),
    route("PUT", "/api/v1/phone-templates/{name}", Access::Admin, collections::put),
    route("DELETE", "/api/v1/phone-templates/{name}", Access::Admin, collections::delete),
    route("GET", "/api/v1/alarms", Access::Viewer, alarms::list),
    route("POST", "/api/v1/alarms/seen", Access::Admin, alarms::see_all),
    route("POST", "/api/v1/alarms/{id}/seen", Access::Admin, alarms::see),
    route("GET", "/api/v1/webhooks", Access::Admin, collections::list),
    route("POST", "/api/v1/webhooks", Access::Admin, collections::post),
    route("GET", "/api/v1/webhooks/{name}", Access::Admin, collections::get),
    route("PUT", "/api/v1/webhooks/{name}", Access::Admin, collections::put),
    route("DELETE", "/api/v1/webhooks/{name}", Access::Admin, collections::delete),
    route("POST", "/api/v1/webhooks/{name}/test", Access::Admin, webhooks::test),
    route("GET", "/api/v1/webhooks/{name}/deliveries", Access::Admin, webhooks::deliveries),
    route("GET", "/api/v1/backups", Access::Admin, backups::list),
    route("POST", "/api/v1/backups", Access::Admin, backups::post),
    route("POST", "/api/v1/backups/restore", Access::Admin, backups::upload),
    route("POST", "/api/v1/backups/undo", Access::Admin, backups::undo),
    route("GET", "/api/v1/backups/restore/{token}", Access::Admin, backups::looked),
    route("POST", "/api/v1/backups/restore/{token}/apply", Access::Admin, backups::apply),
    route("GET", "/api/v1/backups/{id}", Access::Admin, backups::get),
    route("DELETE", "/api/v1/backups/{id}", Access::Admin, backups::delete),
    route("GET", "/api/v1/backups/{id}/file", Access::Admin, backups::file),
    route("POST", "/api/v1/backups/{id}/restore", Access::Admin, backups::look),
    route("GET", "/api/v1/backup", Access::Admin, backups::settings),
    route("PUT", "/api/v1/backup", Access::Admin, backups::put_settings),
    route("POST", "/api/v1/backup/check", Access::Admin, backups::check),
    route("POST", "/api/v1/imports", Access::Admin, imports::post),
    route("POST", "/api/v1/imports/{token}/apply", Access::Admin, imports::apply),
    route("GET", "/api/v1/system", Access::Viewer, system::get),
    route("GET", "/api/v1/system/update", Access::Viewer, update::get),
    route("POST", "/api/v1/system/update", Access::Admin, update::post),
    route("DELETE", "/api/v1/system/update", Access::Admin, update::delete),
    route("POST", "/api/v1/system/update/start", Access::Admin, update::start),
    route("POST", "/api/v1/system/update/from-stick", Access::Admin, update::from_stick),
    route("GET", "/api/v1/system/network", Access::Viewer, machine::get_network),
    route("PUT", "/api/v1/system/network", Access::Admin, machine::put_network),
    route("POST", "/api/v1/system/network/confirm", Access::Admin, machine::confirm_network),
    route("GET", "/api/v1/system/time", Access::Viewer, machine::get_time),
    route("PUT", "/api/v1/system/time", Access::Admin, machine::put_time),
    route("POST", "/api/v1/system/restart", Access::Admin, machine::restart),
    route("DELETE", "/api/v1/system/restart", Access::Admin, machine::go_on),
    route("POST", "/api/v1/system/shutdown", Access::Admin, machine::shut_down),
    route("POST", "/api/v1/system/reset", Access::Admin, machine::reset),
    route("GET", "/api/v1/system/log", Access::Admin, journal::list),
    route("GET", "/api/v1/system/log.txt", Access::Admin, journal::text),
    route("POST", "/api/v1/system/bundle", Access::Admin, bundle::post),
    route("GET", "/api/v1/syslog", Access::Viewer, journal::get_syslog),
    route("PUT", "/api/v1/syslog", Access::Admin, journal::put_syslog),
    route("GET", "/api/v1/captures", Access::Admin, captures::list),
    route("POST", "/api/v1/captures", Access::Admin, captures::post),
    route("GET", "/api/v1/captures/{id}", Access::Admin, captures::get),
    route("DELETE", "/api/v1/captures/{id}", Access::Admin, captures::delete),
    route("POST", "/api/v1/captures/{id}/stop", Access::Admin, captures::stop),
    route("GET", "/api/v1/captures/{id}/file", Access::Admin, captures::file),
    route("GET", "/api/v1/events", Access::Viewer, events::get),
];

/// Routes whose body is a file, of so many bytes at most: the gate asks them first, and takes it to the disk itself.
const TAKE_FILES: [(&str, &str, u64); 6] = [
    ("POST", "/api/v1/backups/restore", backups::LONGEST),
    ("POST", "/api/v1/imports", imports::LONGEST),
    ("POST", "/api/v1/media", SOUND),
    ("PUT", "/api/v1/media/{name}/sound", SOUND),
    ("POST", "/api/v1/phones/firmware", firmware::LONGEST),
    ("POST", "/api/v1/system/update", update::LONGEST),
];

/// 10 MB (product.md, media files).
const SOUND: u64 = 10_000_000;

/// What is longer is no file that is taken in. Bytes.
pub(super) const LONGEST_FILE: u64 = backups::LONGEST;

/// How many bytes the file may have that is the body of such a request; `None`: the body is no file.
pub(super) fn takes_file(method: &str, path: &str) -> Option<u64> {
    let found = TAKE_FILES.iter().find(|(of, pattern, _)| *of == method && matches(pattern, path).is_some());
    found.map(|(.., longest)| *longest)
}

/// Method and path of every route, for the test that compares them with openapi.json.
#[cfg(test)]
fn table() -> impl Iterator<Item = (&'static str, &'static str)> {
    ROUTES.iter().map(|route| (route.method, route.path))
}

/// The API's description.
#[cfg(test)]
pub(super) const OPENAPI: &str = include_str!("openapi.json");

/// The same as gzip.
static PACKED_OPENAPI: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/openapi.json.gz"));
/// What is said of another server that was not heard.
pub(super) fn of_out(error: &OutError) -> Said {
    sign_on_words::out(error)
}

/// A file that is made while it is sent: from a handler to the gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Export {
    /// Calls for a spreadsheet.
    Calls(history_export::Order),
    /// Diagnostics.
    Bundle(bundle::Order),
}

impl Export {
    /// As the value of a header.
    fn write(&self) -> String {
        match self {
            Self::Calls(order) => format!("calls {}", order.write()),
            Self::Bundle(order) => format!("bundle {}", if order.language == Language::Ru { "ru" } else { "en" }),
        }
    }

    /// Reads what [`Self::write`] wrote.
    pub(super) fn read(text: &str) -> Option<Self> {
        match text.split_once(' ')? {
            ("calls", order) => history_export::Order::read(order).map(Self::Calls),
            ("bundle", word) => {
                let language = if word == "ru" { Language::Ru } else { Language::En };
                Some(Self::Bundle(bundle::Order { language }))
            }
            _ => None,
        }
    }

    /// Makes the file. Blocks: on the disk, and on a client that is slow to take it.
    ///
    /// # Errors
    /// The database, the disk, or the sink.
    pub(super) fn run(&self, house: &House, sink: history_export::Sink<'_>) -> std::io::Result<()> {
        match self {
            Self::Calls(order) => order.run(house, sink),
            Self::Bundle(order) => order.run(house, sink),
        }
    }
}

/// A request on its way to a handler.
struct Visit<'a> {
    house: &'a House,
    ask: &'a Ask,
    office: Arc<Office>,
    who: Who,
    /// The values of the path's braces, decoded.
    values: Vec<String>,
    /// The version of the settings that the handler made.
    version: Cell<Option<i64>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Who {
    Nobody,
    Session(SignedIn),
    Token(Bearer),
}

/// Who shows a token.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Bearer {
    name: String,
    role: Role,
}

impl Who {
    fn role(&self) -> Option<Role> {
        match self {
            Self::Nobody => None,
            Self::Session(signed_in) => Some(signed_in.role),
            Self::Token(bearer) => Some(bearer.role),
        }
    }
}

impl Visit<'_> {
    fn language(&self) -> Language {
        self.ask.language
    }

    /// Under whose name this is kept.
    fn author(&self) -> String {
        match &self.who {
            Who::Session(signed_in) => signed_in.name(),
            Who::Token(bearer) => format!("token {}", bearer.name),
            Who::Nobody => String::new(),
        }
    }

    /// Whether recordings and messages may be heard: admins, and viewers whom an admin allows it.
    fn may_hear(&self) -> bool {
        match &self.who {
            Who::Session(signed_in) => signed_in.may_hear,
            Who::Token(bearer) => bearer.role == Role::Admin,
            Who::Nobody => false,
        }
    }

    /// Where a long body lies. Its request is answered twice: before it comes, when it is asked whether it may, and `None` lets it come
    /// ([`Reply::come`]); and when it is there.
    fn arrived(&self, may_come: impl FnOnce() -> Result<(), Problem>) -> Result<Option<&str>, Problem> {
        match self.ask.header(UPLOAD) {
            Some("") => may_come().map(|()| None),
            Some(arrived) => Ok(Some(arrived)),
            None => Err(problems::bad_request()),
        }
    }

    /// Refused when fewer bytes are free beside the data.
    fn room_for(&self, bytes: u64) -> Result<(), Problem> {
        if free_bytes(&self.house.data).unwrap_or(0) < bytes { Err(problems::no_room()) } else { Ok(()) }
    }

    /// The first value of the path's braces.
    fn value(&self) -> &str {
        self.values.first().map_or("", String::as_str)
    }

    /// RFC 3339 with the office's offset.
    fn time(&self, at: WallTime) -> String {
        rfc3339(at, &self.office.settings.timezone)
    }
}

/// RFC 3339 with the offset that the zone has then.
fn rfc3339(at: WallTime, zone: &str) -> String {
    let at = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default();
    let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    at.to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
}

/// Answers one request; never fails.
pub(super) fn answer(house: &House, ask: Ask) -> Reply {
    let language = ask.language;
    judge(house, &ask).unwrap_or_else(|problem| problem.reply(language))
}

fn judge(house: &House, ask: &Ask) -> Result<Reply, Problem> {
    let office = house.exchange.office();
    let who = identify(house, ask, &office)?;
    let matching: Vec<(&Route, Vec<String>)> =
        ROUTES.iter().filter_map(|route| Some((route, matches(route.path, &ask.path)?))).collect();
    let open = matching.iter().any(|(route, _)| route.access == Access::Open);
    if ask.path.starts_with(ROOT) && !open && who == Who::Nobody {
        return Err(problems::not_signed_in());
    }
    let method = if ask.method == "HEAD" { "GET" } else { ask.method.as_str() };
    let found = matching.iter().find(|(route, _)| route.method == method);
    must_change_first(&who, found.map(|(route, _)| *route))?;
    let Some((route, values)) = found else {
        return Err(no_route(matching.iter().map(|(route, _)| route.method)));
    };
    permit(ask, &who, route)?;
    let visit = Visit { house, ask, office, who, values: values.clone(), version: Cell::new(None) };
    let mut reply = (route.handler)(&visit)?;
    audit::note(&visit, route);
    if let Some(version) = visit.version.get() {
        reply = reply.with("dozvon-version", version.to_string());
        if let Some(at) = house.exchange.revert_at(version) {
            reply = reply.with("dozvon-confirm-by", visit.time(at));
        }
    }
    Ok(reply)
}

fn no_route<'a>(methods: impl Iterator<Item = &'a str>) -> Problem {
    let mut allow: Vec<&str> = methods.collect();
    if allow.is_empty() {
        return problems::not_found();
    }
    if allow.contains(&"GET") {
        allow.push("HEAD");
    }
    problems::method(&allow.join(", "))
}

/// A one-time password opens nothing but its own change.
fn must_change_first(who: &Who, route: Option<&Route>) -> Result<(), Problem> {
    let must = matches!(who, Who::Session(signed_in) if signed_in.must_change);
    let allowed = route.is_some_and(|route| matches!(route.access, Access::Open | Access::SignedIn));
    if must && !allowed { Err(problems::must_change_password()) } else { Ok(()) }
}

fn permit(ask: &Ask, who: &Who, route: &Route) -> Result<(), Problem> {
    if route.access == Access::Open {
        return Ok(());
    }
    if who.role().is_none() {
        return Err(problems::not_signed_in());
    }
    if let (Who::Session(signed_in), true) = (who, route.method != "GET") {
        let given = ask.header("x-csrf-token").unwrap_or_default();
        if !signed_in.csrf_is(given) {
            return Err(problems::csrf());
        }
    }
    if route.access == Access::Admin && who.role() != Some(Role::Admin) {
        return Err(problems::viewer());
    }
    Ok(())
}

/// A bearer token wins over a cookie: a program that sends one means it.
fn identify(house: &House, ask: &Ask, office: &Office) -> Result<Who, Problem> {
    if let Some(header) = ask.header("authorization") {
        let token = header.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let Some((_, token)) = token else { return Ok(Who::Nobody) };
        let Some(token) = house.exchange.token(&key_of(token.trim()))? else { return Ok(Who::Nobody) };
        let now = clock::wall();
        if token.used_at.is_none_or(|at| now.millis() - at.millis() >= TOKEN_USE_MS) {
            house.exchange.token_used(&token.name, now);
        }
        return Ok(Who::Token(Bearer { name: token.name, role: token.role }));
    }
    let Some(secret) = ask.cookie(COOKIE) else { return Ok(Who::Nobody) };
    // What the page fetches by itself, and a stream that stays open, is no sign of somebody being there.
    let touch = ask.header("x-background").is_none() && ask.path != events::PATH;
    let session = house.sessions.find(secret, office, house.clock.now(), touch);
    Ok(session.map_or(Who::Nobody, Who::Session))
}

/// The values of the braces of `pattern`, when `path` is of its shape.
fn matches(pattern: &str, path: &str) -> Option<Vec<String>> {
    let (mut want, mut have) = (pattern.split('/'), path.split('/'));
    let mut values = Vec::new();
    loop {
        match (want.next(), have.next()) {
            (None, None) => return Some(values),
            (Some(want), Some(have)) if want.starts_with('{') => {
                values.push(decode(have).filter(|value| !value.is_empty())?);
            }
            (Some(want), Some(have)) if want == have => {}
            _ => return None,
        }
    }
}

fn openapi(_: &Visit<'_>) -> Result<Reply, Problem> {
    Ok(Reply::text(super::reply::JSON, super::packed::unpack(PACKED_OPENAPI)))
}

#[cfg(test)]
mod tests;
