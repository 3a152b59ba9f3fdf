use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

use super::*;
use crate::base::Rng;
use crate::desk::testing;
use crate::office::Language;
use crate::office::generated;

fn ask(office: &Arc<Office>, at: &str, change: impl Fn(&mut Question)) -> Way {
    let mut question = Question {
        number: "78126122981".to_owned(),
        from: "79211234567".to_owned(),
        at: parse_time(at, office, WallTime(0)).expect("a time"),
        ..Question::default()
    };
    change(&mut question);
    run(office, &question).expect("there is a way")
}

fn texts(items: &[&str]) -> Vec<String> {
    items.iter().map(|item| (*item).to_owned()).collect()
}

fn lines(office: &Arc<Office>, way: &Way) -> String {
    way.lines(office, Language::En).join("\n")
}

#[test]
fn key_1_in_working_hours_rings_the_reception() {
    let office = testing::example();
    let way = ask(&office, "2026-11-25 12:00", |question| question.keys = texts(&["1"]));
    assert_eq!(
        lines(&office, &way),
        "    0 s  in           call to 78126122981 from 79211234567
    0 s  hours        “Рабочее время”: yes (09:00–18:00)
    0 s  menu         plays “Приветствие”, 2 s
    2 s  menu         the caller presses 1
    2 s  reception    rings 200, 20 s: rik33+user200s0 20 s; 79211234567 20 s
   22 s  -            nobody answered: busy tone, the call is over"
    );
}

#[test]
fn silence_goes_through_the_group_to_the_night_message() {
    let office = testing::example();
    let way = ask(&office, "2026-11-25 12:00", |_| {});
    assert_eq!(
        lines(&office, &way),
        "    0 s  in           call to 78126122981 from 79211234567
    0 s  hours        “Рабочее время”: yes (09:00–18:00)
    0 s  menu         plays “Приветствие”, 2 s
    2 s  menu         the caller presses nothing, 5 s
    7 s  menu         plays “Приветствие”, 2 s
    9 s  menu         the caller presses nothing, 5 s
   14 s  all          rings group 500, 60 s: 200, 201, 202; if nobody answers, the reserve exit
   74 s  night        plays “Приветствие”, 2 s
   76 s  bye          hangs up
   76 s  -            the call is over"
    );
    assert_eq!((way.end, way.lasts), (End::HungUp(HangUpWhy::Element), Duration::from_secs(76)));
}

#[test]
fn a_holiday_is_told_in_russian() {
    let office = testing::example();
    let way = ask(&office, "2027-01-05 12:00", |question| question.from.clear());
    assert_eq!(
        way.lines(&office, Language::Ru).join("\n"),
        "    0 с  in           звонок на 78126122981, номер скрыт
    0 с  hours        «Рабочее время»: нет (выходные 2027-01-01..2027-01-08)
    0 с  night        звучит «Приветствие», 2 с
    2 с  bye          кладём трубку
    2 с  -            конец звонка"
    );
}

#[test]
fn keys_are_taken_one_by_one_and_an_empty_one_is_silence() {
    let office = testing::example();
    for keys in [&["2", "201"][..], &["2", "2", "0", "1"], &["2201"], &["", "2", "201"], &["7", "2201"]] {
        let way = ask(&office, "2026-11-25 12:00", |question| question.keys = texts(keys));
        let rung = way.steps.iter().find(|step| matches!(step.what, What::Rings { .. }));
        assert_eq!(rung.map(|step| step.element.as_str()), Some("ext"), "{keys:?}");
    }
    let way = ask(&office, "2026-11-25 12:00", |question| question.keys = texts(&["2", "20"]));
    assert!(way.outcomes.contains(&Outcome::Digits("20".to_owned())), "fewer digits come after the timeout");
    let waited: Vec<_> = way.steps.iter().filter(|step| matches!(step.what, What::Waits { .. })).collect();
    assert_eq!(waited.len(), 1);
}

#[test]
fn the_mailbox_of_who_was_dialled_ends_the_way_before_the_reserve_exit() {
    let mut office = Office::clone(&testing::example());
    office.extensions.iter_mut().filter(|one| one.number == "201").for_each(|one| one.voicemail = true);
    let office = Arc::new(office);
    let way = ask(&office, "2026-11-25 12:00", |question| question.keys = texts(&["2", "201"]));
    assert_eq!((way.end, way.steps.last().map(|step| step.element.as_str())), (End::Mailbox, Some("ext")));
    let way = ask(&office, "2026-11-25 12:00", |question| question.keys = texts(&["2", "200"]));
    assert_ne!(way.end, End::Mailbox);
}

#[test]
fn busy_and_offline_extensions_are_seen() {
    let office = testing::with(|text| {
        text.replacen(
            "{ mode = \"none\" }",
            "{ mode = \"conditional\", busy = \"201\", no_answer = \"89219876543\" }",
            1,
        )
    });
    let rings = |change: &dyn Fn(&mut Question)| {
        let way = ask(&office, "2026-11-25 12:00", |question| {
            question.keys = texts(&["1"]);
            change(question);
        });
        lines(&office, &way).lines().nth(4).unwrap_or_default().to_owned()
    };
    let busy = rings(&|question| question.busy = texts(&["200"]));
    assert_eq!(busy, "    2 s  reception    rings 200, 20 s: rik33+user200s0 busy → 201; 79211234567 20 s");
    let offline = rings(&|question| question.offline = texts(&["200"]));
    assert_eq!(
        offline,
        "    2 s  reception    rings 200, 20 s: rik33+user200s0 not registered → 79219876543; 79211234567 20 s"
    );
}

#[test]
fn a_group_without_anybody_takes_the_reserve_exit_at_once() {
    // The mobile phone of 200 can always be rung.
    let office = testing::with(|text| text.replace("members     = [\"200\", ", "members     = ["));
    let exit = |busy: &[&str], offline: &[&str]| {
        let way = ask(&office, "2026-11-25 12:00", |question| {
            (question.busy, question.offline) = (texts(busy), texts(offline));
        });
        way.steps.into_iter().find_map(|step| match step.what {
            What::RingsGroup { exit, lasts, free, .. } => Some((exit, lasts.as_secs(), free)),
            _ => None,
        })
    };
    assert_eq!(exit(&[], &["201", "202"]), Some((GroupExit::NobodyRegistered, 0, vec![])));
    assert_eq!(exit(&["201", "202"], &[]), Some((GroupExit::WaitedTooLong, 60, vec![])));
    assert_eq!(exit(&["201"], &[]), Some((GroupExit::WaitedTooLong, 60, texts(&["202"]))));
}

#[test]
fn devices_in_sequence_ring_one_after_the_other() {
    let office = testing::with(|text| text.replacen("ring            = \"parallel\"", "ring = \"sequential\"", 1));
    let way = ask(&office, "2026-11-25 12:00", |question| question.keys = texts(&["1"]));
    assert_eq!(way.lasts, Duration::from_secs(42));
}

#[test]
fn a_number_without_a_start_rings_group_500() {
    let office = testing::desk(&[], &[]);
    let way = ask(&office, "2026-11-25 12:00", |_| {});
    assert_eq!((way.end, way.steps.len(), way.lasts), (End::NoStart, 2, Duration::from_secs(60)));
}

#[test]
fn a_menu_that_leads_to_itself_is_cut() {
    let office = testing::desk(
        &["in incoming 78126122981", "menu voice_menu Главное меню"],
        &["in.next menu", "menu.timeout menu"],
    );
    let way = ask(&office, "2026-11-25 12:00", |_| {});
    assert_eq!(way.end, End::Endless);
    assert!(way.steps.len() <= LONGEST_WAY + 2);
}

#[test]
fn a_question_about_what_is_not_there_is_refused() {
    let office = testing::example();
    let question = Question { number: "+78126122981".to_owned(), ..Question::default() };
    assert!(run(&office, &question).is_ok());
    let refused = |change: &dyn Fn(&mut Question)| {
        let mut question = question.clone();
        change(&mut question);
        run(&office, &question)
    };
    assert_eq!(refused(&|q| q.number = "7812".to_owned()), Err(NoWay::NotOurNumber("7812".to_owned())));
    assert_eq!(refused(&|q| q.busy = texts(&["203"])), Err(NoWay::NoExtension("203".to_owned())));
    assert_eq!(refused(&|q| q.keys = texts(&["x"])), Err(NoWay::NoKey("x".to_owned())));
}

#[test]
fn times_are_read_on_the_clocks_of_the_office() {
    let office = testing::example();
    let noon = WallTime(1_795_597_200_000); // 2026-11-25T09:00:00Z
    for text in
        ["2026-11-25 12:00", "2026-11-25T12:00:00", "2026-11-25T12:00:00+03:00", "2026-11-25T09:00:00Z", "12:00"]
    {
        assert_eq!(parse_time(text, &office, WallTime(noon.millis() + 5_000_000)), Some(noon), "{text}");
    }
    assert_eq!(parse_time("noon", &office, noon), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_real_call_with_the_same_outcomes_visits_the_same_elements(seed in any::<u64>()) {
        let mut rng = Rng::from_seed(seed);
        let office = Arc::new(generated::office(&mut rng));
        let numbers: Vec<&str> = office.trunks.iter().flat_map(|trunk| trunk.all_numbers()).collect();
        for number in numbers {
            let at = WallTime(1_790_000_000_000 + i64::try_from(rng.below(100_000_000_000)).unwrap_or(0));
            let some = |rng: &mut Rng| -> Vec<String> {
                office.extensions.iter().filter(|_| rng.chance(1, 2)).map(|e| e.number.clone()).collect()
            };
            let (busy, offline) = (some(&mut rng), some(&mut rng));
            let keys = (0..rng.below(8)).map(|_| ["0", "1", "5", "#", "", "200", "207"][rng.below(7) as usize].to_owned()).collect();
            let question = Question { number: number.to_owned(), from: String::new(), at, keys, busy, offline };
            let way = run(&office, &question).expect("the number is ours");

            let facts = Facts { number: number.to_owned(), caller: String::new() };
            let Some((mut call, mut step)) = Executor::start(Arc::clone(&office), &facts, at) else {
                prop_assert_eq!(way.end, End::NoStart);
                continue;
            };
            // The same outcomes, at the moments that the way names.
            let mut visited = call.take_trail();
            let mut moments = after_each_outcome(&way).into_iter();
            for outcome in way.outcomes.clone() {
                let after = moments.next().expect("one moment an outcome");
                step = call.resume(outcome, at + after);
                visited.extend(call.take_trail());
            }
            let mut seen: Vec<&str> = way.steps.iter().map(|step| step.element.as_str()).collect();
            let mut visited: Vec<&str> = visited.iter().map(String::as_str).collect();
            if let (Step::HangUp { .. }, Some(last)) = (&step, way.steps.last()) {
                prop_assert!(way.end == End::Endless || last.element == call.element());
            }
            seen.dedup();
            visited.dedup();
            if way.end != End::Endless {
                prop_assert_eq!(seen, visited);
            }
        }
    }
}

/// When each outcome was there: with the last step of its element's turn over.
fn after_each_outcome(way: &Way) -> Vec<Duration> {
    let mut moments = Vec::new();
    let mut open: Option<Duration> = None;
    for step in &way.steps {
        let over = match &step.what {
            What::Plays { lasts, .. } => {
                moments.extend(open.take());
                Some(step.after + *lasts)
            }
            What::Presses { .. } => Some(step.after),
            What::Waits { lasts } => Some(step.after + *lasts),
            What::Rings { lasts, .. } | What::RingsGroup { lasts, .. } => {
                moments.extend(open.take());
                Some(step.after + *lasts)
            }
            What::Comes { .. } | What::Asks { .. } | What::HangsUp { .. } => {
                moments.extend(open.take());
                None
            }
        };
        open = over.or(open);
    }
    moments.extend(open);
    moments
}
