use std::fs;
use std::path::PathBuf;

use super::super::network::{Addressing, Port};
use super::super::order::{Card, Clock, Disk, Temperature};
use super::super::reason;
use super::*;

fn card(name: &str, mac: &str, addresses: &[&str]) -> Card {
    Card {
        name: name.to_owned(),
        mac: mac.to_owned(),
        link: !addresses.is_empty(),
        speed: (!addresses.is_empty()).then_some(1000),
        addresses: addresses.iter().map(|address| (*address).to_owned()).collect(),
    }
}

fn machine() -> State {
    State {
        slot: "a".to_owned(),
        release: "0.1.0".to_owned(),
        host_name: "dozvon".to_owned(),
        cards: vec![
            card("eth0", "52:54:00:12:34:56", &["192.168.1.10/24", "fe80::5054:ff:fe12:3456/64"]),
            card("eth1", "52:54:00:12:34:57", &[]),
        ],
        clock: Clock { synchronized: true, source: "0.pool.ntp.org".to_owned(), offset_ms: 0.4 },
        temperatures: vec![
            Temperature { name: "acpitz".to_owned(), celsius: 27.8 },
            Temperature { name: "coretemp Package id 0".to_owned(), celsius: 48.5 },
        ],
        disk: Disk { data: 1 << 36, data_free: 1 << 35, wear: Some(3), ..Disk::default() },
        memory_total: 1 << 33,
        memory_available: 7 << 30,
        ..State::default()
    }
}

fn exchange() -> Exchange {
    Exchange {
        name: "Ромашка".to_owned(),
        pages: vec!["https://192.168.1.10".to_owned()],
        phones_up: 11,
        phones: 14,
        trunks_up: 2,
        trunks: 2,
        calls: 3,
        is_new: false,
        first_password: None,
        disk_days: Some(40),
    }
}

fn facts() -> Facts {
    Facts {
        version: "0.1.0".to_owned(),
        time: "2026-11-26 12:00".to_owned(),
        machine: Some(machine()),
        exchange: Some(exchange()),
    }
}

fn panel() -> Panel {
    let mut panel = Panel::new(true);
    panel.learn(facts());
    panel
}

/// Types it; the last deed.
fn types(panel: &mut Panel, text: &str) -> Option<Deed> {
    keys(text.as_bytes()).into_iter().filter_map(|key| panel.press(key)).last()
}

fn shows(panel: &Panel, text: &str) -> bool {
    panel.screen().lines.iter().any(|line| line.contains(text))
}

/// The screen is as the one that was looked at and kept.
fn assert_golden(name: &str, panel: &Panel) {
    let screen = panel.screen();
    assert_eq!(screen.lines.len(), ROWS);
    assert!(screen.lines.iter().all(|line| line.chars().count() <= COLUMNS));
    let (row, column) = screen.cursor;
    let text = format!("{}\n[{row}:{column}]\n", screen.lines.join("\n"));
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/panel/{name}.txt"));
    if std::env::var_os("DOZVON_WRITE_GOLDEN").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &text).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, golden, "{name} looks other than before; look, then DOZVON_WRITE_GOLDEN=1");
}

#[test]
fn the_main_screen_says_how_the_box_is_and_what_can_be_done() {
    let mut panel = panel();
    assert_golden("main", &panel);
    types(&mut panel, "7");
    assert_golden("main_ru", &panel);
    let mut first = facts();
    let new = Exchange { is_new: true, first_password: Some("abcd-efgh-ijkl-mnop".to_owned()), ..exchange() };
    first.exchange = Some(new);
    let mut panel = Panel::new(false);
    panel.learn(first);
    assert_golden("first_sign_in", &panel);
}

#[test]
fn the_state_names_the_first_thing_in_the_way() {
    let mut panel = panel();
    let mut known = facts();
    known.exchange = None;
    panel.learn(known.clone());
    assert!(shows(&panel, "Starting"));
    known.machine.as_mut().unwrap().cards = vec![card("eth0", "52:54:00:12:34:56", &["169.254.7.7/16"])];
    panel.learn(known.clone());
    assert!(shows(&panel, "No network address"));
    known.machine.as_mut().unwrap().cards = vec![card("eth0", "52:54:00:12:34:56", &[])];
    panel.learn(known);
    assert!(shows(&panel, "No cable"));
    let mut known = facts();
    let machine = known.machine.as_mut().unwrap();
    (machine.on_trial, machine.failed_reason) = (true, "phones 3 20".to_owned());
    panel.learn(known);
    assert!(shows(&panel, "Ready, update on trial: 0.1.0") && shows(&panel, "Too few telephones came back: 3 of 20."));
}

#[test]
fn a_fixed_address_is_asked_shown_and_set_for_good() {
    let mut panel = panel();
    types(&mut panel, "1");
    assert_golden("network_card", &panel);
    types(&mut panel, "12");
    assert!(shows(&panel, "> 192.168.1.10/24"), "what it has now is proposed");
    assert_eq!(types(&mut panel, &"\x7f".repeat(20)), None);
    types(&mut panel, "192.168.5.2/24\r192.168.5.1\r192.168.5.1, 8.8.8.8\r7\r");
    assert_golden("network_sure", &panel);
    let wanted = Network {
        office: Port {
            card: "52:54:00:12:34:56".to_owned(),
            vlan: Some(7),
            address: Addressing::Fixed { address: "192.168.5.2/24".to_owned(), gateway: Some([192, 168, 5, 1].into()) },
        },
        carrier: None,
        dns: vec![[192, 168, 5, 1].into(), [8, 8, 8, 8].into()],
    };
    assert_eq!(types(&mut panel, "1"), Some(Deed::Network(wanted)));
    assert!(shows(&panel, "is being set"));
    assert_eq!(types(&mut panel, "1\r\x1b"), None, "one thing after the other");
    panel.done(Outcome::Done);
    assert!(shows(&panel, "in force"));
    types(&mut panel, "\r");
    assert!(shows(&panel, "1 Network"));
}

#[test]
fn dhcp_is_two_digits_and_some_returns() {
    let mut panel = panel();
    types(&mut panel, "101\r\r");
    let Some(Deed::Network(network)) = types(&mut panel, "1") else { panic!("{:?}", panel.screen()) };
    assert_eq!(network, Network::default());
    panel.done(Outcome::Refused(reason("нет такой карты", "no such card")));
    assert!(shows(&panel, "That was not done:") && shows(&panel, "no such card"));
}

#[test]
fn a_wrong_line_is_asked_again_with_why() {
    let mut panel = panel();
    types(&mut panel, "9 1");
    for wrong in ["9", "x"] {
        types(&mut panel, wrong);
        assert!(shows(&panel, "One of the digits"), "{wrong}");
    }
    types(&mut panel, "02");
    let clear = "\x7f".repeat(60);
    for wrong in [
        "",
        "192.168.1.10",
        "192.168.1.0/24",
        "192.168.1.255/24",
        "300.1.1.1/24",
        "127.0.0.1/8",
        "10.0.0.1/31",
        "1.2.3.4/x",
    ] {
        types(&mut panel, &format!("{clear}{wrong}\r"));
        assert!(shows(&panel, "Not an address of a box"), "{wrong}");
    }
    types(&mut panel, &format!("{clear}10.1.2.3/16\r"));
    for wrong in ["10.2.0.1", "10.1.2.3", "router"] {
        types(&mut panel, &format!("{clear}{wrong}\r"));
        assert!(shows(&panel, "Not another address"), "{wrong}");
    }
    types(&mut panel, &format!("{clear}\r"));
    for wrong in ["dns.example", "1.1.1.1 2.2.2.2 3.3.3.3 4.4.4.4"] {
        types(&mut panel, &format!("{clear}{wrong}\r"));
        assert!(shows(&panel, "At most three"), "{wrong}");
    }
    types(&mut panel, &format!("{clear}\r"));
    for wrong in ["0", "4095", "-1"] {
        types(&mut panel, &format!("{clear}{wrong}\r"));
        assert!(shows(&panel, "1 to 4094"), "{wrong}");
    }
    assert_eq!(types(&mut panel, "\x1b"), None);
    assert!(shows(&panel, "1 Network"));
}

#[test]
fn a_new_password_is_shown_once_and_not_for_long() {
    let mut panel = panel();
    assert_eq!(types(&mut panel, "2\r"), Some(Deed::Password("admin".to_owned())));
    panel.done(Outcome::Password("abcd-efgh-ijkl-mnop".to_owned()));
    assert_golden("password", &panel);
    types(&mut panel, "\r");
    assert!(!shows(&panel, "abcd"));
    assert_eq!(types(&mut panel, "2 anna \r"), Some(Deed::Password("anna".to_owned())));
    panel.done(Outcome::Password("abcd-efgh-ijkl-mnop".to_owned()));
    panel.rest();
    assert!(!shows(&panel, "abcd"));
}

#[test]
fn restart_and_switching_off_are_meant_twice() {
    let mut panel = panel();
    types(&mut panel, "3");
    assert_golden("restart", &panel);
    assert_eq!(types(&mut panel, "0"), None);
    assert_eq!(types(&mut panel, "3x\r"), None);
    assert_eq!(types(&mut panel, "31"), Some(Deed::Restart));
    panel.done(Outcome::Done);
    assert!(shows(&panel, "restarts now"));
    types(&mut panel, "\r4");
    assert_eq!(types(&mut panel, "1"), Some(Deed::ShutDown));
}

#[test]
fn a_factory_reset_needs_its_word() {
    let mut panel = panel();
    types(&mut panel, "5");
    assert_golden("reset", &panel);
    for other in ["\r", "5reset\r", "5RESE\r", "5RESETT\r", "5RESET\x1b"] {
        assert_eq!(types(&mut panel, other), None, "{other:?}");
        assert!(shows(&panel, "1 Network"), "{other:?}");
    }
    assert_eq!(types(&mut panel, "5RESETT\x7f\r"), Some(Deed::FactoryReset));
}

#[test]
fn details_end_with_the_log_and_can_be_leafed_through() {
    let mut panel = panel();
    assert_eq!(types(&mut panel, "6"), Some(Deed::Log));
    let log = (1..=40).map(|line| format!("[    {line}.000000] line {line} of the kernel")).collect();
    panel.done(Outcome::Log(log));
    assert_golden("details", &panel);
    types(&mut panel, "\r\r\r\r\r");
    assert!(shows(&panel, "line 40 of the kernel") && !shows(&panel, "line 20 of"));
    types(&mut panel, "p");
    assert!(!shows(&panel, "line 40 of the kernel"));
    types(&mut panel, "0");
    assert!(shows(&panel, "1 Network"));
}

#[test]
fn plain_linux_keeps_its_network_and_power_and_lends_its_console_for_the_rest() {
    let mut panel = panel();
    panel.learn(Facts { machine: None, ..facts() });
    for digit in ["1", "3", "4", "5"] {
        assert_eq!(types(&mut panel, digit), None);
        assert!(shows(&panel, "not the box's own system"));
        types(&mut panel, "\r");
    }
    assert_eq!(types(&mut panel, "q"), Some(Deed::Leave));
    assert!(matches!(types(&mut panel, "2\r"), Some(Deed::Password(_))));
    let mut panel = self::panel();
    assert_eq!(types(&mut panel, "q\x1b"), None, "the box's own goes on");
}

#[test]
fn nothing_that_is_shown_can_steer_a_terminal() {
    let mut panel = panel();
    let mut known = facts();
    known.exchange.as_mut().unwrap().name = "\x1b[2J\u{9b}31m<\u{2028}>漢".to_owned();
    known.machine.as_mut().unwrap().host_name = "a\r\nb".to_owned();
    panel.learn(known);
    types(&mut panel, "6");
    panel.done(Outcome::Log(vec!["\x1b]0;evil\x07".to_owned()]));
    let all = |panel: &Panel| panel.screen().lines.concat();
    assert!(!all(&panel).contains(char::is_control), "{}", all(&panel));
    types(&mut panel, "0");
    assert!(!all(&panel).contains(char::is_control), "{}", all(&panel));
    // a font without Cyrillic letters gets none
    let mut panel = Panel::new(false);
    panel.learn(facts());
    assert!(all(&panel).is_ascii());
    types(&mut panel, "7");
    assert!(all(&panel).is_ascii());
}
