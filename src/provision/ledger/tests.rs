//! Who may have which file: the window, the one refusal, guessers.

use super::*;
use crate::office::{Phone, Settings};

const SECRET: &str = "boxsecret";
const KEY: &str = "own-key-of-the-telephone";
const HOME: &str = "192.168.1.21";

struct World {
    ledger: Ledger,
    office: Office,
    templates: Templates,
    now: WallTime,
}

fn mac() -> Mac {
    Mac::read("805ec0123456").unwrap()
}

impl World {
    fn new() -> Self {
        let mut office = Office { settings: Settings::default(), ..Office::default() };
        office.phones.push(Phone { vendor: "yealink".to_owned(), ..Phone::new(mac().to_string()) });
        let (templates, _) = Templates::of(&office);
        Self { ledger: Ledger::new(SECRET.to_owned(), Vec::new()), office, templates, now: WallTime(1_000_000) }
    }

    fn ask_as(&mut self, secret: &str, file: &str, from: &str, change: impl FnOnce(&mut Request<'_>)) -> Option<Grant> {
        let mut request = Request {
            secret,
            file,
            address: from.parse().unwrap(),
            neighbour: Neighbour::Unknown,
            agent: "",
            secure: false,
            how: How::Http,
            head: false,
            at: self.now,
        };
        change(&mut request);
        self.ledger.ask(&self.office, &self.templates, &request)
    }

    fn ask(&mut self, file: &str, from: &str) -> Option<Grant> {
        self.ask_as(SECRET, file, from, |_| {})
    }

    fn accept(&mut self) {
        self.ledger.accept(mac(), || KEY.to_owned(), self.now);
    }

    fn wait(&mut self, seconds: u64) {
        self.now = self.now + Duration::from_secs(seconds);
    }
}

#[test]
fn an_accepted_telephone_gets_each_file_once_at_the_address_where_it_was_seen() {
    let mut world = World::new();
    assert_eq!(world.ask("805ec0123456.cfg", HOME), None, "nobody has accepted it");
    world.accept();
    assert_eq!(world.ask("805ec0123456.cfg", "192.168.1.66"), None, "somebody else");
    assert!(matches!(world.ask("805EC0123456.cfg", HOME), Some(Grant::File { mac: Some(_), kind: Kind::Phone, .. })));
    assert_eq!(world.ask("805ec0123456.cfg", HOME), None, "it has had it");
    let outcomes: Vec<Outcome> = world.ledger.fetches(mac()).map(|fetch| fetch.outcome).collect();
    assert_eq!(outcomes, [Outcome::Refused, Outcome::GivenOnce, Outcome::Refused, Outcome::Refused]);
}

#[test]
fn the_window_closes_and_is_opened_again() {
    let mut world = World::new();
    world.ask("805ec0123456.cfg", HOME);
    world.accept();
    world.wait(WINDOW.as_secs() + 1);
    assert_eq!(world.ask("805ec0123456.cfg", HOME), None);
    assert_eq!(world.ledger.window(mac(), world.now), None);
    world.accept();
    assert!(world.ask("805ec0123456.cfg", HOME).is_some());
    world.accept();
    assert!(world.ask("805ec0123456.cfg", HOME).is_some(), "accepted again, given again");
}

#[test]
fn asking_for_the_head_uses_nothing_up() {
    let mut world = World::new();
    world.ask("805ec0123456.cfg", HOME);
    world.accept();
    assert!(world.ask_as(SECRET, "805ec0123456.cfg", HOME, |request| request.head = true).is_some());
    assert!(world.ask("805ec0123456.cfg", HOME).is_some());
}

#[test]
fn a_telephone_that_nobody_has_seen_must_be_known_to_the_neighbour_table() {
    let mut world = World::new();
    world.accept();
    assert_eq!(world.ask("805ec0123456.cfg", HOME), None);
    let known = |request: &mut Request<'_>| request.neighbour = Neighbour::Is(mac());
    assert!(world.ask_as(SECRET, "805ec0123456.cfg", HOME, known).is_some());
}

#[test]
fn who_has_another_card_is_not_the_telephone_whatever_it_says() {
    let mut world = World::new();
    let liar = |request: &mut Request<'_>| request.neighbour = Neighbour::Is(Mac::read("020000000001").unwrap());
    world.ask_as(SECRET, "805ec0123456.cfg", HOME, |request| request.neighbour = Neighbour::Is(mac()));
    world.ask_as(SECRET, "805ec0123456.cfg", "192.168.1.66", liar);
    world.ask("805ec0123456.cfg", "192.168.1.67");
    assert_eq!(world.ledger.seen(mac()).unwrap().address.to_string(), HOME, "nobody moves it away");
    world.accept();
    assert_eq!(world.ask_as(SECRET, "805ec0123456.cfg", HOME, liar), None);
    assert!(world.ask("805ec0123456.cfg", HOME).is_some());
}

#[test]
fn its_own_address_serves_a_telephone_for_ever_and_nobody_elses_file() {
    let mut world = World::new();
    world.accept();
    world.wait(10_000);
    let secure = |request: &mut Request<'_>| request.secure = true;
    assert!(world.ask_as(KEY, "805ec0123456.cfg", "203.0.113.9", secure).is_some());
    assert!(world.ask_as(KEY, "805ec0123456.cfg", "203.0.113.9", secure).is_some());
    assert!(world.ask_as(KEY, "y000000000028.cfg", "203.0.113.9", secure).is_some());
    for book in BOOKS {
        assert_eq!(world.ask_as(KEY, book, HOME, secure), Some(Grant::Book { mac: mac() }));
    }
    assert_eq!(world.ask_as(KEY, "805ec0123457.cfg", HOME, secure), None, "another's");
    assert_eq!(world.ask_as(KEY, "805ec0123456.cfg", HOME, |_| {}), None, "without TLS, though it can");
    world.ledger.forget(mac());
    assert_eq!(world.ask_as(KEY, "805ec0123456.cfg", HOME, secure), None);
}

#[test]
fn firmware_is_what_its_settings_name_and_nothing_else() {
    let mut world = World::new();
    world.office.phones[0].firmware = "t46.rom".to_owned();
    world.accept();
    let secure = |request: &mut Request<'_>| request.secure = true;
    let name = "t46.rom".to_owned();
    assert_eq!(world.ask_as(KEY, "firmware/t46.rom", HOME, secure), Some(Grant::Firmware { mac: mac(), name }));
    for file in ["firmware/other.rom", "firmware/../dozvon.db", "firmware/", "x/firmware/t46.rom"] {
        assert_eq!(world.ask_as(KEY, file, HOME, secure), None, "{file}");
    }
    assert_eq!(world.ask("firmware/t46.rom", HOME), None);
}

#[test]
fn common_files_are_given_to_all_who_know_the_address() {
    let mut world = World::new();
    let agent = "Yealink SIP-T46G 28.72.0.1 00:15:65:12:34:56";
    let grant = world.ask_as(SECRET, "y000000000028.cfg", HOME, |request| request.agent = agent);
    assert!(matches!(grant, Some(Grant::File { mac: None, kind: Kind::Common, .. })));
    let seen = world.ledger.seen(Mac::read("001565123456").unwrap()).unwrap();
    assert_eq!((seen.identity.model.as_str(), seen.how), ("SIP-T46G", How::Http));
    assert_eq!(world.ask_as("wrong", "y000000000028.cfg", HOME, |_| {}), None);
}

#[test]
fn a_polycom_that_asks_for_all_that_it_knows_is_not_banned() {
    let mut world = World::new();
    world.office.phones[0] = Phone { vendor: "polycom".to_owned(), ..Phone::new("00:04:f2:aa:bb:cc") };
    let agent = "FileTransport PolycomVVX-VVX_401-UA/5.9.6.2327 (SN:0004f2aabbcc) Type/Application";
    for _ in 0..40 {
        for file in [
            "0004f2aabbcc.cfg",
            "sip.ver",
            "0004f2aabbcc-license.cfg",
            "3111-48400-001.sip.ld",
            "000000000000-license.cfg",
        ] {
            world.ask_as(SECRET, file, HOME, |request| request.agent = agent);
        }
        world.wait(30);
    }
    let grant = world.ask_as(SECRET, "000000000000.cfg", HOME, |request| request.agent = agent);
    assert!(grant.is_some());
}

#[test]
fn who_sweeps_through_macs_is_left_without_an_answer() {
    let mut world = World::new();
    for nth in 0..60 {
        assert_eq!(world.ask(&format!("805ec01300{nth:02x}.cfg"), "192.168.1.66"), None);
        world.wait(1);
    }
    assert_eq!(world.ask("y000000000028.cfg", "192.168.1.66"), None, "not even what is common");
    assert!(world.ledger.all_seen().count() <= 32, "and what it says of telephones ends there");
    assert!(world.ask("y000000000028.cfg", HOME).is_some(), "others are served");
    world.wait(BAN.as_secs() + 700);
    assert!(world.ask("y000000000028.cfg", "192.168.1.66").is_some(), "an hour later it is forgotten");
}

#[test]
fn wrong_secrets_and_odd_names_end_in_silence() {
    for file in ["../../etc/passwd", "a/../b", ".hidden", "a//b\u{0}", "фото.cfg", "a b", "1/2/3/4/5.cfg", "%2e%2e/x"]
    {
        let mut world = World::new();
        for _ in 0..30 {
            assert_eq!(world.ask(file, "192.168.1.66"), None, "{file}");
            world.wait(1);
        }
        assert_eq!(world.ask("y000000000028.cfg", "192.168.1.66"), None, "{file}");
    }
    let mut world = World::new();
    for nth in 0..30 {
        world.ask_as(&format!("guess{nth}"), "y000000000028.cfg", "192.168.1.66", |_| {});
        world.wait(1);
    }
    assert_eq!(world.ask("y000000000028.cfg", "192.168.1.66"), None);
}

#[test]
fn a_hundred_files_a_second_are_too_many() {
    let mut world = World::new();
    let given = (0..300).filter(|_| world.ask("y000000000028.cfg", HOME).is_some()).count();
    assert!(given < 100, "{given}");
    world.wait(60);
    assert!(world.ask("y000000000028.cfg", HOME).is_some());
}

#[test]
fn what_was_seen_and_the_own_address_outlive_a_restart_and_a_window_does_not() {
    let mut world = World::new();
    world.ask("805ec0123456.cfg", HOME);
    world.accept();
    world.ledger.set_carried(mac(), Carried { version: 7, print: "p".to_owned(), at: world.now });
    let stored = world.ledger.take_changed();
    assert_eq!(world.ledger.take_changed(), []);
    let mut again = World { ledger: Ledger::new(SECRET.to_owned(), stored), ..World::new() };
    assert_eq!(again.ledger.seen(mac()), world.ledger.seen(mac()));
    assert_eq!((again.ledger.key(mac()), again.ledger.carried(mac()).unwrap().version), (Some(KEY), 7));
    assert_eq!(again.ask("805ec0123456.cfg", HOME), None);
    assert!(again.ask_as(KEY, "805ec0123456.cfg", HOME, |request| request.secure = true).is_some());
}

#[test]
fn memory_is_bounded_and_accepted_telephones_stay() {
    let mut world = World::new();
    world.ask("805ec0123456.cfg", HOME);
    world.accept();
    for nth in 0..(MOST_SEEN as u32 + 200) {
        let [_, b, c, d] = nth.to_be_bytes();
        let identity = Identity { mac: Some(Mac([2, 0, 1, b, c, d])), ..Identity::default() };
        world.ledger.see(Sighting {
            identity,
            address: HOME.parse().unwrap(),
            neighbour: Neighbour::Unknown,
            how: How::Pnp,
            asked: String::new(),
            at: world.now + Duration::from_secs(u64::from(nth)),
        });
    }
    assert_eq!(world.ledger.all_seen().count(), MOST_SEEN);
    assert!(world.ledger.seen(mac()).is_some());
}

proptest::proptest! {
    #[test]
    fn no_path_and_no_agent_gets_a_secret_without_being_accepted(path in "\\PC{0,80}", agent in "\\PC{0,80}") {
        let mut world = World::new();
        for file in [path.clone(), format!("{path}805ec0123456.cfg"), format!("805ec0123456.cfg{path}")] {
            for secret in [SECRET, "", &path] {
                let request = Request {
                    secret,
                    file: &file,
                    address: HOME.parse().unwrap(),
                    neighbour: Neighbour::Unknown,
                    agent: &agent,
                    secure: true,
                    how: How::Http,
                    head: false,
                    at: world.now,
                };
                let grant = world.ledger.ask(&world.office, &world.templates, &request);
                let is_common = matches!(grant, None | Some(Grant::File { kind: Kind::Common, .. }));
                proptest::prop_assert!(is_common, "{file:?}");
            }
        }
    }
}

#[test]
fn only_an_accepted_telephone_reads_the_phone_book_and_who_guesses_is_left_alone() {
    let mut world = World::new();
    let right = directory::password(KEY);
    let read = |world: &mut World, mac: Mac, said: &str, from: &str| {
        world.ledger.may_read_book(&world.office, mac, said, from.parse().unwrap(), world.now)
    };
    assert!(!read(&mut world, mac(), &directory::password(""), HOME), "nobody has accepted it");
    world.accept();
    assert!(read(&mut world, mac(), &right, HOME));
    assert!(!read(&mut world, mac(), KEY, HOME), "the secret of its address is no password");
    let other = Mac::read("805ec0123457").unwrap();
    for _ in 0..40 {
        assert!(!read(&mut world, other, &right, "192.168.1.66"));
        world.wait(1);
    }
    assert!(!read(&mut world, mac(), &right, "192.168.1.66"), "it has guessed too often");
    assert!(read(&mut world, mac(), &right, HOME), "others are not meant");
    assert!(world.ask("y000000000066.cfg", "192.168.1.66").is_some(), "and files are another matter");
    world.office.phones.clear();
    assert!(!read(&mut world, mac(), &right, HOME), "it is no telephone of the office any more");
}

#[test]
fn refused_registrations_are_noted_so_often_and_of_so_many_telephones_only() {
    let mut world = World::new();
    let from: IpAddr = "192.168.1.66".parse().unwrap();
    let noted = (0..1000).filter(|_| world.ledger.may_note(from, mac(), world.now)).count();
    assert!((1..100).contains(&noted), "{noted} in one moment");
    world.wait(60);
    let noted = (0..60).filter(|last| world.ledger.may_note(from, Mac([0x80, 0x5e, 0xc0, 1, 1, *last]), world.now));
    assert!(noted.count() < 40, "more telephones than a branch has");
}
