//! The box's disk as a file: made of the image and an office, looked into while the box is off. Slots and updates are made here too, of
//! the good slot's tree with one thing spoiled.

use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine as _;
use dozvon::machine::update::{Contents, Release, Version, measure};
use dozvon::trust::SecretKey;
use sha2::{Digest, Sha256};

/// Bytes of a disk as it is sold; the data partition grows up to its end.
const SIZE: u64 = 1024 * 1024 * 1024;
/// The version that the image has.
pub(crate) const VERSION: &str = "1.0.0";

/// What `scripts/image` made.
pub(crate) fn made() -> PathBuf {
    let given = std::env::var_os("DOZVON_IMAGE").map(PathBuf::from);
    let path = given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/image-test"));
    assert!(path.join("disk.img").is_file(), "no image in {}: scripts/image-test makes it", path.display());
    path
}

/// The program that is in it, for this machine.
pub(crate) fn binary() -> PathBuf {
    made().join("root/usr/bin/dozvon")
}

/// Where disks, slots and updates of this run lie.
pub(crate) fn scratch(name: &str) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let directory = made().join("run");
    fs::create_dir_all(&directory).unwrap();
    directory.join(format!("{}-{}-{name}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)))
}

/// Runs a program of the system's, which must do well.
pub(crate) fn run(program: &str, arguments: &[&str]) -> Output {
    let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
    let output = Command::new(program).args(arguments).env("PATH", path).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", words(&output));
    output
}

pub(crate) fn words(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn text(path: &Path) -> &str {
    path.to_str().expect("paths of these tests are UTF-8")
}

/// A disk that goes with its test.
pub(crate) struct Disk {
    pub(crate) path: PathBuf,
}

impl Disk {
    /// As it comes from the factory, on a disk of a gigabyte.
    pub(crate) fn factory() -> Self {
        let path = scratch("disk.img");
        run("cp", &["--sparse=always", text(&made().join("disk.img")), text(&path)]);
        fs::File::options().write(true).open(&path).unwrap().set_len(SIZE).unwrap();
        Self { path }
    }

    /// With this directory as that of the exchange.
    pub(crate) fn with_office(data: &Path) -> Self {
        let disk = Self::factory();
        let (file, tree) = (scratch("data.ext4"), scratch("tree"));
        fs::create_dir_all(&tree).unwrap();
        run("cp", &["-a", text(data), text(&tree.join("dozvon"))]);
        run(
            "mke2fs",
            &[
                "-q",
                "-t",
                "ext4",
                "-b",
                "4096",
                "-L",
                "data",
                "-J",
                "size=16",
                "-E",
                "resize=268435456",
                "-d",
                text(&tree),
                text(&file),
                "64M",
            ],
        );
        give_to_the_exchange(&file, &tree);
        disk.write(disk.partition("data").0, &fs::read(&file).unwrap());
        fs::remove_dir_all(tree).unwrap();
        fs::remove_file(file).unwrap();
        disk
    }

    /// Where a partition begins and how long it is, in bytes (UEFI 2.10 §5.3.3: entries of 128 bytes from LBA 2).
    fn partition(&self, name: &str) -> (u64, u64) {
        let table = self.read(1024, 128 * 128);
        for entry in table.chunks_exact(128) {
            let units = entry[56..128].chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
            let units: Vec<u16> = units.take_while(|unit| *unit != 0).collect();
            if String::from_utf16_lossy(&units) == name {
                let sector = |at: usize| u64::from_le_bytes(entry[at..at + 8].try_into().unwrap());
                return (sector(32) * 512, (sector(40) - sector(32) + 1) * 512);
            }
        }
        panic!("no partition {name} on {}", self.path.display());
    }

    fn read(&self, at: u64, length: usize) -> Vec<u8> {
        let mut file = fs::File::open(&self.path).unwrap();
        file.seek(SeekFrom::Start(at)).unwrap();
        let mut bytes = vec![0; length];
        file.read_exact(&mut bytes).unwrap();
        bytes
    }

    fn write(&self, at: u64, bytes: &[u8]) {
        let mut file = fs::File::options().write(true).open(&self.path).unwrap();
        file.seek(SeekFrom::Start(at)).unwrap();
        file.write_all(bytes).unwrap();
    }

    /// Writes into a partition, past all checks.
    pub(crate) fn write_partition(&self, name: &str, bytes: &[u8]) {
        let (at, length) = self.partition(name);
        assert!(bytes.len() as u64 <= length);
        self.write(at, bytes);
    }

    /// Bytes of the data partition.
    pub(crate) fn data_size(&self) -> u64 {
        self.partition("data").1
    }

    /// What power that goes while the partition table is written leaves of it: entries that are not those of the header. That header as
    /// it was, and as it is.
    pub(crate) fn tear_table(&self) -> Vec<u8> {
        let header = self.table();
        self.write(512 + 88, &[0; 4]);
        assert_ne!(self.table(), header);
        header
    }

    /// The header of the first partition table.
    pub(crate) fn table(&self) -> Vec<u8> {
        self.read(512, 92)
    }

    /// What GRUB goes by, written past all checks.
    pub(crate) fn set_environment(&self, lines: &str) {
        let mut block = format!("# GRUB Environment Block\n{lines}").into_bytes();
        block.resize(1024, b'#');
        let file = scratch("grubenv");
        fs::write(&file, block).unwrap();
        let esp = format!("{}@@{}", self.path.display(), self.partition("esp").0);
        run("mcopy", &["-o", "-i", &esp, text(&file), "::/grub/grubenv"]);
        fs::remove_file(file).unwrap();
    }

    /// What GRUB goes by.
    pub(crate) fn environment(&self) -> String {
        let esp = format!("{}@@{}", self.path.display(), self.partition("esp").0);
        let output = run("mtype", &["-i", &esp, "::/grub/grubenv"]);
        String::from_utf8_lossy(&output.stdout).trim_end_matches('#').to_owned()
    }

    /// Fills the file system of the data partition with a file beside the exchange's, up to what only root may use.
    pub(crate) fn fill_data(&self) {
        let (file, weight) = (scratch("data.ext4"), scratch("weight"));
        let (at, length) = self.partition("data");
        fs::write(&file, self.read(at, usize::try_from(length).unwrap())).unwrap();
        // what its journal still holds would come over the weight
        let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
        let repaired = Command::new("e2fsck").args(["-fy", text(&file)]).env("PATH", path).output().unwrap();
        assert!(matches!(repaired.status.code(), Some(0 | 1)), "e2fsck: {}", words(&repaired));
        let about = words(&run("dumpe2fs", &["-h", text(&file)]));
        let count = |name: &str| -> u64 {
            let line = about.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{about}"));
            line.trim().parse().unwrap()
        };
        // ext4 keeps some for itself beside root's (s_resv_clusters): a fiftieth, at most 4,096
        let own = (count("Block count:") / 50).min(4096);
        let blocks = count("Free blocks:") - count("Reserved block count:") - own;
        fs::write(&weight, vec![b'x'; usize::try_from(blocks * 4096).unwrap()]).unwrap();
        run("debugfs", &["-w", "-R", &format!("write {} weight", weight.display()), text(&file)]);
        self.write(at, &fs::read(&file).unwrap());
        [file, weight].iter().for_each(|path| fs::remove_file(path).unwrap());
    }

    /// The exchange's directory as a power cut left it: the file system is repaired as the box does it, and then copied out.
    pub(crate) fn data_after_cut(&self) -> PathBuf {
        let (file, tree) = (scratch("data.ext4"), scratch("tree"));
        let (at, length) = self.partition("data");
        let (skip, count) = ((at / 1_048_576).to_string(), (length / 1_048_576).to_string());
        run(
            "dd",
            &[
                &format!("if={}", self.path.display()),
                &format!("of={}", file.display()),
                "bs=1M",
                &format!("skip={skip}"),
                &format!("count={count}"),
                "conv=sparse",
                "status=none",
            ],
        );
        let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
        let repaired = Command::new("e2fsck").args(["-p", text(&file)]).env("PATH", &path).output().unwrap();
        assert!(matches!(repaired.status.code(), Some(0 | 1)), "e2fsck -p: {}", words(&repaired));
        run("e2fsck", &["-fn", text(&file)]);
        fs::create_dir_all(&tree).unwrap();
        run("debugfs", &["-R", &format!("rdump /dozvon {}", tree.display()), text(&file)]);
        fs::remove_file(file).unwrap();
        tree.join("dozvon")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("kept for a look: {}", self.path.display());
            return;
        }
        for ending in ["img", "serial", "monitor", "vars", "qemu"] {
            let _ = fs::remove_file(self.path.with_extension(ending));
        }
    }
}

/// Whoever runs these tests: in the box all that belongs to its user `dozvon`.
fn give_to_the_exchange(file: &Path, tree: &Path) {
    let orders = scratch("owner");
    let mut text = String::new();
    let mut folders = vec![tree.join("dozvon")];
    while let Some(path) = folders.pop() {
        let inside = path.strip_prefix(tree).unwrap().display();
        text += &format!("set_inode_field \"/{inside}\" uid 1000\nset_inode_field \"/{inside}\" gid 1000\n");
        if path.is_dir() {
            folders.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    fs::write(&orders, text).unwrap();
    run("debugfs", &["-w", "-f", orders.to_str().unwrap(), file.to_str().unwrap()]);
    fs::remove_file(orders).unwrap();
}

/// The vendor of these tests, whose key the image under test trusts.
pub(crate) fn key() -> PathBuf {
    let path = made().join("test.key");
    let secret = base64::engine::general_purpose::STANDARD.encode(Sha256::digest("dozvon test licences"));
    fs::write(&path, format!("dozvon-key v1 secret test {secret}\n")).unwrap();
    path
}

/// A slot's content: the good tree, after `spoil` was at it.
pub(crate) fn slot(version: &str, spoil: impl FnOnce(&Path)) -> PathBuf {
    let (tree, packed) = (scratch("root"), scratch("rootfs.squashfs"));
    run("cp", &["-a", text(&made().join("root")), text(&tree)]);
    let release = fs::read_to_string(tree.join("etc/dozvon/release")).unwrap();
    let release = release.replace(&format!("version={VERSION}"), &format!("version={version}"));
    fs::write(tree.join("etc/dozvon/release"), release).unwrap();
    spoil(&tree);
    let pack = Path::new(env!("CARGO_MANIFEST_DIR")).join("image/debian/pack");
    run(text(&pack), &[text(&tree), text(&packed), "quick"]);
    fs::remove_dir_all(tree).unwrap();
    packed
}

/// A signed update with this slot in it.
pub(crate) fn update(version: &str, slot: &Path) -> PathBuf {
    let file = scratch(&format!("dozvon-{version}.update"));
    let _ = fs::remove_file(&file);
    let vendor = key();
    let made =
        ["release", "make", "--key", text(&vendor), "--slot", text(slot), "--version", version, "--out", text(&file)];
    run(text(&binary()), &made);
    file
}

/// An update that the vendor has signed for another product of his.
pub(crate) fn update_of(product: &str, version: &str, slot: &Path) -> PathBuf {
    let file = scratch(&format!("other-{version}.update"));
    let slot = fs::read(slot).unwrap();
    let (size, hashes) = measure(&slot[..]).unwrap();
    let key = SecretKey::new("test", Sha256::digest("dozvon test licences").into()).unwrap();
    let release =
        Release { version: Version::parse(version).unwrap(), format: 1, product: product.to_owned(), built: 1 };
    let contents = Contents { release, notes_ru: String::new(), notes_en: String::new() };
    fs::write(&file, [contents.sign(size, &hashes, &key).unwrap(), slot].concat()).unwrap();
    file
}
