use std::net::UdpSocket;

use super::*;
use crate::io::clock::Stopwatch;
use crate::io::scratch::Scratch;
use crate::machine::ntp::Packet;

const SECOND: i64 = 1_000_000_000;
/// 2026-11-26.
const NOW: i64 = 1_795_651_200 * SECOND;
const BUILT: i64 = NOW - 30 * 86_400 * SECOND;

/// A clock of the test's own: this machine's stays as it is.
#[derive(Debug)]
struct Made {
    since: Stopwatch,
    shows: Mutex<i64>,
    battery: Mutex<Option<Moment>>,
    deeds: Mutex<Vec<String>>,
}

impl Made {
    fn new(shows: i64, battery: Option<i64>) -> Arc<Self> {
        Arc::new(Self {
            since: Stopwatch::start(),
            shows: Mutex::new(shows),
            battery: Mutex::new(battery.map(Moment)),
            deeds: Mutex::default(),
        })
    }

    fn deeds(&self) -> Vec<String> {
        self.deeds.lock().unwrap().clone()
    }
}

impl Hands for Made {
    fn now(&self) -> Moment {
        Moment(*self.shows.lock().unwrap() + i64::try_from(self.since.elapsed().as_nanos()).unwrap())
    }

    fn step(&self, nanos: i64) -> io::Result<()> {
        *self.shows.lock().unwrap() += nanos;
        self.deeds.lock().unwrap().push("step".to_owned());
        Ok(())
    }

    fn slew(&self, nanos: i64, _: u32) -> io::Result<()> {
        *self.shows.lock().unwrap() += nanos;
        self.deeds.lock().unwrap().push("slew".to_owned());
        Ok(())
    }

    fn battery(&self) -> Option<Moment> {
        *self.battery.lock().unwrap()
    }

    fn set_battery(&self) -> io::Result<()> {
        *self.battery.lock().unwrap() = Some(self.now());
        self.deeds.lock().unwrap().push("battery".to_owned());
        Ok(())
    }
}

fn basis(scratch: &Scratch, server_port: u16) -> Basis {
    Basis { stamp: scratch.path().join("clock"), built: Moment(BUILT), server_port, client_port: 1 }
}

fn free_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let since = Stopwatch::start();
    while !done() {
        assert!(since.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// One question to a server of ours; `None`: no answer within a moment.
fn ask(port: u16) -> Option<Packet> {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let question = Packet { version: 4, mode: 3, transmit: 77, ..Packet::default() };
    socket.send_to(&question.write(), ("127.0.0.1", port)).unwrap();
    let mut answer = [0; 100];
    let length = socket.recv(&mut answer).ok()?;
    assert_eq!(length, Packet::LENGTH);
    Packet::read(&answer[..length])
}

#[test]
fn a_box_starts_from_the_latest_time_that_is_known_to_have_passed() {
    let scratch = Scratch::new();
    let basis = basis(&scratch, 0);
    let lifted = |shows, battery| {
        let hands = Made::new(shows, battery);
        let source = floor::lift(&basis, hands.as_ref());
        (source, hands.now().0 / SECOND)
    };
    let seconds = |nanos: i64| nanos / SECOND;
    assert_eq!(lifted(0, None), (Before::Floor, seconds(BUILT)), "1970, and nothing noted");
    assert_eq!(lifted(0, Some(NOW)), (Before::Rtc, seconds(NOW)));
    assert_eq!(lifted(NOW, None), (Before::Rtc, seconds(NOW)), "the kernel took it from the battery");
    floor::note(&basis.stamp, Moment(NOW + 5 * SECOND)).unwrap();
    assert_eq!(lifted(0, Some(NOW)), (Before::Floor, seconds(NOW) + 5), "the battery is dying");
    let ahead = NOW + 100 * SECOND;
    assert_eq!(lifted(ahead, None), (Before::Rtc, seconds(ahead)));
    let mad = BUILT + 50 * 366 * 86_400 * SECOND;
    assert_eq!(lifted(0, Some(mad)), (Before::Floor, seconds(NOW) + 5), "no battery clock is so right");
    std::fs::write(&basis.stamp, "nonsense").unwrap();
    assert_eq!(lifted(0, None), (Before::Floor, seconds(BUILT)));
}

#[test]
fn a_box_takes_the_time_from_another_and_gives_it_on() {
    let (scratch, other) = (Scratch::new(), Scratch::new());
    let (first, second) = (free_port(), free_port());
    let wanted = Wanted { serve: true, servers: vec!["192.0.2.255".to_owned()], interface: String::new() };
    let right = Timekeeper::start(basis(&other, first), Made::new(NOW, Some(NOW)), wanted).unwrap();
    wait_for("the first one serves", || ask(first).is_some());
    assert_eq!(ask(first).unwrap().stratum, 10);
    assert_eq!(right.told(), order::Clock { synchronized: false, source: "rtc".to_owned(), offset_ms: 0.0 });

    // an hour ahead: what was noted on its disk and its battery are wrong
    let hands = Made::new(NOW + 3_600 * SECOND, None);
    let server = format!("127.0.0.1:{first}");
    let wanted = Wanted { servers: vec![server.clone()], serve: true, interface: String::new() };
    let late = Timekeeper::start(basis(&scratch, second), hands.clone(), wanted).unwrap();
    wait_for("the second one is put right", || late.told().synchronized);
    let told = late.told();
    assert_eq!(told.source, server);
    assert!((told.offset_ms + 3_600_000.0).abs() < 60_000.0, "{told:?}");
    assert!((hands.now().0 - NOW).abs() < 600 * SECOND, "as long as a test may take");
    wait_for("the battery clock is set too", || hands.deeds() == ["step", "battery"]);
    wait_for("telephones are told", || ask(second).is_some_and(|answer| answer.stratum == 11));
    let answer = ask(second).unwrap();
    assert_eq!((answer.origin, answer.reference, answer.leap), (77, [127, 0, 0, 1], 0));

    late.want(Wanted { servers: vec![server], serve: false, interface: String::new() });
    wait_for("nobody is told any more", || ask(second).is_none());
    late.close();
    right.close();
    let noted: i64 = std::fs::read_to_string(scratch.path().join("clock")).unwrap().trim().parse().unwrap();
    assert!((noted - NOW / SECOND).abs() < 600);
}

#[test]
fn a_clock_that_is_known_to_be_behind_is_not_told() {
    let scratch = Scratch::new();
    let port = free_port();
    let wanted = Wanted { serve: true, servers: vec!["192.0.2.255".to_owned()], interface: String::new() };
    let keeper = Timekeeper::start(basis(&scratch, port), Made::new(0, None), wanted).unwrap();
    assert_eq!(keeper.told().source, "floor");
    wait_for("its port is open", || UdpSocket::bind(("127.0.0.1", port)).is_err());
    assert_eq!(ask(port), None);
    keeper.close();
}
