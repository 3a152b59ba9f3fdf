//! Exchanges that live, hang and die.

use super::*;

fn at(seconds: u64) -> Instant {
    Instant::ZERO + Duration::from_secs(seconds)
}

/// An exchange that was started at once and turns each second up to this one.
fn living(until: u64) -> Liveness {
    let mut liveness = Liveness::new(at(0));
    assert!(liveness.is_due(at(0)));
    liveness.started(at(0));
    (0..=until).for_each(|second| liveness.turned(at(second), second * 7));
    liveness
}

#[test]
fn one_that_turns_is_left_alone_and_keeps_the_watchdog_fed() {
    let liveness = living(3600);
    assert!(!liveness.is_due(at(3601)) && !liveness.hangs(at(3601)) && liveness.is_fed(at(3601)));
}

#[test]
fn one_that_stands_hangs_after_a_while_though_it_still_tells_so() {
    let mut liveness = living(200);
    (201..260).for_each(|second| liveness.turned(at(second), 200 * 7));
    assert!(!liveness.hangs(at(214)));
    assert!(liveness.hangs(at(215)));
    assert!(liveness.is_fed(at(259)));
    assert!(!liveness.is_fed(at(260)));
}

#[test]
fn a_start_may_take_its_time_but_not_for_ever() {
    let mut liveness = Liveness::new(at(0));
    liveness.started(at(0));
    assert!(!liveness.hangs(at(119)) && liveness.is_fed(at(119)));
    assert!(liveness.hangs(at(120)) && !liveness.is_fed(at(120)));
}

#[test]
fn a_single_number_is_no_sign_of_life() {
    let mut liveness = Liveness::new(at(0));
    liveness.started(at(0));
    (1..130).for_each(|second| liveness.turned(at(second), 1));
    assert!(liveness.hangs(at(130)) && !liveness.is_fed(at(130)) && !liveness.lives());
    liveness.turned(at(131), 2);
    assert!(liveness.lives() && liveness.is_fed(at(131)));
}

#[test]
fn ends_in_a_row_make_the_next_start_wait_longer() {
    let mut liveness = Liveness::new(at(0));
    let mut now = at(0);
    for wait in [1, 2, 4, 8, 10, 10, 10] {
        liveness.started(now);
        liveness.ended(now);
        let wait = Duration::from_secs(wait);
        assert!(!liveness.is_due(now + (wait - Duration::from_millis(1))), "{wait:?}");
        now += wait;
        assert!(liveness.is_due(now), "{wait:?}");
    }
    assert!(!liveness.is_fed(at(120)), "one that dies at each start does not feed the watchdog");
    let mut steady = living(100);
    steady.ended(at(101));
    assert!(steady.is_due(at(102)));
}

#[test]
fn what_an_ended_one_still_tells_does_not_count() {
    let mut liveness = living(10);
    liveness.ended(at(11));
    liveness.turned(at(11), 99);
    assert!(liveness.is_due(at(12)));
    liveness.started(at(12));
    liveness.turned(at(13), 1);
    liveness.turned(at(14), 2);
    assert!(!liveness.hangs(at(28)) && liveness.hangs(at(29)));
}

#[test]
fn one_that_ends_again_and_again_is_hopeless_until_one_of_them_lives_for_long() {
    let mut liveness = Liveness::new(at(0));
    for end in 1..=HOPELESS_ENDS {
        assert!(!liveness.keeps_ending());
        liveness.started(at(u64::from(end) * 20));
        liveness.ended(at(u64::from(end) * 20 + 1));
    }
    assert!(liveness.keeps_ending());
    liveness.started(at(200));
    (200..300).for_each(|second| liveness.turned(at(second), second));
    liveness.ended(at(300));
    assert!(!liveness.keeps_ending());
}
