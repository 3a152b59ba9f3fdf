//! What employees do on the telephone, with telephones of three makers: giving calls on, parking, picking up, watching lamps, forwarding.

use std::time::Duration;

use serde_json::Value;

use crate::baresip::{Phone, Taste};
use crate::carrier::Ways;
use crate::exchange::Exchange;
use crate::linphone::Softphone;
use crate::process::wait_for;
use crate::sipp::{Part, Sipp};
use crate::story::{ACCOUNTS, Hours, RECEPTION, STORE, office, phone, talk, with_carrier, without_carrier};
use crate::wav;

fn manual() -> Taste {
    Taste { answer: "manual", ..Taste::default() }
}

/// Reception (500 Hz) has called accounts (700 Hz), and both talk; the store (900 Hz) answers by itself.
fn talking(name: &str) -> (Exchange, Phone, Phone, Phone) {
    let exchange = without_carrier(name);
    let reception = phone(&exchange, RECEPTION, 500, Taste::default());
    let accounts = phone(&exchange, ACCOUNTS, 700, Taste::default());
    let store = phone(&exchange, STORE, 900, Taste::default());
    reception.dial("201");
    talk((&reception, 500), (&accounts, 700));
    (exchange, reception, accounts, store)
}

fn kinds(exchange: &Exchange, row: &Value) -> Vec<String> {
    let steps = exchange.steps(row);
    steps.iter().filter_map(|step| step["kind"].as_str().map(str::to_owned)).collect()
}

/// The finished rows, once there are so many.
fn rows(exchange: &Exchange, count: usize) -> Vec<Value> {
    let finished = || exchange.history().iter().filter(|row| !row["ended_at"].is_null()).count() == count;
    wait_for(&format!("{count} finished rows"), Duration::from_secs(10), finished);
    exchange.history()
}

#[test]
fn baresip_gives_a_caller_on_by_refer() {
    let (exchange, reception, accounts, store) = talking("transfer");
    accounts.hold();
    accounts.transfer(&exchange, "202");
    talk((&reception, 500), (&store, 900));
    accounts.wait_for_word("terminated (duration", 1);
    reception.hang_up();
    store.wait_until_over();
    let row = &rows(&exchange, 1)[0];
    assert_eq!(row["outcome"], "answered", "{row}");
    assert!(kinds(&exchange, row).contains(&"transferred".to_owned()), "{:?}", exchange.steps(row));
}

#[test]
fn linphone_gives_a_caller_on_by_refer() {
    let exchange = without_carrier("linphone-transfer");
    let (login, password) = ACCOUNTS;
    let reception = phone(&exchange, RECEPTION, 500, Taste::default());
    let store = phone(&exchange, STORE, 900, Taste::default());
    let mut linphone = Softphone::start(&exchange, login, password, "PCMA", 700);
    linphone.dial(&exchange, "200");
    reception.wait_to_hear(700);
    linphone.transfer(&exchange, "202");
    talk((&reception, 500), (&store, 900));
    store.hang_up();
    reception.wait_until_over();
    let row = &rows(&exchange, 1)[0];
    assert!(kinds(&exchange, row).contains(&"transferred".to_owned()), "{:?}", exchange.steps(row));
}

#[test]
fn keys_give_a_caller_on() {
    let (exchange, reception, accounts, store) = talking("keys-blind");
    accounts.press("##202");
    accounts.wait_until_over();
    talk((&reception, 500), (&store, 900));
    store.hang_up();
    reception.wait_until_over();
    assert_eq!(rows(&exchange, 1)[0]["outcome"], "answered");
}

#[test]
fn by_keys_the_third_is_asked_and_then_both_are_joined() {
    let (exchange, reception, accounts, store) = talking("keys-attended");
    accounts.press("*2202");
    talk((&accounts, 700), (&store, 900));
    let listening = reception.listen();
    std::thread::sleep(Duration::from_millis(2500));
    assert!(listening.blocks_of(700) + listening.blocks_of(900) <= 10, "who waits hears the others");
    accounts.press("*2");
    talk((&reception, 500), (&store, 900));
    accounts.wait_until_over();
    reception.hang_up();
    store.wait_until_over();
    let rows = rows(&exchange, 2);
    assert!(rows.iter().any(|row| row["cause"] == "transferred"), "{rows:?}");
}

#[test]
fn sipp_joins_two_calls_by_refer_with_replaces() {
    let exchange = without_carrier("attended");
    let accounts = phone(&exchange, ACCOUNTS, 700, Taste::default());
    let store = phone(&exchange, STORE, 900, Taste::default());
    let (login, password) = RECEPTION;
    let part = Part { service: login, login, password, ..Part::default() };
    let sipp = Sipp::start("phone_transfers_attended", exchange.sip, part);
    let messages = sipp.succeeds();
    assert!(messages.contains("message/sipfrag") && messages.contains("\nSIP/2.0 200 OK\r\n"), "{messages}");
    talk((&accounts, 700), (&store, 900));
    store.hang_up();
    accounts.wait_until_over();
    let rows = rows(&exchange, 2);
    assert!(rows.iter().any(|row| row["cause"] == "transferred"), "{rows:?}");
}

#[test]
fn a_call_is_parked_by_keys_and_taken_by_dialling_its_place() {
    let (exchange, reception, accounts, store) = talking("parking");
    accounts.press("*5");
    accounts.wait_until_over();
    let parked = |call: &Value| call["state"] == "parked";
    wait_for("a parked call", Duration::from_secs(10), || exchange.calls().iter().any(parked));
    store.dial("701");
    talk((&reception, 500), (&store, 900));
    store.hang_up();
    reception.wait_until_over();
    let row = &rows(&exchange, 1)[0];
    let kinds = kinds(&exchange, row);
    assert!(["parked", "picked_up"].iter().all(|kind| kinds.iter().any(|own| own == kind)), "{kinds:?}");
}

#[test]
fn a_call_that_rings_at_a_colleague_is_picked_up_by_code() {
    let exchange = without_carrier("pickup");
    let reception = phone(&exchange, RECEPTION, 500, Taste::default());
    let accounts = phone(&exchange, ACCOUNTS, 700, manual());
    let store = phone(&exchange, STORE, 900, Taste::default());
    reception.dial("201");
    accounts.wait_until_rung();
    store.dial("*8");
    talk((&reception, 500), (&store, 900));
    accounts.wait_for_word("Call completed elsewhere", 1);
    store.hang_up();
    reception.wait_until_over();
    let row = &rows(&exchange, 1)[0];
    assert_eq!(row["answered_by"], "202", "{row}");
}

#[test]
fn a_lamp_tells_of_a_colleagues_call_from_ring_to_end() {
    let exchange = without_carrier("lamp");
    let accounts = phone(&exchange, ACCOUNTS, 700, manual());
    let store = phone(&exchange, STORE, 900, Taste::default());
    let (login, password) = RECEPTION;
    let part = Part { service: login, login, password, ..Part::default() };
    let lamp = Sipp::start("phone_watches", exchange.sip, part);
    lamp.wait_for_word("<state>terminated");
    store.dial("201");
    lamp.wait_for_word("<state>early");
    accounts.accept();
    lamp.wait_for_word("<state>confirmed");
    store.hang_up();
    let messages = lamp.succeeds();
    assert!(messages.contains("sip:202@"), "the remote party is not told: {messages}");
}

#[test]
fn a_call_is_picked_up_from_a_lamp() {
    let exchange = without_carrier("lamp-pickup");
    let accounts = phone(&exchange, ACCOUNTS, 700, manual());
    let store = phone(&exchange, STORE, 900, Taste::default());
    let (login, password) = RECEPTION;
    let part = Part { service: login, login, password, ..Part::default() };
    let lamp = Sipp::start("phone_picks_up_from_a_lamp", exchange.sip, part);
    lamp.wait_for_word("<state>terminated");
    store.dial("201");
    // SIPp sends back what it gets
    store.wait_to_hear(900);
    accounts.wait_until_over();
    store.hang_up();
    let _ = lamp.succeeds();
    let row = &rows(&exchange, 1)[0];
    assert_eq!(row["answered_by"], "200", "{row}");
}

#[test]
fn a_call_that_is_forwarded_to_a_mobile_leaves_by_the_carrier_with_diversion() {
    let (carrier, exchange) = with_carrier("forward", Hours::Open, Ways::default());
    let office = office(&carrier.sip.to_string(), Hours::Open)
        .replace(
            "employee = \"Бухгалтерия\"",
            "employee = \"Бухгалтерия\"\npermissions = [\"internal\", \"mobile_national\"]",
        )
        .replace("    = \"user201s0\"", "= \"user201s0\"\n  forward = { mode = \"always\", to = \"89210001122\" }");
    exchange.apply(&office);
    let store = phone(&exchange, STORE, 900, Taste::default());
    let part = Part { port: Some(carrier.city.port()), ..Part::default() };
    let city = Sipp::start("city_is_forwarded_to", carrier.sip, part);
    city.wait_until_ready();
    store.dial("201");
    // SIPp sends back what it gets
    store.wait_to_hear(900);
    store.hang_up();
    let _ = city.succeeds();
    let row = &rows(&exchange, 1)[0];
    assert_eq!((&row["caller"], &row["called"]), (&"202".into(), &"201".into()), "{row}");
    assert!(kinds(&exchange, row).contains(&"diverted".to_owned()), "{:?}", exchange.steps(row));
}

#[test]
fn a_message_is_left_listed_and_heard_by_telephone() {
    let exchange = Exchange::prepare("mailbox");
    let text = office("127.0.0.1:9", Hours::Open);
    exchange.apply(&text.replace("employee = \"Бухгалтерия\"", "employee = \"Бухгалтерия\"\nvoicemail = true"));
    let mut exchange = exchange;
    exchange.begin();
    let reception = phone(&exchange, RECEPTION, 500, Taste::default());
    reception.dial("201"); // nobody is registered there
    reception.wait_until_talking();
    let begun = || exchange.data().join("recordings/voicemail").is_dir();
    wait_for("the message to begin", Duration::from_secs(30), begun);
    std::thread::sleep(Duration::from_secs(4));
    reception.hang_up();
    let listed = || exchange.get("/api/v1/voicemail?extension=201")["items"].as_array().unwrap().clone();
    wait_for("the message", Duration::from_secs(10), || listed().len() == 1);
    let message = &listed()[0];
    assert_eq!((&message["caller"], &message["heard"]), (&"200".into(), &false.into()), "{message}");
    assert!(message["duration_ms"].as_u64().is_some_and(|ms| (2_000..8_000).contains(&ms)), "{message}");
    let kept = wav::mono(&exchange.data().join("recordings/voicemail"));
    assert!(wav::blocks(&kept, 500) > 50, "{} blocks of {}", wav::blocks(&kept, 500), kept.len() / 160);

    let accounts = phone(&exchange, ACCOUNTS, 700, Taste::default());
    accounts.dial("*97");
    accounts.wait_to_hear(500);
    wait_for("the message to be an old one", Duration::from_secs(10), || listed()[0]["heard"] == true);
    accounts.hang_up();
}
