//! `history/summary`: days, hours of the day, groups, employees, and who waits to be called back.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};

use super::super::ask::bad;
use super::super::reply::{Problem, Reply};
use super::Visit;
use crate::base::WallTime;
use crate::io::clock;
use crate::io::store::{Count, Summary};

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let query = &visit.ask.query;
    query.only(&["from", "to"])?;
    let zone = TimeZone::get(&visit.office.settings.timezone).unwrap_or(TimeZone::UTC);
    let to = query.time("to")?.unwrap_or_else(clock::wall);
    let from = query.time("from")?.unwrap_or(WallTime(to.millis().saturating_sub(USUAL_DAYS * DAY_MS)));
    if from >= to || to.millis().saturating_sub(from.millis()) > LONGEST_DAYS * DAY_MS {
        return Err(bad("from"));
    }
    let numbers: Vec<String> = visit.office.extensions.iter().map(|extension| extension.number.clone()).collect();
    let summary = visit.house.exchange.summary(from, to, &numbers)?;
    let (days, hours) = by_time(&summary, &zone, from, to);
    let day = |(day, count): (Date, Count)| with("day", json!(day.to_string()), count);
    let hour = |(hour, count): (usize, Count)| with("hour", json!(hour), count);
    Ok(Reply::json(&json!({
        "from": visit.time(from),
        "to": visit.time(to),
        "total": fields(summary.slots.iter().fold(Count::default(), |sum, (_, count)| sum + *count)),
        "days": days.into_iter().map(day).collect::<Vec<_>>(),
        "hours": hours.into_iter().enumerate().map(hour).collect::<Vec<_>>(),
        "groups": groups(visit, &summary),
        "extensions": extensions(visit, &summary),
        "not_called_back": waiting(visit, &summary),
        "not_called_back_more": summary.waiting_more,
    })))
}

/// Each day of the stretch and each hour of the day, in the office's time.
fn by_time(summary: &Summary, zone: &TimeZone, from: WallTime, to: WallTime) -> (BTreeMap<Date, Count>, [Count; 24]) {
    let civil = |millis: i64| zone.to_datetime(Timestamp::from_millisecond(millis).unwrap_or_default());
    let mut days = BTreeMap::new();
    let (mut day, last) = (civil(from.millis()).date(), civil(to.millis() - 1).date());
    while day <= last {
        days.insert(day, Count::default());
        let Ok(next) = day.checked_add(1.day()) else { break };
        day = next;
    }
    let mut hours = [Count::default(); 24];
    for (at, count) in &summary.slots {
        // a slot may begin before the stretch does
        let at = civil(at.millis().max(from.millis()));
        let sum = days.entry(at.date()).or_default();
        *sum = *sum + *count;
        if let Some(hour) = hours.get_mut(usize::try_from(at.hour()).unwrap_or_default()) {
            *hour = *hour + *count;
        }
    }
    (days, hours)
}

fn with(name: &str, value: Value, count: Count) -> Value {
    let mut fields = fields(count);
    fields[name] = value;
    fields
}

fn fields(count: Count) -> Value {
    json!({
        "inbound_answered": count.inbound_answered,
        "inbound_missed": count.inbound_missed,
        "outbound": count.outbound,
        "internal": count.internal,
        "talk_seconds": count.talk_ms / 1000,
    })
}

fn groups(visit: &Visit<'_>, summary: &Summary) -> Vec<Value> {
    let group = |group: &crate::io::store::GroupWaits| {
        let name = visit.office.group(&group.group).map(|group| group.name.clone());
        json!({
            "number": group.group,
            "name": name.unwrap_or_default(),
            "calls": group.calls,
            "answered": group.answered,
            "given_up": group.given_up,
            "given_back": group.given_back,
            "wait_mean_seconds": group.wait_mean_ms / 1000,
            "wait_longest_seconds": group.wait_longest_ms / 1000,
        })
    };
    summary.groups.iter().map(group).collect()
}

/// All that the office has, and whoever else was busy then.
fn extensions(visit: &Visit<'_>, summary: &Summary) -> Vec<Value> {
    let one = |(number, work): (&String, &crate::io::store::Work)| {
        json!({
            "number": number,
            "employee": visit.office.extension(number).map(|e| e.employee.clone()).unwrap_or_default(),
            "calls": work.calls,
            "answered": work.answered,
            "talk_seconds": work.talk_ms / 1000,
        })
    };
    summary.extensions.iter().map(one).collect()
}

fn waiting(visit: &Visit<'_>, summary: &Summary) -> Vec<Value> {
    let one = |missed: &crate::io::store::NotCalledBack| {
        json!({
            "number": missed.number,
            "name": missed.name,
            "missed": missed.missed,
            "last_at": visit.time(missed.last_at),
            "last_call": missed.last_call.to_string(),
            "called": missed.called,
        })
    };
    summary.waiting.iter().map(one).collect()
}

/// Without `from`. Days.
const USUAL_DAYS: i64 = 30;
/// The longest stretch: a year with some days to compare. Days.
const LONGEST_DAYS: i64 = 400;
const DAY_MS: i64 = 86_400_000;
