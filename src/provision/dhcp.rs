//! The box as DHCP server: RFC 2131, the options of RFC 2132, and those by which telephones find their settings (66, 67, 43, 114,
//! 150 of RFC 5859, 159, 160). Bytes in, bytes out. It serves one network, gives each card the same address again and again, and
//! only while no other server answers there ([`Watch`]).
//!
//! dhcproto reads and writes the messages. It gets the options alone that are looked at here, each of its right length, since its
//! reader panics on some others when they are odd. Clients behind relays are not served.

mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use dhcproto::v4::{DhcpOption, Flags, Message, MessageType, Opcode, OptionCode, UnknownOption};
use dhcproto::{Decodable as _, Decoder, Encodable as _};

use super::Mac;
use super::vendor::{self, Identity};
use crate::base::{Duration, WallTime};

pub use watch::{Verdict, Watch};

/// The network that is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Ours in it.
    pub address: Ipv4Addr,
    /// 1 to 30 bits of it are the network's.
    pub prefix: u8,
    /// The first address that is given.
    pub first: Ipv4Addr,
    /// The last one.
    pub last: Ipv4Addr,
    /// What clients are told of.
    pub router: Option<Ipv4Addr>,
    /// What clients are told of.
    pub dns: Vec<Ipv4Addr>,
    /// Who tells clients the time: us, or nobody.
    pub time: Option<Ipv4Addr>,
    /// How long an address is given for.
    pub lease: Duration,
    /// Where telephones find their settings.
    pub url: String,
}

impl Network {
    /// The addresses that are given when nobody says which: of the network 192.168.1.0/24 those from .100 to .200, and of others as
    /// many in proportion.
    pub fn usual_range(address: Ipv4Addr, prefix: u8) -> (Ipv4Addr, Ipv4Addr) {
        let size = u64::from(!mask(prefix)) + 1;
        let base = u32::from(address) & mask(prefix);
        let at = |part: u64| Ipv4Addr::from(base + u32::try_from((size * part / 256).clamp(1, size - 1)).unwrap_or(1));
        (at(100), at(200))
    }

    /// Whether an address is one of this network.
    pub fn has(&self, address: Ipv4Addr) -> bool {
        u32::from(address) & mask(self.prefix) == u32::from(self.address) & mask(self.prefix)
    }

    fn broadcast(&self) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.address) | !mask(self.prefix))
    }

    /// Whether it may be given at all.
    fn may_give(&self, address: Ipv4Addr) -> bool {
        let is_inside = self.first <= address && address <= self.last && self.has(address);
        let is_network = u32::from(address) & !mask(self.prefix) == 0;
        let is_used = address == self.address || self.router == Some(address) || self.dns.contains(&address);
        is_inside && !is_network && address != self.broadcast() && !is_used
    }

    fn range(&self) -> impl Iterator<Item = Ipv4Addr> {
        let (first, last) = (u32::from(self.first), u32::from(self.last));
        let most = u32::try_from(MOST).unwrap_or(u32::MAX);
        (first..=last.min(first.saturating_add(most - 1))).map(Ipv4Addr::from)
    }
}

fn mask(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix.clamp(1, 30))).unwrap_or(0)
}

/// An address that was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// To whom.
    pub mac: Mac,
    /// Which.
    pub address: Ipv4Addr,
    /// Until when it is the client's. From then on it may be given to another when no other is free.
    pub until: WallTime,
}

/// Where an answer goes, port 68.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// To all on this network: the client has no address yet.
    All,
    /// To a client that has it.
    Client(Ipv4Addr),
}

/// What a message of a client comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// What is to be sent.
    pub reply: Option<(To, Vec<u8>)>,
    /// A telephone speaks, and has this address, or will have it.
    pub telephone: Option<(Identity, Ipv4Addr)>,
    /// The client has taken the offer of another server.
    pub other: Option<Ipv4Addr>,
}

/// The server.
#[derive(Clone, Debug)]
pub struct Server {
    network: Network,
    leases: BTreeMap<Mac, Lease>,
    holders: BTreeMap<Ipv4Addr, Mac>,
    /// Offered and not taken yet.
    offers: BTreeMap<Mac, Lease>,
    /// Somebody else was found there.
    declined: BTreeMap<Ipv4Addr, WallTime>,
    changed: BTreeSet<Mac>,
}

/// What is known of whoever else has an address.
pub type Neighbours<'a> = &'a dyn Fn(Ipv4Addr) -> Option<Mac>;

/// A message of a client, as far as it matters.
struct Asked {
    message: Message,
    kind: MessageType,
    mac: Mac,
    identity: Identity,
    requested: Option<Ipv4Addr>,
    server: Option<Ipv4Addr>,
}

impl Server {
    /// A server that remembers what it gave before.
    pub fn new(network: Network, leases: Vec<Lease>) -> Self {
        let mut server = Self {
            network,
            leases: BTreeMap::new(),
            holders: BTreeMap::new(),
            offers: BTreeMap::new(),
            declined: BTreeMap::new(),
            changed: BTreeSet::new(),
        };
        for lease in leases.into_iter().take(MOST) {
            server.bind(lease);
        }
        server.changed.clear();
        server
    }

    /// What it serves.
    pub const fn network(&self) -> &Network {
        &self.network
    }

    /// All that was given, by card.
    pub fn leases(&self) -> impl Iterator<Item = &Lease> {
        self.leases.values()
    }

    /// What the disk does not know yet.
    pub fn take_changed(&mut self) -> Vec<Lease> {
        let changed = std::mem::take(&mut self.changed);
        changed.into_iter().filter_map(|mac| self.leases.get(&mac).copied()).collect()
    }

    /// Answers a client. `neighbours` says who has an address already, as far as the box has noticed.
    pub fn handle(&mut self, at: WallTime, bytes: &[u8], neighbours: Neighbours<'_>) -> Heard {
        let Some(asked) = Asked::read(bytes) else { return Heard::default() };
        let reply = match asked.kind {
            MessageType::Discover => self.discover(at, &asked, neighbours),
            MessageType::Request => self.request(at, &asked, neighbours),
            MessageType::Decline => self.decline(at, &asked),
            MessageType::Release => self.release(at, &asked),
            MessageType::Inform => Some(self.answer(&asked, MessageType::Ack, None)),
            _ => None,
        };
        let given = self.leases.get(&asked.mac).map(|lease| lease.address);
        let wants = matches!(asked.kind, MessageType::Request | MessageType::Inform);
        let address = given.or_else(|| asked.has_or_wants()).filter(|_| wants);
        Heard {
            reply,
            telephone: address.and_then(|address| Some((asked.telephone()?, address))),
            other: asked.server.filter(|server| *server != self.network.address),
        }
    }

    fn discover(&mut self, at: WallTime, asked: &Asked, neighbours: Neighbours<'_>) -> Option<(To, Vec<u8>)> {
        self.offers.retain(|_, offer| offer.until.millis() > at.millis());
        let Some(address) = self.choose(at, asked, neighbours) else {
            tracing::warn!(mac = %asked.mac, "DHCP: no address is left ([provisioning] dhcp_first, dhcp_last)");
            return None;
        };
        if self.offers.len() >= MOST {
            return None;
        }
        self.offers.insert(asked.mac, Lease { mac: asked.mac, address, until: at + OFFER });
        Some(self.answer(asked, MessageType::Offer, Some(address)))
    }

    /// RFC 2131 §4.3.2: the answer to an offer, a client that starts again, or one that goes on.
    fn request(&mut self, at: WallTime, asked: &Asked, neighbours: Neighbours<'_>) -> Option<(To, Vec<u8>)> {
        if asked.server.is_some_and(|server| server != self.network.address) {
            self.offers.remove(&asked.mac);
            return None;
        }
        let wanted = asked.has_or_wants()?;
        let offered = self.offers.remove(&asked.mac).map(|offer| offer.address);
        let own = self.leases.get(&asked.mac).map(|lease| lease.address);
        let fits = self.network.may_give(wanted)
            && (offered == Some(wanted) || own == Some(wanted) || self.is_free(at, wanted, asked.mac, neighbours));
        if !fits {
            return Some(self.refusal(asked));
        }
        self.bind(Lease { mac: asked.mac, address: wanted, until: at + self.network.lease });
        tracing::info!(mac = %asked.mac, address = %wanted, vendor = asked.identity.vendor, "DHCP: an address was given");
        Some(self.answer(asked, MessageType::Ack, Some(wanted)))
    }

    fn decline(&mut self, at: WallTime, asked: &Asked) -> Option<(To, Vec<u8>)> {
        let address = asked.requested.filter(|address| self.holders.get(address) == Some(&asked.mac))?;
        tracing::warn!(mac = %asked.mac, %address, "DHCP: somebody else has that address already");
        self.declined.insert(address, at + DECLINED);
        if let Some(lease) = self.leases.get_mut(&asked.mac) {
            lease.until = at;
            self.changed.insert(asked.mac);
        }
        None
    }

    fn release(&mut self, at: WallTime, asked: &Asked) -> Option<(To, Vec<u8>)> {
        let held = asked.message.ciaddr();
        if let Some(lease) = self.leases.get_mut(&asked.mac).filter(|lease| lease.address == held) {
            lease.until = at;
            self.changed.insert(asked.mac);
        }
        None
    }

    /// The address of a card: its own of before, that which it asks for, a fresh one, or that of whoever was gone longest.
    fn choose(&self, at: WallTime, asked: &Asked, neighbours: Neighbours<'_>) -> Option<Ipv4Addr> {
        let mac = asked.mac;
        let is_free =
            |address: &Ipv4Addr| self.network.may_give(*address) && self.is_free(at, *address, mac, neighbours);
        let own = self.leases.get(&mac).or_else(|| self.offers.get(&mac)).map(|lease| lease.address);
        let fresh = || self.network.range().find(|address| !self.holders.contains_key(address) && is_free(address));
        let oldest = || {
            let over = self.leases.values().filter(|lease| is_free(&lease.address));
            over.min_by_key(|lease| lease.until.millis()).map(|lease| lease.address)
        };
        let wanted = || asked.requested.filter(|address| !self.holders.contains_key(address)).filter(is_free);
        own.filter(is_free).or_else(wanted).or_else(fresh).or_else(oldest)
    }

    fn is_free(&self, at: WallTime, address: Ipv4Addr, mac: Mac, neighbours: Neighbours<'_>) -> bool {
        let is_in_time = |lease: &Lease| lease.until.millis() > at.millis();
        let holder = self.holders.get(&address).and_then(|holder| self.leases.get(holder));
        let is_held = holder.is_some_and(|lease| lease.mac != mac && is_in_time(lease));
        let is_offered =
            self.offers.values().any(|offer| offer.address == address && offer.mac != mac && is_in_time(offer));
        let is_declined = self.declined.get(&address).is_some_and(|until| until.millis() > at.millis());
        let is_seen = neighbours(address).is_some_and(|card| card != mac);
        !is_held && !is_offered && !is_declined && !is_seen
    }

    /// A card has one address, an address one card.
    fn bind(&mut self, lease: Lease) {
        if let Some(before) = self.holders.insert(lease.address, lease.mac)
            && before != lease.mac
        {
            self.leases.remove(&before);
            self.changed.remove(&before);
        }
        if let Some(before) = self.leases.insert(lease.mac, lease)
            && before.address != lease.address
        {
            self.holders.remove(&before.address);
        }
        self.changed.insert(lease.mac);
    }

    /// An answer with what this client is told; `given`: its address, which INFORM does without.
    fn answer(&self, asked: &Asked, kind: MessageType, given: Option<Ipv4Addr>) -> (To, Vec<u8>) {
        let network = &self.network;
        let mut message = self.reply(asked, kind);
        message.set_yiaddr(given.unwrap_or(Ipv4Addr::UNSPECIFIED));
        let options = message.opts_mut();
        if given.is_some() {
            let seconds = u32::try_from(network.lease.as_secs()).unwrap_or(u32::MAX);
            options.insert(DhcpOption::AddressLeaseTime(seconds));
            options.insert(DhcpOption::Renewal(seconds / 2));
            options.insert(DhcpOption::Rebinding(seconds / 8 * 7));
        }
        options.insert(DhcpOption::SubnetMask(Ipv4Addr::from(mask(network.prefix))));
        options.insert(DhcpOption::BroadcastAddr(network.broadcast()));
        if let Some(router) = network.router {
            options.insert(DhcpOption::Router(vec![router]));
        }
        if !network.dns.is_empty() {
            options.insert(DhcpOption::DomainNameServer(network.dns.clone()));
        }
        if let Some(time) = network.time {
            options.insert(DhcpOption::NtpServers(vec![time]));
        }
        let room = asked.room();
        for option in self.options_of_telephones(asked) {
            let code = OptionCode::from(&option);
            message.opts_mut().insert(option);
            // what is left out is said by another option, or by plug-and-play
            if written(&message).len() > room {
                message.opts_mut().remove(code);
            }
        }
        let held = asked.message.ciaddr();
        let to = if held.is_unspecified() { To::All } else { To::Client(held) };
        (to, written(&message))
    }

    fn refusal(&self, asked: &Asked) -> (To, Vec<u8>) {
        tracing::info!(mac = %asked.mac, "DHCP: a client wanted an address that it can't have here");
        let mut message = self.reply(asked, MessageType::Nak);
        message.set_flags(Flags::default().set_broadcast());
        (To::All, written(&message))
    }

    fn reply(&self, asked: &Asked, kind: MessageType) -> Message {
        let mut message = Message::default();
        message.set_opcode(Opcode::BootReply).set_xid(asked.message.xid()).set_flags(asked.message.flags());
        message.set_chaddr(&asked.mac.0);
        if kind != MessageType::Nak {
            message.set_ciaddr(asked.message.ciaddr());
        }
        let options = message.opts_mut();
        options.insert(DhcpOption::MessageType(kind));
        options.insert(DhcpOption::ServerIdentifier(self.network.address));
        message
    }

    /// By which telephones find their settings, the most telling first.
    fn options_of_telephones(&self, asked: &Asked) -> Vec<DhcpOption> {
        let (url, host) = (&self.network.url, self.network.address);
        let vendor = vendor::named(&asked.identity.vendor);
        let wanted = asked.wanted();
        // whoever asks for them is a telephone too, but for machines that boot from a network
        let is_asked = |code: u8| wanted.contains(&OptionCode::from(code));
        let is_boot = asked.class().starts_with("PXEClient");
        if vendor.is_none() && (is_boot || !(is_asked(66) || is_asked(150) || is_asked(160))) {
            return Vec::new();
        }
        let text =
            |code: u8, text: &str| DhcpOption::Unknown(UnknownOption::new(code.into(), text.as_bytes().to_vec()));
        let server = DhcpOption::TFTPServerName(url.as_bytes().to_vec());
        let mut options = vec![server.clone(), text(160, url), text(159, url), DhcpOption::TFTPServerAddress(host)];
        if let Some(vendor) = vendor {
            let length = u8::try_from(url.len()).unwrap_or(0);
            let blob = [&[vendor.dhcp_blob, length], url.as_bytes()].concat();
            options.push(DhcpOption::VendorExtensions(blob));
            if vendor.dhcp_default_url {
                // for all others it is the page of a hotel's network: RFC 8910
                options.push(DhcpOption::CaptivePortal(url.clone()));
            }
            if !vendor.dhcp_file.is_empty() && !asked.identity.model.is_empty() {
                let file = vendor.dhcp_file.replace("{model}", &asked.identity.model);
                options.push(DhcpOption::BootfileName(file.into_bytes()));
            }
        }
        let mut told: Vec<DhcpOption> = options;
        if !wanted.is_empty() {
            told.retain(|option| wanted.contains(&OptionCode::from(option)));
        }
        if told.is_empty() { vec![server] } else { told }
    }
}

impl Asked {
    fn read(bytes: &[u8]) -> Option<Self> {
        let message = read(bytes)?;
        let is_ours = message.opcode() == Opcode::BootRequest && message.giaddr().is_unspecified();
        let kind = message.opts().msg_type().filter(|_| is_ours)?;
        let mac = card(&message)?;
        let address = |code| match message.opts().get(code) {
            Some(DhcpOption::RequestedIpAddress(address) | DhcpOption::ServerIdentifier(address)) => Some(*address),
            _ => None,
        };
        let (requested, server) = (address(OptionCode::RequestedIpAddress), address(OptionCode::ServerIdentifier));
        let identity = Identity::default();
        let mut asked = Self { message, kind, mac, identity, requested, server };
        asked.identity = vendor::of_class(&asked.class()).or(vendor::of_mac(mac));
        Some(asked)
    }

    /// Which software it is: option 60.
    fn class(&self) -> String {
        match self.message.opts().get(OptionCode::ClassIdentifier) {
            Some(DhcpOption::ClassIdentifier(class)) => {
                String::from_utf8_lossy(class).chars().filter(|c| !c.is_control()).take(CLASS).collect()
            }
            _ => String::new(),
        }
    }

    /// Option 55.
    fn wanted(&self) -> Vec<OptionCode> {
        match self.message.opts().get(OptionCode::ParameterRequestList) {
            Some(DhcpOption::ParameterRequestList(wanted)) => wanted.clone(),
            _ => Vec::new(),
        }
    }

    fn has_or_wants(&self) -> Option<Ipv4Addr> {
        let held = Some(self.message.ciaddr()).filter(|held| !held.is_unspecified());
        held.or(self.requested)
    }

    fn telephone(&self) -> Option<Identity> {
        (!self.identity.vendor.is_empty()).then(|| self.identity.clone())
    }

    /// How long an answer it takes: option 57 without the heads of IP and UDP, and at least what all must take.
    fn room(&self) -> usize {
        match self.message.opts().get(OptionCode::MaxMessageSize) {
            Some(DhcpOption::MaxMessageSize(most)) => usize::from((*most).clamp(576, 1500)) - 28,
            _ => 576 - 28,
        }
    }
}

/// A telephone that asks some server for an address, as a listener hears it: who it is, and the address that it names.
pub fn overhear(bytes: &[u8]) -> Option<(Identity, Ipv4Addr)> {
    let asked = Asked::read(bytes).filter(|asked| matches!(asked.kind, MessageType::Request | MessageType::Inform))?;
    Some((asked.telephone()?, asked.has_or_wants()?))
}

/// A message with the options that are looked at; `None`: it is none of DHCP.
fn read(bytes: &[u8]) -> Option<Message> {
    let (head, mut rest) = bytes.split_at_checked(HEAD)?;
    let is_card_whole = head.get(HLEN).is_some_and(|length| usize::from(*length) <= CHADDR);
    if !head.ends_with(&COOKIE) || !is_card_whole {
        return None;
    }
    let mut sifted = head.to_vec();
    let mut had = BTreeSet::new();
    while let [code, after @ ..] = rest {
        rest = match (code, after) {
            (0, _) => after,
            (255, _) | (_, []) => break,
            (_, [length, after @ ..]) => {
                let Some((value, after)) = after.split_at_checked(usize::from(*length)) else { break };
                if is_read(*code, value.len()) && had.insert(*code) {
                    sifted.extend([*code, *length]);
                    sifted.extend(value);
                }
                after
            }
        };
    }
    sifted.push(255);
    Message::decode(&mut Decoder::new(&sifted)).ok()
}

/// Whether an option is looked at and has a length that it may have: RFC 2132 §9.
const fn is_read(code: u8, length: usize) -> bool {
    match code {
        50 | 54 => length == 4,
        53 => length == 1,
        57 => length == 2,
        55 | 60 => length > 0,
        _ => false,
    }
}

/// The card of a message's client: Ethernet's only.
fn card(message: &Message) -> Option<Mac> {
    let bytes: [u8; 6] = message.chaddr().try_into().ok()?;
    Mac::of(bytes)
}

/// At least 300 bytes, as BOOTP's clients want: RFC 1542 §2.1.
fn written(message: &Message) -> Vec<u8> {
    let mut bytes = message.to_vec().unwrap_or_default();
    if bytes.len() < SHORTEST {
        bytes.resize(SHORTEST, 0);
    }
    bytes
}

/// What stands before the options, with their cookie: RFC 2131 §2. Bytes.
const HEAD: usize = 240;
/// Where the length of the hardware address stands: RFC 2131 §2.
const HLEN: usize = 2;
/// The field of that address, which dhcproto cuts by the length without looking. Bytes.
const CHADDR: usize = 16;
/// RFC 2131 §3.
const COOKIE: [u8; 4] = [99, 130, 83, 99];
/// Addresses that are given, and cards that are remembered.
const MOST: usize = 1_024;
/// How long an offer stands.
const OFFER: Duration = Duration::from_secs(60);
/// How long an address is left alone at which somebody else was found.
const DECLINED: Duration = Duration::from_secs(3_600);
/// The longest class that is looked at. Characters.
const CLASS: usize = 80;
/// Bytes.
const SHORTEST: usize = 300;

#[cfg(test)]
mod tests;
