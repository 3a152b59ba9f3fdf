//! The story of the example office, played by real phones and a real carrier: config/office.example.toml as it ships, with the ports
//! of the test, sounds made for it, and a timetable that is open, or closed, whenever the test runs.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::baresip::{Phone, Taste};
use crate::carrier::{Carrier, Ways};
use crate::exchange::Exchange;
use crate::linphone::Softphone;
use crate::process::wait_for;
use crate::sipp::{Part, Sipp, play};
use crate::wav;

/// The office's city number, which is its login at the carrier as well.
pub(crate) const NUMBER: &str = "78126122981";
const CARRIER_PASSWORD: &str = "carrier-secret";
/// Somebody in the city.
const CALLER: &str = "79211112233";
/// The tone of greeting.ogg.
const GREETING: u16 = 620;
/// What every Russian exchange sounds: ringback, busy, refusal.
const TONE: u16 = 425;

pub(crate) const RECEPTION: (&str, &str) = ("rik33+user200s0", "phone-secret-200");
pub(crate) const ACCOUNTS: (&str, &str) = ("user201s0", "phone-secret-201");
pub(crate) const STORE: (&str, &str) = ("user202s0", "phone-secret-202");

#[derive(Clone, Copy)]
pub(crate) enum Hours {
    Open,
    Closed,
}

/// The example with the carrier of the test.
pub(crate) fn office(carrier: &str, hours: Hours) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/office.example.toml");
    let text = fs::read_to_string(path).unwrap();
    let (open, closed) = match hours {
        Hours::Open => ("days = \"mon-sun\", from = \"00:00\", to = \"24:00\"", "closed = []"),
        Hours::Closed => ("days = \"mon\", from = \"09:00\", to = \"18:00\"", "closed = [\"2020-01-01..2099-12-31\"]"),
    };
    let week =
        "days = \"mon-fri\", from = \"09:00\", to = \"18:00\" }, { days = \"sat\", from = \"10:00\", to = \"15:00\"";
    let changes = [
        ("127.0.0.1:5080", carrier),
        (week, open),
        ("closed = [\"2027-01-01..2027-01-08\"]", closed),
        ("except = [ { date = \"2026-12-31\", from = \"09:00\", to = \"15:00\" } ]", "except = []"),
    ];
    changes.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "the example office no longer holds {from}");
        text.replace(from, to)
    })
}

/// An exchange whose carrier nobody needs.
pub(crate) fn without_carrier(name: &str) -> Exchange {
    Exchange::start(name, &office("127.0.0.1:9", Hours::Open))
}

/// An exchange that is registered at a carrier.
pub(crate) fn with_carrier(name: &str, hours: Hours, ways: Ways) -> (Carrier, Exchange) {
    let carrier = Carrier::start(NUMBER, CARRIER_PASSWORD, ways);
    let office = office(&carrier.sip.to_string(), hours);
    let office = office.replace("transport      = \"udp\"", &format!("transport = \"{}\"", ways.transport));
    let exchange = Exchange::start(name, &office);
    exchange.wait_for_trunk();
    (carrier, exchange)
}

pub(crate) fn phone(exchange: &Exchange, (login, password): (&str, &str), voice: u16, taste: Taste) -> Phone {
    Phone::start(exchange, login, password, Taste { voice, ..taste })
}

fn caller(carrier: &Carrier) -> Phone {
    let taste = Taste { voice: 1000, answer: "manual", ..Taste::default() };
    Phone::in_the_city(carrier.sip, carrier.city.port(), CALLER, taste)
}

/// Each hears the other.
pub(crate) fn talk(one: (&Phone, u16), other: (&Phone, u16)) {
    one.0.wait_to_hear(other.1);
    other.0.wait_to_hear(one.1);
}

fn elements(exchange: &Exchange, row: &Value) -> Vec<String> {
    let steps = exchange.steps(row);
    steps.iter().filter_map(|step| step["element"].as_str().map(str::to_owned)).collect()
}

#[test]
fn two_phones_hear_each_other_and_the_history_says_who_talked() {
    let exchange = without_carrier("inside");
    let one = phone(&exchange, RECEPTION, 500, Taste::default());
    let other = phone(&exchange, ACCOUNTS, 1000, Taste::default());
    one.dial("201");
    talk((&one, 500), (&other, 1000));
    assert_eq!(exchange.calls().len(), 1);
    one.hang_up();
    other.wait_until_over();

    let row = exchange.last_call();
    assert_eq!(row["direction"], "internal", "{row}");
    assert_eq!(
        (&row["caller"], &row["called"], &row["answered_by"]),
        (&"200".into(), &"201".into(), &"201".into()),
        "{row}"
    );
    assert_eq!(row["outcome"], "answered", "{row}");
    assert!(row["talk_ms"].as_u64().unwrap() > 300, "{row}");
    assert!(exchange.calls().is_empty());
}

#[test]
fn phones_without_a_common_format_talk_over_tcp_and_udp() {
    let exchange = without_carrier("formats");
    let one = phone(&exchange, RECEPTION, 500, Taste { codecs: "pcma", transport: "tcp", ..Taste::default() });
    let other = phone(&exchange, ACCOUNTS, 1000, Taste { codecs: "pcmu", ..Taste::default() });
    one.dial("201");
    talk((&one, 500), (&other, 1000));
    other.hang_up();
    one.wait_until_over();
    assert_eq!(exchange.last_call()["outcome"], "answered");
}

#[test]
fn wideband_phones_talk_with_those_that_have_none() {
    let exchange = without_carrier("wideband");
    for (hd, plain) in [("G722/16000/1", "pcma"), ("opus/48000/2", "pcmu")] {
        let one = phone(&exchange, RECEPTION, 500, Taste { codecs: hd, ..Taste::default() });
        let other = phone(&exchange, ACCOUNTS, 1000, Taste { codecs: plain, ..Taste::default() });
        one.dial("201");
        talk((&one, 500), (&other, 1000));
        other.hang_up();
        one.wait_until_over();
        let row = exchange.last_call();
        assert_eq!(row["outcome"], "answered", "{row}");
    }
}

#[test]
fn linphone_talks_in_every_format_with_a_phone_that_has_pcma_only() {
    let exchange = without_carrier("linphone");
    let reception = phone(&exchange, RECEPTION, 500, Taste { codecs: "pcma", ..Taste::default() });
    for (nth, codec) in ["opus", "G722", "PCMA", "PCMU"].into_iter().enumerate() {
        let (login, password) = ACCOUNTS;
        let mut linphone = Softphone::start(&exchange, login, password, codec, 1000);
        linphone.dial(&exchange, "200");
        // linphone tells what it heard when the call is over: long enough that it heard something
        (0..3).for_each(|_| reception.wait_to_hear(1000));
        linphone.hang_up();
        reception.wait_for_word("session closed", nth + 1);
        linphone.wait_to_hear(500);
    }
}

#[test]
fn phones_with_srtp_talk_with_each_other_and_with_those_that_have_none() {
    let exchange = without_carrier("srtp");
    for (one_way, other_way) in [("srtp-mand", ""), ("", "srtp"), ("", "srtp-mand"), ("srtp-mand", "srtp-mand")] {
        let one = phone(&exchange, RECEPTION, 500, Taste { security: one_way, ..Taste::default() });
        let other = phone(&exchange, ACCOUNTS, 1000, Taste { security: other_way, ..Taste::default() });
        one.dial("201");
        talk((&one, 500), (&other, 1000));
        let protected = |phone: &Phone| phone.log().contains("SRTP is Enabled");
        assert_eq!((protected(&one), protected(&other)), (!one_way.is_empty(), !other_way.is_empty()));
        other.hang_up();
        one.wait_until_over();
    }
}

#[test]
fn a_device_that_must_not_use_srtp_is_refused_and_one_that_must_is_not_called_in_clear() {
    for (srtp, security, goes) in
        [("off", "srtp-mand", false), ("required", "", false), ("required", "srtp-mand", true)]
    {
        let office = office("127.0.0.1:9", Hours::Open);
        let office = office.replace("  srtp         = \"optional\"", &format!("  srtp = \"{srtp}\""));
        let exchange = Exchange::start("srtp-policy", &office);
        let one = phone(&exchange, RECEPTION, 500, Taste { security, ..Taste::default() });
        let other = phone(&exchange, ACCOUNTS, 1000, Taste::default());
        one.dial("201");
        if goes {
            talk((&one, 500), (&other, 1000));
        } else {
            one.wait_until_over();
            assert!(!other.log().contains("Incoming call"), "{srtp} {security:?}");
        }
    }
}

#[test]
fn a_caller_whom_the_desk_took_is_asked_to_speak_as_the_one_who_answers() {
    let exchange = without_carrier("follow");
    let reception = phone(&exchange, RECEPTION, 500, Taste { codecs: "G722/16000/1", ..Taste::default() });
    let caller = phone(&exchange, ACCOUNTS, 1000, Taste { codecs: "pcma,G722/16000/1", ..Taste::default() });
    caller.dial(NUMBER);
    caller.wait_to_hear(GREETING);
    caller.press("1");
    let again = "Set audio decoder: G722";
    wait_for("the caller to speak G.722", Duration::from_secs(20), || caller.log().contains(again));
    reception.wait_to_hear(1000);
    caller.hang_up();
    reception.wait_until_over();
    assert_eq!(exchange.last_call()["outcome"], "answered");
}

#[test]
fn a_recorded_talk_is_kept_with_a_side_each() {
    let exchange = without_carrier("recorded");
    let one = phone(&exchange, RECEPTION, 500, Taste { codecs: "opus/48000/2", ..Taste::default() });
    let other = phone(&exchange, ACCOUNTS, 1000, Taste::default());
    one.dial("201");
    talk((&one, 500), (&other, 1000));
    one.hang_up();
    other.wait_until_over();
    let row = exchange.last_call();
    assert_eq!(row["recordings"].as_array().map(Vec::len), Some(1), "{row}");
    let finished = || exchange.get("/api/v1/recordings")["items"][0]["ended_at"].is_string();
    wait_for("the recording to be finished", Duration::from_secs(10), finished);
    let [left, right] = wav::sides(&exchange.data().join("recordings"));
    assert!(wav::blocks(&left, 500) > 20 && wav::blocks(&left, 1000) == 0, "the caller on the left");
    assert!(wav::blocks(&right, 1000) > 20 && wav::blocks(&right, 500) == 0, "the answering side on the right");
}

#[test]
fn three_phones_of_three_formats_hear_each_other_in_a_conference() {
    let exchange = without_carrier("conference");
    let seats = [(RECEPTION, 500, "pcma"), (ACCOUNTS, 1000, "G722/16000/1"), (STORE, 1600, "opus/48000/2")];
    let phones = seats.map(|(account, voice, codecs)| {
        let phone = phone(&exchange, account, voice, Taste { codecs, ..Taste::default() });
        phone.dial("800");
        phone.wait_until_talking();
        phone.press("4711#");
        phone
    });
    for (listener, (_, own, _)) in phones.iter().zip(seats) {
        for (_, voice, _) in seats.into_iter().filter(|(_, voice, _)| *voice != own) {
            listener.wait_to_hear_beside(voice);
        }
    }
    let [first, second, third] = &phones;
    first.hang_up();
    talk((second, 1000), (third, 1600));
}

#[test]
fn a_held_party_hears_nobody_until_it_is_taken_back() {
    let exchange = without_carrier("hold");
    let accounts = phone(&exchange, ACCOUNTS, 1000, Taste { codecs: "pcmu", ..Taste::default() });
    let (login, password) = RECEPTION;
    // SIPp sends back what it gets: 201 hears itself while each hears the other
    let holder = Sipp::start("phone_holds", exchange.sip, Part { service: login, login, password, ..Part::default() });
    accounts.wait_to_hear(1000);
    for _ in 0..2 {
        let held = |call: &Value| call["state"] == "held";
        wait_for("a held call", Duration::from_secs(10), || exchange.calls().iter().any(held));
        let listening = accounts.listen();
        std::thread::sleep(Duration::from_millis(2500));
        let heard = listening.blocks_of(1000);
        assert!(heard <= 10, "the holding side was heard for {heard} blocks");
        accounts.wait_to_hear(1000);
    }
    let _ = holder.succeeds();
    let row = exchange.last_call();
    let holds: Vec<Value> =
        exchange.steps(&row).iter().filter(|step| step["kind"] == "hold").map(|step| step["on"].clone()).collect();
    assert_eq!(holds, [true, false, true, false], "{row}");
}

#[test]
fn in_working_hours_the_key_one_reaches_the_reception() {
    let (carrier, exchange) = with_carrier("menu-events", Hours::Open, Ways::default());
    let reception = phone(&exchange, RECEPTION, 500, Taste::default());
    let city = caller(&carrier);
    city.dial(&format!("sip:{NUMBER}@{}", carrier.sip));
    city.wait_to_hear(GREETING);
    // as an RTP event (RFC 4733), into the greeting
    city.press("1");
    talk((&city, 1000), (&reception, 500));
    city.hang_up();
    reception.wait_until_over();
    let row = exchange.last_call();
    assert_eq!(row["direction"], "inbound", "{row}");
    assert_eq!(
        (&row["caller"], &row["called"], &row["answered_by"]),
        (&CALLER.into(), &NUMBER.into(), &"200".into()),
        "{row}"
    );
    assert_eq!(elements(&exchange, &row), ["in", "hours", "menu", "reception"], "{row}");
}

/// A caller who is SIPp presses 1 in the way of this scenario.
fn presses_one(name: &str, scenario: &str, ways: Ways) {
    let (carrier, exchange) = with_carrier(name, Hours::Open, ways);
    let reception = phone(&exchange, RECEPTION, 500, Taste::default());
    let part = Part { service: NUMBER, port: Some(carrier.city.port()), sound: "1", ..Part::default() };
    let city = Sipp::start(scenario, carrier.sip, part);
    reception.wait_until_talking();
    reception.hang_up();
    let _ = city.succeeds();
    let row = exchange.last_call();
    assert_eq!(elements(&exchange, &row), ["in", "hours", "menu", "reception"], "{row}");
}

#[test]
fn the_key_by_info_reaches_the_reception_behind_a_carrier_that_challenges_with_407() {
    presses_one("menu-info", "city_presses_by_info", Ways { challenge: 407, ..Ways::default() });
}

#[test]
fn the_key_as_sound_reaches_the_reception_behind_a_carrier_with_sha_256() {
    presses_one("menu-sound", "city_presses_as_sound", Ways { digest: "SHA-256", ..Ways::default() });
}

#[test]
fn who_presses_nothing_rings_the_group_and_the_first_to_answer_has_the_call() {
    let (carrier, exchange) = with_carrier("group", Hours::Open, Ways::default());
    let ringing = || Taste { answer: "manual", ..Taste::default() };
    let phones = [
        phone(&exchange, RECEPTION, 500, ringing()),
        phone(&exchange, ACCOUNTS, 700, ringing()),
        phone(&exchange, STORE, 900, ringing()),
    ];
    let city = caller(&carrier);
    city.dial(&format!("sip:{NUMBER}@{}", carrier.sip));
    for phone in &phones {
        phone.wait_until_rung();
    }
    let [reception, accounts, store] = &phones;
    store.accept();
    talk((&city, 1000), (store, 900));
    reception.wait_until_over();
    accounts.wait_until_over();
    store.hang_up();
    city.wait_until_over();

    let row = exchange.last_call();
    assert_eq!((&row["answered_by"], &row["outcome"]), (&"202".into(), &"answered".into()), "{row}");
    assert_eq!(elements(&exchange, &row), ["in", "hours", "menu", "all"], "{row}");
    let steps = exchange.steps(&row);
    let rung: Vec<&str> =
        steps.iter().filter(|step| step["kind"] == "rung").filter_map(|step| step["who"].as_str()).collect();
    assert!(["200", "201", "202"].iter().all(|who| rung.contains(who)), "{rung:?}");
}

#[test]
fn outside_hours_the_caller_hears_the_message_and_is_hung_up() {
    let (carrier, exchange) = with_carrier("night", Hours::Closed, Ways { transport: "tcp", ..Ways::default() });
    let city = caller(&carrier);
    city.dial(&format!("sip:{NUMBER}@{}", carrier.sip));
    city.wait_to_hear(GREETING);
    city.wait_until_over();
    let row = exchange.last_call();
    assert_eq!(elements(&exchange, &row), ["in", "hours", "night", "bye"], "{row}");
    assert_eq!((&row["outcome"], &row["answered_by"]), (&"answered".into(), &Value::Null), "{row}");
}

#[test]
fn a_call_out_shows_the_city_number_and_both_sides_are_heard() {
    let (carrier, exchange) = with_carrier("out", Hours::Open, Ways::default());
    let reception = phone(&exchange, RECEPTION, 500, Taste::default());
    let part = Part { port: Some(carrier.city.port()), ..Part::default() };
    let city = Sipp::start("city_answers", carrier.sip, part);
    city.wait_until_ready();
    reception.dial("88123334455");
    // SIPp sends back what it gets
    reception.wait_to_hear(500);
    reception.hang_up();
    let _ = city.succeeds();
    let row = exchange.last_call();
    assert_eq!((&row["direction"], &row["outcome"]), (&"outbound".into(), &"answered".into()), "{row}");
    assert_eq!((&row["caller"], &row["called"]), (&"200".into(), &"78123334455".into()), "{row}");
}

#[test]
fn an_extension_with_inside_calls_only_is_refused_with_a_tone_and_a_row() {
    let (carrier, exchange) = with_carrier("refused", Hours::Open, Ways::default());
    let store = phone(&exchange, STORE, 500, Taste::default());
    store.dial("89211234567");
    store.wait_to_hear(TONE);
    store.wait_until_over();
    let row = exchange.last_call();
    assert_eq!((&row["caller"], &row["called"]), (&"202".into(), &"79211234567".into()), "{row}");
    assert_eq!((&row["outcome"], &row["cause"]), (&"refused".into(), &"no_permission".into()), "{row}");
    assert!(!carrier.log().contains("carrier: INVITE"), "{}", carrier.log());
}

#[test]
fn a_call_with_picture_is_taken_with_sound_alone() {
    let (carrier, exchange) = with_carrier("video", Hours::Open, Ways::default());
    let part = Part { service: NUMBER, port: Some(carrier.city.port()), ..Part::default() };
    play("city_offers_video", carrier.sip, part);
    assert_eq!(exchange.last_call()["caller"], CALLER);
}

#[test]
fn a_call_without_an_offer_gets_ours() {
    let (carrier, exchange) = with_carrier("late-offer", Hours::Open, Ways::default());
    let part = Part { service: NUMBER, port: Some(carrier.city.port()), ..Part::default() };
    play("city_calls_without_an_offer", carrier.sip, part);
    assert_eq!(exchange.last_call()["caller"], CALLER);
}

#[test]
fn after_a_power_cut_in_a_call_phones_are_known_the_row_is_closed_and_calls_work() {
    let mut exchange = without_carrier("power");
    let one = phone(&exchange, RECEPTION, 500, Taste::default());
    let other = phone(&exchange, ACCOUNTS, 1000, Taste::default());
    one.dial("201");
    talk((&one, 500), (&other, 1000));
    wait_for("the row on the disk", Duration::from_secs(5), || exchange.history().len() == 1);

    exchange.cut_power();
    exchange.begin();
    let rows = exchange.history();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["outcome"], "interrupted", "{}", rows[0]);
    assert!(!rows[0]["ended_at"].is_null(), "{}", rows[0]);
    assert!(exchange.is_registered(RECEPTION.0) && exchange.is_registered(ACCOUNTS.0), "bindings are kept");

    one.hang_up();
    other.hang_up();
    one.dial("201");
    talk((&one, 500), (&other, 1000));
    one.hang_up();
    wait_for("the second row's end", Duration::from_secs(10), || {
        let rows = exchange.history();
        rows.len() == 2 && rows[0]["outcome"] == "answered"
    });
}
