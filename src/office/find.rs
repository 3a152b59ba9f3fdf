//! Finding things by what calls and the page know of them: one index a snapshot, made at the first question.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::OnceLock;

use super::{
    BackupPlace, Conference, DeskPlan, Device, Element, ElementKind, Extension, Group, MediaFile, Network, Office,
    Schedule, SipDevice, Trunk, User, VoiceMenu, VoiceMessage, Webhook,
};

/// Number, login → place in the lists of one [`Office`]. It is made at the first look-up and belongs to that value
/// alone: a clone starts without it, and it counts neither for equality nor for `Debug`. An office is changed before
/// it is shared, not after: a list that grew or shrank and a thing that changed its number are noticed, but a
/// new number or login in place is found only by a clone.
#[derive(Default)]
pub struct Index(OnceLock<Places>);

#[derive(Default)]
struct Places {
    counts: [usize; 3],
    extensions: HashMap<String, usize>,
    groups: HashMap<String, usize>,
    trunks: HashMap<String, usize>,
    logins: HashMap<String, (usize, usize)>,
}

impl Clone for Index {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Index {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Index")
    }
}

impl Places {
    fn of(office: &Office) -> Self {
        let mut places = Self { counts: counts(office), ..Self::default() };
        for (at, extension) in office.extensions.iter().enumerate() {
            places.extensions.entry(extension.number.clone()).or_insert(at);
            for (nth, device) in extension.devices.iter().enumerate() {
                if let Device::Sip(sip) = device {
                    places.logins.entry(sip.login.clone()).or_insert((at, nth));
                }
            }
        }
        for (at, group) in office.groups.iter().enumerate() {
            places.groups.entry(group.number.clone()).or_insert(at);
        }
        for (at, trunk) in office.trunks.iter().enumerate() {
            for number in trunk.all_numbers() {
                places.trunks.entry(number.to_owned()).or_insert(at);
            }
        }
        places
    }
}

fn counts(office: &Office) -> [usize; 3] {
    [office.extensions.len(), office.groups.len(), office.trunks.len()]
}

impl Office {
    /// The index, or `None` when the lists have changed since it was made.
    fn places(&self) -> Option<&Places> {
        let places = self.index.0.get_or_init(|| Places::of(self));
        (places.counts == counts(self)).then_some(places)
    }

    /// The extension of this number.
    pub fn extension(&self, number: &str) -> Option<&Extension> {
        let Some(places) = self.places() else { return self.extensions.iter().find(|e| e.number == number) };
        self.extensions.get(*places.extensions.get(number)?).filter(|e| e.number == number)
    }

    /// The group of this number.
    pub fn group(&self, number: &str) -> Option<&Group> {
        let Some(places) = self.places() else { return self.groups.iter().find(|g| g.number == number) };
        self.groups.get(*places.groups.get(number)?).filter(|g| g.number == number)
    }

    /// Whether an extension's or group's number is longer and begins with these digits.
    pub fn has_longer_number(&self, digits: &str) -> bool {
        let longer = |number: &String| number.len() > digits.len() && number.starts_with(digits);
        self.extensions.iter().any(|e| longer(&e.number)) || self.groups.iter().any(|g| longer(&g.number))
    }

    /// The trunk that carries this E.164 number.
    pub fn trunk_of(&self, number: &str) -> Option<&Trunk> {
        let carries = |trunk: &&Trunk| trunk.all_numbers().any(|n| n == number);
        let Some(places) = self.places() else { return self.trunks.iter().find(carries) };
        self.trunks.get(*places.trunks.get(number)?).filter(carries)
    }

    /// The SIP device of this login, with its extension. Case counts: RFC 3261 §19.1.4 says so of the user part.
    pub fn device_by_login(&self, login: &str) -> Option<(&Extension, &SipDevice)> {
        let Some(places) = self.places() else {
            return self.extensions.iter().find_map(|e| Some((e, e.sip_devices().find(|d| d.login == login)?)));
        };
        let (at, nth) = *places.logins.get(login)?;
        let extension = self.extensions.get(at)?;
        match extension.devices.get(nth)? {
            Device::Sip(sip) if sip.login == login => Some((extension, sip)),
            _ => None,
        }
    }

    /// The place for backups of this name.
    pub fn backup_place(&self, name: &str) -> Option<&BackupPlace> {
        self.backup_places.iter().find(|place| place.name == name)
    }

    /// The webhook of this name.
    pub fn webhook(&self, name: &str) -> Option<&Webhook> {
        self.webhooks.iter().find(|webhook| webhook.name == name)
    }

    /// The conference room of this number.
    pub fn conference(&self, number: &str) -> Option<&Conference> {
        self.conferences.iter().find(|room| room.number == number)
    }

    /// The trunk of this name.
    pub fn trunk(&self, name: &str) -> Option<&Trunk> {
        self.trunks.iter().find(|t| t.name == name)
    }

    /// The media file of this name.
    pub fn media(&self, name: &str) -> Option<&MediaFile> {
        self.media.iter().find(|m| m.name == name)
    }

    /// The voice message of this name.
    pub fn voice_message(&self, name: &str) -> Option<&VoiceMessage> {
        self.voice_messages.iter().find(|m| m.name == name)
    }

    /// The voice menu of this name.
    pub fn voice_menu(&self, name: &str) -> Option<&VoiceMenu> {
        self.voice_menus.iter().find(|m| m.name == name)
    }

    /// The timetable of this name.
    pub fn schedule(&self, name: &str) -> Option<&Schedule> {
        self.schedules.iter().find(|s| s.name == name)
    }

    /// The web account of this login.
    pub fn user(&self, login: &str) -> Option<&User> {
        self.users.iter().find(|u| u.login == login)
    }
}

impl Trunk {
    /// Its number, then the further ones; E.164 digits.
    pub fn all_numbers(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.number.as_str()).chain(self.numbers.iter().map(String::as_str))
    }
}

impl Extension {
    /// Its SIP phones, in order.
    pub fn sip_devices(&self) -> impl Iterator<Item = &SipDevice> {
        self.devices.iter().filter_map(|device| match device {
            Device::Sip(sip) => Some(sip),
            Device::Mobile(_) => None,
        })
    }

    /// Its mobile telephones, in order.
    pub fn mobiles(&self) -> impl Iterator<Item = &super::MobileDevice> {
        self.devices.iter().filter_map(|device| match device {
            Device::Mobile(mobile) => Some(mobile),
            Device::Sip(_) => None,
        })
    }
}

impl Device {
    /// How long it rings, in seconds.
    pub const fn ring_seconds(&self) -> u32 {
        match self {
            Self::Sip(sip) => sip.ring_seconds,
            Self::Mobile(mobile) => mobile.ring_seconds,
        }
    }
}

impl DeskPlan {
    /// The element of this id.
    pub fn element(&self, id: &str) -> Option<&Element> {
        self.elements.iter().find(|e| e.id == id)
    }

    /// Where a call to this E.164 number starts. An incoming element without a link takes no part: product.md section 5.
    pub fn start_of(&self, number: &str) -> Option<&Element> {
        self.elements.iter().find(|element| match &element.kind {
            ElementKind::Incoming { numbers } => !element.links.is_empty() && numbers.iter().any(|n| n == number),
            _ => false,
        })
    }
}

impl Network {
    /// Every IPv4 address: `0.0.0.0/0`.
    pub const ANY: Self = Self { address: IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), prefix: 0 };

    /// Whether `address` lies inside. An IPv4 address mapped into IPv6 counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(block), IpAddr::V4(one)) => {
                self.prefix == 0 || (block.to_bits() ^ one.to_bits()) >> (32 - u32::from(self.prefix.min(32))) == 0
            }
            (IpAddr::V6(block), IpAddr::V6(one)) => {
                self.prefix == 0 || (block.to_bits() ^ one.to_bits()) >> (128 - u32::from(self.prefix.min(128))) == 0
            }
            _ => false,
        }
    }
}

/// Why a text is no address block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// Neither an IPv4 nor an IPv6 address before the slash.
    #[error("no IP address")]
    Address,
    /// The number behind the slash.
    #[error("the prefix is 0 to {longest}")]
    Prefix {
        /// 32 or 128.
        longest: u8,
    },
    /// `10.0.0.1/8` says two things; a single host is `/32` or without a slash.
    #[error("bits behind the prefix are set")]
    HostBits,
}

impl std::str::FromStr for Network {
    type Err = NetworkError;

    /// `10.0.0.0/8`, `fd00::/8`, or one address.
    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let address: IpAddr = address.parse().map_err(|_| NetworkError::Address)?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let digits = |p: &str| p.bytes().all(|b| b.is_ascii_digit());
        let prefix = match prefix {
            None => longest,
            Some(p) => p
                .parse()
                .ok()
                .filter(|p| *p <= longest)
                .filter(|_| digits(p))
                .ok_or(NetworkError::Prefix { longest })?,
        };
        let network = Self { address, prefix };
        if network.masked() == address { Ok(network) } else { Err(NetworkError::HostBits) }
    }
}

impl Network {
    fn masked(&self) -> IpAddr {
        match self.address {
            IpAddr::V4(a) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix.min(32))).unwrap_or(0);
                IpAddr::V4((a.to_bits() & mask).into())
            }
            IpAddr::V6(a) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix.min(128))).unwrap_or(0);
                IpAddr::V6((a.to_bits() & mask).into())
            }
        }
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests;
