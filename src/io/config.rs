//! The host file: where this machine listens and keeps its data. All keys are optional; contract.md has the law.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

/// The host file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where phones and carriers reach us.
    pub sip: Sip,
    /// Where sound reaches us.
    pub rtp: Rtp,
    /// Where the page is.
    pub web: Web,
    /// Where telephones look for their settings.
    pub phones: Phones,
    /// What is told on stderr.
    pub log: Log,
    /// Where things are kept.
    pub paths: Paths,
    /// The box that follows this one.
    pub standby: Standby,
}

/// `[sip]`. Port 0 takes any that is free.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sip {
    /// For datagrams.
    pub udp: SocketAddr,
    /// For connections.
    pub tcp: SocketAddr,
    /// For connections under TLS.
    pub tls: SocketAddr,
    /// Put into SIP and SDP; `None`: our address towards that peer.
    #[serde(deserialize_with = "address_or_empty")]
    pub advertise: Option<IpAddr>,
}

/// `[rtp]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rtp {
    /// Ports for sound.
    pub ports: PortRange,
}

/// `10000-20000`: both ends belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortRange {
    /// The lowest.
    pub first: u16,
    /// The highest.
    pub last: u16,
}

/// `[web]`. Port 0 takes any that is free.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Web {
    /// Redirects people to `https`.
    pub http: SocketAddr,
    /// The page and the API.
    pub https: SocketAddr,
    /// Whether OpenID, LDAP and mail servers may be on this machine or its link: for tests, and where they share a machine with us.
    pub allow_local_outgoing: bool,
}

/// `[phones]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Phones {
    /// Files by TFTP, when the office wants that.
    pub tftp: SocketAddr,
    /// The phone book by LDAP, when the office wants that. Not 389, so that no right is needed.
    pub ldap: SocketAddr,
}

/// `[log]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// The least that is told.
    pub level: Level,
    /// How it is written.
    pub format: Format,
}

/// `level`: the lower, the worse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "each is its own name")]
pub enum Level {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

/// `format`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Lines for people.
    #[default]
    Text,
    /// An object a line.
    Json,
}

/// `[paths]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Paths {
    /// The data directory.
    pub data: PathBuf,
}

/// `[standby]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Standby {
    /// The control socket of the Litestream that sends the database to the box that follows: what people change is then told as kept
    /// when both boxes have it. Empty: there is none.
    pub litestream: PathBuf,
}

/// What is wrong with a host file. Displays with the file's name and the line.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// It can't be read.
    #[error("{}: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the kernel said.
        why: String,
    },
    /// It can't be understood.
    #[error("{}:{line}: {what}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// The fault, on one line.
        what: String,
    },
}

impl Config {
    /// Reads a host file; without one, everything has its default.
    ///
    /// # Errors
    /// When it can't be read, has an unknown key, or a value that does not fit.
    pub fn read(path: Option<&Path>) -> Result<Self, ConfigError> {
        let Some(path) = path else { return Ok(Self::default()) };
        let unreadable = |why: std::io::Error| ConfigError::Unreadable { path: path.to_owned(), why: why.to_string() };
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        Self::parse(&text).map_err(|(line, what)| ConfigError::Wrong { path: path.to_owned(), line, what })
    }

    /// Reads the text of a host file; on failure the line and what is wrong there.
    fn parse(text: &str) -> Result<Self, (usize, String)> {
        toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let line = text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1;
            (line, error.message().replace('\n', "; "))
        })
    }
}

impl Default for Sip {
    fn default() -> Self {
        Self { udp: everywhere(5060), tcp: everywhere(5060), tls: everywhere(5061), advertise: None }
    }
}

impl Default for Web {
    fn default() -> Self {
        Self { http: everywhere(8080), https: everywhere(8443), allow_local_outgoing: false }
    }
}

impl Default for Phones {
    fn default() -> Self {
        Self { tftp: everywhere(69), ldap: everywhere(3890) }
    }
}

impl Default for PortRange {
    fn default() -> Self {
        Self { first: 10_000, last: 20_000 }
    }
}

impl Default for Paths {
    fn default() -> Self {
        Self { data: PathBuf::from("./data") }
    }
}

impl Level {
    /// All, the worst first.
    pub const ALL: [Self; 5] = [Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace];

    /// The level of this word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == word)
    }

    /// As in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

impl<'de> Deserialize<'de> for PortRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let ends = text.split_once('-').map(|(first, last)| (first.trim().parse(), last.trim().parse()));
        match ends {
            // A call needs four ports: an even one and the next for each side.
            Some((Ok(first), Ok(last))) if first >= 1024 && last >= first && last - first >= 4 => {
                Ok(Self { first, last })
            }
            _ => Err(D::Error::custom(format!("{text:?} is no range of ports such as \"10000-20000\", 1024 or above"))),
        }
    }
}

fn address_or_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<IpAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.parse() {
        Ok(address) => Ok(Some(address)),
        Err(_) if text.is_empty() => Ok(None),
        Err(_) => Err(D::Error::custom(format!("{text:?} is no IP address"))),
    }
}

const fn everywhere(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_the_contract_says_the_defaults() {
        let text = r#"
            [sip]
            udp = "0.0.0.0:5060"
            tcp = "0.0.0.0:5060"
            tls = "0.0.0.0:5061"
            advertise = ""              # address put into SIP and SDP
            [rtp]
            ports = "10000-20000"
            [web]
            http  = "0.0.0.0:8080"
            https = "0.0.0.0:8443"
            [log]
            level = "info"
            format = "text"
            [paths]
            data = "./data"
        "#;
        assert_eq!(Config::parse(text), Ok(Config::default()));
        assert_eq!(Config::parse(""), Ok(Config::default()));
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let (line, what) = Config::parse("[sip]\nudp = \"127.0.0.1:5060\"\nupd = \"x\"\n").expect_err("a typo");
        assert_eq!(line, 3);
        assert!(what.contains("`upd`") && !what.contains('\n'), "{what}");
        assert_eq!(Config::parse("\n[spi]\n").map_err(|(line, _)| line), Err(2));
    }

    #[test]
    fn values_that_do_not_fit_are_refused_with_their_line() {
        for text in [
            "[sip]\nudp = \"5060\"",
            "[sip]\nadvertise = \"example.org\"",
            "[rtp]\nports = \"20000-10000\"",
            "[rtp]\nports = \"80-90\"",
            "[log]\nlevel = \"loud\"",
            "[log]\nformat = 7",
            "[web\n",
        ] {
            let (line, what) = Config::parse(text).expect_err(text);
            assert!((1..=2).contains(&line) && !what.is_empty(), "{text}: {line}: {what}");
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Config::read(Some(Path::new("/nowhere/dozvon.toml"))).expect_err("missing");
        assert!(error.to_string().starts_with("/nowhere/dozvon.toml: "), "{error}");
    }
}
