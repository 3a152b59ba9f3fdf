//! The box's clock before chrony: its server tells ours, and it asks ours. No clock of this machine is set, neither by us nor by chrony.

use std::fs;
use std::io;
use std::net::UdpSocket;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dozvon::io::steward::clock::{Basis, Hands, Timekeeper, Wanted};
use dozvon::machine::ntp::Moment;

use crate::process::{Running, Scratch, free_ports, wait_for};

const LIMIT: Duration = Duration::from_secs(60);
const SECOND: i64 = 1_000_000_000;

/// A clock beside this machine's, ahead of it by so much.
#[derive(Debug)]
struct Beside {
    ahead: Mutex<i64>,
    slewed: Mutex<Vec<i64>>,
}

impl Beside {
    fn ahead(nanos: i64) -> Arc<Self> {
        Arc::new(Self { ahead: Mutex::new(nanos), slewed: Mutex::default() })
    }
}

impl Hands for Beside {
    fn now(&self) -> Moment {
        let real = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
        Moment(i64::try_from(real).unwrap() + *self.ahead.lock().unwrap())
    }

    fn step(&self, nanos: i64) -> io::Result<()> {
        *self.ahead.lock().unwrap() += nanos;
        Ok(())
    }

    fn slew(&self, nanos: i64, _: u32) -> io::Result<()> {
        self.slewed.lock().unwrap().push(nanos);
        Ok(())
    }

    fn battery(&self) -> Option<Moment> {
        Some(self.now())
    }

    fn set_battery(&self) -> io::Result<()> {
        Ok(())
    }
}

fn basis(scratch: &Scratch, server_port: u16) -> Basis {
    Basis { stamp: scratch.path("clock"), built: Moment(1_700_000_000 * SECOND), server_port, client_port: 123 }
}

fn chrony(scratch: &Scratch, name: &str, lines: &str, arguments: &[&str]) -> (Running, std::path::PathBuf) {
    let pid = scratch.path(&format!("{name}.pid"));
    let text = format!("{lines}\ncmdport 0\nbindcmdaddress /\npidfile {}\n", pid.display());
    let file = scratch.write(&format!("{name}.conf"), &text);
    let log = scratch.path(&format!("{name}.log"));
    let mut all = vec!["-u", "root", "-f", file.to_str().unwrap()];
    all.extend(arguments);
    (Running::start("chronyd", "chrony", &all, &log), log)
}

#[test]
fn the_box_takes_the_time_from_chrony_and_chrony_from_the_box() {
    let scratch = Scratch::new("time");
    let ports = free_ports(2);
    let (theirs, ours) = (ports, ports + 1);
    let serving = format!("port {theirs}\nbindaddress 127.0.0.1\nlocal stratum 5\nallow 127.0.0.1");
    let (_server, _) = chrony(&scratch, "server", &serving, &["-x", "-d"]);
    wait_for("chrony serves", LIMIT, || UdpSocket::bind(("127.0.0.1", theirs)).is_err());

    // 100 s ahead, with a server that is silent beside the one that answers
    let hands = Beside::ahead(100 * SECOND);
    let servers = vec![format!("127.0.0.1:{theirs}"), format!("127.0.0.1:{}", free_ports(2))];
    let wanted = Wanted { servers, serve: true, interface: String::new() };
    let keeper = Timekeeper::start(basis(&scratch, ours), hands.clone(), wanted).unwrap();
    wait_for("chrony's time is taken", LIMIT, || keeper.told().synchronized);
    let told = keeper.told();
    assert!((told.offset_ms + 100_000.0).abs() < 500.0, "{told:?}");
    assert!(hands.ahead.lock().unwrap().abs() < SECOND / 2);

    // chrony asks the box, whose clock is wrong by an hour meanwhile
    *hands.ahead.lock().unwrap() = 3_600 * SECOND;
    let asking = format!("server 127.0.0.1 port {ours} iburst");
    let (mut client, log) = chrony(&scratch, "client", &asking, &["-Q", "-t", "50"]);
    assert_eq!(client.ended_within(LIMIT), Some(0), "{}", fs::read_to_string(&log).unwrap());
    let said = fs::read_to_string(&log).unwrap();
    let wrong = said.lines().find_map(|line| line.split("System clock wrong by ").nth(1)).expect(&said);
    let seconds: f64 = wrong.split(' ').next().unwrap().parse().unwrap();
    assert!((seconds - 3_600.0).abs() < 1.0, "{said}");
    keeper.close();
}
