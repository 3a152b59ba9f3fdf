use proptest::prelude::*;

use super::*;

const NOTED: WallTime = WallTime(1_795_651_200_000);

fn phone(login: &str, contact: &str) -> Phone {
    Phone { login: login.to_owned(), contact: format!("sip:{contact}") }
}

fn before(phones: usize, trunks: &[&str]) -> Before {
    let phones = (0..phones).map(|at| phone(&format!("user{at}"), &format!("10.0.0.{at}"))).collect();
    Before { trunks: trunks.iter().map(|&name| name.to_owned()).collect(), phones, at: NOTED.millis(), page: None }
}

/// An office around a slot on trial: what answers, and after how long.
#[derive(Clone, Debug)]
struct Office {
    before: Before,
    /// Seconds after which each telephone registers by itself; `None`: it never does.
    registers: Vec<Option<u64>>,
    /// Whether each answers OPTIONS.
    answers: Vec<bool>,
    trunk_after: Option<u64>,
    /// The first of so many calls are not heard.
    deaf_calls: usize,
    /// The first of so many askings of the page fail.
    deaf_pages: usize,
    clock: WallTime,
}

impl Office {
    fn sound(phones: usize) -> Self {
        Self {
            before: before(phones, &["carrier"]),
            registers: vec![Some(30); phones],
            answers: vec![true; phones],
            trunk_after: Some(3),
            deaf_calls: 0,
            deaf_pages: 0,
            clock: NOTED + Duration::from_secs(60),
        }
    }

    /// Plays the trial in virtual time; how it ended, and after how long.
    fn play(&self) -> (Output, Duration) {
        let mut now = Instant::ZERO;
        let mut trial = Trial::new(now, self.before.clone());
        let mut coming: Vec<(Instant, Input)> = vec![(now, Input::Clock(self.clock))];
        let at = |seconds: u64| Instant::ZERO + Duration::from_secs(seconds);
        for (phone, after) in self.before.phones.iter().zip(&self.registers) {
            coming.extend(after.map(|after| (at(after), Input::Phone(phone.clone()))));
        }
        let trunks = self.before.trunks.iter().map(|name| Input::Trunk { name: name.clone(), carries: true });
        coming.extend(self.trunk_after.into_iter().flat_map(|after| trunks.clone().map(move |up| (at(after), up))));
        let (mut calls, mut pages) = (0, 0);
        loop {
            while let Some(output) = trial.poll_output() {
                let soon = now + Duration::from_millis(700);
                match output {
                    Output::AskPhones(phones) => {
                        let all: Vec<&Phone> = self.before.phones.iter().collect();
                        for asked in phones {
                            let place = all.iter().position(|one| **one == asked).expect("of those that were there");
                            if self.answers[place] {
                                coming.push((soon, Input::Phone(asked)));
                            }
                        }
                    }
                    Output::CallLoop => {
                        calls += 1;
                        coming.push((soon, Input::Loop(calls > self.deaf_calls)));
                    }
                    Output::AskPage => {
                        pages += 1;
                        coming.push((soon, Input::Page(pages > self.deaf_pages)));
                    }
                    Output::Back(_) => {}
                    end => {
                        assert_eq!((trial.poll_output(), trial.poll_timeout()), (None, None), "nothing comes after");
                        return (end, now.since(Instant::ZERO));
                    }
                }
            }
            coming.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
            let timeout = trial.poll_timeout().expect("a trial ends");
            match coming.pop() {
                Some((at, input)) if at <= timeout => {
                    now = now.max(at);
                    trial.handle_input(now, input);
                }
                other => {
                    coming.extend(other);
                    assert!(timeout >= now && timeout <= at(300), "time goes on and ends");
                    now = timeout;
                    trial.handle_input(now, Input::Timeout);
                }
            }
        }
    }
}

#[test]
fn a_sound_office_keeps_the_slot_after_a_moment() {
    assert_eq!(Office::sound(20).play(), (Output::Keep, SHORTEST));
    assert_eq!(Office::sound(0).play(), (Output::Keep, SHORTEST));
}

#[test]
fn telephones_that_answer_nothing_are_waited_for_until_they_register() {
    let mut office = Office::sound(20);
    office.answers = vec![false; 20];
    assert_eq!(office.play(), (Output::Keep, Duration::from_secs(30)));
    office.registers = vec![Some(179); 20];
    assert_eq!(office.play(), (Output::Keep, Duration::from_secs(179)));
    office.registers = vec![Some(181); 20];
    assert_eq!(office.play(), (Output::GiveUp(Why::Phones { back: 0, wanted: 20 }), BACK_WITHIN));
}

#[test]
fn ninety_five_of_a_hundred_are_enough_and_ninety_four_are_not() {
    for (missing, kept) in [(5, true), (6, false)] {
        let mut office = Office::sound(100);
        for place in 0..missing {
            (office.answers[place], office.registers[place]) = (false, None);
        }
        let (end, _) = office.play();
        assert_eq!(end == Output::Keep, kept, "{end:?}");
    }
}

#[test]
fn a_trunk_that_stays_away_makes_the_box_go_back() {
    let mut office = Office::sound(3);
    office.trunk_after = None;
    assert_eq!(office.play(), (Output::GiveUp(Why::Trunk("carrier".to_owned())), BACK_WITHIN));
    office.trunk_after = Some(170);
    assert_eq!(office.play().0, Output::Keep);
}

#[test]
fn a_call_or_a_page_that_fails_at_first_may_succeed_later() {
    let mut office = Office::sound(3);
    (office.deaf_calls, office.deaf_pages) = (3, 5);
    let (end, after) = office.play();
    assert!(end == Output::Keep && after > SHORTEST && after < LONGEST);
    office.deaf_calls = usize::MAX;
    assert_eq!(office.play(), (Output::GiveUp(Why::Call), LONGEST));
    (office.deaf_calls, office.deaf_pages) = (0, usize::MAX);
    assert_eq!(office.play(), (Output::GiveUp(Why::Page), LONGEST));
}

#[test]
fn a_clock_of_the_past_makes_the_box_go_back() {
    let mut office = Office::sound(3);
    office.clock = WallTime(0);
    assert_eq!(office.play(), (Output::GiveUp(Why::Clock), BACK_WITHIN));
}

#[test]
fn a_telephone_on_another_port_is_the_same_but_two_are_not_one() {
    let now = Instant::ZERO;
    let wanted =
        Before { phones: [phone("anna", "10.0.0.1:5060"), phone("anna", "10.0.0.2:5060")].into(), ..Before::default() };
    let mut trial = Trial::new(now, wanted);
    trial.handle_input(now, Input::Phone(phone("anna", "10.0.0.1:5061")));
    assert_eq!(trial.back().phones, 1);
    trial.handle_input(now, Input::Phone(phone("boris", "10.0.0.9")));
    assert_eq!(trial.back().phones, 1);
    trial.handle_input(now, Input::Phone(phone("anna", "10.0.0.2:5060")));
    assert_eq!((trial.back(), trial.wanted()), (Count { phones: 2, trunks: 0 }, Count { phones: 2, trunks: 0 }));
}

#[test]
fn a_trunk_that_comes_and_goes_is_waited_for_to_the_end() {
    let mut trial = Trial::new(Instant::ZERO, before(0, &["carrier"]));
    let at = |seconds| Instant::ZERO + Duration::from_secs(seconds);
    let carries = |carries| Input::Trunk { name: "carrier".to_owned(), carries };
    for input in [Input::Clock(NOTED), Input::Loop(true), Input::Page(true), carries(true)] {
        trial.handle_input(at(3), input);
    }
    trial.handle_input(at(4), carries(false));
    trial.handle_input(at(181), Input::Timeout);
    let outputs = std::iter::from_fn(|| trial.poll_output()).collect::<Vec<_>>();
    assert!(!outputs.iter().any(|output| matches!(output, Output::Keep | Output::GiveUp(_))), "{outputs:?}");
    trial.handle_input(at(190), carries(true));
    assert!(std::iter::from_fn(|| trial.poll_output()).any(|output| output == Output::Keep));
}

#[test]
fn why_it_was_given_up_survives_its_way_over_two_systems() {
    let all = [
        Why::Trunk("Город 2".to_owned()),
        Why::Phones { back: 3, wanted: 20 },
        Why::Clock,
        Why::Call,
        Why::Page,
        Why::Silent,
        Why::NotStarted,
        Why::Asked,
        Why::Other("disk is full".to_owned()),
    ];
    for why in all {
        assert_eq!(Why::parse(&why.to_string()), why);
        assert!(!why.russian().is_empty() && !why.english().is_empty());
    }
}

proptest! {
    #[test]
    fn every_trial_ends_and_is_kept_only_when_all_is_well(
        registers in proptest::collection::vec(proptest::option::of(1..400_u64), 0..30),
        seed in any::<u64>(),
        trunk_after in proptest::option::of(0..400_u64),
        deaf_calls in 0..50_usize,
        deaf_pages in 0..50_usize,
    ) {
        let phones = registers.len();
        let answers: Vec<bool> = (0..phones).map(|at| seed >> (at % 64) & 1 == 1).collect();
        let office = Office {
            before: before(phones, &["carrier"]), registers, answers, trunk_after, deaf_calls, deaf_pages, clock: NOTED,
        };
        let back = (0..phones).filter(|at| office.answers[*at] || office.registers[*at].is_some_and(|after| after <= 180)).count();
        let (end, after) = office.play();
        prop_assert!(after <= LONGEST);
        let enough = back * 100 >= phones * 95 && trunk_after.is_some_and(|after| after <= 180);
        if end == Output::Keep {
            prop_assert!(enough && after >= SHORTEST);
        } else if enough {
            prop_assert!(deaf_calls > 20 || deaf_pages > 20, "given up for nothing: {:?}", end);
        }
    }
}
