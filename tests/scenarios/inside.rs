//! Employees call each other.

use dozvon::call::cdr::CallOutcome;

use crate::sim::{Answer, World, millis, secs};

/// Three employees and a group, no carrier.
pub(crate) const SMALL: &str = r#"
[office]
name = "Small"
timezone = "Europe/Moscow"
language = "ru"
country = "RU"
area_code = "812"
[[extension]]
number = "200"
employee = "Reception"
permissions = ["internal", "city", "mobile_region", "mobile_national", "long_distance"]
  [[extension.device]]
  kind = "sip"
  login = "rik33+user200s0"
  password = "secret-rik33+user200s0"
[[extension]]
number = "201"
employee = "Accounts"
  [[extension.device]]
  kind = "sip"
  login = "user201s0"
  password = "secret-user201s0"
[[extension]]
number = "202"
employee = "Store"
  [[extension.device]]
  kind = "sip"
  login = "user202s0"
  password = "secret-user202s0"
[[group]]
number = "500"
name = "All"
members = ["200", "201", "202"]
max_wait_seconds = 30
"#;

#[test]
fn two_phones_register_talk_and_hang_up() {
    let mut world = World::new(1, SMALL);
    let (a, b) = (world.register("rik33+user200s0"), world.register("user201s0"));
    world.dial(a, "201");
    assert!(world.run_until(secs(2), |world| world.is_ringing(b) && world.is_ringing(a)));
    world.run_for(secs(3));
    world.answer(b);
    assert!(world.run_until(secs(1), |world| world.is_talking(a) && world.is_talking(b)));
    world.run_for(secs(5));
    assert!(world.hears(a, b) && world.hears(b, a), "{} one side hears nothing", world.at());
    world.hang_up(a);
    world.run_for(secs(1));
    assert!(!world.is_talking(b));
    let rows = world.rows();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].outcome, CallOutcome::Answered);
    assert_eq!((rows[0].answered_by.as_deref(), rows[0].cause), (Some("201"), "caller_hung_up"));
    assert!((2990..3100).contains(&rows[0].ring_ms), "rang {} ms", rows[0].ring_ms);
    assert!((4900..5100).contains(&rows[0].talk_ms), "talked {} ms", rows[0].talk_ms);
    world.assert_clean();
}

#[test]
fn the_ladder_of_a_call_holds_both_legs_from_invite_to_bye_and_nothing_else() {
    let mut world = World::new(11, SMALL);
    world.sorter = Some(dozvon::io::signalling::Sorter::default());
    let (a, b) = (world.register("rik33+user200s0"), world.register("user201s0"));
    world.dial(a, "201");
    assert!(world.run_until(secs(2), |world| world.is_ringing(b) && world.is_ringing(a)));
    world.answer(b);
    assert!(world.run_until(secs(1), |world| world.is_talking(a) && world.is_talking(b)));
    world.run_for(secs(2));
    world.hang_up(a);
    world.run_for(secs(5));
    let mut sorter = world.sorter.take().expect("set above");
    sorter.flush_all();
    let mut legs: std::collections::BTreeMap<String, Vec<String>> = std::collections::BTreeMap::new();
    while let Some(packed) = sorter.poll_packed() {
        for message in dozvon::io::signalling::unpack(&packed.messages) {
            assert!(
                !message.text.contains("response=\"") || message.text.contains("response=\"****"),
                "{}",
                message.text
            );
            let first = message.text.lines().next().unwrap_or_default();
            let word = first.strip_prefix("SIP/2.0 ").unwrap_or(first).split(' ').next().unwrap_or_default();
            let arrow = if message.sent { "<" } else { ">" };
            legs.entry(message.party.who).or_default().push(format!("{arrow}{word}"));
        }
    }
    assert_eq!(legs.keys().collect::<Vec<_>>(), ["200", "201"]);
    for (who, wanted) in [
        ("200", [">INVITE", "<401", ">ACK", ">INVITE", "<180", "<200", ">ACK", ">BYE", "<200"].as_slice()),
        ("201", ["<INVITE", ">180", ">200", "<ACK", "<BYE", ">200"].as_slice()),
    ] {
        let mut rest = legs[who].iter();
        for word in wanted {
            assert!(rest.any(|have| have == word), "{who}: no {word} in its place among {:?}", legs[who]);
        }
    }
    world.assert_clean();
}

#[test]
fn the_called_side_hangs_up() {
    let mut world = World::new(2, SMALL);
    let (a, b) = (world.register("rik33+user200s0"), world.register("user201s0"));
    world.will(b, Answer::After(secs(1)));
    world.dial(a, "201");
    assert!(world.run_until(secs(5), |world| world.is_talking(a)));
    world.run_for(secs(2));
    world.hang_up(b);
    world.run_for(secs(1));
    assert!(!world.is_talking(a));
    assert_eq!(world.rows()[0].cause, "called_hung_up");
    world.assert_clean();
}

#[test]
fn a_busy_phone_gives_486_an_absent_one_480_and_an_unknown_number_404() {
    let mut world = World::new(3, SMALL);
    let (a, b) = (world.register("rik33+user200s0"), world.register("user201s0"));
    world.will(b, Answer::Refuse(486));
    world.dial(a, "201");
    world.run_for(secs(2));
    assert_eq!(world.status(a), 486);
    world.dial(a, "202");
    world.run_for(secs(2));
    assert_eq!(world.status(a), 480);
    world.dial(a, "777");
    world.run_for(secs(8));
    assert_eq!(world.status(a), 404);
    let outcomes: Vec<CallOutcome> = world.rows().iter().map(|row| row.outcome).collect();
    assert_eq!(outcomes, [CallOutcome::Busy, CallOutcome::NoAnswer, CallOutcome::Refused]);
    world.assert_clean();
}

#[test]
fn nobody_answers_within_the_devices_seconds() {
    let mut world = World::new(4, SMALL);
    let (a, b) = (world.register("rik33+user200s0"), world.register("user201s0"));
    world.dial(a, "201");
    world.run_for(secs(19));
    assert!(world.is_ringing(a) && world.is_ringing(b));
    world.run_for(secs(2));
    assert_eq!((world.status(a), world.status(b)), (480, 487));
    assert_eq!(world.rows()[0].outcome, CallOutcome::NoAnswer);
    world.assert_clean();
}

#[test]
fn the_caller_gives_up_while_it_rings() {
    let mut world = World::new(5, SMALL);
    let (a, b) = (world.register("rik33+user200s0"), world.register("user201s0"));
    world.dial(a, "201");
    world.run_for(secs(3));
    world.hang_up(a);
    world.run_for(secs(1));
    assert_eq!((world.status(a), world.status(b)), (487, 487));
    assert_eq!(world.rows()[0].outcome, CallOutcome::Abandoned);
    world.assert_clean();
}

#[test]
fn a_cancel_that_crosses_the_answer_leaves_nothing_behind() {
    for micros in (0..2500).step_by(100) {
        let mut world = World::new(6, SMALL);
        let (a, b) = (world.register("rik33+user200s0"), world.register("user201s0"));
        world.dial(a, "201");
        world.run_for(secs(1));
        world.answer(b);
        world.run_for(std::time::Duration::from_micros(micros));
        world.hang_up(a);
        world.run_for(secs(3));
        assert!(!world.is_talking(a) && !world.is_talking(b), "{} a leg is left", world.at());
        world.assert_clean();
    }
}

#[test]
fn the_second_phone_of_a_group_stops_ringing_when_the_first_answers() {
    let mut world = World::new(7, SMALL);
    let caller = world.register("rik33+user200s0");
    let (first, second) = (world.register("user201s0"), world.register("user202s0"));
    world.links[second.0].lose_next = 2; // the INVITE must come again
    world.dial(caller, "500");
    world.run_for(secs(4));
    assert!(world.is_ringing(first) && world.is_ringing(second));
    world.answer(first);
    world.run_for(secs(3));
    assert!(world.is_talking(caller) && !world.is_ringing(second));
    assert!(world.hears(caller, first) && world.hears(first, caller));
    world.hang_up(caller);
    world.assert_clean();
}

#[test]
fn a_group_that_nobody_takes_ends_after_its_longest_wait() {
    let mut world = World::new(8, SMALL);
    let (caller, member) = (world.register("rik33+user200s0"), world.register("user201s0"));
    world.dial(caller, "500");
    world.run_for(secs(29));
    assert!(world.is_ringing(member));
    world.run_for(secs(2));
    assert_eq!(world.status(caller), 480);
    assert!(!world.is_ringing(member));
    world.assert_clean();
}

#[test]
fn a_phone_that_redirects_is_followed() {
    let mut world = World::new(9, SMALL);
    let (a, b, c) = (world.register("rik33+user200s0"), world.register("user201s0"), world.register("user202s0"));
    world.will(b, Answer::Redirect("202".to_owned()));
    world.dial(a, "201");
    world.run_for(secs(1));
    assert!(world.is_ringing(c));
    world.answer(c);
    world.run_for(secs(2));
    assert!(world.hears(a, c) && world.hears(c, a));
    world.hang_up(c);
    world.assert_clean();
}

#[test]
fn registrations_are_refused_to_a_wrong_password_and_an_unknown_login_alike() {
    let mut world = World::new(10, SMALL);
    let (wrong, unknown) = (world.add_phone("user201s0"), world.add_phone("nobody"));
    world.phones[wrong.0].password = "wrong".to_owned();
    for phone in [wrong, unknown] {
        world.act(phone, |phone, now, _| phone.register(now));
    }
    world.run_for(secs(5));
    let answers = |phone: crate::sim::PhoneId| world.phones[phone.0].log.len();
    assert!(!world.phones[wrong.0].registered && !world.phones[unknown.0].registered);
    assert_eq!(answers(wrong), answers(unknown));
    world.assert_clean();
}

#[test]
fn sequential_devices_ring_one_after_the_other_and_forwarding_is_followed() {
    let office = SMALL.replace(
        "login = \"user202s0\"\n  password = \"secret-user202s0\"",
        "login = \"user202s0\"\n  password = \"secret-user202s0\"\n  ring_seconds = 10\n  forward = { mode = \"conditional\", busy = \"\", no_answer = \"201\" }",
    );
    let mut world = World::new(11, &office);
    let (a, b, c) = (world.register("rik33+user200s0"), world.register("user201s0"), world.register("user202s0"));
    world.dial(a, "202");
    world.run_for(secs(5));
    assert!(world.is_ringing(c) && !world.is_ringing(b));
    world.run_for(secs(6));
    assert!(!world.is_ringing(c) && world.is_ringing(b));
    world.answer(b);
    world.run_for(millis(500));
    assert!(world.is_talking(a));
    world.hang_up(a);
    world.assert_clean();
}
