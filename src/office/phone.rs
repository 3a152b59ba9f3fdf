//! Desk telephones that take their settings from us: `[[phone]]`, `[[phone_template]]`, `[provisioning]`. Which lines a telephone
//! has is said by the devices that name its MAC; what its files look like is another room's business.

use super::{Device, Extension, Office, SipDevice};

/// The templates that the program brings, by name: what a template of the office may be made of. They are files of
/// `config/phones`.
pub const BUILT_IN_TEMPLATES: [&str; 12] = [
    "yealink",
    "grandstream",
    "fanvil",
    "snom",
    "cisco-spa",
    "cisco-mpp",
    "cisco",
    "polycom",
    "htek",
    "gigaset",
    "linphone",
    "generic",
];

/// `[[phone]]`: a desk telephone, or a DECT base, known by its MAC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phone {
    /// `aa:bb:cc:dd:ee:ff`; unique.
    pub mac: String,
    /// As seen or written: `yealink`; may be empty.
    pub vendor: String,
    /// As seen or written: `SIP-T46G`; may be empty.
    pub model: String,
    /// The name of a template, built in or the office's; empty: by the vendor.
    pub template: String,
    /// Numbers whose lamps it shows: extensions, groups, rooms, parking places.
    pub lamps: Vec<String>,
    /// Which keys it gets beside its lamps.
    pub keys: Vec<PhoneKey>,
    /// For its own page; letters and digits.
    pub admin_password: String,
    /// The name of an uploaded file; empty: it keeps what it has.
    pub firmware: String,
    /// How it reaches us.
    pub transport: PhoneTransport,
}

impl Phone {
    /// A telephone about which nothing is said.
    pub fn new(mac: impl Into<String>) -> Self {
        Self {
            mac: mac.into(),
            vendor: String::new(),
            model: String::new(),
            template: String::new(),
            lamps: Vec::new(),
            keys: vec![PhoneKey::Pickup, PhoneKey::Parking],
            admin_password: String::new(),
            firmware: String::new(),
            transport: PhoneTransport::Auto,
        }
    }
}

/// `keys` of `[[phone]]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PhoneKey {
    /// Takes a call that rings elsewhere.
    Pickup,
    /// Parks a call, and shows who waits at the first places.
    Parking,
}

/// `transport` of `[[phone]]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "each is its own name")]
pub enum PhoneTransport {
    /// What suits telephone and box best.
    #[default]
    Auto,
    Udp,
    Tcp,
    Tls,
}

/// `[[phone_template]]`: a template that somebody here has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneTemplate {
    /// Unique, and none of [`BUILT_IN_TEMPLATES`].
    pub name: String,
    /// Which of [`BUILT_IN_TEMPLATES`] it was made of.
    pub base: String,
    /// The whole of it.
    pub text: String,
}

/// `[provisioning]`: how telephones find the box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provisioning {
    /// Whether SIP plug-and-play is answered.
    pub pnp: bool,
    /// Whether the box gives addresses by DHCP.
    pub dhcp: bool,
    /// The first address that it gives: IPv4, or empty.
    pub dhcp_first: String,
    /// The last one.
    pub dhcp_last: String,
    /// The only interface that gets addresses; empty: the one with the way out.
    pub dhcp_interface: String,
    /// The router that clients are told of: IPv4, or empty: the box's own.
    pub dhcp_router: String,
    /// The name servers that clients are told of, IPv4; none: the router.
    pub dhcp_dns: Vec<String>,
    /// How long an address is given for: 1 to 720.
    pub dhcp_lease_hours: u32,
    /// Whether files are given by TFTP as well.
    pub tftp: bool,
    /// Whether telephones may search the phone book by LDAP.
    pub ldap: bool,
}

impl Default for Provisioning {
    fn default() -> Self {
        Self {
            pnp: true,
            dhcp: false,
            dhcp_first: String::new(),
            dhcp_last: String::new(),
            dhcp_interface: String::new(),
            dhcp_router: String::new(),
            dhcp_dns: Vec::new(),
            dhcp_lease_hours: 12,
            tftp: false,
            ldap: true,
        }
    }
}

impl Office {
    /// The telephone of this MAC, spelled as here: `aa:bb:cc:dd:ee:ff`.
    pub fn phone(&self, mac: &str) -> Option<&Phone> {
        self.phones.iter().find(|phone| phone.mac == mac)
    }

    /// The office's own template of this name.
    pub fn phone_template(&self, name: &str) -> Option<&PhoneTemplate> {
        self.phone_templates.iter().find(|template| template.name == name)
    }

    /// The lines of a telephone: the devices that name its MAC, by the place that each names, then in the office's order.
    pub fn lines_of(&self, mac: &str) -> impl Iterator<Item = (&Extension, &SipDevice)> {
        let of_extension = |extension| Extension::sip_devices(extension).map(move |device| (extension, device));
        let all = self.extensions.iter().flat_map(of_extension);
        let mut lines: Vec<_> = all.filter(|(_, device)| !mac.is_empty() && device.mac == mac).collect();
        lines.sort_by_key(|(_, device)| if device.line == 0 { u32::MAX } else { device.line });
        lines.into_iter()
    }

    /// Every device that named `from` names `to`; empty: none.
    pub(super) fn move_lines(&mut self, from: &str, to: &str) {
        for device in self.extensions.iter_mut().flat_map(|extension| &mut extension.devices) {
            if let Device::Sip(sip) = device
                && sip.mac == from
                && !from.is_empty()
            {
                to.clone_into(&mut sip.mac);
            }
        }
    }
}
