//! Which Host a request may name: this machine's own names and addresses, and what the host file adds. A page of another site that
//! points its own name at our address (DNS rebinding) names none of them.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use tokio::time::{Duration, Instant};

use crate::io::certificate::names_of_this_machine;

/// How often the machine's names are read again when one is not known: addresses come by DHCP.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The names of this box.
pub(super) struct Names {
    /// Of the host file.
    given: BTreeSet<String>,
    own: Mutex<(Option<Instant>, BTreeSet<String>)>,
}

impl Names {
    pub(super) fn new(given: &[String]) -> Self {
        let given = given.iter().map(|name| plain(name)).collect();
        Self { given, own: Mutex::new((None, names_of_this_machine())) }
    }

    /// Whether `host`, with or without a port, is one of ours. `local`: the address that the client has reached us by.
    pub(super) fn are(&self, host: &str, local: IpAddr) -> bool {
        let name = plain(without_port(host));
        let is_local = name.parse::<IpAddr>().is_ok_and(|address| address.to_canonical() == local);
        if is_local || self.given.contains(&name) {
            return true;
        }
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if own.1.contains(&name) {
            return true;
        }
        let now = Instant::now();
        if own.0.is_some_and(|read| now - read < LOOK_EVERY) {
            return false;
        }
        *own = (Some(now), names_of_this_machine());
        own.1.contains(&name)
    }
}

/// Lower case, without brackets and the dot of the root.
fn plain(name: &str) -> String {
    let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    bare.strip_suffix('.').unwrap_or(bare).to_ascii_lowercase()
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port))
            if port.bytes().all(|byte| byte.is_ascii_digit()) && (!name.contains(':') || name.ends_with(']')) =>
        {
            name
        }
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_names_and_addresses_are_ours_with_any_port_and_others_never() {
        let names = Names::new(&["PBX.example.org".to_owned(), "203.0.113.5".to_owned()]);
        let local = IpAddr::from([198, 51, 100, 9]);
        for ours in [
            "localhost",
            "LOCALHOST:8443",
            "127.0.0.1:443",
            "[::1]",
            "[::1]:8443",
            "pbx.example.org",
            "pbx.example.org.:80",
            "203.0.113.5",
            "198.51.100.9:8443",
        ] {
            assert!(names.are(ours, local), "{ours}");
        }
        for other in [
            "evil.example",
            "evil.example:443",
            "127.0.0.1.evil.example",
            "8.8.8.8",
            "[2001:db8::1]",
            "",
            ":443",
            "localhost.evil",
        ] {
            assert!(!names.are(other, local), "{other}");
        }
    }
}
