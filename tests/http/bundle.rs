//! The diagnostics: what is inside, and above all what is not.

use std::collections::BTreeMap;
use std::io::Read as _;

use dozvon::base::{CallId, WallTime};
use dozvon::io::signalling::{Message, Party};
use dozvon::office::{Device, Role, Webhook, WebhookEvent, WebhookFormat};
use serde_json::Value;

use crate::client::Caller;
use crate::real::RealWorld;
use crate::steward::StandIn;
use crate::world::{PASSWORD, TOKEN, World, office, row, user};

const WEBHOOK_SECRET: &str = "webhook-secret-4711";

fn unpacked(body: &[u8]) -> BTreeMap<String, String> {
    let mut bundle = tar::Archive::new(flate2::read::GzDecoder::new(body));
    let read = |entry: std::io::Result<tar::Entry<'_, _>>| {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_string_lossy().into_owned();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        (name, text)
    };
    bundle.entries().unwrap().map(read).collect()
}

#[test]
fn the_bundle_tells_how_everything_stands() {
    let steward = StandIn::new();
    let world = World::on(office(vec![user("admin", Role::Admin, false)]), steward.ground());
    world.box_.rows.lock().unwrap().push(row(7, 0));
    let message = Message {
        at: WallTime(row(7, 0).started_at.millis()),
        sent: false,
        transport: "udp".to_owned(),
        local: "192.168.1.10:5060".parse().unwrap(),
        peer: "192.168.1.20:5060".parse().unwrap(),
        party: Party::default(),
        call_id: "one@phone".to_owned(),
        text: "INVITE sip:201@box SIP/2.0\r\n\r\n".to_owned(),
    };
    world.box_.signalling.lock().unwrap().insert(CallId(7), vec![message]);
    let mut admin = Caller::token(&world, TOKEN).with("Accept-Language", "ru");
    let answer = admin.ask("POST", "/api/v1/system/bundle", None);
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-disposition").unwrap().ends_with(".tar.gz\""));
    let files = unpacked(&answer.body);
    let names = [
        "README.txt",
        "system.json",
        "settings.toml",
        "doctor.txt",
        "telephones.json",
        "trunks.json",
        "alarms.json",
        "metrics.txt",
        "log.txt",
        "kernel.txt",
    ];
    let missing: Vec<&str> = names.into_iter().filter(|name| !files.contains_key(&format!("dozvon/{name}"))).collect();
    assert!(missing.is_empty(), "{missing:?}: {:?}", files.keys());
    assert!(files["dozvon/README.txt"].contains("Секретов здесь нет"));
    let system: Value = serde_json::from_str(&files["dozvon/system.json"]).unwrap();
    assert_eq!(system["machine"]["image"], true);
    assert!(files["dozvon/kernel.txt"].contains("ata1: failed"));
    assert!(files["dozvon/log.txt"].contains("kernel: ata1: failed"));
    assert!(files["dozvon/settings.toml"].contains("Приёмная"));
    let telephones: Value = serde_json::from_str(&files["dozvon/telephones.json"]).unwrap();
    assert_eq!((&telephones[0]["login"], &telephones[0]["registered"]), (&"user200s0".into(), &false.into()));
    let ladder = files.iter().find(|(name, _)| name.starts_with("dozvon/ladders/")).expect("a ladder").1;
    assert!(ladder.contains("udp 192.168.1.10:5060 <- 192.168.1.20:5060\nINVITE sip:201@box SIP/2.0"), "{ladder}");
    assert_eq!(world.box_.deeds.lock().unwrap().last().unwrap().what, "exported");
}

#[test]
fn no_secret_of_the_office_is_in_the_bundle() {
    let world = RealWorld::new();
    world.change(|office| {
        let full = crate::world::office(Vec::new());
        office.trunks = full.trunks;
        office.extensions = full.extensions;
        office.extensions[0].voicemail = true;
        office.extensions[0].voicemail_pin = "90817263".to_owned();
        office.mail.server = "smtp.example.org".to_owned();
        office.mail.from = "box@example.org".to_owned();
        office.mail.password = "mail-secret-4711".to_owned();
        office.openid.client_secret = "openid-secret-4711".to_owned();
        office.ldap.bind_password = "ldap-secret-4711".to_owned();
        office.webhooks = vec![Webhook {
            name: "CRM".to_owned(),
            url: "https://crm.example.org/".to_owned(),
            format: WebhookFormat::Generic,
            chat: String::new(),
            secret: WEBHOOK_SECRET.to_owned(),
            events: vec![WebhookEvent::Alarm],
            enabled: true,
        }];
    });
    let mut admin = world.admin();
    let body = serde_json::json!({ "name": "help", "role": "admin" });
    let token = admin.ask("POST", "/api/v1/tokens", Some(body)).json()["secret"].as_str().unwrap().to_owned();
    let office = world.handle.office();
    let mut secrets: Vec<String> = vec![token, PASSWORD.to_owned(), "90817263".to_owned()];
    secrets.extend(["mail-secret-4711", "openid-secret-4711", "ldap-secret-4711", WEBHOOK_SECRET].map(str::to_owned));
    secrets.extend(office.users.iter().map(|user| user.password_hash.clone()));
    secrets.extend(office.trunks.iter().map(|trunk| trunk.password.clone()));
    secrets.extend(office.phones.iter().map(|phone| phone.admin_password.clone()).filter(|text| !text.is_empty()));
    for device in office.extensions.iter().flat_map(|extension| &extension.devices) {
        if let Device::Sip(sip) = device {
            secrets.push(sip.password.clone());
        }
    }
    // somebody logs what nobody should
    world.journal.add(dozvon::io::journal::Level::Warn, "test", &format!("a webhook said {WEBHOOK_SECRET}"));
    let answer = admin.ask("POST", "/api/v1/system/bundle", None);
    assert_eq!(answer.status, 200);
    let files = unpacked(&answer.body);
    assert!(files["dozvon/log.txt"].contains("a webhook said ********"), "{}", files["dozvon/log.txt"]);
    assert!(files["dozvon/settings.toml"].contains("crm.example.org"));
    for (name, text) in &files {
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{name} holds {secret}");
        }
    }
}
