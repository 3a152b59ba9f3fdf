//! The box as a machine: the image of `scripts/image`, emulated by QEMU, with telephones of this machine. It starts, carries a call, takes
//! updates, gives broken ones up and loses its power. `scripts/image-test` makes the image and runs this; times are told, not judged,
//! as the machine is emulated and shared.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that can't go on says where, and it runs in real time"
)]

mod cuts;
mod disk;
mod office;
mod qemu;
mod rig;
mod telephone;
mod troubles;
mod updates;

use crate::disk::{Disk, made};
use crate::office::SOON;
use crate::qemu::{Firmware, Parts};
use crate::rig::Rig;

/// What the box may need at work, of all its memory: 64 MB.
const MEMORY: u64 = 64_000_000;

#[test]
fn a_box_with_a_bios_grows_its_data_takes_a_telephone_and_carries_a_call() {
    let slot = made().join("rootfs.squashfs").metadata().unwrap().len();
    assert!(slot <= 24 * 1024 * 1024, "a slot of {slot} bytes");
    let mut rig = Rig::start(Parts::default());
    let first = rig.first_register();
    let machine = rig.machine();
    assert_eq!(machine["slot"], "a", "{machine}");
    rig.call();
    let machine = rig.machine();
    let (all, free) = (machine["memory_total"].as_u64().unwrap(), machine["memory_available"].as_u64().unwrap());
    let used = all - free;
    println!("BIOS: first REGISTER accepted after {first:.1?}; slot {slot} bytes; memory in use {used} of {all} bytes");
    assert!(used <= MEMORY, "{used} bytes in use");
    assert!(!machine["watchdog"].as_str().unwrap_or_default().is_empty(), "no watchdog: {machine}");
    let before = Disk::factory().data_size();
    assert!(rig.disk.data_size() > before * 8, "the data partition has not grown");
    rig.switch_off();
    let again = rig.power_on().first_register();
    println!("BIOS: the second time after {again:.1?}");
    assert!(rig.machine()["disk"]["data"].as_u64().unwrap() > before * 4);
}

#[test]
fn a_box_with_uefi_takes_a_telephone() {
    let mut rig = Rig::start(Parts { firmware: Firmware::Uefi, ..Parts::default() });
    let first = rig.first_register();
    println!("UEFI: first REGISTER accepted after {first:.1?}");
    rig.call();
}

#[test]
#[ignore = "long: scripts/image-test --all"]
fn a_box_without_a_right_clock_starts_all_the_same() {
    let mut rig = Rig::start(Parts { clock: "1970-01-02", ..Parts::default() });
    rig.first_register();
    let built = rig.office.get(rig.here(), "/api/v1/system").body["time"].as_str().unwrap().to_owned();
    assert!(built.as_str() > "2026", "the clock was not set to the image's day at least: {built}");
    rig.wait("a call", SOON, |rig| rig.try_call());
}
