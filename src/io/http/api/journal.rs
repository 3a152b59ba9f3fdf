//! `system/log`: the journal, the newest line first, with what the kernel says on the box; and where else it is sent, `syslog`.

use std::fmt::Write as _;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::House;
use super::super::ask::bad;
use super::super::reply::{Problem, Reply, problems};
use super::super::words::Words;
use super::change::{Before, Place, change, etag};
use super::{Visit, paging, rfc3339};
use crate::io::clock;
use crate::io::journal::syslog::State;
use crate::io::journal::{Level, Line, kernel};
use crate::office::{Office, Syslog, SyslogTransport, Word as _};

/// The longest text that is sought. Letters.
const LONGEST_TEXT: usize = 100;

/// The order of lines: when, the kernel before us, one after the other.
type Key = (i64, bool, u64);

fn key(line: &Line) -> Key {
    (line.at.millis(), line.target != kernel::TARGET, line.id)
}

/// All lines, oldest first.
fn lines(house: &House) -> Vec<Arc<Line>> {
    let mut lines = house.ground.journal.lines();
    if let Some(said) = house.ground.machine.kernel_log() {
        lines.extend(kernel::read(&said.text, said.started));
    }
    lines.sort_by_key(|line| key(line));
    lines
}

pub(super) fn list(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let query = &visit.ask.query;
    query.only(&["level", "text", "limit", "cursor"])?;
    let limit = query.number("limit", 1, paging::LONGEST, paging::USUAL)?;
    let level = query.word("level", &Level::ALL.map(Level::as_str))?.and_then(|word| Level::of_word(&word));
    let text = query.get("text").map(str::to_lowercase);
    if text.as_ref().is_some_and(|text| text.chars().count() > LONGEST_TEXT) {
        return Err(bad("text"));
    }
    let before = query.get("cursor").map(|cursor| place(cursor).ok_or_else(|| bad("cursor"))).transpose()?;
    let holds = |line: &Line, text: &str| line.text.to_lowercase().contains(text) || line.target.contains(text);
    let fits = |line: &&Arc<Line>| {
        level.is_none_or(|level| line.level <= level)
            && text.as_ref().is_none_or(|text| holds(line, text))
            && before.is_none_or(|before| key(line) < before)
    };
    let all = lines(visit.house);
    let mut found: Vec<&Arc<Line>> = all.iter().rev().filter(fits).take(limit + 1).collect();
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|line| {
        let (at, ours, id) = key(line);
        paging::seal(&format!("{at} {} {id}", u8::from(ours)))
    });
    let item = |line: &&Arc<Line>| json!({ "at": visit.time(line.at), "level": line.level.as_str(), "target": line.target, "text": line.text });
    Ok(paging::list(found.iter().map(item).collect(), next))
}

fn place(cursor: &str) -> Option<Key> {
    let text = paging::open(cursor)?;
    let mut words = text.split(' ');
    let (at, ours, id) = (words.next()?, words.next()?, words.next()?);
    Some((at.parse().ok()?, ours == "1", id.parse().ok()?))
}

pub(super) fn text(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let day = visit.time(clock::wall()).chars().take(10).collect::<String>();
    let text = written(visit.house, &visit.office.settings.timezone);
    Ok(Reply::text("text/plain; charset=utf-8", text).named(format!("attachment; filename=\"dozvon-{day}.log\"")))
}

/// The whole journal as text, a line each, oldest first.
pub(super) fn written(house: &House, zone: &str) -> String {
    let mut text = String::new();
    for line in lines(house) {
        let Line { at, level, target, text: said, .. } = &*line;
        // a String takes all
        let _ = writeln!(text, "{} {:<5} {target}: {said}", rfc3339(*at, zone), level.as_str());
    }
    text
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    enabled: bool,
    server: String,
    #[serde(default)]
    transport: Option<String>,
    /// As it was read; it changes nothing.
    #[serde(default, rename = "state")]
    _state: Option<Value>,
}

pub(super) fn get_syslog(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    answer(visit, &visit.office)
}

pub(super) fn put_syslog(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let given: Given = visit.ask.json()?;
    let transport = match given.transport.as_deref() {
        None => SyslogTransport::default(),
        Some(word) => SyslogTransport::from_word(word)
            .ok_or_else(|| problems::invalid().at("/transport", Words::new("udp или tcp.", "udp or tcp.")))?,
    };
    let office = change(visit, "syslog changed", Before::Seen(&show), |office| {
        office.syslog = Syslog { enabled: given.enabled, server: given.server.trim().to_owned(), transport };
        Ok(Place::new("/syslog"))
    })?;
    answer(visit, &office)
}

fn show(office: &Office) -> Result<Value, Problem> {
    let Syslog { enabled, server, transport } = &office.syslog;
    Ok(json!({ "enabled": enabled, "server": server, "transport": transport.word() }))
}

fn answer(visit: &Visit<'_>, office: &Office) -> Result<Reply, Problem> {
    let mut shown = show(office)?;
    let tag = etag(&shown);
    let (word, text) = match visit.house.ground.syslog.state() {
        State::Off => ("off", None),
        State::Starting => ("starting", None),
        State::Sending => ("sending", None),
        State::Failing(error) => ("failing", Some(super::of_out(&error).say(visit.language()).to_owned())),
    };
    shown["state"] = json!({ "state": word, "text": text });
    Ok(Reply::json(&shown).with("etag", tag))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::WallTime;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        for key in [(0, false, 0), (1_795_605_600_000, true, 77)] {
            let (at, ours, id) = key;
            assert_eq!(place(&paging::seal(&format!("{at} {} {id}", u8::from(ours)))), Some(key));
        }
        assert_eq!(place("x"), None);
        assert_eq!(place(&paging::seal("1 1")), None);
    }

    #[test]
    fn the_kernels_lines_stand_before_ours_of_the_same_moment() {
        let line = |target: &str, id| Line {
            id,
            at: WallTime(5),
            level: Level::Info,
            target: target.to_owned(),
            text: String::new(),
        };
        assert!(key(&line(kernel::TARGET, 9)) < key(&line("dozvon", 1)));
    }
}
