//! Blind transfer by REFER: how it goes, what follows when nobody takes the call, and who may.

use dozvon::call::cdr::CallOutcome;
use dozvon::sip::wire::Method;

use crate::inside::SMALL;
use crate::outside::TRUNK;
use crate::sim::{Answer, Leaves, PhoneId, World, millis, secs};

/// The small office with a carrier, and a fourth extension that is in no group.
pub(crate) fn four() -> String {
    let workshop = r#"
[[extension]]
number = "203"
employee = "Workshop"
  [[extension.device]]
  kind = "sip"
  login = "user203s0"
  password = "secret-user203s0"
"#;
    format!("{SMALL}{workshop}{TRUNK}")
}

/// The phones of 200 to 203.
pub(crate) fn phones(world: &mut World) -> [PhoneId; 4] {
    ["rik33+user200s0", "user201s0", "user202s0", "user203s0"].map(|login| world.register(login))
}

/// 200 has called 201, and both talk.
pub(crate) fn talk(seed: u64) -> (World, [PhoneId; 4]) {
    let mut world = World::new(seed, &four());
    let phones = phones(&mut world);
    world.talk(phones[0], "201", phones[1]);
    (world, phones)
}

/// The status with which a REFER was refused, or of which it was told.
pub(crate) fn fate(world: &World, phone: PhoneId, call: usize) -> u16 {
    let call = world.nth(phone, call);
    let answer = call.answers.iter().rev().find(|(method, _)| *method == Method::Refer).map(|(_, status)| *status);
    match answer {
        Some(202) => call.told.last().copied().unwrap_or(202),
        Some(status) => status,
        None => 0,
    }
}

pub(crate) fn rings_within(world: &mut World, phone: PhoneId, seconds: u64) {
    let rings = world.run_until(secs(seconds), |world| world.is_ringing(phone));
    assert!(rings, "{} {} does not ring", world.at(), world.phones[phone.0].name);
}

#[test]
fn the_called_party_gives_the_caller_on_and_is_told_how_it_goes() {
    let (mut world, [a, b, c, _]) = talk(100);
    world.act(b, |phone, now, index| phone.hold(now, index));
    world.run_for(secs(1));
    world.act(b, |phone, now, index| phone.refer(now, index, "202"));
    rings_within(&mut world, c, 2);
    assert_eq!(world.nth(c, 0).shown(), "200", "{} the original caller is shown", world.at());
    world.run_for(secs(2));
    let at_b = world.nth(b, 0);
    assert!(at_b.answers.contains(&(Method::Refer, 202)), "{:?}", at_b.answers);
    assert!(at_b.told.iter().all(|status| *status < 200), "{:?}", at_b.told);
    assert_eq!(at_b.told.first(), Some(&100), "RFC 3515 §2.4.4: a NOTIFY at once");
    assert!(world.is_talking(b), "{} he stays until it is known", world.at());
    world.answer(c);
    world.run_for(secs(2));
    assert_eq!(world.nth(b, 0).told.last(), Some(&200));
    assert!(world.nth(b, 0).subscription.starts_with("terminated"), "{}", world.nth(b, 0).subscription);
    assert!(world.is_idle(b), "{} the transferrer is still in the call", world.at());
    world.assert_talk(a, c);
    world.hang_up(a);
    world.run_for(secs(1));
    assert!(world.is_idle(c));
    world.assert_step("Answered", &["201"]);
    world.assert_step("Transferred", &["201", "202"]);
    world.assert_step("Answered", &["202"]);
    let row = world.only_row();
    assert_eq!((row.outcome, row.cause), (CallOutcome::Answered, "caller_hung_up"));
    assert!(row.talk_ms > 6000, "{} talked {} ms with both", world.at(), row.talk_ms);
    world.assert_clean();
}

#[test]
fn a_phone_that_leaves_with_the_202_has_given_the_caller_on_just_the_same() {
    let (mut world, [a, b, c, _]) = talk(101);
    world.phones[b.0].leaves = Leaves::WhenAccepted;
    world.act(b, |phone, now, index| phone.refer(now, index, "202"));
    rings_within(&mut world, c, 2);
    world.run_for(secs(1));
    assert!(world.is_idle(b) && world.is_talking(a));
    world.answer(c);
    world.assert_talk(a, c);
    world.hang_up(c);
    world.run_for(secs(1));
    world.only_row();
    world.assert_clean();
}

#[test]
fn a_phone_that_never_leaves_is_hung_up_once_the_third_answers() {
    let (mut world, [a, b, c, _]) = talk(102);
    world.phones[b.0].leaves = Leaves::Never;
    world.act(b, |phone, now, index| phone.refer(now, index, "202"));
    rings_within(&mut world, c, 2);
    world.answer(c);
    world.run_for(secs(10));
    assert!(world.is_idle(b), "{} it holds its leg for ever", world.at());
    world.assert_talk(a, c);
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn the_caller_gives_the_called_party_on() {
    let (mut world, [a, b, c, _]) = talk(103);
    world.act(a, |phone, now, index| phone.hold(now, index));
    world.run_for(secs(1));
    world.act(a, |phone, now, index| phone.refer(now, index, "202"));
    rings_within(&mut world, c, 2);
    assert_eq!(world.nth(c, 0).shown(), "201", "{} the one who stays is shown", world.at());
    world.answer(c);
    world.run_for(secs(2));
    assert!(world.is_idle(a));
    world.assert_talk(b, c);
    world.hang_up(b);
    world.run_for(secs(1));
    assert!(world.is_idle(c));
    world.assert_step("Transferred", &["200", "202"]);
    world.only_row();
    world.assert_clean();
}

#[test]
fn the_one_who_stays_is_shown_with_whom_he_talks_now() {
    let (mut world, [a, b, c, _]) = talk(104);
    world.act(b, |phone, now, index| phone.refer(now, index, "202"));
    rings_within(&mut world, c, 2);
    world.answer(c);
    world.run_for(secs(2));
    assert_eq!(world.nth(a, 0).connected.as_deref(), Some("202"), "{} connected party", world.at());
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn a_busy_target_is_told_and_the_caller_is_back_with_who_wanted_to_give_him_on() {
    let (mut world, [a, b, c, _]) = talk(105);
    world.will(c, Answer::Refuse(486));
    world.act(b, |phone, now, index| phone.hold(now, index));
    world.run_for(secs(1));
    world.act(b, |phone, now, index| phone.refer(now, index, "202"));
    world.run_for(secs(4));
    assert_eq!(world.nth(b, 0).told.last(), Some(&486), "{}", world.at());
    assert!(world.nth(b, 0).subscription.starts_with("terminated"));
    world.assert_talk(a, b);
    world.assert_step("TransferFailed", &["202", "486"]);
    world.hang_up(b);
    world.run_for(secs(1));
    world.only_row();
    world.assert_clean();
}

#[test]
fn a_target_that_nobody_answers_gives_the_caller_back() {
    let (mut world, [a, b, c, _]) = talk(106);
    world.act(b, |phone, now, index| phone.hold(now, index));
    world.run_for(secs(1));
    world.act(b, |phone, now, index| phone.refer(now, index, "202"));
    rings_within(&mut world, c, 2);
    world.run_for(secs(22));
    assert!(world.is_idle(c), "{} its 20 seconds are over", world.at());
    assert_eq!(world.nth(b, 0).told.last(), Some(&480), "{}", world.at());
    world.assert_talk(a, b);
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn a_number_that_nobody_has_is_told_as_404() {
    let (mut world, [a, b, ..]) = talk(107);
    world.act(b, |phone, now, index| phone.refer(now, index, "777"));
    world.run_for(secs(8));
    assert_eq!(fate(&world, b, 0), 404, "{}", world.at());
    world.assert_talk(a, b);
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn who_has_left_is_rung_again_when_nobody_takes_the_call() {
    let (mut world, [a, b, c, _]) = talk(108);
    world.phones[b.0].leaves = Leaves::WhenAccepted;
    world.will(c, Answer::Refuse(486));
    world.act(b, |phone, now, index| phone.refer(now, index, "202"));
    rings_within(&mut world, b, 5);
    assert_eq!(world.nth(b, 1).shown(), "200", "{} the recall shows whose call it is", world.at());
    assert!(world.is_talking(a));
    world.answer(b);
    world.run_for(secs(1));
    world.assert_talk(a, b);
    world.hang_up(a);
    world.run_for(secs(1));
    world.assert_step("Recalled", &["201"]);
    world.only_row();
    world.assert_clean();
}

#[test]
fn a_recall_that_nobody_takes_either_ends_the_call() {
    let (mut world, [a, b, c, _]) = talk(109);
    world.phones[b.0].leaves = Leaves::WhenAccepted;
    world.will(c, Answer::Refuse(486));
    world.act(b, |phone, now, index| phone.refer(now, index, "202"));
    world.run_for(secs(60));
    assert!(world.is_idle(a) && world.is_idle(b), "{} the caller waits for ever", world.at());
    world.only_row();
    world.assert_clean();
}

#[test]
fn a_caller_is_given_on_to_a_group() {
    let mut world = World::new(110, &four());
    let [a, b, c, d] = phones(&mut world);
    world.talk(d, "201", b);
    world.act(b, |phone, now, index| phone.refer(now, index, "500"));
    rings_within(&mut world, c, 3);
    assert!(world.is_ringing(a) && !world.is_ringing(b), "{} a member who talks is not rung", world.at());
    assert_eq!(world.nth(c, 0).shown(), "203");
    world.answer(c);
    world.run_for(secs(2));
    assert!(world.is_idle(a) && world.is_idle(b));
    world.assert_talk(d, c);
    world.hang_up(d);
    world.run_for(secs(1));
    world.only_row();
    world.assert_clean();
}

#[test]
fn a_caller_is_given_on_to_the_city_with_the_rights_of_who_does_it() {
    let mut world = World::new(111, &four());
    let carrier = world.carrier();
    let [a, b, ..] = phones(&mut world);
    world.talk(b, "200", a); // 201 may not call the city, 200 may
    world.will(carrier, Answer::After(secs(2)));
    world.act(a, |phone, now, index| phone.refer(now, index, "89211234567"));
    world.run_for(secs(5));
    assert_eq!(world.invites(carrier).len(), 1, "{}", world.at());
    assert_eq!(world.invites(carrier)[0].uri.user.as_deref(), Some("79211234567"));
    assert!(world.is_idle(a));
    world.assert_talk(b, carrier);
    world.hang_up(b);
    world.run_for(secs(1));
    assert!(world.is_idle(carrier));
    world.assert_clean();
}

#[test]
fn without_the_right_a_transfer_to_the_city_is_403_and_the_talk_goes_on() {
    let mut world = World::new(112, &four());
    let carrier = world.carrier();
    let [a, b, ..] = phones(&mut world);
    world.talk(a, "201", b); // the right of 200 is of no use to 201
    world.act(b, |phone, now, index| phone.refer(now, index, "89211234567"));
    world.run_for(secs(8));
    assert_eq!(fate(&world, b, 0), 403, "{}", world.at());
    assert!(world.invites(carrier).is_empty(), "{} a call left without a right", world.at());
    world.assert_talk(a, b);
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn a_refer_to_nonsense_is_refused_and_the_talk_goes_on() {
    let (mut world, [a, b, ..]) = talk(113);
    let long = format!("<sip:{}@10.0.0.1>", "1".repeat(500));
    let nonsense =
        ["", "<<<", "sip:", "<http://example.org/>", "<sip:10.0.0.1>", "<sip:202@10.0.0.1>, <sip:203@10.0.0.1>", &long];
    for refer_to in nonsense {
        let answers = world.nth(b, 0).answers.len();
        world.act(b, |phone, now, index| phone.refer_to(now, index, refer_to));
        world.run_for(secs(8));
        assert!(world.nth(b, 0).answers.len() > answers, "{} {refer_to:?} has no answer", world.at());
        let fate = fate(&world, b, 0);
        let expected: &[u16] = if refer_to.len() > 400 { &[400, 404, 414] } else { &[400, 404, 416] };
        assert!(expected.contains(&fate), "{} {refer_to:?}: {fate}", world.at());
        assert!(world.is_talking(a) && world.is_talking(b), "{} {refer_to:?}", world.at());
    }
    world.act(b, |phone, now, index| phone.inside(now, index, Method::Refer, "text/plain", "no Refer-To"));
    world.run_for(secs(2));
    assert_eq!(fate(&world, b, 0), 400, "RFC 3515 §2.4.1");
    world.assert_talk(a, b);
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn a_carrier_may_not_transfer() {
    let mut world = World::new(114, &four());
    let carrier = world.carrier();
    let [a, _, c, _] = phones(&mut world);
    world.call_in(carrier, "89211234567", "78126122981");
    rings_within(&mut world, a, 3);
    world.answer(a);
    world.run_for(secs(1));
    for number in ["202", "89217654321"] {
        world.act(carrier, |phone, now, index| phone.refer(now, index, number));
        world.run_for(secs(2));
        let fate = fate(&world, carrier, 0);
        assert!((400..700).contains(&fate), "{} {number}: {fate}", world.at());
    }
    assert!(!world.is_ringing(c) && world.invites(carrier).is_empty());
    world.assert_talk(carrier, a);
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn a_refer_outside_of_any_call_is_refused() {
    let (mut world, [a, b, c, _]) = talk(115);
    world.act(b, |phone, now, _| phone.refer_outside(now, "<sip:202@10.0.0.1>"));
    world.run_for(secs(2));
    let answer = world.phones[b.0].answers.last().cloned();
    assert!(matches!(answer, Some((Method::Refer, 400..=699))), "{} {answer:?}", world.at());
    assert_ne!(answer.unwrap().1, 401, "it has proved who it is");
    assert!(!world.is_ringing(c));
    world.assert_talk(a, b);
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn a_second_transfer_while_the_first_goes_on_leaves_nothing_behind() {
    let (mut world, [a, b, c, d]) = talk(116);
    world.act(b, |phone, now, index| phone.refer(now, index, "202"));
    rings_within(&mut world, c, 2);
    world.act(b, |phone, now, index| phone.refer(now, index, "203"));
    world.run_for(secs(2));
    let ringing = [c, d].into_iter().filter(|phone| world.is_ringing(*phone)).collect::<Vec<_>>();
    assert_eq!(ringing.len(), 1, "{} both ring", world.at());
    world.answer(ringing[0]);
    world.run_for(secs(2));
    world.assert_talk(a, ringing[0]);
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn a_transfer_to_oneself_or_to_the_other_side_leaves_nothing_behind() {
    for (seed, number) in [(117, "200"), (118, "201")] {
        let (mut world, [a, b, ..]) = talk(seed);
        world.act(b, |phone, now, index| phone.refer(now, index, number));
        world.run_for(secs(50));
        for phone in [a, b] {
            while !world.is_idle(phone) {
                world.hang_up(phone);
                world.run_for(secs(1));
            }
        }
        world.only_row();
        world.assert_clean();
    }
}

#[test]
fn a_caller_who_hangs_up_while_the_third_rings_ends_it_all() {
    let (mut world, [a, b, c, _]) = talk(119);
    world.act(b, |phone, now, index| phone.refer(now, index, "202"));
    rings_within(&mut world, c, 2);
    world.hang_up(a);
    world.run_for(secs(2));
    assert!(world.is_idle(b) && world.is_idle(c), "{} somebody is left", world.at());
    assert_eq!(world.only_row().outcome, CallOutcome::Answered);
    world.assert_clean();
}

#[test]
fn who_was_given_on_is_given_on_again_and_it_stays_one_story() {
    let (mut world, [a, b, c, d]) = talk(120);
    world.act(b, |phone, now, index| phone.refer(now, index, "202"));
    rings_within(&mut world, c, 2);
    world.answer(c);
    world.run_for(secs(2));
    world.act(c, |phone, now, index| phone.refer(now, index, "203"));
    rings_within(&mut world, d, 2);
    assert_eq!(world.nth(d, 0).shown(), "200");
    world.answer(d);
    world.run_for(secs(2));
    world.assert_talk(a, d);
    world.act(a, |phone, now, index| phone.refer(now, index, "201"));
    rings_within(&mut world, b, 2);
    world.answer(b);
    world.run_for(secs(2));
    world.assert_talk(d, b);
    world.hang_up(d);
    world.run_for(secs(1));
    assert!([a, b, c, d].iter().all(|phone| world.is_idle(*phone)));
    assert_eq!(world.steps_of_kind("Transferred").len(), 3, "{}", world.at());
    world.only_row();
    world.assert_clean();
}

#[test]
fn a_transfer_survives_lost_and_doubled_packets() {
    for seed in 121..131 {
        let (mut world, [a, b, c, _]) = talk(seed);
        for link in &mut world.links {
            (link.loss, link.doubled, link.jitter) = (80, 80, millis(60));
        }
        world.act(b, |phone, now, index| phone.refer(now, index, "202"));
        rings_within(&mut world, c, 10);
        world.answer(c);
        world.run_for(secs(10));
        assert!(world.is_talking(a) && world.is_talking(c) && world.is_idle(b), "{}", world.at());
        for link in &mut world.links {
            *link = crate::sim::Link::default();
        }
        world.assert_talk(a, c);
        world.hang_up(a);
        world.run_for(secs(1));
        world.only_row();
        world.assert_clean();
    }
}
