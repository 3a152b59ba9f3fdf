//! The routing desk: the story of the example office, hour by hour and key by key.

use dozvon::base::WallTime;
use dozvon::call::cdr::{CallOutcome, StepKind};
use dozvon::engine::Record;

use crate::outside::office;
use crate::sim::{Answer, PhoneId, World, secs};

/// A Monday's noon and its night, Moscow.
const NOON: WallTime = WallTime(1_795_424_400_000);
const NIGHT: WallTime = WallTime(1_795_464_000_000);

/// The desk of the example: hours, menu, dial-by-extension, group, night message. The greeting is 1000 Hz, the menu's wrong-key
/// file 1100 Hz, the night's message 1200 Hz, the music 1300 Hz; each lasts 2 s.
pub(crate) fn desk_office() -> String {
    let desk = r#"
[[media]]
name = "greeting"
file = "greeting.wav"
[[media]]
name = "wrong"
file = "wrong.wav"
[[media]]
name = "night"
file = "night.wav"
[[media]]
name = "music"
file = "music.wav"
[[voice_message]]
name = "hello"
media = "greeting"
[[voice_message]]
name = "closed"
media = "night"
repeat = 2
[[schedule]]
name = "work"
hours = [ { days = "mon-fri", from = "09:00", to = "18:00" } ]
[[voice_menu]]
name = "main"
greeting = "greeting"
invalid = "wrong"
timeout_seconds = 3
repeat = 2
[[element]]
id = "in"
kind = "incoming"
numbers = ["78126122981"]
[[element]]
id = "hours"
kind = "schedule"
schedule = "work"
[[element]]
id = "menu"
kind = "voice_menu"
voice_menu = "main"
[[element]]
id = "ext"
kind = "dial_extension"
prompt = "hello"
digits = 3
timeout_seconds = 4
[[element]]
id = "reception"
kind = "extension"
extension = "200"
[[element]]
id = "all"
kind = "group"
group = "500"
[[element]]
id = "night"
kind = "voice_message"
voice_message = "closed"
[[element]]
id = "bye"
kind = "hang_up"
"#;
    let links = [
        ("in.next", "hours"),
        ("hours.yes", "menu"),
        ("hours.no", "night"),
        ("night.next", "bye"),
        ("menu.1", "reception"),
        ("menu.2", "ext"),
        ("menu.timeout", "all"),
        ("ext.reserve", "all"),
        ("all.reserve", "night"),
    ];
    let links: String =
        links.iter().map(|(from, to)| format!("[[link]]\nfrom = \"{from}\"\nto = \"{to}\"\n")).collect();
    format!("{}{desk}{links}", office())
}

fn trail(world: &World) -> Vec<String> {
    let element = |record: &Record| match record {
        Record::CallStep(step) => match &step.what {
            StepKind::Element { element } => Some(element.clone()),
            _ => None,
        },
        _ => None,
    };
    world.records.iter().filter_map(element).collect()
}

fn call_in_at(seed: u64, wall: WallTime) -> (World, PhoneId, PhoneId, PhoneId) {
    let mut world = World::with_seed(seed, &desk_office(), wall);
    let carrier = world.carrier();
    let (first, second) = (world.register("rik33+user200s0"), world.register("user201s0"));
    world.call_in(carrier, "89211234567", "78126122981");
    (world, carrier, first, second)
}

#[test]
fn in_working_hours_key_1_reaches_the_reception() {
    let (mut world, carrier, reception, other) = call_in_at(40, NOON);
    world.run_for(secs(1));
    assert!(world.is_talking(carrier) && world.hears_hz(carrier, 1000), "{} no greeting", world.at());
    world.press(carrier, '1');
    world.run_for(secs(1));
    assert!(world.is_ringing(reception) && !world.is_ringing(other));
    world.clear_ears();
    world.run_for(secs(5));
    assert!(world.hears_hz(carrier, 425), "{} no ringback", world.at());
    world.answer(reception);
    world.run_for(secs(1));
    world.clear_ears();
    world.run_for(secs(3));
    assert!(world.hears(carrier, reception) && world.hears(reception, carrier));
    assert!(!world.hears_hz(carrier, 425), "{} ringback goes on", world.at());
    world.hang_up(carrier);
    world.run_for(secs(1));
    assert_eq!(trail(&world), ["in", "hours", "menu", "reception"]);
    world.assert_clean();
}

#[test]
fn without_a_key_the_greeting_comes_again_and_then_the_group_rings() {
    let (mut world, carrier, first, second) = call_in_at(41, NOON);
    world.run_for(secs(8)); // 2 s of greeting, 3 s of waiting, greeting again
    assert!(!world.is_ringing(first));
    world.run_for(secs(4));
    assert!(world.is_ringing(first) && world.is_ringing(second));
    world.answer(second);
    world.run_for(secs(3));
    assert!(world.hears(carrier, second));
    world.hang_up(second);
    world.run_for(secs(1));
    assert_eq!(trail(&world), ["in", "hours", "menu", "all"]);
    world.assert_clean();
}

#[test]
fn outside_hours_the_message_plays_twice_and_the_call_is_hung_up() {
    let (mut world, carrier, first, _) = call_in_at(42, NIGHT);
    world.run_for(secs(3));
    assert!(world.hears_hz(carrier, 1200) && world.is_talking(carrier));
    world.run_for(secs(2));
    assert!(!world.is_talking(carrier) && !world.is_ringing(first));
    assert_eq!(trail(&world), ["in", "hours", "night", "bye"]);
    assert_eq!((world.rows()[0].outcome, world.rows()[0].cause), (CallOutcome::Answered, "desk_hang_up"));
    world.assert_clean();
}

#[test]
fn a_wrong_key_is_told_and_the_menu_goes_on() {
    let (mut world, carrier, reception, _) = call_in_at(43, NOON);
    world.run_for(secs(1));
    world.press(carrier, '7');
    world.run_for(secs(1));
    assert!(world.hears_hz(carrier, 1100), "{} the wrong key is not told", world.at());
    world.clear_ears();
    world.run_for(secs(2));
    assert!(world.hears_hz(carrier, 1000), "{} the greeting does not come again", world.at());
    world.press(carrier, '1');
    world.run_for(secs(1));
    assert!(world.is_ringing(reception));
    world.hang_up(carrier);
    world.assert_clean();
}

#[test]
fn an_extension_is_dialled_and_nobody_there_leads_to_the_group() {
    let (mut world, carrier, first, second) = call_in_at(44, NOON);
    world.run_for(secs(1));
    world.press(carrier, '2');
    world.run_for(secs(1));
    for key in "201".chars() {
        world.press(carrier, key);
        world.run_for(secs(1));
    }
    assert!(world.is_ringing(second) && !world.is_ringing(first));
    world.act(second, |phone, now, index| phone.hang_up(now, index)); // refuses
    world.run_for(secs(1));
    assert!(world.is_ringing(first), "{} the reserve exit does not ring the group", world.at());
    world.answer(first);
    world.run_for(secs(1));
    world.hang_up(carrier);
    assert_eq!(trail(&world), ["in", "hours", "menu", "ext", "all"]);
    world.assert_clean();
}

#[test]
fn who_dials_an_extension_leaves_a_message_before_the_desk_goes_on() {
    let mut world = World::shaped(46, &desk_office(), |office| {
        office.extensions.iter_mut().filter(|one| one.number == "201").for_each(|one| one.voicemail = true);
    });
    world.input(dozvon::engine::Input::Mailbox { extension: "201".to_owned(), messages: Vec::new() });
    let carrier = world.carrier();
    let (first, second) = (world.register("rik33+user200s0"), world.register("user201s0"));
    world.call_in(carrier, "89211234567", "78126122981");
    world.run_for(secs(2));
    for key in "2201".chars() {
        world.press(carrier, key);
        world.run_for(secs(1));
    }
    assert!(world.is_ringing(second), "{}", world.at());
    world.act(second, |phone, now, index| phone.hang_up(now, index)); // refuses
    world.run_for(secs(10));
    assert!(!world.is_ringing(first), "{} the reserve exit was faster than his mailbox", world.at());
    world.assert_step("Mailbox", &["201"]);
    world.hang_up(carrier);
    world.assert_clean();
}

#[test]
fn a_group_where_nobody_is_registered_gives_the_caller_back_at_once() {
    let mut world = World::with_seed(45, &desk_office(), NOON);
    let carrier = world.carrier();
    world.call_in(carrier, "89211234567", "78126122981");
    world.run_for(secs(12));
    assert!(world.hears_hz(carrier, 1200), "{} the night message follows the reserve exit", world.at());
    let why = world.records.iter().find_map(|record| match record {
        Record::CallStep(step) => match &step.what {
            StepKind::GroupExit { why, .. } => Some(*why),
            _ => None,
        },
        _ => None,
    });
    assert_eq!(why, Some("nobody_registered"));
    world.run_for(secs(10));
    world.assert_clean();
}

#[test]
fn the_desks_last_extension_that_nobody_answers_ends_with_the_busy_tone() {
    let (mut world, carrier, reception, _) = call_in_at(46, NOON);
    world.will(reception, Answer::Ring);
    world.run_for(secs(1));
    world.press(carrier, '1');
    world.run_for(secs(20));
    world.clear_ears();
    world.run_for(secs(3));
    assert!(world.hears_hz(carrier, 425), "{} no busy tone", world.at());
    world.run_for(secs(3));
    assert!(!world.is_talking(carrier));
    assert_eq!(world.rows()[0].outcome, CallOutcome::NoAnswer);
    world.assert_clean();
}

#[test]
fn an_inside_caller_of_our_own_number_takes_the_desk_too() {
    let mut world = World::with_seed(47, &desk_office(), NOON);
    let _carrier = world.carrier();
    let (first, second) = (world.register("rik33+user200s0"), world.register("user201s0"));
    world.dial(second, "+78126122981");
    world.run_for(secs(1));
    assert!(world.hears_hz(second, 1000));
    world.press(second, '1');
    world.run_for(secs(1));
    assert!(world.is_ringing(first));
    world.hang_up(second);
    world.assert_clean();
}

#[test]
fn an_applied_office_leaves_calls_in_progress_on_their_desk() {
    let (mut world, carrier, reception, _) = call_in_at(48, NOON);
    world.run_for(secs(1));
    let mut rng = dozvon::base::Rng::from_seed(1);
    let other = crate::sim::read_office(&desk_office().replace("menu.1", "menu.9"), &mut rng);
    world.input(dozvon::engine::Input::Office(std::sync::Arc::new(other)));
    world.press(carrier, '1');
    world.run_for(secs(1));
    assert!(world.is_ringing(reception), "{} the call lost its desk", world.at());
    world.hang_up(carrier);
    world.assert_clean();
}
