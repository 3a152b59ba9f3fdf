use std::collections::HashMap;

use super::*;

#[derive(Default)]
struct Table {
    own: Vec<&'static str>,
    naptr: HashMap<&'static str, Vec<Naptr>>,
    srv: HashMap<&'static str, Vec<Srv>>,
    addresses: HashMap<&'static str, Vec<IpAddr>>,
}

impl Names for Table {
    fn is_own(&self, host: &str) -> bool {
        self.own.contains(&host)
    }
    async fn naptr(&self, name: &str) -> Vec<Naptr> {
        self.naptr.get(name).cloned().unwrap_or_default()
    }
    async fn srv(&self, name: &str) -> Vec<Srv> {
        self.srv.get(name).cloned().unwrap_or_default()
    }
    async fn addresses(&self, host: &str) -> Vec<IpAddr> {
        self.addresses.get(host).cloned().unwrap_or_default()
    }
}

fn find(table: &Table, host: &str, port: Option<u16>, transport: Option<Transport>) -> Vec<String> {
    let name = ServerName { host: host.to_owned(), port, transport };
    let mut found = Vec::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(locate(table, &name, &mut Rng::from_seed(1), &mut found));
    found.iter().map(|(transport, address)| format!("{} {address}", transport.param())).collect()
}

fn srv(priority: u16, weight: u16, port: u16, target: &str) -> Srv {
    Srv { priority, weight, port, target: target.to_owned() }
}

fn naptr(order: u16, preference: u16, service: &str, replacement: &str) -> Naptr {
    Naptr { order, preference, service: service.to_owned(), replacement: replacement.to_owned() }
}

fn carrier() -> Table {
    Table {
        srv: HashMap::from([
            (
                "_sip._udp.carrier.example",
                vec![srv(20, 0, 5062, "b.carrier.example"), srv(10, 0, 5061, "a.carrier.example")],
            ),
            ("_sip._tcp.carrier.example", vec![srv(1, 0, 5070, "a.carrier.example")]),
        ]),
        addresses: HashMap::from([
            ("carrier.example", vec![IpAddr::from([192, 0, 2, 9])]),
            ("a.carrier.example", vec![IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2])]),
            ("b.carrier.example", vec![IpAddr::from([192, 0, 2, 3])]),
        ]),
        ..Table::default()
    }
}

#[test]
fn numbers_are_taken_as_they_are() {
    let table = Table::default();
    assert_eq!(find(&table, "192.0.2.7", None, None), ["udp 192.0.2.7:5060"]);
    assert_eq!(find(&table, "192.0.2.7", Some(5080), Some(Transport::Tcp)), ["tcp 192.0.2.7:5080"]);
    assert_eq!(find(&table, "[2001:db8::1]", None, Some(Transport::Tls)), ["tls [2001:db8::1]:5061"]);
}

#[test]
fn a_port_spelled_out_skips_srv() {
    assert_eq!(find(&carrier(), "carrier.example", Some(5068), None), ["udp 192.0.2.9:5068"]);
}

#[test]
fn a_transport_asked_for_has_its_own_srv() {
    let found = find(&carrier(), "carrier.example", None, Some(Transport::Tcp));
    assert_eq!(found, ["tcp 192.0.2.1:5070", "tcp 192.0.2.2:5070"]);
    assert_eq!(find(&carrier(), "carrier.example", None, Some(Transport::Tls)), ["tls 192.0.2.9:5061"]);
}

#[test]
fn without_naptr_udp_comes_first_and_priorities_hold() {
    let found = find(&carrier(), "carrier.example.", None, None);
    assert_eq!(found, ["udp 192.0.2.1:5061", "udp 192.0.2.2:5061", "udp 192.0.2.3:5062"]);
}

#[test]
fn naptr_chooses_the_transport() {
    let mut table = carrier();
    let records = vec![
        naptr(50, 50, "SIPS+D2T", "_sips._tcp.carrier.example"),
        naptr(100, 50, "SIP+D2U", "_sip._udp.carrier.example"),
        naptr(90, 50, "SIP+D2T", "_sip._tcp.carrier.example"),
        naptr(1, 1, "E2U+sip", "elsewhere.example"),
    ];
    table.naptr.insert("carrier.example", records);
    assert_eq!(find(&table, "carrier.example", None, None), ["tcp 192.0.2.1:5070", "tcp 192.0.2.2:5070"]);
}

#[test]
fn a_domain_without_srv_is_a_host() {
    let mut table = carrier();
    table.srv.clear();
    assert_eq!(find(&table, "carrier.example", None, None), ["udp 192.0.2.9:5060"]);
    table.srv.insert("_sip._udp.carrier.example", vec![srv(0, 0, 0, ".")]);
    assert_eq!(find(&table, "carrier.example", None, None), ["udp 192.0.2.9:5060"]);
    assert_eq!(find(&table, "nobody.example", None, None), [""; 0]);
}

#[test]
fn names_of_this_machine_are_not_asked_for_services() {
    let mut table = carrier();
    table.own.push("carrier.example");
    assert_eq!(find(&table, "carrier.example", None, None), ["udp 192.0.2.9:5060"]);
}

#[test]
fn weights_share_the_load_in_proportion() {
    let mut rng = Rng::from_seed(5);
    let mut first = HashMap::new();
    for _ in 0..10_000 {
        let ordered =
            by_weight(vec![srv(1, 30, 1, "a"), srv(1, 10, 2, "b"), srv(1, 0, 3, "c"), srv(0, 0, 9, "top")], &mut rng);
        assert_eq!((ordered.len(), ordered[0].port), (4, 9));
        *first.entry(ordered[1].port).or_insert(0) += 1;
    }
    let share = |port| f64::from(first.get(&port).copied().unwrap_or(0)) / 10_000.0;
    assert!((share(1) - 0.73).abs() < 0.03 && (share(2) - 0.24).abs() < 0.03, "{first:?}");
    assert!(share(3) > 0.005, "a weightless server has a small chance: {first:?}");
}

#[test]
fn the_hosts_file_knows_comments_aliases_and_both_families() {
    let text =
        "# comment\n::1 localhost\n127.0.0.1\tlocalhost box # Box\n192.0.2.4 Carrier carrier.example\nnonsense line\n";
    assert_eq!(hosts_lines(text, "localhost"), [IpAddr::from([127, 0, 0, 1]), "::1".parse().expect("an address")]);
    assert_eq!(hosts_lines(text, "carrier"), [IpAddr::from([192, 0, 2, 4])]);
    assert_eq!(hosts_lines(text, "line"), [] as [IpAddr; 0]);
}

#[test]
fn localhost_needs_no_name_server() {
    let system = System { resolver: None, with_v6: false };
    assert!(system.is_own("localhost") && system.is_own("phones.localhost") && !system.is_own("carrier.example"));
    let name = ServerName { host: "localhost".to_owned(), port: Some(5080), transport: None };
    let mut found = Vec::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(locate(&system, &name, &mut Rng::from_seed(1), &mut found));
    assert_eq!(found, [(Transport::Udp, "127.0.0.1:5080".parse().expect("an address"))]);
}
