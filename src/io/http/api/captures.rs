//! `captures`: what passes the cards, for Wireshark, with secrets of SIP covered.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::gate::Stretch;
use super::super::reply::{Problem, Reply, problems};
use super::super::words::{Said, Words};
use super::super::workers::FILE;
use super::{Visit, paging};
use crate::io::capture::{Capture, Captures, LONGEST_TIME, StartError, State, Wanted, What};
use crate::io::doctor::first_server;
use crate::sip::Transport;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    seconds: u32,
    what: What,
    #[serde(default)]
    address: Option<String>,
}

pub(super) fn list(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&["limit", "cursor"])?;
    let all = visit.house.captures.list();
    paging::page(&visit.ask.query, all.iter().map(|capture| item(visit, capture)))
}

pub(super) fn get(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    find(visit).map(|capture| Reply::json(&item(visit, &capture)))
}

pub(super) fn post(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let Given { seconds, what, address } = visit.ask.json()?;
    let mut wrong = problems::invalid();
    if !(1..=LONGEST_TIME).contains(&seconds) {
        let detail = Said::new(format!("От 1 до {LONGEST_TIME} секунд."), format!("1 to {LONGEST_TIME} seconds."));
        wrong = wrong.at("/seconds", detail);
    }
    let address = address.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let address = match address.map(str::parse::<IpAddr>).transpose() {
        Ok(address) => address.map(|address| address.to_canonical()),
        Err(_) => {
            let detail = Words::new(
                "Здесь нужен адрес одной машины, например 192.168.1.20, или ничего.",
                "This takes the address of one machine, such as 192.168.1.20, or nothing.",
            );
            wrong = wrong.at("/address", detail);
            None
        }
    };
    if wrong.has_faults() {
        return Err(wrong);
    }
    let begun = visit.house.captures.start(what, address, seconds, wanted(visit, what, address)).map_err(refused)?;
    let location = format!("/api/v1/captures/{}", begun.id);
    Ok(Reply::created(&item(visit, &begun), &location))
}

pub(super) fn stop(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let stopped = id(visit).and_then(|id| visit.house.captures.stop(id)).ok_or_else(problems::not_found)?;
    Ok(Reply::json(&item(visit, &stopped)))
}

pub(super) fn delete(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let removed = id(visit).is_some_and(|id| visit.house.captures.remove(id));
    if removed { Ok(Reply::empty()) } else { Err(problems::not_found()) }
}

/// What there is by now: a capture that goes on has a file already.
pub(super) fn file(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let capture = find(visit)?;
    let stretch = Stretch { path: Captures::path(capture.id), from: 0, length: capture.bytes };
    let at: String = visit.time(capture.began()).chars().take(19).filter(|letter| *letter != ':').collect();
    Ok(Reply::text("application/vnd.tcpdump.pcap", Vec::new())
        .with(FILE, stretch.write())
        .named(format!("attachment; filename=\"dozvon-{at}.pcap\"")))
}

fn id(visit: &Visit<'_>) -> Option<u64> {
    visit.value().parse().ok()
}

fn find(visit: &Visit<'_>) -> Result<Capture, Problem> {
    id(visit).and_then(|id| visit.house.captures.find(id)).ok_or_else(problems::not_found)
}

/// Our ports, those at which SIP is by custom, and those of the carriers.
fn wanted(visit: &Visit<'_>, what: What, address: Option<IpAddr>) -> Wanted {
    let sip = visit.house.sip;
    let (mut text, mut tls) = (BTreeSet::from([sip.udp, sip.tcp, 5060]), BTreeSet::from([sip.tls, 5061]));
    for trunk in &visit.office.trunks {
        if let Some(port) = first_server(trunk).port {
            let ports = if trunk.transport == Transport::Tls { &mut tls } else { &mut text };
            ports.insert(port);
        }
    }
    // what somebody may read is covered, whatever else it may be
    tls.retain(|port| !text.contains(port));
    let sound = visit.house.ground.config.rtp.ports;
    let sound = (what == What::All).then_some(sound.first..=sound.last);
    Wanted { sip: text, tls, sound, address }
}

fn item(visit: &Visit<'_>, capture: &Capture) -> Value {
    let (state, error) = match capture.state {
        State::Running => ("running", None),
        State::Done => ("done", None),
        State::DiskFull => {
            let words = Words::new(
                "На диске кончилось место; что успело записаться, можно скачать.",
                "The disk has filled up; what was written before can be downloaded.",
            );
            ("failed", Some(words))
        }
        State::Failed => {
            let words = Words::new("Запись прервалась; подробности в журнале.", "It broke off; the log tells why.");
            ("failed", Some(words))
        }
    };
    json!({
        "id": capture.id.to_string(),
        "at": visit.time(capture.began()),
        "seconds": capture.seconds,
        "what": match capture.what { What::Signalling => "signalling", What::All => "all" },
        "address": capture.address.map(|address| address.to_string()),
        "bytes": capture.bytes,
        "state": state,
        "error": error.map(|words| words.say(visit.language())),
    })
}

fn refused(error: StartError) -> Problem {
    match error {
        StartError::NotAllowed => {
            let detail = Words::new(
                "Система не разрешает станции смотреть пакеты. Дайте её службе CAP_NET_RAW и AF_PACKET: AmbientCapabilities, \
                 CapabilityBoundingSet и RestrictAddressFamilies в dozvon.service.",
                "The system does not let the exchange look at packets. Give its service CAP_NET_RAW and AF_PACKET: AmbientCapabilities, \
                 CapabilityBoundingSet and RestrictAddressFamilies in dozvon.service.",
            );
            Problem::new(409, "not_permitted", detail)
        }
        StartError::Busy => {
            let detail = Words::new(
                "Уже идут две записи пакетов. Остановите одну из них.",
                "Two captures go on already. Stop one of them.",
            );
            Problem::new(409, "busy", detail)
        }
        StartError::NoRoom => {
            let detail = Words::new(
                "На диске мало места для записи пакетов. Удалите старые записи.",
                "The disk has too little room for a capture. Remove old recordings.",
            );
            Problem::new(409, "no_room", detail)
        }
        StartError::Io(error) => {
            tracing::error!(%error, "web: no capture");
            problems::unavailable()
        }
    }
}
