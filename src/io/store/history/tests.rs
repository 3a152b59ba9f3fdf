//! A million rows, made once and measured: `cargo test --lib million -- --ignored --nocapture`, with a directory for the
//! database in `DOZVON_MILLION`.

use std::path::PathBuf;
use std::time::Duration;

use super::*;
use crate::base::Rng;
use crate::call::cdr::{CallDirection, CallEnded, CallOutcome, CallStarted, CallStep, StepKind};
use crate::io::clock::Stopwatch;
use crate::io::store::{call, database};
use crate::media::Stats;

const ROWS: i64 = 1_000_000;
const NOW: i64 = 1_800_000_000_000;
/// One call a minute: 1,000,000 are two years of an office.
const EVERY_MS: i64 = 60_000;

/// The directory of the database, made when there is none.
fn million() -> PathBuf {
    let data = std::env::var_os("DOZVON_MILLION").map_or_else(std::env::temp_dir, PathBuf::from);
    if !database(&data).exists() {
        std::fs::create_dir_all(data.join("backups")).expect("writable");
        let connection = schema::open(&data).expect("opens");
        connection.execute_batch("PRAGMA synchronous = off; BEGIN").expect("begins");
        let mut rng = Rng::from_seed(7);
        for n in 0..ROWS {
            one(&connection, &mut rng, n);
            if n % 50_000 == 49_999 {
                connection.execute_batch("COMMIT; BEGIN").expect("commits");
            }
        }
        connection.execute_batch("COMMIT").expect("commits");
    }
    data
}

fn one(connection: &Connection, rng: &mut Rng, n: i64) {
    let at = WallTime(NOW - (ROWS - n) * EVERY_MS);
    let id = CallId(u64::try_from(at.0).expect("after 1970") << 20);
    let member = |rng: &mut Rng| format!("2{:02}", rng.below(50));
    let city = |rng: &mut Rng| format!("7921{:07}", (rng.below(200) * rng.below(200) * 97) % 9_999_991);
    let (direction, caller, called) = match rng.below(20) {
        0..12 => {
            let number = if rng.below(10) < 7 { "78126122981" } else { "78126400512" };
            (CallDirection::Inbound, city(rng), number.to_owned())
        }
        12..17 => (CallDirection::Outbound, member(rng), city(rng)),
        _ => (CallDirection::Internal, member(rng), member(rng)),
    };
    let is_city = direction != CallDirection::Internal;
    let caller_name = match rng.below(5) {
        0 => ["Иван Петров", "Мария", "ООО Ромашка", "Anna Smith"][rng.below(4) as usize].to_owned(),
        _ => String::new(),
    };
    let trunk =
        is_city.then(|| if rng.below(10) < 7 { "Основной городской" } else { "Запасной" }.to_owned());
    let start = CallStarted { call: id, at, direction, caller, caller_name, called: called.clone(), trunk };
    call::start(connection, &start).expect("fits");
    let mut place = n * 20;
    let mut step = |what, after: i64| {
        place += 1;
        call::step(connection, place, &CallStep { call: id, at: WallTime(at.0 + after), what }).expect("fits");
    };
    if direction == CallDirection::Inbound {
        step(StepKind::Element { element: "menu".to_owned() }, 0);
        step(StepKind::Group { group: ["500", "501", "502"][rng.below(3) as usize].to_owned() }, 4_000);
        for _ in 0..4 {
            step(StepKind::Rung { who: member(rng), device: "x".to_owned() }, 4_100);
        }
    }
    let outcome = match rng.below(1000) {
        0..700 => CallOutcome::Answered,
        700..850 => CallOutcome::Abandoned,
        850..950 => CallOutcome::NoAnswer,
        950..980 => CallOutcome::Busy,
        980..990 => CallOutcome::Refused,
        990..998 => CallOutcome::Failed,
        _ => CallOutcome::Interrupted,
    };
    let ring = rng.below(40_000).cast_signed();
    let talk = rng.below(400_000).cast_signed();
    let answered = outcome == CallOutcome::Answered;
    let answered_by = answered.then(|| if direction == CallDirection::Inbound { member(rng) } else { called });
    if let Some(who) = &answered_by {
        step(StepKind::Answered { who: who.clone() }, ring);
    }
    let end = CallEnded {
        call: id,
        at: WallTime(at.0 + ring + if answered { talk } else { 0 }),
        outcome,
        status: 0,
        cause: "caller_hung_up",
        answered_at: answered.then_some(WallTime(at.0 + ring)),
        answered_by,
        ring_ms: u64::try_from(ring).expect("positive"),
        talk_ms: if answered { u64::try_from(talk).expect("positive") } else { 0 },
        quality: [Some(Stats::default()), Some(Stats::default())],
    };
    call::end(connection, &end).expect("fits");
}

fn timed<T>(act: impl FnOnce() -> T) -> (Duration, T) {
    let watch = Stopwatch::start();
    let done = act();
    (watch.elapsed(), done)
}

#[test]
#[ignore = "makes a database of 600 MB and measures"]
fn a_million_rows_by_each_filter() {
    let data = million();
    let some = |text: &str| Some(text.to_owned());
    let base = HistoryFilter::default;
    let (from, to) = (Some(WallTime(NOW - 30 * 86_400_000)), Some(WallTime(NOW - 20 * 86_400_000)));
    let filters = [
        ("nothing", base()),
        ("ten days", HistoryFilter { from, to, ..base() }),
        ("the first day", HistoryFilter { to: Some(WallTime(NOW - (ROWS - 1_440) * EVERY_MS)), ..base() }),
        ("number: rare", HistoryFilter { number: some("79210000097"), ..base() }),
        ("number: own", HistoryFilter { number: some("78126122981"), ..base() }),
        ("number: unknown", HistoryFilter { number: some("74950000000"), ..base() }),
        ("extension", HistoryFilter { extension: some("201"), ..base() }),
        ("group", HistoryFilter { extension: some("500"), ..base() }),
        ("direction", HistoryFilter { direction: some("internal"), ..base() }),
        ("outcome", HistoryFilter { outcome: some("interrupted"), ..base() }),
        ("direction + outcome", HistoryFilter { direction: some("outbound"), outcome: some("interrupted"), ..base() }),
        (
            "own number + internal: none",
            HistoryFilter { number: some("78126122981"), direction: some("internal"), ..base() },
        ),
        ("group + outbound: none", HistoryFilter { extension: some("500"), direction: some("outbound"), ..base() }),
        ("extension + interrupted", HistoryFilter { extension: some("201"), outcome: some("interrupted"), ..base() }),
        ("group + failed", HistoryFilter { extension: some("500"), outcome: some("failed"), ..base() }),
        ("number + extension: none", HistoryFilter { number: some("78126122981"), extension: some("9999"), ..base() }),
        ("two extensions", HistoryFilter { number: some("202"), extension: some("201"), ..base() }),
        ("own number + group", HistoryFilter { number: some("78126400512"), extension: some("502"), ..base() }),
        (
            "two own numbers: none",
            HistoryFilter { number: some("78126400512"), extension: some("78126122981"), ..base() },
        ),
        ("text: name", HistoryFilter { text: some("петров"), ..base() }),
        (
            "text: employee",
            HistoryFilter { text: some("склад"), named: (200..220).map(|n| n.to_string()).collect(), ..base() },
        ),
        ("text: digits, many", HistoryFilter { text: some("7921"), ..base() }),
        ("text: digits, few", HistoryFilter { text: some("9991"), ..base() }),
        ("text: digits, none", HistoryFilter { text: some("2179218126"), ..base() }),
        ("text: two letters", HistoryFilter { text: some("ир"), ..base() }),
        ("text: trunk", HistoryFilter { text: some("запасной"), ..base() }),
        ("text + interrupted", HistoryFilter { text: some("7921"), outcome: some("interrupted"), ..base() }),
        ("text + internal: none", HistoryFilter { text: some("7921"), direction: some("internal"), ..base() }),
        (
            "text, the first day",
            HistoryFilter { text: some("7921"), to: Some(WallTime(NOW - (ROWS - 1_440) * EVERY_MS)), ..base() },
        ),
    ];
    println!("{:32} whole {:>5} {:>9} {:>9} {:>9}", "", "rows", "first", "again", "page 2");
    for (name, filter) in filters {
        let reader = Reader::open(&data).expect("opens");
        let (cold, rows) = timed(|| reader.history(&filter, 100, None).expect("readable"));
        let (warm, _) = timed(|| reader.history(&filter, 100, None).expect("readable"));
        let before = rows.next;
        let (next, _) = timed(|| reader.history(&filter, 100, before).expect("readable"));
        let all = rows.next.is_none();
        println!("{name:32} {all:5} {:5} {cold:>9.1?} {warm:>9.1?} {next:>9.1?}", rows.rows.len());
    }
}

#[test]
#[ignore = "makes a database of 600 MB and measures"]
fn a_month_of_it_is_added_up() {
    let reader = Reader::open(&million()).expect("opens");
    let extensions: Vec<String> = (200..250).map(|number| number.to_string()).collect();
    // a call a minute: 100,000 rows are 70 days
    for _ in 0..2 {
        let (took, sum) = timed(|| reader.summary(WallTime(NOW - 100_000 * EVERY_MS), WallTime(NOW), &extensions));
        let sum = sum.expect("readable");
        println!("summary of 100,000 rows: {took:.1?}; {} groups, {} wait", sum.groups.len(), sum.waiting.len());
    }
}
