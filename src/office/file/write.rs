//! [`Office`] → the office file. What it writes reads back as the same office; without secrets it changes nothing when it is
//! read onto the office that it came from.

use std::fmt::{Display, Write as _};

use super::{times, written};
use crate::office::{
    Authority, BackupPlace, BackupSettings, Conference, Device, Element, ElementKind, Extension, ExtensionLimits,
    Feature, Forward, Group, Ldap, Limits, Mail, MobileDevice, Network, Notices, Office, Openid, Out, Phone, PhoneKey,
    Quiet, Schedule, Settings, SipDevice, Syslog, Trunk, User, VoiceMenu, WEEKDAYS, Webhook, WebhookEvent, Word,
};

const HEADER: &str = "\
# The office file of Dozvon: `dozvon apply FILE` makes the box match it. config/office.example.toml tells what every key
# means. A kind that is left out is left alone; a kind that is here is made exactly so.
";
const WITHOUT_SECRETS: &str = "# Without passwords and PINs: those of the box are kept.\n";

/// The office as one document, in a stable order. Passwords and their hashes only with `secrets`.
pub fn write(office: &Office, secrets: bool) -> String {
    let mut out = Document { text: HEADER.to_owned(), secrets, settings: &office.settings };
    if !secrets {
        out.text.push_str(WITHOUT_SECRETS);
    }
    out.empty_kinds(office);
    KINDS.into_iter().for_each(|kind| out.kind(office, kind));
    out.text
}

/// One kind of the office, by the name of its tables: `[[group]]`. Nothing for a kind that is none or has no things.
pub fn write_kind(office: &Office, kind: &str, secrets: bool) -> String {
    let mut out = Document { text: String::new(), secrets, settings: &office.settings };
    out.kind(office, kind);
    out.text
}

/// In the order of the document; links come with their elements.
const KINDS: [&str; 29] = [
    "office",
    "trunk",
    "extension",
    "media",
    "voice_message",
    "schedule",
    "group",
    "voice_menu",
    "element",
    "user",
    "recordings",
    "protection",
    "limits",
    "codes",
    "parking",
    "conference",
    "voicemail",
    "mail",
    "openid",
    "ldap",
    "authority",
    "phone",
    "phone_template",
    "provisioning",
    "notices",
    "webhook",
    "syslog",
    "backup",
    "backup_place",
];

struct Document<'a> {
    text: String,
    secrets: bool,
    settings: &'a Settings,
}

impl Document<'_> {
    fn value(&mut self, key: &str, value: impl Display) {
        let _ = writeln!(self.text, "{key} = {value}"); // writing to a String can't fail
    }

    fn text(&mut self, key: &str, text: &str) {
        self.value(key, quoted(text));
    }

    fn head(&mut self, head: &str) {
        let _ = writeln!(self.text, "\n{head}");
    }

    fn each<T>(&mut self, kind: &str, things: &[T], write: impl Fn(&mut Self, &T)) {
        for thing in things {
            self.head(&format!("[[{kind}]]"));
            write(self, thing);
        }
    }

    /// A kind without things is said so, or reading would leave the other box's things alone.
    fn empty_kinds(&mut self, office: &Office) {
        let kinds = [
            ("trunk", office.trunks.is_empty()),
            ("extension", office.extensions.is_empty()),
            ("media", office.media.is_empty()),
            ("voice_message", office.voice_messages.is_empty()),
            ("schedule", office.schedules.is_empty()),
            ("group", office.groups.is_empty()),
            ("voice_menu", office.voice_menus.is_empty()),
            ("element", office.desk.elements.is_empty()),
            ("user", office.users.is_empty()),
            ("conference", office.conferences.is_empty()),
            ("authority", office.authorities.is_empty()),
            ("phone", office.phones.is_empty()),
            ("phone_template", office.phone_templates.is_empty()),
            ("webhook", office.webhooks.is_empty()),
            ("backup_place", office.backup_places.is_empty()),
        ];
        if kinds.iter().any(|(_, empty)| *empty) {
            self.text.push('\n');
        }
        for (kind, _) in kinds.into_iter().filter(|(_, empty)| *empty) {
            self.value(kind, "[]");
        }
    }

    fn kind(&mut self, office: &Office, kind: &str) {
        match kind {
            "office" => self.settings(),
            "trunk" => self.each(kind, &office.trunks, Self::trunk),
            "extension" => self.each(kind, &office.extensions, Self::extension),
            "media" => self.each(kind, &office.media, |out, media| {
                out.text("name", &media.name);
                out.text("file", &media.file);
            }),
            "voice_message" => self.each(kind, &office.voice_messages, |out, message| {
                out.text("name", &message.name);
                out.text("media", &message.media);
                out.value("repeat", message.repeat);
            }),
            "schedule" => self.each(kind, &office.schedules, Self::schedule),
            "group" => self.each(kind, &office.groups, Self::group),
            "voice_menu" => self.each(kind, &office.voice_menus, Self::voice_menu),
            "element" => {
                self.each(kind, &office.desk.elements, Self::element);
                office.desk.elements.iter().for_each(|element| self.links(element));
            }
            "user" => self.each(kind, &office.users, Self::user),
            "recordings" => self.recordings(office),
            "protection" => self.protection(office),
            "limits" => self.limits(&office.limits),
            "codes" => self.codes(office),
            "parking" => self.parking(office),
            "conference" => self.each(kind, &office.conferences, Self::conference),
            "voicemail" => self.voicemail(office),
            "mail" => self.mail(&office.mail),
            "openid" => self.openid(&office.openid),
            "ldap" => self.ldap(&office.ldap),
            "authority" => self.each(kind, &office.authorities, Self::authority),
            "phone" => self.each(kind, &office.phones, Self::phone),
            "phone_template" => self.each(kind, &office.phone_templates, |out, template| {
                out.text("name", &template.name);
                out.text("base", &template.base);
                out.text("text", &template.text);
            }),
            "provisioning" => self.provisioning(office),
            "notices" => self.notices(&office.notices),
            "webhook" => self.each(kind, &office.webhooks, Self::webhook),
            "syslog" => self.syslog(&office.syslog),
            "backup" => self.backup(&office.backup),
            "backup_place" => self.each(kind, &office.backup_places, Self::backup_place),
            _ => {}
        }
    }

    fn recordings(&mut self, office: &Office) {
        self.head("[recordings]");
        self.text("format", office.recordings.format.word());
        self.value("keep_days", office.recordings.keep_days);
        self.value("keep_gigabytes", office.recordings.keep_gigabytes);
        self.value("signalling_days", office.recordings.signalling_days);
    }

    fn protection(&mut self, office: &Office) {
        self.head("[protection]");
        let networks = office.protection.trusted_networks.iter();
        self.value("trusted_networks", list(networks.map(|network| quoted(&network.to_string()))));
        self.text("listening", office.protection.listening.word());
    }

    fn limits(&mut self, limits: &Limits) {
        self.head("[limits]");
        self.value("outside_calls", limits.outside_calls);
        self.value("extension_calls", limits.extension_calls);
        self.value("extension_calls_a_day", limits.extension_calls_a_day);
        self.value("extension_minutes_a_day", limits.extension_minutes_a_day);
        self.value("calls_a_day", limits.calls_a_day);
        self.value("minutes_a_day", limits.minutes_a_day);
        self.value("blocked", texts(&limits.blocked));
        self.value("countries", texts(&limits.countries));
        self.value("paid_services", limits.paid_services);
        let time = |minutes: fn(Quiet) -> u16| limits.quiet.map(minutes).map(times::spell_minutes).unwrap_or_default();
        self.text("quiet_from", &time(|quiet| quiet.from));
        self.text("quiet_to", &time(|quiet| quiet.to));
        let classes: Vec<&str> = limits.quiet_classes.words().into_iter().skip(1).collect(); // without `internal`
        self.value("quiet_classes", texts(&classes));
    }

    fn settings(&mut self) {
        let settings = self.settings;
        self.head("[office]");
        self.text("name", &settings.name);
        self.text("timezone", &settings.timezone);
        self.text("language", settings.language.word());
        self.text("country", &settings.country);
        self.text("area_code", &settings.area_code);
        self.value("music", texts(&settings.music));
    }

    fn trunk(&mut self, trunk: &Trunk) {
        self.text("name", &trunk.name);
        self.text("number", &trunk.number);
        self.value("numbers", texts(&trunk.numbers));
        self.text("server", &trunk.server);
        self.text("login", &trunk.login);
        if self.secrets {
            self.text("password", &trunk.password);
        }
        self.text("comment", &trunk.comment);
        self.value("register", trunk.register);
        self.text("transport", trunk.transport.word());
        self.text("auth_login", &trunk.auth_login);
        self.text("outbound_proxy", &trunk.outbound_proxy);
        self.text("from_domain", &trunk.from_domain);
        self.text("number_format", trunk.number_format.word());
        self.text("caller_id_in", trunk.caller_id_in.word());
        self.value("codecs", texts(&trunk.codecs));
        self.value("max_calls", trunk.max_calls);
        self.value("register_every", trunk.register_every);
        self.text("srtp", trunk.srtp.word());
    }

    fn extension(&mut self, extension: &Extension) {
        self.text("number", &extension.number);
        self.text("employee", &extension.employee);
        self.text("email", &extension.email);
        self.text("ring", extension.ring.word());
        self.text("outgoing_number", &extension.outgoing_number);
        self.value("permissions", texts(&extension.permissions.words()));
        self.value("limits", own_limits(extension.limits));
        self.value("record", extension.record);
        self.value("voicemail", extension.voicemail);
        if self.secrets {
            self.text("voicemail_pin", &extension.voicemail_pin);
        }
        self.text("voicemail_greeting", &extension.voicemail_greeting);
        self.value("call_waiting", extension.call_waiting);
        self.value("do_not_disturb", extension.do_not_disturb);
        for device in &extension.devices {
            self.head("[[extension.device]]");
            match device {
                Device::Sip(sip) => self.sip_device(sip),
                Device::Mobile(mobile) => self.mobile_device(mobile),
            }
        }
    }

    fn sip_device(&mut self, sip: &SipDevice) {
        self.text("kind", "sip");
        self.text("login", &sip.login);
        if self.secrets {
            self.text("password", &sip.password);
        }
        self.value("ring_seconds", sip.ring_seconds);
        let networks = if sip.allow_from.is_empty() {
            Vec::new()
        } else {
            sip.allow_from.iter().map(Network::to_string).collect()
        };
        self.value("allow_from", texts(&networks));
        let target = |to: &String| quoted(&self.target(to));
        let forward = match &sip.forward {
            Forward::None => "{ mode = \"none\" }".to_owned(),
            Forward::Always { to } => format!("{{ mode = \"always\", to = {} }}", target(to)),
            Forward::Conditional { busy, no_answer } => {
                format!("{{ mode = \"conditional\", busy = {}, no_answer = {} }}", target(busy), target(no_answer))
            }
        };
        self.value("forward", forward);
        self.text("mac", &sip.mac);
        self.value("line", sip.line);
        self.text("model", &sip.model);
        self.text("srtp", sip.srtp.word());
    }

    fn mobile_device(&mut self, mobile: &MobileDevice) {
        self.text("kind", "mobile");
        self.text("number", &written::spell(&mobile.number, self.settings));
        self.value("ring_seconds", mobile.ring_seconds);
        self.value("confirm", mobile.confirm);
    }

    /// Where a call is forwarded: numbers inside are short, outside ones are E.164.
    fn target(&self, to: &str) -> String {
        if written::is_e164(to) { written::spell(to, self.settings) } else { to.to_owned() }
    }

    fn schedule(&mut self, schedule: &Schedule) {
        self.text("name", &schedule.name);
        let span = |from: u16, to: u16| {
            format!("from = \"{}\", to = \"{}\"", times::spell_minutes(from), times::spell_minutes(to))
        };
        let hours = schedule.hours.iter();
        let hours = hours.map(|h| format!("{{ days = \"{}\", {} }}", times::spell_days(h.days), span(h.from, h.to)));
        self.value("hours", list(hours));
        let except = schedule.except.iter().map(|e| format!("{{ date = \"{}\", {} }}", e.date, span(e.from, e.to)));
        self.value("except", list(except));
        let closed = schedule.closed.iter().map(|(first, last)| quoted(&times::spell_dates(*first, *last)));
        self.value("closed", list(closed));
    }

    fn group(&mut self, group: &Group) {
        self.text("number", &group.number);
        self.text("name", &group.name);
        self.text("description", &group.description);
        self.text("strategy", group.strategy.word());
        self.value("members", texts(&group.members));
        self.text("greeting", &group.greeting);
        self.text("music", &group.music);
        self.value("max_wait_seconds", group.max_wait_seconds);
        self.value("wrap_up_seconds", group.wrap_up_seconds);
        self.value("max_queue", group.max_queue);
        self.value("member_ring_seconds", group.member_ring_seconds);
        self.value("announce_position", group.announce_position);
    }

    fn voice_menu(&mut self, menu: &VoiceMenu) {
        self.text("name", &menu.name);
        self.text("greeting", &menu.greeting);
        self.text("invalid", &menu.invalid);
        self.value("timeout_seconds", menu.timeout_seconds);
        self.value("repeat", menu.repeat);
    }

    fn element(&mut self, element: &Element) {
        self.text("id", &element.id);
        self.text("kind", element.kind.word());
        match &element.kind {
            ElementKind::Incoming { numbers } => self.value("numbers", texts(numbers)),
            ElementKind::Extension { extension } => self.text("extension", extension),
            ElementKind::Group { group } => self.text("group", group),
            ElementKind::VoiceMessage { voice_message } => self.text("voice_message", voice_message),
            ElementKind::VoiceMenu { voice_menu } => self.text("voice_menu", voice_menu),
            ElementKind::Schedule { schedule } => self.text("schedule", schedule),
            ElementKind::DialExtension { prompt, digits, timeout_seconds } => {
                self.text("prompt", prompt);
                self.value("digits", digits);
                self.value("timeout_seconds", timeout_seconds);
            }
            ElementKind::HangUp => {}
        }
        // Minus nothing is nothing.
        self.value("x", element.x + 0.0);
        self.value("y", element.y + 0.0);
    }

    fn links(&mut self, element: &Element) {
        for (_, out) in Out::WORDS {
            if let Some(to) = element.links.get(out) {
                self.head("[[link]]");
                self.text("from", &format!("{}.{out}", element.id));
                self.text("to", to);
            }
        }
    }

    fn codes(&mut self, office: &Office) {
        self.head("[codes]");
        for feature in Feature::ALL {
            self.text(feature.key(), office.codes.get(feature));
        }
    }

    fn parking(&mut self, office: &Office) {
        self.head("[parking]");
        self.value("first", office.parking.first);
        self.value("last", office.parking.last);
        self.value("timeout_seconds", office.parking.timeout_seconds);
    }

    fn conference(&mut self, room: &Conference) {
        self.text("number", &room.number);
        self.text("name", &room.name);
        if self.secrets {
            self.text("pin", &room.pin);
        }
    }

    fn voicemail(&mut self, office: &Office) {
        self.head("[voicemail]");
        self.value("max_seconds", office.voicemail.max_seconds);
        self.value("keep_days", office.voicemail.keep_days);
        self.text("greeting", &office.voicemail.greeting);
    }

    fn mail(&mut self, mail: &Mail) {
        self.head("[mail]");
        self.text("server", &mail.server);
        self.value("port", mail.port);
        self.text("security", mail.security.word());
        self.value("trust_any_certificate", mail.trust_any_certificate);
        self.text("login", &mail.login);
        if self.secrets {
            self.text("password", &mail.password);
        }
        self.text("from", &mail.from);
        self.value("missed_calls", mail.missed_calls);
        self.text("admin", &mail.admin);
    }

    fn openid(&mut self, openid: &Openid) {
        self.head("[openid]");
        self.value("enabled", openid.enabled);
        self.text("name", &openid.name);
        self.text("issuer", &openid.issuer);
        self.text("client_id", &openid.client_id);
        if self.secrets {
            self.text("client_secret", &openid.client_secret);
        }
        self.value("scopes", texts(&openid.scopes));
        self.text("role_claim", &openid.role_claim);
        self.value("admin_values", texts(&openid.admin_values));
        self.value("viewer_values", texts(&openid.viewer_values));
        self.value("may_hear_recordings", openid.may_hear_recordings);
        self.value("trust_any_certificate", openid.trust_any_certificate);
    }

    fn ldap(&mut self, ldap: &Ldap) {
        self.head("[ldap]");
        self.value("enabled", ldap.enabled);
        self.text("server", &ldap.server);
        self.value("port", ldap.port);
        self.text("security", ldap.security.word());
        self.value("trust_any_certificate", ldap.trust_any_certificate);
        self.text("bind_dn", &ldap.bind_dn);
        if self.secrets {
            self.text("bind_password", &ldap.bind_password);
        }
        self.text("user_dn", &ldap.user_dn);
        self.text("base", &ldap.base);
        self.text("filter", &ldap.filter);
        self.text("group_base", &ldap.group_base);
        self.text("group_filter", &ldap.group_filter);
        self.value("admin_groups", texts(&ldap.admin_groups));
        self.value("viewer_groups", texts(&ldap.viewer_groups));
        self.value("may_hear_recordings", ldap.may_hear_recordings);
    }

    fn authority(&mut self, authority: &Authority) {
        self.text("name", &authority.name);
        self.text("certificate", &authority.certificate);
    }

    fn phone(&mut self, phone: &Phone) {
        self.text("mac", &phone.mac);
        self.text("vendor", &phone.vendor);
        self.text("model", &phone.model);
        self.text("template", &phone.template);
        self.value("lamps", texts(&phone.lamps));
        let keys: Vec<&str> = phone.keys.iter().copied().map(PhoneKey::word).collect();
        self.value("keys", texts(&keys));
        if self.secrets {
            self.text("admin_password", &phone.admin_password);
        }
        self.text("firmware", &phone.firmware);
        self.text("transport", phone.transport.word());
    }

    fn provisioning(&mut self, office: &Office) {
        self.head("[provisioning]");
        self.value("pnp", office.provisioning.pnp);
        self.value("dhcp", office.provisioning.dhcp);
        self.text("dhcp_first", &office.provisioning.dhcp_first);
        self.text("dhcp_last", &office.provisioning.dhcp_last);
        self.text("dhcp_interface", &office.provisioning.dhcp_interface);
        self.text("dhcp_router", &office.provisioning.dhcp_router);
        self.value("dhcp_dns", texts(&office.provisioning.dhcp_dns));
        self.value("dhcp_lease_hours", office.provisioning.dhcp_lease_hours);
        self.value("tftp", office.provisioning.tftp);
        self.value("ldap", office.provisioning.ldap);
    }

    fn notices(&mut self, notices: &Notices) {
        self.head("[notices]");
        self.value("mail", texts(&notices.mail));
        self.value("kinds", texts(&notices.kinds));
        self.text("language", notices.language.word());
    }

    fn syslog(&mut self, syslog: &Syslog) {
        self.head("[syslog]");
        self.value("enabled", syslog.enabled);
        self.text("server", &syslog.server);
        self.text("transport", syslog.transport.word());
    }

    fn webhook(&mut self, webhook: &Webhook) {
        self.text("name", &webhook.name);
        self.text("url", &webhook.url);
        self.text("format", webhook.format.word());
        self.text("chat", &webhook.chat);
        if self.secrets {
            self.text("secret", &webhook.secret);
        }
        let events: Vec<&str> = webhook.events.iter().copied().map(WebhookEvent::word).collect();
        self.value("events", texts(&events));
        self.value("enabled", webhook.enabled);
    }

    fn backup(&mut self, backup: &BackupSettings) {
        self.head("[backup]");
        self.value("enabled", backup.enabled);
        self.text("hour", &times::spell_minutes(backup.hour));
        let days: Vec<&str> =
            WEEKDAYS.into_iter().zip(backup.weekdays).filter_map(|(day, on)| on.then_some(day)).collect();
        self.value("weekdays", texts(&days));
        self.value("keep", backup.keep);
        self.value("recordings", backup.recordings);
        self.value("on_box", backup.on_box);
        if self.secrets {
            self.text("passphrase", &backup.passphrase);
        }
    }

    fn backup_place(&mut self, place: &BackupPlace) {
        self.text("name", &place.name);
        self.text("kind", place.kind.word());
        self.text("server", &place.server);
        self.text("folder", &place.folder);
        self.text("login", &place.login);
        self.text("host_key", &place.host_key);
        self.text("bucket", &place.bucket);
        self.text("region", &place.region);
        if self.secrets {
            self.text("password", &place.password);
            self.text("private_key", &place.private_key);
        }
    }

    fn user(&mut self, user: &User) {
        self.text("login", &user.login);
        self.text("role", user.role.word());
        self.value("disabled", user.disabled);
        self.value("may_hear_recordings", user.may_hear_recordings);
        if self.secrets {
            self.text("password_hash", &user.password_hash);
            if user.must_change {
                self.value("must_change", true);
            }
        }
    }
}

fn own_limits(limits: ExtensionLimits) -> String {
    let ExtensionLimits { calls, calls_a_day, minutes_a_day } = limits;
    let all = [("calls", calls), ("calls_a_day", calls_a_day), ("minutes_a_day", minutes_a_day)];
    let given: Vec<String> = all.into_iter().filter_map(|(key, most)| Some(format!("{key} = {}", most?))).collect();
    if given.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", given.join(", ")) }
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

fn texts<T: AsRef<str>>(texts: &[T]) -> String {
    list(texts.iter().map(|text| quoted(text.as_ref())))
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c)); // writing to a String can't fail
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
