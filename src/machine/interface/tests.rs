//! Steps from one network to another, followed on a kernel of the test's own.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::super::network::{Addressing, Carrier, Network, Port};
use super::*;

fn card(name: &str, last: u8, link: bool) -> Card {
    Card { name: name.to_owned(), mac: mac(last), link, ..Card::default() }
}

fn mac(last: u8) -> String {
    format!("52:54:00:00:00:{last:02x}")
}

fn port(card: &str, vlan: Option<u16>, fixed: Option<(&str, Option<[u8; 4]>)>) -> Port {
    let address = fixed.map_or(Addressing::Dhcp, |(address, gateway)| Addressing::Fixed {
        address: address.to_owned(),
        gateway: gateway.map(Ipv4Addr::from),
    });
    Port { card: card.to_owned(), vlan, address }
}

fn wanted(office: Port, carrier: Option<(Port, &[&str])>) -> Wanted {
    let carrier = carrier
        .map(|(port, routes)| Carrier { port, routes: routes.iter().map(|route| (*route).to_owned()).collect() });
    Network { office, carrier, dns: Vec::new() }.check().unwrap()
}

fn words(steps: &[Step]) -> Vec<String> {
    steps.iter().map(|step| step.words().map_or_else(|| format!("{step:?}"), |words| words.join(" "))).collect()
}

#[test]
fn the_office_takes_the_first_card_with_a_cable_and_keeps_it_while_it_has_one() {
    let any = wanted(port("", None, None), None);
    let chosen = |cards: &[Card], now: &[Interface]| interfaces(&any, cards, now);
    let second = chosen(&[card("eth0", 1, false), card("eth1", 2, true)], &[]);
    assert_eq!(second[0].card, "eth1");
    let both = [card("eth0", 1, true), card("eth1", 2, true)];
    assert_eq!(chosen(&both, &second)[0].card, "eth1", "a second cable changes nothing");
    assert_eq!(chosen(&both, &[])[0].card, "eth0");
    let none = [card("eth0", 1, false), card("eth1", 2, false)];
    assert_eq!(chosen(&none, &second)[0].card, "eth1", "a cable that is pulled out changes nothing");
    assert_eq!(
        chosen(&[card("eth0", 1, true), card("eth1", 2, false)], &second)[0].card,
        "eth0",
        "it is put in elsewhere"
    );
    assert_eq!(chosen(&[], &second), []);
}

#[test]
fn a_card_that_is_not_there_any_more_does_not_leave_the_office_without_one() {
    let named = wanted(port(&mac(9), None, None), None);
    assert_eq!(interfaces(&named, &[card("eth0", 1, false), card("eth1", 2, true)], &[])[0].card, "eth1");
    assert_eq!(interfaces(&named, &[card("eth0", 9, false), card("eth1", 2, true)], &[])[0].card, "eth0");
}

#[test]
fn the_carriers_card_is_never_the_offices() {
    let routes: &[&str] = &["10.0.0.0/8"];
    let both = wanted(port("", None, None), Some((port(&mac(1), None, None), routes)));
    let cards = [card("eth0", 1, true), card("eth1", 2, false)];
    let found = interfaces(&both, &cards, &[]);
    assert_eq!((found[0].card.as_str(), found[1].card.as_str()), ("eth1", "eth0"));
    let tagged = wanted(port("", None, None), Some((port("", Some(100), None), routes)));
    let found = interfaces(&tagged, &cards, &[]);
    assert_eq!((found[0].device().as_str(), found[1].device().as_str()), ("eth0", "eth0.100"));
    assert_eq!(interfaces(&both, &cards[..1], &[]).len(), 1, "one card alone is the carrier's, as it is named");
}

#[test]
fn each_side_has_its_own_routes() {
    let office = port("", None, Some(("192.168.1.10/24", Some([192, 168, 1, 1]))));
    let carrier = port(&mac(2), Some(30), Some(("10.20.0.2/30", Some([10, 20, 0, 1]))));
    let both = wanted(office, Some((carrier, &["10.0.0.0/8", "213.170.64.0/18"])));
    let new = interfaces(&both, &[card("eth0", 1, true), card("eth1", 2, true)], &[]);
    let expected = [
        "link set dev eth0 up",
        "HearRouters(\"eth0\")",
        "-4 addr flush dev eth0",
        "addr add 192.168.1.10/24 brd + dev eth0",
        "route replace default via 192.168.1.1 dev eth0",
        "link set dev eth1 up",
        "link add link eth1 name eth1.30 type vlan id 30",
        "link set dev eth1.30 up",
        "-4 addr flush dev eth1.30",
        "addr add 10.20.0.2/30 brd + dev eth1.30",
        "route replace 10.0.0.0/8 via 10.20.0.1 dev eth1.30",
        "route replace 213.170.64.0/18 via 10.20.0.1 dev eth1.30",
    ];
    assert_eq!(words(&steps(&[], &new)), expected);
    let back = ["IgnoreRouters(\"eth0\")", "-4 addr flush dev eth0", "link del dev eth1.30"];
    assert_eq!(words(&steps(&new, &[])), back);
    assert_eq!(steps(&new, &new), []);
}

#[test]
fn a_lease_is_followed_as_a_fixed_address_would_be() {
    let dhcp = |side, routes| Interface { side, card: "eth0".to_owned(), vlan: None, way: Way::Dhcp, routes };
    let Some(News::Lease(lease)) =
        News::parse("bound|192.168.7.5|24|192.168.7.1 192.168.7.2|192.168.7.1 1.1.1.1 8.8.8.8 9.9.9.9\n")
    else {
        panic!("a lease")
    };
    assert_eq!(lease.dns.len(), 3);
    let office = addressed(&dhcp(Side::Office, None), lease.address, lease.gateway);
    assert_eq!(words(&office)[2], "route replace default via 192.168.7.1 dev eth0");
    let route = "10.0.0.0/8".parse().unwrap();
    let carrier = addressed(&dhcp(Side::Carrier, Some(vec![route])), lease.address, lease.gateway);
    assert_eq!(words(&carrier)[2], "route replace 10.0.0.0/8 via 192.168.7.1 dev eth0");
    assert_eq!(resolv_conf(&[], &lease.dns), "nameserver 192.168.7.1\nnameserver 1.1.1.1\nnameserver 8.8.8.8\n");
    assert_eq!(resolv_conf(&["::1".parse().unwrap()], &lease.dns), "nameserver ::1\n");
}

#[test]
fn the_clients_lines_are_understood_or_left() {
    assert_eq!(News::parse("deconfig||||"), Some(News::Lost));
    assert_eq!(News::parse("leasefail||||"), Some(News::NoAnswer));
    for line in ["", "nak||||", "bound", "bound|x|24|||", "bound|1.2.3.4", "frob|1.2.3.4|24||"] {
        assert_eq!(News::parse(line), None, "{line}");
    }
    let bare = News::parse("renew|10.0.0.5|||");
    let address = Subnet { address: [10, 0, 0, 5].into(), prefix: 24 };
    assert_eq!(bare, Some(News::Lease(Lease { address, gateway: None, dns: vec![] })));
}

#[test]
fn an_address_out_of_the_mac_is_link_local_and_another_one_at_the_next_attempt() {
    let usable: Subnet = "169.254.0.0/16".parse().unwrap();
    let tried: BTreeSet<Subnet> = (0..200).map(|attempt| link_local(&mac(1), attempt)).collect();
    assert!(tried.len() > 190, "{}", tried.len());
    for one in &tried {
        let [_, _, third, _] = one.address.octets();
        assert!(usable.contains(one.address) && (1..=254).contains(&third), "{one}");
    }
    assert_eq!(link_local(&mac(1), 0), link_local(&mac(1), 0));
    assert_ne!(link_local(&mac(1), 0), link_local(&mac(2), 0));
}

/// What a kernel would have after these steps.
#[derive(Debug, Default, PartialEq, Eq)]
struct Kernel {
    vlans: BTreeSet<String>,
    addresses: BTreeMap<String, Subnet>,
    routes: BTreeSet<(String, Option<Subnet>)>,
    asking: BTreeSet<String>,
    routers_at: BTreeSet<String>,
}

impl Kernel {
    fn follow(&mut self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Up(_) => {}
                Step::HearRouters(device) => drop(self.routers_at.insert(device.clone())),
                Step::IgnoreRouters(device) => drop(self.routers_at.remove(device)),
                Step::AddVlan { device, .. } => assert!(self.vlans.insert(device.clone()), "twice: {device}"),
                Step::RemoveVlan(device) => {
                    assert!(self.vlans.remove(device), "not there: {device}");
                    self.routers_at.remove(device);
                    self.clear(device);
                }
                Step::Clear(device) => self.clear(device),
                Step::Address(device, address) => {
                    assert!(self.addresses.insert(device.clone(), *address).is_none(), "two addresses: {device}");
                }
                Step::Route(device, to, _) => {
                    assert!(self.addresses.contains_key(device), "no way to the gateway: {device}");
                    self.routes.insert((device.clone(), *to));
                }
                Step::StartDhcp(device) => assert!(self.asking.insert(device.clone()), "asks twice: {device}"),
                Step::StopDhcp(device) => assert!(self.asking.remove(device), "does not ask: {device}"),
            }
        }
    }

    fn clear(&mut self, device: &String) {
        self.addresses.remove(device);
        self.routes.retain(|(of, _)| of != device);
    }
}

fn any_interfaces() -> impl Strategy<Value = Vec<Interface>> {
    let way = |third: u8| {
        let address = Subnet { address: [10, 0, third, 2].into(), prefix: 24 };
        prop_oneof![
            Just(Way::Dhcp),
            Just(Way::Fixed { address, gateway: None }),
            Just(Way::Fixed { address, gateway: Some([10, 0, third, 1].into()) })
        ]
    };
    let one = move |third| ("eth[01]", proptest::option::of(1u16..3), way(third));
    (one(0), proptest::option::of(one(1))).prop_map(|((card, vlan, way), carrier)| {
        let office = Interface { side: Side::Office, card, vlan, way, routes: None };
        let routes = Some(vec!["172.16.0.0/12".parse().unwrap()]);
        let carrier = carrier.map(|(card, vlan, way)| Interface { side: Side::Carrier, card, vlan, way, routes });
        let apart = carrier.filter(|carrier| carrier.device() != office.device());
        [Some(office), apart].into_iter().flatten().collect()
    })
}

proptest! {
    #[test]
    fn whatever_was_before_the_kernel_is_as_if_it_had_begun_so(history in proptest::collection::vec(any_interfaces(), 1..6)) {
        let mut kernel = Kernel::default();
        let mut old: &[Interface] = &[];
        for new in &history {
            kernel.follow(&steps(old, new));
            old = new;
        }
        let mut fresh = Kernel::default();
        fresh.follow(&steps(&[], old));
        prop_assert_eq!(kernel, fresh);
    }
}
