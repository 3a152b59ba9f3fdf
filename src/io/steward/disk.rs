//! The data partition: found, mended after a power cut, mounted, grown to the end of the disk, and emptied when that was ordered.

mod reset;

use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::statvfs::statvfs;

use super::exchange::ready_folder;
use super::{Outcome, Places, kernel};
use crate::base::Duration;
use crate::io::alarms::DATA_LOST;
use crate::io::clock::Stopwatch;
use crate::io::files;
use crate::machine::partition::{self, Header, Write};
use crate::machine::reason;

pub(super) use reset::{mark, reset};

/// The GPT's name of the data partition.
const DATA: &str = "data";
/// What `/sys` counts in, whatever the disk's sectors are.
const SECTOR: u64 = 512;
/// Where an ext file system has its magic number (struct ext2_super_block), and what it is.
const MAGIC: (u64, [u8; 2]) = (1024 + 56, [0x53, 0xef]);
/// Mending a large disk takes its time; for ever is too long.
const MENDS_WITHIN: Duration = Duration::from_secs(30 * 60);
/// Between two looks at whether mending is done.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A partition of a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Partition {
    /// `sda5`.
    pub(super) name: String,
    /// `sda`.
    pub(super) disk: String,
    /// From 1.
    pub(super) number: u32,
    /// `/dev/sda5`.
    pub(super) device: PathBuf,
}

/// The partition that the GPT calls so: the one on the disk that the system runs from, or else the first.
pub(super) fn find(places: &Places, label: &str) -> Option<Partition> {
    let mut found: Vec<Partition> = fs::read_dir(places.sys.join("class/block"))
        .ok()?
        .filter_map(|entry| partition(places, &entry.ok()?.file_name().into_string().ok()?, label))
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    let system = system_disk(places);
    let of_system = found.iter().position(|partition| Some(&partition.disk) == system.as_ref());
    match of_system {
        Some(place) => Some(found.swap_remove(place)),
        None => found.into_iter().next(),
    }
}

fn partition(places: &Places, name: &str, label: &str) -> Option<Partition> {
    let folder = places.sys.join("class/block").join(name);
    let text = fs::read_to_string(folder.join("uevent")).ok()?;
    let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    if value("PARTNAME")? != label {
        return None;
    }
    let device = places.dev.join(value("DEVNAME")?);
    let number = value("PARTN")?.parse().ok()?;
    Some(Partition { name: name.to_owned(), disk: name_of(&disk_of(&folder)?)?, number, device })
}

/// The disk's own folder in `/sys`, of a disk's or of its partition's, which lies in it.
pub(super) fn disk_of(folder: &Path) -> Option<PathBuf> {
    let folder = fs::canonicalize(folder).ok()?;
    if folder.join("partition").exists() { folder.parent().map(Path::to_owned) } else { Some(folder) }
}

fn name_of(disk: &Path) -> Option<String> {
    Some(disk.file_name()?.to_str()?.to_owned())
}

fn system_disk(places: &Places) -> Option<String> {
    let device = fs::metadata("/").ok()?.dev();
    let (major, minor) = (nix::sys::stat::major(device), nix::sys::stat::minor(device));
    name_of(&disk_of(&places.sys.join(format!("dev/block/{major}:{minor}")))?)
}

/// Mends and mounts the data partition, and empties it if that was ordered. `alive` is called again and again.
///
/// # Errors
/// A sentence for the console: there is no data.
pub(super) fn open(places: &Places, alive: &mut dyn FnMut()) -> Result<(), String> {
    if places.has_disk && !is_mounted(places, &places.data) {
        let partition = find(places, DATA).ok_or("the disk has no data partition")?;
        let told = mend(&partition.device, alive);
        if let Err(error) = mount_data(&partition.device, &places.data) {
            let device = partition.device.display();
            if has_magic(&partition.device) || !make_anew(&partition.device, alive) {
                return Err(format!("{device} can't be mounted: {error}\n{told}"));
            }
            mount_data(&partition.device, &places.data).map_err(|error| format!("{device}, made anew: {error}"))?;
            note_loss(places, &told);
        }
    }
    reset(&places.data).map_err(|error| format!("the box can't forget: {error}"))
}

/// Makes the data partition anew and mounts it, where it could not be: everything on it is lost, and somebody has ordered that.
///
/// # Errors
/// Why not.
pub(super) fn make_data_anew(places: &Places) -> Outcome {
    let partition = find(places, DATA)
        .ok_or_else(|| reason("на диске нет раздела для данных", "the disk has no data partition"))?;
    if is_mounted(places, &places.data) || !make_anew(&partition.device, &mut || ()) {
        return Err(reason("раздел для данных не создать заново", "the data partition can't be made anew"));
    }
    Ok(())
}

/// Whether something is mounted at this place.
pub(super) fn is_mounted(places: &Places, place: &Path) -> bool {
    let mounts = fs::read_to_string(places.proc.join("mounts")).unwrap_or_default();
    let place = place.to_string_lossy();
    mounts.lines().any(|line| line.split(' ').nth(1) == Some(place.as_ref()))
}

/// e2fsck's careful mending, and where that does not dare to go on, its bold one. Tells what it said.
fn mend(device: &Path, alive: &mut dyn FnMut()) -> String {
    let mut told = String::new();
    for how in ["-p", "-y"] {
        let mut command = Command::new("e2fsck");
        command.arg(how).arg(device);
        match finish(&mut command, alive) {
            // e2fsck(8): 1 mended, 2 mended and the machine should start anew, which is for the root
            Ok((Some(0..=3), _)) => return told,
            Ok((status, said)) => {
                tracing::warn!(how, status, said, "e2fsck is not content");
                told = said;
            }
            Err(error) => {
                tracing::error!(%error, "e2fsck");
                return error.to_string();
            }
        }
    }
    told
}

/// Runs a program to its end. Its exit status, and what it said last.
fn finish(command: &mut Command, alive: &mut dyn FnMut()) -> io::Result<(Option<i32>, String)> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let said = child.stdout.take().map(|mut said| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = io::Read::read_to_end(&mut said, &mut bytes);
            let text = String::from_utf8_lossy(&bytes);
            text.lines().rev().take(20).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n")
        })
    });
    let status = wait(&mut child, alive)?;
    Ok((status, said.and_then(|said| said.join().ok()).unwrap_or_default()))
}

fn wait(child: &mut Child, alive: &mut dyn FnMut()) -> io::Result<Option<i32>> {
    let watch = Stopwatch::start();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.code());
        }
        if watch.elapsed() > MENDS_WITHIN {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        alive();
        std::thread::sleep(LOOK_EVERY);
    }
}

fn mount_data(device: &Path, data: &Path) -> io::Result<()> {
    let flags = MsFlags::MS_NOATIME | MsFlags::MS_NODEV | MsFlags::MS_NOSUID;
    // What is damaged shall not be damaged further: the next start mends it.
    Ok(mount(Some(device), data, Some("ext4"), flags, Some("errors=remount-ro"))?)
}

/// Whether there is still something that calls itself a file system: then a person shall decide.
fn has_magic(device: &Path) -> bool {
    let mut bytes = [0; 2];
    // One that can't be read is not empty.
    File::open(device).and_then(|file| file.read_exact_at(&mut bytes, MAGIC.0)).is_err() || bytes == MAGIC.1
}

/// With the real mke2fs only: busybox's knows no journal.
fn make_anew(device: &Path, alive: &mut dyn FnMut()) -> bool {
    let version = Command::new("mke2fs").arg("-V").stdin(Stdio::null()).output();
    if !version.is_ok_and(|output| output.stderr.starts_with(b"mke2fs ")) {
        return false;
    }
    tracing::error!(device = %device.display(), "the data partition is no file system any more and is made anew");
    let mut command = Command::new("mke2fs");
    command.args(["-q", "-F", "-t", "ext4", "-b", "4096", "-L", DATA]).arg(device);
    finish(&mut command, alive).is_ok_and(|(status, _)| status == Some(0))
}

/// That everything is gone must not look like a new box: the exchange tells of it, and removes the note from what is its own folder.
fn note_loss(places: &Places, told: &str) {
    let text = format!("the data partition could not be mended and was made anew; e2fsck said:\n{told}\n");
    let note = places.exchange_data().join(DATA_LOST);
    if let Err(error) = ready_folder(places).and_then(|()| files::replace(&note, text.as_bytes(), 0o644)) {
        tracing::error!(%error, "the loss can't be noted");
    }
}

/// Grows the last partition, if that is the data's, and its file system to the end of the disk. What is grown already stays as it is.
pub(super) fn grow(places: &Places) {
    let Some(partition) = places.has_disk.then(|| find(places, DATA)).flatten() else { return };
    if let Err(error) = grow_partition(places, &partition) {
        tracing::warn!(error, "the data partition stays as large as it is");
    }
    match grow_file_system(places, &partition) {
        Ok(()) => {}
        Err(error) => tracing::warn!(%error, "the data's file system stays as large as it is"),
    }
}

fn grow_partition(places: &Places, data: &Partition) -> Result<(), String> {
    let words = |error: io::Error| error.to_string();
    let of_disk = |file: &str| number(&places.sys.join("class/block").join(&data.disk).join(file)).map_err(words);
    let sector = of_disk("queue/logical_block_size")?;
    let sectors = (of_disk("size")? * SECTOR).checked_div(sector).ok_or("a sector of nothing")?;
    let disk = File::options().read(true).write(true).open(places.dev.join(&data.disk)).map_err(words)?;
    let (header, entries) = match read_table(&disk, sector, 1) {
        Ok(table) => table,
        Err(fault) => {
            mend_table(&disk, sector, sectors).map_err(|second| format!("{fault}; the second table: {second}"))?
        }
    };
    let growth = partition::grow(&header, &entries, sectors).map_err(|fault| fault.to_string())?;
    let Some(growth) = growth else { return Ok(()) };
    if growth.number != data.number {
        return Err("the last partition is another one".to_owned());
    }
    // One of both tables is whole at any moment.
    for table in [&growth.backup, &growth.primary] {
        write(&disk, table).map_err(words)?;
    }
    tracing::info!(bytes = growth.length, "the data partition is grown");
    kernel::resize_partition(disk.as_fd(), growth.number, growth.start, growth.length).map_err(words)
}

/// A partition table whose header lies in that sector.
fn read_table(disk: &File, sector: u64, at: u64) -> Result<(Header, Vec<u8>), String> {
    let read = |bytes: &mut [u8], at: u64| {
        disk.read_exact_at(bytes, at.saturating_mul(sector)).map_err(|error| error.to_string())
    };
    let mut header = vec![0; usize::try_from(sector).unwrap_or(0).min(4096)];
    read(&mut header, at)?;
    let header = Header::parse(&header).map_err(|fault| fault.to_string())?;
    let mut entries = vec![0; header.entries_length()];
    read(&mut entries, header.entries_at)?;
    header.own_entries(&entries).map_err(|fault| fault.to_string())?;
    Ok((header, entries))
}

/// The first table, made anew: the power went while it was written, and the kernel has started from the second (`gpt` in grub.cfg).
fn mend_table(disk: &File, sector: u64, sectors: u64) -> Result<(Header, Vec<u8>), String> {
    let (second, entries) = read_table(disk, sector, sectors.saturating_sub(1))?;
    let first = partition::mend(&second, &entries, sectors).map_err(|fault| fault.to_string())?;
    write(disk, &first).map_err(|error| error.to_string())?;
    tracing::warn!("the first partition table was torn and is made anew of the second");
    read_table(disk, sector, 1)
}

fn write(disk: &File, writes: &[Write]) -> io::Result<()> {
    writes.iter().try_for_each(|write| disk.write_all_at(&write.bytes, write.at))?;
    disk.sync_all()
}

fn grow_file_system(places: &Places, partition: &Partition) -> io::Result<()> {
    let block = statvfs(&places.data)?.fragment_size();
    let bytes = number(&places.sys.join("class/block").join(&partition.name).join("size"))? * SECTOR;
    let blocks = bytes.checked_div(block).ok_or(io::ErrorKind::InvalidData)?;
    kernel::resize_file_system(File::open(&places.data)?.as_fd(), blocks)
}

fn number(path: &Path) -> io::Result<u64> {
    fs::read_to_string(path)?.trim().parse().map_err(io::Error::other)
}

/// Lets the data partition go at the end: whatever is still open there, nothing is written afterwards.
pub(super) fn close(places: &Places) {
    nix::unistd::sync();
    if !places.has_disk {
        return;
    }
    for _ in 0..50 {
        match umount2(&places.data, MntFlags::empty()) {
            Err(Errno::EBUSY) => std::thread::sleep(LOOK_EVERY),
            _ => return,
        }
    }
    let flags = MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
    if let Err(error) = mount(None::<&str>, &places.data, None::<&str>, flags, None::<&str>) {
        tracing::warn!(%error, "the data partition stays open for writing");
        nix::unistd::sync();
    }
}
