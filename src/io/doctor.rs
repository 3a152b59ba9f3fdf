//! `dozvon doctor`: looks at what the exchange needs of this machine, and says what to do in plain words.

use std::fmt;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::Path;

use super::config::Config;
use super::files::free_bytes;
use super::net::holder;
use super::store::{DataDir, StoreError};
use super::trunk_doctor::{Names, resolve};
use super::{clock, console};
use crate::engine::ServerName;
use crate::office::Trunk;
use crate::sip::Transport;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub what: String,
    /// How it is.
    pub state: State,
}

/// How a thing is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Good.
    Good(String),
    /// It works, and may not for long.
    Warning(String),
    /// It does not work; what to do.
    Wrong(String),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mark, text) = match &self.state {
            State::Good(text) => ("ok", text),
            State::Warning(text) => ("look", text),
            State::Wrong(text) => ("WRONG", text),
        };
        write!(f, "{mark:<6} {}: {text}", self.what)
    }
}

/// Looks at everything. Takes some seconds when name servers are silent.
pub fn examine(config: &Config) -> Vec<Finding> {
    let data = &config.paths.data;
    let running = matches!(DataDir::take(data), Err(StoreError::InUse { .. }));
    let mut findings = vec![directory(data, running), space(data), time()];
    findings.extend(ports(config, running));
    findings.extend(trunks(data));
    findings
}

fn finding(what: impl Into<String>, state: State) -> Finding {
    Finding { what: what.into(), state }
}

fn directory(data: &Path, running: bool) -> Finding {
    let what = format!("data directory {}", data.display());
    if running {
        return finding(what, State::Good("an exchange runs on it".to_owned()));
    }
    match DataDir::take(data) {
        Ok(_) => finding(what, State::Good("writable".to_owned())),
        Err(error) => finding(
            what,
            State::Wrong(format!("{error}; give it to the user who runs dozvon, or choose another with --data")),
        ),
    }
}

fn space(data: &Path) -> Finding {
    let Ok(free) = free_bytes(data) else {
        return finding("disk", State::Warning("its free space can't be told".to_owned()));
    };
    let megabytes = free >> 20;
    let text = format!("{megabytes} MB free");
    let state = match megabytes {
        0..50 => State::Wrong(format!("{text}: calls go on without history; make room")),
        50..500 => State::Warning(format!("{text}: make room")),
        _ => State::Good(text),
    };
    finding("disk", state)
}

/// Timetables, certificates and the history need the right time. A box without a battery wakes up in the past.
fn time() -> Finding {
    let now = clock::wall();
    let shown =
        jiff::Timestamp::from_millisecond(now.millis()).map(|at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string());
    let shown = shown.unwrap_or_default();
    let state = if now.millis() < MADE_AFTER_MS {
        State::Wrong(format!("{shown} is in the past: set the clock, or let the network set it"))
    } else {
        State::Good(shown)
    };
    finding("time", state)
}

fn ports(config: &Config, running: bool) -> Vec<Finding> {
    let (sip, web) = (&config.sip, &config.web);
    let mut findings = vec![
        port("udp", sip.udp, "[sip] udp", running),
        port("tcp", sip.tcp, "[sip] tcp", running),
        port("tcp", sip.tls, "[sip] tls", running),
        port("tcp", web.http, "[web] http", running),
        port("tcp", web.https, "[web] https", running),
    ];
    let rtp = config.rtp.ports;
    let taken = (rtp.first..=rtp.last).filter(|port| UdpSocket::bind((sip.udp.ip(), *port)).is_err()).count();
    let all = usize::from(rtp.last - rtp.first) + 1;
    let text = format!("{} of {all} free", all - taken);
    let enough = all - taken >= FEW_PORTS || running;
    findings.push(finding(
        format!("ports {rtp} for sound"),
        if enough { State::Good(text) } else { State::Wrong(format!("{text}: choose others with [rtp] ports")) },
    ));
    findings
}

fn port(protocol: &str, address: SocketAddr, key: &str, running: bool) -> Finding {
    let what = format!("{} port {address}", protocol.to_uppercase());
    let error = match protocol {
        "udp" => UdpSocket::bind(address).err(),
        _ => TcpListener::bind(address).err(),
    };
    let Some(error) = error else { return finding(what, State::Good("free".to_owned())) };
    let by = holder(protocol, address.port());
    let state = match by {
        Some(by) if running && by.starts_with("dozvon ") => State::Good(format!("used by {by}")),
        Some(by) => State::Wrong(format!("taken by {by}: stop that, or choose another with {key}")),
        None => State::Wrong(format!("{error}: choose another with {key}")),
    };
    finding(what, state)
}

fn trunks(data: &Path) -> Vec<Finding> {
    let Ok(office) = console::stored_office(data) else {
        return vec![finding("office", State::Warning("there is none yet".to_owned()))];
    };
    if office.trunks.is_empty() {
        return vec![finding("trunks", State::Warning("no outside number is connected yet".to_owned()))];
    }
    office
        .trunks
        .iter()
        .map(|trunk| {
            let name = first_server(trunk);
            let state = match resolve(trunk) {
                Names::Unknown => {
                    State::Wrong(format!("{} has no address: check the name with the carrier", name.host))
                }
                Names::Found(found) => {
                    let places: Vec<String> = found.iter().map(|(by, to)| format!("{} {to}", by.param())).collect();
                    State::Good(format!("{} is {}", name.host, places.join(", ")))
                }
                Names::Silent => {
                    State::Wrong("no name server answers: check the network and /etc/resolv.conf".to_owned())
                }
            };
            finding(format!("trunk {}", trunk.name), state)
        })
        .collect()
}

/// Who is asked first: the outbound proxy where there is one.
pub(super) fn first_server(trunk: &Trunk) -> ServerName {
    let first = if trunk.outbound_proxy.is_empty() { &trunk.server } else { &trunk.outbound_proxy };
    server_of(first, trunk.transport)
}

/// `host`, `host:port` or an address, as the office file spells it.
fn server_of(text: &str, transport: Transport) -> ServerName {
    let transport = Some(transport);
    if let Ok(address) = text.parse::<SocketAddr>() {
        return ServerName { host: address.ip().to_string(), port: Some(address.port()), transport };
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, port.parse().ok()),
        _ => (text, None),
    };
    ServerName { host: host.to_owned(), port, transport }
}

/// 2026-01-01: this program is younger.
const MADE_AFTER_MS: i64 = 1_767_225_600_000;
/// With fewer, a handful of calls has no sound.
const FEW_PORTS: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_port_is_told_from_its_name() {
        let place = |server: &str| {
            let name = server_of(server, Transport::Udp);
            (name.host, name.port)
        };
        assert_eq!(place("sip.carrier.example"), ("sip.carrier.example".to_owned(), None));
        assert_eq!(place("sip.carrier.example:5068"), ("sip.carrier.example".to_owned(), Some(5068)));
        assert_eq!(place("192.0.2.1:5080"), ("192.0.2.1".to_owned(), Some(5080)));
        assert_eq!(place("[2001:db8::1]:5080"), ("2001:db8::1".to_owned(), Some(5080)));
        assert_eq!(place("2001:db8::1"), ("2001:db8::1".to_owned(), None));
    }
}
