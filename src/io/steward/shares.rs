//! Sticks and shares for backups: what the exchange may not mount itself. Sticks are partitions of removable USB disks, as the kernel tells
//! them in `/sys`; shares are mounted by the kernel's own clients, without any helper program. Nothing on them is executed, no device node
//! of theirs is one, and the exchange's user is the owner of what has no owners.

use std::fs;
use std::io;
use std::net::ToSocketAddrs as _;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::statvfs::statvfs;
use nix::unistd::User;

use super::disk::{self, disk_of, is_mounted};
use super::{Outcome, Places};
use crate::machine::order::Stick;
use crate::machine::{Reason, State, reason};

/// Tells of the sticks that are plugged in, mounted or not.
pub(super) fn fill(places: &Places, state: &mut State) {
    state.sticks = sticks(places);
}

/// The box ends: all written, all let go.
pub(super) fn stop(places: &Places) {
    let sticks = sticks(places).into_iter().map(|stick| place_of(places, &stick.id));
    for place in sticks.chain([share_place(places)]) {
        if let Err([_, why]) = unmount(places, &place) {
            tracing::warn!(why, "a stick or a share is not let go");
        }
    }
}

/// Makes each stick usable when it is plugged in, so that the page shows what is on it, and forgets it when it is pulled out. What somebody
/// has let go stays so until it is plugged in anew.
///
/// # Errors
/// When there is no thread to be had.
pub(super) fn watch(places: &Places) -> io::Result<()> {
    let places = places.clone();
    let look = move || {
        let mut known: Vec<String> = Vec::new();
        loop {
            let present: Vec<String> = sticks(&places).into_iter().map(|stick| stick.id).collect();
            for id in known.iter().filter(|id| !present.contains(id)) {
                // Nothing can be written any more; whoever still reads gets errors.
                let _ = umount2(&place_of(&places, id), MntFlags::MNT_DETACH);
            }
            for id in present.iter().filter(|id| !known.contains(id)) {
                match mount_stick(&places, id) {
                    Ok(()) => tracing::info!(id, "a stick"),
                    Err([_, why]) => tracing::warn!(id, why, "a stick can't be used"),
                }
            }
            known = present;
            std::thread::sleep(LOOK_EVERY);
        }
    };
    std::thread::Builder::new().name("sticks".to_owned()).spawn(look).map(drop)
}

fn sticks(places: &Places) -> Vec<Stick> {
    let blocks = places.sys.join("class/block");
    let Ok(read) = fs::read_dir(&blocks) else { return Vec::new() };
    let mut names: Vec<String> = read.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    // A box may start from a disk on USB.
    let own = disk::find(places, "data").map(|data| data.disk);
    let is_own = |name: &str| {
        own.as_ref().is_some_and(|own| disk_of(&blocks.join(name)).is_some_and(|disk| disk.ends_with(own)))
    };
    let is_stick = |name: &str| is_on_usb(&blocks, name) && holds_files(&blocks, name, &names) && !is_own(name);
    names.iter().filter(|name| is_stick(name)).map(|name| describe(places, &blocks, name)).collect()
}

/// A disk that can be pulled out, or a partition of one.
fn is_on_usb(sys: &Path, name: &str) -> bool {
    let Some(disk) = disk_of(&sys.join(name)) else { return false };
    let removable = fs::read_to_string(disk.join("removable"));
    // Large ones say that they are fixed, so where they are plugged in counts as well.
    removable.is_ok_and(|text| text.trim() == "1")
        || disk.components().any(|part| {
            part.as_os_str().to_str().is_some_and(|part| {
                part.strip_prefix("usb").is_some_and(|bus| !bus.is_empty() && bus.bytes().all(|b| b.is_ascii_digit()))
            })
        })
}

/// A partition, or a disk that has none; and there is a medium in it.
fn holds_files(sys: &Path, name: &str, all: &[String]) -> bool {
    let is_partition = sys.join(name).join("partition").exists();
    let has_partitions = || all.iter().any(|other| other != name && sys.join(name).join(other).is_dir());
    size(sys, name) > 0 && (is_partition || !has_partitions())
}

/// In bytes: the kernel counts in sectors of 512.
fn size(sys: &Path, name: &str) -> u64 {
    let sectors = fs::read_to_string(sys.join(name).join("size")).unwrap_or_default();
    sectors.trim().parse::<u64>().unwrap_or(0).saturating_mul(512)
}

fn describe(places: &Places, sys: &Path, name: &str) -> Stick {
    let place = place_of(places, name);
    let mounted = is_mounted(places, &place);
    let free = statvfs(&place).ok().filter(|_| mounted);
    Stick {
        id: name.to_owned(),
        label: label(&places.dev.join(name)).unwrap_or_default(),
        size: size(sys, name),
        free: free.map_or(0, |disk| disk.blocks_available().saturating_mul(disk.fragment_size())),
        updates: if mounted { updates(&place) } else { Vec::new() },
        mounted,
    }
}

fn updates(place: &Path) -> Vec<String> {
    let read = fs::read_dir(place).into_iter().flatten().flatten();
    let names = read.filter_map(|entry| entry.file_name().into_string().ok());
    let mut updates: Vec<String> = names.filter(|name| name.ends_with(".update")).take(MOST_UPDATES).collect();
    updates.sort();
    updates
}

/// What its owner calls a file system, out of its first blocks: FAT, exFAT has none there, ext4.
fn label(device: &Path) -> Option<String> {
    let mut head = vec![0; 2048];
    let mut file = fs::File::open(device).ok()?;
    io::Read::read_exact(&mut file, &mut head).ok()?;
    let text = |range: std::ops::Range<usize>| {
        let raw = head.get(range)?;
        let end = raw.iter().position(|byte| *byte == 0).unwrap_or(raw.len());
        let text = String::from_utf8_lossy(raw.get(..end)?).trim().to_owned();
        (!text.is_empty() && text != "NO NAME").then_some(text)
    };
    match (head.get(1080..1082)?, head.get(82..85)?, head.get(54..57)?) {
        ([0x53, 0xef], ..) => text(1144..1160), // ext2 to ext4: the magic of the superblock, and its volume name
        (_, b"FAT", _) => text(71..82),         // FAT32
        (_, _, b"FAT") => text(43..54),         // FAT12, FAT16
        _ => None,
    }
}

/// Makes a stick usable.
pub(super) fn mount_stick(places: &Places, id: &str) -> Outcome {
    if !sticks(places).iter().any(|stick| stick.id == id) {
        return Err(no_stick(id));
    }
    let (device, place) = (places.dev.join(id), place_of(places, id));
    if is_mounted(places, &place) {
        return Ok(());
    }
    fs::create_dir_all(&place).map_err(|why| no_place(&place, &why))?;
    let mut last = reason(
        "на ней нет файловой системы, которую станция понимает (подойдут FAT32, exFAT, ext4)",
        "it holds no file system that this kernel knows",
    );
    for (kind, options) in KINDS {
        let options = if *options { owner_options(places) } else { String::new() };
        match mount(Some(&device), &place, Some(*kind), FLAGS, Some(options.as_str())) {
            Ok(()) => {
                if *kind == "ext4" {
                    give_root_to_exchange(places, &place);
                }
                return Ok(());
            }
            // Not of this kind, or a kind that the kernel does not have.
            Err(Errno::EINVAL | Errno::ENODEV) => {}
            Err(why) => last = reason(format!("флешка не читается: {kind}, {why}"), format!("{kind}: {why}")),
        }
    }
    Err(last)
}

/// Lets a stick be pulled out: all is written when this returns.
pub(super) fn unmount_stick(places: &Places, id: &str) -> Outcome {
    if id.is_empty() || id.contains('/') || id.contains('.') {
        return Err(no_stick(id));
    }
    unmount(places, &place_of(places, id))
}

/// Makes a share of another machine usable: `//server/share` or `server:/path`.
pub(super) fn mount_share(places: &Places, source: &str, login: &str, password: &str) -> Outcome {
    let place = share_place(places);
    if is_mounted(places, &place) {
        unmount(places, &place)?;
    }
    fs::create_dir_all(&place).map_err(|why| no_place(&place, &why))?;
    match source.strip_prefix("//") {
        Some(rest) => mount_smb(places, (rest, source), (login, password), &place),
        None => mount_nfs(source, &place),
    }
}

/// Leaves the share: all is written when this returns.
pub(super) fn unmount_share(places: &Places) -> Outcome {
    unmount(places, &share_place(places))
}

fn mount_smb(places: &Places, (rest, source): (&str, &str), (login, password): (&str, &str), place: &Path) -> Outcome {
    let host = rest.split('/').next().unwrap_or_default();
    let address = address_of(host, 445)?;
    let options = smb_options(&address, login, password)?;
    let done =
        mount(Some(source), place, Some("cifs"), FLAGS, Some(format!("{options},{}", owner_options(places)).as_str()));
    done.map_err(|why| match why {
        Errno::ENODEV => reason("эта станция не умеет SMB", "this kernel has no client for SMB"),
        Errno::EACCES | Errno::EPERM => {
            reason("сервер не принимает логин или пароль", "the server refuses the login or the password")
        }
        Errno::ENXIO | Errno::ENOENT => reason("на сервере нет такой папки", "the server has no such share"),
        other => mount_said(other),
    })
}

/// What the kernel's client takes in one line. A comma would begin another option.
fn smb_options(address: &str, login: &str, password: &str) -> Result<String, Reason> {
    if [login, password].iter().any(|text| text.chars().any(|letter| letter == ',' || letter.is_control())) {
        return Err(reason(
            "в логине и пароле SMB не может быть запятой",
            "a login and a password of SMB may hold no comma",
        ));
    }
    let who = if login.is_empty() { "sec=none".to_owned() } else { format!("username={login},password={password}") };
    Ok(format!("ip={address},{who},vers=3,iocharset=utf8"))
}

fn mount_nfs(source: &str, place: &Path) -> Outcome {
    let Some((host, _)) = source.split_once(":/") else {
        return Err(reason("папку NFS пишут так: сервер:/путь", "a share of NFS is written server:/path"));
    };
    let address = address_of(host, 2049)?;
    let options = format!("addr={address},vers=4,soft,timeo=100,retrans=2");
    let done = mount(Some(source), place, Some("nfs4"), FLAGS, Some(options.as_str()));
    done.map_err(|why| match why {
        Errno::ENODEV => reason("эта станция не умеет NFS", "this kernel has no client for NFS"),
        Errno::EACCES | Errno::EPERM => {
            reason("сервер не даёт эту папку станции", "the server does not give this share to this box")
        }
        Errno::ENOENT => reason("на сервере нет такого пути", "the server has no such path"),
        other => mount_said(other),
    })
}

fn address_of(host: &str, port: u16) -> Result<String, Reason> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let found = (bare, port).to_socket_addrs().ok().and_then(|mut found| found.next());
    let none = || reason(format!("у имени {bare} нет адреса"), format!("the name {bare} has no address"));
    Ok(found.ok_or_else(none)?.ip().to_string())
}

fn no_stick(id: &str) -> Reason {
    reason(format!("флешки {id} здесь нет"), format!("there is no stick {id}"))
}

fn no_place(place: &Path, why: &io::Error) -> Reason {
    reason(format!("некуда подключить: {why}"), format!("{}: {why}", place.display()))
}

/// In the kernel's own words.
fn mount_said(why: Errno) -> Reason {
    reason(format!("подключить не удалось: «{}»", why.desc()), why.to_string())
}

fn unmount(places: &Places, place: &Path) -> Outcome {
    if !is_mounted(places, place) {
        return Ok(());
    }
    match umount2(place, MntFlags::empty()) {
        Ok(()) => Ok(()),
        Err(Errno::EBUSY) => Err(reason("туда ещё идёт запись", "somebody still writes there")),
        Err(why) => Err(mount_said(why)),
    }
}

/// Whose files are to be where the file system knows no owners.
fn owner_options(places: &Places) -> String {
    let (user, group) = exchange(places);
    format!("uid={user},gid={group}")
}

/// The exchange's user, or ourselves where there is none.
fn exchange(places: &Places) -> (u32, u32) {
    let user = User::from_name(&places.user).ok().flatten();
    user.map_or((0, 0), |user| (user.uid.as_raw(), user.gid.as_raw()))
}

/// On a file system with owners the exchange may write into its own folder, which root makes.
fn give_root_to_exchange(places: &Places, place: &Path) {
    let folder = place.join(OWN_FOLDER);
    let (user, group) = exchange(places);
    let made = fs::create_dir_all(&folder).and_then(|()| std::os::unix::fs::chown(&folder, Some(user), Some(group)));
    if let Err(error) = made {
        tracing::warn!(%error, "a stick has no folder for the exchange");
    }
}

fn place_of(places: &Places, id: &str) -> PathBuf {
    places.run.join("dozvon/sticks").join(id)
}

fn share_place(places: &Places) -> PathBuf {
    places.run.join("dozvon/share")
}

/// On sticks whose file system knows owners.
const OWN_FOLDER: &str = "dozvon";
/// Nobody wants to see more.
const MOST_UPDATES: usize = 50;
/// Between two looks at what is plugged in.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_secs(2);
const FLAGS: MsFlags = MsFlags::MS_NODEV.union(MsFlags::MS_NOSUID).union(MsFlags::MS_NOEXEC);
/// What sticks have, and whether it takes an owner as an option.
const KINDS: &[(&str, bool)] = &[("vfat", true), ("exfat", true), ("ext4", false)];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::scratch::Scratch;

    /// A tree as the kernel shows it: an inner disk, a stick with a partition, a stick without, an empty reader of cards.
    fn tree(root: &Path) -> Places {
        let (sys, dev) = (root.join("sys/class/block"), root.join("dev"));
        fs::create_dir_all(&sys).unwrap();
        fs::create_dir_all(&dev).unwrap();
        let disks = [
            ("pci/ata1", "sda", "0", "1000", Some("sda1")),
            ("pci/usb1/1-1", "sdb", "1", "4096", Some("sdb1")),
            ("pci/usb2/2-1", "sdc", "0", "2048", None),
            ("pci/usb2/2-2", "sdd", "1", "0", None),
        ];
        for (bus, disk, removable, sectors, partition) in disks {
            let path = root.join("devices").join(bus).join(disk);
            fs::create_dir_all(&path).unwrap();
            fs::write(path.join("removable"), removable).unwrap();
            fs::write(path.join("size"), sectors).unwrap();
            std::os::unix::fs::symlink(&path, sys.join(disk)).unwrap();
            if let Some(partition) = partition {
                let inner = path.join(partition);
                fs::create_dir_all(&inner).unwrap();
                fs::write(inner.join("partition"), "1").unwrap();
                fs::write(inner.join("size"), "2048").unwrap();
                std::os::unix::fs::symlink(&inner, sys.join(partition)).unwrap();
            }
        }
        Places { sys: root.join("sys"), dev, run: root.join("run"), ..Places::default() }
    }

    #[test]
    fn sticks_are_what_hangs_on_usb_and_holds_files() {
        let scratch = Scratch::new();
        let places = tree(scratch.path());
        let dev = places.dev.clone();
        let mut fat = vec![0_u8; 4096];
        fat[82..85].copy_from_slice(b"FAT");
        fat[71..82].copy_from_slice(b"BACKUPS    ");
        fs::write(dev.join("sdb1"), fat).unwrap();
        let mut ext = vec![0_u8; 4096];
        ext[1080..1082].copy_from_slice(&[0x53, 0xef]);
        ext[1144..1150].copy_from_slice("копия".as_bytes().get(..6).unwrap());
        fs::write(dev.join("sdc"), ext).unwrap();
        let found = sticks(&places);
        let told: Vec<_> = found.iter().map(|stick| (stick.id.as_str(), stick.label.as_str(), stick.size)).collect();
        assert_eq!(told, [("sdb1", "BACKUPS", 1_048_576), ("sdc", "коп", 1_048_576)]);
    }

    #[test]
    fn nobody_smuggles_an_option_into_a_mount() {
        assert!(smb_options("192.0.2.1", "office", "a,uid=0").is_err());
        assert!(smb_options("192.0.2.1", "office\n", "a").is_err());
        assert_eq!(
            smb_options("192.0.2.1", "office", "a b").as_deref(),
            Ok("ip=192.0.2.1,username=office,password=a b,vers=3,iocharset=utf8")
        );
        assert!(smb_options("192.0.2.1", "", "").is_ok_and(|options| options.contains("sec=none")));
    }

    #[test]
    fn what_is_no_stick_is_neither_mounted_nor_left() {
        let scratch = Scratch::new();
        let places = tree(scratch.path());
        for id in ["", "../etc", "sda/1", "nothing"] {
            assert!(mount_stick(&places, id).is_err(), "{id}");
        }
        for id in ["", "..", "a/b"] {
            assert!(unmount_stick(&places, id).is_err(), "{id}");
        }
    }
}
