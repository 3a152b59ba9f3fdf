//! Judgements, and above all who is never judged.

use proptest::prelude::*;

use super::*;

const NOON: WallTime = WallTime(1_795_424_400_000);

fn moment(seconds: u64) -> Moment {
    let span = Duration::from_secs(seconds);
    Moment { now: Instant::ZERO + span, wall: NOON + span }
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn knock<'a>(address: &str, login: &'a str) -> Knock<'a> {
    Knock { address: ip(address), user_agent: "Guesser", login, is_known: true, dials_out: false }
}

fn ward() -> Ward {
    let mut ward = Ward::default();
    ward.set_trusted(vec!["192.168.1.0/24".parse().expect("a network")]);
    ward.set_trunks([ip("198.51.100.1")]);
    ward.set_phones([ip("198.51.100.77")]);
    ward
}

fn events(ward: &mut Ward) -> Vec<Event> {
    std::iter::from_fn(|| ward.poll_event()).collect()
}

/// Wrong passwords, one each second; how many were answered.
fn guess(ward: &mut Ward, from: u64, address: &str, login: &str, times: u64) -> usize {
    let mut answered = 0;
    for n in 0..times {
        let moment = moment(from + n);
        if ward.admit(moment.now, ip(address)) && ward.may_try(moment.now, ip(address), login, false) {
            answered += usize::from(ward.on_wrong(moment, &knock(address, login)) == Answer::Say);
        }
    }
    answered
}

#[test]
fn ten_wrong_passwords_are_answered_and_then_it_is_silent() {
    let mut ward = ward();
    assert_eq!(guess(&mut ward, 0, "203.0.113.7", "user200s0", 50), WRONG);
    let bans = ward.bans(moment(50).now);
    let [ban] = bans.as_slice() else { panic!("one ban: {bans:?}") };
    assert_eq!((ban.reason, ban.times, ban.address), (Reason::WrongPasswords, 1, ip("203.0.113.7")));
    assert_eq!((ban.since, ban.until), (moment(10).wall, moment(610).wall));
    assert_eq!((ban.dropped, ban.logins.as_slice()), (39, ["user200s0".to_owned()].as_slice()));
    assert!(!ward.admit(moment(609).now, ip("203.0.113.7")) && ward.admit(moment(610).now, ip("203.0.113.7")));
    assert!(ward.bans(moment(610).now).is_empty());
}

#[test]
fn a_slip_now_and_then_is_no_guessing() {
    let mut ward = ward();
    for n in 0..1000 {
        assert_eq!(ward.on_wrong(moment(n * 10), &knock("203.0.113.7", &format!("user{n}"))), Answer::Say);
    }
    assert!(events(&mut ward).is_empty());
}

#[test]
fn each_ban_lasts_twice_as_long_to_a_day_and_is_forgotten_after_a_week() {
    let mut ward = ward();
    let mut at = 0;
    let mut lengths = Vec::new();
    for n in 0..10 {
        guess(&mut ward, at, "203.0.113.7", &format!("user{n}"), 11);
        let ban = ward.bans(moment(at + 10).now).remove(0);
        lengths.push((ban.until.millis() - ban.since.millis()) / 60_000);
        at += 11 + u64::try_from(ban.until.millis() - ban.since.millis()).expect("later") / 1000;
    }
    assert_eq!(lengths, [10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440]);
    at += MEMORY.as_secs();
    guess(&mut ward, at, "203.0.113.7", "another", 11);
    assert_eq!(ward.bans(moment(at + 10).now)[0].times, 1);
}

#[test]
fn home_trunks_and_addresses_of_telephones_are_never_judged_and_the_old_password_is_told() {
    for address in ["192.168.1.20", "198.51.100.1", "198.51.100.77"] {
        let mut ward = ward();
        assert!(guess(&mut ward, 0, address, "user200s0", 600) <= 10 + 100 + 1, "ten a minute are answered");
        assert!(ward.bans(moment(600).now).is_empty() && ward.admit(moment(600).now, ip(address)));
        let all = events(&mut ward);
        let [Event::OldPassword { login, address: told, user_agent }] = all.as_slice() else {
            panic!("one alarm: {all:?}")
        };
        assert_eq!((login.as_str(), *told, user_agent.as_str()), ("user200s0", ip(address), "Guesser"));
        guess(&mut ward, 600, address, "user200s0", 1);
        // those beside it, and the owner's own telephone on its own way, are looked at all the while
        assert!(!ward.may_try(moment(600).now, ip(address), "user200s0", false));
        assert!(ward.may_try(moment(600).now, ip(address), "user200s0", true));
        assert!(ward.may_try(moment(600).now, ip(address), "user201s0", false));
        ward.on_proved(moment(601).now, ip(address), "user200s0");
        assert!(ward.may_try(moment(601).now, ip(address), "user200s0", false), "mended");
        let mut strange = |reason: &str| match reason {
            "scanner" => ward.on_scanner(moment(700), &knock(address, "")),
            _ => ward.on_knock(moment(700), &Knock { dials_out: true, ..knock(address, "") }),
        };
        assert!((0..500).all(|_| strange("knock") == Answer::Say && strange("scanner") == Answer::Say));
        assert!(ward.bans(moment(700).now).is_empty());
    }
}

#[test]
fn a_login_guessed_at_from_everywhere_is_closed_to_strangers_and_open_to_its_owner() {
    let mut ward = ward();
    ward.on_proved(moment(0).now, ip("203.0.113.1"), "user200s0");
    let answered: usize =
        (0..1000).map(|n| guess(&mut ward, 1, &format!("100.64.{}.{}", n / 250, n % 250), "user200s0", 1)).sum();
    assert_eq!(answered, 20);
    let told = Event::Guessed { login: "user200s0".to_owned() };
    assert_eq!(events(&mut ward), [told]);
    assert!(!ward.may_try(moment(2).now, ip("100.65.0.1"), "user200s0", false));
    assert!(ward.may_try(moment(2).now, ip("100.65.0.1"), "user201s0", false), "another login");
    assert!(ward.may_try(moment(2).now, ip("203.0.113.1"), "user200s0", false), "where it was proved");
    assert!(ward.may_try(moment(2).now, ip("192.168.1.9"), "user200s0", false), "at home");
    assert!(ward.may_try(moment(2 + 120).now, ip("100.65.0.1"), "user200s0", false), "some of it comes back");
}

#[test]
fn logins_that_do_not_exist_are_treated_as_those_that_do() {
    let run = |is_known| {
        let mut ward = ward();
        let mut seen = Vec::new();
        for n in 0..200_u64 {
            let address = format!("100.64.0.{}", n % 50);
            let knock = Knock { is_known, ..knock(&address, "user200s0") };
            let tried = ward.may_try(moment(n).now, knock.address, "user200s0", false);
            seen.push(tried.then(|| ward.on_wrong(moment(n), &knock)));
            let home = Knock { is_known, ..knock_at_home("user200s0") };
            let tried = ward.may_try(moment(n).now, home.address, "user200s0", false);
            seen.push(tried.then(|| ward.on_wrong(moment(n), &home)));
        }
        seen
    };
    assert_eq!(run(true), run(false));
}

fn knock_at_home(login: &str) -> Knock<'_> {
    knock("192.168.1.50", login)
}

#[test]
fn scanners_fall_silent_at_once_and_dialling_strangers_soon() {
    let mut ward = ward();
    assert_eq!(ward.on_scanner(moment(0), &knock("203.0.113.7", "")), Answer::Silence);
    assert!(!ward.admit(moment(1).now, ip("203.0.113.7")));
    let dials = Knock { dials_out: true, ..knock("203.0.113.8", "") };
    let answers: Vec<Answer> = (0..4).map(|n| ward.on_knock(moment(n), &dials)).collect();
    assert_eq!(answers, [Answer::Say, Answer::Say, Answer::Say, Answer::Silence]);
    assert_eq!(ward.bans(moment(4).now)[0].reason, Reason::OutsideCalls);
}

#[test]
fn who_proves_himself_between_may_dial_and_ask_for_ever() {
    let mut ward = ward();
    let dials = Knock { dials_out: true, ..knock("203.0.113.8", "") };
    for n in 0..1000 {
        assert_eq!(ward.on_knock(moment(n), &dials), Answer::Say);
        ward.on_proved(moment(n).now, ip("203.0.113.8"), "user200s0");
    }
    assert!(events(&mut ward).is_empty());
}

#[test]
fn a_branch_that_wakes_at_once_is_let_in_and_who_only_asks_is_not() {
    let mut ward = ward();
    assert!((0..200).all(|_| ward.on_knock(moment(0), &knock("203.0.113.8", "")) == Answer::Say));
    let mut ward = self::ward();
    let silent = (0..100).position(|n| ward.on_knock(moment(n / 4), &knock("203.0.113.9", "")) == Answer::Silence);
    assert_eq!(silent, Some(60));
    assert_eq!(ward.bans(moment(25).now)[0].reason, Reason::Probing);
}

#[test]
fn what_can_be_sent_in_anothers_name_bans_nobody_who_was_here() {
    let mut ward = ward();
    ward.on_proved(moment(0).now, ip("203.0.113.1"), "user200s0");
    assert_eq!(ward.on_scanner(moment(1), &knock("203.0.113.1", "")), Answer::Silence);
    let dials = Knock { dials_out: true, ..knock("203.0.113.1", "") };
    assert!((0..100).all(|n| ward.on_knock(moment(n), &dials) == Answer::Say));
    assert!(events(&mut ward).is_empty() && ward.admit(moment(100).now, ip("203.0.113.1")));
}

#[test]
fn one_ipv6_subscriber_is_one_address() {
    let mut ward = ward();
    let answered: usize = (0..20).map(|n| guess(&mut ward, n, &format!("2001:db8:1:2::{n:x}"), "user200s0", 1)).sum();
    assert_eq!(answered, WRONG);
    assert!(
        !ward.admit(moment(20).now, ip("2001:db8:1:2:ffff::1")) && ward.admit(moment(20).now, ip("2001:db8:1:3::1"))
    );
    assert_eq!(ward.bans(moment(20).now)[0].address, ip("2001:db8:1:2::"));
}

#[test]
fn bans_outlive_a_restart_and_a_clock_that_was_set_back() {
    let mut before = ward();
    guess(&mut before, 0, "203.0.113.7", "user200s0", 11);
    let Some(Event::Banned { ban, is_loud: true }) = before.poll_event() else { panic!("a ban") };
    let restart = |wall: u64| {
        let mut after = ward();
        after.restore(Moment { now: Instant::ZERO, wall: moment(wall).wall }, vec![ban.clone()]);
        after
    };
    let mut after = restart(310);
    assert!(!after.admit(moment(299).now, ip("203.0.113.7")) && after.admit(moment(300).now, ip("203.0.113.7")));
    let mut over = restart(1000);
    assert!(over.admit(moment(0).now, ip("203.0.113.7")));
    guess(&mut over, 0, "203.0.113.7", "user200s0", 11);
    assert_eq!(over.bans(moment(11).now)[0].times, 2, "it is remembered");
    let mut back = ward();
    back.restore(Moment { now: Instant::ZERO, wall: WallTime(0) }, vec![ban.clone()]);
    assert!(!back.admit(moment(599).now, ip("203.0.113.7")) && back.admit(moment(600).now, ip("203.0.113.7")));
    let mut trunk = ward();
    trunk.set_trunks([ip("203.0.113.7")]);
    trunk.restore(moment(0), vec![ban.clone()]);
    assert_eq!(events(&mut trunk), [Event::Gone { id: ban.id }]);
}

#[test]
fn an_admin_bans_and_lifts() {
    let mut ward = ward();
    assert_eq!(ward.ban(moment(0), ip("192.168.1.3"), Duration::from_secs(60)), Err(AtHome));
    assert_eq!(ward.ban(moment(0), ip("198.51.100.1"), Duration::from_secs(60)), Err(AtHome));
    let ban = ward.ban(moment(0), ip("198.51.100.77"), Duration::from_secs(60)).expect("a telephone's may be banned");
    assert!(!ward.admit(moment(1).now, ip("198.51.100.77")));
    assert!(ward.lift(moment(2).now, ban.id) && !ward.lift(moment(2).now, ban.id));
    assert!(ward.admit(moment(3).now, ip("198.51.100.77")));
    guess(&mut ward, 10, "203.0.113.7", "user200s0", 11);
    ward.set_trusted(vec!["203.0.113.0/24".parse().expect("a network")]);
    assert!(ward.bans(moment(21).now).is_empty() && ward.admit(moment(21).now, ip("203.0.113.7")), "it is home now");
}

#[test]
fn invented_addresses_and_logins_fill_no_memory() {
    let mut ward = ward();
    for n in 0..50_000_u32 {
        let address = IpAddr::V4((0x6440_0000 + n).into());
        let login = format!("login{n}");
        let knock = Knock { address, user_agent: "x", login: &login, is_known: false, dials_out: true };
        let moment = moment(u64::from(n / 1000));
        ward.on_wrong(moment, &knock);
        ward.on_knock(moment, &knock);
        ward.on_scanner(moment, &knock);
        ward.on_wrong(moment, &Knock { address: ip("192.168.1.7"), ..knock });
        ward.on_proved(moment.now, address, &login);
        while ward.poll_event().is_some() {}
    }
    assert!(ward.bans.len() <= BANS && ward.suspects.len() <= SUSPECTS);
    assert!(ward.guesses.rows() <= super::super::guesses::MOST);
}

proptest! {
    /// Whatever comes, whoever is known hears on, and nobody is answered more wrong passwords than may be.
    #[test]
    fn the_known_are_never_judged(deeds in prop::collection::vec((0..6_u8, 0..8_u32, 0..4_u8, 0..20_u64), 1..400)) {
        let mut ward = ward();
        let mut at = 0;
        let mut answered: HashMap<IpAddr, Vec<u64>> = HashMap::new();
        for (deed, who, login, pause) in deeds {
            at += pause;
            let address = match who {
                0 => ip("192.168.1.20"),
                1 => ip("198.51.100.1"),
                2 => ip("198.51.100.77"),
                other => IpAddr::V4((0x6440_0000 + other).into()),
            };
            let login = format!("user{login}");
            let knock = Knock { address, user_agent: "x", login: &login, is_known: login != "user3", dials_out: at % 2 == 0 };
            let moment = moment(at);
            let admitted = ward.admit(moment.now, address);
            prop_assert!(admitted || who > 2);
            if !admitted {
                continue;
            }
            match deed {
                0 => ward.on_proved(moment.now, address, &login),
                1 => drop(ward.on_scanner(moment, &knock)),
                2 => drop(ward.on_knock(moment, &knock)),
                _ => if ward.may_try(moment.now, address, &login, false) && ward.on_wrong(moment, &knock) == Answer::Say {
                    answered.entry(address).or_default().push(at);
                }
            }
            prop_assert!(ward.bans(moment.now).iter().all(|ban| ban.address != ip("192.168.1.20")));
        }
        for (address, times) in answered {
            let most = times.windows(WRONG + 1).all(|window| window[WRONG] - window[0] >= 60);
            prop_assert!(most || ward.knows(address), "{address}: {times:?}");
        }
    }
}
