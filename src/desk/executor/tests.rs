use super::*;
use crate::desk::testing;
use crate::desk::timetable::Zone;
use crate::office::Office;

const NUMBER: &str = "78126122981";

/// A moment on the clocks of Moscow.
fn moscow(text: &str) -> WallTime {
    let zone = Zone::named("Europe/Moscow").expect("compiled in");
    zone.moment(text.parse().expect("a civil time")).expect("within the calendar")
}

/// A Wednesday.
fn working_hours() -> WallTime {
    moscow("2026-11-25T12:00")
}

fn start(office: &Arc<Office>, at: WallTime) -> (Executor, Step) {
    let facts = Facts { number: NUMBER.to_owned(), caller: "79211234567".to_owned() };
    Executor::start(Arc::clone(office), &facts, at).expect("the number has a start element")
}

fn prompt(media: &str, collect: Option<(u32, u64)>) -> Step {
    let collect = collect.map(|(digits, seconds)| Collect { digits, timeout: Duration::from_secs(seconds) });
    Step::Prompt { media: media.to_owned(), repeat: 1, collect }
}

fn digits(text: &str) -> Outcome {
    Outcome::Digits(text.to_owned())
}

/// The example's menu.
fn greeting() -> Step {
    prompt("Приветствие", Some((1, 5)))
}

#[test]
fn in_working_hours_key_1_reaches_the_reception() {
    let (mut call, step) = start(&testing::example(), working_hours());
    assert_eq!(step, greeting());
    assert_eq!(call.take_trail(), ["in", "hours", "menu"]);
    let step = call.resume(digits("1"), working_hours());
    assert_eq!(step, Step::RingExtension { extension: "200".to_owned() });
    assert_eq!((call.take_trail(), call.element()), (vec!["reception".to_owned()], "reception"));
    assert_eq!(call.take_trail(), Vec::<String>::new(), "nothing has happened since");
}

#[test]
fn silence_hears_the_greeting_again_and_then_takes_the_timeout_exit() {
    let (mut call, _) = start(&testing::example(), working_hours());
    assert_eq!(call.resume(Outcome::TimedOut, working_hours()), greeting());
    assert_eq!(call.resume(Outcome::TimedOut, working_hours()), Step::RingGroup { group: "500".to_owned() });
    assert_eq!(call.element(), "all");
}

#[test]
fn outside_of_the_hours_the_message_is_heard_and_the_call_hung_up() {
    let (mut call, step) = start(&testing::example(), moscow("2026-11-25T20:00"));
    assert_eq!(step, prompt("Приветствие", None));
    assert_eq!(call.resume(Outcome::Played, working_hours()), Step::HangUp { why: HangUpWhy::Element });
    assert_eq!(call.take_trail(), ["in", "hours", "night", "bye"]);
}

#[test]
fn a_wrong_key_plays_the_second_file_and_the_greeting_again() {
    let office = testing::with(|text| text.replace("invalid         = \"\"", "invalid = \"Мелодия ожидания\""));
    let (mut call, _) = start(&office, working_hours());
    let second_file = prompt("Мелодия ожидания", None);
    assert_eq!(call.resume(digits("7"), working_hours()), second_file);
    assert_eq!(call.resume(Outcome::Played, working_hours()), greeting());
    assert_eq!(call.resume(digits("#"), working_hours()), second_file);
    let group = Step::RingGroup { group: "500".to_owned() };
    assert_eq!(call.resume(Outcome::Played, working_hours()), group, "the greeting was played twice already");
}

#[test]
fn a_wrong_key_without_a_second_file_hears_the_greeting_at_once() {
    let (mut call, _) = start(&testing::example(), working_hours());
    assert_eq!(call.resume(digits("7"), working_hours()), greeting());
    assert_eq!(call.resume(digits("7"), working_hours()), Step::RingGroup { group: "500".to_owned() });
}

#[test]
fn a_linked_key_works_at_the_last_greeting_too() {
    let (mut call, _) = start(&testing::example(), working_hours());
    call.resume(digits("9"), working_hours());
    assert_eq!(call.resume(digits("1"), working_hours()), Step::RingExtension { extension: "200".to_owned() });
}

/// A call that awaits the digits of «Донабор».
fn dialling() -> Executor {
    let (mut call, _) = start(&testing::example(), working_hours());
    assert_eq!(call.resume(digits("2"), working_hours()), prompt("Приветствие", Some((3, 5))));
    call
}

#[test]
fn dialled_digits_ring_an_extension_or_a_group_and_no_answer_takes_the_reserve_exit() {
    for (dialled, rings) in [
        ("201", Step::DialExtension { extension: "201".to_owned() }),
        ("500", Step::RingGroup { group: "500".to_owned() }),
    ] {
        let mut call = dialling();
        assert_eq!(call.resume(digits(dialled), working_hours()), rings);
        assert_eq!(call.element(), "ext");
        let outcome = if dialled == "201" { Outcome::NotAnswered } else { Outcome::Reserve(GroupExit::WaitedTooLong) };
        assert_eq!(call.resume(outcome, working_hours()), Step::RingGroup { group: "500".to_owned() });
        assert_eq!(call.element(), "all");
    }
}

#[test]
fn digits_that_mean_nothing_inside_take_the_reserve_exit() {
    for outcome in [digits("112"), digits("20"), digits("*60"), Outcome::TimedOut] {
        let mut call = dialling();
        assert_eq!(
            call.resume(outcome.clone(), working_hours()),
            Step::RingGroup { group: "500".to_owned() },
            "{outcome:?}"
        );
    }
}

#[test]
fn a_group_gives_the_call_back_by_its_reserve_exit() {
    let office = testing::desk(
        &["in incoming 78126122981", "all group 500", "again group 500", "bye hang_up"],
        &["in.next all", "all.reserve again", "again.reserve bye"],
    );
    let (mut call, step) = start(&office, working_hours());
    assert_eq!(step, Step::RingGroup { group: "500".to_owned() });
    call.resume(Outcome::Reserve(GroupExit::QueueFull), working_hours());
    assert_eq!(call.element(), "again", "two elements of one group have exits of their own");
    let step = call.resume(Outcome::Reserve(GroupExit::Empty), working_hours());
    assert_eq!(step, Step::HangUp { why: HangUpWhy::Element });
}

#[test]
fn an_output_without_a_link_hangs_up() {
    let office = testing::desk(&["in incoming 78126122981", "all group 500"], &["in.next all"]);
    let (mut call, _) = start(&office, working_hours());
    let step = call.resume(Outcome::Reserve(GroupExit::Empty), working_hours());
    assert_eq!(step, Step::HangUp { why: HangUpWhy::DeadEnd });
    assert_eq!(call.element(), "all");
}

#[test]
fn an_extension_ends_the_walk() {
    let office = testing::desk(&["in incoming 78126122981", "one extension 201"], &["in.next one"]);
    let (mut call, step) = start(&office, working_hours());
    assert_eq!(step, Step::RingExtension { extension: "201".to_owned() });
    let step = call.resume(Outcome::NotAnswered, working_hours());
    assert_eq!(step, Step::HangUp { why: HangUpWhy::DeadEnd });
}

#[test]
fn a_number_has_no_start_when_its_element_has_no_link() {
    let office = testing::desk(&["in incoming 78126122981", "all group 500"], &[]);
    let facts = |number: &str| Facts { number: number.to_owned(), caller: String::new() };
    assert!(Executor::start(Arc::clone(&office), &facts(NUMBER), working_hours()).is_none());
    assert!(Executor::start(testing::example(), &facts("78120000000"), working_hours()).is_none());
}

#[test]
fn the_timetable_is_asked_when_the_call_gets_there() {
    let office = testing::desk(
        &[
            "in incoming 78126122981",
            "hello voice_message Здравствуйте",
            "hours schedule Рабочее время",
            "all group 500",
            "bye hang_up",
        ],
        &["in.next hello", "hello.next hours", "hours.yes all", "hours.no bye"],
    );
    let (mut call, _) = start(&office, moscow("2026-11-25T17:59:50"));
    let mut late = call.clone();
    assert_eq!(
        call.resume(Outcome::Played, moscow("2026-11-25T17:59:59")),
        Step::RingGroup { group: "500".to_owned() }
    );
    let step = late.resume(Outcome::Played, moscow("2026-11-25T18:00:00"));
    assert_eq!(step, Step::HangUp { why: HangUpWhy::Element });
}

#[test]
fn the_belt_ends_a_walk_in_circles() {
    let office = testing::desk(
        &["in incoming 78126122981", "one schedule Рабочее время", "two schedule Рабочее время"],
        &["in.next one", "one.yes two", "two.yes one"],
    );
    let (mut call, step) = start(&office, working_hours());
    assert_eq!(step, Step::HangUp { why: HangUpWhy::TooManySteps });
    assert_eq!(call.take_trail().len(), limits::DESK_STEPS);
}

#[test]
fn the_belt_also_ends_circles_whose_steps_take_no_time() {
    let office = testing::desk(&["in incoming 78126122981", "all group 500"], &["in.next all", "all.reserve all"]);
    let (mut call, _) = start(&office, working_hours());
    let empty = Outcome::Reserve(GroupExit::Empty);
    let steps = (0..2000)
        .take_while(|_| call.resume(empty.clone(), working_hours()) == Step::RingGroup { group: "500".to_owned() });
    assert_eq!(steps.count(), limits::DESK_STEPS - 2);
    let (mut patient, _) = start(&office, working_hours());
    for second in 0..2000 {
        let at = working_hours() + Duration::from_secs(60 * second);
        assert_eq!(
            patient.resume(empty.clone(), at),
            Step::RingGroup { group: "500".to_owned() },
            "waiting is no circle"
        );
    }
}
