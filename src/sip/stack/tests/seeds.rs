//! What must hold whatever the wire does to the datagrams.

use super::world::{Faults, World};
use crate::base::Duration;

const CALM: Faults = Faults { lost: 0, doubled: 0, late: 0, broken: 0 };
const STORM: Faults = Faults { lost: 12, doubled: 10, late: 10, broken: 0 };
const MAD: Faults = Faults { lost: 5, doubled: 10, late: 10, broken: 30 };
const DEAD: Faults = Faults { lost: 100, doubled: 0, late: 0, broken: 0 };

/// Calls both ways over some minutes.
fn play(seed: u64, faults: Faults, calls: u64) -> World {
    let mut world = World::new(seed, faults);
    for call in 0..calls {
        world.call(usize::from(call % 2 == 1));
        world.run(Duration::from_secs(7));
    }
    world
}

/// Every session ends, and 64·T1 + T4 after the last one no transaction is left.
fn check_end(seed: u64, world: &mut World) {
    world.run(Duration::from_secs(5_200));
    for side in &world.sides {
        assert_eq!(side.stack.sessions(), 0, "seed {seed}: {:?}", side.calls);
        assert_eq!(side.stack.transactions(), 0, "seed {seed}");
        assert_eq!(side.stack.poll_timeout(), None, "seed {seed}");
        assert!(side.calls.values().all(|call| call.over), "seed {seed}: {:?}", side.calls);
    }
}

#[test]
fn on_a_calm_wire_both_sides_agree_on_every_call() {
    for seed in 0..60 {
        let mut world = play(seed, CALM, 6);
        check_end(seed, &mut world);
        // The called side may answer into a CANCEL; the caller then ends it and never calls it answered.
        let answered = |side: usize, caller: bool| {
            world.sides[side].calls.values().filter(|call| call.is_caller == caller && call.answered).count()
        };
        for side in 0..2 {
            assert!(answered(side, true) <= answered(1 - side, false), "seed {seed}");
        }
    }
}

#[test]
fn on_a_bad_wire_every_session_ends_and_nothing_is_left_behind() {
    for seed in 0..150 {
        let mut world = play(seed, STORM, 6);
        check_end(seed, &mut world);
    }
}

#[test]
fn on_a_wire_that_spoils_messages_nothing_panics_and_everything_ends() {
    for seed in 0..150 {
        let mut world = play(seed, MAD, 6);
        check_end(seed, &mut world);
    }
}

#[test]
fn on_a_dead_wire_every_call_fails() {
    let mut world = play(1, DEAD, 4);
    check_end(1, &mut world);
    assert!(world.sides.iter().flat_map(|side| side.calls.values()).all(|call| call.is_caller && !call.answered));
}

#[test]
fn one_seed_plays_twice_alike() {
    let (mut one, mut two) = (play(4, STORM, 5), play(4, STORM, 5));
    check_end(4, &mut one);
    check_end(4, &mut two);
    for side in 0..2 {
        assert_eq!(one.sides[side].calls, two.sides[side].calls);
    }
}
