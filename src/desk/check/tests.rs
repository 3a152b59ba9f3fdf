use proptest::prelude::{ProptestConfig, any, prop_assert, proptest};

use super::*;
use crate::base::{Duration, Rng, WallTime};
use crate::desk::executor::{Executor, Facts, GroupExit, HangUpWhy, Outcome, Step};
use crate::desk::testing;
use crate::office::generated;

fn told(office: &Office) -> Vec<String> {
    check(office).iter().map(ToString::to_string).collect()
}

#[test]
fn the_example_desk_is_in_order() {
    assert_eq!(check(&testing::example()), []);
}

#[test]
fn a_loop_of_timetables_is_an_error_that_names_its_elements() {
    let office = testing::desk(
        &["in incoming 78126122981", "one schedule Рабочее время", "two schedule Рабочее время", "bye hang_up"],
        &["in.next one", "one.yes bye", "one.no two", "two.yes bye", "two.no one"],
    );
    let problems = check(&office);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].severity, Severity::Error);
    assert_eq!(problems[0].to_string(), "element one: loop without a wait: one → two → one");
    assert_eq!(problems[0].text(Language::Ru), "элемент one: звонок ходит по кругу без ожидания: one → two → one");
}

#[test]
fn a_loop_with_a_prompt_in_it_waits() {
    let office = testing::desk(
        &[
            "in incoming 78126122981",
            "hours schedule Рабочее время",
            "night voice_message Здравствуйте",
            "all group 500",
        ],
        &["in.next hours", "hours.yes all", "hours.no night", "night.next hours", "all.reserve night"],
    );
    assert_eq!(check(&office), []);
}

#[test]
fn a_menu_may_lead_back_to_itself() {
    let office = testing::desk(
        &["in incoming 78126122981", "menu voice_menu Главное меню"],
        &["in.next menu", "menu.timeout menu"],
    );
    assert_eq!(check(&office), []);
}

#[test]
fn a_circle_of_groups_does_not_wait_since_nobody_may_be_registered() {
    let office = testing::desk(&["in incoming 78126122981", "all group 500"], &["in.next all", "all.reserve all"]);
    assert_eq!(told(&office), ["element all: loop without a wait: all → all"]);
}

#[test]
fn unreachable_elements_and_dead_ends_are_warnings() {
    let office = testing::desk(
        &[
            "in incoming 78126122981",
            "hours schedule Рабочее время",
            "menu voice_menu Главное меню",
            "lost voice_message Здравствуйте",
            "bye hang_up",
            "aside extension 200",
        ],
        &["in.next hours", "hours.yes menu", "lost.next bye"],
    );
    let expected = [
        "element hours: output \"no\" leads nowhere; the call is hung up there",
        "element menu: output \"timeout\" leads nowhere; the call is hung up there",
        "element lost: no call reaches it",
        "element bye: no call reaches it",
    ];
    assert_eq!(told(&office), expected, "an element without any link takes no part");
    assert!(check(&office).iter().all(|problem| problem.severity == Severity::Warning));
}

#[test]
fn a_number_in_no_start_element_is_told() {
    let expected = ["number 78126122981 is in no incoming call element; its calls go to group 500"];
    assert_eq!(told(&testing::desk(&[], &[])), expected);
    let unlinked = testing::desk(&["in incoming 78126122981"], &[]);
    assert_eq!(told(&unlinked), expected, "an element without a link takes no part");
}

#[test]
fn a_chain_of_a_hundred_thousand_elements_is_judged() {
    let mut office =
        (*testing::desk(&["in incoming 78126122981", "one schedule Рабочее время"], &["in.next one"])).clone();
    let template = office.desk.elements[1].clone();
    office.desk.elements[1].links.insert(Out::Yes, "e0".to_owned());
    for nth in 0..100_000 {
        let next = if nth == 99_999 { "one".to_owned() } else { format!("e{}", nth + 1) };
        let links = HashMap::from([(Out::Yes, next)]);
        office.desk.elements.push(Element { id: format!("e{nth}"), links, ..template.clone() });
    }
    let loops = check(&office).into_iter().filter(|problem| problem.severity == Severity::Error);
    assert_eq!(loops.count(), 1);
}

/// Whether a call that meets the worst at once, at each moment of a week, ever walks in circles.
fn walks_in_circles(office: &std::sync::Arc<Office>, number: &str) -> bool {
    (0..7 * 24).any(|hour| {
        let at = WallTime(1_790_000_000_000) + Duration::from_secs(3600 * hour);
        let facts = Facts { number: number.to_owned(), caller: String::new() };
        let Some((mut call, mut step)) = Executor::start(std::sync::Arc::clone(office), &facts, at) else {
            return false;
        };
        while matches!(step, Step::RingGroup { .. }) {
            step = call.resume(Outcome::Reserve(GroupExit::NobodyRegistered), at);
        }
        step == Step::HangUp { why: HangUpWhy::TooManySteps }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_desk_without_errors_is_never_walked_in_circles(seed in any::<u64>()) {
        let office = std::sync::Arc::new(generated::office(&mut Rng::from_seed(seed)));
        let has_loop = check(&office).iter().any(|problem| problem.severity == Severity::Error);
        for number in office.trunks.iter().flat_map(|trunk| trunk.all_numbers()) {
            prop_assert!(has_loop || !walks_in_circles(&office, number));
        }
    }
}
