//! The disk under a directory, and what it says of its wear. NVMe Base Specification 2.0 §5.16.1.3, ACS-4 §9.5 (device statistics) and
//! its SMART feature set, JEDEC eMMC 5.1 §7.4 (EXT_CSD).

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::sys::stat::{major, minor};
use nix::sys::statvfs::statvfs;

use super::super::Places;
use super::{sorted, text};

/// A disk that the kernel knows.
#[derive(Debug)]
pub(super) struct Found {
    /// Its directory in sysfs.
    at: PathBuf,
}

/// What a disk says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Health {
    /// Per cent of its life that is used up; over 100: it lives longer than its maker thought.
    pub(super) wear: Option<u8>,
    /// Bytes.
    pub(super) written: Option<u64>,
    /// It says that it will fail.
    pub(super) failing: bool,
}

/// A question to a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// NVMe: the log of its health, 512 bytes.
    NvmeHealth,
    /// ATA: a page of the device statistics log, 512 bytes.
    AtaStatistics(u8),
    /// ATA: the attributes of SMART, 512 bytes.
    AtaAttributes,
    /// ATA: whether SMART foresees a failure; one byte, 1 if so.
    AtaVerdict,
}

/// Puts a question to a device file; `None`: no right, no answer.
pub(super) type Ask<'a> = &'a dyn Fn(&Path, Question) -> Option<Vec<u8>>;

impl Found {
    /// The disk with the data; `None` where that is no disk: in memory, in a container.
    pub(super) fn under(places: &Places) -> Option<Self> {
        let device = std::fs::metadata(&places.data).ok()?.dev();
        Self::numbered(places, major(device), minor(device))
    }

    /// By the number of the disk, of a partition of it, or of what is made of them.
    pub(super) fn numbered(places: &Places, major: u64, minor: u64) -> Option<Self> {
        let mut at = places.sys.join(format!("dev/block/{major}:{minor}")).canonicalize().ok()?;
        for _ in 0..DEEPEST {
            if at.join("partition").exists() {
                at = at.parent()?.to_owned();
            }
            match sorted(&at.join("slaves")).first().and_then(|below| below.canonicalize().ok()) {
                Some(below) => at = below,
                None => return Some(Self { at }),
            }
        }
        None
    }

    fn name(&self) -> String {
        self.at.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    pub(super) fn model(&self) -> String {
        text(&self.at.join("device/model")).or_else(|| text(&self.at.join("device/name"))).unwrap_or_default()
    }

    /// Bytes. The kernel counts in 512 whatever the disk's sectors are.
    pub(super) fn size(&self) -> u64 {
        text(&self.at.join("size")).and_then(|size| size.parse::<u64>().ok()).unwrap_or(0).saturating_mul(512)
    }

    /// What it says of itself; `dev`: where device files are.
    pub(super) fn health(&self, dev: &Path, ask: Ask<'_>) -> Health {
        let name = self.name();
        let device = dev.join(&name);
        if name.starts_with("nvme") {
            ask(&device, Question::NvmeHealth).and_then(|log| of_nvme(&log)).unwrap_or_default()
        } else if name.starts_with("mmcblk") {
            let read = |name: &str| text(&self.at.join("device").join(name)).unwrap_or_default();
            of_emmc(&read("life_time"), &read("pre_eol_info"))
        } else if name.starts_with("sd") {
            let is_solid = text(&self.at.join("queue/rotational")).as_deref() == Some("0");
            of_ata(&device, is_solid, ask)
        } else {
            Health::default()
        }
    }
}

/// Bytes of the file system with this directory: all, and those that we may still fill.
pub(super) fn room(directory: &Path) -> (u64, u64) {
    let Ok(told) = statvfs(directory) else { return (0, 0) };
    let unit = told.fragment_size();
    (unit.saturating_mul(told.blocks()), unit.saturating_mul(told.blocks_available()))
}

fn of_nvme(log: &[u8]) -> Option<Health> {
    let warning = *log.first()?;
    // thousands of 512 bytes, 128 bits of which nobody will live to see more than 64
    let units = u64::from_le_bytes(log.get(48..56)?.try_into().ok()?);
    Some(Health {
        wear: Some(*log.get(5)?),
        written: Some(units.saturating_mul(512_000)),
        // spare blocks are low, reliability is degraded, nothing can be written; that it is hot passes
        failing: warning & 0b1101 != 0,
    })
}

fn of_emmc(life_time: &str, end_of_life: &str) -> Health {
    let number = |text: &str| u8::from_str_radix(text.trim_start_matches("0x"), 16).ok();
    // tenths of its life, of two kinds of cells; 0 is unknown, 11 more than all
    let tenths = life_time.split_whitespace().filter_map(number).filter(|tenth| (1..=11).contains(tenth)).max();
    Health { wear: tenths.map(|tenths| tenths * 10), written: None, failing: number(end_of_life) == Some(3) }
}

fn of_ata(device: &Path, is_solid: bool, ask: Ask<'_>) -> Health {
    let page = |page| ask(device, Question::AtaStatistics(page)).filter(|log| log.get(2) == Some(&page));
    let used = page(SOLID_STATE).and_then(|page| statistic(&page, 8)).and_then(|used| u8::try_from(used).ok());
    let by_attribute = || ask(device, Question::AtaAttributes).and_then(|table| wear_by_attribute(&table));
    Health {
        wear: used.or_else(|| if is_solid { by_attribute() } else { None }),
        written: page(GENERAL).and_then(|page| statistic(&page, 24)).map(|sectors| sectors.saturating_mul(512)),
        failing: ask(device, Question::AtaVerdict).as_deref() == Some(&[1]),
    }
}

/// A value of a page of device statistics: seven bytes and flags that say whether it is told at all.
fn statistic(page: &[u8], at: usize) -> Option<u64> {
    let word = u64::from_le_bytes(page.get(at..at + 8)?.try_into().ok()?);
    let is_told = word >> 62 == 0b11; // supported and valid
    is_told.then_some(word & 0x0000_ffff_ffff_ffff)
}

/// Older SSDs know no statistics; makers agree that these attributes begin at 100 and fall with the life that is left.
fn wear_by_attribute(table: &[u8]) -> Option<u8> {
    let attributes = table.get(2..362)?.chunks_exact(12);
    let value_of = |id: u8| attributes.clone().find(|entry| entry.first() == Some(&id)).and_then(|entry| entry.get(3));
    LIFE_LEFT.iter().find_map(|id| value_of(*id)).and_then(|left| 100_u8.checked_sub(*left))
}

/// Percentage of lifetime remaining, SSD life left, wear leveling count, media wearout indicator.
const LIFE_LEFT: [u8; 4] = [202, 231, 177, 233];
/// Pages of device statistics.
const GENERAL: u8 = 1;
const SOLID_STATE: u8 = 7;
/// LVM on encryption on RAID.
const DEEPEST: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn statistics(page: u8, at: usize, value: u64) -> Vec<u8> {
        let mut log = vec![0; 512];
        log[2] = page;
        log[at..at + 8].copy_from_slice(&(value | 0b11 << 62).to_le_bytes());
        log
    }

    fn attributes(of: &[(u8, u8)]) -> Vec<u8> {
        let mut table = vec![0; 512];
        for (entry, (id, value)) in table[2..362].chunks_exact_mut(12).zip(of) {
            (entry[0], entry[3]) = (*id, *value);
        }
        table
    }

    #[test]
    fn an_nvme_disk_tells_its_wear_what_was_written_and_that_it_will_fail() {
        let mut log = vec![0; 512];
        log[5] = 37;
        log[48..56].copy_from_slice(&2_000_u64.to_le_bytes());
        let fine = Health { wear: Some(37), written: Some(1_024_000_000), failing: false };
        assert_eq!(of_nvme(&log), Some(fine.clone()));
        log[0] = 0b10;
        assert_eq!(of_nvme(&log), Some(fine.clone()), "it is hot, no more");
        log[0] = 0b100;
        assert_eq!(of_nvme(&log), Some(Health { failing: true, ..fine }));
        assert_eq!(of_nvme(&log[..50]), None);
    }

    #[test]
    fn an_emmc_tells_tenths_of_its_life() {
        assert_eq!(of_emmc("0x01 0x03", "0x01"), Health { wear: Some(30), ..Health::default() });
        assert_eq!(of_emmc("0x00 0x00", "0x00"), Health::default());
        assert_eq!(of_emmc("0x0b 0x01", "0x03"), Health { wear: Some(110), written: None, failing: true });
        assert_eq!(of_emmc("", "nonsense"), Health::default());
    }

    #[test]
    fn an_ata_disk_is_believed_by_its_statistics_before_its_attributes() {
        let modern = |_: &Path, question| match question {
            Question::AtaStatistics(7) => Some(statistics(7, 8, 12)),
            Question::AtaStatistics(1) => Some(statistics(1, 24, 1_000)),
            Question::AtaVerdict => Some(vec![0]),
            _ => Some(attributes(&[(177, 50)])),
        };
        let told = of_ata(Path::new("/dev/sda"), true, &modern);
        assert_eq!(told, Health { wear: Some(12), written: Some(512_000), failing: false });
        let old = |_: &Path, question| match question {
            Question::AtaAttributes => Some(attributes(&[(9, 100), (194, 40), (177, 93)])),
            Question::AtaVerdict => Some(vec![1]),
            _ => Some(vec![0; 512]),
        };
        let told = of_ata(Path::new("/dev/sda"), true, &old);
        assert_eq!(told, Health { wear: Some(7), written: None, failing: true });
        let told = of_ata(Path::new("/dev/sda"), false, &old);
        assert_eq!(told.wear, None, "platters do not wear so");
        assert_eq!(of_ata(Path::new("/dev/sda"), true, &|_, _| None), Health::default());
    }
}
