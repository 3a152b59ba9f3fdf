//! The kernel's neighbour table: which card has an address of our own network.

use std::net::{IpAddr, Ipv4Addr};

use crate::provision::Mac;
use crate::provision::ledger::Neighbour;

/// Who has this address, as far as the kernel has spoken with it.
pub fn of(address: IpAddr) -> Neighbour {
    let IpAddr::V4(address) = address.to_canonical() else { return Neighbour::Unknown };
    let table = std::fs::read_to_string("/proc/net/arp").unwrap_or_default();
    find(&table, address).map_or(Neighbour::Unknown, Neighbour::Is)
}

/// All neighbours that the kernel knows.
pub fn all() -> Vec<(Ipv4Addr, Mac)> {
    let table = std::fs::read_to_string("/proc/net/arp").unwrap_or_default();
    table.lines().filter_map(line).collect()
}

/// A machine of a network inside, or one whose card the box knows.
pub(super) fn is_inside(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let is_inside = v4.is_private() || v4.is_link_local() || v4.is_loopback();
            is_inside || matches!(of(address), Neighbour::Is(_))
        }
        IpAddr::V6(v6) => v6.is_unicast_link_local() || v6.is_unique_local() || v6.is_loopback(),
    }
}

fn find(table: &str, address: Ipv4Addr) -> Option<Mac> {
    table.lines().filter_map(line).find(|(have, _)| *have == address).map(|(_, mac)| mac)
}

/// `IP address  HW type  Flags  HW address  Mask  Device`: proc(5). Flag 2: the entry is complete.
fn line(line: &str) -> Option<(Ipv4Addr, Mac)> {
    let mut words = line.split_whitespace();
    let (address, _kind, flags) = (words.next()?.parse().ok()?, words.next()?, words.next()?);
    let flags = u32::from_str_radix(flags.trim_start_matches("0x"), 16).ok()?;
    let mac = Mac::read(words.next()?)?;
    (flags & 2 != 0).then_some((address, mac))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complete_entry_says_who_has_an_address() {
        let table = "IP address       HW type     Flags       HW address            Mask     Device\n\
                     192.168.1.21     0x1         0x2         80:5e:c0:12:34:56     *        eth0\n\
                     192.168.1.22     0x1         0x0         00:00:00:00:00:00     *        eth0\n";
        assert_eq!(find(table, Ipv4Addr::new(192, 168, 1, 21)), Mac::read("805ec0123456"));
        assert_eq!(find(table, Ipv4Addr::new(192, 168, 1, 22)), None);
        assert_eq!(find("", Ipv4Addr::LOCALHOST), None);
    }
}
