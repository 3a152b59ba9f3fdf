//! Strangers before the exchange: who guesses, scans and floods falls silent; who belongs to the office goes on, and learns of nothing but
//! what is his business. Attackers write plain text from addresses of their own and read what comes back.

use std::net::{IpAddr, SocketAddr};

use dozvon::engine::Record;
use dozvon::guard::{Alarm, Reason};
use dozvon::sip::wire::{Message, Name, Response, parse};
use md5::{Digest, Md5};

use crate::inside::SMALL;
use crate::sim::{Answer, Duration, EXCHANGE, PhoneId, STRANGE_PORT, World, millis, secs};

/// An office whose own network is 192.168.1.0/24, so that whoever is elsewhere is a stranger until he proves himself.
fn world(seed: u64) -> World {
    World::shaped(seed, SMALL, |office| office.protection.trusted_networks = vec!["192.168.1.0/24".parse().unwrap()])
}

/// A telephone at this address, registered.
fn at(world: &mut World, login: &str, address: [u8; 4]) -> PhoneId {
    let phone = world.add_phone(login);
    let now = world.now;
    let one = &mut world.phones[phone.0];
    (one.sip, one.rtp) = (SocketAddr::from((address, 5060)), SocketAddr::from((address, 4000)));
    one.register(now);
    world.collect();
    assert!(world.run_until(secs(40), |world| world.phones[phone.0].registered), "{} {login}", world.at());
    phone
}

/// Somebody who writes what he likes.
struct Stranger {
    from: SocketAddr,
    agent: &'static str,
    written: u32,
}

impl Stranger {
    fn new(address: impl Into<IpAddr>) -> Self {
        Self { from: SocketAddr::new(address.into(), STRANGE_PORT), agent: "Telephone", written: 0 }
    }

    fn nth(n: u32) -> Self {
        Self::new(std::net::Ipv4Addr::from_bits(0x6440_0000 + n))
    }

    fn request(&mut self, method: &str, uri: &str, user: &str, more: &str) -> Vec<u8> {
        self.written += 1;
        let (from, n, agent) = (self.from, self.written, self.agent);
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bK{n};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:{user}@10.0.0.1>;tag=1\r\nTo: <sip:{user}@10.0.0.1>\r\nCall-ID: {n}@{from}\r\nCSeq: {n} {method}\r\n\
             Contact: <sip:{user}@{from}>\r\nUser-Agent: {agent}\r\n{more}Content-Length: 0\r\n\r\n"
        )
        .into_bytes()
    }

    /// Writes, and reads what comes within a moment.
    fn ask(&mut self, world: &mut World, method: &str, uri: &str, user: &str, more: &str) -> Vec<Vec<u8>> {
        let bytes = self.request(method, uri, user, more);
        world.throw(self.from, EXCHANGE.into(), bytes);
        world.run_for(millis(2));
        self.heard(world)
    }

    fn heard(&self, world: &mut World) -> Vec<Vec<u8>> {
        let (ours, others) = std::mem::take(&mut world.strays).into_iter().partition(|(to, _)| *to == self.from);
        world.strays = others;
        let ours: Vec<(SocketAddr, Vec<u8>)> = ours;
        ours.into_iter().map(|(_, bytes)| bytes).collect()
    }

    fn status(&mut self, world: &mut World, method: &str, uri: &str, user: &str) -> Option<u16> {
        self.ask(world, method, uri, user, "").last().map(|bytes| response(bytes).status)
    }

    /// Tries a password with REGISTER; the answer's status.
    fn guess(&mut self, world: &mut World, login: &str, password: &str) -> Option<u16> {
        let answers = self.ask(world, "REGISTER", "sip:10.0.0.1", login, "");
        let challenge = response(answers.last()?).headers.get(&Name::WwwAuthenticate)?.to_owned();
        let more = authorization(&challenge, "REGISTER", login, password);
        self.ask(world, "REGISTER", "sip:10.0.0.1", login, &more).last().map(|bytes| response(bytes).status)
    }
}

fn response(bytes: &[u8]) -> Response {
    match parse(bytes) {
        Ok(Message::Response(response)) => response,
        other => panic!("no response: {other:?}"),
    }
}

fn authorization(challenge: &str, method: &str, login: &str, password: &str) -> String {
    let start = challenge.find("nonce=\"").unwrap() + 7;
    let nonce = challenge[start..].split('"').next().unwrap();
    let hex = |text: String| Md5::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let ha1 = hex(format!("{login}:dozvon:{password}"));
    let ha2 = hex(format!("{method}:sip:10.0.0.1"));
    let answer = hex(format!("{ha1}:{nonce}:00000001:c:auth:{ha2}"));
    format!(
        "Authorization: Digest username=\"{login}\", realm=\"dozvon\", nonce=\"{nonce}\", uri=\"sip:10.0.0.1\", \
         response=\"{answer}\", cnonce=\"c\", qop=auth, nc=00000001, algorithm=MD5\r\n"
    )
}

/// How often the page was told of this.
fn notices(world: &World, what: &str) -> usize {
    world.notices.iter().filter(|(one, _)| *one == what).count()
}

fn bans(world: &World) -> Vec<(IpAddr, Reason)> {
    world.engine.ward().bans(world.now).into_iter().map(|ban| (ban.address, ban.reason)).collect()
}

#[test]
fn two_hundred_guesses_from_one_address_get_ten_answers() {
    let mut world = world(900);
    let mut thief = Stranger::new([203, 0, 113, 7]);
    let answers: Vec<_> = (0..200).map(|n| thief.guess(&mut world, "user201s0", &format!("guess{n}"))).collect();
    assert_eq!(answers.iter().flatten().count(), 10);
    assert!(answers.iter().flatten().all(|status| *status == 401));
    assert_eq!(bans(&world), [(thief.from.ip(), Reason::WrongPasswords)]);
    assert_eq!(thief.guess(&mut world, "user201s0", "secret-user201s0"), None, "not even the right one");
    assert_eq!(thief.status(&mut world, "OPTIONS", "sip:10.0.0.1", "a"), None);
    world.run_for(secs(600));
    assert_eq!(thief.status(&mut world, "OPTIONS", "sip:10.0.0.1", "a"), Some(200));
    let kept = world.records.iter().filter(|record| matches!(record, Record::Ban(_))).count();
    assert_eq!((kept, notices(&world, "address_banned")), (1, 1));
    let [Alarm::AddressBanned { address, logins, .. }] = world.alarms.as_slice() else { panic!("{:?}", world.alarms) };
    assert_eq!((*address, logins.as_slice()), (thief.from.ip(), ["user201s0".to_owned()].as_slice()));
}

#[test]
fn a_thousand_addresses_get_twenty_answers_for_one_login_and_its_owner_goes_on() {
    let mut world = world(901);
    let home = at(&mut world, "user201s0", [203, 0, 113, 50]);
    let known: Vec<_> = (0..1000).map(|n| Stranger::nth(n).guess(&mut world, "user201s0", "guess")).collect();
    assert_eq!(known.iter().flatten().count(), 20);
    let unknown: Vec<_> = (2000..3000).map(|n| Stranger::nth(n).guess(&mut world, "nobody", "guess")).collect();
    assert_eq!(unknown, known, "a login that does not exist looks the same");
    assert!(bans(&world).is_empty(), "one guess is no crime");
    assert_eq!(notices(&world, "login_guessed"), 1);
    let now = world.now;
    world.phones[home.0].registered = false;
    world.phones[home.0].register(now);
    world.collect();
    assert!(world.run_until(secs(5), |world| world.phones[home.0].registered), "the owner is heard where he was");
    let lan = at(&mut world, "user201s0", [192, 168, 1, 9]);
    assert!(world.phones[lan.0].registered, "and at home");
}

#[test]
fn who_sits_beside_an_old_password_goes_on_and_an_admin_learns_whose_it_is() {
    let mut world = world(902);
    let branch = [203, 0, 113, 50];
    let good = at(&mut world, "user201s0", branch);
    let office = at(&mut world, "user202s0", [192, 168, 1, 9]);
    let mut old = Stranger { agent: "Yealink T46", ..Stranger::new(branch) };
    for _ in 0..240 {
        old.guess(&mut world, "rik33+user200s0", "last-years");
        world.run_for(secs(15));
    }
    assert!(bans(&world).is_empty());
    let address = IpAddr::from(branch);
    let (login, extension, user_agent) = ("rik33+user200s0".to_owned(), "200".to_owned(), "Yealink T46".to_owned());
    assert_eq!(world.alarms[0], Alarm::OldPassword { login, extension, address, user_agent });
    assert!(world.alarms.len() <= 2, "once an hour: {:?}", world.alarms);
    world.will(good, Answer::After(secs(1)));
    world.dial(office, "201");
    world.run_for(secs(5));
    assert!(world.is_talking(good) && world.is_talking(office));
    assert_eq!(
        old.guess(&mut world, "rik33+user200s0", "secret-rik33+user200s0"),
        Some(200),
        "mended, it registers at once"
    );
}

#[test]
fn scanners_hear_nothing_but_at_home() {
    let mut world = world(903);
    let mut scanner = Stranger { agent: "friendly-scanner", ..Stranger::new([203, 0, 113, 7]) };
    for method in ["OPTIONS", "REGISTER", "INVITE"] {
        assert_eq!(scanner.status(&mut world, method, "sip:100@10.0.0.1", "100"), None);
    }
    assert_eq!(bans(&world), [(scanner.from.ip(), Reason::Scanner)]);
    let mut own = Stranger { agent: "friendly-scanner", ..Stranger::new([192, 168, 1, 7]) };
    assert_eq!(own.status(&mut world, "OPTIONS", "sip:100@10.0.0.1", "100"), Some(200));
    assert_eq!(bans(&world).len(), 1);
}

#[test]
fn strangers_who_dial_out_or_try_all_numbers_fall_silent() {
    let mut world = world(904);
    let mut thief = Stranger::new([203, 0, 113, 7]);
    let dialled: Vec<_> =
        (0..10).map(|n| thief.status(&mut world, "INVITE", &format!("sip:0097259{n:07}@10.0.0.1"), "100")).collect();
    assert_eq!(dialled.iter().flatten().count(), 3);
    let mut walker = Stranger::new([203, 0, 113, 8]);
    let mut heard = 0;
    for n in 100..400 {
        heard += usize::from(walker.status(&mut world, "REGISTER", "sip:10.0.0.1", &n.to_string()).is_some());
        world.run_for(millis(100));
    }
    assert_eq!(heard, 60);
    let mut reasons: Vec<Reason> = bans(&world).into_iter().map(|(_, reason)| reason).collect();
    reasons.sort_by_key(|reason| reason.word());
    assert_eq!(reasons, [Reason::OutsideCalls, Reason::Probing]);
}

#[test]
fn strangers_hear_the_same_whomever_they_claim_to_be() {
    let mut world = world(905);
    at(&mut world, "user202s0", [192, 168, 1, 9]);
    // the same request but for the name, and the same answer but for the name and what is new each time
    let mut answers = |method: &str, user: &str, password: Option<&str>| {
        let mut stranger = Stranger::new([203, 0, 113, 9]);
        let uri = if method == "REGISTER" { "sip:10.0.0.1".to_owned() } else { format!("sip:{user}@10.0.0.1") };
        let mut heard = stranger.ask(&mut world, method, &uri, user, "");
        if let Some(password) = password {
            let challenge = response(&heard[0]).headers.get(&Name::WwwAuthenticate).unwrap().to_owned();
            heard = stranger.ask(&mut world, method, &uri, user, &authorization(&challenge, method, user, password));
        }
        world.run_for(secs(60)); // a transaction that is kept would resend
        heard.extend(stranger.heard(&mut world));
        let texts = heard.iter().map(|bytes| {
            let mut text = String::from_utf8(bytes.clone()).unwrap().replace(user, "NAME");
            for (name, end) in [("nonce=\"", '"'), (";tag=", '\r')] {
                let mut at = 0;
                while let Some(start) = text[at..].find(name).map(|start| at + start + name.len()) {
                    let length = text[start..].find(end).unwrap();
                    text.replace_range(start..start + length, "NEW");
                    at = start;
                }
            }
            text
        });
        texts.collect::<Vec<String>>()
    };
    for method in ["INVITE", "SUBSCRIBE", "MESSAGE", "REGISTER"] {
        for password in [None, Some("guess")] {
            let [known, unknown, number, other] =
                ["user201s0", "user999s0", "201", "nobody"].map(|user| answers(method, user, password));
            assert_eq!(known.len(), 1, "{method}: one answer, not again and again: {known:?}");
            assert!(known[0].starts_with("SIP/2.0 401 "), "{method}: {}", known[0]);
            assert!(known == unknown && known == number && known == other, "{method}: {known:?} {unknown:?}");
            assert!(!known[0].contains(env!("CARGO_PKG_VERSION")) && !known[0].contains("Warning"), "{}", known[0]);
        }
    }
    let invite = answers("INVITE", "user201s0", None)[0].replace("INVITE", "METHOD");
    assert_eq!(
        invite,
        answers("MESSAGE", "user201s0", None)[0].replace("MESSAGE", "METHOD"),
        "and whatever they ask for"
    );
}

#[test]
fn a_flood_leaves_the_exchange_to_those_it_knows() {
    let mut world = world(906);
    let (one, other) = (at(&mut world, "user201s0", [203, 0, 113, 50]), at(&mut world, "user202s0", [192, 168, 1, 9]));
    world.will(other, Answer::After(secs(1)));
    let mut flooders: Vec<Stranger> = (0..200).map(Stranger::nth).collect();
    world.dial(one, "202");
    let mut answered = 0;
    for n in 0..8000_u32 {
        let flooder = &mut flooders[n as usize % 200];
        let method = ["INVITE", "REGISTER", "OPTIONS"][n as usize % 3];
        let bytes = flooder.request(method, "sip:201@10.0.0.1", "a", "");
        world.throw(flooder.from, EXCHANGE.into(), if n % 4 == 3 { vec![b'x'; 200] } else { bytes });
        world.run_for(Duration::from_micros(250));
        answered += std::mem::take(&mut world.strays).len();
        assert!(world.engine.stack().transactions() < 100, "strangers leave nothing behind");
    }
    assert!((1000..3000).contains(&answered), "{answered}");
    assert!(world.is_talking(one) && world.is_talking(other));
    let third = at(&mut world, "rik33+user200s0", [192, 168, 1, 10]);
    world.dial(third, "202");
    world.run_for(secs(1));
    assert!(world.call_of(third).is_some());
}

#[test]
fn a_month_of_ordinary_traffic_bans_nobody_and_warns_of_nothing() {
    let mut world = world(907);
    let branch: Vec<PhoneId> = [("user201s0", [203, 0, 113, 50]), ("user202s0", [203, 0, 113, 51])]
        .map(|(login, address)| at(&mut world, login, address))
        .to_vec();
    let office = at(&mut world, "rik33+user200s0", [192, 168, 1, 10]);
    for phone in branch.iter().chain([&office]) {
        world.will(*phone, Answer::After(secs(1)));
        let phone = &mut world.phones[phone.0];
        (phone.sound_every, phone.listens_to_each) = (secs(1), 1000);
    }
    for day in 0..30_u32 {
        for (caller, number) in [(branch[0], "202"), (branch[1], "200"), (office, "201")] {
            world.dial(caller, number);
            world.run_for(secs(6));
            assert!(world.is_talking(caller), "{} day {day}", world.at());
            world.hang_up(caller);
            world.run_for(secs(60));
        }
        // somebody configures a softphone at home and mistypes twice; somebody looks whether the exchange is there
        let mut home = Stranger::nth(day);
        assert_eq!(home.guess(&mut world, "user201s0", "mistyped"), Some(401));
        world.run_for(secs(20));
        assert_eq!(home.guess(&mut world, "user201s0", "mistyped"), Some(401));
        world.run_for(secs(20));
        assert_eq!(home.guess(&mut world, "user201s0", "secret-user201s0"), Some(200));
        assert_eq!(Stranger::nth(1000).status(&mut world, "OPTIONS", "sip:10.0.0.1", "monitor"), Some(200));
        world.run_for(secs(86_000));
        assert!(branch.iter().all(|phone| world.phones[phone.0].registered));
    }
    world.assert_clean();
}
