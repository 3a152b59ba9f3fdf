use std::os::unix::fs::symlink;

use super::*;
use crate::io::scratch::Scratch;

/// A made-up machine.
struct Machine {
    scratch: Scratch,
}

impl Machine {
    fn new() -> Self {
        Self { scratch: Scratch::new() }
    }

    fn places(&self) -> Places {
        let path = |name: &str| self.scratch.path().join(name);
        Places { sys: path("sys"), proc: path("proc"), data: path("nothing"), ..Places::default() }
    }

    fn file(self, path: &str, text: &str) -> Self {
        let path = self.scratch.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
        fs::write(path, format!("{text}\n")).expect("writable");
        self
    }

    fn link(self, path: &str, to: &str) -> Self {
        let path = self.scratch.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
        symlink(self.scratch.path().join(to), path).expect("writable");
        self
    }
}

fn temperature_of(name: &str, celsius: f64) -> Temperature {
    Temperature { name: name.to_owned(), celsius }
}

#[test]
fn sensors_are_named_by_chip_and_label_and_the_unconnected_left_out() {
    let machine = Machine::new()
        .file("sys/class/hwmon/hwmon0/name", "coretemp")
        .file("sys/class/hwmon/hwmon0/temp1_input", "48500")
        .file("sys/class/hwmon/hwmon0/temp1_label", "Package id 0")
        .file("sys/class/hwmon/hwmon1/name", "nct6775")
        .file("sys/class/hwmon/hwmon1/temp2_input", "127500")
        .file("sys/class/hwmon/hwmon1/temp3_input", "30000")
        .file("sys/class/hwmon/hwmon1/temp3_fault", "1")
        .file("sys/class/hwmon/hwmon1/temp10_input", "31000")
        .file("sys/class/hwmon/hwmon1/fan1_input", "900")
        .file("sys/class/thermal/thermal_zone0/type", "x86_pkg_temp")
        .file("sys/class/thermal/thermal_zone0/temp", "48000");
    let told = temperatures(&machine.places());
    assert_eq!(told, [temperature_of("coretemp Package id 0", 48.5), temperature_of("nct6775", 31.0)]);
}

#[test]
fn a_thermal_zone_is_better_than_nothing_and_nothing_is_no_fault() {
    let machine = Machine::new()
        .file("sys/class/thermal/thermal_zone0/type", "acpitz")
        .file("sys/class/thermal/thermal_zone0/temp", "27800");
    assert_eq!(temperatures(&machine.places()), [temperature_of("acpitz", 27.8)]);
    let bare = Machine::new().places();
    assert_eq!((temperatures(&bare), memory(&bare), uptime(&bare)), (Vec::new(), (0, 0), 0));
    assert_eq!(cards_with(&bare, &Addresses::new()), []);
}

#[test]
fn memory_and_uptime_are_the_kernels() {
    let machine = Machine::new()
        .file("proc/meminfo", "MemTotal:         204800 kB\nMemFree:    1 kB\nMemAvailable:     102400 kB")
        .file("proc/uptime", "12345.67 23456.78");
    assert_eq!(memory(&machine.places()), (209_715_200, 104_857_600));
    assert_eq!(uptime(&machine.places()), 12_345);
}

#[test]
fn a_card_tells_its_cable_its_speed_and_the_addresses_of_its_vlans() {
    let machine = Machine::new()
        .file("sys/class/net/lo/type", "772")
        .file("sys/class/net/eth0/type", "1")
        .file("sys/class/net/eth0/address", "52:54:00:AB:CD:EF")
        .file("sys/class/net/eth0/carrier", "1")
        .file("sys/class/net/eth0/speed", "1000")
        .file("sys/class/net/eth0/device/vendor", "0x8086")
        .file("sys/class/net/eth1/type", "1")
        .file("sys/class/net/eth1/address", "52:54:00:ab:cd:f0")
        .file("sys/class/net/eth1/carrier", "0")
        .file("sys/class/net/eth1/speed", "-1")
        .file("sys/class/net/eth1/device/vendor", "0x8086")
        .file("sys/class/net/eth0.5/type", "1")
        .link("sys/class/net/eth0.5/lower_eth0", "sys/class/net/eth0");
    let addresses = Addresses::from([
        ("eth0".to_owned(), vec!["192.168.1.10/24".to_owned()]),
        ("eth0.5".to_owned(), vec!["10.5.0.2/16".to_owned()]),
    ]);
    let told = cards_with(&machine.places(), &addresses);
    let first = Card {
        name: "eth0".to_owned(),
        mac: "52:54:00:ab:cd:ef".to_owned(),
        link: true,
        speed: Some(1000),
        addresses: vec!["192.168.1.10/24".to_owned(), "10.5.0.2/16".to_owned()],
    };
    let second = Card {
        name: "eth1".to_owned(),
        mac: "52:54:00:ab:cd:f0".to_owned(),
        link: false,
        speed: None,
        addresses: vec![],
    };
    assert_eq!(told, [first, second]);
}

#[test]
fn the_disk_of_a_partition_or_of_what_is_made_of_it_is_found() {
    let machine = Machine::new()
        .file("sys/devices/sda/size", "1000")
        .file("sys/devices/sda/device/model", "QEMU HARDDISK   ")
        .file("sys/devices/sda/sda5/partition", "5")
        .file("sys/devices/dm-0/size", "500")
        .file("sys/devices/mmcblk0/size", "2000")
        .file("sys/devices/mmcblk0/device/name", "DG4016")
        .file("sys/devices/mmcblk0/device/life_time", "0x01 0x02")
        .link("sys/devices/dm-0/slaves/sda5", "sys/devices/sda/sda5")
        .link("sys/dev/block/8:5", "sys/devices/sda/sda5")
        .link("sys/dev/block/253:0", "sys/devices/dm-0")
        .link("sys/dev/block/179:0", "sys/devices/mmcblk0");
    let places = machine.places();
    for (major, minor) in [(8, 5), (253, 0)] {
        let found = disk::Found::numbered(&places, major, minor).expect("there");
        assert_eq!((found.model().as_str(), found.size()), ("QEMU HARDDISK", 512_000));
    }
    let card = disk::Found::numbered(&places, 179, 0).expect("there");
    assert_eq!((card.model().as_str(), card.size()), ("DG4016", 1_024_000));
    assert_eq!(card.health(Path::new("/dev"), &|_, _| None).wear, Some(20));
    assert!(disk::Found::numbered(&places, 0, 40).is_none(), "a disk in memory");
}

#[test]
fn this_very_machine_tells_of_itself_without_any_rights() {
    let scratch = Scratch::new();
    let mut state = State { slot: "a".to_owned(), ..State::default() };
    Gauges::new(scratch.path()).fill(&mut state);
    assert!(state.memory_total > state.memory_available && state.memory_available > 0);
    assert!(state.uptime_seconds > 0 && state.disk.data > 0 && state.disk.data >= state.disk.data_free);
    assert_eq!(state.slot, "a");
    let nowhere = Gauges::at(Machine::new().places());
    nowhere.fill(&mut state);
    assert_eq!((state.memory_total, state.disk), (0, Disk::default()));
}
