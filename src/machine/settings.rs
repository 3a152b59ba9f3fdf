//! `/data/machine.toml`: what the box itself was told, beside the office. It stays with the box: no office file and no backup has it.

use serde::{Deserialize, Serialize};

use super::network::Network;

/// Longest label of a host name (RFC 1035 §2.3.4).
pub const LONGEST_NAME: usize = 63;
/// Time servers that may be asked.
pub const MOST_TIME_SERVERS: usize = 8;
/// Longest name of a time server (RFC 1035 §2.3.4).
const LONGEST_HOST: usize = 253;

/// All of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The box's name in networks: one label.
    pub host_name: String,
    /// The clock.
    pub time: Time,
    /// Its places in networks.
    pub network: Network,
}

/// Where the time comes from, and to whom it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Time {
    /// Names or addresses; empty: pool.ntp.org's.
    pub servers: Vec<String>,
    /// Answer NTP in the office.
    pub serve: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { host_name: "dozvon".to_owned(), time: Time::default(), network: Network::default() }
    }
}

impl Default for Time {
    fn default() -> Self {
        Self { servers: Vec::new(), serve: true }
    }
}

impl Settings {
    /// Reads the file's text.
    ///
    /// # Errors
    /// What is wrong with it, on one line.
    pub fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.message().to_owned())
    }

    /// The file's text.
    pub fn write(&self) -> String {
        toml::to_string(self).expect("tables of texts, numbers and lists are TOML")
    }
}

/// Whether this is one label of letters, digits and inner hyphens (RFC 1123 §2.1).
pub fn is_host_name(name: &str) -> bool {
    let inner = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    let bytes = name.as_bytes();
    let ends = [bytes.first(), bytes.last()];
    bytes.len() <= LONGEST_NAME
        && bytes.iter().all(inner)
        && ends.iter().all(|end| end.is_some_and(u8::is_ascii_alphanumeric))
}

/// Whether this may be asked for the time: an address, or a name of labels.
pub fn is_time_server(name: &str) -> bool {
    name.parse::<std::net::IpAddr>().is_ok()
        || (name.len() <= LONGEST_HOST && !name.is_empty() && name.split('.').all(is_host_name))
}

#[cfg(test)]
mod tests {
    use super::super::network::{Addressing, Carrier, Port};
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let port = |mode| Port { card: "52:54:00:12:34:56".to_owned(), vlan: Some(7), address: mode };
        let fixed = Addressing::Fixed { address: "192.168.1.10/24".to_owned(), gateway: Some([192, 168, 1, 1].into()) };
        let alone = Addressing::Fixed { address: "10.0.0.2/30".to_owned(), gateway: None };
        for (office, carrier) in
            [(Addressing::Dhcp, None), (fixed, Some(alone)), (Addressing::Dhcp, Some(Addressing::Dhcp))]
        {
            let carrier = carrier.map(|mode| Carrier { port: port(mode), routes: vec!["10.0.0.0/8".to_owned()] });
            let network = Network { office: port(office), carrier, dns: vec![[1, 1, 1, 1].into()] };
            let time = Time { servers: vec!["ntp.example".to_owned()], serve: false };
            let settings = Settings { host_name: "office-7".to_owned(), time, network };
            assert_eq!(Settings::parse(&settings.write()), Ok(settings));
        }
        assert_eq!(Settings::parse(""), Ok(Settings::default()));
        assert!(Settings::parse("host = 1").is_err());
    }

    #[test]
    fn a_host_name_is_one_label() {
        for good in ["a", "box", "Box-7", "7", &"a".repeat(63)] {
            assert!(is_host_name(good), "{good}");
        }
        for bad in ["", "-a", "a-", "a.b", "a_b", "ящик", "a b", &"a".repeat(64)] {
            assert!(!is_host_name(bad), "{bad}");
        }
    }

    #[test]
    fn time_servers_are_names_or_addresses() {
        for good in ["pool.ntp.org", "192.168.1.1", "fe80::1", "ntp"] {
            assert!(is_time_server(good), "{good}");
        }
        for bad in ["", "a..b", "ntp;reboot", "a b", ".ntp"] {
            assert!(!is_time_server(bad), "{bad}");
        }
    }
}
