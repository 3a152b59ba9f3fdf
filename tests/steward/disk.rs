//! A disk of the test's own, a file behind a loop device, with a table that was made for a smaller one.

use std::fs;
use std::os::unix::fs::{FileExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::keeper::{Keeper, SOON, may_have_more};
use crate::place::{Place, wait_for};

/// A file that is a disk, with the partition `data` of 64 MiB as its second and last.
struct Disk {
    dir: PathBuf,
    /// `loop3`.
    name: String,
}

fn run(program: &str, arguments: &[&str]) -> Output {
    let output = Command::new(program).args(arguments).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    let said = [&*output.stdout, b"\n", &*output.stderr].concat();
    assert!(output.status.code().is_some_and(|code| code <= 1), "{program}: {}", String::from_utf8_lossy(&said));
    output
}

impl Disk {
    fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("dozvon-disk-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).unwrap();
        let image = dir.join("image");
        let file = fs::File::create(&image).unwrap();
        file.set_len(100 << 20).unwrap();
        let path = image.to_str().unwrap();
        run("sgdisk", &["-n", "1:2048:22527", "-c", "1:slot-a", "-n", "2:22528:+64M", "-c", "2:data", path]);
        // larger than an ext4 of 64 MiB has room for in its first blocks: the kernel has to change its layout for that
        file.set_len(300 << 30).unwrap();
        let output = run("losetup", &["-f", "--show", path]);
        let device = String::from_utf8(output.stdout).unwrap().trim().to_owned();
        let disk = Self { dir, name: device.trim_start_matches("/dev/").to_owned() };
        // whether the test's own kernel reads such tables or not
        run("partx", &["-d", &device]);
        run("addpart", &[&device, "2", "22528", "131072"]);
        run("mke2fs", &["-q", "-F", "-t", "ext4", "-b", "4096", "-L", "data", &disk.partition()]);
        disk
    }

    fn device(&self) -> String {
        format!("/dev/{}", self.name)
    }

    fn partition(&self) -> String {
        format!("/dev/{}p2", self.name)
    }

    /// The kernel's folders of this disk, with the name of the partition that not every kernel tells.
    fn sys(&self) -> PathBuf {
        let sys = self.dir.join("sys");
        let (disk, part) = (sys.join("devices").join(&self.name), format!("{}p2", self.name));
        fs::create_dir_all(disk.join(&part)).unwrap();
        fs::create_dir_all(sys.join("class/block")).unwrap();
        let real = Path::new("/sys/class/block").join(&self.name);
        for file in ["size", "queue"] {
            symlink(real.join(file), disk.join(file)).unwrap();
        }
        symlink(real.join(&part).join("size"), disk.join(&part).join("size")).unwrap();
        let tells = format!("DEVNAME={part}\nDEVTYPE=partition\nPARTN=2\nPARTNAME=data\n");
        fs::write(disk.join(&part).join("uevent"), tells).unwrap();
        fs::write(disk.join(&part).join("partition"), "2\n").unwrap();
        symlink(&disk, sys.join("class/block").join(&self.name)).unwrap();
        symlink(disk.join(&part), sys.join("class/block").join(&part)).unwrap();
        sys
    }

    fn bytes(&self) -> u64 {
        let sectors = fs::read_to_string(format!("/sys/class/block/{0}/{0}p2/size", self.name)).unwrap();
        sectors.trim().parse::<u64>().unwrap() * 512
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("partx").args(["-d", &self.device()]).output();
        let _ = Command::new("losetup").args(["-d", &self.device()]).output();
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// A box with this disk. What is mounted is mounted for its steward alone.
fn keeper(name: &str, switch: &Place, disk: &Disk) -> Keeper {
    let places = format!("has_disk = true\nsys = {:?}\ndev = \"/dev\"\n", disk.sys());
    Keeper::with_disk(name, switch, &places)
}

/// As large as the disk, where the kernel lets root do that.
fn is_grown(bytes: &u64) -> bool {
    *bytes > 290 << 30 || !may_have_more()
}

#[test]
fn the_data_partition_grows_to_the_end_of_the_disk_while_it_is_in_use() {
    let disk = Disk::new("grows");
    let switch = Place::switch(&["br0", "br1"]);
    let mut keeper = keeper("grows", &switch, &disk);
    wait_for("the partition to be grown", SOON, || (disk.bytes() > 299 << 30).then_some(()));
    wait_for("its file system to be grown", SOON, || keeper.file_system_bytes().filter(is_grown));
    keeper.stop_steward();
    let found = run("sgdisk", &["-v", &disk.device()]);
    assert!(String::from_utf8_lossy(&found.stdout).contains("No problems found"), "{found:?}");
    run("e2fsck", &["-fn", &disk.partition()]);
    // a second start finds all as it shall be
    keeper.start_steward();
    wait_for("it to be mounted", SOON, || keeper.file_system_bytes().filter(is_grown));
    keeper.stop_steward();
    assert!(!keeper.read("log").contains("the data partition stays"), "{}", keeper.read("log"));
}

#[test]
fn a_damaged_file_system_is_mended_and_only_one_that_is_none_any_more_is_made_anew() {
    let disk = Disk::new("mended");
    let partition = fs::File::options().read(true).write(true).open(disk.partition()).unwrap();
    // a wrong count in the group's descriptor: e2fsck mends that by itself
    partition.write_all_at(&[0x12, 0x34], 4096 + 12).unwrap();
    partition.sync_all().unwrap();
    let switch = Place::switch(&["br0", "br1"]);
    let mut keeper = keeper("mended", &switch, &disk);
    wait_for("it to be mounted", SOON, || keeper.file_system_bytes().filter(is_grown));
    assert!(!keeper.has_data_file("dozvon/alarm-data-lost"));
    keeper.stop_steward();
    run("e2fsck", &["-fn", &disk.partition()]);
    // nothing of it is left: no superblock, and no copy of one
    let there = disk.bytes();
    partition.write_all_at(&vec![0; there.min(256 << 20).try_into().unwrap()], 0).unwrap();
    let groups = [3_u64, 5, 7, 9, 25, 27, 49, 81, 125, 243, 343, 625, 729];
    for group in groups.into_iter().filter(|group| (group + 1) * 32_768 * 4096 <= there) {
        partition.write_all_at(&[0; 4096], group * 32_768 * 4096).unwrap();
    }
    partition.sync_all().unwrap();
    drop(partition);
    keeper.start_steward();
    wait_for("the loss to be noted", SOON, || keeper.has_data_file("dozvon/alarm-data-lost").then_some(()));
    keeper.stop_steward();
}
