//! `/metrics`: Prometheus text, from loopback or with a token.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};
use std::fs;

use super::super::House;
use super::super::reply::{Problem, Reply, problems};
use super::{Visit, Who, system};
use crate::io::board::{call_state, sip_logins, trunk_state};
use crate::io::clock;
use crate::office::Office;

const STATES: [&str; 7] =
    ["starting", "registered", "reachable", "wrong_password", "refused", "silent", "no_such_name"];
const CALL_STATES: [&str; 6] = ["prompt", "ringing", "talking", "held", "parked", "ending"];

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    if !visit.ask.is_on_loopback() && !matches!(visit.who, Who::Token(_)) {
        return Err(problems::not_signed_in());
    }
    Ok(Reply::text("text/plain; version=0.0.4; charset=utf-8", page(visit.house, &visit.office)))
}

/// All of it.
pub(super) fn page(house: &House, office: &Office) -> String {
    let mut page = Page(String::new());
    calls(&mut page, house);
    phones(&mut page, house, office);
    trunks(&mut page, house, office);
    process(&mut page, house);
    page.0
}

/// The text exposition format 0.0.4.
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn value(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.0.push_str(name);
        for (index, (label, text)) in labels.iter().enumerate() {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.0, "{}{label}=\"{text}\"", if index == 0 { '{' } else { ',' });
        }
        let _ = writeln!(self.0, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }

    fn single(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.head(name, kind, help);
        self.value(name, &[], value);
    }
}

fn calls(page: &mut Page, house: &House) {
    let mut now: BTreeMap<&str, u32> = CALL_STATES.into_iter().map(|state| (state, 0)).collect();
    for call in house.board.calls() {
        *now.entry(call_state(call.state)).or_default() += 1;
    }
    page.head("dozvon_calls", "gauge", "Calls in progress by state.");
    for (state, count) in now {
        page.value("dozvon_calls", &[("state", state)], count);
    }
    let totals = house.board.totals();
    page.head("dozvon_calls_ended_total", "counter", "Calls that ended, by direction and outcome.");
    for ((direction, outcome), count) in &totals.calls_ended {
        page.value("dozvon_calls_ended_total", &[("direction", direction), ("outcome", outcome)], count);
    }
    page.single("dozvon_notices_total", "counter", "Notices for the admin.", totals.notices);
}

fn phones(page: &mut Page, house: &House, office: &Office) {
    let phones = house.board.registrations();
    let logins: Vec<&str> = sip_logins(office).collect();
    let here = |login: &&&str| phones.get(**login).is_some_and(|phone| !phone.contacts.is_empty());
    page.single("dozvon_phones", "gauge", "SIP devices in the settings.", logins.len());
    let registered = logins.iter().filter(here).count();
    page.single("dozvon_phones_registered", "gauge", "SIP devices that are registered.", registered);
}

fn trunks(page: &mut Page, house: &House, office: &Office) {
    let live = house.board.trunks();
    page.head("dozvon_trunk_state", "gauge", "1 for the state that each trunk is in.");
    for trunk in &office.trunks {
        let now = live.get(&trunk.name).map_or("starting", |view| trunk_state(&view.state));
        for state in STATES {
            let labels = [("trunk", trunk.name.as_str()), ("state", state)];
            page.value("dozvon_trunk_state", &labels, u8::from(state == now));
        }
    }
}

fn process(page: &mut Page, house: &House) {
    page.head("dozvon_info", "gauge", "The version.");
    page.value("dozvon_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
    let uptime = system::uptime(house.started_at, clock::wall());
    page.single("dozvon_uptime_seconds", "gauge", "Seconds since the start.", uptime);
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(kilobytes) = field(&status, "VmRSS:") {
        page.single("process_resident_memory_bytes", "gauge", "Resident memory.", kilobytes * 1_024);
    }
    if let Some(threads) = field(&status, "Threads:") {
        page.single("process_threads", "gauge", "Threads.", threads);
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        page.single("process_open_fds", "gauge", "Open file descriptors.", open.count());
    }
    if let Some(seconds) = cpu_seconds() {
        page.single("process_cpu_seconds_total", "counter", "CPU time, user and system.", seconds);
    }
}

fn field(status: &str, name: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

/// Fields 14 and 15 of proc_pid_stat(5), in ticks of 10 ms on every Linux that we run on.
fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let (user, system): (u32, u32) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(f64::from(user + system) / 100.0)
}
