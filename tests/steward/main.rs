//! The steward at work, in network namespaces of the test's own: networks, leases, changes that come back, an exchange that hangs, a
//! factory reset. Needs root, iproute2, dnsmasq, busybox, util-linux, gdisk and e2fsprogs.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that can't go on says where, and it runs in real time"
)]

mod disk;
mod full;
mod keeper;
#[path = "../discovery/place.rs"]
mod place;

use std::fs;
use std::process::Command;
use std::sync::Arc;

use dozvon::machine::{Addressing, Carrier, Network, Order, Port};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use keeper::{IDLE, Keeper, SOON, mac};
use place::{Place, Running, ip, wait_for};

fn fixed(address: &str, gateway: Option<[u8; 4]>) -> Addressing {
    Addressing::Fixed { address: address.to_owned(), gateway: gateway.map(Into::into) }
}

fn office(address: Addressing) -> Network {
    Network { office: Port { address, ..Port::default() }, ..Network::default() }
}

/// The office's router: it gives addresses, and is the name server.
struct Router {
    _place: Arc<Place>,
    _dnsmasq: Running,
}

impl Router {
    fn start(name: &str, switch: &Place) -> Self {
        let place = Arc::new(Place::new());
        switch.plug("br0", &place, "eth0", None);
        let log = std::env::temp_dir().join(format!("dozvon-router-{}-{name}.log", std::process::id()));
        let dnsmasq = place.run(move || {
            ip("addr add 192.168.77.1/24 dev eth0");
            let leases = format!("--dhcp-leasefile={}", log.with_extension("leases").display());
            let arguments = [
                "--keep-in-foreground",
                "--conf-file=/dev/null",
                "--port=0",
                "--user=root",
                "--interface=eth0",
                "--dhcp-range=192.168.77.50,192.168.77.60",
                "--dhcp-option=option:dns-server,192.168.77.1,192.168.77.2",
                "--dhcp-authoritative",
                "--pid-file",
                &leases,
            ];
            let _ = fs::remove_file(log.with_extension("leases"));
            Running::start("dnsmasq", &arguments, &log)
        });
        Self { _place: place, _dnsmasq: dnsmasq }
    }
}

#[test]
fn a_new_box_takes_a_lease_and_what_nobody_confirms_comes_back() {
    let switch = Place::switch(&["br0", "br1"]);
    let _router = Router::start("lease", &switch);
    let mut keeper = Keeper::start("lease", &switch, IDLE);
    keeper.wait_for_address("eth0", "192.168.77.");
    let servers = "nameserver 192.168.77.1\nnameserver 192.168.77.2\n";
    wait_for("name servers", SOON, || (keeper.read("run/resolv.conf") == servers).then_some(()));
    assert!(keeper.route_to("198.51.100.1").contains("via 192.168.77.1 dev eth0"));

    // comes back by itself
    let there = office(fixed("10.9.8.7/24", Some([10, 9, 8, 1])));
    keeper.take(&there, 3);
    assert_eq!(keeper.wait_for_address("eth0", "10.9.8.7/24"), "10.9.8.7/24");
    assert_eq!(keeper.state().network, there);
    keeper.wait_for_address("eth0", "192.168.77.");
    assert_eq!((keeper.state().network, keeper.state().confirm_within), (Network::default(), None));
    assert_eq!(keeper.read("data/machine.toml"), "");
    assert_eq!(keeper.refused(&Order::ConfirmNetwork), "nothing waits for a confirmation");

    // a machine that starts anew meanwhile is where it was before
    keeper.take(&there, 600);
    assert!(keeper.state().confirm_within.is_some_and(|left| left > 500));
    keeper.stop_steward();
    keeper.start_steward();
    keeper.wait_for_address("eth0", "192.168.77.");

    // confirmed
    keeper.take(&Network { dns: vec![[9, 9, 9, 9].into()], ..there.clone() }, 600);
    keeper.order(&Order::ConfirmNetwork);
    assert_eq!(keeper.state().confirm_within, None);
    keeper.stop_steward();
    keeper.start_steward();
    keeper.wait_for_address("eth0", "10.9.8.7/24");
    let servers =
        |text: &str| wait_for("name servers", SOON, || (keeper.read("run/resolv.conf") == text).then_some(()));
    servers("nameserver 9.9.9.9\n");
    wait_for("the route", SOON, || keeper.route_to("198.51.100.1").contains("via 10.9.8.1 dev eth0").then_some(()));
    // other name servers alone are a change as well
    keeper.take(&Network { dns: vec![[149, 112, 112, 112].into()], ..there }, 0);
    servers("nameserver 149.112.112.112\n");
}

#[test]
fn without_a_server_a_laptop_at_the_same_cable_finds_the_box_until_one_comes() {
    let switch = Place::switch(&["br0", "br1"]);
    let keeper = Keeper::start("lonely", &switch, IDLE);
    keeper.wait_for_address("eth0", "169.254.");
    let _router = Router::start("lonely", &switch);
    keeper.wait_for_address("eth0", "192.168.77.");
}

#[test]
fn the_carriers_cable_leads_to_the_carrier_alone() {
    let switch = Place::switch(&["br0", "br1"]);
    let keeper = Keeper::start("carrier", &switch, IDLE);
    let port = Port { card: mac(2), vlan: None, address: fixed("10.20.0.2/30", Some([10, 20, 0, 1])) };
    let routes = vec!["10.0.0.0/8".to_owned(), "213.170.64.0/18".to_owned()];
    let network = Network {
        carrier: Some(Carrier { port, routes }),
        ..office(fixed("192.168.77.10/24", Some([192, 168, 77, 1])))
    };
    keeper.take(&network, 0);
    keeper.wait_for_address("eth0", "192.168.77.10/24");
    keeper.wait_for_address("eth1", "10.20.0.2/30");
    for (to, way) in [
        ("10.1.2.3", "via 10.20.0.1 dev eth1"),
        ("213.170.100.1", "via 10.20.0.1 dev eth1"),
        ("198.51.100.1", "via 192.168.77.1 dev eth0"),
    ] {
        let route = keeper.route_to(to);
        assert!(route.contains(way), "{route}");
    }
    // the cable goes, and with it its routes
    keeper.take(&Network { carrier: None, ..network.clone() }, 0);
    assert!(keeper.route_to("10.1.2.3").contains("via 192.168.77.1 dev eth0"));
    assert!(keeper.read("data/machine.toml").contains("192.168.77.10/24"));
    // nonsense changes nothing
    let reason = keeper.refused(&Order::Network { network: office(fixed("10.0.0.0/8", None)), confirm_within: 0 });
    assert_eq!(
        reason,
        "/office/address/address: No machine can have this address: it is the network's own, that of all, or set aside"
    );
    keeper.wait_for_address("eth0", "192.168.77.10/24");
}

#[test]
fn the_office_may_be_a_vlan() {
    let switch = Place::switch(&["br0", "br1"]);
    let neighbour = Arc::new(Place::new());
    switch.plug("br0", &neighbour, "eth0", None);
    let keeper = Keeper::start("vlan", &switch, IDLE);
    keeper.take(&office(fixed("192.168.77.10/24", None)), 0);
    let port = Port { vlan: Some(7), address: fixed("10.7.0.10/24", None), ..Port::default() };
    let network = Network { office: port, ..Network::default() };
    let words = "link add link eth0 name eth0.7 type vlan id 7";
    let knows_vlans = neighbour.run(move || Command::new("ip").args(words.split(' ')).status().unwrap().success());
    if !knows_vlans {
        // the test's own kernel has none: the order is refused, and all is as before
        keeper.refused(&Order::Network { network, confirm_within: 0 });
        keeper.wait_for_address("eth0", "192.168.77.10/24");
        assert!(keeper.read("data/machine.toml").contains("192.168.77.10/24"));
        return;
    }
    neighbour.run(|| {
        ip("link set eth0.7 up");
        ip("addr add 10.7.0.1/24 dev eth0.7");
    });
    keeper.take(&network, 0);
    keeper.wait_for_address("eth0", "10.7.0.10/24");
    wait_for("an answer in the VLAN", SOON, || {
        let ping = || Command::new("busybox").args(["ping", "-c", "1", "-W", "1", "10.7.0.10"]).output().unwrap();
        neighbour.run(ping).status.success().then_some(())
    });
}

/// The exchange's process, once it runs as somebody else.
fn exchange(keeper: &Keeper, not: Option<i32>) -> i32 {
    let socket = keeper.dir.join("data/dozvon").display().to_string();
    wait_for("the exchange to run", SOON, || {
        let processes =
            fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        let is_ours = |id: &i32| {
            let words = fs::read_to_string(format!("/proc/{id}/cmdline")).unwrap_or_default();
            Some(*id) != not && words.contains("\0serve\0") && words.contains(&socket) && !words.contains("\0begin\0")
        };
        processes.into_iter().find(is_ours)
    })
}

#[test]
fn the_exchange_has_no_rights_to_spare_and_is_started_again_when_it_hangs_or_dies() {
    let switch = Place::switch(&["br0", "br1"]);
    let mut keeper = Keeper::start("exchange", &switch, "user = \"nobody\"\nexchange = []\n");
    let first = exchange(&keeper, None);
    // port 80 is not everybody's
    let ready = |keeper: &Keeper, times: usize| {
        wait_for("the exchange to be ready", SOON, || {
            (keeper.read("run/dozvon/exchange.log").matches("ready sip=").count() == times).then_some(())
        });
    };
    ready(&keeper, 1);
    let status = fs::read_to_string(format!("/proc/{first}/status")).unwrap();
    for line in
        ["CapEff:\t0000000000002400", "CapAmb:\t0000000000002400", "CapPrm:\t0000000000002400", "NoNewPrivs:\t1"]
    {
        assert!(status.contains(line), "{line}\n{status}");
    }
    let user = nix::unistd::User::from_name("nobody").unwrap().unwrap();
    assert!(status.contains(&format!("Uid:\t{0}\t{0}\t{0}\t{0}", user.uid)), "{status}");
    assert!(status.contains(&format!("Groups:\t{} \n", user.gid)), "{status}");
    if keeper::may_have_more() {
        assert_eq!(fs::read_to_string(format!("/proc/{first}/oom_score_adj")).unwrap(), "-800\n");
    }

    // the first password is for the person at the console
    assert!(keeper.read("console").contains("first sign-in: admin / "), "{}", keeper.read("console"));
    assert!(!keeper.read("run/dozvon/exchange.log").contains("first sign-in"));
    assert!(!keeper.read("log").contains("first sign-in"));

    // it stands
    wait_for("a sign of life", SOON, || keeper.read("log").contains("the exchange lives").then_some(()));
    kill(Pid::from_raw(first), Signal::SIGSTOP).unwrap();
    let second = exchange(&keeper, Some(first));
    assert!(keeper.read("log").contains("does not turn any more"), "{}", keeper.read("log"));
    ready(&keeper, 2);
    // it dies
    kill(Pid::from_raw(second), Signal::SIGKILL).unwrap();
    let third = exchange(&keeper, Some(second));
    ready(&keeper, 3);

    // all ends in good order, and the watchdog sleeps
    keeper.stop_steward();
    assert!(!fs::exists(format!("/proc/{third}")).unwrap());
    let eaten = fs::read(keeper.dir.join("dev/watchdog0")).unwrap();
    assert!(
        eaten.len() > 2 && eaten.ends_with(b"V") && eaten[..eaten.len() - 1].iter().all(|byte| *byte == 0),
        "{eaten:?}"
    );
}

#[test]
fn a_factory_reset_leaves_the_licence_alone() {
    let switch = Place::switch(&["br0", "br1"]);
    let mut keeper = Keeper::start("reset", &switch, IDLE);
    keeper.order(&Order::HostName { name: "office-7".to_owned() });
    assert_eq!(keeper.state().host_name, "office-7");
    for file in ["license.key", "license.state", "dozvon.db"] {
        fs::write(keeper.dir.join("data/dozvon").join(file), "x").unwrap();
    }
    keeper.order(&Order::FactoryReset);
    keeper.wait_for_end();
    keeper.start_steward();
    assert_eq!(keeper.state().host_name, "dozvon");
    let mut left: Vec<_> =
        fs::read_dir(keeper.dir.join("data/dozvon")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["license.key", "license.state"]);
    assert!(!keeper.dir.join("data/reset").exists() && !keeper.dir.join("data/machine.toml").exists());
}

#[test]
fn nonsense_at_the_door_is_refused_and_harms_nobody() {
    let switch = Place::switch(&["br0", "br1"]);
    let keeper = Keeper::start("door", &switch, IDLE);
    for line in ["\n", "{}\n", "reboot\n", "{\"order\":\"alive\",\"turns\":-1}\n", "\u{0}\u{1}\n"] {
        let answer = keeper.say(line.as_bytes()).unwrap();
        assert!(
            matches!(&answer, dozvon::machine::Answer::Refused { reason } if reason[1].starts_with("not an order")),
            "{answer:?}"
        );
    }
    // an order without an end is none; whether its sender still hears that depends on how much of it was taken
    let answer = keeper.say(&vec![b'x'; 200_000]);
    assert!(!matches!(answer, Some(dozvon::machine::Answer::Done)), "{answer:?}");
    // more than may come in at a time: the rest is closed, and afterwards there is room again
    let crowd: Vec<_> = (0..40)
        .map(|_| std::os::unix::net::UnixStream::connect(keeper.dir.join("run/dozvon/steward.sock")).unwrap())
        .collect();
    drop(crowd);
    wait_for("room", SOON, || keeper.say(b"{\"order\":\"state\"}\n"));
    for name in ["", "a.b", "-", "ящик"] {
        keeper.refused(&Order::HostName { name: name.to_owned() });
    }
    keeper.refused(&Order::Time { servers: vec!["a b".to_owned()], serve: true });
}
