//! A carrier in virtual time: it has names, registrars that answer or don't, and remembers what it was sent.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::samples::{plan, trunk};
use super::*;
use crate::base::Duration;
use crate::office::Trunk as OfficeTrunk;
use crate::sip::wire::{Message, Method, Name, NameAddr, parse};

/// What the carrier answers; `None`: nothing, and the stack makes up a 408.
type Answer = Box<dyn FnMut(&Asked) -> Option<Response>>;

/// A request that reached the carrier's address.
#[derive(Clone, Debug)]
struct Asked {
    at: Instant,
    trunk: String,
    peer: SocketAddr,
    request: Request,
    credentials: Option<Credentials>,
}

impl Asked {
    fn expires(&self) -> Option<u32> {
        self.request.headers.number(&Name::Expires)
    }

    fn contact(&self) -> NameAddr {
        self.request.headers.contacts().expect("a contact").remove(0)
    }

    fn token(&self) -> String {
        self.contact().uri.user.expect("a user")
    }

    /// 200 with our own contact, for `seconds`.
    fn granted(&self, seconds: u32) -> Option<Response> {
        let mut response = Response::new(200);
        response.headers.push(Name::Via, "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1");
        let mut contact = self.contact();
        contact.params.set("expires", Some(seconds.to_string()));
        response.headers.push(Name::Contact, contact.to_string());
        Some(response)
    }
}

fn refused(status: u16) -> Option<Response> {
    let mut response = Response::new(status);
    response.headers.push(Name::Via, "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1");
    Some(response)
}

enum Event {
    Resolved(QueryId, Vec<Flow>),
    Response(ClientTxn, Response),
}

struct World {
    now: Instant,
    trunks: Trunks,
    names: BTreeMap<String, Vec<&'static str>>,
    answer: Answer,
    asked: Vec<Asked>,
    asked_names: Vec<(Instant, String)>,
    states: Vec<(Instant, String, TrunkState)>,
    kept_alive: Vec<Instant>,
    found: Vec<StoredServer>,
    events: Vec<(Instant, Event)>,
    txns: u64,
}

impl World {
    fn new(answer: impl FnMut(&Asked) -> Option<Response> + 'static) -> Self {
        Self {
            now: Instant::ZERO,
            trunks: Trunks::new(Rng::from_seed(7)),
            names: BTreeMap::from([("carrier.example".to_owned(), vec!["192.0.2.1:5060"])]),
            answer: Box::new(answer),
            asked: Vec::new(),
            asked_names: Vec::new(),
            states: Vec::new(),
            kept_alive: Vec::new(),
            found: Vec::new(),
            events: Vec::new(),
            txns: 0,
        }
    }

    fn with(mut self, trunks: Vec<OfficeTrunk>) -> Self {
        self.apply(trunks);
        self
    }

    fn apply(&mut self, trunks: Vec<OfficeTrunk>) {
        self.trunks.office(self.now, &Office { trunks, ..Office::default() });
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.trunks.poll_output() {
            match output {
                Output::Resolve { query, name } => {
                    self.asked_names.push((self.now, name.host.clone()));
                    let hops = match name.host.parse::<IpAddr>() {
                        Ok(address) if !self.names.contains_key(&name.host) => {
                            vec![flow(&SocketAddr::new(address, name.port.unwrap_or(5060)).to_string())]
                        }
                        _ => self.names.get(&name.host).into_iter().flatten().map(|peer| flow(peer)).collect(),
                    };
                    self.later(10, Event::Resolved(query, hops));
                }
                Output::Request { trunk, order, draft } => self.send(trunk, order, *draft),
                Output::KeepAlive { .. } => self.kept_alive.push(self.now),
                Output::State { trunk, state } => self.states.push((self.now, trunk, state)),
                Output::Found(server) => self.found.push(server),
            }
        }
    }

    fn send(&mut self, trunk: String, order: Order, draft: RequestDraft) {
        self.txns += 1;
        let txn = ClientTxn(self.txns);
        self.trunks.sent(order, txn);
        let peer = draft.flows.first().expect("never empty").peer;
        let asked = Asked { at: self.now, trunk, peer, request: draft.request, credentials: draft.credentials };
        let wait = draft.give_up.map_or(32_000, |wait| u64::try_from(wait.as_millis()).unwrap_or(0));
        match (self.answer)(&asked) {
            Some(response) => self.later(30, Event::Response(txn, response)),
            None => self.later(wait, Event::Response(txn, Response::new(408))),
        }
        self.asked.push(asked);
    }

    fn later(&mut self, millis: u64, event: Event) {
        self.events.push((self.now + Duration::from_millis(millis), event));
    }

    fn run_until(&mut self, seconds: u64) {
        let end = Instant::ZERO + Duration::from_secs(seconds);
        loop {
            let due = self.events.iter().map(|(at, _)| *at).min();
            let timer = self.trunks.poll_timeout();
            let next = due.into_iter().chain(timer).min().filter(|next| *next <= end);
            let Some(next) = next else { break };
            self.now = self.now.max(next);
            if let Some(at) = self.events.iter().position(|(at, _)| *at <= self.now) {
                match self.events.remove(at).1 {
                    Event::Resolved(query, hops) => {
                        assert!(self.trunks.handle_resolved(self.now, query, &hops) || hops.is_empty())
                    }
                    Event::Response(txn, response) => assert!(self.trunks.handle_response(self.now, txn, &response)),
                }
            }
            self.trunks.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    fn state(&self, trunk: &str) -> TrunkState {
        self.trunks.states().find(|(name, _)| *name == trunk).expect("a trunk").1.clone()
    }

    /// Whole seconds at which REGISTER or OPTIONS went out.
    fn times(&self) -> Vec<u64> {
        self.asked.iter().map(|asked| asked.at.micros() / 1_000_000).collect()
    }

    /// Seconds between one request and the next.
    fn pauses(&self) -> Vec<f64> {
        self.asked.windows(2).map(|pair| pair[1].at.since(pair[0].at).as_secs_f64()).collect()
    }
}

fn flow(peer: &str) -> Flow {
    let local = "198.51.100.9:5060".parse().expect("an address");
    Flow { transport: Transport::Udp, local, peer: peer.parse().expect("an address"), connection: 0 }
}

fn one() -> OfficeTrunk {
    trunk("Один", "78126122981", &[])
}

fn invite(uri: &str, to: &str) -> Request {
    let text = format!(
        "INVITE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nFrom: <sip:89211234567@c>;tag=f\r\n\
         To: {to}\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContact: <sip:192.0.2.1>\r\nContent-Length: 0\r\n\r\n"
    );
    match parse(text.as_bytes()) {
        Ok(Message::Request(request)) => request,
        other => panic!("not a request: {other:?}"),
    }
}

#[test]
fn a_trunk_registers_and_refreshes_before_its_contact_ends() {
    let mut world = World::new(|asked| asked.granted(300)).with(vec![one()]);
    world.run_until(1000);
    assert_eq!(world.times(), [0, 240, 480, 720, 960]);
    assert_eq!(world.state("Один"), TrunkState::Registered);
    let states: Vec<_> = world.states.iter().map(|(_, _, state)| state.clone()).collect();
    assert_eq!(states, [TrunkState::Starting, TrunkState::Registered], "a refresh is no news");

    let first = &world.asked[0].request;
    assert_eq!((&first.method, first.uri.to_string().as_str()), (&Method::Register, "sip:carrier.example"));
    assert_eq!(first.headers.to().expect("To").to_string(), "<sip:login78126122981@carrier.example>");
    assert_eq!(first.headers.from().expect("From").uri, first.headers.to().expect("To").uri);
    assert_eq!(world.asked[0].contact().uri.host_port(), "198.51.100.9:5060");
    assert_eq!(world.asked[0].expires(), Some(300));
    let credentials = world.asked[0].credentials.clone().expect("credentials");
    assert_eq!((credentials.username.as_str(), credentials.password.as_str()), ("login78126122981", "secret"));
}

#[test]
fn refreshes_keep_call_id_and_contact_and_raise_cseq() {
    let mut world = World::new(|asked| asked.granted(60)).with(vec![one()]);
    world.run_until(200);
    let pairs = world.asked.windows(2);
    for pair in pairs {
        let [old, new] = pair else { continue };
        assert_eq!(old.request.headers.call_id(), new.request.headers.call_id());
        assert_eq!(old.token(), new.token());
        let cseq = |asked: &Asked| asked.request.headers.cseq().expect("CSeq").number;
        assert!(cseq(new) > cseq(old) + 3, "room for the stack's answers to challenges");
    }
    assert!(world.asked.len() > 3);
}

#[test]
fn the_contacts_own_expires_wins_over_the_header() {
    let mut world = World::new(|asked| {
        let mut response = asked.granted(150)?;
        response.headers.push(Name::Expires, "3600");
        Some(response)
    });
    world.apply(vec![OfficeTrunk { register_every: 3600, ..one() }]);
    world.run_until(250);
    assert_eq!(world.times(), [0, 120, 240], "150 s: 30 s before the end is as early as 80 %");
}

#[test]
fn life_is_read_from_our_contact_among_others_or_from_the_only_one() {
    let others = |asked: &Asked| {
        let mut response = refused(200)?;
        response.headers.push(Name::Contact, "<sip:somebody@192.0.2.99>;expires=3000");
        response.headers.push(Name::Contact, asked.granted(100)?.headers.get(&Name::Contact)?);
        Some(response)
    };
    let mut world = World::new(others).with(vec![one()]);
    world.run_until(100);
    assert_eq!(world.times(), [0, 70]);

    let rewritten = |_: &Asked| {
        let mut response = refused(200)?;
        response.headers.push(Name::Contact, "<sip:rewritten@192.0.2.1:7777>;expires=60");
        Some(response)
    };
    let mut world = World::new(rewritten).with(vec![one()]);
    world.run_until(50);
    assert_eq!(world.times(), [0, 30]);

    let mut world = World::new(|_| refused(200)).with(vec![one()]);
    world.run_until(250);
    assert_eq!(world.times(), [0, 240], "a 200 that says nothing grants what was asked");
}

#[test]
fn absurdly_short_lives_cause_no_storm() {
    let mut world = World::new(|asked| asked.granted(0)).with(vec![one()]);
    world.run_until(60);
    assert!(world.asked.len() <= 13, "{:?}", world.times());
}

#[test]
fn min_expires_is_met_at_once() {
    let mut world = World::new(|asked| {
        if asked.expires() < Some(1800) {
            let mut response = refused(423)?;
            response.headers.push(Name::MinExpires, "1800");
            return Some(response);
        }
        asked.granted(1800)
    });
    world.apply(vec![one()]);
    world.run_until(1500);
    let wishes: Vec<_> = world.asked.iter().map(Asked::expires).collect();
    assert_eq!(wishes, [Some(300), Some(1800), Some(1800)]);
    assert_eq!(world.times(), [0, 0, 1440]);
}

#[test]
fn a_423_that_cannot_be_met_is_no_loop() {
    for least in ["", "60", "99999999"] {
        let mut world = World::new(move |_| {
            let mut response = refused(423)?;
            if !least.is_empty() {
                response.headers.push(Name::MinExpires, least);
            }
            Some(response)
        });
        world.apply(vec![one()]);
        world.run_until(60);
        assert!(world.asked.len() < 8, "{:?}", world.times());
        assert!(matches!(world.state("Один"), TrunkState::Refused { status: 423, .. }));
    }
}

#[test]
fn a_wrong_password_is_told_and_tried_again_ever_more_slowly() {
    for status in [401, 403, 407] {
        let mut world = World::new(move |_| refused(status)).with(vec![one()]);
        world.run_until(7200);
        assert_eq!(world.state("Один"), TrunkState::WrongPassword { status });
        let pauses = world.pauses();
        assert!(pauses[0] > 20.0 && pauses.iter().all(|pause| *pause < 301.0), "{pauses:?}");
        assert!(pauses.last().is_some_and(|last| *last > 220.0), "never given up, {pauses:?}");
        assert!(!world.trunks.route("Один").expect("a trunk").up);
    }
}

#[test]
fn a_password_that_was_put_right_at_the_carrier_works_without_a_hand() {
    let mut world = World::new(|asked| {
        if asked.at < Instant::ZERO + Duration::from_secs(3600) { refused(403) } else { asked.granted(300) }
    });
    world.apply(vec![one()]);
    world.run_until(3910);
    assert_eq!(world.state("Один"), TrunkState::Registered);
}

#[test]
fn silence_is_met_with_jittered_back_off_up_to_two_minutes() {
    let mut world = World::new(|_| None).with(vec![one()]);
    world.run_until(7200);
    assert_eq!(world.state("Один"), TrunkState::Silent);
    let pauses: Vec<f64> = world.pauses().iter().map(|pause| pause - 16.0).collect();
    for (at, pause) in pauses.iter().enumerate() {
        let most = (5.0 * 2f64.powi(i32::try_from(at).unwrap_or(9).min(9))).min(120.0);
        assert!(*pause >= most * 0.75 - 0.1 && *pause <= most + 0.1, "{at}: {pause}");
    }
    assert!(pauses.len() > 40, "never given up");
    let late: Vec<_> = pauses[8..].iter().map(|pause| (pause * 10.0).round()).collect();
    assert!(late.windows(2).any(|pair| pair[0] != pair[1]), "there is chance in it");
}

#[test]
fn two_boxes_with_different_chance_don_t_come_back_together() {
    let pauses = |seed| {
        let mut world = World::new(|_| refused(500));
        world.trunks = Trunks::new(Rng::from_seed(seed));
        world.apply(vec![one()]);
        world.run_until(600);
        world.pauses()
    };
    assert_ne!(pauses(1), pauses(2));
    assert_eq!(pauses(3), pauses(3), "but a world plays twice alike");
}

#[test]
fn refusals_are_told_with_their_facts() {
    for status in [404, 480, 500, 503, 603] {
        let mut world = World::new(move |_| refused(status)).with(vec![one()]);
        world.run_until(30);
        let reason = Response::reason_for(status).to_owned();
        assert_eq!(world.state("Один"), TrunkState::Refused { status, reason });
    }
    let mut world = World::new(|_| Some(Response::new(503))).with(vec![one()]);
    world.run_until(30);
    assert_eq!(world.state("Один"), TrunkState::Silent, "a 503 that the stack made up is a broken transport");
}

#[test]
fn retry_after_is_respected_within_reason() {
    for (retry_after, pause) in [("60 (maintenance)", 60.0), ("99999;duration=5", 600.0)] {
        let mut world = World::new(move |_| {
            let mut response = refused(503)?;
            response.headers.push(Name::RetryAfter, retry_after);
            Some(response)
        });
        world.apply(vec![one()]);
        world.run_until(1300);
        assert!((world.pauses()[0] - pause).abs() < 1.0, "{:?}", world.pauses());
    }
}

#[test]
fn a_name_server_that_refuses_for_an_hour_is_outlived() {
    let mut world = World::new(|asked| asked.granted(300));
    world.names.clear();
    world.apply(vec![one()]);
    world.run_until(3600);
    assert_eq!(world.state("Один"), TrunkState::NoSuchName);
    assert!(world.asked.is_empty() && world.asked_names.len() > 25);
    assert!(world.trunks.route("Один").expect("a trunk").flows.is_empty());
    world.names.insert("carrier.example".to_owned(), vec!["192.0.2.1:5060"]);
    world.run_until(3600 + 121);
    assert_eq!(world.state("Один"), TrunkState::Registered);
}

#[test]
fn a_name_server_that_fails_later_takes_no_trunk_down() {
    let mut world = World::new(|asked| asked.granted(300)).with(vec![one()]);
    world.run_until(100);
    world.names.clear();
    world.run_until(7200);
    assert_eq!(world.state("Один"), TrunkState::Registered);
    assert!(world.asked.len() > 25);
}

#[test]
fn a_name_server_that_never_answers_counts_as_one_that_refuses() {
    let mut trunks = Trunks::new(Rng::from_seed(1));
    trunks.office(Instant::ZERO, &Office { trunks: vec![one()], ..Office::default() });
    while trunks.poll_output().is_some() {}
    let at = trunks.poll_timeout().expect("a deadline");
    assert_eq!(at, Instant::ZERO + Duration::from_secs(5));
    trunks.handle_timeout(at);
    assert_eq!(trunks.states().next().map(|(_, state)| state.clone()), Some(TrunkState::NoSuchName));
    assert!(trunks.poll_timeout().is_some());
}

#[test]
fn the_second_server_is_asked_when_the_first_is_dead_and_then_stays_first() {
    let dead: SocketAddr = "192.0.2.1:5060".parse().expect("an address");
    let mut world = World::new(move |asked| if asked.peer == dead { None } else { asked.granted(300) });
    world.names.insert("carrier.example".to_owned(), vec!["192.0.2.1:5060", "192.0.2.2:5060"]);
    world.apply(vec![one()]);
    world.run_until(300);
    let peers: Vec<_> = world.asked.iter().map(|asked| asked.peer.ip().to_string()).collect();
    assert_eq!(peers, ["192.0.2.1", "192.0.2.2", "192.0.2.2"]);
    assert_eq!(world.times(), [0, 5, 245]);
    assert_eq!(world.trunks.route("Один").expect("a trunk").flows, [flow("192.0.2.2:5060"), flow("192.0.2.1:5060")]);
    world.run_until(1500);
    assert!(world.asked[2..].iter().all(|asked| asked.peer != dead), "also when the name was asked again");
}

#[test]
fn an_overloaded_server_gives_way_to_the_next() {
    let full: SocketAddr = "192.0.2.1:5060".parse().expect("an address");
    let mut world = World::new(move |asked| if asked.peer == full { refused(503) } else { asked.granted(300) });
    world.names.insert("carrier.example".to_owned(), vec!["192.0.2.1:5060", "192.0.2.2:5060"]);
    world.apply(vec![one()]);
    world.run_until(10);
    assert_eq!(world.times(), [0, 0]);
    assert_eq!(world.state("Один"), TrunkState::Registered);
}

#[test]
fn a_refresh_that_fails_is_told_and_mended() {
    let dark = |at: Instant| (200..900).contains(&(at.micros() / 1_000_000));
    let mut world = World::new(move |asked| if dark(asked.at) { None } else { asked.granted(300) }).with(vec![one()]);
    world.run_until(800);
    assert_eq!(world.state("Один"), TrunkState::Silent);
    world.run_until(1100);
    assert_eq!(world.state("Один"), TrunkState::Registered);
}

#[test]
fn service_route_and_associated_uris_are_kept() {
    let mut world = World::new(|asked| {
        let mut response = asked.granted(300)?;
        response.headers.push(Name::ServiceRoute, "<sip:orig@scscf.example;lr;odd=1>, <sip:second.example;lr>");
        response.headers.push(
            "P-Associated-URI".parse().expect("a name"),
            "<sip:+78126122981@carrier.example>, <tel:+78126122981>",
        );
        Some(response)
    });
    world.names.insert("sbc.example".to_owned(), vec!["192.0.2.50:5070"]);
    world.apply(vec![OfficeTrunk { outbound_proxy: "sbc.example:5070".to_owned(), ..one() }]);
    world.run_until(1);
    let route = world.trunks.route("Один").expect("a trunk");
    let routes: Vec<_> = route.routes.iter().map(ToString::to_string).collect();
    assert_eq!(routes, ["<sip:sbc.example:5070;lr>", "<sip:orig@scscf.example;lr;odd=1>", "<sip:second.example;lr>"]);
    assert!(route.up && route.flows == [flow("192.0.2.50:5070")]);
    assert_eq!(world.trunks.associated("Один").len(), 2);
    let last = world.asked.last().expect("a REGISTER");
    assert_eq!(last.request.headers.get(&Name::Route), Some("<sip:sbc.example:5070;lr>"));
    assert_eq!(last.request.uri.to_string(), "sip:carrier.example");
}

#[test]
fn a_service_route_that_begins_with_the_proxy_is_not_doubled() {
    let mut world = World::new(|asked| {
        let mut response = asked.granted(300)?;
        response.headers.push(Name::ServiceRoute, "<sip:carrier.example;lr;tag=x>");
        Some(response)
    });
    world.apply(vec![OfficeTrunk { outbound_proxy: "carrier.example".to_owned(), ..one() }]);
    world.run_until(1);
    assert_eq!(world.trunks.route("Один").expect("a trunk").routes.len(), 1);
}

#[test]
fn domain_login_and_digest_name_have_places_of_their_own() {
    let mut world = World::new(|asked| asked.granted(300));
    for name in ["ip.beeline.ru", "sbc.megafon.ru", "voip.uiscom.ru"] {
        world.names.insert(name.to_owned(), vec!["192.0.2.1:5060"]);
    }
    let whole = "SIP01123456789@ip.beeline.ru".to_owned();
    world.apply(vec![
        OfficeTrunk {
            name: "Билайн".to_owned(), server: "ip.beeline.ru".to_owned(), login: whole.clone(), ..one()
        },
        OfficeTrunk {
            name: "МультиФон".to_owned(),
            server: "sbc.megafon.ru:5060".to_owned(),
            from_domain: "multifon.ru".to_owned(),
            auth_login: "other".to_owned(),
            login: "79221234567".to_owned(),
            ..one()
        },
        OfficeTrunk {
            name: "UIS".to_owned(),
            server: "voip.uiscom.ru:9060".to_owned(),
            login: "0291235".to_owned(),
            ..one()
        },
    ]);
    world.run_until(1);
    let of = |name: &str| world.asked.iter().find(|asked| asked.trunk == name).expect("a REGISTER");
    let to = |name: &str| of(name).request.headers.to().expect("To").uri.to_string();
    let digest = |name: &str| of(name).credentials.clone().expect("credentials").username;
    assert_eq!((to("Билайн").as_str(), digest("Билайн")), ("sip:SIP01123456789@ip.beeline.ru", whole));
    assert_eq!((to("МультиФон").as_str(), digest("МультиФон").as_str()), ("sip:79221234567@multifon.ru", "other"));
    assert_eq!(of("МультиФон").request.uri.to_string(), "sip:multifon.ru");
    assert_eq!(of("UIS").request.uri.to_string(), "sip:voip.uiscom.ru:9060", "the port stays as it is spelled");
    assert_eq!(to("UIS"), "sip:0291235@voip.uiscom.ru");
    let route = world.trunks.route("UIS").expect("a trunk");
    assert_eq!(route.uri("88121234567").to_string(), "sip:88121234567@voip.uiscom.ru:9060");
    assert_eq!(route.identity("78126122981").to_string(), "sip:78126122981@voip.uiscom.ru");
}

#[test]
fn a_carrier_that_knows_our_address_is_watched_by_options() {
    let by_address = || OfficeTrunk { register: false, login: String::new(), ..one() };
    let mut world = World::new(|_| refused(404)).with(vec![by_address()]);
    world.run_until(0);
    assert!(!world.trunks.route("Один").expect("a trunk").up, "no address yet");
    world.run_until(100);
    assert_eq!(world.state("Один"), TrunkState::Reachable, "any answer is an answer");
    assert_eq!(world.times(), [0, 30, 60, 90]);
    assert!(world.asked.iter().all(|asked| asked.request.method == Method::Options));
    assert!(world.kept_alive.is_empty());

    let mut world = World::new(|_| None).with(vec![by_address()]);
    world.run_until(10);
    assert!(world.trunks.route("Один").expect("a trunk").up, "calls needn't wait for the first answer");
    world.run_until(100);
    assert_eq!(world.state("Один"), TrunkState::Silent);
    assert!(!world.trunks.route("Один").expect("a trunk").up);
    assert!(world.asked.len() >= 2);
}

#[test]
fn the_nats_door_is_held_open_while_registered() {
    let mut world = World::new(|asked| asked.granted(300)).with(vec![one()]);
    world.run_until(200);
    let times: Vec<u64> = world.kept_alive.iter().map(|at| at.micros() / 1_000_000).collect();
    assert_eq!(times, [28, 56, 84, 112, 140, 168, 196]);
    let mut silent = World::new(|_| None).with(vec![one()]);
    silent.run_until(200);
    assert!(silent.kept_alive.is_empty());
}

#[test]
fn a_broken_connection_is_opened_anew_but_not_in_a_storm() {
    let mut world = World::new(|asked| asked.granted(300)).with(vec![one()]);
    world.run_until(100);
    world.trunks.handle_flow_failed(world.now, flow("192.0.2.77:5060"));
    world.run_until(110);
    assert_eq!(world.times(), [0], "a stranger's flow");
    world.trunks.handle_flow_failed(world.now, flow("192.0.2.1:5060"));
    world.run_until(112);
    assert_eq!(world.times(), [0, 111]);
    for second in 112..172 {
        world.run_until(second);
        world.trunks.handle_flow_failed(world.now, flow("192.0.2.1:5060"));
    }
    assert!(world.asked.len() <= 7, "{:?}", world.times());
}

#[test]
fn a_change_of_the_office_disturbs_only_what_it_changes() {
    let second = || trunk("Два", "78124000001", &[]);
    let mut world = World::new(|asked| asked.granted(300)).with(vec![one(), second()]);
    world.run_until(10);
    world.asked.clear();
    let relabelled = OfficeTrunk { comment: "новый".to_owned(), numbers: vec!["78126122982".to_owned()], ..one() };
    world.apply(vec![second(), relabelled]);
    world.run_until(20);
    assert!(world.asked.is_empty(), "order, comment and numbers are no affair of the carrier's");
    assert_eq!(world.state("Один"), TrunkState::Registered);

    world.apply(vec![second(), OfficeTrunk { password: "new".to_owned(), ..one() }]);
    world.run_until(30);
    let told: Vec<_> = world.asked.iter().map(|asked| (asked.trunk.as_str(), asked.expires())).collect();
    assert_eq!(told, [("Один", Some(0)), ("Один", Some(300))]);
    assert_ne!(world.asked[0].token(), world.asked[1].token());

    world.asked.clear();
    world.apply(vec![second()]);
    world.run_until(40);
    let told: Vec<_> = world.asked.iter().map(|asked| (asked.trunk.as_str(), asked.expires())).collect();
    assert_eq!(told, [("Один", Some(0))]);
    assert!(world.trunks.route("Один").is_none());
    assert_eq!(world.state("Два"), TrunkState::Registered);
}

#[test]
fn a_trunk_that_never_reached_its_carrier_says_no_goodbye() {
    let mut world = World::new(|_| None);
    world.names.clear();
    world.apply(vec![one()]);
    world.run_until(30);
    world.apply(Vec::new());
    assert!(world.asked.is_empty() && world.trunks.poll_timeout().is_none());
}

#[test]
fn answers_are_told_from_those_to_requests_of_others() {
    let mut world = World::new(|_| None).with(vec![one()]);
    world.run_until(2);
    world.apply(Vec::new());
    world.run_until(60); // the late 408 and the farewell's are taken as ours: the world looks
    assert_eq!(world.asked.len(), 2);
    assert!(!world.trunks.handle_response(world.now, ClientTxn(999), &Response::new(200)), "a stranger's answer");
}

/// Five logins on one host and port, of which the last has two numbers.
fn five() -> Vec<OfficeTrunk> {
    let mut five: Vec<_> = (1..=5).map(|n| trunk(&format!("Т{n}"), &format!("7812000000{n}"), &[])).collect();
    five[4].numbers.push("78120000006".to_owned());
    five
}

#[test]
fn five_logins_on_one_host_are_told_apart_by_the_contact_wherever_it_comes_from() {
    let mut world = World::new(|asked| asked.granted(300)).with(five());
    world.run_until(1);
    let tokens: Vec<_> = world.asked.iter().map(|asked| (asked.trunk.clone(), asked.token())).collect();
    assert_eq!(tokens.iter().map(|(_, token)| token).collect::<HashSet<_>>().len(), 5);
    for (name, token) in &tokens {
        let request = invite(&format!("sip:{token}@198.51.100.9:5060"), "<sip:x@c>");
        for source in ["192.0.2.1:5060", "203.0.113.200:9999"] {
            assert_eq!(world.trunks.identify(&plan(), &flow(source), &request), Some(name.as_str()));
        }
    }
    let guess = invite("sip:t22222222222222222222@198.51.100.9", "<sip:x@c>");
    assert_eq!(world.trunks.identify(&plan(), &flow("203.0.113.200:9999"), &guess), None);
}

#[test]
fn five_logins_on_one_host_are_told_apart_by_what_is_called() {
    let mut world = World::new(|asked| asked.granted(300)).with(five());
    world.run_until(1);
    let carrier = flow("192.0.2.1:5066");
    let by = |uri: &str, to: &str| world.trunks.identify(&plan(), &carrier, &invite(uri, to)).map(str::to_owned);
    assert_eq!(by("sip:login78120000003@h", "<sip:x@c>").as_deref(), Some("Т3"));
    assert_eq!(by("sip:88120000002@h", "<sip:x@c>").as_deref(), Some("Т2"));
    assert_eq!(by("tel:+78120000006", "<sip:x@c>").as_deref(), Some("Т5"));
    assert_eq!(by("sip:198.51.100.9", "<tel:+7-812-000-00-04>").as_deref(), Some("Т4"));
    assert_eq!(by("sip:nobody@h", "<sip:x@c>").as_deref(), Some("Т1"), "still the carrier");
    let stranger = invite("sip:88120000002@h", "<sip:88120000002@h>");
    assert_eq!(world.trunks.identify(&plan(), &flow("203.0.113.5:5060"), &stranger), None);
}

#[test]
fn calls_come_from_the_server_behind_the_proxy_too() {
    let mut world = World::new(|asked| asked.granted(300));
    world.names.insert("sbc.example".to_owned(), vec!["192.0.2.50:5060"]);
    world.apply(vec![OfficeTrunk { outbound_proxy: "sbc.example".to_owned(), ..one() }]);
    world.run_until(1);
    let request = invite("sip:88126122981@h", "<sip:x@c>");
    for source in ["192.0.2.50:5060", "192.0.2.1:5060"] {
        assert_eq!(world.trunks.identify(&plan(), &flow(source), &request), Some("Один"));
    }
    assert_eq!(world.trunks.addresses().len(), 2);
}

#[test]
fn neighbours_on_a_loopback_address_are_told_apart_by_port() {
    let mut world = World::new(|asked| asked.granted(300));
    world.names.insert("127.0.0.1".to_owned(), vec!["127.0.0.1:5080"]);
    world.apply(vec![OfficeTrunk { server: "127.0.0.1:5080".to_owned(), ..one() }]);
    world.run_until(1);
    let request = invite("sip:88126122981@h", "<sip:x@c>");
    assert_eq!(world.trunks.identify(&plan(), &flow("127.0.0.1:5080"), &request), Some("Один"));
    assert_eq!(world.trunks.identify(&plan(), &flow("127.0.0.1:40001"), &request), None, "a phone");
}

#[test]
fn where_a_server_was_before_a_restart_counts_until_its_name_is_answered() {
    let known = |register| OfficeTrunk { register, ..one() };
    let request = invite("sip:88126122981@h", "<sip:x@c>");
    let mut before = World::new(|asked| asked.granted(300)).with(vec![known(false)]);
    before.run_until(1);
    assert_eq!(before.found.len(), 1);
    for register in [false, true] {
        let mut world = World::new(|asked| asked.granted(300));
        world.names.clear();
        world.apply(vec![known(register)]);
        let knows = |world: &World, peer| world.trunks.identify(&plan(), &flow(peer), &request) == Some("Один");
        assert!(!knows(&world, "192.0.2.1:5060"), "nobody knows where it is");
        world.trunks.restore(&before.found);
        assert!(knows(&world, "192.0.2.1:5060") && world.trunks.awaits_addresses(), "it may be elsewhere by now");
        world.run_until(20);
        let up = if register { TrunkState::Registered } else { TrunkState::Reachable };
        assert_eq!(world.state("Один"), up, "it is asked where it was");
        assert_eq!(world.trunks.route("Один").expect("a trunk").flows, [flow("192.0.2.1:5060")]);
        assert!(world.found.is_empty(), "nothing was found anew");
        world.names.insert("carrier.example".to_owned(), vec!["192.0.2.9:5060"]);
        world.run_until(400);
        assert!(knows(&world, "192.0.2.9:5060") && !knows(&world, "192.0.2.1:5060"), "it has moved");
        assert_eq!(world.trunks.route("Один").expect("a trunk").flows, [flow("192.0.2.9:5060")]);
        assert_eq!(world.found.last().map(|found| found.places.len()), Some(1));
    }
}

#[test]
fn what_was_known_of_another_name_or_port_is_not_believed() {
    let mut before = World::new(|asked| asked.granted(300)).with(vec![one()]);
    before.run_until(1);
    let request = invite("sip:88126122981@h", "<sip:x@c>");
    for server in ["other.example", "carrier.example:5080"] {
        let mut world = World::new(|asked| asked.granted(300));
        world.names.clear();
        world.apply(vec![OfficeTrunk { server: server.to_owned(), ..one() }]);
        world.trunks.restore(&before.found);
        assert_eq!(world.trunks.identify(&plan(), &flow("192.0.2.1:5060"), &request), None, "{server}");
    }
}

#[test]
fn tokens_are_new_in_each_run_and_the_old_one_is_known_by_its_address() {
    let token = |seed| {
        let mut world = World::new(|asked| asked.granted(300));
        world.trunks = Trunks::new(Rng::from_seed(seed));
        world.apply(vec![one()]);
        world.run_until(1);
        (world.asked[0].token(), world)
    };
    let (old, _) = token(1);
    let (new, world) = token(2);
    assert_ne!(old, new);
    let request = invite(&format!("sip:{old}@198.51.100.9:5060"), "<sip:x@c>");
    assert_eq!(world.trunks.identify(&plan(), &flow("192.0.2.1:5060"), &request), Some("Один"));
}
