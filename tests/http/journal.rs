//! The log over the API, to a real rsyslogd, and captures as far as they need no right.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use dozvon::io::journal::syslog::SyslogHandle;
use dozvon::io::journal::{Journal, Level};
use dozvon::office::{Role, Syslog, SyslogTransport};
use serde_json::{Value, json};

use crate::client::{Caller, put};
use crate::steward::StandIn;
use crate::world::{TESTS, TOKEN, World, ground, office, user};

fn texts(listed: &Value) -> Vec<String> {
    let items = listed["items"].as_array().unwrap();
    items.iter().map(|item| item["text"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_log_is_listed_newest_first_by_level_and_text_page_by_page() {
    let ground = ground();
    let journal = ground.journal.clone();
    let world = World::on(office(vec![user("admin", Role::Admin, false)]), ground);
    for (level, text) in [
        (Level::Info, "Телефон 201 здесь"),
        (Level::Debug, "a detail"),
        (Level::Error, "the disk fails"),
        (Level::Warn, "a trunk is silent"),
    ] {
        journal.add(level, "dozvon::test", text);
    }
    let mut admin = Caller::token(&world, TOKEN);
    let all = admin.get("/api/v1/system/log").json();
    assert_eq!(texts(&all), ["a trunk is silent", "the disk fails", "a detail", "Телефон 201 здесь"]);
    assert_eq!((&all["items"][0]["level"], &all["items"][0]["target"]), (&json!("warn"), &json!("dozvon::test")));
    assert_eq!(texts(&admin.get("/api/v1/system/log?level=warn").json()), ["a trunk is silent", "the disk fails"]);
    assert_eq!(texts(&admin.get("/api/v1/system/log?text=%D1%82%D0%B5%D0%BB%D0%B5%D1%84%D0%BE%D0%BD").json()).len(), 1);
    let (mut path, mut told) = ("/api/v1/system/log?limit=1".to_owned(), Vec::new());
    loop {
        let page = admin.get(&path).json();
        told.extend(texts(&page));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/api/v1/system/log?limit=1&cursor={cursor}");
    }
    assert_eq!(told, texts(&all));
    for wrong in ["level=loud", "cursor=x", "who=me"] {
        assert_eq!(admin.get(&format!("/api/v1/system/log?{wrong}")).status, 400, "{wrong}");
    }
    let text = admin.get("/api/v1/system/log.txt").text();
    assert_eq!(text.lines().count(), 4);
    assert!(text.lines().next().unwrap().ends_with(" info  dozvon::test: Телефон 201 здесь"), "{text}");
}

#[test]
fn on_the_box_the_kernel_is_heard_too() {
    let steward = StandIn::new();
    let world = World::on(office(vec![user("admin", Role::Admin, false)]), steward.ground());
    let mut admin = Caller::token(&world, TOKEN);
    let listed = admin.get("/api/v1/system/log?text=kernel").json();
    assert_eq!(texts(&listed), ["ata1: failed", "eth0: link up"]);
    assert_eq!(listed["items"][0]["level"], "error");
}

#[test]
fn where_the_log_goes_is_judged_in_plain_words() {
    let world = World::new();
    let mut admin = Caller::token(&world, TOKEN).with("Accept-Language", "ru");
    let first = admin.get("/api/v1/syslog").json();
    let expected =
        json!({ "enabled": false, "server": "", "transport": "udp", "state": { "state": "off", "text": null } });
    assert_eq!(first, expected);
    let answer = put(
        &mut admin,
        "/api/v1/syslog",
        json!({ "enabled": true, "server": "log.example.org:1514", "transport": "tcp" }),
    );
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.header("dozvon-version").is_some());
    assert_eq!(world.box_.office.read().unwrap().syslog.server, "log.example.org:1514");
    // what was read is taken back as it is
    let read = admin.get("/api/v1/syslog").json();
    assert_eq!(put(&mut admin, "/api/v1/syslog", read).status, 200);
    for (body, pointer) in [
        (json!({ "enabled": true, "server": "" }), "/server"),
        (json!({ "enabled": false, "server": "log server" }), "/server"),
        (json!({ "enabled": false, "server": "log:99999" }), "/server"),
        (json!({ "enabled": false, "server": "", "transport": "tls" }), "/transport"),
    ] {
        let answer = put(&mut admin, "/api/v1/syslog", body);
        assert_eq!(
            (answer.status, &answer.json()["errors"][0]["pointer"]),
            (422, &json!(pointer)),
            "{}",
            answer.text()
        );
    }
}

/// A real server of syslog, with a file of its own.
struct Rsyslogd(Child);

impl Drop for Rsyslogd {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn rsyslogd_understands_what_is_sent_by_udp_and_by_tcp() {
    let folder = std::env::temp_dir().join(format!("dozvon-rsyslog-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let free = || std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (udp, tcp) = (free(), free());
    let file = folder.join("log");
    let config = format!(
        "global(workDirectory=\"{0}\")\nmodule(load=\"imudp\")\nmodule(load=\"imtcp\")\n\
         input(type=\"imudp\" address=\"127.0.0.1\" port=\"{udp}\")\ninput(type=\"imtcp\" address=\"127.0.0.1\" port=\"{tcp}\")\n\
         template(name=\"parts\" type=\"string\" string=\"%protocol-version%|%syslogfacility-text%|%syslogseverity-text%|%app-name%|%msg%\\n\")\n\
         action(type=\"omfile\" file=\"{1}\" template=\"parts\")\n",
        folder.display(),
        file.display()
    );
    std::fs::write(folder.join("conf"), config).unwrap();
    let rsyslogd =
        ["/usr/sbin/rsyslogd", "/sbin/rsyslogd"].into_iter().find(|path| std::path::Path::new(path).exists());
    let mut command = Command::new(rsyslogd.expect("rsyslogd (package rsyslog)"));
    command.args(["-n", "-f"]).arg(folder.join("conf")).arg("-i").arg(folder.join("pid"));
    let _server = Rsyslogd(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    for (port, transport, word) in [(udp, SyslogTransport::Udp, "by udp"), (tcp, SyslogTransport::Tcp, "by tcp")] {
        let journal = Journal::default();
        let syslog = SyslogHandle::new(journal.clone(), TESTS);
        syslog.set(&Syslog { enabled: true, server: format!("127.0.0.1:{port}"), transport });
        let expected = format!("1|daemon|warning|dozvon|{}dozvon::test: звонок {word}", '\u{feff}');
        let bare = expected.replace('\u{feff}', "");
        let since = Instant::now();
        loop {
            // it may not listen yet
            journal.add(Level::Warn, "dozvon::test", &format!("звонок {word}"));
            std::thread::sleep(Duration::from_millis(100));
            let told = std::fs::read_to_string(&file).unwrap_or_default();
            if told.lines().any(|line| line.trim() == expected || line.trim() == bare) {
                break;
            }
            assert!(since.elapsed() < Duration::from_secs(60), "{told}");
        }
        syslog.set(&Syslog::default());
    }
    let _ = std::fs::remove_dir_all(&folder);
}

#[test]
fn a_capture_is_judged_before_it_begins() {
    let world = World::new();
    let mut admin = Caller::token(&world, TOKEN).with("Accept-Language", "ru");
    let listed = admin.get("/api/v1/captures").json();
    assert_eq!(listed, json!({ "items": [], "next_cursor": null }));
    let answer = admin.ask(
        "POST",
        "/api/v1/captures",
        Some(json!({ "seconds": 100_000, "what": "signalling", "address": "телефон" })),
    );
    let errors = answer.json()["errors"].clone();
    assert_eq!(
        (answer.status, &errors[0]["pointer"], &errors[1]["pointer"]),
        (422, &json!("/seconds"), &json!("/address"))
    );
    assert_eq!(admin.ask("POST", "/api/v1/captures", Some(json!({ "seconds": 5, "what": "mail" }))).status, 400);
    for (method, path) in
        [("GET", "captures/7"), ("GET", "captures/x/file"), ("DELETE", "captures/7"), ("POST", "captures/7/stop")]
    {
        assert_eq!(admin.ask(method, &format!("/api/v1/{path}"), None).status, 404, "{method} {path}");
    }
}
