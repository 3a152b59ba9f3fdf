//! `recordings`: the index of recordings, their sound, and their removal.

use std::path::Path;

use serde_json::{Value, json};

use super::super::ask::bad;
use super::super::gate::Stretch;
use super::super::reply::{Problem, Reply, problems};
use super::super::words::Words;
use super::super::workers::FILE;
use super::{Visit, calls, paging};
use crate::base::RecordingId;
use crate::io::recordings::{self, RecordingFormat};
use crate::io::store::RecordingRow;

pub(super) fn list(visit: &Visit<'_>) -> Result<Reply, Problem> {
    may_hear(visit)?;
    let query = &visit.ask.query;
    query.only(&["call", "limit", "cursor"])?;
    let call = query.get("call").map(|call| calls::id(call).ok_or_else(|| bad("call"))).transpose()?;
    let limit = query.number("limit", 1, paging::LONGEST, paging::USUAL)?;
    let before = query.get("cursor").map(|cursor| place(cursor).ok_or_else(|| bad("cursor"))).transpose()?;
    // One row more than asked tells whether there is a next page.
    let mut rows = visit.house.exchange.recordings(call, limit + 1, before)?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(cursor);
    Ok(paging::list(rows.iter().map(|row| item(visit, row)).collect(), next))
}

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    may_hear(visit)?;
    Ok(Reply::json(&item(visit, &find(visit)?)))
}

pub(super) fn delete(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let row = find(visit)?;
    if row.ended_at.is_none() {
        let detail = Words::new(
            "Эта запись ещё идёт; удалить её можно, когда она закончится.",
            "This recording still goes on; it can be removed when it has ended.",
        );
        return Err(Problem::new(409, "goes_on", detail));
    }
    if let super::Who::Session(signed_in) = &visit.who {
        tracing::info!(recording = %row.recording, by = %signed_in.login, "web: remove a recording");
    }
    visit.house.exchange.remove_recording(&row)?;
    Ok(Reply::empty())
}

/// The handler says which bytes; the gate sends them.
pub(super) fn audio(visit: &Visit<'_>) -> Result<Reply, Problem> {
    may_hear(visit)?;
    let row = find(visit)?;
    let format = RecordingFormat::from_word(&row.format).ok_or_else(problems::not_found)?;
    let file = recordings::file(&visit.house.data, &row).ok_or_else(problems::not_found)?;
    sound(visit, &file, &row.path, format.content_type())
}

/// Viewers hear recordings and messages only where an admin allows it, and do not learn of them else.
pub(super) fn may_hear(visit: &Visit<'_>) -> Result<(), Problem> {
    if visit.may_hear() {
        return Ok(());
    }
    let detail = Words::new(
        "Записи и сообщения слушают администраторы и те, кому они разрешили.",
        "Recordings and messages are for administrators, and for whom they allow it.",
    );
    Err(Problem::new(403, "not_allowed", detail))
}

/// A file of sound, or the part of it that is asked for. `path` is relative to the data directory.
pub(super) fn sound(visit: &Visit<'_>, file: &Path, path: &str, content_type: &'static str) -> Result<Reply, Problem> {
    let length = file.metadata().map_err(|_| problems::not_found())?.len();
    let (status, from, to) = match visit.ask.header("range").and_then(|range| part(range, length)) {
        None => (200, 0, length),
        Some(Part::Of(from, to)) => (206, from, to),
        Some(Part::Nothing) => {
            let detail = Words::new("Таких байтов в файле нет.", "The file has no such bytes.");
            return Err(Problem::new(416, "range", detail).with("content-range", format!("bytes */{length}")));
        }
    };
    let stretch = Stretch { path: path.to_owned(), from, length: to - from };
    let reply = Reply { status, headers: Vec::new(), content_type, body: Vec::new() };
    let reply = reply
        .with(FILE, stretch.write())
        .with("accept-ranges", "bytes")
        .with("content-disposition", format!("inline; filename=\"{}\"", last(path)));
    Ok(if status == 206 { reply.with("content-range", format!("bytes {from}-{}/{length}", to - 1)) } else { reply })
}

/// What a Range header asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// From this byte up to, and without, that one.
    Of(u64, u64),
    /// Nothing that there is.
    Nothing,
}

/// Reads `Range` (RFC 9110 §14.1.2). `None`: several ranges, or something else that is to be ignored.
fn part(range: &str, length: u64) -> Option<Part> {
    let (from, to) = range.trim().strip_prefix("bytes=")?.split_once('-')?;
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    let part = match (from, to) {
        ("", last) => {
            let last = number(last)?;
            if last == 0 { Part::Nothing } else { Part::Of(length.saturating_sub(last), length) }
        }
        (from, "") => Part::Of(number(from)?, length),
        (from, to) => {
            let (from, to) = (number(from)?, number(to)?);
            if to < from {
                return None;
            }
            Part::Of(from, to.saturating_add(1).min(length))
        }
    };
    Some(if matches!(part, Part::Of(from, to) if from >= to) { Part::Nothing } else { part })
}

fn find(visit: &Visit<'_>) -> Result<RecordingRow, Problem> {
    let id = calls::id(visit.value()).map(|id| RecordingId(id.0)).ok_or_else(problems::not_found)?;
    visit.house.exchange.recording(id)?.ok_or_else(problems::not_found)
}

fn cursor(row: &RecordingRow) -> String {
    paging::seal(&format!("{}.{}", row.started_at.millis(), row.recording))
}

fn place(cursor: &str) -> Option<(i64, i64)> {
    let text = paging::open(cursor)?;
    let (at, recording) = text.split_once('.')?;
    Some((at.parse().ok()?, recording.parse().ok()?))
}

fn item(visit: &Visit<'_>, row: &RecordingRow) -> Value {
    json!({
        "id": row.recording.to_string(),
        "call": row.call.to_string(),
        "started_at": visit.time(row.started_at),
        "ended_at": row.ended_at.map(|at| visit.time(at)),
        "format": row.format,
        "duration_ms": row.duration_ms,
        "bytes": row.bytes,
        "caller": row.caller,
        "called": row.called,
        "file": last(&row.path),
    })
}

/// The name of a file in its directory.
fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_one_stretch_of_what_there_is() {
        let of = |from, to| Some(Part::Of(from, to));
        for (range, want) in [
            ("bytes=0-", of(0, 100)),
            ("bytes=0-0", of(0, 1)),
            ("bytes=99-1000", of(99, 100)),
            ("bytes=-10", of(90, 100)),
            ("bytes=-1000", of(0, 100)),
            ("bytes=100-", Some(Part::Nothing)),
            ("bytes=-0", Some(Part::Nothing)),
            ("bytes=5-4", None),
            ("bytes=0-1,5-6", None),
            ("bytes=+1-2", None),
            ("bytes=-", None),
            ("seconds=1-2", None),
        ] {
            assert_eq!(part(range, 100), want, "{range}");
        }
        assert_eq!(part("bytes=0-", 0), Some(Part::Nothing));
    }
}
