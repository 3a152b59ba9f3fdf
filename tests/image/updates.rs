//! Updates: a good one is kept, and a broken one, however it is broken, ends with the old system, the old data and a reason.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::disk::{VERSION, slot, update, update_of};
use crate::office::SOON;
use crate::qemu::Parts;
use crate::rig::Rig;

/// A trial that lasts to its end, thrice, with the starts between.
const TRIAL: Duration = Duration::from_secs(1800);
/// What is on trial.
const NEXT: &str = "1.0.1";
/// An extension that was made before the update.
const BEFORE: u32 = 31_000;

/// A box at work, with something in its database that no update may lose.
fn at_work() -> Rig {
    let mut rig = Rig::start(Parts::default());
    rig.first_register();
    rig.call();
    assert!(rig.office.add(rig.here(), BEFORE));
    rig
}

/// Gives the box an update and has it started.
fn begin(rig: &mut Rig, file: &Path) {
    let said = rig.office.upload(rig.here(), file);
    assert!(matches!(said.status, 200 | 202), "{said:?}\n{}", rig.here().said());
    rig.wait("ready", SOON, |rig| rig.office.update(rig.here())["state"] == "ready");
    let said = rig.office.post(rig.here(), "/api/v1/system/update/start", &json!({"when": "now"}));
    assert!(matches!(said.status, 200 | 202), "{said:?}");
}

/// Waits until the old system is back and has said so.
fn comes_back(rig: &mut Rig, what: &str) {
    let began = Instant::now();
    rig.wait(what, TRIAL, |rig| rig.office.update(rig.here())["state"] == "returned" && rig.machine()["slot"] == "a");
    let (state, machine) = (rig.office.update(rig.here()), rig.machine());
    println!("{what}: the old system after {:.0?}: {}", began.elapsed(), state["reason"]);
    assert!(state["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{state}");
    assert_eq!(machine["release"], VERSION, "{machine}");
    is_whole(rig);
}

/// The office is as it was.
fn is_whole(rig: &mut Rig) {
    let path = format!("/api/v1/extensions/{BEFORE}");
    assert_eq!(rig.office.get(rig.here(), &path).status, 200);
    rig.wait("a call", SOON, |rig| rig.try_call());
}

/// Tries this slot out, which must not stay.
fn is_given_up(what: &str, spoil: impl FnOnce(&Path)) {
    let slot = slot(NEXT, spoil);
    let file = update(NEXT, &slot);
    let mut rig = at_work();
    begin(&mut rig, &file);
    comes_back(&mut rig, what);
    [slot, file].iter().for_each(|path| fs::remove_file(path).unwrap());
}

/// Offers this file, which must be refused before a byte of the other slot has changed.
fn is_refused(what: &str, version: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let file = update(version, &slot(version, |_| {}));
    let mut bytes = fs::read(&file).unwrap();
    change(&mut bytes);
    fs::write(&file, bytes).unwrap();
    let mut rig = at_work();
    refuses(&mut rig, what, &file);
}

fn refuses(rig: &mut Rig, what: &str, file: &Path) {
    let said = rig.office.upload(rig.here(), file);
    println!("{what}: {} {}", said.status, said.body);
    assert_eq!(said.status, 422, "{said:?}");
    assert_eq!(rig.machine()["other_release"], "", "the other slot was empty");
    is_whole(rig);
}

#[test]
fn an_update_is_kept_when_the_telephones_are_back() {
    let file = update(NEXT, &slot(NEXT, |_| {}));
    let mut rig = at_work();
    let began = Instant::now();
    begin(&mut rig, &file);
    rig.wait("kept", TRIAL, |rig| rig.office.update(rig.here())["state"] == "kept");
    println!("update: kept after {:.0?}", began.elapsed());
    let machine = rig.machine();
    assert_eq!((&machine["slot"], &machine["release"]), (&json!("b"), &json!(NEXT)), "{machine}");
    is_whole(&mut rig);
    rig.cut();
    assert!(rig.disk.environment().contains("slot=b\n"), "{}", rig.disk.environment());
    rig.power_on().first_register();
    assert_eq!(rig.machine()["slot"], "b");
    is_whole(&mut rig);
}

#[test]
fn an_update_whose_engine_dies_is_given_up() {
    is_given_up("engine that dies", |tree| fs::write(tree.join("etc/dozvon/host.toml"), "no host file\n").unwrap());
}

#[test]
fn an_update_that_spoils_the_database_is_given_up_and_the_old_database_returns() {
    // before the exchange opens it, as a migration would that went wrong after it had begun; its log would mend the pages
    is_given_up("bad migration", |tree| {
        let boot = tree.join("etc/init.d/boot");
        let text = fs::read_to_string(&boot).unwrap();
        let spoil = "mount -t ext4 /dev/vda5 /data && dd if=/dev/zero of=/data/dozvon/dozvon.db bs=4096 count=20 conv=notrunc\n\
                     rm -f /data/dozvon/dozvon.db-wal /data/dozvon/dozvon.db-shm\n\
                     umount /data\nexit 0\n";
        assert!(text.ends_with("exit 0\n"));
        fs::write(boot, text.replace("exit 0\n", spoil)).unwrap();
    });
}

#[test]
fn an_update_whose_kernel_panics_is_given_up() {
    // without its initramfs this kernel finds no root, and panics
    is_given_up("kernel panic", |tree| fs::write(tree.join("boot/initrd.img"), "no initramfs").unwrap());
}

#[test]
fn an_update_with_a_wrong_signature_is_refused() {
    is_refused("wrong signature", NEXT, |bytes| {
        let at = bytes.windows(10).position(|window| window == b"signature:").unwrap() + 15;
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    });
}

#[test]
#[ignore = "long: scripts/image-test --all"]
fn an_update_without_a_network_is_given_up() {
    is_given_up("no network", |tree| {
        let modules = tree.join("lib/modules");
        for release in fs::read_dir(modules).unwrap() {
            fs::remove_dir_all(release.unwrap().path().join("kernel/drivers/net")).unwrap();
        }
    });
}

#[test]
#[ignore = "long: scripts/image-test --all"]
fn an_update_whose_page_is_dead_is_given_up() {
    is_given_up("page dead", |tree| {
        let text = "[web]\nhttp = \"127.0.0.1:8081\"\nhttps = \"127.0.0.1:8444\"\n[paths]\ndata = \"/data/dozvon\"\n";
        fs::write(tree.join("etc/dozvon/host.toml"), text).unwrap();
    });
}

#[test]
#[ignore = "long: scripts/image-test --all"]
fn an_update_that_is_truncated_is_refused() {
    is_refused("truncated", NEXT, |bytes| bytes.truncate(bytes.len() - 4_000_000));
}

#[test]
#[ignore = "long: scripts/image-test --all"]
fn an_older_version_is_refused() {
    is_refused("older", "0.9.0", |_| {});
}

#[test]
#[ignore = "long: scripts/image-test --all"]
fn an_update_of_another_product_is_refused() {
    let file = update_of("other-x86_64", NEXT, &slot(NEXT, |_| {}));
    let mut rig = at_work();
    refuses(&mut rig, "other product", &file);
}

#[test]
#[ignore = "long: scripts/image-test --all"]
fn an_update_that_comes_while_the_clock_is_wrong_is_kept_or_given_up_whole() {
    let file = update(NEXT, &slot(NEXT, |_| {}));
    let mut rig = Rig::start(Parts { clock: "1970-01-02", ..Parts::default() });
    rig.first_register();
    assert!(rig.office.add(rig.here(), BEFORE));
    begin(&mut rig, &file);
    rig.wait("an end", TRIAL, |rig| {
        let state = rig.office.update(rig.here())["state"].clone();
        state == "kept" || state == "returned"
    });
    println!("clock in 1970: {}", rig.office.update(rig.here())["state"]);
    is_whole(&mut rig);
}

#[test]
#[ignore = "long: scripts/image-test --all"]
fn a_slot_that_cannot_be_read_is_left_in_the_same_start() {
    let mut rig = at_work();
    rig.switch_off();
    rig.disk.write_partition("slot-b", &vec![0; 1 << 20]);
    rig.disk.set_environment("slot=a\ntrial=b\ntries=3\nfailed=\n");
    let took = rig.power_on().first_register();
    println!("slot of zeros: the old system after {took:.1?}");
    assert_eq!(rig.machine()["slot"], "a");
    is_whole(&mut rig);
}

#[test]
#[ignore = "long: scripts/image-test --all"]
fn a_power_cut_while_an_update_is_written_leaves_the_old_system() {
    let file = update(NEXT, &slot(NEXT, |_| {}));
    let mut rig = at_work();
    for round in 0..5u64 {
        if rig.office.update(rig.here())["state"] != "ready" {
            let said = rig.office.upload(rig.here(), &file);
            assert!(matches!(said.status, 200 | 202), "{said:?}");
            rig.wait("ready", SOON, |rig| rig.office.update(rig.here())["state"] == "ready");
        }
        let _ = rig.office.post(rig.here(), "/api/v1/system/update/start", &json!({"when": "now"}));
        std::thread::sleep(Duration::from_millis(150 + 377 * round));
        rig.cut();
        rig.power_on().first_register();
        // written to its end, it may have been started; it is good all the same, or not yet there
        rig.wait("an end", TRIAL, |rig| {
            let state = rig.office.update(rig.here())["state"].clone();
            ["none", "ready", "returned", "kept"].iter().any(|end| state == *end)
        });
        println!("cut while writing, {round}: {}", rig.office.update(rig.here())["state"]);
        is_whole(&mut rig);
        if rig.machine()["slot"] == "b" {
            break;
        }
    }
}
