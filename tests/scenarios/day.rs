//! A day of an office with faults, by seed: thirty calls of every kind over bad lines, with phones that die, refuse, hold, press
//! keys and hang up at any moment. The checkers watch; nothing may be left at the end.

use dozvon::base::Rng;

use crate::desk::desk_office;
use crate::sim::{Answer, Link, MONDAY_NOON, PhoneId, World, millis, secs};

/// Days that `cargo test` plays; `SIM_SEEDS=N` and `SIM_FIRST=N` choose more.
const DAYS: u64 = 300;

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

struct Office {
    phones: Vec<PhoneId>,
    carrier: PhoneId,
}

fn play(seed: u64) {
    let mut rng = Rng::from_seed(seed ^ 0x5eed);
    let mut world = World::with_seed(seed, &desk_office(), MONDAY_NOON);
    let carrier = world.carrier();
    let phones = ["rik33+user200s0", "user201s0", "user202s0"].map(|login| world.register(login)).to_vec();
    for link in &mut world.links {
        *link = Link::bad(&mut rng);
    }
    for phone in &mut world.phones {
        phone.sound_every = secs(1);
        phone.listens_to_each = 50;
    }
    let office = Office { phones, carrier };
    for _ in 0..30 {
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
    for index in 0..world.phones.len() {
        for call in 0..world.phones[index].calls.len() {
            world.act(PhoneId(index), |phone, now, _| phone.hang_up(now, call));
        }
    }
    assert!(world.checks.calls() >= 10, "{} few calls came about: {}", world.at(), world.checks.calls());
    world.assert_clean();
}

fn change_moods(world: &mut World, office: &Office, rng: &mut Rng) {
    for phone in office.phones.iter().chain([&office.carrier]) {
        let mood = match rng.below(10) {
            0 => Answer::Refuse(486),
            1 => Answer::Refuse(603),
            2 => Answer::Redirect("201".to_owned()),
            3 => Answer::Dead,
            4 => Answer::Ring,
            5 => Answer::Early(millis(rng.below(4000))),
            _ => Answer::After(millis(rng.below(8000))),
        };
        world.will(*phone, mood);
        let codecs = [vec![8, 0], vec![0], vec![8]];
        world.phones[phone.0].codecs = codecs[rng.below(3) as usize].clone();
        world.phones[phone.0].late_offer = rng.chance(1, 10);
    }
}

fn begin_call(world: &mut World, office: &Office, rng: &mut Rng) {
    let phone = office.phones[rng.below(3) as usize];
    match rng.below(8) {
        0..=2 => world.call_in(office.carrier, "89211234567", "78126122981"),
        3 => world.dial(phone, "89217654321"),
        4 => world.dial(phone, "500"),
        5 => world.dial(phone, "78126122981"),
        6 => world.dial(phone, "999"),
        _ => world.dial(phone, ["200", "201", "202"][rng.below(3) as usize]),
    }
}

fn disturb(world: &mut World, office: &Office, rng: &mut Rng) {
    let everybody: Vec<PhoneId> = office.phones.iter().copied().chain([office.carrier]).collect();
    let phone = everybody[rng.below(4) as usize];
    if world.call_of(phone).is_none() {
        return;
    }
    match rng.below(8) {
        0 | 1 => world.hang_up(phone),
        2 | 3 => {
            let key = ['1', '2', '0', '7'][rng.below(4) as usize];
            world.press(phone, key);
        }
        4 if world.is_talking(phone) => world.act(phone, |phone, now, index| phone.reinvite(now, index, "sendonly")),
        5 if world.is_talking(phone) => world.act(phone, |phone, now, index| phone.reinvite(now, index, "sendrecv")),
        6 => world.answer(phone),
        7 => {
            let cut = world.links[phone.0].cut;
            world.links[phone.0].cut = !cut && rng.chance(1, 4);
        }
        _ => {}
    }
}
