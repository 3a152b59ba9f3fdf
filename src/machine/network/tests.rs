//! Networks that may be wanted, and those that may not.

use proptest::prelude::*;

use super::*;

fn fixed(address: &str, gateway: Option<[u8; 4]>) -> Addressing {
    Addressing::Fixed { address: address.to_owned(), gateway: gateway.map(Ipv4Addr::from) }
}

fn office(address: Addressing) -> Network {
    Network { office: Port { address, ..Port::default() }, ..Network::default() }
}

fn with_carrier(card: &str, vlan: Option<u16>, address: Addressing, routes: &[&str]) -> Network {
    let port = Port { card: card.to_owned(), vlan, address };
    let carrier = Carrier { port, routes: routes.iter().map(|route| (*route).to_owned()).collect() };
    Network { carrier: Some(carrier), ..office(fixed("192.168.1.10/24", Some([192, 168, 1, 1]))) }
}

fn faults(network: &Network) -> Vec<(Fault, String)> {
    network.check().err().unwrap_or_default().into_iter().map(|fault| (fault, fault.pointer())).collect()
}

fn only(network: &Network, fault: Fault, pointer: &str) {
    assert_eq!(faults(network), [(fault, pointer.to_owned())], "{network:?}");
}

const CARD: &str = "52:54:00:12:34:56";

#[test]
fn dhcp_and_nothing_else_is_what_a_new_box_wants() {
    let wanted = Network::default().check().unwrap();
    assert_eq!(wanted.office, WantedPort { card: None, vlan: None, way: Way::Dhcp });
    assert_eq!((wanted.carrier, wanted.dns), (None, vec![]));
}

#[test]
fn a_fixed_address_is_one_that_a_machine_can_have() {
    let good = [
        ("192.168.1.10/24", Some([192, 168, 1, 1])),
        ("10.0.0.1/8", None),
        ("10.0.0.1/30", Some([10, 0, 0, 2])),
        ("172.16.255.255/8", None),
    ];
    for (address, gateway) in good {
        assert!(office(fixed(address, gateway)).check().is_ok(), "{address}");
    }
    for text in ["192.168.1.10", "192.168.1/24", "192.168.1.10/33", "192.168.1.10/", "192.168.1.10/+4", "::1/64", ""] {
        only(&office(fixed(text, None)), Fault::Address(Side::Office), "/office/address/address");
    }
    let nobody = [
        "192.168.1.0/24",
        "192.168.1.255/24",
        "10.0.0.1/31",
        "10.0.0.1/7",
        "127.0.0.1/8",
        "224.0.0.5/24",
        "0.0.0.5/8",
        "255.1.2.3/24",
    ];
    for text in nobody {
        only(&office(fixed(text, None)), Fault::NotAHost(Side::Office), "/office/address/address");
    }
}

#[test]
fn a_gateway_is_another_machine_of_the_same_network() {
    for gateway in [[192, 168, 2, 1], [192, 168, 1, 10], [192, 168, 1, 255], [192, 168, 1, 0]] {
        let network = office(fixed("192.168.1.10/24", Some(gateway)));
        only(&network, Fault::Gateway(Side::Office), "/office/address/gateway");
    }
}

#[test]
fn cards_are_macs_and_vlans_have_numbers() {
    let port = |card: &str, vlan| Port { card: card.to_owned(), vlan, ..Port::default() };
    let with = |port| Network { office: port, ..Network::default() };
    assert!(with(port(CARD, Some(4094))).check().is_ok());
    assert_eq!(
        with(port("52:54:00:AB:CD:EF", None)).check().unwrap().office.card.as_deref(),
        Some("52:54:00:ab:cd:ef")
    );
    for card in ["eth0", "52:54:00:12:34", "52:54:00:12:34:5g", "53:54:00:12:34:56", "я2:54:00:12:34:56", ":::::"] {
        only(&with(port(card, None)), Fault::Card(Side::Office), "/office/card");
    }
    for vlan in [0, 4095] {
        only(&with(port(CARD, Some(vlan))), Fault::Vlan(Side::Office), "/office/vlan");
    }
}

#[test]
fn the_carrier_has_a_port_and_networks_of_its_own() {
    let there = || fixed("10.20.0.2/30", Some([10, 20, 0, 1]));
    assert!(with_carrier(CARD, None, there(), &["10.0.0.0/8", "213.170.64.0/18"]).check().is_ok());
    assert!(with_carrier("", Some(100), Addressing::Dhcp, &["10.0.0.0/8"]).check().is_ok());
    only(&with_carrier("", None, there(), &[]), Fault::CarrierCard, "/carrier/port/card");
    let mut same = with_carrier(CARD, None, there(), &[]);
    same.office.card = CARD.to_ascii_uppercase();
    only(&same, Fault::SamePort, "/carrier/port/card");
    let inside = fixed("192.168.1.77/28", Some([192, 168, 1, 78]));
    only(&with_carrier(CARD, None, inside, &[]), Fault::SameNetwork, "/carrier/port/address/address");
    let lonely = with_carrier(CARD, None, fixed("10.20.0.2/30", None), &["10.0.0.0/8"]);
    only(&lonely, Fault::NoGateway, "/carrier/port/address/gateway");
}

#[test]
fn routes_lead_to_the_carrier_and_not_the_world_there() {
    let there = || fixed("10.20.0.2/30", Some([10, 20, 0, 1]));
    let second = |route| with_carrier(CARD, None, there(), &["10.0.0.0/8", route]);
    for route in ["10.0.0.1/8", "10.0.0.0", "carrier", "10.0.0.0/40"] {
        only(&second(route), Fault::Route(1), "/carrier/routes/1");
    }
    for route in ["0.0.0.0/0", "128.0.0.0/1"] {
        only(&second(route), Fault::RouteTooWide(1), "/carrier/routes/1");
    }
    only(&second("192.168.1.128/25"), Fault::RouteOfOffice(1), "/carrier/routes/1");
    assert!(second("192.168.0.0/16").check().is_ok(), "the office's own network is narrower and wins");
    let many = ["10.0.0.0/8"; MOST_ROUTES + 1];
    only(&with_carrier(CARD, None, there(), &many), Fault::TooManyRoutes, "/carrier/routes");
}

#[test]
fn name_servers_are_machines_and_three_at_most() {
    let with =
        |dns: &[&str]| Network { dns: dns.iter().map(|one| one.parse().unwrap()).collect(), ..Network::default() };
    assert!(with(&["1.1.1.1", "2606:4700::1111", "192.168.1.1"]).check().is_ok());
    only(&with(&["1.1.1.1", "0.0.0.0"]), Fault::NameServer(1), "/dns/1");
    only(&with(&["ff02::1"]), Fault::NameServer(0), "/dns/0");
    only(&with(&["1.1.1.1"; 4]), Fault::TooManyNameServers, "/dns");
}

proptest! {
    #[test]
    fn a_subnet_is_written_as_it_is_read(bits: u32, prefix in 0u8..=32) {
        let subnet = Subnet { address: Ipv4Addr::from_bits(bits), prefix };
        prop_assert_eq!(subnet.to_string().parse(), Ok(subnet));
        prop_assert!(subnet.contains(subnet.address) && subnet.contains(subnet.first()) && subnet.contains(subnet.last()));
        let size = u64::from(subnet.last().to_bits()) - u64::from(subnet.first().to_bits()) + 1;
        prop_assert_eq!(size, 1u64 << (32 - prefix));
    }

    #[test]
    fn no_text_is_too_strange_to_be_checked(address in ".{0,24}", card in ".{0,20}", route in ".{0,20}", vlan: Option<u16>) {
        let _ = with_carrier(&card, vlan, fixed(&address, Some([10, 0, 0, 1])), &[&route]).check();
    }
}
