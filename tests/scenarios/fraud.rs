//! A stolen password costs at most what `[limits]` says; and nobody who needs help, or more than usual for an hour, stands before it.

use dozvon::base::WallTime;
use dozvon::call::cdr::{CallOutcome, StepKind};
use dozvon::engine::{Input, Record};
use dozvon::guard::Alarm;
use dozvon::guard::limits::{Limit, Use};
use dozvon::office::{Device, ExtensionLimits, Forward, Limits, MobileDevice, Office, Quiet};

use crate::outside::office;
use crate::sim::{Answer, CallState, PhoneId, World, secs};

const HOUR: u64 = 3600;
/// 200, who may call everywhere but abroad.
const STOLEN: &str = "rik33+user200s0";

/// The limit of calls at a time where a test says nothing of it.
const AT_A_TIME: usize = 3;

fn limited(seed: u64, limits: Limits) -> (World, PhoneId, PhoneId) {
    let at_a_time = limits.extension_calls.min(AT_A_TIME as u32);
    world(seed, |office| office.limits = Limits { extension_calls: at_a_time, ..limits })
}

fn world(seed: u64, shape: impl FnOnce(&mut Office)) -> (World, PhoneId, PhoneId) {
    let mut world = World::shaped(seed, &office(), shape);
    let carrier = world.carrier();
    world.will(carrier, Answer::After(secs(1)));
    let phone = world.register(STOLEN);
    (world, carrier, phone)
}

fn talking(world: &World, phone: PhoneId) -> usize {
    world.states(phone).iter().filter(|state| **state == CallState::Talking).count()
}

/// What calls met, by extension, as the story tells it; each is an alarm too.
fn hits(world: &World) -> Vec<(&str, &'static str)> {
    let hits = world.steps().filter_map(|(_, what)| match what {
        StepKind::Limited { who, why } => Some((who.as_str(), *why)),
        _ => None,
    });
    let hits: Vec<_> = hits.collect();
    let alarms = world.alarms.iter().filter(|alarm| alarm.kind() != "emergency_call").count();
    assert_eq!(hits.len(), alarms, "{} {:?}", world.at(), world.alarms);
    hits
}

/// Calls again and again, as often as it gets through; `hang_up_after` so many seconds, else never. Returns calls that the carrier had, and
/// minutes that went over its line.
fn steal(
    world: &mut World,
    (carrier, thief): (PhoneId, PhoneId),
    hours: u64,
    hang_up_after: Option<u64>,
) -> (usize, u64) {
    for phone in [carrier, thief] {
        world.phones[phone.0].sound_every = secs(20); // a day of sound is much
    }
    let (step, mut seconds, mut most) = (20, 0, 0);
    let mut begun = Vec::new();
    for at in (0..hours * HOUR).step_by(usize::try_from(step).unwrap()) {
        if at % 160 == 0 {
            world.dial(thief, &format!("8921{:07}", at));
            begun.push((at, world.phones[thief.0].calls.len() - 1));
        }
        if let Some(after) = hang_up_after {
            let (over, going): (Vec<_>, Vec<_>) = begun.into_iter().partition(|(from, _)| at >= *from + after);
            begun = going;
            for (_, call) in over {
                world.on(thief, call, |phone, now, call| phone.hang_up(now, call));
            }
        }
        world.run_for(secs(step));
        let now = talking(world, carrier);
        most = most.max(now);
        seconds += step * u64::try_from(now).unwrap();
    }
    assert!(most <= AT_A_TIME, "{} {most} calls at a time", world.at());
    (world.invites(carrier).len(), seconds / 60)
}

#[test]
fn a_stolen_password_costs_a_days_limit_of_minutes() {
    let (mut world, carrier, thief) = limited(1000, Limits { extension_minutes_a_day: 90, ..Limits::default() });
    let (calls, minutes) = steal(&mut world, (carrier, thief), 11, None);
    assert!((88..=91).contains(&minutes), "{} {minutes} minutes in {calls} calls", world.at());
    assert_eq!(talking(&world, carrier), 0, "{} nothing goes on for ever", world.at());
    for limit in [Limit::Calls, Limit::MinutesADay] {
        assert!(hits(&world).contains(&("200", limit.word())), "{} {limit:?}", world.at());
    }
    let which = dozvon::guard::Limit::MinutesADay;
    let alarm = Alarm::LimitReached { extension: "200".to_owned(), which, of_office: false, limit: 90 };
    assert!(world.alarms.contains(&alarm), "{} {:?}", world.at(), world.alarms);
    let ended: Vec<&str> = world.rows().iter().filter(|row| row.talk_ms > 0).map(|row| row.cause).collect();
    assert!(!ended.is_empty() && ended.iter().all(|cause| *cause == "limit_minutes_a_day"), "{ended:?}");
    // the thief's next day begins at midnight
    let (_, minutes) = steal(&mut world, (carrier, thief), 3, None);
    assert!((88..=91).contains(&minutes), "{} {minutes} minutes on the next day", world.at());
    world.assert_clean();
}

#[test]
fn a_stolen_password_makes_so_many_calls_a_day() {
    let (mut world, carrier, thief) = limited(1001, Limits { extension_calls_a_day: 25, ..Limits::default() });
    let (calls, minutes) = steal(&mut world, (carrier, thief), 11, Some(60));
    assert!(calls == 25 && minutes <= 40, "{} {calls} calls, {minutes} minutes", world.at());
    assert!(hits(&world).iter().all(|hit| *hit == ("200", "limit_calls_a_day")), "{} {:?}", world.at(), hits(&world));
    let (calls, _) = steal(&mut world, (carrier, thief), 2, Some(60));
    assert!(calls > 25, "{} another day", world.at());
    world.run_for(secs(60));
    world.assert_clean();
}

#[test]
fn who_meets_a_limit_hears_a_tone_and_the_story_says_why() {
    let (mut world, carrier, phone) = limited(1002, Limits { extension_calls: 1, ..Limits::default() });
    world.dial(phone, "89217654321");
    world.run_for(secs(3));
    world.act(phone, |phone, now, call| phone.hold(now, call));
    world.run_for(secs(1));
    world.dial(phone, "6001122");
    world.run_for(secs(2));
    assert!(world.hears_hz(phone, 425), "{} no tone", world.at());
    world.run_for(secs(4));
    assert_eq!((world.nth(phone, 1).status, world.invites(carrier).len()), (403, 1));
    let row = world.rows()[0];
    assert_eq!((row.outcome, row.cause, row.status), (CallOutcome::Refused, "limit_calls", 403));
    assert_eq!(hits(&world), [("200", "limit_calls")]);
    world.on(phone, 0, |phone, now, call| phone.hang_up(now, call));
    world.run_for(secs(1));
    world.assert_clean();
}

#[test]
fn a_minute_before_its_end_both_sides_hear_a_tone() {
    let (mut world, carrier, phone) = limited(1003, Limits { extension_minutes_a_day: 3, ..Limits::default() });
    world.dial(phone, "89217654321");
    world.run_for(secs(110));
    assert!(!world.hears_hz(phone, 880) && !world.hears_hz(carrier, 880), "{} too early", world.at());
    world.run_for(secs(15));
    assert!(world.hears_hz(phone, 880) && world.hears_hz(carrier, 880), "{} no tone", world.at());
    world.clear_ears();
    world.run_for(secs(20));
    assert!(world.hears(phone, carrier) && world.hears(carrier, phone), "{} they talk on", world.at());
    world.run_for(secs(60));
    assert!(world.is_idle(phone) && world.is_idle(carrier), "{}", world.at());
    assert_eq!(hits(&world), [("200", "limit_minutes_a_day")]);
    let row = world.only_row();
    assert_eq!((row.outcome, row.cause, row.talk_ms / 1000), (CallOutcome::Answered, "limit_minutes_a_day", 180));
    world.assert_clean();
}

#[test]
fn help_is_called_with_everything_used_up() {
    let limits = Limits {
        outside_calls: 1,
        extension_calls: 1,
        extension_minutes_a_day: 1,
        extension_calls_a_day: 1,
        blocked: vec!["1".to_owned(), "7".to_owned()],
        quiet: Some(Quiet { from: 0, to: 1439 }),
        ..Limits::default()
    };
    let (mut world, carrier, phone) = world(1004, |office| {
        office.limits = limits;
        office.limits.quiet_classes.city = true;
    });
    world.dial(phone, "89217654321");
    world.run_for(secs(6));
    assert_eq!((world.rows()[0].cause, hits(&world)), ("blocked_destination", vec![("200", "blocked_destination")]));
    let alarm = Alarm::BlockedDestination { extension: "200".to_owned(), number: "79217654321".to_owned() };
    assert_eq!(world.alarms, [alarm]);
    let used = Use { id: 1, extension: "200".to_owned(), from: WallTime(0), to: WallTime(i64::MAX / 2) };
    world.input(Input::RestoreLimits { uses: vec![used], allowed: Vec::new() });
    world.dial(phone, "112");
    world.run_for(secs(3 * HOUR));
    assert!(world.is_talking(phone), "{} a call for help was ended", world.at());
    assert_eq!(world.invites(carrier).last().unwrap().uri.user.as_deref(), Some("112"));
    world.hang_up(phone);
    world.run_for(secs(1));
    assert_eq!(hits(&world).len(), 1, "{} {:?}", world.at(), hits(&world));
    world.input(Input::Usage);
    assert_eq!(world.usage.extensions.get("200").map(|tally| tally.calls), Some(0));
    world.assert_clean();
}

#[test]
fn an_allowance_lets_calls_out_for_a_time() {
    let (mut world, carrier, phone) = limited(1005, Limits { extension_calls_a_day: 1, ..Limits::default() });
    let call = |world: &mut World| {
        let before = world.invites(carrier).len();
        world.dial(phone, "89217654321");
        world.run_for(secs(7));
        world.hang_up(phone);
        world.run_for(secs(2));
        world.invites(carrier).len() > before
    };
    assert!(call(&mut world));
    assert!(!call(&mut world), "{} one a day", world.at());
    let until = world.started_at(0) + secs(HOUR);
    world.input(Input::Allow { extension: "200".to_owned(), until: Some(until) });
    assert!(call(&mut world) && call(&mut world), "{} lifted", world.at());
    world.run_for(secs(HOUR));
    assert!(!call(&mut world), "{} the hour is over", world.at());
    world.input(Input::Allow { extension: "200".to_owned(), until: Some(until + secs(2 * HOUR)) });
    assert!(call(&mut world));
    world.input(Input::Allow { extension: "200".to_owned(), until: None });
    assert!(!call(&mut world), "{} taken back", world.at());
    world.assert_clean();
}

#[test]
fn an_allowance_gives_no_rights_and_opens_no_paid_services() {
    let (mut world, carrier, phone) = limited(1006, Limits { quiet: None, ..Limits::default() });
    world.input(Input::Allow { extension: "200".to_owned(), until: Some(WallTime(i64::MAX)) });
    for closed in ["88091234567", "810375171112233"] {
        world.dial(phone, closed);
        world.run_for(secs(7));
        assert_eq!(world.rows().last().unwrap().cause, "no_permission", "{closed}");
    }
    assert!(world.invites(carrier).is_empty());
    world.apply(&office(), |office| office.limits.paid_services = true);
    world.dial(phone, "88091234567");
    world.run_for(secs(3));
    assert!(world.is_talking(phone), "{} an admin has opened them", world.at());
    world.hang_up(phone);
    world.run_for(secs(1));
    world.assert_clean();
}

#[test]
fn a_forwarded_call_and_one_given_on_count_for_who_forwards_and_gives_it_on() {
    let (mut world, carrier, phone) = world(1007, |office| {
        office.limits = Limits { extension_calls_a_day: 1, ..Limits::default() };
        office.extensions[1].permissions = office.extensions[0].permissions;
        let Some(Device::Sip(sip)) = office.extensions[1].devices.first_mut() else { return };
        sip.forward = Forward::Always { to: "79217654321".to_owned() };
    });
    let third = world.register("user202s0");
    world.dial(third, "201");
    world.run_for(secs(3));
    assert_eq!(talking(&world, carrier), 1, "{} forwarded", world.at());
    world.hang_up(third);
    world.run_for(secs(1));
    world.dial(third, "201");
    world.run_for(secs(3));
    assert_eq!(hits(&world), [("201", "limit_calls_a_day")], "{}", world.at());
    world.run_for(secs(5));
    world.talk(phone, "202", third);
    world.act(phone, |phone, now, call| phone.refer(now, call, "89217654321"));
    world.run_for(secs(4));
    world.input(Input::Usage);
    let today = |world: &World, extension: &str| world.usage.extensions.get(extension).map(|one| one.calls_today);
    assert_eq!([today(&world, "200"), today(&world, "201"), today(&world, "202")], [Some(1), Some(1), None]);
    world.hang_up(third);
    world.run_for(secs(1));
    world.assert_clean();
}

#[test]
fn a_mobile_of_a_group_counts_when_it_answers() {
    let mut world = World::shaped(1008, &office(), |office| {
        let limits = ExtensionLimits { calls: Some(1), calls_a_day: Some(2), minutes_a_day: None };
        for number in ["79217654321", "79217654322"] {
            let number = number.to_owned();
            office.extensions[1].devices.push(Device::Mobile(MobileDevice {
                number,
                ring_seconds: 20,
                confirm: false,
            }));
        }
        office.extensions[1].limits = limits;
    });
    let carrier = world.carrier();
    world.will(carrier, Answer::Ring);
    let caller = world.register("user202s0");
    for _ in 0..5 {
        world.dial(caller, "201");
        world.run_for(secs(3));
        assert_eq!(world.states(carrier).iter().filter(|state| **state == CallState::Ringing).count(), 2, "both ring");
        world.hang_up(caller);
        world.run_for(secs(2));
    }
    world.will(carrier, Answer::After(secs(1)));
    for _ in 0..2 {
        world.dial(caller, "201");
        world.run_for(secs(4));
        assert!(world.is_talking(caller), "{}", world.at());
        world.hang_up(caller);
        world.run_for(secs(2));
    }
    assert_eq!(hits(&world), [], "{}", world.at());
    world.dial(caller, "201");
    world.run_for(secs(3));
    let hits = hits(&world);
    assert!(!hits.is_empty() && hits.iter().all(|hit| *hit == ("201", "limit_calls_a_day")), "{hits:?}");
    world.run_for(secs(30));
    world.assert_clean();
}

#[test]
fn limits_hold_over_a_restart() {
    let limits = Limits { extension_minutes_a_day: 30, ..Limits::default() };
    let (mut world, _, phone) = limited(1009, limits.clone());
    world.dial(phone, "89217654321");
    world.run_for(secs(20 * 60 + 2));
    let uses = world.records.iter().filter_map(|record| match record {
        Record::Used(used) => Some((used.id, used.clone())),
        _ => None,
    });
    let uses: std::collections::HashMap<u64, Use> = uses.collect(); // as the table keeps them
    world.hang_up(phone);
    world.run_for(secs(1));
    let (mut world, carrier, thief) = limited(1010, limits);
    world.input(Input::RestoreLimits { uses: uses.into_values().collect(), allowed: Vec::new() });
    let (_, minutes) = steal(&mut world, (carrier, thief), 2, None);
    assert!((9..=11).contains(&minutes), "{} {minutes} minutes", world.at());
    world.assert_clean();
}
