use std::fs;

use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

use super::*;
use crate::io::scratch::Scratch;
use crate::machine::update::{Contents, PRODUCT, Version, measure};
use crate::trust::SecretKey;

/// A box whose partitions are files, and its boot loader.
struct Machine {
    scratch: Scratch,
    places: Places,
}

impl Machine {
    /// As it leaves the factory: version 1.0 in slot a, nothing in slot b.
    fn new() -> Self {
        let scratch = Scratch::new();
        let root = scratch.path().to_owned();
        let at = |name: &str| root.join(name);
        let places = Places {
            sys: at("sys"),
            proc: at("proc"),
            dev: at("dev"),
            etc: at("etc"),
            run: at("run"),
            data: at("data"),
            ..Places::default()
        };
        let machine = Self { scratch, places };
        for (device, name) in [("esp1", "esp"), ("slot3", "slot-a"), ("slot4", "slot-b")] {
            let folder = at("sys/class/block").join(device);
            fs::create_dir_all(&folder).expect("scratch");
            fs::write(folder.join("uevent"), format!("MAJOR=8\nDEVNAME={device}\nPARTNAME={name}\n")).expect("scratch");
        }
        for folder in ["dev/esp1/grub", "proc", "etc/dozvon", "run", "data/dozvon/update"] {
            fs::create_dir_all(at(folder)).expect("scratch");
        }
        fs::write(at("dev/esp1/grub/grubenv"), Environment::good(Slot::A).write()).expect("scratch");
        fs::write(at("dev/slot3"), image("1.0")).expect("scratch");
        fs::write(at("dev/slot4"), vec![0; SLOT]).expect("scratch");
        machine.write_database("of 1.0");
        machine
    }

    fn database(&self) -> String {
        fs::read_to_string(self.places.data.join("dozvon/dozvon.db")).expect("there is always a database")
    }

    fn write_database(&self, text: &str) {
        fs::write(self.places.data.join("dozvon/dozvon.db"), text).expect("scratch");
    }

    fn keep_database(&self) {
        fs::write(self.places.data.join("dozvon").join(KEPT_DATABASE), self.database()).expect("scratch");
    }

    /// What GRUB's script does; which slot runs then.
    fn boot(&self) -> Slot {
        let path = self.places.dev.join("esp1/grub/grubenv");
        let block = fs::read(&path).expect("scratch");
        assert_eq!(block.len(), 1024);
        let mut environment = Environment::parse(&block, Slot::A);
        let mut slot = environment.slot;
        match environment.trial {
            Some(trial) if environment.tries > 0 => {
                environment.tries -= 1;
                slot = trial;
            }
            Some(trial) => environment = Environment { failed: Some(trial), ..Environment::good(environment.slot) },
            None => {}
        }
        if environment.trial == Some(slot) && self.release_in(slot).is_none() {
            // What can't be loaded is not tried a second time.
            environment = Environment { failed: Some(slot), ..Environment::good(environment.slot) };
            slot = environment.slot;
        }
        fs::write(&path, environment.write()).expect("scratch");
        let version = self.release_in(slot).expect("the slot that is good is whole, whatever happened");
        fs::write(self.places.proc.join("cmdline"), format!("quiet dozvon.slot={slot} panic=5\n")).expect("scratch");
        fs::write(self.places.proc.join("uptime"), "12.34 20.00\n").expect("scratch");
        fs::remove_dir_all(&self.places.run).expect("scratch");
        fs::create_dir_all(&self.places.run).expect("scratch");
        let release = format!("version={version}\nformat=1\nproduct={PRODUCT}\nbuilt=1\n");
        fs::write(self.places.etc.join("dozvon/release"), release).expect("scratch");
        slot
    }

    /// The version in a slot; `None`: it is not whole.
    fn release_in(&self, slot: Slot) -> Option<String> {
        let bytes = fs::read(partition(&self.places, slot).expect("it is there")).expect("scratch");
        ["1.0", "1.1", "1.2"].into_iter().find(|version| bytes.starts_with(&image(version))).map(str::to_owned)
    }

    fn update(&self, version: &str) -> PathBuf {
        let path = self.scratch.path().join(format!("dozvon-{version}.update"));
        fs::write(&path, update(version, PRODUCT, 1)).expect("scratch");
        path
    }

    fn state(&self) -> State {
        let mut state = State::default();
        fill(&self.places, &mut state);
        state
    }

    fn start(&self) -> Slot {
        let slot = self.boot();
        settle(&self.places);
        slot
    }
}

const SLOT: usize = 4 * BLOCK;

fn image(version: &str) -> Vec<u8> {
    let mut image = version.as_bytes().repeat(BLOCK);
    image.truncate(2 * BLOCK + 100);
    image
}

fn update(version: &str, product: &str, format: u32) -> Vec<u8> {
    // Its public half is in config/keys: builds that are no releases trust it.
    let key = SecretKey::new("test", Sha256::digest("dozvon test licences").into()).expect("a name");
    let image = image(version);
    let (size, hashes) = measure(&image[..]).expect("it has a size");
    let version = Version::parse(version).expect("a version");
    let release = Release { version, format, product: product.to_owned(), built: 1 };
    let contents = Contents { release, notes_ru: String::new(), notes_en: String::new() };
    [contents.sign(size, &hashes, &key).expect("it can be written"), image].concat()
}

fn quietly(_: u8) {}

#[test]
fn an_update_is_written_tried_and_kept() {
    let machine = Machine::new();
    let places = &machine.places;
    assert_eq!(machine.start(), Slot::A);
    assert_eq!(start_trial(places), Err(reason("обновление не записано", "no update was written")));
    let mut told = Vec::new();
    write(places, &machine.update("1.1"), &mut |percent| told.push(percent)).expect("it can be written");
    assert!(told.is_sorted() && told.last() == Some(&100), "{told:?}");
    assert_eq!(machine.start(), Slot::A, "what is written is not yet tried");
    machine.keep_database();
    start_trial(places).expect("it was written");
    assert_eq!(machine.start(), Slot::B);
    let state = machine.state();
    assert_eq!(
        (state.slot.as_str(), state.release.as_str(), state.on_trial, state.trial_seconds),
        ("b", "1.1", true, 12)
    );
    machine.write_database("of 1.1");
    keep(places).expect("it is on trial");
    let state = machine.state();
    assert_eq!((state.on_trial, state.other_release.as_str(), state.failed.as_str()), (false, "1.0", ""));
    assert_eq!((machine.start(), machine.database().as_str()), (Slot::B, "of 1.1"));
    assert!(keep(places).is_err() && give_up(places, "page").is_err(), "nothing is on trial");
}

#[test]
fn a_slot_that_is_given_up_brings_back_the_old_one_with_its_database_once() {
    let machine = Machine::new();
    let places = &machine.places;
    machine.start();
    write(places, &machine.update("1.1"), &mut quietly).expect("it can be written");
    machine.keep_database();
    start_trial(places).expect("it was written");
    assert_eq!(machine.start(), Slot::B);
    machine.write_database("of 1.1");
    fs::write(places.data.join("dozvon/dozvon.db-wal"), "of 1.1").expect("scratch");
    give_up(places, "phones 3 20").expect("it is on trial");
    assert_eq!((machine.start(), machine.database().as_str()), (Slot::A, "of 1.0"));
    assert!(!places.data.join("dozvon/dozvon.db-wal").exists());
    let state = machine.state();
    assert_eq!((state.failed.as_str(), state.failed_reason.as_str()), ("b", "phones 3 20"));
    machine.write_database("later");
    assert_eq!((machine.start(), machine.database().as_str()), (Slot::A, "later"));
    assert_eq!(machine.state().failed, "b", "it is told until another update begins");
}

#[test]
fn a_slot_that_never_comes_up_is_told_as_such() {
    let machine = Machine::new();
    machine.start();
    write(&machine.places, &machine.update("1.1"), &mut quietly).expect("it can be written");
    machine.keep_database();
    start_trial(&machine.places).expect("it was written");
    for _ in 0..TRIES {
        assert_eq!(machine.boot(), Slot::B); // and there the kernel panics
    }
    assert_eq!(machine.start(), Slot::A);
    assert_eq!((machine.state().failed_reason.as_str(), machine.database().as_str()), ("not_started", "of 1.0"));
}

#[test]
fn a_failure_of_last_week_is_not_taken_for_one_of_today() {
    let machine = Machine::new();
    let places = &machine.places;
    machine.start();
    let write_it = || write(places, &machine.update("1.1"), &mut quietly).expect("it can be written");
    write_it();
    start_trial(places).expect("it was written");
    machine.start();
    give_up(places, "page").expect("it is on trial");
    machine.start();
    write_it();
    machine.keep_database();
    machine.write_database("later");
    // The power goes when the mark is there and the environment is not yet changed.
    for changes in 0..8 {
        ground::power(Some(changes));
        let begun = start_trial(places);
        ground::power(None);
        if begun.is_ok() {
            break;
        }
        assert_eq!((machine.start(), machine.database().as_str()), (Slot::A, "later"));
    }
}

#[test]
fn what_is_no_good_leaves_both_slots_as_they_are() {
    let machine = Machine::new();
    let places = &machine.places;
    machine.start();
    let path = machine.scratch.path().join("update");
    let before = fs::read(places.dev.join("slot4")).expect("scratch");
    let good = update("1.1", PRODUCT, 1);
    let mut changed = good.clone();
    changed[30] ^= 1;
    for bad in [changed, good[..200].to_vec(), update("1.1", "other-box", 1), update("1.1", PRODUCT, 0), b"x".to_vec()]
    {
        fs::write(&path, bad).expect("scratch");
        assert!(write(places, &path, &mut quietly).is_err());
        assert_eq!(fs::read(places.dev.join("slot4")).expect("scratch"), before, "nothing was written");
    }
    // A block that is bent in its midst is found when the one before is written already: then there is nothing to be tried.
    let mut bent = good;
    let last = bent.len() - 1;
    bent[last] ^= 1;
    fs::write(&path, bent).expect("scratch");
    assert!(write(places, &path, &mut quietly).is_err());
    assert!(start_trial(places).is_err());
    assert_eq!(machine.start(), Slot::A);
}

#[test]
fn an_update_that_is_larger_than_the_slot_is_refused() {
    let machine = Machine::new();
    machine.start();
    fs::write(machine.places.dev.join("slot4"), vec![0; BLOCK]).expect("scratch");
    assert!(write(&machine.places, &machine.update("1.1"), &mut quietly).is_err_and(|why| why[1].contains("larger")));
}

#[test]
fn off_the_box_there_are_no_slots() {
    let machine = Machine::new();
    fs::write(machine.places.proc.join("cmdline"), "quiet").expect("scratch");
    settle(&machine.places);
    assert_eq!(machine.state(), State::default());
    assert!(start_trial(&machine.places).is_err() && keep(&machine.places).is_err());
}

/// What goes on at a box in its life.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Write(bool),
    Try,
    Keep,
    GiveUp,
    Boot,
}

fn any_deed() -> impl Strategy<Value = Deed> {
    let write = any::<bool>().prop_map(Deed::Write);
    prop_oneof![write, Just(Deed::Try), Just(Deed::Keep), Just(Deed::GiveUp), Just(Deed::Boot)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The database says which version wrote to it last. Whatever version runs finds one that it wrote itself, or, at its first start
    /// after an update, one of the version before. `boot` holds that the slot that runs is whole.
    #[test]
    fn whenever_the_power_goes_a_whole_slot_runs_with_a_database_that_it_knows(
        deeds in proptest::collection::vec((any_deed(), proptest::option::weighted(0.6, 0..14_u32)), 1..24)
    ) {
        let machine = Machine::new();
        let places = &machine.places;
        let mut running = machine.start();
        let mut number = 0;
        for (deed, cut) in deeds {
            number += 1;
            let mine = format!("{number} of {running}");
            machine.write_database(&mine);
            ground::power(cut);
            let restarts = match deed {
                Deed::Write(newer) => {
                    let _ = write(places, &machine.update(if newer { "1.2" } else { "1.1" }), &mut quietly);
                    false
                }
                Deed::Try => {
                    if on_trial(places).is_err() {
                        machine.keep_database();
                    }
                    start_trial(places).is_ok()
                }
                Deed::Keep => keep(places).is_err() && cut.is_some(),
                Deed::GiveUp => give_up(places, "page").is_ok(),
                Deed::Boot => true,
            };
            ground::power(None);
            if restarts || cut.is_some() {
                let was = running;
                running = machine.boot();
                // It may go again while the last trial is cleared up.
                ground::power(cut);
                settle(places);
                ground::power(None);
                running = if cut.is_some() { machine.boot() } else { running };
                settle(places);
                let found = machine.database();
                if running == was {
                    prop_assert!(found == mine || on_trial(places).is_ok(), "{found:?} is not what {mine:?} left");
                } else if on_trial(places).is_ok() {
                    prop_assert_eq!(&found, &mine, "a trial begins with what there was");
                } else {
                    // It came back: with what it had itself left, or what the other one left when nothing was kept for it.
                    prop_assert!(found.ends_with(running.letter()), "{found:?} was not written by {running}");
                }
            }
        }
    }
}
