//! Valid offices by chance, for tests of this room and of the desk.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use jiff::civil::Date;

use super::*;
use crate::base::Rng;
use crate::sip::Transport;

/// A valid office: every reference exists; the desk may have any links, loops included.
pub(crate) fn office(rng: &mut Rng) -> Office {
    let mut office = Office { settings: settings(rng), ..Office::default() };
    office.trunks = (0..rng.below(4)).map(|nth| trunk(rng, nth)).collect();
    let count = rng.below(6);
    let numbers: Vec<String> = (0..count).map(|nth| (200 + nth * 7).to_string()).collect();
    let groups: Vec<String> = (0..rng.below(3)).map(|nth| (500 + nth).to_string()).collect();
    let inside: Vec<String> = numbers.iter().chain(&groups).cloned().collect();
    let outgoing: Vec<String> = office.trunks.iter().flat_map(|t| t.all_numbers().map(str::to_owned)).collect();
    office.extensions = numbers.iter().map(|number| extension(rng, number, &inside, &outgoing)).collect();
    office.media = (0..rng.below(4)).map(|nth| media(rng, nth)).collect();
    let sounds: Vec<String> = office.media.iter().map(|m| m.name.clone()).collect();
    if !sounds.is_empty() {
        office.voice_messages = (0..rng.below(4)).map(|nth| voice_message(rng, nth, &sounds)).collect();
        office.voice_menus = (0..rng.below(3)).map(|nth| voice_menu(rng, nth, &sounds)).collect();
        office.settings.music = (0..rng.below(3)).map(|_| pick(rng, &sounds)).collect();
    }
    office.schedules = (0..rng.below(3)).map(|nth| schedule(rng, nth)).collect();
    office.groups = groups.iter().map(|number| group(rng, number, &numbers, &sounds)).collect();
    office.desk = desk(rng, &office, &outgoing);
    office.users = users(rng);
    office.recordings = Recordings {
        format: word(rng),
        keep_days: rng.below(3651) as u32,
        keep_gigabytes: rng.below(100_001) as u32,
        signalling_days: rng.below(366) as u32,
    };
    office.protection.trusted_networks = networks(rng);
    office.protection.listening = word(rng);
    office.limits = limits(rng);
    telephone(rng, &mut office, &sounds);
    phones(rng, &mut office);
    notices(rng, &mut office);
    backups(rng, &mut office);
    office
}

fn backups(rng: &mut Rng, office: &mut Office) {
    office.backup = BackupSettings {
        enabled: rng.chance(1, 2),
        hour: rng.below(24 * 60) as u16,
        weekdays: std::array::from_fn(|_| rng.chance(1, 2)),
        keep: 1 + rng.below(365) as u32,
        recordings: rng.chance(1, 2),
        on_box: rng.chance(1, 2),
        passphrase: pick(rng, &[String::new(), "long \"enough\" words".to_owned()]),
    };
    office.backup_places = (0..rng.below(4))
        .map(|nth| {
            let kind = word(rng);
            let server = match kind {
                BackupKind::Sftp => "backup.example.org:2222",
                BackupKind::S3 => "https://s3.example.org",
                BackupKind::Smb => "//nas/backups",
                BackupKind::Nfs => "nas.example.org:/srv/backups",
                BackupKind::Stick => "",
            };
            BackupPlace {
                name: format!("Место {nth}"),
                kind,
                server: server.to_owned(),
                folder: pick(rng, &[String::new(), "dozvon/office".to_owned()]),
                login: "backup".to_owned(),
                password: "secret".to_owned(),
                private_key: pick(rng, &[String::new(), "-----BEGIN\nkey\n".to_owned()]),
                host_key: String::new(),
                bucket: "office".to_owned(),
                region: "ru-1".to_owned(),
            }
        })
        .collect();
}

fn notices(rng: &mut Rng, office: &mut Office) {
    office.notices = Notices {
        mail: pick(rng, &[vec![], vec!["admin@example.org".to_owned(), "night@example.org".to_owned()]]),
        kinds: pick(rng, &[vec![], vec!["trunk_down".to_owned(), "limit_reached".to_owned()]]),
        language: word(rng),
    };
    let server = pick(rng, &["", "log.example.org", "192.168.1.9:1514", "[fd00::9]:514"]).to_owned();
    office.syslog = Syslog { enabled: !server.is_empty() && rng.chance(1, 2), server, transport: word(rng) };
    office.webhooks = (0..rng.below(3))
        .map(|nth| {
            let format = word(rng);
            let telegram = format == WebhookFormat::Telegram;
            Webhook {
                name: format!("Получатель {nth}"),
                url: if telegram { TELEGRAM.to_owned() } else { "https://crm.example.org/dozvon?a=b".to_owned() },
                format,
                chat: if telegram { "-100123".to_owned() } else { String::new() },
                secret: if telegram { "123456:AAE-abcdefghijk".to_owned() } else { prose(rng, false) },
                events: pick(rng, &[vec![], vec![WebhookEvent::Alarm, WebhookEvent::MissedCall]]),
                enabled: rng.chance(1, 2),
            }
        })
        .collect();
}

fn limits(rng: &mut Rng) -> Limits {
    let prefixes = |rng: &mut Rng| pick(rng, &[vec![], vec!["375".to_owned(), "882".to_owned()], vec!["1".to_owned()]]);
    Limits {
        outside_calls: rng.below(10_001) as u32,
        extension_calls: rng.below(1001) as u32,
        extension_calls_a_day: rng.below(100_001) as u32,
        extension_minutes_a_day: rng.below(100_001) as u32,
        calls_a_day: rng.below(1_000_001) as u32,
        minutes_a_day: rng.below(1_000_001) as u32,
        blocked: prefixes(rng),
        countries: prefixes(rng),
        paid_services: rng.chance(1, 2),
        quiet: pick(rng, &[None, Some(Quiet { from: 1320, to: 420 }), Some(Quiet { from: 0, to: 1439 })]),
        quiet_classes: permissions(rng),
    }
}

/// Every MAC that a device names, and one that nobody names.
fn phones(rng: &mut Rng, office: &mut Office) {
    let names: Vec<String> = (0..rng.below(3)).map(|nth| format!("Шаблон {nth}")).collect();
    office.phone_templates = names
        .iter()
        .map(|name| PhoneTemplate {
            name: name.clone(),
            base: pick(rng, &BUILT_IN_TEMPLATES).to_owned(),
            text: format!("+++\n{}\n", prose(rng, true)),
        })
        .collect();
    let mut numbers: Vec<String> = office.extensions.iter().map(|one| one.number.clone()).collect();
    numbers.extend(office.groups.iter().map(|one| one.number.clone()));
    numbers.extend(office.conferences.iter().map(|one| one.number.clone()));
    let templates: Vec<String> = names.into_iter().chain(["yealink".to_owned(), String::new()]).collect();
    for mac in ["80:5e:c0:12:34:56", "00:0b:82:00:00:01"] {
        office.phones.push(Phone {
            mac: mac.to_owned(),
            vendor: prose(rng, false),
            model: prose(rng, false),
            template: pick(rng, &templates),
            lamps: numbers.iter().filter(|_| rng.chance(1, 3)).cloned().collect(),
            keys: pick(rng, &[vec![], vec![PhoneKey::Parking], vec![PhoneKey::Pickup, PhoneKey::Parking]]),
            admin_password: rng.token(16),
            firmware: pick(rng, &["", "t46g-28.86.rom"]).to_owned(),
            transport: word(rng),
        });
    }
    office.provisioning = Provisioning {
        pnp: rng.chance(1, 2),
        dhcp: rng.chance(1, 2),
        dhcp_first: pick(rng, &["", "192.168.1.100"]).to_owned(),
        dhcp_last: pick(rng, &["", "192.168.1.200"]).to_owned(),
        dhcp_interface: pick(rng, &["", "eth0"]).to_owned(),
        dhcp_router: pick(rng, &["", "192.168.1.1"]).to_owned(),
        dhcp_dns: pick(rng, &[vec![], vec!["192.168.1.1".to_owned(), "9.9.9.9".to_owned()]]),
        dhcp_lease_hours: pick(rng, &[1, 12, 720]),
        tftp: rng.chance(1, 2),
        ldap: rng.chance(1, 2),
    };
}

fn telephone(rng: &mut Rng, office: &mut Office, sounds: &[String]) {
    for feature in Feature::ALL.into_iter().filter(|_| rng.chance(1, 5)) {
        office.codes.set(feature, "");
    }
    for (feature, code) in [(Feature::Echo, "*#43#"), (Feature::Pickup, "**"), (Feature::Park, "#7")] {
        if rng.chance(1, 3) {
            office.codes.set(feature, code);
        }
    }
    let (first, last) = pick(rng, &[(701, 709), (701, 0), (70_010, 70_059), (990, 990)]);
    office.parking = Parking { first, last, timeout_seconds: 10 + rng.below(3000) as u32 };
    let pin = |rng: &mut Rng| pick(rng, &["", "4711", "0123456789"]).to_owned();
    office.conferences = (0..rng.below(4))
        .map(|nth| Conference { number: (800 + nth).to_string(), name: prose(rng, false), pin: pin(rng) })
        .collect();
    for extension in &mut office.extensions {
        extension.voicemail_pin = pin(rng);
        extension.voicemail_greeting = pick_or_empty(rng, sounds);
    }
    office.voicemail = VoicemailSettings {
        max_seconds: 5 + rng.below(3596) as u32,
        keep_days: rng.below(3651) as u32,
        greeting: pick_or_empty(rng, sounds),
    };
    let (server, from) = pick(rng, &[("", ""), ("smtp.example.org", "box@example.org"), ("[::1]", "a@b")]);
    office.mail = Mail {
        server: server.to_owned(),
        port: rng.below(65_536) as u16,
        security: word(rng),
        trust_any_certificate: rng.chance(1, 2),
        login: prose(rng, false),
        password: prose(rng, false),
        from: from.to_owned(),
        missed_calls: rng.chance(1, 2),
        admin: if rng.chance(1, 2) { String::new() } else { "admin@example.org".to_owned() },
    };
    sign_on(rng, office);
}

fn sign_on(rng: &mut Rng, office: &mut Office) {
    let texts = |rng: &mut Rng| (0..rng.below(3)).map(|_| prose(rng, false)).collect::<Vec<String>>();
    office.openid = Openid {
        enabled: rng.chance(1, 2),
        name: prose(rng, false),
        issuer: "https://login.example.org/realms/office".to_owned(),
        client_id: "dozvon".to_owned(),
        client_secret: prose(rng, false),
        scopes: texts(rng),
        role_claim: pick(rng, &["groups", "realm_access.roles"]).to_owned(),
        admin_values: texts(rng),
        viewer_values: texts(rng),
        may_hear_recordings: rng.chance(1, 2),
        trust_any_certificate: rng.chance(1, 2),
    };
    office.ldap = Ldap {
        enabled: rng.chance(1, 2),
        server: pick(rng, &["dc.office.example", "192.0.2.9"]).to_owned(),
        port: rng.below(65_536) as u16,
        security: word(rng),
        trust_any_certificate: rng.chance(1, 2),
        bind_dn: prose(rng, false),
        bind_password: prose(rng, false),
        user_dn: pick(rng, &["", "{login}@office.example"]).to_owned(),
        base: "dc=office,dc=example".to_owned(),
        filter: "(uid={login})".to_owned(),
        group_base: prose(rng, false),
        group_filter: pick(rng, &["", "(member={dn})"]).to_owned(),
        admin_groups: texts(rng),
        viewer_groups: texts(rng),
        may_hear_recordings: rng.chance(1, 2),
    };
    office.authorities = (0..rng.below(3))
        .map(|nth| Authority { name: format!("own {nth}"), certificate: CERTIFICATE.to_owned() })
        .collect();
}

fn pick<T: Clone>(rng: &mut Rng, from: &[T]) -> T {
    from[rng.below(from.len() as u64) as usize].clone()
}

fn pick_or_empty(rng: &mut Rng, from: &[String]) -> String {
    if from.is_empty() || rng.chance(1, 3) { String::new() } else { pick(rng, from) }
}

fn word<W: Word>(rng: &mut Rng) -> W {
    pick(rng, W::WORDS).1
}

/// Prose with everything that needs an escape.
fn prose(rng: &mut Rng, multiline: bool) -> String {
    let letters = ["a", "Я", "\"", "\\", "'", "#", " ", "=", "[", "]", "№", "😀", "é", ".", "0"];
    let count = rng.below(12);
    let mut text: String = (0..count).map(|_| pick(rng, &letters)).collect();
    if multiline && rng.chance(1, 3) {
        text.push_str("\n\t-");
    }
    text
}

fn settings(rng: &mut Rng) -> Settings {
    Settings {
        name: prose(rng, false),
        timezone: pick(rng, &["Europe/Moscow", "Asia/Vladivostok", "UTC", "America/New_York"]).to_owned(),
        language: word(rng),
        country: pick(rng, &["RU", "DE"]).to_owned(),
        area_code: pick(rng, &["812", "495", "", "47396"]).to_owned(),
        music: Vec::new(),
    }
}

/// Also numbers that look Russian without being so.
fn outside_number(rng: &mut Rng) -> String {
    pick(rng, &["79211234567", "81312345678", "8104930123456", "4930123456", "6122981", "12125550123"]).to_owned()
}

fn trunk(rng: &mut Rng, nth: u64) -> Trunk {
    Trunk {
        name: format!("T{nth} {}", prose(rng, false)),
        number: format!("7812612298{nth}"),
        numbers: (0..rng.below(3)).map(|more| format!("7495{nth}00000{more}")).collect(),
        server: pick(rng, &["sip.example.org", "127.0.0.1:5080", "[::1]:5060", "[2001:db8::1]"]).to_owned(),
        login: format!("login{nth}"),
        password: prose(rng, false),
        comment: prose(rng, true),
        register: rng.chance(1, 2),
        transport: word::<Transport>(rng),
        auth_login: prose(rng, false),
        outbound_proxy: pick(rng, &["", "proxy.example.org:5070"]).to_owned(),
        from_domain: pick(rng, &["", "example.org"]).to_owned(),
        number_format: word(rng),
        caller_id_in: word(rng),
        codecs: pick(rng, &[vec!["pcma"], vec!["opus", "g722"]]).into_iter().map(str::to_owned).collect(),
        max_calls: rng.below(30) as u32,
        register_every: 60 + rng.below(600) as u32,
        srtp: word(rng),
    }
}

fn permissions(rng: &mut Rng) -> Permissions {
    let mut permissions = Permissions::default();
    for word in Permissions::WORDS {
        *permissions.class(word).unwrap() = rng.chance(1, 2);
    }
    permissions
}

fn extension(rng: &mut Rng, number: &str, inside: &[String], outgoing: &[String]) -> Extension {
    let own = |rng: &mut Rng| pick(rng, &[None, Some(0), Some(7)]);
    let limits = ExtensionLimits { calls: own(rng), calls_a_day: own(rng), minutes_a_day: own(rng) };
    Extension {
        number: number.to_owned(),
        employee: prose(rng, false),
        email: pick(rng, &["", "a@example.org"]).to_owned(),
        ring: word(rng),
        outgoing_number: if outgoing.is_empty() { String::new() } else { pick(rng, outgoing) },
        permissions: permissions(rng),
        limits,
        record: rng.chance(1, 2),
        voicemail: rng.chance(1, 2),
        voicemail_pin: String::new(),
        voicemail_greeting: String::new(),
        call_waiting: rng.chance(1, 2),
        do_not_disturb: rng.chance(1, 2),
        devices: (0..=rng.below(4)).map(|nth| device(rng, number, nth, inside)).collect(),
    }
}

fn device(rng: &mut Rng, number: &str, nth: u64, inside: &[String]) -> Device {
    let ring_seconds = 1 + rng.below(300) as u32;
    if rng.chance(1, 4) {
        return Device::Mobile(MobileDevice { number: outside_number(rng), ring_seconds, confirm: rng.chance(1, 2) });
    }
    let target = |rng: &mut Rng| match rng.below(3) {
        0 => outside_number(rng),
        1 => pick(rng, inside),
        _ => String::new(),
    };
    let (busy, no_answer) = (target(rng), target(rng));
    Device::Sip(SipDevice {
        login: format!("rik33+user{number}s{nth}"),
        password: format!("{}{}", rng.token(12), prose(rng, false)),
        ring_seconds,
        allow_from: networks(rng),
        forward: match rng.below(3) {
            0 if !busy.is_empty() => Forward::Always { to: busy },
            1 => Forward::Conditional { busy, no_answer },
            _ => Forward::None,
        },
        mac: pick(rng, &["", "80:5e:c0:12:34:56"]).to_owned(),
        line: pick(rng, &[0, 0, 1, 2, 32]),
        model: pick(rng, &["", "yealink/t31"]).to_owned(),
        srtp: word(rng),
    })
}

fn networks(rng: &mut Rng) -> Vec<Network> {
    let all = ["0.0.0.0/0", "10.0.0.0/8", "192.168.1.7/32", "fd00::/8", "::/0"];
    (0..rng.below(3)).map(|_| pick(rng, &all).parse().unwrap()).collect()
}

/// Sounds of up to three seconds, or none loaded.
fn media(rng: &mut Rng, nth: u64) -> MediaFile {
    static SILENCES: LazyLock<[Arc<Clip>; 4]> =
        LazyLock::new(|| [0, 6400, 16_000, 24_000].map(|length| Arc::new(Clip::from_narrow(&vec![0; length]))));
    let clip = SILENCES.get(rng.below(4) as usize).cloned().filter(|_| rng.chance(3, 4));
    MediaFile { name: format!("M{nth} {}", prose(rng, false)), file: format!("{nth}.wav"), clip }
}

fn voice_message(rng: &mut Rng, nth: u64, sounds: &[String]) -> VoiceMessage {
    VoiceMessage { name: format!("V{nth}"), media: pick(rng, sounds), repeat: 1 + rng.below(3) as u32 }
}

fn voice_menu(rng: &mut Rng, nth: u64, sounds: &[String]) -> VoiceMenu {
    VoiceMenu {
        name: format!("Меню {nth}"),
        greeting: pick(rng, sounds),
        invalid: pick_or_empty(rng, sounds),
        timeout_seconds: 1 + rng.below(9) as u32,
        repeat: 1 + rng.below(3) as u32,
    }
}

/// A timetable of any shape.
pub(crate) fn schedule(rng: &mut Rng, nth: u64) -> Schedule {
    let span = |rng: &mut Rng| (rng.below(1440) as u16, rng.below(1441) as u16);
    let date = |rng: &mut Rng| {
        let start = Date::constant(2026, 1, 1);
        start.checked_add(jiff::Span::new().days(rng.below(1500) as i64)).unwrap()
    };
    let hours = (0..rng.below(5)).map(|_| {
        let mut days = [false; 7];
        days[rng.below(7) as usize] = true;
        for day in &mut days {
            *day |= rng.chance(1, 2);
        }
        let (from, to) = span(rng);
        WeekHours { days, from, to }
    });
    let hours = hours.collect();
    let except = (0..rng.below(6)).map(|_| {
        let (from, to) = span(rng);
        DateHours { date: date(rng), from, to }
    });
    let except = except.collect();
    let closed = (0..rng.below(6)).map(|_| {
        let first = date(rng);
        (first, first.checked_add(jiff::Span::new().days(rng.below(12) as i64)).unwrap())
    });
    Schedule { name: format!("S{nth}"), hours, except, closed: closed.collect() }
}

fn group(rng: &mut Rng, number: &str, members: &[String], sounds: &[String]) -> Group {
    let chosen: Vec<String> = members.iter().filter(|_| rng.chance(1, 2)).cloned().collect();
    Group {
        number: number.to_owned(),
        name: prose(rng, false),
        description: prose(rng, true),
        strategy: word(rng),
        members: chosen,
        greeting: pick_or_empty(rng, sounds),
        music: pick_or_empty(rng, sounds),
        max_wait_seconds: 1 + rng.below(100) as u32,
        wrap_up_seconds: rng.below(100) as u32,
        max_queue: rng.below(100) as u32,
        member_ring_seconds: 1 + rng.below(100) as u32,
        announce_position: rng.chance(1, 2),
    }
}

fn desk(rng: &mut Rng, office: &Office, numbers: &[String]) -> DeskPlan {
    let mut kinds: Vec<ElementKind> = vec![ElementKind::HangUp];
    kinds.extend(office.extensions.iter().map(|e| ElementKind::Extension { extension: e.number.clone() }));
    kinds.extend(office.groups.iter().map(|g| ElementKind::Group { group: g.number.clone() }));
    kinds.extend(office.schedules.iter().map(|s| ElementKind::Schedule { schedule: s.name.clone() }));
    kinds.extend(office.voice_menus.iter().map(|m| ElementKind::VoiceMenu { voice_menu: m.name.clone() }));
    for message in &office.voice_messages {
        kinds.push(ElementKind::VoiceMessage { voice_message: message.name.clone() });
        let (digits, timeout_seconds) = (3 + rng.below(3) as u32, 1 + rng.below(9) as u32);
        kinds.push(ElementKind::DialExtension { prompt: message.name.clone(), digits, timeout_seconds });
    }
    let incoming = numbers.iter().map(|number| ElementKind::Incoming { numbers: vec![number.clone()] });
    let chosen: Vec<ElementKind> = incoming.chain((0..rng.below(15)).map(|_| pick(rng, &kinds))).collect();
    let mut elements: Vec<Element> = chosen
        .into_iter()
        .enumerate()
        .map(|(nth, kind)| {
            let (x, y) = (rng.below(9999) as f64 / 8.0, -(rng.below(2000) as f64));
            Element { id: format!("e{nth}.{}", kind.word()), kind, x, y, links: HashMap::new() }
        })
        .collect();
    let is_target = |element: &&Element| !matches!(element.kind, ElementKind::Incoming { .. });
    let targets: Vec<String> = elements.iter().filter(is_target).map(|e| e.id.clone()).collect();
    for element in elements.iter_mut().filter(|_| !targets.is_empty()) {
        for out in element.kind.outs().filter(|_| rng.chance(2, 3)).collect::<Vec<_>>() {
            element.links.insert(out, pick(rng, &targets));
        }
    }
    DeskPlan { elements }
}

fn users(rng: &mut Rng) -> Vec<User> {
    let logins = (0..rng.below(4)).map(|nth| format!("user{nth}"));
    let mut users: Vec<User> = logins
        .map(|login| {
            let password_hash = format!("$argon2id$v=19${}", rng.token(8));
            User {
                disabled: rng.chance(1, 4),
                may_hear_recordings: rng.chance(1, 2),
                ..User::new(login, word(rng), password_hash, rng.chance(1, 2))
            }
        })
        .collect();
    if let Some(first) = users.first_mut() {
        first.role = Role::Admin;
        first.disabled = false;
    }
    users
}

/// Of an authority, as PEM.
pub(crate) const CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----\n\
MIIBfzCCASWgAwIBAgIUHWsla2Fu7zNwhDGHe8Uy75xk0EMwCgYIKoZIzj0EAwIw\n\
FDESMBAGA1UEAwwJT2ZmaWNlIENBMCAXDTI2MTEyNjA0NTcyMFoYDzIwNTQwNDEz\n\
MDQ1NzIwWjAUMRIwEAYDVQQDDAlPZmZpY2UgQ0EwWTATBgcqhkjOPQIBBggqhkjO\n\
PQMBBwNCAAQvghPEKsJ1B4lNtL1WLEMn+fiJnqjokMmTw0Bh0/YAlSvi1WAbWUFr\n\
+GrQAJW5/W2Ge6DbAjqLs4VzxdA/MlnZo1MwUTAdBgNVHQ4EFgQUkvsWQoNQcbUP\n\
OxIFmhBgu3VQu+QwHwYDVR0jBBgwFoAUkvsWQoNQcbUPOxIFmhBgu3VQu+QwDwYD\n\
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAmqGrmaYhScMcVmwz14lB\n\
mUpZIWoV8bD1v6Hru2oVhSwCIFCimSxHbh82lMIwmT9gpI0XtqncRAQQryzScaKl\n\
g+k/\n\
-----END CERTIFICATE-----\n";
