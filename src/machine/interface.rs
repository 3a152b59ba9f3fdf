//! From wanted networks to what is to be done at the kernel's interfaces: which cards they are, and the steps from how they are to how
//! they shall be.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};

use super::network::{MOST_NAME_SERVERS, Side, Subnet, Wanted, WantedPort, Way};
use super::order::Card;

/// One of the kernel's interfaces, as it shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Whose place it is.
    pub side: Side,
    /// The card: `eth0`.
    pub card: String,
    /// With a VLAN the interface of that.
    pub vlan: Option<u16>,
    /// How it comes by its address.
    pub way: Way,
    /// What is reached by its gateway; `None`: the rest of the world.
    pub routes: Option<Vec<Subnet>>,
}

impl Interface {
    /// The kernel's name of it: `eth0`, `eth0.7`.
    pub fn device(&self) -> String {
        match self.vlan {
            None => self.card.clone(),
            // 15 letters are what the kernel allows
            Some(vlan) => format!("{}.{vlan}", self.card.chars().take(10).collect::<String>()),
        }
    }
}

/// What a DHCP server has given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The port's address in its network.
    pub address: Subnet,
    /// Where the rest of the world is.
    pub gateway: Option<Ipv4Addr>,
    /// Name servers.
    pub dns: Vec<IpAddr>,
}

/// What the DHCP client tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// An address, new or again.
    Lease(Lease),
    /// The port has none any more.
    Lost,
    /// Nobody has answered for some seconds.
    NoAnswer,
}

impl News {
    /// Reads a line of the script that `udhcpc` runs: event, address, prefix, gateways and name servers, with `|` between.
    pub fn parse(line: &str) -> Option<Self> {
        let mut fields = line.trim_end().split('|');
        match fields.next()? {
            "deconfig" => return Some(Self::Lost),
            "leasefail" => return Some(Self::NoAnswer),
            "bound" | "renew" => {}
            _ => return None,
        }
        let address = fields.next()?.parse().ok()?;
        let prefix = fields.next()?.parse().ok().filter(|prefix| (1..=32).contains(prefix)).unwrap_or(24);
        let gateway = fields.next()?.split_ascii_whitespace().next().and_then(|text| text.parse().ok());
        let dns = fields.next()?.split_ascii_whitespace().filter_map(|text| text.parse().ok());
        let dns = dns.take(MOST_NAME_SERVERS).collect();
        Some(Self::Lease(Lease { address: Subnet { address, prefix }, gateway, dns }))
    }
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Switch it on.
    Up(String),
    /// Make the interface of a VLAN.
    AddVlan {
        /// The card's.
        card: String,
        /// 1 to 4094.
        vlan: u16,
        /// Its name.
        device: String,
    },
    /// Remove the interface of a VLAN.
    RemoveVlan(String),
    /// Take its IPv4 addresses away, and with them its routes.
    Clear(String),
    /// Give it an address.
    Address(String, Subnet),
    /// Send what is for there (`None`: anywhere) to this gateway.
    Route(String, Option<Subnet>, Ipv4Addr),
    /// Believe routers that offer themselves there (IPv6, RFC 4862): only the office leads to the world.
    HearRouters(String),
    /// Believe none, and forget what they have said.
    IgnoreRouters(String),
    /// Ask for an address.
    StartDhcp(String),
    /// Give it back.
    StopDhcp(String),
}

impl Step {
    /// The words for `ip`, where it is that which does it.
    pub fn words(&self) -> Option<Vec<String>> {
        let line = match self {
            Self::Up(device) => format!("link set dev {device} up"),
            Self::AddVlan { card, vlan, device } => format!("link add link {card} name {device} type vlan id {vlan}"),
            Self::RemoveVlan(device) => format!("link del dev {device}"),
            Self::Clear(device) => format!("-4 addr flush dev {device}"),
            // a pair of machines has no address of all
            Self::Address(device, address) if address.prefix > 30 => format!("addr add {address} dev {device}"),
            Self::Address(device, address) => format!("addr add {address} brd + dev {device}"),
            Self::Route(device, None, gateway) => format!("route replace default via {gateway} dev {device}"),
            Self::Route(device, Some(to), gateway) => format!("route replace {to} via {gateway} dev {device}"),
            Self::HearRouters(_) | Self::IgnoreRouters(_) | Self::StartDhcp(_) | Self::StopDhcp(_) => return None,
        };
        Some(line.split(' ').map(str::to_owned).collect())
    }
}

/// Which interfaces are wanted on a box with these cards. `now` are those that were wanted last: the office keeps its card while that has
/// a cable. A card of the office's that is not there any more (the disk was put into another box) is as if none was named.
pub fn interfaces(wanted: &Wanted, cards: &[Card], now: &[Interface]) -> Vec<Interface> {
    let by_mac = |mac: &str| cards.iter().find(|card| card.mac == mac);
    let carrier_mac = wanted.carrier.as_ref().and_then(|(port, _)| port.card.as_deref());
    let free = || cards.iter().filter(|card| Some(card.mac.as_str()) != carrier_mac);
    let before = now.iter().find(|interface| interface.side == Side::Office);
    let kept = before.and_then(|before| free().find(|card| card.name == before.card));
    let named = wanted.office.card.as_deref().and_then(by_mac);
    let with_cable = || kept.into_iter().chain(free()).find(|card| card.link);
    let office = named.or_else(with_cable).or(kept).or_else(|| free().next());
    let of = |side, card: &Card, port: &WantedPort, routes| Interface {
        side,
        card: card.name.clone(),
        vlan: port.vlan,
        way: port.way,
        routes,
    };
    let mut found: Vec<Interface> =
        office.map(|card| of(Side::Office, card, &wanted.office, None)).into_iter().collect();
    if let Some((port, routes)) = &wanted.carrier {
        let card = port.card.as_deref().map_or(office, by_mac);
        let interface = card.map(|card| of(Side::Carrier, card, port, Some(routes.clone())));
        // The office's card by its own name and by that of the first with a cable: the office wins.
        found.extend(interface.filter(|one| found.iter().all(|other| other.device() != one.device())));
    }
    found
}

/// What leads from these interfaces to those. What stays as it is is not touched.
pub fn steps(old: &[Interface], new: &[Interface]) -> Vec<Step> {
    let mut steps = Vec::new();
    for gone in old.iter().filter(|one| !new.contains(one)) {
        let device = gone.device();
        if gone.way == Way::Dhcp {
            steps.push(Step::StopDhcp(device.clone()));
        }
        match gone.vlan {
            Some(_) => steps.push(Step::RemoveVlan(device)),
            None => steps.extend([Step::IgnoreRouters(device.clone()), Step::Clear(device)]),
        }
    }
    for fresh in new.iter().filter(|one| !old.contains(one)) {
        let device = fresh.device();
        steps.push(Step::Up(fresh.card.clone()));
        if let Some(vlan) = fresh.vlan {
            steps.push(Step::AddVlan { card: fresh.card.clone(), vlan, device: device.clone() });
        }
        if fresh.side == Side::Office {
            steps.push(Step::HearRouters(device.clone()));
        }
        if fresh.vlan.is_some() {
            steps.push(Step::Up(device.clone()));
        }
        match fresh.way {
            Way::Dhcp => steps.push(Step::StartDhcp(device)),
            Way::Fixed { address, gateway } => steps.extend(addressed(fresh, address, gateway)),
        }
    }
    steps
}

/// What gives an interface this address and the routes of its side.
pub fn addressed(interface: &Interface, address: Subnet, gateway: Option<Ipv4Addr>) -> Vec<Step> {
    let device = interface.device();
    let mut steps = vec![Step::Clear(device.clone()), Step::Address(device.clone(), address)];
    let Some(gateway) = gateway else { return steps };
    match &interface.routes {
        None => steps.push(Step::Route(device, None, gateway)),
        Some(routes) => {
            steps.extend(routes.iter().map(|route| Step::Route(device.clone(), Some(*route), gateway)));
        }
    }
    steps
}

/// The text of resolv.conf(5): what is wanted, or else what DHCP has told.
pub fn resolv_conf(wanted: &[IpAddr], told: &[IpAddr]) -> String {
    let servers = if wanted.is_empty() { told } else { wanted };
    servers.iter().take(MOST_NAME_SERVERS).fold(String::new(), |mut text, server| {
        let _ = writeln!(text, "nameserver {server}"); // a String takes all
        text
    })
}

/// An address for a port that nobody gives one, the `attempt`th (RFC 3927 §2.1: out of the MAC, so that it is mostly the same).
pub fn link_local(mac: &str, attempt: u32) -> Subnet {
    // FNV-1a
    let bytes = mac.bytes().chain(attempt.to_be_bytes());
    let hash = bytes.fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    // 169.254.1.0 to 169.254.254.255
    let host = 256 + hash % (254 * 256);
    Subnet { address: Ipv4Addr::from_bits(0xa9fe_0000 + host), prefix: 16 }
}

#[cfg(test)]
mod tests;
