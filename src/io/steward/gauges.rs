//! What can be read of the machine without changing it: sensors, memory, cards, the disk and what it says of its own health. It works
//! without any rights too, where the disk only says less. Whatever the kernel doesn't tell is left out.

mod disk;
mod smart;

use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::Places;
use crate::base::Duration;
use crate::io::clock::Stopwatch;
use crate::machine::State;
use crate::machine::order::{Card, Disk, Temperature};

use disk::Health;

/// Reads them. What a disk says of itself is asked for rarely, since a question may wake it.
#[derive(Debug)]
pub struct Gauges {
    places: Places,
    health: Mutex<Option<(Stopwatch, Health)>>,
}

impl Gauges {
    /// Of this machine, and of the disk with the directory `data`.
    pub fn new(data: &Path) -> Self {
        Self::at(Places { data: data.to_owned(), ..Places::default() })
    }

    /// Of a machine that tells of itself elsewhere.
    pub fn at(places: Places) -> Self {
        Self { places, health: Mutex::new(None) }
    }

    /// Cards, temperatures, memory, uptime and disk as they are now; all else of `state` stays.
    pub fn fill(&self, state: &mut State) {
        state.cards = cards(&self.places);
        state.temperatures = temperatures(&self.places);
        (state.memory_total, state.memory_available) = memory(&self.places);
        state.uptime_seconds = uptime(&self.places);
        state.disk = self.disk();
    }

    fn disk(&self) -> Disk {
        let mut told = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        let found = disk::Found::under(&self.places);
        let is_fresh = told.as_ref().is_some_and(|(since, _)| since.elapsed() < HEALTH_IS_FRESH);
        if !is_fresh {
            let health = found.as_ref().map(|found| found.health(&self.places.dev, &smart::ask)).unwrap_or_default();
            *told = Some((Stopwatch::start(), health));
        }
        let health = told.as_ref().map(|(_, health)| health.clone()).unwrap_or_default();
        let (data, data_free) = disk::room(&self.places.data);
        Disk {
            model: found.as_ref().map(disk::Found::model).unwrap_or_default(),
            size: found.as_ref().map(disk::Found::size).unwrap_or_default(),
            data,
            data_free,
            wear: health.wear,
            written: health.written,
            failing: health.failing,
        }
    }
}

/// Sensors, the most telling ones: those of `hwmon`, and where there are none, thermal zones.
fn temperatures(places: &Places) -> Vec<Temperature> {
    let mut found = Vec::new();
    for chip in sorted(&places.sys.join("class/hwmon")) {
        let name = text(&chip.join("name")).unwrap_or_default();
        for input in sorted(&chip).iter().filter_map(|path| path.file_name()?.to_str()?.strip_suffix("_input")) {
            if input.starts_with("temp") && text(&chip.join(format!("{input}_fault"))).as_deref() != Some("1") {
                let label = text(&chip.join(format!("{input}_label"))).unwrap_or_default();
                found.extend(temperature(&chip.join(format!("{input}_input")), &format!("{name} {label}")));
            }
        }
    }
    if found.is_empty() {
        for zone in sorted(&places.sys.join("class/thermal")) {
            let kind = text(&zone.join("type")).unwrap_or_default();
            found.extend(temperature(&zone.join("temp"), &kind));
        }
    }
    found.truncate(MOST_SENSORS);
    found
}

fn temperature(path: &Path, name: &str) -> Option<Temperature> {
    let celsius = text(path)?.parse::<f64>().ok()? / 1000.0;
    // a sensor that is not connected reads as its end of the scale
    let is_plausible = celsius > -40.0 && celsius < 125.0;
    is_plausible.then(|| Temperature { name: name.trim().to_owned(), celsius })
}

/// Bytes: all, and those that could be had.
fn memory(places: &Places) -> (u64, u64) {
    let told = fs::read_to_string(places.proc.join("meminfo")).unwrap_or_default();
    let of = |name: &str| {
        let line = told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kilobytes.unwrap_or(0).saturating_mul(1024)
    };
    (of("MemTotal"), of("MemAvailable"))
}

/// Seconds.
fn uptime(places: &Places) -> u64 {
    let told = text(&places.proc.join("uptime")).unwrap_or_default();
    told.split(['.', ' ']).next().and_then(|seconds| seconds.parse().ok()).unwrap_or(0)
}

/// Interface → its addresses.
type Addresses = BTreeMap<String, Vec<String>>;

fn addresses() -> Addresses {
    let mut found = Addresses::new();
    let Ok(all) = nix::ifaddrs::getifaddrs() else { return found };
    for one in all {
        let (Some(address), Some(mask)) = (one.address, one.netmask) else { continue };
        let bits = |bytes: &[u8]| bytes.iter().map(|byte| byte.count_ones()).sum::<u32>();
        let written = match (address.as_sockaddr_in(), address.as_sockaddr_in6()) {
            (Some(v4), _) => mask.as_sockaddr_in().map(|mask| format!("{}/{}", v4.ip(), bits(&mask.ip().octets()))),
            (_, Some(v6)) => mask.as_sockaddr_in6().map(|mask| format!("{}/{}", v6.ip(), bits(&mask.ip().octets()))),
            _ => None,
        };
        found.entry(one.interface_name).or_default().extend(written);
    }
    found
}

/// Our addresses that others may reach, IPv4 first: not of the machine itself, nor of the cable alone.
pub fn reachable() -> Vec<IpAddr> {
    let all = addresses().into_values().flatten();
    let parsed = all.filter_map(|address| address.split('/').next()?.parse::<IpAddr>().ok());
    let mut found: Vec<IpAddr> = parsed
        .filter(|address| match address {
            IpAddr::V4(address) => !address.is_loopback() && !address.is_link_local(),
            IpAddr::V6(address) => !address.is_loopback() && !address.is_unicast_link_local(),
        })
        .collect();
    found.sort();
    found
}

/// Ethernet cards with a cable: an exchange is nothing for the air. Addresses of VLANs and bridges on a card are told with the card.
pub(super) fn cards(places: &Places) -> Vec<Card> {
    cards_with(places, &addresses())
}

fn cards_with(places: &Places, addresses: &Addresses) -> Vec<Card> {
    let ethernet: Vec<PathBuf> = sorted(&places.sys.join("class/net"))
        .into_iter()
        .filter(|path| path.file_name().is_some_and(|name| name != "lo"))
        .filter(|path| text(&path.join("type")).as_deref() == Some(ETHERNET))
        .collect();
    let is_card = |path: &&PathBuf| {
        let is_vlan = text(&path.join("uevent")).is_some_and(|told| told.contains("DEVTYPE=vlan"));
        !is_vlan && !path.join("wireless").exists() && !path.join("phy80211").exists()
    };
    let is_hardware = |path: &&PathBuf| path.join("device").exists();
    let mut cards: Vec<Card> =
        ethernet.iter().filter(is_card).filter(is_hardware).map(|path| card(path, &ethernet, addresses)).collect();
    if cards.is_empty() {
        // a container has none of its own
        cards = ethernet.iter().filter(is_card).map(|path| card(path, &ethernet, addresses)).collect();
    }
    cards.truncate(MOST_CARDS);
    cards
}

fn card(path: &Path, ethernet: &[PathBuf], addresses: &Addresses) -> Card {
    let name_of = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let name = name_of(path);
    let lower = format!("lower_{name}");
    let upper = ethernet.iter().filter(|above| above.join(&lower).exists()).map(|above| name_of(above));
    let own = std::iter::once(name.clone()).chain(upper).filter_map(|name| addresses.get(&name)).flatten();
    let link = text(&path.join("carrier")).as_deref() == Some("1");
    let speed = text(&path.join("speed")).and_then(|speed| speed.parse().ok()).filter(|speed| *speed > 0);
    Card {
        mac: text(&path.join("address")).unwrap_or_default().to_ascii_lowercase(),
        link,
        speed: speed.filter(|_| link),
        addresses: own.cloned().collect(),
        name,
    }
}

/// A file of the kernel's, without the spaces around.
fn text(path: &Path) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim().to_owned())
}

/// What a directory holds, in an order that stays: `temp2` before `temp10`.
fn sorted(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort_by_key(|path| (path.as_os_str().len(), path.clone()));
    paths
}

/// `ARPHRD_ETHER`.
const ETHERNET: &str = "1";
const MOST_SENSORS: usize = 32;
const MOST_CARDS: usize = 32;
const HEALTH_IS_FRESH: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests;
