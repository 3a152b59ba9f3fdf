//! What else happens to boxes: they are given away, their disk fills, their program hangs.

use crate::office::SOON;
use crate::qemu::{BOOT, Parts};
use crate::rig::Rig;

#[test]
#[ignore = "long: scripts/image-test --all"]
fn a_factory_reset_forgets_the_office() {
    let mut rig = Rig::start(Parts::default());
    rig.first_register();
    assert!(rig.office.add(rig.here(), 30_001));
    let said = rig.office.reset(rig.here());
    assert!(matches!(said.status, 200..=204), "{said:?}");
    // its token is forgotten too: the new box answers, and knows nobody
    rig.wait("a box that knows nobody", BOOT, |rig| rig.office.get(rig.here(), "/api/v1/extensions").status == 401);
    assert!(rig.here().serial().contains("first sign-in"), "{}", rig.here().said());
}

#[test]
#[ignore = "long: scripts/image-test --all"]
fn a_box_whose_data_partition_is_full_still_carries_calls_and_starts() {
    let mut rig = Rig::start(Parts::default());
    rig.first_register();
    rig.switch_off();
    rig.disk.fill_data();
    rig.power_on().first_register();
    rig.wait("a call", SOON, |rig| rig.try_call());
    let machine = rig.machine();
    println!("full disk: {}", machine["disk"]);
    rig.cut();
    rig.power_on().first_register();
    rig.wait("a call", SOON, |rig| rig.try_call());
}
