//! What else happens to boxes: they are given away, their disk fills, their program hangs.

use std::fs;
use std::time::Duration;

use crate::disk::{VERSION, slot, update};
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
fn a_box_whose_partition_table_was_torn_starts_from_the_second_and_mends_the_first() {
    let mut rig = Rig::start(Parts::default());
    rig.first_register();
    let size = rig.disk.data_size();
    rig.switch_off();
    let whole = rig.disk.tear_table();
    rig.power_on().first_register();
    rig.wait("a call", SOON, |rig| rig.try_call());
    rig.switch_off();
    assert_eq!(rig.disk.table(), whole);
    assert_eq!(rig.disk.data_size(), size);
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
    let file = update("1.0.1", &slot("1.0.1", |_| {}));
    let said = rig.office.upload(rig.here(), &file);
    println!("an update for a full disk: {} {}", said.status, said.body);
    assert!(matches!(said.status, 409 | 413 | 507), "{said:?}");
    assert_eq!(rig.machine()["other_release"], "", "the other slot was empty");
    rig.cut();
    rig.power_on().first_register();
    rig.wait("a call", SOON, |rig| rig.try_call());
}

/// The exchange, a minute after power-on, and all of the program a minute and a half later: each once.
const HANGS: &str = "(
    sleep 60
    [ -e /data/hung-exchange ] || for process in $(pidof dozvon); do
        : >/data/hung-exchange
        grep -q serve /proc/$process/cmdline && kill -STOP $process
    done
    sleep 90
    [ -e /data/hung-all ] || { : >/data/hung-all; sync; killall -STOP dozvon; }
) </dev/null >/dev/null 2>&1 &
exit 0
";

#[test]
#[ignore = "long: scripts/image-test --all"]
fn an_exchange_that_hangs_is_started_anew_and_a_machine_that_hangs_by_its_watchdog() {
    let hangs = slot(VERSION, |tree| {
        let boot = tree.join("etc/init.d/boot");
        let text = fs::read_to_string(&boot).unwrap();
        assert!(text.ends_with("exit 0\n"));
        fs::write(boot, text.trim_end_matches("exit 0\n").to_owned() + HANGS).unwrap();
    });
    let mut rig = Rig::start_with(Parts::default(), |disk| disk.write_partition("slot-a", &fs::read(hangs).unwrap()));
    rig.first_register();
    let process = rig.started_at().expect("the exchange tells when it began");
    rig.wait("another exchange", LONG, |rig| rig.started_at().is_some_and(|began| began != process));
    assert_eq!(rig.here().starts(), 1, "the machine went on\n{}", rig.here().said());
    rig.wait("a call", SOON, |rig| rig.try_call());
    rig.wait("another start of the machine", LONG, |rig| rig.here().starts() == 2);
    rig.first_register();
    rig.wait("a call", SOON, |rig| rig.try_call());
}

/// A minute, the watchdog's patience, and a start, on a machine that is shared.
const LONG: Duration = Duration::from_secs(600);
