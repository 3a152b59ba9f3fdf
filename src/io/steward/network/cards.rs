//! Ethernet cards, as the kernel tells of them.

use std::fs;
use std::path::Path;

use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;

use crate::io::steward::Places;
use crate::machine::order::Card;

/// Ethernet, among all kinds of links (linux/if_arp.h).
const ETHERNET: &str = "1";

/// All of them, in the order of their numbers. No wireless ones: an exchange stands at a cable.
pub(in crate::io::steward) fn cards(places: &Places) -> Vec<Card> {
    let entries = fs::read_dir(places.sys.join("class/net")).into_iter().flatten().flatten();
    let addresses = addresses();
    let mut cards: Vec<(u32, Card)> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let folder = entry.path();
            let number = text(&folder, "ifindex").parse().unwrap_or(u32::MAX);
            is_card(places, &folder).then(|| (number, card(name, &folder, &addresses)))
        })
        .collect();
    cards.sort_by(|a, b| (a.0, &a.1.name).cmp(&(b.0, &b.1.name)));
    cards.into_iter().map(|(_, card)| card).collect()
}

fn is_card(places: &Places, folder: &Path) -> bool {
    let is_real =
        folder.join("device").exists() || (places.virtual_cards && text(folder, "uevent").contains("INTERFACE=eth"));
    let is_wireless = folder.join("wireless").exists() || folder.join("phy80211").exists();
    let is_vlan = text(folder, "uevent").contains("DEVTYPE=vlan");
    text(folder, "type") == ETHERNET && is_real && !is_wireless && !is_vlan
}

fn card(name: String, folder: &Path, addresses: &[(String, String)]) -> Card {
    let link = text(folder, "carrier") == "1";
    // of the card and of its VLANs
    let vlans = format!("{name}.");
    let own = addresses.iter().filter(|(device, _)| *device == name || device.starts_with(&vlans));
    Card {
        mac: text(folder, "address"),
        link,
        speed: text(folder, "speed").parse().ok().filter(|speed| link && *speed > 0 && *speed < u32::MAX),
        addresses: own.map(|(_, address)| address.clone()).collect(),
        name,
    }
}

/// A value of the kernel's; what can't be read (a card that is off tells nothing of its cable) is empty.
fn text(folder: &Path, file: &str) -> String {
    fs::read_to_string(folder.join(file)).unwrap_or_default().trim().to_owned()
}

/// Interface and address with its prefix, each.
fn addresses() -> Vec<(String, String)> {
    let Ok(found) = getifaddrs() else { return Vec::new() };
    let up = found.filter(|one| one.flags.contains(InterfaceFlags::IFF_UP));
    up.filter_map(|one| {
        let (address, mask) = (one.address?, one.netmask?);
        let text = match (address.as_sockaddr_in(), address.as_sockaddr_in6()) {
            (Some(address), _) => format!("{}/{}", address.ip(), mask.as_sockaddr_in()?.ip().to_bits().count_ones()),
            (_, Some(address)) if !address.ip().is_unicast_link_local() => {
                format!("{}/{}", address.ip(), mask.as_sockaddr_in6()?.ip().to_bits().count_ones())
            }
            _ => return None,
        };
        Some((one.interface_name, text))
    })
    .collect()
}
