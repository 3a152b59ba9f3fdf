//! The queue of a group: who waits longest is served first, members rest, exits are taken, changes are borne.

use std::collections::{HashMap, HashSet};

use dozvon::base::{CallId, Rng};
use dozvon::call::cdr::{CallOutcome, StepKind};
use dozvon::engine::Record;
use dozvon::office::{Device, Forward, Strategy};

use crate::desk::desk_office;
use crate::inside::SMALL;
use crate::sim::{Answer, PhoneId, World, millis, secs};
use crate::transfer::four;

/// A group 510 of these members, beside the others.
fn group(members: &str, more: &str) -> String {
    format!(
        "{}\n[[group]]\nnumber = \"510\"\nname = \"Desk\"\nmembers = [{members}]\nmax_wait_seconds = 120\n{more}\n",
        four()
    )
}

fn phone(world: &mut World, number: &str) -> PhoneId {
    let login = if number == "200" { "rik33+user200s0".to_owned() } else { format!("user{number}s0") };
    world.register(&login)
}

fn exits(world: &World) -> Vec<&'static str> {
    let why = |what: &StepKind| match what {
        StepKind::GroupExit { why, .. } => Some(*why),
        _ => None,
    };
    world.steps().filter_map(|(_, what)| why(what)).collect()
}

#[test]
fn of_two_callers_and_one_member_who_waits_longest_is_served_first() {
    let mut world = World::new(240, &group("\"201\"", ""));
    let (first, member) = (phone(&mut world, "200"), phone(&mut world, "201"));
    let (second, third) = (phone(&mut world, "202"), phone(&mut world, "203"));
    world.talk(third, "201", member); // he is on the telephone when they come
    world.dial(first, "510");
    world.run_for(secs(3));
    world.dial(second, "510");
    world.run_for(secs(3));
    world.hang_up(third);
    for (caller, shown) in [(first, "200"), (second, "202")] {
        assert!(world.run_until(secs(3), |world| world.is_ringing(member)), "{} nobody is rung", world.at());
        assert_eq!(world.call_of(member).unwrap().shown(), shown, "{} the longest wait first", world.at());
        world.answer(member);
        world.run_for(secs(1));
        world.assert_talk(caller, member);
        world.hang_up(caller);
        world.run_for(millis(500));
    }
    assert!(world.rows().iter().all(|row| row.outcome == CallOutcome::Answered));
    world.assert_clean();
}

#[test]
fn a_caller_who_comes_when_a_member_gets_free_does_not_overtake() {
    for micros in (0..2000).step_by(200) {
        let mut world = World::new(241, &group("\"201\"", ""));
        let (first, member) = (phone(&mut world, "200"), phone(&mut world, "201"));
        let (second, third) = (phone(&mut world, "202"), phone(&mut world, "203"));
        world.talk(third, "201", member);
        world.dial(first, "510");
        world.run_for(secs(3));
        world.hang_up(third);
        world.run_for(std::time::Duration::from_micros(micros));
        world.dial(second, "510");
        world.run_for(secs(2));
        assert_eq!(world.call_of(member).unwrap().shown(), "200", "{} after {micros} µs", world.at());
        world.hang_up(first);
        world.run_for(secs(2));
        assert_eq!(world.call_of(member).unwrap().shown(), "202", "{} after {micros} µs", world.at());
        world.hang_up(second);
        world.assert_clean();
    }
}

#[test]
fn a_member_rests_after_a_call() {
    let mut world = World::new(242, &group("\"201\"", "wrap_up_seconds = 10"));
    let (caller, member) = (phone(&mut world, "200"), phone(&mut world, "201"));
    world.talk(caller, "510", member);
    world.hang_up(caller);
    world.run_for(secs(1));
    world.dial(caller, "510");
    world.run_for(secs(7));
    assert!(!world.is_ringing(member), "{} he is not left to rest", world.at());
    world.run_for(secs(4));
    assert!(world.is_ringing(member), "{} he rests too long", world.at());
    world.answer(member);
    world.run_for(secs(1));
    world.assert_talk(caller, member);
    world.hang_up(caller);
    world.assert_clean();
}

#[test]
fn a_direct_call_to_a_resting_member_rings_all_the_same() {
    let mut world = World::new(243, &group("\"201\"", "wrap_up_seconds = 60"));
    let (caller, member) = (phone(&mut world, "200"), phone(&mut world, "201"));
    world.talk(caller, "510", member);
    world.hang_up(caller);
    world.run_for(secs(1));
    world.dial(caller, "201");
    world.run_for(secs(1));
    assert!(world.is_ringing(member));
    world.hang_up(caller);
    world.assert_clean();
}

#[test]
fn a_full_queue_takes_the_exit() {
    let mut world = World::new(244, &group("\"201\"", "max_queue = 1"));
    let (first, member) = (phone(&mut world, "200"), phone(&mut world, "201"));
    let (second, third) = (phone(&mut world, "202"), phone(&mut world, "203"));
    world.talk(third, "201", member);
    world.dial(first, "510");
    world.run_for(secs(2));
    world.dial(second, "510");
    world.run_for(secs(8));
    assert!(world.is_idle(second), "{} two wait where one may", world.at());
    assert_eq!(world.status(second), 480);
    assert_eq!(exits(&world), ["queue_full"]);
    world.hang_up(third);
    world.run_for(secs(2));
    assert_eq!(world.call_of(member).unwrap().shown(), "200");
    world.hang_up(first);
    world.assert_clean();
}

#[test]
fn a_full_queue_on_the_desk_leads_to_its_reserve_exit() {
    let mut world =
        World::shaped(245, &desk_office(), |office| office.groups.iter_mut().for_each(|group| group.max_queue = 1));
    let carrier = world.carrier();
    let (a, b) = (phone(&mut world, "200"), phone(&mut world, "201"));
    world.talk(a, "201", b); // both members that there are talk
    world.call_in(carrier, "89211234567", "78126122981");
    world.run_for(secs(12));
    world.call_in(carrier, "89217654321", "78126122981");
    world.run_for(secs(11));
    world.clear_ears();
    world.run_for(secs(2));
    assert!(world.hears_hz(carrier, 1200), "{} the second does not hear the night message", world.at());
    assert_eq!(exits(&world), ["queue_full"]);
    world.run_for(secs(10));
    world.on(carrier, 0, |phone, now, call| phone.hang_up(now, call));
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn two_members_who_answer_in_the_same_instant_leave_one_talk() {
    for seed in 246..256 {
        let mut world = World::new(seed, SMALL);
        let (caller, one, other) = (phone(&mut world, "200"), phone(&mut world, "201"), phone(&mut world, "202"));
        world.will(one, Answer::After(secs(2)));
        world.will(other, Answer::After(secs(2)));
        world.dial(caller, "500");
        world.run_for(secs(6));
        let talking = [one, other].into_iter().filter(|phone| world.is_talking(*phone)).collect::<Vec<_>>();
        assert_eq!(talking.len(), 1, "{}", world.at());
        world.assert_talk(caller, talking[0]);
        world.hang_up(caller);
        world.run_for(secs(1));
        assert_eq!(world.steps_of_kind("Answered").len(), 1, "{}", world.at());
        world.only_row();
        world.assert_clean();
    }
}

#[test]
fn when_the_last_member_goes_the_caller_takes_the_exit() {
    let mut world = World::new(256, &group("\"201\"", ""));
    let (caller, member) = (phone(&mut world, "200"), phone(&mut world, "201"));
    let third = phone(&mut world, "203");
    world.talk(third, "201", member);
    world.dial(caller, "510");
    world.run_for(secs(2));
    world.phones[member.0].expires = 0;
    world.act(member, |phone, now, _| phone.register(now));
    world.run_for(secs(8));
    assert!(world.is_idle(caller), "{} he waits for nobody", world.at());
    assert_eq!(exits(&world), ["nobody_registered"]);
    world.hang_up(third);
    world.assert_clean();
}

#[test]
fn who_waited_too_long_takes_the_exit() {
    let mut world = World::new(257, &group("\"201\"", "").replace("max_wait_seconds = 120", "max_wait_seconds = 20"));
    let (caller, member) = (phone(&mut world, "200"), phone(&mut world, "201"));
    let third = phone(&mut world, "203");
    world.talk(third, "201", member);
    world.dial(caller, "510");
    world.run_for(secs(19));
    assert!(!world.is_idle(caller));
    world.run_for(secs(6));
    assert!(world.is_idle(caller), "{}", world.at());
    assert_eq!(exits(&world), ["waited_too_long"]);
    world.hang_up(third);
    world.assert_clean();
}

#[test]
fn a_caller_who_hangs_up_makes_room_and_is_not_offered_any_more() {
    let mut world = World::new(258, &group("\"201\"", ""));
    let (first, member) = (phone(&mut world, "200"), phone(&mut world, "201"));
    let (second, third) = (phone(&mut world, "202"), phone(&mut world, "203"));
    world.talk(third, "201", member);
    world.dial(first, "510");
    world.run_for(secs(2));
    world.dial(second, "510");
    world.run_for(secs(2));
    world.hang_up(first);
    world.run_for(secs(1));
    world.hang_up(third);
    world.run_for(secs(2));
    assert_eq!(world.call_of(member).unwrap().shown(), "202", "{}", world.at());
    world.hang_up(second);
    world.assert_clean();
}

#[test]
fn a_change_that_is_applied_while_people_wait_loses_nobody() {
    let office = group("\"201\"", "");
    let mut world = World::new(259, &office);
    let (caller, member) = (phone(&mut world, "200"), phone(&mut world, "201"));
    let (other, third) = (phone(&mut world, "202"), phone(&mut world, "203"));
    world.talk(third, "201", member);
    world.dial(caller, "510");
    world.run_for(secs(2));
    // an unrelated change first, then one that takes the group's own member away
    world.apply(&office, |office| office.settings.name = "Renamed".to_owned());
    world.run_for(secs(2));
    assert!(!world.is_idle(caller), "{} lost by a change", world.at());
    world.apply(&office, |office| office.groups.last_mut().unwrap().members = vec!["202".to_owned()]);
    world.run_for(secs(2));
    world.hang_up(third);
    world.run_for(secs(3));
    let rung = [member, other].into_iter().filter(|phone| world.is_ringing(*phone)).collect::<Vec<_>>();
    assert_eq!(rung.len(), 1, "{} nobody is rung, or two", world.at());
    world.answer(rung[0]);
    world.run_for(secs(1));
    world.assert_talk(caller, rung[0]);
    world.hang_up(caller);
    world.assert_clean();
}

#[test]
fn a_group_that_is_deleted_while_people_wait_serves_them_to_the_end() {
    let mut world = World::new(260, &group("\"201\"", ""));
    let (caller, member) = (phone(&mut world, "200"), phone(&mut world, "201"));
    world.dial(caller, "510");
    world.run_for(secs(2));
    world.apply(&four(), |_| {});
    world.run_for(secs(1));
    assert!(world.is_ringing(member), "{}", world.at());
    world.answer(member);
    world.run_for(secs(1));
    world.assert_talk(caller, member);
    world.hang_up(caller);
    world.assert_clean();
}

#[test]
fn round_robin_begins_after_who_answered_last() {
    let mut world = World::new(261, &group("\"201\", \"202\", \"203\"", "strategy = \"round_robin\""));
    let caller = phone(&mut world, "200");
    let members = ["201", "202", "203"].map(|number| phone(&mut world, number));
    for round in 0..2 {
        for member in members {
            world.dial(caller, "510");
            assert!(world.run_until(secs(3), |world| world.is_ringing(member)), "{} round {round}", world.at());
            let others = members.iter().filter(|phone| world.is_ringing(**phone)).count();
            assert_eq!(others, 1, "{} one at a time", world.at());
            world.answer(member);
            world.run_for(secs(1));
            world.hang_up(caller);
            world.run_for(secs(1));
        }
    }
    world.assert_clean();
}

#[test]
fn first_to_last_begins_anew_with_each_call() {
    let mut world =
        World::new(262, &group("\"201\", \"202\"", "strategy = \"first_to_last\"\nmember_ring_seconds = 5"));
    let caller = phone(&mut world, "200");
    let [first, second] = ["201", "202"].map(|number| phone(&mut world, number));
    for _ in 0..2 {
        world.dial(caller, "510");
        world.run_for(secs(2));
        assert!(world.is_ringing(first) && !world.is_ringing(second), "{}", world.at());
        world.run_for(secs(5));
        assert!(!world.is_ringing(first) && world.is_ringing(second), "{}", world.at());
        world.answer(second);
        world.run_for(secs(1));
        world.hang_up(caller);
        world.run_for(secs(1));
    }
    world.assert_clean();
}

#[test]
fn a_member_of_two_groups_is_offered_one_caller_at_a_time() {
    let office = format!(
        "{}\n[[group]]\nnumber = \"511\"\nname = \"Two\"\nmembers = [\"201\"]\nmax_wait_seconds = 120\n",
        group("\"201\"", "")
    );
    let mut world = World::new(263, &office);
    let (first, member) = (phone(&mut world, "200"), phone(&mut world, "201"));
    let second = phone(&mut world, "202");
    world.dial(first, "510");
    world.run_for(secs(2));
    world.dial(second, "511");
    world.run_for(secs(2));
    let open = world.states(member).iter().filter(|state| **state != crate::sim::CallState::Over).count();
    assert_eq!(open, 1, "{} two callers ring at one member", world.at());
    world.answer(member);
    world.run_for(secs(1));
    world.assert_talk(first, member);
    world.hang_up(first);
    world.run_for(secs(2));
    assert!(world.is_ringing(member), "{}", world.at());
    assert_eq!(world.call_of(member).unwrap().shown(), "202");
    world.hang_up(second);
    world.assert_clean();
}

#[test]
fn a_member_who_is_not_to_be_disturbed_is_passed_over() {
    let mut world = World::shaped(264, &group("\"201\", \"202\"", ""), |office| {
        office.extensions.iter_mut().find(|extension| extension.number == "201").unwrap().do_not_disturb = true;
    });
    let (caller, quiet) = (phone(&mut world, "200"), phone(&mut world, "201"));
    let other = phone(&mut world, "202");
    world.dial(caller, "510");
    world.run_for(secs(2));
    assert!(!world.is_ringing(quiet) && world.is_ringing(other), "{}", world.at());
    world.hang_up(caller);
    world.assert_clean();
}

#[test]
fn a_member_that_forwards_on_no_answer_keeps_its_calls_in_the_group() {
    let mut world = World::shaped(265, &group("\"201\", \"202\"", "member_ring_seconds = 5"), |office| {
        office.groups.last_mut().unwrap().strategy = Strategy::FirstToLast;
        let member = office.extensions.iter_mut().find(|extension| extension.number == "201").unwrap();
        if let Some(Device::Sip(sip)) = member.devices.first_mut() {
            sip.forward = Forward::Conditional { busy: String::new(), no_answer: "203".to_owned() };
        }
    });
    let (caller, first) = (phone(&mut world, "200"), phone(&mut world, "201"));
    let (second, elsewhere) = (phone(&mut world, "202"), phone(&mut world, "203"));
    world.dial(caller, "510");
    world.run_for(secs(2));
    assert!(world.is_ringing(first));
    world.run_for(secs(5));
    assert!(world.is_ringing(second) && !world.is_ringing(elsewhere), "{}", world.at());
    world.hang_up(caller);
    world.assert_clean();
}

#[test]
fn a_queue_of_many_is_served_in_the_order_of_their_coming() {
    let mut world = World::new(266, &group("\"201\"", ""));
    let carrier = world.carrier();
    let (caller, member) = (phone(&mut world, "200"), phone(&mut world, "201"));
    world.apply(&group("\"201\"", ""), |office| {
        office.groups.iter_mut().find(|group| group.number == "500").unwrap().members = vec!["201".to_owned()];
        office.groups.iter_mut().find(|group| group.number == "500").unwrap().max_wait_seconds = 600;
    });
    world.talk(caller, "201", member);
    let callers: Vec<String> = (0..6).map(|n| format!("8921123456{n}")).collect();
    for number in &callers {
        world.call_in(carrier, number, "78126122981");
        world.run_for(millis(700));
    }
    world.hang_up(caller);
    for number in &callers {
        assert!(world.run_until(secs(5), |world| world.is_ringing(member)), "{} {number} is not served", world.at());
        assert_eq!(&world.call_of(member).unwrap().shown(), number, "{}", world.at());
        world.answer(member);
        world.run_for(secs(1));
        world.hang_up(member);
        world.run_for(secs(1));
    }
    assert!(world.is_idle(carrier));
    world.assert_clean();
}

/// An afternoon of a group: callers come and give up, members answer late, refuse, talk long.
fn afternoon(seed: u64, strategy: Strategy) -> World {
    let mut rng = Rng::from_seed(seed ^ 0x9_0e0e);
    let mut world = World::shaped(seed, &four(), |office| {
        let group = &mut office.groups[0];
        (group.strategy, group.max_wait_seconds, group.member_ring_seconds) = (strategy, 900, 8);
        group.wrap_up_seconds = u32::try_from(rng.below(2) * 5).unwrap();
    });
    let carrier = world.carrier();
    let members = ["200", "201", "202"].map(|number| phone(&mut world, number));
    for index in 0..world.phones.len() {
        world.phones[index].sound_every = secs(1);
        world.phones[index].listens_to_each = 50;
    }
    for n in 0..20 {
        if rng.chance(2, 3) {
            world.call_in(carrier, &format!("892112345{n:02}"), "78126122981");
        }
        for member in members {
            let mood = match rng.below(5) {
                0 => Answer::Refuse(486),
                1 => Answer::Ring,
                _ => Answer::After(millis(rng.below(5000))),
            };
            world.will(member, mood);
            if world.is_talking(member) && rng.chance(1, 3) {
                world.hang_up(member);
            }
        }
        if rng.chance(1, 6) {
            world.hang_up(carrier); // the youngest gives up
        }
        let pause = millis(rng.below(5000));
        world.run_for(pause);
    }
    for member in members {
        world.will(member, Answer::After(secs(1)));
    }
    for _ in 0..60 {
        world.run_for(secs(12));
        members.into_iter().for_each(|member| world.hang_up(member));
        if world.is_idle(carrier) {
            break;
        }
    }
    world
}

/// Whenever a caller is offered to a member for the first time, nobody who came before him still waits for that.
fn first_offers_keep_the_order(world: &World) -> usize {
    let (mut waiting, mut offered): (Vec<CallId>, HashSet<CallId>) = (Vec::new(), HashSet::new());
    for record in &world.records {
        match record {
            Record::CallStarted(started) => waiting.push(started.call),
            Record::CallEnded(ended) => waiting.retain(|call| *call != ended.call),
            Record::CallStep(step) if matches!(step.what, StepKind::Rung { .. }) && offered.insert(step.call) => {
                let overtaken = waiting.iter().take_while(|call| **call != step.call).collect::<Vec<_>>();
                assert!(overtaken.is_empty(), "{} {} overtook {overtaken:?}", world.at(), step.call);
                waiting.retain(|call| *call != step.call);
            }
            _ => {}
        }
    }
    offered.len()
}

#[test]
fn over_many_afternoons_nobody_is_offered_before_who_came_first() {
    let mut offers = 0;
    for (seed, strategy) in
        (2600..2640).zip([Strategy::RingAll, Strategy::RoundRobin, Strategy::FirstToLast].into_iter().cycle())
    {
        let mut world = afternoon(seed, strategy);
        offers += first_offers_keep_the_order(&world);
        world.assert_clean();
    }
    assert!(offers > 200, "few came to be served: {offers}");
}

#[test]
fn over_many_afternoons_round_robin_is_fair() {
    let mut answers: HashMap<String, u32> = HashMap::new();
    for seed in 2640..2660 {
        let mut world = afternoon(seed, Strategy::RoundRobin);
        for (_, what) in world.steps() {
            if let StepKind::Answered { who } = what {
                *answers.entry(who.clone()).or_default() += 1;
            }
        }
        world.assert_clean();
    }
    let counts: Vec<u32> = ["200", "201", "202"].iter().map(|who| answers.get(*who).copied().unwrap_or(0)).collect();
    let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
    assert!(*least > 30 && *most * 2 < *least * 3, "who answered how often: {counts:?}");
}

#[test]
fn who_waits_is_told_his_place_where_the_group_wants_it() {
    for tells in [false, true] {
        let more = if tells { "announce_position = true" } else { "" };
        let mut world = World::new(263, &group("\"201\"", more));
        let (caller, member, third) = (phone(&mut world, "200"), phone(&mut world, "201"), phone(&mut world, "203"));
        world.talk(third, "201", member);
        world.dial(caller, "510");
        world.run_for(secs(8));
        assert!(world.is_talking(caller), "{} {}", world.at(), world.status(caller));
        assert_eq!(world.spoken, usize::from(tells), "{} once for one place", world.at());
        world.hang_up(caller);
        world.hang_up(third);
        world.assert_clean();
    }
}
