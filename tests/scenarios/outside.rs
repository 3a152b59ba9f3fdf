//! Calls to and from the city.

use dozvon::call::cdr::{CallOutcome, StepKind};
use dozvon::engine::Record;
use dozvon::engine::live::TrunkState;
use dozvon::sip::wire::Name;

use crate::inside::SMALL;
use crate::sim::{Answer, World, secs};

pub(crate) const TRUNK: &str = r#"
[[trunk]]
name = "City"
number = "78126122981"
server = "carrier.example"
login = "78126122981"
password = "carrier-secret"
"#;

pub(crate) fn office() -> String {
    format!("{SMALL}{TRUNK}")
}

#[test]
fn the_trunk_registers_and_a_call_without_a_desk_reaches_group_500() {
    let mut world = World::new(20, &office());
    let carrier = world.carrier();
    world.run_for(secs(1));
    assert_eq!(world.trunks.get("City"), Some(&TrunkState::Registered));
    let phone = world.register("user201s0");
    world.call_in(carrier, "89211234567", "78126122981");
    assert!(world.run_until(secs(2), |world| world.is_ringing(phone)));
    let shown = world.invites(phone)[0].headers.from().unwrap();
    assert_eq!(shown.uri.user.as_deref(), Some("89211234567"), "people see what can be dialled again");
    world.answer(phone);
    world.run_for(secs(3));
    assert!(world.hears(carrier, phone) && world.hears(phone, carrier));
    world.hang_up(carrier);
    world.run_for(secs(1));
    let started =
        world.records.iter().find_map(|record| if let Record::CallStarted(s) = record { Some(s) } else { None });
    let started = started.unwrap();
    assert_eq!((started.caller.as_str(), started.called.as_str()), ("79211234567", "78126122981"));
    assert_eq!(started.trunk.as_deref(), Some("City"));
    world.assert_clean();
}

#[test]
fn a_call_out_shows_our_number_in_the_carriers_format() {
    let mut world = World::new(21, &office());
    let carrier = world.carrier();
    world.will(carrier, Answer::Early(secs(2)));
    let phone = world.register("rik33+user200s0");
    world.dial(phone, "6001122");
    world.run_for(secs(1));
    let invite = world.invites(carrier).remove(0);
    assert_eq!(invite.uri.user.as_deref(), Some("78126001122"));
    assert_eq!(invite.headers.from().unwrap().uri.user.as_deref(), Some("78126122981"));
    assert!(world.hears(phone, carrier), "{} the carrier's early sound is not heard", world.at());
    world.run_for(secs(3));
    assert!(world.is_talking(phone) && world.hears(carrier, phone));
    world.hang_up(phone);
    world.run_for(secs(1));
    assert_eq!(world.rows()[0].answered_by.as_deref(), Some("78126001122"));
    world.assert_clean();
}

#[test]
fn a_phone_without_the_right_hears_a_tone_and_is_refused() {
    let mut world = World::new(22, &office());
    let carrier = world.carrier();
    let phone = world.register("user202s0");
    world.dial(phone, "89211234567");
    world.run_for(secs(2));
    assert!(world.hears_hz(phone, 425), "{} no tone", world.at());
    world.run_for(secs(4));
    assert_eq!(world.status(phone), 403);
    assert!(world.invites(carrier).is_empty());
    assert_eq!((world.rows()[0].outcome, world.rows()[0].cause), (CallOutcome::Refused, "no_permission"));
    world.assert_clean();
}

#[test]
fn emergency_numbers_pass_without_rights_and_unchanged() {
    let mut world = World::new(23, &office());
    let carrier = world.carrier();
    world.will(carrier, Answer::After(secs(1)));
    let phone = world.register("user202s0");
    world.dial(phone, "112");
    world.run_for(secs(3));
    assert!(world.is_talking(phone));
    assert_eq!(world.invites(carrier)[0].uri.user.as_deref(), Some("112"));
    world.hang_up(phone);
    world.assert_clean();
}

#[test]
fn the_own_number_is_hidden_for_one_call() {
    let mut world = World::new(24, &office());
    let carrier = world.carrier();
    let phone = world.register("rik33+user200s0");
    world.dial(phone, "*3189211234567");
    world.run_for(secs(1));
    let invite = world.invites(carrier).remove(0);
    assert_eq!(invite.headers.from().unwrap().uri.user.as_deref(), Some("anonymous"));
    assert_eq!(invite.headers.get(&Name::Privacy), Some("id"));
    assert!(invite.headers.get(&Name::PAssertedIdentity).unwrap().contains("78126122981"));
    world.hang_up(phone);
    world.assert_clean();
}

#[test]
fn an_unknown_number_of_the_carrier_is_404_and_a_stranger_is_challenged() {
    let mut world = World::new(25, &office());
    let carrier = world.carrier();
    world.phones[carrier.0].registered_contact = None;
    world.call_in(carrier, "89211234567", "74951112233");
    world.run_for(secs(2));
    assert_eq!(world.status(carrier), 404);
    let stranger = world.add_phone("stranger");
    world.dial(stranger, "200");
    world.run_for(secs(2));
    assert_eq!(world.status(stranger), 401);
    world.assert_clean();
}

#[test]
fn a_second_trunk_takes_the_call_when_the_first_is_dead() {
    let second = TRUNK
        .replace("City", "Spare")
        .replace("78126122981", "78127770000")
        .replace("carrier.example", "second.example");
    let mut world = World::new(26, &format!("{SMALL}{TRUNK}{second}"));
    let carrier = world.carrier();
    let spare = world.add_phone("spare");
    world.phones[spare.0].sip = ([10, 9, 0, 2], 5060).into();
    world.phones[spare.0].rtp = ([10, 9, 0, 2], 6000).into();
    world.phones[spare.0].registrar = true;
    assert!(world.run_until(secs(120), |world| world.phones[spare.0].registered));
    world.will(carrier, Answer::Dead);
    let phone = world.register("rik33+user200s0");
    world.dial(phone, "89211234567");
    world.run_for(secs(7));
    let invite = world.invites(spare).remove(0);
    assert_eq!(invite.headers.from().unwrap().uri.user.as_deref(), Some("78127770000"), "the other trunk's own number");
    world.answer(spare);
    world.run_for(secs(2));
    assert!(world.is_talking(phone));
    let trunks: Vec<String> = world
        .records
        .iter()
        .filter_map(|record| match record {
            Record::CallStep(step) => match &step.what {
                StepKind::Trunk { trunk } => Some(trunk.clone()),
                _ => None,
            },
            _ => None,
        })
        .collect();
    assert_eq!(trunks, ["City", "Spare"]);
    world.hang_up(phone);
    world.assert_clean();
}

#[test]
fn a_call_to_one_of_our_own_numbers_stays_in_the_box() {
    let mut world = World::new(27, &office());
    let carrier = world.carrier();
    let (a, b) = (world.register("rik33+user200s0"), world.register("user201s0"));
    world.dial(a, "88126122981");
    world.run_for(secs(1));
    assert!(world.is_ringing(b));
    assert!(world.invites(carrier).is_empty());
    world.hang_up(a);
    world.assert_clean();
}

#[test]
fn the_carriers_refusal_reaches_the_caller() {
    let mut world = World::new(28, &office());
    let carrier = world.carrier();
    let phone = world.register("rik33+user200s0");
    for (answer, status, outcome) in [(486, 486, CallOutcome::Busy), (404, 404, CallOutcome::Failed)] {
        world.will(carrier, Answer::Refuse(answer));
        world.dial(phone, "89211234567");
        world.run_for(secs(8));
        assert_eq!(world.status(phone), status);
        assert_eq!(world.rows().last().unwrap().outcome, outcome);
    }
    world.assert_clean();
}
