//! Disks that grow, and disks that must not be touched.

use proptest::prelude::*;

use super::*;

/// A disk of a test: sparse, only its tables are kept.
#[derive(Clone, Debug)]
struct Disk {
    sector: usize,
    sectors: u64,
    bytes: std::collections::BTreeMap<u64, Vec<u8>>,
}

impl Disk {
    fn header(&self) -> Vec<u8> {
        self.bytes[&(self.sector as u64)].clone()
    }

    fn entries(&self) -> Vec<u8> {
        self.bytes[&(2 * self.sector as u64)].clone()
    }

    fn grow(&self) -> Result<Option<Growth>, TableFault> {
        grow(&Header::parse(&self.header())?, &self.entries(), self.sectors)
    }

    fn write(&mut self, writes: &[Write]) {
        for write in writes {
            assert!(write.at + write.bytes.len() as u64 <= self.sectors * self.sector as u64, "behind the disk");
            self.bytes.insert(write.at, write.bytes.clone());
        }
    }
}

/// A table for a disk of `made_for` sectors, on one of `sectors`; partitions as first and last sector.
fn disk(sector: usize, count: u32, entry: usize, made_for: u64, sectors: u64, partitions: &[(u64, u64)]) -> Disk {
    let mut entries = vec![0; count as usize * entry];
    for (slot, (first, last)) in partitions.iter().enumerate() {
        let at = slot * entry;
        entries[at..at + 16].fill(0xaf);
        entries[at + 32..at + 40].copy_from_slice(&first.to_le_bytes());
        entries[at + 40..at + 48].copy_from_slice(&last.to_le_bytes());
        entries[at + 56] = b'd';
    }
    let table = (entries.len() as u64).div_ceil(sector as u64);
    let mut header = vec![0; sector];
    header[..8].copy_from_slice(SIGNATURE);
    header[8..12].copy_from_slice(&0x0001_0000_u32.to_le_bytes());
    header[12..16].copy_from_slice(&92_u32.to_le_bytes());
    for (at, value) in [(24, 1), (32, made_for - 1), (40, 2 + table), (48, made_for - 2 - table), (72, 2)] {
        header[at..at + 8].copy_from_slice(&value.to_le_bytes());
    }
    header[80..84].copy_from_slice(&count.to_le_bytes());
    header[84..88].copy_from_slice(&(entry as u32).to_le_bytes());
    header[88..92].copy_from_slice(&crc32(&entries).to_le_bytes());
    let checksum = crc32(&header[..92]);
    header[16..20].copy_from_slice(&checksum.to_le_bytes());
    let bytes = [(sector as u64, header), (2 * sector as u64, entries)].into();
    Disk { sector, sectors, bytes }
}

/// The box's: 305 MB in the file, on a disk of 1 GiB.
fn image() -> Disk {
    let parts = [(2048, 4095), (4096, 69_631), (69_632, 266_239), (266_240, 462_847), (462_848, 593_919)];
    disk(512, 128, 128, 595_968, 2_097_152, &parts)
}

#[test]
fn the_checksum_is_the_one_of_the_specification() {
    assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
}

#[test]
fn the_data_partition_ends_where_the_disk_does() {
    let growth = image().grow().unwrap().unwrap();
    assert_eq!((growth.number, growth.start), (5, 462_848 * 512));
    // the last whole MiB before the second table of 33 sectors
    assert_eq!(growth.start + growth.length, (2_097_152 - 2048) * 512);
    let places: Vec<u64> = growth.backup.iter().chain(&growth.primary).map(|write| write.at / 512).collect();
    assert_eq!(places, [2_097_119, 2_097_151, 2, 1], "entries before their header, the second table before the first");
}

#[test]
fn a_second_call_does_nothing() {
    let mut disk = image();
    let growth = disk.grow().unwrap().unwrap();
    disk.write(&growth.backup);
    disk.write(&growth.primary);
    assert_eq!(disk.grow(), Ok(None));
}

#[test]
fn power_may_go_after_each_write() {
    let mut disk = image();
    let growth = disk.grow().unwrap().unwrap();
    for write in &growth.backup {
        disk.write(std::slice::from_ref(write));
        assert_eq!(disk.grow(), Ok(Some(growth.clone())), "the first table is as it was");
    }
    disk.write(&growth.primary[..1]);
    // what lies here is no table any more: nothing is written, and the first is made of the second, which is whole
    assert_eq!(disk.grow(), Err(TableFault::EntriesChecksum));
    let (entries, header) = (&growth.backup[0].bytes, Header::parse(&growth.backup[1].bytes).unwrap());
    assert_eq!(mend(&header, entries, 2_097_152), Ok(growth.primary.clone()));
    disk.write(&mend(&header, entries, 2_097_152).unwrap());
    assert_eq!(disk.grow(), Ok(None));
}

#[test]
fn a_first_table_is_made_of_nothing_but_the_second_of_its_disk() {
    let growth = image().grow().unwrap().unwrap();
    let (entries, second) = (&growth.backup[0].bytes, Header::parse(&growth.backup[1].bytes).unwrap());
    assert_eq!(mend(&second, entries, 2_097_153), Err(TableFault::Contradiction), "a larger disk");
    assert_eq!(mend(&second, &entries[..100], 2_097_152), Err(TableFault::Short));
    let mut torn = entries.clone();
    torn[0] ^= 1;
    assert_eq!(mend(&second, &torn, 2_097_152), Err(TableFault::EntriesChecksum));
    let first = Header::parse(&image().header()).unwrap();
    assert_eq!(mend(&first, &image().entries(), 2), Err(TableFault::Contradiction), "the first is not the second");
    assert_eq!(grow(&second, entries, 2_097_152), Err(TableFault::Contradiction), "nor the second the first");
}

#[test]
fn what_is_no_table_or_of_another_disk_is_left_alone() {
    assert_eq!(Header::parse(&[0; 512]), Err(TableFault::Signature));
    assert_eq!(Header::parse(&image().header()[..100]), Err(TableFault::Sector));
    let short = image();
    assert_eq!(grow(&Header::parse(&short.header()).unwrap(), &[0; 100], 2_097_152), Err(TableFault::Short));
    assert_eq!(Disk { sectors: 400_000, ..image() }.grow(), Err(TableFault::Contradiction), "a smaller disk");
    assert_eq!(disk(512, 128, 128, 10_000, 20_000, &[]).grow(), Err(TableFault::Empty));
    let overlapping = [(2048, 5000), (4096, 9000)];
    assert_eq!(disk(512, 128, 128, 10_000, 20_000, &overlapping).grow(), Err(TableFault::Contradiction));
    assert_eq!(disk(512, 128, 128, 10_000, 20_000, &[(10, 9000)]).grow(), Err(TableFault::Contradiction));
    assert_eq!(disk(512, 128, 128, 10_000, 20_000, &[(2048, 9_999)]).grow(), Err(TableFault::Contradiction));
}

proptest! {
    #[test]
    fn every_flipped_bit_is_noticed(bit in 0usize..(92 + 16_384) * 8) {
        let whole = image();
        let (mut header, mut entries) = (whole.header(), whole.entries());
        match bit / 8 {
            at @ 0..92 => header[at] ^= 1 << (bit % 8),
            at => entries[at - 92] ^= 1 << (bit % 8),
        }
        let outcome = Header::parse(&header).and_then(|header| grow(&header, &entries, 2_097_152));
        prop_assert!(outcome.is_err(), "{:?}", outcome);
    }

    #[test]
    fn no_bytes_are_too_strange(mut header in proptest::collection::vec(any::<u8>(), 512), entries: Vec<u8>, disk: u64) {
        header[..8].copy_from_slice(SIGNATURE);
        header[12..16].copy_from_slice(&92_u32.to_le_bytes());
        let checksum = { let mut zeroed = header.clone(); zeroed[16..20].fill(0); crc32(&zeroed[..92]) };
        header[16..20].copy_from_slice(&checksum.to_le_bytes());
        if let Ok(header) = Header::parse(&header) {
            let _ = grow(&header, &entries, disk);
        }
    }

    #[test]
    fn it_grows_as_the_disk_itself_counts(
        big in any::<bool>(), count in 4u32..200, wide in any::<bool>(), data in 10_000u64..50_000, more in 0u64..5_000_000,
    ) {
        let (sector, entry) = (if big { 4096 } else { 512 }, if wide { 256 } else { 128 });
        let table = (u64::from(count) * entry as u64).div_ceil(sector as u64);
        let first = 8192;
        let made_for = first + data + table + 2;
        // the last in place is not the last in the table
        let parts = [(first, first + data - 1), (4096, 8191)];
        let mut before = disk(sector, count, entry, made_for, made_for + more, &parts);
        let old = before.clone();
        let Some(growth) = before.grow().unwrap() else {
            prop_assert!(data + more < data + 2 * ALIGNMENT / sector as u64);
            return Ok(());
        };
        prop_assert_eq!((growth.number, growth.start), (1, first * sector as u64));
        prop_assert!(growth.length > data * sector as u64);
        let end = growth.start + growth.length;
        prop_assert_eq!(end % ALIGNMENT, 0);
        for write in &growth.backup {
            prop_assert!(write.at >= end, "the partition is not written over");
        }
        before.write(&growth.backup);
        before.write(&growth.primary);
        let header = Header::parse(&before.header()).unwrap();
        prop_assert_eq!(header.entries_length(), count as usize * entry);
        prop_assert_eq!(before.grow(), Ok(None));
        // all but the partition's end is as it was
        let (mut entries, was) = (before.entries(), old.entries());
        entries[40..48].copy_from_slice(&was[40..48]);
        prop_assert_eq!(entries, was);
    }
}
