//! A connection to a server by its name. Where it leads is judged by the address that is connected to, so that a name that changes
//! its mind between two look-ups gains nothing.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use rustls::pki_types::ServerName as TlsName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{Distrust, OutError, Trust};
use crate::base::{Duration, Rng};
use crate::engine::ServerName;
use crate::io::clock;
use crate::io::net::look_up;
use crate::office::is_home;
use crate::sip::Transport;

/// A conversation of several questions is over after this, however far it came.
pub const WHOLE_TIME: Duration = Duration::from_secs(12);
/// One question and its answer. Signing in asks four at most, and all of them must be over before the gate gives up.
pub const ANSWER_TIME: Duration = Duration::from_secs(6);
/// For a connection to one address.
const CONNECT_TIME: Duration = Duration::from_secs(4);
/// Addresses of a name that are tried.
const MOST_ADDRESSES: usize = 4;

/// Where servers may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outgoing {
    /// On this machine and its link too: `[web] allow_local_outgoing` of the host file.
    pub allow_local: bool,
    /// Nowhere but in the networks of homes and offices: what is not protected and must not leave them.
    pub home_only: bool,
}

impl Outgoing {
    /// Everywhere that the host file allows.
    pub const fn of(allow_local: bool) -> Self {
        Self { allow_local, home_only: false }
    }

    fn judge(self, address: IpAddr) -> Result<(), OutError> {
        if !self.allow_local && is_local(address) {
            return Err(OutError::Local(address));
        }
        if self.home_only && !is_home(address.to_canonical()) {
            return Err(OutError::NotHome(address));
        }
        Ok(())
    }
}

/// Whether an address is this machine's own by nature, of its link only, or of nobody: what an outsider could make us ask who can't
/// ask it himself.
fn is_local(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            v4.is_loopback() || v4.is_link_local() || v4.is_multicast() || v4.is_broadcast() || v4.octets()[0] == 0
        }
        IpAddr::V6(v6) => {
            v6.is_loopback() || v6.is_unicast_link_local() || v6.is_multicast() || v6.is_unspecified()
                // an IPv4 address in the clothes of RFC 4291 §2.5.5.1 and RFC 6052
                || inner_v4(v6).is_some_and(|v4| is_local(v4.into()))
        }
    }
}

fn inner_v4(v6: std::net::Ipv6Addr) -> Option<std::net::Ipv4Addr> {
    match v6.segments() {
        [0, 0, 0, 0, 0, 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some(((u32::from(high) << 16) | u32::from(low)).into())
        }
        _ => None,
    }
}

/// Runs a conversation on a loop of its own and waits for its end, or for so long.
pub(super) fn converse<T>(time: Duration, conversation: impl Future<Output = T>) -> Result<T, OutError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| OutError::Lost(error.to_string()))?;
    // The clock of a time-out is the loop's: it is made inside.
    runtime.block_on(async { timeout(time, conversation).await }).map_err(|_| OutError::Silent)
}

/// Connects to a host, by name or address.
pub(in crate::io) async fn connect(host: &str, port: u16, outgoing: Outgoing) -> Result<TcpStream, OutError> {
    let mut last = OutError::NoName(host.to_owned());
    for address in addresses(host, port).await?.into_iter().take(MOST_ADDRESSES) {
        if let Err(error) = outgoing.judge(address.ip()) {
            last = error;
            continue;
        }
        match timeout(CONNECT_TIME, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = refused(&error, address),
            Err(_) => last = OutError::Silent,
        }
    }
    Err(last)
}

/// Where a host is, for those who connect by themselves: the first of its addresses that may be asked and answers.
///
/// # Errors
/// As those of a connection.
pub fn first_address(host: &str, port: u16, outgoing: Outgoing) -> Result<IpAddr, OutError> {
    converse(ANSWER_TIME, async {
        let found = addresses(host, port).await?;
        match found.as_slice() {
            [only] if outgoing.judge(only.ip()).is_ok() => Ok(only.ip()),
            _ => {
                let stream = connect(host, port, outgoing).await?;
                stream.peer_addr().map(|peer| peer.ip()).map_err(|error| OutError::Lost(error.to_string()))
            }
        }
    })?
}

/// Where a host is, for those who send datagrams: all of its addresses that may be asked.
///
/// # Errors
/// When there is none.
pub fn places(host: &str, port: u16, outgoing: Outgoing) -> Result<Vec<SocketAddr>, OutError> {
    let found = converse(ANSWER_TIME, addresses(host, port))??;
    let mut last = OutError::NoName(host.to_owned());
    let mut allowed = Vec::new();
    for address in found.into_iter().take(MOST_ADDRESSES) {
        match outgoing.judge(address.ip()) {
            Ok(()) => allowed.push(address),
            Err(error) => last = error,
        }
    }
    if allowed.is_empty() { Err(last) } else { Ok(allowed) }
}

async fn addresses(host: &str, port: u16) -> Result<Vec<SocketAddr>, OutError> {
    let entropy = clock::entropy().map_err(|error| OutError::Lost(error.to_string()))?;
    let name = ServerName { host: host.to_owned(), port: Some(port), transport: Some(Transport::Tcp) };
    let found = look_up(&name, &mut Rng::from_entropy(entropy)).await.map_err(|()| OutError::NamesSilent)?;
    Ok(found.into_iter().map(|(_, address)| address).collect())
}

/// Why nothing goes there, as the kernel says it.
pub fn refused(error: &io::Error, address: SocketAddr) -> OutError {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => OutError::Refused(address),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => OutError::NoRoute(address),
        io::ErrorKind::TimedOut => OutError::Silent,
        _ => OutError::Lost(error.to_string()),
    }
}

/// TLS on a connection; the certificate must be that of `host`.
pub(super) async fn secure(stream: TcpStream, host: &str, trust: &Trust) -> Result<TlsStream<TcpStream>, OutError> {
    let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = TlsName::try_from(bare).map_err(|_| OutError::Address(host.to_owned()))?;
    TlsConnector::from(Arc::clone(&trust.0)).connect(name, stream).await.map_err(|error| no_tls(&error))
}

/// Whether who listens at an address is `host`, as TLS proves it.
///
/// # Errors
/// Why not.
pub fn handshake(address: SocketAddr, host: &str, trust: &Trust) -> Result<(), OutError> {
    converse(ANSWER_TIME, async {
        let stream = TcpStream::connect(address).await.map_err(|error| refused(&error, address))?;
        secure(stream, host, trust).await.map(drop)
    })?
}

/// Why no TLS came about.
pub(super) fn no_tls(error: &io::Error) -> OutError {
    use rustls::CertificateError as Wrong;
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let Some(rustls::Error::InvalidCertificate(wrong)) = inner else {
        return inner.map_or_else(|| OutError::Lost(error.to_string()), |inner| OutError::Tls(inner.to_string()));
    };
    OutError::Certificate(match wrong {
        Wrong::UnknownIssuer => Distrust::Unknown,
        Wrong::NotValidForName | Wrong::NotValidForNameContext { .. } => Distrust::OtherName,
        Wrong::Expired | Wrong::ExpiredContext { .. } => Distrust::Expired,
        Wrong::NotValidYet | Wrong::NotValidYetContext { .. } => Distrust::NotYet,
        // one that is its own authority, and not one of ours
        Wrong::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => Distrust::Unknown,
        other => Distrust::Other(other.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_asked_of_this_machine_or_its_link_in_whatever_clothes() {
        let outside = Outgoing::default();
        for local in [
            "127.0.0.1",
            "127.9.8.7",
            "0.0.0.0",
            "0.1.2.3",
            "169.254.169.254",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
        ] {
            assert!(outside.judge(local.parse().unwrap()).is_err(), "{local}");
            assert!(Outgoing::of(true).judge(local.parse().unwrap()).is_ok(), "{local}");
        }
        for far in ["192.168.1.9", "10.0.0.1", "203.0.113.7", "2001:db8::1", "fd00::1", "64:ff9b::c000:209"] {
            assert!(outside.judge(far.parse().unwrap()).is_ok(), "{far}");
        }
    }

    #[test]
    fn what_must_stay_at_home_goes_to_homes_addresses_only() {
        let home = Outgoing { home_only: true, ..Outgoing::of(true) };
        for near in ["192.168.1.9", "10.0.0.1", "127.0.0.1", "fd00::1", "::ffff:192.168.1.9"] {
            assert_eq!(home.judge(near.parse().unwrap()), Ok(()), "{near}");
        }
        for far in ["203.0.113.7", "2001:db8::1", "172.32.0.1", "::ffff:203.0.113.7"] {
            assert!(matches!(home.judge(far.parse().unwrap()), Err(OutError::NotHome(_))), "{far}");
        }
    }

    #[test]
    fn a_name_of_this_machine_is_judged_by_where_it_leads() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let ask = |host: &str, allow_local| {
            converse(ANSWER_TIME, connect(host, port, Outgoing::of(allow_local))).unwrap().map(drop)
        };
        let loopback = OutError::Local(IpAddr::from([127, 0, 0, 1]));
        assert_eq!(ask("127.0.0.1", false), Err(loopback.clone()));
        assert_eq!(ask("localhost", false).map_err(|error| matches!(error, OutError::Local(_))), Err(true));
        assert_eq!(ask("127.0.0.1", true), Ok(()));
        drop(listener);
        assert!(matches!(ask("127.0.0.1", true), Err(OutError::Refused(_))));
    }
}
