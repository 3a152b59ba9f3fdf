use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::base::{CallId, WallTime};
use crate::call::cdr::{CallDirection, CallEnded, CallOutcome, CallStarted, CallStep, StepKind};
use crate::engine::Record;
use crate::guard::{Ban, MEMORY, Reason};
use crate::io::scratch::Scratch;
use crate::media::Stats;
use crate::office::Role;
use crate::sip::Transport;

const NOW: WallTime = WallTime(1_800_000_000_000);

fn open(scratch: &Scratch) -> Opened {
    for part in ["media", "backups"] {
        std::fs::create_dir_all(scratch.path().join(part)).expect("writable");
    }
    Store::open(scratch.path(), NOW).expect("a fresh directory opens")
}

fn id(at: WallTime, count: u64) -> CallId {
    CallId((u64::try_from(at.0).expect("after 1970") << 20) + count)
}

fn started(at: WallTime, caller: &str, called: &str) -> CallStarted {
    CallStarted {
        call: id(at, 0),
        at,
        direction: if caller.len() > 5 { CallDirection::Inbound } else { CallDirection::Internal },
        caller: caller.to_owned(),
        caller_name: "Иван Петров".to_owned(),
        called: called.to_owned(),
        trunk: None,
    }
}

fn ended(call: CallId, at: WallTime, outcome: CallOutcome) -> CallEnded {
    CallEnded {
        call,
        at,
        outcome,
        status: 0,
        cause: "caller_hung_up",
        answered_at: Some(WallTime(at.0 - 5_000)),
        answered_by: Some("202".to_owned()),
        ring_ms: 3_000,
        talk_ms: 5_000,
        quality: [Some(Stats { received: 250, ..Stats::default() }), None],
    }
}

fn binding(contact: &str, expires_at: WallTime) -> StoredBinding {
    StoredBinding {
        aor: "rik33+user200s0".to_owned(),
        contact: contact.to_owned(),
        transport: Transport::Udp,
        local: "192.168.1.2:5060".parse().expect("an address"),
        peer: "[2001:db8::7]:5062".parse().expect("an address"),
        expires_at,
        call_id: "abc@phone".to_owned(),
        cseq: 17,
        user_agent: "Yealink T31".to_owned(),
    }
}

#[test]
fn a_call_is_a_row_from_its_first_second_and_complete_at_its_end() {
    let scratch = Scratch::new();
    let store = open(&scratch).store;
    let reader = Reader::open(scratch.path()).expect("opens");
    let call = started(NOW, "79211234567", "500");
    store.record(Record::CallStarted(call.clone()));
    store.flush().expect("open");
    let row = reader.call(call.call).expect("readable").expect("present");
    assert_eq!((row.caller.as_str(), row.ended_at, row.outcome), ("79211234567", None, None));

    let rung = StepKind::Rung { who: "201".to_owned(), device: "user201s0".to_owned() };
    store.record(Record::CallStep(CallStep { call: call.call, at: NOW, what: rung }));
    store.record(Record::CallStep(CallStep {
        call: call.call,
        at: NOW,
        what: StepKind::Answered { who: "202".to_owned() },
    }));
    store.record(Record::CallEnded(ended(call.call, WallTime(NOW.0 + 8_000), CallOutcome::Answered)));
    store.flush().expect("open");
    let row = reader.call(call.call).expect("readable").expect("present");
    assert_eq!(row.outcome.as_deref(), Some("answered"));
    assert_eq!((row.ring_ms, row.talk_ms, row.answered_by.as_deref()), (3_000, 5_000, Some("202")));
    assert_eq!(row.quality.expect("counted")[0]["received"], 250);
    let steps = reader.steps(call.call).expect("readable");
    assert_eq!(steps.iter().map(|step| step.what.as_str()).collect::<Vec<_>>(), ["rung", "answered"]);
    assert_eq!(steps[0].detail["device"], "user201s0");
}

#[test]
fn a_call_cut_by_a_crash_is_closed_with_its_last_step() {
    let scratch = Scratch::new();
    let store = open(&scratch).store;
    let (cut, silent) = (started(NOW, "200", "201"), started(WallTime(NOW.0 + 1), "200", "202"));
    store.record(Record::CallStarted(cut.clone()));
    store.record(Record::CallStarted(silent.clone()));
    let answered = StepKind::Answered { who: "201".to_owned() };
    store.record(Record::CallStep(CallStep { call: cut.call, at: WallTime(NOW.0 + 4_000), what: answered }));
    let held = StepKind::Hold { who: "201".to_owned(), on: true };
    store.record(Record::CallStep(CallStep { call: cut.call, at: WallTime(NOW.0 + 9_000), what: held }));
    store.close();

    let opened = open(&scratch);
    assert_eq!(opened.interrupted, 2);
    let reader = Reader::open(scratch.path()).expect("opens");
    let row = reader.call(cut.call).expect("readable").expect("present");
    assert_eq!(row.outcome.as_deref(), Some("interrupted"));
    assert_eq!(row.ended_at, Some(WallTime(NOW.0 + 9_000)));
    assert_eq!((row.ring_ms, row.talk_ms, row.answered_by.as_deref()), (4_000, 5_000, Some("201")));
    let row = reader.call(silent.call).expect("readable").expect("present");
    assert_eq!((row.ended_at, row.answered_at), (Some(silent.at), None));
    opened.store.close();
    assert_eq!(open(&scratch).interrupted, 0, "closed once");
}

#[test]
fn after_an_orderly_stop_the_database_file_alone_has_everything() {
    let (scratch, elsewhere) = (Scratch::new(), Scratch::new());
    let store = open(&scratch).store;
    let reader = Reader::open(scratch.path()).expect("opens");
    let call = started(NOW, "79211234567", "500");
    store.record(Record::CallStarted(call.clone()));
    store.flush().expect("open");
    let row = |reader: &Reader| reader.call(call.call).expect("readable").map(|row| row.caller);
    assert!(row(&reader).is_some(), "somebody reads it");
    store.close();
    std::fs::copy(scratch.path().join("dozvon.db"), elsewhere.path().join("dozvon.db")).expect("copied");
    let copy = Reader::open(elsewhere.path()).expect("opens");
    assert_eq!(row(&copy), row(&reader));
}

#[test]
fn registrations_outlive_a_restart_until_they_end() {
    let scratch = Scratch::new();
    let store = open(&scratch).store;
    let kept = binding("sip:200@192.0.2.7", WallTime(NOW.0 + 1));
    store.record(Record::Binding(binding("sip:200@192.0.2.7", NOW)));
    store.record(Record::Binding(kept.clone()));
    store.record(Record::Binding(binding("sip:200@192.0.2.8", NOW)));
    store.record(Record::Binding(binding("sip:200@192.0.2.9", WallTime(NOW.0 + 60_000))));
    store.record(Record::BindingGone { aor: "rik33+user200s0".to_owned(), contact: "sip:200@192.0.2.9".to_owned() });
    store.close();
    assert_eq!(open(&scratch).bindings, [kept]);
}

#[test]
fn lamps_outlive_a_restart_until_they_end() {
    let scratch = Scratch::new();
    let store = open(&scratch).store;
    let lamp = |tag: &str, version: u32, expires_at: i64| StoredSubscription {
        tag: tag.to_owned(),
        login: "rik33+user200s0".to_owned(),
        number: "201".to_owned(),
        package: "dialog".to_owned(),
        event: "dialog;id=7".to_owned(),
        entity: "sip:201@192.0.2.1".to_owned(),
        version,
        expires_at: WallTime(NOW.0 + expires_at),
        dialog: "call-id абв\nroute <sip:x;lr>\n".to_owned(),
    };
    for lamp in [lamp("b", 0, 0), lamp("b", 100_000, 1), lamp("c", 1, 0), lamp("a", u32::MAX, 60_000), lamp("d", 1, 1)]
    {
        store.record(Record::Subscription(lamp));
    }
    store.record(Record::Subscription(StoredSubscription { package: "weather".to_owned(), ..lamp("e", 1, 1) }));
    store.record(Record::SubscriptionGone { tag: "d".to_owned() });
    store.close();
    assert_eq!(open(&scratch).subscriptions, [lamp("a", u32::MAX, 60_000), lamp("b", 100_000, 1)]);
}

#[test]
fn bans_outlive_a_restart_until_they_are_lifted_or_forgotten() {
    let scratch = Scratch::new();
    let store = open(&scratch).store;
    let ban = |id: i64, address: &str, until: i64| Ban {
        id,
        address: address.parse().expect("an address"),
        reason: Reason::Scanner,
        since: NOW,
        until: WallTime(NOW.0 + until),
        times: 3,
        dropped: 8,
        user_agent: "friendly-scanner".to_owned(),
        logins: Vec::new(),
    };
    let week = i64::try_from(MEMORY.as_millis()).expect("a week");
    let kept = [ban(3, "203.0.113.3", 600_000), ban(4, "2001:db8::", 1 - week)];
    store.record(Record::Ban(ban(2, "203.0.113.3", 0)));
    for ban in &kept {
        store.record(Record::Ban(ban.clone()));
    }
    store.record(Record::Ban(ban(5, "203.0.113.5", 600_000)));
    store.record(Record::BanGone { id: 5 });
    store.record(Record::Ban(ban(6, "203.0.113.6", -week)));
    store.close();
    assert_eq!(open(&scratch).bans, kept);
}

#[test]
fn a_database_of_a_newer_version_is_refused_by_name() {
    let scratch = Scratch::new();
    open(&scratch).store.close();
    let connection = rusqlite::Connection::open(database(scratch.path())).expect("opens");
    let known = schema::SCHEMA;
    let newer = known + 1;
    connection.pragma_update(None, "user_version", newer).expect("writable");
    drop(connection);
    let refused = Store::open(scratch.path(), NOW).expect_err("newer");
    let told = format!("made by a newer dozvon (schema {newer}, this one knows {known})");
    assert!(refused.to_string().contains(&told), "{refused}");
    assert!(matches!(Reader::open(scratch.path()), Err(StoreError::Newer { .. })));
}

#[test]
fn a_file_that_is_no_database_of_ours_is_left_alone() {
    let scratch = Scratch::new();
    std::fs::write(
        database(scratch.path()),
        "a letter to my aunt, long enough to look like a header of some file. ".repeat(20),
    )
    .expect("writable");
    assert!(matches!(Store::open(scratch.path(), NOW), Err(StoreError::Damaged(_))));
    std::fs::remove_file(database(scratch.path())).expect("there");
    let other = rusqlite::Connection::open(database(scratch.path())).expect("opens");
    other.execute_batch("CREATE TABLE aunt (name TEXT)").expect("writable");
    drop(other);
    assert!(matches!(Store::open(scratch.path(), NOW), Err(StoreError::Foreign { .. })));
}

#[test]
fn the_database_is_readable_by_its_owner_only() {
    let scratch = Scratch::new();
    let _opened = open(&scratch);
    for name in ["dozvon.db", "dozvon.db-wal", "dozvon.db-shm"] {
        let mode = std::fs::metadata(scratch.path().join(name)).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_data_directory_is_private_and_belongs_to_one_process() {
    let scratch = Scratch::new();
    let path = scratch.path().join("data");
    assert!(!is_taken(&path));
    let taken = DataDir::take(&path).expect("fresh");
    let mode = std::fs::metadata(&path).expect("made").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    assert!(is_taken(&path));
    assert!(matches!(DataDir::take(&path), Err(StoreError::InUse { .. })));
    drop(taken);
    assert!(DataDir::take(&path).is_ok());
}

#[test]
fn a_data_directory_under_a_file_is_named_in_the_refusal() {
    let scratch = Scratch::new();
    let file = scratch.path().join("file");
    std::fs::write(&file, "").expect("writable");
    let refused = DataDir::take(&file.join("data")).expect_err("no directory");
    assert!(refused.to_string().contains("file/data is not writable"), "{refused}");
}

#[test]
fn the_newest_office_is_in_force() {
    let scratch = Scratch::new();
    let opened = open(&scratch);
    assert_eq!(opened.version, None);
    opened.store.add_version(NOW, "console", "first start", "one".to_owned()).expect("writable");
    opened.store.add_version(NOW, "admin", "a trunk", "two".to_owned()).expect("writable");
    opened.store.close();
    let version = open(&scratch).version.expect("kept");
    assert_eq!((version.id, version.author.as_str(), version.office.as_str()), (2, "admin", "two"));
}

#[test]
fn tokens_are_found_by_their_hash_and_named_once() {
    let scratch = Scratch::new();
    let store = open(&scratch).store;
    store.add_token("grafana", Role::Viewer, [7; 32], NOW).expect("fresh");
    assert!(
        matches!(store.add_token("grafana", Role::Admin, [8; 32], NOW), Err(StoreError::Taken(name)) if name == "grafana")
    );
    let reader = Reader::open(scratch.path()).expect("opens");
    assert_eq!(reader.token(&[7; 32]).expect("readable").map(|token| token.role), Some(Role::Viewer));
    assert_eq!(reader.token(&[8; 32]).expect("readable"), None);
    assert!(store.remove_token("grafana").expect("writable"));
    assert_eq!(reader.tokens().expect("readable"), []);
}

#[test]
fn settings_of_the_box_are_kept() {
    let scratch = Scratch::new();
    let store = open(&scratch).store;
    assert_eq!(store.setting("login_prefix").expect("readable"), None);
    store.set_setting("login_prefix", "abc").expect("writable");
    store.set_setting("login_prefix", "rik33").expect("writable");
    assert_eq!(store.setting("login_prefix").expect("readable").as_deref(), Some("rik33"));
}

#[test]
fn a_record_that_does_not_fit_is_dropped_and_the_others_are_kept() {
    let scratch = Scratch::new();
    let store = open(&scratch).store;
    let orphan = StepKind::Digits { digits: "1".to_owned() };
    store.record(Record::CallStep(CallStep { call: id(NOW, 9), at: NOW, what: orphan }));
    let call = started(NOW, "200", "201");
    store.record(Record::CallStarted(call.clone()));
    store.record(Record::CallStarted(call.clone()));
    store.flush().expect("open");
    assert_eq!(store.dropped(), 2);
    let reader = Reader::open(scratch.path()).expect("opens");
    assert!(reader.call(call.call).expect("readable").is_some());
}

#[test]
fn a_full_disk_keeps_records_until_there_is_room() {
    let scratch = Scratch::new();
    let store = open(&scratch).store;
    let pages = |limit: i64| {
        store.ask_for_test(move |db| db.query_row(&format!("PRAGMA max_page_count = {limit}"), (), |row| row.get(0)))
    };
    let used = pages(1); // SQLite clamps the limit to what the file has, and answers with that
    let calls = (0..2_000).map(|n| started(WallTime(NOW.0 + n), "200", "201")).collect::<Vec<_>>();
    for call in &calls {
        store.record(Record::CallStarted(call.clone()));
    }
    store.flush().expect("the thread lives");
    let reader = Reader::open(scratch.path()).expect("opens");
    assert!(
        reader.history(&HistoryFilter::default(), 1, None).expect("readable").rows.is_empty(),
        "limit {used} did not hold"
    );
    pages(1_000_000);
    store.flush().expect("the thread lives");
    assert_eq!(reader.history(&HistoryFilter::default(), 5_000, None).expect("readable").rows.len(), 2_000);
    assert_eq!(store.dropped(), 0);
}

fn history(count: i64) -> (Scratch, Reader) {
    let scratch = Scratch::new();
    let store = open(&scratch).store;
    for n in 0..count {
        let (caller, called) = if n % 3 == 0 { ("79211234567", "500") } else { ("200", "201") };
        let call = started(WallTime(NOW.0 + n * 1_000), caller, called);
        store.record(Record::CallStarted(call.clone()));
        let rung = StepKind::Rung { who: format!("2{:02}", n % 50), device: String::new() };
        store.record(Record::CallStep(CallStep { call: call.call, at: call.at, what: rung }));
        let outcome = if n % 10 == 0 { CallOutcome::Busy } else { CallOutcome::Answered };
        store.record(Record::CallEnded(ended(call.call, WallTime(call.at.0 + 8_000), outcome)));
    }
    store.close();
    let reader = Reader::open(scratch.path()).expect("opens");
    (scratch, reader)
}

#[test]
fn pages_follow_each_other_without_gap_or_overlap() {
    let (_scratch, reader) = history(100);
    let filters = [
        HistoryFilter::default(),
        HistoryFilter { number: Some("+79211234567".to_owned()), ..HistoryFilter::default() },
        HistoryFilter { extension: Some("202".to_owned()), ..HistoryFilter::default() },
        HistoryFilter { text: Some("петр".to_owned()), ..HistoryFilter::default() },
        HistoryFilter { text: Some("20".to_owned()), ..HistoryFilter::default() },
        HistoryFilter { outcome: Some("busy".to_owned()), ..HistoryFilter::default() },
        HistoryFilter {
            text: Some("Склад".to_owned()),
            named: vec!["79211234567".to_owned(), "202".to_owned()],
            ..HistoryFilter::default()
        },
        HistoryFilter { direction: Some("inbound".to_owned()), ..HistoryFilter::default() },
    ];
    let counts = [100, 34, 100, 100, 66, 10, 100, 34];
    for (filter, count) in filters.iter().zip(counts) {
        let (mut found, mut before) = (Vec::new(), None);
        loop {
            let page = reader.history(filter, 7, before).expect("readable");
            found.extend(page.rows.iter().map(|row| row.call));
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        let mut sorted = found.clone();
        sorted.sort_by(|a, b| b.cmp(a));
        sorted.dedup();
        assert_eq!(found, sorted, "{filter:?}");
        assert_eq!(found.len(), count, "{filter:?}");
    }
}

#[test]
fn filters_hold_together() {
    let (_scratch, reader) = history(100);
    let filter = HistoryFilter {
        from: Some(WallTime(NOW.0 + 10_000)),
        to: Some(WallTime(NOW.0 + 90_000)),
        number: Some("79211234567".to_owned()),
        extension: Some("230".to_owned()),
        direction: Some("inbound".to_owned()),
        outcome: Some("busy".to_owned()),
        text: Some("ИВАН".to_owned()),
        named: Vec::new(),
    };
    let rows = reader.history(&filter, 100, None).expect("readable").rows;
    assert_eq!(rows.iter().map(|row| row.started_at.0 - NOW.0).collect::<Vec<_>>(), [30_000]);
    let odd = HistoryFilter { text: Some("\" OR 1=1 --".to_owned()), ..HistoryFilter::default() };
    assert_eq!(reader.history(&odd, 100, None).expect("taken literally").rows, []);
}

#[test]
fn a_million_rows_are_read_by_index_and_never_sorted() {
    let (_scratch, reader) = history(1);
    let some = |text: &str| Some(text.to_owned());
    let base = HistoryFilter::default;
    let filters = [
        base(),
        HistoryFilter { from: Some(NOW), to: Some(WallTime(NOW.0 + 1)), ..base() },
        HistoryFilter { number: some("200"), ..base() },
        HistoryFilter { extension: some("200"), outcome: some("busy"), from: Some(NOW), ..base() },
        HistoryFilter { number: some("79211234567"), extension: some("200"), ..base() },
        HistoryFilter { direction: some("inbound"), ..base() },
        HistoryFilter { outcome: some("busy"), direction: some("inbound"), from: Some(NOW), ..base() },
        HistoryFilter { text: some("петров"), outcome: some("busy"), ..base() },
        HistoryFilter { text: some("пе"), ..base() },
        HistoryFilter { text: some("склад"), named: vec!["202".to_owned()], number: some("200"), ..base() },
    ];
    for filter in &filters {
        for before in [None, Some((NOW.0, 7))] {
            let plan = reader.plan(filter, 100, before);
            let steps = plan.lines().filter(|step| !step.contains("USING") && !step.contains("VIRTUAL TABLE INDEX"));
            let odd = steps.filter(|step| !step.contains("SUBQUERY")).collect::<Vec<_>>();
            assert!(odd.is_empty() && !plan.contains("TEMP B-TREE"), "{filter:?}\n{plan}");
        }
    }
}

#[test]
fn the_audit_log_is_bounded_in_rows_and_in_age() {
    let scratch = Scratch::new();
    let opened = open(&scratch);
    let deed = |at: WallTime| Deed {
        at,
        who: "admin".to_owned(),
        address: String::new(),
        what: "sign_in".to_owned(),
        subject: String::new(),
        version: None,
    };
    let put = |id: i64| {
        opened.store.ask_for_test(move |db| {
            let sql = "INSERT INTO audit (id, at, who, address, what, subject) VALUES (?1, ?2, '', '', '', '')";
            db.execute(sql, [id, NOW.0]).map(|_| 0)
        });
    };
    let ids = || {
        opened.store.flush().expect("open");
        let rows = Reader::open(scratch.path()).and_then(|reader| reader.audit(&AuditFilter::default(), 10, None));
        rows.expect("readable").iter().map(|row| row.id).collect::<Vec<_>>()
    };
    opened.store.note(deed(WallTime(0)));
    put(255);
    assert_eq!(ids(), [255, 1]);
    opened.store.note(deed(NOW));
    assert_eq!(ids(), [256, 255], "the first is too old");
    put(AUDIT_ROWS + 255);
    opened.store.note(deed(NOW));
    assert_eq!(ids(), [AUDIT_ROWS + 256, AUDIT_ROWS + 255], "further back than the rows that are kept");
}

/// A call of the city with 79211234567, `minutes` after [`NOW`].
fn city(store: &Store, minutes: i64, inbound: bool, answered_by: Option<&str>) -> CallId {
    let at = WallTime(NOW.0 + minutes * 60_000);
    let (caller, called) = if inbound { ("79211234567", "78126122981") } else { ("201", "79211234567") };
    let direction = if inbound { CallDirection::Inbound } else { CallDirection::Outbound };
    let call = CallStarted { direction, ..started(at, caller, called) };
    store.record(Record::CallStarted(call.clone()));
    let step = |what, after: i64| {
        store.record(Record::CallStep(CallStep { call: call.call, at: WallTime(at.0 + after), what }));
    };
    if inbound {
        step(StepKind::Group { group: "500".to_owned() }, 1_000);
        step(StepKind::Rung { who: "201".to_owned(), device: String::new() }, 1_000);
    }
    if let Some(who) = answered_by {
        step(StepKind::Answered { who: who.to_owned() }, 11_000);
    }
    let outcome = if answered_by.is_some() { CallOutcome::Answered } else { CallOutcome::Abandoned };
    let ended = CallEnded {
        answered_at: answered_by.map(|_| at),
        answered_by: answered_by.map(str::to_owned),
        talk_ms: if answered_by.is_some() { 5_000 } else { 0 },
        ..ended(call.call, WallTime(at.0 + 31_000), outcome)
    };
    store.record(Record::CallEnded(ended));
    call.call
}

fn sum(store: &Store, scratch: &Scratch) -> Summary {
    store.flush().expect("open");
    let reader = Reader::open(scratch.path()).expect("opens");
    let day = WallTime(NOW.0 + 86_400_000);
    reader.summary(NOW, day, &["201".to_owned(), "202".to_owned()]).expect("readable")
}

#[test]
fn who_was_missed_waits_until_somebody_talks_with_him_whichever_side_calls() {
    let scratch = Scratch::new();
    let store = open(&scratch).store;
    let waiting =
        |store: &Store| sum(store, &scratch).waiting.iter().map(|one| (one.missed, one.last_call)).collect::<Vec<_>>();
    city(&store, 0, true, Some("201"));
    let missed = city(&store, 1, true, None);
    assert_eq!(waiting(&store), [(1, missed)], "to have talked before is not enough");
    city(&store, 2, false, None);
    assert_eq!(waiting(&store), [(1, missed)], "nor to have tried");
    city(&store, 3, false, Some("79211234567"));
    assert_eq!(waiting(&store), [], "called back");
    let (_, again) = (city(&store, 4, true, None), city(&store, 5, true, None));
    assert_eq!(waiting(&store), [(3, again)]);
    let at = WallTime(NOW.0 + 6 * 60_000);
    let call = CallStarted { direction: CallDirection::Inbound, ..started(at, "79211234567", "78126122981") };
    store.record(Record::CallStarted(call.clone()));
    assert_eq!(waiting(&store), [(3, again)], "he only rings");
    store.record(Record::CallStep(CallStep {
        call: call.call,
        at,
        what: StepKind::Answered { who: "202".to_owned() },
    }));
    assert_eq!(waiting(&store), [], "he got through, and still talks");
}

#[test]
fn a_stretch_adds_up_by_time_group_and_employee() {
    let scratch = Scratch::new();
    let store = open(&scratch).store;
    city(&store, 0, true, Some("201"));
    city(&store, 1, true, None);
    city(&store, 20, false, Some("79211234567"));
    let Summary { slots, groups, extensions, .. } = sum(&store, &scratch);
    let first = Count { inbound_answered: 1, inbound_missed: 1, talk_ms: 5_000, ..Count::default() };
    let second = Count { outbound: 1, talk_ms: 5_000, ..Count::default() };
    assert_eq!(slots.iter().map(|(_, count)| *count).collect::<Vec<_>>(), [first, second]);
    assert!(slots.iter().all(|(at, _)| at.0 % 900_000 == 0));
    let waits = GroupWaits {
        group: "500".to_owned(),
        calls: 2,
        answered: 1,
        given_up: 1,
        given_back: 0,
        wait_mean_ms: 20_000,
        wait_longest_ms: 30_000,
    };
    assert_eq!(groups, [waits]);
    assert_eq!(extensions["201"], Work { calls: 3, answered: 1, talk_ms: 10_000 });
    assert_eq!(extensions["202"], Work::default(), "told though it did nothing");
}

#[test]
fn ladders_are_kept_for_their_time_and_within_their_bound() {
    let scratch = Scratch::new();
    let store = open(&scratch).store;
    let part = |call: u64, at: i64| crate::io::signalling::Packed {
        call: CallId(call),
        at: WallTime(at),
        messages: vec![7; 100],
    };
    for (call, at) in [(1, 10), (2, 20), (3, 30), (3, 40)] {
        store.keep_signalling(part(call, at));
    }
    let reader = Reader::open(scratch.path()).expect("opens");
    let kept = || {
        store.flush().expect("open");
        [1, 2, 3].map(|call| reader.signalling(CallId(call)).expect("readable").len())
    };
    assert_eq!(kept(), [1, 1, 2]);
    store.tidy_signalling(WallTime(20), 1_000);
    assert_eq!(kept(), [0, 1, 2], "older than its days");
    store.tidy_signalling(WallTime(0), 200);
    assert_eq!(kept(), [0, 0, 2], "the oldest beyond the bound");
}

#[test]
fn what_is_looked_for_in_pieces_is_found_whole_and_in_order() {
    let (_scratch, reader) = history(12_000);
    let filter = HistoryFilter { text: Some("4567".to_owned()), ..HistoryFilter::default() };
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let page = reader.history(&filter, 1_500, before).expect("readable");
        found.extend(page.rows.iter().map(|row| row.started_at.0 - NOW.0));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    let expected: Vec<i64> = (0..12_000).rev().filter(|n| n % 3 == 0).map(|n| n * 1_000).collect();
    assert_eq!(found, expected);
}
