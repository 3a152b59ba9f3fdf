//! Alarms and webhooks of a box with its real database, before receivers of the test's own.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use dozvon::base::{Message, MessageId};
use dozvon::guard::{Alarm, TrunkFault};
use dozvon::io::certificate::Certificate;
use dozvon::io::handle::{Handle, HandleError};
use dozvon::io::out::Outgoing;
use dozvon::io::webhooks::{self, Happening, signature};
use dozvon::io::{alarms, clock, mail};
use dozvon::office::{Authority, Office, Webhook, WebhookEvent, WebhookFormat};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};

use crate::client::{Caller, put};
use crate::real::RealWorld;
use crate::world::START;

const PATIENCE: Duration = Duration::from_secs(60);

/// What a receiver was asked.
#[derive(Debug)]
struct Asked {
    path: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Asked {
    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(one, _)| one == name);
        found.map_or_else(|| panic!("no {name} in {:?}", self.headers), |(_, value)| value)
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Answers one request after the other with these, and with the last for ever.
fn serve(mut stream: impl std::io::Read + std::io::Write, answer: &str, asked: &Sender<Asked>) {
    let mut reader = BufReader::new(&mut stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let headers: Vec<(String, String)> = lines[1..]
        .iter()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let length =
        headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, length)| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let path = lines[0].split(' ').nth(1).unwrap().to_owned();
    let _ = stream.write_all(answer.as_bytes()).and_then(|()| stream.flush());
    let _ = asked.send(Asked { path, headers, body: String::from_utf8(body).unwrap() });
}

fn answer(status: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

/// A receiver without TLS.
fn plain(answers: Vec<String>) -> (u16, Receiver<Asked>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (asked, inbox) = channel();
    thread::spawn(move || {
        for nth in 0.. {
            let Ok((socket, _)) = listener.accept() else { return };
            serve(socket, answers.get(nth).or(answers.last()).unwrap(), &asked);
        }
    });
    (port, inbox)
}

/// A receiver with a certificate of an authority of its own.
fn secure(answers: Vec<String>) -> (Authority, u16, Receiver<Asked>) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let own = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&own, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(own.serialize_der()));
    let chain = vec![CertificateDer::from(leaf.der().to_vec())];
    let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, private).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (asked, inbox) = channel();
    thread::spawn(move || {
        for nth in 0.. {
            let Ok((mut socket, _)) = listener.accept() else { return };
            let mut tls = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let stream = rustls::Stream::new(&mut tls, &mut socket);
            serve(stream, answers.get(nth).or(answers.last()).unwrap(), &asked);
        }
    });
    (Authority { name: "test".to_owned(), certificate: root.pem() }, port, inbox)
}

/// A real box whose alarms are kept and whose webhooks are told.
fn world() -> RealWorld {
    let mut world = RealWorld::new();
    let raised = world.alarms.take().expect("nobody has taken them");
    let mail = mail::start(&world.handle, Outgoing::of(true), |_| ()).unwrap();
    let certificate = Certificate::open(world.handle.data().join("tls"), &[], dozvon::io::clock::wall).unwrap();
    alarms::start(&world.handle, raised, mail, certificate).unwrap();
    world.handle.set_webhooks(webhooks::start(&world.handle, Outgoing::of(true)).unwrap());
    world
}

/// Asks until the answer is as wanted.
fn until(admin: &mut Caller<'_>, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let asked = clock::Stopwatch::start();
    loop {
        let answer = admin.get(path).json();
        if wanted(&answer) {
            return answer;
        }
        assert!(asked.elapsed() < PATIENCE, "{path}: {answer}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_same_alarm_is_one_with_a_count_is_told_once_and_looked_at() {
    let world = world();
    let mut admin = world.admin();
    let down = || Alarm::TrunkDown { trunk: "Билайн".to_owned(), why: TrunkFault::Silent };
    for _ in 0..3 {
        world.handle.raise(down());
    }
    world.handle.raise(Alarm::BlockedDestination { extension: "201".to_owned(), number: "78091234567".to_owned() });
    let list = until(&mut admin, "/api/v1/alarms", |list| list["unseen"] == 2);
    let [blocked, down] = [&list["items"][0], &list["items"][1]];
    assert_eq!((&down["kind"], &down["count"], &down["severity"]), (&json!("trunk_down"), &json!(3), &json!("alarm")));
    assert_eq!(down["text"], "Внешний номер «Билайн» не работает: сервер оператора не отвечает.");
    assert_eq!((&blocked["extension"], &blocked["seen"]), (&json!("201"), &json!(false)));
    let english = admin.get("/api/v1/alarms?lang=en&kind=trunk_down").json();
    assert_eq!(
        english["items"][0]["text"],
        "The outside number “Билайн” does not work: the carrier's server does not answer."
    );
    let first = admin.get("/api/v1/alarms?limit=1").json();
    let cursor = first["next_cursor"].as_str().expect("there is another");
    assert_eq!(admin.get(&format!("/api/v1/alarms?limit=1&cursor={cursor}")).json()["items"][0], *down);
    let seen = format!("/api/v1/alarms/{}/seen", down["id"].as_str().unwrap());
    assert_eq!(admin.ask("POST", &seen, None).status, 204);
    let left = admin.get("/api/v1/alarms?seen=false").json();
    assert_eq!((&left["unseen"], left["items"].as_array().unwrap().len()), (&json!(1), 1));
    assert_eq!(admin.ask("POST", "/api/v1/alarms/seen", None).status, 204);
    assert_eq!(admin.get("/api/v1/alarms?seen=false").json()["items"], json!([]));
    assert_eq!(admin.ask("POST", "/api/v1/alarms/999/seen", None).status, 404);
    assert_eq!(admin.get("/api/v1/alarms?seen=perhaps").status, 400);
    let events = world.handle.board().since(0, 1000).events;
    let told = events.iter().filter(|(_, event)| matches!(&**event, dozvon::io::board::Event::Alarm { .. })).count();
    assert_eq!(told, 2, "those that only count are no news");
}

#[test]
fn an_event_is_signed_tried_again_until_it_is_taken_and_keeps_its_id() {
    let world = world();
    let (authority, port, asked) = secure(["503 Busy", "500 Broken", "200 OK"].map(answer).into());
    world.change(|office| office.authorities.push(authority));
    let mut admin = world.admin();
    let hook = json!({
        "name": "CRM", "url": format!("https://localhost:{port}/dozvon?a=b"), "secret": "the hook's secret",
        "events": ["settings", "alarm"],
    });
    let made = admin.ask("POST", "/api/v1/webhooks", Some(hook));
    assert_eq!((made.status, &made.json()["has_secret"]), (201, &json!(true)), "{}", made.text());
    // making it is a change of the settings itself, and its first event
    let mut ids = Vec::new();
    for nth in 0..3 {
        let one = asked.recv_timeout(PATIENCE).expect("it is tried");
        assert_eq!((one.path.as_str(), one.header("dozvon-event")), ("/dozvon?a=b", "settings"));
        let signed = one.header("dozvon-signature").to_owned();
        let seconds: i64 = signed[2..].split(',').next().unwrap().parse().unwrap();
        assert_eq!(signed, signature("the hook's secret", dozvon::base::WallTime(seconds * 1000), &one.body));
        assert_eq!((&one.json()["type"], &one.json()["data"]["author"]), (&json!("settings"), &json!("admin")));
        ids.push(one.json()["id"].as_str().unwrap().to_owned());
        if nth < 2 {
            until(&mut admin, "/api/v1/webhooks/CRM/deliveries", |list| list["items"][0]["attempts"] == nth + 1);
            // another setting is tried at once: nobody waits for ten seconds
            let mut read = admin.get("/api/v1/webhooks/CRM").json();
            read["events"] = if nth == 0 { json!(["alarm"]) } else { json!(["alarm", "trunk"]) };
            assert_eq!(put(&mut admin, "/api/v1/webhooks/CRM", read).status, 200);
        }
    }
    assert!(ids.iter().all(|id| *id == ids[0] && id.len() == 32), "{ids:?}");
    let list = until(&mut admin, "/api/v1/webhooks/CRM/deliveries", |list| list["items"][0]["outcome"] == "delivered");
    assert_eq!((&list["items"][0]["attempts"], &list["items"][0]["status"]), (&json!(3), &json!(200)));
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "what it did not ask for it was not told");
}

#[test]
fn telegram_gets_a_sentence_and_its_token_is_shown_nowhere() {
    let world = world();
    let (port, asked) = plain(vec![answer("200 OK")]);
    let mut admin = world.admin();
    let token = "123456789:AAE-secret_token_word";
    let hook = json!({
        "name": "Дежурный", "format": "telegram", "chat": "-1001234", "events": ["alarm"],
        "url": format!("http://127.0.0.1:{port}/bot{token}/sendMessage"),
    });
    let made = admin.ask("POST", "/api/v1/webhooks", Some(hook));
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(made.json()["url"], format!("http://127.0.0.1:{port}"));
    world.handle.raise(Alarm::DiskFull { free_bytes: 1_000_000 });
    let one = asked.recv_timeout(PATIENCE).expect("it is told");
    assert_eq!(one.path, format!("/bot{token}/sendMessage"));
    let said = "Диск почти полон: осталось 1 МБ. Разговоры больше не записываются, звонки идут как обычно.";
    assert_eq!(one.json(), json!({ "chat_id": "-1001234", "text": said }));
    let tried = admin.ask("POST", &encoded("Дежурный", "/test"), None);
    assert_eq!((tried.status, &tried.json()["ok"]), (200, &json!(true)), "{}", tried.text());
    assert!(asked.recv_timeout(PATIENCE).unwrap().body.contains("Проверка связи"));
    let list = until(&mut admin, &encoded("Дежурный", "/deliveries"), |list| {
        list["items"][0]["outcome"] == "delivered"
    });
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "a test is no delivery");
    for path in ["/api/v1/webhooks", "/api/v1/versions", "/api/v1/audit"] {
        assert!(!admin.get(path).text().contains("secret_token"), "{path}");
    }
    let exported = dozvon::office::file::write(&world.handle.office(), false);
    assert!(exported.contains("Дежурный") && !exported.contains("secret_token"));
    // what was read may be sent back, and the token stays
    let read = admin.get(&encoded("Дежурный", "")).json();
    assert_eq!(put(&mut admin, &encoded("Дежурный", ""), read).status, 200);
    assert_eq!(world.handle.office().webhooks[0].secret, token);
}

fn encoded(name: &str, rest: &str) -> String {
    let name: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("/api/v1/webhooks/{name}{rest}")
}

#[test]
fn what_waits_outlives_a_restart_and_a_dead_receiver_holds_up_no_other() {
    let data = std::env::temp_dir().join(format!("dozvon-webhooks-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&data);
    // bound, and nobody accepts: it neither answers nor refuses
    let dead = TcpListener::bind("127.0.0.1:0").unwrap();
    let (good, asked) = plain(vec![answer("204 No Content")]);
    let hook = |name: &str, port: u16| Webhook {
        name: name.to_owned(),
        url: format!("http://127.0.0.1:{port}/"),
        format: WebhookFormat::Generic,
        chat: String::new(),
        secret: String::new(),
        events: vec![WebhookEvent::Voicemail],
        enabled: true,
    };
    let handle = Handle::open(&data).unwrap().handle;
    change(&handle, |office| {
        office.webhooks = vec![hook("dead", dead.local_addr().unwrap().port()), hook("good", good)]
    });
    handle.set_webhooks(webhooks::start(&handle, Outgoing::of(true)).unwrap());
    for id in 1..=3 {
        leave_message(&handle, id);
        let one = asked.recv_timeout(PATIENCE).expect("nobody waits for the dead one");
        assert_eq!(one.json()["data"]["message"], id.to_string());
        assert!(!one.headers.iter().any(|(name, _)| name == "dozvon-signature"), "without a secret nothing is signed");
    }
    handle.store().close();
    drop(handle);
    let started = clock::Stopwatch::start();
    let handle = loop {
        match Handle::open(&data) {
            Ok(beginning) => break beginning.handle,
            Err(error) => assert!(started.elapsed() < PATIENCE, "{error}"), // a thread still looks at it
        }
        thread::sleep(Duration::from_millis(20));
    };
    let (late, told) = plain(vec![answer("200 OK")]);
    change(&handle, |office| office.webhooks[0].url = format!("http://127.0.0.1:{late}/"));
    handle.set_webhooks(webhooks::start(&handle, Outgoing::of(true)).unwrap());
    for id in 1..=3 {
        let one = told.recv_timeout(PATIENCE).expect("it is told after the restart");
        assert_eq!(one.json()["data"]["message"], id.to_string(), "in order");
    }
    handle.store().close();
    let _ = std::fs::remove_dir_all(&data);
}

fn change(handle: &Handle, change: impl FnOnce(&mut Office)) {
    let edit = |office: &Office| {
        let mut office = office.clone();
        change(&mut office);
        Ok::<_, HandleError>(Some(office))
    };
    handle.change("console", "test", edit).unwrap();
}

fn leave_message(handle: &Handle, id: u64) {
    let message = Message {
        id: MessageId(id),
        extension: "201".to_owned(),
        at: START,
        caller: "79211234567".to_owned(),
        caller_name: String::new(),
        seconds: 7,
        heard: false,
    };
    handle.happened(|| Happening::Voicemail(message));
}

#[test]
fn what_is_wrong_with_a_webhook_is_told_at_its_field_and_in_words_when_it_is_tried() {
    let world = world();
    let mut admin = world.admin();
    for (body, pointer) in [
        (json!({ "name": "a", "url": "http://hooks.example.org/" }), "/url"),
        (json!({ "name": "a" }), "/url"),
        (json!({ "name": "a", "url": "https://x/", "events": ["alarm", "alarm"] }), "/events/1"),
        (json!({ "name": "a", "url": "https://x/", "events": ["everything"] }), "/events/0"),
        (json!({ "name": "a", "format": "telegram" }), "/chat"),
        (json!({ "name": "a", "format": "telegram", "chat": "1", "secret": "no token" }), "/secret"),
        (json!({ "name": "a", "url": "https://x/", "token": "x" }), "/token"),
    ] {
        let answer = admin.ask("POST", "/api/v1/webhooks", Some(body.clone()));
        assert_eq!((answer.status, &answer.json()["errors"][0]["pointer"]), (422, &json!(pointer)), "{body}");
    }
    let (away, _asked) = plain(vec![
        "HTTP/1.1 302 Found\r\nLocation: https://localhost/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            .to_owned(),
    ]);
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (name, port, status, word) in [("away", away, json!(302), "302"), ("closed", closed, json!(null), "не слушает")]
    {
        let hook = json!({ "name": name, "url": format!("http://127.0.0.1:{port}/") });
        assert_eq!(admin.ask("POST", "/api/v1/webhooks", Some(hook)).status, 201);
        let tried = admin.ask("POST", &format!("/api/v1/webhooks/{name}/test"), None).json();
        assert_eq!((&tried["ok"], &tried["status"]), (&json!(false), &status), "{tried}");
        assert!(tried["text"].as_str().unwrap().contains(word), "{tried}");
    }
    assert_eq!(admin.ask("POST", "/api/v1/webhooks/none/test", None).status, 404);
    assert_eq!(admin.get("/api/v1/webhooks/none/deliveries").status, 404);
    let gone = admin.ask("DELETE", "/api/v1/webhooks/away", None);
    assert_eq!((gone.status, admin.get("/api/v1/webhooks").json()["items"].as_array().unwrap().len()), (204, 1));
}

#[test]
fn notices_are_settings_like_others() {
    let world = world();
    let mut admin = world.admin();
    let notices = json!({ "mail": ["admin@example.org"], "kinds": ["trunk_down"], "language": "en" });
    let set = put(&mut admin, "/api/v1/settings", json!({ "notices": notices }));
    assert_eq!((set.status, &set.json()["notices"]), (200, &notices), "{}", set.text());
    for (wrong, pointer) in [
        (json!({ "mail": ["nobody"] }), "/notices/mail/0"),
        (json!({ "mail": ["a@b.c", "a@b.c"] }), "/notices/mail/1"),
        (json!({ "kinds": ["everything"] }), "/notices/kinds/0"),
        (json!({ "language": "fr" }), "/notices/language"),
    ] {
        let answer = put(&mut admin, "/api/v1/settings", json!({ "notices": wrong }));
        assert_eq!(
            (answer.status, &answer.json()["errors"][0]["pointer"]),
            (422, &json!(pointer)),
            "{}",
            answer.text()
        );
    }
}
