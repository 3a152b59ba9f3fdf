//! A day of an office with faults, by seed: thirty calls of every kind over bad lines, and a walk at random over all that can be done
//! with them: holding, giving on blind and after asking, parking, taking back, picking up, forwarding, waiting in a queue, pressing keys,
//! hanging up at any moment, somebody listening in, with phones that die and refuse. The checkers watch; nothing may be left at the end.

use dozvon::base::Rng;
use dozvon::engine::Input;
use dozvon::office::{Conference, Device, Forward, Listening, MobileDevice};
use dozvon::sip::wire::Name;
use dozvon::trust::{Allowance, Amount, Function, Functions};

use crate::desk::desk_office;
use crate::sim::{Answer, CallState, Leaves, Link, PhoneId, World, millis, secs};

/// Days that `cargo test` plays; `SIM_SEEDS=N` and `SIM_FIRST=N` choose more.
const DAYS: u64 = 200;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn days_of_an_office_leave_nothing_behind() {
    if let Ok(seed) = std::env::var("SIM_SEED") {
        return play(seed.parse().unwrap());
    }
    let first = number("SIM_FIRST", 1000);
    let days = number("SIM_SEEDS", DAYS);
    let workers = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    std::thread::scope(|scope| {
        for worker in 0..workers {
            scope.spawn(move || {
                for seed in (first..first + days).filter(|seed| seed % workers == worker) {
                    play(seed);
                }
            });
        }
    });
    println!("{days} days from seed {first}");
}

/// The desk of the example, a fourth extension, a conference room, a parking place that gives back soon; by seed, a telephone that
/// forwards, one without call waiting, one that records.
fn office(seed: u64, rng: &mut Rng) -> World {
    let workshop = r#"
[[extension]]
number = "203"
employee = "Workshop"
  [[extension.device]]
  kind = "sip"
  login = "user203s0"
  password = "secret-user203s0"
"#;
    World::shaped(seed, &format!("{}{workshop}", desk_office()), |office| {
        office.parking.timeout_seconds = 20;
        if seed % 2 == 1 {
            // Everybody is a stranger until he proves himself: no day may judge one of the office's own.
            office.protection.trusted_networks = vec!["192.168.77.0/24".parse().unwrap()];
        }
        office.groups[0].max_queue = u32::try_from(1 + rng.below(3)).unwrap();
        office.groups[0].wrap_up_seconds = u32::try_from(rng.below(2) * 5).unwrap();
        let room = Conference { number: "800".to_owned(), name: "Room".to_owned(), pin: String::new() };
        office.conferences.push(room);
        office.limits.extension_calls = 100; // the carrier answers for one mobile as often as it is called
        office.protection.listening = if rng.chance(1, 2) { Listening::Told } else { Listening::Silent };
        for extension in &mut office.extensions {
            extension.call_waiting = rng.chance(3, 4);
            extension.record = rng.chance(1, 4);
            if rng.chance(1, 5) {
                let mobile =
                    MobileDevice { number: "79217654321".to_owned(), ring_seconds: 20, confirm: rng.chance(1, 2) };
                extension.devices.push(Device::Mobile(mobile));
            }
            let Some(Device::Sip(sip)) = extension.devices.first_mut() else { continue };
            sip.forward = match rng.below(6) {
                0 => Forward::Always { to: "203".to_owned() },
                1 => Forward::Conditional { busy: "200".to_owned(), no_answer: "79217654321".to_owned() },
                _ => Forward::None,
            };
        }
    })
}

struct Office {
    phones: Vec<PhoneId>,
    carrier: PhoneId,
}

fn play(seed: u64) {
    let mut rng = Rng::from_seed(seed ^ 0x5eed);
    let mut world = office(seed, &mut rng);
    let carrier = world.carrier();
    let phones = ["rik33+user200s0", "user201s0", "user202s0", "user203s0"].map(|login| world.register(login)).to_vec();
    for link in &mut world.links {
        *link = Link::bad(&mut rng);
    }
    for phone in &mut world.phones {
        phone.sound_every = secs(1);
        phone.listens_to_each = 50;
    }
    let office = Office { phones, carrier };
    let mut licences = Rng::from_seed(seed ^ 0x11ce);
    for _ in 0..30 {
        change_licence(&mut world, &mut licences);
        change_moods(&mut world, &office, &mut rng);
        begin_call(&mut world, &office, &mut rng);
        for _ in 0..rng.below(6) {
            let pause = millis(rng.below(6000));
            world.run_for(pause);
            disturb(&mut world, &office, &mut rng);
        }
        if rng.chance(1, 3) {
            let pause = secs(rng.below(60));
            world.run_for(pause);
        }
    }
    for link in &mut world.links {
        *link = Link::default();
    }
    for phone in &mut world.phones {
        phone.answer = Answer::Refuse(486); // who is called back now has gone home
    }
    for index in 0..world.phones.len() {
        for call in 0..world.phones[index].calls.len() {
            world.on(PhoneId(index), call, |phone, now, call| phone.hang_up(now, call));
        }
    }
    assert!(world.checks.calls() >= 5, "{} few calls came about: {}", world.at(), world.checks.calls());
    world.input(Input::Licence(Allowance::full()));
    world.run_for(secs(150)); // a CANCEL that was lost: the city may ring for five minutes
    world.assert_clean();
    let alarms: Vec<_> = world.alarms.iter().filter(|alarm| alarm.kind() != "emergency_call").collect();
    assert!(alarms.is_empty(), "{} an ordinary day sets off an alarm: {alarms:?}", world.at());
}

/// On every fourth day licences come and go. They refuse what begins, end nothing, and are never in the way of a call for help.
fn change_licence(world: &mut World, rng: &mut Rng) {
    if world.seed % 4 != 0 {
        return;
    }
    let amount = |rng: &mut Rng| Amount::Only(u32::try_from(rng.below(4)).unwrap());
    let functions = Functions::all();
    let functions = if rng.chance(1, 2) { functions.without(Function::Recording) } else { functions };
    let functions = if rng.chance(1, 4) { functions.without(Function::Transcoding) } else { functions };
    let (extensions, outside_calls) = (amount(rng), amount(rng));
    world.input(Input::Licence(Allowance { extensions, outside_calls, functions }));
    let emergencies: Vec<_> = world.emergencies.iter().map(|one| one.call).collect();
    for row in world.rows() {
        if row.cause.starts_with("licence_") {
            assert!(row.answered_at.is_none(), "{} a licence ended a call", world.at());
            assert!(!emergencies.contains(&row.call), "{} a licence stopped a call for help", world.at());
        }
    }
}

fn change_moods(world: &mut World, office: &Office, rng: &mut Rng) {
    for phone in office.phones.iter().chain([&office.carrier]) {
        let mood = match rng.below(10) {
            0 => Answer::Refuse([486, 480, 603][rng.below(3) as usize]),
            1 => Answer::Refuse(603),
            2 => Answer::Redirect(["201", "89217654321", "500"][rng.below(3) as usize].to_owned()),
            3 => Answer::Dead,
            4 => Answer::Ring,
            5 => Answer::Early(millis(rng.below(4000))),
            _ => Answer::After(millis(rng.below(8000))),
        };
        world.will(*phone, mood);
        let codecs = [vec![8, 0], vec![0], vec![8]];
        let phone = &mut world.phones[phone.0];
        phone.codecs = codecs[rng.below(3) as usize].clone();
        phone.late_offer = rng.chance(1, 10);
        phone.auto_answer = rng.chance(3, 4);
        phone.leaves = [Leaves::WhenDone, Leaves::WhenAccepted, Leaves::Never][rng.below(3) as usize];
    }
}

/// What people dial.
const DIALLED: [&str; 24] = [
    "200",
    "201",
    "202",
    "203",
    "200",
    "201",
    "202",
    "500",
    "500",
    "78126122981",
    "89217654321",
    "999",
    "701",
    "702",
    "800",
    "*8",
    "*8201",
    "*43",
    "*65",
    "*69",
    "*66",
    "*80500",
    "*31201",
    "112",
];
/// Where calls are given on to.
const TARGETS: [&str; 12] =
    ["200", "201", "202", "203", "500", "701", "702", "800", "89217654321", "999", "78126122981", "*43"];
/// What is keyed while two sides talk.
const KEYED: [&str; 10] = ["##202", "##500", "##999", "*2203", "*2201", "*2", "*0", "*5", "*5", "##89217654321"];

fn one_of<'a>(all: &[&'a str], rng: &mut Rng) -> &'a str {
    all[rng.below(all.len() as u64) as usize]
}

fn begin_call(world: &mut World, office: &Office, rng: &mut Rng) {
    let phone = office.phones[rng.below(4) as usize];
    match rng.below(3) {
        0 => world.call_in(office.carrier, "89211234567", "78126122981"),
        _ => world.dial(phone, one_of(&DIALLED, rng)),
    }
}

fn disturb(world: &mut World, office: &Office, rng: &mut Rng) {
    let everybody: Vec<PhoneId> = office.phones.iter().copied().chain([office.carrier]).collect();
    let phone = everybody[rng.below(5) as usize];
    if world.call_of(phone).is_none() {
        return;
    }
    let talking: Vec<usize> =
        (0..).zip(world.states(phone)).filter(|(_, state)| *state == CallState::Talking).map(|(n, _)| n).collect();
    let talks = !talking.is_empty();
    match rng.below(20) {
        0 | 1 => world.hang_up(phone),
        2 => {
            let key = ['1', '2', '0', '7'][rng.below(4) as usize];
            world.press(phone, key);
        }
        3 | 4 if talks => world.keys(phone, one_of(&KEYED, rng)),
        5 if talks => world.on(phone, talking[0], |phone, now, call| phone.hold(now, call)),
        6 if talks => world.on(phone, talking[0], |phone, now, call| phone.resume(now, call)),
        7 => world.answer(phone),
        8 => {
            let cut = world.links[phone.0].cut;
            world.links[phone.0].cut = !cut && rng.chance(1, 4);
        }
        9 | 10 if talks => {
            let to = one_of(&TARGETS, rng);
            world.on(phone, talking[0], |phone, now, call| phone.refer(now, call, to));
        }
        11 | 12 if talks && phone != office.carrier => {
            world.on(phone, talking[0], |phone, now, call| phone.hold(now, call));
            world.dial(phone, one_of(&DIALLED, rng));
        }
        13 | 14 if talks => {
            let other = (0..world.states(phone).len()).rev().find(|n| *n != talking[0]);
            if let Some(other) = other {
                world.on(phone, talking[0], |phone, now, call| phone.refer_attended(now, call, other));
            }
        }
        15 => {
            // another's dialog, or a stale one of one's own
            let other = everybody[rng.below(5) as usize];
            let dialog = world.call_of(other).map(|call| call.replaces()).unwrap_or_default();
            let login = world.phones[phone.0].login.clone();
            world.act(phone, |phone, now, _| {
                phone.dial_with(now, "201", &login, &[(Name::Replaces, &dialog)]);
            });
        }
        16 => {
            let call = rng.below(world.states(phone).len() as u64) as usize;
            world.on(phone, call, |phone, now, call| phone.hang_up(now, call));
        }
        17 | 18 => {
            let call = world.last_started(rng.below(4) as usize);
            let extension = one_of(&DIALLED[..4], rng).to_owned();
            world.input(Input::Listen { call, extension, whispers: rng.chance(1, 2) });
        }
        _ => {}
    }
}
