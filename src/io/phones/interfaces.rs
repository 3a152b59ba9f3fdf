//! The box's own networks: IPv4 interfaces, and the router that leads out.

use std::net::Ipv4Addr;

use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;

use crate::provision::Mac;

/// An interface with an IPv4 address, up, and not the loopback. One that has several addresses comes several times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Interface {
    pub(super) name: String,
    pub(super) address: Ipv4Addr,
    pub(super) prefix: u8,
}

/// All of them; none when the kernel does not say.
pub(super) fn all() -> Vec<Interface> {
    let Ok(addresses) = getifaddrs() else { return Vec::new() };
    let read = |one: nix::ifaddrs::InterfaceAddress| {
        let is_up = one.flags.contains(InterfaceFlags::IFF_UP) && !one.flags.contains(InterfaceFlags::IFF_LOOPBACK);
        let address = one.address.as_ref()?.as_sockaddr_in()?.ip();
        let mask = one.netmask.as_ref().and_then(|mask| Some(mask.as_sockaddr_in()?.ip()));
        let prefix = mask.map_or(32, |mask| u32::from(mask).leading_ones());
        let prefix = u8::try_from(prefix).unwrap_or(32);
        is_up.then_some(Interface { name: one.interface_name, address, prefix })
    };
    addresses.filter_map(read).collect()
}

/// The card of an interface.
pub(super) fn card(name: &str) -> Option<Mac> {
    let mut all = getifaddrs().ok()?.filter(|one| one.interface_name == name);
    all.find_map(|one| Mac::of(one.address.as_ref()?.as_link_addr()?.addr()?))
}

/// The interface that leads out, and the router there: proc(5), `/proc/net/route`, whose addresses are in the machine's byte order.
pub(super) fn way_out() -> Option<(String, Ipv4Addr)> {
    let table = std::fs::read_to_string("/proc/net/route").ok()?;
    table.lines().skip(1).find_map(route)
}

fn route(line: &str) -> Option<(String, Ipv4Addr)> {
    let mut words = line.split_whitespace();
    let (name, target, router) = (words.next()?, words.next()?, words.next()?);
    let router = u32::from_str_radix(router, 16).ok().filter(|router| *router != 0)?;
    let is_default = target == "00000000" && words.nth(4)? == "00000000";
    is_default.then(|| (name.to_owned(), Ipv4Addr::from(router.to_ne_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_route_says_which_router_leads_out() {
        let head = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT";
        assert_eq!(route(head), None);
        let line = "eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0";
        assert_eq!(route(line), Some(("eth0".to_owned(), Ipv4Addr::new(192, 168, 1, 1))));
        assert_eq!(route("eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0"), None);
    }
}
