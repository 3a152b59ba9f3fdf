//! `system/…` of the machine under the exchange: its networks, its clock, and its ends. What needs the steward is refused in plain words
//! where there is none.

use std::net::{IpAddr, Ipv4Addr};

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::House;
use super::super::ending::What;
use super::super::reply::{Problem, Reply, problems};
use super::super::words::{Said, Words};
use super::super::workers::HOST;
use super::change::{etag, is_seen};
use super::machine_words as words;
use super::{Visit, session};
use crate::io::board::Event;
use crate::io::clock;
use crate::io::machine::MachineError;
use crate::io::recordings;
use crate::machine::forecast::Forecast;
use crate::machine::network::Fault;
use crate::machine::order::Disk;
use crate::machine::settings::{LONGEST_NAME, MOST_TIME_SERVERS, is_host_name, is_time_server};
use crate::machine::trial::Why;
use crate::machine::{Addressing, Carrier, Network, Order, Port, State};
use crate::office::{Language, Office};

/// A change of the network comes back after so long, unless it is confirmed. Seconds.
const CONFIRM_WITHIN: u32 = 120;

/// How the machine is, for `GET system`.
pub(super) fn shown(house: &House, office: &Office, language: Language) -> Value {
    let Some(state) = house.ground.machine.state() else { return plain(house, office) };
    json!({
        "image": true,
        "slot": state.slot,
        "release": state.release,
        "other_release": state.other_release,
        "on_trial": state.on_trial,
        "failed_reason": failed_reason(&state, language),
        "host_name": state.host_name,
        "uptime_seconds": state.uptime_seconds,
        "cards": state.cards,
        "temperatures": state.temperatures,
        "memory_total": state.memory_total,
        "memory_available": state.memory_available,
        "disk": disk(house, office, &state.disk),
        "clock": state.clock,
        "watchdog": state.watchdog,
        "sticks": state.sticks,
    })
}

/// Why the last update came to nothing, as a sentence; empty: it did not.
fn failed_reason(state: &State, language: Language) -> String {
    match (state.failed_reason.as_str(), language) {
        ("", _) => String::new(),
        (line, Language::Ru) => Why::parse(line).russian(),
        (line, Language::En) => Why::parse(line).english(),
    }
}

/// A plain Linux tells less, and a box whose steward is silent nothing.
fn plain(house: &House, office: &Office) -> Value {
    let machine = &house.ground.machine;
    match machine.plain() {
        Some(state) if !machine.is_box() => json!({
            "image": false,
            "uptime_seconds": state.uptime_seconds,
            "cards": state.cards,
            "temperatures": state.temperatures,
            "memory_total": state.memory_total,
            "memory_available": state.memory_available,
            "disk": disk(house, office, &state.disk),
        }),
        _ => json!({ "image": machine.is_box() }),
    }
}

/// A disk, and how long it lasts.
fn disk(house: &House, office: &Office, disk: &Disk) -> Value {
    let growth = house.exchange.growth().filter(|_| disk.data > 0);
    let Forecast { days_left, recordings_days } =
        growth.map(|growth| recordings::forecast(office, &growth, disk.data_free)).unwrap_or_default();
    let mut shown = json!(disk);
    shown["days_left"] = days_left.into();
    shown["recordings_days"] = recordings_days.into();
    shown
}

pub(super) fn get_network(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let state = visit.house.ground.machine.state_now().map_err(refused)?;
    let mut shown = network(&state);
    let tag = etag(&shown);
    shown["confirm_within"] = state.confirm_within.into();
    Ok(Reply::json(&shown).with("etag", tag))
}

fn network(state: &State) -> Value {
    let Network { office, carrier, dns } = &state.network;
    json!({ "host_name": state.host_name, "office": office, "carrier": carrier, "dns": dns })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenNetwork {
    host_name: String,
    office: GivenPort,
    #[serde(default)]
    carrier: Option<GivenCarrier>,
    #[serde(default)]
    dns: Vec<String>,
    /// As it was read; it changes nothing.
    #[serde(default, rename = "confirm_within")]
    _confirm_within: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenPort {
    #[serde(default)]
    card: String,
    #[serde(default)]
    vlan: Option<u32>,
    address: GivenAddress,
}

#[derive(Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
enum GivenAddress {
    Dhcp {},
    Fixed {
        address: String,
        #[serde(default)]
        gateway: Option<String>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenCarrier {
    port: GivenPort,
    #[serde(default)]
    routes: Vec<String>,
}

/// Takes text for what it is meant to be; where it is nothing of the kind, the field is marked.
struct Reading(Problem);

impl Reading {
    fn wrong(&mut self, pointer: String, detail: impl Into<Said>) {
        let marked = std::mem::replace(&mut self.0, problems::invalid());
        self.0 = marked.at(pointer, detail);
    }

    fn network(&mut self, given: &GivenNetwork) -> Network {
        let office = self.port(&given.office, "/office");
        let carrier = given.carrier.as_ref().map(|carrier| Carrier {
            port: self.port(&carrier.port, "/carrier/port"),
            routes: carrier.routes.iter().map(|route| route.trim().to_owned()).collect(),
        });
        let mut dns = Vec::new();
        for (nth, text) in given.dns.iter().enumerate() {
            match text.trim().parse::<IpAddr>() {
                Ok(address) => dns.push(address),
                Err(_) => self.wrong(format!("/dns/{nth}"), words::fault(Fault::NameServer(nth))),
            }
        }
        Network { office, carrier, dns }
    }

    fn port(&mut self, given: &GivenPort, place: &str) -> Port {
        let vlan = given.vlan.map(|vlan| u16::try_from(vlan).unwrap_or(u16::MAX));
        let address = match &given.address {
            GivenAddress::Dhcp {} => Addressing::Dhcp,
            GivenAddress::Fixed { address, gateway } => {
                let gateway = gateway.as_deref().map(str::trim).filter(|text| !text.is_empty());
                let gateway = gateway.and_then(|text| {
                    let address = text.parse::<Ipv4Addr>();
                    if address.is_err() {
                        self.wrong(format!("{place}/address/gateway"), words::GATEWAY);
                    }
                    address.ok()
                });
                Addressing::Fixed { address: address.trim().to_owned(), gateway }
            }
        };
        Port { card: given.card.trim().to_lowercase(), vlan, address }
    }
}

pub(super) fn put_network(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let given: GivenNetwork = visit.ask.json()?;
    let machine = &visit.house.ground.machine;
    let state = machine.state_now().map_err(refused)?;
    is_seen(visit, &network(&state))?;
    let wanted = judged(&given)?;
    let mut shown = json!({ "confirm_by": null, "addresses": [] });
    if given.host_name != state.host_name {
        machine.order(&Order::HostName { name: given.host_name.clone() }).map_err(refused)?;
        tell(visit, "the box has another name");
    }
    if wanted != state.network {
        shown["addresses"] = addresses(visit, &state, &wanted).into();
        let order = Order::Network { network: wanted, confirm_within: CONFIRM_WITHIN };
        machine.order(&order).map_err(refused)?;
        let until = clock::wall() + std::time::Duration::from_secs(CONFIRM_WITHIN.into());
        shown["confirm_by"] = visit.time(until).into();
        tell(visit, "the box takes other places in networks");
    }
    Ok(Reply::accepted(&shown))
}

/// What is wanted, when all of it can be.
fn judged(given: &GivenNetwork) -> Result<Network, Problem> {
    let mut reading = Reading(problems::invalid());
    let wanted = reading.network(given);
    if !is_host_name(&given.host_name) {
        reading.wrong("/host_name".to_owned(), words::host_name(LONGEST_NAME));
    }
    for fault in wanted.check().err().unwrap_or_default() {
        reading.wrong(fault.pointer(), words::fault(fault));
    }
    if reading.0.has_faults() { Err(reading.0) } else { Ok(wanted) }
}

/// Where the page is to be found then, as far as anybody can know.
fn addresses(visit: &Visit<'_>, state: &State, wanted: &Network) -> Vec<String> {
    let host = visit.ask.header(HOST).unwrap_or_default();
    let port = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let port = port.map_or_else(String::new, |(_, port)| format!(":{port}"));
    let bare = |address: &str| address.split('/').next().unwrap_or_default().to_owned();
    let found: Vec<String> = match &wanted.office.address {
        Addressing::Fixed { address, .. } => vec![bare(address)],
        // a server that gave one address gives it again
        Addressing::Dhcp if state.network.office == wanted.office => {
            let is_of = |card: &str| wanted.office.card.is_empty() || wanted.office.card == card;
            let cards = state.cards.iter().filter(|card| is_of(&card.mac));
            cards.flat_map(|card| card.addresses.iter().map(|address| bare(address))).collect()
        }
        Addressing::Dhcp => Vec::new(),
    };
    let url = |address: String| match address.parse() {
        Ok(IpAddr::V6(address)) => format!("https://[{address}]{port}"),
        _ => format!("https://{address}{port}"),
    };
    found.into_iter().map(url).collect()
}

pub(super) fn confirm_network(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let machine = &visit.house.ground.machine;
    if machine.state_now().map_err(refused)?.confirm_within.is_none() {
        return Err(Problem::new(409, "nothing_to_confirm", words::NOTHING_TO_CONFIRM));
    }
    machine.order(&Order::ConfirmNetwork).map_err(refused)?;
    tell(visit, "the box stays where it is now");
    Ok(Reply::empty())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenTime {
    servers: Vec<String>,
    serve: bool,
}

pub(super) fn get_time(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let state = visit.house.ground.machine.state_now().map_err(refused)?;
    Ok(super::change::shown(&time(&state)))
}

fn time(state: &State) -> Value {
    json!({ "servers": state.time_servers, "serve": state.time_served })
}

pub(super) fn put_time(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let GivenTime { servers, serve } = visit.ask.json()?;
    let machine = &visit.house.ground.machine;
    let state = machine.state_now().map_err(refused)?;
    is_seen(visit, &time(&state))?;
    let servers: Vec<String> = servers.iter().map(|server| server.trim().to_owned()).collect();
    let mut reading = Reading(problems::invalid());
    if servers.len() > MOST_TIME_SERVERS {
        reading.wrong("/servers".to_owned(), words::time_servers(MOST_TIME_SERVERS));
    }
    for (nth, _) in servers.iter().enumerate().filter(|(_, server)| !is_time_server(server)) {
        reading.wrong(format!("/servers/{nth}"), words::TIME_SERVER);
    }
    if reading.0.has_faults() {
        return Err(reading.0);
    }
    let new = json!({ "servers": servers, "serve": serve });
    if new != time(&state) {
        machine.order(&Order::Time { servers, serve }).map_err(refused)?;
        visit.house.exchange.phones().set_tells_time(serve);
        tell(visit, "the clock follows other servers");
    }
    Ok(super::change::shown(&new))
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum When {
    Now,
    Idle,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Anew {
    Exchange,
    Box,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenRestart {
    what: Anew,
    when: When,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenShutdown {
    when: When,
}

pub(super) fn restart(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let GivenRestart { what, when } = visit.ask.json()?;
    let ground = &visit.house.ground;
    match what {
        Anew::Exchange if ground.supervised => end(visit, What::Exchange, when),
        Anew::Exchange => Err(Problem::new(409, "not_supervised", words::NOT_SUPERVISED)),
        Anew::Box => end_machine(visit, What::Box, when),
    }
}

pub(super) fn shut_down(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let GivenShutdown { when } = visit.ask.json()?;
    end_machine(visit, What::ShutDown, when)
}

/// DELETE `system/restart`: it goes on after all.
pub(super) fn go_on(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    if visit.house.ending.forget(visit.house) { Ok(Reply::empty()) } else { Err(problems::not_found()) }
}

fn end_machine(visit: &Visit<'_>, what: What, when: When) -> Result<Reply, Problem> {
    if visit.house.ground.machine.is_box() { end(visit, what, when) } else { Err(refused(MachineError::None)) }
}

fn end(visit: &Visit<'_>, what: What, when: When) -> Result<Reply, Problem> {
    let calls = visit.house.board.calls().len();
    visit.house.ending.order(visit.house, what, when == When::Idle).map_err(|error| {
        tracing::error!(%error, "web: no thread waits for the end");
        problems::busy(5)
    })?;
    let waits_for = if when == When::Idle { calls } else { 0 };
    Ok(Reply::accepted(&json!({ "pending": what.word(), "waits_for_calls": waits_for })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenReset {
    password: String,
}

/// Everything is forgotten but the licence: who asks proves once more who he is.
pub(super) fn reset(visit: &Visit<'_>) -> Result<Reply, Problem> {
    visit.ask.query.only(&[])?;
    let GivenReset { password } = visit.ask.json()?;
    let machine = &visit.house.ground.machine;
    if !machine.is_box() {
        return Err(refused(MachineError::None));
    }
    let signed_in = session::local_session_of(visit)?;
    let now = visit.house.clock.now();
    if !visit.house.door.check(&visit.office, &signed_in.login, &password, visit.ask.peer, now)? {
        return Err(problems::invalid().at("/password", words::WRONG_PASSWORD));
    }
    machine.order(&Order::FactoryReset).map_err(refused)?;
    tracing::warn!(by = %signed_in.login, "web: everything is forgotten");
    Ok(Reply::empty())
}

fn tell(visit: &Visit<'_>, text: &str) {
    visit.house.board.tell(Event::System { what: "machine", text: text.to_owned(), at: clock::wall() });
}

/// Why the machine does nothing.
pub(super) fn refused(error: MachineError) -> Problem {
    match error {
        MachineError::None => Problem::new(409, "no_steward", words::NO_STEWARD),
        MachineError::Refused([ru, en]) => {
            tracing::warn!(reason = en, "web: the steward refused");
            let said =
                Said::new(format!("Станция не смогла это сделать: {ru}."), format!("The box could not do it: {en}."));
            Problem::new(409, "refused", Words::new("", "")).saying(said)
        }
        MachineError::Silent(error) => {
            tracing::error!(%error, "web: the steward does not answer");
            problems::busy(5)
        }
    }
}
