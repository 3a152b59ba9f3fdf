//! Every database that was ever shipped still opens, with what was in it. `tests/data/db/NNNN.db` is one of schema NNNN;
//! when the schema rises, `cargo test --test migrations -- --ignored` adds the file of the new one.

#![expect(clippy::unwrap_used, reason = "a test that can't go on says where")]

use std::fs;
use std::path::PathBuf;

use dozvon::base::{CallId, Message, MessageId, RecordingId, WallTime};
use dozvon::call::cdr::{CallDirection, CallEnded, CallOutcome, CallStarted, CallStep, StepKind};
use dozvon::engine::{Record, StoredBinding, StoredServer, StoredSubscription};
use dozvon::guard::{Ban, Reason};
use dozvon::io::store::{
    AlarmFilter, DeliveryOutcome, DeliveryRow, HistoryFilter, NewAlarm, NewLetter, Reader, Store, database,
};
use dozvon::office::Role;
use dozvon::provision::Mac;
use dozvon::provision::dhcp::Lease;
use dozvon::provision::ledger::{Carried, How, Seen, Stored};
use dozvon::provision::vendor::Identity;
use dozvon::sip::Transport;

const RECORDING: &str = "recordings/2026/09/21/20260921-170640_79211234567_500_1a.opus";
const MESSAGE: &str = "voicemail/201/20260921-170640_1b.opus";
const NOW: WallTime = WallTime(1_790_000_000_000);

fn old_databases() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/db")
}

fn scratch(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("dozvon-migrations-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(path.join("backups")).unwrap();
    path
}

fn phone() -> Stored {
    let mac = Mac::read("805ec0123456").unwrap();
    let text = str::to_owned;
    let identity =
        Identity { mac: Some(mac), vendor: text("yealink"), model: text("SIP-T46S"), firmware: text("66.86.0.15") };
    let seen = Seen {
        identity,
        address: "192.168.1.21".parse().unwrap(),
        sure: true,
        how: How::Http,
        asked: text("805ec0123456.cfg"),
        first_at: NOW,
        last_at: NOW,
    };
    let carried = Carried { version: 1, print: text("00112233445566778899aabbccddeeff"), at: NOW };
    Stored { mac, seen: Some(seen), key: Some(text("own-key-of-the-telephone-of-test")), carried: Some(carried) }
}

fn lease() -> Lease {
    let mac = Mac::read("805ec0123456").unwrap();
    Lease { mac, address: "192.168.1.100".parse().unwrap(), until: NOW }
}

fn ban() -> Ban {
    Ban {
        id: 7,
        address: "203.0.113.7".parse().unwrap(),
        reason: Reason::WrongPasswords,
        since: NOW,
        until: WallTime(NOW.0 + 1_200_000),
        times: 2,
        dropped: 12,
        user_agent: "Телефон".to_owned(),
        logins: vec!["user200s0".to_owned(), "user201s0".to_owned()],
    }
}

fn call(number: u64) -> CallId {
    CallId((u64::try_from(NOW.0).unwrap() << 20) + number)
}

#[test]
fn every_old_database_opens_with_what_was_in_it() {
    let mut seen = 0;
    for entry in fs::read_dir(old_databases()).unwrap() {
        let old = entry.unwrap().path();
        let name = old.file_stem().unwrap().to_string_lossy().into_owned();
        let data = scratch(&name);
        fs::copy(&old, database(&data)).unwrap();
        let opened = Store::open(&data, NOW).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(opened.interrupted, 1, "{name}: the call that went on");
        assert_eq!(opened.version.expect("kept").office, "[office]\nname = \"Ромашка\"\n", "{name}");
        assert_eq!(opened.bindings, [binding()], "{name}");
        let since_0003 = name.as_str() >= "0003";
        assert_eq!(opened.subscriptions, vec![subscription(); usize::from(since_0003)], "{name}");
        assert_eq!(opened.store.setting("login_prefix").unwrap().as_deref(), Some("rik33"), "{name}");
        let reader = Reader::open(&data).unwrap();
        assert_eq!(reader.token(&[7; 32]).unwrap().map(|token| token.role), Some(Role::Viewer), "{name}");
        let filter = HistoryFilter { text: Some("петров".to_owned()), ..HistoryFilter::default() };
        let rows = reader.history(&filter, 10, None).unwrap().rows;
        let outcomes: Vec<_> = rows.iter().map(|row| row.outcome.as_deref().unwrap_or_default()).collect();
        assert_eq!(outcomes, ["interrupted", "answered"], "{name}");
        assert_eq!(reader.steps(call(1)).unwrap()[0].what, "answered", "{name}");
        let recorded = rows[1].recordings.iter().map(|id| reader.recording(*id).unwrap().unwrap().path);
        let since_0002 = name.as_str() >= "0002";
        assert_eq!(recorded.collect::<Vec<_>>(), vec![RECORDING.to_owned(); usize::from(since_0002)], "{name}");
        let since_0005 = name.as_str() >= "0005";
        let messages = reader.messages(Some("201"), 10, None).unwrap();
        assert_eq!(messages.len(), usize::from(since_0005), "{name}");
        assert!(messages.iter().all(|row| row.message.heard && row.duration_ms == Some(7_000)), "{name}: {messages:?}");
        assert_eq!(reader.next_letter().unwrap().is_some(), since_0005, "{name}");
        let turns = vec![("500".to_owned(), "202".to_owned()); usize::from(since_0005)];
        assert_eq!(opened.last_answered, turns, "{name}");
        let since_0008 = name.as_str() >= "0008";
        assert_eq!(opened.phones, vec![phone(); usize::from(since_0008)], "{name}");
        let since_0009 = name.as_str() >= "0009";
        assert_eq!(opened.store.leases().unwrap(), vec![lease(); usize::from(since_0009)], "{name}");
        let since_0013 = name.as_str() >= "0013";
        assert_eq!(opened.servers, vec![server(); usize::from(since_0013)], "{name}");
        let since_0011 = name.as_str() >= "0011";
        let alarms = reader.alarms(&AlarmFilter::default(), 10, None).unwrap();
        assert_eq!(alarms.iter().map(|row| row.count).collect::<Vec<_>>(), vec![3; usize::from(since_0011)], "{name}");
        assert_eq!(reader.waiting_deliveries().unwrap(), vec![delivery(); usize::from(since_0011)], "{name}");
        let since_0010 = name.as_str() >= "0010";
        assert_eq!(opened.bans, vec![ban(); usize::from(since_0010)], "{name}");
        opened.store.close();
        drop(reader);
        fs::remove_dir_all(&data).unwrap();
        seen += 1;
    }
    assert!(seen > 0, "there is a database of each schema");
}

#[test]
#[ignore = "writes tests/data/db/NNNN.db of the present schema"]
fn write_the_database_of_this_schema() {
    let data = scratch("new");
    let store = Store::open(&data, NOW).unwrap().store;
    for number in [1, 2] {
        store.record(Record::CallStarted(CallStarted {
            call: call(number),
            at: NOW,
            direction: CallDirection::Inbound,
            caller: "79211234567".to_owned(),
            caller_name: "Иван Петров".to_owned(),
            called: "500".to_owned(),
            trunk: Some("Основной".to_owned()),
        }));
        let what = StepKind::Answered { who: "201".to_owned() };
        store.record(Record::CallStep(CallStep { call: call(number), at: NOW, what }));
    }
    store.record(Record::CallEnded(CallEnded {
        call: call(1),
        at: NOW,
        outcome: CallOutcome::Answered,
        status: 0,
        cause: "caller_hung_up",
        answered_at: Some(NOW),
        answered_by: Some("201".to_owned()),
        ring_ms: 3_000,
        talk_ms: 60_000,
        quality: [None, None],
    }));
    let recording = RecordingId(call(1).0);
    let path = RECORDING.to_owned();
    store.record(Record::RecordingStarted { recording, call: call(1), at: NOW, path, format: "opus" });
    store.record(Record::RecordingEnded { recording, at: NOW, duration_ms: 60_000, bytes: 240_000 });
    store.record(Record::Binding(binding()));
    store.record(Record::Subscription(subscription()));
    store.record(Record::Server(StoredServer { places: Vec::new(), ..server() }));
    store.record(Record::Server(server()));
    store.begin_message(&message(), MESSAGE).unwrap();
    store.end_message(message().id, 7_000, 56_000).unwrap();
    assert!(store.mark_message(message().id, true).unwrap());
    assert!(store.add_letter(letter()).unwrap());
    store.record(Record::LastAnswered { group: "500".to_owned(), member: "202".to_owned() });
    store.add_version(NOW, "console", "apply", "[office]\nname = \"Ромашка\"\n".to_owned()).unwrap();
    store.keep_phones(vec![phone()]);
    // what a card or an address had before goes
    store.keep_leases(vec![Lease { address: "192.168.1.101".parse().unwrap(), ..lease() }]);
    store.keep_leases(vec![Lease { mac: Mac::read("805ec0999999").unwrap(), ..lease() }, lease()]);
    store.keep_alarms(vec![NewAlarm { count: 2, ..alarm() }]).unwrap();
    store.keep_alarms(vec![alarm()]).unwrap();
    store.keep_delivery(delivery());
    store.record(Record::Ban(Ban { times: 1, ..ban() }));
    store.record(Record::Ban(ban()));
    store.add_token("grafana", Role::Viewer, [7; 32], NOW).unwrap();
    store.set_setting("login_prefix", "rik33").unwrap();
    store.close();
    let connection = rusqlite::Connection::open(database(&data)).unwrap();
    let schema: i64 = connection.query_row("PRAGMA user_version", (), |row| row.get(0)).unwrap();
    fs::create_dir_all(old_databases()).unwrap();
    let file = old_databases().join(format!("{schema:04}.db"));
    assert!(!file.exists(), "{} is history and is not written anew", file.display());
    connection.execute("VACUUM INTO ?1", [file.to_string_lossy()]).unwrap();
    fs::remove_dir_all(&data).unwrap();
}

fn alarm() -> NewAlarm {
    NewAlarm {
        key: "trunk_down Основной".to_owned(),
        one_within: std::time::Duration::from_secs(3600),
        kind: "trunk_down".to_owned(),
        severity: "alarm".to_owned(),
        count: 1,
        at: NOW,
        text_ru: "Внешний номер «Основной» не работает.".to_owned(),
        text_en: "The outside number “Основной” does not work.".to_owned(),
        extension: None,
        address: None,
    }
}

fn delivery() -> DeliveryRow {
    DeliveryRow {
        id: 1,
        webhook: "CRM".to_owned(),
        event: "alarm".to_owned(),
        made_at: NOW,
        body: "{}".to_owned(),
        attempts: 3,
        tried_at: Some(NOW),
        outcome: DeliveryOutcome::Waiting,
        status: Some(503),
        why_ru: "Получатель отказался (503).".to_owned(),
        why_en: "The receiver refused (503).".to_owned(),
    }
}

fn message() -> Message {
    Message {
        id: MessageId(call(3).0),
        extension: "201".to_owned(),
        at: NOW,
        caller: "79211234567".to_owned(),
        caller_name: "Иван Петров".to_owned(),
        seconds: 7,
        heard: false,
    }
}

fn letter() -> NewLetter {
    NewLetter {
        cause: "missed 1 201".to_owned(),
        message_id: "1@office.example".to_owned(),
        at: NOW,
        recipient: "user@office.example".to_owned(),
        subject: "Пропущенный звонок".to_owned(),
        body: "Звонил +7 921 123-45-67.".to_owned(),
        attachment: None,
    }
}

fn server() -> StoredServer {
    let places = [(Transport::Tcp, "192.0.2.1:5060"), (Transport::Udp, "[2001:db8::1]:5070")];
    let places = places.map(|(transport, address)| (transport, address.parse().unwrap())).to_vec();
    StoredServer { name: "carrier.example;tcp".to_owned(), places }
}

fn binding() -> StoredBinding {
    StoredBinding {
        aor: "rik33+user200s0".to_owned(),
        contact: "sip:200@192.0.2.7:5062".to_owned(),
        transport: Transport::Udp,
        local: "192.0.2.1:5060".parse().unwrap(),
        peer: "192.0.2.7:5062".parse().unwrap(),
        expires_at: WallTime(NOW.0 + 60_000),
        call_id: "abc@phone".to_owned(),
        cseq: 17,
        user_agent: "Yealink T31".to_owned(),
    }
}

fn subscription() -> StoredSubscription {
    StoredSubscription {
        tag: "abcdefgh".to_owned(),
        login: "rik33+user200s0".to_owned(),
        number: "201".to_owned(),
        package: "dialog".to_owned(),
        event: "dialog".to_owned(),
        entity: "sip:201@192.0.2.1".to_owned(),
        version: 7,
        expires_at: WallTime(NOW.0 + 60_000),
        dialog: "call-id abc@phone\nlocal <sip:201@192.0.2.1>;tag=abcdefgh\n".to_owned(),
    }
}
