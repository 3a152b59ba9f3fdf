//! Where a server is: RFC 3263 §4 over NAPTR, SRV (RFC 2782) and addresses. The order of asking is a function of what a
//! [`Names`] answers, so that tests bring their own names; in service hickory asks, and /etc/hosts is heard first.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::ResolveHosts;
use hickory_resolver::proto::rr::{RData, RecordType};
use tokio::sync::mpsc;

use super::Event;
use crate::base::{Duration, QueryId, Rng, limits};
use crate::engine::ServerName;
use crate::sip::Transport;

/// Answers [`ServerName`]s. Each question runs in a task of its own.
#[derive(Debug)]
pub struct Resolver {
    events: mpsc::Sender<Event>,
    rng: Rng,
    with_v6: bool,
    /// The text of resolv.conf and what was made of it: networks change while we run.
    servers: Option<(String, Option<Arc<TokioResolver>>)>,
}

impl Resolver {
    /// `with_v6`: whether IPv6 addresses are of any use.
    pub(super) fn new(events: mpsc::Sender<Event>, rng: Rng, with_v6: bool) -> Self {
        Self { events, rng, with_v6, servers: None }
    }

    /// Asks; the answer comes as [`Event::Resolved`].
    pub(super) fn ask(&mut self, query: QueryId, name: ServerName) {
        let names = System { resolver: self.servers(), with_v6: self.with_v6 };
        let (events, mut rng) = (self.events.clone(), self.rng.fork());
        tokio::spawn(async move {
            let mut found = Vec::new();
            if tokio::time::timeout(PATIENCE, locate(&names, &name, &mut rng, &mut found)).await.is_err() {
                tracing::debug!(host = name.host, found = found.len(), "name servers are silent");
            }
            let _ = events.send(Event::Resolved { query, host: name.host, found }).await;
        });
    }

    fn servers(&mut self) -> Option<Arc<TokioResolver>> {
        let text = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
        if self.servers.as_ref().is_none_or(|(known, _)| *known != text) {
            self.servers = Some((text, hickory()));
        }
        self.servers.as_ref().and_then(|(_, resolver)| resolver.clone())
    }
}

fn hickory() -> Option<Arc<TokioResolver>> {
    let mut builder = TokioResolver::builder_tokio()
        .inspect_err(|error| tracing::warn!(%error, "no name server: /etc/resolv.conf can't be used"))
        .ok()?;
    let options = builder.options_mut();
    options.timeout = Duration::from_millis(1_500);
    options.attempts = 2;
    options.use_hosts_file = ResolveHosts::Never;
    builder.build().inspect_err(|error| tracing::warn!(%error, "no name server")).ok().map(Arc::new)
}

/// Addresses of a host for people at the console: what a call would find.
///
/// # Errors
/// When no answer comes in time.
pub(in crate::io) async fn look_up(name: &ServerName, rng: &mut Rng) -> Result<Vec<(Transport, SocketAddr)>, ()> {
    let names = System { resolver: hickory(), with_v6: true };
    let mut found = Vec::new();
    let in_time = tokio::time::timeout(PATIENCE, locate(&names, name, rng, &mut found)).await.is_ok();
    if in_time || !found.is_empty() { Ok(found) } else { Err(()) }
}

/// A NAPTR record that leads on by itself (no regular expression): RFC 3403.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Naptr {
    order: u16,
    preference: u16,
    service: String,
    replacement: String,
}

/// An SRV record: RFC 2782.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Srv {
    priority: u16,
    weight: u16,
    port: u16,
    target: String,
}

/// Whom to ask. An answer is empty when there is none.
trait Names: Sync {
    /// Whether the name is of this machine's own making, so that name servers know nothing of it.
    fn is_own(&self, host: &str) -> bool;
    fn naptr(&self, name: &str) -> impl Future<Output = Vec<Naptr>> + Send;
    fn srv(&self, name: &str) -> impl Future<Output = Vec<Srv>> + Send;
    fn addresses(&self, host: &str) -> impl Future<Output = Vec<IpAddr>> + Send;
}

/// Finds where to send, in the order to try, into `found`: what was found until then counts when the time is over.
async fn locate(names: &impl Names, name: &ServerName, rng: &mut Rng, found: &mut Vec<(Transport, SocketAddr)>) {
    let host = name.host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    let (wanted, plain) = (name.transport, name.transport.unwrap_or(Transport::Udp));
    let port = name.port.unwrap_or(default_port(plain));
    if let Ok(address) = host.parse::<IpAddr>() {
        found.push((plain, SocketAddr::new(address, port)));
        return;
    }
    if name.port.is_none() && !names.is_own(host) {
        for (transport, domain) in services(names, host, wanted).await {
            for target in by_weight(names.srv(&domain).await, rng) {
                add(names, transport, &target.target, target.port, found).await;
            }
            // The first transport that leads somewhere is the one: RFC 3263 §4.1.
            if !found.is_empty() {
                return;
            }
        }
    }
    add(names, plain, host, port, found).await;
}

/// The SRV names to ask, best first: RFC 3263 §4.1.
async fn services(names: &impl Names, host: &str, wanted: Option<Transport>) -> Vec<(Transport, String)> {
    let srv = |transport| (transport, format!("{}.{host}", srv_prefix(transport)));
    if let Some(wanted) = wanted {
        return vec![srv(wanted)];
    }
    let mut records = names.naptr(host).await;
    records.sort_by_key(|record| (record.order, record.preference));
    let known: Vec<_> = records
        .into_iter()
        .filter_map(|record| Some((naptr_transport(&record.service)?, record.replacement)))
        .take(SERVICES)
        .collect();
    if known.is_empty() { vec![srv(Transport::Udp), srv(Transport::Tcp)] } else { known }
}

async fn add(
    names: &impl Names,
    transport: Transport,
    host: &str,
    port: u16,
    found: &mut Vec<(Transport, SocketAddr)>,
) {
    for address in names.addresses(host).await {
        let place = (transport, SocketAddr::new(address, port));
        if found.len() < FOUND && !found.contains(&place) {
            found.push(place);
        }
    }
}

/// Lower priority first; among equals by chance in proportion to the weight: RFC 2782, "Weight". A target of "." means
/// that there is no such service.
fn by_weight(mut records: Vec<Srv>, rng: &mut Rng) -> Vec<Srv> {
    records.retain(|record| !record.target.trim_end_matches('.').is_empty());
    // Weightless ones first, so that they have a chance of being chosen at all.
    records.sort_by_key(|record| (record.priority, record.weight));
    let mut ordered = Vec::with_capacity(records.len().min(FOUND));
    while let Some(priority) = records.first().map(|first| first.priority).filter(|_| ordered.len() < FOUND) {
        let equals = records.iter().take_while(|record| record.priority == priority);
        let total: u64 = equals.map(|record| u64::from(record.weight)).sum();
        let mark = rng.below(total + 1);
        let mut sum = 0;
        let chosen = records.iter().position(|record| {
            sum += u64::from(record.weight);
            sum >= mark
        });
        ordered.push(records.remove(chosen.unwrap_or(0)));
    }
    ordered
}

const fn default_port(transport: Transport) -> u16 {
    if matches!(transport, Transport::Tls) { 5061 } else { 5060 }
}

const fn srv_prefix(transport: Transport) -> &'static str {
    match transport {
        Transport::Udp => "_sip._udp",
        Transport::Tcp => "_sip._tcp",
        Transport::Tls => "_sips._tcp",
    }
}

/// TLS is spoken where the office asks for it, and not because a name does.
fn naptr_transport(service: &str) -> Option<Transport> {
    match service.to_ascii_uppercase().as_str() {
        "SIP+D2U" => Some(Transport::Udp),
        "SIP+D2T" => Some(Transport::Tcp),
        _ => None,
    }
}

/// The names of this machine and of its name servers.
struct System {
    resolver: Option<Arc<TokioResolver>>,
    with_v6: bool,
}

impl System {
    async fn records(&self, name: &str, kind: RecordType) -> Vec<RData> {
        let Some(resolver) = &self.resolver else { return Vec::new() };
        // A name with a dot is complete; `carrier` alone may mean `carrier.office.example`.
        let name = if name.contains('.') { format!("{}.", name.trim_end_matches('.')) } else { name.to_owned() };
        match resolver.lookup(name, kind).await {
            Ok(answer) => answer.answers().iter().map(|record| record.data.clone()).collect(),
            Err(error) => {
                tracing::trace!(%error, "name server");
                Vec::new()
            }
        }
    }
}

impl Names for System {
    fn is_own(&self, host: &str) -> bool {
        !own_addresses(host).is_empty()
    }

    async fn naptr(&self, name: &str) -> Vec<Naptr> {
        let records = self.records(name, RecordType::NAPTR).await;
        records.into_iter().filter_map(naptr_of).collect()
    }

    async fn srv(&self, name: &str) -> Vec<Srv> {
        let records = self.records(name, RecordType::SRV).await;
        records.into_iter().filter_map(srv_of).collect()
    }

    async fn addresses(&self, host: &str) -> Vec<IpAddr> {
        let own = own_addresses(host);
        if !own.is_empty() {
            return own.into_iter().filter(|address| self.with_v6 || address.is_ipv4()).collect();
        }
        let mut records = self.records(host, RecordType::A).await;
        if self.with_v6 {
            records.extend(self.records(host, RecordType::AAAA).await);
        }
        records.iter().filter_map(RData::ip_addr).collect()
    }
}

fn naptr_of(data: RData) -> Option<Naptr> {
    let RData::NAPTR(record) = data else { return None };
    Some(Naptr {
        order: record.order,
        preference: record.preference,
        service: String::from_utf8_lossy(&record.services).into_owned(),
        replacement: record.replacement.to_utf8(),
    })
    .filter(|_| record.flags.eq_ignore_ascii_case(b"s"))
}

fn srv_of(data: RData) -> Option<Srv> {
    let RData::SRV(record) = data else { return None };
    let target = record.target.to_utf8();
    Some(Srv { priority: record.priority, weight: record.weight, port: record.port, target })
}

/// What /etc/hosts says, read anew each time: it is short, and questions are rare. `localhost` is ours whatever it says
/// (RFC 6761 §6.3).
fn own_addresses(host: &str) -> Vec<IpAddr> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let listed = hosts_lines(&std::fs::read_to_string("/etc/hosts").unwrap_or_default(), &host);
    if listed.is_empty() && (host == "localhost" || host.ends_with(".localhost")) {
        return vec![IpAddr::V4(Ipv4Addr::LOCALHOST)];
    }
    listed
}

fn hosts_lines(text: &str, host: &str) -> Vec<IpAddr> {
    let mut addresses: Vec<IpAddr> = text
        .lines()
        .filter_map(|line| {
            let mut words = line.split('#').next()?.split_whitespace();
            let address = words.next()?.parse().ok()?;
            words.any(|name| name.eq_ignore_ascii_case(host)).then_some(address)
        })
        .collect();
    addresses.sort_by_key(IpAddr::is_ipv6);
    addresses
}

/// The answer must be there before the engine gives the question up.
const PATIENCE: Duration = Duration::from_millis(limits::QUERY.as_millis() as u64 - 500);
/// Services of one domain that are followed.
const SERVICES: usize = 8;
/// Addresses of one server that are tried.
const FOUND: usize = 16;

#[cfg(test)]
mod tests;
