//! Each kind's table → its noun. Only what one table can say of itself is judged here; what the kinds say of each other is
//! `check`'s, and what the file leaves out for the present office to fill is `complete`'s.

use std::ops::RangeInclusive;

use super::fault::Fault;
use super::fields::{Fields, nearest};
use super::{limits, telephone, times};
use crate::office::{
    DateHours, Device, Extension, Forward, Group, Listening, MediaFile, MobileDevice, Network, Permissions, Protection,
    Recordings, Role, Schedule, Settings, SipDevice, Srtp, Trunk, User, VoiceMenu, VoiceMessage, WeekHours, Word,
};
use crate::sip::Transport;

/// Known words of `codecs`, in the order of the defaults.
pub(super) const CODECS: [&str; 4] = ["pcma", "pcmu", "g722", "opus"];
/// Seconds that anything may ring.
const RING_SECONDS: RangeInclusive<u32> = 1..=300;
const DEFAULT_RING_SECONDS: u32 = 20;
/// A DECT base has as many handsets.
const MOST_LINES: u32 = 32;
/// Words of `permissions`.
const PERMISSIONS: [&str; 6] =
    ["internal", "city", "mobile_region", "mobile_national", "long_distance", "international"];
/// Seconds between REGISTERs.
const REGISTER_EVERY: RangeInclusive<u32> = 5..=86_400;

pub(super) fn settings(fields: &mut Fields<'_, '_>) -> Settings {
    let default = Settings::default();
    let timezone = fields.text_or("timezone", &default.timezone);
    let country = fields.text_or("country", &default.country).to_ascii_uppercase();
    let area_code = fields.text_or("area_code", &default.area_code);
    if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_alphabetic()) {
        fields.fault("country", Fault::Country, "`country` must be an ISO code of two letters, as \"RU\"");
    }
    if area_code.len() > 5 || !area_code.bytes().all(|b| b.is_ascii_digit()) {
        fields.fault("area_code", Fault::AreaCode, "`area_code` must be at most 5 digits");
    }
    Settings {
        name: fields.text_or("name", ""),
        timezone: known_zone(fields, timezone),
        language: fields.word_or("language", default.language),
        country,
        area_code,
        music: fields.texts("music").unwrap_or_default(),
    }
}

/// The zone's own spelling of its name.
fn known_zone(fields: &Fields<'_, '_>, name: String) -> String {
    let zones = jiff::tz::TimeZoneDatabase::bundled();
    if let Ok(zone) = zones.get(&name) {
        return zone.iana_name().map(str::to_owned).unwrap_or(name);
    }
    let known: Vec<String> = zones.available().map(|zone| zone.to_string()).collect();
    let near = nearest(&name, known.iter().map(String::as_str));
    let hint = near.map(|near| format!("; did you mean \"{near}\"?")).unwrap_or_default();
    let fault = Fault::Zone { near: near.map(str::to_owned) };
    fields.fault("timezone", fault, format_args!("there is no time zone \"{name}\"{hint}"));
    name
}

pub(super) fn trunk(fields: &mut Fields<'_, '_>) -> Trunk {
    fields.name_by("trunk", "name");
    let trunk = Trunk {
        name: fields.required("name"),
        number: fields.required("number"),
        numbers: fields.texts("numbers").unwrap_or_default(),
        server: fields.required("server"),
        login: fields.text_or("login", ""),
        password: fields.text_or("password", ""),
        comment: fields.text_or("comment", ""),
        register: fields.flag_or("register", true),
        transport: fields.word_or("transport", Transport::Udp),
        auth_login: fields.text_or("auth_login", ""),
        outbound_proxy: fields.text_or("outbound_proxy", ""),
        from_domain: fields.text_or("from_domain", ""),
        number_format: fields.word_or("number_format", Default::default()),
        caller_id_in: fields.word_or("caller_id_in", Default::default()),
        codecs: codecs(fields),
        max_calls: fields.whole_or("max_calls", 0, 0..=10_000),
        register_every: fields.whole_or("register_every", 300, REGISTER_EVERY),
        srtp: fields.word_or("srtp", Srtp::Off),
    };
    if trunk.register && trunk.login.is_empty() {
        fields.fault(
            "login",
            Fault::TrunkLogin,
            "`login` is missing; a trunk known by its address has `register = false`",
        );
    }
    for (key, host) in [("server", &trunk.server), ("outbound_proxy", &trunk.outbound_proxy)] {
        if !host.is_empty() && !is_host_port(host) {
            fields.fault(key, Fault::HostPort, format_args!("`{key}` \"{host}\" is neither host nor host:port"));
        }
    }
    if !trunk.from_domain.is_empty() && !is_host(&trunk.from_domain) {
        fields.fault("from_domain", Fault::Host, format_args!("`from_domain` \"{}\" is no domain", trunk.from_domain));
    }
    trunk
}

fn codecs(fields: &mut Fields<'_, '_>) -> Vec<String> {
    let Some(words) = fields.texts("codecs") else { return CODECS.map(str::to_owned).to_vec() };
    for (nth, word) in words.iter().enumerate() {
        if !CODECS.contains(&word.as_str()) {
            fields.no_such_word(fields.spot.item("codecs", nth), "codecs", word, CODECS.into_iter());
        } else if words.iter().take(nth).any(|earlier| earlier == word) {
            let fault = Fault::Twice(word.clone());
            fields.fault_at(fields.spot.item("codecs", nth), fault, format_args!("`codecs` names \"{word}\" twice"));
        }
    }
    if words.is_empty() {
        fields.fault("codecs", Fault::Missing, "`codecs` is empty");
    }
    words
}

/// Whether it is `host`, `host:port`, `[v6]` or `[v6]:port`: RFC 3261 §25.1, hostport.
pub fn is_host_port(text: &str) -> bool {
    let (host, port) = match text.rfind(']') {
        Some(end) => (text.get(..=end), text.get(end + 1..).filter(|rest| !rest.is_empty())),
        None => text.find(':').map_or((Some(text), None), |colon| (text.get(..colon), text.get(colon..))),
    };
    let port_fits = port.is_none_or(|port| {
        let digits = port.strip_prefix(':').filter(|p| p.bytes().all(|b| b.is_ascii_digit()));
        digits.and_then(|p| p.parse::<u16>().ok()).is_some_and(|p| p != 0)
    });
    host.is_some_and(is_host) && port_fits
}

/// Whether it is a host name or an address, as they stand in URIs: RFC 3261 §25.1, host.
pub fn is_host(text: &str) -> bool {
    if let Some(address) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let label =
        |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    text.strip_suffix('.').unwrap_or(text).split('.').all(label)
}

pub(super) fn extension(fields: &mut Fields<'_, '_>) -> Extension {
    fields.name_by("extension", "number");
    let extension = Extension {
        number: fields.required("number"),
        employee: fields.text_or("employee", ""),
        email: fields.text_or("email", ""),
        ring: fields.word_or("ring", Default::default()),
        outgoing_number: fields.text_or("outgoing_number", ""),
        permissions: classes(fields, "permissions", &PERMISSIONS).unwrap_or_default(),
        limits: limits::of_extension(fields),
        record: fields.flag_or("record", false),
        voicemail: fields.flag_or("voicemail", false),
        voicemail_pin: telephone::pin(fields, "voicemail_pin"),
        voicemail_greeting: fields.text_or("voicemail_greeting", ""),
        call_waiting: fields.flag_or("call_waiting", true),
        do_not_disturb: fields.flag_or("do_not_disturb", false),
        devices: devices(fields),
    };
    if !extension.email.is_empty() && !is_email(&extension.email) {
        fields.fault("email", Fault::Address, format_args!("`email` \"{}\" is no address", extension.email));
    }
    extension
}

/// Whether mail can be sent there.
pub fn is_email(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'))
        && !text.contains(char::is_whitespace)
}

impl Permissions {
    /// The classes by the words of the file, beside `internal`, which always holds.
    pub const WORDS: [&'static str; 5] = ["city", "mobile_region", "mobile_national", "long_distance", "international"];

    /// The class of a word; `None` for other words.
    pub fn class(&mut self, word: &str) -> Option<&mut bool> {
        match word {
            "city" => Some(&mut self.city),
            "mobile_region" => Some(&mut self.mobile_region),
            "mobile_national" => Some(&mut self.mobile_national),
            "long_distance" => Some(&mut self.long_distance),
            "international" => Some(&mut self.international),
            _ => None,
        }
    }

    /// The words of the classes that are allowed, `internal` first.
    pub fn words(mut self) -> Vec<&'static str> {
        let allowed = Self::WORDS.into_iter().filter(|word| self.class(word).is_some_and(|on| *on));
        let allowed: Vec<_> = allowed.collect();
        std::iter::once("internal").chain(allowed).collect()
    }
}

/// A set of classes, by these words; `None` when it is absent.
pub(super) fn classes(fields: &mut Fields<'_, '_>, key: &'static str, known: &[&str]) -> Option<Permissions> {
    let words = fields.texts(key)?;
    let mut classes = Permissions::default();
    for (nth, word) in words.iter().enumerate() {
        match classes.class(word) {
            Some(class) => *class = true,
            None if known.contains(&word.as_str()) => {}
            None => fields.no_such_word(fields.spot.item(key, nth), key, word, known.iter().copied()),
        }
    }
    Some(classes)
}

fn devices(fields: &mut Fields<'_, '_>) -> Vec<Device> {
    let Some(tables) = fields.tables("device") else {
        fields.missing("device", Fault::Devices { least: 1, most: 4 }, "has no device; one to four are needed");
        return Vec::new();
    };
    if !(1..=4).contains(&tables.len()) {
        fields.fault(
            "device",
            Fault::Devices { least: 1, most: 4 },
            format_args!("has {} devices; one to four are allowed", tables.len()),
        );
    }
    let mut devices = Vec::with_capacity(tables.len());
    for mut table in tables {
        let device = device(&mut table);
        let place = table.finish();
        if let Some(device) = device {
            devices.push(device);
            fields.spot.add_part(place);
        }
    }
    devices
}

fn device(fields: &mut Fields<'_, '_>) -> Option<Device> {
    let kind = fields.required("kind");
    let ring_seconds = fields.whole_or("ring_seconds", DEFAULT_RING_SECONDS, RING_SECONDS);
    match kind.as_str() {
        "mobile" => {
            let (number, confirm) = (fields.required("number"), fields.flag_or("confirm", false));
            Some(Device::Mobile(MobileDevice { number, ring_seconds, confirm }))
        }
        "sip" => Some(Device::Sip(sip_device(fields, ring_seconds))),
        other => {
            if !other.is_empty() {
                fields.no_such_word(fields.spot.key("kind"), "kind", other, ["sip", "mobile"].into_iter());
            }
            // Its keys are judged as those of the more usual kind.
            sip_device(fields, ring_seconds);
            fields.text("number");
            fields.flag_or("confirm", false);
            None
        }
    }
}

fn sip_device(fields: &mut Fields<'_, '_>, ring_seconds: u32) -> SipDevice {
    let device = SipDevice {
        login: fields.text_or("login", ""),
        password: fields.text_or("password", ""),
        ring_seconds,
        allow_from: fields
            .texts("allow_from")
            .map_or_else(|| vec![Network::ANY], |texts| networks(fields, "allow_from", &texts)),
        forward: forward(fields),
        mac: mac(fields),
        line: fields.whole_or("line", 0, 0..=MOST_LINES),
        model: fields.text_or("model", ""),
        srtp: fields.word_or("srtp", Srtp::Optional),
    };
    if !is_login(&device.login) {
        fields.fault(
            "login",
            Fault::Login,
            format_args!("`login` \"{}\" may hold Latin letters, digits and + - . _ only", device.login),
        );
    }
    device
}

/// Empty, or what survives URIs, digest, files and QR codes unchanged.
fn is_login(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-._".contains(&b))
}

fn networks(fields: &Fields<'_, '_>, key: &str, texts: &[String]) -> Vec<Network> {
    let mut networks = Vec::with_capacity(texts.len());
    for (nth, text) in texts.iter().enumerate() {
        match text.parse() {
            Ok(network) => networks.push(network),
            Err(why) => {
                let what = format_args!("`{key}` \"{text}\" is no network: {why}");
                fields.fault_at(fields.spot.item(key, nth), Fault::Network(why), what);
            }
        }
    }
    networks
}

fn forward(fields: &mut Fields<'_, '_>) -> Forward {
    let Some(mut table) = fields.table("forward") else { return Forward::None };
    let mode = table.required("mode");
    let forward = match mode.as_str() {
        "none" | "" => Forward::None,
        "always" => Forward::Always { to: table.required("to") },
        "conditional" => {
            Forward::Conditional { busy: table.text_or("busy", ""), no_answer: table.text_or("no_answer", "") }
        }
        other => {
            table.no_such_word(table.spot.key("mode"), "mode", other, ["none", "always", "conditional"].into_iter());
            for key in ["to", "busy", "no_answer"] {
                table.text(key);
            }
            Forward::None
        }
    };
    fields.spot.add_part(table.finish());
    forward
}

/// Lower case with colons, however it was written.
pub(super) fn mac(fields: &mut Fields<'_, '_>) -> String {
    let Some(text) = fields.text("mac").filter(|text| !text.is_empty()) else { return String::new() };
    let digits: Vec<char> = text.chars().filter(|c| !matches!(c, ':' | '-' | '.')).collect();
    if digits.len() != 12 || !digits.iter().all(char::is_ascii_hexdigit) {
        fields.fault("mac", Fault::Mac, format_args!("`mac` \"{text}\" is no address like \"80:5e:c0:12:34:56\""));
        return String::new();
    }
    let pairs: Vec<String> = digits.chunks(2).map(|pair| pair.iter().collect()).collect();
    pairs.join(":").to_ascii_lowercase()
}

pub(super) fn media(fields: &mut Fields<'_, '_>) -> MediaFile {
    fields.name_by("media", "name");
    MediaFile { name: fields.required("name"), file: fields.required("file"), clip: None }
}

pub(super) fn voice_message(fields: &mut Fields<'_, '_>) -> VoiceMessage {
    fields.name_by("voice message", "name");
    let (name, media) = (fields.required("name"), fields.required("media"));
    VoiceMessage { name, media, repeat: fields.whole_or("repeat", 1, 1..=100) }
}

pub(super) fn schedule(fields: &mut Fields<'_, '_>) -> Schedule {
    fields.name_by("schedule", "name");
    let name = fields.required("name");
    let hours = entries(fields, "hours", week_hours);
    let except = entries(fields, "except", date_hours);
    let mut closed = Vec::new();
    for (nth, text) in fields.texts("closed").unwrap_or_default().iter().enumerate() {
        match times::dates(text) {
            Ok(range) => closed.push(range),
            Err((fault, why)) => {
                fields.fault_at(fields.spot.item("closed", nth), fault, format_args!("`closed`: {why}"))
            }
        }
    }
    Schedule { name, hours, except, closed }
}

fn entries<'r, T>(
    fields: &mut Fields<'r, '_>,
    key: &'static str,
    read: impl Fn(&mut Fields<'r, '_>) -> Option<T>,
) -> Vec<T> {
    let mut entries = Vec::new();
    for mut table in fields.tables(key).unwrap_or_default() {
        entries.extend(read(&mut table));
        table.finish();
    }
    entries
}

fn week_hours(fields: &mut Fields<'_, '_>) -> Option<WeekHours> {
    let text = fields.required("days");
    let days = times::days(&text);
    if days.is_none() && !text.is_empty() {
        fields.fault(
            "days",
            Fault::Days,
            format_args!("`days` \"{text}\" must be days like \"mon-fri\" or \"sat,sun\""),
        );
    }
    let (from, to) = interval(fields);
    Some(WeekHours { days: days?, from: from?, to: to? })
}

fn date_hours(fields: &mut Fields<'_, '_>) -> Option<DateHours> {
    let text = fields.required("date");
    let date = times::date(&text);
    if date.is_none() && !text.is_empty() {
        fields.fault("date", Fault::Date, format_args!("`date` \"{text}\" is no date like \"2026-12-31\""));
    }
    let (from, to) = interval(fields);
    Some(DateHours { date: date?, from: from?, to: to? })
}

fn interval(fields: &mut Fields<'_, '_>) -> (Option<u16>, Option<u16>) {
    let mut time = |key: &'static str, latest: u16| {
        let text = fields.required(key);
        let minutes = times::minutes(&text).filter(|minutes| *minutes <= latest);
        if minutes.is_none() && !text.is_empty() {
            fields.fault(key, Fault::Time, format_args!("`{key}` \"{text}\" is no time like \"09:00\""));
        }
        minutes
    };
    (time("from", 24 * 60 - 1), time("to", 24 * 60))
}

pub(super) fn group(fields: &mut Fields<'_, '_>) -> Group {
    fields.name_by("group", "number");
    Group {
        number: fields.required("number"),
        name: fields.text_or("name", ""),
        description: fields.text_or("description", ""),
        strategy: fields.word_or("strategy", Default::default()),
        members: fields.texts("members").unwrap_or_default(),
        greeting: fields.text_or("greeting", ""),
        music: fields.text_or("music", ""),
        max_wait_seconds: fields.whole_or("max_wait_seconds", 60, 1..=86_400),
        wrap_up_seconds: fields.whole_or("wrap_up_seconds", 0, 0..=3_600),
        max_queue: fields.whole_or("max_queue", 10, 0..=1_000),
        member_ring_seconds: fields.whole_or("member_ring_seconds", DEFAULT_RING_SECONDS, RING_SECONDS),
        announce_position: fields.flag_or("announce_position", false),
    }
}

pub(super) fn voice_menu(fields: &mut Fields<'_, '_>) -> VoiceMenu {
    fields.name_by("voice menu", "name");
    VoiceMenu {
        name: fields.required("name"),
        greeting: fields.required("greeting"),
        invalid: fields.text_or("invalid", ""),
        timeout_seconds: fields.whole_or("timeout_seconds", 5, 1..=300),
        repeat: fields.whole_or("repeat", 2, 1..=100),
    }
}

pub(super) fn user(fields: &mut Fields<'_, '_>) -> User {
    fields.name_by("user", "login");
    let login = fields.required("login");
    let role = fields.required("role");
    if !role.is_empty() && Role::from_word(&role).is_none() {
        fields.no_such_word(fields.spot.key("role"), "role", &role, Role::WORDS.iter().map(|(word, _)| *word));
    }
    let password_hash = fields.text_or("password_hash", "");
    if !password_hash.is_empty() && !password_hash.starts_with("$argon2id$") {
        fields.wrong("password_hash", "`password_hash` is no argon2id hash, as `dozvon export --secrets` writes it");
    }
    let must_change = fields.flag_or("must_change", false);
    let role = Role::from_word(&role).unwrap_or(Role::Viewer);
    User {
        disabled: fields.flag_or("disabled", false),
        may_hear_recordings: fields.flag_or("may_hear_recordings", false),
        ..User::new(login, role, password_hash, must_change)
    }
}

pub(super) fn recordings(fields: &mut Fields<'_, '_>) -> Recordings {
    let default = Recordings::default();
    Recordings {
        format: fields.word_or("format", default.format),
        keep_days: fields.whole_or("keep_days", default.keep_days, 0..=3650),
        keep_gigabytes: fields.whole_or("keep_gigabytes", default.keep_gigabytes, 0..=100_000),
        signalling_days: fields.whole_or("signalling_days", default.signalling_days, 0..=365),
    }
}

pub(super) fn protection(fields: &mut Fields<'_, '_>) -> Protection {
    let texts = fields.texts("trusted_networks").unwrap_or_default();
    Protection {
        trusted_networks: networks(fields, "trusted_networks", &texts),
        listening: fields.word_or("listening", Listening::Off),
    }
}
