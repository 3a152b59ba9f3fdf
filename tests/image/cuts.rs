//! Power cuts while the office telephones and its admin works: whatever the box has said that it has is there afterwards.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use crate::office::Promises;
use crate::qemu::Parts;
use crate::rig::Rig;

/// The longest that the office works before its power goes, milliseconds.
const LONGEST: u64 = 8000;
const SHORT: u32 = 3;
/// Boxes whose power goes side by side, and how often that of each does: 200 in all.
const BOXES: u64 = 4;
const LONG: u32 = 50;

#[test]
fn whatever_was_acknowledged_is_there_after_each_of_three_power_cuts() {
    power_goes("the box", SHORT, 7);
}

#[test]
#[ignore = "long: scripts/image-test --all"]
fn whatever_was_acknowledged_is_there_after_each_of_two_hundred_power_cuts() {
    std::thread::scope(|scope| {
        for number in 1..=BOXES {
            scope.spawn(move || power_goes(&format!("box {number}"), LONG, 7 + number));
        }
    });
}

fn power_goes(name: &str, times: u32, seed: u64) {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let mut promises = Promises::default();
    let mut next = 30_000;
    let mut rig = Rig::start(Parts::default());
    for round in 1..=times {
        rig.first_register();
        work(&rig, Duration::from_millis(chance.next_u64() % LONGEST), &mut next, &mut promises);
        rig.cut();
        let data = rig.disk.data_after_cut();
        promises.are_kept_in(&data);
        std::fs::remove_dir_all(data).unwrap();
        println!(
            "{name}, cut {round}: {} extensions and {} calls, all there",
            promises.extensions.len(),
            promises.calls.len()
        );
        if round < times {
            rig.power_on();
        }
    }
}

/// Calls one after another, and an admin who makes an extension after another, until the time is over.
fn work(rig: &Rig, span: Duration, next: &mut u32, promises: &mut Promises) {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                rig.try_call();
            }
        });
        let admin = scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                *next += 1;
                if rig.office.add(rig.here(), *next) {
                    promises.extensions.insert(*next);
                }
                promises.calls.extend(rig.office.ended_calls(rig.here()));
            }
        });
        std::thread::sleep(span);
        over.store(true, Ordering::Relaxed);
        let _ = admin.join();
    });
}
