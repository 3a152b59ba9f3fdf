//! The box's places in networks: the office's, and at will a cable of the carrier's. What may be wanted, and what is wrong with it.

mod words;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Routes that may lead to the carrier.
pub const MOST_ROUTES: usize = 32;
/// Name servers that are asked: resolv.conf(5) knows no more.
pub const MOST_NAME_SERVERS: usize = 3;

/// All that is wanted of the box's networks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// Where telephones and people are. It has the default route.
    pub office: Port,
    /// A cable of the carrier's, which leads to the carrier alone.
    pub carrier: Option<Carrier>,
    /// Name servers; empty: those that DHCP tells.
    pub dns: Vec<IpAddr>,
}

/// One place in a network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Port {
    /// The Ethernet card by its MAC, small letters with colons; empty: the first one that has a cable.
    pub card: String,
    /// IEEE 802.1Q: 1 to 4094.
    pub vlan: Option<u16>,
    /// How it comes by its address.
    pub address: Addressing,
}

/// How a port comes by its address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
pub enum Addressing {
    /// A server tells it (RFC 2131); without an answer a link-local one (RFC 3927) until one comes.
    #[default]
    Dhcp,
    /// Always this one.
    Fixed {
        /// `192.168.1.10/24`.
        address: String,
        /// Where the rest of the world is.
        gateway: Option<Ipv4Addr>,
    },
}

/// The carrier's cable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Carrier {
    /// Its port. A gateway of it is for `routes` alone.
    pub port: Port,
    /// Networks that are reached through it: `10.0.0.0/8`.
    pub routes: Vec<String>,
}

/// Addresses with the same beginning: `10.0.0.0/8`; or one of them with the length of that beginning: `10.1.2.3/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subnet {
    /// An address of it.
    pub address: Ipv4Addr,
    /// Bits that all have in common: 0 to 32.
    pub prefix: u8,
}

impl Subnet {
    /// The lowest address.
    pub fn first(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.address.to_bits() & self.mask())
    }

    /// The highest address.
    pub fn last(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.address.to_bits() | !self.mask())
    }

    /// Whether this address is one of them.
    pub fn contains(self, address: Ipv4Addr) -> bool {
        (self.first()..=self.last()).contains(&address)
    }

    /// Whether some address belongs to both.
    pub fn meets(self, other: Self) -> bool {
        self.contains(other.first()) || other.contains(self.first())
    }

    fn mask(self) -> u32 {
        u32::MAX.checked_shl(32 - u32::from(self.prefix.min(32))).unwrap_or(0)
    }

    /// Whether a machine may have this address: not the network's own, nor that of all, nor one that is nobody's.
    fn is_host(self) -> bool {
        let ends = [self.first(), self.last()];
        let [a, ..] = self.address.octets();
        (8..=30).contains(&self.prefix) && !ends.contains(&self.address) && (1..224).contains(&a) && a != 127
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl FromStr for Subnet {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, prefix) = text.split_once('/').ok_or(())?;
        if prefix.len() > 2 || !prefix.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(());
        }
        let subnet = Self { address: address.parse().map_err(drop)?, prefix: prefix.parse().map_err(drop)? };
        if subnet.prefix > 32 { Err(()) } else { Ok(subnet) }
    }
}

/// One of the box's places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Where telephones and people are.
    Office,
    /// Where only the carrier is.
    Carrier,
}

/// What is wrong with wanted networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Not `52:54:00:12:34:56`.
    Card(Side),
    /// Not 1 to 4094.
    Vlan(Side),
    /// Not `192.168.1.10/24`.
    Address(Side),
    /// The network's own address, that of all, one that no machine can have, or a network of less than 2 or more than 16 million.
    NotAHost(Side),
    /// Outside of the port's network, or the port's own address.
    Gateway(Side),
    /// The carrier's cable has neither a card nor a VLAN of its own.
    CarrierCard,
    /// Both places are the same port.
    SamePort,
    /// Both places have addresses in common.
    SameNetwork,
    /// Not `10.0.0.0/8`: no network, or with bits behind its beginning.
    Route(usize),
    /// So much of the world that the office would be cut off from it.
    RouteTooWide(usize),
    /// It leads the office's own network away.
    RouteOfOffice(usize),
    /// More than [`MOST_ROUTES`].
    TooManyRoutes,
    /// A fixed address without a gateway, and routes.
    NoGateway,
    /// Not an address of a machine.
    NameServer(usize),
    /// More than [`MOST_NAME_SERVERS`].
    TooManyNameServers,
}

impl Fault {
    /// Where it is in [`Network`] (RFC 6901).
    pub fn pointer(self) -> String {
        let at = |side, key: &str| match side {
            Side::Office => format!("/office/{key}"),
            Side::Carrier => format!("/carrier/port/{key}"),
        };
        match self {
            Self::Card(side) => at(side, "card"),
            Self::Vlan(side) => at(side, "vlan"),
            Self::Address(side) | Self::NotAHost(side) => at(side, "address/address"),
            Self::Gateway(side) => at(side, "address/gateway"),
            Self::CarrierCard | Self::SamePort => at(Side::Carrier, "card"),
            Self::SameNetwork => at(Side::Carrier, "address/address"),
            Self::NoGateway => at(Side::Carrier, "address/gateway"),
            Self::Route(n) | Self::RouteTooWide(n) | Self::RouteOfOffice(n) => format!("/carrier/routes/{n}"),
            Self::TooManyRoutes => "/carrier/routes".to_owned(),
            Self::NameServer(n) => format!("/dns/{n}"),
            Self::TooManyNameServers => "/dns".to_owned(),
        }
    }
}

/// [`Network`], understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The office's port.
    pub office: WantedPort,
    /// The carrier's port, and what is reached through it.
    pub carrier: Option<(WantedPort, Vec<Subnet>)>,
    /// Name servers; empty: those that DHCP tells.
    pub dns: Vec<IpAddr>,
}

/// [`Port`], understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedPort {
    /// MAC; `None`: the first card that has a cable, or the office's.
    pub card: Option<String>,
    /// 1 to 4094.
    pub vlan: Option<u16>,
    /// How it comes by its address.
    pub way: Way,
}

/// [`Addressing`], understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// DHCP.
    Dhcp,
    /// Always the same.
    Fixed {
        /// The port's address in its network.
        address: Subnet,
        /// In the same network.
        gateway: Option<Ipv4Addr>,
    },
}

impl Network {
    /// Understands what is wanted.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn check(&self) -> Result<Wanted, Vec<Fault>> {
        let mut faults = Vec::new();
        let office = self.office.check(Side::Office, &mut faults);
        let carrier = self.carrier.as_ref().map(|carrier| {
            let port = carrier.port.check(Side::Carrier, &mut faults);
            check_ports(&office, &port, &mut faults);
            let routes = check_routes(&carrier.routes, &office, &mut faults);
            if matches!(port.way, Way::Fixed { gateway: None, .. }) && !routes.is_empty() {
                faults.push(Fault::NoGateway);
            }
            (port, routes)
        });
        if self.dns.len() > MOST_NAME_SERVERS {
            faults.push(Fault::TooManyNameServers);
        }
        let wrong = |(n, address): (usize, &IpAddr)| (!can_answer(*address)).then_some(Fault::NameServer(n));
        faults.extend(self.dns.iter().enumerate().filter_map(wrong));
        if faults.is_empty() { Ok(Wanted { office, carrier, dns: self.dns.clone() }) } else { Err(faults) }
    }
}

impl Port {
    /// Understands a port. What is wrong with it becomes a fault, and is left out.
    fn check(&self, side: Side, faults: &mut Vec<Fault>) -> WantedPort {
        let card = (!self.card.is_empty()).then(|| self.card.to_ascii_lowercase());
        if card.as_ref().is_some_and(|card| !is_mac(card)) {
            faults.push(Fault::Card(side));
        }
        if self.vlan.is_some_and(|vlan| !(1..=4094).contains(&vlan)) {
            faults.push(Fault::Vlan(side));
        }
        let way = self.address.check(side).unwrap_or_else(|fault| {
            faults.push(fault);
            Way::Dhcp
        });
        WantedPort { card, vlan: self.vlan, way }
    }
}

impl Addressing {
    fn check(&self, side: Side) -> Result<Way, Fault> {
        let Self::Fixed { address, gateway } = self else { return Ok(Way::Dhcp) };
        let address: Subnet = address.parse().map_err(|()| Fault::Address(side))?;
        if !address.is_host() {
            return Err(Fault::NotAHost(side));
        }
        let is_neighbour = |gateway: Ipv4Addr| {
            let neighbour = Subnet { address: gateway, ..address };
            address.contains(gateway) && neighbour.is_host() && gateway != address.address
        };
        if gateway.is_some_and(|gateway| !is_neighbour(gateway)) {
            return Err(Fault::Gateway(side));
        }
        Ok(Way::Fixed { address, gateway: *gateway })
    }
}

fn check_ports(office: &WantedPort, carrier: &WantedPort, faults: &mut Vec<Fault>) {
    if carrier.card.is_none() && carrier.vlan.is_none() {
        faults.push(Fault::CarrierCard);
    } else if carrier.vlan == office.vlan && (carrier.card == office.card || carrier.card.is_none()) {
        faults.push(Fault::SamePort);
    }
    if let (Way::Fixed { address: ours, .. }, Way::Fixed { address: theirs, .. }) = (office.way, carrier.way)
        && ours.meets(theirs)
    {
        faults.push(Fault::SameNetwork);
    }
}

fn check_routes(routes: &[String], office: &WantedPort, faults: &mut Vec<Fault>) -> Vec<Subnet> {
    if routes.len() > MOST_ROUTES {
        faults.push(Fault::TooManyRoutes);
        return Vec::new();
    }
    let mut good = Vec::new();
    for (n, text) in routes.iter().enumerate() {
        match text.parse::<Subnet>() {
            Err(()) => faults.push(Fault::Route(n)),
            Ok(route) if route.prefix < 8 => faults.push(Fault::RouteTooWide(n)),
            Ok(route) if route.address != route.first() => faults.push(Fault::Route(n)),
            // A wider route than the office's own network does no harm: the narrower one wins.
            Ok(route) if matches!(office.way, Way::Fixed { address, .. } if address.contains(route.address) && route.prefix >= address.prefix) =>
            {
                faults.push(Fault::RouteOfOffice(n));
            }
            Ok(route) => good.push(route),
        }
    }
    good
}

/// Six pairs of small hexadecimal digits; not of a group (IEEE 802: the first octet's last bit).
fn is_mac(text: &str) -> bool {
    let octets: Vec<&str> = text.split(':').collect();
    let is_octet = |octet: &&str| octet.len() == 2 && octet.bytes().all(|byte| byte.is_ascii_hexdigit());
    octets.len() == 6
        && octets.iter().all(is_octet)
        && u8::from_str_radix(&text[..2], 16).is_ok_and(|first| first & 1 == 0)
}

fn can_answer(address: IpAddr) -> bool {
    let is_broadcast = matches!(address, IpAddr::V4(address) if address.is_broadcast());
    !(address.is_unspecified() || address.is_multicast() || is_broadcast)
}

#[cfg(test)]
mod tests;
