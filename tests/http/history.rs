//! Files of calls, what they add up to, and the ladder of one.

use dozvon::base::{CallId, WallTime};
use dozvon::io::signalling::{Message, Party};
use dozvon::io::store::{Count, GroupWaits, NotCalledBack, Summary, Work};
use serde_json::json;

use crate::client::{Answer, Caller};
use crate::world::{START, TOKEN, VIEWER_TOKEN, World, row};

fn ask(world: &World, path: &str, language: &str) -> Answer {
    Caller::token(world, VIEWER_TOKEN).with("Accept-Language", language).get(path)
}

fn with_calls(count: u64) -> World {
    let world = World::new();
    *world.box_.rows.lock().unwrap() = (0..count).map(|n| row(n + 1, i64::try_from(n).unwrap())).collect();
    world
}

#[test]
fn a_file_for_a_spreadsheet_speaks_its_language() {
    let world = with_calls(2);
    {
        let mut rows = world.box_.rows.lock().unwrap();
        rows[1].caller_name = "=cmd|'/c calc'!A1; x".to_owned();
        rows[1].quality = Some(json!([{ "mos": 4.4 }, { "mos": 3.25 }]));
    }
    let answer = ask(&world, "/api/v1/history.csv", "ru");
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/csv; charset=utf-8")));
    assert!(answer.header("content-disposition").unwrap().starts_with("attachment; filename=\"calls-2"));
    assert_eq!(answer.header("x-gate-export"), None, "a matter of the house");
    let text = answer.text();
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert!(lines[0].starts_with("\u{feff}Начало;Направление;Кто звонил;Имя;"), "{}", lines[0]);
    let name = "\"'=cmd|'/c calc'!A1; x\"";
    let second = format!(
        "2026-11-25 14:21:00;входящий;79215550816;{name};78126122981;Основной городской;201;поговорили;18;167;\
         2026-11-25 14:24:05;3,2;0;2"
    );
    assert_eq!(lines[1], second);
    assert_eq!(lines.len(), 4, "a head, two calls, and the end of the last line");
    let english = ask(&world, "/api/v1/history.csv?number=79215550816", "en").text();
    assert!(english.starts_with("\u{feff}Began,Direction,Caller,"), "{english}");
    assert!(english.contains(",incoming,") && english.contains(",3.2,"), "{english}");
    assert_eq!(ask(&world, "/api/v1/history.csv?number=1234", "en").text().lines().count(), 1, "filtered");
}

#[test]
fn many_calls_are_sent_whole_and_none_twice() {
    let world = with_calls(7_321);
    let text = ask(&world, "/api/v1/history.csv", "en").text();
    let mut calls: Vec<u64> =
        text.lines().skip(1).map(|line| line.rsplit(',').next().unwrap().parse().unwrap()).collect();
    assert!(calls.windows(2).all(|pair| pair[0] > pair[1]), "newest first");
    calls.dedup();
    assert_eq!(calls.len(), 7_321);
}

#[test]
fn a_workbook_is_a_zip_with_the_sheet_in_it() {
    let world = with_calls(3_000);
    let answer = ask(&world, "/api/v1/history.xlsx", "ru");
    assert_eq!(answer.status, 200);
    assert!(answer.body.starts_with(b"PK\x03\x04"), "a zip");
    let has = |name: &[u8]| answer.body.windows(name.len()).any(|part| part == name);
    assert!(has(b"xl/worksheets/sheet1.xml") && has(b"xl/workbook.xml") && has(b"PK\x05\x06"));
    let left = std::fs::read_dir(&world.data).unwrap().flatten().map(|entry| entry.file_name());
    let left: Vec<_> = left.filter(|name| name != "tls" && name != "uploads").collect();
    assert!(left.is_empty(), "{left:?} stayed on the disk");
}

#[test]
fn what_cannot_be_asked_is_told_before_a_file_begins() {
    let world = with_calls(1);
    for path in ["/api/v1/history.csv", "/api/v1/history.xlsx", "/api/v1/history"] {
        for query in
            ["direction=up", "nonsense=1", "from=yesterday", "from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z"]
        {
            let answer = ask(&world, &format!("{path}?{query}"), "en");
            assert_eq!(answer.status, 400, "{path}?{query}");
            assert!(answer.json()["errors"][0]["parameter"].is_string());
        }
        let long = "x".repeat(101);
        assert_eq!(ask(&world, &format!("{path}?text={long}"), "en").status, 400);
    }
    assert_eq!(ask(&world, "/api/v1/history.csv?limit=5", "en").status, 400, "a file has no pages");
    *world.box_.broken.lock().unwrap() = true;
    assert_eq!(ask(&world, "/api/v1/history.csv", "en").status, 503);
    assert_eq!(ask(&world, "/api/v1/history/summary", "en").status, 503);
}

#[test]
fn a_head_of_a_file_has_no_body_and_the_connection_goes_on() {
    let world = with_calls(10);
    let mut caller = Caller::token(&world, TOKEN);
    assert_eq!(caller.ask("HEAD", "/api/v1/history.csv", None).status, 200);
    assert_eq!(caller.get("/api/v1/history").json()["items"].as_array().unwrap().len(), 10);
}

#[test]
fn days_and_hours_are_the_offices() {
    let world = World::new();
    let at = |minutes: i64| WallTime(START.millis() + minutes * 60_000);
    let one = Count { inbound_answered: 1, inbound_missed: 2, talk_ms: 61_000, ..Count::default() };
    *world.box_.summary.lock().unwrap() = Summary {
        // 14:20 and 23:50 of the 25th in Moscow, and 00:05 of the 26th
        slots: vec![(at(0), one), (at(570), one), (at(585), Count { outbound: 5, ..Count::default() })],
        groups: vec![GroupWaits {
            group: "500".to_owned(),
            calls: 9,
            answered: 5,
            given_up: 3,
            given_back: 1,
            wait_mean_ms: 12_900,
            wait_longest_ms: 60_000,
        }],
        extensions: [("201".to_owned(), Work { calls: 4, answered: 3, talk_ms: 5_000 })].into(),
        waiting: vec![NotCalledBack {
            number: "79215550816".to_owned(),
            name: "Иван".to_owned(),
            missed: 2,
            last_at: at(3),
            last_call: CallId(77),
            called: "78126122981".to_owned(),
        }],
        waiting_more: 3,
    };
    let path = "/api/v1/history/summary?from=2026-11-24T00:00:00%2B03:00&to=2026-11-27T00:00:00%2B03:00";
    let sum = ask(&world, path, "ru").json();
    let days: Vec<_> =
        sum["days"].as_array().unwrap().iter().map(|day| (day["day"].clone(), day["inbound_missed"].clone())).collect();
    assert_eq!(
        days,
        [(json!("2026-11-24"), json!(0)), (json!("2026-11-25"), json!(4)), (json!("2026-11-26"), json!(0))]
    );
    assert_eq!((&sum["hours"][14]["talk_seconds"], &sum["hours"][23]["inbound_answered"]), (&json!(61), &json!(1)));
    assert_eq!((&sum["hours"][0]["outbound"], &sum["days"][2]["outbound"]), (&json!(5), &json!(5)));
    assert_eq!((&sum["total"]["inbound_missed"], sum["hours"].as_array().unwrap().len()), (&json!(4), 24));
    assert_eq!(
        (&sum["groups"][0]["wait_mean_seconds"], &sum["extensions"][0]["employee"]),
        (&json!(12), &json!("Бухгалтерия"))
    );
    assert_eq!((&sum["not_called_back"][0]["last_call"], &sum["not_called_back_more"]), (&json!("77"), &json!(3)));
    assert_eq!(world.box_.asked.lock().unwrap()[0].2, 6, "all extensions are told");
    assert_eq!(ask(&world, "/api/v1/history/summary", "ru").json()["days"].as_array().unwrap().len() / 30, 1);
    for query in ["from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "from=2020-01-01T00:00:00Z", "x=1"] {
        assert_eq!(ask(&world, &format!("/api/v1/history/summary?{query}"), "ru").status, 400, "{query}");
    }
}

fn message(call_id: &str, who: &str, sent: bool, first: &str) -> Message {
    Message {
        at: START,
        sent,
        transport: "udp".to_owned(),
        local: "192.0.2.1:5060".parse().unwrap(),
        peer: "192.0.2.9:5062".parse().unwrap(),
        party: Party {
            who: who.to_owned(),
            device: format!("user{who}s0"),
            trunk: (who.len() > 5).then(|| "Основной городской".to_owned()),
        },
        call_id: call_id.to_owned(),
        text: format!("{first}\r\nX: y\r\n\r\n"),
    }
}

#[test]
fn a_ladder_names_its_parties_in_words() {
    let world = with_calls(2);
    let messages = vec![
        message("a", "79215550816", false, "INVITE sip:x SIP/2.0"),
        message("b", "201", true, "INVITE sip:201 SIP/2.0"),
        message("c", "201", true, "INVITE sip:201 SIP/2.0"),
        message("b", "201", false, "SIP/2.0 180 Ringing"),
    ];
    world.box_.signalling.lock().unwrap().insert(CallId(1), messages);
    let ladder = ask(&world, "/api/v1/history/1/ladder", "ru").json();
    let parties =
        json!(["оператор «Основной городской»", "станция", "телефон 201 (user201s0)", "телефон 201 (user201s0) · 3"]);
    assert_eq!((&ladder["parties"], &ladder["kept_days"]), (&parties, &json!(14)));
    let told = &ladder["messages"][3];
    assert_eq!((&told["from"], &told["to"]), (&parties[2], &parties[1]));
    assert_eq!(
        (&told["first_line"], &told["text"]),
        (&json!("SIP/2.0 180 Ringing"), &json!("SIP/2.0 180 Ringing\r\nX: y\r\n\r\n"))
    );
    assert_eq!(ask(&world, "/api/v1/history/1/ladder", "en").json()["parties"][1], "the exchange");
    assert_eq!(ask(&world, "/api/v1/history/2/ladder", "en").json()["messages"], json!([]), "too old");
    assert_eq!(ask(&world, "/api/v1/history/3/ladder", "en").status, 404);
    let capture = ask(&world, "/api/v1/history/1/ladder.pcap", "en");
    assert_eq!(capture.header("content-type"), Some("application/vnd.tcpdump.pcap"));
    assert!(capture.body.starts_with(&0xa1b2_c3d4_u32.to_le_bytes()));
}
