//! Mail against a real server (aiosmtpd, from Debian): taken once, through outages, refusals, restarts and a lost connection.

#![expect(clippy::unwrap_used, reason = "a test that can't go on says where")]

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use dozvon::base::{CallId, Message, MessageId, WallTime};
use dozvon::guard::{Alarm, Limit};
use dozvon::io::alarms;
use dozvon::io::certificate::Certificate;
use dozvon::io::handle::{Beginning, Handle};
use dozvon::io::mail::{self, EmergencyCall, MailHandle, MissedCall, Told};
use dozvon::io::out::Outgoing;
use dozvon::io::store::StoreError;
use dozvon::office::{Authority, Language, Mail, MailSecurity, NoticeLanguage, Office};

const NOW: WallTime = WallTime(1_795_605_600_000); // 2026-11-25 14:20 in Moscow

/// A box with an office whose mail goes to a port of its own.
struct World {
    directory: PathBuf,
    port: u16,
    handle: Option<Handle>,
    mail: MailHandle,
    told: Receiver<Told>,
    alarms: Option<Receiver<Alarm>>,
}

struct Server(Child);

impl World {
    fn new(security: MailSecurity) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let directory = std::env::temp_dir().join(format!("dozvon-mail-{}-{number}", std::process::id()));
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir_all(directory.join("letters")).unwrap();
        // Free now; nobody else takes it as long as ports rise.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let Beginning { handle, alarms, .. } = Handle::open(&directory.join("data")).unwrap();
        let settings = Mail {
            server: if security == MailSecurity::None { "127.0.0.1" } else { "localhost" }.to_owned(),
            port,
            security,
            from: "box@office.example".to_owned(),
            missed_calls: true,
            ..Mail::default()
        };
        let (mail, told) = open(&handle);
        let mut world = Self { directory, port, handle: Some(handle), mail, told, alarms };
        world.change(|office| {
            office.mail = settings;
            office.settings.language = Language::Ru;
            for extension in &mut office.extensions {
                extension.email = "user@office.example".to_owned();
            }
        });
        world
    }

    fn handle(&self) -> &Handle {
        self.handle.as_ref().expect("open")
    }

    fn change(&mut self, edit: impl FnOnce(&mut Office)) {
        let change = |office: &Office| {
            let mut office = office.clone();
            edit(&mut office);
            Ok::<_, dozvon::io::handle::HandleError>(Some(office))
        };
        self.handle().change("test", "test", change).unwrap();
        self.mail.office_changed();
    }

    /// Ends the process, as far as mail is concerned, and begins another.
    fn restart(&mut self) {
        let office = self.handle().office();
        self.mail.close();
        self.handle().store().close();
        self.handle = None;
        let handle = Handle::open(&self.directory.join("data")).unwrap().handle;
        (self.mail, self.told) = open(&handle);
        self.handle = Some(handle);
        self.change(|new| *new = Office::clone(&office));
    }

    fn server(&self) -> Server {
        self.server_with(&[])
    }

    fn server_with(&self, more: &[&Path]) -> Server {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mail/server.py");
        let mut command = Command::new("/usr/bin/python3");
        command.arg(script).arg(self.port.to_string()).arg(self.letters()).args(more);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("python3 is installed");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n", "python3-aiosmtpd is installed");
        Server(child)
    }

    fn say(&self, replies: &str) {
        std::fs::write(self.letters().join("say"), replies).unwrap();
    }

    /// Waits until the server has used all of that.
    fn until_said(&self) {
        while std::fs::read_to_string(self.letters().join("say")).unwrap() != "" {
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn letters(&self) -> PathBuf {
        self.directory.join("letters")
    }

    /// All that arrived, in order.
    fn arrived(&self) -> Vec<String> {
        let paths = (1..).map(|number| self.letters().join(format!("{number}.eml")));
        paths.map_while(|path| std::fs::read(path).ok()).map(|bytes| String::from_utf8(bytes).unwrap()).collect()
    }

    fn told(&self) -> Told {
        self.told.recv_timeout(Duration::from_secs(20)).expect("something is told")
    }

    fn miss(&self, call: u64) {
        let extensions = vec!["200".to_owned(), "201".to_owned(), "202".to_owned()];
        let (caller, caller_name) = ("79211234567".to_owned(), "Пётр".to_owned());
        self.mail.missed_call(MissedCall { call: CallId(call), at: NOW, caller, caller_name, extensions });
    }

    fn sent(&self) -> Told {
        Told::Sent { recipient: "user@office.example".to_owned() }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.mail.close();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn open(handle: &Handle) -> (MailHandle, Receiver<Told>) {
    let (tell, told) = channel();
    let started: Result<MailHandle, StoreError> =
        mail::start(handle, Outgoing::of(true), move |one| drop(tell.send(one)));
    (started.unwrap(), told)
}

fn header<'a>(letter: &'a str, name: &str) -> &'a str {
    let line = letter.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_else(|| panic!("no {name} in {letter}"))
}

#[test]
fn a_call_that_was_missed_is_told_once_however_many_telephones_rang() {
    let world = World::new(MailSecurity::None);
    let _server = world.server();
    world.miss(1);
    world.miss(1);
    world.miss(2);
    assert_eq!((world.told(), world.told()), (world.sent(), world.sent()));
    let letters = world.arrived();
    assert_eq!(letters.len(), 2);
    assert_eq!(header(&letters[0], "X-To"), "user@office.example");
    assert_ne!(header(&letters[0], "Message-ID"), header(&letters[1], "Message-ID"));
    assert!(header(&letters[0], "Message-ID").ends_with("@office.example>"));
    world.mail.hurry();
    assert!(world.told.recv_timeout(Duration::from_millis(300)).is_err(), "nothing is sent twice");
}

#[test]
fn an_alarm_is_one_letter_to_each_address_however_often_it_comes() {
    let mut world = World::new(MailSecurity::None);
    let _server = world.server();
    world.change(|office| {
        office.notices.mail = vec!["user@office.example".to_owned()];
        office.notices.kinds = vec!["limit_reached".to_owned()];
        office.notices.language = NoticeLanguage::En;
    });
    let raised = world.alarms.take().expect("nobody has taken them");
    let certificate = Certificate::open(world.handle().data().join("tls"), &[], dozvon::io::clock::wall).unwrap();
    alarms::start(world.handle(), raised, world.mail.clone(), certificate).unwrap();
    let limit = |which, of_office, limit| {
        world.handle().raise(Alarm::LimitReached { extension: "201".to_owned(), which, of_office, limit });
    };
    world.handle().raise(Alarm::LicenceOver); // not of the wanted kinds
    for _ in 0..20 {
        limit(Limit::CallsADay, false, 50);
    }
    limit(Limit::CallsAtATime, true, 3);
    assert_eq!((world.told(), world.told()), (world.sent(), world.sent()));
    let letters: Vec<String> =
        world.arrived().iter().map(|letter| letter.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(letters.len(), 2);
    let said = [
        "Subject: A call of 201 was refused: the extension's limit of 50 outside calls a day is reached.",
        "Subject: A call of 201 was refused: the office's limit of 3 outside calls at a time is reached.",
    ];
    for (letter, said) in letters.iter().zip(said) {
        assert!(letter.contains(said), "{letter}");
    }
    assert!(world.told.recv_timeout(Duration::from_millis(300)).is_err(), "nothing is sent twice");
}

#[test]
fn a_message_comes_with_its_sound() {
    let world = World::new(MailSecurity::None);
    let _server = world.server();
    let folder = world.directory.join("data/recordings/voicemail");
    std::fs::create_dir_all(&folder).unwrap();
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", "sine=600:duration=2", "-ac", "1", "-c:a", "libopus"])
        .arg(folder.join("201_5.opus"))
        .status()
        .expect("ffmpeg is installed");
    assert!(status.success());
    let message = |id| Message {
        id: MessageId(id),
        extension: "201".to_owned(),
        at: NOW,
        caller: String::new(),
        caller_name: String::new(),
        seconds: 2,
        heard: false,
    };
    world.mail.voicemail(message(5), "recordings/voicemail/201_5.opus".to_owned());
    world.mail.voicemail(message(6), "recordings/voicemail/gone.opus".to_owned());
    assert_eq!((world.told(), world.told()), (world.sent(), world.sent()));
    let letters = world.arrived();
    assert!(
        letters[0].contains("Content-Type: audio/wav") && letters[0].contains("attachment; filename=\""),
        "{}",
        &letters[0][..900]
    );
    assert!(letters[0].len() > 2 * 16_000 * 4 / 3, "two seconds of linear sound in base64");
    assert!(!letters[1].contains("audio/wav"), "it was deleted before it could be sent");
}

#[test]
fn an_outage_and_a_restart_only_delay_a_letter() {
    let mut world = World::new(MailSecurity::None);
    world.miss(1);
    assert!(matches!(world.told(), Told::Failing { .. }));
    let server = world.server();
    world.restart();
    world.mail.hurry();
    assert_eq!(world.told(), world.sent());
    drop(server);
    world.miss(2);
    assert!(matches!(world.told(), Told::Failing { .. }), "told again after it went well");
    let _server = world.server();
    world.mail.hurry();
    assert_eq!((world.told(), world.told()), (Told::Back, world.sent()));
    world.mail.hurry();
    world.restart();
    assert!(world.told.recv_timeout(Duration::from_millis(300)).is_err());
    assert_eq!(world.arrived().len(), 2);
}

#[test]
fn a_server_that_says_later_is_tried_later_and_one_that_says_never_is_not() {
    let world = World::new(MailSecurity::None);
    let _server = world.server();
    world.say("RCPT 451 greylisted\nDATA 452 no room");
    world.miss(1);
    assert!(matches!(world.told(), Told::Failing { why } if why.contains("greylisted")));
    world.mail.hurry();
    world.until_said();
    world.mail.hurry();
    assert_eq!((world.told(), world.told()), (Told::Back, world.sent()));
    world.say("RCPT 550 no such user");
    world.miss(2);
    assert!(matches!(world.told(), Told::GivenUp { why, .. } if why.contains("no such user")));
    world.miss(3);
    assert_eq!(world.told(), world.sent());
    assert_eq!(world.arrived().len(), 2);
}

#[test]
fn a_letter_whose_250_was_lost_comes_again_under_the_same_id() {
    let world = World::new(MailSecurity::None);
    let _server = world.server();
    world.say("DATA CUT");
    world.miss(1);
    assert!(matches!(world.told(), Told::Failing { .. }));
    world.mail.hurry();
    assert_eq!((world.told(), world.told()), (Told::Back, world.sent()));
    let letters = world.arrived();
    assert_eq!(letters.len(), 2);
    assert_eq!(header(&letters[0], "Message-ID"), header(&letters[1], "Message-ID"));
}

#[test]
fn a_login_goes_only_over_tls_to_a_server_that_is_known() {
    let mut world = World::new(MailSecurity::Starttls);
    world.change(|office| (office.mail.login, office.mail.password) = ("box".to_owned(), "wrong".to_owned()));
    let (_server, certificate) = secured(&world);
    world.miss(1);
    assert!(matches!(world.told(), Told::Failing { .. }), "nobody knows this certificate");
    assert!(world.arrived().is_empty());

    std::fs::create_dir_all(world.directory.join("data/tls")).unwrap();
    std::fs::write(world.directory.join("data/tls/mail-ca.pem"), certificate).unwrap();
    world.mail.hurry();
    assert!(world.told.recv_timeout(Duration::from_secs(1)).is_err(), "a wrong password loses no letter");
    world.change(|office| office.mail.password = "secret".to_owned());
    assert_eq!((world.told(), world.told()), (Told::Back, world.sent()));
    let letters = world.arrived();
    assert_eq!((header(&letters[0], "X-Tls"), header(&letters[0], "X-Login")), ("True", "box"));
}

/// A server whose certificate nobody knows, and the certificate.
fn secured(world: &World) -> (Server, String) {
    let (certificate, key) = (world.directory.join("cert.pem"), world.directory.join("key.pem"));
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (world.server_with(&[&certificate, &key]), made.cert.pem())
}

#[test]
fn the_offices_own_authorities_are_believed() {
    let mut world = World::new(MailSecurity::Starttls);
    let (_server, certificate) = secured(&world);
    world.miss(1);
    assert!(matches!(world.told(), Told::Failing { .. }), "nobody knows this certificate");
    world.change(|office| office.authorities = vec![Authority { name: "Офис".to_owned(), certificate }]);
    assert_eq!((world.told(), world.told()), (Told::Back, world.sent()));
    assert_eq!(header(&world.arrived()[0], "X-Tls"), "True");
}

#[test]
fn an_admin_who_trusts_any_certificate_gets_his_mail_from_whoever_is_there() {
    let mut world = World::new(MailSecurity::Starttls);
    // Of another name, too.
    let (_server, _) = secured(&world);
    world.change(|office| office.mail.server = "127.0.0.1".to_owned());
    world.miss(1);
    assert!(matches!(world.told(), Told::Failing { .. }), "nobody knows this certificate");
    world.change(|office| office.mail.trust_any_certificate = true);
    assert_eq!((world.told(), world.told()), (Told::Back, world.sent()));
    assert_eq!(header(&world.arrived()[0], "X-Tls"), "True");
}

#[test]
fn nothing_is_queued_without_a_server_an_address_or_the_wish() {
    let mut world = World::new(MailSecurity::None);
    world.change(|office| office.mail.missed_calls = false);
    world.miss(1);
    world.change(|office| {
        office.mail.missed_calls = true;
        office.extensions.iter_mut().for_each(|extension| extension.email.clear());
    });
    world.miss(2);
    world.change(|office| office.mail.server.clear());
    world.miss(3);
    world.mail.hurry();
    assert!(world.told.recv_timeout(Duration::from_millis(500)).is_err());
}

#[test]
fn the_admin_is_told_of_a_call_for_help_once() {
    let mut world = World::new(MailSecurity::None);
    world.change(|office| office.mail.admin = "admin@office.example".to_owned());
    let _server = world.server();
    let call = EmergencyCall {
        call: CallId(7),
        at: WallTime(1_795_605_600_000),
        by: "201".to_owned(),
        number: "112".to_owned(),
    };
    world.mail.emergency(call.clone());
    world.mail.emergency(call);
    assert_eq!(world.told(), Told::Sent { recipient: "admin@office.example".to_owned() });
    assert!(world.told.recv_timeout(Duration::from_millis(300)).is_err());
    assert_eq!(world.arrived().len(), 1);
}
