use proptest::prelude::*;

use super::*;
use crate::base::{Instant, Rng};

const AT: WallTime = WallTime(1_700_000_000_000);
const BOX: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 10);
const SNOM: [u8; 6] = [0x00, 0x04, 0x13, 0x12, 0x34, 0x56];
const LAPTOP: [u8; 6] = [0x3c, 0x22, 0xfb, 0x01, 0x02, 0x03];

fn network() -> Network {
    Network {
        address: BOX,
        prefix: 24,
        first: ip(100),
        last: ip(102),
        router: Some(ip(1)),
        dns: vec![ip(1)],
        time: None,
        lease: Duration::from_secs(43_200),
        url: "http://192.168.1.10:8080/provision/boxsecret234/".to_owned(),
    }
}

fn ip(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(192, 168, 1, last)
}

fn server() -> Server {
    Server::new(network(), Vec::new())
}

fn message(kind: MessageType, card: [u8; 6], options: Vec<DhcpOption>) -> Message {
    let mut message = Message::default();
    message.set_opcode(Opcode::BootRequest).set_xid(7).set_chaddr(&card);
    message.opts_mut().insert(DhcpOption::MessageType(kind));
    for option in options {
        message.opts_mut().insert(option);
    }
    message
}

fn say(server: &mut Server, at: WallTime, message: &Message) -> Option<Message> {
    let heard = server.handle(at, &written(message), &|_| None);
    heard.reply.map(|(_, bytes)| Message::decode(&mut Decoder::new(&bytes)).unwrap())
}

fn kind(message: &Message) -> MessageType {
    message.opts().msg_type().unwrap()
}

fn text(message: &Message, code: u8) -> Option<String> {
    match message.opts().get(code.into())? {
        DhcpOption::Unknown(unknown) => String::from_utf8(unknown.data().to_vec()).ok(),
        DhcpOption::TFTPServerName(text) | DhcpOption::BootfileName(text) => String::from_utf8(text.clone()).ok(),
        DhcpOption::VendorExtensions(blob) => Some(String::from_utf8_lossy(blob).into_owned()),
        DhcpOption::CaptivePortal(text) => Some(text.clone()),
        other => panic!("{other:?}"),
    }
}

/// A client's whole way to an address.
fn lease(server: &mut Server, at: WallTime, card: [u8; 6]) -> Option<Ipv4Addr> {
    let offer = say(server, at, &message(MessageType::Discover, card, vec![]))?;
    assert_eq!(kind(&offer), MessageType::Offer);
    let options = vec![DhcpOption::RequestedIpAddress(offer.yiaddr()), DhcpOption::ServerIdentifier(BOX)];
    let ack = say(server, at, &message(MessageType::Request, card, options))?;
    assert_eq!((kind(&ack), ack.yiaddr()), (MessageType::Ack, offer.yiaddr()));
    Some(ack.yiaddr())
}

fn later(seconds: u64) -> WallTime {
    AT + Duration::from_secs(seconds)
}

#[test]
fn a_card_keeps_its_address_for_ever_and_over_a_restart() {
    let mut server = server();
    let (first, second) = (lease(&mut server, AT, SNOM).unwrap(), lease(&mut server, AT, LAPTOP).unwrap());
    assert_eq!((first, second), (ip(100), ip(101)));
    assert_eq!(lease(&mut server, later(10), SNOM), Some(first));
    assert_eq!(lease(&mut server, later(10_000_000), SNOM), Some(first), "long after its end");
    let stored = server.take_changed();
    assert_eq!(stored.len(), 2);
    assert_eq!(server.take_changed(), []);
    let mut again = Server::new(network(), stored);
    assert_eq!(lease(&mut again, later(20), LAPTOP), Some(second));
}

#[test]
fn a_telephone_is_told_where_its_settings_lie_and_a_laptop_is_not() {
    let mut server = server();
    let url = network().url;
    let class = DhcpOption::ClassIdentifier(b"snomD785".to_vec());
    let wanted = DhcpOption::ParameterRequestList([1, 3, 6, 66, 67, 43].into_iter().map(OptionCode::from).collect());
    let offer = say(&mut server, AT, &message(MessageType::Discover, SNOM, vec![class, wanted])).unwrap();
    assert_eq!((text(&offer, 66), text(&offer, 67)), (Some(url.clone()), Some("snomD785.htm".to_owned())));
    assert_eq!(text(&offer, 43), Some(format!("\u{42}{}{url}", char::from(u8::try_from(url.len()).unwrap()))));
    assert_eq!(text(&offer, 160), None, "it did not ask");
    assert_eq!(offer.opts().get(OptionCode::Router), Some(&DhcpOption::Router(vec![ip(1)])));

    let polycom = [0x00, 0x04, 0xf2, 0x12, 0x34, 0x56];
    let offer = say(&mut server, AT, &message(MessageType::Discover, polycom, vec![])).unwrap();
    assert_eq!((text(&offer, 160), text(&offer, 114)), (Some(url.clone()), None));
    assert_eq!((text(&offer, 159), text(&offer, 66)), (Some(url.clone()), Some(url.clone())));
    assert!(text(&offer, 43).is_some_and(|blob| blob.ends_with(&url)));
    assert_eq!(offer.opts().get(150.into()), Some(&DhcpOption::TFTPServerAddress(BOX)));
    let gigaset = [0x7c, 0x2f, 0x80, 0x12, 0x34, 0x56];
    let ask = DhcpOption::ParameterRequestList(vec![OptionCode::from(114)]);
    let offer = say(&mut server, AT, &message(MessageType::Discover, gigaset, vec![ask.clone()])).unwrap();
    assert_eq!(text(&offer, 114), Some(url));

    let mut server = Server::new(network(), Vec::new());
    let offer = say(&mut server, AT, &message(MessageType::Discover, LAPTOP, vec![ask])).unwrap();
    for code in [43, 66, 67, 114, 159, 160] {
        assert_eq!(text(&offer, code), None);
    }
}

#[test]
fn clients_are_told_of_our_clock_where_the_box_serves_it() {
    let time = |network| {
        let mut server = Server::new(network, Vec::new());
        let offer = say(&mut server, AT, &message(MessageType::Discover, LAPTOP, vec![])).unwrap();
        offer.opts().get(OptionCode::NtpServers).cloned()
    };
    assert_eq!(time(network()), None);
    let network = Network { time: Some(BOX), ..network() };
    assert_eq!(time(network), Some(DhcpOption::NtpServers(vec![BOX])));
}

#[test]
fn an_unknown_telephone_that_asks_for_tftp_is_told_too_and_a_machine_that_boots_is_not() {
    let mut server = server();
    let ask = |code: u8| DhcpOption::ParameterRequestList(vec![OptionCode::from(1), OptionCode::from(code)]);
    let offer = say(&mut server, AT, &message(MessageType::Discover, LAPTOP, vec![ask(150)])).unwrap();
    assert_eq!(offer.opts().get(150.into()), Some(&DhcpOption::TFTPServerAddress(BOX)));
    let pxe = DhcpOption::ClassIdentifier(b"PXEClient:Arch:00007".to_vec());
    let offer = say(&mut server, AT, &message(MessageType::Discover, LAPTOP, vec![ask(66), pxe])).unwrap();
    assert_eq!(text(&offer, 66), None);
}

#[test]
fn an_answer_is_never_longer_than_a_client_takes() {
    let network = Network { url: format!("http://192.168.1.10/{}/", "a".repeat(200)), ..network() };
    let mut server = Server::new(network, Vec::new());
    let heard = server.handle(AT, &written(&message(MessageType::Discover, SNOM, vec![])), &|_| None);
    assert!(heard.reply.unwrap().1.len() <= 548);
}

#[test]
fn an_address_of_another_network_or_of_somebody_else_is_refused() {
    let mut server = server();
    lease(&mut server, AT, SNOM);
    for wanted in [Ipv4Addr::new(10, 0, 0, 5), ip(100), ip(10), ip(1), ip(255), ip(50)] {
        let options = vec![DhcpOption::RequestedIpAddress(wanted)];
        let answer = say(&mut server, AT, &message(MessageType::Request, LAPTOP, options)).unwrap();
        assert_eq!(kind(&answer), MessageType::Nak, "{wanted}");
        let mut renew = message(MessageType::Request, LAPTOP, vec![]);
        renew.set_ciaddr(wanted);
        assert_eq!(kind(&say(&mut server, AT, &renew).unwrap()), MessageType::Nak);
    }
    let mut renew = message(MessageType::Request, SNOM, vec![]);
    renew.set_ciaddr(ip(100));
    let heard = server.handle(AT, &written(&renew), &|_| None);
    assert_eq!(heard.reply.unwrap().0, To::Client(ip(100)));
    assert_eq!(heard.telephone.unwrap().1, ip(100));
}

#[test]
fn when_all_are_given_who_is_gone_longest_makes_room_and_nobody_who_is_here() {
    let mut server = server();
    let card = |n: u8| [0x3c, 0x22, 0xfb, 0, 0, n];
    for n in 0..3 {
        assert!(lease(&mut server, later(u64::from(n)), card(n)).is_some());
    }
    assert_eq!(lease(&mut server, later(60), card(9)), None);
    assert_eq!(lease(&mut server, later(43_200 + 60), card(9)), Some(ip(100)));
    assert_eq!(server.leases().count(), 3);
}

#[test]
fn what_a_client_gives_back_or_finds_taken_is_not_given_at_once() {
    let mut server = server();
    lease(&mut server, AT, SNOM);
    let decline = vec![DhcpOption::RequestedIpAddress(ip(100)), DhcpOption::ServerIdentifier(BOX)];
    assert_eq!(say(&mut server, AT, &message(MessageType::Decline, SNOM, decline.clone())), None);
    assert_eq!(lease(&mut server, later(1), SNOM), Some(ip(101)));
    // nobody declines what is another's
    let decline = vec![DhcpOption::RequestedIpAddress(ip(101)), DhcpOption::ServerIdentifier(BOX)];
    say(&mut server, later(1), &message(MessageType::Decline, LAPTOP, decline));
    assert_eq!(lease(&mut server, later(2), SNOM), Some(ip(101)));
    let mut release = message(MessageType::Release, SNOM, vec![]);
    release.set_ciaddr(ip(101));
    say(&mut server, later(3), &release);
    assert_eq!(server.leases().next().map(|lease| lease.until), Some(later(3)));
    assert_eq!(lease(&mut server, later(4), SNOM), Some(ip(101)), "it comes back to its own");
}

#[test]
fn an_address_where_the_box_sees_another_card_is_not_given() {
    let mut server = server();
    let there = |address: Ipv4Addr| (address == ip(100)).then_some(Mac(LAPTOP));
    let heard = server.handle(AT, &written(&message(MessageType::Discover, SNOM, vec![])), &there);
    let (to, bytes) = heard.reply.unwrap();
    assert_eq!((to, Message::decode(&mut Decoder::new(&bytes)).unwrap().yiaddr()), (To::All, ip(101)));
}

#[test]
fn who_has_an_address_already_is_told_the_rest() {
    let mut server = server();
    let mut inform = message(MessageType::Inform, SNOM, vec![]);
    inform.set_ciaddr(ip(33));
    let heard = server.handle(AT, &written(&inform), &|_| None);
    let (to, bytes) = heard.reply.unwrap();
    let ack = Message::decode(&mut Decoder::new(&bytes)).unwrap();
    assert_eq!((to, kind(&ack), ack.yiaddr()), (To::Client(ip(33)), MessageType::Ack, Ipv4Addr::UNSPECIFIED));
    assert_eq!(ack.opts().get(OptionCode::AddressLeaseTime), None);
    assert_eq!((text(&ack, 66), server.leases().count()), (Some(network().url), 0));
}

#[test]
fn the_usual_range_is_in_the_network() {
    assert_eq!(Network::usual_range(BOX, 24), (ip(100), ip(200)));
    assert_eq!(
        Network::usual_range(Ipv4Addr::new(10, 0, 0, 1), 30),
        (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 3))
    );
    let (first, last) = Network::usual_range(Ipv4Addr::new(10, 1, 2, 3), 16);
    assert_eq!((first, last), (Ipv4Addr::new(10, 1, 100, 0), Ipv4Addr::new(10, 1, 200, 0)));
    let wide = Network { first, last, prefix: 16, address: Ipv4Addr::new(10, 1, 2, 3), ..network() };
    assert_eq!(wide.range().count(), MOST);
}

#[test]
fn a_listener_knows_telephones_and_nobody_else() {
    let request = |card| message(MessageType::Request, card, vec![DhcpOption::RequestedIpAddress(ip(77))]);
    let (identity, address) = overhear(&written(&request(SNOM))).unwrap();
    assert_eq!((identity.vendor.as_str(), address), ("snom", ip(77)));
    assert_eq!(overhear(&written(&request(LAPTOP))), None);
    assert_eq!(overhear(&written(&message(MessageType::Discover, SNOM, vec![]))), None);
}

#[test]
fn an_odd_option_takes_nothing_else_with_it() {
    let mut server = server();
    let mut bytes = message(MessageType::Discover, SNOM, vec![]).to_vec().unwrap();
    assert_eq!(bytes.pop(), Some(255));
    // client's name, relay, search list and time of the wrong shape, twice a class, and a length over the end
    bytes.splice(
        240..240,
        [&[12, 1, 0xff][..], &[82, 3, 1, 9, 9], &[119, 2, 0xc0, 0xff], &[2, 1, 7], &[60, 0]].concat(),
    );
    bytes.extend([&[60, 8][..], b"snomD785", &[60, 3], b"abc", &[66, 200, 1]].concat());
    let heard = server.handle(AT, &bytes, &|_| None);
    assert_eq!(
        text(&Message::decode(&mut Decoder::new(&heard.reply.unwrap().1)).unwrap(), 67),
        Some("snomD785.htm".into())
    );
}

#[test]
fn a_hardware_address_longer_than_its_field_is_no_message() {
    let mut bytes = written(&message(MessageType::Request, SNOM, vec![DhcpOption::RequestedIpAddress(ip(100))]));
    for length in [17, 255] {
        bytes[2] = length;
        assert_eq!(server().handle(AT, &bytes, &|_| None).reply, None);
        assert_eq!(overhear(&bytes), None);
    }
}

fn offer(from: Ipv4Addr) -> Vec<u8> {
    let mut offer = message(MessageType::Offer, LAPTOP, vec![DhcpOption::ServerIdentifier(from)]);
    offer.set_opcode(Opcode::BootReply);
    written(&offer)
}

/// Lets its timers run until it asks nothing more; the questions, and the time.
fn run(watch: &mut Watch, until: impl Fn(&Watch) -> bool) -> (usize, Instant) {
    let mut questions = 0;
    for _ in 0..100 {
        let due = watch.poll_timeout();
        watch.handle_timeout(due);
        questions += std::iter::from_fn(|| watch.poll_output()).count();
        if until(watch) {
            return (questions, due);
        }
    }
    panic!("{watch:?}");
}

#[test]
fn a_box_serves_only_where_nobody_else_answers() {
    let mut watch = Watch::new(Instant::ZERO, Mac(SNOM), BOX, &mut Rng::from_seed(1));
    assert_eq!(watch.verdict(), Verdict::Looking);
    watch.handle_timeout(Instant::ZERO);
    let question = watch.poll_output().unwrap();
    assert!(watch.is_own(&question) && !watch.is_own(&written(&message(MessageType::Discover, SNOM, vec![]))));
    watch.handle_packet(Instant::ZERO, &offer(BOX));
    assert_eq!(run(&mut watch, |watch| watch.verdict() == Verdict::Alone), (2, Instant::from_micros(6_000_000)));

    // another one is switched on
    watch.handle_packet(Instant::from_micros(7_000_000), &offer(ip(1)));
    assert_eq!(watch.verdict(), Verdict::Other(ip(1)));
    let (questions, at) = run(&mut watch, |watch| watch.verdict() == Verdict::Alone);
    assert_eq!((questions, at), (3, Instant::from_micros(43_000_000)), "and off again");
}

#[test]
fn a_client_that_took_anothers_offer_says_so() {
    let mut server = server();
    say(&mut server, AT, &message(MessageType::Discover, SNOM, vec![]));
    let options = vec![DhcpOption::RequestedIpAddress(ip(9)), DhcpOption::ServerIdentifier(ip(1))];
    let heard = server.handle(AT, &written(&message(MessageType::Request, SNOM, options)), &|_| None);
    assert_eq!((heard.reply, heard.other), (None, Some(ip(1))));
}

proptest! {
    #[test]
    fn no_bytes_bring_it_down(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        at in 0usize..300,
        options in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut server = server();
        let mut watch = Watch::new(Instant::ZERO, Mac(SNOM), BOX, &mut Rng::from_seed(1));
        let good = written(&message(MessageType::Discover, SNOM, vec![]));
        let mut odd = good.clone();
        for (place, byte) in odd.iter_mut().skip(at).zip(&bytes) {
            *place = *byte;
        }
        let tail = [&good[..240], &options].concat();
        for text in [bytes, odd, tail] {
            if let Some((_, reply)) = server.handle(AT, &text, &|_| None).reply {
                prop_assert!(Message::decode(&mut Decoder::new(&reply)).is_ok());
            }
            watch.handle_packet(Instant::ZERO, &text);
            overhear(&text);
        }
    }

    #[test]
    fn no_two_cards_ever_have_one_address(steps in proptest::collection::vec((0u8..6, 0u8..4, 0u64..50_000), 1..60)) {
        let mut server = server();
        let mut now = 0;
        for (n, what, passed) in steps {
            now += passed;
            let (at, card) = (later(now), [0x3c, 0x22, 0xfb, 0, 0, n]);
            match what {
                0 => {
                    let decline = vec![DhcpOption::RequestedIpAddress(ip(100 + n % 3))];
                    say(&mut server, at, &message(MessageType::Decline, card, decline));
                }
                1 => {
                    let wanted = vec![DhcpOption::RequestedIpAddress(ip(99 + n))];
                    say(&mut server, at, &message(MessageType::Request, card, wanted));
                }
                _ => drop(lease(&mut server, at, card)),
            }
            let addresses: BTreeSet<Ipv4Addr> = server.leases().map(|lease| lease.address).collect();
            prop_assert_eq!(addresses.len(), server.leases().count());
            prop_assert!(addresses.iter().all(|address| server.network().may_give(*address)));
        }
    }
}
