//! The box's places in networks: the office's, and at will a cable of the carrier's.

use std::net::{IpAddr, Ipv4Addr};

use serde::{Deserialize, Serialize};

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
